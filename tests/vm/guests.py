# SPDX-License-Identifier: MIT
"""A helper of the test's own, and guests whose shell the test gives commands to."""
import os
import re
import select
import shlex
import socket
import subprocess
import time

# What the driver has now; without programs, nothing.
COUNTERS = "clients regions pinned_pages alloc_pages orphans idle_pages".split()
IDLE = dict.fromkeys(COUNTERS, 0)


def until(condition, limit, what):
    """What condition() returns once that is true; AssertionError after limit seconds."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"after {limit} s still not so: {what}")
        time.sleep(0.02)


def children(pid):
    """{pid: name} of a process's children that have not ended."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat") as f:
                name, rest = re.fullmatch(r"\d+ \((.*)\) (.*)\n", f.read(), re.S).groups()
        except OSError:
            continue
        state, parent = rest.split()[:2]
        if int(parent) == pid and state != "Z":
            found[int(entry)] = name
    return found


class Helper:
    """vocl-helper, listening for as many VMs as there are sockets."""

    def __init__(self, program, sockets, log):
        notify = os.path.join(os.path.dirname(sockets[0]), "notify")
        arguments = [a for path in sockets for a in ("--vhost-user", path)]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(notify)
            ready.settimeout(60)
            self.process = subprocess.Popen([program, "--verbose", *arguments],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=dict(os.environ, NOTIFY_SOCKET=notify))
            try:
                while b"READY=1" not in ready.recv(4096):
                    pass
            finally:
                os.unlink(notify)

    def workers(self):
        return list(children(self.process.pid))

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


class Guest:
    """A VM with a shell. Each command has an end, and the VM has one too."""

    def __init__(self, command, log, env=None):
        self.marks = 0
        self.buffer = b""
        self.process = subprocess.Popen([*command, "--", "sh"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=log, env=env)
        try:
            self.run("true", 240)
        except BaseException:
            self.destroy()
            raise

    def run(self, script, limit=60):
        """(exit status, output of both kinds) of a script."""
        self.marks += 1
        mark = f"--- {self.marks} ended with"
        line = f"({script}\n) </dev/null 2>&1; s=$?; echo; echo '{mark}' $s\n"
        self.process.stdin.write(line.encode())
        self.process.stdin.flush()
        end = re.compile(rb"(.*?)\n" + mark.encode() + rb" (\d+)\n", re.S)
        deadline = time.monotonic() + limit
        while not (match := end.match(self.buffer)):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise AssertionError(f"after {limit} s not done: {script}\n{self.printed()}")
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                raise AssertionError(f"the guest has gone, under: {script}\n{self.printed()}")
            self.buffer += data
        self.buffer = self.buffer[match.end():]
        return int(match[2]), match[1].decode(errors="replace")

    def printed(self):
        """What the command that runs has printed so far."""
        return self.buffer.decode(errors="replace")

    def start(self, *program):
        return Program(self, program)

    def counters(self):
        status, text = self.run("cd /sys/class/misc/virtio-ocl && cat " + " ".join(COUNTERS))
        return dict(zip(COUNTERS, map(int, text.split())))

    def finish(self):
        """Let the shell end; the VM's exit status."""
        self.process.stdin.close()
        try:
            return self.process.wait(30)
        finally:
            self.destroy()

    def destroy(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            try:
                pipe.close()
            except BrokenPipeError:
                pass


class Program:
    """A program in the background of a guest."""

    def __init__(self, guest, program):
        self.guest = guest
        self.output_file = f"/tmp/output-{guest.marks}"
        inner = "echo pid $$; exec " + shlex.join(program)
        guest.run(f"(sh -c {shlex.quote(inner)}; echo exit $?) >{self.output_file} 2>&1 &")

    def output(self):
        return self.guest.run(f"cat {self.output_file}")[1]

    def await_line(self, pattern, limit):
        """The first match of a line of its output."""
        def look():
            output = self.output()
            match = re.search(f"(?m)^(?:{pattern})$", output)
            if not match and re.search(r"(?m)^exit \d+$", output):
                raise AssertionError(f"it ended without: {pattern}")
            return match

        try:
            return until(look, limit, pattern)
        except AssertionError as e:
            raise AssertionError(f"{e}\n{self.output()[-2000:]}") from None

    def exit_status(self, limit):
        return int(self.await_line(r"exit (\d+)", limit)[1])

    def kill(self, signal="KILL"):
        pid = self.await_line(r"pid (\d+)", 30)[1]
        self.guest.run(f"kill -{signal} {pid}")
