/*
 * No subnormal number arises in a training. Arithmetic on one costs some processors a hundred
 * cycles and more, and is not the same on every device, so this is part of what a training
 * computes, not a mode of the processor:
 *
 *   A number that will be a factor of a product is 0 or at least SMALLEST = 2^-40 in size.
 *
 * Whatever is stored to be multiplied later is flushed: it becomes 0 where it is smaller. That is
 * enough. A float of at least 2^-40 is a multiple of 2^-63, so the product of two is a multiple of
 * 2^-126, the smallest normal number; so is a sum of such products, for rounding only makes the
 * multiple coarser. A chain of fused multiply-adds therefore goes through 0 and normal numbers
 * only, whatever its order. A sum of flushed numbers is a multiple of 2^-63 again, and needs no
 * flushing before it is multiplied. What is neither a sum nor a product (exp, divisions, square
 * roots) says beside it why its result is normal.
 *
 * The numbers of the forward pass lose nothing: what is flushed is far below the rounding errors of
 * the sums that it enters. Gradients can be small as a whole, so they are those of GRADIENT_SCALE
 * times the loss: a logit's gradient is kept down to 2^-88 of the loss's, or 3e-27. A power of two
 * changes no bit of a number that stays in range.
 */
#ifndef MODEL_FLUSH_H
#define MODEL_FLUSH_H

#include <math.h>

#define SMALLEST 0x1p-40f

#define GRADIENT_SCALE 0x1p48f

/* x, or 0 where |x| < SMALLEST; a NaN stays one */
static inline float flush(float x)
{
  return fabsf(x) < SMALLEST ? 0.0f : x;
}

#endif
