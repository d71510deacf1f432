#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "outbox_life.h"

#define OPEN   "outbox/contact/.open"
#define FIRST  "outbox/contact/add-0000000001.csv"
#define CUT    "outbox/contact/a-cut-0000000001.csv"
#define SECOND "outbox/contact/add-0000000002.csv"
#define HEADER "email,first_name\n"

struct box {
    struct sim_flash sim;
    struct flash port;
    struct outbox_rules rules;
    struct outbox o;
};

static void start(struct box *b)
{
    b->port = sim_flash_of(&b->sim);
    outbox_init(&b->o, &b->port, &b->rules, "contact");
}

static struct box *fresh(void)
{
    static struct box b;

    sim_flash_reset(&b.sim, 1);
    b.rules = (struct outbox_rules){.max_bytes = 1 << 20,
                                    .batch_bytes = 1 << 16,
                                    .batch_records = 5000,
                                    .seal_after_ms = 300000};
    start(&b);
    return &b;
}

static void cut_power(struct box *b)
{
    sim_flash_cut(&b->sim, SIM_CUT_LUCK);
    sim_flash_power_on(&b->sim);
    start(b);
}

static struct outbox_row row_of(const char *header, const char *record)
{
    return (struct outbox_row){.header = (const uint8_t *)header,
                               .header_len = strlen(header),
                               .record = (const uint8_t *)record,
                               .len = strlen(record),
                               .fields = 2,
                               .renew = true};
}

static int add(struct box *b, const char *record)
{
    struct outbox_row row = row_of(HEADER, record);

    return outbox_add(&b->o, &row, 1000);
}

static void put(struct box *b, const char *name, const char *text)
{
    sim_flash_put(&b->sim, name, text, strlen(text));
}

static void holds(struct box *b, const char *name, const char *text)
{
    size_t len;
    const uint8_t *bytes = sim_flash_bytes(&b->sim, name, true, &len);

    if (bytes == NULL || len != strlen(text) || memcmp(bytes, text, len) != 0) {
        fail_msg("%s: `%.*s`, want `%s`", name, (int)len, bytes == NULL ? "" : (const char *)bytes,
                 text);
    }
}

static void gone(struct box *b, const char *name)
{
    size_t len;

    if (sim_flash_bytes(&b->sim, name, false, &len) != NULL) {
        fail_msg("%s is there", name);
    }
}

static void record_costs_one_append_and_one_sync(void **state)
{
    struct box *b = fresh();
    struct sim_counts before;

    (void)state;
    assert_int_equal(add(b, "ana@example.org,Ana\n"), 0);
    holds(b, OPEN, HEADER "ana@example.org,Ana\n");
    before = b->sim.counts;
    assert_int_equal(add(b, "bob@example.org,Bob\n"), 0);
    holds(b, OPEN, HEADER "ana@example.org,Ana\nbob@example.org,Bob\n");
    assert_int_equal(b->sim.counts.of[SIM_APPEND] - before.of[SIM_APPEND], 1);
    assert_int_equal(b->sim.counts.of[SIM_TRUNCATE] - before.of[SIM_TRUNCATE], 0);
    assert_int_equal(b->sim.counts.syncs - before.syncs, 1);
    assert_int_equal(b->sim.counts.bytes - before.bytes, 20);
}

/* What else is written or read, as for sealing by records, is little for each of many. */
static void many_records_cost_little_more(void **state)
{
    enum { MANY = 5001 };
    struct box *b = fresh();
    char record[32];
    struct sim_counts *c = &b->sim.counts;

    (void)state;
    b->rules.batch_bytes = 1 << 20;
    for (unsigned i = 0; i < MANY; i++) {
        sprintf(record, "%04u@example.org,Ana\n", i % 10000);
        outbox_init(&b->o, &b->port, &b->rules, "contact"); /* each by a process of its own */
        assert_int_equal(add(b, record), 0);
    }
    holds(b, OPEN, HEADER "5000@example.org,Ana\n");
    print_message("%u records, each by a process: %u appends, %u syncs, %u reads\n", MANY,
                  c->of[SIM_APPEND], c->syncs, c->of[SIM_READ]);
    assert_true(c->syncs <= MANY + 12); /* two segments, their folder */
    assert_true(c->of[SIM_APPEND] <= MANY + MANY / 20);
    assert_true(c->of[SIM_READ] <= 4 * MANY);
}

