#include "plot/layout.h"

#include <math.h>
#include <string.h>

enum { MAX_LINES = 64 };
static const double smallest_plot = 10; /* points */

/* ---- filling the grid ---- */

static bool is_free(const struct Cell *cells, size_t n, const struct Cell *wanted)
{
  for (size_t i = 0; i < n; i++) {
    const struct Cell *cell = &cells[i];
    if (cell->column < wanted->column + wanted->n_columns &&
        wanted->column < cell->column + cell->n_columns &&
        cell->row < wanted->row + wanted->n_rows && wanted->row < cell->row + cell->n_rows)
      return false;
  }
  return true;
}

bool layout_flow(struct Cell *cells, size_t n, int n_columns, int *n_rows, struct Error *error)
{
  *n_rows = 0;
  for (size_t i = 0; i < n; i++) {
    struct Cell *cell = &cells[i];
    if (cell->n_columns > n_columns)
      return error_set(error, "spans %d columns of a grid with %d", cell->n_columns, n_columns);
    cell->column = cell->row = 0;
    while (!is_free(cells, i, cell)) {
      if (++cell->column + cell->n_columns <= n_columns) continue;
      cell->column = 0;
      cell->row++;
    }
    if (cell->row + cell->n_rows > *n_rows) *n_rows = cell->row + cell->n_rows;
  }
  return *n_rows <= MAX_LINES || error_set(error, "more than %d rows of panels", MAX_LINES);
}

/* ---- one direction: columns, or rows ---- */

struct Lines {
  int n;
  double before[MAX_LINES], after[MAX_LINES]; /* margins */
  double start[MAX_LINES], size[MAX_LINES];   /* of the plots */
};

static double weight(const double *weights, int i)
{
  return weights ? weights[i] : 1;
}

static void place_lines(struct Lines *lines, double from, double gap)
{
  for (int i = 0; i < lines->n; i++) {
    lines->start[i] = from + lines->before[i];
    from = lines->start[i] + lines->size[i] + lines->after[i] + gap;
  }
}

/* The total of margins and gaps, without the plots. */
static double taken(const struct Lines *lines, double gap)
{
  double sum = gap * (lines->n - 1);
  for (int i = 0; i < lines->n; i++)
    sum += lines->before[i] + lines->after[i];
  return sum;
}

static bool share_out(struct Lines *lines, double room, double gap, const double *weights,
                      const char *what, struct Error *error)
{
  double sum = 0;
  for (int i = 0; i < lines->n; i++)
    sum += weight(weights, i);
  double left = room - taken(lines, gap);
  for (int i = 0; i < lines->n; i++) {
    lines->size[i] = left * weight(weights, i) / sum;
    if (lines->size[i] < smallest_plot)
      return error_set(error,
                       "no room: the plots of %s %d would be only %.0f points in size beside their "
                       "labels; make the figure larger or the labels shorter",
                       what, i + 1, lines->size[i]);
  }
  return true;
}

static void collect_margins(const struct Cell *cells, size_t n, struct Lines *columns,
                            struct Lines *rows)
{
  for (size_t i = 0; i < n; i++) {
    const struct Cell *cell = &cells[i];
    const struct Margins *margins = &cell->margins;
    int right = cell->column + cell->n_columns - 1, bottom = cell->row + cell->n_rows - 1;
    columns->before[cell->column] = fmax(columns->before[cell->column], margins->left);
    columns->after[right] = fmax(columns->after[right], margins->right);
    rows->before[cell->row] = fmax(rows->before[cell->row], margins->top);
    rows->after[bottom] = fmax(rows->after[bottom], margins->bottom);
  }
}

/* Sets row heights from the panels' aspects at the given column widths. */
static void derive_heights(const struct Cell *cells, size_t n, const struct Lines *columns,
                           struct Lines *rows)
{
  for (int i = 0; i < rows->n; i++)
    rows->size[i] = smallest_plot;
  for (size_t i = 0; i < n; i++) {
    const struct Cell *cell = &cells[i];
    int right = cell->column + cell->n_columns - 1;
    double width = columns->start[right] + columns->size[right] - columns->start[cell->column];
    if (cell->n_rows == 1)
      rows->size[cell->row] = fmax(rows->size[cell->row], width / cell->aspect);
  }
}

static void place_plot(struct Cell *cell, const struct Lines *columns, const struct Lines *rows)
{
  int right = cell->column + cell->n_columns - 1, bottom = cell->row + cell->n_rows - 1;
  struct Box box = {.x = columns->start[cell->column], .y = rows->start[cell->row]};
  box.width = columns->start[right] + columns->size[right] - box.x;
  box.height = rows->start[bottom] + rows->size[bottom] - box.y;
  if (cell->keep_aspect) {
    double width = fmin(box.width, box.height * cell->aspect), height = width / cell->aspect;
    box = (struct Box){box.x + (box.width - width) / 2, box.y + (box.height - height) / 2, width,
                       height};
  }
  cell->plot = box;
}

bool layout_place(struct Cell *cells, size_t n, struct Page *page, struct Error *error)
{
  struct Lines columns = {.n = page->n_columns}, rows = {.n = page->n_rows};
  collect_margins(cells, n, &columns, &rows);
  double width = page->width - page->outer.left - page->outer.right;
  if (!share_out(&columns, width, page->gap_x, page->widths, "column", error)) return false;
  place_lines(&columns, page->outer.left, page->gap_x);
  double outside = page->outer.top + page->outer.bottom;
  if (page->height > 0) {
    if (!share_out(&rows, page->height - outside, page->gap_y, page->heights, "row", error))
      return false;
  } else {
    derive_heights(cells, n, &columns, &rows);
  }
  place_lines(&rows, page->outer.top, page->gap_y);
  if (page->height <= 0)
    page->height = rows.start[rows.n - 1] + rows.size[rows.n - 1] + rows.after[rows.n - 1] +
                   page->outer.bottom;
  for (size_t i = 0; i < n; i++)
    place_plot(&cells[i], &columns, &rows);
  return true;
}
