#include "config/config.h"

#include "base/ini.h"
#include "base/number.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

enum Type { INTEGER, LONG_INTEGER, REAL, BOOLEAN, WORD, PATH, HEXADECIMAL };

enum { LONGEST_NAME = 32, MOST_WORDS = 8 };

struct Setting {
  const char *name; /* "section.key"; rows of a section are adjacent */
  enum Type type;
  size_t offset;                     /* of the field in struct Config */
  const char *initial;               /* the default, as written in a file */
  int least, most;                   /* integers; long ones have no range */
  double low, high;                  /* reals */
  bool low_outside, high_inside;     /* low is excluded; high is included */
  const char *words[MOST_WORDS + 1]; /* in enum order, NULL-terminated */
  bool place;                        /* where a file is, not what it holds */
  bool later;                        /* came after the first trajectories: config_is_canonical */
  const char *help;                  /* the meaning, and the source of the default */
};

#define FIELD(type, field) type, offsetof(struct Config, field)

/* clang-format off */
static const struct Setting settings[] = {
  {"data.modulus", FIELD(INTEGER, data.modulus), "113", .least = 2, .most = 1021,
   .help = "p: numbers are 0..p-1 (paper, section 3)"},
  {"data.operation", FIELD(WORD, data.operation), "add",
   .words = {"add", "subtract", "quadratic", "random", "multiply", "divide", "table"},
   .help = "answer mod p: a+b, a-b, a^2+ab+b^2, fixed random numbers, ab, a/b (b not 0, p prime),"
           " or those of the file data.table (paper, section 3)"},
  {"data.train_fraction", FIELD(REAL, data.train_fraction), "0.3",
   .low = 0, .low_outside = true, .high = 1,
   .help = "int(train_fraction p^2) pairs train, the others test (paper, section 3)"},
  {"data.seed", FIELD(LONG_INTEGER, data.seed), "0",
   .help = "seed of the split, as for CPython's random.seed: the sign is ignored (authors' code)"},
  {"data.task", FIELD(WORD, data.task), "pairs", .later = true,
   .words = {"pairs", "digits", "subsequence", "skip-trigram"},
   .help = "pairs: a function of two numbers; the others are the paper's of appendix D.3"
           " (tools/network/examples.h)"},
  {"data.equals", FIELD(BOOLEAN, data.equals), "true", .later = true,
   .help = "pairs: the input is \"a b =\", read at \"=\"; false: \"a b\", read at b (Zhong et al. 2023)"},
  {"data.table", FIELD(PATH, data.table), "", .later = true, .place = true,
   .help = "the file with the answers of data.operation=table: p rows a of p numbers, one for each b"
           " (tools/network/answers.h)"},
  {"data.answers", FIELD(HEXADECIMAL, data.answers), "", .later = true,
   .help = "the digest of these answers: it is taken from the file, which must have it where it is"
           " given"},
  {"data.digits", FIELD(INTEGER, data.digits), "5", .least = 1, .most = 9, .later = true,
   .help = "digits: of each summand (paper, appendix D.3)"},
  {"data.vocabulary", FIELD(INTEGER, data.vocabulary), "128", .least = 2, .most = 4096, .later = true,
   .help = "subsequence, skip-trigram: different tokens (authors' saved runs)"},
  {"data.length", FIELD(INTEGER, data.length), "85", .least = 2, .most = 1024, .later = true,
   .help = "subsequence, skip-trigram: tokens of a sequence (authors' saved runs)"},
  {"data.run", FIELD(INTEGER, data.run), "16", .least = 1, .most = 1024, .later = true,
   .help = "subsequence: length of what is repeated (authors' saved runs)"},
  {"data.repeats", FIELD(INTEGER, data.repeats), "3", .least = 2, .most = 1024, .later = true,
   .help = "subsequence: how often it stands in a sequence (authors' saved runs)"},
  {"data.examples", FIELD(INTEGER, data.examples), "0", .least = 0, .most = 100000000, .later = true,
   .help = "digits, subsequence, skip-trigram: size of the training set; 0: fresh examples at every"
           " step (paper, appendix D.3)"},
  {"data.test_examples", FIELD(INTEGER, data.test_examples), "1024",
   .least = 1, .most = 100000000, .later = true,
   .help = "digits, subsequence, skip-trigram: examples that measure the test loss (our choice)"},

  {"model.d_model", FIELD(INTEGER, model.d_model), "128", .least = 1, .most = 4096,
   .help = "width of the residual stream (paper, section 3)"},
  {"model.n_heads", FIELD(INTEGER, model.n_heads), "4", .least = 0, .most = 64,
   .help = "number of attention heads; 0: no attention (paper, section 3)"},
  {"model.d_head", FIELD(INTEGER, model.d_head), "32", .least = 1, .most = 1024,
   .help = "width of a head (paper, section 3)"},
  {"model.d_mlp", FIELD(INTEGER, model.d_mlp), "512", .least = 0, .most = 16384,
   .help = "number of neurons of a layer; 0: attention alone (paper, section 3)"},
  {"model.activation", FIELD(WORD, model.activation), "relu", .words = {"relu", "gelu"},
   .help = "activation function of the neurons (paper, section 3)"},
  {"model.attention", FIELD(WORD, model.attention), "softmax",
   .words = {"softmax", "softmax1", "uniform", "softmax1-unnormalised"},
   .help = "how scores become weights; softmax1 adds 1 to the denominator (paper, section 3)"},
  {"model.output_equals", FIELD(BOOLEAN, model.output_equals), "true",
   .help = "the token \"=\" also has a logit: p+1 outputs instead of p (authors' code)"},
  {"model.biases", FIELD(BOOLEAN, model.biases), "true",
   .help = "b_in and b_out are trained instead of fixed at 0 (authors' code)"},
  {"model.n_layers", FIELD(INTEGER, model.n_layers), "1", .least = 1, .most = 64, .later = true,
   .help = "number of layers (paper, section 3)"},
  {"model.layer_norm", FIELD(WORD, model.layer_norm), "none", .words = {"none", "pre", "post"},
   .later = true,
   .help = "layer normalisation: before attention, MLP and unembedding as in TransformerLens, or"
           " after each residual sum as in RoganInglis/grokking-experiments (paper, section 3: none)"},
  {"model.positions", FIELD(WORD, model.positions), "learned",
   .words = {"learned", "sinusoidal", "none"}, .later = true,
   .help = "positional embeddings (paper, section 3)"},
  {"model.tied_embeddings", FIELD(BOOLEAN, model.tied_embeddings), "false", .later = true,
   .help = "W_U is the transpose of W_E (authors' code: no)"},
  {"model.registers", FIELD(INTEGER, model.registers), "0", .least = 0, .most = 64, .later = true,
   .help = "learned positions before the input, which see all and which all see (our choice)"},
  {"model.dropout", FIELD(REAL, model.dropout), "0", .low = 0, .high = 1, .later = true,
   .help = "probability of zeroing after the embedding, of attention weights, of neurons and of the"
           " MLP's output (paper, appendix D.1)"},
  {"model.attention_rate", FIELD(REAL, model.attention_rate), "1", .low = 0, .high = 1,
   .high_inside = true, .later = true,
   .help = "attention weights are (1 - rate) + rate times those of model.attention (Zhong et al."
           " 2023)"},

  {"optimizer.learning_rate", FIELD(REAL, optimizer.learning_rate), "0.001",
   .low = 0, .low_outside = true, .high = INFINITY,
   .help = "learning rate after warm-up (paper, section 3)"},
  {"optimizer.beta1", FIELD(REAL, optimizer.beta1), "0.9", .low = 0, .high = 1,
   .help = "decay of the gradient's running mean (authors' code)"},
  {"optimizer.beta2", FIELD(REAL, optimizer.beta2), "0.98", .low = 0, .high = 1,
   .help = "decay of the squared gradient's running mean (authors' code)"},
  {"optimizer.epsilon", FIELD(REAL, optimizer.epsilon), "1e-8",
   .low = 0, .low_outside = true, .high = INFINITY,
   .help = "added to the root of the squared gradient (PyTorch's default)"},
  {"optimizer.weight_decay", FIELD(REAL, optimizer.weight_decay), "1",
   .low = 0, .high = INFINITY,
   .help = "decoupled, all parameters: each step shrinks them by learning_rate weight_decay"
           " (paper, section 3); of sgd that is part of what momentum accumulates"},
  {"optimizer.warmup_steps", FIELD(INTEGER, optimizer.warmup_steps), "10",
   .least = 0, .most = 1000000,
   .help = "the rate is multiplied by min(step/warmup_steps, 1), step from 0; 0: no warm-up"
           " (authors' code)"},
  {"optimizer.kind", FIELD(WORD, optimizer.kind), "adamw", .words = {"adamw", "sgd"}, .later = true,
   .help = "AdamW, or gradient descent with momentum (paper, section 3)"},
  {"optimizer.momentum", FIELD(REAL, optimizer.momentum), "0", .low = 0, .high = 1, .later = true,
   .help = "of sgd (PyTorch's default)"},
  {"optimizer.l1", FIELD(REAL, optimizer.l1), "0", .low = 0, .high = INFINITY, .later = true,
   .help = "the sum of the weights' magnitudes times this is added to what is minimised (paper,"
           " appendix D.1)"},
  {"optimizer.schedule", FIELD(WORD, optimizer.schedule), "constant",
   .words = {"constant", "linear", "cosine"}, .later = true,
   .help = "how the rate falls from the warm-up to 0 at the last epoch (paper: constant)"},

  {"train.epochs", FIELD(INTEGER, train.epochs), "40000", .least = 1, .most = 100000000,
   .help = "steps of the optimizer (paper, section 3: each on the whole training set)"},
  {"train.seed", FIELD(LONG_INTEGER, train.seed), "0",
   .help = "seed of the initial weights, and of the order of batches (authors' code)"},
  {"train.snapshot_every", FIELD(INTEGER, train.snapshot_every), "100",
   .least = 1, .most = 100000000,
   .help = "epochs between snapshots of the trajectory (authors' code)"},
  {"train.snapshot_until", FIELD(INTEGER, train.snapshot_until), "0",
   .least = 0, .most = 100000000, .later = true,
   .help = "the epoch after which snapshots are train.snapshot_later apart; 0: none (our choice)"},
  {"train.snapshot_later", FIELD(INTEGER, train.snapshot_later), "1000",
   .least = 1, .most = 100000000, .later = true,
   .help = "epochs between snapshots after train.snapshot_until (our choice)"},
  {"train.evaluate_every", FIELD(INTEGER, train.evaluate_every), "50",
   .least = 1, .most = 100000000,
   .help = "epochs between rows of the history (our choice)"},
  {"train.stop_test_loss", FIELD(REAL, train.stop_test_loss), "0", .low = 0, .high = INFINITY,
   .help = "training ends at the first row with a test loss below this; 0: never (our choice)"},
  {"train.batch_size", FIELD(INTEGER, train.batch_size), "0", .least = 0, .most = 100000000,
   .later = true,
   .help = "sequences of a step; 0: the whole training set (paper, section 3)"},
  {"train.precision", FIELD(WORD, train.precision), "float32", .words = {"float32", "float64"},
   .later = true, .help = "of weights and arithmetic (our choice)"},
  {"train.loss", FIELD(WORD, train.loss), "exact", .words = {"exact", "float32", "stablemax"},
   .later = true,
   .help = "exact: log1p of the wrong answers' terms; float32: the log of a rounded softmax; stablemax:"
           " Prieto et al. 2025 (our choice)"},
  {"train.from", FIELD(PATH, train.from), "", .later = true, .place = true,
   .help = "a checkpoint to start from instead of random weights; its last snapshot"},
  {"train.start", FIELD(HEXADECIMAL, train.start), "", .later = true,
   .help = "the digest of these weights: it is taken from the file, which must have them where it is"
           " given (tools/run/start.h)"},
};
/* clang-format on */

