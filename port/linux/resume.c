#include "linux/resume.h"

#include "base/err.h"
#include "base/text.h"

bool resume_accepts(const struct entry *e)
{
    return e->type == ENTRY_CREATED || (e->type == ENTRY_FINAL && e->reason == REASON_HAND);
}

/* Which entry of the newest batch may follow which, by a bit for each. */
static bool may_follow(uint8_t before, uint8_t type)
{
    static const uint16_t next[ENTRY_TYPES] = {
        [ENTRY_VOID] = 1u << ENTRY_INTENT,
        [ENTRY_INTENT] = 1u << ENTRY_INTENT | 1u << ENTRY_COMMIT | 1u << ENTRY_VOID,
        [ENTRY_COMMIT] =
            1u << ENTRY_INTENT | 1u << ENTRY_VOID | 1u << ENTRY_CREATED | 1u << ENTRY_FINAL,
    };

    return (next[before] >> type & 1) != 0;
}

static int plan(struct resume *r, const struct entry *e)
{
    if (r->object[0] == '\0' || r->last.type != ENTRY_NONE) {
        return ERR_JOURNAL_ROT;
    }
    r->first_at = r->at = e->is.range.at;
    r->first = r->record = r->first + 1;
    r->size = e->is.range.end;
    r->last = *e;
    return 0;
}

/* Those that failed are not counted: their job is asked again, to tell it again. */
static int told(struct resume *r, const struct entry *e)
{
    const struct entry_range *f = &e->is.range;

    if (f->how != FINAL_DONE) {
        return 0;
    }
    r->done++;
    r->stored += f->told >= 0 ? (uint64_t)f->told : 0;
    r->uncounted = r->uncounted || f->told < 0;
    return 0;
}

static int accepted(struct resume *r, const struct entry *e)
{
    r->batches++;
    r->at = e->is.range.end;
    r->record += e->is.range.records;
    return e->type == ENTRY_FINAL ? told(r, e) : 0;
}

static bool fits(const struct resume *r, const struct entry *e)
{
    const struct entry *last = &r->last;
    bool same = e->batch == last->batch && may_follow(last->type, e->type);
    bool next = resume_accepts(last) && e->batch == last->batch + 1 && e->type == ENTRY_INTENT;

    return last->type != ENTRY_NONE && (same || next) && e->is.range.at >= r->at &&
           e->is.range.end > e->is.range.at && e->is.range.end <= r->size;
}

static int apply_range(struct resume *r, const struct entry *e)
{
    bool outcome = e->type == ENTRY_FINAL && e->reason != REASON_HAND;

    if (outcome) {
        bool known =
            e->batch < r->last.batch || (e->batch == r->last.batch && resume_accepts(&r->last));

        return known ? told(r, e) : ERR_JOURNAL_ROT;
    }
    if (!fits(r, e)) {
        return ERR_JOURNAL_ROT;
    }
    r->last = *e;
    r->account = e->account;
    return resume_accepts(e) ? accepted(r, e) : 0;
}

int resume_apply(struct resume *r, const struct entry *e)
{
    switch (e->type) {
    case ENTRY_HEAD:
        return 0;
    case ENTRY_OBJECT:
        if (r->object[0] != '\0') {
            return ERR_JOURNAL_ROT;
        }
        (void)text_copy(r->object, sizeof r->object, e->is.object.name);
        return 0;
    case ENTRY_LOW:
        r->first = e->is.range.records;
        return r->last.type == ENTRY_NONE ? 0 : ERR_JOURNAL_ROT;
    case ENTRY_VOID:
        return r->last.type == ENTRY_NONE ? plan(r, e) : apply_range(r, e);
    case ENTRY_INTENT:
    case ENTRY_COMMIT:
    case ENTRY_CREATED:
    case ENTRY_FINAL:
        return apply_range(r, e);
    default:
        return ERR_JOURNAL_ROT;
    }
}

enum resume_action resume_action(const struct resume *r, enum resume_answer answer)
{
    static const uint8_t settled[] = {
        [ANSWER_NONE] = RESUME_ASK, [ANSWER_RESEND] = RESUME_RESEND, [ANSWER_SKIP] = RESUME_SKIP};

    if (r->last.type == ENTRY_COMMIT) {
        return (enum resume_action)settled[answer];
    }
    return r->batches > 0 ? RESUME_GO_ON : RESUME_NEW;
}

void resume_next(const struct resume *r, uint32_t *batch, uint8_t *attempt)
{
    const struct entry *last = &r->last;
    bool fresh = resume_accepts(last);

    *batch = last->batch + (fresh ? 1 : 0);
    *attempt = fresh ? 1 : last->is.range.attempt;
    *attempt = (uint8_t)(*attempt + (!fresh && *attempt < UINT8_MAX));
}

struct entry resume_by_hand(const struct resume *r)
{
    struct entry e = r->last;

    e.type = ENTRY_FINAL;
    e.reason = REASON_HAND;
    e.is.range.how = FINAL_DONE;
    e.is.range.told = e.is.range.failed = -1;
    return e;
}
