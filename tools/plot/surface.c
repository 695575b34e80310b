#include "plot/surface.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool surface_format(const char *path, enum SurfaceFormat *format, struct Error *error)
{
  static const char *const endings[] = {".pdf", ".svg", ".png"};
  size_t length = strlen(path);
  for (int i = 0; i < 3; i++) {
    if (length <= 4 || strcmp(path + length - 4, endings[i]) != 0) continue;
    *format = (enum SurfaceFormat)i;
    return true;
  }
  return error_set(error, "%s: expected a name that ends with .pdf, .svg or .png", path);
}

static cairo_status_t write_bytes(void *page, const unsigned char *bytes, unsigned int length)
{
  return fwrite(bytes, 1, length, page) == length ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

/* Cairo's own limit for a side; and a gigabyte of memory, which is a poster at 300 per inch. */
static const double longest_side = 32767, most_pixels = 1 << 28;

static bool check_pixels(const struct Surface *surface, double width, double height,
                         double resolution, struct Error *error)
{
  if (surface->format != SURFACE_PNG) return true;
  double columns = ceil(width * resolution / 72), rows = ceil(height * resolution / 72);
  if (columns <= longest_side && rows <= longest_side && columns * rows <= most_pixels) return true;
  return error_set(error,
                   "%s: %.0f by %.0f pixels exceed the limit of %.0f per side or %.0f in all: "
                   "choose a lower resolution",
                   surface->path, columns, rows, longest_side, most_pixels);
}

static cairo_surface_t *new_surface(struct Surface *surface, double width, double height,
                                    double resolution)
{
  cairo_surface_t *made;
  switch (surface->format) {
  case SURFACE_PDF:
    made = cairo_pdf_surface_create_for_stream(write_bytes, surface->page, width, height);
    cairo_pdf_surface_restrict_to_version(made, CAIRO_PDF_VERSION_1_5);
    /* no creation date: the same figure gives the same file */
    cairo_pdf_surface_set_metadata(made, CAIRO_PDF_METADATA_CREATE_DATE, "");
    return made;
  case SURFACE_SVG:
    made = cairo_svg_surface_create_for_stream(write_bytes, surface->page, width, height);
    cairo_svg_surface_set_document_unit(made, CAIRO_SVG_UNIT_PT);
    return made;
  default:
    return cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)ceil(width * resolution / 72),
                                      (int)ceil(height * resolution / 72));
  }
}

static bool cairo_error(const struct Surface *surface, cairo_status_t status, struct Error *error)
{
  if (status == CAIRO_STATUS_WRITE_ERROR) status = CAIRO_STATUS_NO_MEMORY;
  return error_set(error, "%s: cannot draw: %s", surface->path, cairo_status_to_string(status));
}

/* Finishes the drawing and sets surface->bytes. False if out of memory. */
static bool close_page(struct Surface *surface)
{
  cairo_destroy(surface->cairo);
  cairo_surface_destroy(surface->cairo_surface);
  return fclose(surface->page) == 0;
}

bool surface_open(struct Surface *surface, const char *path, double width, double height,
                  double resolution, struct Error *error)
{
  *surface = (struct Surface){.path = path};
  if (!surface_format(path, &surface->format, error) ||
      !check_pixels(surface, width, height, resolution, error))
    return false;
  surface->page = open_memstream(&surface->bytes, &surface->n_bytes);
  if (!surface->page) return error_system(error, "%s: cannot draw", path);
  surface->cairo_surface = new_surface(surface, width, height, resolution);
  surface->cairo = cairo_create(surface->cairo_surface);
  cairo_status_t status = cairo_status(surface->cairo);
  bool opened = status == CAIRO_STATUS_SUCCESS ? output_open(&surface->output, path, error)
                                               : cairo_error(surface, status, error);
  if (!opened) {
    close_page(surface);
    free(surface->bytes);
    return false;
  }
  if (surface->format == SURFACE_PNG) cairo_scale(surface->cairo, resolution / 72, resolution / 72);
  cairo_set_source_rgb(surface->cairo, 1, 1, 1);
  cairo_paint(surface->cairo);
  return true;
}

void surface_describe(struct Surface *surface, const struct Properties *properties)
{
  cairo_surface_t *pdf = surface->cairo_surface;
  surface->properties = properties;
  if (surface->format != SURFACE_PDF) return;
  cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_TITLE, properties->title);
  cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_SUBJECT, properties->subject);
  cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_CREATOR, properties->creator);
}

/* Cairo 1.16 writes properties only to PDF. For other formats they are inserted afterwards:
   after the header of a PNG, before the last tag of an SVG, which closes its root element. */
static size_t place_of_properties(const struct Surface *surface)
{
  if (!surface->properties || surface->format == SURFACE_PDF) return surface->n_bytes;
  if (surface->format == SURFACE_PNG) return PNG_HEADER;
  const char *last_tag = memrchr(surface->bytes, '<', surface->n_bytes);
  return last_tag ? (size_t)(last_tag - surface->bytes) : surface->n_bytes;
}

static void write_file(const struct Surface *surface)
{
  FILE *stream = surface->output.stream;
  size_t place = place_of_properties(surface);
  fwrite(surface->bytes, 1, place, stream);
  if (place == surface->n_bytes) return;
  if (surface->format == SURFACE_PNG)
    properties_write_png(surface->properties, stream);
  else
    properties_write_svg(surface->properties, stream);
  fwrite(surface->bytes + place, 1, surface->n_bytes - place, stream);
}

bool surface_commit(struct Surface *surface, struct Error *error)
{
  cairo_status_t status = cairo_status(surface->cairo);
  if (status == CAIRO_STATUS_SUCCESS && surface->format == SURFACE_PNG)
    status = cairo_surface_write_to_png_stream(surface->cairo_surface, write_bytes, surface->page);
  cairo_surface_finish(surface->cairo_surface);
  if (status == CAIRO_STATUS_SUCCESS) status = cairo_surface_status(surface->cairo_surface);
  if (!close_page(surface) && status == CAIRO_STATUS_SUCCESS) status = CAIRO_STATUS_NO_MEMORY;
  bool drawn = status == CAIRO_STATUS_SUCCESS || cairo_error(surface, status, error);
  if (drawn)
    write_file(surface);
  else
    output_discard(&surface->output);
  free(surface->bytes);
  return drawn && output_commit(&surface->output, error);
}
