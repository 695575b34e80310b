#include "engine/adamw.h"

#include "base/memory.h"
#include "network/flush.h"

#include <math.h>
#include <stdlib.h>

bool adamw_init(struct AdamW *adamw, size_t total, struct Error *error)
{
  *adamw = (struct AdamW){.total = total};
  adamw->m = memory_new(2 * total, sizeof(float), "the optimizer's moments", error);
  if (!adamw->m) return false;
  adamw->v = adamw->m + total;
  return true;
}

void adamw_release(struct AdamW *adamw)
{
  free(adamw->m);
  *adamw = (struct AdamW){0};
}

#define SMALLEST_V       0x1p-86f /* still normal when multiplied by beta2 */
#define SMALLEST_EPSILON 0x1p-100

double adamw_power(double base, int64_t n)
{
  double result = 1.0;
  for (; n > 0; n /= 2) {
    if (base < 0x1p-100) base = 0.0;
    if (n % 2 == 1) result *= base;
    base *= base;
  }
  return result;
}

struct AdamWConstants adamw_constants(const struct OptimizerConfig *config, int64_t step)
{
  double warmup = 1.0;
  if (step < config->warmup_steps) warmup = (double)step / config->warmup_steps;
  double rate = config->learning_rate * warmup;
  double correction1 = 1.0 - adamw_power(config->beta1, step + 1);
  double correction2 = 1.0 - adamw_power(config->beta2, step + 1);
  return (struct AdamWConstants){
      .keep = flush((float)(1.0 - rate * config->weight_decay)),
      .rate1 = flush((float)(rate / correction1)),
      .scale2 = (float)(1.0 / sqrt(correction2)),
      .beta1 = flush((float)config->beta1),
      .new1 = flush((float)(1.0 - config->beta1)),
      .beta2 = flush((float)config->beta2),
      .new2 = flush((float)(1.0 - config->beta2)),
      .epsilon = (float)fmax(config->epsilon * (double)GRADIENT_SCALE, SMALLEST_EPSILON)};
}

void adamw_step(struct AdamW *adamw, const struct OptimizerConfig *config,
                const struct Parameters *gradient, struct Parameters *parameters)
{
  const struct AdamWConstants c = adamw_constants(config, adamw->step++);
  float *theta = parameters->values, *m = adamw->m, *v = adamw->v;
#pragma omp parallel for simd
  for (size_t i = 0; i < adamw->total; i++) {
    const float g = flush(gradient->values[i]);
    m[i] = flush(fmaf(c.beta1, m[i], c.new1 * g));
    const float sum = fmaf(c.beta2, v[i], c.new2 * g * g);
    v[i] = sum < SMALLEST_V ? 0.0f : sum;
    const float ratio = flush(m[i] / fmaf(sqrtf(v[i]), c.scale2, c.epsilon));
    theta[i] = flush(theta[i] * c.keep - c.rate1 * ratio);
  }
}
