#include "linux/upload_journal.h"

#include "base/err.h"
#include "base/text.h"
#include "linux/daemon_rules.h"
#include "linux/log.h"
#include "linux/words.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX  ".ocbulk"
#define LOCK    "lock"
#define SEGMENT 1 /* the file */

static int fail(struct upload_journal *j, int err, int sys)
{
    line_set_path(&j->where, j->path);
    line_put(&j->where, sys != 0 ? ": " : "");
    line_put(&j->where, sys != 0 ? strerror(sys) : "");
    return err;
}

static int fail_flash(struct upload_journal *j, int err)
{
    bool has_sys =
        err_class(err) == CLASS_STORAGE && err != ERR_JOURNAL_ROT && err != ERR_JOURNAL_VERSION;

    return err == 0 ? 0 : fail(j, err, has_sys ? j->dir.sys : 0);
}

struct reading {
    struct resume *is;
    unsigned heads;
};

static int visit(void *ctx, const struct entry *e)
{
    struct reading *r = ctx;

    r->heads += e->type == ENTRY_HEAD;
    return resume_apply(r->is, e);
}

static void shut(struct upload_journal *j)
{
    flash_close(&j->dir);
    j->open = false;
}

/* 1; 0 when there is no such folder. */
static int open_folder(struct upload_journal *j)
{
    int err = flash_open_own(&j->dir, j->path);

    if (err != 0) {
        bool none = j->dir.sys == ENOENT || j->dir.sys == ENAMETOOLONG;

        return none ? 0 : fail(j, ERR_FLASH_READ, j->dir.sys);
    }
    j->open = true;
    j->flash = flash_of(&j->dir);
    err = fail_flash(j, j->flash.lock(j->flash.ctx, LOCK, false));
    if (err != 0) {
        shut(j);
    }
    return err == 0 ? 1 : err;
}

static int read_journal(struct upload_journal *j, bool look)
{
    struct reading reading = {.is = &j->is};
    const struct journal_visitor to = {visit, &reading};
    int err = journal_open(&j->journal, &j->flash, &to, !look);

    if (err == ERR_FLASH_NONE) {
        return 0;
    }
    /* One of the two HEADs may be lost, nothing else. */
    if (err == 0 && (j->journal.rotten + reading.heads > 2 || j->is.last.type == ENTRY_NONE)) {
        err = ERR_JOURNAL_ROT;
    }
    j->made = err == 0;
    return fail_flash(j, err);
}

/* A folder that was named has to be there before anything is sent. */
static int check_named(struct upload_journal *j, const char *folder)
{
    if (access(folder, W_OK | X_OK) == 0) {
        return 0;
    }
    int sys = errno;

    (void)text_copy(j->path, sizeof j->path, folder);
    return fail(j, sys == EROFS ? ERR_FLASH_READONLY : ERR_FLASH_WRITE, sys);
}

int upload_journal_find(struct upload_journal *j, const char *file, const char *folder, bool look)
{
    const char *slash = strrchr(file, '/');
    const char *base = folder != NULL && slash != NULL ? slash + 1 : file;
    size_t len = words(j->path, sizeof j->path, folder != NULL ? folder : "",
                       folder != NULL ? "/" : "", base, SUFFIX);
    int err = 0;

    j->named = folder != NULL;
    if (j->named) {
        err = check_named(j, folder);
    }
    if (err == 0 && len == sizeof j->path - 1) { /* cut: no folder has such a name */
        j->path[0] = '\0';
    }
    if (err != 0 || j->path[0] == '\0') {
        return err;
    }
    err = open_folder(j);
    return err == 1 ? read_journal(j, look) : err;
}

void upload_journal_forget(struct upload_journal *j)
{
    j->made = false;
    j->is = (struct resume){0};
}

void upload_journal_begin(struct upload_journal *j, const struct upload_plan *plan)
{
    j->plan = plan;
    j->by_hand = j->made && j->is.last.type == ENTRY_COMMIT;
}

static uint32_t account(const struct upload_journal *j)
{
    return daemon_rules_account(j->plan->config, j->plan->credentials, j->journal.head.spool);
}

bool upload_journal_foreign(const struct upload_journal *j)
{
    return j->made && j->is.account != account(j);
}

/* What cannot follow would be rot to the next run: it is not written. */
static int put(struct upload_journal *j, struct entry *e)
{
    struct resume next = j->is;
    int err;

    e->time_ms = -1;
    e->segment = SEGMENT;
    err = resume_apply(&next, e);
    err = err == 0 ? journal_put(&j->journal, e) : err;
    if (err == 0) {
        j->is = next;
    }
    return fail_flash(j, err);
}

