#include "engine/factored/matrix.h"

#include "base/memory.h"
#include "engine/factored/kernels.h"
#include "engine/factored/vector.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* CHUNK: rows of B packed at a time, 16 KiB of the widest panel, half of a small L1 cache, and
   whole strips of A. FEW_ROWS: up to this many rows of A, packing B costs more than it saves. */
enum { CHUNK = 128, WIDEST = WIDEST_PANEL, FEW_ROWS = 36 };
enum { LARGEST_CHUNK = SPARSE_CHUNK * WIDEST_SPARSE }; /* of a panel, in floats */
_Static_assert((int)CHUNK *(int)WIDEST <= (int)LARGEST_CHUNK, "a chunk fits the buffer");
_Static_assert((int)CHUNK % (int)MATRIX_STRIP == 0, "a chunk of A begins with a strip");

/* Transposes an 8 x 8 block: to[k width + j] = from[j ldb + k]. */
static void transpose_block(const float *from, size_t ldb, float *to, size_t width)
{
  for (size_t half = 0; half < 2; half++, from += 4, to += 4 * width) {
    Vector quads[4];
    for (size_t j = 0; j < 4; j++)
      quads[j] = vector_load_quads(from + j * ldb, from + (j + 4) * ldb);
    vectors_transpose_quads(quads);
    for (size_t k = 0; k < 4; k++)
      vector_store(to + k * width, quads[k]);
  }
}

/* packed[k][j] = B(k, j) for a row-major B, zero-padded to the panel's `width`. */
static inline void copy_rows(struct Matrix B, size_t K, size_t columns, size_t width, float *packed)
{
  for (size_t k = 0; k < K; k++) {
    memcpy(packed + k * width, B.at + k * B.row, columns * sizeof *packed);
    for (size_t j = columns; j < width; j++)
      packed[k * width + j] = 0.0f;
  }
}

static void transpose_rows(struct Matrix B, size_t K, size_t columns, size_t width, float *packed)
{
  size_t whole = K - K % 8, blocked = columns - columns % 8;
  for (size_t j = 0; j < blocked; j += 8)
    for (size_t k = 0; k < whole; k += 8)
      transpose_block(B.at + j * B.column + k, B.column, packed + k * width + j, width);
  for (size_t j = 0; j < columns; j++)
    for (size_t k = j < blocked ? whole : 0; k < K; k++)
      packed[k * width + j] = B.at[j * B.column + k];
  for (size_t k = 0; columns < width && k < K; k++)
    memset(packed + k * width + columns, 0, (width - columns) * sizeof *packed);
}

/* How B is divided into panels and chunks, and what multiplies one. */
struct Division {
  size_t width, chunk;
  bool always_packs; /* panels are never read in place */
  void (*panel)(const struct PanelTask *task);
};

static struct Division division(bool sparse)
{
  const struct Kernels *run = kernels();
  if (sparse) return (struct Division){run->sparse.width, SPARSE_CHUNK, true, run->sparse.panel};
  return (struct Division){run->panel_width, CHUNK, false, run->panel};
}

/* Bytes of a core's first-level data cache; 0 if the system does not tell. */
static size_t first_level_cache(void)
{
#ifdef _SC_LEVEL1_DCACHE_SIZE
  long bytes = sysconf(_SC_LEVEL1_DCACHE_SIZE);
  return bytes > 0 ? (size_t)bytes : 0;
#else
  return 0;
#endif
}

bool matrix_sparse_is_faster(size_t N)
{
  const struct Kernels *run = kernels();
  size_t panels = (N + run->sparse.width - 1) / run->sparse.width;
  return vector_pad(N) >= panels * run->sparse.least_columns &&
         first_level_cache() >= run->sparse.least_cache;
}

/* packed[k][j] = B(k, j) for the first panel of B, `columns` wide, zero-padded to `width`. Whole
   panels are copied with constant sizes. */
static void pack(struct Matrix B, size_t K, size_t columns, size_t width, float *packed)
{
  if (B.column != 1)
    transpose_rows(B, K, columns, width, packed);
  else if (columns == WIDEST && width == columns)
    copy_rows(B, K, WIDEST, WIDEST, packed);
  else if (columns == WIDEST / 2 && width == columns)
    copy_rows(B, K, WIDEST / 2, WIDEST / 2, packed);
  else
    copy_rows(B, K, columns, width, packed);
}

/* The submatrix from element (i, j) on; j, and i of a matrix that is turned, must begin a strip if
   the matrix is stored in strips. */
static struct Matrix part_of(struct Matrix matrix, size_t i, size_t j)
{
  matrix.at = matrix_at(matrix, i, j);
  return matrix;
}

/* Whether a panel of B is read in place instead of packed: if B is stored in strips, which is a
   packed layout already, or if only a few rows of A read it. */
static bool reads_in_place(struct Matrix B, size_t M, bool whole)
{
  return B.column == 1 && (B.strip != MATRIX_STRIP || (M <= FEW_ROWS && whole));
}

static const struct Matrix nothing;

