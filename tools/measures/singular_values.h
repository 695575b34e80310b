/*
 * Singular values and principal components, by the LAPACK that OpenBLAS brings (dgesdd), in double
 * precision.
 *
 * What is made of them is outside the promise of the same bytes everywhere: the last digits depend
 * on the version of OpenBLAS and on the kernels that it chooses for the processor. On one machine
 * they are the same every time, whatever the number of threads. Tables say so, and by what they
 * were computed (singular_values_describe).
 *
 * Order and signs are fixed, so that figures stay as they are: values decrease, and of each left
 * vector the entry of largest magnitude, the first if several are as large, is positive. Vectors of
 * equal values are any basis of their span: where a cosine and a sine are as strong as each other,
 * the plane of both is well defined and its axes are not.
 */
#ifndef MEASURES_SINGULAR_VALUES_H
#define MEASURES_SINGULAR_VALUES_H

#include "base/error.h"

#include <stddef.h>

/*
 * matrix[rows][columns] = sum over i < n of values[i] left[.][i] right[i][.], n = the lesser of
 * rows and columns: values is [n], left [rows][n], right [n][columns], with unit vectors left[.][i]
 * and right[i][.]. Either both are NULL, for the values alone, or neither is. Destroys the matrix,
 * whose numbers are finite. Calls on several threads may run at once after singular_values_threads.
 * Errors: no memory; LAPACK finds none, or such as have not the norm of the matrix.
 */
bool singular_values_find(size_t rows, size_t columns, double *matrix, double *values, double *left,
                          double *right, struct Error *error);

/* Subtracts from every row of matrix[rows][columns] the mean row. */
void singular_values_centre(size_t rows, size_t columns, double *matrix);

/*
 * The effective rank (Roy and Vetterli 2007, definition 1): the exponential of the Shannon entropy
 * of the singular values over their sum,
 *
 *   exp(- sum over i of q_i ln q_i), q_i = values[i] / sum of values,
 *
 * n if all are equal, 1 if all but one are zero. NaN if all are zero or any is NaN.
 */
double singular_values_effective_rank(size_t n, const double *values);

/* The share of the sum of squares of n values that the first `count` have. NaN if all are zero. */
double singular_values_share(size_t n, const double *values, size_t count);

/* From then on OpenBLAS uses one thread of its own; returns how many of ours may call it at once:
   `wanted`, or 1 if it was built for one only. */
int singular_values_threads(int wanted);

/* A sentence for the comments of a table: that it is outside the promise, and by what it was
   computed. */
enum { SINGULAR_VALUES_TEXT_SIZE = 240 };
void singular_values_describe(char text[SINGULAR_VALUES_TEXT_SIZE]);

#endif
