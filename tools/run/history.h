/*
 * The history of a run as a table, history.tsv: losses and accuracies every evaluate_every epochs,
 * and after the last one. Where the loss of each answer token is measured (engine/performance.h),
 * there are further columns train_loss_0, test_loss_0, train_loss_1, ...
 */
#ifndef RUN_HISTORY_H
#define RUN_HISTORY_H

#include "engine/performance.h"
#include "table/table.h"

struct HistoryRow {
  struct Performance train, test;
};

/* Writes a table of n rows, one every evaluate_every epochs starting at 0, the last one at epoch
   `last` at the latest. The file is written atomically. */
bool history_write(const char *path, const struct Config *config, const struct Provenance *run,
                   const struct HistoryRow *rows, size_t n, int64_t last, struct Error *error);

/* Opens such a table for appending; each row is readable as soon as it is added. */
bool history_append(struct TableWriter *table, const char *path, const struct Config *config,
                    struct Error *error);
bool history_add(struct TableWriter *table, int64_t epoch, const struct HistoryRow *row,
                 struct Error *error);

#endif
