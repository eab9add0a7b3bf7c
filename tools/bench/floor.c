/* SPDX-License-Identifier: MIT */
/*
 * What this machine can do without OpenCL: two processes that wake each other,
 * and a copy. On both sides of one machine they are the same, so that what they
 * differ by is what the whole run is uncertain by.
 */
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

#define ASLEEP_US 2000 /* as in calls.c: the other side is fast asleep */
#define COPY_SIZE (64u << 20)

/* Two words on two cache lines, each written by one process. */
struct pair {
    _Alignas(64) uint32_t ball;
    _Alignas(64) uint32_t back;
    pid_t other;
};

static void futex_wait(uint32_t *word, uint32_t old)
{
    while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == old)
        syscall(SYS_futex, word, FUTEX_WAIT, old, NULL, NULL, 0);
}

static void futex_post(uint32_t *word, uint32_t v)
{
    __atomic_store_n(word, v, __ATOMIC_RELEASE);
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* The other process: it only throws back. */
static noreturn void throw_back(struct pair *s)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (uint32_t i = 0;; i++) {
        futex_wait(&s->ball, i);
        futex_post(&s->back, i + 1);
    }
}

static struct pair *pair_start(const struct probe *p)
{
    struct pair *s =
        mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pid;

    if (s == MAP_FAILED)
        fail(p, "no shared memory");
    pid = fork();
    if (pid < 0)
        fail(p, "cannot fork");
    if (!pid)
        throw_back(s);
    s->other = pid;
    return s;
}

static void pair_stop(struct pair *s)
{
    kill(s->other, SIGKILL);
    waitpid(s->other, NULL, 0);
    munmap(s, sizeof(*s));
}

static void there_and_back(struct pair *s)
{
    uint32_t i = s->back;

    futex_post(&s->ball, i + 1);
    futex_wait(&s->back, i);
}

static struct pair *playing;

static void futex_batch(struct probe *p, unsigned n)
{
    while (n--)
        there_and_back(playing);
}

void measure_floor_futex(struct probe *p, const struct measurement *m)
{
    playing = pair_start(p);
    value(m->name, seconds_each(p, futex_batch) * 1e6, "us", "less");
    pair_stop(playing);
}

static double asleep_once(struct probe *p, void *state, unsigned turn)
{
    double start;

    usleep(ASLEEP_US);
    start = now();
    there_and_back(state);
    return now() - start;
}

void measure_floor_asleep(struct probe *p, const struct measurement *m)
{
    struct pair *s = pair_start(p);

    value(m->name, median_of(p, asleep_once, s) * 1e6, "us", "less");
    pair_stop(s);
}

static double copy_once(struct probe *p, void *state, unsigned turn)
{
    char *from = state;
    double start = now();

    memcpy(from + COPY_SIZE, from, COPY_SIZE);
    return now() - start;
}

void measure_floor_copy(struct probe *p, const struct measurement *m)
{
    char *both = malloc(2 * COPY_SIZE);
    double seconds;

    if (!both)
        fail(p, "no memory for a copy");
    memset(both, 1, 2 * COPY_SIZE);
    seconds = median_of(p, copy_once, both);
    if (memcmp(both, both + COPY_SIZE, COPY_SIZE))
        fail(p, "a copy in memory is wrong");
    free(both);
    value(m->name, COPY_SIZE / seconds / 1e9, "GB/s", "more");
}
