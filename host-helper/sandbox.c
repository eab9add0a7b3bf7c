// SPDX-License-Identifier: MIT
/*
 * A deny list, because nobody knows the list of what OpenCL runtimes need:
 * they load drivers, ioctl on device nodes, compile, fork, run linkers and
 * write caches. Denied calls return EPERM, so that a runtime which tries one
 * can go on without it.
 *
 * What this does not do, so that nobody relies on it:
 * - no namespaces: the worker sees the file system and the processes of its
 *   user, and may read, write and execute whatever that user may. Run the
 *   helper as a user of its own;
 * - no limit on memory, processor time or processes: that is a cgroup's work;
 * - ioctl() on the devices that the user may open is free: a GPU driver's
 *   kernel part is exposed to the worker;
 * - AF_UNIX stays open, for NVIDIA's and X's daemons. Other address families
 *   are closed, so a runtime whose devices are elsewhere in the network
 *   (PoCL-Remote) works only with --no-sandbox for now;
 * - set-uid helpers do not work (no_new_privs): device nodes that a runtime
 *   would make that way (nvidia-modprobe) must exist before.
 */
#include "sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "client.h"
#include "log.h"

/* Denied whatever the arguments. */
static const int denied[] = {
    /* the file systems' tree */
    SCMP_SYS(mount),
    SCMP_SYS(umount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(fsopen),
    SCMP_SYS(fsconfig),
    SCMP_SYS(fsmount),
    SCMP_SYS(fspick),
    SCMP_SYS(move_mount),
    SCMP_SYS(open_tree),
    SCMP_SYS(mount_setattr),
    SCMP_SYS(quotactl),
    SCMP_SYS(quotactl_fd),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(acct),
    SCMP_SYS(name_to_handle_at),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(fanotify_init),
    /* namespaces */
    SCMP_SYS(setns),
    SCMP_SYS(unshare),
    /* the kernel itself */
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(reboot),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(syslog),
    SCMP_SYS(lookup_dcookie),
    SCMP_SYS(iopl),
    SCMP_SYS(ioperm),
    SCMP_SYS(modify_ldt),
    SCMP_SYS(vhangup),
    /* its operations are not seen by this filter */
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register),
    /* other processes of this user: other clients' workers */
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(process_madvise),
    SCMP_SYS(process_mrelease),
    SCMP_SYS(kcmp),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(pidfd_send_signal),
    SCMP_SYS(tkill),
    /* keys */
    SCMP_SYS(keyctl),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    /* identity */
    SCMP_SYS(setuid),
    SCMP_SYS(setgid),
    SCMP_SYS(setreuid),
    SCMP_SYS(setregid),
    SCMP_SYS(setresuid),
    SCMP_SYS(setresgid),
    SCMP_SYS(setfsuid),
    SCMP_SYS(setfsgid),
    SCMP_SYS(setgroups),
    SCMP_SYS(capset),
    SCMP_SYS(sethostname),
    SCMP_SYS(setdomainname),
    /* the clock */
    SCMP_SYS(settimeofday),
    SCMP_SYS(stime),
    SCMP_SYS(clock_settime),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(adjtimex),
};

/* clone(2) with one of these makes a namespace. */
static const uint64_t namespace_flags[] = {
    CLONE_NEWNS,  CLONE_NEWUTS, CLONE_NEWIPC,    CLONE_NEWUSER,
    CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWCGROUP,
};

/* Requests that write into a terminal's input: the helper may run in one. */
static const uint64_t terminal_requests[] = {TIOCSTI, TIOCLINUX};

static int deny(scmp_filter_ctx ctx, int call, struct scmp_arg_cmp cond)
{
    return seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EPERM), call, 1, &cond);
}

static int deny_unless_first(scmp_filter_ctx ctx, int call, uint64_t allowed)
{
    return deny(ctx, call, (struct scmp_arg_cmp){.arg = 0, .op = SCMP_CMP_NE, .datum_a = allowed});
}

static int deny_always(scmp_filter_ctx ctx)
{
    int err = 0;

    for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]) && !err; i++)
        err = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EPERM), denied[i], 0, NULL);
    return err;
}

static int deny_namespaces(scmp_filter_ctx ctx)
{
    /* clone3() has its flags in memory, where a filter cannot look. ENOSYS
     * makes the C library use clone(). */
    int err = seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0, NULL);

    for (size_t i = 0; i < sizeof(namespace_flags) / sizeof(namespace_flags[0]) && !err; i++)
        err = deny(ctx, SCMP_SYS(clone),
                   SCMP_A0_64(SCMP_CMP_MASKED_EQ, namespace_flags[i], namespace_flags[i]));
    return err;
}

static int deny_sockets(scmp_filter_ctx ctx)
{
    int err = deny_unless_first(ctx, SCMP_SYS(socket), AF_UNIX);

    if (!err)
        err = deny_unless_first(ctx, SCMP_SYS(socketpair), AF_UNIX);
    return err;
}

static int deny_terminal(scmp_filter_ctx ctx)
{
    int err = 0;

    /* The kernel looks at the low 32 bits of the request only. */
    for (size_t i = 0; i < sizeof(terminal_requests) / sizeof(terminal_requests[0]) && !err; i++)
        err = deny(ctx, SCMP_SYS(ioctl),
                   SCMP_A1_64(SCMP_CMP_MASKED_EQ, 0xffffffffu, terminal_requests[i]));
    return err;
}

/* Signals to, and limits of, ourselves only: the server and the other workers
 * belong to the same user. */
static int deny_other_processes(scmp_filter_ctx ctx)
{
    const uint64_t self = getpid();
    int err = deny_unless_first(ctx, SCMP_SYS(kill), self);

    if (!err)
        err = deny_unless_first(ctx, SCMP_SYS(tgkill), self);
    if (!err)
        err = deny_unless_first(ctx, SCMP_SYS(rt_sigqueueinfo), self);
    if (!err)
        err = deny_unless_first(ctx, SCMP_SYS(rt_tgsigqueueinfo), self);
    if (!err)
        err = deny_unless_first(ctx, SCMP_SYS(prlimit64), 0);
    return err;
}

static int load_filter(void)
{
    /* System calls of another architecture kill the process: the library's
     * default, and no runtime has a reason to make one. */
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    if (!ctx)
        return -ENOMEM;
    int err = deny_always(ctx);
    if (!err)
        err = deny_namespaces(ctx);
    if (!err)
        err = deny_sockets(ctx);
    if (!err)
        err = deny_terminal(ctx);
    if (!err)
        err = deny_other_processes(ctx);
    if (!err)
        err = seccomp_load(ctx);
    seccomp_release(ctx);
    return err;
}

/* A helper that root starts would hand every worker root's capabilities: none
 * is needed to compile and to compute. Files stay root's own. Without the right
 * to touch the bounding set there is nothing in it to lose. */
static int drop_capabilities(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

    for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0 && errno != EPERM && errno != EINVAL)
            return -errno;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
        return -errno;
    return syscall(SYS_capset, &head, none) < 0 ? -errno : 0;
}

int hcl_sandbox_enter(const struct hcl_options *opt)
{
    /* A core would hold the client's data. */
    const struct rlimit no_core = {0, 0};
    int err = 0;

    if (setrlimit(RLIMIT_CORE, &no_core) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        err = -errno;
    if (!err && opt->sandbox)
        err = drop_capabilities();
    if (!err && opt->sandbox)
        err = load_filter();
    if (err)
        hcl_log("cannot enter the sandbox: %s (--no-sandbox runs without)", strerror(-err));
    return err;
}
