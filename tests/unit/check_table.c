/* Tables: reading, rejected input, writing, round trips. */
#include "table/table.h"
#include "table/tex.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

static char folder[] = "/tmp/check_table.XXXXXX";

static void enter_folder(void)
{
  ck_assert_ptr_nonnull(mkdtemp(folder));
  ck_assert_int_eq(chdir(folder), 0);
}

static void leave_folder(void)
{
  unlink("table.tsv");
  unlink("table.tsv.partial");
  ck_assert_int_eq(chdir("/"), 0);
  ck_assert_int_eq(rmdir(folder), 0); /* no file is left over */
}

static long file_size(const char *path)
{
  struct stat status;
  ck_assert_int_eq(stat(path, &status), 0);
  return (long)status.st_size;
}

static void write_bytes(const char *bytes, size_t length)
{
  FILE *stream = fopen("table.tsv", "wb");
  ck_assert_ptr_nonnull(stream);
  ck_assert_uint_eq(fwrite(bytes, 1, length, stream), length);
  ck_assert_int_eq(fclose(stream), 0);
}

static void read_text(struct Table *table, const char *text)
{
  struct Error error = {0};
  write_bytes(text, strlen(text));
  ck_assert_msg(table_read(table, "table.tsv", &error), "%s", error.message);
}

START_TEST(a_table_is_read)
{
  struct Error error = {0};
  struct Table table;
  read_text(&table, "# title\n#\n# x [1]: y\nepoch\tloss-a.b_C\tname\n0\t4.75\ta word\n"
                    "100\tnan\t#\n200\t-inf\tc\n");
  ck_assert_uint_eq(table.n_columns, 3);
  ck_assert_uint_eq(table.n_rows, 3);
  ck_assert_int_eq(table.first_line, 5);
  ck_assert_str_eq(table.path, "table.tsv");
  ck_assert_int_eq(table_column(&table, "loss-a.b_C", &error), 1);
  ck_assert_str_eq(table_cell(&table, 0, 2), "a word");
  ck_assert_str_eq(table_cell(&table, 2, 0), "200");
  double *epochs = table_numbers(&table, "epoch", &error);
  double *losses = table_numbers(&table, "loss-a.b_C", &error);
  ck_assert(epochs[0] == 0 && epochs[1] == 100 && epochs[2] == 200);
  ck_assert(losses[0] == 4.75 && isnan(losses[1]) && losses[2] == -HUGE_VAL);
  free(epochs);
  free(losses);
  table_release(&table);
  ck_assert_ptr_null(table.text);
}
END_TEST

static const char *const same_tables[] = {
    "a\tb\n1\t2\n3\t4\n",
    "a\tb\n1\t2\n3\t4",
    "a\tb\r\n1\t2\r\n3\t4\r\n",
    "# title\r\na\tb\r\n1\t2\r\n3\t4",
};

START_TEST(line_ends_do_not_matter)
{
  struct Table table;
  read_text(&table, same_tables[_i]);
  ck_assert_uint_eq(table.n_columns, 2);
  ck_assert_uint_eq(table.n_rows, 2);
  ck_assert_str_eq(table.names[1], "b");
  ck_assert_str_eq(table_cell(&table, 1, 1), "4");
  table_release(&table);
}
END_TEST

START_TEST(a_table_may_have_no_rows)
{
  struct Error error = {0};
  struct Table table;
  read_text(&table, "a\tb\n");
  ck_assert_uint_eq(table.n_rows, 0);
  double *numbers = table_numbers(&table, "b", &error);
  ck_assert_ptr_nonnull(numbers);
  free(numbers);
  table_release(&table);
}
END_TEST

