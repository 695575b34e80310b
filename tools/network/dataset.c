#include "network/dataset.h"

#include "base/memory.h"
#include "network/answers.h"
#include "network/random.h"

#include <stdlib.h>
#include <string.h>

/* b^(p - 2) mod p: the inverse of b for a prime p, and 0 for b = 0. */
static int64_t inverse(int64_t b, int64_t p)
{
  int64_t power = b == 0 ? 0 : 1;
  for (int64_t n = p - 2; n > 0; n /= 2, b = b * b % p)
    if (n % 2 == 1) power = power * b % p;
  return power;
}

static int answer_of(const struct DataConfig *config, int64_t a, int64_t b)
{
  int64_t p = config->modulus;
  switch (config->operation) {
  case OPERATION_ADD:
    return (int)((a + b) % p);
  case OPERATION_SUBTRACT:
    return (int)((a - b + p) % p);
  case OPERATION_QUADRATIC:
    return (int)((a * a % p + a * b % p + b * b % p) % p);
  case OPERATION_MULTIPLY:
    return (int)(a * b % p);
  case OPERATION_DIVIDE:
    return (int)(a * inverse(b, p) % p);
  case OPERATION_TABLE: /* read from a file */
    return 0;
  case OPERATION_RANDOM:
    break;
  }
  return (int)(random_uniform(config->seed, "data.answer", (uint64_t)(p * a + b)) * (double)p);
}

bool dataset_shuffle(size_t *pairs, int p, int64_t seed, struct Error *error)
{
  struct Twister *twister = memory_new(1, sizeof *twister, "a random generator", error);
  if (!twister) return false;
  twister_seed(twister, seed);
  size_t n = (size_t)p * (size_t)p;
  for (size_t i = 0; i < n; i++)
    pairs[i] = i;
  for (size_t i = n - 1; i > 0; i--) {
    size_t j = twister_below(twister, i + 1);
    size_t kept = pairs[i];
    pairs[i] = pairs[j];
    pairs[j] = kept;
  }
  free(twister);
  return true;
}

bool dataset_split_numpy(uint8_t *train, int p, uint32_t seed, double fraction, struct Error *error)
{
  size_t n = (size_t)p * (size_t)p;
  struct Twister *twister = memory_new(1, sizeof *twister, "a random generator", error);
  size_t *pairs = twister ? memory_new(n, sizeof *pairs, "the order of the pairs", error) : NULL;
  if (pairs) {
    twister_seed_numpy(twister, seed);
    for (size_t i = 0; i < n; i++)
      pairs[i] = i;
    for (size_t i = n - 1; i > 0; i--) {
      size_t j = twister_up_to(twister, (uint32_t)i), kept = pairs[i];
      pairs[i] = pairs[j];
      pairs[j] = kept;
    }
    for (size_t i = 0; i < n && i < (size_t)((double)n * fraction); i++)
      train[pairs[i]] = 1;
  }
  bool split = pairs;
  free(pairs);
  free(twister);
  return split;
}

static bool count_split(struct Dataset *dataset, double train_fraction, struct Error *error)
{
  double n_pairs = (double)dataset->p * (double)dataset->p;
  double n_train = n_pairs * train_fraction;
  if (!(n_train >= 1))
    return error_set(error, "data.train_fraction=%g of %.0f pairs leaves none to train on",
                     train_fraction, n_pairs);
  if (!(n_train < n_pairs))
    return error_set(error, "data.train_fraction=%g of %.0f pairs leaves none to test on",
                     train_fraction, n_pairs);
  dataset->n_train = (size_t)n_train;
  dataset->n_test = (size_t)n_pairs - dataset->n_train;
  return true;
}

static bool split(struct Dataset *dataset, int64_t seed, struct Error *error)
{
  size_t n = (size_t)dataset->p * (size_t)dataset->p;
  size_t *pairs = memory_new(n, sizeof *pairs, "the order of the pairs", error);
  bool shuffled = pairs && dataset_shuffle(pairs, dataset->p, seed, error);
  for (size_t i = 0; shuffled && i < dataset->n_train; i++)
    dataset->train[pairs[i]] = 1;
  free(pairs);
  return shuffled;
}

/* Everything but the answers. */
static bool init_pairs(struct Dataset *dataset, const struct DataConfig *config,
                       struct Error *error)
{
  *dataset = (struct Dataset){0};
  if (config->task != TASK_PAIRS) return true;
  dataset->p = config->modulus;
  if (!count_split(dataset, config->train_fraction, error)) return false;
  size_t n = (size_t)config->modulus * (size_t)config->modulus;
  dataset->answer = memory_new(n, sizeof *dataset->answer, "the answers of all pairs", error);
  dataset->train = memory_new(n, sizeof *dataset->train, "the split of all pairs", error);
  if (dataset->answer && dataset->train && split(dataset, config->seed, error)) return true;
  dataset_release(dataset);
  return false;
}

/* Reads the file of answers, which must have the digest that is expected, if any. */
static bool read_table(const struct DataConfig *config, int *answer, struct Error *error)
{
  char found[DIGEST_SIZE];
  if (!*config->table)
    return error_set(error, "data.operation=table: pass data.table=FILE, the file of the answers");
  if (!answers_read(config->table, config->modulus, answer, error)) return false;
  digest_format(answers_digest(answer, config->modulus), found);
  return !*config->answers || strcmp(config->answers, found) == 0 ||
         error_set(error, "%s: its answers have the digest %s, expected data.answers=%s",
                   config->table, found, config->answers);
}

bool dataset_init(struct Dataset *dataset, const struct DataConfig *config, struct Error *error)
{
  if (!init_pairs(dataset, config, error)) return false;
  bool is_table = dataset->p > 0 && config->operation == OPERATION_TABLE;
  if (is_table && !read_table(config, dataset->answer, error)) {
    dataset_release(dataset);
    return false;
  }
  int64_t p = dataset->p;
  for (int64_t a = 0; !is_table && a < p; a++)
    for (int64_t b = 0; b < p; b++)
      dataset->answer[p * a + b] = answer_of(config, a, b);
  return true;
}

bool dataset_init_with(struct Dataset *dataset, const struct DataConfig *config, const int *answers,
                       struct Error *error)
{
  if (!init_pairs(dataset, config, error)) return false;
  size_t p = (size_t)dataset->p;
  memcpy(dataset->answer, answers, p * p * sizeof *answers);
  return true;
}

bool dataset_name_answers(struct Config *config, struct Error *error)
{
  if (config->data.operation != OPERATION_TABLE) return true;
  char digest[DIGEST_SIZE];
  int p = config->data.modulus;
  int *answer = memory_new((size_t)p * (size_t)p, sizeof *answer, "the answers", error);
  bool read = answer && read_table(&config->data, answer, error);
  if (read) digest_format(answers_digest(answer, p), digest);
  free(answer);
  return read && config_set(config, "data.answers", digest, error);
}

void dataset_release(struct Dataset *dataset)
{
  free(dataset->answer);
  free(dataset->train);
  *dataset = (struct Dataset){0};
}
