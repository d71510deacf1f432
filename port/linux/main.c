/* ocbulk: the program. Each command stands in a file of its own, cmd_*.c. */
#include "base/err.h"
#include "base/text.h"
#include "linux/app.h"
#include "linux/harden.h"
#include "linux/log.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const struct command *const command[] = {
    &cmd_objects, &cmd_check,  &cmd_upload,   &cmd_status, &cmd_errors, &cmd_jobs,
    &cmd_cancel,  &cmd_config, &cmd_callback, &cmd_run,    &cmd_doctor, &cmd_queue,
    &cmd_retry,   &cmd_accept, &cmd_drop,     &cmd_add,
};

static const char common[] =
    "Common options\n"
    "  -c, --config FILE   read this configuration ($OCBULK_CONFIG, /etc/ocbulk.conf)\n"
    "      --json          one JSON object on stdout, also for failures\n"
    "  -q, --quiet         no progress meter, errors only\n"
    "  -v, --verbose       tell each call\n"
    "  -h, --help          this, or a command's own help\n"
    "  -V, --version       version, profile, libraries\n"
    "Every key of the configuration is also an option: --base-url URL, --batch-records 500.\n"
    "Secrets are none of them: they come from credentials_file or the environment.\n";

static void put_padded(struct out *o, const char *text, size_t column)
{
    struct line l;

    line_set(&l, text);
    line_pad(&l, column);
    out_text(o, l.text);
}

static void print_help(struct out *o)
{
    out_text(o, "ocbulk: uploads CSV records through the Open Connectors Bulk API\n\n"
                "usage: ocbulk COMMAND [WORD ...] [--option ...]\n\nCommands\n");
    for (size_t i = 0; i < COUNT(command); i++) {
        struct line l;

        line_set(&l, "  ");
        line_put(&l, command[i]->name);
        line_put(&l, " ");
        line_put(&l, command[i]->words);
        put_padded(o, l.text, 38);
        out_text(o, command[i]->summary);
        out_text(o, "\n");
    }
    out_text(o, "\n");
    out_text(o, common);
}

static void print_command_help(struct out *o, const struct command *c)
{
    out_text(o, "usage: ocbulk ");
    out_text(o, c->name);
    out_text(o, " ");
    out_text(o, c->words);
    out_text(o, "\n\n");
    out_text(o, c->summary);
    out_text(o, "\n");
    out_text(o, c->help);
    out_text(o, "\n");
    out_text(o, common);
}

static void end_json(struct app *a, int err)
{
    struct json_out *j = &a->json;

    json_out_put_u64(j, "exit", (uint64_t)exit_of(err));
    json_out_key(j, "error");
    if (a->err == 0) {
        json_out_null(j);
    } else {
        json_out_object(j);
        json_out_put_string(j, "name", err_name(a->err));
        json_out_put_string(j, "what", err_what(a->err));
        json_out_put_string(j, "where", a->where.text);
        json_out_put_string(j, "fix", a->fix.text);
        json_out_put_u64(j, "http_status", a->http_status);
        json_out_put_string(j, "request_id", a->request_id);
        json_out_end(j);
    }
    json_out_end(j);
}

static int print_version(struct app *a)
{
    if (app_json(a)) {
        json_out_object(&a->json);
        json_out_put_string(&a->json, "command", "version");
        json_out_put_string(&a->json, "version", OCBULK_VERSION);
        json_out_put_string(&a->json, "profile", OCBULK_PROFILE);
        json_out_put_string(&a->json, "mbedtls", tls_library());
        end_json(a, 0);
        return 0;
    }
    out_text(&a->out, "ocbulk " OCBULK_VERSION " (profile " OCBULK_PROFILE ")\n");
    out_text(&a->out, tls_library());
    out_text(&a->out, ", jsmn 1.1, inih 59\n");
    return 0;
}

static const struct command *find_command(struct app *a)
{
    const char *name[COUNT(command)];
    struct line fix;

    if (a->args.command == NULL) {
        (void)app_fail(a, ERR_USAGE, "no command", NULL);
        return NULL;
    }
    for (size_t i = 0; i < COUNT(command); i++) {
        name[i] = command[i]->name;
        if (strcmp(name[i], a->args.command) == 0) {
            return command[i];
        }
    }
    int near = text_nearest(a->args.command, name, COUNT(command));

    line_set(&fix, near >= 0 ? "did you mean `" : "");
    line_put(&fix, near >= 0 ? name[near] : "");
    line_put(&fix, near >= 0 ? "`?" : "");
    line_set(&a->args.fault, "unknown command ");
    line_put(&a->args.fault, a->args.command);
    (void)app_fail(a, ERR_USAGE, a->args.fault.text, fix.text);
    return NULL;
}

/* What was wrong may be the very options, so the command is looked for once more. */
static void tell_failure(struct app *a)
{
    for (size_t i = 0; i < COUNT(command) && a->args.command != NULL; i++) {
        if (command[i]->fail != NULL && !app_json(a) &&
            strcmp(command[i]->name, a->args.command) == 0) {
            command[i]->fail(a);
        }
    }
}

