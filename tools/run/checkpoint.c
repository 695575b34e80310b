#include "run/checkpoint.h"

#include "base/memory.h"
#include "network/dataset.h"
#include "pytorch/torch_file.h"
#include "run/carried.h"
#include "run/foreign.h"
#include "run/in_memory.h"
#include "run/layout.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is being opened: one of two kinds of file, the arrays of its network and what else it has.
 */
struct Source {
  struct Safetensors tensors; /* n_states is 1 */
  struct TorchFile torch;
  bool of_torch;
  size_t file_size;
  const struct Value **states; /* [n_states]: state dicts */
  const char *state_key;       /* under which they are; NULL for the file itself */
  size_t n_states;
  int64_t *epochs; /* [n_states]; NULL if unknown */
  bool leading;    /* states are snapshots, even if there is one */
  const struct Value *train_indices;
  struct Listed *arrays; /* [n_arrays] of the first state */
  size_t n_arrays;
  char *names;
  struct Carried carried;
  struct Layout layout;
};

static void source_release(struct Source *source)
{
  safetensors_close(&source->tensors);
  torch_close(&source->torch);
  free(source->states);
  free(source->epochs);
  free(source->arrays);
  free(source->names);
}

/* ---- the state dicts of a file of PyTorch ---- */

static bool is_tensor(const struct Value *value)
{
  return value->kind == VALUE_TENSOR;
}

/* Has a dictionary tensors under names? */
static bool is_state(const struct Value *value)
{
  const struct Value *dict = value_dict(value);
  for (uint32_t i = 0; dict && i < dict->n; i += 2)
    if (dict->items[i]->kind == VALUE_TEXT && is_tensor(dict->items[i + 1]) &&
        memchr(dict->items[i]->text, '.', dict->items[i]->n))
      return true;
  return false;
}

/* A list of state dicts, and of as many epochs. */
static bool find_states(struct Source *source, const char *key, const char *key_of_epochs,
                        bool *found, struct Error *error)
{
  const struct Value *saved = source->torch.pickle.value, *list = value_get(saved, key),
                     *epochs = value_get(saved, key_of_epochs);
  *found = list && list->kind == VALUE_LIST && list->n > 0;
  if (!*found) return true;
  if (!epochs || epochs->kind != VALUE_LIST || epochs->n < list->n)
    return error_set(error, "has %u %s, but no %s, their epochs", list->n, key, key_of_epochs);
  source->n_states = list->n;
  source->state_key = key;
  source->leading = true;
  source->states = memory_new(list->n, sizeof *source->states, "the checkpoints", error);
  source->epochs = memory_new(list->n, sizeof *source->epochs, "the epochs", error);
  if (!source->states || !source->epochs) return false;
  for (uint32_t i = 0; i < list->n; i++) {
    source->states[i] = value_dict(list->items[i]);
    if (!source->states[i] || !is_state(source->states[i]))
      return error_set(error, "%s: number %u is no state dict", key, i);
    if (!value_integer(epochs->items[i], &source->epochs[i]))
      return error_set(error, "%s: number %u is no integer", key_of_epochs, i);
  }
  return true;
}

static bool find_state(struct Source *source, struct Error *error)
{
  static const char *const keys[] = {"state_dict", "model_state_dict", "model",  "net",
                                     "network",    "params",           "weights"};
  const struct Value *saved = source->torch.pickle.value;
  source->states = memory_new(1, sizeof *source->states, "the state dict", error);
  if (!source->states) return false;
  for (size_t i = 0; source->n_states == 0 && i < sizeof keys / sizeof *keys; i++) {
    const struct Value *value = value_get(saved, keys[i]);
    if (!value || !is_state(value)) continue;
    source->states[source->n_states++] = value_dict(value);
    source->state_key = keys[i];
  }
  if (source->n_states == 0 && is_state(saved))
    source->states[source->n_states++] = value_dict(saved);
  int64_t epoch;
  if (source->n_states == 0 || !value_integer(value_get(saved, "epoch"), &epoch) || epoch < 0)
    return true;
  source->epochs = memory_new(1, sizeof *source->epochs, "the epochs", error);
  if (source->epochs) *source->epochs = epoch;
  return source->epochs;
}

