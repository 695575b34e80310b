#include "plot/figure.h"

#include "base/memory.h"
#include "base/number.h"
#include "plot/picture.h"
#include "plot/surface.h"

#include <stdlib.h>
#include <string.h>

char *figure_name(const char *spec_path, const char *run, struct Error *error)
{
  const char *slash = strrchr(spec_path, '/');
  const char *name = slash ? slash + 1 : spec_path;
  size_t length = strlen(name);
  if (length > 4 && strcmp(name + length - 4, ".ini") == 0) length -= 4;
  return run ? memory_print(error, "%s-%.*s", run_choice_name(run), (int)length, name)
             : memory_print(error, "%.*s", (int)length, name);
}

char *figure_default_output(const char *spec_path, const char *run, const char *ending,
                            struct Error *error)
{
  char *name = figure_name(spec_path, run, error);
  char *path = name ? memory_print(error, "%s%s", name, ending) : NULL;
  free(name);
  return path;
}

bool figure_parse_resolution(const char *text, double *resolution, struct Error *error)
{
  *resolution = 0;
  if (!text || (number_parse_real(text, resolution) && *resolution >= 20 && *resolution <= 2400))
    return true;
  return error_set(error, "--resolution: expected 20 to 2400, found '%s'", text);
}

bool figure_render(struct FigureRequest *request, struct Error *error)
{
  enum SurfaceFormat format;
  if (!surface_format(request->output_path, &format, error)) return false;
  struct Scene scene;
  bool rendered = scene_read(&scene, request, error) && scene_layout(&scene, error) &&
                  picture_write(&scene, request, request->output_path, "render-figure", error);
  request->left_out = scene.tables.left_out;
  scene_release(&scene);
  return rendered;
}