static const struct {
  const char *text, *error;
} bad_tables[] = {
    {"", "table.tsv: empty, expected a table"},
    {"# title\n# more\n", "table.tsv:3: the file ends before the line of column names"},
    {"\n1\n", "table.tsv:1: column 1 is named \"\", expected a name of letters, digits, '_', '.' "
              "and '-'"},
    {"a\t\tb\n", "table.tsv:1: column 2 is named \"\", expected a name of letters, digits, '_', "
                 "'.' and '-'"},
    {"a\tb c\n", "table.tsv:1: column 2 is named \"b c\", expected a name of letters, digits, "
                 "'_', '.' and '-'"},
    {"# t\na\tb\ta\n", "table.tsv:2: columns 1 and 3 are both named \"a\""},
    {"a\td\tb\td\tc\tb\td\ta\n", "table.tsv:1: columns 2 and 4 are both named \"d\""},
    {"a\tb\n1\t2\n3\n", "table.tsv:3: a row of 1 cells, expected 2"},
    {"a\tb\n1\t2\t3\n", "table.tsv:2: a row of 3 cells, expected 2"},
    {"a\tb\n1\t2\n\n3\t4\n", "table.tsv:3: a row of 0 cells, expected 2"},
    {"a\tb\n1\t\n", "table.tsv:2: column \"b\" is empty"},
    {"a\n1\n\n", "table.tsv:3: column \"a\" is empty"},
};

START_TEST(bad_tables_are_errors_at_their_line)
{
  struct Error error = {0};
  struct Table table;
  write_bytes(bad_tables[_i].text, strlen(bad_tables[_i].text));
  ck_assert(!table_read(&table, "table.tsv", &error));
  ck_assert_str_eq(error.message, bad_tables[_i].error);
  ck_assert_ptr_null(table.text);
}
END_TEST

START_TEST(a_table_with_a_nul_is_no_table)
{
  struct Error error = {0};
  struct Table table;
  write_bytes("a\tb\n1\t2\n3\t\0004\n", 13);
  ck_assert(!table_read(&table, "table.tsv", &error));
  ck_assert_str_eq(error.message, "table.tsv:3: contains a NUL byte: not a table");
}
END_TEST

START_TEST(unreadable_tables_are_errors)
{
  struct Error error = {0};
  struct Table table;
  ck_assert(!table_read(&table, "none.tsv", &error));
  ck_assert_str_eq(error.message, "none.tsv: cannot open: No such file or directory");
  ck_assert(!table_read(&table, ".", &error));
  ck_assert_str_eq(error.message, ".: cannot read: Is a directory");
}
END_TEST

START_TEST(a_missing_column_is_an_error_that_lists_the_others)
{
  struct Error error = {0};
  struct Table table;
  read_text(&table, "epoch\tloss\n1\t2\n");
  ck_assert_int_eq(table_column(&table, "los", &error), -1);
  ck_assert_str_eq(error.message, "table.tsv: no column \"los\", there are epoch, loss");
  ck_assert_ptr_null(table_numbers(&table, "Epoch", &error));
  ck_assert_str_eq(error.message, "table.tsv: no column \"Epoch\", there are epoch, loss");
  table_release(&table);
}
END_TEST

START_TEST(many_columns_do_not_overflow_the_message)
{
  enum { COLUMNS = 500 };
  struct Error error = {0};
  struct Table table;
  char text[16 * COLUMNS] = "";
  for (int i = 0; i < COLUMNS; i++)
    sprintf(text + strlen(text), "neuron_%d%c", i, i + 1 < COLUMNS ? '\t' : '\n');
  read_text(&table, text);
  ck_assert_int_eq(table_column(&table, "neuron_499", &error), 499);
  ck_assert_int_eq(table_column(&table, "none", &error), -1);
  ck_assert_uint_eq(strlen(error.message), sizeof error.message - 1);
  table_release(&table);
}
END_TEST

