/* Safetensors files: round trips, and rejection of inconsistent files. */
#include "tensor/safetensors.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char path[] = "/tmp/check_tensor.XXXXXX";

static void make_file(void)
{
  int descriptor = mkstemp(path);
  ck_assert_int_ge(descriptor, 0);
  close(descriptor);
}

static void remove_file(void)
{
  unlink(path);
  memcpy(path + sizeof path - 7, "XXXXXX", 6);
}

static void write_bytes(const void *bytes, size_t size)
{
  FILE *stream = fopen(path, "wb");
  ck_assert_ptr_nonnull(stream);
  ck_assert_uint_eq(fwrite(bytes, 1, size, stream), size);
  ck_assert_int_eq(fclose(stream), 0);
}

/* A file with the given length field, header bytes, and number of zero bytes of data. */
static void write_parts(uint64_t length, const char *header, size_t header_size, size_t data_size)
{
  char *bytes = calloc(1, 8 + header_size + data_size);
  for (int i = 0; i < 8; i++)
    bytes[i] = (char)(length >> 8 * i);
  if (header_size > 0) memcpy(bytes + 8, header, header_size);
  write_bytes(bytes, 8 + header_size + data_size);
  free(bytes);
}

static void write_header(const char *header, size_t data_size)
{
  write_parts(strlen(header), header, strlen(header), data_size);
}

static void assert_contains(const char *text, const char *part)
{
  ck_assert_msg(strstr(text, part), "\"%s\" does not contain \"%s\"", text, part);
}

/* Asserts that opening the file fails with a message that starts with its name and contains
   `expected`. */
static void assert_refused(const char *expected)
{
  struct Error error = {0};
  struct Safetensors file;
  ck_assert_msg(!safetensors_open(&file, path, &error), "opened, expected: %s", expected);
  ck_assert_int_eq(strncmp(error.message, path, strlen(path)), 0);
  ck_assert_msg(!strpbrk(error.message, "\n\033"), "the message is more than a line of text");
  assert_contains(error.message, expected);
  ck_assert_ptr_null(file.path);
}

/* ---- inconsistent files ---- */

#define F32_PAIR(name, begin, end)                                                                 \
  "\"" name "\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[" begin "," end "]}"
#define ONE(dtype, shape, offsets)                                                                 \
  "{\"w\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":" offsets "}}"

