#include "network/examples.h"

#include "base/memory.h"
#include "network/random.h"

#include <math.h>
#include <stdlib.h>

static bool list_pairs(struct Examples *examples, struct Error *error)
{
  const struct Dataset *dataset = examples->dataset;
  size_t n_pairs = (size_t)dataset->p * (size_t)dataset->p, listed[2] = {0};
  examples->n[SUBSET_TRAIN] = dataset->n_train;
  examples->n[SUBSET_TEST] = dataset->n_test;
  for (int subset = SUBSET_TRAIN; subset <= SUBSET_TEST; subset++) {
    examples->pairs[subset] =
        memory_new(examples->n[subset], sizeof *examples->pairs[subset], "the pairs", error);
    if (!examples->pairs[subset]) return false;
  }
  for (size_t pair = 0; pair < n_pairs; pair++) {
    enum Subset subset = dataset->train[pair] ? SUBSET_TRAIN : SUBSET_TEST;
    examples->pairs[subset][listed[subset]++] = pair;
  }
  return true;
}

bool examples_init(struct Examples *examples, const struct Config *config,
                   const struct Dataset *dataset, struct Error *error)
{
  const struct Shape shape = shape_of_config(config);
  *examples =
      (struct Examples){.data = config->data,
                        .N = (size_t)shape.n_positions,
                        .R = (size_t)shape.n_read,
                        .n = {(size_t)config->data.examples, (size_t)config->data.test_examples},
                        .dataset = dataset};
  if (config->data.task != TASK_PAIRS || list_pairs(examples, error)) return true;
  examples_release(examples);
  return false;
}

void examples_release(struct Examples *examples)
{
  free(examples->pairs[SUBSET_TRAIN]);
  free(examples->pairs[SUBSET_TEST]);
  *examples = (struct Examples){0};
}

/* ---- choices ---- */

/* The choices that make an example, one after the other. The first ones are read off a code, the
   others are random numbers of the example's own. */
struct Choices {
  uint64_t code, n_codes; /* what is left of the code, and how many codes there are for that */
  int64_t seed;
  uint64_t n_drawn;
};

/* The next choice, out of 0 .. n-1. */
static int choose(struct Choices *choices, int n)
{
  if (choices->n_codes == 1)
    return (int)(random_uniform(choices->seed, "examples.choice", choices->n_drawn++) * n);
  int chosen = (int)(choices->code % (uint64_t)n);
  choices->code /= (uint64_t)n;
  choices->n_codes /= (uint64_t)n;
  return chosen;
}

/* Number `i` of a random order of 0 .. n-1: a Feistel network on a grid of at least n fields,
   walked until it comes to one of the first n (Black and Rogaway, "Ciphers with arbitrary finite
   domains", CT-RSA 2002). n is at most 2^62. */
static uint64_t shuffled(int64_t seed, uint64_t n, uint64_t i)
{
  enum { ROUNDS = 12 }; /* of two, as the smallest orders are to be random too */
  uint64_t width = (uint64_t)ceil(sqrt((double)n)), height = (n + width - 1) / width;
  do {
    uint64_t x = i % width, y = i / width;
    for (uint64_t round = 0; round < 2 * ROUNDS; round += 2) {
      const char *name = "examples.order";
      double u = random_uniform(seed, name, round << 32 | y);
      x = (x + (uint64_t)(u * (double)width)) % width;
      double v = random_uniform(seed, name, (round + 1) << 32 | x);
      y = (y + (uint64_t)(v * (double)height)) % height;
    }
    i = y * width + x;
  } while (i >= n);
  return i;
}

static struct Choices choices_of(const struct DataConfig *data, enum Subset subset, size_t index)
{
  uint64_t n_codes = (uint64_t)config_n_codes(data);
  bool train = subset == SUBSET_TRAIN;
  uint64_t number = n_codes == 1 ? 0 : train ? index : n_codes - 1 - index;
  return (struct Choices){
      .code = shuffled(data->seed, n_codes, number),
      .n_codes = n_codes,
      .seed = random_seed(data->seed, train ? "examples.train" : "examples.test", index)};
}

/* ---- the tasks ---- */

