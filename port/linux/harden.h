/* harden: what the process does so that secrets stay in it (C37). */
#ifndef OCBULK_PORT_HARDEN_H
#define OCBULK_PORT_HARDEN_H

#include <stddef.h>

/* No core dump, no ptrace by the same user, files for the owner only, no death by SIGPIPE. First
 * thing in main. */
void harden_process(void);
/* Keeps these pages out of dumps and swap where the kernel lets us; never fails. */
void harden_secrets(const void *at, size_t len);
/* Overwrites the variable's value in the environment block, as /proc/PID/environ shows it, and
 * removes the variable. */
void harden_forget_env(const char *name);

#endif
