/* The examples of the tasks, held against their definitions in network/examples.h. */
#include "network/examples.h"
#include "network/random.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SETTINGS = 8, MOST_TOKENS = 1024 };

/* A task, its examples, and the latest of them. */
struct Trial {
  struct Config config;
  struct Dataset dataset;
  struct Examples examples;
  int tokens[MOST_TOKENS], answers[MOST_TOKENS];
};

static void trial_init(struct Trial *trial, const char *const *settings)
{
  struct Error error = {0};
  *trial = (struct Trial){0};
  config_init(&trial->config);
  for (int i = 0; i < MOST_SETTINGS && settings[i]; i++)
    ck_assert_msg(config_override(&trial->config, settings[i], &error), "%s", error.message);
  ck_assert_msg(config_check(&trial->config, &error), "%s", error.message);
  if (trial->config.data.task == TASK_PAIRS)
    ck_assert_msg(dataset_init(&trial->dataset, &trial->config.data, &error), "%s", error.message);
  ck_assert_msg(examples_init(&trial->examples, &trial->config, &trial->dataset, &error), "%s",
                error.message);
}

static void trial_release(struct Trial *trial)
{
  examples_release(&trial->examples);
  ck_assert_ptr_null(trial->examples.pairs[SUBSET_TRAIN]);
  dataset_release(&trial->dataset);
}

