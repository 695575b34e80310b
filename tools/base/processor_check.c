/*
 * Every program is compiled for x86-64-v3. On an older processor it would die of an illegal
 * instruction somewhere; this says what is missing before `main` begins. The file itself is
 * compiled for any x86-64, and is part of every program without being called.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/platform/x86.h>
#include <unistd.h>

/* x86-64-v3 of the System V ABI, as far as the processor has it and the system lets it be used. */
static bool processor_suffices(void)
{
  return CPU_FEATURE_ACTIVE(CMPXCHG16B) && CPU_FEATURE_ACTIVE(LAHF64_SAHF64) &&
         CPU_FEATURE_ACTIVE(POPCNT) && CPU_FEATURE_ACTIVE(SSE3) && CPU_FEATURE_ACTIVE(SSSE3) &&
         CPU_FEATURE_ACTIVE(SSE4_1) && CPU_FEATURE_ACTIVE(SSE4_2) && CPU_FEATURE_ACTIVE(AVX) &&
         CPU_FEATURE_ACTIVE(AVX2) && CPU_FEATURE_ACTIVE(BMI1) && CPU_FEATURE_ACTIVE(BMI2) &&
         CPU_FEATURE_ACTIVE(F16C) && CPU_FEATURE_ACTIVE(FMA) && CPU_FEATURE_ACTIVE(LZCNT) &&
         CPU_FEATURE_ACTIVE(MOVBE) && CPU_FEATURE_ACTIVE(OSXSAVE);
}

/* 101 is the first priority that the compiler leaves to programs: no other constructor is earlier.
 */
__attribute__((constructor(101))) static void check_processor(void)
{
  if (processor_suffices()) return;
  fprintf(stderr,
          "%s: this program needs a processor with AVX2, FMA and the rest of x86-64-v3 (Intel"
          " Haswell, AMD Excavator, or later)\n",
          program_invocation_short_name);
  _exit(EXIT_FAILURE);
}
