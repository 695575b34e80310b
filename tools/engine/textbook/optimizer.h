/*
 * One step of the optimizer, in either precision (network/real.h). g is the gradient of
 * GRADIENT_SCALE times the loss, to which optimizer.l1 adds that of GRADIENT_SCALE l1 sum |theta|,
 * sign(theta) with sign(0) = 0. The rate is that of engine/schedule.h.
 *
 *   adamw   engine/adamw.h
 *   sgd     as in PyTorch's torch.optim.SGD, without Nesterov's term and dampening:
 *             g <- g + weight_decay theta
 *             m <- momentum m + g            (m = 0 before the first step)
 *             theta <- theta - rate m
 *
 * In float32 nothing is ever subnormal, by the rule of network/flush.h; in float64 by the same rule
 * with a smallest magnitude of 2^-400.
 */
#ifndef ENGINE_TEXTBOOK_OPTIMIZER_H
#define ENGINE_TEXTBOOK_OPTIMIZER_H

#include "engine/training_state.h"
#include "network/real.h"

#define optimizer_step REAL_NAME(optimizer_step)

/* Moves a state of the precision of Real; `gradient` [total] is overwritten. */
void optimizer_step(const struct Config *config, Real *gradient, struct TrainingState *state);

#endif
