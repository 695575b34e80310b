/* Pairs, forward: attention, streams, logits, losses (engine/factored/tile.h, engine/factored/loss.h). */

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

/* Four numbers of a stream, from j on: neurons, or logits without the MLP. */
FUNCTION void store_stream(GLOBAL float *floats, Index pair, int j, float *sum)
{
  if (j >= MLP_WIDTH) {
    UNROLLED_FOR (i, 4)
      sum[i] = flushed(sum[i]);
    store_4(sum, floats + AT_STREAMS + pair * WIDTH + j);
    return;
  }
  float slopes[4];
  UNROLLED_FOR (i, 4)
    if (GELU)
      sum[i] = gelu(flushed(sum[i]), &slopes[i]);
    else
      sum[i] = sum[i] < SMALLEST ? 0.0f : sum[i];
  store_4(sum, floats + AT_HIDDEN + pair * MLP_WIDTH + j);
  if (GELU) store_4(slopes, floats + AT_SLOPES + pair * MLP_WIDTH + j);
}

/* Adds weight times row to four sums, for the heads of a factor's entry. */
FUNCTION void add_heads(const float *weights, GLOBAL const float *rows, float *sum)
{
  UNROLLED_8_FOR (h, HEADS) {
    float row[4];
    load_4(rows + h * WIDTH, row);
    UNROLLED_FOR (i, 4)
      sum[i] = fma(weights[h], row[i], sum[i]);
  }
}

/* Attention weights and streams: PAIRS_OF_STREAMS pairs to a group, STREAM_ITEMS work-items to a
   pair. a: of the training pairs? */
#define STREAM_ITEMS (GROUP / PAIRS_OF_STREAMS)
KERNEL(GROUP, 8) streams(ARGUMENTS)
{
  OF_TRAINING;
  const struct Pairs pairs = PAIRS_FROM(a, b);
  const Index first = get_group_id(0) * PAIRS_OF_STREAMS;
  for (int i = ITEM; i < PAIRS_OF_STREAMS * HEADS; i += GROUP) {
    const int h = i % HEADS;
    const Index pair = first + i / HEADS;
    if (pair >= c) break;
    float scores[POSITIONS], own[POSITIONS];
    scores_of(floats, pairs.a[pair], pairs.b[pair], h, scores);
    attention_forward(scores, own);
    for (int k = 0; k < POSITIONS; k++)
      floats[AT_WEIGHTS + (pair * POSITIONS + k) * HEADS + h] =
          MIXED ? flushed((1.0f - RATE) + times(RATE, own[k])) : own[k];
  }
  SAME_GROUP;
  const Index pair = first + ITEM / STREAM_ITEMS;
  if (pair >= c) return;
  GLOBAL const float *weights = floats + AT_WEIGHTS + pair * POSITIONS * HEADS;
  GLOBAL const float *base = floats + AT_BASE + (EQUALS ? 0 : pairs.b[pair] * WIDTH);
  GLOBAL const float *T0 = floats + AT_T0 + pairs.a[pair] * (Index)(HEADS * WIDTH);
  GLOBAL const float *T1 = floats + AT_T1 + pairs.b[pair] * (Index)(HEADS * WIDTH);
  GLOBAL const float *constants = floats + AT_SOURCE_ROWS + (TOKENS + 2) * (Index)(HEADS * WIDTH);
  float w0[HEADS], w1[HEADS];
  for (int h = 0; h < HEADS; h++) {
    w0[h] = weights[h];
    w1[h] = weights[HEADS + h];
  }
  for (int j = ITEM % STREAM_ITEMS * 4; j < WIDTH; j += STREAM_ITEMS * 4) {
    float sum[4];
    load_4(base + j, sum);
    add_heads(w0, T0 + j, sum);
    add_heads(w1, T1 + j, sum);
    for (int k = 0; k < CONSTANT_ROWS; k++) {
      const float weight = weights[2 * HEADS + k];
      float row[4];
      load_4(constants + k * WIDTH + j, row);
      UNROLLED_FOR (i, 4)
        sum[i] = fma(weight, row[i], sum[i]);
    }
    store_stream(floats, pair, j, sum);
  }
}

/* ---- pairs: logits and losses ---- */

/* A group has PAIRS_OF_LOGITS pairs. */
#define LOGIT_ROWS    (PAIRS_OF_LOGITS / ITEMS_DOWN)
#define LOGIT_COLUMNS 8
#define LOGIT_STEPS   16

/* Eight work-items of a pair are the lanes of its sums. */
#define LANES 8

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

