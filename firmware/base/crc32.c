#include "base/crc32.h"

/* The CRC is linear: a byte's entry is the sum of the entries of its bits, so eight constants
 * stand for a table of 256. The table of BITS_k is for a byte with k more bytes behind it. */
#define BITS_0                                                                                     \
    0xEDB88320, 0x76DC4190, 0x3B6E20C8, 0x1DB71064, 0x0EDB8832, 0x076DC419, 0xEE0E612C, 0x77073096
#define BITS_1                                                                                     \
    0x3B83984B, 0xF0794F05, 0x958424A2, 0x4AC21251, 0xC8D98A08, 0x646CC504, 0x32366282, 0x191B3141
#define BITS_2                                                                                     \
    0xE1351B80, 0x709A8DC0, 0x384D46E0, 0x1C26A370, 0x0E1351B8, 0x0709A8DC, 0x0384D46E, 0x01C26A37
#define BITS_3                                                                                     \
    0xED59B63B, 0x9B14583D, 0xA032AF3E, 0x5019579F, 0xC5B428EF, 0x8F629757, 0xAA09C88B, 0xB8BC6765
#define BITS_4                                                                                     \
    0xB1E6B092, 0x58F35849, 0xC1C12F04, 0x60E09782, 0x30704BC1, 0xF580A6C0, 0x7AC05360, 0x3D6029B0
#define BITS_5                                                                                     \
    0x1EB014D8, 0x0F580A6C, 0x07AC0536, 0x03D6029B, 0xEC53826D, 0x9B914216, 0x4DC8A10B, 0xCB5CD3A5
#define BITS_6                                                                                     \
    0x8816EAF2, 0x440B7579, 0xCFBD399C, 0x67DE9CCE, 0x33EF4E67, 0xF44F2413, 0x979F1129, 0xA6770BB4
#define BITS_7                                                                                     \
    0x533B85DA, 0x299DC2ED, 0xF9766256, 0x7CBB312B, 0xD3E51BB5, 0x844A0EFA, 0x4225077D, 0xCCAA009E

#define SUM(i, b7, b6, b5, b4, b3, b2, b1, b0)                                                     \
    ((((i) >> 7 & 1) * (b7)) ^ (((i) >> 6 & 1) * (b6)) ^ (((i) >> 5 & 1) * (b5)) ^                 \
     (((i) >> 4 & 1) * (b4)) ^ (((i) >> 3 & 1) * (b3)) ^ (((i) >> 2 & 1) * (b2)) ^                 \
     (((i) >> 1 & 1) * (b1)) ^ (((i)&1) * (b0)))
#define ENTRY(i, ...) SUM(i, __VA_ARGS__)
#define ENTRY_4(i, ...)                                                                            \
    ENTRY(i, __VA_ARGS__), ENTRY(i + 1, __VA_ARGS__), ENTRY(i + 2, __VA_ARGS__),                   \
        ENTRY(i + 3, __VA_ARGS__)
#define ENTRY_16(i, ...)                                                                           \
    ENTRY_4(i, __VA_ARGS__), ENTRY_4(i + 4, __VA_ARGS__), ENTRY_4(i + 8, __VA_ARGS__),             \
        ENTRY_4(i + 12, __VA_ARGS__)
#define ENTRY_64(i, ...)                                                                           \
    ENTRY_16(i, __VA_ARGS__), ENTRY_16(i + 16, __VA_ARGS__), ENTRY_16(i + 32, __VA_ARGS__),        \
        ENTRY_16(i + 48, __VA_ARGS__)
#define TABLE(...)                                                                                 \
    {                                                                                              \
        ENTRY_64(0u, __VA_ARGS__), ENTRY_64(64u, __VA_ARGS__), ENTRY_64(128u, __VA_ARGS__),        \
            ENTRY_64(192u, __VA_ARGS__)                                                            \
    }

static const uint32_t TABLES[8][256] = {
    TABLE(BITS_0), TABLE(BITS_1), TABLE(BITS_2), TABLE(BITS_3),
    TABLE(BITS_4), TABLE(BITS_5), TABLE(BITS_6), TABLE(BITS_7),
};

static uint32_t little_endian(const uint8_t *src)
{
    return (uint32_t)src[0] | (uint32_t)src[1] << 8 | (uint32_t)src[2] << 16 |
           (uint32_t)src[3] << 24;
}

static uint32_t look_up(uint32_t v, const uint32_t table[4][256])
{
    return table[3][v & 0xFF] ^ table[2][v >> 8 & 0xFF] ^ table[1][v >> 16 & 0xFF] ^
           table[0][v >> 24];
}

uint32_t crc32_update(uint32_t crc, const uint8_t *src, size_t len)
{
    const uint8_t *end = src + len;

    crc = ~crc;
    for (; end - src >= 8; src += 8) {
        crc =
            look_up(crc ^ little_endian(src), TABLES + 4) ^ look_up(little_endian(src + 4), TABLES);
    }
    for (; src < end; src++) {
        crc = crc >> 8 ^ TABLES[0][(crc ^ *src) & 0xFF];
    }
    return ~crc;
}
