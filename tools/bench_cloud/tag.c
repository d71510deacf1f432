#include "tag.h"

#include <stdlib.h>
#include <string.h>

enum { TAG_LEN = 40, SPOOL_AT = 3, SPOOL_LEN = 16 };

/* The length of the tag that text starts with, or 0. */
static size_t tag_at(const char *text)
{
    static const char form[] = "oc-hhhhhhhhhhhhhhhh-hhhhhhhh-hhhhhhhh-hh";
    size_t at = 0;

    while (
        form[at] != '\0' && text[at] != '\0' &&
        (form[at] == 'h' ? strchr("0123456789abcdef", text[at]) != NULL : text[at] == form[at])) {
        at++;
    }
    return at == TAG_LEN ? TAG_LEN : 0;
}

static const char *search(const char *text)
{
    while ((text = strstr(text, "oc-")) != NULL && tag_at(text) == 0) {
        text++;
    }
    return text;
}

char *tag_find(const char *metadata, const char *callback, const char *path, const char *file)
{
    const char *const places[] = {metadata, callback, path, file};
    struct text tag = {0};

    text_puts(&tag, "");
    for (size_t i = 0; i < sizeof places / sizeof places[0] && tag.len == 0; i++) {
        const char *found = places[i] == NULL ? NULL : search(places[i]);

        text_put(&tag, found, found == NULL ? 0 : TAG_LEN);
    }
    return tag.at;
}

char *tag_of(const struct job *j)
{
    return tag_find(j->text[JOB_META], j->text[JOB_CALLBACK], j->text[JOB_PATH], j->text[JOB_FILE]);
}

/* Other devices have other spools, spread over all 64 bits (splitmix64); batch, CRC and attempt
 * may well be the same. */
static char *alien(const char *tag, long k)
{
    uint64_t spool = UINT64_C(0x9E3779B97F4A7C15) * (uint64_t)k;
    const char *rest = tag[0] == '\0' ? "-00000001-00000000-01" : tag + SPOOL_AT + SPOOL_LEN;
    struct text out = {0};

    spool = (spool ^ spool >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    spool = (spool ^ spool >> 27) * UINT64_C(0x94D049BB133111EB);
    text_printf(&out, "oc-%016llx%s", (unsigned long long)(spool ^ spool >> 31), rest);
    return out.at;
}

/* The metaData with the other tag in it. */
static char *alien_metadata(const char *metadata, const char *tag, const char *other)
{
    const char *found = tag[0] == '\0' ? NULL : strstr(metadata, tag);
    struct text out = {0};

    if (found == NULL) {
        text_printf(&out, "{\"callback-payload\":\"%s\"}", other);
    } else {
        text_put(&out, metadata, (size_t)(found - metadata));
        text_puts(&out, other);
        text_puts(&out, found + TAG_LEN);
    }
    return out.at;
}

static char *joined(const char *front, const char *tag, const char *back)
{
    struct text out = {0};

    text_printf(&out, "%s%s%s", front, tag, back);
    return out.at;
}

struct job tag_lookalike(const struct job *j, long k)
{
    struct job twin = *j;
    char *tag = tag_of(j), *other = alien(tag, k);
    bool called = j->text[JOB_CALLBACK][0] != '\0';

    for (int i = 0; i < JOB_TEXTS; i++) {
        twin.text[i] = NULL;
    }
    twin.upload = twin.id = 0;
    twin.text[JOB_OBJECT] = text_copy(j->text[JOB_OBJECT]);
    twin.text[JOB_HEADER] = text_copy(j->text[JOB_HEADER]);
    twin.text[JOB_META] = alien_metadata(j->text[JOB_META], tag, other);
    twin.text[JOB_PATH] = joined("/", other, ".csv");
    twin.text[JOB_FILE] = joined("", other, ".csv");
    twin.text[JOB_CALLBACK] =
        called ? joined("https://other.example.net/hook?ocb=", other, "") : text_copy("");
    free(tag);
    free(other);
    return twin;
}
