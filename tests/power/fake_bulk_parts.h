/* fake_bulk_parts: what the files of fake_bulk share. */
#ifndef OCBULK_TESTS_POWER_FAKE_BULK_PARTS_H
#define OCBULK_TESTS_POWER_FAKE_BULK_PARTS_H

#include "bulk/bulk.h"
#include "cloud.h"
#include "world.h"

enum {
    PIECE = 100,
    BODY_CAP = 16384,
    STEP_MS = 40,
    IDLE_MS = 60000,
    ANSWER_MS = 300000,
    YOUNG_MS = 600000,
    HOUR_MS = 3900000
};

enum phase { PH_CONNECT, PH_BODY, PH_GATE, PH_ANSWER, PH_OVER };

/* The call at work; power takes it. */
struct fake_call {
    struct bulk *b;
    struct cloud_event ev;
    enum phase phase;
    struct source file;
    struct tag tag;
    char tag_text[TAG_CAP];
    char object[16];
    uint8_t body[BODY_CAP];
    size_t len;
    bool tagged, heard;
    uint64_t ready_ms, deadline_ms;
    char job[CLOUD_ID_CAP]; /* made by this call */
    uint64_t told;          /* items, over repeats */
};

extern struct fake_call fake_call;

enum want fake_over(struct bulk *b, int err);
enum want fake_broken(struct bulk *b, int err); /* without a whole answer */
void fake_head(struct bulk *b, uint16_t status);
enum want fake_said(struct bulk *b, uint16_t status);
enum want fake_wait(const struct now *now, enum want want);
void fake_show_tag(struct bulk *b, const char *tag);

enum want fake_step_upload(struct bulk *b, const struct now *now);
enum want fake_step_get(struct bulk *b, const struct now *now);

#endif
