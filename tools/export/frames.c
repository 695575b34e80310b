#include "export/frames.h"

#include "base/memory.h"
#include "base/progress.h"
#include "export/blob.h"
#include "export/network.h"
#include "measures/circles.h"
#include "measures/directed_logits.h"
#include "measures/logit_spectrum.h"
#include "measures/spectrum.h"

#include <math.h>
#include <stdlib.h>

static bool allocate(struct Frames *frames, struct Error *error)
{
  size_t n = frames->n, p = frames->p, planes = frames->n_keys * 2 * p;
  frames->spectra = memory_new(n * 2 * p, sizeof(float), "spectra of frames", error);
  if (frames->spectra)
    frames->circles = memory_new(n * planes, sizeof(float), "circles of frames", error);
  if (frames->circles)
    frames->norms = memory_new(n * p * p, sizeof(float), "logits of frames", error);
  if (frames->norms)
    frames->scores =
        memory_new(n * frames->H * frames->n_sources, sizeof(float), "scores of frames", error);
  if (frames->scores)
    frames->directions = memory_new(n * planes, sizeof(float), "directions of frames", error);
  return frames->directions;
}

void frames_release(struct Frames *frames)
{
  free(frames->snapshots);
  free(frames->spectra);
  free(frames->circles);
  free(frames->norms);
  free(frames->scores);
  free(frames->directions);
  *frames = (struct Frames){0};
}

/* ---- one frame ---- */

static void take_spectra(const struct Frames *frames, size_t frame, const struct Spectrum *spectrum)
{
  float *of_frame = frames->spectra + frame * 2 * frames->p;
  for (size_t i = 0; i < frames->p; i++) {
    of_frame[i] = (float)spectrum->W_E[i];
    of_frame[frames->p + i] = (float)spectrum->W_L[i];
  }
}

static bool take_circles(const struct Frames *frames, size_t frame, const struct Analysis *analysis,
                         const struct Spectrum *spectrum, struct Error *error)
{
  size_t p = frames->p;
  float *circle = frames->circles + frame * frames->n_keys * 2 * p;
  struct PlanePoint *points = memory_new(p, sizeof *points, "tokens on a circle", error);
  bool taken = points;
  for (int k = 1; taken && k <= analysis->basis.n_frequencies; k++) {
    if (!analysis->keys[k]) continue;
    taken = 2 * k == analysis->basis.p || circles_of_tokens(analysis, spectrum, k, points, error);
    for (size_t x = 0; x < p; x++) {
      circle[x] = (float)points[x].x;
      circle[p + x] = (float)points[x].y;
    }
    circle += 2 * p;
  }
  free(points);
  return taken;
}

static void take_directions(const struct Frames *frames, size_t frame, const bool *keys,
                            const struct DirectedLogits *directed)
{
  size_t p = frames->p;
  float *out = frames->directions + frame * frames->n_keys * 2 * p;
  for (int k = 1; k <= directed->basis->n_frequencies; k++) {
    int components[2], n = fourier_components((int)p, k, components);
    if (!keys[k]) continue;
    for (int i = 0; i < n; i++)
      for (size_t c = 0; c < p; c++) {
        double unit = sqrt((double)n / (double)p); /* the row of the basis is this times the wave */
        double component = directed->components[(size_t)components[i] * p + c];
        out[(size_t)i * p + c] = (float)(unit * component);
      }
    out += 2 * p;
  }
}

static bool take_from(const struct Frames *frames, size_t frame, struct Subject *subject,
                      struct Error *error)
{
  const struct Analysis *analysis = subject->analysis;
  const struct Spectrum *spectrum = spectrum_of(subject, error);
  const struct DirectedLogits *directed = spectrum ? directed_logits_of(subject, error) : NULL;
  const struct LogitSpectrum *logits = directed ? logit_spectrum_of(subject, error) : NULL;
  if (!logits || !take_circles(frames, frame, analysis, spectrum, error)) return false;
  take_spectra(frames, frame, spectrum);
  take_directions(frames, frame, analysis->keys, directed);
  size_t pairs = frames->p * frames->p;
  for (size_t i = 0; i < pairs; i++)
    frames->norms[frame * pairs + i] = (float)logits->norms[i];
  float *scores = frames->scores + frame * frames->H * frames->n_sources;
  return frames->n_sources == 0 || network_scores(&analysis->snapshot.parameters, scores, error);
}

