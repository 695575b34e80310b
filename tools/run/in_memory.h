/*
 * A file in memory, for safetensors that are made before they are opened or saved.
 */
#ifndef RUN_IN_MEMORY_H
#define RUN_IN_MEMORY_H

#include "base/error.h"

struct InMemory {
  int descriptor;
  char place[32]; /* its path, as long as it is open; whoever opens it may keep it longer */
};

bool in_memory_open(struct InMemory *file, struct Error *error);
void in_memory_close(struct InMemory *file);

/* Copies it to a path, atomically (base/output.h). */
bool in_memory_save(const struct InMemory *file, const char *path, struct Error *error);

#endif
