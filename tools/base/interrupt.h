/*
 * Being told to end. A program that has something to save asks now and then whether it was told
 * to, and ends by itself when it has saved.
 */
#ifndef BASE_INTERRUPT_H
#define BASE_INTERRUPT_H

/* From now on SIGINT, SIGTERM and SIGHUP are noted rather than obeyed; those that the program was
   started to ignore (nohup) are still ignored. SIGPIPE is ignored: a message that nobody reads is
   no reason to stop. */
void interrupt_catch(void);

/* The signal that came first; 0 while none did. */
int interrupt_signal(void);

/* Ends the program as the signal would have: a shell sees the status 128 + signal, and a loop of
   commands knows that it is to end too. */
_Noreturn void interrupt_end(int signal);

#endif
