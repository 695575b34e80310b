/*
 * bench-devices: the time of an epoch on a device (train --devices), for networks of several sizes,
 * and of several trainings together. An operand P:D_MLP:TOGETHER is a modulus, a number of neurons
 * and how many trainings share the device; without operands there is a list of them.
 *
 * Each training takes WARM_UP epochs first. Then epochs are timed as `train` takes them, waiting
 * for the device only at the end; rounds grow until one lasts as long as --seconds says. The test
 * losses, which `train` measures every fifty epochs, are timed apart.
 */
#include "base/command_line.h"
#include "base/memory.h"
#include "base/number.h"
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WARM_UP = 300, MOST_TOGETHER = 1024 };

static double now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Trainings that differ in their seeds. */
struct Trainings {
  size_t n;
  struct Config *configs;
  struct Dataset *datasets;
  const struct Config **config;
  const struct Dataset **dataset;
  struct Engine **engines;
};

static bool configure(struct Config *config, int64_t p, int64_t neurons, size_t seed,
                      struct Error *error)
{
  char settings[3][64];
  snprintf(settings[0], sizeof settings[0], "data.modulus=%lld", (long long)p);
  snprintf(settings[1], sizeof settings[1], "model.d_mlp=%lld", (long long)neurons);
  snprintf(settings[2], sizeof settings[2], "train.seed=%zu", seed);
  config_init(config);
  for (int i = 0; i < 3; i++)
    if (!config_override(config, settings[i], error)) return false;
  return config_check(config, error);
}

static bool load(struct Engine *engine, const struct Config *config, struct Error *error)
{
  struct Parameters initial;
  struct TrainingState state;
  if (!parameters_init(&initial, config, error)) return false;
  parameters_initialise(&initial, config->train.seed);
  bool loaded = training_state_init(&state, config, initial.total, error);
  if (loaded) {
    training_state_start(&state, &initial);
    loaded = engine_load(engine, &state, error);
    training_state_release(&state);
  }
  parameters_release(&initial);
  return loaded;
}

static bool open_trainings(struct Trainings *t, const char *engine, int device, int64_t p,
                           int64_t neurons, struct Error *error)
{
  const char *what = "the trainings";
  t->configs = memory_new(t->n, sizeof *t->configs, what, error);
  t->datasets = memory_new(t->n, sizeof *t->datasets, what, error);
  t->config = memory_new(t->n, sizeof *t->config, what, error);
  t->dataset = memory_new(t->n, sizeof *t->dataset, what, error);
  t->engines = memory_new(t->n, sizeof(struct Engine *), what, error);
  if (!t->configs || !t->datasets || !t->config || !t->dataset || !t->engines) return false;
  for (size_t i = 0; i < t->n; i++) {
    t->config[i] = &t->configs[i];
    t->dataset[i] = &t->datasets[i];
    if (!configure(&t->configs[i], p, neurons, i, error) ||
        !dataset_init(&t->datasets[i], &t->configs[i].data, error))
      return false;
  }
  if (!engine_open_together(t->engines, t->n, engine, device, t->config, t->dataset, error))
    return false;
  for (size_t i = 0; i < t->n; i++)
    if (!load(t->engines[i], t->config[i], error)) return false;
  return true;
}

static void release(struct Trainings *t)
{
  for (size_t i = 0; i < t->n; i++) {
    if (t->engines) engine_close(t->engines[i]);
    if (t->datasets) dataset_release(&t->datasets[i]);
  }
  free(t->configs);
  free(t->datasets);
  free(t->config);
  free(t->dataset);
  free(t->engines);
}

/* So many epochs of all; waits for the last. */
static bool take(const struct Trainings *t, int64_t epochs, struct Error *error)
{
  struct Performance before;
  for (int64_t epoch = 1; epoch <= epochs; epoch++)
    for (size_t i = 0; i < t->n; i++)
      if (!engine_step(t->engines[i], epoch == epochs ? &before : NULL, error)) return false;
  return engine_evaluate(t->engines[0], SUBSET_TRAIN, &before, error);
}

