/* Files of torch.save: what their pickles mean, and what is refused. */
#include "pytorch/torch_file.h"
#include "run/checkpoint.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zip.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))
#define BYTES(text)   text, sizeof text - 1

/* ---- pickles ---- */

static struct Pickle read_pickle(const char *bytes, size_t size)
{
  struct Pickle pickle;
  struct Error error = {0};
  ck_assert_msg(pickle_read(&pickle, (const unsigned char *)bytes, size, &error), "%s",
                error.message);
  ck_assert_uint_eq(pickle.length, size);
  return pickle;
}

/* {"a": 1, "b": [2.5, True, None], "c": -2, "d": 65536} */
START_TEST(numbers_texts_and_lists_are_read)
{
  struct Pickle pickle = read_pickle(BYTES(
      "\x80\2}q\0(X\1\0\0\0aK\1X\1\0\0\0b]q\1(G\x40\4\0\0\0\0\0\0\x88NeX\1\0\0\0cJ\xfe\xff\xff"
      "\xffX\1\0\0\0d\x8a\3\0\0\1u."));
  int64_t integer;
  double real;
  ck_assert(value_integer(value_get(pickle.value, "a"), &integer) && integer == 1);
  ck_assert(value_integer(value_get(pickle.value, "c"), &integer) && integer == -2);
  ck_assert(value_integer(value_get(pickle.value, "d"), &integer) && integer == 65536);
  const struct Value *list = value_get(pickle.value, "b");
  ck_assert_uint_eq(list->n, 3);
  ck_assert(value_real(list->items[0], &real) && real == 2.5);
  ck_assert(list->items[1]->kind == VALUE_BOOL && list->items[1]->integer == 1);
  ck_assert(list->items[2]->kind == VALUE_NONE);
  ck_assert_ptr_null(value_get(pickle.value, "e"));
  pickle_release(&pickle);
}
END_TEST

/* An object of transformer_lens is a record of its attributes: {"n_heads": 4}. */
START_TEST(a_configuration_is_kept_as_written)
{
  struct Pickle pickle =
      read_pickle(BYTES("\x80\2ctransformer_lens.HookedTransformerConfig\nHookedTransformerConfig\n"
                        ")\x81}X\7\0\0\0n_headsK\4sb."));
  int64_t heads;
  ck_assert(value_integer(value_get(pickle.value, "n_heads"), &heads) && heads == 4);
  pickle_release(&pickle);
}
END_TEST

/* A list that holds itself: there is nothing to walk into. */
START_TEST(a_list_may_hold_itself)
{
  struct Pickle pickle = read_pickle(BYTES("\x80\2]q\0h\0a."));
  ck_assert_ptr_eq(pickle.value->items[0], pickle.value);
  pickle_release(&pickle);
}
END_TEST

