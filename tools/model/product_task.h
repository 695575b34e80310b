/* What product.c asks of the inner loops in product_panel.h: one panel of a product. */
#ifndef MODEL_PRODUCT_TASK_H
#define MODEL_PRODUCT_TASK_H

#include <stdbool.h>
#include <stddef.h>

/* C[i][j] = chain over k of A[i a_row + k a_step] packed[k width + j], for i < M and j < columns.
 */
struct PanelTask {
  size_t M, K;
  const float *A;
  size_t a_row, a_step;
  const float *packed; /* [K][width], 0 behind the last column */
  size_t columns;      /* up to the width */
  bool accumulate;
  float *C;
  size_t ldc;
};

void panel_256(const struct PanelTask *task); /* width 16 */
#ifdef WIDE_VECTORS
void panel_512(const struct PanelTask *task); /* width 32, needs AVX-512 */
#endif

#endif
