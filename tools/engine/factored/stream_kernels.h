/*
 * The loops of engine/factored/stream.h over pairs, heads and the Wides of a row. Expects of the
 * including file (kernels_256.c, kernels_512.c) the blocks whose sums are kept in registers:
 * FORWARD_WIDES and FORWARD_BLOCK, the columns and pairs of a forward block; PAIR_BLOCK, the pairs
 * whose weights' gradients are computed together; ROW_BLOCK, the Wides of a factor's gradient.
 *
 * Each loop is written once for any block of pairs, heads and Wides, and inlined with constants for
 * the common blocks, so that a block's accumulators stay in registers. Block sizes follow from the
 * register file: 32 registers of one Wide each with AVX-512, 16 of half a Wide without.
 */
enum { HEAD_BLOCK = 4 };
_Static_assert((int)MATRIX_STRIP == 2 * (int)WIDE_LANES,
               "forward_block stores two Wides to a strip");
_Static_assert((int)FACTOR_STRIP % (FORWARD_WIDES * (int)WIDE_LANES) == 0, "pieces fill a strip");
_Static_assert((int)FACTOR_STRIP % (ROW_BLOCK * (int)WIDE_LANES) == 0, "blocks fill a strip");
_Static_assert((int)FACTOR_STRIP % (int)MATRIX_STRIP == 0,
               "a strip of a factor begins with a strip");

/* ---- forward ---- */

/* Columns of a strip and where they go: the first MATRIX_STRIP columns to out, the next to out +
 * jump. */
struct Piece {
  const float *T0, *T1, *T_constants; /* [entries][H][columns of the strip] */
  const float *base;                  /* [Q][width] */
  size_t width;
  bool rectified;
  float *out;       /* of the first pair */
  size_t row, jump; /* strides from pair to pair, and from MATRIX_STRIP columns to the next */
};

/* What is a constant where the loops are inlined for the usual networks. */
struct Form {
  size_t H, positions;
  bool folded, base_of_b; /* base_of_b: there is a base for each b, Q > 1 */
};

/* What the pairs of a row share, loaded once. T0 only if H = HEAD_BLOCK, when it fits in
   registers. */
struct Shared {
  Wide base[FORWARD_WIDES], T0[HEAD_BLOCK][FORWARD_WIDES];
};

INLINED struct Shared load_shared(const struct Piece *piece, struct Form form, size_t columns,
                                  size_t wides, const float *T0)
{
  struct Shared shared;
  if (!form.base_of_b)
    UNROLLED_FOR (v, wides)
      shared.base[v] = wide_load(piece->base + v * WIDE_LANES);
  if (form.H == HEAD_BLOCK)
    UNROLLED_FOR (h, HEAD_BLOCK)
      UNROLLED_FOR (v, wides)
        shared.T0[h][v] = wide_load(T0 + h * columns + v * WIDE_LANES);
  return shared;
}

/* `wides` Wides of the streams of `count` pairs of a row. */
INLINED void forward_block(const struct Piece *piece, const struct Shared *shared, struct Form form,
                           size_t columns, size_t wides, size_t count, const float *T0,
                           const int *column, const float *weights, float *out)
{
  const size_t H = form.H, stride = form.positions * H;
  const size_t constants = form.folded ? 0 : stride - 2 * H; /* rows of T_constants */
  Wide sum[FORWARD_BLOCK][FORWARD_WIDES];
  const float *T1[FORWARD_BLOCK];
  UNROLLED_FOR (i, count) {
    T1[i] = piece->T1 + (size_t)column[i] * H * columns;
    const float *base = piece->base + (size_t)column[i] * piece->width;
    UNROLLED_FOR (v, wides)
      sum[i][v] = form.base_of_b ? wide_load(base + v * WIDE_LANES) : shared->base[v];
  }
  UNROLLED_FOR (h, H)
    UNROLLED_FOR (i, count) {
      Wide weight = wide_fill(weights[i * stride + h]);
      UNROLLED_FOR (v, wides) {
        Wide row =
            H == HEAD_BLOCK ? shared->T0[h][v] : wide_load(T0 + h * columns + v * WIDE_LANES);
        sum[i][v] = wide_fma(weight, row, sum[i][v]);
      }
    }
  UNROLLED_FOR (h, H)
    UNROLLED_FOR (i, count) {
      Wide weight = wide_fill(weights[i * stride + H + h]);
      UNROLLED_FOR (v, wides)
        sum[i][v] = wide_fma(weight, wide_load(T1[i] + h * columns + v * WIDE_LANES), sum[i][v]);
    }
  for (size_t c = 0; c < constants; c++)
    UNROLLED_FOR (i, count) {
      Wide weight = wide_fill(weights[i * stride + 2 * H + c]);
      UNROLLED_FOR (v, wides) {
        Wide row = wide_load(piece->T_constants + c * columns + v * WIDE_LANES);
        sum[i][v] = wide_fma(weight, row, sum[i][v]);
      }
    }
  UNROLLED_FOR (i, count)
    UNROLLED_FOR (v, wides)
      sum[i][v] = piece->rectified ? wide_rectify(sum[i][v]) : wide_flush(sum[i][v]);
  UNROLLED_FOR (i, count)
    UNROLLED_FOR (v, wides)
      wide_store(out + i * piece->row + v / 2 * piece->jump + v % 2 * WIDE_LANES, sum[i][v]);
}