static void get_pair(const struct Examples *examples, enum Subset subset, size_t index, int *tokens,
                     int *answers)
{
  size_t pair = examples->pairs[subset][index], p = (size_t)examples->dataset->p;
  tokens[0] = (int)(pair / p);
  tokens[1] = (int)(pair % p);
  if (examples->data.equals) tokens[2] = (int)p;
  answers[0] = examples->dataset->answer[pair];
}

static void make_sum(const struct DataConfig *data, struct Choices *choices, int *tokens,
                     int *answers)
{
  int D = data->digits, *x = tokens, *y = tokens + D + 1, *z = tokens + 2 * D + 2;
  for (int i = 0; i < D; i++)
    x[i] = choose(choices, 10);
  for (int i = 0; i < D; i++)
    y[i] = choose(choices, 10);
  x[D] = TOKEN_PLUS;
  y[D] = TOKEN_EQUALS;
  int carry = 0;
  for (int i = D - 1; i >= 0; i--) {
    int sum = x[i] + y[i] + carry;
    answers[i + 1] = sum % 10;
    carry = sum / 10;
  }
  answers[0] = carry;
  for (int i = 0; i < D; i++)
    z[i] = answers[i];
}

/* Token number `place` of `length`: the first is not predicted, and after the last nothing is. */
static void put_token(int length, int place, int token, bool counts, int *tokens, int *answers)
{
  if (place < length - 1) tokens[place] = token;
  if (place > 0) answers[place - 1] = counts ? token : -1;
}

/* Runs and single tokens, each next one a run with a probability of what is left of them: so all
   arrangements are equally likely. */
static void make_subsequence(const struct DataConfig *data, struct Choices *choices, int *tokens,
                             int *answers)
{
  int L = data->length, V = data->vocabulary;
  int n_runs = data->repeats, n_singles = L - data->run * data->repeats;
  const int *run = NULL; /* its first occurrence */
  for (int place = 0; n_runs + n_singles > 0;) {
    if (choose(choices, n_runs + n_singles) >= n_runs) {
      put_token(L, place++, choose(choices, V), false, tokens, answers);
      n_singles--;
      continue;
    }
    const int *earlier = run;
    if (!earlier) run = tokens + place;
    for (int i = 0; i < data->run; i++)
      put_token(L, place++, earlier ? earlier[i] : choose(choices, V), earlier, tokens, answers);
    n_runs--;
  }
}

static void make_skip_trigram(const struct DataConfig *data, struct Choices *choices, int *tokens,
                              int *answers)
{
  int L = data->length, n_others = data->vocabulary - N_KEYS;
  int place = choose(choices, L - 1), key = choose(choices, N_KEYS);
  for (int i = L - 1; i >= 0; i--)
    tokens[i] = i == place ? key : N_KEYS + choose(choices, n_others);
  uint64_t entry = (uint64_t)(N_KEYS * (tokens[L - 1] - N_KEYS) + key);
  answers[0] = (int)(random_uniform(data->seed, "examples.table", entry) * N_KEYS);
}

static void make(const struct DataConfig *data, struct Choices *choices, int *tokens, int *answers)
{
  switch (data->task) {
  case TASK_PAIRS: /* not made, but listed */
    break;
  case TASK_DIGITS:
    make_sum(data, choices, tokens, answers);
    break;
  case TASK_SUBSEQUENCE:
    make_subsequence(data, choices, tokens, answers);
    break;
  case TASK_SKIP_TRIGRAM:
    make_skip_trigram(data, choices, tokens, answers);
    break;
  }
}

void examples_get(const struct Examples *examples, enum Subset subset, size_t index, int *tokens,
                  int *answers)
{
  if (examples->data.task == TASK_PAIRS) {
    get_pair(examples, subset, index, tokens, answers);
    return;
  }
  struct Choices choices = choices_of(&examples->data, subset, index);
  make(&examples->data, &choices, tokens, answers);
}

void examples_draw(const struct Examples *examples, int64_t step, size_t index, int *tokens,
                   int *answers)
{
  uint64_t number = (uint64_t)step << 32 | index;
  struct Choices choices = {.n_codes = 1,
                            .seed = random_seed(examples->data.seed, "examples.fresh", number)};
  make(&examples->data, &choices, tokens, answers);
}
