#include "run/trajectory.h"

#include "base/memory.h"
#include "network/answers.h"
#include "run/checkpoint.h"
#include "run/metadata.h"
#include "run/reading.h"
#include "run/snapshots.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the configuration ---- */

/* All that is known about networks is known about answers to pairs. */
static bool check_task(const struct Config *config, struct Error *error)
{
  char task[CONFIG_VALUE_SIZE];
  config_setting_value(config, config_find_setting("data.task"), task);
  return config->data.task == TASK_PAIRS ||
         error_set(error,
                   "trained on %s, not on pairs: there is no answer to each a and b to analyse",
                   task);
}

/* Does the configuration agree with the tensors? If not, `found` is its value. */
static bool agrees(const struct Config *config, const struct Fact *fact,
                   char found[CONFIG_VALUE_SIZE])
{
  config_setting_value(config, config_find_setting(fact->setting), found);
  return strcmp(found, fact->value) == 0;
}

/* Is a setting known from the metadata? Ours leave out those that came later and are at their
   default. */
static bool is_said(const struct Config *config, const char *setting)
{
  return config_given(config, setting) ||
         (config_complete(config) && config_is_later(config_find_setting(setting)));
}

/* Sets what the tensors determine, from fact number `first` on; metadata, if any, must agree. */
static bool apply_facts(struct Config *config, const struct Reading *reading, int first,
                        struct Error *error)
{
  const struct Config said = *config;
  for (int i = first; i < reading->n_facts; i++) {
    const struct Fact *fact = &reading->facts[i];
    char found[CONFIG_VALUE_SIZE];
    if (is_said(&said, fact->setting) && !agrees(&said, fact, found))
      return error_set(error, "__metadata__: %s=%s contradicts %s, which means %s", fact->setting,
                       found, fact->source, fact->value);
    if (!config_set(config, fact->setting, fact->value, error))
      return error_prefix(error, "%s", fact->source);
  }
  return true;
}

static bool apply_overrides(struct Config *config, const struct Reading *reading,
                            char *const *overrides, int n, struct Error *error)
{
  for (int i = 0; i < n; i++) {
    if (!config_override(config, overrides[i], error)) return false;
    for (int j = 0; j < reading->n_facts; j++) {
      const struct Fact *fact = &reading->facts[j];
      char found[CONFIG_VALUE_SIZE];
      if (!agrees(config, fact, found))
        return error_set(error, "%s contradicts %s in %s, which means %s", overrides[i],
                         fact->source, reading->file->path, fact->value);
    }
  }
  if (config_check(config, error) && check_task(config, error)) return true;
  return error_prefix(error, "%s", reading->file->path);
}

/* ---- snapshots and split ---- */

/* Drops the snapshots that an unfinished run has not taken yet. */
static bool drop_planned(struct Trajectory *trajectory, struct Error *error)
{
  size_t *n = &trajectory->n_snapshots;
  while (*n > 0 && trajectory->epochs[*n - 1] == TRAJECTORY_NO_SNAPSHOT)
    (*n)--;
  return *n > 0 || error_set(error, "contains no snapshot yet: training has just started");
}

