/*
 * The loops in which nearly all of a training's time is spent, in two versions: on vectors of
 * sixteen floats for processors with AVX-512, and of eight for all others. Both are compiled from
 * the same sources (panel_kernel.h, stream_kernels.h, loss_kernels.h) and give the same bits; which
 * one runs is decided when the program does.
 */
#ifndef MODEL_KERNELS_H
#define MODEL_KERNELS_H

#include "model/loss.h"
#include "model/stream.h"

/* One panel of a product, a block of B's columns (model/product.h): C[i][j] = chain over k of
   A(i, k) packed[k packed_row + j], for i < M and j < columns. */
struct PanelTask {
  size_t M, K;
  struct Matrix A;
  const float *packed; /* [K][width], the rows packed_row apart: any numbers behind the columns */
  size_t packed_row;
  size_t columns;    /* up to the width */
  bool accumulate;   /* the chain starts with what C holds, not with 0 */
  bool last;         /* the chain ends here: what it gives is flushed (model/flush.h) */
  const float *gate; /* [M][STRIP]: C becomes 0 where it is not above 0; NULL: no gate */
  float *C;
  size_t ldc;
};

enum { WIDEST_PANEL = STRIP };

struct Kernels {
  const char *description; /* "512-bit vectors (AVX-512)" */
  size_t panel_width;      /* columns of a panel */
  void (*panel)(const struct PanelTask *task);
  /* as in model/stream.h */
  void (*stream_forward)(const struct Tables *tables, const struct RowsOfPairs *rows);
  void (*stream_backward)(const struct Tables *tables, const struct Line *line, bool accumulate,
                          float *d_table, float *d_weights);
  /* as in model/loss.h */
  void (*add_losses)(const struct Logits *logits, double *loss, size_t *correct);
};

extern const struct Kernels kernels_256;
#ifdef WIDE_VECTORS
extern const struct Kernels kernels_512; /* for processors with AVX-512 only */
#endif

/* Those for this processor. */
const struct Kernels *kernels(void);

/* From now on kernels() is what it is on a processor without AVX-512: for measurements. */
void kernels_forgo_wide_vectors(void);

/* Can the processor run kernels_512? */
bool kernels_have_wide_vectors(void);

#endif
