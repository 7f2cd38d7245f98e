// SPDX-License-Identifier: GPL-2.0
/*
 * Allocations that fail, one after the other, in each call that a program can
 * make: the call says so or copes, nothing is lost or left over, and what the
 * socket could do before it can still do.  Only kernels with fault injection
 * (/proc/self/fail-nth) can run this; one that finds leaks makes the most of it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/sendfile.h>

#include <kselftest_harness.h>
#include "xtcp_test.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 300

#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define MOST_FAULTS	400	/* in one call */

XT_FIXTURE(faults);

/* What a call works on, made anew for each attempt. */
struct stage {
	struct xt x;
	int fd[2], listener, spare, file;
	uint16_t port;
};

static int stage_open(struct stage *s, const struct xt *x)
{
	s->x = *x;
	s->port = 0;
	s->listener = xt_listener(x, 8, &s->port);
	s->spare = xt_socket(x, 0);
	s->file = memfd_create("file", 0);
	if (s->listener < 0 || s->spare < 0 || s->file < 0 ||
	    ftruncate(s->file, 200000))
		return -1;
	return xt_pair(x, s->fd);
}

static void stage_close(struct stage *s)
{
	int fds[] = { s->fd[0], s->fd[1], s->listener, s->spare, s->file };
	struct linger linger = { .l_onoff = 1 };
	size_t i;

	/* Without TIME_WAIT: the ports are for the next attempt. */
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &linger,
			   sizeof(linger));
		close(fds[i]);
	}
}

/* How the kernel lets allocations fail that could have waited for memory. */
static int allow_all(void)
{
	static const char * const files[] = {
		"/sys/kernel/debug/failslab/ignore-gfp-wait",
		"/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait",
	};
	size_t i;

	if (access(FAIL_NTH, W_OK))
		return -1;
	if (access("/sys/kernel/debug/failslab", F_OK))
		mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	for (i = 0; i < ARRAY_SIZE(files); i++)
		if (xt_write_file(files[i], "N") && !i)
			return -1;
	return 0;
}

/*
 * @call with the first, the second ... allocation failing, until it needs no
 * more of them.  Returns 0, or which attempt was not as it should be.
 */
static int every_fault(const struct xt *x, long (*call)(struct stage *s))
{
	int n;

	for (n = 1; n < MOST_FAULTS; n++) {
		char text[16], left[16] = "";
		struct stage s;
		long ret;
		int err, fd;

		if (stage_open(&s, x))
			return n;
		snprintf(text, sizeof(text), "%d", n);
		/* Opened before, so that reading it needs no memory. */
		fd = open(FAIL_NTH, O_RDWR);
		if (fd < 0 || write(fd, text, strlen(text)) < 0)
			return n;
		errno = 0;
		ret = call(&s);
		err = errno;
		if (pread(fd, left, sizeof(left) - 1, 0) < 0)
			return n;
		if (write(fd, "0", 1) < 0)
			return n;
		close(fd);
		stage_close(&s);
		if (ret < 0 && err != ENOMEM && err != ENOBUFS &&
		    err != ENFILE && err != EAGAIN && err != ETIMEDOUT) {
			printf("# fault %d: %s\n", n, strerror(err));
			return n;
		}
		if (atoi(left)) {	/* it did not come to that */
			printf("# each of %d allocations failed\n", n - 1);
			fflush(stdout);
			return ret < 0 ? n : 0;
		}
	}
	return n;
}

#define EXPECT_COPES(call)						\
	do {								\
		int fd_[2];						\
									\
		if (allow_all())					\
			SKIP(return, "no fault injection");		\
		EXPECT_EQ(0, every_fault(&self->x, call));		\
		XT_PAIR(fd_);						\
	} while (0)

static long call_socket(struct stage *s)
{
	int fd = xt_socket(&s->x, 0);

	return fd < 0 ? -1 : close(fd);
}

static long call_bind(struct stage *s)
{
	return xt_bind(&s->x, s->spare, 0);
}

static long call_listen(struct stage *s)
{
	return listen(s->spare, 10);
}

