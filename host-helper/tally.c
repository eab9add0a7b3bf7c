// SPDX-License-Identifier: MIT
#include "tally.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

_Static_assert(sizeof(struct hcl_tally) == 4096, "a tally is one page");

/* A memfd and not anonymous memory: sealed, so that a worker cannot take the page
 * away from under the server. */
struct hcl_tally *hcl_tally_create(void)
{
    void *p = MAP_FAILED;
    int fd = memfd_create("vocl-tally", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return NULL;
    if (!ftruncate(fd, sizeof(struct hcl_tally)) &&
        !fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
        p = mmap(NULL, sizeof(struct hcl_tally), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return p == MAP_FAILED ? NULL : p;
}

void hcl_tally_keep(struct hcl_tally *t)
{
    madvise(t, sizeof(*t), MADV_DONTFORK);
}

void hcl_tally_destroy(struct hcl_tally *t)
{
    if (t)
        munmap(t, sizeof(*t));
}

/* The whole page is words. */
#define WORDS (sizeof(struct hcl_tally) / sizeof(uint64_t))

void hcl_tally_read(const struct hcl_tally *from, struct hcl_tally *to)
{
    const uint64_t *source = (const uint64_t *)from;
    uint64_t *target = (uint64_t *)to;
    for (size_t i = 0; i < WORDS; i++)
        target[i] = __atomic_load_n(&source[i], __ATOMIC_RELAXED);
}

static uint64_t sum_of(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void add_counters(uint64_t *sum, const uint64_t *word, const struct vocl_counter *counter)
{
    for (unsigned i = 0; i < VOCL_COUNTERS_MAX; i++) {
        if (counter[i].kind == VOCL_COUNTER_TOTAL)
            sum[i] = sum_of(sum[i], word[i]);
        else if (counter[i].kind == VOCL_COUNTER_MOST && word[i] > sum[i])
            sum[i] = word[i];
    }
}

void hcl_tally_add(struct hcl_tally *sum, const struct hcl_tally *t)
{
    add_counters(sum->host, t->host, vocl_host_counters);
    add_counters(sum->guest, t->guest, vocl_guest_counters);
    for (unsigned i = 0; i < HCL_TALLY_OPS; i++)
        sum->op[i] = sum_of(sum->op[i], t->op[i]);
}
