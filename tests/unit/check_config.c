/* Settings: defaults, files, overrides, ranges, contradictions, the canonical dump. */
#include "config/config.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

static char folder[] = "/tmp/check_config.XXXXXX";

static void enter_folder(void)
{
  ck_assert_ptr_nonnull(mkdtemp(folder));
  ck_assert_int_eq(chdir(folder), 0);
}

static void leave_folder(void)
{
  unlink("run.ini");
  ck_assert_int_eq(chdir("/"), 0);
  ck_assert_int_eq(rmdir(folder), 0);
}

static void write_file(const char *text)
{
  FILE *stream = fopen("run.ini", "wb");
  ck_assert_ptr_nonnull(stream);
  ck_assert_int_ge(fputs(text, stream), 0);
  ck_assert_int_eq(fclose(stream), 0);
}

/* The canonical dump, which the caller frees. */
static char *dump(const struct Config *config)
{
  char *text = NULL;
  size_t length = 0;
  FILE *stream = open_memstream(&text, &length);
  ck_assert_ptr_nonnull(stream);
  config_write(config, stream);
  ck_assert_int_eq(fclose(stream), 0);
  return text;
}

static void ck_assert_same_dump(const struct Config *one, const struct Config *other)
{
  char *a = dump(one), *b = dump(other);
  ck_assert_str_eq(a, b);
  free(a);
  free(b);
}

START_TEST(the_defaults_are_the_papers_mainline)
{
  static const char mainline[] =
      "[data]\nmodulus = 113\noperation = add\ntrain_fraction = 0.3\nseed = 0\n\n"
      "[model]\nd_model = 128\nn_heads = 4\nd_head = 32\nd_mlp = 512\nactivation = relu\n"
      "attention = softmax\noutput_equals = true\nbiases = true\n\n"
      "[optimizer]\nlearning_rate = 0.001\nbeta1 = 0.9\nbeta2 = 0.98\nepsilon = 1e-08\n"
      "weight_decay = 1\nwarmup_steps = 10\n\n"
      "[train]\nepochs = 40000\nseed = 0\nsnapshot_every = 100\nevaluate_every = 50\n"
      "stop_test_loss = 0\n";
  struct Error error;
  struct Config config;
  config_init(&config);
  char *text = dump(&config);
  ck_assert_str_eq(text, mainline);
  free(text);
  ck_assert(config_check(&config, &error));
  ck_assert_uint_eq(config.given, 0);
  ck_assert(config.optimizer.epsilon == 1e-8 && config.optimizer.beta2 == 0.98);
  ck_assert(config.data.train_fraction == 0.3 && config.model.output_equals);
}
END_TEST

START_TEST(a_file_sets_what_it_names)
{
  struct Error error = {0};
  struct Config config;
  config_init(&config);
  write_file("# a run\n[train]\n  epochs = 5\n[data]\nmodulus=59 ; small\noperation = quadratic\n"
             "[model]\nactivation = gelu\nattention = softmax1-unnormalised\nbiases = false\n"
             "[data]\nseed = -12345678901\n[optimizer]\nlearning_rate = 1e-3\n");
  ck_assert_msg(config_read_file(&config, "run.ini", &error), "%s", error.message);
  ck_assert_int_eq(config.train.epochs, 5);
  ck_assert_int_eq(config.data.modulus, 59);
  ck_assert_int_eq(config.data.operation, OPERATION_QUADRATIC);
  ck_assert_int_eq(config.model.activation, ACTIVATION_GELU);
  ck_assert_int_eq(config.model.attention, ATTENTION_SOFTMAX1_UNNORMALISED);
  ck_assert(!config.model.biases);
  ck_assert_int_eq(config.data.seed, -12345678901);
  ck_assert(config.optimizer.learning_rate == 0.001);
  ck_assert_int_eq(config.model.d_model, 128);
  ck_assert(config_given(&config, "data.seed") && config_given(&config, "optimizer.learning_rate"));
  ck_assert(!config_given(&config, "train.seed") && !config_given(&config, "no.such"));
  ck_assert(config_check(&config, &error));
}
END_TEST

