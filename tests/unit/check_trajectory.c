/* Trajectories: our own, checkpoints of other origin, and self-contradictory files. */
#include "network/answers.h"
#include "run/trajectory.h"

#include "run/snapshots.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/check_trajectory.XXXXXX";

static void make_file(void)
{
  int descriptor = mkstemp(path);
  ck_assert_int_ge(descriptor, 0);
  close(descriptor);
}

static void remove_file(void)
{
  unlink(path);
}

/* ---- an example file, and what a test changes about it ---- */

enum { P = 5, D_MODEL = 8, HEADS = 2, D_HEAD = 3, D_MLP = 7, SNAPSHOTS = 3 };
enum { MAX_TENSORS = 64, MAX_ENTRIES = 80 };

static const struct TensorSpec example[] = {
    {"embed.W_E", DTYPE_F32, 2, {P + 1, D_MODEL}},
    {"pos_embed.W_pos", DTYPE_F32, 2, {3, D_MODEL}},
    {"blocks.0.attn.W_Q", DTYPE_F32, 3, {HEADS, D_MODEL, D_HEAD}},
    {"blocks.0.attn.W_K", DTYPE_F32, 3, {HEADS, D_MODEL, D_HEAD}},
    {"blocks.0.attn.W_V", DTYPE_F32, 3, {HEADS, D_MODEL, D_HEAD}},
    {"blocks.0.attn.W_O", DTYPE_F32, 3, {HEADS, D_HEAD, D_MODEL}},
    {"blocks.0.mlp.W_in", DTYPE_F32, 2, {D_MODEL, D_MLP}},
    {"blocks.0.mlp.b_in", DTYPE_F32, 1, {D_MLP}},
    {"blocks.0.mlp.W_out", DTYPE_F32, 2, {D_MLP, D_MODEL}},
    {"blocks.0.mlp.b_out", DTYPE_F32, 1, {D_MODEL}},
    {"unembed.W_U", DTYPE_F32, 2, {D_MODEL, P + 1}},
};

struct Example {
  struct TensorSpec tensors[MAX_TENSORS];
  size_t n_tensors;
  struct MetadataEntry metadata[MAX_ENTRIES];
  size_t n_metadata;
  char texts[MAX_ENTRIES][CONFIG_VALUE_SIZE];
  int64_t epochs[SNAPSHOTS];
  double fill; /* every element of tensors that are no parameters; of biases too where it is 0 */
  int mask;    /* every element of train_mask; -1 for a chequered one */
  int answer;  /* the last element of answers */
  char names[MAX_TENSORS][64]; /* where they have a prefix, which is that long, or are made */
  size_t prefix;
};

/* As PyTorch saves it: no metadata, no snapshot axis, nothing but parameters. */
static void make_checkpoint(struct Example *file)
{
  *file = (struct Example){.n_tensors = N_PARAMETERS, .fill = 1, .mask = -1};
  memcpy(file->tensors, example, sizeof example);
}

static void add_metadata(struct Example *file, const struct Config *config)
{
  for (int i = 0; i < config_n_settings(); i++) {
    config_setting_value(config, i, file->texts[i]);
    file->metadata[i] = (struct MetadataEntry){config_setting_name(i), file->texts[i]};
    file->n_metadata++;
  }
  ck_assert_uint_le(file->n_metadata, MAX_ENTRIES);
}

/* Gives the parameters an axis over snapshots, and adds what belongs to a trajectory. */
static void add_snapshots(struct Example *file)
{
  for (size_t i = 0; i < file->n_tensors; i++) {
    struct TensorSpec *tensor = &file->tensors[i];
    memmove(tensor->shape + 1, tensor->shape, (size_t)tensor->rank * sizeof *tensor->shape);
    tensor->shape[0] = SNAPSHOTS;
    tensor->rank++;
  }
  file->tensors[file->n_tensors++] = (struct TensorSpec){"epoch", DTYPE_I64, 1, {SNAPSHOTS}};
  file->tensors[file->n_tensors++] = (struct TensorSpec){"train_mask", DTYPE_BOOL, 2, {P, P}};
  memcpy(file->epochs, ((const int64_t[]){0, 100, 250}), sizeof file->epochs);
}

static void configure(struct Config *config, const char *const *settings, size_t n)
{
  struct Error error;
  config_init(config);
  config->data.modulus = P;
  config->model.d_model = D_MODEL;
  config->model.n_heads = HEADS;
  config->model.d_head = D_HEAD;
  config->model.d_mlp = D_MLP;
  for (size_t i = 0; i < n && settings[i]; i++)
    ck_assert_msg(config_override(config, settings[i], &error), "%s", error.message);
}

/* As training writes it. */
static void make_trajectory(struct Example *file)
{
  struct Config config;
  make_checkpoint(file);
  add_snapshots(file);
  configure(&config, (const char *const[]){"model.activation=gelu"}, 1);
  add_metadata(file, &config);
}

/* A checkpoint of any configured network: the parameters of its list. */
static void make_network(struct Example *file, const struct Config *config)
{
  struct Parameters list;
  struct Error error;
  *file = (struct Example){.fill = 1, .mask = -1};
  ck_assert_msg(parameters_describe(&list, config, &error), "%s", error.message);
  ck_assert_int_le(list.n + 4, MAX_TENSORS);
  for (int i = 0; i < list.n; i++) {
    struct TensorSpec *tensor = &file->tensors[file->n_tensors++];
    strcpy(file->names[i], list.info[i].name);
    *tensor = (struct TensorSpec){file->names[i], DTYPE_F32, list.info[i].rank, {0}};
    memcpy(tensor->shape, list.info[i].shape, sizeof list.info[i].shape);
  }
  parameters_release(&list);
}

/* Replaces the tensor of that name, removes it (no new name), or adds one (no old name). */
static void change_tensor(struct Example *file, const char *name, const struct TensorSpec *with)
{
  size_t i = 0;
  while (i < file->n_tensors && (!name || strcmp(file->tensors[i].name, name) != 0))
    i++;
  ck_assert_msg(!name || i < file->n_tensors, "the example has no %s", name ? name : "");
  if (!name) file->n_tensors++;
  ck_assert_uint_le(file->n_tensors, MAX_TENSORS);
  if (with->name) {
    file->tensors[i] = *with;
    return;
  }
  for (file->n_tensors--; i < file->n_tensors; i++)
    file->tensors[i] = file->tensors[i + 1];
}

/* Puts a prefix before all names but those of our own tensors. */
static void put_prefix(struct Example *file, const char *prefix)
{
  file->prefix = strlen(prefix);
  for (size_t i = 0; i < file->n_tensors; i++) {
    const char *name = file->tensors[i].name;
    if (strcmp(name, "epoch") == 0 || strcmp(name, "train_mask") == 0 ||
        strcmp(name, "answers") == 0)
      continue;
    snprintf(file->names[i], sizeof file->names[i], "%s%s", prefix, name);
    file->tensors[i].name = file->names[i];
  }
}

static void change_metadata(struct Example *file, struct MetadataEntry entry)
{
  size_t i = 0;
  while (i < file->n_metadata && strcmp(file->metadata[i].key, entry.key) != 0)
    i++;
  file->metadata[i] = entry;
  if (i == file->n_metadata) file->n_metadata++;
}

/* Element i of a parameter, over all snapshots: tells parameters, snapshots and indices apart. */
static double value_of(enum Parameter kind, int layer, size_t i)
{
  return 1000 * ((int)kind + N_PARAMETER_KINDS * layer + 1) + (double)i;
}

/* Of the tensor answers. */
static int answer_of(size_t pair)
{
  return (int)((3 * pair + 1) % P);
}

static double element(const struct Example *file, const struct TensorSpec *tensor, size_t i)
{
  if (strcmp(tensor->name, "epoch") == 0) return (double)file->epochs[i];
  if (strcmp(tensor->name, "train_mask") == 0)
    return file->mask >= 0 ? file->mask : (i % P + i / P) % 2 == 0;
  if (strcmp(tensor->name, "answers") == 0) return i == P * P - 1 ? file->answer : answer_of(i);
  enum Parameter kind;
  int layer;
  if (!parameters_parse_name(tensor->name + file->prefix, &kind, &layer)) return file->fill;
  return (kind == B_IN || kind == B_OUT) && file->fill == 0 ? 0 : value_of(kind, layer, i);
}