static const struct {
  const char *bytes;
  size_t size;
  const char *expected;
} bad_pickles[] = {
    {BYTES("\x80\2cos\nsystem\nX\4\0\0\0echo\x85R."), "would call os.system"},
    {BYTES("\x80\2cposix\nsystem\nX\4\0\0\0echo\x85R."), "would call posix.system"},
    {BYTES("\x80\4\x8c\x08"
           "builtins\x8c\4eval\x93\x8c\1"
           "1\x85R."),
     "would call builtins.eval"},
    {BYTES("\x80\2c__main__\nNetwork\n)\x81."), "would call __main__.Network"},
    {BYTES("\x80\2ctransformer_lens\nos.system\n."), NULL}, /* a name is not called */
    {BYTES("\x80\2ctorch\nFloatStorage\n)R."), "would call torch.FloatStorage, which is a type"},
    {BYTES("\x80\2(I1\n."), "the instruction 0x49"},
    {BYTES(""), "has no end"},
    {BYTES("\x80\2}"), "has no end"},
    {BYTES("\x80\2X\xff\xff\xff\xff"), "in the middle of an instruction"},
    {BYTES("\x80\2X\4\0\0\0abc"), "in the middle of an instruction"},
    {BYTES("\x80\2\x8d\xff\xff\xff\xff\xff\xff\xff\xff."), "in the middle of an instruction"},
    {BYTES("\x80\2cos"), "in the middle of an instruction"},
    {BYTES("\x80\2."), "lacks its operands"},
    {BYTES("\x80\2(."), "lacks its operands"},
    {BYTES("\x80\2a."), "lacks its operands"},
    {BYTES("\x80\2Nu."), "lacks its operands"},
    {BYTES("\x80\2(N\x86."), "lacks its operands"},
    {BYTES("\x80\2NN\x87."), "lacks its operands"},
    {BYTES("\x80\2}(Nu."), "lacks its operands"}, /* a key without a value */
    {BYTES("\x80\2NNa."), "lacks its operands"},  /* None is no list */
    {BYTES("\x80\2h\5."), "no memo number 5"},
    {BYTES("\x80\2Nr\xff\xff\xff\x7f."), "a memo of the pickle has the number 2147483647"},
    {BYTES("\x80\2NQ."), "no storage"},
    {BYTES("\x80\2(X\7\0\0\0storagectorch\nsystem\nX\1\0\0\0aX\1\0\0\0aK\1tQ."),
     "would call torch.system"},
    {BYTES("\x80\2(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0aX\1\0\0\0aJ\xff\xff\xff\xfftQ."),
     "no storage"},
    {BYTES("\x80\2"
           "ctorch._utils\n_rebuild_tensor_v2\n(K\1K\0))t"
           "R."),
     "no storage, shape"},
    {BYTES("\x80\2"
           "ctorch._utils\n_rebuild_qtensor\n)R."),
     "would call torch._utils._rebuild_qtensor"},
};

START_TEST(a_bad_pickle_is_refused)
{
  struct Pickle pickle;
  struct Error error = {0};
  bool read = pickle_read(&pickle, (const unsigned char *)bad_pickles[_i].bytes,
                          bad_pickles[_i].size, &error);
  if (read) pickle_release(&pickle);
  ck_assert_int_eq(read, !bad_pickles[_i].expected);
  if (!read)
    ck_assert_msg(strstr(error.message, bad_pickles[_i].expected), "\"%s\" does not contain \"%s\"",
                  error.message, bad_pickles[_i].expected);
}
END_TEST

/* ---- archives ---- */

static char path[] = "/tmp/check_pytorch.XXXXXX";

static void make_path(void)
{
  int descriptor = mkstemp(path);
  ck_assert_int_ge(descriptor, 0);
  close(descriptor);
}

static void remove_path(void)
{
  unlink(path);
  memcpy(path + sizeof path - 7, "XXXXXX", 6);
}

struct Entry {
  const char *name;
  const void *bytes;
  size_t size;
  bool compressed;
};

static void write_archive(const struct Entry *entries, int n)
{
  int code;
  zip_t *archive = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code);
  ck_assert_ptr_nonnull(archive);
  for (int i = 0; i < n; i++) {
    zip_source_t *source = zip_source_buffer(archive, entries[i].bytes, entries[i].size, 0);
    zip_int64_t index = zip_file_add(archive, entries[i].name, source, ZIP_FL_ENC_UTF_8);
    ck_assert_int_ge(index, 0);
    zip_set_file_compression(archive, (zip_uint64_t)index,
                             entries[i].compressed ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
  }
  ck_assert_int_eq(zip_close(archive), 0);
}

/* A float tensor of a storage with that key, count, offset, shape and strides, as torch.save has
   it; numbers below 256. */
#define STORAGE(type, key, count)                                                                  \
  "(X\7\0\0\0storagectorch\n" type "\nX\1\0\0\0" key "X\3\0\0\0cpu" count "tQ"
#define TENSOR(type, key, count, offset, shape, strides)                                           \
  "ctorch._utils\n_rebuild_tensor_v2\n(" STORAGE(type, key, count) offset shape strides "\x89}tR"

static const float six[] = {0, 1, 2, 3, 4, 5};

static bool open_file(struct TorchFile *file, struct Error *error)
{
  unsigned char start[64];
  int descriptor = open(path, O_RDONLY);
  ck_assert_int_ge(descriptor, 0);
  ssize_t got = pread(descriptor, start, sizeof start, 0);
  return torch_open(file, torch_kind(start, (size_t)got), descriptor, error);
}