static void segment_is_sealed_before_it_holds_more_than_a_batch(void **state)
{
    struct box *b = fresh();

    (void)state;
    b->rules.batch_records = 2;
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(add(b, "a,b\n"), 0);
    }
    holds(b, FIRST, HEADER "a,b\na,b\n");
    holds(b, SECOND, HEADER "a,b\na,b\n");
    holds(b, OPEN, HEADER "a,b\n");

    b = fresh();
    b->rules.batch_bytes = sizeof HEADER - 1 + 8;
    assert_int_equal(add(b, "a,b\n"), 0);
    assert_int_equal(add(b, "a,b\n"), 0);
    assert_int_equal(add(b, "\"longer than a batch\nby itself\",b\n"), 0);
    holds(b, FIRST, HEADER "a,b\na,b\n");
    assert_int_equal(add(b, "c,d\n"), 0);
    holds(b, SECOND, HEADER "\"longer than a batch\nby itself\",b\n");
    holds(b, OPEN, HEADER "c,d\n");
}

static void another_header_row_begins_another_segment(void **state)
{
    struct box *b = fresh();
    struct outbox_row row = row_of("email,last_name\n", "ana@example.org,Poe\n");
    uint8_t header[64];

    (void)state;
    assert_int_equal(outbox_header(&b->o, 1000, header, sizeof header), 0);
    assert_int_equal(add(b, "ana@example.org,Ana\n"), 0);
    assert_int_equal(outbox_header(&b->o, 1000, header, sizeof header), sizeof HEADER - 1);
    assert_memory_equal(header, HEADER, sizeof HEADER - 1);
    assert_int_equal(outbox_header(&b->o, 1000, header, sizeof HEADER - 2), ERR_NO_ROOM);
    row.renew = false;
    assert_int_equal(outbox_add(&b->o, &row, 1000), ERR_COLUMNS);
    holds(b, OPEN, HEADER "ana@example.org,Ana\n");
    row.renew = true;
    assert_int_equal(outbox_add(&b->o, &row, 1000), 0);
    holds(b, FIRST, HEADER "ana@example.org,Ana\n");
    holds(b, OPEN, "email,last_name\nana@example.org,Poe\n");
}

/* What one process knows of .open is worth nothing once another has begun a new one. */
static void header_row_is_compared_anew(void **state)
{
    struct box *b = fresh();
    struct outbox other;
    struct outbox_row row = row_of("email,last_name\n", "ana@example.org,Poe\n");
    struct outbox_row mine = row_of(HEADER, "bob@example.org,Bob\n");
    uint8_t header[64];

    (void)state;
    assert_int_equal(add(b, "ana@example.org,Ana\n"), 0);
    outbox_init(&other, &b->port, &b->rules, "contact");
    assert_int_equal(outbox_add(&other, &row, 1000), 0);
    assert_int_equal(outbox_header(&b->o, 1000, header, sizeof header), row.header_len);
    mine.renew = false;
    assert_int_equal(outbox_add(&b->o, &mine, 1000), ERR_COLUMNS);
    holds(b, OPEN, "email,last_name\nana@example.org,Poe\n");
}

static void header_row_alone_is_no_segment(void **state)
{
    struct box *b = fresh();
    struct outbox_row row = row_of("email,last_name\n", "ana@example.org,Poe\n");

    (void)state;
    put(b, OPEN, HEADER);
    assert_int_equal(outbox_recover(&b->o, 1000), 0);
    assert_int_equal(outbox_seal_due(&b->o, 1000, true), 0);
    holds(b, OPEN, HEADER);
    row.renew = false;
    assert_int_equal(outbox_add(&b->o, &row, 1000), 0);
    holds(b, OPEN, "email,last_name\nana@example.org,Poe\n");
    gone(b, FIRST);
}

