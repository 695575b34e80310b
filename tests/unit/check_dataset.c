/* Random numbers, the data set and its split, the list of parameters and their initialisation. */
#include "network/answers.h"
#include "network/dataset.h"
#include "network/parameters.h"
#include "network/random.h"

#include <check.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))
/* ---- random numbers ---- */

/* Known-answer vectors published by the authors of Philox with Random123 (tests/kat_vectors). */
static const struct {
  uint32_t counter[4], key[2], output[4];
} philox_answers[] = {
    {{0}, {0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

START_TEST(philox_gives_the_published_answers)
{
  uint32_t output[4];
  random_philox(philox_answers[_i].counter, philox_answers[_i].key, output);
  ck_assert_mem_eq(output, philox_answers[_i].output, sizeof output);
}
END_TEST

START_TEST(hash_gives_the_published_answers)
{
  ck_assert_uint_eq(random_hash(""), UINT64_C(0xcbf29ce484222325));
  ck_assert_uint_eq(random_hash("a"), UINT64_C(0xaf63dc4c8601ec8c));
  ck_assert_uint_eq(random_hash("foobar"), UINT64_C(0x85944171f73967e8));
}
END_TEST

START_TEST(draws_depend_on_seed_name_and_index)
{
  double drawn = random_uniform(3, "embed.W_E", 5);
  ck_assert(drawn == random_uniform(3, "embed.W_E", 5));
  ck_assert(drawn != random_uniform(4, "embed.W_E", 5));
  ck_assert(drawn != random_uniform(-3, "embed.W_E", 5));
  ck_assert(drawn != random_uniform(3 + (INT64_C(1) << 32), "embed.W_E", 5));
  ck_assert(drawn != random_uniform(3, "embed.W_F", 5));
  ck_assert(drawn != random_uniform(3, "embed.W_E", 6));
  ck_assert(drawn != random_uniform(3, "embed.W_E", 5 + (UINT64_C(1) << 32)));
}
END_TEST

enum { N_DRAWS = 200000 };

/* Moments within five standard errors: of the mean sqrt(var/n), and so on. */
START_TEST(uniforms_are_uniform)
{
  double sum = 0, squares = 0, product = 0, previous = 0.5;
  for (uint64_t i = 0; i < N_DRAWS; i++) {
    double u = random_uniform(1, "test", i);
    ck_assert(u >= 0 && u < 1);
    sum += u;
    squares += u * u;
    product += (u - 0.5) * (previous - 0.5);
    previous = u;
  }
  ck_assert_double_eq_tol(sum / N_DRAWS, 0.5, 5 * sqrt(1.0 / 12 / N_DRAWS));
  ck_assert_double_eq_tol(squares / N_DRAWS, 1.0 / 3, 5 * sqrt(4.0 / 45 / N_DRAWS));
  ck_assert_double_eq_tol(product / N_DRAWS, 0, 5 * (1.0 / 12) / sqrt(N_DRAWS));
}
END_TEST

START_TEST(normals_are_normal)
{
  double powers[5] = {0};
  int beyond_two = 0;
  for (uint64_t i = 0; i < N_DRAWS; i++) {
    double z = random_normal(1, "test", i);
    for (int k = 1; k <= 4; k++)
      powers[k] += pow(z, k) / N_DRAWS;
    beyond_two += fabs(z) > 2;
  }
  ck_assert_double_eq_tol(powers[1], 0, 5 * sqrt(1.0 / N_DRAWS));
  ck_assert_double_eq_tol(powers[2], 1, 5 * sqrt(2.0 / N_DRAWS));
  ck_assert_double_eq_tol(powers[3], 0, 5 * sqrt(15.0 / N_DRAWS));
  ck_assert_double_eq_tol(powers[4], 3, 5 * sqrt(96.0 / N_DRAWS));
  double share = erfc(sqrt(2));
  ck_assert_double_eq_tol((double)beyond_two / N_DRAWS, share, 5 * sqrt(share / N_DRAWS));
}
END_TEST

/* The normal of an index, recomputed from its block with the C library's functions. */
START_TEST(normals_are_those_of_box_and_muller)
{
  for (uint64_t i = 0; i < 1000; i++) {
    uint64_t hash = random_hash("test");
    uint32_t counter[4] = {(uint32_t)i, 0, (uint32_t)hash, (uint32_t)(hash >> 32)};
    uint32_t key[2] = {7, 0}, block[4];
    random_philox(counter, key, block);
    double u = (double)(((uint64_t)block[1] << 32 | block[0]) >> 11) / 9007199254740992.0;
    double expected = sqrt(-2 * log1p(-u)) * cos(6.283185307179586477 * block[2] / 4294967296.0);
    ck_assert(random_uniform(7, "test", i) == u);
    ck_assert_double_eq_tol(random_normal(7, "test", i), expected, 1e-14 * (1 + fabs(expected)));
  }
}
END_TEST

START_TEST(seeds_are_the_bits_of_the_uniform_numbers)
{
  for (uint64_t i = 0; i < 1000; i++) {
    uint64_t bits = (uint64_t)random_seed(3, "test", i);
    ck_assert(random_uniform(3, "test", i) == (double)(bits >> 11) / 9007199254740992.0);
    ck_assert(bits != (uint64_t)random_seed(3, "test", i + 1));
  }
}
END_TEST

/* CPython 3.11's output after random.seed(seed): three getrandbits(32), two getrandbits(40),
   getrandbits(64), getrandbits(1), and six _randbelow(6). */
static const struct {
  int64_t seed;
  uint64_t bits32[3], bits40[2], bits64, bit, below6[6];
} python_draws[] = {
    {0,
     {0xd82c07cd, 0x629f6fbe, 0xc2094cac},
     {0x6be3e70682, 0x420a5d2f34},
     0x82e2e662f728b4fa,
     0,
     {3, 2, 3, 2, 4, 1}},
    {-1,
     {0x2265b1f5, 0x91b7584a, 0xd8f16adf},
     {0xc3cd613e30, 0x411027c4d1},
     0x7ed4d57b1e2feb89,
     1,
     {3, 3, 5, 3, 1, 0}},
    {12345678901,
     {0xf22dd495, 0x98b9cae7, 0x53f7ce13},
     {0x62de3e1e9f, 0x895aa98ec1},
     0x1d59179eb4a6aa08,
     1,
     {1, 2, 2, 1, 5, 2}},
    {INT64_MIN,
     {0x8dafd108, 0x64d61bfe, 0xf0cc1c28},
     {0x3d3596ee48, 0xd9f81e667b},
     0x15b28d35808c8763,
     0,
     {2, 4, 2, 3, 5, 5}},
    {INT64_C(1) << 32,
     {0x1ced31d7, 0x59ef8bbc, 0x6af6d506},
     {0x4ef49e4d2, 0x9c05d7a70d},
     0xce3ee200e047a393,
     1,
     {2, 4, 3, 0, 1, 0}},
    {UINT32_MAX,
     {0xa2a6c909, 0x9e9c04f4, 0x3404e941},
     {0x9b3720bfa9, 0x4a85bbddd4},
     0x570c10069a6188fb,
     1,
     {3, 5, 5, 2, 2, 3}},
};

START_TEST(twister_draws_what_python_draws)
{
  struct Twister twister;
  twister_seed(&twister, python_draws[_i].seed);
  for (int i = 0; i < 3; i++)
    ck_assert_uint_eq(twister_bits(&twister, 32), python_draws[_i].bits32[i]);
  for (int i = 0; i < 2; i++)
    ck_assert_uint_eq(twister_bits(&twister, 40), python_draws[_i].bits40[i]);
  ck_assert_uint_eq(twister_bits(&twister, 64), python_draws[_i].bits64);
  ck_assert_uint_eq(twister_bits(&twister, 1), python_draws[_i].bit);
  for (int i = 0; i < 6; i++)
    ck_assert_uint_eq(twister_below(&twister, 6), python_draws[_i].below6[i]);
}
END_TEST

START_TEST(twister_goes_on_past_its_state)
{
  struct Twister twister;
  twister_seed(&twister, 5);
  for (int i = 0; i < 1999; i++)
    twister_next(&twister);
  ck_assert_uint_eq(twister_next(&twister), 0xac8c92db);
}
END_TEST

/* ---- the data set ---- */

static struct DataConfig data_config(int p, double fraction, int64_t seed)
{
  return (struct DataConfig){.modulus = p, .train_fraction = fraction, .seed = seed};
}

/* CPython's results: the first four pairs of the order and the last training pair, the number of
   training pairs, and the sum of p a + b over them. */
static const struct {
  int64_t seed;
  int p;
  double fraction;
  size_t n_train;
  size_t first[4][2], last[2];
  size_t sum;
} python_splits[] = {
    {0, 113, 0.3, 3830, {{18, 34}, {10, 83}, {55, 28}, {25, 51}}, {65, 24}, 24672933},
    {1, 113, 0.3, 3830, {{58, 58}, {76, 57}, {60, 23}, {100, 89}}, {25, 50}, 24321622},
    {-1, 113, 0.3, 3830, {{58, 58}, {76, 57}, {60, 23}, {100, 89}}, {25, 50}, 24321622},
    {12345678901, 113, 0.3, 3830, {{40, 100}, {48, 82}, {8, 1}, {13, 99}}, {36, 98}, 24166657},
    {0, 59, 0.4, 1392, {{47, 3}, {44, 58}, {35, 33}, {32, 34}}, {39, 18}, 2430282},
    {3, 12, 0.29, 41, {{5, 7}, {11, 6}, {4, 0}, {2, 7}}, {6, 10}, 2828},
    /* 0.29 x 100 and 0.57 x 100 fall short of 29 and 57 in double precision */
    {0, 10, 0.29, 28, {{2, 3}, {0, 8}, {1, 1}, {0, 7}}, {2, 9}, 1081},
    {0, 10, 0.57, 56, {{2, 3}, {0, 8}, {1, 1}, {0, 7}}, {4, 6}, 2617},
};

START_TEST(split_is_that_of_python)
{
  struct Error error;
  struct Dataset dataset;
  size_t p = (size_t)python_splits[_i].p;
  struct DataConfig config =
      data_config(python_splits[_i].p, python_splits[_i].fraction, python_splits[_i].seed);
  ck_assert_msg(dataset_init(&dataset, &config, &error), "%s", error.message);
  ck_assert_uint_eq(dataset.n_train, python_splits[_i].n_train);
  ck_assert_uint_eq(dataset.n_test, p * p - python_splits[_i].n_train);
  size_t sum = 0, n_train = 0;
  for (size_t i = 0; i < p * p; i++) {
    ck_assert(dataset.train[i] <= 1);
    sum += dataset.train[i] ? i : 0;
    n_train += dataset.train[i];
  }
  ck_assert_uint_eq(sum, python_splits[_i].sum);
  ck_assert_uint_eq(n_train, dataset.n_train);

  size_t *pairs = calloc(p * p, sizeof *pairs);
  ck_assert(dataset_shuffle(pairs, python_splits[_i].p, python_splits[_i].seed, &error));
  for (int i = 0; i < 4; i++)
    ck_assert_uint_eq(pairs[i], p * python_splits[_i].first[i][0] + python_splits[_i].first[i][1]);
  ck_assert_uint_eq(pairs[dataset.n_train - 1],
                    p * python_splits[_i].last[0] + python_splits[_i].last[1]);
  free(pairs);
  dataset_release(&dataset);
}
END_TEST

START_TEST(the_smallest_modulus_works)
{
  struct Error error;
  struct Dataset dataset;
  struct DataConfig config = data_config(2, 0.3, 7); /* Python: (1, 1) trains */
  ck_assert(dataset_init(&dataset, &config, &error));
  ck_assert_mem_eq(dataset.train, ((const uint8_t[]){0, 0, 0, 1}), 4);
  ck_assert_mem_eq(dataset.answer, ((const int[]){0, 1, 1, 0}), 4 * sizeof(int));
  ck_assert(dataset.n_train == 1 && dataset.n_test == 3);
  dataset_release(&dataset);
  ck_assert_ptr_null(dataset.answer);
}
END_TEST

static const struct {
  enum Operation operation;
  int p, a, b, answer;
} answers[] = {
    {OPERATION_ADD, 113, 112, 112, 111},
    {OPERATION_ADD, 113, 3, 4, 7},
    {OPERATION_ADD, 12, 7, 5, 0},
    {OPERATION_SUBTRACT, 113, 3, 4, 112},
    {OPERATION_SUBTRACT, 113, 4, 3, 1},
    {OPERATION_SUBTRACT, 12, 0, 11, 1},
    {OPERATION_QUADRATIC, 113, 3, 4, 37},
    {OPERATION_QUADRATIC, 113, 10, 11, 105},
    {OPERATION_QUADRATIC, 113, 112, 112, 3},
    {OPERATION_QUADRATIC, 12, 5, 11, 9},
    {OPERATION_MULTIPLY, 113, 112, 112, 1},
    {OPERATION_MULTIPLY, 113, 10, 34, 1},
    {OPERATION_MULTIPLY, 12, 6, 8, 0},
    {OPERATION_MULTIPLY, 1021, 1020, 1019, 2},
    {OPERATION_DIVIDE, 113, 1, 10, 34},
    {OPERATION_DIVIDE, 113, 7, 0, 0},
    {OPERATION_DIVIDE, 113, 0, 7, 0},
    {OPERATION_DIVIDE, 2, 1, 1, 1},
    {OPERATION_DIVIDE, 1021, 3, 1020, 1018},
};

START_TEST(operations_answer_as_defined)
{
  struct Error error;
  struct Dataset dataset;
  struct DataConfig config = data_config(answers[_i].p, 0.3, 0);
  config.operation = answers[_i].operation;
  ck_assert(dataset_init(&dataset, &config, &error));
  ck_assert_int_eq(dataset.answer[answers[_i].p * answers[_i].a + answers[_i].b],
                   answers[_i].answer);
  dataset_release(&dataset);
}
END_TEST

/* a / b is the only number whose product with b is a. */
START_TEST(division_undoes_multiplication)
{
  static const int primes[] = {2, 3, 5, 113, 1021};
  size_t p = (size_t)primes[_i];
  struct Error error;
  struct Dataset products, quotients;
  struct DataConfig config = data_config(primes[_i], 0.3, 0);
  config.operation = OPERATION_MULTIPLY;
  ck_assert(dataset_init(&products, &config, &error));
  config.operation = OPERATION_DIVIDE;
  ck_assert(dataset_init(&quotients, &config, &error));
  size_t wrong = 0;
  for (size_t a = 0; a < p; a++)
    for (size_t b = 0; b < p; b++) {
      size_t product = (size_t)products.answer[p * a + b];
      wrong += product != a * b % p;
      wrong += b > 0 && quotients.answer[p * product + b] != (int)a;
      wrong += b == 0 && quotients.answer[p * a] != 0;
    }
  ck_assert_uint_eq(wrong, 0);
  dataset_release(&products);
  dataset_release(&quotients);
}
END_TEST

/* Random answers: each of the p numbers about p times (within five standard deviations),
   different for a different seed, and independent of the split. */
START_TEST(random_answers_are_fixed_and_uniform)
{
  enum { P = 113 };
  struct Error error;
  struct Dataset one, same, other;
  struct DataConfig config = data_config(P, 0.3, 5);
  config.operation = OPERATION_RANDOM;
  ck_assert(dataset_init(&one, &config, &error));
  config.train_fraction = 0.7;
  ck_assert(dataset_init(&same, &config, &error));
  config.seed = 6;
  ck_assert(dataset_init(&other, &config, &error));
  ck_assert_mem_eq(one.answer, same.answer, P * P * sizeof(int));
  int equal = 0, counts[P] = {0};
  for (int i = 0; i < P * P; i++) {
    ck_assert(one.answer[i] >= 0 && one.answer[i] < P);
    counts[one.answer[i]]++;
    equal += one.answer[i] == other.answer[i];
  }
  for (int i = 0; i < P; i++)
    ck_assert_double_eq_tol(counts[i], P, 5 * sqrt(P));
  ck_assert_double_eq_tol(equal, P, 5 * sqrt(P));
  dataset_release(&one);
  dataset_release(&same);
  dataset_release(&other);
}
END_TEST

START_TEST(other_tasks_have_no_pairs)
{
  static const enum Task tasks[] = {TASK_DIGITS, TASK_SUBSEQUENCE, TASK_SKIP_TRIGRAM};
  struct Error error;
  struct Dataset dataset;
  struct DataConfig config = data_config(113, 0.3, 0);
  config.task = tasks[_i];
  ck_assert(dataset_init(&dataset, &config, &error));
  ck_assert(dataset.p == 0 && dataset.n_train == 0 && dataset.n_test == 0);
  ck_assert(!dataset.answer && !dataset.train);
  dataset_release(&dataset);
}
END_TEST

static const struct {
  int p;
  double fraction;
  const char *expected;
} bad_splits[] = {
    {2, 0.2, "leaves none to train on"},   {10, 0.0099, "leaves none to train on"},
    {10, 0, "leaves none to train on"},    {10, -0.5, "leaves none to train on"},
    {10, NAN, "leaves none to train on"},  {10, 1, "leaves none to test on"},
    {10, 1e300, "leaves none to test on"},
};

START_TEST(a_split_without_training_or_test_pairs_is_refused)
{
  struct Error error = {0};
  struct Dataset dataset;
  struct DataConfig config = data_config(bad_splits[_i].p, bad_splits[_i].fraction, 0);
  ck_assert(!dataset_init(&dataset, &config, &error));
  ck_assert_msg(strstr(error.message, bad_splits[_i].expected), "%s", error.message);
  ck_assert_msg(strstr(error.message, "data.train_fraction="), "%s", error.message);
}
END_TEST

/* ---- answers from a file ---- */

static char table_path[] = "/tmp/check_dataset.XXXXXX";

static void make_table(void)
{
  int descriptor = mkstemp(table_path);
  ck_assert_int_ge(descriptor, 0);
  close(descriptor);
}

static void remove_table(void)
{
  unlink(table_path);
}

static void write_table(const char *text, size_t size)
{
  FILE *stream = fopen(table_path, "wb");
  ck_assert_ptr_nonnull(stream);
  ck_assert_uint_eq(fwrite(text, 1, size, stream), size);
  ck_assert_int_eq(fclose(stream), 0);
}

static struct DataConfig table_config(int p)
{
  struct DataConfig config = data_config(p, 0.4, 0);
  config.operation = OPERATION_TABLE;
  snprintf(config.table, sizeof config.table, "%s", table_path);
  return config;
}

static const char *const same_tables[] = {
    "0 1 2\n2 2 0\n1 0 1\n",
    "0 1 2\n2 2 0\n1 0 1", /* no newline at the end */
    "0 1 2\n2 2 0\n1 0 1 ",
    "0 1 2\n2 2 0\n1 0 1# the end",
    "\n\n# p = 3\n\t0 1\t 2 \n \n2 2 +0#b\n  # 7 8 9\n01 -0 1\n\n#",
    "0\t1\t2\r\n2\t2\t0\r\n1\t0\t1\r\n",
};

START_TEST(a_table_is_its_numbers)
{
  struct Error error = {0};
  struct Dataset dataset, sums;
  struct DataConfig config = table_config(3);
  static const int expected[] = {0, 1, 2, 2, 2, 0, 1, 0, 1};
  write_table(same_tables[_i], strlen(same_tables[_i]));
  ck_assert_msg(dataset_init(&dataset, &config, &error), "%s", error.message);
  ck_assert_mem_eq(dataset.answer, expected, sizeof expected);
  ck_assert(digest_equal(answers_digest(dataset.answer, 3), answers_digest(expected, 3)));
  config.operation = OPERATION_ADD;
  ck_assert(dataset_init(&sums, &config, &error));
  ck_assert_mem_eq(dataset.train, sums.train, 9);
  ck_assert_uint_eq(dataset.n_train, 3);
  dataset_release(&dataset);
  ck_assert(dataset_init_with(&dataset, &config, expected, &error));
  ck_assert_mem_eq(dataset.answer, expected, sizeof expected);
  ck_assert_mem_eq(dataset.train, sums.train, 9);
  dataset_release(&dataset);
  dataset_release(&sums);
}
END_TEST

#define TEXT(text) text, sizeof text - 1

static const struct {
  const char *text;
  size_t size;
  const char *expected; /* behind the path */
} bad_tables[] = {
    {TEXT("0 1 2\n2 0\n1 0 1\n"), ":2: found 2 answers in this row, expected 3, one for each b, as "
                                  "data.modulus is 3"},
    {TEXT("0 1 2\n2 2 0 1\n1 0 1\n"), ":2: found more than 3 answers in this row, expected 3, one "
                                      "for each b, as data.modulus is 3"},
    {TEXT("# one line\n0 1 2 2 2 0 1 0 1\n"),
     ":2: found more than 3 answers in this row, expected 3, one for each b, as data.modulus is 3"},
    {TEXT("0 1 2\n\n2 2 0\n1 0"),
     ":4: found 2 answers in this row, expected 3, one for each b, as data.modulus is 3"},
    {TEXT("0 1 2\n2 2 0\n"),
     ":3: found 2 rows of answers, expected 3, one for each a, as data.modulus is 3"},
    {TEXT(""), ":1: found 0 rows of answers, expected 3, one for each a, as data.modulus is 3"},
    {TEXT("#"), ":1: found 0 rows of answers, expected 3, one for each a, as data.modulus is 3"},
    {TEXT("0 1 2\n2 2 0\n1 0 1\n\n# more\n1 0 1\n"),
     ":6: found more than 3 rows of answers, expected 3, one for each a, as data.modulus is 3"},
    {TEXT("0 1 2\n2 3 0\n1 0 1\n"), ":2: found \"3\", expected an integer from 0 to 2"},
    {TEXT("0 1 2\n2 2 0\n1 0 -1\n"), ":3: found \"-1\", expected an integer from 0 to 2"},
    {TEXT("0 1.0 2\n2 2 0\n1 0 1\n"), ":1: found \"1.0\", expected an integer from 0 to 2"},
    {TEXT("0,1,2\n2,2,0\n1,0,1\n"), ":1: found \"0,1,2\", expected an integer from 0 to 2"},
    {TEXT("0 0x1 2\n"), ":1: found \"0x1\", expected an integer from 0 to 2"},
    {TEXT("0 1 2\n2 2 18446744073709551616\n"),
     ":2: found \"18446744073709551616\", expected an integer from 0 to 2"},
    {TEXT("0 00000000000000000000000000000000001 2\n"),
     ":1: found \"00000000000000000000000\", expected an integer from 0 to 2"},
    {TEXT("0 1 2\n2 2\0 0\n1 0 1\n"), ":2: contains a NUL byte: not a text file"},
    {TEXT("0 1 2\n2 2 0\n1 0 1\n# \0"), ":4: contains a NUL byte: not a text file"},
    {TEXT("\0"), ":1: contains a NUL byte: not a text file"},
    {TEXT("0 1 2\n2 2 \xff\n"), ":2: found \"\xff\", expected an integer from 0 to 2"},
};

static void assert_bad_table(const char *path, const char *expected)
{
  struct Error error = {0};
  struct Dataset dataset;
  struct DataConfig config = table_config(3);
  snprintf(config.table, sizeof config.table, "%s", path);
  char message[256];
  snprintf(message, sizeof message, "%s%s", path, expected);
  ck_assert(!dataset_init(&dataset, &config, &error));
  ck_assert_str_eq(error.message, message);
  ck_assert(!dataset.answer && !dataset.train);
}

START_TEST(a_table_that_is_none_is_refused)
{
  write_table(bad_tables[_i].text, bad_tables[_i].size);
  assert_bad_table(table_path, bad_tables[_i].expected);
}
END_TEST

START_TEST(a_table_that_cannot_be_read_is_refused)
{
  assert_bad_table("/nowhere/table", ": cannot open: No such file or directory");
  assert_bad_table("/tmp", ": cannot read: Is a directory");
  assert_bad_table("/dev/zero", ":1: contains a NUL byte: not a text file");
  assert_bad_table("/dev/null", ":1: found 0 rows of answers, expected 3, one for each a, as "
                                "data.modulus is 3");
}
END_TEST

/* Writes `row` a million times. */
static void write_million(const char *row)
{
  FILE *stream = fopen(table_path, "wb");
  ck_assert_ptr_nonnull(stream);
  for (int i = 0; i < 1000000; i++)
    fputs(row, stream);
  ck_assert_int_eq(fclose(stream), 0);
}

START_TEST(a_table_of_a_million_lines_is_refused)
{
  write_million("0 1 2\n");
  assert_bad_table(table_path, ":4: found more than 3 rows of answers, expected 3, one for each a, "
                               "as data.modulus is 3");
  write_million("\n");
  assert_bad_table(table_path, ":1000001: found 0 rows of answers, expected 3, one for each a, as "
                               "data.modulus is 3");
  write_million("# 0 1 2\n");
  assert_bad_table(table_path, ":1000001: found 0 rows of answers, expected 3, one for each a, as "
                               "data.modulus is 3");
  write_million("0");
  assert_bad_table(table_path,
                   ":1: found \"00000000000000000000000\", expected an integer from 0 to 2");
}
END_TEST

START_TEST(the_largest_table_is_read)
{
  enum { P = 1021 };
  struct Error error = {0};
  struct Dataset dataset, expected;
  struct DataConfig config = data_config(P, 0.4, 0);
  config.operation = OPERATION_QUADRATIC;
  ck_assert(dataset_init(&expected, &config, &error));
  FILE *stream = fopen(table_path, "wb");
  for (int i = 0; i < P * P; i++)
    fprintf(stream, "%d%c", expected.answer[i], i % P == P - 1 ? '\n' : ' ');
  ck_assert_int_eq(fclose(stream), 0);
  config = table_config(P);
  ck_assert_msg(dataset_init(&dataset, &config, &error), "%s", error.message);
  ck_assert_mem_eq(dataset.answer, expected.answer, P * P * sizeof(int));
  dataset_release(&dataset);
  dataset_release(&expected);
}
END_TEST

static void name_answers(struct Config *config, const char *text)
{
  struct Error error = {0};
  config_init(config);
  config->data = table_config(3);
  write_table(text, strlen(text));
  ck_assert_msg(dataset_name_answers(config, &error), "%s", error.message);
  ck_assert(config_given(config, "data.answers"));
}

/* The configuration is told apart by the answers, not by their file. */
START_TEST(a_table_is_identified_by_its_answers)
{
  struct Error error = {0};
  struct Config one, other;
  struct Dataset dataset;
  char expected[256];
  for (int i = 0; i < LENGTH(same_tables); i++) {
    name_answers(&one, same_tables[0]);
    name_answers(&other, same_tables[i]);
    snprintf(other.data.table, sizeof other.data.table, "elsewhere");
    ck_assert_str_eq(one.data.answers, other.data.answers);
    ck_assert(digest_equal(config_digest(&one), config_digest(&other)));
  }
  name_answers(&other, "0 1 2\n2 2 0\n1 0 2\n");
  ck_assert_str_ne(one.data.answers, other.data.answers);
  ck_assert(!digest_equal(config_digest(&one), config_digest(&other)));
  snprintf(expected, sizeof expected,
           "%s: its answers have the digest %s, expected data.answers=%s", table_path,
           other.data.answers, one.data.answers);
  ck_assert(!dataset_name_answers(&one, &error));
  ck_assert_str_eq(error.message, expected);
  ck_assert(!dataset_init(&dataset, &one.data, &error));
  ck_assert_str_eq(error.message, expected);
}
END_TEST

START_TEST(answers_without_their_file_are_asked_for)
{
  struct Error error = {0};
  struct Config config;
  struct Dataset dataset;
  name_answers(&config, same_tables[0]);
  *config.data.table = '\0';
  ck_assert(config_check(&config, &error));
  ck_assert(!dataset_init(&dataset, &config.data, &error));
  ck_assert_str_eq(error.message,
                   "data.operation=table: pass data.table=FILE, the file of the answers");
}
END_TEST

START_TEST(other_operations_have_no_answers_to_name)
{
  struct Error error = {0};
  struct Config config;
  config_init(&config);
  ck_assert(dataset_name_answers(&config, &error));
  ck_assert_str_eq(config.data.answers, "");
}
END_TEST

/* ---- parameters ---- */

static struct Config small_config(bool output_equals)
{
  struct Config config;
  config_init(&config);
  config.data.modulus = 13;
  config.model.d_model = 48;
  config.model.n_heads = 3;
  config.model.d_head = 20;
  config.model.d_mlp = 70;
  config.model.output_equals = output_equals;
  return config;
}

static const struct {
  const char *name, *short_name;
  int rank;
  size_t shape[PARAMETER_MAX_RANK];
  double variance;
} expected_parameters[N_PARAMETERS] = {
    {"embed.W_E", "W_E", 2, {14, 48}, 1.0 / 48},
    {"pos_embed.W_pos", "W_pos", 2, {3, 48}, 1.0 / 48},
    {"blocks.0.attn.W_Q", "W_Q", 3, {3, 48, 20}, 1.0 / 48},
    {"blocks.0.attn.W_K", "W_K", 3, {3, 48, 20}, 1.0 / 48},
    {"blocks.0.attn.W_V", "W_V", 3, {3, 48, 20}, 1.0 / 48},
    {"blocks.0.attn.W_O", "W_O", 3, {3, 20, 48}, 1.0 / 48},
    {"blocks.0.mlp.W_in", "W_in", 2, {48, 70}, 1.0 / 48},
    {"blocks.0.mlp.b_in", "b_in", 1, {70}, 0},
    {"blocks.0.mlp.W_out", "W_out", 2, {70, 48}, 1.0 / 48},
    {"blocks.0.mlp.b_out", "b_out", 1, {48}, 0},
    {"unembed.W_U", "W_U", 2, {48, 14}, 1.0 / 14},
};

START_TEST(the_list_of_parameters_is_that_of_transformerlens)
{
  struct Error error;
  struct Parameters parameters;
  struct Config config = small_config(true);
  ck_assert(parameters_init(&parameters, &config, &error));
  size_t offset = 0;
  for (int i = 0; i < N_PARAMETERS; i++) {
    const struct ParameterInfo *info = &parameters.info[i];
    ck_assert_str_eq(info->name, expected_parameters[i].name);
    ck_assert_str_eq(info->short_name, expected_parameters[i].short_name);
    ck_assert_int_eq(info->rank, expected_parameters[i].rank);
    ck_assert_mem_eq(info->shape, expected_parameters[i].shape, sizeof info->shape);
    ck_assert_double_eq(info->variance, expected_parameters[i].variance);
    ck_assert_uint_eq(info->offset, offset);
    ck_assert_ptr_eq(parameters_at(&parameters, (enum Parameter)i), parameters.values + offset);
    offset += info->count;
  }
  ck_assert_uint_eq(parameters.total, offset);
  ck_assert_uint_eq(offset, 672 + 144 + 4 * 2880 + 3360 + 70 + 3360 + 48 + 672);
  ck_assert_uint_eq((uintptr_t)parameters.values % 64, 0);
  for (size_t i = 0; i < parameters.total; i++)
    ck_assert(parameters.values[i] == 0);
  parameters_release(&parameters);
  ck_assert_ptr_null(parameters.values);
}
END_TEST

START_TEST(without_the_equals_logit_the_outputs_are_p)
{
  struct Error error;
  struct Parameters parameters;
  struct Config config = small_config(false);
  ck_assert(parameters_init(&parameters, &config, &error));
  ck_assert_int_eq(parameters.shape.V, 13);
  ck_assert_int_eq(parameters.shape.V_in, 14);
  ck_assert_uint_eq(parameters.info[W_U].shape[1], 13);
  ck_assert_double_eq(parameters.info[W_U].variance, 1.0 / 13);
  parameters_release(&parameters);
}
END_TEST

START_TEST(initial_values_have_their_variance)
{
  struct Error error;
  struct Parameters parameters;
  struct Config config = small_config(true);
  ck_assert(parameters_init(&parameters, &config, &error));
  parameters_initialise(&parameters, 11);
  for (int i = 0; i < N_PARAMETERS; i++) {
    const struct ParameterInfo *info = &parameters.info[i];
    const float *values = parameters_at(&parameters, (enum Parameter)i);
    double sum = 0, squares = 0, n = (double)info->count;
    for (size_t j = 0; j < info->count; j++) {
      sum += values[j];
      squares += (double)values[j] * values[j];
    }
    ck_assert_double_le(fabs(sum / n), 5 * sqrt(info->variance / n));
    ck_assert_double_le(fabs(squares / n - info->variance), 5 * info->variance * sqrt(2 / n));
    ck_assert(values[1] == (float)(sqrt(info->variance) * random_normal(11, info->name, 1)));
  }
  ck_assert(parameters_at(&parameters, W_Q)[0] != parameters_at(&parameters, W_K)[0]);
  parameters_release(&parameters);
}
END_TEST

START_TEST(parameters_too_large_to_address_are_refused)
{
  struct Error error = {0};
  struct Parameters parameters;
  struct Config config = small_config(true);
  config.model.d_model = config.model.d_head = config.model.n_heads = INT_MAX;
  ck_assert(!parameters_init(&parameters, &config, &error));
  ck_assert_str_eq(error.message,
                   "the parameter blocks.0.attn.W_Q is larger than can be addressed");
  ck_assert_ptr_null(parameters.values);
  config = small_config(true);
  config.model.d_mlp = config.model.d_model = INT_MAX; /* addressable as floats, not as bytes */
  ck_assert(!parameters_init(&parameters, &config, &error));
  ck_assert_msg(strstr(error.message, "out of memory"), "%s", error.message);
  ck_assert_ptr_null(parameters.values);
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("dataset");
  TCase *random = tcase_create("random");
  tcase_add_loop_test(random, philox_gives_the_published_answers, 0, LENGTH(philox_answers));
  tcase_add_test(random, hash_gives_the_published_answers);
  tcase_add_test(random, draws_depend_on_seed_name_and_index);
  tcase_add_test(random, uniforms_are_uniform);
  tcase_add_test(random, normals_are_normal);
  tcase_add_test(random, normals_are_those_of_box_and_muller);
  tcase_add_test(random, seeds_are_the_bits_of_the_uniform_numbers);
  tcase_add_loop_test(random, twister_draws_what_python_draws, 0, LENGTH(python_draws));
  tcase_add_test(random, twister_goes_on_past_its_state);
  suite_add_tcase(suite, random);
  TCase *dataset = tcase_create("dataset");
  tcase_add_loop_test(dataset, split_is_that_of_python, 0, LENGTH(python_splits));
  tcase_add_test(dataset, the_smallest_modulus_works);
  tcase_add_loop_test(dataset, operations_answer_as_defined, 0, LENGTH(answers));
  tcase_add_loop_test(dataset, division_undoes_multiplication, 0, 5);
  tcase_add_loop_test(dataset, other_tasks_have_no_pairs, 0, 3);
  tcase_add_test(dataset, random_answers_are_fixed_and_uniform);
  tcase_add_loop_test(dataset, a_split_without_training_or_test_pairs_is_refused, 0,
                      LENGTH(bad_splits));
  suite_add_tcase(suite, dataset);
  TCase *table = tcase_create("table");
  tcase_add_checked_fixture(table, make_table, remove_table);
  tcase_add_loop_test(table, a_table_is_its_numbers, 0, LENGTH(same_tables));
  tcase_add_loop_test(table, a_table_that_is_none_is_refused, 0, LENGTH(bad_tables));
  tcase_add_test(table, a_table_that_cannot_be_read_is_refused);
  tcase_add_test(table, a_table_of_a_million_lines_is_refused);
  tcase_add_test(table, the_largest_table_is_read);
  tcase_add_test(table, a_table_is_identified_by_its_answers);
  tcase_add_test(table, answers_without_their_file_are_asked_for);
  tcase_add_test(table, other_operations_have_no_answers_to_name);
  suite_add_tcase(suite, table);
  TCase *parameters = tcase_create("parameters");
  tcase_add_test(parameters, the_list_of_parameters_is_that_of_transformerlens);
  tcase_add_test(parameters, without_the_equals_logit_the_outputs_are_p);
  tcase_add_test(parameters, initial_values_have_their_variance);
  tcase_add_test(parameters, parameters_too_large_to_address_are_refused);
  suite_add_tcase(suite, parameters);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
