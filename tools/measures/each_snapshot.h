/*
 * Measures of every snapshot of a trajectory that OpenBLAS takes part in: on several threads, each
 * with a state of its own, and their tables, which are about the whole run.
 */
#ifndef MEASURES_EACH_SNAPSHOT_H
#define MEASURES_EACH_SNAPSHOT_H

#include "measures/subject.h"

/* What is measured. */
struct SnapshotMeasure {
  size_t worker_size; /* of the struct that is one thread's state */
  bool (*init)(void *worker, const struct Analysis *analysis, struct Error *error);
  void (*release)(void *worker);
  /* Snapshot number `index`, into an element of the array of results. */
  bool (*measure)(void *worker, size_t index, void *result, struct Error *error);
  size_t result_size; /* of an element */
};

/* The results of all snapshots, in a new array that the caller frees; shows how far it is. NULL
   with an error: of `init`, of the first snapshot whose `measure` fails. */
void *each_snapshot_measure(const struct SnapshotMeasure *measure, const struct Analysis *analysis,
                            struct Error *error);

/* The epoch of a snapshot, as tables have it. */
struct MaybeInteger each_snapshot_epoch(const struct Analysis *analysis, size_t index);

/* Opens a table about the whole run in the directory of a subject, whose own snapshot is not spoken
   of: "TITLE of a network trained on ..., REST.", the key frequencies, and what computed it. */
bool each_snapshot_create_table(struct TableWriter *table, const struct Subject *subject,
                                const char *file, const char *title, const char *rest,
                                const struct Column *columns, size_t n_columns,
                                struct Error *error);

#endif
