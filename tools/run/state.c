#include "run/state.h"

#include "base/memory.h"
#include "run/identity.h"
#include "run/metadata.h"
#include "run/snapshots.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(struct Digest) == 2 * sizeof(int64_t), "a digest is a row of I64");

/* ---- the tensors ---- */

/* A tensor of a state, and its elements. */
struct StatePart {
  struct TensorSpec spec;
  void *elements;
  size_t count;
};

/* All of them: the parameters of `list`, and what comes after them. */
struct Parts {
  size_t n;
  struct StatePart *parts; /* [n] */
  double *history;         /* [n_rows][columns] */
};

enum { MOST_FURTHER = 5 };

static size_t history_columns(const struct Config *config)
{
  return 4 + 2 * performance_n_tokens(config);
}

static struct StatePart *add_part(struct Parts *parts, const char *name, enum DType dtype,
                                  void *elements)
{
  struct StatePart *part = &parts->parts[parts->n++];
  part->spec = (struct TensorSpec){.name = name, .dtype = dtype};
  part->elements = elements;
  part->count = 1;
  return part;
}

static void add_axis(struct StatePart *part, size_t length)
{
  part->spec.shape[part->spec.rank++] = length;
  part->count *= length;
}

static void add_parameters(struct Parts *parts, const struct TrainingState *training,
                           const struct Parameters *list)
{
  const enum DType dtype = snapshots_dtype(training->precision);
  for (int i = 0; i < list->n; i++) {
    const struct ParameterInfo *info = &list->info[i];
    char *values = (char *)training->values + info->offset * dtype_size(dtype);
    struct StatePart *part = add_part(parts, info->name, dtype, values);
    for (int axis = 0; axis < info->rank; axis++)
      add_axis(part, info->shape[axis]);
  }
}

static void add_moments(struct Parts *parts, const struct TrainingState *training)
{
  const enum DType dtype = snapshots_dtype(training->precision);
  bool adamw = training->optimizer == OPTIMIZER_ADAMW;
  add_axis(add_part(parts, adamw ? "adamw.m" : "sgd.m", dtype, training->m), training->total);
  if (adamw) add_axis(add_part(parts, "adamw.v", dtype, training->v), training->total);
}

/* Describes a state, whose elements stay its own except for the history. Error: no memory; then
   there is nothing to release. */
static bool parts_init(struct Parts *parts, const struct Parameters *list,
                       const struct Config *config, struct State *state, struct Error *error)
{
  const char *what = "the tensors of a state";
  size_t columns = history_columns(config);
  *parts = (struct Parts){0};
  parts->parts = memory_new((size_t)list->n + MOST_FURTHER, sizeof *parts->parts, what, error);
  parts->history = memory_new(state->n_rows * columns, sizeof *parts->history, what, error);
  if (!parts->parts || !parts->history) {
    free(parts->parts);
    free(parts->history);
    return false;
  }
  add_parameters(parts, &state->training, list);
  add_part(parts, "epoch", DTYPE_I64, &state->training.step);
  add_moments(parts, &state->training);
  struct StatePart *history = add_part(parts, "history", DTYPE_F64, parts->history);
  add_axis(history, state->n_rows);
  add_axis(history, columns);
  struct StatePart *snapshots = add_part(parts, "snapshots", DTYPE_I64, state->digests);
  add_axis(snapshots, state->n_snapshots);
  add_axis(snapshots, 2);
  return true;
}

static void parts_release(struct Parts *parts)
{
  free(parts->parts);
  free(parts->history);
}

static size_t part_size(const struct StatePart *part)
{
  return part->count * dtype_size(part->spec.dtype);
}

/* The numbers of a row, in the order of the columns. */
static void list_row(struct HistoryRow *row, size_t n_tokens, double **numbers)
{
  *numbers++ = &row->train.loss;
  *numbers++ = &row->train.accuracy;
  *numbers++ = &row->test.loss;
  *numbers++ = &row->test.accuracy;
  for (size_t i = 0; i < n_tokens; i++) {
    *numbers++ = &row->train.token_losses[i];
    *numbers++ = &row->test.token_losses[i];
  }
}

