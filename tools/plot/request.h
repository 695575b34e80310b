/* What figure is wanted, of which tables (plot/figure.h). */
#ifndef PLOT_REQUEST_H
#define PLOT_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

struct FigureRequest {
  const char *spec_path;
  const char *const *table_paths; /* [n_tables] */
  size_t n_tables;
  const char *run; /* drawn instead of the specification's own (plot/run.h); NULL: its own */
  const char *output_path; /* ends with .pdf, .svg or .png; of a film .gif */
  double resolution;       /* pixels per inch of a .png; 0: from the specification */
  bool left_out;           /* set if marks were left out (tables_leave_out) */
};

#endif
