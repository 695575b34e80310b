/* The fused multiply-adds a nanosecond that the calling thread does out of registers, with vectors
   of 16 floats (engine/factored/wide.h): what no arithmetic of that width can exceed on this
   processor. */
#ifndef BENCH_PEAK_H
#define BENCH_PEAK_H

/* The best of some rounds of about a millisecond. */
double peak_256(void); /* on registers of 8 floats */
double peak_512(void); /* on registers of 16: for processors with AVX-512 only */

#endif