/*
 * A product, by chunks of K and then panels of N, as `by` divides it. `panels` holds B packed in
 * this order; if NULL, panels are packed as needed. The gate applies after the last chunk;
 * `nothing` means no gate.
 */
static void multiply(struct Division by, size_t M, size_t N, size_t K, struct Matrix A,
                     struct Matrix B, const float *panels, struct Matrix gate, enum MatrixInto into,
                     float *C, size_t ldc)
{
  const size_t width = by.width;
  float buffer[LARGEST_CHUNK] __attribute__((aligned(64)));
  struct PanelTask task = {.M = M, .ldc = ldc};
  size_t first = 0;
  do { /* once even for K = 0, which zeroes C */
    task.K = K - first < by.chunk ? K - first : by.chunk;
    task.A = part_of(A, 0, first);
    task.accumulate = into == MATRIX_ADD || first > 0; /* the chain continues across chunks */
    task.last = first + task.K == K;
    for (size_t j = 0; j < N; j += width) {
      task.columns = N - j < width ? N - j : width;
      task.C = C + j;
      task.gate = gate.at && task.last ? part_of(gate, 0, j).at : NULL;
      task.packed_row = width;
      if (panels) {
        task.packed = panels;
        panels += task.K * width;
      } else if (!by.always_packs && reads_in_place(B, M, task.columns == width)) {
        task.packed = part_of(B, first, j).at;
        task.packed_row = B.row;
      } else {
        task.packed = buffer;
        pack(part_of(B, first, j), task.K, task.columns, width, buffer);
      }
      by.panel(&task);
    }
    first += task.K;
  } while (first < K);
}

void matrix_multiply(size_t M, size_t N, size_t K, struct Matrix A, struct Matrix B,
                     enum MatrixInto into, float *C, size_t ldc)
{
  multiply(division(false), M, N, K, A, B, NULL, nothing, into, C, ldc);
}

void matrix_multiply_sparse(size_t M, size_t N, size_t K, struct Matrix A, struct Matrix B,
                            enum MatrixInto into, float *C, size_t ldc)
{
  multiply(division(true), M, N, K, A, B, NULL, nothing, into, C, ldc);
}

void matrix_multiply_packed(size_t M, struct Matrix A, const struct PackedMatrix *B,
                            enum MatrixInto into, float *C, size_t ldc)
{
  multiply(division(B->sparse), M, B->N, B->K, A, nothing, B->panels, nothing, into, C, ldc);
}

void matrix_multiply_gated(size_t M, struct Matrix A, const struct PackedMatrix *B,
                           struct Matrix gate, float *C, size_t ldc)
{
  multiply(division(false), M, B->N, B->K, A, nothing, B->panels, gate, MATRIX_REPLACE, C, ldc);
}

bool packed_matrix_init(struct PackedMatrix *packed, size_t K, size_t N, bool sparse,
                        struct Error *error)
{
  *packed = (struct PackedMatrix){.K = K, .N = N, .sparse = sparse};
  size_t width = division(sparse).width, columns = (N + width - 1) / width * width;
  packed->panels = memory_new(K * columns, sizeof(float), "a packed matrix", error);
  return packed->panels;
}

void packed_matrix_release(struct PackedMatrix *packed)
{
  free(packed->panels);
  *packed = (struct PackedMatrix){0};
}

void packed_matrix_fill(struct PackedMatrix *packed, struct Matrix B)
{
  const struct Division by = division(packed->sparse);
  size_t K = packed->K, N = packed->N, width = by.width;
  size_t n_panels = (N + width - 1) / width, n_chunks = (K + by.chunk - 1) / by.chunk;
#pragma omp parallel for
  for (size_t i = 0; i < n_chunks * n_panels; i++) {
    size_t first = i / n_panels * by.chunk, j = i % n_panels * width;
    size_t rows = K - first < by.chunk ? K - first : by.chunk;
    size_t columns = N - j < width ? N - j : width;
    pack(part_of(B, first, j), rows, columns, width,
         packed->panels + (first * n_panels + i % n_panels * rows) * width);
  }
}

/* Where part `part` of `parts` of n columns or rows begins, rounded to whole panels. */
static size_t part_begin(size_t n, size_t part, size_t parts)
{
  size_t panels = (n + WIDEST - 1) / WIDEST, begin = panels * part / parts * WIDEST;
  return begin < n ? begin : n;
}

void matrix_multiply_shared(size_t M, size_t N, size_t K, struct Matrix A, struct Matrix B,
                            enum MatrixInto into, float *C, size_t ldc)
{
  size_t parts = (size_t)omp_get_max_threads();
#pragma omp parallel for schedule(static)
  for (size_t part = 0; part < parts; part++) {
    bool by_rows = M > N;
    size_t begin = part_begin(by_rows ? M : N, part, parts);
    size_t size = part_begin(by_rows ? M : N, part + 1, parts) - begin;
    if (size > 0 && by_rows)
      matrix_multiply(size, N, K, part_of(A, begin, 0), B, into, C + begin * ldc, ldc);
    if (size > 0 && !by_rows)
      matrix_multiply(M, size, K, A, part_of(B, 0, begin), into, C + begin, ldc);
  }
}
