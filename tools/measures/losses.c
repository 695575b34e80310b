#include "measures/losses.h"

#include "engine/factored/loss.h"

static void add_pair(struct LossSum *sum, double loss, bool correct)
{
  sum->loss += loss;
  sum->correct += correct;
  sum->pairs++;
}

struct MeanLoss losses_mean_of(const struct LossSum *sum)
{
  double n = (double)sum->pairs;
  return (struct MeanLoss){sum->loss / n, (double)sum->correct / n}; /* 0/0 is NaN */
}

void losses_add(struct LossSums *sums, bool train, double loss, bool correct)
{
  add_pair(&sums->all, loss, correct);
  add_pair(train ? &sums->train : &sums->test, loss, correct);
}

struct Losses losses_mean(const struct LossSums *sums)
{
  return (struct Losses){losses_mean_of(&sums->all), losses_mean_of(&sums->train),
                         losses_mean_of(&sums->test)};
}

void losses_add_logits(struct LossSums *sums, const struct Dataset *dataset, const float *logits,
                       int V, size_t first, size_t end)
{
  for (size_t pair = first; pair < end; pair++) {
    bool correct;
    double loss = loss_of_pair(logits + (pair - first) * (size_t)V, dataset->p,
                               dataset->answer[pair], &correct);
    losses_add(sums, dataset->train[pair], loss, correct);
  }
}

void losses_of_logits(const struct Dataset *dataset, const float *logits, int V,
                      struct Losses *losses)
{
  struct LossSums sums = {0};
  losses_add_logits(&sums, dataset, logits, V, 0, dataset->n_train + dataset->n_test);
  *losses = losses_mean(&sums);
}
