#include "base/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void progress_init(struct Progress *progress, const char *unit, int64_t first, int64_t total)
{
  *progress = (struct Progress){.unit = unit,
                                .first = first,
                                .total = total,
                                .stream = stderr,
                                .step = (total - first + 9) / 10,
                                .terminal = isatty(STDERR_FILENO) == 1,
                                .start = now()};
  progress->shown = progress->start;
  progress->next = first + progress->step;
}

void progress_keep(struct Progress *progress, FILE *file)
{
  progress->stream = file;
  progress->terminal = false;
  progress->step = (progress->total - progress->first + 99) / 100;
  progress->next = progress->first + progress->step;
}

bool progress_due(struct Progress *progress, int64_t done)
{
  if (!progress->terminal) return done >= progress->next && done < progress->total;
  return now() - progress->shown >= 0.2;
}

void progress_format_time(double seconds, char text[PROGRESS_TIME_SIZE])
{
  int whole = (int)(seconds + 0.5);
  if (whole >= 3600)
    snprintf(text, PROGRESS_TIME_SIZE, "%d h %02d min", whole / 3600, whole / 60 % 60);
  else if (whole >= 60)
    snprintf(text, PROGRESS_TIME_SIZE, "%d min %02d s", whole / 60, whole % 60);
  else
    snprintf(text, PROGRESS_TIME_SIZE, "%d s", whole);
}

void progress_show(struct Progress *progress, int64_t done, const char *details)
{
  double elapsed = progress_seconds(progress);
  int64_t worked = done - progress->first;
  double rate = elapsed > 0 ? (double)worked / elapsed : 0;
  char left[PROGRESS_TIME_SIZE] = "?";
  if (worked > 0) progress_format_time((double)(progress->total - done) / rate, left);
  fprintf(progress->stream, "%s%lld of %lld %s  %s  %.4g %s/s  %s left%s",
          progress->terminal ? "\r" : "", (long long)done, (long long)progress->total,
          progress->unit, details, rate, progress->unit, left,
          progress->terminal ? "\033[K" : "\n");
  fflush(progress->stream);
  progress->shown = now();
  while (progress->next <= done)
    progress->next += progress->step;
}

void progress_clear(const struct Progress *progress)
{
  if (progress->terminal) fprintf(stderr, "\r\033[K");
}

double progress_seconds(const struct Progress *progress)
{
  return now() - progress->start;
}
