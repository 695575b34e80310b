/*
 * The settings that a file of PyTorch carries beside the weights: the authors' and others'
 * `config`, TransformerLens' cfg, Lightning's hyper_parameters, and the optimizer's state, which
 * says what trained when a configuration says otherwise.
 */
#ifndef RUN_CARRIED_H
#define RUN_CARRIED_H

#include "config/config.h"
#include "pytorch/pickle.h"

enum { CARRIED_MOST = 24, CARRIED_VALUE_SIZE = 40 };

struct CarriedSetting {
  const char *setting;
  char value[CARRIED_VALUE_SIZE];
};

struct Carried {
  struct CarriedSetting settings[CARRIED_MOST];
  size_t n;
  /* the split of RoganInglis/grokking-experiments (dataset_split_numpy) */
  bool numpy_split;
  int64_t numpy_seed;
  double numpy_fraction;
  char ignored[128]; /* what could not be taken over, as text: "fn_name = ..."; empty if nothing */
};

/* `saved` is what torch.save was given. Values that a setting cannot have are noted in `ignored`.
 */
void carried_find(struct Carried *carried, const struct Value *saved);

/* The value of a setting; NULL if the file does not carry it. */
const char *carried_value(const struct Carried *carried, const char *setting);

#endif
