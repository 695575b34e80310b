/* Matrix products (engine/opencl/product.h). */

/* A group of SIDE x SIDE work-items computes a tile of C, each of them `rows` x `columns` of it,
   while k goes on by `steps`. These three are constants wherever the functions are inlined. The
   tiles of A and B that are next are on their way from memory while the present ones are
   multiplied. */
#define SIDE                  16
#define TILE(size, steps)     ((steps) * (SIDE * (size) + 4))
#define SHARE_OF(size, steps) ((size) * (steps) / SIDE) /* of a tile, for each work-item */
#define MOST_SHARE            8

/* What a work-item takes of each tile [steps][16 size] of an operand: elements (x, k), (x + dx, k +
   dk) and so on. Neighbours read neighbouring numbers. */
struct Share {
  int x, k, dx, dk;
  Index left; /* rows of A, or columns of B, from x on */
};

FUNCTION struct Share share_of(int size, int steps, Index step, Index left)
{
  const int width = SIDE * size, items = SIDE * SIDE;
  struct Share share;
  share.x = step == 1 ? ITEM / steps : ITEM % width;
  share.k = step == 1 ? ITEM % steps : ITEM / width;
  share.dx = step == 1 ? items / steps : 0;
  share.dk = step == 1 ? 0 : items / width;
  share.left = left - share.x;
  return share;
}

/* The share of the next n steps, 0 where there is nothing; `from` is its first element's place. */
FUNCTION void fetch(int size, int steps, struct Share share, GLOBAL const float *from, Index stride,
                    int n, float *values)
{
  const int left = (int)(share.left < SIDE * size ? share.left : SIDE * size);
  UNROLLED_FOR (s, SHARE_OF(size, steps))
    values[s] = s * share.dx < left && share.k + s * share.dk < n ? from[s * stride] : 0.0f;
}

FUNCTION void store(int size, int steps, struct Share share, const float *values,
                    IN_LOCAL float *tile)
{
  const int row = SIDE * size + 4, stride = share.dk * row + share.dx;
  UNROLLED_FOR (s, SHARE_OF(size, steps))
    tile[share.k * row + share.x + s * stride] = values[s];
}

FUNCTION void multiply_add(int rows, int columns, int k, IN_LOCAL const float *A_tile,
                           IN_LOCAL const float *B_tile, float *sum)
{
  const int y = ITEM / SIDE, x = ITEM % SIDE;
  float A[8], B[8];
  UNROLLED_FOR (i, rows)
    A[i] = A_tile[k * (SIDE * rows + 4) + y * rows + i];
  UNROLLED_FOR (j, columns)
    B[j] = B_tile[k * (SIDE * columns + 4) + x * columns + j];
  UNROLLED_FOR (i, rows)
    UNROLLED_FOR (j, columns)
      sum[i * columns + j] = fma(A[i], B[j], sum[i * columns + j]);
}

/* Continues the chains of a tile over k = begin .. end - 1. A and B are those of the tile's first
   row and column, of which there are still M and N. */
FUNCTION void multiply(int rows, int columns, int steps, GLOBAL const float *A, Index A_row,
                       Index A_step, Index M, GLOBAL const float *B, Index B_row, Index B_step,
                       Index N, int begin, int end, IN_LOCAL float *A_tile, IN_LOCAL float *B_tile,
                       float *sum)
{
  float A_next[MOST_SHARE], B_next[MOST_SHARE];
  const struct Share of_A = share_of(rows, steps, A_step, M);
  const struct Share of_B = share_of(columns, steps, B_step, N);
  const Index A_stride = of_A.dx * A_row + of_A.dk * A_step;
  const Index B_stride = of_B.dx * B_row + of_B.dk * B_step;
  A += of_A.x * A_row + (begin + of_A.k) * A_step;
  B += of_B.x * B_row + (begin + of_B.k) * B_step;
  fetch(rows, steps, of_A, A, A_stride, end - begin, A_next);
  fetch(columns, steps, of_B, B, B_stride, end - begin, B_next);
  for (int left = end - begin; left > 0; left -= steps) {
    store(rows, steps, of_A, A_next, A_tile);
    store(columns, steps, of_B, B_next, B_tile);
    SAME_GROUP;
    A += steps * A_step;
    B += steps * B_step;
    fetch(rows, steps, of_A, A, A_stride, left - steps, A_next);
    fetch(columns, steps, of_B, B, B_stride, left - steps, B_next);
    if (left >= steps) {
      UNROLLED_16_FOR (i, steps)
        multiply_add(rows, columns, i, A_tile, B_tile, sum);
    } else {
      for (int i = 0; i < left; i++)
        multiply_add(rows, columns, i, A_tile, B_tile, sum);
    }
    SAME_GROUP;
  }
}

