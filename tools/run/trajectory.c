#include "run/trajectory.h"

#include "base/memory.h"
#include "run/foreign.h"
#include "run/metadata.h"
#include "run/snapshots.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- settings given by tensors ---- */

enum { SOURCE_SIZE = 256, MAX_FACTS = 8 };

/* A setting determined by a tensor, and where it comes from. */
struct Fact {
  const char *setting;
  char value[CONFIG_VALUE_SIZE];
  char source[SOURCE_SIZE]; /* "embed.W_E of shape [114, 128]" */
};

/* A file being interpreted. */
struct Reading {
  const struct Safetensors *file;
  char prefix[SOURCE_SIZE];                   /* removed by take_off_prefix */
  const struct Tensor *tensors[N_PARAMETERS]; /* NULL for missing biases */
  int leading;                                /* 1 if there is a snapshot axis, else 0 */
  size_t n_snapshots;
  struct Fact facts[MAX_FACTS];
  int n_facts;
};

static struct Fact *add_fact(struct Reading *reading, const char *setting)
{
  struct Fact *fact = &reading->facts[reading->n_facts++];
  fact->setting = setting;
  return fact;
}

static void add_size(struct Reading *reading, const char *setting, enum Parameter which, int axis,
                     int less)
{
  const struct Tensor *tensor = reading->tensors[which];
  struct Fact *fact = add_fact(reading, setting);
  char shape[TENSOR_SHAPE_TEXT_SIZE];
  tensor_format_shape(tensor, shape);
  snprintf(fact->value, sizeof fact->value, "%lld",
           (long long)tensor->shape[reading->leading + axis] - less);
  snprintf(fact->source, sizeof fact->source, "%s of shape %s", tensor->name, shape);
}

static bool shape_error(const struct Tensor *tensor, const char *expected, struct Error *error)
{
  char shape[TENSOR_SHAPE_TEXT_SIZE];
  tensor_format_shape(tensor, shape);
  return error_set(error, "%s has shape %s, expected %s", tensor->name, shape, expected);
}

static bool all_zero(const struct Tensor *tensor, bool *zero, struct Error *error)
{
  enum { CHUNK = 1024 };
  float values[CHUNK];
  *zero = true;
  for (size_t first = 0; *zero && first < tensor->count; first += CHUNK) {
    size_t count = tensor->count - first < CHUNK ? tensor->count - first : CHUNK;
    if (!tensor_read_floats(tensor, first, count, values, error)) return false;
    for (size_t i = 0; i < count; i++)
      *zero = *zero && values[i] == 0;
  }
  return true;
}

/* ---- names ---- */

/* Tensors that are not parameters; they may have been added to a foreign checkpoint. */
static bool is_ours(const char *name)
{
  return strcmp(name, "epoch") == 0 || strcmp(name, "train_mask") == 0;
}

/* Removes a prefix, up to a dot, that all names share: "model." if the network was an attribute of
   another module, "_orig_mod." if it was compiled. */
static void take_off_prefix(struct Safetensors *file, char prefix[SOURCE_SIZE])
{
  const char *first = NULL;
  size_t common = 0;
  for (size_t i = 0; i < file->n_tensors; i++) {
    const char *name = file->tensors[i].name;
    if (is_ours(name)) continue;
    if (!first) common = strlen(first = name);
    size_t same = 0;
    while (same < common && name[same] == first[same])
      same++;
    common = same;
  }
  while (common > 0 && first[common - 1] != '.')
    common--;
  snprintf(prefix, SOURCE_SIZE, "%.*s", (int)common, first ? first : "");
  for (size_t i = 0; i < file->n_tensors; i++)
    if (!is_ours(file->tensors[i].name)) file->tensors[i].name += common;
}

static bool ends_with(const char *text, const char *ending)
{
  size_t length = strlen(text), of_ending = strlen(ending);
  return length >= of_ending && strcmp(text + length - of_ending, ending) == 0;
}

