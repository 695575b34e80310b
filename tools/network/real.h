/*
 * The number type of the textbook network: float32 or float64, from one source. Files that include
 * this have REAL_BITS = 32, or define it as 64 before; textbook.c is compiled with each. REAL_NAME
 * gives a function its name for the type.
 */
#ifndef NETWORK_REAL_H
#define NETWORK_REAL_H

#ifndef REAL_BITS
#define REAL_BITS 32
#endif

#if REAL_BITS == 32
typedef float Real;
#define REAL(literal)   literal##f
#define REAL_NAME(name) name##_32
#define REAL_BLAS(name) cblas_s##name
#else
typedef double Real;
#define REAL(literal)   literal
#define REAL_NAME(name) name##_64
#define REAL_BLAS(name) cblas_d##name
#endif

#endif