/* Copies the rows to the history, or back. */
static void copy_history(const struct Parts *parts, const struct Config *config,
                         struct State *state, bool back)
{
  double *numbers[4 + 2 * PERFORMANCE_MOST_TOKENS];
  size_t columns = history_columns(config);
  for (size_t i = 0; i < state->n_rows; i++) {
    list_row(&state->rows[i], performance_n_tokens(config), numbers);
    for (size_t k = 0; k < columns; k++)
      if (back)
        *numbers[k] = parts->history[i * columns + k];
      else
        parts->history[i * columns + k] = *numbers[k];
  }
}

/* ---- metadata ---- */

static const char program_key[] = "resume.program", digest_key[] = "resume.digest";

/* All metadata except the digest. */
static bool describe_metadata(struct Metadata *metadata, const struct Config *config,
                              const char *engine, char program[DIGEST_SIZE], struct Error *error)
{
  if (!identity_program(program, error)) return false;
  metadata_describe(metadata, config, engine);
  metadata_add(metadata, program_key, program);
  return true;
}

static struct Digest add_text(struct Digest digest, const char *text)
{
  return digest_add(digest, text, strlen(text));
}

static void describe_digest(const struct Parts *parts, const struct Metadata *metadata,
                            char text[DIGEST_SIZE])
{
  struct Digest digest = DIGEST_START;
  for (size_t i = 0; i < metadata->n; i++) {
    digest = add_text(digest, metadata->entries[i].key);
    digest = add_text(digest, metadata->entries[i].value);
  }
  for (size_t i = 0; i < parts->n; i++)
    digest = digest_add(digest, parts->parts[i].elements, part_size(&parts->parts[i]));
  digest_format(digest, text);
}

/* ---- saving ---- */

static bool write_tensors(const char *path, const struct Parts *parts,
                          const struct Metadata *metadata, struct Error *error)
{
  struct TensorSpec *specs = memory_new(parts->n, sizeof *specs, "the tensors of a state", error);
  if (!specs) return false;
  for (size_t i = 0; i < parts->n; i++)
    specs[i] = parts->parts[i].spec;
  struct SafetensorsWriter writer;
  bool written =
      safetensors_create(&writer, path, specs, parts->n, metadata->entries, metadata->n, error);
  free(specs);
  if (!written) return false;
  for (size_t i = 0; written && i < parts->n; i++)
    written = safetensors_write(&writer, i, 0, parts->parts[i].elements,
                                part_size(&parts->parts[i]), error);
  written = written && safetensors_finish(&writer, error);
  safetensors_abandon(&writer);
  return written;
}

static bool write_file(const char *path, struct State *state, const struct Recorder *recorder,
                       struct Error *error)
{
  struct Metadata metadata;
  struct Parts parts;
  char program[DIGEST_SIZE], digest[DIGEST_SIZE];
  if (!describe_metadata(&metadata, recorder->config, recorder->engine, program, error) ||
      !parts_init(&parts, recorder->shapes, recorder->config, state, error))
    return false;
  copy_history(&parts, recorder->config, state, false);
  describe_digest(&parts, &metadata, digest);
  metadata_add(&metadata, digest_key, digest);
  bool written = write_tensors(path, &parts, &metadata, error);
  parts_release(&parts);
  return written;
}

