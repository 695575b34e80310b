#include "network/parameters.h"

#include "base/memory.h"
#include "network/flush.h"
#include "network/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The axes of the parameters. */
enum Axis {
  NONE,
  TOKENS,
  POSITIONS,
  HEADS,
  D_MODEL,
  D_HEAD,
  D_MLP,
  LOGITS,
  COUNT_REGISTERS,
  N_AXES
};

/* What a parameter belongs to, and so where it stands in the list. */
enum Part { INPUT, LAYER, OUTPUT };

static bool always(const struct Shape *shape)
{
  (void)shape;
  return true;
}

static bool with_registers(const struct Shape *shape)
{
  return shape->n_registers > 0;
}

static bool with_learned_positions(const struct Shape *shape)
{
  return shape->positions == POSITIONS_LEARNED;
}

static bool with_heads(const struct Shape *shape)
{
  return shape->H > 0;
}

static bool with_neurons(const struct Shape *shape)
{
  return shape->d_mlp > 0;
}

static bool with_ln1(const struct Shape *shape)
{
  return shape->layer_norm != LAYER_NORM_NONE && with_heads(shape);
}

static bool with_ln2(const struct Shape *shape)
{
  return shape->layer_norm != LAYER_NORM_NONE && with_neurons(shape);
}

static bool with_ln_final(const struct Shape *shape)
{
  return shape->layer_norm == LAYER_NORM_PRE;
}

static bool untied(const struct Shape *shape)
{
  return !shape->tied;
}

/* The single list of parameters; everything else follows from it. Within each part they stand in
   this order. */
static const struct Row {
  const char *name, *short_name; /* the name as a format for the layer */
  enum Part part;
  enum Axis axes[PARAMETER_MAX_RANK]; /* NONE after the last one */
  enum Axis spread; /* initial values are N(mean, 1 / length of this axis); NONE: the mean */
  double mean;
  bool (*is_there)(const struct Shape *shape);
} rows[N_PARAMETER_KINDS] = {
    [W_E] = {"embed.W_E", "W_E", INPUT, {TOKENS, D_MODEL}, D_MODEL, 0, always},
    [W_POS] = {"pos_embed.W_pos",
               "W_pos",
               INPUT,
               {POSITIONS, D_MODEL},
               D_MODEL,
               0,
               with_learned_positions},
    [REGISTERS] =
        {"registers.W", "registers", INPUT, {COUNT_REGISTERS, D_MODEL}, D_MODEL, 0, with_registers},
    [W_Q] = {"blocks.%d.attn.W_Q", "W_Q", LAYER, {HEADS, D_MODEL, D_HEAD}, D_MODEL, 0, with_heads},
    [W_K] = {"blocks.%d.attn.W_K", "W_K", LAYER, {HEADS, D_MODEL, D_HEAD}, D_MODEL, 0, with_heads},
    [W_V] = {"blocks.%d.attn.W_V", "W_V", LAYER, {HEADS, D_MODEL, D_HEAD}, D_MODEL, 0, with_heads},
    [W_O] = {"blocks.%d.attn.W_O", "W_O", LAYER, {HEADS, D_HEAD, D_MODEL}, D_MODEL, 0, with_heads},
    [W_IN] = {"blocks.%d.mlp.W_in", "W_in", LAYER, {D_MODEL, D_MLP}, D_MODEL, 0, with_neurons},
    [B_IN] = {"blocks.%d.mlp.b_in", "b_in", LAYER, {D_MLP}, NONE, 0, with_neurons},
    [W_OUT] = {"blocks.%d.mlp.W_out", "W_out", LAYER, {D_MLP, D_MODEL}, D_MODEL, 0, with_neurons},
    [B_OUT] = {"blocks.%d.mlp.b_out", "b_out", LAYER, {D_MODEL}, NONE, 0, with_neurons},
    [LN1_W] = {"blocks.%d.ln1.w", "ln1.w", LAYER, {D_MODEL}, NONE, 1, with_ln1},
    [LN1_B] = {"blocks.%d.ln1.b", "ln1.b", LAYER, {D_MODEL}, NONE, 0, with_ln1},
    [LN2_W] = {"blocks.%d.ln2.w", "ln2.w", LAYER, {D_MODEL}, NONE, 1, with_ln2},
    [LN2_B] = {"blocks.%d.ln2.b", "ln2.b", LAYER, {D_MODEL}, NONE, 0, with_ln2},
    [LN_FINAL_W] = {"ln_final.w", "ln_final.w", OUTPUT, {D_MODEL}, NONE, 1, with_ln_final},
    [LN_FINAL_B] = {"ln_final.b", "ln_final.b", OUTPUT, {D_MODEL}, NONE, 0, with_ln_final},
    [W_U] = {"unembed.W_U", "W_U", OUTPUT, {D_MODEL, LOGITS}, LOGITS, 0, untied},
};

