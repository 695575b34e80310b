/*
 * Are the products of the OpenBLAS at hand right? Old builds compute wrong ones on processors that
 * are younger than they are, without a word.
 */
#ifndef ENGINE_TEXTBOOK_PRODUCTS_H
#define ENGINE_TEXTBOOK_PRODUCTS_H

#include "network/parameters.h"

/* The version and the kernels in use: "OpenBLAS 0.3.21 SkylakeX". */
enum { PRODUCTS_TEXT_SIZE = 80 };
void products_describe(char text[PRODUCTS_TEXT_SIZE]);

/* Holds products of the shapes that the training of a network needs, `rows` positions at a time,
   as they are and transposed, and added to a matrix as there, against engine/factored/matrix.h, or
   in float64 against plain sums. Error: they differ by more than rounding, with what to set. */
bool products_check(const struct Shape *shape, size_t rows, enum Precision precision,
                    struct Error *error);

#endif
