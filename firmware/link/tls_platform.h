/* tls_platform: what mbedTLS wants from its platform, process-wide as mbedTLS itself is.
 *
 * Memory  The arena is the caller's and serves all of mbedTLS until tls_platform_end.
 * Calls   begin once before any struct tls; set_time before each step that may look at a clock.
 * State   The two clocks mbedTLS asks for are the only static variables of the firmware: its
 *         hooks take no context.
 * Errors  ERR_TLS_MEMORY, ERR_ENTROPY. */
#ifndef OCBULK_LINK_TLS_PLATFORM_H
#define OCBULK_LINK_TLS_PLATFORM_H

#include "base/device.h"
#include "mbedtls/build_info.h" /* our configuration: it declares what mbedTLS calls by name */

int tls_platform_begin(uint8_t *arena, size_t cap);
void tls_platform_set_time(const struct now *now);
size_t tls_platform_peak(void); /* bytes of the arena in use at the highest, headers included */
size_t tls_platform_used(void); /* bytes in use now */
void tls_platform_end(void);
int tls_random(void *ctx, unsigned char *dst, size_t len); /* mbedTLS' form of device_random */
/* tls_snprintf: as much of printf as mbedTLS needs for a certificate's names and faults: %s, %c,
 * %u, %d, %X with an optional width padded with zeros. The length the whole text would have, as
 * snprintf says. tls_fprintf prints nothing: 0. */

#endif
