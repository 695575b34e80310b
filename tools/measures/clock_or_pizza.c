#include "measures/clock_or_pizza.h"

#include "base/memory.h"
#include "measures/directed_logits.h"
#include "measures/each_snapshot.h"
#include "measures/gradient_symmetry.h"
#include "measures/losses.h"
#include "measures/quantities.h"
#include "measures/singular_values.h"

#include <math.h>
#include <stdlib.h>

/* ---- the measures ---- */

/* Sums of values, for their standard deviation. The first one is taken off all, so that no digits
   are lost. */
struct Deviation {
  double first, sum, squares;
  size_t n;
};

static void add(struct Deviation *deviation, double value)
{
  if (deviation->n == 0) deviation->first = value;
  double difference = value - deviation->first;
  deviation->sum += difference;
  deviation->squares += difference * difference;
  deviation->n++;
}

static double standard_deviation(const struct Deviation *deviation)
{
  double mean = deviation->sum / (double)deviation->n;
  return sqrt(fmax(0, deviation->squares / (double)deviation->n - mean * mean));
}

void clock_or_pizza_correct_logits(int p, enum DirectionSign sign, const struct LogitRows *rows,
                                   float *correct)
{
  for (int a = rows->first; a < rows->end; a++)
    for (int b = 0; b < p; b++)
      correct[a * p + b] = logit_rows_at(rows, a, b, p)[direction_residue(p, sign, a, b)];
}

double clock_or_pizza_distance_irrelevance(int p, enum DirectionSign sign, const float *correct)
{
  struct Deviation all = {0};
  double sum = 0;
  for (int d = 0; d < p; d++) {
    struct Deviation of_distance = {0};
    for (int a = 0; a < p; a++) {
      int b = sign == DIRECTION_SUM ? (a + d) % p : (d - a + p) % p;
      double logit = (double)correct[(size_t)a * (size_t)p + (size_t)b];
      add(&all, logit);
      add(&of_distance, logit);
    }
    sum += standard_deviation(&of_distance);
  }
  double deviation = standard_deviation(&all);
  return deviation > 0 ? sum / p / deviation : NAN;
}

double clock_or_pizza_circularity(const struct FourierBasis *basis,
                                  const struct PrincipalComponents *of_embedding)
{
  enum { COMPONENTS = 4 };
  size_t n = of_embedding->n < of_embedding->p ? of_embedding->n : of_embedding->p - 1;
  if (n > COMPONENTS) n = COMPONENTS;
  double sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += principal_components_dominance(basis, of_embedding, i).share;
  return sum / (double)n;
}

struct AlgorithmMeasures {
  double test_accuracy, symmetricity, symmetricity_error, irrelevance, circularity;
};

/* With what tells networks apart that are compared by them. */
struct AlgorithmQuantities {
  struct AlgorithmMeasures measures;
  double attention_rate, positions;
};

/* ---- a snapshot ---- */

enum { TRIPLES = 256 };

struct Worker {
  const struct Analysis *analysis;
  enum DirectionSign sign;
  struct Snapshot snapshot;
  struct LossSums sums;
  float *correct; /* [p^2]: the logit of each pair's a + b or a - b */
  struct GradientSymmetry *symmetry;
  struct Triple *triples; /* [TRIPLES] */
  double *cosines;        /* [TRIPLES] */
};

static void release(void *state)
{
  struct Worker *worker = state;
  snapshot_release(&worker->snapshot);
  gradient_symmetry_free(worker->symmetry);
  free(worker->correct);
  free(worker->triples);
  free(worker->cosines);
}

static bool init(void *state, const struct Analysis *analysis, struct Error *error)
{
  struct Worker *worker = state;
  const struct Trajectory *trajectory = &analysis->trajectory;
  size_t p = (size_t)analysis->basis.p;
  *worker = (struct Worker){.analysis = analysis};
  if (!directed_logits_sign(trajectory->config.data.operation, &worker->sign, error) ||
      !snapshot_init_rows(&worker->snapshot, trajectory, SNAPSHOT_BLOCK_BYTES, error))
    return false;
  worker->correct = memory_new(p * p, sizeof *worker->correct, "correct logits", error);
  if (worker->correct)
    worker->triples = memory_new(TRIPLES, sizeof *worker->triples, "triples", error);
  if (worker->triples)
    worker->cosines = memory_new(TRIPLES, sizeof *worker->cosines, "cosines", error);
  if (worker->cosines)
    worker->symmetry = gradient_symmetry_new(&analysis->snapshot.parameters.shape,
                                             &trajectory->config.model, error);
  if (!worker->symmetry) {
    release(worker);
    return false;
  }
  for (size_t i = 0; i < TRIPLES; i++)
    worker->triples[i] = gradient_symmetry_triple(analysis->basis.p, i);
  return true;
}

/* A degenerate embedding, of which all tokens are the same, has no circularity. */
static bool measure_circularity(const struct Worker *worker, const struct Parameters *parameters,
                                double *circularity, struct Error *error)
{
  struct PrincipalComponents components;
  if (!principal_components_of_embedding(&components, parameters, error)) return false;
  *circularity = clock_or_pizza_circularity(&worker->analysis->basis, &components);
  principal_components_release(&components);
  return true;
}

static bool add_rows(void *state, const struct LogitRows *rows, struct Error *error)
{
  (void)error;
  struct Worker *worker = state;
  losses_add_rows(&worker->sums, &worker->analysis->trajectory.dataset, rows);
  clock_or_pizza_correct_logits(worker->analysis->basis.p, worker->sign, rows, worker->correct);
  return true;
}