/* A pickle of one tensor beside data/0, which has `size` bytes. */
static void write_tensor(const char *pickle, size_t pickle_size, const void *bytes, size_t size,
                         const char *order)
{
  const struct Entry entries[] = {{"a/data.pkl", pickle, pickle_size, false},
                                  {"a/data/0", bytes, size, false},
                                  {"a/byteorder", order, order ? strlen(order) : 0, false}};
  write_archive(entries, order ? 3 : 2);
}

static const struct {
  const char *pickle;
  size_t size;
  size_t n;
  float expected[6];
} views[] = {
    /* [2, 3], its transpose, a column, a diagonal, one number thrice, a scalar, none */
    {BYTES("\x80\2" TENSOR("FloatStorage", "0", "K\6", "K\0", "K\2K\3\x86", "K\3K\1\x86") "."),
     6,
     {0, 1, 2, 3, 4, 5}},
    {BYTES("\x80\2" TENSOR("FloatStorage", "0", "K\6", "K\0", "K\3K\2\x86", "K\1K\3\x86") "."),
     6,
     {0, 3, 1, 4, 2, 5}},
    {BYTES("\x80\2" TENSOR("FloatStorage", "0", "K\6", "K\2", "K\2\x85", "K\3\x85") "."),
     2,
     {2, 5}},
    {BYTES("\x80\2" TENSOR("FloatStorage", "0", "K\6", "K\0", "K\2\x85", "K\4\x85") "."),
     2,
     {0, 4}},
    {BYTES("\x80\2" TENSOR("FloatStorage", "0", "K\6", "K\5", "K\3\x85", "K\0\x85") "."),
     3,
     {5, 5, 5}},
    {BYTES("\x80\2" TENSOR("FloatStorage", "0", "K\6", "K\4", ")", ")") "."), 1, {4}},
    {BYTES("\x80\2" TENSOR("FloatStorage", "0", "K\6", "K\0", "K\0K\3\x86", "K\3K\1\x86") "."),
     0,
     {0}},
};

static void assert_view(size_t n, const float *expected)
{
  struct TorchFile file;
  struct View view;
  struct Error error = {0};
  float found[6];
  ck_assert_msg(open_file(&file, &error), "%s", error.message);
  ck_assert_msg(torch_view(&file, file.pickle.value, &view, &error), "%s", error.message);
  ck_assert_uint_eq(view_count(&view), n);
  view_copy(&view, found);
  for (size_t i = 0; i < n; i++)
    ck_assert_float_eq(found[i], expected[i]);
  torch_close(&file);
}

START_TEST(a_view_has_its_elements)
{
  write_tensor(views[_i].pickle, views[_i].size, six, sizeof six, NULL);
  assert_view(views[_i].n, views[_i].expected);
}
END_TEST

START_TEST(bytes_of_the_other_order_are_swapped)
{
  unsigned char bytes[sizeof six];
  for (size_t i = 0; i < sizeof six; i++)
    bytes[i] = ((const unsigned char *)six)[i / 4 * 4 + 3 - i % 4];
  write_tensor(views[1].pickle, views[1].size, bytes, sizeof bytes, "big");
  assert_view(views[1].n, views[1].expected);
  write_tensor(views[1].pickle, views[1].size, six, sizeof six, "little");
  assert_view(views[1].n, views[1].expected);
}
END_TEST

