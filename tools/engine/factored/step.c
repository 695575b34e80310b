#include "engine/factored/step.h"

#include "base/memory.h"
#include "engine/factored/activation.h"
#include "engine/factored/loss.h"
#include "engine/factored/matrix.h"
#include "engine/factored/stream.h"
#include "engine/factored/vector.h"
#include "network/flush.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

static bool scratches_init(struct Step *step, struct Error *error)
{
  size_t largest = step->pairs[SUBSET_TRAIN].largest_tile;
  if (step->pairs[SUBSET_TEST].largest_tile > largest)
    largest = step->pairs[SUBSET_TEST].largest_tile;
  step->n_threads = omp_get_max_threads();
  step->scratch = memory_new((size_t)step->n_threads, sizeof *step->scratch, "scratch", error);
  if (!step->scratch) return false;
  for (int i = 0; i < step->n_threads; i++)
    if (!tile_scratch_init(&step->scratch[i], &step->factors, largest, error)) return false;
  return true;
}

/* Streams of less are not worth bands. */
enum { BANDS = 3, LEAST_BYTES_OF_BANDS = 4 << 20 };

/* The first pair of a band. */
static size_t band_first(const struct Step *step, size_t band)
{
  const struct Pairs *pairs = &step->pairs[SUBSET_TRAIN];
  return pairs->row_first[pairs->group_first[band * pairs->n_groups / step->n_bands]];
}

static void bands_init(struct Step *step)
{
  size_t bytes = step->pairs[SUBSET_TRAIN].n * step->factors.width * sizeof(float);
  step->n_bands = omp_get_max_threads() == 1 && bytes >= LEAST_BYTES_OF_BANDS ? BANDS : 1;
  for (size_t band = 0; band < step->n_bands; band++) {
    size_t n = band_first(step, band + 1) - band_first(step, band);
    if (n > step->n_streams) step->n_streams = n;
  }
}

static bool arrays_init(struct Step *step, struct Error *error)
{
  const struct Factors *t = &step->factors;
  size_t n = step->pairs[SUBSET_TRAIN].n, H = (size_t)t->shape.H, p = (size_t)t->shape.p;
  size_t constants = t->n_constants * H, entries = t->n_positions * H; /* of a pair */
  struct FloatArray arrays[4 + 3 * MAX_GROUPS] = {
      {&step->streams, step->n_streams * t->width},
      {&step->weights, n * entries},
      {&step->d_weights, n * entries},
      {&step->constants_of_row, p * constants * t->n_queries}};
  size_t n_arrays = 4;
  for (size_t g = 0; g < step->pairs[SUBSET_TRAIN].n_groups; g++) {
    struct GroupSums *sums = &step->groups[g];
    arrays[n_arrays++] = (struct FloatArray){&sums->W_L, factors_map_size(t)};
    arrays[n_arrays++] = (struct FloatArray){&sums->base, t->width};
    arrays[n_arrays++] = (struct FloatArray){&sums->T_constants, constants * t->width};
  }
  step->block = memory_new_arrays(arrays, n_arrays, "the training pairs' activations", error);
  return step->block;
}

bool step_init(struct Step *step, const struct Config *config, const struct Dataset *dataset,
               struct Error *error)
{
  *step = (struct Step){.config = config->model};
  const struct Shape shape = shape_of_config(config);
  bool ready = pairs_init(&step->pairs[SUBSET_TRAIN], dataset, SUBSET_TRAIN, error) &&
               pairs_init(&step->pairs[SUBSET_TEST], dataset, SUBSET_TEST, error) &&
               factors_init(&step->factors, &shape, &config->model, error);
  if (ready) bands_init(step);
  ready = ready &&
          factor_gradients_init(&step->gradients, &step->factors, step->n_bands > 1, error) &&
          arrays_init(step, error) && scratches_init(step, error);
  if (!ready) step_release(step);
  return ready;
}

