#include "model/recorder.h"

#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EPOCH_TENSOR = N_PARAMETERS, MASK_TENSOR, N_TENSORS };

bool recorder_wants_snapshot(const struct TrainConfig *config, int64_t epoch)
{
  return epoch % config->snapshot_every == 0 || epoch == config->epochs;
}

static size_t count_snapshots(const struct TrainConfig *config)
{
  return (size_t)((config->epochs + config->snapshot_every - 1) / config->snapshot_every + 1);
}

static void describe_tensors(const struct Parameters *parameters, size_t n_snapshots,
                             struct TensorSpec specs[N_TENSORS])
{
  for (int i = 0; i < N_PARAMETERS; i++) {
    const struct ParameterInfo *info = &parameters->info[i];
    specs[i] = (struct TensorSpec){
        .name = info->name, .dtype = DTYPE_F32, .rank = info->rank + 1, .shape = {n_snapshots}};
    for (int k = 0; k < info->rank; k++)
      specs[i].shape[k + 1] = info->shape[k];
  }
  size_t p = (size_t)parameters->shape.p;
  specs[EPOCH_TENSOR] =
      (struct TensorSpec){.name = "epoch", .dtype = DTYPE_I64, .rank = 1, .shape = {n_snapshots}};
  specs[MASK_TENSOR] =
      (struct TensorSpec){.name = "train_mask", .dtype = DTYPE_BOOL, .rank = 2, .shape = {p, p}};
}

static bool create_trajectory(struct Recorder *recorder, const struct Config *config,
                              const struct Dataset *dataset, const struct Parameters *parameters,
                              struct Error *error)
{
  struct TensorSpec specs[N_TENSORS];
  describe_tensors(parameters, recorder->n_snapshots, specs);
  size_t n = (size_t)config_n_settings();
  struct MetadataEntry *metadata = memory_new(n, sizeof *metadata, "metadata", error);
  char(*values)[CONFIG_VALUE_SIZE] = memory_new(n, sizeof *values, "metadata", error);
  bool made = metadata && values;
  for (size_t i = 0; made && i < n; i++) {
    config_setting_value(config, (int)i, values[i]);
    metadata[i] = (struct MetadataEntry){config_setting_name((int)i), values[i]};
  }
  size_t p = (size_t)dataset->p;
  made = made &&
         safetensors_create(&recorder->writer, recorder->partial, specs, N_TENSORS, metadata, n,
                            error) &&
         safetensors_write(&recorder->writer, MASK_TENSOR, 0, dataset->train, p * p, error);
  free(metadata);
  free(values);
  return made;
}

static bool create_history(struct Recorder *recorder, const char *directory, struct Error *error)
{
  static const struct Column columns[] = {
      {"epoch", "epochs", "optimizer steps taken before the measurement"},
      {"train_loss", "nats", "mean cross-entropy over the training pairs, all logits"},
      {"test_loss", "nats", "mean cross-entropy over the test pairs, all logits"},
      {"train_accuracy", "1", "share of the training pairs whose largest logit is the answer's"},
      {"test_accuracy", "1", "share of the test pairs whose largest logit is the answer's"}};
  char *path = memory_print(error, "%s/history.tsv", directory);
  bool made = path && table_create(&recorder->history, path, "Loss and accuracy during training",
                                   columns, sizeof columns / sizeof *columns, error);
  free(path);
  return made;
}

bool recorder_open(struct Recorder *recorder, const char *directory, const struct Config *config,
                   const struct Dataset *dataset, const struct Parameters *parameters,
                   struct Error *error)
{
  *recorder = (struct Recorder){.n_snapshots = count_snapshots(&config->train)};
  recorder->writer.descriptor = -1;
  if (!output_make_directory(directory, error)) return false;
  recorder->path = memory_print(error, "%s/trajectory.safetensors", directory);
  recorder->partial = memory_print(error, "%s/trajectory.safetensors.partial", directory);
  if (recorder->path && recorder->partial &&
      create_trajectory(recorder, config, dataset, parameters, error) &&
      create_history(recorder, directory, error))
    return true;
  recorder_discard(recorder);
  return false;
}

bool recorder_snapshot(struct Recorder *recorder, int64_t epoch,
                       const struct Parameters *parameters, struct Error *error)
{
  size_t snapshot = recorder->next++;
  for (int i = 0; i < N_PARAMETERS; i++) {
    size_t size = parameters->info[i].count * sizeof(float);
    if (!safetensors_write(&recorder->writer, (size_t)i, snapshot * size,
                           parameters_at(parameters, (enum Parameter)i), size, error))
      return false;
  }
  return safetensors_write(&recorder->writer, EPOCH_TENSOR, snapshot * sizeof epoch, &epoch,
                           sizeof epoch, error);
}

void recorder_history(struct Recorder *recorder, int64_t epoch, struct Performance train,
                      struct Performance test)
{
  table_put_integer(&recorder->history, epoch);
  table_put(&recorder->history, train.loss);
  table_put(&recorder->history, test.loss);
  table_put(&recorder->history, train.accuracy);
  table_put(&recorder->history, test.accuracy);
}

bool recorder_commit(struct Recorder *recorder, struct Error *error)
{
  bool done =
      safetensors_finish(&recorder->writer, error) && table_commit(&recorder->history, error);
  if (done && rename(recorder->partial, recorder->path) != 0)
    done = error_system(error, "%s: cannot rename %s to it", recorder->path, recorder->partial);
  done = done && output_sync_directory(recorder->path, error);
  recorder_discard(recorder);
  return done;
}

void recorder_discard(struct Recorder *recorder)
{
  safetensors_abandon(&recorder->writer);
  table_discard(&recorder->history);
  if (recorder->partial) unlink(recorder->partial);
  free(recorder->path);
  free(recorder->partial);
  recorder->path = recorder->partial = NULL;
}
