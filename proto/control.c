// SPDX-License-Identifier: MIT
#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Not $TMPDIR: both sides must come to the same folders. */
int vocl_control_folder(unsigned i, uid_t uid, char *path, size_t len)
{
    const char *xdg = getenv("XDG_RUNTIME_DIR");
    int n;

    switch (i) {
    case 0:
        if (!xdg || xdg[0] != '/')
            return -ENAMETOOLONG;
        n = snprintf(path, len, "%s/virtio-ocl", xdg);
        break;
    case 1:
        n = snprintf(path, len, "/run/user/%u/virtio-ocl", (unsigned)uid);
        break;
    case 2: /* a system service's: systemd's RuntimeDirectory=virtio-ocl */
        n = snprintf(path, len, "/run/virtio-ocl");
        break;
    case 3:
        n = snprintf(path, len, "/tmp/virtio-ocl-%u", (unsigned)uid);
        break;
    default:
        return -ENOENT;
    }
    return n < (int)len ? 0 : -ENAMETOOLONG;
}

bool vocl_control_folder_safe(const char *path, uid_t uid)
{
    struct stat st;
    return !lstat(path, &st) && S_ISDIR(st.st_mode) && st.st_uid == uid &&
           !(st.st_mode & (S_IWGRP | S_IWOTH));
}
