/* How well a network answers. */
#ifndef ENGINE_PERFORMANCE_H
#define ENGINE_PERFORMANCE_H

struct Performance {
  double loss;     /* mean cross-entropy in nats, over all V logits */
  double accuracy; /* fraction of pairs whose largest logit is the answer's */
};

#endif
