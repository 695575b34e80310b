/*
 * Arrays for a page that a browser reads: their bytes, little-endian, deflated (zlib's format) and
 * written in base64, in a JSON object that says what they are.
 *
 *   {"type": "floats", "data": "..."}   float32
 *   {"type": "bytes", "data": "..."}    uint8
 *   {"type": "rows", "n": 128, "scales": {...}, "data": "..."}
 *                                       rows of n numbers q scales[row], q a whole number from
 *                                       -BLOB_LARGEST to BLOB_LARGEST: the high bytes of all
 *                                       q + BLOB_LARGEST, then the low bytes
 *
 * The scale of a row is its largest |value| over BLOB_LARGEST, so that a value is off by at most
 * half of that: 1/16382 of the largest in its row.
 *
 * All return NULL with an error: no memory. The caller owns the object.
 */
#ifndef EXPORT_BLOB_H
#define EXPORT_BLOB_H

#include "base/error.h"

#include <jansson.h>

#include <stddef.h>
#include <stdint.h>

enum { BLOB_LARGEST = 8191 }; /* 14 bits */

json_t *blob_floats(const float *values, size_t n, struct Error *error);
json_t *blob_bytes(const uint8_t *values, size_t n, struct Error *error);

/* values[n_rows][n] */
json_t *blob_rows(const float *values, size_t n_rows, size_t n, struct Error *error);

/* An object from a format of jansson's; NULL with the error that there is no memory. */
json_t *blob_checked(json_t *object, struct Error *error);

/* About how many characters the object takes in a file: those of its strings. */
size_t blob_size(const json_t *object);

#endif
