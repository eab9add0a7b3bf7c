#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Clients, helpers and workers that come, go and are killed.

processes.py --vocl VOCL --helper HELPER --vendors FOLDER --programs FOLDER [TEST...]

Every wait here has an end; a test that fails ends what it started."""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

ARGS = None
SECONDS = 30  # for what takes a fraction of one on an idle machine


def program(name):
    return os.path.join(ARGS.programs, "e2e_" + name)


def environment(socket=None, vendors=None, **more):
    env = dict(os.environ, **more)
    for name in ("VOCL_SOCKET", "VOCL_DEBUG", "VOCL_DISABLE", "OCL_ICD_FILENAMES"):
        if name not in more:
            env.pop(name, None)
    env.setdefault("ASAN_OPTIONS", "detect_leaks=0")
    if socket:
        env["VOCL_SOCKET"] = socket
    env["OCL_ICD_VENDORS"] = vendors or ARGS.vendors
    return env


def children(pid):
    """Processes whose parent is pid."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as f:
                fields = f.read().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(entry))
    return found


class Helper:
    """A vocl-helper on a socket of its own."""

    def __init__(self, folder, *options):
        self.socket = os.path.join(folder, "helper.sock")
        self.log_path = os.path.join(folder, "helper.log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([ARGS.helper, "--listen", self.socket, *options],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait_for(lambda: "ready" in self.log(), "the helper to be ready")

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def workers(self):
        return children(self.process.pid)

    def wait_for(self, condition, what, limit=SECONDS):
        end = time.monotonic() + limit
        while not condition():
            if self.process.poll() is not None:
                raise AssertionError(f"the helper has ended:\n{self.log()}")
            if time.monotonic() > end:
                raise AssertionError(f"waited {limit} s for {what}:\n{self.log()}")
            time.sleep(0.01)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


class Base(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="vocl-test-")
        self.folder = folder.name
        self.addCleanup(folder.cleanup)

    def helper(self, *options):
        helper = Helper(self.folder, *options)
        self.addCleanup(helper.stop)
        return helper

    def start(self, helper, *command, **more):
        """A client in the background; its output is read line by line."""
        p = subprocess.Popen(command, env=environment(helper.socket, **more),
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.wait)
        self.addCleanup(p.kill)
        return p

    def client(self, helper, mode):
        return self.start(helper, program("client"), mode)

    def run_client(self, helper, *command, **more):
        return subprocess.run(command, env=environment(helper and helper.socket, **more),
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=SECONDS, check=False)

    def assert_ok(self, helper):
        """A new program works."""
        r = self.run_client(helper, program("client"), "once")
        self.assertEqual((r.returncode, r.stdout), (0, "ok\n"), r.stderr + helper.log())


class WithoutHelper(Base):
    def platforms(self, **more):
        r = subprocess.run([program("client"), "platforms"], env=environment(**more),
                           stdin=subprocess.DEVNULL, capture_output=True, text=True,
                           timeout=SECONDS, check=True)
        first, *names = r.stdout.splitlines()
        count, _, _, ms, _ = first.split()
        return int(count), int(ms), names, r.stderr

    def both_vendors(self):
        """A vendors folder with us and with the host's own runtimes."""
        folder = os.path.join(self.folder, "both")
        os.mkdir(folder)
        for source in (ARGS.vendors, "/etc/OpenCL/vendors"):
            for name in os.listdir(source):
                if name.endswith(".icd"):
                    os.symlink(os.path.realpath(os.path.join(source, name)),
                               os.path.join(folder, name))
        return folder

    def test_no_platform_and_no_word(self):
        count, ms, _, err = self.platforms(socket=os.path.join(self.folder, "nobody"))
        self.assertEqual((count, err), (0, ""))
        self.assertLess(ms, 2000)

    def test_debug_says_why(self):
        _, _, _, err = self.platforms(socket=os.path.join(self.folder, "nobody"), VOCL_DEBUG="1")
        self.assertIn("nobody", err)
        self.assertIn("virtio-ocl:", err)

    def test_another_platform_works_beside_us(self):
        count, _, names, err = self.platforms(socket=os.path.join(self.folder, "nobody"),
                                              vendors=self.both_vendors())
        self.assertGreaterEqual(count, 1, names)
        self.assertEqual(err, "")
        r = self.run_client(None, program("client"), "once", vendors=os.path.join(self.folder, "both"),
                            VOCL_SOCKET=os.path.join(self.folder, "nobody"))
        self.assertEqual((r.returncode, r.stdout, r.stderr), (0, "ok\n", ""))

    def test_a_dead_socket_is_no_platform(self):
        helper = self.helper()
        os.rename(helper.socket, helper.socket + ".old")
        os.link(helper.socket + ".old", helper.socket)
        helper.process.kill()
        helper.process.wait()
        count, ms, _, err = self.platforms(socket=helper.socket)
        self.assertEqual((count, err), (0, ""))
        self.assertLess(ms, 2000)

    def test_disable(self):
        helper = self.helper()
        self.assertEqual(self.platforms(socket=helper.socket)[0], 1)
        count, _, _, err = self.platforms(socket=helper.socket, VOCL_DISABLE="1")
        self.assertEqual((count, err), (0, ""))
        self.assertEqual(helper.log().count("started"), 1)

    def test_both_platforms_with_a_helper(self):
        helper = self.helper()
        self.assertEqual(self.platforms(socket=helper.socket, vendors=self.both_vendors())[0], 2)


class Options(Base):
    def test_svm_works_where_it_is_copied(self):
        """As with a device that is not the processor, which CI has none of."""
        helper = self.helper("--shadow-svm")
        r = self.run_client(helper, program("svm"))
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr + helper.log())

    def test_buffers_work_where_they_are_copied(self):
        """Again as with a device that is not the processor."""
        helper = self.helper("--stage-buffers")
        for name in ("order", "large", "transfer", "rect", "map", "threads"):
            r = self.run_client(helper, program(name))
            self.assertEqual(r.returncode, 0, name + r.stdout + r.stderr + helper.log())

    def test_a_command_over_the_limit_fails_itself(self):
        helper = self.helper("--max-objects", "200")
        r = self.run_client(helper, program("client"), "events-at-limit")
        self.assertEqual((r.returncode, r.stdout), (0, "ok\n"), r.stderr + helper.log())
        self.assertNotIn("posted", helper.log())

    def test_an_event_over_the_limit_frees_svm_once(self):
        helper = self.helper("--max-objects", "40")
        # Without its caches for threads the allocator sees what is freed twice.
        r = self.run_client(helper, program("client"), "svm-free-at-limit",
                            GLIBC_TUNABLES="glibc.malloc.tcache_count=0")
        self.assertEqual((r.returncode, r.stdout), (0, "ok\n"), r.stderr + helper.log())


