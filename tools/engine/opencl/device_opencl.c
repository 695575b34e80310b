/* OpenCL's devices, through the standard loader, which finds whatever drivers are installed. */
#define CL_TARGET_OPENCL_VERSION 120
#include "engine/opencl/device.h"

#include "base/memory.h"

#include <CL/cl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct DeviceMemory {
  cl_mem buffer;
  struct DeviceMemory *next; /* of the device's */
};

struct DeviceLaunch {
  cl_kernel kernel;
  size_t items[2], group[2];
  struct DeviceLaunch *next;
};

struct Device {
  cl_device_id id;
  cl_context context;
  cl_command_queue queue;
  cl_program program;
  struct DeviceMemory *memories;
  struct DeviceLaunch *launches;
  char name[128];
};

/* ---- errors ---- */

/* The names of those that a device in order can give. */
static const char *error_name(cl_int code)
{
  static const struct {
    cl_int code;
    const char *name;
  } names[] = {{CL_DEVICE_NOT_AVAILABLE, "CL_DEVICE_NOT_AVAILABLE"},
               {CL_COMPILER_NOT_AVAILABLE, "CL_COMPILER_NOT_AVAILABLE"},
               {CL_MEM_OBJECT_ALLOCATION_FAILURE, "CL_MEM_OBJECT_ALLOCATION_FAILURE"},
               {CL_OUT_OF_RESOURCES, "CL_OUT_OF_RESOURCES"},
               {CL_OUT_OF_HOST_MEMORY, "CL_OUT_OF_HOST_MEMORY"},
               {CL_BUILD_PROGRAM_FAILURE, "CL_BUILD_PROGRAM_FAILURE"},
               {CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST,
                "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST"},
               {CL_INVALID_VALUE, "CL_INVALID_VALUE"},
               {CL_INVALID_BUFFER_SIZE, "CL_INVALID_BUFFER_SIZE"},
               {CL_INVALID_WORK_GROUP_SIZE, "CL_INVALID_WORK_GROUP_SIZE"},
               {CL_INVALID_COMMAND_QUEUE, "CL_INVALID_COMMAND_QUEUE"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (names[i].code == code) return names[i].name;
  return "an error of OpenCL";
}

static bool fail(const char *device, const char *what, cl_int code, struct Error *error)
{
  return error_set(error, "%s: %s: %s (%d)", device, what, error_name(code), code);
}

static bool check_alive(const char *device, cl_int code, struct Error *error)
{
  return code == CL_SUCCESS || error_set(error, "%s: " DEVICE_LOST ": %s (%d); " DEVICE_GO_ON,
                                         device, error_name(code), code);
}

/* ---- the devices that there are ---- */

struct List {
  cl_device_id *devices;
  cl_uint n;
};

/* Appends the devices of a platform of that type. */
static bool append(struct List *list, cl_platform_id platform, cl_device_type type,
                   struct Error *error)
{
  cl_uint n = 0;
  if (clGetDeviceIDs(platform, type, 0, NULL, &n) != CL_SUCCESS || n == 0) return true;
  cl_device_id *devices = realloc(list->devices, (list->n + n) * sizeof(cl_device_id));
  if (!devices) return error_system(error, "a list of devices");
  list->devices = devices;
  if (clGetDeviceIDs(platform, type, n, devices + list->n, NULL) == CL_SUCCESS) list->n += n;
  return true;
}

/* All devices: GPUs first, then accelerators, then processors. The loader has no platforms where no
   driver is installed; it says so as an error, which is none here. */
static bool list_devices(struct List *list, struct Error *error)
{
  static const cl_device_type types[] = {
      CL_DEVICE_TYPE_GPU, CL_DEVICE_TYPE_ACCELERATOR | CL_DEVICE_TYPE_CUSTOM, CL_DEVICE_TYPE_CPU};
  *list = (struct List){0};
  cl_uint n = 0;
  if (clGetPlatformIDs(0, NULL, &n) != CL_SUCCESS || n == 0) return true;
  cl_platform_id *platforms = memory_new(n, sizeof *platforms, "a list of platforms", error);
  bool listed = platforms;
  if (listed && clGetPlatformIDs(n, platforms, NULL) != CL_SUCCESS) n = 0;
  for (size_t t = 0; listed && t < sizeof types / sizeof *types; t++)
    for (cl_uint i = 0; listed && i < n; i++)
      listed = append(list, platforms[i], types[t], error);
  free(platforms);
  return listed;
}

static bool count(int *n, struct Error *error)
{
  struct List list;
  bool listed = list_devices(&list, error);
  *n = (int)list.n;
  free(list.devices);
  return listed;
}

/* Device `index`. */
static bool find(int index, cl_device_id *id, struct Error *error)
{
  struct List list;
  if (!list_devices(&list, error)) {
    free(list.devices);
    return false;
  }
  const int n = (int)list.n;
  if (index < n) *id = list.devices[index];
  free(list.devices);
  if (index < n) return true;
  if (n == 0)
    return error_set(error,
                     "there is no OpenCL device: a GPU needs the OpenCL driver of its maker");
  return error_set(error,
                   "there is no OpenCL device %d; train --devices lists the %d that there %s",
                   index, n, n == 1 ? "is" : "are");
}

/* A text that a device or its platform tells of itself, without the blanks around it. */
static void text_of(cl_device_id id, cl_device_info what, char *text, size_t size)
{
  char all[512] = "";
  if (clGetDeviceInfo(id, what, sizeof all - 1, all, NULL) != CL_SUCCESS) strcpy(all, "unnamed");
  const char *begin = all + strspn(all, " ");
  snprintf(text, size, "%s", begin);
  for (size_t n = strlen(text); n > 0 && text[n - 1] == ' '; n--)
    text[n - 1] = '\0';
}

static void platform_of(cl_device_id id, char *text, size_t size)
{
  cl_platform_id platform;
  *text = '\0';
  if (clGetDeviceInfo(id, CL_DEVICE_PLATFORM, sizeof platform, &platform, NULL) == CL_SUCCESS)
    clGetPlatformInfo(platform, CL_PLATFORM_NAME, size, text, NULL);
}

static cl_ulong number_of(cl_device_id id, cl_device_info what)
{
  cl_ulong number = 0; /* of four bytes or eight: the others stay 0 */
  clGetDeviceInfo(id, what, sizeof number, &number, NULL);
  return number;
}

static bool describe(int index, char text[DEVICE_TEXT_SIZE], struct Error *error)
{
  cl_device_id id = NULL;
  char name[96], platform[64];
  if (!find(index, &id, error)) return false;
  text_of(id, CL_DEVICE_NAME, name, sizeof name);
  platform_of(id, platform, sizeof platform);
  snprintf(text, DEVICE_TEXT_SIZE, "%s, %.1f GiB, %s", name,
           (double)number_of(id, CL_DEVICE_GLOBAL_MEM_SIZE) / 0x1p30, platform);
  return true;
}

/* ---- a device ---- */

/* Does it have what exact results need? */
static bool check_arithmetic(struct Device *device, struct Error *error)
{
  const cl_device_fp_config doubles = number_of(device->id, CL_DEVICE_DOUBLE_FP_CONFIG);
  const cl_device_fp_config singles = number_of(device->id, CL_DEVICE_SINGLE_FP_CONFIG);
  if (!(doubles & CL_FP_FMA))
    return error_set(error, "%s has no double precision, which losses need", device->name);
  if (!(singles & CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT))
    return error_set(error, "%s does not round quotients correctly", device->name);
  if (!(singles & CL_FP_INF_NAN) || !(singles & CL_FP_ROUND_TO_NEAREST))
    return error_set(error, "%s does not compute as IEEE 754 says", device->name);
  return true;
}

static void opencl_close(struct Device *device)
{
  if (!device) return;
  if (device->queue) clFinish(device->queue);
  for (struct DeviceLaunch *launch = device->launches, *next; launch; launch = next) {
    next = launch->next;
    clReleaseKernel(launch->kernel);
    free(launch);
  }
  for (struct DeviceMemory *memory = device->memories, *next; memory; memory = next) {
    next = memory->next;
    clReleaseMemObject(memory->buffer);
    free(memory);
  }
  if (device->program) clReleaseProgram(device->program);
  if (device->queue) clReleaseCommandQueue(device->queue);
  if (device->context) clReleaseContext(device->context);
  free(device);
}

static bool opencl_open(struct Device **opened, int index, struct Error *error)
{
  cl_int code;
  struct Device *device = memory_new(1, sizeof *device, "a device", error);
  *opened = NULL;
  if (!device) return false;
  if (!find(index, &device->id, error)) {
    free(device);
    return false;
  }
  text_of(device->id, CL_DEVICE_NAME, device->name, sizeof device->name);
  bool ready = check_arithmetic(device, error);
  if (ready) {
    device->context = clCreateContext(NULL, 1, &device->id, NULL, NULL, &code);
    ready = device->context || fail(device->name, "cannot be used", code, error);
  }
  if (ready) {
    device->queue = clCreateCommandQueue(device->context, device->id, 0, &code);
    ready = device->queue || fail(device->name, "cannot be used", code, error);
  }
  if (ready)
    *opened = device;
  else
    opencl_close(device);
  return ready;
}

/* ---- programs ---- */

static bool complain(struct Device *device, cl_int code, struct Error *error)
{
  size_t size = 0;
  clGetProgramBuildInfo(device->program, device->id, CL_PROGRAM_BUILD_LOG, 0, NULL, &size);
  char *log = calloc(size + 1, 1);
  if (log && size > 0)
    clGetProgramBuildInfo(device->program, device->id, CL_PROGRAM_BUILD_LOG, size, log, NULL);
  const char *line = log ? device_first_error(log) : "";
  error_set(error, "%s: its compiler does not take the kernels: %s (%d)%s%s", device->name,
            error_name(code), code, *line ? ": " : "", line);
  free(log);
  return false;
}

static bool opencl_build(struct Device *device, const char *source, const char *options,
                         struct Error *error)
{
  static const char exact[] = "-w -cl-std=CL1.2 -cl-fp32-correctly-rounded-divide-sqrt";
  cl_int code;
  char *all = memory_print(error, "%s %s", exact, options);
  if (!all) return false;
  device->program = clCreateProgramWithSource(device->context, 1, &source, NULL, &code);
  if (device->program) code = clBuildProgram(device->program, 1, &device->id, all, NULL, NULL);
  free(all);
  if (!device->program) return fail(device->name, "its compiler does not start", code, error);
  return code == CL_SUCCESS || complain(device, code, error);
}

/* ---- memory ---- */

static bool no_room(struct Device *device, size_t bytes, const char *what, cl_int code,
                    struct Error *error)
{
  return error_set(
      error, "%s: no memory for %s: %.1f MiB of %.1f GiB in pieces of %.1f GiB: %s (%d)",
      device->name, what, (double)bytes / 0x1p20,
      (double)number_of(device->id, CL_DEVICE_GLOBAL_MEM_SIZE) / 0x1p30,
      (double)number_of(device->id, CL_DEVICE_MAX_MEM_ALLOC_SIZE) / 0x1p30, error_name(code), code);
}

static bool opencl_allocate(struct Device *device, size_t bytes, const char *what,
                            struct DeviceMemory **memory, struct Error *error)
{
  cl_int code;
  struct DeviceMemory *new = memory_new(1, sizeof *new, "a device's memory", error);
  if (!new) return false;
  if (bytes > number_of(device->id, CL_DEVICE_MAX_MEM_ALLOC_SIZE)) {
    free(new);
    return no_room(device, bytes, what, CL_INVALID_BUFFER_SIZE, error);
  }
  new->buffer = clCreateBuffer(device->context, CL_MEM_READ_WRITE, bytes, NULL, &code);
  if (!new->buffer) {
    free(new);
    return no_room(device, bytes, what, code, error);
  }
  new->next = device->memories;
  device->memories = *memory = new;
  /* some drivers find room only when the memory is first used */
  const cl_int zero = 0;
  code =
      clEnqueueFillBuffer(device->queue, new->buffer, &zero, sizeof zero, 0, bytes, 0, NULL, NULL);
  if (code == CL_SUCCESS) code = clFinish(device->queue);
  return code == CL_SUCCESS || no_room(device, bytes, what, code, error);
}

static bool opencl_write(struct Device *device, struct DeviceMemory *memory, size_t offset,
                         size_t bytes, const void *from, struct Error *error)
{
  cl_int code = clEnqueueWriteBuffer(device->queue, memory->buffer, CL_TRUE, offset, bytes, from, 0,
                                     NULL, NULL);
  return check_alive(device->name, code, error);
}

static bool opencl_read(struct Device *device, const struct DeviceMemory *memory, size_t offset,
                        size_t bytes, void *to, struct Error *error)
{
  cl_int code =
      clEnqueueReadBuffer(device->queue, memory->buffer, CL_TRUE, offset, bytes, to, 0, NULL, NULL);
  return check_alive(device->name, code, error);
}

/* ---- launches ---- */

static cl_int set_arguments(cl_kernel kernel, const struct DeviceArguments *arguments)
{
  cl_int code = CL_SUCCESS;
  for (cl_uint i = 0; i < DEVICE_MEMORIES && code == CL_SUCCESS; i++)
    code = clSetKernelArg(kernel, i, sizeof(cl_mem), &arguments->memories[i]->buffer);
  for (cl_uint i = 0; i < DEVICE_NUMBERS && code == CL_SUCCESS; i++)
    code = clSetKernelArg(kernel, DEVICE_MEMORIES + i, sizeof(cl_int), &arguments->numbers[i]);
  return code;
}

static bool check_group(struct Device *device, const char *name, cl_kernel kernel, size_t items,
                        struct Error *error)
{
  size_t most = 0;
  clGetKernelWorkGroupInfo(kernel, device->id, CL_KERNEL_WORK_GROUP_SIZE, sizeof most, &most, NULL);
  return items <= most ||
         error_set(error,
                   "%s: has groups of up to %zu work-items for the kernel %s, which needs %zu",
                   device->name, most, name, items);
}

static bool opencl_prepare(struct Device *device, const char *name, const struct DeviceGrid *grid,
                           const struct DeviceArguments *arguments, struct DeviceLaunch **launch,
                           struct Error *error)
{
  cl_int code;
  struct DeviceLaunch *new = memory_new(1, sizeof *new, "a launch", error);
  if (!new) return false;
  new->kernel = clCreateKernel(device->program, name, &code);
  if (!new->kernel) {
    free(new);
    return fail(device->name, name, code, error);
  }
  new->next = device->launches;
  device->launches = *launch = new;
  new->group[0] = grid->items;
  new->group[1] = 1;
  new->items[0] = grid->groups[0] * grid->items;
  new->items[1] = grid->groups[1];
  code = set_arguments(new->kernel, arguments);
  if (code != CL_SUCCESS) return fail(device->name, name, code, error);
  return check_group(device, name, new->kernel, grid->items, error);
}

static bool opencl_run(struct Device *device, struct DeviceLaunch *const *launches, size_t n,
                       struct Error *error)
{
  cl_int code = CL_SUCCESS;
  for (size_t i = 0; i < n && code == CL_SUCCESS; i++)
    code = clEnqueueNDRangeKernel(device->queue, launches[i]->kernel, 2, NULL, launches[i]->items,
                                  launches[i]->group, 0, NULL, NULL);
  if (code == CL_SUCCESS) code = clFlush(device->queue);
  return check_alive(device->name, code, error);
}

const struct DeviceDriver opencl_driver = {.name = "opencl",
                                           .count = count,
                                           .describe = describe,
                                           .open = opencl_open,
                                           .close = opencl_close,
                                           .build = opencl_build,
                                           .allocate = opencl_allocate,
                                           .write = opencl_write,
                                           .read = opencl_read,
                                           .prepare = opencl_prepare,
                                           .run = opencl_run};
