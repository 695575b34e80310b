/*
 * The inner loops that take nearly all of the training time, in two versions: 16-float vectors for
 * processors with AVX-512, 8-float vectors for all others. Both are compiled from the same sources
 * (panel_kernel.h, stream_kernels.h, loss_kernels.h) and give the same bits; the version is chosen
 * at run time.
 */
#ifndef ENGINE_FACTORED_KERNELS_H
#define ENGINE_FACTORED_KERNELS_H

#include "engine/factored/loss.h"
#include "engine/factored/stream.h"

/* One panel of a product, i.e. one block of B's columns (engine/factored/matrix.h): C[i][j] = chain
   over k of A(i, k) packed[k packed_row + j], for i < M and j < columns. */
struct PanelTask {
  size_t M, K;
  struct Matrix A;
  const float *packed; /* [K][width], row stride packed_row; values past `columns` are ignored */
  size_t packed_row;
  size_t columns;    /* at most the width */
  bool accumulate;   /* start the chain from C instead of 0 */
  bool last;         /* last part of the chain: flush the result (network/flush.h) */
  const float *gate; /* [M][MATRIX_STRIP]: C is set to 0 unless gate > 0; NULL: no gate */
  float *C;
  size_t ldc;
};

enum { WIDEST_PANEL = MATRIX_STRIP, WIDEST_SPARSE = 128 };

/* Rows of B of a sparse product's task, at most: whole strips. */
enum { SPARSE_CHUNK = 2 * MATRIX_STRIP };

struct Kernels {
  const char *description; /* "512-bit vectors (AVX-512)" */
  size_t panel_width;      /* columns of a panel */
  void (*panel)(const struct PanelTask *task);
  /* The same of a sparse product: there is no gate, C has room for whole Wides, and B's rows are
     as long as the panel is wide, with zeros past `columns`. */
  struct {
    size_t width;
    void (*panel)(const struct PanelTask *task);
    size_t least_columns; /* of a panel, on average, for it to be the faster one */
    size_t least_cache;   /* the same: bytes of L1 */
  } sparse;
  /* as in engine/factored/stream.h */
  void (*stream_forward)(const struct Factors *factors, const struct RowsOfPairs *rows);
  void (*stream_backward)(const struct Factors *factors, const struct StreamLine *line,
                          bool accumulate, float *d_factor, float *d_weights);
  /* as in engine/factored/loss.h */
  void (*loss_add)(const struct Logits *logits, double *loss, size_t *correct);
};

extern const struct Kernels kernels_256;
#ifdef WIDE_VECTORS
extern const struct Kernels kernels_512; /* for processors with AVX-512 only */
#endif

/* The kernels for this processor. */
const struct Kernels *kernels(void);

/* Makes kernels() return the 256-bit kernels from now on, even with AVX-512: for benchmarks. */
void kernels_disable_wide_vectors(void);

/* Whether the processor can run kernels_512. */
bool kernels_have_wide_vectors(void);

#endif
