#include "pytorch/torch_file.h"

#include "base/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

/* Pickles of state dicts take kilobytes, with a list of losses some megabytes. */
enum { MOST_OF_PICKLE = 256 << 20 };

struct Storage {
  const struct Value *key;
  enum DType dtype;
  int64_t count;
  const unsigned char *bytes; /* NULL until it is read */
  unsigned char *owned;
  size_t size;
};

/* 0x1950a86a20f9469cfc6c as a number of a pickle; in front of it are the protocol and, from
   protocol 4 on, a frame. */
static const unsigned char magic[] = "\x8a\x0al\xfc\x9c"
                                     "F\xf9 j\xa8P\x19.";
enum { MOST_BEFORE_MAGIC = 11 };

/* A safetensors file may start with the same four bytes, the length of a large header; four zeros
   and a brace follow, which no archive has there: that would be version 0 of the format. */
static bool is_safetensors(const unsigned char *start, size_t size)
{
  return size > 8 && memcmp(start + 4, "\0\0\0\0{", 5) == 0;
}

enum TorchKind torch_kind(const unsigned char *start, size_t size)
{
  if (size >= 4 && memcmp(start, "PK\3\4", 4) == 0 && !is_safetensors(start, size))
    return TORCH_ARCHIVE;
  size_t room = sizeof magic - 1 + MOST_BEFORE_MAGIC;
  bool legacy = size > 0 && start[0] == 0x80 &&
                memmem(start, size < room ? size : room, magic, sizeof magic - 1);
  return legacy ? TORCH_LEGACY : TORCH_NONE;
}

/* ---- storages ---- */

static int compare_texts(const struct Value *a, const struct Value *b)
{
  int order = memcmp(a->text, b->text, a->n < b->n ? a->n : b->n);
  return order ? order : (a->n > b->n) - (a->n < b->n);
}

static int compare_storages(const void *a, const void *b)
{
  return compare_texts(((const struct Storage *)a)->key, ((const struct Storage *)b)->key);
}

static struct Storage *find_storage(const struct TorchFile *file, const struct Value *key)
{
  const struct Storage wanted = {.key = key};
  if (file->n_storages == 0) return NULL;
  return bsearch(&wanted, file->storages, file->n_storages, sizeof wanted, compare_storages);
}

/* Lists the storages that the pickle refers to, each once. */
static bool list_storages(struct TorchFile *file, struct Error *error)
{
  size_t n = 0;
  for (const struct StorageReference *s = file->pickle.storages; s; s = s->next)
    n++;
  file->storages = memory_new(n, sizeof *file->storages, "the list of storages", error);
  if (!file->storages) return false;
  size_t i = 0;
  for (const struct StorageReference *s = file->pickle.storages; s; s = s->next)
    file->storages[i++] = (struct Storage){.key = s->key, .dtype = s->dtype, .count = s->count};
  qsort(file->storages, n, sizeof *file->storages, compare_storages);
  for (i = 0; i < n; i++)
    if (file->n_storages == 0 ||
        compare_storages(&file->storages[i], &file->storages[file->n_storages - 1]) != 0)
      file->storages[file->n_storages++] = file->storages[i];
  return true;
}

/* ---- archives ---- */

/* The contents of an entry, which the caller frees; the libraries' errors name it. All that is read
   of an archive together is no more than the file: entries do not overlap. */
