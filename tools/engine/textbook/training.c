/*
 * The gradient is a sum over the slices of a batch (engine/textbook/batches.h). A thread takes
 * whole groups of slices; each group has its own gradient and sums, which are then added in order.
 * None of this depends on the number of threads, and OpenBLAS computes every product on one thread,
 * so that neither do the bits.
 *
 * Only an OpenBLAS with POSIX threads of its own is called by several threads at once. Without
 * threads it computes wrong products then, and with OpenMP it takes our threads for single ones
 * that it may split, as it has an OpenMP library of its own.
 */
#include "engine/textbook/training.h"

#include "base/memory.h"
#include "engine/textbook/batches.h"
#include "engine/textbook/optimizer.h"
#include "engine/textbook/products.h"
#include "network/flush.h"
#include "network/textbook.h"

#include <cblas.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a thread needs for the slice at hand. */
struct Worker {
  struct Textbook network;
  int *tokens;  /* [slice][N] */
  int *answers; /* [slice][R] */
};

/* The sums over the slices of a group. */
struct BatchGroup {
  double loss;
  size_t n, correct;                        /* answers that count, and right ones */
  double by_token[PERFORMANCE_MOST_TOKENS]; /* losses; [n_tokens] */
  Real *gradient;                           /* [total]; NULL beyond the groups of training */
};

struct TextbookEngine {
  struct Engine engine;
  struct Config config;
  struct Shape shape;
  size_t n_tokens; /* of which losses are kept one by one */
  struct TrainingState state;
  struct Batches batches;
  size_t n_workers, n_groups, n_gradients;
  struct Worker *workers;    /* [n_workers] */
  struct BatchGroup *groups; /* [n_groups], the first n_gradients with a gradient */
  char bits[TRAINING_BITS_SIZE];
};

static struct TextbookEngine *textbook(struct Engine *engine)
{
  return (struct TextbookEngine *)engine;
}

/* ---- batches ---- */

static size_t count_answers(const int *answers, size_t n)
{
  size_t counted = 0;
  for (size_t i = 0; i < n; i++)
    counted += answers[i] >= 0;
  return counted;
}

/* The slices of a group, forward and, for a step, backward. */
static void run_group(struct TextbookEngine *e, const struct Batch *batch, size_t g, bool is_step)
{
  struct Worker *worker = &e->workers[omp_get_thread_num()];
  struct BatchGroup *group = &e->groups[g];
  struct Textbook *network = &worker->network;
  const Real *parameters = e->state.values;
  const size_t R = (size_t)e->shape.n_read;
  const Real scale = (Real)GRADIENT_SCALE / (Real)(batch->n * R);
  size_t begin, end, n;
  batch_group(batch, g, &begin, &end);
  group->loss = 0;
  group->n = group->correct = 0;
  memset(group->by_token, 0, sizeof group->by_token);
  if (is_step) memset(group->gradient, 0, e->state.total * sizeof(Real));
  for (size_t i = begin; i < end; i++) {
    size_t first = batch_slice(batch, i, &n);
    batch_get(batch, first, n, worker->tokens, worker->answers);
    group->n += count_answers(worker->answers, n * R);
    network->training = is_step;
    network->step = e->state.step;
    network->first = first;
    textbook_forward(network, parameters, worker->tokens, n);
    textbook_losses(network, worker->answers, n, scale, &group->loss, &group->correct,
                    e->n_tokens > 0 ? group->by_token : NULL);
    if (is_step) textbook_backward(network, parameters, worker->tokens, n, group->gradient);
  }
}

/* The number of answers of the batch that count. */
static size_t sum_counts(const struct TextbookEngine *e, const struct Batch *batch)
{
  size_t n = 0;
  for (size_t g = 0; g < batch->n_groups; g++)
    n += e->groups[g].n;
  return n;
}