/* ck_assert for what is asked millions of times: it leaves a mark each time. */
#define REQUIRE(condition)                                                                         \
  do {                                                                                             \
    if (!(condition)) ck_abort_msg("not so: %s", #condition);                                      \
  } while (0)

/* What no example has, so that it is seen where nothing was written, or too much. */
enum { UNWRITTEN = -77 };

static void clear(struct Trial *trial)
{
  for (int i = 0; i < MOST_TOKENS; i++)
    trial->tokens[i] = trial->answers[i] = UNWRITTEN;
}

static void assert_written(const struct Trial *trial)
{
  size_t N = trial->examples.N, R = trial->examples.R;
  for (size_t i = 0; i < MOST_TOKENS; i++) {
    REQUIRE(i < N ? trial->tokens[i] >= 0 : trial->tokens[i] == UNWRITTEN);
    REQUIRE(i < R ? trial->answers[i] >= -1 : trial->answers[i] == UNWRITTEN);
  }
}

static void get(struct Trial *trial, enum Subset subset, size_t index)
{
  clear(trial);
  examples_get(&trial->examples, subset, index, trial->tokens, trial->answers);
  assert_written(trial);
}

static void draw(struct Trial *trial, int64_t step, size_t index)
{
  clear(trial);
  examples_draw(&trial->examples, step, index, trial->tokens, trial->answers);
  assert_written(trial);
}

/* Each of n counts is within five standard deviations of its share of the total. */
static void assert_uniform(const int *counts, size_t n, const char *what)
{
  double total = 0;
  for (size_t i = 0; i < n; i++)
    total += counts[i];
  double expected = total / (double)n;
  ck_assert_msg(expected >= 30, "too few to tell");
  for (size_t i = 0; i < n; i++)
    ck_assert_msg(fabs(counts[i] - expected) < 5 * sqrt(expected), "%s: %d of %zu, expected %g",
                  what, counts[i], i, expected);
}

static void assert_share(int count, int total, double share, const char *what)
{
  double expected = total * share, deviation = sqrt(expected * (1 - share));
  ck_assert_msg(fabs(count - expected) < 5 * deviation, "%s: %d of %d, expected %g", what, count,
                total, expected);
}

/* ---- pairs ---- */

static const char *const pair_settings[][MOST_SETTINGS] = {
    {"data.modulus=11"},
    {"data.modulus=12", "data.operation=multiply", "data.seed=4"},
    {"data.modulus=13", "data.operation=divide", "data.train_fraction=0.9"},
    {"data.modulus=7", "data.operation=subtract", "data.equals=false"},
    {"data.modulus=7", "data.operation=divide", "data.equals=false"},
};

START_TEST(pairs_are_those_of_the_data_set)
{
  struct Trial trial;
  trial_init(&trial, pair_settings[_i]);
  const struct Examples *e = &trial.examples;
  int p = trial.config.data.modulus, seen = 0;
  bool equals = trial.config.data.equals;
  ck_assert_uint_eq(e->N, equals ? 3 : 2);
  ck_assert_uint_eq(e->R, 1);
  ck_assert_uint_eq(e->n[SUBSET_TRAIN], trial.dataset.n_train);
  ck_assert_int_eq((int)(e->n[SUBSET_TRAIN] + e->n[SUBSET_TEST]), p * p);
  for (int subset = SUBSET_TRAIN; subset <= SUBSET_TEST; subset++) {
    int previous = -1;
    for (size_t i = 0; i < e->n[subset]; i++, seen++) {
      get(&trial, (enum Subset)subset, i);
      int pair = p * trial.tokens[0] + trial.tokens[1];
      ck_assert_int_gt(pair, previous);
      ck_assert(trial.tokens[1] < p);
      if (equals) ck_assert_int_eq(trial.tokens[2], p);
      ck_assert_int_eq(trial.dataset.train[pair], subset == SUBSET_TRAIN);
      ck_assert_int_eq(trial.answers[0], trial.dataset.answer[pair]);
      previous = pair;
    }
  }
  ck_assert_int_eq(seen, p * p);
  trial_release(&trial);
}
END_TEST

/* ---- digits ---- */

static int64_t number_at(const int *digits, int n)
{
  int64_t number = 0;
  for (int i = 0; i < n; i++) {
    REQUIRE(digits[i] >= 0 && digits[i] <= 9);
    number = 10 * number + digits[i];
  }
  return number;
}

/* The sum in the sequence, its summands joined to one number: x 10^D + y. */
static int64_t check_sum(const struct Trial *trial)
{
  int D = trial->config.data.digits;
  const int *tokens = trial->tokens;
  int64_t x = number_at(tokens, D), y = number_at(tokens + D + 1, D), power = 1;
  for (int i = 0; i < D; i++)
    power *= 10;
  REQUIRE(tokens[D] == 10);
  REQUIRE(tokens[2 * D + 1] == 11);
  REQUIRE(number_at(trial->answers, D + 1) == x + y);
  REQUIRE(number_at(tokens + 2 * D + 2, D) == (x + y) / 10);
  return x * power + y;
}

static const char *const digit_settings[][MOST_SETTINGS] = {
    {"data.task=digits", "data.digits=1", "data.examples=70", "data.test_examples=30"},
    {"data.task=digits", "data.digits=2", "data.examples=500", "data.test_examples=500"},
    {"data.task=digits", "data.examples=700", "data.seed=5"},
    {"data.task=digits", "data.digits=9", "data.examples=700", "data.seed=-1"},
};

START_TEST(sums_are_right)
{
  struct Trial trial;
  trial_init(&trial, digit_settings[_i]);
  int D = trial.config.data.digits;
  ck_assert_int_eq((int)trial.examples.N, 3 * D + 2);
  ck_assert_int_eq((int)trial.examples.R, D + 1);
  ck_assert_int_eq((int)trial.examples.n[SUBSET_TRAIN], trial.config.data.examples);
  ck_assert_int_eq((int)trial.examples.n[SUBSET_TEST], trial.config.data.test_examples);
  for (int subset = SUBSET_TRAIN; subset <= SUBSET_TEST; subset++)
    for (size_t i = 0; i < trial.examples.n[subset]; i++) {
      get(&trial, (enum Subset)subset, i);
      check_sum(&trial);
    }
  for (size_t i = 0; i < 500; i++) {
    draw(&trial, 17, i);
    check_sum(&trial);
  }
  trial_release(&trial);
}
END_TEST

static int compare(const void *a, const void *b)
{
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

START_TEST(no_sum_stands_in_the_sets_twice)
{
  struct Trial trial;
  trial_init(&trial, digit_settings[_i]);
  size_t n_train = trial.examples.n[SUBSET_TRAIN], n = n_train + trial.examples.n[SUBSET_TEST];
  int64_t *sums = calloc(n, sizeof *sums);
  for (size_t i = 0; i < n; i++) {
    if (i < n_train)
      get(&trial, SUBSET_TRAIN, i);
    else
      get(&trial, SUBSET_TEST, i - n_train);
    sums[i] = check_sum(&trial);
  }
  qsort(sums, n, sizeof *sums, compare);
  for (size_t i = 1; i < n; i++)
    REQUIRE(sums[i - 1] < sums[i]);
  free(sums);
  trial_release(&trial);
}
END_TEST

/* Each digit of x and y takes each value equally often. */
static void count_digits(const struct Trial *trial, int counts[][10])
{
  int D = trial->config.data.digits;
  for (int i = 0; i < D; i++) {
    counts[i][trial->tokens[i]]++;
    counts[D + i][trial->tokens[D + 1 + i]]++;
  }
}

START_TEST(digits_are_uniform)
{
  static const char *const settings[MOST_SETTINGS] = {"data.task=digits", "data.examples=20000",
                                                      "data.test_examples=20000"};
  struct Trial trial;
  int train[10][10] = {0}, test[10][10] = {0}, fresh[10][10] = {0}, carries = 0;
  trial_init(&trial, settings);
  for (size_t i = 0; i < 20000; i++) {
    get(&trial, SUBSET_TRAIN, i);
    count_digits(&trial, train);
    get(&trial, SUBSET_TEST, i);
    count_digits(&trial, test);
    draw(&trial, (int64_t)(i / 64), i % 64);
    count_digits(&trial, fresh);
    carries += trial.answers[0];
  }
  for (int i = 0; i < 10; i++) {
    assert_uniform(train[i], 10, "training");
    assert_uniform(test[i], 10, "test");
    assert_uniform(fresh[i], 10, "fresh");
  }
  assert_share(carries, 20000, 0.499995, "sums of six digits"); /* (10^10 - 10^5) / 2 of 10^10 */
  trial_release(&trial);
}
END_TEST

/* Over the seeds, the first and second of all hundred sums of two digits: every sum, and every
   relation between the two, as often as in a random order. */
START_TEST(orders_are_random)
{
  enum { SEEDS = 20000 };
  static const char *const settings[MOST_SETTINGS] = {"data.task=digits", "data.digits=1",
                                                      "data.examples=2", "data.test_examples=1"};
  struct Trial trial;
  int first[100] = {0}, second[100] = {0}, last[100] = {0};
  int same_x = 0, same_y = 0, next = 0, ascending = 0;
  trial_init(&trial, settings);
  for (int64_t seed = 0; seed < SEEDS; seed++) {
    trial.examples.data.seed = seed;
    get(&trial, SUBSET_TRAIN, 0);
    int64_t one = check_sum(&trial);
    get(&trial, SUBSET_TRAIN, 1);
    int64_t two = check_sum(&trial);
    get(&trial, SUBSET_TEST, 0);
    int64_t three = check_sum(&trial);
    REQUIRE(one != two && two != three && one != three);
    first[one]++;
    second[two]++;
    last[three]++;
    same_x += one / 10 == two / 10;
    same_y += one % 10 == two % 10;
    next += two == (one + 1) % 100;
    ascending += one < two;
  }
  assert_uniform(first, 100, "the first");
  assert_uniform(second, 100, "the second");
  assert_uniform(last, 100, "the last");
  assert_share(same_x, SEEDS, 9.0 / 99, "of the same x");
  assert_share(same_y, SEEDS, 9.0 / 99, "of the same y");
  assert_share(next, SEEDS, 1.0 / 99, "side by side");
  assert_share(ascending, SEEDS, 0.5, "in order");
  trial_release(&trial);
}
END_TEST

/* ---- subsequence ---- */

/* The sequence of tokens; the last one is known only where it counts, and is -1 elsewhere. */
static void sequence_of(const struct Trial *trial, int *sequence)
{
  size_t N = trial->examples.N;
  memcpy(sequence, trial->tokens, N * sizeof *sequence);
  sequence[N] = trial->answers[N - 1];
  for (size_t i = 0; i < N; i++)
    if (trial->answers[i] >= 0) REQUIRE(trial->answers[i] == sequence[i + 1]);
}

/* The tokens that count are occurrences, one after the other, of a run that stands before them. */
static void check_subsequence(const struct Trial *trial)
{
  int sequence[MOST_TOKENS], L = trial->config.data.length, run = trial->config.data.run;
  int starts[MOST_TOKENS], n = 0, counted = 0, first = 0;
  sequence_of(trial, sequence);
  for (int i = 1; i < L; i++) {
    REQUIRE(sequence[i] < trial->config.data.vocabulary);
    if (trial->answers[i - 1] < 0) continue;
    if (counted++ % run == 0) starts[n++] = i;
    REQUIRE(i == starts[n - 1] + (counted - 1) % run);
  }
  REQUIRE(n == trial->config.data.repeats - 1);
  REQUIRE(counted == run * n);
  for (bool found = false; !found; first++) {
    REQUIRE(first + run <= starts[0]);
    found = true;
    for (int k = 0; k < n; k++)
      found = found &&
              memcmp(sequence + first, sequence + starts[k], (size_t)run * sizeof *sequence) == 0;
  }
}

static const char *const subsequence_settings[][MOST_SETTINGS] = {
    {"data.task=subsequence", "data.examples=512", "data.test_examples=300"},
    {"data.task=subsequence", "data.examples=300", "data.vocabulary=2", "data.length=4",
     "data.run=2", "data.repeats=2"},
    {"data.task=subsequence", "data.examples=300", "data.vocabulary=5", "data.length=9",
     "data.run=1", "data.repeats=9"},
    {"data.task=subsequence", "data.examples=20", "data.vocabulary=4096", "data.length=1024",
     "data.run=100", "data.repeats=10"},
};

START_TEST(subsequences_are_repeated)
{
  struct Trial trial;
  trial_init(&trial, subsequence_settings[_i]);
  ck_assert_int_eq((int)trial.examples.N, trial.config.data.length - 1);
  ck_assert_int_eq((int)trial.examples.R, trial.config.data.length - 1);
  for (int subset = SUBSET_TRAIN; subset <= SUBSET_TEST; subset++)
    for (size_t i = 0; i < trial.examples.n[subset]; i++) {
      get(&trial, (enum Subset)subset, i);
      check_subsequence(&trial);
    }
  for (size_t i = 0; i < 100; i++) {
    draw(&trial, 1 << 26, i);
    check_subsequence(&trial);
  }
  trial_release(&trial);
}
END_TEST

/* With the paper's sizes 32 of 84 positions count. */
START_TEST(of_the_papers_positions_32_count)
{
  struct Trial trial;
  trial_init(&trial, subsequence_settings[0]);
  for (size_t i = 0; i < 300; i++) {
    int counted = 0;
    get(&trial, SUBSET_TRAIN, i);
    for (size_t k = 0; k < trial.examples.R; k++)
      counted += trial.answers[k] != -1;
    ck_assert_uint_eq(trial.examples.R, 84);
    ck_assert_int_eq(counted, 32);
  }
  trial_release(&trial);
}
END_TEST

/* With so many tokens, only those of the run are equal: their places are seen. */
static const struct {
  const char *settings[MOST_SETTINGS];
  int n_arrangements;
} arrangements[] = {
    {{"data.task=subsequence", "data.examples=20000", "data.vocabulary=4096", "data.length=5",
      "data.run=1", "data.repeats=2"},
     10},
    {{"data.task=subsequence", "data.examples=20000", "data.vocabulary=4096", "data.length=7",
      "data.run=2", "data.repeats=2"},
     10},
    {{"data.task=subsequence", "data.examples=20000", "data.vocabulary=4096", "data.length=8",
      "data.run=2", "data.repeats=3"},
     10},
};

/* An arrangement as a number: bit i tells whether token i equals an earlier or a later one. */
static unsigned places_of_equals(const struct Trial *trial)
{
  int sequence[MOST_TOKENS], L = trial->config.data.length;
  unsigned places = 0;
  sequence_of(trial, sequence);
  for (int i = 0; i < L; i++)
    for (int k = 0; k < L; k++)
      if (i != k && sequence[i] == sequence[k] && sequence[i] >= 0) places |= 1u << i;
  return places;
}

START_TEST(arrangements_are_equally_likely)
{
  struct Trial trial;
  int counts[256] = {0}, found[256], n = 0, usual = 0;
  trial_init(&trial, arrangements[_i].settings);
  int n_equal = trial.config.data.run * trial.config.data.repeats;
  for (size_t i = 0; i < trial.examples.n[SUBSET_TRAIN]; i++) {
    get(&trial, SUBSET_TRAIN, i);
    unsigned places = places_of_equals(&trial);
    if (__builtin_popcount(places) != n_equal) continue; /* others are equal by chance */
    /* which occurrence is the first cannot tell apart two that touch */
    counts[places]++;
    usual++;
  }
  ck_assert_int_gt(usual, 19700);
  for (int i = 0; i < 256; i++)
    if (counts[i] > 0) found[n++] = counts[i];
  ck_assert_int_eq(n, arrangements[_i].n_arrangements);
  assert_uniform(found, (size_t)n, "arrangements");
  trial_release(&trial);
}
END_TEST

START_TEST(tokens_of_sequences_are_uniform)
{
  static const char *const settings[MOST_SETTINGS] = {
      "data.task=subsequence", "data.examples=20000", "data.vocabulary=7",
      "data.length=8",         "data.run=3",          "data.repeats=2"};
  struct Trial trial;
  int counts[7][7] = {0}, answers[7] = {0};
  trial_init(&trial, settings);
  for (size_t i = 0; i < 20000; i++) {
    get(&trial, i % 2 ? SUBSET_TRAIN : SUBSET_TEST, i / 2);
    for (size_t k = 0; k < 7; k++) {
      counts[k][trial.tokens[k]]++;
      if (trial.answers[k] >= 0 && (k == 0 || trial.answers[k - 1] < 0))
        answers[trial.answers[k]]++;
    }
  }
  for (int k = 0; k < 7; k++)
    assert_uniform(counts[k], 7, "tokens");
  assert_uniform(answers, 7, "first tokens of an occurrence");
  trial_release(&trial);
}
END_TEST

/* ---- skip trigrams ---- */

static const char *const trigram_settings[][MOST_SETTINGS] = {
    {"data.task=skip-trigram", "data.examples=512"},
    {"data.task=skip-trigram", "data.examples=512", "data.vocabulary=20", "data.length=12",
     "data.seed=3"},
    {"data.task=skip-trigram", "data.examples=7", "data.test_examples=3", "data.vocabulary=11",
     "data.length=2"},
    {"data.task=skip-trigram", "data.examples=75", "data.test_examples=5", "data.vocabulary=12",
     "data.length=3"},
    {"data.task=skip-trigram", "data.examples=30", "data.vocabulary=4096", "data.length=1024"},
};

/* The answer of the table, from its definition. */
static int table_of(int64_t seed, int key, int last)
{
  uint64_t hash = random_hash("examples.table");
  uint32_t block[4], seed_words[2] = {(uint32_t)seed, (uint32_t)((uint64_t)seed >> 32)};
  uint32_t counter[4] = {(uint32_t)(10 * (last - 10) + key), 0, (uint32_t)hash,
                         (uint32_t)(hash >> 32)};
  random_philox(counter, seed_words, block);
  uint64_t bits = ((uint64_t)block[1] << 32 | block[0]) >> 11;
  return (int)floor((double)bits / 9007199254740992.0 * 10);
}

/* Returns the place of the key. */
static int check_trigram(const struct Trial *trial)
{
  int L = trial->config.data.length, keys = 0, place = -1;
  for (int i = 0; i < L; i++) {
    REQUIRE(trial->tokens[i] >= 0 && trial->tokens[i] < trial->config.data.vocabulary);
    if (trial->tokens[i] >= 10) continue;
    keys++;
    place = i;
  }
  REQUIRE(keys == 1);
  REQUIRE(place < L - 1);
  int answer = table_of(trial->config.data.seed, trial->tokens[place], trial->tokens[L - 1]);
  REQUIRE(trial->answers[0] == answer);
  return place;
}

START_TEST(trigrams_have_one_key_and_its_answer)
{
  struct Trial trial;
  trial_init(&trial, trigram_settings[_i]);
  ck_assert_int_eq((int)trial.examples.N, trial.config.data.length);
  ck_assert_uint_eq(trial.examples.R, 1);
  for (int subset = SUBSET_TRAIN; subset <= SUBSET_TEST; subset++)
    for (size_t i = 0; i < trial.examples.n[subset]; i++) {
      get(&trial, (enum Subset)subset, i);
      check_trigram(&trial);
    }
  for (size_t i = 0; i < 100; i++) {
    draw(&trial, 0, i);
    check_trigram(&trial);
  }
  trial_release(&trial);
}
END_TEST

/* Of the smallest sequences all that there are stand in the sets. */
START_TEST(no_trigram_stands_in_the_sets_twice)
{
  struct Trial trial;
  trial_init(&trial, trigram_settings[_i]);
  size_t n_train = trial.examples.n[SUBSET_TRAIN], n = n_train + trial.examples.n[SUBSET_TEST];
  size_t N = trial.examples.N, size = N * sizeof(int);
  int *all = calloc(n, size);
  for (size_t i = 0; i < n; i++) {
    if (i < n_train)
      get(&trial, SUBSET_TRAIN, i);
    else
      get(&trial, SUBSET_TEST, i - n_train);
    memcpy(all + i * N, trial.tokens, size);
    for (size_t k = 0; k < i; k++)
      REQUIRE(memcmp(all + i * N, all + k * N, size) != 0);
  }
  free(all);
  trial_release(&trial);
}
END_TEST

START_TEST(keys_places_and_tokens_are_uniform)
{
  static const char *const settings[MOST_SETTINGS] = {
      "data.task=skip-trigram", "data.examples=20000", "data.test_examples=20000",
      "data.vocabulary=17", "data.length=6"};
  struct Trial trial;
  for (int source = 0; source < 3; source++) {
    int places[5] = {0}, keys[10] = {0}, last[7] = {0}, others[7] = {0}, answers[10] = {0};
    trial_init(&trial, settings);
    for (size_t i = 0; i < 20000; i++) {
      if (source == 2)
        draw(&trial, (int64_t)i, 3);
      else
        get(&trial, source ? SUBSET_TEST : SUBSET_TRAIN, i);
      int place = check_trigram(&trial);
      places[place]++;
      keys[trial.tokens[place]]++;
      last[trial.tokens[5] - 10]++;
      others[trial.tokens[place == 0] - 10]++;
      answers[trial.answers[0]]++;
    }
    assert_uniform(places, 5, "places");
    assert_uniform(keys, 10, "keys");
    assert_uniform(last, 7, "last tokens");
    assert_uniform(others, 7, "tokens before");
    int table[10] = {0};
    for (int key = 0; key < 10; key++)
      for (int token = 10; token < 17; token++)
        table[table_of(0, key, token)]++;
    for (int i = 0; i < 10; i++)
      if (table[i] > 0) assert_share(answers[i], 20000, table[i] / 70.0, "answers");
    trial_release(&trial);
  }
}
END_TEST

START_TEST(tables_of_other_seeds_are_others)
{
  int equal = 0, n = 0;
  for (int key = 0; key < 10; key++)
    for (int last = 10; last < 128; last++, n++)
      equal += table_of(1, key, last) == table_of(2, key, last);
  assert_share(equal, n, 0.1, "equal answers");
}
END_TEST

/* ---- what an example depends on ---- */

static const char *const tasks[] = {"data.task=digits", "data.task=subsequence",
                                    "data.task=skip-trigram"};

static bool same_example(const struct Trial *a, const struct Trial *b)
{
  return memcmp(a->tokens, b->tokens, sizeof a->tokens) == 0 &&
         memcmp(a->answers, b->answers, sizeof a->answers) == 0;
}

START_TEST(examples_depend_on_seed_subset_and_index_alone)
{
  const char *const small[MOST_SETTINGS] = {tasks[_i], "data.examples=50", "data.test_examples=9"};
  const char *const large[MOST_SETTINGS] = {tasks[_i], "data.examples=900", "data.test_examples=90",
                                            "train.batch_size=8", "train.seed=5"};
  const char *const other[MOST_SETTINGS] = {tasks[_i], "data.examples=50", "data.test_examples=9",
                                            "data.seed=1"};
  struct Trial one, two, three;
  trial_init(&one, small);
  trial_init(&two, large);
  trial_init(&three, other);
  for (size_t i = 9; i-- > 0;) {
    get(&one, SUBSET_TRAIN, i);
    get(&two, SUBSET_TRAIN, i);
    get(&three, SUBSET_TRAIN, i);
    ck_assert(same_example(&one, &two) && !same_example(&one, &three));
    get(&two, SUBSET_TRAIN, i + 1);
    ck_assert(!same_example(&one, &two));
    get(&two, SUBSET_TEST, i);
    ck_assert(!same_example(&one, &two));
    get(&one, SUBSET_TEST, i);
    get(&three, SUBSET_TEST, i);
    ck_assert(same_example(&one, &two) && !same_example(&one, &three));
  }
  trial_release(&one);
  trial_release(&two);
  trial_release(&three);
}
END_TEST

START_TEST(fresh_examples_depend_on_seed_step_and_index_alone)
{
  const char *const settings[MOST_SETTINGS] = {tasks[_i], "train.batch_size=64"};
  const char *const large[MOST_SETTINGS] = {tasks[_i], "train.batch_size=128",
                                            "data.test_examples=3"};
  struct Trial one, two;
  trial_init(&one, settings);
  trial_init(&two, large);
  ck_assert_uint_eq(one.examples.n[SUBSET_TRAIN], 0);
  ck_assert_uint_eq(one.examples.n[SUBSET_TEST], 1024);
  for (size_t i = 0; i < 64; i++) {
    draw(&one, 7, i);
    draw(&two, 7, i);
    ck_assert(same_example(&one, &two));
    draw(&two, 8, i);
    ck_assert(!same_example(&one, &two));
    draw(&two, 7, i + 1);
    ck_assert(!same_example(&one, &two));
    get(&two, SUBSET_TEST, i % 3);
    ck_assert(!same_example(&one, &two));
    two.examples.data.seed = -7;
    draw(&two, 7, i);
    ck_assert(!same_example(&one, &two));
    two.examples.data.seed = 0;
  }
  trial_release(&one);
  trial_release(&two);
}
END_TEST

/* The first training and test example and a fresh one, as they have always been: runs that exist
   are of these. */
static const struct {
  const char *settings[MOST_SETTINGS];
  int tokens[3][9], answers[3][9];
} kept[] = {
    {{"data.task=digits", "data.digits=2", "data.examples=9"},
     {{4, 5, 10, 0, 4, 11, 0, 4}, {5, 7, 10, 5, 2, 11, 1, 0}, {6, 9, 10, 4, 9, 11, 1, 1}},
     {{0, 4, 9}, {1, 0, 9}, {1, 1, 8}}},
    {{"data.task=subsequence", "data.vocabulary=20", "data.length=8", "data.run=2",
      "data.repeats=2", "data.examples=9"},
     {{18, 7, 4, 15, 6, 7, 4}, {7, 19, 1, 0, 1, 0, 17}, {18, 18, 15, 11, 18, 12, 18}},
     {{-1, -1, -1, -1, 7, 4, -1}, {-1, -1, -1, 1, 0, -1, -1}, {-1, -1, -1, -1, -1, 18, 12}}},
    {{"data.task=skip-trigram", "data.vocabulary=20", "data.length=6", "data.examples=9"},
     {{9, 10, 13, 11, 12, 11}, {15, 16, 13, 15, 7, 17}, {17, 17, 18, 9, 19, 14}},
     {{3}, {2}, {6}}},
};

START_TEST(examples_stay_what_they_are)
{
  struct Trial trial;
  trial_init(&trial, kept[_i].settings);
  for (int which = 0; which < 3; which++) {
    if (which == 2)
      draw(&trial, 3, 5);
    else
      get(&trial, (enum Subset)which, 0);
    ck_assert_mem_eq(trial.tokens, kept[_i].tokens[which], trial.examples.N * sizeof(int));
    ck_assert_mem_eq(trial.answers, kept[_i].answers[which], trial.examples.R * sizeof(int));
  }
  trial_release(&trial);
}
END_TEST

#define LENGTH(array) (int)(sizeof(array) / sizeof *(array))

int main(void)
{
  Suite *suite = suite_create("examples");
  TCase *pairs = tcase_create("pairs");
  tcase_add_loop_test(pairs, pairs_are_those_of_the_data_set, 0, LENGTH(pair_settings));
  suite_add_tcase(suite, pairs);
  TCase *digits = tcase_create("digits");
  tcase_add_loop_test(digits, sums_are_right, 0, LENGTH(digit_settings));
  tcase_add_loop_test(digits, no_sum_stands_in_the_sets_twice, 0, LENGTH(digit_settings));
  tcase_add_test(digits, digits_are_uniform);
  tcase_add_test(digits, orders_are_random);
  suite_add_tcase(suite, digits);
  TCase *subsequence = tcase_create("subsequence");
  tcase_add_loop_test(subsequence, subsequences_are_repeated, 0, LENGTH(subsequence_settings));
  tcase_add_test(subsequence, of_the_papers_positions_32_count);
  tcase_add_loop_test(subsequence, arrangements_are_equally_likely, 0, LENGTH(arrangements));
  tcase_add_test(subsequence, tokens_of_sequences_are_uniform);
  suite_add_tcase(suite, subsequence);
  TCase *trigrams = tcase_create("skip trigrams");
  tcase_add_loop_test(trigrams, trigrams_have_one_key_and_its_answer, 0, LENGTH(trigram_settings));
  tcase_add_loop_test(trigrams, no_trigram_stands_in_the_sets_twice, 0, LENGTH(trigram_settings));
  tcase_add_test(trigrams, keys_places_and_tokens_are_uniform);
  tcase_add_test(trigrams, tables_of_other_seeds_are_others);
  suite_add_tcase(suite, trigrams);
  TCase *origin = tcase_create("origin");
  tcase_add_loop_test(origin, examples_depend_on_seed_subset_and_index_alone, 0, LENGTH(tasks));
  tcase_add_loop_test(origin, fresh_examples_depend_on_seed_step_and_index_alone, 0, LENGTH(tasks));
  tcase_add_loop_test(origin, examples_stay_what_they_are, 0, LENGTH(kept));
  suite_add_tcase(suite, origin);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
