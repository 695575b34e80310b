/* checkpoint-to-spectrum: the weights and activations of a snapshot in the Fourier basis. */
#include "base/command_line.h"
#include "base/memory.h"
#include "base/number.h"
#include "fourier/transform.h"
#include "measures/analysis.h"
#include "measures/arguments.h"
#include "measures/attention_fit.h"
#include "measures/contrast.h"
#include "measures/losses.h"
#include "measures/neuron_logit.h"
#include "measures/quantities.h"
#include "measures/range.h"
#include "measures/spectrum.h"
#include "table/table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *output_directory = ".", *epoch_text, *threads_text;

static const struct Tool tool = {
    .name = "checkpoint-to-spectrum",
    .operands = "TRAJECTORY [section.key=value...]",
    .summary =
        "Takes a snapshot apart in Fourier space. Writes ten tables:\n"
        "  spectrum.tsv                 norms of the components of W_E and of W_L\n"
        "  key-frequencies.tsv          the key frequencies, those of the last snapshot, with "
        "their\n"
        "                               clusters of neurons in this one\n"
        "  neurons.tsv                  every neuron's frequency and the variance it explains\n"
        "  neuron-logit-map.tsv         W_L of one frequency's neurons, component by component\n"
        "  neuron-logit-directions.tsv  W_L's directions at the key frequencies, and the neurons\n"
        "                               along them\n"
        "  activations.tsv              attention and the first neurons on all pairs\n"
        "  attention-spectrum.tsv       what the heads attend by, component by component\n"
        "  attention-fits.tsv           the heads' attention fitted by one frequency each\n"
        "  logit-spectrum.tsv           norms of the logits in the two-dimensional basis\n"
        "  spectrum-quantities.tsv      single numbers: what follows from the others",
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
  int64_t epoch;
  char *name; /* "a network trained on (a + b) mod 113, at epoch 40000" */
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

/* ---- what is computed before anything is written ---- */

struct Spectra {
  double *map;                         /* [p][d_mlp]: components of W_L along its outputs */
  double *W_E_norms, *W_L_norms;       /* [p]: of the components */
  double *logit_norms;                 /* [p][p]: of the products */
  double *attention;                   /* [p][H]: components of the scores' part C_h */
  struct AttentionFit *attention_fits; /* [H] */
  struct WaveFit (*waves)[2];          /* [n_frequencies + 1]: u_k, v_k; key frequencies only */
};

static void spectra_release(struct Spectra *spectra)
{
  free(spectra->map);
  free(spectra->W_E_norms);
  free(spectra->W_L_norms);
  free(spectra->logit_norms);
  free(spectra->attention);
  free(spectra->attention_fits);
  free(spectra->waves);
}

static bool spectra_init(struct Spectra *spectra, const struct Analysis *analysis,
                         struct Error *error)
{
  size_t p = (size_t)analysis->basis.p, H = (size_t)analysis->snapshot.parameters.shape.H;
  size_t n_frequencies = (size_t)analysis->basis.n_frequencies + 1;
  const char *what = "the spectra";
  *spectra =
      (struct Spectra){.map = memory_new(p * analysis_d_mlp(analysis), sizeof(double), what, error),
                       .W_E_norms = memory_new(p, sizeof(double), what, error),
                       .W_L_norms = memory_new(p, sizeof(double), what, error),
                       .logit_norms = memory_new(p * p, sizeof(double), what, error),
                       .attention = memory_new(p * H, sizeof(double), what, error),
                       .attention_fits = memory_new(H, sizeof(struct AttentionFit), what, error),
                       .waves = memory_new(n_frequencies, sizeof *spectra->waves, what, error)};
  if (spectra->map && spectra->W_E_norms && spectra->W_L_norms && spectra->logit_norms &&
      spectra->attention && spectra->attention_fits && spectra->waves)
    return true;
  spectra_release(spectra);
  return false;
}

static bool fit_attention(const struct Analysis *analysis, struct Spectra *spectra,
                          struct Error *error)
{
  const float *attention = analysis->snapshot.activations.attention;
  size_t H = (size_t)analysis->snapshot.parameters.shape.H;
  bool done = attention_spectrum(&analysis->basis, &analysis->snapshot, spectra->attention, error);
  for (size_t h = 0; done && h < H; h++)
    done = attention_fit(&analysis->basis, attention, H, h, &spectra->attention_fits[h], error);
  return done;
}

/* What W_L's directions carry is a function of a + b or of a - b: for another operation it is not
   defined. */
static bool fit_waves(const struct Analysis *analysis, struct Spectra *spectra, struct Error *error)
{
  struct NeuronLogitMap map = {&analysis->basis, analysis_d_mlp(analysis), spectra->map};
  struct Error ignored;
  enum DirectionSign sign = DIRECTION_SUM;
  bool defined =
      directions_of_operation(analysis->trajectory.config.data.operation, &sign, &ignored);
  if (!defined)
    fprintf(stderr,
            "%s: the answer is no function of a + b or of a - b: neuron-logit-directions.tsv has "
            "norms, but no alpha and no fve\n",
            tool.name);
  for (int k = 1; k <= analysis->basis.n_frequencies; k++) {
    struct WaveFit *waves = spectra->waves[k];
    if (!analysis->keys[k]) continue;
    if (!neuron_logit_fit(&map, sign, analysis->snapshot.activations.hidden, k, waves, error))
      return false;
    for (int i = 0; !defined && i < 2; i++)
      waves[i].alpha = waves[i].fve = NAN;
  }
  return true;
}

static bool compute_spectra(const struct Analysis *analysis, struct Spectra *spectra,
                            struct Error *error)
{
  const struct FourierBasis *basis = &analysis->basis;
  const struct Parameters *parameters = &analysis->snapshot.parameters;
  if (!spectrum_of_embedding(basis, parameters, spectra->W_E_norms, error) ||
      !spectrum_of_neuron_logit_map(basis, parameters, spectra->map, error) ||
      !spectrum_of_logits(basis, analysis->snapshot.activations.logits, (size_t)parameters->shape.V,
                          spectra->logit_norms, error))
    return false;
  fourier_norms(spectra->map, (size_t)basis->p, analysis_d_mlp(analysis), spectra->W_L_norms);
  return fit_attention(analysis, spectra, error) && fit_waves(analysis, spectra, error);
}

/* ---- spectrum.tsv ---- */

/* What stands at a frequency's cosine (row 0) or sine (row 1) in a column of values[p][stride]; NaN
   where it has none. */
static double component_of(const double *values, size_t stride, int p, int frequency, int row)
{
  int components[2];
  if (row >= fourier_components(p, frequency, components)) return NAN;
  return values[(size_t)components[row] * stride];
}

static bool write_spectrum(const struct Subject *subject, const struct Spectra *spectra,
                           struct Error *error)
{
  static const struct Column columns[] = {
      {"frequency", "1", "k, w_k = 2 pi k / p; 0 is the constant, which has no sine"},
      {"W_E_cos", "1", "norm over the residual stream of W_E's component cos(w_k x) (figure 3)"},
      {"W_E_sin", "1", "the same for sin(w_k x)"},
      {"W_L_cos", "1",
       "norm over the neurons of the component cos(w_k c) of W_L = W_U W_out along its p number "
       "outputs (figure 3)"},
      {"W_L_sin", "1", "the same for sin(w_k c)"}};
  const struct FourierBasis *basis = &subject->analysis->basis;
  struct TableWriter table;
  if (!create_table(&table, subject, "spectrum.tsv", "Norms of the Fourier components", columns,
                    N_ELEMENTS(columns), error))
    return false;
  for (int k = 0; k <= basis->n_frequencies; k++) {
    table_put_integer(&table, k);
    table_put(&table, component_of(spectra->W_E_norms, 1, basis->p, k, 0));
    table_put(&table, component_of(spectra->W_E_norms, 1, basis->p, k, 1));
    table_put(&table, component_of(spectra->W_L_norms, 1, basis->p, k, 0));
    table_put(&table, component_of(spectra->W_L_norms, 1, basis->p, k, 1));
  }
  return table_commit(&table, error);
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
    count +=
        subject->fits[i].frequency == k && (!clustered || neuron_in_cluster(&subject->fits[i]));
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

/* ---- neuron-logit-directions.tsv ---- */

static bool write_directions(const struct Subject *subject, const struct Spectra *spectra,
                             struct Error *error)
{
  static const struct Column columns[] = {
      {"frequency", "1",
       "a key frequency k; W_L = sum over them of cos(w_k c) u_k^T + sin(w_k c) v_k^T and a "
       "residual (section 4.2)"},
      {"fve_u", "1",
       "share of the variance of u_k^T MLP(a, b) over all pairs that alpha_u cos(w_k(a + b)) "
       "explains (a - b for subtract), MLP being the neurons behind the activation function"},
      {"fve_v", "1", "the same for v_k^T MLP(a, b) and alpha_v sin(w_k(a + b)); nan for k = p/2"},
      {"norm_u", "1", "norm of u_k over the neurons"},
      {"norm_v", "1", "norm of v_k"},
      {"alpha_u", "1", "least squares"},
      {"alpha_v", "1", "least squares"}};
  const struct Analysis *analysis = subject->analysis;
  struct TableWriter table;
  if (!create_table(&table, subject, "neuron-logit-directions.tsv",
                    "Directions of the neuron-logit map", columns, N_ELEMENTS(columns), error))
    return false;
  for (int k = 1; k <= analysis->basis.n_frequencies; k++) {
    const struct WaveFit *u = &spectra->waves[k][0], *v = &spectra->waves[k][1];
    if (!analysis->keys[k]) continue;
    table_put_integer(&table, k);
    table_put(&table, u->fve);
    table_put(&table, v->fve);
    table_put(&table, u->norm);
    table_put(&table, v->norm);
    table_put(&table, u->alpha);
    table_put(&table, v->alpha);
  }
  return table_commit(&table, error);
}

/* ---- activations.tsv ---- */

enum { MOST_HEADS = 16, MOST_NEURONS = 4 };

static bool create_activations(struct TableWriter *table, const struct Subject *subject,
                               size_t heads, size_t neurons, struct Error *error)
{
  struct Column columns[2 + MOST_HEADS + MOST_NEURONS] = {{"a", "1", "the first number"},
                                                          {"b", "1", "the second number"}};
  char names[MOST_HEADS + MOST_NEURONS][16];
  size_t n = 2;
  for (size_t h = 0; h < heads; h++, n++) {
    snprintf(names[n - 2], sizeof *names, "attention_%zu", h);
    columns[n] = (struct Column){names[n - 2], "1",
                                 "attention of that head from \"=\" to a (section 4.1, figure 4)"};
  }
  for (size_t i = 0; i < neurons; i++, n++) {
    snprintf(names[n - 2], sizeof *names, "neuron_%zu", i);
    columns[n] =
        (struct Column){names[n - 2], "1", "that neuron behind the activation function (figure 4)"};
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

/* ---- attention-spectrum.tsv and attention-fits.tsv ---- */

static bool create_attention_spectrum(struct TableWriter *table, const struct Subject *subject,
                                      size_t heads, struct Error *error)
{
  static const struct {
    const char *suffix, *meaning;
  } parts[3] = {{"norm", "norm of the two components of C_h at k, for that head h (figure 8)"},
                {"cos", "component cos(w_k x) of C_h(x) = x_=^T W_Q^T W_K W_E[x] / sqrt(d_head)"},
                {"sin", "component sin(w_k x) of it"}};
  struct Column columns[1 + 3 * MOST_HEADS] = {
      {"frequency", "1", "k, w_k = 2 pi k / p; 0 is the constant, which has no sine"}};
  char names[3 * MOST_HEADS][16];
  for (size_t i = 0; i < 3 * heads; i++) {
    snprintf(names[i], sizeof *names, "C_%zu_%s", i / 3, parts[i % 3].suffix);
    columns[1 + i] = (struct Column){names[i], "1", parts[i % 3].meaning};
  }
  return create_table(table, subject, "attention-spectrum.tsv",
                      "What tokens add to attention scores, in the Fourier basis,", columns,
                      1 + 3 * heads, error);
}

static bool write_attention_spectrum(const struct Subject *subject, const struct Spectra *spectra,
                                     struct Error *error)
{
  const struct FourierBasis *basis = &subject->analysis->basis;
  size_t H = (size_t)subject->analysis->snapshot.parameters.shape.H;
  size_t heads = H < MOST_HEADS ? H : MOST_HEADS;
  struct TableWriter table;
  if (!create_attention_spectrum(&table, subject, heads, error)) return false;
  for (int k = 0; k <= basis->n_frequencies; k++) {
    table_put_integer(&table, k);
    for (size_t h = 0; h < heads; h++) {
      double cosine = component_of(spectra->attention + h, H, basis->p, k, 0);
      double sine = component_of(spectra->attention + h, H, basis->p, k, 1);
      table_put(&table, isnan(sine) ? fabs(cosine) : sqrt(cosine * cosine + sine * sine));
      table_put(&table, cosine);
      table_put(&table, sine);
    }
  }
  return table_commit(&table, error);
}

static bool write_attention_fits(const struct Subject *subject, const struct Spectra *spectra,
                                 struct Error *error)
{
  static const struct Column columns[] = {
      {"head", "1", "h"},
      {"frequency", "1",
       "the k with the best fit of its attention from \"=\" to a by 0.5 + alpha (cos(w_k a) - "
       "cos(w_k b)) + beta (sin(w_k a) - sin(w_k b)), least squares over all pairs (section 4.1)"},
      {"key", "0 or 1", "1 where k is a key frequency"},
      {"alpha", "1", "of that fit"},
      {"beta", "1", "of that fit"},
      {"fve", "1",
       "1 - squared residual / squared deviation of the attention from its mean; nan for a head "
       "whose attention is the same for all pairs"}};
  const struct Analysis *analysis = subject->analysis;
  struct TableWriter table;
  if (!create_table(&table, subject, "attention-fits.tsv", "Attention fitted by one frequency",
                    columns, N_ELEMENTS(columns), error))
    return false;
  for (size_t h = 0; h < (size_t)analysis->snapshot.parameters.shape.H; h++) {
    const struct AttentionFit *fit = &spectra->attention_fits[h];
    table_put_integer(&table, (long long)h);
    table_put_integer(&table, fit->frequency);
    table_put_integer(&table, analysis->keys[fit->frequency]);
    table_put(&table, fit->alpha);
    table_put(&table, fit->beta);
    table_put(&table, fit->fve);
  }
  return table_commit(&table, error);
}

/* ---- logit-spectrum.tsv ---- */

static bool write_logits(const struct Subject *subject, const struct Spectra *spectra,
                         struct Error *error)
{
  static const struct Column columns[] = {
      {"component_a", "1",
       "Fourier component over a: 0 constant, 2k - 1 cos(w_k a), 2k sin(w_k a)"},
      {"component_b", "1", "the same over b"},
      {"norm", "1",
       "norm over the p number outputs of the logits' component in the product (figure 4)"}};
  size_t p = (size_t)subject->analysis->basis.p;
  struct TableWriter table;
  if (!create_table(&table, subject, "logit-spectrum.tsv", "The logits in the Fourier basis",
                    columns, N_ELEMENTS(columns), error))
    return false;
  for (size_t i = 0; i < p * p; i++) {
    table_put_integer(&table, (long long)(i / p));
    table_put_integer(&table, (long long)(i % p));
    table_put(&table, spectra->logit_norms[i]);
  }
  return table_commit(&table, error);
}

/* ---- spectrum-quantities.tsv ---- */

static void put_clusters(struct TableWriter *table, const struct Subject *subject)
{
  const struct Analysis *analysis = subject->analysis;
  struct Range sizes = range_empty(), clustered = range_empty(), all = range_empty();
  size_t m = analysis_d_mlp(analysis);
  for (int k = 1; k <= analysis->basis.n_frequencies; k++)
    if (analysis->keys[k]) range_add(&sizes, (double)count_members(subject, k, true));
  for (size_t i = 0; i < m; i++) {
    range_add(&all, subject->fits[i].fve);
    if (neuron_in_cluster(&subject->fits[i])) range_add(&clustered, subject->fits[i].fve);
  }
  quantity_put(table, "key_frequencies", analysis->n_keys, "1",
               "frequencies that hold a cluster of neurons in the last snapshot (section 4.1)");
  quantity_put(table, "clustered_neurons", (double)clustered.n, "1",
               "neurons whose frequency explains more than 0.85 of their variance (section 4.3)");
  quantity_put(table, "clustered_share", (double)clustered.n / (double)m, "1",
               "clustered_neurons / all neurons");
  quantity_put(table, "cluster_size_least", sizes.least, "1",
               "neurons in the smallest cluster of a key frequency");
  quantity_put(table, "cluster_size_most", sizes.most, "1", "neurons in the largest");
  quantity_put(table, "neuron_fve_mean", range_mean(&all), "1",
               "mean over all neurons of the variance that their frequency explains");
  quantity_put(table, "clustered_fve_mean", range_mean(&clustered), "1",
               "the same over the clustered neurons");
  quantity_put(table, "clustered_fve_least", clustered.least, "1",
               "the least of the clustered neurons");
}

static void put_contrast(struct TableWriter *table, const char *const names[3],
                         const struct Contrast *contrast)
{
  quantity_put(
      table, names[0], contrast->share, "1",
      "share of its squared norm, without the constant, at the key frequencies (figure 3)");
  quantity_put(table, names[1], contrast->ratio, "1",
               "its mean norm at a key frequency over that at another frequency");
  quantity_put(table, names[2], contrast->separation, "1",
               "its least norm at a key frequency over the largest at another frequency");
}

/* gini_coefficient sorts, so it is given a copy. */
static bool put_gini(struct TableWriter *table, const char *name, const double *norms, size_t p,
                     struct Error *error)
{
  double *copy = memory_new(p, sizeof *copy, "norms of components", error);
  if (!copy) return false;
  memcpy(copy, norms, p * sizeof *copy);
  quantity_put(table, name, gini_coefficient(copy, p), "1",
               "Gini coefficient of the norms of its p Fourier components (section 5.1)");
  free(copy);
  return true;
}

static bool put_spectra(struct TableWriter *table, const struct Analysis *analysis,
                        const struct Spectra *spectra, struct Error *error)
{
  static const char *const of_W_E[] = {"W_E_key_share", "W_E_key_ratio", "W_E_key_separation"};
  static const char *const of_W_L[] = {"W_L_key_share", "W_L_key_ratio", "W_L_key_separation"};
  const struct FourierBasis *basis = &analysis->basis;
  struct NeuronLogitMap map = {basis, analysis_d_mlp(analysis), spectra->map};
  struct Contrast W_E_contrast = contrast_of_norms(basis, spectra->W_E_norms, analysis->keys);
  struct Contrast W_L_contrast = contrast_of_norms(basis, spectra->W_L_norms, analysis->keys);
  double residual = neuron_logit_residual(&map, analysis->keys);
  put_contrast(table, of_W_E, &W_E_contrast);
  put_contrast(table, of_W_L, &W_L_contrast);
  quantity_put(table, "logit_key_share",
               contrast_of_products(basis, spectra->logit_norms, analysis->keys), "1",
               "share of the logits' squared norm, without the constant, in products of cosines "
               "and sines of one key frequency (figure 4)");
  quantity_put(table, "W_L_residual_norm", sqrt(residual), "1",
               "Frobenius norm of W_L outside cos and sin(w_k c) of the key frequencies, over that "
               "of W_L (section 4.2)");
  quantity_put(table, "W_L_residual_squared", residual, "1", "the same, both norms squared");
  return put_gini(table, "gini_W_E", spectra->W_E_norms, (size_t)basis->p, error) &&
         put_gini(table, "gini_W_L", spectra->W_L_norms, (size_t)basis->p, error);
}

static void put_waves(struct TableWriter *table, const struct Analysis *analysis,
                      const struct Spectra *spectra)
{
  struct Range fve = range_empty();
  for (int k = 1; k <= analysis->basis.n_frequencies; k++)
    for (int i = 0; analysis->keys[k] && i < 2; i++)
      range_add(&fve, spectra->waves[k][i].fve);
  quantity_put(table, "neuron_logit_fve_least", fve.least, "1",
               "least share of the variance of u_k^T MLP or v_k^T MLP that cos or sin(w_k(a + b)) "
               "explains (a - b for subtract), over the key frequencies (section 4.2)");
  quantity_put(table, "neuron_logit_fve_mean", range_mean(&fve), "1", "the mean of these shares");
}

static bool put_attention(struct TableWriter *table, const struct Analysis *analysis,
                          const struct Spectra *spectra, struct Error *error)
{
  size_t H = (size_t)analysis->snapshot.parameters.shape.H, at_keys = 0;
  struct Range fve = range_empty();
  for (size_t h = 0; h < H; h++) {
    range_add(&fve, spectra->attention_fits[h].fve);
    at_keys += analysis->keys[spectra->attention_fits[h].frequency];
  }
  quantity_put(table, "attention_fve_least", fve.least, "1",
               "least share of the variance of a head's attention that its fit explains "
               "(attention-fits.tsv)");
  quantity_put(table, "attention_fve_mean", range_mean(&fve), "1", "the mean over the heads");
  quantity_put(table, "attention_heads_at_keys", (double)at_keys, "1",
               "heads whose fit is at a key frequency");
  for (size_t h = 0; h < H; h++) {
    char *name = memory_print(error, "attention_frequency_%zu", h);
    if (!name) return false;
    quantity_put(table, name, spectra->attention_fits[h].frequency, "1",
                 "the frequency that fits that head's attention best");
    free(name);
  }
  return true;
}

static double sum_squared_weights(const struct Parameters *parameters)
{
  double sum = 0;
  for (int which = 0; which < N_PARAMETERS; which++)
    sum += squared_weights(parameters, (enum Parameter)which);
  return sum;
}

/* The settings that are numbers, under their own names. */
static void put_settings(struct TableWriter *table, const struct Config *config)
{
  for (int i = 0; i < config_n_settings(); i++) {
    char text[CONFIG_VALUE_SIZE];
    double value;
    config_setting_value(config, i, text);
    if (number_parse_real(text, &value))
      quantity_put(table, config_setting_name(i), value, "1", "setting of the run");
  }
}

static bool write_quantities(const struct Subject *subject, const struct Spectra *spectra,
                             struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  struct TableWriter table;
  if (!create_table(&table, subject, "spectrum-quantities.tsv", "What the spectra amount to",
                    quantity_columns, N_QUANTITY_COLUMNS, error))
    return false;
  quantity_put(&table, "epoch", (double)subject->epoch, "epochs", "when the snapshot was taken");
  quantity_put(&table, "squared_weights", sum_squared_weights(&analysis->snapshot.parameters), "1",
               "sum of the squares of all parameters (section 5.1)");
  put_settings(&table, &analysis->trajectory.config);
  put_clusters(&table, subject);
  put_waves(&table, analysis, spectra);
  if (put_spectra(&table, analysis, spectra, error) &&
      put_attention(&table, analysis, spectra, error))
    return table_commit(&table, error);
  table_discard(&table);
  return false;
}

/* ---- all of them ---- */

static bool write_tables(const struct Subject *subject, const struct Spectra *spectra,
                         struct Error *error)
{
  return output_make_directory(output_directory, error) &&
         write_spectrum(subject, spectra, error) && write_keys(subject, error) &&
         write_neurons(subject, error) && write_map(subject, spectra->map, error) &&
         write_directions(subject, spectra, error) && write_activations(subject, error) &&
         write_attention_spectrum(subject, spectra, error) &&
         write_attention_fits(subject, spectra, error) && write_logits(subject, spectra, error) &&
         write_quantities(subject, spectra, error);
}

static bool take_apart(const struct Subject *subject, struct Error *error)
{
  struct Spectra spectra;
  if (!spectra_init(&spectra, subject->analysis, error)) return false;
  bool done =
      compute_spectra(subject->analysis, &spectra, error) && write_tables(subject, &spectra, error);
  spectra_release(&spectra);
  return done;
}

static bool run(struct Analysis *analysis, int64_t epoch, struct Error *error)
{
  const struct Trajectory *trajectory = &analysis->trajectory;
  size_t snapshot;
  if (!trajectory_find(trajectory, epoch, &snapshot, error) || !analysis_fit_final(analysis, error))
    return false;
  struct NeuronFit *fits = NULL;
  if (!analysis_fits_of(analysis, snapshot, &fits, error)) return false;
  struct Subject subject = {.analysis = analysis,
                            .fits = fits ? fits : analysis->final_fits,
                            .epoch = trajectory->epochs[snapshot]};
  char *task = analysis_describe_task(analysis, error);
  if (task)
    subject.name =
        memory_print(error, "a network %s, at epoch %" PRId64, task, trajectory->epochs[snapshot]);
  bool done = subject.name && take_apart(&subject, error);
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
