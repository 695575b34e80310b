#include "model/stream.h"

#include "model/processor.h"
#include "model/stream_task.h"

static const struct StreamKernels *choose_kernels(void)
{
#ifdef WIDE_VECTORS
  if (processor_has_wide_vectors()) return &stream_kernels_512;
#endif
  return &stream_kernels_256;
}

void stream_forward(const struct Tables *tables, const struct RowOfPairs *row)
{
  choose_kernels()->forward(tables, row);
}

void stream_backward(const struct Tables *tables, const struct Line *line, bool accumulate,
                     float *d_table, float *d_weights)
{
  choose_kernels()->backward(tables, line, accumulate, d_table, d_weights);
}
