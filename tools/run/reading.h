/*
 * Which network the tensors of a file are of: the parts that their names tell, the sizes that their
 * shapes tell, and contradictions among them (run/trajectory.h says what a file may be like).
 */
#ifndef RUN_READING_H
#define RUN_READING_H

#include "config/config.h"
#include "network/parameters.h"
#include "tensor/safetensors.h"

enum { READING_TEXT_SIZE = 256, READING_MAX_FACTS = 20 };

/* A setting determined by a tensor or by its absence, and where it comes from. */
struct Fact {
  const char *setting;
  char value[CONFIG_VALUE_SIZE];
  char source[READING_TEXT_SIZE]; /* "embed.W_E of shape [114, 128]" */
};

/* A file being interpreted, which must outlive this. */
struct Reading {
  struct Safetensors *file;
  char prefix[READING_TEXT_SIZE]; /* that all names shared */
  struct Shape parts;             /* layers, normalisation and so on; sizes are 0 or 1 */
  struct Parameters list;         /* of the network with these parts; without values */
  const struct Tensor **tensors;  /* [list.n]; NULL for missing biases */
  int leading;                    /* 1 if there is a snapshot axis, else 0 */
  size_t n_snapshots;
  struct Fact facts[READING_MAX_FACTS];
  int n_facts;
  int *answers; /* [p][p], if the file has them */
};

/* These three in order; then the facts are complete. Removes the prefix of all names and finds the
   parts that they tell. Error: no parameter among them. */
bool reading_find_parts(struct Reading *reading, struct Safetensors *file, struct Error *error);

/* Finds the parameters of these parts, and whether they have a snapshot axis, all or none. The
   number of layers must have been checked. Errors: one is missing, or has another number of axes; a
   tensor of a part that the network lacks. */
bool reading_find_parameters(struct Reading *reading, struct Error *error);

/* Reads off the sizes. `equals`: does the input end with "="? Ignored if W_pos tells. Error: logits
   that are not those of the tokens. */
bool reading_find_sizes(struct Reading *reading, bool equals, struct Error *error);

/* All shapes must agree with the configured sizes, each of which was read off one tensor. */
bool reading_check_shapes(const struct Reading *reading, const struct Config *config,
                          struct Error *error);

/* Reads the answers of a table, if the file has them, and adds what they tell. Error: they are not
   numbers 0 .. p - 1 of all pairs. */
bool reading_find_answers(struct Reading *reading, size_t p, struct Error *error);

/* The tensor of a parameter of a layer; NULL if it is missing. */
const struct Tensor *reading_tensor(const struct Reading *reading, int layer, enum Parameter kind);

void reading_release(struct Reading *reading);

/* Reports a tensor whose shape is not as expected. Always returns false. */
bool reading_shape_error(const struct Tensor *tensor, const char *expected, struct Error *error);

#endif
