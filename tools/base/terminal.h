/*
 * What a terminal is able to show.
 */
#ifndef BASE_TERMINAL_H
#define BASE_TERMINAL_H

#include <stdbool.h>

/* Can the terminal that TERM names move its cursor, for lines that are rewritten? */
bool terminal_moves_cursor(void);

/* Columns and lines of the terminal behind a descriptor, which can change at any time. If it does
   not say them: COLUMNS and LINES of the environment, or 80 and 24. */
int terminal_width(int descriptor);
int terminal_height(int descriptor);

#endif
