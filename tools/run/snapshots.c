#include "run/snapshots.h"

#include "base/memory.h"

#include <stdlib.h>

static bool is_tensor(const struct Tensor *tensor, enum DType dtype, size_t n, int rank,
                      const size_t *shape)
{
  bool fits = tensor && tensor->dtype == dtype && tensor->rank == rank + 1 && tensor->shape[0] >= n;
  for (int axis = 0; fits && axis < rank; axis++)
    fits = tensor->shape[axis + 1] == shape[axis];
  return fits;
}

enum DType snapshots_dtype(enum Precision precision)
{
  return precision == PRECISION_FLOAT64 ? DTYPE_F64 : DTYPE_F32;
}

bool snapshots_open(struct Snapshots *snapshots, const char *path, size_t n,
                    const struct Parameters *list, enum Precision precision, struct Error *error)
{
  struct Safetensors *file = &snapshots->file;
  const enum DType dtype = snapshots_dtype(precision);
  if (!safetensors_open(file, path, error)) return false;
  snapshots->list = list;
  snapshots->parameters = memory_new((size_t)list->n, sizeof *snapshots->parameters,
                                     "the tensors of a trajectory", error);
  if (!snapshots->parameters) {
    safetensors_close(file);
    return false;
  }
  snapshots->epochs = safetensors_find(file, "epoch");
  bool fits = is_tensor(snapshots->epochs, DTYPE_I64, n, 0, NULL);
  for (int i = 0; i < list->n; i++) {
    const struct ParameterInfo *info = &list->info[i];
    snapshots->parameters[i] = safetensors_find(file, info->name);
    fits = fits && is_tensor(snapshots->parameters[i], dtype, n, info->rank, info->shape);
  }
  if (fits) return true;
  snapshots_close(snapshots);
  return error_set(error, "%s: does not contain %zu snapshots of this network", path, n);
}

void snapshots_close(struct Snapshots *snapshots)
{
  safetensors_close(&snapshots->file);
  free(snapshots->parameters);
}

bool snapshots_read(const struct Snapshots *snapshots, size_t i, void *values, int64_t *epoch,
                    struct Error *error)
{
  bool read = tensor_read(snapshots->epochs, i, 1, epoch, error);
  for (int k = 0; read && k < snapshots->list->n; k++) {
    const struct Tensor *tensor = snapshots->parameters[k];
    const struct ParameterInfo *info = &snapshots->list->info[k];
    read = tensor_read(tensor, i * info->count, info->count,
                       (char *)values + info->offset * dtype_size(tensor->dtype), error);
  }
  return read || error_prefix(error, "%s", snapshots->file.path);
}

struct Digest snapshot_digest(const void *values, size_t size, int64_t epoch)
{
  struct Digest digest = digest_add(DIGEST_START, &epoch, sizeof epoch);
  return digest_add(digest, values, size);
}

struct Digest trajectory_digest(const uint8_t *train, size_t n_pairs,
                                const struct Digest *snapshots, size_t n_snapshots)
{
  struct Digest digest = digest_add(DIGEST_START, train, n_pairs * sizeof *train);
  return digest_add(digest, snapshots, n_snapshots * sizeof *snapshots);
}
