#include "export/network.h"

#include "base/memory.h"
#include "export/blob.h"

#include <math.h>
#include <stdlib.h>

enum { N_POSITIONS = 2 }; /* that are sources of their own */

const char *network_unfit(const struct Config *config)
{
  const struct ModelConfig *model = &config->model;
  if (model->n_layers != 1) return "it has several layers";
  if (model->n_heads == 0 || model->d_mlp == 0) return "it has no heads or no neurons";
  if (model->layer_norm != LAYER_NORM_NONE) return "it has layer normalisation";
  if (model->positions != POSITIONS_LEARNED) return "its positions are not learned";
  if (model->registers > 0) return "it has registers";
  if (model->tied_embeddings) return "its embeddings are tied";
  if (!config->data.equals) return "its input does not end with \"=\"";
  if (model->activation != ACTIVATION_RELU) return "its activation is not ReLU";
  return NULL;
}

size_t network_sources(const struct Shape *shape)
{
  return (size_t)shape->p + 1 + N_POSITIONS;
}

/* out[rows][columns] = left[rows][inner] right[inner][columns], whose rows are `stride` apart. */
static void multiply(size_t rows, size_t inner, size_t columns, const float *left,
                     const float *right, size_t stride, float *out)
{
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++) {
      double sum = 0;
      for (size_t x = 0; x < inner; x++)
        sum += (double)left[i * inner + x] * (double)right[x * stride + j];
      out[i * columns + j] = (float)sum;
    }
}

static void transpose(size_t rows, size_t columns, const float *in, float *out)
{
  for (size_t i = 0; i < rows; i++)
    for (size_t j = 0; j < columns; j++)
      out[j * rows + i] = in[i * columns + j];
}

/* sources[p + 3][d] */
static void fill_sources(const struct Parameters *parameters, float *sources)
{
  size_t p = (size_t)parameters->shape.p, d = (size_t)parameters->shape.d_model;
  const float *tokens = parameters_at(parameters, W_E),
              *positions = parameters_at(parameters, W_POS);
  for (size_t i = 0; i < (p + 1) * d; i++)
    sources[i] = tokens[i];
  for (size_t i = 0; i < d; i++)
    sources[p * d + i] += positions[N_POSITIONS * d + i];
  for (size_t i = 0; i < N_POSITIONS * d; i++)
    sources[(p + 1) * d + i] = positions[i];
}

static float *new_sources(const struct Parameters *parameters, struct Error *error)
{
  size_t n = network_sources(&parameters->shape) * (size_t)parameters->shape.d_model;
  float *sources = memory_new(n, sizeof *sources, "tokens and positions", error);
  if (sources) fill_sources(parameters, sources);
  return sources;
}

/* ---- scores ---- */

/* of_source[d] = W_K[h] (x_= W_Q[h]) / sqrt(d_head) */
static void find_key(const struct Parameters *parameters, size_t h, const float *equals,
                     double *of_source)
{
  size_t d = (size_t)parameters->shape.d_model, n = (size_t)parameters->shape.d_head;
  const float *query = parameters_at(parameters, W_Q) + h * d * n;
  const float *key = parameters_at(parameters, W_K) + h * d * n;
  for (size_t i = 0; i < d; i++)
    of_source[i] = 0;
  for (size_t j = 0; j < n; j++) {
    double of_equals = 0;
    for (size_t i = 0; i < d; i++)
      of_equals += (double)equals[i] * (double)query[i * n + j];
    for (size_t i = 0; i < d; i++)
      of_source[i] += (double)key[i * n + j] * of_equals / sqrt((double)n);
  }
}

bool network_scores(const struct Parameters *parameters, float *scores, struct Error *error)
{
  size_t d = (size_t)parameters->shape.d_model, n = network_sources(&parameters->shape);
  float *sources = new_sources(parameters, error);
  double *of_source = sources ? memory_new(d, sizeof *of_source, "keys", error) : NULL;
  for (size_t h = 0; of_source && h < (size_t)parameters->shape.H; h++) {
    find_key(parameters, h, sources + (size_t)parameters->shape.p * d, of_source);
    for (size_t x = 0; x < n; x++) {
      double score = 0;
      for (size_t i = 0; i < d; i++)
        score += (double)sources[x * d + i] * of_source[i];
      scores[h * n + x] = (float)score;
    }
  }
  bool done = of_source;
  free(of_source);
  free(sources);
  return done;
}

