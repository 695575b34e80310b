/* ablate: the loss of a network that is deprived of one frequency, or of one part, after the other.
 */
#include "base/command_line.h"
#include "base/elementary.h"
#include "base/memory.h"
#include "measures/analysis.h"
#include "measures/arguments.h"
#include "measures/logit_fit.h"
#include "measures/losses.h"
#include "measures/quantities.h"
#include "measures/range.h"
#include "measures/replacements.h"
#include "measures/spectrum.h"
#include "table/table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *output_directory = ".", *epoch_text, *threads_text;

static const struct Tool tool = {
    .name = "ablate",
    .operands = "TRAJECTORY [section.key=value...]",
    .summary =
        "Removes each Fourier frequency from the logits of a snapshot in turn, replaces parts of\n"
        "the network by what they are said to do, and says what the loss becomes. The key\n"
        "frequencies are those of the last snapshot. Writes four tables:\n"
        "  ablations.tsv            losses without each frequency, with only the key frequencies,\n"
        "                           and with none of them\n"
        "  replacements.tsv         losses with neurons, logits, the skip connection or the heads\n"
        "                           replaced\n"
        "  logit-fit.tsv            the logits fitted by cosines of the key frequencies\n"
        "  ablation-quantities.tsv  single numbers: these losses, and what follows from them",
    .options =
        (const struct Option[]){
            {'o', "output", "DIR", "where the tables go (the current directory)",
             &output_directory},
            {0, "epoch", "N", "the snapshot taken at epoch N (the last one)", &epoch_text},
            {0, "threads", "N", "threads to use (all cores); changes no result", &threads_text},
            {0}},
    .min_operands = 1,
    .epilogue = "Overrides complete what a checkpoint does not say, such as\n"
                "data.seed=1 data.train_fraction=0.3 for one that was saved by PyTorch."};

#define N_ELEMENTS(array) (sizeof(array) / sizeof *(array))

/* The snapshot that is ablated, and what becomes of it. */
struct Subject {
  const struct Analysis *analysis;
  const struct NeuronFit *fits; /* [d_mlp], of this snapshot */
  enum DirectionSign sign;
  int64_t epoch;
  char *name; /* "a network trained on (a + b) mod 113, at epoch 40000" */
};

struct Ablations {
  struct Losses unablated, restricted;
  double excluded_loss;
  struct Losses *without; /* [n_frequencies + 1]: without frequency k; 0 is not used */
  double *coefficients;   /* [n_frequencies + 1]: of cos(w_k(a + b - c)); 0 is not used */
  struct LogitFit fit;
  struct Losses replaced[N_REPLACEMENTS];
};

/* ---- computing ---- */

static bool remove_one(const struct DirectedLogits *directed, int k, struct Losses *losses,
                       struct Error *error)
{
  size_t n = (size_t)directed->basis->n_frequencies + 1;
  bool *chosen = memory_new(n, sizeof *chosen, "chosen frequencies", error);
  if (!chosen) return false;
  chosen[k] = true;
  bool done = ablated_losses(directed, chosen, losses, error);
  free(chosen);
  return done;
}

static bool remove_each(const struct DirectedLogits *directed, struct Losses *without,
                        struct Error *error)
{
  bool failed = false;
#pragma omp parallel for schedule(dynamic)
  for (int k = 1; k <= directed->basis->n_frequencies; k++) {
    struct Error one_error;
    if (remove_one(directed, k, &without[k], &one_error)) continue;
#pragma omp critical(remove_each_error)
    {
      *error = one_error;
      failed = true;
    }
  }
  return !failed;
}

