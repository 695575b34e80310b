/*
 * A step as launches of the kernels (kernels/), stage after stage; what runs in one launch does
 * not depend on the rest of it. Stages of products are lists of matrix products in the notation of
 * engine/factored/factors.c.
 */
#ifndef ENGINE_OPENCL_PLAN_H
#define ENGINE_OPENCL_PLAN_H

#include "engine/opencl/layout.h"

enum PlanStage {
  PLAN_PREPARE,  /* parameters to factors */
  PLAN_FORWARD,  /* training pairs: streams, logits, gradients of the logits */
  PLAN_BACKWARD, /* gradients of the parameters, and the optimizer's step */
  PLAN_LOSSES,   /* after PLAN_FORWARD, where they are wanted: losses of the training pairs */
  PLAN_TEST,     /* after PLAN_PREPARE: those of the test pairs, with streams in the same place */
  N_PLAN_STAGES
};

struct PlannedLaunch {
  const char *kernel;
  size_t groups, items; /* work-groups, and work-items of each */
  int numbers[3];       /* a, b and c of the kernel */
};

/* MOST_LAUNCHES: of the test pairs, three in each round and one at the end. */
enum { MOST_PRODUCTS = 32, MOST_LAUNCHES = 3 * MOST_ROUNDS + 1 };

struct Plan {
  struct Product products[MOST_PRODUCTS];
  size_t n_products;
  struct {
    struct PlannedLaunch launches[MOST_LAUNCHES];
    size_t n;
  } stages[N_PLAN_STAGES];
};

/* About 200 KiB. */
void plan_init(struct Plan *plan, const struct Layout *layout);

#endif
