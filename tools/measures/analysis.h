/*
 * The starting point of every analysis of a run: the trajectory, the Fourier basis of its modulus,
 * and the neurons of its last snapshot, which define the key frequencies for all epochs.
 */
#ifndef MEASURES_ANALYSIS_H
#define MEASURES_ANALYSIS_H

#include "fourier/basis.h"
#include "measures/neuron_fit.h"
#include "measures/parts.h"
#include "measures/snapshot.h"

struct Analysis {
  struct Trajectory trajectory;
  struct Provenance run; /* for the comment block of tables */
  struct FourierBasis basis;
  int layer;                    /* that neurons, heads and W_L are of */
  struct Snapshot snapshot;     /* last loaded by analysis_load or analysis_fit_final */
  size_t block;                 /* bytes of activations at a time; 0: all, and they are kept */
  struct NeuronFit *final_fits; /* [d_mlp] */
  bool *keys;                   /* [n_frequencies + 1]: the key frequencies */
  int n_keys;
};

/* Opens the trajectory with `n` overrides, for one of its layers, or for -1 for the last; computes
   nothing but digests. Error: there is no such layer. */
bool analysis_open(struct Analysis *analysis, const char *path, char *const *overrides, int n,
                   int layer, struct Error *error);
void analysis_close(struct Analysis *analysis);

/* For those who need activations for nothing but the frequencies of neurons: from now on snapshots
   are loaded without them, and no more than `bytes` of them, or those of one neuron, are ever
   there. */
void analysis_in_blocks(struct Analysis *analysis, size_t bytes);

/* Loads the last snapshot, fits its neurons, and finds the key frequencies. */
bool analysis_fit_final(struct Analysis *analysis, struct Error *error);

/* Frees the activations, which take most of the memory; the parameters and the results of
   analysis_fit_final stay. */
void analysis_drop_activations(struct Analysis *analysis);

/* Loads another snapshot by number. */
bool analysis_load(struct Analysis *analysis, size_t index, struct Error *error);

/* Loads the snapshot and fits its neurons into a new array, which the caller frees. For the last
   snapshot, already loaded by analysis_fit_final, *fits is NULL: use final_fits. */
bool analysis_fits_of(struct Analysis *analysis, size_t index, struct NeuronFit **fits,
                      struct Error *error);

/* The number of neurons of a layer. */
size_t analysis_d_mlp(const struct Analysis *analysis);

/* Why the network does not have a part in the layer; NULL if it has. */
const char *analysis_missing(const struct Analysis *analysis, enum Part part);

/* Texts for titles and messages, freed by the caller; NULL with an error.
   "trained on (a + b) mod 113" ("assumed to be trained on" if the operation was not given), with
   the layer if there are several, and the number of snapshots so far if training has not finished;
   " 14 35 41", or " none"; and the comment lines on the run: its provenance, and the settings that
   its file lacks. */
char *analysis_describe_task(const struct Analysis *analysis, struct Error *error);
char *analysis_describe_keys(const struct Analysis *analysis, struct Error *error);
char *analysis_describe_run(const struct Analysis *analysis, struct Error *error);

/* The argument of --epoch: an epoch >= 0. NULL, where the option was not given, stands for -1,
   which trajectory_find takes as the last one. */
bool analysis_parse_epoch(const char *text, int64_t *epoch, struct Error *error);

/* The argument of --layer, counted from 0, likewise. */
bool analysis_parse_layer(const char *text, int *layer, struct Error *error);

#endif
