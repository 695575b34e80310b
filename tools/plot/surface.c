#include "plot/surface.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>
#include <errno.h>
#include <math.h>
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

static cairo_status_t write_bytes(void *closure, const unsigned char *bytes, unsigned int length)
{
  struct Surface *surface = closure;
  errno = 0;
  if (fwrite(bytes, 1, length, surface->output.stream) == length) return CAIRO_STATUS_SUCCESS;
  if (surface->write_errno == 0) surface->write_errno = errno ? errno : EIO;
  return CAIRO_STATUS_WRITE_ERROR;
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
                   "%s: %.0f by %.0f pixels are more than the %.0f of a side, or the %.0f in all, "
                   "that a picture may have: choose a lower resolution",
                   surface->path, columns, rows, longest_side, most_pixels);
}

static cairo_surface_t *new_surface(struct Surface *surface, double width, double height,
                                    double resolution)
{
  cairo_surface_t *made;
  switch (surface->format) {
  case SURFACE_PDF:
    made = cairo_pdf_surface_create_for_stream(write_bytes, surface, width, height);
    cairo_pdf_surface_restrict_to_version(made, CAIRO_PDF_VERSION_1_5);
    /* not the time of drawing: the same figure is the same file */
    cairo_pdf_surface_set_metadata(made, CAIRO_PDF_METADATA_CREATE_DATE, "");
    return made;
  case SURFACE_SVG:
    made = cairo_svg_surface_create_for_stream(write_bytes, surface, width, height);
    cairo_svg_surface_set_document_unit(made, CAIRO_SVG_UNIT_PT);
    return made;
  default:
    return cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)ceil(width * resolution / 72),
                                      (int)ceil(height * resolution / 72));
  }
}

static bool cairo_error(struct Surface *surface, cairo_status_t status, struct Error *error)
{
  if (surface->write_errno == 0)
    return error_set(error, "%s: cannot draw: %s", surface->path, cairo_status_to_string(status));
  errno = surface->write_errno;
  return error_system(error, "%s: cannot write", surface->path);
}

static void give_up(struct Surface *surface)
{
  cairo_destroy(surface->cairo);
  cairo_surface_destroy(surface->cairo_surface);
  output_discard(&surface->output);
}

bool surface_open(struct Surface *surface, const char *path, double width, double height,
                  double resolution, struct Error *error)
{
  *surface = (struct Surface){.path = path};
  if (!surface_format(path, &surface->format, error) ||
      !check_pixels(surface, width, height, resolution, error))
    return false;
  if (!output_open(&surface->output, path, error)) return false;
  surface->cairo_surface = new_surface(surface, width, height, resolution);
  surface->cairo = cairo_create(surface->cairo_surface);
  cairo_status_t status = cairo_status(surface->cairo);
  if (status != CAIRO_STATUS_SUCCESS) {
    cairo_error(surface, status, error);
    give_up(surface);
    return false;
  }
  if (surface->format == SURFACE_PNG) cairo_scale(surface->cairo, resolution / 72, resolution / 72);
  cairo_set_source_rgb(surface->cairo, 1, 1, 1);
  cairo_paint(surface->cairo);
  return true;
}

void surface_describe(struct Surface *surface, const struct SurfaceTexts *texts)
{
  cairo_surface_t *pdf = surface->cairo_surface;
  surface->texts = texts;
  if (surface->format != SURFACE_PDF) return;
  cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_TITLE, texts->title);
  cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_SUBJECT, texts->subject);
  cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_CREATOR, texts->creator);
}

/* Two hyphens would end an XML comment. */
static void write_comment(FILE *stream, const char *text)
{
  for (char last = '\0'; *text; last = *text++)
    putc(*text == '-' && last == '-' ? '?' : *text, stream);
}

/* Cairo 1.16 has no metadata for SVG; behind the root element of XML comments may follow. */
static void write_texts(FILE *stream, const struct SurfaceTexts *texts)
{
  fputs("<!-- ", stream);
  write_comment(stream, texts->title);
  fputs(" by ", stream);
  write_comment(stream, texts->creator);
  fputs(" from ", stream);
  write_comment(stream, texts->subject);
  fputs(" -->\n", stream);
}

bool surface_commit(struct Surface *surface, struct Error *error)
{
  cairo_status_t status = cairo_status(surface->cairo);
  if (status == CAIRO_STATUS_SUCCESS && surface->format == SURFACE_PNG)
    status = cairo_surface_write_to_png_stream(surface->cairo_surface, write_bytes, surface);
  cairo_surface_finish(surface->cairo_surface);
  if (status == CAIRO_STATUS_SUCCESS) status = cairo_surface_status(surface->cairo_surface);
  if (status != CAIRO_STATUS_SUCCESS || surface->write_errno != 0) {
    cairo_error(surface, status, error);
    give_up(surface);
    return false;
  }
  cairo_destroy(surface->cairo);
  cairo_surface_destroy(surface->cairo_surface);
  if (surface->format == SURFACE_SVG && surface->texts)
    write_texts(surface->output.stream, surface->texts);
  return output_commit(&surface->output, error);
}
