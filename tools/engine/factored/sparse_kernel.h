/*
 * The micro-kernel of a matrix product whose A is 0 in many places, as neurons are that a rectifier
 * has switched off: those are left out, but in a panel of few columns (engine/factored/matrix.h).
 * Expects of the including file SPARSE_WIDES, the Wides of a row of C that are kept in registers,
 * and panel_kernel.h before it.
 *
 * A consists of blocks of MATRIX_STRIP x MATRIX_STRIP elements that are contiguous, by rows or by
 * columns. Where they are not 0 is found out for a row of blocks at a time, as one bit for each
 * element, while the next row of blocks is prefetched.
 */
enum { SPARSE_WIDTH = SPARSE_WIDES * WIDE_LANES };
_Static_assert((int)SPARSE_WIDTH <= (int)WIDEST_SPARSE, "matrix.c has no room for wider panels");
_Static_assert(SPARSE_WIDES <= 8, "sparse_panel has no case for more");

/* Bit k of places[i] is set where element (i, k) is not 0, of a block by rows, k < MATRIX_STRIP. */
INLINED void places_by_rows(const float *block, size_t rows, uint32_t *places)
{
  for (size_t i = 0; i < rows; i++, block += MATRIX_STRIP)
    places[i] = wide_nonzero(wide_load(block)) |
                (uint32_t)wide_nonzero(wide_load(block + WIDE_LANES)) << WIDE_LANES;
}

/* The same of a block by columns, k < columns. */
INLINED void places_by_columns(const float *block, size_t columns, uint32_t *places)
{
  enum { PARTS = MATRIX_STRIP / LANES };
  IntegerVector found[PARTS] = {{0}};
  for (size_t k = 0; k < columns; k++)
    UNROLLED_FOR (v, PARTS)
      found[v] |=
          (vector_load(block + k * MATRIX_STRIP + v * LANES) != (Vector){0}) & (int32_t)(1U << k);
  memcpy(places, found, sizeof found);
}

/* Of a row of up to two blocks: sets bit k of places[i], at first all 0, where element (i, k) is
   not 0. */
INLINED void find_places(const struct PanelTask *task, const float *A, size_t rows, bool by_columns,
                         uint64_t places[MATRIX_STRIP])
{
  for (size_t first = 0; first < task->K; first += MATRIX_STRIP, A += task->A.strip) {
    size_t left = task->K - first, columns = left < MATRIX_STRIP ? left : MATRIX_STRIP;
    uint32_t of_block[MATRIX_STRIP];
    if (by_columns)
      places_by_columns(A, columns, of_block);
    else
      places_by_rows(A, rows, of_block);
    uint64_t inside = ((uint64_t)1 << columns) - 1;
    for (size_t i = 0; i < rows; i++)
      places[i] |= (of_block[i] & inside) << first;
  }
}

/* Row i of a row of blocks A, to a row of C. */
INLINED void sparse_row(size_t wides, const struct PanelTask *task, const float *a, bool by_columns,
                        uint64_t places, float *C)
{
  const size_t column = by_columns ? MATRIX_STRIP : 1;
  Wide sum[SPARSE_WIDES];
  UNROLLED_FOR (v, wides)
    sum[v] = task->accumulate ? wide_load(C + v * WIDE_LANES) : wide_fill(0.0f);
  /* counted down, as the number of turns is known long before the sums */
  for (int n = __builtin_popcountll(places); n > 0; n--) {
    size_t k = (size_t)__builtin_ctzll(places);
    places &= places - 1;
    Wide factor = wide_fill(a[k % MATRIX_STRIP * column + k / MATRIX_STRIP * task->A.strip]);
    const float *b = task->packed + k * task->packed_row;
    UNROLLED_FOR (v, wides)
      sum[v] = wide_fma(factor, wide_load(b + v * WIDE_LANES), sum[v]);
  }
  if (task->last)
    UNROLLED_FOR (v, wides)
      sum[v] = wide_flush(sum[v]);
  UNROLLED_FOR (v, wides)
    wide_store(C + v * WIDE_LANES, sum[v]);
}

INLINED void sparse_rows(size_t wides, const struct PanelTask *task, bool by_columns)
{
  const float *A = task->A.at;
  for (size_t first = 0; first < task->M; first += MATRIX_STRIP, A += task->A.row_strip) {
    size_t rows = task->M - first < MATRIX_STRIP ? task->M - first : MATRIX_STRIP;
    uint64_t places[MATRIX_STRIP] = {0};
    find_places(task, A, rows, by_columns, places);
    for (size_t i = 0; i < rows; i++) {
      const float *ahead = A + task->A.row_strip + i * MATRIX_STRIP;
      for (size_t s = 0; s * MATRIX_STRIP < task->K; s++)
        UNROLLED_FOR (v, MATRIX_STRIP / WIDE_LANES)
          __builtin_prefetch(ahead + s * task->A.strip + v * WIDE_LANES);
      sparse_row(wides, task, A + i * (by_columns ? 1 : MATRIX_STRIP), by_columns, places[i],
                 task->C + (first + i) * task->ldc);
    }
  }
}

/* A panel of few columns, for blocks by columns: lanes hold sixteen rows (panel_kernel.h). */
INLINED void few_sparse_columns(const struct PanelTask *task)
{
  const float *A = task->A.at;
  for (size_t first = 0; first < task->M; first += WIDE_LANES) {
    const float *a = A + first / MATRIX_STRIP * task->A.row_strip + first % MATRIX_STRIP;
    for (size_t j = 0; j < task->columns; j++) {
      Wide sum = task->accumulate ? load_column(task, first, j) : wide_fill(0.0f);
      for (size_t k = 0; k < task->K; k++)
        sum = wide_fma(wide_load(a + k * MATRIX_STRIP),
                       wide_fill(task->packed[k * task->packed_row + j]), sum);
      store_column(task, first, j, sum);
    }
  }
}

/* Dispatches 1 .. SPARSE_WIDES Wides to a constant. */
INLINED void sparse_columns(const struct PanelTask *task, bool by_columns)
{
#define CASE(n)                                                                                    \
  case n:                                                                                          \
    if (n <= SPARSE_WIDES) sparse_rows(n, task, by_columns);                                       \
    return
  switch ((task->columns + WIDE_LANES - 1) / WIDE_LANES) {
    CASE(1);
    CASE(2);
    CASE(3);
    CASE(4);
    CASE(5);
    CASE(6);
    CASE(7);
    CASE(8);
  }
#undef CASE
}

static void sparse_panel(const struct PanelTask *given)
{
  const struct PanelTask task = *given; /* a copy, which no store to C can change */
  const bool by_columns = task.A.row == 1, few = task.columns <= FEW_COLUMNS;
  if (few && by_columns && task.M % WIDE_LANES == 0)
    few_sparse_columns(&task);
  else if (few && !by_columns && task.K % FEW_STEPS == 0)
    few_columns(&task);
  else if (by_columns)
    sparse_columns(&task, true);
  else
    sparse_columns(&task, false);
}
