#include "plot/properties.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* ---- PNG ---- */

/* Writes bytes of a chunk and updates its checksum (CRC-32, as in the PNG specification). */
static void put(FILE *stream, uint32_t *crc, const void *bytes, size_t n)
{
  fwrite(bytes, 1, n, stream);
  for (size_t i = 0; i < n; i++) {
    *crc ^= ((const unsigned char *)bytes)[i];
    for (int bit = 0; bit < 8; bit++)
      *crc = *crc >> 1 ^ (*crc & 1 ? 0xEDB88320 : 0);
  }
}

static void put_big_endian(FILE *stream, uint32_t number)
{
  for (int shift = 24; shift >= 0; shift -= 8)
    putc((int)(number >> shift & 255), stream);
}

static bool is_ascii(const char *text)
{
  for (; *text; text++)
    if ((unsigned char)*text >= 0x80) return false;
  return true;
}

static void write_chunk(FILE *stream, const char *keyword, const char *text)
{
  /* after the keyword: its NUL; for iTXt also no compression (two bytes), no language, no
     translated keyword */
  static const char between[5] = {0};
  bool ascii = is_ascii(text);
  size_t n_between = ascii ? 1 : sizeof between;
  uint32_t crc = UINT32_MAX;
  put_big_endian(stream, (uint32_t)(strlen(keyword) + n_between + strlen(text)));
  put(stream, &crc, ascii ? "tEXt" : "iTXt", 4);
  put(stream, &crc, keyword, strlen(keyword));
  put(stream, &crc, between, n_between);
  put(stream, &crc, text, strlen(text));
  put_big_endian(stream, ~crc);
}

void properties_write_png(const struct Properties *properties, FILE *stream)
{
  write_chunk(stream, "Title", properties->title);
  write_chunk(stream, "Description", properties->subject);
  write_chunk(stream, "Software", properties->creator);
}

/* ---- SVG ---- */

static void put_xml(FILE *stream, const char *text)
{
  for (; *text; text++)
    switch (*text) {
    case '&':
      fputs("&amp;", stream);
      break;
    case '<':
      fputs("&lt;", stream);
      break;
    case '>':
      fputs("&gt;", stream);
      break;
    default:
      putc(*text, stream);
    }
}

void properties_write_svg(const struct Properties *properties, FILE *stream)
{
  fputs("<metadata>", stream);
  put_xml(stream, properties->title);
  fputs(" by ", stream);
  put_xml(stream, properties->creator);
  fputs(" from ", stream);
  put_xml(stream, properties->subject);
  fputs("</metadata>", stream);
}
