/*
 * How many threads compute, and how they wait for each other. No result depends on either.
 *
 * In a program that sets the number here, threads that wait sleep rather than spin. That costs a
 * training that has the machine to itself one twentieth; with other programs at work, spinning cost
 * one of two threads four to six times the time that it computes, for a thread that spins takes the
 * core from those that it waits for. OMP_WAIT_POLICY=active lets them spin.
 */
#ifndef MODEL_THREADS_H
#define MODEL_THREADS_H

#include "base/error.h"

/* Sets the number of threads for all that follows. `text` is what --threads says, 1..1024. NULL
   stands for an option that is not given: then it is OMP_NUM_THREADS, and without that as many as
   there are cores for this process (base/cores.h). */
bool threads_set(const char *text, struct Error *error);

#endif