class NoCallbacks(Base):
    """Where the runtime does not call back at once, which CI has no device for: the
    thread that decodes a blocking call blocks in it, and another one decodes on."""

    def helper(self, *options):
        return super().helper("--no-callbacks", "--stage-buffers", *options)

    def program_works(self, name):
        helper = self.helper()
        r = subprocess.run([program(name)], env=environment(helper.socket), text=True,
                           stdin=subprocess.DEVNULL, capture_output=True, timeout=4 * SECONDS,
                           check=False)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr + helper.log())
        helper.wait_for(lambda: not helper.workers(), "the worker to end", 5)

    def test_events(self):
        self.program_works("events")

    def test_failures(self):
        self.program_works("failure")

    def test_maps(self):
        self.program_works("map")

    def test_posted_calls(self):
        self.program_works("post")

    def test_queues(self):
        self.program_works("queue")

    def test_rectangles(self):
        self.program_works("rect")

    def test_threads(self):
        self.program_works("threads")

    def test_transfers(self):
        self.program_works("transfer")

    def test_kill_in_a_wait_leaves_no_worker(self):
        helper = self.helper()
        for mode in ("stuck", "stuck-read"):
            c = self.client(helper, mode)
            c.stdout.readline()
            time.sleep(0.1)
            c.kill()
            helper.wait_for(lambda: not helper.workers(), "the worker to end", 5)

    def test_exit_while_threads_are_in_calls(self):
        for mode in ("exit-in-threads", "exit-in-waits"):
            helper = self.helper()
            r = self.run_client(helper, program("client"), mode)
            self.assertEqual((r.returncode, r.stdout), (0, "ok\n"), r.stderr)
            helper.wait_for(lambda: not helper.workers(), "the worker to end", 5)
            helper.stop()

    def test_sigterm_tells_those_that_wait(self):
        helper = self.helper()
        clients = [self.client(helper, mode) for mode in ("stuck", "stuck-read")]
        for c in clients:
            c.stdout.readline()
        time.sleep(0.1)
        self.assertEqual(helper.stop(), 0)
        for c in clients:
            out, _ = c.communicate(timeout=SECONDS)
            self.assertIn("error -", out)


