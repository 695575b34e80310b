/* export-checkpoint: a snapshot as other programs take it. */
#include "base/command_line.h"
#include "base/memory.h"
#include "base/number.h"
#include "run/checkpoint.h"
#include "run/in_memory.h"
#include "run/layout.h"
#include "run/trajectory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *output, *epoch_wanted, *layout_wanted;

static const struct Tool tool = {
    .name = "export-checkpoint",
    .purpose = "write a snapshot for PyTorch or another program",
    .operands = "TRAJECTORY [section.key=value...]",
    .summary =
        "Writes a snapshot as a safetensors file for another program, with its names, shapes and\n"
        "buffers. Numbers keep their bits, and import-checkpoint brings them back.\n\n"
        "  --for transformerlens  HookedTransformer.load_state_dict: with the mask of attention,\n"
        "                         IGNORE, and zeros for the biases that this network lacks\n"
        "  --for pytorch          a module of nn.Embedding and nn.Linear: embed, pos_embed,\n"
        "                         blocks.0.attn.q, k, v, o, blocks.0.mlp.in, out, unembed; with "
        "zeros\n"
        "                         for the biases that this network lacks\n"
        "  --for original         the project that this one grew out of, RoganInglis/\n"
        "                         grokking-experiments: its TransformerWrapper.load_state_dict\n"
        "  --for authors          the code of the paper's authors: W_O as one matrix for all "
        "heads,\n"
        "                         others transposed, and their mask\n\n"
        "For a .pth or .ckpt, in Python:\n"
        "  import torch\n"
        "  from safetensors.torch import load_file\n"
        "  state_dict = load_file(\"FILE\")\n"
        "  # of TransformerLens, of plain modules\n"
        "  torch.save(state_dict, \"FILE.pth\")\n"
        "  # of the authors\n"
        "  torch.save({\"model\": state_dict}, \"FILE.pth\")\n"
        "  # of Lightning\n"
        "  network = {f\"net.{name}\": value for name, value in state_dict.items()}\n"
        "  torch.save({\"state_dict\": network, \"epoch\": 40000}, \"FILE.ckpt\")",
    .options = (const struct Option[]){{'o', "output", "FILE", "the file to write", &output},
                                       {'e', "epoch", "N",
                                        "the snapshot at that epoch (default: the last one)",
                                        &epoch_wanted},
                                       {'f', "for", "transformerlens|pytorch|original|authors",
                                        "which program it is for; see above", &layout_wanted},
                                       {0}},
    .min_operands = 1};

/* ---- what the other program can compute ---- */

/* Weights alone are no network: the other program must compute the same with them. */
static const struct Limit {
  const char *setting, *value;
  const char *layout, *too; /* one that can compute another value, too */
} limits[] = {
    {"model.attention", "softmax", "original", "softmax1-unnormalised"},
    {"model.attention_rate", "1", "", ""},
    {"model.registers", "0", "original", NULL}, /* NULL: any */
    {"model.tied_embeddings", "false", "original", NULL},
    {"model.positions", "learned", "", ""},
    {"model.layer_norm", "none", "transformerlens", "pre"},
};

static bool can_compute(const struct Limit *limit, const char *value)
{
  if (strcmp(value, limit->value) == 0) return true;
  if (strcmp(limit->layout, layout_wanted) == 0)
    return !limit->too || strcmp(limit->too, value) == 0;
  /* layer normalisation behind each part is the original project's */
  return strcmp(limit->setting, "model.layer_norm") == 0 && strcmp(value, "post") == 0 &&
         strcmp(layout_wanted, "original") == 0;
}

static bool check_kind(const struct Trajectory *trajectory, struct Error *error)
{
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    char value[CONFIG_VALUE_SIZE];
    config_setting_value(&trajectory->config, config_find_setting(limits[i].setting), value);
    if (!can_compute(&limits[i], value))
      return error_set(error, "%s: a network with %s=%s, which --for %s cannot compute",
                       trajectory->file.path, limits[i].setting, value, layout_wanted);
  }
  return true;
}

/* ---- tensors ---- */

struct Export {
  const struct Trajectory *trajectory;
  const struct LayoutRow *rows;
  struct Shape shape;
  size_t snapshot;
  char (*names)[LAYOUT_NAME_SIZE]; /* [most] */
  struct TensorSpec *specs;        /* [most] */
  unsigned char **elements;        /* [most] */
  size_t n, most;
  struct MetadataEntry metadata[CONFIG_MAX_SETTINGS + 2];
  char values[CONFIG_MAX_SETTINGS][CONFIG_VALUE_SIZE];
  size_t n_metadata;
};

static bool is(const struct LayoutRow *row, const char *ending)
{
  size_t length = strlen(row->name), n = strlen(ending);
  return length >= n && strcmp(row->name + length - n, ending) == 0;
}

