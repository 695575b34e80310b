/*
 * Arrays in memory that need not lie element after element: slices, transposes, and the bytes of
 * another machine. Turning one round moves no number; view_copy then writes its elements in order.
 */
#ifndef TENSOR_VIEW_H
#define TENSOR_VIEW_H

#include "tensor/safetensors.h"

struct View {
  enum DType dtype;
  bool swapped; /* the bytes of each element are in the other order */
  int rank;
  size_t shape[TENSOR_MAX_RANK];
  size_t strides[TENSOR_MAX_RANK]; /* in elements */
  const unsigned char *first;      /* the element with all indices 0; borrowed */
};

/* The product of the shape. */
size_t view_count(const struct View *view);

/* Exchanges the last two axes; of views with fewer it does nothing. */
void view_transpose(struct View *view);

/* Cuts an axis into `parts` of equal length, which become an axis of their own in front of it. The
   rank must be below TENSOR_MAX_RANK and the length a multiple of the parts. */
void view_cut(struct View *view, int axis, size_t parts);

/* Moves an axis to the front. */
void view_bring_forward(struct View *view, int axis);

/* Writes the elements, row-major and in this machine's byte order. */
void view_copy(const struct View *view, void *elements);

#endif
