#include "fourier/logarithms.h"

#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>

static bool is_odd_prime(int p)
{
  if (p < 3 || p % 2 == 0) return false;
  for (int d = 3; d <= p / d; d += 2)
    if (p % d == 0) return false;
  return true;
}

/* Writes g^0, g^1, ... until a power is 1 again; returns their number, the order of g. */
static int fill_powers(int p, int g, int *power)
{
  int n = 0;
  int64_t x = 1;
  do {
    power[n++] = (int)x;
    x = x * g % p;
  } while (x != 1);
  return n;
}

bool logarithms_init(struct Logarithms *logarithms, int p, struct Error *error)
{
  *logarithms = (struct Logarithms){.p = p};
  if (!is_odd_prime(p))
    return error_set(error, "data.modulus is %d: discrete logarithms need an odd prime", p);
  size_t n = (size_t)p - 1;
  logarithms->power = memory_new(n, sizeof(int), "powers of a primitive root", error);
  if (!logarithms->power) return false;
  logarithms->logarithm = memory_new(n + 1, sizeof(int), "discrete logarithms", error);
  if (!logarithms->logarithm) {
    logarithms_release(logarithms);
    return false;
  }
  logarithms->root = 2;
  while (fill_powers(p, logarithms->root, logarithms->power) < p - 1)
    logarithms->root++;
  logarithms->logarithm[0] = -1;
  for (int i = 0; i < p - 1; i++)
    logarithms->logarithm[logarithms->power[i]] = i;
  return true;
}

void logarithms_release(struct Logarithms *logarithms)
{
  free(logarithms->power);
  free(logarithms->logarithm);
  *logarithms = (struct Logarithms){0};
}