START_TEST(later_sources_win)
{
  struct Error error = {0};
  struct Config config;
  config_init(&config);
  write_file("[data]\nmodulus = 59\nseed = 1\n");
  ck_assert(config_read_file(&config, "run.ini", &error));
  write_file("[data]\nmodulus = 61\n");
  ck_assert(config_read_file(&config, "run.ini", &error));
  ck_assert_int_eq(config.data.modulus, 61);
  ck_assert(config_override(&config, "data.modulus=67", &error));
  ck_assert(config_set(&config, "model.attention", "uniform", &error));
  ck_assert_int_eq(config.data.modulus, 67);
  ck_assert_int_eq(config.data.seed, 1);
  ck_assert_int_eq(config.model.attention, ATTENTION_UNIFORM);
}
END_TEST

static const struct {
  const char *text, *error;
} bad_files[] = {
    {"[data]\nmodulos = 5\n", "run.ini:2: unknown setting \"modulos\" in section [data], expected "
                              "one of modulus, operation, train_fraction, seed, task, equals, "
                              "table, answers, digits, vocabulary, "
                              "length, run, repeats, examples, test_examples"},
    {"\n[optimiser]\nbeta1 = 0.9\n", "run.ini:3: unknown section [optimiser], expected one of "
                                     "data, model, optimizer, train"},
    {"modulus = 5\n",
     "run.ini:1: setting \"modulus\" is outside any section, expected one of data, "
     "model, optimizer, train"},
    {"[data]\nmodulus = 5\n; again\nmodulus = 5\n",
     "run.ini:4: data.modulus is set twice in this file, first on line 2"},
    {"[data]\nmodulus = 5\n[model]\n[data]\nmodulus = 7\n",
     "run.ini:5: data.modulus is set twice in this file, first on line 2"},
    {"[data]\nmodulus = 5x\n",
     "run.ini:2: data.modulus: found \"5x\", expected an integer from 2 to 1021"},
    {"[data]\nmodulus =\n",
     "run.ini:2: data.modulus: found \"\", expected an integer from 2 to 1021"},
    {"[data]\nmodulus\n", "run.ini:2: expected \"[section]\" or \"key = value\""},
};

START_TEST(bad_files_are_errors_at_their_line)
{
  struct Error error = {0};
  struct Config config;
  config_init(&config);
  write_file(bad_files[_i].text);
  ck_assert(!config_read_file(&config, "run.ini", &error));
  ck_assert_str_eq(error.message, bad_files[_i].error);
}
END_TEST

static const struct {
  const char *assignment, *error;
} bad_overrides[] = {
    {"data.modulus", "expected section.key=value"},
    {"modulus=7", "setting \"modulus\" is outside any section, expected one of data, model, "
                  "optimizer, train"},
    {"=7", "setting \"\" is outside any section, expected one of data, model, optimizer, train"},
    {"data.=7",
     "unknown setting \"\" in section [data], expected one of modulus, operation, "
     "train_fraction, seed, task, equals, table, answers, digits, vocabulary, length, run, "
     "repeats, examples, test_examples"},
    {".modulus=7",
     "setting \"modulus\" is outside any section, expected one of data, model, optimizer, train"},
    {"dat.modulus=7", "unknown section [dat], expected one of data, model, optimizer, train"},
    {"data.modulus =7",
     "unknown setting \"modulus \" in section [data], expected one of modulus, "
     "operation, train_fraction, seed, task, equals, table, answers, digits, vocabulary, "
     "length, run, repeats, examples, test_examples"},
    {"data.modulus=1", "data.modulus: found \"1\", expected an integer from 2 to 1021"},
    {"data.modulus=1022", "data.modulus: found \"1022\", expected an integer from 2 to 1021"},
    {"data.modulus=4294967303",
     "data.modulus: found \"4294967303\", expected an integer from 2 to 1021"},
    {"data.modulus=1e2", "data.modulus: found \"1e2\", expected an integer from 2 to 1021"},
    {"data.operation=plus", "data.operation: found \"plus\", expected add, subtract, quadratic, "
                            "random, multiply, divide or table"},
    {"data.operation=ADD", "data.operation: found \"ADD\", expected add, subtract, quadratic, "
                           "random, multiply, divide or table"},
    {"data.answers=0123", "data.answers: found \"0123\", expected 32 hexadecimal digits"},
    {"data.answers=0123456789abcdef0123456789abcdeg",
     "data.answers: found \"0123456789abcdef0123456789abcdeg\", expected 32 hexadecimal digits"},
    {"data.answers=0123456789abcdef0123456789abcdef0",
     "data.answers: found \"0123456789abcdef0123456789abcdef0\", expected 32 hexadecimal digits"},
    {"data.train_fraction=0",
     "data.train_fraction: found \"0\", expected a number above 0 and below 1"},
    {"data.train_fraction=1",
     "data.train_fraction: found \"1\", expected a number above 0 and below 1"},
    {"data.train_fraction=30%",
     "data.train_fraction: found \"30%\", expected a number above 0 and below 1"},
    {"data.seed=0.5", "data.seed: found \"0.5\", expected a 64-bit integer"},
    {"data.seed=9223372036854775808",
     "data.seed: found \"9223372036854775808\", expected a 64-bit integer"},
    {"model.d_head=0", "model.d_head: found \"0\", expected an integer from 1 to 1024"},
    {"model.biases=1", "model.biases: found \"1\", expected true or false"},
    {"optimizer.beta1=1",
     "optimizer.beta1: found \"1\", expected a number of at least 0 and below 1"},
    {"optimizer.beta2=nan",
     "optimizer.beta2: found \"nan\", expected a number of at least 0 and below 1"},
    {"optimizer.epsilon=0", "optimizer.epsilon: found \"0\", expected a number above 0"},
    {"optimizer.weight_decay=-1",
     "optimizer.weight_decay: found \"-1\", expected a number of at least 0"},
    {"optimizer.weight_decay=inf",
     "optimizer.weight_decay: found \"inf\", expected a number of at least 0"},
    {"optimizer.learning_rate=nan",
     "optimizer.learning_rate: found \"nan\", expected a number above 0"},
    {"train.epochs=0", "train.epochs: found \"0\", expected an integer from 1 to 100000000"},
};

