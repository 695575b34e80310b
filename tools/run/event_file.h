/*
 * The history of a run as an event file of TensorBoard, which shows it while it grows:
 *
 *   DIR/events.out.tfevents.0.train
 *
 * Its records are TFRecord's: the length of a message, eight bytes, and its checksum; the message
 * and its checksum. Numbers are little-endian; a checksum is the CRC-32C c (RFC 3720), rotated and
 * shifted: (c >> 15 | c << 17) + 0xa282ead8. Each message is an Event of TensorFlow in protocol
 * buffers' encoding: its time, its step, and one of the version of the format, "brain.Event:2",
 * which comes first, and a Summary: named numbers (loss/train, loss/test, accuracy/train,
 * accuracy/test, of each answer token token_loss/train_0 and so on), or the configuration as a
 * text.
 *
 * A process that goes on with a run writes the file anew, with the rows so far.
 */
#ifndef RUN_EVENT_FILE_H
#define RUN_EVENT_FILE_H

#include "config/config.h"
#include "run/history.h"

#include <stdio.h>

struct EventFile {
  FILE *stream; /* NULL if not open */
  char *path;
  size_t n_tokens; /* performance_n_tokens */
};

/* Creates the file in a directory, which is created if needed, with the configuration; an older one
   is replaced. After an error it is to be closed all the same. */
bool event_file_open(struct EventFile *file, const char *directory, const struct Config *config,
                     struct Error *error);

/* Adds a row of the history, which can be read at once. */
bool event_file_add(struct EventFile *file, int64_t epoch, const struct HistoryRow *row,
                    struct Error *error);

/* Closes what is open. Error: the last rows cannot be written. */
bool event_file_close(struct EventFile *file, struct Error *error);

#endif
