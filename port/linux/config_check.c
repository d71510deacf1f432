/* What no single value of the configuration can tell. */
#include "base/err.h"
#include "base/num.h"
#include "linux/config_load.h"
#include "linux/config_value.h"

/* "FILE:12: `batch_bytes`: 8M take longer than 3000s at 1K a second" */
static int too_slow(struct config *c, int row, const struct config_object *o,
                    struct config_error *e)
{
    const struct config_origin *origin =
        config_origin_of(c, row, row < (int)config_object_row() ? NULL : o);
    char place[CONFIG_ORIGIN_CAP], digits[NUM_U64_CAP];
    char batch[CONFIG_VALUE_CAP], rate[CONFIG_VALUE_CAP];

    num_print_u64(digits, LIMIT_RATE_BATCH_S);
    config_fail(e, ERR_CONFIG, config_origin_text(c, &CONFIG_KEY[row], origin, place), ": `",
                CONFIG_KEY[row].name, "`: ",
                config_value_text(&CONFIG_KEY[config_row(SECTION_OBJECT, "batch_bytes")], o, batch),
                " take longer than ", digits, "s at ",
                config_value_text(&CONFIG_KEY[config_row(SECTION_LINK, "limit_rate")], c, rate),
                " a second");
    num_print_u64(digits, c->link.limit_rate * LIMIT_RATE_BATCH_S);
    config_fix(e, "raise `limit_rate`, or lower `batch_bytes` of [object ",
               o != &c->object_default ? o->name : "NAME", "] to ", digits);
    return ERR_CONFIG;
}

/* The service ends a transfer after an hour. What was set nearest to the batch is blamed. */
static int check_rate(struct config *c, const struct config_object *o, struct config_error *e)
{
    int rate = config_row(SECTION_LINK, "limit_rate");
    int batch = config_row(SECTION_OBJECT, "batch_bytes");
    bool builtin = o == &c->object_default || config_origin_of(c, batch, o)->from == FROM_BUILTIN;

    if (c->link.limit_rate == 0 || o->batch_bytes <= c->link.limit_rate * LIMIT_RATE_BATCH_S) {
        return 0;
    }
    return too_slow(c, builtin ? rate : batch, o, e);
}

/* The built-in batch counts where there is no section: others are said to be smaller. */
static int check_rates(struct config *c, struct config_error *e)
{
    int err = c->objects == 0 ? check_rate(c, &c->object_default, e) : 0;

    for (size_t at = 0; at < c->objects && err == 0; at++) {
        err = check_rate(c, &c->object[at], e);
    }
    return err;
}

int config_check(struct config *c, struct config_error *e)
{
    const struct config_service *s = &c->service;

    if ((s->client_cert[0] == 0) != (s->client_key[0] == 0)) {
        return config_fail(e, ERR_CONFIG, "[service] needs both `client_cert` and `client_key`");
    }
    if (c->job.poll_first_ms > c->job.poll_max_ms) {
        return config_fail(e, ERR_CONFIG, "[job] `poll_first` is longer than `poll_max`");
    }
    if (c->spool.headroom >= c->spool.max_bytes) {
        return config_fail(e, ERR_CONFIG, "[spool] `headroom` is not smaller than `max_bytes`");
    }
    return check_rates(c, e);
}
