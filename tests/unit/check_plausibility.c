/* Whether what was assumed of a checkpoint fits it, of networks whose losses are made by hand. */
#include "measures/plausibility.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { P = 23, N = P * P };

/* A network that was trained on 40 % of the pairs, in the order of seed 1. The logit of an answer
   is `lead` above all others, `more` above that where it was trained on, and scattered by as much.
 */
struct Network {
  double lead, more, scatter;
  double right; /* share of the pairs where it is not below the others */
};

static const double trained_fraction = 0.4;
static const int64_t trained_seed = 1;

static void split(struct Trajectory *trajectory, double fraction, int64_t seed)
{
  struct Error error;
  *trajectory = (struct Trajectory){.config.data = {.modulus = P, .operation = OPERATION_ADD}};
  trajectory->config.data.train_fraction = fraction;
  trajectory->config.data.seed = seed;
  ck_assert(dataset_init(&trajectory->dataset, &trajectory->config.data, &error));
}

/* Numbers in [0, 1) without a pattern. */
static double noise(unsigned *state)
{
  *state = *state * 1664525u + 1013904223u;
  return (double)(*state >> 8) / (1 << 24);
}

static void fill_logits(const struct Network *network, float logits[N][P])
{
  struct Trajectory trained;
  unsigned state = 7;
  split(&trained, trained_fraction, trained_seed);
  memset(logits, 0, sizeof(float[N][P]));
  for (size_t pair = 0; pair < N; pair++) {
    double lead = network->lead + (trained.dataset.train[pair] ? network->more : 0) +
                  network->scatter * noise(&state);
    logits[pair][trained.dataset.answer[pair]] =
        (float)(noise(&state) < network->right ? lead : -lead);
  }
  dataset_release(&trained.dataset);
}

/* Of logits[p^2][p]. */
static struct Plausibility measure_logits(const struct Trajectory *trajectory, const float *logits)
{
  static double each[N];
  int p = trajectory->dataset.p;
  const struct LogitRows first = {logits, (size_t)p, 0, 2};
  const struct LogitRows others = {logits + 2 * p * p, (size_t)p, 2, p};
  struct PairLosses losses = {.dataset = &trajectory->dataset, .each = each};
  struct Plausibility found;
  struct Error error;
  ck_assert(plausibility_add(&losses, &first, &error));
  ck_assert(plausibility_add(&losses, &others, &error));
  ck_assert_msg(plausibility_measure(trajectory, &losses, &found, &error), "%s", error.message);
  return found;
}

static void measure(struct Trajectory *trajectory, const struct Network *network,
                    struct Plausibility *found)
{
  static float logits[N][P];
  fill_logits(network, logits);
  *found = measure_logits(trajectory, logits[0]);
}

/* Long after grokking: all pairs are right, and the two sets overlap. */
static const struct Network grokked = {14, 2, 4, 1};
/* Before it: of the pairs that it was not trained on it knows none. */
static const struct Network memorised = {-3, 15, 2, 1};

static const struct {
  const struct Network *network;
  double fraction;
  int64_t seed;
  enum PlausibilityVerdict verdict;
} splits[] = {
    {&grokked, 0.4, 1, VERDICT_FITS},     {&memorised, 0.4, 1, VERDICT_FITS},
    {&grokked, 0.4, 0, VERDICT_OTHERS},   {&memorised, 0.4, 0, VERDICT_OTHERS},
    {&grokked, 0.4, 2, VERDICT_OTHERS},   {&memorised, 0.4, 2, VERDICT_OTHERS},
    {&grokked, 0.2, 0, VERDICT_OTHERS},   {&memorised, 0.8, 0, VERDICT_UNFITTED},
    {&grokked, 0.2, 1, VERDICT_TOO_FEW},  {&memorised, 0.2, 1, VERDICT_TOO_FEW},
    {&grokked, 0.7, 1, VERDICT_TOO_MANY}, {&memorised, 0.7, 1, VERDICT_TOO_MANY},
};

START_TEST(losses_tell_the_split_that_was_trained_on)
{
  struct Trajectory trajectory;
  struct Plausibility found;
  split(&trajectory, splits[_i].fraction, splits[_i].seed);
  measure(&trajectory, splits[_i].network, &found);
  ck_assert_msg(plausibility_judge(&found) == splits[_i].verdict,
                "verdict %d, expected %d; z = %.1f, %.1f and %.1f", plausibility_judge(&found),
                splits[_i].verdict, found.split, found.train_order, found.test_order);
  dataset_release(&trajectory.dataset);
}
END_TEST

/* Of the losses 0 to 8 (in some unit) the training pairs have 0, 1, 3 and 4: a rank sum of 1 + 2 +
   4
   + 5 = 12. Its mean is 4 * 10 / 2 = 20, its variance 4 * 5 * 10 / 12. */
