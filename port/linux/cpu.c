#include "linux/cpu.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

bool cpu_has_aes(void)
{
    unsigned a, b, c, d;

    return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_AES) != 0 && (c & bit_PCLMUL) != 0;
}
#elif defined(__aarch64__)
#include <sys/auxv.h>

bool cpu_has_aes(void)
{
    const unsigned long aes = 1UL << 3, pmull = 1UL << 4;

    return (getauxval(AT_HWCAP) & (aes | pmull)) == (aes | pmull);
}
#else
bool cpu_has_aes(void)
{
    return false;
}
#endif
