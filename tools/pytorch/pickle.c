#include "pytorch/pickle.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* ---- memory ---- */

enum { CHUNK_SIZE = 1 << 16 };

struct Chunk {
  struct Chunk *next;
  size_t used, size;
  _Alignas(16) char bytes[];
};

static void *take(struct Pickle *pickle, size_t size, struct Error *error)
{
  size = (size + 15) / 16 * 16;
  struct Chunk *chunk = pickle->chunks;
  if (!chunk || chunk->size - chunk->used < size) {
    size_t room = size > CHUNK_SIZE ? size : CHUNK_SIZE;
    chunk = memory_new(1, sizeof *chunk + room, "a pickle", error);
    if (!chunk) return NULL;
    *chunk = (struct Chunk){.next = pickle->chunks, .size = room};
    pickle->chunks = chunk;
  }
  void *block = chunk->bytes + chunk->used;
  chunk->used += size;
  return block;
}

void pickle_release(struct Pickle *pickle)
{
  for (struct Chunk *chunk = pickle->chunks, *next; chunk; chunk = next) {
    next = chunk->next;
    free(chunk);
  }
  *pickle = (struct Pickle){0};
}

/* ---- names ---- */

/* Functions and classes that have a meaning here. */
enum Known {
  STORAGE_TYPE,
  DTYPE_NAME,
  REBUILD,
  REBUILD_TYPED,
  REBUILD_PARAMETER,
  DICTIONARY,
  LIST
};

static const struct {
  const char *name;
  enum Known known;
  enum DType dtype;
} names[] = {
    {"torch.FloatStorage", STORAGE_TYPE, DTYPE_F32},
    {"torch.DoubleStorage", STORAGE_TYPE, DTYPE_F64},
    {"torch.HalfStorage", STORAGE_TYPE, DTYPE_F16},
    {"torch.BFloat16Storage", STORAGE_TYPE, DTYPE_BF16},
    {"torch.LongStorage", STORAGE_TYPE, DTYPE_I64},
    {"torch.IntStorage", STORAGE_TYPE, DTYPE_I32},
    {"torch.ShortStorage", STORAGE_TYPE, DTYPE_I16},
    {"torch.CharStorage", STORAGE_TYPE, DTYPE_I8},
    {"torch.ByteStorage", STORAGE_TYPE, DTYPE_U8},
    {"torch.BoolStorage", STORAGE_TYPE, DTYPE_BOOL},
    {"torch.ComplexFloatStorage", STORAGE_TYPE, DTYPE_C64},
    {"torch.storage.UntypedStorage", STORAGE_TYPE, DTYPE_U8},
    {"torch.storage._UntypedStorage", STORAGE_TYPE, DTYPE_U8},
    {"torch.UntypedStorage", STORAGE_TYPE, DTYPE_U8},
    {"torch.cuda.FloatStorage", STORAGE_TYPE, DTYPE_F32},
    {"torch.cuda.DoubleStorage", STORAGE_TYPE, DTYPE_F64},
    {"torch.cuda.HalfStorage", STORAGE_TYPE, DTYPE_F16},
    {"torch.cuda.BFloat16Storage", STORAGE_TYPE, DTYPE_BF16},
    {"torch.cuda.LongStorage", STORAGE_TYPE, DTYPE_I64},
    {"torch.cuda.IntStorage", STORAGE_TYPE, DTYPE_I32},
    {"torch.cuda.ByteStorage", STORAGE_TYPE, DTYPE_U8},
    {"torch.cuda.BoolStorage", STORAGE_TYPE, DTYPE_BOOL},
    {"torch.float32", DTYPE_NAME, DTYPE_F32},
    {"torch.float64", DTYPE_NAME, DTYPE_F64},
    {"torch.float16", DTYPE_NAME, DTYPE_F16},
    {"torch.bfloat16", DTYPE_NAME, DTYPE_BF16},
    {"torch.int64", DTYPE_NAME, DTYPE_I64},
    {"torch.int32", DTYPE_NAME, DTYPE_I32},
    {"torch.int16", DTYPE_NAME, DTYPE_I16},
    {"torch.int8", DTYPE_NAME, DTYPE_I8},
    {"torch.uint8", DTYPE_NAME, DTYPE_U8},
    {"torch.uint16", DTYPE_NAME, DTYPE_U16},
    {"torch.uint32", DTYPE_NAME, DTYPE_U32},
    {"torch.uint64", DTYPE_NAME, DTYPE_U64},
    {"torch.bool", DTYPE_NAME, DTYPE_BOOL},
    {"torch.complex64", DTYPE_NAME, DTYPE_C64},
    {"torch._utils._rebuild_tensor", REBUILD, N_DTYPES},
    {"torch._utils._rebuild_tensor_v2", REBUILD, N_DTYPES},
    {"torch._utils._rebuild_tensor_v3", REBUILD_TYPED, N_DTYPES},
    {"torch._utils._rebuild_parameter", REBUILD_PARAMETER, N_DTYPES},
    {"collections.OrderedDict", DICTIONARY, N_DTYPES},
    {"torch.Size", LIST, N_DTYPES},
    {"builtins.set", LIST, N_DTYPES},
    {"__builtin__.set", LIST, N_DTYPES},
};

