#include "measures/attention.h"

#include "base/elementary.h"
#include "base/linear.h"
#include "base/memory.h"
#include "fourier/transform.h"
#include "measures/head_components.h"
#include "measures/spread.h"

#include <math.h>
#include <stdlib.h>

bool attention_spectrum(const struct FourierBasis *basis, const struct Snapshot *snapshot,
                        double *components, struct Error *error)
{
  size_t p = (size_t)basis->p, H = (size_t)snapshot->parameters.shape.H;
  const float *scores = snapshot->activations.scores;
  for (size_t i = 0; i < p * H && !scores; i++)
    components[i] = NAN;
  if (!scores) return true;
  double *of_numbers = memory_new(p * H, sizeof *of_numbers, "attention scores", error);
  if (!of_numbers) return false;
  linear_widen(p * H, scores, of_numbers);
  fourier_transform(basis, of_numbers, H, components);
  free(of_numbers);
  return true;
}

/* One head's attention to a, over all pairs. */
struct HeadMeans {
  double *row_means;    /* [p]: mean over b, for each a */
  double *column_means; /* [p]: mean over a, for each b */
  double about_half;    /* squared norm of attention - 1/2 */
  double about_mean;    /* squared norm of attention - its mean */
};

static void find_means(const float *attention, size_t H, size_t h, size_t p,
                       struct HeadMeans *means)
{
  double sum = 0;
  for (size_t a = 0; a < p; a++)
    for (size_t b = 0; b < p; b++) {
      double value = (double)attention[((a * p + b) * H + h) * 3];
      means->row_means[a] += value / (double)p;
      means->column_means[b] += value / (double)p;
      sum += value;
    }
  double mean = sum / (double)(p * p);
  for (size_t pair = 0; pair < p * p; pair++) {
    double value = (double)attention[(pair * H + h) * 3];
    means->about_half += (value - 0.5) * (value - 0.5);
    means->about_mean += (value - mean) * (value - mean);
  }
}

/* The component of the attention in r(a) - r(b), r being a basis row; its squared norm is 2 p. */
static double difference_component(const struct HeadMeans *means, const double *row, size_t p)
{
  double sum = 0;
  for (size_t x = 0; x < p; x++)
    sum += row[x] * (means->row_means[x] - means->column_means[x]);
  return (double)p * sum;
}

/* How much of about_half the fit at k explains, and its coefficients. */
static double explain(const struct FourierBasis *basis, const struct HeadMeans *means, int k,
                      double coefficients[2])
{
  size_t p = (size_t)basis->p;
  int components[2], n = fourier_components(basis->p, k, components);
  double norm = sqrt((n == 2 ? 2.0 : 1.0) / (double)p), explained = 0;
  coefficients[1] = 0;
  for (int i = 0; i < n; i++) {
    const double *row = basis->rows + (size_t)components[i] * p;
    double component = difference_component(means, row, p) / (2 * (double)p);
    coefficients[i] = norm * component;
    explained += component * component * 2 * (double)p;
  }
  return explained;
}

bool attention_fit(const struct FourierBasis *basis, const float *attention, size_t H, size_t h,
                   struct AttentionFit *fit, struct Error *error)
{
  size_t p = (size_t)basis->p;
  double best = -1;
  struct HeadMeans means = {.row_means =
                                memory_new(2 * p, sizeof(double), "attention of a head", error)};
  if (!means.row_means) return false;
  means.column_means = means.row_means + p;
  find_means(attention, H, h, p, &means);
  for (int k = 1; k <= basis->n_frequencies; k++) {
    double coefficients[2], explained = explain(basis, &means, k, coefficients);
    if (explained <= best) continue;
    best = explained;
    *fit = (struct AttentionFit){k, coefficients[0], coefficients[1], 0};
  }
  fit->fve = means.about_mean > 0 ? 1 - (means.about_half - best) / means.about_mean : NAN;
  free(means.row_means);
  return true;
}

double attention_fitted(const struct AttentionFit *fit, int p, int a, int b)
{
  long long k = fit->frequency, of_a = k * a, of_b = k * b;
  return 0.5 + fit->alpha * (elementary_cos_turns(of_a, p) - elementary_cos_turns(of_b, p)) +
         fit->beta * (elementary_sin_turns(of_a, p) - elementary_sin_turns(of_b, p));
}

/* ---- of a subject ---- */

static void release(void *numbers)
{
  struct AttentionFits *fits = numbers;
  free(fits->heads);
}

