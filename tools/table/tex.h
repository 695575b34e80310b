/*
 * Numbers and words as LaTeX typesets them. What a write that fails leaves is found by the commit
 * of the output that the stream belongs to.
 */
#ifndef TABLE_TEX_H
#define TABLE_TEX_H

#include <stdio.h>

/* A number as a person would typeset it, with three digits unless it is whole: 433, 0.85,
   2.41 \times 10^{-7}; -- for NaN. */
void tex_put_number(FILE *stream, double value);

/* Text with LaTeX's special characters made ordinary. */
void tex_put_text(FILE *stream, const char *text);

#endif
