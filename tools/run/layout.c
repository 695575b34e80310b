#include "run/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct LayoutFormat {
  const char *name, *title;
  const struct LayoutRow *rows; /* the first is W_E */
};

/* clang-format off */
#define NAMES_OF_TRANSFORMERLENS(TURNED, TURN_OF_W_O)                                              \
  {"embed.W_E", W_E, TURNED},                                                                      \
  {"pos_embed.W_pos", W_POS, TURN_NONE},                                                           \
  {"blocks.%d.attn.W_Q", W_Q, TURNED},                                                             \
  {"blocks.%d.attn.W_K", W_K, TURNED},                                                             \
  {"blocks.%d.attn.W_V", W_V, TURNED},                                                             \
  {"blocks.%d.attn.W_O", W_O, TURN_OF_W_O},                                                        \
  {"blocks.%d.mlp.W_in", W_IN, TURNED},                                                            \
  {"blocks.%d.mlp.b_in", B_IN, TURN_NONE},                                                         \
  {"blocks.%d.mlp.W_out", W_OUT, TURNED},                                                          \
  {"blocks.%d.mlp.b_out", B_OUT, TURN_NONE},                                                       \
  {"unembed.W_U", W_U, TURN_NONE},                                                                 \
  {"registers.W", REGISTERS, TURN_NONE},                                                           \
  {"blocks.%d.ln1.w", LN1_W, TURN_NONE},                                                           \
  {"blocks.%d.ln1.b", LN1_B, TURN_NONE},                                                           \
  {"blocks.%d.ln2.w", LN2_W, TURN_NONE},                                                           \
  {"blocks.%d.ln2.b", LN2_B, TURN_NONE},                                                           \
  {"ln_final.w", LN_FINAL_W, TURN_NONE},                                                           \
  {"ln_final.b", LN_FINAL_B, TURN_NONE},                                                           \
  {"blocks.%d.attn.mask", LAYOUT_DROPPED, TURN_NONE}

static const struct LayoutRow transformerlens[] = {
  NAMES_OF_TRANSFORMERLENS(TURN_NONE, TURN_NONE),
  {"blocks.%d.attn.IGNORE", LAYOUT_DROPPED, TURN_NONE},
  {"blocks.%d.attn.b_Q", LAYOUT_ZERO, TURN_NONE},
  {"blocks.%d.attn.b_K", LAYOUT_ZERO, TURN_NONE},
  {"blocks.%d.attn.b_V", LAYOUT_ZERO, TURN_NONE},
  {"blocks.%d.attn.b_O", LAYOUT_ZERO, TURN_NONE},
  {"unembed.b_U", LAYOUT_ZERO, TURN_NONE},
  {NULL, 0, TURN_NONE}};

static const struct LayoutRow authors[] = {
  NAMES_OF_TRANSFORMERLENS(TURN_TRANSPOSED, TURN_COLUMNS_TRANSPOSED),
  {NULL, 0, TURN_NONE}};

