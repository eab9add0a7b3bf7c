/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "agent_wire.h"
#include "guest_machine.h"

/* How long a device that the kernel announces asynchronously may take. Emulated
 * on a busy machine a probe takes seconds; vocl's own boot limit is longer. */
#define DEVICE_WAIT_MS 30000
#define DEVICE_POLL_MS 5

static void say_v(const char *fmt, va_list ap)
{
    char line[512];
    int n = snprintf(line, sizeof(line), "vocl-agent: ");

    vsnprintf(line + n, sizeof(line) - (size_t)n, fmt, ap);
    dprintf(STDERR_FILENO, "%s\n", line);
}

void say(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say_v(fmt, ap);
    va_end(ap);
}

void power_off(void)
{
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}

void die(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say_v(fmt, ap);
    va_end(ap);
    tcdrain(STDERR_FILENO);
    power_off();
}

static void mount_or_die(const char *source, const char *target, const char *type,
                         unsigned long flags, const char *data)
{
    if (mount(source, target, type, flags, data) < 0)
        die("cannot mount %s (%s) on %s: %s", source, type, target, strerror(errno));
}

/* The value of vocl.NAME=VALUE on the kernel's command line; def if not there. */
static const char *boot_option(const char *name, const char *def)
{
    static char cmdline[4096];
    size_t len = strlen(name);
    char *p;

    if (!cmdline[0]) {
        int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? 0 : read(fd, cmdline, sizeof(cmdline) - 1);

        cmdline[n > 0 ? n : 0] = '\0';
        close(fd);
        for (p = cmdline; *p; p++) {
            if (*p == ' ' || *p == '\n')
                *p = '\0';
        }
    }
    for (p = cmdline; p < cmdline + sizeof(cmdline) - 1; p += strlen(p) + 1) {
        if (!strncmp(p, name, len) && p[len] == '=')
            return p + len + 1;
    }
    return def;
}

static void load_module(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        die("cannot open module %s: %s", path, strerror(errno));
    if (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST)
        die("cannot load module %s: %s", path, strerror(errno));
    close(fd);
}

/* /modules/list names the modules, one a line, in the order to load them. */
static void load_modules(void)
{
    FILE *list = fopen("/modules/list", "re");
    char line[256];

    if (!list)
        die("cannot open /modules/list: %s", strerror(errno));
    while (fgets(line, sizeof(line), list)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0])
            load_module(line);
    }
    fclose(list);
}

static void mount_kernel_filesystems(void)
{
    mount_or_die("proc", "/proc", "proc", 0, NULL);
    mount_or_die("sysfs", "/sys", "sysfs", 0, NULL);
    /* UML mounts devtmpfs by itself (CONFIG_DEVTMPFS_MOUNT). */
    if (mount("devtmpfs", "/dev", "devtmpfs", 0, "mode=0755") < 0 && errno != EBUSY)
        die("cannot mount devtmpfs: %s", strerror(errno));
}

static void mount_host_root(void)
{
    const char *type = boot_option("vocl.root", "9p");

    if (!strcmp(type, "hostfs"))
        mount_or_die("none", "/lower", "hostfs", MS_RDONLY, "/");
    else
        mount_or_die("root", "/lower", "9p", MS_RDONLY,
                     "trans=virtio,version=9p2000.L,msize=512000,cache=loose,access=any");
}

/* The host's / under a tmpfs: the guest may write anywhere, the host keeps nothing. */
static void mount_root(void)
{
    mount_host_root();
    mount_or_die("tmpfs", "/upper", "tmpfs", 0, "mode=0755");
    if (mkdir("/upper/data", 0755) < 0 || mkdir("/upper/work", 0755) < 0)
        die("cannot prepare the overlay: %s", strerror(errno));
    mount_or_die("overlay", "/root", "overlay", 0,
                 "lowerdir=/lower,upperdir=/upper/data,workdir=/upper/work");
    mount_or_die("/dev", "/root/dev", NULL, MS_MOVE, NULL);
    mount_or_die("/proc", "/root/proc", NULL, MS_MOVE, NULL);
    mount_or_die("/sys", "/root/sys", NULL, MS_MOVE, NULL);
    if (chdir("/root") < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 ||
        chdir("/") < 0)
        die("cannot enter the guest's root: %s", strerror(errno));
}