/* Classes and functions whose objects hold settings or measurements and are kept as records, never
   made: the configuration of TransformerLens, what Lightning saves beside the weights, devices,
   numbers of NumPy. A name that ends with a point stands for all in that module. */
static const char *const records[] = {
    "transformer_lens.",
    "easy_transformer.",
    "omegaconf.",
    "pytorch_lightning.utilities.parsing.AttributeDict",
    "lightning.pytorch.utilities.parsing.AttributeDict",
    "lightning_fabric.utilities.data.AttributeDict",
    "torch.optim.",
    "torch.device",
    "functools.partial",
    "argparse.Namespace",
    "types.SimpleNamespace",
    "pathlib.PosixPath",
    "pathlib.PurePosixPath",
    "pathlib.WindowsPath",
    "collections.defaultdict",
    "collections.Counter",
    "builtins.dict",
    "__builtin__.dict",
    "builtins.list",
    "builtins.int",
    "builtins.float",
    "builtins.str",
    "typing.Any",
    "numpy.dtype",
    "numpy.ndarray",
    "numpy.core.multiarray.scalar",
    "numpy.core.multiarray._reconstruct",
    "numpy._core.multiarray.scalar",
    "numpy._core.multiarray._reconstruct",
    "_codecs.encode",
};

static int find_name(const struct Value *name)
{
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (value_is_text(name, names[i].name)) return (int)i;
  return -1;
}

static bool is_record(const struct Value *name)
{
  for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
    size_t length = strlen(records[i]);
    bool module = records[i][length - 1] == '.';
    if (module ? name->n > length && memcmp(name->text, records[i], length) == 0
               : value_is_text(name, records[i]))
      return true;
  }
  return false;
}

/* ---- the machine ---- */

struct Machine {
  struct Pickle *pickle;
  const unsigned char *start, *at, *end;
  struct Value **stack; /* NULL is a mark */
  size_t depth, stack_room;
  struct Value **memo;
  size_t n_memo, memo_room;
  struct Error *error;
};

static bool fail_short(struct Machine *machine)
{
  return error_set(machine->error, "damaged: the pickle ends in the middle of an instruction");
}

static bool fail_stack(struct Machine *machine)
{
  return error_set(machine->error, "damaged: an instruction of the pickle lacks its operands");
}

/* Makes room for one more pointer, doubling; old arrays stay until the end. */
static bool grow(struct Machine *machine, struct Value ***array, size_t n, size_t *room)
{
  if (n < *room) return true;
  size_t wanted = *room ? 2 * *room : 64;
  struct Value **larger = take(machine->pickle, wanted * sizeof(struct Value *), machine->error);
  if (!larger) return false;
  if (n > 0) memcpy(larger, *array, n * sizeof *larger);
  *array = larger;
  *room = wanted;
  return true;
}

static bool push(struct Machine *machine, struct Value *value)
{
  if (!grow(machine, &machine->stack, machine->depth, &machine->stack_room)) return false;
  machine->stack[machine->depth++] = value;
  return true;
}

/* The topmost value; NULL with an error if there is none, or a mark. */
static struct Value *top(struct Machine *machine)
{
  struct Value *value = machine->depth > 0 ? machine->stack[machine->depth - 1] : NULL;
  if (!value) fail_stack(machine);
  return value;
}