START_TEST(a_rank_sum_is_that_of_its_formula)
{
  enum { SMALL = 3, PAIRS = SMALL * SMALL };
  static const int losses[PAIRS] = {0, 3, 1, 4, 8, 2, 5, 7, 6}; /* in the order of the shuffle */
  struct Trajectory trajectory = {
      .config.data = {.modulus = SMALL, .train_fraction = 0.45, .seed = 5}};
  struct Plausibility found;
  struct Error error;
  float logits[PAIRS][SMALL] = {0};
  size_t order[PAIRS];
  ck_assert(dataset_init(&trajectory.dataset, &trajectory.config.data, &error));
  ck_assert_uint_eq(trajectory.dataset.n_train, 4);
  ck_assert(dataset_shuffle(order, SMALL, trajectory.config.data.seed, &error));
  for (int i = 0; i < PAIRS; i++)
    logits[order[i]][trajectory.dataset.answer[order[i]]] = (float)(10 - losses[i]);
  found = measure_logits(&trajectory, logits[0]);
  ck_assert_double_eq_tol(found.split, (12 - 20) / sqrt(4 * 5 * 10 / 12.0), 1e-12);
  /* 0 and 3 against 1 and 4; 8 and 2 against 5, 7 and 6 */
  ck_assert_double_eq_tol(found.train_order, (1 + 3 - 5) / sqrt(2 * 2 * 5 / 12.0), 1e-12);
  ck_assert_double_eq_tol(found.test_order, (5 + 1 - 6) / sqrt(2 * 3 * 6 / 12.0), 1e-12);
  /* two ranks of 1.5 each, in the first set and the second, and the variance for that */
  logits[order[5]][trajectory.dataset.answer[order[5]]] = 9;
  found = measure_logits(&trajectory, logits[0]);
  ck_assert_double_eq_tol(
      found.split, (1 + 2.5 + 4 + 5 - 20) / sqrt(4 * 5 / 12.0 * (10 - 6 / (9.0 * 8))), 1e-12);
  memset(logits, 0, sizeof logits);
  found = measure_logits(&trajectory, logits[0]);
  ck_assert_double_eq(found.split, 0); /* all are equal */
  dataset_release(&trajectory.dataset);
}
END_TEST

static const struct {
  double right;
  enum PlausibilityVerdict verdict;
} accuracies[] = {
    {0.02, VERDICT_UNFITTED},
    {0.15, VERDICT_UNFITTED},
    {0.3, VERDICT_UNFITTED},
    {0.6, VERDICT_OTHERS}, /* as a network that has memorised other pairs, and some more */
};

/* Where chance decides which pairs are right. */
START_TEST(an_accuracy_below_what_memory_gives_is_none_of_a_trained_network)
{
  struct Trajectory trajectory;
  struct Plausibility found;
  const struct Network network = {10, 0, 1, accuracies[_i].right};
  split(&trajectory, trained_fraction, trained_seed);
  measure(&trajectory, &network, &found);
  ck_assert_double_eq_tol(found.losses.all.accuracy, network.right, 0.05);
  ck_assert_double_eq_tol(found.chance, 1 / 23.0, 1e-12);
  ck_assert_double_eq_tol(found.train_share, 211.0 / N, 1e-12);
  ck_assert_int_eq(plausibility_judge(&found), accuracies[_i].verdict);
  dataset_release(&trajectory.dataset);
}
END_TEST

/* Where the file says which pairs trained, only what the network makes of them can be doubted. */
START_TEST(a_mask_is_not_judged)
{
  struct Tensor mask = {.name = "train_mask"};
  struct Trajectory trajectory;
  struct Plausibility found;
  split(&trajectory, trained_fraction, 0);
  trajectory.file.tensors = &mask;
  trajectory.file.n_tensors = 1;
  measure(&trajectory, &grokked, &found);
  ck_assert_int_eq(plausibility_judge(&found), VERDICT_FITS);
  ck_assert_double_nan(found.split);
  measure(&trajectory, &memorised, &found); /* other pairs */
  ck_assert_int_eq(plausibility_judge(&found), VERDICT_UNFITTED);
  dataset_release(&trajectory.dataset);
}
END_TEST

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

int main(void)
{
  Suite *suite = suite_create("plausibility");
  TCase *cases = tcase_create("plausibility");
  tcase_add_loop_test(cases, losses_tell_the_split_that_was_trained_on, 0, LENGTH(splits));
  tcase_add_test(cases, a_rank_sum_is_that_of_its_formula);
  tcase_add_loop_test(cases, an_accuracy_below_what_memory_gives_is_none_of_a_trained_network, 0,
                      LENGTH(accuracies));
  tcase_add_test(cases, a_mask_is_not_judged);
  suite_add_tcase(suite, cases);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
