/* What stream.c asks of the loops in stream_kernels.h, in their two versions. */
#ifndef MODEL_STREAM_TASK_H
#define MODEL_STREAM_TASK_H

#include "model/stream.h"

/* As stream_forward and stream_backward. */
struct StreamKernels {
  void (*forward)(const struct Tables *tables, const struct RowOfPairs *row);
  void (*backward)(const struct Tables *tables, const struct Line *line, bool accumulate,
                   float *d_table, float *d_weights);
};

extern const struct StreamKernels stream_kernels_256;
#ifdef WIDE_VECTORS
extern const struct StreamKernels stream_kernels_512; /* needs AVX-512 */
#endif

#endif