static struct Value *pop(struct Machine *machine)
{
  struct Value *value = top(machine);
  if (value) machine->depth--;
  return value;
}

static struct Value *new_value(struct Machine *machine, enum ValueKind kind)
{
  struct Value *value = take(machine->pickle, sizeof *value, machine->error);
  if (value) *value = (struct Value){.kind = (uint8_t)kind, .dtype = N_DTYPES};
  return value;
}

static bool push_integer(struct Machine *machine, enum ValueKind kind, int64_t integer)
{
  struct Value *value = new_value(machine, kind);
  if (!value) return false;
  value->integer = integer;
  return push(machine, value);
}

/* None, and what is of no interest here: shared, so that a byte does not become many. */
static bool push_none(struct Machine *machine)
{
  static struct Value none = {.kind = VALUE_NONE, .dtype = N_DTYPES};
  return push(machine, &none);
}

/* ---- reading bytes ---- */

/* The next bytes; NULL with an error if there are fewer. */
static const unsigned char *read_bytes(struct Machine *machine, size_t size)
{
  const unsigned char *bytes = machine->at;
  if ((size_t)(machine->end - bytes) < size) {
    fail_short(machine);
    return NULL;
  }
  machine->at += size;
  return bytes;
}

/* An unsigned number of up to eight bytes, the lowest first. */
static bool read_number(struct Machine *machine, size_t size, uint64_t *number)
{
  const unsigned char *bytes = read_bytes(machine, size);
  *number = 0;
  if (!bytes) return false;
  for (size_t i = size; i-- > 0;)
    *number = *number << 8 | bytes[i];
  return true;
}

/* A text after its length, which has so many bytes. */
static bool push_text(struct Machine *machine, size_t size_of_length)
{
  uint64_t length;
  if (!read_number(machine, size_of_length, &length)) return false;
  if (length > UINT32_MAX) return fail_short(machine);
  const unsigned char *bytes = read_bytes(machine, (size_t)length);
  struct Value *value = bytes ? new_value(machine, VALUE_TEXT) : NULL;
  if (!value) return false;
  value->text = (const char *)bytes;
  value->n = (uint32_t)length;
  return push(machine, value);
}

/* A number in two's complement after its length. Those that 64 bits do not hold are kept as None:
   no setting is one. */
static bool push_long(struct Machine *machine, size_t size_of_length)
{
  uint64_t length, number = 0;
  if (!read_number(machine, size_of_length, &length)) return false;
  if (length > INT32_MAX) return fail_short(machine);
  const unsigned char *bytes = read_bytes(machine, (size_t)length);
  if (!bytes) return false;
  if (length > sizeof number) return push_none(machine);
  bool negative = length > 0 && bytes[length - 1] >> 7;
  for (size_t i = sizeof number; i-- > 0;)
    number = number << 8 | (i < length ? bytes[i] : negative ? 0xff : 0);
  return push_integer(machine, VALUE_INTEGER, (int64_t)number);
}

/* A double, the highest byte first. */
static bool push_real(struct Machine *machine)
{
  uint64_t bits = 0;
  const unsigned char *bytes = read_bytes(machine, sizeof bits);
  if (!bytes) return false;
  for (size_t i = 0; i < sizeof bits; i++)
    bits = bits << 8 | bytes[i];
  struct Value *value = new_value(machine, VALUE_REAL);
  if (!value) return false;
  memcpy(&value->real, &bits, sizeof bits);
  return push(machine, value);
}

/* Up to the end of the line, which is left out. */
static const unsigned char *read_line(struct Machine *machine, size_t *length)
{
  const unsigned char *line = machine->at;
  const unsigned char *end = memchr(line, '\n', (size_t)(machine->end - line));
  *length = end ? (size_t)(end - line) : 0;
  if (!end) fail_short(machine);
  machine->at = end ? end + 1 : machine->end;
  return end ? line : NULL;
}

/* ---- the memo ---- */

