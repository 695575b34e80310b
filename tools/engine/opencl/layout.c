#include "engine/opencl/layout.h"

#include "base/memory.h"
#include "engine/adamw.h"
#include "network/flush.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Places are whole cache lines, which also aligns doubles. */
enum { LINE = 16 };

static Index place(Index *end, size_t count)
{
  Index at = *end;
  *end += ((Index)count + LINE - 1) / LINE * LINE;
  return at;
}

static void place_floats(struct Layout *layout)
{
  const struct Factors *t = &layout->sizes;
  const size_t p = (size_t)t->shape.p, H = (size_t)t->shape.H, d = (size_t)t->shape.d_model;
  const size_t V = (size_t)t->shape.V, m = (size_t)t->shape.d_mlp;
  const size_t d_head = (size_t)t->shape.d_head, S = t->n_sources, Q = t->n_queries;
  const size_t C = t->n_constants, P = t->n_positions, n = layout->room, G = layout->n_groups;
  const size_t row = H * t->width;
  const size_t of_pairs = n > layout->n_test ? n : layout->n_test;
  const size_t total = layout->n_parameters;
  const bool equals = Q == 1;
  const size_t counts[N_LAYOUT_FLOATS] = {[AT_PARAMETERS] = total,
                                          [AT_M] = total,
                                          [AT_V] = total,
                                          [AT_D_PARAMETERS] = total,
                                          [AT_RATES] = RATES_KEPT * RATES_SIZE,
                                          [AT_SOURCES] = S * d,
                                          [AT_READ] = equals ? 0 : Q * d,
                                          [AT_READER] = d * t->width,
                                          [AT_READERS_BY_HEAD] = H * d_head * t->width,
                                          [AT_VALUES] = H * S * d_head,
                                          [AT_SOURCE_ROWS] = S * row,
                                          [AT_T0] = p * row,
                                          [AT_T1] = p * row,
                                          [AT_BASE] = Q * t->width,
                                          [AT_W_L_TRANSPOSED] = m * t->logit_width,
                                          [AT_QUERY] = H * Q * d_head,
                                          [AT_KEY_QUERY] = d * H * Q,
                                          [AT_SOURCE_SCORES] = S * H * Q,
                                          [AT_WEIGHTS] = n * P * H,
                                          [AT_HIDDEN] = n * t->mlp_width,
                                          [AT_SLOPES] = layout->gelu ? n * t->mlp_width : 0,
                                          [AT_STREAMS] = n * t->width,
                                          [AT_LOSSES] = n * LOSS_SIZE,
                                          [AT_D_SCORES] = n * P * H,
                                          [AT_GROUP_W_L] = G * V * t->mlp_width,
                                          [AT_GROUP_BASES] = equals ? G * t->width : 0,
                                          [AT_GROUP_CONSTANTS] = t->folded ? 0 : G * C * row,
                                          [AT_D_W_L] = V * t->mlp_width,
                                          [AT_D_T0] = p * row,
                                          [AT_D_T1] = p * row,
                                          [AT_D_BASE] = Q * t->width,
                                          [AT_D_BASE_SUM] = t->width,
                                          [AT_D_SCORE0] = p * Q * H,
                                          [AT_D_SCORE1] = p * H,
                                          [AT_CONSTANTS_OF_ROW] = p * C * Q * H,
                                          [AT_D_SOURCE_ROWS] = S * row,
                                          [AT_D_SOURCE_SCORES] = S * H * Q,
                                          [AT_D_READERS_BY_HEAD] = H * d_head * t->width,
                                          [AT_D_VALUES] = H * S * d_head,
                                          [AT_D_SOURCES] = S * d,
                                          [AT_D_READ] = equals ? 0 : Q * d,
                                          [AT_D_QUERY] = H * Q * d_head,
                                          [AT_D_KEY_QUERY] = d * H * Q,
                                          [AT_LOSS_OF_PAIRS] = 2 * of_pairs,
                                          [AT_GROUP_LOSSES] = 2 * G};
  for (int i = 0; i < N_LAYOUT_FLOATS; i++)
    layout->at[i] = place(&layout->floats, counts[i]);
  if (equals) { /* behind the tokens and two positions */
    layout->at[AT_READ] = layout->at[AT_SOURCES] + (Index)((p + 2) * d);
    layout->at[AT_D_READ] = layout->at[AT_D_SOURCES] + (Index)((p + 2) * d);
  }
}

