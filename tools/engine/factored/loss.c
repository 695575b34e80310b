#include "engine/factored/loss.h"

#include "engine/factored/kernels.h"

void loss_add(const struct Logits *logits, double *loss, size_t *correct)
{
  kernels()->loss_add(logits, loss, correct);
}

double loss_of_pair(const float *logits, int n, int answer, bool *correct)
{
  double loss = 0.0;
  size_t n_correct = 0;
  loss_add(&(struct Logits){.pairs = 1, .at = logits, .n = n, .answers = &answer}, &loss,
           &n_correct);
  *correct = n_correct > 0;
  return loss;
}
