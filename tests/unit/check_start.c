/* Starting from a checkpoint (run/start.h), and the history's columns of each answer token. */
#include "network/flush.h"
#include "network/random.h"
#include "run/history.h"
#include "run/start.h"
#include "tensor/safetensors.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/check_start.XXXXXX";

static void enter_folder(void)
{
  ck_assert_ptr_nonnull(mkdtemp(folder));
  ck_assert_int_eq(chdir(folder), 0);
}

static void leave_folder(void)
{
  unlink("checkpoint");
  unlink("history.tsv");
  ck_assert_int_eq(chdir("/"), 0);
  ck_assert_int_eq(rmdir(folder), 0);
}

static struct Config configure(const char *const *settings)
{
  static const char *const small[] = {"data.modulus=5", "model.d_model=4", "model.n_heads=1",
                                      "model.d_head=3", "model.d_mlp=6",   "train.from=checkpoint"};
  struct Config config;
  struct Error error = {0};
  config_init(&config);
  for (size_t i = 0; i < sizeof small / sizeof *small; i++)
    ck_assert(config_override(&config, small[i], &error));
  for (; *settings; settings++)
    ck_assert_msg(config_override(&config, *settings, &error), "%s", error.message);
  return config;
}

/* Number i of snapshot s of a checkpoint; one of them is smaller than what is kept in float32. */
static double value_at(size_t s, size_t i)
{
  return i == 7 ? 1e-14 : random_normal((int64_t)s, "start", i);
}

/* How a checkpoint is written. */
struct Checkpoint {
  size_t n_snapshots;   /* 0: without a snapshot axis */
  bool exact;           /* F64 */
  const char *left_out; /* a parameter */
  double special;       /* value of the last number, unless 0 */
  double bias;          /* value of every bias */
};

static void write_values(const struct SafetensorsWriter *writer, size_t tensor,
                         const struct ParameterInfo *info, size_t s, const struct Checkpoint *how,
                         size_t total)
{
  struct Error error = {0};
  for (size_t i = 0; i < info->count; i++) {
    double value = value_at(s, info->offset + i);
    bool is_bias = info->kind == B_IN || info->kind == B_OUT;
    if (is_bias) value = how->bias;
    if (how->special != 0 && info->offset + i == total - 1) value = how->special;
    float rounded = (float)value;
    size_t size = how->exact ? sizeof value : sizeof rounded;
    ck_assert(safetensors_write(writer, tensor, (s * info->count + i) * size,
                                how->exact ? (void *)&value : (void *)&rounded, size, &error));
  }
}

static void write_checkpoint(const struct Config *config, const struct Checkpoint *how)
{
  struct Parameters list;
  struct Error error = {0};
  struct SafetensorsWriter writer;
  struct TensorSpec specs[N_PARAMETERS + 1];
  int places[N_PARAMETERS];
  size_t n = 0;
  ck_assert(parameters_describe(&list, config, &error));
  for (int i = 0; i < list.n; i++) {
    const struct ParameterInfo *info = &list.info[i];
    if (how->left_out && strcmp(info->name, how->left_out) == 0) continue;
    struct TensorSpec *spec = &specs[n];
    *spec = (struct TensorSpec){.name = info->name, .dtype = how->exact ? DTYPE_F64 : DTYPE_F32};
    if (how->n_snapshots > 0) spec->shape[spec->rank++] = how->n_snapshots;
    for (int axis = 0; axis < info->rank; axis++)
      spec->shape[spec->rank++] = info->shape[axis];
    places[n++] = i;
  }
  specs[n] = (struct TensorSpec){"epoch", DTYPE_I64, how->n_snapshots > 0, {how->n_snapshots}};
  ck_assert(safetensors_create(&writer, "checkpoint", specs, n + 1, NULL, 0, &error));
  for (size_t k = 0; k < n; k++)
    for (size_t s = 0; s < (how->n_snapshots > 0 ? how->n_snapshots : 1); s++)
      write_values(&writer, k, &list.info[places[k]], s, how, list.total);
  for (int64_t s = 0; s < (int64_t)how->n_snapshots; s++)
    ck_assert(safetensors_write(&writer, n, (size_t)s * sizeof s, &s, sizeof s, &error));
  ck_assert(safetensors_finish(&writer, &error));
  parameters_release(&list);
}

