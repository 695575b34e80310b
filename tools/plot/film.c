#include "plot/film.h"

#include "base/memory.h"
#include "base/output.h"
#include "plot/gif.h"
#include "plot/palette.h"
#include "plot/picture.h"

#include <cairo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TENTH = 10, HELD = 300 }; /* hundredths of a second: a frame, the last frame */

struct Film {
  struct Scene scene; /* with the marks of the frame that is shown */
  double *epochs;     /* [n] */
  size_t n;
  struct Marks *marks; /* [n][scene.n_panels] */
};

/* ---- reading ---- */

/* Makes that frame's marks those of the scene; they stay the film's. */
static void show(struct Film *film, size_t frame)
{
  size_t n_panels = film->scene.n_panels;
  for (size_t i = 0; i < n_panels; i++)
    film->scene.panels[i].marks = film->marks[frame * n_panels + i];
}

/* Takes the marks out of the scene. */
static void keep(struct Film *film, size_t frame)
{
  size_t n_panels = film->scene.n_panels;
  for (size_t i = 0; i < n_panels; i++) {
    film->marks[frame * n_panels + i] = film->scene.panels[i].marks;
    film->scene.panels[i].marks = (struct Marks){0};
  }
}

static bool read_frames(struct Film *film, struct Error *error)
{
  struct Scene *scene = &film->scene;
  if (!tables_find_epochs(&scene->tables, &film->epochs, &film->n, error)) return false;
  film->marks = memory_new(film->n * scene->n_panels, sizeof *film->marks, "frames", error);
  for (size_t f = 0; film->marks && f < film->n; f++) {
    scene->tables.epoch = film->epochs[f];
    bool read = scene_read_marks(scene, error);
    keep(film, f);
    if (!read) return false;
  }
  return film->marks;
}

static bool film_read(struct Film *film, const struct FigureRequest *request, struct Error *error)
{
  *film = (struct Film){0};
  if (!scene_open(&film->scene, request, error) || !read_frames(film, error)) return false;
  show(film, 0);
  return scene_settle(&film->scene, error) && scene_layout(&film->scene, error);
}

static void film_release(struct Film *film)
{
  size_t n_panels = film->scene.n_panels;
  for (size_t i = 0; film->marks && i < film->n * n_panels; i++)
    marks_release(&film->marks[i]);
  for (size_t i = 0; film->marks && i < n_panels; i++)
    film->scene.panels[i].marks = (struct Marks){0}; /* released above */
  free(film->marks);
  free(film->epochs);
  scene_release(&film->scene);
}

/* ---- frames as PNG ---- */

static bool write_frames(struct Film *film, const struct FilmRequest *request, struct Error *error)
{
  if (!output_make_directory(request->frames, error)) return false;
  bool written = true;
  for (size_t f = 0; written && f < film->n; f++) {
    char *path = memory_print(error, "%s/frame-%04zu.png", request->frames, f + 1);
    show(film, f);
    written = path && picture_write(&film->scene, &request->figure, path, "render-film", error);
    free(path);
  }
  return written;
}

/* ---- GIF ---- */

/* A picture in memory. */
struct Canvas {
  int width, height;
  double resolution; /* pixels per inch */
  cairo_surface_t *surface;
  uint32_t *pixels; /* [height][width], without what Cairo keeps between lines */
};

static bool canvas_init(struct Canvas *canvas, const struct Film *film,
                        const struct FigureRequest *request, struct Error *error)
{
  const struct Page *page = &film->scene.page;
  double resolution = picture_resolution(&film->scene, request);
  double width = ceil(page->width * resolution / 72), height = ceil(page->height * resolution / 72);
  *canvas = (struct Canvas){.resolution = resolution};
  if (width > GIF_SIDE_LIMIT || height > GIF_SIDE_LIMIT)
    return error_set(error,
                     "%s: %.0f by %.0f pixels exceed the limit of %d per side: choose a lower "
                     "resolution",
                     request->output_path, width, height, GIF_SIDE_LIMIT);
  canvas->width = (int)width;
  canvas->height = (int)height;
  canvas->pixels = memory_new((size_t)canvas->width * (size_t)canvas->height, sizeof(uint32_t),
                              "a frame", error);
  if (!canvas->pixels) return false;
  canvas->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, canvas->width, canvas->height);
  return true;
}

static void canvas_release(struct Canvas *canvas)
{
  if (canvas->surface) cairo_surface_destroy(canvas->surface);
  free(canvas->pixels);
}

