/* Errors, numbers, elementary functions, allocation, output files, INI files, command lines. */
#include "base/command_line.h"
#include "base/elementary.h"
#include "base/error.h"
#include "base/ini.h"
#include "base/memory.h"
#include "base/nearest.h"
#include "base/number.h"
#include "base/output.h"

#include <check.h>
#ifdef SANITIZE
#include <sanitizer/asan_interface.h>
#endif
#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <ftw.h>
#include <glob.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

/* ---- a separate folder for every test that writes files ---- */

static char folder[] = "/tmp/check_base.XXXXXX";

static void enter_folder(void)
{
  ck_assert_ptr_nonnull(mkdtemp(folder));
  ck_assert_int_eq(chdir(folder), 0);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
  (void)status, (void)type, (void)ftw;
  return remove(path);
}

static void leave_folder(void)
{
  ck_assert_int_eq(chdir("/"), 0);
  ck_assert_int_eq(nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
  strcpy(folder + strlen(folder) - 6, "XXXXXX");
}

static void write_bytes(const char *path, const void *bytes, size_t length)
{
  FILE *stream = fopen(path, "wb");
  ck_assert_ptr_nonnull(stream);
  ck_assert_uint_eq(fwrite(bytes, 1, length, stream), length);
  ck_assert_int_eq(fclose(stream), 0);
}

static void write_text(const char *path, const char *text)
{
  write_bytes(path, text, strlen(text));
}

static void ck_assert_file(const char *path, const char *expected)
{
  char text[4096];
  FILE *stream = fopen(path, "rb");
  ck_assert_msg(stream != NULL, "%s: %s", path, strerror(errno));
  text[fread(text, 1, sizeof text - 1, stream)] = '\0';
  fclose(stream);
  ck_assert_str_eq(text, expected);
}

static size_t n_files(const char *pattern)
{
  glob_t found;
  size_t n = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
  globfree(&found);
  return n;
}

/* ---- errors ---- */

START_TEST(errors_take_prefixes_and_reasons)
{
  struct Error error = {0};
  ck_assert(!error_set(&error, "found %d", 3));
  ck_assert(!error_prefix(&error, "%s:%d", "file", 7));
  ck_assert_str_eq(error.message, "file:7: found 3");
  errno = ENOSPC;
  ck_assert(!error_system(&error, "%s: cannot write", "file"));
  ck_assert_str_eq(error.message, "file: cannot write: No space left on device");
}
END_TEST

START_TEST(long_errors_are_cut)
{
  struct Error error;
  char text[3000];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  error_set(&error, "%s", text);
  ck_assert_uint_eq(strlen(error.message), sizeof error.message - 1);
  error_prefix(&error, "prefix");
  ck_assert_uint_eq(strlen(error.message), sizeof error.message - 1);
  ck_assert_int_eq(strncmp(error.message, "prefix: xxx", 11), 0);
  error_prefix(&error, "%s", text);
  error_system(&error, "%s", text);
  ck_assert_uint_eq(strlen(error.message), sizeof error.message - 1);
}
END_TEST

/* ---- numbers ---- */

static const struct {
  const char *text;
  int64_t value;
} integers[] = {
    {"0", 0},
    {"-0", 0},
    {"+7", 7},
    {"-12", -12},
    {"007", 7},
    {"9223372036854775807", INT64_MAX},
    {"-9223372036854775808", INT64_MIN},
};

START_TEST(integers_are_read)
{
  int64_t value = 99;
  ck_assert(number_parse_integer(integers[_i].text, &value));
  ck_assert_int_eq(value, integers[_i].value);
}
END_TEST

static const char *const no_integers[] = {"",    "-",   "+",    " 1",
                                          "1 ",  "1x",  "0x10", "1.0",
                                          "1e3", "--1", "+-1",  "9223372036854775808",
                                          "\t1", "1,",  "nan",  "-9223372036854775809"};

START_TEST(what_is_no_integer_is_refused)
{
  int64_t value = 99;
  ck_assert_msg(!number_parse_integer(no_integers[_i], &value), "\"%s\"", no_integers[_i]);
  ck_assert_int_eq(value, 99);
}
END_TEST

static const struct {
  const char *text;
  double value;
} reals[] = {
    {"0.3", 0.3},
    {"1e-8", 1e-8},
    {"-2", -2},
    {"+.5", .5},
    {"5.", 5},
    {"1E+3", 1000},
    {"inf", HUGE_VAL},
    {"-inf", -HUGE_VAL},
    {"1e-400", 0},
    {"4.9406564584124654e-324", 4.9406564584124654e-324},
    {"1.7976931348623157e308", DBL_MAX},
};

START_TEST(reals_are_read)
{
  double value = 99;
  ck_assert(number_parse_real(reals[_i].text, &value));
  ck_assert(value == reals[_i].value);
}
END_TEST

START_TEST(nan_is_read)
{
  double value = 99;
  ck_assert(number_parse_real("nan", &value));
  ck_assert(isnan(value));
}
END_TEST

static const char *const no_reals[] = {"",    ".",     "-",   "e5",    "1e",  "1e+",  "0x1p3",
                                       "1,5", " 1",    "1 ",  "1.2.3", "NaN", "-nan", "infinity",
                                       "INF", "1e400", "1d5", "1-1",   "--1", "+inf", "nan(1)"};

START_TEST(what_is_no_real_is_refused)
{
  double value = 99;
  ck_assert_msg(!number_parse_real(no_reals[_i], &value), "\"%s\"", no_reals[_i]);
  ck_assert(value == 99);
}
END_TEST

static const struct {
  double value;
  const char *text;
} formatted[] = {
    {0.3, "0.3"},      {1000, "1000"},           {0.001, "0.001"},
    {1e-8, "1e-08"},   {1e15, "1e+15"},          {1.0 / 3, "0.3333333333333333"},
    {-2, "-2"},        {123456789, "123456789"}, {0.1 + 0.2, "0.30000000000000004"},
    {HUGE_VAL, "inf"}, {-HUGE_VAL, "-inf"},      {0, "0"},
};

START_TEST(reals_are_written_in_their_shortest_form)
{
  char text[NUMBER_TEXT_SIZE];
  number_format_real(formatted[_i].value, text);
  ck_assert_str_eq(text, formatted[_i].text);
}
END_TEST

START_TEST(nan_is_written_without_its_sign)
{
  char text[NUMBER_TEXT_SIZE];
  number_format_real(-NAN, text);
  ck_assert_str_eq(text, "nan");
}
END_TEST

/* Doubles of all magnitudes, with random bits from a linear congruential generator. */
START_TEST(written_reals_read_back_to_the_bit)
{
  uint64_t bits = 1;
  for (int i = 0; i < 20000; i++) {
    bits = bits * 6364136223846793005u + 1442695040888963407u;
    double value, back;
    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value)) continue;
    char text[NUMBER_TEXT_SIZE];
    number_format_real(value, text);
    ck_assert_msg(number_parse_real(text, &back), "%s", text);
    ck_assert_mem_eq(&value, &back, sizeof value);
  }
}
END_TEST