/* A file of something else: says what is in it. */
static bool fail_without_state(const struct Value *saved, struct Error *error)
{
  enum { SHOWN = 5, LONGEST = 40 };
  char shown[256] = "";
  const struct Value *dict = value_dict(saved);
  uint32_t n = dict ? dict->n / 2 : 0;
  for (uint32_t i = 0; i < n && i < SHOWN; i++) {
    const struct Value *key = dict->items[2 * i];
    size_t length = strlen(shown);
    int long_enough = key->n < LONGEST ? (int)key->n : LONGEST;
    snprintf(shown + length, sizeof shown - length, "%s%.*s", i > 0 ? ", " : "",
             key->kind == VALUE_TEXT ? long_enough : 1, key->kind == VALUE_TEXT ? key->text : "?");
  }
  return error_set(error, "holds no weights: no state dict, but %s%s%s",
                   !dict    ? "no dictionary either"
                   : n == 0 ? "an empty dictionary"
                            : "a dictionary with ",
                   shown, n > SHOWN ? ", ..." : "");
}

static bool find_all_states(struct Source *source, struct Error *error)
{
  static const char *const lists[][2] = {{"checkpoints", "checkpoint_epochs"},
                                         {"state_dicts", "epochs"}};
  const struct Value *saved = source->torch.pickle.value;
  bool found = false;
  for (size_t i = 0; !found && i < sizeof lists / sizeof *lists; i++)
    if (!find_states(source, lists[i][0], lists[i][1], &found, error)) return false;
  if (!found && !find_state(source, error)) return false;
  if (source->n_states == 0) return fail_without_state(saved, error);
  source->train_indices = value_get(saved, "train_indices");
  carried_find(&source->carried, saved);
  return true;
}

/* ---- arrays ---- */

static bool list_state(struct Source *source, struct Error *error)
{
  const struct Value *state = source->states[0];
  size_t length = 0;
  for (uint32_t i = 0; i < state->n; i += 2)
    if (state->items[i]->kind == VALUE_TEXT) length += state->items[i]->n + 1;
  source->names = memory_new(length, 1, "the names of tensors", error);
  source->arrays = memory_new(state->n / 2, sizeof *source->arrays, "the list of tensors", error);
  if (!source->names || !source->arrays) return false;
  char *name = source->names;
  for (uint32_t i = 0; i < state->n; i += 2) {
    const struct Value *key = state->items[i], *value = state->items[i + 1];
    struct Listed *array = &source->arrays[source->n_arrays];
    struct Error ignored; /* reported when the array is needed */
    if (key->kind != VALUE_TEXT || !is_tensor(value)) continue;
    memcpy(name, key->text, key->n);
    array->name = name;
    name += key->n + 1;
    source->n_arrays += torch_shape(&source->torch, value, &array->shape, &ignored);
  }
  return true;
}

static bool list_tensors(struct Source *source, struct Error *error)
{
  const struct Safetensors *file = &source->tensors;
  source->n_states = 1;
  source->arrays =
      memory_new(file->n_tensors, sizeof *source->arrays, "the list of tensors", error);
  if (!source->arrays) return false;
  for (size_t i = 0; i < file->n_tensors; i++) {
    const struct Tensor *tensor = &file->tensors[i];
    struct View *shape = &source->arrays[i].shape;
    source->arrays[i].name = tensor->name;
    *shape = (struct View){.dtype = tensor->dtype, .rank = tensor->rank};
    memcpy(shape->shape, tensor->shape, sizeof shape->shape);
  }
  source->n_arrays = file->n_tensors;
  return true;
}

/* The elements of a tensor of a safetensors file; *bytes is to be freed. */
static bool view_tensor(const struct Tensor *tensor, struct View *view, void **bytes,
                        struct Error *error)
{
  size_t stride = 1;
  *bytes = memory_new(tensor->count, dtype_size(tensor->dtype), "a tensor", error);
  if (!*bytes || !tensor_read(tensor, 0, tensor->count, *bytes, error)) return false;
  *view = (struct View){.dtype = tensor->dtype, .rank = tensor->rank, .first = *bytes};
  for (int i = tensor->rank - 1; i >= 0; i--) {
    view->shape[i] = tensor->shape[i];
    view->strides[i] = stride;
    stride *= tensor->shape[i];
  }
  return true;
}

