#include "engine/factored/stream.h"

#include "engine/factored/kernels.h"

void stream_forward(const struct Factors *factors, const struct RowsOfPairs *rows)
{
  kernels()->stream_forward(factors, rows);
}

void stream_backward(const struct Factors *factors, const struct StreamLine *line, bool accumulate,
                     float *d_factor, float *d_weights)
{
  kernels()->stream_backward(factors, line, accumulate, d_factor, d_weights);
}