static void write_tensor(const struct SafetensorsWriter *writer, const struct Example *file,
                         size_t index)
{
  const struct TensorSpec *tensor = &file->tensors[index];
  struct Error error;
  size_t count = 1, size = dtype_size(tensor->dtype);
  for (int axis = 0; axis < tensor->rank; axis++)
    count *= tensor->shape[axis];
  for (size_t i = 0; i < count; i++) {
    double value = element(file, tensor, i);
    float single = (float)value;
    int64_t integer = (int64_t)value;
    const void *bytes = tensor->dtype == DTYPE_F64   ? (const void *)&value
                        : tensor->dtype == DTYPE_F32 ? (const void *)&single
                                                     : &integer; /* little-endian */
    ck_assert(safetensors_write(writer, index, i * size, bytes, size, &error));
  }
}

static void write_example(const struct Example *file)
{
  struct SafetensorsWriter writer;
  struct Error error = {0};
  ck_assert_msg(safetensors_create(&writer, path, file->tensors, file->n_tensors, file->metadata,
                                   file->n_metadata, &error),
                "%s", error.message);
  for (size_t i = 0; i < file->n_tensors; i++)
    write_tensor(&writer, file, i);
  ck_assert_msg(safetensors_finish(&writer, &error), "%s", error.message);
}

static int count_overrides(char *const *overrides)
{
  int n = 0;
  while (overrides[n])
    n++;
  return n;
}

static void open_example(struct Trajectory *trajectory, const struct Example *file,
                         char *const *overrides)
{
  struct Error error = {0};
  write_example(file);
  ck_assert_msg(trajectory_open(trajectory, path, overrides, count_overrides(overrides), &error),
                "%s", error.message);
}

static void assert_refused(const struct Example *file, char *const *overrides, const char *expected)
{
  struct Error error = {0};
  struct Trajectory trajectory;
  write_example(file);
  ck_assert_msg(!trajectory_open(&trajectory, path, overrides, count_overrides(overrides), &error),
                "opened, expected: %s", expected);
  ck_assert_msg(strstr(error.message, expected), "\"%s\" does not contain \"%s\"", error.message,
                expected);
  ck_assert_ptr_null(trajectory.file.path);
  ck_assert_ptr_null(trajectory.epochs);
  ck_assert_ptr_null(trajectory.dataset.answer);
}

static char *no_overrides[] = {NULL};
static char *split_overrides[] = {"data.seed=1", "data.train_fraction=0.4", NULL};

static void assert_snapshot(const struct Trajectory *trajectory, size_t snapshot, bool biases)
{
  struct Error error = {0};
  struct Parameters parameters;
  ck_assert(parameters_init(&parameters, &trajectory->config, &error));
  memset(parameters.values, 0xff, parameters.total * sizeof *parameters.values);
  ck_assert_msg(trajectory_read(trajectory, snapshot, &parameters, &error), "%s", error.message);
  for (int k = 0; k < parameters.n; k++) {
    const struct ParameterInfo *info = &parameters.info[k];
    const float *values = parameters.values + info->offset;
    bool zero = !biases && (info->kind == B_IN || info->kind == B_OUT);
    for (size_t i = 0; i < info->count; i++)
      ck_assert(values[i] ==
                (zero ? 0 : (float)value_of(info->kind, info->layer, snapshot * info->count + i)));
  }
  parameters_release(&parameters);
}

/* ---- what opens ---- */

START_TEST(our_own_trajectory_opens)
{
  struct Example file;
  struct Trajectory trajectory;
  make_trajectory(&file);
  open_example(&trajectory, &file, no_overrides);
  const struct Config *config = &trajectory.config;
  ck_assert_int_eq(config->data.modulus, P);
  ck_assert_int_eq(config->model.d_model, D_MODEL);
  ck_assert_int_eq(config->model.n_heads, HEADS);
  ck_assert_int_eq(config->model.d_head, D_HEAD);
  ck_assert_int_eq(config->model.d_mlp, D_MLP);
  ck_assert_int_eq(config->model.activation, ACTIVATION_GELU);
  ck_assert(config->model.output_equals && config->model.biases);
  ck_assert_uint_eq(trajectory.n_snapshots, SNAPSHOTS);
  ck_assert_uint_eq(trajectory.n_planned, SNAPSHOTS);
  for (size_t i = 0; i < SNAPSHOTS; i++) {
    ck_assert_int_eq(trajectory.epochs[i], file.epochs[i]);
    assert_snapshot(&trajectory, i, true);
  }
  ck_assert_uint_eq(trajectory.dataset.n_train, 13); /* the chequered mask, not 0.3 x 25 */
  ck_assert_uint_eq(trajectory.dataset.n_test, 12);
  for (int i = 0; i < P * P; i++) {
    ck_assert_int_eq(trajectory.dataset.train[i], (i % P + i / P) % 2 == 0);
    ck_assert_int_eq(trajectory.dataset.answer[i], (i % P + i / P) % P);
  }
  trajectory_close(&trajectory);
  ck_assert_ptr_null(trajectory.epochs);
}
END_TEST

START_TEST(an_unfinished_trajectory_is_of_the_snapshots_so_far)
{
  struct Example file;
  struct Trajectory trajectory;
  make_trajectory(&file);
  file.epochs[2] = TRAJECTORY_NO_SNAPSHOT;
  if (_i == 1) file.epochs[1] = TRAJECTORY_NO_SNAPSHOT;
  open_example(&trajectory, &file, no_overrides);
  ck_assert_uint_eq(trajectory.n_snapshots, _i == 1 ? 1 : 2);
  ck_assert_uint_eq(trajectory.n_planned, SNAPSHOTS);
  for (size_t i = 0; i < trajectory.n_snapshots; i++)
    assert_snapshot(&trajectory, i, true);
  trajectory_close(&trajectory);
}
END_TEST

START_TEST(overrides_win_over_metadata)
{
  struct Example file;
  struct Trajectory trajectory;
  make_trajectory(&file);
  char *overrides[] = {"data.operation=subtract", "model.activation=relu", "data.modulus=5", NULL};
  open_example(&trajectory, &file, overrides);
  ck_assert_int_eq(trajectory.config.model.activation, ACTIVATION_RELU);
  ck_assert_int_eq(trajectory.dataset.answer[P * 1 + 2], 4);
  trajectory_close(&trajectory);
}
END_TEST

START_TEST(a_checkpoint_of_pytorch_opens)
{
  struct Example file;
  struct Trajectory trajectory;
  make_checkpoint(&file);
  change_metadata(&file, (struct MetadataEntry){"format", "pt"});
  open_example(&trajectory, &file, split_overrides);
  ck_assert_int_eq(trajectory.config.data.modulus, P);
  ck_assert_int_eq(trajectory.config.model.n_heads, HEADS);
  ck_assert_int_eq(trajectory.config.model.activation, ACTIVATION_RELU);
  ck_assert_uint_eq(trajectory.n_snapshots, 1);
  ck_assert_int_eq(trajectory.epochs[0], 0);
  assert_snapshot(&trajectory, 0, true);
  struct Dataset expected;
  struct Error error;
  struct DataConfig data = {.modulus = P, .train_fraction = 0.4, .seed = 1};
  ck_assert(dataset_init(&expected, &data, &error));
  ck_assert_mem_eq(trajectory.dataset.train, expected.train, P * P);
  ck_assert_uint_eq(trajectory.dataset.n_train, 10);
  dataset_release(&expected);
  trajectory_close(&trajectory);
}
END_TEST

static const char *const prefixes[] = {"model.",     "module.",           "net.",
                                       "_orig_mod.", "_orig_mod.module.", "a.b.c."};

START_TEST(a_prefix_of_all_names_is_taken_off)
{
  struct Example file;
  struct Trajectory trajectory;
  make_checkpoint(&file);
  put_prefix(&file, prefixes[_i]);
  open_example(&trajectory, &file, split_overrides);
  assert_snapshot(&trajectory, 0, true);
  trajectory_close(&trajectory);
  make_trajectory(&file);
  put_prefix(&file, prefixes[_i]);
  open_example(&trajectory, &file, no_overrides);
  assert_snapshot(&trajectory, 2, true);
  ck_assert_uint_eq(trajectory.dataset.n_train, 13);
  trajectory_close(&trajectory);
}
END_TEST