START_TEST(bad_overrides_are_errors_that_quote_them)
{
  struct Error error = {0};
  struct Config config, untouched;
  char expected[512];
  config_init(&config);
  config_init(&untouched);
  ck_assert(!config_override(&config, bad_overrides[_i].assignment, &error));
  snprintf(expected, sizeof expected, "%s: %s", bad_overrides[_i].assignment,
           bad_overrides[_i].error);
  ck_assert_str_eq(error.message, expected);
  ck_assert_same_dump(&config, &untouched);
  ck_assert_uint_eq(config.given, 0);
}
END_TEST

/* The ends of the ranges that lie inside. */
static const char *const good_overrides[] = {
    "data.modulus=2",
    "data.modulus=1021",
    "data.seed=-9223372036854775808",
    "data.seed=9223372036854775807",
    "data.train_fraction=1e-300",
    "optimizer.beta1=0",
    "optimizer.weight_decay=0",
    "optimizer.weight_decay=-0",
    "optimizer.warmup_steps=0",
    "train.epochs=1",
    "train.stop_test_loss=0",
};

START_TEST(the_ends_of_ranges_are_accepted)
{
  struct Error error = {0};
  struct Config config;
  config_init(&config);
  ck_assert_msg(config_override(&config, good_overrides[_i], &error), "%s", error.message);
}
END_TEST

/* ---- the settings taken together ---- */

