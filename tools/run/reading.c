#include "run/reading.h"

#include "base/memory.h"
#include "network/answers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- facts ---- */

static struct Fact *add_fact(struct Reading *reading, const char *setting, const char *value)
{
  struct Fact *fact = &reading->facts[reading->n_facts++];
  fact->setting = setting;
  snprintf(fact->value, sizeof fact->value, "%s", value);
  return fact;
}

/* From the name of a tensor, or, without one, from the absence of those of that name. */
static void add_part(struct Reading *reading, const char *setting, const char *value,
                     const char *name, const char *absent)
{
  struct Fact *fact = add_fact(reading, setting, value);
  snprintf(fact->source, sizeof fact->source, "%s%s", name ? "" : "the absence of ",
           name ? name : absent);
}

static void add_size(struct Reading *reading, const char *setting, const struct Tensor *tensor,
                     int axis, int less)
{
  struct Fact *fact = add_fact(reading, setting, "");
  char shape[TENSOR_SHAPE_TEXT_SIZE];
  tensor_format_shape(tensor, shape);
  snprintf(fact->value, sizeof fact->value, "%lld",
           (long long)tensor->shape[reading->leading + axis] - less);
  snprintf(fact->source, sizeof fact->source, "%s of shape %s", tensor->name, shape);
}

bool reading_shape_error(const struct Tensor *tensor, const char *expected, struct Error *error)
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
  return strcmp(name, "epoch") == 0 || strcmp(name, "train_mask") == 0 ||
         strcmp(name, "answers") == 0;
}

/* Removes a prefix, up to a dot, that all names share: "model." if the network was an attribute of
   another module, "_orig_mod." if it was compiled. */
static void take_off_prefix(struct Safetensors *file, char prefix[READING_TEXT_SIZE])
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
  snprintf(prefix, READING_TEXT_SIZE, "%.*s", (int)common, first ? first : "");
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
  char shown[READING_TEXT_SIZE] = "";
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
  return error_set(error,
                   "has no parameter with a TransformerLens name, such as embed.W_E or "
                   "blocks.0.attn.W_Q, only %zu other tensors: %s%s; %s",
                   file->n_tensors, shown, file->n_tensors > SHOWN ? ", ..." : "", remedy);
}

/* ---- parts ---- */

/* What names tell: for each part the name of a tensor that belongs to it, or NULL. */
struct Names {
  const char *any, *heads, *neurons, *registers, *positions, *unembedding;
  const char *highest; /* of the highest layer */
  const char *norm, *final_norm;
};

static void note_name(struct Names *names, struct Shape *parts, const char *name)
{
  enum Parameter kind;
  int layer;
  if (!parameters_parse_name(name, &kind, &layer)) return;
  names->any = name;
  if (layer >= parts->n_layers) {
    parts->n_layers = layer + 1;
    names->highest = name;
  }
  if (kind >= W_Q && kind <= W_O) names->heads = name;
  if (kind >= W_IN && kind <= B_OUT) names->neurons = name;
  if (kind == REGISTERS) names->registers = name;
  if (kind == W_POS) names->positions = name;
  if (kind == W_U) names->unembedding = name;
  if (kind >= LN1_W && kind <= LN2_B && !names->norm) names->norm = name;
  if (kind == LN_FINAL_W || kind == LN_FINAL_B) names->final_norm = name;
}

/* A network that none of these parts belongs to has one layer. */
static void set_parts(struct Shape *parts, const struct Names *names)
{
  parts->H = parts->d_head = names->heads != NULL;
  parts->d_mlp = names->neurons != NULL;
  parts->n_registers = names->registers != NULL;
  parts->positions = names->positions ? POSITIONS_LEARNED : POSITIONS_NONE;
  parts->tied = !names->unembedding;
  parts->layer_norm = names->final_norm ? LAYER_NORM_PRE
                      : names->norm     ? LAYER_NORM_POST
                                        : LAYER_NORM_NONE;
}