static const struct {
  const char *header;
  size_t data_size;
  const char *expected;
} bad_headers[] = {
    /* not an object, or not JSON */
    {"", 0, "the header is not a JSON object"},
    {"[]", 0, "the header is not a JSON object"},
    {"7", 0, "the header is not a JSON object"},
    {" {}", 0, "the header is not a JSON object"},
    {"{", 0, "not valid JSON"},
    {"{}x", 0, "not valid JSON"},
    {"{}{}", 0, "not valid JSON"},
    {"{\"w\":}", 0, "not valid JSON"},
    {"{\"\xff\":1}", 0, "not valid JSON"},
    {"{\"a\\u0000b\":{}}", 0, "not valid JSON"},
    {"{\"__metadata__\":{\"k\":\"a\\u0000b\"}}", 0, "not valid JSON"},
    {"{\"__metadata__\":{\"k\":1e999}}", 0, "not valid JSON"},
    {"{" F32_PAIR("w", "0", "8") "," F32_PAIR("w", "8", "16") "}", 16, "duplicate object key"},
    {ONE("\"F32\",\"dtype\":\"F32\"", "[2]", "[0,8]"), 8, "duplicate object key"},
    /* metadata */
    {"{\"__metadata__\":[]}", 0, "__metadata__ is not a JSON object"},
    {"{\"__metadata__\":\"text\"}", 0, "__metadata__ is not a JSON object"},
    {"{\"__metadata__\":{\"epochs\":3}}", 0,
     "__metadata__: the value of \"epochs\" is not a string"},
    /* entries */
    {"{\"w\":3}", 0, "tensor \"w\": its header entry is not a JSON object"},
    {"{\"w\":{}}", 0, "tensor \"w\": \"dtype\" is missing"},
    {"{\"w\\n\\u001b[2J\":{}}", 0, "tensor \"w??[2J\": \"dtype\" is missing"},
    {ONE("4", "[2]", "[0,8]"), 8, "\"dtype\" is missing or not a string"},
    {ONE("\"F33\"", "[2]", "[0,8]"), 8, "unknown dtype \"F33\""},
    {ONE("\"f32\"", "[2]", "[0,8]"), 8, "unknown dtype \"f32\""},
    {"{\"w\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", 8,
     "\"shape\" is missing or not an array"},
    {ONE("\"F32\"", "2", "[0,8]"), 8, "\"shape\" is missing or not an array"},
    {ONE("\"F32\"", "[-2]", "[0,8]"), 8, "axis 0 of \"shape\" is not a non-negative integer"},
    {ONE("\"F32\"", "[1,2.0]", "[0,8]"), 8, "axis 1 of \"shape\" is not a non-negative integer"},
    {ONE("\"F32\"", "[\"2\"]", "[0,8]"), 8, "axis 0 of \"shape\" is not a non-negative integer"},
    {ONE("\"F32\"", "[99999999999999999999]", "[0,8]"), 8, "not valid JSON"},
    {ONE("\"F32\"", "[1,1,1,1,2,1]", "[0,8]"), 8, "has 6 axes, more than the 5"},
    {ONE("\"F32\"", "[4294967296,4294967296,4]", "[0,8]"), 8, "more elements than can be"},
    {ONE("\"F32\"", "[4611686018427387906]", "[0,8]"), 8, "spans 8 bytes, but F32 of shape"},
    {"{\"w\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, "\"data_offsets\" is missing"},
    {ONE("\"F32\"", "[2]", "[0]"), 8,
     "\"data_offsets\" is missing or not an array of two integers"},
    {ONE("\"F32\"", "[2]", "[0,8,8]"), 8,
     "\"data_offsets\" is missing or not an array of two integers"},
    {ONE("\"F32\"", "[2]", "[0,8.0]"), 8,
     "\"data_offsets\" is missing or not an array of two integers"},
    {ONE("\"F32\"", "[2]", "{\"0\":0}"), 8,
     "\"data_offsets\" is missing or not an array of two integers"},
    {ONE("\"F32\"", "[2]", "[-8,0]"), 8, "\"data_offsets\" is [-8, 0]"},
    {ONE("\"F32\"", "[2]", "[8,0]"), 8, "\"data_offsets\" is [8, 0]"},
    {ONE("\"F32\"", "[2]", "[0,9223372036854775807]"), 8, "spans 9223372036854775807 bytes"},
    {ONE("\"F32\"", "[3]", "[0,8]"), 8, "spans 8 bytes, but F32 of shape [3] needs 3 x 4"},
    {ONE("\"F64\"", "[2]", "[0,8]"), 8, "spans 8 bytes, but F64 of shape [2] needs 2 x 8"},
    {ONE("\"F16\"", "[2]", "[0,8]"), 8, "spans 8 bytes, but F16 of shape [2] needs 2 x 2"},
    {ONE("\"F32\"", "[]", "[0,8]"), 8, "spans 8 bytes, but F32 of shape [] needs 1 x 4"},
    {ONE("\"F32\"", "[2,0]", "[0,8]"), 8, "spans 8 bytes, but F32 of shape [2, 0] needs 0 x 4"},
    /* entries taken together */
    {"{" F32_PAIR("v", "0", "8") "," F32_PAIR("w", "4", "12") "}", 12,
     "tensors \"v\" and \"w\" overlap by 4 bytes"},
    {"{" F32_PAIR("v", "0", "8") "," F32_PAIR("w", "0", "8") "}", 8,
     "tensors \"v\" and \"w\" overlap by 8 bytes"},
    {"{" F32_PAIR("w", "12", "20") "," F32_PAIR("v", "0", "8") "}", 20,
     "4 bytes before tensor \"w\" belong to no tensor"},
    {"{" F32_PAIR("w", "4", "12") "}", 12, "4 bytes before tensor \"w\" belong to no tensor"},
    {"{" F32_PAIR("v", "0", "8") "," F32_PAIR("w", "8", "16") "}", 11,
     "truncated: 5 of 16 bytes of data are missing"},
    {"{" F32_PAIR("w", "0", "8") "}", 0, "truncated: 8 of 8 bytes of data are missing"},
    {"{" F32_PAIR("w", "0", "8") "}", 9, "1 bytes after the last tensor belong to no tensor"},
    {"{}", 4, "4 bytes after the last tensor belong to no tensor"},
};

START_TEST(a_header_that_lies_is_refused)
{
  write_header(bad_headers[_i].header, bad_headers[_i].data_size);
  assert_refused(bad_headers[_i].expected);
}
END_TEST

START_TEST(a_header_longer_than_the_file_is_refused)
{
  write_parts(100, "{}", 2, 8);
  assert_refused("truncated: 90 of 100 bytes of its header are missing");
  write_parts(UINT64_MAX, "{}", 2, 0);
  assert_refused("its header would be 18446744073709551615 bytes long");
  write_parts(UINT64_MAX - 7, "{}", 2, 0);
  assert_refused("more than the 100000000 that the format allows");
  write_parts(100000001, "{}", 2, 0);
  assert_refused("more than the 100000000 that the format allows");
}
END_TEST

START_TEST(a_file_too_short_for_a_header_is_refused)
{
  write_bytes("", 0);
  assert_refused("not a safetensors file: 0 bytes");
  write_bytes("1234567", 7);
  assert_refused("not a safetensors file: 7 bytes");
  write_parts(0, "", 0, 0);
  assert_refused("the header is not a JSON object");
}
END_TEST

