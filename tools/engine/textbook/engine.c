/*
 * The textbook network (network/textbook.h) behind engine/engine.h.
 *
 * The pairs of a subset are cut into batches, and the batches into at most MAX_GROUPS groups of
 * consecutive ones. A thread takes whole groups; each group has its own gradient and sums, which
 * are then added in order. None of this depends on the number of threads, and OpenBLAS computes
 * every product on one thread, so that neither do the bits.
 *
 * Only an OpenBLAS with POSIX threads of its own is called by several threads at once. Without
 * threads it computes wrong products then, and with OpenMP it takes our threads for single ones
 * that it may split, as it has an OpenMP library of its own.
 */
#include "base/memory.h"
#include "engine/backend.h"
#include "engine/textbook/products.h"
#include "network/examples.h"
#include "network/flush.h"
#include "network/textbook.h"

#include <cblas.h>
#include <gnu/libc-version.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_GROUPS = 8, BATCH_POSITIONS = 384 };

/* The sequences of a subset. */
struct Sequences {
  size_t n;
  int *tokens;  /* [n][N] */
  int *answers; /* [n] */
  size_t n_batches, n_groups;
};

/* Sums over the batches of a group. */
struct BatchGroup {
  double loss;
  size_t correct;
  float *gradient; /* [total] */
};

struct TextbookEngine {
  struct Engine engine;
  struct OptimizerConfig optimizer;
  struct Parameters parameters, gradient;
  struct AdamW adamw;
  struct Sequences sequences[2]; /* SUBSET_TRAIN, SUBSET_TEST */
  size_t batch;                  /* sequences */
  struct BatchGroup groups[MAX_GROUPS];
  int n_threads;             /* at most */
  struct Textbook *networks; /* [n_threads] */
  char bits[PRODUCTS_TEXT_SIZE + 48];
};

static struct TextbookEngine *textbook(struct Engine *engine)
{
  return (struct TextbookEngine *)engine;
}

static bool can_train(const struct Config *config, struct Error *error)
{
  for (int i = 0; i < config_n_settings(); i++) {
    const char *name = config_setting_name(i);
    bool known = strncmp(name, "model.", 6) == 0 || strcmp(name, "train.loss") == 0 ||
                 strcmp(name, "data.equals") == 0;
    if (!known && config_is_extended(config, i))
      return error_set(error, "it does not know %s yet", name);
  }
  return true;
}

/* ---- opening ---- */

static bool list_sequences(struct TextbookEngine *e, const struct Examples *examples,
                           enum Subset subset, struct Error *error)
{
  struct Sequences *s = &e->sequences[subset];
  s->n = examples->n[subset];
  s->n_batches = (s->n + e->batch - 1) / e->batch;
  s->n_groups = s->n_batches < MAX_GROUPS ? s->n_batches : MAX_GROUPS;
  s->tokens = memory_new(s->n * examples->N, sizeof *s->tokens, "the examples", error);
  s->answers = memory_new(s->n * examples->R, sizeof *s->answers, "the examples", error);
  for (size_t i = 0; s->answers && s->tokens && i < s->n; i++)
    examples_get(examples, subset, i, s->tokens + i * examples->N, s->answers + i * examples->R);
  return s->tokens && s->answers;
}

static bool list_examples(struct TextbookEngine *e, const struct Config *config,
                          const struct Dataset *dataset, struct Error *error)
{
  struct Examples examples;
  if (!examples_init(&examples, config, dataset, error)) return false;
  bool listed = list_sequences(e, &examples, SUBSET_TRAIN, error) &&
                list_sequences(e, &examples, SUBSET_TEST, error);
  examples_release(&examples);
  return listed;
}

static bool open_networks(struct TextbookEngine *e, const struct Config *config,
                          struct Error *error)
{
  int most = openblas_get_parallel() == OPENBLAS_THREAD ? MAX_GROUPS : 1;
  int now = omp_get_max_threads();
  e->n_threads = now < most ? now : most;
  e->networks = memory_new((size_t)e->n_threads, sizeof *e->networks, "networks", error);
  for (int i = 0; e->networks && i < e->n_threads; i++) {
    struct Textbook *network = &e->networks[i];
    if (!textbook_init(network, &e->parameters.shape, &config->model, e->batch, error))
      return false;
    network->loss = config->train.loss;
    network->seed = config->train.seed;
  }
  return e->networks;
}

static bool open_groups(struct TextbookEngine *e, struct Error *error)
{
  for (size_t g = 0; g < e->sequences[SUBSET_TRAIN].n_groups; g++) {
    e->groups[g].gradient =
        memory_new(e->parameters.total, sizeof(float), "the gradient of a group", error);
    if (!e->groups[g].gradient) return false;
  }
  return true;
}

static bool open_library(struct TextbookEngine *e, struct Error *error)
{
  char library[PRODUCTS_TEXT_SIZE];
  openblas_set_num_threads(1);
  products_describe(library);
  /* the C library has the exponential and error functions */
  snprintf(e->bits, sizeof e->bits, "textbook, %s, glibc %s", library, gnu_get_libc_version());
  return products_check(&e->parameters.shape, BATCH_POSITIONS, error);
}

static void close_engine(struct Engine *engine)
{
  struct TextbookEngine *e = textbook(engine);
  for (int i = 0; e->networks && i < e->n_threads; i++)
    textbook_release(&e->networks[i]);
  free(e->networks);
  for (size_t g = 0; g < MAX_GROUPS; g++)
    free(e->groups[g].gradient);
  for (int subset = SUBSET_TRAIN; subset <= SUBSET_TEST; subset++) {
    free(e->sequences[subset].tokens);
    free(e->sequences[subset].answers);
  }
  adamw_release(&e->adamw);
  parameters_release(&e->gradient);
  parameters_release(&e->parameters);
  free(e);
}

