/* The names and files of a sim_flash, in pools that a reset empties without giving them back. */
#include "sim_flash_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sim_misuse(struct sim_flash *s, const char *what, const char *name)
{
    s->misuses++;
    if (!s->bears) {
        (void)fprintf(stderr, "sim_flash: %s: \"%s\"\n", what, name);
        abort();
    }
}

void sim_write(struct sim_bytes *b, size_t at, const uint8_t *src, size_t len)
{
    if (at + len >= b->cap) {
        b->cap = 2 * (at + len) + 256;
        b->at = realloc(b->at, b->cap);
        assert(b->at != NULL);
    }
    if (len > 0) {
        memcpy(b->at + at, src, len);
    }
    b->len = at + len;
}

static unsigned hash(const char *text, size_t len)
{
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < len; i++) {
        h = (h ^ (uint8_t)text[i]) * 16777619u;
    }
    return h % SIM_CHAINS;
}

static uint16_t seek(const struct sim_flash *s, const char *text, size_t len)
{
    uint16_t at = s->chain[hash(text, len)];

    while (at != 0 && (strncmp(s->names[at].text, text, len) != 0 || s->names[at].text[len] != 0)) {
        at = s->names[at].next;
    }
    return at;
}

static uint16_t add(struct sim_flash *s, const char *text, size_t len, uint16_t parent)
{
    uint16_t at = (uint16_t)s->names_len++;
    struct sim_name *n = &s->names[at];
    unsigned h = hash(text, len);

    assert(at < SIM_NAMES_MAX);
    *n = (struct sim_name){.live = -1, .durable = -1, .parent = parent, .next = s->chain[h]};
    memcpy(n->text, text, len);
    s->chain[h] = at;
    return at;
}

static bool is_part(const char *part, size_t len)
{
    return len > 0 && len < FLASH_FILE_CAP && !(len == 1 && part[0] == '.') &&
           !(len == 2 && part[0] == '.' && part[1] == '.');
}

/* A name's folders are names as well. */
struct sim_name *sim_name(struct sim_flash *s, const char *text)
{
    size_t whole = strlen(text);
    uint16_t parent = 0;
    uint16_t at = seek(s, text, whole);

    if (at != 0 || whole == 0) {
        return &s->names[at];
    }
    if (whole >= FLASH_NAME_CAP) {
        sim_misuse(s, "name too long", text);
        whole = FLASH_NAME_CAP - 1;
    }
    for (size_t from = 0, len = 0; len <= whole; len++) {
        if (len == whole || text[len] == '/') {
            if (!is_part(text + from, len - from)) {
                sim_misuse(s, "impossible name", text);
            }
            at = seek(s, text, len);
            parent = at != 0 ? at : add(s, text, len, parent);
            from = len + 1;
        }
    }
    return &s->names[parent];
}

const struct sim_name *sim_find(const struct sim_flash *s, const char *text)
{
    uint16_t at = seek(s, text, strlen(text));

    return at != 0 ? &s->names[at] : NULL;
}

struct sim_file *sim_live(const struct sim_flash *s, const struct sim_name *n)
{
    return n->live != -1 ? &s->files[n->live] : NULL;
}

void sim_put(struct sim_flash *s, struct sim_name *n, bool durable, int16_t file)
{
    int16_t *place = durable ? &n->durable : &n->live;
    uint16_t self = (uint16_t)(n - s->names);
    int16_t old = *place;

    if (old == file) {
        return;
    }
    *place = file;
    if (file != -1) {
        *(durable ? &s->files[file].durable_name : &s->files[file].live_name) = self;
    }
    if (old != -1) {
        struct sim_file *f = &s->files[old];
        uint16_t *back = durable ? &f->durable_name : &f->live_name;

        *back = *back == self ? 0 : *back;
        if (f->live_name == 0 && f->durable_name == 0) {
            s->spare[s->spare_len++] = old;
        }
    }
}

void sim_make(struct sim_flash *s, struct sim_name *n)
{
    int16_t at = s->spare_len > 0 ? s->spare[--s->spare_len] : (int16_t)s->files_len++;
    struct sim_file *f = &s->files[at];

    assert(at < SIM_FILES_MAX);
    sim_write(&f->live, 0, NULL, 0);
    sim_write(&f->durable, 0, NULL, 0);
    f->stable = f->lost_at = f->lost_to = 0;
    f->live_name = f->durable_name = 0;
    sim_put(s, n, false, at);
}

void sim_lose(struct sim_file *f)
{
    size_t to = f->lost_to < f->durable.len ? f->lost_to : f->durable.len;

    if (f->lost_at < to) {
        memset(f->durable.at + f->lost_at, 0, to - f->lost_at);
    }
}

void sim_commit(struct sim_flash *s, struct sim_file *f)
{
    sim_write(&f->durable, f->stable, f->live.at + f->stable, f->live.len - f->stable);
    f->stable = f->live.len;
    sim_lose(f);
    if (f->durable_name == 0 && f->live_name != 0) {
        sim_put(s, &s->names[f->live_name], true, (int16_t)(f - s->files));
        s->counts.syncs++;
    }
}

void sim_log(struct sim_flash *s, const struct sim_entry *e, const uint8_t *bytes)
{
    if (s->log_len == s->log_cap) {
        s->log_cap = 2 * s->log_cap + 1024;
        s->log = realloc(s->log, s->log_cap * sizeof s->log[0]);
        assert(s->log != NULL);
    }
    s->log[s->log_len++] = *e;
    if (s->watch != NULL && e->err == 0) {
        s->watch(s->watch_arg, e, bytes);
    }
}

static void make_pools(struct sim_flash *s)
{
    s->names = calloc(SIM_NAMES_MAX, sizeof s->names[0]);
    s->files = calloc(SIM_FILES_MAX, sizeof s->files[0]);
    s->spare = calloc(SIM_FILES_MAX, sizeof s->spare[0]);
    s->chain = calloc(SIM_CHAINS, sizeof s->chain[0]);
    assert(s->names != NULL && s->files != NULL && s->spare != NULL && s->chain != NULL);
}

void sim_flash_reset(struct sim_flash *s, uint64_t seed)
{
    struct sim_flash old = *s;

    *s = (struct sim_flash){.names = old.names,
                            .files = old.files,
                            .spare = old.spare,
                            .chain = old.chain,
                            .log = old.log,
                            .log_cap = old.log_cap,
                            .random = seed,
                            .host = 1,
                            .boot = 1};
    if (s->names == NULL) {
        make_pools(s);
    }
    memset(s->chain, 0, SIM_CHAINS * sizeof s->chain[0]);
    s->names[0] = (struct sim_name){.live = -1, .durable = -1, .folder = true};
    s->names_len = 1;
}