/* ---- elementary functions: against the C library in long double ---- */

/* |value - exact| in ulps of exact. */
static double ulps(double value, long double exact)
{
  double rounded = fabs((double)exact);
  return (double)(fabsl((long double)value - exact) / (nextafter(rounded, HUGE_VAL) - rounded));
}

START_TEST(elementary_functions_are_accurate)
{
  for (int i = -7000; i <= 7000; i++) {
    double x = i / 10.0 + 0.0123;
    ck_assert_double_le(ulps(elementary_exp(x), expl(x)), 4);
    double positive = (double)expl(x / 2);
    ck_assert_double_le(ulps(elementary_log(positive), logl(positive)), 4);
    ck_assert_double_le(ulps(elementary_log1p(positive), log1pl(positive)), 4);
    double above_minus_one = -1 + (double)expl(-fabs(x) / 25);
    if (above_minus_one > -1)
      ck_assert_double_le(ulps(elementary_log1p(above_minus_one), log1pl(above_minus_one)), 4);
  }
  ck_assert(elementary_exp(0) == 1 && elementary_log(1) == 0 && elementary_log1p(0) == 0);
}
END_TEST

START_TEST(elementary_functions_have_their_limits)
{
  ck_assert(elementary_exp(-HUGE_VAL) == 0);
  ck_assert(elementary_exp(-800) == 0);
  ck_assert(elementary_exp(HUGE_VAL) == HUGE_VAL);
  ck_assert(elementary_exp(800) == HUGE_VAL);
  ck_assert(isnan(elementary_exp(NAN)));
  ck_assert(isnan(elementary_log(NAN)));
  ck_assert(isnan(elementary_log1p(NAN)));
  ck_assert(elementary_log1p(HUGE_VAL) == HUGE_VAL);
  ck_assert(elementary_log1p(1e-300) == 1e-300);
}
END_TEST

START_TEST(turns_are_exact_where_they_can_be)
{
  ck_assert(elementary_cos_turns(0, 113) == 1 && elementary_sin_turns(0, 113) == 0);
  ck_assert(elementary_cos_turns(1, 4) == 0 && elementary_sin_turns(1, 4) == 1);
  ck_assert(elementary_cos_turns(1, 2) == -1 && elementary_sin_turns(1, 2) == 0);
  ck_assert(elementary_cos_turns(3, 4) == 0 && elementary_sin_turns(3, 4) == -1);
  ck_assert(elementary_cos_turns(-5, 5) == 1 && elementary_sin_turns(10, 5) == 0);
  for (int n = -300; n <= 300; n++) {
    long double angle = 2 * acosl(-1) * n / 113;
    ck_assert_double_le(fabs(elementary_cos_turns(n, 113) - (double)cosl(angle)), 2e-16);
    ck_assert_double_le(fabs(elementary_sin_turns(n, 113) - (double)sinl(angle)), 2e-16);
    ck_assert(elementary_cos_turns(n, 113) == elementary_cos_turns(113 - n, 113));
    ck_assert(elementary_sin_turns(n, 113) == -elementary_sin_turns(113 - n, 113));
    ck_assert(elementary_cos_turns(n, 114) == -elementary_cos_turns(n + 57, 114));
  }
}
END_TEST

/* ---- allocation ---- */

START_TEST(blocks_are_zeroed_and_aligned)
{
  struct Error error;
  for (size_t count = 0; count < 300; count += 7) {
    unsigned char *block = memory_new(count, 3, "bytes", &error);
    ck_assert_ptr_nonnull(block);
    ck_assert_uint_eq((uintptr_t)block % 64, 0);
    for (size_t i = 0; i < 3 * count; i++)
      ck_assert_uint_eq(block[i], 0);
    free(block);
  }
}
END_TEST