INLINED size_t first_pair(const struct RowsOfPairs *rows)
{
  return rows->block_first[(size_t)rows->first_row * rows->n_blocks];
}

/* `wides` Wides of the streams of the pairs in block k of row a, in a strip `columns` wide. */
INLINED void forward_block_of_row(const struct Piece *piece, const struct RowsOfPairs *rows,
                                  struct Form form, size_t columns, size_t wides, size_t a,
                                  size_t k)
{
  const size_t H = form.H, stride = form.positions * H;
  const size_t *block = rows->block_first + a * rows->n_blocks + k;
  size_t i = block[0], end = block[1], skipped = i - first_pair(rows);
  if (i == end) return;
  const float *T0 = piece->T0 + a * H * columns, *weights = rows->weights + skipped * stride;
  const struct Shared shared = load_shared(piece, form, columns, wides, T0);
  float *out = piece->out + skipped * piece->row;
  for (; i + FORWARD_BLOCK <= end; i += FORWARD_BLOCK) {
    forward_block(piece, &shared, form, columns, wides, FORWARD_BLOCK, T0, rows->column + i,
                  weights, out);
    weights += FORWARD_BLOCK * stride;
    out += FORWARD_BLOCK * piece->row;
  }
  for (; i < end; i++) {
    forward_block(piece, &shared, form, columns, wides, 1, T0, rows->column + i, weights, out);
    weights += stride;
    out += piece->row;
  }
}

/* The same of all pairs, block by block, so that what the rows need of T1 mostly stays in L1. */
INLINED void forward_piece(const struct Piece *piece, const struct RowsOfPairs *rows,
                           struct Form form, size_t columns, size_t wides)
{
  for (size_t k = 0; k < rows->n_blocks; k++)
    for (int a = rows->first_row; a < rows->end_row; a++)
      forward_block_of_row(piece, rows, form, columns, wides, (size_t)a, k);
}

/* One strip; the width of a whole strip is a constant. */
INLINED void forward_strip(const struct Factors *t, const struct RowsOfPairs *rows,
                           struct Form form, struct FactorStrip strip)
{
  const size_t H = form.H, constants = (form.positions - 2) * H;
  size_t n = rows->block_first[(size_t)rows->end_row * rows->n_blocks] - first_pair(rows);
  size_t T0 = strip.begin * t->n_sources * H, T1 = strip.begin * (size_t)t->shape.p * H;
  size_t columns = strip.columns;
  size_t step = columns == FACTOR_STRIP ? FORWARD_WIDES * WIDE_LANES : WIDE_LANES;
  bool logits = strip.begin >= t->mlp_width;
  float *out = logits ? rows->streams + strip.begin : rows->hidden + strip.begin * n;
  size_t row = logits ? t->width : MATRIX_STRIP, jump = logits ? MATRIX_STRIP : n * MATRIX_STRIP;
  for (size_t f = 0; f < columns; f += step) {
    const struct Piece piece = {.base = t->base + strip.begin + f,
                                .width = t->width,
                                .T0 = t->T0 + T0 + f,
                                .T1 = t->T1 + T1 + f,
                                .T_constants = t->T_constants + strip.begin * constants + f,
                                .rectified = rows->rectified && !logits,
                                .out = out + f / MATRIX_STRIP * jump + f % MATRIX_STRIP,
                                .row = row,
                                .jump = jump};
    if (columns == FACTOR_STRIP)
      forward_piece(&piece, rows, form, FACTOR_STRIP, FORWARD_WIDES);
    else
      forward_piece(&piece, rows, form, columns, 1);
  }
}

