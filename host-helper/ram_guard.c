// SPDX-License-Identifier: MIT
#include "ram_guard.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

#include "log.h"

/* A helper serves some tens of VMs with a few regions each. */
#define MAX_RANGES 1024

static struct {
    uintptr_t start;
    size_t len; /* 0: free */
} range[MAX_RANGES];

/* The fault is the server's own access, not an interruption of anything, so
 * the handler may do what ordinary code may. */
static void on_sigbus(int sig, siginfo_t *info, void *context)
{
    uintptr_t at = (uintptr_t)info->si_addr;

    for (unsigned i = 0; i < MAX_RANGES; i++) {
        if (at < range[i].start || at - range[i].start >= range[i].len)
            continue;
        void *p = mmap((void *)range[i].start, range[i].len, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
        if (p == MAP_FAILED)
            break;
        madvise(p, range[i].len, MADV_DONTFORK);
        hcl_log("a VM's memory has been truncated by its front end: its device is dead");
        return;
    }
    signal(SIGBUS, SIG_DFL); /* not ours: the access is repeated, and deadly */
}

static void install(void)
{
    struct sigaction sa = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO};

    sigemptyset(&sa.sa_mask);
    sigaction(SIGBUS, &sa, NULL);
}

int ram_guard_add(void *start, size_t len)
{
    for (unsigned i = 0; i < MAX_RANGES; i++) {
        if (range[i].len > 0)
            continue;
        install();
        range[i].start = (uintptr_t)start;
        range[i].len = len;
        return 0;
    }
    return -ENOSPC;
}

void ram_guard_remove(void *start)
{
    for (unsigned i = 0; i < MAX_RANGES; i++) {
        if (range[i].len > 0 && range[i].start == (uintptr_t)start)
            range[i].len = 0;
    }
}

void ram_guard_finish(void)
{
    for (unsigned i = 0; i < MAX_RANGES; i++)
        range[i].len = 0;
    signal(SIGBUS, SIG_DFL);
}