/* Parts that the network lacks are found behind a prefix too. */
START_TEST(a_prefix_hides_nothing)
{
  struct Example file;
  make_checkpoint(&file);
  change_tensor(&file, NULL, &(struct TensorSpec){"blocks.0.ln3.w", DTYPE_F32, 1, {D_MODEL}});
  put_prefix(&file, "model.");
  assert_refused(&file, split_overrides, ": blocks.0.ln3.w belongs to a LayerNorm");
}
END_TEST

START_TEST(a_prefix_of_some_names_is_not_taken_off)
{
  struct Example file;
  make_checkpoint(&file);
  put_prefix(&file, "model.");
  change_tensor(&file, NULL, &(struct TensorSpec){"criterion.scale", DTYPE_F32, 1, {1}});
  assert_refused(
      &file, split_overrides,
      ": has no parameter with a TransformerLens name, such as embed.W_E or "
      "blocks.0.attn.W_Q, only 12 other tensors: model.embed.W_E, model.pos_embed.W_pos, "
      "model.blocks.0.attn.W_Q, ...; save the network's own state_dict");
}
END_TEST

START_TEST(other_names_are_told)
{
  struct Example file;
  make_checkpoint(&file);
  file.n_tensors = 2;
  file.tensors[0].name = "embed.weight";
  file.tensors[1].name = "out.weight";
  assert_refused(&file, split_overrides,
                 "only 2 other tensors: embed.weight, out.weight; rename them");
}
END_TEST

/* Where it is no square, its shape tells whether its columns or its rows are those of the heads. */
START_TEST(a_W_O_for_all_heads_is_cut)
{
  static const size_t shapes[][2] = {{D_MODEL, HEADS * D_HEAD}, {HEADS * D_HEAD, D_MODEL}};
  for (int i = 0; i < 2; i++) {
    struct Example file;
    make_checkpoint(&file);
    change_tensor(
        &file, "blocks.0.attn.W_O",
        &(struct TensorSpec){"blocks.0.attn.W_O", DTYPE_F32, 2, {shapes[i][0], shapes[i][1]}});
    put_prefix(&file, "model.");
    struct Trajectory trajectory;
    open_example(&trajectory, &file, split_overrides);
    const struct Tensor *tensor = safetensors_find(&trajectory.file, "blocks.0.attn.W_O");
    ck_assert_int_eq(tensor->rank, 3);
    ck_assert_uint_eq(tensor->shape[0], HEADS);
    ck_assert_uint_eq(tensor->shape[1], D_HEAD);
    ck_assert_uint_eq(tensor->shape[2], D_MODEL);
    trajectory_close(&trajectory);
  }
}
END_TEST

START_TEST(a_W_O_that_heads_do_not_divide_is_refused)
{
  struct Example file;
  make_checkpoint(&file);
  change_tensor(
      &file, "blocks.0.attn.W_O",
      &(struct TensorSpec){"blocks.0.attn.W_O", DTYPE_F32, 2, {HEADS * D_HEAD + 1, D_MODEL}});
  assert_refused(&file, split_overrides, "expected rows that are a multiple of the");
}
END_TEST

static const struct {
  bool mask;
  struct MetadataEntry metadata[2];
  char *overrides[5];
  const char *expected;
} unsaid[] = {
    {false,
     {{0}},
     {"data.seed=1", "data.train_fraction=0.4", NULL},
     "data.operation=add model.activation=relu model.attention=softmax (assumed), "
     "data.train_fraction=0.4 data.seed=1 (given)"},
    {false,
     {{"data.seed", "1"}, {"data.train_fraction", "0.4"}},
     {"data.operation=subtract", "model.activation=gelu", "model.attention=uniform", NULL},
     "data.operation=subtract model.activation=gelu model.attention=uniform (given)"},
    {true,
     {{"data.operation", "add"}, {"model.attention", "softmax"}},
     {"data.seed=5", NULL},
     "model.activation=relu (assumed)"},
    {true,
     {{"data.operation", "random"}, {"model.attention", "softmax"}},
     {"data.seed=5", "model.activation=relu", NULL},
     "data.seed=5 model.activation=relu (given)"},
};

START_TEST(what_a_file_does_not_say_is_told)
{
  struct Example file;
  struct Trajectory trajectory;
  make_checkpoint(&file);
  if (unsaid[_i].mask)
    change_tensor(&file, NULL, &(struct TensorSpec){"train_mask", DTYPE_BOOL, 2, {P, P}});
  for (int i = 0; i < 2 && unsaid[_i].metadata[i].key; i++)
    change_metadata(&file, unsaid[_i].metadata[i]);
  open_example(&trajectory, &file, unsaid[_i].overrides);
  ck_assert_str_eq(trajectory.unsaid, unsaid[_i].expected);
  ck_assert(!trajectory.dated);
  trajectory_close(&trajectory);
}
END_TEST

START_TEST(of_our_own_trajectory_nothing_is_unsaid)
{
  struct Example file;
  struct Trajectory trajectory;
  char *overrides[] = {"data.operation=subtract", "data.seed=7", NULL};
  make_trajectory(&file);
  open_example(&trajectory, &file, overrides);
  ck_assert_ptr_null(trajectory.unsaid);
  ck_assert(trajectory.dated);
  char epoch[EPOCH_TEXT_SIZE];
  trajectory_format_epoch(&trajectory, 1, epoch);
  ck_assert_str_eq(epoch, "epoch 100");
  trajectory.dated = false;
  trajectory_format_epoch(&trajectory, 1, epoch);
  ck_assert_str_eq(epoch, "an unknown epoch");
  trajectory_close(&trajectory);
}
END_TEST

START_TEST(double_precision_opens)
{
  struct Example file;
  struct Trajectory trajectory;
  make_checkpoint(&file);
  for (size_t i = 0; i < file.n_tensors; i++)
    file.tensors[i].dtype = DTYPE_F64;
  open_example(&trajectory, &file, split_overrides);
  assert_snapshot(&trajectory, 0, true);
  trajectory_close(&trajectory);
}
END_TEST

START_TEST(missing_biases_are_zero)
{
  struct Example file;
  struct Trajectory trajectory;
  make_checkpoint(&file);
  change_tensor(&file, "blocks.0.mlp.b_in", &(struct TensorSpec){0});
  change_tensor(&file, "blocks.0.mlp.b_out", &(struct TensorSpec){0});
  open_example(&trajectory, &file, split_overrides);
  ck_assert(!trajectory.config.model.biases);
  assert_snapshot(&trajectory, 0, false);
  trajectory_close(&trajectory);
}
END_TEST

/* A run without biases stores them as zeros, and its metadata says so. */
START_TEST(zero_biases_may_be_none)
{
  struct Example file;
  struct Trajectory trajectory;
  make_trajectory(&file);
  file.fill = 0;
  open_example(&trajectory, &file, no_overrides);
  ck_assert(trajectory.config.model.biases);
  trajectory_close(&trajectory);
  change_metadata(&file, (struct MetadataEntry){"model.biases", "false"});
  open_example(&trajectory, &file, no_overrides);
  ck_assert(!trajectory.config.model.biases);
  assert_snapshot(&trajectory, 2, false);
  trajectory_close(&trajectory);
}
END_TEST

START_TEST(outputs_may_lack_the_equals_logit)
{
  struct Example file;
  struct Trajectory trajectory;
  make_checkpoint(&file);
  change_tensor(&file, "unembed.W_U",
                &(struct TensorSpec){"unembed.W_U", DTYPE_F32, 2, {D_MODEL, P}});
  open_example(&trajectory, &file, split_overrides);
  ck_assert(!trajectory.config.model.output_equals);
  assert_snapshot(&trajectory, 0, true);
  trajectory_close(&trajectory);
}
END_TEST

static const struct TensorSpec harmless[] = {
    {"blocks.0.attn.mask", DTYPE_BOOL, 2, {3, 3}},
    {"blocks.0.attn.IGNORE", DTYPE_F32, 0, {0}},
    {"optimizer.step", DTYPE_I64, 0, {0}},
    {"complex", DTYPE_C64, 1, {4}},
    {"epoch", DTYPE_I64, 0, {0}},
    {"epoch", DTYPE_I64, 1, {1}},
    {"train_mask", DTYPE_U8, 2, {P, P}},
    {"blocks.0.attn.b_V", DTYPE_F64, 1, {0}},
};

