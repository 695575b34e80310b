#include "run/carried.h"

#include "base/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Another program's word for a value, and ours. */
struct Word {
  const char *theirs, *ours;
};

static const struct Word operations[] = {{"add", "add"},           {"subtract", "subtract"},
                                         {"x2xyy2", "quadratic"},  {"quadratic", "quadratic"},
                                         {"multiply", "multiply"}, {NULL, NULL}};
static const struct Word activations[] = {
    {"relu", "relu"}, {"ReLU", "relu"}, {"gelu", "gelu"}, {"GeLU", "gelu"}, {NULL, NULL}};
static const struct Word attentions[] = {{"softmax", "softmax"}, {NULL, NULL}};

/* A key of a configuration and the setting that it is. */
static const struct Key {
  const char *key, *setting;
  const struct Word *words; /* of values that are texts */
} keys[] = {
    {"p", "data.modulus", NULL},
    {"frac_train", "data.train_fraction", NULL},
    {"fn_name", "data.operation", operations},
    {"d_model", "model.d_model", NULL},
    {"dim_model", "model.d_model", NULL},
    {"d_mlp", "model.d_mlp", NULL},
    {"dim_inner", "model.d_mlp", NULL},
    {"d_head", "model.d_head", NULL},
    {"dim_heads", "model.d_head", NULL},
    {"n_heads", "model.n_heads", NULL},
    {"num_heads", "model.n_heads", NULL},
    {"n_layers", "model.n_layers", NULL},
    {"num_layers", "model.n_layers", NULL},
    {"act_fn", "model.activation", activations},
    {"act_type", "model.activation", activations},
    {"attention", "model.attention", attentions},
    {"lr", "optimizer.learning_rate", NULL},
    {"weight_decay", "optimizer.weight_decay", NULL},
    {"num_epochs", "train.epochs", NULL},
    {"stopping_thresh", "train.stop_test_loss", NULL},
};

static const struct Key of_optimizer[] = {
    {"lr", "optimizer.learning_rate", NULL},
    {"initial_lr", "optimizer.learning_rate", NULL}, /* before any schedule */
    {"weight_decay", "optimizer.weight_decay", NULL},
    {"eps", "optimizer.epsilon", NULL},
};

static void set(struct Carried *carried, const char *setting, const char *value)
{
  struct Config scratch;
  struct Error error;
  size_t i = 0;
  config_init(&scratch);
  if (!config_set(&scratch, setting, value, &error)) {
    if (carried->ignored[0] == '\0')
      snprintf(carried->ignored, sizeof carried->ignored, "%s=%.40s", setting, value);
    return;
  }
  while (i < carried->n && strcmp(carried->settings[i].setting, setting) != 0)
    i++;
  if (i == CARRIED_MOST) return;
  if (i == carried->n) carried->n++;
  carried->settings[i].setting = setting;
  snprintf(carried->settings[i].value, CARRIED_VALUE_SIZE, "%s", value);
}

static void set_number(struct Carried *carried, const char *setting, const struct Value *value)
{
  char text[NUMBER_TEXT_SIZE];
  int64_t integer;
  double real;
  if (value_integer(value, &integer))
    snprintf(text, sizeof text, "%" PRId64, integer);
  else if (value_real(value, &real))
    number_format_real(real, text);
  else
    return;
  set(carried, setting, text);
}

static void set_word(struct Carried *carried, const struct Key *key, const struct Value *value)
{
  for (const struct Word *word = key->words; word->theirs; word++)
    if (value_is_text(value, word->theirs)) {
      set(carried, key->setting, word->ours);
      return;
    }
  if (value->kind == VALUE_TEXT && carried->ignored[0] == '\0')
    snprintf(carried->ignored, sizeof carried->ignored, "%s=%.*s", key->key,
             value->n < 40 ? (int)value->n : 40, value->text);
}

static void take(struct Carried *carried, const struct Value *from, const struct Key *list,
                 size_t n)
{
  for (size_t i = 0; i < n; i++) {
    const struct Value *value = value_get(from, list[i].key);
    if (value && list[i].words)
      set_word(carried, &list[i], value);
    else if (value)
      set_number(carried, list[i].setting, value);
  }
}

/* The authors' configuration has one seed, for the split too; that of TransformerLens is for the
   weights alone, which another generator drew. */
static void take_config(struct Carried *carried, const struct Value *config)
{
  take(carried, config, keys, sizeof keys / sizeof *keys);
  const struct Value *seed = value_get(config, "seed"),
                     *softmax1 = value_get(config, "use_softmax1");
  if (value_get(config, "frac_train") && seed) set_number(carried, "data.seed", seed);
  if (softmax1 && softmax1->kind == VALUE_BOOL && softmax1->integer) /* tools/config: as computed */
    set(carried, "model.attention", "softmax1-unnormalised");
}

static const struct Value *first_of(const struct Value *list)
{
  return list && list->kind == VALUE_LIST && list->n > 0 ? list->items[0] : NULL;
}

static void take_optimizer(struct Carried *carried, const struct Value *saved)
{
  const struct Value *state = value_get(saved, "optimizer"), *states = NULL;
  if (!state) state = value_get(saved, "optimizer_state_dict");
  if (!state) states = value_get(saved, "optimizer_states");
  if (states) state = first_of(states);
  const struct Value *group = first_of(value_get(state, "param_groups"));
  const struct Value *betas = value_get(group, "betas");
  take(carried, group, of_optimizer, sizeof of_optimizer / sizeof *of_optimizer);
  if (!betas || betas->kind != VALUE_LIST || betas->n != 2) return;
  set_number(carried, "optimizer.beta1", betas->items[0]);
  set_number(carried, "optimizer.beta2", betas->items[1]);
}

/* The data module of RoganInglis/grokking-experiments names its share train_ratio. */
static void take_split(struct Carried *carried, const struct Value *module)
{
  carried->numpy_split = value_integer(value_get(module, "seed"), &carried->numpy_seed) &&
                         value_real(value_get(module, "train_ratio"), &carried->numpy_fraction) &&
                         carried->numpy_seed >= 0 && carried->numpy_seed <= UINT32_MAX &&
                         carried->numpy_fraction > 0 && carried->numpy_fraction < 1;
}

void carried_find(struct Carried *carried, const struct Value *saved)
{
  static const char *const places[] = {"hyper_parameters", "datamodule_hyper_parameters", "hparams",
                                       "cfg", "config"};
  *carried = (struct Carried){0};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++)
    take_config(carried, value_get(saved, places[i]));
  take_split(carried, value_get(saved, "datamodule_hyper_parameters"));
  take_optimizer(carried, saved);
}

const char *carried_value(const struct Carried *carried, const char *setting)
{
  for (size_t i = 0; i < carried->n; i++)
    if (strcmp(carried->settings[i].setting, setting) == 0) return carried->settings[i].value;
  return NULL;
}