void step_release(struct Step *step)
{
  for (int i = 0; step->scratch && i < step->n_threads; i++)
    tile_scratch_release(&step->scratch[i]);
  free(step->scratch);
  free(step->block);
  factor_gradients_release(&step->gradients);
  factors_release(&step->factors);
  pairs_release(&step->pairs[SUBSET_TRAIN]);
  pairs_release(&step->pairs[SUBSET_TEST]);
  *step = (struct Step){0};
}

/* Tells an observer that this thread has finished a part. */
static void mark(const struct Step *step, enum StepPart finished)
{
  if (step->observer) step->observer(step->observed, finished);
}

void step_prepare(struct Step *step, const struct Parameters *parameters)
{
  mark(step, PART_NONE);
  factors_forward(&step->factors, parameters);
  mark(step, PART_FACTORS);
}

/* ---- a tile ---- */

/* Losses of a tile's pairs. If scale is not 0, the logits are replaced by scale times their
   gradients. */
static void tile_losses(const struct Factors *t, const struct Pairs *pairs, const struct Tile *tile,
                        float scale, struct GroupSums *sums)
{
  float *at = tile->streams + t->mlp_width;
  const struct Logits logits = {.pairs = tile->n,
                                .at = at,
                                .row = t->width,
                                .n = (int)t->logit_width,
                                .answers = pairs->answer + tile->first,
                                .gradients = scale == 0.0f ? NULL : at,
                                .scale = scale};
  loss_add(&logits, &sums->loss, &sums->correct);
}

/* Adds the tile's share of dW_L. */
static void tile_map_backward(const struct Factors *t, const struct Tile *tile,
                              enum MatrixInto into, float *d_W_L)
{
  size_t m = (size_t)t->shape.d_mlp, V = (size_t)t->shape.V;
  const float *d_logits = tile->streams + t->mlp_width;
  const struct Matrix hidden = matrix_in_strips(tile->hidden, tile->n);
  if (t->sparse)
    matrix_multiply_sparse(m, V, tile->n, matrix_turned(hidden), matrix_plain(d_logits, t->width),
                           into, d_W_L, t->logit_width);
  else
    matrix_multiply(V, m, tile->n, matrix_transposed(d_logits, t->width), hidden, into, d_W_L,
                    t->mlp_width);
}

/* Logit gradients to stream gradients, adding the tile's share of dW_L. ReLU passes the gradient
   where the hidden value is positive. */
static void tile_mlp_backward(const struct Step *step, const struct TileScratch *scratch,
                              const struct Tile *tile, bool first_of_group, float *d_W_L)
{
  const struct Factors *t = &step->factors;
  const struct Matrix gradients = matrix_plain(tile->streams + t->mlp_width, t->width);
  tile_map_backward(t, tile, first_of_group ? MATRIX_REPLACE : MATRIX_ADD, d_W_L);
  if (step->config.activation == ACTIVATION_RELU) {
    matrix_multiply_gated(tile->n, gradients, &t->hidden_of_logits,
                          matrix_in_strips(tile->hidden, tile->n), tile->streams, t->width);
  } else {
    matrix_multiply_packed(tile->n, gradients, &t->hidden_of_logits, MATRIX_REPLACE, tile->streams,
                           t->width);
    activation_gelu_backward(scratch->slope, tile->n, t->mlp_width, tile->streams, t->width);
  }
}

/* Stream gradients of a tile to those of T^0 for its rows, of the constants, and of a base that all
   pairs share. */
static void tile_rows_backward(struct Step *step, const struct Tile *tile, struct GroupSums *sums)
{
  struct Factors *t = &step->factors;
  const struct Pairs *pairs = &step->pairs[SUBSET_TRAIN];
  size_t H = (size_t)t->shape.H;
  for (int a = tile->first_row; a < tile->end_row; a++) {
    struct StreamLine line = {.pairs = pairs->by_row + pairs->row_first[a],
                              .n = pairs->row_first[a + 1] - pairs->row_first[a],
                              .factor = t->T0,
                              .entries = t->n_sources,
                              .entry = (size_t)a,
                              .weights = step->weights,
                              .gradients = step->streams,
                              .first = step->first,
                              .sum = t->n_queries == 1 ? sums->base : NULL};
    stream_backward(t, &line, false, t->T0, step->d_weights);
    line.factor = t->T_constants;
    line.entries = t->n_constants;
    line.sum = NULL;
    for (size_t c = 0; c < t->n_constants && !t->folded; c++) {
      line.entry = c;
      line.weights = step->weights + (2 + c) * H;
      stream_backward(t, &line, true, sums->T_constants, step->d_weights + (2 + c) * H);
    }
  }
}

