// SPDX-License-Identifier: GPL-2.0
/* poll, select and epoll: what is reported, and that waiters wake up. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include <kselftest_harness.h>
#include "xtcp_test.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

#define ALL (POLLIN | POLLOUT | POLLPRI | POLLRDHUP | POLLRDNORM | POLLWRNORM)

XT_FIXTURE(poll);

/* Waits until poll() reports exactly @want; returns what it saw last. */
static short settle(int fd, short want)
{
	long long end = xt_now_ms() + XT_SOON_MS;
	short seen;

	while ((seen = xt_poll(fd, ALL, 0)) != want && xt_now_ms() < end)
		xt_sleep_ms(2);
	return seen;
}

TEST_F(poll, unconnected__hup)
{
	EXPECT_EQ(POLLOUT | POLLWRNORM | POLLHUP,
		  xt_poll(xt_socket(&self->x, 0), ALL, 0));
}

TEST_F(poll, idle__writable_only)
{
	int fd[2];

	XT_PAIR(fd);
	EXPECT_EQ(POLLOUT | POLLWRNORM, xt_poll(fd[0], ALL, 0));
	EXPECT_EQ(POLLOUT | POLLWRNORM, xt_poll(fd[1], ALL, 0));
}

TEST_F(poll, data__readable)
{
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(1, write(fd[0], "x", 1));
	EXPECT_EQ(POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM,
		  settle(fd[1], POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM));
}

TEST_F(poll, peer_half_closed__rdhup)
{
	short want = POLLIN | POLLRDNORM | POLLRDHUP | POLLOUT | POLLWRNORM;
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(0, shutdown(fd[0], SHUT_WR));
	EXPECT_EQ(want, settle(fd[1], want));
	/* We shut ours too: nothing is left in either direction. */
	want |= POLLHUP;
	ASSERT_EQ(0, shutdown(fd[1], SHUT_WR));
	EXPECT_EQ(want, settle(fd[1], want));
}

TEST_F(poll, own_shut_rd__readable)
{
	short want = POLLIN | POLLRDNORM | POLLRDHUP | POLLOUT | POLLWRNORM;
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(0, shutdown(fd[0], SHUT_RD));
	EXPECT_EQ(want, settle(fd[0], want));
}

TEST_F(poll, reset__err_and_hup)
{
	struct linger linger = { .l_onoff = 1 };
	int fd[2];
	short seen;

	XT_PAIR(fd);
	ASSERT_EQ(0, setsockopt(fd[0], SOL_SOCKET, SO_LINGER, &linger,
				sizeof(linger)));
	ASSERT_EQ(0, close(fd[0]));
	seen = xt_poll(fd[1], POLLIN, XT_SOON_MS);
	EXPECT_EQ(POLLIN | POLLERR | POLLHUP, seen);
	EXPECT_EQ(ECONNRESET, xt_so_error(fd[1]));
	seen = xt_poll(fd[1], ALL, 0);
	EXPECT_EQ(0, seen & POLLERR);
	EXPECT_EQ(POLLHUP, seen & POLLHUP);
}

TEST_F(poll, listener__readable_when_a_client_waits)
{
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);

	ASSERT_LE(0, listener);
	EXPECT_EQ(0, xt_poll(listener, ALL, 0));
	ASSERT_EQ(0, xt_connect(&self->x, xt_socket(&self->x, 0), port));
	EXPECT_EQ(POLLIN | POLLRDNORM, settle(listener, POLLIN | POLLRDNORM));
	ASSERT_LE(0, accept(listener, NULL, NULL));
	EXPECT_EQ(0, xt_poll(listener, ALL, 0));
}

TEST_F(poll, full__not_writable_until_read)
{
	static char buf[65536];
	int fd[2];
	ssize_t n;

	XT_PAIR(fd);
	ASSERT_EQ(0, xt_nonblock(fd[0], true));
	do {
		while (write(fd[0], buf, sizeof(buf)) > 0)
			;
		ASSERT_EQ(EAGAIN, errno);
	} while (xt_poll(fd[0], POLLOUT, XT_QUIET_MS));
	/* Reading all of it makes room. */
	ASSERT_EQ(0, xt_nonblock(fd[1], true));
	while (!xt_poll(fd[0], POLLOUT, 0)) {
		ASSERT_EQ(POLLIN, xt_poll(fd[1], POLLIN, XT_SOON_MS));
		n = read(fd[1], buf, sizeof(buf));
		ASSERT_LT(0, n);
	}
}

static int wait_readable(struct xt_thread *t)
{
	return xt_poll(t->fd, POLLIN, XT_SOON_MS * 2);
}