static unsigned char *read_entry(struct TorchFile *file, zip_uint64_t entry, size_t *size,
                                 struct Error *error)
{
  zip_stat_t status;
  zip_t *archive = file->archive;
  const zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_NAME;
  if (zip_stat_index(archive, entry, 0, &status) != 0 || (status.valid & needed) != needed) {
    error_set(error, "the archive is damaged: %s", zip_strerror(archive));
    return NULL;
  }
  *size = (size_t)status.size;
  if (status.comp_method != ZIP_CM_STORE)
    error_set(error,
              "\"%.80s\" in the archive is compressed, which torch.save does not do; unzip "
              "it, and zip it again with zip -0",
              status.name);
  else if (status.size > file->file_size - file->loaded)
    error_set(error, "\"%.80s\" in the archive would have %" PRIu64 " bytes, the file has %zu",
              status.name, (uint64_t)status.size, file->file_size);
  else {
    file->loaded += *size;
    unsigned char *bytes = memory_new(*size, 1, "a part of the archive", error);
    zip_file_t *stream = bytes ? zip_fopen_index(archive, entry, 0) : NULL;
    zip_int64_t got = stream ? zip_fread(stream, bytes, *size) : -1;
    char beyond; /* the checksum is checked at the end */
    bool whole = got == (zip_int64_t)*size && zip_fread(stream, &beyond, 1) == 0;
    if (bytes && !whole)
      error_set(error, "\"%.80s\" in the archive is damaged: %s", status.name,
                !stream ? zip_strerror(archive)
                : got >= 0 && got < (zip_int64_t)*size
                    ? "it is shorter than it should be"
                    : zip_error_strerror(zip_file_get_error(stream)));
    if (stream) zip_fclose(stream);
    if (bytes && whole) return bytes;
    free(bytes);
  }
  return NULL;
}

static bool ends_with(const char *text, const char *ending)
{
  size_t length = strlen(text), of_ending = strlen(ending);
  return length >= of_ending && strcmp(text + length - of_ending, ending) == 0;
}

