#include "config/config.h"

#include "base/ini.h"
#include "base/number.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

enum Type { INTEGER, LONG_INTEGER, REAL, BOOLEAN, WORD };

enum { LONGEST_NAME = 32, MOST_WORDS = 4 };

struct Setting {
  const char *name; /* "section.key"; rows of a section are adjacent */
  enum Type type;
  size_t offset;                     /* of the field in struct Config */
  const char *initial;               /* the default, as written in a file */
  int least, most;                   /* integers; long ones have no range */
  double low, high;                  /* reals; high itself is excluded */
  bool low_outside;                  /* low is excluded too */
  const char *words[MOST_WORDS + 1]; /* in enum order, NULL-terminated */
  const char *help;                  /* the meaning, and the source of the default */
};

#define FIELD(type, field) type, offsetof(struct Config, field)

/* clang-format off */
static const struct Setting settings[] = {
  {"data.modulus", FIELD(INTEGER, data.modulus), "113", .least = 2, .most = 1021,
   .help = "p: numbers are 0..p-1 (paper, section 3)"},
  {"data.operation", FIELD(WORD, data.operation), "add",
   .words = {"add", "subtract", "quadratic", "random"},
   .help = "answer mod p: a+b, a-b, a^2+ab+b^2, or fixed random numbers (paper, section 3)"},
  {"data.train_fraction", FIELD(REAL, data.train_fraction), "0.3",
   .low = 0, .low_outside = true, .high = 1,
   .help = "int(train_fraction p^2) pairs train, the others test (paper, section 3)"},
  {"data.seed", FIELD(LONG_INTEGER, data.seed), "0",
   .help = "seed of the split, as for CPython's random.seed: the sign is ignored (authors' code)"},

  {"model.d_model", FIELD(INTEGER, model.d_model), "128", .least = 1, .most = 4096,
   .help = "width of the residual stream (paper, section 3)"},
  {"model.n_heads", FIELD(INTEGER, model.n_heads), "4", .least = 1, .most = 64,
   .help = "number of attention heads (paper, section 3)"},
  {"model.d_head", FIELD(INTEGER, model.d_head), "32", .least = 1, .most = 1024,
   .help = "width of a head (paper, section 3)"},
  {"model.d_mlp", FIELD(INTEGER, model.d_mlp), "512", .least = 1, .most = 16384,
   .help = "number of neurons (paper, section 3)"},
  {"model.activation", FIELD(WORD, model.activation), "relu", .words = {"relu", "gelu"},
   .help = "activation function of the neurons (paper, section 3)"},
  {"model.attention", FIELD(WORD, model.attention), "softmax",
   .words = {"softmax", "softmax1", "uniform", "softmax1-unnormalised"},
   .help = "how scores become weights; softmax1 adds 1 to the denominator (paper, section 3)"},
  {"model.output_equals", FIELD(BOOLEAN, model.output_equals), "true",
   .help = "the token \"=\" also has a logit: p+1 outputs instead of p (authors' code)"},
  {"model.biases", FIELD(BOOLEAN, model.biases), "true",
   .help = "b_in and b_out are trained instead of fixed at 0 (authors' code)"},

  {"optimizer.learning_rate", FIELD(REAL, optimizer.learning_rate), "0.001",
   .low = 0, .low_outside = true, .high = INFINITY,
   .help = "learning rate of AdamW after warm-up (paper, section 3)"},
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
           " (paper, section 3)"},
  {"optimizer.warmup_steps", FIELD(INTEGER, optimizer.warmup_steps), "10",
   .least = 0, .most = 1000000,
   .help = "the rate is multiplied by min(step/warmup_steps, 1), step from 0; 0: no warm-up"
           " (authors' code)"},

  {"train.epochs", FIELD(INTEGER, train.epochs), "40000", .least = 1, .most = 100000000,
   .help = "steps on the whole training set (paper, section 3)"},
  {"train.seed", FIELD(LONG_INTEGER, train.seed), "0",
   .help = "seed of the initial weights (authors' code)"},
  {"train.snapshot_every", FIELD(INTEGER, train.snapshot_every), "100",
   .least = 1, .most = 100000000,
   .help = "epochs between snapshots of the trajectory (authors' code)"},
  {"train.evaluate_every", FIELD(INTEGER, train.evaluate_every), "50",
   .least = 1, .most = 100000000,
   .help = "epochs between rows of the history (our choice)"},
  {"train.stop_test_loss", FIELD(REAL, train.stop_test_loss), "0", .low = 0, .high = INFINITY,
   .help = "training ends at the first row with a test loss below this; 0: never (our choice)"},
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
             isfinite(setting->high) ? " and below " : "", isfinite(setting->high) ? high : "");
    break;
  case BOOLEAN:
    snprintf(range, RANGE_SIZE, "true or false");
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
  return *value < setting->high &&
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

struct Digest config_digest(const struct Config *config)
{
  struct Digest digest = DIGEST_START;
  for (int i = 0; i < N_SETTINGS; i++) {
    char value[CONFIG_VALUE_SIZE];
    const char *name = config_setting_name(i);
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
    complete = complete && (config->given >> i & 1) != 0;
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
  return config->data.modulus + (config->model.output_equals ? 1 : 0);
}

static bool check_split(const struct DataConfig *data, struct Error *error)
{
  int pairs = data->modulus * data->modulus;
  int n_train = (int)(data->train_fraction * pairs);
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

bool config_check(const struct Config *config, struct Error *error)
{
  return check_split(&config->data, error) && check_sizes(config, error) &&
         check_decay(&config->optimizer, error);
}

/* ---- as text ---- */

void config_write(const struct Config *config, FILE *stream)
{
  for (int i = 0; i < N_SETTINGS; i++) {
    char value[CONFIG_VALUE_SIZE];
    config_setting_value(config, i, value);
    if (starts_section(i))
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