/* As many lines as columns: their product is no measure of what the file holds. */
START_TEST(a_wide_table_takes_no_more_than_its_size)
{
  enum { COLUMNS = 300000, NAME = 8 };
  struct Error error = {0};
  struct Table table;
  size_t size = (NAME + 1) * COLUMNS;
  char *text = malloc(size + COLUMNS);
  for (size_t i = 0; i < COLUMNS; i++)
    sprintf(text + i * NAME, "c%06zu%c", i, i + 1 < COLUMNS ? '\t' : '\n');
  memset(text + NAME * COLUMNS, '\n', COLUMNS);
#ifndef SANITIZE /* the sanitizer reserves more than any limit for itself */
  struct rlimit limit;
  ck_assert_int_eq(getrlimit(RLIMIT_DATA, &limit), 0);
  limit.rlim_cur = 256 << 20;
  ck_assert_int_eq(setrlimit(RLIMIT_DATA, &limit), 0);
#endif
  write_bytes(text, size);
  ck_assert(!table_read(&table, "table.tsv", &error));
  ck_assert_str_eq(error.message, "table.tsv:2: a row of 0 cells, expected 300000");
  memcpy(text + NAME * (COLUMNS - 1), "c000000", NAME - 1);
  write_bytes(text, size);
  ck_assert(!table_read(&table, "table.tsv", &error));
  ck_assert_str_eq(error.message, "table.tsv:1: columns 1 and 300000 are both named \"c000000\"");
  free(text);
}
END_TEST

START_TEST(a_cell_that_is_no_number_is_an_error_at_its_line)
{
  struct Error error = {0};
  struct Table table;
  read_text(&table, "# t\nepoch\tloss\n1\t2\n2\t4,5\n");
  ck_assert_ptr_null(table_numbers(&table, "loss", &error));
  ck_assert_str_eq(error.message, "table.tsv:4: column \"loss\": found \"4,5\", expected a number");
  double *epochs = table_numbers(&table, "epoch", &error);
  ck_assert_ptr_nonnull(epochs);
  free(epochs);
  table_release(&table);
}
END_TEST

/* Larger than the reader's first block, several times over. */
START_TEST(large_tables_are_read_whole)
{
  enum { ROWS = 100000 };
  struct Error error = {0};
  struct Table table;
  FILE *stream = fopen("table.tsv", "wb");
  fputs("i\tsquare\n", stream);
  for (int i = 0; i < ROWS; i++)
    fprintf(stream, "%d\t%lld\n", i, (long long)i * i);
  ck_assert_int_eq(fclose(stream), 0);
  ck_assert_msg(table_read(&table, "table.tsv", &error), "%s", error.message);
  ck_assert_uint_eq(table.n_rows, ROWS);
  double *squares = table_numbers(&table, "square", &error);
  for (int i = 0; i < ROWS; i++)
    ck_assert(squares[i] == (double)i * i);
  free(squares);
  table_release(&table);
}
END_TEST

/* Whatever its length is, and that of the row before: the reader looks at blocks of 4096 bytes. */
START_TEST(the_last_row_alone_is_found)
{
  static const int lengths[] = {1,    2,    100,  4089, 4090, 4091, 4092,
                                4093, 4094, 4095, 4096, 4097, 20000};
  enum { N = sizeof lengths / sizeof *lengths };
  struct Error error = {0};
  struct Table table;
  for (int i = 0; i < N * N; i++) {
    FILE *stream = fopen("table.tsv", "wb");
    fprintf(stream, "# title\na\tb\n1\t%0*d\n2\t%0*d\n3\tunfin", lengths[i % N], 7, lengths[i / N],
            9);
    ck_assert_int_eq(fclose(stream), 0);
    ck_assert_msg(table_read_last(&table, "table.tsv", &error), "%s", error.message);
    ck_assert_uint_eq(table.n_columns, 2);
    ck_assert_uint_eq(table.n_rows, 1);
    ck_assert_str_eq(table_cell(&table, 0, 0), "2");
    ck_assert_uint_eq(strlen(table_cell(&table, 0, 1)), (size_t)lengths[i / N]);
    table_release(&table);
  }
}
END_TEST

