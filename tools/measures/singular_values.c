#include "measures/singular_values.h"

#include "base/elementary.h"
#include "base/linear.h"
#include "base/memory.h"
#include "engine/textbook/products.h"

#include <cblas.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Of LAPACK: A[m][n] = U diag(s) V^T, column by column, as Fortran stores matrices. The last
   argument is the length of `job`, which Fortran passes behind all others. */
extern void dgesdd_(const char *job, const int *m, const int *n, double *A, const int *lda,
                    double *s, double *U, const int *ldu, double *Vt, const int *ldvt, double *work,
                    const int *lwork, int *iwork, int *info, size_t job_length);

/* A problem as LAPACK sees it: our matrix by columns is the transpose by rows, so that U has what
   we call right. */
struct Problem {
  int m, n, least;
  double *A, *s, *U, *Vt;
};

/* Asks for the size of its workspace if lwork is -1. Returns LAPACK's `info`, 0 for success. */
static int call(const struct Problem *problem, double *work, int lwork, int *iwork)
{
  int info = 0;
  dgesdd_(problem->U ? "S" : "N", &problem->m, &problem->n, problem->A, &problem->m, problem->s,
          problem->U, &problem->m, problem->Vt, &problem->least, work, &lwork, iwork, &info, 1);
  return info;
}

static bool solve(const struct Problem *problem, struct Error *error)
{
  int *iwork = memory_new((size_t)problem->least * 8, sizeof *iwork, "LAPACK", error);
  double size = 0;
  if (!iwork) return false;
  int info = call(problem, &size, -1, iwork);
  double *work = memory_new((size_t)size, sizeof *work, "LAPACK", error);
  if (work && info == 0) info = call(problem, work, (int)size, iwork);
  free(iwork);
  free(work);
  if (!work) return false;
  return info == 0 ||
         error_set(error,
                   "LAPACK finds no singular values of a matrix of %d x %d (dgesdd: info %d)",
                   problem->n, problem->m, info);
}

/* Turns every pair of vectors such that the largest entry of left[.][i] is positive. */
static void fix_signs(size_t rows, size_t columns, size_t n, double *left, double *right)
{
  for (size_t i = 0; i < n; i++) {
    double largest = 0;
    for (size_t row = 0; row < rows; row++)
      if (fabs(left[row * n + i]) > fabs(largest)) largest = left[row * n + i];
    if (largest >= 0) continue;
    for (size_t row = 0; row < rows; row++)
      left[row * n + i] = -left[row * n + i];
    for (size_t column = 0; column < columns; column++)
      right[i * columns + column] = -right[i * columns + column];
  }
}

/* Old builds of OpenBLAS compute wrong products on processors that are younger than they are. */
static bool check_norm(size_t n, const double *values, double squares, struct Error *error)
{
  char library[PRODUCTS_TEXT_SIZE];
  if (fabs(linear_dot(n, values, values) - squares) <= 1e-9 * squares) return true;
  products_describe(library);
  return error_set(error,
                   "%s computes wrong singular values on this processor; the environment variable "
                   "OPENBLAS_CORETYPE=Haswell makes it use other kernels",
                   library);
}

bool singular_values_find(size_t rows, size_t columns, double *matrix, double *values, double *left,
                          double *right, struct Error *error)
{
  size_t n = rows < columns ? rows : columns;
  if (n == 0) return true;
  if (rows > INT_MAX / 8 || columns > INT_MAX / 8)
    return error_set(error, "LAPACK takes no matrix of %zu x %zu", rows, columns);
  const struct Problem problem = {(int)columns, (int)rows, (int)n, matrix, values, right, left};
  double squares = linear_dot(rows * columns, matrix, matrix);
  if (!solve(&problem, error) || !check_norm(n, values, squares, error)) return false;
  if (left) fix_signs(rows, columns, n, left, right);
  return true;
}

void singular_values_centre(size_t rows, size_t columns, double *matrix)
{
  for (size_t i = 0; i < columns; i++) {
    double mean = linear_mean(rows, matrix + i, columns);
    for (size_t row = 0; row < rows; row++)
      matrix[row * columns + i] -= mean;
  }
}

double singular_values_effective_rank(size_t n, const double *values)
{
  double sum = 0, entropy = 0;
  for (size_t i = 0; i < n; i++)
    sum += values[i];
  if (!(sum > 0)) return NAN;
  for (size_t i = 0; i < n; i++) {
    double share = values[i] / sum;
    if (share > 0) entropy -= share * elementary_log(share);
  }
  return elementary_exp(entropy);
}

double singular_values_share(size_t n, const double *values, size_t count)
{
  double sum = linear_dot(n, values, values);
  return sum > 0 ? linear_dot(count < n ? count : n, values, values) / sum : NAN;
}

int singular_values_threads(int wanted)
{
  openblas_set_num_threads(1);
  return openblas_get_parallel() == OPENBLAS_THREAD ? wanted : 1;
}

void singular_values_describe(char text[SINGULAR_VALUES_TEXT_SIZE])
{
  char library[PRODUCTS_TEXT_SIZE];
  products_describe(library);
  snprintf(text, SINGULAR_VALUES_TEXT_SIZE,
           "Computed by %s; with another one, or on another processor, the last digits may differ",
           library);
}