static bool take(const struct Frames *frames, size_t frame, struct Analysis *analysis,
                 struct Error *error)
{
  struct Subject subject;
  if (!analysis_load(analysis, frames->snapshots[frame], error) ||
      !subject_init_run(&subject, analysis, ".", error))
    return false;
  bool taken = take_from(frames, frame, &subject, error);
  subject_release(&subject);
  return taken;
}

bool frames_take(struct Frames *frames, struct Analysis *analysis, size_t *snapshots, size_t n,
                 struct Error *error)
{
  const struct Shape *shape = &analysis->snapshot.parameters.shape;
  bool fit = !network_unfit(&analysis->trajectory.config);
  *frames = (struct Frames){.n = n,
                            .n_keys = (size_t)analysis->n_keys,
                            .n_sources = fit ? network_sources(shape) : 0,
                            .p = (size_t)shape->p,
                            .H = (size_t)shape->H,
                            .snapshots = snapshots};
  bool taken = allocate(frames, error);
  struct Progress progress;
  progress_init(&progress, "frames", 0, (int64_t)n, true);
  for (size_t i = 0; taken && i < n; i++) {
    taken = take(frames, i, analysis, error);
    progress_show(&progress, (int64_t)i + 1, "");
  }
  progress_clear(&progress);
  if (!taken) frames_release(frames);
  return taken;
}

/* ---- export ---- */

/* bytes[n][p^2] of the norms, and the largest[n]. */
static void quantise_norms(const struct Frames *frames, uint8_t *bytes, float *largest)
{
  size_t pairs = frames->p * frames->p;
  for (size_t frame = 0; frame < frames->n; frame++) {
    const float *norms = frames->norms + frame * pairs;
    largest[frame] = 0;
    for (size_t i = 1; i < pairs; i++) /* without the constant */
      largest[frame] = fmaxf(largest[frame], norms[i]);
    for (size_t i = 0; i < pairs; i++) {
      double share = largest[frame] > 0 ? (double)norms[i] / (double)largest[frame] : 0;
      bytes[frame * pairs + i] = (uint8_t)lround(255 * sqrt(fmin(share, 1)));
    }
  }
}

static json_t *export_norms(const struct Frames *frames, struct Error *error)
{
  size_t size = frames->n * frames->p * frames->p;
  uint8_t *bytes = memory_new(size, 1, "logits of frames", error);
  float *largest = bytes ? memory_new(frames->n, sizeof *largest, "largest norms", error) : NULL;
  json_t *object = NULL;
  if (largest) {
    quantise_norms(frames, bytes, largest);
    object = json_pack("{s:o, s:o}", "bytes", blob_bytes(bytes, size, error), "largest",
                       blob_floats(largest, frames->n, error));
  }
  free(largest);
  free(bytes);
  return object;
}

json_t *frames_export(const struct Frames *frames, struct Error *error)
{
  size_t n = frames->n, p = frames->p;
  json_t *object =
      json_pack("{s:o, s:o, s:o, s:o}", "spectra", blob_floats(frames->spectra, n * 2 * p, error),
                "circles", blob_rows(frames->circles, n * frames->n_keys * 2, p, error), "norms",
                export_norms(frames, error), "scores",
                blob_floats(frames->scores, n * frames->H * frames->n_sources, error));
  return blob_checked(object, error);
}

json_t *frames_export_directions(const struct Frames *frames, size_t frame, struct Error *error)
{
  size_t n = frames->n_keys * 2 * frames->p;
  return blob_floats(frames->directions + frame * n, n, error);
}
