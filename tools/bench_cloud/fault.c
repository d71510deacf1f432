#include "fault.h"

#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct line {
    struct line *next;
    char *source;
    int call;         /* enum call, or ANY_CALL */
    long after, left; /* left < 0: for ever */
    struct verdict v;
};

enum { ANY_CALL = CALL_COUNT };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct line *lines;

static const char *const CALLS[CALL_COUNT + 1] = {
    [CALL_OBJECTS] = "objects", [CALL_METADATA] = "metadata", [CALL_UPLOAD] = "upload",
    [CALL_STATUS] = "status",   [CALL_ERRORS] = "errors",     [CALL_JOBS] = "jobs",
    [CALL_CANCEL] = "cancel",   [CALL_UNKNOWN] = "unknown",   [CALL_PAGE] = "page",
    [ANY_CALL] = "any",
};

/* Actions of one slot shut each other out: only one of them can be the answer. */
enum slot { SLOT_OWN, SLOT_ANSWER };
static const struct {
    const char *name;
    enum slot slot;
    bool number;
    const char *words; /* what else the value may be; NULL: anything, unless a number */
} ACTS[ACT_COUNT] = {
    [ACT_STATUS] = {"status", SLOT_ANSWER, true, NULL},
    [ACT_BODY] = {"body", SLOT_OWN, false, NULL},
    [ACT_RETRY_AFTER] = {"retry-after", SLOT_OWN, false, NULL},
    [ACT_HEADER] = {"header", SLOT_OWN, false, NULL},
    [ACT_EARLY] = {"early", SLOT_OWN, true, NULL},
    [ACT_MADE] = {"made", SLOT_OWN, true, NULL},
    [ACT_CUT] = {"cut", SLOT_OWN, true, NULL},
    [ACT_REPLY_CUT] = {"reply-cut", SLOT_OWN, true, NULL},
    [ACT_DRIP] = {"drip", SLOT_OWN, true, NULL},
    [ACT_CHUNKED] = {"chunked", SLOT_OWN, true, NULL},
    [ACT_CONTINUE] = {"continue", SLOT_OWN, true, NULL},
    [ACT_HTML] = {"html", SLOT_ANSWER, true, NULL},
    [ACT_LOST] = {"lost", SLOT_OWN, true, NULL},
    [ACT_SLOW] = {"slow", SLOT_OWN, true, NULL},
    [ACT_COUNTS] = {"counts", SLOT_OWN, false, NULL},
    [ACT_WORD] = {"word", SLOT_OWN, false, NULL},
    [ACT_ID] = {"id", SLOT_OWN, false, NULL},
    [ACT_SAME_ID] = {"same-id", SLOT_OWN, true, NULL},
    [ACT_REDIRECT] = {"redirect", SLOT_ANSWER, false, NULL},
    [ACT_GARBAGE] = {"garbage", SLOT_ANSWER, true, NULL},
    [ACT_RAW] = {"raw", SLOT_ANSWER, false, NULL},
    [ACT_CLOSE] = {"close", SLOT_OWN, false, "said silent end torn rst"},
    [ACT_HALF] = {"job-of-half", SLOT_OWN, true, NULL},
    [ACT_HIDE_TAGS] = {"hide-tags", SLOT_OWN, true, NULL},
    [ACT_LOOKALIKE] = {"lookalike", SLOT_OWN, true, NULL},
    [ACT_LATE] = {"late-job", SLOT_OWN, true, NULL},
    [ACT_EXPIRE] = {"expire", SLOT_OWN, true, NULL},
    [ACT_SKEW] = {"skew", SLOT_OWN, true, NULL},
    [ACT_SPELLING] = {"spelling", SLOT_OWN, true, NULL},
    [ACT_ITEMS] = {"items", SLOT_OWN, true, "strings objects long"},
    [ACT_PAGES] = {"pages", SLOT_OWN, false, "loop lost twice skip empty bad long"},
    [ACT_DELAY] = {"delay", SLOT_OWN, true, NULL},
    [ACT_DATE] = {"date", SLOT_OWN, true, NULL},
    [ACT_READ_DELAY] = {"read-delay", SLOT_OWN, true, NULL},
    [ACT_METADATA] = {"metadata", SLOT_OWN, false, "object text none"},
    [ACT_RUNNING] = {"running", SLOT_OWN, false, NULL},
    [ACT_TWICE] = {"twice", SLOT_OWN, true, NULL},
    [ACT_OUTAGE] = {"outage", SLOT_OWN, true, NULL},
};

