/*
 * A CUDA driver and its run-time compiler that compute by OpenCL, for tests of device_cuda.c where
 * there is no such GPU: the test gives it the names libcuda.so.1 and libnvrtc.so. It knows the
 * functions that are called there, kernels with three arrays and three integers, and one stream.
 * The compiler takes the source as OpenCL C; the environment variable CUDA_FAULT makes it fail
 * ("compiler"), or says that there is no memory ("memory").
 */
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, OUT_OF_MEMORY = 2, UNKNOWN = 999, MOST = 4096, SHIFT = 40 };

typedef unsigned long long Pointer;

struct Launch {
  cl_kernel kernel;
  size_t items[2], group[2];
};

struct Graph {
  struct Launch launches[MOST];
  int n;
};

static cl_device_id device;
static cl_context context;
static cl_command_queue queue;
static cl_program program;
static cl_mem buffers[16];
static Pointer n_buffers;
static struct Graph captured;
static bool capturing;

static bool is(const char *fault)
{
  const char *given = getenv("CUDA_FAULT");
  return given && strcmp(given, fault) == 0;
}

/* ---- the driver ---- */

int cuInit(unsigned flags)
{
  cl_platform_id platform;
  (void)flags;
  if (clGetPlatformIDs(1, &platform, NULL) != CL_SUCCESS ||
      clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL) != CL_SUCCESS)
    return UNKNOWN;
  context = clCreateContext(NULL, 1, &device, NULL, NULL, NULL);
  queue = context ? clCreateCommandQueue(context, device, 0, NULL) : NULL;
  return queue ? SUCCESS : UNKNOWN;
}

int cuDriverGetVersion(int *version)
{
  *version = 12040;
  return SUCCESS;
}

int cuGetErrorName(int code, const char **name)
{
  *name = code == OUT_OF_MEMORY ? "CUDA_ERROR_OUT_OF_MEMORY" : "CUDA_ERROR_UNKNOWN";
  return SUCCESS;
}

int cuDeviceGetCount(int *n)
{
  *n = 1;
  return SUCCESS;
}

int cuDeviceGet(int *id, int index)
{
  *id = index;
  return SUCCESS;
}

int cuDeviceGetName(char *name, int size, int id)
{
  (void)id;
  snprintf(name, (size_t)size, "stand-in");
  return SUCCESS;
}

int cuDeviceTotalMem_v2(size_t *bytes, int id)
{
  (void)id;
  *bytes = (size_t)1 << 32;
  return SUCCESS;
}

int cuDeviceGetAttribute(int *value, int attribute, int id)
{
  (void)id;
  *value = attribute == 75 ? 9 : 0;
  return SUCCESS;
}

int cuDevicePrimaryCtxRetain(void **of, int id)
{
  (void)id;
  *of = context;
  return SUCCESS;
}

int cuDevicePrimaryCtxRelease_v2(int id)
{
  (void)id;
  return SUCCESS;
}

int cuCtxSetCurrent(void *of)
{
  return of == context ? SUCCESS : UNKNOWN;
}

int cuModuleLoadData(void **module, const void *image)
{
  memcpy(module, image, sizeof *module);
  return *module == program ? SUCCESS : UNKNOWN;
}

int cuModuleGetFunction(void **function, void *module, const char *name)
{
  *function = clCreateKernel(module, name, NULL);
  return *function ? SUCCESS : UNKNOWN;
}

int cuModuleUnload(void *module)
{
  return clReleaseProgram(module) == CL_SUCCESS ? SUCCESS : UNKNOWN;
}

/* An address is the number of a buffer, from 1 on, and a place in it. */
static cl_mem buffer_at(Pointer at)
{
  return buffers[at >> SHIFT];
}
static size_t place_at(Pointer at)
{
  return at & (((Pointer)1 << SHIFT) - 1);
}

int cuMemAlloc_v2(Pointer *memory, size_t bytes)
{
  if (is("memory")) return OUT_OF_MEMORY;
  *memory = ++n_buffers << SHIFT;
  buffers[n_buffers] = clCreateBuffer(context, CL_MEM_READ_WRITE, bytes, NULL, NULL);
  return buffers[n_buffers] ? SUCCESS : OUT_OF_MEMORY;
}

int cuMemFree_v2(Pointer memory)
{
  return clReleaseMemObject(buffer_at(memory)) == CL_SUCCESS ? SUCCESS : UNKNOWN;
}

int cuMemsetD8Async(Pointer memory, unsigned char value, size_t bytes, void *stream)
{
  (void)stream;
  return clEnqueueFillBuffer(queue, buffer_at(memory), &value, 1, place_at(memory), bytes, 0, NULL,
                             NULL) == CL_SUCCESS
             ? SUCCESS
             : UNKNOWN;
}

int cuMemcpyHtoDAsync_v2(Pointer to, const void *from, size_t bytes, void *stream)
{
  (void)stream;
  return clEnqueueWriteBuffer(queue, buffer_at(to), CL_TRUE, place_at(to), bytes, from, 0, NULL,
                              NULL) == CL_SUCCESS
             ? SUCCESS
             : UNKNOWN;
}

