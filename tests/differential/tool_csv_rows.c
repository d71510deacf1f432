/* Reads CSV on stdin with csv and csv_field, in pieces of as many bytes as the argument says, and
 * writes the fields of good rows, 0x1F behind each, 0x1E behind a row; at a fault its name, byte,
 * line and column, and no more. */
#include "base/err.h"
#include "record/csv.h"
#include "record/csv_field.h"

#include <stdio.h>
#include <stdlib.h>

static uint8_t input[1 << 20];

static void write_row(const struct csv_row *row)
{
    static char field[sizeof(input)];
    struct csv_field f;
    int n;

    csv_field_init(&f, input + row->at, (size_t)(row->end - row->at));
    while ((n = csv_field_next(&f, field, sizeof(field))) >= 0) {
        fwrite(field, 1, (size_t)n, stdout);
        putchar(0x1F);
    }
    putchar(0x1E);
}

/* Writes what became of a row: whether to go on. */
static int tell(const struct csv *c)
{
    const struct csv_row *row = &c->row;

    if (row->err != 0) {
        printf("%s %u %u %u", err_name(row->err), (unsigned)row->fault.byte,
               (unsigned)row->fault.line, (unsigned)row->fault.column);
    } else if (!row->blank) {
        write_row(row);
    }
    return row->err == 0;
}

int main(int argc, char **argv)
{
    size_t len = fread(input, 1, sizeof(input), stdin), at = 0;
    size_t step = argc > 1 ? strtoul(argv[1], NULL, 10) : sizeof(input);
    struct csv c;
    bool row_done;

    csv_init(&c);
    while (at < len) {
        size_t piece = len - at < step ? len - at : step;
        int used = csv_push(&c, input + at, piece, &row_done);
        if (used < 0 || (row_done && !tell(&c))) {
            return 1;
        }
        at += (size_t)used;
    }
    return csv_finish(&c) == 1 && !tell(&c);
}
