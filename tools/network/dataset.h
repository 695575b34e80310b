/*
 * The data set of the task pairs: all p^2 pairs (a, b), as grids [a][b], with their answers and the
 * split into training and test pairs. Of other tasks it is empty; network/examples.h has theirs.
 *
 * Answers, all in 0..p-1:
 *   add        (a + b) mod p
 *   subtract   (a - b) mod p
 *   quadratic  (a^2 + ab + b^2) mod p
 *   multiply   a b mod p
 *   divide     a b^(p-2) mod p, for a prime p: a / b, and 0 for b = 0
 *   table      those of the file data.table (network/answers.h)
 *   random     fixed: floor(p u) for a uniform u that depends on data.seed, a and b alone
 *              (network/random.h, name "data.answer", index p a + b). They differ from the
 * authors', whose code draws them on the fly from Python's generator.
 *
 * The split is CPython's: the first int(train_fraction p^2) pairs of the lexicographic list after
 * random.seed(seed); random.shuffle(pairs). int() truncates the double-precision product.
 */
#ifndef NETWORK_DATASET_H
#define NETWORK_DATASET_H

#include "base/error.h"
#include "config/config.h"

#include <stddef.h>
#include <stdint.h>

enum Subset { SUBSET_TRAIN, SUBSET_TEST, SUBSET_ALL };

struct Dataset {
  int p;          /* 0 for tasks without pairs */
  int *answer;    /* [p][p] */
  uint8_t *train; /* [p][p]: 1 for training pairs */
  size_t n_train, n_test;
};

/* Builds the data set for a modulus of at least 2, prime or not; an empty one for tasks without
   pairs. Errors: no memory; no training pairs or no test pairs; answers from a file that cannot be
   read, or that are not those of data.answers, if that is known. After an error there is nothing to
   release. */
bool dataset_init(struct Dataset *dataset, const struct DataConfig *config, struct Error *error);

/* The same with these answers, [p][p], whatever the operation. */
bool dataset_init_with(struct Dataset *dataset, const struct DataConfig *config, const int *answers,
                       struct Error *error);

void dataset_release(struct Dataset *dataset);

/* Sets data.answers if the answers come from a file; until then config_digest does not tell one
   file from another. Errors: those of the file, or it has other answers than data.answers already
   says. */
bool dataset_name_answers(struct Config *config, struct Error *error);

/* The split of RoganInglis/grokking-experiments: the first int(fraction p^2) pairs after
   numpy.random.seed(seed); numpy.random.shuffle(pairs). Sets train, [p][p], to 1 for these. */
bool dataset_split_numpy(uint8_t *train, int p, uint32_t seed, double fraction,
                         struct Error *error);

/* The shuffled order: indices p a + b of all pairs, [p^2]. */
bool dataset_shuffle(size_t *pairs, int p, int64_t seed, struct Error *error);

#endif