static void segment_is_due_by_age_or_size_or_after_a_start(void **state)
{
    struct box *b = fresh();

    (void)state;
    assert_int_equal(outbox_recover(&b->o, 1000), 0);
    assert_int_equal(outbox_seal_due(&b->o, 1000, true), 0);
    assert_int_equal(add(b, "a,b\n"), 0);
    assert_int_equal(outbox_seal_due(&b->o, 1000 + 299999, false), 0);
    assert_int_equal(b->o.due_ms, 1000 + 300000);
    assert_int_equal(outbox_seal_due(&b->o, 500, false), 0);
    assert_int_equal(outbox_seal_due(&b->o, 1000 + 300000, false), 1);
    holds(b, FIRST, HEADER "a,b\n");
    gone(b, OPEN);
    assert_int_equal(outbox_seal_due(&b->o, 1000 + 300000, true), 0);
    assert_true(b->o.due_ms == OUTBOX_NONE);

    assert_int_equal(add(b, "a,b\n"), 0);
    cut_power(b);
    assert_int_equal(outbox_seal_due(&b->o, 1, false), 1);
    holds(b, SECOND, HEADER "a,b\n");

    b->rules.batch_records = 2;
    assert_int_equal(add(b, "a,b\n"), 0);
    assert_int_equal(outbox_seal_due(&b->o, 1000, false), 0);
    assert_int_equal(add(b, "c,d\n"), 0);
    assert_int_equal(outbox_seal_due(&b->o, 1000, false), 1);
    holds(b, "outbox/contact/add-0000000003.csv", HEADER "a,b\nc,d\n");

    assert_int_equal(add(b, "a,b\n"), 0);
    sim_flash_fail_at(&b->sim, 0, ERR_LOCKED, false);
    assert_int_equal(outbox_seal_due(&b->o, 1000, true), ERR_LOCKED);
    sim_flash_fail_at(&b->sim, 0, ERR_LOCKED, false);
    assert_int_equal(outbox_recover(&b->o, 1000), ERR_LOCKED);
    assert_int_equal(outbox_seal_due(&b->o, 1000, true), 1);
}

/* Names sort in the order of time, whatever else lies there. */
static void number_goes_on_behind_the_highest(void **state)
{
    struct box *b = fresh();

    (void)state;
    put(b, "outbox/contact/add-0000000900.csv", HEADER "x,y\n");
    put(b, "outbox/contact/add-9999.csv", HEADER "x,y\n");
    put(b, "outbox/contact/add-new.csv", HEADER "x,y\n");
    put(b, "outbox/contact/list.csv", HEADER "x,y\n");
    assert_int_equal(add(b, "a,b\n"), 0);
    put(b, "outbox/contact/add-0000000901.csv", HEADER "x,y\n");
    assert_int_equal(outbox_seal_due(&b->o, 1000, true), 1);
    holds(b, "outbox/contact/add-0000000901.csv", HEADER "x,y\n");
    holds(b, "outbox/contact/add-0000000902.csv", HEADER "a,b\n");
}

static void bounds_of_the_spool(void **state)
{
    struct box *b = fresh();

    (void)state;
    put(b, "queue/contact/00000001.csv", HEADER "12345678901234567890,123\n");
    put(b, "queue/lead/00000001.csv", HEADER);
    put(b, "outbox/lead/any.csv", HEADER);
    put(b, "held/lead/any.csv", HEADER);
    assert_int_equal(outbox_bytes(&b->o), 3 * 17 + 25);
    b->rules.max_bytes = 3 * 17 + 25 + 17 + 8;
    assert_int_equal(add(b, "a,b\n"), 0);
    assert_int_equal(add(b, "c,d\n"), 0);
    assert_int_equal(outbox_bytes(&b->o), b->rules.max_bytes);
    assert_int_equal(add(b, ",\n"), ERR_SPOOL_FULL);
    holds(b, OPEN, HEADER "a,b\nc,d\n");
    sim_flash_put(&b->sim, "queue/contact/00000001.csv", "", 0);
    assert_int_equal(add(b, ",\n"), 0);

    b->rules.max_bytes = 1 << 20;
    b->rules.headroom = 100;
    b->sim.capacity = 500;
    while (b->port.room(b->port.ctx) >= 104) {
        assert_int_equal(add(b, "e,f\n"), 0);
    }
    assert_int_equal(add(b, "e,f\n"), ERR_FLASH_FULL);
    b->rules.max_bytes = 0;
    assert_int_equal(outbox_seal_due(&b->o, 1000, true), 1);
    assert_int_equal(add(b, "e,f\n"), ERR_SPOOL_FULL);
    gone(b, OPEN);
}

static int (*real_list)(void *, const char *, enum flash_kind, const char *, struct flash_file *,
                        size_t);

static int list_without_queue(void *ctx, const char *folder, enum flash_kind kind,
                              const char *after, struct flash_file *out, size_t most)
{
    return strncmp(folder, "queue", 5) == 0 ? ERR_FLASH_READ
                                            : real_list(ctx, folder, kind, after, out, most);
}