static const struct {
  const char *assignments[6]; /* NULL after the last one */
  const char *error;          /* NULL where there is no contradiction */
} combinations[] = {
    {{"data.modulus=2", "data.train_fraction=0.25"}, NULL},
    {{"data.modulus=2", "data.train_fraction=0.2"},
     "data.modulus = 2 and data.train_fraction = 0.2 contradict each other: 0 of the 4 pairs "
     "train, which leaves none to train on"},
    {{"data.modulus=1021", "model.d_mlp=2060"}, NULL},
    {{"data.modulus=1021", "model.d_mlp=2061"},
     "data.modulus = 1021 and model.d_mlp = 2061 are too large together: the neurons on all pairs "
     "take 2148470901 numbers, expected at most 2147483647"},
    {{"optimizer.learning_rate=0.1", "optimizer.weight_decay=9.99"}, NULL},
    {{"optimizer.learning_rate=0.1", "optimizer.weight_decay=10"},
     "optimizer.learning_rate = 0.1 and optimizer.weight_decay = 10 contradict each other: each "
     "step would decay every weight to 0 or beyond, expected a product below 1"},
    {{"train.epochs=5", "train.snapshot_every=100"}, NULL},
    {{"train.epochs=5", "optimizer.warmup_steps=10"}, NULL},
    {{"data.task=digits", "data.digits=1", "data.examples=70", "data.test_examples=30"}, NULL},
    {{"data.task=digits", "data.digits=1", "data.examples=70", "data.test_examples=31"},
     "data.examples = 70 and data.test_examples = 31 are too many together: all are different, and "
     "with data.digits = 1 there are only 100"},
    {{"data.task=digits", "data.digits=1", "train.batch_size=4", "data.test_examples=101"},
     "data.examples = 0 and data.test_examples = 101 are too many together: all are different, and "
     "with data.digits = 1 there are only 100"},
    {{"data.task=digits", "data.examples=100000000", "data.test_examples=100000000"}, NULL},
    {{"data.task=skip-trigram", "data.vocabulary=12", "data.length=3", "data.examples=70",
      "data.test_examples=10"},
     NULL},
    {{"data.task=skip-trigram", "data.vocabulary=12", "data.length=3", "data.examples=70",
      "data.test_examples=11"},
     "data.examples = 70 and data.test_examples = 11 are too many together: all are different, and "
     "with data.length = 3 and data.vocabulary = 12 there are only 80"},
    {{"data.task=skip-trigram", "data.vocabulary=11", "data.length=1024", "data.examples=10229",
      "data.test_examples=1"},
     NULL},
    {{"data.task=skip-trigram", "data.vocabulary=10", "data.examples=4"},
     "data.vocabulary = 10 and data.task = skip-trigram contradict each other: the task has 10 "
     "answers, and needs at least 11 tokens"},
    {{"data.task=subsequence", "data.vocabulary=2", "data.length=2", "data.run=1", "data.repeats=2",
      "data.examples=1000"},
     NULL},
    {{"data.task=subsequence", "data.length=47", "data.examples=9"},
     "data.length = 47, data.run = 16 and data.repeats = 3 contradict each other: the repeated run "
     "does not fit into the sequence"},
    {{"data.task=digits"},
     "data.examples = 0 and train.batch_size = 0 contradict each other: fresh examples need the "
     "size of a batch"},
    {{"data.task=digits", "data.modulus=7", "data.examples=9"},
     "data.modulus = 7 and data.task = digits contradict each other: that task has no such "
     "setting"},
    {{"data.modulus=10", "train.batch_size=30"}, NULL},
    {{"data.modulus=10", "train.batch_size=31"},
     "train.batch_size = 31 and data.train_fraction contradict each other: a batch is drawn from "
     "the training pairs, which are 30"},
    {{"data.operation=table", "data.table=answers.txt"}, NULL},
    {{"data.operation=table", "data.answers=0123456789abcdef0123456789abcdef"}, NULL},
    {{"data.operation=table"},
     "data.operation and data.table contradict each other: the operation table needs the file of "
     "its answers"},
    {{"data.operation=random", "data.table=answers.txt"},
     "data.operation and data.table contradict each other: answers from a file are those of the "
     "operation table"},
    {{"data.answers=0123456789abcdef0123456789abcdef"},
     "data.operation and data.answers contradict each other: answers from a file are those of the "
     "operation table"},
    {{"data.task=digits", "data.examples=9", "data.table=answers.txt"},
     "data.table = answers.txt and data.task = digits contradict each other: that task has no such "
     "setting"},
    {{"data.operation=divide", "data.modulus=12"},
     "data.operation = divide and data.modulus = 12 contradict each other: only modulo a prime has "
     "every number but 0 an inverse"},
};

START_TEST(contradictions_are_errors)
{
  struct Error error = {0};
  struct Config config;
  config_init(&config);
  for (int i = 0; i < 6 && combinations[_i].assignments[i]; i++)
    ck_assert_msg(config_override(&config, combinations[_i].assignments[i], &error), "%s",
                  error.message);
  bool good = config_check(&config, &error);
  ck_assert_str_eq(error.message, combinations[_i].error ? combinations[_i].error : "");
  ck_assert(good == !combinations[_i].error);
}
END_TEST

/* 10^(2 digits), and 10 (length - 1) (vocabulary - 10)^k below 2^62. */
static const struct {
  const char *assignments[4];
  int64_t n;
} codes[] = {
    {{"data.task=digits"}, INT64_C(10000000000)},
    {{"data.task=digits", "data.digits=9"}, INT64_C(1000000000000000000)},
    {{"data.task=skip-trigram"}, INT64_C(840) * 118 * 118 * 118 * 118 * 118 * 118 * 118},
    {{"data.task=skip-trigram", "data.vocabulary=26", "data.length=2"}, 10 * 16},
    {{"data.task=skip-trigram", "data.vocabulary=12", "data.length=1024"},
     INT64_C(10230) * (INT64_C(1) << 48)},
    {{"data.task=subsequence"}, 1},
    {{"data.task=pairs"}, 1},
};