/* With and without huge pages: the arrays do not overlap, are zeroed and aligned. */
START_TEST(arrays_of_one_block_lie_apart)
{
  struct Error error;
  float *at[3];
  const size_t counts[2][3] = {{5, 0, 33}, {300000, 1, 400000}};
  const size_t *count = counts[_i];
  const struct FloatArray arrays[] = {{&at[0], count[0]}, {&at[1], count[1]}, {&at[2], count[2]}};
  void *block = memory_new_arrays(arrays, 3, "arrays", &error);
  ck_assert_msg(block != NULL, "%s", error.message);
  size_t wrong = 0;
  for (int i = 0; i < 3; i++) {
    ck_assert_uint_eq((uintptr_t)at[i] % 64, 0);
#ifdef SANITIZE
    ck_assert(__asan_address_is_poisoned(at[i] + count[i]));
#endif
    for (size_t k = 0; k < count[i]; k++) {
      wrong += at[i][k] != 0.0f;
      at[i][k] = (float)(i + 1);
    }
  }
  for (int i = 0; i < 3; i++)
    for (size_t k = 0; k < count[i]; k++)
      wrong += at[i][k] != (float)(i + 1);
  ck_assert_uint_eq(wrong, 0);
  free(block);
}
END_TEST

START_TEST(too_many_arrays_are_an_error)
{
  struct Error error;
  float *at[2] = {NULL, NULL};
  const struct FloatArray arrays[] = {{&at[0], SIZE_MAX / 2}, {&at[1], SIZE_MAX / 2 + 2}};
  ck_assert_ptr_null(memory_new_arrays(arrays, 2, "arrays", &error));
  ck_assert_ptr_null(at[0]);
  ck_assert_msg(strstr(error.message, "arrays are more than can be addressed"), "%s",
                error.message);
}
END_TEST

START_TEST(too_much_memory_is_an_error)
{
  struct Error error = {0};
  ck_assert_ptr_null(memory_new(SIZE_MAX / 4, 8, "logits", &error));
  ck_assert_msg(strstr(error.message, "logits are more than can be addressed"), "%s",
                error.message);
  ck_assert_ptr_null(memory_new(SIZE_MAX - 10, 1, "logits", &error));
  ck_assert_msg(strstr(error.message, "logits"), "%s", error.message);
  ck_assert_ptr_null(memory_new((size_t)1 << 46, 1, "logits", &error)); /* a promise too large */
  ck_assert_msg(strstr(error.message, "out of memory: 70368744177664 bytes for logits"), "%s",
                error.message);
}
END_TEST

START_TEST(memory_is_expected)
{
  struct Error error = {0};
  ck_assert(memory_expect(1e6, "this", &error));
  if (memory_available() == SIZE_MAX) return;
  ck_assert(!memory_expect(0x1p80, "this", &error));
  double needed, available;
  ck_assert_int_eq(sscanf(error.message, "this needs %lg GiB of memory, %lg GiB are available",
                          &needed, &available),
                   2);
  ck_assert_double_eq_tol(needed, 0x1p50, 0x1p42);
  ck_assert_double_eq_tol(available, (double)memory_available() / 0x1p30, 1);
}
END_TEST

START_TEST(texts_are_formatted)
{
  struct Error error;
  char *text = memory_print(&error, "%s-%03d", "a", 7);
  ck_assert_str_eq(text, "a-007");
  char *copy = memory_copy_text(text, &error);
  ck_assert_str_eq(copy, text);
  ck_assert_ptr_ne(copy, text);
  free(text);
  free(copy);
}
END_TEST

static const char *const known_names[] = {
    "loss", "restricted_loss", "excluded_loss", "train_loss",
    "keys", "gini_W_E",        "logit_fit_fve", "key_frequencies",
    ""};

static const struct {
  const char *name, *nearest;
  size_t n; /* of known_names */
} near_names[] = {
    {"los", "loss, keys, train_loss", 8},
    {"train_los", "train_loss, loss, restricted_loss", 8},
    {"restricted", "restricted_loss, keys, loss", 8},
    {"gini-W-E", "gini_W_E, loss, keys", 8},
    {"keys", "keys, , loss", 9},
    {"", "loss, keys, gini_W_E", 8},
    {"ssol", "loss, restricted_loss", 2},
    {"loss", "none", 0},
};

START_TEST(names_spelt_alike_are_found)
{
  struct Error error;
  char *nearest = nearest_names(near_names[_i].name, known_names, near_names[_i].n, &error);
  ck_assert_str_eq(nearest, near_names[_i].nearest);
  free(nearest);
}
END_TEST

/* ---- output files ---- */

START_TEST(a_commit_replaces_the_old_file)
{
  struct Error error;
  struct Output output;
  write_text("file", "old");
  ck_assert(output_open(&output, "file", &error));
  fputs("new", output.stream);
  fflush(output.stream);
  ck_assert_file("file", "old");
  ck_assert(output_commit(&output, &error));
  ck_assert_file("file", "new");
  ck_assert_uint_eq(n_files("*"), 1);
  ck_assert_ptr_null(output.stream);
}
END_TEST

START_TEST(a_discard_leaves_the_old_file)
{
  struct Error error;
  struct Output output;
  write_text("file", "old");
  ck_assert(output_open(&output, "file", &error));
  fputs("new", output.stream);
  output_discard(&output);
  ck_assert_file("file", "old");
  ck_assert_uint_eq(n_files("*"), 1);
  output_discard(&output); /* does nothing */
  ck_assert(output_open(&output, "other", &error));
  output_discard(&output);
  ck_assert_uint_eq(n_files("*"), 1);
}
END_TEST