enum { N_SETTINGS = sizeof settings / sizeof settings[0] };

_Static_assert((int)N_SETTINGS <= CONFIG_MAX_SETTINGS, "one bit of Config.given for each setting");
_Static_assert(sizeof(enum Operation) == sizeof(int) && sizeof(enum Activation) == sizeof(int) &&
                   sizeof(enum Attention) == sizeof(int),
               "words are stored as int");

static void *field(struct Config *config, const struct Setting *setting)
{
  return (char *)config + setting->offset;
}

static const void *field_const(const struct Config *config, const struct Setting *setting)
{
  return (const char *)config + setting->offset;
}

static size_t section_length(const struct Setting *setting)
{
  return strcspn(setting->name, ".");
}

static const char *key_of(const struct Setting *setting)
{
  return setting->name + section_length(setting) + 1;
}

static bool starts_section(int i)
{
  return i == 0 || section_length(&settings[i]) != section_length(&settings[i - 1]) ||
         strncmp(settings[i].name, settings[i - 1].name, section_length(&settings[i])) != 0;
}

static bool in_section(const struct Setting *setting, const char *section)
{
  return strlen(section) == section_length(setting) &&
         strncmp(setting->name, section, strlen(section)) == 0;
}

/* ---- values ---- */

enum { RANGE_SIZE = 128 };

