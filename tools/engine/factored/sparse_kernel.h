/*
 * The micro-kernel of a matrix product whose A is 0 in many places, as neurons are that a rectifier
 * has switched off: those are left out, but in a panel of few columns (engine/factored/matrix.h).
 * Expects of the including file SPARSE_WIDES, the Wides of a row of C that are kept in registers,
 * and panel_kernel.h before it.
 *
 * A is a matrix in strips, or turned: the transpose of one, where element k of a row is k
 * MATRIX_STRIP past its first. Where a row is not 0 is found out ahead, as one bit for each
 * element.
 */
enum { SPARSE_WIDTH = SPARSE_WIDES * WIDE_LANES };
_Static_assert((int)SPARSE_WIDTH <= (int)WIDEST_SPARSE, "matrix.c has no room for wider panels");
_Static_assert(SPARSE_WIDES <= 8, "sparse_panel has no case for more");

/* Row a of up to two strips, to a row of C; bit k of `places` is set where element k is not 0. */
INLINED void sparse_row(size_t wides, const struct PanelTask *task, const float *a, bool turned,
                        uint64_t places, float *C)
{
  const size_t jump = task->A.strip - MATRIX_STRIP; /* from strip to strip, past one's columns */
  Wide sum[SPARSE_WIDES];
  UNROLLED_FOR (v, wides)
    sum[v] = task->accumulate ? wide_load(C + v * WIDE_LANES) : wide_fill(0.0f);
  /* counted down, as the number of turns is known long before the sums */
  for (int n = __builtin_popcountll(places); n > 0; n--) {
    size_t k = (size_t)__builtin_ctzll(places);
    places &= places - 1;
    Wide factor = wide_fill(turned ? a[k * MATRIX_STRIP] : a[k + k / MATRIX_STRIP * jump]);
    const float *b = in_register(task->packed + k * SPARSE_WIDTH);
    UNROLLED_FOR (v, wides)
      sum[v] = wide_fma(factor, wide_load(b + v * WIDE_LANES), sum[v]);
  }
  if (task->last)
    UNROLLED_FOR (v, wides)
      sum[v] = wide_flush(sum[v]);
  UNROLLED_FOR (v, wides)
    wide_store(C + v * WIDE_LANES, sum[v]);
}

/* ---- in strips ---- */

INLINED uint64_t places_of_row(const struct PanelTask *task, const float *a)
{
  uint64_t places = 0;
  for (size_t first = 0; first < task->K; first += MATRIX_STRIP, a += task->A.strip) {
    uint32_t of_strip = wide_nonzero(wide_load(a)) |
                        (uint32_t)wide_nonzero(wide_load(a + WIDE_LANES)) << WIDE_LANES;
    size_t left = task->K - first;
    if (left < MATRIX_STRIP) of_strip &= (1U << left) - 1;
    places |= (uint64_t)of_strip << first;
  }
  return places;
}

/* A row's places are found before the row above it is multiplied. */
INLINED void sparse_rows(size_t wides, const struct PanelTask *task)
{
  const float *a = task->A.at;
  uint64_t next = task->M > 0 ? places_of_row(task, a) : 0;
  for (size_t i = 0; i < task->M; i++, a += MATRIX_STRIP) {
    uint64_t places = next;
    if (i + 1 < task->M) next = places_of_row(task, a + MATRIX_STRIP);
    sparse_row(wides, task, a, false, places, task->C + i * task->ldc);
  }
}

/* ---- turned ---- */

/* Of MATRIX_STRIP rows, the columns of `a`. */
INLINED void places_of_rows(const struct PanelTask *task, const float *a,
                            uint64_t places[MATRIX_STRIP])
{
  enum { PARTS = MATRIX_STRIP / WIDE_LANES };
  memset(places, 0, MATRIX_STRIP * sizeof *places);
  for (size_t first = 0; first < task->K; first += MATRIX_STRIP, a += task->A.strip) {
    size_t left = task->K - first, columns = left < MATRIX_STRIP ? left : MATRIX_STRIP;
    Wide found[PARTS];
    UNROLLED_FOR (v, PARTS)
      found[v] = wide_fill(0.0f);
    for (size_t k = 0; k < columns; k++)
      UNROLLED_FOR (v, PARTS)
        found[v] =
            wide_set_bit(found[v], wide_load(a + k * MATRIX_STRIP + v * WIDE_LANES), 1U << k);
    float lanes[MATRIX_STRIP];
    UNROLLED_FOR (v, PARTS)
      wide_store(lanes + v * WIDE_LANES, found[v]);
    uint32_t of_strip[MATRIX_STRIP];
    memcpy(of_strip, lanes, sizeof of_strip);
    for (size_t i = 0; i < MATRIX_STRIP; i++)
      places[i] |= (uint64_t)of_strip[i] << first;
  }
}

/* The next rows are prefetched. */
INLINED void sparse_turned_rows(size_t wides, const struct PanelTask *task)
{
  const float *A = task->A.at;
  for (size_t first = 0; first < task->M; first += MATRIX_STRIP, A += task->A.row_strip) {
    size_t rows = task->M - first < MATRIX_STRIP ? task->M - first : MATRIX_STRIP;
    uint64_t places[MATRIX_STRIP];
    places_of_rows(task, A, places);
    for (size_t i = 0; i < rows; i++) {
      const float *ahead = A + task->A.row_strip + i * MATRIX_STRIP;
      for (size_t s = 0; s * MATRIX_STRIP < task->K; s++)
        UNROLLED_FOR (v, MATRIX_STRIP / WIDE_LANES)
          __builtin_prefetch(ahead + s * task->A.strip + v * WIDE_LANES);
      sparse_row(wides, task, A + i, true, places[i], task->C + (first + i) * task->ldc);
    }
  }
}

/* A panel of few columns: lanes hold sixteen rows (panel_kernel.h). */
INLINED void few_turned_columns(const struct PanelTask *task)
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
INLINED void sparse_columns(const struct PanelTask *task, bool turned)
{
#define CASE(n)                                                                                    \
  case n:                                                                                          \
    if (n <= SPARSE_WIDES && turned) sparse_turned_rows(n, task);                                  \
    if (n <= SPARSE_WIDES && !turned) sparse_rows(n, task);                                        \
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
  const bool turned = task.A.row == 1, few = task.columns <= FEW_COLUMNS;
  if (few && turned && task.M % WIDE_LANES == 0)
    few_turned_columns(&task);
  else if (few && !turned && task.K % FEW_STEPS == 0)
    few_columns(&task);
  else if (turned)
    sparse_columns(&task, true);
  else
    sparse_columns(&task, false);
}