/* Room for elements of zero. */
static unsigned char *new_elements(struct Export *export, struct Error *error)
{
  const struct TensorSpec *spec = &export->specs[export->n];
  size_t count = 1;
  for (int i = 0; i < spec->rank; i++)
    count *= spec->shape[i];
  return export->elements[export->n] =
             memory_new(count, dtype_size(spec->dtype), "a tensor", error);
}

/* A bias that this network lacks, of the shape that it would have. */
static bool add_zero(struct Export *export, const struct LayoutRow *row, struct Error *error)
{
  const struct Shape *shape = &export->shape;
  struct TensorSpec *spec = &export->specs[export->n];
  const size_t heads = (size_t)shape->H, d_head = (size_t)shape->d_head;
  bool of_heads = is(row, "b_Q") || is(row, "b_K") || is(row, "b_V"),
       joined = is(row, ".q.bias") || is(row, ".k.bias") || is(row, ".v.bias"),
       of_logits = is(row, "b_U") || is(row, "unembed.bias");
  spec->dtype = DTYPE_F32;
  spec->rank = of_heads ? 2 : 1;
  spec->shape[0] = of_heads    ? heads
                   : joined    ? heads * d_head
                   : of_logits ? (size_t)shape->V
                               : (size_t)shape->d_model;
  spec->shape[1] = d_head;
  if (!new_elements(export, error)) return false;
  export->n++;
  return true;
}

/* The mask of causal attention: 1 where a position sees another, but in the original project where
   it does not. Booleans, but of the authors numbers. */
static bool add_mask(struct Export *export, struct Error *error)
{
  struct TensorSpec *spec = &export->specs[export->n];
  const size_t n = (size_t) export->shape.n_positions;
  const float one = 1;
  bool numbers = strcmp(layout_wanted, "authors") == 0,
       hides = strcmp(layout_wanted, "original") == 0;
  spec->dtype = numbers ? DTYPE_F32 : DTYPE_BOOL;
  spec->rank = 2;
  spec->shape[0] = spec->shape[1] = n;
  unsigned char *elements = new_elements(export, error);
  if (!elements) return false;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++)
      if (numbers && j <= i)
        memcpy(elements + (i * n + j) * sizeof one, &one, sizeof one);
      else if (!numbers)
        elements[i * n + j] = (j > i) == hides;
  export->n++;
  return true;
}

/* What TransformerLens has for scores that are masked. */
static bool add_ignore(struct Export *export, struct Error *error)
{
  const float infinite = -INFINITY;
  export->specs[export->n].dtype = DTYPE_F32;
  unsigned char *elements = new_elements(export, error);
  if (!elements) return false;
  memcpy(elements, &infinite, sizeof infinite);
  export->n++;
  return true;
}

/* The bytes of a parameter in the snapshot, zeros if it is a bias that the file lacks. */
static bool add_parameter(struct Export *export, const struct LayoutRow *row,
                          const struct ParameterInfo *info, struct Error *error)
{
  const struct Tensor *tensor = safetensors_find(&export->trajectory->file, info->name);
  struct TensorSpec *spec = &export->specs[export->n];
  struct View view = {.dtype = tensor ? tensor->dtype : DTYPE_F32, .rank = info->rank};
  size_t stride = 1, size = dtype_size(view.dtype);
  for (int i = info->rank - 1; i >= 0; i--) {
    view.shape[i] = info->shape[i];
    view.strides[i] = stride;
    stride *= info->shape[i];
  }
  unsigned char *ours = memory_new(info->count, size, "a parameter", error);
  bool read = ours && (!tensor || tensor_read(tensor, export->snapshot * info->count, info->count,
                                              ours, error));
  view.first = ours;
  spec->dtype = view.dtype;
  layout_turn_back(row->turn, &view, spec);
  read = read && new_elements(export, error);
  if (read) view_copy(&view, export->elements[export->n++]);
  free(ours);
  return read;
}

static bool add_row(struct Export *export, const struct LayoutRow *row, int layer,
                    const struct Parameters *list, struct Error *error)
{
  export->specs[export->n] = (struct TensorSpec){.name = export->names[export->n]};
  layout_row_name(row, layer, export->names[export->n]);
  bool heads = export->shape.H > 0;
  if (is(row, ".mask") || is(row, "attn_mask")) return !heads || add_mask(export, error);
  if (is(row, ".IGNORE")) return !heads || add_ignore(export, error);
  if (row->kind == LAYOUT_ZERO && strcmp(layout_wanted, "original") == 0) return true;
  if (row->kind == LAYOUT_ZERO) /* those of attention only with heads */
    return (!heads && strstr(row->name, ".attn.")) || add_zero(export, row, error);
  int place =
      row->kind < LAYOUT_ZERO ? parameters_place(list, layer, (enum Parameter)row->kind) : -1;
  return place < 0 || add_parameter(export, row, &list->info[place], error);
}