TEST_F(poll, wakes__on_data)
{
	struct xt_thread t = { };
	int fd[2];

	XT_PAIR(fd);
	t.fd = fd[1];
	ASSERT_EQ(0, xt_thread_start(&t, wait_readable));
	ASSERT_TRUE(xt_thread_blocks(&t));
	ASSERT_EQ(1, write(fd[0], "x", 1));
	EXPECT_EQ(POLLIN, xt_thread_join(&t));
}

TEST_F(poll, wakes__on_close)
{
	struct xt_thread t = { };
	int fd[2];

	XT_PAIR(fd);
	t.fd = fd[1];
	ASSERT_EQ(0, xt_thread_start(&t, wait_readable));
	ASSERT_TRUE(xt_thread_blocks(&t));
	ASSERT_EQ(0, close(fd[0]));
	EXPECT_EQ(POLLIN, xt_thread_join(&t));
}

TEST_F(poll, wakes__on_own_shutdown_by_another_thread)
{
	struct xt_thread t = { };
	int fd[2];

	XT_PAIR(fd);
	t.fd = fd[1];
	ASSERT_EQ(0, xt_thread_start(&t, wait_readable));
	ASSERT_TRUE(xt_thread_blocks(&t));
	ASSERT_EQ(0, shutdown(fd[1], SHUT_RD));
	EXPECT_EQ(POLLIN, xt_thread_join(&t));
}

TEST_F(poll, wakes__on_a_client)
{
	struct xt_thread t = { };
	uint16_t port = 0;

	t.fd = xt_listener(&self->x, 8, &port);
	ASSERT_LE(0, t.fd);
	ASSERT_EQ(0, xt_thread_start(&t, wait_readable));
	ASSERT_TRUE(xt_thread_blocks(&t));
	ASSERT_EQ(0, xt_connect(&self->x, xt_socket(&self->x, 0), port));
	EXPECT_EQ(POLLIN, xt_thread_join(&t));
}

TEST_F(poll, rcvlowat__wakes_late)
{
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(0, xt_set(fd[1], SOL_SOCKET, SO_RCVLOWAT, 4));
	ASSERT_EQ(3, write(fd[0], "abc", 3));
	EXPECT_EQ(0, xt_poll(fd[1], POLLIN, XT_QUIET_MS));
	ASSERT_EQ(1, write(fd[0], "d", 1));
	EXPECT_EQ(POLLIN, xt_poll(fd[1], POLLIN, XT_SOON_MS));
}

TEST_F(poll, select__read_write)
{
	struct timeval t = { .tv_sec = XT_SOON_MS / 1000 }, none = { };
	fd_set rd, wr;
	int fd[2];

	XT_PAIR(fd);
	FD_ZERO(&rd);
	FD_ZERO(&wr);
	FD_SET(fd[1], &rd);
	EXPECT_EQ(0, select(fd[1] + 1, &rd, NULL, NULL, &none));
	FD_SET(fd[0], &wr);
	EXPECT_EQ(1, select(fd[0] + 1, NULL, &wr, NULL, &t));
	ASSERT_EQ(1, write(fd[0], "x", 1));
	FD_SET(fd[1], &rd);
	EXPECT_EQ(1, select(fd[1] + 1, &rd, NULL, NULL, &t));
	EXPECT_TRUE(FD_ISSET(fd[1], &rd));
}

/* An epoll descriptor that watches @fd for @events. */
static int watch(int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev))
		return -1;
	return ep;
}

static int epoll_one(int ep, int timeout_ms)
{
	struct epoll_event ev = { };
	int n = epoll_wait(ep, &ev, 1, timeout_ms);

	return n < 0 ? -1 : n ? (int)ev.events : 0;
}

TEST_F(poll, epoll__level_repeats)
{
	int fd[2], ep;

	XT_PAIR(fd);
	ep = watch(fd[1], EPOLLIN);
	ASSERT_LE(0, ep);
	EXPECT_EQ(0, epoll_one(ep, 0));
	ASSERT_EQ(1, write(fd[0], "x", 1));
	EXPECT_EQ(EPOLLIN, epoll_one(ep, XT_SOON_MS));
	EXPECT_EQ(EPOLLIN, epoll_one(ep, XT_SOON_MS));
}

TEST_F(poll, epoll__edge_reports_once_per_arrival)
{
	int fd[2], ep;

	XT_PAIR(fd);
	ep = watch(fd[1], EPOLLIN | EPOLLET);
	ASSERT_LE(0, ep);
	ASSERT_EQ(1, write(fd[0], "x", 1));
	EXPECT_EQ(EPOLLIN, epoll_one(ep, XT_SOON_MS));
	EXPECT_EQ(0, epoll_one(ep, XT_QUIET_MS));
	ASSERT_EQ(1, write(fd[0], "y", 1));
	EXPECT_EQ(EPOLLIN, epoll_one(ep, XT_SOON_MS));
}

