/* crc32: the check of IEEE 802.3 (polynomial 0xEDB88320, reflected), as zlib's crc32.
 *
 * A seed of another value than 0 gives the check of what came before, or of an epoch: the same
 * bytes under another seed have another check. */
#ifndef OCBULK_BASE_CRC32_H
#define OCBULK_BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32_of(uint32_t seed, const uint8_t *src, size_t len);

#endif
