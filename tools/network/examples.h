/*
 * The examples of a task, as sequences of N tokens with the answers at their last R positions (N
 * and R are n_positions and n_read of network/parameters.h). An answer of -1 is not counted in the
 * loss.
 *
 *   pairs         a b "=", or a b: tokens 0..p-1 and p for "="; the answer at the last position
 *                 (network/dataset.h).
 *
 *   digits        x1 .. xD + y1 .. yD = z0 .. z(D-1), with D = data.digits, N = 3 D + 2: the sum z
 *                 of two numbers of D digits each, most significant digits first, leading zeros
 *                 included. Tokens 0..9 are digits, 10 is "+", 11 is "=". The R = D + 1 answers
 *                 z0 .. zD are the digits of the sum, each read at the token before it. All digits
 *                 of x and y are uniform in 0..9.
 *
 *   subsequence   Of L = data.length tokens out of 0..V-1, V = data.vocabulary, data.run
 * consecutive ones, the run, stand data.repeats times at places that do not overlap, all
 *                 arrangements equally likely; the tokens of the run and those around its
 *                 occurrences are uniform. Each token is read to predict the next one, N = R = L -
 * 1; only the tokens of the second and later occurrences count, run (repeats - 1) of them, as the
 * others cannot be known. Nor can the first token of each of these occurrences, which no earlier
 * token announces: with the paper's sizes that is 2 of 32 tokens, a mean loss of about 2/32 ln 128
 * = 0.30, at which the authors' runs settle.
 *
 *   skip-trigram  Of L = data.length tokens out of 0..V-1, V = data.vocabulary, exactly one is a
 *                 key, 0..9, at a uniform place before the last; the others are uniform in 10..V-1.
 *                 The answer, in 0..9, is read at the last token, N = L, R = 1. It is a fixed
 *                 function of the key and the last token, a table of 10 (V - 10) numbers:
 *                 floor(10 u) with u of network/random.h, name "examples.table", index
 *                 10 (last - 10) + key. So "key .. last -> answer" is a skip trigram, and what has
 *                 to be learned is the table: n training examples show each of its entries
 *                 n / (10 (V - 10)) times on average, and what none shows cannot be known.
 *
 * Every example is a function of data.seed, of its subset and of its index, or, where each step
 * draws fresh ones, of data.seed, step and index; of nothing else. A larger training set therefore
 * begins with the smaller one.
 *
 * The examples of digits and skip-trigram, training and test ones together, are all different: a
 * code stands for each (config_n_codes in config/config.h), and one random order of all codes is
 * read by the training set from its beginning and by the test set from its end. Those of
 * subsequence are drawn independently; with the paper's sizes, two are the same with a probability
 * below 1e-100. So are fresh ones, which may repeat each other and the test examples.
 */
#ifndef NETWORK_EXAMPLES_H
#define NETWORK_EXAMPLES_H

#include "network/dataset.h"
#include "network/parameters.h"

enum { TOKEN_PLUS = 10, TOKEN_EQUALS = 11 }; /* of digits */
enum { N_KEYS = 10 };                        /* of skip-trigram, and its answers */

struct Examples {
  struct DataConfig data;
  size_t N, R;
  size_t n[2]; /* by SUBSET_TRAIN (0 if every step draws fresh ones) and SUBSET_TEST */
  const struct Dataset *dataset; /* of pairs; borrowed */
  size_t *pairs[2];              /* of pairs: their numbers p a + b, row by row */
};

/* `dataset` is that of the configuration, which has passed config_check; if the task is pairs, it
   must outlive the examples. Error: no memory; then there is nothing to release. */
bool examples_init(struct Examples *examples, const struct Config *config,
                   const struct Dataset *dataset, struct Error *error);
void examples_release(struct Examples *examples);

/* Example number `index` of a subset: tokens [N], answers [R]. */
void examples_get(const struct Examples *examples, enum Subset subset, size_t index, int *tokens,
                  int *answers);

/* Example number `index`, below 2^32, of those that are drawn for a step, likewise; for tasks other
   than pairs. */
void examples_draw(const struct Examples *examples, int64_t step, size_t index, int *tokens,
                   int *answers);

#endif
