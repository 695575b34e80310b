/*
 * INI files, read by inih, plus what inih lacks: line numbers of entries, and errors for malformed
 * lines.
 *
 *   [section]            ; comments after a semicolon, or on lines that start with # or ;
 *   key = value
 *
 * A semicolon starts a comment only after a blank: `a;b` is a value, `a ; b` is `a` and a comment.
 * Indentation is ignored, values may be empty; `key: value`, \r\n and a UTF-8 byte order mark are
 * accepted. Lines have at most 198 characters, names and sections at most 49.
 */
#ifndef BASE_INI_H
#define BASE_INI_H

#include "base/error.h"

/* Called for every entry in file order; entries before the first section have section "".
   Returning false stops reading with the error that the handler has set, to which ini_read_file
   prepends "path:line: ". */
typedef bool IniHandler(void *user, const char *section, const char *key, const char *value,
                        int line, struct Error *error);

/* Reads the file. Errors: it cannot be read, is malformed, contains a NUL byte or an overlong
   line, or the handler rejected an entry. Entries before the error have been handled. */
bool ini_read_file(const char *path, IniHandler *handler, void *user, struct Error *error);

#endif
