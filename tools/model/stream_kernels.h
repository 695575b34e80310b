/*
 * The loops of model/stream.h over pairs, heads and Wides of a row.
 *
 * Each loop is written once, for any block of pairs, heads and Wides, and always inlined with
 * constants for the common blocks, so that the accumulators of a block stay in registers. How large
 * the blocks are follows from the registers: 32 that hold a Wide each with AVX-512, 16 that hold
 * half of one without.
 */
enum { HEAD_BLOCK = 4 };

/* ---- forward ---- */

/* What the streams of a block of pairs of one row are made of. */
struct Block {
  const float *base, *T0, *T1[FORWARD_BLOCK], *T2; /* [width], [H][width], ... */
  const float *weights;                            /* [pairs][3][H] */
};

/* The columns from `begin` to `end` of the streams of `count` pairs, to out + i stride. With H =
   HEAD_BLOCK the weights of the first two positions have registers, and stay there. */
INLINED void forward_columns(const struct Block *block, size_t H, size_t count, bool folded,
                             bool rectified, size_t width, size_t begin, size_t end,
                             float *restrict out, size_t stride)
{
  const float *weights = block->weights;
  Wide filled[FORWARD_BLOCK][2 * HEAD_BLOCK];
  bool in_registers = H == HEAD_BLOCK;
#pragma GCC unroll 4
  for (size_t i = 0; i < count; i++)
#pragma GCC unroll 8
    for (size_t k = 0; k < 2 * HEAD_BLOCK; k++)
      filled[i][k] = wide_fill(in_registers ? weights[i * 3 * H + k] : 0.0f);
  for (size_t f = begin; f < end; f += WIDE_LANES) {
    Wide sum[FORWARD_BLOCK];
#pragma GCC unroll 4
    for (size_t i = 0; i < count; i++)
      sum[i] = wide_load(block->base + f);
#pragma GCC unroll 4
    for (size_t h = 0; h < H; h++) {
      Wide row = wide_load(block->T0 + h * width + f);
#pragma GCC unroll 4
      for (size_t i = 0; i < count; i++)
        sum[i] =
            wide_fma(in_registers ? filled[i][h] : wide_fill(weights[i * 3 * H + h]), row, sum[i]);
    }
#pragma GCC unroll 4
    for (size_t h = 0; h < H; h++)
#pragma GCC unroll 4
      for (size_t i = 0; i < count; i++)
        sum[i] = wide_fma(in_registers ? filled[i][H + h] : wide_fill(weights[i * 3 * H + H + h]),
                          wide_load(block->T1[i] + h * width + f), sum[i]);
    for (size_t h = 0; h < H && !folded; h++) {
      Wide row = wide_load(block->T2 + h * width + f);
#pragma GCC unroll 4
      for (size_t i = 0; i < count; i++)
        sum[i] = wide_fma(wide_fill(weights[i * 3 * H + 2 * H + h]), row, sum[i]);
    }
#pragma GCC unroll 4
    for (size_t i = 0; i < count; i++)
      wide_store(out + i * stride + f, rectified ? wide_rectify(sum[i]) : sum[i]);
  }
}

/* `count` pairs of the row, from its i-th on. */
INLINED void forward_block(const struct Tables *t, const struct RowOfPairs *row, size_t H,
                           size_t count, bool folded, size_t i)
{
  size_t entry = H * t->width, m = t->mlp_width;
  struct Block block = {.base = t->base,
                        .T0 = t->T0 + (size_t)row->a * entry,
                        .T2 = t->T2,
                        .weights = row->weights + i * 3 * H};
#pragma GCC unroll 4
  for (size_t j = 0; j < count; j++)
    block.T1[j] = t->T1 + (size_t)row->columns[i + j] * entry;
  if (row->rectified)
    forward_columns(&block, H, count, folded, true, t->width, 0, m, row->hidden + i * m, m);
  else
    forward_columns(&block, H, count, folded, false, t->width, 0, m, row->hidden + i * m, m);
  forward_columns(&block, H, count, folded, false, t->width, m, t->width,
                  row->streams + i * t->width, t->width);
}

INLINED void forward_row(const struct Tables *t, const struct RowOfPairs *row, size_t H,
                         bool folded)
{
  size_t i = 0;
  for (; i + FORWARD_BLOCK <= row->n; i += FORWARD_BLOCK)
    forward_block(t, row, H, FORWARD_BLOCK, folded, i);
  for (; i < row->n; i++)
    forward_block(t, row, H, 1, folded, i);
}

static void forward(const struct Tables *t, const struct RowOfPairs *row)
{
  if (t->shape.H == HEAD_BLOCK && t->folded)
    forward_row(t, row, HEAD_BLOCK, true);
  else if (t->shape.H == HEAD_BLOCK)
    forward_row(t, row, HEAD_BLOCK, false);
  else
    forward_row(t, row, (size_t)t->shape.H, t->folded);
}

/* ---- backward, the weights ---- */

/* d_weights of `count` (up to PAIR_BLOCK) pairs and `heads` (up to HEAD_BLOCK) heads: inner
   products. Those of a column lie far apart: the next pairs' gradients are asked for, `ahead`. */
