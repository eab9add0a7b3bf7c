/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "guest_kernel.h"
#include "message.h"
#include "process.h"

/* Some seconds of work on an idle machine. */
#define UNPACK_MS 120000

/* Offsets of the boot protocol's header (Documentation/arch/x86/boot.rst). */
enum {
    BZ_SETUP_SECTS = 0x1f1,    /* u8; 0 means 4 */
    BZ_MAGIC = 0x202,          /* "HdrS" */
    BZ_PROTOCOL = 0x206,       /* u16; the payload fields came with 2.08 */
    BZ_KERNEL_VERSION = 0x20e, /* u16, of the string, from 0x200 */
    BZ_PAYLOAD_OFFSET = 0x248, /* u32, from the end of the setup sectors */
    BZ_PAYLOAD_LENGTH = 0x24c, /* u32 */
    BZ_HEADER_END = 0x250,
};

struct image {
    const uint8_t *data;
    size_t len;
};

static int image_open(struct image *img, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    void *p;

    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) < 0 || st.st_size < BZ_HEADER_END) {
        close(fd);
        return -ENOEXEC;
    }
    p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (p == MAP_FAILED)
        return -errno;
    *img = (struct image){p, (size_t)st.st_size};
    return 0;
}

static void image_close(struct image *img)
{
    munmap((void *)img->data, img->len);
}

static uint32_t get32(const struct image *img, size_t at)
{
    uint32_t v;

    memcpy(&v, img->data + at, sizeof(v));
    return le32toh(v);
}

static bool image_is_elf(const struct image *img)
{
    return !memcmp(img->data, "\177ELF", 4);
}

static bool image_is_bzimage(const struct image *img)
{
    return !memcmp(img->data + BZ_MAGIC, "HdrS", 4) && (get32(img, BZ_PROTOCOL) & 0xffff) >= 0x0208;
}

/* The first word of text; it may not run past the image's end. */
static int copy_word(char *out, size_t size, const struct image *img, size_t at)
{
    size_t n = 0;

    while (at + n < img->len && n < size - 1 && img->data[at + n] > ' ')
        n++;
    memcpy(out, img->data + at, n);
    out[n] = '\0';
    return n ? 0 : -ENOEXEC;
}

static int image_release(const struct image *img, char *release, size_t size)
{
    static const char banner[] = "Linux version ";
    const uint8_t *p;

    if (image_is_bzimage(img))
        return copy_word(release, size, img, (get32(img, BZ_KERNEL_VERSION) & 0xffff) + 0x200);
    p = image_is_elf(img) ? memmem(img->data, img->len, banner, sizeof(banner) - 1) : NULL;
    if (!p)
        return -ENOEXEC;
    return copy_word(release, size, img, (size_t)(p - img->data) + sizeof(banner) - 1);
}

static int use(struct guest_kernel *k, const char *file)
{
    struct image img;
    int ret = image_open(&img, file);

    if (!ret) {
        ret = image_release(&img, k->release, sizeof(k->release));
        image_close(&img);
    }
    if (ret == -ENOEXEC)
        say("%s is not an x86 Linux kernel", file);
    else if (ret < 0)
        say("cannot open kernel %s: %s", file, strerror(-ret));
    snprintf(k->image, sizeof(k->image), "%s", file);
    return ret;
}

static bool has_driver(const struct parts *parts, const char *release)
{
    char path[PATH_MAX];

    return !parts_driver(parts, release, path);
}

/* Is candidate a better choice than best ("": none yet)? */
static bool better(const struct parts *parts, const char *candidate, const char *best)
{
    struct utsname host;
    bool driver = has_driver(parts, candidate);

    if (!best[0] || driver != has_driver(parts, best))
        return !best[0] || driver;
    uname(&host);
    if (!strcmp(best, host.release) || !strcmp(candidate, host.release))
        return !strcmp(candidate, host.release);
    return strverscmp(candidate, best) > 0;
}

int guest_kernel_find(struct guest_kernel *k, const struct parts *parts, const char *file)
{
    static const char prefix[] = "vmlinuz-";
    char best[256] = "", path[PATH_MAX];
    struct dirent *e;
    DIR *dir;

    if (file)
        return use(k, file);
    dir = opendir("/boot");
    while (dir && (e = readdir(dir))) {
        const char *release = e->d_name + sizeof(prefix) - 1;

        if (!strncmp(e->d_name, prefix, sizeof(prefix) - 1) && better(parts, release, best))
            snprintf(best, sizeof(best), "%s", release);
    }
    if (dir)
        closedir(dir);
    if (!best[0]) {
        say("no kernel in /boot for the guest: install linux-image-amd64, or name one with "
            "--kernel");
        return -ENOENT;
    }
    snprintf(path, sizeof(path), "/boot/%s%s", prefix, best);
    return use(k, path);
}

