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

/* The cookie of a stream. Allocated separately, so that an Output can be moved. */
struct OutputFile {
  int descriptor;
  int write_errno; /* of the first failed write; 0 if none */
};

/* The stream's write function. A stream of the C library would only record that a write failed;
   errno would be overwritten before the commit. */
static ssize_t write_bytes(void *cookie, const char *bytes, size_t size)
{
  struct OutputFile *file = cookie;
  size_t done = 0;
  while (done < size && file->write_errno == 0) {
    ssize_t written = write(file->descriptor, bytes + done, size - done);
    if (written >= 0)
      done += (size_t)written;
    else if (errno != EINTR)
      file->write_errno = errno;
  }
  if (file->write_errno == 0) return (ssize_t)done;
  errno = file->write_errno;
  return 0; /* how a cookie function reports an error */
}

/* Opens the output's stream on the descriptor and takes ownership of it. */
static bool open_stream(struct Output *output, int descriptor)
{
  output->file = malloc(sizeof *output->file);
  if (!output->file) return false;
  *output->file = (struct OutputFile){.descriptor = descriptor};
  output->stream =
      fopencookie(output->file, "w", (cookie_io_functions_t){.write = write_bytes}); /* GNU */
  return output->stream;
}

static mode_t ordinary_mode(void)
{
  mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

static void output_clear(struct Output *output)
{
  free(output->file);
  free(output->path);
  free(output->temporary);
  *output = (struct Output){0};
}

static const char *name_of(const struct Output *output)
{
  return output->path ? output->path : "standard output";
}

#define TEMPORARY_SUFFIX ".XXXXXX" /* filled in by mkstemp */

/* Opens a temporary file in the target's directory. */
static bool open_temporary(struct Output *output, struct Error *error)
{
  output->temporary = memory_print(error, "%s" TEMPORARY_SUFFIX, output->path);
  if (!output->temporary) return false;
  int descriptor = mkostemp(output->temporary, O_CLOEXEC);
  if (descriptor < 0) return error_system(error, "%s: cannot create", output->path);
  /* mkostemp creates private files; results have ordinary permissions */
  if (fchmod(descriptor, ordinary_mode()) == 0 && open_stream(output, descriptor)) return true;
  error_system(error, "%s: cannot create", output->path);
  close(descriptor);
  unlink(output->temporary);
  return false;
}

/* Opens an existing file or device, without a temporary file. */
static bool open_in_place(struct Output *output, int flags, struct Error *error)
{
  int descriptor = open(output->path, O_WRONLY | O_CLOEXEC | flags);
  if (descriptor >= 0 && open_stream(output, descriptor)) return true;
  error_system(error, "%s: cannot open", output->path);
  if (descriptor >= 0) close(descriptor);
  return false;
}

/* Duplicates standard output: closing the duplicate reports failures that a network file system
   reports only then, and leaves standard output open. */
static bool open_standard_output(struct Output *output, struct Error *error)
{
  int descriptor = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  bool writable = descriptor >= 0 && (fcntl(descriptor, F_GETFL) & O_ACCMODE) != O_RDONLY;
  if (descriptor >= 0 && !writable) errno = EBADF; /* as a write would set it */
  if (writable && open_stream(output, descriptor)) return true;
  error_system(error, "standard output: cannot write");
  if (descriptor >= 0) close(descriptor);
  return false;
}

static bool open_path(struct Output *output, const char *path, struct Error *error)
{
  struct stat status;
  bool exists = stat(path, &status) == 0;
  if (exists && S_ISDIR(status.st_mode))
    return error_set(error, "%s: is a directory, expected a file to write", path);
  output->path = memory_copy_text(path, error);
  if (!output->path) return false;
  /* a rename would replace a device or a pipe with a regular file */
  bool in_place = exists && !S_ISREG(status.st_mode);
  return in_place ? open_in_place(output, O_TRUNC, error) : open_temporary(output, error);
}

bool output_open(struct Output *output, const char *path, struct Error *error)
{
  *output = (struct Output){0};
  bool is_standard = strcmp(path, "-") == 0;
  if (is_standard ? open_standard_output(output, error) : open_path(output, path, error))
    return true;
  output_clear(output);
  return false;
}

bool output_append(struct Output *output, const char *path, struct Error *error)
{
  *output = (struct Output){.path = memory_copy_text(path, error)};
  if (output->path && open_in_place(output, O_APPEND, error)) return true;
  output_clear(output);
  return false;
}

bool output_flush(struct Output *output, struct Error *error)
{
  if (fflush(output->stream) == 0 && !ferror(output->stream)) return true;
  if (output->file->write_errno != 0) errno = output->file->write_errno;
  return error_system(error, "%s: cannot write", name_of(output));
}

/* Closes the stream in any case; true if every byte was written. */
static bool finish_writing(struct Output *output, struct Error *error)
{
  bool written = output_flush(output, error);
  int descriptor = output->file->descriptor;
  if (written && output->temporary && fsync(descriptor) != 0)
    written = error_system(error, "%s: cannot sync", output->path);
  fclose(output->stream); /* flushed already, or failed: writes nothing */
  output->stream = NULL;
  if (close(descriptor) != 0 && written)
    written = error_system(error, "%s: cannot close", name_of(output));
  return written;
}

bool output_commit(struct Output *output, struct Error *error)
{
  bool done = finish_writing(output, error);
  if (done && output->temporary) {
    if (rename(output->temporary, output->path) == 0)
      done = output_sync_directory(output->path, error);
    else
      done = error_system(error, "%s: cannot rename %s to it", output->path, output->temporary);
  }
  /* after a successful rename there is nothing to remove */
  if (!done && output->temporary) unlink(output->temporary);
  output_clear(output);
  return done;
}

void output_discard(struct Output *output)
{
  if (output->stream) {
    if (output->file->write_errno == 0)
      output->file->write_errno = ECANCELED; /* suppress further writes */
    fclose(output->stream);
    close(output->file->descriptor);
    if (output->temporary) unlink(output->temporary);
  }
  output_clear(output);
}

/* Could open_temporary have made this name? */
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
  struct Error ignored; /* what cannot be removed stays */
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
      made = error_system(error, "%s: cannot create the directory", partial);
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
  /* file systems that cannot sync a directory return EINVAL: they do not need it */
  if (!synced && !(descriptor >= 0 && errno == EINVAL))
    error_system(error, "%s: cannot sync the directory", directory);
  else
    synced = true;
  if (descriptor >= 0) close(descriptor);
  free(directory);
  return synced;
}