/* The number of NAME/data.pkl, whose folder becomes the root. */
static bool find_pickle(struct TorchFile *file, zip_uint64_t *found, struct Error *error)
{
  zip_int64_t n = zip_get_num_entries(file->archive, 0);
  for (zip_int64_t i = 0; i < n; i++) {
    const char *name = zip_get_name(file->archive, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
    if (name && ends_with(name, "/constants.pkl"))
      return error_set(error, "a TorchScript program, which holds code; save model.state_dict() "
                              "with torch.save instead");
    if (!name || file->root || !ends_with(name, "/data.pkl")) continue;
    *found = (zip_uint64_t)i;
    file->root = memory_print(error, "%.*s", (int)(strlen(name) - strlen("data.pkl")), name);
    if (!file->root) return false;
  }
  if (file->root) return true;
  return error_set(error, "a zip archive, but not one of torch.save: it has no data.pkl; if a "
                          "checkpoint lies in it, unzip it and open that");
}

/* The entry "ROOT NAME"; -1 if there is none. */
static zip_int64_t find_entry(const struct TorchFile *file, const char *name, size_t length,
                              struct Error *error)
{
  char *path = memory_print(error, "%s%.*s", file->root, (int)length, name);
  if (!path) return -1;
  zip_int64_t found = zip_name_locate(file->archive, path, ZIP_FL_ENC_RAW);
  free(path);
  return found;
}

static bool read_byte_order(struct TorchFile *file, struct Error *error)
{
  static const char name[] = "byteorder";
  zip_int64_t entry = find_entry(file, name, sizeof name - 1, error);
  if (entry < 0) return true;
  size_t size;
  unsigned char *order = read_entry(file, (zip_uint64_t)entry, &size, error);
  if (!order) return false;
  bool big = size == 3 && memcmp(order, "big", 3) == 0;
  bool little = size == 6 && memcmp(order, "little", 6) == 0;
  file->swapped = big;
  free(order);
  return big || little || error_set(error, "damaged: the byte order is neither little nor big");
}

static bool open_archive(struct TorchFile *file, int descriptor, struct Error *error)
{
  int code;
  zip_uint64_t entry = 0;
  size_t size;
  file->archive = zip_fdopen(descriptor, 0, &code);
  if (!file->archive) {
    close(descriptor);
    zip_error_t reason;
    zip_error_init_with_code(&reason, code);
    error_set(error,
              "a zip archive that is damaged or cut off (%s); was it downloaded or copied "
              "completely?",
              zip_error_strerror(&reason));
    zip_error_fini(&reason);
    return false;
  }
  if (!find_pickle(file, &entry, error) || !read_byte_order(file, error)) return false;
  file->bytes = read_entry(file, entry, &size, error);
  if (!file->bytes) return false;
  if (size > MOST_OF_PICKLE)
    return error_set(error, "its pickle has %zu bytes; a checkpoint's has less than %d", size,
                     MOST_OF_PICKLE);
  return pickle_read(&file->pickle, file->bytes, size, error) && list_storages(file, error);
}

static bool load_entry(struct TorchFile *file, struct Storage *storage, struct Error *error)
{
  static const char folder[] = "data/";
  char *name = memory_print(error, "%s%.*s", folder, (int)storage->key->n, storage->key->text);
  if (!name) return false;
  zip_int64_t entry = find_entry(file, name, strlen(name), error);
  if (entry < 0) error_set(error, "\"%.80s\" is missing in the archive", name);
  free(name);
  if (entry < 0) return false;
  storage->owned = read_entry(file, (zip_uint64_t)entry, &storage->size, error);
  storage->bytes = storage->owned;
  return storage->owned;
}

/* ---- older files ---- */

static bool read_all(struct TorchFile *file, int descriptor, struct Error *error)
{
  file->bytes = memory_new(file->file_size, 1, "a checkpoint", error);
  if (!file->bytes) return false;
  for (size_t done = 0; done < file->file_size;) {
    ssize_t got = pread(descriptor, file->bytes + done, file->file_size - done, (off_t)done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return error_system(error, "cannot read");
    if (got == 0) return error_set(error, "cannot read: the file has become shorter");
    done += (size_t)got;
  }
  return true;
}

static size_t most_of(size_t size)
{
  return size < MOST_OF_PICKLE ? size : MOST_OF_PICKLE;
}

/* Reads a pickle that is not needed; *at moves behind it. */
static bool skip_pickle(const struct TorchFile *file, size_t *at, struct Error *error)
{
  struct Pickle pickle;
  if (!pickle_read(&pickle, file->bytes + *at, most_of(file->file_size - *at), error)) return false;
  *at += pickle.length;
  pickle_release(&pickle);
  return true;
}

/* The storages in the order of the file. */
static bool find_elements(struct TorchFile *file, const struct Value *keys, size_t at,
                          struct Error *error)
{
  if (keys->kind != VALUE_LIST) return error_set(error, "damaged: no list of storages");
  for (uint32_t i = 0; i < keys->n; i++) {
    const struct Value *key = keys->items[i];
    struct Storage *storage = key->kind == VALUE_TEXT ? find_storage(file, key) : NULL;
    uint64_t count;
    size_t left = file->file_size - at, size;
    if (!storage) return error_set(error, "damaged: a storage that belongs to no tensor");
    if (left < sizeof count) return error_set(error, "cut off: storage %u is missing", i);
    memcpy(&count, file->bytes + at, sizeof count);
    at += sizeof count;
    left -= sizeof count;
    if (__builtin_mul_overflow(count, dtype_size(storage->dtype), &size) || size > left)
      return error_set(error,
                       "cut off or damaged: storage %u would have %" PRIu64 " elements of %zu "
                       "bytes, but only %zu bytes follow",
                       i, count, dtype_size(storage->dtype), left);
    storage->bytes = file->bytes + at;
    storage->size = size;
    at += size;
  }
  return true;
}

static bool open_legacy(struct TorchFile *file, int descriptor, struct Error *error)
{
  size_t at = 0;
  bool read = read_all(file, descriptor, error);
  close(descriptor);
  for (int i = 0; read && i < 3; i++) /* magic number, version, machine */
    read = skip_pickle(file, &at, error);
  if (!read ||
      !pickle_read(&file->pickle, file->bytes + at, most_of(file->file_size - at), error) ||
      !list_storages(file, error))
    return false;
  at += file->pickle.length;
  struct Pickle keys;
  if (!pickle_read(&keys, file->bytes + at, most_of(file->file_size - at), error)) return false;
  bool found = find_elements(file, keys.value, at + keys.length, error);
  pickle_release(&keys);
  return found;
}

/* ---- both ---- */

bool torch_open(struct TorchFile *file, enum TorchKind kind, int descriptor, struct Error *error)
{
  *file = (struct TorchFile){0};
  struct stat status;
  bool opened = false;
  if (fstat(descriptor, &status) != 0) {
    error_system(error, "cannot read");
    close(descriptor);
  } else {
    file->file_size = (size_t)status.st_size;
    opened = kind == TORCH_ARCHIVE ? open_archive(file, descriptor, error)
                                   : open_legacy(file, descriptor, error);
  }
  if (!opened) torch_close(file);
  return opened;
}

void torch_close(struct TorchFile *file)
{
  pickle_release(&file->pickle);
  for (size_t i = 0; i < file->n_storages; i++)
    free(file->storages[i].owned);
  free(file->storages);
  if (file->archive) zip_discard(file->archive);
  free(file->root);
  free(file->bytes);
  *file = (struct TorchFile){0};
}

/* Shape, strides and the last element's place, each checked. */
static bool read_shape(const struct TensorReference *tensor, struct View *view, uint64_t *last,
                       struct Error *error)
{
  if (tensor->shape->n > TENSOR_MAX_RANK)
    return error_set(error, "has %u axes, more than the %d that are supported", tensor->shape->n,
                     TENSOR_MAX_RANK);
  bool empty = false, sound = tensor->offset >= 0 && tensor->storage->view_offset >= 0;
  sound = sound && !__builtin_add_overflow((uint64_t)tensor->offset,
                                           (uint64_t)tensor->storage->view_offset, last);
  view->rank = (int)tensor->shape->n;
  size_t count = dtype_size(view->dtype);
  for (int i = 0; sound && i < view->rank; i++) {
    int64_t length = tensor->shape->items[i]->integer, stride = tensor->strides->items[i]->integer;
    uint64_t reach;
    sound = length >= 0 && stride >= 0;
    if (!sound) break;
    view->shape[i] = (size_t)length;
    view->strides[i] = (size_t)stride;
    empty = empty || length == 0;
    sound =
        !__builtin_mul_overflow(count, view->shape[i], &count) &&
        !__builtin_mul_overflow((uint64_t)(length ? length - 1 : 0), (uint64_t)stride, &reach) &&
        !__builtin_add_overflow(*last, reach, last);
  }
  if (empty) *last = 0;
  return sound || error_set(error, "its shape or strides are negative or cannot be addressed");
}

static bool start_view(const struct TorchFile *file, const struct Value *value, struct View *view,
                       uint64_t *last, struct Error *error)
{
  if (!value || value->kind != VALUE_TENSOR) return error_set(error, "is no tensor");
  *view = (struct View){.dtype = value->tensor->dtype, .swapped = file->swapped};
  return read_shape(value->tensor, view, last, error);
}

bool torch_shape(const struct TorchFile *file, const struct Value *tensor, struct View *view,
                 struct Error *error)
{
  uint64_t last;
  return start_view(file, tensor, view, &last, error);
}

bool torch_view(struct TorchFile *file, const struct Value *value, struct View *view,
                struct Error *error)
{
  uint64_t last, needed;
  if (!start_view(file, value, view, &last, error)) return false;
  if (view_count(view) == 0) return true;
  const struct TensorReference *tensor = value->tensor;
  struct Storage *storage = find_storage(file, tensor->storage->key);
  if (!storage->bytes && (!file->archive || !load_entry(file, storage, error)))
    return !file->archive && error_set(error, "its storage is missing in the file");
  size_t size = dtype_size(view->dtype);
  if (__builtin_add_overflow(last, 1, &needed) || __builtin_mul_overflow(needed, size, &needed) ||
      needed > storage->size)
    return error_set(
        error, "reaches to element %" PRIu64 " of its storage, which has only %zu in the file",
        last, storage->size / size);
  uint64_t first = (uint64_t)tensor->offset + (uint64_t)tensor->storage->view_offset;
  view->first = storage->bytes + first * size;
  return true;
}
