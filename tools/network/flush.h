/*
 * No subnormal number ever arises in a step of the factored engine or of the optimizer. Subnormal
 * arithmetic costs a hundred cycles or more on some processors and differs between devices, so
 * flushing is part of the definition of the computation, not a processor mode:
 *
 *   Every factor of a product is either 0 or at least SMALLEST = 2^-40 in magnitude.
 *
 * Values stored for later multiplication are flushed: smaller ones become 0. This suffices. A float
 * of magnitude at least 2^-40 is a multiple of 2^-63, so the product of two is a multiple of
 * 2^-126, the smallest normal number; so is any sum of such products, as rounding only coarsens the
 * multiple. A chain of fused multiply-adds thus passes through 0 and normal numbers only, in any
 * order. A sum of flushed numbers is again a multiple of 2^-63 and needs no flushing before it is
 * multiplied. Where a result is neither a sum nor a product (exp, division, square root), a comment
 * there says why it is normal.
 *
 * The forward pass loses nothing: flushed values are well below the rounding errors of the sums
 * they enter. Gradients can be small throughout, so the loss is scaled by GRADIENT_SCALE: unscaled
 * logit gradients are kept down to 2^-88, or 3e-27. Scaling by a power of two is exact as long as
 * the number stays in range.
 *
 * The textbook engine has the parameters flushed and the loss scaled, but flushes nothing within a
 * step.
 */
#ifndef NETWORK_FLUSH_H
#define NETWORK_FLUSH_H

#include <math.h>

#define SMALLEST 0x1p-40f

#define GRADIENT_SCALE 0x1p48f

/* x, or 0 if |x| < SMALLEST; NaN is kept */
static inline float flush(float x)
{
  return fabsf(x) < SMALLEST ? 0.0f : x;
}

#endif
