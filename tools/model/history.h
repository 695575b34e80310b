/*
 * The history of a run as a table, history.tsv: losses and accuracies every evaluate_every epochs,
 * and after the last one.
 */
#ifndef MODEL_HISTORY_H
#define MODEL_HISTORY_H

#include "model/step.h"
#include "table/table.h"

struct HistoryRow {
  struct Performance train, test;
};

/* Writes a table of n rows, one every evaluate_every epochs from 0 on, but none later than epoch
   `last`. The file appears whole. */
bool history_write(const char *path, const struct Provenance *run, const struct HistoryRow *rows,
                   size_t n, int evaluate_every, int64_t last, struct Error *error);

/* Opens such a table for further rows, each of which others can read once it is added. */
bool history_append(struct TableWriter *table, const char *path, struct Error *error);
bool history_add(struct TableWriter *table, int64_t epoch, const struct HistoryRow *row,
                 struct Error *error);

#endif