/* An array of a state with its numbers. */
static bool view_array(struct Source *source, size_t state, const char *name, struct View *view,
                       void **bytes, struct Error *error)
{
  *bytes = NULL;
  if (!source->of_torch) {
    const struct Tensor *tensor = safetensors_find(&source->tensors, name);
    if (view_tensor(tensor, view, bytes, error)) return true;
    free(*bytes);
    return false;
  }
  const struct Value *value = value_get(source->states[state], name);
  if (!value) return error_set(error, "%.80s is missing in snapshot %zu", name, state);
  return torch_view(&source->torch, value, view, error) || error_prefix(error, "%.80s", name);
}

/* ---- what becomes a tensor ---- */

/* The parameters that are there, in their order in the file. */
struct Plan {
  struct PlannedTensor {
    size_t array;
    int kind, layer;
    char name[PARAMETER_NAME_SIZE];
  } * tensors;
  size_t n;
  struct TensorSpec *specs; /* the same, and what is beside them */
  size_t n_specs;
  size_t bytes;
  int p; /* of a train_mask; 0 without one */
};

static void plan_release(struct Plan *plan)
{
  free(plan->tensors);
  free(plan->specs);
}

/* Our name of a parameter. */
static const char *name_of(int kind, int layer, char name[PARAMETER_NAME_SIZE])
{
  const struct LayoutRow *row = layout_rows("transformerlens");
  char text[LAYOUT_NAME_SIZE];
  while (row->kind != kind)
    row++;
  layout_row_name(row, layer, text);
  snprintf(name, PARAMETER_NAME_SIZE, "%.*s", PARAMETER_NAME_SIZE - 1, text);
  return name;
}

/* A bias that the network has no place for must be zero. */
static bool check_zero(struct Source *source, size_t array, struct Error *error)
{
  const char *name = source->arrays[array].name;
  bool zero = true;
  for (size_t s = 0; zero && s < source->n_states; s++) {
    struct View view;
    void *bytes;
    if (!view_array(source, s, name, &view, &bytes, error)) return false;
    size_t size = view_count(&view) * dtype_size(view.dtype);
    unsigned char *elements = memory_new(size, 1, "a bias", error);
    if (elements) view_copy(&view, elements);
    for (size_t i = 0; elements && i < size; i++) /* the last byte of -0 is its sign */
      zero = zero && (elements[i] == 0 || (elements[i] == 0x80 && i % dtype_size(view.dtype) ==
                                                                      dtype_size(view.dtype) - 1));
    free(bytes);
    free(elements);
    if (!elements) return false;
  }
  return zero || error_set(error,
                           "%.80s is not zero, but the network has no such bias: it would compute "
                           "something else without it",
                           name);
}

/* Is it of a layer, but no part of such a network? */
static bool is_strange(const struct Layout *layout, const char *name)
{
  static const char *const parts[] = {"blocks.", "layers.",  "transformer.",
                                      "embed.",  "unembed.", "ln_final"};
  size_t length = strlen(layout->prefix);
  if (strncmp(name, layout->prefix, length) != 0) return false;
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (strncmp(name + length, parts[i], strlen(parts[i])) == 0) return true;
  return false;
}

