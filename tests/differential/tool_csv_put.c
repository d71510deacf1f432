/* Writes rows with csv_put. Stdin has, for each row, its number of fields, then for each field its
 * bytes and the field itself; numbers are 4 bytes, little-endian. */
#include "record/csv_put.h"

#include <stdio.h>
#include <stdlib.h>

static uint8_t row[1 << 16];
static char field[1 << 16];

static int read_number(unsigned *out)
{
    unsigned char b[4];

    if (fread(b, 1, 4, stdin) != 4) {
        return 0;
    }
    *out = b[0] | (unsigned)b[1] << 8 | (unsigned)b[2] << 16 | (unsigned)b[3] << 24;
    return 1;
}

int main(void)
{
    unsigned fields, len;

    while (read_number(&fields)) {
        struct csv_put p;
        int n;

        csv_put_init(&p, row, sizeof row);
        for (; fields > 0; fields--) {
            if (!read_number(&len) || len > sizeof field || fread(field, 1, len, stdin) != len) {
                return EXIT_FAILURE;
            }
            csv_put_field(&p, field, len);
        }
        n = csv_put_end(&p);
        if (n < 0 || fwrite(row, 1, (size_t)n, stdout) != (size_t)n) {
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}
