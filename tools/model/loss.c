#include "model/loss.h"

#include "model/kernels.h"

double loss_of_pair(const float *logits, int n, int answer, bool *correct)
{
  return kernels()->loss(logits, n, answer, correct);
}

double loss_gradient_of_pair(float *logits, int n, int answer, float scale, bool *correct)
{
  return kernels()->loss_gradient(logits, n, answer, scale, correct);
}