/* Tokens, logits and positions of the tasks (network/examples.h). */
static void set_task(const struct DataConfig *data, struct Shape *shape)
{
  switch (data->task) {
  case TASK_PAIRS:
    break;
  case TASK_DIGITS: /* x1..xD + y1..yD = z0..zD, each answer read at the token before it */
    shape->V_in = 12;
    shape->V = 10;
    shape->n_positions = 3 * data->digits + 2;
    shape->n_read = data->digits + 1;
    break;
  case TASK_SUBSEQUENCE:
    shape->V_in = shape->V = data->vocabulary;
    shape->n_positions = shape->n_read = data->length - 1;
    break;
  case TASK_SKIP_TRIGRAM:
    shape->V_in = data->vocabulary;
    shape->V = 10;
    shape->n_positions = data->length;
    break;
  }
}

struct Shape shape_of_config(const struct Config *config)
{
  const struct ModelConfig *model = &config->model;
  bool pairs = config->data.task == TASK_PAIRS;
  struct Shape shape = {.p = pairs ? config->data.modulus : 0,
                        .V_in = config->data.modulus + (config->data.equals ? 1 : 0),
                        .V = config_logits(config),
                        .n_positions = config->data.equals ? 3 : 2,
                        .n_read = 1,
                        .n_layers = model->n_layers,
                        .H = model->n_heads,
                        .d_model = model->d_model,
                        .d_head = model->d_head,
                        .d_mlp = model->d_mlp,
                        .n_registers = model->registers,
                        .layer_norm = model->layer_norm,
                        .positions = model->positions,
                        .tied = model->tied_embeddings};
  set_task(&config->data, &shape);
  return shape;
}

static bool describe_one(struct ParameterInfo *info, enum Parameter kind, int layer,
                         const size_t lengths[N_AXES])
{
  const struct Row *row = &rows[kind];
  *info = (struct ParameterInfo){
      .kind = kind, .layer = layer, .short_name = row->short_name, .count = 1};
  snprintf(info->name, sizeof info->name, row->name, layer);
  for (; info->rank < PARAMETER_MAX_RANK && row->axes[info->rank] != NONE; info->rank++) {
    info->shape[info->rank] = lengths[row->axes[info->rank]];
    if (__builtin_mul_overflow(info->count, info->shape[info->rank], &info->count)) return false;
  }
  info->mean = row->mean;
  info->variance = row->spread == NONE ? 0 : 1 / (double)lengths[row->spread];
  return true;
}

/* Adds the parameters of a part that are there to the end of the list. */
static bool describe_part(struct Parameters *parameters, enum Part part, int layer,
                          const size_t lengths[N_AXES], struct Error *error)
{
  for (int kind = 0; kind < N_PARAMETER_KINDS; kind++) {
    if (rows[kind].part != part || !rows[kind].is_there(&parameters->shape)) continue;
    struct ParameterInfo *info = &parameters->info[parameters->n++];
    bool fits = describe_one(info, (enum Parameter)kind, layer, lengths);
    info->offset = parameters->total;
    if (!fits || __builtin_add_overflow(parameters->total, info->count, &parameters->total))
      return error_set(error, "the parameter %s is larger than can be addressed", info->name);
  }
  return true;
}

