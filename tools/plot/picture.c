#include "plot/picture.h"

#include "base/memory.h"
#include "plot/draw.h"
#include "plot/figure.h"
#include "plot/sources.h"
#include "plot/surface.h"

#include <stdlib.h>

bool picture_describe(struct Description *description, const struct Scene *scene,
                      const struct FigureRequest *request, struct Error *error)
{
  char *name = figure_name(request->spec_path, request->run, error);
  description->title = name ? sources_title(name, error) : NULL;
  description->subject = description->title ? sources_describe(&scene->tables, error) : NULL;
  free(name);
  if (description->subject) return true;
  free(description->title);
  return false;
}

void picture_release(struct Description *description)
{
  free(description->title);
  free(description->subject);
}

double picture_resolution(const struct Scene *scene, const struct FigureRequest *request)
{
  return request->resolution > 0 ? request->resolution
                                 : spec_number(scene->spec.figure, KEY_RESOLUTION);
}

void picture_draw(cairo_t *cairo, const struct Scene *scene)
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

bool picture_write(const struct Scene *scene, const struct FigureRequest *request, const char *path,
                   const char *tool, struct Error *error)
{
  struct Description description;
  if (!picture_describe(&description, scene, request, error)) return false;
  char *creator = memory_print(error, "%s %s", tool, PROJECT_VERSION);
  struct Properties properties = {description.title, description.subject, creator};
  struct Surface surface;
  bool written = creator && surface_open(&surface, path, scene->page.width, scene->page.height,
                                         picture_resolution(scene, request), error);
  if (written) {
    surface_describe(&surface, &properties);
    picture_draw(surface.cairo, scene);
    written = surface_commit(&surface, error);
  }
  free(creator);
  picture_release(&description);
  return written;
}
