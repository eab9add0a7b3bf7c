/* SPDX-License-Identifier: MIT */
/*
 * guest_machine.h - the agent as pid 1: it makes the guest's file systems and
 * devices, and ends the guest. A failure is said on the console, and powers off.
 */
#ifndef VOCL_GUEST_MACHINE_H
#define VOCL_GUEST_MACHINE_H

#include <stdint.h>

/* Modules, the root (chroot(2) into it), /dev, /proc, /sys, the device's node. */
void guest_set_up(void);

/* The byte channel to the host, and how much of what the host sends it can hold. */
struct channel {
    int fd;
    uint32_t window; /* bytes, headers included; 0: the host need not count */
    uint32_t taken;  /* read, and not yet told to the host */
};

void guest_open_channel(struct channel *c);

void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void power_off(void) __attribute__((noreturn));
void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
