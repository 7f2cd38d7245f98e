// SPDX-License-Identifier: GPL-2.0
/*
 * Amounts: much data both ways at once, many connections at once, many
 * connections one after the other; every byte compared.  XTCP_TEST_SCALE
 * divides the amounts, on kernels that are slow for good reasons.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <kselftest_harness.h>
#include "xtcp_test.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 1500

FIXTURE(transfer) {
	struct xt x;
};

/* The first variant does all of it, the others enough to see that they can. */
FIXTURE_VARIANT(transfer) {
	enum xt_door door;
	unsigned int share;
};

FIXTURE_VARIANT_ADD(transfer, ipv4) {
	.door = XT_IPV4,
	.share = 1,
};

FIXTURE_VARIANT_ADD(transfer, ipv6) {
	.door = XT_IPV6,
	.share = 16,
};

FIXTURE_VARIANT_ADD(transfer, inet) {
	.door = XT_INET,
	.share = 64,
};

FIXTURE_SETUP(transfer)
{
	ASSERT_EQ(0, xt_begin(&self->x, variant->door));
}

FIXTURE_TEARDOWN(transfer)
{
}

TEST_F(transfer, bulk__both_ways_at_once)
{
	uint64_t bytes = xt_scaled(1UL << 30) / variant->share & ~7UL;
	struct xt_thread t[4] = { };
	int fd[2], i;

	XT_PAIR(fd);
	for (i = 0; i < 4; i++) {
		t[i].fd = fd[i / 2];
		t[i].seed = i == 0 || i == 3 ? 1001 : 2002;
		t[i].len = bytes;
		t[i].chunk = 128 << 10;
		ASSERT_EQ(0, xt_thread_start(&t[i], i % 2 ? xt_thread_recv :
							    xt_thread_send));
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, xt_thread_join(&t[i]))
			TH_LOG("%s: %s", i % 2 ? "recv" : "send",
			       strerror(errno));
	/* Not one byte more. */
	ASSERT_EQ(0, shutdown(fd[0], SHUT_WR));
	EXPECT_EQ(0, read(fd[1], (char[1]){}, 1));
}

/*
 * An echo server in one thread with epoll.  A connection's bytes go back
 * before more of them are read, so one buffer per connection is enough.
 */
#define ECHO_ROOM 16384

struct echo {
	int fd;
	unsigned int at, len;
	char buf[ECHO_ROOM];
};

/* 1: closed, 0: goes on, -1: failed */
static int echo_serve(struct echo *e)
{
	for (;;) {
		while (e->at < e->len) {
			ssize_t n = send(e->fd, e->buf + e->at, e->len - e->at,
					 MSG_NOSIGNAL);

			if (n < 0)
				return errno == EAGAIN ? 0 : -1;
			e->at += n;
		}
		ssize_t n = read(e->fd, e->buf, ECHO_ROOM);

		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		if (!n)
			return 1;
		e->at = 0;
		e->len = n;
	}
}

static int echo_accept(int ep, int listener)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLOUT | EPOLLET };
	struct echo *e = calloc(1, sizeof(*e));

	if (!e)
		return -1;
	e->fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	ev.data.ptr = e;
	return e->fd < 0 ? -1 : epoll_ctl(ep, EPOLL_CTL_ADD, e->fd, &ev);
}

/* t->fd listens, t->len connections come and go */
static int echo_server(struct xt_thread *t)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int ep = epoll_create1(0), ret;
	uint64_t ended = 0;

	if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, t->fd, &ev))
		return -1;
	while (ended < t->len) {
		struct echo *e;

		if (epoll_wait(ep, &ev, 1, -1) != 1)
			return -1;
		e = ev.data.ptr;
		if (!e) {
			if (echo_accept(ep, t->fd))
				return -1;
			continue;
		}
		ret = echo_serve(e);
		if (ret < 0)
			return -1;
		if (ret) {
			close(e->fd);
			free(e);
			ended++;
		}
	}
	close(ep);
	return 0;
}

#define CONNECTIONS 200

TEST_F(transfer, concurrent__200_connections)
{
	uint64_t bytes = xt_scaled(2 << 20) / variant->share & ~7UL;
	struct xt_thread server = { .len = CONNECTIONS };
	static struct xt_thread send[CONNECTIONS], recv[CONNECTIONS];
	uint16_t port = 0;
	int i;

	server.fd = xt_listener(&self->x, CONNECTIONS, &port);
	ASSERT_LE(0, server.fd);
	ASSERT_EQ(0, xt_thread_start(&server, echo_server));
	for (i = 0; i < CONNECTIONS; i++) {
		send[i].fd = xt_socket(&self->x, 0);
		ASSERT_EQ(0, xt_connect(&self->x, send[i].fd, port));
	}
	/* All are open before the first byte flows. */
	for (i = 0; i < CONNECTIONS; i++) {
		send[i].seed = i + 1;
		send[i].len = bytes;
		send[i].chunk = 8192;
		recv[i] = send[i];
		ASSERT_EQ(0, xt_thread_start(&recv[i], xt_thread_recv));
		ASSERT_EQ(0, xt_thread_start(&send[i], xt_thread_send));
	}
	for (i = 0; i < CONNECTIONS; i++) {
		EXPECT_EQ(0, xt_thread_join(&send[i]));
		EXPECT_EQ(0, xt_thread_join(&recv[i]));
		EXPECT_EQ(0, close(send[i].fd));
	}
	EXPECT_EQ(0, xt_thread_join(&server));
}