bool parameters_describe_shape(struct Parameters *parameters, const struct Shape *shape,
                               struct Error *error)
{
  const size_t lengths[N_AXES] = {
      [TOKENS] = (size_t)shape->V_in,   [POSITIONS] = (size_t)shape->n_positions,
      [HEADS] = (size_t)shape->H,       [D_MODEL] = (size_t)shape->d_model,
      [D_HEAD] = (size_t)shape->d_head, [D_MLP] = (size_t)shape->d_mlp,
      [LOGITS] = (size_t)shape->V,      [COUNT_REGISTERS] = (size_t)shape->n_registers,
  };
  *parameters = (struct Parameters){.shape = *shape};
  parameters->info = memory_new(((size_t)shape->n_layers + 1) * N_PARAMETER_KINDS,
                                sizeof *parameters->info, "the list of parameters", error);
  bool fits = parameters->info && describe_part(parameters, INPUT, 0, lengths, error);
  for (int layer = 0; fits && layer < shape->n_layers; layer++)
    fits = describe_part(parameters, LAYER, layer, lengths, error);
  if (fits && describe_part(parameters, OUTPUT, 0, lengths, error)) return true;
  parameters_release(parameters);
  return false;
}

bool parameters_describe(struct Parameters *parameters, const struct Config *config,
                         struct Error *error)
{
  const struct Shape shape = shape_of_config(config);
  return parameters_describe_shape(parameters, &shape, error);
}

bool parameters_init(struct Parameters *parameters, const struct Config *config,
                     struct Error *error)
{
  if (!parameters_describe(parameters, config, error)) return false;
  parameters->values =
      memory_new(parameters->total, sizeof *parameters->values, "the parameters", error);
  if (parameters->values) return true;
  parameters_release(parameters);
  return false;
}

void parameters_release(struct Parameters *parameters)
{
  free(parameters->values);
  free(parameters->info);
  *parameters = (struct Parameters){0};
}

void parameters_copy(const struct Parameters *from, struct Parameters *to)
{
  memcpy(to->values, from->values, from->total * sizeof *from->values);
}

int parameters_place(const struct Parameters *parameters, int layer, enum Parameter kind)
{
  bool of_layer = rows[kind].part == LAYER;
  for (int i = 0; i < parameters->n; i++)
    if (parameters->info[i].kind == kind && (!of_layer || parameters->info[i].layer == layer))
      return i;
  return -1;
}

/* The layer of "blocks.12.attn.W_Q"; 0 for names that have none. */
static int layer_of_name(const char *name)
{
  static const char blocks[] = "blocks.";
  int layer = 0;
  if (strncmp(name, blocks, sizeof blocks - 1) != 0) return 0;
  for (const char *at = name + sizeof blocks - 1; *at >= '0' && *at <= '9' && layer < 1000; at++)
    layer = 10 * layer + (*at - '0');
  return layer;
}

bool parameters_parse_name(const char *name, enum Parameter *kind, int *layer)
{
  *layer = layer_of_name(name);
  for (int i = 0; i < N_PARAMETER_KINDS; i++) {
    char expected[PARAMETER_NAME_SIZE];
    snprintf(expected, sizeof expected, rows[i].name, *layer);
    *kind = (enum Parameter)i;
    if (strcmp(name, expected) == 0) return true;
  }
  return false;
}

float *parameters_at(const struct Parameters *parameters, enum Parameter kind)
{
  return parameters->values + parameters->info[parameters_place(parameters, 0, kind)].offset;
}

float *parameters_of_layer(const struct Parameters *parameters, int layer, enum Parameter kind)
{
  int place = parameters_place(parameters, layer, kind);
  return place < 0 ? NULL : parameters->values + parameters->info[place].offset;
}

void parameters_initialise(struct Parameters *parameters, int64_t seed)
{
  for (int i = 0; i < parameters->n; i++) {
    const struct ParameterInfo *info = &parameters->info[i];
    float *values = parameters->values + info->offset;
    double deviation = sqrt(info->variance);
    for (size_t j = 0; j < info->count; j++)
      values[j] = deviation > 0 ? flush((float)(deviation * random_normal(seed, info->name, j)))
                                : (float)info->mean;
  }
}
