#include "measures/head_components.h"

#include "measures/spectrum.h"

#include <math.h>
#include <stdio.h>

enum { NAME_SIZE = 16 };

struct HeadsRow {
  int frequency;
  struct HeadParts {
    double norm, cosine, sine;
  } heads[MOST_HEADS];
};

struct HeadColumns {
  size_t n;
  struct Column columns[1 + 3 * MOST_HEADS];
  char names[1 + 3 * MOST_HEADS][NAME_SIZE];
};

static void describe(struct HeadColumns *of, const struct HeadTable *table, size_t heads)
{
  static const struct Column of_frequency = COLUMN(
      struct HeadsRow, frequency, "1", "k, w_k = 2 pi k / p; 0 is the constant, which has no sine");
  const struct Column parts[] = {
      COLUMN_AS("norm", struct HeadsRow, heads[0].norm, "1", table->norm),
      COLUMN_AS("cos", struct HeadsRow, heads[0].cosine, "1", table->cosine),
      COLUMN_AS("sin", struct HeadsRow, heads[0].sine, "1", table->sine)};
  of->columns[0] = of_frequency;
  of->n = 1;
  for (size_t h = 0; h < heads; h++)
    for (size_t i = 0; i < N_COLUMNS(parts); i++, of->n++) {
      snprintf(of->names[of->n], NAME_SIZE, "%s_%zu_%s", table->name, h, parts[i].name);
      of->columns[of->n] = parts[i];
      of->columns[of->n].name = of->names[of->n];
      of->columns[of->n].offset += h * sizeof(struct HeadParts);
    }
}

static struct HeadParts parts_of(const struct FourierBasis *basis, const double *components,
                                 size_t H, int k)
{
  double cosine = spectrum_component(components, H, basis->p, k, 0);
  double sine = spectrum_component(components, H, basis->p, k, 1);
  double norm = isnan(sine) ? fabs(cosine) : sqrt(cosine * cosine + sine * sine);
  return (struct HeadParts){norm, cosine, sine};
}

size_t head_components_columns(const struct Subject *subject)
{
  size_t H = (size_t)subject->analysis->snapshot.parameters.shape.H;
  return H < MOST_HEADS ? H : MOST_HEADS;
}

bool head_components_write(const struct Subject *subject, const char *file,
                           const struct HeadTable *of, const double *components,
                           struct Error *error)
{
  const struct FourierBasis *basis = &subject->analysis->basis;
  size_t heads = head_components_columns(subject);
  size_t H = (size_t)subject->analysis->snapshot.parameters.shape.H;
  struct HeadColumns columns;
  struct TableWriter table;
  describe(&columns, of, heads);
  if (!subject_create_table(&table, subject, file, of->title, "", columns.columns, columns.n,
                            error))
    return false;
  for (int k = 0; k <= basis->n_frequencies; k++) {
    struct HeadsRow row = {.frequency = k};
    for (size_t h = 0; h < heads; h++)
      row.heads[h] = parts_of(basis, components + h, H, k);
    table_put_row(&table, &row);
  }
  return table_commit(&table, error);
}
