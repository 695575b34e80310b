/* import-checkpoint: checkpoints of other programs as safetensors files of ours. */
#include "base/command_line.h"
#include "base/memory.h"
#include "base/number.h"
#include "run/checkpoint.h"
#include "run/in_memory.h"
#include "run/trajectory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *output, *epoch_wanted, *W_O_wanted;

static const struct Tool tool = {
    .name = "import-checkpoint",
    .purpose = "read a checkpoint of PyTorch or in another layout",
    .operands = "FILE [section.key=value...]",
    .summary =
        "Opens a checkpoint of PyTorch (.pth, .pt, .ckpt, new or old) or safetensors, without "
        "Python:\n"
        "its pickle is read as data, and nothing in it is called. Recognises, by names and "
        "shapes,\n"
        "the layouts of TransformerLens (also of its version 3, and its tutorial's file with\n"
        "checkpoints over time), of the paper's authors, of RoganInglis/grokking-experiments, of\n"
        "plain nn.Linear modules, behind any prefix that all names share. Writes a safetensors "
        "file\n"
        "with TransformerLens' names and shapes, the epochs and the split if the file has them, "
        "and\n"
        "the settings that it carries. Numbers keep their bits.\n\n"
        "All other tools open such files directly. Settings say what the file does not, such as\n"
        "model.n_heads=4 where heads are columns of one matrix, and are written beside the others.",
    .options =
        (const struct Option[]){
            {'o', "output", "OUT.safetensors", "the file to write", &output},
            {'e', "epoch", "N", "only the snapshot at that epoch; -1: the last (default: all)",
             &epoch_wanted},
            {0, "W_O", "rows|columns",
             "where W_O is one square matrix for all heads: its rows are those of the heads, as in "
             "x @ W_O, or its columns, as in nn.Linear; needed only if asked for",
             &W_O_wanted},
            {0}},
    .min_operands = 1};

/* The snapshots that are written: [first, first + n). One of them has no snapshot axis. */
struct Range {
  size_t first, n;
};

struct Copy {
  const struct Trajectory *trajectory;
  struct Range range;
  const struct Tensor **tensors; /* [n] to be copied */
  struct TensorSpec *specs;      /* [n] */
  size_t n;
  struct MetadataEntry metadata[CONFIG_MAX_SETTINGS + 1];
  char values[CONFIG_MAX_SETTINGS][CONFIG_VALUE_SIZE];
  size_t n_metadata;
};

/* Those of the network have a snapshot axis if the file has several snapshots, or one that says so.
 */
static bool has_axis(const struct Trajectory *trajectory)
{
  const struct Tensor *embedding = safetensors_find(&trajectory->file, "embed.W_E");
  return embedding && embedding->rank == 3;
}

static void add_tensor(struct Copy *copy, const struct Tensor *tensor, bool of_snapshots)
{
  struct TensorSpec *spec = &copy->specs[copy->n];
  copy->tensors[copy->n++] = tensor;
  *spec = (struct TensorSpec){.name = tensor->name, .dtype = tensor->dtype, .rank = tensor->rank};
  memcpy(spec->shape, tensor->shape, sizeof spec->shape);
  if (!of_snapshots) return;
  if (copy->range.n > 1) {
    spec->shape[0] = copy->range.n;
    return;
  }
  spec->rank--;
  memmove(spec->shape, spec->shape + 1, (size_t)spec->rank * sizeof *spec->shape);
}

static bool list_tensors(struct Copy *copy, struct Error *error)
{
  static const char *const beside[] = {"epoch", "train_mask", "answers"};
  const struct Safetensors *file = &copy->trajectory->file;
  struct Parameters list;
  bool axis = has_axis(copy->trajectory);
  if (!parameters_describe(&list, &copy->trajectory->config, error)) return false;
  size_t most = (size_t)list.n + sizeof beside / sizeof *beside;
  copy->tensors = memory_new(most, sizeof *copy->tensors, "the list of tensors", error);
  copy->specs = memory_new(most, sizeof *copy->specs, "the list of tensors", error);
  bool listed = copy->tensors && copy->specs;
  for (int i = 0; listed && i < list.n; i++) {
    const struct Tensor *tensor = safetensors_find(file, list.info[i].name);
    if (tensor) add_tensor(copy, tensor, axis); /* only biases may be missing */
  }
  for (size_t i = 0; listed && i < sizeof beside / sizeof *beside; i++) {
    const struct Tensor *tensor = safetensors_find(file, beside[i]);
    if (tensor) add_tensor(copy, tensor, i == 0 && tensor->rank == 1);
  }
  parameters_release(&list);
  return listed;
}

