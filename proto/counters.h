/* SPDX-License-Identifier: MIT */
/*
 * counters.h - everything that is counted, described once: a number, a name,
 * what sort of number it is, and one sentence.
 *
 * Each side counts what it does itself. The guest's library counts into words of
 * its channel (vocl_channel_counters); the worker into a page that it shares with
 * the server (host-helper/tally.h), where it also puts copies of the guest's
 * words. So every reader must take them for what the counting side says, and
 * nothing may depend on them.
 *
 * Numbers are places in shared memory: append-only, never used again. Those that
 * are counted at the same moments, or under the same lock, are neighbours: eight
 * are a cache line.
 *
 * Threading: a word has one writing process and may have many threads; relaxed
 * atomics only.
 */
#ifndef VOCL_COUNTERS_H
#define VOCL_COUNTERS_H

#include <stdint.h>

/* "write" is from the program to the device, "read" is back. */
#define VOCL_GUEST_COUNTER_LIST(X)                                                                 \
    /* under the connection's lock */                                                              \
    X(0, ROUND_TRIPS, "round_trips", TOTAL, TIMES, "records sent whose answer is waited for")      \
    X(1, POSTS, "posts", TOTAL, TIMES, "records sent without waiting for an answer")               \
    X(2, COMMAND_BYTES, "command_bytes", TOTAL, BYTES, "put into the command ring")                \
    X(3, FRAGMENTS, "fragments", TOTAL, TIMES, "pieces of calls too large for one record")         \
    X(4, RING_FULL, "ring_full", TOTAL, TIMES, "waits for room in the command ring")               \
    /* waiting and waking */                                                                       \
    X(8, DOORBELLS, "doorbells", TOTAL, TIMES, "doorbells rung, since the worker slept")           \
    X(9, SPINS_HIT, "spins_hit", TOTAL, TIMES, "waits that ended while looking, without sleep")    \
    X(10, SPINS_MISSED, "spins_missed", TOTAL, TIMES, "waits that looked in vain and then slept")  \
    X(11, SLEEPS, "sleeps", TOTAL, TIMES, "times that a thread slept until the worker woke it")    \
    X(12, LOCAL_ANSWERS, "local_answers", TOTAL, TIMES, "calls answered in the library")           \
    X(13, CALLBACKS, "callbacks", TOTAL, TIMES, "the program's callbacks called")                  \
    X(14, PRINT_BYTES, "print_bytes", TOTAL, BYTES, "printed by kernels")                          \
    X(15, KEPT_ANSWERS, "kept_answers", TOTAL, TIMES,                                              \
      "queries answered with what the worker said before")                                         \
    /* ways of bulk data */                                                                        \
    X(16, INLINE_WRITE, "inline_write_bytes", TOTAL, BYTES, "sent inside calls")                   \
    X(17, INLINE_READ, "inline_read_bytes", TOTAL, BYTES, "received inside answers")               \
    X(18, STAGED_WRITE, "staged_write_bytes", TOTAL, BYTES, "sent through staging memory")         \
    X(19, STAGED_READ, "staged_read_bytes", TOTAL, BYTES, "received through staging memory")       \
    X(20, MAPPED_WRITE, "mapped_write_bytes", TOTAL, BYTES,                                        \
      "read in place by the worker, from the program's own pages")                                 \
    X(21, MAPPED_READ, "mapped_read_bytes", TOTAL, BYTES,                                          \
      "written in place by the worker, to the program's own pages")                                \
    X(22, SVM_WRITE, "svm_write_bytes", TOTAL, BYTES,                                              \
      "read in place from memory that both sides see: SVM and mapped buffers")                     \
    X(23, SVM_READ, "svm_read_bytes", TOTAL, BYTES, "written in place to such memory")             \
    X(24, COPIED_WRITE, "copied_write_bytes", TOTAL, BYTES,                                        \
      "copied by the library on the way to the worker, inside calls or into shared memory")        \
    X(25, COPIED_READ, "copied_read_bytes", TOTAL, BYTES,                                          \
      "copied by the library on the way from the worker")                                          \
    X(26, DIRECT_WRITE, "direct_write_bytes", TOTAL, BYTES,                                        \
      "copied by the library into a buffer's own memory, as the runtime would have")               \
    X(27, DIRECT_READ, "direct_read_bytes", TOTAL, BYTES,                                          \
      "copied by the library out of a buffer's own memory")                                        \
    /* memory that both sides see */                                                               \
    X(32, STAGING_HITS, "staging_hits", TOTAL, TIMES, "staging buffers used again")                \
    X(33, STAGING_MISSES, "staging_misses", TOTAL, TIMES, "staging buffers that had to be made")   \
    X(34, ALLOCATIONS, "allocations", TOTAL, TIMES, "pieces of shared memory made")                \
    X(35, ALLOCATED_BYTES, "allocated_bytes", TOTAL, BYTES, "shared memory made")                  \
    X(36, REGISTRATIONS, "registrations", TOTAL, TIMES,                                            \
      "times that the program's own memory was shared")                                            \
    X(37, REGISTERED_BYTES, "registered_bytes", TOTAL, BYTES, "the program's own memory shared")   \
    X(38, TRANSFERS, "transfers", LIVE, TIMES, "transfers of commands that may be under way")      \
    X(39, REGISTRATION_HITS, "registration_hits", TOTAL, TIMES,                                    \
      "of these, that the driver found shared already")                                            \
    /* the shadows */                                                                              \
    X(40, OBJECTS, "objects", LIVE, TIMES, "OpenCL objects of the program's")                      \
    X(41, EVENT_SLOTS, "event_slots", LIVE, TIMES, "places for events' states in use")

