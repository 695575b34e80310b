/*
 * A preloaded library that kills a program at a chosen file operation: KILL_AT=n sends it the
 * signal KILL_SIGNAL (default 9) just before its n-th call of write, pwrite, ftruncate, fsync,
 * rename or unlink, counted from 1; a write is half done by then. Calls by libraries (OpenMP, for
 * example) do not count. A program that makes fewer calls runs normally.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

/* Does the address lie in the program itself? */
static int is_own(const void *address)
{
  Dl_info place, program;
  return dladdr(address, &place) && dladdr((const void *)getauxval(AT_ENTRY), &program) &&
         place.dli_fbase == program.dli_fbase;
}

/* Is the call that returns there the one? */
static int is_the_one(const void *caller)
{
  static long calls;
  const char *at = getenv("KILL_AT");
  return at && is_own(caller) && ++calls == atol(at);
}

static void send_signal(void)
{
  const char *number = getenv("KILL_SIGNAL");
  raise(number ? atoi(number) : SIGKILL);
}

/* The function behind this one, of the type of `like`. */
#define NEXT(like, name) ((__typeof__(&(like)))dlsym(RTLD_NEXT, name))

ssize_t write(int descriptor, const void *data, size_t size)
{
  __typeof__(&write) next = NEXT(write, "write");
  if (!is_the_one(__builtin_return_address(0))) return next(descriptor, data, size);
  ssize_t half = next(descriptor, data, size / 2);
  send_signal();
  return half; /* the rest is another call's */
}

ssize_t pwrite(int descriptor, const void *data, size_t size, off_t offset)
{
  __typeof__(&pwrite) next = NEXT(pwrite, "pwrite");
  if (is_the_one(__builtin_return_address(0))) {
    next(descriptor, data, size / 2, offset);
    send_signal();
  }
  return next(descriptor, data, size, offset);
}

int ftruncate(int descriptor, off_t length)
{
  if (is_the_one(__builtin_return_address(0))) send_signal();
  return NEXT(ftruncate, "ftruncate")(descriptor, length);
}

int fsync(int descriptor)
{
  if (is_the_one(__builtin_return_address(0))) send_signal();
  return NEXT(fsync, "fsync")(descriptor);
}

int rename(const char *from, const char *to)
{
  if (is_the_one(__builtin_return_address(0))) send_signal();
  return NEXT(rename, "rename")(from, to);
}

int unlink(const char *path)
{
  if (is_the_one(__builtin_return_address(0))) send_signal();
  return NEXT(unlink, "unlink")(path);
}