static bool read_epochs(struct Trajectory *trajectory, const struct Reading *reading,
                        struct Error *error)
{
  size_t n = trajectory->n_snapshots = trajectory->n_planned = reading->n_snapshots;
  trajectory->epochs = memory_new(n, sizeof *trajectory->epochs, "the epochs", error);
  if (!trajectory->epochs) return false;
  const struct Tensor *tensor = safetensors_find(reading->file, "epoch");
  trajectory->dated = tensor;
  if (!tensor && n == 1) return true;
  if (!tensor)
    return error_set(error, "the tensor epoch, with the epochs of the %zu snapshots, is missing",
                     n);
  if (tensor->dtype != DTYPE_I64)
    return error_set(error, "epoch has dtype %s, expected I64", dtype_name(tensor->dtype));
  char expected[READING_TEXT_SIZE];
  snprintf(expected, sizeof expected, "[%zu], one number per snapshot", n);
  bool scalar = tensor->rank == 0 && !reading->leading;
  if (!scalar && (tensor->rank != 1 || tensor->shape[0] != n))
    return reading_shape_error(tensor, expected, error);
  if (!tensor_read_integers(tensor, 0, n, trajectory->epochs, error)) return false;
  if (reading->leading && !drop_planned(trajectory, error)) return false;
  int64_t previous = -1;
  for (size_t i = 0; i < trajectory->n_snapshots; previous = trajectory->epochs[i++])
    if (trajectory->epochs[i] <= previous)
      return error_set(
          error, "epoch: element %zu is %" PRId64 ", expected increasing numbers of at least 0", i,
          trajectory->epochs[i]);
  return true;
}

static bool check_split_known(const struct Config *config, const struct Tensor *mask,
                              struct Error *error)
{
  bool no_seed = !config_given(config, "data.seed");
  bool no_fraction = !config_given(config, "data.train_fraction");
  if (!mask && (no_seed || no_fraction))
    return error_set(error, "has no train_mask, so the split is unknown: pass%s%s",
                     no_seed ? " data.seed=..." : "",
                     no_fraction ? " data.train_fraction=..." : "");
  if (config->data.operation == OPERATION_RANDOM && no_seed)
    return error_set(error, "the random answers depend on data.seed: pass data.seed=...");
  return true;
}

static bool apply_mask(struct Dataset *dataset, const struct Tensor *mask, struct Error *error)
{
  size_t p = (size_t)dataset->p;
  char expected[READING_TEXT_SIZE];
  snprintf(expected, sizeof expected, "[%zu, %zu], all pairs of numbers", p, p);
  if (mask->dtype != DTYPE_BOOL && mask->dtype != DTYPE_U8)
    return error_set(error, "train_mask has dtype %s, expected BOOL", dtype_name(mask->dtype));
  if (mask->rank != 2 || mask->shape[0] != p || mask->shape[1] != p)
    return reading_shape_error(mask, expected, error);
  int64_t *elements = memory_new(p * p, sizeof *elements, "the split", error);
  bool read = elements && tensor_read_integers(mask, 0, p * p, elements, error);
  dataset->n_train = 0;
  for (size_t i = 0; read && i < p * p; i++) {
    dataset->train[i] = elements[i] != 0;
    dataset->n_train += dataset->train[i];
  }
  free(elements);
  if (!read) return false;
  dataset->n_test = p * p - dataset->n_train;
  if (dataset->n_train > 0 && dataset->n_test > 0) return true;
  return error_set(error, "train_mask leaves no pair to %s on",
                   dataset->n_train == 0 ? "train" : "test");
}

/* Answers of a table come from the trajectory, or else from their file; if both are there, they
   must be the same. */
static bool init_pairs(struct Trajectory *trajectory, struct Error *error)
{
  struct Config *config = &trajectory->config;
  bool asked = !trajectory->answers || *config->data.table;
  if (asked && !dataset_name_answers(config, error)) return false;
  return trajectory->answers
             ? dataset_init_with(&trajectory->dataset, &config->data, trajectory->answers, error)
             : dataset_init(&trajectory->dataset, &config->data, error);
}

static bool read_dataset(struct Trajectory *trajectory, struct Error *error)
{
  const struct Tensor *mask = safetensors_find(&trajectory->file, "train_mask");
  return check_split_known(&trajectory->config, mask, error) && init_pairs(trajectory, error) &&
         (!mask || apply_mask(&trajectory->dataset, mask, error));
}

/* ---- the trajectory ---- */

/* Does the input end with "="? Where there is no W_pos, the metadata or an override may say so. */
static bool ends_with_equals(const struct Config *config, char *const *overrides, int n)
{
  struct Config asked = *config;
  struct Error ignored; /* reported when they are applied */
  for (int i = 0; i < n; i++)
    config_override(&asked, overrides[i], &ignored);
  return asked.data.equals;
}