int cuMemcpyDtoHAsync_v2(void *to, Pointer from, size_t bytes, void *stream)
{
  (void)stream;
  return clEnqueueReadBuffer(queue, buffer_at(from), CL_FALSE, place_at(from), bytes, to, 0, NULL,
                             NULL) == CL_SUCCESS
             ? SUCCESS
             : UNKNOWN;
}

int cuStreamCreate(void **stream, unsigned flags)
{
  (void)flags;
  *stream = queue;
  return SUCCESS;
}

int cuStreamSynchronize(void *stream)
{
  return clFinish(stream) == CL_SUCCESS ? SUCCESS : UNKNOWN;
}

int cuStreamDestroy_v2(void *stream)
{
  (void)stream;
  return SUCCESS;
}

static int enqueue(const struct Launch *launch)
{
  return clEnqueueNDRangeKernel(queue, launch->kernel, 2, NULL, launch->items, launch->group, 0,
                                NULL, NULL) == CL_SUCCESS
             ? SUCCESS
             : UNKNOWN;
}

/* A launch keeps its own kernel object, and so its own arguments. */
int cuLaunchKernel(void *function, unsigned x, unsigned y, unsigned z, unsigned items_x,
                   unsigned items_y, unsigned items_z, unsigned shared, void *stream,
                   void **arguments, void **extra)
{
  if (z != 1 || items_y != 1 || items_z != 1 || shared != 0 || extra || stream != queue)
    return UNKNOWN;
  struct Launch launch = {
      .kernel = function, .items = {(size_t)x * items_x, y}, .group = {items_x, 1}};
  for (cl_uint i = 0; i < 3; i++) {
    cl_mem buffer = buffer_at(*(Pointer *)arguments[i]);
    if (clSetKernelArg(function, i, sizeof buffer, &buffer) != CL_SUCCESS ||
        clSetKernelArg(function, 3 + i, sizeof(int), arguments[3 + i]) != CL_SUCCESS)
      return UNKNOWN;
  }
  if (!capturing) return enqueue(&launch);
  if (captured.n == MOST) return UNKNOWN;
  captured.launches[captured.n++] = launch;
  return SUCCESS;
}

int cuStreamBeginCapture_v2(void *stream, int mode)
{
  (void)stream, (void)mode;
  captured.n = 0;
  capturing = true;
  return SUCCESS;
}

int cuStreamEndCapture(void *stream, void **graph)
{
  (void)stream;
  capturing = false;
  *graph = &captured;
  return SUCCESS;
}

int cuGraphInstantiateWithFlags(void **run, void *graph, unsigned long long flags)
{
  (void)flags;
  *run = malloc(sizeof(struct Graph));
  if (!*run) return OUT_OF_MEMORY;
  memcpy(*run, graph, sizeof(struct Graph));
  return SUCCESS;
}

int cuGraphDestroy(void *graph)
{
  return graph == &captured ? SUCCESS : UNKNOWN;
}

int cuGraphLaunch(void *run, void *stream)
{
  const struct Graph *graph = run;
  (void)stream;
  int code = SUCCESS;
  for (int i = 0; i < graph->n && code == SUCCESS; i++)
    code = enqueue(&graph->launches[i]);
  return code;
}

int cuGraphExecDestroy(void *run)
{
  free(run);
  return SUCCESS;
}

/* ---- the compiler ---- */

int nvrtcCreateProgram(void **of, const char *source, const char *name, int n,
                       const char *const *headers, const char *const *names)
{
  (void)name, (void)n, (void)headers, (void)names;
  program = clCreateProgramWithSource(context, 1, &source, NULL, NULL);
  *of = program;
  return program ? 0 : 1;
}

/* Takes the definitions, and insists on exact arithmetic. */
int nvrtcCompileProgram(void *of, int n, const char *const *options)
{
  char all[1 << 14] = "-w -cl-std=CL1.2 -cl-fp32-correctly-rounded-divide-sqrt";
  bool exact = false;
  for (int i = 0; i < n; i++) {
    exact = exact || strcmp(options[i], "--fmad=false") == 0;
    if (strncmp(options[i], "-D", 2) != 0) continue;
    strcat(all, " ");
    strcat(all, options[i]);
  }
  if (!exact || is("compiler")) return 6;
  return clBuildProgram(of, 1, &device, all, NULL, NULL) == CL_SUCCESS ? 0 : 6;
}

static const char complaint[] = "kernels.cl\nkernels.cl(1): error: it is a stand-in\n";

int nvrtcGetProgramLogSize(void *of, size_t *size)
{
  (void)of;
  *size = sizeof complaint;
  return 0;
}

int nvrtcGetProgramLog(void *of, char *log)
{
  (void)of;
  strcpy(log, complaint);
  return 0;
}

int nvrtcGetCUBINSize(void *of, size_t *size)
{
  *size = sizeof of;
  return 0;
}

int nvrtcGetCUBIN(void *of, char *code)
{
  memcpy(code, &of, sizeof of);
  return 0;
}

int nvrtcDestroyProgram(void **of)
{
  *of = NULL;
  return 0;
}
