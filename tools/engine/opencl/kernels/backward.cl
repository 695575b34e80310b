/* Pairs, backward: the gradients of the factors (engine/factored/step.h). */

/* ---- pairs, backward: attention ---- */

#define HEAD_BLOCK 4 /* heads whose sums a work-item computes at a time */

/* A group computes dot products of DOT_PAIRS pairs at DOT_ROWS positions at a time. */
#define DOT_LANES 16
#define DOT_ROWS  2
#define DOT_PAIRS (GROUP / (DOT_LANES * DOT_ROWS))

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

/* The gradient of a pair's stream times `heads` rows at a position, from `head` on: lanes
   [heads][DOT_LANES + 1]. */
FUNCTION void dot_position(GLOBAL const float *floats, struct Pairs pairs, Index pair, int position,
                           int head, int heads, int lane, IN_LOCAL float *lanes)
{
  GLOBAL const float *gradient = floats + AT_STREAMS + pair * WIDTH;
  GLOBAL const float *rows = floats + head * WIDTH;
  if (position == 0)
    rows += AT_T0 + pairs.a[pair] * (Index)(HEADS * WIDTH);
  else if (position == 1)
    rows += AT_T1 + pairs.b[pair] * (Index)(HEADS * WIDTH);
  else
    rows += AT_SOURCE_ROWS + (TOKENS + position) * (Index)(HEADS * WIDTH);
  if (heads == HEAD_BLOCK)
    dot_lane(HEAD_BLOCK, gradient, rows, lane, lanes);
  else
    for (int h = 0; h < heads; h++)
      dot_lane(1, gradient, rows + h * WIDTH, lane, lanes + h * (DOT_LANES + 1));
}