#define VOCL_HOST_COUNTER_LIST(X)                                                                  \
    /* the decoder's */                                                                            \
    X(0, CALLS, "calls", TOTAL, TIMES, "calls carried out whose answer the guest waits for")       \
    X(1, POSTS, "posts", TOTAL, TIMES, "calls carried out without an answer")                      \
    X(2, COMMAND_BYTES, "command_bytes", TOTAL, BYTES, "taken from the command ring")              \
    X(3, QUEUE_MOST, "queue_most_bytes", MOST, BYTES,                                              \
      "seen waiting in the command ring, at every 64th record")                                    \
    X(4, DOORBELLS, "doorbells", TOTAL, TIMES, "times that the decoder slept and was woken")       \
    X(5, SPINS_HIT, "spins_hit", TOTAL, TIMES, "times that the decoder looked, and a call came")   \
    X(6, SPINS_MISSED, "spins_missed", TOTAL, TIMES, "times that it looked in vain, and slept")    \
    X(7, RING_FULL, "ring_full", TOTAL, TIMES, "times that the guest waited for room")             \
    /* any thread's */                                                                             \
    X(8, WAKES, "wakes", TOTAL, TIMES, "wake-ups sent to the guest")                               \
    X(9, REPLIES, "replies", TOTAL, TIMES, "answers sent")                                         \
    X(10, REPLY_BYTES, "reply_bytes", TOTAL, BYTES, "answers' bytes")                              \
    X(11, ERRORS, "errors", TOTAL, TIMES, "answers that were an OpenCL error")                     \
    X(12, MESSAGES, "messages", TOTAL, TIMES, "messages sent: callbacks and printed text")         \
    X(13, MESSAGES_KEPT, "messages_kept_bytes", LIVE, BYTES,                                       \
      "messages that wait for room in their ring")                                                 \
    X(14, PRINT_BYTES, "print_bytes", TOTAL, BYTES, "printed by kernels")                          \
    X(15, MALFORMED, "malformed", TOTAL, TIMES,                                                    \
      "requests that no guest of ours sends; the first ends the client")                           \
    /* ways of bulk data */                                                                        \
    X(16, INLINE_WRITE, "inline_write_bytes", TOTAL, BYTES, "received inside calls")               \
    X(17, INLINE_READ, "inline_read_bytes", TOTAL, BYTES, "sent inside answers")                   \
    X(18, REGION_WRITE, "region_write_bytes", TOTAL, BYTES,                                        \
      "read by commands in memory that both sides see")                                            \
    X(19, REGION_READ, "region_read_bytes", TOTAL, BYTES,                                          \
      "written by commands in memory that both sides see")                                         \
    X(20, SVM_WRITE, "svm_write_bytes", TOTAL, BYTES, "read by commands in shared virtual memory") \
    X(21, SVM_READ, "svm_read_bytes", TOTAL, BYTES,                                                \
      "written by commands in shared virtual memory")                                              \
    X(22, GATHERED_WRITE, "gathered_write_bytes", TOTAL, BYTES,                                    \
      "copied out of the guest's own memory")                                                      \
    X(23, GATHERED_READ, "gathered_read_bytes", TOTAL, BYTES,                                      \
      "copied into the guest's own memory")                                                        \
    /* what there is now */                                                                        \
    X(24, REGIONS, "regions", LIVE, TIMES, "pieces of memory shared with the guest")               \
    X(25, REGION_BYTES, "region_bytes", LIVE, BYTES, "memory shared with the guest")               \
    X(26, EVENTS_PENDING, "events_pending", LIVE, TIMES, "events whose end is awaited")            \
    X(27, WAITERS, "waiters", LIVE, TIMES, "threads for native calls that block")                  \
    X(28, DEFERRED_MOST, "deferred_most", MOST, TIMES, "blocking calls that waited for a thread")  \
    X(29, LATE_ERRORS, "late_errors", TOTAL, TIMES, "calls without an answer that failed")         \
    X(30, PUBLISHED, "published_ms", LIVE, TIMES,                                                  \
      "when this was last looked at, by the worker's clock")                                       \
    /* native objects, by type: enum hcl_type - 1 + 32 */                                          \
    X(32, PLATFORMS, "platforms", LIVE, TIMES, "platforms named to the guest")                     \
    X(33, DEVICES, "devices", LIVE, TIMES, "devices named to the guest, and sub-devices")          \
    X(34, CONTEXTS, "contexts", LIVE, TIMES, "contexts")                                           \
    X(35, QUEUES, "queues", LIVE, TIMES, "command queues")                                         \
    X(36, MEMS, "mems", LIVE, TIMES, "memory objects")                                             \
    X(37, SAMPLERS, "samplers", LIVE, TIMES, "samplers")                                           \
    X(38, PROGRAMS, "programs", LIVE, TIMES, "programs")                                           \
    X(39, KERNELS, "kernels", LIVE, TIMES, "kernels")                                              \
    X(40, EVENTS, "events", LIVE, TIMES, "events")                                                 \
    X(41, SVMS, "svms", LIVE, TIMES, "allocations of shared virtual memory")                       \
    X(42, COMMAND_BUFFERS, "command_buffers", LIVE, TIMES, "command buffers")                      \
    X(43, SEMAPHORES, "semaphores", LIVE, TIMES, "semaphores")                                     \
    X(44, MUTABLE_COMMANDS, "mutable_commands", LIVE, TIMES, "recorded commands with a handle")

