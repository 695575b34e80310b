#include "tensor/view.h"

#include <string.h>

size_t view_count(const struct View *view)
{
  size_t count = 1;
  for (int i = 0; i < view->rank; i++)
    count *= view->shape[i];
  return count;
}

static void exchange(size_t *a, size_t *b)
{
  size_t kept = *a;
  *a = *b;
  *b = kept;
}

void view_transpose(struct View *view)
{
  int i = view->rank - 2, j = view->rank - 1;
  if (i < 0) return;
  exchange(&view->shape[i], &view->shape[j]);
  exchange(&view->strides[i], &view->strides[j]);
}

void view_cut(struct View *view, int axis, size_t parts)
{
  for (int i = view->rank; i > axis; i--) {
    view->shape[i] = view->shape[i - 1];
    view->strides[i] = view->strides[i - 1];
  }
  view->rank++;
  view->shape[axis] = parts;
  view->shape[axis + 1] /= parts;
  view->strides[axis] = view->strides[axis + 1] * view->shape[axis + 1];
}

void view_bring_forward(struct View *view, int axis)
{
  for (int i = axis; i > 0; i--) {
    exchange(&view->shape[i], &view->shape[i - 1]);
    exchange(&view->strides[i], &view->strides[i - 1]);
  }
}

static void copy_element(unsigned char *to, const unsigned char *from, size_t size, bool swapped)
{
  if (!swapped)
    memcpy(to, from, size);
  else
    for (size_t i = 0; i < size; i++)
      to[i] = from[size - 1 - i];
}

void view_copy(const struct View *view, void *elements)
{
  size_t size = dtype_size(view->dtype), index[TENSOR_MAX_RANK] = {0};
  unsigned char *to = elements;
  const unsigned char *from = view->first;
  for (size_t left = view_count(view); left > 0; left--, to += size) {
    copy_element(to, from, size, view->swapped);
    for (int i = view->rank - 1; i >= 0; i--) { /* the next element */
      from += view->strides[i] * size;
      if (++index[i] < view->shape[i]) break;
      from -= view->strides[i] * size * view->shape[i];
      index[i] = 0;
    }
  }
}