/* Stream gradients to those of the attention scores, DOT_PAIRS training pairs to a group, of c. */
KERNEL(GROUP, 8) attention(ARGUMENTS)
{
  LOCAL float lanes[DOT_PAIRS * DOT_ROWS * HEAD_BLOCK * (DOT_LANES + 1)];
  OF_TRAINING;
  const Index first = get_group_id(0) * (Index)DOT_PAIRS;
  const struct Pairs pairs = PAIRS_FROM(1, 0);
  GLOBAL float *d_scores = floats + AT_D_SCORES + first * POSITIONS * HEADS;
  for (int k = 0; k < POSITIONS - FOLDED; k += DOT_ROWS)
    for (int head = 0; head < HEADS; head += HEAD_BLOCK) {
      const int heads = HEADS - head < HEAD_BLOCK ? HEADS - head : HEAD_BLOCK;
      const int own = ITEM / DOT_LANES, position = k + own % DOT_ROWS;
      const Index pair = first + own / DOT_ROWS;
      if (pair < c && position < POSITIONS - FOLDED)
        dot_position(floats, pairs, pair, position, head, heads, ITEM % DOT_LANES,
                     lanes + own * HEAD_BLOCK * (DOT_LANES + 1));
      SAME_GROUP;
      for (int i = ITEM; i < DOT_PAIRS * DOT_ROWS * heads; i += GROUP) {
        const int h = i % heads, of = i / heads, at = k + of % DOT_ROWS;
        if (first + of / DOT_ROWS < c && at < POSITIONS - FOLDED)
          d_scores[(of / DOT_ROWS * POSITIONS + at) * HEADS + head + h] =
              flushed(wide_sum(lanes + (of * HEAD_BLOCK + h) * (DOT_LANES + 1)));
      }
      SAME_GROUP;
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

/* ---- pairs, backward: factors ---- */

/* n, such as columns, in pieces of GROUP work-items. */
#define PIECES(n) (((n) + GROUP - 1) / GROUP)

/* What `heads` heads of a factor's entry get from n pairs, at column j: adds weight times gradient
   to `sum`, in order; `pairs` lists the pairs, from `first` on if it is 0. Also adds the gradients
   to *total. */
FUNCTION void add_pairs(int heads, GLOBAL const float *floats, GLOBAL const int *pairs, int first,
                        int n, int position, int head, int j, float *sum, float *total)
{
  UNROLLED_8_FOR (i, n) {
    const Index pair = pairs ? pairs[i] : first + i;
    const float gradient = floats[AT_STREAMS + pair * WIDTH + j];
    GLOBAL const float *from = floats + AT_WEIGHTS + (pair * POSITIONS + position) * HEADS + head;
    float weights[HEAD_BLOCK];
    if (heads == 4 && HEADS % 4 == 0)
      load_4(from, weights);
    else
      UNROLLED_FOR (h, heads)
        weights[h] = from[h];
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

/* The sum of the score gradients of a position and head over the pairs of a line: out[QUERIES],
   HEADS apart, for all queries, or out[0] if there is one. */
FUNCTION void sum_scores(GLOBAL const float *floats, GLOBAL const int *ints, GLOBAL const int *line,
                         int first, int n, int position, int h, int queries, GLOBAL float *out)
{
  GLOBAL const float *from = floats + AT_D_SCORES + position * HEADS + h;
  const Index stride = POSITIONS * HEADS;
  if (queries == 1) {
    float sum = 0.0f;
    UNROLLED_8_FOR (i, n)
      sum += from[(line ? line[i] : first + i) * stride];
    out[0] = sum;
    return;
  }
  for (int y = 0; y < queries; y++)
    out[y * HEADS] = 0.0f;
  for (int i = first; i < first + n; i++)
    out[ints[INTS_TRAIN + N_TRAIN + i] * HEADS] += from[i * stride];
}

/* Sum i of the score gradients, by row and by column. */
FUNCTION void scores_backward(GLOBAL float *floats, GLOBAL const int *ints, int i)
{
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
  if (i >= TOKENS * HEADS) return;
  const int x = i / HEADS, h = i % HEADS;
  const int first = ints[INTS_COLUMN_FIRST + x], n = ints[INTS_COLUMN_FIRST + x + 1] - first;
  sum_scores(floats, ints, ints + INTS_BY_COLUMN + first, 0, n, 1, h, 1, floats + AT_D_SCORE1 + i);
}

/* The gradients of the constants and the base, group by group; sums of score gradients; the gradients
   of T0 and of T1, with the base's if there is one for each b; and that of W_L, summed over groups:
   work-groups in this order, so that long sums come first. Those for the base, T0 and T1 have a
   piece of an entry's columns each. */
KERNEL(GROUP, 8) factors_backward(ARGUMENTS)
{
  OF_TRAINING;
  int group = get_group_id(0);
  const int pieces = PIECES(WIDTH);
  const Index constants = CONSTANT_ROWS * (Index)WIDTH;
#if !FOLDED && CONSTANTS > 0
  if (group < PIECES(N_GROUPS * constants)) {
    const Index i = group * (Index)GROUP + ITEM;
    if (i >= N_GROUPS * constants) return;
    const int entry = i % constants / WIDTH;
    floats[AT_GROUP_CONSTANTS + i] =
        constant_backward(floats, ints, i / constants, entry / HEADS, entry % HEADS, i % WIDTH);
    return;
  }
#endif
  group -= PIECES(N_GROUPS * constants);
  if (EQUALS && group < N_GROUPS * pieces) {
    const int g = group / pieces, j = group % pieces * GROUP + ITEM;
    if (j >= WIDTH) return;
    const int first = ints[INTS_TRAIN_GROUPS + g], end = ints[INTS_TRAIN_GROUPS + g + 1];
    floats[AT_GROUP_BASES + g * WIDTH + j] =
        sum_in_order(0.0f, floats + AT_STREAMS + first * (Index)WIDTH + j, WIDTH, end - first);
    return;
  }
  group -= EQUALS ? N_GROUPS * pieces : 0;
  if (group < PIECES(TOKENS * HEADS * POSITIONS)) {
    scores_backward(floats, ints, group * GROUP + ITEM);
    return;
  }
  group -= PIECES(TOKENS * HEADS * POSITIONS);
  const int line = group / pieces, j = group % pieces * GROUP + ITEM;
  if (line < 2 * TOKENS) {
    if (j >= WIDTH) return;
    const int x = line % TOKENS;
    GLOBAL const int *bounds = ints + (line < TOKENS ? INTS_ROW_FIRST : INTS_COLUMN_FIRST) + x;
    const int first = bounds[0], n = bounds[1] - first;
    GLOBAL float *out =
        floats + (line < TOKENS ? AT_D_T0 : AT_D_T1) + x * (Index)(HEADS * WIDTH) + j;
    float total = 0.0f;
    if (line < TOKENS)
      entry_backward(floats, 0, first, n, 0, j, out, &total);
    else
      entry_backward(floats, ints + INTS_BY_COLUMN + first, first, n, 1, j, out, &total);
    if (!EQUALS && line >= TOKENS) floats[AT_D_BASE + x * WIDTH + j] = total;
    return;
  }
  group -= 2 * TOKENS * pieces;
  const Index size = LOGITS * (Index)MLP_WIDTH, k = group * (Index)GROUP + ITEM;
  if (k < size)
    floats[AT_D_W_L + k] = sum_in_order(0.0f, floats + AT_GROUP_W_L + k, size, N_GROUPS);
}

/* ---- sums of factors ---- */

/* Number i of the gradients of the sources' rows at positions, [H][width], from those of T0, T1 and
   the base. */
FUNCTION void positions_backward(GLOBAL float *floats, Index i)
{
  const Index row = HEADS * WIDTH;
  GLOBAL float *rows = floats + AT_D_SOURCE_ROWS + i;
  float position0 = 0.0f, position1 = 0.0f;
  UNROLLED_16_FOR (x, TOKENS) {
    position0 += floats[AT_D_T0 + x * row + i];
    position1 += floats[AT_D_T1 + x * row + i];
  }
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

/* The gradient of score i of the sources, [S][H][Q]. */
FUNCTION void place_scores(GLOBAL float *floats, int i)
{
  const int y = i % QUERIES, h = i / QUERIES % HEADS, s = i / (QUERIES * HEADS);
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

/* The gradients of the source rows at positions, of bases and of the sources' scores, a work-item
   for each number, and of the tokens' rows, a work-item for four. Counts the step. */
KERNEL(GROUP, 8) sums(ARGUMENTS)
{
  OF_TRAINING;
  Index i = INDEX;
  const Index row = HEADS * WIDTH;
  if (i == 0) ints[INTS_STEP]++;
  if (i < row) {
    positions_backward(floats, i);
    return;
  }
  i -= row;
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
  if (i < N_SOURCES * HEADS * QUERIES) {
    place_scores(floats, i);
    return;
  }
  i = (i - N_SOURCES * HEADS * QUERIES) * 4;
  if (i >= TOKENS * row) return;
  float of_T0[4], of_T1[4];
  load_4(floats + AT_D_T0 + i, of_T0);
  load_4(floats + AT_D_T1 + i, of_T1);
  UNROLLED_FOR (k, 4)
    of_T0[k] += of_T1[k];
  store_4(of_T0, floats + AT_D_SOURCE_ROWS + i);
}