static bool replace_each(const struct Subject *subject, const struct DirectedLogits *directed,
                         struct Losses *replaced, struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  size_t p = (size_t)analysis->basis.p, m = analysis_d_mlp(analysis);
  double *components = memory_new(p * m, sizeof *components, "the neuron-logit map", error);
  float *logits = components ? memory_new(p * p, p * sizeof *logits, "logits", error) : NULL;
  bool done = logits && spectrum_of_neuron_logit_map(
                            &analysis->basis, &analysis->snapshot.parameters, components, error);
  struct NeuronLogitMap map = {&analysis->basis, m, components};
  struct ReplacementSubject network = {.config = &analysis->trajectory.config,
                                       .basis = &analysis->basis,
                                       .directed = directed,
                                       .map = &map,
                                       .snapshot = &analysis->snapshot,
                                       .fits = subject->fits,
                                       .keys = analysis->keys};
  for (int i = 0; done && i < N_REPLACEMENTS; i++) {
    done = replacement_logits(&network, (enum Replacement)i, logits, error);
    if (done) losses_of_logits(&analysis->trajectory.dataset, logits, (int)p, &replaced[i]);
  }
  free(logits);
  free(components);
  return done;
}

static bool compute_from(const struct Subject *subject, const struct DirectedLogits *directed,
                         struct Ablations *ablations, struct Error *error)
{
  const bool *keys = subject->analysis->keys;
  for (int k = 1; k <= directed->basis->n_frequencies; k++)
    ablations->coefficients[k] = cosine_coefficient(directed, k);
  losses_of_logits(directed->dataset, directed->logits, directed->V, &ablations->unablated);
  return restricted_losses(directed, keys, &ablations->restricted, error) &&
         excluded_loss(directed, keys, &ablations->excluded_loss, error) &&
         remove_each(directed, ablations->without, error) &&
         logit_fit(directed, keys, &ablations->fit, error) &&
         replace_each(subject, directed, ablations->replaced, error);
}

static bool compute(const struct Subject *subject, struct Ablations *ablations, struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  struct DirectedLogits directed;
  if (!directed_logits_init(&directed, &analysis->basis, &analysis->trajectory.dataset,
                            subject->sign, error))
    return false;
  directed_logits_set(&directed, analysis->snapshot.activations.logits,
                      analysis->snapshot.parameters.shape.V);
  bool done = compute_from(subject, &directed, ablations, error);
  directed_logits_release(&directed);
  return done;
}

/* ---- the tables ---- */

/* Opens a table of the subject: `title` goes before its name, `rest` behind it. */
static bool create_table(struct TableWriter *table, const struct Subject *subject, const char *file,
                         const char *title, const char *rest, const struct Column *columns,
                         size_t n_columns, struct Error *error)
{
  char *path = memory_print(error, "%s/%s", output_directory, file);
  char *text = path ? memory_print(error, "%s of %s%s", title, subject->name, rest) : NULL;
  bool created = text && table_create(table, path, text, columns, n_columns, error);
  free(text);
  free(path);
  return created;
}

static void write_ablation(struct TableWriter *table, const struct Ablations *ablations, int k,
                           bool key)
{
  const struct Losses *without = &ablations->without[k];
  table_put_integer(table, k);
  table_put_integer(table, key);
  table_put(table, without->all.loss);
  table_put(table, without->train.loss);
  table_put(table, without->test.loss);
  table_put(table, ablations->unablated.all.loss);
  table_put(table, ablations->restricted.all.loss);
  table_put(table, ablations->excluded_loss);
}

static bool write_ablations(const struct Subject *subject, const struct Ablations *ablations,
                            struct Error *error)
{
  static const struct Column columns[] = {
      {"frequency", "1",
       "k: its projections on cos and sin of w_k(a + b) (a - b for subtract) are "
       "removed from the logits (section 4.4, figure 6)"},
      {"key", "0 or 1",
       "1 for the key frequencies: those that hold a cluster of neurons, FVE > 0.85, in the last "
       "snapshot"},
      {"loss", "nats", "mean cross-entropy over all pairs without frequency k"},
      {"train_loss", "nats",
       "the same over the training pairs: the excluded loss of k (section 5.1)"},
      {"test_loss", "nats", "the same over the other pairs"},
      {"unablated_loss", "nats", "mean cross-entropy over all pairs of the logits as they are"},
      {"restricted_loss", "nats",
       "loss over all pairs of the key frequencies and the mean logits alone (section 5.1)"},
      {"excluded_loss", "nats",
       "loss over the training pairs without any key frequency (section 5.1)"},
  };
  struct TableWriter table;
  if (!create_table(&table, subject, "ablations.tsv", "Losses",
                    ", with frequencies removed from its logits", columns, N_ELEMENTS(columns),
                    error))
    return false;
  for (int k = 1; k <= subject->analysis->basis.n_frequencies; k++)
    write_ablation(&table, ablations, k, subject->analysis->keys[k]);
  return table_commit(&table, error);
}

