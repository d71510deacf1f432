/* What the owner of a sim_flash does to it and sees of it. */
#include "sim_flash_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void sim_flash_copy(struct sim_flash *to, const struct sim_flash *from)
{
    struct sim_flash own;

    sim_flash_reset(to, 0);
    own = *to;
    *to = *from;
    to->names = own.names;
    to->files = own.files;
    to->spare = own.spare;
    to->chain = own.chain;
    to->log = own.log;
    to->log_cap = own.log_cap;
    to->log_len = 0;
    to->watch = NULL;
    for (size_t i = 0; i < from->log_len; i++) {
        sim_log(to, &from->log[i], NULL);
    }
    to->watch = from->watch;
    memcpy(to->names, from->names, from->names_len * sizeof from->names[0]);
    memcpy(to->spare, from->spare, from->spare_len * sizeof from->spare[0]);
    memcpy(to->chain, from->chain, SIM_CHAINS * sizeof from->chain[0]);
    for (size_t i = 0; i < from->files_len; i++) {
        struct sim_file *f = &to->files[i];
        struct sim_bytes live = f->live;
        struct sim_bytes durable = f->durable;

        *f = from->files[i];
        f->live = live;
        f->durable = durable;
        sim_write(&f->live, 0, from->files[i].live.at, from->files[i].live.len);
        sim_write(&f->durable, 0, from->files[i].durable.at, from->files[i].durable.len);
    }
}

void sim_flash_free(struct sim_flash *s)
{
    for (size_t i = 0; s->files != NULL && i < SIM_FILES_MAX; i++) {
        free(s->files[i].live.at);
        free(s->files[i].durable.at);
    }
    free(s->names);
    free(s->files);
    free(s->spare);
    free(s->chain);
    free(s->log);
    *s = (struct sim_flash){0};
}

static void make_folders(struct sim_flash *s, const struct sim_name *n)
{
    for (uint16_t at = n->parent; at != 0; at = s->names[at].parent) {
        s->names[at].folder = true;
    }
}

void sim_flash_put(struct sim_flash *s, const char *name, const void *bytes, size_t len)
{
    struct sim_name *n = sim_name(s, name);
    uint32_t syncs = s->counts.syncs;

    make_folders(s, n);
    sim_put(s, n, true, -1);
    sim_put(s, n, false, -1);
    sim_make(s, n);
    sim_write(&sim_live(s, n)->live, 0, bytes, len);
    sim_commit(s, sim_live(s, n));
    s->counts.syncs = syncs;
}

void sim_flash_busy(struct sim_flash *s, const char *name, bool busy)
{
    sim_name(s, name)->busy = busy;
}

void sim_flash_rot(struct sim_flash *s, const char *name, size_t at, uint8_t flip)
{
    struct sim_file *f = sim_live(s, sim_name(s, name));

    assert(f != NULL && at < f->live.len);
    f->live.at[at] ^= flip;
    if (at < f->stable) {
        f->durable.at[at] ^= flip;
    }
}

const uint8_t *sim_flash_bytes(const struct sim_flash *s, const char *name, bool durable,
                               size_t *len)
{
    const struct sim_name *n = sim_find(s, name);
    int16_t at = n == NULL ? -1 : durable ? n->durable : n->live;
    const struct sim_bytes *b;

    if (at == -1) {
        *len = 0;
        return NULL;
    }
    b = durable ? &s->files[at].durable : &s->files[at].live;
    *len = b->len;
    return b->at;
}

const char *sim_flash_name(const struct sim_flash *s, uint16_t name)
{
    return s->names[name].text;
}

void sim_flash_each(const struct sim_flash *s, bool durable,
                    void (*fn)(void *arg, const char *name, const uint8_t *bytes, size_t len),
                    void *arg)
{
    for (size_t i = 1; i < s->names_len; i++) {
        size_t len;
        const uint8_t *bytes = sim_flash_bytes(s, s->names[i].text, durable, &len);

        if (bytes != NULL) {
            fn(arg, s->names[i].text, bytes, len);
        }
    }
}