/* TransformerBridge, and the module below it: tok_embed and so on. */
#define NAMES_OF_MODULES(EMBED, POS_EMBED, BLOCKS, IN, OUT, LN_FINAL, UNEMBED)                     \
  {EMBED ".weight", W_E, TURN_NONE},                                                               \
  {POS_EMBED ".weight", W_POS, TURN_NONE},                                                         \
  {BLOCKS ".%d.attn.q.weight", W_Q, TURN_ROWS_TRANSPOSED},                                         \
  {BLOCKS ".%d.attn.k.weight", W_K, TURN_ROWS_TRANSPOSED},                                         \
  {BLOCKS ".%d.attn.v.weight", W_V, TURN_ROWS_TRANSPOSED},                                         \
  {BLOCKS ".%d.attn.o.weight", W_O, TURN_COLUMNS_TRANSPOSED},                                      \
  {BLOCKS ".%d.mlp." IN ".weight", W_IN, TURN_TRANSPOSED},                                         \
  {BLOCKS ".%d.mlp." IN ".bias", B_IN, TURN_NONE},                                                 \
  {BLOCKS ".%d.mlp." OUT ".weight", W_OUT, TURN_TRANSPOSED},                                       \
  {BLOCKS ".%d.mlp." OUT ".bias", B_OUT, TURN_NONE},                                               \
  {UNEMBED ".weight", W_U, TURN_TRANSPOSED},                                                       \
  {BLOCKS ".%d.ln1.weight", LN1_W, TURN_NONE},                                                     \
  {BLOCKS ".%d.ln1.bias", LN1_B, TURN_NONE},                                                       \
  {BLOCKS ".%d.ln2.weight", LN2_W, TURN_NONE},                                                     \
  {BLOCKS ".%d.ln2.bias", LN2_B, TURN_NONE},                                                       \
  {LN_FINAL ".weight", LN_FINAL_W, TURN_NONE},                                                     \
  {LN_FINAL ".bias", LN_FINAL_B, TURN_NONE},                                                       \
  {BLOCKS ".%d.attn.q.bias", LAYOUT_ZERO, TURN_NONE},                                              \
  {BLOCKS ".%d.attn.k.bias", LAYOUT_ZERO, TURN_NONE},                                              \
  {BLOCKS ".%d.attn.v.bias", LAYOUT_ZERO, TURN_NONE},                                              \
  {BLOCKS ".%d.attn.o.bias", LAYOUT_ZERO, TURN_NONE},                                              \
  {UNEMBED ".bias", LAYOUT_ZERO, TURN_NONE},                                                       \
  {BLOCKS ".%d.attn.causal_mask", LAYOUT_DROPPED, TURN_NONE},                                      \
  {NULL, 0, TURN_NONE}

static const struct LayoutRow bridge[] = {
  NAMES_OF_MODULES("embed", "pos_embed", "blocks", "in", "out", "ln_final", "unembed")};
static const struct LayoutRow native[] = {
  NAMES_OF_MODULES("tok_embed", "pos", "layers", "fc_in", "fc_out", "ln_out", "head")};

static const struct LayoutRow original[] = {
  {"emb", W_E, TURN_NONE},
  {"pos_enc.pe.weight", W_POS, TURN_NONE},
  {"transformer.layers.%d.attn.fn.w_q.W", W_Q, TURN_COLUMNS},
  {"transformer.layers.%d.attn.fn.w_k.W", W_K, TURN_COLUMNS},
  {"transformer.layers.%d.attn.fn.w_v.W", W_V, TURN_COLUMNS},
  {"transformer.layers.%d.attn.fn.w_out.W", W_O, TURN_ROWS},
  {"transformer.layers.%d.ff.fn.net.0.W", W_IN, TURN_NONE},
  {"transformer.layers.%d.ff.fn.net.0.b", B_IN, TURN_NONE},
  {"transformer.layers.%d.ff.fn.net.3.W", W_OUT, TURN_NONE},
  {"transformer.layers.%d.ff.fn.net.3.b", B_OUT, TURN_NONE},
  {"out", W_U, TURN_NONE},
  {"register", REGISTERS, TURN_NONE},
  {"transformer.layers.%d.norm_1.gamma", LN1_W, TURN_NONE},
  {"transformer.layers.%d.norm_1.beta", LN1_B, TURN_NONE},
  {"transformer.layers.%d.norm_2.gamma", LN2_W, TURN_NONE},
  {"transformer.layers.%d.norm_2.beta", LN2_B, TURN_NONE},
  {"transformer.layers.%d.attn.fn.w_q.b", LAYOUT_ZERO, TURN_NONE},
  {"transformer.layers.%d.attn.fn.w_k.b", LAYOUT_ZERO, TURN_NONE},
  {"transformer.layers.%d.attn.fn.w_v.b", LAYOUT_ZERO, TURN_NONE},
  {"transformer.layers.%d.attn.fn.w_out.b", LAYOUT_ZERO, TURN_NONE},
  {"attn_mask", LAYOUT_DROPPED, TURN_NONE},
  {NULL, 0, TURN_NONE}};

