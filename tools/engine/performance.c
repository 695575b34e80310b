#include "engine/performance.h"

#include "network/parameters.h"

#include <inttypes.h>
#include <math.h>

size_t performance_n_tokens(const struct Config *config)
{
  return config->data.task == TASK_DIGITS ? (size_t)shape_of_config(config).n_read : 0;
}

bool performance_check_loss(int64_t epoch, double loss, struct Error *error)
{
  if (isnan(loss)) loss = NAN; /* without a sign */
  return isfinite(loss) || error_set(error,
                                     "epoch %" PRId64 ": the training loss is %g; a smaller"
                                     " optimizer.learning_rate may help",
                                     epoch, loss);
}