START_TEST(there_may_be_no_last_row)
{
  static const char *const texts[] = {"a\tb\n", "# title\na\tb\n", "a\tb\n1\t", "a\tb"};
  struct Error error = {0};
  struct Table table;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    write_bytes(texts[i], strlen(texts[i]));
    ck_assert_msg(table_read_last(&table, "table.tsv", &error), "%s", error.message);
    ck_assert_uint_eq(table.n_rows, 0);
    table_release(&table);
  }
  write_bytes("# title\n", strlen("# title\n"));
  ck_assert(!table_read_last(&table, "table.tsv", &error));
  ck_assert_str_eq(error.message, "table.tsv:2: the file ends before the line of column names");
  ck_assert(!table_read_last(&table, "nowhere.tsv", &error));
  ck_assert_str_eq(error.message, "nowhere.tsv: cannot open: No such file or directory");
  write_bytes("a\tb\n1\t2\t3\n", strlen("a\tb\n1\t2\t3\n"));
  ck_assert(!table_read_last(&table, "table.tsv", &error));
}
END_TEST

/* ---- where it comes from ---- */

START_TEST(a_table_knows_its_run)
{
  struct Provenance run = {.has_configuration = true, .has_trajectory = true};
  struct Table table;
  run.configuration = (struct Digest){.low = 0x0123456789abcdef, .high = 0x00fedcba98765432};
  run.trajectory = (struct Digest){.low = 7};
  char line[PROVENANCE_SIZE], text[256];
  provenance_format(&run, line);
  ck_assert_str_eq(line, "run: configuration 00fedcba987654320123456789abcdef, "
                         "trajectory 00000000000000000000000000000007");
  snprintf(text, sizeof text, "# title\n# %s\r\n# x [1]: y\nx\n1\n", line);
  read_text(&table, text);
  ck_assert(table.run.has_configuration && table.run.has_trajectory);
  ck_assert(digest_equal(table.run.configuration, run.configuration));
  ck_assert(digest_equal(table.run.trajectory, run.trajectory));
  struct Digest digest = table.digest;
  table_release(&table);
  text[2] = 'T'; /* of the title */
  read_text(&table, text);
  ck_assert(!digest_equal(table.digest, digest));
  table_release(&table);
}
END_TEST

START_TEST(what_is_unknown_stays_unknown)
{
  struct Provenance run = {.has_trajectory = true, .trajectory = {.low = 7}}, found = {0};
  char line[PROVENANCE_SIZE], comment[PROVENANCE_SIZE + 2];
  provenance_format(&run, line);
  ck_assert_str_eq(line, "run: configuration unknown, trajectory 00000000000000000000000000000007");
  snprintf(comment, sizeof comment, "# %s", line);
  ck_assert(provenance_parse(comment, &found));
  ck_assert(!found.has_configuration && found.has_trajectory && found.trajectory.low == 7);
}
END_TEST

/* The engine of a run, and how it is named. */
static const struct {
  const char *engine, *named;
} engines[] = {
    {"factored", ""},
    {"textbook, OpenBLAS 0.3.21 SkylakeX", ", engine textbook, OpenBLAS 0.3.21 SkylakeX"},
    {"one\n# two\r\t\x1b\x7f", ", engine one?# two????"},
    {"\xc3\xa9", ", engine ??"},
    {"1234567890123456789012345678901234567890123456789012345678901234567890123456789and more",
     ", engine 1234567890123456789012345678901234567890123456789012345678901234567890123456789"},
};

START_TEST(a_run_names_its_engine)
{
  struct Provenance run = {0}, found;
  char line[PROVENANCE_SIZE], comment[PROVENANCE_SIZE + 2], named[PROVENANCE_SIZE];
  provenance_set_engine(&run, engines[_i].engine);
  provenance_format(&run, line);
  snprintf(named, sizeof named, "run: configuration unknown, trajectory unknown%s",
           engines[_i].named);
  ck_assert_str_eq(line, named);
  snprintf(comment, sizeof comment, "# %s", line);
  ck_assert(provenance_parse(comment, &found));
  ck_assert_str_eq(found.engine, run.engine);
  strcat(comment, "\x1b");
  bool fits = strlen(run.engine) + 1 < sizeof run.engine && *run.engine;
  ck_assert(provenance_parse(comment, &found) == fits);
  ck_assert(!strchr(found.engine, '\x1b'));
}
END_TEST

