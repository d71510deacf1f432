/* cpu: what the cipher order depends on. */
#ifndef OCBULK_PORT_LINUX_CPU_H
#define OCBULK_PORT_LINUX_CPU_H

#include <stdbool.h>

bool cpu_has_aes(void); /* the CPU has instructions for AES and mbedTLS uses them */

#endif
