/* Checkpoints of other programs: those that open compute what they should, and the others are
   refused with what they are and what to do. */
#include "measures/losses.h"
#include "measures/snapshot.h"
#include "run/start.h"
#include "table/table.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What all checkpoints there were trained on. */
static char *settings[] = {"data.seed=3", "data.train_fraction=0.5", "model.n_heads=2"};
enum { N_SETTINGS = sizeof settings / sizeof *settings };

/* ---- files that open ---- */

static double expected(const struct Table *table, const char *quantity)
{
  struct Error error;
  double *values = table_numbers(table, "value", &error);
  int names = table_column(table, "quantity", &error);
  size_t row = 0;
  while (row < table->n_rows && strcmp(table_cell(table, row, (size_t)names), quantity) != 0)
    row++;
  ck_assert_msg(row < table->n_rows, "%s is not in %s", quantity, table->path);
  double value = values[row];
  free(values);
  return value;
}

/* To what float32 keeps of sums of numbers up to some tens. */
static void assert_as_expected(const struct Table *table, const char *quantity, double found)
{
  double value = expected(table, quantity);
  ck_assert_msg(fabs(found - value) < 5e-6, "%s is %.9g, expected %.9g", quantity, found, value);
}

static const char *const opening[] = {"transformerlens.safetensors",
                                      "prefixed.safetensors",
                                      "compiled.safetensors",
                                      "transformerlens.pth",
                                      "tutorial.pth",
                                      "lightning.ckpt",
                                      "authors.pth",
                                      "authors-legacy.pth"};

START_TEST(a_checkpoint_computes_what_it_should)
{
  struct Error error = {0};
  struct Table table;
  struct Trajectory trajectory;
  struct Snapshot snapshot;
  ck_assert_msg(table_read(&table, "expected.tsv", &error), "%s", error.message);
  ck_assert_msg(trajectory_open(&trajectory, opening[_i], settings, N_SETTINGS, &error), "%s",
                error.message);
  ck_assert(snapshot_init(&snapshot, &trajectory, 0, &error));
  ck_assert_msg(snapshot_load(&snapshot, &trajectory, 0, &error), "%s", error.message);
  const struct Shape *shape = &snapshot.parameters.shape;
  ck_assert_int_eq(shape->p, 7);
  struct Losses losses;
  losses_of_logits(&trajectory.dataset, snapshot.activations.logits, shape->V, &losses);
  assert_as_expected(&table, "train_loss", losses.train.loss);
  assert_as_expected(&table, "test_loss", losses.test.loss);
  assert_as_expected(&table, "loss", losses.all.loss);
  size_t pair = 2 * 7 + 5;
  for (int c = 0; c < 7; c++) {
    char name[32];
    snprintf(name, sizeof name, "logit_2_5_%d", c);
    assert_as_expected(&table, name,
                       (double)snapshot.activations.logits[pair * (size_t)shape->V + (size_t)c]);
  }
  assert_as_expected(&table, "attention_head1_2_5_to_a",
                     (double)snapshot.activations.attention[(pair * (size_t)shape->H + 1) * 3 + 0]);
  snapshot_release(&snapshot);
  trajectory_close(&trajectory);
  table_release(&table);
}
END_TEST

/* The same weights, whatever the file: they have one digest. */
START_TEST(a_training_starts_from_a_checkpoint)
{
  static const char *const sizes[] = {"data.modulus=7", "model.d_model=8", "model.n_heads=2",
                                      "model.d_head=4", "model.d_mlp=16"};
  char digests[2][DIGEST_SIZE];
  for (int k = 0; k < 2; k++) {
    struct Config config;
    struct Error error = {0};
    char from[64];
    config_init(&config);
    for (int i = 0; i < 5; i++)
      ck_assert(config_override(&config, sizes[i], &error));
    snprintf(from, sizeof from, "train.from=%s", opening[k == 0 ? 0 : _i]);
    ck_assert(config_override(&config, from, &error));
    ck_assert_msg(start_name_weights(&config, &error), "%s", error.message);
    memcpy(digests[k], config.train.start, DIGEST_SIZE);
  }
  ck_assert_str_eq(digests[0], digests[1]);
}
END_TEST

