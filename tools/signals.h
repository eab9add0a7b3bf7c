/* SPDX-License-Identifier: MIT */
/*
 * signals.h - the signals that end or concern a run. vocl takes them when it
 * waits, never in a handler; those that its caller has it ignore (nohup) stay so.
 */
#ifndef VOCL_SIGNALS_H
#define VOCL_SIGNALS_H

#include <signal.h>

/* Block them and SIGCHLD from here on; before gets the mask that the user's
 * program must have. */
void signals_hold(sigset_t *held, sigset_t *before);

/* A held signal that has arrived meanwhile, SIGCHLD apart; 0: none. */
int signals_pending(const sigset_t *held);

#endif
