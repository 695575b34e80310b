/*
 * libFuzzer's input as a file, since the readers take paths. The files are in memory and are
 * overwritten for every input.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

/* The entry point for libFuzzer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { N_INPUTS = 2 };

/* Replaces the content of file number `i`. Returns its path, which stays the same. */
const char *input_file(int i, const uint8_t *data, size_t size);

#endif