INLINED void weights_backward(size_t width, size_t heads, size_t count, const float *table,
                              const float *const gradients[], const float *const ahead[],
                              float *const d_weights[])
{
  Wide sum[PAIR_BLOCK][HEAD_BLOCK];
  for (size_t i = 0; i < count; i++)
    for (size_t h = 0; h < heads; h++)
      sum[i][h] = wide_fill(0.0f);
  for (size_t f = 0; f < width; f += WIDE_LANES) {
    Wide gradient[PAIR_BLOCK];
    for (size_t i = 0; i < count; i++) {
      gradient[i] = wide_load(gradients[i] + f);
      __builtin_prefetch(ahead[i] + f);
    }
    for (size_t h = 0; h < heads; h++) {
      Wide row = wide_load(table + h * width + f);
      for (size_t i = 0; i < count; i++)
        sum[i][h] = wide_fma(gradient[i], row, sum[i][h]);
    }
  }
  for (size_t i = 0; i < count; i++)
    for (size_t h = 0; h < heads; h++)
      d_weights[i][h] = wide_sum(sum[i][h]);
}

INLINED void weights_backward_pairs(const struct Line *line, size_t width, size_t stride,
                                    size_t heads, size_t first_head, size_t count, size_t first,
                                    float *d_weights)
{
  const float *gradients[PAIR_BLOCK], *ahead[PAIR_BLOCK];
  float *outputs[PAIR_BLOCK];
  for (size_t i = 0; i < count; i++) {
    size_t next = first + count + i < line->n ? first + count + i : first + i;
    gradients[i] = line->gradients + line->pairs[first + i] * width;
    ahead[i] = line->gradients + line->pairs[next] * width;
    outputs[i] = d_weights + line->pairs[first + i] * stride + first_head;
  }
  weights_backward(width, heads, count, line->table + first_head * width, gradients, ahead,
                   outputs);
}

INLINED void weights_backward_line(const struct Line *line, size_t width, size_t stride,
                                   size_t heads, size_t first_head, float *d_weights)
{
  size_t i = 0;
  for (; i + PAIR_BLOCK <= line->n; i += PAIR_BLOCK)
    weights_backward_pairs(line, width, stride, heads, first_head, PAIR_BLOCK, i, d_weights);
  for (; i < line->n; i++)
    weights_backward_pairs(line, width, stride, heads, first_head, 1, i, d_weights);
}

/* ---- backward, the table entry ---- */

/* d_table of `heads` heads and `count` (up to ROW_BLOCK) Wides of the row, over all pairs of the
   line, and for the first heads the sum of the gradients. */
INLINED void table_backward(const struct Line *line, size_t width, size_t stride, size_t heads,
                            size_t first_head, size_t count, size_t f, bool summed, bool accumulate,
                            float *d_table)
{
  float *out = d_table + first_head * width + f;
  Wide sum[HEAD_BLOCK][ROW_BLOCK], total[ROW_BLOCK];
  for (size_t v = 0; v < count; v++) {
    total[v] = summed ? wide_load(line->sum + f + v * WIDE_LANES) : wide_fill(0.0f);
    for (size_t h = 0; h < heads; h++)
      sum[h][v] = accumulate ? wide_load(out + h * width + v * WIDE_LANES) : wide_fill(0.0f);
  }
  for (size_t i = 0; i < line->n; i++) {
    const float *gradient = line->gradients + line->pairs[i] * width + f;
    const float *weights = line->weights + line->pairs[i] * stride + first_head;
    Wide d_stream[ROW_BLOCK];
    for (size_t v = 0; v < count; v++)
      d_stream[v] = wide_load(gradient + v * WIDE_LANES);
    for (size_t v = 0; summed && v < count; v++)
      total[v] = wide_add(total[v], d_stream[v]);
    for (size_t h = 0; h < heads; h++) {
      Wide weight = wide_fill(weights[h]);
      for (size_t v = 0; v < count; v++)
        sum[h][v] = wide_fma(weight, d_stream[v], sum[h][v]);
    }
  }
  for (size_t v = 0; v < count; v++) {
    if (summed) wide_store(line->sum + f + v * WIDE_LANES, total[v]);
    for (size_t h = 0; h < heads; h++)
      wide_store(out + h * width + v * WIDE_LANES, sum[h][v]);
  }
}

INLINED void table_backward_row(const struct Line *line, size_t width, size_t stride, size_t heads,
                                size_t first_head, bool summed, bool accumulate, float *d_table)
{
  size_t f = 0;
  for (; f + ROW_BLOCK * WIDE_LANES <= width; f += ROW_BLOCK * WIDE_LANES)
    table_backward(line, width, stride, heads, first_head, ROW_BLOCK, f, summed, accumulate,
                   d_table);
  for (; f < width; f += WIDE_LANES)
    table_backward(line, width, stride, heads, first_head, 1, f, summed, accumulate, d_table);
}

/* The two flags as constants where it pays: the sum's registers are free when there is none. */
INLINED void backward_heads(const struct Line *line, size_t width, size_t stride, size_t heads,
                            size_t first_head, bool accumulate, float *d_table, float *d_weights)
{
  weights_backward_line(line, width, stride, heads, first_head, d_weights);
  if (line->sum && first_head == 0)
    table_backward_row(line, width, stride, heads, first_head, true, accumulate, d_table);
  else
    table_backward_row(line, width, stride, heads, first_head, false, accumulate, d_table);
}

static void backward(const struct Tables *t, const struct Line *line, bool accumulate,
                     float *d_table, float *d_weights)
{
  size_t H = (size_t)t->shape.H, stride = 3 * H, h = 0;
  for (; h + HEAD_BLOCK <= H; h += HEAD_BLOCK)
    backward_heads(line, t->width, stride, HEAD_BLOCK, h, accumulate, d_table, d_weights);
  for (; h < H; h++)
    backward_heads(line, t->width, stride, 1, h, accumulate, d_table, d_weights);
}