/* The valid values of a setting, to follow the word "expected". */
static void describe_range(const struct Setting *setting, char range[RANGE_SIZE])
{
  char low[NUMBER_TEXT_SIZE], high[NUMBER_TEXT_SIZE];
  switch (setting->type) {
  case LONG_INTEGER:
    snprintf(range, RANGE_SIZE, "a 64-bit integer");
    break;
  case INTEGER:
    snprintf(range, RANGE_SIZE, "an integer from %d to %d", setting->least, setting->most);
    break;
  case REAL:
    number_format_real(setting->low, low);
    number_format_real(setting->high, high);
    snprintf(range, RANGE_SIZE, "a number %s %s%s%s",
             setting->low_outside ? "above" : "of at least", low,
             !isfinite(setting->high) ? ""
             : setting->high_inside   ? " and at most "
                                      : " and below ",
             isfinite(setting->high) ? high : "");
    break;
  case BOOLEAN:
    snprintf(range, RANGE_SIZE, "true or false");
    break;
  case PATH:
    snprintf(range, RANGE_SIZE, "a path of at most %d characters, without line breaks",
             CONFIG_PATH_SIZE - 1);
    break;
  case HEXADECIMAL:
    snprintf(range, RANGE_SIZE, "%d hexadecimal digits", DIGEST_SIZE - 1);
    break;
  case WORD:
    range[0] = '\0';
    for (int i = 0; setting->words[i]; i++) {
      size_t length = strlen(range);
      snprintf(range + length, RANGE_SIZE - length, "%s%s",
               i == 0 ? "" : (setting->words[i + 1] ? ", " : " or "), setting->words[i]);
    }
    break;
  }
}