class Clients(Base):
    def test_ten_at_once(self):
        helper = self.helper()
        clients = [self.start(helper, ARGS.vocl, "run", "--socket", helper.socket, "--",
                              program("client"), "once") for _ in range(10)]
        for c in clients:
            out, _ = c.communicate(timeout=2 * SECONDS)
            self.assertEqual((c.returncode, out), (0, "ok\n"), helper.log())
        helper.wait_for(lambda: not helper.workers(), "the workers to end")

    def test_the_eleventh_is_refused_and_a_place_comes_free(self):
        helper = self.helper("--max-clients", "2")
        two = [self.client(helper, "steps") for _ in range(2)]
        for c in two:
            c.stdout.readline()
        r = self.run_client(helper, program("client"), "platforms")
        self.assertIn("0 platforms", r.stdout)
        two[0].kill()
        helper.wait_for(lambda: " ended" in helper.log(), "a place to come free")
        self.assert_ok(helper)

    def test_kill_in_the_middle_of_a_transfer_leaves_no_worker(self):
        helper = self.helper()
        for i in range(5):
            c = self.client(helper, "transfer")
            for _ in range(3):
                c.stdout.readline()
            time.sleep(0.013 * i)
            self.assertEqual(len(helper.workers()), 1)
            c.kill()
            helper.wait_for(lambda: not helper.workers(), "the worker to end", 5)
        self.assert_ok(helper)

    def test_kill_in_a_wait_leaves_no_worker(self):
        helper = self.helper()
        c = self.client(helper, "stuck")
        c.stdout.readline()
        c.kill()
        helper.wait_for(lambda: not helper.workers(), "the worker to end", 5)

    def test_a_stopped_client_holds_up_nobody(self):
        helper = self.helper()
        c = self.client(helper, "transfer")
        c.stdout.readline()
        c.send_signal(signal.SIGSTOP)
        self.assert_ok(helper)
        c.send_signal(signal.SIGCONT)
        c.stdout.readline()

    def test_leaving_without_a_word(self):
        helper = self.helper()
        r = self.run_client(helper, program("client"), "leave")
        self.assertEqual((r.returncode, r.stdout, r.stderr), (0, "ok\n", ""))
        helper.wait_for(lambda: not helper.workers(), "the worker to end", 5)

    def test_fork_before_opencl(self):
        r = self.run_client(self.helper(), program("client"), "fork")
        self.assertEqual((r.returncode, r.stdout), (0, "ok\nok\n"), r.stderr)

    def test_fork_after_opencl(self):
        r = self.run_client(self.helper(), program("client"), "fork-after")
        self.assertEqual((r.returncode, r.stdout), (0, "ok\n"), r.stderr)

    def ends_well(self, mode):
        helper = self.helper()
        r = self.run_client(helper, program("client"), mode)
        self.assertEqual((r.returncode, r.stdout), (0, "ok\n"), r.stderr)
        helper.wait_for(lambda: not helper.workers(), "the worker to end", 5)

    def test_exit_in_a_callback(self):
        self.ends_well("exit-in-callback")

    def test_exit_while_threads_are_in_calls(self):
        self.ends_well("exit-in-threads")

    def test_threads_that_end_after_a_call(self):
        self.ends_well("thread-exit")

    def test_dlclose_and_again(self):
        r = self.run_client(self.helper(), program("dlclose"))
        self.assertEqual((r.returncode, r.stdout), (0, "ok\n"), r.stderr)


