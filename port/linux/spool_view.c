#include "linux/spool_view.h"

#include "linux/folder.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

const char *spool_folder_name(enum spool_folder folder)
{
    static const char *const name[SPOOL_FOLDERS] = {[SPOOL_OUTBOX] = "outbox",
                                                    [SPOOL_QUEUE] = "queue",
                                                    [SPOOL_HELD] = "held",
                                                    [SPOOL_FAILED] = "failed",
                                                    [SPOOL_QUARANTINE] = "quarantine"};

    return name[folder];
}

static bool ends_in(const char *name, const char *ending)
{
    size_t len = strlen(name), end = strlen(ending);

    return len >= end && strcmp(name + len - end, ending) == 0;
}

static bool counts(enum spool_folder folder, const char *name)
{
    if (folder != SPOOL_OUTBOX) {
        return name[0] != '.' && ends_in(name, ".csv");
    }
    if (name[0] == '.') {
        return strcmp(name, ".open") == 0;
    }
    return !ends_in(name, ".tmp") && !ends_in(name, ".part");
}

static void count(struct spool_view *v, enum spool_folder folder, const struct stat *st)
{
    struct spool_part *part = &v->part[folder];

    part->files++;
    part->bytes += (uint64_t)st->st_size;
    if (folder <= SPOOL_QUEUE && (v->oldest_s < 0 || st->st_mtime < v->oldest_s)) {
        v->oldest_s = st->st_mtime > 0 ? st->st_mtime : 0;
    }
}

static void view_object(struct spool_view *v, enum spool_folder folder, int parent,
                        const char *object)
{
    struct folder f;
    const char *name;
    struct stat st;

    if (!folder_open(&f, parent, object)) {
        return;
    }
    while ((name = folder_next(&f)) != NULL) {
        if (counts(folder, name) && fstatat(f.fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode) && (st.st_size > 0 || name[0] != '.')) {
            count(v, folder, &st);
        }
    }
    folder_close(&f);
}

void spool_view(struct spool_view *v, const struct spool_dir *s)
{
    memset(v, 0, sizeof *v);
    v->oldest_s = -1;
    for (int i = 0; i < SPOOL_FOLDERS; i++) {
        struct folder top;
        const char *object;

        if (!folder_open(&top, s->dir.fd, spool_folder_name((enum spool_folder)i))) {
            continue;
        }
        while ((object = folder_next(&top)) != NULL) {
            view_object(v, (enum spool_folder)i, top.fd, object);
        }
        folder_close(&top);
    }
}
