#include "network/answers.h"

#include "base/number.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A file being read. */
struct Text {
  FILE *stream;
  const char *path;
  int64_t line;
  bool binary;    /* there was a NUL byte, which was taken for the end */
  int read_errno; /* errno of a failed read; else 0 */
};

static int next_character(struct Text *text)
{
  int c = text->binary ? EOF : getc(text->stream);
  if (c == EOF && ferror(text->stream)) text->read_errno = errno;
  if (c != '\0') return c;
  text->binary = true;
  return EOF;
}

/* The first character that is neither a blank nor in a comment: of a word, a newline, or EOF. */
static int skip_blanks(struct Text *text)
{
  int c;
  do
    c = next_character(text);
  while (c == ' ' || c == '\t' || c == '\r');
  if (c != '#') return c;
  while (c != '\n' && c != EOF)
    c = next_character(text);
  return c;
}

enum { WORD_SIZE = 24 }; /* a word that fills it is no number, and may have been cut off */

/* The word that starts with `c`. */
static void read_word(struct Text *text, int c, char word[WORD_SIZE])
{
  size_t length = 0;
  for (; c != EOF && !strchr(" \t\r\n#", c) && length < WORD_SIZE - 1; c = next_character(text))
    word[length++] = (char)c;
  word[length] = '\0';
  if (c != EOF) ungetc(c, text->stream);
}

static bool parse(const struct Text *text, const char *word, int p, int *answer,
                  struct Error *error)
{
  int64_t value;
  bool whole = strlen(word) < WORD_SIZE - 1;
  if (!whole || !number_parse_integer(word, &value) || value < 0 || value >= p)
    return error_set(error, "%s:%" PRId64 ": found \"%s\", expected an integer from 0 to %d",
                     text->path, text->line, word, p - 1);
  *answer = (int)value;
  return true;
}

/* The row that starts with `c`, and its end: a newline or EOF in *c. */
static bool read_row(struct Text *text, int *c, int p, int *answer, struct Error *error)
{
  int n = 0;
  for (; *c != '\n' && *c != EOF && n < p; *c = skip_blanks(text)) {
    char word[WORD_SIZE];
    read_word(text, *c, word);
    if (!parse(text, word, p, &answer[n++], error)) return false;
  }
  bool more = *c != '\n' && *c != EOF;
  return (n == p && !more) ||
         error_set(error,
                   "%s:%" PRId64 ": found %s%d answers in this row, expected %d, one for each b, "
                   "as data.modulus is %d",
                   text->path, text->line, more ? "more than " : "", n, p, p);
}

static bool read_rows(struct Text *text, int p, int *answer, struct Error *error)
{
  int n = 0;
  for (int c = '\n'; c != EOF; text->line += c == '\n') {
    c = skip_blanks(text);
    if (c == '\n' || c == EOF) continue;
    if (n == p) break;
    if (!read_row(text, &c, p, answer + (size_t)n * (size_t)p, error)) return false;
    n++;
  }
  bool more = !feof(text->stream);
  return (n == p && !more) ||
         error_set(error,
                   "%s:%" PRId64 ": found %s%d rows of answers, expected %d, one for each a, as "
                   "data.modulus is %d",
                   text->path, text->line, more ? "more than " : "", n, p, p);
}

bool answers_read(const char *path, int p, int *answer, struct Error *error)
{
  struct Text text = {.stream = fopen(path, "rbe"), .path = path, .line = 1};
  if (!text.stream) return error_system(error, "%s: cannot open", path);
  bool read = read_rows(&text, p, answer, error);
  fclose(text.stream);
  if (text.binary)
    return error_set(error, "%s:%" PRId64 ": contains a NUL byte: not a text file", path,
                     text.line);
  errno = text.read_errno;
  return text.read_errno == 0 ? read : error_system(error, "%s: cannot read", path);
}

struct Digest answers_digest(const int *answer, int p)
{
  return digest_add(DIGEST_START, answer, (size_t)p * (size_t)p * sizeof *answer);
}
