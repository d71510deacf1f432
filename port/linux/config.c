#include "linux/config_load.h"

#include "base/err.h"
#include "base/stream.h"
#include "base/text.h"
#include "linux/config_value.h"

#include <stdlib.h>
#include <string.h>

#define ENV_PREFIX "OCBULK_"

int config_fail_parts(struct config_error *e, int err, const char *const *part)
{
    e->fix[0] = 0;
    words_join(e->where, sizeof(e->where), part);
    return err;
}

struct config_origin *config_origin_of(struct config *c, int row, const struct config_object *o)
{
    return o == NULL ? &c->origin[row]
                     : &c->object_origin[o - c->object][(size_t)row - config_object_row()];
}

int config_put(struct config *c, const struct config_input *in, struct config_error *e)
{
    const struct config_key *key = &CONFIG_KEY[in->row];
    struct config_origin *origin = config_origin_of(c, in->row, in->object);
    struct config_fault fault;
    int err;

    if (key->type == TYPE_PINS && origin->from != in->origin.from) {
        c->service.pins = 0; /* a layer's pins replace those of the one below */
    }
    err = config_value_read(key, in->object != NULL ? (void *)in->object : c, in->value, &fault);
    if (err < 0) {
        config_fail(e, err, in->place, ": `", key->name, "` ", fault.text);
        if (fault.word != NULL) {
            config_fix(e, "did you mean `", fault.word, "`?");
        }
        return err;
    }
    *origin = in->origin;
    return 0;
}

static bool object_name_ok(const char *name)
{
    size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    return len > 0 && len < OBJECT_NAME_CAP && name[len] == 0 && name[0] != '.';
}

int config_object_open(struct config *c, const char *name, const char *place,
                       struct config_object **out, struct config_error *e)
{
    size_t at;

    for (at = 0; at < c->objects; at++) {
        if (strcmp(c->object[at].name, name) == 0) {
            *out = &c->object[at];
            return 0;
        }
    }
    if (!object_name_ok(name)) {
        return config_fail(e, ERR_CONFIG, place, ": `", name,
                           "` is no object name: letters, digits, `_`, `-`, and `.` inside");
    }
    if (c->objects == CONFIG_OBJECTS_MAX) {
        return config_fail(e, ERR_CONFIG, place,
                           ": there are more objects than CONFIG_OBJECTS_MAX");
    }
    *out = &c->object[c->objects++];
    **out = c->object_default;
    text_copy((*out)->name, sizeof((*out)->name), name);
    return 0;
}

/* The defaults come through the same reader as everything else, so that the ranges hold for them.
 */
static int put_builtin(struct config *c, struct config_error *e)
{
    struct config_fault fault;
    size_t row;
    int err = 0;

    for (row = 0; row < config_keys() && err == 0; row++) {
        void *base = row < config_object_row() ? (void *)c : &c->object_default;
        err = config_value_read(&CONFIG_KEY[row], base, CONFIG_KEY[row].builtin, &fault);
    }
    return err == 0 ? 0 : config_fail(e, ERR_INTERNAL, "the table of defaults");
}

void config_env_name(const struct config_key *key, char name[CONFIG_ENV_CAP])
{
    char *at;

    words(name, CONFIG_ENV_CAP, ENV_PREFIX, key->name);
    for (at = name; *at != 0; at++) {
        *at = (char)(*at >= 'a' && *at <= 'z' ? *at - ('a' - 'A') : *at);
    }
}

static int put_environment(struct config *c, struct config_error *e)
{
    size_t row;
    int err = 0;

    for (row = 0; row < config_object_row() && err == 0; row++) {
        char name[CONFIG_ENV_CAP];
        struct config_input in = {.row = (int)row, .origin = {.from = FROM_ENVIRONMENT}};

        config_env_name(&CONFIG_KEY[row], name);
        in.place = name;
        in.value = getenv(name);
        err = in.value != NULL ? config_put(c, &in, e) : 0;
    }
    return err;
}

static int put_flag(struct config *c, const struct config_flag *flag, struct config_error *e)
{
    struct config_input in = {.value = flag->value, .origin = {.from = FROM_FLAG}, .place = "flag"};
    int err = 0;

    if (flag->object != NULL) {
        err = config_object_open(c, flag->object, in.place, &in.object, e);
        in.row = config_row(SECTION_OBJECT, flag->key);
    } else {
        in.row = config_row_anywhere(flag->key);
    }
    if (err == 0 && in.row < 0) {
        err = config_fail(e, ERR_USAGE, in.place, ": no such key `", flag->key, "`");
    }
    return err < 0 ? err : config_put(c, &in, e);
}

static int put_flags(struct config *c, const struct config_flag *flag, struct config_error *e)
{
    int err = 0;

    for (; flag->key != NULL && err == 0; flag++) {
        err = put_flag(c, flag, e);
    }
    return err;
}

/* Read before, so they cannot fail. */
static void take_urls_apart(struct config *c)
{
    const char *fault;

    if (c->service.base_url[0] != 0) {
        base_url_parse(&c->url, c->service.base_url, URL_SERVICE, &fault);
    }
    if (c->link.proxy[0] != 0) {
        base_url_parse(&c->proxy, c->link.proxy, URL_PROXY, &fault);
    }
}

int config_load(struct config *c, const char *file, const struct config_flag *flags,
                struct config_error *e)
{
    const char *path = file != NULL ? file : getenv(ENV_PREFIX "CONFIG");
    int err;

    memset(c, 0, offsetof(struct config, text));
    memset(e, 0, sizeof(*e));
    c->file = "";
    err = put_builtin(c, e);
    if (err == 0) {
        err = config_file_read(c, path != NULL ? path : CONFIG_PATH_DEFAULT, path == NULL, e);
    }
    err = err < 0 ? err : put_environment(c, e);
    err = err < 0 ? err : put_flags(c, flags, e);
    err = err < 0 ? err : config_check(c, e);
    if (err == 0) {
        take_urls_apart(c);
    }
    return err;
}

const struct config_object *config_object(const struct config *c, const char *name)
{
    size_t at;

    for (at = 0; at < c->objects; at++) {
        if (strcmp(c->object[at].name, name) == 0) {
            return &c->object[at];
        }
    }
    return &c->object_default;
}

/* Whether host is the entry or, as curl has it, lies in the domain the entry names. */
static bool covers(const char *entry, size_t len, const char *host)
{
    size_t host_len = strlen(host);

    if (len > 0 && entry[0] == '.') {
        entry++;
        len--;
    }
    if (len == 1 && entry[0] == '*') {
        return true;
    }
    return len > 0 && len <= host_len && strncasecmp(host + host_len - len, entry, len) == 0 &&
           (len == host_len || host[host_len - len - 1] == '.');
}

bool config_no_proxy(const struct config *c)
{
    const char *at = c->link.no_proxy;

    while (*at != 0) {
        size_t len = strcspn(at, ", ");
        if (covers(at, len, c->url.host)) {
            return true;
        }
        at += len + strspn(at + len, ", ");
    }
    return false;
}
