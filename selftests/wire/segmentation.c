// SPDX-License-Identifier: GPL-2.0
/*
 * How what a program writes becomes segments: Nagle, CORK, MSG_MORE, PSH.
 * Documentation/protocol.rst 5.1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#include <kselftest_harness.h>
#include "wire.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

#define PORT 4000

WIRE_FIXTURE(segmentation);

#define MSS	1400

/* A round trip so long that nothing is probed while we look, however slowly. */
#define RTT_MS	(xt_virtual_time() ? 1000 : 2500)

#define OPEN()								\
	do {								\
		self->w.rtt_ms = RTT_MS;				\
		WIRE_OPEN(PORT);					\
	} while (0)

static char zeros[10 * MSS];

/* The next segment carries @len bytes; c->ack moves, and is not sent. */
#define EXPECT_SEGMENT(want_len)					\
	do {								\
		ASSERT_EQ(0, conn_await_data(&self->c, &self->s));	\
		EXPECT_EQ(want_len, self->s.len);			\
		self->c.ack += self->s.len;				\
	} while (0)

/* PSH on the last segment of a write, and on no other. */
TEST_F(segmentation, push__at_the_end_of_a_write)
{
	int i;

	OPEN();
	ASSERT_EQ(3 * MSS + 1, write(self->c.fd, zeros, 3 * MSS + 1));
	for (i = 0; i < 3; i++) {
		EXPECT_SEGMENT(MSS);
		EXPECT_EQ(ACK, self->s.flags);
	}
	EXPECT_SEGMENT(1);
	EXPECT_EQ(ACK | PSH, self->s.flags);
}

/*
 * Nagle in Minshall's form: the small end of a large write does not wait for the
 * full segments before it, only for an earlier small one.
 */
TEST_F(segmentation, nagle__small_end_of_a_large_write)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(MSS + 10, write(c->fd, zeros, MSS + 10));
	EXPECT_SEGMENT(MSS);
	EXPECT_SEGMENT(10);
	/* Now a small one is out. */
	ASSERT_EQ(10, write(c->fd, zeros, 10));
	EXPECT_TRUE(conn_quiet(c, XT_QUIET_MS));
	/* It does not hold full ones back. */
	ASSERT_EQ(MSS, write(c->fd, zeros, MSS));
	EXPECT_SEGMENT(MSS);
	EXPECT_TRUE(conn_quiet(c, XT_QUIET_MS));
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_SEGMENT(10);
}

/* An acknowledged small one holds nothing. */
TEST_F(segmentation, nagle__nothing_is_out)
{
	struct conn *c = &self->c;
	int i;

	OPEN();
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(1, write(c->fd, "x", 1));
		EXPECT_SEGMENT(1);
		ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
		conn_quiet(c, 20);
	}
}

/* NODELAY, set late, lets what waits go. */
TEST_F(segmentation, nodelay__releases_what_waits)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(1, write(c->fd, "a", 1));
	ASSERT_EQ(2, write(c->fd, "bc", 2));
	EXPECT_SEGMENT(1);
	EXPECT_TRUE(conn_quiet(c, XT_QUIET_MS));
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_NODELAY, 1));
	EXPECT_SEGMENT(2);
}

/* CORK: full ones go, the rest waits, also when nothing is out. */
TEST_F(segmentation, cork__full_segments_go)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_CORK, 1));
	ASSERT_EQ(2 * MSS + 7, write(c->fd, zeros, 2 * MSS + 7));
	EXPECT_SEGMENT(MSS);
	EXPECT_SEGMENT(MSS);
	EXPECT_TRUE(conn_quiet(c, XT_QUIET_MS));
	/* What is added fills it up. */
	ASSERT_EQ(MSS - 7, write(c->fd, zeros, MSS - 7));
	EXPECT_SEGMENT(MSS);
	ASSERT_EQ(5, write(c->fd, zeros, 5));
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_CORK, 0));
	EXPECT_SEGMENT(5);
}