START_TEST(tensors_that_change_nothing_are_passed_over)
{
  struct Example file;
  struct Trajectory trajectory;
  make_checkpoint(&file);
  file.epochs[0] = 7;
  change_tensor(&file, NULL, &harmless[_i]);
  open_example(&trajectory, &file, split_overrides);
  ck_assert_int_eq(trajectory.epochs[0], strcmp(harmless[_i].name, "epoch") == 0 ? 7 : 0);
  bool mask = strcmp(harmless[_i].name, "train_mask") == 0;
  ck_assert_uint_eq(trajectory.dataset.n_train, mask ? 13 : 10);
  assert_snapshot(&trajectory, 0, true);
  trajectory_close(&trajectory);
}
END_TEST

static const struct TensorSpec absent_biases[] = {
    {"blocks.0.attn.b_Q", DTYPE_F32, 2, {HEADS, D_HEAD}},
    {"blocks.0.attn.b_K", DTYPE_F32, 2, {HEADS, D_HEAD}},
    {"blocks.0.attn.b_V", DTYPE_F64, 2, {HEADS, D_HEAD}},
    {"blocks.0.attn.b_O", DTYPE_F32, 1, {5000}},
    {"unembed.b_U", DTYPE_F32, 1, {P + 1}},
};

START_TEST(biases_that_the_network_lacks_must_be_zero)
{
  struct Example file;
  struct Trajectory trajectory;
  char expected[128];
  snprintf(expected, sizeof expected, ": %s is not zero, but the network has no such bias",
           absent_biases[_i].name);
  make_checkpoint(&file);
  change_tensor(&file, NULL, &absent_biases[_i]);
  assert_refused(&file, split_overrides, expected);
  file.fill = 0;
  open_example(&trajectory, &file, split_overrides);
  trajectory_close(&trajectory);
}
END_TEST

/* ---- other networks than the paper's ---- */

static const struct {
  const char *settings[6];
  char *unsaid[2]; /* what the file of a checkpoint does not tell */
} networks[] = {
    {{"model.n_layers=2"}, {NULL}},
    {{"model.n_layers=3", "model.biases=false"}, {NULL}},
    {{"model.layer_norm=pre"}, {NULL}},
    {{"model.layer_norm=pre", "model.n_layers=2", "model.output_equals=false"}, {NULL}},
    {{"model.layer_norm=post"}, {NULL}},
    {{"model.layer_norm=post", "model.n_layers=2", "model.d_mlp=0"}, {NULL}},
    {{"model.d_mlp=0"}, {NULL}},
    {{"model.registers=2", "model.tied_embeddings=true"}, {NULL}},
    {{"model.positions=none"}, {"model.positions=none"}},
    {{"model.positions=sinusoidal", "model.n_layers=2"}, {"model.positions=sinusoidal"}},
    {{"data.equals=false"}, {NULL}},
    {{"data.equals=false", "model.positions=none"}, {"model.positions=none", "data.equals=false"}},
    {{"data.equals=false", "model.tied_embeddings=true", "model.layer_norm=pre"}, {NULL}},
};

/* All that a network consists of. */
static void assert_same_network(const struct Config *found, const struct Config *expected)
{
  for (int i = 0; i < config_n_settings(); i++) {
    const char *name = config_setting_name(i);
    bool of_network = strncmp(name, "model.", 6) == 0 || strcmp(name, "data.modulus") == 0 ||
                      strcmp(name, "data.equals") == 0;
    ck_assert_msg(!of_network || config_same_setting(found, expected, i), "%s differs", name);
  }
}

START_TEST(trajectories_of_other_networks_open)
{
  struct Example file;
  struct Trajectory trajectory;
  struct Config config;
  configure(&config, networks[_i].settings, 6);
  make_network(&file, &config);
  add_snapshots(&file);
  add_metadata(&file, &config);
  if (!config.model.biases) file.fill = 0;
  open_example(&trajectory, &file, no_overrides);
  assert_same_network(&trajectory.config, &config);
  ck_assert_ptr_null(trajectory.unsaid);
  for (size_t i = 0; i < SNAPSHOTS; i++)
    assert_snapshot(&trajectory, i, config.model.biases);
  trajectory_close(&trajectory);
}
END_TEST

/* From names and shapes alone, among what TransformerLens saves beside the parameters. */
START_TEST(checkpoints_of_other_networks_open)
{
  struct Example file;
  struct Trajectory trajectory;
  struct Config config;
  char *overrides[] = {"data.seed=1", "data.train_fraction=0.4", networks[_i].unsaid[0],
                       networks[_i].unsaid[1], NULL};
  configure(&config, networks[_i].settings, 6);
  make_network(&file, &config);
  config.model.biases = true; /* all are zero, which says nothing */
  file.fill = 0;
  change_tensor(&file, NULL, &harmless[0]);
  change_tensor(&file, NULL, &harmless[1]);
  change_tensor(&file, NULL, &(struct TensorSpec){"blocks.0.attn.b_Q", DTYPE_F32, 1, {3}});
  change_tensor(&file, NULL, &(struct TensorSpec){"unembed.b_U", DTYPE_F32, 1, {P}});
  open_example(&trajectory, &file, overrides);
  assert_same_network(&trajectory.config, &config);
  assert_snapshot(&trajectory, 0, false);
  trajectory_close(&trajectory);
}
END_TEST

START_TEST(what_a_file_does_not_say_of_other_networks_is_told)
{
  struct Example file;
  struct Trajectory trajectory;
  struct Config config;
  char *overrides[] = {"data.seed=1",
                       "data.train_fraction=0.4",
                       "data.operation=add",
                       "model.positions=none",
                       "model.attention_rate=0.5",
                       "model.dropout=0.1",
                       NULL};
  configure(&config, (const char *const[]){"model.n_layers=2", "model.positions=none"}, 2);
  make_network(&file, &config);
  open_example(&trajectory, &file, overrides);
  ck_assert_str_eq(trajectory.unsaid,
                   "model.activation=relu model.attention=softmax (assumed), data.operation=add "
                   "data.train_fraction=0.4 data.seed=1 model.positions=none "
                   "model.attention_rate=0.5 (given)");
  trajectory_close(&trajectory);
}
END_TEST

