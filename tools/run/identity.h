/*
 * The identity of the program: together with the configuration it determines every bit of a run.
 */
#ifndef RUN_IDENTITY_H
#define RUN_IDENTITY_H

#include "base/digest.h"
#include "base/error.h"

/* The digest of this program's loaded segments, code and initial data, in hexadecimal. Independent
   of the file's name, path and time, of symbols and debugging information, and of load addresses.
   Error: the program cannot be read. */
bool identity_program(char text[DIGEST_SIZE], struct Error *error);

#endif