static struct Performance sum_performance(const struct TextbookEngine *e, const struct Batch *batch)
{
  struct Performance sum = {0};
  size_t correct = 0;
  for (size_t g = 0; g < batch->n_groups; g++) {
    const struct BatchGroup *group = &e->groups[g];
    sum.loss += group->loss;
    correct += group->correct;
    for (size_t i = 0; i < e->n_tokens; i++)
      sum.token_losses[i] += group->by_token[i];
  }
  double n = (double)sum_counts(e, batch);
  sum.loss /= n;
  sum.accuracy = (double)correct / n;
  for (size_t i = 0; i < e->n_tokens; i++)
    sum.token_losses[i] /= (double)batch->n;
  return sum;
}

static struct Performance run_batch(struct TextbookEngine *e, const struct Batch *batch,
                                    bool is_step)
{
  int most = omp_get_max_threads();
  int threads = most < (int)e->n_workers ? most : (int)e->n_workers;
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (size_t g = 0; g < batch->n_groups; g++)
    run_group(e, batch, g, is_step);
  return sum_performance(e, batch);
}

/* The sum of the groups' gradients, in order, in that of the first. They were scaled as if every
   answer counted. */
static Real *sum_gradients(struct TextbookEngine *e, const struct Batch *batch)
{
  Real *sum = e->groups[0].gradient;
  const Real rescale = (Real)(batch->n * (size_t)e->shape.n_read) / (Real)sum_counts(e, batch);
#pragma omp parallel for
  for (size_t i = 0; i < e->state.total; i++) {
    Real of_groups = sum[i];
    for (size_t g = 1; g < batch->n_groups; g++)
      of_groups += e->groups[g].gradient[i];
    sum[i] = rescale * of_groups;
  }
  return sum;
}

static bool step(struct Engine *engine, struct Performance *before, struct Error *error)
{
  struct TextbookEngine *e = textbook(engine);
  const int64_t epoch = e->state.step;
  const struct Batch batch = batch_of_step(&e->batches, epoch);
  const struct Performance measured = run_batch(e, &batch, true);
  optimizer_step(&e->config, sum_gradients(e, &batch), &e->state);
  if (before) *before = measured;
  return performance_check_loss(epoch, measured.loss, error);
}

static bool evaluate(struct Engine *engine, enum Subset subset, struct Performance *performance,
                     struct Error *error)
{
  (void)error;
  struct TextbookEngine *e = textbook(engine);
  const struct Batch batch = batch_of_subset(&e->batches, subset, e->state.step);
  *performance = run_batch(e, &batch, false);
  return true;
}

/* ---- the state ---- */

static const char *get_bits(const struct Engine *engine)
{
  return ((const struct TextbookEngine *)engine)->bits;
}

static bool load(struct Engine *engine, const struct TrainingState *state, struct Error *error)
{
  (void)error;
  training_state_copy(state, &textbook(engine)->state);
  return true;
}

static bool fetch(const struct Engine *engine, struct TrainingState *state, struct Error *error)
{
  (void)error;
  training_state_copy(&((const struct TextbookEngine *)engine)->state, state);
  return true;
}

/* ---- opening ---- */

/* How much there is of everything; no memory is taken for it yet. */
static bool count(struct TextbookEngine *e, const struct Dataset *dataset, struct Error *error)
{
  struct Parameters list;
  if (!parameters_describe(&list, &e->config, error)) return false;
  e->shape = list.shape;
  e->state.total = list.total;
  parameters_release(&list);
  if (!batches_init(&e->batches, &e->config, dataset, e->state.total * sizeof(Real), error))
    return false;
  const struct Batch test = batch_of_subset(&e->batches, SUBSET_TEST, 0);
  const struct Batch train = batch_of_subset(&e->batches, SUBSET_TRAIN, 0);
  bool threads = openblas_get_parallel() == OPENBLAS_THREAD;
  size_t most = threads ? (size_t)omp_get_max_threads() : 1;
  e->n_gradients = batches_groups(&e->batches);
  e->n_groups = test.n_groups > train.n_groups ? test.n_groups : train.n_groups;
  e->n_workers = most < e->n_groups ? most : e->n_groups;
  return true;
}

