#include "listing/listing.h"

#include "base/memory.h"
#include "base/progress.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- cells ---- */

enum { CELL_SIZE = 512 };
enum { MOST_SECONDS = 1000000000 }; /* that a time is given for */
enum { RUN, STATE, EPOCH, TRAIN_LOSS, TEST_LOSS, RATE, LEFT, SINCE, WHERE, N_CELLS };
static const char *const titles[N_CELLS] = {
    "run", "state", "epoch", "train loss", "test loss", "epochs/s", "left", "last sign", "where"};

static bool is_to_the_left(int cell)
{
  return cell == RUN || cell == STATE || cell == WHERE;
}

typedef char Cells[N_CELLS][CELL_SIZE];

static void print_number(char cell[CELL_SIZE], const char *format, double value)
{
  if (!isnan(value)) snprintf(cell, CELL_SIZE, format, value);
}

/* For example, 5 s, 3 min, 2 h, 12 days. */
static void print_age(char cell[CELL_SIZE], double seconds)
{
  if (isnan(seconds)) return;
  if (seconds < 60)
    snprintf(cell, CELL_SIZE, "%.0f s", floor(seconds));
  else if (seconds < 3600)
    snprintf(cell, CELL_SIZE, "%.0f min", floor(seconds / 60));
  else if (seconds < 48 * 3600)
    snprintf(cell, CELL_SIZE, "%.0f h", floor(seconds / 3600));
  else
    snprintf(cell, CELL_SIZE, "%.0f days", floor(seconds / 86400));
}

static void print_epoch(char cell[CELL_SIZE], const struct RunStatus *status)
{
  if (status->epoch.known && status->epochs.known)
    snprintf(cell, CELL_SIZE, "%" PRId64 " of %" PRId64, status->epoch.value, status->epochs.value);
  else if (status->epoch.known)
    snprintf(cell, CELL_SIZE, "%" PRId64, status->epoch.value);
  else if (status->epochs.known)
    snprintf(cell, CELL_SIZE, "of %" PRId64, status->epochs.value);
}

static void print_cells(Cells cells, const struct ListedRow *row)
{
  const struct RunStatus *status = &row->status;
  for (int i = 0; i < N_CELLS; i++)
    strcpy(cells[i], i == WHERE ? "" : "-");
  snprintf(cells[RUN], CELL_SIZE, "%s", row->name);
  snprintf(cells[STATE], CELL_SIZE, "%s", run_state_names[status->state]);
  print_epoch(cells[EPOCH], status);
  print_number(cells[TRAIN_LOSS], "%.3g", status->train_loss);
  print_number(cells[TEST_LOSS], "%.3g", status->test_loss);
  print_number(cells[RATE], "%.3g", status->rate);
  if (status->left < MOST_SECONDS) progress_format_time(status->left, cells[LEFT]);
  print_age(cells[SINCE], status->since);
  if (*status->where || *status->failure)
    snprintf(cells[WHERE], CELL_SIZE, "%s%s%s", status->where,
             *status->where && *status->failure ? ": " : "", status->failure);
  for (int i = 0; i < N_CELLS; i++) /* names and failures may hold anything */
    for (char *c = cells[i]; *c; c++)
      if ((unsigned char)*c < ' ' || *c == 127) *c = '?';
}

/* ---- lines ---- */

/* Where the list is printed. */
struct Page {
  FILE *stream;
  int width;           /* of a line; INT32_MAX: any */
  const bool *wanted;  /* [N_RUN_STATES] */
  int widths[N_CELLS]; /* of the columns */
};

/* Columns of a text: bytes of UTF-8 that begin a character. */
static int columns_of(const char *text)
{
  int columns = 0;
  for (; *text; text++)
    columns += (*text & 0xC0) != 0x80;
  return columns;
}

/* Prints as many columns of a text as there is room for, which it takes. */
static void put(const struct Page *page, const char *text, int *room)
{
  for (; *text; text++) {
    const bool begins = (*text & 0xC0) != 0x80;
    if (begins && *room == 0) return;
    *room -= begins;
    putc(*text, page->stream);
  }
}

