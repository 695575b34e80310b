/* verify: checks the paper's claims against the numbers measured by the other tools. */
#include "base/command_line.h"
#include "base/memory.h"
#include "base/output.h"
#include "claims/report.h"
#include "measures/command.h"
#include "measures/of_checkpoint.h"
#include "run/in_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const char paper_claims[]; /* paper/claims.tsv */

static const char *report_path, *tex_path, *scale, *run_name, *known_path, *measured, *brief,
    *answers, *quiet, *checkpoint;

static const struct Tool tool = {
    .name = "verify",
    .purpose = "check the paper's claims against measurements",
    .operands = "CLAIMS.tsv TABLE.tsv...",
    .summary =
        "Checks claims against measured quantities and prints a line for each: the verdict, the\n"
        "paper's value, ours, the window that ours must lie in, and the claim in words. The exit\n"
        "status is 1 if a claim fails or its quantity was not measured.\n\n"
        "Columns of CLAIMS.tsv:\n"
        "  claim      its name\n"
        "  table      the operand whose path, without .tsv, ends with this\n"
        "  quantity   a name in the table's column quantity, whose number is in its column value;\n"
        "             or, of any table, COLUMN@X<Y, COLUMN@last, crossings@X<Y, least@X, most@X\n"
        "             or rank@X~Y, which `compare-runs --help` explains\n"
        "Optional columns, with defaults:\n"
        "  low, high  the window, inclusive (-inf, inf)\n"
        "  scale      `any`, or the one scale that the window is for (any)\n"
        "  statement, where, paper, reason\n"
        "             the claim in words, where the paper makes it, the paper's value, and the\n"
        "             reason for the window (-)\n\n"
        "--run checks the claims against another run than the one they name: RUN/NAME is looked\n"
        "up as that run's table, and claims whose table is not among the operands "
        "are\n"
        "left out.\n\n"
        "Columns of --known's table, a row for each failure that is known:\n"
        "  run, claim  whose failure it is; without --run, the run is the folder in the claim's\n"
        "              table\n"
        "  scale       the one scale at which it fails\n"
        "  reason      why it fails\n"
        "Such a claim must fail: if it holds, the list is out of date, and the status is 1.\n\n"
        "verify --checkpoint FILE [CLAIMS.tsv] [section.key=value...] measures the network in a\n"
        "trajectory, or in a checkpoint of PyTorch or TransformerLens (import-checkpoint --help), "
        "and\n"
        "judges the paper's claims, or those of CLAIMS.tsv, by it. The settings say what the file\n"
        "does not, such as data.seed=1 data.train_fraction=0.3. What takes more than one snapshot\n"
        "to see is not measured in a file that has one.",
    .options = (const struct Option[]){
        {'o', "output", "FILE.tsv", "write the verdicts as a table", &report_path},
        {0, "tex", "FILE.tex", "write verdicts and all quantities as LaTeX macros", &tex_path},
        {'s', "scale", "SCALE",
         "judge the claims of this scale (default: paper; of a checkpoint with another modulus "
         "than 113: any)",
         &scale},
        {'c', "checkpoint", "FILE", "judge the network in this file; see above", &checkpoint},
        {0, "run", "RUN", "judge that run, by the claims whose tables are given", &run_name},
        {'k', "known", "FILE.tsv", "failures that are known, and no reason to fail", &known_path},
        {0, "measured", NULL, "a claim whose table is not given is no reason to fail", &measured},
        {0, "brief", NULL, "print only the claims that do not hold, and a count", &brief},
        {0, "answers", NULL, "exit with 0 whatever the verdicts: claims are questions", &answers},
        {'q', "quiet", NULL, "print nothing; exit with 0 whatever the verdicts", &quiet},
        {0}}};

/* Judges the claims by the tables, and says so wherever the options want it. */
static bool verify(struct Claims *claims, char **paths, size_t n, struct Error *error)
{
  struct Quantities quantities;
  if (!quantities_read(&quantities, paths, n, error)) return false;
  const struct Judging how = {.run = run_name, .only_measured = measured};
  bool done = claims_judge(claims, &quantities, &how, error) &&
              (quiet || claims_print(claims, run_name, brief, error)) &&
              (!report_path || claims_write_table(claims, &quantities, report_path, error)) &&
              (!tex_path || claims_write_tex(claims, &quantities, tex_path, error));
  quantities_release(&quantities);
  return done;
}

/* Reads the claims, judges them by tables, and says whether all is as expected. */
static bool judge(const char *claims_path, char **paths, size_t n, bool *as_expected,
                  struct Error *error)
{
  struct Claims claims;
  if (!claims_read(&claims, claims_path, scale, error)) return false;
  bool done = (!known_path || claims_read_known(&claims, known_path, run_name, scale, error)) &&
              verify(&claims, paths, n, error);
  *as_expected = done && claims_are_as_expected(&claims);
  claims_release(&claims);
  return done;
}

