/* SPDX-License-Identifier: MIT */
#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent_wire.h"
#include "message.h"
#include "process.h"
#include "session.h"
#include "tail.h"

#define LOG_LINES 6   /* QEMU names its reason in one; UML talks */
#define TAIL_LINES 40 /* a panic with its stack; its cause is above that */

/* POLLOUT promises a pipe at least this much room (PIPE_BUF, pipe(7)), so that a
 * write to the user's stdout never blocks, without making it non-blocking: the
 * open file may be shared with his shell. */
#define WRITE_CHUNK 4096

#define MAX_GROUPS 1024

struct session {
    struct guest guest;
    int signals, pidfd;
    bool verbose;
    struct tail console, log;

    char in[sizeof(struct agent_header) + AGENT_MAX_DATA]; /* from the guest */
    size_t nin;
    size_t shown; /* bytes of the frame at in's start already on stdout or stderr */
    int sink;     /* the one that takes no more now, or -1: then nothing is read */

    char *out; /* to the guest */
    size_t nout;

    uint32_t credit;             /* of standard input */
    uint32_t window, on_the_way; /* of the channel, to the guest */
    bool stdin_open, started, hello;
    int status;
    enum session_outcome end;
};

struct session *session_create(const struct guest *g, const sigset_t *held, bool verbose)
{
    struct session *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->guest = *g;
    s->signals = signalfd(-1, held, SFD_CLOEXEC | SFD_NONBLOCK);
    s->pidfd = (int)syscall(SYS_pidfd_open, g->pid, 0);
    s->verbose = verbose;
    s->stdin_open = true;
    s->sink = -1;
    return s;
}

void session_destroy(struct session *s)
{
    if (!s)
        return;
    close(s->guest.channel);
    close(s->guest.console);
    close(s->guest.log);
    close(s->signals);
    close(s->pidfd);
    free(s->out);
    free(s);
}

int session_status(const struct session *s)
{
    return s->status;
}

/* ---- to the guest ---- */

static void finish(struct session *s, enum session_outcome end, int status)
{
    if (s->end != SESSION_GOES_ON)
        return;
    s->end = end;
    s->status = status;
}

static void queue(struct session *s, uint8_t type, const void *data, size_t len)
{
    struct agent_header h = {.len = htole32((uint32_t)len), .type = type};
    char *out = realloc(s->out, s->nout + sizeof(h) + len);

    if (!out) {
        finish(s, SESSION_BROKEN, 0);
        return;
    }
    s->out = out;
    memcpy(out + s->nout, &h, sizeof(h));
    if (len)
        memcpy(out + s->nout + sizeof(h), data, len);
    s->nout += sizeof(h) + len;
}

/* What the channel may be given now. */
static size_t channel_room(const struct session *s)
{
    return s->window ? s->window - s->on_the_way : SIZE_MAX;
}

static void flush(struct session *s)
{
    size_t room = channel_room(s);
    ssize_t n = write(s->guest.channel, s->out, s->nout < room ? s->nout : room);

    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        s->nout = 0; /* the VM is ending: its pidfd will say so */
    } else if (n > 0) {
        memmove(s->out, s->out + n, s->nout - (size_t)n);
        s->nout -= (size_t)n;
        s->on_the_way += s->window ? (uint32_t)n : 0;
    }
}

static void read_stdin(struct session *s)
{
    char buf[AGENT_CREDIT_INITIAL];
    size_t room = s->credit < sizeof(buf) ? s->credit : sizeof(buf);
    ssize_t n = read(STDIN_FILENO, buf, room);

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n > 0) {
        s->credit -= (uint32_t)n;
        queue(s, AGENT_STDIN, buf, (size_t)n);
    } else {
        s->stdin_open = false;
        queue(s, AGENT_STDIN_EOF, NULL, 0);
    }
}

/* ---- from the guest ---- */

static uint32_t get32(const char *data)
{
    uint32_t v;

    memcpy(&v, data, sizeof(v));
    return le32toh(v);
}

/* True: all of it has been shown, or its reader is gone. */
static bool show(struct session *s, int fd, const char *data, size_t len)
{
    while (s->shown < len) {
        struct pollfd p = {.fd = fd, .events = POLLOUT};
        size_t n = len - s->shown;
        ssize_t written;

        if (poll(&p, 1, 0) <= 0) {
            s->sink = fd;
            return false;
        }
        written = write(fd, data + s->shown, n < WRITE_CHUNK ? n : WRITE_CHUNK);
        if (written > 0) {
            s->shown += (size_t)written;
        } else if (errno != EINTR && errno != EAGAIN) {
            /* As a local program would, end when nobody reads the output. */
            if (fd == STDOUT_FILENO)
                finish(s, SESSION_INTERRUPTED, SIGPIPE);
            return true;
        }
    }
    return true;
}

