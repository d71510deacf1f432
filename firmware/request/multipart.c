#include "request/multipart.h"

#include "base/err.h"
#include "limits.h"
#include "request/piece.h"

#include <string.h>

static const char ALPHABET[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

enum { BOUNDARY_MIN = 16, BOUNDARY_MAX = 70 };

/* 256 is no multiple of 62: the first eight letters come a little more often, which costs a
 * tenth of a bit of the 190. */
void multipart_boundary(char *dst, const uint8_t *random)
{
    size_t at;

    for (at = 0; at < BOUNDARY_LEN; at++) {
        dst[at] = ALPHABET[random[at] % (sizeof ALPHABET - 1)];
    }
    dst[at] = 0;
}

/* A token that needs no quotes: servers differ in how they read quoted ones. */
static bool boundary_fits(const char *boundary)
{
    size_t len = strlen(boundary);

    return len >= BOUNDARY_MIN && len <= BOUNDARY_MAX && strspn(boundary, ALPHABET) == len;
}

/* How HTML forms write a byte of a name (WHATWG HTML, multipart/form-data); "" is: as it is. They
 * leave the backslash alone, but where a server takes it for a quoting one (RFC 9110 5.6.4) the
 * quote behind it no longer ends the name. */
static const char *escape_of(char c)
{
    switch (c) {
    case '"':
        return "%22";
    case '\\':
        return "%5C";
    case '\r':
        return "%0D";
    case '\n':
        return "%0A";
    default:
        return "";
    }
}

static bool name_fits(const char *name)
{
    const char *at;

    for (at = name; *at != 0; at++) {
        unsigned char c = (unsigned char)*at;

        if ((c < 0x20 || c == 0x7f) && *escape_of(*at) == 0) {
            return false;
        }
    }
    return at != name;
}

static void add(struct multipart *m, const char *text)
{
    m->piece[m->count++] = text;
}

static void add_metadata(struct multipart *m)
{
    add(m, "--");
    add(m, m->form->boundary);
    add(m, "\r\nContent-Disposition: form-data; name=\"metaData\"\r\n\r\n");
    add(m, m->form->metadata);
    add(m, "\r\n");
}

static void add_file(struct multipart *m)
{
    add(m, "--");
    add(m, m->form->boundary);
    add(m, "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"");
    m->name_at = m->count;
    add(m, m->form->file_name);
    add(m, "\"\r\nContent-Type: text/csv\r\n\r\n");
    add(m, NULL);
}

static void add_close(struct multipart *m)
{
    m->gate_at = m->count;
    add(m, "\r\n--");
    add(m, m->form->boundary);
    add(m, "--\r\n");
}

int multipart_init(struct multipart *m, const struct multipart_form *form)
{
    *m = (struct multipart){.form = form, .escape = "", .file_left = form->file_len};
    if (!boundary_fits(form->boundary) || !name_fits(form->file_name)) {
        m->err = ERR_VALUE;
        return m->err;
    }
    if (form->metadata != NULL) {
        add_metadata(m);
    }
    add_file(m);
    add_close(m);
    return 0;
}

static uint64_t piece_len(const struct multipart *m, uint8_t at)
{
    const char *text = m->piece[at];
    uint64_t len;

    if (text == NULL) {
        return m->form->file_len;
    }
    len = strlen(text);
    for (; at == m->name_at && *text != 0; text++) {
        len += *escape_of(*text) != 0 ? 2 : 0;
    }
    return len;
}

static uint64_t len_from(const struct multipart *m, uint8_t at)
{
    uint64_t len = 0;

    for (; at < m->count; at++) {
        len += piece_len(m, at);
    }
    return len;
}

uint64_t multipart_len(const struct multipart *m)
{
    return len_from(m, 0);
}

uint64_t multipart_gate_len(const struct multipart *m)
{
    return len_from(m, m->gate_at);
}

void multipart_open_gate(struct multipart *m)
{
    m->open = true;
}

static int pull_name(struct multipart *m, uint8_t *dst, size_t cap)
{
    const char *name = m->form->file_name;
    size_t n = 0;

    while (n < cap && (*m->escape != 0 || name[m->off] != 0)) {
        if (*m->escape == 0) {
            m->escape = escape_of(name[m->off++]);
        }
        dst[n++] = (uint8_t)(*m->escape != 0 ? *m->escape++ : name[m->off - 1]);
    }
    return (int)n;
}

static int pull_piece(struct multipart *m, uint8_t *dst, size_t cap)
{
    if (m->at == m->name_at) {
        return pull_name(m, dst, cap);
    }
    if (m->piece[m->at] == NULL) {
        return piece_body(&m->form->file, &m->file_left, dst, cap);
    }
    return piece_text(m->piece[m->at], &m->off, dst, cap);
}

static int pull_some(void *ctx, uint8_t *dst, size_t cap)
{
    struct multipart *m = ctx;

    while (m->at < m->count) {
        int got = m->at == m->gate_at && !m->open ? ERR_WAIT : pull_piece(m, dst, cap);

        if (got != 0) {
            return got;
        }
        m->at++;
        m->off = 0;
    }
    return 0;
}

int multipart_pull(void *ctx, uint8_t *dst, size_t cap)
{
    struct multipart *m = ctx;
    const struct source some = {pull_some, m};

    return piece_fill(&some, &m->err, dst, cap);
}
