/*
 * The tables by which a network is judged, written at once, for `verify --checkpoint`: those of
 * checkpoint-to-spectrum and ablate for the last snapshot, and those of progress-measures, of which
 * the turning points take several snapshots.
 */
#ifndef MEASURES_OF_CHECKPOINT_H
#define MEASURES_OF_CHECKPOINT_H

#include "measures/analysis.h"

/* Is it a network like the paper's mainline: one layer of softmax attention and ReLU neurons,
   without layer normalisation, that adds what stands before "="? Sizes do not matter. Error: what
   it is instead. */
bool of_checkpoint_check_kind(const struct Analysis *analysis, struct Error *error);

/* Writes the tables into an existing directory. *paths: theirs, [*n], in one block that the caller
   frees; they are listed even if writing fails. */
bool of_checkpoint_write(struct Analysis *analysis, const char *directory, char ***paths, size_t *n,
                         struct Error *error);

#endif