/* Adds the MLP to the logits of PAIRS_OF_LOGITS pairs from `first` on, of which there are `left`. */
FUNCTION void add_mlp(GLOBAL float *floats, Index first, Index left, IN_LOCAL float *A_tiles,
                      IN_LOCAL float *B_tiles)
{
  GLOBAL float *logits = floats + AT_STREAMS + first * WIDTH + MLP_WIDTH;
  const int own_row = OWN_ROW(LOGIT_ROWS);
  struct Place place;
  place.product = 0;
  place.terms = NEURONS;
  for (int column = 0; column < LOGITS; column += ITEMS_ACROSS * LOGIT_COLUMNS) {
    const int own_column = column + OWN_COLUMN(LOGIT_COLUMNS);
    float sum[LOGIT_ROWS * LOGIT_COLUMNS];
    struct Walk walk;
    walk.A = side_of(floats + AT_HIDDEN + first * MLP_WIDTH, MLP_WIDTH, 1, left);
    walk.B = side_of(floats + AT_W_L_TRANSPOSED + column, 1, LOGIT_WIDTH, LOGITS - column);
    start(&walk);
    UNROLLED_FOR (i, LOGIT_ROWS)
      UNROLLED_FOR (j, LOGIT_COLUMNS) {
        const int at = own_column + column_of(j);
        sum[i * LOGIT_COLUMNS + j] =
            own_row + i < left && at < LOGITS ? logits[(own_row + i) * (Index)WIDTH + at] : 0.0f;
      }
    multiply(LOGIT_ROWS, LOGIT_COLUMNS, LOGIT_STEPS, &place, &walk, A_tiles, B_tiles, sum);
    UNROLLED_FOR (i, LOGIT_ROWS)
      UNROLLED_FOR (j, LOGIT_COLUMNS) {
        const int at = own_column + column_of(j);
        if (own_row + i < left && at < LOGITS)
          logits[(own_row + i) * (Index)WIDTH + at] = sum[i * LOGIT_COLUMNS + j];
      }
    SAME_GROUP; /* logits are read by other work-items than have written them */
  }
}

/* What is known of a pair: LOSS_SHIFT .. LOSS_OTHERS as struct Sum of
   engine/factored/loss_kernels.h, LOSS_CORRECT is 0 or 1. */
#define LOSS_SHIFT   0
#define LOSS_ONE     1
#define LOSS_OTHERS  2
#define LOSS_CORRECT 3

/* What the losses of GROUP / LANES pairs are made of, from `first` on, of c; for training pairs (a)
   the logits are then replaced by their gradients. */
FUNCTION void losses_of(GLOBAL float *floats, GLOBAL int *ints, Index first, int a, int b, int c,
                        IN_LOCAL float *lanes, IN_LOCAL int *ties)
{
  const Index pair = first + ITEM / LANES;
  const int lane = ITEM % LANES, of_pair = ITEM - lane;
  const bool there = pair < c;
  const int answer = there ? PAIRS_FROM(a, b).answer[pair] : 0;
  GLOBAL float *logit = floats + AT_STREAMS + (there ? pair : c - 1) * WIDTH + MLP_WIDTH;
  const float answer_logit = logit[answer];
  float largest = -INFINITY;
  UNROLLED_16_FOR (i, LOGIT_WIDTH / LANES) {
    const int j = lane + i * LANES;
    largest = larger(largest, j == answer ? -INFINITY : logit[j]);
  }
  lanes[ITEM] = largest;
  SAME_GROUP;
  largest = lanes_largest(lanes + of_pair);
  const bool exceeds = largest > answer_logit;
  const float shift = exceeds ? largest - answer_logit : 0.0f;
  const float one = exceeds ? exponential(-shift) : 1.0f;
  SAME_GROUP;
  float sum = 0.0f;
  int tie = 0;
  UNROLLED_4_FOR (i, LOGIT_WIDTH / LANES) {
    const int j = lane + i * LANES;
    const float x = j == answer ? -INFINITY : logit[j];
    const float term = exponential((x - answer_logit) - shift);
    tie |= j < answer && x == largest;
    sum += term;
    if (there && a) logit[j] = term;
  }
  lanes[ITEM] = sum;
  ties[ITEM] = tie;
  SAME_GROUP;
  const float others = lanes_sum(lanes + of_pair);
  if (there && a) {
    const float factor = GRADIENT_SCALE_OF_PAIR / (one + others);
    UNROLLED_4_FOR (i, LOGIT_WIDTH / LANES) {
      const int j = lane + i * LANES;
      logit[j] = flushed(j == answer ? -factor * others : logit[j] * factor);
    }
  }
  if (there && lane == 0) {
    if (a && (!isfinite(others) || !isfinite(shift)))
      LEAST(&ints[INTS_NOT_FINITE], ints[INTS_STEP]);
    for (int i = 1; i < LANES; i++)
      tie |= ties[of_pair + i];
    GLOBAL float *loss = floats + AT_LOSSES + pair * LOSS_SIZE;
    loss[LOSS_SHIFT] = shift;
    loss[LOSS_ONE] = one;
    loss[LOSS_OTHERS] = others;
    loss[LOSS_CORRECT] =
        !(largest >= answer_logit) || (largest == answer_logit && !tie) ? 1.0f : 0.0f;
  }
  SAME_GROUP; /* before the lanes are used again */
}

/* Logits, losses and gradients, PAIRS_OF_LOGITS pairs to a group. */
KERNEL(GROUP, 4) logits(ARGUMENTS)
{
  LOCAL ALIGNED float A_tiles[TILES_OF_A(LOGIT_ROWS, LOGIT_STEPS)];
  LOCAL ALIGNED float B_tiles[TILES_OF_B(LOGIT_COLUMNS, LOGIT_STEPS)];
  LOCAL float lanes[GROUP];
  LOCAL int ties[GROUP];
  OF_TRAINING;
  const Index first = get_group_id(0) * (Index)PAIRS_OF_LOGITS;
  add_mlp(floats, first, c - first, A_tiles, B_tiles);
  for (int i = 0; i < PAIRS_OF_LOGITS; i += GROUP / LANES)
    losses_of(floats, ints, first + i, a, b, c, lanes, ties);
}

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
