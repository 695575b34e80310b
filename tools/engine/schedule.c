#include "engine/schedule.h"

#include "base/elementary.h"

double schedule_factor(const struct Config *config, int64_t step)
{
  int64_t done = step - config->optimizer.warmup_steps;
  int64_t all = (int64_t)config->train.epochs - config->optimizer.warmup_steps;
  if (done <= 0 || all <= 0) return 1;
  switch (config->optimizer.schedule) {
  case SCHEDULE_CONSTANT:
    break;
  case SCHEDULE_LINEAR:
    return (double)(all - done) / (double)all;
  case SCHEDULE_COSINE: /* half a turn */
    return (1 + elementary_cos_turns(done, 2 * all)) / 2;
  }
  return 1;
}

double schedule_rate(const struct Config *config, int64_t step)
{
  const struct OptimizerConfig *optimizer = &config->optimizer;
  double warmup = 1;
  if (step < optimizer->warmup_steps) warmup = (double)step / optimizer->warmup_steps;
  return optimizer->learning_rate * warmup * schedule_factor(config, step);
}
