/* SPDX-License-Identifier: MIT */
/*
 * vm_client.h - what vm.c (the control queue) and vm_client.c (the workers)
 * share: the structures of a VM.
 *
 *   hcl_vm ── control queue
 *     ├─ queue[0..63]    as the front end has described them
 *     └─ client[1..63] ── worker process, link
 *          ├─ waiting: requests that the worker has to answer
 *          └─ unsent:  messages that the link has no room for
 */
#ifndef HCL_VM_CLIENT_H
#define HCL_VM_CLIENT_H

#include <sys/types.h>

#include "server.h"
#include "vm.h"
#include "vring.h"

/* A request of the control queue that has not been answered. */
struct hcl_vm_request {
    struct hcl_vm_request *next;
    uint32_t tag;
    struct hcl_chain chain;
};

struct hcl_vm_unsent {
    struct hcl_vm_unsent *next;
    size_t len;
    unsigned nfds;
    int fds[HCL_RAM_MAX_REGIONS]; /* ours */
    uint8_t data[];
};

enum hcl_vm_client_state {
    HCL_CLIENT_FREE = 0,
    HCL_CLIENT_STARTING, /* forked; OPEN is not answered */
    HCL_CLIENT_RUNNING,
    HCL_CLIENT_ENDING, /* told to end, or killed; becomes FREE */
    HCL_CLIENT_LOST,   /* has died; becomes FREE with CLOSE */
};

struct hcl_vm_client {
    struct hcl_vm *vm;
    uint32_t index;
    enum hcl_vm_client_state state;
    pid_t pid; /* 0: no process */
    struct hcl_client_id id;
    struct hcl_served *served; /* NULL: no place to be entered */
    int link_fd; /* -1: closed */
    struct hcl_watch *link_watch;
    bool link_wants_out;
    int timer_fd; /* grace, or the next try to report the loss; -1: off */
    struct hcl_watch *timer_watch;
    uint32_t open_tag;
    uint32_t open_error; /* why the worker could not start */
    struct hcl_vm_request *waiting;
    struct hcl_vm_request *close_request;
    struct hcl_vm_unsent *unsent;
    struct hcl_vm_unsent **unsent_end;
    unsigned n_unsent;
};

struct hcl_vm_queue_state {
    bool started;
    struct hcl_vm_queue q;
};

struct hcl_vm {
    struct hcl_server *server;
    const struct hcl_guest_ram *ram;
    hcl_vm_pending_fn pending;
    void *pending_opaque;
    char name[40];
    struct hcl_place *place; /* or NULL */
    uint32_t next_tag;
    bool silent; /* the front end has gone: touch no guest memory */
    bool broken; /* the control queue was malformed: dead until stopped */
    struct hcl_vring control;
    struct hcl_watch *control_watch;
    struct hcl_vm_queue_state queue[HCL_VM_MAX_QUEUES];
    struct hcl_vm_client client[HCL_VM_MAX_QUEUES]; /* [0] is not used */
    hcl_vm_stopped_fn stopped;                      /* NULL: nobody waits */
    void *stopped_opaque;
    uint32_t stop_first, stop_last; /* clients whose end is waited for */
    uint8_t *request;               /* the bytes of the one that is being looked at */
    uint8_t *link_msg;              /* HCL_LINK_MAX_MSG bytes */
};

/* Answer a request and free it. */
void hcl_vm_complete(struct hcl_vm *vm, struct hcl_vm_request *r, uint32_t status);

/* Where a queue's rings are now: the memory table may have changed since the
 * queue was started. Returns 0, or -EFAULT if they are not, or not aligned, in
 * guest RAM. */
int hcl_vm_ring_map(const struct hcl_vm *vm, const struct hcl_ring_place *at, void **desc,
                    void **avail, void **used);

/* A client has become FREE or LOST: whoever waits for the stop may go on. */
void hcl_vm_client_ended(struct hcl_vm *vm);

void hcl_vm_client_init(struct hcl_vm *vm, uint32_t index);

/* Fork a worker; takes r, which is answered. */
void hcl_vm_client_open(struct hcl_vm_client *c, struct hcl_vm_request *r, uint32_t pid,
                        const char *comm, const struct hcl_link_run *runs, uint32_t nruns);

/* Send m with `count` records behind it, all in m's memory; takes r, which is
 * answered. r's tag goes into m. */
void hcl_vm_client_request(struct hcl_vm_client *c, struct hcl_vm_request *r,
                           struct hcl_link_msg *m);

/* End the worker in good order; takes r. */
void hcl_vm_client_close(struct hcl_vm_client *c, struct hcl_vm_request *r);

/* End the worker at once. What waits is answered when it has exited. */
void hcl_vm_client_kill(struct hcl_vm_client *c);

/* Let the worker end; the server has a grace for it. */
void hcl_vm_client_shutdown(struct hcl_vm_client *c);

/* Tell the worker of a new memory table or call descriptor. */
void hcl_vm_client_send_ram(struct hcl_vm_client *c);
void hcl_vm_client_send_call(struct hcl_vm_client *c, int call_fd);

#endif
