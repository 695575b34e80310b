/*
 * Losses of pairs after something was removed from their logits, in sixteen ways at once. What is
 * removed from the logits of a pair depends on its s = a + b (or a - b, fourier/directions.h)
 * alone. The losses have the bits of loss_of_pair (engine/factored/loss.h) of (float)(logit -
 * removed), in a fraction of the time. Like the engine's, the loops are compiled twice, for vectors
 * of 256 and of 512 bits (engine/factored/kernels.h).
 */
#ifndef MEASURES_REMOVAL_H
#define MEASURES_REMOVAL_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum { REMOVAL_LANES = 16 };

/* Of a pair. */
struct RemovalLosses {
  double loss[REMOVAL_LANES];     /* nats */
  int32_t correct[REMOVAL_LANES]; /* -1 where argmax, the first if tied, is the answer, else 0 */
};

/* Pairs with the same s. */
struct RemovalTask {
  size_t p, answer;
  double *removed; /* [p][REMOVAL_LANES] */
  double *logits;  /* scratch, [p] */
  float *changed;  /* scratch, [p][REMOVAL_LANES] */
};

bool removal_task_init(struct RemovalTask *task, int p, struct Error *error);
void removal_task_release(struct RemovalTask *task);

/* losses[i] of the pair with the p logits at logits[i], i < n. */
void removal_losses(const struct RemovalTask *task, const float *const *logits,
                    struct RemovalLosses *const *losses, size_t n);

/* The two versions of the loop. */
struct RemovalKernel {
  void (*losses)(const struct RemovalTask *task, const float *const *logits,
                 struct RemovalLosses *const *losses, size_t n);
};

extern const struct RemovalKernel removal_256;
#ifdef WIDE_VECTORS
extern const struct RemovalKernel removal_512; /* for processors with AVX-512 only */
#endif

#endif