/* Python numbers memos in turn, so a place beyond the pickle's length is none. */
static bool put(struct Machine *machine, uint64_t place)
{
  struct Value *value = top(machine);
  if (!value) return false;
  if (place >= (uint64_t)(machine->end - machine->start))
    return error_set(machine->error, "damaged: a memo of the pickle has the number %llu",
                     (unsigned long long)place);
  while (machine->n_memo <= place) {
    if (!grow(machine, &machine->memo, machine->n_memo, &machine->memo_room)) return false;
    machine->memo[machine->n_memo++] = NULL;
  }
  machine->memo[place] = value;
  return true;
}

static bool get(struct Machine *machine, uint64_t place)
{
  if (place >= machine->n_memo || !machine->memo[place])
    return error_set(machine->error, "damaged: the pickle has no memo number %llu",
                     (unsigned long long)place);
  return push(machine, machine->memo[place]);
}

/* ---- lists and dictionaries ---- */

static bool append(struct Machine *machine, struct Value *list, struct Value *item)
{
  size_t room = list->room;
  if (!grow(machine, &list->items, list->n, &room)) return false;
  list->room = (uint32_t)room;
  list->items[list->n++] = item;
  return true;
}

/* The place above the last mark. */
static bool find_mark(struct Machine *machine, size_t *first)
{
  *first = machine->depth;
  while (*first > 0 && machine->stack[*first - 1])
    (*first)--;
  return *first > 0 || fail_stack(machine);
}

/* Replaces the topmost values, from number `first` on, by one that holds them; `marked` if a mark
   is below them. */
static bool collect(struct Machine *machine, enum ValueKind kind, size_t first, bool marked)
{
  struct Value *value = new_value(machine, kind);
  if (!value) return false;
  uint32_t n = (uint32_t)(machine->depth - first);
  if (n > 0) {
    value->items = take(machine->pickle, n * sizeof *value->items, machine->error);
    if (!value->items) return false;
    memcpy(value->items, machine->stack + first, n * sizeof *value->items);
  }
  value->n = value->room = n;
  machine->depth = first - marked;
  return push(machine, value);
}

static bool collect_marked(struct Machine *machine, enum ValueKind kind)
{
  size_t first;
  return find_mark(machine, &first) && collect(machine, kind, first, true);
}

static bool collect_some(struct Machine *machine, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (machine->depth <= i || !machine->stack[machine->depth - 1 - i]) return fail_stack(machine);
  return collect(machine, VALUE_LIST, machine->depth - n, false);
}

/* Adds the values from number `first` on to the list or dictionary below them; `marked` if a mark
   is in between. Records may be of classes that are lists or dictionaries: what they hold is of no
   interest. */
static bool add_items(struct Machine *machine, enum ValueKind kind, size_t first, bool marked)
{
  size_t below = first - marked;
  struct Value *value = below > 0 ? machine->stack[below - 1] : NULL;
  size_t n = machine->depth - first;
  if (!value || (value->kind != kind && value->kind != VALUE_RECORD) ||
      (kind == VALUE_DICT && n % 2 != 0))
    return fail_stack(machine);
  for (size_t i = 0; value->kind == kind && i < n; i++)
    if (!append(machine, value, machine->stack[first + i])) return false;
  machine->depth = below;
  return true;
}

static bool add_marked(struct Machine *machine, enum ValueKind kind)
{
  size_t first;
  return find_mark(machine, &first) && add_items(machine, kind, first, true);
}

static bool add_some(struct Machine *machine, enum ValueKind kind, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (machine->depth <= i || !machine->stack[machine->depth - 1 - i]) return fail_stack(machine);
  return add_items(machine, kind, machine->depth - n, false);
}

/* ---- names and what is made by them ---- */

static bool push_name(struct Machine *machine, const void *module, size_t module_length,
                      const void *name, size_t name_length)
{
  struct Value *value = new_value(machine, VALUE_NAME);
  char *text = take(machine->pickle, module_length + 1 + name_length, machine->error);
  if (!value || !text) return false;
  memcpy(text, module, module_length);
  text[module_length] = '.';
  memcpy(text + module_length + 1, name, name_length);
  value->text = text;
  value->n = (uint32_t)(module_length + 1 + name_length);
  int known = find_name(value);
  if (known >= 0 && (names[known].known == STORAGE_TYPE || names[known].known == DTYPE_NAME))
    value->dtype = (uint8_t)names[known].dtype;
  enum { SHOWN = 200 };
  if (known < 0 && !is_record(value))
    return error_set(machine->error,
                     "the pickle would call %.*s, which is no part of a state dict; nothing in it "
                     "was called. Save model.state_dict() instead, if you trust the file",
                     (int)(value->n < SHOWN ? value->n : SHOWN), text);
  return push(machine, value);
}

