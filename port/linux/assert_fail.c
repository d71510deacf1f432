/* What assert calls when a contract is broken: it says so and aborts, without the C library's
 * printf behind it, which is 12 KB that nothing else needs. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__GLIBC__)
typedef unsigned int assert_line;
#else
typedef int assert_line;
#endif

void __assert_fail(const char *what, const char *file, assert_line line, const char *function)
    __attribute__((noreturn));

static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0) {
        return; /* there is nobody else to tell */
    }
}

void __assert_fail(const char *what, const char *file, assert_line line, const char *function)
{
    char digits[11] = {0};
    size_t at = sizeof digits - 1;

    for (unsigned left = (unsigned)line; left > 0; left /= 10) {
        digits[--at] = (char)('0' + left % 10);
    }
    say("ocbulk: broken contract: ");
    say(file);
    say(":");
    say(&digits[at]);
    say(": ");
    say(function);
    say(": ");
    say(what);
    say("\n");
    abort();
}
