#include "run/event_file.h"

#include "base/memory.h"
#include "base/output.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- checksums ---- */

/* CRC-32C, bit by bit: rows are short. */
static uint32_t checksum(const unsigned char *bytes, size_t size)
{
  uint32_t crc = UINT32_MAX;
  for (size_t i = 0; i < size; i++) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; bit++)
      crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc;
}

static uint32_t masked(const void *bytes, size_t size)
{
  uint32_t crc = checksum(bytes, size);
  return (crc >> 15 | crc << 17) + 0xa282ead8;
}

/* ---- messages ---- */

/* A message in protocol buffers' encoding, as it grows: fields with a number and a kind. */
struct Message {
  FILE *stream;
  char *bytes;
  size_t size;
};

enum Wire { VARINT = 0, EIGHT_BYTES = 1, MESSAGE = 2, FOUR_BYTES = 5 };

static bool message_open(struct Message *message, struct Error *error)
{
  *message = (struct Message){0};
  message->stream = open_memstream(&message->bytes, &message->size);
  return message->stream || error_system(error, "an event");
}

/* Its bytes are complete then; the caller frees them. */
static bool message_close(struct Message *message, struct Error *error)
{
  bool closed = fclose(message->stream) == 0 || error_system(error, "an event");
  message->stream = NULL;
  return closed;
}

static void put_varint(struct Message *message, uint64_t number)
{
  for (; number > 0x7f; number >>= 7)
    putc((int)(number & 0x7f) | 0x80, message->stream);
  putc((int)number, message->stream);
}

static void put_key(struct Message *message, int field, enum Wire wire)
{
  put_varint(message, (uint64_t)field << 3 | wire);
}

static void put_number(struct Message *message, int field, uint64_t number)
{
  put_key(message, field, VARINT);
  put_varint(message, number);
}

static void put_double(struct Message *message, int field, double number)
{
  put_key(message, field, EIGHT_BYTES);
  fwrite(&number, sizeof number, 1, message->stream);
}

static void put_float(struct Message *message, int field, float number)
{
  put_key(message, field, FOUR_BYTES);
  fwrite(&number, sizeof number, 1, message->stream);
}

static void put_bytes(struct Message *message, int field, const void *bytes, size_t size)
{
  put_key(message, field, MESSAGE);
  put_varint(message, size);
  fwrite(bytes, 1, size, message->stream);
}

static void put_text(struct Message *message, int field, const char *text)
{
  put_bytes(message, field, text, strlen(text));
}

/* A message as a field of another; it is released. */
static bool put_message(struct Message *message, int field, struct Message *part,
                        struct Error *error)
{
  bool closed = message_close(part, error);
  if (closed) put_bytes(message, field, part->bytes, part->size);
  free(part->bytes);
  return closed;
}

/* ---- events ---- */

/* Fields of TensorFlow's messages. */
enum { EVENT_TIME = 1, EVENT_STEP = 2, EVENT_VERSION = 3, EVENT_SUMMARY = 5, SUMMARY_VALUE = 1 };
enum { VALUE_TAG = 1, VALUE_NUMBER = 2, VALUE_TENSOR = 8, VALUE_METADATA = 9 };
enum {
  METADATA_PLUGIN = 1,
  METADATA_CLASS = 4,
  TENSOR_TYPE = 1,
  TENSOR_SHAPE = 2,
  TENSOR_TEXT = 8
};
enum { TYPE_TEXT = 7, CLASS_TENSOR = 2 };

static bool start_event(struct Message *event, int64_t step, struct Error *error)
{
  struct timespec now;
  if (!message_open(event, error)) return false;
  clock_gettime(CLOCK_REALTIME, &now);
  put_double(event, EVENT_TIME, (double)now.tv_sec + (double)now.tv_nsec / 1e9);
  put_number(event, EVENT_STEP, (uint64_t)step);
  return true;
}

/* Writes an event as a record and releases it. */
static bool write_event(struct EventFile *file, struct Message *event, struct Error *error)
{
  bool closed = message_close(event, error);
  if (closed) {
    uint64_t size = event->size;
    uint32_t of_size = masked(&size, sizeof size), of_event = masked(event->bytes, event->size);
    fwrite(&size, sizeof size, 1, file->stream);
    fwrite(&of_size, sizeof of_size, 1, file->stream);
    fwrite(event->bytes, 1, event->size, file->stream);
    fwrite(&of_event, sizeof of_event, 1, file->stream);
  }
  free(event->bytes);
  if (!closed) return false;
  return (fflush(file->stream) == 0 && !ferror(file->stream)) ||
         error_system(error, "%s: cannot write", file->path);
}

static bool write_version(struct EventFile *file, struct Error *error)
{
  struct Message event;
  if (!start_event(&event, 0, error)) return false;
  put_text(&event, EVENT_VERSION, "brain.Event:2");
  return write_event(file, &event, error);
}