static bool push_global(struct Machine *machine)
{
  size_t module_length, name_length;
  const unsigned char *module = read_line(machine, &module_length);
  const unsigned char *name = module ? read_line(machine, &name_length) : NULL;
  return name && push_name(machine, module, module_length, name, name_length);
}

static bool push_stack_global(struct Machine *machine)
{
  struct Value *name = pop(machine), *module = name ? pop(machine) : NULL;
  if (!module) return false;
  if (module->kind != VALUE_TEXT || name->kind != VALUE_TEXT) return fail_stack(machine);
  return push_name(machine, module->text, module->n, name->text, name->n);
}

static const struct Value *item(const struct Value *list, uint32_t i)
{
  return i < list->n ? list->items[i] : NULL;
}

static bool is_kind(const struct Value *value, enum ValueKind kind)
{
  return value && value->kind == kind;
}

/* The elements of a list are integers. */
static bool are_integers(const struct Value *list)
{
  if (!is_kind(list, VALUE_LIST)) return false;
  for (uint32_t i = 0; i < list->n; i++)
    if (list->items[i]->kind != VALUE_INTEGER) return false;
  return true;
}

/* (storage, offset, shape, strides, ...): of a typed tensor, whose storage is untyped, the seventh
   is the type. */
static bool push_tensor(struct Machine *machine, const struct Value *arguments, bool typed)
{
  const struct Value *storage = item(arguments, 0), *offset = item(arguments, 1),
                     *shape = item(arguments, 2), *strides = item(arguments, 3),
                     *dtype = item(arguments, 6);
  if (!is_kind(storage, VALUE_STORAGE) || !is_kind(offset, VALUE_INTEGER) || !are_integers(shape) ||
      !are_integers(strides) || shape->n != strides->n ||
      (typed && (!is_kind(dtype, VALUE_NAME) || dtype->dtype == N_DTYPES)))
    return error_set(machine->error, "damaged: a tensor in the pickle has no storage, shape, "
                                     "strides or type");
  struct Value *value = new_value(machine, VALUE_TENSOR);
  struct TensorReference *tensor = take(machine->pickle, sizeof *tensor, machine->error);
  if (!value || !tensor) return false;
  *tensor = (struct TensorReference){
      .storage = storage->storage,
      .dtype = typed ? (enum DType)dtype->dtype : storage->storage->dtype,
      .offset = offset->integer,
      .shape = shape,
      .strides = strides,
  };
  value->tensor = tensor;
  return push(machine, value);
}

static bool push_record(struct Machine *machine, struct Value *name, struct Value *arguments)
{
  struct Value *record = new_value(machine, VALUE_RECORD);
  return record && append(machine, record, name) && append(machine, record, arguments) &&
         push(machine, record);
}

/* What the function or class of that name would give for these arguments. */
static bool make(struct Machine *machine)
{
  struct Value *arguments = pop(machine), *name = arguments ? pop(machine) : NULL;
  if (!name) return false;
  if (name->kind == VALUE_RECORD) /* a class that was made by a function */
    return push_record(machine, name, arguments);
  if (name->kind != VALUE_NAME || arguments->kind != VALUE_LIST) return fail_stack(machine);
  int known = find_name(name);
  if (known < 0) return push_record(machine, name, arguments);
  const struct Value *first = item(arguments, 0);
  switch (names[known].known) {
  case REBUILD:
    return push_tensor(machine, arguments, false);
  case REBUILD_TYPED:
    return push_tensor(machine, arguments, true);
  case REBUILD_PARAMETER:
    if (!is_kind(first, VALUE_TENSOR)) return fail_stack(machine);
    return push(machine, arguments->items[0]);
  case DICTIONARY:
    if (arguments->n > 0) /* Python 2 wrote a list of pairs */
      return error_set(machine->error, "an OrderedDict written by Python 2; save it again with "
                                       "Python 3");
    return collect(machine, VALUE_DICT, machine->depth, false);
  case LIST:
    if (!is_kind(first, VALUE_LIST)) return collect(machine, VALUE_LIST, machine->depth, false);
    return push(machine, arguments->items[0]);
  case STORAGE_TYPE:
  case DTYPE_NAME:
    break;
  }
  return error_set(machine->error, "the pickle would call %.*s, which is a type", (int)name->n,
                   name->text);
}

