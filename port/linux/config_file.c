/* The file's layer: inih finds sections, keys and values; lines come from a reader of ours, which
 * refuses what inih would cut in silence. */
#include "linux/config_load.h"

#include "base/err.h"
#include "base/num.h"
#include "base/stream.h"
#include "base/text.h"
#include "linux/config_value.h"

#define INI_HANDLER_LINENO 1 /* as the Makefile builds it */
#include "ini.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define OBJECT_HEAD "object "

/* inih keeps 49 bytes of a section's name and tells nobody when there are more. */
enum { SECTION_NAME_MAX = 48, SECTION_NONE = -1 };

struct config_reader {
    struct config *c;
    struct config_error *e;
    const char *path;
    int fd, err;
    uint32_t line;
    int section;                  /* enum config_section, or SECTION_NONE */
    struct config_object *object; /* of SECTION_OBJECT */
    size_t len, at;
    char place[288]; /* "FILE:LINE" */
    char buf[512];
};

static int fill(struct config_reader *r)
{
    ssize_t n;

    do {
        n = read(r->fd, r->buf, sizeof(r->buf));
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        r->err = config_fail(r->e, ERR_CONFIG, r->path, ": ", strerror(errno));
    }
    r->at = 0;
    r->len = n > 0 ? (size_t)n : 0;
    return n > 0 ? 1 : 0;
}

static const char *place(struct config_reader *r, uint32_t line)
{
    char digits[NUM_U64_CAP];

    num_print_u64(digits, line);
    words(r->place, sizeof(r->place), r->path, ":", digits);
    return r->place;
}

/* One line with its end into dst, as fgets would; NULL at the end or with r->err set. */
static char *read_line(char *dst, int cap, void *stream)
{
    struct config_reader *r = stream;
    size_t len = 0;
    char c = 0;

    r->line++;
    while (c != '\n' && (r->at < r->len || fill(r) > 0)) {
        c = r->buf[r->at++];
        if (c == 0 || len + 1 == (size_t)cap) {
            r->err = config_fail(r->e, ERR_CONFIG, place(r, r->line),
                                 c == 0 ? ": a NUL byte" : ": the line is longer than 4094 bytes");
            return NULL;
        }
        dst[len++] = c;
    }
    dst[len] = 0;
    return len > 0 && r->err == 0 ? dst : NULL;
}

static int unknown_section(struct config_reader *r, const char *name)
{
    int near = text_nearest(name, CONFIG_SECTION, SECTION_COUNT);

    config_fail(r->e, ERR_CONFIG, r->place, ": unknown section [", name, "]");
    if (near >= 0) {
        config_fix(r->e, "did you mean [", CONFIG_SECTION[near],
                   near == SECTION_OBJECT ? " NAME]?" : "]?");
    }
    return ERR_CONFIG;
}

static int open_section(struct config_reader *r, const char *name)
{
    int at;

    r->section = SECTION_NONE;
    r->object = NULL;
    if (strlen(name) > SECTION_NAME_MAX) {
        return config_fail(r->e, ERR_CONFIG, r->place, ": the section's name is too long");
    }
    if (strncmp(name, OBJECT_HEAD, sizeof(OBJECT_HEAD) - 1) == 0) {
        r->section = SECTION_OBJECT;
        return config_object_open(r->c, name + sizeof(OBJECT_HEAD) - 1, r->place, &r->object, r->e);
    }
    for (at = 0; at < SECTION_OBJECT; at++) {
        if (strcmp(CONFIG_SECTION[at], name) == 0) {
            r->section = at;
            return 0;
        }
    }
    return unknown_section(r, name);
}

/* A secret that was written here would be kept in a file that others may read. */
static bool is_credential(const char *name)
{
    return strcmp(name, "element_token") == 0 || strcmp(name, "user_secret") == 0 ||
           strcmp(name, "organization_secret") == 0;
}

