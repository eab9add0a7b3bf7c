/* SPDX-License-Identifier: MIT */
/*
 * transport_socket.h - the worker's side of the unix socket (proto/socket.h).
 */
#ifndef HCL_TRANSPORT_SOCKET_H
#define HCL_TRANSPORT_SOCKET_H

struct hcl_options;
struct hcl_transport;

/*
 * Make the channel and hand it to the client at the other end of conn (a
 * connected SOCK_SEQPACKET socket, owned by the transport from now on, also on
 * failure). Returns NULL on failure, logged; the client has been told why.
 */
struct hcl_transport *hcl_transport_socket_create(int conn, const struct hcl_options *opt);

/* Tell the client at conn, which has had no HELLO yet, why it is not served.
 * Never blocks. status: enum vocl_sock_status. Does not close conn. */
void hcl_transport_socket_refuse(int conn, unsigned status, const char *reason);

#endif
