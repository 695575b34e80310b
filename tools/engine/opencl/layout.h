/*
 * The memory of a training on a device: one array of floats and one of integers, in which the
 * arrays of engine/factored/factors.h and engine/factored/step.h have their places. Trainings of a
 * batch have the same layout, one after another.
 *
 * The kernels are told sizes and places by definitions: N_PARAMETERS, AT_PARAMETERS, INTS_TRAIN ...
 * [x] is the shape of an array; p, H, m, V, Q, C as in engine/factored/factors.h, n training pairs
 * or some more, G groups, P positions, S sources.
 */
#ifndef ENGINE_OPENCL_LAYOUT_H
#define ENGINE_OPENCL_LAYOUT_H

#include "engine/factored/factors.h"
#include "engine/factored/pairs.h"
#include "engine/opencl/product.h"

/* Floats: name and shape. */
#define LAYOUT_FLOATS(ARRAY)                                                                       \
  ARRAY(PARAMETERS) /* in the order of their list, as m, v and their gradients */                  \
  ARRAY(M)                                                                                         \
  ARRAY(V)                                                                                         \
  ARRAY(D_PARAMETERS)                                                                              \
  ARRAY(RATES)           /* [RATES_KEPT][RATES_SIZE] of the optimizer */                           \
  ARRAY(SOURCES)         /* [S][d] */                                                              \
  ARRAY(READ)            /* [Q][d]; that of "=" is one of the sources */                           \
  ARRAY(READER)          /* [d][width] */                                                          \
  ARRAY(READERS_BY_HEAD) /* [H][d_head][width] */                                                  \
  ARRAY(VALUES)          /* [H][S][d_head] */                                                      \
  ARRAY(SOURCE_ROWS)     /* [S][H][width]; T_constants are the last C */                           \
  ARRAY(T0)              /* [p][H][width] */                                                       \
  ARRAY(T1)                                                                                        \
  ARRAY(BASE)            /* [Q][width] */                                                          \
  ARRAY(W_L_TRANSPOSED)  /* [m][logit_width] */                                                    \
  ARRAY(QUERY)           /* [H][Q][d_head] */                                                      \
  ARRAY(KEY_QUERY)       /* [d][H][Q] */                                                           \
  ARRAY(SOURCE_SCORES)   /* [S][H][Q] */                                                           \
  ARRAY(WEIGHTS)         /* [n][P][H] */                                                           \
  ARRAY(HIDDEN)          /* [n][mlp_width] */                                                      \
  ARRAY(SLOPES)          /* the same, for gelu */                                                  \
  ARRAY(STREAMS)         /* [n][width]: logits, then gradients */                                  \
  ARRAY(LOSSES)          /* [n][LOSS_SIZE] */                                                      \
  ARRAY(D_SCORES)        /* [n][P][H] */                                                           \
  ARRAY(GROUP_W_L)       /* [G][V][mlp_width] */                                                   \
  ARRAY(GROUP_BASES)     /* [G][width] */                                                          \
  ARRAY(GROUP_CONSTANTS) /* [G][C][H][width] */                                                    \
  ARRAY(D_W_L)           /* [V][mlp_width] */                                                      \
  ARRAY(D_T0)            /* gradients, in the shapes of the arrays above */                        \
  ARRAY(D_T1)                                                                                      \
  ARRAY(D_BASE)                                                                                    \
  ARRAY(D_BASE_SUM)       /* [width] */                                                            \
  ARRAY(D_SCORE0)         /* [p][Q][H] */                                                          \
  ARRAY(D_SCORE1)         /* [p][H] */                                                             \
  ARRAY(CONSTANTS_OF_ROW) /* [p][C][Q][H] */                                                       \
  ARRAY(D_SOURCE_ROWS)                                                                             \
  ARRAY(D_SOURCE_SCORES)                                                                           \
  ARRAY(D_READERS_BY_HEAD)                                                                         \
  ARRAY(D_VALUES)                                                                                  \
  ARRAY(D_SOURCES)                                                                                 \
  ARRAY(D_READ)                                                                                    \
  ARRAY(D_QUERY)                                                                                   \
  ARRAY(D_KEY_QUERY)                                                                               \
  ARRAY(LOSS_OF_PAIRS) /* doubles: [largest subset] */                                             \
  ARRAY(GROUP_LOSSES)  /* doubles: [G] */