static bool plan_array(struct Plan *plan, struct Source *source, size_t array, struct Error *error)
{
  const struct Listed *listed = &source->arrays[array];
  int layer, kind = layout_kind(&source->layout, listed->name, &layer);
  if (kind == LAYOUT_ZERO) return check_zero(source, array, error);
  if (kind == LAYOUT_UNKNOWN && is_strange(&source->layout, listed->name))
    return error_set(error, "%.80s belongs to a part that such a network does not have",
                     listed->name);
  if (kind >= LAYOUT_ZERO) return true;
  for (size_t i = 0; i < plan->n; i++)
    if (plan->tensors[i].kind == kind && plan->tensors[i].layer == layer)
      return error_set(error, "%.80s occurs twice", listed->name);
  struct PlannedTensor *tensor = &plan->tensors[plan->n];
  struct TensorSpec *spec = &plan->specs[plan->n++];
  *tensor = (struct PlannedTensor){.array = array, .kind = kind, .layer = layer};
  struct View turned = listed->shape;
  if (!layout_turn(&source->layout, kind, listed->name, &turned, error)) return false;
  int leading = source->leading;
  if (turned.rank + leading > TENSOR_MAX_RANK)
    return error_set(error, "%.80s has %d axes", listed->name, turned.rank);
  *spec = (struct TensorSpec){.name = name_of(kind, layer, tensor->name),
                              .dtype = turned.dtype,
                              .rank = turned.rank + leading,
                              .shape = {source->n_states}};
  memcpy(spec->shape + leading, turned.shape, (size_t)turned.rank * sizeof *spec->shape);
  plan->bytes += view_count(&turned) * dtype_size(turned.dtype) * source->n_states;
  return true;
}

/* Several snapshots may share their numbers in a file, but no file of a training does: a limit
   keeps a small file from becoming a large one. */
static bool check_size(const struct Plan *plan, const struct Source *source, struct Error *error)
{
  enum { MOST_TIMES = 16, ALWAYS = 1 << 20 };
  if (plan->bytes <= ALWAYS || plan->bytes / MOST_TIMES <= source->file_size) return true;
  return error_set(
      error,
      "its %zu snapshots would take %zu bytes, more than %d times the file's %zu: they "
      "are views of the same numbers",
      source->n_states, plan->bytes, MOST_TIMES, source->file_size);
}

/* The length of the first axis of a parameter of no layer; 0 if it is not there. */
static size_t length_of(const struct Plan *plan, const struct Source *source, int kind)
{
  for (size_t i = 0; i < plan->n; i++)
    if (plan->tensors[i].kind == kind) return plan->specs[i].shape[source->leading];
  return 0;
}

/* What a safetensors file has besides the network. */
static const char *const beside[] = {"epoch", "train_mask", "answers"};
enum { N_BESIDE = sizeof beside / sizeof *beside };

static void plan_extras(struct Plan *plan, const struct Source *source)
{
  for (int i = 0; !source->of_torch && i < N_BESIDE; i++) {
    const struct Tensor *tensor = safetensors_find(&source->tensors, beside[i]);
    if (!tensor) continue;
    struct TensorSpec *spec = &plan->specs[plan->n_specs++];
    *spec = (struct TensorSpec){.name = beside[i], .dtype = tensor->dtype, .rank = tensor->rank};
    memcpy(spec->shape, tensor->shape, sizeof spec->shape);
  }
  if (source->epochs) {
    struct TensorSpec *spec = &plan->specs[plan->n_specs++];
    *spec = (struct TensorSpec){.name = "epoch", .dtype = DTYPE_I64, .rank = source->leading};
    spec->shape[0] = source->n_states;
  }
  if ((source->train_indices && source->train_indices->kind == VALUE_TENSOR) ||
      source->carried.numpy_split) {
    size_t tokens = length_of(plan, source, W_E), positions = length_of(plan, source, W_POS);
    size_t p = positions == 2 ? tokens : tokens - 1; /* a token more: "=" */
    plan->p = tokens >= 2 && p <= 4096 ? (int)p : 0;
  }
  if (plan->p > 0)
    plan->specs[plan->n_specs++] = (struct TensorSpec){.name = "train_mask",
                                                       .dtype = DTYPE_BOOL,
                                                       .rank = 2,
                                                       .shape = {(size_t)plan->p, (size_t)plan->p}};
}

static bool plan_tensors(struct Plan *plan, struct Source *source, struct Error *error)
{
  size_t most = source->n_arrays;
  plan->tensors = memory_new(most, sizeof *plan->tensors, "the list of parameters", error);
  plan->specs = memory_new(most + N_BESIDE, sizeof *plan->specs, "the list of parameters", error);
  if (!plan->tensors || !plan->specs) return false;
  for (size_t i = 0; i < source->n_arrays; i++)
    if (!plan_array(plan, source, i, error)) return false;
  plan->n_specs = plan->n;
  plan_extras(plan, source);
  return check_size(plan, source, error);
}