class Workers(Base):
    def kill_worker_under(self, mode):
        helper = self.helper()
        c = self.client(helper, mode)
        c.stdout.readline()
        (worker,) = helper.workers()
        time.sleep(0.1)
        killed = time.monotonic()
        os.kill(worker, signal.SIGKILL)
        out, _ = c.communicate(timeout=SECONDS)
        # The program's own clean-up after the error counts, too.
        self.assertLess(time.monotonic() - killed, 1.0)
        self.assertEqual(c.returncode, 0, out)
        word, code, _ = out.splitlines()[-1].split()
        self.assertEqual(word, "error")
        self.assertLess(int(code), 0)
        self.assert_ok(helper)

    def test_a_killed_worker_is_an_error_within_a_second(self):
        self.kill_worker_under("until-error")

    def test_a_killed_worker_ends_a_stream_within_a_second(self):
        self.kill_worker_under("stream-until-error")

    def test_a_killed_worker_ends_a_wait_within_a_second(self):
        self.kill_worker_under("stuck")

    def test_other_clients_do_not_notice(self):
        helper = self.helper()
        other = self.client(helper, "steps")
        other.stdout.readline()
        (theirs,) = helper.workers()
        c = self.client(helper, "until-error")
        c.stdout.readline()
        (worker,) = [w for w in helper.workers() if w != theirs]
        os.kill(worker, signal.SIGKILL)
        c.communicate(timeout=SECONDS)
        before = other.stdout.readline()
        self.assertNotEqual(before, other.stdout.readline())
        self.assertIsNone(other.poll())


class Hostile(Base):
    def garbage(self, how):
        helper = self.helper()
        other = self.client(helper, "steps")
        other.stdout.readline()
        r = self.run_client(helper, program("garbage"), helper.socket, how)
        self.assertEqual((r.returncode, r.stdout), (0, "lost 1\n"), r.stderr + helper.log())
        self.assertIn("client ended:", helper.log())
        helper.wait_for(lambda: len(helper.workers()) == 1, "the hostile client's worker to end", 5)
        other.stdout.readline()
        self.assertNotEqual(other.stdout.readline(), "")
        self.assertIsNone(other.poll())
        self.assert_ok(helper)

    def test_a_false_record_size(self):
        self.garbage("size")

    def test_an_unknown_op(self):
        self.garbage("op")

    def test_a_short_body(self):
        self.garbage("body")

    def test_a_false_tail(self):
        self.garbage("tail")

    def test_a_false_head(self):
        self.garbage("head")

    def test_a_false_fragment(self):
        self.garbage("fragment")

    def test_a_release_of_nothing(self):
        self.garbage("release")


class Stopping(Base):
    def test_sigterm_ends_an_idle_helper_cleanly(self):
        helper = self.helper()
        self.assertEqual(helper.stop(), 0)
        self.assertFalse(os.path.exists(helper.socket))

    def test_sigterm_ends_a_busy_helper_and_tells_its_clients(self):
        helper = self.helper()
        clients = [self.client(helper, mode) for mode in ("until-error", "stuck")]
        for c in clients:
            c.stdout.readline()
        workers = helper.workers()
        start = time.monotonic()
        self.assertEqual(helper.stop(), 0)
        self.assertLess(time.monotonic() - start, 10)
        for c in clients:
            out, _ = c.communicate(timeout=SECONDS)
            self.assertIn("error -", out)
        for w in workers:
            self.assertFalse(os.path.exists(f"/proc/{w}"))


def main():
    global ARGS
    parser = argparse.ArgumentParser()
    for name in ("vocl", "helper", "vendors", "programs"):
        parser.add_argument("--" + name, required=True)
    ARGS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)


if __name__ == "__main__":
    main()
