// SPDX-License-Identifier: MIT
/*
 * print.c - what kernels print.
 *
 * The runtime writes it to this process's stdout, which is a pipe to
 * ourselves. A thread forwards it as messages; whoever is about to tell the
 * guest of a completion forwards first what is there, so that the text is on
 * its way before the news.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "calls.h"
#include "count.h"
#include "log.h"
#include "worker.h"

/* One message; a quarter of the ring is the most that a record may take. */
#define PRINT_CHUNK 8192

/* Under print_lock. */
static void forward(struct hcl_worker *w)
{
    char text[PRINT_CHUNK];
    ssize_t n;
    while ((n = read(w->print_fd, text, sizeof(text))) > 0) {
        struct vocl_writer m;
        vocl_writer_init(&m);
        vocl_put_msg_print_req(&m, &(struct vocl_msg_print_req){{text, n}});
        hcl_send_message(w, VOCL_MSG_PRINT, &m);
        hcl_count_alone(w, HCL_N_PRINT_BYTES, n);
        vocl_writer_finish(&m);
    }
}

void hcl_print_flush(struct hcl_worker *w)
{
    if (!__atomic_load_n(&w->may_print, __ATOMIC_RELAXED))
        return;
    fflush(stdout);
    pthread_mutex_lock(&w->print_lock);
    forward(w);
    pthread_mutex_unlock(&w->print_lock);
}

static void *print_thread(void *arg)
{
    struct hcl_worker *w = arg;
    struct pollfd p = {.fd = w->print_fd, .events = POLLIN};
    for (;;) {
        if (poll(&p, 1, -1) < 0 && errno != EINTR)
            return NULL;
        pthread_mutex_lock(&w->print_lock);
        forward(w);
        pthread_mutex_unlock(&w->print_lock);
    }
}

int hcl_print_start(struct hcl_worker *w)
{
    pthread_t thread;
    int fd[2];
    pthread_mutex_init(&w->print_lock, NULL);
    if (pipe2(fd, O_CLOEXEC))
        return -errno;
    if (dup2(fd[1], STDOUT_FILENO) < 0 || fcntl(fd[0], F_SETFL, O_NONBLOCK) < 0)
        return -errno;
    close(fd[1]);
    w->print_fd = fd[0];
    int rc = pthread_create(&thread, NULL, print_thread, w);
    if (!rc)
        pthread_detach(thread);
    return -rc;
}