/* ---- writing ---- */

static bool check_same(const struct View *view, const struct TensorSpec *spec, int leading,
                       const char *name, size_t state, struct Error *error)
{
  bool same = view->dtype == spec->dtype && view->rank + leading == spec->rank;
  for (int i = 0; same && i < view->rank; i++)
    same = view->shape[i] == spec->shape[leading + i];
  return same ||
         error_set(error, "%.80s has another shape or type in snapshot %zu than in the first", name,
                   state);
}

static bool write_array(struct Source *source, const struct Plan *plan, size_t i, size_t state,
                        const struct SafetensorsWriter *writer, struct Error *error)
{
  const struct PlannedTensor *tensor = &plan->tensors[i];
  const char *name = source->arrays[tensor->array].name;
  struct View view;
  void *bytes;
  if (!view_array(source, state, name, &view, &bytes, error)) return false;
  size_t size = view_count(&view) * dtype_size(view.dtype);
  void *elements = memory_new(size, 1, "a parameter", error);
  bool written = elements && layout_turn(&source->layout, tensor->kind, name, &view, error) &&
                 check_same(&view, &plan->specs[i], source->leading, name, state, error);
  if (written) {
    view_copy(&view, elements);
    written = safetensors_write(writer, i, state * size, elements, size, error);
  }
  free(elements);
  free(bytes);
  return written;
}

/* The pairs that train_indices lists. */
static bool read_indices(struct Source *source, uint8_t *mask, size_t pairs, struct Error *error)
{
  struct View view;
  if (!torch_view(&source->torch, source->train_indices, &view, error) || view.rank != 1 ||
      view.dtype != DTYPE_I64 || view.shape[0] > pairs)
    return error_set(error, "train_indices are no list of at most %zu integers", pairs);
  int64_t *indices = memory_new(view.shape[0], sizeof *indices, "the split", error);
  bool read = indices;
  if (read) view_copy(&view, indices);
  for (size_t i = 0; read && i < view.shape[0]; i++) {
    if (indices[i] < 0 || (uint64_t)indices[i] >= pairs)
      read = error_set(error, "train_indices: element %zu is %" PRId64 ", expected 0 to %zu", i,
                       indices[i], pairs - 1);
    else
      mask[indices[i]] = 1;
  }
  free(indices);
  return read;
}

static bool write_mask(struct Source *source, const struct Plan *plan, size_t spec,
                       const struct SafetensorsWriter *writer, struct Error *error)
{
  const struct Carried *carried = &source->carried;
  size_t pairs = (size_t)plan->p * (size_t)plan->p;
  uint8_t *mask = memory_new(pairs, 1, "the split", error);
  bool written = mask && (source->train_indices
                              ? read_indices(source, mask, pairs, error)
                              : dataset_split_numpy(mask, plan->p, (uint32_t)carried->numpy_seed,
                                                    carried->numpy_fraction, error));
  written = written && safetensors_write(writer, spec, 0, mask, pairs, error);
  free(mask);
  return written;
}

static bool write_all(struct Source *source, const struct Plan *plan,
                      const struct SafetensorsWriter *writer, struct Error *error)
{
  for (size_t s = 0; s < source->n_states; s++)
    for (size_t i = 0; i < plan->n; i++)
      if (!write_array(source, plan, i, s, writer, error)) return false;
  size_t at = plan->n;
  for (; !source->of_torch && at < plan->n_specs; at++) {
    const struct Tensor *tensor = safetensors_find(&source->tensors, plan->specs[at].name);
    struct View view;
    void *bytes;
    bool written =
        view_tensor(tensor, &view, &bytes, error) &&
        safetensors_write(writer, at, 0, bytes, tensor->count * dtype_size(tensor->dtype), error);
    free(bytes);
    if (!written) return false;
  }
  if (source->epochs && !safetensors_write(writer, at++, 0, source->epochs,
                                           source->n_states * sizeof *source->epochs, error))
    return false;
  return plan->p == 0 || write_mask(source, plan, at, writer, error);
}

