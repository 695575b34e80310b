/*
 * The page as a file: PDF, SVG or PNG by the ending of its name, written as a whole or not at all.
 * The same drawing gives the same bytes.
 */
#ifndef PLOT_SURFACE_H
#define PLOT_SURFACE_H

#include "base/error.h"
#include "base/output.h"

#include <stdbool.h>

typedef struct _cairo cairo_t;
typedef struct _cairo_surface cairo_surface_t;

enum SurfaceFormat { SURFACE_PDF, SURFACE_SVG, SURFACE_PNG };

struct SurfaceTexts;

struct Surface {
  struct Output output;
  const char *path; /* the caller's */
  enum SurfaceFormat format;
  cairo_surface_t *cairo_surface;
  cairo_t *cairo;                   /* to draw with, in points from the upper left corner */
  int write_errno;                  /* of the first write that failed */
  const struct SurfaceTexts *texts; /* the caller's; NULL: none */
};

/* Errors: the name ends with none of .pdf, .svg, .png. */
bool surface_format(const char *path, enum SurfaceFormat *format, struct Error *error);

/* A white page of width by height points; resolution is a PNG's pixels per inch. Errors: the file
   cannot be made; a PNG would have more pixels than memory should be spent on. On failure there is
   nothing to discard. */
bool surface_open(struct Surface *surface, const char *path, double width, double height,
                  double resolution, struct Error *error);

/* What the file says about itself to who looks at its properties: a PDF in its title, subject and
   creator, an SVG in a comment at its end, a PNG nowhere. UTF-8 without control characters and
   without parentheses and backslashes, which outlives the commit. */
struct SurfaceTexts {
  const char *title, *subject, *creator;
};
void surface_describe(struct Surface *surface, const struct SurfaceTexts *texts);

/* Finishes and renames the file. Errors: what cairo could not draw; the system's reason for a
   write that failed. */
bool surface_commit(struct Surface *surface, struct Error *error);

#endif
