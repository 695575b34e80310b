/*
 * Independent pieces of work on several threads: the loop, its first error and its progress.
 */
#ifndef BASE_PARALLEL_H
#define BASE_PARALLEL_H

#include "base/error.h"
#include "base/progress.h"

#include <stddef.h>

/* Piece `index` of the work. Other pieces run at the same time, with the same context. */
typedef bool ParallelWork(const void *context, size_t index, struct Error *error);

/*
 * Does pieces 0 .. n - 1, each on whichever thread is free. Returns false if any of them fails,
 * with the error of the one with the lowest index, whatever the number and the timing of the
 * threads; pieces behind a failed one may be left out.
 */
bool parallel_each(size_t n, ParallelWork *work, const void *context, struct Error *error);

/* The same on at most that many threads, counting the pieces that are done in `progress`. */
bool parallel_each_shown(size_t n, int threads, struct Progress *progress, ParallelWork *work,
                         const void *context, struct Error *error);

#endif