START_TEST(a_header_with_a_nul_byte_is_refused)
{
  write_parts(4, "{}\0 ", 4, 0);
  assert_refused("not valid JSON");
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
  enum { DEPTH = 1000000 };
  char *header = malloc(6 * DEPTH);
  for (int i = 0; i < DEPTH; i++)
    memcpy(header + 5 * i, "{\"a\":", 5);
  write_parts(5 * DEPTH, header, 5 * DEPTH, 0);
  assert_refused("maximum parsing depth reached");
  memset(header, '[', DEPTH);
  memcpy(header, "{\"w\":", 5);
  write_parts(DEPTH, header, DEPTH, 0);
  assert_refused("maximum parsing depth reached");
  free(header);
}
END_TEST

/* Every truncation of a valid file is rejected. */
START_TEST(a_cut_file_is_refused)
{
  const char header[] = "{" F32_PAIR("v", "0", "8") "," F32_PAIR("w", "8", "16") "}";
  size_t whole = 8 + strlen(header) + 16;
  for (size_t size = 0; size < whole; size++) {
    write_header(header, 16);
    ck_assert_int_eq(truncate(path, (off_t)size), 0);
    assert_refused(size < 8 ? "not a safetensors file" : "truncated");
  }
}
END_TEST

START_TEST(what_is_no_file_is_refused)
{
  struct Error error = {0};
  struct Safetensors file;
  remove_file();
  ck_assert(!safetensors_open(&file, "/nowhere/at.all", &error));
  ck_assert_str_eq(error.message, "/nowhere/at.all: cannot open: No such file or directory");
  ck_assert(!safetensors_open(&file, "/", &error));
  ck_assert_str_eq(error.message, "/: cannot read: not a regular file");
  make_file();
  unlink(path);
  ck_assert_int_eq(mkfifo(path, 0600), 0); /* must not wait for a writer */
  assert_refused("not a regular file");
}
END_TEST

/* ---- valid files ---- */

START_TEST(a_file_without_tensors_opens)
{
  struct Error error = {0};
  struct Safetensors file;
  write_header("{}", 0);
  ck_assert_msg(safetensors_open(&file, path, &error), "%s", error.message);
  ck_assert_uint_eq(file.n_tensors, 0);
  ck_assert_uint_eq(file.n_metadata, 0);
  ck_assert_ptr_null(safetensors_find(&file, "w"));
  ck_assert_ptr_null(safetensors_metadata(&file, "k"));
  safetensors_close(&file);
}
END_TEST

/* Any order of entries, trailing spaces, unaligned data, empty tensors, unknown fields as later
   versions of the format may add. */
START_TEST(unusual_but_sound_files_open)
{
  struct Error error = {0};
  struct Safetensors file;
  const char header[] =
      "{\"second\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[1,9],\"later\":[1]},"
      "\"empty\":{\"dtype\":\"F64\",\"shape\":[3,0],\"data_offsets\":[1,1]},"
      "\"first\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]},"
      "\"last\":{\"dtype\":\"I64\",\"shape\":[0],\"data_offsets\":[9,9]}}   ";
  write_header(header, 9);
  int descriptor = open(path, O_WRONLY);
  const char data[9] = {7, 0, 0, (char)0xc0, (char)0x3f, 0, 0, 0x20, (char)0xc0}; /* 7, 1.5, -2.5 */
  ck_assert_int_eq(pwrite(descriptor, data, 9, (off_t)(8 + strlen(header))), 9);
  close(descriptor);

  ck_assert_msg(safetensors_open(&file, path, &error), "%s", error.message);
  const char *const order[] = {"first", "empty", "second", "last"};
  ck_assert_uint_eq(file.n_tensors, 4);
  for (size_t i = 0; i < 4; i++)
    ck_assert_str_eq(file.tensors[i].name, order[i]);
  ck_assert_int_eq(file.tensors[0].rank, 0);
  ck_assert_uint_eq(file.tensors[0].count, 1);
  int64_t integer;
  ck_assert(tensor_read_integers(&file.tensors[0], 0, 1, &integer, &error));
  ck_assert_int_eq(integer, 7);
  ck_assert_uint_eq(file.tensors[1].count, 0);
  float values[2];
  ck_assert(tensor_read_floats(&file.tensors[1], 0, 0, NULL, &error));
  ck_assert(tensor_read_floats(&file.tensors[2], 0, 2, values, &error));
  ck_assert(values[0] == 1.5f && values[1] == -2.5f);
  safetensors_close(&file);
}
END_TEST