static bool write_file(struct Source *source, const char *path, struct Error *error)
{
  struct MetadataEntry carried[CARRIED_MOST];
  struct SafetensorsWriter writer;
  struct Plan plan = {0};
  for (size_t i = 0; i < source->carried.n; i++)
    carried[i] = (struct MetadataEntry){source->carried.settings[i].setting,
                                        source->carried.settings[i].value};
  const struct MetadataEntry *metadata = source->of_torch ? carried : source->tensors.metadata;
  size_t n = source->of_torch ? source->carried.n : source->tensors.n_metadata;
  bool written = plan_tensors(&plan, source, error) &&
                 safetensors_create(&writer, path, plan.specs, plan.n_specs, metadata, n, error);
  if (written && !write_all(source, &plan, &writer, error)) {
    safetensors_abandon(&writer);
    written = false;
  } else if (written) {
    written = safetensors_finish(&writer, error);
  }
  plan_release(&plan);
  return written;
}

/* The converted file is in memory, as long as it is open. */
static bool convert(struct Source *source, struct Safetensors *file, const char *path,
                    struct Error *error)
{
  struct InMemory made;
  if (!in_memory_open(&made, error)) return false;
  bool opened = write_file(source, made.place, error) && safetensors_open(file, made.place, error);
  in_memory_close(&made);
  if (!opened) return false;
  free(file->path);
  file->path = memory_copy_text(path, error);
  if (file->path) return true;
  safetensors_close(file);
  return false;
}

/* ---- what the user has to say ---- */

/* The number of heads: as an axis of an array has it, else as the user or the file says. */
static bool find_heads(struct Source *source, const struct CheckpointHints *hints,
                       struct Error *error)
{
  struct Layout *layout = &source->layout;
  if (!layout->split_heads) return true;
  const char *carried = carried_value(&source->carried, "model.n_heads");
  struct Config config;
  struct Error ignored; /* reported when overrides are applied */
  config_init(&config);
  if (carried) config_set(&config, "model.n_heads", carried, &ignored);
  if (!source->of_torch) {
    const char *said = safetensors_metadata(&source->tensors, "model.n_heads");
    if (said) config_set(&config, "model.n_heads", said, &ignored);
  }
  for (int i = 0; i < hints->n; i++)
    config_override(&config, hints->overrides[i], &ignored);
  if (!config_given(&config, "model.n_heads"))
    return error_set(error,
                     "in %s heads are parts of one matrix, and nothing in the file tells how many: "
                     "pass model.n_heads=...",
                     layout_title(layout));
  layout->n_heads = (size_t)config.model.n_heads;
  return true;
}

static bool describe(struct CheckpointNotes *notes, const struct Source *source,
                     struct Error *error)
{
  const struct Layout *layout = &source->layout;
  const struct Carried *carried = &source->carried;
  size_t size = 0;
  FILE *stream = open_memstream(&notes->said, &size);
  if (!stream) return error_system(error, "the list of settings");
  fprintf(stream, "%s", layout_title(layout));
  if (source->state_key) fprintf(stream, ", under \"%s\"", source->state_key);
  if (layout->prefix[0] != '\0') fprintf(stream, ", without the prefix \"%s\"", layout->prefix);
  if (source->leading) fprintf(stream, ", %zu snapshots", source->n_states);
  if (source->train_indices)
    fprintf(stream, ", split by train_indices");
  else if (carried->numpy_split)
    fprintf(stream, ", split as NumPy shuffles with the seed %" PRId64, carried->numpy_seed);
  for (size_t i = 0; i < carried->n; i++)
    fprintf(stream, "%s%s=%s", i > 0 ? " " : "; it carries ", carried->settings[i].setting,
            carried->settings[i].value);
  if (carried->ignored[0] != '\0') fprintf(stream, "; not taken over: %s", carried->ignored);
  return fclose(stream) == 0 || error_system(error, "the list of settings");
}

void checkpoint_notes_release(struct CheckpointNotes *notes)
{
  free(notes->said);
  *notes = (struct CheckpointNotes){0};
}

