/*
 * Who trains in a run's folder: the lock RUN_DIR/train.lock (base/lock.h), which a training holds
 * from before it reads anything there until its files have their final names. It is signed when
 * the training begins, with the machine, the process and the epoch at which it begins:
 *
 *   n1 4711 1200
 *
 * As the lock's file then has the time of that moment, and the partial history that of its last
 * row, both by the clock of the file system, they tell how fast the training is, wherever it runs.
 */
#ifndef RUN_HOLDER_H
#define RUN_HOLDER_H

#include "base/lock.h"

#include <stdint.h>

enum { HOLDER_MACHINE_SIZE = 65 };

/* Takes the lock of a folder, as lock_take. */
bool holder_lock(struct Lock *lock, const char *directory, bool wait, struct Error *error);

/* Signs the lock for this process. */
bool holder_sign(const struct Lock *lock, int64_t epoch, struct Error *error);

/* What the lock says. */
struct Holder {
  bool is_held;
  bool has_signed;                   /* now or, if it is not held, once */
  char machine[HOLDER_MACHINE_SIZE]; /* name of the host */
  int64_t process;
  int64_t epoch;    /* at which it began */
  double signed_at; /* seconds since 1970, by the file system's clock */
};

/* Error: the lock's file cannot be read. One with a sign of another form is not signed. */
bool holder_look(struct Holder *holder, const char *directory, struct Error *error);

/* The name of this machine. */
void holder_name_machine(char machine[HOLDER_MACHINE_SIZE]);

#endif