INLINED void forward_strips(const struct Factors *t, const struct RowsOfPairs *rows,
                            struct Form form)
{
  for (size_t s = 0; s < factor_strips(t); s++)
    forward_strip(t, rows, form, factor_strip(t, s));
}

static void streams_forward(const struct Factors *t, const struct RowsOfPairs *rows)
{
  const struct Form form = {(size_t)t->shape.H, t->n_positions, t->folded, t->n_queries > 1};
  if (form.H == HEAD_BLOCK && form.folded)
    forward_strips(t, rows, (struct Form){HEAD_BLOCK, 3, true, false});
  else if (form.H == HEAD_BLOCK && form.positions == 3 && !form.base_of_b)
    forward_strips(t, rows, (struct Form){HEAD_BLOCK, 3, false, false});
  else if (form.H == HEAD_BLOCK && form.positions == 2)
    forward_strips(t, rows, (struct Form){HEAD_BLOCK, 2, false, true});
  else
    forward_strips(t, rows, form);
}

/* ---- backward, the weights ---- */

/* Offset of a strip of the line's entry in a factor. */
INLINED size_t entry_in(const struct StreamLine *line, struct FactorStrip strip, size_t H)
{
  return (strip.begin * line->entries + line->entry * strip.columns) * H;
}

/* One strip's contribution to the dot products of `count` (up to PAIR_BLOCK) pairs' gradients
   with the entry's rows of `heads` (up to HEAD_BLOCK) heads. The gradients along a column are
   far apart in memory, so the next pairs', `ahead`, are prefetched. */
INLINED void add_strip(size_t columns, size_t heads, size_t count, size_t begin, const float *entry,
                       const float *const gradients[], const float *const ahead[],
                       Wide sum[][HEAD_BLOCK])
{
  for (size_t f = 0; f < columns; f += WIDE_LANES) {
    Wide gradient[PAIR_BLOCK];
    for (size_t i = 0; i < count; i++) {
      gradient[i] = wide_load(gradients[i] + begin + f);
      __builtin_prefetch(ahead[i] + begin + f);
    }
    for (size_t h = 0; h < heads; h++) {
      Wide row = wide_load(entry + h * columns + f);
      for (size_t i = 0; i < count; i++)
        sum[i][h] = wide_fma(gradient[i], row, sum[i][h]);
    }
  }
}

/* The dot products, to d_weights. */
INLINED void weights_backward(const struct Factors *t, const struct StreamLine *line, size_t heads,
                              size_t first_head, size_t count, const float *const gradients[],
                              const float *const ahead[], float *const d_weights[])
{
  Wide sum[PAIR_BLOCK][HEAD_BLOCK];
  for (size_t i = 0; i < count; i++)
    for (size_t h = 0; h < heads; h++)
      sum[i][h] = wide_fill(0.0f);
  size_t H = (size_t)t->shape.H;
  for (size_t s = 0; s < factor_strips(t); s++) {
    struct FactorStrip strip = factor_strip(t, s);
    size_t columns = strip.columns;
    const float *entry = line->factor + entry_in(line, strip, H) + first_head * columns;
    if (columns == FACTOR_STRIP)
      add_strip(FACTOR_STRIP, heads, count, strip.begin, entry, gradients, ahead, sum);
    else
      add_strip(columns, heads, count, strip.begin, entry, gradients, ahead, sum);
  }
  for (size_t i = 0; i < count; i++)
    for (size_t h = 0; h < heads; h++)
      d_weights[i][h] = flush(wide_sum(sum[i][h]));
}

