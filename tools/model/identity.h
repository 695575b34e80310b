/*
 * Which program computed something: with its configuration, that is all that the bits of a run
 * depend on.
 */
#ifndef MODEL_IDENTITY_H
#define MODEL_IDENTITY_H

#include "base/digest.h"
#include "base/error.h"

/* The digest of what this program has loaded of itself, code and initial data, in hexadecimal. It
   depends on neither the name, the place or the time of the file, nor on symbols and debugging
   information, nor on the addresses that the program got. Error: the program cannot be read. */
bool identity_program(char text[DIGEST_SIZE], struct Error *error);

#endif
