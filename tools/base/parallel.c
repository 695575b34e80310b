#include "base/parallel.h"

#include <omp.h>

struct Outcome {
  size_t failed_at; /* the lowest index of a piece that failed; n if none has */
  struct Error *error;
  struct Progress *progress; /* may be NULL */
  int64_t n_done;
};

/* Pieces before a failed one are still done: one of them may fail, too. */
static bool failed_before(const struct Outcome *outcome, size_t index)
{
  size_t failed_at;
#pragma omp atomic read
  failed_at = outcome->failed_at;
  return failed_at < index;
}

static void note_failure(struct Outcome *outcome, size_t index, const struct Error *error)
{
  if (index >= outcome->failed_at) return;
#pragma omp atomic write
  outcome->failed_at = index;
  *outcome->error = *error;
}

static void count_done(struct Outcome *outcome)
{
  int64_t done = ++outcome->n_done;
  if (outcome->progress && progress_due(outcome->progress, done))
    progress_show(outcome->progress, done, "");
}

bool parallel_each_shown(size_t n, int threads, struct Progress *progress, ParallelWork *work,
                         const void *context, struct Error *error)
{
  struct Outcome outcome = {.failed_at = n, .error = error, .progress = progress};
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (size_t i = 0; i < n; i++) {
    struct Error own;
    if (failed_before(&outcome, i)) continue;
    bool done = work(context, i, &own);
#pragma omp critical(parallel_each)
    if (done)
      count_done(&outcome);
    else
      note_failure(&outcome, i, &own);
  }
  return outcome.failed_at == n;
}

bool parallel_each(size_t n, ParallelWork *work, const void *context, struct Error *error)
{
  return parallel_each_shown(n, omp_get_max_threads(), NULL, work, context, error);
}
