#include "run/recorder.h"

#include "base/memory.h"
#include "base/output.h"
#include "run/metadata.h"
#include "run/snapshots.h"
#include "run/trajectory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The tensors of a trajectory: its n parameters, then these, the mask only if there are pairs, and
   the answers only if they came from a file. */
enum { EPOCH_TENSOR, MASK_TENSOR, ANSWERS_TENSOR, MOST_FURTHER };

static enum DType values_dtype(const struct Recorder *recorder)
{
  return snapshots_dtype(recorder->config->train.precision);
}

static size_t values_size(const struct Recorder *recorder)
{
  return recorder->shapes->total * dtype_size(values_dtype(recorder));
}

static size_t further(const struct Parameters *parameters, int tensor)
{
  return (size_t)(parameters->n + tensor);
}

/* ---- when ---- */

static bool is_later(const struct TrainConfig *config, int64_t epoch)
{
  return config->snapshot_until > 0 && epoch > config->snapshot_until;
}

bool recorder_wants_snapshot(const struct TrainConfig *config, int64_t epoch)
{
  return epoch % (is_later(config, epoch) ? config->snapshot_later : config->snapshot_every) == 0;
}

bool recorder_wants_row(const struct TrainConfig *config, int64_t epoch)
{
  return epoch % config->evaluate_every == 0;
}

static size_t count_before(int64_t epoch, int every)
{
  return (size_t)((epoch + every - 1) / every);
}

size_t recorder_snapshots_before(const struct TrainConfig *config, int64_t epoch)
{
  if (!is_later(config, epoch)) return count_before(epoch, config->snapshot_every);
  const int64_t later = (int64_t)config->snapshot_until + 1;
  return count_before(later, config->snapshot_every) + count_before(epoch, config->snapshot_later) -
         count_before(later, config->snapshot_later);
}

size_t recorder_rows_before(const struct TrainConfig *config, int64_t epoch)
{
  return count_before(epoch, config->evaluate_every);
}

/* ---- the partial trajectory ---- */

static bool has_answers(const struct Config *config)
{
  return config->data.operation == OPERATION_TABLE;
}

/* Returns their number. */
static size_t describe_tensors(const struct Recorder *recorder, size_t n_snapshots,
                               struct TensorSpec *specs)
{
  const struct Parameters *parameters = recorder->shapes;
  for (int i = 0; i < parameters->n; i++) {
    const struct ParameterInfo *info = &parameters->info[i];
    specs[i] = (struct TensorSpec){.name = info->name,
                                   .dtype = values_dtype(recorder),
                                   .rank = info->rank + 1,
                                   .shape = {n_snapshots}};
    for (int k = 0; k < info->rank; k++)
      specs[i].shape[k + 1] = info->shape[k];
  }
  size_t p = (size_t)recorder->dataset->p;
  struct TensorSpec *rest = specs + parameters->n;
  rest[EPOCH_TENSOR] = (struct TensorSpec){"epoch", DTYPE_I64, 1, {n_snapshots}};
  rest[MASK_TENSOR] = (struct TensorSpec){"train_mask", DTYPE_BOOL, 2, {p, p}};
  rest[ANSWERS_TENSOR] = (struct TensorSpec){"answers", DTYPE_I64, 2, {p, p}};
  return further(parameters, p == 0                          ? MASK_TENSOR
                             : has_answers(recorder->config) ? MOST_FURTHER
                                                             : ANSWERS_TENSOR);
}

static bool write_answers(const struct Recorder *recorder, struct Error *error)
{
  size_t n = (size_t)recorder->dataset->p * (size_t)recorder->dataset->p;
  int64_t *answers = memory_new(n, sizeof *answers, "the answers of all pairs", error);
  for (size_t i = 0; answers && i < n; i++)
    answers[i] = recorder->dataset->answer[i];
  bool written =
      answers && safetensors_write(&recorder->writer, further(recorder->shapes, ANSWERS_TENSOR), 0,
                                   answers, n * sizeof *answers, error);
  free(answers);
  return written;
}

/* Writes what does not change from snapshot to snapshot. */
static bool write_pairs(const struct Recorder *recorder, struct Error *error)
{
  size_t p = (size_t)recorder->dataset->p;
  if (p == 0) return true;
  return safetensors_write(&recorder->writer, further(recorder->shapes, MASK_TENSOR), 0,
                           recorder->dataset->train, p * p, error) &&
         (!has_answers(recorder->config) || write_answers(recorder, error));
}