/* A kiosk's user may not read queue/: the daemon leaves its size where producers look. */
static void bound_holds_for_who_may_not_read_the_queue(void **state)
{
    struct box *b = fresh();
    struct flash kiosk = b->port;
    struct outbox o;
    struct outbox_row row = row_of(HEADER, "a,b\n");

    (void)state;
    real_list = b->port.list;
    kiosk.list = list_without_queue;
    outbox_init(&o, &kiosk, &b->rules, "contact");
    put(b, "queue/contact/00000001.csv", HEADER);
    b->rules.max_bytes = 17 + 17 + 4;
    assert_int_equal(outbox_add(&o, &row, 1000), 0);
    assert_int_equal(outbox_seal_due(&b->o, 1000, true), 1);
    assert_int_equal(outbox_add(&o, &row, 1000), ERR_SPOOL_FULL);
    assert_int_equal(b->port.remove(b->port.ctx, FIRST), 0);
    assert_int_equal(outbox_add(&o, &row, 1000), 0);
    assert_int_equal(outbox_add(&o, &row, 1000), ERR_SPOOL_FULL);
    assert_int_equal(b->port.remove(b->port.ctx, "queue/contact/00000001.csv"), 0);
    assert_int_equal(outbox_seal_due(&b->o, 1000, false), 0);
    assert_int_equal(outbox_add(&o, &row, 1000), ERR_SPOOL_FULL);
    assert_int_equal(outbox_seal_due(&b->o, 11000, false), 0);
    assert_int_equal(outbox_add(&o, &row, 1000), 0);
}

static int64_t much_room(void *ctx)
{
    (void)ctx;
    return 1 << 20;
}

/* Case C35, at every number of bytes free; 20 of 46 are the case's own. */
static void full_flash_leaves_whole_records(void **state)
{
    static const char before[] = "ana@example.org,Ana,,\n";
    static const char record[] = "dan@example.org,Dan,+15550103,site A visitor\r\n";
    struct box *b = fresh();
    struct outbox_row row = row_of("email,name,phone,note\r\n", before);

    (void)state;
    for (size_t room = 0; room <= sizeof record - 1; room++) {
        size_t len, whole;

        b = fresh();
        row.record = (const uint8_t *)before;
        row.len = sizeof before - 1;
        assert_int_equal(outbox_add(&b->o, &row, 1000), 0);
        (void)sim_flash_bytes(&b->sim, OPEN, true, &whole);
        b->sim.capacity = whole + sizeof(struct outbox_note) + room;
        row.record = (const uint8_t *)record;
        row.len = sizeof record - 1;
        assert_int_equal(row.len, 46);
        if (room < row.len) {
            assert_int_equal(outbox_add(&b->o, &row, 1000), ERR_FLASH_FULL); /* not even tried */
            b->port.room = much_room;
            assert_int_equal(outbox_add(&b->o, &row, 1000), ERR_FLASH_FULL);
            (void)sim_flash_bytes(&b->sim, OPEN, false, &len);
            assert_int_equal(len, whole);
            assert_int_equal(outbox_seal_due(&b->o, 1000, true), 1); /* uploads go on */
            b->sim.capacity = 0;
        }
        assert_int_equal(outbox_add(&b->o, &row, 1000), 0);
        cut_power(b);
        assert_int_equal(outbox_recover(&b->o, 1000), 0);
        gone(b, "quarantine/contact/tail-0000000001.csv");
    }
}

/* Without room even for a note .open becomes a segment, so that it can be sent. */
static void full_flash_can_be_sent(void **state)
{
    struct box *b = fresh();

    (void)state;
    assert_int_equal(add(b, "a,b\n"), 0);
    cut_power(b);
    put(b, "outbox/contact/.lock", "");
    b->sim.capacity = 1;
    assert_int_equal(outbox_recover(&b->o, 1000), 0);
    assert_int_equal(outbox_seal_due(&b->o, 1000, false), 1);
    holds(b, FIRST, HEADER "a,b\n");

    /* A tail that cannot be kept is nobody's record. */
    put(b, OPEN, HEADER "a,b\nc,");
    put(b, "outbox/contact/.lock", "");
    start(b);
    assert_int_equal(outbox_seal_due(&b->o, 1000, false), 1);
    holds(b, SECOND, HEADER "a,b\n");

    b->sim.read_only = true;
    assert_int_equal(add(b, "a,b\n"), ERR_FLASH_READONLY);
}

