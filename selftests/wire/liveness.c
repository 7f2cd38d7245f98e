// SPDX-License-Identifier: GPL-2.0
/* Peers that say nothing more: keepalive, timeouts, loud failures. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>

#include <kselftest_harness.h>
#include "wire.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

#define PORT 4000

WIRE_FIXTURE(liveness);

#define OPEN()	WIRE_OPEN(PORT)

static int keepalive(int fd)
{
	return xt_set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 1) ||
	       xt_set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1) ||
	       xt_set(fd, IPPROTO_TCP, TCP_KEEPCNT, 2) ||
	       xt_set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
}

/* Idle for ever, by itself. */
TEST_F(liveness, idle__says_nothing)
{
	OPEN();
	EXPECT_TRUE(conn_quiet(&self->c, 3000));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(self->c.fd));
}

/* A probe is one before what was acknowledged, so that it must be answered. */
TEST_F(liveness, keepalive__probes)
{
	struct conn *c = &self->c;
	int i;

	OPEN();
	ASSERT_EQ(0, keepalive(c->fd));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, conn_recv(c, &self->s, XT_SOON_MS));
		EXPECT_EQ(ACK, self->s.flags & ~PSH);
		EXPECT_EQ(c->ack - 1, self->s.seq);
		EXPECT_GE(1, self->s.len);
		ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	}
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(c->fd));
	EXPECT_LE(4, xt_counter("KeepaliveProbes"));
}

TEST_F(liveness, keepalive__dead_peer)
{
	struct conn *c = &self->c;
	long long start = xt_now_ms();
	char buf;

	OPEN();
	ASSERT_EQ(0, keepalive(c->fd));
	EXPECT_FAILS(ETIMEDOUT, recv(c->fd, &buf, 1, 0));
	EXPECT_LE(1900, xt_now_ms() - start);
	EXPECT_EQ(XTCP_CLOSE, xt_state(c->fd));
}

/* Ours are answered, if they do not come in a flood. */
TEST_F(liveness, keepalive__answered)
{
	struct conn *c = &self->c;
	int i;

	OPEN();
	for (i = 0; i < 3; i++) {
		xt_sleep_ms(1100);
		conn_seg(c, &self->s, ACK);
		self->s.seq--;
		ASSERT_EQ(0, wire_send(&self->w, &self->s));
		ASSERT_EQ(0, conn_await(c, &self->s, ACK));
		EXPECT_EQ(c->seq, self->s.ack);
	}
}

TEST_F(liveness, user_timeout__ends_unacknowledged_data)
{
	struct conn *c = &self->c;
	long long start;
	char buf;

	OPEN();
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1000));
	start = xt_now_ms();
	ASSERT_EQ(4, write(c->fd, "gone", 4));
	EXPECT_FAILS(ETIMEDOUT, recv(c->fd, &buf, 1, 0));
	EXPECT_LE(800, xt_now_ms() - start);
	EXPECT_FAILS(EPIPE, send(c->fd, "x", 1, MSG_NOSIGNAL));
	EXPECT_LE(1, xt_counter("AbortOnTimeout"));
}

TEST_F(liveness, retries__end_unacknowledged_data)
{
	struct conn *c = &self->c;
	char buf;

	ASSERT_EQ(0, xt_write_file("/proc/sys/net/xtcp/retries2", "3"));
	OPEN();
	ASSERT_EQ(4, write(c->fd, "gone", 4));
	EXPECT_FAILS(ETIMEDOUT, recv(c->fd, &buf, 1, 0));
	EXPECT_LE(2, xt_counter("RetransSegs"));
	EXPECT_EQ(XTCP_CLOSE, xt_state(c->fd));
}

/* An orphan whose peer is gone does not stay: its port comes back. */
TEST_F(liveness, orphan__gives_up)
{
	int listener = wire_listener(&self->w, PORT, 8), fd;
	struct conn *c = &self->c;
	long long end = xt_now_ms() + XT_SOON_MS;
	union xt_addr a;
	socklen_t len;

	ASSERT_EQ(0, xt_write_file("/proc/sys/net/xtcp/orphan_retries", "2"));
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, conn_open_passive(c, &self->w, listener));
	ASSERT_EQ(0, close(listener));
	ASSERT_EQ(0, close(c->fd));
	len = wire_kernel_addr(&self->w, &a, PORT);
	do {
		fd = xt_socket(&self->w.x, 0);
		if (!bind(fd, &a.sa, len))
			break;
		close(fd);
		xt_sleep_ms(50);
	} while (xt_now_ms() < end);
	EXPECT_GT(end, xt_now_ms());
}

WIRE_MAIN
