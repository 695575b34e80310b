/*
 * What every analysis of a run starts from: the trajectory, the Fourier basis of its modulus, and
 * the neurons of its last snapshot, which fix the key frequencies for all epochs.
 */
#ifndef MEASURES_ANALYSIS_H
#define MEASURES_ANALYSIS_H

#include "fourier/basis.h"
#include "measures/neurons.h"
#include "measures/snapshot.h"

struct Analysis {
  struct Trajectory trajectory;
  struct Provenance run; /* for the comment block of tables */
  struct FourierBasis basis;
  struct Snapshot snapshot;     /* what analysis_load or analysis_fit_final loaded last */
  struct NeuronFit *final_fits; /* [d_mlp] */
  bool *keys;                   /* [n_frequencies + 1]: the key frequencies */
  int n_keys;
};

/* Opens the trajectory, completed by `n` overrides, and allocates; computes nothing but the
   digests of what is in it. */
bool analysis_open(struct Analysis *analysis, const char *path, char *const *overrides, int n,
                   struct Error *error);
void analysis_close(struct Analysis *analysis);

/* Loads the last snapshot, fits its neurons, and finds the key frequencies. */
bool analysis_fit_final(struct Analysis *analysis, struct Error *error);

/* Gives back the memory of activations, which are most of it. No snapshot can be loaded then; its
   parameters and what analysis_fit_final found stay. */
void analysis_drop_activations(struct Analysis *analysis);

/* Loads another snapshot by its number. */
bool analysis_load(struct Analysis *analysis, size_t index, struct Error *error);

/* Loads the snapshot and fits its neurons into a new array that the caller frees. For the last one,
   which analysis_fit_final has loaded, *fits is NULL: there are the final fits. */
bool analysis_fits_of(struct Analysis *analysis, size_t index, struct NeuronFit **fits,
                      struct Error *error);

/* The number of neurons of the network. */
size_t analysis_d_mlp(const struct Analysis *analysis);

/* Texts for titles and messages, which the caller frees; NULL with an error.
   "trained on (a + b) mod 113" ("assumed to be trained on" where nobody says the operation), with
   the number of snapshots so far if the training has not finished; " 14 35 41", or " none"; and the
   lines of the comment block on the run: its provenance, and the settings that its file does not
   say. */
char *analysis_describe_task(const struct Analysis *analysis, struct Error *error);
char *analysis_describe_keys(const struct Analysis *analysis, struct Error *error);
char *analysis_describe_run(const struct Analysis *analysis, struct Error *error);

#endif
