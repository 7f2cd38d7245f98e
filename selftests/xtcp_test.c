// SPDX-License-Identifier: GPL-2.0
/* What every test program shares; see xtcp_test.h. */
#define _GNU_SOURCE
#include "xtcp_test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

bool xt_over_tcp(void)
{
	const char *proto = getenv("XTCP_TEST_PROTO");

	return proto && !strcmp(proto, "tcp");
}

unsigned long xt_scaled(unsigned long full)
{
	const char *text = getenv("XTCP_TEST_SCALE");
	unsigned long divisor = text ? strtoul(text, NULL, 10) : 1;

	if (!divisor)
		divisor = 1;
	return full / divisor ? full / divisor : 1;
}

static int module_parameter(const char *name, int fallback)
{
	char path[96], text[32];

	snprintf(path, sizeof(path), "/sys/module/xtcp/parameters/%s", name);
	if (xt_read_file(path, text, sizeof(text)) < 0)
		return fallback;
	return atoi(text);
}

/* Skip the whole program where it cannot run: KSFT_SKIP is 4. */
static void __attribute__((constructor)) require(void)
{
	const char *why = NULL;

	if (geteuid())
		why = "needs root, for network namespaces";
	else if (!xt_over_tcp() && access("/sys/module/xtcp", F_OK))
		why = "module xtcp is not loaded";
	if (!why)
		return;
	printf("TAP version 13\n1..0 # SKIP %s\n", why);
	fflush(stdout);
	_exit(4);
}

void xt_door(struct xt *x, enum xt_door door)
{
	static int family, protocol;

	if (!family) {
		family = module_parameter("family", AF_XTCP);
		protocol = module_parameter("protocol", IPPROTO_XTCP);
	}
	x->door = door;
	x->family = door == XT_IPV6 || door == XT_INET6 || door == XT_TCP6 ?
		    AF_INET6 : AF_INET;
	x->domain = x->family;
	x->protocol = 0;
	if (door == XT_TCP4 || door == XT_TCP6)
		return;
	if (door == XT_INET || door == XT_INET6)
		x->protocol = xt_over_tcp() ? IPPROTO_TCP : protocol;
	else if (!xt_over_tcp())
		x->domain = family;
}

int xt_new_netns(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd, err;

	/* The harness runs a test in a process group of its own. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWNET))
		return -1;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0)
		return -1;
	err = ioctl(fd, SIOCSIFFLAGS, &ifr);
	close(fd);
	return err;
}

void xt_faults(bool on)
{
	if (getenv("XTCP_TEST_FAULTS"))
		xt_write_file("/proc/thread-self/make-it-fail", on ? "1" : "0");
}

int xt_begin(struct xt *x, enum xt_door door)
{
	xt_door(x, door);
	if (xt_new_netns())
		return -1;
	xt_faults(true);
	return 0;
}

socklen_t xt_parse(const struct xt *x, union xt_addr *a, const char *v4,
		   const char *v6, uint16_t port)
{
	memset(a, 0, sizeof(*a));
	a->sa.sa_family = x->family;
	if (x->family == AF_INET) {
		inet_pton(AF_INET, v4, &a->in.sin_addr);
		a->in.sin_port = htons(port);
		return sizeof(a->in);
	}
	inet_pton(AF_INET6, v6, &a->in6.sin6_addr);
	a->in6.sin6_port = htons(port);
	return sizeof(a->in6);
}

socklen_t xt_addr(const struct xt *x, union xt_addr *a, uint16_t port)
{
	return xt_parse(x, a, "127.0.0.1", "::1", port);
}

socklen_t xt_any(const struct xt *x, union xt_addr *a, uint16_t port)
{
	return xt_parse(x, a, "0.0.0.0", "::", port);
}

uint16_t xt_addr_port(const union xt_addr *a)
{
	return ntohs(a->sa.sa_family == AF_INET6 ? a->in6.sin6_port :
						   a->in.sin_port);
}

int xt_local_port(int fd)
{
	union xt_addr a;
	socklen_t len = sizeof(a);

	if (getsockname(fd, &a.sa, &len))
		return -1;
	return xt_addr_port(&a);
}

int xt_peer_port(int fd)
{
	union xt_addr a;
	socklen_t len = sizeof(a);

	if (getpeername(fd, &a.sa, &len))
		return -1;
	return xt_addr_port(&a);
}

int xt_socket(const struct xt *x, int flags)
{
	return socket(x->domain, SOCK_STREAM | flags, x->protocol);
}

int xt_bind(const struct xt *x, int fd, uint16_t port)
{
	union xt_addr a;
	socklen_t len = xt_addr(x, &a, port);

	return bind(fd, &a.sa, len);
}

int xt_connect(const struct xt *x, int fd, uint16_t port)
{
	union xt_addr a;
	socklen_t len = xt_addr(x, &a, port);

	return connect(fd, &a.sa, len);
}

/* Closes @fd and keeps errno, for the error paths. */
static int fail(int fd)
{
	int err = errno;

	close(fd);
	errno = err;
	return -1;
}

int xt_listener(const struct xt *x, int backlog, uint16_t *port)
{
	int fd = xt_socket(x, 0);

	if (fd < 0)
		return -1;
	if (xt_set(fd, SOL_SOCKET, SO_REUSEADDR, 1) ||
	    xt_bind(x, fd, *port) || listen(fd, backlog))
		return fail(fd);
	*port = xt_local_port(fd);
	return fd;
}

int xt_pair(const struct xt *x, int fd[2])
{
	uint16_t port = 0;
	int listener = xt_listener(x, 1, &port);

	if (listener < 0)
		return -1;
	fd[0] = xt_socket(x, 0);
	if (fd[0] < 0)
		return fail(listener);
	if (xt_connect(x, fd[0], port))
		goto fail;
	fd[1] = accept(listener, NULL, NULL);
	if (fd[1] < 0)
		goto fail;
	close(listener);
	return 0;
fail:
	fail(fd[0]);
	return fail(listener);
}

int xt_nonblock(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0)
		return -1;
	flags = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	return fcntl(fd, F_SETFL, flags);
}

