// SPDX-License-Identifier: MIT
#include "report.h"

#include <jansson.h>
#include <unistd.h>

#include "calls.h"
#include "control.h"

/* Whatever a worker wrote becomes a number that JSON's readers take. */
static json_t *number(uint64_t n)
{
    return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

static json_t *counters(const uint64_t *word, const struct vocl_counter *counter)
{
    json_t *all = json_object();
    for (unsigned i = 0; i < VOCL_COUNTERS_MAX; i++)
        if (counter[i].name)
            json_object_set_new(all, counter[i].name, number(word[i]));
    return all;
}

static json_t *calls(const struct hcl_tally *t)
{
    json_t *all = json_object();
    for (unsigned op = 0; op < HCL_TALLY_OPS; op++)
        if (t->op[op] && vocl_op_name(op))
            json_object_set_new(all, vocl_op_name(op), number(t->op[op]));
    return all;
}

static void set_tally(json_t *o, const struct hcl_tally *t)
{
    json_object_set_new(o, "guest", counters(t->guest, vocl_guest_counters));
    json_object_set_new(o, "host", counters(t->host, vocl_host_counters));
    json_object_set_new(o, "calls", calls(t));
}

static json_t *client(const struct hcl_served *s)
{
    struct hcl_tally now;
    json_t *o = json_object();
    json_object_set_new(o, "number", number(s->who.number));
    json_object_set_new(o, "name", json_string(s->who.comm));
    json_object_set_new(o, "pid", json_integer(s->who.pid));
    json_object_set_new(o, "uid",
                        s->who.uid == HCL_UID_UNKNOWN ? json_null() : json_integer(s->who.uid));
    json_object_set_new(o, "worker", json_integer(s->worker));
    json_object_set_new(o, "seconds", json_real((double)hcl_roster_age(s->since) / 1000));
    hcl_tally_read(s->tally, &now);
    set_tally(o, &now);
    return o;
}

static json_t *place(const struct hcl_place *p)
{
    const struct hcl_served *s;
    json_t *o = json_object(), *past = json_object(), *clients = json_array();
    /* A path is any bytes but 0, and JSON is UTF-8. */
    json_t *path = json_string(p->path);
    json_object_set_new(o, "path", path ? path : json_string("(not UTF-8)"));
    json_object_set_new(o, "serves", json_string(p->kind == HCL_PLACE_VM ? "vm" : "programs"));
    json_object_set_new(o, "connected", json_boolean(p->kind != HCL_PLACE_VM || p->connected));
    json_object_set_new(o, "ended", number(p->ended));
    set_tally(past, &p->past);
    json_object_set_new(o, "past", past);
    LIST_FOREACH(s, &p->served, link)
    {
        json_array_append_new(clients, client(s));
    }
    json_object_set_new(o, "clients", clients);
    return o;
}

static json_t *helper(const struct hcl_roster *r)
{
    return json_pack("{s:i, s:I, s:s, s:f}", "pid", (int)getpid(), "uid", (json_int_t)geteuid(),
                     "version", VOCL_VERSION, "seconds", (double)hcl_roster_age(r->since) / 1000);
}

char *hcl_report(const struct hcl_roster *r)
{
    const struct hcl_place *p;
    json_t *doc = json_object(), *sockets = json_array();
    json_object_set_new(doc, "virtio-ocl", json_integer(VOCL_CONTROL_VERSION));
    json_object_set_new(doc, "helper", helper(r));
    LIST_FOREACH(p, &r->places, link)
    {
        json_array_append_new(sockets, place(p));
    }
    json_object_set_new(doc, "sockets", sockets);
    char *text = json_dumps(doc, JSON_COMPACT);
    json_decref(doc);
    return text;
}
