/*
 * The factored step (engine/factored/factors.h, engine/factored/step.h) for a device: OpenCL C 1.2,
 * or CUDA where that is all there is. Every number is computed by the same operations in the same
 * order as by the processor, which is why nothing here may be contracted, reassociated or flushed
 * by the compiler. Sums that the processor computes in lanes are computed in these lanes.
 *
 * All numbers of a training lie in one array, all its integers in another; AT_x and INTS_x, and
 * sizes in capitals, are defined by the host (engine/opencl/layout.h). Arrays are row-major; T0, T1
 * and the like are [entries][H][width] here, not in strips. Trainings of a batch lie one after
 * another: the second dimension of the work-groups is the training.
 *
 * Each kernel says how it divides its work among groups of GROUP work-items; the host launches as
 * many groups as that takes (engine/opencl/plan.c).
 */
#ifdef __OPENCL_VERSION__
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#pragma OPENCL FP_CONTRACT OFF
/* Groups have `items` work-items; `resident` of them should find room on a processor. */
#define KERNEL(items, resident) kernel __attribute__((reqd_work_group_size(items, 1, 1))) void
#define FUNCTION                static inline
#define GLOBAL                  global
#define LOCAL                   local
#define IN_LOCAL                local
#define ALIGNED                 __attribute__((aligned(16)))
#define SAME_GROUP              barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)
#define LEAST                   atomic_min
#else
#define KERNEL(items, resident) extern "C" __global__ void __launch_bounds__(items, resident)
#define FUNCTION                static __device__ __forceinline__
#define GLOBAL
#define LOCAL __shared__
#define IN_LOCAL
#define ALIGNED      __align__(16)
#define SAME_GROUP   __syncthreads()
#define LEAST        atomicMin
#define as_uint(x)   __float_as_uint(x)
#define as_float(x)  __uint_as_float(x)
#define as_ulong(x)  (unsigned long long)__double_as_longlong(x)
#define as_double(x) __longlong_as_double((long long)(x))
#define ulong        unsigned long long
#define INFINITY     __int_as_float(0x7f800000)
FUNCTION int get_group_id(int i)
{
  return (int)(i == 0 ? blockIdx.x : blockIdx.y);
}
FUNCTION int get_local_id(int i)
{
  return (int)threadIdx.x;
}
#endif

/* Loops that are unrolled whole, or by so many turns. */
#define UNROLLED_FOR(i, n)    _Pragma("unroll") for (int i = 0; i < (n); i++)
#define UNROLLED_4_FOR(i, n)  _Pragma("unroll 4") for (int i = 0; i < (n); i++)
#define UNROLLED_16_FOR(i, n) _Pragma("unroll 16") for (int i = 0; i < (n); i++)

/* What all kernels are given. The integers a, b and c are explained with each. */
#define ARGUMENTS                                                                                  \
  GLOBAL float *floats, GLOBAL int *ints, GLOBAL const struct Product *products, int a, int b, int c
#define ITEM  ((int)get_local_id(0))
#define INDEX ((int)get_group_id(0) * GROUP + ITEM)

/* At the beginning of every kernel: the memory of this group's training. */
#define OF_TRAINING                                                                                \
  floats += get_group_id(1) * (Index)FLOATS;                                                       \
  ints += get_group_id(1) * (Index)INTS

/* Rows of T_constants, unless they are folded into the others. */
#define CONSTANT_ROWS (FOLDED ? 0 : CONSTANTS * HEADS)

/* ---- numbers ---- */

#define SMALLEST 0x1p-40f

/* flush() of network/flush.h */
FUNCTION float flushed(float x)
{
  return fabs(x) < SMALLEST ? 0.0f : x;
}

/* x y, rounded before it is added to anything, even by a compiler that contracts in spite of the
   pragma. */
FUNCTION float times(float x, float y)
{
  return fma(x, y, -0.0f);
}

FUNCTION float larger(float x, float y)
{
  return x > y ? x : y;
}

/* DEFINE_EXP of engine/factored/vector.h */
FUNCTION float exponential(float x)
{
  const float round = 0x1.8p23f;
  bool vanishes = x < -80.0f;
  if (vanishes) x = -80.0f;
  float shifted = fma(x, 0x1.715476p0f, round), n = shifted - round;
  float r = fma(n, -0x1.62e400p-1f, x);
  r = fma(n, -0x1.7f7d1cp-20f, r);
  float sum = 1.0f / 5040;
  sum = fma(sum, r, 1.0f / 720);
  sum = fma(sum, r, 1.0f / 120);
  sum = fma(sum, r, 1.0f / 24);
  sum = fma(sum, r, 1.0f / 6);
  sum = fma(sum, r, 0.5f);
  sum = fma(sum, r, 1.0f);
  sum = fma(sum, r, 1.0f);
  return vanishes ? 0.0f : as_float(as_uint(sum) + (as_uint(shifted) << 23));
}

/* elementary_log and elementary_log1p of base/elementary.h, for x > 0 */
FUNCTION double log_of_ratio(double s)
{
  double square = s * s, sum = 0.0;
  UNROLLED_FOR (i, 11)
    sum = fma(sum, square, 1.0 / (23 - 2 * i));
  return 2.0 * fma(s * square, sum, s);
}

FUNCTION double logarithm(double x)
{
  if (!isfinite(x)) return x;
  ulong bits = as_ulong(x);
  int exponent = (int)(bits >> 52) - 1022;
  double mantissa = as_double((bits & 0x000fffffffffffffUL) | 0x3fe0000000000000UL);
  if (mantissa < 0.70710678118654752) {
    mantissa *= 2.0;
    exponent--;
  }
  double f = mantissa - 1.0;
  return fma((double)exponent, 0x1.62e42fefa0000p-1,
             fma((double)exponent, 0x1.cf79abc9e3b3ap-40, log_of_ratio(f / (2.0 + f))));
}

