// SPDX-License-Identifier: MIT
#include "roster.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t hcl_roster_age(int64_t since)
{
    return now_ms() - since;
}

void hcl_roster_init(struct hcl_roster *r)
{
    r->since = now_ms();
    LIST_INIT(&r->places);
}

/* Whoever asks may be in another folder. NULL: no memory. */
static char *absolute(const char *path)
{
    char folder[PATH_MAX], *whole;
    if (path[0] == '/' || !getcwd(folder, sizeof(folder)))
        return strdup(path);
    return asprintf(&whole, "%s/%s", folder, path) < 0 ? NULL : whole;
}

struct hcl_place *hcl_place_create(struct hcl_roster *r, enum hcl_place_kind kind, const char *path)
{
    struct hcl_place *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    p->kind = kind;
    p->path = absolute(path);
    if (!p->path) {
        free(p);
        return NULL;
    }
    LIST_INIT(&p->served);
    LIST_INSERT_HEAD(&r->places, p, link);
    return p;
}

void hcl_place_destroy(struct hcl_place *p)
{
    if (!p)
        return;
    LIST_REMOVE(p, link);
    free(p->path);
    free(p);
}

struct hcl_served *hcl_served_create(struct hcl_place *p, const struct hcl_who *who)
{
    struct hcl_served *s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    s->tally = hcl_tally_create();
    if (!s->tally) {
        free(s);
        return NULL;
    }
    s->place = p;
    s->who = *who;
    s->since = now_ms();
    LIST_INSERT_HEAD(&p->served, s, link);
    return s;
}

void hcl_served_forked(struct hcl_served *s, pid_t worker)
{
    s->worker = worker;
    hcl_tally_keep(s->tally);
}

void hcl_served_destroy(struct hcl_served *s)
{
    struct hcl_tally last;
    if (!s)
        return;
    if (s->worker) {
        hcl_tally_read(s->tally, &last);
        hcl_tally_add(&s->place->past, &last);
        s->place->ended++;
    }
    LIST_REMOVE(s, link);
    hcl_tally_destroy(s->tally);
    free(s);
}