/* ---- the training pairs ---- */

static void group_gradient(struct Step *step, size_t g, float *W_L)
{
  const struct Factors *t = &step->factors;
  const struct Pairs *pairs = &step->pairs[SUBSET_TRAIN];
  struct TileScratch *scratch = &step->scratch[omp_get_thread_num()];
  struct GroupSums *sums = &step->groups[g];
  int begin = pairs->group_first[g], end = pairs->group_first[g + 1];
  sums->loss = 0.0;
  sums->correct = 0;
  memset(sums->base, 0, t->width * sizeof(float));
  memset(sums->T_constants, 0, t->n_constants * (size_t)t->shape.H * t->width * sizeof(float));
  for (int row = begin, next; row < end; row = next) {
    next = pairs_tile_end(pairs, row, end);
    struct Tile tile = tile_of_rows(pairs, row, next);
    tile.weights = step->weights + tile.first * t->n_positions * (size_t)t->shape.H;
    tile.streams = step->streams + (tile.first - step->first) * t->width;
    tile.hidden = scratch->hidden;
    mark(step, PART_NONE);
    tile_streams(t, &step->config, pairs, scratch, &tile);
    mark(step, PART_STREAMS);
    tile_mlp(t, step->config.activation, scratch, &tile);
    mark(step, PART_MLP);
    tile_losses(t, pairs, &tile, GRADIENT_SCALE / (float)pairs->n, sums);
    mark(step, PART_LOSS);
    tile_mlp_backward(step, scratch, &tile, row == begin, W_L);
    mark(step, PART_MLP_BACKWARD);
    tile_rows_backward(step, &tile, sums);
    mark(step, PART_STREAMS_BACKWARD);
  }
}

/* The same of a column's pairs in this band, to those of T^1 for it and of its own base, if it has
   one. */
static void column_gradient(struct Step *step, size_t b)
{
  const struct Factors *t = &step->factors;
  const struct Pairs *pairs = &step->pairs[SUBSET_TRAIN];
  size_t H = (size_t)t->shape.H;
  const size_t *begin = pairs->by_column + pairs->column_first[b];
  const size_t *after = pairs->by_column + pairs->column_first[b + 1], *end;
  while (begin < after && *begin < step->first)
    begin++;
  for (end = begin; end < after && *end < step->end; end++)
    ;
  bool starts = step->first == 0, ends = step->end == pairs->n;
  struct StreamLine line = {.pairs = begin,
                            .n = (size_t)(end - begin),
                            .goes_on = !ends,
                            .factor = t->T1,
                            .entries = (size_t)t->shape.p,
                            .entry = b,
                            .weights = step->weights + H,
                            .gradients = step->streams,
                            .first = step->first};
  mark(step, PART_NONE);
  if (t->n_queries > 1) {
    line.sum = step->gradients.base + b * t->width;
    if (starts) memset(line.sum, 0, t->width * sizeof(float));
  }
  stream_backward(t, &line, !starts, step->gradients.T1, step->d_weights + H);
  mark(step, PART_STREAMS_BACKWARD);
}

/* Sums one position's score gradients over the pairs of a line: sum[queries][H], where `queries` is
   1 or Q. For one query, the sums of the usual four heads stay in a register. */
