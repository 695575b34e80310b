#include "handmade.h"

#include <check.h>
#include <math.h>
#include <string.h>

/* Dimensions of the residual stream. Wave i has its cosine at 2 i and its sine at 2 i + 1: first
   those of a and b, read by the neurons, then those of the answer, written by them. */
enum {
  WAVES_AT = 0,
  FLAGS_AT = WAVES_AT + 2 * ALL_WAVES, /* one for each position */
  ANSWER_AT = FLAGS_AT + 3,
  MEAN_AT = ANSWER_AT + 2 * ADDING_WAVES,
  D_MODEL = MEAN_AT + 1,
  D_HEAD = 2 * ALL_WAVES,
  HEADS = 2
};

static const double away = -100; /* a score without attention: exp(-100) is 0 in float32 */
static const double equals = 50; /* in the logit of "=" */

int handmade_other(const struct Handmade *network, int other)
{
  return ADDING_WAVES * 2 * network->p + other;
}

void handmade_configure(const struct Handmade *network, struct Config *config)
{
  config->data.modulus = network->p;
  config->data.operation = network->sign == DIRECTION_SUM ? OPERATION_ADD : OPERATION_SUBTRACT;
  config->model.d_model = D_MODEL;
  config->model.n_heads = HEADS;
  config->model.d_head = D_HEAD;
  config->model.d_mlp = handmade_other(network, OTHER_NEURONS);
  config->model.output_equals = network->output_equals;
}

/* ---- weights ---- */

/* Element (i, j) of a parameter whose last axis has n entries. */
static float *at(const struct Parameters *parameters, enum Parameter which, int i, int j)
{
  const struct ParameterInfo *info = &parameters->info[which];
  size_t n = info->shape[info->rank - 1];
  return parameters_at(parameters, which) + (size_t)i * n + (size_t)j;
}

/* The query and key weight that give the score `away`. */
static double score_weight(void)
{
  return sqrt(-away * sqrt(D_HEAD));
}

static void fill_embedding(const struct Handmade *network, const struct Parameters *parameters)
{
  for (int i = 0; i < ALL_WAVES; i++)
    for (int x = 0; x < network->p; x++) {
      int k = network->waves[i].frequency;
      long double amplitude = (long double)network->waves[i].embedding;
      *at(parameters, W_E, x, WAVES_AT + 2 * i) = (float)(amplitude * wave_cos(network->p, k, x));
      *at(parameters, W_E, x, WAVES_AT + 2 * i + 1) =
          (float)(amplitude * wave_sin(network->p, k, x));
    }
  *at(parameters, W_POS, 0, FLAGS_AT) = 1;
  *at(parameters, W_POS, 1, FLAGS_AT + 1) = 1;
  *at(parameters, W_E, network->p, FLAGS_AT + 2) = 1;
}

/* Head h attends only to position h and copies its waves, with the amplitude of cos and sin. */
static void fill_attention(const struct Handmade *network, const struct Parameters *parameters)
{
  for (int h = 0; h < HEADS; h++) {
    *at(parameters, W_Q, h * D_MODEL + FLAGS_AT + 2, 0) = (float)score_weight();
    for (int position = 0; position < 3; position++)
      if (position != h)
        *at(parameters, W_K, h * D_MODEL + FLAGS_AT + position, 0) = -(float)score_weight();
    for (int i = 0; i < 2 * ALL_WAVES; i++) {
      bool turned = h == 1 && i % 2 == 1 && network->sign == DIRECTION_DIFFERENCE;
      *at(parameters, W_V, h * D_MODEL + WAVES_AT + i, i) =
          (float)(1 / network->waves[i / 2].embedding);
      *at(parameters, W_O, h * D_HEAD + i, WAVES_AT + i) = turned ? -1 : 1;
    }
  }
}

/* The amplitude with which a neuron writes its wave: strength / (2 G). */
static long double written(const struct Handmade *network, int wave)
{
  int p = network->p;
  long double G = 0;
  for (int j = 0; j < 2 * p; j++)
    G += fmaxl(0, wave_cos(2 * p, 1, j)) * wave_cos(p, 1, j);
  return (long double)network->waves[wave].strength / (2 * G);
}

static void fill_phases(const struct Handmade *network, const struct Parameters *parameters)
{
  int p = network->p;
  for (int i = 0; i < ADDING_WAVES; i++)
    for (int j = 0; j < 2 * p; j++) {
      int neuron = i * 2 * p + j;
      long double amplitude = written(network, i);
      *at(parameters, W_IN, WAVES_AT + 2 * i, neuron) = (float)wave_cos(2 * p, 1, j);
      *at(parameters, W_IN, WAVES_AT + 2 * i + 1, neuron) = (float)wave_sin(2 * p, 1, j);
      *at(parameters, W_OUT, neuron, ANSWER_AT + 2 * i) = (float)(amplitude * wave_cos(p, 1, j));
      *at(parameters, W_OUT, neuron, ANSWER_AT + 2 * i + 1) =
          (float)(amplitude * wave_sin(p, 1, j));
    }
}