/* More elements than one piece, and ranges that start and end anywhere. */
START_TEST(long_tensors_are_read_in_pieces)
{
  enum { N = 5000, FIRST = 7, COUNT = 4990 };
  struct Error error = {0};
  struct SafetensorsWriter writer;
  struct Safetensors file;
  const struct TensorSpec wanted[] = {{"doubles", DTYPE_F64, 1, {N}}, {"bytes", DTYPE_U8, 1, {N}}};
  double many[N];
  uint8_t small[N];
  for (int i = 0; i < N; i++) {
    many[i] = i;
    small[i] = (uint8_t)(i % 251);
  }
  ck_assert(safetensors_create(&writer, path, wanted, 2, NULL, 0, &error));
  ck_assert(safetensors_write(&writer, 0, 0, many, sizeof many, &error));
  ck_assert(safetensors_write(&writer, 1, 0, small, sizeof small, &error));
  ck_assert(safetensors_finish(&writer, &error));
  ck_assert(safetensors_open(&file, path, &error));
  float values[COUNT];
  int64_t numbers[COUNT];
  ck_assert(tensor_read_floats(&file.tensors[0], FIRST, COUNT, values, &error));
  ck_assert(tensor_read_integers(&file.tensors[1], FIRST, COUNT, numbers, &error));
  for (int i = 0; i < COUNT; i++)
    ck_assert(values[i] == (float)(i + FIRST) && numbers[i] == (i + FIRST) % 251);
  safetensors_close(&file);
}
END_TEST

static const struct {
  enum DType dtype;
  uint16_t bits;
  float value;
} narrow_floats[] = {
    {DTYPE_F16, 0x0000, 0.0f},         {DTYPE_F16, 0x3c00, 1.0f},
    {DTYPE_F16, 0xc100, -2.5f},        {DTYPE_F16, 0x3555, 0x1.554p-2f},
    {DTYPE_F16, 0x7bff, 65504.0f},     {DTYPE_F16, 0x0400, 0x1p-14f},
    {DTYPE_F16, 0x03ff, 0x1.ff8p-15f}, {DTYPE_F16, 0x8001, -0x1p-24f},
    {DTYPE_F16, 0x7c00, INFINITY},     {DTYPE_F16, 0xfc00, -INFINITY},
    {DTYPE_BF16, 0x3f80, 1.0f},        {DTYPE_BF16, 0xc020, -2.5f},
    {DTYPE_BF16, 0x0001, 0x1p-133f},   {DTYPE_BF16, 0x7f7f, 0x1.fep127f},
    {DTYPE_BF16, 0xff80, -INFINITY},
};

/* In a tensor of an odd number of elements at an odd (unaligned) position. */
START_TEST(narrow_floats_are_read_exactly)
{
  struct Error error = {0};
  struct Safetensors file;
  char header[128];
  const uint16_t nan_bits = narrow_floats[_i].dtype == DTYPE_F16 ? 0x7e00 : 0x7fc0;
  const uint16_t bits[3] = {nan_bits, narrow_floats[_i].bits, (uint16_t)~0};
  snprintf(header, sizeof header, "{\"w\":{\"dtype\":\"%s\",\"shape\":[3],\"data_offsets\":[0,6]}}",
           dtype_name(narrow_floats[_i].dtype));
  write_header(header, 6);
  int descriptor = open(path, O_WRONLY);
  ck_assert_int_eq(pwrite(descriptor, bits, 6, (off_t)(8 + strlen(header))), 6);
  close(descriptor);
  ck_assert_msg(safetensors_open(&file, path, &error), "%s", error.message);
  float values[3];
  ck_assert(tensor_read_floats(&file.tensors[0], 0, 3, values, &error));
  ck_assert(isnan(values[0]) && isnan(values[2]));
  ck_assert(values[1] == narrow_floats[_i].value);
  ck_assert((signbit(values[1]) != 0) == (bits[1] >> 15));
  safetensors_close(&file);
}
END_TEST

/* Another file is copied over it. */
START_TEST(a_file_that_shrinks_while_it_is_open_is_an_error)
{
  struct Error error = {0};
  struct Safetensors file;
  float values[2];
  write_header("{" F32_PAIR("v", "0", "8") "," F32_PAIR("w", "8", "16") "}", 16);
  ck_assert(safetensors_open(&file, path, &error));
  struct stat status;
  ck_assert_int_eq(stat(path, &status), 0);
  ck_assert_int_eq(truncate(path, status.st_size - 3), 0);
  ck_assert(tensor_read_floats(&file.tensors[0], 0, 2, values, &error));
  ck_assert(!tensor_read_floats(&file.tensors[1], 0, 2, values, &error));
  ck_assert_str_eq(error.message, "tensor \"w\": cannot read: the file has become shorter");
  safetensors_close(&file);
}
END_TEST

START_TEST(a_disk_that_fails_gives_the_reason)
{
  struct Error error = {0};
  struct Safetensors file;
  float values[2];
  write_header("{" F32_PAIR("w", "0", "8") "}", 8);
  ck_assert(safetensors_open(&file, path, &error));
  int folder = open("/", O_RDONLY); /* reading it fails */
  ck_assert_int_eq(dup2(folder, file.descriptor), file.descriptor);
  close(folder);
  ck_assert(!tensor_read_floats(&file.tensors[0], 0, 2, values, &error));
  ck_assert_str_eq(error.message, "tensor \"w\": cannot read: Is a directory");
  safetensors_close(&file);
}
END_TEST

