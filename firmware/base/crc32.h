/* crc32: the CRC-32 of IEEE 802.3 (reflected, 0xEDB88320), eight bytes a step.
 *
 * 8 KiB of tables: with half of them a byte costs two thirds more time.
 *
 * Start with 0; the result of one call is the argument of the next, so any cut gives the same. */
#ifndef OCBULK_BASE_CRC32_H
#define OCBULK_BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32_update(uint32_t crc, const uint8_t *src, size_t len); /* "123456789": 0xCBF43926 */

#endif
