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

static bool is(const char *text, const char *word)
{
  return strcmp(text, word) == 0;
}

/* "test_loss<1e-6", behind the column's name */
static bool parse_condition(struct Query *query, const char *text)
{
  query->kind = is(query->column, "crossings") ? QUERY_CROSSINGS : QUERY_FIRST;
  query->above = *text == '>';
  return number_parse_real(text + 1, &query->bound) && !isnan(query->bound);
}

/* What follows "COLUMN@" */
static bool parse_rows(struct Query *query, const char *rest)
{
  if (!query_take_name(&rest, "<>~", query->x)) return false;
  if (*rest == '<' || *rest == '>') return parse_condition(query, rest);
  if (*rest == '~') {
    rest++;
    query->kind = QUERY_RANK;
    return is(query->column, "rank") && query_take_name(&rest, "", query->y);
  }
  bool least = is(query->column, "least"), most = is(query->column, "most");
  query->kind = least ? QUERY_LEAST : most ? QUERY_MOST : QUERY_LAST;
  return least || most || is(query->x, "last");
}

bool query_parse_cells(struct Query *query, const char *text)
{
  query->kind = QUERY_ALL;
  return query_take_name(&text, "@", query->column) &&
         (*text == '\0' || parse_rows(query, text + 1));
}

/* "[NAME=]QUANTITY" or "[NAME=]TABLE:CELLS" */
static bool parse_query(struct Query *query, const char *word)
{
  const char *rest = word, *equals = strchr(word, '=');
  if (equals) {
    if (!query_take_name(&rest, "=", query->name)) return false;
    rest++;
  }
  if (!strchr(rest, ':')) {
    query->kind = QUERY_QUANTITY;
    if (!query_take_name(&rest, "", query->column)) return false;
  } else {
    if (!query_take_name(&rest, ":", query->table) || !query_parse_cells(query, rest + 1))
      return false;
  }
  if (!equals) memcpy(query->name, query->column, QUERY_NAME_SIZE);
  return true;
}

static char *describe(const struct Query *query, struct Error *error)
{
  const char *column = query->column, *table = query->table, *x = query->x;
  const char *side = query->above ? "above" : "below";
  switch (query->kind) {
  case QUERY_QUANTITY:
    break;
  case QUERY_ALL:
    return memory_print(error, "column %s of %s.tsv, all rows", column, table);
  case QUERY_FIRST:
    return memory_print(error, "%s in the first row of %s.tsv with a %s %s %g; nan: there is none",
                        column, table, x, side, query->bound);
  case QUERY_LAST:
    return memory_print(error, "%s in the last row of %s.tsv", column, table);
  case QUERY_CROSSINGS:
    return memory_print(error, "rows of %s.tsv with a %s %s %g that follow one without", table, x,
                        side, query->bound);
  case QUERY_LEAST:
  case QUERY_MOST:
    return memory_print(error, "%s %s in %s.tsv, nan being above all numbers",
                        query->kind == QUERY_LEAST ? "least" : "largest", x, table);
  case QUERY_RANK:
    return memory_print(error, "Spearman's rank correlation of %s and %s in %s.tsv, nan above all",
                        x, query->y, table);
  }
  return memory_print(error, "the quantity %s of the run", column);
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
    return error_set(
        error,
        "--columns: expected QUANTITY, TABLE:COLUMN, TABLE:COLUMN@X<NUMBER or another of "
        "the forms in --help, with an optional NAME= in front, each name of less "
        "than %d characters; found \"%s\"",
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
  return query->kind == QUERY_QUANTITY && config_find_setting(query->column) >= 0;
}
