#include "run/start.h"

#include "network/flush.h"
#include "run/checkpoint.h"
#include "run/reading.h"
#include "run/trajectory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The tensor of one snapshot. */
static struct Tensor without_snapshots(const struct Tensor *tensor, bool has_snapshots)
{
  struct Tensor one = *tensor;
  one.rank -= has_snapshots;
  memmove(one.shape, tensor->shape + has_snapshots, (size_t)one.rank * sizeof *one.shape);
  return one;
}

static bool check_shape(const struct Tensor *tensor, bool has_snapshots,
                        const struct ParameterInfo *info, struct Error *error)
{
  char found[TENSOR_SHAPE_TEXT_SIZE], wanted[TENSOR_SHAPE_TEXT_SIZE];
  struct Tensor theirs = without_snapshots(tensor, has_snapshots), ours = {.rank = info->rank};
  memcpy(ours.shape, info->shape, sizeof info->shape);
  if (theirs.rank == ours.rank &&
      memcmp(theirs.shape, ours.shape, (size_t)ours.rank * sizeof *ours.shape) == 0)
    return true;
  tensor_format_shape(&theirs, found);
  tensor_format_shape(&ours, wanted);
  return error_set(error, "%s has shape %s, in the network to be trained %s", info->name, found,
                   wanted);
}

static bool read_values(const struct Tensor *tensor, size_t first, const struct ParameterInfo *info,
                        struct TrainingState *state, struct Error *error)
{
  if (state->precision == PRECISION_FLOAT64)
    return tensor_read_doubles(tensor, first, info->count, (double *)state->values + info->offset,
                               error);
  float *values = (float *)state->values + info->offset;
  if (!tensor_read_floats(tensor, first, info->count, values, error)) return false;
  for (size_t i = 0; i < info->count; i++)
    values[i] = flush(values[i]);
  return true;
}

static bool check_values(const struct Config *config, const struct ParameterInfo *info,
                         const struct TrainingState *state, struct Error *error)
{
  bool fixed = !config->model.biases && (info->kind == B_IN || info->kind == B_OUT);
  for (size_t i = 0; i < info->count; i++) {
    double value = training_state_number(state, state->values, info->offset + i);
    if (!isfinite(value))
      return error_set(error, "%s is not finite: element %zu is %g", info->name, i, value);
    if (fixed && value != 0)
      return error_set(error, "%s is not zero, but model.biases = false", info->name);
  }
  return true;
}

/* Has the file a parameter that is not in the list? */
static bool check_none_is_left(const struct Reading *reading, const struct Parameters *list,
                               struct Error *error)
{
  for (int i = 0; i < reading->list.n; i++) {
    const struct ParameterInfo *theirs = &reading->list.info[i];
    if (reading->tensors[i] && parameters_place(list, theirs->layer, theirs->kind) < 0)
      return error_set(error, "%s is a parameter that the network to be trained does not have",
                       theirs->name);
  }
  return true;
}

static bool read_parameters(const struct Reading *reading, size_t snapshot,
                            const struct Config *config, const struct Parameters *list,
                            struct TrainingState *state, struct Error *error)
{
  for (int i = 0; i < list->n; i++) {
    const struct ParameterInfo *info = &list->info[i];
    const struct Tensor *tensor = safetensors_find(reading->file, info->name);
    if (!tensor && (info->kind == B_IN || info->kind == B_OUT)) continue; /* zero */
    if (!tensor) return error_set(error, "the parameter %s is missing", info->name);
    if (!check_shape(tensor, reading->leading, info, error) ||
        !read_values(tensor, snapshot * info->count, info, state, error) ||
        !check_values(config, info, state, error))
      return false;
  }
  return check_none_is_left(reading, list, error);
}

/* The number of the last snapshot that has been taken. */
static bool find_last(const struct Reading *reading, size_t *last, struct Error *error)
{
  const struct Tensor *epochs = safetensors_find(reading->file, "epoch");
  *last = reading->n_snapshots - 1;
  if (!reading->leading || !epochs || epochs->count != reading->n_snapshots) return true;
  for (;; (*last)--) {
    int64_t epoch;
    if (!tensor_read_integers(epochs, *last, 1, &epoch, error)) return false;
    if (epoch != TRAJECTORY_NO_SNAPSHOT) return true;
    if (*last == 0) return error_set(error, "contains no snapshot yet: training has just started");
  }
}

static bool find_parameters(struct Reading *reading, struct Safetensors *file,
                            const struct Parameters *list, struct Error *error)
{
  if (!reading_find_parts(reading, file, error)) return false;
  int theirs = reading->parts.n_layers, ours = list->shape.n_layers;
  if (theirs != ours)
    return error_set(error, "model.n_layers is %d in the file, %d in the network to be trained",
                     theirs, ours);
  return reading_find_parameters(reading, error);
}

/* A checkpoint of any layout. Where it does not tell the number of heads, the configuration does.
 */
static bool open_checkpoint(struct Safetensors *file, const struct Config *config,
                            struct Error *error)
{
  char heads[40], *const overrides[] = {heads};
  const struct CheckpointHints hints = {.overrides = overrides, .n = 1};
  struct CheckpointNotes notes;
  snprintf(heads, sizeof heads, "model.n_heads=%d", config->model.n_heads);
  if (!checkpoint_open(file, config->train.from, &hints, &notes, error)) return false;
  bool clear = !notes.ambiguous;
  checkpoint_notes_release(&notes);
  if (clear) return true;
  safetensors_close(file);
  return error_set(error,
                   "%s: W_O is a square matrix, whose rows or columns may be those of the heads: "
                   "convert it with import-checkpoint first",
                   config->train.from);
}

/* Reads the weights of the file. What they were trained on does not matter. */
static bool read_file(const struct Config *config, const struct Parameters *list,
                      struct TrainingState *state, struct Error *error)
{
  const char *path = config->train.from;
  struct Safetensors file;
  struct Reading reading = {0};
  size_t last;
  if (!open_checkpoint(&file, config, error)) return error_prefix(error, "train.from");
  bool read = find_parameters(&reading, &file, list, error) && find_last(&reading, &last, error) &&
              read_parameters(&reading, last, config, list, state, error);
  reading_release(&reading);
  safetensors_close(&file);
  return read || error_prefix(error, "train.from: %s", path);
}

static void describe_digest(const struct TrainingState *state, char digest[DIGEST_SIZE])
{
  size_t size = state->total * precision_size(state->precision);
  digest_format(digest_add(DIGEST_START, state->values, size), digest);
}

bool start_read(const struct Config *config, const struct Parameters *list,
                struct TrainingState *state, struct Error *error)
{
  char found[DIGEST_SIZE];
  if (!read_file(config, list, state, error)) return false;
  describe_digest(state, found);
  return !*config->train.start || strcmp(config->train.start, found) == 0 ||
         error_set(error, "%s: its weights have the digest %s, expected train.start=%s",
                   config->train.from, found, config->train.start);
}

bool start_name_weights(struct Config *config, struct Error *error)
{
  struct Parameters list;
  struct TrainingState state = {0};
  char digest[DIGEST_SIZE];
  if (!*config->train.from)
    return !*config->train.start ||
           error_set(error,
                     "train.start=%s: pass train.from=FILE, the checkpoint with these weights",
                     config->train.start);
  if (!parameters_describe(&list, config, error)) return false;
  bool read = training_state_init(&state, config, list.total, error) &&
              start_read(config, &list, &state, error);
  if (read) describe_digest(&state, digest);
  training_state_release(&state);
  parameters_release(&list);
  return read && config_set(config, "train.start", digest, error);
}
