/*
 * Numbers and words in LaTeX. Write errors are reported by output_commit for the output of the
 * stream.
 */
#ifndef TABLE_TEX_H
#define TABLE_TEX_H

#include <stdio.h>

/* A number with three digits, unless it is whole: 433, 0.85, 2.41 \times 10^{-7}; -- for NaN. */
void tex_put_number(FILE *stream, double value);

/* Text with LaTeX's special characters escaped. */
void tex_put_text(FILE *stream, const char *text);

#endif
