/*
 * The configuration of a training run, as one flat record. A table in config.c has one row per
 * setting (name, type, range, default, help) and drives reading, overrides, checks, help, the
 * canonical dump and the metadata of trajectories: a new setting is one field here and one row
 * there. The record has exactly what a trajectory's bytes depend on: no paths, no thread counts,
 * nothing about drawing.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/digest.h"
#include "base/error.h"

#include <stdint.h>
#include <stdio.h>

enum Operation { OPERATION_ADD, OPERATION_SUBTRACT, OPERATION_QUADRATIC, OPERATION_RANDOM };
enum Activation { ACTIVATION_RELU, ACTIVATION_GELU };
enum Attention {
  ATTENTION_SOFTMAX,
  ATTENTION_SOFTMAX1,
  ATTENTION_UNIFORM,
  ATTENTION_SOFTMAX1_UNNORMALISED
};

struct DataConfig {
  int modulus; /* p: numbers are 0..p-1 */
  enum Operation operation;
  double train_fraction; /* int(train_fraction * p * p) pairs train */
  int64_t seed;          /* of the split, as for CPython's random.seed */
};

struct ModelConfig {
  int d_model, n_heads, d_head, d_mlp;
  enum Activation activation;
  enum Attention attention;
  bool output_equals; /* the token "=" also has a logit: p + 1 outputs instead of p */
  bool biases;        /* b_in and b_out are trained; otherwise fixed at 0 */
};

struct OptimizerConfig {
  double learning_rate, beta1, beta2, epsilon, weight_decay;
  int warmup_steps; /* the rate is multiplied by min(step / warmup_steps, 1), step from 0 */
};

struct TrainConfig {
  int epochs;
  int64_t seed; /* of the initialisation */
  int snapshot_every, evaluate_every;
  double stop_test_loss; /* training ends at the first history row below this; 0: never */
};

struct Config {
  struct DataConfig data;
  struct ModelConfig model;
  struct OptimizerConfig optimizer;
  struct TrainConfig train;
  uint64_t given; /* bit i: setting i was given by a file or an override */
};

/* The paper's mainline. */
void config_init(struct Config *config);

/* Reads an INI file over the current values. Errors, with file and line: an unknown key or section,
   a malformed number, a value out of range, a duplicate key. */
bool config_read_file(struct Config *config, const char *path, struct Error *error);

/* Applies "section.key=value". */
bool config_override(struct Config *config, const char *assignment, struct Error *error);

/* Sets one setting by its dotted name ("data.modulus") from text. */
bool config_set(struct Config *config, const char *name, const char *value, struct Error *error);

/* Was the setting given, by config_read_file, config_override or config_set? */
bool config_given(const struct Config *config, const char *name);

/* Checks combinations of settings: the split must leave pairs to train and to test on, and sizes
   must be addressable. Called once, after everything is read. */
bool config_check(const struct Config *config, struct Error *error);

/* The number of logits, V = p or p + 1. */
int config_logits(const struct Config *config);

/* The canonical dump: an INI file of every setting in table order, numbers in their shortest form.
   Configurations that train identically have the same dump, and reading it back gives the same
   configuration. */
void config_write(const struct Config *config, FILE *stream);

/* The digest of the output of config_write: all names and values, in table order. */
struct Digest config_digest(const struct Config *config);

/* Were all settings given, none left at its default? */
bool config_complete(const struct Config *config);

/* Access to the table: names "section.key", and values as text. */
enum { CONFIG_MAX_SETTINGS = 64 }; /* one bit of `given` for each */
int config_n_settings(void);
const char *config_setting_name(int setting);
int config_find_setting(const char *name); /* -1 if there is none */
enum { CONFIG_VALUE_SIZE = 64 };
void config_setting_value(const struct Config *config, int setting, char value[CONFIG_VALUE_SIZE]);

/* Do both have the same value of a setting? */
bool config_same_setting(const struct Config *a, const struct Config *b, int setting);

/* Prints the table as help: name, default, range and meaning of every setting. */
void config_write_help(FILE *stream);

#endif
