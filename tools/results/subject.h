/*
 * The snapshot that a tool analyses, and the tables it writes about it.
 */
#ifndef RESULTS_SUBJECT_H
#define RESULTS_SUBJECT_H

#include "measures/analysis.h"
#include "results/command.h"
#include "table/table.h"

#define N_COLUMNS(columns) (sizeof(columns) / sizeof *(columns))

struct Subject {
  const struct Analysis *analysis; /* with the snapshot loaded */
  const struct NeuronFit *fits;    /* [d_mlp], of this snapshot */
  double epoch;                    /* NaN where nobody knows it */
  char *name;                      /* "a network trained on (a + b) mod 113, at epoch 40000" */
  const char *directory;           /* where its tables go */
  struct NeuronFit *own_fits;      /* fits, unless they are the analysis' own */
};

/* Finds the key frequencies of the last snapshot, loads the snapshot of the requested epoch and
   fits its neurons. Analysis and request must outlive the subject. Errors: no such epoch; the
   snapshot cannot be read. */
bool subject_init(struct Subject *subject, struct Analysis *analysis, const struct Request *request,
                  struct Error *error);
void subject_release(struct Subject *subject);

/* The number of neurons of frequency k: those in its cluster, or all that it explains best. */
size_t subject_count_neurons(const struct Subject *subject, int k, bool clustered);

/* Opens the table `file` in the subject's directory. Its title is "`title` of NAME`rest`" with
   the subject's name, followed by a line on the run. */
bool subject_create_table(struct TableWriter *table, const struct Subject *subject,
                          const char *file, const char *title, const char *rest,
                          const struct Column *columns, size_t n_columns, struct Error *error);

#endif