static void accept_hello(struct session *s, const char *data, uint32_t len)
{
    if (s->hello || len != 8 || get32(data) != AGENT_VERSION) {
        finish(s, SESSION_BROKEN, 0);
        return;
    }
    s->hello = true;
    s->window = get32(data + 4);
    finish(s, SESSION_DONE, 0);
}

static void accept_number(struct session *s, uint8_t type, const char *data, uint32_t len)
{
    if (len != 4)
        finish(s, SESSION_BROKEN, 0);
    else if (type == AGENT_EXIT)
        finish(s, SESSION_DONE, (int)(get32(data) & 0xff));
    else if (type == AGENT_CREDIT && get32(data) <= AGENT_CREDIT_INITIAL - s->credit)
        s->credit += get32(data);
    else if (type == AGENT_TOOK && get32(data) <= s->on_the_way)
        s->on_the_way -= get32(data);
    else
        finish(s, SESSION_BROKEN, 0);
}

/* False: the frame cannot be dealt with before stdout or stderr takes more. */
static bool accept_frame(struct session *s, uint8_t type, const char *data, uint32_t len)
{
    switch (type) {
    case AGENT_HELLO:
        accept_hello(s, data, len);
        return true;
    case AGENT_STDOUT:
        return show(s, STDOUT_FILENO, data, len);
    case AGENT_STDERR:
        return show(s, STDERR_FILENO, data, len);
    case AGENT_CREDIT:
    case AGENT_TOOK:
    case AGENT_EXIT:
        accept_number(s, type, data, len);
        return true;
    case AGENT_FAIL:
        say("cannot run %.*s", (int)len, data);
        return true;
    default:
        finish(s, SESSION_BROKEN, 0);
        return true;
    }
}

static void accept_frames(struct session *s)
{
    struct agent_header h;

    s->sink = -1;
    while (s->end == SESSION_GOES_ON && s->nin >= sizeof(h)) {
        uint32_t len;

        memcpy(&h, s->in, sizeof(h));
        len = le32toh(h.len);
        if (len > AGENT_MAX_DATA) {
            finish(s, SESSION_BROKEN, 0);
            return;
        }
        if (s->nin - sizeof(h) < len || !accept_frame(s, h.type, s->in + sizeof(h), len))
            return;
        s->shown = 0;
        s->nin -= sizeof(h) + len;
        memmove(s->in, s->in + sizeof(h) + len, s->nin);
    }
}

/* vm_ended: what is in the channel now is the last of it. */
static void read_channel(struct session *s, bool vm_ended)
{
    ssize_t n = read(s->guest.channel, s->in + s->nin, sizeof(s->in) - s->nin);

    if (n > 0) {
        s->nin += (size_t)n;
        accept_frames(s);
    } else if (n == 0 || vm_ended || (errno != EAGAIN && errno != EINTR)) {
        finish(s, SESSION_VM_ENDED, 0);
    }
}

/* ---- everything else that happens ---- */

static void read_text(struct session *s, int *fd, struct tail *t)
{
    char buf[4096];
    ssize_t n = read(*fd, buf, sizeof(buf));

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        close(*fd);
        *fd = -1;
        return;
    }
    tail_add(t, buf, (size_t)n);
    if (s->verbose && write(STDERR_FILENO, buf, (size_t)n) < 0)
        s->verbose = false;
}

/* Whatever the console and the VM have written by now. A console that never
 * stops cannot keep us: what counts are last lines. */
static void drain_text(struct session *s)
{
    for (int i = 0; i < 64; i++) {
        struct pollfd p[] = {{.fd = s->guest.console, .events = POLLIN},
                             {.fd = s->guest.log, .events = POLLIN}};

        if (poll(p, 2, 0) <= 0)
            break;
        if (p[0].revents)
            read_text(s, &s->guest.console, &s->console);
        if (p[1].revents)
            read_text(s, &s->guest.log, &s->log);
    }
}

static void read_signal(struct session *s)
{
    struct signalfd_siginfo info;

    while (read(s->signals, &info, sizeof(info)) == sizeof(info)) {
        if (info.ssi_signo != SIGCHLD)
            finish(s, SESSION_INTERRUPTED, (int)info.ssi_signo);
    }
}

enum { SIGNALS, CONSOLE, LOG, CHANNEL, STDIN, SINK, VM, NFDS };

