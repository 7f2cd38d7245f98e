// SPDX-License-Identifier: GPL-2.0
/*
 * Cost: what a transport takes of a machine with one processor.  Two processes,
 * writer and reader, do one thing over and over: after a warm-up the clock runs
 * for a given number of MiB or transactions.
 *
 * Under an emulator whose clock counts instructions (lab/bench) that time is
 * exact.  Time in which the processor was idle is told apart, from the kernel's
 * own account of it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "mark.h"

#define MIB		1048576UL
#define READ_BYTES	131072
#define FILE_BYTES	MIB
#define UNIX_NAME	"xtcp-bench"	/* abstract */
#define SCTP_BUFFER	(4 << 20)	/* else it stalls behind large messages */

struct cost {
	const struct bench_options *o;
	enum bench_proto proto;
	int listener;
	int to_reader[2];	/* pipes: one byte says go on */
	int to_writer[2];
	pid_t reader;
	uint64_t begin_ns;
	uint64_t begin_idle_ns;
};

struct test {
	const char *name;
	void (*write)(struct cost *c);
	void (*read)(struct cost *c);
};

_Noreturn static void fail(const char *what)
{
	fprintf(stderr, "xtcp-bench: cost: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* ns that processor 0 has been idle; 0 where the kernel does not tell. */
static uint64_t idle_ns(void)
{
	unsigned long long ns = 0;
	char line[256];
	FILE *f = fopen("/proc/timer_list", "r");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, " .idle_sleeptime : %llu", &ns) == 1)
			break;
	}
	if (f)
		fclose(f);
	return ns;
}

static void give(int pipe[2])
{
	if (write(pipe[1], "", 1) != 1)
		fail("pipe");
}

static void take(int pipe[2])
{
	char c;

	if (read(pipe[0], &c, 1) != 1)
		fail("the other process is gone");
}

static void start_clock(struct cost *c)
{
	c->begin_idle_ns = idle_ns();
	c->begin_ns = now_ns();
	bench_mark_begin();
}

static void stop_clock(struct cost *c, double units)
{
	uint64_t end_ns = now_ns(), idle;

	bench_mark_end();
	idle = idle_ns() - c->begin_idle_ns;
	end_ns -= c->begin_ns;
	if (idle > end_ns)	/* the account itself takes time */
		idle = end_ns;
	printf("cost test=%s proto=%s bytes=%llu nodelay=%d units=%g",
	       c->o->test, bench_proto_name(c->proto),
	       (unsigned long long)c->o->bytes, !c->o->nagle, units);
	printf(" per_unit_ns=%.0f idle_ns=%.0f\n", end_ns / units, idle / units);
	fflush(stdout);
}

/* ------------------------------------------------------------- connections */

static void set_up(struct cost *c, int fd)
{
	int on = 1, bytes = SCTP_BUFFER;

	switch (c->proto) {
	case BENCH_TCP:
	case BENCH_XTCP:
		if (!c->o->nagle &&
		    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)))
			fail("TCP_NODELAY");
		break;
	case BENCH_SCTP:
		/* SCTP_NODELAY has no header here: it is option 3. */
		if (!c->o->nagle &&
		    setsockopt(fd, IPPROTO_SCTP, 3, &on, sizeof(on)))
			fail("SCTP_NODELAY");
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
		break;
	case BENCH_UNIX:
		break;
	}
}

static struct bench_address address_of(const struct cost *c)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct bench_address a = c->o->address;

	if (c->proto == BENCH_UNIX) {
		memcpy(un.sun_path + 1, UNIX_NAME, sizeof(UNIX_NAME));
		memset(&a, 0, sizeof(a));
		memcpy(&a.sa, &un, sizeof(un));
		a.len = sizeof(un);
	}
	return a;
}

static int new_socket(struct cost *c)
{
	int fd = bench_socket(&c->o->transports[0], &c->o->address, 0);

	if (fd < 0)
		exit(1);
	set_up(c, fd);
	return fd;
}

static int connect_one(struct cost *c)
{
	struct bench_address a = address_of(c);
	int fd = new_socket(c);

	if (connect(fd, (struct sockaddr *)&a.sa, a.len))
		fail("connect");
	return fd;
}

