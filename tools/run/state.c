#include "run/state.h"

#include "base/memory.h"
#include "run/identity.h"
#include "run/metadata.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(struct HistoryRow) == 4 * sizeof(double), "a history row is a row of F64");
_Static_assert(sizeof(struct Digest) == 2 * sizeof(int64_t), "a digest is a row of I64");

/* The tensors of a state: its n parameters, then these. */
enum { EPOCH_TENSOR, M_TENSOR, V_TENSOR, HISTORY_TENSOR, SNAPSHOTS_TENSOR, N_FURTHER };

/* A new array, which the caller frees; NULL if out of memory. */
static struct TensorSpec *describe_tensors(const struct Parameters *parameters,
                                           const struct State *state, struct Error *error)
{
  size_t n = (size_t)parameters->n;
  struct TensorSpec *specs =
      memory_new(n + N_FURTHER, sizeof *specs, "the tensors of a state", error);
  if (!specs) return NULL;
  for (size_t i = 0; i < n; i++) {
    const struct ParameterInfo *info = &parameters->info[i];
    specs[i] = (struct TensorSpec){.name = info->name, .dtype = DTYPE_F32, .rank = info->rank};
    memcpy(specs[i].shape, info->shape, sizeof info->shape);
  }
  struct TensorSpec *further = specs + n;
  further[EPOCH_TENSOR] = (struct TensorSpec){.name = "epoch", .dtype = DTYPE_I64};
  further[M_TENSOR] = (struct TensorSpec){"adamw.m", DTYPE_F32, 1, {state->total}};
  further[V_TENSOR] = (struct TensorSpec){"adamw.v", DTYPE_F32, 1, {state->total}};
  further[HISTORY_TENSOR] = (struct TensorSpec){"history", DTYPE_F64, 2, {state->n_rows, 4}};
  further[SNAPSHOTS_TENSOR] =
      (struct TensorSpec){"snapshots", DTYPE_I64, 2, {state->n_snapshots, 2}};
  return specs;
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

static void describe_digest(const struct State *state, const struct Metadata *metadata,
                            char text[DIGEST_SIZE])
{
  struct Digest digest = DIGEST_START;
  for (size_t i = 0; i < metadata->n; i++) {
    digest = add_text(digest, metadata->entries[i].key);
    digest = add_text(digest, metadata->entries[i].value);
  }
  size_t size = state->total * sizeof(float);
  digest = digest_add(digest, &state->epoch, sizeof state->epoch);
  digest = digest_add(digest, state->parameters, size);
  digest = digest_add(digest, state->m, size);
  digest = digest_add(digest, state->v, size);
  digest = digest_add(digest, state->rows, state->n_rows * sizeof *state->rows);
  digest = digest_add(digest, state->digests, state->n_snapshots * sizeof *state->digests);
  digest_format(digest, text);
}

/* ---- saving ---- */

static bool write_tensors(const struct SafetensorsWriter *writer, const struct State *state,
                          const struct Parameters *parameters, struct Error *error)
{
  size_t n = (size_t)parameters->n;
  for (size_t i = 0; i < n; i++)
    if (!safetensors_write(writer, i, 0, parameters->values + parameters->info[i].offset,
                           parameters->info[i].count * sizeof(float), error))
      return false;
  size_t size = state->total * sizeof(float);
  return safetensors_write(writer, n + EPOCH_TENSOR, 0, &state->epoch, sizeof state->epoch,
                           error) &&
         safetensors_write(writer, n + M_TENSOR, 0, state->m, size, error) &&
         safetensors_write(writer, n + V_TENSOR, 0, state->v, size, error) &&
         safetensors_write(writer, n + HISTORY_TENSOR, 0, state->rows,
                           state->n_rows * sizeof *state->rows, error) &&
         safetensors_write(writer, n + SNAPSHOTS_TENSOR, 0, state->digests,
                           state->n_snapshots * sizeof *state->digests, error);
}

static bool write_file(const char *path, const struct State *state, const struct Config *config,
                       const char *engine, const struct Parameters *parameters, struct Error *error)
{
  struct Metadata metadata;
  char program[DIGEST_SIZE], digest[DIGEST_SIZE];
  if (!describe_metadata(&metadata, config, engine, program, error)) return false;
  describe_digest(state, &metadata, digest);
  metadata_add(&metadata, digest_key, digest);
  struct TensorSpec *specs = describe_tensors(parameters, state, error);
  if (!specs) return false;
  struct SafetensorsWriter writer;
  bool written = safetensors_create(&writer, path, specs, (size_t)parameters->n + N_FURTHER,
                                    metadata.entries, metadata.n, error);
  if (written) {
    written =
        write_tensors(&writer, state, parameters, error) && safetensors_finish(&writer, error);
    safetensors_abandon(&writer);
  }
  free(specs);
  return written;
}

bool state_save(const char *path, const struct Config *config, const char *engine, int64_t epoch,
                const struct Parameters *parameters, const struct AdamW *adamw,
                struct Recorder *recorder, struct Error *error)
{
  const struct State state = {.epoch = epoch,
                              .total = parameters->total,
                              .n_rows = recorder_rows_before(&config->train, epoch),
                              .n_snapshots = recorder_snapshots_before(&config->train, epoch),
                              .parameters = parameters->values,
                              .m = adamw->m,
                              .v = adamw->v,
                              .rows = recorder->rows,
                              .digests = recorder->digests};
  char *fresh = memory_print(error, "%s.new", path);
  if (!fresh) return false;
  bool saved = recorder_sync(recorder, error) &&
               write_file(fresh, &state, config, engine, parameters, error);
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

/* Settings that end a run do not affect the epochs before its end. */
static bool may_differ(const char *setting)
{
  return strcmp(setting, "train.epochs") == 0 || strcmp(setting, "train.stop_test_loss") == 0;
}

/* The file's metadata must be what this run would write. `metadata` becomes that of the file, which
   its digest covers. */
static enum StateFound check_metadata(const struct Safetensors *file, struct Metadata *metadata,
                                      struct Error *reason)
{
  for (size_t i = 0; i < metadata->n; i++) {
    struct MetadataEntry *entry = &metadata->entries[i];
    const char *found = safetensors_metadata(file, entry->key);
    bool passes = (found && may_differ(entry->key)) || metadata_check(entry, file, reason);
    if (found && !passes && strcmp(entry->key, program_key) == 0)
      error_set(reason, "was saved by another build of this program");
    if (!passes) return found ? STATE_OTHERS : STATE_BAD;
    entry->value = found;
  }
  return STATE_USABLE;
}

static bool check_tensors(const struct Safetensors *file, const struct State *state,
                          const struct Parameters *shapes, struct Error *reason)
{
  struct TensorSpec *specs = describe_tensors(shapes, state, reason);
  if (!specs) return false;
  bool same = file->n_tensors == (size_t)shapes->n + N_FURTHER;
  for (size_t i = 0; same && i < file->n_tensors; i++) {
    const struct Tensor *tensor = &file->tensors[i]; /* in the order in which they were written */
    same = strcmp(tensor->name, specs[i].name) == 0 && tensor->dtype == specs[i].dtype &&
           tensor->rank == specs[i].rank;
    for (int axis = 0; same && axis < tensor->rank; axis++)
      same = tensor->shape[axis] == specs[i].shape[axis];
  }
  free(specs);
  return same || error_set(reason, "does not contain what training saves at that epoch");
}

/* The epoch, and the sizes that follow from it. */
static bool read_epoch(struct State *state, const struct Safetensors *file,
                       const struct Config *config, const struct Parameters *shapes,
                       struct Error *reason)
{
  const struct Tensor *epoch = safetensors_find(file, "epoch");
  if (!epoch || epoch->dtype != DTYPE_I64 || epoch->count != 1)
    return error_set(reason, "has no epoch");
  if (!tensor_read(epoch, 0, 1, &state->epoch, reason)) return false;
  if (state->epoch < 0 || state->epoch > INT32_MAX)
    return error_set(reason, "is at epoch %" PRId64, state->epoch);
  state->total = shapes->total;
  state->n_rows = recorder_rows_before(&config->train, state->epoch);
  state->n_snapshots = recorder_snapshots_before(&config->train, state->epoch);
  return true;
}

static bool read_tensors(struct State *state, const struct Safetensors *file,
                         const struct Parameters *shapes, struct Error *reason)
{
  const char *what = "a saved state";
  size_t n = state->total;
  state->parameters = memory_new(3 * n, sizeof(float), what, reason);
  state->rows = memory_new(state->n_rows, sizeof *state->rows, what, reason);
  state->digests = memory_new(state->n_snapshots, sizeof *state->digests, what, reason);
  if (!state->parameters || !state->rows || !state->digests) return false;
  state->m = state->parameters + n;
  state->v = state->parameters + 2 * n;
  for (int i = 0; i < shapes->n; i++)
    if (!tensor_read(&file->tensors[i], 0, shapes->info[i].count,
                     state->parameters + shapes->info[i].offset, reason))
      return false;
  const struct Tensor *further = file->tensors + shapes->n;
  return tensor_read(&further[M_TENSOR], 0, n, state->m, reason) &&
         tensor_read(&further[V_TENSOR], 0, n, state->v, reason) &&
         tensor_read(&further[HISTORY_TENSOR], 0, 4 * state->n_rows, state->rows, reason) &&
         tensor_read(&further[SNAPSHOTS_TENSOR], 0, 2 * state->n_snapshots, state->digests, reason);
}

static bool check_digest(const struct State *state, const struct Safetensors *file,
                         const struct Metadata *metadata, struct Error *reason)
{
  char digest[DIGEST_SIZE];
  describe_digest(state, metadata, digest);
  const char *found = safetensors_metadata(file, digest_key);
  return (found && strcmp(found, digest) == 0) ||
         error_set(reason, "is damaged: digest %s, expected %.40s", digest,
                   found ? found : "nothing");
}

/* Would this run have reached that epoch? */
static bool check_end(const struct State *state, const struct TrainConfig *train,
                      struct Error *reason)
{
  if (state->epoch > train->epochs)
    return error_set(reason, "is at epoch %" PRId64 ", beyond the last one, train.epochs = %d",
                     state->epoch, train->epochs);
  for (size_t i = 0; i < state->n_rows; i++)
    if (state->rows[i].test.loss < train->stop_test_loss)
      return error_set(reason,
                       "is at epoch %" PRId64 ", beyond epoch %" PRId64
                       ", where a test loss below train.stop_test_loss ends this run",
                       state->epoch, (int64_t)i * train->evaluate_every);
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
  enum StateFound found = check_metadata(file, &metadata, reason);
  if (found != STATE_USABLE) return found;
  if (!read_epoch(state, file, config, shapes, reason) ||
      !check_tensors(file, state, shapes, reason) || !read_tensors(state, file, shapes, reason) ||
      !check_digest(state, file, &metadata, reason))
    return STATE_BAD;
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
  free(state->parameters);
  free(state->rows);
  free(state->digests);
  *state = (struct State){0};
}

void state_restore(const struct State *state, struct Parameters *parameters, struct AdamW *adamw)
{
  size_t size = state->total * sizeof(float);
  memcpy(parameters->values, state->parameters, size);
  memcpy(adamw->m, state->m, size);
  memcpy(adamw->v, state->v, size);
  adamw->step = state->epoch;
}