static void choose(const struct session *s, struct pollfd *p)
{
    bool sending = s->nout && channel_room(s);
    const int fd[NFDS] = {
        [SIGNALS] = s->signals,
        [CONSOLE] = s->guest.console,
        [LOG] = s->guest.log,
        [CHANNEL] = s->sink < 0 || sending ? s->guest.channel : -1,
        [STDIN] = s->started && s->stdin_open && s->credit ? STDIN_FILENO : -1,
        [SINK] = s->sink,
        [VM] = s->sink < 0 ? s->pidfd : -1,
    };

    for (int i = 0; i < NFDS; i++)
        p[i] = (struct pollfd){.fd = fd[i], .events = POLLIN};
    p[CHANNEL].events = (short)((s->sink < 0 ? POLLIN : 0) | (sending ? POLLOUT : 0));
    p[SINK].events = POLLOUT;
}

static void step(struct session *s, int timeout_ms)
{
    struct pollfd p[NFDS];

    choose(s, p);
    if (poll(p, NFDS, timeout_ms) <= 0)
        return;
    if (p[SIGNALS].revents)
        read_signal(s);
    if (p[CONSOLE].revents)
        read_text(s, &s->guest.console, &s->console);
    if (p[LOG].revents)
        read_text(s, &s->guest.log, &s->log);
    if (p[CHANNEL].revents & POLLOUT)
        flush(s);
    if (p[SINK].revents)
        accept_frames(s);
    if (p[STDIN].revents)
        read_stdin(s);
    if (s->sink < 0 && (p[CHANNEL].revents & ~POLLOUT || p[VM].revents))
        read_channel(s, p[VM].revents);
}

static enum session_outcome run(struct session *s, int64_t deadline, int64_t silence)
{
    while (s->end == SESSION_GOES_ON) {
        bool silent = silence && tail_empty(&s->console);
        int64_t next = silent && (!deadline || silence < deadline) ? silence : deadline;

        step(s, left_ms(next));
        if (s->end != SESSION_GOES_ON || !next || left_ms(next))
            continue;
        if (next == deadline)
            finish(s, SESSION_TIMED_OUT, 0);
        else if (tail_empty(&s->console))
            finish(s, SESSION_SILENT, 0);
    }
    return s->end;
}

enum session_outcome session_boot(struct session *s, int64_t deadline, int64_t silence)
{
    return run(s, deadline, silence);
}

/* The program's user is vocl's. */
static void queue_ids(struct session *s)
{
    gid_t groups[MAX_GROUPS];
    uint32_t ids[3 + MAX_GROUPS];
    mode_t mask = umask(0);
    int n = getgroups(MAX_GROUPS, groups);

    umask(mask);
    ids[0] = htole32(getuid());
    ids[1] = htole32(getgid());
    ids[2] = htole32(mask);
    for (int i = 0; i < n; i++)
        ids[3 + i] = htole32(groups[i]);
    queue(s, AGENT_IDS, ids, sizeof(*ids) * (size_t)(3 + (n > 0 ? n : 0)));
}

static void queue_strings(struct session *s, uint8_t type, char *const *text)
{
    for (; *text; text++)
        queue(s, type, *text, strnlen(*text, AGENT_MAX_PAYLOAD));
}

enum session_outcome session_run(struct session *s, char *const *program, char *const *env,
                                 int64_t deadline)
{
    char cwd[PATH_MAX];

    if (!getcwd(cwd, sizeof(cwd)))
        strcpy(cwd, "/");
    queue_strings(s, AGENT_ARG, program);
    queue_strings(s, AGENT_ENV, env);
    queue(s, AGENT_CWD, cwd, strlen(cwd));
    queue_ids(s);
    queue(s, AGENT_START, NULL, 0);
    s->started = true;
    s->end = SESSION_GOES_ON;
    s->credit = AGENT_CREDIT_INITIAL;
    accept_frames(s);
    return run(s, deadline, 0);
}

enum session_outcome session_end(struct session *s, int64_t deadline)
{
    queue(s, AGENT_BYE, NULL, 0);
    s->started = false; /* nobody reads standard input any more */
    s->end = SESSION_GOES_ON;
    return run(s, deadline, 0);
}

void session_print_tails(struct session *s)
{
    drain_text(s);
    if (s->verbose) /* it has all been shown */
        return;
    tail_print(&s->log, "", LOG_LINES);
    if (tail_empty(&s->console))
        say("the guest's console is empty");
    else
        tail_print(&s->console, "guest: ", TAIL_LINES);
}