/* ---- opening ---- */

/* Like safetensors_open, does not wait for the writer of a pipe. */
static int open_regular(const char *path, unsigned char *start, size_t *size, size_t *file_size)
{
  struct stat status;
  int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) return -1;
  ssize_t got = -1;
  if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode))
    got = pread(descriptor, start, *size, 0);
  if (got < 0) {
    close(descriptor);
    return -1;
  }
  *size = (size_t)got;
  *file_size = (size_t)status.st_size;
  return descriptor;
}

static bool choose(struct Source *source, const struct CheckpointHints *hints,
                   struct CheckpointNotes *notes, struct Error *error)
{
  struct Layout *layout = &source->layout;
  notes->ambiguous = layout->ambiguous && hints->W_O == W_O_UNKNOWN;
  if (layout->ambiguous) layout_settle(layout, hints->W_O != W_O_COLUMNS);
  return find_heads(source, hints, error) && describe(notes, source, error);
}

static bool fail_unknown(const struct Source *source, struct Error *error)
{
  enum { SHOWN = 3 };
  char shown[256] = "";
  if (error->message[0] != '\0') return false;
  for (size_t i = 0; i < source->n_arrays && i < SHOWN; i++) {
    size_t length = strlen(shown);
    snprintf(shown + length, sizeof shown - length, "%s%.60s", i > 0 ? ", " : "",
             source->arrays[i].name);
  }
  return error_set(error,
                   "has no parameter with a name that is known here, such as embed.W_E or "
                   "blocks.0.attn.W_Q, only %zu other tensors: %s%s",
                   source->n_arrays, shown, source->n_arrays > SHOWN ? ", ..." : "");
}

static bool open_torch(struct Source *source, enum TorchKind kind, int descriptor,
                       struct Safetensors *file, const char *path,
                       const struct CheckpointHints *hints, struct CheckpointNotes *notes,
                       struct Error *error)
{
  source->of_torch = true;
  if (!torch_open(&source->torch, kind, descriptor, error) || !find_all_states(source, error) ||
      !list_state(source, error))
    return false;
  if (!layout_recognise(&source->layout, source->arrays, source->n_arrays, error))
    return fail_unknown(source, error);
  return choose(source, hints, notes, error) && convert(source, file, path, error);
}

/* What is in our layout, or in none, is for the reader. */
static bool open_tensors(struct Source *source, struct Safetensors *file, const char *path,
                         const struct CheckpointHints *hints, struct CheckpointNotes *notes,
                         struct Error *error)
{
  if (!list_tensors(source, error)) return false;
  bool known = layout_recognise(&source->layout, source->arrays, source->n_arrays, error);
  if (!known && error->message[0] != '\0') return false;
  if (!known || layout_is_ours(&source->layout)) {
    *file = source->tensors;
    source->tensors = (struct Safetensors){0};
    return true;
  }
  return choose(source, hints, notes, error) && convert(source, file, path, error);
}

bool checkpoint_open(struct Safetensors *file, const char *path,
                     const struct CheckpointHints *hints, struct CheckpointNotes *notes,
                     struct Error *error)
{
  unsigned char start[64];
  size_t size = sizeof start;
  struct Source source = {0};
  *notes = (struct CheckpointNotes){0};
  *error = (struct Error){0};
  int descriptor = open_regular(path, start, &size, &source.file_size);
  enum TorchKind kind = descriptor < 0 ? TORCH_NONE : torch_kind(start, size);
  bool opened;
  if (kind != TORCH_NONE) {
    opened = open_torch(&source, kind, descriptor, file, path, hints, notes, error) ||
             error_prefix(error, "%s", path) ||
             (kind == TORCH_ARCHIVE && foreign_file(path, error)); /* NumPy has archives, too */
  } else {
    if (descriptor >= 0) close(descriptor);
    if (!safetensors_open(&source.tensors, path, error)) return foreign_file(path, error);
    opened =
        open_tensors(&source, file, path, hints, notes, error) || error_prefix(error, "%s", path);
  }
  source_release(&source);
  if (!opened) checkpoint_notes_release(notes);
  return opened;
}