int xt_set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

int xt_get(int fd, int level, int name)
{
	socklen_t len = sizeof(int);
	int value = 0;

	if (getsockopt(fd, level, name, &value, &len))
		return -1;
	return value;
}

int xt_info(int fd, struct xtcp_info *info)
{
	socklen_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return getsockopt(fd, SOL_XTCP, XTCP_INFO, info, &len);
}

int xt_so_error(int fd)
{
	return xt_get(fd, SOL_SOCKET, SO_ERROR);
}

short xt_poll(int fd, short events, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n = poll(&p, 1, timeout_ms);

	if (n < 0)
		return -1;
	return n ? p.revents : 0;
}

int xt_state(int fd)
{
	struct tcp_info info = { };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		return -1;
	return info.tcpi_state;
}

bool xt_wait_state(int fd, int state)
{
	long long end = xt_now_ms() + XT_SOON_MS;

	while (xt_state(fd) != state) {
		if (xt_now_ms() > end)
			return false;
		xt_sleep_ms(2);
	}
	return true;
}

long long xt_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

long long xt_now_ms(void)
{
	return xt_now_us() / 1000;
}

bool xt_virtual_time(void)
{
	long long start = xt_now_us();
	volatile unsigned int i;

	/* Milliseconds anywhere; there, what reading the clock costs: 256 ns */
	for (i = 0; i < 3000000; i++)
		;
	return xt_now_us() - start < 100;
}

void xt_sleep_ms(int ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

ssize_t xt_write_all(int fd, const void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = send(fd, buf + done, len - done, MSG_NOSIGNAL);

		if (n < 0)
			return -1;
		done += n;
	}
	return done;
}

ssize_t xt_read_all(int fd, void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = read(fd, buf + done, len - done);

		if (n < 0)
			return -1;
		if (!n)
			break;
		done += n;
	}
	return done;
}

/* xorshift64: eight bytes per step. */
static uint64_t random_next(struct xt_random *r)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return r->state;
}

/* @len is a multiple of 8, or the last call for this stream. */
void xt_random_fill(struct xt_random *r, void *buf, size_t len)
{
	uint64_t v;

	if (!r->state)
		r->state = 0x9e3779b97f4a7c15;
	for (; len >= sizeof(v); len -= sizeof(v), buf += sizeof(v)) {
		v = random_next(r);
		memcpy(buf, &v, sizeof(v));
	}
	if (len) {
		v = random_next(r);
		memcpy(buf, &v, len);
	}
}

static size_t chunk_of(uint64_t left, size_t chunk)
{
	return left < chunk ? left : chunk;
}

int xt_send_random(int fd, uint64_t seed, uint64_t len, size_t chunk)
{
	struct xt_random r = { seed };
	char *buf = malloc(chunk);
	int ret = -1;

	if (!buf)
		return -1;
	while (len) {
		size_t n = chunk_of(len, chunk);

		xt_random_fill(&r, buf, n);
		if (xt_write_all(fd, buf, n) != (ssize_t)n)
			goto out;
		len -= n;
	}
	ret = 0;
out:
	free(buf);
	return ret;
}