static void put_blanks(const struct Page *page, int n, int *room)
{
  for (; n > 0 && *room > 0; n--, --*room)
    putc(' ', page->stream);
}

static void put_line(const struct Page *page, const char *text)
{
  int room = page->width;
  put(page, text, &room);
  putc('\n', page->stream);
}

static void put_cells(const struct Page *page, const char *const texts[N_CELLS])
{
  int room = page->width;
  for (int i = 0; i < N_CELLS; i++) {
    const int padding = page->widths[i] - columns_of(texts[i]);
    if (!is_to_the_left(i)) put_blanks(page, padding, &room);
    put(page, texts[i], &room);
    if (i + 1 == N_CELLS || (i + 1 == WHERE && !*texts[WHERE])) break;
    put_blanks(page, is_to_the_left(i) ? padding + 2 : 2, &room);
  }
  putc('\n', page->stream);
}

static void put_row(const struct Page *page, const struct ListedRow *row)
{
  Cells cells;
  const char *texts[N_CELLS];
  print_cells(cells, row);
  for (int i = 0; i < N_CELLS; i++)
    texts[i] = cells[i];
  put_cells(page, texts);
}

/* Sets the widths of the columns; returns the number of rows that are wanted. */
static size_t measure(struct Page *page, const struct ListedRow *rows, size_t n)
{
  size_t count = 0;
  for (int i = 0; i < N_CELLS; i++)
    page->widths[i] = columns_of(titles[i]);
  for (size_t row = 0; row < n; row++) {
    Cells cells;
    if (!page->wanted[rows[row].status.state]) continue;
    count++;
    print_cells(cells, &rows[row]);
    for (int i = 0; i < N_CELLS; i++)
      if (columns_of(cells[i]) > page->widths[i]) page->widths[i] = columns_of(cells[i]);
  }
  return count;
}

/* ---- all runs ---- */

enum { AT_REST = 1, OTHERS = 2 };

static int kind_of(enum RunState state)
{
  return state == RUN_DONE || state == RUN_WAITING ? AT_REST : OTHERS;
}

/* Prints the rows of some kinds, at most so many; returns how many these are. */
static size_t put_rows(const struct Page *page, const struct ListedRow *rows, size_t n, int kinds,
                       size_t most)
{
  size_t count = 0;
  for (size_t i = 0; i < n && count < most; i++) {
    const enum RunState state = rows[i].status.state;
    if (!page->wanted[state] || !(kinds & kind_of(state))) continue;
    put_row(page, &rows[i]);
    count++;
  }
  return count;
}

/* As put_rows, with a line that says how many of `count` are left out; returns the lines. */
static size_t put_some(const struct Page *page, const struct ListedRow *rows, size_t n,
                       size_t count, size_t most)
{
  char rest[64];
  size_t shown = put_rows(page, rows, n, OTHERS, most);
  shown += put_rows(page, rows, n, AT_REST, most - shown);
  snprintf(rest, sizeof rest, "and %zu more", count - shown);
  put_line(page, rest);
  return shown + 1;
}

/* "12 done, 2 training, 5 waiting; about 3 min 20 s left for those in training" */
static void put_summary(const struct Page *page, const struct ListedRow *rows, size_t n)
{
  char text[CELL_SIZE], time[PROGRESS_TIME_SIZE];
  size_t counts[N_RUN_STATES] = {0}, told = 0;
  double longest = 0;
  for (size_t i = 0; i < n; i++) {
    const struct RunStatus *status = &rows[i].status;
    counts[status->state]++;
    if (isnan(status->left)) continue;
    told++;
    longest = fmax(longest, status->left);
  }
  int length = snprintf(text, sizeof text, "%s", n == 0 ? "no runs" : "");
  for (int state = 0; state < N_RUN_STATES; state++)
    if (counts[state] > 0)
      length += snprintf(text + length, sizeof text - (size_t)length, "%s%zu %s",
                         length > 0 ? ", " : "", counts[state], run_state_names[state]);
  if (told > 0 && told == counts[RUN_TRAINING] && longest < MOST_SECONDS) {
    progress_format_time(longest, time);
    snprintf(text + length, sizeof text - (size_t)length, "; about %s left for %s", time,
             told == 1 ? "the one in training" : "those in training");
  }
  put_line(page, text);
}

