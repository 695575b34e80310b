/*
 * The columns of a comparison, as --columns asks for them: words of the form
 *
 *   [NAME=]QUANTITY   [NAME=]TABLE:CELLS
 *
 * CELLS, of a table, is one of
 *
 *   COLUMN          all cells of a column        crossings@X<Y   how often X falls below Y
 *   COLUMN@X<Y      in the first row with X < Y  least@X most@X  the least and the largest X
 *   COLUMN@last     in the last row              rank@X~Y        rank correlation of X and Y
 */
#ifndef COMPARE_QUERY_H
#define COMPARE_QUERY_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { MAX_QUERIES = 32, QUERY_NAME_SIZE = 64 };

enum QueryKind {
  QUERY_QUANTITY,
  QUERY_ALL,       /* the cells of all rows */
  QUERY_FIRST,     /* of the first row that meets the condition */
  QUERY_LAST,      /* of the last row */
  QUERY_CROSSINGS, /* rows that meet the condition and follow one that does not */
  QUERY_LEAST,
  QUERY_MOST,
  QUERY_RANK
};

struct Query {
  enum QueryKind kind;
  char name[QUERY_NAME_SIZE];   /* of the column */
  char table[QUERY_NAME_SIZE];  /* "" for a quantity */
  char column[QUERY_NAME_SIZE]; /* or the quantity */
  char x[QUERY_NAME_SIZE];      /* X, "" if there is none */
  char y[QUERY_NAME_SIZE];      /* Y of a rank correlation */
  bool above;                   /* the condition is X > bound, not < */
  double bound;
  char *meaning;
};

struct Queries {
  struct Query query[MAX_QUERIES]; /* [n] */
  size_t n;
};

/* Reads words separated by blanks; there may be none. Errors: a word of another form; a name that
   cannot be a column's, or is not unique; too many. */
bool queries_parse(struct Queries *queries, const char *text, struct Error *error);
void queries_release(struct Queries *queries);

/* Appends one, with the errors of queries_parse. */
bool queries_add(struct Queries *queries, const char *word, struct Error *error);

/* Reads CELLS of a table that goes without saying: neither name nor table nor meaning are set. */
bool query_parse_cells(struct Query *query, const char *text);

/* Moves all queries of `from` behind those of `to`, which has room for them. Error: a name is
   there twice; nothing is moved then. */
bool queries_move(struct Queries *to, struct Queries *from, struct Error *error);

/* Does it ask for a setting? */
bool query_is_setting(const struct Query *query);

/* What separates words. */
extern const char query_blanks[];

/* Copies the text up to the first of `ends`, or all of it, and moves past it. False if that is
   nothing, or too long. */
bool query_take_name(const char **rest, const char *ends, char name[QUERY_NAME_SIZE]);

#endif