static const struct {
  const char *name;
  size_t size;
} dtypes[N_DTYPES] = {
    [DTYPE_F32] = {"F32", 4},         [DTYPE_F64] = {"F64", 8},
    [DTYPE_I64] = {"I64", 8},         [DTYPE_U8] = {"U8", 1},
    [DTYPE_BOOL] = {"BOOL", 1},       [DTYPE_F16] = {"F16", 2},
    [DTYPE_BF16] = {"BF16", 2},       [DTYPE_F8_E4M3] = {"F8_E4M3", 1},
    [DTYPE_F8_E5M2] = {"F8_E5M2", 1}, [DTYPE_F8_E8M0] = {"F8_E8M0", 1},
    [DTYPE_I8] = {"I8", 1},           [DTYPE_I16] = {"I16", 2},
    [DTYPE_U16] = {"U16", 2},         [DTYPE_I32] = {"I32", 4},
    [DTYPE_U32] = {"U32", 4},         [DTYPE_U64] = {"U64", 8},
    [DTYPE_C64] = {"C64", 8},
};

/* A file may contain any dtype; for most, only reading elements is an error. */
START_TEST(every_dtype_of_the_format_opens)
{
  struct Error error = {0};
  struct Safetensors file;
  char header[256], expected[256];
  snprintf(header, sizeof header,
           "{\"w\":{\"dtype\":\"%s\",\"shape\":[3],\"data_offsets\":[0,%zu]}}", dtypes[_i].name,
           3 * dtypes[_i].size);
  write_header(header, 3 * dtypes[_i].size);
  ck_assert_msg(safetensors_open(&file, path, &error), "%s", error.message);
  ck_assert_int_eq(file.tensors[0].dtype, _i);
  ck_assert_uint_eq(dtype_size((enum DType)_i), dtypes[_i].size);
  ck_assert_str_eq(dtype_name((enum DType)_i), dtypes[_i].name);
  bool readable = _i == DTYPE_F32 || _i == DTYPE_F64 || _i == DTYPE_F16 || _i == DTYPE_BF16;
  float values[3] = {1, 1, 1};
  ck_assert(tensor_read_floats(&file.tensors[0], 0, 3, values, &error) == readable);
  ck_assert(values[2] == (readable ? 0.0f : 1.0f));
  snprintf(expected, sizeof expected, "tensor \"w\" has dtype %s, expected F32, F64, F16 or BF16",
           dtypes[_i].name);
  if (!readable) ck_assert_str_eq(error.message, expected);
  readable = _i == DTYPE_I64 || _i == DTYPE_U8 || _i == DTYPE_BOOL;
  int64_t integers_found[3] = {1, 1, 1};
  ck_assert(tensor_read_integers(&file.tensors[0], 0, 3, integers_found, &error) == readable);
  ck_assert_int_eq(integers_found[2], readable ? 0 : 1);
  snprintf(expected, sizeof expected, "tensor \"w\" has dtype %s, expected I64, U8 or BOOL",
           dtypes[_i].name);
  if (!readable) ck_assert_str_eq(error.message, expected);
  safetensors_close(&file);
}
END_TEST

START_TEST(shapes_are_shown_as_lists)
{
  char text[TENSOR_SHAPE_TEXT_SIZE];
  struct Tensor tensor = {.rank = 3, .shape = {401, 114, 128}};
  tensor_format_shape(&tensor, text);
  ck_assert_str_eq(text, "[401, 114, 128]");
  tensor.rank = 0;
  tensor_format_shape(&tensor, text);
  ck_assert_str_eq(text, "[]");
  tensor.rank = TENSOR_MAX_RANK;
  for (int i = 0; i < TENSOR_MAX_RANK; i++)
    tensor.shape[i] = SIZE_MAX;
  tensor_format_shape(&tensor, text);
  ck_assert_uint_eq(strlen(text), 5 * 20 + 4 * 2 + 2);
}
END_TEST

/* ---- writing ---- */

static const struct TensorSpec specs[] = {
    {"floats", DTYPE_F32, 2, {2, 3}}, {"doubles", DTYPE_F64, 1, {2}},
    {"integers", DTYPE_I64, 1, {2}},  {"bytes", DTYPE_U8, 1, {2}},
    {"flags", DTYPE_BOOL, 1, {3}},    {"scalar", DTYPE_F32, 0, {0}},
    {"nothing", DTYPE_F32, 1, {0}},
};
enum { N_SPECS = sizeof specs / sizeof *specs };

static const struct MetadataEntry metadata[] = {{"data.modulus", "113"},
                                                {"quotes", "\"a\"\\\n\tκ"}};

static const float floats[6] = {0.1f, -1, 3e38f, 1e-45f, INFINITY, 5};
static const double doubles[2] = {0.1, -1e300};
static const int64_t integers[2] = {INT64_MIN, 40000};
static const uint8_t bytes[2] = {0, 255}, flags[3] = {1, 0, 2};