static const struct LayoutFormat formats[] = {
  {"transformerlens", "the layout of TransformerLens", transformerlens},
  {"authors", "the layout of the paper's authors: W_O is one matrix for all heads, others are"
               " transposed", authors},
  {"pytorch", "the layout of TransformerLens 3 (TransformerBridge), of modules nn.Embedding and"
              " nn.Linear", bridge},
  {"native", "the layout of the network inside a TransformerBridge, of modules nn.Embedding and"
             " nn.Linear", native},
  {"original", "the layout of RoganInglis/grokking-experiments", original}};
/* clang-format on */

enum { TRANSFORMERLENS, AUTHORS, N_FORMATS = sizeof formats / sizeof *formats };

const char *layout_title(const struct Layout *layout)
{
  return layout->format->title;
}

bool layout_is_ours(const struct Layout *layout)
{
  return layout->format == &formats[TRANSFORMERLENS] && layout->of_W_O == TURN_NONE;
}

/* ---- names ---- */

/* Is it the pattern with a number below 10,000 for %d? */
static bool matches(const char *pattern, const char *name, int *layer)
{
  *layer = 0;
  for (; *pattern; pattern++) {
    if (pattern[0] != '%') {
      if (*name++ != *pattern) return false;
      continue;
    }
    int digits = 0;
    if (name[0] == '0' && name[1] >= '0' && name[1] <= '9') return false;
    for (; *name >= '0' && *name <= '9' && digits < 5; digits++)
      *layer = 10 * *layer + (*name++ - '0');
    if (digits == 0 || digits == 5) return false;
    pattern++;
  }
  return *name == '\0';
}

static const struct LayoutRow *find_row(const struct LayoutFormat *format, const char *prefix,
                                        const char *name, int *layer)
{
  size_t length = strlen(prefix);
  if (strncmp(name, prefix, length) != 0) return NULL;
  for (const struct LayoutRow *row = format->rows; row->name; row++)
    if (matches(row->name, name + length, layer)) return row;
  return NULL;
}

int layout_kind(const struct Layout *layout, const char *name, int *layer)
{
  const struct LayoutRow *row = find_row(layout->format, layout->prefix, name, layer);
  return row ? row->kind : LAYOUT_UNKNOWN;
}

/* The prefix before the name of W_E, and how many arrays have such names; 0 if none. */
static size_t find_prefix(const struct LayoutFormat *format, const struct Listed *arrays, size_t n,
                          char *prefix, size_t size, struct Error *error)
{
  const char *anchor = format->rows[0].name, *other = NULL;
  size_t length = strlen(anchor), found = 0;
  for (size_t i = 0; i < n; i++) {
    const char *name = arrays[i].name;
    size_t of_name = strlen(name);
    if (of_name < length || of_name - length >= size ||
        strcmp(name + of_name - length, anchor) != 0)
      continue;
    if (of_name > length && name[of_name - length - 1] != '.') continue;
    if (other && error->message[0] == '\0')
      error_set(error, "has two networks, with %.80s and %.80s: save the state_dict of one", other,
                name);
    other = name;
    snprintf(prefix, size, "%.*s", (int)(of_name - length), name);
  }
  for (size_t i = 0; other && i < n; i++) {
    int layer;
    const struct LayoutRow *row = find_row(format, prefix, arrays[i].name, &layer);
    found += row && row->kind < LAYOUT_ZERO;
  }
  return found;
}

/* ---- shapes ---- */

static const struct View *find_shape(const struct Layout *layout, const struct Listed *arrays,
                                     size_t n, int kind)
{
  for (size_t i = 0; i < n; i++) {
    int layer;
    if (layout_kind(layout, arrays[i].name, &layer) == kind && layer == 0) return &arrays[i].shape;
  }
  return NULL;
}

/* d_model, which both layouts with these names have in the same places: the last axis of W_pos,
   b_out, the first of W_U. 0 if it is not known. */
static size_t find_d_model(const struct Layout *layout, const struct Listed *arrays, size_t n)
{
  const struct View *positions = find_shape(layout, arrays, n, W_POS),
                    *bias = find_shape(layout, arrays, n, B_OUT),
                    *unembedding = find_shape(layout, arrays, n, W_U);
  if (positions && positions->rank == 2) return positions->shape[1];
  if (bias && bias->rank == 1) return bias->shape[0];
  return unembedding && unembedding->rank == 2 ? unembedding->shape[0] : 0;
}