FUNCTION double logarithm_of_1_and(double x)
{
  if (fabs(x) < 0.25) return log_of_ratio(x / (2.0 + x));
  double y = 1.0 + x;
  return logarithm(y) + (x - (y - 1.0)) / y;
}

/* sum + from[0] + from[stride] + ..., n terms in this order. Loads are independent of each other,
   additions are not. */
FUNCTION float sum_in_order(float sum, GLOBAL const float *from, Index stride, int n)
{
  int i = 0;
  for (; i + 16 <= n; i += 16) {
    float terms[16];
    UNROLLED_FOR (j, 16)
      terms[j] = from[(i + j) * stride];
    UNROLLED_FOR (j, 16)
      sum += terms[j];
  }
  for (; i < n; i++)
    sum += from[i * stride];
  return sum;
}

/* ---- products ---- */

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

/* ---- parameters to factors ---- */

#undef GROUP
#define GROUP 128

/* The sources, what is read, and the reader, a work-item for each number. */
KERNEL(GROUP, 4) gather(ARGUMENTS)
{
  OF_TRAINING;
  int i = INDEX;
  if (i < N_SOURCES * D) {
    const int s = i / D, j = i % D;
    float x;
    if (s < TOKENS)
      x = floats[AT_W_E + i];
    else if (s < TOKENS + 2)
      x = floats[AT_W_POS + (s - TOKENS) * D + j];
    else if (EQUALS && s == TOKENS + 2)
      x = floats[AT_W_E + TOKENS * D + j] + floats[AT_W_POS + 2 * D + j];
    else
      x = floats[AT_REGISTERS + (s - TOKENS - 2 - EQUALS) * D + j];
    floats[AT_SOURCES + i] = x;
    return;
  }
  i -= N_SOURCES * D;
  if (i < QUERIES * D) { /* of the queries b; that of "=" is read where it is a source */
    if (!EQUALS) floats[AT_READ + i] = floats[AT_W_E + i] + floats[AT_W_POS + D + i % D];
    return;
  }
  i -= QUERIES * D;
  if (i >= D * WIDTH) return;
  const int row = i / WIDTH, column = i % WIDTH;
  float x = 0.0f;
  if (column < NEURONS)
    x = floats[AT_W_IN + row * NEURONS + column];
  else if (column >= MLP_WIDTH && column < MLP_WIDTH + LOGITS)
    x = floats[AT_W_U + row * LOGITS + column - MLP_WIDTH];
  floats[AT_READER + i] = x;
}

/* Source rows to T0, T1 and the base, a work-item for each number of a factor, and the scores of
   the sources, a work-item each. */
KERNEL(GROUP, 4) place(ARGUMENTS)
{
  OF_TRAINING;
  Index i = INDEX;
  GLOBAL const float *rows = floats + AT_SOURCE_ROWS;
  const Index row = HEADS * WIDTH;
  if (i < TOKENS * row) {
    const Index j = i % row;
    const float of_token = rows[i] - (FOLDED ? rows[(TOKENS + 2) * row + j] : 0.0f);
    floats[AT_T0 + i] = of_token + rows[TOKENS * row + j];
    floats[AT_T1 + i] = of_token + rows[(TOKENS + 1) * row + j];
    return;
  }
  i -= TOKENS * row;
  if (i < QUERIES * WIDTH) {
    const int j = i % WIDTH;
    float x = floats[AT_BASE + i];
    if (j < NEURONS) x += floats[AT_B_IN + j];
    if (j >= MLP_WIDTH + LOGITS) x = -INFINITY;
    if (FOLDED)
      for (int h = 0; h < HEADS; h++)
        x += rows[(TOKENS + 2) * row + h * WIDTH + j];
    floats[AT_BASE + i] = x;
    return;
  }
  i -= QUERIES * WIDTH;
  if (i >= N_SOURCES * (Index)HEADS * QUERIES) return;
  GLOBAL const float *source = floats + AT_SOURCES + i / (HEADS * QUERIES) * D;
  GLOBAL const float *key_query = floats + AT_KEY_QUERY + i % (HEADS * QUERIES);
  float sum = 0.0f;
  UNROLLED_16_FOR (j, D)
    sum = fma(source[j], key_query[j * HEADS * QUERIES], sum);
  floats[AT_SOURCE_SCORES + i] = flushed(sum);
}

/* ---- attention (engine/factored/attention.h) ---- */

#define SOFTMAX      0
#define SOFTMAX1     1
#define UNIFORM      2
#define UNNORMALISED 3

/* Scores of head h of the pair (a, b). */
FUNCTION void scores_of(GLOBAL const float *floats, int a, int b, int h, float *scores)
{
  const int y = EQUALS ? 0 : b;
  GLOBAL const float *of_source = floats + AT_SOURCE_SCORES + (h * QUERIES + y);
  const Index next = HEADS * QUERIES;
  scores[0] = of_source[a * next] + of_source[TOKENS * next];
  scores[1] = of_source[b * next] + of_source[(TOKENS + 1) * next];
  for (int k = 2; k < POSITIONS; k++)
    scores[k] = of_source[(TOKENS + k) * next];
}

FUNCTION float largest_of(const float *scores)
{
  float largest = scores[0];
  for (int k = 1; k < POSITIONS; k++)
    largest = larger(largest, scores[k]);
  return largest;
}

FUNCTION float sum_of(const float *values)
{
  float sum = values[0];
  for (int k = 1; k < POSITIONS; k++)
    sum += values[k];
  return sum;
}

