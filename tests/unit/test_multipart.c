#include "base/err.h"
#include "base/stream.h"
#include "bytes.h"
#include "edge.h"
#include "limits.h"
#include "request/multipart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#define BOUNDARY "b0123456789abcdef0"
#define NAME     "batch-000001.csv"
#define TWO_ROWS "email,first_name\r\nana@example.org,Ana\r\n"
#define HEAD_OF(name)                                                                              \
    "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" name            \
    "\"\r\nContent-Type: text/csv\r\n\r\n"
#define CLOSE "\r\n--" BOUNDARY "--\r\n"

#define TEXT_CAP 4096

/* What one run gave: the bytes, where the gate stood, and how it ended. */
struct out {
    char text[TEXT_CAP];
    size_t len, gate;
    int end;
};

/* Pulls first bytes, then `step` at a time, each into memory that ends at an unreadable page. */
static void run(struct out *out, const struct multipart_form *form, size_t first, size_t step)
{
    struct multipart m;
    size_t cap = first > 0 ? first : step;
    int n, waits = 0;

    memset(out, 0, sizeof *out);
    out->gate = SIZE_MAX;
    out->end = multipart_init(&m, form);
    for (n = out->end; n >= 0 || n == ERR_WAIT; cap = step) {
        char *room = (char *)(uintptr_t)edge_copy(out->text, cap);
        n = multipart_pull(&m, (uint8_t *)room, cap);
        assert_true(n <= (int)cap);
        if (n == ERR_WAIT) {
            assert_true(++waits < 10000);
            if (m.at == m.gate_at && !m.open) {
                assert_int_equal(multipart_len(&m) - multipart_gate_len(&m), out->len);
                assert_int_equal(multipart_pull(&m, (uint8_t *)room, cap), ERR_WAIT);
                out->gate = out->len;
                multipart_open_gate(&m);
            }
            continue;
        }
        if (n <= 0) {
            break;
        }
        assert_true(out->len + (size_t)n <= TEXT_CAP);
        memcpy(out->text + out->len, room, (size_t)n);
        out->len += (size_t)n;
    }
    out->end = n;
    assert_int_equal(multipart_pull(&m, (uint8_t *)out->text + out->len, 1), n);
    if (n == 0) {
        assert_int_equal(multipart_len(&m), out->len);
    }
}

static struct multipart_form form_of(struct bytes *file, uint64_t len)
{
    return (struct multipart_form){BOUNDARY, NULL, NAME, {bytes_pull, file}, len};
}

static void check(const char *name, const struct out *out, const char *want, size_t len, size_t cap)
{
    if (out->end != 0 || out->len != len || memcmp(out->text, want, len) != 0 ||
        out->gate != len - strlen(CLOSE)) {
        fail_msg("%s, %u: %d, %u bytes, gate at %u: %s", name, (unsigned)cap, out->end,
                 (unsigned)out->len, (unsigned)out->gate, out->text);
    }
}

/* Whole, at every buffer size, at every first cut. */
static void expect(const char *name, const struct multipart_form *form, struct bytes *file,
                   const char *want, size_t len)
{
    static struct out out;
    size_t cap;

    for (cap = 1; cap <= len + 1; cap++) {
        bytes_rewind(file);
        run(&out, form, 0, cap);
        check(name, &out, want, len, cap);
        bytes_rewind(file);
        run(&out, form, cap, TEXT_CAP);
        check(name, &out, want, len, cap);
    }
}

static const struct row {
    const char *name, *metadata, *file_name, *file, *want;
    size_t len;
} ROWS[] = {
    {"C03, S20: two rows are exactly 187 bytes, the last two CRLF", NULL, NAME, TWO_ROWS,
     HEAD_OF(NAME) TWO_ROWS CLOSE, 187},
    {"C04: an empty file keeps the delimiter's own CRLF, 148 bytes", NULL, NAME, "",
     HEAD_OF(NAME) CLOSE, 148},
    {"a file without a last line end gets none", NULL, NAME, "a\n1", HEAD_OF(NAME) "a\n1" CLOSE,
     151},
    {"C02: quote, CR, LF and non-ASCII in the file name", NULL,
     "site \"A\"\r\nX-Evil: 1 caf\xC3\xA9.csv", "a\n1\n",
     HEAD_OF("site %22A%22%0D%0AX-Evil: 1 caf\xC3\xA9.csv") "a\n1\n" CLOSE, 173},
    {"a name of nothing but escapes", NULL, "\"\"\r\n\n", "a\n1\n",
     HEAD_OF("%22%22%0D%0A%0A") "a\n1\n" CLOSE, 151},
    {"no backslash is left to quote what follows", NULL, "\\a\\\"b\\", "",
     HEAD_OF("%5Ca%5C%22b%5C") CLOSE, 146},
    {"a percent sign in a name stays", NULL, "100%22.csv", "", HEAD_OF("100%22.csv") CLOSE, 142},
    {"metaData comes first, as a plain field", "{\"identifierFieldName\":\"Email\"}", NAME,
     TWO_ROWS,
     "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"metaData\"\r\n\r\n"
     "{\"identifierFieldName\":\"Email\"}\r\n" HEAD_OF(NAME) TWO_ROWS CLOSE,
     293},
    {"empty metaData is a part with no bytes", "", NAME, "",
     "--" BOUNDARY "\r\nContent-Disposition: form-data; name=\"metaData\"\r\n\r\n\r\n" HEAD_OF(NAME)
         CLOSE,
     223},
    {"C01: what looks like the boundary's start goes out unchanged", NULL, NAME,
     "\r\n--b0123456789abcdef\r\n--b0\r\n--\r\n-",
     HEAD_OF(NAME) "\r\n--b0123456789abcdef\r\n--b0\r\n--\r\n-" CLOSE, 182},
};

