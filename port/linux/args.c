#include "linux/args.h"

#include "base/err.h"
#include "base/stream.h"
#include "base/text.h"

#include <string.h>

struct option {
    const char *name; /* without dashes */
    size_t at;        /* offset in struct args */
    char letter;      /* or 0 */
    bool takes;       /* a value */
};

static const struct option option[] = {
    {"help", offsetof(struct args, help), 'h', false},
    {"version", offsetof(struct args, version), 'V', false},
    {"json", offsetof(struct args, json), 0, false},
    {"quiet", offsetof(struct args, quiet), 'q', false},
    {"verbose", offsetof(struct args, verbose), 'v', false},
    {"wait", offsetof(struct args, wait), 'w', false},
    {"dry-run", offsetof(struct args, dry_run), 'n', false},
    {"once", offsetof(struct args, once), 0, false},
    {"all", offsetof(struct args, all), 0, false},
    {"forget", offsetof(struct args, forget), 0, false},
    {"config", offsetof(struct args, config), 'c', true},
    {"object", offsetof(struct args, object), 0, true},
    {"output", offsetof(struct args, output), 'o', true},
    {"from-record", offsetof(struct args, from_record), 0, true},
    {"journal", offsetof(struct args, journal), 0, true},
    {"unknown", offsetof(struct args, unknown), 0, true},
    {"seq", offsetof(struct args, seq), 0, true},
};

/* The first fault is told; an option's value is left out, it may be a secret. */
static int fault(struct args *a, const char *what, const char *which)
{
    if (a->fault.len == 0) {
        line_set(&a->fault, what);
        line_put_bytes(&a->fault, which, which[0] == '-' ? strcspn(which, "=") : strlen(which));
    }
    return ERR_USAGE;
}

static const struct option *find(const char *name, size_t len, char letter)
{
    for (size_t i = 0; i < COUNT(option); i++) {
        if (letter != 0 ? option[i].letter == letter
                        : strlen(option[i].name) == len && memcmp(option[i].name, name, len) == 0) {
            return &option[i];
        }
    }
    return NULL;
}

static void set(struct args *a, const struct option *o, const char *value)
{
    char *field = (char *)a + o->at;

    if (o->takes) {
        memcpy(field, &value, sizeof value);
    } else {
        *(bool *)field = true;
    }
}

static int put_flag(struct args *a, const char *arg, size_t len, const char *value)
{
    const char *name = arg + 2;

    if (a->flags == ARGS_FLAGS_MAX) {
        return fault(a, "too many settings on the command line", "");
    }
    char *key = a->key[a->flags];

    if (len >= sizeof a->key[0]) {
        return fault(a, "unknown option ", arg);
    }
    for (size_t i = 0; i < len; i++) {
        key[i] = name[i] == '-' ? '_' : name[i];
    }
    key[len] = '\0';
    a->flag[a->flags++] = (struct config_flag){.key = key, .value = value};
    return 0;
}

/* One long option at argv[i]; *i moves on over its value. */
static int take_long(struct args *a, int argc, char **argv, int *i)
{
    const char *arg = argv[*i], *name = arg + 2;
    size_t len = strcspn(name, "=");
    const char *value = name[len] == '=' ? name + len + 1 : NULL;
    const struct option *o = find(name, len, 0);

    if (o != NULL && !o->takes) {
        if (value != NULL) {
            return fault(a, "this option takes no value: ", arg);
        }
        set(a, o, NULL);
        return 0;
    }
    if (value == NULL) {
        if (*i + 1 >= argc) {
            return fault(a, "unknown option, or one without its value: ", arg);
        }
        value = argv[++*i];
    }
    if (o == NULL) {
        return put_flag(a, arg, len, value);
    }
    set(a, o, value);
    return 0;
}

static int take_letters(struct args *a, int argc, char **argv, int *i)
{
    for (const char *c = argv[*i] + 1; *c != '\0'; c++) {
        const struct option *o = find("", 0, *c);
        const char name[3] = {'-', *c, '\0'}; /* alone: what follows may be a secret */

        if (o == NULL) {
            return fault(a, "unknown option ", name);
        }
        if (!o->takes) {
            set(a, o, NULL);
            continue;
        }
        if (c[1] != '\0') {
            set(a, o, c + 1);
            return 0;
        }
        if (*i + 1 >= argc) {
            return fault(a, "a value is missing behind ", name);
        }
        set(a, o, argv[++*i]);
        return 0;
    }
    return 0;
}

/* Words move to the front of argv: however many there are, they cost no memory. */
static void take_word(struct args *a, char *word)
{
    if (a->command == NULL) {
        a->command = word;
        return;
    }
    a->word[a->words++] = word;
}

/* Goes on behind a fault: whether --json was asked for decides how it is told. */
int args_read(struct args *a, int argc, char **argv)
{
    bool options = true;

    *a = (struct args){.word = argv + (argc > 0)};
    for (int i = 1; i < argc; i++) {
        char *arg = argv[i];

        if (options && strcmp(arg, "--") == 0) {
            options = false;
        } else if (!options || arg[0] != '-' || arg[1] == '\0') {
            take_word(a, arg);
        } else if (arg[1] == '-') {
            (void)take_long(a, argc, argv, &i);
        } else {
            (void)take_letters(a, argc, argv, &i);
        }
    }
    a->word[a->words] = NULL;
    return a->fault.len > 0 ? ERR_USAGE : 0;
}
