/* checkpoint-to-spectrum: the weights and activations of a snapshot in the Fourier basis. */
#include "base/command_line.h"
#include "base/memory.h"
#include "fourier/transform.h"
#include "measures/analysis.h"
#include "measures/arguments.h"
#include "measures/spectrum.h"
#include "table/table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *output_directory = ".", *epoch_text, *threads_text;

static const struct Tool tool = {
    .name = "checkpoint-to-spectrum",
    .operands = "TRAJECTORY [section.key=value...]",
    .summary =
        "Takes a snapshot apart in Fourier space. Writes six tables:\n"
        "  spectrum.tsv          norms of the components of W_E and of W_L\n"
        "  key-frequencies.tsv   the key frequencies, those of the last snapshot, with their\n"
        "                        clusters of neurons in this one\n"
        "  neurons.tsv           every neuron's frequency and the variance it explains\n"
        "  neuron-logit-map.tsv  W_L of one frequency's neurons, component by component\n"
        "  activations.tsv       attention and the first neurons on all pairs\n"
        "  logit-spectrum.tsv    norms of the logits in the two-dimensional basis",
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

/* The snapshot that is taken apart, and what every table says about it. */
struct Subject {
  const struct Analysis *analysis;
  const struct NeuronFit *fits; /* [d_mlp], of this snapshot */
  char *name;                   /* "a network trained on (a + b) mod 113, at epoch 40000" */
};

/* Opens a table of the subject. The title's %s is the subject's name. */
static bool create_table(struct TableWriter *table, const struct Subject *subject, const char *file,
                         const char *title, const struct Column *columns, size_t n_columns,
                         struct Error *error)
{
  char *path = memory_print(error, "%s/%s", output_directory, file);
  char *text = path ? memory_print(error, "%s of %s", title, subject->name) : NULL;
  bool created = text && table_create(table, path, text, columns, n_columns, error);
  free(text);
  free(path);
  return created;
}

#define N_ELEMENTS(array) (sizeof(array) / sizeof *(array))

/* ---- spectrum.tsv ---- */

/* The norm of a frequency's cosine (row 0) or sine (row 1); NaN where it has none. */
static double norm_of(const double *norms, int p, int frequency, int row)
{
  int components[2];
  return row < fourier_components(p, frequency, components) ? norms[components[row]] : NAN;
}

static bool write_spectrum(const struct Subject *subject, const double *map, struct Error *error)
{
  static const struct Column columns[] = {
      {"frequency", "1", "k, w_k = 2 pi k / p; 0 is the constant, which has no sine"},
      {"W_E_cos", "1", "norm over the residual stream of W_E's component cos(w_k x) (figure 3)"},
      {"W_E_sin", "1", "the same for sin(w_k x)"},
      {"W_L_cos", "1",
       "norm over the neurons of the component cos(w_k c) of W_L = W_U W_out along its p number "
       "outputs (figure 3)"},
      {"W_L_sin", "1", "the same for sin(w_k c)"}};
  const struct Analysis *analysis = subject->analysis;
  int p = analysis->basis.p;
  double *norms = memory_new(2 * (size_t)p, sizeof *norms, "norms of components", error);
  double *of_map = norms ? norms + p : NULL;
  struct TableWriter table;
  bool done =
      norms &&
      spectrum_of_embedding(&analysis->basis, &analysis->snapshot.parameters, norms, error) &&
      create_table(&table, subject, "spectrum.tsv", "Norms of the Fourier components", columns,
                   N_ELEMENTS(columns), error);
  if (done) {
    fourier_norms(map, (size_t)p, analysis_d_mlp(analysis), of_map);
    for (int k = 0; k <= analysis->basis.n_frequencies; k++) {
      table_put_integer(&table, k);
      table_put(&table, norm_of(norms, p, k, 0));
      table_put(&table, norm_of(norms, p, k, 1));
      table_put(&table, norm_of(of_map, p, k, 0));
      table_put(&table, norm_of(of_map, p, k, 1));
    }
    done = table_commit(&table, error);
  }
  free(norms);
  return done;
}

/* ---- key-frequencies.tsv and neurons.tsv ---- */

static bool put_key(struct TableWriter *table, const struct Subject *subject, int k,
                    struct Error *error)
{
  struct Cluster cluster;
  if (!cluster_of_frequency(subject->fits, analysis_d_mlp(subject->analysis), k, &cluster, error))
    return false;
  table_put_integer(table, k);
  table_put_integer(table, (long long)cluster.neurons);
  table_put(table, cluster.mean_fve);
  table_put(table, cluster.median_fve);
  return true;
}

static bool write_keys(const struct Subject *subject, struct Error *error)
{
  static const struct Column columns[] = {
      {"frequency", "1",
       "a key frequency: it holds a cluster of neurons in the last snapshot (section 4.1)"},
      {"neurons", "1", "size of its cluster here: neurons that it explains best, FVE > 0.85"},
      {"mean_fve", "1", "mean FVE of the cluster (section 4.3)"},
      {"median_fve", "1", "median FVE of the cluster"}};
  struct TableWriter table;
  if (!create_table(&table, subject, "key-frequencies.tsv", "Key frequencies", columns,
                    N_ELEMENTS(columns), error))
    return false;
  for (int k = 1; k <= subject->analysis->basis.n_frequencies; k++) {
    if (!subject->analysis->keys[k] || put_key(&table, subject, k, error)) continue;
    table_discard(&table);
    return false;
  }
  return table_commit(&table, error);
}

static bool write_neurons(const struct Subject *subject, struct Error *error)
{
  static const struct Column columns[] = {
      {"neuron", "1", "its index"},
      {"frequency", "1",
       "the k whose degree-2 polynomial explains it best (section 4.3); 0 if it is constant"},
      {"fve", "1", "fraction of the neuron's variance over all pairs that it explains"},
      {"cluster", "0 or 1", "1 where FVE > 0.85: the neuron is in the cluster of its frequency"}};
  struct TableWriter table;
  if (!create_table(&table, subject, "neurons.tsv", "The neurons", columns, N_ELEMENTS(columns),
                    error))
    return false;
  for (size_t i = 0; i < analysis_d_mlp(subject->analysis); i++) {
    table_put_integer(&table, (long long)i);
    table_put_integer(&table, subject->fits[i].frequency);
    table_put(&table, subject->fits[i].fve);
    table_put_integer(&table, neuron_in_cluster(&subject->fits[i]));
  }
  return table_commit(&table, error);
}

/* ---- neuron-logit-map.tsv ---- */

/* The neurons that `clustered` (or else: best explained) frequency k has. */
static size_t count_members(const struct Subject *subject, int k, bool clustered)
{
  size_t count = 0;
  for (size_t i = 0; i < analysis_d_mlp(subject->analysis); i++)
    count += subject->fits[i].frequency == k &&
             (!clustered || neuron_in_cluster(&subject->fits[i]));
  return count;
}

/* The frequency with the most neurons, the lowest of equals; 0 when none has any. */
static int largest_frequency(const struct Subject *subject, bool clustered)
{
  size_t most = 0;
  int largest = 0;
  for (int k = 1; k <= subject->analysis->basis.n_frequencies; k++) {
    size_t count = count_members(subject, k, clustered);
    if (count <= most) continue;
    most = count;
    largest = k;
  }
  return largest;
}

struct Member {
  size_t neuron;
  double phase; /* of its weights in the frequency's cosine and sine */
};

static int compare_members(const void *left, const void *right)
{
  const struct Member *a = left, *b = right;
  if (a->phase != b->phase) return a->phase < b->phase ? -1 : 1;
  return (a->neuron > b->neuron) - (a->neuron < b->neuron);
}

/* A number that rises with the angle of (x, y), from -2 to 2: the order is all that is wanted. */
static double order_of_angle(double x, double y)
{
  double size = fabs(x) + fabs(y);
  if (size == 0) return 0;
  double part = y / size;
  return x >= 0 ? part : copysign(2, y) - part;
}

/* The members of frequency k, by the phase of what they write in the map; returns how many. */
static size_t list_members(const struct Subject *subject, int k, bool clustered, const double *map,
                           struct Member *members)
{
  size_t m = analysis_d_mlp(subject->analysis), n = 0;
  int rows[2] = {0, 0};
  int n_rows = fourier_components(subject->analysis->basis.p, k, rows);
  for (size_t i = 0; i < m; i++) {
    if (subject->fits[i].frequency != k) continue;
    if (clustered && !neuron_in_cluster(&subject->fits[i])) continue;
    double cosine = map[(size_t)rows[0] * m + i];
    double sine = n_rows > 1 ? map[(size_t)rows[1] * m + i] : 0;
    members[n++] = (struct Member){i, order_of_angle(cosine, sine)};
  }
  qsort(members, n, sizeof *members, compare_members);
  return n;
}

static bool write_map_of(const struct Subject *subject, int k, bool clustered, const double *map,
                         struct Member *members, struct Error *error)
{
  static const struct Column columns[] = {
      {"order", "1", "number of the neuron in the table, by the phase of its weights at k"},
      {"neuron", "1", "its index in the network"},
      {"component", "1",
       "Fourier component of the output axis: 0 constant, 2k - 1 cos(w_k c), 2k sin(w_k c)"},
      {"value", "1", "that component of the neuron's column of W_L = W_U W_out (figure 5)"}};
  size_t m = analysis_d_mlp(subject->analysis);
  char *title = memory_print(
      error, "The neuron-logit map in the Fourier basis, for the neurons %s frequency %d,",
      clustered ? "in the cluster of" : "(in no cluster) best explained by", k);
  struct TableWriter table;
  bool created = title && create_table(&table, subject, "neuron-logit-map.tsv", title, columns,
                                       N_ELEMENTS(columns), error);
  free(title);
  if (!created) return false;
  size_t n = list_members(subject, k, clustered, map, members);
  for (size_t order = 0; order < n; order++)
    for (size_t component = 0; component < (size_t)subject->analysis->basis.p; component++) {
      table_put_integer(&table, (long long)order);
      table_put_integer(&table, (long long)members[order].neuron);
      table_put_integer(&table, (long long)component);
      table_put(&table, map[component * m + members[order].neuron]);
    }
  return table_commit(&table, error);
}

/* The largest cluster's. A network without clusters, from before grokking, still gets a table: of
   the neurons that the most popular frequency explains best. */
static bool write_map(const struct Subject *subject, const double *map, struct Error *error)
{
  int k = largest_frequency(subject, true);
  bool clustered = k != 0;
  if (!clustered) k = largest_frequency(subject, false);
  size_t m = analysis_d_mlp(subject->analysis);
  struct Member *members = memory_new(m, sizeof *members, "neurons of a frequency", error);
  bool done = members && write_map_of(subject, k, clustered, map, members, error);
  free(members);
  return done;
}

/* ---- activations.tsv ---- */

enum { MOST_HEADS = 16, MOST_NEURONS = 4 };

static bool create_activations(struct TableWriter *table, const struct Subject *subject,
                               size_t heads, size_t neurons, struct Error *error)
{
  struct Column columns[2 + MOST_HEADS + MOST_NEURONS] = {
      {"a", "1", "the first number"}, {"b", "1", "the second number"}};
  char names[MOST_HEADS + MOST_NEURONS][16];
  size_t n = 2;
  for (size_t h = 0; h < heads; h++, n++) {
    snprintf(names[n - 2], sizeof *names, "attention_%zu", h);
    columns[n] = (struct Column){names[n - 2], "1",
                                 "attention of that head from \"=\" to a (section 4.1, figure 4)"};
  }
  for (size_t i = 0; i < neurons; i++, n++) {
    snprintf(names[n - 2], sizeof *names, "neuron_%zu", i);
    columns[n] = (struct Column){names[n - 2], "1",
                                 "that neuron behind the activation function (figure 4)"};
  }
  return create_table(table, subject, "activations.tsv", "Attention and neurons", columns, n,
                      error);
}

static bool write_activations(const struct Subject *subject, struct Error *error)
{
  const struct Activations *activations = &subject->analysis->snapshot.activations;
  size_t p = (size_t)subject->analysis->basis.p, m = analysis_d_mlp(subject->analysis);
  size_t H = (size_t)subject->analysis->snapshot.parameters.shape.H;
  size_t heads = H < MOST_HEADS ? H : MOST_HEADS, neurons = m < MOST_NEURONS ? m : MOST_NEURONS;
  struct TableWriter table;
  if (!create_activations(&table, subject, heads, neurons, error)) return false;
  for (size_t pair = 0; pair < p * p; pair++) {
    table_put_integer(&table, (long long)(pair / p));
    table_put_integer(&table, (long long)(pair % p));
    for (size_t h = 0; h < heads; h++)
      table_put(&table, (double)activations->attention[(pair * H + h) * 3]);
    for (size_t i = 0; i < neurons; i++)
      table_put(&table, (double)activations->hidden[pair * m + i]);
  }
  return table_commit(&table, error);
}

/* ---- logit-spectrum.tsv ---- */

static bool write_logits(const struct Subject *subject, struct Error *error)
{
  static const struct Column columns[] = {
      {"component_a", "1",
       "Fourier component over a: 0 constant, 2k - 1 cos(w_k a), 2k sin(w_k a)"},
      {"component_b", "1", "the same over b"},
      {"norm", "1",
       "norm over the p number outputs of the logits' component in the product (figure 4)"}};
  const struct Analysis *analysis = subject->analysis;
  size_t p = (size_t)analysis->basis.p;
  double *norms = memory_new(p * p, sizeof *norms, "the spectrum of the logits", error);
  struct TableWriter table;
  bool done = norms &&
              spectrum_of_logits(&analysis->basis, analysis->snapshot.activations.logits,
                                 (size_t)analysis->snapshot.parameters.shape.V, norms, error) &&
              create_table(&table, subject, "logit-spectrum.tsv", "The logits in the Fourier basis",
                           columns, N_ELEMENTS(columns), error);
  if (done) {
    for (size_t i = 0; i < p * p; i++) {
      table_put_integer(&table, (long long)(i / p));
      table_put_integer(&table, (long long)(i % p));
      table_put(&table, norms[i]);
    }
    done = table_commit(&table, error);
  }
  free(norms);
  return done;
}

/* ---- all of them ---- */

static bool write_tables(const struct Subject *subject, struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  size_t p = (size_t)analysis->basis.p, m = analysis_d_mlp(analysis);
  double *map = memory_new(p * m, sizeof *map, "the neuron-logit map", error);
  bool done = map && output_make_directory(output_directory, error) &&
              spectrum_of_neuron_logit_map(&analysis->basis, &analysis->snapshot.parameters, map,
                                           error) &&
              write_spectrum(subject, map, error) && write_keys(subject, error) &&
              write_neurons(subject, error) && write_map(subject, map, error) &&
              write_activations(subject, error) && write_logits(subject, error);
  free(map);
  return done;
}

static bool run(struct Analysis *analysis, int64_t epoch, struct Error *error)
{
  const struct Trajectory *trajectory = &analysis->trajectory;
  size_t snapshot, last = trajectory->n_snapshots - 1, m = analysis_d_mlp(analysis);
  if (!trajectory_find(trajectory, epoch, &snapshot, error) ||
      !analysis_fit_final(analysis, error))
    return false;
  struct NeuronFit *fits = NULL;
  if (snapshot != last) {
    fits = memory_new(m, sizeof *fits, "fits of the neurons", error);
    if (!fits || !analysis_load(analysis, snapshot, error) ||
        !neurons_fit(&analysis->basis, analysis->snapshot.activations.hidden, m, fits, error)) {
      free(fits);
      return false;
    }
  }
  struct Subject subject = {.analysis = analysis, .fits = fits ? fits : analysis->final_fits};
  char *task = analysis_describe_task(analysis, error);
  if (task)
    subject.name = memory_print(error, "a network %s, at epoch %" PRId64, task,
                                trajectory->epochs[snapshot]);
  bool done = subject.name && write_tables(&subject, error);
  free(subject.name);
  free(task);
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