int listing_print(FILE *stream, const struct ListedRow *rows, size_t n,
                  const bool wanted[N_RUN_STATES], int width, int height)
{
  struct Page page = {stream, width > 0 ? width : INT32_MAX, wanted, {0}};
  const size_t count = measure(&page, rows, n);
  const size_t least = 3; /* lines of titles, of what is left out, and of the summary */
  size_t lines = 1;
  if (count > 0) {
    put_cells(&page, titles);
    lines++;
  }
  if (height <= 0 || count + lines <= (size_t)height)
    lines += put_rows(&page, rows, n, AT_REST | OTHERS, count);
  else
    lines += put_some(&page, rows, n, count, (size_t)height > least ? (size_t)height - least : 0);
  put_summary(&page, rows, n);
  return (int)lines;
}

bool listing_is_over(const struct ListedRow *rows, size_t n)
{
  size_t over = 0;
  for (size_t i = 0; i < n; i++)
    over += rows[i].status.state == RUN_DONE || rows[i].status.state == RUN_FAILED;
  return over == n;
}

bool listing_is_busy(const struct ListedRow *rows, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    const enum RunState state = rows[i].status.state;
    if (state == RUN_TRAINING || state == RUN_STARTED || state == RUN_QUEUED) return true;
  }
  return false;
}

/* ---- the table ---- */

struct TableRow {
  const char *run, *state;
  struct MaybeInteger epoch, epochs;
  double train_loss, test_loss, rate, left, since;
  const char *where, *failure;
};

static const struct Column columns[] = {
    COLUMN(struct TableRow, run, "name", "the run's folder"),
    COLUMN(struct TableRow, state, "word",
           "done, training, started, queued, failed, interrupted, stale or waiting: see list-runs "
           "--help"),
    COLUMN(struct TableRow, epoch, "epochs", "that of the last row of its history"),
    COLUMN(struct TableRow, epochs, "epochs", "train.epochs"),
    COLUMN(struct TableRow, train_loss, "nats", "the training loss there"),
    COLUMN(struct TableRow, test_loss, "nats", "the test loss there"),
    COLUMN(struct TableRow, rate, "epochs/s", "of a training, since it began or was resumed"),
    COLUMN(struct TableRow, left, "s", "to the last epoch at that rate"),
    COLUMN(struct TableRow, since, "s", "since any of its files was written"),
    COLUMN(struct TableRow, where, "words",
           "machine and process that train, or scheduler, job and machine; - if unknown"),
    COLUMN(struct TableRow, failure, "words", "what its progress log says has failed; - otherwise"),
};

/* A text as a cell: without control characters, and never empty. */
static char *as_cell(const char *text, struct Error *error)
{
  char *cell = memory_copy_text(*text ? text : "-", error);
  for (char *c = cell; c && *c; c++)
    if ((unsigned char)*c < ' ') *c = '?';
  return cell;
}

static bool write_row(struct TableWriter *table, const struct ListedRow *row, struct Error *error)
{
  const struct RunStatus *status = &row->status;
  char *name = as_cell(row->name, error);
  char *where = name ? as_cell(status->where, error) : NULL;
  char *failure = where ? as_cell(status->failure, error) : NULL;
  if (failure)
    table_put_row(table,
                  &(struct TableRow){name, run_state_names[status->state], status->epoch,
                                     status->epochs, status->train_loss, status->test_loss,
                                     status->rate, status->left, status->since, where, failure});
  const bool written = failure;
  free(failure);
  free(where);
  free(name);
  return written;
}

bool listing_write(const char *path, const struct ListedRow *rows, size_t n,
                   const bool wanted[N_RUN_STATES], struct Error *error)
{
  struct TableWriter table;
  if (!table_create(&table, path, "Runs, as their files were found", columns, N_COLUMNS(columns),
                    error))
    return false;
  for (size_t i = 0; i < n; i++) {
    if (!wanted[rows[i].status.state] || write_row(&table, &rows[i], error)) continue;
    table_discard(&table);
    return false;
  }
  return table_commit(&table, error);
}