static void place_ints(struct Layout *layout)
{
  const size_t p = (size_t)layout->sizes.shape.p, H = (size_t)layout->sizes.shape.H;
  const size_t n = layout->n_train, n_test = layout->n_test, G = layout->n_groups;
  const size_t counts[N_LAYOUT_INTS] = {[INTS_STEP] = 1,
                                        [INTS_NOT_FINITE] = 1,
                                        [INTS_TRAIN] = 3 * n,
                                        [INTS_TEST] = 3 * n_test,
                                        [INTS_TRAIN_GROUPS] = G + 1,
                                        [INTS_TEST_GROUPS] = G + 1,
                                        [INTS_GROUP_ROWS] = G + 1,
                                        [INTS_ROW_FIRST] = p + 1,
                                        [INTS_COLUMN_FIRST] = p + 1,
                                        [INTS_BY_COLUMN] = n,
                                        [INTS_GROUP_SEGMENTS] = G + 1,
                                        [INTS_TILES] = p + 1,
                                        [INTS_STRIP_SEGMENTS] = 2,
                                        [INTS_STRIPS] = factor_strips(&layout->sizes) + 1,
                                        [INTS_HEAD_SEGMENTS] = 2,
                                        [INTS_HEAD_BOUNDS] = H + 1,
                                        [INTS_CORRECT_OF_PAIRS] = n > n_test ? n : n_test,
                                        [INTS_GROUP_CORRECT] = G};
  for (int i = 0; i < N_LAYOUT_INTS; i++)
    layout->ints_at[i] = place(&layout->ints, counts[i]);
}

void layout_init(struct Layout *layout, const struct Config *config, const struct Parameters *list,
                 size_t n_train, size_t n_test)
{
  const size_t p = (size_t)list->shape.p, of_test = (n_test + MOST_ROUNDS - 1) / MOST_ROUNDS;
  *layout = (struct Layout){.n_train = n_train,
                            .n_test = n_test,
                            .room = n_train > of_test ? n_train : of_test,
                            .n_groups = p < MAX_GROUPS ? p : MAX_GROUPS,
                            .n_parameters = list->total,
                            .gelu = config->model.activation == ACTIVATION_GELU};
  factors_describe(&layout->sizes, &list->shape, &config->model);
  place_floats(layout);
  place_ints(layout);
  for (int i = 0; i < N_PARAMETER_KINDS; i++) {
    int in_list = parameters_place(list, 0, (enum Parameter)i);
    layout->parameter_at[i] = in_list < 0 ? -1 : (Index)list->info[in_list].offset;
  }
}

/* ---- definitions ---- */

static void define(FILE *out, const char *name, Index value)
{
  fprintf(out, "-D%s=%" PRId64 " ", name, value);
}

/* A place, with 64 bits, so that sums with it have as many. */
static void define_place(FILE *out, const char *name, Index value)
{
  fprintf(out, "-D%s=%" PRId64 "L ", name, value);
}

/* Hexadecimal, so that no digit is lost. */
static void define_float(FILE *out, const char *name, float value)
{
  fprintf(out, "-D%s=%af ", name, (double)value);
}

static void define_sizes(FILE *out, const struct Layout *layout, const struct Config *config)
{
  const struct Factors *t = &layout->sizes;
  const bool equals = t->n_queries == 1;
  define(out, "N_PARAMETERS", (Index)layout->n_parameters);
  define(out, "N_TRAIN", (Index)layout->n_train);
  define(out, "N_TEST", (Index)layout->n_test);
  define(out, "N_GROUPS", (Index)layout->n_groups);
  define(out, "N_SOURCES", (Index)t->n_sources);
  define(out, "TOKENS", t->shape.p);
  define(out, "VOCABULARY", t->shape.V_in);
  define(out, "EQUALS", equals);
  define(out, "QUERIES", (Index)t->n_queries);
  define(out, "CONSTANTS", (Index)t->n_constants);
  define(out, "REGISTERS", t->shape.n_registers);
  define(out, "POSITIONS", (Index)t->n_positions);
  define(out, "FOLDED", t->folded);
  define(out, "HEADS", t->shape.H);
  define(out, "D", t->shape.d_model);
  define(out, "NEURONS", t->shape.d_mlp);
  define(out, "LOGITS", t->shape.V);
  define(out, "MLP_WIDTH", (Index)t->mlp_width);
  define(out, "LOGIT_WIDTH", (Index)t->logit_width);
  define(out, "WIDTH", (Index)t->width);
  define(out, "BIASES", config->model.biases);
  define(out, "GELU", layout->gelu);
  define(out, "LOSS_SIZE", LOSS_SIZE);
  define(out, "PAIRS_OF_STREAMS", PAIRS_OF_STREAMS);
  define(out, "PAIRS_OF_LOGITS", PAIRS_OF_LOGITS);
  define(out, "ATTENTION", config->model.attention);
  const float rate = flush((float)config->model.attention_rate);
  define(out, "MIXED", rate < 1);
  define_float(out, "RATE", rate);
  define_float(out, "QUERY_SCALE", 1.0f / sqrtf((float)t->shape.d_head));
  define_float(out, "GRADIENT_SCALE_OF_PAIR", GRADIENT_SCALE / (float)layout->n_train);
}

static void define_optimizer(FILE *out, const struct Config *config)
{
  const struct AdamWConstants c = adamw_constants(&config->optimizer, 0);
  define_float(out, "BETA1", c.beta1);
  define_float(out, "NEW1", c.new1);
  define_float(out, "BETA2", c.beta2);
  define_float(out, "NEW2", c.new2);
  define_float(out, "EPSILON", c.epsilon);
  define(out, "RATES_KEPT", RATES_KEPT);
  define(out, "RATES_SIZE", RATES_SIZE);
}