START_TEST(a_file_grows_under_its_own_name)
{
  struct Error error = {0};
  struct Output output;
  write_text("file", "first\n");
  ck_assert_msg(output_append(&output, "file", &error), "%s", error.message);
  fputs("second\n", output.stream);
  ck_assert_file("file", "first\n");
  ck_assert(output_flush(&output, &error));
  ck_assert_file("file", "first\nsecond\n");
  fputs("third\n", output.stream);
  ck_assert(output_commit(&output, &error));
  ck_assert_file("file", "first\nsecond\nthird\n");
  ck_assert(output_append(&output, "file", &error));
  fputs("lost", output.stream);
  output_discard(&output);
  ck_assert_file("file", "first\nsecond\nthird\n");
  ck_assert_uint_eq(n_files("*"), 1);

  ck_assert(!output_append(&output, "none", &error));
  ck_assert_str_eq(error.message, "none: cannot open: No such file or directory");
  ck_assert(output_append(&output, "/dev/full", &error));
  fputs("text", output.stream);
  ck_assert(!output_flush(&output, &error));
  ck_assert_str_eq(error.message, "/dev/full: cannot write: No space left on device");
  output_discard(&output);
  ck_assert_uint_eq(n_files("*"), 1);
}
END_TEST

START_TEST(outputs_are_as_readable_as_other_files)
{
  struct Error error;
  struct Output output;
  struct stat status;
  umask(027);
  ck_assert(output_open(&output, "file", &error));
  ck_assert(output_commit(&output, &error));
  ck_assert_int_eq(stat("file", &status), 0);
  ck_assert_int_eq(status.st_mode & 0777, 0640);
}
END_TEST

START_TEST(outputs_that_cannot_be_made_are_errors)
{
  struct Error error = {0};
  struct Output output;
  ck_assert(!output_open(&output, "no/such/folder", &error));
  ck_assert_str_eq(error.message, "no/such/folder: cannot create: No such file or directory");
  ck_assert_ptr_null(output.stream);
  ck_assert_int_eq(mkdir("taken", 0777), 0);
  ck_assert(!output_open(&output, "taken", &error));
  ck_assert_str_eq(error.message, "taken: is a directory, expected a file to write");
  ck_assert_uint_eq(n_files("*"), 1);
}
END_TEST

/* The target has become a directory, so the rename at commit fails. */
START_TEST(a_failed_rename_leaves_nothing)
{
  struct Error error = {0};
  struct Output output;
  ck_assert(output_open(&output, "file", &error));
  fputs("new", output.stream);
  ck_assert_int_eq(mkdir("file", 0777), 0);
  ck_assert(!output_commit(&output, &error));
  ck_assert_msg(strstr(error.message, "file: cannot rename"), "%s", error.message);
  ck_assert_uint_eq(n_files("*"), 1);
}
END_TEST