FUNCTION void attention_forward(const float *scores, float *weights)
{
  if (ATTENTION == UNIFORM) {
    for (int k = 0; k < POSITIONS; k++)
      weights[k] = 1.0f / (float)POSITIONS;
    return;
  }
  float largest = largest_of(scores);
  if (ATTENTION == SOFTMAX1) largest = larger(largest, 0.0f);
  for (int k = 0; k < POSITIONS; k++)
    weights[k] = exponential(scores[k] - largest);
  float sum = sum_of(weights);
  if (ATTENTION == SOFTMAX1) sum += exponential(0.0f - largest);
  for (int k = 0; k < POSITIONS; k++)
    weights[k] = flushed(ATTENTION == UNNORMALISED ? weights[k] + sum : weights[k] / sum);
}

FUNCTION void softmax_backward(const float *weights, float *d)
{
  float mean = weights[0] * d[0];
  for (int k = 1; k < POSITIONS; k++)
    mean = fma(weights[k], d[k], mean);
  for (int k = 0; k < POSITIONS; k++)
    d[k] = flushed(weights[k] * flushed(d[k] - mean));
}

FUNCTION void unnormalised_backward(const float *scores, float *d)
{
  const float largest = largest_of(scores), sum = sum_of(d);
  for (int k = 0; k < POSITIONS; k++)
    d[k] = times(flushed(exponential(scores[k] - largest)), d[k] + sum);
  const float total = sum_of(d);
  bool untaken = true;
  for (int k = 0; k < POSITIONS; k++) {
    const bool takes = untaken && scores[k] == largest;
    untaken = untaken && !takes;
    d[k] = flushed(d[k] - (takes ? total : 0.0f));
  }
}

/* Weight gradients to score gradients, in place. */
FUNCTION void attention_backward(const float *scores, const float *weights, float *d)
{
  if (ATTENTION == UNIFORM)
    for (int k = 0; k < POSITIONS; k++)
      d[k] = 0.0f;
  else if (ATTENTION == UNNORMALISED)
    unnormalised_backward(scores, d);
  else
    softmax_backward(weights, d);
}

/* ---- pairs: attention and streams ---- */

/* Of a list: all numbers a, then all b, then all answers. A kernel works on c pairs of the training
   pairs or the test pairs, from pair b on; its results are numbered from 0. */
struct Pairs {
  GLOBAL const int *a, *b, *answer;
};

FUNCTION struct Pairs pairs_from(GLOBAL const int *ints, int list, int n, int first)
{
  struct Pairs pairs;
  pairs.a = ints + list + first;
  pairs.b = pairs.a + n;
  pairs.answer = pairs.b + n;
  return pairs;
}

#define PAIRS_FROM(list, first)                                                                    \
  pairs_from(ints, (list) ? INTS_TRAIN : INTS_TEST, (list) ? N_TRAIN : N_TEST, first)

/* gelu and its derivative (engine/factored/activation.h) */
FUNCTION float complementary_error(float x, float gauss)
{
  const float t = (x - 3.0f) / (x + 3.0f);
  float sum = -0.00026016432f;
  sum = fma(sum, t, -0.00075334799f);
  sum = fma(sum, t, 0.0020225035f);
  sum = fma(sum, t, 0.0025632531f);
  sum = fma(sum, t, -0.023810093f);
  sum = fma(sum, t, 0.068293131f);
  sum = fma(sum, t, -0.11926890f);
  sum = fma(sum, t, 0.12964703f);
  sum = fma(sum, t, -0.047562502f);
  sum = fma(sum, t, -0.13562117f);
  sum = fma(sum, t, 1.2530081f);
  return gauss * sum / (1.0f + x + x);
}

FUNCTION float gelu(float x, float *slope)
{
  const bool positive = x > 0.0f;
  const float size = (positive ? x : -x) * 0.70710678f;
  const float gauss = exponential(-(x * x * 0.5f));
  const float tail = 0.5f * complementary_error(size, gauss);
  const float Phi = positive ? 1.0f - tail : tail;
  *slope = flushed(fma(x, gauss * 0.39894228f, Phi));
  return flushed(x * Phi);
}

/* One number of a stream: the neuron, or the logit without the MLP. */
FUNCTION void store_stream(GLOBAL float *floats, Index pair, int j, float sum)
{
  if (j >= MLP_WIDTH) {
    floats[AT_STREAMS + pair * WIDTH + j] = flushed(sum);
  } else if (GELU) {
    float slope;
    floats[AT_HIDDEN + pair * MLP_WIDTH + j] = gelu(flushed(sum), &slope);
    floats[AT_SLOPES + pair * MLP_WIDTH + j] = slope;
  } else {
    floats[AT_HIDDEN + pair * MLP_WIDTH + j] = sum < SMALLEST ? 0.0f : sum;
  }
}

