/* SPDX-License-Identifier: MIT */
/*
 * guest-agent - the first and only process of a `vocl vm` guest besides the
 * program itself.
 *
 *   initramfs                      guest's root
 *   /init  (this, pid 1) ──chroot──▶ overlay { tmpfs over the host's / , read-only }
 *   /modules/list                    PROGRAM  as the calling user
 *        │                              │ stdin, stdout, stderr: pipes
 *        └── one channel to vocl ◀──────┘  (agent_wire.h)
 *
 * It is linked statically, since it runs before there is a root. What it cannot
 * do it says on the console, of which vocl shows the last lines, and powers off:
 * a guest never waits for somebody to look.
 *
 * Everything here trusts the host: the host is the guest's whole world.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent_wire.h"
#include "guest_machine.h"

/* ---- the channel ---- */

static void write_all(int fd, const void *data, size_t len)
{
    const char *p = data;

    while (len) {
        ssize_t n = write(fd, p, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            die("the channel to the host broke: %s", strerror(errno));
        p += n;
        len -= (size_t)n;
    }
}

/* One write a frame: a virtio-serial write waits for the host. */
static void send_frame(int fd, uint8_t type, const void *data, uint32_t len)
{
    static char frame[sizeof(struct agent_header) + AGENT_MAX_DATA];
    struct agent_header h = {.len = htole32(len), .type = type};

    memcpy(frame, &h, sizeof(h));
    if (len)
        memcpy(frame + sizeof(h), data, len);
    write_all(fd, frame, sizeof(h) + len);
}

static void send_u32(int fd, uint8_t type, uint32_t value)
{
    value = htole32(value);
    send_frame(fd, type, &value, sizeof(value));
}

/* Tells the host that bytes have left the channel, often enough to keep it going. */
static void acknowledge(struct channel *c, size_t n)
{
    c->taken += (uint32_t)n;
    if (!c->window || c->taken < c->window / 2)
        return;
    send_u32(c->fd, AGENT_TOOK, c->taken);
    c->taken = 0;
}

static void read_all(struct channel *c, void *data, size_t len)
{
    char *p = data;

    while (len) {
        ssize_t n = read(c->fd, p, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            die("the host has closed the channel");
        acknowledge(c, (size_t)n);
        p += n;
        len -= (size_t)n;
    }
}

/* Reads a frame; its payload, ended with a NUL that does not count, in *data. */
static uint8_t receive_frame(struct channel *c, char *data, uint32_t *len)
{
    struct agent_header h;

    read_all(c, &h, sizeof(h));
    *len = le32toh(h.len);
    if (*len > AGENT_MAX_PAYLOAD)
        die("the host sent a frame of %u bytes", *len);
    read_all(c, data, *len);
    data[*len] = '\0';
    return h.type;
}

/* ---- the program ---- */

struct strings {
    char **v; /* ended with NULL */
    size_t n;
};

struct program {
    struct strings args, env;
    char *cwd;
    uint32_t uid, gid, umask;
    gid_t *groups;
    size_t ngroups;
};

static void *checked(void *p)
{
    if (!p)
        die("out of memory");
    return p;
}

static void strings_add(struct strings *s, const char *text)
{
    s->v = checked(realloc(s->v, (s->n + 2) * sizeof(*s->v)));
    s->v[s->n++] = checked(strdup(text));
    s->v[s->n] = NULL;
}

static void program_set_ids(struct program *p, const char *data, uint32_t len)
{
    uint32_t n = len / 4, *v = checked(malloc(len + 1));

    memcpy(v, data, len);
    if (n < 3)
        die("the host sent no user");
    p->uid = le32toh(v[0]);
    p->gid = le32toh(v[1]);
    p->umask = le32toh(v[2]);
    p->ngroups = n - 3;
    p->groups = checked(calloc(n, sizeof(*p->groups)));
    for (uint32_t i = 3; i < n; i++)
        p->groups[i - 3] = le32toh(v[i]);
    free(v);
}

static void program_receive(struct program *p, struct channel *channel, char *buf)
{
    uint32_t len;

    for (;;) {
        switch (receive_frame(channel, buf, &len)) {
        case AGENT_ARG:
            strings_add(&p->args, buf);
            break;
        case AGENT_ENV:
            strings_add(&p->env, buf);
            break;
        case AGENT_CWD:
            p->cwd = checked(strdup(buf));
            break;
        case AGENT_IDS:
            program_set_ids(p, buf, len);
            break;
        case AGENT_START:
            if (!p->args.n || !p->env.n || !p->cwd || !p->groups)
                die("the host sent half a program");
            return;
        default:
            die("the host sent a frame out of turn");
        }
    }
}

/* In the child. Only the failures reach the caller: the step's name, and errno. */
static const char *become(const struct program *p, const int io[3])
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setsid();
    if (dup2(io[0], 0) < 0 || dup2(io[1], 1) < 0 || dup2(io[2], 2) < 0)
        return "its standard descriptors";
    if (setgroups(p->ngroups, p->groups) < 0 || setresgid(p->gid, p->gid, p->gid) < 0 ||
        setresuid(p->uid, p->uid, p->uid) < 0)
        return "its user";
    if (chdir(p->cwd) < 0)
        return p->cwd;
    umask(p->umask);
    environ = p->env.v;
    execvp(p->args.v[0], p->args.v);
    return p->args.v[0];
}

struct session {
    struct channel *channel;
    int in;       /* write end of the program's standard input, or -1 */
    int out, err; /* read ends, or -1 */
    int failure;  /* what the child could not do, until its exec; or -1 */
    int children; /* signalfd */
    pid_t pid;
    char pending[AGENT_CREDIT_INITIAL]; /* standard input not yet taken */
    size_t npending;
    bool in_ends; /* the host's standard input has ended */
    bool exited;
    uint32_t status;
};

static void session_spawn(struct session *s, const struct program *p)
{
    int in[2], out[2], err[2], failure[2];

    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0 ||
        pipe2(failure, O_CLOEXEC) < 0)
        die("no pipes: %s", strerror(errno));
    s->pid = fork();
    if (s->pid < 0)
        die("cannot fork: %s", strerror(errno));
    if (!s->pid) {
        const char *what = become(p, (int[]){in[0], out[1], err[1]});
        int e = errno;

        dprintf(failure[1], "%c%s: %s", e == ENOENT ? 127 : 126, what, strerror(e));
        _exit(0);
    }
    close(in[0]);
    close(out[1]);
    close(err[1]);
    close(failure[1]);
    s->in = in[1];
    s->out = out[0];
    s->err = err[0];
    s->failure = failure[0];
    fcntl(s->in, F_SETFL, O_NONBLOCK);
    fcntl(s->out, F_SETFL, O_NONBLOCK);
    fcntl(s->err, F_SETFL, O_NONBLOCK);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Returns the bytes passed on; 0: nothing there now; the end closes *fd. */
static size_t session_output(struct session *s, int *fd, uint8_t type)
{
    static char buf[AGENT_MAX_DATA];
    ssize_t n;

    if (*fd < 0)
        return 0;
    n = read(*fd, buf, sizeof(buf));
    if (n > 0)
        send_frame(s->channel->fd, type, buf, (uint32_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        close_fd(fd);
    return n > 0 ? (size_t)n : 0;
}

static void session_stdin_took(struct session *s, size_t n)
{
    memmove(s->pending, s->pending + n, s->npending - n);
    s->npending -= n;
    send_u32(s->channel->fd, AGENT_CREDIT, (uint32_t)n);
}

/* A program that has closed its input gets no more, and the host may go on. */
static void session_input(struct session *s)
{
    ssize_t n;

    if (s->npending && s->in >= 0) {
        n = write(s->in, s->pending, s->npending);
        if (n > 0)
            session_stdin_took(s, (size_t)n);
        else if (errno != EAGAIN && errno != EINTR)
            close_fd(&s->in);
    }
    if (s->npending && s->in < 0)
        session_stdin_took(s, s->npending);
    if (!s->npending && s->in_ends)
        close_fd(&s->in);
}

static void session_receive(struct session *s)
{
    static char buf[AGENT_MAX_PAYLOAD + 1];
    uint32_t len;

    switch (receive_frame(s->channel, buf, &len)) {
    case AGENT_STDIN:
        if (len > sizeof(s->pending) - s->npending)
            die("the host sent more input than its credit");
        memcpy(s->pending + s->npending, buf, len);
        s->npending += len;
        break;
    case AGENT_STDIN_EOF:
        s->in_ends = true;
        break;
    default:
        die("the host sent a frame out of turn");
    }
    session_input(s);
}

/* As pid 1 we also inherit whatever the program leaves behind. */
static void session_reap(struct session *s)
{
    struct signalfd_siginfo info;
    int status;
    pid_t pid;

    if (read(s->children, &info, sizeof(info)) < 0)
        return;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid != s->pid)
            continue;
        s->exited = true;
        s->status = (uint32_t)(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
    }
}

static void session_poll(struct session *s)
{
    struct pollfd p[] = {
        {.fd = s->children, .events = POLLIN},
        {.fd = s->channel->fd, .events = POLLIN},
        {.fd = s->out, .events = POLLIN},
        {.fd = s->err, .events = POLLIN},
        /* With nothing to write, this still tells when the program closes it. */
        {.fd = s->in, .events = (short)(s->npending ? POLLOUT : 0)},
    };

    if (poll(p, sizeof(p) / sizeof(p[0]), -1) < 0)
        return;
    if (p[0].revents)
        session_reap(s);
    if (p[1].revents)
        session_receive(s);
    if (p[2].revents)
        session_output(s, &s->out, AGENT_STDOUT);
    if (p[3].revents)
        session_output(s, &s->err, AGENT_STDERR);
    if (p[4].revents & POLLERR)
        close_fd(&s->in);
    if (p[4].revents)
        session_input(s);
}

/*
 * What the program wrote before its end is in the pipes. What its orphans write
 * from now on is not waited for: at most one full pipe (1 MiB) each.
 */
static void session_drain(struct session *s)
{
    size_t n;

    for (size_t total = 0; total < 1u << 20; total += n) {
        n = session_output(s, &s->out, AGENT_STDOUT);
        if (!n)
            break;
    }
    for (size_t total = 0; total < 1u << 20; total += n) {
        n = session_output(s, &s->err, AGENT_STDERR);
        if (!n)
            break;
    }
}

static void session_end(struct session *s)
{
    char text[512];
    ssize_t n = read(s->failure, text, sizeof(text));

    if (n > 1) {
        send_frame(s->channel->fd, AGENT_FAIL, text + 1, (uint32_t)n - 1);
        s->status = (uint8_t)text[0];
    }
    send_u32(s->channel->fd, AGENT_EXIT, s->status);
}

static void await_bye(struct channel *channel)
{
    static char buf[AGENT_MAX_PAYLOAD + 1];
    uint32_t len;

    while (receive_frame(channel, buf, &len) != AGENT_BYE)
        ;
}

static int watch_children(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static void serve(struct channel *channel)
{
    static char buf[AGENT_MAX_PAYLOAD + 1];
    static struct session s;
    struct program p = {0};
    uint32_t hello[] = {htole32(AGENT_VERSION), 0};

    hello[1] = htole32(channel->window);
    send_frame(channel->fd, AGENT_HELLO, hello, sizeof(hello));
    program_receive(&p, channel, buf);
    s.channel = channel;
    s.children = watch_children();
    if (s.children < 0)
        die("no signalfd: %s", strerror(errno));
    session_spawn(&s, &p);
    while (!s.exited)
        session_poll(&s);
    session_drain(&s);
    session_end(&s);
    await_bye(channel);
}

int main(void)
{
    struct channel channel;

    guest_set_up();
    guest_open_channel(&channel);
    serve(&channel);
    power_off();
}
