// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel acknowledges, when, and what it reports beyond a gap:
 * Documentation/protocol.rst 5.3.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#include <kselftest_harness.h>
#include "wire.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

#define PORT 4000

WIRE_FIXTURE(acks);

#define OPEN()	WIRE_OPEN(PORT)

#define MSS		1400
#define QUICK		16	/* acknowledgments at once at the start */
#define DELAY_US	25000
#define TICK_US		10000	/* of the slowest timers: HZ is 100 */

static char zeros[MSS];

static int send_full(struct conn *c)
{
	return conn_send(c, ACK, zeros, MSS);
}

/* @text at @offset from where we are; seq stays. */
static int send_at(struct conn *c, uint32_t offset, const char *text)
{
	uint32_t seq = c->seq;
	int err;

	c->seq += offset;
	err = conn_send(c, ACK, text, strlen(text));
	c->seq = seq;
	return err;
}

/* The start is over, and nothing is owed. */
static int pass_the_start(struct conn *c, struct seg *s)
{
	int i;

	for (i = 0; i < QUICK; i++)
		if (send_full(c) || conn_await_ack(c, s, c->seq))
			return -1;
	return conn_quiet(c, 100) ? 0 : -1;
}

/* ---- when ---- */

/* The sender is in slow start: each of its first segments. */
TEST_F(acks, start__each_segment_at_once)
{
	struct conn *c = &self->c;
	long long sent_us;
	int i;

	OPEN();
	for (i = 0; i < QUICK; i++) {
		sent_us = xt_now_us();
		ASSERT_EQ(0, send_full(c));
		ASSERT_EQ(0, conn_await(c, &self->s, ACK));
		EXPECT_EQ(c->seq, self->s.ack);
		if (xt_virtual_time())
			EXPECT_GT(1000, self->s.at_us - sent_us);
	}
	/* The next one alone may wait for a second one. */
	sent_us = xt_now_us();
	ASSERT_EQ(0, send_full(c));
	ASSERT_EQ(0, conn_await(c, &self->s, ACK));
	EXPECT_EQ(c->seq, self->s.ack);
	EXPECT_LE(DELAY_US - TICK_US, self->s.at_us - sent_us);
}

/* One alone: 25 ms, and what the timer rounds. */
TEST_F(acks, one_segment__delayed)
{
	struct conn *c = &self->c;
	long long sent_us;

	OPEN();
	ASSERT_EQ(0, pass_the_start(c, &self->s));
	sent_us = xt_now_us();
	ASSERT_EQ(0, send_full(c));
	ASSERT_EQ(0, conn_await(c, &self->s, ACK));
	EXPECT_EQ(c->seq, self->s.ack);
	EXPECT_LE(DELAY_US - TICK_US, self->s.at_us - sent_us);
	if (xt_virtual_time())
		EXPECT_GE(DELAY_US + 2 * TICK_US, self->s.at_us - sent_us);
	EXPECT_LE(1, xt_counter("DelayedAcks"));
}

/* RFC 9293 section 3.8.6.3: every second full segment, and none without need. */
TEST_F(acks, full_segments__every_second_one)
{
	struct conn *c = &self->c;
	int i, n = 0;

	OPEN();
	ASSERT_EQ(0, pass_the_start(c, &self->s));
	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, send_full(c));
	while (!conn_recv(c, &self->s, 100)) {
		EXPECT_EQ(ACK, self->s.flags);
		n++;
	}
	EXPECT_EQ(c->seq, self->s.ack);
	/* Where we are slow, the delayed ACK comes between two of ours. */
	EXPECT_LE(10, n);
	if (xt_virtual_time())
		EXPECT_EQ(10, n);
}

/* Small ones wait together: a second's worth of typing is not full. */
TEST_F(acks, small_segments__one_delayed_ack)
{
	struct conn *c = &self->c;
	int i, n = 0;

	OPEN();
	if (!xt_virtual_time())
		SKIP(return, "how many fit into 25 ms is the machine's affair");
	ASSERT_EQ(0, pass_the_start(c, &self->s));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, conn_send(c, ACK, "x", 1));
	while (!conn_recv(c, &self->s, 100))
		n++;
	EXPECT_EQ(1, n);
	EXPECT_EQ(c->seq, self->s.ack);
}