/* ---- files that are something else ---- */

static char path[] = "/tmp/check_foreign.XXXXXX";

static void make_file(void)
{
  int descriptor = mkstemp(path);
  ck_assert_int_ge(descriptor, 0);
  close(descriptor);
}

static void remove_file(void)
{
  unlink(path);
  memcpy(path + sizeof path - 7, "XXXXXX", 6);
}

static void assert_refused(const char *file, const char *message)
{
  struct Error error = {0};
  struct Trajectory trajectory;
  ck_assert(!trajectory_open(&trajectory, file, settings, N_SETTINGS, &error));
  ck_assert_int_eq(strncmp(error.message, file, strlen(file)), 0);
  ck_assert_msg(strstr(error.message + strlen(file), message), "\"%s\" does not contain \"%s\"",
                error.message, message);
}

#define START(text) text, sizeof text - 1
#define ZIP(length, name)                                                                          \
  "PK\3\4\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" length "\0\0\0" name
static const struct {
  const char *start;
  size_t length;
  const char *expected;
} kinds[] = {
    {START(""), ": the file is empty"},
    {START("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 907264\n"),
     ": a Git LFS pointer, not the file itself; get that with: git lfs pull"},
    {START("<!DOCTYPE html>\n<html lang=\"en\">"), ": a web page (HTML)"},
    {START("\n\n  <HTML><body>Sign in</body>"), ": a web page (HTML)"},
    {START("{\"metadata\": {\"total_size\": 907264}, \"weight_map\": {}}"), ": a JSON file"},
    {START("epoch\ttrain_loss\n0\t4.75\n"), ": a text file, not safetensors"},
    {START("\x93NUMPY\1\0v\0{'descr': '<f4', 'fortran_order': False"), ": a single NumPy array"},
    {START(ZIP("\x0b", "embed.W_E.npy") "\x93NUMPY"), ": a zip archive"},
    {START(ZIP("\x0d", "embed.W_E.npy") "\x93NUMPY"),
     ": a NumPy archive (.npz), not safetensors; convert it with python3 -c 'import numpy, "
     "safetensors.numpy; safetensors.numpy.save_file(dict(numpy.load(\"/tmp/check_foreign."},
    {START(ZIP("\x10", "archive/data.pkl") "\x80\2}q\0."),
     ": a zip archive that is damaged or cut off"},
    {START("PK\3\4"), ": a zip archive that is damaged or cut off"},
    {START("\x1f\x8b\x08\0\0\0\0\0\0\3\xcb\x48"), ": compressed with gzip"},
    {START("BZh91AY&SY\x1a\x2b\x3c"), ": compressed with bzip2"},
    {START("\xfd"
           "7zXZ\0\0\4"),
     ": compressed with xz"},
    {START("\x28\xb5\x2f\xfd\x04\x58"), ": compressed with Zstandard"},
    {START("\x89HDF\r\n\x1a\n\0\0"), ": an HDF5 file"},
    {START("\x80\4\x95\x1a\0\0\0\0\0\0\0}\x94."), ": a Python pickle, not safetensors"},
    {START("\x80\2}q\0."), ": a Python pickle, not safetensors"},
    /* what is none of these, or is a safetensors file with a fault */
    {START("\0\1\2\3"), ": not a safetensors file: 4 bytes"},
    {START("\xff\xff\xff\xff\xff\xff\xff\xff\xff"), ": not a safetensors file, or a damaged one"},
    {START("\x50\x4b\3\4\0\0\0\0{\"w\": {"), ": truncated: "},
};

