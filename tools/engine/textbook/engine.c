/* The textbook network (network/textbook.h) behind engine/engine.h, in either precision. */
#include "engine/backend.h"
#include "engine/textbook/products.h"
#include "engine/textbook/training.h"

#include <cblas.h>
#include <gnu/libc-version.h>
#include <stdio.h>

static bool can_train(const struct Config *config, struct Error *error)
{
  (void)config, (void)error;
  return true;
}

/* Bits depend on the products of OpenBLAS, and on the exponential and error functions of the C
   library. */
static struct Engine *open_engine(const struct Config *config, const struct Dataset *dataset,
                                  struct Error *error)
{
  char library[PRODUCTS_TEXT_SIZE], bits[TRAINING_BITS_SIZE];
  openblas_set_num_threads(1);
  products_describe(library);
  snprintf(bits, sizeof bits, "textbook, %s, glibc %s", library, gnu_get_libc_version());
  bool exact = config->train.precision == PRECISION_FLOAT64;
  return (exact ? training_open_64 : training_open_32)(config, dataset, bits, error);
}

const struct Backend textbook_backend = {
    .name = "textbook",
    .summary = "any network, over OpenBLAS; the definition of the model",
    .can_train = can_train,
    .open = open_engine};
