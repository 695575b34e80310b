#include "measures/subject.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool name_subject(struct Subject *subject, const char *when, struct Error *error)
{
  char *task = analysis_describe_task(subject->analysis, error);
  if (task) subject->name = memory_print(error, "a network %s%s", task, when);
  free(task);
  return subject->name;
}

bool subject_init_snapshot(struct Subject *subject, struct Analysis *analysis, size_t snapshot,
                           const char *when, const char *directory, struct Error *error)
{
  const struct Trajectory *trajectory = &analysis->trajectory;
  *subject = (struct Subject){.analysis = analysis, .directory = directory};
  if (!analysis_fits_of(analysis, snapshot, &subject->own_fits, error)) return false;
  subject->fits = subject->own_fits ? subject->own_fits : analysis->final_fits;
  subject->epoch = trajectory->dated ? (double)trajectory->epochs[snapshot] : NAN;
  if (name_subject(subject, when, error)) return true;
  subject_release(subject);
  return false;
}

bool subject_init(struct Subject *subject, struct Analysis *analysis, const char *epoch,
                  const char *directory, struct Error *error)
{
  const struct Trajectory *trajectory = &analysis->trajectory;
  int64_t wanted;
  size_t snapshot;
  char text[EPOCH_TEXT_SIZE], when[sizeof ", at " + EPOCH_TEXT_SIZE];
  *subject = (struct Subject){0};
  if (!analysis_parse_epoch(epoch, &wanted, error) ||
      !trajectory_find(trajectory, wanted, &snapshot, error) ||
      !analysis_fit_final(analysis, error))
    return false;
  trajectory_format_epoch(trajectory, snapshot, text);
  snprintf(when, sizeof when, ", at %s", text);
  return subject_init_snapshot(subject, analysis, snapshot, when, directory, error);
}

bool subject_init_run(struct Subject *subject, const struct Analysis *analysis,
                      const char *directory, struct Error *error)
{
  *subject = (struct Subject){.analysis = analysis, .epoch = NAN, .directory = directory};
  return name_subject(subject, "", error);
}

/* ---- findings ---- */

struct Found {
  const struct Finding *finding;
  void *numbers;
  struct Found *earlier;
};

void subject_release(struct Subject *subject)
{
  for (struct Found *found = subject->found, *earlier; found; found = earlier) {
    earlier = found->earlier;
    if (found->finding->release) found->finding->release(found->numbers);
    free(found->numbers);
    free(found);
  }
  free(subject->name);
  free(subject->own_fits);
  *subject = (struct Subject){0};
}

static const void *find_first(struct Subject *subject, const struct Finding *finding,
                              struct Error *error)
{
  struct Found *found = memory_new(1, sizeof *found, "numbers about a network", error);
  void *numbers = found ? memory_new(1, finding->size, "numbers about a network", error) : NULL;
  if (!numbers || !finding->find(subject, numbers, error)) {
    free(numbers);
    free(found);
    return NULL;
  }
  *found = (struct Found){finding, numbers, subject->found};
  subject->found = found;
  return numbers;
}

const void *subject_find(struct Subject *subject, const struct Finding *finding,
                         struct Error *error)
{
  for (const struct Found *found = subject->found; found; found = found->earlier)
    if (found->finding == finding) return found->numbers;
  return find_first(subject, finding, error);
}

/* ---- for tables ---- */

bool subject_create_table_at(struct TableWriter *table, const struct Subject *subject,
                             const char *path, const char *title, const char *rest,
                             const struct Column *columns, size_t n_columns, struct Error *error)
{
  char *run = analysis_describe_run(subject->analysis, error);
  char *text = run ? memory_print(error, "%s of %s%s\n%s", title, subject->name, rest, run) : NULL;
  bool created = text && table_create(table, path, text, columns, n_columns, error);
  free(text);
  free(run);
  return created;
}

bool subject_create_table(struct TableWriter *table, const struct Subject *subject,
                          const char *file, const char *title, const char *rest,
                          const struct Column *columns, size_t n_columns, struct Error *error)
{
  char *path = memory_print(error, "%s/%s", subject->directory, file);
  bool created =
      path && output_make_directory(subject->directory, error) &&
      subject_create_table_at(table, subject, path, title, rest, columns, n_columns, error);
  free(path);
  return created;
}
