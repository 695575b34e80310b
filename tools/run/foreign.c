#include "run/foreign.h"

#include "base/memory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* Enough of a file to tell what it is. */
enum { MOST_READ = 4096 };

/* Longer paths are not quoted in a command: the message would be truncated. */
enum { PATH_SIZE = 128 };

/* The start of a file. */
struct FileHead {
  unsigned char *bytes;
  size_t size;
};

static bool starts_with(const struct FileHead *head, const void *start, size_t length)
{
  return head->size >= length && memcmp(head->bytes, start, length) == 0;
}

/* ---- conversion commands in Python ---- */

/* The quoted paths of a command: a file, and the new one to convert it to. */
struct Paths {
  char from[PATH_SIZE], to[PATH_SIZE + sizeof "-converted.safetensors"];
};

/* Paths that would end the quotes are kept out of commands, as readers may paste them. */
static bool fits_quotes(const char *text)
{
  return !strpbrk(text, "'\"\\");
}

/* A path that is too long or unsafe is left to the reader. */
static void set_paths(struct Paths *paths, const char *path)
{
  if (!fits_quotes(path) || strlen(path) >= PATH_SIZE) path = "FILE";
  const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
  int stem = dot ? (int)(dot - path) : (int)strlen(path);
  snprintf(paths->from, sizeof paths->from, "%s", path);
  snprintf(paths->to, sizeof paths->to, "%.*s.safetensors", stem, path);
  if (access(paths->to, F_OK) == 0)
    snprintf(paths->to, sizeof paths->to, "%.*s-converted.safetensors", stem, path);
}

/* ---- archives ---- */

/* The name of a zip file's first entry, `length` bytes long, starts at byte 30. */
static bool first_entry_ends(const struct FileHead *head, const char *ending)
{
  enum { NAME_LENGTH = 26, NAME = 30 };
  size_t length, of_ending = strlen(ending);
  if (head->size < NAME) return false;
  length = head->bytes[NAME_LENGTH] | (size_t)head->bytes[NAME_LENGTH + 1] << 8;
  return length >= of_ending && head->size >= NAME + length &&
         memcmp(head->bytes + NAME + length - of_ending, ending, of_ending) == 0;
}

static void say_numpy(const char *path, struct Error *error)
{
  struct Paths paths;
  set_paths(&paths, path);
  error_set(error,
            "a NumPy archive (.npz), not safetensors; convert it with python3 -c 'import numpy, "
            "safetensors.numpy; safetensors.numpy.save_file(dict(numpy.load(\"%s\")), \"%s\")'",
            paths.from, paths.to);
}

/* ---- all kinds ---- */

static bool is_blank(unsigned char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* White space, then one of these, ignoring case. */
static bool is_web_page(const struct FileHead *head)
{
  static const char *const starts[] = {"<!doctype html", "<html", "<head"};
  size_t at = 0;
  while (at < head->size && is_blank(head->bytes[at]))
    at++;
  const char *text = (const char *)head->bytes + at;
  for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
    if (head->size - at >= strlen(starts[i]) &&
        strncasecmp(text, starts[i], strlen(starts[i])) == 0)
      return true;
  return false;
}

static const struct {
  const char *start;
  size_t length;
  const char *message;
} kinds[] = {
#define START(text) text, sizeof(text) - 1
    {START("version https://git-lfs.github.com/spec/"),
     "a Git LFS pointer, not the file itself; get that with: git lfs pull"},
    {START("\x93NUMPY"),
     "a single NumPy array (.npy); a checkpoint needs all parameters by name: put them into a dict "
     "in Python and save it with safetensors.numpy.save_file"},
    {START("\x89HDF\r\n\x1a\n"),
     "an HDF5 file, not safetensors; read its arrays with h5py in Python and save a dict of them "
     "with safetensors.numpy.save_file"},
    {START("{"), "a JSON file, such as the index of a sharded checkpoint; open the .safetensors "
                 "file itself"},
    {START("\x1f\x8b"), "compressed with gzip; decompress it with: gunzip, or tar xzf"},
    {START("BZh"), "compressed with bzip2; decompress it with: bunzip2, or tar xjf"},
    {START("\xfd"
           "7zXZ"),
     "compressed with xz; decompress it with: unxz, or tar xJf"},
    {START("\x28\xb5\x2f\xfd"), "compressed with Zstandard; decompress it with: unzstd"},
#undef START
};

/* Is the start plain ASCII? */
static bool is_text(const struct FileHead *head)
{
  enum { ENOUGH = 512 };
  bool text = head->size > 0;
  for (size_t i = 0; text && i < head->size && i < ENOUGH; i++)
    text = (head->bytes[i] > ' ' && head->bytes[i] <= '~') || is_blank(head->bytes[i]);
  return text;
}

/* Leaves the error alone if the kind is unknown. */
static void explain(const struct FileHead *head, const char *path, struct Error *error)
{
  if (head->size == 0)
    error_set(error, "the file is empty; was the download or copy completed?");
  else if (starts_with(head, "PK\3\4", 4) && first_entry_ends(head, ".npy"))
    say_numpy(path, error);
  else if (starts_with(head, "\x80", 1) && head->size > 1 && head->bytes[1] <= 5)
    error_set(error, "a Python pickle, not safetensors; load it in Python and save a dict of "
                     "its arrays with safetensors.numpy.save_file");
  else if (is_web_page(head)) /* before text files in general */
    error_set(error, "a web page (HTML), not the file itself; download it by the page's \"raw\" or "
                     "\"download\" link");
  else if (is_text(head))
    error_set(error, "a text file, not safetensors");
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (starts_with(head, kinds[i].start, kinds[i].length))
      error_set(error, "%s", kinds[i].message);
}

/* Like safetensors_open, does not wait for the writer of a pipe. */
static bool read_head(const char *path, struct FileHead *head, struct Error *error)
{
  int descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  struct stat status;
  bool regular = descriptor >= 0 && fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  size_t size = regular && status.st_size < MOST_READ ? (size_t)status.st_size : MOST_READ;
  ssize_t got = -1;
  head->bytes = regular ? memory_new(size, 1, "the start of a file", error) : NULL;
  if (head->bytes) got = read(descriptor, head->bytes, size);
  if (descriptor >= 0) close(descriptor);
  if (got >= 0) head->size = (size_t)got;
  return got >= 0;
}

/* Does it start with a plausible length in eight bytes, followed by a JSON object? */
static bool is_safetensors(const struct FileHead *head)
{
  enum { LENGTH_SIZE = 8, LONGEST = 4 }; /* headers have less than 2^32 bytes */
  static const unsigned char zeros[LENGTH_SIZE - LONGEST];
  return head->size > LENGTH_SIZE && head->bytes[LENGTH_SIZE] == '{' &&
         memcmp(head->bytes + LONGEST, zeros, sizeof zeros) == 0;
}

bool foreign_file(const char *path, struct Error *error)
{
  struct FileHead head = {0};
  struct Error found = {0};
  if (error->code == 0 && read_head(path, &head, &found) && !is_safetensors(&head))
    explain(&head, path, &found);
  if (head.bytes && found.message[0] != '\0') {
    *error = found;
    error_prefix(error, "%s", path);
  }
  free(head.bytes);
  return false;
}
