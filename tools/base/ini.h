/*
 * INI files (inih reads them), with what inih leaves to its caller: the line number of every
 * entry, and errors for what is malformed instead of silence.
 *
 *   [section]            ; comments after a semicolon, or on lines that start with # or ;
 *   key = value
 *
 * A semicolon starts a comment only behind a blank: `a;b` is a value, `a ; b` is `a` with a
 * comment. Indentation means nothing, a value may be empty, `key: value` is read too, and so are
 * \r\n and a UTF-8 byte order mark. Lines have up to 198 characters, names and sections up to 49.
 */
#ifndef BASE_INI_H
#define BASE_INI_H

#include "base/error.h"

/* Called for every entry in the file's order; entries above the first section have the section "".
   Returning false stops the reading with the error that the handler has set; ini_read_file puts
   "path:line: " in front of it. */
typedef bool IniHandler(void *user, const char *section, const char *key, const char *value,
                        int line, struct Error *error);

/* Reads the file. Errors: it cannot be read, is malformed, holds a NUL byte, has a line longer
   than inih takes, or the handler refused an entry. Entries above the error have been handled. */
bool ini_read_file(const char *path, IniHandler *handler, void *user, struct Error *error);

#endif
