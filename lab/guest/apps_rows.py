# SPDX-License-Identifier: GPL-2.0
"""What lab/guest/apps.py has each program do, over one transport at a time."""

import glob
import json
import os
import re
import socket
import subprocess

MB = 1 << 20
SECRETS = "/tmp/apps"       # certificate and keys: once for all groups
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

GROUPS = {}
LONG = []                   # groups that the short form leaves out


def group(function):
    GROUPS[function.__name__] = function
    return function


def long_group(function):
    LONG.append(function.__name__)
    return group(function)


def prepare():
    """What the packages' own scripts would have set up."""
    with open("/etc/passwd", "a", encoding="ascii") as file:
        file.write("sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n")
    os.makedirs("/run/sshd", exist_ok=True)
    os.makedirs(SECRETS, exist_ok=True)
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", f"{SECRETS}/key", "-out", f"{SECRETS}/cert", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"], **quiet)
    with open(f"{SECRETS}/pem", "wb") as both:
        for name in ("cert", "key"):
            with open(f"{SECRETS}/{name}", "rb") as file:
                both.write(file.read())
    for name in ("host", "user"):
        if not os.path.exists(f"{SECRETS}/{name}"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                            f"{SECRETS}/{name}"], **quiet)


def expect(truth, text):
    if not truth:
        raise AssertionError(text)


@group
def iperf3(side):
    port = side.port()
    side.serve(["iperf3", "-s", "-p", port], port, probe=False)
    much = ["-n", "2M"] if side.short else ["-t", "3"]
    if os.environ.get("LAB_KERNEL") == "wan":
        much = ["-n", "20M"]
    little = ["-n", "200K"] if side.short else ["-n", "10M"]
    # a control connection, and the flows
    for options, amount, flows in (
            ("-P 8", much, 8), ("--bidir", much, 2), ("-R", much, 1), ("-Z", much, 1),
            ("-l 64", little, 1), ("-w 128K", much, 1)):
        with side.row(f"iperf3 {options}", "Mbit/s", least=1 + flows) as row:
            end = json.loads(side.run("iperf3", "-J", "-c", "127.0.0.1", "-p", port,
                                      *options.split(), *amount))["end"]
            sums = [end["sum_received"]]
            if options == "--bidir":
                sums.append(end["sum_received_bidir_reverse"])
            expect(all(one["bytes"] > 0 for one in sums), "a direction carried nothing")
            row.figure = sum(one["bits_per_second"] for one in sums) / 1e6


NGINX = """
daemon off;
user nobody nogroup;
worker_processes 2;
pid {dir}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 512; }}
http {{
	access_log off;
	sendfile on;
	tcp_nopush on;
	keepalive_requests 1000000;
	client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy;
	fastcgi_temp_path {dir}/fastcgi; uwsgi_temp_path {dir}/uwsgi;
	scgi_temp_path {dir}/scgi;
	server {{
		listen 127.0.0.1:{port};
		listen 127.0.0.1:{tls} ssl;
		ssl_certificate {secrets}/cert;
		ssl_certificate_key {secrets}/key;
		root {dir};
	}}
}}
"""


def start_nginx(side):
    port, tls = side.port(), side.port()
    side.write("nginx.conf", NGINX.format(dir=side.dir, port=port, tls=tls, secrets=SECRETS))
    side.write("small", "x" * 500)
    side.data("big", 100 * MB, 2 * MB)
    # what it says before it has read where to say it goes to standard error with -e
    side.serve(["nginx", "-e", "stderr", "-p", side.dir, "-c", side.path("nginx.conf")], port)
    return port, tls


def curl(side, *words):
    return side.run("curl", "-sSf", "--noproxy", "*", "--cacert", f"{SECRETS}/cert", *words)