INLINED void weights_backward_pairs(const struct Factors *t, const struct StreamLine *line,
                                    size_t heads, size_t first_head, size_t count, size_t first,
                                    float *d_weights)
{
  size_t width = t->width, stride = t->n_positions * (size_t)t->shape.H;
  const float *gradients[PAIR_BLOCK], *ahead[PAIR_BLOCK];
  float *outputs[PAIR_BLOCK];
  for (size_t i = 0; i < count; i++) {
    size_t next = first + count + i < line->n ? first + count + i : first + i;
    gradients[i] = line->gradients + (line->pairs[first + i] - line->first) * width;
    ahead[i] = line->gradients + (line->pairs[next] - line->first) * width;
    outputs[i] = d_weights + line->pairs[first + i] * stride + first_head;
  }
  weights_backward(t, line, heads, first_head, count, gradients, ahead, outputs);
}

INLINED void weights_backward_line(const struct Factors *t, const struct StreamLine *line,
                                   size_t heads, size_t first_head, float *d_weights)
{
  size_t i = 0;
  for (; i + PAIR_BLOCK <= line->n; i += PAIR_BLOCK)
    weights_backward_pairs(t, line, heads, first_head, PAIR_BLOCK, i, d_weights);
  for (; i < line->n; i++)
    weights_backward_pairs(t, line, heads, first_head, 1, i, d_weights);
}

/* ---- backward, the factor entry ---- */

/* The gradient of `heads` heads of the entry, for `count` (up to ROW_BLOCK) Wides from column f
   on, summed over all pairs of the line, to out + head columns; if `summed`, also the sum of the
   pairs' gradients. */
INLINED void table_backward(const struct Factors *t, const struct StreamLine *line, size_t columns,
                            size_t heads, size_t first_head, size_t count, size_t f, bool summed,
                            bool accumulate, float *out)
{
  const size_t stride = t->n_positions * (size_t)t->shape.H;
  const bool goes_on = line->goes_on;
  Wide sum[HEAD_BLOCK][ROW_BLOCK], total[ROW_BLOCK];
  for (size_t v = 0; v < count; v++) {
    total[v] = summed ? wide_load(line->sum + f + v * WIDE_LANES) : wide_fill(0.0f);
    for (size_t h = 0; h < heads; h++)
      sum[h][v] = accumulate ? wide_load(out + h * columns + v * WIDE_LANES) : wide_fill(0.0f);
  }
  for (size_t i = 0; i < line->n; i++) {
    const float *gradient = line->gradients + (line->pairs[i] - line->first) * t->width + f;
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
      wide_store(out + h * columns + v * WIDE_LANES, goes_on ? sum[h][v] : wide_flush(sum[h][v]));
  }
}

INLINED void table_backward_strips(const struct Factors *t, const struct StreamLine *line,
                                   size_t heads, size_t first_head, bool summed, bool accumulate,
                                   float *d_factor)
{
  for (size_t s = 0; s < factor_strips(t); s++) {
    struct FactorStrip strip = factor_strip(t, s);
    size_t columns = strip.columns;
    float *out = d_factor + entry_in(line, strip, (size_t)t->shape.H) + first_head * columns;
    if (columns == FACTOR_STRIP)
      for (size_t f = 0; f < FACTOR_STRIP; f += ROW_BLOCK * WIDE_LANES)
        table_backward(t, line, FACTOR_STRIP, heads, first_head, ROW_BLOCK, strip.begin + f, summed,
                       accumulate, out + f);
    else
      for (size_t f = 0; f < columns; f += WIDE_LANES)
        table_backward(t, line, columns, heads, first_head, 1, strip.begin + f, summed, accumulate,
                       out + f);
  }
}

/* `summed` becomes a constant, which frees the registers of the sum where there is none. */
INLINED void backward_heads(const struct Factors *t, const struct StreamLine *line, size_t heads,
                            size_t first_head, bool accumulate, float *d_factor, float *d_weights)
{
  weights_backward_line(t, line, heads, first_head, d_weights);
  if (line->sum && first_head == 0)
    table_backward_strips(t, line, heads, first_head, true, accumulate, d_factor);
  else
    table_backward_strips(t, line, heads, first_head, false, accumulate, d_factor);
}

static void streams_backward(const struct Factors *t, const struct StreamLine *line,
                             bool accumulate, float *d_factor, float *d_weights)
{
  size_t H = (size_t)t->shape.H, h = 0;
  for (; h + HEAD_BLOCK <= H; h += HEAD_BLOCK)
    backward_heads(t, line, HEAD_BLOCK, h, accumulate, d_factor, d_weights);
  for (; h < H; h++)
    backward_heads(t, line, 1, h, accumulate, d_factor, d_weights);
}
