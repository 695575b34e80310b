/*
 * Termination signals. A program with something to save polls for them, saves, and then terminates
 * itself.
 */
#ifndef BASE_INTERRUPT_H
#define BASE_INTERRUPT_H

/* From now on SIGINT, SIGTERM and SIGHUP are only recorded; signals that were ignored at start
   (nohup) stay ignored. SIGPIPE is ignored: a message that nobody reads is no reason to stop. */
void interrupt_catch(void);

/* The first signal received; 0 if none. */
int interrupt_signal(void);

/* Terminates the program by the signal's default action: a shell sees the status 128 + signal
   and can stop its loop as well. */
_Noreturn void interrupt_end(int signal);

#endif