static void add_parts(struct Reading *reading, const struct Names *names)
{
  const struct Shape *parts = &reading->parts;
  char layers[CONFIG_VALUE_SIZE];
  snprintf(layers, sizeof layers, "%d", parts->n_layers);
  add_part(reading, "model.n_layers", layers, names->highest, "blocks.1");
  if (names->final_norm)
    add_part(reading, "model.layer_norm", "pre", names->final_norm, NULL);
  else
    add_part(reading, "model.layer_norm", names->norm ? "post" : "none", names->norm,
             "ln1 and ln2");
  if (names->positions) add_part(reading, "model.positions", "learned", names->positions, NULL);
  add_part(reading, "model.tied_embeddings", parts->tied ? "true" : "false", names->unembedding,
           "unembed.W_U");
  if (!names->heads) add_part(reading, "model.n_heads", "0", NULL, "blocks.0.attn.W_Q");
  if (!names->neurons) add_part(reading, "model.d_mlp", "0", NULL, "blocks.0.mlp.W_in");
  if (!names->registers) add_part(reading, "model.registers", "0", NULL, "registers.W");
}

bool reading_find_parts(struct Reading *reading, struct Safetensors *file, struct Error *error)
{
  struct Names names = {0};
  *reading = (struct Reading){.file = file};
  reading->parts = (struct Shape){
      .p = 1, .V_in = 1, .V = 1, .n_positions = 1, .n_read = 1, .n_layers = 1, .d_model = 1};
  take_off_prefix(file, reading->prefix);
  for (size_t i = 0; i < file->n_tensors; i++)
    note_name(&names, &reading->parts, file->tensors[i].name);
  if (!names.any) return names_error(file, error);
  set_parts(&reading->parts, &names);
  add_parts(reading, &names);
  return true;
}

/* ---- parameters ---- */

/* Is it a bias that TransformerLens has and this network does not? */
static bool is_lacking_bias(const char *name, int n_layers)
{
  static const char *const lacking[] = {"b_Q", "b_K", "b_V", "b_O"};
  if (strcmp(name, "unembed.b_U") == 0) return true;
  for (int layer = 0; layer < n_layers; layer++)
    for (size_t i = 0; i < sizeof lacking / sizeof *lacking; i++) {
      char expected[PARAMETER_NAME_SIZE];
      snprintf(expected, sizeof expected, "blocks.%d.attn.%s", layer, lacking[i]);
      if (strcmp(name, expected) == 0) return true;
    }
  return false;
}

static bool is_of_layer(const char *name, int n_layers)
{
  char *end;
  if (strncmp(name, "blocks.", 7) != 0) return true;
  unsigned long layer = strtoul(name + 7, &end, 10);
  return end > name + 7 && *end == '.' && layer < (unsigned long)n_layers;
}

/* Rejects a tensor, not a parameter, of a transformer component that this network lacks. */
static bool check_other(const struct Reading *reading, const struct Tensor *tensor,
                        struct Error *error)
{
  const char *name = tensor->name;
  int n_layers = reading->parts.n_layers;
  if (strstr(name, ".ln") || strstr(name, "ln_final"))
    return error_set(error, "%s belongs to a LayerNorm, which the network does not have", name);
  if (!is_of_layer(name, n_layers))
    return n_layers == 1
               ? error_set(error, "%s belongs to another layer, but the network has only one", name)
               : error_set(error, "%s belongs to another layer, but the network has only %d", name,
                           n_layers);
  if (!is_lacking_bias(name, n_layers)) return true;
  bool zero;
  if (!all_zero(tensor, &zero, error)) return false;
  return zero || error_set(error, "%s is not zero, but the network has no such bias", name);
}

static bool check_others(const struct Reading *reading, struct Error *error)
{
  for (size_t i = 0; i < reading->file->n_tensors; i++) {
    const struct Tensor *tensor = &reading->file->tensors[i];
    bool listed = false;
    for (int k = 0; k < reading->list.n; k++)
      listed = listed || strcmp(tensor->name, reading->list.info[k].name) == 0;
    if (!listed && !check_other(reading, tensor, error)) return false;
  }
  return true;
}

const struct Tensor *reading_tensor(const struct Reading *reading, int layer, enum Parameter kind)
{
  int place = parameters_place(&reading->list, layer, kind);
  return place < 0 ? NULL : reading->tensors[place];
}

static bool is_bias(enum Parameter kind)
{
  return kind == B_IN || kind == B_OUT;
}

/* Biases may be missing if all are. */
static bool has_no_biases(const struct Reading *reading)
{
  bool none = true;
  for (int i = 0; i < reading->list.n; i++)
    none = none && !(is_bias(reading->list.info[i].kind) && reading->tensors[i]);
  return none;
}