/* The state of an object: its attributes, or a pair whose first is these. Dictionaries of modules
   have some (_metadata), which are of no interest. */
static bool build(struct Machine *machine)
{
  struct Value *state = pop(machine), *object = state ? top(machine) : NULL;
  if (!object) return false;
  if (object->kind != VALUE_RECORD) return true;
  return append(machine, object, state);
}

/* ("storage", type, key, location, count) or, in old files, with a view behind these: None, or
   (key, offset, count). */
static bool push_storage(struct Machine *machine)
{
  const struct Value *id = pop(machine);
  if (!id) return false;
  const struct Value *type = NULL, *key = NULL, *count = NULL, *view = NULL;
  if (id->kind == VALUE_LIST && id->n >= 5 && value_is_text(id->items[0], "storage")) {
    type = id->items[1];
    key = id->items[2];
    count = id->items[4];
    view = item(id, 5);
  }
  if (!is_kind(type, VALUE_NAME) || type->dtype == N_DTYPES || !is_kind(key, VALUE_TEXT) ||
      !is_kind(count, VALUE_INTEGER) || count->integer < 0)
    return error_set(machine->error,
                     "damaged: the pickle refers to something that is no storage of torch.save");
  struct Value *value = new_value(machine, VALUE_STORAGE);
  struct StorageReference *storage = take(machine->pickle, sizeof *storage, machine->error);
  if (!value || !storage) return false;
  *storage = (struct StorageReference){
      .key = key, .dtype = (enum DType)type->dtype, .count = count->integer};
  if (is_kind(view, VALUE_LIST) && view->n == 3) {
    if (!is_kind(view->items[1], VALUE_INTEGER) || view->items[1]->integer < 0)
      return error_set(machine->error, "damaged: a view of a storage without an offset");
    storage->view_offset = view->items[1]->integer;
  }
  storage->next = machine->pickle->storages;
  machine->pickle->storages = storage;
  value->storage = storage;
  return push(machine, value);
}

/* ---- instructions ---- */

static bool numbered(struct Machine *machine, size_t size, bool use(struct Machine *, uint64_t))
{
  uint64_t number;
  return read_number(machine, size, &number) && use(machine, number);
}

static bool skip(struct Machine *machine, size_t size)
{
  return read_bytes(machine, size);
}

static bool push_small(struct Machine *machine, size_t size)
{
  uint64_t number;
  if (!read_number(machine, size, &number)) return false;
  int64_t value = size == 4 ? (int32_t)(uint32_t)number : (int64_t)number;
  return push_integer(machine, VALUE_INTEGER, value);
}

static bool pop_marked(struct Machine *machine)
{
  size_t first;
  if (!find_mark(machine, &first)) return false;
  machine->depth = first - 1;
  return true;
}

static bool pop_any(struct Machine *machine)
{
  if (machine->depth == 0) return fail_stack(machine);
  machine->depth--;
  return true;
}

static bool duplicate(struct Machine *machine)
{
  struct Value *value = top(machine);
  return value && push(machine, value);
}