START_TEST(codes_are_counted)
{
  struct Error error = {0};
  struct Config config;
  config_init(&config);
  for (int i = 0; i < 4 && codes[_i].assignments[i]; i++)
    ck_assert_msg(config_override(&config, codes[_i].assignments[i], &error), "%s", error.message);
  ck_assert_int_eq(config_n_codes(&config.data), codes[_i].n);
}
END_TEST

/* No file can say so, but a program that fills in the structure by itself can. */
START_TEST(a_split_that_leaves_nothing_to_test_on_is_an_error)
{
  struct Error error = {0};
  struct Config config;
  config_init(&config);
  config.data.train_fraction = 1;
  ck_assert(!config_check(&config, &error));
  ck_assert_str_eq(error.message, "data.modulus = 113 and data.train_fraction = 1 contradict each "
                                  "other: 12769 of the 12769 pairs train, which leaves none to "
                                  "test on");
}
END_TEST

START_TEST(logits_follow_the_equals_token)
{
  struct Config config;
  config_init(&config);
  ck_assert_int_eq(config_logits(&config), 114);
  config.model.output_equals = false;
  ck_assert_int_eq(config_logits(&config), 113);
}
END_TEST

/* ---- the canonical dump ---- */

/* Every setting at a value that is not its default. */
static const char everything[] =
    "[data]\nmodulus = 97\noperation = random\ntrain_fraction = 0.30000000000000004\n"
    "seed = -9223372036854775808\ntask = digits\nequals = false\ntable = some file.txt\n"
    "answers = 0123456789abcdef0123456789abcdef\ndigits = 3\n"
    "vocabulary = 20\nlength = 30\nrun = 4\nrepeats = 2\nexamples = 700\ntest_examples = 64\n\n"
    "[model]\nd_model = 64\nn_heads = 2\nd_head = 16\nd_mlp = 256\nactivation = gelu\n"
    "attention = softmax1\noutput_equals = false\nbiases = false\nn_layers = 2\nlayer_norm = pre\n"
    "positions = none\ntied_embeddings = true\nregisters = 1\ndropout = 0.2\n"
    "attention_rate = 0.5\n\n"
    "[optimizer]\nlearning_rate = 0.0005\nbeta1 = 0.95\nbeta2 = 0.999\nepsilon = 1e-10\n"
    "weight_decay = 0.1\nwarmup_steps = 0\nkind = sgd\nmomentum = 0.9\nl1 = 0.01\n"
    "schedule = cosine\n\n"
    "[train]\nepochs = 100\nseed = 7\nsnapshot_every = 1\nsnapshot_until = 50\n"
    "snapshot_later = 10\nevaluate_every = 2\nstop_test_loss = 1e-05\nbatch_size = 32\nprecision = "
    "float64\n"
    "loss = stablemax\nfrom = a.st\n"
    "start = fedcba9876543210fedcba9876543210\n";

START_TEST(the_dump_reads_back_byte_for_byte)
{
  struct Error error = {0};
  struct Config config, back, defaults;
  config_init(&config);
  config_init(&back);
  config_init(&defaults);
  write_file(everything);
  ck_assert_msg(config_read_file(&config, "run.ini", &error), "%s", error.message);
  char *text = dump(&config);
  ck_assert_str_eq(text, everything);
  for (int i = 0; i < config_n_settings(); i++) {
    char value[CONFIG_VALUE_SIZE], initial[CONFIG_VALUE_SIZE];
    config_setting_value(&config, i, value);
    config_setting_value(&defaults, i, initial);
    ck_assert_str_ne(value, initial);
    ck_assert(config_given(&config, config_setting_name(i)));
    ck_assert(config_set(&back, config_setting_name(i), value, &error));
  }
  ck_assert_same_dump(&config, &back);
  free(text);
}
END_TEST

static const char *const spellings[] = {
    "[optimizer]\nlearning_rate = 1e-3\nweight_decay = 1.0\n[data]\nmodulus = +0113\n",
    "# comment\n[data]\n  modulus=113\n\n[optimizer]\nweight_decay=10e-1 ; one\nbeta1: .90\n",
    "[train]\nepochs = 40000\n[optimizer]\nepsilon = 0.00000001\n",
    "",
};

