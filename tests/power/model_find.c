#include "model.h"

#include <string.h>

bool model_is_range(uint8_t type)
{
    return type >= J_INTENT && type <= J_FINAL;
}

int model_object(const struct model *m, const char *name)
{
    for (uint16_t i = 0; i < m->objects; i++) {
        if (strcmp(m->object[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

const struct model_batch *model_newest(const struct model *m)
{
    const struct model_batch *newest = NULL;

    for (unsigned i = 0; i < MODEL_BATCHES; i++) {
        const struct model_batch *b = &m->batch[i];

        if (b->intents != 0 && (newest == NULL || b->seq > newest->seq) &&
            (b->type == J_INTENT || b->type == J_COMMIT)) {
            newest = b;
        }
    }
    return newest;
}

const struct model_batch *model_find(const struct model *m, const char *object, uint32_t segment,
                                     uint64_t at, uint64_t end)
{
    int o = model_object(m, object);
    const struct model_batch *found = NULL;

    for (unsigned i = 0; i < MODEL_BATCHES; i++) {
        const struct model_batch *b = &m->batch[i];
        bool has = b->type != J_NONE && b->object == o && b->segment == segment && b->at <= at &&
                   end <= b->end;

        found = has && (found == NULL || b->type != J_VOID) ? b : found;
    }
    return found;
}

static uint64_t covered_to(const struct model *m, uint16_t object, uint32_t segment, uint64_t at)
{
    for (unsigned i = 0; i < MODEL_BATCHES; i++) {
        const struct model_batch *b = &m->batch[i];
        bool final = b->type == J_FINAL || b->type == J_MOVED;

        if (final && b->object == object && b->segment == segment && b->at <= at && at < b->end) {
            return b->end;
        }
    }
    return at;
}

bool model_settled(const struct model *m, const char *object, uint32_t segment, uint64_t at,
                   uint64_t end)
{
    int o = model_object(m, object);

    while (o >= 0 && at < end) {
        uint64_t to = covered_to(m, (uint16_t)o, segment, at);

        if (to == at) {
            return false;
        }
        at = to;
    }
    return o >= 0;
}