/* bias + first (cos(w a) + cos(w b)) of the first frequency + the same of the last one */
static const struct {
  double bias, first, last;
} others[OTHER_NEURONS] = {[DEAD] = {-1, 0, 0},
                           [CONSTANT] = {1, 0, 0},
                           [LINEAR] = {3, 1, 0},
                           [NINE_TO_ONE] = {8.5, 3, 1},
                           [ONE_TO_FOUR] = {8.5, 1, 2}};

static void fill_others(const struct Handmade *network, const struct Parameters *parameters)
{
  for (int i = 0; i < OTHER_NEURONS; i++) {
    int neuron = handmade_other(network, i);
    *at(parameters, W_IN, WAVES_AT, neuron) = (float)others[i].first;
    *at(parameters, W_IN, WAVES_AT + 2 * (ALL_WAVES - 1), neuron) = (float)others[i].last;
    *at(parameters, B_IN, 0, neuron) = (float)others[i].bias;
  }
  *at(parameters, W_OUT, handmade_other(network, LINEAR), ANSWER_AT) = (float)network->linear;
  *at(parameters, W_OUT, handmade_other(network, CONSTANT), MEAN_AT) = (float)network->constant;
  *at(parameters, B_OUT, 0, MEAN_AT) = (float)network->bias;
}

static void fill_unembedding(const struct Handmade *network, const struct Parameters *parameters)
{
  int p = network->p;
  for (int c = 0; c < p; c++) {
    for (int i = 0; i < ADDING_WAVES; i++) {
      int k = network->waves[i].frequency;
      *at(parameters, W_U, ANSWER_AT + 2 * i, c) = (float)wave_cos(p, k, c);
      *at(parameters, W_U, ANSWER_AT + 2 * i + 1, c) = (float)wave_sin(p, k, c);
    }
    *at(parameters, W_U, MEAN_AT, c) =
        (float)wave_cos(p, network->waves[ALL_WAVES - 1].frequency, c);
  }
  if (network->output_equals) *at(parameters, W_U, MEAN_AT, p) = (float)equals;
}

void handmade_fill(const struct Handmade *network, const struct Parameters *parameters)
{
  for (int i = 0; i < ALL_WAVES; i++)
    ck_assert_int_lt(2 * network->waves[i].frequency, network->p);
  memset(parameters->values, 0, parameters->total * sizeof *parameters->values);
  fill_embedding(network, parameters);
  fill_attention(network, parameters);
  fill_phases(network, parameters);
  fill_others(network, parameters);
  fill_unembedding(network, parameters);
}

/* ---- activations ---- */

static long double two_cosines(const struct Handmade *network, int wave, int a, int b)
{
  int k = network->waves[wave].frequency;
  return wave_cos(network->p, k, a) + wave_cos(network->p, k, b);
}

long double handmade_neuron(const struct Handmade *network, int i, int a, int b)
{
  int p = network->p, wave_number = i / (2 * p), j = i % (2 * p);
  if (wave_number < ADDING_WAVES) {
    int k = network->waves[wave_number].frequency, sign = (int)network->sign;
    /* w_k a - phi_j = 2 pi (2 k a - j) / (2p) */
    return fmaxl(0, wave_cos(2 * p, 1, 2 * k * a - j) + wave_cos(2 * p, 1, 2 * k * b - sign * j));
  }
  int other = i - handmade_other(network, 0);
  return fmaxl(0, (long double)others[other].bias +
                      (long double)others[other].first * two_cosines(network, 0, a, b) +
                      (long double)others[other].last * two_cosines(network, ALL_WAVES - 1, a, b));
}

/* ---- logits ---- */

/* |cos(w_k t/2)| */
static long double envelope(int p, int k, int t)
{
  return fabsl(wave_cos(2 * p, k, t));
}

static long double mean_envelope(int p, int k)
{
  long double sum = 0;
  for (int t = 0; t < p; t++)
    sum += envelope(p, k, t);
  return sum / p;
}

/* The part of all waves (or only the keys), optionally with the envelope replaced by its mean. */
static long double answer(const struct Handmade *network, const bool *keys, bool mean, int a, int b,
                          int c)
{
  int p = network->p, s = a + (int)network->sign * b, t = a - (int)network->sign * b;
  long double sum = 0;
  for (int i = 0; i < ADDING_WAVES; i++) {
    int k = network->waves[i].frequency;
    if (keys && !keys[k]) continue;
    sum += (long double)network->waves[i].strength * wave_cos(p, k, s - c) *
           (mean ? mean_envelope(p, k) : envelope(p, k, t));
  }
  return sum;
}