static int accept_one(struct cost *c)
{
	int fd = accept(c->listener, NULL, NULL);

	if (fd < 0)
		fail("accept");
	set_up(c, fd);
	return fd;
}

static void send_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0)
			fail("send");
		p += n;
		len -= n;
	}
}

static void receive_all(int fd, void *data, size_t len)
{
	char *p = data;

	while (len) {
		ssize_t n = recv(fd, p, len, 0);

		if (n <= 0)
			fail("recv");
		p += n;
		len -= n;
	}
}

/* -------------------------------------------------------- bulk, sendfile */

static char block[READ_BYTES];

static size_t bulk_total(const struct cost *c)
{
	return c->o->count * MIB;
}

static size_t bulk_warm(const struct cost *c)
{
	return c->o->warm * MIB;
}

static void read_bulk(struct cost *c)
{
	size_t warm = bulk_warm(c), left = warm + bulk_total(c);
	int fd = accept_one(c);

	while (left) {
		ssize_t n = recv(fd, block, sizeof(block), 0);

		if (n <= 0)
			fail("recv");
		left -= n;
		if (warm && left <= bulk_total(c)) {
			warm = 0;
			give(c->to_writer);
		}
	}
	give(c->to_writer);
	take(c->to_reader);
	close(fd);
}

static void write_bulk(struct cost *c)
{
	size_t chunk = c->o->bytes, left;
	int fd = connect_one(c);

	for (left = bulk_warm(c); left; left -= left < chunk ? left : chunk)
		send_all(fd, block, left < chunk ? left : chunk);
	if (bulk_warm(c))
		take(c->to_writer);
	start_clock(c);
	for (left = bulk_total(c); left; left -= left < chunk ? left : chunk)
		send_all(fd, block, left < chunk ? left : chunk);
	take(c->to_writer);
	stop_clock(c, c->o->count);
	give(c->to_reader);
	close(fd);
}

static void send_file(int fd, int file, size_t bytes)
{
	off_t at = 0;

	while (bytes) {
		ssize_t n = sendfile(fd, file, &at, bytes);

		if (n <= 0)
			fail("sendfile");
		bytes -= n;
	}
}

static void write_file(struct cost *c)
{
	int file = memfd_create("xtcp-bench", 0);
	int fd = connect_one(c);
	unsigned long i;

	for (i = 0; i < FILE_BYTES / sizeof(block); i++) {
		if (file < 0 || write(file, block, sizeof(block)) < 0)
			fail("memfd");
	}
	for (i = 0; i < c->o->warm; i++)
		send_file(fd, file, FILE_BYTES);
	if (c->o->warm)
		take(c->to_writer);
	start_clock(c);
	for (i = 0; i < c->o->count; i++)
		send_file(fd, file, FILE_BYTES);
	take(c->to_writer);
	stop_clock(c, c->o->count);
	give(c->to_reader);
	close(fd);
}

/* --------------------------------------------- request and response, flows */

static char message[READ_BYTES];

static void read_rr(struct cost *c)
{
	unsigned long i;
	int fd = accept_one(c);

	for (i = 0; i < c->o->warm + c->o->count; i++) {
		receive_all(fd, message, c->o->bytes);
		send_all(fd, message, c->o->bytes);
	}
	take(c->to_reader);
	close(fd);
}

static void write_rr(struct cost *c)
{
	int fd = connect_one(c);
	unsigned long i;

	for (i = 0; i < c->o->warm + c->o->count; i++) {
		if (i == c->o->warm)
			start_clock(c);
		send_all(fd, message, c->o->bytes);
		receive_all(fd, message, c->o->bytes);
	}
	stop_clock(c, c->o->count);
	give(c->to_reader);
	close(fd);
}

static void read_flows(struct cost *c)
{
	unsigned long i;

	for (i = 0; i < c->o->warm + c->o->count; i++) {
		int fd = accept_one(c);

		receive_all(fd, message, 1);
		send_all(fd, message, c->o->bytes);
		close(fd);
	}
}