static const char *const no_provenance[] = {
    "",
    "# run: ",
    "run: configuration unknown, trajectory unknown",
    "# run: configuration unknown",
    "# run: configuration unknown, trajectory unknown.",
    "# run: configuration unknown, trajectory unknown, engine ",
    "# run: configuration unknown, trajectory unknown, engineer x",
    "# run: configuration 0000000000000007, trajectory 0000000000000007", /* of older tables */
    "# run: configuration 0000000000000000000000000000007, trajectory unknown",
    "# run: configuration unknown, trajectory 000000000000000000000000000000070",
    "# run: configuration 0000000000000000000000000000000A, trajectory unknown",
    "# run: configuration 0x000000000000000000000000000007, trajectory unknown",
    "# run: configuration 00000000000000000000000000000007,trajectory unknown"};

START_TEST(other_comments_are_no_provenance)
{
  struct Provenance found = {.trajectory = {.low = 5}};
  ck_assert(!provenance_parse(no_provenance[_i], &found));
  ck_assert(found.trajectory.low == 5 && !found.has_configuration && !found.has_trajectory);
}
END_TEST

/* ---- writing ---- */

struct Loss {
  int64_t epoch;
  double loss;
  const char *name;
};

static const struct Column columns[] = {
    COLUMN(struct Loss, epoch, "epochs", "optimizer steps taken"),
    COLUMN(struct Loss, loss, "nats", "mean cross-entropy"),
    COLUMN(struct Loss, name, "word", "what it is called"),
};

static void read_back(const char *path, char *text, size_t size)
{
  FILE *stream = fopen(path, "rb");
  text[fread(text, 1, size - 1, stream)] = '\0';
  fclose(stream);
}

START_TEST(a_written_table_says_what_it_holds)
{
  struct Error error = {0};
  struct TableWriter writer;
  ck_assert(table_create(&writer, "table.tsv", "Losses\n\nof a run", columns, 3, &error));
  table_put_integer(&writer, 100);
  table_put(&writer, 1.0 / 3);
  table_put_text(&writer, "first");
  table_put_integer(&writer, -9223372036854775807);
  table_put(&writer, -NAN);
  table_put_text(&writer, "second");
  table_put(&writer, 0);
  table_put(&writer, -HUGE_VAL);
  table_put_text(&writer, "third");
  ck_assert_msg(table_commit(&writer, &error), "%s", error.message);
  char text[1024];
  read_back("table.tsv", text, sizeof text);
  ck_assert_str_eq(text, "# Losses\n#\n# of a run\n# epoch [epochs]: optimizer steps taken\n"
                         "# loss [nats]: mean cross-entropy\n# name [word]: what it is called\n"
                         "epoch\tloss\tname\n100\t0.333333333\tfirst\n"
                         "-9223372036854775807\tnan\tsecond\n0\t-inf\tthird\n");
}
END_TEST

/* Every type that a member can have, the columns in another order than the members. */
struct Members {
  bool holds;
  int small;
  size_t count;
  struct {
    double values[2];
  } inside;
  struct MaybeInteger known, unknown;
  int64_t large;
  const char *word;
};

static const struct Column of_members[] = {
    COLUMN(struct Members, word, "name", "a text"),
    COLUMN_AS("second", struct Members, inside.values[1], "1", "a number of an array inside"),
    COLUMN(struct Members, large, "1", "an integer of 64 bits"),
    COLUMN(struct Members, known, "epochs", "an integer"),
    COLUMN(struct Members, unknown, "epochs", "an integer that nobody knows"),
    COLUMN(struct Members, count, "1", "a size"),
    COLUMN(struct Members, small, "1", "an integer"),
    COLUMN(struct Members, holds, "0 or 1", "a truth"),
};

static const struct Members members = {.holds = true,
                                       .small = -3,
                                       .count = 7,
                                       .inside.values = {0.25, 1.0 / 3},
                                       .known = {true, 12345678901},
                                       .unknown = {false, 5},
                                       .large = INT64_MIN + 1,
                                       .word = "w"};