static int check_usage(struct app *a, const struct command *c)
{
    const struct {
        char letter;
        bool given;
        const char *name;
    } option[] = {
        {'w', a->args.wait, "--wait"},
        {'n', a->args.dry_run, "--dry-run"},
        {'o', a->args.output != NULL, "--output"},
        {'O', a->args.object != NULL, "--object"},
        {'f', a->args.from_record != NULL, "--from-record"},
        {'j', a->args.journal != NULL, "--journal"},
        {'u', a->args.unknown != NULL, "--unknown"},
        {'1', a->args.once, "--once"},
        {'a', a->args.all, "--all"},
        {'F', a->args.forget, "--forget"},
        {'s', a->args.seq != NULL, "--seq"},
    };
    struct line where, fix;

    line_set(&where, "");
    for (size_t i = 0; i < COUNT(option); i++) {
        if (option[i].given && strchr(c->letters, option[i].letter) == NULL) {
            line_set(&where, "this command has no option ");
            line_put(&where, option[i].name);
        }
    }
    if (c->fail != NULL && app_json(a)) {
        line_set(&where, "this command has no option --json");
    }
    if (a->args.words < c->least) {
        line_set(&where, "a word is missing");
    } else if (a->args.words > c->most) {
        line_set(&where, "a word too many: ");
        line_put(&where, a->args.word[c->most]);
    }
    if (where.len == 0) {
        return 0;
    }
    line_set(&fix, "usage: ocbulk ");
    line_put(&fix, c->name);
    line_put(&fix, " ");
    line_put(&fix, c->words);
    return app_fail(a, ERR_USAGE, where.text, fix.text);
}

/* Keys of [object NAME] concern the object that the command is about. */
static void aim_flags(struct app *a, const struct command *c)
{
    const char *object = a->args.object;

    if (object == NULL && (c == &cmd_upload || c == &cmd_objects || c == &cmd_add)) {
        object = a->args.word[0];
    }
    for (unsigned i = 0; i < a->args.flags; i++) {
        if (config_is_object_key(a->args.flag[i].key)) {
            a->args.flag[i].object = object;
        }
    }
}

static int load_config(struct app *a)
{
    struct config_error e;
    int err = config_load(&a->config, a->args.config, a->args.flag, &e);

    if (err != 0) {
        return app_fail(a, err, e.where, e.fix);
    }
    app_log(a, &a->config);
    return 0;
}

static int run_command(struct app *a, const struct command *c)
{
    int err = c->offline ? 0 : app_begin_session(a);

    return err == 0 ? c->run(a) : err;
}

static int run_json(struct app *a, const struct command *c, int err)
{
    json_out_object(&a->json);
    json_out_put_string(&a->json, "command", c != NULL ? c->name : a->args.command);
    if (err == 0) {
        err = run_command(a, c);
    }
    end_json(a, err);
    return err;
}

/* All that can be wrong before the command begins. */
static int prepare(struct app *a, const struct command *c)
{
    int err = check_usage(a, c);

    if (err != 0) {
        return err;
    }
    aim_flags(a, c);
    return load_config(a);
}

static int run(struct app *a)
{
    const struct command *c = NULL;
    int err = ERR_USAGE;

    if (a->args.fault.len > 0) {
        (void)app_fail(a, err, a->args.fault.text, NULL);
    } else if (a->args.version) {
        return print_version(a);
    } else if (a->args.command == NULL && (a->args.help || !app_json(a))) {
        print_help(&a->out);
        return a->args.help ? 0 : err;
    } else {
        c = find_command(a);
    }
    if (c != NULL && a->args.help) {
        print_command_help(&a->out, c);
        return 0;
    }
    if (c != NULL) {
        err = prepare(a, c);
    }
    if (app_json(a)) {
        return run_json(a, c, err);
    }
    return err == 0 ? run_command(a, c) : err;
}

/* A descriptor that the parent has closed would be a socket's or a file's number next, and get
 * what is meant for people. What stands there instead can be neither read nor written. */
static void hold_descriptors(void)
{
    int fd = open("/", O_RDONLY | O_DIRECTORY);

    while (fd >= 0 && fd <= STDERR_FILENO) {
        fd = dup(fd);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
}

int main(int argc, char **argv)
{
    static struct app app;
    int err;

    hold_descriptors();
    harden_process();
    out_init(&app.out, STDOUT_FILENO);
    json_out_init(&app.json, &app.out);
    (void)args_read(&app.args, argc, argv); /* its fault is told with the rest */
    err = run(&app);
    if (err != 0) {
        tell_failure(&app);
    }
    if (out_flush(&app.out) != 0) {
        err = exit_worse(err, app_fail(&app, ERR_FILE_WRITE, "standard output", NULL));
    }
    session_end(&app.session);
    return exit_of(err);
}