/* Would everything find room, including what the caller keeps: a copy of the state, and initial
   parameters in float32? */
static bool check_memory(const struct TextbookEngine *e, struct Error *error)
{
  size_t network = textbook_size(&e->shape, &e->config.model, e->batches.slice);
  size_t arrays = e->config.optimizer.kind == OPTIMIZER_ADAMW ? 3 : 2; /* of a state */
  double numbers = (double)e->state.total;
  double bytes = numbers * (double)(sizeof(float) + sizeof(Real) * (2 * arrays + e->n_gradients)) +
                 (double)e->n_workers * (double)network;
  return memory_expect(bytes, "this training", error);
}

static bool check_products(const struct TextbookEngine *e, struct Error *error)
{
  size_t positions = (size_t)(e->shape.n_positions + e->shape.n_registers);
  return products_check(&e->shape, e->batches.slice * positions, e->config.train.precision, error);
}

static bool open_workers(struct TextbookEngine *e, struct Error *error)
{
  size_t slice = e->batches.slice, N = e->batches.examples.N, R = e->batches.examples.R;
  e->workers = memory_new(e->n_workers, sizeof *e->workers, "networks", error);
  for (size_t i = 0; e->workers && i < e->n_workers; i++) {
    struct Worker *worker = &e->workers[i];
    worker->tokens = memory_new(slice * N, sizeof *worker->tokens, "sequences", error);
    worker->answers = memory_new(slice * R, sizeof *worker->answers, "answers", error);
    if (!worker->tokens || !worker->answers ||
        !textbook_init(&worker->network, &e->shape, &e->config.model, slice, error))
      return false;
    worker->network.loss = e->config.train.loss;
    worker->network.seed = e->config.train.seed;
  }
  return e->workers;
}

static bool open_groups(struct TextbookEngine *e, struct Error *error)
{
  e->groups = memory_new(e->n_groups, sizeof *e->groups, "groups of slices", error);
  for (size_t g = 0; e->groups && g < e->n_gradients; g++) {
    e->groups[g].gradient =
        memory_new(e->state.total, sizeof(Real), "the gradient of a group", error);
    if (!e->groups[g].gradient) return false;
  }
  return e->groups;
}

static void close_engine(struct Engine *engine)
{
  struct TextbookEngine *e = textbook(engine);
  for (size_t i = 0; e->workers && i < e->n_workers; i++) {
    textbook_release(&e->workers[i].network);
    free(e->workers[i].tokens);
    free(e->workers[i].answers);
  }
  for (size_t g = 0; e->groups && g < e->n_gradients; g++)
    free(e->groups[g].gradient);
  free(e->workers);
  free(e->groups);
  batches_release(&e->batches);
  training_state_release(&e->state);
  free(e);
}

static const struct Operations operations = {.close = close_engine,
                                             .bits = get_bits,
                                             .load = load,
                                             .fetch = fetch,
                                             .step = step,
                                             .evaluate = evaluate};

struct Engine *REAL_NAME(training_open)(const struct Config *config, const struct Dataset *dataset,
                                        const char *bits, struct Error *error)
{
  struct TextbookEngine *e = memory_new(1, sizeof *e, "an engine", error);
  if (!e) return NULL;
  e->engine.operations = &operations;
  e->config = *config;
  e->n_tokens = performance_n_tokens(config);
  snprintf(e->bits, sizeof e->bits, "%s", bits);
  if (count(e, dataset, error) && check_memory(e, error) && check_products(e, error) &&
      training_state_init(&e->state, config, e->state.total, error) && open_workers(e, error) &&
      open_groups(e, error))
    return &e->engine;
  close_engine(&e->engine);
  return NULL;
}
