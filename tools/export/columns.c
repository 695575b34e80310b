#include "export/columns.h"

#include "base/memory.h"
#include "export/blob.h"
#include "table/table.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static bool open_table(struct Table *table, const struct Analysis *analysis, const char *folder,
                       const char *file, struct Error *error)
{
  char *path = memory_print(error, "%s/%s", folder, file);
  bool read = path && table_read(table, path, error);
  free(path);
  if (!read) return false;
  if (digest_equal(table->run.trajectory, analysis->run.trajectory)) return true;
  error_set(error, "%s: is not about %s: their digests of the trajectory differ", table->path,
            analysis->trajectory.file.path);
  table_release(table);
  return false;
}

static json_t *number_or_null(double value)
{
  return isfinite(value) ? json_real(value) : json_null();
}

static json_t *array_of(const double *values, size_t n)
{
  json_t *array = json_array();
  for (size_t i = 0; array && i < n; i++)
    if (json_array_append_new(array, number_or_null(values[i])) != 0) {
      json_decref(array);
      return NULL;
    }
  return array;
}

static bool add_column(json_t *object, const struct Table *table, const char *name,
                       struct Error *error)
{
  double *numbers = table_numbers(table, name, error);
  if (!numbers) return false;
  json_t *array = array_of(numbers, table->n_rows);
  free(numbers);
  bool added = array && json_object_set_new(object, name, array) == 0;
  if (!added) blob_checked(NULL, error);
  return added;
}

json_t *columns_of(const struct Analysis *analysis, const char *folder, const char *file,
                   const char *const *names, struct Error *error)
{
  struct Table table;
  if (!open_table(&table, analysis, folder, file, error)) return NULL;
  json_t *object = blob_checked(json_object(), error);
  bool added = object;
  for (; added && *names; names++)
    added = add_column(object, &table, *names, error);
  table_release(&table);
  if (added) return object;
  json_decref(object);
  return NULL;
}

/* ---- coefficients of cosines ---- */

struct Coefficients {
  size_t n;
  double *epoch, *frequency, *coefficient; /* [n] */
};

/* Those of the key frequencies at an epoch; an array that is too short if there are none. */
static json_t *alpha_at(const struct Coefficients *of, const bool *keys, int64_t epoch)
{
  json_t *array = json_array();
  for (size_t i = 0; array && i < of->n; i++) {
    if (of->epoch[i] != (double)epoch || !keys[(int)of->frequency[i]]) continue;
    if (json_array_append_new(array, number_or_null(of->coefficient[i])) == 0) continue;
    json_decref(array);
    return NULL;
  }
  return array;
}

static json_t *alpha_of(const struct Analysis *analysis, const struct Table *table,
                        const struct Coefficients *of, const int64_t *epochs, size_t n,
                        struct Error *error)
{
  for (size_t i = 0; i < of->n; i++)
    if (!(of->frequency[i] >= 1 && of->frequency[i] <= analysis->basis.n_frequencies)) {
      error_set(error, "%s:%d: expected a frequency of 1 to %d", table->path,
                table->first_line + (int)i, analysis->basis.n_frequencies);
      return NULL;
    }
  json_t *rows = json_array();
  for (size_t i = 0; rows && i < n; i++) {
    json_t *row = alpha_at(of, analysis->keys, epochs[i]);
    bool complete = json_array_size(row) == (size_t)analysis->n_keys;
    if (!complete) error_set(error, "%s: lacks epoch %" PRId64, table->path, epochs[i]);
    if (json_array_append_new(rows, row) == 0 && complete) continue;
    json_decref(rows);
    return NULL;
  }
  return blob_checked(rows, error);
}

json_t *columns_alpha(const struct Analysis *analysis, const char *folder, const int64_t *epochs,
                      size_t n, struct Error *error)
{
  struct Table table;
  if (!open_table(&table, analysis, folder, "cosine-coefficients.tsv", error)) return NULL;
  struct Coefficients of = {table.n_rows, table_numbers(&table, "epoch", error), NULL, NULL};
  if (of.epoch) of.frequency = table_numbers(&table, "frequency", error);
  if (of.frequency) of.coefficient = table_numbers(&table, "coefficient", error);
  json_t *rows = of.coefficient ? alpha_of(analysis, &table, &of, epochs, n, error) : NULL;
  free(of.epoch);
  free(of.frequency);
  free(of.coefficient);
  table_release(&table);
  return rows;
}