int xt_recv_random(int fd, uint64_t seed, uint64_t len, size_t chunk)
{
	struct xt_random r = { seed };
	uint64_t at = 0;
	char *buf, *want;
	int ret = -1;

	buf = malloc(chunk * 2);
	if (!buf)
		return -1;
	want = buf + chunk;
	while (at < len) {
		size_t n = chunk_of(len - at, chunk);
		ssize_t got = xt_read_all(fd, buf, n);

		if (got != (ssize_t)n) {
			printf("# byte %llu: stream ends after %zd of %zu\n",
			       (unsigned long long)at, got, n);
			if (got >= 0)
				errno = EPIPE;
			goto out;
		}
		xt_random_fill(&r, want, n);
		if (memcmp(buf, want, n)) {
			printf("# bytes from %llu differ\n",
			       (unsigned long long)at);
			errno = EBADMSG;
			goto out;
		}
		at += n;
	}
	ret = 0;
out:
	free(buf);
	return ret;
}

static void *thread_main(void *arg)
{
	struct xt_thread *t = arg;

	__atomic_store_n(&t->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	t->ret = t->fn(t);
	t->err = errno;
	__atomic_store_n(&t->done, true, __ATOMIC_RELEASE);
	return NULL;
}

int xt_thread_start(struct xt_thread *t, int (*fn)(struct xt_thread *t))
{
	pthread_t id;

	t->fn = fn;
	t->done = false;
	t->tid = 0;
	errno = pthread_create(&id, NULL, thread_main, t);
	t->id = id;
	return errno ? -1 : 0;
}

int xt_thread_join(struct xt_thread *t)
{
	errno = pthread_join(t->id, NULL);
	if (errno)
		return -1;
	errno = t->err;
	return t->ret;
}

/* State S or D in /proc. */
bool xt_thread_sleeps(pid_t tid)
{
	char path[64], text[512];
	const char *state;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	if (xt_read_file(path, text, sizeof(text)) < 0)
		return false;
	state = strrchr(text, ')');
	return state && (state[2] == 'S' || state[2] == 'D');
}

bool xt_thread_blocks(struct xt_thread *t)
{
	long long end = xt_now_ms() + XT_SOON_MS;

	for (;;) {
		pid_t tid = __atomic_load_n(&t->tid, __ATOMIC_ACQUIRE);

		if (__atomic_load_n(&t->done, __ATOMIC_ACQUIRE))
			return false;
		if (tid && xt_thread_sleeps(tid)) {
			xt_sleep_ms(XT_QUIET_MS);
			if (__atomic_load_n(&t->done, __ATOMIC_ACQUIRE))
				return false;
			if (xt_thread_sleeps(tid))
				return true;
		}
		if (xt_now_ms() > end)
			return false;
		xt_sleep_ms(1);
	}
}

int xt_thread_send(struct xt_thread *t)
{
	return xt_send_random(t->fd, t->seed, t->len,
			      t->chunk ? t->chunk : 65536);
}

int xt_thread_recv(struct xt_thread *t)
{
	return xt_recv_random(t->fd, t->seed, t->len,
			      t->chunk ? t->chunk : 65536);
}

int xt_read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = xt_read_all(fd, buf, size - 1);
	if (n < 0)
		return fail(fd);
	close(fd);
	while (n && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return n;
}

int xt_write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t len = strlen(text);

	if (fd < 0)
		return -1;
	if (write(fd, text, len) != len)
		return fail(fd);
	close(fd);
	return 0;
}

/* /proc/net/protocols: name, size of a socket, sockets */
int xt_sockets(void)
{
	char buf[16384], *line, *save;
	int n, all = 0, found = 0;

	if (xt_read_file("/proc/thread-self/net/protocols", buf,
			 sizeof(buf)) < 0)
		return -1;
	for (line = strtok_r(buf, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "XTCP%*[v6 ] %*d %d", &n) != 1)
			continue;
		all += n;
		found++;
	}
	return found ? all : -1;
}

bool xt_no_sockets(void)
{
	long long end = xt_now_ms() + XT_SOON_MS;

	while (xt_sockets()) {
		if (xt_now_ms() > end)
			return false;
		xt_sleep_ms(5);
	}
	return true;
}

/* /proc/net/xtcp_stat: a line of names, a line of values, both after "Xtcp:". */
long long xt_counter(const char *name)
{
	char buf[8192], *names, *values, *save_n, *save_v;

	if (xt_read_file("/proc/thread-self/net/xtcp_stat", buf,
			 sizeof(buf)) < 0)
		return -1;
	names = buf;
	values = strchr(buf, '\n');
	if (!values)
		return -1;
	*values++ = '\0';
	names = strtok_r(names, " ", &save_n);
	values = strtok_r(values, " ", &save_v);
	while (names && values) {
		if (!strcmp(names, name))
			return atoll(values);
		names = strtok_r(NULL, " ", &save_n);
		values = strtok_r(NULL, " ", &save_v);
	}
	return -1;
}
