/*
 * The inner loop of a product, for vectors of PANEL_LANES floats: a source that is compiled once
 * for each width (product_panel_256.c, product_panel_512.c), hence without an include guard. The
 * two differ in speed alone.
 *
 * A block of `rows` x 2 vectors of C is held in registers while k runs over the panel. At each k
 * there are two loads of B and one broadcast of A per row, for two fused multiply-adds per row;
 * PANEL_ROWS is the largest number of rows whose accumulators leave room for those.
 */
#include "model/product_task.h"

#include <math.h>
#include <string.h>

typedef float PanelVector __attribute__((vector_size(4 * PANEL_LANES)));

enum { PANEL_WIDTH = 2 * PANEL_LANES };

#define INLINED static inline __attribute__((always_inline))

INLINED PanelVector panel_load(const float *from)
{
  PanelVector v;
  memcpy(&v, from, sizeof v);
  return v;
}

/* `rows` is a constant wherever this is inlined, so that its loops unroll and `sum` has no memory.
 */
INLINED void panel_block(size_t rows, const struct PanelTask *task, const float *A, float *C,
                         size_t ldc)
{
  PanelVector sum[PANEL_ROWS][2];
#pragma GCC unroll 16
  for (size_t i = 0; i < rows; i++) {
    sum[i][0] = task->accumulate ? panel_load(C + i * ldc) : (PanelVector){0};
    sum[i][1] = task->accumulate ? panel_load(C + i * ldc + PANEL_LANES) : (PanelVector){0};
  }
  const size_t row = task->a_row, step = task->a_step;
  for (size_t k = 0; k < task->K; k++) {
    PanelVector b0 = panel_load(task->packed + k * PANEL_WIDTH);
    PanelVector b1 = panel_load(task->packed + k * PANEL_WIDTH + PANEL_LANES);
#pragma GCC unroll 16
    for (size_t i = 0; i < rows; i++) {
      float a = A[i * row + k * step];
      sum[i][0] = PANEL_FMA(a, b0, sum[i][0]);
      sum[i][1] = PANEL_FMA(a, b1, sum[i][1]);
    }
  }
#pragma GCC unroll 16
  for (size_t i = 0; i < rows; i++) {
    memcpy(C + i * ldc, &sum[i][0], sizeof sum[i][0]);
    memcpy(C + i * ldc + PANEL_LANES, &sum[i][1], sizeof sum[i][1]);
  }
}

/* The same for a panel at the right edge of C, where fewer columns are left than it has. */
INLINED void panel_edge(size_t rows, const struct PanelTask *task, const float *A, float *C)
{
  float block[PANEL_ROWS * PANEL_WIDTH];
  if (task->accumulate) {
    memset(block, 0, rows * PANEL_WIDTH * sizeof *block);
    for (size_t i = 0; i < rows; i++)
      memcpy(block + i * PANEL_WIDTH, C + i * task->ldc, task->columns * sizeof *C);
  }
  panel_block(rows, task, A, block, PANEL_WIDTH);
  for (size_t i = 0; i < rows; i++)
    memcpy(C + i * task->ldc, block + i * PANEL_WIDTH, task->columns * sizeof *C);
}

INLINED void panel_rows(size_t rows, const struct PanelTask *task, size_t first)
{
  const float *A = task->A + first * task->a_row;
  float *C = task->C + first * task->ldc;
  if (task->columns == PANEL_WIDTH)
    panel_block(rows, task, A, C, task->ldc);
  else
    panel_edge(rows, task, A, C);
}

void PANEL_NAME(const struct PanelTask *task)
{
  size_t i = 0;
  for (; i + PANEL_ROWS <= task->M; i += PANEL_ROWS)
    panel_rows(PANEL_ROWS, task, i);
  if (i + PANEL_ROWS / 2 <= task->M) {
    panel_rows(PANEL_ROWS / 2, task, i);
    i += PANEL_ROWS / 2;
  }
  for (; i + 2 <= task->M; i += 2)
    panel_rows(2, task, i);
  if (i < task->M) panel_rows(1, task, i);
}
