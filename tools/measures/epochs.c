#include "measures/epochs.h"

#include "base/elementary.h"
#include "base/memory.h"
#include "base/number.h"
#include "table/table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char all[] = "all";

/* ---- the list ---- */

/* The next number of a list of them; *rest moves behind it and its comma. */
static bool next_epoch(const char **rest, int64_t *epoch)
{
  char word[32];
  size_t length = strcspn(*rest, ",");
  snprintf(word, sizeof word, "%.*s", (int)length, *rest);
  *rest += length + ((*rest)[length] == ',' && (*rest)[length + 1]);
  return length < sizeof word && number_parse_integer(word, epoch) && *epoch >= 0;
}

bool epochs_check(const struct EpochsWanted *wanted, struct Error *error)
{
  int64_t number;
  const char *rest = wanted->list;
  bool valid = strcmp(rest, all) == 0;
  while (!valid) {
    if (!next_epoch(&rest, &number))
      return error_set(error,
                       "--epochs: expected whole numbers separated by commas, or all, found \"%s\"",
                       wanted->list);
    valid = *rest == '\0';
  }
  if (wanted->history && !wanted->at_most) return error_set(error, "--history needs --at-most");
  if (!wanted->at_most || (number_parse_integer(wanted->at_most, &number) && number >= 2))
    return true;
  return error_set(error, "--at-most: expected a whole number of at least 2, found \"%s\"",
                   wanted->at_most);
}

/* wanted[n_snapshots] */
static bool mark_wanted(const struct Trajectory *trajectory, const char *list, bool *wanted,
                        struct Error *error)
{
  for (size_t i = 0; i < trajectory->n_snapshots; i++)
    wanted[i] = strcmp(list, all) == 0;
  for (const char *rest = strcmp(list, all) == 0 ? "" : list; *rest;) {
    int64_t epoch;
    size_t snapshot;
    if (!next_epoch(&rest, &epoch)) break; /* epochs_check has seen it */
    if (!trajectory_find(trajectory, epoch, &snapshot, error)) return false;
    wanted[snapshot] = true;
  }
  return true;
}

static size_t *list_wanted(const struct Trajectory *trajectory, const char *list, size_t *n,
                           struct Error *error)
{
  size_t *chosen = memory_new(trajectory->n_snapshots, sizeof *chosen, "a list of epochs", error);
  bool *wanted =
      chosen ? memory_new(trajectory->n_snapshots, sizeof *wanted, "a list of epochs", error)
             : NULL;
  bool marked = wanted && mark_wanted(trajectory, list, wanted, error);
  *n = 0;
  for (size_t i = 0; marked && i < trajectory->n_snapshots; i++)
    if (wanted[i]) chosen[(*n)++] = i;
  free(wanted);
  if (marked) return chosen;
  free(chosen);
  return NULL;
}

/* ---- thinning ---- */

/* |ln y - ln x|; 0 where one of them is no loss. */
static double change(double x, double y)
{
  if (!(x > 0 && y > 0 && isfinite(x) && isfinite(y))) return 0;
  return fabs(elementary_log(y) - elementary_log(x));
}

/* changes[n]: how much the losses changed from the first of these epochs on. */
static void add_changes(const struct Table *history, const double *rows, const double *train,
                        const double *test, const double *epochs, size_t n, double *changes)
{
  double sum = 0;
  size_t row = 0;
  for (size_t i = 0; i < n; i++) {
    for (; row < history->n_rows && rows[row] <= epochs[i]; row++)
      if (row > 0 && rows[row - 1] >= epochs[0])
        sum += change(train[row - 1], train[row]) + change(test[row - 1], test[row]);
    changes[i] = sum;
  }
}

static bool find_changes(const char *path, const double *epochs, size_t n, double *changes,
                         struct Error *error)
{
  struct Table history;
  if (!table_read(&history, path, error)) return false;
  double *rows = table_numbers(&history, "epoch", error);
  double *train = rows ? table_numbers(&history, "train_loss", error) : NULL;
  double *test = train ? table_numbers(&history, "test_loss", error) : NULL;
  if (test) add_changes(&history, rows, train, test, epochs, n, changes);
  free(rows);
  free(train);
  free(test);
  table_release(&history);
  return test;
}

/* How many are kept, and into chosen[] which, if successive ones are at least `distance` apart. */
static size_t keep(const double *places, size_t n, double distance, const size_t *from,
                   size_t *chosen)
{
  size_t kept = 0, last = 0;
  for (size_t i = 0; i < n; i++) {
    if (i > 0 && i + 1 < n && !(places[i] - places[last] >= distance)) continue;
    if (chosen) chosen[kept] = from[i];
    kept++;
    last = i;
  }
  return kept;
}

/* Thins chosen[n] by their places, from 0 to 1. */
static void thin(size_t *chosen, size_t *n, const double *places, size_t at_most)
{
  enum { HALVINGS = 60 };
  double low = 0, high = 1; /* too little; enough, as two are left then, or three at most */
  for (int i = 0; i < HALVINGS; i++) {
    double middle = (low + high) / 2;
    if (keep(places, *n, middle, NULL, NULL) > at_most)
      low = middle;
    else
      high = middle;
  }
  *n = keep(places, *n, high, chosen, chosen); /* each moves to an earlier place */
}

/* places[n], from epochs[n] and how much there had changed before. */
static void find_places(const double *epochs, const double *changes, size_t n, double *places)
{
  double time = epochs[n - 1] - epochs[0], total = changes ? changes[n - 1] : 0;
  for (size_t i = 0; i < n; i++) {
    places[i] = (epochs[i] - epochs[0]) / time;
    if (total > 0) places[i] = (places[i] + changes[i] / total) / 2;
  }
}

static bool thin_by(const struct EpochsWanted *wanted, const struct Trajectory *trajectory,
                    size_t at_most, size_t *chosen, size_t *n, struct Error *error)
{
  double *epochs = memory_new(3 * *n, sizeof *epochs, "distances of snapshots", error);
  if (!epochs) return false;
  double *changes = epochs + *n, *places = changes + *n;
  for (size_t i = 0; i < *n; i++)
    epochs[i] = (double)trajectory->epochs[chosen[i]];
  bool found = !wanted->history || find_changes(wanted->history, epochs, *n, changes, error);
  if (found) {
    find_places(epochs, wanted->history ? changes : NULL, *n, places);
    thin(chosen, n, places, at_most);
  }
  free(epochs);
  return found;
}

size_t *epochs_choose(const struct EpochsWanted *wanted, const struct Trajectory *trajectory,
                      size_t *n, struct Error *error)
{
  int64_t at_most = INT64_MAX;
  if (!trajectory->dated) {
    error_set(error, "%s: does not say at which epochs its snapshots were taken",
              trajectory->file.path);
    return NULL;
  }
  if (wanted->at_most) number_parse_integer(wanted->at_most, &at_most);
  size_t *chosen = list_wanted(trajectory, wanted->list, n, error);
  if (!chosen || (int64_t)*n <= at_most ||
      thin_by(wanted, trajectory, (size_t)at_most, chosen, n, error))
    return chosen;
  free(chosen);
  return NULL;
}
