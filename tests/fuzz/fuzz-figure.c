/*
 * Figures and films, drawn and discarded. The input is a specification, optionally followed by a
 * line
 * "%%" and the table history.tsv (default: the one below). The input's size selects the output
 * format, so that all are covered.
 */
#include "input.h"
#include "plot/figure.h"
#include "plot/film.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char default_table[] = "epoch\tloss\tname\tphase\tx\ty\n"
                                    "0\t4.7\ta\t0\t0\t0\n"
                                    "100\t0.1\tb\t0\t1\t0\n"
                                    "200\t1e-3\ta\t1\t0\t1\n"
                                    "300\tnan\tb\t2\t1\t1\n"
                                    "400\t-1\tc\t2\t2\t1\n";

static char folder[] = "/tmp/fuzz-figure.XXXXXX";
enum { N_FORMATS = 4, GIF = 3 };

static char table_path[64], output_paths[N_FORMATS][64];

/* Text that Pango cannot set is a bug: it was to be refused before. */
static void die(const gchar *domain, GLogLevelFlags level, const gchar *message, gpointer user)
{
  (void)user;
  fprintf(stderr, "%s: %s\n", domain, message);
  if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING)) abort();
}

static void remove_folder(void)
{
  unlink(table_path);
  for (int i = 0; i < N_FORMATS; i++)
    unlink(output_paths[i]);
  rmdir(folder);
}

/* A folder where the table has its name, and where outputs lead nowhere. */
static void make_folder(void)
{
  static const char *const endings[N_FORMATS] = {"pdf", "svg", "png", [GIF] = "gif"};
  g_log_set_default_handler(die, NULL);
  if (!mkdtemp(folder) || atexit(remove_folder) != 0) abort();
  snprintf(table_path, sizeof table_path, "%s/history.tsv", folder);
  if (symlink(input_file(1, (const uint8_t *)"", 0), table_path) != 0) abort();
  for (int i = 0; i < N_FORMATS; i++) {
    snprintf(output_paths[i], sizeof output_paths[i], "%s/figure.%s", folder, endings[i]);
    if (symlink("/dev/null", output_paths[i]) != 0) abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (table_path[0] == '\0') make_folder();
  const uint8_t *end = memmem(data, size, "\n%%\n", 4);
  if (end)
    input_file(1, end + 4, size - (size_t)(end + 4 - data));
  else
    input_file(1, (const uint8_t *)default_table, sizeof default_table - 1);
  const char *const tables[] = {table_path};
  struct FigureRequest request = {
      .spec_path = input_file(0, data, end ? (size_t)(end + 1 - data) : size),
      .table_paths = tables,
      .n_tables = 1,
      .output_path = output_paths[size % N_FORMATS],
      .resolution = 20}; /* a page of the greatest size is a small picture */
  struct Error error;
  if (size % N_FORMATS == GIF)
    film_render(&(struct FilmRequest){.figure = request}, &error);
  else
    figure_render(&request, &error);
  return 0;
}