static bool check_rank(const struct Reading *reading, const struct ParameterInfo *info,
                       const struct Tensor *tensor, struct Error *error)
{
  char expected[READING_TEXT_SIZE];
  snprintf(expected, sizeof expected, "%d axes%s", info->rank + reading->leading,
           reading->leading ? ", the first over snapshots" : "");
  return tensor->rank == info->rank + reading->leading ||
         reading_shape_error(tensor, expected, error);
}

static bool check_parameters(struct Reading *reading, struct Error *error)
{
  bool no_biases = has_no_biases(reading);
  for (int i = 0; i < reading->list.n; i++) {
    const struct ParameterInfo *info = &reading->list.info[i];
    const struct Tensor *tensor = reading->tensors[i];
    if (!tensor && no_biases && is_bias(info->kind)) continue;
    if (!tensor) return error_set(error, "the parameter %s is missing", info->name);
    if (!tensor_read_floats(tensor, 0, 0, NULL, error)) return false;
    if (i == 0) {
      reading->leading = tensor->rank == info->rank + 1;
      reading->n_snapshots = reading->leading ? tensor->shape[0] : 1;
    }
    if (!check_rank(reading, info, tensor, error)) return false;
  }
  return reading->n_snapshots > 0 || error_set(error, "contains no snapshot");
}

bool reading_find_parameters(struct Reading *reading, struct Error *error)
{
  if (!parameters_describe_shape(&reading->list, &reading->parts, error)) return false;
  size_t n = (size_t)reading->list.n;
  reading->tensors = memory_new(n, sizeof *reading->tensors, "the tensors of a file", error);
  if (!reading->tensors) return false;
  for (size_t i = 0; i < n; i++)
    reading->tensors[i] = safetensors_find(reading->file, reading->list.info[i].name);
  return check_others(reading, error) && check_parameters(reading, error);
}

void reading_release(struct Reading *reading)
{
  free(reading->answers);
  free(reading->tensors);
  parameters_release(&reading->list);
}

/* ---- sizes ---- */

/* Without "=" in the input it has no logit, and the setting is of no effect. */
static bool read_outputs(struct Reading *reading, bool equals, struct Error *error)
{
  const struct Tensor *embedding = reading_tensor(reading, 0, W_E);
  const struct Tensor *unembedding = reading_tensor(reading, 0, W_U);
  if (!unembedding && equals) add_part(reading, "model.output_equals", "true", NULL, "unembed.W_U");
  if (!unembedding) return true;
  size_t tokens = embedding->shape[reading->leading];
  size_t logits = unembedding->shape[reading->leading + 1];
  char expected[READING_TEXT_SIZE];
  snprintf(expected, sizeof expected, "one logit per token of %s (%zu)%s", embedding->name, tokens,
           equals ? ", or one less" : "");
  if (logits != tokens && (!equals || logits + 1 != tokens))
    return reading_shape_error(unembedding, expected, error);
  if (!equals) return true;
  add_size(reading, "model.output_equals", unembedding, 1, 0);
  struct Fact *fact = &reading->facts[reading->n_facts - 1];
  snprintf(fact->value, sizeof fact->value, "%s", logits == tokens ? "true" : "false");
  return true;
}

/* Zero biases are ambiguous: a network without biases may be stored with them. */
static bool read_biases(struct Reading *reading, struct Error *error)
{
  if (reading->parts.d_mlp > 0 && has_no_biases(reading))
    add_part(reading, "model.biases", "false", NULL, "b_in and b_out");
  for (int i = 0; i < reading->list.n; i++) {
    const struct Tensor *tensor = reading->tensors[i];
    bool zero = true;
    if (!is_bias(reading->list.info[i].kind) || !tensor) continue;
    if (!all_zero(tensor, &zero, error)) return false;
    if (zero) continue;
    struct Fact *fact = add_fact(reading, "model.biases", "true");
    snprintf(fact->source, sizeof fact->source, "%s, which is not zero", tensor->name);
    return true;
  }
  return true;
}

/* W_pos has a row for each token of the input. */
static bool read_positions(struct Reading *reading, bool equals)
{
  const struct Tensor *positions = reading_tensor(reading, 0, W_POS);
  if (!positions) return equals;
  equals = positions->shape[reading->leading] != 2;
  add_size(reading, "data.equals", positions, 0, 0);
  struct Fact *fact = &reading->facts[reading->n_facts - 1];
  snprintf(fact->value, sizeof fact->value, "%s", equals ? "true" : "false");
  return equals;
}

