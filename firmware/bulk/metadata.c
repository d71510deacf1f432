#include "bulk/metadata.h"

#include "base/err.h"

#include <string.h>

#define TAG_KEY        "callback-payload"
#define IDENTIFIER_KEY "identifierFieldName"

static const char HEX[] = "0123456789abcdef";

/* What the user's object has. */
struct user {
    bool tag, identifier;
};

struct writer {
    char *dst;
    size_t cap, len;
    bool full;
};

static void put(struct writer *w, const char *src, size_t len)
{
    if (w->full || len >= w->cap - w->len) {
        w->full = true;
        return;
    }
    memcpy(w->dst + w->len, src, len);
    w->len += len;
}

static void put_text(struct writer *w, const char *text)
{
    put(w, text, strlen(text));
}

/* RFC 8259 7: quote, backslash and control characters must not stand as they are. */
static void put_escaped(struct writer *w, const char *text)
{
    for (; *text != 0; text++) {
        unsigned char c = (unsigned char)*text;
        const char code[] = {'\\', 'u', '0', '0', HEX[c >> 4], HEX[c & 15]};

        if (c < 0x20) {
            put(w, code, sizeof code);
        } else {
            put(w, "\\", c == '"' || c == '\\' ? 1 : 0);
            put(w, text, 1);
        }
    }
}

static void put_member(struct writer *w, const char *key, const char *value)
{
    put_text(w, w->len > 1 ? ",\"" : "\"");
    put_text(w, key);
    put_text(w, "\":\"");
    put_escaped(w, value);
    put_text(w, "\"");
}

/* Keys are compared as they are meant, not as they are written. */
static int look_at(struct user *u, const char *text, struct json_items *it)
{
    size_t len = strlen(text);

    json_items_init(it, NULL);
    while (len > 0) {
        int n = json_items_push(it, text, len);

        if (n < 0) {
            return ERR_METADATA;
        }
        if (it->event == JSON_MEMBER) {
            u->tag = u->tag || json_is(&it->key, TAG_KEY);
            u->identifier = u->identifier || json_is(&it->key, IDENTIFIER_KEY);
        }
        text += n;
        len -= (size_t)n;
    }
    return json_items_finish(it) == 0 ? 0 : ERR_METADATA;
}

static const char *skip_space(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

int metadata_text(char *dst, size_t cap, const struct metadata *m, struct json_items *scratch)
{
    const char *user = skip_space(m->user != NULL ? m->user : "{}");
    struct writer w = {.dst = dst, .cap = cap};
    struct user has = {0};

    if (*user != '{' || look_at(&has, user, scratch) != 0) {
        return ERR_METADATA;
    }
    put_text(&w, "{");
    if (m->tag != NULL && !has.tag) {
        put_member(&w, TAG_KEY, m->tag);
    }
    if (m->identifier != NULL && !has.identifier) {
        put_member(&w, IDENTIFIER_KEY, m->identifier);
    }
    user++;
    put_text(&w, w.len > 1 && *skip_space(user) != '}' ? "," : "");
    put_text(&w, user);
    dst[w.len] = 0;
    return w.full ? ERR_NO_ROOM : (int)w.len;
}
