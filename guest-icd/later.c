// SPDX-License-Identifier: MIT
#include "later.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "backing.h"
#include "connection.h"
#include "count.h"
#include "event.h"
#include "queue.h"
#include "stubs.h"
#include "thread.h"

struct job {
    struct job *next;
    cl_mem m;      /* held */
    cl_event gate; /* a reference of ours: set when the copy has been made */
    bool out;
    size_t offset, size;
    char *ptr;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t more;
    bool started;
    struct job *first;
    struct job **last;
} jobs = {.lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER, .last = &jobs.first};

/* The copy has been made, or never will be: status. */
static void job_end(struct job *j, cl_int status)
{
    gcl_dispatch.clSetUserEventStatus(j->gate, status);
    gcl_dispatch.clReleaseEvent(j->gate);
    gcl_put(&j->m->base);
    free(j);
}

static void job_run(struct job *j)
{
    char *memory = (char *)j->m->memory.addr + j->offset;
    gcl_backing_touch(j->m, j->offset, j->size);
    memcpy(j->out ? j->ptr : memory, j->out ? memory : j->ptr, j->size);
    gcl_count(j->out ? GCL_N_DIRECT_READ : GCL_N_DIRECT_WRITE, j->size);
    job_end(j, CL_COMPLETE);
}

static void *copying_thread(void *arg)
{
    for (;;) {
        pthread_mutex_lock(&jobs.lock);
        while (!jobs.first)
            pthread_cond_wait(&jobs.more, &jobs.lock);
        struct job *j = jobs.first;
        jobs.first = j->next;
        if (!jobs.first)
            jobs.last = &jobs.first;
        pthread_mutex_unlock(&jobs.lock);
        job_run(j);
    }
    return arg;
}

static bool start_thread(void)
{
    pthread_mutex_lock(&jobs.lock);
    if (!jobs.started)
        jobs.started = !gcl_thread_start(copying_thread, NULL);
    bool started = jobs.started;
    pthread_mutex_unlock(&jobs.lock);
    return started;
}

static void job_submit(struct job *j)
{
    pthread_mutex_lock(&jobs.lock);
    j->next = NULL;
    *jobs.last = j;
    jobs.last = &j->next;
    pthread_cond_signal(&jobs.more);
    pthread_mutex_unlock(&jobs.lock);
}

/* What comes before the copy has ended. Some runtimes call with CL_COMPLETE also where
 * it has failed; the event itself knows. */
static void CL_CALLBACK before_ended(cl_event event, cl_int status, void *opaque)
{
    struct job *j = opaque;
    cl_int really = status;
    if (status == CL_COMPLETE)
        gcl_dispatch.clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof(really),
                                    &really, NULL);
    gcl_dispatch.clReleaseEvent(event);
    if (really < 0)
        job_end(j, really);
    else
        job_submit(j);
}

/* The queue's own place for the copy: what comes after it waits for the gate. */
static cl_int enqueue_end(cl_command_queue q, struct job *j, cl_event *event)
{
    cl_int err = gcl_dispatch.clEnqueueMarkerWithWaitList(q, 1, &j->gate, event);
    if (!err && event)
        (*event)->command = j->out ? CL_COMMAND_READ_BUFFER : CL_COMMAND_WRITE_BUFFER;
    return err;
}

/* Behind what the queue has and the list says. */
static cl_int enqueue_behind(cl_command_queue q, struct job *j, cl_uint n, const cl_event *list,
                             cl_event *event)
{
    cl_event before = NULL;
    cl_int err = gcl_dispatch.clEnqueueMarkerWithWaitList(q, n, list, &before);
    if (err)
        return err;
    if ((err = enqueue_end(q, j, event))) {
        gcl_dispatch.clReleaseEvent(before);
        return err;
    }
    err = gcl_dispatch.clSetEventCallback(before, CL_COMPLETE, before_ended, j);
    if (!err)
        return CL_SUCCESS;
    /* The end is in the queue already, so the copy has to be made: now is when it can be. */
    gcl_dispatch.clWaitForEvents(1, &before);
    before_ended(before, CL_COMPLETE, j);
    return CL_SUCCESS;
}

static struct job *job_create(cl_mem m, bool out, size_t offset, size_t size, void *ptr)
{
    cl_int err;
    struct job *j = malloc(sizeof(*j));
    if (!j)
        return NULL;
    *j = (struct job){.m = m, .out = out, .offset = offset, .size = size, .ptr = ptr};
    j->gate = gcl_dispatch.clCreateUserEvent(m->context, &err);
    if (err) {
        free(j);
        return NULL;
    }
    gcl_get(&m->base);
    return j;
}

bool gcl_copy_later(cl_command_queue q, cl_mem m, bool out, size_t offset, size_t size, void *ptr,
                    cl_uint n, const cl_event *list, cl_event *event)
{
    cl_int err;
    if ((event && q->profiling) || !gcl_connection_untroubled() || !start_thread())
        return false;
    /* Held, it stays quiet until the end is in it. */
    bool held = gcl_events_complete(m->context, n, list) && gcl_queue_hold(q, false);
    if (!held && !q->in_order) /* a marker would wait for more than the command may */
        return false;
    struct job *j = job_create(m, out, offset, size, ptr);
    if (!j)
        err = CL_OUT_OF_HOST_MEMORY;
    else if (held)
        err = enqueue_end(q, j, event);
    else
        err = enqueue_behind(q, j, n, list, event);
    if (held)
        gcl_queue_let_go(q);
    if (err && j)
        job_end(j, CL_OUT_OF_RESOURCES);
    else if (!err && held)
        job_submit(j);
    return !err;
}
