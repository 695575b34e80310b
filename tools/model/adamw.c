#include "model/adamw.h"

#include "base/memory.h"

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

/* base^n by repeated squaring: the same bits on every machine, and after a resumed run. */
static double power(double base, int64_t n)
{
  double result = 1.0;
  for (; n > 0; n /= 2) {
    if (n % 2 == 1) result *= base;
    base *= base;
  }
  return result;
}

void adamw_step(struct AdamW *adamw, const struct OptimizerConfig *config,
                const struct Parameters *gradient, struct Parameters *parameters)
{
  double warmup = 1.0;
  if (adamw->step < config->warmup_steps) warmup = (double)adamw->step / config->warmup_steps;
  double rate = config->learning_rate * warmup;
  adamw->step++;
  double correction1 = 1.0 - power(config->beta1, adamw->step);
  double correction2 = 1.0 - power(config->beta2, adamw->step);

  const float keep = (float)(1.0 - rate * config->weight_decay);
  const float rate1 = (float)(rate / correction1), scale2 = (float)(1.0 / sqrt(correction2));
  const float beta1 = (float)config->beta1, new1 = (float)(1.0 - config->beta1);
  const float beta2 = (float)config->beta2, new2 = (float)(1.0 - config->beta2);
  const float epsilon = (float)config->epsilon;
  float *theta = parameters->values, *m = adamw->m, *v = adamw->v;
  const float *g = gradient->values;
#pragma omp parallel for simd
  for (size_t i = 0; i < adamw->total; i++) {
    m[i] = fmaf(beta1, m[i], new1 * g[i]);
    v[i] = fmaf(beta2, v[i], new2 * g[i] * g[i]);
    theta[i] = theta[i] * keep - rate1 * m[i] / fmaf(sqrtf(v[i]), scale2, epsilon);
  }
}
