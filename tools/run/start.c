#include "run/start.h"

#include "network/flush.h"
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
static bool check_none_is_left(const struct Trajectory *trajectory, const struct Parameters *list,
                               struct Error *error)
{
  struct Parameters theirs;
  if (!parameters_describe(&theirs, &trajectory->config, error)) return false;
  bool all = true;
  for (int i = 0; all && i < theirs.n; i++) {
    all = parameters_place(list, theirs.info[i].layer, theirs.info[i].kind) >= 0;
    if (!all)
      error_set(error, "%s is a parameter that the network to be trained does not have",
                theirs.info[i].name);
  }
  parameters_release(&theirs);
  return all;
}

static bool read_parameters(const struct Trajectory *trajectory, const struct Config *config,
                            const struct Parameters *list, struct TrainingState *state,
                            struct Error *error)
{
  size_t last = trajectory->n_snapshots - 1;
  for (int i = 0; i < list->n; i++) {
    const struct ParameterInfo *info = &list->info[i];
    const struct Tensor *tensor = safetensors_find(&trajectory->file, info->name);
    if (!tensor && (info->kind == B_IN || info->kind == B_OUT)) continue; /* zero */
    if (!tensor) return error_set(error, "the parameter %s is missing", info->name);
    bool has_snapshots = tensor->rank > info->rank;
    if (!check_shape(tensor, has_snapshots, info, error) ||
        !read_values(tensor, last * info->count, info, state, error) ||
        !check_values(config, info, state, error))
      return false;
  }
  return check_none_is_left(trajectory, list, error);
}

/* Reads the weights of the file. */
static bool read_file(const struct Config *config, const struct Parameters *list,
                      struct TrainingState *state, struct Error *error)
{
  /* what data the weights were trained on does not matter, and may not be known */
  char *const any_data[] = {"data.operation=add", "data.table=", "data.answers=", "data.seed=0",
                            "data.train_fraction=0.3"};
  struct Trajectory trajectory;
  const char *path = config->train.from;
  if (!trajectory_open(&trajectory, path, any_data, sizeof any_data / sizeof *any_data, error))
    return error_prefix(error, "train.from");
  bool read = read_parameters(&trajectory, config, list, state, error);
  trajectory_close(&trajectory);
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