static bool read_answers(struct Reading *reading, struct Config *config, struct Error *error)
{
  int n_before = reading->n_facts;
  return reading_find_answers(reading, (size_t)config->data.modulus, error) &&
         apply_facts(config, reading, n_before, error);
}

/* Everything known from the file alone, but whether the input ends with "=". */
static bool read_file(struct Trajectory *trajectory, struct Reading *reading,
                      char *const *overrides, int n, struct Error *error)
{
  struct Config *config = &trajectory->config;
  if (!metadata_read_config(config, &trajectory->file, error) || !check_task(config, error) ||
      !reading_find_parts(reading, &trajectory->file, error) ||
      !apply_facts(config, reading, 0, error) || !reading_find_parameters(reading, error))
    return false;
  int n_parts = reading->n_facts;
  return reading_find_sizes(reading, ends_with_equals(config, overrides, n), error) &&
         apply_facts(config, reading, n_parts, error) &&
         reading_check_shapes(reading, config, error) && read_answers(reading, config, error) &&
         read_epochs(trajectory, reading, error);
}

/* Nothing in the file tells which kind of positions need no W_pos. */
static bool check_positions(const struct Config *config, const struct Reading *reading,
                            struct Error *error)
{
  if (reading->parts.positions == POSITIONS_LEARNED || config->model.positions != POSITIONS_LEARNED)
    return true;
  return error_set(error, "the parameter pos_embed.W_pos is missing; a network that needs none has "
                          "model.positions=sinusoidal or model.positions=none");
}

/* Do results computed from the weights depend on a setting? Not on model.biases, as missing biases
   are 0, nor on dropout, which is of training, nor on the split's settings if there is a
   train_mask. */
static bool matters(const struct Trajectory *trajectory, const char *name)
{
  bool masked = safetensors_find(&trajectory->file, "train_mask") != NULL;
  if (strcmp(name, "model.biases") == 0 || strcmp(name, "model.dropout") == 0) return false;
  if (strcmp(name, "data.train_fraction") == 0) return !masked;
  if (strcmp(name, "data.seed") == 0)
    return !masked || trajectory->config.data.operation == OPERATION_RANDOM;
  return strncmp(name, "data.", 5) == 0 || strncmp(name, "model.", 6) == 0;
}

/* Lists the relevant settings that are not in the file: first those left at their defaults, then
   those given as overrides. */
static void list_unsaid(const struct Trajectory *trajectory, const struct Config *said,
                        FILE *stream)
{
  const struct Config *config = &trajectory->config;
  const char *before = "";
  for (int given = 0; given < 2; given++) {
    int n = 0;
    for (int i = 0; i < config_n_settings(); i++) {
      const char *name = config_setting_name(i);
      char value[CONFIG_VALUE_SIZE];
      if (config_given(said, name) || config_given(config, name) != given ||
          !config_is_canonical(config, i) || !matters(trajectory, name))
        continue;
      config_setting_value(config, i, value);
      fprintf(stream, "%s%s=%s", n++ > 0 ? " " : before, name, value);
    }
    if (n > 0) fprintf(stream, " (%s)", given ? "given" : "assumed");
    if (n > 0) before = ", ";
  }
}

static bool note_unsaid(struct Trajectory *trajectory, const struct Config *said,
                        struct Error *error)
{
  size_t size = 0;
  FILE *stream = open_memstream(&trajectory->unsaid, &size);
  if (!stream) return error_system(error, "the list of settings");
  list_unsaid(trajectory, said, stream);
  if (fclose(stream) != 0) return error_system(error, "the list of settings");
  if (size > 0) return true;
  free(trajectory->unsaid);
  trajectory->unsaid = NULL;
  return true;
}

