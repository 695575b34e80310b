/*
 * bench-network: the time of a training step of the textbook network (network/textbook.h) of any
 * configuration, on made-up sequences: tokens and answers are random numbers. One line of
 * milliseconds per step, for pytorch_steps.py. As in the textbook engine, the sequences are cut
 * into slices, and the slices into groups, each with a gradient of its own.
 */
#include "base/command_line.h"
#include "base/memory.h"
#include "base/number.h"
#include "engine/adamw.h"
#include "network/dataset.h"
#include "network/flush.h"
#include "network/random.h"
#include "network/textbook.h"

#include <cblas.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DEFAULT_STEPS = 20, WARM_UP = 2, MOST_GROUPS = 8, MOST_THREADS = 1024 };
enum { LEAST_POSITIONS = 64, MOST_POSITIONS = 384 }; /* of a slice */

/* ---- a network and its sequences ---- */

struct Trainee {
  struct Config config;
  struct Parameters parameters, gradient;
  struct AdamW adamw;
  size_t n, slice, n_groups;
  int *tokens;  /* [n][N] */
  int *answers; /* [n][R] */
  int threads;
  struct Textbook *networks;     /* [threads] */
  float *of_groups[MOST_GROUPS]; /* gradients [total] */
};

static int *draw(const char *name, size_t n, int below, struct Error *error)
{
  int *numbers = memory_new(n, sizeof *numbers, "the sequences", error);
  for (size_t i = 0; numbers && i < n; i++)
    numbers[i] = (int)(random_uniform(0, name, i) * below);
  return numbers;
}

/* How many sequences a step has. */
static bool count_sequences(struct Trainee *t, struct Error *error)
{
  t->n = (size_t)t->config.train.batch_size;
  if (t->n > 0) return true;
  if (t->config.data.task != TASK_PAIRS)
    return error_set(error, "train.batch_size = 0: how many sequences?");
  double p = t->config.data.modulus;
  t->n = (size_t)(t->config.data.train_fraction * p * p);
  return true;
}

static size_t ceiling(size_t n, size_t unit)
{
  return (n + unit - 1) / unit;
}

static void cut(struct Trainee *t)
{
  size_t P = (size_t)(t->parameters.shape.n_positions + t->parameters.shape.n_registers);
  size_t most = MOST_POSITIONS / P > 0 ? MOST_POSITIONS / P : 1;
  t->slice = ceiling(t->n, MOST_GROUPS);
  if (t->slice < ceiling(LEAST_POSITIONS, P)) t->slice = ceiling(LEAST_POSITIONS, P);
  if (t->slice > most) t->slice = most;
  size_t n_slices = ceiling(t->n, t->slice);
  t->n_groups = n_slices < MOST_GROUPS ? n_slices : MOST_GROUPS;
}

static bool open_networks(struct Trainee *t, struct Error *error)
{
  t->networks = memory_new((size_t)t->threads, sizeof *t->networks, "networks", error);
  for (int i = 0; t->networks && i < t->threads; i++)
    if (!textbook_init(&t->networks[i], &t->parameters.shape, &t->config.model, t->slice, error))
      return false;
  for (size_t g = 0; g < t->n_groups; g++) {
    t->of_groups[g] = memory_new(t->parameters.total, sizeof(float), "gradients", error);
    if (!t->of_groups[g]) return false;
  }
  return t->networks;
}

static bool trainee_init(struct Trainee *t, struct Error *error)
{
  if (!config_check(&t->config, error) || !count_sequences(t, error) ||
      !parameters_init(&t->parameters, &t->config, error) ||
      !parameters_init(&t->gradient, &t->config, error) ||
      !adamw_init(&t->adamw, t->parameters.total, error))
    return false;
  parameters_initialise(&t->parameters, t->config.train.seed);
  const struct Shape *shape = &t->parameters.shape;
  t->tokens = draw("tokens", t->n * (size_t)shape->n_positions, shape->V_in, error);
  t->answers = draw("answers", t->n * (size_t)shape->n_read, shape->V, error);
  cut(t);
  return t->tokens && t->answers && open_networks(t, error);
}

static void trainee_release(struct Trainee *t)
{
  for (int i = 0; t->networks && i < t->threads; i++)
    textbook_release(&t->networks[i]);
  for (size_t g = 0; g < MOST_GROUPS; g++)
    free(t->of_groups[g]);
  free(t->networks);
  free(t->tokens);
  free(t->answers);
  adamw_release(&t->adamw);
  parameters_release(&t->gradient);
  parameters_release(&t->parameters);
}

