/*
 * Preloaded into a program, ends it at a chosen moment of its dealings with files: KILL_AT=n sends
 * it the signal KILL_SIGNAL (9 where it is not set) just before its n-th call of pwrite, ftruncate,
 * fsync, rename or unlink, counted from 1; a write is half done then. A program that makes fewer
 * calls runs as ever.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Is this call the one? */
static int is_the_one(void)
{
  static long calls;
  const char *at = getenv("KILL_AT");
  return at && ++calls == atol(at);
}

static void send_signal(void)
{
  const char *number = getenv("KILL_SIGNAL");
  raise(number ? atoi(number) : SIGKILL);
}

/* The function behind this one, of the type of `like`. */
#define NEXT(like, name) ((__typeof__(&(like)))dlsym(RTLD_NEXT, name))

ssize_t pwrite(int descriptor, const void *data, size_t size, off_t offset)
{
  __typeof__(&pwrite) next = NEXT(pwrite, "pwrite");
  if (is_the_one()) {
    next(descriptor, data, size / 2, offset);
    send_signal();
  }
  return next(descriptor, data, size, offset);
}

int ftruncate(int descriptor, off_t length)
{
  if (is_the_one()) send_signal();
  return NEXT(ftruncate, "ftruncate")(descriptor, length);
}

int fsync(int descriptor)
{
  if (is_the_one()) send_signal();
  return NEXT(fsync, "fsync")(descriptor);
}

int rename(const char *from, const char *to)
{
  if (is_the_one()) send_signal();
  return NEXT(rename, "rename")(from, to);
}

int unlink(const char *path)
{
  if (is_the_one()) send_signal();
  return NEXT(unlink, "unlink")(path);
}
