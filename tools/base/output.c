#include "base/output.h"

#include "base/memory.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static mode_t ordinary_mode(void)
{
  mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

static void output_clear(struct Output *output)
{
  free(output->path);
  free(output->temporary);
  *output = (struct Output){0};
}

#define TEMPORARY_SUFFIX ".XXXXXX" /* the letters are mkstemp's to choose */

/* Opens a new file beside the target. */
static bool open_temporary(struct Output *output, struct Error *error)
{
  output->temporary = memory_print(error, "%s" TEMPORARY_SUFFIX, output->path);
  if (!output->temporary) return false;
  int descriptor = mkstemp(output->temporary);
  if (descriptor < 0) return error_system(error, "%s: cannot create", output->path);
  /* mkstemp makes files private; a result is as readable as any other file */
  if (fchmod(descriptor, ordinary_mode()) == 0) output->stream = fdopen(descriptor, "wb");
  if (output->stream) return true;
  error_system(error, "%s: cannot create", output->path);
  close(descriptor);
  unlink(output->temporary);
  return false;
}

/* Opens a device or a pipe, which a rename would replace by an ordinary file. */
static bool open_in_place(struct Output *output, struct Error *error)
{
  output->stream = fopen(output->path, "wb");
  return output->stream || error_system(error, "%s: cannot open", output->path);
}

bool output_open(struct Output *output, const char *path, struct Error *error)
{
  *output = (struct Output){0};
  if (strcmp(path, "-") == 0) {
    output->stream = stdout;
    return true;
  }
  struct stat status;
  bool exists = stat(path, &status) == 0;
  if (exists && S_ISDIR(status.st_mode))
    return error_set(error, "%s: is a directory, expected a file to write", path);
  output->path = memory_copy_text(path, error);
  if (!output->path) return false;
  bool in_place = exists && !S_ISREG(status.st_mode);
  if (in_place ? open_in_place(output, error) : open_temporary(output, error)) return true;
  output_clear(output);
  return false;
}

/* Everything that was printed is with the system now. */
static bool flush(FILE *stream, const char *name, struct Error *error)
{
  if (fflush(stream) != 0) return error_system(error, "%s: cannot write", name);
  /* a write failed earlier; errno has been used for other things since */
  if (ferror(stream)) return error_set(error, "%s: cannot write (disk full?)", name);
  return true;
}

/* Closes the stream, whatever happens: true when every byte is where it belongs. */
static bool finish_writing(struct Output *output, struct Error *error)
{
  bool written = flush(output->stream, output->path, error);
  if (written && output->temporary && fsync(fileno(output->stream)) != 0)
    written = error_system(error, "%s: cannot sync", output->path);
  if (fclose(output->stream) != 0 && written)
    written = error_system(error, "%s: cannot close", output->path);
  output->stream = NULL;
  return written;
}

bool output_commit(struct Output *output, struct Error *error)
{
  if (!output->path) {
    output_clear(output);
    return flush(stdout, "standard output", error);
  }
  bool done = finish_writing(output, error);
  if (done && output->temporary) {
    if (rename(output->temporary, output->path) == 0)
      done = output_sync_directory(output->path, error);
    else
      done = error_system(error, "%s: cannot rename %s to it", output->path, output->temporary);
  }
  /* a name that was renamed away is not there to remove */
  if (!done && output->temporary) unlink(output->temporary);
  output_clear(output);
  return done;
}

void output_discard(struct Output *output)
{
  if (output->path) {
    fclose(output->stream);
    if (output->temporary) unlink(output->temporary);
  }
  output_clear(output);
}

/* Has it a name that open_temporary could have given? */
static bool is_temporary_of(const char *name, const char *target)
{
  size_t length = strlen(target);
  if (strncmp(name, target, length) != 0) return false;
  const char *suffix = name + length;
  if (*suffix != TEMPORARY_SUFFIX[0] || strlen(suffix) != strlen(TEMPORARY_SUFFIX)) return false;
  while (isalnum((unsigned char)*++suffix))
    ;
  return *suffix == '\0';
}

void output_remove_leftovers(const char *path)
{
  struct Error ignored; /* what cannot be removed now stays a leftover */
  const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
  char *directory = memory_print(&ignored, "%.*s.", (int)(name - path), path);
  DIR *entries = directory ? opendir(directory) : NULL;
  for (struct dirent *entry; entries && (entry = readdir(entries));)
    if (is_temporary_of(entry->d_name, name)) unlinkat(dirfd(entries), entry->d_name, 0);
  if (entries) closedir(entries);
  free(directory);
}

bool output_make_directory(const char *path, struct Error *error)
{
  char *partial = memory_copy_text(path, error);
  if (!partial) return false;
  bool made = true;
  for (char *c = partial + 1; made; c++) {
    char kept = *c;
    if (kept != '/' && kept != '\0') continue;
    *c = '\0';
    struct stat status;
    if (mkdir(partial, 0777) != 0 &&
        !(errno == EEXIST && stat(partial, &status) == 0 && S_ISDIR(status.st_mode)))
      made = error_system(error, "%s: cannot make the directory", partial);
    *c = kept;
    if (kept == '\0') break;
  }
  free(partial);
  return made;
}

bool output_sync_directory(const char *path, struct Error *error)
{
  const char *slash = strrchr(path, '/');
  char *directory = slash ? memory_print(error, "%.*s", (int)(slash - path + 1), path)
                          : memory_copy_text(".", error);
  if (!directory) return false;
  int descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool synced = descriptor >= 0 && fsync(descriptor) == 0;
  /* some file systems cannot sync a directory and say EINVAL: they need none */
  if (!synced && !(descriptor >= 0 && errno == EINVAL))
    error_system(error, "%s: cannot sync the directory", directory);
  else
    synced = true;
  if (descriptor >= 0) close(descriptor);
  free(directory);
  return synced;
}
