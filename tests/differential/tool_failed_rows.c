/* Brings home failed rows from files: tool_failed_rows FOLDER IDENTIFIER FAILED RECORDS, the errors
 * on stdin, a line each. The batch is all of FOLDER/queue/contact/00000001.csv. Prints what
 * failed_rows_keep returned. */
#include "base/err.h"
#include "base/flash_read.h"
#include "linux/flash.h"
#include "sync/failed_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint8_t buf[EXCHANGE_TX_CAP];
static struct kept kept;

static uint32_t put_errors(void)
{
    static char line[EXCHANGE_TX_CAP];
    uint32_t n = 0;

    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        kept_put(&kept, "error", line);
        n++;
    }
    return n;
}

int main(int argc, char **argv)
{
    static struct flash_dir dir;
    struct flash_read reading = {.name = "queue/contact/00000001.csv"};
    struct failed_rows_job job = {.place = {KEPT_FAILED, "contact", "00000007"}};
    struct batch_file bf;

    if (argc != 5 || flash_open(&dir, argv[1]) != 0) {
        return 2;
    }
    struct flash flash = flash_of(&dir);
    struct file file = flash_read_file(&reading);

    reading.flash = &flash;
    if (batch_file_open(&bf, &file, buf, sizeof buf, NULL) != 0) {
        return 2;
    }
    job.flash = &flash;
    job.bf = &bf;
    job.identifier = argv[2];
    job.failed = atoll(argv[3]);
    job.records = (uint32_t)atoll(argv[4]);
    job.at = bf.body_at;
    job.end = bf.size;
    kept_reason(&kept, &flash, &job.place);
    job.errors = put_errors();
    printf("%d\n", failed_rows_keep(&job, &kept, buf, sizeof buf));
    flash_close(&dir);
    return 0;
}
