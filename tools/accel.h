/* SPDX-License-Identifier: MIT */
/*
 * accel.h - whether KVM is worth trying, and what became of the last try.
 */
#ifndef VOCL_ACCEL_H
#define VOCL_ACCEL_H

#include <stdbool.h>

/* NULL: /dev/kvm can make a virtual machine. Else why not, one line, static. */
const char *kvm_refusal(void);

/*
 * /dev/kvm may make virtual machines that do not boot; finding that out costs
 * seconds, so it is remembered until the host's next boot.
 */
bool kvm_known_broken(void);
void kvm_remember_broken(void);

#endif