START_TEST(a_row_has_the_members_that_its_columns_name)
{
  struct Error error = {0};
  struct TableWriter writer;
  char text[1000];
  ck_assert(table_create(&writer, "table.tsv", "t", of_members, N_COLUMNS(of_members), &error));
  table_put_row(&writer, &members);
  table_put_row(&writer, &(struct Members){.word = "nothing"});
  ck_assert_msg(table_commit(&writer, &error), "%s", error.message);
  read_back("table.tsv", text, sizeof text);
  ck_assert_str_eq(strstr(text, "\nword\t"),
                   "\nword\tsecond\tlarge\tknown\tunknown\tcount\tsmall\tholds\n"
                   "w\t0.333333333\t-9223372036854775807\t12345678901\tnan\t7\t-3\t1\n"
                   "nothing\t0\t0\tnan\tnan\t0\t0\t0\n");
}
END_TEST

START_TEST(a_member_is_a_number)
{
  static const double expected[] = {NAN, 1.0 / 3, -9223372036854775807.0, 12345678901, NAN, 7,
                                    -3,  1};
  for (size_t i = 0; i < N_COLUMNS(of_members); i++) {
    double found = column_number(&of_members[i], &members);
    ck_assert_msg(isnan(expected[i]) ? isnan(found) : found == expected[i], "%s is %g",
                  of_members[i].name, found);
  }
}
END_TEST

START_TEST(written_floats_read_back_to_the_bit)
{
  enum { ROWS = 5000 };
  struct Error error = {0};
  struct TableWriter writer;
  struct Table table;
  float values[ROWS];
  uint32_t bits = 1;
  for (int i = 0; i < ROWS; i++) {
    do {
      bits = bits * 1664525u + 1013904223u;
      memcpy(&values[i], &bits, sizeof bits);
    } while (!isfinite(values[i]));
  }
  ck_assert(table_create(&writer, "table.tsv", "floats", columns + 1, 1, &error));
  for (int i = 0; i < ROWS; i++)
    table_put(&writer, (double)values[i]);
  ck_assert(table_commit(&writer, &error));
  ck_assert_msg(table_read(&table, "table.tsv", &error), "%s", error.message);
  double *back = table_numbers(&table, "loss", &error);
  ck_assert_uint_eq(table.n_rows, ROWS);
  for (int i = 0; i < ROWS; i++)
    ck_assert((float)back[i] == values[i]);
  free(back);
  table_release(&table);
}
END_TEST

START_TEST(a_discarded_table_leaves_nothing)
{
  struct Error error = {0};
  struct TableWriter writer;
  ck_assert(table_create(&writer, "table.tsv", "t", columns, 3, &error));
  table_put_integer(&writer, 1);
  table_discard(&writer);
  ck_assert_int_ne(access("table.tsv", F_OK), 0);
}
END_TEST

START_TEST(an_unfinished_row_is_not_committed)
{
  struct Error error = {0};
  struct TableWriter writer;
  ck_assert(table_create(&writer, "table.tsv", "t", columns, 3, &error));
  table_put_integer(&writer, 1);
  ck_assert(!table_commit(&writer, &error));
  ck_assert_str_eq(error.message, "table.tsv: the last row has 1 of 3 cells");
  ck_assert_int_ne(access("table.tsv", F_OK), 0);
}
END_TEST

START_TEST(a_table_that_cannot_be_written_is_an_error)
{
  struct Error error = {0};
  struct TableWriter writer;
  ck_assert(!table_create(&writer, "no/table.tsv", "t", columns, 3, &error));
  ck_assert_str_eq(error.message, "no/table.tsv: cannot create: No such file or directory");
  ck_assert(table_create(&writer, "/dev/full", "t", columns, 1, &error));
  ck_assert(!table_commit(&writer, &error));
  ck_assert_str_eq(error.message, "/dev/full: cannot write: No space left on device");
}
END_TEST

