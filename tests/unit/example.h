/*
 * Networks of unusual sizes for tests of the engines, and what the textbook network
 * (network/textbook.h) makes of them in double precision.
 */
#ifndef UNIT_EXAMPLE_H
#define UNIT_EXAMPLE_H

#include "network/dataset.h"
#include "network/parameters.h"

/* A network, its data set, and parameters somewhat larger than initial ones, so that attention is
   not uniform and biases are not zero. */
struct Example {
  struct Config config;
  struct Dataset dataset;
  struct Parameters parameters;
  double *values;   /* the parameters' */
  double *expected; /* [total], for a gradient */
};

enum { N_EXAMPLES = 22 }; /* the last one has the paper's widths */

void example_init(struct Example *example, int which);
void example_release(struct Example *example);

/* The mean loss over the training or the test pairs for the values. If `gradient` [total] is not
   NULL it is overwritten with that of the loss. */
double example_loss(const struct Example *example, bool train, double *gradient);

/* The logits of one pair, [V], of a network with these values. */
void example_logits(const struct Parameters *list, const double *values,
                    const struct ModelConfig *config, int a, int b, double *logits);

#endif
