#include "measures/parts.h"

#include <stddef.h>

static const char no_neurons[] =
    "the network has no neurons: there are no key frequencies, and what is about neurons or W_L is "
    "nan or has no rows";

static const char *map_missing(const struct Shape *shape)
{
  if (shape->d_mlp == 0) return no_neurons;
  if (shape->layer_norm != LAYER_NORM_NONE)
    return "W_L of a normalised stream is not a linear map: its columns are nan";
  return NULL;
}

static const char *logit_sum_missing(const struct Shape *shape, int layer)
{
  if (shape->d_mlp == 0) return no_neurons;
  if (shape->layer_norm != LAYER_NORM_NONE)
    return "the logits of a normalised stream are not the sum of W_L MLP and a skip connection: "
           "losses "
           "with neurons or the skip connection replaced are nan";
  if (layer + 1 < shape->n_layers)
    return "only the last layer adds W_L MLP to the logits: losses with neurons or the skip "
           "connection of another one replaced are nan";
  return NULL;
}

static const char *scores_missing(const struct Shape *shape, int layer)
{
  if (shape->layer_norm == LAYER_NORM_PRE)
    return "attention scores of a normalised stream are not sums over tokens: "
           "attention-spectrum.tsv is nan";
  if (layer > 0)
    return "attention scores of a layer above the first are not sums over tokens: "
           "attention-spectrum.tsv is nan";
  return NULL;
}

static const char *ov_missing(const struct Shape *shape, int layer)
{
  if (shape->d_mlp == 0) return no_neurons;
  if (shape->layer_norm != LAYER_NORM_NONE)
    return "OV circuits of a normalised stream are not linear maps: they are nan";
  if (layer > 0)
    return "OV circuits of a layer above the first do not read W_E alone: they are nan";
  return NULL;
}

static const char *head_sum_missing(const struct Shape *shape)
{
  if (shape->n_layers > 1 || shape->layer_norm != LAYER_NORM_NONE || shape->n_registers > 0 ||
      shape->positions == POSITIONS_SINUSOIDAL)
    return "attention is replaced only in networks of one layer with learned positions or none, "
           "without registers and normalisation: losses with attention replaced are nan";
  return NULL;
}

const char *part_missing(const struct Shape *shape, int layer, enum Part part)
{
  static const char no_equals[] =
      "the input has no \"=\", from which attention is measured: what is about attention is nan";
  switch (part) {
  case PART_NEURONS:
    return shape->d_mlp == 0 ? no_neurons : NULL;
  case PART_MAP:
    return map_missing(shape);
  case PART_LOGIT_SUM:
    return logit_sum_missing(shape, layer);
  case PART_ATTENTION:
    return shape->n_positions < 3 ? no_equals : NULL;
  case PART_SCORES:
    return shape->n_positions < 3 ? no_equals : scores_missing(shape, layer);
  case PART_OV:
    return ov_missing(shape, layer);
  case PART_HEAD_SUM:
    return shape->n_positions < 3 ? no_equals : head_sum_missing(shape);
  case N_PARTS:
    break;
  }
  return NULL;
}