/* How the payload is packed, told by its first bytes. */
static const struct packing {
    const char *magic;
    size_t len;
    char *argv[4];
    const char *package;
} packings[] = {
    {"\3757zXZ", 6, {"xz", "-dc", "--single-stream"}, "xz-utils"},
    {"\050\265\057\375", 4, {"zstd", "-dc"}, "zstd"},
    {"\037\213\010", 3, {"gzip", "-dc"}, "gzip"},
    {"\002\041\114\030", 4, {"lz4", "-dc"}, "lz4"},
    {"BZh", 3, {"bzip2", "-dc"}, "bzip2"},
};

static const struct packing *find_packing(const struct image *img, size_t at, size_t len)
{
    for (size_t i = 0; i < sizeof(packings) / sizeof(packings[0]); i++) {
        if (len > packings[i].len && !memcmp(img->data + at, packings[i].magic, packings[i].len))
            return &packings[i];
    }
    return NULL;
}

/* Finds the packed ELF image in a bzImage. -ENOEXEC: it is not one. */
static int find_payload(const struct image *img, size_t *at, size_t *len)
{
    size_t sects = img->data[BZ_SETUP_SECTS] ? img->data[BZ_SETUP_SECTS] : 4;

    if (!image_is_bzimage(img))
        return -ENOEXEC;
    *at = (sects + 1) * 512 + get32(img, BZ_PAYLOAD_OFFSET);
    *len = get32(img, BZ_PAYLOAD_LENGTH);
    return *at > img->len || *len > img->len - *at ? -ENOEXEC : 0;
}

/* A memory file of the payload, at its start; -errno. */
static int payload_file(const struct image *img, size_t at, size_t len)
{
    int fd = memfd_create("payload", MFD_CLOEXEC);

    if (fd < 0)
        return -errno;
    if (write(fd, img->data + at, len) == (ssize_t)len && !lseek(fd, 0, SEEK_SET))
        return fd;
    close(fd);
    return -EIO;
}

/*
 * The kernel's build appends four bytes, the unpacked size, to most formats;
 * xz and zstd complain about them after having written everything. So the
 * result is judged by what it is, not by the exit status.
 */
static int unpack(const struct image *img, int out)
{
    char magic[4] = "";
    const struct packing *packing;
    size_t at, len;
    int fd, ret = find_payload(img, &at, &len);

    if (ret < 0)
        return ret;
    packing = find_packing(img, at, len);
    if (!packing)
        return -ENOEXEC;
    fd = payload_file(img, at, len - (packing->argv[0][0] == 'g' ? 0 : 4));
    if (fd < 0)
        return fd;
    ret = process_filter(packing->argv, UNPACK_MS, fd, out);
    close(fd);
    if (ret == -ENOENT)
        say("unpacking the kernel needs %s: install %s", packing->argv[0], packing->package);
    if (ret < 0)
        return ret;
    return pread(out, magic, 4, 0) == 4 && !memcmp(magic, "\177ELF", 4) ? 0 : -ENOEXEC;
}

/* Another vocl may unpack the same kernel now: each writes its own file. */
static int unpack_to(const struct image *img, const char *path)
{
    char tmp[PATH_MAX];
    int fd, ret;

    if (snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path) >= (int)sizeof(tmp))
        return -ENAMETOOLONG;
    fd = mkostemp(tmp, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ret = unpack(img, fd);
    if (!ret && rename(tmp, path) < 0)
        ret = -errno;
    if (ret < 0)
        unlink(tmp);
    close(fd);
    return ret;
}

/* The cached image's name changes with the packed file. */
static int vmlinux_path(struct guest_kernel *k, const struct scratch *scratch)
{
    char folder[PATH_MAX], name[256];
    struct stat st;

    if (stat(k->image, &st) < 0)
        return -errno;
    snprintf(name, sizeof(name), "vmlinux-%s-%llx-%llx", k->release, (unsigned long long)st.st_size,
             (unsigned long long)st.st_mtime);
    path_join(k->vmlinux, cache_folder(folder, "kernel") < 0 ? scratch->path : folder, name);
    return 0;
}

int guest_kernel_unpack(struct guest_kernel *k, const struct scratch *scratch)
{
    struct image img;
    int ret = image_open(&img, k->image);

    if (ret < 0)
        return ret;
    if (image_is_elf(&img)) {
        strcpy(k->vmlinux, k->image);
        goto out;
    }
    ret = vmlinux_path(k, scratch);
    if (!ret && access(k->vmlinux, R_OK) < 0)
        ret = unpack_to(&img, k->vmlinux);
out:
    image_close(&img);
    if (ret < 0)
        say("cannot unpack kernel %s: %s", k->image,
            ret == -ENOEXEC ? "no payload that this machine can unpack" : strerror(-ret));
    return ret;
}
