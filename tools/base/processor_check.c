/*
 * All programs are compiled for x86-64-v3 and would crash with SIGILL on an older processor; this
 * check reports the requirement before `main` starts. The file itself is compiled for baseline
 * x86-64, and linked into every program; nothing calls it.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/platform/x86.h>
#include <unistd.h>

/* x86-64-v3 of the System V ABI: present in the processor and enabled by the system. */
static bool processor_suffices(void)
{
  return CPU_FEATURE_ACTIVE(CMPXCHG16B) && CPU_FEATURE_ACTIVE(LAHF64_SAHF64) &&
         CPU_FEATURE_ACTIVE(POPCNT) && CPU_FEATURE_ACTIVE(SSE3) && CPU_FEATURE_ACTIVE(SSSE3) &&
         CPU_FEATURE_ACTIVE(SSE4_1) && CPU_FEATURE_ACTIVE(SSE4_2) && CPU_FEATURE_ACTIVE(AVX) &&
         CPU_FEATURE_ACTIVE(AVX2) && CPU_FEATURE_ACTIVE(BMI1) && CPU_FEATURE_ACTIVE(BMI2) &&
         CPU_FEATURE_ACTIVE(F16C) && CPU_FEATURE_ACTIVE(FMA) && CPU_FEATURE_ACTIVE(LZCNT) &&
         CPU_FEATURE_ACTIVE(MOVBE) && CPU_FEATURE_ACTIVE(OSXSAVE);
}

/* 101 is the lowest priority not reserved for the compiler: no other constructor runs earlier. */
__attribute__((constructor(101))) static void check_processor(void)
{
  if (processor_suffices()) return;
  fprintf(stderr,
          "%s: this program needs a processor with AVX2, FMA and the rest of x86-64-v3 (Intel"
          " Haswell, AMD Excavator, or later)\n",
          program_invocation_short_name);
  _exit(EXIT_FAILURE);
}