static bool find(struct Subject *subject, void *numbers, struct Error *error)
{
  struct AttentionFits *fits = numbers;
  const struct Analysis *analysis = subject->analysis;
  size_t H = (size_t)analysis->snapshot.parameters.shape.H;
  bool missing = analysis_missing(analysis, PART_ATTENTION);
  fits->heads = memory_new(H, sizeof *fits->heads, "the fits of attention", error);
  bool done = fits->heads;
  for (size_t h = 0; done && missing && h < H; h++)
    fits->heads[h] = (struct AttentionFit){0, NAN, NAN, NAN};
  for (size_t h = 0; done && !missing && h < H; h++)
    done = attention_fit(&analysis->basis, analysis->snapshot.activations.attention, H, h,
                         &fits->heads[h], error);
  if (!done) release(fits);
  return done;
}

const struct AttentionFits *attention_fits_of(struct Subject *subject, struct Error *error)
{
  static const struct Finding finding = {sizeof(struct AttentionFits), find, release};
  return subject_find(subject, &finding, error);
}

/* Mean over all pairs of head h's attention from "=" to itself. */
static double mean_to_equals(const struct Activations *activations, size_t H, size_t h)
{
  double sum = 0;
  for (size_t pair = 0; pair < activations->n; pair++)
    sum += (double)activations->attention[(pair * H + h) * 3 + 2];
  return sum / (double)activations->n;
}

struct AttentionSummary attention_summarise(const struct Analysis *analysis,
                                            const struct AttentionFits *fits)
{
  struct Spread fve = spread_empty(), to_equals = spread_empty();
  bool missing = analysis_missing(analysis, PART_ATTENTION);
  size_t H = (size_t)analysis->snapshot.parameters.shape.H;
  double at_keys = missing ? NAN : 0;
  for (size_t h = 0; h < H; h++) {
    spread_add(&fve, fits->heads[h].fve);
    at_keys += analysis->keys[fits->heads[h].frequency];
    if (!missing) spread_add(&to_equals, mean_to_equals(&analysis->snapshot.activations, H, h));
  }
  return (struct AttentionSummary){fve.least, spread_mean(&fve), at_keys, to_equals.most};
}

/* ---- attention-spectrum.tsv ---- */

bool attention_write_spectrum(struct Subject *subject, const char *file, struct Error *error)
{
  static const struct HeadTable table = {
      .title = "What tokens add to attention scores, in the Fourier basis,",
      .name = "C",
      .norm = "norm of the two components of C_h at k, for that head h (figure 8)",
      .cosine = "component cos(w_k x) of C_h(x) = x_=^T W_Q^T W_K W_E[x] / sqrt(d_head)",
      .sine = "component sin(w_k x) of it"};
  const struct Analysis *analysis = subject->analysis;
  size_t H = (size_t)analysis->snapshot.parameters.shape.H;
  double *components =
      memory_new((size_t)analysis->basis.p * H, sizeof *components, "attention scores", error);
  bool done = components &&
              attention_spectrum(&analysis->basis, &analysis->snapshot, components, error) &&
              head_components_write(subject, file, &table, components, error);
  free(components);
  return done;
}

/* ---- attention-fits.tsv ---- */

struct HeadRow {
  size_t head;
  struct MaybeInteger frequency;
  struct AttentionFit fit;
  bool key;
};

static const struct Column of_fits[] = {
    COLUMN(struct HeadRow, head, "1", "h"),
    COLUMN(struct HeadRow, frequency, "1",
           "the k with the best fit of its attention from \"=\" to a by 0.5 + alpha (cos(w_k "
           "a) - cos(w_k b)) + beta (sin(w_k a) - sin(w_k b)), least squares over all pairs "
           "(appendix C.1.3)"),
    COLUMN(struct HeadRow, key, "0 or 1", "1 where k is a key frequency"),
    COLUMN_AS("alpha", struct HeadRow, fit.alpha, "1", "of that fit"),
    COLUMN_AS("beta", struct HeadRow, fit.beta, "1", "of that fit"),
    COLUMN_AS("fve", struct HeadRow, fit.fve, "1",
              "1 - squared residual / squared deviation of the attention from its mean; nan for a "
              "head whose attention is the same for all pairs")};

bool attention_write_fits(struct Subject *subject, const char *file, struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  const struct AttentionFits *fits = attention_fits_of(subject, error);
  struct TableWriter table;
  if (!fits || !subject_create_table(&table, subject, file, "Attention fitted by one frequency", "",
                                     of_fits, N_COLUMNS(of_fits), error))
    return false;
  for (size_t h = 0; h < (size_t)analysis->snapshot.parameters.shape.H; h++) {
    int k = fits->heads[h].frequency;
    table_put_row(&table, &(struct HeadRow){h, {k > 0, k}, fits->heads[h], analysis->keys[k]});
  }
  return table_commit(&table, error);
}
