#include "measures/analysis.h"

#include "base/finite.h"
#include "base/memory.h"
#include "base/number.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool allocate(struct Analysis *analysis, struct Error *error)
{
  const struct Trajectory *trajectory = &analysis->trajectory;
  if (!fourier_basis_init(&analysis->basis, trajectory->config.data.modulus, error) ||
      !snapshot_init_parameters(&analysis->snapshot, trajectory, error))
    return false;
  size_t n_frequencies = (size_t)analysis->basis.n_frequencies + 1;
  analysis->final_fits = memory_new(analysis_d_mlp(analysis), sizeof *analysis->final_fits,
                                    "fits of the neurons", error);
  if (!analysis->final_fits) return false;
  analysis->keys = memory_new(n_frequencies, sizeof *analysis->keys, "key frequencies", error);
  return analysis->keys;
}

static bool choose_layer(struct Analysis *analysis, int layer, struct Error *error)
{
  const struct Trajectory *trajectory = &analysis->trajectory;
  int n_layers = trajectory->config.model.n_layers;
  analysis->layer = layer < 0 ? n_layers - 1 : layer;
  if (analysis->layer < n_layers) return true;
  const char *path = trajectory->file.path;
  if (n_layers == 1) return error_set(error, "--layer: %s has only layer 0, found %d", path, layer);
  return error_set(error, "--layer: %s has layers 0 to %d, found %d", path, n_layers - 1, layer);
}

bool analysis_open(struct Analysis *analysis, const char *path, char *const *overrides, int n,
                   int layer, struct Error *error)
{
  *analysis = (struct Analysis){0};
  if (!trajectory_open(&analysis->trajectory, path, overrides, n, error)) return false;
  if (choose_layer(analysis, layer, error) &&
      trajectory_provenance(&analysis->trajectory, &analysis->run, error) &&
      allocate(analysis, error))
    return true;
  analysis_close(analysis);
  return false;
}

void analysis_close(struct Analysis *analysis)
{
  free(analysis->keys);
  free(analysis->final_fits);
  snapshot_release(&analysis->snapshot);
  fourier_basis_release(&analysis->basis);
  trajectory_close(&analysis->trajectory);
}

void analysis_in_blocks(struct Analysis *analysis, size_t bytes)
{
  analysis->block = bytes;
}

/* Fits neurons first .. first + n - 1 of the parameters that are loaded. */
static bool fit_some(const struct Analysis *analysis, size_t first, size_t n,
                     struct NeuronFit *fits, struct Error *error)
{
  const struct Trajectory *trajectory = &analysis->trajectory;
  const struct Snapshot *snapshot = &analysis->snapshot;
  struct Activations some;
  if (!activations_init_neurons(&some, &snapshot->parameters.shape, &trajectory->config.model,
                                analysis->layer, first, n, error))
    return false;
  activations_forward(&some, &snapshot->parameters);
  bool done = (all_finite(some.hidden, some.n * n) ||
               snapshot_fail_overflow(trajectory, snapshot->index, error)) &&
              neuron_fit_all(&analysis->basis, some.hidden, n, fits + first, error);
  activations_release(&some);
  return done;
}

static bool do_nothing(void *context, const struct LogitRows *rows, struct Error *error)
{
  (void)context, (void)rows, (void)error;
  return true;
}

/* Reads a snapshot; its activations must not overflow, though they are not kept. */
static bool read_in_blocks(struct Analysis *analysis, size_t index, struct Error *error)
{
  const struct Trajectory *trajectory = &analysis->trajectory;
  struct Snapshot rows;
  if (!snapshot_read(&analysis->snapshot, trajectory, index, error) ||
      !snapshot_init_rows(&rows, trajectory, analysis->block, error))
    return false;
  bool finite = snapshot_read(&rows, trajectory, index, error) &&
                snapshot_each_rows(&rows, trajectory, do_nothing, NULL, error);
  snapshot_release(&rows);
  return finite;
}

static bool fit_in_blocks(const struct Analysis *analysis, struct NeuronFit *fits,
                          struct Error *error)
{
  size_t p = (size_t)analysis->basis.p, m = analysis_d_mlp(analysis);
  size_t most = analysis->block / (p * p * sizeof(float));
  if (most == 0) most = 1;
  for (size_t first = 0, n; first < m; first += n) {
    n = m - first < most ? m - first : most;
    if (!fit_some(analysis, first, n, fits, error)) return false;
  }
  return true;
}

/* Loads a snapshot and fits its neurons. */
static bool fit(struct Analysis *analysis, size_t index, struct NeuronFit *fits,
                struct Error *error)
{
  if (!analysis_load(analysis, index, error)) return false;
  if (analysis->block > 0) return fit_in_blocks(analysis, fits, error);
  return neuron_fit_all(&analysis->basis, analysis->snapshot.activations.hidden,
                        analysis_d_mlp(analysis), fits, error);
}