/* Reports that the file has no parameter name, and lists its names. */
static bool names_error(const struct Safetensors *file, struct Error *error)
{
  enum { SHOWN = 3, LONGEST = 60 };
  char shown[SOURCE_SIZE] = "";
  const char *remedy = "rename them";
  bool prefixed = false;
  for (size_t i = 0; i < file->n_tensors; i++) {
    size_t length = strlen(shown);
    prefixed = prefixed || ends_with(file->tensors[i].name, ".embed.W_E");
    if (i < SHOWN)
      snprintf(shown + length, sizeof shown - length, "%s%.*s", i > 0 ? ", " : "", LONGEST,
               file->tensors[i].name);
  }
  if (prefixed)
    remedy = "save the network's own state_dict: a prefix is removed only if all names share it";
  if (safetensors_find(file, "transformer.layers.0.attn.fn.w_q.W")) /* grokking-experiments */
    remedy = "rename emb to embed.W_E, pos_enc.pe.weight to pos_embed.W_pos, out to unembed.W_U, "
             "ff.fn.net.0.W, ff.fn.net.3.W and their b to mlp.W_in, mlp.W_out, b_in and b_out, and "
             "split attn.fn.w_q.W, w_k.W and w_v.W [d_model, heads d_head] and w_out.W [heads "
             "d_head, d_model] into W_Q, W_K, W_V [heads, d_model, d_head] and W_O [heads, d_head, "
             "d_model]";
  return error_set(error,
                   "has no parameter with a TransformerLens name, such as embed.W_E or "
                   "blocks.0.attn.W_Q, only %zu other tensors: %s%s; %s",
                   file->n_tensors, shown, file->n_tensors > SHOWN ? ", ..." : "", remedy);
}

/* ---- parts and parameters ---- */

/* Rejects a tensor of a transformer component that this network lacks. */
static bool check_part(const struct Tensor *tensor, struct Error *error)
{
  static const char *const lacking[] = {"blocks.0.attn.b_Q", "blocks.0.attn.b_K",
                                        "blocks.0.attn.b_V", "blocks.0.attn.b_O", "unembed.b_U"};
  const char *name = tensor->name;
  if (strstr(name, ".ln") || strstr(name, "ln_final"))
    return error_set(error, "%s belongs to a LayerNorm, which the network does not have", name);
  if (strncmp(name, "blocks.", 7) == 0 && strncmp(name, "blocks.0.", 9) != 0)
    return error_set(error, "%s belongs to another layer, but the network has only one", name);
  for (size_t i = 0; i < sizeof lacking / sizeof *lacking; i++) {
    bool zero;
    if (strcmp(name, lacking[i]) != 0) continue;
    if (!all_zero(tensor, &zero, error)) return false;
    if (!zero) return error_set(error, "%s is not zero, but the network has no such bias", name);
  }
  return true;
}

static bool check_parts(const struct Safetensors *file, struct Error *error)
{
  for (size_t i = 0; i < file->n_tensors; i++)
    if (!check_part(&file->tensors[i], error)) return false;
  return true;
}

/* Finds the parameters and whether they have a snapshot axis (all or none). */
static bool find_parameters(struct Reading *reading, const struct Parameters *known,
                            struct Error *error)
{
  int found = 0;
  for (int i = 0; i < N_PARAMETERS; i++) {
    reading->tensors[i] = safetensors_find(reading->file, known->info[i].name);
    found += reading->tensors[i] != NULL;
  }
  if (found == 0) return names_error(reading->file, error);
  bool no_biases = !reading->tensors[B_IN] && !reading->tensors[B_OUT];
  for (int i = 0; i < N_PARAMETERS; i++) {
    const struct Tensor *tensor = reading->tensors[i];
    if (!tensor && no_biases && (i == B_IN || i == B_OUT)) continue;
    if (!tensor) return error_set(error, "the parameter %s is missing", known->info[i].name);
    if (!tensor_read_floats(tensor, 0, 0, NULL, error)) return false;
    if (i == 0) {
      reading->leading = tensor->rank == known->info[i].rank + 1;
      reading->n_snapshots = reading->leading ? tensor->shape[0] : 1;
    }
    char expected[SOURCE_SIZE];
    snprintf(expected, sizeof expected, "%d axes%s", known->info[i].rank + reading->leading,
             reading->leading ? ", the first over snapshots" : "");
    if (i == W_O && tensor->rank == 2 && !reading->leading)
      return foreign_layout(reading->file, reading->prefix, error);
    if (tensor->rank != known->info[i].rank + reading->leading)
      return shape_error(tensor, expected, error);
  }
  if (reading->n_snapshots == 0) return error_set(error, "contains no snapshot");
  return true;
}

static bool read_outputs(struct Reading *reading, struct Error *error)
{
  size_t tokens = reading->tensors[W_E]->shape[reading->leading];
  size_t logits = reading->tensors[W_U]->shape[reading->leading + 1];
  char expected[SOURCE_SIZE];
  snprintf(expected, sizeof expected, "one logit per token of %s (%zu), or one less",
           reading->tensors[W_E]->name, tokens);
  if (logits != tokens && logits + 1 != tokens)
    return shape_error(reading->tensors[W_U], expected, error);
  add_size(reading, "model.output_equals", W_U, 1, 0);
  struct Fact *fact = &reading->facts[reading->n_facts - 1];
  snprintf(fact->value, sizeof fact->value, "%s", logits == tokens ? "true" : "false");
  return true;
}

