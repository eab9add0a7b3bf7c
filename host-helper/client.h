/* SPDX-License-Identifier: MIT */
/*
 * client.h - what the server hands a new worker process.
 *
 * The server forks one worker per client. The worker never returns to the
 * server's code: the child calls hcl_worker_main() with a transport made from
 * what it inherited, and exits with its result. The parent keeps the pid and
 * whatever it needs to know about the client's end.
 */
#ifndef HCL_CLIENT_H
#define HCL_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

struct hcl_tally;
struct hcl_transport;

/* Everything that --options decide; read-only after start. */
struct hcl_options {
    const char *runtime;       /* substring of the platform names to offer, or NULL: all */
    const char *allow_device;  /* substring of the device names to offer, or NULL: all */
    uint32_t max_clients;      /* per socket or VM */
    uint32_t max_regions;      /* per client */
    uint64_t max_mapped;       /* bytes per client */
    uint32_t max_objects;      /* OpenCL objects per client */
    bool sandbox;              /* seccomp and rlimits in the worker */
    bool shadow_svm;           /* no SVM is placed (svm.h) */
    bool stage_buffers;        /* no device is found to work in place (in_place.h) */
    bool no_callbacks;         /* no runtime calls back at once (complete.h) */
    bool verbose;
};

struct hcl_client_id {
    char name[80]; /* for every log line: "run.sock#3 pid 4711 clinfo" */
    struct hcl_tally *tally; /* where the worker counts, or NULL */
};

/*
 * The worker process, after the fork and with a transport in place: sandbox,
 * load the native OpenCL loader, decode and replay until the client goes.
 * Takes ownership of t. Returns the process's exit status: 0 the client went
 * away in good order, 1 anything else (already logged).
 */
int hcl_worker_main(const struct hcl_options *opt, const struct hcl_client_id *id,
                    struct hcl_transport *t);

#endif