static bool put_scalar(struct Message *summary, const char *tag, double number, struct Error *error)
{
  struct Message value;
  if (!message_open(&value, error)) return false;
  put_text(&value, VALUE_TAG, tag);
  put_float(&value, VALUE_NUMBER, (float)number);
  return put_message(summary, SUMMARY_VALUE, &value, error);
}

static bool put_rows(struct Message *summary, const struct EventFile *file,
                     const struct HistoryRow *row, struct Error *error)
{
  if (!put_scalar(summary, "loss/train", row->train.loss, error) ||
      !put_scalar(summary, "loss/test", row->test.loss, error) ||
      !put_scalar(summary, "accuracy/train", row->train.accuracy, error) ||
      !put_scalar(summary, "accuracy/test", row->test.accuracy, error))
    return false;
  for (size_t i = 0; i < file->n_tokens; i++) {
    char train[40], test[40];
    snprintf(train, sizeof train, "token_loss/train_%zu", i);
    snprintf(test, sizeof test, "token_loss/test_%zu", i);
    if (!put_scalar(summary, train, row->train.token_losses[i], error) ||
        !put_scalar(summary, test, row->test.token_losses[i], error))
      return false;
  }
  return true;
}

/* An event with a summary, which is released. */
static bool write_summary(struct EventFile *file, int64_t step, struct Message *summary,
                          struct Error *error)
{
  struct Message event;
  if (!start_event(&event, step, error)) {
    fclose(summary->stream);
    free(summary->bytes);
    return false;
  }
  if (put_message(&event, EVENT_SUMMARY, summary, error)) return write_event(file, &event, error);
  fclose(event.stream);
  free(event.bytes);
  return false;
}

bool event_file_add(struct EventFile *file, int64_t epoch, const struct HistoryRow *row,
                    struct Error *error)
{
  struct Message summary;
  if (!message_open(&summary, error)) return false;
  if (put_rows(&summary, file, row, error)) return write_summary(file, epoch, &summary, error);
  fclose(summary.stream);
  free(summary.bytes);
  return false;
}

/* ---- the configuration ---- */

/* A text of TensorBoard's is a tensor of one string, in Markdown. */
static bool put_configuration(struct Message *summary, const char *text, struct Error *error)
{
  static const char one_axis_of_length_1[] = "\x12\2\x08\1", plugin_text[] = "\x0a\4text";
  struct Message value, metadata, tensor;
  if (!message_open(&value, error)) return false;
  put_text(&value, VALUE_TAG, "configuration");
  bool put = message_open(&tensor, error);
  if (put) {
    put_number(&tensor, TENSOR_TYPE, TYPE_TEXT);
    put_bytes(&tensor, TENSOR_SHAPE, one_axis_of_length_1, sizeof one_axis_of_length_1 - 1);
    put_text(&tensor, TENSOR_TEXT, text);
    put = put_message(&value, VALUE_TENSOR, &tensor, error);
  }
  put = put && message_open(&metadata, error);
  if (put) {
    put_bytes(&metadata, METADATA_PLUGIN, plugin_text, sizeof plugin_text - 1);
    put_number(&metadata, METADATA_CLASS, CLASS_TENSOR);
    put = put_message(&value, VALUE_METADATA, &metadata, error);
  }
  return put_message(summary, SUMMARY_VALUE, &value, error) && put;
}

/* The canonical dump, as a block of Markdown that is shown as it is. */
static char *format_configuration(const struct Config *config, struct Error *error)
{
  char *text = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);
  if (!stream) {
    error_system(error, "the configuration");
    return NULL;
  }
  fprintf(stream, "```ini\n");
  config_write(config, stream);
  fprintf(stream, "```\n");
  if (fclose(stream) == 0) return text;
  error_system(error, "the configuration");
  free(text);
  return NULL;
}

static bool write_configuration(struct EventFile *file, const struct Config *config,
                                struct Error *error)
{
  struct Message summary;
  char *text = format_configuration(config, error);
  if (!text) return false;
  bool put = message_open(&summary, error);
  if (put && !put_configuration(&summary, text, error)) {
    fclose(summary.stream);
    free(summary.bytes);
    put = false;
  }
  free(text);
  return put && write_summary(file, 0, &summary, error);
}

/* ---- the file ---- */

bool event_file_open(struct EventFile *file, const char *directory, const struct Config *config,
                     struct Error *error)
{
  *file = (struct EventFile){.n_tokens = performance_n_tokens(config)};
  if (!output_make_directory(directory, error)) return false;
  file->path = memory_print(error, "%s/events.out.tfevents.0.train", directory);
  if (!file->path) return false;
  unlink(file->path); /* who reads the older one goes on with what it has */
  file->stream = fopen(file->path, "wbe");
  bool opened = file->stream || error_system(error, "%s: cannot create", file->path);
  return opened && write_version(file, error) && write_configuration(file, config, error);
}

bool event_file_close(struct EventFile *file, struct Error *error)
{
  bool closed = !file->stream || fclose(file->stream) == 0 ||
                error_system(error, "%s: cannot write", file->path);
  free(file->path);
  *file = (struct EventFile){0};
  return closed;
}
