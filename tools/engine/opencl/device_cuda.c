/*
 * CUDA's devices, for machines whose driver has no OpenCL: by the driver's interface (libcuda) and
 * the run-time compiler (libnvrtc), both of which are looked for when they are needed. Nothing of
 * CUDA is needed to build; what is declared here is what its documentation says of these functions.
 *
 * A list of launches becomes a graph when it is run for the first time, so that a whole step is one
 * call of the driver.
 */
#include "engine/opencl/device.h"

#include "base/memory.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long Pointer; /* on the device */
typedef void *Handle;

/* ---- the two libraries ---- */

enum { CU_SUCCESS = 0 };
enum { CU_ATTRIBUTE_MAJOR = 75, CU_ATTRIBUTE_MINOR = 76 };
enum { CU_STREAM_NON_BLOCKING = 1, CU_CAPTURE_THREAD_LOCAL = 1 };

#define CUDA_FUNCTIONS(FUNCTION)                                                                   \
  FUNCTION(cuInit, (unsigned flags))                                                               \
  FUNCTION(cuDriverGetVersion, (int *version))                                                     \
  FUNCTION(cuGetErrorName, (int code, const char **name))                                          \
  FUNCTION(cuDeviceGetCount, (int *n))                                                             \
  FUNCTION(cuDeviceGet, (int *device, int index))                                                  \
  FUNCTION(cuDeviceGetName, (char *name, int size, int device))                                    \
  FUNCTION(cuDeviceTotalMem_v2, (size_t * bytes, int device))                                      \
  FUNCTION(cuDeviceGetAttribute, (int *value, int attribute, int device))                          \
  FUNCTION(cuDevicePrimaryCtxRetain, (Handle * context, int device))                               \
  FUNCTION(cuDevicePrimaryCtxRelease_v2, (int device))                                             \
  FUNCTION(cuCtxSetCurrent, (Handle context))                                                      \
  FUNCTION(cuModuleLoadData, (Handle * module, const void *image))                                 \
  FUNCTION(cuModuleGetFunction, (Handle * function, Handle module, const char *name))              \
  FUNCTION(cuModuleUnload, (Handle module))                                                        \
  FUNCTION(cuMemAlloc_v2, (Pointer * memory, size_t bytes))                                        \
  FUNCTION(cuMemFree_v2, (Pointer memory))                                                         \
  FUNCTION(cuMemsetD8Async, (Pointer memory, unsigned char value, size_t bytes, Handle stream))    \
  FUNCTION(cuMemcpyHtoDAsync_v2, (Pointer to, const void *from, size_t bytes, Handle stream))      \
  FUNCTION(cuMemcpyDtoHAsync_v2, (void *to, Pointer from, size_t bytes, Handle stream))            \
  FUNCTION(cuStreamCreate, (Handle * stream, unsigned flags))                                      \
  FUNCTION(cuStreamSynchronize, (Handle stream))                                                   \
  FUNCTION(cuStreamDestroy_v2, (Handle stream))                                                    \
  FUNCTION(cuStreamBeginCapture_v2, (Handle stream, int mode))                                     \
  FUNCTION(cuStreamEndCapture, (Handle stream, Handle * graph))                                    \
  FUNCTION(cuGraphInstantiateWithFlags, (Handle * run, Handle graph, unsigned long long flags))    \
  FUNCTION(cuGraphLaunch, (Handle run, Handle stream))                                             \
  FUNCTION(cuGraphExecDestroy, (Handle run))                                                       \
  FUNCTION(cuGraphDestroy, (Handle graph))                                                         \
  FUNCTION(cuLaunchKernel,                                                                         \
           (Handle function, unsigned groups_x, unsigned groups_y, unsigned groups_z,              \
            unsigned items_x, unsigned items_y, unsigned items_z, unsigned shared, Handle stream,  \
            void **arguments, void **extra))

#define NVRTC_FUNCTIONS(FUNCTION)                                                                  \
  FUNCTION(nvrtcCreateProgram,                                                                     \
           (Handle * program, const char *source, const char *name, int n_headers,                 \
            const char *const *headers, const char *const *names))                                 \
  FUNCTION(nvrtcCompileProgram, (Handle program, int n, const char *const *options))               \
  FUNCTION(nvrtcGetProgramLogSize, (Handle program, size_t * size))                                \
  FUNCTION(nvrtcGetProgramLog, (Handle program, char *log))                                        \
  FUNCTION(nvrtcGetCUBINSize, (Handle program, size_t * size))                                     \
  FUNCTION(nvrtcGetCUBIN, (Handle program, char *code))                                            \
  FUNCTION(nvrtcDestroyProgram, (Handle * program))