/* ---- of a checkpoint ---- */

/* The operands beside a checkpoint: a table of claims, and settings. */
struct Operands {
  char *claims; /* NULL: the paper's */
  char **settings;
  int n_settings;
};

static bool sort_operands(struct Operands *operands, char **words, int n, struct Error *error)
{
  *operands = (struct Operands){.settings = words};
  for (int i = 0; i < n; i++) {
    if (strchr(words[i], '='))
      operands->settings[operands->n_settings++] = words[i];
    else if (operands->claims)
      return error_set(error, "%s: with --checkpoint there is one table of claims", words[i]);
    else
      operands->claims = words[i];
  }
  return true;
}

/* The claims of this program as a file. */
static bool keep_claims(struct InMemory *file, struct Error *error)
{
  size_t length = strlen(paper_claims);
  if (!in_memory_open(file, error)) return false;
  return pwrite(file->descriptor, paper_claims, length, 0) == (ssize_t)length ||
         error_system(error, "the paper's claims");
}

static bool judge_tables(const struct Operands *operands, char **paths, size_t n, bool *as_expected,
                         struct Error *error)
{
  struct InMemory claims = {.descriptor = -1};
  bool done =
      (operands->claims || keep_claims(&claims, error)) &&
      judge(operands->claims ? operands->claims : claims.place, paths, n, as_expected, error);
  in_memory_close(&claims);
  return done;
}

/* Measures the network into tables of the folder, which are removed again. */
static bool judge_network(struct Analysis *analysis, const struct Operands *operands,
                          const char *folder, bool *as_expected, struct Error *error)
{
  char **paths = NULL;
  size_t n = 0;
  bool done = of_checkpoint_write(analysis, folder, &paths, &n, error) &&
              judge_tables(operands, paths, n, as_expected, error);
  for (size_t i = 0; i < n; i++)
    unlink(paths[i]);
  free(paths);
  rmdir(folder);
  return done;
}

static bool judge_in_folder(struct Analysis *analysis, const struct Operands *operands,
                            bool *as_expected, struct Error *error)
{
  const char *where = getenv("TMPDIR");
  char *folder = memory_print(error, "%s/verify.XXXXXX", where && *where ? where : "/tmp");
  if (!folder) return false;
  bool made = mkdtemp(folder) || error_system(error, "%s: cannot create", folder);
  char *tables = made ? memory_print(error, "%s/mainline", folder) : NULL; /* as claims name them */
  bool done = tables && output_make_directory(tables, error) &&
              judge_network(analysis, operands, tables, as_expected, error);
  if (made) rmdir(folder);
  free(tables);
  free(folder);
  return done;
}

static bool judge_checkpoint(const struct Operands *operands, bool *as_expected,
                             struct Error *error)
{
  struct Analysis analysis;
  measured = ""; /* one snapshot has no history */
  if (!analysis_open(&analysis, checkpoint, operands->settings, operands->n_settings, -1, error))
    return false;
  if (!scale) scale = analysis.trajectory.config.data.modulus == 113 ? "paper" : "any";
  bool done = of_checkpoint_check_kind(&analysis, error) &&
              command_examine(&tool, &analysis, error) && analysis_fit_final(&analysis, error);
  if (done) command_warn_without_keys(tool.name, &analysis);
  done = done && judge_in_folder(&analysis, operands, as_expected, error);
  analysis_close(&analysis);
  return done;
}

/* ---- the program ---- */

static bool check_options(int n_operands, struct Error *error)
{
  if (!checkpoint && n_operands < 2)
    return error_set(error,
                     "missing operand: expected CLAIMS.tsv and a TABLE.tsv, or --checkpoint");
  return !checkpoint || !run_name || error_set(error, "--run is for tables, not for --checkpoint");
}

int main(int argc, char **argv)
{
  int first;
  int status = command_line_parse(&tool, argc, argv, &first);
  if (status != COMMAND_LINE_CONTINUE) return status;
  struct Error error;
  struct Operands operands;
  int n = argc - first;
  bool as_expected = false;
  if (!check_options(n, &error) ||
      (checkpoint && !sort_operands(&operands, argv + first, n, &error))) {
    command_line_fail(&tool, &error);
    return EXIT_WRONG_USAGE;
  }
  if (!checkpoint && !scale) scale = "paper";
  bool done = checkpoint
                  ? judge_checkpoint(&operands, &as_expected, &error)
                  : judge(argv[first], argv + first + 1, (size_t)(n - 1), &as_expected, &error);
  if (!done) return command_line_fail(&tool, &error);
  return as_expected || answers || quiet ? EXIT_SUCCESS : EXIT_FAILURE;
}
