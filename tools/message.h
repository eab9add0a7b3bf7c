/* SPDX-License-Identifier: MIT */
/*
 * message.h - how vocl speaks to its user: one line on stderr, "vocl: ...".
 */
#ifndef VOCL_MESSAGE_H
#define VOCL_MESSAGE_H

/*
 * What vocl itself exits with, where it does not pass on a program's status:
 * as timeout(1), env(1) and the shells do, so that scripts can tell.
 */
enum vocl_exit {
    VOCL_EXIT_USAGE = 2,
    VOCL_EXIT_TIMEOUT = 124,
    VOCL_EXIT_FAILED = 125, /* vocl could not do its part */
    VOCL_EXIT_CANNOT_RUN = 126,
    VOCL_EXIT_NOT_FOUND = 127,
    VOCL_EXIT_SIGNAL = 128, /* + the signal's number */
};

void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
