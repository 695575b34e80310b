#include "engine/textbook/optimizer.h"

#include "engine/adamw.h"
#include "engine/schedule.h"
#include "network/flush.h"

#include <math.h>

#if REAL_BITS == 32

static Real flushed(Real x)
{
  return flush(x);
}

/* engine/adamw.c knows the warm-up, but no schedule. */
static void adamw(const struct Config *config, Real *gradient, struct TrainingState *state)
{
  struct OptimizerConfig scheduled = config->optimizer;
  scheduled.learning_rate *= schedule_factor(config, state->step);
  struct AdamW moments = {.m = state->m, .v = state->v, .total = state->total, .step = state->step};
  struct Parameters of_gradient = {.values = gradient}, parameters = {.values = state->values};
  adamw_step(&moments, &scheduled, &of_gradient, &parameters);
}

#else

#define SMALLEST_REAL    0x1p-400
#define SMALLEST_EPSILON 0x1p-100

static Real flushed(Real x)
{
  return fabs(x) < SMALLEST_REAL ? 0 : x;
}

static void adamw(const struct Config *config, Real *gradient, struct TrainingState *state)
{
  const struct OptimizerConfig *optimizer = &config->optimizer;
  const double rate = schedule_rate(config, state->step);
  const int64_t t = state->step + 1;
  const double keep = 1 - rate * optimizer->weight_decay;
  const double rate1 = rate / (1 - adamw_power(optimizer->beta1, t));
  const double scale2 = 1 / sqrt(1 - adamw_power(optimizer->beta2, t));
  const double beta1 = optimizer->beta1, beta2 = optimizer->beta2;
  const double epsilon = fmax(optimizer->epsilon * (double)GRADIENT_SCALE, SMALLEST_EPSILON);
  double *theta = state->values, *m = state->m, *v = state->v;
#pragma omp parallel for simd
  for (size_t i = 0; i < state->total; i++) {
    const double g = flushed(gradient[i]);
    m[i] = flushed(beta1 * m[i] + (1 - beta1) * g);
    v[i] = flushed(beta2 * v[i] + (1 - beta2) * (g * g));
    theta[i] = flushed(theta[i] * keep - rate1 * (m[i] / (sqrt(v[i]) * scale2 + epsilon)));
  }
}

#endif

static void sgd(const struct Config *config, Real *gradient, struct TrainingState *state)
{
  const Real rate = flushed((Real)schedule_rate(config, state->step));
  const Real momentum = flushed((Real)config->optimizer.momentum);
  const Real decay = flushed((Real)(config->optimizer.weight_decay * (double)GRADIENT_SCALE));
  const Real unscaled = 1 / (Real)GRADIENT_SCALE;
  Real *theta = state->values, *m = state->m;
#pragma omp parallel for simd
  for (size_t i = 0; i < state->total; i++) {
    const Real g = flushed(gradient[i]) + decay * theta[i];
    m[i] = flushed(momentum * m[i] + g);
    theta[i] = flushed(theta[i] - rate * flushed(m[i] * unscaled));
  }
}

/* The gradient of the penalty. */
static void add_l1(double l1, const Real *theta, size_t total, Real *gradient)
{
  const Real slope = (Real)(l1 * (double)GRADIENT_SCALE);
#pragma omp parallel for simd
  for (size_t i = 0; i < total; i++)
    gradient[i] += theta[i] > 0 ? slope : theta[i] < 0 ? -slope : 0;
}

void optimizer_step(const struct Config *config, Real *gradient, struct TrainingState *state)
{
  if (config->optimizer.l1 > 0) add_l1(config->optimizer.l1, state->values, state->total, gradient);
  switch (config->optimizer.kind) {
  case OPTIMIZER_ADAMW:
    adamw(config, gradient, state);
    break;
  case OPTIMIZER_SGD:
    sgd(config, gradient, state);
    break;
  }
  state->step++;
}