/* Case C31; the other half of it is batch's. */
static void torn_tail_goes_to_quarantine(void **state)
{
    static const char input[] = "email,first_name\r\nana@example.org,Ana\r\nbob@exam";
    struct box *b = fresh();

    (void)state;
    assert_int_equal(sizeof input - 1, 47);
    put(b, OPEN, input);
    assert_int_equal(outbox_recover(&b->o, 1000), 0);
    holds(b, OPEN, "email,first_name\r\nana@example.org,Ana\r\n");
    holds(b, "quarantine/contact/tail-0000000001.csv", "email,first_name\r\nbob@exam");
    gone(b, "outbox/contact/.tail-0000000001.csv");
    assert_int_equal(outbox_seal_due(&b->o, 1000, false), 1);
    holds(b, FIRST, "email,first_name\r\nana@example.org,Ana\r\n");

    put(b, OPEN, HEADER "a,\"b\nc");
    put(b, "quarantine/contact/tail-0000000002.csv", "");
    cut_power(b);
    assert_int_equal(add(b, "d,e\n"), 0); /* a producer was first */
    holds(b, OPEN, HEADER "d,e\n");
    holds(b, "outbox/contact/.tail-0000000001.csv", HEADER "a,\"b\nc");
    gone(b, "quarantine/contact/tail-0000000003.csv");
    assert_int_equal(outbox_recover(&b->o, 1000), 0);
    holds(b, "quarantine/contact/tail-0000000003.csv", HEADER "a,\"b\nc");
    gone(b, "outbox/contact/.tail-0000000001.csv");
}

static void what_a_cut_may_leave_of_open(void **state)
{
    static const struct {
        const char *name, *open, *left, *tail;
    } row[] = {
        {"nothing", "", NULL, NULL},
        {"a part of the header row", "email,fi", NULL, NULL},
        {"the header row", HEADER, HEADER, NULL},
        {"one byte", HEADER "a", HEADER, HEADER "a"},
        {"all but the line end", HEADER "a,b\nc,d", HEADER "a,b\n", HEADER "c,d"},
        {"up to a line break inside", HEADER "a,b\nc,\"d\n", HEADER "a,b\n", HEADER "c,\"d\n"},
        {"two line breaks inside", HEADER "c,\"d\n\ne,f\n", HEADER, HEADER "c,\"d\n\ne,f\n"},
        {"garbage with line ends", HEADER "a,b\n\xff\n\xfe,\n", HEADER "a,b\n",
         HEADER "\xff\n\xfe,\n"},
        {"a quote of garbage", HEADER "a,b\nx\"y,\n", HEADER "a,b\n", HEADER "x\"y,\n"},
        {"a blank line", HEADER "a,b\n\n", HEADER "a,b\n", HEADER "\n"},
        {"another number of fields", HEADER "a,b\nc,d,e\n", HEADER "a,b\n", HEADER "c,d,e\n"},
        {"a header row of garbage", "\xff\xfe\x01\nxyz", NULL, "\xff\xfe\x01\nxyz"},
        {"an unclosed header row", "\"a\nb\nc", NULL, "\"a\nb\nc"},
    };
    struct box *b;

    (void)state;
    for (size_t i = 0; i < COUNT(row); i++) {
        print_message("%s\n", row[i].name);
        b = fresh();
        put(b, OPEN, row[i].open);
        assert_int_equal(outbox_recover(&b->o, 1000), 0);
        if (row[i].left != NULL) {
            holds(b, OPEN, row[i].left);
        } else {
            gone(b, OPEN);
        }
        if (row[i].tail != NULL) {
            holds(b, "quarantine/contact/tail-0000000001.csv", row[i].tail);
        } else {
            gone(b, "quarantine/contact/tail-0000000001.csv");
        }
        assert_int_equal(add(b, "y,z\n"), 0);
    }
}

/* What looks like a record behind it may be a line of a text whose quote was lost. */
static void nothing_is_believed_behind_a_spoilt_row(void **state)
{
    struct box *b = fresh();

    (void)state;
    put(b, OPEN, HEADER "a,b\nc,\"d\ne,f\n");
    assert_int_equal(add(b, "\"g\",h\n"), 0);
    holds(b, OPEN, HEADER "a,b\n\"g\",h\n");
    assert_int_equal(outbox_recover(&b->o, 1000), 0);
    holds(b, "quarantine/contact/tail-0000000001.csv", HEADER "c,\"d\ne,f\n");
}

