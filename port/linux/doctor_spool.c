#include "base/err.h"
#include "linux/doctor.h"
#include "linux/queue_look.h"
#include "linux/spool_dir.h"
#include "linux/wake.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OTHERS = 07 }; /* rights of everybody */

static void put_bytes(struct line *l, int64_t bytes)
{
    line_u64(l, (uint64_t)bytes / 1024);
    line_put(l, " KiB");
}

static void check_folder(struct doctor *d, const struct spool_dir *s)
{
    struct stat st;

    if (fstat(s->dir.fd, &st) == 0 && (st.st_mode & OTHERS) != 0) {
        doctor_say(d, DOCTOR_WARN, "spool", "every user has rights on its folder",
                   "chmod 2770 it: records are personal data");
    } else {
        doctor_say(d, DOCTOR_OK, "spool", s->path, "");
    }
    if (spool_warns(s) != NULL) {
        doctor_say(d, DOCTOR_WARN, "file system", spool_warns(s), "move `dir` of [spool] to flash");
    } else {
        doctor_say(d, DOCTOR_OK, "file system", "keeps what was synced", "");
    }
}

static void check_room(struct doctor *d, const struct spool_dir *s)
{
    int64_t room = s->flash.room(s->flash.ctx);
    struct line l;

    if (room < 0) {
        doctor_fail(d, "room", (int)room, s->path, NULL);
        return;
    }
    line_set(&l, "");
    put_bytes(&l, room);
    line_put(&l, " free");
    if ((uint64_t)room <= d->app->config.spool.headroom) {
        line_put(&l, ", `headroom` wants to keep ");
        put_bytes(&l, (int64_t)d->app->config.spool.headroom);
        doctor_fail(d, "room", ERR_FLASH_FULL, l.text, NULL);
    } else {
        doctor_say(d, DOCTOR_OK, "room", l.text, "");
    }
}

/* The lock tells, and the socket whether others can wake who holds it. */
static void check_daemon(struct doctor *d, const struct spool_dir *s)
{
    unsigned long holder = spool_holder(s);
    const char *run_dir = d->app->config.spool.run_dir;
    struct line l;

    if (holder == 0) {
        doctor_say(d, DOCTOR_WARN, "daemon", "nobody sends from this spool now",
                   "start `ocbulk run`, or run `ocbulk run --once` from cron");
        return;
    }
    line_set(&l, "process ");
    line_u64(&l, holder);
    line_put(&l, " sends");
    if (wake_send(run_dir, NULL)) {
        doctor_say(d, DOCTOR_OK, "daemon", l.text, "");
        return;
    }
    line_put(&l, ", but cannot be woken at ");
    line_put(&l, run_dir);
    doctor_say(d, DOCTOR_WARN, "daemon", l.text,
               "check run_dir and its rights; it looks by itself "
               "each `interval`");
}

static void check_journal(struct doctor *d, const struct spool_dir *s)
{
    static struct queue_look q;
    int err = queue_look(&q, &s->flash);
    uint64_t held = 0;
    struct line l;

    if (err != 0 || q.damaged) {
        doctor_fail(d, "journal", err != 0 ? err : ERR_JOURNAL_ROT, "", NULL);
        return;
    }
    for (uint16_t i = 0; i < q.ledger.ranges; i++) {
        held += q.ledger.range[i].state == ENTRY_HELD;
    }
    line_set(&l, "");
    line_u64(&l, held);
    line_put(&l, held == 1 ? " batch waits for a hand" : " batches wait for a hand");
    if (held > 0) {
        doctor_say(d, DOCTOR_WARN, "journal", l.text, "`ocbulk queue` says what for");
    } else {
        doctor_say(d, DOCTOR_OK, "journal", "can be read, nothing is held", "");
    }
}

static void check_reserve(struct doctor *d, const struct spool_dir *s)
{
    if (s->flash.size(s->flash.ctx, "reserve") >= RESERVE_LEN) {
        doctor_say(d, DOCTOR_OK, "reserve", "there, for a flash that is full", "");
    } else {
        doctor_say(d, DOCTOR_WARN, "reserve", "none: a full flash may stop the journal",
                   "make room; the daemon makes it anew");
    }
}

/* Who only hands in may look at no more than the folder. */
static bool is_ours(const struct spool_dir *s)
{
    return faccessat(s->dir.fd, "journal", R_OK, AT_EACCESS) == 0 || errno != EACCES;
}

void doctor_spool(struct doctor *d)
{
    static struct spool_dir s;
    int err = spool_open(&s, &d->app->config, false);

    if (err != 0) {
        doctor_fail(d, "spool", err, s.where.text, s.fix.text);
        return;
    }
    check_folder(d, &s);
    check_room(d, &s);
    check_daemon(d, &s);
    if (is_ours(&s)) {
        check_journal(d, &s);
        check_reserve(d, &s);
    } else {
        doctor_say(d, DOCTOR_SKIP, "journal", "only the daemon's user can look at it", "");
    }
    spool_close(&s);
}
