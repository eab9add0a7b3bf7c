/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "signals.h"

static const int concern[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

#define COUNT (sizeof(concern) / sizeof(concern[0]))

void signals_hold(sigset_t *held, sigset_t *before)
{
    sigemptyset(held);
    sigaddset(held, SIGCHLD);
    for (size_t i = 0; i < COUNT; i++) {
        struct sigaction now;

        sigaction(concern[i], NULL, &now);
        if (now.sa_handler != SIG_IGN)
            sigaddset(held, concern[i]);
    }
    sigprocmask(SIG_BLOCK, held, before);
}

int signals_pending(const sigset_t *held)
{
    sigset_t pending;

    sigpending(&pending);
    for (size_t i = 0; i < COUNT; i++) {
        if (sigismember(held, concern[i]) && sigismember(&pending, concern[i]))
            return concern[i];
    }
    return 0;
}
