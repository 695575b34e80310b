#include "scenes.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void write_text(const char *path, const char *text)
{
  FILE *stream = fopen(path, "w");
  ck_assert_ptr_nonnull(stream);
  ck_assert(fputs(text, stream) >= 0);
  ck_assert_int_eq(fclose(stream), 0);
}

/* The texts as files in a folder of their own, for as long as they are read. */
static bool read_scene(struct Scene *scene, const char *figure, const char *table,
                       struct Error *error)
{
  char folder[] = "/tmp/check_plot.XXXXXX";
  ck_assert_ptr_nonnull(mkdtemp(folder));
  ck_assert_int_eq(chdir(folder), 0);
  write_text("figure.ini", figure);
  write_text("table.tsv", table);
  static const char *const paths[] = {"table.tsv"};
  struct FigureRequest request = {
      .spec_path = "figure.ini", .table_paths = paths, .n_tables = 1, .output_path = "figure.svg"};
  bool read = scene_read(scene, &request, error) && scene_layout(scene, error);
  ck_assert(unlink("figure.ini") == 0 && unlink("table.tsv") == 0);
  ck_assert(chdir("/") == 0 && rmdir(folder) == 0);
  return read;
}

void scene_make(struct Scene *scene, const char *figure, const char *table)
{
  struct Error error = {0};
  ck_assert_msg(read_scene(scene, figure, table, &error), "%s", error.message);
}

void scene_refuse(char message[static 1024], const char *figure, const char *table)
{
  static const char prefix[] = "figure.ini:";
  struct Scene scene;
  struct Error error = {0};
  ck_assert(!read_scene(&scene, figure, table, &error));
  scene_release(&scene);
  ck_assert_msg(strncmp(error.message, prefix, strlen(prefix)) == 0, "%s", error.message);
  snprintf(message, 1024, "%s", error.message + strlen(prefix));
}