static bool parse_integer(const struct Setting *setting, const char *text, int64_t *value)
{
  return number_parse_integer(text, value) && *value >= setting->least && *value <= setting->most;
}

/* Written so that NaN is outside every range. */
static bool parse_real(const struct Setting *setting, const char *text, double *value)
{
  if (!number_parse_real(text, value)) return false;
  *value += 0.0; /* -0 trains like 0, so it is dumped as 0 */
  return (*value < setting->high || (setting->high_inside && *value == setting->high)) &&
         (setting->low_outside ? *value > setting->low : *value >= setting->low);
}

static bool parse_word(const char *const *words, const char *text, int *value)
{
  for (int i = 0; words[i]; i++)
    if (strcmp(text, words[i]) == 0) {
      *value = i;
      return true;
    }
  return false;
}

static bool copy_path(const char *text, char path[CONFIG_PATH_SIZE])
{
  size_t length = strlen(text);
  if (length >= CONFIG_PATH_SIZE || strcspn(text, "\r\n") != length) return false;
  memcpy(path, text, length + 1);
  return true;
}

static bool copy_digest(const char *text, char copy[DIGEST_SIZE])
{
  struct Digest digest;
  size_t length = strlen(text);
  if (length > 0 && (length != DIGEST_SIZE - 1 || !digest_parse(text, &digest))) return false;
  memcpy(copy, text, length + 1);
  return true;
}

static bool store(struct Config *config, const struct Setting *setting, const char *text)
{
  static const char *const booleans[] = {"false", "true", NULL};
  int64_t integer;
  double real;
  int word;
  switch (setting->type) {
  case INTEGER:
    if (!parse_integer(setting, text, &integer)) return false;
    *(int *)field(config, setting) = (int)integer;
    return true;
  case LONG_INTEGER:
    if (!number_parse_integer(text, &integer)) return false;
    *(int64_t *)field(config, setting) = integer;
    return true;
  case REAL:
    if (!parse_real(setting, text, &real)) return false;
    *(double *)field(config, setting) = real;
    return true;
  case BOOLEAN:
    if (!parse_word(booleans, text, &word)) return false;
    *(bool *)field(config, setting) = word;
    return true;
  case WORD:
    if (!parse_word(setting->words, text, &word)) return false;
    *(int *)field(config, setting) = word;
    return true;
  case PATH:
    return copy_path(text, field(config, setting));
  case HEXADECIMAL:
    return copy_digest(text, field(config, setting));
  }
  return false;
}

