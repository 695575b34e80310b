#include "run/history.h"

#include "base/memory.h"

#include <stdlib.h>

static const struct Column columns[] = {
    {"epoch", "epochs", "optimizer steps taken before the measurement"},
    {"train_loss", "nats", "mean cross-entropy over the training pairs, all logits"},
    {"test_loss", "nats", "mean cross-entropy over the test pairs, all logits"},
    {"train_accuracy", "1", "share of the training pairs whose largest logit is the answer's"},
    {"test_accuracy", "1", "share of the test pairs whose largest logit is the answer's"}};

enum { N_COLUMNS = sizeof columns / sizeof *columns };

static void put_row(struct TableWriter *table, int64_t epoch, const struct HistoryRow *row)
{
  table_put_integer(table, epoch);
  table_put(table, row->train.loss);
  table_put(table, row->test.loss);
  table_put(table, row->train.accuracy);
  table_put(table, row->test.accuracy);
}

static bool create(struct TableWriter *table, const char *path, const struct Provenance *run,
                   struct Error *error)
{
  char line[PROVENANCE_SIZE];
  provenance_format(run, line);
  char *title = memory_print(error, "Loss and accuracy during training\n%s", line);
  bool created = title && table_create(table, path, title, columns, N_COLUMNS, error);
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
    put_row(&table, epoch < last ? epoch : last, &rows[i]);
  }
  return table_commit(&table, error);
}

bool history_append(struct TableWriter *table, const char *path, struct Error *error)
{
  return table_append(table, path, N_COLUMNS, error);
}

bool history_add(struct TableWriter *table, int64_t epoch, const struct HistoryRow *row,
                 struct Error *error)
{
  put_row(table, epoch, row);
  return table_flush(table, error);
}
