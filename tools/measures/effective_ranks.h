/*
 * The effective ranks of W_E and W_L at every snapshot (Roy and Vetterli 2007; see
 * measures/singular_values.h), beside the Gini coefficients that the paper measures their sparsity
 * by (section 5.1): is rank a progress measure, too? Both matrices have the mean of their rows, the
 * number tokens or the outputs, taken off: the singular values are then those of their Fourier
 * components but the constant. effective-ranks.tsv, rank-quantities.tsv.
 */
#ifndef MEASURES_EFFECTIVE_RANKS_H
#define MEASURES_EFFECTIVE_RANKS_H

#include "measures/subject.h"

/* Of one matrix. NaN for W_L if it is no linear map (PART_MAP). */
struct RankMeasures {
  double effective_rank;
  double key_share; /* of the variance, in as many components as the key frequencies have; NaN
                       without any */
  double gini;      /* as in progress-measures.tsv */
};

struct SnapshotRanks {
  struct RankMeasures W_E, W_L;
  double test_loss; /* nats */
};

/* When the ranks fall, beside the test loss. Epochs; NaN means never, or that nobody knows them. */
struct RankTurns {
  double W_E_quarter; /* first snapshot at which the effective rank has made a quarter of its change
                         from the first to the last, if that is a fall */
  double W_L_quarter;
  double test_halved; /* first snapshot behind the largest test loss at which it is at most (ln
                         p)/2, as in progress-quantities.tsv */
};

/* For n >= 1 snapshots in order of their epochs, which are NULL where they are unknown. */
struct RankTurns effective_ranks_turns(const struct SnapshotRanks *ranks, const int64_t *epochs,
                                       size_t n, int p);

SubjectWriter effective_ranks_write;            /* effective-ranks.tsv */
SubjectWriter effective_ranks_write_quantities; /* rank-quantities.tsv */

#endif