static const struct {
  const char *pickle;
  size_t size;
  const char *expected;
} bad_views[] = {
    {BYTES("\x80\2" TENSOR("FloatStorage", "0", "K\7", "K\0", "K\7\x85", "K\1\x85") "."),
     "reaches to element 6 of its storage, which has only 6"},
    {BYTES("\x80\2" TENSOR("FloatStorage", "0", "K\6", "K\1", "K\2K\3\x86", "K\3K\1\x86") "."),
     "reaches to element 6"},
    {BYTES("\x80\2" TENSOR("DoubleStorage", "0", "K\6", "K\0", "K\4\x85", "K\1\x85") "."),
     "reaches to element 3 of its storage, which has only 3"},
    {BYTES("\x80\2" TENSOR("FloatStorage", "0", "\x8a\5\0\xca\x9a\x3b\0", "K\0",
                           "\x8a\5\0\xca\x9a\x3b\0\x85", "K\1\x85") "."),
     "reaches to element 999999999"},
    {BYTES("\x80\2" TENSOR("FloatStorage", "0", "K\6", "J\xff\xff\xff\xff", "K\1\x85",
                           "K\1\x85") "."),
     "negative"},
    {BYTES("\x80\2" TENSOR("FloatStorage", "0", "K\6", "K\0", "J\xff\xff\xff\xff\x85",
                           "K\1\x85") "."),
     "negative"},
    {BYTES("\x80\2" TENSOR("FloatStorage", "0", "K\6", "K\0", "K\2\x85",
                           "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x85") "."),
     "reaches to element 9223372036854775807"},
    {BYTES("\x80\2" TENSOR("FloatStorage", "0", "K\6", "K\0",
                           "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"
                           "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f\x86",
                           "K\0K\0\x86") "."),
     "cannot be addressed"},
    {BYTES("\x80\2" TENSOR("FloatStorage", "0", "K\6", "K\0", "(K\1K\1K\1K\1K\1K\1t",
                           "(K\1K\1K\1K\1K\1K\1t") "."),
     "has 6 axes"},
    {BYTES("\x80\2" TENSOR("FloatStorage", "1", "K\6", "K\0", "K\1\x85", "K\1\x85") "."),
     "\"data/1\" is missing in the archive"},
    {BYTES("\x80\2N."), "is no tensor"},
};

START_TEST(a_bad_view_is_refused)
{
  struct TorchFile file;
  struct View view;
  struct Error error = {0};
  write_tensor(bad_views[_i].pickle, bad_views[_i].size, six, sizeof six, NULL);
  ck_assert_msg(open_file(&file, &error), "%s", error.message);
  ck_assert(!torch_view(&file, file.pickle.value, &view, &error));
  ck_assert_msg(strstr(error.message, bad_views[_i].expected), "\"%s\" does not contain \"%s\"",
                error.message, bad_views[_i].expected);
  torch_close(&file);
}
END_TEST

/* ---- damage ---- */

static void assert_refused(const char *expected)
{
  struct Safetensors file;
  struct CheckpointNotes notes;
  struct Error error = {0};
  ck_assert(!checkpoint_open(&file, path, &(struct CheckpointHints){0}, &notes, &error));
  ck_assert_int_eq(strncmp(error.message, path, strlen(path)), 0);
  ck_assert_msg(strstr(error.message, expected), "\"%s\" does not contain \"%s\"", error.message,
                expected);
}

/* Changes the bytes at the last place where `old` stands. */
static void patch(const void *old, const void *new, size_t size)
{
  static unsigned char bytes[1 << 16];
  FILE *stream = fopen(path, "r+b");
  size_t length = fread(bytes, 1, sizeof bytes, stream), at = length - size;
  while (at > 0 && memcmp(bytes + at, old, size) != 0)
    at--;
  ck_assert_uint_gt(at, 0);
  fseek(stream, (long)at, SEEK_SET);
  fwrite(new, 1, size, stream);
  ck_assert_int_eq(fclose(stream), 0);
}

/* A state dict of W_E, W_pos and W_U, which lies in data/0. */
#define STATE(shape)                                                                               \
  "\x80\2}(X\x09\0\0\0embed.W_E" TENSOR(                                                           \
      "FloatStorage", "0", "K\6", "K\0", shape,                                                    \
      "K\3K\1\x86") "X\x0f\0\0\0pos_embed.W_pos" TENSOR("FloatStorage", "0", "K\6", "K\0",         \
                                                        "K\2K\3\x86",                              \
                                                        "K\3K\1\x86") "X\x0b\0\0\0unembed.W_"      \
                                                                      "U" TENSOR("FloatStorage",   \
                                                                                 "0", "K\6",       \
                                                                                 "K\0",            \
                                                                                 "K\2K\3\x86",     \
                                                                                 "K\3K\1\x86") "u" \
                                                                                               "."