bool reading_find_sizes(struct Reading *reading, bool equals, struct Error *error)
{
  const struct Tensor *W_E_tensor = reading_tensor(reading, 0, W_E);
  const struct Tensor *query = reading_tensor(reading, 0, W_Q);
  const struct Tensor *bias = reading_tensor(reading, 0, B_IN);
  equals = read_positions(reading, equals);
  reading->parts.n_positions = equals ? 3 : 2;
  add_size(reading, "data.modulus", W_E_tensor, 0, equals ? 1 : 0); /* a token more: "=" */
  add_size(reading, "model.d_model", W_E_tensor, 1, 0);
  if (query) add_size(reading, "model.n_heads", query, 0, 0);
  if (query) add_size(reading, "model.d_head", query, 2, 0);
  if (bias) /* W_in may be transposed, as in PyTorch's Linear */
    add_size(reading, "model.d_mlp", bias, 0, 0);
  else if (reading->parts.d_mlp > 0)
    add_size(reading, "model.d_mlp", reading_tensor(reading, 0, W_IN), 1, 0);
  if (reading->parts.n_registers > 0)
    add_size(reading, "model.registers", reading_tensor(reading, 0, REGISTERS), 0, 0);
  return read_outputs(reading, equals, error) && read_biases(reading, error);
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
  char shape[TENSOR_SHAPE_TEXT_SIZE], text[READING_TEXT_SIZE];
  tensor_format_shape(&expected, shape);
  snprintf(text, sizeof text, "%s, %s", shape,
           is_transpose(tensor, &expected) ? "its transpose" : "to match the other parameters");
  return reading_shape_error(tensor, text, error);
}

bool reading_check_shapes(const struct Reading *reading, const struct Config *config,
                          struct Error *error)
{
  struct Parameters wanted;
  struct Config of_file = *config; /* with what an override may still have to say */
  of_file.data.equals = reading->parts.n_positions == 3;
  of_file.model.positions = reading->parts.positions;
  if (!parameters_describe(&wanted, &of_file, error)) return false;
  bool agree = true;
  for (int i = 0; agree && i < wanted.n; i++)
    agree =
        !reading->tensors[i] || check_shape(reading, reading->tensors[i], &wanted.info[i], error);
  parameters_release(&wanted);
  return agree;
}

/* ---- answers ---- */

static bool copy_answers(struct Reading *reading, const struct Tensor *tensor, size_t p,
                         struct Error *error)
{
  int64_t *values = memory_new(p * p, sizeof *values, "the answers of all pairs", error);
  reading->answers = memory_new(p * p, sizeof *reading->answers, "the answers of all pairs", error);
  bool read = values && reading->answers && tensor_read_integers(tensor, 0, p * p, values, error);
  for (size_t i = 0; read && i < p * p; i++) {
    if (values[i] < 0 || values[i] >= (int64_t)p)
      read = error_set(error, "answers: element %zu is %" PRId64 ", expected 0 to %zu", i,
                       values[i], p - 1);
    else
      reading->answers[i] = (int)values[i];
  }
  free(values);
  return read;
}

/* Answers that are in the file came from one, and say which. */
bool reading_find_answers(struct Reading *reading, size_t p, struct Error *error)
{
  const struct Tensor *tensor = safetensors_find(reading->file, "answers");
  if (!tensor) return true;
  char expected[READING_TEXT_SIZE];
  snprintf(expected, sizeof expected, "[%zu, %zu], all pairs of numbers", p, p);
  if (tensor->dtype != DTYPE_I64)
    return error_set(error, "answers has dtype %s, expected I64", dtype_name(tensor->dtype));
  if (tensor->rank != 2 || tensor->shape[0] != p || tensor->shape[1] != p)
    return reading_shape_error(tensor, expected, error);
  if (!copy_answers(reading, tensor, p, error)) return false;
  static const char *const settings[] = {"data.operation", "data.answers"};
  for (int i = 0; i < 2; i++) {
    struct Fact *fact = add_fact(reading, settings[i], "table");
    snprintf(fact->source, sizeof fact->source, "the tensor answers");
  }
  digest_format(answers_digest(reading->answers, (int)p),
                reading->facts[reading->n_facts - 1].value);
  return true;
}