/* What udev and an init would add to devtmpfs; programs expect these. */
static void complete_dev(void)
{
    mkdir("/dev/pts", 0755);
    mkdir("/dev/shm", 01777);
    mount_or_die("devpts", "/dev/pts", "devpts", 0, "mode=0620,ptmxmode=0666");
    mount_or_die("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777");
    if (symlink("/proc/self/fd", "/dev/fd") < 0 || symlink("/proc/self/fd/0", "/dev/stdin") < 0 ||
        symlink("/proc/self/fd/1", "/dev/stdout") < 0 ||
        symlink("/proc/self/fd/2", "/dev/stderr") < 0)
        say("cannot complete /dev: %s", strerror(errno));
}

static void raise_loopback(void)
{
    struct ifreq req = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &req) < 0)
        say("no loopback interface: %s", strerror(errno));
    close(fd);
}

static void sleep_ms(unsigned ms)
{
    poll(NULL, 0, (int)ms);
}

/* Opens path once it exists. -1 after DEVICE_WAIT_MS. */
static int open_when_there(const char *path, int flags)
{
    for (unsigned ms = 0; ms < DEVICE_WAIT_MS; ms += DEVICE_POLL_MS) {
        int fd = open(path, flags);

        if (fd >= 0 || errno != ENOENT)
            return fd;
        sleep_ms(DEVICE_POLL_MS);
    }
    return -1;
}

/* The /dev name of the port called AGENT_PORT_NAME, or false: not there yet. */
static bool find_port(char *path, size_t len)
{
    DIR *dir = opendir("/sys/class/virtio-ports");
    struct dirent *e;
    bool found = false;

    while (dir && !found && (e = readdir(dir))) {
        char file[320], name[64] = "";
        int fd;

        snprintf(file, sizeof(file), "/sys/class/virtio-ports/%s/name", e->d_name);
        fd = open(file, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            continue;
        if (read(fd, name, sizeof(name) - 1) > 0)
            found = !strncmp(name, AGENT_PORT_NAME, strlen(AGENT_PORT_NAME));
        close(fd);
        if (found)
            snprintf(path, len, "/dev/%s", e->d_name);
    }
    if (dir)
        closedir(dir);
    return found;
}

static int open_port(void)
{
    char path[300];

    for (unsigned ms = 0; ms < DEVICE_WAIT_MS; ms += DEVICE_POLL_MS) {
        if (find_port(path, sizeof(path)))
            return open_when_there(path, O_RDWR | O_CLOEXEC);
        sleep_ms(DEVICE_POLL_MS);
    }
    errno = ENODEV;
    return -1;
}

static int open_serial(const char *path)
{
    int fd = open_when_there(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
    struct termios t;

    if (fd < 0 || tcgetattr(fd, &t) < 0)
        return -1;
    cfmakeraw(&t);
    t.c_cflag |= CLOCAL;
    return tcsetattr(fd, TCSANOW, &t) < 0 ? -1 : fd;
}

void guest_open_channel(struct channel *c)
{
    const char *path = boot_option("vocl.channel", "virtio");
    bool port = !strcmp(path, "virtio");

    *c = (struct channel){
        .fd = port ? open_port() : open_serial(path),
        .window = port ? 0 : AGENT_SERIAL_WINDOW,
    };
    if (c->fd < 0)
        die("no channel to the host (%s): %s", path, strerror(errno));
}

/* The driver's node, for every user: who may use the device is the host's choice. */
static void await_device(void)
{
    int fd;

    if (strcmp(boot_option("vocl.device", "0"), "1"))
        return;
    fd = open_when_there("/dev/virtio-ocl", O_PATH | O_CLOEXEC);
    if (fd < 0)
        die("the driver found no virtio-ocl device");
    close(fd);
    if (chmod("/dev/virtio-ocl", 0666) < 0)
        die("cannot open /dev/virtio-ocl to users: %s", strerror(errno));
}

void guest_set_up(void)
{
    /* Modes below are meant as written. */
    umask(0);
    mount_kernel_filesystems();
    load_modules();
    mount_root();
    complete_dev();
    raise_loopback();
    if (sethostname("vocl-vm", 7) < 0)
        perror("sethostname"); /* a name is no reason not to start */
    await_device();
}
