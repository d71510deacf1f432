/* scene: an exchange and its TLS peer, for tests; see attempt.h and tls_peer.h. */
#ifndef OCBULK_TESTS_SCENE_H
#define OCBULK_TESTS_SCENE_H

#include "attempt.h"
#include "tls_peer.h"

#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#if defined(OCBULK_PROFILE_TINY)
#define TLS13 TLS12
#else
#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"
#endif

struct scene {
    struct attempt a;
    struct tls_peer p;
    size_t used; /* of the arena, before */
};

static const char *const VERSIONS[] = {TLS12, TLS13};

static inline void open_scene(struct scene *s, const char *leaf, const char *bundle)
{
    s->used = tls_platform_used();
    attempt_open(&s->a, bundle);
    tls_peer_open(&s->p, &s->a.f, leaf);
}

/* Nothing stays in the arena, and nothing in PSA's slots. */
static inline void close_scene(struct scene *s)
{
    attempt_close(&s->a);
    tls_peer_close(&s->p);
    assert_int_equal(tls_platform_used(), s->used);
}

static inline int attempt(struct scene *s, const char *head, uint64_t len)
{
    attempt_start(&s->a, head, len);
    return attempt_run(&s->a);
}

#endif