def wrk(side, url, connections=16):
    """Requests per second, all of them answered."""
    seconds = "1" if side.short else "3"
    said = side.run("wrk", "-t", "1", "-c", connections, "-d", seconds, "--timeout", "120",
                    url).decode()
    expect("Socket errors" not in said and "Non-2xx" not in said, said)
    return float(re.search(r"Requests/sec: +([0-9.]+)", said).group(1))


@group
def nginx(side):
    port, tls = start_nginx(side)
    plain, secure = f"http://127.0.0.1:{port}", f"https://127.0.0.1:{tls}"
    size = os.path.getsize(side.path("big")) // MB
    for name, url in ((f"nginx, curl: {size} MB by sendfile", plain),
                      (f"nginx, curl: {size} MB over TLS", secure)):
        with side.row(name):
            curl(side, "-o", side.path("got"), url + "/big")
            side.same("big", "got")
    with side.row("nginx, curl: keepalive, 50 files") as row:
        said = curl(side, "-w", "%{num_connects} ", "-o", side.path("got"),
                    f"{plain}/small?[1-50]").decode().split()
        expect(said == ["1"] + ["0"] * 49, f"connections for each file: {said}")
        side.same("small", "got")
    with side.row("nginx, wrk: 16 connections", "req/s", least=16) as row:
        row.figure = wrk(side, plain + "/small")
    if not side.short:
        with side.row("nginx, wrk: 16 over TLS", "req/s", least=16) as row:
            row.figure = wrk(side, secure + "/small")
        with side.row("nginx, curl: 30 new connections", least=30):
            side.together([["curl", "-sSf", "--noproxy", "*", "-o", side.path(f"small.{n}"),
                            plain + "/small"] for n in range(30)])
            for n in range(30):
                side.same("small", f"small.{n}")