static void gives_these_bytes(void **state)
{
    size_t at;

    (void)state;
    for (at = 0; at < COUNT(ROWS); at++) {
        const struct row *row = &ROWS[at];
        struct bytes file = {.src = row->file, .len = strlen(row->file)};
        struct multipart_form form = form_of(&file, file.len);

        form.metadata = row->metadata;
        form.file_name = row->file_name;
        if (strlen(row->want) != row->len) {
            fail_msg("%s: the row is %u bytes", row->name, (unsigned)strlen(row->want));
        }
        expect(row->name, &form, &file, row->want, row->len);
    }
}

/* C05: the source gives one byte at a time, and nothing at first. */
static void takes_the_file_as_it_comes(void **state)
{
    static const char want[] = HEAD_OF(NAME) TWO_ROWS CLOSE;
    struct bytes file = {.src = TWO_ROWS, .len = strlen(TWO_ROWS), .step = 1};
    const struct multipart_form form = form_of(&file, file.len);

    (void)state;
    expect("one byte at a time", &form, &file, want, 187);
    file.waits = true;
    expect("a wait before each byte", &form, &file, want, 187);
}

static void carries_zero_bytes(void **state)
{
    static const char body[] = "a,\0b\n";
    static const char want[] = HEAD_OF(NAME) "a,\0b\n" CLOSE;
    struct bytes file = {.src = body, .len = sizeof body - 1};
    const struct multipart_form form = form_of(&file, file.len);

    (void)state;
    expect("a zero byte in the file", &form, &file, want, sizeof want - 1);
}

static void refuses(const char *name, const char *boundary, const char *file_name)
{
    struct bytes file = {.src = "", .len = 0};
    struct multipart_form form = form_of(&file, 0);
    static struct out out;

    form.boundary = boundary;
    form.file_name = file_name;
    run(&out, &form, 0, TEXT_CAP);
    if (out.end != ERR_VALUE || out.len != 0) {
        fail_msg("%s: %d", name, out.end);
    }
}

static void refuses_what_no_head_may_carry(void **state)
{
    static const char seventy[] =
        "0123456789012345678901234567890123456789012345678901234567890123456789";
    char long_one[72] = "x", name[] = "a?.csv";
    struct multipart m;
    struct bytes file = {.src = "", .len = 0};
    struct multipart_form form = form_of(&file, 0);
    int c;

    (void)state;
    strcat(long_one, seventy);
    refuses("C01: a slash in the boundary", "Ab/Cd=9Ab/Cd=9Ab/Cd=9", NAME);
    refuses("a hyphen in the boundary", "--------0123456789", NAME);
    refuses("a boundary of 15", "0123456789abcde", NAME);
    refuses("a boundary of 71", long_one, NAME);
    refuses("an empty boundary", "", NAME);
    refuses("an empty file name", BOUNDARY, "");
    form.boundary = seventy;
    assert_int_equal(multipart_init(&m, &form), 0);
    form.boundary = "0123456789abcdef";
    assert_int_equal(multipart_init(&m, &form), 0);
    for (c = 1; c < 256; c++) {
        name[1] = (char)c;
        if ((c < 0x20 && c != '\r' && c != '\n') || c == 0x7f) {
            refuses("a control character in the file name", BOUNDARY, name);
        } else {
            form.file_name = name;
            assert_int_equal(multipart_init(&m, &form), 0);
        }
    }
}

/* The bytes before the fault come first; the gate stays shut; the error sticks. */
static void expect_end(const char *name, const struct bytes *fresh, uint64_t announced, int end,
                       size_t len)
{
    static struct out out;
    static const char want[] = HEAD_OF(NAME) TWO_ROWS;
    size_t cap;

    for (cap = 1; cap < 200; cap++) {
        struct bytes file = *fresh;
        struct multipart_form form = form_of(&file, announced);

        run(&out, &form, 0, cap);
        if (out.end != end || out.len != len || memcmp(out.text, want, len) != 0 ||
            out.gate != SIZE_MAX) {
            fail_msg("%s, %u: %d, %u bytes", name, (unsigned)cap, out.end, (unsigned)out.len);
        }
    }
}