static void write_example(struct SafetensorsWriter *writer)
{
  struct Error error = {0};
  ck_assert_msg(safetensors_create(writer, path, specs, N_SPECS, metadata, 2, &error), "%s",
                error.message);
  /* out of order and in pieces, as a training run does */
  ck_assert(safetensors_write(writer, 4, 0, flags, sizeof flags, &error));
  ck_assert(safetensors_write(writer, 0, 8, floats + 2, 16, &error));
  ck_assert(safetensors_write(writer, 1, 0, doubles, sizeof doubles, &error));
  ck_assert(safetensors_sync(writer, &error));
  ck_assert(safetensors_write(writer, 0, 0, floats, 8, &error));
  ck_assert(safetensors_write(writer, 2, 0, integers, sizeof integers, &error));
  ck_assert(safetensors_write(writer, 3, 0, bytes, sizeof bytes, &error));
}

START_TEST(what_is_written_comes_back)
{
  struct Error error = {0};
  struct SafetensorsWriter writer;
  struct Safetensors file;
  write_example(&writer);
  ck_assert_uint_eq(writer.data_start % 64, 0);
  ck_assert_msg(safetensors_finish(&writer, &error), "%s", error.message);
  safetensors_abandon(&writer);

  ck_assert_msg(safetensors_open(&file, path, &error), "%s", error.message);
  ck_assert_uint_eq(file.n_tensors, N_SPECS);
  ck_assert_uint_eq(file.n_metadata, 2);
  ck_assert_str_eq(safetensors_metadata(&file, "data.modulus"), "113");
  ck_assert_str_eq(safetensors_metadata(&file, "quotes"), metadata[1].value);
  for (size_t i = 0; i < N_SPECS; i++) {
    const struct Tensor *tensor = safetensors_find(&file, specs[i].name);
    ck_assert_ptr_eq(tensor, &file.tensors[i]);
    ck_assert_int_eq(tensor->dtype, specs[i].dtype);
    ck_assert_int_eq(tensor->rank, specs[i].rank);
    ck_assert_mem_eq(tensor->shape, specs[i].shape, sizeof tensor->shape);
  }
  float values[6];
  ck_assert(tensor_read_floats(&file.tensors[0], 0, 6, values, &error));
  ck_assert_mem_eq(values, floats, sizeof floats);
  ck_assert(tensor_read_floats(&file.tensors[0], 3, 2, values, &error));
  ck_assert_mem_eq(values, floats + 3, 2 * sizeof *floats);
  ck_assert(tensor_read_floats(&file.tensors[1], 0, 2, values, &error));
  ck_assert(values[0] == 0.1f && values[1] == -INFINITY);
  ck_assert(tensor_read_floats(&file.tensors[1], 1, 1, values, &error));
  ck_assert(values[0] == -INFINITY);
  int64_t found[3];
  ck_assert(tensor_read_integers(&file.tensors[2], 0, 2, found, &error));
  ck_assert_mem_eq(found, integers, sizeof integers);
  ck_assert(tensor_read_integers(&file.tensors[3], 1, 1, found, &error));
  ck_assert_int_eq(found[0], 255);
  ck_assert(tensor_read_integers(&file.tensors[4], 0, 3, found, &error));
  for (size_t i = 0; i < 3; i++)
    ck_assert_int_eq(found[i], flags[i] != 0);
  ck_assert(tensor_read_floats(&file.tensors[5], 0, 1, values, &error));
  ck_assert(values[0] == 0); /* never written */
  safetensors_close(&file);
}
END_TEST

/* The bytes of a file in full: the same input always gives the same file. */
START_TEST(the_file_has_the_published_layout)
{
  struct Error error = {0};
  struct SafetensorsWriter writer;
  const struct TensorSpec spec = {"w", DTYPE_U8, 2, {1, 2}};
  ck_assert(safetensors_create(&writer, path, &spec, 1, metadata, 1, &error));
  ck_assert(safetensors_write(&writer, 0, 0, "AB", 2, &error));
  ck_assert(safetensors_finish(&writer, &error));
  const char header[] = "{\"__metadata__\":{\"data.modulus\":\"113\"},\"w\":{\"dtype\":\"U8\","
                        "\"shape\":[1,2],\"data_offsets\":[0,2]}}";
  char expected[130], found[131];
  memset(expected, ' ', sizeof expected);
  memcpy(expected, "\x78\0\0\0\0\0\0\0", 8); /* 120: two times 64, less these 8 bytes */
  memcpy(expected + 8, header, strlen(header));
  memcpy(expected + 128, "AB", 2);
  FILE *stream = fopen(path, "rb");
  ck_assert_uint_eq(fread(found, 1, sizeof found, stream), sizeof expected);
  fclose(stream);
  ck_assert_mem_eq(found, expected, sizeof expected);
}
END_TEST

START_TEST(a_write_past_a_tensor_is_refused)
{
  struct Error error = {0};
  struct SafetensorsWriter writer;
  write_example(&writer);
  ck_assert(!safetensors_write(&writer, 0, 20, floats, 8, &error));
  assert_contains(error.message, "8 bytes at 20 do not fit tensor 0 of 24 bytes");
  ck_assert(!safetensors_write(&writer, 0, SIZE_MAX, floats, 8, &error));
  ck_assert(!safetensors_write(&writer, 6, 0, floats, 4, &error));
  safetensors_abandon(&writer);
  safetensors_abandon(&writer);
}
END_TEST