@group
def redis(side):
    port = side.port()
    side.serve(["redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "",
                "--dir", side.dir], port)
    with side.row("redis-cli: a value of 1 MB"):
        value = os.urandom(MB // 2).hex().encode()
        side.run("redis-cli", "-p", port, "-x", "set", "big", data=value)
        expect(side.run("redis-cli", "-p", port, "get", "big").strip() == value,
               "another value came back")
    requests = 1000 if side.short else 20000
    for name, options in (("redis-benchmark: 20 clients", []),
                          ("redis-benchmark: pipelines of 16", ["-P", "16"])):
        with side.row(name, "req/s", least=20) as row:
            said = side.run("redis-benchmark", "-p", port, "-c", "20", "-n", requests, "-t",
                            "set,get", "--csv", *options).decode()
            rates = [float(rate) for rate in re.findall(r'^"[SG]ET","([0-9.]+)"', said, re.M)]
            expect(len(rates) == 2, said)
            row.figure = sum(rates) / 2


@long_group
def postgresql(side):
    tools = glob.glob("/usr/lib/postgresql/*/bin")[0]
    base, port = side.path("data"), side.port()
    os.mkdir(base, 0o700)
    os.chown(base, 65534, 65534)
    side.run(*NOBODY, f"{tools}/initdb", "-A", "trust", "-U", "postgres", "-N", "-D", base,
             runner=[])
    # its own sockets for statistics and the like are UDP or pipes
    side.serve(NOBODY + [f"{tools}/postgres", "-D", base, "-p", str(port), "-k", "",
                         "-h", "127.0.0.1", "-F"], port)
    where = ["-h", "127.0.0.1", "-p", str(port), "-U", "postgres"]
    bench = where + ["-n", "-c", "4", "-t", "200"]
    with side.row("psql: 200,000 lines out and in"):
        side.run(f"{tools}/psql", *where, "-c",
                 "create table t as select i, md5(i::text) from generate_series(1, 200000) i")
        lines = side.run(f"{tools}/psql", *where, "-c", "copy t to stdout")
        side.run(f"{tools}/psql", *where, "-c", "truncate t", "-c", "copy t from stdin",
                 data=lines)
        expect(side.run(f"{tools}/psql", *where, "-c", "copy t to stdout") == lines,
               "the table changed")
    with side.row("pgbench: set-up"):
        side.run(f"{tools}/pgbench", *where, "-i", "-q", "postgres")
    for name, options in (("pgbench: 4 clients", []), ("pgbench: prepared, 4 clients",
                                                       ["-M", "prepared", "-S"])):
        with side.row(name, "tps", least=4) as row:
            said = side.run(f"{tools}/pgbench", *bench, *options, "postgres").decode()
            expect("actually processed: 800/800" in said, said)
            row.figure = float(re.search(r"^tps = ([0-9.]+)", said, re.M).group(1))


@group
def memcached(side):
    port = side.port()
    side.serve(["memcached", "-u", "nobody", "-l", "127.0.0.1", "-p", port, "-U", "0"], port)
    where = f"--servers=127.0.0.1:{port}"
    # the clients' library gives up after five seconds, which a stalled machine may take
    with side.row("memcached: a file in and out", least=2):
        side.data("file", 900000, 900000)
        side.again("memccp", where, side.path("file"))
        side.again("memccat", where, "--file", side.path("out"), "file")
        side.same("file", "out")
    number = 200 if side.short else 3000
    with side.row("memcslap: 4 clients", least=4):
        side.again("memcslap", where, "--concurrency=4", f"--execute-number={number}",
                   f"--initial-load={number}", "--test=get")


SSHD = """
ListenAddress 127.0.0.1
Port {port}
HostKey {secrets}/host
AuthorizedKeysFile {secrets}/user.pub
PidFile none
StrictModes no
UsePAM no
MaxStartups 100
LoginGraceTime 600
Subsystem sftp internal-sftp
"""


@group
def openssh(side):
    port = side.port()
    side.write("sshd_config", SSHD.format(port=port, secrets=SECRETS))
    side.serve(["/usr/sbin/sshd", "-D", "-e", "-f", side.path("sshd_config")], port)
    options = ["-F", "none", "-i", f"{SECRETS}/user", "-o", "BatchMode=yes",
               "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
               "-o", "LogLevel=ERROR"]
    side.data("file", 100 * MB, MB)
    size = os.path.getsize(side.path("file")) // MB
    with side.row(f"scp: {size} MB there"):
        side.run("scp", "-q", *options, "-P", port, side.path("file"),
                 f"root@127.0.0.1:{side.path('there')}")
        side.same("file", "there")
    if not side.short:
        with side.row(f"scp: {size} MB back"):
            side.run("scp", "-q", *options, "-P", port,
                     f"root@127.0.0.1:{side.path('there')}", side.path("back"))
            side.same("file", "back")
    sessions = 2 if side.short else 20
    with side.row(f"ssh: {sessions} sessions at once", least=sessions):
        side.together([["ssh", *options, "-p", port, "root@127.0.0.1",
                        f"echo {n} >{side.path(f'session.{n}')}"] for n in range(sessions)])
        for n in range(sessions):
            with open(side.path(f"session.{n}"), encoding="ascii") as file:
                expect(file.read() == f"{n}\n", f"session {n} left something else")


RSYNCD = """
use chroot = no
uid = root
gid = root
[files]
path = {dir}/module
read only = no
"""


@group
def rsync(side):
    port = side.port()
    os.makedirs(side.path("module"))
    os.makedirs(side.path("tree"))
    for n in range(20 if side.short else 200):
        side.data(f"tree/{n}", 1000 * (n + 1), 1000)
    side.data("tree/big", 20 * MB, MB)
    side.write("rsyncd.conf", RSYNCD.format(dir=side.dir))
    side.serve(["rsync", "--daemon", "--no-detach", "--address=127.0.0.1", f"--port={port}",
                f"--config={side.path('rsyncd.conf')}"], port)
    url = f"rsync://127.0.0.1:{port}/files/"
    with side.row("rsync: a tree to the daemon"):
        side.run("rsync", "-a", side.path("tree") + "/", url)
        side.run("diff", "-r", side.path("tree"), side.path("module"), runner=[])
    with side.row("rsync: and back, with checksums"):
        side.run("rsync", "-ac", url, side.path("back"))
        side.run("diff", "-r", side.path("tree"), side.path("back"), runner=[])


HAPROXY = """
global
	maxconn 200
defaults
	timeout connect 300s
	timeout client 600s
	timeout server 600s
	option splice-auto
frontend http
	mode http
	bind 127.0.0.1:{http}
	default_backend http
backend http
	mode http
	server nginx 127.0.0.1:{nginx}
listen stream
	mode tcp
	bind 127.0.0.1:{stream}
	server nginx 127.0.0.1:{nginx}
listen tls
	mode http
	bind 127.0.0.1:{tls} ssl crt {secrets}/pem
	server nginx 127.0.0.1:{nginx}
"""


@group
def haproxy(side):
    backend, _ = start_nginx(side)
    http, stream, tls = side.port(), side.port(), side.port()
    side.write("haproxy.cfg", HAPROXY.format(http=http, stream=stream, tls=tls, nginx=backend,
                                             secrets=SECRETS))
    side.serve(["haproxy", "-db", "-f", side.path("haproxy.cfg")], http)
    size = os.path.getsize(side.path("big")) // MB
    # each request of the client's is one connection on either side of it
    for name, url in (("as HTTP", f"http://127.0.0.1:{http}"),
                      ("as a stream", f"http://127.0.0.1:{stream}"),
                      ("TLS in front", f"https://127.0.0.1:{tls}")):
        with side.row(f"haproxy: {size} MB {name}", least=2):
            curl(side, "-o", side.path("got"), url + "/big")
            side.same("big", "got")
    with side.row("haproxy, wrk: 16 connections", "req/s", least=17) as row:
        row.figure = wrk(side, f"http://127.0.0.1:{http}/small")


PYTHON_HTTP = """
import functools, hashlib, http.server, sys, threading, urllib.request
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
handler.log_message = None
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
for _ in range(5):
    with opener.open(f"http://127.0.0.1:{server.server_port}/file", timeout=300) as answer:
        print(hashlib.sha256(answer.read()).hexdigest())
server.shutdown()
"""

PYTHON_ASYNCIO = """
import asyncio, os, ssl, sys

async def serve(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()

async def client(port, size, tls):
    patience = {"ssl_handshake_timeout": 300, "ssl_shutdown_timeout": 300} if tls else {}
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls, **patience)
    sent = os.urandom(size)
    writer.write(sent)
    got = await reader.readexactly(size)
    assert got == sent
    writer.close()
    await writer.wait_closed()

async def main(size, tls):
    inside = outside = None
    if tls:
        inside = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        inside.load_cert_chain(sys.argv[2] + "/cert", sys.argv[2] + "/key")
        outside = ssl.create_default_context(cafile=sys.argv[2] + "/cert")
    patience = {"ssl_handshake_timeout": 300, "ssl_shutdown_timeout": 300} if tls else {}
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=inside, **patience)
    port = server.sockets[0].getsockname()[1]
    await asyncio.gather(*[client(port, size, outside) for _ in range(5)])
    server.close()

for tls in (False, True):
    asyncio.run(main(int(sys.argv[1]), tls))
"""


@group
def python(side):
    side.data("file", 10 * MB, MB)
    with side.row("Python: http.server, urllib", least=5):
        os.mkdir(side.path("www"))
        os.link(side.path("file"), side.path("www/file"))
        sums = side.run("python3", "-c", PYTHON_HTTP, side.path("www")).decode().split()
        right = side.run("sha256sum", side.path("file"), runner=[]).decode().split()[0]
        expect(sums == [right] * 5, f"checksums: {sums}, not {right}")
    size = 100000 if side.short else 2000000
    with side.row("Python: asyncio, plain and TLS", least=10):
        side.run("python3", "-c", PYTHON_ASYNCIO, size, SECRETS)


PYTHON_TESTS = ("test_httpservers", "test_asyncio.test_streams", "test_asyncio.test_server",
                "test_asyncio.test_sock_lowlevel", "test_ssl")


@long_group
def python_tests(side):
    """The tests that Python brings: no other may fail than over TCP."""
    for name in PYTHON_TESTS:
        with side.row(f"Python's own {name}", "passed") as row:
            said = side.run("sh", "-c", f"python3 -m unittest test.{name} 2>&1; :").decode()
            ran = re.search(r"^Ran ([0-9]+) tests? in ", said, re.M)
            expect(ran, said[-600:])
            row.failing = sorted(set(re.findall(r"^(?:ERROR|FAIL): (.*)", said, re.M)))
            row.figure = int(ran.group(1)) - len(row.failing)


@group
def socat(side):
    port = side.port()
    side.serve(["socat", f"TCP4-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork", "EXEC:cat"], port)
    side.data("file", 20 * MB, MB)
    with side.row("socat: a file there and back"):
        with open(side.path("file"), "rb") as file:
            data = file.read()
        back = side.run("socat", "-t", "600", "-", f"TCP4:127.0.0.1:{port}", data=data)
        expect(back == data, f"{len(back)} other bytes came back")


@group
def openssl(side):
    port = side.port()
    side.serve(["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert",
                f"{SECRETS}/cert", "-key", f"{SECRETS}/key", "-WWW", "-quiet"], port,
               probe=False)
    side.data("file", 10 * MB, MB)
    with side.row("openssl s_server -WWW, curl"):
        curl(side, "-o", side.path("got"), f"https://127.0.0.1:{port}/file")
        side.same("file", "got")


@group
def static(side):
    """Nothing can be preloaded into these: xtcp-run has the kernel ask."""
    runner = side.runner and side.runner + ["--seccomp"]
    port = side.port()
    side.data("file", 10 * MB, MB)
    side.serve(["busybox", "httpd", "-f", "-p", f"127.0.0.1:{port}", "-h", side.dir], port,
               runner=runner)
    with side.row("static: busybox httpd and wget"):
        side.run("busybox", "wget", "-q", "-O", side.path("got"),
                 f"http://127.0.0.1:{port}/file", runner=runner)
        side.same("file", "got")


@long_group
def git(side):
    # some fifty programs start here, one after the other
    port = side.port()
    config = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null",
              "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory",
              "GIT_CONFIG_VALUE_0": "*"}
    for who in ("AUTHOR", "COMMITTER"):
        config |= {f"GIT_{who}_NAME": "Tester", f"GIT_{who}_EMAIL": "tester@localhost"}
    env = os.environ | config

    def do(where, *words):
        return side.run("git", "-C", side.path(where), *words, env=env).decode().strip()

    os.makedirs(side.path("work"))
    do("work", "init", "-q", "-b", "main")
    for n in range(5 if side.short else 50):
        side.data(f"work/{n}", 100000, 10000)
    do("work", "add", ".")
    do("work", "commit", "-q", "-m", "files")
    do(".", "clone", "-q", "--bare", "work", "base.git")
    side.serve(["git", "daemon", f"--base-path={side.dir}", "--export-all", "--reuseaddr",
                "--enable=receive-pack", "--listen=127.0.0.1", f"--port={port}"], port, env=env)
    url = f"git://127.0.0.1:{port}/base.git"
    with side.row("git daemon: clone, push, pull", least=4):
        do(".", "clone", "-q", url, "one")
        do(".", "clone", "-q", url, "two")
        side.write("one/more", "more\n")
        do("one", "add", "more")
        do("one", "commit", "-q", "-m", "more")
        do("one", "push", "-q")
        do("two", "pull", "-q")
        heads = [do(where, "rev-parse", "main") for where in ("one", "two", "base.git")]
        expect(len(set(heads)) == 1, f"heads: {heads}")
