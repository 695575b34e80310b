/* Matrix products (engine/opencl/product.h). */

/* A group of ITEMS_DOWN x ITEMS_ACROSS work-items computes a tile of C, each of them `rows` x
   `columns` of it, while k goes on by `steps`. These three are constants wherever the functions are
   inlined. The tiles of A and B lie in local memory twice: while one step is multiplied, the next
   is on its way from memory to the other place, also when it belongs to another segment. So groups
   wait once in a step. */
#define ITEMS_DOWN                 8
#define ITEMS_ACROSS               16
#define ITEMS_OF_PRODUCT           (ITEMS_DOWN * ITEMS_ACROSS)
#define TILE(size, steps)          ((steps)*LINE(size))
#define TILES_OF_A(rows, steps)    (2 * TILE((rows)*ITEMS_DOWN, steps))
#define TILES_OF_B(columns, steps) (2 * TILE((columns)*ITEMS_ACROSS, steps))

/* Of a tile [steps][size], so that its columns lie in all banks. */
#define LINE(size) ((size) + 4)

/* A work-item fetches elements (x + 16 i, k + 8 j) of a tile, for all i and j. */
#define FETCHED_ACROSS        16
#define FETCHED_ALONG         8
#define SHARE_OF(size, steps) ((size) / FETCHED_ACROSS * ((steps) / FETCHED_ALONG))
#define MOST_SHARE            16

/* Of the rows and columns of a tile. Which items are neighbours matters: of each 16, pairs have the
   same column and every other one has the same row, so that a load of four numbers by all of them
   touches no bank more often than it must. */
#define OWN_ROW(rows)       ((ITEM % 2 + ITEM / 16 % 2 * 2 + ITEM / 64 * 4) * (rows))
#define OWN_X               (ITEM / 2 % 8 + ITEM / 32 % 2 * 8)
#define OWN_COLUMN(columns) (OWN_X * ((columns) < 4 ? (columns) : 4))

/* Column j of an item, from its first on: four are adjacent, the next four one strip of the tile
   further. */
FUNCTION int column_of(int j)
{
  return j / 4 * (4 * ITEMS_ACROSS) + j % 4;
}

/* ---- operands ---- */

/* What a work-item fetches of an operand. Neighbours read neighbouring numbers. */
struct Side {
  GLOBAL const float *at; /* its first element of the next step */
  int across, along;      /* from one element to the next */
  int k, left;            /* its first k of a step; rows of A, or columns of B, from its first on */
  int x;
};

/* `from` is the operand's element (0, 0) of the tile, of which there are `left` rows or columns. */
FUNCTION struct Side side_of(GLOBAL const float *from, Index row, Index step, Index left)
{
  struct Side side;
  side.x = step == 1 ? ITEM / FETCHED_ALONG : ITEM % FETCHED_ACROSS;
  side.k = step == 1 ? ITEM % FETCHED_ALONG : ITEM / 16 % 2 * 4 + ITEM / 32;
  side.at = from + side.x * row + side.k * step;
  side.across = FETCHED_ACROSS * (int)row;
  side.along = FETCHED_ALONG * (int)step;
  side.left = (int)left - side.x;
  return side;
}

/* The share of the next n steps, `nothing` where there are none. */
FUNCTION void fetch(int size, int steps, struct Side side, int n, float nothing, float *values)
{
  UNROLLED_FOR (i, size / FETCHED_ACROSS)
    UNROLLED_FOR (j, steps / FETCHED_ALONG) {
      const bool there = i * FETCHED_ACROSS < side.left && side.k + j * FETCHED_ALONG < n;
      values[i * (steps / FETCHED_ALONG) + j] =
          there ? side.at[i * side.across + j * side.along] : nothing;
    }
}

FUNCTION void store(int size, int steps, struct Side side, const float *values,
                    IN_LOCAL float *tile)
{
  IN_LOCAL float *own = tile + side.k * LINE(size) + side.x;
  UNROLLED_FOR (i, size / FETCHED_ACROSS)
    UNROLLED_FOR (j, steps / FETCHED_ALONG)
      own[j * FETCHED_ALONG * LINE(size) + i * FETCHED_ACROSS] =
          values[i * (steps / FETCHED_ALONG) + j];
}

/* ---- chains ---- */

