/* What resuming a training rests on: digests, locks, signals, states, and the snapshot recorder. */
#include "base/digest.h"
#include "base/interrupt.h"
#include "base/lock.h"
#include "base/output.h"
#include "network/random.h"
#include "run/holder.h"
#include "run/identity.h"
#include "run/metadata.h"
#include "run/recorder.h"
#include "run/snapshots.h"
#include "run/state.h"
#include "run/trajectory.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char folder[] = "/tmp/check_resume.XXXXXX";

static void enter_folder(void)
{
  ck_assert_ptr_nonnull(mkdtemp(folder));
  ck_assert_int_eq(chdir(folder), 0);
}

static void leave_folder(void)
{
  static const char *const files[] = {
      "resume.safetensors", "trajectory.safetensors", "trajectory.safetensors.partial",
      "history.tsv",        "history.tsv.partial",    "file"};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++)
    unlink(files[i]);
  ck_assert_int_eq(chdir("/"), 0);
  ck_assert_int_eq(rmdir(folder), 0); /* nothing else may be left */
}

static bool exists(const char *path)
{
  return access(path, F_OK) == 0;
}

static char *read_file(const char *path, size_t *size)
{
  FILE *stream = fopen(path, "rb");
  ck_assert_msg(stream != NULL, "%s", path);
  char *bytes = NULL;
  *size = 0;
  FILE *copy = open_memstream(&bytes, size);
  for (int c; (c = getc(stream)) != EOF;)
    putc(c, copy);
  fclose(copy);
  fclose(stream);
  return bytes;
}

static void make_file(const char *path)
{
  FILE *stream = fopen(path, "wb");
  ck_assert_ptr_nonnull(stream);
  ck_assert_int_eq(fclose(stream), 0);
}

/* ---- digests ---- */

static struct Digest digest_of(const void *bytes, size_t size)
{
  return digest_add(DIGEST_START, bytes, size);
}