/* Zero biases are ambiguous: a network without biases may be stored with them. */
static bool read_biases(struct Reading *reading, struct Error *error)
{
  static const enum Parameter biases[] = {B_IN, B_OUT};
  for (int i = 0; i < 2; i++) {
    const struct Tensor *tensor = reading->tensors[biases[i]];
    bool zero = true;
    if (tensor && !all_zero(tensor, &zero, error)) return false;
    if (tensor && zero) continue;
    struct Fact *fact = add_fact(reading, "model.biases");
    snprintf(fact->value, sizeof fact->value, "%s", tensor ? "true" : "false");
    snprintf(fact->source, sizeof fact->source, "%s%s",
             tensor ? tensor->name : "the absence of b_in and b_out",
             tensor ? ", which is not zero" : "");
    return true;
  }
  return true;
}

static bool read_facts(struct Reading *reading, struct Error *error)
{
  add_size(reading, "data.modulus", W_E, 0, 1); /* one more token than numbers: "=" */
  add_size(reading, "model.d_model", W_E, 1, 0);
  add_size(reading, "model.n_heads", W_Q, 0, 0);
  add_size(reading, "model.d_head", W_Q, 2, 0);
  if (reading->tensors[B_IN]) /* W_in may be transposed, as in PyTorch's Linear */
    add_size(reading, "model.d_mlp", B_IN, 0, 0);
  else
    add_size(reading, "model.d_mlp", W_IN, 1, 0);
  return read_outputs(reading, error) && read_biases(reading, error);
}

/* Is a shape the other one with its last two axes swapped? */
static bool is_transpose(const struct Tensor *one, const struct Tensor *other)
{
  int i = one->rank - 2, j = one->rank - 1;
  return i >= 0 && memcmp(one->shape, other->shape, (size_t)i * sizeof *one->shape) == 0 &&
         one->shape[i] == other->shape[j] && one->shape[j] == other->shape[i];
}

static bool check_shape(const struct Reading *reading, const struct Tensor *tensor,
                        const struct ParameterInfo *wanted, struct Error *error)
{
  struct Tensor expected = {.rank = tensor->rank, .shape = {reading->n_snapshots}};
  memcpy(expected.shape + reading->leading, wanted->shape,
         (size_t)wanted->rank * sizeof *expected.shape);
  if (memcmp(tensor->shape, expected.shape, (size_t)tensor->rank * sizeof *tensor->shape) == 0)
    return true;
  char shape[TENSOR_SHAPE_TEXT_SIZE], text[SOURCE_SIZE];
  tensor_format_shape(&expected, shape);
  snprintf(text, sizeof text, "%s, %s", shape,
           is_transpose(tensor, &expected) ? "its transpose" : "to match the other parameters");
  return shape_error(tensor, text, error);
}

/* All shapes must agree with the sizes, each of which was read off one tensor. */
static bool check_shapes(const struct Reading *reading, const struct Config *config,
                         struct Error *error)
{
  struct Parameters wanted;
  if (!parameters_describe(&wanted, config, error)) return false;
  bool agree = true;
  for (int i = 0; agree && i < N_PARAMETERS; i++)
    agree =
        !reading->tensors[i] || check_shape(reading, reading->tensors[i], &wanted.info[i], error);
  parameters_release(&wanted);
  return agree;
}

/* ---- the configuration ---- */

/* All that is known about networks is known about answers to pairs, read at "=". */
static bool check_task(const struct Config *config, struct Error *error)
{
  char task[CONFIG_VALUE_SIZE];
  config_setting_value(config, config_find_setting("data.task"), task);
  if (config->data.task != TASK_PAIRS)
    return error_set(
        error, "trained on %s, not on pairs: there is no answer to each a and b to analyse", task);
  return config->data.equals ||
         error_set(error, "trained with data.equals=false: only what is read at \"=\" can be "
                          "analysed");
}

/* Does the configuration agree with the tensors? If not, `found` is its value. */
static bool agrees(const struct Config *config, const struct Fact *fact,
                   char found[CONFIG_VALUE_SIZE])
{
  int i = 0;
  while (strcmp(config_setting_name(i), fact->setting) != 0)
    i++;
  config_setting_value(config, i, found);
  return strcmp(found, fact->value) == 0;
}