static const struct {
  const char *settings[4];
  const char *tensor; /* changed, or removed; NULL to add one */
  struct TensorSpec with;
  char *override;
  const char *expected;
} bad_networks[] = {
    {{"model.n_layers=3"},
     "blocks.1.attn.W_K",
     {0},
     NULL,
     ": the parameter blocks.1.attn.W_K is missing"},
    {{"model.n_layers=2"},
     "blocks.1.mlp.b_in",
     {0},
     NULL,
     ": the parameter blocks.1.mlp.b_in is missing"},
    {{"model.n_layers=2"},
     "blocks.1.mlp.W_out",
     {"blocks.1.mlp.W_out", DTYPE_F32, 2, {D_MODEL, D_MLP}},
     NULL,
     ": blocks.1.mlp.W_out has shape [8, 7], expected [7, 8], its transpose"},
    {{"model.n_layers=2"},
     "blocks.1.attn.W_Q",
     {"blocks.1.attn.W_Q", DTYPE_F32, 3, {HEADS + 1, D_MODEL, D_HEAD}},
     NULL,
     ": blocks.1.attn.W_Q has shape [3, 8, 3], expected [2, 8, 3], to match the other parameters"},
    {{"model.n_layers=2"},
     NULL,
     {"blocks.70.attn.W_Q", DTYPE_F32, 3, {HEADS, D_MODEL, D_HEAD}},
     NULL,
     ": blocks.70.attn.W_Q: model.n_layers: found \"71\", expected an integer from 1 to 64"},
    {{"model.n_layers=2"},
     NULL,
     {"blocks.2.attn.mask", DTYPE_F32, 0, {0}},
     NULL,
     ": blocks.2.attn.mask belongs to another layer, but the network has only 2"},
    {{"model.n_layers=2"},
     NULL,
     {"blocks.1.attn.b_V", DTYPE_F32, 2, {HEADS, D_HEAD}},
     NULL,
     ": blocks.1.attn.b_V is not zero, but the network has no such bias"},
    {{"model.layer_norm=pre"}, "ln_final.w", {0}, NULL, ": the parameter ln_final.w is missing"},
    {{"model.layer_norm=pre"}, "blocks.0.ln2.b", {0}, NULL, ": the parameter blocks.0.ln2.b is m"},
    {{"model.layer_norm=post"}, "blocks.0.ln1.w", {0}, NULL, ": the parameter blocks.0.ln1.w is m"},
    {{"model.layer_norm=pre", "model.d_mlp=0"},
     NULL,
     {"blocks.0.ln2.w", DTYPE_F32, 1, {D_MODEL}},
     NULL,
     ": blocks.0.ln2.w belongs to a LayerNorm, which the network does not have"},
    {{"model.layer_norm=post"},
     "blocks.0.ln2.w",
     {"blocks.0.ln2.w", DTYPE_F32, 1, {D_MLP}},
     NULL,
     ": blocks.0.ln2.w has shape [7], expected [8], to match the other parameters"},
    {{"model.layer_norm=post"},
     NULL,
     {"x", DTYPE_F32, 0, {0}},
     "model.layer_norm=pre",
     "model.layer_norm=pre contradicts blocks.0.ln1.w in /tmp/"},
    {{"model.registers=2"},
     "registers.W",
     {"registers.W", DTYPE_F32, 2, {2, D_MLP}},
     NULL,
     ": registers.W has shape [2, 7], expected [2, 8], to match the other parameters"},
    {{"model.registers=2"},
     NULL,
     {"x", DTYPE_F32, 0, {0}},
     "model.registers=3",
     "model.registers=3 contradicts registers.W of shape [2, 8] in /tmp/"},
    {{NULL},
     NULL,
     {"x", DTYPE_F32, 0, {0}},
     "model.registers=3",
     "model.registers=3 contradicts the absence of registers.W in /tmp/"},
    {{"model.positions=none"},
     NULL,
     {"x", DTYPE_F32, 0, {0}},
     NULL,
     ": the parameter pos_embed.W_pos is missing; a network that needs none has "
     "model.positions=sinusoidal or model.positions=none"},
    {{NULL},
     NULL,
     {"x", DTYPE_F32, 0, {0}},
     "model.positions=none",
     "model.positions=none contradicts pos_embed.W_pos in /tmp/"},
    {{"data.equals=false"},
     NULL,
     {"x", DTYPE_F32, 0, {0}},
     "data.equals=true",
     "data.equals=true contradicts pos_embed.W_pos of shape [2, 8] in /tmp/"},
    {{"data.equals=false"},
     "unembed.W_U",
     {"unembed.W_U", DTYPE_F32, 2, {D_MODEL, P + 1}},
     NULL,
     ": unembed.W_U has shape [8, 6], expected one logit per token of embed.W_E (5)"},
    {{"model.tied_embeddings=true"},
     NULL,
     {"x", DTYPE_F32, 0, {0}},
     "model.output_equals=false",
     "model.output_equals=false contradicts the absence of unembed.W_U in /tmp/"},
    {{"model.n_heads=0"},
     NULL,
     {"x", DTYPE_F32, 0, {0}},
     NULL,
     ": model.n_heads = 0 and data.task = pairs contradict each other"},
};

START_TEST(a_contradiction_of_another_network_is_refused)
{
  struct Example file;
  struct Config config;
  char *overrides[] = {"data.seed=1", "data.train_fraction=0.4", bad_networks[_i].override, NULL};
  configure(&config, bad_networks[_i].settings, 4);
  make_network(&file, &config);
  change_tensor(&file, bad_networks[_i].tensor, &bad_networks[_i].with);
  assert_refused(&file, overrides, bad_networks[_i].expected);
}
END_TEST

static const size_t places[] = {0, 1023, 1024, 3000, 4999};

/* One number that is not zero, anywhere in a long bias. */
START_TEST(every_element_of_a_bias_counts)
{
  struct Example file;
  struct SafetensorsWriter writer;
  struct Error error = {0};
  struct Trajectory trajectory;
  const float tiny = 1e-30f;
  make_checkpoint(&file);
  change_tensor(&file, NULL, &absent_biases[3]);
  ck_assert(safetensors_create(&writer, path, file.tensors, file.n_tensors, NULL, 0, &error));
  for (size_t i = 0; i < N_PARAMETERS; i++)
    write_tensor(&writer, &file, i);
  ck_assert(safetensors_write(&writer, N_PARAMETERS, places[_i] * sizeof tiny, &tiny, sizeof tiny,
                              &error));
  ck_assert(safetensors_finish(&writer, &error));
  ck_assert(!trajectory_open(&trajectory, path, split_overrides, 2, &error));
  ck_assert_msg(strstr(error.message, "b_O is not zero"), "%s", error.message);
}
END_TEST

/* ---- answers in the file ---- */

#define S SNAPSHOTS

static const struct TensorSpec answers_tensor = {"answers", DTYPE_I64, 2, {P, P}};

/* Returns the digest of the answers. */
static void add_answers(struct Example *file, char digest[DIGEST_SIZE])
{
  int answers[P * P];
  for (size_t i = 0; i < P * P; i++)
    answers[i] = answer_of(i);
  file->answer = answers[P * P - 1];
  change_tensor(file, NULL, &answers_tensor);
  digest_format(answers_digest(answers, P), digest);
}

static void assert_answers(const struct Trajectory *trajectory, const char *digest)
{
  ck_assert_int_eq(trajectory->config.data.operation, OPERATION_TABLE);
  ck_assert_str_eq(trajectory->config.data.answers, digest);
  for (size_t i = 0; i < P * P; i++)
    ck_assert_int_eq(trajectory->dataset.answer[i], answer_of(i));
}

static void set_text(struct Example *file, const char *setting, const char *text)
{
  change_metadata(file, (struct MetadataEntry){setting, text});
}

START_TEST(answers_in_a_trajectory_are_its_own)
{
  struct Example file;
  struct Trajectory trajectory;
  char digest[DIGEST_SIZE];
  make_trajectory(&file);
  add_answers(&file, digest);
  set_text(&file, "data.operation", "table");
  set_text(&file, "data.answers", digest);
  if (_i == 1) put_prefix(&file, "model.");
  open_example(&trajectory, &file, no_overrides);
  assert_answers(&trajectory, digest);
  ck_assert_uint_eq(trajectory.dataset.n_train, 13);
  ck_assert_ptr_null(trajectory.unsaid);
  trajectory_close(&trajectory);
}
END_TEST

START_TEST(answers_in_a_checkpoint_say_what_they_are)
{
  struct Example file;
  struct Trajectory trajectory;
  char digest[DIGEST_SIZE];
  make_checkpoint(&file);
  add_answers(&file, digest);
  open_example(&trajectory, &file, split_overrides);
  assert_answers(&trajectory, digest);
  ck_assert_ptr_null(strstr(trajectory.unsaid, "data.operation"));
  ck_assert_ptr_null(strstr(trajectory.unsaid, "data.answers"));
  trajectory_close(&trajectory);
}
END_TEST

static void write_table(const char *name, int last)
{
  FILE *stream = fopen(name, "wb");
  ck_assert_ptr_nonnull(stream);
  for (size_t i = 0; i < P * P; i++)
    fprintf(stream, "%d%s", i < P * P - 1 ? answer_of(i) : last, i % P == P - 1 ? "\n" : " ");
  ck_assert_int_eq(fclose(stream), 0);
}

/* A checkpoint that has none takes them from a file; they are then told of, and their place is
   not. */
START_TEST(answers_may_come_from_a_file)
{
  struct Example file;
  struct Trajectory trajectory;
  char digest[DIGEST_SIZE], name[64], override[96];
  snprintf(name, sizeof name, "%s.table", path);
  snprintf(override, sizeof override, "data.table=%s", name);
  char *overrides[] = {"data.operation=table", override, "data.seed=1", "data.train_fraction=0.4",
                       NULL};
  make_checkpoint(&file);
  write_table(name, answer_of(P * P - 1));
  open_example(&trajectory, &file, overrides);
  ck_assert_ptr_nonnull(strstr(trajectory.unsaid, "data.answers="));
  ck_assert_ptr_null(strstr(trajectory.unsaid, "data.table="));
  snprintf(digest, sizeof digest, "%s", trajectory.config.data.answers);
  assert_answers(&trajectory, digest);
  trajectory_close(&trajectory);
  add_answers(&file, digest); /* now they are in both */
  open_example(&trajectory, &file, overrides);
  assert_answers(&trajectory, digest);
  trajectory_close(&trajectory);
  write_table(name, (answer_of(P * P - 1) + 1) % P);
  assert_refused(&file, overrides, ".table: its answers have the digest ");
  unlink(name);
  assert_refused(&file, overrides, ".table: cannot open: No such file or directory");
}
END_TEST

