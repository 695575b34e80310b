/* Scenes of small figures, from texts in memory. */
#ifndef SCENES_H
#define SCENES_H

#include "plot/scene.h"

/* Reads and lays out the figure with one table, both given as the text of their files;
   scene_release frees it. The test fails if that is an error. */
void scene_make(struct Scene *scene, const char *figure, const char *table);

/* The same, for an error: its message, which begins after the name of the figure's file. */
void scene_refuse(char message[static 1024], const char *figure, const char *table);

#endif