static struct Engine *open_engine(const struct Config *config, const struct Dataset *dataset,
                                  struct Error *error)
{
  struct TextbookEngine *e = memory_new(1, sizeof *e, "an engine", error);
  if (!e) return NULL;
  e->optimizer = config->optimizer;
  bool ready = parameters_init(&e->parameters, config, error) &&
               parameters_init(&e->gradient, config, error);
  if (ready) e->batch = (size_t)(BATCH_POSITIONS / e->parameters.shape.n_positions);
  if (ready && open_library(e, error) && adamw_init(&e->adamw, e->parameters.total, error) &&
      list_examples(e, config, dataset, error) && open_networks(e, config, error) &&
      open_groups(e, error))
    return &e->engine;
  close_engine(&e->engine);
  return NULL;
}

/* ---- the state ---- */

static const char *bits(const struct Engine *engine)
{
  return ((const struct TextbookEngine *)engine)->bits;
}

static bool load(struct Engine *engine, const struct Parameters *parameters,
                 const struct AdamW *adamw, struct Error *error)
{
  (void)error;
  parameters_copy(parameters, &textbook(engine)->parameters);
  adamw_copy(adamw, &textbook(engine)->adamw);
  return true;
}

static bool fetch(const struct Engine *engine, struct Parameters *parameters, struct AdamW *adamw,
                  struct Error *error)
{
  (void)error;
  const struct TextbookEngine *e = (const struct TextbookEngine *)engine;
  parameters_copy(&e->parameters, parameters);
  if (adamw) adamw_copy(&e->adamw, adamw);
  return true;
}

/* ---- epochs ---- */

static int threads_now(const struct TextbookEngine *e)
{
  int threads = omp_get_max_threads();
  return threads < e->n_threads ? threads : e->n_threads;
}

/* The batches of a group, forward and, if `gradient` is not NULL, backward. */
static void run_group(struct TextbookEngine *e, const struct Sequences *s, size_t g,
                      float *gradient, struct BatchGroup *sums)
{
  struct Textbook *network = &e->networks[omp_get_thread_num()];
  size_t N = (size_t)e->parameters.shape.n_positions;
  size_t begin = s->n_batches * g / s->n_groups, end = s->n_batches * (g + 1) / s->n_groups;
  const float *parameters = e->parameters.values;
  const float scale = GRADIENT_SCALE / (float)s->n;
  sums->loss = 0;
  sums->correct = 0;
  if (gradient) memset(gradient, 0, e->parameters.total * sizeof *gradient);
  for (size_t i = begin; i < end; i++) {
    size_t first = i * e->batch, n = s->n - first < e->batch ? s->n - first : e->batch;
    const int *tokens = s->tokens + first * N;
    network->training = gradient;
    network->step = e->adamw.step;
    network->first = first;
    textbook_forward(network, parameters, tokens, n);
    textbook_losses(network, s->answers + first, n, scale, &sums->loss, &sums->correct, NULL);
    if (gradient) textbook_backward(network, parameters, tokens, n, gradient);
  }
}

static struct Performance sum_performance(const struct Sequences *s,
                                          const struct BatchGroup *groups)
{
  double loss = 0;
  size_t correct = 0;
  for (size_t g = 0; g < s->n_groups; g++) {
    loss += groups[g].loss;
    correct += groups[g].correct;
  }
  return (struct Performance){loss / (double)s->n, (double)correct / (double)s->n};
}

/* The sum of the groups' gradients, in order. */
static void sum_gradients(struct TextbookEngine *e)
{
  float *sum = e->gradient.values;
#pragma omp parallel for
  for (size_t i = 0; i < e->gradient.total; i++) {
    float of_groups = 0;
    for (size_t g = 0; g < e->sequences[SUBSET_TRAIN].n_groups; g++)
      of_groups += e->groups[g].gradient[i];
    sum[i] = of_groups;
  }
}

static bool step(struct Engine *engine, struct Performance *before, struct Error *error)
{
  (void)error;
  struct TextbookEngine *e = textbook(engine);
  const struct Sequences *s = &e->sequences[SUBSET_TRAIN];
#pragma omp parallel for schedule(dynamic) num_threads(threads_now(e))
  for (size_t g = 0; g < s->n_groups; g++)
    run_group(e, s, g, e->groups[g].gradient, &e->groups[g]);
  *before = sum_performance(s, e->groups);
  sum_gradients(e);
  adamw_step(&e->adamw, &e->optimizer, &e->gradient, &e->parameters);
  return true;
}

static bool evaluate(struct Engine *engine, enum Subset subset, struct Performance *performance,
                     struct Error *error)
{
  (void)error;
  struct TextbookEngine *e = textbook(engine);
  const struct Sequences *s = &e->sequences[subset];
  struct BatchGroup groups[MAX_GROUPS];
#pragma omp parallel for schedule(dynamic) num_threads(threads_now(e))
  for (size_t g = 0; g < s->n_groups; g++)
    run_group(e, s, g, NULL, &groups[g]);
  *performance = sum_performance(s, groups);
  return true;
}

const struct Backend textbook_backend = {
    .name = "textbook",
    .summary = "any network, over OpenBLAS; the definition of the model",
    .can_train = can_train,
    .open = open_engine,
    .close = close_engine,
    .bits = bits,
    .load = load,
    .fetch = fetch,
    .step = step,
    .evaluate = evaluate};