/* Each row can be read once it is flushed. A row that is being written is none. */
START_TEST(a_growing_table_is_read_as_far_as_it_goes)
{
  struct Error error = {0};
  struct TableWriter writer;
  struct Table table;
  const char *name = "table.tsv.partial";
  ck_assert(table_create(&writer, name, "t", columns, 2, &error));
  ck_assert(table_commit(&writer, &error));
  ck_assert_msg(table_append(&writer, name, columns, 2, &error), "%s", error.message);
  for (int row = 1; row <= 3; row++) {
    table_put_integer(&writer, 100LL * row);
    table_put(&writer, 0.5);
    ck_assert(table_flush(&writer, &error));
    ck_assert_msg(table_read(&table, name, &error), "%s", error.message);
    ck_assert_uint_eq(table.n_rows, (size_t)row);
    ck_assert_str_eq(table_cell(&table, (size_t)row - 1, 1), "0.5");
    table_release(&table);
  }
  ck_assert(table_commit(&writer, &error));
  ck_assert_int_eq(truncate(name, file_size(name) - 2), 0); /* 0. rather than 0.5 */
  ck_assert_msg(table_read(&table, name, &error), "%s", error.message);
  ck_assert_uint_eq(table.n_rows, 2);
  table_release(&table);
  ck_assert(table_is_partial(name) && !table_is_partial("table.tsv"));
}
END_TEST

START_TEST(a_table_without_a_whole_line_is_an_error)
{
  struct Error error = {0};
  struct Table table;
  write_bytes("epo", 3);
  ck_assert_int_eq(rename("table.tsv", "table.tsv.partial"), 0);
  ck_assert(!table_read(&table, "table.tsv.partial", &error));
  ck_assert_str_eq(error.message, "table.tsv.partial: empty, expected a table");
}
END_TEST

/* ---- LaTeX ---- */

static const struct {
  double value;
  const char *text;
} tex_numbers[] = {{0, "$0$"},
                   {-3, "$-3$"},
                   {0.5, "$0.5$"},
                   {0.12345, "$0.123$"},
                   {2.5e-7, "$2.5 \\times 10^{-7}$"},
                   {-2.5e-7, "$-2.5 \\times 10^{-7}$"},
                   {1.239e-16, "$1.24 \\times 10^{-16}$"},
                   {1e-100, "$1 \\times 10^{-100}$"},
                   {1.5e-4, "$1.5 \\times 10^{-4}$"},
                   {2e-4, "$2 \\times 10^{-4}$"},
                   {0.001, "$0.001$"},
                   {433, "$433$"},
                   {-3300, "$-3{,}300$"},
                   {9999999, "$9{,}999{,}999$"},
                   {1e7, "$1 \\times 10^{7}$"},
                   {123456.7, "$1.23 \\times 10^{5}$"},
                   {12345.6, "$12{,}346$"},
                   {999.4, "$999$"},
                   {999.6, "$1{,}000$"},
                   {NAN, "--"},
                   {HUGE_VAL, "$\\infty$"},
                   {-HUGE_VAL, "$-\\infty$"}};

static const struct {
  const char *text, *tex;
} tex_texts[] = {{"plain: a+b", "plain: a+b"},
                 {"#$%&_{}", "\\#\\$\\%\\&\\_\\{\\}"},
                 {"~ 5", "$\\sim$ 5"},
                 {"2^3", "2\\textasciicircum{}3"},
                 {"a\\b", "a\\textbackslash{}b"}};

static const struct {
  const char *text, *tex;
} tex_sentences[] = {
    {"at most 2e-7", "at most $2 \\times 10^{-7}$"},
    {"~ 11,000 epochs", "$\\sim$ $11$,000 epochs"},
    {"467 to 4200", "$467$ to $4{,}200$"},
    {"about 2e\0"
     "9",
     "about $2$e"}, /* what is behind a text is no part of it */
    {"seeds 0.86e-7 to 1.12e+7;", "seeds $0.86 \\times 10^{-7}$ to $1.12 \\times 10^{7}$;"},
    {"1.", "$1$."},
    {"5e", "$5$e"},
    {"77 % less", "$77$ \\% less"},
    {"W_E, cos(w_k(a + b))", "$W_E$, cos($w_k$(a + b))"},
    {"d_model W_in x2 a_b_c", "d\\_model W\\_in x2 a\\_b\\_c"},
    {"", ""}};

