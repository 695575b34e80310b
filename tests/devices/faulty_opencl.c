/* Preloaded, it is an OpenCL that has one fault, which the environment variable FAULT names:

     none        no driver, hence no device
     doubles     no double precision
     quotients   quotients that are not rounded correctly
     fma         a multiply-add with two roundings
     compiler    a compiler that refuses the program
     group       kernels for small work-groups alone
     memory      no room
     late        no room, as it turns out when memory is first used
     lost N      the device is lost at launch N
     silent N    ... and says so when it is read, at reading N */
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is(const char *fault)
{
  const char *given = getenv("FAULT");
  return given && strncmp(given, fault, strlen(fault)) == 0;
}

/* Is this call N of those that count, or a later one? */
static bool is_at(const char *fault, int *calls)
{
  return is(fault) && ++*calls >= atoi(getenv("FAULT") + strlen(fault));
}

#define RIGHT(name) ((__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name))

cl_int clGetPlatformIDs(cl_uint room, cl_platform_id *platforms, cl_uint *n)
{
  if (is("none")) return -1001; /* CL_PLATFORM_NOT_FOUND_KHR */
  return RIGHT(clGetPlatformIDs)(room, platforms, n);
}

cl_int clGetDeviceInfo(cl_device_id id, cl_device_info what, size_t size, void *value, size_t *n)
{
  cl_int code = RIGHT(clGetDeviceInfo)(id, what, size, value, n);
  if (is("doubles") && what == CL_DEVICE_DOUBLE_FP_CONFIG && value)
    *(cl_device_fp_config *)value = 0;
  if (is("quotients") && what == CL_DEVICE_SINGLE_FP_CONFIG && value)
    *(cl_device_fp_config *)value &= ~(cl_device_fp_config)CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT;
  return code;
}

cl_program clCreateProgramWithSource(cl_context context, cl_uint n, const char **sources,
                                     const size_t *sizes, cl_int *code)
{
  const char *both[] = {is("fma") ? "#undef fma\n#define fma(x, y, z) ((x) * (y) + (z))\n" : "",
                        n == 1 && !sizes ? *sources : NULL};
  return RIGHT(clCreateProgramWithSource)(context, 2, both, NULL, code);
}

cl_int clBuildProgram(cl_program program, cl_uint n, const cl_device_id *devices,
                      const char *options, void (*notify)(cl_program, void *), void *data)
{
  char all[1 << 14];
  snprintf(all, sizeof all, "%s%s", options, is("compiler") ? " -DD=(" : "");
  return RIGHT(clBuildProgram)(program, n, devices, all, notify, data);
}

cl_int clGetKernelWorkGroupInfo(cl_kernel kernel, cl_device_id id, cl_kernel_work_group_info what,
                                size_t size, void *value, size_t *n)
{
  cl_int code = RIGHT(clGetKernelWorkGroupInfo)(kernel, id, what, size, value, n);
  if (is("group") && what == CL_KERNEL_WORK_GROUP_SIZE) *(size_t *)value = 64;
  return code;
}

cl_mem clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *code)
{
  if (!is("memory")) return RIGHT(clCreateBuffer)(context, flags, size, host, code);
  *code = CL_MEM_OBJECT_ALLOCATION_FAILURE;
  return NULL;
}

cl_int clEnqueueFillBuffer(cl_command_queue queue, cl_mem buffer, const void *pattern,
                           size_t pattern_size, size_t offset, size_t size, cl_uint n,
                           const cl_event *events, cl_event *event)
{
  if (is("late")) return CL_OUT_OF_RESOURCES;
  return RIGHT(clEnqueueFillBuffer)(queue, buffer, pattern, pattern_size, offset, size, n, events,
                                    event);
}

cl_int clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
                              const size_t *offset, const size_t *items, const size_t *group,
                              cl_uint n, const cl_event *events, cl_event *event)
{
  static int launches;
  if (is_at("lost ", &launches)) return CL_DEVICE_NOT_AVAILABLE;
  return RIGHT(clEnqueueNDRangeKernel)(queue, kernel, dimensions, offset, items, group, n, events,
                                       event);
}

cl_int clEnqueueReadBuffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset,
                           size_t size, void *to, cl_uint n, const cl_event *events,
                           cl_event *event)
{
  static int readings;
  if (is_at("silent ", &readings)) return CL_OUT_OF_RESOURCES;
  return RIGHT(clEnqueueReadBuffer)(queue, buffer, blocking, offset, size, to, n, events, event);
}
