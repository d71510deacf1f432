#include "objects.h"

#include <string.h>

struct field {
    const char *name, *shown;
    const char *type, *mask; /* mask NULL: none */
    bool read_only, required;
};

static const struct field CONTACT[] = {
    {"C_EmailAddress", "Email Address", "string", NULL, false, true},
    {"C_FirstName", "First Name", "string", NULL, false, false},
    {"C_LastName", "Last Name", "string", NULL, false, false},
    {"C_Title", "Title", "string", NULL, false, false},
    {"C_BusPhone", "Business Phone", "string", NULL, false, false},
    {"C_Company", "Company", "string", NULL, false, false},
    {"C_Website1", "Website", "string", NULL, false, false},
    {"C_Country", "Country", "string", NULL, false, false},
    {"C_City", "City", "string", NULL, false, false},
    {"C_Zip_Postal", "Zip or Postal Code", "string", NULL, false, false},
    {"C_MobilePhone", "Mobile Phone", "string", NULL, false, false},
    {"C_DateCreated", "Date Created", "date", "yyyy-MM-dd'T'HH:mm:ss'Z'", true, false},
    {NULL, NULL, NULL, NULL, false, false},
};

static const struct field OTHER[] = {
    {"id", "Id", "string", NULL, true, false},
    {"name", "Name", "string", NULL, false, true},
    {"description", "Description", "string", NULL, false, false},
    {"email", "Email", "string", NULL, false, false},
    {"createdAt", "Created", "date", "yyyy-MM-dd'T'HH:mm:ss'Z'", true, false},
    {NULL, NULL, NULL, NULL, false, false},
};

/* The order is that of the documentation's walk-through. */
static const struct {
    const char *name;
    const struct field *fields;
} OBJECTS[OBJECT_COUNT] = {
    {"activities", OTHER}, {"contact", CONTACT}, {"campaign", OTHER},
    {"list", OTHER},       {"account", OTHER},
};

static int find(const char *name)
{
    for (int i = 0; i < OBJECT_COUNT; i++) {
        if (strcmp(OBJECTS[i].name, name) == 0) {
            return i;
        }
    }
    return -1;
}

const char *objects_name(int at)
{
    return OBJECTS[at].name;
}

bool objects_know(const char *name)
{
    return find(name) >= 0;
}

static void put_field(struct text *out, const struct field *f)
{
    text_printf(out, "{\"type\":\"%s\",", f->type);
    if (f->mask != NULL) {
        text_printf(out, "\"mask\":\"%s\",", f->mask);
    }
    text_printf(out,
                "\"vendorPath\":\"%s\",\"vendorDisplayName\":\"%s\","
                "\"vendorReadOnly\":%s,\"vendorRequired\":%s}",
                f->name, f->shown, f->read_only ? "true" : "false", f->required ? "true" : "false");
}

bool objects_fields(const char *name, long more, struct text *out)
{
    int at = find(name);

    if (at < 0) {
        return false;
    }
    text_puts(out, "{\"fields\":[");
    for (const struct field *f = OBJECTS[at].fields; f->name != NULL; f++) {
        text_puts(out, f == OBJECTS[at].fields ? "" : ",");
        put_field(out, f);
    }
    for (long i = 1; i <= more; i++) {
        text_printf(out,
                    ",{\"type\":\"string\",\"vendorPath\":\"C_Extra%ld\",\"vendorDisplayName\":"
                    "\"Extra %ld\",\"vendorReadOnly\":false,\"vendorRequired\":false}",
                    i, i);
    }
    text_puts(out, "]}");
    return true;
}
