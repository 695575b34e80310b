/*
 * Tables of what heads do at each frequency: a row for each k, and for each of the first heads the
 * two Fourier components of something (what tokens add to its scores, its OV circuit) and their
 * norm.
 */
#ifndef MEASURES_HEAD_COMPONENTS_H
#define MEASURES_HEAD_COMPONENTS_H

#include "measures/subject.h"

enum { MOST_HEADS = 16 }; /* in a table; further ones are left out */

/* Of how many heads the subject has columns. */
size_t head_components_columns(const struct Subject *subject);

struct HeadTable {
  const char *title;
  const char *name;                 /* columns are NAME_h_norm, NAME_h_cos, NAME_h_sin */
  const char *norm, *cosine, *sine; /* their meanings */
};

/* Writes such a table of components[p][H], H being all heads of the network. */
bool head_components_write(const struct Subject *subject, const char *file,
                           const struct HeadTable *of, const double *components,
                           struct Error *error);

#endif