static void define_places(FILE *out, const struct Layout *layout)
{
#define DEFINE_FLOAT(name) define_place(out, "AT_" #name, layout->at[AT_##name]);
#define DEFINE_INT(name)   define(out, "INTS_" #name, layout->ints_at[INTS_##name]);
  LAYOUT_FLOATS(DEFINE_FLOAT)
  LAYOUT_INTS(DEFINE_INT)
#undef DEFINE_FLOAT
#undef DEFINE_INT
  define_place(out, "FLOATS", layout->floats);
  define(out, "INTS", layout->ints);
#define DEFINE_PARAMETER(name) define_place(out, "AT_" #name, layout->parameter_at[name]);
  DEFINE_PARAMETER(W_E)
  DEFINE_PARAMETER(W_POS)
  DEFINE_PARAMETER(W_IN)
  DEFINE_PARAMETER(B_IN)
  DEFINE_PARAMETER(B_OUT)
  DEFINE_PARAMETER(W_U)
  DEFINE_PARAMETER(REGISTERS)
#undef DEFINE_PARAMETER
}

char *layout_definitions(const struct Layout *layout, const struct Config *config,
                         struct Error *error)
{
  char *text = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&text, &size);
  if (!out) {
    error_system(error, "the sizes of the kernels");
    return NULL;
  }
  define_sizes(out, layout, config);
  define_optimizer(out, config);
  define_places(out, layout);
  if (fclose(out) == 0) return text;
  error_system(error, "the sizes of the kernels");
  free(text);
  return NULL;
}

/* ---- integers ---- */

static void fill_pairs(const struct Pairs *pairs, int *list, int *groups)
{
  for (int a = 0; a < pairs->p; a++)
    for (size_t i = pairs->row_first[a]; i < pairs->row_first[a + 1]; i++)
      list[i] = a;
  memcpy(list + pairs->n, pairs->column, pairs->n * sizeof *list);
  memcpy(list + 2 * pairs->n, pairs->answer, pairs->n * sizeof *list);
  for (size_t g = 0; g <= pairs->n_groups; g++)
    groups[g] = (int)pairs->row_first[pairs->group_first[g]];
}

static void fill_lines(const struct Pairs *pairs, int *row_first, int *column_first, int *by_column)
{
  for (int x = 0; x <= pairs->p; x++) {
    row_first[x] = (int)pairs->row_first[x];
    column_first[x] = (int)pairs->column_first[x];
  }
  for (size_t i = 0; i < pairs->n; i++)
    by_column[i] = (int)pairs->by_column[i];
}

/* `at`: the place of tiles[0] among the integers. */
static void fill_tiles(const struct Pairs *pairs, int at, int *segments, int *tiles)
{
  int n = 0;
  for (size_t g = 0; g < pairs->n_groups; g++) {
    segments[g] = at + n;
    for (int row = pairs->group_first[g]; row < pairs->group_first[g + 1];
         row = pairs_tile_end(pairs, row, pairs->group_first[g + 1]))
      tiles[n++] = (int)pairs->row_first[row];
  }
  segments[pairs->n_groups] = at + n;
  tiles[n] = (int)pairs->n;
}

void layout_fill_ints(const struct Layout *layout, const struct Pairs *train,
                      const struct Pairs *test, int *ints)
{
  const struct Factors *t = &layout->sizes;
  const Index *at = layout->ints_at;
  ints[at[INTS_NOT_FINITE]] = INT_MAX;
  fill_pairs(train, ints + at[INTS_TRAIN], ints + at[INTS_TRAIN_GROUPS]);
  fill_pairs(test, ints + at[INTS_TEST], ints + at[INTS_TEST_GROUPS]);
  memcpy(ints + at[INTS_GROUP_ROWS], train->group_first,
         (train->n_groups + 1) * sizeof *train->group_first);
  fill_lines(train, ints + at[INTS_ROW_FIRST], ints + at[INTS_COLUMN_FIRST],
             ints + at[INTS_BY_COLUMN]);
  fill_tiles(train, (int)at[INTS_TILES], ints + at[INTS_GROUP_SEGMENTS], ints + at[INTS_TILES]);

  const size_t n_strips = factor_strips(t);
  for (size_t s = 0; s < n_strips; s++)
    ints[at[INTS_STRIPS] + (Index)s] = (int)factor_strip(t, s).begin;
  ints[at[INTS_STRIPS] + (Index)n_strips] = (int)t->width;
  ints[at[INTS_STRIP_SEGMENTS]] = (int)at[INTS_STRIPS];
  ints[at[INTS_STRIP_SEGMENTS] + 1] = (int)(at[INTS_STRIPS] + (Index)n_strips);
  for (int h = 0; h <= t->shape.H; h++)
    ints[at[INTS_HEAD_BOUNDS] + h] = h * t->shape.d_head;
  ints[at[INTS_HEAD_SEGMENTS]] = (int)at[INTS_HEAD_BOUNDS];
  ints[at[INTS_HEAD_SEGMENTS] + 1] = (int)at[INTS_HEAD_BOUNDS] + t->shape.H;
}