static void sum_scores(const struct Step *step, const size_t *line, size_t n, size_t position,
                       size_t queries, float *sum)
{
  enum { HEADS = 4 };
  size_t H = (size_t)step->factors.shape.H, stride = step->factors.n_positions * H;
  const int *column = step->pairs[SUBSET_TRAIN].column;
  const float *d = step->d_weights + position * H;
  if (queries == 1 && H == HEADS) {
    float total[HEADS] = {0};
    for (size_t i = 0; i < n; i++)
      for (size_t h = 0; h < HEADS; h++)
        total[h] += d[line[i] * stride + h];
    memcpy(sum, total, sizeof total);
    return;
  }
  memset(sum, 0, queries * H * sizeof(float));
  for (size_t i = 0; i < n; i++) {
    float *of_query = sum + (queries > 1 ? (size_t)column[line[i]] * H : 0);
    for (size_t h = 0; h < H; h++)
      of_query[h] += d[line[i] * stride + h];
  }
}

static void row_scores(struct Step *step, size_t a)
{
  const struct Factors *t = &step->factors;
  const struct Pairs *pairs = &step->pairs[SUBSET_TRAIN];
  size_t H = (size_t)t->shape.H, entries = t->n_positions * H, first = pairs->row_first[a];
  size_t n = pairs->row_first[a + 1] - first, Q = t->n_queries;
  tile_attention_backward(t, &step->config, pairs, &step->scratch[omp_get_thread_num()], (int)a,
                          step->weights + first * entries, step->d_weights + first * entries);
  sum_scores(step, pairs->by_row + first, n, 0, Q, step->gradients.score0 + a * Q * H);
  for (size_t c = 0; c < t->n_constants; c++)
    sum_scores(step, pairs->by_row + first, n, 2 + c, Q,
               step->constants_of_row + (a * t->n_constants + c) * Q * H);
}

static void scores_gradient(struct Step *step)
{
  const struct Pairs *pairs = &step->pairs[SUBSET_TRAIN];
  size_t p = (size_t)step->factors.shape.p, H = (size_t)step->factors.shape.H;
  size_t constants = step->factors.n_constants * step->factors.n_queries * H;
#pragma omp parallel for
  for (size_t a = 0; a < p; a++)
    row_scores(step, a);
#pragma omp parallel for
  for (size_t b = 0; b < p; b++) {
    size_t first = pairs->column_first[b];
    sum_scores(step, pairs->by_column + first, pairs->column_first[b + 1] - first, 1, 1,
               step->gradients.score1 + b * H);
  }
  memset(step->gradients.score_constants, 0, constants * sizeof(float));
  for (size_t a = 0; a < p; a++)
    for (size_t i = 0; i < constants; i++)
      step->gradients.score_constants[i] += step->constants_of_row[a * constants + i];
}

static void add_to(float *sum, const float *terms, size_t count)
{
  for (size_t i = 0; i < count; i += LANES)
    vector_store(sum + i, vector_load(sum + i) + vector_load(terms + i));
}

/* On one thread, each group's share of dW_L is added, in group order, while it is still in
   cache; all groups use the first one's array. A group without rows has no share. */
static void groups_one_by_one(struct Step *step, size_t first, size_t end)
{
  const struct Pairs *pairs = &step->pairs[SUBSET_TRAIN];
  float *W_L = step->groups[0].W_L;
  for (size_t g = first; g < end; g++) {
    group_gradient(step, g, W_L);
    mark(step, PART_NONE);
    if (pairs->group_first[g] < pairs->group_first[g + 1])
      add_to(step->gradients.W_L, W_L, factors_map_size(&step->factors));
    mark(step, PART_REDUCTIONS);
  }
}

/* The groups of a band, then its pairs column by column. */
static void band_gradient(struct Step *step, size_t band, bool alone)
{
  size_t n_groups = step->pairs[SUBSET_TRAIN].n_groups, p = (size_t)step->factors.shape.p;
  size_t first = band * n_groups / step->n_bands, end = (band + 1) * n_groups / step->n_bands;
  step->first = band_first(step, band);
  step->end = band_first(step, band + 1);
  if (alone)
    groups_one_by_one(step, first, end);
  else
#pragma omp parallel for schedule(dynamic)
    for (size_t g = first; g < end; g++)
      group_gradient(step, g, step->groups[g].W_L);
#pragma omp parallel for schedule(dynamic)
  for (size_t b = 0; b < p; b++)
    column_gradient(step, b);
}

