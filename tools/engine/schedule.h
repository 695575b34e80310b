/*
 * The learning rate of each step: optimizer.learning_rate times
 *
 *   min(s / w, 1)                           the warm-up, w = optimizer.warmup_steps
 *   1                                       optimizer.schedule = constant
 *   1 - x                                   linear
 *   (1 + cos(pi x)) / 2                     cosine
 *
 * for step s, counted from 0, and x = (s - w) / (E - w) from the end of the warm-up on, 0 before,
 * where E = train.epochs: after the last step the rate would be 0.
 */
#ifndef ENGINE_SCHEDULE_H
#define ENGINE_SCHEDULE_H

#include "config/config.h"

/* The factor of the schedule alone. */
double schedule_factor(const struct Config *config, int64_t step);

/* The rate, with the warm-up. */
double schedule_rate(const struct Config *config, int64_t step);

#endif