/* The output of the linear and the constant neuron and b_out, for two given cosines. */
static long double other_logits(const struct Handmade *network, long double cosines, int c)
{
  int p = network->p;
  return (long double)network->linear * (3 + cosines) *
             wave_cos(p, network->waves[0].frequency, c) +
         ((long double)network->constant + (long double)network->bias) *
             wave_cos(p, network->waves[ALL_WAVES - 1].frequency, c);
}

long double handmade_logit(const void *context, int a, int b, int c)
{
  const struct Handmade *network = ((const struct HandmadeLogits *)context)->network;
  return answer(network, NULL, false, a, b, c) +
         other_logits(network, two_cosines(network, 0, a, b), c);
}

long double handmade_excluded(const void *context, int a, int b, int c)
{
  const struct HandmadeLogits *logits = context;
  return handmade_logit(context, a, b, c) - answer(logits->network, logits->keys, true, a, b, c);
}

long double handmade_restricted(const void *context, int a, int b, int c)
{
  const struct HandmadeLogits *logits = context;
  return answer(logits->network, logits->keys, true, a, b, c) + other_logits(logits->network, 0, c);
}

double handmade_size(const struct Handmade *network)
{
  return network->waves[0].strength + network->waves[1].strength + 5 * fabs(network->linear) +
         fabs(network->constant) + fabs(network->bias);
}

/*
 * The error of a float32 sum of n terms is at most n roundings of the sum of their magnitudes. A
 * logit has one term per neuron and a few others, whose factors carry about 16 roundings. A neuron
 * of phase phi is at most 2 relu(cos(phi - x)), so the terms of a wave have a total magnitude of at
 * most 2 (sum of relu(cos(phi_j - x))) strength/(2 G): 3 times the strength for large p, 3.11 at 7.
 */
double handmade_error(const struct Handmade *network)
{
  int terms = handmade_other(network, OTHER_NEURONS) + 16;
  return FLOAT_ROUNDING * terms * 3.2 * handmade_size(network);
}

/* ---- weights, again ---- */

void handmade_spectrum_of_W_E(const struct Handmade *network, double *norms)
{
  int p = network->p;
  memset(norms, 0, (size_t)p * sizeof *norms);
  for (int i = 0; i < ALL_WAVES; i++)
    for (int sine = 0; sine < 2; sine++)
      norms[2 * network->waves[i].frequency - 1 + sine] =
          network->waves[i].embedding * sqrt(p / 2.0);
}

/* A wave's 2p neurons write cos(2 phi_j - w_k c): a cosine and a sine whose amplitudes are cos and
   sin of 2 phi_j, the squares of which sum to p. */
void handmade_spectrum_of_W_L(const struct Handmade *network, double *norms)
{
  int p = network->p, first = network->waves[0].frequency;
  memset(norms, 0, (size_t)p * sizeof *norms);
  for (int i = 0; i < ADDING_WAVES; i++)
    for (int sine = 0; sine < 2; sine++)
      norms[2 * network->waves[i].frequency - 1 + sine] =
          (double)written(network, i) * sqrt(p) * sqrt(p / 2.0);
  norms[2 * first - 1] = hypot(norms[2 * first - 1], network->linear * sqrt(p / 2.0));
  norms[2 * network->waves[ALL_WAVES - 1].frequency - 1] = fabs(network->constant) * sqrt(p / 2.0);
}

void handmade_squares(const struct Handmade *network, double squares[N_PARAMETERS])
{
  int p = network->p;
  double score = -away * sqrt(D_HEAD); /* the square of one score weight */
  memset(squares, 0, N_PARAMETERS * sizeof *squares);
  squares[W_E] = 1; /* the flag */
  squares[W_POS] = 2;
  squares[W_Q] = HEADS * score;
  squares[W_K] = HEADS * 2 * score;
  squares[W_O] = HEADS * 2 * ALL_WAVES;
  for (int i = 0; i < ALL_WAVES; i++) {
    double amplitude = network->waves[i].embedding;
    squares[W_E] += p * amplitude * amplitude; /* cos^2 + sin^2 for each number */
    squares[W_V] += HEADS * 2 / (amplitude * amplitude);
  }
  squares[W_U] = p / 2.0 + (network->output_equals ? equals * equals : 0);
  for (int i = 0; i < ADDING_WAVES; i++) {
    squares[W_IN] += 2 * p;
    squares[W_OUT] += 2 * p * (double)(written(network, i) * written(network, i));
    squares[W_U] += p;
  }
  for (int i = 0; i < OTHER_NEURONS; i++) {
    squares[W_IN] += others[i].first * others[i].first + others[i].last * others[i].last;
    squares[B_IN] += others[i].bias * others[i].bias;
  }
  squares[W_OUT] += network->linear * network->linear + network->constant * network->constant;
  squares[B_OUT] = network->bias * network->bias;
}
