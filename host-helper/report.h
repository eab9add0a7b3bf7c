/* SPDX-License-Identifier: MIT */
/*
 * report.h - a roster as the JSON document that proto/control.h describes.
 */
#ifndef HCL_REPORT_H
#define HCL_REPORT_H

#include "roster.h"

/* NULL: no memory. The caller frees it. */
char *hcl_report(const struct hcl_roster *r);

#endif