const char *call_name(enum call call)
{
    return CALLS[call];
}

static int find_call(const char *name)
{
    for (int i = 0; i <= ANY_CALL; i++) {
        if (strcmp(CALLS[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

static int find_act(const char *name, size_t len)
{
    for (int i = 0; i < ACT_COUNT; i++) {
        if (strlen(ACTS[i].name) == len && memcmp(ACTS[i].name, name, len) == 0) {
            return i;
        }
    }
    return -1;
}

static void undo_percent(char *s)
{
    char *to = s;

    for (; *s != '\0'; s++) {
        if (*s == '%' && isxdigit((unsigned char)s[1]) && isxdigit((unsigned char)s[2])) {
            char hex[3] = {s[1], s[2], '\0'};
            *to++ = (char)strtol(hex, NULL, 16);
            s += 2;
        } else {
            *to++ = *s;
        }
    }
    *to = '\0';
}

/* The next word; a part in single quotes may hold spaces. Changes the line. */
static char *next_word(char **at)
{
    char *s = *at + strspn(*at, " \t\r");
    char *word = s, *to = s;
    bool quoted = false;

    for (; *s != '\0' && (quoted || strchr(" \t\r", *s) == NULL); s++) {
        if (*s == '\'') {
            quoted = !quoted;
        } else {
            *to++ = *s;
        }
    }
    *at = *s == '\0' ? s : s + 1;
    *to = '\0';
    return *word == '\0' && to == word ? NULL : word;
}

static bool read_number(const char *value, long *out)
{
    char *end;

    *out = strtol(value, &end, 10);
    return *value != '\0' && *end == '\0';
}

static bool is_one_of(const char *words, const char *value)
{
    size_t len = strlen(value);
    const char *at = words == NULL ? NULL : strstr(words, value);

    return at != NULL && len > 0 && (at == words || at[-1] == ' ') &&
           (at[len] == ' ' || at[len] == '\0');
}

static bool put_act(struct line *l, int act, char *value)
{
    bool restricted = ACTS[act].number || ACTS[act].words != NULL;

    if ((restricted && !ACTS[act].number) || !read_number(value, &l->v.num[act])) {
        l->v.num[act] = 0;
        if (restricted && !is_one_of(ACTS[act].words, value)) {
            return false;
        }
    }
    undo_percent(value);
    free(l->v.text[act]);
    l->v.text[act] = text_copy(value);
    l->v.has[act] = true;
    return true;
}

static bool read_pair(struct line *l, char *word)
{
    char *eq = strchr(word, '=');
    int act;

    if (eq == NULL) {
        return false;
    }
    if (strncmp(word, "count=", 6) == 0) {
        bool ok = read_number(eq + 1, &l->left) && l->left >= 0;
        l->left = l->left == 0 ? -1 : l->left;
        return ok;
    }
    if (strncmp(word, "after=", 6) == 0) {
        return read_number(eq + 1, &l->after) && l->after >= 0;
    }
    act = find_act(word, (size_t)(eq - word));
    return act >= 0 && put_act(l, act, eq + 1);
}

static void line_free(struct line *l)
{
    verdict_free(&l->v);
    free(l->source);
    free(l);
}

static bool read_line(struct line *l, char *src, struct text *why)
{
    char *word = next_word(&src);

    l->left = 1;
    l->call = find_call(word);
    if (l->call < 0) {
        text_printf(why, "unknown call '%s' in: %s\n", word, l->source);
        return false;
    }
    while ((word = next_word(&src)) != NULL) {
        if (!read_pair(l, word)) {
            text_printf(why, "bad action '%s' in: %s\n", word, l->source);
            return false;
        }
    }
    return true;
}

static void append(struct line *l)
{
    struct line **end = &lines;

    pthread_mutex_lock(&lock);
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = l;
    pthread_mutex_unlock(&lock);
}

static bool add_line(char *src, struct text *why)
{
    struct line *l;

    src += strspn(src, " \t\r");
    if (*src == '\0' || *src == '#') {
        return true;
    }
    l = must(calloc(1, sizeof *l));
    l->source = text_copy(src);
    if (!read_line(l, src, why)) {
        line_free(l);
        return false;
    }
    append(l);
    return true;
}

bool fault_add(const char *script, struct text *why)
{
    char *copy = text_copy(script), *rest = copy, *line;
    bool ok = true;

    while (ok && (line = strsep(&rest, "\n")) != NULL) {
        ok = add_line(line, why);
    }
    free(copy);
    return ok;
}

void fault_clear(void)
{
    pthread_mutex_lock(&lock);
    while (lines != NULL) {
        struct line *l = lines;
        lines = l->next;
        line_free(l);
    }
    pthread_mutex_unlock(&lock);
}

void fault_show(struct text *out)
{
    pthread_mutex_lock(&lock);
    for (const struct line *l = lines; l != NULL; l = l->next) {
        if (l->left < 0) {
            text_printf(out, "%s # for ever\n", l->source);
        } else {
            text_printf(out, "%s # %ld left\n", l->source, l->left);
        }
    }
    pthread_mutex_unlock(&lock);
}

static bool is_answer(const struct verdict *v)
{
    for (int i = 0; i < ACT_COUNT; i++) {
        if (v->has[i] && ACTS[i].slot == SLOT_ANSWER) {
            return true;
        }
    }
    return false;
}

static bool clashes(const struct verdict *v, const struct line *l)
{
    if (is_answer(v) && is_answer(&l->v)) {
        return true;
    }
    for (int i = 0; i < ACT_COUNT; i++) {
        if (v->has[i] && l->v.has[i]) {
            return true;
        }
    }
    return false;
}

static void merge(struct verdict *v, const struct verdict *more)
{
    for (int i = 0; i < ACT_COUNT; i++) {
        if (more->has[i]) {
            v->has[i] = true;
            v->num[i] = more->num[i];
            v->text[i] = text_copy(more->text[i]);
        }
    }
}

void fault_take(struct verdict *v, enum call call)
{
    *v = (struct verdict){0};
    pthread_mutex_lock(&lock);
    for (struct line *l = lines; l != NULL; l = l->next) {
        bool mine = l->call == (int)call || (l->call == ANY_CALL && call != CALL_PAGE);

        if (!mine || l->left == 0 || clashes(v, l)) {
            continue;
        }
        if (l->after > 0) {
            l->after--;
            continue;
        }
        merge(v, &l->v);
        l->left -= l->left > 0 ? 1 : 0;
    }
    pthread_mutex_unlock(&lock);
}

void verdict_free(struct verdict *v)
{
    for (int i = 0; i < ACT_COUNT; i++) {
        free(v->text[i]);
    }
    *v = (struct verdict){0};
}

bool verdict_answers(const struct verdict *v)
{
    bool status_only = v->has[ACT_STATUS] && !v->has[ACT_HTML] && !v->has[ACT_REDIRECT] &&
                       !v->has[ACT_GARBAGE] && !v->has[ACT_RAW];

    return is_answer(v) && !(status_only && v->num[ACT_STATUS] / 100 == 2);
}