/* The loss over all pairs, over that of the network as it is. */
static double loss_ratio(const struct Ablations *ablations, int replacement)
{
  return ablations->replaced[replacement].all.loss / ablations->unablated.all.loss;
}

static bool write_replacements(const struct Subject *subject, const struct Ablations *ablations,
                               struct Error *error)
{
  static const struct Column columns[] = {
      {"name", "name", "what is replaced (section 4.4)"},
      {"loss", "nats", "mean cross-entropy over all pairs, the p number logits"},
      {"train_loss", "nats", "the same over the training pairs"},
      {"test_loss", "nats", "the same over the other pairs"},
      {"accuracy", "1", "share of all pairs whose answer has the largest logit"},
      {"relative_change", "1", "loss / loss of the model - 1"},
      {"meaning", "text", "what is replaced by what; all else stays (a - b for subtract)"}};
  struct TableWriter table;
  if (!create_table(&table, subject, "replacements.tsv", "Losses", ", with parts of it replaced",
                    columns, N_ELEMENTS(columns), error))
    return false;
  for (int i = 0; i < N_REPLACEMENTS; i++) {
    const struct Losses *losses = &ablations->replaced[i];
    table_put_text(&table, replacement_name((enum Replacement)i));
    table_put(&table, losses->all.loss);
    table_put(&table, losses->train.loss);
    table_put(&table, losses->test.loss);
    table_put(&table, losses->all.accuracy);
    table_put(&table, loss_ratio(ablations, i) - 1);
    table_put_text(&table, replacement_meaning((enum Replacement)i));
  }
  return table_commit(&table, error);
}

static bool write_fit(const struct Subject *subject, const struct Ablations *ablations,
                      struct Error *error)
{
  static const struct Column columns[] = {
      {"frequency", "1", "k, a key frequency"},
      {"alpha", "1",
       "coefficient of cos(w_k(a + b - c)) in the logits (a - b - c for subtract), by least "
       "squares over all pairs and outputs c (section 4.2)"}};
  struct TableWriter table;
  if (!create_table(&table, subject, "logit-fit.tsv", "Cosines in the logits", "", columns,
                    N_ELEMENTS(columns), error))
    return false;
  for (int k = 1; k <= subject->analysis->basis.n_frequencies; k++)
    if (subject->analysis->keys[k]) {
      table_put_integer(&table, k);
      table_put(&table, ablations->coefficients[k]);
    }
  return table_commit(&table, error);
}

/* ---- quantities ---- */