/* One thread with epoll, thousands of connections, all open at once. */
TEST_F(transfer, epoll__2000_connections)
{
	int n = xt_scaled(2000) / variant->share, i;
	struct rlimit limit = { 2 * n + 100, 2 * n + 100 };
	struct xt_thread server = { .len = n };
	int *fd = calloc(n, sizeof(*fd));
	uint16_t port = 0;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	/* Room for all: in virtual time the server runs when the client rests. */
	server.fd = xt_listener(&self->x, n, &port);
	ASSERT_LE(0, server.fd);
	ASSERT_EQ(0, xt_thread_start(&server, echo_server));
	for (i = 0; i < n; i++) {
		fd[i] = xt_socket(&self->x, 0);
		ASSERT_EQ(0, xt_connect(&self->x, fd[i], port))
			TH_LOG("connection %d: %s", i, strerror(errno));
	}
	for (i = 0; i < n; i++)
		ASSERT_EQ((ssize_t)sizeof(i), write(fd[i], &i, sizeof(i)));
	for (i = n - 1; i >= 0; i--) {
		int back = -1;

		ASSERT_EQ((ssize_t)sizeof(back),
			  xt_read_all(fd[i], &back, sizeof(back)));
		ASSERT_EQ(i, back);
		ASSERT_EQ(0, close(fd[i]));
	}
	EXPECT_EQ(0, xt_thread_join(&server));
}

/*
 * Short connections: request, response, close.  The response is the request
 * with every bit turned.  The first byte says who closes first, so that the
 * TIME_WAITs pile up at both ends.
 */
#define REQUEST 200

static int short_server(struct xt_thread *t)
{
	uint64_t i;

	for (i = 0; i < t->len; i++) {
		char buf[REQUEST], c;
		int fd = accept(t->fd, NULL, NULL), k;

		if (fd < 0 || recv(fd, buf, REQUEST, MSG_WAITALL) != REQUEST)
			return -1;
		c = buf[0];
		for (k = 0; k < REQUEST; k++)
			buf[k] = ~buf[k];
		if (xt_write_all(fd, buf, REQUEST) != REQUEST)
			return -1;
		if (c & 1 && read(fd, &c, 1))
			return -1;
		close(fd);
	}
	return 0;
}

/* One connection; returns 0, or the number of the step that failed. */
static int short_client(const struct xt *x, uint16_t port, struct xt_random *r)
{
	char out[REQUEST], in[REQUEST + 1];
	int fd = xt_socket(x, 0), k;

	xt_random_fill(r, out, REQUEST);
	if (fd < 0)
		return 1;
	if (xt_connect(x, fd, port))
		return 2;
	if (xt_write_all(fd, out, REQUEST) != REQUEST)
		return 3;
	if (out[0] & 1) {
		if (xt_read_all(fd, in, REQUEST) != REQUEST)
			return 4;
	} else if (xt_read_all(fd, in, REQUEST + 1) != REQUEST) {
		return 5;
	}
	for (k = 0; k < REQUEST; k++)
		if ((char)~in[k] != out[k])
			return 6;
	close(fd);
	return 0;
}

TEST_F(transfer, short__10000_connections)
{
	struct xt_thread server = { };
	struct xt_random r = { 4242 };
	uint16_t port = 0;
	uint64_t i;

	server.len = xt_scaled(10000) / variant->share;
	server.fd = xt_listener(&self->x, 16, &port);
	ASSERT_LE(0, server.fd);
	ASSERT_EQ(0, xt_thread_start(&server, short_server));
	for (i = 0; i < server.len; i++)
		ASSERT_EQ(0, short_client(&self->x, port, &r))
			TH_LOG("connection %llu: %s", (unsigned long long)i,
			       strerror(errno));
	EXPECT_EQ(0, xt_thread_join(&server));
}

/* Reusing one connection, the same requests: nothing is lost between them. */
static int reuse_server(struct xt_thread *t)
{
	int fd = accept(t->fd, NULL, NULL);
	char buf[REQUEST];
	uint64_t i;

	for (i = 0; i < t->len; i++) {
		if (recv(fd, buf, REQUEST, MSG_WAITALL) != REQUEST ||
		    xt_write_all(fd, buf, REQUEST) != REQUEST)
			return -1;
	}
	return close(fd);
}

TEST_F(transfer, reuse__request_response)
{
	struct xt_thread server = { };
	struct xt_random r = { 99 };
	char out[REQUEST], in[REQUEST];
	uint16_t port = 0;
	uint64_t i;
	int fd = xt_socket(&self->x, 0);

	server.len = xt_scaled(20000) / variant->share;
	server.fd = xt_listener(&self->x, 1, &port);
	ASSERT_LE(0, server.fd);
	ASSERT_EQ(0, xt_thread_start(&server, reuse_server));
	ASSERT_EQ(0, xt_connect(&self->x, fd, port));
	for (i = 0; i < server.len; i++) {
		xt_random_fill(&r, out, REQUEST);
		ASSERT_EQ(REQUEST, xt_write_all(fd, out, REQUEST));
		ASSERT_EQ(REQUEST, recv(fd, in, REQUEST, MSG_WAITALL));
		ASSERT_EQ(0, memcmp(in, out, REQUEST));
	}
	EXPECT_EQ(0, xt_thread_join(&server));
	EXPECT_EQ(0, read(fd, in, 1));
}

TEST_HARNESS_MAIN