#define DECLARE(name, parameters) static int(*name) parameters;
CUDA_FUNCTIONS(DECLARE)
NVRTC_FUNCTIONS(DECLARE)
#undef DECLARE

/* The first function that the driver lacks, if it is too old; NULL if it has them all. A function's
   address is an object's here, as POSIX has it. */
static const char *find_cuda(void *library)
{
#define FIND(name, parameters)                                                                     \
  *(void **)&name = dlsym(library, #name);                                                         \
  if (!name) return #name;
  CUDA_FUNCTIONS(FIND)
  return NULL;
}

static const char *find_nvrtc(void *library)
{
  NVRTC_FUNCTIONS(FIND)
  return NULL;
#undef FIND
}

/* Whether there is a driver with devices; if it is too old, *lacks is what it lacks. It stays
   open. */
static bool load_cuda(const char **lacks)
{
  static void *library;
  *lacks = NULL;
  if (!library) library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) return false;
  *lacks = find_cuda(library);
  return !*lacks && cuInit(0) == CU_SUCCESS;
}

/* The compiler that came with the driver's version, or any: a driver need not take the code of a
   later one. */
static void *open_nvrtc(void)
{
  int version = 0;
  char own[32];
  cuDriverGetVersion(&version);
  snprintf(own, sizeof own, version >= 12000 ? "libnvrtc.so.%d" : "libnvrtc.so.%d.2",
           version / 1000);
  const char *const names[] = {own, "libnvrtc.so", "/usr/local/cuda/lib64/libnvrtc.so"};
  void *library = NULL;
  for (size_t i = 0; i < sizeof names / sizeof *names && !library; i++)
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  return library;
}

static bool load_nvrtc(struct Error *error)
{
  static void *library;
  if (!library) library = open_nvrtc();
  if (!library)
    return error_set(error, "CUDA's compiler libnvrtc.so is not there; LD_LIBRARY_PATH names where "
                            "to look for it");
  const char *lacks = find_nvrtc(library);
  return !lacks || error_set(error, "CUDA's compiler libnvrtc is too old: it has no %s", lacks);
}

/* ---- a device ---- */

struct DeviceMemory {
  Pointer at;
  struct DeviceMemory *next;
};

struct DeviceLaunch {
  Handle function;
  struct DeviceGrid grid;
  Pointer memories[DEVICE_MEMORIES];
  int numbers[DEVICE_NUMBERS];
  struct DeviceLaunch *next;
};

/* A list of launches that has been run. */
struct Graph {
  struct DeviceLaunch *const *launches;
  size_t n;
  Handle run;
  struct Graph *next;
};

struct Device {
  int id;
  Handle context, stream, module;
  struct DeviceMemory *memories;
  struct DeviceLaunch *launches;
  struct Graph *graphs;
  char name[128];
};

static bool fail(const struct Device *device, const char *what, int code, struct Error *error)
{
  const char *name = NULL;
  cuGetErrorName(code, &name);
  return error_set(error, "%s: %s: %s (%d)", device->name, what, name ? name : "an error of CUDA",
                   code);
}

static bool check(const struct Device *device, const char *what, int code, struct Error *error)
{
  return code == CU_SUCCESS || fail(device, what, code, error);
}

static bool check_alive(const struct Device *device, int code, struct Error *error)
{
  if (code == CU_SUCCESS) return true;
  fail(device, DEVICE_LOST, code, error);
  const struct Error what = *error;
  return error_set(error, "%s; " DEVICE_GO_ON, what.message);
}

static bool cuda_count(int *n, struct Error *error)
{
  const char *lacks;
  (void)error;
  *n = 0;
  if (load_cuda(&lacks) && cuDeviceGetCount(n) != CU_SUCCESS) *n = 0;
  return true;
}

static bool find(int index, int *id, struct Error *error)
{
  int n;
  const char *lacks;
  cuda_count(&n, error);
  if (index < n && cuDeviceGet(id, index) == CU_SUCCESS) return true;
  if (!load_cuda(&lacks) && lacks)
    return error_set(error, "the CUDA driver is too old: it has no %s", lacks);
  if (n == 0) return error_set(error, "there is no CUDA device, or no driver for it");
  return error_set(error, "there is no CUDA device %d; train --devices lists the %d that there %s",
                   index, n, n == 1 ? "is" : "are");
}

static bool cuda_describe(int index, char text[DEVICE_TEXT_SIZE], struct Error *error)
{
  int id = 0;
  char name[128] = "";
  size_t bytes = 0;
  if (!find(index, &id, error)) return false;
  cuDeviceGetName(name, sizeof name, id);
  cuDeviceTotalMem_v2(&bytes, id);
  snprintf(text, DEVICE_TEXT_SIZE, "%s, %.1f GiB, CUDA", name, (double)bytes / 0x1p30);
  return true;
}

