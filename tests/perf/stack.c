/* stack PROGRAM [ARGUMENT ...]: runs it and tells how deep its stack went, its children's too.
 *
 * The kernel gives stack pages zeroed: when a process ends, the lowest word that is not zero marks
 * the depth. A deepest frame that only wrote zeros is missed, so it is a lower bound, good to some
 * bytes. Prints `stack BYTES` for the program and `child BYTES` for each fork of it, on stderr. */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, WORD = sizeof(long) };

static uintptr_t stack_pointer(pid_t pid)
{
    struct user_regs_struct regs;

    if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) != 0) {
        perror("stack: PTRACE_GETREGS");
        exit(1);
    }
    return (uintptr_t)regs.rsp;
}

/* Bytes from top down to the lowest word that was written. */
static size_t depth(pid_t pid, uintptr_t top)
{
    uintptr_t lowest = top;

    for (uintptr_t page = top & ~(uintptr_t)(PAGE - 1);; page -= PAGE) {
        for (uintptr_t at = page + PAGE; at > page; at -= WORD) {
            errno = 0;
            long word = ptrace(PTRACE_PEEKDATA, pid, (void *)(at - WORD), NULL);

            if (errno != 0) {
                return top - lowest; /* below what the kernel has mapped */
            }
            if (word != 0 && at - WORD < lowest) {
                lowest = at - WORD;
            }
        }
    }
}

static void go_on(pid_t pid, int signal)
{
    ptrace(PTRACE_CONT, pid, NULL, (void *)(intptr_t)signal);
}

static int follow(pid_t program)
{
    uintptr_t top = stack_pointer(program);
    int status, result = 1;
    pid_t pid;

    ptrace(PTRACE_SETOPTIONS, program, NULL,
           (void *)(intptr_t)(PTRACE_O_TRACEEXIT | PTRACE_O_TRACEFORK | PTRACE_O_EXITKILL));
    go_on(program, 0);
    while ((pid = waitpid(-1, &status, __WALL)) > 0) {
        if (WIFEXITED(status) && pid == program) {
            result = WEXITSTATUS(status);
        }
        if (!WIFSTOPPED(status)) {
            continue;
        }
        int event = status >> 16, signal = WSTOPSIG(status);

        if (event == PTRACE_EVENT_EXIT) {
            fprintf(stderr, "%s %zu\n", pid == program ? "stack" : "child", depth(pid, top));
        }
        go_on(pid, event != 0 || signal == SIGSTOP || signal == SIGTRAP ? 0 : signal);
    }
    return result;
}

int main(int argc, char **argv)
{
    pid_t program;
    int status;

    if (argc < 2) {
        fprintf(stderr, "usage: stack PROGRAM [ARGUMENT ...]\n");
        return 2;
    }
    program = fork();
    if (program == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        execvp(argv[1], argv + 1);
        perror(argv[1]);
        _exit(127);
    }
    if (program < 0 || waitpid(program, &status, 0) != program || !WIFSTOPPED(status)) {
        fprintf(stderr, "stack: %s did not start\n", argv[1]);
        return 1;
    }
    return follow(program);
}
