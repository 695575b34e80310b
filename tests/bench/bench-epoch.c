/*
 * bench-epoch: how long an epoch takes, on one thread and on all cores, and how that compares with
 * the arithmetic floor: the three dense products of the shape pairs x d_mlp x logits that no
 * implementation of this network can avoid, as three plain sgemm calls with the same kernels and
 * the same number of threads. Both are measured in turn, so that a machine whose speed drifts
 * drifts for both, and the medians are compared.
 */
#include "base/command_line.h"
#include "base/memory.h"
#include "base/number.h"
#include "model/adamw.h"
#include "model/product.h"
#include "model/step.h"

#include <cblas.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { DEFAULT_ROUNDS = 60, WARM_UP = 5 };

struct Floor {
  blasint pairs, m, V;
  float *hidden, *W_L, *logits, *d_hidden, *d_W_L; /* [pairs][m], [m][V], [pairs][V], ... */
};

static bool floor_init(struct Floor *floor, const struct Step *step, struct Error *error)
{
  size_t pairs = step->pairs[SUBSET_TRAIN].n, m = (size_t)step->tables.shape.d_mlp;
  size_t V = (size_t)step->tables.shape.V;
  const char *what = "the floor's matrices";
  *floor = (struct Floor){.pairs = (blasint)pairs, .m = (blasint)m, .V = (blasint)V};
  floor->hidden = memory_new(pairs * m, sizeof(float), what, error);
  floor->d_hidden = memory_new(pairs * m, sizeof(float), what, error);
  floor->logits = memory_new(pairs * V, sizeof(float), what, error);
  floor->W_L = memory_new(m * V, sizeof(float), what, error);
  floor->d_W_L = memory_new(m * V, sizeof(float), what, error);
  return floor->hidden && floor->d_hidden && floor->logits && floor->W_L && floor->d_W_L;
}

static void floor_release(struct Floor *floor)
{
  free(floor->hidden);
  free(floor->d_hidden);
  free(floor->logits);
  free(floor->W_L);
  free(floor->d_W_L);
}

static double now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return 1e3 * (double)time.tv_sec + 1e-6 * (double)time.tv_nsec;
}

/* logits = hidden W_L, d_hidden = d_logits W_L^T, d_W_L = hidden^T d_logits; milliseconds. */
static double time_floor(const struct Floor *f, int threads)
{
  openblas_set_num_threads(threads);
  double start = now();
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, f->pairs, f->V, f->m, 1, f->hidden, f->m,
              f->W_L, f->V, 0, f->logits, f->V);
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, f->pairs, f->m, f->V, 1, f->logits, f->V,
              f->W_L, f->V, 0, f->d_hidden, f->m);
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, f->m, f->V, f->pairs, 1, f->hidden, f->m,
              f->logits, f->V, 0, f->d_W_L, f->V);
  double elapsed = now() - start;
  openblas_set_num_threads(1);
  return elapsed;
}

struct Trainee {
  struct Config config;
  struct Dataset dataset;
  struct Parameters parameters, gradient;
  struct AdamW adamw;
  struct Step step;
};

static bool trainee_init(struct Trainee *t, struct Error *error)
{
  if (!config_check(&t->config, error) || !dataset_init(&t->dataset, &t->config.data, error) ||
      !parameters_init(&t->parameters, &t->config, error) ||
      !parameters_init(&t->gradient, &t->config, error) ||
      !adamw_init(&t->adamw, t->parameters.total, error) ||
      !step_init(&t->step, &t->config, &t->dataset, error))
    return false;
  parameters_initialise(&t->parameters, t->config.train.seed);
  return true;
}

static void trainee_release(struct Trainee *t)
{
  step_release(&t->step);
  adamw_release(&t->adamw);
  parameters_release(&t->gradient);
  parameters_release(&t->parameters);
  dataset_release(&t->dataset);
}

static double time_epoch(struct Trainee *t)
{
  double start = now();
  step_prepare(&t->step, &t->parameters);
  step_gradient(&t->step, &t->parameters, &t->gradient);
  adamw_step(&t->adamw, &t->config.optimizer, &t->gradient, &t->parameters);
  return now() - start;
}

static int compare(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
  qsort(values, n, sizeof *values, compare);
  return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static bool bench_threads(const struct Config *config, int threads, size_t rounds,
                          struct Error *error)
{
  omp_set_num_threads(threads);
  struct Trainee trainee = {.config = *config};
  struct Floor floor = {0};
  double *epochs = memory_new(rounds, sizeof *epochs, "timings", error);
  double *floors = memory_new(rounds, sizeof *floors, "timings", error);
  bool ready =
      epochs && floors && trainee_init(&trainee, error) && floor_init(&floor, &trainee.step, error);
  for (size_t i = 0; ready && i < WARM_UP; i++) {
    time_epoch(&trainee);
    time_floor(&floor, threads);
  }
  for (size_t i = 0; ready && i < rounds; i++) {
    epochs[i] = time_epoch(&trainee);
    floors[i] = time_floor(&floor, threads);
  }
  if (ready) {
    double epoch = median(epochs, rounds), least = median(floors, rounds);
    printf("%7d  %8.3f  %8.3f  %6.3f\n", threads, epoch, least, epoch / least);
  }
  floor_release(&floor);
  trainee_release(&trainee);
  free(epochs);
  free(floors);
  return ready;
}

static bool bench(const char *rounds_text, char **operands, int n, struct Error *error)
{
  struct Config config;
  config_init(&config);
  for (int i = 0; i < n; i++)
    if (!config_override(&config, operands[i], error)) return false;
  int64_t rounds = DEFAULT_ROUNDS;
  if (rounds_text && (!number_parse_integer(rounds_text, &rounds) || rounds < 1 || rounds > 100000))
    return error_set(error, "--rounds %s: expected a whole number from 1 to 100000", rounds_text);
  printf("products here: %s; the floor: %s, kernels %s\n", product_description(),
         openblas_get_config(), openblas_get_corename());
  printf("p = %d, d_mlp = %d; medians of %lld rounds\n", config.data.modulus, config.model.d_mlp,
         (long long)rounds);
  printf("threads  epoch/ms  floor/ms   ratio\n");
  int cores = omp_get_num_procs();
  if (!bench_threads(&config, 1, (size_t)rounds, error)) return false;
  if (cores > 1 && !bench_threads(&config, cores, (size_t)rounds, error)) return false;
  struct rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) == 0)
    printf("largest resident memory: %ld MB\n", usage.ru_maxrss / 1000);
  return true;
}

int main(int argc, char **argv)
{
  const char *rounds = NULL;
  const struct Option options[] = {
      {'n', "rounds", "N", "measurements of each kind (default: 60)", &rounds}, {0}};
  const struct Tool tool = {.name = "bench-epoch",
                            .operands = "[section.key=value...]",
                            .summary = "Times a training epoch against its three dense products.",
                            .options = options};
  int first;
  int status = command_line_parse(&tool, argc, argv, &first);
  if (status != COMMAND_LINE_CONTINUE) return status;
  struct Error error = {0};
  if (!bench(rounds, argv + first, argc - first, &error)) return command_line_fail(&tool, &error);
  return EXIT_SUCCESS;
}
