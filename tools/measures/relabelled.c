#include "measures/relabelled.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static bool choose_operation(enum Operation *operation, struct Error *error)
{
  static const char *const names[] = {
      [OPERATION_ADD] = "add",       [OPERATION_SUBTRACT] = "subtract",
      [OPERATION_RANDOM] = "random", [OPERATION_QUADRATIC] = "quadratic",
      [OPERATION_TABLE] = "table",
  };
  if (*operation != OPERATION_MULTIPLY && *operation != OPERATION_DIVIDE)
    return error_set(error,
                     "data.operation is %s: discrete logarithms turn only products and quotients "
                     "into sums and differences (multiply, divide)",
                     names[*operation]);
  *operation = *operation == OPERATION_MULTIPLY ? OPERATION_ADD : OPERATION_SUBTRACT;
  return true;
}

/* ---- pairs ---- */

static void fill_pairs(const struct Logarithms *logarithms, const struct Dataset *from,
                       struct Dataset *to)
{
  size_t p = (size_t)from->p, n = (size_t)to->p;
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; j < n; j++) {
      size_t pair = (size_t)logarithms->power[i] * p + (size_t)logarithms->power[j];
      to->answer[i * n + j] = logarithms->logarithm[from->answer[pair]];
      to->train[i * n + j] = from->train[pair];
      *(from->train[pair] ? &to->n_train : &to->n_test) += 1;
    }
}

/* The pairs without a 0, with their answers and the same split. */
static bool relabel_pairs(const struct Logarithms *logarithms, const struct Dataset *from,
                          struct Dataset *to, struct Error *error)
{
  size_t n = (size_t)from->p - 1;
  *to = (struct Dataset){.p = from->p - 1};
  to->answer = memory_new(n * n, sizeof *to->answer, "the answers of all pairs", error);
  if (!to->answer) return false;
  to->train = memory_new(n * n, sizeof *to->train, "the split of all pairs", error);
  if (to->train) fill_pairs(logarithms, from, to);
  return to->train;
}

/* ---- weights ---- */

/* The token or output that is called t: a number, or "=", the last one. */
static size_t original(const struct Logarithms *logarithms, size_t t)
{
  size_t n = (size_t)logarithms->p - 1;
  return t < n ? (size_t)logarithms->power[t] : t + 1;
}

static void relabel_parameter(const struct Logarithms *logarithms, const struct ParameterInfo *info,
                              const float *from, size_t from_columns, float *to)
{
  size_t rows = info->shape[0], columns = info->count / rows;
  for (size_t row = 0; row < rows; row++)
    for (size_t column = 0; column < columns; column++) {
      size_t at_row = info->kind == W_E ? original(logarithms, row) : row;
      size_t at_column = info->kind == W_U ? original(logarithms, column) : column;
      to[row * columns + column] = from[at_row * from_columns + at_column];
    }
}

/* Fills the snapshot with these weights of the trained network, runs it and fits its neurons. */
static bool take(struct Relabelled *relabelled, const struct Parameters *from,
                 struct NeuronFit *fits, struct Error *error)
{
  struct Analysis *analysis = &relabelled->analysis;
  struct Parameters *to = &analysis->snapshot.parameters;
  for (int i = 0; i < to->n; i++)
    if (to->info[i].count > 0)
      relabel_parameter(&relabelled->logarithms, &to->info[i], from->values + from->info[i].offset,
                        from->info[i].count / from->info[i].shape[0],
                        to->values + to->info[i].offset);
  activations_forward(&analysis->snapshot.activations, to);
  return neuron_fit_all(&analysis->basis, analysis->snapshot.activations.hidden,
                        analysis_d_mlp(analysis), fits, error);
}

/* The fits of the last snapshot, and its key frequencies. */
static bool take_last(struct Relabelled *relabelled, const struct Trajectory *trajectory,
                      struct Error *error)
{
  struct Analysis *analysis = &relabelled->analysis;
  struct Parameters last;
  if (!parameters_init(&last, &trajectory->config, error)) return false;
  bool taken = trajectory_read(trajectory, trajectory->n_snapshots - 1, &last, error) &&
               take(relabelled, &last, analysis->final_fits, error);
  parameters_release(&last);
  if (taken)
    analysis->n_keys = neuron_fit_keys(analysis->final_fits, analysis_d_mlp(analysis),
                                       analysis->basis.n_frequencies, analysis->keys);
  return taken;
}

/* ---- of a subject ---- */

static void release(void *numbers)
{
  struct Relabelled *relabelled = numbers;
  struct Analysis *analysis = &relabelled->analysis;
  subject_release(&relabelled->subject);
  free(analysis->keys);
  free(analysis->final_fits);
  snapshot_release(&analysis->snapshot);
  fourier_basis_release(&analysis->basis);
  dataset_release(&analysis->trajectory.dataset);
  logarithms_release(&relabelled->logarithms);
}

/* What the analysis of the relabelled network is made of, all of it allocated. */
static bool prepare(struct Relabelled *relabelled, const struct Analysis *from, struct Error *error)
{
  struct Analysis *analysis = &relabelled->analysis;
  struct Trajectory *trajectory = &analysis->trajectory;
  analysis->run = from->run;
  analysis->layer = from->layer;
  trajectory->config.data.modulus--;
  if (!choose_operation(&trajectory->config.data.operation, error) ||
      !logarithms_init(&relabelled->logarithms, from->basis.p, error) ||
      !relabel_pairs(&relabelled->logarithms, &from->trajectory.dataset, &trajectory->dataset,
                     error) ||
      !fourier_basis_init(&analysis->basis, from->basis.p - 1, error) ||
      !snapshot_init(&analysis->snapshot, trajectory, analysis->layer, error))
    return false;
  size_t m = analysis_d_mlp(analysis), n = (size_t)analysis->basis.n_frequencies + 1;
  analysis->final_fits = memory_new(m, sizeof *analysis->final_fits, "fits of the neurons", error);
  if (!analysis->final_fits) return false;
  analysis->keys = memory_new(n, sizeof *analysis->keys, "key frequencies", error);
  return analysis->keys;
}

static bool name(struct Relabelled *relabelled, const struct Subject *from, struct Error *error)
{
  struct Subject *subject = &relabelled->subject;
  *subject = (struct Subject){
      .analysis = &relabelled->analysis, .epoch = from->epoch, .directory = from->directory};
  subject->own_fits = memory_new(analysis_d_mlp(&relabelled->analysis), sizeof *subject->own_fits,
                                 "fits of the neurons", error);
  subject->fits = subject->own_fits;
  if (!subject->own_fits) return false;
  subject->name = memory_print(error, "%s, over discrete logarithms to base %d", from->name,
                               relabelled->logarithms.root);
  return subject->name;
}

static bool find(struct Subject *subject, void *numbers, struct Error *error)
{
  struct Relabelled *relabelled = numbers;
  const struct Analysis *from = subject->analysis;
  relabelled->analysis.trajectory = from->trajectory;
  relabelled->analysis.trajectory.dataset = (struct Dataset){0};
  if (prepare(relabelled, from, error) && name(relabelled, subject, error) &&
      take_last(relabelled, &from->trajectory, error) &&
      take(relabelled, &from->snapshot.parameters, relabelled->subject.own_fits, error))
    return true;
  release(relabelled);
  return false;
}

struct Relabelled *relabelled_of(struct Subject *subject, struct Error *error)
{
  static const struct Finding finding = {sizeof(struct Relabelled), find, release};
  return (struct Relabelled *)subject_find(subject, &finding, error);
}
