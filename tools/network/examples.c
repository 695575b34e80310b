#include "network/examples.h"

#include "base/memory.h"

#include <stdlib.h>

static bool list_pairs(struct Examples *examples, struct Error *error)
{
  const struct Dataset *dataset = examples->dataset;
  size_t n_pairs = (size_t)dataset->p * (size_t)dataset->p, listed[2] = {0};
  examples->n[SUBSET_TRAIN] = dataset->n_train;
  examples->n[SUBSET_TEST] = dataset->n_test;
  for (int subset = SUBSET_TRAIN; subset <= SUBSET_TEST; subset++) {
    examples->pairs[subset] =
        memory_new(examples->n[subset], sizeof *examples->pairs[subset], "the pairs", error);
    if (!examples->pairs[subset]) return false;
  }
  for (size_t pair = 0; pair < n_pairs; pair++) {
    enum Subset subset = dataset->train[pair] ? SUBSET_TRAIN : SUBSET_TEST;
    examples->pairs[subset][listed[subset]++] = pair;
  }
  return true;
}

bool examples_init(struct Examples *examples, const struct Config *config,
                   const struct Dataset *dataset, struct Error *error)
{
  const struct Shape shape = shape_of_config(config);
  *examples = (struct Examples){.data = config->data,
                                .N = (size_t)shape.n_positions,
                                .R = (size_t)shape.n_read,
                                .dataset = dataset};
  if (list_pairs(examples, error)) return true;
  examples_release(examples);
  return false;
}

void examples_release(struct Examples *examples)
{
  free(examples->pairs[SUBSET_TRAIN]);
  free(examples->pairs[SUBSET_TEST]);
  *examples = (struct Examples){0};
}

void examples_get(const struct Examples *examples, enum Subset subset, size_t index, int *tokens,
                  int *answers)
{
  size_t pair = examples->pairs[subset][index], p = (size_t)examples->dataset->p;
  tokens[0] = (int)(pair / p);
  tokens[1] = (int)(pair % p);
  if (examples->data.equals) tokens[2] = (int)p;
  answers[0] = examples->dataset->answer[pair];
}

void examples_draw(const struct Examples *examples, int64_t step, size_t index, int *tokens,
                   int *answers)
{
  (void)step;
  examples_get(examples, SUBSET_TRAIN, index, tokens, answers);
}
