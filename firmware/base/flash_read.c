#include "base/flash_read.h"

#include "base/err.h"

static int64_t flash_read_size(void *ctx)
{
    struct flash_read *r = ctx;
    int64_t len = r->flash->size(r->flash->ctx, r->name);

    if (len < 0) {
        r->err = (int)len;
        return ERR_FILE_READ;
    }
    return len;
}

static int flash_read_at(void *ctx, uint64_t at, uint8_t *dst, size_t cap)
{
    struct flash_read *r = ctx;
    int n = r->flash->read_at(r->flash->ctx, r->name, at, dst, cap);

    if (n < 0) {
        r->err = n;
        return ERR_FILE_READ;
    }
    return n;
}

struct file flash_read_file(struct flash_read *r)
{
    return (struct file){.ctx = r, .size = flash_read_size, .read_at = flash_read_at};
}
