#include "run/holder.h"

#include "base/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *path_in(const char *directory, struct Error *error)
{
  return memory_print(error, "%s/train.lock", directory);
}

bool holder_lock(struct Lock *lock, const char *directory, bool wait, struct Error *error)
{
  char *path = path_in(directory, error);
  bool locked = path && lock_take(lock, path, wait, error);
  free(path);
  return locked;
}

void holder_name_machine(char machine[HOLDER_MACHINE_SIZE])
{
  if (gethostname(machine, HOLDER_MACHINE_SIZE) != 0 || !*machine) strcpy(machine, "localhost");
  machine[HOLDER_MACHINE_SIZE - 1] = '\0';
}

bool holder_sign(const struct Lock *lock, int64_t epoch, struct Error *error)
{
  char machine[HOLDER_MACHINE_SIZE], line[LOCK_SIGN_SIZE];
  holder_name_machine(machine);
  snprintf(line, sizeof line, "%s %ld %" PRId64, machine, (long)getpid(), epoch);
  return lock_sign(lock, line, error);
}

bool holder_look(struct Holder *holder, const char *directory, struct Error *error)
{
  struct LockSeen seen;
  *holder = (struct Holder){0};
  char *path = path_in(directory, error);
  bool looked = path && lock_look(&seen, path, error);
  free(path);
  if (!looked) return false;
  int length = 0;
  holder->is_held = seen.is_held;
  holder->signed_at = seen.signed_at;
  holder->has_signed = sscanf(seen.sign, "%64[!-~] %" SCNd64 " %" SCNd64 "%n", holder->machine,
                              &holder->process, &holder->epoch, &length) == 3 &&
                       seen.sign[length] == '\0' && holder->process > 0 && holder->epoch >= 0;
  return true;
}