/* How many matrices are no squares and have d_model where TransformerLens has it, less those that
   have it where the authors have it. *votes: all that tell. */
static int ask_shapes(const struct Layout *layout, const struct Listed *arrays, size_t n,
                      int *votes)
{
  const size_t d = find_d_model(layout, arrays, n);
  int sum = 0;
  *votes = 0;
  for (size_t i = 0; i < n; i++) {
    int layer, kind = layout_kind(layout, arrays[i].name, &layer);
    const struct View *shape = &arrays[i].shape;
    bool inner =
        kind == W_IN || (kind >= W_Q && kind <= W_V); /* d_model is the last axis but one */
    bool outer = kind == W_E || kind == W_OUT;        /* it is the last */
    int r = shape->rank;
    if ((!inner && !outer) || r < 2 || shape->shape[r - 1] == shape->shape[r - 2]) continue;
    if (shape->shape[r - 1] != d && shape->shape[r - 2] != d) continue;
    bool last = shape->shape[r - 1] == d;
    ++*votes;
    sum += last == outer ? 1 : -1;
  }
  return sum;
}

/* With no votes the whole file is of one or the other. */
void layout_settle(struct Layout *layout, bool rows)
{
  layout->ambiguous = false;
  layout->of_W_O = rows ? TURN_ROWS : TURN_COLUMNS_TRANSPOSED;
  if (layout->format == &formats[AUTHORS] && rows) layout->format = &formats[TRANSFORMERLENS];
}

/* TransformerLens or the authors? The rank of W_O tells most. As one matrix it is the authors', if
   the others lie as theirs, or somebody's who joined the heads, by rows or by columns. */
static bool tell_apart(struct Layout *layout, const struct Listed *arrays, size_t n,
                       struct Error *error)
{
  const struct View *W_O_shape = find_shape(layout, arrays, n, W_O);
  int votes, sum = ask_shapes(layout, arrays, n, &votes);
  bool matrix = W_O_shape && W_O_shape->rank == 2;
  if (!matrix) return true; /* if anything is transposed, reading says what */
  if (votes != abs(sum))
    return error_set(error,
                     "some of its matrices lie as in TransformerLens and others are transposed, as "
                     "in the code of the paper's authors");
  if (votes == 0 || sum < 0) {
    layout->format = &formats[AUTHORS];
    layout->of_W_O = TURN_COLUMNS_TRANSPOSED;
    layout->ambiguous = votes == 0;
    return true;
  }
  size_t d = find_d_model(layout, arrays, n), rows = W_O_shape->shape[0],
         columns = W_O_shape->shape[1];
  layout->of_W_O = rows == d && columns != d ? TURN_COLUMNS_TRANSPOSED : TURN_ROWS;
  layout->ambiguous = rows == columns;
  return true;
}

/* Where the heads are an axis of W_Q, it has their number. */
static void count_heads(struct Layout *layout, const struct Listed *arrays, size_t n)
{
  const struct View *query = find_shape(layout, arrays, n, W_Q);
  bool axis = layout->format == &formats[TRANSFORMERLENS] || layout->format == &formats[AUTHORS];
  layout->split_heads = query && !axis;
  if (query && axis && query->rank == 3) layout->n_heads = query->shape[0];
}

bool layout_recognise(struct Layout *layout, const struct Listed *arrays, size_t n,
                      struct Error *error)
{
  size_t most = 0;
  error->message[0] = '\0';
  *layout = (struct Layout){0};
  for (size_t i = 0; i < N_FORMATS; i++) {
    struct Layout tried = {.format = &formats[i]};
    if (i == AUTHORS) continue; /* the names are those of TransformerLens */
    size_t found = find_prefix(tried.format, arrays, n, tried.prefix, sizeof tried.prefix, error);
    if (found <= most) continue;
    most = found;
    *layout = tried;
  }
  enum { LEAST = 3 }; /* names such as "emb" and "out" alone are not enough */
  if (error->message[0] != '\0' || most < LEAST) return false;
  if (layout->format == &formats[TRANSFORMERLENS] && !tell_apart(layout, arrays, n, error))
    return false;
  count_heads(layout, arrays, n);
  return true;
}