/* ---- the other parts ---- */

/* values[n_sources][H d_head], head by head. */
static void fill_values(const struct Parameters *parameters, const float *sources, float *values)
{
  size_t H = (size_t)parameters->shape.H, d = (size_t)parameters->shape.d_model,
         n = (size_t)parameters->shape.d_head;
  const float *W = parameters_at(parameters, W_V);
  for (size_t x = 0; x < network_sources(&parameters->shape); x++)
    for (size_t h = 0; h < H; h++)
      multiply(1, d, n, sources + x * d, W + h * d * n, n, values + (x * H + h) * n);
}

/* W_O reader, transposed: out[columns][H d_head]; work of the same size. */
static void read_heads(const struct Parameters *parameters, const float *reader, size_t columns,
                       size_t stride, float *work, float *out)
{
  size_t d = (size_t)parameters->shape.d_model;
  size_t z = (size_t)parameters->shape.H * (size_t)parameters->shape.d_head;
  multiply(z, d, columns, parameters_at(parameters, W_O), reader, stride, work);
  transpose(z, columns, work, out);
}

/* What is the same for all pairs, neuron_base[m] and logit_base[p]; `stream` is scratch, [d]. */
static void fill_bases(const struct Parameters *parameters, const float *equals, float *stream,
                       float *neuron_base, float *logit_base)
{
  size_t d = (size_t)parameters->shape.d_model, m = (size_t)parameters->shape.d_mlp;
  size_t V = (size_t)parameters->shape.V, p = (size_t)parameters->shape.p;
  const float *b_in = parameters_at(parameters, B_IN), *b_out = parameters_at(parameters, B_OUT);
  multiply(1, d, m, equals, parameters_at(parameters, W_IN), m, neuron_base);
  for (size_t i = 0; i < m; i++)
    neuron_base[i] += b_in[i];
  for (size_t i = 0; i < d; i++)
    stream[i] = equals[i] + b_out[i];
  multiply(1, d, p, stream, parameters_at(parameters, W_U), V, logit_base);
}

struct Parts {
  float *sources, *values, *neurons, *skip, *W_L, *neuron_base, *logit_base, *work;
};

static void fill_parts(const struct Parameters *parameters, const struct Parts *parts)
{
  size_t d = (size_t)parameters->shape.d_model, m = (size_t)parameters->shape.d_mlp;
  size_t V = (size_t)parameters->shape.V, p = (size_t)parameters->shape.p;
  fill_sources(parameters, parts->sources);
  fill_values(parameters, parts->sources, parts->values);
  read_heads(parameters, parameters_at(parameters, W_IN), m, m, parts->work, parts->neurons);
  read_heads(parameters, parameters_at(parameters, W_U), p, V, parts->work, parts->skip);
  multiply(m, d, p, parameters_at(parameters, W_OUT), parameters_at(parameters, W_U), V,
           parts->W_L);
  fill_bases(parameters, parts->sources + p * d, parts->work, parts->neuron_base,
             parts->logit_base);
}

json_t *network_parts(const struct Parameters *parameters, struct Error *error)
{
  const struct Shape *shape = &parameters->shape;
  size_t p = (size_t)shape->p, m = (size_t)shape->d_mlp, d = (size_t)shape->d_model;
  size_t z = (size_t)shape->H * (size_t)shape->d_head, n = network_sources(shape);
  struct Parts parts;
  size_t widest = m > p ? m : p;
  const struct FloatArray arrays[] = {{&parts.sources, n * d}, {&parts.values, n * z},
                                      {&parts.neurons, m * z}, {&parts.skip, p * z},
                                      {&parts.W_L, m * p},     {&parts.neuron_base, m},
                                      {&parts.logit_base, p},  {&parts.work, widest * z + d}};
  void *block =
      memory_new_arrays(arrays, sizeof arrays / sizeof *arrays, "the parts of a network", error);
  if (!block) return NULL;
  fill_parts(parameters, &parts);
  json_t *object =
      json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "values", blob_rows(parts.values, n, z, error),
                "neurons", blob_rows(parts.neurons, m, z, error), "neuron_base",
                blob_floats(parts.neuron_base, m, error), "skip",
                blob_rows(parts.skip, p, z, error), "logit_base",
                blob_floats(parts.logit_base, p, error), "W_L", blob_rows(parts.W_L, m, p, error));
  free(block);
  return blob_checked(object, error);
}