typedef bool WriterStart(struct SafetensorsWriter *writer, const char *path,
                         const struct TensorSpec *tensors, size_t n_tensors,
                         const struct MetadataEntry *metadata, size_t n_metadata,
                         struct Error *error);

/* Creates or continues a trajectory with room for n_snapshots. */
static bool open_trajectory(struct Recorder *recorder, WriterStart *start, const char *path,
                            size_t n_snapshots, struct Error *error)
{
  struct Metadata metadata;
  struct TensorSpec *specs = memory_new(further(recorder->shapes, MOST_FURTHER), sizeof *specs,
                                        "the tensors of a trajectory", error);
  if (!specs) return false;
  size_t n_tensors = describe_tensors(recorder, n_snapshots, specs);
  metadata_describe(&metadata, recorder->config, recorder->engine);
  recorder->synced = false;
  bool opened =
      start(&recorder->writer, path, specs, n_tensors, metadata.entries, metadata.n, error) &&
      write_pairs(recorder, error);
  free(specs);
  return opened;
}

/* Creates a trajectory with room for n_snapshots, none of them taken yet. */
static bool create_trajectory(struct Recorder *recorder, const char *path, size_t n_snapshots,
                              struct Error *error)
{
  int64_t *epochs = memory_new(n_snapshots, sizeof *epochs, "the epochs of snapshots", error);
  if (!epochs) return false;
  for (size_t i = 0; i < n_snapshots; i++)
    epochs[i] = TRAJECTORY_NO_SNAPSHOT;
  bool created = open_trajectory(recorder, safetensors_create, path, n_snapshots, error) &&
                 safetensors_write(&recorder->writer, further(recorder->shapes, EPOCH_TENSOR), 0,
                                   epochs, n_snapshots * sizeof *epochs, error);
  free(epochs);
  return created;
}

/* If no test loss stops the run earlier. */
static size_t most_snapshots(const struct Recorder *recorder)
{
  const struct TrainConfig *train = &recorder->config->train;
  return recorder_snapshots_before(train, train->epochs) + 1;
}

/* The epoch is written last: a reader that sees it finds the snapshot complete. */
static bool write_snapshot(const struct Recorder *recorder, size_t i, int64_t epoch,
                           const void *values, struct Error *error)
{
  const struct Parameters *list = recorder->shapes;
  const size_t number = dtype_size(values_dtype(recorder));
  for (int k = 0; k < list->n; k++) {
    const char *at = (const char *)values + list->info[k].offset * number;
    size_t size = list->info[k].count * number;
    if (!safetensors_write(&recorder->writer, (size_t)k, i * size, at, size, error)) return false;
  }
  return safetensors_write(&recorder->writer, further(list, EPOCH_TENSOR), i * sizeof epoch, &epoch,
                           sizeof epoch, error);
}

/* ---- existing snapshots ---- */

/* Reads the recorder's snapshots from a file, checks their digests, and copies them to the
   recorder's writer, if wanted. */
static bool read_snapshots(const struct Recorder *recorder, const char *path, bool copy,
                           struct Error *error)
{
  struct Snapshots source;
  const size_t size = values_size(recorder);
  void *values = memory_new(size, 1, "a snapshot", error);
  if (!values) return false;
  bool opened = snapshots_open(&source, path, recorder->n_snapshots, recorder->shapes,
                               recorder->config->train.precision, error);
  bool good = opened;
  for (size_t i = 0; good && i < recorder->n_snapshots; i++) {
    int64_t epoch;
    if (!snapshots_read(&source, i, values, &epoch, error))
      good = false;
    else if (!digest_equal(snapshot_digest(values, size, epoch), recorder->digests[i]))
      good = error_set(error, "%s: snapshot %zu differs from the one that was saved", path, i);
    else if (copy)
      good = write_snapshot(recorder, i, epoch, values, error);
  }
  if (opened) snapshots_close(&source);
  free(values);
  return good;
}

const char *recorder_find_snapshots(const struct Recorder *recorder, struct Error *error)
{
  const char *const paths[] = {recorder->partial, recorder->trajectory};
  for (int i = 0; i < 2; i++) {
    if (read_snapshots(recorder, paths[i], false, error)) return paths[i];
    if (error->code != 0 && error->code != ENOENT) return NULL; /* they may exist nevertheless */
  }
  error_prefix(error, "the snapshots up to that epoch are gone");
  return NULL;
}