/* Everything but the split; `said` is the configuration from the file alone. */
static bool interpret(struct Trajectory *trajectory, struct Safetensors *file,
                      char *const *overrides, int n, struct Config *said, struct Error *error)
{
  *trajectory = (struct Trajectory){.file = *file};
  *file = (struct Safetensors){0};
  struct Reading reading = {0};
  const char *path = trajectory->file.path;
  /* overrides come from the user, not the file: their errors do not start with the path */
  bool read =
      read_file(trajectory, &reading, overrides, n, error) || error_prefix(error, "%s", path);
  *said = trajectory->config;
  read = read && apply_overrides(&trajectory->config, &reading, overrides, n, error) &&
         (check_positions(&trajectory->config, &reading, error) || error_prefix(error, "%s", path));
  trajectory->answers = reading.answers;
  reading.answers = NULL;
  reading_release(&reading);
  return read;
}

bool trajectory_without_split(struct Trajectory *trajectory, struct Safetensors *file,
                              char *const *overrides, int n, struct Error *error)
{
  struct Config said;
  bool opened = interpret(trajectory, file, overrides, n, &said, error);
  if (!opened) trajectory_close(trajectory);
  return opened;
}

bool trajectory_of_file(struct Trajectory *trajectory, struct Safetensors *file,
                        char *const *overrides, int n, struct Error *error)
{
  struct Config said;
  bool opened =
      interpret(trajectory, file, overrides, n, &said, error) &&
      (read_dataset(trajectory, error) || error_prefix(error, "%s", trajectory->file.path)) &&
      note_unsaid(trajectory, &said, error);
  if (!opened) trajectory_close(trajectory);
  return opened;
}

bool trajectory_open(struct Trajectory *trajectory, const char *path, char *const *overrides, int n,
                     struct Error *error)
{
  const struct CheckpointHints hints = {.overrides = overrides, .n = n};
  struct CheckpointNotes notes;
  struct Safetensors file;
  *trajectory = (struct Trajectory){0};
  if (!checkpoint_settle(&file, path, &hints, &notes, error)) return false;
  bool opened = trajectory_of_file(trajectory, &file, overrides, n, error);
  if (opened) {
    trajectory->imported = notes.said;
    notes.said = NULL;
  }
  checkpoint_notes_release(&notes);
  return opened;
}

void trajectory_close(struct Trajectory *trajectory)
{
  dataset_release(&trajectory->dataset);
  free(trajectory->epochs);
  free(trajectory->unsaid);
  free(trajectory->imported);
  free(trajectory->answers);
  safetensors_close(&trajectory->file);
  *trajectory = (struct Trajectory){0};
}

/* Copies the stored values, finite or not. */
static bool read_values(const struct Trajectory *trajectory, size_t snapshot,
                        struct Parameters *parameters, struct Error *error)
{
  for (int i = 0; i < parameters->n; i++) {
    const struct ParameterInfo *info = &parameters->info[i];
    float *values = parameters->values + info->offset;
    const struct Tensor *tensor = safetensors_find(&trajectory->file, info->name);
    if (!tensor) /* only biases may be missing */
      memset(values, 0, info->count * sizeof *values);
    else if (!tensor_read_floats(tensor, snapshot * info->count, info->count, values, error))
      return error_prefix(error, "%s", trajectory->file.path);
  }
  return true;
}

bool trajectory_read(const struct Trajectory *trajectory, size_t snapshot,
                     struct Parameters *parameters, struct Error *error)
{
  char epoch[EPOCH_TEXT_SIZE];
  trajectory_format_epoch(trajectory, snapshot, epoch);
  if (!read_values(trajectory, snapshot, parameters, error)) return false;
  for (int i = 0; i < parameters->n; i++) {
    const struct ParameterInfo *info = &parameters->info[i];
    const float *values = parameters->values + info->offset;
    for (size_t j = 0; j < info->count; j++)
      if (!isfinite(values[j]))
        return error_set(error, "%s: %s is not finite at %s: element %zu is %g",
                         trajectory->file.path, info->name, epoch, j, (double)values[j]);
  }
  return true;
}