START_TEST(every_bit_counts)
{
  unsigned char bytes[37];
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (unsigned char)(31 * i);
  for (size_t size = 1; size <= sizeof bytes; size++) {
    struct Digest digest = digest_of(bytes, size);
    ck_assert(digest_equal(digest, digest_of(bytes, size)));
    for (size_t bit = 0; bit < 8 * size; bit++) {
      bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
      ck_assert(!digest_equal(digest, digest_of(bytes, size)));
      bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
  }
}
END_TEST

/* Of four floats that lie side by side, any signs. */
START_TEST(signs_count)
{
  for (int trial = 0; trial < 1000; trial++) {
    float values[8];
    for (size_t i = 0; i < 8; i++)
      values[i] = (float)random_normal(trial, "floats", i);
    struct Digest digest = digest_of(values, sizeof values);
    for (int subset = 1; subset < 16; subset++) {
      float changed[8];
      memcpy(changed, values, sizeof changed);
      for (int i = 0; i < 4; i++)
        if (subset >> i & 1) changed[i] = -changed[i];
      ck_assert_msg(!digest_equal(digest, digest_of(changed, sizeof changed)), "trial %d, signs %x",
                    trial, (unsigned)subset);
    }
  }
}
END_TEST

/* Contents of that many bytes, of which 2 up to that many bits change. */
static const struct {
  size_t size;
  uint64_t bits;
} changes[] = {{16, 2}, {64, 3}, {200, 8}, {1000, 4}, {5000, 64}};

START_TEST(bits_do_not_cancel)
{
  struct Twister twister;
  twister_seed(&twister, _i);
  static unsigned char bytes[5000], changed[5000];
  const size_t size = changes[_i].size;
  for (int trial = 0; trial < 2000; trial++) {
    for (size_t i = 0; i < size; i++)
      bytes[i] = (unsigned char)twister_bits(&twister, 8);
    memcpy(changed, bytes, size);
    uint64_t bits = 2 + twister_below(&twister, changes[_i].bits - 1);
    for (uint64_t i = 0; i < bits; i++) {
      uint64_t bit = twister_below(&twister, 8 * size);
      changed[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    if (memcmp(bytes, changed, size) == 0) continue; /* the same bits twice */
    ck_assert_msg(!digest_equal(digest_of(bytes, size), digest_of(changed, size)), "trial %d",
                  trial);
  }
}
END_TEST

START_TEST(pieces_count_with_their_lengths_and_order)
{
  const char zeros[16] = {0};
  ck_assert(!digest_equal(digest_of(zeros, 7), digest_of(zeros, 8)));
  ck_assert(!digest_equal(digest_of(zeros, 0), DIGEST_START));
  struct Digest one = digest_add(digest_of("ab", 2), "c", 1);
  ck_assert(!digest_equal(one, digest_add(digest_of("a", 1), "bc", 2)));
  ck_assert(!digest_equal(one, digest_add(digest_of("c", 1), "ab", 2)));
}
END_TEST

/* Digests lie in files: they must be the same wherever they are made. Here XXH3's of 32 bytes, of
   which the first 16 are zero and the others, low half first, XXH3's of "abc". */
START_TEST(digests_have_their_text)
{
  char text[DIGEST_SIZE];
  struct Digest digest = digest_of("abc", 3), parsed;
  digest_format(digest, text);
  ck_assert_str_eq(text, "b6b2b1c3cd1c782df5c56289328581f0");
  ck_assert(digest_parse(text, &parsed) && digest_equal(parsed, digest));
  ck_assert(!digest_parse("0123456789abcdef", &parsed));
  ck_assert(!digest_parse("0123456789abcdef0123456789abcdeF", &parsed));
}
END_TEST

/* ---- locks ---- */

/* A process that takes the lock and holds it until it is killed. */
static pid_t hold_in_child(void)
{
  int pipe_ends[2];
  ck_assert_int_eq(pipe(pipe_ends), 0);
  pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    struct Lock lock = {0};
    struct Error error = {0};
    char taken = lock_take(&lock, "file", false, &error);
    if (write(pipe_ends[1], &taken, 1) == 1) pause();
    _exit(1);
  }
  char taken = 0;
  ck_assert_int_eq(read(pipe_ends[0], &taken, 1), 1);
  ck_assert_int_eq(taken, 1);
  close(pipe_ends[0]);
  close(pipe_ends[1]);
  return child;
}

START_TEST(a_lock_is_one_programs)
{
  struct Lock lock = {0};
  struct Error error = {0};
  pid_t child = hold_in_child();
  ck_assert(!lock_take(&lock, "file", false, &error));
  ck_assert_str_eq(error.message, "");
  lock_release(&lock);
  ck_assert(exists("file"));
  kill(child, SIGKILL);
  ck_assert_int_eq(waitpid(child, NULL, 0), child);
  ck_assert(exists("file")); /* left over, and in nobody's way */
  ck_assert_msg(lock_take(&lock, "file", false, &error), "%s", error.message);
  lock_release(&lock);
  ck_assert(!exists("file"));
  ck_assert(!lock_take(&lock, "none/file", false, &error));
  ck_assert_str_eq(error.message, "none/file: cannot create: No such file or directory");
}
END_TEST

/* The file that was waited for is gone when its holder is: the one who waited must not think that
   it has what the next one takes. */
START_TEST(a_lock_that_was_waited_for_is_the_file_of_that_name)
{
  struct Lock lock = {0};
  struct Error error = {0};
  ck_assert(lock_take(&lock, "file", true, &error));
  pid_t child = fork();
  if (child == 0) {
    close(lock.descriptor); /* with which it would hold the lock itself */
    struct Lock own = {0};
    bool good = lock_take(&own, "file", true, &error) && exists("file");
    struct stat opened, named;
    good = good && fstat(own.descriptor, &opened) == 0 && stat("file", &named) == 0 &&
           opened.st_ino == named.st_ino;
    lock_release(&own);
    _exit(good && !exists("file") ? 0 : 1);
  }
  usleep(100000);
  lock_release(&lock);
  int status;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert_int_eq(status, 0);
}
END_TEST

/* Whoever looks at a lock sees who has it and whether he still does, and takes nothing. */
START_TEST(a_lock_can_be_looked_at)
{
  struct Lock lock = {0};
  struct LockSeen seen;
  struct Error error = {0};
  ck_assert(lock_look(&seen, "file", &error));
  ck_assert(!seen.is_held);
  ck_assert_str_eq(seen.sign, "");
  ck_assert(lock_take(&lock, "file", false, &error));
  ck_assert(lock_sign(&lock, "a rather long first line", &error));
  ck_assert(lock_sign(&lock, "n1 12 3", &error));
  ck_assert(lock_look(&seen, "file", &error));
  ck_assert(seen.is_held);
  ck_assert_str_eq(seen.sign, "n1 12 3");
  ck_assert_double_eq_tol(seen.signed_at, (double)time(NULL), 60);
  ck_assert(lock_look(&seen, "file", &error));
  ck_assert(seen.is_held);
  close(lock.descriptor); /* as its holder's death does */
  ck_assert(lock_look(&seen, "file", &error));
  ck_assert(!seen.is_held);
  ck_assert_str_eq(seen.sign, "n1 12 3");
  free(lock.path);
  ck_assert_int_eq(unlink("file"), 0);
  ck_assert_int_eq(mkdir("file", 0777), 0);
  ck_assert(!lock_look(&seen, "file", &error));
  ck_assert_str_eq(error.message, "file: cannot read: Is a directory");
  ck_assert_int_eq(rmdir("file"), 0);
}
END_TEST

/* What is signed is who, where and from which epoch on; another text is no sign. */
START_TEST(the_holder_of_a_run_signs)
{
  struct Lock lock = {0};
  struct Holder holder;
  struct Error error = {0};
  char machine[HOLDER_MACHINE_SIZE];
  holder_name_machine(machine);
  ck_assert(holder_lock(&lock, ".", false, &error));
  ck_assert(holder_look(&holder, ".", &error));
  ck_assert(holder.is_held && !holder.has_signed);
  ck_assert(holder_sign(&lock, 1200, &error));
  ck_assert(holder_look(&holder, ".", &error));
  ck_assert(holder.is_held && holder.has_signed);
  ck_assert_str_eq(holder.machine, machine);
  ck_assert_int_eq(holder.process, getpid());
  ck_assert_int_eq(holder.epoch, 1200);
  static const char *const others[] = {"",        "n1",        "n1 12",     "n1 12 3 4",
                                       "n1 -1 3", "n1 twelve", "n1 12 3.5", "n1 12 -3"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    ck_assert(lock_sign(&lock, others[i], &error));
    ck_assert(holder_look(&holder, ".", &error));
    ck_assert_msg(holder.is_held && !holder.has_signed, "%s", others[i]);
  }
  lock_release(&lock);
  ck_assert(holder_look(&holder, ".", &error));
  ck_assert(!holder.is_held && !holder.has_signed);
}
END_TEST

/* ---- signals ---- */

START_TEST(the_first_signal_is_noted)
{
  ck_assert_int_eq(interrupt_signal(), 0);
  signal(SIGHUP, SIG_IGN);
  interrupt_catch();
  raise(SIGHUP);
  ck_assert_int_eq(interrupt_signal(), 0);
  raise(SIGTERM);
  raise(SIGINT);
  ck_assert_int_eq(interrupt_signal(), SIGTERM);
}
END_TEST

START_TEST(the_end_is_the_signals)
{
  pid_t child = fork();
  if (child == 0) {
    interrupt_catch();
    interrupt_end(SIGTERM);
  }
  int status;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}
END_TEST

/* ---- what killed writers leave ---- */

START_TEST(leftovers_of_one_target_are_removed)
{
  static const struct {
    const char *name;
    bool leftover;
  } files[] = {{"file.Ab3dEf", true},   {"file.000000", true},   {"file", false},
               {"file.Ab3dE", false},   {"file.Ab3dEfg", false}, {"file.ab.def", false},
               {"other.Ab3dEf", false}, {"file-Ab3dEf", false},  {"afile.Ab3dEf", false}};
  char path[64];
  for (size_t i = 0; i < sizeof files / sizeof *files; i++)
    make_file(files[i].name);
  snprintf(path, sizeof path, "%s/file", folder);
  output_remove_leftovers("none/file");
  output_remove_leftovers("other");
  ck_assert(!exists("other.Ab3dEf"));
  output_remove_leftovers(path);
  for (size_t i = 0; i < sizeof files / sizeof *files; i++)
    if (strcmp(files[i].name, "other.Ab3dEf") != 0)
      ck_assert_msg(exists(files[i].name) != files[i].leftover, "%s", files[i].name);
  make_file("file.Ab3dEf");
  output_remove_leftovers("file");
  ck_assert(!exists("file.Ab3dEf"));
  for (size_t i = 0; i < sizeof files / sizeof *files; i++)
    unlink(files[i].name);
}
END_TEST

/* ---- who computes ---- */

START_TEST(a_program_knows_itself)
{
  char one[DIGEST_SIZE], other[DIGEST_SIZE];
  struct Error error = {0};
  ck_assert_msg(identity_program(one, &error), "%s", error.message);
  ck_assert_msg(identity_program(other, &error), "%s", error.message);
  ck_assert_str_eq(one, other);
  ck_assert_uint_eq(strspn(one, "0123456789abcdef"), DIGEST_SIZE - 1);
}
END_TEST

/* ---- a run of the smallest network, without training ---- */

struct Run {
  struct Config config;
  struct Dataset dataset;
  struct Parameters parameters; /* the list */
  struct TrainingState training;
  struct Recorder recorder;
};

static void run_init(struct Run *run, const char *const *settings)
{
  struct Error error = {0};
  static const char *const smallest[] = {
      "data.modulus=2",  "data.train_fraction=0.5", "model.d_model=1",
      "model.n_heads=1", "model.d_head=1",          "model.d_mlp=1",
      "train.epochs=10", "train.snapshot_every=4",  "train.evaluate_every=3"};
  config_init(&run->config);
  for (size_t i = 0; i < sizeof smallest / sizeof *smallest; i++)
    ck_assert(config_override(&run->config, smallest[i], &error));
  for (; *settings; settings++)
    ck_assert(config_override(&run->config, *settings, &error));
  ck_assert_msg(dataset_name_answers(&run->config, &error), "%s", error.message);
  ck_assert(dataset_init(&run->dataset, &run->config.data, &error));
  ck_assert(parameters_describe(&run->parameters, &run->config, &error));
  ck_assert(training_state_init(&run->training, &run->config, run->parameters.total, &error));
  ck_assert_msg(recorder_init(&run->recorder, ".", &run->config, &run->dataset, &run->parameters,
                              "factored", &error),
                "%s", error.message);
}

static void run_release(struct Run *run)
{
  recorder_release(&run->recorder);
  training_state_release(&run->training);
  parameters_release(&run->parameters);
  dataset_release(&run->dataset);
}

static void set_number(const struct TrainingState *training, void *array, size_t i, double value)
{
  if (training->precision == PRECISION_FLOAT32)
    ((float *)array)[i] = (float)value;
  else
    ((double *)array)[i] = value;
}

/* Values that tell epochs and arrays apart. */
static void set_values(struct Run *run, int64_t epoch)
{
  for (size_t i = 0; i < run->parameters.total; i++) {
    double value = (double)epoch + 0.001 * (double)i;
    set_number(&run->training, run->training.values, i, value);
    set_number(&run->training, run->training.m, i, value + 100);
    if (run->training.v) set_number(&run->training, run->training.v, i, value + 200);
  }
  run->training.step = epoch;
}

static struct Performance performance(double loss)
{
  return (struct Performance){.loss = loss, .accuracy = 1 / (1 + loss)};
}

/* Does what training does, from one epoch up to another, without the last one's own measurement
   unless it is the end. */
static void advance(struct Run *run, int64_t from, int64_t to)
{
  struct Error error = {0};
  const struct TrainConfig *train = &run->config.train;
  for (int64_t epoch = from; epoch <= to; epoch++) {
    bool last = epoch == train->epochs;
    set_values(run, epoch);
    if (epoch == to && !last) return;
    if (last || recorder_wants_row(train, epoch))
      ck_assert(recorder_row(&run->recorder, epoch, performance((double)epoch),
                             performance(100 - (double)epoch), &error));
    if (last || recorder_wants_snapshot(train, epoch))
      ck_assert(recorder_snapshot(&run->recorder, epoch, run->training.values, &error));
  }
}

static void save(struct Run *run, int64_t epoch)
{
  struct Error error = {0};
  ck_assert_int_eq(run->training.step, epoch);
  ck_assert_msg(state_save("resume.safetensors", &run->training, &run->recorder, &error), "%s",
                error.message);
}

static enum StateFound read_state(struct State *state, const struct Run *run, struct Error *error)
{
  return state_read(state, "resume.safetensors", &run->config, "factored", &run->parameters, error);
}

static const char *const no_settings[] = {NULL};

/* Leaves the files of a run that was interrupted at an epoch. */
static void interrupt_at(int64_t epoch, const char *const *settings)
{
  struct Run run;
  struct Error error = {0};
  run_init(&run, settings);
  ck_assert(recorder_start(&run.recorder, &error));
  advance(&run, 0, epoch);
  save(&run, epoch);
  run_release(&run);
}

/* Goes on from them to the end; the file that the snapshots are in is `source`. */
static void continue_to_end(const char *const *settings, const char *source)
{
  struct Run run;
  struct State state;
  struct Error error = {0};
  run_init(&run, settings);
  ck_assert_msg(read_state(&state, &run, &error) == STATE_USABLE, "%s", error.message);
  int64_t epoch = state.training.step;
  ck_assert(recorder_recall(&run.recorder, state.rows, state.n_rows, state.digests,
                            state.n_snapshots, &error));
  state_release(&state);
  const char *path = recorder_find_snapshots(&run.recorder, &error);
  ck_assert_msg(path != NULL, "%s", error.message);
  ck_assert_str_eq(path, source);
  ck_assert_msg(recorder_continue(&run.recorder, path, &error), "%s", error.message);
  advance(&run, epoch, run.config.train.epochs);
  save(&run, run.config.train.epochs);
  ck_assert_msg(recorder_commit(&run.recorder, run.config.train.epochs, &error), "%s",
                error.message);
  run_release(&run);
}

static void run_undisturbed(const char *const *settings)
{
  struct Run run;
  struct Error error = {0};
  run_init(&run, settings);
  ck_assert(recorder_start(&run.recorder, &error));
  advance(&run, 0, run.config.train.epochs);
  ck_assert_msg(recorder_commit(&run.recorder, run.config.train.epochs, &error), "%s",
                error.message);
  run_release(&run);
}

static void assert_same_file(const char *path, const char *bytes, size_t size)
{
  size_t found;
  char *others = read_file(path, &found);
  ck_assert_uint_eq(found, size);
  ck_assert_mem_eq(others, bytes, size);
  free(others);
}

/* ---- states ---- */

/* The kinds of numbers that a state may consist of. */
static const char *const kinds[][4] = {{NULL},
                                       {"train.precision=float64"},
                                       {"optimizer.kind=sgd", "optimizer.momentum=0.9"},
                                       {"optimizer.kind=sgd", "train.precision=float64"}};

START_TEST(a_state_comes_back)
{
  struct Run run;
  struct State state;
  struct Error error = {0};
  interrupt_at(7, kinds[_i]);
  run_init(&run, kinds[_i]);
  ck_assert_msg(read_state(&state, &run, &error) == STATE_USABLE, "%s", error.message);
  ck_assert_int_eq(state.training.step, 7);
  ck_assert_uint_eq(state.n_rows, 3);      /* 0, 3, 6 */
  ck_assert_uint_eq(state.n_snapshots, 2); /* 0, 4 */
  const struct HistoryRow *row = &state.rows[2];
  ck_assert(row->train.loss == 6 && row->train.accuracy == 1.0 / 7);
  ck_assert(row->test.loss == 94 && row->test.accuracy == 1.0 / 95);
  set_values(&run, 7);
  size_t size = run.parameters.total * precision_size(run.training.precision);
  ck_assert_mem_eq(state.training.values, run.training.values, size);
  ck_assert_mem_eq(state.training.m, run.training.m, size);
  ck_assert((state.training.v == NULL) == (run.training.v == NULL));
  if (state.training.v) ck_assert_mem_eq(state.training.v, run.training.v, size);
  set_values(&run, 4); /* a snapshot's digest is that of its parameters and epoch */
  ck_assert(digest_equal(state.digests[1], snapshot_digest(run.training.values, size, 4)));
  ck_assert(!digest_equal(state.digests[1], snapshot_digest(run.training.values, size, 5)));
  state_release(&state);
  run_release(&run);
}
END_TEST

START_TEST(without_a_state_there_is_no_reason)
{
  struct Run run;
  struct State state;
  struct Error error = {0};
  run_init(&run, no_settings);
  ck_assert_int_eq(read_state(&state, &run, &error), STATE_NONE);
  ck_assert_str_eq(error.message, "");
  run_release(&run);
}
END_TEST

/* Of a run with the first settings, opened by a run with the second ones. */
static const struct {
  const char *saved[2], *wanted[3];
  int epoch;
  const char *reason; /* NULL where it is used */
} others[] = {
    {{NULL}, {"train.epochs=7"}, 7, NULL},
    {{NULL}, {"train.epochs=6"}, 7, "is at epoch 7, beyond the last one, train.epochs = 6"},
    {{NULL}, {"train.epochs=1000"}, 10, NULL},
    {{NULL},
     {"train.snapshot_every=2"},
     7,
     "belongs to a run with train.snapshot_every = 4, this run has 2"},
    {{NULL},
     {"train.evaluate_every=1"},
     7,
     "belongs to a run with train.evaluate_every = 3, this run has 1"},
    {{NULL}, {"train.seed=1"}, 7, "belongs to a run with train.seed = 0, this run has 1"},
    /* a value that begins like another one */
    {{"train.seed=1"},
     {"train.seed=12"},
     7,
     "belongs to a run with train.seed = 1, this run has 12"},
    {{"train.seed=12"},
     {"train.seed=1"},
     7,
     "belongs to a run with train.seed = 12, this run has 1"},
    {{NULL}, {"data.seed=1"}, 7, "belongs to a run with data.seed = 0, this run has 1"},
    {{NULL}, {"model.d_mlp=2"}, 7, "belongs to a run with model.d_mlp = 1, this run has 2"},
    {{NULL},
     {"model.activation=gelu"},
     7,
     "belongs to a run with model.activation = relu, this run has gelu"},
    {{"optimizer.beta1=0.5"},
     {NULL},
     7,
     "belongs to a run with optimizer.beta1 = 0.5, this run has 0.9"},
    {{NULL},
     {"train.seed=1", "data.seed=1"},
     7,
     "belongs to a run with data.seed = 0, this run has 1"}, /* the first of the settings */
    /* test losses are 100 at epoch 0, 97 at 3, 94 at 6 */
    {{NULL}, {"train.stop_test_loss=94"}, 7, NULL},
    {{NULL},
     {"train.stop_test_loss=94.5"},
     7,
     "is at epoch 7, beyond epoch 6, where a test loss below train.stop_test_loss ends this run"},
    {{NULL}, {"train.stop_test_loss=94.5"}, 6, NULL}, /* what ends it is measured again */
    {{"train.stop_test_loss=95"}, {NULL}, 6, NULL},
};

START_TEST(a_state_is_used_where_the_run_would_have_come_to_it)
{
  struct Run run;
  struct State state;
  struct Error error = {0};
  char expected[256];
  interrupt_at(others[_i].epoch, others[_i].saved);
  run_init(&run, others[_i].wanted);
  enum StateFound found = read_state(&state, &run, &error);
  snprintf(expected, sizeof expected, "resume.safetensors: %s", others[_i].reason);
  ck_assert_str_eq(error.message, others[_i].reason ? expected : "");
  ck_assert_int_eq(found, others[_i].reason ? STATE_OTHERS : STATE_USABLE);
  if (found == STATE_USABLE) state_release(&state);
  run_release(&run);
}
END_TEST

/* Another value of every setting than run_init() gives, and whether a state may be used under it.
 */
static const struct {
  const char *assignment;
  bool used;
} other_values[] = {
    {"data.modulus=3", false},
    {"data.operation=subtract", false},
    {"data.train_fraction=0.6", false},
    {"data.seed=1", false},
    {"model.d_model=2", false},
    {"model.n_heads=2", false},
    {"model.d_head=2", false},
    {"model.d_mlp=2", false},
    {"model.activation=gelu", false},
    {"model.attention=uniform", false},
    {"model.output_equals=false", false},
    {"model.biases=false", false},
    {"optimizer.learning_rate=0.002", false},
    {"optimizer.beta1=0.8", false},
    {"optimizer.beta2=0.99", false},
    {"optimizer.epsilon=1e-7", false},
    {"optimizer.weight_decay=2", false},
    {"optimizer.warmup_steps=9", false},
    {"train.epochs=11", true},
    {"train.seed=1", false},
    {"train.snapshot_every=5", false},
    {"train.snapshot_until=8", false},
    {"train.snapshot_later=5", false},
    {"train.evaluate_every=4", false},
    {"train.stop_test_loss=1e-9", true},
    {"data.task=digits", false},
    {"data.equals=false", false},
    {"data.table=answers", true},
    {"data.answers=0123456789abcdef0123456789abcdef", false},
    {"data.digits=4", false},
    {"data.vocabulary=9", false},
    {"data.length=9", false},
    {"data.run=2", false},
    {"data.repeats=2", false},
    {"data.examples=9", false},
    {"data.test_examples=9", false},
    {"model.n_layers=2", false},
    {"model.layer_norm=pre", false},
    {"model.positions=none", false},
    {"model.tied_embeddings=true", false},
    {"model.registers=1", false},
    {"model.dropout=0.1", false},
    {"model.attention_rate=0.5", false},
    {"optimizer.kind=sgd", false},
    {"optimizer.momentum=0.9", false},
    {"optimizer.l1=0.1", false},
    {"optimizer.schedule=cosine", false},
    {"train.batch_size=2", false},
    {"train.precision=float64", false},
    {"train.loss=stablemax", false},
    {"train.from=checkpoint", true},
    {"train.start=0123456789abcdef0123456789abcdef", false},
};

START_TEST(a_state_under_another_value_of_any_setting)
{
  struct Config config;
  config_init(&config);
  for (int setting = 0; setting < config_n_settings(); setting++) {
    const char *name = config_setting_name(setting), *assignment = NULL;
    bool may_be_used = false;
    for (size_t i = 0; i < sizeof other_values / sizeof *other_values; i++)
      if (strncmp(other_values[i].assignment, name, strlen(name)) == 0 &&
          other_values[i].assignment[strlen(name)] == '=') {
        assignment = other_values[i].assignment;
        may_be_used = other_values[i].used;
      }
    ck_assert_msg(assignment != NULL, "no other value for %s", name);
    const char *const settings[] = {assignment, NULL};
    struct Run run;
    struct State state;
    struct Error error = {0};
    interrupt_at(7, no_settings);
    run_init(&run, settings);
    bool used = state_read(&state, "resume.safetensors", &run.config, "factored", &run.parameters,
                           &error) == STATE_USABLE;
    ck_assert_msg(used == may_be_used, "%s: %s", assignment, error.message);
    ck_assert_msg(used || strstr(error.message, name), "%s: %s", assignment, error.message);
    if (used) state_release(&state);
    run_release(&run);
  }
}
END_TEST

static const struct {
  int every, until, later;
  int epochs[12]; /* of the snapshots before epoch 41, ended by -1 */
} schedules[] = {
    {8, 0, 3, {0, 8, 16, 24, 32, 40, -1}},
    {5, 17, 10, {0, 5, 10, 15, 20, 30, 40, -1}},
    {5, 15, 10, {0, 5, 10, 15, 20, 30, 40, -1}},
    {5, 19, 7, {0, 5, 10, 15, 21, 28, 35, -1}},
    {10, 3, 4, {0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, -1}},
    {10, 40, 1, {0, 10, 20, 30, 40, -1}},
};

/* At which epochs there are snapshots, and how many there are before each. */
START_TEST(snapshots_may_become_fewer)
{
  const int *expected = schedules[_i].epochs;
  struct TrainConfig train = {.snapshot_every = schedules[_i].every,
                              .snapshot_until = schedules[_i].until,
                              .snapshot_later = schedules[_i].later};
  size_t n = 0;
  for (int epoch = 0; epoch <= 40; epoch++) {
    ck_assert_uint_eq(recorder_snapshots_before(&train, epoch), n);
    bool wanted = epoch == expected[n];
    ck_assert_int_eq(recorder_wants_snapshot(&train, epoch), wanted);
    n += wanted;
  }
  ck_assert_int_eq(expected[n], -1);
}
END_TEST

/* Where the learning rate falls to 0 at the last epoch, more epochs are other epochs. */
START_TEST(a_state_of_a_schedule_for_another_number_of_epochs)
{
  static const char *const scheduled[] = {"optimizer.schedule=linear", NULL};
  static const char *const longer[] = {"optimizer.schedule=linear", "train.epochs=11", NULL};
  struct Run run;
  struct State state;
  struct Error error = {0};
  interrupt_at(7, scheduled);
  run_init(&run, longer);
  ck_assert_int_eq(read_state(&state, &run, &error), STATE_OTHERS);
  ck_assert_str_eq(error.message, "resume.safetensors: belongs to a run with train.epochs = 10, "
                                  "this run has 11");
  run_release(&run);
}
END_TEST

/* A run that starts from a checkpoint, which has other weights under the same name now. */
START_TEST(a_state_of_a_run_from_other_weights)
{
  static const char *const before[] = {"train.from=checkpoint",
                                       "train.start=0123456789abcdef0123456789abcdef", NULL};
  static const char *const now[] = {"train.from=checkpoint",
                                    "train.start=0123456789abcdef0123456789abcdee", NULL};
  struct Run run;
  struct State state;
  struct Error error = {0};
  interrupt_at(7, before);
  run_init(&run, now);
  ck_assert_int_eq(read_state(&state, &run, &error), STATE_OTHERS);
  ck_assert_str_eq(error.message,
                   "resume.safetensors: belongs to a run that started from other weights: "
                   "train.start = 0123456789abcdef0123456789abcdef, those of checkpoint have "
                   "0123456789abcdef0123456789abcdee");
  run_release(&run);
  static const char *const elsewhere[] = {"train.from=copy",
                                          "train.start=0123456789abcdef0123456789abcdef", NULL};
  run_init(&run, elsewhere);
  ck_assert_msg(read_state(&state, &run, &error) == STATE_USABLE, "%s", error.message);
  state_release(&state);
  run_release(&run);
}
END_TEST

static bool opens(const struct Run *run)
{
  struct State state;
  struct Error error = {0};
  bool opened = read_state(&state, run, &error) == STATE_USABLE;
  ck_assert(opened == (*error.message == '\0'));
  if (opened) state_release(&state);
  return opened;
}

static void flip(const char *path, long position, int bit)
{
  FILE *stream = fopen(path, "r+b");
  ck_assert_ptr_nonnull(stream);
  ck_assert_int_eq(fseek(stream, position, SEEK_SET), 0);
  int c = getc(stream);
  ck_assert_int_eq(fseek(stream, position, SEEK_SET), 0);
  ck_assert_int_ne(putc(c ^ 1 << bit, stream), EOF);
  ck_assert_int_eq(fclose(stream), 0);
}

static long file_size(const char *path)
{
  struct stat status;
  ck_assert_int_eq(stat(path, &status), 0);
  return (long)status.st_size;
}

START_TEST(no_bit_of_a_state_may_be_wrong)
{
  struct Run run;
  interrupt_at(7, no_settings);
  run_init(&run, no_settings);
  for (long position = 0; position < file_size("resume.safetensors"); position++) {
    flip("resume.safetensors", position, _i);
    ck_assert_msg(!opens(&run), "bit %d of byte %ld", _i, position);
    flip("resume.safetensors", position, _i);
  }
  ck_assert(opens(&run));
  run_release(&run);
}
END_TEST

/* The signs of three moments that lie side by side. */
START_TEST(no_signs_of_a_state_may_be_wrong)
{
  struct Run run;
  struct State state;
  struct Safetensors file;
  struct Error error = {0};
  interrupt_at(7, no_settings);
  ck_assert(safetensors_open(&file, "resume.safetensors", &error));
  long moments = (long)safetensors_find(&file, _i == 0 ? "adamw.m" : "adamw.v")->position;
  safetensors_close(&file);
  for (int i = 1; i <= 3; i++)
    flip("resume.safetensors", moments + 4 * i + 3, 7);
  run_init(&run, no_settings);
  ck_assert_int_eq(
      state_read(&state, "resume.safetensors", &run.config, "factored", &run.parameters, &error),
      STATE_BAD);
  ck_assert_ptr_nonnull(strstr(error.message, "resume.safetensors: is damaged: digest "));
  run_release(&run);
}
END_TEST

START_TEST(no_byte_of_a_state_may_be_missing)
{
  struct Run run;
  interrupt_at(7, no_settings);
  run_init(&run, no_settings);
  for (long size = file_size("resume.safetensors"); size-- > 0;) {
    ck_assert_int_eq(truncate("resume.safetensors", size), 0);
    ck_assert_msg(!opens(&run), "the first %ld bytes", size);
  }
  run_release(&run);
}
END_TEST

/* With digests of 64 bits, of itself and of its snapshots. */
START_TEST(a_state_of_the_older_kind_is_another_builds)
{
  struct Run run;
  struct State state;
  struct Error error = {0};
  struct Metadata metadata;
  struct SafetensorsWriter writer;
  const struct TensorSpec specs[] = {{"epoch", DTYPE_I64, 0, {0}},
                                     {"snapshots", DTYPE_I64, 1, {2}}};
  run_init(&run, no_settings);
  metadata_describe(&metadata, &run.config, "factored");
  metadata_add(&metadata, "resume.program", "5308e6d6a3afb98b");
  metadata_add(&metadata, "resume.digest", "5d349963c56e16ce");
  ck_assert(safetensors_create(&writer, "resume.safetensors", specs, 2, metadata.entries,
                               metadata.n, &error));
  ck_assert(safetensors_finish(&writer, &error));
  ck_assert_int_eq(
      state_read(&state, "resume.safetensors", &run.config, "factored", &run.parameters, &error),
      STATE_OTHERS);
  ck_assert_str_eq(error.message, "resume.safetensors: was saved by another build of this program");
  run_release(&run);
}
END_TEST

/* Engines whose bits are not the same, though their names may begin alike. */
static const char *const engines[][2] = {
    {"factored", "textbook, OpenBLAS 0.3.21 SkylakeX"},
    {"textbook, OpenBLAS 0.3.21 SkylakeX", "factored"},
    {"textbook, OpenBLAS 0.3.21 SkylakeX", "textbook, OpenBLAS 0.3.21 Haswell"},
    {"textbook, OpenBLAS 0.3.2", "textbook, OpenBLAS 0.3.21"},
    {"textbook, OpenBLAS 0.3.21", "textbook, OpenBLAS 0.3.2"},
};

START_TEST(a_state_is_of_one_engine)
{
  const char *saved = engines[_i][0], *wanted = engines[_i][1];
  struct Run run;
  struct State state;
  struct Error error = {0};
  char expected[256];
  run_init(&run, no_settings);
  run.recorder.engine = saved;
  ck_assert(recorder_start(&run.recorder, &error));
  advance(&run, 0, 7);
  save(&run, 7);
  ck_assert_int_eq(
      state_read(&state, "resume.safetensors", &run.config, wanted, &run.parameters, &error),
      STATE_OTHERS);
  snprintf(expected, sizeof expected,
           "resume.safetensors: was trained by the engine \"%s\", this run's is \"%s\"", saved,
           wanted);
  ck_assert_str_eq(error.message, expected);
  ck_assert_int_eq(
      state_read(&state, "resume.safetensors", &run.config, saved, &run.parameters, &error),
      STATE_USABLE);
  state_release(&state);
  run_release(&run);
}
END_TEST

START_TEST(a_state_that_cannot_be_saved_leaves_the_one_before)
{
  struct Run run;
  struct Error error = {0};
  size_t size;
  interrupt_at(4, no_settings);
  char *bytes = read_file("resume.safetensors", &size);
  run_init(&run, no_settings);
  ck_assert(recorder_start(&run.recorder, &error));
  advance(&run, 0, 7);
  ck_assert_int_eq(mkdir("resume.safetensors.new", 0700), 0);
  ck_assert(!state_save("resume.safetensors", &run.training, &run.recorder, &error));
  ck_assert_ptr_nonnull(strstr(error.message, "resume.safetensors.new: cannot create"));
  ck_assert_int_eq(rmdir("resume.safetensors.new"), 0);
  assert_same_file("resume.safetensors", bytes, size);
  free(bytes);
  run_release(&run);
}
END_TEST

/* ---- recorders ---- */

/* The epochs of history.tsv, with a blank behind each; what is measured there is what advance()
 * says. */
static void read_history(char *epochs)
{
  char line[256];
  FILE *stream = fopen("history.tsv", "rb");
  ck_assert_ptr_nonnull(stream);
  while (fgets(line, sizeof line, stream)) {
    double epoch, found[4];
    if (sscanf(line, "%lf %lf %lf %lf %lf", &epoch, &found[0], &found[1], &found[2], &found[3]) !=
        5)
      continue;
    struct Performance train = performance(epoch), test = performance(100 - epoch);
    const double expected[4] = {train.loss, test.loss, train.accuracy, test.accuracy};
    for (int i = 0; i < 4; i++)
      ck_assert_double_eq_tol(found[i], expected[i], 1e-8);
    epochs += sprintf(epochs, "%g ", epoch);
  }
  fclose(stream);
}

/* Rows stand at multiples of evaluate_every, and at the end, whether or not that is one. */
static const struct {
  const char *settings[3], *epochs;
} histories[] = {{{"train.epochs=10"}, "0 3 6 9 10 "},
                 {{"train.epochs=9"}, "0 3 6 9 "},
                 {{"train.epochs=8"}, "0 3 6 8 "},
                 {{"train.epochs=7"}, "0 3 6 7 "},
                 {{"train.epochs=2"}, "0 2 "},
                 {{"train.epochs=10", "train.evaluate_every=4"}, "0 4 8 10 "},
                 {{"train.epochs=5", "train.evaluate_every=1"}, "0 1 2 3 4 5 "}};

START_TEST(a_history_ends_with_the_run)
{
  char epochs[256] = "";
  run_undisturbed(histories[_i].settings);
  read_history(epochs);
  ck_assert_str_eq(epochs, histories[_i].epochs);
}
END_TEST

static const char *const longer[] = {"train.epochs=13", NULL};
static const char *const shorter[] = {"train.epochs=7", NULL};

/* Interrupted at any epoch of 10, it goes on to 10, to 13, and where it can to 7. */
START_TEST(the_bytes_are_those_of_an_undisturbed_run)
{
  const char *const *const ends[] = {no_settings, longer, shorter};
  for (int i = 0; i < (_i <= 7 ? 3 : 2); i++) {
    size_t size, history_size;
    run_undisturbed(ends[i]);
    char *trajectory = read_file("trajectory.safetensors", &size);
    char *history = read_file("history.tsv", &history_size);
    unlink("trajectory.safetensors");
    unlink("history.tsv");
    interrupt_at(_i, no_settings);
    ck_assert(exists("trajectory.safetensors.partial") && !exists("trajectory.safetensors"));
    continue_to_end(ends[i], "./trajectory.safetensors.partial");
    ck_assert(!exists("trajectory.safetensors.partial"));
    assert_same_file("trajectory.safetensors", trajectory, size);
    assert_same_file("history.tsv", history, history_size);
    continue_to_end(ends[i], "./trajectory.safetensors"); /* now it is finished */
    assert_same_file("trajectory.safetensors", trajectory, size);
    assert_same_file("history.tsv", history, history_size);
    free(trajectory);
    free(history);
  }
}
END_TEST

/* Sums of digits, whose trajectory has no pairs; it goes on as others do, and is not analysed. */
static const char *const sums[] = {"data.task=digits", "data.examples=3", NULL};

START_TEST(a_run_without_pairs_has_no_mask)
{
  size_t size;
  struct Safetensors file;
  struct Trajectory trajectory;
  struct Error error = {0};
  run_undisturbed(sums);
  char *bytes = read_file("trajectory.safetensors", &size);
  interrupt_at(7, sums);
  continue_to_end(sums, "./trajectory.safetensors.partial");
  assert_same_file("trajectory.safetensors", bytes, size);
  free(bytes);
  ck_assert(safetensors_open(&file, "trajectory.safetensors", &error));
  ck_assert_ptr_null(safetensors_find(&file, "train_mask"));
  ck_assert_ptr_nonnull(safetensors_find(&file, "epoch"));
  ck_assert_uint_eq(file.n_tensors, N_PARAMETERS + 1);
  safetensors_close(&file);
  ck_assert(!trajectory_open(&trajectory, "trajectory.safetensors", NULL, 0, &error));
  ck_assert_str_eq(error.message,
                   "trajectory.safetensors: trained on digits, not on pairs: there is no answer to "
                   "each a and b to analyse");
}
END_TEST

static void write_answers(const char *text)
{
  FILE *stream = fopen("file", "wb");
  ck_assert_ptr_nonnull(stream);
  fputs(text, stream);
  ck_assert_int_eq(fclose(stream), 0);
}

/* Answers from a file: the trajectory has them, and goes on without it. */
static const char *const from_file[] = {"data.operation=table", "data.table=file", NULL};

START_TEST(answers_from_a_file_are_recorded)
{
  size_t size;
  struct Trajectory trajectory;
  struct Error error = {0};
  write_answers("1 0\n1 1\n");
  run_undisturbed(from_file);
  char *bytes = read_file("trajectory.safetensors", &size);
  interrupt_at(7, from_file);
  continue_to_end(from_file, "./trajectory.safetensors.partial");
  assert_same_file("trajectory.safetensors", bytes, size);
  free(bytes);
  unlink("file");
  ck_assert_msg(trajectory_open(&trajectory, "trajectory.safetensors", NULL, 0, &error), "%s",
                error.message);
  ck_assert_int_eq(trajectory.config.data.operation, OPERATION_TABLE);
  ck_assert_str_eq(trajectory.config.data.table, "");
  ck_assert_uint_eq(strlen(trajectory.config.data.answers), DIGEST_SIZE - 1);
  ck_assert_mem_eq(trajectory.dataset.answer, ((const int[]){1, 0, 1, 1}), 4 * sizeof(int));
  ck_assert_uint_eq(trajectory.dataset.n_train, 2);
  ck_assert_ptr_null(trajectory.unsaid);
  trajectory_close(&trajectory);
}
END_TEST

/* Under the same name as before, or under another. */
START_TEST(other_answers_are_another_run)
{
  struct Run run;
  struct State state;
  struct Error error = {0};
  char was[DIGEST_SIZE], expected[256];
  write_answers("1 0\n1 1\n");
  interrupt_at(7, from_file);
  run_init(&run, from_file);
  snprintf(was, sizeof was, "%s", run.config.data.answers);
  ck_assert_int_eq(read_state(&state, &run, &error), STATE_USABLE);
  state_release(&state);
  snprintf(run.config.data.table, sizeof run.config.data.table, "elsewhere");
  ck_assert_int_eq(read_state(&state, &run, &error), STATE_USABLE);
  state_release(&state);
  run_release(&run);
  write_answers("1 0\n1 0\n");
  run_init(&run, from_file);
  snprintf(expected, sizeof expected,
           "resume.safetensors: belongs to a run with other answers: data.answers = %s, those of "
           "file have %s",
           was, run.config.data.answers);
  ck_assert_int_eq(read_state(&state, &run, &error), STATE_OTHERS);
  ck_assert_str_eq(error.message, expected);
  run_release(&run);
}
END_TEST

/* Changes the first snapshot of a file. */
static void spoil(const char *path)
{
  size_t size;
  char *bytes = read_file(path, &size);
  uint64_t header;
  memcpy(&header, bytes, sizeof header);
  free(bytes);
  flip(path, (long)(sizeof header + header), 0);
}

START_TEST(snapshots_that_are_others_are_not_used)
{
  struct Run run;
  struct State state;
  struct Error error = {0};
  interrupt_at(10, no_settings);
  continue_to_end(no_settings, "./trajectory.safetensors.partial");
  interrupt_at(7, no_settings);
  spoil("trajectory.safetensors.partial");
  continue_to_end(no_settings, "./trajectory.safetensors"); /* where they are as well */
  interrupt_at(7, no_settings);
  spoil("trajectory.safetensors.partial");
  spoil("trajectory.safetensors");
  run_init(&run, no_settings);
  ck_assert_int_eq(read_state(&state, &run, &error), STATE_USABLE);
  ck_assert(recorder_recall(&run.recorder, state.rows, state.n_rows, state.digests,
                            state.n_snapshots, &error));
  state_release(&state);
  ck_assert_ptr_null(recorder_find_snapshots(&run.recorder, &error));
  ck_assert_str_eq(error.message,
                   "the snapshots up to that epoch are gone: ./trajectory.safetensors: "
                   "snapshot 0 differs from the one that was saved");
  run_release(&run);
}
END_TEST

START_TEST(a_run_that_fails_leaves_what_counts)
{
  struct Run run;
  struct Error error = {0};
  run_init(&run, no_settings);
  ck_assert(recorder_start(&run.recorder, &error));
  advance(&run, 0, 7);
  run_release(&run);
  ck_assert(!exists("trajectory.safetensors.partial")); /* nothing was saved */
  ck_assert(!exists("history.tsv.partial"));
  interrupt_at(7, no_settings);
  ck_assert(exists("trajectory.safetensors.partial"));
  ck_assert(exists("history.tsv.partial"));
}
END_TEST

/* The rows of the history so far: as many, and with these epochs, losses and accuracies. */
static void assert_rows(size_t n)
{
  struct Table table;
  struct Error error = {0};
  ck_assert_msg(table_read(&table, "history.tsv.partial", &error), "%s", error.message);
  ck_assert_uint_eq(table.n_rows, n);
  ck_assert(table.run.has_configuration && !table.run.has_trajectory);
  double *epochs = table_numbers(&table, "epoch", &error);
  double *losses = table_numbers(&table, "test_loss", &error);
  for (size_t i = 0; i < n; i++)
    ck_assert(epochs[i] == 3.0 * (double)i && losses[i] == 100 - epochs[i]);
  free(epochs);
  free(losses);
  table_release(&table);
}

/* What a run has recorded can be read while it goes on; what it has recorded behind the state that
   was saved last is taken back when another program goes on from there. */
START_TEST(the_history_grows_with_the_run)
{
  struct Run run;
  struct State state;
  struct Error error = {0};
  interrupt_at(4, no_settings);
  assert_rows(2); /* 0, 3 */
  run_init(&run, no_settings);
  ck_assert(recorder_start(&run.recorder, &error));
  for (int64_t epoch = 0; epoch < 10; epoch++) {
    advance(&run, epoch, epoch + 1);
    if (epoch < 9) assert_rows((size_t)(epoch / 3 + 1));
  }
  run.recorder.keep = true; /* as if it had been killed */
  run_release(&run);
  run_init(&run, no_settings);
  ck_assert_int_eq(read_state(&state, &run, &error), STATE_USABLE);
  ck_assert(recorder_recall(&run.recorder, state.rows, state.n_rows, state.digests,
                            state.n_snapshots, &error));
  state_release(&state);
  ck_assert(recorder_continue(&run.recorder, run.recorder.partial, &error));
  assert_rows(2);
  advance(&run, 4, 7);
  assert_rows(3);
  run_release(&run);
}
END_TEST

/* Snapshots count from the moment at which they are whole. */
START_TEST(the_trajectory_grows_with_the_run)
{
  struct Run run;
  struct Trajectory trajectory;
  struct Error error = {0};
  const char *path = "trajectory.safetensors.partial";
  run_init(&run, no_settings);
  ck_assert(recorder_start(&run.recorder, &error));
  ck_assert(!trajectory_open(&trajectory, path, NULL, 0, &error));
  ck_assert_ptr_nonnull(strstr(error.message, "contains no snapshot yet"));
  for (int64_t epoch = 0; epoch < 9; epoch++) {
    advance(&run, epoch, epoch + 1);
    ck_assert_msg(trajectory_open(&trajectory, path, NULL, 0, &error), "%s", error.message);
    size_t n = trajectory.n_snapshots;
    ck_assert_uint_eq(n, (size_t)(epoch / 4 + 1));
    ck_assert_uint_eq(trajectory.n_planned, 4); /* 0, 4, 8 and 10 */
    ck_assert_int_eq(trajectory.epochs[n - 1], epoch / 4 * 4);
    trajectory_close(&trajectory);
  }
  run_release(&run);
}
END_TEST

START_TEST(a_finished_trajectory_in_the_way_is_told_of)
{
  struct Run run;
  struct Error error = {0};
  run_init(&run, no_settings);
  ck_assert(!recorder_has_finished(&run.recorder, &error));
  run_release(&run);
  run_undisturbed(no_settings);
  run_init(&run, no_settings);
  ck_assert(recorder_has_finished(&run.recorder, &error));
  ck_assert_str_eq(error.message,
                   "./trajectory.safetensors: belongs to a finished run with these settings");
  run_release(&run);
  run_init(&run, shorter);
  ck_assert(recorder_has_finished(&run.recorder, &error));
  ck_assert_str_eq(error.message,
                   "./trajectory.safetensors: belongs to a run with train.epochs = 10, "
                   "this run has 7");
  run_release(&run);
}
END_TEST

/* ---- writing on in a file ---- */

START_TEST(a_file_is_continued_under_its_own_header_alone)
{
  struct TensorSpec specs[] = {{"a", DTYPE_F32, 1, {4}}, {"b", DTYPE_I64, 1, {2}}};
  struct MetadataEntry entry = {"key", "value"};
  struct SafetensorsWriter writer;
  struct Error error = {0};
  const float one = 1, two = 2;
  ck_assert(safetensors_create(&writer, "file", specs, 2, &entry, 1, &error));
  ck_assert(safetensors_write(&writer, 0, 0, &one, sizeof one, &error));
  safetensors_abandon(&writer);
  ck_assert(safetensors_continue(&writer, "file", specs, 2, &entry, 1, &error));
  ck_assert(safetensors_write(&writer, 0, sizeof two, &two, sizeof two, &error));
  ck_assert(safetensors_finish(&writer, &error));
  struct Safetensors file;
  ck_assert(safetensors_open(&file, "file", &error));
  float values[2];
  ck_assert(tensor_read_floats(safetensors_find(&file, "a"), 0, 2, values, &error));
  ck_assert(values[0] == 1 && values[1] == 2);
  safetensors_close(&file);

  specs[1].name = "c";
  ck_assert(!safetensors_continue(&writer, "file", specs, 2, &entry, 1, &error));
  ck_assert_str_eq(error.message, "file: its header differs from the expected one");
  specs[1].name = "b";
  specs[1].shape[0] = 3;
  ck_assert(!safetensors_continue(&writer, "file", specs, 2, &entry, 1, &error));
  ck_assert_ptr_nonnull(strstr(error.message, "bytes, expected"));
  ck_assert(!safetensors_continue(&writer, "none", specs, 2, &entry, 1, &error));
  ck_assert_str_eq(error.message, "none: cannot open: No such file or directory");
  ck_assert(exists("file"));
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("resume");
  TCase *digests = tcase_create("digests");
  tcase_add_test(digests, every_bit_counts);
  tcase_add_test(digests, signs_count);
  tcase_add_loop_test(digests, bits_do_not_cancel, 0, (int)(sizeof changes / sizeof *changes));
  tcase_add_test(digests, pieces_count_with_their_lengths_and_order);
  tcase_add_test(digests, digests_have_their_text);
  suite_add_tcase(suite, digests);
  TCase *system = tcase_create("system");
  tcase_add_checked_fixture(system, enter_folder, leave_folder);
  tcase_add_test(system, a_lock_is_one_programs);
  tcase_add_test(system, a_lock_that_was_waited_for_is_the_file_of_that_name);
  tcase_add_test(system, a_lock_can_be_looked_at);
  tcase_add_test(system, the_holder_of_a_run_signs);
  tcase_add_test(system, the_first_signal_is_noted);
  tcase_add_test(system, the_end_is_the_signals);
  tcase_add_test(system, leftovers_of_one_target_are_removed);
  tcase_add_test(system, a_program_knows_itself);
  tcase_add_test(system, a_file_is_continued_under_its_own_header_alone);
  suite_add_tcase(suite, system);
  TCase *states = tcase_create("states");
  tcase_add_checked_fixture(states, enter_folder, leave_folder);
  tcase_set_timeout(states, 120);
  tcase_add_loop_test(states, a_state_comes_back, 0, sizeof kinds / sizeof *kinds);
  tcase_add_test(states, without_a_state_there_is_no_reason);
  tcase_add_loop_test(states, a_state_is_used_where_the_run_would_have_come_to_it, 0,
                      (int)(sizeof others / sizeof *others));
  tcase_add_test(states, a_state_under_another_value_of_any_setting);
  tcase_add_test(states, a_state_of_a_schedule_for_another_number_of_epochs);
  tcase_add_test(states, a_state_of_a_run_from_other_weights);
  tcase_add_loop_test(states, no_bit_of_a_state_may_be_wrong, 0, 8);
  tcase_add_loop_test(states, no_signs_of_a_state_may_be_wrong, 0, 2);
  tcase_add_test(states, no_byte_of_a_state_may_be_missing);
  tcase_add_test(states, a_state_of_the_older_kind_is_another_builds);
  tcase_add_loop_test(states, a_state_is_of_one_engine, 0, (int)(sizeof engines / sizeof *engines));
  tcase_add_test(states, a_state_that_cannot_be_saved_leaves_the_one_before);
  suite_add_tcase(suite, states);
  TCase *recorders = tcase_create("recorders");
  tcase_add_checked_fixture(recorders, enter_folder, leave_folder);
  tcase_add_loop_test(recorders, the_bytes_are_those_of_an_undisturbed_run, 0, 11);
  tcase_add_loop_test(recorders, a_history_ends_with_the_run, 0,
                      (int)(sizeof histories / sizeof *histories));
  tcase_add_test(recorders, a_run_without_pairs_has_no_mask);
  tcase_add_test(recorders, answers_from_a_file_are_recorded);
  tcase_add_test(recorders, other_answers_are_another_run);
  tcase_add_loop_test(recorders, snapshots_may_become_fewer, 0,
                      sizeof schedules / sizeof *schedules);
  tcase_add_test(recorders, snapshots_that_are_others_are_not_used);
  tcase_add_test(recorders, a_run_that_fails_leaves_what_counts);
  tcase_add_test(recorders, the_history_grows_with_the_run);
  tcase_add_test(recorders, the_trajectory_grows_with_the_run);
  tcase_add_test(recorders, a_finished_trajectory_in_the_way_is_told_of);
  suite_add_tcase(suite, recorders);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
