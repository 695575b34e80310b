/*
 * The inner loop of a product (model/product.h).
 *
 * A block of PANEL_ROWS x PANEL_WIDES of C is held in registers while k runs over the panel. At
 * each k the panel's Wides are loaded once, and one broadcast of A per row feeds them all; the rows
 * are as many as leave registers for those.
 */
#include <string.h>

enum { PANEL_WIDTH = PANEL_WIDES * WIDE_LANES };
_Static_assert((int)PANEL_WIDTH <= (int)WIDEST_PANEL, "product.c has no room for wider panels");
_Static_assert(PANEL_ROWS <= 12, "panel_few_rows has no case for more rows");

/* `rows` is a constant wherever this is inlined, so that its loops unroll and `sum` has no memory.
 */
INLINED void panel_block(size_t rows, const struct PanelTask *task, const float *A, float *C,
                         size_t ldc)
{
  Wide sum[PANEL_ROWS][PANEL_WIDES];
#pragma GCC unroll 16
  for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 2
    for (size_t v = 0; v < PANEL_WIDES; v++)
      sum[i][v] = task->accumulate ? wide_load(C + i * ldc + v * WIDE_LANES) : wide_fill(0.0f);
  const size_t row = task->a_row, step = task->a_step;
  for (size_t k = 0; k < task->K; k++) {
    Wide b[PANEL_WIDES];
#pragma GCC unroll 2
    for (size_t v = 0; v < PANEL_WIDES; v++)
      b[v] = wide_load(task->packed + k * PANEL_WIDTH + v * WIDE_LANES);
#pragma GCC unroll 16
    for (size_t i = 0; i < rows; i++) {
      Wide a = wide_fill(A[i * row + k * step]);
#pragma GCC unroll 2
      for (size_t v = 0; v < PANEL_WIDES; v++)
        sum[i][v] = wide_fma(a, b[v], sum[i][v]);
    }
  }
#pragma GCC unroll 16
  for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 2
    for (size_t v = 0; v < PANEL_WIDES; v++)
      wide_store(C + i * ldc + v * WIDE_LANES, sum[i][v]);
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

/* Any number of rows up to PANEL_ROWS, as a constant. */
static void panel_few_rows(size_t rows, const struct PanelTask *task, size_t first)
{
#define CASE(n)                                                                                    \
  case n:                                                                                          \
    if (n <= PANEL_ROWS) panel_rows(n, task, first);                                               \
    return
  switch (rows) {
    CASE(1);
    CASE(2);
    CASE(3);
    CASE(4);
    CASE(5);
    CASE(6);
    CASE(7);
    CASE(8);
    CASE(9);
    CASE(10);
    CASE(11);
    CASE(12);
  }
#undef CASE
}

/* What is left behind the whole blocks is shared out between the last two: a block of few rows
   waits for its own sums. */
static void panel(const struct PanelTask *task)
{
  for (size_t i = 0, rows; i < task->M; i += rows) {
    size_t left = task->M - i;
    rows = left >= 2 * PANEL_ROWS ? PANEL_ROWS : left > PANEL_ROWS ? (left + 1) / 2 : left;
    if (rows == PANEL_ROWS)
      panel_rows(PANEL_ROWS, task, i);
    else
      panel_few_rows(rows, task, i);
  }
}
