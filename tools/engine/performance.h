/* How well a network answers. */
#ifndef ENGINE_PERFORMANCE_H
#define ENGINE_PERFORMANCE_H

#include "base/error.h"
#include "config/config.h"

#include <stddef.h>
#include <stdint.h>

enum { PERFORMANCE_MOST_TOKENS = 10 };

/* Over the answers that count (network/examples.h). Where every example has the same several
   answer tokens, all of which count, the loss of each is kept as well. */
struct Performance {
  double loss;     /* mean cross-entropy in nats, over all V logits */
  double accuracy; /* fraction of answers that have the largest logit */
  double token_losses[PERFORMANCE_MOST_TOKENS]; /* [performance_n_tokens], the others 0 */
};

/* The number of answer tokens of an example whose losses are kept one by one: those of the sum of
   digits; otherwise 0. */
size_t performance_n_tokens(const struct Config *config);

/* Is the training loss after that many epochs a finite number? If not, an error. */
bool performance_check_loss(int64_t epoch, double loss, struct Error *error);

#endif
