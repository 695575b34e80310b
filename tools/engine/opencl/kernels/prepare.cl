/* From the parameters to the factors (engine/factored/factors.h). */

#undef GROUP
#define GROUP 128

/* The sources, what is read, and the reader, a work-item for each number. */
KERNEL(GROUP, 4) gather(ARGUMENTS)
{
  OF_TRAINING;
  int i = INDEX;
  if (i < N_SOURCES * D) {
    const int s = i / D, j = i % D;
    float x;
    if (s < TOKENS)
      x = floats[AT_W_E + i];
    else if (s < TOKENS + 2)
      x = floats[AT_W_POS + (s - TOKENS) * D + j];
    else if (EQUALS && s == TOKENS + 2)
      x = floats[AT_W_E + TOKENS * D + j] + floats[AT_W_POS + 2 * D + j];
    else
      x = floats[AT_REGISTERS + (s - TOKENS - 2 - EQUALS) * D + j];
    floats[AT_SOURCES + i] = x;
    return;
  }
  i -= N_SOURCES * D;
  if (i < QUERIES * D) { /* of the queries b; that of "=" is read where it is a source */
    if (!EQUALS) floats[AT_READ + i] = floats[AT_W_E + i] + floats[AT_W_POS + D + i % D];
    return;
  }
  i -= QUERIES * D;
  if (i >= D * WIDTH) return;
  const int row = i / WIDTH, column = i % WIDTH;
  float x = 0.0f;
  if (column < NEURONS)
    x = floats[AT_W_IN + row * NEURONS + column];
  else if (column >= MLP_WIDTH && column < MLP_WIDTH + LOGITS)
    x = floats[AT_W_U + row * LOGITS + column - MLP_WIDTH];
  floats[AT_READER + i] = x;
}

/* Source rows to the scores of the sources and to the base, a work-item for each number, and to T0
   and T1, a work-item for four numbers of both. */
KERNEL(GROUP, 8) place(ARGUMENTS)
{
  OF_TRAINING;
  Index i = INDEX;
  if (i < N_SOURCES * (Index)HEADS * QUERIES) {
    GLOBAL const float *source = floats + AT_SOURCES + i / (HEADS * QUERIES) * D;
    GLOBAL const float *key_query = floats + AT_KEY_QUERY + i % (HEADS * QUERIES);
    float sum = 0.0f;
    UNROLLED_16_FOR (j, D)
      sum = fma(source[j], key_query[j * HEADS * QUERIES], sum);
    floats[AT_SOURCE_SCORES + i] = flushed(sum);
    return;
  }
  i -= N_SOURCES * (Index)HEADS * QUERIES;
  GLOBAL const float *rows = floats + AT_SOURCE_ROWS;
  const Index row = HEADS * WIDTH;
  if (i < QUERIES * WIDTH) {
    const int j = i % WIDTH;
    float x = floats[AT_BASE + i];
    if (j < NEURONS) x += floats[AT_B_IN + j];
    if (j >= MLP_WIDTH + LOGITS) x = -INFINITY;
    if (FOLDED)
      for (int h = 0; h < HEADS; h++)
        x += rows[(TOKENS + 2) * row + h * WIDTH + j];
    floats[AT_BASE + i] = x;
    return;
  }
  i = (i - QUERIES * WIDTH) * 4;
  if (i >= TOKENS * row) return;
  const Index j = i % row;
  float of_token[4], of_constant[4], position0[4], position1[4];
  load_4(rows + i, of_token);
  load_4(rows + TOKENS * row + j, position0);
  load_4(rows + (TOKENS + 1) * row + j, position1);
  if (FOLDED) load_4(rows + (TOKENS + 2) * row + j, of_constant);
  UNROLLED_FOR (k, 4) {
    of_token[k] -= FOLDED ? of_constant[k] : 0.0f;
    position0[k] += of_token[k];
    position1[k] += of_token[k];
  }
  store_4(position0, floats + AT_T0 + i);
  store_4(position1, floats + AT_T1 + i);
}