bool analysis_fit_final(struct Analysis *analysis, struct Error *error)
{
  if (!fit(analysis, analysis->trajectory.n_snapshots - 1, analysis->final_fits, error))
    return false;
  analysis->n_keys = neuron_fit_keys(analysis->final_fits, analysis_d_mlp(analysis),
                                     analysis->basis.n_frequencies, analysis->keys);
  return true;
}

void analysis_drop_activations(struct Analysis *analysis)
{
  activations_release(&analysis->snapshot.activations);
}

bool analysis_load(struct Analysis *analysis, size_t index, struct Error *error)
{
  struct Snapshot *snapshot = &analysis->snapshot;
  const struct Trajectory *trajectory = &analysis->trajectory;
  if (analysis->block > 0) return read_in_blocks(analysis, index, error);
  return (snapshot->activations.n > 0 ||
          activations_init(&snapshot->activations, &snapshot->parameters.shape,
                           &trajectory->config.model, analysis->layer, error)) &&
         snapshot_load(snapshot, trajectory, index, error);
}

bool analysis_fits_of(struct Analysis *analysis, size_t index, struct NeuronFit **fits,
                      struct Error *error)
{
  *fits = NULL;
  if (index == analysis->trajectory.n_snapshots - 1) return true;
  *fits = memory_new(analysis_d_mlp(analysis), sizeof **fits, "fits of the neurons", error);
  if (*fits && fit(analysis, index, *fits, error)) return true;
  free(*fits);
  *fits = NULL;
  return false;
}

size_t analysis_d_mlp(const struct Analysis *analysis)
{
  return (size_t)analysis->snapshot.parameters.shape.d_mlp;
}

const char *analysis_missing(const struct Analysis *analysis, enum Part part)
{
  return part_missing(&analysis->snapshot.parameters.shape, analysis->layer, part);
}

char *analysis_describe_task(const struct Analysis *analysis, struct Error *error)
{
  static const char *const formulas[] = {[OPERATION_ADD] = "(a + b)",
                                         [OPERATION_SUBTRACT] = "(a - b)",
                                         [OPERATION_QUADRATIC] = "(a^2 + a b + b^2)",
                                         [OPERATION_RANDOM] = "fixed random answers",
                                         [OPERATION_MULTIPLY] = "(a b)",
                                         [OPERATION_DIVIDE] = "(a / b)",
                                         [OPERATION_TABLE] = "a table of answers"};
  const struct Trajectory *trajectory = &analysis->trajectory;
  const struct Config *config = &trajectory->config;
  char so_far[96] = "", layer[48] = "";
  if (config->model.n_layers > 1)
    snprintf(layer, sizeof layer, " (layer %d of 0..%d)", analysis->layer,
             config->model.n_layers - 1);
  if (trajectory->n_snapshots < trajectory->n_planned)
    snprintf(so_far, sizeof so_far, " (so far: %zu of %zu snapshots)", trajectory->n_snapshots,
             trajectory->n_planned);
  return memory_print(error, "%strained on %s mod %d%s%s",
                      config_given(config, "data.operation") ? "" : "assumed to be ",
                      formulas[config->data.operation], config->data.modulus, layer, so_far);
}

char *analysis_describe_run(const struct Analysis *analysis, struct Error *error)
{
  char line[PROVENANCE_SIZE];
  provenance_format(&analysis->run, line);
  const char *unsaid = analysis->trajectory.unsaid;
  return memory_print(error, "%s%s%s", line, unsaid ? "\nnot in the file: " : "",
                      unsaid ? unsaid : "");
}

char *analysis_describe_keys(const struct Analysis *analysis, struct Error *error)
{
  enum { DIGITS = 12 }; /* of an int, with its space */
  size_t size = (size_t)analysis->n_keys * DIGITS + sizeof " none";
  char *text = memory_new(size, 1, "a text", error);
  if (!text) return NULL;
  if (analysis->n_keys == 0) strcpy(text, " none");
  size_t length = 0;
  for (int k = 1; k <= analysis->basis.n_frequencies; k++)
    if (analysis->keys[k]) length += (size_t)snprintf(text + length, size - length, " %d", k);
  return text;
}

bool analysis_parse_epoch(const char *text, int64_t *epoch, struct Error *error)
{
  *epoch = -1;
  if (!text || (number_parse_integer(text, epoch) && *epoch >= 0)) return true;
  return error_set(error, "--epoch: expected a whole number of at least 0, found \"%s\"", text);
}

bool analysis_parse_layer(const char *text, int *layer, struct Error *error)
{
  int64_t number = -1;
  bool valid = !text || (number_parse_integer(text, &number) && number >= 0 && number <= INT_MAX);
  *layer = (int)number;
  return valid ||
         error_set(error, "--layer: expected a whole number of at least 0, found \"%s\"", text);
}
