#include "compare/query.h"

#include "base/memory.h"
#include "base/number.h"
#include "config/config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char query_blanks[] = " \t\n";

void queries_release(struct Queries *queries)
{
  for (size_t i = 0; i < queries->n; i++)
    free(queries->query[i].meaning);
}

bool query_take_name(const char **rest, const char *ends, char name[QUERY_NAME_SIZE])
{
  size_t length = strcspn(*rest, ends);
  if (length == 0 || length >= QUERY_NAME_SIZE) return false;
  memcpy(name, *rest, length);
  name[length] = '\0';
  *rest += length;
  return true;
}

/* "@test_loss<1e-6", "@last", or nothing */
static bool parse_condition(struct Query *query, const char *rest)
{
  if (*rest == '\0') return true;
  rest++;
  query->last = strcmp(rest, "last") == 0;
  if (query->last) return true;
  if (!query_take_name(&rest, "<>", query->tested) || *rest == '\0') return false;
  query->above = *rest == '>';
  return number_parse_real(rest + 1, &query->bound) && !isnan(query->bound);
}

/* "[NAME=]QUANTITY", "[NAME=]TABLE:COLUMN[@X<Y]" or "[NAME=]TABLE:COLUMN@last" */
static bool parse_query(struct Query *query, const char *word)
{
  const char *rest = word, *equals = strchr(word, '='), *colon;
  if (equals) {
    if (!query_take_name(&rest, "=", query->name)) return false;
    rest++;
  }
  colon = strchr(rest, ':');
  if (colon) {
    if (!query_take_name(&rest, ":", query->table)) return false;
    rest++;
  }
  if (!query_take_name(&rest, colon ? "@" : "", query->column)) return false;
  if (!equals) memcpy(query->name, query->column, QUERY_NAME_SIZE);
  return parse_condition(query, rest);
}

static char *describe(const struct Query *query, struct Error *error)
{
  if (query->table[0] == '\0')
    return memory_print(error, "the quantity %s of the run", query->column);
  if (query->last)
    return memory_print(error, "%s in the last row of %s.tsv", query->column, query->table);
  if (query->tested[0] == '\0')
    return memory_print(error, "column %s of %s.tsv, all rows", query->column, query->table);
  return memory_print(error, "%s in the first row of %s.tsv with a %s %s %g; nan: there is none",
                      query->column, query->table, query->tested, query->above ? "above" : "below",
                      query->bound);
}

/* A name must be valid for a table's column, and unique. */
static bool check_name(const struct Queries *queries, const struct Query *query,
                       struct Error *error)
{
  static const char characters[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  if (query->name[strspn(query->name, characters)] != '\0')
    return error_set(error,
                     "--columns: \"%s\": a column name may have only letters, digits, _ . and -",
                     query->name);
  bool twice = strcmp(query->name, "run") == 0;
  for (size_t i = 0; i < queries->n; i++)
    twice = twice || strcmp(queries->query[i].name, query->name) == 0;
  return !twice || error_set(error, "--columns: duplicate column \"%s\"", query->name);
}

bool queries_add(struct Queries *queries, const char *word, struct Error *error)
{
  struct Query query = {.bound = NAN};
  if (queries->n == MAX_QUERIES)
    return error_set(error, "--columns: more than %d columns", MAX_QUERIES);
  if (!parse_query(&query, word))
    return error_set(error,
                     "--columns: expected QUANTITY, TABLE:COLUMN or TABLE:COLUMN@X<NUMBER, with "
                     "an optional NAME= in front, each of less than %d characters; found \"%s\"",
                     QUERY_NAME_SIZE, word);
  if (!check_name(queries, &query, error)) return false;
  query.meaning = describe(&query, error);
  if (!query.meaning) return false;
  queries->query[queries->n++] = query;
  return true;
}

bool queries_parse(struct Queries *queries, const char *text, struct Error *error)
{
  *queries = (struct Queries){.n = 0};
  bool parsed = true;
  text += strspn(text, query_blanks);
  while (parsed && *text) {
    size_t length = strcspn(text, query_blanks);
    char *word = memory_print(error, "%.*s", (int)length, text);
    parsed = word && queries_add(queries, word, error);
    free(word);
    text += length + strspn(text + length, query_blanks);
  }
  if (!parsed) queries_release(queries);
  return parsed;
}

bool queries_move(struct Queries *to, struct Queries *from, struct Error *error)
{
  for (size_t i = 0; i < from->n; i++)
    if (!check_name(to, &from->query[i], error)) return false;
  memcpy(to->query + to->n, from->query, from->n * sizeof *to->query);
  to->n += from->n;
  from->n = 0;
  return true;
}

bool query_is_setting(const struct Query *query)
{
  return query->table[0] == '\0' && config_find_setting(query->column) >= 0;
}
