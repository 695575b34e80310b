/*
 * What the engine needs of a device that computes beside the processor: memory, a program, and
 * launches of its kernels, in order. OpenCL gives it (device_opencl.c), as CUDA's driver does where
 * that is all there is (device_cuda.c); both compile the same source (kernels/).
 *
 *   driver->open(&device, 0, &error);
 *   driver->build(device, source, options, &error);
 *   driver->allocate(device, bytes, "the training", &memory, &error);
 *   driver->prepare(device, "adamw", &grid, &arguments, &launch, &error);
 *   driver->run(device, launches, n, &error);      // returns before they are done
 *   driver->read(device, memory, from, bytes, to, &error); // waits for all before it
 *   driver->close(device);
 *
 * Errors are those of the device, each with its name and what was wanted of it.
 */
#ifndef ENGINE_OPENCL_DEVICE_H
#define ENGINE_OPENCL_DEVICE_H

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

struct Device;
struct DeviceMemory;
struct DeviceLaunch;

enum { DEVICE_TEXT_SIZE = 256 };

/* What to say, with the device's name and its error, where a device stops working. */
#define DEVICE_LOST  "the device is lost, or broken"
#define DEVICE_GO_ON "the same command goes on from what was saved"

/* Work-groups in two dimensions, of `items` work-items in the first. */
struct DeviceGrid {
  size_t groups[2], items;
};

/* All kernels have these parameters, in this order. */
enum { DEVICE_MEMORIES = 3, DEVICE_NUMBERS = 3 };
struct DeviceArguments {
  const struct DeviceMemory *memories[DEVICE_MEMORIES];
  int numbers[DEVICE_NUMBERS];
};

struct DeviceDriver {
  const char *name; /* "opencl": the engine's */
  /* The devices that there are, *n = 0 without an error if none. */
  bool (*count)(int *n, struct Error *error);
  /* "NVIDIA H100 80GB HBM3, 79.1 GiB, OpenCL 3.0 of NVIDIA CUDA" */
  bool (*describe)(int index, char text[DEVICE_TEXT_SIZE], struct Error *error);
  /* Errors: no such device; one that lacks what exact results need, or that cannot be used. */
  bool (*open)(struct Device **device, int index, struct Error *error);
  /* Frees it with all its memory and launches, even if it is lost. */
  void (*close)(struct Device *device);
  /* Compiles the source, with "-DNAME=VALUE ..."; once. Error: the compiler's first complaint. */
  bool (*build)(struct Device *device, const char *source, const char *options,
                struct Error *error);
  /* Zeros. Error: no room, with what was asked for `what`. */
  bool (*allocate)(struct Device *device, size_t bytes, const char *what,
                   struct DeviceMemory **memory, struct Error *error);
  bool (*write)(struct Device *device, struct DeviceMemory *memory, size_t offset, size_t bytes,
                const void *from, struct Error *error);
  bool (*read)(struct Device *device, const struct DeviceMemory *memory, size_t offset,
               size_t bytes, void *to, struct Error *error);
  /* A kernel of the program with its arguments, for any number of runs. */
  bool (*prepare)(struct Device *device, const char *kernel, const struct DeviceGrid *grid,
                  const struct DeviceArguments *arguments, struct DeviceLaunch **launch,
                  struct Error *error);
  bool (*run)(struct Device *device, struct DeviceLaunch *const *launches, size_t n,
              struct Error *error);
};

/* The first line of a compiler's log that speaks of an error, or the first at all; cuts the log. */
const char *device_first_error(char *log);

extern const struct DeviceDriver opencl_driver; /* device_opencl.c */
extern const struct DeviceDriver cuda_driver;   /* device_cuda.c */

#endif