START_TEST(answers_out_of_range_are_refused)
{
  struct Example file;
  char digest[DIGEST_SIZE];
  make_checkpoint(&file);
  add_answers(&file, digest);
  file.answer = P;
  assert_refused(&file, split_overrides, ": answers: element 24 is 5, expected 0 to 4");
  file.answer = -1;
  assert_refused(&file, split_overrides, ": answers: element 24 is -1, expected 0 to 4");
}
END_TEST

START_TEST(answers_that_the_file_contradicts_are_refused)
{
  struct Example file;
  char digest[DIGEST_SIZE], expected[160];
  make_trajectory(&file);
  add_answers(&file, digest);
  assert_refused(&file, no_overrides,
                 ": __metadata__: data.operation=add contradicts the tensor answers, which means "
                 "table");
  set_text(&file, "data.operation", "table");
  set_text(&file, "data.answers", "0123456789abcdef0123456789abcdef");
  snprintf(expected, sizeof expected,
           ": __metadata__: data.answers=0123456789abcdef0123456789abcdef contradicts the tensor "
           "answers, which means %s",
           digest);
  assert_refused(&file, no_overrides, expected);
  set_text(&file, "data.answers", digest);
  char *overrides[] = {"data.operation=random", NULL};
  assert_refused(&file, overrides, "data.operation=random contradicts the tensor answers in /tmp/");
  file.n_tensors--; /* the digest alone is not enough */
  assert_refused(&file, no_overrides,
                 ": data.operation=table: pass data.table=FILE, the file of the answers");
}
END_TEST

/* ---- what does not ---- */

static const struct {
  const char *tensor;            /* the one that is changed; NULL to add one */
  struct TensorSpec with;        /* without a name: removed */
  struct MetadataEntry metadata; /* changed or added */
  char *override;
  const char *expected;
} bad_trajectories[] = {
    /* parameters */
    {"embed.W_E", {0}, {0}, NULL, ": the parameter embed.W_E is missing"},
    {"unembed.W_U",
     {0},
     {0},
     NULL,
     "model.tied_embeddings=false contradicts the absence of unembed.W_U, which means true"},
    {"blocks.0.mlp.b_in", {0}, {0}, NULL, ": the parameter blocks.0.mlp.b_in is missing"},
    {"blocks.0.mlp.b_out", {0}, {0}, NULL, ": the parameter blocks.0.mlp.b_out is missing"},
    {"embed.W_E",
     {"embed.W_E", DTYPE_I16, 3, {S, P + 1, D_MODEL}},
     {0},
     NULL,
     "tensor \"embed.W_E\" has dtype I16, expected F32, F64, F16 or BF16"},
    {"embed.W_E",
     {"embed.W_E", DTYPE_F32, 1, {P + 1}},
     {0},
     NULL,
     ": embed.W_E has shape [6], expected 2 axes"},
    {"embed.W_E",
     {"embed.W_E", DTYPE_F32, 2, {P + 1, D_MODEL}},
     {0},
     NULL,
     ": pos_embed.W_pos has shape [3, 3, 8], expected 2 axes"},
    {"blocks.0.attn.W_O",
     {"blocks.0.attn.W_O", DTYPE_F32, 3, {S, D_MODEL, HEADS *D_HEAD}},
     {0},
     NULL,
     ": blocks.0.attn.W_O has shape [3, 8, 6], expected 4 axes, the first over snapshots"},
    {"pos_embed.W_pos",
     {"pos_embed.W_pos", DTYPE_F32, 3, {S, 4, D_MODEL}},
     {0},
     NULL,
     ": pos_embed.W_pos has shape [3, 4, 8], expected [3, 3, 8], to match the other parameters"},
    {"blocks.0.mlp.b_out",
     {"blocks.0.mlp.b_out", DTYPE_F32, 2, {S - 1, D_MODEL}},
     {0},
     NULL,
     ": blocks.0.mlp.b_out has shape [2, 8], expected [3, 8]"},
    {"blocks.0.attn.W_V",
     {"blocks.0.attn.W_V", DTYPE_F32, 4, {S, HEADS, D_HEAD, D_MODEL}},
     {0},
     NULL,
     ": blocks.0.attn.W_V has shape [3, 2, 3, 8], expected [3, 2, 8, 3], its transpose"},
    {"embed.W_E",
     {"embed.W_E", DTYPE_F32, 3, {0, P + 1, D_MODEL}},
     {0},
     NULL,
     ": contains no snapshot"},
    {"unembed.W_U",
     {"unembed.W_U", DTYPE_F32, 3, {S, D_MODEL, P + 2}},
     {0},
     NULL,
     ": unembed.W_U has shape [3, 8, 7], expected one logit per token of embed.W_E (6), or"},
    {"blocks.0.mlp.b_in",
     {"blocks.0.mlp.b_in", DTYPE_F32, 2, {S, 0}},
     {0},
     NULL,
     ": __metadata__: model.d_mlp=7 contradicts blocks.0.mlp.b_in of shape [3, 0]"},
    {"blocks.0.mlp.W_in",
     {"blocks.0.mlp.W_in", DTYPE_F32, 3, {S, D_MLP, D_MODEL}},
     {0},
     NULL,
     ": blocks.0.mlp.W_in has shape [3, 7, 8], expected [3, 8, 7], its transpose"},
    /* parts that the network lacks */
    {NULL,
     {"blocks.0.ln1.w", DTYPE_F32, 1, {8}},
     {0},
     NULL,
     ": __metadata__: model.layer_norm=none contradicts blocks.0.ln1.w, which means post"},
    {NULL,
     {"ln_final.b", DTYPE_F32, 1, {8}},
     {0},
     NULL,
     ": __metadata__: model.layer_norm=none contradicts ln_final.b, which means pre"},
    {NULL, {"ln_final.scale", DTYPE_F32, 1, {8}}, {0}, NULL, ": ln_final.scale belongs to a Layer"},
    {NULL,
     {"blocks.1.attn.W_Q", DTYPE_F32, 1, {8}},
     {0},
     NULL,
     ": __metadata__: model.n_layers=1 contradicts blocks.1.attn.W_Q, which means 2"},
    {NULL,
     {"blocks.1.attn.b_Q", DTYPE_F32, 1, {8}},
     {0},
     NULL,
     ": blocks.1.attn.b_Q belongs to another layer, but the network has only one"},
    {NULL, {"blocks.10.x", DTYPE_F32, 1, {8}}, {0}, NULL, ": blocks.10.x belongs to another la"},
    {NULL,
     {"unembed.b_U", DTYPE_I8, 1, {P}},
     {0},
     NULL,
     "tensor \"unembed.b_U\" has dtype I8, expected F32, F64, F16 or BF16"},
    /* epochs */
    {"epoch", {0}, {0}, NULL, ": the tensor epoch, with the epochs of the 3 snapshots, is missing"},
    {"epoch", {"epoch", DTYPE_F32, 1, {S}}, {0}, NULL, ": epoch has dtype F32, expected I64"},
    {"epoch", {"epoch", DTYPE_I64, 1, {S - 1}}, {0}, NULL, ": epoch has shape [2], expected [3]"},
    {"epoch", {"epoch", DTYPE_I64, 2, {S, 1}}, {0}, NULL, ": epoch has shape [3, 1], expected [3]"},
    /* the split */
    {"train_mask",
     {"train_mask", DTYPE_F32, 2, {P, P}},
     {0},
     NULL,
     ": train_mask has dtype F32, expected BOOL"},
    {"train_mask",
     {"train_mask", DTYPE_BOOL, 1, {P * P}},
     {0},
     NULL,
     ": train_mask has shape [25], expected [5, 5]"},
    {"train_mask",
     {"train_mask", DTYPE_BOOL, 2, {P + 1, P}},
     {0},
     NULL,
     ": train_mask has shape [6, 5], expected [5, 5]"},
    {"train_mask",
     {"train_mask", DTYPE_BOOL, 2, {P, P + 1}},
     {0},
     NULL,
     ": train_mask has shape [5, 6], expected [5, 5]"},
    /* answers */
    {NULL, {"answers", DTYPE_F32, 2, {P, P}}, {0}, NULL, ": answers has dtype F32, expected I64"},
    {NULL,
     {"answers", DTYPE_I64, 2, {P, P + 1}},
     {0},
     NULL,
     ": answers has shape [5, 6], expected [5, 5], all pairs of numbers"},
    {NULL,
     {"answers", DTYPE_I64, 1, {P * P}},
     {0},
     NULL,
     ": answers has shape [25], expected [5, 5], all pairs of numbers"},
    /* metadata that the shapes contradict */
    {NULL,
     {"x", DTYPE_U8, 0, {0}},
     {"data.modulus", "7"},
     NULL,
     ": __metadata__: data.modulus=7 contradicts embed.W_E of shape [3, 6, 8], which means 5"},
    {NULL,
     {"x", DTYPE_U8, 0, {0}},
     {"model.d_model", "9"},
     NULL,
     ": __metadata__: model.d_model=9 contradicts embed.W_E of shape [3, 6, 8], which means 8"},
    {NULL,
     {"x", DTYPE_U8, 0, {0}},
     {"model.n_heads", "3"},
     NULL,
     "model.n_heads=3 contradicts blocks.0.attn.W_Q of shape [3, 2, 8, 3], which means 2"},
    {NULL,
     {"x", DTYPE_U8, 0, {0}},
     {"model.d_head", "4"},
     NULL,
     "model.d_head=4 contradicts blocks.0.attn.W_Q of shape [3, 2, 8, 3], which means 3"},
    {NULL,
     {"x", DTYPE_U8, 0, {0}},
     {"model.d_mlp", "6"},
     NULL,
     "model.d_mlp=6 contradicts blocks.0.mlp.b_in of shape [3, 7], which means 7"},
    {NULL,
     {"x", DTYPE_U8, 0, {0}},
     {"model.output_equals", "false"},
     NULL,
     "model.output_equals=false contradicts unembed.W_U of shape [3, 8, 6], which means true"},
    {NULL,
     {"x", DTYPE_U8, 0, {0}},
     {"model.biases", "false"},
     NULL,
     "model.biases=false contradicts blocks.0.mlp.b_in, which is not zero, which means true"},
    /* other tasks, before anything else that may be wrong */
    {"embed.W_E",
     {0},
     {"data.task", "skip-trigram"},
     NULL,
     ": trained on skip-trigram, not on pairs: there is no answer to each a and b to analyse"},
    {NULL,
     {"blocks.1.attn.W_Q", DTYPE_F32, 1, {8}},
     {"data.task", "subsequence"},
     NULL,
     ": trained on subsequence, not on pairs: there is no answer to each a and b to analyse"},
    {NULL,
     {"x", DTYPE_U8, 0, {0}},
     {"data.equals", "false"},
     NULL,
     "__metadata__: data.equals=false contradicts pos_embed.W_pos of shape [3, 3, 8], which means "
     "true"},
    /* metadata that is ours and wrong */
    {NULL,
     {"x", DTYPE_U8, 0, {0}},
     {"data.modulus", "five"},
     NULL,
     ": __metadata__: data.modulus: found \"five\""},
    {NULL,
     {"x", DTYPE_U8, 0, {0}},
     {"data.modulo", "5"},
     NULL,
     ": __metadata__: unknown setting \"modulo\""},
    /* overrides */
    {NULL,
     {"x", DTYPE_U8, 0, {0}},
     {0},
     "data.modulus=7",
     "data.modulus=7 contradicts embed.W_E of shape [3, 6, 8] in /tmp/check_trajectory."},
    {NULL,
     {"x", DTYPE_U8, 0, {0}},
     {0},
     "model.biases=false",
     "model.biases=false contradicts blocks.0.mlp.b_in, which is not zero in /tmp/"},
    {NULL, {"x", DTYPE_U8, 0, {0}}, {0}, "data.modulo=7", "data.modulo=7: unknown setting"},
    {NULL,
     {"x", DTYPE_U8, 0, {0}},
     {0},
     "data.train_fraction=0.01",
     ": data.modulus = 5 and data.train_fraction = 0.01 contradict each other"},
};

