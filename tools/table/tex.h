/*
 * Numbers and words in LaTeX. Write errors are reported by output_commit for the output of the
 * stream.
 */
#ifndef TABLE_TEX_H
#define TABLE_TEX_H

#include <stdio.h>

/* A number with three digits, or all of its whole part: 433, 0.85, 40{,}000, 2.41 \times 10^{-7};
   -- for NaN. */
void tex_put_number(FILE *stream, double value);

/* Text with LaTeX's special characters escaped. */
void tex_put_text(FILE *stream, const char *text);

/* The same of a sentence: its numbers look as those above, with all the digits that they have, and
   symbols such as W_E are mathematics. */
void tex_put_prose(FILE *stream, const char *text);

#endif
