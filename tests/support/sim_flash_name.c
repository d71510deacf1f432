/* The calls of a sim_flash that change or tell names. */
#include "sim_flash_parts.h"

#include "base/err.h"

#include <string.h>

static void settle(struct sim_flash *s)
{
    for (size_t i = 1; i < s->names_len; i++) {
        if (s->names[i].late) {
            s->names[i].late = false;
            sim_put(s, &s->names[i], true, s->names[i].live);
        }
    }
}

/* Whether what happened is on flash: else it is late, and the next to succeed takes it along. */
static bool is_durable(struct sim_flash *s, const struct sim_call *c)
{
    bool durable = c->fate != SIM_FAILS || sim_below(s, 2) == 1;

    if (durable) {
        settle(s);
    }
    return durable;
}

static void move(struct sim_flash *s, const struct sim_call *c, struct sim_name *to)
{
    int16_t file = c->name->live;

    if (is_durable(s, c)) {
        sim_put(s, to, true, file);
        sim_put(s, c->name, true, to == c->name ? file : -1);
    } else {
        c->name->late = to->late = true;
    }
    sim_put(s, to, false, file);
    sim_put(s, c->name, false, to == c->name ? file : -1);
}

static int may_move(const struct sim_flash *s, const struct sim_call *c, const struct sim_name *to,
                    bool replace)
{
    int err = sim_reach(s, to, SIM_RENAME);

    if (err != 0 || c->name->live < 0) {
        return err != 0 ? err : ERR_FLASH_NONE;
    }
    if (!replace && (to->live >= 0 || to->folder)) {
        return ERR_FLASH_EXISTS;
    }
    return to->folder ? ERR_FLASH_WRITE : 0;
}

int sim_rename(void *ctx, const char *from, const char *to, bool replace)
{
    struct sim_flash *s = ctx;
    struct sim_call c;
    int err = sim_begin(s, &c, SIM_RENAME, from);
    struct sim_name *target = sim_name(s, to);
    struct sim_entry e = {.op = SIM_RENAME};

    if (err == 0) {
        err = may_move(s, &c, target, replace);
    }
    if (err != 0) {
        return sim_finish(s, &c, err, 0, 0);
    }
    e.len = sim_live(s, c.name)->live.len;
    if (sim_happens(s, c.fate, c.err)) {
        move(s, &c, target);
    }
    if (c.fate == SIM_IN_FLIGHT) {
        return sim_dark(s);
    }
    s->counts.syncs += c.name->parent == target->parent ? 1 : 2;
    e.name = (uint16_t)(c.name - s->names);
    e.to = (uint16_t)(target - s->names);
    e.err = c.err;
    sim_log(s, &e, NULL);
    return c.err;
}

int sim_remove(void *ctx, const char *name)
{
    struct sim_flash *s = ctx;
    struct sim_call c;
    int err = sim_begin(s, &c, SIM_REMOVE, name);
    const struct sim_file *f = sim_live(s, c.name);
    size_t len = f != NULL ? f->live.len : 0;

    if (err != 0 || f == NULL) {
        if (err == 0 && c.fate == SIM_GOES) {
            s->counts.syncs++;
            settle(s);
        }
        return sim_finish(s, &c, err == ERR_FLASH_NONE ? 0 : err != 0 ? err : c.err, 0, 0);
    }
    if (sim_happens(s, c.fate, c.err)) {
        if (is_durable(s, &c)) {
            sim_put(s, c.name, true, -1);
        } else {
            c.name->late = true;
        }
        sim_put(s, c.name, false, -1);
    }
    s->counts.syncs++;
    return sim_finish(s, &c, c.err, 1, len);
}

int sim_folder(void *ctx, const char *name)
{
    struct sim_flash *s = ctx;
    struct sim_call c = {.op = SIM_FOLDER, .name = sim_name(s, name)};

    c.fate = sim_fate(s, SIM_FOLDER, &c.err);
    if (c.fate == SIM_REFUSED || sim_reach(s, c.name, SIM_FOLDER) == ERR_FLASH_WRITE ||
        c.name->live >= 0) {
        return sim_finish(s, &c, c.err != 0 ? c.err : ERR_FLASH_WRITE, 0, 0);
    }
    if (sim_happens(s, c.fate, c.err)) {
        for (uint16_t at = (uint16_t)(c.name - s->names); at != 0; at = s->names[at].parent) {
            s->counts.syncs += !s->names[at].folder;
            s->names[at].folder = true;
        }
    }
    return sim_finish(s, &c, c.err, 0, 0);
}

/* The first of a kind behind `after`. */
static const struct sim_name *next_name(const struct sim_flash *s, const struct sim_name *in,
                                        enum flash_kind kind, const char *after)
{
    const struct sim_name *best = NULL;
    size_t skip = in->text[0] != 0 ? strlen(in->text) + 1 : 0;

    for (size_t i = 1; i < s->names_len; i++) {
        const struct sim_name *n = &s->names[i];

        if (&s->names[n->parent] == in && (kind == FLASH_FILES ? n->live >= 0 : n->folder) &&
            strcmp(n->text + skip, after) > 0 &&
            (best == NULL || strcmp(n->text, best->text) < 0)) {
            best = n;
        }
    }
    return best;
}

int sim_list(void *ctx, const char *folder, enum flash_kind kind, const char *after,
             struct flash_file *out, size_t most)
{
    struct sim_flash *s = ctx;
    const struct sim_name *in = sim_name(s, folder);
    size_t skip = folder[0] != 0 ? strlen(folder) + 1 : 0;
    size_t count = 0;
    int err;

    if (sim_fate(s, SIM_LIST, &err) == SIM_REFUSED) {
        return err;
    }
    if (in->live >= 0 || sim_reach(s, in, SIM_LIST) == ERR_FLASH_READ) {
        return ERR_FLASH_READ;
    }
    while (count < most) {
        const struct sim_name *n = next_name(s, in, kind, after);

        if (n == NULL) {
            break;
        }
        memset(out[count].name, 0x5A, sizeof out[count].name); /* nothing counts behind the 0 */
        memcpy(out[count].name, n->text + skip, strlen(n->text + skip) + 1);
        after = out[count++].name;
    }
    return (int)count;
}
