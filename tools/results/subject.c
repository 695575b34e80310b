#include "results/subject.h"

#include "base/memory.h"
#include "measures/arguments.h"

#include <math.h>
#include <stdlib.h>

static bool name_subject(struct Subject *subject, size_t snapshot, struct Error *error)
{
  char *task = analysis_describe_task(subject->analysis, error), epoch[EPOCH_TEXT_SIZE];
  trajectory_format_epoch(&subject->analysis->trajectory, snapshot, epoch);
  if (task) subject->name = memory_print(error, "a network %s, at %s", task, epoch);
  free(task);
  return subject->name;
}

bool subject_init(struct Subject *subject, struct Analysis *analysis, const struct Request *request,
                  struct Error *error)
{
  const struct Trajectory *trajectory = &analysis->trajectory;
  int64_t epoch;
  size_t snapshot;
  *subject = (struct Subject){.analysis = analysis, .directory = request->output};
  if (!argument_epoch(request->epoch, &epoch, error) ||
      !trajectory_find(trajectory, epoch, &snapshot, error) ||
      !analysis_fit_final(analysis, error) ||
      !analysis_fits_of(analysis, snapshot, &subject->own_fits, error))
    return false;
  subject->fits = subject->own_fits ? subject->own_fits : analysis->final_fits;
  subject->epoch = trajectory->dated ? (double)trajectory->epochs[snapshot] : NAN;
  if (name_subject(subject, snapshot, error)) return true;
  subject_release(subject);
  return false;
}

void subject_release(struct Subject *subject)
{
  free(subject->name);
  free(subject->own_fits);
  *subject = (struct Subject){0};
}

size_t subject_count_neurons(const struct Subject *subject, int k, bool clustered)
{
  size_t count = 0;
  for (size_t i = 0; i < analysis_d_mlp(subject->analysis); i++)
    count +=
        subject->fits[i].frequency == k && (!clustered || neuron_in_cluster(&subject->fits[i]));
  return count;
}

bool subject_create_table(struct TableWriter *table, const struct Subject *subject,
                          const char *file, const char *title, const char *rest,
                          const struct Column *columns, size_t n_columns, struct Error *error)
{
  char *path = memory_print(error, "%s/%s", subject->directory, file);
  char *run = path ? analysis_describe_run(subject->analysis, error) : NULL;
  char *text = run ? memory_print(error, "%s of %s%s\n%s", title, subject->name, rest, run) : NULL;
  bool created = text && table_create(table, path, text, columns, n_columns, error);
  free(text);
  free(run);
  free(path);
  return created;
}