static void cuda_close(struct Device *device)
{
  if (!device) return;
  if (device->stream) cuStreamSynchronize(device->stream);
  for (struct Graph *graph = device->graphs, *next; graph; graph = next) {
    next = graph->next;
    cuGraphExecDestroy(graph->run);
    free(graph);
  }
  for (struct DeviceLaunch *launch = device->launches, *next; launch; launch = next) {
    next = launch->next;
    free(launch);
  }
  for (struct DeviceMemory *memory = device->memories, *next; memory; memory = next) {
    next = memory->next;
    cuMemFree_v2(memory->at);
    free(memory);
  }
  if (device->module) cuModuleUnload(device->module);
  if (device->stream) cuStreamDestroy_v2(device->stream);
  if (device->context) cuDevicePrimaryCtxRelease_v2(device->id);
  free(device);
}

static bool cuda_open(struct Device **opened, int index, struct Error *error)
{
  *opened = NULL;
  struct Device *device = memory_new(1, sizeof *device, "a device", error);
  if (!device) return false;
  if (!find(index, &device->id, error)) {
    free(device);
    return false;
  }
  cuDeviceGetName(device->name, sizeof device->name, device->id);
  const char what[] = "cannot be used";
  if (check(device, what, cuDevicePrimaryCtxRetain(&device->context, device->id), error) &&
      check(device, what, cuCtxSetCurrent(device->context), error) &&
      check(device, what, cuStreamCreate(&device->stream, CU_STREAM_NON_BLOCKING), error)) {
    *opened = device;
    return true;
  }
  cuda_close(device);
  return false;
}

/* ---- programs ---- */

enum { MOST_OPTIONS = 160 };

/* Splits "-DA=1 -DB=2 ..." at blanks, in place; appended to list[n]. Returns the new n. */
static int split(char *options, const char **list, int n)
{
  char *rest = NULL;
  for (char *word = strtok_r(options, " ", &rest); word && n < MOST_OPTIONS;
       word = strtok_r(NULL, " ", &rest))
    list[n++] = word;
  return n;
}

static bool complain(const struct Device *device, Handle program, struct Error *error)
{
  size_t size = 0;
  nvrtcGetProgramLogSize(program, &size);
  char *log = calloc(size + 1, 1);
  if (log && size > 0) nvrtcGetProgramLog(program, log);
  const char *line = log ? device_first_error(log) : "";
  error_set(error, "%s: its compiler does not take the kernels: %s", device->name,
            *line ? line : "it does not say why");
  free(log);
  return false;
}

static bool load_module(struct Device *device, Handle program, struct Error *error)
{
  size_t size = 0;
  if (nvrtcGetCUBINSize(program, &size) != 0 || size == 0) return complain(device, program, error);
  char *code = memory_new(size, 1, "the kernels", error);
  bool loaded =
      code && (nvrtcGetCUBIN(program, code) == 0 || complain(device, program, error)) &&
      check(device, "does not take the kernels", cuModuleLoadData(&device->module, code), error);
  free(code);
  return loaded;
}

static bool cuda_build(struct Device *device, const char *source, const char *options,
                       struct Error *error)
{
  int major = 0, minor = 0;
  char architecture[48];
  Handle program;
  if (!load_nvrtc(error)) return false;
  cuDeviceGetAttribute(&major, CU_ATTRIBUTE_MAJOR, device->id);
  cuDeviceGetAttribute(&minor, CU_ATTRIBUTE_MINOR, device->id);
  snprintf(architecture, sizeof architecture, "--gpu-architecture=sm_%d%d", major, minor);
  const char *list[MOST_OPTIONS] = {architecture,      "--fmad=false",     "--ftz=false",
                                    "--prec-div=true", "--prec-sqrt=true", "-w"};
  char *copy = memory_copy_text(options, error);
  if (!copy) return false;
  const int n = split(copy, list, 6);
  bool built = nvrtcCreateProgram(&program, source, "kernels.cl", 0, NULL, NULL) == 0;
  if (!built) {
    error_set(error, "%s: its compiler does not start", device->name);
  } else {
    built = (nvrtcCompileProgram(program, n, list) == 0 || complain(device, program, error)) &&
            load_module(device, program, error);
    nvrtcDestroyProgram(&program);
  }
  free(copy);
  return built;
}

/* ---- memory ---- */

static bool no_room(const struct Device *device, size_t bytes, const char *what, int code,
                    struct Error *error)
{
  size_t all = 0;
  cuDeviceTotalMem_v2(&all, device->id);
  char asked[128];
  snprintf(asked, sizeof asked, "no memory for %s: %.1f MiB of %.1f GiB", what,
           (double)bytes / 0x1p20, (double)all / 0x1p30);
  return fail(device, asked, code, error);
}

