// SPDX-License-Identifier: MIT
#include "include.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* "NUMBER/part/part": no part may be empty, "." or "..". */
static bool name_ok(const char *name)
{
    if (strlen(name) >= PATH_MAX / 2 || !strchr(name, '/'))
        return false;
    for (const char *p = name;; p++) {
        size_t len = strcspn(p, "/");
        if (!len || (len == 1 && p[0] == '.') || (len == 2 && p[0] == '.' && p[1] == '.'))
            return false;
        p += len;
        if (!*p)
            return true;
    }
}

static int make_parents(char *path, size_t root)
{
    for (char *p = path + root; (p = strchr(p, '/')); p++) {
        *p = '\0';
        int rc = mkdir(path, 0700) && errno != EEXIST ? -errno : 0;
        *p = '/';
        if (rc)
            return rc;
    }
    return 0;
}

static int write_file(const struct hcl_includes *inc, const char *name, struct vocl_bytes data)
{
    char path[PATH_MAX];
    size_t root = strlen(inc->dir) + 1;
    snprintf(path, sizeof(path), "%s/%s", inc->dir, name);
    int rc = make_parents(path, root);
    if (rc)
        return rc;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    const char *at = data.data;
    for (uint64_t left = data.len; left && !rc;) {
        ssize_t n = write(fd, at, left);
        if (n < 0 && errno != EINTR)
            rc = -errno;
        else if (n > 0)
            at += n, left -= n;
    }
    close(fd);
    return rc;
}

int hcl_includes_write(struct hcl_includes *inc, struct vocl_blobs names, struct vocl_blobs files)
{
    struct vocl_bytes name, data;
    const char *tmp = getenv("TMPDIR");
    if (names.count != files.count || names.count > HCL_INCLUDE_MAX_FILES)
        return -EPROTO;
    if (!names.count)
        return 0;
    if (snprintf(inc->dir, sizeof(inc->dir), "%s/vocl-include-XXXXXX", tmp && *tmp ? tmp : "/tmp") >=
            (int)sizeof(inc->dir) ||
        !mkdtemp(inc->dir)) {
        inc->dir[0] = '\0';
        return -ENOSPC;
    }
    int rc = 0;
    while (!rc && vocl_blobs_next(&names, &name) && vocl_blobs_next(&files, &data)) {
        const char *text = vocl_bytes_text(name);
        rc = text && name_ok(text) ? write_file(inc, text, data) : -EPROTO;
    }
    return rc;
}

char *hcl_includes_options(const struct hcl_includes *inc, const char *options)
{
    size_t marks = 0;
    options = options ? options : "";
    for (const char *p = options; *p; p++)
        marks += *p == HCL_INCLUDE_MARK;
    size_t room = strlen(options) + (marks + 1) * (sizeof(inc->dir) + 8);
    char *out = malloc(room);
    size_t len = 0;
    if (!out)
        return NULL;
    for (bool open = true; *options; options++) {
        if (*options != HCL_INCLUDE_MARK) {
            out[len++] = *options;
            continue;
        }
        if (open)
            len += snprintf(out + len, room - len, "%s/", inc->dir);
        open = !open;
    }
    out[len] = '\0';
    if (inc->dir[0])
        snprintf(out + len, room - len, "%s-I%s/0", len ? " " : "", inc->dir);
    return out;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

void hcl_includes_finish(struct hcl_includes *inc)
{
    if (inc->dir[0])
        nftw(inc->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    inc->dir[0] = '\0';
}