START_TEST(a_wrong_checksum_is_found)
{
  write_tensor(BYTES(STATE("K\2K\3\x86")), six, sizeof six, NULL);
  struct Safetensors file;
  struct CheckpointNotes notes;
  struct Error error = {0};
  ck_assert_msg(checkpoint_open(&file, path, &(struct CheckpointHints){0}, &notes, &error), "%s",
                error.message);
  ck_assert_uint_eq(file.n_tensors, 3);
  safetensors_close(&file);
  checkpoint_notes_release(&notes);
  const float other = 7;
  patch(&six[5], &other, sizeof other);
  assert_refused("\"a/data/0\" in the archive is damaged: CRC error");
}
END_TEST

START_TEST(an_archive_that_is_cut_off_is_refused)
{
  write_tensor(BYTES(STATE("K\2K\3\x86")), six, sizeof six, NULL);
  FILE *stream = fopen(path, "r+b");
  fseek(stream, 0, SEEK_END);
  long size = ftell(stream);
  fclose(stream);
  for (long length = 64; length < size; length += 97) {
    ck_assert_int_eq(truncate(path, length), 0);
    assert_refused("a zip archive that is damaged or cut off");
    write_tensor(BYTES(STATE("K\2K\3\x86")), six, sizeof six, NULL);
  }
}
END_TEST

START_TEST(a_tensor_beyond_its_storage_is_named)
{
  write_tensor(BYTES(STATE("K\3K\3\x86")), six, sizeof six, NULL);
  assert_refused(": embed.W_E: reaches to element 8 of its storage, which has only 6 in the file");
}
END_TEST

START_TEST(what_is_compressed_is_refused)
{
  static const char zeros[100000];
  const struct Entry entries[] = {{"a/data.pkl", BYTES(STATE("K\2K\3\x86")), false},
                                  {"a/data/0", zeros, sizeof zeros, true}};
  write_archive(entries, 2);
  assert_refused("\"a/data/0\" in the archive is compressed");
}
END_TEST

/* The sizes of the last entry, as the directory claims them. */
START_TEST(a_size_that_the_file_does_not_have_is_refused)
{
  static const char sizes[] = "\x18\0\0\0\x18\0\0\0\x08\0\0\0",
                    claimed[] = "\0\xca\x9a\x3b\0\xca\x9a\x3b\x08\0\0\0";
  write_tensor(BYTES(STATE("K\2K\3\x86")), six, sizeof six, NULL);
  patch(sizes, claimed, sizeof sizes - 1);
  assert_refused("\"a/data/0\" in the archive would have 1000000000 bytes");
}
END_TEST

START_TEST(an_archive_of_something_else_is_refused)
{
  const struct Entry other[] = {{"read me", BYTES("text"), false}};
  write_archive(other, 1);
  assert_refused("not one of torch.save");
  const struct Entry script[] = {{"a/constants.pkl", BYTES("\x80\2)."), false},
                                 {"a/data.pkl", BYTES("\x80\2)."), false}};
  write_archive(script, 2);
  assert_refused("a TorchScript program");
}
END_TEST

START_TEST(a_file_without_weights_says_what_it_holds)
{
  const struct Entry entries[] = {
      {"a/data.pkl", BYTES("\x80\2}(X\6\0\0\0losses]X\4\0\0\0sizeK\1u."), false}};
  write_archive(entries, 1);
  assert_refused("holds no weights: no state dict, but a dictionary with losses, size");
}
END_TEST

/* ---- many names ---- */