static const struct {
  struct TensorSpec tensors[2];
  struct MetadataEntry metadata[2];
  const char *expected;
} bad_specs[] = {
    {{{"w", DTYPE_U8, 0, {0}}, {"w", DTYPE_U8, 0, {0}}},
     {{"a", ""}, {"b", ""}},
     "the name \"w\" occurs twice"},
    {{{"w", DTYPE_U8, 0, {0}}, {"__metadata__", DTYPE_U8, 0, {0}}},
     {{"a", ""}, {"b", ""}},
     "the name \"__metadata__\" occurs twice"},
    {{{"w", DTYPE_U8, 0, {0}}, {"v", DTYPE_U8, 0, {0}}},
     {{"a", ""}, {"a", ""}},
     "the name \"a\" occurs twice"},
    {{{"w", DTYPE_U8, 0, {0}}, {"v", DTYPE_U8, 0, {0}}},
     {{"a", ""}, {"b", "\xff"}},
     "the name \"b\" or its value is not valid UTF-8"},
    {{{"w", DTYPE_U8, 0, {0}}, {"\xc3(", DTYPE_U8, 0, {0}}},
     {{"a", ""}, {"b", ""}},
     "or its value is not valid UTF-8"},
    {{{"w", DTYPE_F32, 2, {1UL << 32, 1UL << 32}}, {"v", DTYPE_U8, 0, {0}}},
     {{"a", ""}, {"b", ""}},
     "tensor \"w\" is larger than a file can be"},
    {{{"w", DTYPE_U8, 1, {1UL << 61}}, {"v", DTYPE_U8, 1, {1UL << 62}}},
     {{"a", ""}, {"b", ""}},
     "tensor \"v\" is larger than a file can be"},
    {{{"w", DTYPE_U8, 6, {1}}, {"v", DTYPE_U8, 0, {0}}},
     {{"a", ""}, {"b", ""}},
     "tensor \"w\" is larger than a file can be"},
    {{{"w", DTYPE_U8, 1, {1UL << 61}}, {"v", DTYPE_U8, 0, {0}}},
     {{"a", ""}, {"b", ""}},
     "cannot make the file 2305843009213694"},
};

START_TEST(what_cannot_be_a_file_is_refused_and_leaves_none)
{
  struct Error error = {0};
  struct SafetensorsWriter writer;
  unlink(path);
  ck_assert(!safetensors_create(&writer, path, bad_specs[_i].tensors, 2, bad_specs[_i].metadata, 2,
                                &error));
  ck_assert_int_eq(strncmp(error.message, path, strlen(path)), 0);
  assert_contains(error.message, bad_specs[_i].expected);
  ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(a_folder_that_is_not_there_gives_the_reason)
{
  struct Error error = {0};
  struct SafetensorsWriter writer;
  ck_assert(!safetensors_create(&writer, "/nowhere/at.all", specs, N_SPECS, NULL, 0, &error));
  ck_assert_str_eq(error.message, "/nowhere/at.all: cannot create: No such file or directory");
}
END_TEST

START_TEST(a_full_disk_gives_the_reason)
{
  struct Error error = {0};
  struct SafetensorsWriter writer;
  write_example(&writer);
  int full = open("/dev/full", O_WRONLY);
  ck_assert_int_ge(full, 0);
  ck_assert_int_ge(dup2(full, writer.descriptor), 0);
  close(full);
  ck_assert(!safetensors_write(&writer, 0, 0, floats, sizeof floats, &error));
  assert_contains(error.message, path);
  assert_contains(error.message, "cannot write: No space left on device");
  ck_assert(!safetensors_sync(&writer, &error)); /* a device of that kind cannot be synced */
  assert_contains(error.message, "cannot sync: Invalid argument");
  ck_assert(!safetensors_finish(&writer, &error));
  ck_assert_ptr_null(writer.path);
}
END_TEST

/* Replacements for the C library's: 1 to 7 bytes at a time, and every other call interrupted. */
static bool reluctant;

static bool is_interrupted(size_t *size)
{
  static unsigned calls;
  if (reluctant && calls++ % 2 == 0) {
    errno = EINTR;
    return true;
  }
  if (reluctant && *size > 1 + calls % 7) *size = 1 + calls % 7;
  return false;
}

ssize_t pwrite(int descriptor, const void *data, size_t size, off_t offset)
{
  return is_interrupted(&size) ? -1 : syscall(SYS_pwrite64, descriptor, data, size, offset);
}

ssize_t pread(int descriptor, void *data, size_t size, off_t offset)
{
  return is_interrupted(&size) ? -1 : syscall(SYS_pread64, descriptor, data, size, offset);
}

START_TEST(short_and_interrupted_calls_go_on)
{
  struct Error error = {0};
  struct SafetensorsWriter writer;
  struct Safetensors file;
  reluctant = true;
  write_example(&writer);
  ck_assert_msg(safetensors_finish(&writer, &error), "%s", error.message);
  ck_assert_msg(safetensors_open(&file, path, &error), "%s", error.message);
  float values[6];
  ck_assert(tensor_read_floats(&file.tensors[0], 0, 6, values, &error));
  ck_assert_mem_eq(values, floats, sizeof floats);
  ck_assert(tensor_read_floats(&file.tensors[1], 0, 2, values, &error));
  ck_assert(values[0] == 0.1f && values[1] == -INFINITY);
  int64_t found[2];
  ck_assert(tensor_read_integers(&file.tensors[2], 0, 2, found, &error));
  ck_assert_mem_eq(found, integers, sizeof integers);
  safetensors_close(&file);
}
END_TEST

/* A file size limit: the kernel performs part of the write, then none. Everything up to the
   limit is written, so the loop continued after the short write. */
START_TEST(a_short_write_goes_on_until_the_reason_shows)
{
  enum { SIZE = 1 << 20, LIMIT = 1 << 19 };
  struct Error error = {0};
  struct SafetensorsWriter writer;
  const struct TensorSpec spec = {"w", DTYPE_U8, 1, {SIZE}};
  char *data = malloc(SIZE), last;
  memset(data, 'x', SIZE);
  ck_assert(safetensors_create(&writer, path, &spec, 1, NULL, 0, &error));
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit = {.rlim_cur = LIMIT, .rlim_max = RLIM_INFINITY};
  getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = LIMIT;
  ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
  ck_assert(!safetensors_write(&writer, 0, 0, data, SIZE, &error));
  assert_contains(error.message, "cannot write: File too large");
  struct SafetensorsWriter second;
  struct Error other = {0};
  char name[sizeof path + 2];
  snprintf(name, sizeof name, "%s.2", path);
  ck_assert(!safetensors_create(&second, name, &spec, 1, NULL, 0, &other));
  assert_contains(other.message, "bytes long: File too large");
  ck_assert_int_ne(access(name, F_OK), 0);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_FSIZE, &limit);
  int descriptor = open(path, O_RDONLY);
  ck_assert_int_eq(pread(descriptor, &last, 1, LIMIT - 1), 1);
  ck_assert_int_eq(last, 'x');
  close(descriptor);
  safetensors_abandon(&writer);
  free(data);
}
END_TEST