/* out[i] = the sum over groups, in order, of one of their arrays; `member` is its offset in
   GroupSums. */
static void sum_groups(struct Step *step, size_t member, size_t count, float *out)
{
  /* 16 KiB of sums stay in L1, and reads are long enough for the hardware prefetcher */
  const size_t block = 512 * LANES;
#pragma omp parallel for
  for (size_t first = 0; first < count; first += block) {
    size_t end = first + block < count ? first + block : count;
    memset(out + first, 0, (end - first) * sizeof *out);
    for (size_t g = 0; g < step->pairs[SUBSET_TRAIN].n_groups; g++) {
      float *const *array = (float *const *)(const void *)((const char *)&step->groups[g] + member);
      add_to(out + first, *array + first, end - first);
    }
  }
}

static struct Performance performance_of_groups(const struct GroupSums *groups, size_t n_groups,
                                                size_t n)
{
  double loss = 0.0;
  size_t correct = 0;
  for (size_t g = 0; g < n_groups; g++) {
    loss += groups[g].loss;
    correct += groups[g].correct;
  }
  return (struct Performance){.loss = loss / (double)n, .accuracy = (double)correct / (double)n};
}

struct Performance step_gradient(struct Step *step, const struct Parameters *parameters,
                                 struct Parameters *gradient)
{
  struct Factors *t = &step->factors;
  const struct Pairs *pairs = &step->pairs[SUBSET_TRAIN];
  size_t count = factors_map_size(t);
  bool alone = omp_get_max_threads() == 1;
  if (alone) memset(step->gradients.W_L, 0, count * sizeof(float));
  for (size_t band = 0; band < step->n_bands; band++)
    band_gradient(step, band, alone);
  mark(step, PART_NONE);
  scores_gradient(step);
  if (!alone) sum_groups(step, offsetof(struct GroupSums, W_L), count, step->gradients.W_L);
  if (t->n_queries == 1)
    sum_groups(step, offsetof(struct GroupSums, base), t->width, step->gradients.base);
  if (!t->folded)
    sum_groups(step, offsetof(struct GroupSums, T_constants),
               t->n_constants * (size_t)t->shape.H * t->width, step->gradients.T_constants);
  mark(step, PART_REDUCTIONS);
  factors_backward(t, parameters, &step->gradients, gradient);
  mark(step, PART_FACTORS_BACKWARD);
  if (!step->config.biases) {
    memset(parameters_at(gradient, B_IN), 0, (size_t)t->shape.d_mlp * sizeof(float));
    memset(parameters_at(gradient, B_OUT), 0, (size_t)t->shape.d_model * sizeof(float));
  }
  return performance_of_groups(step->groups, pairs->n_groups, pairs->n);
}

static void group_evaluate(struct Step *step, const struct Pairs *pairs, size_t g,
                           struct GroupSums *sums)
{
  struct TileScratch *scratch = &step->scratch[omp_get_thread_num()];
  int begin = pairs->group_first[g], end = pairs->group_first[g + 1];
  for (int row = begin, next; row < end; row = next) {
    next = pairs_tile_end(pairs, row, end);
    struct Tile tile = tile_of_rows(pairs, row, next);
    tile.weights = scratch->weights;
    tile.streams = scratch->streams;
    tile.hidden = scratch->hidden;
    tile_forward(&step->factors, &step->config, pairs, scratch, &tile);
    tile_losses(&step->factors, pairs, &tile, 0.0f, sums);
  }
}

struct Performance step_evaluate(struct Step *step, enum Subset subset)
{
  const struct Pairs *pairs = &step->pairs[subset];
  struct GroupSums groups[MAX_GROUPS] = {0};
#pragma omp parallel for schedule(dynamic)
  for (size_t g = 0; g < pairs->n_groups; g++)
    group_evaluate(step, pairs, g, &groups[g]);
  return performance_of_groups(groups, pairs->n_groups, pairs->n);
}