/* Attention weights and streams: PAIRS_OF_STREAMS pairs to a group. a: of the training pairs? */
KERNEL(GROUP, 4) streams(ARGUMENTS)
{
  OF_TRAINING;
  const struct Pairs pairs = PAIRS_FROM(a, b);
  const Index first = get_group_id(0) * PAIRS_OF_STREAMS;
  GLOBAL float *weights = floats + AT_WEIGHTS + first * POSITIONS * HEADS;
  for (int i = ITEM; i < PAIRS_OF_STREAMS * HEADS; i += GROUP) {
    const int pair = i / HEADS, h = i % HEADS;
    if (first + pair >= c) break;
    float scores[POSITIONS], own[POSITIONS];
    scores_of(floats, pairs.a[first + pair], pairs.b[first + pair], h, scores);
    attention_forward(scores, own);
    for (int k = 0; k < POSITIONS; k++)
      weights[(pair * POSITIONS + k) * HEADS + h] =
          MIXED ? flushed((1.0f - RATE) + times(RATE, own[k])) : own[k];
  }
  SAME_GROUP;
  for (Index i = first; i < first + PAIRS_OF_STREAMS && i < c; i++) {
    GLOBAL const float *base = floats + AT_BASE + (EQUALS ? 0 : pairs.b[i] * WIDTH);
    GLOBAL const float *T0 = floats + AT_T0 + pairs.a[i] * (Index)(HEADS * WIDTH);
    GLOBAL const float *T1 = floats + AT_T1 + pairs.b[i] * (Index)(HEADS * WIDTH);
    GLOBAL const float *constants = floats + AT_SOURCE_ROWS + (TOKENS + 2) * (Index)(HEADS * WIDTH);
    float w0[HEADS], w1[HEADS];
    for (int h = 0; h < HEADS; h++) {
      w0[h] = weights[h];
      w1[h] = weights[HEADS + h];
    }
    for (int j = ITEM; j < WIDTH; j += GROUP) {
      float sum = base[j];
      for (int h = 0; h < HEADS; h++)
        sum = fma(w0[h], T0[h * WIDTH + j], sum);
      for (int h = 0; h < HEADS; h++)
        sum = fma(w1[h], T1[h * WIDTH + j], sum);
      for (int k = 0; k < CONSTANT_ROWS; k++)
        sum = fma(weights[2 * HEADS + k], constants[k * WIDTH + j], sum);
      store_stream(floats, i, j, sum);
    }
    weights += POSITIONS * HEADS;
  }
}

/* ---- pairs: logits and losses ---- */

/* A group has PAIRS_OF_LOGITS pairs; eight work-items of a pair are the lanes of its sums. */
#define LANES         8
#define LOGIT_ROWS    2
#define LOGIT_COLUMNS 8
#define LOGIT_STEPS   16

/* The larger, or the sum, of eight lanes, in the order of vector_sum (engine/factored/vector.h). */
FUNCTION float lanes_largest(IN_LOCAL const float *lanes)
{
  float largest = lanes[0];
  for (int i = 1; i < LANES; i++)
    largest = larger(largest, lanes[i]);
  return largest;
}

