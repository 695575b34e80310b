#include "network/parameters.h"

#include "base/memory.h"
#include "network/flush.h"
#include "network/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The axes of the parameters. */
enum Axis { NONE, TOKENS, POSITIONS, HEADS, D_MODEL, D_HEAD, D_MLP, LOGITS, N_AXES };

/* The single list of parameters; everything else follows from it. */
static const struct Row {
  const char *name, *short_name;      /* the name as a format for the layer */
  enum Axis axes[PARAMETER_MAX_RANK]; /* NONE after the last one */
  enum Axis spread; /* initial values are N(0, 1 / length of this axis); NONE: zero */
} rows[N_PARAMETERS] = {
    [W_E] = {"embed.W_E", "W_E", {TOKENS, D_MODEL}, D_MODEL},
    [W_POS] = {"pos_embed.W_pos", "W_pos", {POSITIONS, D_MODEL}, D_MODEL},
    [W_Q] = {"blocks.%d.attn.W_Q", "W_Q", {HEADS, D_MODEL, D_HEAD}, D_MODEL},
    [W_K] = {"blocks.%d.attn.W_K", "W_K", {HEADS, D_MODEL, D_HEAD}, D_MODEL},
    [W_V] = {"blocks.%d.attn.W_V", "W_V", {HEADS, D_MODEL, D_HEAD}, D_MODEL},
    [W_O] = {"blocks.%d.attn.W_O", "W_O", {HEADS, D_HEAD, D_MODEL}, D_MODEL},
    [W_IN] = {"blocks.%d.mlp.W_in", "W_in", {D_MODEL, D_MLP}, D_MODEL},
    [B_IN] = {"blocks.%d.mlp.b_in", "b_in", {D_MLP}, NONE},
    [W_OUT] = {"blocks.%d.mlp.W_out", "W_out", {D_MLP, D_MODEL}, D_MODEL},
    [B_OUT] = {"blocks.%d.mlp.b_out", "b_out", {D_MODEL}, NONE},
    [W_U] = {"unembed.W_U", "W_U", {D_MODEL, LOGITS}, LOGITS},
};

static bool is_of_layer(enum Parameter kind)
{
  return W_Q <= kind && kind <= B_OUT;
}

struct Shape shape_of_config(const struct Config *config)
{
  const struct ModelConfig *model = &config->model;
  return (struct Shape){.p = config->data.modulus,
                        .V_in = config->data.modulus + 1,
                        .V = config_logits(config),
                        .n_positions = 3,
                        .n_layers = 1,
                        .H = model->n_heads,
                        .d_model = model->d_model,
                        .d_head = model->d_head,
                        .d_mlp = model->d_mlp};
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
  info->variance = row->spread == NONE ? 0 : 1 / (double)lengths[row->spread];
  return true;
}

/* Adds a parameter to the end of the list. */
static bool describe_next(struct Parameters *parameters, enum Parameter kind, int layer,
                          const size_t lengths[N_AXES], struct Error *error)
{
  struct ParameterInfo *info = &parameters->info[parameters->n++];
  bool fits = describe_one(info, kind, layer, lengths);
  info->offset = parameters->total;
  return (fits && !__builtin_add_overflow(parameters->total, info->count, &parameters->total)) ||
         error_set(error, "the parameter %s is larger than can be addressed", info->name);
}

bool parameters_describe_shape(struct Parameters *parameters, const struct Shape *shape,
                               struct Error *error)
{
  const size_t lengths[N_AXES] = {
      [TOKENS] = (size_t)shape->V_in,   [POSITIONS] = (size_t)shape->n_positions,
      [HEADS] = (size_t)shape->H,       [D_MODEL] = (size_t)shape->d_model,
      [D_HEAD] = (size_t)shape->d_head, [D_MLP] = (size_t)shape->d_mlp,
      [LOGITS] = (size_t)shape->V,
  };
  *parameters = (struct Parameters){.shape = *shape};
  parameters->info = memory_new((size_t)shape->n_layers * N_PARAMETERS, sizeof *parameters->info,
                                "the list of parameters", error);
  bool fits = parameters->info;
  for (int kind = 0; fits && kind < W_Q; kind++)
    fits = describe_next(parameters, (enum Parameter)kind, 0, lengths, error);
  for (int layer = 0; fits && layer < shape->n_layers; layer++)
    for (int kind = W_Q; fits && kind <= B_OUT; kind++)
      fits = describe_next(parameters, (enum Parameter)kind, layer, lengths, error);
  if (fits && describe_next(parameters, W_U, 0, lengths, error)) return true;
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
  if (kind == W_U) return parameters->n - 1;
  return is_of_layer(kind) ? layer * (B_OUT - W_Q + 1) + (int)kind : (int)kind;
}

float *parameters_at(const struct Parameters *parameters, enum Parameter kind)
{
  return parameters->values + parameters->info[parameters_place(parameters, 0, kind)].offset;
}

void parameters_initialise(struct Parameters *parameters, int64_t seed)
{
  for (int i = 0; i < parameters->n; i++) {
    const struct ParameterInfo *info = &parameters->info[i];
    float *values = parameters->values + info->offset;
    double deviation = sqrt(info->variance);
    for (size_t j = 0; j < info->count; j++)
      values[j] =
          deviation > 0 ? flush((float)(deviation * random_normal(seed, info->name, j))) : 0;
  }
}
