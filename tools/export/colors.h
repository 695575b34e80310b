/* The colours of the figures (plot/color.h) as data for a page: `names`, an object of "#rrggbb";
   `phases`, their backgrounds; and the maps `viridis` and `blues`, 256 colours each, from low to
   high. NULL with an error: no memory. */
#ifndef EXPORT_COLORS_H
#define EXPORT_COLORS_H

#include "base/error.h"

#include <jansson.h>

json_t *colors_export(struct Error *error);

#endif
