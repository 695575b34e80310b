/* Losses of sixteen ways of removing something from the logits of a pair at once: every bit is that
   of the engine's loss of each by itself. */
#include "width.h"

#include "measures/removal.h"
#include "network/random.h"

#include <check.h>
#include <math.h>

/* Below, at and above whole vectors; the paper's. */
static const int moduli[] = {2, 3, 7, 8, 9, 15, 16, 17, 23, 113};

enum { PAIRS = 40, N_MODULI = sizeof moduli / sizeof *moduli }; /* more than a batch */

enum Kind {
  KIND_WRONG,     /* of random logits, most of which are not fitted */
  KIND_FITTED,    /* the answer leads by 0 to 40: losses down to 1e-16 */
  KIND_TIED,      /* whole numbers of few values */
  KIND_HUGE,      /* some overflow in single precision */
  KIND_UNCHANGED, /* nothing is removed */
  N_KINDS
};

struct Case {
  int p;
  size_t answer;
  float *logits; /* [PAIRS][p] */
  struct RemovalTask task;
};

static double draw(const char *name, size_t i)
{
  return (double)random_normal(11, name, i);
}

static float logit_of(enum Kind kind, const struct Case *c, size_t pair, size_t at)
{
  double value = draw("logits", pair * (size_t)c->p + at);
  if (kind == KIND_TIED) return (float)floor(2 * value);
  if (kind == KIND_HUGE) return (float)(1e38 * fmax(-3, fmin(3, value)));
  return (float)(3 * value + (kind == KIND_FITTED && at == c->answer ? (double)pair : 0));
}

static double removed_of(enum Kind kind, size_t i)
{
  double value = draw("removed", i);
  if (kind == KIND_UNCHANGED) return 0;
  if (kind == KIND_TIED) return floor(2 * value);
  return kind == KIND_HUGE ? 1e38 * value : value;
}

static void set_up(struct Case *c, enum Kind kind, int p, size_t answer)
{
  struct Error error;
  *c = (struct Case){.p = p, .answer = answer};
  c->logits = malloc(PAIRS * (size_t)p * sizeof *c->logits);
  ck_assert_ptr_nonnull(c->logits);
  ck_assert_msg(removal_task_init(&c->task, p, &error), "%s", error.message);
  c->task.answer = answer;
  for (size_t pair = 0; pair < PAIRS; pair++)
    for (size_t at = 0; at < (size_t)p; at++)
      c->logits[pair * (size_t)p + at] = logit_of(kind, c, pair, at);
  for (size_t i = 0; i < (size_t)p * REMOVAL_LANES; i++)
    c->task.removed[i] = removed_of(kind, i);
}

static void tear_down(struct Case *c)
{
  removal_task_release(&c->task);
  free(c->logits);
}

static void expect(const struct Case *c, const float *logits, size_t lane,
                   const struct RemovalLosses *found)
{
  float row[128];
  bool correct;
  for (size_t at = 0; at < (size_t)c->p; at++)
    row[at] = (float)((double)logits[at] - c->task.removed[at * REMOVAL_LANES + lane]);
  double loss = loss_of_pair(row, c->p, (int)c->answer, &correct);
  if (isnan(loss))
    ck_assert(isnan(found->loss[lane]));
  else
    ck_assert_mem_eq(&found->loss[lane], &loss, sizeof loss);
  ck_assert_int_eq(found->correct[lane], -(int)correct);
}

START_TEST(losses_are_those_of_each_removal_alone)
{
  int p = moduli[_i / N_KINDS];
  for (size_t answer = 0; answer<(size_t)p; answer += p> 23 ? 37 : 1) {
    struct Case c;
    struct RemovalLosses losses[PAIRS], *at[PAIRS];
    const float *logits[PAIRS];
    set_up(&c, (enum Kind)(_i % N_KINDS), p, answer);
    for (size_t pair = 0; pair < PAIRS; pair++) {
      logits[pair] = c.logits + pair * (size_t)p;
      at[pair] = &losses[PAIRS - 1 - pair];
    }
    removal_losses(&c.task, logits, at, PAIRS);
    for (size_t pair = 0; pair < PAIRS; pair++)
      for (size_t lane = 0; lane < REMOVAL_LANES; lane++)
        expect(&c, logits[pair], lane, at[pair]);
    tear_down(&c);
  }
}
END_TEST

int main(int argc, char **argv)
{
  kernels_to_test(argc, argv);
  Suite *suite = suite_create("removal");
  TCase *tests = tcase_create("losses");
  tcase_set_timeout(tests, 60);
  tcase_add_loop_test(tests, losses_are_those_of_each_removal_alone, 0, N_MODULI * N_KINDS);
  suite_add_tcase(suite, tests);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_NORMAL);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