/* The digests of the snapshots of a training in float64, which are not those of rounded values. */
static bool read_exact_digests(const struct Trajectory *trajectory, struct Digest *digests,
                               struct Error *error)
{
  struct Parameters list;
  if (!parameters_describe(&list, &trajectory->config, error)) return false;
  double *values = memory_new(list.total, sizeof *values, "a snapshot", error);
  bool read = values;
  for (size_t i = 0; read && i < trajectory->n_snapshots; i++) {
    for (int k = 0; read && k < list.n; k++) {
      const struct ParameterInfo *info = &list.info[k];
      const struct Tensor *tensor = safetensors_find(&trajectory->file, info->name);
      if (tensor) /* only biases may be missing */
        read =
            tensor_read_doubles(tensor, i * info->count, info->count, values + info->offset, error);
    }
    digests[i] = snapshot_digest(values, list.total * sizeof *values, trajectory->epochs[i]);
  }
  free(values);
  parameters_release(&list);
  return read || error_prefix(error, "%s", trajectory->file.path);
}

static bool read_digests(const struct Trajectory *trajectory, struct Digest *digests,
                         struct Error *error)
{
  struct Parameters values;
  if (trajectory->config.train.precision == PRECISION_FLOAT64)
    return read_exact_digests(trajectory, digests, error);
  if (!parameters_init(&values, &trajectory->config, error)) return false;
  bool read = true;
  for (size_t i = 0; read && i < trajectory->n_snapshots; i++) {
    read = read_values(trajectory, i, &values, error);
    if (read)
      digests[i] =
          snapshot_digest(values.values, values.total * sizeof(float), trajectory->epochs[i]);
  }
  parameters_release(&values);
  return read;
}

bool trajectory_provenance(const struct Trajectory *trajectory, struct Provenance *provenance,
                           struct Error *error)
{
  const struct Dataset *dataset = &trajectory->dataset;
  size_t n = trajectory->n_snapshots;
  struct Digest *digests = memory_new(n, sizeof *digests, "the digests of snapshots", error);
  bool read = digests && read_digests(trajectory, digests, error);
  if (read)
    *provenance =
        (struct Provenance){.has_configuration = config_complete(&trajectory->config),
                            .has_trajectory = true,
                            .configuration = config_digest(&trajectory->config),
                            .trajectory = trajectory_digest(
                                dataset->train, dataset->n_train + dataset->n_test, digests, n)};
  if (read) provenance_set_engine(provenance, metadata_engine(&trajectory->file));
  free(digests);
  return read;
}

void trajectory_format_epoch(const struct Trajectory *trajectory, size_t snapshot,
                             char text[EPOCH_TEXT_SIZE])
{
  if (trajectory->dated)
    snprintf(text, EPOCH_TEXT_SIZE, "epoch %" PRId64, trajectory->epochs[snapshot]);
  else
    snprintf(text, EPOCH_TEXT_SIZE, "an unknown epoch");
}

bool trajectory_find(const struct Trajectory *trajectory, int64_t epoch, size_t *snapshot,
                     struct Error *error)
{
  const int64_t *epochs = trajectory->epochs;
  size_t n = trajectory->n_snapshots, next = 0; /* the first snapshot at that epoch or later */
  while (next < n && epochs[next] < epoch)
    next++;
  if (epoch == -1) next = n - 1;
  if (epoch == -1 || (next < n && epochs[next] == epoch)) {
    *snapshot = next;
    return true;
  }
  if (next == 0 || next == n)
    return error_set(error, "%s: no snapshot at epoch %" PRId64 ", the nearest is at %" PRId64,
                     trajectory->file.path, epoch, epochs[next == 0 ? 0 : n - 1]);
  return error_set(
      error, "%s: no snapshot at epoch %" PRId64 ", the nearest are at %" PRId64 " and %" PRId64,
      trajectory->file.path, epoch, epochs[next - 1], epochs[next]);
}