static bool set(struct Config *config, int i, const char *text, struct Error *error)
{
  if (!store(config, &settings[i], text)) {
    char range[RANGE_SIZE];
    describe_range(&settings[i], range);
    return error_set(error, "%s: found \"%s\", expected %s", settings[i].name, text, range);
  }
  config->given |= (uint64_t)1 << i;
  return true;
}

void config_setting_value(const struct Config *config, int i, char value[CONFIG_VALUE_SIZE])
{
  const struct Setting *setting = &settings[i];
  const void *at = field_const(config, setting);
  char real[NUMBER_TEXT_SIZE];
  switch (setting->type) {
  case INTEGER:
    snprintf(value, CONFIG_VALUE_SIZE, "%d", *(const int *)at);
    break;
  case LONG_INTEGER:
    snprintf(value, CONFIG_VALUE_SIZE, "%" PRId64, *(const int64_t *)at);
    break;
  case REAL:
    number_format_real(*(const double *)at, real);
    snprintf(value, CONFIG_VALUE_SIZE, "%s", real);
    break;
  case BOOLEAN:
    snprintf(value, CONFIG_VALUE_SIZE, "%s", *(const bool *)at ? "true" : "false");
    break;
  case WORD:
    snprintf(value, CONFIG_VALUE_SIZE, "%s", setting->words[*(const int *)at]);
    break;
  case PATH:
  case HEXADECIMAL:
    snprintf(value, CONFIG_VALUE_SIZE, "%s", (const char *)at);
    break;
  }
}

/* ---- names ---- */

int config_find_setting(const char *name)
{
  for (int i = 0; i < N_SETTINGS; i++)
    if (strcmp(settings[i].name, name) == 0) return i;
  return -1;
}

/* Appends to a list of names that fits into an error message. */
static void append(char *list, size_t size, const char *before, const char *text, size_t length)
{
  size_t used = strlen(list);
  snprintf(list + used, size - used, "%s%.*s", before, (int)length, text);
}

/* Reports an unknown setting and the valid ones: the keys of its section, or the sections. */
static bool unknown(const char *section, const char *key, struct Error *error)
{
  char list[512] = "";
  for (int i = 0; i < N_SETTINGS; i++)
    if (in_section(&settings[i], section))
      append(list, sizeof list, *list ? ", " : "", key_of(&settings[i]),
             strlen(key_of(&settings[i])));
  if (*list)
    return error_set(error, "unknown setting \"%s\" in section [%s], expected one of %s", key,
                     section, list);
  for (int i = 0; i < N_SETTINGS; i++)
    if (starts_section(i))
      append(list, sizeof list, *list ? ", " : "", settings[i].name, section_length(&settings[i]));
  if (*section == '\0')
    return error_set(error, "setting \"%s\" is outside any section, expected one of %s", key, list);
  return error_set(error, "unknown section [%s], expected one of %s", section, list);
}

bool config_set(struct Config *config, const char *name, const char *value, struct Error *error)
{
  int i = config_find_setting(name);
  if (i >= 0) return set(config, i, value, error);
  size_t length = strcspn(name, ".");
  if (name[length] == '\0') return unknown("", name, error);
  char section[LONGEST_NAME];
  snprintf(section, sizeof section, "%.*s", (int)length, name);
  return unknown(section, name + length + 1, error);
}

bool config_given(const struct Config *config, const char *name)
{
  int i = config_find_setting(name);
  return i >= 0 && (config->given >> i & 1) != 0;
}

static bool is_default(const struct Config *config, int i)
{
  struct Config initial;
  config_init(&initial);
  return config_same_setting(config, &initial, i);
}

bool config_is_canonical(const struct Config *config, int i)
{
  return !settings[i].place && (!settings[i].later || !is_default(config, i));
}

bool config_is_later(int i)
{
  return settings[i].later && !settings[i].place;
}

bool config_is_extended(const struct Config *config, int i)
{
  return settings[i].later && config_is_canonical(config, i);
}

struct Digest config_digest(const struct Config *config)
{
  struct Digest digest = DIGEST_START;
  for (int i = 0; i < N_SETTINGS; i++) {
    char value[CONFIG_VALUE_SIZE];
    const char *name = config_setting_name(i);
    if (!config_is_canonical(config, i)) continue;
    config_setting_value(config, i, value);
    digest = digest_add(digest, name, strlen(name));
    digest = digest_add(digest, value, strlen(value));
  }
  return digest;
}

