/*
 * The output file: PDF, SVG or PNG by its extension, written completely or not at all. The same
 * drawing gives the same bytes.
 */
#ifndef PLOT_SURFACE_H
#define PLOT_SURFACE_H

#include "base/error.h"
#include "base/output.h"
#include "plot/properties.h"

#include <stdbool.h>

typedef struct _cairo cairo_t;
typedef struct _cairo_surface cairo_surface_t;

enum SurfaceFormat { SURFACE_PDF, SURFACE_SVG, SURFACE_PNG };

struct Surface {
  struct Output output;
  const char *path; /* the caller's */
  enum SurfaceFormat format;
  FILE *page; /* Cairo's output, in memory */
  char *bytes;
  size_t n_bytes;
  cairo_surface_t *cairo_surface;
  cairo_t *cairo;                      /* to draw with, in points from the upper left corner */
  const struct Properties *properties; /* the caller's; NULL: none */
};

/* Error: the name does not end with .pdf, .svg or .png. */
bool surface_format(const char *path, enum SurfaceFormat *format, struct Error *error);

/* A white page of width by height points; resolution is in pixels per inch, for a PNG. Errors:
   the file cannot be created; a PNG would have too many pixels. On failure there is nothing to
   discard. */
bool surface_open(struct Surface *surface, const char *path, double width, double height,
                  double resolution, struct Error *error);

/* Sets the file's metadata; the properties must outlive the commit. */
void surface_describe(struct Surface *surface, const struct Properties *properties);

/* Finishes and renames the file. Errors: Cairo's; those of output_commit. */
bool surface_commit(struct Surface *surface, struct Error *error);

#endif