START_TEST(closing_what_never_was_open_touches_nothing)
{
  struct SafetensorsWriter writer = {0};
  struct Safetensors file = {0};
  safetensors_abandon(&writer);
  safetensors_close(&file);
  ck_assert_int_ge(fcntl(0, F_GETFD), 0);
}
END_TEST

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

int main(void)
{
  Suite *suite = suite_create("tensor");
  TCase *reading = tcase_create("reading");
  tcase_add_checked_fixture(reading, make_file, remove_file);
  tcase_add_loop_test(reading, a_header_that_lies_is_refused, 0, LENGTH(bad_headers));
  tcase_add_test(reading, a_header_longer_than_the_file_is_refused);
  tcase_add_test(reading, a_file_too_short_for_a_header_is_refused);
  tcase_add_test(reading, a_header_with_a_nul_byte_is_refused);
  tcase_add_test(reading, deep_nesting_is_refused);
  tcase_add_test(reading, a_cut_file_is_refused);
  tcase_add_test(reading, what_is_no_file_is_refused);
  tcase_add_test(reading, a_file_without_tensors_opens);
  tcase_add_test(reading, unusual_but_sound_files_open);
  tcase_add_loop_test(reading, every_dtype_of_the_format_opens, 0, N_DTYPES);
  tcase_add_test(reading, long_tensors_are_read_in_pieces);
  tcase_add_loop_test(reading, narrow_floats_are_read_exactly, 0,
                      sizeof narrow_floats / sizeof *narrow_floats);
  tcase_add_test(reading, a_file_that_shrinks_while_it_is_open_is_an_error);
  tcase_add_test(reading, a_disk_that_fails_gives_the_reason);
  tcase_add_test(reading, shapes_are_shown_as_lists);
  suite_add_tcase(suite, reading);
  TCase *writing = tcase_create("writing");
  tcase_add_checked_fixture(writing, make_file, remove_file);
  tcase_add_test(writing, what_is_written_comes_back);
  tcase_add_test(writing, the_file_has_the_published_layout);
  tcase_add_test(writing, a_write_past_a_tensor_is_refused);
  tcase_add_loop_test(writing, what_cannot_be_a_file_is_refused_and_leaves_none, 0,
                      LENGTH(bad_specs));
  tcase_add_test(writing, a_folder_that_is_not_there_gives_the_reason);
  tcase_add_test(writing, a_full_disk_gives_the_reason);
  tcase_add_test(writing, short_and_interrupted_calls_go_on);
  tcase_add_test(writing, a_short_write_goes_on_until_the_reason_shows);
  tcase_add_test(writing, closing_what_never_was_open_touches_nothing);
  suite_add_tcase(suite, writing);
  SRunner *runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  int failed = srunner_ntests_failed(runner);
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
