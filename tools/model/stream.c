#include "model/stream.h"

#include "model/vector.h"

/*
 * The loops below run over pairs, heads and vectors of a row. They are written once, for any block
 * of them, and always inlined with constants for the common blocks, so that the accumulators of a
 * block stay in registers.
 */
#define INLINED static inline __attribute__((always_inline))

enum { HEAD_BLOCK = 4 };

/* Streams of `count` (1 or 2) pairs of one row, with H heads. */
INLINED void forward_pairs(const struct Tables *t, size_t H, size_t count, const float *T0,
                           const float *const T1[2], const float *weights, float *streams)
{
  size_t width = t->width;
  for (size_t f = 0; f < width; f += LANES) {
    Vector sum[2];
    for (size_t i = 0; i < count; i++)
      sum[i] = vector_load(t->base + f);
    for (size_t h = 0; h < H; h++) {
      Vector row = vector_load(T0 + h * width + f);
      for (size_t i = 0; i < count; i++)
        sum[i] = vector_fma(vector_fill(weights[i * 3 * H + h]), row, sum[i]);
    }
    for (size_t h = 0; h < H; h++)
      for (size_t i = 0; i < count; i++)
        sum[i] = vector_fma(vector_fill(weights[i * 3 * H + H + h]),
                            vector_load(T1[i] + h * width + f), sum[i]);
    for (size_t h = 0; h < H && !t->folded; h++) {
      Vector row = vector_load(t->T2 + h * width + f);
      for (size_t i = 0; i < count; i++)
        sum[i] = vector_fma(vector_fill(weights[i * 3 * H + 2 * H + h]), row, sum[i]);
    }
    for (size_t i = 0; i < count; i++)
      vector_store(streams + i * width + f, sum[i]);
  }
}

INLINED void forward_row(const struct Tables *t, size_t H, int a, const int *columns, size_t n,
                         const float *weights, float *streams)
{
  size_t entry = H * t->width;
  const float *T0 = t->T0 + (size_t)a * entry;
  size_t i = 0;
  for (; i + 2 <= n; i += 2) {
    const float *const T1[2] = {t->T1 + (size_t)columns[i] * entry,
                                t->T1 + (size_t)columns[i + 1] * entry};
    forward_pairs(t, H, 2, T0, T1, weights + i * 3 * H, streams + i * t->width);
  }
  if (i == n) return;
  const float *const T1[2] = {t->T1 + (size_t)columns[i] * entry};
  forward_pairs(t, H, 1, T0, T1, weights + i * 3 * H, streams + i * t->width);
}

void stream_forward(const struct Tables *t, int a, const int *columns, size_t n,
                    const float *weights, float *streams)
{
  if (t->shape.H == HEAD_BLOCK)
    forward_row(t, HEAD_BLOCK, a, columns, n, weights, streams);
  else
    forward_row(t, (size_t)t->shape.H, a, columns, n, weights, streams);
}

/* d_weights of `count` (1 or 2) pairs and `heads` (up to HEAD_BLOCK) heads: inner products. */
INLINED void weights_backward(size_t width, size_t heads, size_t count, const float *table,
                              const float *const gradients[2], float *const d_weights[2])
{
  Vector sum[2][HEAD_BLOCK] = {0};
  for (size_t f = 0; f < width; f += LANES) {
    Vector gradient[2];
    for (size_t i = 0; i < count; i++)
      gradient[i] = vector_load(gradients[i] + f);
    for (size_t h = 0; h < heads; h++) {
      Vector row = vector_load(table + h * width + f);
      for (size_t i = 0; i < count; i++)
        sum[i][h] = vector_fma(gradient[i], row, sum[i][h]);
    }
  }
  for (size_t i = 0; i < count; i++)
    for (size_t h = 0; h < heads; h++)
      d_weights[i][h] = vector_sum(sum[i][h]);
}

INLINED void weights_backward_line(const struct Line *line, size_t width, size_t stride,
                                   size_t heads, size_t first_head, float *d_weights)
{
  const float *table = line->table + first_head * width;
  size_t i = 0;
  for (; i + 2 <= line->n; i += 2) {
    size_t one = line->pairs[i], two = line->pairs[i + 1];
    const float *const gradients[2] = {line->gradients + one * width,
                                       line->gradients + two * width};
    float *const outputs[2] = {d_weights + one * stride + first_head,
                               d_weights + two * stride + first_head};
    weights_backward(width, heads, 2, table, gradients, outputs);
  }
  if (i == line->n) return;
  size_t last = line->pairs[i];
  const float *const gradients[2] = {line->gradients + last * width};
  float *const outputs[2] = {d_weights + last * stride + first_head};
  weights_backward(width, heads, 1, table, gradients, outputs);
}

/* d_table of `heads` heads and `count` (1 or 2) vectors of the row, over all pairs of the line, and
   for the first heads the sum of the gradients. */
INLINED void table_backward(const struct Line *line, size_t width, size_t stride, size_t heads,
                            size_t first_head, size_t count, size_t f, bool accumulate,
                            float *d_table)
{
  float *out = d_table + first_head * width + f;
  bool summed = line->sum && first_head == 0;
  Vector sum[HEAD_BLOCK][2], total[2];
  for (size_t v = 0; v < count; v++) {
    total[v] = summed ? vector_load(line->sum + f + v * LANES) : vector_fill(0.0f);
    for (size_t h = 0; h < heads; h++)
      sum[h][v] = accumulate ? vector_load(out + h * width + v * LANES) : vector_fill(0.0f);
  }
  for (size_t i = 0; i < line->n; i++) {
    const float *gradient = line->gradients + line->pairs[i] * width + f;
    const float *weights = line->weights + line->pairs[i] * stride + first_head;
    for (size_t v = 0; v < count; v++) {
      Vector d_stream = vector_load(gradient + v * LANES);
      total[v] += d_stream;
      for (size_t h = 0; h < heads; h++)
        sum[h][v] = vector_fma(vector_fill(weights[h]), d_stream, sum[h][v]);
    }
  }
  for (size_t v = 0; v < count; v++) {
    if (summed) vector_store(line->sum + f + v * LANES, total[v]);
    for (size_t h = 0; h < heads; h++)
      vector_store(out + h * width + v * LANES, sum[h][v]);
  }
}

INLINED void backward_heads(const struct Line *line, size_t width, size_t stride, size_t heads,
                            size_t first_head, bool accumulate, float *d_table, float *d_weights)
{
  weights_backward_line(line, width, stride, heads, first_head, d_weights);
  size_t f = 0;
  for (; f + 2 * LANES <= width; f += 2 * LANES)
    table_backward(line, width, stride, heads, first_head, 2, f, accumulate, d_table);
  if (f < width) table_backward(line, width, stride, heads, first_head, 1, f, accumulate, d_table);
}

void stream_backward(const struct Tables *t, const struct Line *line, bool accumulate,
                     float *d_table, float *d_weights)
{
  size_t H = (size_t)t->shape.H, stride = 3 * H, h = 0;
  for (; h + HEAD_BLOCK <= H; h += HEAD_BLOCK)
    backward_heads(line, t->width, stride, HEAD_BLOCK, h, accumulate, d_table, d_weights);
  for (; h < H; h++)
    backward_heads(line, t->width, stride, 1, h, accumulate, d_table, d_weights);
}
