/* outbox_judge: which records stand in the outbox, read by a parser that is none of ours.
 *
 * Record k has the id k and a text that follows from k alone: some have quotes, commas and line
 * breaks inside, some are longer than others. Rows that are no such record are counted. */
#ifndef OCBULK_TESTS_OUTBOX_JUDGE_H
#define OCBULK_TESTS_OUTBOX_JUDGE_H

#include "sim_flash.h"
#include "spool/outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JUDGE_RECORDS = 200, JUDGE_ROW_CAP = 2048 };

struct judge {
    unsigned seen[JUDGE_RECORDS]; /* in .open and segments */
    unsigned strange;             /* rows that are no record of ours, or not whole */
    unsigned segments, kept;      /* files; tails in quarantine/ */
    unsigned bare;                /* tails without header row, or without anything behind it */
    bool open, part;              /* there is .open, or a copy of a tail that is not whole */
};

static inline const char *judge_text(unsigned k)
{
    static const char *const text[] = {"plain",
                                       "a, comma",
                                       "a \"quote\"",
                                       "two\nlines",
                                       "",
                                       "\nbreaks\r\nall, over \"the\" place\n",
                                       "gr\xc3\xbc\xc3\x9f",
                                       "=1+1"};
    static char big[900];

    if (k % 16 == 15) {
        memset(big, 'x', sizeof big - 1);
        return big;
    }
    return text[k % 8];
}

static inline size_t judge_field(char *dst, const char *text)
{
    size_t n = 0;

    if (strpbrk(text, "\",\r\n") == NULL) {
        return (size_t)sprintf(dst, "%s", text);
    }
    dst[n++] = '"';
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            dst[n++] = '"';
        }
        dst[n++] = *text;
    }
    dst[n++] = '"';
    return n;
}

/* `id,text`, or `id,text,more` with an empty third field. */
static inline struct outbox_row judge_row(char *dst, unsigned k, bool wide)
{
    static const char header[] = "id,text\n", header_wide[] = "id,text,more\n";
    size_t n = (size_t)sprintf(dst, "%u,", k);

    n += judge_field(dst + n, judge_text(k));
    n += (size_t)sprintf(dst + n, wide ? ",\n" : "\n");
    return (struct outbox_row){.header = (const uint8_t *)(wide ? header_wide : header),
                               .header_len = wide ? sizeof header_wide - 1 : sizeof header - 1,
                               .record = (const uint8_t *)dst,
                               .len = n,
                               .fields = wide ? 3 : 2,
                               .renew = true};
}

struct judge_row {
    char field[4][JUDGE_ROW_CAP];
    unsigned fields;
    bool whole; /* it ends with a line feed outside quotes, and quotes stand where they may */
};

/* Bytes of the row. */
static inline size_t judge_read(struct judge_row *r, const uint8_t *at, size_t len)
{
    size_t n = 0, used = 0;
    bool quoted = false, closed = false;

    *r = (struct judge_row){.fields = 1, .whole = false};
    while (used < len && r->fields <= 4 && n + 1 < JUDGE_ROW_CAP) {
        char c = (char)at[used++];

        if (quoted && c == '"' && used < len && at[used] == '"') {
            r->field[r->fields - 1][n++] = c;
            used++;
        } else if (c == '"' && (quoted || (n == 0 && !closed))) {
            quoted = !quoted;
            closed = !quoted;
        } else if (!quoted && c == '\n') {
            r->whole = true;
            return used;
        } else if (!quoted && c == ',') {
            r->fields++;
            n = 0;
            closed = false;
        } else {
            r->field[r->fields - 1][n++] = c;
        }
    }
    return used;
}

static inline void judge_record(struct judge *j, const struct judge_row *r, unsigned fields)
{
    unsigned k = (unsigned)strtoul(r->field[0], NULL, 10);
    char id[16];

    sprintf(id, "%u", k);
    if (!r->whole || r->fields != fields || k >= JUDGE_RECORDS || strcmp(id, r->field[0]) != 0 ||
        strcmp(r->field[1], judge_text(k)) != 0) {
        j->strange++;
        return;
    }
    j->seen[k]++;
}

static inline void judge_kept(struct judge *j, const char *leaf, const uint8_t *bytes, size_t len)
{
    static const char reason[] = "reason = torn tail\n";
    static struct judge_row r;
    size_t n;

    if (strstr(leaf, ".reason") != NULL) {
        j->bare += len < sizeof reason - 1 || memcmp(bytes, reason, sizeof reason - 1) != 0;
        return;
    }
    n = judge_read(&r, bytes, len);
    j->kept++;
    /* A file whose header row was never on flash goes as it is. */
    if (memcmp(bytes, "id,text", len < 7 ? len : 7) == 0) {
        j->bare += !r.whole || n == len;
    }
}

static inline void judge_file(void *arg, const char *name, const uint8_t *bytes, size_t len)
{
    static struct judge_row r;
    struct judge *j = arg;
    const char *leaf = strrchr(name, '/') + 1;
    size_t at;

    j->open = j->open || strcmp(leaf, ".open") == 0;
    j->part = j->part || strcmp(leaf, ".tail.part") == 0;
    bool segment = strncmp(leaf, "add-", 4) == 0 || strncmp(leaf, "a-cut-", 6) == 0;

    j->segments += segment;
    if (strncmp(name, "quarantine/", 11) == 0 || strncmp(leaf, ".tail-", 6) == 0) {
        judge_kept(j, leaf, bytes, len);
    }
    if (strcmp(leaf, ".open") != 0 && !segment) {
        return;
    }
    at = judge_read(&r, bytes, len);
    if (len > 0 && (!r.whole || strcmp(r.field[0], "id") != 0)) {
        /* A header row of garbage alone is nothing, and never becomes a segment. */
        j->strange += segment || at < len;
        return;
    }
    for (unsigned fields = r.fields; at < len;) {
        at += judge_read(&r, bytes + at, len - at);
        judge_record(j, &r, fields);
    }
}

static inline struct judge judge_look(const struct sim_flash *s, bool durable)
{
    struct judge j = {0};

    sim_flash_each(s, durable, judge_file, &j);
    return j;
}

#endif