static bool add_rows(struct Export *export, const struct Parameters *list, struct Error *error)
{
  for (const struct LayoutRow *row = export->rows; row->name; row++) {
    int layers = layout_row_is_of_layers(row) ? export->shape.n_layers : 1;
    for (int layer = 0; layer < layers; layer++)
      if (!add_row(export, row, layer, list, error)) return false;
  }
  return true;
}

static bool add_tensors(struct Export *export, struct Error *error)
{
  struct Parameters list;
  size_t rows = 0;
  if (!parameters_describe(&list, &export->trajectory->config, error)) return false;
  export->shape = list.shape;
  while (export->rows[rows].name)
    rows++;
  size_t most = export->most = rows * (size_t)list.shape.n_layers;
  export->names = memory_new(most, sizeof *export->names, "the names of tensors", error);
  export->specs = memory_new(most, sizeof *export->specs, "the list of tensors", error);
  export->elements = memory_new(most, sizeof *export->elements, "the list of tensors", error);
  bool added = export->names && export->specs && export->elements && add_rows(export, &list, error);
  parameters_release(&list);
  return added;
}

/* The settings that are known, and what other readers ask for. */
static void add_metadata(struct Export *export)
{
  const struct Config *config = &export->trajectory->config;
  export->metadata[export->n_metadata++] = (struct MetadataEntry){"format", "pt"};
  for (int i = 0; i < config_n_settings(); i++) {
    const char *name = config_setting_name(i);
    if (!config_given(config, name) || !config_is_canonical(config, i)) continue;
    config_setting_value(config, i, export->values[i]);
    export->metadata[export->n_metadata++] = (struct MetadataEntry){name, export->values[i]};
  }
}

/* ---- the file ---- */

static bool write_file(const struct Export *export, const char *place, struct Error *error)
{
  struct SafetensorsWriter writer;
  if (!safetensors_create(&writer, place, export->specs, export->n, export->metadata,
                          export->n_metadata, error))
    return false;
  bool written = true;
  for (size_t i = 0; written && i < export->n; i++)
    written = safetensors_write(&writer, i, 0, export->elements[i],
                                writer.offsets[i + 1] - writer.offsets[i], error);
  if (written) return safetensors_finish(&writer, error);
  safetensors_abandon(&writer);
  return false;
}

static bool save(const struct Trajectory *trajectory, int64_t epoch, struct Error *error)
{
  struct Export export = {.trajectory = trajectory, .rows = layout_rows(layout_wanted)};
  struct InMemory file = {.descriptor = -1};
  bool saved = check_kind(trajectory, error) &&
               trajectory_find(trajectory, epoch, &export.snapshot, error) &&
               add_tensors(&export, error);
  if (saved) add_metadata(&export);
  saved = saved && in_memory_open(&file, error) && write_file(&export, file.place, error) &&
          in_memory_save(&file, output, error);
  in_memory_close(&file);
  for (size_t i = 0; export.elements && i < export.most; i++)
    free(export.elements[i]);
  free(export.elements);
  free(export.specs);
  free(export.names);
  return saved;
}

static bool read_wishes(int64_t *epoch, struct Error *error)
{
  *epoch = -1;
  if (!output) return error_set(error, "missing -o FILE, the file to write");
  if (epoch_wanted && (!number_parse_integer(epoch_wanted, epoch) || *epoch < 0))
    return error_set(error, "--epoch %s: expected an epoch", epoch_wanted);
  if (!layout_wanted)
    return error_set(error, "missing --for transformerlens, pytorch, original or authors");
  return strcmp(layout_wanted, "transformerlens") == 0 || strcmp(layout_wanted, "pytorch") == 0 ||
         strcmp(layout_wanted, "original") == 0 || strcmp(layout_wanted, "authors") == 0 ||
         error_set(error, "--for %s: expected transformerlens, pytorch, original or authors",
                   layout_wanted);
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
  if (!read_wishes(&epoch, &error)) {
    command_line_fail(&tool, &error);
    return EXIT_WRONG_USAGE;
  }
  if (!checkpoint_settle(&file, argv[first], &hints, &notes, &error))
    return command_line_fail(&tool, &error);
  checkpoint_notes_release(&notes);
  if (!trajectory_without_split(&trajectory, &file, hints.overrides, hints.n, &error))
    return command_line_fail(&tool, &error);
  bool done = save(&trajectory, epoch, &error);
  trajectory_close(&trajectory);
  return done ? EXIT_SUCCESS : command_line_fail(&tool, &error);
}
