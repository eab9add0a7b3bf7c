/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

void value(const char *name, double number, const char *unit, const char *better)
{
    printf("value %s %.9g %s %s\n", name, number, unit, better);
}

void skip(const char *name, const char *why)
{
    printf("skip %s %s\n", name, why);
}

void info(const char *key, const char *text)
{
    printf("info %s %s\n", key, text);
}

void fail(const struct probe *p, const char *fmt, ...)
{
    va_list ap;

    printf("fail %s ", p->running ? p->running : "-");
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
    fflush(stdout);
    _Exit(1); /* a runtime in trouble may not come back from its own clean-up */
}

void must(const struct probe *p, cl_int e, const char *what)
{
    if (e != CL_SUCCESS)
        fail(p, "%s: error %d", what, e);
}

void wait_for_go(const struct probe *p)
{
    char line[16];

    if (!p->served)
        return;
    printf("pause\n");
    fflush(stdout);
    if (!fgets(line, sizeof(line), stdin) || strcmp(line, "go\n"))
        fail(p, "nobody says go");
}

static void list(const struct probe *p)
{
    size_t n;
    const struct measurement *m = measurements(p, &n);

    for (size_t i = 0; i < n; i++)
        printf("measurement %s %s %s\n", m[i].name, m[i].heavy ? "heavy" : "light", m[i].group);
}

static void measure(struct probe *p, const char *name)
{
    const struct measurement *m = measurement_find(p, name);

    p->running = name;
    if (!m)
        fail(p, "there is no such measurement");
    if (!m->alone)
        device_open(p);
    if (m->size > p->max_alloc)
        skip(name, "the device has no buffers that large");
    else
        m->run(p, m);
    p->running = NULL;
}

/* Its standard input and output would be ours, which are spoken for. */
static noreturn void run_shell(const char *command)
{
    int nothing = open("/dev/null", O_RDWR);

    if (dup2(nothing, 0) >= 0 && dup2(nothing, 1) >= 0)
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

static void app(struct probe *p, const char *command)
{
    double start = now();
    int status = 0;
    pid_t pid;

    p->running = "app";
    fflush(stdout);
    pid = fork();
    if (!pid)
        run_shell(command);
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        fail(p, "cannot run the shell");
    if (WIFSIGNALED(status))
        fail(p, "the program was ended by signal %d", WTERMSIG(status));
    if (WEXITSTATUS(status))
        fail(p, "the program ended with exit status %d", WEXITSTATUS(status));
    value("app", now() - start, "s", "less");
    p->running = NULL;
}

static void obey(struct probe *p, char *line)
{
    char *argument = strchr(line, ' ');

    if (argument)
        *argument++ = '\0';
    if (!strcmp(line, "list"))
        list(p);
    else if (!strcmp(line, "device"))
        device_print(p);
    else if (!strcmp(line, "identify"))
        identify(p);
    else if (!strcmp(line, "open"))
        open_timed(p);
    else if (!strcmp(line, "memory"))
        print_memory(p);
    else if (!strcmp(line, "measure") && argument)
        measure(p, argument);
    else if (!strcmp(line, "app") && argument)
        app(p, argument);
    else
        fail(p, "no such command: %s", line);
    printf("done\n");
    fflush(stdout);
}

void serve(struct probe *p, char *first)
{
    char *line = NULL;
    size_t room = 0;

    p->served = true;
    if (first)
        obey(p, first);
    while (getline(&line, &room, stdin) > 0) {
        line[strcspn(line, "\n")] = '\0';
        obey(p, line);
    }
    free(line);
}
