/* SPDX-License-Identifier: MIT */
/*
 * control_socket.h - the socket at which the server tells what it counts
 * (proto/control.h).
 */
#ifndef HCL_CONTROL_SOCKET_H
#define HCL_CONTROL_SOCKET_H

#include "server.h"

/*
 * Listen at path, a string that outlives s; or, path NULL, in the first of the
 * well-known folders that can be had. Returns 0 or -errno, logged.
 */
int hcl_control_start(struct hcl_server *s, const char *path);

#endif
