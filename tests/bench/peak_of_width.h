/* One of the functions of peak.h, for the vector width of the including file, which defines PEAK,
   its name; hence no include guard. As many chains as there are registers hide the latency of each.
 */
#include "engine/factored/wide.h"
#include "peak.h"

#include <time.h>

enum { ROUNDS = 40, TURNS = 8192 };

static double nanoseconds(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return 1e9 * (double)time.tv_sec + (double)time.tv_nsec;
}

double PEAK(void)
{
  static volatile float sink;
  static float starts[CHAINS * WIDE_LANES]; /* different ones: equal lanes would be computed once */
  for (int i = 0; i < CHAINS * WIDE_LANES; i++)
    starts[i] = (float)i;
  const Wide factor = wide_fill(0.999f), term = wide_fill(0.001f);
  Wide sums[CHAINS];
  double best = 0;
  for (int round = 0; round < ROUNDS; round++) {
    UNROLLED_FOR (i, CHAINS)
      sums[i] = wide_load(starts + i * WIDE_LANES);
    const double start = nanoseconds();
    for (int turn = 0; turn < TURNS; turn++)
      UNROLLED_FOR (i, CHAINS)
        sums[i] = wide_fma(sums[i], factor, term);
    const double rate = (double)TURNS * CHAINS * WIDE_LANES / (nanoseconds() - start);
    if (rate > best) best = rate;
    UNROLLED_FOR (i, CHAINS)
      sink = sink + wide_sum(sums[i]);
  }
  return best;
}
