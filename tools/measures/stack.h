/*
 * Tables of several snapshots, as films need them: the rows of the table of each snapshot, one
 * below the other, behind a first column, epoch. What writes a snapshot's table writes these, too:
 * each snapshot's goes into a folder beside, and its lines from there into the stack.
 */
#ifndef MEASURES_STACK_H
#define MEASURES_STACK_H

#include "base/command_line.h"
#include "base/output.h"
#include "measures/subject.h"

/* A table that is asked for. */
struct Stack {
  const char *file;      /* spectrum.tsv */
  SubjectWriter *writer; /* of a snapshot's table */
  char *columns;         /* those wanted, between commas: ",a,b,"; NULL: all */
  char *comments;        /* of the first snapshot's table; NULL: it is not there yet */
  struct Output output;
};

struct Stacks {
  struct Stack *stack; /* [n] */
  size_t n;
  char *folder; /* of one snapshot's tables; NULL: not made yet */
};

/* Reads which tables are asked for: words such as spectrum, or activations:a,b,attention_0 for some
   columns. Errors: a word that is none of the tables, which `tables` and `writers` list; a table
   twice; none. What was read may be released after an error. */
bool stacks_parse(struct Stacks *stacks, const char *words, const struct ToolFile *tables,
                  SubjectWriter *const *writers, struct Error *error);

/* Begins the tables in the directory, which is created if needed. */
bool stacks_open(struct Stacks *stacks, const char *directory, struct Error *error);

/* Adds the rows of a subject whose directory is stacks->folder. Errors: those of the writers; no
   such column; a table about all snapshots; comments that are not those of the first snapshot, as
   they say something of one alone. */
bool stacks_add(struct Stacks *stacks, struct Subject *subject, struct Error *error);

bool stacks_commit(struct Stacks *stacks, struct Error *error);

/* Also discards what was not committed, and removes the folder. */
void stacks_release(struct Stacks *stacks);

#endif