/* Connect, ask with a byte, take the response of @bytes, see the end, close. */
static void write_flows(struct cost *c)
{
	unsigned long i;
	char end;

	for (i = 0; i < c->o->warm + c->o->count; i++) {
		int fd;

		if (i == c->o->warm)
			start_clock(c);
		fd = connect_one(c);
		send_all(fd, message, 1);
		receive_all(fd, message, c->o->bytes);
		if (recv(fd, &end, 1, 0) > 0)
			fail("too much came back");
		close(fd);
	}
	stop_clock(c, c->o->count);
}

/* -------------------------------------------------- idle connections */

static void read_idle(struct cost *c)
{
	unsigned long i;
	char byte;

	for (i = 0; i < c->o->warm + c->o->count; i++) {
		int fd = accept_one(c);

		receive_all(fd, &byte, 1);
		send_all(fd, &byte, 1);
	}
	take(c->to_reader);
}

/* kB that a line of /proc/meminfo tells. */
static unsigned long meminfo_kb(const char *name)
{
	unsigned long kb = 0;
	char line[256];
	FILE *f = fopen("/proc/meminfo", "r");

	while (f && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, name, strlen(name)))
			sscanf(line + strlen(name), ": %lu", &kb);
	}
	if (f)
		fclose(f);
	return kb;
}

static void open_idle(struct cost *c, unsigned long n)
{
	char byte = 0;

	while (n--) {
		int fd = connect_one(c);

		send_all(fd, &byte, 1);
		receive_all(fd, &byte, 1);
	}
}

/* Bytes of slab for each connection that has spoken once; both ends. */
static void write_idle(struct cost *c)
{
	unsigned long before;

	open_idle(c, c->o->warm);
	sleep(2);		/* what dies late has died */
	before = meminfo_kb("Slab");
	open_idle(c, c->o->count);
	sleep(2);
	printf("memory test=%s proto=%s units=%lu per_unit_bytes=%.0f\n",
	       c->o->test, bench_proto_name(c->proto), c->o->count,
	       (meminfo_kb("Slab") - before) * 1024.0 / c->o->count);
	fflush(stdout);
	give(c->to_reader);
}

/* ------------------------------------------------------------------ both */

static const struct test tests[] = {
	{ "bulk", write_bulk, read_bulk },
	{ "sendfile", write_file, read_bulk },
	{ "rr", write_rr, read_rr },
	{ "flow", write_flows, read_flows },
	{ "idle", write_idle, read_idle },
};

/* The reader's end of the world: another network namespace, if one is named. */
static void enter_namespace(const char *name)
{
	char path[256];
	int fd;

	if (!name)
		return;
	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		fail(path);
	close(fd);
}

static void open_listener(struct cost *c)
{
	struct bench_address a = address_of(c);
	int on = 1;

	c->listener = new_socket(c);
	setsockopt(c->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(c->listener, (struct sockaddr *)&a.sa, a.len) ||
	    listen(c->listener, SOMAXCONN))
		fail("listen");
}

static void start_reader(struct cost *c, const struct test *t)
{
	if (pipe(c->to_reader) || pipe(c->to_writer))
		fail("pipe");
	c->reader = fork();
	if (c->reader < 0)
		fail("fork");
	if (c->reader) {
		close(c->to_reader[0]);
		close(c->to_writer[1]);
		return;
	}
	close(c->to_reader[1]);
	close(c->to_writer[0]);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	enter_namespace(c->o->netns);
	open_listener(c);
	give(c->to_writer);
	t->read(c);
	exit(0);
}

int bench_cost(const struct bench_options *o)
{
	struct cost c = { .o = o, .proto = o->transports[0].proto };
	const struct test *t = NULL;
	int status;
	size_t i;

	for (i = 0; i < sizeof(tests) / sizeof(*tests); i++) {
		if (!strcmp(o->test, tests[i].name))
			t = &tests[i];
	}
	if (!t || !o->count || o->bytes > READ_BYTES) {
		fprintf(stderr, "xtcp-bench: cost: no such test, or too large\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	start_reader(&c, t);
	take(c.to_writer);
	t->write(&c);
	if (waitpid(c.reader, &status, 0) < 0)
		fail("wait");
	return status ? 1 : 0;
}
