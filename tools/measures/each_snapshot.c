#include "measures/each_snapshot.h"

#include "base/memory.h"
#include "base/parallel.h"
#include "measures/singular_values.h"

#include <omp.h>
#include <stdlib.h>

struct Measuring {
  const struct SnapshotMeasure *measure;
  char *workers; /* one for each thread */
  char *results; /* [n_snapshots] */
};

static void *worker_at(const struct Measuring *measuring, int thread)
{
  return measuring->workers + (size_t)thread * measuring->measure->worker_size;
}

static bool measure_one(const void *context, size_t snapshot, struct Error *error)
{
  const struct Measuring *measuring = context;
  return measuring->measure->measure(
      worker_at(measuring, omp_get_thread_num()), snapshot,
      measuring->results + snapshot * measuring->measure->result_size, error);
}

static bool measure_with_workers(const struct Measuring *measuring, int threads, size_t n,
                                 struct Error *error)
{
  struct Progress progress;
  progress_init(&progress, "snapshots", 0, (int64_t)n, true);
  bool done = parallel_each_shown(n, threads, &progress, measure_one, measuring, error);
  progress_clear(&progress);
  return done;
}

static bool measure_all(struct Measuring *measuring, const struct Analysis *analysis,
                        struct Error *error)
{
  const struct SnapshotMeasure *measure = measuring->measure;
  size_t n = analysis->trajectory.n_snapshots;
  int threads = singular_values_threads(omp_get_max_threads()), ready = 0;
  if ((size_t)threads > n) threads = (int)n;
  measuring->workers =
      memory_new((size_t)threads, measure->worker_size, "measuring threads", error);
  bool done = measuring->workers;
  for (; done && ready < threads; ready += done)
    done = measure->init(worker_at(measuring, ready), analysis, error);
  done = done && measure_with_workers(measuring, threads, n, error);
  while (ready > 0)
    measure->release(worker_at(measuring, --ready));
  free(measuring->workers);
  return done;
}

void *each_snapshot_measure(const struct SnapshotMeasure *measure, const struct Analysis *analysis,
                            struct Error *error)
{
  struct Measuring measuring = {.measure = measure};
  measuring.results = memory_new(analysis->trajectory.n_snapshots, measure->result_size,
                                 "measures of all snapshots", error);
  if (!measuring.results) return NULL;
  if (measure_all(&measuring, analysis, error)) return measuring.results;
  free(measuring.results);
  return NULL;
}

struct MaybeInteger each_snapshot_epoch(const struct Analysis *analysis, size_t index)
{
  const struct Trajectory *trajectory = &analysis->trajectory;
  if (!trajectory->dated) return (struct MaybeInteger){0};
  return (struct MaybeInteger){true, trajectory->epochs[index]};
}

bool each_snapshot_create_table(struct TableWriter *table, const struct Subject *subject,
                                const char *file, const char *title, const char *rest,
                                const struct Column *columns, size_t n_columns, struct Error *error)
{
  char by[SINGULAR_VALUES_TEXT_SIZE];
  struct Subject whole;
  singular_values_describe(by);
  if (!subject_init_run(&whole, subject->analysis, subject->directory, error)) return false;
  char *keys = analysis_describe_keys(subject->analysis, error);
  char *text = keys ? memory_print(error, ", %s.\nKey frequencies, of the last snapshot:%s\n%s",
                                   rest, keys, by)
                    : NULL;
  bool created =
      text && subject_create_table(table, &whole, file, title, text, columns, n_columns, error);
  free(text);
  free(keys);
  subject_release(&whole);
  return created;
}
