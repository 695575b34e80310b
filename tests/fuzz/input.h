/*
 * What libFuzzer made up, as a file that the readers can open: they take paths. The files lie in
 * memory and are written over for every input.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

/* The signature libFuzzer asks for. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { N_INPUTS = 2 };

/* Makes file number `i` hold these bytes. Returns its path, which stays the same. */
const char *input_file(int i, const uint8_t *data, size_t size);

#endif
