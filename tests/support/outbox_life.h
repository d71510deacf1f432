/* outbox_life: an object's producers and the daemon at their work, record after record, on a
 * sim_flash; in turn, as the lock would have it. */
#ifndef OCBULK_TESTS_OUTBOX_LIFE_H
#define OCBULK_TESTS_OUTBOX_LIFE_H

#include "base/err.h"
#include "base/stream.h"
#include "outbox_judge.h"

enum { LIFE = 48, LIFE_WRITERS = 4, LIFE_WIDE_FROM = 30, LIFE_RUN = 4 };

enum life_way {
    LIFE_EACH,   /* each record has its sync */
    LIFE_SHARED, /* several share one */
    LIFE_RUNS,   /* each has its sync, and the lock is kept for a few */
    LIFE_WAYS
};

static const struct outbox_rules LIFE_RULES = {
    .max_bytes = 1 << 20, .batch_bytes = 1500, .batch_records = 7, .seal_after_ms = 60000};

/* Rounds of chance, each with other numbers: OCB_ROUNDS, else 1. */
static inline unsigned life_rounds(void)
{
    const char *rounds = getenv("OCB_ROUNDS");

    return rounds != NULL ? (unsigned)strtoul(rounds, NULL, 10) : 1;
}

struct life_ticket {
    struct outbox_ticket ticket;
    bool waits;
};

struct life {
    struct sim_flash flash;
    struct flash port;                  /* what writers and daemon use */
    struct outbox writer[LIFE_WRITERS]; /* each a process of its own */
    struct outbox daemon;
    struct outbox *at; /* whose turn it is */
    enum life_way way;
    bool watchful;             /* look at once whether what was acknowledged is on flash */
    unsigned next;             /* record */
    bool acked[JUDGE_RECORDS]; /* somebody was told that it is taken */
    unsigned tried[JUDGE_RECORDS];
    struct life_ticket ticket[JUDGE_RECORDS];
    uint64_t now;
};

static inline void life_log(const struct life *l)
{
    size_t from = l->flash.log_len > 40 ? l->flash.log_len - 40 : 0;

    for (size_t i = from; i < l->flash.log_len; i++) {
        const struct sim_entry *e = &l->flash.log[i];

        print_message("op %d %s: %s, at %u, len %u\n", e->op, sim_flash_name(&l->flash, e->name),
                      err_name(e->err), (unsigned)e->at, (unsigned)e->len);
    }
}

/* Processes begin anew: what they knew is gone. */
static inline void life_start(struct life *l)
{
    l->port = sim_flash_of(&l->flash);
    for (unsigned i = 0; i < LIFE_WRITERS; i++) {
        outbox_init(&l->writer[i], &l->port, &LIFE_RULES, "contact");
    }
    outbox_init(&l->daemon, &l->port, &LIFE_RULES, "contact");
    memset(l->ticket, 0, sizeof l->ticket);
}

static inline void life_begin(struct life *l, uint64_t seed, enum life_way way)
{
    sim_flash_reset(&l->flash, seed);
    l->next = 0;
    l->now = 1000;
    l->way = way;
    memset(l->acked, 0, sizeof l->acked);
    memset(l->tried, 0, sizeof l->tried);
    life_start(l);
}

static inline struct outbox *life_writer(struct life *l, unsigned k)
{
    return &l->writer[(l->way == LIFE_RUNS ? k / LIFE_RUN : k) % LIFE_WRITERS];
}

static inline void life_told(struct life *l, unsigned k, int err)
{
    if (err == 0) {
        l->acked[k] = true;
        if (l->watchful && judge_look(&l->flash, true).seen[k] == 0) {
            life_log(l);
            fail_msg("way %u: record %u was acknowledged, and is not on flash", l->way, k);
        }
    }
}

static inline int life_settle(struct life *l)
{
    int worst = 0;

    for (unsigned k = 0; k < LIFE; k++) {
        if (l->ticket[k].waits) {
            int err;

            l->ticket[k].waits = false;
            l->at = life_writer(l, k);
            err = outbox_settle(l->at, &l->ticket[k].ticket, l->now);
            life_told(l, k, err);
            worst = err != 0 ? err : worst;
        }
    }
    return worst;
}

static inline int life_add(struct life *l, unsigned k)
{
    char bytes[JUDGE_ROW_CAP];
    struct outbox_row row = judge_row(bytes, k, k >= LIFE_WIDE_FROM);
    int err;

    l->tried[k]++;
    l->at = life_writer(l, k);
    if (l->way == LIFE_SHARED) {
        err = outbox_append(l->at, &row, l->now, &l->ticket[k].ticket);
        l->ticket[k].waits = err == 0;
        return err;
    }
    err = l->way == LIFE_RUNS ? outbox_hold(l->at, l->now) : 0;
    err = err == 0 ? outbox_add(l->at, &row, l->now) : err;
    life_told(l, k, err);
    if (k % LIFE_RUN == LIFE_RUN - 1) {
        outbox_release(l->at);
    }
    return err;
}

static inline int life_tend(struct life *l, unsigned k)
{
    int n;

    if (life_writer(l, k)->held) {
        return 0; /* it would be told so */
    }
    l->at = &l->daemon;
    n = outbox_seal_due(&l->daemon, l->now, k % 24 == 23);
    return n < 0 ? n : 0;
}

/* Up to the end, or the first failure. */
static inline int life_go(struct life *l)
{
    int err = life_settle(l);

    while (err == 0 && l->next < LIFE) {
        unsigned k = l->next;

        l->now += 1000;
        err = life_add(l, k);
        if (err == 0) {
            l->next++;
            err = life_tend(l, k);
        }
        if (err == 0 && k % 5 == 4) {
            err = life_settle(l);
        }
    }
    return err == 0 ? life_settle(l) : err;
}

/* After a start of the machine. */
static inline int life_recover(struct life *l)
{
    life_start(l);
    return outbox_recover(&l->daemon, l->now);
}

/* a, b: which run this is. */
static inline void life_judge(const struct life *l, const char *what, unsigned a, unsigned b)
{
    struct judge j = judge_look(&l->flash, false);

    for (unsigned k = 0; k < LIFE; k++) {
        if (j.seen[k] < l->acked[k] || j.seen[k] > l->tried[k]) {
            life_log(l);
            fail_msg("%s %u %u: record %u: acknowledged %d, tried %u times, is there %u times",
                     what, a, b, k, l->acked[k], l->tried[k], j.seen[k]);
        }
    }
    if (j.strange > 0 || j.part || j.bare > 0) {
        life_log(l);
        fail_msg("%s %u %u: %u rows that are no records, copy not whole %d, tails not whole or "
                 "without a reason %u",
                 what, a, b, j.strange, j.part, j.bare);
    }
}

#endif
