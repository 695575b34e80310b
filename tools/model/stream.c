#include "model/stream.h"

#include "model/kernels.h"

void stream_forward(const struct Tables *tables, const struct RowsOfPairs *rows)
{
  kernels()->stream_forward(tables, rows);
}

void stream_backward(const struct Tables *tables, const struct Line *line, bool accumulate,
                     float *d_table, float *d_weights)
{
  kernels()->stream_backward(tables, line, accumulate, d_table, d_weights);
}
