#include "reply/json_scan.h"

#include "base/err.h"

/* Named by what is awaited; the number's states stand together, from MINUS to POWER. */
enum {
    SCAN_VALUE,        /* a value */
    SCAN_VALUE_OR_END, /* the first element, or the end of an empty array */
    SCAN_KEY,          /* a key */
    SCAN_KEY_OR_END,   /* the first key, or the end of an empty object */
    SCAN_COLON,
    SCAN_COMMA_OR_END, /* at depth 0: nothing but white space */
    SCAN_STRING,
    SCAN_ESCAPE,
    SCAN_HEX,  /* `left` hexadecimal digits */
    SCAN_UTF8, /* `left` bytes of a character */
    SCAN_WORD,
    SCAN_MINUS, /* behind the sign */
    SCAN_ZERO,  /* behind a leading 0: no digit may follow */
    SCAN_INTEGER,
    SCAN_POINT, /* behind the point: a digit must follow */
    SCAN_FRACTION,
    SCAN_E,    /* behind e: a sign or a digit */
    SCAN_SIGN, /* behind the exponent's sign: a digit must follow */
    SCAN_POWER,
    SCAN_FAILED
};

enum number_class { CLASS_ZERO, CLASS_DIGIT, CLASS_POINT, CLASS_E, CLASS_PLUS_MINUS, CLASS_COUNT };

/* RFC 8259 section 6, from SCAN_MINUS on; 0 (SCAN_VALUE) is no way on. */
static const uint8_t NUMBER[][CLASS_COUNT] = {
    /* MINUS */ {SCAN_ZERO, SCAN_INTEGER, 0, 0, 0},
    /* ZERO */ {0, 0, SCAN_POINT, SCAN_E, 0},
    /* INTEGER */ {SCAN_INTEGER, SCAN_INTEGER, SCAN_POINT, SCAN_E, 0},
    /* POINT */ {SCAN_FRACTION, SCAN_FRACTION, 0, 0, 0},
    /* FRACTION */ {SCAN_FRACTION, SCAN_FRACTION, 0, SCAN_E, 0},
    /* E */ {SCAN_POWER, SCAN_POWER, 0, 0, SCAN_SIGN},
    /* SIGN */ {SCAN_POWER, SCAN_POWER, 0, 0, 0},
    /* POWER */ {SCAN_POWER, SCAN_POWER, 0, 0, 0},
};

static int number_class(char c)
{
    switch (c) {
    case '0':
        return CLASS_ZERO;
    case '.':
        return CLASS_POINT;
    case 'e':
    case 'E':
        return CLASS_E;
    case '+':
    case '-':
        return CLASS_PLUS_MINUS;
    default:
        return c >= '1' && c <= '9' ? CLASS_DIGIT : -1;
    }
}

static bool in_number(const struct json_scan *s)
{
    return s->state >= SCAN_MINUS && s->state <= SCAN_POWER;
}

static bool number_whole(const struct json_scan *s)
{
    return s->state == SCAN_ZERO || s->state == SCAN_INTEGER || s->state == SCAN_FRACTION ||
           s->state == SCAN_POWER;
}

static int failed(struct json_scan *s, int err)
{
    s->state = SCAN_FAILED;
    s->err = err;
    return err;
}

void json_scan_init(struct json_scan *s)
{
    static const struct json_scan fresh = {.state = SCAN_VALUE};

    *s = fresh;
}

static int open_bracket(struct json_scan *s, bool object)
{
    if (s->depth >= JSON_DEPTH_MAX) {
        return failed(s, ERR_JSON_DEPTH);
    }
    s->stack = s->stack << 1 | (object ? 1u : 0u);
    s->depth++;
    s->state = object ? SCAN_KEY_OR_END : SCAN_VALUE_OR_END;
    return JSON_OPEN;
}

static int close_bracket(struct json_scan *s, bool object)
{
    if (s->depth == 0 || (s->stack & 1) != (object ? 1u : 0u)) {
        return failed(s, ERR_JSON_SYNTAX);
    }
    s->stack >>= 1;
    s->depth--;
    s->state = SCAN_COMMA_OR_END;
    return JSON_CLOSE;
}

static int begin_text(struct json_scan *s, uint8_t state, const char *word)
{
    s->state = state;
    s->word = word;
    return JSON_TEXT;
}

static int begin_value(struct json_scan *s, char c)
{
    switch (c) {
    case '{':
        return open_bracket(s, true);
    case '[':
        return open_bracket(s, false);
    case '"':
        s->key = false;
        return begin_text(s, SCAN_STRING, NULL);
    case 't':
        return begin_text(s, SCAN_WORD, "rue");
    case 'f':
        return begin_text(s, SCAN_WORD, "alse");
    case 'n':
        return begin_text(s, SCAN_WORD, "ull");
    case '-':
        return begin_text(s, SCAN_MINUS, NULL);
    case '0':
        return begin_text(s, SCAN_ZERO, NULL);
    default:
        return c >= '1' && c <= '9' ? begin_text(s, SCAN_INTEGER, NULL)
                                    : failed(s, ERR_JSON_SYNTAX);
    }
}

static int begin_key(struct json_scan *s, char c)
{
    if (c != '"') {
        return failed(s, ERR_JSON_SYNTAX);
    }
    s->key = true;
    return begin_text(s, SCAN_STRING, NULL);
}