bool config_complete(const struct Config *config)
{
  bool complete = true;
  for (int i = 0; i < N_SETTINGS; i++)
    complete = complete && (settings[i].later || (config->given >> i & 1) != 0);
  return complete;
}

bool config_same_setting(const struct Config *a, const struct Config *b, int setting)
{
  char of_a[CONFIG_VALUE_SIZE], of_b[CONFIG_VALUE_SIZE];
  config_setting_value(a, setting, of_a);
  config_setting_value(b, setting, of_b);
  return strcmp(of_a, of_b) == 0;
}

int config_n_settings(void)
{
  return N_SETTINGS;
}

const char *config_setting_name(int setting)
{
  return settings[setting].name;
}

const char *config_setting_default(int setting)
{
  return settings[setting].initial;
}

/* ---- sources ---- */

void config_init(struct Config *config)
{
  *config = (struct Config){0};
  for (int i = 0; i < N_SETTINGS; i++)
    store(config, &settings[i], settings[i].initial);
}

struct File {
  struct Config *config;
  int lines[N_SETTINGS]; /* line number of each setting; 0 if not seen yet */
};

static bool handle_entry(void *user, const char *section, const char *key, const char *value,
                         int line, struct Error *error)
{
  struct File *file = user;
  char name[2 * LONGEST_NAME];
  snprintf(name, sizeof name, "%s.%s", section, key);
  int i = config_find_setting(name);
  if (i < 0) return unknown(section, key, error);
  if (file->lines[i] != 0)
    return error_set(error, "%s is set twice in this file, first on line %d", name, file->lines[i]);
  file->lines[i] = line;
  return set(file->config, i, value, error);
}

bool config_read_file(struct Config *config, const char *path, struct Error *error)
{
  struct File file = {.config = config};
  return ini_read_file(path, handle_entry, &file, error);
}

bool config_override(struct Config *config, const char *assignment, struct Error *error)
{
  char name[2 * LONGEST_NAME];
  size_t length = strcspn(assignment, "=");
  if (assignment[length] == '\0')
    return error_set(error, "%s: expected section.key=value", assignment);
  snprintf(name, sizeof name, "%.*s", (int)length, assignment);
  if (config_set(config, name, assignment + length + 1, error)) return true;
  return error_prefix(error, "%s", assignment);
}

/* ---- combinations of settings ---- */

int config_logits(const struct Config *config)
{
  bool equals = config->data.equals && config->model.output_equals;
  return config->data.modulus + (equals ? 1 : 0);
}

static int count_train(const struct DataConfig *data)
{
  return (int)(data->train_fraction * (data->modulus * data->modulus));
}

static bool check_split(const struct DataConfig *data, struct Error *error)
{
  int pairs = data->modulus * data->modulus, n_train = count_train(data);
  if (n_train >= 1 && n_train < pairs) return true;
  char fraction[NUMBER_TEXT_SIZE];
  number_format_real(data->train_fraction, fraction);
  return error_set(error,
                   "data.modulus = %d and data.train_fraction = %s contradict each other: "
                   "%d of the %d pairs train, which leaves none to %s on",
                   data->modulus, fraction, n_train, pairs, n_train < 1 ? "train" : "test");
}

/* Arrays over all pairs are indexed with int in places: BLAS has nothing wider. */
static bool check_sizes(const struct Config *config, struct Error *error)
{
  int64_t p = config->data.modulus;
  int64_t hidden = p * p * config->model.d_mlp;
  if (hidden <= INT32_MAX) return true;
  return error_set(error,
                   "data.modulus = %d and model.d_mlp = %d are too large together: the neurons on "
                   "all pairs take %" PRId64 " numbers, expected at most %" PRId32,
                   config->data.modulus, config->model.d_mlp, hidden, INT32_MAX);
}

static bool check_decay(const struct OptimizerConfig *optimizer, struct Error *error)
{
  if (optimizer->learning_rate * optimizer->weight_decay < 1) return true;
  char rate[NUMBER_TEXT_SIZE], decay[NUMBER_TEXT_SIZE];
  number_format_real(optimizer->learning_rate, rate);
  number_format_real(optimizer->weight_decay, decay);
  return error_set(error,
                   "optimizer.learning_rate = %s and optimizer.weight_decay = %s contradict each "
                   "other: each step would decay every weight to 0 or beyond, expected a product "
                   "below 1",
                   rate, decay);
}