/* ---- a step ---- */

static void run_group(struct Trainee *t, size_t g)
{
  struct Textbook *network = &t->networks[omp_get_thread_num()];
  const struct Shape *shape = &t->parameters.shape;
  size_t N = (size_t)shape->n_positions, R = (size_t)shape->n_read, correct = 0;
  size_t n_slices = ceiling(t->n, t->slice), end = n_slices * (g + 1) / t->n_groups;
  float scale = GRADIENT_SCALE / (float)(t->n * R);
  double loss = 0;
  memset(t->of_groups[g], 0, t->parameters.total * sizeof(float));
  for (size_t i = n_slices * g / t->n_groups; i < end; i++) {
    size_t first = i * t->slice, n = t->n - first < t->slice ? t->n - first : t->slice;
    const int *tokens = t->tokens + first * N;
    textbook_forward(network, t->parameters.values, tokens, n);
    textbook_losses(network, t->answers + first * R, n, scale, &loss, &correct, NULL);
    textbook_backward(network, t->parameters.values, tokens, n, t->of_groups[g]);
  }
}

static void sum_gradients(struct Trainee *t)
{
  float *sum = t->gradient.values;
#pragma omp parallel for
  for (size_t i = 0; i < t->gradient.total; i++) {
    float of_groups = 0;
    for (size_t g = 0; g < t->n_groups; g++)
      of_groups += t->of_groups[g][i];
    sum[i] = of_groups;
  }
}

static void step(struct Trainee *t)
{
#pragma omp parallel for schedule(dynamic)
  for (size_t g = 0; g < t->n_groups; g++)
    run_group(t, g);
  sum_gradients(t);
  adamw_step(&t->adamw, &t->config.optimizer, &t->gradient, &t->parameters);
}

/* ---- timing ---- */

/* Milliseconds: on one thread of processor time, which other programs hardly affect. */
static double now(int threads)
{
  struct timespec time;
  clock_gettime(threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return 1e3 * (double)time.tv_sec + 1e-6 * (double)time.tv_nsec;
}

static bool bench(struct Trainee *t, size_t steps, struct Error *error)
{
  openblas_set_num_threads(1);
  omp_set_num_threads(t->threads);
  if (!trainee_init(t, error)) return false;
  for (size_t i = 0; i < WARM_UP + steps; i++) {
    double start = now(t->threads);
    step(t);
    if (i >= WARM_UP) printf("%.6f\n", now(t->threads) - start);
  }
  return true;
}

static bool parse_count(const char *option, const char *text, int64_t most, int64_t *count,
                        struct Error *error)
{
  if (!text || (number_parse_integer(text, count) && *count >= 1 && *count <= most)) return true;
  return error_set(error, "--%s %s: expected a whole number from 1 to %lld", option, text,
                   (long long)most);
}

int main(int argc, char **argv)
{
  const char *steps_text = NULL, *threads_text = NULL;
  const struct Option options[] = {
      {'n', "steps", "N", "steps that are timed (default: 20)", &steps_text},
      {0, "threads", "N", "OpenMP threads (default: 1)", &threads_text},
      {0}};
  const struct Tool tool = {.name = "bench-network",
                            .operands = "[section.key=value...]",
                            .summary =
                                "Times training steps of the textbook network on made-up sequences,"
                                " and prints their\nmilliseconds, one a line.",
                            .options = options};
  int first;
  int status = command_line_parse(&tool, argc, argv, &first);
  if (status != COMMAND_LINE_CONTINUE) return status;
  struct Error error = {0};
  struct Trainee trainee = {0};
  int64_t steps = DEFAULT_STEPS, threads = 1;
  config_init(&trainee.config);
  bool done = parse_count("steps", steps_text, 100000, &steps, &error) &&
              parse_count("threads", threads_text, MOST_THREADS, &threads, &error);
  trainee.threads = (int)threads;
  for (int i = first; done && i < argc; i++)
    done = config_override(&trainee.config, argv[i], &error);
  done = done && bench(&trainee, (size_t)steps, &error);
  trainee_release(&trainee);
  return done ? EXIT_SUCCESS : command_line_fail(&tool, &error);
}