/* Integers. */
#define LAYOUT_INTS(ARRAY)                                                                         \
  ARRAY(STEP)         /* steps taken */                                                            \
  ARRAY(NOT_FINITE)   /* the first step whose loss was not a finite number, or INT_MAX */          \
  ARRAY(TRAIN)        /* a, b and answers of the training pairs: [3][n] */                         \
  ARRAY(TEST)         /* the same of the test pairs */                                             \
  ARRAY(TRAIN_GROUPS) /* [G + 1]: the first pair of each group, and n */                           \
  ARRAY(TEST_GROUPS)                                                                               \
  ARRAY(GROUP_ROWS)       /* [G + 1]: the first row of each group of training pairs, and p */      \
  ARRAY(ROW_FIRST)        /* [p + 1] */                                                            \
  ARRAY(COLUMN_FIRST)     /* [p + 1] */                                                            \
  ARRAY(BY_COLUMN)        /* [n] */                                                                \
  ARRAY(GROUP_SEGMENTS)   /* [G + 1]: places in TILES */                                           \
  ARRAY(TILES)            /* [up to p + 1]: the first pair of each tile, and n */                  \
  ARRAY(STRIP_SEGMENTS)   /* [2]: places in STRIPS */                                              \
  ARRAY(STRIPS)           /* the first column of each strip of a factor, and width */              \
  ARRAY(HEAD_SEGMENTS)    /* [2]: places in HEADS */                                               \
  ARRAY(HEAD_BOUNDS)      /* 0, d_head, 2 d_head, ... */                                           \
  ARRAY(CORRECT_OF_PAIRS) /* [largest subset]: 0 or 1 */                                           \
  ARRAY(GROUP_CORRECT)    /* [G] */

#define LAYOUT_FLOAT(name) AT_##name,
#define LAYOUT_INT(name)   INTS_##name,
enum LayoutFloats { LAYOUT_FLOATS(LAYOUT_FLOAT) N_LAYOUT_FLOATS };
enum LayoutInts { LAYOUT_INTS(LAYOUT_INT) N_LAYOUT_INTS };
#undef LAYOUT_FLOAT
#undef LAYOUT_INT

/* RATES_KEPT: steps for which the optimizer's constants are sent at a time. */
enum { RATES_KEPT = 64, RATES_SIZE = 4, LOSS_SIZE = 4 };

/* MOST_ROUNDS: the test pairs take that many at most. */
enum { MOST_ROUNDS = 256 };

/* Pairs of a work-group of the kernels `streams` and `logits`. */
enum { PAIRS_OF_STREAMS = 4, PAIRS_OF_LOGITS = 32 };

struct Layout {
  struct Factors sizes; /* without arrays */
  size_t n_train, n_test, n_groups, n_parameters;
  size_t room; /* pairs that have streams at a time: n below */
  bool gelu;
  Index at[N_LAYOUT_FLOATS], floats; /* places, and the whole */
  Index ints_at[N_LAYOUT_INTS], ints;
  Index parameter_at[N_PARAMETER_KINDS]; /* places of the parameters; -1: not there */
};

/* Of a training of that many pairs. `list`: its parameters. */
void layout_init(struct Layout *layout, const struct Config *config, const struct Parameters *list,
                 size_t n_train, size_t n_test);

/* The definitions for the kernels, "-DNAME=VALUE ..."; to be freed. Error: no memory. */
char *layout_definitions(const struct Layout *layout, const struct Config *config,
                         struct Error *error);

/* Fills in the integers [layout->ints] of a training, zero before: its pairs, and the segments of
   sums. */
void layout_fill_ints(const struct Layout *layout, const struct Pairs *train,
                      const struct Pairs *test, int *ints);

#endif
