#include "table/tex.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Digits, an optional point or commas, an optional exponent: as LaTeX prints a number in a text. */
static void put_digits(FILE *stream, const char *digits)
{
  size_t n_whole = strspn(digits, "0123456789");
  bool apart = n_whole >= 4;
  for (size_t i = 0; i < n_whole; i++)
    fprintf(stream, "%s%c", apart && i > 0 && (n_whole - i) % 3 == 0 ? "{,}" : "", digits[i]);
  const char *exponent = strchr(digits, 'e');
  int length = (int)(exponent ? (size_t)(exponent - digits) : strlen(digits));
  fprintf(stream, "%.*s", length - (int)n_whole, digits + n_whole);
  if (exponent) fprintf(stream, " \\times 10^{%ld}", strtol(exponent + 1, NULL, 10));
}

/* Three digits, except that whole numbers up to 1e7 and the whole part of what is below 1e5 keep
   all of theirs. What is below 1e-3 has an exponent. */
static void format_number(double value, char digits[64])
{
  double size = fabs(value);
  bool whole = (value == floor(value) && size < 1e7) || (size >= 999.5 && size < 1e5);
  bool tiny = size > 0 && size < 1e-3;
  snprintf(digits, 64, whole ? "%.0f" : "%.3g", value);
  if (!tiny || strchr(digits, 'e')) return;
  snprintf(digits, 64, "%.2e", value);
  char *exponent = strchr(digits, 'e'), *last = exponent - 1; /* %.3g writes no zeros at the end */
  while (*last == '0')
    last--;
  if (*last == '.') last--;
  memmove(last + 1, exponent, strlen(exponent) + 1);
}

void tex_put_number(FILE *stream, double value)
{
  char digits[64];
  if (isnan(value)) {
    fputs("--", stream);
    return;
  }
  const char *sign = value < 0 ? "-" : "";
  if (isinf(value)) {
    fprintf(stream, "$%s\\infty$", sign);
    return;
  }
  format_number(fabs(value), digits);
  fprintf(stream, "$%s", sign);
  put_digits(stream, digits);
  putc('$', stream);
}

void tex_put_text(FILE *stream, const char *text)
{
  for (; *text; text++)
    if (strchr("#$%&_{}", *text))
      fprintf(stream, "\\%c", *text);
    else if (*text == '~')
      fputs("$\\sim$", stream);
    else if (*text == '^')
      fputs("\\textasciicircum{}", stream);
    else if (*text == '\\')
      fputs("\\textbackslash{}", stream);
    else
      putc(*text, stream);
}

/* The length of the number at the start of a text, such as 14, 0.85 or 2.41e-7; 0: there is none.
 */
static size_t length_of_number(const char *text)
{
  size_t n = strspn(text, "0123456789");
  if (n == 0) return 0;
  if (text[n] == '.' && isdigit((unsigned char)text[n + 1]))
    n += 1 + strspn(text + n + 1, "0123456789");
  size_t sign = text[n] == 'e' && (text[n + 1] == '+' || text[n + 1] == '-') ? 2 : 1;
  if (text[n] == 'e' && isdigit((unsigned char)text[n + sign]))
    n += sign + strspn(text + n + sign, "0123456789");
  return n;
}

/* The length of a symbol with an index at the start of a text, such as W_E; 0: there is none. */
static size_t length_of_symbol(const char *text)
{
  const unsigned char *letters = (const unsigned char *)text;
  bool is_one = isalpha(letters[0]) && letters[1] == '_' && isalnum(letters[2]);
  return is_one && !isalnum(letters[3]) && letters[3] != '_' ? 3 : 0;
}

/* Writes what a text begins with, in mathematics if it is a number or a symbol; returns its length.
 */
static size_t put_piece(FILE *stream, const char *text, bool inside_word)
{
  size_t number = inside_word ? 0 : length_of_number(text);
  size_t symbol = inside_word ? 0 : length_of_symbol(text);
  char piece[64] = {text[0]};
  if (number + symbol == 0 || number >= sizeof piece) {
    tex_put_text(stream, piece);
    return 1;
  }
  memcpy(piece, text, number + symbol);
  putc('$', stream);
  if (number)
    put_digits(stream, piece);
  else
    fputs(piece, stream);
  putc('$', stream);
  return number + symbol;
}

void tex_put_prose(FILE *stream, const char *text)
{
  bool inside_word = false; /* or a number: 11,000 */
  while (*text) {
    text += put_piece(stream, text, inside_word);
    inside_word = isalnum((unsigned char)text[-1]) || strchr("_.,", text[-1]);
  }
}