/* Places on either side, more than there are counters. 1 KiB: a quarter of the
 * channel's header page, and of the worker's page. */
#define VOCL_COUNTERS_MAX 128u

enum vocl_counter_kind {
    VOCL_COUNTER_TOTAL, /* only grows: differences are rates */
    VOCL_COUNTER_LIVE,  /* how many, or how much, there is now */
    VOCL_COUNTER_MOST,  /* the largest that was seen */
};

enum vocl_counter_unit { VOCL_COUNTER_TIMES, VOCL_COUNTER_BYTES };

/* How to show counter `number`; name NULL: no counter has that number. */
struct vocl_counter {
    const char *name;
    enum vocl_counter_kind kind;
    enum vocl_counter_unit unit;
    const char *text;
};

#define VOCL_GUEST_COUNTER(n, id, ...) GCL_N_##id = n,
enum vocl_guest_counter { VOCL_GUEST_COUNTER_LIST(VOCL_GUEST_COUNTER) };
#undef VOCL_GUEST_COUNTER

#define VOCL_HOST_COUNTER(n, id, ...) HCL_N_##id = n,
enum vocl_host_counter { VOCL_HOST_COUNTER_LIST(VOCL_HOST_COUNTER) };
#undef VOCL_HOST_COUNTER

extern const struct vocl_counter vocl_guest_counters[VOCL_COUNTERS_MAX];
extern const struct vocl_counter vocl_host_counters[VOCL_COUNTERS_MAX];

/* A counter's word is aligned in memory, also where a uint64_t need not be: i386. */
typedef uint64_t vocl_counter_word __attribute__((aligned(8)));

static inline uint64_t vocl_count_read(const uint64_t *counter)
{
    const vocl_counter_word *word = counter;
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/* Count by n; a LIVE one by what it changes. Any thread. */
static inline void vocl_count(uint64_t *counter, int64_t n)
{
    vocl_counter_word *word = counter;
    __atomic_fetch_add(word, (uint64_t)n, __ATOMIC_RELAXED);
}

/* The same where no other thread writes this word at the moment: a fifth of the
 * price. */
static inline void vocl_count_alone(uint64_t *counter, int64_t n)
{
    vocl_counter_word *word = counter;
    __atomic_store_n(word, __atomic_load_n(word, __ATOMIC_RELAXED) + (uint64_t)n, __ATOMIC_RELAXED);
}

/* A MOST; one writing thread. */
static inline void vocl_count_most(uint64_t *counter, uint64_t n)
{
    vocl_counter_word *word = counter;
    if (n > __atomic_load_n(word, __ATOMIC_RELAXED))
        __atomic_store_n(word, n, __ATOMIC_RELAXED);
}

#endif
