/*
 * A tool's table as text for programs: the build makes manual pages and completions of it.
 *
 * A line for each thing, its fields divided by tabs, in this order:
 *
 *   tool      name, purpose
 *   operands  as in the usage line
 *   summary   a line of the summary; empty between paragraphs
 *   table     name, what it holds
 *   option    letter or nothing, name, argument or nothing, help
 *   epilogue  a line of the epilogue
 *
 * What an option takes can be read off its argument's name: DIR or ..._DIR is a directory, FILE a
 * file, FILE.tsv or NAME.tsv one that ends so, a|b|c one of these words, TABLES some of the tool's
 * tables, SETTINGS names of settings, NAME one of the terms in the epilogue's list, NAME[,NAME...]
 * some of them. Operands are named in the same way; RUN is the directory of a run. In the texts,
 * lines that begin with two blanks are a list, its terms divided from what they mean by two blanks
 * or a line break, or, behind a line that ends in a colon and a language, code.
 */
#ifndef BASE_DESCRIPTION_H
#define BASE_DESCRIPTION_H

#include "base/command_line.h"

#include <stdio.h>

/* What every tool has besides its own options, without values; the last only if it has tables. */
extern const struct Option standard_options[];

/* How many of them the tool has. */
int description_count_standard(const struct Tool *tool);

void describe_tool(const struct Tool *tool, FILE *stream);

#endif
