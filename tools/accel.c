/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "accel.h"
#include "scratch.h"

const char *kvm_refusal(void)
{
    static char why[128];
    int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm;

    if (fd < 0) {
        snprintf(why, sizeof(why), "/dev/kvm: %s%s", strerror(errno),
                 errno == EACCES ? " (is this user in the group kvm?)" : "");
        return why;
    }
    vm = ioctl(fd, KVM_CREATE_VM, 0);
    snprintf(why, sizeof(why), "/dev/kvm makes no virtual machine: %s", strerror(errno));
    close(fd);
    if (vm < 0)
        return why;
    close(vm);
    return NULL;
}

/* A name that changes when the host boots again. */
static bool note_path(char *path)
{
    char folder[PATH_MAX], name[64], id[40] = "";
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

    if (f && !fgets(id, sizeof(id), f))
        id[0] = '\0';
    if (f)
        fclose(f);
    id[strcspn(id, "\n")] = '\0';
    if (!id[0] || cache_folder(folder, "kvm-broken") < 0)
        return false;
    snprintf(name, sizeof(name), "%s", id);
    path_join(path, folder, name);
    return true;
}

bool kvm_known_broken(void)
{
    char path[PATH_MAX];

    return note_path(path) && !access(path, F_OK);
}

void kvm_remember_broken(void)
{
    char path[PATH_MAX];
    int fd = note_path(path) ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;

    if (fd >= 0)
        close(fd);
}
