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

void losses_add_rows(struct LossSums *sums, const struct Dataset *dataset,
                     const struct LogitRows *rows)
{
  size_t p = (size_t)dataset->p, first = (size_t)rows->first * p, end = (size_t)rows->end * p;
  for (size_t pair = first; pair < end; pair++) {
    bool correct;
    double loss = loss_of_pair(rows->logits + (pair - first) * rows->V, dataset->p,
                               dataset->answer[pair], &correct);
    losses_add(sums, dataset->train[pair], loss, correct);
  }
}

void losses_of_logits(const struct Dataset *dataset, const float *logits, int V,
                      struct Losses *losses)
{
  const struct LogitRows all = {logits, (size_t)V, 0, dataset->p};
  struct LossSums sums = {0};
  losses_add_rows(&sums, dataset, &all);
  *losses = losses_mean(&sums);
}