/* A file size limit simulates a full disk: writes fail. */
static void limit_files(rlim_t bytes)
{
  ck_assert_ptr_ne(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
  struct rlimit limit;
  ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
  limit.rlim_cur = bytes;
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static const size_t failing_sizes[] = {4097, 100000}; /* fails at the commit; well before it */

START_TEST(a_failed_write_leaves_the_old_file)
{
  struct Error error = {0};
  struct Output output;
  write_text("file", "old");
  ck_assert(output_open(&output, "file", &error));
  setvbuf(output.stream, NULL, _IOFBF, 8192);
  limit_files(4096);
  for (size_t i = 0; i < failing_sizes[_i]; i++)
    putc('x', output.stream);
  bool committed = output_commit(&output, &error);
  limit_files(RLIM_INFINITY); /* Check writes its results to a file */
  ck_assert(!committed);
  ck_assert_str_eq(error.message, "file: cannot write: File too large");
  ck_assert_file("file", "old");
  ck_assert_uint_eq(n_files("*"), 1);
}
END_TEST

START_TEST(a_write_that_failed_once_is_not_forgotten)
{
  struct Error error = {0};
  struct Output output;
  ck_assert(output_open(&output, "file", &error));
  limit_files(0);
  setvbuf(output.stream, NULL, _IONBF, 0);
  fputs("lost", output.stream);
  limit_files(RLIM_INFINITY);
  fputs("kept", output.stream);
  errno = EBUSY; /* as other work between two writes may leave it */
  ck_assert(!output_commit(&output, &error));
  ck_assert_str_eq(error.message, "file: cannot write: File too large");
  ck_assert_uint_eq(n_files("*"), 0);
}
END_TEST

START_TEST(devices_are_written_in_place)
{
  struct Error error = {0};
  struct Output output;
  struct stat status;
  ck_assert_int_eq(symlink("/dev/null", "null"), 0);
  ck_assert(output_open(&output, "null", &error));
  fputs("text", output.stream);
  ck_assert_msg(output_commit(&output, &error), "%s", error.message);
  ck_assert_int_eq(lstat("null", &status), 0);
  ck_assert(S_ISLNK(status.st_mode));

  ck_assert_int_eq(symlink("/dev/full", "full"), 0);
  ck_assert(output_open(&output, "full", &error));
  fputs("text", output.stream);
  ck_assert(!output_commit(&output, &error));
  ck_assert_str_eq(error.message, "full: cannot write: No space left on device");
  ck_assert_int_eq(lstat("full", &status), 0);
  ck_assert(S_ISLNK(status.st_mode));
  ck_assert_uint_eq(n_files("*"), 2);
}
END_TEST

START_TEST(a_dash_is_standard_output)
{
  struct Error error = {0};
  struct Output output;
  ck_assert_ptr_nonnull(freopen("captured", "wb", stdout));
  ck_assert(output_open(&output, "-", &error));
  fputs("text", output.stream);
  ck_assert(output_commit(&output, &error));
  ck_assert_file("captured", "text");

  ck_assert(output_open(&output, "-", &error));
  output_discard(&output);
  fputs(" more", stdout); /* still open */
  ck_assert_int_eq(fflush(stdout), 0);
  ck_assert_file("captured", "text more");

  ck_assert_ptr_nonnull(freopen("/dev/full", "wb", stdout));
  ck_assert(output_open(&output, "-", &error));
  fputs("text", output.stream);
  ck_assert(!output_commit(&output, &error));
  ck_assert_str_eq(error.message, "standard output: cannot write: No space left on device");
}
END_TEST

START_TEST(a_closed_standard_output_is_noticed_at_once)
{
  struct Error error = {0};
  struct Output output;
  ck_assert_int_eq(close(STDOUT_FILENO), 0);
  ck_assert(!output_open(&output, "-", &error));
  ck_assert_str_eq(error.message, "standard output: cannot write: Bad file descriptor");
  ck_assert_ptr_null(output.stream);
  ck_assert_int_eq(open("/dev/null", O_RDONLY), STDOUT_FILENO); /* no better than closed */
  ck_assert(!output_open(&output, "-", &error));
  ck_assert_str_eq(error.message, "standard output: cannot write: Bad file descriptor");
}
END_TEST

/* The reader is gone and SIGPIPE is ignored. */
START_TEST(a_broken_pipe_is_an_error)
{
  struct Error error = {0};
  struct Output output;
  int ends[2];
  ck_assert_int_eq(pipe(ends), 0);
  ck_assert_ptr_ne(signal(SIGPIPE, SIG_IGN), SIG_ERR);
  ck_assert_int_eq(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
  close(ends[0]);
  ck_assert(output_open(&output, "-", &error));
  fputs("text", output.stream);
  ck_assert(!output_commit(&output, &error));
  ck_assert_str_eq(error.message, "standard output: cannot write: Broken pipe");
}
END_TEST

START_TEST(directories_are_made_with_their_parents)
{
  struct Error error = {0};
  struct stat status;
  ck_assert(output_make_directory("a/b//c/", &error));
  ck_assert(stat("a/b/c", &status) == 0 && S_ISDIR(status.st_mode));
  ck_assert(output_make_directory("a/b/c", &error));
  ck_assert(output_make_directory("/", &error));
  write_text("a/file", "");
  ck_assert(!output_make_directory("a/file/d", &error));
  ck_assert_str_eq(error.message, "a/file: cannot create the directory: File exists");
  ck_assert(!output_make_directory("a/file", &error));
}
END_TEST

/* ---- INI files ---- */

struct Entries {
  char text[1024]; /* "line section.key=value|" for each entry */
  const char *refused;
};

static bool note_entry(void *user, const char *section, const char *key, const char *value,
                       int line, struct Error *error)
{
  struct Entries *entries = user;
  size_t length = strlen(entries->text);
  snprintf(entries->text + length, sizeof entries->text - length, "%d %s.%s=%s|", line, section,
           key, value);
  if (entries->refused && strcmp(key, entries->refused) == 0)
    return error_set(error, "refused %s", key);
  return true;
}

#define X10  "xxxxxxxxxx"
#define X190 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10

static const struct {
  const char *text, *entries;
} good_inis[] = {
    {"", ""},
    {"\n\n", ""},
    {"; nothing\n# at all", ""},
    {"[a]\nx=1\n\n  y = 2\n", "2 a.x=1|4 a.y=2|"},
    {"[a]\r\nx=1\r\n[b]\r\nx=2\r\n", "2 a.x=1|4 b.x=2|"},
    {"\xEF\xBB\xBF[a]\nx=1", "2 a.x=1|"},
    {"x=1\n[ a ]\n", "1 .x=1|"},
    {"[a] ; comment\nx = a;b ; comment\ny = ;\n", "2 a.x=a;b|3 a.y=|"},
    {"[a]\nx: 1\ny = p = q\n", "2 a.x=1|3 a.y=p = q|"},
    {"[a]\nx=1\n   ", "2 a.x=1|"},
    {"[a]\nabcdef=" X190 "x\n", "2 a.abcdef=" X190 "x|"},
    {"[a]\n    abcdef=" X190 "x", "2 a.abcdef=" X190 "x|"},
    {"\v[a]\n \f\vx=1\n\r\n", "2 a.x=1|"},
};

START_TEST(ini_files_are_read)
{
  struct Error error = {0};
  struct Entries entries = {.refused = NULL};
  write_text("file.ini", good_inis[_i].text);
  ck_assert_msg(ini_read_file("file.ini", note_entry, &entries, &error), "%s", error.message);
  ck_assert_str_eq(entries.text, good_inis[_i].entries);
}
END_TEST

#define MALFORMED "expected \"[section]\" or \"key = value\""

static const struct {
  const char *text, *error;
} bad_inis[] = {
    {"[a]\nx=1\nnonsense\ny=2\n", "file.ini:3: " MALFORMED},
    {"[a\n", "file.ini:1: " MALFORMED},
    {"[a]\n= 3\n", "file.ini:2: " MALFORMED},
    {"[a] x=1\n", "file.ini:1: found more than \"[section]\" on its line"},
    {"\n[a][b]\n", "file.ini:2: found more than \"[section]\" on its line"},
    {"\xEF\xBB\xBF[a]x\n", "file.ini:1: found more than \"[section]\" on its line"},
    {"[a]\nabcdefg=" X190 "x\n", "file.ini:2: line of more than 198 characters"},
    {"[a]\nabcdef=" X190 "x\r\n", "file.ini:2: line of more than 198 characters"},
    {"[a]\nbad=1\n", "file.ini:2: refused bad"},
    {"[a]\nnonsense\nbad=1\n", "file.ini:2: " MALFORMED},
    {"[a]\nbad=1\nnonsense\n", "file.ini:2: refused bad"},
};

START_TEST(bad_ini_files_are_errors_at_their_line)
{
  struct Error error = {0};
  struct Entries entries = {.refused = "bad"};
  write_text("file.ini", bad_inis[_i].text);
  ck_assert(!ini_read_file("file.ini", note_entry, &entries, &error));
  ck_assert_str_eq(error.message, bad_inis[_i].error);
}
END_TEST

START_TEST(an_ini_file_with_a_nul_is_no_text)
{
  static const char bytes[] = "[a]\nx=1\0\ny=2\n";
  struct Error error = {0};
  struct Entries entries = {.refused = NULL};
  write_bytes("file.ini", bytes, sizeof bytes - 1);
  ck_assert(!ini_read_file("file.ini", note_entry, &entries, &error));
  ck_assert_str_eq(error.message, "file.ini:2: contains a NUL byte: not a text file");
  ck_assert_str_eq(entries.text, "");
}
END_TEST

START_TEST(unreadable_ini_files_are_errors)
{
  struct Error error = {0};
  struct Entries entries = {.refused = NULL};
  ck_assert(!ini_read_file("none.ini", note_entry, &entries, &error));
  ck_assert_str_eq(error.message, "none.ini: cannot open: No such file or directory");
  ck_assert(!ini_read_file(".", note_entry, &entries, &error));
  ck_assert_str_eq(error.message, ".: cannot read: Is a directory");
}
END_TEST

/* ---- command lines ---- */

static const char *output_value, *flag_value;

static const struct Option options[] = {
    {'o', "output", "FILE", "where to write", &output_value},
    {0, "flag", NULL, "a flag", &flag_value},
    {0, NULL, NULL, NULL, NULL},
};

static const struct Tool tool = {.name = "measure",
                                 .operands = "INPUT...",
                                 .summary = "Measures.",
                                 .options = options,
                                 .min_operands = 1,
                                 .epilogue = "The end."};

/* Parses up to seven words after the program's name. */
static int parse_by(const struct Tool *by, int *first, const char **operand,
                    const char *const *words)
{
  static char storage[8][64];
  static char *argv[9];
  int argc = 1;
  strcpy(storage[0], "/long/path/of/measure");
  for (; words[argc - 1]; argc++)
    snprintf(storage[argc], sizeof storage[argc], "%s", words[argc - 1]);
  for (int i = 0; i < argc; i++)
    argv[i] = storage[i];
  argv[argc] = NULL;
  output_value = flag_value = NULL;
  ck_assert_ptr_nonnull(freopen("stdout", "wb", stdout));
  ck_assert_ptr_nonnull(freopen("stderr", "wb", stderr));
  int result = command_line_parse(by, argc, argv, first);
  fflush(stderr);
  *operand = result == COMMAND_LINE_CONTINUE ? argv[*first] : NULL;
  return result;
}

static int parse(int *first, const char **operand, const char *const *words)
{
  return parse_by(&tool, first, operand, words);
}

#define USAGE "usage: measure [options] INPUT...\nsee 'measure --help'\n"

START_TEST(options_and_operands_are_told_apart)
{
  int first;
  const char *operand;
  ck_assert_int_eq(parse(&first, &operand, (const char *[]){"a", "-o", "f", "b", "--flag", NULL}),
                   COMMAND_LINE_CONTINUE);
  ck_assert_int_eq(first, 4);
  ck_assert_str_eq(operand, "a");
  ck_assert_str_eq(output_value, "f");
  ck_assert_str_eq(flag_value, "");
  ck_assert_int_eq(parse(&first, &operand, (const char *[]){"--output=g", "--", "-x", NULL}),
                   COMMAND_LINE_CONTINUE);
  ck_assert_str_eq(operand, "-x");
  ck_assert_str_eq(output_value, "g");
  ck_assert_ptr_null(flag_value);
  ck_assert_file("stderr", "");
  ck_assert_file("stdout", "");
}
END_TEST

static const struct {
  const char *words[3];
  const char *message;
} wrong_usages[] = {
    {{NULL}, "measure: missing operand\n" USAGE},
    {{"-x", "a", NULL}, "measure: invalid option -- 'x'\n" USAGE},
    {{"--flags", "a", NULL}, "measure: unrecognized option '--flags'\n" USAGE},
    {{"a", "-o", NULL}, "measure: option requires an argument -- 'o'\n" USAGE},
    {{"a", "--flag=3", NULL}, "measure: option '--flag' doesn't allow an argument\n" USAGE},
};

START_TEST(wrong_usage_goes_to_standard_error)
{
  int first;
  const char *operand;
  ck_assert_int_eq(parse(&first, &operand, wrong_usages[_i].words), EXIT_WRONG_USAGE);
  ck_assert_file("stderr", wrong_usages[_i].message);
  ck_assert_file("stdout", "");
}
END_TEST

/* A file that is opened later must not take the place of standard error. */
START_TEST(closed_standard_streams_are_taken)
{
  int first;
  char name[] = "measure", operand[] = "a", *argv[] = {name, operand, NULL};
  close(STDIN_FILENO);
  close(STDERR_FILENO);
  ck_assert_int_eq(command_line_parse(&tool, 2, argv, &first), COMMAND_LINE_CONTINUE);
  int file = open("result", O_WRONLY | O_CREAT, 0666);
  ck_assert_int_gt(file, STDERR_FILENO);
  ck_assert_int_eq(write(STDERR_FILENO, "message", 7), -1);
  ck_assert_int_eq(errno, EBADF);
  char byte;
  ck_assert_int_eq(read(STDIN_FILENO, &byte, 1), -1);
  ck_assert_int_eq(errno, EBADF);
}
END_TEST

START_TEST(messages_are_one_printable_line)
{
  struct Error error = {.message = "found \"\033[2J\n\x7f\xC3\xA9\""};
  ck_assert_ptr_nonnull(freopen("stderr", "wb", stderr));
  ck_assert_int_eq(command_line_fail(&tool, &error), EXIT_FAILURE);
  fflush(stderr);
  ck_assert_file("stderr", "measure: found \"?[2J??\xC3\xA9\"\n");
}
END_TEST

START_TEST(help_goes_to_standard_output)
{
  int first;
  const char *operand;
  ck_assert_int_eq(parse(&first, &operand, (const char *[]){"--help", NULL}), EXIT_SUCCESS);
  ck_assert_file("stderr", "");
  ck_assert_file("stdout",
                 "usage: measure [options] INPUT...\n\nMeasures.\n\noptions:\n"
                 "  -o, --output FILE            where to write\n"
                 "      --flag                   a flag\n"
                 "  -h, --help                   print this and exit\n"
                 "      --version                print the version and exit\n"
                 "      --describe               (alone) print all this for a program and exit\n"
                 "\nThe end.\n");
  ck_assert_int_eq(parse(&first, &operand, (const char *[]){"--version", NULL}), EXIT_SUCCESS);
  ck_assert_file("stdout", "measure " PROJECT_VERSION "\n");
}
END_TEST

/* Lines are broken where they are longer than 90 characters. */
START_TEST(tables_are_listed)
{
  static const struct ToolFile tables[] = {
      {"losses.tsv", "one line"},
      {"x.tsv", "words and more words and still more words and yet more words and the last words, "
                "and more"},
      {NULL, NULL}};
  static const struct Option none[] = {{0, NULL, NULL, NULL, NULL}};
  struct Tool with_tables = {.name = "measure",
                             .operands = "INPUT...",
                             .summary = "Writes:",
                             .options = none,
                             .min_operands = 1,
                             .tables = tables};
  int first;
  const char *operand;
  ck_assert_int_eq(parse_by(&with_tables, &first, &operand, (const char *[]){"--tables", NULL}),
                   EXIT_SUCCESS);
  ck_assert_file("stderr", "");
  ck_assert_file("stdout", "losses.tsv\tone line\nx.tsv\twords and more words and still more words "
                           "and yet more words and the last words, and more\n");
  ck_assert_int_eq(parse_by(&with_tables, &first, &operand, (const char *[]){"--help", NULL}),
                   EXIT_SUCCESS);
  ck_assert_file(
      "stdout",
      "usage: measure [options] INPUT...\n\nWrites:\n"
      "  losses.tsv  one line\n"
      "  x.tsv       words and more words and still more words and yet more words and the "
      "last\n"
      "              words, and more\n"
      "\noptions:\n"
      "  -h, --help                   print this and exit\n"
      "      --version                print the version and exit\n"
      "      --describe               (alone) print all this for a program and exit\n"
      "      --tables                 (alone) print the list of the tables and exit\n");
  ck_assert_int_eq(
      parse_by(&with_tables, &first, &operand, (const char *[]){"--tables", "a", NULL}),
      EXIT_WRONG_USAGE);
  ck_assert_int_eq(parse(&first, &operand, (const char *[]){"--tables", NULL}), EXIT_WRONG_USAGE);
}
END_TEST

START_TEST(tools_describe_themselves)
{
  static const struct ToolFile tables[] = {{"losses.tsv", "one line"}, {NULL, NULL}};
  struct Tool described = tool;
  int first;
  const char *operand;
  described.purpose = "measure things";
  described.summary = "Two\n\n  lines";
  described.tables = tables;
  ck_assert_int_eq(parse_by(&described, &first, &operand, (const char *[]){"--describe", NULL}),
                   EXIT_SUCCESS);
  ck_assert_file("stderr", "");
  ck_assert_file("stdout", "tool\tmeasure\tmeasure things\noperands\tINPUT...\n"
                           "summary\tTwo\nsummary\t\nsummary\t  lines\n"
                           "table\tlosses.tsv\tone line\n"
                           "option\to\toutput\tFILE\twhere to write\n"
                           "option\t\tflag\t\ta flag\n"
                           "option\th\thelp\t\tprint this and exit\n"
                           "option\t\tversion\t\tprint the version and exit\n"
                           "option\t\tdescribe\t\t(alone) print all this for a program and exit\n"
                           "option\t\ttables\t\t(alone) print the list of the tables and exit\n"
                           "epilogue\tThe end.\n");
  ck_assert_int_eq(
      parse_by(&described, &first, &operand, (const char *[]){"--describe", "a", NULL}),
      EXIT_WRONG_USAGE);
}
END_TEST

START_TEST(failures_name_the_tool)
{
  struct Error error = {.message = "file:3: wrong"};
  ck_assert_ptr_nonnull(freopen("stderr", "wb", stderr));
  ck_assert_int_eq(command_line_fail(&tool, &error), EXIT_FAILURE);
  fflush(stderr);
  ck_assert_file("stderr", "measure: file:3: wrong\n");
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
  TCase *tcase = tcase_create(name);
  suite_add_tcase(suite, tcase);
  return tcase;
}

static TCase *add_case_with_folder(Suite *suite, const char *name)
{
  TCase *tcase = add_case(suite, name);
  tcase_add_checked_fixture(tcase, enter_folder, leave_folder);
  return tcase;
}

static void add_values(Suite *suite)
{
  TCase *errors = add_case(suite, "error");
  tcase_add_test(errors, errors_take_prefixes_and_reasons);
  tcase_add_test(errors, long_errors_are_cut);

  TCase *numbers = add_case(suite, "number");
  tcase_add_loop_test(numbers, integers_are_read, 0, LENGTH(integers));
  tcase_add_loop_test(numbers, what_is_no_integer_is_refused, 0, LENGTH(no_integers));
  tcase_add_loop_test(numbers, reals_are_read, 0, LENGTH(reals));
  tcase_add_test(numbers, nan_is_read);
  tcase_add_loop_test(numbers, what_is_no_real_is_refused, 0, LENGTH(no_reals));
  tcase_add_loop_test(numbers, reals_are_written_in_their_shortest_form, 0, LENGTH(formatted));
  tcase_add_test(numbers, nan_is_written_without_its_sign);
  tcase_add_test(numbers, written_reals_read_back_to_the_bit);

  TCase *elementary = add_case(suite, "elementary");
  tcase_add_test(elementary, elementary_functions_are_accurate);
  tcase_add_test(elementary, elementary_functions_have_their_limits);
  tcase_add_test(elementary, turns_are_exact_where_they_can_be);

  TCase *memory = add_case(suite, "memory");
  tcase_add_test(memory, blocks_are_zeroed_and_aligned);
  tcase_add_loop_test(memory, arrays_of_one_block_lie_apart, 0, 2);
  tcase_add_test(memory, too_many_arrays_are_an_error);
  tcase_add_test(memory, too_much_memory_is_an_error);
  tcase_add_test(memory, memory_is_expected);
  tcase_add_test(memory, texts_are_formatted);
  tcase_add_loop_test(memory, names_spelt_alike_are_found, 0, LENGTH(near_names));
}

static void add_files(Suite *suite)
{
  TCase *output = add_case_with_folder(suite, "output");
  tcase_add_test(output, a_commit_replaces_the_old_file);
  tcase_add_test(output, a_discard_leaves_the_old_file);
  tcase_add_test(output, a_file_grows_under_its_own_name);
  tcase_add_test(output, outputs_are_as_readable_as_other_files);
  tcase_add_test(output, outputs_that_cannot_be_made_are_errors);
  tcase_add_test(output, a_failed_rename_leaves_nothing);
  tcase_add_loop_test(output, a_failed_write_leaves_the_old_file, 0, LENGTH(failing_sizes));
  tcase_add_test(output, a_write_that_failed_once_is_not_forgotten);
  tcase_add_test(output, devices_are_written_in_place);
  tcase_add_test(output, a_dash_is_standard_output);
  tcase_add_test(output, a_closed_standard_output_is_noticed_at_once);
  tcase_add_test(output, a_broken_pipe_is_an_error);
  tcase_add_test(output, directories_are_made_with_their_parents);

  TCase *ini = add_case_with_folder(suite, "ini");
  tcase_add_loop_test(ini, ini_files_are_read, 0, LENGTH(good_inis));
  tcase_add_loop_test(ini, bad_ini_files_are_errors_at_their_line, 0, LENGTH(bad_inis));
  tcase_add_test(ini, an_ini_file_with_a_nul_is_no_text);
  tcase_add_test(ini, unreadable_ini_files_are_errors);

  TCase *command_line = add_case_with_folder(suite, "command line");
  tcase_add_test(command_line, options_and_operands_are_told_apart);
  tcase_add_loop_test(command_line, wrong_usage_goes_to_standard_error, 0, LENGTH(wrong_usages));
  tcase_add_test(command_line, closed_standard_streams_are_taken);
  tcase_add_test(command_line, messages_are_one_printable_line);
  tcase_add_test(command_line, help_goes_to_standard_output);
  tcase_add_test(command_line, tables_are_listed);
  tcase_add_test(command_line, tools_describe_themselves);
  tcase_add_test(command_line, failures_name_the_tool);
}

int main(void)
{
  Suite *suite = suite_create("base");
  add_values(suite);
  add_files(suite);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
