/*
 * bench-epoch: the time of an epoch, compared with the arithmetic floor: the three dense products
 * of shape pairs x d_mlp x logits that no implementation of this network can avoid, unless it skips
 * neurons that are 0, as three plain OpenBLAS sgemm calls on the same threads. The two are measured
 * in alternating bursts, so that clock drift affects both and caches stay mostly warm; medians are
 * compared. OpenBLAS chooses its kernels; OPENBLAS_CORETYPE=Haswell, for example, overrides that.
 *
 * The network measured has fitted its training pairs: it is trained first, or read from a
 * trajectory. The first epochs are timed too, as the time of a step must not depend on its data,
 * but for the share of zeros where they are skipped.
 *
 * Also: how the time of an epoch and the memory of a training scale with threads and sizes.
 */
#include "base/command_line.h"
#include "base/memory.h"
#include "base/number.h"
#include "engine/activations.h"
#include "engine/adamw.h"
#include "engine/engine.h"
#include "engine/factored/kernels.h"
#include "engine/factored/step.h"
#include "peak.h"
#include "run/trajectory.h"

#include <cblas.h>
#include <malloc.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { DEFAULT_ROUNDS = 60, FIRST_ROUNDS = 15, WARM_UP = 5, BURST = 6 };

/* A network has fitted its pairs when its training loss is below this, within MOST_EPOCHS epochs.
 */
enum { MOST_EPOCHS = 3000 };
static const double FITTED = 1e-4;

static double read_clock(clockid_t clock)
{
  struct timespec time;
  clock_gettime(clock, &time);
  return 1e3 * (double)time.tv_sec + 1e-6 * (double)time.tv_nsec;
}

static double now(void)
{
  return read_clock(CLOCK_MONOTONIC);
}