/* A process that could not cut a tail off does not take it for an end that it knows. */
static void tail_that_could_not_be_cut_is_seen_again(void **state)
{
    struct box *b = fresh();

    (void)state;
    for (uint64_t seed = 1; seed < 10; seed++) {
        sim_flash_reset(&b->sim, seed);
        start(b);
        assert_int_equal(add(b, "a,b\n"), 0);
        assert_int_equal(b->port.append(b->port.ctx, OPEN, (const uint8_t *)"c,", 2), 0);
        sim_flash_fail_at(&b->sim, 6, ERR_FLASH_WRITE, false); /* lock; the copy: 5; truncate */
        assert_int_equal(add(b, "d,e\n"), ERR_FLASH_WRITE);
        assert_int_equal(add(b, "d,e\n"), 0);
        holds(b, OPEN, HEADER "a,b\nd,e\n");
    }
}

/* A segment that was given up has no sync behind it: its cut may be undone by the next. */
static void segment_with_a_tail_is_mended(void **state)
{
    struct box *b = fresh();

    (void)state;
    put(b, CUT, HEADER "a,b\nc,\"\n");
    put(b, "outbox/contact/a-cut-0000000002.csv", HEADER "a,b\n");
    put(b, "outbox/contact/a-cut-0000000003.csv", "");
    put(b, "outbox/contact/add-handed.csv", HEADER "a,b\nc,d");
    assert_int_equal(outbox_recover(&b->o, 1000), 0);
    holds(b, CUT, HEADER "a,b\n");
    holds(b, "outbox/contact/a-cut-0000000002.csv", HEADER "a,b\n");
    gone(b, "outbox/contact/a-cut-0000000003.csv");
    holds(b, "outbox/contact/add-handed.csv", HEADER "a,b\nc,d");
    holds(b, "quarantine/contact/tail-0000000001.csv", HEADER "c,\"\n");
}

static unsigned syncs_of_open(const struct box *b, size_t from)
{
    unsigned n = 0;

    for (size_t i = from; i < b->sim.log_len; i++) {
        const struct sim_entry *e = &b->sim.log[i];

        if (e->op == SIM_RENAME && strcmp(sim_flash_name(&b->sim, e->name), OPEN) == 0) {
            break;
        }
        n += e->op == SIM_SYNC && strcmp(sim_flash_name(&b->sim, e->name), OPEN) == 0;
    }
    return n;
}

static void failed_sync_is_never_tried_again(void **state)
{
    struct box *b = fresh();
    size_t log;

    (void)state;
    assert_int_equal(add(b, "a,b\n"), 0);
    log = b->sim.log_len;
    sim_flash_fail_at(&b->sim, 2, ERR_FLASH_WRITE, false);
    assert_int_equal(add(b, "c,d\n"), ERR_FLASH_WRITE);
    assert_int_equal(add(b, "e,f\n"), 0);
    assert_int_equal(syncs_of_open(b, log), 1);
    holds(b, OPEN, HEADER "e,f\n");
    cut_power(b);
    assert_int_equal(outbox_recover(&b->o, 1000), 0);
    holds(b, CUT, HEADER "a,b\n");
}

static void lock_is_kept_for_a_run_of_records(void **state)
{
    struct box *b = fresh();
    struct sim_counts before;
    struct outbox other;
    struct outbox_row row = row_of(HEADER, "x,y\n"), wide = row_of("other\n", "x\n");

    (void)state;
    outbox_release(&b->o);
    assert_int_equal(outbox_hold(&b->o, 1000), 0);
    assert_int_equal(add(b, "a,b\n"), 0);
    before = b->sim.counts;
    assert_int_equal(outbox_hold(&b->o, 1000), 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(add(b, "a,b\n"), 0);
    }
    assert_int_equal(b->sim.counts.calls - before.calls, 2 * 3); /* append, sync */
    outbox_release(&b->o);
    outbox_init(&other, &b->port, &b->rules, "contact");
    assert_int_equal(outbox_add(&other, &row, 1000), 0);

    /* What it knew of the header row is looked at again. */
    wide.fields = 1;
    assert_int_equal(outbox_hold(&b->o, 1000), 0);
    assert_int_equal(add(b, "a,b\n"), 0);
    assert_int_equal(outbox_add(&b->o, &wide, 1000), 0);
    assert_int_equal(add(b, "c,d\n"), 0);
    holds(b, SECOND, "other\nx\n");
    outbox_release(&b->o);

    assert_int_equal(outbox_hold(&b->o, 1000), 0);
    b->rules.headroom = UINT64_C(1) << 41;
    assert_int_equal(add(b, "e,f\n"), ERR_FLASH_FULL);
    b->rules.headroom = 0;
    assert_int_equal(outbox_add(&other, &row, 1000), 0); /* the failure gave the lock back */
}

