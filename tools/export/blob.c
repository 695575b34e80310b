#include "export/blob.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <zlib.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "arrays are written as they lie in memory, little-endian"
#endif

json_t *blob_checked(json_t *object, struct Error *error)
{
  if (!object) error_set(error, "no memory for the page's data");
  return object;
}

/* base64 (RFC 4648) of n bytes, as a string */
static char *to_base64(const uint8_t *bytes, size_t n, struct Error *error)
{
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char *text = memory_new((n + 2) / 3 * 4 + 1, 1, "an array as text", error), *next = text;
  for (size_t i = 0; text && i < n; i += 3) {
    unsigned group = (unsigned)bytes[i] << 16;
    if (i + 1 < n) group |= (unsigned)bytes[i + 1] << 8;
    if (i + 2 < n) group |= bytes[i + 2];
    *next++ = digits[group >> 18];
    *next++ = digits[group >> 12 & 63];
    *next++ = i + 1 < n ? digits[group >> 6 & 63] : '=';
    *next++ = i + 2 < n ? digits[group & 63] : '=';
  }
  return text;
}

/* The text of the bytes, deflated. */
static char *to_text(const void *bytes, size_t n, struct Error *error)
{
  uLongf size = compressBound(n);
  uint8_t *deflated = memory_new(size, 1, "a deflated array", error);
  if (!deflated) return NULL;
  char *text = NULL;
  if (compress2(deflated, &size, bytes, n, Z_BEST_COMPRESSION) == Z_OK)
    text = to_base64(deflated, size, error);
  else
    error_set(error, "no memory to deflate an array");
  free(deflated);
  return text;
}

static json_t *blob_of(const char *type, const void *bytes, size_t n, struct Error *error)
{
  char *text = to_text(bytes, n, error);
  if (!text) return NULL;
  json_t *object = json_pack("{s:s, s:s}", "type", type, "data", text);
  free(text);
  return blob_checked(object, error);
}

json_t *blob_floats(const float *values, size_t n, struct Error *error)
{
  return blob_of("floats", values, n * sizeof *values, error);
}

json_t *blob_bytes(const uint8_t *values, size_t n, struct Error *error)
{
  return blob_of("bytes", values, n, error);
}

/* ---- rows ---- */

/* What a step of the row's numbers is; 0 for a row of zeros. */
static float scale_of(const float *row, size_t n)
{
  float largest = 0;
  for (size_t i = 0; i < n; i++)
    largest = fmaxf(largest, fabsf(row[i]));
  return largest / BLOB_LARGEST;
}

/* Into high[n] and low[n]; to the nearest whole numbers of the scale. */
static void split_row(const float *row, size_t n, float scale, uint8_t *high, uint8_t *low)
{
  for (size_t i = 0; i < n; i++) {
    long q = scale > 0 ? lround((double)row[i] / (double)scale) : 0;
    if (q > BLOB_LARGEST) q = BLOB_LARGEST;
    if (q < -BLOB_LARGEST) q = -BLOB_LARGEST;
    high[i] = (uint8_t)((q + BLOB_LARGEST) >> 8);
    low[i] = (uint8_t)((q + BLOB_LARGEST) & 255);
  }
}

json_t *blob_rows(const float *values, size_t n_rows, size_t n, struct Error *error)
{
  size_t all = n_rows * n;
  float *scales = memory_new(n_rows, sizeof *scales, "scales of rows", error);
  uint8_t *planes = scales ? memory_new(2 * all, 1, "rows in whole numbers", error) : NULL;
  json_t *object = NULL, *of_scales = NULL;
  for (size_t i = 0; planes && i < n_rows; i++) {
    scales[i] = scale_of(values + i * n, n);
    split_row(values + i * n, n, scales[i], planes + i * n, planes + all + i * n);
  }
  if (planes && (of_scales = blob_floats(scales, n_rows, error)))
    object = blob_of("rows", planes, 2 * all, error);
  free(planes);
  free(scales);
  if (!object) {
    json_decref(of_scales);
    return NULL;
  }
  bool complete = json_object_set_new(object, "scales", of_scales) == 0 &&
                  json_object_set_new(object, "n", json_integer((json_int_t)n)) == 0;
  if (complete) return object;
  json_decref(object);
  return blob_checked(NULL, error);
}

size_t blob_size(const json_t *object)
{
  size_t size = json_string_length(object);
  for (size_t i = 0; i < json_array_size(object); i++)
    size += blob_size(json_array_get(object, i));
  for (void *i = json_object_iter((json_t *)object); i;
       i = json_object_iter_next((json_t *)object, i))
    size += blob_size(json_object_iter_value(i));
  return size;
}
