#include "run/history.h"

#include "base/memory.h"

#include <stdlib.h>

struct HistoryCells {
  int64_t epoch;
  struct HistoryRow measured;
};

/* What is measured of training and test examples, which these texts name. */
#define COLUMNS(TRAIN, TEST)                                                                       \
  COLUMN(struct HistoryCells, epoch, "epochs", "optimizer steps taken before the measurement"),    \
      COLUMN_AS("train_loss", struct HistoryCells, measured.train.loss, "nats",                    \
                "mean cross-entropy over the " TRAIN ", all logits"),                              \
      COLUMN_AS("test_loss", struct HistoryCells, measured.test.loss, "nats",                      \
                "mean cross-entropy over the " TEST ", all logits"),                               \
      COLUMN_AS("train_accuracy", struct HistoryCells, measured.train.accuracy, "1",               \
                "share of the " TRAIN " whose largest logit is the answer's"),                     \
      COLUMN_AS("test_accuracy", struct HistoryCells, measured.test.accuracy, "1",                 \
                "share of the " TEST " whose largest logit is the answer's")
enum { N_ALWAYS = 5 };

#define OF_TOKEN(I)                                                                                \
  COLUMN_AS("train_loss_" #I, struct HistoryCells, measured.train.token_losses[I], "nats",         \
            "that part of train_loss, the mean over answer token " #I),                            \
      COLUMN_AS("test_loss_" #I, struct HistoryCells, measured.test.token_losses[I], "nats",       \
                "that part of test_loss, the mean over answer token " #I)
#define OF_TOKENS                                                                                  \
  OF_TOKEN(0), OF_TOKEN(1), OF_TOKEN(2), OF_TOKEN(3), OF_TOKEN(4), OF_TOKEN(5), OF_TOKEN(6),       \
      OF_TOKEN(7), OF_TOKEN(8), OF_TOKEN(9)
_Static_assert(PERFORMANCE_MOST_TOKENS == 10, "columns of each token");

static const struct Column of_pairs[] = {COLUMNS("training pairs", "test pairs"), OF_TOKENS};
static const struct Column of_sequences[] = {
    COLUMNS("answers of the training sequences", "answers of the test sequences"), OF_TOKENS};
static const struct Column of_fresh[] = {
    COLUMNS("answers of the sequences that the next step draws", "answers of the test sequences"),
    OF_TOKENS};

static const struct Column *columns_of(const struct Config *config)
{
  if (config->data.task == TASK_PAIRS) return of_pairs;
  return config->data.examples > 0 ? of_sequences : of_fresh;
}

static size_t count_columns(const struct Config *config)
{
  return N_ALWAYS + 2 * performance_n_tokens(config);
}

static bool create(struct TableWriter *table, const char *path, const struct Config *config,
                   const struct Provenance *run, struct Error *error)
{
  char line[PROVENANCE_SIZE];
  provenance_format(run, line);
  char *title = memory_print(error, "Loss and accuracy during training\n%s", line);
  bool created =
      title && table_create(table, path, title, columns_of(config), count_columns(config), error);
  free(title);
  return created;
}

bool history_write(const char *path, const struct Config *config, const struct Provenance *run,
                   const struct HistoryRow *rows, size_t n, int64_t last, struct Error *error)
{
  struct TableWriter table;
  if (!create(&table, path, config, run, error)) return false;
  for (size_t i = 0; i < n; i++) {
    int64_t epoch = (int64_t)i * config->train.evaluate_every;
    table_put_row(&table, &(struct HistoryCells){epoch < last ? epoch : last, rows[i]});
  }
  return table_commit(&table, error);
}

bool history_append(struct TableWriter *table, const char *path, const struct Config *config,
                    struct Error *error)
{
  return table_append(table, path, columns_of(config), count_columns(config), error);
}

bool history_add(struct TableWriter *table, int64_t epoch, const struct HistoryRow *row,
                 struct Error *error)
{
  table_put_row(table, &(struct HistoryCells){epoch, *row});
  return table_flush(table, error);
}