static bool anywhere(const struct box *b, const char *record)
{
    static const char *const name[] = {OPEN, FIRST, SECOND};
    bool found = false;

    for (size_t i = 0; i < COUNT(name); i++) {
        size_t len;
        const uint8_t *bytes = sim_flash_bytes(&b->sim, name[i], true, &len);

        found = found || (bytes != NULL && memmem(bytes, len, record, strlen(record)) != NULL);
    }
    return found;
}

/* By chance it has happened all the same, and is undone by the next cut. */
static void segment_whose_rename_failed_is_not_lost(void **state)
{
    struct box *b = fresh();

    (void)state;
    for (uint64_t seed = 1; seed < 20; seed++) {
        sim_flash_reset(&b->sim, seed);
        start(b);
        assert_int_equal(add(b, "a,b\n"), 0);
        sim_flash_fail_at(&b->sim, 4, ERR_FLASH_WRITE, false); /* lock, sync, note (2) */
        assert_int_equal(outbox_seal_due(&b->o, 1000, true), ERR_FLASH_WRITE);
        assert_int_equal(add(b, "c,d\n"), 0);
        sim_flash_cut(&b->sim, SIM_CUT_NOTHING);
        sim_flash_power_on(&b->sim);
        start(b);
        assert_int_equal(outbox_recover(&b->o, 1000), 0);
        assert_true(anywhere(b, "a,b\n"));
        assert_true(anywhere(b, "c,d\n"));
    }
}

static int append(struct outbox *o, const char *record, struct outbox_ticket *ticket)
{
    struct outbox_row row = row_of(HEADER, record);

    return outbox_append(o, &row, 1000, ticket);
}

static void producers_share_a_sync(void **state)
{
    enum { PRODUCERS = 8 };
    static struct outbox o[PRODUCERS];
    struct outbox_ticket ticket[PRODUCERS];
    struct box *b = fresh();

    (void)state;
    for (unsigned i = 0; i < PRODUCERS; i++) {
        outbox_init(&o[i], &b->port, &b->rules, "contact");
        assert_int_equal(append(&o[i], i == 5 ? "\"a\n\",b\n" : "a,b\n", &ticket[i]), 0);
    }
    assert_int_equal(b->sim.counts.of[SIM_SYNC], 1); /* the header row's */
    for (unsigned i = 0; i < PRODUCERS; i++) {
        assert_int_equal(outbox_settle(&o[i], &ticket[i], 2000), 0);
    }
    assert_int_equal(b->sim.counts.of[SIM_SYNC], 2);
    holds(b, OPEN, HEADER "a,b\na,b\na,b\na,b\na,b\n\"a\n\",b\na,b\na,b\n");
    assert_int_equal(append(&o[0], "c,d\n", &ticket[0]), 0);
    assert_int_equal(outbox_seal_due(&b->o, 2000, true), 1);
    assert_int_equal(append(&o[1], "e,f\n", &ticket[1]), 0);
    b->sim.counts.of[SIM_SYNC] = 0;
    assert_int_equal(outbox_settle(&o[0], &ticket[0], 2000), 0); /* the seal had a sync */
    assert_int_equal(b->sim.counts.of[SIM_SYNC], 0);
    assert_int_equal(outbox_settle(&o[1], &ticket[1], 2000), 0);
    assert_int_equal(b->sim.counts.of[SIM_SYNC], 1);
}