START_TEST(a_contradiction_is_refused)
{
  struct Example file;
  make_trajectory(&file);
  change_tensor(&file, bad_trajectories[_i].tensor, &bad_trajectories[_i].with);
  if (bad_trajectories[_i].metadata.key) change_metadata(&file, bad_trajectories[_i].metadata);
  char *overrides[] = {bad_trajectories[_i].override, NULL};
  assert_refused(&file, overrides, bad_trajectories[_i].expected);
}
END_TEST

START_TEST(missing_biases_contradict_their_setting)
{
  struct Example file;
  make_checkpoint(&file);
  change_tensor(&file, "blocks.0.mlp.b_in", &(struct TensorSpec){0});
  change_tensor(&file, "blocks.0.mlp.b_out", &(struct TensorSpec){0});
  char *overrides[] = {"model.biases=true", "data.seed=1", "data.train_fraction=0.4", NULL};
  assert_refused(&file, overrides,
                 "model.biases=true contradicts the absence of b_in and b_out in /tmp/");
}
END_TEST

static const struct {
  int64_t epochs[SNAPSHOTS];
  const char *expected;
} bad_epochs[] = {
    {{-1, 0, 1}, ": epoch: element 0 is -1, expected increasing numbers"},
    {{0, 100, 100}, ": epoch: element 2 is 100, expected"},
    {{100, 0, 200}, ": epoch: element 1 is 0, expected"},
    {{0, -1, 250}, ": epoch: element 1 is -1, expected"},
    {{-1, -1, -1}, ": contains no snapshot yet: training has just started"},
};

START_TEST(epochs_that_do_not_rise_are_refused)
{
  struct Example file;
  make_trajectory(&file);
  memcpy(file.epochs, bad_epochs[_i].epochs, sizeof file.epochs);
  assert_refused(&file, no_overrides, bad_epochs[_i].expected);
}
END_TEST

START_TEST(a_mask_of_one_kind_is_refused)
{
  struct Example file;
  make_trajectory(&file);
  file.mask = 0;
  assert_refused(&file, no_overrides, ": train_mask leaves no pair to train on");
  file.mask = 1;
  assert_refused(&file, no_overrides, ": train_mask leaves no pair to test on");
}
END_TEST

static const struct {
  char *overrides[3];
  bool mask;
  const char *expected;
} unknown_splits[] = {
    {{NULL}, false, "unknown: pass data.seed=... data.train_fraction=..."},
    {{"data.train_fraction=0.4", NULL}, false, "unknown: pass data.seed=..."},
    {{"data.seed=3", NULL}, false, "unknown: pass data.train_fraction=..."},
    {{"data.operation=random", NULL}, true, "the random answers depend on data.seed: pass data.se"},
};

START_TEST(a_split_that_is_not_known_is_asked_for)
{
  struct Example file;
  make_checkpoint(&file);
  if (unknown_splits[_i].mask)
    change_tensor(&file, NULL, &(struct TensorSpec){"train_mask", DTYPE_BOOL, 2, {P, P}});
  assert_refused(&file, unknown_splits[_i].overrides, unknown_splits[_i].expected);
}
END_TEST

START_TEST(a_mask_makes_the_seed_unnecessary)
{
  struct Example file;
  struct Trajectory trajectory;
  make_checkpoint(&file);
  change_tensor(&file, NULL, &(struct TensorSpec){"train_mask", DTYPE_BOOL, 2, {P, P}});
  open_example(&trajectory, &file, no_overrides);
  ck_assert_uint_eq(trajectory.dataset.n_train, 13);
  trajectory_close(&trajectory);
}
END_TEST

/* A token of a modulus below the least: W_E with no rows, and with one. */
START_TEST(a_size_out_of_range_is_refused)
{
  struct Example file;
  make_checkpoint(&file);
  for (size_t rows = 0; rows < 3; rows++) {
    change_tensor(&file, "embed.W_E",
                  &(struct TensorSpec){"embed.W_E", DTYPE_F32, 2, {rows, D_MODEL}});
    change_tensor(&file, "unembed.W_U",
                  &(struct TensorSpec){"unembed.W_U", DTYPE_F32, 2, {D_MODEL, rows}});
    assert_refused(&file, split_overrides, ", 8]: data.modulus: found \"");
  }
}
END_TEST