/* What the program writes meanwhile carries it. */
TEST_F(acks, delayed__rides_on_data)
{
	struct conn *c = &self->c;

	OPEN();
	if (!xt_virtual_time())
		SKIP(return, "25 ms may be over before we write");
	ASSERT_EQ(0, pass_the_start(c, &self->s));
	ASSERT_EQ(0, send_full(c));
	ASSERT_EQ(5, write(c->fd, "reply", 5));
	ASSERT_EQ(0, conn_recv(c, &self->s, XT_SOON_MS));
	EXPECT_EQ(5, self->s.len);
	EXPECT_EQ(c->seq, self->s.ack);
	c->ack += 5;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_TRUE(conn_quiet(c, 100));
}

/* RFC 5681 section 4.2: at once beyond a gap, and when it is filled. */
TEST_F(acks, gap__at_once)
{
	struct conn *c = &self->c;
	long long sent_us;

	OPEN();
	ASSERT_EQ(0, pass_the_start(c, &self->s));
	sent_us = xt_now_us();
	ASSERT_EQ(0, send_at(c, 1, "later"));
	ASSERT_EQ(0, conn_await(c, &self->s, ACK));
	EXPECT_EQ(c->seq, self->s.ack);
	if (xt_virtual_time())
		EXPECT_GT(1000, self->s.at_us - sent_us);
	sent_us = xt_now_us();
	ASSERT_EQ(0, send_at(c, 0, "1"));
	ASSERT_EQ(0, conn_await(c, &self->s, ACK));
	EXPECT_EQ(c->seq + 6, self->s.ack);
	if (xt_virtual_time())
		EXPECT_GT(1000, self->s.at_us - sent_us);
}

/* ---- what: SACK, RFC 2018 and 2883 ---- */

/* Block @n of the segment, counted from where we are; 0 when it has none. */
static int block(const struct conn *c, const struct seg *s, unsigned int n,
		 int *from, int *to)
{
	const uint8_t *opt = seg_option(s, OPT_SACK);
	uint32_t edge[2];

	*from = 0;
	*to = 0;
	if (!opt || opt[1] < 2 + 8 * (n + 1))
		return 0;
	memcpy(edge, opt + 2 + 8 * n, sizeof(edge));
	*from = ntohl(edge[0]) - c->seq;
	*to = ntohl(edge[1]) - c->seq;
	return 1;
}

static unsigned int blocks(const struct seg *s)
{
	const uint8_t *opt = seg_option(s, OPT_SACK);

	return opt ? (opt[1] - 2) / 8 : 0;
}

#define EXPECT_BLOCK(n, want_from, want_to)				\
	do {								\
		int from_, to_;						\
									\
		EXPECT_EQ(1, block(&self->c, &self->s, n, &from_, &to_)); \
		EXPECT_EQ(want_from, from_);				\
		EXPECT_EQ(want_to, to_);				\
	} while (0)

/* Sends, and takes the answer. */
#define SEND_AT(offset, text)						\
	do {								\
		ASSERT_EQ(0, send_at(&self->c, offset, text));		\
		ASSERT_EQ(0, conn_await(&self->c, &self->s, ACK));	\
	} while (0)

TEST_F(acks, sack__newest_first)
{
	OPEN();
	SEND_AT(10, "ab");
	EXPECT_EQ(1, blocks(&self->s));
	EXPECT_BLOCK(0, 10, 12);
	SEND_AT(30, "cd");
	SEND_AT(20, "ef");
	EXPECT_EQ(3, blocks(&self->s));
	EXPECT_BLOCK(0, 20, 22);
	EXPECT_BLOCK(1, 30, 32);
	EXPECT_BLOCK(2, 10, 12);
	/* Again what changed last, though it is not new. */
	SEND_AT(12, "gh");
	EXPECT_EQ(3, blocks(&self->s));
	EXPECT_BLOCK(0, 10, 14);
	EXPECT_BLOCK(1, 20, 22);
	EXPECT_BLOCK(2, 30, 32);
}