static void whoever_waited_for_a_failed_sync_is_told(void **state)
{
    struct box *b = fresh();
    struct outbox_ticket before, one, two, behind;

    (void)state;
    assert_int_equal(append(&b->o, "a,b\n", &before), 0);
    assert_int_equal(outbox_settle(&b->o, &before, 1000), 0);
    assert_int_equal(append(&b->o, "c,d\n", &one), 0);
    assert_int_equal(append(&b->o, "e,f\n", &two), 0);
    sim_flash_fail_at(&b->sim, 1, ERR_FLASH_WRITE, false);
    assert_int_equal(outbox_settle(&b->o, &one, 1000), ERR_FLASH_WRITE);
    assert_int_equal(append(&b->o, "g,h\n", &behind), 0);
    assert_int_equal(outbox_settle(&b->o, &two, 1000), ERR_FLASH_WRITE);
    assert_int_equal(outbox_settle(&b->o, &before, 1000), 0);
    assert_int_equal(outbox_settle(&b->o, &behind, 1000), 0);
    holds(b, OPEN, HEADER "g,h\n");
    cut_power(b);
    assert_int_equal(outbox_recover(&b->o, 1000), 0);
    holds(b, CUT, HEADER "a,b\n");
}

/* Behind a second cut nobody knows about the first; nor does anybody when the note is lost. */
static void whoever_cannot_know_says_so(void **state)
{
    struct box *b = fresh();
    struct outbox_ticket cut[2], fine;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(append(&b->o, "a,b\n", &cut[i]), 0);
        sim_flash_fail_at(&b->sim, 1, ERR_FLASH_WRITE, false);
        assert_int_equal(outbox_settle(&b->o, &cut[i], 1000), ERR_FLASH_WRITE);
    }
    assert_int_equal(outbox_settle(&b->o, &cut[0], 1000), ERR_FLASH_WRITE);
    assert_int_equal(outbox_settle(&b->o, &cut[1], 1000), ERR_FLASH_WRITE);

    assert_int_equal(append(&b->o, "c,d\n", &fine), 0);
    put(b, "outbox/contact/.lock", "torn");
    assert_int_equal(outbox_settle(&b->o, &fine, 2000), ERR_FLASH_WRITE);
    holds(b, OPEN, HEADER "c,d\n");
}

/* A record by itself takes those along that wait. */
static void both_ways_at_once(void **state)
{
    struct box *b = fresh();
    struct outbox_ticket waits;

    (void)state;
    assert_int_equal(append(&b->o, "a,b\n", &waits), 0);
    assert_int_equal(add(b, "c,d\n"), 0);
    b->sim.counts.of[SIM_SYNC] = 0;
    assert_int_equal(outbox_settle(&b->o, &waits, 1000), 0);
    assert_int_equal(b->sim.counts.of[SIM_SYNC], 0);

    assert_int_equal(append(&b->o, "e,f\n", &waits), 0);
    sim_flash_fail_at(&b->sim, 2, ERR_FLASH_WRITE, false);
    assert_int_equal(add(b, "g,h\n"), ERR_FLASH_WRITE);
    assert_int_equal(outbox_settle(&b->o, &waits, 1000), ERR_FLASH_WRITE);
    cut_power(b);
    assert_int_equal(outbox_recover(&b->o, 1000), 0);
    holds(b, CUT, HEADER "a,b\nc,d\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(record_costs_one_append_and_one_sync),
        cmocka_unit_test(many_records_cost_little_more),
        cmocka_unit_test(segment_is_sealed_before_it_holds_more_than_a_batch),
        cmocka_unit_test(another_header_row_begins_another_segment),
        cmocka_unit_test(header_row_is_compared_anew),
        cmocka_unit_test(header_row_alone_is_no_segment),
        cmocka_unit_test(segment_is_due_by_age_or_size_or_after_a_start),
        cmocka_unit_test(number_goes_on_behind_the_highest),
        cmocka_unit_test(bounds_of_the_spool),
        cmocka_unit_test(bound_holds_for_who_may_not_read_the_queue),
        cmocka_unit_test(full_flash_leaves_whole_records),
        cmocka_unit_test(full_flash_can_be_sent),
        cmocka_unit_test(torn_tail_goes_to_quarantine),
        cmocka_unit_test(what_a_cut_may_leave_of_open),
        cmocka_unit_test(nothing_is_believed_behind_a_spoilt_row),
        cmocka_unit_test(tail_that_could_not_be_cut_is_seen_again),
        cmocka_unit_test(segment_with_a_tail_is_mended),
        cmocka_unit_test(failed_sync_is_never_tried_again),
        cmocka_unit_test(segment_whose_rename_failed_is_not_lost),
        cmocka_unit_test(lock_is_kept_for_a_run_of_records),
        cmocka_unit_test(producers_share_a_sync),
        cmocka_unit_test(whoever_waited_for_a_failed_sync_is_told),
        cmocka_unit_test(whoever_cannot_know_says_so),
        cmocka_unit_test(both_ways_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
