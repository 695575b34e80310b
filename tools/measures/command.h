/*
 * The common command line of the programs that analyse a trajectory:
 *
 *   TOOL [options] TRAJECTORY [section.key=value...]
 *
 * Overrides supply the settings that a checkpoint lacks; the rest are assumed, which is reported on
 * standard error, with a warning if the network contradicts them.
 */
#ifndef MEASURES_COMMAND_H
#define MEASURES_COMMAND_H

#include "base/command_line.h"
#include "measures/epochs.h"
#include "measures/subject.h"

/* Shared texts of --help. */
#define ANALYSIS_LAYER                                                                             \
  "use the neurons, heads and W_L of layer N, the first being 0 (default: the last one)"
#define ANALYSIS_OPERANDS "TRAJECTORY [section.key=value...]"
#define ANALYSIS_EPILOGUE                                                                          \
  "Overrides supply settings that a checkpoint lacks, such as\n"                                   \
  "data.seed=1 data.train_fraction=0.3 for one that was saved by PyTorch."

/* The options of an analysis. */
struct AnalysisRequest {
  const char *output;         /* -o: a table, or the directory for tables; NULL if not given */
  const char *tables;         /* --tables: directory for further tables; NULL if not given */
  const char *epoch;          /* --epoch, as text; NULL for the last snapshot */
  struct EpochsWanted epochs; /* --epochs, --at-most, --history; NULLs if not given */
  const char *only;           /* --only: the tables of these epochs; NULL if not given */
  const char *layer;          /* --layer, as text; NULL for the last layer */
  const char *threads;        /* --threads, as text; NULL for all cores */
};

typedef bool AnalysisWork(struct Analysis *analysis, const struct AnalysisRequest *request,
                          const void *context, struct Error *error);

/* A main function: parses the command line by `tool`, whose options point into `request`, opens the
   trajectory, does the work with that context, and closes it. Returns the exit status, with all
   messages already printed. A non-numeric --epoch, --layer or --threads, or a missing output, is
   wrong usage. */
int command_main(const struct Tool *tool, struct AnalysisRequest *request, AnalysisWork *work,
                 const void *context, int argc, char **argv);

/* Reports on standard error how a file of another layout was read and which settings it lacks, and
   warns if the last snapshot contradicts those used instead. Silent for a complete file, such as
   our own. */
bool command_examine(const struct Tool *tool, struct Analysis *analysis, struct Error *error);

/* A tool that analyses one snapshot and writes several tables. */
struct SnapshotTool {
  const char *name, *purpose, *summary; /* as in struct Tool */
  const struct ToolFile *tables;        /* likewise */
  SubjectWriter *const *writers;        /* of these tables, in their order */
  bool needs_directions;                /* refuse answers that are no function of a + b or a - b */
  bool in_blocks;                       /* of activations it needs neurons' frequencies alone */
  unsigned parts;                       /* bit i: its tables are about enum Part i */
  void (*warn)(const struct Analysis *analysis); /* of what the network lacks */
};

/* Its main function. Its options are -o DIR, --epoch, --layer and --threads; and for tables of
   several snapshots --epochs and --only, --at-most and --history. */
int command_main_of_snapshot(const struct SnapshotTool *tool, int argc, char **argv);

/* Reports on standard error, under the tool's name, which of these parts the network does not have,
   and why. */
void command_warn_of_parts(const char *tool, const struct Analysis *analysis, unsigned parts);

/* Reports on standard error, under the tool's name, if the last snapshot has no key frequencies. */
void command_warn_without_keys(const char *tool, const struct Analysis *analysis);

#endif