START_TEST(numbers_in_LaTeX)
{
  char *bytes;
  size_t size;
  FILE *stream = open_memstream(&bytes, &size);
  tex_put_number(stream, tex_numbers[_i].value);
  ck_assert_int_eq(fclose(stream), 0);
  ck_assert_str_eq(bytes, tex_numbers[_i].text);
  free(bytes);
}
END_TEST

START_TEST(texts_in_LaTeX)
{
  char *bytes;
  size_t size;
  FILE *stream = open_memstream(&bytes, &size);
  tex_put_text(stream, tex_texts[_i].text);
  ck_assert_int_eq(fclose(stream), 0);
  ck_assert_str_eq(bytes, tex_texts[_i].tex);
  free(bytes);
}
END_TEST

START_TEST(sentences_in_LaTeX)
{
  char *bytes;
  size_t size;
  FILE *stream = open_memstream(&bytes, &size);
  tex_put_prose(stream, tex_sentences[_i].text);
  ck_assert_int_eq(fclose(stream), 0);
  ck_assert_str_eq(bytes, tex_sentences[_i].tex);
  free(bytes);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("table");
  TCase *reader = tcase_create("reader");
  tcase_add_checked_fixture(reader, enter_folder, leave_folder);
  tcase_add_test(reader, a_table_is_read);
  tcase_add_loop_test(reader, line_ends_do_not_matter, 0, LENGTH(same_tables));
  tcase_add_test(reader, a_table_may_have_no_rows);
  tcase_add_loop_test(reader, bad_tables_are_errors_at_their_line, 0, LENGTH(bad_tables));
  tcase_add_test(reader, a_table_with_a_nul_is_no_table);
  tcase_add_test(reader, unreadable_tables_are_errors);
  tcase_add_test(reader, a_missing_column_is_an_error_that_lists_the_others);
  tcase_add_test(reader, many_columns_do_not_overflow_the_message);
  tcase_add_test(reader, a_wide_table_takes_no_more_than_its_size);
  tcase_add_test(reader, a_cell_that_is_no_number_is_an_error_at_its_line);
  tcase_add_test(reader, large_tables_are_read_whole);
  tcase_add_test(reader, the_last_row_alone_is_found);
  tcase_add_test(reader, there_may_be_no_last_row);
  suite_add_tcase(suite, reader);
  TCase *provenance = tcase_create("provenance");
  tcase_add_checked_fixture(provenance, enter_folder, leave_folder);
  tcase_add_test(provenance, a_table_knows_its_run);
  tcase_add_test(provenance, what_is_unknown_stays_unknown);
  tcase_add_loop_test(provenance, a_run_names_its_engine, 0,
                      (int)(sizeof engines / sizeof *engines));
  tcase_add_loop_test(provenance, other_comments_are_no_provenance, 0, LENGTH(no_provenance));
  suite_add_tcase(suite, provenance);
  TCase *writer = tcase_create("writer");
  tcase_add_checked_fixture(writer, enter_folder, leave_folder);
  tcase_add_test(writer, a_written_table_says_what_it_holds);
  tcase_add_test(writer, a_row_has_the_members_that_its_columns_name);
  tcase_add_test(writer, a_member_is_a_number);
  tcase_add_test(writer, written_floats_read_back_to_the_bit);
  tcase_add_test(writer, a_discarded_table_leaves_nothing);
  tcase_add_test(writer, an_unfinished_row_is_not_committed);
  tcase_add_test(writer, a_table_that_cannot_be_written_is_an_error);
  tcase_add_test(writer, a_growing_table_is_read_as_far_as_it_goes);
  tcase_add_test(writer, a_table_without_a_whole_line_is_an_error);
  suite_add_tcase(suite, writer);
  TCase *tex = tcase_create("LaTeX");
  tcase_add_loop_test(tex, numbers_in_LaTeX, 0, LENGTH(tex_numbers));
  tcase_add_loop_test(tex, texts_in_LaTeX, 0, LENGTH(tex_texts));
  tcase_add_loop_test(tex, sentences_in_LaTeX, 0, LENGTH(tex_sentences));
  suite_add_tcase(suite, tex);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