/* One instruction other than the last. The letters are those of Python's pickletools. */
static bool step(struct Machine *machine, unsigned char instruction)
{
  switch (instruction) {
  case 0x80: /* PROTO */
    return skip(machine, 1);
  case 0x95: /* FRAME */
    return skip(machine, 8);
  case '(':
    return push(machine, NULL);
  case '0':
    return pop_any(machine);
  case '1':
    return pop_marked(machine);
  case '2':
    return duplicate(machine);
  case 'N':
    return push_none(machine);
  case 0x88: /* NEWTRUE */
    return push_integer(machine, VALUE_BOOL, 1);
  case 0x89: /* NEWFALSE */
    return push_integer(machine, VALUE_BOOL, 0);
  case 'K':
    return push_small(machine, 1);
  case 'M':
    return push_small(machine, 2);
  case 'J':
    return push_small(machine, 4);
  case 0x8a: /* LONG1 */
    return push_long(machine, 1);
  case 0x8b: /* LONG4 */
    return push_long(machine, 4);
  case 'G':
    return push_real(machine);
  case 'U':
  case 'C':
  case 0x8c: /* SHORT_BINUNICODE */
    return push_text(machine, 1);
  case 'X':
  case 'T':
  case 'B':
    return push_text(machine, 4);
  case 0x8d: /* BINUNICODE8 */
  case 0x8e: /* BINBYTES8 */
    return push_text(machine, 8);
  case '}':
    return collect(machine, VALUE_DICT, machine->depth, false);
  case ']':
  case ')':
  case 0x8f: /* EMPTY_SET */
    return collect(machine, VALUE_LIST, machine->depth, false);
  case 't':
  case 'l':
  case 0x91: /* FROZENSET */
    return collect_marked(machine, VALUE_LIST);
  case 0x85: /* TUPLE1 */
  case 0x86:
  case 0x87:
    return collect_some(machine, instruction - 0x84u);
  case 'a':
    return add_some(machine, VALUE_LIST, 1);
  case 'e':
  case 0x90: /* ADDITEMS */
    return add_marked(machine, VALUE_LIST);
  case 's':
    return add_some(machine, VALUE_DICT, 2);
  case 'u':
    return add_marked(machine, VALUE_DICT);
  case 'q':
    return numbered(machine, 1, put);
  case 'r':
    return numbered(machine, 4, put);
  case 0x94: /* MEMOIZE */
    return put(machine, machine->n_memo);
  case 'h':
    return numbered(machine, 1, get);
  case 'j':
    return numbered(machine, 4, get);
  case 'c':
    return push_global(machine);
  case 0x93: /* STACK_GLOBAL */
    return push_stack_global(machine);
  case 'R':
  case 0x81: /* NEWOBJ */
    return make(machine);
  case 'b':
    return build(machine);
  case 'Q':
    return push_storage(machine);
  default:
    return error_set(machine->error,
                     "the pickle has the instruction 0x%02x, which no state dict needs",
                     instruction);
  }
}

static bool run(struct Machine *machine)
{
  for (;;) {
    if (machine->at == machine->end)
      return error_set(machine->error, "damaged: the pickle has no end");
    unsigned char instruction = *machine->at++;
    if (instruction == '.') return true;
    if (!step(machine, instruction)) return false;
  }
}

bool pickle_read(struct Pickle *pickle, const unsigned char *bytes, size_t size,
                 struct Error *error)
{
  *pickle = (struct Pickle){0};
  struct Machine machine = {
      .pickle = pickle, .start = bytes, .at = bytes, .end = bytes + size, .error = error};
  bool read = run(&machine);
  if (read) pickle->value = pop(&machine);
  pickle->length = (size_t)(machine.at - bytes);
  if (read && pickle->value) return true;
  pickle_release(pickle);
  return false;
}

/* ---- values ---- */

const struct Value *value_dict(const struct Value *value)
{
  if (!value || value->kind == VALUE_DICT) return value;
  if (value->kind != VALUE_RECORD || value->n < 3) return NULL;
  const struct Value *state = value->items[2];
  return state->kind == VALUE_DICT ? state : NULL;
}

const struct Value *value_get(const struct Value *dict, const char *key)
{
  dict = value_dict(dict);
  for (uint32_t i = dict ? dict->n : 0; i >= 2; i -= 2)
    if (value_is_text(dict->items[i - 2], key)) return dict->items[i - 1];
  return NULL;
}

bool value_is_text(const struct Value *value, const char *text)
{
  size_t length = strlen(text);
  return value && (value->kind == VALUE_TEXT || value->kind == VALUE_NAME) && value->n == length &&
         memcmp(value->text, text, length) == 0;
}

bool value_integer(const struct Value *value, int64_t *integer)
{
  if (!is_kind(value, VALUE_INTEGER)) return false;
  *integer = value->integer;
  return true;
}

bool value_real(const struct Value *value, double *real)
{
  if (is_kind(value, VALUE_INTEGER))
    *real = (double)value->integer;
  else if (is_kind(value, VALUE_REAL))
    *real = value->real;
  else
    return false;
  return true;
}