/* Its entry in the folder around it is on flash before anything in it is promised. */
static int sync_around(char *path)
{
    char *slash = strrchr(path, '/');
    char first = slash != NULL ? slash[1] : '\0';
    int bad = -1;

    if (slash != NULL) {
        slash[1] = '\0';
    }
    int fd = open(slash != NULL ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (slash != NULL) {
        slash[1] = first;
    }
    if (fd >= 0) {
        bad = fsync(fd) != 0 && errno != EINVAL ? -1 : 0;
        (void)close(fd);
    }
    return bad;
}

static int write_error(int sys)
{
    switch (sys) {
    case ENOSPC:
    case EDQUOT:
        return ERR_FLASH_FULL;
    case EROFS:
        return ERR_FLASH_READONLY;
    default:
        return ERR_FLASH_WRITE;
    }
}

/* Where there was none when we looked, a journal that is there now is another run's. */
static int make_folder(struct upload_journal *j)
{
    bool fresh = mkdir(j->path, 0700) == 0;
    int n;

    if (!fresh && errno != EEXIST) {
        return fail(j, write_error(errno), errno);
    }
    n = open_folder(j);
    if (n < 0) {
        return n;
    }
    if (n == 0 || (!fresh && j->flash.size(j->flash.ctx, "journal") != ERR_FLASH_NONE)) {
        return fail(j, ERR_LOCKED, 0);
    }
    return 0;
}

static int write_start(struct upload_journal *j, struct entry *intent)
{
    const struct upload_plan *p = j->plan;
    struct entry object = {.type = ENTRY_OBJECT};
    struct entry low = {.type = ENTRY_LOW};
    struct entry all = {.type = ENTRY_VOID, .batch = (uint32_t)p->batch};

    (void)text_copy(object.is.object.name, sizeof object.is.object.name, p->object);
    low.is.range.end = all.is.range.at = p->at;
    low.is.range.records = (uint32_t)p->left_out;
    all.is.range.end = p->size;
    all.is.range.records = (uint32_t)p->records;
    int err = put(j, &object);

    if (err == 0 && p->left_out > 0) {
        err = put(j, &low);
    }
    err = err == 0 ? put(j, &all) : err;
    return err == 0 ? put(j, intent) : err;
}

static int make_journal(struct upload_journal *j, struct entry *intent)
{
    struct {
        uint64_t spool;
        uint32_t epoch;
    } random;
    int err = device_random((uint8_t *)&random, sizeof random);

    j->journal = (struct journal){.head = {.spool = random.spool, .next_batch = 1}};
    j->is = (struct resume){0};
    intent->account = account(j);
    err = err == 0 ? journal_compact_begin(&j->journal, &j->flash, random.epoch) : err;
    if (err == 0) {
        err = journal_compact_end(&j->journal, write_start(j, intent));
    }
    return fail_flash(j, err);
}

static void unmake(struct upload_journal *j)
{
    if (j->open) {
        (void)unlinkat(j->dir.fd, "journal", 0);
        (void)unlinkat(j->dir.fd, LOCK, 0);
        (void)rmdir(j->path);
        shut(j);
    }
    j->made = false;
}

/* Too many records to be counted there is as good as no room. */
static int make(struct upload_journal *j, struct entry *intent)
{
    const struct upload_plan *p = j->plan;
    bool fits = p->left_out <= UINT32_MAX && p->records <= UINT32_MAX;
    int err = fits ? 0 : fail(j, ERR_FLASH_FULL, 0);

    if (err == 0 && !j->open) {
        err = make_folder(j);
    }
    if (err == 0 && sync_around(j->path) != 0) { /* whoever made the folder may have died before */
        err = fail(j, write_error(errno), errno);
    }
    err = err == 0 ? make_journal(j, intent) : err;
    j->made = err == 0;
    if (err == ERR_LOCKED && j->open) {
        shut(j);
    }
    if (err == 0 || err == ERR_LOCKED) {
        return err;
    }
    unmake(j);
    j->off = !j->named;
    if (j->off) {
        log_put(LOG_AT_WARNING,
                "no journal can be kept, after a cut this upload cannot go on: ", err_what(err),
                ": ", j->where.text);
    }
    return j->off ? 0 : err;
}

int upload_journal_intent(struct upload_journal *j, const struct batch *b, uint64_t body)
{
    struct entry e = {.type = ENTRY_INTENT, .batch = (uint32_t)j->plan->batch};

    if (j->off) {
        return 0;
    }
    e.is.range = (struct entry_range){.at = b->at,
                                      .end = b->end,
                                      .print = b->print,
                                      .records = (uint32_t)b->records,
                                      .attempt = 1,
                                      .body = body};
    if (!j->made) {
        j->range = e.is.range;
        return make(j, &e);
    }
    resume_next(&j->is, &e.batch, &e.is.range.attempt);
    e.account = account(j);
    e.reason = j->by_hand ? REASON_HAND : REASON_NONE;
    j->range = e.is.range;
    int err = put(j, &e);

    j->by_hand = j->by_hand && err != 0;
    return err;
}

/* The next entry of the newest batch. */
static struct entry next_entry(const struct upload_journal *j, uint8_t type)
{
    struct entry e = j->is.last;

    e.type = type;
    e.reason = REASON_NONE;
    return e;
}

int upload_journal_commit(struct upload_journal *j)
{
    struct entry e = next_entry(j, ENTRY_COMMIT);

    return j->made ? put(j, &e) : 0;
}

int upload_journal_created(struct upload_journal *j, const char *id)
{
    struct entry e = next_entry(j, ENTRY_CREATED);

    e.is.range.how = CREATED_ANSWERED;
    (void)text_copy(e.is.range.id, sizeof e.is.range.id, id);
    return j->made ? put(j, &e) : 0;
}

int upload_journal_refused(struct upload_journal *j, uint16_t status)
{
    struct entry e = next_entry(j, ENTRY_VOID);

    e.reason = REASON_REFUSED;
    e.is.range.http = status;
    return j->made && j->is.last.type == ENTRY_COMMIT ? put(j, &e) : 0;
}

int upload_journal_skip(struct upload_journal *j)
{
    struct entry e = resume_by_hand(&j->is);

    return put(j, &e);
}

int upload_journal_final(struct upload_journal *j, const struct entry *e)
{
    struct entry copy = *e;

    return j->made ? put(j, &copy) : 0;
}

bool upload_journal_keeps(const struct upload_journal *j)
{
    return j->made && resume_action(&j->is, ANSWER_NONE) != RESUME_NEW;
}

void upload_journal_end(struct upload_journal *j, bool keep)
{
    if (j->made && !(keep && upload_journal_keeps(j))) {
        unmake(j);
    } else if (j->open) {
        shut(j);
    }
}