/* Bytes currently allocated. mallinfo2 is specific to glibc. */
static size_t allocated(void)
{
  struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

/* ---- the floor ---- */

struct Floor {
  blasint pairs, m, V;
  float *hidden, *W_L, *logits, *d_hidden, *d_W_L; /* [pairs][m], [m][V], [pairs][V], ... */
};

static bool floor_init(struct Floor *floor, const struct Step *step, struct Error *error)
{
  size_t pairs = step->pairs[SUBSET_TRAIN].n, m = (size_t)step->factors.shape.d_mlp;
  size_t V = (size_t)step->factors.shape.V;
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

/* ---- an epoch ---- */

struct Trainee {
  struct Config config;
  struct Dataset dataset;
  struct Parameters parameters, gradient;
  struct AdamW adamw;
  struct Step step;
};

/* Initialises everything except configuration and data set, which are set already. */
static bool trainee_arrays_init(struct Trainee *t, struct Error *error)
{
  if (!parameters_init(&t->parameters, &t->config, error) ||
      !parameters_init(&t->gradient, &t->config, error) ||
      !adamw_init(&t->adamw, t->parameters.total, error) ||
      !step_init(&t->step, &t->config, &t->dataset, error))
    return false;
  parameters_initialise(&t->parameters, t->config.train.seed);
  return true;
}

static bool trainee_init(struct Trainee *t, struct Error *error)
{
  return config_check(&t->config, error) && dataset_init(&t->dataset, &t->config.data, error) &&
         trainee_arrays_init(t, error);
}

/* Starts from the last snapshot of a trajectory. It has no moments, so the first steps would
   move every parameter by the learning rate, which is set close to zero. */
static bool trainee_read(struct Trainee *t, const char *path, struct Error *error)
{
  struct Trajectory trajectory;
  if (!trajectory_open(&trajectory, path, NULL, 0, error)) return false;
  t->config = trajectory.config;
  t->config.optimizer.learning_rate = 1e-9;
  t->config.optimizer.weight_decay = 0;
  t->dataset = trajectory.dataset;
  trajectory.dataset = (struct Dataset){0}; /* now owned by the trainee */
  bool ready = trainee_arrays_init(t, error) &&
               trajectory_read(&trajectory, trajectory.n_snapshots - 1, &t->parameters, error);
  trajectory_close(&trajectory);
  return ready;
}

static void trainee_release(struct Trainee *t)
{
  step_release(&t->step);
  adamw_release(&t->adamw);
  parameters_release(&t->gradient);
  parameters_release(&t->parameters);
  dataset_release(&t->dataset);
}

/* Milliseconds; also adds the optimizer's time, which is not part of the step, to *optimizer. */
static double time_epoch(struct Trainee *t, double *optimizer)
{
  double start = now();
  step_prepare(&t->step, &t->parameters);
  step_gradient(&t->step, &t->parameters, &t->gradient);
  double middle = now();
  adamw_step(&t->adamw, &t->config.optimizer, &t->gradient, &t->parameters);
  double end = now();
  *optimizer += end - middle;
  return end - start;
}

/* Trains until the training pairs are fitted. */
static bool trainee_fit(struct Trainee *t, struct Error *error)
{
  double loss = INFINITY;
  for (int epoch = 0; epoch < MOST_EPOCHS && !(loss < FITTED); epoch++) {
    step_prepare(&t->step, &t->parameters);
    loss = step_gradient(&t->step, &t->parameters, &t->gradient).loss;
    adamw_step(&t->adamw, &t->config.optimizer, &t->gradient, &t->parameters);
  }
  return loss < FITTED || error_set(error,
                                    "the training loss is still %.3g after %d epochs: the "
                                    "network has not fitted its pairs",
                                    loss, MOST_EPOCHS);
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

/* ---- what is reported ---- */

/* The network to measure: settings for one that is trained first, or a trajectory to read. */
struct Subject {
  struct Config config;
  const char *trajectory; /* NULL: none */
};

struct Times {
  double first;               /* of the initial network, if it was trained here, else NaN */
  double epoch, floor;        /* medians, milliseconds */
  double megabytes;           /* allocated by the training */
  double optimizer;           /* mean, milliseconds */
  double parts[N_STEP_PARTS]; /* mean, milliseconds, of all threads together */
  struct Neurons {
    bool sparse;   /* products skip those that are 0 */
    double active; /* share of those that are not, over all pairs */
  } neurons;
  double bands; /* in which the streams are kept (engine/factored/step.h) */
};

/* The median of the first epochs, in milliseconds. */
static double time_first_epochs(struct Trainee *trainee)
{
  double epochs[FIRST_ROUNDS], ignored = 0;
  for (size_t i = 0; i < WARM_UP; i++)
    time_epoch(trainee, &ignored);
  for (size_t i = 0; i < FIRST_ROUNDS; i++)
    epochs[i] = time_epoch(trainee, &ignored);
  return median(epochs, FIRST_ROUNDS);
}

/* A network that has fitted its pairs, and the time of an epoch before that. */
static bool trainee_prepare(struct Trainee *trainee, const struct Subject *subject, int threads,
                            double *first, struct Error *error)
{
  *first = NAN;
  omp_set_num_threads(threads);
  if (subject->trajectory) return trainee_read(trainee, subject->trajectory, error);
  trainee->config = subject->config;
  if (!trainee_init(trainee, error)) return false;
  *first = time_first_epochs(trainee);
  return trainee_fit(trainee, error);
}

static bool find_neurons(const struct Trainee *trainee, struct Neurons *neurons,
                         struct Error *error)
{
  const struct Shape *shape = &trainee->parameters.shape;
  struct Activations activations;
  size_t count = 0;
  if (!activations_init(&activations, shape, &trainee->config.model, 0, error)) return false;
  activations_forward(&activations, &trainee->parameters);
  size_t n = activations.n * (size_t)shape->d_mlp;
  for (size_t i = 0; i < n; i++)
    count += activations.hidden[i] != 0;
  *neurons = (struct Neurons){trainee->step.factors.sparse, (double)count / (double)n};
  activations_release(&activations);
  return true;
}

/* What the parts of a step take on each thread. */
struct Stopwatch {
  double *since;                 /* [threads]: when the present part began, milliseconds */
  double (*parts)[N_STEP_PARTS]; /* [threads] */
};

/* As an observer of a step. */
static void stopwatch_mark(void *observed, enum StepPart finished)
{
  const struct Stopwatch *watch = observed;
  int thread = omp_get_thread_num();
  double time = now();
  watch->parts[thread][finished] += time - watch->since[thread];
  watch->since[thread] = time;
}

static bool measure(const struct Subject *subject, int threads, size_t rounds, struct Times *times,
                    struct Error *error)
{
  struct Trainee trainee = {0};
  struct Floor floor = {0};
  *times = (struct Times){0};
  double ignored = 0;
  double *epochs = memory_new(rounds, sizeof *epochs, "timings", error);
  double *floors = memory_new(rounds, sizeof *floors, "timings", error);
  struct Stopwatch watch = {
      .since = memory_new((size_t)threads, sizeof *watch.since, "timings", error),
      .parts = memory_new((size_t)threads, sizeof *watch.parts, "timings", error)};
  size_t before = allocated();
  bool ready = epochs && floors && watch.since && watch.parts &&
               trainee_prepare(&trainee, subject, threads, &times->first, error);
  times->bands = (double)trainee.step.n_bands;
  times->megabytes = 1e-6 * (double)(allocated() - before);
  ready = ready && find_neurons(&trainee, &times->neurons, error) &&
          floor_init(&floor, &trainee.step, error);
  for (size_t i = 0; ready && i < WARM_UP; i++) {
    time_epoch(&trainee, &ignored);
    time_floor(&floor, threads);
  }
  trainee.step.observer = stopwatch_mark;
  trainee.step.observed = &watch;
  for (size_t first = 0; ready && first < rounds; first += BURST) {
    size_t end = first + BURST < rounds ? first + BURST : rounds;
    for (size_t i = first; i < end; i++)
      epochs[i] = time_epoch(&trainee, &times->optimizer);
    for (size_t i = first; i < end; i++)
      floors[i] = time_floor(&floor, threads);
  }
  for (size_t part = PART_NONE + 1; ready && part < N_STEP_PARTS; part++)
    for (int thread = 0; thread < threads; thread++)
      times->parts[part] += watch.parts[thread][part] / (double)rounds;
  if (ready) {
    times->epoch = median(epochs, rounds);
    times->floor = median(floors, rounds);
    times->optimizer /= (double)rounds;
  }
  floor_release(&floor);
  trainee_release(&trainee);
  free(epochs);
  free(floors);
  free(watch.since);
  free(watch.parts);
  return ready;
}

/* The work of a part, at the sizes of a configuration. */
struct Work {
  double multiply_adds; /* that it cannot avoid */
  double floats;        /* that it must read or write once */
  double moved;         /* that our loops load or store, from whatever cache */
};

/* Loads and stores of a product [M, K] [K, N]: B once for each block of rows, A once for each panel
   of columns, C at the ends (engine/factored/panel_kernel.h). */
static double moved_by_product(double M, double N, double K)
{
  const double width = (double)kernels()->panel_width, rows = width == WIDEST_PANEL ? 12 : 6;
  return M * K * ceil(N / width) + K * N * ceil(M / rows) + 2 * M * N;
}

/* The same of a sparse product (engine/factored/sparse_kernel.h): A once for each panel, of it and
   of B's rows what meets an element that is not 0, C for every chunk of K. */
static double moved_by_sparse(double M, double N, double K, double active)
{
  const double width = (double)kernels()->sparse.width;
  return M * K * ceil(N / width) + active * M * K * (1 + N) + 2 * M * N * ceil(K / SPARSE_CHUNK);
}

/* The products of the hidden layer with W_L, and of its transpose with the logits' gradients. */
static double moved_by_logits(double n, double m, double V, const struct Neurons *neurons)
{
  return neurons->sparse ? moved_by_sparse(n, V, m, neurons->active) : moved_by_product(n, V, m);
}

static double moved_by_map(double n, double m, double V, const struct Neurons *neurons)
{
  return neurons->sparse ? moved_by_sparse(m, V, n, neurons->active) : moved_by_product(V, m, n);
}

static double moved_by_factors(double p, double m, double V, double d, double H, double d_head)
{
  const double width = m + V, S = p + 3;
  return moved_by_product(m, V, d) + moved_by_product(H * d_head, width, d) +
         H * moved_by_product(S, d_head, d) + H * moved_by_product(S, width, d_head) +
         3 * p * H * width;
}

/* Counted as in engine/factored/factors.h: n training pairs, width m + V, H heads. Backward, a
   pair's gradient is read twice for its row and twice for its column, and an entry of a factor once
   for up to four pairs; the sums of T^1 are read and stored again for every band after the first.
   Neurons that are 0 are counted as if they were multiplied. */
static struct Work work_of_part(const struct Config *config, const struct Times *times, int part)
{
  const struct Neurons *neurons = &times->neurons;
  double p = config->data.modulus, n = floor(config->data.train_fraction * p * p);
  double m = config->model.d_mlp, V = config_logits(config), d = config->model.d_model;
  double H = config->model.n_heads, d_head = config->model.d_head, width = m + V;
  double dense = n * m * V, rows = n * 2 * H * width, sources = (p + 3) * H * d_head;
  double tables = m * V * d + H * d_head * d * width + sources * (d + width);
  double table_floats = 2 * p * H * width, streams = n * width;
  switch (part) {
  case PART_FACTORS:
    return (struct Work){tables, table_floats, moved_by_factors(p, m, V, d, H, d_head)};
  case PART_STREAMS:
    return (struct Work){rows, table_floats + streams, rows / 2 + table_floats / 2 + streams};
  case PART_MLP:
    return (struct Work){dense, streams + n * V, moved_by_logits(n, m, V, neurons)};
  case PART_LOSS:
    return (struct Work){0, 2 * n * V, 5 * n * V};
  case PART_MLP_BACKWARD:
    return (struct Work){2 * dense, 2 * n * V + 2 * n * m,
                         moved_by_product(n, m, V) + moved_by_map(n, m, V, neurons)};
  case PART_STREAMS_BACKWARD:
    return (struct Work){2 * rows, 2 * streams + 2 * table_floats,
                         4 * streams + rows / 4 + times->bands * table_floats};
  case PART_REDUCTIONS:
    return (struct Work){0, MAX_GROUPS * m * V, 3 * MAX_GROUPS * m * V};
  case PART_FACTORS_BACKWARD:
    return (struct Work){2 * tables, 2 * table_floats, 2 * moved_by_factors(p, m, V, d, H, d_head)};
  default:
    return (struct Work){0};
  }
}

/* Fused multiply-adds a nanosecond, out of registers. */
static double peak(void)
{
#ifdef WIDE_VECTORS
  if (kernels()->panel_width == WIDEST_PANEL) return peak_512();
#endif
  return peak_256();
}

static void print_parts(const struct Config *config, const struct Times *times)
{
  static const char *const names[N_STEP_PARTS] = {"",
                                                  "factors",
                                                  "streams",
                                                  "neurons, logits",
                                                  "losses",
                                                  "MLP, backward",
                                                  "streams, backward",
                                                  "reductions",
                                                  "factors, backward"};
  const double most = peak();
  double all = 0;
  printf(
      "\nparts of an epoch, on one thread: what they must do, and what our loops load and store\n");
  printf("  %-18s  %7s  %5s  %8s  %6s  %6s  %8s  %8s\n", "part", "ms", "%", "MFMA", "a ns",
         "% peak", "MB least", "MB moved");
  for (int part = PART_NONE + 1; part < N_STEP_PARTS; part++) {
    const struct Work work = work_of_part(config, times, part);
    const double ms = times->parts[part], rate = 1e-6 * work.multiply_adds / ms;
    all += work.multiply_adds;
    printf("  %-18s  %7.3f  %5.1f  %8.1f  %6.1f  %6.1f  %8.1f  %8.1f\n", names[part], ms,
           100 * ms / times->epoch, 1e-6 * work.multiply_adds, rate, 100 * rate / most,
           4e-6 * work.floats, 4e-6 * work.moved);
  }
  printf("  %-18s  %7.3f  %5.1f\n", "optimizer", times->optimizer,
         100 * times->optimizer / times->epoch);
  const double rate = 1e-6 * all / times->epoch;
  printf("  %-18s  %7.3f  %5.1f  %8.1f  %6.1f  %6.1f\n", "epoch", times->epoch, 100.0, 1e-6 * all,
         rate, 100 * rate / most);
  printf("%.0f %% of the neurons are not 0; the others are %s\n", 100 * times->neurons.active,
         times->neurons.sparse ? "left out of two of the three dense products, but counted"
                               : "multiplied all the same");
}

/* What this processor does out of registers, on one thread. */
static void print_peaks(void)
{
  printf("peak:     %.1f fused multiply-adds a ns with 256-bit vectors", peak_256());
#ifdef WIDE_VECTORS
  if (kernels_have_wide_vectors()) printf(", %.1f with 512-bit ones", peak_512());
#endif
  printf("\n");
}

static bool print_row(const char *what, const struct Subject *subject, int threads, size_t rounds,
                      struct Times *times, struct Error *error)
{
  if (!measure(subject, threads, rounds, times, error)) return false;
  printf("  %-18s  %7d  %8.3f  %8.3f  %8.3f  %6.3f  %6.1f\n", what, threads, times->first,
         times->epoch, times->floor, times->epoch / times->floor, times->megabytes);
  fflush(stdout);
  return true;
}

/* On 1, 2, 4, ... and all cores; *one gets the times on one thread. */
static bool print_threads(const struct Subject *subject, size_t rounds, struct Times *one,
                          struct Error *error)
{
  char name[64];
  snprintf(name, sizeof name, "p = %d, d_mlp = %d", subject->config.data.modulus,
           subject->config.model.d_mlp);
  int cores = omp_get_num_procs();
  if (!print_row(name, subject, 1, rounds, one, error)) return false;
  for (int threads = 2; threads / 2 < cores; threads *= 2) {
    struct Times times;
    if (!print_row(name, subject, threads < cores ? threads : cores, rounds, &times, error))
      return false;
  }
  return true;
}

/* How the time of an epoch scales with the sizes, on all cores. */
static bool print_sizes(const struct Config *config, size_t rounds, struct Error *error)
{
  static const char *const variants[] = {"data.modulus=59", "data.modulus=227", "model.d_mlp=2048"};
  struct Times times;
  for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
    struct Subject varied = {.config = *config};
    if (!config_override(&varied.config, variants[i], error) ||
        !print_row(variants[i], &varied, omp_get_num_procs(), (rounds + 3) / 4, &times, error))
      return false;
  }
  return true;
}

/* A copy of the parameters and the optimizer's state. */
static bool trainee_state(const struct Trainee *t, struct TrainingState *state, struct Error *error)
{
  size_t total = t->parameters.total;
  if (!training_state_init(state, &t->config, total, error)) return false;
  training_state_start(state, &t->parameters);
  memcpy(state->m, t->adamw.m, total * sizeof *t->adamw.m);
  memcpy(state->v, t->adamw.v, total * sizeof *t->adamw.v);
  state->step = t->adamw.step;
  return true;
}

/* Only the two halves of an epoch of an engine, training and test loss, one line of milliseconds
   per round, for pytorch_epoch.py. On one thread this is CPU time, which other programs hardly
   affect; with more threads it is wall time, since waiting for each other is part of the cost. */
static bool print_halves(const struct Subject *subject, const char *name, int threads,
                         size_t rounds, struct Error *error)
{
  clockid_t clock = threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
  struct Trainee trainee = {0};
  struct TrainingState state = {0};
  struct Engine *engine = NULL;
  struct Performance ignored;
  double first;
  bool ready = trainee_prepare(&trainee, subject, threads, &first, error) &&
               engine_open(&engine, name, &trainee.config, &trainee.dataset, error) &&
               trainee_state(&trainee, &state, error) && engine_load(engine, &state, error);
  for (size_t i = 0; ready && i < WARM_UP + rounds; i++) {
    double start = read_clock(clock);
    ready = engine_step(engine, &ignored, error);
    double middle = read_clock(clock);
    ready = ready && engine_evaluate(engine, SUBSET_TEST, &ignored, error);
    double end = read_clock(clock);
    if (i >= WARM_UP) printf("%.6f\t%.6f\n", middle - start, end - middle);
  }
  engine_close(engine);
  training_state_release(&state);
  trainee_release(&trainee);
  return ready;
}

static bool parse_count(const char *option, const char *text, int64_t most, int64_t *count,
                        struct Error *error)
{
  if (!text || (number_parse_integer(text, count) && *count >= 1 && *count <= most)) return true;
  return error_set(error, "--%s %s: expected a whole number from 1 to %lld", option, text,
                   (long long)most);
}

/* Warns if OpenBLAS is older than the processor and picks kernels unsuited to it. */
static void print_kernels(void)
{
  static const char *const current[] = {"Haswell", "Zen", "SkylakeX", "Cooperlake",
                                        "SapphireRapids"};
  const char *core = openblas_get_corename();
  bool is_current = false;
  for (size_t i = 0; i < sizeof current / sizeof *current; i++)
    is_current = is_current || strcasecmp(core, current[i]) == 0;
  printf("kernels:  %s\nfloor:    OpenBLAS, kernels %s\n", kernels()->description, core);
  if (!is_current)
    printf("          which do not use this processor's vectors: set OPENBLAS_CORETYPE=%s\n",
           kernels_have_wide_vectors() ? "SkylakeX" : "Haswell");
  print_peaks();
  printf("\n");
}

struct Arguments {
  const char *rounds, *halves, *engine, *narrow, *trajectory;
};

/* The network given on the command line. */
static bool find_subject(struct Subject *subject, const char *path, char **operands, int n,
                         struct Error *error)
{
  *subject = (struct Subject){.trajectory = path};
  config_init(&subject->config);
  if (path && n > 0)
    return error_set(error, "a trajectory has its own settings: %s is not allowed", operands[0]);
  for (int i = 0; i < n; i++)
    if (!config_override(&subject->config, operands[i], error)) return false;
  if (!path) return true;
  struct Trajectory trajectory;
  if (!trajectory_open(&trajectory, path, NULL, 0, error)) return false;
  subject->config = trajectory.config;
  trajectory_close(&trajectory);
  return true;
}

static bool bench(const struct Arguments *arguments, char **operands, int n, struct Error *error)
{
  struct Subject subject;
  if (!find_subject(&subject, arguments->trajectory, operands, n, error)) return false;
  int64_t rounds = DEFAULT_ROUNDS, threads = 0;
  if (!parse_count("rounds", arguments->rounds, 100000, &rounds, error) ||
      !parse_count("halves", arguments->halves, 1024, &threads, error))
    return false;
  if (threads > 0)
    return print_halves(&subject, arguments->engine, (int)threads, (size_t)rounds, error);
  print_kernels();
  printf("  %-18s  %7s  %8s  %8s  %8s  %6s  %6s   medians of %lld rounds\n", "", "threads",
         "first/ms", "epoch/ms", "floor/ms", "ratio", "MB", (long long)rounds);
  struct Times one;
  if (!print_threads(&subject, (size_t)rounds, &one, error)) return false;
  bool alone = n == 0 && !subject.trajectory;
  if (alone && !print_sizes(&subject.config, (size_t)rounds, error)) return false;
  print_parts(&subject.config, &one);
  return true;
}

int main(int argc, char **argv)
{
  struct Arguments arguments = {.engine = "auto"};
  const struct Option options[] = {
      {'n', "rounds", "N", "measurements of each kind (default: 60)", &arguments.rounds},
      {0, "narrow", NULL, "run as on a processor without AVX-512", &arguments.narrow},
      {0, "trajectory", "FILE", "measure the network of its last snapshot", &arguments.trajectory},
      {0, "halves", "THREADS",
       "print only milliseconds of training and of the test loss, one line per measurement",
       &arguments.halves},
      {0, "engine", "NAME", "with --halves: of this engine (default: auto)", &arguments.engine},
      {0}};
  const struct Tool tool = {
      .name = "bench-epoch",
      .operands = "[section.key=value...]",
      .summary =
          "Times a training epoch and its parts against its three dense products, and reports the\n"
          "memory of a training: for a network that is trained until it has fitted its pairs\n"
          "(first/ms is an epoch before that), or for that of a trajectory. Without settings it\n"
          "also reports how both scale with p and d_mlp.",
      .options = options};
  int first;
  int status = command_line_parse(&tool, argc, argv, &first);
  if (status != COMMAND_LINE_CONTINUE) return status;
  struct Error error = {0};
  if (arguments.narrow) kernels_disable_wide_vectors();
  if (!bench(&arguments, argv + first, argc - first, &error))
    return command_line_fail(&tool, &error);
  return EXIT_SUCCESS;
}