START_TEST(a_file_of_another_kind_is_called_by_its_name)
{
  FILE *stream = fopen(path, "wb");
  ck_assert_ptr_nonnull(stream);
  ck_assert_uint_eq(fwrite(kinds[_i].start, 1, kinds[_i].length, stream), kinds[_i].length);
  ck_assert_int_eq(fclose(stream), 0);
  assert_refused(path, kinds[_i].expected);
}
END_TEST

START_TEST(a_pointer_to_a_file_is_no_file)
{
  assert_refused("lfs-pointer.safetensors", ": a Git LFS pointer");
}
END_TEST

START_TEST(heads_that_nothing_tells_are_asked_about)
{
  struct Error error = {0};
  struct Trajectory trajectory;
  ck_assert(!trajectory_open(&trajectory, "lightning.ckpt", settings, 2, &error));
  ck_assert_msg(strstr(error.message, "pass model.n_heads=..."), "%s", error.message);
}
END_TEST

START_TEST(heads_that_do_not_divide_the_matrix_are_refused)
{
  char *three[] = {"data.seed=3", "data.train_fraction=0.5", "model.n_heads=3"};
  struct Error error = {0};
  struct Trajectory trajectory;
  ck_assert(!trajectory_open(&trajectory, "lightning.ckpt", three, 3, &error));
  ck_assert_msg(strstr(error.message, "w_q.W has shape [8, 8], expected columns that are a "
                                      "multiple of the 3 heads"),
                "%s", error.message);
}
END_TEST

/* What a file says besides the weights: epochs, the split, settings. */
START_TEST(what_a_file_says_is_taken_over)
{
  struct Error error = {0};
  struct Trajectory tutorial, authors;
  ck_assert_msg(trajectory_open(&tutorial, "tutorial.pth", NULL, 0, &error), "%s", error.message);
  ck_assert_uint_eq(tutorial.n_snapshots, 2);
  ck_assert_int_eq(tutorial.epochs[0], 100);
  ck_assert_int_eq(tutorial.epochs[1], 200);
  ck_assert_msg(trajectory_open(&authors, "authors.pth", NULL, 0, &error), "%s", error.message);
  ck_assert_int_eq(authors.epochs[0], 42);
  ck_assert(authors.dated && config_given(&authors.config, "data.seed"));
  ck_assert_int_eq(authors.config.data.seed, 3);
  ck_assert_mem_eq(authors.dataset.train, tutorial.dataset.train, 49);
  ck_assert_ptr_nonnull(strstr(tutorial.imported, "the layout of TransformerLens, under "
                                                  "\"checkpoints\", 2 snapshots"));
  ck_assert_ptr_nonnull(strstr(authors.imported, "the layout of the paper's authors"));
  trajectory_close(&tutorial);
  trajectory_close(&authors);
}
END_TEST

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

int main(void)
{
  if (chdir(CHECKPOINTS) != 0) { /* tests/checkpoints: messages then hold short paths */
    perror(CHECKPOINTS);
    return EXIT_FAILURE;
  }
  Suite *suite = suite_create("foreign");
  TCase *files = tcase_create("files");
  tcase_add_loop_test(files, a_checkpoint_computes_what_it_should, 0, LENGTH(opening));
  tcase_add_loop_test(files, a_training_starts_from_a_checkpoint, 0, LENGTH(opening));
  tcase_add_test(files, a_pointer_to_a_file_is_no_file);
  tcase_add_test(files, heads_that_nothing_tells_are_asked_about);
  tcase_add_test(files, heads_that_do_not_divide_the_matrix_are_refused);
  tcase_add_test(files, what_a_file_says_is_taken_over);
  suite_add_tcase(suite, files);
  TCase *starts = tcase_create("starts");
  tcase_add_checked_fixture(starts, make_file, remove_file);
  tcase_add_loop_test(starts, a_file_of_another_kind_is_called_by_its_name, 0, LENGTH(kinds));
  suite_add_tcase(suite, starts);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
