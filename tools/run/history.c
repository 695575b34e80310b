#include "run/history.h"

#include "base/memory.h"

#include <stdlib.h>

struct HistoryCells {
  int64_t epoch;
  struct HistoryRow measured;
};

static const struct Column columns[] = {
    COLUMN(struct HistoryCells, epoch, "epochs", "optimizer steps taken before the measurement"),
    COLUMN_AS("train_loss", struct HistoryCells, measured.train.loss, "nats",
              "mean cross-entropy over the training pairs, all logits"),
    COLUMN_AS("test_loss", struct HistoryCells, measured.test.loss, "nats",
              "mean cross-entropy over the test pairs, all logits"),
    COLUMN_AS("train_accuracy", struct HistoryCells, measured.train.accuracy, "1",
              "share of the training pairs whose largest logit is the answer's"),
    COLUMN_AS("test_accuracy", struct HistoryCells, measured.test.accuracy, "1",
              "share of the test pairs whose largest logit is the answer's")};

static bool create(struct TableWriter *table, const char *path, const struct Provenance *run,
                   struct Error *error)
{
  char line[PROVENANCE_SIZE];
  provenance_format(run, line);
  char *title = memory_print(error, "Loss and accuracy during training\n%s", line);
  bool created = title && table_create(table, path, title, columns, N_COLUMNS(columns), error);
  free(title);
  return created;
}

bool history_write(const char *path, const struct Provenance *run, const struct HistoryRow *rows,
                   size_t n, int evaluate_every, int64_t last, struct Error *error)
{
  struct TableWriter table;
  if (!create(&table, path, run, error)) return false;
  for (size_t i = 0; i < n; i++) {
    int64_t epoch = (int64_t)i * evaluate_every;
    table_put_row(&table, &(struct HistoryCells){epoch < last ? epoch : last, rows[i]});
  }
  return table_commit(&table, error);
}

bool history_append(struct TableWriter *table, const char *path, struct Error *error)
{
  return table_append(table, path, columns, N_COLUMNS(columns), error);
}

bool history_add(struct TableWriter *table, int64_t epoch, const struct HistoryRow *row,
                 struct Error *error)
{
  table_put_row(table, &(struct HistoryCells){epoch, *row});
  return table_flush(table, error);
}