static void copy_pixels(struct Canvas *canvas)
{
  const unsigned char *data = cairo_image_surface_get_data(canvas->surface);
  size_t stride = (size_t)cairo_image_surface_get_stride(canvas->surface);
  size_t width = (size_t)canvas->width;
  for (size_t y = 0; y < (size_t)canvas->height; y++)
    memcpy(canvas->pixels + y * width, data + y * stride, width * sizeof *canvas->pixels);
}

static bool draw(struct Canvas *canvas, struct Film *film, size_t frame, const char *path,
                 struct Error *error)
{
  show(film, frame);
  cairo_t *cairo = cairo_create(canvas->surface);
  cairo_set_source_rgb(cairo, 1, 1, 1);
  cairo_paint(cairo);
  cairo_scale(cairo, canvas->resolution / 72, canvas->resolution / 72);
  picture_draw(cairo, &film->scene);
  cairo_status_t status = cairo_status(cairo);
  cairo_destroy(cairo);
  cairo_surface_flush(canvas->surface);
  if (status != CAIRO_STATUS_SUCCESS)
    return error_set(error, "%s: cannot draw: %s", path, cairo_status_to_string(status));
  copy_pixels(canvas);
  return true;
}

/* Counts the colours of all frames. */
static bool choose_palette(struct Palette *palette, struct Canvas *canvas, struct Film *film,
                           const char *path, struct Error *error)
{
  size_t n = (size_t)canvas->width * (size_t)canvas->height;
  for (size_t f = 0; f < film->n; f++) {
    if (!draw(canvas, film, f, path, error)) return false;
    palette_count(palette, canvas->pixels, n);
  }
  return palette_choose(palette, PALETTE_MOST, error);
}

/* The palette's indices take the place of the first pixels, each of which has been read by then. */
static const unsigned char *find_indices(const struct Palette *palette, struct Canvas *canvas)
{
  size_t n = (size_t)canvas->width * (size_t)canvas->height;
  unsigned char *indices = (unsigned char *)canvas->pixels;
  for (size_t i = 0; i < n; i++)
    indices[i] = palette->index[canvas->pixels[i] & (PALETTE_COLORS - 1)];
  return indices;
}

/* Draws the frames once more: they would take more memory than time. */
static bool put_frames(struct Gif *gif, const struct Palette *palette, struct Canvas *canvas,
                       struct Film *film, const char *path, struct Error *error)
{
  for (size_t f = 0; f < film->n; f++)
    if (!draw(canvas, film, f, path, error) ||
        !gif_add(gif, find_indices(palette, canvas), f + 1 < film->n ? TENTH : HELD, error))
      return false;
  return true;
}

static bool write_gif(struct Film *film, const struct FigureRequest *request, struct Canvas *canvas,
                      struct Palette *palette, struct Error *error)
{
  const char *path = request->output_path;
  struct Description description;
  struct Gif gif;
  if (!picture_describe(&description, &film->scene, request, error)) return false;
  char *comment = memory_print(error, "%s by render-film %s from %s", description.title,
                               PROJECT_VERSION, description.subject);
  bool written = comment && choose_palette(palette, canvas, film, path, error) &&
                 gif_open(&gif, path, canvas->width, canvas->height, palette, comment, error);
  if (written) {
    written = put_frames(&gif, palette, canvas, film, path, error) && gif_commit(&gif, error);
    if (!written) gif_discard(&gif);
  }
  free(comment);
  picture_release(&description);
  return written;
}

static bool draw_gif(struct Film *film, const struct FigureRequest *request, struct Error *error)
{
  struct Canvas canvas = {0};
  struct Palette palette = {0};
  bool drawn = canvas_init(&canvas, film, request, error) && palette_init(&palette, error) &&
               write_gif(film, request, &canvas, &palette, error);
  palette_release(&palette);
  canvas_release(&canvas);
  return drawn;
}

static bool check_name(const char *path, struct Error *error)
{
  size_t length = strlen(path);
  return (length > 4 && strcmp(path + length - 4, ".gif") == 0) ||
         error_set(error, "%s: expected a name that ends with .gif", path);
}

bool film_render(struct FilmRequest *request, struct Error *error)
{
  const char *path = request->figure.output_path;
  if (path && !check_name(path, error)) return false;
  struct Film film;
  bool rendered = film_read(&film, &request->figure, error) &&
                  (!request->frames || write_frames(&film, request, error)) &&
                  (!path || draw_gif(&film, &request->figure, error));
  request->figure.left_out = film.scene.tables.left_out;
  film_release(&film);
  return rendered;
}