static bool contradict(const char *one, const char *other, const char *why, struct Error *error)
{
  return error_set(error, "%s and %s contradict each other: %s", one, other, why);
}

static bool is_prime(int p)
{
  for (int i = 2; i * i <= p; i++)
    if (p % i == 0) return false;
  return p >= 2;
}

/* Settings that mean nothing for the task are errors where they are given. */
static bool check_task_settings(const struct Config *config, struct Error *error)
{
  enum { PAIRS = 1 << TASK_PAIRS, DIGITS = 1 << TASK_DIGITS, SUBSEQUENCE = 1 << TASK_SUBSEQUENCE };
  enum { SKIP_TRIGRAM = 1 << TASK_SKIP_TRIGRAM };
  static const struct {
    const char *name;
    unsigned tasks;
  } known[] = {{"data.modulus", PAIRS},
               {"data.operation", PAIRS},
               {"data.train_fraction", PAIRS},
               {"data.equals", PAIRS},
               {"data.table", PAIRS},
               {"data.answers", PAIRS},
               {"data.digits", DIGITS},
               {"data.vocabulary", SUBSEQUENCE | SKIP_TRIGRAM},
               {"data.length", SUBSEQUENCE | SKIP_TRIGRAM},
               {"data.run", SUBSEQUENCE},
               {"data.repeats", SUBSEQUENCE},
               {"data.examples", DIGITS | SUBSEQUENCE | SKIP_TRIGRAM},
               {"data.test_examples", DIGITS | SUBSEQUENCE | SKIP_TRIGRAM},
               {"model.output_equals", PAIRS}};
  char task[CONFIG_VALUE_SIZE];
  config_setting_value(config, config_find_setting("data.task"), task);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    int setting = config_find_setting(known[i].name);
    if (known[i].tasks >> config->data.task & 1 || !config_given(config, known[i].name) ||
        is_default(config, setting))
      continue;
    char value[CONFIG_VALUE_SIZE];
    config_setting_value(config, setting, value);
    return error_set(error,
                     "%s = %s and data.task = %s contradict each other: that task has no such "
                     "setting",
                     known[i].name, value, task);
  }
  return true;
}

static bool check_pairs(const struct Config *config, struct Error *error)
{
  const struct DataConfig *data = &config->data;
  bool is_table = data->operation == OPERATION_TABLE;
  if (data->operation == OPERATION_DIVIDE && !is_prime(data->modulus))
    return error_set(error,
                     "data.operation = divide and data.modulus = %d contradict each other: only "
                     "modulo a prime has every number but 0 an inverse",
                     data->modulus);
  if (is_table && !*data->table && !*data->answers)
    return contradict("data.operation", "data.table",
                      "the operation table needs the file of its answers", error);
  if (!is_table && (*data->table || *data->answers))
    return contradict("data.operation", *data->table ? "data.table" : "data.answers",
                      "answers from a file are those of the operation table", error);
  return check_split(data, error);
}

int64_t config_n_codes(const struct DataConfig *data)
{
  const int64_t most = INT64_C(1) << 62;
  int64_t n = 1;
  switch (data->task) {
  case TASK_PAIRS:
  case TASK_SUBSEQUENCE:
    break;
  case TASK_DIGITS:
    for (int i = 0; i < 2 * data->digits; i++)
      n *= 10;
    break;
  case TASK_SKIP_TRIGRAM:
    n = 10 * (int64_t)(data->length - 1);
    for (int i = 1; i < data->length && n <= most / (data->vocabulary - 10); i++)
      n *= data->vocabulary - 10;
    break;
  }
  return n;
}

/* Are there enough of them? */
static bool check_examples(const struct DataConfig *data, struct Error *error)
{
  char sizes[64];
  int64_t n = config_n_codes(data);
  if (data->task == TASK_SUBSEQUENCE || data->examples + (int64_t)data->test_examples <= n)
    return true;
  if (data->task == TASK_DIGITS)
    snprintf(sizes, sizeof sizes, "data.digits = %d", data->digits);
  else
    snprintf(sizes, sizeof sizes, "data.length = %d and data.vocabulary = %d", data->length,
             data->vocabulary);
  return error_set(error,
                   "data.examples = %d and data.test_examples = %d are too many together: all are "
                   "different, and with %s there are only %" PRId64,
                   data->examples, data->test_examples, sizes, n);
}