static void put_losses(struct TableWriter *table, const struct Ablations *ablations, int p)
{
  const struct Losses *losses = &ablations->unablated, *restricted = &ablations->restricted;
  quantity_put(table, "loss", losses->all.loss, "nats",
               "mean cross-entropy over all pairs, the p number logits");
  quantity_put(table, "train_loss", losses->train.loss, "nats", "over the training pairs");
  quantity_put(table, "test_loss", losses->test.loss, "nats", "over the other pairs");
  quantity_put(table, "accuracy", losses->all.accuracy, "1",
               "share of all pairs whose answer has the largest logit");
  quantity_put(table, "train_accuracy", losses->train.accuracy, "1", "over the training pairs");
  quantity_put(table, "test_accuracy", losses->test.accuracy, "1", "over the other pairs");
  quantity_put(table, "uniform_loss", elementary_log(p), "nats",
               "ln p, of a network that cannot tell");
  quantity_put(table, "restricted_loss", restricted->all.loss, "nats",
               "over all pairs, only the key frequencies and the mean logits kept (section 5.1)");
  quantity_put(table, "restricted_train_loss", restricted->train.loss, "nats",
               "over the training pairs");
  quantity_put(table, "restricted_test_loss", restricted->test.loss, "nats",
               "over the other pairs");
  quantity_put(table, "restricted_accuracy", restricted->all.accuracy, "1", "over all pairs");
  quantity_put(table, "restricted_loss_ratio", restricted->all.loss / losses->all.loss, "1",
               "restricted_loss / loss");
  quantity_put(table, "excluded_loss", ablations->excluded_loss, "nats",
               "over the training pairs, without the key frequencies (section 5.1)");
}

static void put_single_frequencies(struct TableWriter *table, const struct Analysis *analysis,
                                   const struct Ablations *ablations)
{
  struct Range excluded = range_empty(), ratio = range_empty(), excluded_other = range_empty(),
               change_other = range_empty();
  double loss = ablations->unablated.all.loss;
  /* without key frequencies there are no others either: all ranges stay empty, which reads as NaN
   */
  for (int k = 1; analysis->n_keys > 0 && k <= analysis->basis.n_frequencies; k++) {
    const struct Losses *without = &ablations->without[k];
    range_add(analysis->keys[k] ? &excluded : &excluded_other, without->train.loss);
    if (analysis->keys[k])
      range_add(&ratio, without->all.loss / loss);
    else
      range_add(&change_other, fabs(without->all.loss / loss - 1));
  }
  quantity_put(table, "excluded_key_least", excluded.least, "nats",
               "least excluded loss of a single key frequency (training pairs, figure 6)");
  quantity_put(table, "excluded_key_most", excluded.most, "nats",
               "largest excluded loss of a single key frequency");
  quantity_put(table, "excluded_other_most", excluded_other.most, "nats",
               "largest excluded loss of a single frequency that is no key frequency");
  quantity_put(table, "without_key_ratio_least", ratio.least, "1",
               "least loss without one key frequency, over the loss (all pairs)");
  quantity_put(table, "without_other_change_most", change_other.most, "1",
               "largest |loss without one other frequency / loss - 1| (all pairs)");
}

static void put_fit(struct TableWriter *table, const struct Analysis *analysis,
                    const struct Ablations *ablations)
{
  struct Range alpha = range_empty();
  for (int k = 1; k <= analysis->basis.n_frequencies; k++)
    if (analysis->keys[k]) range_add(&alpha, ablations->coefficients[k]);
  quantity_put(table, "logit_fit_fve", ablations->fit.fve, "1",
               "share of the logits' variance over all pairs and outputs explained by "
               "alpha_k cos(w_k(a + b - c)) of the key frequencies (section 4.2)");
  quantity_put(table, "logit_fit_loss", ablations->fit.loss, "nats", "loss of that sum alone");
  quantity_put(table, "logit_fit_alpha_least", alpha.least, "1", "the least alpha_k");
  quantity_put(table, "logit_fit_alpha_most", alpha.most, "1", "the largest alpha_k");
}

static bool put_replacements(struct TableWriter *table, const struct Ablations *ablations,
                             struct Error *error)
{
  for (int i = REPLACE_NOTHING + 1; i < N_REPLACEMENTS; i++) {
    const char *name = replacement_name((enum Replacement)i);
    char *loss = memory_print(error, "%s_loss", name);
    char *ratio = loss ? memory_print(error, "%s_ratio", name) : NULL;
    if (ratio) {
      quantity_put(table, loss, ablations->replaced[i].all.loss, "nats",
                   replacement_meaning((enum Replacement)i));
      quantity_put(table, ratio, loss_ratio(ablations, i), "1", "that loss / loss");
    }
    bool done = ratio;
    free(ratio);
    free(loss);
    if (!done) return false;
  }
  return true;
}