static const char *nearest_key(int section, const char *name)
{
    const char *known[CONFIG_KEYS_MAX];
    size_t row, count = 0;
    int near;

    for (row = 0; row < config_keys(); row++) {
        if (CONFIG_KEY[row].section == section) {
            known[count++] = CONFIG_KEY[row].name;
        }
    }
    near = text_nearest(name, known, count);
    return near >= 0 ? known[near] : NULL;
}

static int unknown_key(struct config_reader *r, const char *name)
{
    int row = config_row_anywhere(name);
    const char *near = nearest_key(r->section, name);

    config_fail(r->e, ERR_CONFIG, r->place, ": unknown key `", name, "` in [",
                CONFIG_SECTION[r->section], "]");
    if (is_credential(name)) {
        config_fix(r->e, "write it into the file that credentials_file names");
    } else if (row >= 0) {
        config_fix(r->e, "it belongs in [", CONFIG_SECTION[CONFIG_KEY[row].section], "]");
    } else if (near != NULL) {
        config_fix(r->e, "did you mean `", near, "`?");
    }
    return ERR_CONFIG;
}

/* Copies a text into the configuration; anything else is read at once and needs no copy. */
static const char *keep(struct config *c, const struct config_key *key, const char *value)
{
    char *kept = c->text + c->text_len;
    int len;

    if (!config_value_is_text(key)) {
        return value;
    }
    len = text_copy(kept, sizeof(c->text) - c->text_len, value);
    if (len < 0) {
        return NULL;
    }
    c->text_len += (size_t)len + 1;
    return kept;
}

static int take_value(struct config_reader *r, const char *name, const char *value)
{
    struct config_input in = {.object = r->object, .place = r->place};
    const struct config_origin *seen;

    if (r->section == SECTION_NONE) {
        return config_fail(r->e, ERR_CONFIG, r->place, ": `", name, "` stands in no section");
    }
    in.row = config_row((enum config_section)r->section, name);
    if (in.row < 0) {
        return unknown_key(r, name);
    }
    seen = config_origin_of(r->c, in.row, r->object);
    if (seen->from == FROM_FILE && CONFIG_KEY[in.row].type != TYPE_PINS) {
        char digits[NUM_U64_CAP];
        num_print_u64(digits, seen->line);
        return config_fail(r->e, ERR_CONFIG, r->place, ": `", name,
                           "` is given twice, first in line ", digits);
    }
    in.value = keep(r->c, &CONFIG_KEY[in.row], value);
    if (in.value == NULL) {
        return config_fail(r->e, ERR_CONFIG, r->place,
                           ": the file has more text than CONFIG_TEXT_CAP");
    }
    in.origin.from = FROM_FILE;
    in.origin.line = r->line;
    return config_put(r->c, &in, r->e);
}

/* inih's handler: 1 to go on. Without a name it is a new section. */
static int take(void *user, const char *section, const char *name, const char *value, int line)
{
    struct config_reader *r = user;

    place(r, (uint32_t)line);
    r->err = name == NULL ? open_section(r, section) : take_value(r, name, value);
    return r->err == 0;
}

static int open_file(struct config_reader *r, bool may_be_missing)
{
    r->fd = open(r->path, O_RDONLY | O_CLOEXEC);
    if (r->fd >= 0) {
        return 1;
    }
    return may_be_missing && errno == ENOENT
               ? 0
               : config_fail(r->e, ERR_CONFIG, r->path, ": ", strerror(errno));
}

int config_file_read(struct config *c, const char *path, bool may_be_missing,
                     struct config_error *e)
{
    struct config_reader r = {.c = c, .e = e, .path = path, .section = SECTION_NONE};
    int bad_line, got = open_file(&r, may_be_missing);

    if (got <= 0) {
        return got;
    }
    c->file = path;
    bad_line = ini_parse_stream(read_line, &r, take, &r);
    close(r.fd);
    if (bad_line != 0 && r.err == 0) {
        place(&r, (uint32_t)bad_line);
        r.err = config_fail(e, ERR_CONFIG, r.place,
                            ": neither a [section], `key = value` nor a comment");
    }
    return r.err;
}
