#include "plot/figure.h"

#include "base/memory.h"
#include "plot/draw.h"
#include "plot/scene.h"
#include "plot/sources.h"
#include "plot/surface.h"

#include <stdlib.h>
#include <string.h>

static void draw_scene(cairo_t *cairo, const struct Scene *scene)
{
  bool letters = spec_choice(scene->spec.figure, KEY_LETTERS);
  for (size_t i = 0; i < scene->n_panels; i++) {
    const struct Panel *panel = &scene->panels[i];
    draw_marks(cairo, scene, panel);
    draw_axes(cairo, scene, panel, letters && i < 26 ? (char)('a' + i) : 0);
    legend_draw(&panel->legend, cairo, scene->font, scene->small, panel->legend_box.x,
                panel->legend_box.y);
  }
  for (size_t i = 0; i < scene->n_colors; i++)
    if (scene->colors[i].has_bar && scene->colors[i].bar.height > 0)
      draw_color_bar(cairo, scene, &scene->colors[i]);
  legend_draw(&scene->legend, cairo, scene->font, scene->small, scene->legend_box.x,
              scene->legend_box.y);
}

static bool write_file(const struct Scene *scene, const struct FigureRequest *request,
                       const struct Properties *properties, struct Error *error)
{
  double resolution = request->resolution > 0 ? request->resolution
                                              : spec_number(scene->spec.figure, KEY_RESOLUTION);
  struct Surface surface;
  if (!surface_open(&surface, request->output_path, scene->page.width, scene->page.height,
                    resolution, error))
    return false;
  surface_describe(&surface, properties);
  draw_scene(surface.cairo, scene);
  return surface_commit(&surface, error);
}

static bool write_scene(const struct Scene *scene, const struct FigureRequest *request,
                        struct Error *error)
{
  char *name = figure_name(request->spec_path, request->run, error);
  char *title = name ? sources_title(name, error) : NULL;
  char *subject = title ? sources_describe(&scene->tables, error) : NULL;
  struct Properties properties = {title, subject, "render-figure " PROJECT_VERSION};
  bool written = subject && write_file(scene, request, &properties, error);
  free(subject);
  free(title);
  free(name);
  return written;
}

char *figure_name(const char *spec_path, const char *run, struct Error *error)
{
  const char *slash = strrchr(spec_path, '/');
  const char *name = slash ? slash + 1 : spec_path;
  size_t length = strlen(name);
  if (length > 4 && strcmp(name + length - 4, ".ini") == 0) length -= 4;
  return run ? memory_print(error, "%s-%.*s", run_choice_name(run), (int)length, name)
             : memory_print(error, "%.*s", (int)length, name);
}

bool figure_render(struct FigureRequest *request, struct Error *error)
{
  enum SurfaceFormat format;
  if (!surface_format(request->output_path, &format, error)) return false;
  struct Scene scene;
  bool rendered = scene_read(&scene, request, error) && scene_layout(&scene, error) &&
                  write_scene(&scene, request, error);
  request->left_out = scene.tables.left_out;
  scene_release(&scene);
  return rendered;
}