/* With NODELAY as well: CORK is the stronger one. */
TEST_F(segmentation, cork__overrides_nodelay)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_NODELAY, 1));
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_CORK, 1));
	ASSERT_EQ(3, write(c->fd, "abc", 3));
	ASSERT_EQ(3, write(c->fd, "def", 3));
	EXPECT_TRUE(conn_quiet(c, XT_QUIET_MS));
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_CORK, 0));
	EXPECT_SEGMENT(6);
	/* Switched on again, NODELAY lets go what is corked, but no more. */
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_CORK, 1));
	ASSERT_EQ(3, write(c->fd, "ghi", 3));
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_NODELAY, 1));
	EXPECT_SEGMENT(3);
	ASSERT_EQ(3, write(c->fd, "jkl", 3));
	EXPECT_TRUE(conn_quiet(c, XT_QUIET_MS));
}

/* It does not hold the end back. */
TEST_F(segmentation, cork__released_by_shutdown)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_CORK, 1));
	ASSERT_EQ(3, write(c->fd, "end", 3));
	ASSERT_EQ(0, shutdown(c->fd, SHUT_WR));
	EXPECT_SEGMENT(3);
	EXPECT_EQ(FIN | PSH | ACK, self->s.flags | PSH);
}

/* A program that forgets about it: after a timeout all the same. */
TEST_F(segmentation, cork__not_for_ever)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_CORK, 1));
	ASSERT_EQ(3, write(c->fd, "abc", 3));
	EXPECT_SEGMENT(3);
	EXPECT_EQ(0, xt_counter("RetransSegs"));
}

/* MSG_MORE is a cork for one call. */
TEST_F(segmentation, msg_more__joins_the_next_call)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(3, send(c->fd, "abc", 3, MSG_MORE));
	EXPECT_TRUE(conn_quiet(c, XT_QUIET_MS));
	ASSERT_EQ(3, send(c->fd, "def", 3, 0));
	EXPECT_SEGMENT(6);
	EXPECT_EQ(0, memcmp("abcdef", self->s.data, 6));
	EXPECT_EQ(ACK | PSH, self->s.flags);
	/* Full ones go. */
	ASSERT_EQ(MSS + 1, send(c->fd, zeros, MSS + 1, MSG_MORE));
	EXPECT_SEGMENT(MSS);
	EXPECT_TRUE(conn_quiet(c, XT_QUIET_MS));
}

/*
 * Silly windows, RFC 9293 section 3.8.6.2.1: a segment is not cut for a window of
 * a few bytes, but it is for half of the largest one.
 */
TEST_F(segmentation, silly_window__not_used)
{
	struct conn *c = &self->c;

	self->w.window = 2 * MSS;
	OPEN();
	ASSERT_EQ(5 * MSS, write(c->fd, zeros, 5 * MSS));
	EXPECT_SEGMENT(MSS);
	EXPECT_SEGMENT(MSS);
	c->window = 100;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_TRUE(conn_quiet(c, XT_QUIET_MS));
	c->window = MSS - 1;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_TRUE(conn_quiet(c, XT_QUIET_MS));
	c->window = MSS;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_SEGMENT(MSS);
}

/* ---- super-segments: one skb to the kernel, separate segments to us ---- */

/* Bytes that the kernel knows to be delivered. */
static long long delivered(struct conn *c)
{
	struct xtcp_info info;

	return xt_info(c->fd, &info) ? -1 : (long long)info.xtcpi_delivered_bytes;
}

/* The same, when the kernel has had the time to take what conn_send() sent. */
static long long reaches(struct conn *c, long long want)
{
	long long end = xt_now_ms() + XT_SOON_MS;

	while (delivered(c) != want && xt_now_ms() < end)
		xt_sleep_ms(5);
	return delivered(c);
}

#define EXPECT_DELIVERED(want)						\
	do {								\
		long long want_ = want;					\
									\
		EXPECT_EQ(want_, reaches(&self->c, want_));		\
	} while (0)