/* A state that starts from it. */
struct Started {
  struct Parameters list;
  struct TrainingState state;
  struct Error error;
  bool started;
};

static void start(struct Started *s, const struct Config *config)
{
  *s = (struct Started){0};
  ck_assert(parameters_describe(&s->list, config, &s->error));
  ck_assert(training_state_init(&s->state, config, s->list.total, &s->error));
  s->started = start_read(config, &s->list, &s->state, &s->error);
}

static void started_release(struct Started *s)
{
  training_state_release(&s->state);
  parameters_release(&s->list);
}

/* From F32 or F64, of one or the last of several snapshots, to float32 or float64. */
START_TEST(weights_are_those_of_the_last_snapshot)
{
  const bool exact_file = _i & 1, exact = _i & 2;
  const size_t n_snapshots = _i & 4 ? 3 : 0;
  struct Config config = configure(
      (const char *const[]){exact ? "train.precision=float64" : "train.precision=float32", NULL});
  struct Started s;
  write_checkpoint(&config, &(struct Checkpoint){.n_snapshots = n_snapshots, .exact = exact_file});
  start(&s, &config);
  ck_assert_msg(s.started, "%s", s.error.message);
  for (int k = 0; k < s.list.n; k++) {
    const struct ParameterInfo *info = &s.list.info[k];
    for (size_t i = info->offset; i < info->offset + info->count; i++) {
      double value = value_at(n_snapshots > 0 ? n_snapshots - 1 : 0, i);
      if (info->kind == B_IN || info->kind == B_OUT) value = 0;
      if (!exact_file || !exact) value = (double)(float)value;
      if (!exact) value = (double)flush((float)value);
      ck_assert(training_state_number(&s.state, s.state.values, i) == value);
      ck_assert(training_state_number(&s.state, s.state.m, i) == 0);
    }
  }
  ck_assert_int_eq(s.state.step, 0);
  started_release(&s);
}
END_TEST

static void expect_named(struct Config *config)
{
  struct Error error = {0};
  ck_assert_msg(start_name_weights(config, &error), "%s", error.message);
  ck_assert_uint_eq(strlen(config->train.start), DIGEST_SIZE - 1);
}

START_TEST(weights_have_a_name_whatever_the_data)
{
  struct Config config = configure((const char *const[]){NULL}), other, without = config;
  struct Error error = {0};
  write_checkpoint(&config, &(struct Checkpoint){0});
  expect_named(&config);
  other =
      configure((const char *const[]){"data.operation=random", "data.seed=8",
                                      "data.train_fraction=0.8", "model.activation=gelu", NULL});
  expect_named(&other);
  ck_assert_str_eq(config.train.start, other.train.start);
  ck_assert(digest_equal(config_digest(&without), config_digest(&config)) == false);
  write_checkpoint(&config, &(struct Checkpoint){.special = 0.5});
  other.train.start[0] = '\0';
  expect_named(&other);
  ck_assert_str_ne(config.train.start, other.train.start);
  ck_assert(!start_name_weights(&config, &error));
  char expected[256];
  snprintf(expected, sizeof expected,
           "checkpoint: its weights have the digest %s, expected train.start=%s", other.train.start,
           config.train.start);
  ck_assert_str_eq(error.message, expected);
  config.train.from[0] = '\0';
  ck_assert(!start_name_weights(&config, &error));
  ck_assert_ptr_nonnull(strstr(error.message, ": pass train.from=FILE"));
  config.train.start[0] = '\0';
  ck_assert(start_name_weights(&config, &error));
}
END_TEST

static const struct {
  const char *setting; /* of the training, not of the checkpoint */
  struct Checkpoint checkpoint;
  const char *message;
} misfits[] = {
    {"data.modulus=7", {0}, "embed.W_E has shape [6, 4], in the network to be trained [8, 4]"},
    {"model.n_heads=2",
     {.n_snapshots = 2},
     "blocks.0.attn.W_Q has shape [1, 4, 3], in the network to be trained [2, 4, 3]"},
    {"model.output_equals=false",
     {0},
     "unembed.W_U has shape [4, 6], in the network to be trained [4, 5]"},
    {"model.n_layers=2", {0}, "model.n_layers is 1 in the file, 2 in the network to be trained"},
    {"model.tied_embeddings=true",
     {0},
     "unembed.W_U is a parameter that the network to be trained does not have"},
    {"data.seed=1", {.left_out = "embed.W_E"}, "the parameter embed.W_E is missing"},
    {"data.seed=1", {.special = INFINITY}, "unembed.W_U is not finite: element 23 is inf"},
};