static void list_metadata(struct Copy *copy)
{
  const struct Config *config = &copy->trajectory->config;
  const char *engine = safetensors_metadata(&copy->trajectory->file, "engine");
  for (int i = 0; i < config_n_settings(); i++) {
    const char *name = config_setting_name(i);
    if (!config_given(config, name) || !config_is_canonical(config, i)) continue;
    config_setting_value(config, i, copy->values[i]);
    copy->metadata[copy->n_metadata++] = (struct MetadataEntry){name, copy->values[i]};
  }
  if (engine) copy->metadata[copy->n_metadata++] = (struct MetadataEntry){"engine", engine};
}

static bool copy_tensor(const struct Copy *copy, size_t i, const struct SafetensorsWriter *writer,
                        struct Error *error)
{
  const struct Tensor *tensor = copy->tensors[i];
  size_t count = 1, size = dtype_size(tensor->dtype);
  for (int axis = 0; axis < copy->specs[i].rank; axis++)
    count *= copy->specs[i].shape[axis];
  bool part = count < tensor->count; /* some of the snapshots */
  size_t first = part ? copy->range.first * (count / copy->range.n) : 0;
  void *elements = memory_new(count, size, "a tensor", error);
  bool copied = elements && tensor_read(tensor, first, count, elements, error) &&
                safetensors_write(writer, i, 0, elements, count * size, error);
  free(elements);
  return copied;
}

static bool write_file(const struct Copy *copy, const char *place, struct Error *error)
{
  struct SafetensorsWriter writer;
  if (!safetensors_create(&writer, place, copy->specs, copy->n, copy->metadata, copy->n_metadata,
                          error))
    return false;
  for (size_t i = 0; i < copy->n; i++)
    if (!copy_tensor(copy, i, &writer, error)) {
      safetensors_abandon(&writer);
      return false;
    }
  return safetensors_finish(&writer, error);
}

static bool find_range(const struct Trajectory *trajectory, int64_t epoch, struct Range *range,
                       struct Error *error)
{
  *range = (struct Range){0, trajectory->n_snapshots};
  if (!epoch_wanted) return true;
  range->n = 1;
  return trajectory_find(trajectory, epoch, &range->first, error);
}

static bool save(const struct Trajectory *trajectory, int64_t epoch, struct Error *error)
{
  struct Copy copy = {.trajectory = trajectory};
  struct InMemory file = {.descriptor = -1};
  bool saved = find_range(trajectory, epoch, &copy.range, error) && list_tensors(&copy, error);
  if (saved) list_metadata(&copy);
  saved = saved && in_memory_open(&file, error) && write_file(&copy, file.place, error) &&
          in_memory_save(&file, output, error);
  in_memory_close(&file);
  free(copy.tensors);
  free(copy.specs);
  return saved;
}

static bool read_wishes(struct CheckpointHints *hints, int64_t *epoch, struct Error *error)
{
  *epoch = -1;
  if (!output) return error_set(error, "missing -o OUT.safetensors, the file to write");
  if (epoch_wanted && (!number_parse_integer(epoch_wanted, epoch) || *epoch < -1))
    return error_set(error, "--epoch %s: expected an epoch, or -1 for the last", epoch_wanted);
  if (!W_O_wanted) return true;
  hints->W_O = strcmp(W_O_wanted, "rows") == 0      ? W_O_ROWS
               : strcmp(W_O_wanted, "columns") == 0 ? W_O_COLUMNS
                                                    : W_O_UNKNOWN;
  return hints->W_O != W_O_UNKNOWN ||
         error_set(error, "--W_O %s: expected rows or columns", W_O_wanted);
}

static void say(const struct Trajectory *trajectory, const char *path,
                const struct CheckpointNotes *notes)
{
  char epoch[EPOCH_TEXT_SIZE];
  trajectory_format_epoch(trajectory, trajectory->n_snapshots - 1, epoch);
  command_line_warn(&tool, "%s: %s; %zu snapshot%s, the last at %s", path,
                    notes->said ? notes->said : "our own layout, that of TransformerLens",
                    trajectory->n_snapshots, trajectory->n_snapshots == 1 ? "" : "s", epoch);
}

int main(int argc, char **argv)
{
  int first;
  int status = command_line_parse(&tool, argc, argv, &first);
  if (status != COMMAND_LINE_CONTINUE) return status;
  struct Error error;
  struct CheckpointHints hints = {.overrides = argv + first + 1, .n = argc - first - 1};
  struct CheckpointNotes notes;
  struct Safetensors file;
  struct Trajectory trajectory;
  int64_t epoch;
  if (!read_wishes(&hints, &epoch, &error)) {
    command_line_fail(&tool, &error);
    return EXIT_WRONG_USAGE;
  }
  if (!checkpoint_settle(&file, argv[first], &hints, &notes, &error))
    return command_line_fail(&tool, &error);
  bool done = trajectory_without_split(&trajectory, &file, hints.overrides, hints.n, &error);
  if (done) {
    say(&trajectory, argv[first], &notes);
    done = save(&trajectory, epoch, &error);
    trajectory_close(&trajectory);
  }
  checkpoint_notes_release(&notes);
  return done ? EXIT_SUCCESS : command_line_fail(&tool, &error);
}