/* Full, drained: exactly then an edge for writing. */
TEST_F(poll, epoll__edge_for_room)
{
	static char buf[65536];
	int fd[2], ep;

	XT_PAIR(fd);
	ASSERT_EQ(0, xt_nonblock(fd[0], true));
	ASSERT_EQ(0, xt_nonblock(fd[1], true));
	ep = watch(fd[0], EPOLLOUT | EPOLLET);
	ASSERT_LE(0, ep);
	EXPECT_EQ(EPOLLOUT, epoll_one(ep, XT_SOON_MS));
	do {
		while (write(fd[0], buf, sizeof(buf)) > 0)
			;
	} while (epoll_one(ep, XT_QUIET_MS));
	for (;;) {
		while (read(fd[1], buf, sizeof(buf)) > 0)
			;
		if (epoll_one(ep, 0))
			break;
		ASSERT_EQ(POLLIN, xt_poll(fd[1], POLLIN, XT_SOON_MS));
	}
	EXPECT_LT(0, write(fd[0], buf, 1));
}

TEST_F(poll, epoll__oneshot_needs_rearming)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLONESHOT };
	int fd[2], ep;

	XT_PAIR(fd);
	ep = watch(fd[1], EPOLLIN | EPOLLONESHOT);
	ASSERT_LE(0, ep);
	ASSERT_EQ(1, write(fd[0], "x", 1));
	EXPECT_EQ(EPOLLIN, epoll_one(ep, XT_SOON_MS));
	EXPECT_EQ(0, epoll_one(ep, XT_QUIET_MS));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_MOD, fd[1], &ev));
	EXPECT_EQ(EPOLLIN, epoll_one(ep, XT_SOON_MS));
}

TEST_F(poll, epoll__rdhup)
{
	int fd[2], ep;

	XT_PAIR(fd);
	ep = watch(fd[1], EPOLLRDHUP);
	ASSERT_LE(0, ep);
	ASSERT_EQ(0, close(fd[0]));
	EXPECT_EQ(EPOLLRDHUP, epoll_one(ep, XT_SOON_MS));
}

TEST_F(poll, epoll__nonblocking_connect)
{
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);
	int fd = xt_socket(&self->x, SOCK_NONBLOCK), ep;

	ASSERT_LE(0, listener);
	EXPECT_FAILS(EINPROGRESS, xt_connect(&self->x, fd, port));
	ep = watch(fd, EPOLLOUT | EPOLLET);
	ASSERT_LE(0, ep);
	EXPECT_EQ(EPOLLOUT, epoll_one(ep, XT_SOON_MS));
	EXPECT_EQ(0, xt_so_error(fd));
}

TEST_F(poll, epoll__refused_is_err)
{
	int bound = xt_socket(&self->x, 0);
	int fd = xt_socket(&self->x, SOCK_NONBLOCK), ep, seen;

	ASSERT_EQ(0, xt_bind(&self->x, bound, 0));
	EXPECT_FAILS(EINPROGRESS,
		     xt_connect(&self->x, fd, xt_local_port(bound)));
	ep = watch(fd, EPOLLOUT);
	ASSERT_LE(0, ep);
	seen = epoll_one(ep, XT_SOON_MS);
	EXPECT_EQ(EPOLLERR | EPOLLHUP, seen & (EPOLLERR | EPOLLHUP));
	EXPECT_EQ(ECONNREFUSED, xt_so_error(fd));
}

/* One epoll, many connections: each arrival is reported for its own. */
#define MANY 100

TEST_F(poll, epoll__many_connections)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int ep = epoll_create1(0), fd[MANY][2], i;
	bool seen[MANY] = { };

	ASSERT_LE(0, ep);
	for (i = 0; i < MANY; i++) {
		XT_PAIR(fd[i]);
		ev.data.u32 = i;
		ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, fd[i][1], &ev));
	}
	for (i = MANY - 1; i >= 0; i--)
		ASSERT_EQ(1, write(fd[i][0], "x", 1));
	for (i = 0; i < MANY; i++) {
		char c;

		ASSERT_EQ(1, epoll_wait(ep, &ev, 1, XT_SOON_MS));
		ASSERT_FALSE(seen[ev.data.u32]);
		seen[ev.data.u32] = true;
		ASSERT_EQ(1, read(fd[ev.data.u32][1], &c, 1));
	}
	EXPECT_EQ(0, epoll_wait(ep, &ev, 1, 0));
}

TEST_HARNESS_MAIN
