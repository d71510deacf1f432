#include "base/err.h"

struct err_row {
    const char *name, *what, *fix;
    unsigned char class;
};

#define ERR_ROW(name, class, what, fix) [ERR_AT_##name] = {#name, what, fix, CLASS_##class},
static const struct err_row ROWS[ERR_COUNT] = {ERR_LIST(ERR_ROW)};
#undef ERR_ROW

static const struct err_row *row(int err)
{
    static const struct err_row ok = {"OK", "no error", "nothing to do", CLASS_NONE};

    if (err >= 0) {
        return &ok;
    }
    return err >= -ERR_COUNT ? &ROWS[-1 - err] : &ROWS[ERR_AT_INTERNAL];
}

const char *err_name(int err)
{
    return row(err)->name;
}

const char *err_what(int err)
{
    return row(err)->what;
}

const char *err_fix(int err)
{
    return row(err)->fix;
}

enum err_class err_class(int err)
{
    return (enum err_class)row(err)->class;
}
