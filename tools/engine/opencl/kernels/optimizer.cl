/* The optimizer (engine/adamw.h). */

/* The gradient of parameter i, from where it was left. */
FUNCTION float gradient_of(GLOBAL const float *floats, Index i)
{
  GLOBAL const float *sources = floats + AT_D_SOURCES;
  if (i >= AT_W_E && i < AT_W_E + VOCABULARY * D) {
    const Index row = (i - AT_W_E) / D;
    if (row >= TOKENS) return sources[i - AT_W_E + 2 * D]; /* "=", behind two positions */
    float sum = sources[i - AT_W_E];
    if (!EQUALS) sum += floats[AT_D_READ + i - AT_W_E];
    return sum;
  }
  if (i >= AT_W_POS && i < AT_W_POS + (2 + EQUALS) * D) {
    const Index j = i - AT_W_POS;
    float sum = sources[TOKENS * D + j];
    if (!EQUALS && j >= D) sum = sum_in_order(sum, floats + AT_D_READ + j - D, D, TOKENS);
    return sum;
  }
  if (i >= AT_REGISTERS && i < AT_REGISTERS + REGISTERS * D)
    return sources[(TOKENS + 2 + EQUALS) * D + i - AT_REGISTERS];
  if (i >= AT_B_IN && i < AT_B_IN + NEURONS)
    return BIASES ? floats[AT_D_BASE_SUM + i - AT_B_IN] : 0.0f;
  if (!BIASES && i >= AT_B_OUT && i < AT_B_OUT + D) return 0.0f;
  return floats[AT_D_PARAMETERS + i];
}

#define SMALLEST_V 0x1p-86f

/* One step, a work-item for each parameter, with the constants that the host has computed: as many
   steps as RATES_KEPT; step s, from 0 on, uses those at s % RATES_KEPT. */
KERNEL(GROUP, 4) adamw(ARGUMENTS)
{
  OF_TRAINING;
  const Index i = INDEX;
  if (i >= N_PARAMETERS) return;
  GLOBAL const float *rates = floats + AT_RATES + (ints[INTS_STEP] - 1) % RATES_KEPT * RATES_SIZE;
  const float keep = rates[0], rate1 = rates[1], scale2 = rates[2];
  const float g = flushed(gradient_of(floats, i));
  const float m = flushed(fma(BETA1, floats[AT_M + i], times(NEW1, g)));
  const float sum = fma(BETA2, floats[AT_V + i], times(NEW2 * g, g));
  const float v = sum < SMALLEST_V ? 0.0f : sum;
  const float ratio = flushed(m / fma(sqrt(v), scale2, EPSILON));
  floats[AT_M + i] = m;
  floats[AT_V + i] = v;
  floats[i] = flushed(times(floats[i], keep) - times(rate1, ratio));
}
