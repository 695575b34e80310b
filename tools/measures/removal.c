#include "measures/removal.h"

#include "base/memory.h"
#include "engine/factored/kernels.h"

#include <stdlib.h>

bool removal_task_init(struct RemovalTask *task, int p, struct Error *error)
{
  *task = (struct RemovalTask){.p = (size_t)p};
  size_t n = (size_t)p * REMOVAL_LANES;
  task->removed = memory_new(n + (size_t)p, sizeof *task->removed, "what is removed", error);
  if (task->removed) task->changed = memory_new(n, sizeof *task->changed, "logits", error);
  if (task->changed) {
    task->logits = task->removed + n;
    return true;
  }
  removal_task_release(task);
  return false;
}

void removal_task_release(struct RemovalTask *task)
{
  free(task->removed);
  free(task->changed);
  *task = (struct RemovalTask){0};
}

static const struct RemovalKernel *kernel(void)
{
#ifdef WIDE_VECTORS
  if (kernels() == &kernels_512) return &removal_512;
#endif
  return &removal_256;
}

void removal_losses(const struct RemovalTask *task, const float *const *logits,
                    struct RemovalLosses *const *losses, size_t n)
{
  kernel()->losses(task, logits, losses, n);
}