/* Sets what the tensors determine; metadata, if any, must agree. */
static bool apply_facts(struct Config *config, const struct Reading *reading, struct Error *error)
{
  for (int i = 0; i < reading->n_facts; i++) {
    const struct Fact *fact = &reading->facts[i];
    char found[CONFIG_VALUE_SIZE];
    if (config_given(config, fact->setting) && !agrees(config, fact, found))
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
  char expected[SOURCE_SIZE];
  snprintf(expected, sizeof expected, "[%zu], one number per snapshot", n);
  bool scalar = tensor->rank == 0 && !reading->leading;
  if (!scalar && (tensor->rank != 1 || tensor->shape[0] != n))
    return shape_error(tensor, expected, error);
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
  char expected[SOURCE_SIZE];
  snprintf(expected, sizeof expected, "[%zu, %zu], all pairs of numbers", p, p);
  if (mask->dtype != DTYPE_BOOL && mask->dtype != DTYPE_U8)
    return error_set(error, "train_mask has dtype %s, expected BOOL", dtype_name(mask->dtype));
  if (mask->rank != 2 || mask->shape[0] != p || mask->shape[1] != p)
    return shape_error(mask, expected, error);
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

static bool read_dataset(struct Trajectory *trajectory, struct Error *error)
{
  const struct Tensor *mask = safetensors_find(&trajectory->file, "train_mask");
  return check_split_known(&trajectory->config, mask, error) &&
         dataset_init(&trajectory->dataset, &trajectory->config.data, error) &&
         (!mask || apply_mask(&trajectory->dataset, mask, error));
}

/* ---- the trajectory ---- */

/* Everything known from the file alone. */
static bool read_file(struct Trajectory *trajectory, struct Reading *reading, struct Error *error)
{
  struct Config *config = &trajectory->config;
  struct Parameters known; /* for names and ranks, which do not depend on sizes */
  if (!metadata_read_config(config, reading->file, error) || !check_task(config, error) ||
      !parameters_describe(&known, config, error))
    return false;
  bool read = check_parts(reading->file, error) && find_parameters(reading, &known, error) &&
              read_facts(reading, error) && apply_facts(config, reading, error) &&
              check_shapes(reading, config, error) && read_epochs(trajectory, reading, error);
  parameters_release(&known);
  return read;
}

/* Do results computed from the weights depend on a setting? Not on model.biases, as missing biases
   are 0, nor on the split's settings if there is a train_mask. */
static bool matters(const struct Trajectory *trajectory, const char *name)
{
  bool masked = safetensors_find(&trajectory->file, "train_mask") != NULL;
  if (strcmp(name, "model.biases") == 0) return false;
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

bool trajectory_open(struct Trajectory *trajectory, const char *path, char *const *overrides, int n,
                     struct Error *error)
{
  *trajectory = (struct Trajectory){0};
  if (!safetensors_open(&trajectory->file, path, error)) return foreign_file(path, error);
  struct Reading reading = {.file = &trajectory->file};
  take_off_prefix(&trajectory->file, reading.prefix);
  /* overrides come from the user, not the file: their errors do not start with the path */
  bool opened = read_file(trajectory, &reading, error) || error_prefix(error, "%s", path);
  struct Config said = trajectory->config; /* from the file alone */
  opened = opened && apply_overrides(&trajectory->config, &reading, overrides, n, error);
  if (opened) opened = read_dataset(trajectory, error) || error_prefix(error, "%s", path);
  opened = opened && note_unsaid(trajectory, &said, error);
  if (!opened) trajectory_close(trajectory);
  return opened;
}

void trajectory_close(struct Trajectory *trajectory)
{
  dataset_release(&trajectory->dataset);
  free(trajectory->epochs);
  free(trajectory->unsaid);
  safetensors_close(&trajectory->file);
  *trajectory = (struct Trajectory){0};
}

/* Copies the stored values, finite or not. */
static bool read_values(const struct Trajectory *trajectory, size_t snapshot,
                        struct Parameters *parameters, struct Error *error)
{
  for (int i = 0; i < N_PARAMETERS; i++) {
    const struct ParameterInfo *info = &parameters->info[i];
    float *values = parameters_at(parameters, (enum Parameter)i);
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
  for (int i = 0; i < N_PARAMETERS; i++) {
    const struct ParameterInfo *info = &parameters->info[i];
    const float *values = parameters_at(parameters, (enum Parameter)i);
    for (size_t j = 0; j < info->count; j++)
      if (!isfinite(values[j]))
        return error_set(error, "%s: %s is not finite at %s: element %zu is %g",
                         trajectory->file.path, info->name, epoch, j, (double)values[j]);
  }
  return true;
}

static bool read_digests(const struct Trajectory *trajectory, struct Digest *digests,
                         struct Error *error)
{
  struct Parameters values;
  if (!parameters_init(&values, &trajectory->config, error)) return false;
  bool read = true;
  for (size_t i = 0; read && i < trajectory->n_snapshots; i++) {
    read = read_values(trajectory, i, &values, error);
    if (read) digests[i] = snapshot_digest(&values, trajectory->epochs[i]);
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
