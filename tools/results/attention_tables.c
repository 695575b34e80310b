#include "results/spectrum_tables.h"

#include <math.h>
#include <stdio.h>

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
  return subject_create_table(table, subject, "activations.tsv", "Attention and neurons", "",
                              columns, n, error);
}

bool write_activations(const struct Subject *subject, struct Error *error)
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
  return subject_create_table(table, subject, "attention-spectrum.tsv",
                              "What tokens add to attention scores, in the Fourier basis,", "",
                              columns, 1 + 3 * heads, error);
}

bool write_attention_spectrum(const struct Subject *subject, const struct Spectra *spectra,
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
      double cosine = spectra_component(spectra->attention + h, H, basis->p, k, 0);
      double sine = spectra_component(spectra->attention + h, H, basis->p, k, 1);
      table_put(&table, isnan(sine) ? fabs(cosine) : sqrt(cosine * cosine + sine * sine));
      table_put(&table, cosine);
      table_put(&table, sine);
    }
  }
  return table_commit(&table, error);
}

bool write_attention_fits(const struct Subject *subject, const struct Spectra *spectra,
                          struct Error *error)
{
  static const struct Column columns[] = {
      {"head", "1", "h"},
      {"frequency", "1",
       "the k with the best fit of its attention from \"=\" to a by 0.5 + alpha (cos(w_k a) - "
       "cos(w_k b)) + beta (sin(w_k a) - sin(w_k b)), least squares over all pairs (appendix "
       "C.1.3)"},
      {"key", "0 or 1", "1 where k is a key frequency"},
      {"alpha", "1", "of that fit"},
      {"beta", "1", "of that fit"},
      {"fve", "1",
       "1 - squared residual / squared deviation of the attention from its mean; nan for a head "
       "whose attention is the same for all pairs"}};
  const struct Analysis *analysis = subject->analysis;
  struct TableWriter table;
  if (!subject_create_table(&table, subject, "attention-fits.tsv",
                            "Attention fitted by one frequency", "", columns, N_COLUMNS(columns),
                            error))
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
