#include "base/crc32.h"

/* A nibble a step: 64 bytes of table instead of 1,024; it runs over 128 bytes now and then. */
static const uint32_t NIBBLE[16] = {
    0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
    0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
};

uint32_t crc32_of(uint32_t seed, const uint8_t *src, size_t len)
{
    uint32_t crc = ~seed;

    for (size_t i = 0; i < len; i++) {
        crc ^= src[i];
        crc = crc >> 4 ^ NIBBLE[crc & 15];
        crc = crc >> 4 ^ NIBBLE[crc & 15];
    }
    return ~crc;
}