static bool cuda_allocate(struct Device *device, size_t bytes, const char *what,
                          struct DeviceMemory **memory, struct Error *error)
{
  struct DeviceMemory *new = memory_new(1, sizeof *new, "a device's memory", error);
  if (!new) return false;
  int code = cuMemAlloc_v2(&new->at, bytes);
  if (code != CU_SUCCESS) {
    free(new);
    return no_room(device, bytes, what, code, error);
  }
  new->next = device->memories;
  device->memories = *memory = new;
  return check_alive(device, cuMemsetD8Async(new->at, 0, bytes, device->stream), error);
}

static bool wait(struct Device *device, int code, struct Error *error)
{
  if (code == CU_SUCCESS) code = cuStreamSynchronize(device->stream);
  return check_alive(device, code, error);
}

static bool cuda_write(struct Device *device, struct DeviceMemory *memory, size_t offset,
                       size_t bytes, const void *from, struct Error *error)
{
  return wait(device, cuMemcpyHtoDAsync_v2(memory->at + offset, from, bytes, device->stream),
              error);
}

static bool cuda_read(struct Device *device, const struct DeviceMemory *memory, size_t offset,
                      size_t bytes, void *to, struct Error *error)
{
  return wait(device, cuMemcpyDtoHAsync_v2(to, memory->at + offset, bytes, device->stream), error);
}

/* ---- launches ---- */

static bool cuda_prepare(struct Device *device, const char *kernel, const struct DeviceGrid *grid,
                         const struct DeviceArguments *arguments, struct DeviceLaunch **launch,
                         struct Error *error)
{
  struct DeviceLaunch *new = memory_new(1, sizeof *new, "a launch", error);
  if (!new) return false;
  new->next = device->launches;
  device->launches = *launch = new;
  new->grid = *grid;
  for (int i = 0; i < DEVICE_MEMORIES; i++)
    new->memories[i] = arguments->memories[i]->at;
  memcpy(new->numbers, arguments->numbers, sizeof new->numbers);
  return check(device, kernel, cuModuleGetFunction(&new->function, device->module, kernel), error);
}

static int launch_one(struct Device *device, struct DeviceLaunch *launch)
{
  void *arguments[DEVICE_MEMORIES + DEVICE_NUMBERS];
  for (int i = 0; i < DEVICE_MEMORIES; i++)
    arguments[i] = &launch->memories[i];
  for (int i = 0; i < DEVICE_NUMBERS; i++)
    arguments[DEVICE_MEMORIES + i] = &launch->numbers[i];
  return cuLaunchKernel(launch->function, (unsigned)launch->grid.groups[0],
                        (unsigned)launch->grid.groups[1], 1, (unsigned)launch->grid.items, 1, 1, 0,
                        device->stream, arguments, NULL);
}

/* The launches as one, which runs them in order. */
static int make_graph(struct Device *device, struct DeviceLaunch *const *launches, size_t n,
                      Handle *run)
{
  Handle graph = NULL;
  int code = cuStreamBeginCapture_v2(device->stream, CU_CAPTURE_THREAD_LOCAL);
  for (size_t i = 0; i < n && code == CU_SUCCESS; i++)
    code = launch_one(device, launches[i]);
  int ended = cuStreamEndCapture(device->stream, &graph);
  if (code == CU_SUCCESS) code = ended;
  if (code == CU_SUCCESS) code = cuGraphInstantiateWithFlags(run, graph, 0);
  if (graph) cuGraphDestroy(graph);
  return code;
}

static bool cuda_run(struct Device *device, struct DeviceLaunch *const *launches, size_t n,
                     struct Error *error)
{
  struct Graph *graph = device->graphs;
  while (graph && (graph->launches != launches || graph->n != n))
    graph = graph->next;
  if (!graph) {
    graph = memory_new(1, sizeof *graph, "a graph", error);
    if (!graph) return false;
    int code = make_graph(device, launches, n, &graph->run);
    if (code != CU_SUCCESS) {
      free(graph);
      return check_alive(device, code, error);
    }
    graph->launches = launches;
    graph->n = n;
    graph->next = device->graphs;
    device->graphs = graph;
  }
  return check_alive(device, cuGraphLaunch(graph->run, device->stream), error);
}

const struct DeviceDriver cuda_driver = {.name = "cuda",
                                         .count = cuda_count,
                                         .describe = cuda_describe,
                                         .open = cuda_open,
                                         .close = cuda_close,
                                         .build = cuda_build,
                                         .allocate = cuda_allocate,
                                         .write = cuda_write,
                                         .read = cuda_read,
                                         .prepare = cuda_prepare,
                                         .run = cuda_run};