static int go_on(struct json_scan *s, char c)
{
    if (c == ',' && s->depth > 0) {
        s->state = (s->stack & 1) ? SCAN_KEY : SCAN_VALUE;
        return JSON_COMMA;
    }
    if (c == '}' || c == ']') {
        return close_bracket(s, c == '}');
    }
    return failed(s, ERR_JSON_SYNTAX);
}

/* A byte between tokens, or the first of one. */
static int between(struct json_scan *s, char c)
{
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
        return JSON_SPACE;
    }
    switch (s->state) {
    case SCAN_VALUE_OR_END:
        return c == ']' ? close_bracket(s, false) : begin_value(s, c);
    case SCAN_KEY_OR_END:
        return c == '}' ? close_bracket(s, true) : begin_key(s, c);
    case SCAN_KEY:
        return begin_key(s, c);
    case SCAN_COLON:
        s->state = SCAN_VALUE;
        return c == ':' ? JSON_COLON : failed(s, ERR_JSON_SYNTAX);
    case SCAN_COMMA_OR_END:
        return go_on(s, c);
    default:
        return begin_value(s, c);
    }
}

/* The first byte of a character beyond ASCII (RFC 3629 section 4). */
static int begin_utf8(struct json_scan *s, uint8_t c)
{
    if (c < 0xC2 || c > 0xF4) {
        return failed(s, ERR_JSON_SYNTAX);
    }
    s->left = c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
    s->low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
    s->high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
    s->state = SCAN_UTF8;
    return JSON_TEXT;
}

static int in_utf8(struct json_scan *s, uint8_t c)
{
    if (c < s->low || c > s->high) {
        return failed(s, ERR_JSON_SYNTAX);
    }
    s->low = 0x80;
    s->high = 0xBF;
    if (--s->left == 0) {
        s->state = SCAN_STRING;
    }
    return JSON_TEXT;
}

static int in_string(struct json_scan *s, char c)
{
    uint8_t byte = (uint8_t)c;

    if (c == '"') {
        s->state = s->key ? SCAN_COLON : SCAN_COMMA_OR_END;
    } else if (c == '\\') {
        s->state = SCAN_ESCAPE;
    } else if (byte < 0x20) {
        return failed(s, ERR_JSON_SYNTAX);
    } else if (byte >= 0x80) {
        return begin_utf8(s, byte);
    }
    return JSON_TEXT;
}

static int in_escape(struct json_scan *s, char c)
{
    switch (c) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        s->state = SCAN_STRING;
        return JSON_TEXT;
    case 'u':
        s->state = SCAN_HEX;
        s->left = 4;
        return JSON_TEXT;
    default:
        return failed(s, ERR_JSON_SYNTAX);
    }
}

static int in_hex(struct json_scan *s, char c)
{
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))) {
        return failed(s, ERR_JSON_SYNTAX);
    }
    if (--s->left == 0) {
        s->state = SCAN_STRING;
    }
    return JSON_TEXT;
}

static int in_word(struct json_scan *s, char c)
{
    if (c != *s->word) {
        return failed(s, ERR_JSON_SYNTAX);
    }
    s->word++;
    if (*s->word == 0) {
        s->state = SCAN_COMMA_OR_END;
    }
    return JSON_TEXT;
}

static int number_byte(struct json_scan *s, char c)
{
    int class = number_class(c);

    if (class >= 0) {
        s->state = NUMBER[s->state - SCAN_MINUS][class];
        return s->state != 0 ? JSON_TEXT : failed(s, ERR_JSON_SYNTAX);
    }
    if (!number_whole(s)) {
        return failed(s, ERR_JSON_SYNTAX);
    }
    s->state = SCAN_COMMA_OR_END;
    return between(s, c);
}

int json_scan_byte(struct json_scan *s, char c)
{
    switch (s->state) {
    case SCAN_STRING:
        return in_string(s, c);
    case SCAN_ESCAPE:
        return in_escape(s, c);
    case SCAN_HEX:
        return in_hex(s, c);
    case SCAN_UTF8:
        return in_utf8(s, (uint8_t)c);
    case SCAN_WORD:
        return in_word(s, c);
    case SCAN_FAILED:
        return s->err;
    default:
        return in_number(s) ? number_byte(s, c) : between(s, c);
    }
}

int json_scan_finish(struct json_scan *s)
{
    if (s->err != 0) {
        return s->err;
    }
    if (s->depth == 0 && (s->state == SCAN_COMMA_OR_END || number_whole(s))) {
        return 0;
    }
    return failed(s, ERR_JSON_SYNTAX);
}

bool json_scan_between(const struct json_scan *s)
{
    return s->state <= SCAN_COMMA_OR_END;
}

bool json_scan_key_due(const struct json_scan *s)
{
    return s->state == SCAN_KEY || s->state == SCAN_KEY_OR_END;
}

bool json_scan_number_ends(const struct json_scan *s, char c)
{
    return number_whole(s) && number_class(c) < 0;
}

size_t json_scan_plain(const struct json_scan *s, const char *src, size_t len)
{
    size_t n = 0;

    if (s->state != SCAN_STRING) {
        return 0;
    }
    while (n < len && (uint8_t)src[n] >= 0x20 && (uint8_t)src[n] < 0x80 && src[n] != '"' &&
           src[n] != '\\') {
        n++;
    }
    return n;
}