static void holds_the_file_to_its_length(void **state)
{
    static const char grown[] = TWO_ROWS "bob@example.org,Bob\r\n";
    struct bytes file = {.src = grown, .len = 39 + 21};

    (void)state;
    expect_end("C05: a file that grew", &file, 39, ERR_SOURCE_CHANGED, 122 + 39);
    file.len = 20;
    expect_end("C05: a file cut to 20 bytes", &file, 39, ERR_SOURCE_CHANGED, 122 + 20);
    file.len = 0;
    expect_end("a file that became empty", &file, 39, ERR_SOURCE_CHANGED, 122);
    file.len = 1;
    expect_end("an empty file that grew", &file, 0, ERR_SOURCE_CHANGED, 122);
    file.len = 38;
    expect_end("one byte short", &file, 39, ERR_SOURCE_CHANGED, 122 + 38);
    expect_end("a length that no file has", &file, UINT64_MAX - 200, ERR_SOURCE_CHANGED, 122 + 38);
}

static void tells_the_file_s_own_error(void **state)
{
    struct bytes file = {.src = TWO_ROWS, .len = 20, .end = ERR_FILE_READ};

    (void)state;
    expect_end("a read error within", &file, 39, ERR_FILE_READ, 122 + 20);
    file.len = 39;
    expect_end("an error that only the end shows", &file, 39, ERR_FILE_READ, 122 + 39);
}

static void keeps_its_first_error(void **state)
{
    struct bytes file = {.src = TWO_ROWS, .len = 20};
    struct multipart_form form = form_of(&file, 39);
    struct multipart m;
    uint8_t room[TEXT_CAP];

    (void)state;
    assert_int_equal(multipart_init(&m, &form), 0);
    assert_int_equal(multipart_pull(&m, room, sizeof room), 142);
    file = (struct bytes){.src = &TWO_ROWS[20], .len = 19};
    assert_int_equal(multipart_pull(&m, room, sizeof room), ERR_SOURCE_CHANGED);
    multipart_open_gate(&m);
    assert_int_equal(multipart_pull(&m, room, sizeof room), ERR_SOURCE_CHANGED);
}

static void announces_more_than_32_bits(void **state)
{
    struct bytes file = {.src = "", .len = 0};
    struct multipart_form form = form_of(&file, UINT64_C(6442450944));
    struct multipart m;

    (void)state;
    assert_int_equal(multipart_init(&m, &form), 0);
    assert_true(multipart_len(&m) == UINT64_C(6442450944) + 148);
    assert_int_equal(multipart_gate_len(&m), 26);
}

/* A fixed linear congruence: the same boundaries in every run. */
static uint8_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return (uint8_t)(*seed >> 24);
}

static void makes_boundaries_of_letters_and_digits(void **state)
{
    uint32_t seed = 1;
    unsigned seen[256] = {0};
    int run_at;

    (void)state;
    print_message("seed %u\n", seed);
    for (run_at = 0; run_at < 10000; run_at++) {
        uint8_t random[BOUNDARY_LEN];
        char boundary[BOUNDARY_LEN + 2];
        struct bytes file = {.src = "", .len = 0};
        struct multipart_form form = form_of(&file, 0);
        struct multipart m;
        size_t at;

        for (at = 0; at < sizeof random; at++) {
            random[at] = next_random(&seed);
        }
        memset(boundary, '!', sizeof boundary);
        multipart_boundary(boundary, random);
        assert_int_equal(strlen(boundary), BOUNDARY_LEN);
        assert_int_equal(boundary[BOUNDARY_LEN + 1], '!');
        form.boundary = boundary;
        assert_int_equal(multipart_init(&m, &form), 0); /* which checks the pattern of C01 */
        for (at = 0; at < BOUNDARY_LEN; at++) {
            unsigned char c = (unsigned char)boundary[at];
            assert_true((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'));
            seen[c]++;
        }
    }
    for (run_at = 0; run_at < 256; run_at++) { /* 5161 of each on average, +25 % for eight */
        assert_true(seen[run_at] == 0 || (seen[run_at] > 4500 && seen[run_at] < 6800));
    }
    assert_true(seen['0'] > 0 && seen['9'] > 0 && seen['A'] > 0 && seen['Z'] > 0);
    assert_true(seen['a'] > 0 && seen['z'] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_these_bytes),
        cmocka_unit_test(takes_the_file_as_it_comes),
        cmocka_unit_test(carries_zero_bytes),
        cmocka_unit_test(refuses_what_no_head_may_carry),
        cmocka_unit_test(holds_the_file_to_its_length),
        cmocka_unit_test(tells_the_file_s_own_error),
        cmocka_unit_test(keeps_its_first_error),
        cmocka_unit_test(announces_more_than_32_bits),
        cmocka_unit_test(makes_boundaries_of_letters_and_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
