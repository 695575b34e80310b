#include "engine/performance.h"

#include "network/parameters.h"

size_t performance_n_tokens(const struct Config *config)
{
  return config->data.task == TASK_DIGITS ? (size_t)shape_of_config(config).n_read : 0;
}