/* A tile of C: its product, and where it is. Without a product (NULL) chains have one segment of
   `terms` terms, which the walk begins with. */
struct Place {
  GLOBAL const struct Product *product;
  GLOBAL const float *floats;
  GLOBAL const int *ints;
  int batch, row, column, terms;
};

/* Where chains are: at a step of a segment of which `left` terms are left. */
struct Walk {
  struct Side A, B;
  int left;
  int summand, segment, n; /* n segments */
  int K, first;            /* terms of the only one, or 0: they are from integers[first] on */
};

/* At the beginning of a tile. */
FUNCTION void start(struct Walk *walk)
{
  walk->summand = walk->segment = -1;
  walk->left = walk->n = 0;
}

/* To the next segment that has terms; behind the last, none are left. */
FUNCTION void next_segment(const struct Place *place, struct Walk *walk)
{
  GLOBAL const struct Product *product = place->product;
  walk->left = 0;
  if (!product) {
    walk->segment++;
    walk->left = walk->segment == 0 ? place->terms : 0;
    return;
  }
  int begin = 0;
  while (walk->left == 0) {
    walk->segment++;
    while (walk->segment >= walk->n) {
      if (++walk->summand >= product->n_summands) return;
      GLOBAL const struct Summand *summand = &product->summands[walk->summand];
      walk->segment = 0;
      walk->n = 1;
      walk->K = (int)summand->K;
      if (walk->K > 0) continue;
      GLOBAL const int *list =
          place->ints + summand->segments + place->batch * summand->segments_batch;
      walk->first = list[0];
      walk->n = list[1] - walk->first;
    }
    if (walk->K > 0) {
      walk->left = walk->K;
    } else {
      begin = place->ints[walk->first + walk->segment];
      walk->left = place->ints[walk->first + walk->segment + 1] - begin;
    }
  }
  const struct Operand A = product->summands[walk->summand].A;
  const struct Operand B = product->summands[walk->summand].B;
  walk->A = side_of(place->floats + A.at + place->batch * A.batch + walk->segment * A.jump +
                        place->row * A.row + begin * A.step,
                    A.row, A.step, product->M - place->row);
  walk->B = side_of(place->floats + B.at + place->batch * B.batch + walk->segment * B.jump +
                        place->column * B.row + begin * B.step,
                    B.row, B.step, product->N - place->column);
}

FUNCTION void next_step(int steps, const struct Place *place, struct Walk *walk)
{
  if (walk->left <= steps) {
    next_segment(place, walk);
    return;
  }
  walk->left -= steps;
  walk->A.at += steps / FETCHED_ALONG * walk->A.along;
  walk->B.at += steps / FETCHED_ALONG * walk->B.along;
}

/* One step, with a column of A's tile and a row of B's. */
FUNCTION void multiply_add(int rows, int columns, IN_LOCAL const float *A_column,
                           IN_LOCAL const float *B_row, float *sum)
{
  float A[8], B[8];
  UNROLLED_FOR (i, rows)
    A[i] = A_column[OWN_ROW(rows) + i];
  UNROLLED_FOR (j, columns)
    B[j] = B_row[OWN_COLUMN(columns) + column_of(j)];
  UNROLLED_FOR (i, rows)
    UNROLLED_FOR (j, columns)
      sum[i * columns + j] = fma(A[i], B[j], sum[i * columns + j]);
}

/* Continues the chains of a tile to their ends. Beyond the last term of a segment both tiles have
   zeros, B's negative: their product -0 changes no sum, not even the sign of 0. */
FUNCTION void multiply(int rows, int columns, int steps, const struct Place *place,
                       struct Walk *walk, IN_LOCAL float *A_tiles, IN_LOCAL float *B_tiles,
                       float *sum)
{
  const int height = rows * ITEMS_DOWN, width = columns * ITEMS_ACROSS;
  float A_next[MOST_SHARE], B_next[MOST_SHARE];
  int which = 0; /* of the two places of tiles */
  do {
    const int left = walk->left;
    next_step(steps, place, walk);
    if (walk->left > 0) {
      fetch(height, steps, walk->A, walk->left, 0.0f, A_next);
      fetch(width, steps, walk->B, walk->left, -0.0f, B_next);
    }
    if (left > 0)
      UNROLLED_16_FOR (k, steps)
        multiply_add(rows, columns, A_tiles + which * TILE(height, steps) + k * LINE(height),
                     B_tiles + which * TILE(width, steps) + k * LINE(width), sum);
    if (left > 0 && left <= steps)
      UNROLLED_FOR (i, rows * columns)
        sum[i] = flushed(sum[i]);
    which = 1 - which;
    if (walk->left > 0) {
      store(height, steps, walk->A, A_next, A_tiles + which * TILE(height, steps));
      store(width, steps, walk->B, B_next, B_tiles + which * TILE(width, steps));
    }
    SAME_GROUP;
  } while (walk->left > 0);
}

