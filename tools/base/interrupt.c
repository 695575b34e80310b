#include "base/interrupt.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

/* The only way for a handler to pass it on. */
static volatile sig_atomic_t first_signal;

static void note(int number)
{
  if (first_signal == 0) first_signal = number;
}

void interrupt_catch(void)
{
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
  struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART}, old;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
    if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
      sigaction(signals[i], &action, NULL);
  signal(SIGPIPE, SIG_IGN); /* the reader of our messages may be gone already */
}

int interrupt_signal(void)
{
  return first_signal;
}

void interrupt_end(int number)
{
  signal(number, SIG_DFL);
  raise(number);
  _exit(128 + number); /* if the signal is blocked */
}
