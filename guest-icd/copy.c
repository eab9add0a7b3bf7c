// SPDX-License-Identifier: MIT
#include "copy.h"

#include <linux/futex.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "spin.h"
#include "thread.h"

/* Below this a copy takes less time than handing a half of it over. */
#define HALVES_MIN ((size_t)256 << 10)
/* Below this the caches are good for it. */
#define STREAM_MIN ((size_t)64 << 10)
/* The second thread needs a processor of its own beside this one, the helper's and
 * the device's driver's. */
#define PROCESSORS_MIN 4
/* The pieces of a transfer come a few dozen microseconds apart: so many looks cover
 * that before the second thread sleeps. */
#define LOOKS 20000

static void copy(enum gcl_copy_way way, char *to, const char *from, size_t n)
{
#ifdef __SSE2__
    size_t before = -(uintptr_t)to % 16;
    if (way == GCL_COPY_IN || n < STREAM_MIN) {
        memcpy(to, from, n);
        return;
    }
    memcpy(to, from, before);
    to += before;
    from += before;
    n -= before;
    /* With stores that go past the caches. */
    for (; n >= 64; n -= 64, to += 64, from += 64) {
        const __m128i *f = (const __m128i *)(const void *)from;
        __m128i *t = (__m128i *)(void *)to;
        __m128i a = _mm_loadu_si128(f), b = _mm_loadu_si128(f + 1), c = _mm_loadu_si128(f + 2),
                d = _mm_loadu_si128(f + 3);
        _mm_stream_si128(t, a);
        _mm_stream_si128(t + 1, b);
        _mm_stream_si128(t + 2, c);
        _mm_stream_si128(t + 3, d);
    }
    _mm_sfence(); /* the stores are weakly ordered */
#else
    (void)way;
#endif
    memcpy(to, from, n);
}

enum { FREE, JOB, ASLEEP };

static struct {
    pthread_mutex_t user; /* who may give it jobs */
    pthread_once_t once;
    bool started;
    pid_t pid; /* a forked child has no second thread */
    uint32_t state;
    enum gcl_copy_way way;
    char *to;
    const char *from;
    size_t n;
} second = {.user = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT};

static void wait_for_job(void)
{
    for (unsigned i = 0; i < LOOKS; i++) {
        if (__atomic_load_n(&second.state, __ATOMIC_ACQUIRE) == JOB)
            return;
        vocl_relax();
    }
    uint32_t idle = FREE;
    __atomic_compare_exchange_n(&second.state, &idle, ASLEEP, false, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&second.state, __ATOMIC_ACQUIRE) == ASLEEP)
        syscall(SYS_futex, &second.state, FUTEX_WAIT_PRIVATE, ASLEEP, NULL, NULL, 0);
}

static void *help(void *arg)
{
    for (;;) {
        wait_for_job();
        copy(second.way, second.to, second.from, second.n);
        __atomic_store_n(&second.state, FREE, __ATOMIC_RELEASE);
    }
    return arg;
}

static void start_second(void)
{
    if (gcl_thread_start(help, NULL))
        return;
    second.pid = getpid();
    second.started = true;
}

static void give_job(enum gcl_copy_way way, char *to, const char *from, size_t n)
{
    second.way = way;
    second.to = to;
    second.from = from;
    second.n = n;
    if (__atomic_exchange_n(&second.state, JOB, __ATOMIC_SEQ_CST) == ASLEEP)
        syscall(SYS_futex, &second.state, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static void wait_until_done(void)
{
    for (unsigned i = 0; __atomic_load_n(&second.state, __ATOMIC_ACQUIRE) == JOB; i++) {
        if (i < LOOKS)
            vocl_relax();
        else /* it has not got a processor */
            sched_yield();
    }
}

void gcl_copy_with(bool helper, enum gcl_copy_way way, void *to, const void *from, size_t n)
{
    size_t half = n / 2 & ~(size_t)63;
    if (helper)
        pthread_once(&second.once, start_second);
    if (!helper || n < HALVES_MIN || !second.started || second.pid != getpid() ||
        pthread_mutex_trylock(&second.user)) {
        copy(way, to, from, n);
        return;
    }
    give_job(way, (char *)to + half, (const char *)from + half, n - half);
    copy(way, to, from, half);
    wait_until_done();
    pthread_mutex_unlock(&second.user);
}

void gcl_copy(enum gcl_copy_way way, void *to, const void *from, size_t n)
{
    static int many; /* 0: not asked yet */
    int known = __atomic_load_n(&many, __ATOMIC_RELAXED);
    if (!known) {
        known = sysconf(_SC_NPROCESSORS_ONLN) >= PROCESSORS_MIN ? 1 : -1;
        __atomic_store_n(&many, known, __ATOMIC_RELAXED);
    }
    gcl_copy_with(known > 0, way, to, from, n);
}