START_TEST(spelling_order_and_comments_do_not_show_in_the_dump)
{
  struct Error error = {0};
  struct Config config, defaults;
  config_init(&config);
  config_init(&defaults);
  write_file(spellings[_i]);
  ck_assert_msg(config_read_file(&config, "run.ini", &error), "%s", error.message);
  ck_assert_same_dump(&config, &defaults);
}
END_TEST

/* Where a file lies is dumped, to be read back, but it is not what trains. */
START_TEST(a_place_is_dumped_and_does_not_count)
{
  struct Error error = {0};
  struct Config here, there, none;
  config_init(&here);
  ck_assert(config_set(&here, "data.operation", "table", &error));
  ck_assert(config_set(&here, "data.answers", "0123456789abcdef0123456789abcdef", &error));
  there = none = here;
  ck_assert(config_set(&here, "data.table", "here.txt", &error));
  ck_assert(config_set(&there, "data.table", "there.txt", &error));
  ck_assert(digest_equal(config_digest(&here), config_digest(&there)));
  ck_assert(digest_equal(config_digest(&here), config_digest(&none)));
  int table = config_find_setting("data.table"), digest = config_find_setting("data.answers");
  ck_assert(!config_is_canonical(&here, table) && !config_is_extended(&here, table));
  ck_assert(config_is_canonical(&here, digest) && config_is_extended(&here, digest));
  ck_assert(!config_is_later(table) && config_is_later(digest));
  char *text = dump(&here), *without = dump(&none);
  ck_assert_ptr_nonnull(strstr(text, "\ntable = here.txt\nanswers = 0123456789abcdef01234567"));
  ck_assert_ptr_null(strstr(without, "\ntable ="));
  free(text);
  free(without);
  ck_assert(config_set(&there, "data.answers", "1123456789abcdef0123456789abcdef", &error));
  ck_assert(!digest_equal(config_digest(&here), config_digest(&there)));
}
END_TEST

START_TEST(minus_zero_is_zero)
{
  struct Error error = {0};
  struct Config config;
  config_init(&config);
  ck_assert(config_override(&config, "optimizer.weight_decay=-0.0", &error));
  ck_assert(config.optimizer.weight_decay == 0 && !signbit(config.optimizer.weight_decay));
}
END_TEST

START_TEST(help_lists_every_setting_with_its_default)
{
  char *text = NULL;
  size_t length = 0;
  FILE *stream = open_memstream(&text, &length);
  config_write_help(stream);
  ck_assert_int_eq(fclose(stream), 0);
  for (int i = 0; i < config_n_settings(); i++)
    ck_assert_msg(strstr(text, config_setting_name(i)) != NULL, "%s", config_setting_name(i));
  ck_assert_ptr_nonnull(strstr(text, "data.train_fraction=0.3\n"));
  ck_assert_ptr_nonnull(strstr(text, "a number above 0 and below 1;\n"));
  free(text);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("config");
  TCase *sources = tcase_create("sources");
  tcase_add_checked_fixture(sources, enter_folder, leave_folder);
  tcase_add_test(sources, the_defaults_are_the_papers_mainline);
  tcase_add_test(sources, a_file_sets_what_it_names);
  tcase_add_test(sources, later_sources_win);
  tcase_add_loop_test(sources, bad_files_are_errors_at_their_line, 0, LENGTH(bad_files));
  tcase_add_loop_test(sources, bad_overrides_are_errors_that_quote_them, 0, LENGTH(bad_overrides));
  tcase_add_loop_test(sources, the_ends_of_ranges_are_accepted, 0, LENGTH(good_overrides));
  suite_add_tcase(suite, sources);
  TCase *together = tcase_create("together");
  tcase_add_loop_test(together, contradictions_are_errors, 0, LENGTH(combinations));
  tcase_add_loop_test(together, codes_are_counted, 0, LENGTH(codes));
  tcase_add_test(together, a_split_that_leaves_nothing_to_test_on_is_an_error);
  tcase_add_test(together, logits_follow_the_equals_token);
  suite_add_tcase(suite, together);
  TCase *text = tcase_create("text");
  tcase_add_checked_fixture(text, enter_folder, leave_folder);
  tcase_add_test(text, the_dump_reads_back_byte_for_byte);
  tcase_add_loop_test(text, spelling_order_and_comments_do_not_show_in_the_dump, 0,
                      LENGTH(spellings));
  tcase_add_test(text, a_place_is_dumped_and_does_not_count);
  tcase_add_test(text, minus_zero_is_zero);
  tcase_add_test(text, help_lists_every_setting_with_its_default);
  suite_add_tcase(suite, text);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
