#include "base/progress.h"

#include "base/terminal.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Lines at each of `parts` equal parts of the work. */
static struct ProgressLines lines_to(FILE *stream, const struct Progress *progress, int parts)
{
  int64_t step = (progress->total - progress->first + parts - 1) / parts;
  if (step < 1) step = 1;
  return (struct ProgressLines){.stream = stream, .step = step, .next = progress->first + step};
}

void progress_init(struct Progress *progress, const char *unit, int64_t first, int64_t total,
                   bool quiet)
{
  bool terminal = isatty(STDERR_FILENO) == 1;
  *progress = (struct Progress){.unit = unit,
                                .first = first,
                                .total = total,
                                .rewritten = terminal && terminal_moves_cursor(),
                                .start = now()};
  if (!progress->rewritten && (terminal || !quiet))
    progress->screen = lines_to(stderr, progress, 10);
  progress->shown = progress->start;
}

void progress_keep(struct Progress *progress, FILE *file)
{
  progress->log = lines_to(file, progress, 100);
}

static bool lines_due(const struct ProgressLines *lines, int64_t done)
{
  return lines->stream && done >= lines->next;
}

bool progress_due(struct Progress *progress, int64_t done)
{
  if (done >= progress->total) return false; /* the caller prints its own summary */
  return lines_due(&progress->screen, done) || lines_due(&progress->log, done) ||
         (progress->rewritten && now() - progress->shown >= 0.2);
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

static void put_line(struct ProgressLines *lines, int64_t done, const char *text)
{
  if (!lines_due(lines, done)) return;
  fprintf(lines->stream, "%s\n", text);
  fflush(lines->stream);
  while (lines->next <= done)
    lines->next += lines->step;
}

/* Leaves the last column free: some terminals wrap when it is filled. */
static void rewrite_line(const char *text)
{
  fprintf(stderr, "\r%.*s\033[K", terminal_width(STDERR_FILENO) - 1, text);
  fflush(stderr);
}

void progress_show(struct Progress *progress, int64_t done, const char *details)
{
  double elapsed = progress_seconds(progress);
  int64_t worked = done - progress->first;
  double rate = elapsed > 0 ? (double)worked / elapsed : 0;
  char left[PROGRESS_TIME_SIZE] = "?", text[256];
  if (worked > 0) progress_format_time((double)(progress->total - done) / rate, left);
  snprintf(text, sizeof text, "%lld of %lld %s%s%s  %.4g %s/s  %s left", (long long)done,
           (long long)progress->total, progress->unit, *details ? "  " : "", details, rate,
           progress->unit, left);
  if (progress->rewritten) rewrite_line(text);
  put_line(&progress->screen, done, text);
  put_line(&progress->log, done, text);
  progress->shown = now();
}

void progress_clear(const struct Progress *progress)
{
  if (progress->rewritten) fprintf(stderr, "\r\033[K");
}

double progress_seconds(const struct Progress *progress)
{
  return now() - progress->start;
}