static bool measure(void *state, size_t index, void *result, struct Error *error)
{
  struct Worker *worker = state;
  struct AlgorithmMeasures *measures = result;
  struct Snapshot *snapshot = &worker->snapshot;
  const struct Trajectory *trajectory = &worker->analysis->trajectory;
  worker->sums = (struct LossSums){0};
  if (!snapshot_read(snapshot, trajectory, index, error) ||
      !snapshot_each_rows(snapshot, trajectory, add_rows, worker, error))
    return false;
  gradient_symmetry_cosines(worker->symmetry, &snapshot->parameters, worker->triples, TRIPLES,
                            worker->cosines);
  struct SymmetryMean mean = gradient_symmetry_mean(worker->cosines, TRIPLES);
  measures->test_accuracy = losses_mean(&worker->sums).test.accuracy;
  measures->symmetricity = mean.mean;
  measures->symmetricity_error = mean.error;
  measures->irrelevance =
      clock_or_pizza_distance_irrelevance(worker->analysis->basis.p, worker->sign, worker->correct);
  return measure_circularity(worker, &snapshot->parameters, &measures->circularity, error);
}

/* ---- clock-or-pizza.tsv ---- */

struct MeasuresRow {
  struct MaybeInteger epoch;
  struct AlgorithmMeasures measures;
};

#define ROW(name, member, unit, meaning) COLUMN_AS(name, struct MeasuresRow, member, unit, meaning)

static const struct Column columns[] = {
    COLUMN(struct MeasuresRow, epoch, "epochs", "optimizer steps taken before the snapshot"),
    ROW("test_accuracy", measures.test_accuracy, "1",
        "share of the other pairs whose answer has the largest logit"),
    ROW("gradient_symmetricity", measures.symmetricity, "1",
        "mean over 256 triples (a, b, c) of the cosine between the gradients of logit c by the "
        "embeddings of a and of b (Zhong et al. 2023, definition 4.1)"),
    ROW("distance_irrelevance", measures.irrelevance, "1",
        "mean over d of the standard deviation of the correct logits with b - a = d (a + b for "
        "subtract), over that of all (Zhong et al. 2023, definition 4.2)"),
    ROW("circularity", measures.circularity, "1",
        "mean over the first four principal components of W_E's p number tokens of the share that "
        "the strongest frequency has of their squared norm (Zhong et al. 2023, appendix)")};

bool clock_or_pizza_write(struct Subject *subject, const char *file, struct Error *error)
{
  static const struct SnapshotMeasure of_all = {sizeof(struct Worker), init, release, measure,
                                                sizeof(struct AlgorithmMeasures)};
  const struct Analysis *analysis = subject->analysis;
  struct TableWriter table;
  struct AlgorithmMeasures *measures = each_snapshot_measure(&of_all, analysis, error);
  bool created = measures && each_snapshot_create_table(
                                 &table, subject, file, "Measures of clocks and pizzas",
                                 "one row per snapshot", columns, N_COLUMNS(columns), error);
  for (size_t i = 0; created && i < analysis->trajectory.n_snapshots; i++)
    table_put_row(&table, &(struct MeasuresRow){each_snapshot_epoch(analysis, i), measures[i]});
  free(measures);
  return created && table_commit(&table, error);
}

/* ---- clock-or-pizza-quantities.tsv ---- */

#define QUANTITY(name, member, meaning)                                                            \
  COLUMN_AS(name, struct AlgorithmQuantities, member, "1", meaning)

static const struct Column quantities[] = {
    QUANTITY("gradient_symmetricity", measures.symmetricity,
             "mean over 256 triples (a, b, c) of the cosine between the gradients of logit c by "
             "the embeddings of a and of b (Zhong et al. 2023, definition 4.1)"),
    QUANTITY("gradient_symmetricity_error", measures.symmetricity_error,
             "standard error of that mean"),
    QUANTITY("distance_irrelevance", measures.irrelevance,
             "mean over d of the standard deviation of the correct logits with b - a = d (a + b "
             "for subtract), over that of all (Zhong et al. 2023, definition 4.2)"),
    QUANTITY("circularity", measures.circularity,
             "mean share of the strongest frequency in the first four principal components of W_E "
             "(Zhong et al. 2023, appendix)"),
    QUANTITY("clock_or_pizza_test_accuracy", measures.test_accuracy,
             "share of the test pairs that are answered correctly: of networks that have not "
             "learned to add, the rest says nothing"),
    QUANTITY("model.attention_rate", attention_rate,
             "the setting: weights of attention are 1 - rate + rate times the softmax"),
    QUANTITY("positions", positions, "of the input: 3 for a, b and \"=\", 2 without \"=\"")};

static bool measure_subject(const struct Subject *subject, struct AlgorithmMeasures *measures,
                            struct Error *error)
{
  struct Worker worker;
  singular_values_threads(1);
  if (!init(&worker, subject->analysis, error)) return false;
  bool done = measure(&worker, subject->analysis->snapshot.index, measures, error);
  release(&worker);
  return done;
}

bool clock_or_pizza_write_quantities(struct Subject *subject, const char *file, struct Error *error)
{
  char by[SINGULAR_VALUES_TEXT_SIZE];
  const struct Analysis *analysis = subject->analysis;
  struct AlgorithmQuantities values = {
      .attention_rate = analysis->trajectory.config.model.attention_rate,
      .positions = analysis->snapshot.parameters.shape.n_positions};
  struct TableWriter table;
  singular_values_describe(by);
  char *rest = memory_print(error, ".\n%s", by);
  bool created = rest && measure_subject(subject, &values.measures, error) &&
                 subject_create_table(&table, subject, file, "Clock or pizza", rest,
                                      quantities_columns, N_QUANTITY_COLUMNS, error);
  free(rest);
  if (!created) return false;
  quantities_put_members(&table, quantities, N_COLUMNS(quantities), &values);
  return table_commit(&table, error);
}
