// SPDX-License-Identifier: GPL-2.0
/* RST in both directions, and what blind attackers may not do: RFC 5961. */
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

WIRE_FIXTURE(reset);

#define OPEN()	WIRE_OPEN(PORT)

TEST_F(reset, exact_number__kills)
{
	struct conn *c = &self->c;
	char buf;

	OPEN();
	ASSERT_EQ(0, conn_send(c, RST, NULL, 0));
	EXPECT_FAILS(ECONNRESET, recv(c->fd, &buf, 1, 0));
	EXPECT_EQ(XTCP_CLOSE, xt_state(c->fd));
	EXPECT_TRUE(conn_quiet(c, XT_QUIET_MS));
}

/* In the window, but not the number: asked back, nothing else. */
TEST_F(reset, in_window__challenged)
{
	static const uint32_t offset[] = { 1, 100, 5000 };
	struct conn *c = &self->c;
	size_t i;

	OPEN();
	for (i = 0; i < ARRAY_SIZE(offset); i++) {
		c->seq += offset[i];
		ASSERT_EQ(0, conn_send(c, RST, NULL, 0));
		c->seq -= offset[i];
		ASSERT_EQ(0, conn_await(c, &self->s, ACK));
		EXPECT_EQ(c->seq, self->s.ack);
		EXPECT_EQ(c->ack, self->s.seq);
	}
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(c->fd));
	EXPECT_LE(3, xt_counter("ChallengeAcks"));
	/* The real peer answers the challenge with the right number. */
	ASSERT_EQ(0, conn_send(c, RST, NULL, 0));
	EXPECT_TRUE(xt_wait_state(c->fd, XTCP_CLOSE));
}

TEST_F(reset, out_of_window__ignored)
{
	static const uint32_t offset[] = { -1u, -1000u, 0x20000000,
					   0x80000000 };
	struct conn *c = &self->c;
	size_t i;

	OPEN();
	for (i = 0; i < ARRAY_SIZE(offset); i++) {
		c->seq += offset[i];
		ASSERT_EQ(0, conn_send(c, RST, NULL, 0));
		c->seq -= offset[i];
	}
	EXPECT_TRUE(conn_quiet(c, XT_QUIET_MS));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(c->fd));
}

TEST_F(reset, syn__challenged)
{
	static const uint32_t offset[] = { 0, 1, -1u, 1000, 0x40000000 };
	struct conn *c = &self->c;
	size_t i;

	OPEN();
	for (i = 0; i < ARRAY_SIZE(offset); i++) {
		conn_seg(c, &self->s, SYN);
		self->s.seq += offset[i];
		ASSERT_EQ(0, wire_send(&self->w, &self->s));
		ASSERT_EQ(0, conn_await(c, &self->s, ACK));
		EXPECT_EQ(c->seq, self->s.ack);
		EXPECT_EQ(c->ack, self->s.seq);
	}
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(c->fd));
}

/* Challenges have a limit, or they would serve as an amplifier and a probe. */
TEST_F(reset, challenges__limited)
{
	struct conn *c = &self->c;
	int i, answered = 0;

	ASSERT_EQ(0, xt_write_file("/proc/sys/net/xtcp/challenge_ack_rate",
				   "5"));
	OPEN();
	for (i = 0; i < 200; i++) {
		c->seq += 7;
		ASSERT_EQ(0, conn_send(c, RST, NULL, 0));
		c->seq -= 7;
	}
	while (!conn_recv(c, &self->s, XT_QUIET_MS))
		answered++;
	EXPECT_LT(0, answered);
	/* 5 in a second; a slow machine takes more than one for it. */
	EXPECT_GE(100, answered);
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(c->fd));
}

/* RST with data or other flags is a RST all the same. */
TEST_F(reset, with_other_flags)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(0, conn_send(c, RST | ACK | PSH, "bye", 3));
	EXPECT_TRUE(xt_wait_state(c->fd, XTCP_CLOSE));
	EXPECT_EQ(ECONNRESET, xt_so_error(c->fd));
}

/* What the peer sees: a number that it must believe. */
static int await_rst(struct conn *c, struct seg *s)
{
	do {
		if (conn_recv(c, s, XT_SOON_MS))
			return -1;
	} while (!(s->flags & RST));
	return 0;
}

TEST_F(reset, close_with_unread_data__resets)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "unread", 6));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	ASSERT_EQ(0, close(c->fd));
	ASSERT_EQ(0, await_rst(c, &self->s));
	EXPECT_EQ(c->ack, self->s.seq);
	EXPECT_EQ(1, xt_counter("AbortOnClose"));
	EXPECT_TRUE(conn_quiet(c, XT_QUIET_MS));
}

TEST_F(reset, linger_zero__resets)
{
	struct linger linger = { .l_onoff = 1 };
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(0, setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger,
				sizeof(linger)));
	ASSERT_EQ(0, close(c->fd));
	ASSERT_EQ(0, await_rst(c, &self->s));
	EXPECT_EQ(c->ack, self->s.seq);
	/* Nothing is left: what comes now meets nobody. */
	ASSERT_EQ(0, conn_send(c, ACK, "x", 1));
	ASSERT_EQ(0, await_rst(c, &self->s));
	EXPECT_EQ(c->ack, self->s.seq);
}

/* With unsent data queued, RST is still at a number that the peer takes. */
TEST_F(reset, linger_zero__with_data_in_flight)
{
	struct linger linger = { .l_onoff = 1 };
	struct conn *c = &self->c;
	static char buf[60000];
	uint32_t high;

	OPEN();
	high = c->ack;
	ASSERT_LT(0, send(c->fd, buf, sizeof(buf), MSG_DONTWAIT));
	while (!conn_recv(c, &self->s, 60))
		if (before(high, self->s.seq + self->s.len))
			high = self->s.seq + self->s.len;
	ASSERT_EQ(0, setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger,
				sizeof(linger)));
	ASSERT_EQ(0, close(c->fd));
	ASSERT_EQ(0, await_rst(c, &self->s));
	/* Between what we have and what we were sent. */
	EXPECT_FALSE(before(self->s.seq, c->ack));
	EXPECT_FALSE(before(high + 1400, self->s.seq));
}

TEST_F(reset, write_after__epipe)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(0, conn_send(c, RST, NULL, 0));
	ASSERT_TRUE(xt_wait_state(c->fd, XTCP_CLOSE));
	EXPECT_FAILS(ECONNRESET, send(c->fd, "x", 1, MSG_NOSIGNAL));
	EXPECT_FAILS(EPIPE, send(c->fd, "x", 1, MSG_NOSIGNAL));
	EXPECT_TRUE(conn_quiet(c, XT_QUIET_MS));
}

/* After our FIN has come, RST is "broken pipe" for the one that still writes */
TEST_F(reset, in_close_wait__epipe)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(0, conn_send(c, FIN | ACK, NULL, 0));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	ASSERT_EQ(0, conn_send(c, RST, NULL, 0));
	ASSERT_TRUE(xt_wait_state(c->fd, XTCP_CLOSE));
	EXPECT_EQ(EPIPE, xt_so_error(c->fd));
}

WIRE_MAIN