static bool check_sequences(const struct Config *config, struct Error *error)
{
  const struct DataConfig *data = &config->data;
  if (data->task == TASK_SUBSEQUENCE && data->run * (int64_t)data->repeats > data->length)
    return error_set(error,
                     "data.length = %d, data.run = %d and data.repeats = %d contradict each other: "
                     "the repeated run does not fit into the sequence",
                     data->length, data->run, data->repeats);
  if (data->task == TASK_SKIP_TRIGRAM && data->vocabulary < 11)
    return error_set(error,
                     "data.vocabulary = %d and data.task = skip-trigram contradict each other: the "
                     "task has 10 answers, and needs at least 11 tokens",
                     data->vocabulary);
  if (data->examples == 0 && config->train.batch_size == 0)
    return contradict("data.examples = 0", "train.batch_size = 0",
                      "fresh examples need the size of a batch", error);
  return check_examples(data, error);
}

static bool check_model(const struct Config *config, struct Error *error)
{
  const struct ModelConfig *model = &config->model;
  bool pairs = config->data.task == TASK_PAIRS;
  if (model->n_heads == 0 && model->d_mlp == 0)
    return contradict("model.n_heads = 0", "model.d_mlp = 0", "nothing is left of the layers",
                      error);
  if (model->n_heads == 0 && model->registers > 0)
    return contradict("model.n_heads = 0", "model.registers", "nothing attends to a register",
                      error);
  if (model->n_heads == 0 && pairs)
    return contradict("model.n_heads = 0", "data.task = pairs",
                      "without attention the numbers cannot meet", error);
  if (!model->tied_embeddings) return true;
  if (pairs && config->data.equals && !model->output_equals)
    return contradict("model.tied_embeddings = true", "model.output_equals = false",
                      "the unembedding of \"=\" is its embedding", error);
  if (config->data.task == TASK_DIGITS || config->data.task == TASK_SKIP_TRIGRAM)
    return contradict("model.tied_embeddings = true", "data.task", "the answers are not the tokens",
                      error);
  return true;
}

static bool check_training(const struct Config *config, struct Error *error)
{
  const struct OptimizerConfig *optimizer = &config->optimizer;
  int examples = config->data.examples, batch = config->train.batch_size;
  if (optimizer->kind != OPTIMIZER_SGD && optimizer->momentum > 0)
    return contradict("optimizer.momentum", "optimizer.kind = adamw", "momentum is that of sgd",
                      error);
  if (config->data.task == TASK_PAIRS && batch > count_train(&config->data))
    return error_set(error,
                     "train.batch_size = %d and data.train_fraction contradict each other: a batch "
                     "is drawn from the training pairs, which are %d",
                     batch, count_train(&config->data));
  if (config->data.task != TASK_PAIRS && examples > 0 && batch > examples)
    return error_set(error,
                     "train.batch_size = %d and data.examples = %d contradict each other: a batch "
                     "is drawn from the examples",
                     batch, examples);
  return check_decay(optimizer, error);
}

bool config_check(const struct Config *config, struct Error *error)
{
  bool pairs = config->data.task == TASK_PAIRS;
  return check_task_settings(config, error) &&
         (pairs ? check_pairs(config, error) && check_sizes(config, error)
                : check_sequences(config, error)) &&
         check_model(config, error) && check_training(config, error);
}

/* ---- as text ---- */

void config_write(const struct Config *config, FILE *stream)
{
  for (int i = 0; i < N_SETTINGS; i++) {
    char value[CONFIG_VALUE_SIZE];
    config_setting_value(config, i, value);
    if (!config_is_canonical(config, i) && !(settings[i].place && *value)) continue;
    if (starts_section(i)) /* the first setting of each is always there */
      fprintf(stream, "%s[%.*s]\n", i == 0 ? "" : "\n", (int)section_length(&settings[i]),
              settings[i].name);
    fprintf(stream, "%s = %s\n", key_of(&settings[i]), value);
  }
}

void config_write_help(FILE *stream)
{
  for (int i = 0; i < N_SETTINGS; i++) {
    char range[RANGE_SIZE];
    describe_range(&settings[i], range);
    fprintf(stream, "  %s=%s\n      %s;\n      %s\n", settings[i].name, settings[i].initial, range,
            settings[i].help);
  }
}
