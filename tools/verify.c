/* verify: checks the paper's claims against the numbers measured by the other tools. */
#include "base/command_line.h"
#include "claims/report.h"

#include <stdlib.h>

static const char *report_path, *tex_path, *scale = "paper", *run_name, *known_path, *measured,
                                           *brief, *answers, *quiet;

static const struct Tool tool = {
    .name = "verify",
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
        "  run, claim whose failure it is; without --run, the run is the folder in the claim's\n"
        "             table\n"
        "  scale      the one scale at which it fails\n"
        "  reason     why it fails\n"
        "Such a claim must fail: if it holds, the list is out of date, and the status is 1.",
    .options =
        (const struct Option[]){
            {'o', "output", "FILE.tsv", "write the verdicts as a table", &report_path},
            {0, "tex", "FILE.tex", "write verdicts and all quantities as LaTeX macros", &tex_path},
            {'s', "scale", "SCALE", "judge the claims of this scale (default: paper)", &scale},
            {0, "run", "RUN", "judge that run, by the claims whose tables are given", &run_name},
            {'k', "known", "FILE.tsv", "failures that are known, and no reason to fail",
             &known_path},
            {0, "measured", NULL, "a claim whose table is not given is no reason to fail",
             &measured},
            {0, "brief", NULL, "print only the claims that do not hold, and a count", &brief},
            {0, "answers", NULL, "exit with 0 whatever the verdicts: claims are questions",
             &answers},
            {'q', "quiet", NULL, "print nothing; exit with 0 whatever the verdicts", &quiet},
            {0}},
    .min_operands = 2};

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

int main(int argc, char **argv)
{
  int first;
  int status = command_line_parse(&tool, argc, argv, &first);
  if (status != COMMAND_LINE_CONTINUE) return status;
  struct Error error;
  struct Claims claims;
  if (!claims_read(&claims, argv[first], scale, &error)) return command_line_fail(&tool, &error);
  bool done = (!known_path || claims_read_known(&claims, known_path, run_name, scale, &error)) &&
              verify(&claims, argv + first + 1, (size_t)(argc - first - 1), &error);
  bool as_expected = done && claims_are_as_expected(&claims);
  claims_release(&claims);
  if (!done) return command_line_fail(&tool, &error);
  return as_expected || answers || quiet ? EXIT_SUCCESS : EXIT_FAILURE;
}
