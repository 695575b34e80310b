/*
 * What the tables of a tool are about: a snapshot of a trajectory, or the whole of it; what has
 * been found out about it so far; and the opening of a table.
 */
#ifndef MEASURES_SUBJECT_H
#define MEASURES_SUBJECT_H

#include "measures/analysis.h"
#include "table/table.h"

struct Subject {
  const struct Analysis *analysis; /* with the snapshot loaded */
  const struct NeuronFit *fits;    /* [d_mlp], of this snapshot; NULL for a whole trajectory */
  double epoch;                    /* NaN where nobody knows it, or for a whole trajectory */
  char *name;                      /* "a network trained on (a + b) mod 113, at epoch 40000" */
  const char *directory;           /* where its tables go */
  struct NeuronFit *own_fits;      /* fits, unless they are the analysis' own */
  struct Found *found;             /* of subject_find, the latest first */
};

/* Finds the key frequencies of the last snapshot, loads the snapshot of an epoch, as text from the
   command line or NULL for the last one, and fits its neurons. Analysis and directory must outlive
   the subject. Errors: no such epoch; the snapshot cannot be read. */
bool subject_init(struct Subject *subject, struct Analysis *analysis, const char *epoch,
                  const char *directory, struct Error *error);

/* The same for a snapshot by its number, once the key frequencies have been found
   (analysis_fit_final). `when` follows the network's name: ", at epoch 100", or what is said of
   several. */
bool subject_init_snapshot(struct Subject *subject, struct Analysis *analysis, size_t snapshot,
                           const char *when, const char *directory, struct Error *error);

/* For tables about all snapshots. */
bool subject_init_run(struct Subject *subject, const struct Analysis *analysis,
                      const char *directory, struct Error *error);
void subject_release(struct Subject *subject);

/* Numbers about a subject that more than one table is made of. `find` computes them and may ask for
   others; if it fails, it has released what it allocated. */
struct Finding {
  size_t size; /* of the struct of the numbers */
  bool (*find)(struct Subject *subject, void *numbers, struct Error *error);
  void (*release)(void *numbers); /* NULL if they own nothing */
};

/* These numbers, computed when they are first asked for; the subject owns them. NULL with the error
   of `find`. */
const void *subject_find(struct Subject *subject, const struct Finding *finding,
                         struct Error *error);

/* Opens a table about the subject. Its title is "`title` of NAME`rest`" with the subject's name,
   followed by a line on the run. */
bool subject_create_table_at(struct TableWriter *table, const struct Subject *subject,
                             const char *path, const char *title, const char *rest,
                             const struct Column *columns, size_t n_columns, struct Error *error);

/* The same as `file` in the subject's directory, which is created if needed. */
bool subject_create_table(struct TableWriter *table, const struct Subject *subject,
                          const char *file, const char *title, const char *rest,
                          const struct Column *columns, size_t n_columns, struct Error *error);

/* Writes the table `file` of a subject, completely or not at all: the fourth column of tables.def
   for tools that analyse one snapshot. */
typedef bool SubjectWriter(struct Subject *subject, const char *file, struct Error *error);

#endif