/* ---- turning ---- */

static enum Turn turn_of(const struct Layout *layout, int kind)
{
  if (kind == W_O && layout->of_W_O != TURN_NONE) return layout->of_W_O;
  for (const struct LayoutRow *row = layout->format->rows; row->name; row++)
    if (row->kind == kind) return row->turn;
  return TURN_NONE;
}

static bool fail_shape(const char *name, const struct View *view, const char *expected,
                       struct Error *error)
{
  struct Tensor tensor = {.rank = view->rank};
  char shape[TENSOR_SHAPE_TEXT_SIZE];
  memcpy(tensor.shape, view->shape, sizeof tensor.shape);
  tensor_format_shape(&tensor, shape);
  return error_set(error, "%.80s has shape %s, expected %s", name, shape, expected);
}

bool layout_turn(const struct Layout *layout, int kind, const char *name, struct View *view,
                 struct Error *error)
{
  enum Turn turn = turn_of(layout, kind);
  bool rows = turn == TURN_ROWS || turn == TURN_ROWS_TRANSPOSED;
  if (turn == TURN_NONE) return true;
  if (turn == TURN_TRANSPOSED) {
    if (view->rank < 2) return fail_shape(name, view, "a matrix", error);
    view_transpose(view);
    return true;
  }
  if (view->rank != 2) return fail_shape(name, view, "one matrix for all heads", error);
  size_t length = view->shape[rows ? 0 : 1];
  char expected[80];
  snprintf(expected, sizeof expected, "%s that are a multiple of the %zu heads",
           rows ? "rows" : "columns", layout->n_heads);
  if (layout->n_heads == 0 || length == 0 || length % layout->n_heads != 0)
    return fail_shape(name, view, expected, error);
  view_cut(view, rows ? 0 : 1, layout->n_heads);
  if (!rows) view_bring_forward(view, 1);
  if (turn == TURN_COLUMNS_TRANSPOSED || turn == TURN_ROWS_TRANSPOSED) view_transpose(view);
  return true;
}

/* ---- writing ---- */

const struct LayoutRow *layout_rows(const char *layout)
{
  for (size_t i = 0; i < N_FORMATS; i++)
    if (strcmp(formats[i].name, layout) == 0) return formats[i].rows;
  return NULL;
}

bool layout_row_is_of_layers(const struct LayoutRow *row)
{
  return strstr(row->name, "%d") != NULL;
}

void layout_row_name(const struct LayoutRow *row, int layer, char name[LAYOUT_NAME_SIZE])
{
  const char *place = strstr(row->name, "%d");
  if (place)
    snprintf(name, LAYOUT_NAME_SIZE, "%.*s%d%s", (int)(place - row->name), row->name, layer,
             place + 2);
  else
    snprintf(name, LAYOUT_NAME_SIZE, "%s", row->name);
}

void layout_turn_back(enum Turn turn, struct View *view, struct TensorSpec *spec)
{
  bool columns = turn == TURN_COLUMNS || turn == TURN_COLUMNS_TRANSPOSED;
  if (turn == TURN_TRANSPOSED || turn == TURN_COLUMNS_TRANSPOSED || turn == TURN_ROWS_TRANSPOSED)
    view_transpose(view);
  if (columns) view_bring_forward(view, 1); /* [H, d, d_head] -> [d, H, d_head] */
  spec->rank = view->rank;
  memcpy(spec->shape, view->shape, sizeof spec->shape);
  if (turn == TURN_NONE || turn == TURN_TRANSPOSED) return;
  size_t joined = columns ? 1 : 0; /* the heads' axis with the one behind it */
  spec->shape[joined] *= spec->shape[joined + 1];
  if (!columns) spec->shape[1] = spec->shape[2];
  spec->rank = 2;
}