/* A lost SYN or third segment is sent again: that may take its time. */
static long call_connect(struct stage *s)
{
	struct timeval t = { .tv_sec = 20 };

	setsockopt(s->spare, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
	if (xt_connect(&s->x, s->spare, s->port))
		return -1;
	return xt_poll(s->listener, POLLIN, XT_SOON_MS) == POLLIN ? 0 : -1;
}

static long call_accept(struct stage *s)
{
	int fd;

	if (xt_connect(&s->x, s->spare, s->port))
		return -1;
	xt_poll(s->listener, POLLIN, XT_SOON_MS);
	fd = accept(s->listener, NULL, NULL);
	return fd < 0 ? -1 : close(fd);
}

/* What was said to be taken arrives, and nothing else. */
static long call_send(struct stage *s)
{
	static char out[100000], in[100000];
	struct xt_random r = { 5 };
	ssize_t n;

	xt_random_fill(&r, out, sizeof(out));
	n = send(s->fd[0], out, sizeof(out), MSG_DONTWAIT);
	if (n < 0)
		return -1;
	if (xt_read_all(s->fd[1], in, n) != n || memcmp(in, out, n)) {
		errno = EBADMSG;
		return -1;
	}
	return 0;
}

static long call_send_small(struct stage *s)
{
	char buf[8];

	if (send(s->fd[0], "small", 5, 0) != 5)
		return -1;
	return recv(s->fd[1], buf, 5, MSG_WAITALL) == 5 ? 0 : -1;
}

static long call_recv(struct stage *s)
{
	static char buf[50000];

	if (send(s->fd[0], buf, sizeof(buf), MSG_DONTWAIT) < 0)
		return -1;
	xt_poll(s->fd[1], POLLIN, XT_SOON_MS);
	if (recv(s->fd[1], buf, 100, MSG_PEEK) < 0)
		return -1;
	return recv(s->fd[1], buf, sizeof(buf), 0) < 0 ? -1 : 0;
}

static long call_sendfile(struct stage *s)
{
	off_t at = 0;

	return sendfile(s->fd[0], s->file, &at, 50000) < 0 ? -1 : 0;
}

static long call_splice(struct stage *s)
{
	int p[2];
	long ret;

	if (pipe(p))
		return -1;
	ret = send(s->fd[0], "spliced", 7, 0);
	if (ret > 0)
		ret = splice(s->fd[1], NULL, p[1], NULL, 4096, 0);
	close(p[0]);
	close(p[1]);
	return ret < 0 ? -1 : 0;
}

static long call_shutdown(struct stage *s)
{
	char c;

	if (shutdown(s->fd[0], SHUT_WR))
		return -1;
	return read(s->fd[1], &c, 1) ? -1 : 0;
}

static long call_close(struct stage *s)
{
	char c;
	int fd = s->fd[0];

	s->fd[0] = open("/dev/null", O_RDWR);
	if (send(fd, "last", 4, 0) < 0) {
		close(fd);
		return -1;
	}
	if (close(fd))
		return -1;
	return read(s->fd[1], &c, 1) == 1 ? 0 : -1;
}

static long call_close_listener(struct stage *s)
{
	int fd = s->listener;

	if (xt_connect(&s->x, s->spare, s->port))
		return -1;
	s->listener = open("/dev/null", O_RDWR);
	return close(fd);
}

static long call_disconnect(struct stage *s)
{
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };

	return connect(s->fd[0], &unspec, sizeof(unspec));
}

static long call_options(struct stage *s)
{
	struct linger linger = { 1, 1 };

	if (setsockopt(s->fd[0], IPPROTO_TCP, TCP_CONGESTION, "reno", 4) ||
	    setsockopt(s->fd[0], SOL_SOCKET, SO_LINGER, &linger,
		       sizeof(linger)) ||
	    xt_set(s->fd[0], IPPROTO_TCP, TCP_NODELAY, 1) ||
	    xt_set(s->fd[0], SOL_SOCKET, SO_RCVBUF, 100000) ||
	    xt_set(s->fd[0], SOL_SOCKET, SO_KEEPALIVE, 1))
		return -1;
	return xt_state(s->fd[0]) < 0 ? -1 : 0;
}

static long call_epoll(struct stage *s)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int ep = epoll_create1(0);
	long ret;

	if (ep < 0)
		return -1;
	ret = epoll_ctl(ep, EPOLL_CTL_ADD, s->fd[0], &ev);
	close(ep);
	return ret;
}

TEST_F(faults, socket)
{
	EXPECT_COPES(call_socket);
}

TEST_F(faults, bind)
{
	EXPECT_COPES(call_bind);
}

TEST_F(faults, listen)
{
	EXPECT_COPES(call_listen);
}

TEST_F(faults, connect)
{
	EXPECT_COPES(call_connect);
}

TEST_F(faults, accept)
{
	EXPECT_COPES(call_accept);
}

TEST_F(faults, send)
{
	EXPECT_COPES(call_send);
}

TEST_F(faults, send_small)
{
	EXPECT_COPES(call_send_small);
}

TEST_F(faults, recv)
{
	EXPECT_COPES(call_recv);
}

TEST_F(faults, sendfile)
{
	EXPECT_COPES(call_sendfile);
}

TEST_F(faults, splice)
{
	EXPECT_COPES(call_splice);
}

TEST_F(faults, shutdown)
{
	EXPECT_COPES(call_shutdown);
}

TEST_F(faults, close)
{
	EXPECT_COPES(call_close);
}

TEST_F(faults, close_listener)
{
	EXPECT_COPES(call_close_listener);
}

TEST_F(faults, disconnect)
{
	EXPECT_COPES(call_disconnect);
}

TEST_F(faults, options)
{
	EXPECT_COPES(call_options);
}

TEST_F(faults, epoll)
{
	EXPECT_COPES(call_epoll);
}

/*
 * A namespace that cannot be made, whatever the allocation that fails.  Most
 * of them are not the module's, and there are thousands: one in seven.
 */
TEST_F(faults, namespace)
{
	int n, made = 0;

	if (allow_all())
		SKIP(return, "no fault injection");
	if (self->x.door != XT_IPV4)
		SKIP(return, "the same for all");
	for (n = 1; n < 20000 && !made; n += 7) {
		char text[16], left[16] = "";
		int fd = open(FAIL_NTH, O_RDWR), err;

		ASSERT_LE(0, fd);
		snprintf(text, sizeof(text), "%d", n);
		ASSERT_LT(0, write(fd, text, strlen(text)));
		err = unshare(CLONE_NEWNET);
		ASSERT_LE(0, pread(fd, left, sizeof(left) - 1, 0));
		ASSERT_EQ(1, write(fd, "0", 1));
		close(fd);
		made = !err && atoi(left);
	}
	EXPECT_TRUE(made);
}

TEST_HARNESS_MAIN