FUNCTION float lanes_sum(IN_LOCAL const float *v)
{
  return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

/* Adds the MLP to the logits of 32 pairs, from pair b on, of c. */
FUNCTION void add_mlp(GLOBAL float *floats, Index first, Index left, IN_LOCAL float *A_tile,
                      IN_LOCAL float *B_tile)
{
  GLOBAL float *logits = floats + AT_STREAMS + first * WIDTH + MLP_WIDTH;
  const int row = ITEM / SIDE * LOGIT_ROWS;
  for (int column = 0; column < LOGITS; column += SIDE * LOGIT_COLUMNS) {
    const int own = column + ITEM % SIDE * LOGIT_COLUMNS;
    float sum[LOGIT_ROWS * LOGIT_COLUMNS];
    UNROLLED_FOR (i, LOGIT_ROWS)
      UNROLLED_FOR (j, LOGIT_COLUMNS)
        sum[i * LOGIT_COLUMNS + j] =
            row + i < left && own + j < LOGITS ? logits[(row + i) * (Index)WIDTH + own + j] : 0.0f;
    multiply(LOGIT_ROWS, LOGIT_COLUMNS, LOGIT_STEPS, floats + AT_HIDDEN + first * MLP_WIDTH,
             MLP_WIDTH, 1, left, floats + AT_W_L_TRANSPOSED + column, 1, LOGIT_WIDTH,
             LOGITS - column, 0, NEURONS, A_tile, B_tile, sum);
    UNROLLED_FOR (i, LOGIT_ROWS)
      UNROLLED_FOR (j, LOGIT_COLUMNS)
        if (row + i < left && own + j < LOGITS)
          logits[(row + i) * (Index)WIDTH + own + j] = flushed(sum[i * LOGIT_COLUMNS + j]);
  }
}

/* What is known of a pair: LOSS_SHIFT .. LOSS_OTHERS as struct Sum of
   engine/factored/loss_kernels.h, LOSS_CORRECT is 0 or 1. */
#define LOSS_SHIFT   0
#define LOSS_ONE     1
#define LOSS_OTHERS  2
#define LOSS_CORRECT 3

/* Logits and what their losses are made of, PAIRS_OF_LOGITS pairs to a group; for training pairs
   (a) the logits are then replaced by their gradients. */
#undef GROUP
#define GROUP 256
KERNEL(GROUP, 2) logits(ARGUMENTS)
{
  LOCAL ALIGNED float A_tile[TILE(LOGIT_ROWS, LOGIT_STEPS)];
  LOCAL ALIGNED float B_tile[TILE(LOGIT_COLUMNS, LOGIT_STEPS)];
  LOCAL float lanes[GROUP];
  LOCAL int ties[GROUP];
  OF_TRAINING;
  const Index first = get_group_id(0) * (Index)PAIRS_OF_LOGITS;
  add_mlp(floats, first, c - first, A_tile, B_tile);
  SAME_GROUP; /* logits are read by other work-items than have written them */
  const Index pair = first + ITEM / LANES;
  const int lane = ITEM % LANES, of_pair = ITEM - lane;
  const bool there = pair < c;
  const int answer = there ? PAIRS_FROM(a, b).answer[pair] : 0;
  GLOBAL float *logit = floats + AT_STREAMS + (there ? pair : first) * WIDTH + MLP_WIDTH;
  const float answer_logit = logit[answer];
  float largest = -INFINITY;
  for (int j = lane; j < LOGIT_WIDTH; j += LANES)
    largest = larger(largest, j == answer ? -INFINITY : logit[j]);
  lanes[ITEM] = largest;
  SAME_GROUP;
  largest = lanes_largest(lanes + of_pair);
  const bool exceeds = largest > answer_logit;
  const float shift = exceeds ? largest - answer_logit : 0.0f;
  const float one = exceeds ? exponential(-shift) : 1.0f;
  SAME_GROUP;
  float sum = 0.0f;
  int tie = 0;
  for (int j = lane; j < LOGIT_WIDTH; j += LANES) {
    const float x = j == answer ? -INFINITY : logit[j];
    const float term = exponential((x - answer_logit) - shift);
    tie |= j < answer && x == largest;
    sum += term;
    if (there && a) logit[j] = term;
  }
  lanes[ITEM] = sum;
  ties[ITEM] = tie;
  SAME_GROUP;
  if (!there) return;
  const float others = lanes_sum(lanes + of_pair);
  if (a) {
    const float factor = GRADIENT_SCALE_OF_PAIR / (one + others);
    for (int j = lane; j < LOGIT_WIDTH; j += LANES)
      logit[j] = flushed(j == answer ? -factor * others : logit[j] * factor);
  }
  if (lane > 0) return;
  if (a && (!isfinite(others) || !isfinite(shift))) LEAST(&ints[INTS_NOT_FINITE], ints[INTS_STEP]);
  for (int i = 1; i < LANES; i++)
    tie |= ties[of_pair + i];
  GLOBAL float *loss = floats + AT_LOSSES + pair * LOSS_SIZE;
  loss[LOSS_SHIFT] = shift;
  loss[LOSS_ONE] = one;
  loss[LOSS_OTHERS] = others;
  loss[LOSS_CORRECT] =
      !(largest >= answer_logit) || (largest == answer_logit && !tie) ? 1.0f : 0.0f;
}
#undef GROUP
#define GROUP 128

/* The losses in nats of pairs b .. b + c - 1 of the training pairs (a) or the test pairs, from what
   `logits` left, a work-item for each. */
KERNEL(GROUP, 4) losses(ARGUMENTS)
{
  OF_TRAINING;
  const int i = INDEX;
  if (i >= c) return;
  GLOBAL const float *loss = floats + AT_LOSSES + i * (Index)LOSS_SIZE;
  GLOBAL double *of_pairs = (GLOBAL double *)(floats + AT_LOSS_OF_PAIRS);
  const double others = loss[LOSS_OTHERS];
  double x = loss[LOSS_SHIFT];
  if (x == 0.0)
    x = logarithm_of_1_and(others);
  else
    x = x + logarithm((double)loss[LOSS_ONE] + others);
  of_pairs[b + i] = x;
  ints[INTS_CORRECT_OF_PAIRS + b + i] = loss[LOSS_CORRECT] > 0.0f;
}

/* Their sums over groups of pairs, in order, a work-item for each group. */
KERNEL(GROUP, 4) sum_losses(ARGUMENTS)
{
  OF_TRAINING;
  const int g = INDEX;
  if (g >= N_GROUPS) return;
  GLOBAL const int *bounds = ints + (a ? INTS_TRAIN_GROUPS : INTS_TEST_GROUPS);
  GLOBAL const double *of_pairs = (GLOBAL const double *)(floats + AT_LOSS_OF_PAIRS);
  double sum = 0.0;
  int correct = 0, i = bounds[g];
  for (; i + 16 <= bounds[g + 1]; i += 16) {
    double terms[16];
    UNROLLED_FOR (j, 16)
      terms[j] = of_pairs[i + j];
    UNROLLED_FOR (j, 16)
      sum += terms[j];
    UNROLLED_FOR (j, 16)
      correct += ints[INTS_CORRECT_OF_PAIRS + i + j];
  }
  for (; i < bounds[g + 1]; i++) {
    sum += of_pairs[i];
    correct += ints[INTS_CORRECT_OF_PAIRS + i];
  }
  ((GLOBAL double *)(floats + AT_GROUP_LOSSES))[g] = sum;
  ints[INTS_GROUP_CORRECT + g] = correct;
}

/* ---- pairs, backward: factors ---- */

/* Columns, in pieces of GROUP work-items. */
#define PIECES(columns) (((columns) + GROUP - 1) / GROUP)
#define HEAD_BLOCK      4

/* What `heads` heads of a factor's entry get from n pairs, at column j: adds weight times gradient
   to `sum`, in order; `pairs` lists the pairs, from `first` on if it is 0. Also adds the gradients
   to *total. */
FUNCTION void add_pairs(int heads, GLOBAL const float *floats, GLOBAL const int *pairs, int first,
                        int n, int position, int head, int j, float *sum, float *total)
{
  UNROLLED_4_FOR (i, n) {
    const Index pair = pairs ? pairs[i] : first + i;
    const float gradient = floats[AT_STREAMS + pair * WIDTH + j];
    GLOBAL const float *weights =
        floats + AT_WEIGHTS + (pair * POSITIONS + position) * HEADS + head;
    *total += gradient;
    UNROLLED_FOR (h, heads)
      sum[h] = fma(weights[h], gradient, sum[h]);
  }
}

/* Column j of the gradient of an entry of T0 or T1. */
FUNCTION void line_backward(int heads, GLOBAL const float *floats, GLOBAL const int *pairs,
                            int first, int n, int position, int head, int j, GLOBAL float *out,
                            float *total)
{
  float sum[HEAD_BLOCK];
  UNROLLED_FOR (h, heads)
    sum[h] = 0.0f;
  add_pairs(heads, floats, pairs, first, n, position, head, j, sum, total);
  UNROLLED_FOR (h, heads)
    out[h * WIDTH] = flushed(sum[h]);
}

FUNCTION void entry_backward(GLOBAL const float *floats, GLOBAL const int *pairs, int first, int n,
                             int position, int j, GLOBAL float *out, float *total)
{
  float again = 0.0f; /* the total of the first heads alone is used */
  for (int h = 0; h + HEAD_BLOCK <= HEADS; h += HEAD_BLOCK)
    line_backward(HEAD_BLOCK, floats, pairs, first, n, position, h, j, out + h * WIDTH,
                  h == 0 ? total : &again);
  for (int h = HEADS / HEAD_BLOCK * HEAD_BLOCK; h < HEADS; h++)
    line_backward(1, floats, pairs, first, n, position, h, j, out + h * WIDTH,
                  h == 0 ? total : &again);
}

/* Column j of the gradient of head h of constant c, over the pairs of group g, row by row. */
FUNCTION float constant_backward(GLOBAL const float *floats, GLOBAL const int *ints, int g, int c,
                                 int h, int j)
{
  float sum = 0.0f, total = 0.0f;
  for (int a = ints[INTS_GROUP_ROWS + g]; a < ints[INTS_GROUP_ROWS + g + 1]; a++) {
    const int first = ints[INTS_ROW_FIRST + a];
    add_pairs(1, floats, 0, first, ints[INTS_ROW_FIRST + a + 1] - first, 2 + c, h, j, &sum, &total);
    sum = flushed(sum);
  }
  return sum;
}

/* The gradients of T0, of T1, with the base's if there is one for each b, of the constants and the
   base, group by group, and of W_L, summed over groups: work-groups in this order, each of the
   first two with a piece of an entry's columns. */
KERNEL(GROUP, 4) factors_backward(ARGUMENTS)
{
  OF_TRAINING;
  int group = get_group_id(0);
  const int pieces = PIECES(WIDTH);
  const int entry = group / pieces, j = group % pieces * GROUP + ITEM;
  if (entry < 2 * TOKENS) {
    if (j >= WIDTH) return;
    const int x = entry % TOKENS;
    GLOBAL const int *bounds = ints + (entry < TOKENS ? INTS_ROW_FIRST : INTS_COLUMN_FIRST) + x;
    const int first = bounds[0], n = bounds[1] - first;
    GLOBAL float *out =
        floats + (entry < TOKENS ? AT_D_T0 : AT_D_T1) + x * (Index)(HEADS * WIDTH) + j;
    float total = 0.0f;
    if (entry < TOKENS)
      entry_backward(floats, 0, first, n, 0, j, out, &total);
    else
      entry_backward(floats, ints + INTS_BY_COLUMN + first, first, n, 1, j, out, &total);
    if (!EQUALS && entry >= TOKENS) floats[AT_D_BASE + x * WIDTH + j] = total;
    return;
  }
  group -= 2 * TOKENS * pieces;
  const Index i = group * (Index)GROUP + ITEM, constants = CONSTANT_ROWS * (Index)WIDTH;
#if !FOLDED && CONSTANTS > 0
  if (group < PIECES(N_GROUPS * constants)) {
    if (i >= N_GROUPS * constants) return;
    const int entry = i % constants / WIDTH;
    floats[AT_GROUP_CONSTANTS + i] =
        constant_backward(floats, ints, i / constants, entry / HEADS, entry % HEADS, i % WIDTH);
    return;
  }
#endif
  group -= PIECES(N_GROUPS * constants);
  if (EQUALS && group < N_GROUPS * pieces) {
    if (group % pieces * GROUP + ITEM >= WIDTH) return;
    const int g = group / pieces, column = group % pieces * GROUP + ITEM;
    const int first = ints[INTS_TRAIN_GROUPS + g], end = ints[INTS_TRAIN_GROUPS + g + 1];
    floats[AT_GROUP_BASES + g * WIDTH + column] =
        sum_in_order(0.0f, floats + AT_STREAMS + first * (Index)WIDTH + column, WIDTH, end - first);
    return;
  }
  group -= EQUALS ? N_GROUPS * pieces : 0;
  const Index size = LOGITS * (Index)MLP_WIDTH, k = group * (Index)GROUP + ITEM;
  if (k < size)
    floats[AT_D_W_L + k] = sum_in_order(0.0f, floats + AT_GROUP_W_L + k, size, N_GROUPS);
}

/* ---- pairs, backward: attention ---- */

#define DOT_LANES 16
#define DOT_PAIRS (GROUP / DOT_LANES)

/* wide_sum of engine/factored/wide.h */
FUNCTION float wide_sum(IN_LOCAL const float *x)
{
  float v[LANES];
  UNROLLED_FOR (i, LANES)
    v[i] = x[i] + x[i + LANES];
  return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

/* One lane of the dot products of a stream's gradient with `heads` rows of a factor. */
FUNCTION void dot_lane(int heads, GLOBAL const float *gradient, GLOBAL const float *rows, int lane,
                       IN_LOCAL float *lanes)
{
  float sum[HEAD_BLOCK];
  UNROLLED_FOR (h, heads)
    sum[h] = 0.0f;
  UNROLLED_4_FOR (i, WIDTH / DOT_LANES) {
    const int j = lane + i * DOT_LANES;
    const float d = gradient[j];
    UNROLLED_FOR (h, heads)
      sum[h] = fma(d, rows[h * WIDTH + j], sum[h]);
  }
  UNROLLED_FOR (h, heads)
    lanes[h * (DOT_LANES + 1) + lane] = sum[h];
}

/* Stream gradients to those of the attention scores, DOT_PAIRS training pairs to a group, of c. */
KERNEL(GROUP, 4) attention(ARGUMENTS)
{
  LOCAL float lanes[DOT_PAIRS * HEAD_BLOCK * (DOT_LANES + 1)];
  OF_TRAINING;
  const Index first = get_group_id(0) * (Index)DOT_PAIRS;
  const int own = ITEM / DOT_LANES, lane = ITEM % DOT_LANES;
  const Index pair = first + own < c ? first + own : c - 1;
  const struct Pairs pairs = PAIRS_FROM(1, 0);
  GLOBAL float *d_scores = floats + AT_D_SCORES + first * POSITIONS * HEADS;
  for (int k = 0; k < POSITIONS - FOLDED; k++) {
    GLOBAL const float *rows = floats;
    if (k == 0)
      rows += AT_T0 + pairs.a[pair] * (Index)(HEADS * WIDTH);
    else if (k == 1)
      rows += AT_T1 + pairs.b[pair] * (Index)(HEADS * WIDTH);
    else
      rows += AT_SOURCE_ROWS + (TOKENS + k) * (Index)(HEADS * WIDTH);
    for (int head = 0; head < HEADS; head += HEAD_BLOCK) {
      const int heads = HEADS - head < HEAD_BLOCK ? HEADS - head : HEAD_BLOCK;
      GLOBAL const float *gradient = floats + AT_STREAMS + pair * WIDTH;
      IN_LOCAL float *of_pair = lanes + own * HEAD_BLOCK * (DOT_LANES + 1);
      if (heads == HEAD_BLOCK)
        dot_lane(HEAD_BLOCK, gradient, rows + head * WIDTH, lane, of_pair);
      else
        for (int h = 0; h < heads; h++)
          dot_lane(1, gradient, rows + (head + h) * WIDTH, lane, of_pair + h * (DOT_LANES + 1));
      SAME_GROUP;
      for (int i = ITEM; i < DOT_PAIRS * heads; i += GROUP) {
        const int of = i / heads, h = i % heads;
        if (first + of < c)
          d_scores[(of * POSITIONS + k) * HEADS + head + h] =
              flushed(wide_sum(lanes + (of * HEAD_BLOCK + h) * (DOT_LANES + 1)));
      }
      SAME_GROUP;
    }
  }
  for (int i = ITEM; i < DOT_PAIRS * HEADS; i += GROUP) {
    const int of = i / HEADS, h = i % HEADS;
    if (first + of >= c) break;
    float scores[POSITIONS], weights[POSITIONS], d[POSITIONS];
    scores_of(floats, pairs.a[first + of], pairs.b[first + of], h, scores);
    for (int k = 0; k < POSITIONS; k++) {
      weights[k] = floats[AT_WEIGHTS + ((first + of) * POSITIONS + k) * HEADS + h];
      d[k] = FOLDED && k == 2 ? 0.0f : d_scores[(of * POSITIONS + k) * HEADS + h];
    }
    if (MIXED) {
      attention_forward(scores, weights);
      for (int k = 0; k < POSITIONS; k++)
        d[k] = flushed(RATE * d[k]);
    }
    attention_backward(scores, weights, d);
    for (int k = 0; k < POSITIONS; k++)
      d_scores[(of * POSITIONS + k) * HEADS + h] = d[k];
  }
}

/* The sum of the score gradients of a position and head over the pairs of a line: out[QUERIES],
   HEADS apart, for all queries, or out[0] if there is one. */
FUNCTION void sum_scores(GLOBAL const float *floats, GLOBAL const int *ints, GLOBAL const int *line,
                         int first, int n, int position, int h, int queries, GLOBAL float *out)
{
  GLOBAL const float *from = floats + AT_D_SCORES + position * HEADS + h;
  const Index stride = POSITIONS * HEADS;
  if (queries == 1) {
    float sum = 0.0f;
    UNROLLED_4_FOR (i, n)
      sum += from[(line ? line[i] : first + i) * stride];
    out[0] = sum;
    return;
  }
  for (int y = 0; y < queries; y++)
    out[y * HEADS] = 0.0f;
  for (int i = first; i < first + n; i++)
    out[ints[INTS_TRAIN + N_TRAIN + i] * HEADS] += from[i * stride];
}

/* Number i of the gradients of the sources' rows at positions, [H][width], from those of T0, T1 and
   the base. */
FUNCTION void positions_backward(GLOBAL float *floats, Index i)
{
  const Index row = HEADS * WIDTH;
  GLOBAL float *rows = floats + AT_D_SOURCE_ROWS + i;
  const float position0 = sum_in_order(0.0f, floats + AT_D_T0 + i, row, TOKENS);
  const float position1 = sum_in_order(0.0f, floats + AT_D_T1 + i, row, TOKENS);
  rows[TOKENS * row] = position0;
  rows[(TOKENS + 1) * row] = position1;
  if (FOLDED) {
    const float base = sum_in_order(0.0f, floats + AT_GROUP_BASES + i % WIDTH, WIDTH, N_GROUPS);
    rows[(TOKENS + 2) * row] = base - position0 - position1;
    return;
  }
  for (int c = 0; c < CONSTANTS; c++)
    rows[(TOKENS + 2 + c) * row] =
        sum_in_order(0.0f, floats + AT_GROUP_CONSTANTS + c * row + i, CONSTANTS * row, N_GROUPS);
}

/* Sums over pairs and groups, a work-item for each: score gradients by row and column, bases, and
   the gradients of the source rows. */
KERNEL(GROUP, 4) sums(ARGUMENTS)
{
  OF_TRAINING;
  Index i = INDEX;
  const Index row = HEADS * WIDTH;
  if (i < TOKENS * HEADS * (POSITIONS - 1)) { /* of a row, at all positions but that of b */
    const int x = i / HEADS / (POSITIONS - 1), k = i / HEADS % (POSITIONS - 1), h = i % HEADS;
    const int first = ints[INTS_ROW_FIRST + x], n = ints[INTS_ROW_FIRST + x + 1] - first;
    GLOBAL float *out = floats + (k == 0 ? AT_D_SCORE0 + x * QUERIES * HEADS
                                         : AT_CONSTANTS_OF_ROW +
                                               (x * CONSTANTS + k - 1) * (Index)(QUERIES * HEADS));
    sum_scores(floats, ints, 0, first, n, k == 0 ? 0 : k + 1, h, QUERIES, out + h);
    return;
  }
  i -= TOKENS * HEADS * (POSITIONS - 1);
  if (i < TOKENS * HEADS) {
    const int x = i / HEADS, h = i % HEADS;
    const int first = ints[INTS_COLUMN_FIRST + x], n = ints[INTS_COLUMN_FIRST + x + 1] - first;
    sum_scores(floats, ints, ints + INTS_BY_COLUMN + first, 0, n, 1, h, 1,
               floats + AT_D_SCORE1 + i);
    return;
  }
  i -= TOKENS * HEADS;
  if (i < WIDTH) {
    if (EQUALS)
      floats[AT_D_BASE + i] = sum_in_order(0.0f, floats + AT_GROUP_BASES + i, WIDTH, N_GROUPS);
    const float first = EQUALS ? floats[AT_D_BASE + i] : 0.0f;
    floats[AT_D_BASE_SUM + i] =
        EQUALS ? first
               : sum_in_order(floats[AT_D_BASE + i], floats + AT_D_BASE + WIDTH + i, WIDTH,
                              QUERIES - 1);
    return;
  }
  i -= WIDTH;
  if (i < row) {
    positions_backward(floats, i);
    return;
  }
  i -= row;
  if (i < TOKENS * row) floats[AT_D_SOURCE_ROWS + i] = floats[AT_D_T0 + i] + floats[AT_D_T1 + i];
}

/* Score gradients to those of the sources' scores, a work-item for each. Counts the step. */
KERNEL(GROUP, 4) place_scores(ARGUMENTS)
{
  OF_TRAINING;
  if (INDEX == 0) ints[INTS_STEP]++;
  const int i = INDEX, y = i % QUERIES, h = i / QUERIES % HEADS, s = i / (QUERIES * HEADS);
  if (s >= N_SOURCES) return;
  GLOBAL const float *score0 = floats + AT_D_SCORE0 + y * HEADS + h;
  GLOBAL const float *score1 = floats + AT_D_SCORE1 + h;
  const Index next = QUERIES * HEADS;
  float sum;
  if (s < TOKENS)
    sum = score0[s * next] + (EQUALS || y == s ? score1[s * HEADS] : 0.0f);
  else if (s == TOKENS)
    sum = sum_in_order(0.0f, score0, next, TOKENS);
  else if (s == TOKENS + 1)
    sum = sum_in_order(0.0f, score1 + (EQUALS ? 0 : y * HEADS), HEADS, EQUALS ? TOKENS : 1);
  else
    sum = sum_in_order(0.0f, floats + AT_CONSTANTS_OF_ROW + (s - TOKENS - 2) * next + y * HEADS + h,
                       CONSTANTS * next, TOKENS);
  floats[AT_D_SOURCE_SCORES + i] = sum;
}

/* ---- optimizer (engine/adamw.h) ---- */

/* The gradient of parameter i, from where it was left. */
FUNCTION float gradient_of(GLOBAL const float *floats, Index i)
{
  GLOBAL const float *sources = floats + AT_D_SOURCES;
  if (i >= AT_W_E && i < AT_W_E + VOCABULARY * D) {
    const Index row = (i - AT_W_E) / D;
    if (row >= TOKENS) return sources[i - AT_W_E + 2 * D]; /* "=", behind two positions */
    float sum = sources[i - AT_W_E];
    if (!EQUALS) sum += floats[AT_D_READ + i - AT_W_E];
    return sum;
  }
  if (i >= AT_W_POS && i < AT_W_POS + (2 + EQUALS) * D) {
    const Index j = i - AT_W_POS;
    float sum = sources[TOKENS * D + j];
    if (!EQUALS && j >= D) sum = sum_in_order(sum, floats + AT_D_READ + j - D, D, TOKENS);
    return sum;
  }
  if (i >= AT_REGISTERS && i < AT_REGISTERS + REGISTERS * D)
    return sources[(TOKENS + 2 + EQUALS) * D + i - AT_REGISTERS];
  if (i >= AT_B_IN && i < AT_B_IN + NEURONS)
    return BIASES ? floats[AT_D_BASE_SUM + i - AT_B_IN] : 0.0f;
  if (!BIASES && i >= AT_B_OUT && i < AT_B_OUT + D) return 0.0f;
  return floats[AT_D_PARAMETERS + i];
}

#define SMALLEST_V 0x1p-86f

/* One step, a work-item for each parameter, with the constants that the host has computed: as many
   steps as RATES_KEPT; step s, from 0 on, uses those at s % RATES_KEPT. */
KERNEL(GROUP, 4) adamw(ARGUMENTS)
{
  OF_TRAINING;
  const Index i = INDEX;
  if (i >= N_PARAMETERS) return;
  GLOBAL const float *rates = floats + AT_RATES + (ints[INTS_STEP] - 1) % RATES_KEPT * RATES_SIZE;
  const float keep = rates[0], rate1 = rates[1], scale2 = rates[2];
  const float g = flushed(gradient_of(floats, i));
  const float m = flushed(fma(BETA1, floats[AT_M + i], times(NEW1, g)));
  const float sum = fma(BETA2, floats[AT_V + i], times(NEW2 * g, g));
  const float v = sum < SMALLEST_V ? 0.0f : sum;
  const float ratio = flushed(m / fma(sqrt(v), scale2, EPSILON));
  floats[AT_M + i] = m;
  floats[AT_V + i] = v;
  floats[i] = flushed(times(floats[i], keep) - times(rate1, ratio));
}