/* Replaces the partial trajectory with one that has room for n_snapshots and contains the
   recorder's snapshots from `path`. */
static bool copy_trajectory(struct Recorder *recorder, const char *path, size_t n_snapshots,
                            struct Error *error)
{
  safetensors_abandon(&recorder->writer);
  bool copied = create_trajectory(recorder, recorder->copy, n_snapshots, error) &&
                read_snapshots(recorder, path, true, error) &&
                safetensors_finish(&recorder->writer, error);
  if (copied && rename(recorder->copy, recorder->partial) != 0)
    copied = error_system(error, "%s: cannot rename %s to it", recorder->partial, recorder->copy);
  copied = copied && output_sync_directory(recorder->partial, error);
  return copied &&
         open_trajectory(recorder, safetensors_continue, recorder->partial, n_snapshots, error);
}

/* ---- the history ---- */

/* Replaces the partial history with the recorder's rows. */
static bool write_history(const struct Recorder *recorder, int64_t last,
                          const struct Provenance *run, struct Error *error)
{
  return history_write(recorder->partial_history, recorder->config, run, recorder->rows,
                       recorder->n_rows, last, error);
}

/* Opens the partial history for further rows. The trajectory's digest is not known yet. */
static bool begin_history(struct Recorder *recorder, struct Error *error)
{
  struct Provenance run = {.has_configuration = true,
                           .configuration = config_digest(recorder->config)};
  provenance_set_engine(&run, recorder->engine);
  return write_history(recorder, INT64_MAX, &run, error) &&
         history_append(&recorder->table, recorder->partial_history, recorder->config, error);
}

/* ---- starting and resuming ---- */

bool recorder_has_finished(const struct Recorder *recorder, struct Error *finding)
{
  const char *path = recorder->trajectory;
  if (access(path, F_OK) != 0 && errno == ENOENT) return false;
  struct Safetensors file;
  if (!safetensors_open(&file, path, finding)) return true;
  struct Metadata metadata;
  metadata_describe(&metadata, recorder->config, recorder->engine);
  bool same = metadata_check_engine(recorder->engine, &file, finding) &&
              metadata_check_extended(recorder->config, &file, finding);
  for (size_t i = 0; same && i < metadata.n; i++)
    same = metadata_check(&metadata.entries[i], &file, finding);
  safetensors_close(&file);
  if (same) error_set(finding, "belongs to a finished run with these settings");
  error_prefix(finding, "%s", path);
  return true;
}

bool recorder_start(struct Recorder *recorder, struct Error *error)
{
  recorder->n_rows = recorder->n_snapshots = 0;
  recorder->keep = false; /* any saved state that needs the files is abandoned */
  return create_trajectory(recorder, recorder->partial, most_snapshots(recorder), error) &&
         output_sync_directory(recorder->partial, error) && begin_history(recorder, error);
}

bool recorder_continue(struct Recorder *recorder, const char *path, struct Error *error)
{
  recorder->keep = true;
  size_t room = most_snapshots(recorder);
  struct Error ignored; /* room for another number of epochs: copy it */
  bool opened = (path == recorder->partial &&
                 open_trajectory(recorder, safetensors_continue, path, room, &ignored)) ||
                copy_trajectory(recorder, path, room, error);
  return opened && begin_history(recorder, error);
}

/* ---- recording ---- */

/* The array with room for one more than its `n` objects; NULL if out of memory. */
static void *grow(void *array, size_t n, size_t *room, size_t size, const char *what,
                  struct Error *error)
{
  if (n < *room) return array;
  size_t larger = *room < 64 ? 64 : 2 * *room;
  void *moved = realloc(array, larger * size);
  if (moved) {
    *room = larger;
    return moved;
  }
  error_set(error, "out of memory: %zu bytes for %s", larger * size, what);
  error->code = ENOMEM;
  return NULL;
}

static bool add_digest(struct Recorder *recorder, struct Digest digest, struct Error *error)
{
  struct Digest *digests = grow(recorder->digests, recorder->n_snapshots, &recorder->digests_room,
                                sizeof *digests, "the digests of snapshots", error);
  if (!digests) return false;
  recorder->digests = digests;
  digests[recorder->n_snapshots++] = digest;
  return true;
}

static bool add_row(struct Recorder *recorder, struct HistoryRow row, struct Error *error)
{
  struct HistoryRow *rows = grow(recorder->rows, recorder->n_rows, &recorder->rows_room,
                                 sizeof *rows, "the history", error);
  if (!rows) return false;
  recorder->rows = rows;
  rows[recorder->n_rows++] = row;
  return true;
}