START_TEST(a_file_that_is_none_is_refused)
{
  struct Error error = {0};
  struct Trajectory trajectory;
  ck_assert(!trajectory_open(&trajectory, "/nowhere/at.all", no_overrides, 0, &error));
  ck_assert_str_eq(error.message, "/nowhere/at.all: cannot open: No such file or directory");
  ck_assert(!trajectory_open(&trajectory, path, no_overrides, 0, &error));
  ck_assert_msg(strstr(error.message, ": the file is empty"), "%s", error.message);
}
END_TEST

static const struct {
  float value;
  const char *text;
} not_finite[] = {{NAN, "nan"}, {INFINITY, "inf"}, {-INFINITY, "-inf"}};

START_TEST(a_value_that_is_not_finite_is_refused)
{
  struct Example file;
  struct SafetensorsWriter writer;
  struct Error error = {0};
  struct Trajectory trajectory;
  struct Parameters parameters;
  make_trajectory(&file);
  ck_assert(safetensors_create(&writer, path, file.tensors, file.n_tensors, file.metadata,
                               file.n_metadata, &error));
  for (size_t i = 0; i < file.n_tensors; i++)
    write_tensor(&writer, &file, i);
  size_t count = HEADS * D_HEAD * D_MODEL;
  ck_assert(safetensors_write(&writer, W_O, (count + 17) * sizeof(float), &not_finite[_i].value,
                              sizeof(float), &error));
  ck_assert(safetensors_finish(&writer, &error));
  ck_assert_msg(trajectory_open(&trajectory, path, no_overrides, 0, &error), "%s", error.message);
  ck_assert(parameters_init(&parameters, &trajectory.config, &error));
  ck_assert(trajectory_read(&trajectory, 0, &parameters, &error));
  ck_assert(!trajectory_read(&trajectory, 1, &parameters, &error));
  char expected[256];
  snprintf(expected, sizeof expected,
           "%s: blocks.0.attn.W_O is not finite at epoch 100: element 17 is %s", path,
           not_finite[_i].text);
  ck_assert_str_eq(error.message, expected);
  ck_assert(trajectory_read(&trajectory, 2, &parameters, &error));
  parameters_release(&parameters);
  trajectory_close(&trajectory);
}
END_TEST

/* Another split, another snapshot or another order is another trajectory. */
START_TEST(a_digest_is_of_the_split_and_of_all_snapshots)
{
  const uint8_t train[] = {1, 0}, others[] = {0, 1};
  const struct Digest snapshots[] = {{1, 2}, {3, 4}}, turned[] = {{3, 4}, {1, 2}};
  struct Digest digest = trajectory_digest(train, 2, snapshots, 2);
  ck_assert(digest_equal(digest, trajectory_digest(train, 2, snapshots, 2)));
  ck_assert(!digest_equal(digest, trajectory_digest(others, 2, snapshots, 2)));
  ck_assert(!digest_equal(digest, trajectory_digest(train, 1, snapshots, 2)));
  ck_assert(!digest_equal(digest, trajectory_digest(train, 2, turned, 2)));
  ck_assert(!digest_equal(digest, trajectory_digest(train, 2, snapshots, 1)));
}
END_TEST

static const struct {
  int64_t epoch;
  size_t snapshot;
  const char *expected;
} epochs_asked_for[] = {
    {0, 0, NULL},
    {100, 1, NULL},
    {250, 2, NULL},
    {-1, 2, NULL},
    {1, 0, ": no snapshot at epoch 1, the nearest are at 0 and 100"},
    {249, 0, ": no snapshot at epoch 249, the nearest are at 100 and 250"},
    {251, 0, ": no snapshot at epoch 251, the nearest is at 250"},
    {-2, 0, ": no snapshot at epoch -2, the nearest is at 0"},
};

START_TEST(snapshots_are_found_by_epoch)
{
  struct Example file;
  struct Error error = {0};
  struct Trajectory trajectory;
  make_trajectory(&file);
  open_example(&trajectory, &file, no_overrides);
  size_t snapshot = 99;
  bool found = trajectory_find(&trajectory, epochs_asked_for[_i].epoch, &snapshot, &error);
  ck_assert(found == !epochs_asked_for[_i].expected);
  if (found) ck_assert_uint_eq(snapshot, epochs_asked_for[_i].snapshot);
  if (!found) {
    ck_assert_int_eq(strncmp(error.message, path, strlen(path)), 0);
    ck_assert_str_eq(error.message + strlen(path), epochs_asked_for[_i].expected);
  }
  trajectory_close(&trajectory);
}
END_TEST

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

int main(void)
{
  Suite *suite = suite_create("trajectory");
  TCase *opening = tcase_create("opening");
  tcase_add_checked_fixture(opening, make_file, remove_file);
  tcase_add_test(opening, our_own_trajectory_opens);
  tcase_add_loop_test(opening, an_unfinished_trajectory_is_of_the_snapshots_so_far, 0, 2);
  tcase_add_test(opening, overrides_win_over_metadata);
  tcase_add_test(opening, a_checkpoint_of_pytorch_opens);
  tcase_add_loop_test(opening, a_prefix_of_all_names_is_taken_off, 0, LENGTH(prefixes));
  tcase_add_loop_test(opening, what_a_file_does_not_say_is_told, 0, LENGTH(unsaid));
  tcase_add_test(opening, of_our_own_trajectory_nothing_is_unsaid);
  tcase_add_test(opening, double_precision_opens);
  tcase_add_test(opening, missing_biases_are_zero);
  tcase_add_test(opening, zero_biases_may_be_none);
  tcase_add_test(opening, outputs_may_lack_the_equals_logit);
  tcase_add_loop_test(opening, tensors_that_change_nothing_are_passed_over, 0, LENGTH(harmless));
  tcase_add_loop_test(opening, trajectories_of_other_networks_open, 0, LENGTH(networks));
  tcase_add_loop_test(opening, checkpoints_of_other_networks_open, 0, LENGTH(networks));
  tcase_add_test(opening, what_a_file_does_not_say_of_other_networks_is_told);
  tcase_add_test(opening, a_mask_makes_the_seed_unnecessary);
  tcase_add_loop_test(opening, answers_in_a_trajectory_are_its_own, 0, 2);
  tcase_add_test(opening, answers_in_a_checkpoint_say_what_they_are);
  tcase_add_test(opening, answers_may_come_from_a_file);
  tcase_add_loop_test(opening, snapshots_are_found_by_epoch, 0, LENGTH(epochs_asked_for));
  tcase_add_test(opening, a_digest_is_of_the_split_and_of_all_snapshots);
  suite_add_tcase(suite, opening);
  TCase *refusing = tcase_create("refusing");
  tcase_add_checked_fixture(refusing, make_file, remove_file);
  tcase_add_test(refusing, a_prefix_hides_nothing);
  tcase_add_test(refusing, a_prefix_of_some_names_is_not_taken_off);
  tcase_add_test(refusing, other_names_are_told);
  tcase_add_test(refusing, a_W_O_for_all_heads_is_cut);
  tcase_add_test(refusing, a_W_O_that_heads_do_not_divide_is_refused);
  tcase_add_loop_test(refusing, biases_that_the_network_lacks_must_be_zero, 0,
                      LENGTH(absent_biases));
  tcase_add_loop_test(refusing, every_element_of_a_bias_counts, 0, LENGTH(places));
  tcase_add_loop_test(refusing, a_contradiction_is_refused, 0, LENGTH(bad_trajectories));
  tcase_add_loop_test(refusing, a_contradiction_of_another_network_is_refused, 0,
                      LENGTH(bad_networks));
  tcase_add_test(refusing, answers_out_of_range_are_refused);
  tcase_add_test(refusing, answers_that_the_file_contradicts_are_refused);
  tcase_add_test(refusing, missing_biases_contradict_their_setting);
  tcase_add_loop_test(refusing, epochs_that_do_not_rise_are_refused, 0, LENGTH(bad_epochs));
  tcase_add_test(refusing, a_mask_of_one_kind_is_refused);
  tcase_add_loop_test(refusing, a_split_that_is_not_known_is_asked_for, 0, LENGTH(unknown_splits));
  tcase_add_test(refusing, a_size_out_of_range_is_refused);
  tcase_add_test(refusing, a_file_that_is_none_is_refused);
  tcase_add_loop_test(refusing, a_value_that_is_not_finite_is_refused, 0, LENGTH(not_finite));
  suite_add_tcase(suite, refusing);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
