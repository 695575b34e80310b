/*
 * The common command line of the programs that analyse a trajectory:
 *
 *   TOOL [options] TRAJECTORY [section.key=value...]
 *
 * Overrides supply the settings that a checkpoint lacks; the rest are assumed, which is reported on
 * standard error, with a warning if the network contradicts them.
 */
#ifndef RESULTS_COMMAND_H
#define RESULTS_COMMAND_H

#include "base/command_line.h"
#include "measures/analysis.h"

/* Shared texts of --help. */
#define ANALYSIS_OPERANDS "TRAJECTORY [section.key=value...]"
#define ANALYSIS_EPILOGUE                                                                          \
  "Overrides supply settings that a checkpoint lacks, such as\n"                                   \
  "data.seed=1 data.train_fraction=0.3 for one that was saved by PyTorch."

/* The options of an analysis. */
struct Request {
  const char *output;  /* -o: a table, or the directory for tables; NULL if not given */
  const char *tables;  /* --tables: directory for further tables; NULL if not given */
  const char *epoch;   /* --epoch, as text; NULL for the last snapshot */
  const char *threads; /* --threads, as text; NULL for all cores */
};

typedef bool AnalysisWork(struct Analysis *analysis, const struct Request *request,
                          struct Error *error);

/* A main function: parses the command line by `tool`, whose options point into `request`, opens the
   trajectory, does the work, and closes it. Returns the exit status, with all messages already
   printed. A non-numeric --epoch or --threads, or a missing output, is wrong usage. */
int analysis_main(const struct Tool *tool, struct Request *request, AnalysisWork *work, int argc,
                  char **argv);

/* The same for a tool that analyses one snapshot and writes several tables; its options are -o DIR,
   --epoch and --threads. */
int snapshot_main(const char *name, const char *summary, AnalysisWork *work, int argc, char **argv);

/* Reports on standard error, under the tool's name, if the last snapshot has no key frequencies. */
void warn_without_keys(const char *tool, const struct Analysis *analysis);

#endif