bool recorder_recall(struct Recorder *recorder, const struct HistoryRow *rows, size_t n_rows,
                     const struct Digest *digests, size_t n_snapshots, struct Error *error)
{
  bool recalled = true;
  recorder->n_rows = recorder->n_snapshots = 0;
  for (size_t i = 0; recalled && i < n_rows; i++)
    recalled = add_row(recorder, rows[i], error);
  for (size_t i = 0; recalled && i < n_snapshots; i++)
    recalled = add_digest(recorder, digests[i], error);
  return recalled;
}

bool recorder_snapshot(struct Recorder *recorder, int64_t epoch, const void *values,
                       struct Error *error)
{
  recorder->synced = false;
  return write_snapshot(recorder, recorder->n_snapshots, epoch, values, error) &&
         add_digest(recorder, snapshot_digest(values, values_size(recorder), epoch), error);
}

bool recorder_row(struct Recorder *recorder, int64_t epoch, struct Performance train,
                  struct Performance test, struct Error *error)
{
  struct HistoryRow row = {train, test};
  return add_row(recorder, row, error) && history_add(&recorder->table, epoch, &row, error);
}

bool recorder_sync(struct Recorder *recorder, struct Error *error)
{
  recorder->synced = recorder->synced || safetensors_sync(&recorder->writer, error);
  return recorder->synced;
}

/* ---- the end ---- */

static bool give_name(const char *partial, const char *path, struct Error *error)
{
  return rename(partial, path) == 0 ||
         error_system(error, "%s: cannot rename %s to it", path, partial);
}

bool recorder_commit(struct Recorder *recorder, int64_t last, struct Error *error)
{
  /* the format allows no gaps: a trajectory that ended early is copied to one of its actual size */
  if (recorder->n_snapshots < most_snapshots(recorder) &&
      !copy_trajectory(recorder, recorder->partial, recorder->n_snapshots, error))
    return false;
  const struct Dataset *dataset = recorder->dataset;
  struct Provenance run = {.has_configuration = true, .has_trajectory = true};
  run.configuration = config_digest(recorder->config);
  provenance_set_engine(&run, recorder->engine);
  run.trajectory = trajectory_digest(dataset->train, dataset->n_train + dataset->n_test,
                                     recorder->digests, recorder->n_snapshots);
  return safetensors_finish(&recorder->writer, error) && table_commit(&recorder->table, error) &&
         write_history(recorder, last, &run, error) &&
         give_name(recorder->partial, recorder->trajectory, error) &&
         give_name(recorder->partial_history, recorder->history, error) &&
         output_sync_directory(recorder->trajectory, error);
}

/* ---- lifetime ---- */

bool recorder_init(struct Recorder *recorder, const char *directory, const struct Config *config,
                   const struct Dataset *dataset, const struct Parameters *shapes,
                   const char *engine, struct Error *error)
{
  *recorder =
      (struct Recorder){.config = config, .dataset = dataset, .shapes = shapes, .engine = engine};
  recorder->writer.descriptor = -1;
  recorder->keep = true; /* until known that no saved state needs the file */
  recorder->trajectory = memory_print(error, "%s/trajectory.safetensors", directory);
  recorder->partial = memory_print(error, "%s/trajectory.safetensors.partial", directory);
  recorder->copy = memory_print(error, "%s/trajectory.safetensors.new", directory);
  recorder->history = memory_print(error, "%s/history.tsv", directory);
  recorder->partial_history = memory_print(error, "%s/history.tsv.partial", directory);
  if (!recorder->trajectory || !recorder->partial || !recorder->copy || !recorder->history ||
      !recorder->partial_history)
    return false;
  unlink(recorder->copy);
  output_remove_leftovers(recorder->partial_history);
  return true;
}

void recorder_release(struct Recorder *recorder)
{
  safetensors_abandon(&recorder->writer);
  table_discard(&recorder->table);
  if (recorder->copy) unlink(recorder->copy);
  if (recorder->partial && !recorder->keep) unlink(recorder->partial);
  if (recorder->partial_history && !recorder->keep) unlink(recorder->partial_history);
  free(recorder->trajectory);
  free(recorder->partial);
  free(recorder->copy);
  free(recorder->history);
  free(recorder->partial_history);
  free(recorder->rows);
  free(recorder->digests);
  *recorder = (struct Recorder){.writer.descriptor = -1};
}
