/*
 * Lists in specifications: items separated by commas, without the blanks around them.
 */
#ifndef PLOT_LIST_H
#define PLOT_LIST_H

/* At least 1: a list without commas is one item, which may be empty. */
int list_count(const char *list);

/* Where item i begins, 0 <= i < list_count(list), and its length, in bytes. */
const char *list_item(const char *list, int i, int *length);

#endif
