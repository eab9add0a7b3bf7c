// SPDX-License-Identifier: MIT
/*
 * The crew with a transport, a guest and a decoder of the test's own: the calls
 * here block until another call lets them go.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "crew.h"
#include "decoder.h"
#include "worker.h"

#define SECONDS 20 /* for what takes a fraction of one */

enum op { BLOCK = 1, OPEN, COUNT };

/* All words are atomic. Kept until the process ends: threads may still use them. */
struct setting {
    struct setting *before;
    struct hcl_transport transport;
    struct hcl_worker worker;
    struct vocl_ring guest;
    void *channel;
    pthread_t run;
    int ended; /* hcl_crew_run has returned */
    int kick, interrupt;
    int gone;    /* the client */
    int patient; /* a leader looks for more for ever */
    int rung, blocked, answered, refused, counted;
    sem_t gate;
};

static struct setting *all;

static void add(int *word, int n)
{
    __atomic_add_fetch(word, n, __ATOMIC_SEQ_CST);
}

static int get(const int *word)
{
    return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void await(const int *word, int value)
{
    time_t end = time(NULL) + SECONDS;
    while (get(word) != value) {
        if (time(NULL) > end)
            fail_msg("%d instead of %d", get(word), value);
        sched_yield();
    }
}

static struct setting *of(struct hcl_transport *t)
{
    return (struct setting *)((char *)t - offsetof(struct setting, transport));
}

static void drain(int fd)
{
    uint64_t n;
    ssize_t ignored = read(fd, &n, sizeof(n));
    (void)ignored;
}

static void ring(int fd)
{
    uint64_t one = 1;
    assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
}

/* ---- the transport ---- */

static int wait_for_kick(struct hcl_transport *t, int timeout_ms)
{
    struct setting *s = of(t);
    struct pollfd fds[] = {{.fd = s->kick, .events = POLLIN},
                           {.fd = s->interrupt, .events = POLLIN}};
    poll(fds, 2, timeout_ms);
    if (fds[0].revents)
        drain(s->kick);
    if (fds[1].revents)
        drain(s->interrupt);
    return get(&s->gone) ? -EPIPE : 0;
}

static void interrupt(struct hcl_transport *t)
{
    ring(of(t)->interrupt);
}

static const struct hcl_transport_ops ops = {
    .name = "test", .wait = wait_for_kick, .interrupt = interrupt};

/* ---- in place of decoder.c ---- */

struct hcl_decoder {
    struct hcl_worker *w;
};

struct hcl_decoder *hcl_decoder_create(struct hcl_worker *w)
{
    struct hcl_decoder *d = malloc(sizeof(*d));
    if (d)
        d->w = w;
    return d;
}

void hcl_decoder_destroy(struct hcl_decoder *d)
{
    free(d);
}

/* Returns whether this thread has the role still. */
static bool block(struct setting *s)
{
    if (!hcl_crew_hand_over(s->worker.crew)) {
        add(&s->refused, 1);
        return true;
    }
    add(&s->blocked, 1);
    while (sem_wait(&s->gate))
        ;
    add(&s->blocked, -1);
    bool leads = hcl_crew_take_back(s->worker.crew);
    add(&s->answered, 1);
    return leads;
}

static bool carry_out(struct setting *s, enum op op)
{
    if (op == BLOCK)
        return block(s);
    if (op == OPEN)
        sem_post(&s->gate);
    else
        add(&s->counted, 1);
    return true;
}

bool hcl_decoder_lead(struct hcl_decoder *d)
{
    struct setting *s = of(d->w->t);
    struct vocl_record hdr;
    uint64_t body;
    while (!__atomic_load_n(&d->w->stop, __ATOMIC_ACQUIRE)) {
        if (vocl_ring_get(&d->w->cmd, &hdr, &body, sizeof(body)) == 1) {
            if (!carry_out(s, hdr.op))
                return false;
        } else if (!get(&s->patient)) {
            return true;
        } else {
            sched_yield();
        }
    }
    return true;
}

/* ---- the guest ---- */

static void send(struct setting *s, enum op op)
{
    struct vocl_channel_header *h = s->worker.header;
    while (vocl_ring_put(&s->guest, op, 0, NULL, 0))
        sched_yield();
    if (__atomic_load_n(&h->host_asleep, __ATOMIC_SEQ_CST) &&
        __atomic_exchange_n(&h->host_asleep, 0, __ATOMIC_SEQ_CST)) {
        add(&s->rung, 1);
        ring(s->kick);
    }
}

static void *run(void *opaque)
{
    struct setting *s = opaque;
    hcl_crew_run(s->worker.crew);
    add(&s->ended, 1);
    return NULL;
}

static int setup(void **state)
{
    struct setting *s = calloc(1, sizeof(*s));
    if (!s)
        return -1;
    s->before = all;
    all = s;
    s->channel = calloc(1, VOCL_CHANNEL_SIZE);
    s->kick = eventfd(0, EFD_NONBLOCK);
    s->interrupt = eventfd(0, EFD_NONBLOCK);
    sem_init(&s->gate, 0, 0);
    vocl_channel_init(s->channel, 1);
    vocl_ring_init_cmd(&s->guest, s->channel);
    s->transport = (struct hcl_transport){.ops = &ops, .channel = s->channel, .control_fd = -1};
    s->worker.t = &s->transport;
    s->worker.header = vocl_channel_header(s->channel);
    vocl_ring_init_cmd(&s->worker.cmd, s->channel);
    s->worker.crew = hcl_crew_create(&s->worker);
    *state = s;
    return !s->channel || !s->worker.crew || pthread_create(&s->run, NULL, run, s);
}

static void stop(struct setting *s)
{
    __atomic_store_n(&s->worker.stop, true, __ATOMIC_RELEASE);
    interrupt(&s->transport);
    await(&s->ended, 1);
}

static int teardown(void **state)
{
    struct setting *s = *state;
    stop(s);
    pthread_join(s->run, NULL);
    for (int i = 0; i < HCL_CREW_MAX; i++)
        sem_post(&s->gate);
    await(&s->blocked, 0);
    return 0;
}

/* ---- tests ---- */

static void a_record_is_decoded_while_a_call_blocks(void **state)
{
    struct setting *s = *state;
    send(s, BLOCK);
    await(&s->blocked, 1);
    send(s, COUNT);
    await(&s->counted, 1);
    assert_int_equal(get(&s->answered), 0);
    send(s, OPEN);
    await(&s->answered, 1);
    send(s, COUNT);
    await(&s->counted, 2);
}

static void all_threads_but_one_may_block(void **state)
{
    struct setting *s = *state;
    for (int i = 1; i < HCL_CREW_MAX; i++) {
        send(s, BLOCK);
        await(&s->blocked, i);
    }
    send(s, BLOCK);
    await(&s->refused, 1);
    for (int i = 1; i < HCL_CREW_MAX; i++)
        send(s, OPEN);
    await(&s->answered, HCL_CREW_MAX - 1);
    send(s, BLOCK);
    await(&s->blocked, 1);
    assert_int_equal(get(&s->refused), 1);
    send(s, OPEN);
    await(&s->answered, HCL_CREW_MAX);
}

/* What comes while the role changes hands must find somebody awake. */
static void no_record_is_lost_when_the_role_changes_hands(void **state)
{
    struct setting *s = *state;
    for (int i = 1; i <= 3000; i++) {
        if (i % 3)
            send(s, BLOCK);
        send(s, COUNT);
        if (i % 3)
            send(s, OPEN);
        await(&s->counted, i);
        await(&s->answered, i - i / 3);
    }
    assert_int_equal(get(&s->refused), 0);
}

static void no_record_is_lost_with_threads_that_are_patient(void **state)
{
    struct setting *s = *state;
    add(&s->patient, 1);
    no_record_is_lost_when_the_role_changes_hands(state);
}

/* The doorbell would be a system call, and the doorman's waking another. */
static void a_loop_of_blocking_calls_does_not_ring(void **state)
{
    struct setting *s = *state;
    add(&s->patient, 1);
    for (int i = 1; i <= 200; i++) {
        sem_post(&s->gate); /* the runtime returns at once */
        send(s, BLOCK);
        await(&s->answered, i);
    }
    assert_int_equal(get(&s->rung), 1);
}

static void a_stop_does_not_wait_for_what_blocks(void **state)
{
    struct setting *s = *state;
    send(s, BLOCK);
    await(&s->blocked, 1);
    send(s, BLOCK);
    await(&s->blocked, 2);
    stop(s);
    assert_int_equal(get(&s->blocked), 2);
}

static void a_stop_ends_a_leader_that_is_awake(void **state)
{
    struct setting *s = *state;
    add(&s->patient, 1);
    send(s, COUNT);
    await(&s->counted, 1);
    stop(s);
}

static void a_client_that_goes_while_a_call_blocks_is_noticed(void **state)
{
    struct setting *s = *state;
    send(s, BLOCK);
    await(&s->blocked, 1);
    add(&s->gone, 1);
    ring(s->kick);
    await(&s->ended, 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_record_is_decoded_while_a_call_blocks),
        TEST(all_threads_but_one_may_block),
        TEST(no_record_is_lost_when_the_role_changes_hands),
        TEST(no_record_is_lost_with_threads_that_are_patient),
        TEST(a_loop_of_blocking_calls_does_not_ring),
        TEST(a_stop_does_not_wait_for_what_blocks),
        TEST(a_stop_ends_a_leader_that_is_awake),
        TEST(a_client_that_goes_while_a_call_blocks_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