/* A million names that no network has: one message, in time and memory in proportion. */
START_TEST(a_million_names_take_memory_in_proportion)
{
  enum { NAMES = 1000000, NAME = 12 };
  static const char start[] =
      "\x80\2}q\0("
      "X\1\0\0\0." TENSOR("FloatStorage", "0", "K\6", "K\0", "K\1\x85", "K\1\x85") "q\1",
                    end[] = "u.";
  size_t room = sizeof start + (size_t)NAMES * (5 + NAME + 2) + sizeof end;
  char *pickle = malloc(room), *at = pickle + sizeof start - 1;
  memcpy(pickle, start, sizeof start - 1);
  for (int i = 0; i < NAMES; i++) {
    char name[5 + NAME + 1] = {'X', NAME};
    snprintf(name + 5, NAME + 1, "blocks.%05d", i % 100000);
    memcpy(at, name, 5 + NAME);
    memcpy(at + 5 + NAME, "h\1", 2);
    at += 5 + NAME + 2;
  }
  memcpy(at, end, sizeof end - 1);
  at += sizeof end - 1;
  struct rusage before, after;
  write_tensor(pickle, (size_t)(at - pickle), six, sizeof six, NULL);
  free(pickle);
  getrusage(RUSAGE_SELF, &before);
  assert_refused("has no parameter with a name that is known here");
  getrusage(RUSAGE_SELF, &after);
  ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, 40 * (long)(room >> 10));
}
END_TEST

/* ---- older files ---- */

#define MAGIC                                                                                      \
  "\x80\x02\x8a\x0al\xfc\x9c"                                                                      \
  "F\xf9 j\xa8P\x19.\x80\2M\xe9\3.\x80\2}."
#define KEYS                                                                                       \
  "\x80\2]X\1\0\0\0"                                                                               \
  "0a."

static void write_old(const char *pickle, size_t size, uint64_t count, size_t bytes)
{
  FILE *stream = fopen(path, "wb");
  fwrite(BYTES(MAGIC), 1, stream);
  fwrite(pickle, 1, size, stream);
  fwrite(BYTES(KEYS), 1, stream);
  fwrite(&count, sizeof count, 1, stream);
  fwrite(six, 1, bytes, stream);
  ck_assert_int_eq(fclose(stream), 0);
}

START_TEST(an_older_file_has_its_elements)
{
  write_old(views[_i].pickle, views[_i].size, 6, sizeof six);
  assert_view(views[_i].n, views[_i].expected);
}
END_TEST

START_TEST(an_older_file_that_is_cut_off_is_refused)
{
  write_old(BYTES(STATE("K\2K\3\x86")), 6, sizeof six - 1);
  assert_refused("storage 0 would have 6 elements of 4 bytes, but only 23 bytes follow");
  write_old(BYTES(STATE("K\2K\3\x86")), UINT64_MAX / 2, sizeof six);
  assert_refused("storage 0 would have 9223372036854775807 elements");
  write_old(BYTES("\x80\2cos\nsystem\nX\4\0\0\0echo\x85R."), 6, sizeof six);
  assert_refused("would call os.system");
}
END_TEST

int main(void)
{
  Suite *suite = suite_create("pytorch");
  TCase *pickles = tcase_create("pickles");
  tcase_add_test(pickles, numbers_texts_and_lists_are_read);
  tcase_add_test(pickles, a_configuration_is_kept_as_written);
  tcase_add_test(pickles, a_list_may_hold_itself);
  tcase_add_loop_test(pickles, a_bad_pickle_is_refused, 0, LENGTH(bad_pickles));
  suite_add_tcase(suite, pickles);
  TCase *files = tcase_create("files");
  tcase_add_checked_fixture(files, make_path, remove_path);
  tcase_add_loop_test(files, a_view_has_its_elements, 0, LENGTH(views));
  tcase_add_test(files, bytes_of_the_other_order_are_swapped);
  tcase_add_loop_test(files, a_bad_view_is_refused, 0, LENGTH(bad_views));
  tcase_add_test(files, a_wrong_checksum_is_found);
  tcase_add_test(files, an_archive_that_is_cut_off_is_refused);
  tcase_add_test(files, a_tensor_beyond_its_storage_is_named);
  tcase_add_test(files, what_is_compressed_is_refused);
  tcase_add_test(files, a_size_that_the_file_does_not_have_is_refused);
  tcase_add_test(files, an_archive_of_something_else_is_refused);
  tcase_add_test(files, a_file_without_weights_says_what_it_holds);
  tcase_add_test(files, a_million_names_take_memory_in_proportion);
  tcase_add_loop_test(files, an_older_file_has_its_elements, 0, LENGTH(views));
  tcase_add_test(files, an_older_file_that_is_cut_off_is_refused);
  tcase_set_timeout(files, 60);
  suite_add_tcase(suite, files);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
