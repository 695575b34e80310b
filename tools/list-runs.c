/*
 * list-runs: all runs in one look, by what their files tell (listing/status.h). It takes no locks,
 * reads only heads and tails of files, and changes nothing.
 */
#include "base/command_line.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/output.h"
#include "base/terminal.h"
#include "listing/listing.h"
#include "listing/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *declared, *table_path, *states_text, *watch_text;

static const struct Tool tool = {
    .name = "list-runs",
    .purpose = "list all runs: how far they are, and where",
    .operands = "[RUN_DIR...]",
    .summary =
        "Lists runs, one a line, by what is found in their folders: state, last epoch measured,\n"
        "its losses, epochs a second since this training began, time left at that rate, time\n"
        "since any of the run's files was written, and where it is trained. That a finished run\n"
        "is older than the program that trained it, only Ninja knows. A file that cannot be read\n"
        "is told on standard error, and its run listed nevertheless.",
    .options =
        (const struct Option[]){
            {'d', "declared", "FILE",
             "also list the runs in this file, a name a line, with folders beside it", &declared},
            {'s', "state", "NAME[,NAME...]", "only runs in these states, see below", &states_text},
            {'w', "watch", "SECONDS",
             "list them again and again, until those that are trained are done or have failed, or "
             "none was trained or queued for a quarter of a minute",
             &watch_text},
            {'o', "output", "FILE.tsv", "write a table instead; - for standard output",
             &table_path},
            {0}},
    .epilogue = "States:\n"
                "  done         finished, with the settings of its config.ini, if it has one\n"
                "  training     somebody trains it: holds its train.lock; or signed it on another\n"
                "               machine, whose locks may not be visible here, and wrote\n"
                "               something there in the last five minutes\n"
                "  started      a launcher says that its job runs, but nobody is seen to train it\n"
                "  queued       a launcher has given it to a scheduler\n"
                "  failed       a launcher says so, or the end of its progress.log\n"
                "  interrupted  begun or, as a launcher says, stopped, and nobody trains it\n"
                "  stale        finished, but its config.ini now has other settings\n"
                "  waiting      nothing is there yet, or its settings alone"};

/* ---- the command line ---- */

/* Only states that are named are wanted; all, if none is. */
static bool parse_states(bool wanted[N_RUN_STATES], const char *text, struct Error *error)
{
  for (int state = 0; state < N_RUN_STATES; state++)
    wanted[state] = !text;
  while (text) {
    const size_t length = strcspn(text, ",");
    int state = 0;
    while (state < N_RUN_STATES && !(strlen(run_state_names[state]) == length &&
                                     strncmp(text, run_state_names[state], length) == 0))
      state++;
    if (state == N_RUN_STATES)
      return error_set(error,
                       "--state: found \"%.*s\", expected done, training, started, queued, failed, "
                       "interrupted, stale or waiting",
                       (int)length, text);
    wanted[state] = true;
    text = text[length] == ',' ? text + length + 1 : NULL;
  }
  return true;
}

/* 0 if there is nothing to watch. */
static bool parse_watch(double *seconds, const char *text, struct Error *error)
{
  *seconds = 0;
  if (!text) return true;
  if (table_path)
    return error_set(error, "--watch is for people: --output is not allowed beside it");
  if (number_parse_real(text, seconds) && *seconds >= 0.1 && *seconds <= 86400) return true;
  return error_set(error, "--watch %s: expected a number of seconds from 0.1 to 86400", text);
}

static bool check_operands(int n, struct Error *error)
{
  return n > 0 || declared || error_set(error, "no runs: expected RUN_DIR... or --declared FILE");
}

/* ---- looking ---- */

/* What is wrong with files is told once. */
static void look(struct ListedRow *rows, size_t n, bool *told)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  for (size_t i = 0; i < n; i++) {
    struct RunStatus *status = &rows[i].status;
    run_status_read(status, rows[i].folder, (double)now.tv_sec + 1e-9 * (double)now.tv_nsec);
    if (*status->problem.message && !*told) command_line_warn(&tool, "%s", status->problem.message);
  }
  *told = true;
}

/* Prints the list; in the place of `above` lines that were printed before, if there are any. */
static bool print(const struct ListedRow *rows, size_t n, const bool wanted[N_RUN_STATES],
                  bool in_place, int *above, struct Error *error)
{
  struct Output output;
  const bool is_terminal = isatty(STDOUT_FILENO) == 1;
  /* some terminals wrap when the last column is filled, and the cursor needs a line */
  const int width = is_terminal ? terminal_width(STDOUT_FILENO) - 1 : 0;
  const int height = in_place ? terminal_height(STDOUT_FILENO) - 1 : 0;
  if (!output_open(&output, "-", error)) return false;
  if (*above > 0) fprintf(output.stream, "\r\033[%dA\033[J", *above);
  const int lines = listing_print(output.stream, rows, n, wanted, width, height);
  *above = in_place ? lines : 0;
  return output_commit(&output, error);
}

static void sleep_for(double seconds)
{
  struct timespec time = {.tv_sec = (time_t)seconds};
  time.tv_nsec = (long)(1e9 * (seconds - (double)time.tv_sec));
  nanosleep(&time, NULL);
}

static bool watch(struct ListedRow *rows, size_t n, const bool wanted[N_RUN_STATES], double seconds,
                  struct Error *error)
{
  const bool in_place = seconds > 0 && isatty(STDOUT_FILENO) == 1 && terminal_moves_cursor();
  const double patience = 15;
  double idle = 0; /* seconds for which none was trained or queued */
  bool was_busy = false;
  bool told = false;
  for (int above = 0;;) {
    look(rows, n, &told);
    if (!print(rows, n, wanted, in_place, &above, error)) return false;
    if (seconds <= 0 || (was_busy && listing_is_over(rows, n)) || idle >= patience) return true;
    const bool busy = listing_is_busy(rows, n);
    was_busy = was_busy || busy;
    sleep_for(seconds);
    idle = busy ? 0 : idle + seconds;
    if (!in_place) putchar('\n');
    fflush(stdout);
  }
}

static bool list(const struct ListedNames *names, const bool wanted[N_RUN_STATES], double seconds,
                 struct Error *error)
{
  struct ListedRow *rows = memory_new(names->n, sizeof *rows, "the list of runs", error);
  if (!rows) return false;
  for (size_t i = 0; i < names->n; i++)
    rows[i] = (struct ListedRow){.name = names->runs[i].name, .folder = names->runs[i].folder};
  bool listed, told = false;
  if (table_path) {
    look(rows, names->n, &told);
    listed = listing_write(table_path, rows, names->n, wanted, error);
  } else {
    listed = watch(rows, names->n, wanted, seconds, error);
  }
  free(rows);
  return listed;
}

int main(int argc, char **argv)
{
  int first;
  int status = command_line_parse(&tool, argc, argv, &first);
  if (status != COMMAND_LINE_CONTINUE) return status;
  struct Error error = {0};
  bool wanted[N_RUN_STATES];
  double seconds;
  if (!check_operands(argc - first, &error) || !parse_states(wanted, states_text, &error) ||
      !parse_watch(&seconds, watch_text, &error)) {
    command_line_fail(&tool, &error);
    return EXIT_WRONG_USAGE;
  }
  struct ListedNames names;
  bool listed = listed_names_read(&names, declared, argv + first, (size_t)(argc - first), &error);
  if (listed) {
    listed = list(&names, wanted, seconds, &error);
    listed_names_release(&names);
  }
  return listed ? EXIT_SUCCESS : command_line_fail(&tool, &error);
}
