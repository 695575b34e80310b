/*
 * The number of threads, and how they wait. Results depend on neither.
 *
 * In a program that sets the number here, waiting threads sleep instead of spinning. This costs 5 %
 * for training on an otherwise idle machine. With other programs running, spinning cost one of two
 * threads four to six times its computing time, as a spinning thread takes the core from those it
 * waits for. OMP_WAIT_POLICY=active makes them spin.
 */
#ifndef BASE_THREADS_H
#define BASE_THREADS_H

#include "base/error.h"

/* Sets the number of threads from now on. `text` is the argument of --threads, 1..1024; NULL if it
   was not given: then OMP_NUM_THREADS applies, or the number of cores of this process
   (base/cores.h). */
bool threads_set(const char *text, struct Error *error);

#endif
