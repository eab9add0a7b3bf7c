/* SPDX-License-Identifier: MIT */
/*
 * uml_xstate - preloaded into linux.uml, so that it runs on processors with AMX.
 *
 * UML keeps its processes' extended registers in a buffer of a size fixed when
 * it was compiled (2,696 bytes in 6.1), and sets them with ptrace(2). The host
 * takes nothing but a whole XSAVE area, which AMX makes 11,008 bytes long, and
 * says EFAULT: UML's first process dies, and UML with it. So a set that is too
 * short is filled up with registers in their initial state. Reading too little
 * is no error, and stays as it is.
 */
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* The widest state of today's processors is 11,008 bytes. */
#define XSAVE_MAX 65536
#define XSAVE_LEGACY 512 /* behind it comes XSTATE_BV (Intel SDM 1, §13.4.2) */

/* Components 0 to 9 are those that UML's buffer has room for: up to PKRU. */
#define XSTATE_KNOWN 0x3ffu

long ptrace(enum __ptrace_request request, ...);

static long set_xstate(pid_t pid, const struct iovec *short_state)
{
    static char area[XSAVE_MAX]; /* UML has one thread on the host that does this */
    struct iovec whole = {area, sizeof(area)};
    uint64_t present;

    if (syscall(SYS_ptrace, PTRACE_GETREGSET, pid, NT_X86_XSTATE, &whole) < 0)
        return -1;
    if (short_state->iov_len >= whole.iov_len || short_state->iov_len < XSAVE_LEGACY + 64)
        return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, short_state);
    memset(area, 0, whole.iov_len);
    memcpy(area, short_state->iov_base, short_state->iov_len);
    memcpy(&present, area + XSAVE_LEGACY, sizeof(present));
    present &= XSTATE_KNOWN;
    memcpy(area + XSAVE_LEGACY, &present, sizeof(present));
    return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, &whole);
}

/* As the C library's: the kernel stores what a PEEK finds, the caller wants it back. */
static long peek(enum __ptrace_request request, pid_t pid, void *addr)
{
    long value, ret = syscall(SYS_ptrace, request, pid, addr, &value);

    if (ret < 0)
        return ret;
    errno = 0;
    return value;
}

long ptrace(enum __ptrace_request request, ...)
{
    void *addr, *data;
    va_list ap;
    pid_t pid;

    va_start(ap, request);
    pid = va_arg(ap, pid_t);
    addr = va_arg(ap, void *);
    data = va_arg(ap, void *);
    va_end(ap);
    if (request == PTRACE_SETREGSET && (uintptr_t)addr == NT_X86_XSTATE)
        return set_xstate(pid, data);
    if (request == PTRACE_PEEKTEXT || request == PTRACE_PEEKDATA || request == PTRACE_PEEKUSER)
        return peek(request, pid, addr);
    return syscall(SYS_ptrace, request, pid, addr, data);
}
