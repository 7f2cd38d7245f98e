#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Well-known programs, unmodified, over TCP and over XTCP; see lab/apps.

Runs in a guest that was booted with the programs (lab/vm --apps). Each group of rows
runs in namespaces of its own, once for each transport. A row passes when its check
does, and when every connection that was opened meanwhile went over the transport that
it is about: the kernel's counters tell. Leaves $LAB_OUT/apps.tap, prints a table.

usage: apps.py [--short] [--tap] [GROUP]...
"""

import contextlib
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

import apps_rows

CLONE_NEWPID = 0x20000000   # <linux/sched.h>
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
# Emulated machines stall for seconds: these only end what would never end.
PATIENCE = 240              # seconds until a server must be there
COMMAND_LIMIT = 600         # seconds for one command


class Failure(Exception):
    """A check that did not hold; its text says which."""


def counters(transport):
    """(opened actively, opened passively) in this network namespace so far."""
    if transport == "tcp":
        with open("/proc/net/snmp", encoding="ascii") as file:
            names, values = [line.split() for line in file if line.startswith("Tcp:")]
    else:
        with open("/proc/net/xtcp_stat", encoding="ascii") as file:
            names, values = file.readline().split(), file.readline().split()
    at = {name: int(value) for name, value in zip(names[1:], values[1:])}
    return at["ActiveOpens"], at["PassiveOpens"]


class Row:
    """One line of the table over one transport."""

    def __init__(self, name, unit):
        self.name, self.unit = name, unit
        self.figure = None
        self.least = 1          # so many connections at least
        self.opened = 0
        self.failing = []       # of a program's own tests
        self.failure = ""


class Side:
    """What a group of rows works with: one transport, one namespace, one directory."""

    def __init__(self, transport, short, say):
        self.transport, self.short, self.say = transport, short, say
        self.dir = tempfile.mkdtemp(prefix=f"apps-{transport}-")
        os.chmod(self.dir, 0o755)
        self.runner = []
        if transport == "xtcp":
            self.runner = [os.path.join(os.environ["XTCP_USER"], "xtcp-run")]
        self.logs = []
        self.next_port = 7000

    def port(self):
        self.next_port += 1
        return self.next_port

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def data(self, name, full, short):
        """A file of random bytes: its path."""
        with open(self.path(name), "wb") as file:
            left = short if self.short else full
            while left:
                file.write(os.urandom(min(left, 1 << 20)))
                left -= min(left, 1 << 20)
        return self.path(name)

    def start(self, command, runner=None, **options):
        """A program in the background, under xtcp-run where that is the transport."""
        self.logs.append(self.path(f"log.{len(self.logs)}"))
        with open(self.logs[-1], "wb") as log:
            return subprocess.Popen(
                (self.runner if runner is None else runner) + [str(word) for word in command],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.dir, **options)

    def serve(self, command, port, probe=True, **options):
        """A server, until it listens. probe=False: it must not see a connection."""
        server = self.start(command, **options)
        end = time.monotonic() + PATIENCE
        while not self._listens(port, probe):
            if server.poll() is not None:
                raise Failure(f"{command[0]} ended with status {server.returncode}")
            if time.monotonic() > end:
                raise Failure(f"{command[0]} does not listen")
            time.sleep(0.05)
        return server

    def _listens(self, port, probe):
        protocol = 253 if self.transport == "xtcp" else 6
        with apps_rows.socket.socket(apps_rows.socket.AF_INET, apps_rows.socket.SOCK_STREAM,
                                     protocol) as sock:
            if not probe:
                try:
                    sock.bind(("127.0.0.1", port))
                except OSError:
                    return True
                return False
            return sock.connect_ex(("127.0.0.1", port)) == 0

    def run(self, *command, data=None, status=0, runner=None, **options):
        """A program to its end: its standard output. A server that is there but does
        not listen yet is asked again."""
        end = time.monotonic() + PATIENCE
        words = (self.runner if runner is None else runner) + [str(word) for word in command]
        while True:
            done = subprocess.run(
                words, input=data, stdin=None if data is not None else subprocess.DEVNULL,
                capture_output=True, cwd=self.dir, timeout=COMMAND_LIMIT, check=False, **options)
            if done.returncode == status:
                return done.stdout
            said = (done.stdout + done.stderr).decode(errors="replace")
            if "refused" not in said or time.monotonic() > end:
                raise Failure(f"{' '.join(words)[:200]}: status {done.returncode}: {said[-600:]}")
            time.sleep(0.1)

    def again(self, *command):
        """The same for a program that gives up early: it may try three times."""
        for _ in range(2):
            with contextlib.suppress(Failure):
                return self.run(*command)
        return self.run(*command)

    def together(self, commands):
        """Several programs at the same time, each to a good end."""
        running = [self.start(command) for command in commands]
        for process, command in zip(running, commands):
            status = process.wait(timeout=COMMAND_LIMIT)
            if status:
                raise Failure(f"{' '.join(map(str, command))[:200]}: status {status}")

    @contextlib.contextmanager
    def row(self, name, unit="s", least=1):
        """A row. Without a figure of its own it gets the seconds that it took."""
        row = Row(name, unit)
        row.least = least
        before = {t: counters(t) for t in ("tcp", "xtcp")}
        begin = time.monotonic()
        try:
            yield row
            if row.figure is None:
                row.figure = time.monotonic() - begin
            self._check_transport(row, before)
        except Exception as error:  # whatever it is, the other rows go on
            row.failure = str(error) or repr(error)
            if not isinstance(error, (Failure, subprocess.TimeoutExpired)):
                row.failure += "\n" + traceback.format_exc()
            row.failure += self._server_logs()
        self.say(vars(row))

    def _check_transport(self, row, before):
        other = "tcp" if self.transport == "xtcp" else "xtcp"
        used = [now - then for now, then in
                zip(counters(self.transport), before[self.transport])]
        strange = [now - then for now, then in zip(counters(other), before[other])]
        row.opened = min(used)
        if row.opened < row.least:
            raise Failure(f"{used[0]} connections opened and {used[1]} accepted over "
                          f"{self.transport}, expected {row.least}")
        if any(strange):
            raise Failure(f"{max(strange)} connections went over {other}")

    def _server_logs(self):
        text = ""
        for log in self.logs[-3:]:
            with open(log, "rb") as file:
                said = file.read()[-600:].decode(errors="replace")
            if said.strip():
                text += f"\n{os.path.basename(log)}: {said}"
        return text

    def same(self, one, other):
        with open(self.path(one), "rb") as first, open(self.path(other), "rb") as second:
            while True:
                a, b = first.read(1 << 20), second.read(1 << 20)
                if a != b:
                    raise Failure(f"{other} is not what {one} was")
                if not a:
                    return


def unshare():
    """A network namespace, and one of processes where the kernel has those: whoever is
    left in it ends with the first one."""
    if LIBC.unshare(CLONE_NEWNET | CLONE_NEWPID):
        if LIBC.unshare(CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"unshare: {os.strerror(ctypes.get_errno())}")


def inside(group, transport, short, out):
    """The first process of the new namespaces: does the work; its end is that of all."""
    def say(what):
        os.write(out, json.dumps(what).encode() + b"\n")

    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    if os.environ.get("LAB_KERNEL") == "wan":
        # where only waiting lets time pass, somebody has to wait
        subprocess.run("tc qdisc add dev lo root netem delay 50us limit 100000".split(),
                       check=True)
    side = Side(transport, short, say)
    try:
        apps_rows.GROUPS[group](side)
    except Exception as error:
        say({"name": f"{group}: set-up", "unit": "", "figure": None, "opened": 0,
             "failure": f"{error}\n{traceback.format_exc()}{side._server_logs()}"})
    shutil.rmtree(side.dir, ignore_errors=True)


def run_group(group, transport, short):
    """The rows of a group over one transport, in the order in which they ended."""
    reader, writer = os.pipe()
    outer = os.fork()
    if not outer:
        os.close(reader)
        status = 1
        try:
            unshare()
            first = os.fork()
            if not first:
                try:
                    os.setsid()
                    inside(group, transport, short, writer)
                    status = 0
                except BaseException:
                    traceback.print_exc()
                finally:
                    os._exit(status)
            os.close(writer)
            _, status = os.waitpid(first, 0)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(first, signal.SIGKILL)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1 if status else 0)
    os.close(writer)
    rows = []
    with os.fdopen(reader, "rb") as file:
        for line in file:
            rows.append(json.loads(line))
    _, status = os.waitpid(outer, 0)
    if status:
        rows.append({"name": f"{group}: died", "unit": "", "figure": None, "opened": 0,
                     "failure": f"status {status}"})
    return rows


def figure(value):
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"


class Report:
    """The table on standard output and TAP in a file; or TAP alone on standard output."""

    def __init__(self, tap_only):
        self.table = not tap_only
        self.failed, self.count = 0, 0
        self.file = sys.stdout
        if self.table:
            # it stays open to the end
            self.file = open(  # pylint: disable=consider-using-with
                os.path.join(os.environ["LAB_OUT"], "apps.tap"), "w", encoding="utf-8")
            print(f"{'':46} {'':8} {'TCP':>9} {'XTCP':>9} {'ratio':>6} {'XTCP conns':>10}",
                  flush=True)
        self._tap("TAP version 13")

    def _tap(self, line):
        print(line, file=self.file, flush=True)

    def row(self, tcp, xtcp):
        failures = [(t, r["failure"]) for t, r in (("TCP", tcp), ("XTCP", xtcp))
                    if r and r["failure"]]
        if not xtcp:
            failures.append(("XTCP", "no such row"))
        if tcp and xtcp:
            failures += [("XTCP", f"fails, unlike over TCP: {name}")
                         for name in xtcp.get("failing", [])
                         if name not in tcp.get("failing", [])]
        self.count += 1
        self.failed += bool(failures)
        name = (xtcp or tcp)["name"]
        self._tap(f"{'not ok' if failures else 'ok'} {self.count} - {name}")
        for transport, text in failures:
            for line in text.splitlines():
                self._tap(f"# {transport}: {line}")
        if self.table:
            self._print(name, tcp, xtcp, failures)

    @staticmethod
    def _print(name, tcp, xtcp, failures):
        values = [row and row["figure"] for row in (tcp, xtcp)]
        ratio = f"{values[1] / values[0]:.2f}" if all(values) else "-"
        print(f"{name:46} {(xtcp or tcp)['unit']:8} {figure(values[0]):>9} "
              f"{figure(values[1]):>9} {ratio:>6} {xtcp['opened'] if xtcp else 0:>10}  "
              f"{'FAILED' if failures else 'ok'}", flush=True)
        for transport, text in failures:
            for line in text.splitlines():
                print(f"    {transport}: {line}", flush=True)

    def end(self):
        self._tap(f"1..{self.count}")
        if self.table:
            print(f"{self.count - self.failed} of {self.count} rows pass")
        return 1 if self.failed or not self.count else 0


def main(arguments):
    short, tap = "--short" in arguments, "--tap" in arguments
    groups = [word for word in arguments if not word.startswith("-")]
    for word in groups:
        if word not in apps_rows.GROUPS:
            sys.exit(f"apps: no such group: {word} (have: {' '.join(apps_rows.GROUPS)})")
    if not groups:
        groups = [name for name in apps_rows.GROUPS
                  if not short or name not in apps_rows.LONG]
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    apps_rows.prepare()
    report = Report(tap)
    for group in groups:
        xtcp = run_group(group, "xtcp", short)
        tcp = {}
        # in the short form TCP only has to show whose fault it is
        if not short or any(row["failure"] for row in xtcp):
            tcp = {row["name"]: row for row in run_group(group, "tcp", short)}
        for row in xtcp:
            report.row(tcp.pop(row["name"], None), row)
        for row in tcp.values():
            report.row(row, None)
    return report.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
