#include "model/loss.h"

#include "model/kernels.h"

void add_losses(const struct Logits *logits, double *loss, size_t *correct)
{
  kernels()->add_losses(logits, loss, correct);
}

double loss_of_pair(const float *logits, int n, int answer, bool *correct)
{
  double loss = 0.0;
  size_t n_correct = 0;
  add_losses(&(struct Logits){.pairs = 1, .at = logits, .n = n, .answers = &answer}, &loss,
             &n_correct);
  *correct = n_correct > 0;
  return loss;
}
