#include "table/provenance.h"

#include <stdio.h>
#include <string.h>

static const char unknown[] = "unknown";

static const char *digest_or_unknown(bool known, struct Digest digest, char text[DIGEST_SIZE])
{
  if (!known) return unknown;
  digest_format(digest, text);
  return text;
}

void provenance_set_engine(struct Provenance *provenance, const char *engine)
{
  bool usual = strcmp(engine, "factored") == 0;
  snprintf(provenance->engine, sizeof provenance->engine, "%s", usual ? "" : engine);
  for (char *c = provenance->engine; *c; c++)
    if (*c < ' ' || *c > '~') *c = '?';
}

void provenance_format(const struct Provenance *provenance, char text[PROVENANCE_SIZE])
{
  char configuration[DIGEST_SIZE], trajectory[DIGEST_SIZE];
  snprintf(
      text, PROVENANCE_SIZE, "run: configuration %s, trajectory %s%s%s",
      digest_or_unknown(provenance->has_configuration, provenance->configuration, configuration),
      digest_or_unknown(provenance->has_trajectory, provenance->trajectory, trajectory),
      *provenance->engine ? ", engine " : "", provenance->engine);
}

static bool skip(const char **text, const char *expected)
{
  size_t length = strlen(expected);
  if (strncmp(*text, expected, length) != 0) return false;
  *text += length;
  return true;
}

static bool parse_digest(const char **text, bool *known, struct Digest *digest)
{
  *known = !skip(text, unknown);
  if (!*known) return true;
  if (!digest_parse(*text, digest)) return false;
  *text += DIGEST_SIZE - 1;
  return true;
}

bool provenance_parse(const char *line, struct Provenance *provenance)
{
  struct Provenance found = {0};
  if (!skip(&line, "# run: configuration ") ||
      !parse_digest(&line, &found.has_configuration, &found.configuration) ||
      !skip(&line, ", trajectory ") ||
      !parse_digest(&line, &found.has_trajectory, &found.trajectory))
    return false;
  if (skip(&line, ", engine ")) {
    if (*line == '\0' || strlen(line) >= sizeof found.engine) return false;
    provenance_set_engine(&found, line);
    line += strlen(line);
  }
  if (*line != '\0') return false;
  *provenance = found;
  return true;
}
