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

bool snapshots_open(struct Snapshots *snapshots, const char *path, size_t n,
                    const struct Parameters *parameters, struct Error *error)
{
  struct Safetensors *file = &snapshots->file;
  if (!safetensors_open(file, path, error)) return false;
  snapshots->parameters = memory_new((size_t)parameters->n, sizeof *snapshots->parameters,
                                     "the tensors of a trajectory", error);
  if (!snapshots->parameters) {
    safetensors_close(file);
    return false;
  }
  snapshots->epochs = safetensors_find(file, "epoch");
  bool fits = is_tensor(snapshots->epochs, DTYPE_I64, n, 0, NULL);
  for (int i = 0; i < parameters->n; i++) {
    const struct ParameterInfo *info = &parameters->info[i];
    snapshots->parameters[i] = safetensors_find(file, info->name);
    fits = fits && is_tensor(snapshots->parameters[i], DTYPE_F32, n, info->rank, info->shape);
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

bool snapshots_read(const struct Snapshots *snapshots, size_t i, struct Parameters *parameters,
                    int64_t *epoch, struct Error *error)
{
  bool read = tensor_read(snapshots->epochs, i, 1, epoch, error);
  for (int k = 0; read && k < parameters->n; k++) {
    size_t count = parameters->info[k].count;
    read = tensor_read(snapshots->parameters[k], i * count, count,
                       parameters->values + parameters->info[k].offset, error);
  }
  return read || error_prefix(error, "%s", snapshots->file.path);
}

struct Digest snapshot_digest(const struct Parameters *parameters, int64_t epoch)
{
  struct Digest digest = digest_add(DIGEST_START, &epoch, sizeof epoch);
  return digest_add(digest, parameters->values, parameters->total * sizeof *parameters->values);
}

struct Digest trajectory_digest(const uint8_t *train, size_t n_pairs,
                                const struct Digest *snapshots, size_t n_snapshots)
{
  struct Digest digest = digest_add(DIGEST_START, train, n_pairs * sizeof *train);
  return digest_add(digest, snapshots, n_snapshots * sizeof *snapshots);
}