/* Seconds that an epoch of all takes; and a test loss of all. */
static bool measure(const struct Trainings *t, double seconds, double *epoch, double *test,
                    struct Error *error)
{
  double taken = 0;
  int64_t epochs = 8;
  if (!take(t, WARM_UP, error)) return false;
  for (;; epochs *= 2) {
    const double start = now();
    if (!take(t, epochs, error)) return false;
    taken = now() - start;
    if (taken >= seconds) break;
  }
  *epoch = taken / (double)epochs;
  struct Performance performance;
  if (!take(t, 1, error)) return false;
  const double start = now();
  for (size_t i = 0; i < t->n; i++)
    if (!engine_evaluate(t->engines[i], SUBSET_TEST, &performance, error)) return false;
  *test = now() - start;
  return true;
}

static bool bench(const char *engine, int device, double seconds, const int64_t sizes[3],
                  struct Error *error)
{
  struct Trainings t = {.n = (size_t)sizes[2]};
  double epoch = 0, test = 0;
  bool measured = open_trainings(&t, engine, device, sizes[0], sizes[1], error) &&
                  measure(&t, seconds, &epoch, &test, error);
  const size_t pairs = measured ? t.datasets[0].n_train : 0;
  release(&t);
  if (!measured) return false;
  printf("%5lld %6zu %6lld %8lld %11.4f %11.4f %13.2f %12.2f\n", (long long)sizes[0], pairs,
         (long long)sizes[1], (long long)sizes[2], 1e3 * epoch, 1e3 * test, 40000 * epoch,
         60 * (double)sizes[2] / (40000 * epoch));
  fflush(stdout);
  return true;
}

/* "113:512:1" */
static bool parse_sizes(const char *text, int64_t sizes[3], struct Error *error)
{
  char copy[96], *rest = NULL;
  snprintf(copy, sizeof copy, "%s", text);
  char *word = strtok_r(copy, ":", &rest);
  int n = 0;
  while (n < 3 && word && number_parse_integer(word, &sizes[n]) && sizes[n] > 0) {
    word = strtok_r(NULL, ":", &rest);
    n++;
  }
  return (n == 3 && !word && sizes[2] <= MOST_TOGETHER) ||
         error_set(error, "%s: expected P:D_MLP:TOGETHER, as 113:512:1", text);
}

int main(int argc, char **argv)
{
  static char *usual[] = {"59:512:1",   "113:512:1", "227:512:1",  "401:512:1", "113:2048:1",
                          "113:8192:1", "113:512:4", "113:512:16", "59:512:16", "59:512:64"};
  const char *engine = "opencl", *device_text = NULL, *seconds_text = NULL;
  const struct Option options[] = {
      {0, "engine", "NAME", "the engine (default: opencl)", &engine},
      {0, "device", "N", "its device (default: the first)", &device_text},
      {0, "seconds", "S", "how long a round takes at least (default: 2)", &seconds_text},
      {0}};
  const struct Tool tool = {.name = "bench-devices",
                            .operands = "[P:D_MLP:TOGETHER...]",
                            .summary = "Times epochs of trainings on a device.",
                            .options = options};
  int first, status = command_line_parse(&tool, argc, argv, &first);
  if (status != COMMAND_LINE_CONTINUE) return status;
  struct Error error = {0};
  int64_t device = -1;
  double seconds = 2;
  bool ready = (!device_text || number_parse_integer(device_text, &device) ||
                error_set(&error, "--device: expected a number")) &&
               (!seconds_text || number_parse_real(seconds_text, &seconds) ||
                error_set(&error, "--seconds: expected a number"));
  char **sizes = first < argc ? argv + first : usual;
  const size_t n = first < argc ? (size_t)(argc - first) : sizeof usual / sizeof *usual;
  if (ready)
    printf("%5s %6s %6s %8s %11s %11s %13s %12s\n", "p", "pairs", "d_mlp", "together", "epoch/ms",
           "test/ms", "40,000 in s", "runs/min");
  for (size_t i = 0; ready && i < n; i++) {
    int64_t of[3] = {0};
    ready = parse_sizes(sizes[i], of, &error) && bench(engine, (int)device, seconds, of, &error);
  }
  return ready ? EXIT_SUCCESS : command_line_fail(&tool, &error);
}
