/*
 * What the programs that analyse a trajectory share: the command line
 *
 *   TOOL [options] TRAJECTORY [section.key=value...]
 *
 * and what becomes of it. Overrides complete what a checkpoint does not say; what is left is
 * assumed, which is said on standard error, with a warning where the network is at odds with it.
 */
#ifndef RESULTS_COMMAND_H
#define RESULTS_COMMAND_H

#include "base/command_line.h"
#include "measures/analysis.h"

/* The texts of --help that are the same for all. */
#define ANALYSIS_OPERANDS "TRAJECTORY [section.key=value...]"
#define ANALYSIS_EPILOGUE                                                                          \
  "Overrides complete what a checkpoint does not say, such as\n"                                   \
  "data.seed=1 data.train_fraction=0.3 for one that was saved by PyTorch."

/* What is asked of an analysis. */
struct Request {
  const char *output;  /* -o: a table, or the directory where tables go; NULL where none is given */
  const char *tables;  /* --tables: where further tables go; NULL where none are asked for */
  const char *epoch;   /* --epoch, as text; NULL for the last snapshot */
  const char *threads; /* --threads, as text; NULL for all cores */
};

typedef bool AnalysisWork(struct Analysis *analysis, const struct Request *request,
                          struct Error *error);

/* A main: parses the command line by `tool`, whose options point into `request`, opens the
   trajectory, does the work, and closes it. Returns the exit status, everything having been said.
   An --epoch or --threads that is no number, or no output, is wrong usage. */
int analysis_main(const struct Tool *tool, struct Request *request, AnalysisWork *work, int argc,
                  char **argv);

/* The same for a tool that takes one snapshot apart and writes several tables: its options are
   -o DIR, --epoch and --threads. */
int snapshot_main(const char *name, const char *summary, AnalysisWork *work, int argc, char **argv);

/* Says on standard error, in the name of the tool, when the last snapshot has no key frequencies.
 */
void warn_without_keys(const char *tool, const struct Analysis *analysis);

#endif