TEST_F(acks, sack__ranges_grow_together)
{
	OPEN();
	SEND_AT(10, "ab");
	SEND_AT(20, "cd");
	SEND_AT(12, "efghijkl");
	EXPECT_EQ(1, blocks(&self->s));
	EXPECT_BLOCK(0, 10, 22);
	/* The gap closes: nothing is left to report. */
	SEND_AT(0, "0123456789");
	EXPECT_EQ(self->c.seq + 22, self->s.ack);
	EXPECT_EQ(0, blocks(&self->s));
}

/* Up to sixteen, the newest ones; the rest is kept all the same. */
TEST_F(acks, sack__sixteen_ranges)
{
	struct conn *c = &self->c;
	char text[128];
	int i;

	OPEN();
	for (i = 1; i <= 20; i++)
		SEND_AT(4 * i, "ab");
	EXPECT_EQ(16, blocks(&self->s));
	for (i = 0; i < 16; i++)
		EXPECT_BLOCK(i, 4 * (20 - i), 4 * (20 - i) + 2);
	EXPECT_EQ(HDR_LEN + 2 + 16 * 8 + 2, self->s.hdr_len);
	/* All twenty are there: what fills the gaps shows it. */
	memset(text, 'x', 4);
	text[4] = '\0';
	SEND_AT(0, text);
	EXPECT_EQ(c->seq + 6, self->s.ack);
	for (i = 1; i < 20; i++)
		SEND_AT(4 * i + 2, "cd");
	EXPECT_EQ(c->seq + 82, self->s.ack);
	ASSERT_EQ(82, recv(c->fd, text, sizeof(text), 0));
	text[82] = '\0';
	EXPECT_EQ(0, strncmp(text, "xxxxabcdabcd", 12))
		TH_LOG("%s", text);
}

/* Beside payload there is room for four. */
TEST_F(acks, sack__four_beside_data)
{
	struct conn *c = &self->c;
	int i;

	OPEN();
	for (i = 1; i <= 6; i++)
		SEND_AT(4 * i, "ab");
	ASSERT_EQ(4, write(c->fd, "data", 4));
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	EXPECT_EQ(4, blocks(&self->s));
	for (i = 0; i < 4; i++)
		EXPECT_BLOCK(i, 4 * (6 - i), 4 * (6 - i) + 2);
}

/* RFC 2883: the first block tells what came twice, once. */
TEST_F(acks, dsack__of_what_was_acknowledged)
{
	OPEN();
	ASSERT_EQ(0, conn_send(&self->c, ACK, "0123456789", 10));
	ASSERT_EQ(0, conn_await(&self->c, &self->s, ACK));
	SEND_AT(-6, "4567");
	EXPECT_EQ(self->c.seq, self->s.ack);
	EXPECT_EQ(1, blocks(&self->s));
	EXPECT_BLOCK(0, -6, -2);
	SEND_AT(5, "gap");
	EXPECT_EQ(1, blocks(&self->s));
	EXPECT_BLOCK(0, 5, 8);
	/* With a gap: the D-SACK is first, what is beyond the gap second. */
	SEND_AT(-10, "0123");
	EXPECT_EQ(2, blocks(&self->s));
	EXPECT_BLOCK(0, -10, -6);
	EXPECT_BLOCK(1, 5, 8);
	EXPECT_EQ(2, xt_counter("DsackSent"));
}

/* Beyond the gap, too: within the second block. */
TEST_F(acks, dsack__of_what_waits)
{
	OPEN();
	SEND_AT(10, "abcdef");
	SEND_AT(30, "gh");
	SEND_AT(12, "cd");
	EXPECT_EQ(self->c.seq, self->s.ack);
	EXPECT_EQ(3, blocks(&self->s));
	EXPECT_BLOCK(0, 12, 14);
	EXPECT_BLOCK(1, 10, 16);
	EXPECT_BLOCK(2, 30, 32);
	/* It is told once. */
	SEND_AT(40, "ij");
	EXPECT_EQ(3, blocks(&self->s));
	EXPECT_BLOCK(0, 40, 42);
}

WIRE_MAIN
