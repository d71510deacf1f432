#include "callback.h"
#include "fault.h"
#include "options.h"
#include "pause.h"
#include "serve.h"
#include "store.h"

#include <gnutls/gnutls.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static void load_faults(const char *name)
{
    struct text script = {0}, why = {0};
    char part[4096];
    FILE *f = fopen(name, "r");
    size_t n;

    if (f == NULL) {
        perror(name);
        exit(2);
    }
    while ((n = fread(part, 1, sizeof part, f)) > 0) {
        text_put(&script, part, n);
    }
    fclose(f);
    if (script.len > 0 && !fault_add(script.at, &why)) {
        fprintf(stderr, "bench_cloud: %s: %s", name, why.at);
        exit(2);
    }
    text_free(&script);
}

/* By rename, so that who waits for the file never reads half of it. */
static void write_ports(const char *name, const struct ports *p)
{
    struct text temporary = {0};
    FILE *f;

    text_printf(&temporary, "%s.new", name);
    f = fopen(temporary.at, "w");
    if (f == NULL ||
        fprintf(f, "port=%d\nadmin=%d\npage=%d\n", p->service, p->admin, p->admin) < 0 ||
        fclose(f) != 0 || rename(temporary.at, name) != 0) {
        perror(name);
        exit(2);
    }
    text_free(&temporary);
}

static void announce(const struct ports *p)
{
    const char *scheme = opt.plain ? "http" : "https";
    const char *host = opt.listen == NULL ? "localhost" : opt.listen;

    if (!opt.quiet) {
        printf("bench_cloud: %s://%s:%d/elements/api-v2 page http://127.0.0.1:%d/ "
               "admin http://127.0.0.1:%d/stats\n",
               scheme, host, p->service, p->admin, p->admin);
        fflush(stdout);
    }
    if (opt.port_file != NULL) {
        write_ports(opt.port_file, p);
    }
}

/* Each connection is a file, and shells allow few. */
static void allow_files(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

int main(int argc, char **argv)
{
    struct ports p;
    sigset_t ends;
    int got;

    options_read(argc, argv);
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL); /* every thread inherits it */
    signal(SIGPIPE, SIG_IGN);
    allow_files();
    gnutls_global_init();
    store_open(opt.db);
    if (opt.faults != NULL) {
        load_faults(opt.faults);
    }
    callback_start();
    p = serve_start();
    announce(&p);
    sigwait(&ends, &got);
    pause_end();
    serve_stop();
    callback_stop();
    store_close();
    fault_clear();
    return 0;
}
