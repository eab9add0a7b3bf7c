// SPDX-License-Identifier: MIT
#include "thread.h"

#include <pthread.h>
#include <signal.h>

int gcl_thread_start(void *(*fn)(void *arg), void *arg)
{
    sigset_t all, old;
    pthread_t thread;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int rc = pthread_create(&thread, NULL, fn, arg);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (!rc)
        pthread_detach(thread);
    return -rc;
}
