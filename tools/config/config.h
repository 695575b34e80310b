/*
 * The configuration of a training run, as one flat record. A table in config.c has one row per
 * setting (name, type, range, default, help) and drives reading, overrides, checks, help, the
 * canonical dump and the metadata of trajectories: a new setting is one field here and one row
 * there. The record has exactly what a trajectory's bytes depend on: no thread counts, nothing
 * about drawing. The exceptions are the places of files, data.table and train.from: what counts is
 * what they hold, data.answers and train.start.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/digest.h"
#include "base/error.h"

#include <stdint.h>
#include <stdio.h>

enum Task { TASK_PAIRS, TASK_DIGITS, TASK_SUBSEQUENCE, TASK_SKIP_TRIGRAM };
enum Operation {
  OPERATION_ADD,
  OPERATION_SUBTRACT,
  OPERATION_QUADRATIC,
  OPERATION_RANDOM,
  OPERATION_MULTIPLY,
  OPERATION_DIVIDE,
  OPERATION_TABLE
};
enum Activation { ACTIVATION_RELU, ACTIVATION_GELU };
enum Attention {
  ATTENTION_SOFTMAX,
  ATTENTION_SOFTMAX1,
  ATTENTION_UNIFORM,
  ATTENTION_SOFTMAX1_UNNORMALISED
};

enum LayerNorm { LAYER_NORM_NONE, LAYER_NORM_PRE, LAYER_NORM_POST };
enum Positions { POSITIONS_LEARNED, POSITIONS_SINUSOIDAL, POSITIONS_NONE };
enum OptimizerKind { OPTIMIZER_ADAMW, OPTIMIZER_SGD };
enum Schedule { SCHEDULE_CONSTANT, SCHEDULE_LINEAR, SCHEDULE_COSINE };
enum Precision { PRECISION_FLOAT32, PRECISION_FLOAT64 };
enum Loss { LOSS_EXACT, LOSS_FLOAT32, LOSS_STABLEMAX };

enum { CONFIG_PATH_SIZE = 256 };

struct DataConfig {
  int modulus; /* p: numbers are 0..p-1 */
  enum Operation operation;
  double train_fraction; /* int(train_fraction * p * p) pairs train */
  int64_t seed;          /* of the split, as for CPython's random.seed */
  enum Task task;
  bool equals; /* pairs: the input ends with "=" and is read there; otherwise it is read at b */
  char table[CONFIG_PATH_SIZE]; /* the file with the answers of OPERATION_TABLE */
  char answers[DIGEST_SIZE];    /* their digest; empty if it is not known yet */
  /* other tasks: network/examples.h */
  int digits;             /* of each summand */
  int vocabulary, length; /* tokens that there are, and of a sequence */
  int run, repeats;       /* length of the repeated subsequence, and how often it stands there */
  int examples;           /* size of the training set; 0: fresh examples at every step */
  int test_examples;
};

struct ModelConfig {
  int d_model, n_heads, d_head, d_mlp;
  enum Activation activation;
  enum Attention attention;
  bool output_equals; /* the token "=" also has a logit: p + 1 outputs instead of p */
  bool biases;        /* b_in and b_out are trained; otherwise fixed at 0 */
  int n_layers;
  enum LayerNorm layer_norm;
  enum Positions positions;
  bool tied_embeddings;  /* W_U = W_E^T */
  int registers;         /* learned positions that see all and that all see */
  double dropout;        /* probability */
  double attention_rate; /* 1: the variant; 0: all weights 1; between: between */
};

struct OptimizerConfig {
  double learning_rate, beta1, beta2, epsilon, weight_decay;
  int warmup_steps; /* the rate is multiplied by min(step / warmup_steps, 1), step from 0 */
  enum OptimizerKind kind;
  double momentum; /* of SGD */
  double l1;       /* coefficient of the sum of |weights| in what is minimised */
  enum Schedule schedule;
};

struct TrainConfig {
  int epochs;
  int64_t seed; /* of the initialisation */
  int snapshot_every, evaluate_every;
  int snapshot_until;    /* snapshots are snapshot_every apart up to this epoch; 0: always */
  int snapshot_later;    /* after that they are this many epochs apart */
  double stop_test_loss; /* training ends at the first history row below this; 0: never */
  int batch_size;        /* sequences of a step; 0: all */
  enum Precision precision;
  enum Loss loss;
  char from[CONFIG_PATH_SIZE]; /* a checkpoint whose weights training starts from */
  char start[DIGEST_SIZE];     /* their digest; empty if it is not known yet */
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

/* Is the setting part of the canonical form? All but places of files are, but those that came after
   the first trajectories only where they are not at their default, so that the digests of older
   runs stay. */
bool config_is_canonical(const struct Config *config, int setting);

/* Did a setting that is no place come after the first trajectories, and is it away from its
   default? */
bool config_is_later(int setting);
bool config_is_extended(const struct Config *config, int setting);

/* How many different examples there are of digits or skip-trigram: 10^(2 digits) sums; or
   10 (length - 1) (vocabulary - 10)^k sequences with k = length - 1, or, if these are more than
   2^62, with the largest k for which they are not. 1 for the other tasks. */
int64_t config_n_codes(const struct DataConfig *data);

/* The canonical dump: an INI file of these settings in table order, numbers in their shortest form.
   Configurations that train identically have the same dump, but for the places of files, and
   reading it back gives the same configuration. */
void config_write(const struct Config *config, FILE *stream);

/* The digest of the canonical form: the names and values of its settings, in table order. */
struct Digest config_digest(const struct Config *config);

/* Were all settings given that are always part of the canonical form? */
bool config_complete(const struct Config *config);

/* Access to the table: names "section.key", and values as text. */
enum { CONFIG_MAX_SETTINGS = 64 }; /* one bit of `given` for each */
int config_n_settings(void);
const char *config_setting_name(int setting);
int config_find_setting(const char *name); /* -1 if there is none */
const char *config_setting_default(int setting);
enum { CONFIG_VALUE_SIZE = CONFIG_PATH_SIZE };
void config_setting_value(const struct Config *config, int setting, char value[CONFIG_VALUE_SIZE]);

/* Do both have the same value of a setting? */
bool config_same_setting(const struct Config *a, const struct Config *b, int setting);

/* Prints the table as help: name, default, range and meaning of every setting. */
void config_write_help(FILE *stream);

#endif