/* ---- products ---- */

/* What becomes of a finished element; `other` is that of END_GATE or END_SLOPE. */
FUNCTION float finish(Index end, float other, float x)
{
  const float factor = end == END_SCALE ? QUERY_SCALE : other;
  return end == END_GATE ? (other > 0.0f ? x : 0.0f) : flushed(x * factor);
}

FUNCTION void product_tile(int rows, int columns, int steps, GLOBAL float *floats,
                           GLOBAL const int *ints, GLOBAL const struct Product *product, int tile,
                           IN_LOCAL float *A_tiles, IN_LOCAL float *B_tiles, float *sum)
{
  const int height = ITEMS_DOWN * rows, width = ITEMS_ACROSS * columns;
  const int tall = (int)(product->M + height - 1) / height;
  const int wide = (int)(product->N + width - 1) / width;
  struct Place place;
  place.product = product;
  place.floats = floats;
  place.ints = ints;
  place.batch = tile / (tall * wide);
  place.row = tile / wide % tall * height;
  place.column = tile % wide * width;
  struct Walk walk;
  start(&walk);
  const int own_row = place.row + OWN_ROW(rows), own_column = place.column + OWN_COLUMN(columns);
  GLOBAL float *C = floats + product->C + place.batch * product->C_batch;
  UNROLLED_FOR (i, rows)
    UNROLLED_FOR (j, columns) {
      const int row = own_row + i, column = own_column + column_of(j);
      const bool adds = product->add && row < product->M && column < product->N;
      sum[i * columns + j] = adds ? C[row * product->C_row + column] : 0.0f;
    }
  multiply(rows, columns, steps, &place, &walk, A_tiles, B_tiles, sum);
  GLOBAL const float *other = floats + product->other;
  if (product->end != END_NONE)
    UNROLLED_FOR (i, rows)
      UNROLLED_FOR (j, columns) {
        const Index row = own_row + i < product->M ? own_row + i : 0;
        const int column = own_column + column_of(j) < product->N ? own_column + column_of(j) : 0;
        sum[i * columns + j] =
            finish(product->end, other[row * product->other_row + column], sum[i * columns + j]);
      }
  UNROLLED_FOR (i, rows)
    UNROLLED_FOR (j, columns) {
      const int row = own_row + i, column = own_column + column_of(j);
      if (row < product->M && column < product->N)
        C[row * product->C_row + column] = sum[i * columns + j];
    }
}

/* `b` products from products[a] on. */
#define PRODUCTS(NAME, ROWS, COLUMNS, STEPS, RESIDENT)                                             \
  KERNEL(ITEMS_OF_PRODUCT, RESIDENT) NAME(ARGUMENTS)                                               \
  {                                                                                                \
    LOCAL ALIGNED float A_tiles[TILES_OF_A(ROWS, STEPS)];                                          \
    LOCAL ALIGNED float B_tiles[TILES_OF_B(COLUMNS, STEPS)];                                       \
    float sum[(ROWS) * (COLUMNS)];                                                                 \
    OF_TRAINING;                                                                                   \
    int which = a;                                                                                 \
    UNROLLED_FOR (i, MOST_PRODUCTS_TOGETHER) {                                                     \
      const int at = a + (i < b ? i : b - 1);                                                      \
      if (get_group_id(0) >= products[at].first_group) which = at;                                 \
    }                                                                                              \
    product_tile(ROWS, COLUMNS, STEPS, floats, ints, products + which,                             \
                 (int)(get_group_id(0) - products[which].first_group), A_tiles, B_tiles, sum);     \
  }
PRODUCTS(small_products, 4, 2, 32, 5)
PRODUCTS(large_products, 8, 8, 16, 3)
