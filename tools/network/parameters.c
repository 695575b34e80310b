#include "network/parameters.h"

#include "base/memory.h"
#include "network/flush.h"
#include "network/random.h"

#include <math.h>
#include <stdlib.h>

enum { N_POSITIONS = 3 }; /* "a", "b", "=" */

/* The axes of the parameters. */
enum Axis { NONE, TOKENS, POSITIONS, HEADS, D_MODEL, D_HEAD, D_MLP, LOGITS, N_AXES };

/* The single list of parameters; everything else follows from it. */
static const struct Row {
  const char *name, *short_name;
  enum Axis axes[PARAMETER_MAX_RANK]; /* NONE after the last one */
  enum Axis spread; /* initial values are N(0, 1 / length of this axis); NONE: zero */
} rows[N_PARAMETERS] = {
    [W_E] = {"embed.W_E", "W_E", {TOKENS, D_MODEL}, D_MODEL},
    [W_POS] = {"pos_embed.W_pos", "W_pos", {POSITIONS, D_MODEL}, D_MODEL},
    [W_Q] = {"blocks.0.attn.W_Q", "W_Q", {HEADS, D_MODEL, D_HEAD}, D_MODEL},
    [W_K] = {"blocks.0.attn.W_K", "W_K", {HEADS, D_MODEL, D_HEAD}, D_MODEL},
    [W_V] = {"blocks.0.attn.W_V", "W_V", {HEADS, D_MODEL, D_HEAD}, D_MODEL},
    [W_O] = {"blocks.0.attn.W_O", "W_O", {HEADS, D_HEAD, D_MODEL}, D_MODEL},
    [W_IN] = {"blocks.0.mlp.W_in", "W_in", {D_MODEL, D_MLP}, D_MODEL},
    [B_IN] = {"blocks.0.mlp.b_in", "b_in", {D_MLP}, NONE},
    [W_OUT] = {"blocks.0.mlp.W_out", "W_out", {D_MLP, D_MODEL}, D_MODEL},
    [B_OUT] = {"blocks.0.mlp.b_out", "b_out", {D_MODEL}, NONE},
    [W_U] = {"unembed.W_U", "W_U", {D_MODEL, LOGITS}, LOGITS},
};

static bool describe_one(struct ParameterInfo *info, const struct Row *row,
                         const size_t lengths[N_AXES])
{
  *info = (struct ParameterInfo){.name = row->name, .short_name = row->short_name, .count = 1};
  for (; info->rank < PARAMETER_MAX_RANK && row->axes[info->rank] != NONE; info->rank++) {
    info->shape[info->rank] = lengths[row->axes[info->rank]];
    if (__builtin_mul_overflow(info->count, info->shape[info->rank], &info->count)) return false;
  }
  info->variance = row->spread == NONE ? 0 : 1 / (double)lengths[row->spread];
  return true;
}

bool parameters_describe(struct Parameters *parameters, const struct Config *config,
                         struct Error *error)
{
  const struct ModelConfig *model = &config->model;
  *parameters = (struct Parameters){.shape = {.p = config->data.modulus,
                                              .V_in = config->data.modulus + 1,
                                              .V = config_logits(config),
                                              .H = model->n_heads,
                                              .d_model = model->d_model,
                                              .d_head = model->d_head,
                                              .d_mlp = model->d_mlp}};
  const struct Shape *shape = &parameters->shape;
  const size_t lengths[N_AXES] = {
      [TOKENS] = (size_t)shape->V_in,   [POSITIONS] = N_POSITIONS,
      [HEADS] = (size_t)shape->H,       [D_MODEL] = (size_t)shape->d_model,
      [D_HEAD] = (size_t)shape->d_head, [D_MLP] = (size_t)shape->d_mlp,
      [LOGITS] = (size_t)shape->V,
  };
  for (int i = 0; i < N_PARAMETERS; i++) {
    struct ParameterInfo *info = &parameters->info[i];
    bool fits = describe_one(info, &rows[i], lengths);
    info->offset = parameters->total;
    if (!fits || __builtin_add_overflow(parameters->total, info->count, &parameters->total))
      return error_set(error, "the parameter %s is larger than can be addressed", info->name);
  }
  return true;
}

bool parameters_init(struct Parameters *parameters, const struct Config *config,
                     struct Error *error)
{
  if (parameters_describe(parameters, config, error))
    parameters->values =
        memory_new(parameters->total, sizeof *parameters->values, "the parameters", error);
  if (parameters->values) return true;
  *parameters = (struct Parameters){0};
  return false;
}

void parameters_release(struct Parameters *parameters)
{
  free(parameters->values);
  *parameters = (struct Parameters){0};
}

float *parameters_at(const struct Parameters *parameters, enum Parameter which)
{
  return parameters->values + parameters->info[which].offset;
}

void parameters_initialise(struct Parameters *parameters, int64_t seed)
{
  for (int i = 0; i < N_PARAMETERS; i++) {
    const struct ParameterInfo *info = &parameters->info[i];
    float *values = parameters_at(parameters, (enum Parameter)i);
    double deviation = sqrt(info->variance);
    for (size_t j = 0; j < info->count; j++)
      values[j] =
          deviation > 0 ? flush((float)(deviation * random_normal(seed, info->name, j))) : 0;
  }
}
