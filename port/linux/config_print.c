#include "linux/config_load.h"
#include "linux/config_value.h"

#include "base/num.h"
#include "linux/json_out.h"

#include <string.h>

enum { ORIGIN_COLUMN = 44 };

struct printer {
    const struct config *c;
    struct out *out;
    struct json_out *json; /* NULL: as text */
};

const char *config_origin_text(const struct config *c, const struct config_key *key,
                               const struct config_origin *origin, char buf[CONFIG_ORIGIN_CAP])
{
    char name[CONFIG_ENV_CAP], line[NUM_U64_CAP];

    switch (origin->from) {
    case FROM_FLAG:
        return "flag";
    case FROM_ENVIRONMENT:
        config_env_name(key, name);
        words(buf, CONFIG_ORIGIN_CAP, "environment ", name);
        return buf;
    case FROM_FILE:
        num_print_u64(line, origin->line);
        words(buf, CONFIG_ORIGIN_CAP, c->file, ":", line);
        return buf;
    default:
        return "built-in";
    }
}

static void put_text(struct printer *p, const char *name, const char *value, const char *origin)
{
    size_t column = strlen(name) + 3 + strlen(value);

    out_text(p->out, name);
    out_text(p->out, " = ");
    out_text(p->out, value);
    do {
        out_text(p->out, " ");
    } while (++column < ORIGIN_COLUMN);
    out_text(p->out, "(");
    out_text(p->out, origin);
    out_text(p->out, ")\n");
}

static void put_json(struct printer *p, const char *name, const char *value, const char *origin)
{
    json_out_key(p->json, name);
    json_out_object(p->json);
    json_out_put_string(p->json, "value", value);
    json_out_put_string(p->json, "origin", origin);
    json_out_end(p->json);
}

static void put_row(struct printer *p, size_t row, const void *base,
                    const struct config_origin *origin)
{
    const struct config_key *key = &CONFIG_KEY[row];
    char value_buf[CONFIG_VALUE_CAP], origin_buf[CONFIG_ORIGIN_CAP];
    const char *value = config_value_text(key, base, value_buf);
    const char *from = config_origin_text(p->c, key, origin, origin_buf);

    if (p->json != NULL) {
        put_json(p, key->name, value, from);
    } else {
        put_text(p, key->name, value[0] != 0 ? value : "none", from);
    }
}

static void open_section(struct printer *p, const char *section, const char *object)
{
    if (p->json != NULL) {
        if (object == NULL) {
            json_out_key(p->json, section);
        }
        json_out_object(p->json);
        if (object != NULL) {
            json_out_put_string(p->json, "name", object);
        }
        return;
    }
    out_text(p->out, "[");
    out_text(p->out, section);
    out_text(p->out, object != NULL ? " " : "");
    out_text(p->out, object != NULL ? object : "");
    out_text(p->out, "]\n");
}

static void close_section(struct printer *p)
{
    if (p->json != NULL) {
        json_out_end(p->json);
    } else {
        out_text(p->out, "\n");
    }
}

static void put_sections(struct printer *p)
{
    size_t row;
    int section = -1;

    for (row = 0; row < config_object_row(); row++) {
        if (CONFIG_KEY[row].section != section) {
            if (section >= 0) {
                close_section(p);
            }
            section = CONFIG_KEY[row].section;
            open_section(p, CONFIG_SECTION[section], NULL);
        }
        put_row(p, row, p->c, &p->c->origin[row]);
    }
    close_section(p);
}

static void put_objects(struct printer *p)
{
    size_t at, row;

    for (at = 0; at < p->c->objects; at++) {
        open_section(p, CONFIG_SECTION[SECTION_OBJECT], p->c->object[at].name);
        for (row = config_object_row(); row < config_keys(); row++) {
            put_row(p, row, &p->c->object[at], &p->c->object_origin[at][row - config_object_row()]);
        }
        close_section(p);
    }
}

void config_print(const struct config *c, struct out *out, struct json_out *json)
{
    struct printer p = {.c = c, .out = out, .json = json};

    if (json == NULL) {
        put_sections(&p);
        put_objects(&p);
        return;
    }
    json_out_object(json);
    json_out_put_string(json, "file", c->file[0] != 0 ? c->file : NULL);
    put_sections(&p);
    json_out_key(json, "objects");
    json_out_array(json);
    put_objects(&p);
    json_out_end(json);
    json_out_end(json);
}