/* Each is whole: its own number, checksum and PSH, the FIN on the last one. */
TEST_F(segmentation, super_segment__cut_for_the_device)
{
	struct conn *c = &self->c;
	char text[5 * MSS];
	unsigned int i;

	OPEN();
	for (i = 0; i < sizeof(text); i++)
		text[i] = i * 7 + i / MSS;
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_CORK, 1));
	ASSERT_EQ(4 * MSS + 9, write(c->fd, text, 4 * MSS + 9));
	ASSERT_EQ(0, shutdown(c->fd, SHUT_WR));
	for (i = 0; i < 5; i++) {
		bool last = i == 4;

		EXPECT_SEGMENT(last ? 9 : MSS);
		EXPECT_TRUE(self->s.check_ok);
		EXPECT_EQ(last ? ACK | PSH | FIN : ACK, self->s.flags);
		EXPECT_EQ(0, memcmp(text + i * MSS, self->s.data, self->s.len));
	}
	EXPECT_LE(1, xt_counter("OutSuperSegs"));
}

/*
 * SACK and acknowledgments that speak of some of its segments.  What does not
 * cover a segment whole covers nothing: invented blocks make no small pieces.
 */
TEST_F(segmentation, super_segment__acknowledged_in_parts)
{
	struct conn *c = &self->c;
	long long before_all;
	uint32_t base;
	int i;

	OPEN();
	base = c->ack;
	before_all = delivered(c);
	ASSERT_EQ(10 * MSS, write(c->fd, zeros, 10 * MSS));
	for (i = 0; i < 10; i++)
		EXPECT_SEGMENT(MSS);
	EXPECT_LE(1, xt_counter("OutSuperSegs"));
	c->ack = base;
	conn_hold(c, base + 3 * MSS, base + 5 * MSS);
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_DELIVERED(before_all + 2 * MSS);
	/* Half of one segment, and half of the next. */
	conn_hold(c, base + 6 * MSS + 1, base + 8 * MSS - 1);
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	/* One segment whole, and some of its neighbours. */
	conn_hold(c, base + 7 * MSS - 1, base + 8 * MSS + 1);
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_DELIVERED(before_all + 3 * MSS);
	c->opt_len = 0;
	c->ack = base + 2 * MSS;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_DELIVERED(before_all + 5 * MSS);
	/* In the middle of one, as if a router had cut it. */
	c->ack = base + 2 * MSS + 100;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_DELIVERED(before_all + 5 * MSS + 100);
	/* What is asked for again begins there. */
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	EXPECT_EQ(MSS - 100, self->s.len % MSS);
	c->ack = base + 10 * MSS;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_DELIVERED(before_all + 10 * MSS);
	EXPECT_TRUE(conn_content(c, XT_QUIET_MS));
}

/*
 * A peer that holds all of it, and then acknowledges the front only.  What it
 * held must be forgotten with the rest: else a single segment that is overtaken
 * later counts as lost at once, as if three were reported.
 */
TEST_F(segmentation, super_segment__held_then_acknowledged)
{
	struct conn *c = &self->c;
	uint32_t base;
	int i;

	if (!xt_virtual_time())
		SKIP(return, "no virtual time");
	OPEN();
	base = c->ack;
	ASSERT_EQ(4 * MSS, write(c->fd, zeros, 4 * MSS));
	for (i = 0; i < 4; i++)
		EXPECT_SEGMENT(MSS);
	EXPECT_LE(1, xt_counter("OutSuperSegs"));
	/* Answers sooner than this would make the round trip short. */
	xt_sleep_ms(RTT_MS);
	c->ack = base;
	conn_hold(c, base, base + 4 * MSS);
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	c->opt_len = 0;
	for (i = 1; i <= 4; i++) {
		c->ack = base + i * MSS;
		ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	}
	ASSERT_EQ(3 * MSS, write(c->fd, zeros, 3 * MSS));
	for (i = 0; i < 3; i++)
		EXPECT_SEGMENT(MSS);
	xt_sleep_ms(RTT_MS);
	c->ack = base + 4 * MSS;
	conn_hold(c, base + 5 * MSS, base + 6 * MSS);
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_TRUE(conn_quiet(c, RTT_MS / 8));
	EXPECT_EQ(0, xt_counter("FastRetransmits"));
}

WIRE_MAIN
