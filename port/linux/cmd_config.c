#include "linux/app.h"

static int run_config(struct app *a)
{
    if (app_json(a)) {
        json_out_key(&a->json, "config");
    }
    config_print(&a->config, &a->out, app_json(a) ? &a->json : NULL);
    return 0;
}

const struct command cmd_config = {
    .name = "config",
    .words = "",
    .summary = "show every setting in force and where it came from",
    .help = "Secrets are no settings: they stand in files of their own.\n",
    .letters = "",
    .offline = true,
    .run = run_config,
};
