/*
 * How other programs name and orient the parameters of this network (network/parameters.h):
 *
 *   TransformerLens   its names and shapes; before version 3 and after it
 *   its version 3     those of TransformerBridge, and of any module of nn.Embedding and nn.Linear
 *                     with these names: blocks.0.attn.q.weight [H d_head, d_model], ...
 *   authors           the code of the paper's authors: the names of TransformerLens, matrices that
 *                     multiply from the left, W_O [d_model, H d_head] one matrix for all heads
 *   original          RoganInglis/grokking-experiments, which this project grew out of:
 * transformer.layers.0.attn.fn.w_q.W [d_model, H d_head]
 *
 * A layout is recognised by its names, behind a prefix that its parameters share ("model.",
 * "module.", "_orig_mod.", ...), and, where two share them, by the shapes of what is no square.
 */
#ifndef RUN_LAYOUT_H
#define RUN_LAYOUT_H

#include "network/parameters.h"
#include "tensor/view.h"

/* What is done to an array of a layout so that it is one of ours. H heads. */
enum Turn {
  TURN_NONE,
  TURN_TRANSPOSED,         /* [.., a, b]       -> [.., b, a] */
  TURN_COLUMNS,            /* [d, H d_head]    -> [H, d, d_head] */
  TURN_COLUMNS_TRANSPOSED, /* [d, H d_head]    -> [H, d_head, d] */
  TURN_ROWS,               /* [H d_head, d]    -> [H, d_head, d] */
  TURN_ROWS_TRANSPOSED,    /* [H d_head, d]    -> [H, d, d_head] */
};

/* What a name of a layout is besides a parameter. */
enum { LAYOUT_ZERO = N_PARAMETER_KINDS, LAYOUT_DROPPED, LAYOUT_UNKNOWN };

/* An array as a file has it, before its numbers are read. */
struct Listed {
  const char *name;
  struct View shape; /* its place is not set */
};

struct Layout {
  const struct LayoutFormat *format;
  char prefix[96];  /* of the names */
  size_t n_heads;   /* 0: the arrays do not tell */
  bool split_heads; /* heads are cut out of matrices, so that n_heads is needed */
  enum Turn of_W_O; /* where W_O is one matrix under TransformerLens' names */
  bool ambiguous;   /* W_O is square and nothing tells how it lies */
};

/* Which layout has these arrays? False without an error if none has them. Errors: two networks in
   one file; shapes of different layouts. */
bool layout_recognise(struct Layout *layout, const struct Listed *arrays, size_t n,
                      struct Error *error);

/* Says of an ambiguous W_O that the heads are its rows, as in TransformerLens, or its columns. */
void layout_settle(struct Layout *layout, bool rows);

/* "the layout of ...", for messages. */
const char *layout_title(const struct Layout *layout);

/* Are arrays taken as they are? */
bool layout_is_ours(const struct Layout *layout);

/* What the array of that name is: a kind of parameter and its layer; LAYOUT_ZERO for a bias that
   has no place in the network, LAYOUT_DROPPED for masks and such; LAYOUT_UNKNOWN. */
int layout_kind(const struct Layout *layout, const char *name, int *layer);

/* Turns an array of a parameter round. Error, naming it: its shape does not allow that. */
bool layout_turn(const struct Layout *layout, int kind, const char *name, struct View *view,
                 struct Error *error);

/* ---- writing ---- */

/* A name of a layout, with %d for the layer where it is of one, what it is (layout_kind), and how
   an array of that name becomes ours. */
struct LayoutRow {
  const char *name;
  int kind;
  enum Turn turn;
};

/* The rows of the layout called transformerlens, authors, pytorch, native or original, up to
   one without a name; NULL if there is none. */
const struct LayoutRow *layout_rows(const char *layout);

enum { LAYOUT_NAME_SIZE = 80 };
bool layout_row_is_of_layers(const struct LayoutRow *row);
void layout_row_name(const struct LayoutRow *row, int layer, char name[LAYOUT_NAME_SIZE]);

/* The opposite of layout_turn: turns a parameter of ours so that its elements, in order, are those
   of the other layout's array, whose rank and shape become the spec's. */
void layout_turn_back(enum Turn turn, struct View *view, struct TensorSpec *spec);

#endif
