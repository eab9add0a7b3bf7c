/* SPDX-License-Identifier: MIT */
/*
 * probe.h - is there an OpenCL device to serve? Asked once at start, in a
 * process of its own, because a runtime's threads and bugs have no place in
 * the server.
 */
#ifndef HCL_PROBE_H
#define HCL_PROBE_H

struct hcl_options;

/*
 * Returns 0 when at least one device passes the filters, or -ENODEV after
 * logging one line that says what to do. Blocks for up to 30 s.
 */
int hcl_probe_runtime(const struct hcl_options *opt);

#endif