FUNCTION float finish(GLOBAL const struct Product *product, GLOBAL const float *floats, Index row,
                      Index column, float x)
{
  const Index other = product->other + row * product->other_row + column;
  if (product->end == END_GATE) return floats[other] > 0.0f ? x : 0.0f;
  if (product->end == END_SLOPE) return flushed(x * floats[other]);
  if (product->end == END_SCALE) return flushed(x * QUERY_SCALE);
  return x;
}

FUNCTION void product_tile(int rows, int columns, int steps, GLOBAL float *floats,
                           GLOBAL const int *ints, GLOBAL const struct Product *product, int tile,
                           IN_LOCAL float *A_tile, IN_LOCAL float *B_tile, float *sum)
{
  const int tall = (int)(product->M + SIDE * rows - 1) / (SIDE * rows);
  const int wide = (int)(product->N + SIDE * columns - 1) / (SIDE * columns);
  const Index batch = tile / (tall * wide), row = tile / wide % tall * (SIDE * rows),
              column = tile % wide * (SIDE * columns);
  const Index own_row = row + ITEM / SIDE * rows, own_column = column + ITEM % SIDE * columns;
  GLOBAL float *C = floats + product->C + batch * product->C_batch;
  UNROLLED_FOR (i, rows)
    UNROLLED_FOR (j, columns) {
      const bool there = own_row + i < product->M && own_column + j < product->N;
      sum[i * columns + j] =
          product->add && there ? C[(own_row + i) * product->C_row + own_column + j] : 0.0f;
    }
  const struct Operand A = product->A, B = product->B;
  GLOBAL const float *of_A = floats + A.at + batch * A.batch + row * A.row;
  GLOBAL const float *of_B = floats + B.at + batch * B.batch + column * B.row;
  GLOBAL const int *list = ints + product->segments + batch * product->segments_batch;
  const int first = list[0], n = list[1] - first;
  for (int s = 0; s < n; s++) {
    multiply(rows, columns, steps, of_A + s * A.jump, A.row, A.step, product->M - row,
             of_B + s * B.jump, B.row, B.step, product->N - column, ints[first + s],
             ints[first + s + 1], A_tile, B_tile, sum);
    UNROLLED_FOR (i, rows * columns)
      sum[i] = flushed(sum[i]);
  }
  UNROLLED_FOR (i, rows)
    UNROLLED_FOR (j, columns)
      if (own_row + i < product->M && own_column + j < product->N)
        C[(own_row + i) * product->C_row + own_column + j] =
            finish(product, floats, own_row + i, own_column + j, sum[i * columns + j]);
}

/* `b` products from products[a] on. */
#define PRODUCTS(NAME, ROWS, COLUMNS, STEPS, RESIDENT)                                             \
  KERNEL(SIDE *SIDE, RESIDENT) NAME(ARGUMENTS)                                                     \
  {                                                                                                \
    LOCAL ALIGNED float A_tile[TILE(ROWS, STEPS)];                                                 \
    LOCAL ALIGNED float B_tile[TILE(COLUMNS, STEPS)];                                              \
    float sum[(ROWS) * (COLUMNS)];                                                                 \
    OF_TRAINING;                                                                                   \
    int i = a;                                                                                     \
    while (i + 1 < a + b && get_group_id(0) >= products[i + 1].first_group)                        \
      i++;                                                                                         \
    product_tile(ROWS, COLUMNS, STEPS, floats, ints, products + i,                                 \
                 (int)(get_group_id(0) - products[i].first_group), A_tile, B_tile, sum);           \
  }
PRODUCTS(small_products, 1, 1, 64, 3)
PRODUCTS(large_products, 4, 4, 16, 2)