bool state_save(const char *path, const struct TrainingState *training, struct Recorder *recorder,
                struct Error *error)
{
  const struct TrainConfig *train = &recorder->config->train;
  struct State state = {.training = *training,
                        .n_rows = recorder_rows_before(train, training->step),
                        .n_snapshots = recorder_snapshots_before(train, training->step),
                        .rows = recorder->rows,
                        .digests = recorder->digests};
  char *fresh = memory_print(error, "%s.new", path);
  if (!fresh) return false;
  bool saved = recorder_sync(recorder, error) && write_file(fresh, &state, recorder, error);
  if (saved && rename(fresh, path) != 0)
    saved = error_system(error, "%s: cannot rename %s to it", path, fresh);
  if (!saved) unlink(fresh);
  free(fresh);
  recorder->keep = recorder->keep || saved;
  /* the directory is not synced: if a power cut undoes the rename, the previous state is there */
  return saved;
}

static double now(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

void save_clock_init(struct SaveClock *clock)
{
  clock->next = now() + clock->interval;
}

bool save_clock_due(const struct SaveClock *clock)
{
  return now() >= clock->next;
}

void save_clock_start(struct SaveClock *clock)
{
  clock->started = now();
}

void save_clock_stop(struct SaveClock *clock)
{
  double end = now(), wait = clock->interval;
  if (!clock->exact && wait < 200 * (end - clock->started)) wait = 200 * (end - clock->started);
  clock->next = end + wait;
}

/* ---- resuming ---- */

/* Settings that end a run do not affect the epochs before its end, unless the learning rate falls
   towards it. */
static bool may_differ(const struct Config *config, const char *setting)
{
  bool constant = config->optimizer.schedule == SCHEDULE_CONSTANT;
  if (strcmp(setting, "train.epochs") == 0) return constant;
  return strcmp(setting, "train.stop_test_loss") == 0;
}

/* The file's metadata must be what this run would write. `metadata` becomes that of the file, which
   its digest covers. */
static enum StateFound check_metadata(const struct Safetensors *file, const struct Config *config,
                                      struct Metadata *metadata, struct Error *reason)
{
  for (size_t i = 0; i < metadata->n; i++) {
    struct MetadataEntry *entry = &metadata->entries[i];
    const char *found = safetensors_metadata(file, entry->key);
    bool passes = (found && may_differ(config, entry->key)) || metadata_check(entry, file, reason);
    if (found && !passes && strcmp(entry->key, program_key) == 0)
      error_set(reason, "was saved by another build of this program");
    if (!passes) return found ? STATE_OTHERS : STATE_BAD;
    entry->value = found;
  }
  return STATE_USABLE;
}

static bool check_tensors(const struct Safetensors *file, const struct Parts *parts,
                          struct Error *reason)
{
  bool same = file->n_tensors == parts->n;
  for (size_t i = 0; same && i < parts->n; i++) {
    const struct Tensor *tensor = &file->tensors[i]; /* in the order in which they were written */
    const struct TensorSpec *spec = &parts->parts[i].spec;
    same = strcmp(tensor->name, spec->name) == 0 && tensor->dtype == spec->dtype &&
           tensor->rank == spec->rank;
    for (int axis = 0; same && axis < tensor->rank; axis++)
      same = tensor->shape[axis] == spec->shape[axis];
  }
  return same || error_set(reason, "does not contain what training saves at that epoch");
}

static bool read_epoch(const struct Safetensors *file, int64_t *found, struct Error *reason)
{
  const struct Tensor *epoch = safetensors_find(file, "epoch");
  if (!epoch || epoch->dtype != DTYPE_I64 || epoch->count != 1)
    return error_set(reason, "has no epoch");
  if (!tensor_read(epoch, 0, 1, found, reason)) return false;
  return (*found >= 0 && *found <= INT32_MAX) || error_set(reason, "is at epoch %" PRId64, *found);
}

/* Allocates what a state has at an epoch. */
static bool allocate(struct State *state, int64_t epoch, const struct Config *config,
                     const struct Parameters *shapes, struct Error *reason)
{
  const char *what = "a saved state";
  state->n_rows = recorder_rows_before(&config->train, epoch);
  state->n_snapshots = recorder_snapshots_before(&config->train, epoch);
  state->rows = memory_new(state->n_rows, sizeof *state->rows, what, reason);
  state->digests = memory_new(state->n_snapshots, sizeof *state->digests, what, reason);
  return state->rows && state->digests &&
         training_state_init(&state->training, config, shapes->total, reason);
}

static bool read_tensors(const struct Parts *parts, const struct Safetensors *file,
                         struct Error *reason)
{
  for (size_t i = 0; i < parts->n; i++)
    if (!tensor_read(&file->tensors[i], 0, parts->parts[i].count, parts->parts[i].elements, reason))
      return false;
  return true;
}

static bool check_digest(const struct Parts *parts, const struct Safetensors *file,
                         const struct Metadata *metadata, struct Error *reason)
{
  char digest[DIGEST_SIZE];
  describe_digest(parts, metadata, digest);
  const char *found = safetensors_metadata(file, digest_key);
  return (found && strcmp(found, digest) == 0) ||
         error_set(reason, "is damaged: digest %s, expected %.40s", digest,
                   found ? found : "nothing");
}

/* Reads and checks everything that follows from the epoch. */
static bool read_contents(struct State *state, const struct Safetensors *file,
                          const struct Metadata *metadata, const struct Config *config,
                          const struct Parameters *shapes, struct Error *reason)
{
  int64_t epoch;
  struct Parts parts;
  if (!read_epoch(file, &epoch, reason) || !allocate(state, epoch, config, shapes, reason) ||
      !parts_init(&parts, shapes, config, state, reason))
    return false;
  bool read = check_tensors(file, &parts, reason) && read_tensors(&parts, file, reason) &&
              check_digest(&parts, file, metadata, reason);
  if (read) copy_history(&parts, config, state, true);
  parts_release(&parts);
  return read;
}

/* Would this run have reached that epoch? */
static bool check_end(const struct State *state, const struct TrainConfig *train,
                      struct Error *reason)
{
  if (state->training.step > train->epochs)
    return error_set(reason, "is at epoch %" PRId64 ", beyond the last one, train.epochs = %d",
                     state->training.step, train->epochs);
  for (size_t i = 0; i < state->n_rows; i++)
    if (state->rows[i].test.loss < train->stop_test_loss)
      return error_set(reason,
                       "is at epoch %" PRId64 ", beyond epoch %" PRId64
                       ", where a test loss below train.stop_test_loss ends this run",
                       state->training.step, (int64_t)i * train->evaluate_every);
  return true;
}

static enum StateFound read_file(struct State *state, const struct Safetensors *file,
                                 const struct Config *config, const char *engine,
                                 const struct Parameters *shapes, struct Error *reason)
{
  struct Metadata metadata;
  char program[DIGEST_SIZE];
  if (!describe_metadata(&metadata, config, engine, program, reason)) return STATE_BAD;
  if (!metadata_check_engine(engine, file, reason)) return STATE_OTHERS;
  if (!metadata_check_extended(config, file, reason)) return STATE_OTHERS;
  enum StateFound found = check_metadata(file, config, &metadata, reason);
  if (found != STATE_USABLE) return found;
  if (!read_contents(state, file, &metadata, config, shapes, reason)) return STATE_BAD;
  return check_end(state, &config->train, reason) ? STATE_USABLE : STATE_OTHERS;
}

enum StateFound state_read(struct State *state, const char *path, const struct Config *config,
                           const char *engine, const struct Parameters *shapes,
                           struct Error *reason)
{
  *state = (struct State){0};
  if (access(path, F_OK) != 0 && errno == ENOENT) return STATE_NONE;
  struct Safetensors file;
  if (!safetensors_open(&file, path, reason)) return STATE_BAD;
  enum StateFound found = read_file(state, &file, config, engine, shapes, reason);
  safetensors_close(&file);
  if (found == STATE_USABLE) return found;
  state_release(state);
  error_prefix(reason, "%s", path);
  return found;
}

void state_release(struct State *state)
{
  training_state_release(&state->training);
  free(state->rows);
  free(state->digests);
  *state = (struct State){0};
}
