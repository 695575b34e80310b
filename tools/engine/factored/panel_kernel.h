/*
 * The micro-kernel of a matrix product (engine/factored/matrix.h). Expects of the including file
 * (kernels_256.c, kernels_512.c): PANEL_ROWS and PANEL_WIDES, the block of C that is kept in
 * registers; SPREAD_PREFETCHES, whether every k has time for a prefetch; and FEW_BLOCK, the Wides
 * of rows that are computed together for the last few columns.
 *
 * A block of PANEL_ROWS x PANEL_WIDES of C is kept in registers while k runs over the panel, strip
 * by strip of A. Each k loads the panel's Wides once and broadcasts one element of A per row;
 * PANEL_ROWS leaves registers for both.
 */
#include <string.h>

enum { PANEL_WIDTH = PANEL_WIDES * WIDE_LANES, ROW_QUADS = (PANEL_ROWS + 3) / 4 };
_Static_assert((int)PANEL_WIDTH <= (int)WIDEST_PANEL, "matrix.c has no room for wider panels");
_Static_assert(PANEL_ROWS <= 12, "panel_few_rows has no case for more rows");

/* Prefetches from[i], which may lie outside of what `from` points into. */
INLINED void prefetch(const float *from, size_t i)
{
  __builtin_prefetch((const void *)((uintptr_t)from + i * sizeof *from));
}

/* `rows`, `wides` and `ahead` are constants wherever this is inlined, so its loops unroll and `sum`
   stays in registers. If `ahead`, A is row-major, and what comes next of it is prefetched, the
   following strip or the first one of the following rows; so is C. */
INLINED void panel_block(size_t rows, size_t wides, bool ahead, const struct PanelTask *task,
                         size_t first, float *C, size_t ldc)
{
  Wide sum[PANEL_ROWS][PANEL_WIDES];
  UNROLLED_FOR (i, rows)
    UNROLLED_FOR (v, wides)
      sum[i][v] = task->accumulate ? wide_load(C + i * ldc + v * WIDE_LANES) : wide_fill(0.0f);
  const size_t row = task->A.row, step = task->A.column, packed_row = task->packed_row;
  const float *strip = task->A.at + first * row, *packed = task->packed;
  if (ahead && !task->accumulate)
    UNROLLED_FOR (i, rows)
      UNROLLED_FOR (v, wides)
        __builtin_prefetch(C + i * ldc + v * WIDE_LANES, 1);
  /* a pointer for every four rows: twelve would not fit in the general registers */
  for (size_t k = 0, n; k < task->K; k += n, strip += task->A.strip) {
    n = task->K - k < MATRIX_STRIP ? task->K - k : MATRIX_STRIP;
    const float *A[ROW_QUADS];
    UNROLLED_FOR (q, ROW_QUADS)
      A[q] = strip + 4 * q * row;
    const float *next = n < task->K - k ? strip + task->A.strip : task->A.at + (first + rows) * row;
    if (ahead && !SPREAD_PREFETCHES)
      UNROLLED_FOR (i, rows)
        UNROLLED_FOR (v, MATRIX_STRIP / WIDE_LANES)
          prefetch(next, i * row + v * WIDE_LANES);
    size_t at = 0, to_next = WIDE_LANES; /* and then to the next row */
    for (size_t left = n; left > 0; left--) {
      if (ahead && SPREAD_PREFETCHES) {
        prefetch(next, at);
        at += to_next;
        to_next = row - to_next;
      }
      Wide b[PANEL_WIDES];
      UNROLLED_FOR (v, wides)
        b[v] = wide_load(packed + v * WIDE_LANES);
      UNROLLED_FOR (i, rows) {
        Wide a = wide_fill(A[i / 4][i % 4 * row]);
        UNROLLED_FOR (v, wides)
          sum[i][v] = wide_fma(a, b[v], sum[i][v]);
      }
      UNROLLED_FOR (q, ROW_QUADS)
        A[q] += step;
      packed += packed_row;
    }
  }
  const bool last = task->last;
  if (last)
    UNROLLED_FOR (i, rows)
      UNROLLED_FOR (v, wides)
        sum[i][v] = wide_flush(sum[i][v]);
  const float *gate = task->gate ? task->gate + first * MATRIX_STRIP : NULL;
  if (gate)
    UNROLLED_FOR (i, rows)
      UNROLLED_FOR (v, wides)
        sum[i][v] =
            wide_where_positive(wide_load(gate + i * MATRIX_STRIP + v * WIDE_LANES), sum[i][v]);
  UNROLLED_FOR (i, rows)
    UNROLLED_FOR (v, wides)
      wide_store(C + i * ldc + v * WIDE_LANES, sum[i][v]);
}

