#include "base/nearest.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 3 };

struct Candidate {
  const char *name;
  size_t distance;
};

/* The number of deletions and insertions that turn `a` into `b`. row is [strlen(b) + 1]: after i
   characters of `a`, row[j] is their distance to the first j characters of `b`. */
static size_t distance(const char *a, const char *b, size_t *row)
{
  size_t length = strlen(b);
  for (size_t j = 0; j <= length; j++)
    row[j] = j;
  for (size_t i = 1; a[i - 1]; i++) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= length; j++) {
      size_t above = row[j], least = above < row[j - 1] ? above : row[j - 1];
      row[j] = a[i - 1] == b[j - 1] ? diagonal : least + 1;
      diagonal = above;
    }
  }
  return row[length];
}

/* Inserts a candidate among the n nearest so far; returns their new number. */
static size_t insert(struct Candidate nearest[MOST], size_t n, struct Candidate candidate)
{
  size_t place = n;
  while (place > 0 && candidate.distance < nearest[place - 1].distance)
    place--;
  if (place == MOST) return n;
  size_t kept = n < MOST ? n : MOST - 1;
  memmove(nearest + place + 1, nearest + place, (kept - place) * sizeof *nearest);
  nearest[place] = candidate;
  return kept + 1;
}

char *nearest_names(const char *name, const char *const *names, size_t n, struct Error *error)
{
  struct Candidate nearest[MOST] = {{"", 0}};
  size_t longest = 0, n_nearest = 0;
  for (size_t i = 0; i < n; i++)
    longest = strlen(names[i]) > longest ? strlen(names[i]) : longest;
  size_t *row = memory_new(longest + 1, sizeof *row, "a row of distances", error);
  if (!row) return NULL;
  for (size_t i = 0; i < n; i++)
    n_nearest =
        insert(nearest, n_nearest, (struct Candidate){names[i], distance(name, names[i], row)});
  free(row);
  char *text = memory_copy_text(n_nearest == 0 ? "none" : "", error);
  for (size_t i = 0; text && i < n_nearest; i++) {
    char *longer = memory_print(error, "%s%s%s", text, i > 0 ? ", " : "", nearest[i].name);
    free(text);
    text = longer;
  }
  return text;
}
