#include "measures/ov_circuit.h"

#include "base/linear.h"
#include "base/memory.h"
#include "engine/factored/matrix.h"
#include "fourier/transform.h"
#include "measures/head_components.h"

#include <math.h>
#include <stdlib.h>

const double ov_circuit_threshold = 0.85;

/* ---- norms ---- */

/* The arrays of one head's circuit. */
struct Scratch {
  float *values;      /* [p][d_head]: W_E W_V */
  float *outputs;     /* [p][d_model]: W_E W_V W_O */
  float *inputs;      /* [p][d_mlp]: W_E W_V W_O W_in */
  double *wide;       /* [p][d_mlp] */
  double *components; /* [p][d_mlp] */
  double *norms;      /* [p] */
};

static void find_norms(const struct FourierBasis *basis, const struct Parameters *parameters,
                       size_t h, const struct Scratch *scratch)
{
  const struct Shape *shape = &parameters->shape;
  size_t p = (size_t)shape->p, d = (size_t)shape->d_model, m = (size_t)shape->d_mlp;
  size_t d_head = (size_t)shape->d_head;
  struct Matrix W_V_h = matrix_plain(parameters_at(parameters, W_V) + h * d * d_head, d_head);
  struct Matrix W_O_h = matrix_plain(parameters_at(parameters, W_O) + h * d_head * d, d);
  matrix_multiply(p, d_head, d, matrix_plain(parameters_at(parameters, W_E), d), W_V_h,
                  MATRIX_REPLACE, scratch->values, d_head);
  matrix_multiply(p, d, d_head, matrix_plain(scratch->values, d_head), W_O_h, MATRIX_REPLACE,
                  scratch->outputs, d);
  matrix_multiply(p, m, d, matrix_plain(scratch->outputs, d),
                  matrix_plain(parameters_at(parameters, W_IN), m), MATRIX_REPLACE, scratch->inputs,
                  m);
  linear_widen(p * m, scratch->inputs, scratch->wide);
  fourier_transform(basis, scratch->wide, m, scratch->components);
  fourier_norms(scratch->components, p, m, scratch->norms);
}

bool ov_circuit_norms(const struct FourierBasis *basis, const struct Parameters *parameters,
                      double *norms, struct Error *error)
{
  static const char what[] = "an OV circuit";
  const struct Shape *shape = &parameters->shape;
  size_t p = (size_t)shape->p, d = (size_t)shape->d_model, m = (size_t)shape->d_mlp;
  size_t H = (size_t)shape->H, d_head = (size_t)shape->d_head;
  float *products = memory_new(p * (d_head + d + m), sizeof *products, what, error);
  double *wide = products ? memory_new(p * (2 * m + 1), sizeof *wide, what, error) : NULL;
  if (wide) {
    struct Scratch scratch = {.values = products,
                              .outputs = products + p * d_head,
                              .inputs = products + p * (d_head + d),
                              .wide = wide,
                              .components = wide + p * m,
                              .norms = wide + 2 * p * m};
    for (size_t h = 0; h < H; h++) {
      find_norms(basis, parameters, h, &scratch);
      for (size_t i = 0; i < p; i++)
        norms[i * H + h] = scratch.norms[i];
    }
  }
  bool done = wide;
  free(wide);
  free(products);
  return done;
}

struct OvCircuit ov_circuit_place(const struct FourierBasis *basis, const double *norms, size_t H,
                                  size_t h, const bool *keys)
{
  double total = 0, at_keys = 0, best = 0;
  int frequency = 0;
  for (int k = 1; k <= basis->n_frequencies; k++) {
    int components[2];
    double square = 0;
    for (int i = 0, n = fourier_components(basis->p, k, components); i < n; i++) {
      double norm = norms[(size_t)components[i] * H + h];
      square += norm * norm;
    }
    total += square;
    if (keys[k]) at_keys += square;
    if (!(square > best)) continue; /* nor NaN */
    best = square;
    frequency = k;
  }
  return (struct OvCircuit){frequency, best / total, at_keys / total}; /* 0/0 is NaN */
}

/* ---- of a subject ---- */

static void release(void *numbers)
{
  struct OvCircuits *circuits = numbers;
  free(circuits->heads);
  free(circuits->norms);
}

static bool fill(const struct Analysis *analysis, const struct OvCircuits *circuits,
                 struct Error *error)
{
  const struct Parameters *parameters = &analysis->snapshot.parameters;
  size_t p = (size_t)analysis->basis.p, H = (size_t)parameters->shape.H;
  bool missing = analysis_missing(analysis, PART_OV);
  if (!missing && !ov_circuit_norms(&analysis->basis, parameters, circuits->norms, error))
    return false;
  for (size_t i = 0; missing && i < p * H; i++)
    circuits->norms[i] = NAN;
  for (size_t h = 0; h < H; h++)
    circuits->heads[h] = ov_circuit_place(&analysis->basis, circuits->norms, H, h, analysis->keys);
  return true;
}

static bool find(struct Subject *subject, void *numbers, struct Error *error)
{
  struct OvCircuits *circuits = numbers;
  const struct Analysis *analysis = subject->analysis;
  size_t H = (size_t)analysis->snapshot.parameters.shape.H;
  circuits->norms =
      memory_new((size_t)analysis->basis.p * H, sizeof(double), "the OV circuits", error);
  circuits->heads =
      circuits->norms ? memory_new(H, sizeof *circuits->heads, "the OV circuits", error) : NULL;
  bool done = circuits->heads && fill(analysis, circuits, error);
  if (!done) release(circuits);
  return done;
}

const struct OvCircuits *ov_circuits_of(struct Subject *subject, struct Error *error)
{
  static const struct Finding finding = {sizeof(struct OvCircuits), find, release};
  return subject_find(subject, &finding, error);
}

struct OvSummary ov_circuits_summarise(const struct Analysis *analysis,
                                       const struct OvCircuits *circuits)
{
  double none = analysis_missing(analysis, PART_OV) ? NAN : 0;
  struct OvSummary summary = {none, none};
  for (size_t h = 0; h < (size_t)analysis->snapshot.parameters.shape.H; h++) {
    const struct OvCircuit *head = &circuits->heads[h];
    bool at_one = head->share > ov_circuit_threshold;
    summary.heads_at_one += at_one;
    summary.heads_at_keys += !at_one && head->key_share > ov_circuit_threshold;
  }
  return summary;
}

bool ov_circuits_write(struct Subject *subject, const char *file, struct Error *error)
{
  static const struct HeadTable table = {
      .title = "The OV circuits, W_E W_V W_O W_in by head, in the Fourier basis,",
      .name = "OV",
      .norm = "norm over the neurons of the two components at k of OV_h, for that head h: what it "
              "adds to the neurons' inputs when it attends to x (figure 10)",
      .cosine =
          "norm over the neurons of the component cos(w_k x) of OV_h(x) = W_E[x] W_V W_O W_in",
      .sine = "the same for sin(w_k x)"};
  const struct OvCircuits *circuits = ov_circuits_of(subject, error);
  return circuits && head_components_write(subject, file, &table, circuits->norms, error);
}