/* Dispatches 1 .. PANEL_ROWS rows to a constant. */
INLINED void panel_few_rows(size_t rows, size_t wides, const struct PanelTask *task, size_t first,
                            float *C, size_t ldc)
{
#define CASE(n)                                                                                    \
  case n:                                                                                          \
    if (n <= PANEL_ROWS) panel_block(n, wides, false, task, first, C, ldc);                        \
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

/* The same, for a constant 1 or PANEL_WIDES Wides. */
static void panel_part(size_t rows, size_t wides, const struct PanelTask *task, size_t first,
                       float *C, size_t ldc)
{
  if (wides == PANEL_WIDES)
    panel_few_rows(rows, PANEL_WIDES, task, first, C, ldc);
  else
    panel_few_rows(rows, 1, task, first, C, ldc);
}

/* The same at the right edge of C, where only the first `columns` columns exist. */
static void panel_edge(size_t rows, size_t wides, size_t columns, const struct PanelTask *task,
                       size_t first)
{
  float *C = task->C + first * task->ldc, block[PANEL_ROWS * PANEL_WIDTH];
  if (task->accumulate) {
    memset(block, 0, rows * PANEL_WIDTH * sizeof *block);
    for (size_t i = 0; i < rows; i++)
      memcpy(block + i * PANEL_WIDTH, C + i * task->ldc, columns * sizeof *C);
  }
  panel_part(rows, wides, task, first, block, PANEL_WIDTH);
  for (size_t i = 0; i < rows; i++)
    memcpy(C + i * task->ldc, block + i * PANEL_WIDTH, columns * sizeof *C);
}

/* The first `columns` columns of the panel, which span `wides` Wides, from row `first` on. The
   last two row blocks share the remainder evenly, as a block of few rows stalls on fused
   multiply-add latency. */
INLINED void panel_columns(size_t wides, size_t columns, const struct PanelTask *task, size_t first)
{
  for (size_t i = first, rows; i < task->M; i += rows) {
    size_t left = task->M - i;
    rows = left >= 2 * PANEL_ROWS ? PANEL_ROWS : left > PANEL_ROWS ? (left + 1) / 2 : left;
    if (columns < wides * WIDE_LANES)
      panel_edge(rows, wides, columns, task, i);
    else if (rows == PANEL_ROWS && task->A.column == 1)
      panel_block(PANEL_ROWS, wides, true, task, i, task->C + i * task->ldc, task->ldc);
    else if (rows == PANEL_ROWS)
      panel_block(PANEL_ROWS, wides, false, task, i, task->C + i * task->ldc, task->ldc);
    else
      panel_part(rows, wides, task, i, task->C + i * task->ldc, task->ldc);
  }
}

/* ---- the last few columns ---- */

/* With so few columns most lanes would be idle, so here the lanes hold sixteen rows. A must be
   row-major and is read four k at a time. */
enum { FEW_COLUMNS = 4, FEW_STEPS = 4 };
_Static_assert(FEW_COLUMNS <= 4, "few_columns has no case for more");
_Static_assert((int)MATRIX_STRIP % FEW_STEPS == 0, "four steps stay within a strip");

/* Sixteen rows of column j of C, from row `first` on. */
INLINED Wide load_column(const struct PanelTask *task, size_t first, size_t j)
{
  float lanes[WIDE_LANES];
  for (size_t i = 0; i < WIDE_LANES; i++)
    lanes[i] = task->C[(first + i) * task->ldc + j];
  return wide_load(lanes);
}

INLINED void store_column(const struct PanelTask *task, size_t first, size_t j, Wide column)
{
  float lanes[WIDE_LANES];
  wide_store(lanes, task->last ? wide_flush(column) : column);
  for (size_t i = 0; i < WIDE_LANES; i++) {
    bool passes = !task->gate || task->gate[(first + i) * MATRIX_STRIP + j] > 0.0f;
    task->C[(first + i) * task->ldc + j] = passes ? lanes[i] : 0.0f;
  }
}

/* `blocks` Wides of rows, from row `first` on. */
INLINED void few_columns_block(size_t columns, size_t blocks, const struct PanelTask *task,
                               size_t first)
{
  const size_t row = task->A.row;
  Wide sum[FEW_BLOCK][FEW_COLUMNS];
  for (size_t b = 0; b < blocks; b++)
    for (size_t j = 0; j < columns; j++)
      sum[b][j] = task->accumulate ? load_column(task, first + b * WIDE_LANES, j) : wide_fill(0.0f);
  const float *packed = task->packed;
  for (size_t k = 0; k < task->K; k += FEW_STEPS) {
    const float *A = task->A.at + first * row + k / MATRIX_STRIP * task->A.strip + k % MATRIX_STRIP;
    Wide a[FEW_BLOCK][FEW_STEPS];
    UNROLLED_FOR (b, blocks) {
      UNROLLED_FOR (i, FEW_STEPS)
        a[b][i] = wide_load_quads(A + (b * WIDE_LANES + i) * row, row);
      wides_transpose_quads(a[b]);
    }
    UNROLLED_FOR (i, FEW_STEPS)
      UNROLLED_FOR (j, columns) {
        Wide factor = wide_fill(packed[i * task->packed_row + j]);
        UNROLLED_FOR (b, blocks)
          sum[b][j] = wide_fma(a[b][i], factor, sum[b][j]);
      }
    packed += FEW_STEPS * task->packed_row;
  }
  for (size_t b = 0; b < blocks; b++)
    for (size_t j = 0; j < columns; j++)
      store_column(task, first + b * WIDE_LANES, j, sum[b][j]);
}

/* The rows left over after the last whole Wide take the usual path. */
INLINED void few_columns_rows(size_t columns, const struct PanelTask *task)
{
  size_t first = 0;
  for (; first + FEW_BLOCK * WIDE_LANES <= task->M; first += FEW_BLOCK * WIDE_LANES)
    few_columns_block(columns, FEW_BLOCK, task, first);
  for (; first + WIDE_LANES <= task->M; first += WIDE_LANES)
    few_columns_block(columns, 1, task, first);
  panel_columns(1, columns, task, first);
}

/* Dispatches 1 .. FEW_COLUMNS columns to a constant. */
static void few_columns(const struct PanelTask *task)
{
#define CASE(n)                                                                                    \
  case n:                                                                                          \
    few_columns_rows(n, task);                                                                     \
    return
  switch (task->columns) {
    CASE(1);
    CASE(2);
    CASE(3);
    CASE(4);
  }
#undef CASE
}

static void panel(const struct PanelTask *task)
{
  size_t few = task->columns % WIDE_LANES, columns = task->columns;
  if (few <= FEW_COLUMNS && task->A.column == 1 && task->K % FEW_STEPS == 0) columns -= few;
  if (columns > (PANEL_WIDES - 1) * WIDE_LANES)
    panel_columns(PANEL_WIDES, columns, task, 0);
  else if (columns > 0)
    panel_columns(1, columns, task, 0);
  if (columns == task->columns) return;
  struct PanelTask rest = *task;
  rest.columns = few;
  rest.packed += columns;
  rest.C += columns;
  if (rest.gate) rest.gate += columns;
  few_columns(&rest);
}
