/*
 * A scene as a picture: what figures and the frames of films have in common.
 */
#ifndef PLOT_PICTURE_H
#define PLOT_PICTURE_H

#include "plot/scene.h"

typedef struct _cairo cairo_t;

/* The figure's name, and what it was drawn from (plot/sources.h). */
struct Description {
  char *title, *subject;
};

bool picture_describe(struct Description *description, const struct Scene *scene,
                      const struct FigureRequest *request, struct Error *error);
void picture_release(struct Description *description);

/* Pixels per inch: the request's, or else the specification's. */
double picture_resolution(const struct Scene *scene, const struct FigureRequest *request);

/* Draws all of a scene that has been laid out, on a white page. */
void picture_draw(cairo_t *cairo, const struct Scene *scene);

/* The same into a file, in the format that its name ends with, with metadata that name the tool. */
bool picture_write(const struct Scene *scene, const struct FigureRequest *request, const char *path,
                   const char *tool, struct Error *error);

#endif
