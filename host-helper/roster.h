/* SPDX-License-Identifier: MIT */
/*
 * roster.h - who is served: the server's sockets, the clients of each, and what
 * was counted for them. What `vocl top` shows.
 *
 *   hcl_roster ─┬─ hcl_place  a socket of programs ─┬─ hcl_served ── tally
 *               │    └─ past: the sum of those       └─ hcl_served ── tally
 *               └─ hcl_place  a VM's socket ─── hcl_served ── tally
 *
 * Ownership: a place is made and destroyed by whoever serves the socket, after its
 * last client; a served client by whoever forks its worker.
 * Threading: the server's one thread.
 */
#ifndef HCL_ROSTER_H
#define HCL_ROSTER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "tally.h"

enum hcl_place_kind { HCL_PLACE_PROGRAMS, HCL_PLACE_VM };

#define HCL_UID_UNKNOWN -1

/* What the transport knows of a client. comm is printable ASCII. */
struct hcl_who {
    uint64_t number; /* of its place's clients */
    uint32_t pid;    /* in a VM: the guest's */
    int64_t uid;     /* or HCL_UID_UNKNOWN */
    char comm[17];
};

struct hcl_served {
    LIST_ENTRY(hcl_served) link;
    struct hcl_place *place;
    struct hcl_who who;
    pid_t worker;  /* 0: not forked yet */
    int64_t since; /* ms, monotonic */
    struct hcl_tally *tally;
};

struct hcl_place {
    LIST_ENTRY(hcl_place) link;
    enum hcl_place_kind kind;
    char *path;
    bool connected;        /* a VM is there */
    uint64_t ended;        /* clients */
    struct hcl_tally past; /* what they had counted */
    LIST_HEAD(, hcl_served) served;
};

struct hcl_roster {
    int64_t since; /* ms, monotonic */
    LIST_HEAD(, hcl_place) places;
};

void hcl_roster_init(struct hcl_roster *r);

/* path is copied. NULL: no memory. */
struct hcl_place *hcl_place_create(struct hcl_roster *r, enum hcl_place_kind kind,
                                   const char *path);
/* NULL is allowed. */
void hcl_place_destroy(struct hcl_place *p);

/* A client comes: its tally is there, for the fork to share. NULL: no memory. */
struct hcl_served *hcl_served_create(struct hcl_place *p, const struct hcl_who *who);
/* Its worker runs; no later worker is to see its tally. */
void hcl_served_forked(struct hcl_served *s, pid_t worker);
/* It has gone, and if it had a worker its tally goes to the place's past. NULL is
 * allowed. */
void hcl_served_destroy(struct hcl_served *s);

/* Milliseconds since `since`. */
int64_t hcl_roster_age(int64_t since);

#endif