START_TEST(what_does_not_fit_is_named)
{
  struct Config config = configure((const char *const[]){NULL});
  struct Started s;
  char expected[256];
  write_checkpoint(&config, &misfits[_i].checkpoint);
  config = configure((const char *const[]){misfits[_i].setting, NULL});
  start(&s, &config);
  ck_assert(!s.started);
  snprintf(expected, sizeof expected, "train.from: checkpoint: %s", misfits[_i].message);
  ck_assert_str_eq(s.error.message, expected);
  started_release(&s);
}
END_TEST

START_TEST(biases_that_are_not_trained_are_zero)
{
  struct Config config = configure((const char *const[]){"model.biases=false", NULL});
  struct Started s;
  write_checkpoint(&config, &(struct Checkpoint){0});
  start(&s, &config);
  ck_assert_msg(s.started, "%s", s.error.message);
  started_release(&s);
  write_checkpoint(&config, &(struct Checkpoint){.bias = 0.5});
  start(&s, &config);
  ck_assert(!s.started);
  ck_assert_str_eq(s.error.message, "train.from: checkpoint: blocks.0.mlp.b_in is not zero, but "
                                    "model.biases = false");
  started_release(&s);
}
END_TEST

/* ---- the history ---- */

START_TEST(each_answer_token_has_its_columns)
{
  struct Config config;
  struct Table table;
  struct Error error = {0};
  struct HistoryRow rows[2] = {0};
  config_init(&config);
  ck_assert(config_override(&config, "data.task=digits", &error));
  ck_assert(config_override(&config, "data.digits=3", &error));
  ck_assert_uint_eq(performance_n_tokens(&config), 4);
  for (int i = 0; i < 4; i++) {
    rows[1].train.token_losses[i] = 10 + i;
    rows[1].test.token_losses[i] = 20 + i;
  }
  ck_assert(history_write("history.tsv", &config, &(struct Provenance){0}, rows, 2, 80, &error));
  ck_assert_msg(table_read(&table, "history.tsv", &error), "%s", error.message);
  ck_assert_uint_eq(table.n_columns, 5 + 8);
  for (int i = 0; i < 4; i++) {
    char name[32];
    snprintf(name, sizeof name, "train_loss_%d", i);
    double *train = table_numbers(&table, name, &error);
    snprintf(name, sizeof name, "test_loss_%d", i);
    double *test = table_numbers(&table, name, &error);
    ck_assert(train && train[0] == 0 && train[1] == 10 + i);
    ck_assert(test && test[0] == 0 && test[1] == 20 + i);
    free(train);
    free(test);
  }
  table_release(&table);
}
END_TEST

START_TEST(one_answer_has_no_columns_of_its_own)
{
  struct Config config;
  struct Table table;
  struct Error error = {0};
  struct HistoryRow row = {0};
  config_init(&config);
  ck_assert(history_write("history.tsv", &config, &(struct Provenance){0}, &row, 1, 0, &error));
  ck_assert(table_read(&table, "history.tsv", &error));
  ck_assert_uint_eq(table.n_columns, 5);
  table_release(&table);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("start");
  TCase *tests = tcase_create("start");
  tcase_add_checked_fixture(tests, enter_folder, leave_folder);
  tcase_add_loop_test(tests, weights_are_those_of_the_last_snapshot, 0, 8);
  tcase_add_test(tests, weights_have_a_name_whatever_the_data);
  tcase_add_loop_test(tests, what_does_not_fit_is_named, 0, sizeof misfits / sizeof *misfits);
  tcase_add_test(tests, biases_that_are_not_trained_are_zero);
  tcase_add_test(tests, each_answer_token_has_its_columns);
  tcase_add_test(tests, one_answer_has_no_columns_of_its_own);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
