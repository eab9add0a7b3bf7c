// SPDX-License-Identifier: MIT
#include "include.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_DIRS 64

struct search {
    struct gcl_includes *inc;
    char *dir[MAX_DIRS]; /* 0: the working directory */
    unsigned num_dirs;
};

/* The name in the next #include from *at on, copied to name; false: no more. */
static int next_include(const char **at, char name[PATH_MAX])
{
    const char *p = *at;
    while ((p = strchr(p, '#'))) {
        p++;
        p += strspn(p, " \t");
        if (strncmp(p, "include", 7))
            continue;
        p += 7;
        p += strspn(p, " \t");
        if (*p != '"' && *p != '<')
            continue;
        const char *end = strpbrk(p + 1, *p == '"' ? "\"\n" : ">\n");
        if (!end || *end == '\n' || end - p > PATH_MAX)
            continue;
        memcpy(name, p + 1, end - p - 1);
        name[end - p - 1] = '\0';
        *at = end;
        return 1;
    }
    return 0;
}

int gcl_includes_any(const char *source)
{
    char name[PATH_MAX];
    return next_include(&source, name);
}

/* Take out "." and "x/.." ; false if the path leaves its folder or is absolute. */
static int normalise(char *path)
{
    char out[PATH_MAX] = "", *save = NULL;
    size_t len = 0;
    if (*path == '/' || !*path)
        return 0;
    for (char *part = strtok_r(path, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
        if (!strcmp(part, "."))
            continue;
        if (!strcmp(part, "..")) {
            if (!len)
                return 0;
            char *slash = strrchr(out, '/');
            len = slash ? (size_t)(slash - out) : 0;
            out[len] = '\0';
            continue;
        }
        len += snprintf(out + len, sizeof(out) - len, "%s%s", len ? "/" : "", part);
        if (len >= sizeof(out))
            return 0;
    }
    strcpy(path, out);
    return len > 0;
}

/* The whole file, NUL-terminated; NULL if it is none that a program includes. */
static char *read_file(const char *path, size_t room, size_t *len)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return NULL;
    char *text = NULL;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode) || (size_t)st.st_size > room)
        goto out;
    text = malloc(st.st_size + 1);
    if (!text)
        goto out;
    ssize_t n = 0;
    *len = 0;
    while (*len < (size_t)st.st_size && (n = read(fd, text + *len, st.st_size - *len)) > 0)
        *len += n;
    text[*len] = '\0';
out:
    close(fd);
    return text;
}

static int known(const struct gcl_includes *inc, const char *name)
{
    for (size_t i = 0; i < inc->count; i++)
        if (!strcmp(inc->names[i].data, name))
            return 1;
    return 0;
}

/* Keep the file; its text is the collection's from now on. */
static int add_file(struct gcl_includes *inc, const char *name, char *text, size_t len)
{
    char *copy = strdup(name);
    if (!copy) {
        free(text);
        return -ENOMEM;
    }
    inc->names[inc->count] = (struct vocl_bytes){copy, strlen(copy) + 1};
    inc->files[inc->count++] = (struct vocl_bytes){text, len};
    inc->bytes += len;
    return 0;
}

static int scan(struct search *s, const char *text, unsigned dir, const char *within);

/* Try one place. 1: found (now or before), 0: not there, -ENOMEM. */
static int try_file(struct search *s, unsigned dir, const char *within, const char *wanted)
{
    struct gcl_includes *inc = s->inc;
    char rel[PATH_MAX], path[2 * PATH_MAX], name[PATH_MAX + 16];
    size_t len;
    if (snprintf(rel, sizeof(rel), "%s%s%s", within, *within ? "/" : "", wanted) >=
            (int)sizeof(rel) ||
        !normalise(rel))
        return 0;
    snprintf(name, sizeof(name), "%u/%s", dir, rel);
    if (known(inc, name))
        return 1;
    if (inc->count == GCL_INCLUDE_MAX_FILES)
        return 0;
    snprintf(path, sizeof(path), "%s/%s", s->dir[dir], rel);
    char *text = read_file(path, GCL_INCLUDE_MAX_BYTES - inc->bytes, &len);
    if (!text)
        return 0;
    int rc = add_file(inc, name, text, len);
    if (rc)
        return rc;
    char *slash = strrchr(rel, '/');
    *(slash ? slash : rel) = '\0';
    rc = scan(s, text, dir, rel);
    return rc ? rc : 1;
}

/* What the text of a file in folder `dir`, sub-folder `within`, includes. */
static int scan(struct search *s, const char *text, unsigned dir, const char *within)
{
    char name[PATH_MAX];
    while (next_include(&text, name)) {
        int rc = try_file(s, dir, within, name);
        for (unsigned i = 0; !rc && i < s->num_dirs; i++)
            rc = try_file(s, i, "", name);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* One word of the options, quotes taken off; returns where the next begins. */
static const char *next_word(const char *p, char *word, size_t size)
{
    size_t n = 0;
    int quoted = 0;
    p += strspn(p, " \t\n");
    for (; *p && (quoted || !isspace((unsigned char)*p)); p++) {
        if (*p == '"')
            quoted = !quoted;
        else if (n + 1 < size)
            word[n++] = *p;
    }
    word[n] = '\0';
    return p;
}

/* -I DIR and -IDIR become placeholders; everything else stays as it is. */
static int rewrite_options(struct search *s, const char *options)
{
    size_t room = strlen(options) * 2 + MAX_DIRS;
    char *out = malloc(room), *word = malloc(strlen(options) + 1);
    size_t len = 0;
    int rc = out && word ? 0 : -ENOMEM;
    for (const char *p = options; !rc && *p;) {
        const char *start = p + strspn(p, " \t\n");
        p = next_word(p, word, strlen(options) + 1);
        if (strncmp(word, "-I", 2) || s->num_dirs == MAX_DIRS) {
            len += snprintf(out + len, room - len, "%s%.*s", len ? " " : "", (int)(p - start), start);
            continue;
        }
        if (!word[2])
            p = next_word(p, word + 2, strlen(options) - 1);
        if (!(s->dir[s->num_dirs] = strdup(word + 2)))
            rc = -ENOMEM;
        else
            len += snprintf(out + len, room - len, "%s-I%c%u%c", len ? " " : "", GCL_INCLUDE_MARK,
                            s->num_dirs++, GCL_INCLUDE_MARK);
    }
    if (!rc && len)
        s->inc->options = out;
    else
        free(out);
    free(word);
    return rc;
}

int gcl_includes_collect(struct gcl_includes *inc, const char *source, const char *options)
{
    struct search s = {.inc = inc, .num_dirs = 1};
    *inc = (struct gcl_includes){0};
    inc->names = calloc(GCL_INCLUDE_MAX_FILES, sizeof(*inc->names));
    inc->files = calloc(GCL_INCLUDE_MAX_FILES, sizeof(*inc->files));
    s.dir[0] = strdup(".");
    int rc = inc->names && inc->files && s.dir[0] ? 0 : -ENOMEM;
    if (!rc && options)
        rc = rewrite_options(&s, options);
    if (!rc)
        rc = scan(&s, source, 0, "");
    for (unsigned i = 0; i < s.num_dirs; i++)
        free(s.dir[i]);
    return rc;
}

void gcl_includes_finish(struct gcl_includes *inc)
{
    for (size_t i = 0; i < inc->count; i++) {
        free((void *)inc->names[i].data);
        free((void *)inc->files[i].data);
    }
    free(inc->names);
    free(inc->files);
    free(inc->options);
    *inc = (struct gcl_includes){0};
}
