/*
 * The factored step (engine/factored/factors.h, engine/factored/step.h) for a device: OpenCL C 1.2,
 * or CUDA where that is all there is. Every number is computed by the same operations in the same
 * order as by the processor, which is why nothing here may be contracted, reassociated or flushed
 * by the compiler. Sums that the processor computes in lanes are computed in these lanes.
 *
 * All numbers of a training lie in one array, all its integers in another; AT_x and INTS_x, and
 * sizes in capitals, are defined by the host (engine/opencl/layout.h). Arrays are row-major; T0, T1
 * and the like are [entries][H][width] here, not in strips. Trainings of a batch lie one after
 * another: the second dimension of the work-groups is the training.
 *
 * Each kernel says how it divides its work among groups of GROUP work-items; the host launches as
 * many groups as that takes (engine/opencl/plan.c).
 */
#ifdef __OPENCL_VERSION__
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#pragma OPENCL FP_CONTRACT OFF
/* Groups have `items` work-items; `resident` of them should find room on a processor. */
#define KERNEL(items, resident) kernel __attribute__((reqd_work_group_size(items, 1, 1))) void
#define FUNCTION                static inline
#define GLOBAL                  global
#define LOCAL                   local
#define IN_LOCAL                local
#define ALIGNED                 __attribute__((aligned(16)))
#define SAME_GROUP              barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)
#define LEAST                   atomic_min
#else
#define KERNEL(items, resident) extern "C" __global__ void __launch_bounds__(items, resident)
#define FUNCTION                static __device__ __forceinline__
#define GLOBAL
#define LOCAL __shared__
#define IN_LOCAL
#define ALIGNED      __align__(16)
#define SAME_GROUP   __syncthreads()
#define LEAST        atomicMin
#define as_uint(x)   __float_as_uint(x)
#define as_float(x)  __uint_as_float(x)
#define as_ulong(x)  (unsigned long long)__double_as_longlong(x)
#define as_double(x) __longlong_as_double((long long)(x))
#define ulong        unsigned long long
#define INFINITY     __int_as_float(0x7f800000)
FUNCTION int get_group_id(int i)
{
  return (int)(i == 0 ? blockIdx.x : blockIdx.y);
}
FUNCTION int get_local_id(int i)
{
  return (int)threadIdx.x;
}
#endif

/* Loops that are unrolled whole, or by so many turns. */
#define UNROLLED_FOR(i, n)    _Pragma("unroll") for (int i = 0; i < (n); i++)
#define UNROLLED_4_FOR(i, n)  _Pragma("unroll 4") for (int i = 0; i < (n); i++)
#define UNROLLED_8_FOR(i, n)  _Pragma("unroll 8") for (int i = 0; i < (n); i++)
#define UNROLLED_16_FOR(i, n) _Pragma("unroll 16") for (int i = 0; i < (n); i++)

/* What all kernels are given. The integers a, b and c are explained with each. */
#define ARGUMENTS                                                                                  \
  GLOBAL float *floats, GLOBAL int *ints, GLOBAL const struct Product *products, int a, int b, int c
#define ITEM  ((int)get_local_id(0))
#define INDEX ((int)get_group_id(0) * GROUP + ITEM)

/* At the beginning of every kernel: the memory of this group's training. */
#define OF_TRAINING                                                                                \
  floats += get_group_id(1) * (Index)FLOATS;                                                       \
  ints += get_group_id(1) * (Index)INTS

/* Rows of T_constants, unless they are folded into the others. */
#define CONSTANT_ROWS (FOLDED ? 0 : CONSTANTS * HEADS)

/* ---- numbers ---- */

#define SMALLEST 0x1p-40f

/* flush() of network/flush.h */
FUNCTION float flushed(float x)
{
  return fabs(x) < SMALLEST ? 0.0f : x;
}

/* x y, rounded before it is added to anything, even by a compiler that contracts in spite of the
   pragma. */
FUNCTION float times(float x, float y)
{
  return fma(x, y, -0.0f);
}

FUNCTION float larger(float x, float y)
{
  return x > y ? x : y;
}

/* DEFINE_EXP of engine/factored/vector.h */
FUNCTION float exponential(float x)
{
  const float round = 0x1.8p23f;
  bool vanishes = x < -80.0f;
  if (vanishes) x = -80.0f;
  float shifted = fma(x, 0x1.715476p0f, round), n = shifted - round;
  float r = fma(n, -0x1.62e400p-1f, x);
  r = fma(n, -0x1.7f7d1cp-20f, r);
  float sum = 1.0f / 5040;
  sum = fma(sum, r, 1.0f / 720);
  sum = fma(sum, r, 1.0f / 120);
  sum = fma(sum, r, 1.0f / 24);
  sum = fma(sum, r, 1.0f / 6);
  sum = fma(sum, r, 0.5f);
  sum = fma(sum, r, 1.0f);
  sum = fma(sum, r, 1.0f);
  return vanishes ? 0.0f : as_float(as_uint(sum) + (as_uint(shifted) << 23));
}

/* elementary_log and elementary_log1p of base/elementary.h, for x > 0 */
FUNCTION double log_of_ratio(double s)
{
  double square = s * s, sum = 0.0;
  UNROLLED_FOR (i, 11)
    sum = fma(sum, square, 1.0 / (23 - 2 * i));
  return 2.0 * fma(s * square, sum, s);
}

FUNCTION double logarithm(double x)
{
  if (!isfinite(x)) return x;
  ulong bits = as_ulong(x);
  int exponent = (int)(bits >> 52) - 1022;
  double mantissa = as_double((bits & 0x000fffffffffffffUL) | 0x3fe0000000000000UL);
  if (mantissa < 0.70710678118654752) {
    mantissa *= 2.0;
    exponent--;
  }
  double f = mantissa - 1.0;
  return fma((double)exponent, 0x1.62e42fefa0000p-1,
             fma((double)exponent, 0x1.cf79abc9e3b3ap-40, log_of_ratio(f / (2.0 + f))));
}

FUNCTION double logarithm_of_1_and(double x)
{
  if (fabs(x) < 0.25) return log_of_ratio(x / (2.0 + x));
  double y = 1.0 + x;
  return logarithm(y) + (x - (y - 1.0)) / y;
}

/* Four adjacent numbers, whose place is a multiple of four, at once. */
FUNCTION void load_4(GLOBAL const float *from, float *to)
{
  const float4 x = *(GLOBAL const float4 *)from;
  to[0] = x.x;
  to[1] = x.y;
  to[2] = x.z;
  to[3] = x.w;
}

FUNCTION void store_4(const float *from, GLOBAL float *to)
{
  float4 x;
  x.x = from[0];
  x.y = from[1];
  x.z = from[2];
  x.w = from[3];
  *(GLOBAL float4 *)to = x;
}

/* sum + from[0] + from[stride] + ..., n terms in this order. Loads are independent of each other,
   additions are not. */
FUNCTION float sum_in_order(float sum, GLOBAL const float *from, Index stride, int n)
{
  int i = 0;
  for (; i + 16 <= n; i += 16) {
    float terms[16];
    UNROLLED_FOR (j, 16)
      terms[j] = from[(i + j) * stride];
    UNROLLED_FOR (j, 16)
      sum += terms[j];
  }
  for (; i < n; i++)
    sum += from[i * stride];
  return sum;
}
