#define REAL_BITS 64
#include "example.h"

#include "base/elementary.h"
#include "network/textbook.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const char *const settings[N_EXAMPLES][8] = {
    {"data.modulus=5", "model.n_heads=1", "model.d_head=3", "model.d_model=7", "model.d_mlp=9"},
    {"data.modulus=13", "model.n_heads=2", "model.d_head=8", "model.d_model=16", "model.d_mlp=24"},
    {"data.modulus=12", "model.n_heads=3", "model.d_head=5", "model.d_model=20", "model.d_mlp=37",
     "model.activation=gelu"},
    {"data.modulus=7", "model.n_heads=4", "model.d_head=4", "model.d_model=16", "model.d_mlp=64",
     "model.biases=false"},
    {"data.modulus=11", "model.n_heads=5", "model.d_head=6", "model.d_model=24", "model.d_mlp=40",
     "model.activation=gelu", "model.biases=false", "model.output_equals=false"},
    {"data.modulus=17", "model.n_heads=8", "model.d_head=4", "model.d_model=32", "model.d_mlp=48",
     "data.operation=quadratic"},
    {"data.modulus=16", "model.n_heads=4", "model.d_head=8", "model.d_model=32", "model.d_mlp=32",
     "model.output_equals=false", "data.operation=subtract"},
    {"data.modulus=2", "model.n_heads=2", "model.d_head=2", "model.d_model=4", "model.d_mlp=8",
     "data.train_fraction=0.5"},
    {"data.modulus=13", "model.n_heads=4", "model.d_head=8", "model.d_model=32", "model.d_mlp=48",
     "model.attention=softmax1"},
    {"data.modulus=13", "model.n_heads=3", "model.d_head=8", "model.d_model=32", "model.d_mlp=48",
     "model.attention=uniform", "data.operation=random"},
    {"data.modulus=13", "model.n_heads=2", "model.d_head=8", "model.d_model=32", "model.d_mlp=48",
     "model.attention=softmax1-unnormalised"},
    {"data.modulus=13", "model.n_heads=4", "model.d_head=8", "model.d_model=32", "model.d_mlp=48",
     "model.registers=1"},
    {"data.modulus=12", "model.n_heads=3", "model.d_head=5", "model.d_model=20", "model.d_mlp=37",
     "model.registers=3", "model.attention=softmax1-unnormalised", "model.biases=false"},
    {"data.modulus=11", "model.n_heads=2", "model.d_head=6", "model.d_model=16", "model.d_mlp=24",
     "model.registers=2", "model.attention=uniform", "model.activation=gelu"},
    {"data.modulus=13", "model.n_heads=4", "model.d_head=8", "model.d_model=32", "model.d_mlp=48",
     "model.attention_rate=0.3"},
    {"data.modulus=11", "model.n_heads=3", "model.d_head=5", "model.d_model=20", "model.d_mlp=37",
     "model.attention_rate=0.6", "model.attention=softmax1-unnormalised", "model.registers=1"},
    {"data.modulus=13", "model.n_heads=4", "model.d_head=8", "model.d_model=32", "model.d_mlp=48",
     "data.equals=false"},
    {"data.modulus=11", "model.n_heads=3", "model.d_head=5", "model.d_model=20", "model.d_mlp=37",
     "data.equals=false", "model.attention_rate=0"},
    {"data.modulus=12", "model.n_heads=5", "model.d_head=6", "model.d_model=24", "model.d_mlp=40",
     "data.equals=false", "model.attention_rate=0.5", "model.activation=gelu"},
    {"data.modulus=13", "model.n_heads=4", "model.d_head=4", "model.d_model=16", "model.d_mlp=24",
     "data.equals=false", "model.registers=2", "model.attention=softmax1"},
    {"data.modulus=2", "model.n_heads=2", "model.d_head=2", "model.d_model=4", "model.d_mlp=8",
     "data.equals=false", "data.train_fraction=0.5"},
    {"data.modulus=31"},
};

void example_init(struct Example *e, int which)
{
  struct Error error = {0};
  config_init(&e->config);
  for (int i = 0; i < 8 && settings[which][i]; i++)
    ck_assert_msg(config_override(&e->config, settings[which][i], &error), "%s", error.message);
  ck_assert_msg(config_check(&e->config, &error), "%s", error.message);
  ck_assert(dataset_init(&e->dataset, &e->config.data, &error));
  ck_assert(parameters_init(&e->parameters, &e->config, &error));
  parameters_initialise(&e->parameters, which);
  size_t total = e->parameters.total;
  float *values = e->parameters.values;
  for (size_t i = 0; i < total; i++)
    values[i] *= 1.5f;
  for (int which_bias = 0; which_bias < 2 && e->config.model.biases; which_bias++) {
    enum Parameter bias = which_bias ? B_OUT : B_IN;
    float *b = parameters_at(&e->parameters, bias);
    const struct ParameterInfo *info =
        &e->parameters.info[parameters_place(&e->parameters, 0, bias)];
    for (size_t i = 0; i < info->count; i++)
      b[i] = 0.3f * (float)elementary_cos_turns((long long)(i * i), 17);
  }
  e->values = malloc(total * sizeof *e->values);
  e->expected = malloc(total * sizeof *e->expected);
  ck_assert(e->values && e->expected);
  for (size_t i = 0; i < total; i++)
    e->values[i] = (double)values[i];
}

void example_release(struct Example *e)
{
  free(e->values);
  free(e->expected);
  parameters_release(&e->parameters);
  dataset_release(&e->dataset);
}

double example_loss(const struct Example *e, bool train, double *gradient)
{
  struct Textbook network;
  struct Error error = {0};
  const struct Dataset *dataset = &e->dataset;
  size_t p = (size_t)dataset->p, n = train ? dataset->n_train : dataset->n_test, correct = 0;
  double loss = 0;
  ck_assert_msg(textbook_init(&network, &e->parameters.shape, &e->config.model, 1, &error), "%s",
                error.message);
  if (gradient) memset(gradient, 0, e->parameters.total * sizeof *gradient);
  for (size_t pair = 0; pair < p * p; pair++) {
    if ((dataset->train[pair] != 0) != train) continue;
    const int tokens[] = {(int)(pair / p), (int)(pair % p), (int)p};
    textbook_forward(&network, e->values, tokens, 1);
    textbook_losses(&network, &dataset->answer[pair], 1, 1 / (double)n, &loss, &correct, NULL);
    if (gradient) textbook_backward(&network, e->values, tokens, 1, gradient);
  }
  textbook_release(&network);
  return loss / (double)n;
}

void example_logits(const struct Parameters *list, const double *values,
                    const struct ModelConfig *config, int a, int b, double *logits)
{
  struct Textbook network;
  struct Error error = {0};
  const int tokens[] = {a, b, list->shape.p};
  ck_assert_msg(textbook_init(&network, &list->shape, config, 1, &error), "%s", error.message);
  textbook_forward(&network, values, tokens, 1);
  memcpy(logits, network.logits, (size_t)list->shape.V * sizeof *logits);
  textbook_release(&network);
}
