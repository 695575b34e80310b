/* export-explorer: runs as data for the page that explores them. */
#include "base/command_line.h"
#include "base/memory.h"
#include "base/number.h"
#include "base/output.h"
#include "export/blob.h"
#include "export/colors.h"
#include "export/run.h"

#include <stdlib.h>

static const char *output, *size;

/* The whole page, with D3 and its own code, is to stay below 8 MB. */
enum { DEFAULT_SIZE = 7400000, LEAST_SIZE = 10000, MOST_SIZE = 1000000000 };

static const struct Option options[] = {
    {'o', "output", "FILE.json", "where the data goes (default: standard output)", &output},
    {0, "size", "N", "about how many characters it may have (default: 7400000)", &size},
    {0}};

static const struct Tool tool = {
    .name = "export-explorer",
    .purpose = "write runs as data for the page that explores them",
    .operands = "RUN...",
    .summary =
        "Writes what the page that explores runs (tools/explorer) shows of them, from the\n"
        "trajectory and the tables in the folder of each RUN: history, progress-measures,\n"
        "cosine-coefficients. The runs share the size, of which the first has three shares: the\n"
        "more there are, the fewer of their snapshots are shown, and the fewer networks can be\n"
        "run in the page. Weights of these have 14 bits. tools/export/run.h says what the data\n"
        "holds. No '<' occurs in it, so that it may stand in a page.",
    .options = options,
    .min_operands = 1};

static bool parse_size(int64_t *bytes, struct Error *error)
{
  *bytes = DEFAULT_SIZE;
  if (!size || (number_parse_integer(size, bytes) && *bytes >= LEAST_SIZE && *bytes <= MOST_SIZE))
    return true;
  return error_set(error, "--size: expected a number of characters, %d to %d, found \"%s\"",
                   LEAST_SIZE, MOST_SIZE, size);
}

/* How many shares of the size the first run has, which the page opens with; others have one. */
enum { SHARES_OF_FIRST = 3 };

/* The runs in their order, runs[n]. From the last to the first, each may have its share of what is
   left, so that what others do not need is the first one's. */
static bool export_each(char *const *folders, int n, json_t **runs, struct Error *error)
{
  int64_t left;
  if (!parse_size(&left, error)) return false;
  for (int i = n - 1; i >= 0; i--) {
    size_t shares = i > 0 ? (size_t)i + SHARES_OF_FIRST : 1;
    runs[i] = run_export(folders[i], (size_t)left / shares, error);
    if (!runs[i]) return false;
    left -= (int64_t)blob_size(runs[i]);
  }
  return true;
}

static json_t *export_runs(char *const *folders, int n, struct Error *error)
{
  json_t **runs = memory_new((size_t)n, sizeof(json_t *), "runs", error);
  json_t *list = runs ? blob_checked(json_array(), error) : NULL;
  bool exported = list && export_each(folders, n, runs, error);
  for (int i = 0; runs && i < n; i++)
    if (runs[i]) json_array_append_new(list, runs[i]);
  free(runs);
  if (exported)
    return blob_checked(json_pack("{s:o, s:o}", "colors", colors_export(error), "runs", list),
                        error);
  json_decref(list);
  return NULL;
}

/* Text of JSON: what could end a script or begin markup is written as an escape. */
static int put(const char *text, size_t n, void *stream)
{
  for (size_t i = 0; i < n; i++) {
    bool markup = text[i] == '<' || text[i] == '>' || text[i] == '&';
    if (markup ? fprintf(stream, "\\u%04x", text[i]) < 0 : putc(text[i], stream) == EOF) return -1;
  }
  return 0;
}

static bool write(const json_t *data, struct Error *error)
{
  struct Output file;
  if (!output_open(&file, output ? output : "-", error)) return false;
  enum { DIGITS = 9 }; /* as tables have */
  json_dump_callback(data, put, file.stream,
                     JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(DIGITS));
  putc('\n', file.stream);
  return output_commit(&file, error);
}

int main(int argc, char **argv)
{
  int first;
  int status = command_line_parse(&tool, argc, argv, &first);
  if (status != COMMAND_LINE_CONTINUE) return status;
  struct Error error;
  json_t *data = export_runs(argv + first, argc - first, &error);
  bool done = data && write(data, &error);
  json_decref(data);
  return done ? EXIT_SUCCESS : command_line_fail(&tool, &error);
}