static bool write_quantities(const struct Subject *subject, const struct Ablations *ablations,
                             struct Error *error)
{
  struct TableWriter table;
  if (!create_table(&table, subject, "ablation-quantities.tsv", "Losses", ", as single numbers",
                    quantity_columns, N_QUANTITY_COLUMNS, error))
    return false;
  quantity_put(&table, "epoch", (double)subject->epoch, "epochs", "when the snapshot was taken");
  put_losses(&table, ablations, subject->analysis->basis.p);
  put_single_frequencies(&table, subject->analysis, ablations);
  put_fit(&table, subject->analysis, ablations);
  if (put_replacements(&table, ablations, error)) return table_commit(&table, error);
  table_discard(&table);
  return false;
}

/* ---- all of them ---- */

static bool compute_and_write(const struct Subject *subject, struct Ablations *ablations,
                              struct Error *error)
{
  return compute(subject, ablations, error) && output_make_directory(output_directory, error) &&
         write_ablations(subject, ablations, error) &&
         write_replacements(subject, ablations, error) && write_fit(subject, ablations, error) &&
         write_quantities(subject, ablations, error);
}

static bool ablate(struct Subject *subject, struct Error *error)
{
  size_t n = (size_t)subject->analysis->basis.n_frequencies + 1;
  struct Ablations ablations = {0};
  ablations.without = memory_new(n, sizeof *ablations.without, "losses by frequency", error);
  if (ablations.without)
    ablations.coefficients = memory_new(n, sizeof(double), "coefficients by frequency", error);
  char *task = ablations.coefficients ? analysis_describe_task(subject->analysis, error) : NULL;
  if (task)
    subject->name = memory_print(error, "a network %s, at epoch %" PRId64, task, subject->epoch);
  bool done = subject->name && compute_and_write(subject, &ablations, error);
  free(subject->name);
  free(task);
  free(ablations.coefficients);
  free(ablations.without);
  return done;
}

static bool run(struct Analysis *analysis, int64_t epoch, struct Error *error)
{
  const struct Trajectory *trajectory = &analysis->trajectory;
  size_t snapshot, last = trajectory->n_snapshots - 1;
  struct Subject subject = {.analysis = analysis};
  if (!directions_of_operation(trajectory->config.data.operation, &subject.sign, error) ||
      !trajectory_find(trajectory, epoch, &snapshot, error) || !analysis_fit_final(analysis, error))
    return false;
  if (analysis->n_keys == 0)
    fprintf(stderr,
            "%s: no frequency of the last snapshot (epoch %" PRId64
            ") holds a cluster of neurons, so there are no key frequencies: nothing is excluded, "
            "and the mean logits alone are kept\n",
            tool.name, trajectory->epochs[last]);
  struct NeuronFit *fits = NULL;
  if (!analysis_fits_of(analysis, snapshot, &fits, error)) return false;
  subject.fits = fits ? fits : analysis->final_fits;
  subject.epoch = trajectory->epochs[snapshot];
  bool done = ablate(&subject, error);
  free(fits);
  return done;
}

int main(int argc, char **argv)
{
  int first;
  int status = command_line_parse(&tool, argc, argv, &first);
  if (status != COMMAND_LINE_CONTINUE) return status;
  struct Error error;
  int64_t epoch;
  if (!argument_epoch(epoch_text, &epoch, &error) || !argument_threads(threads_text, &error)) {
    command_line_fail(&tool, &error);
    return EXIT_WRONG_USAGE;
  }
  struct Analysis analysis;
  if (!analysis_open(&analysis, argv[first], argv + first + 1, argc - first - 1, &error))
    return command_line_fail(&tool, &error);
  bool done = run(&analysis, epoch, &error);
  analysis_close(&analysis);
  return done ? EXIT_SUCCESS : command_line_fail(&tool, &error);
}
