// SPDX-License-Identifier: GPL-2.0
/* Data, acknowledgments, windows, timeouts: Documentation/protocol.rst 5. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <kselftest_harness.h>
#include "wire.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

#define PORT 4000

WIRE_FIXTURE(data);

#define OPEN()	WIRE_OPEN(PORT)

/* Sends @text from @offset behind the next sequence number; seq stays. */
static int send_at(struct conn *c, uint32_t offset, const char *text)
{
	uint32_t seq = c->seq;
	int err;

	c->seq += offset;
	err = conn_send(c, ACK | PSH, text, strlen(text));
	c->seq = seq;
	return err;
}

/* The reader gets exactly @text, and then nothing. */
static int expect_read(struct conn *c, const char *text)
{
	char buf[256] = { };
	ssize_t len = strlen(text);

	if (recv(c->fd, buf, len, MSG_WAITALL) != len || strcmp(buf, text)) {
		printf("# read '%s'\n", buf);
		return 1;
	}
	if (recv(c->fd, buf, 1, MSG_DONTWAIT) != -1 || errno != EAGAIN)
		return 2;
	return 0;
}

static int unread(struct conn *c)
{
	int n = -1;

	ioctl(c->fd, FIONREAD, &n);
	return n;
}

/* ---- receiving ---- */

TEST_F(data, in_order__acknowledged)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "hello", 5));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	EXPECT_EQ(c->seq, self->s.ack);
	EXPECT_EQ(0, expect_read(c, "hello"));
}

TEST_F(data, out_of_order__reassembled)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(0, send_at(c, 8, "IJKL"));
	/* A gap: an acknowledgment at once, of what was there before. */
	ASSERT_EQ(0, conn_await(c, &self->s, ACK));
	EXPECT_EQ(c->seq, self->s.ack);
	ASSERT_EQ(0, send_at(c, 4, "EFGH"));
	ASSERT_EQ(0, conn_await(c, &self->s, ACK));
	EXPECT_EQ(c->seq, self->s.ack);
	EXPECT_EQ(0, unread(c));
	ASSERT_EQ(0, send_at(c, 0, "ABCD"));
	EXPECT_EQ(0, conn_await_ack(c, &self->s, c->seq + 12));
	EXPECT_EQ(0, expect_read(c, "ABCDEFGHIJKL"));
}

/* Every order of four pieces. */
TEST_F(data, out_of_order__every_permutation)
{
	static const char * const piece[] = { "ab", "cde", "f", "ghij" };
	static const uint32_t at[] = { 0, 2, 5, 6 };
	struct conn *c = &self->c;
	int n, i, left[4], order[4];

	OPEN();
	for (n = 0; n < 24; n++) {
		int k = n, m;

		for (i = 0; i < 4; i++)
			left[i] = i;
		for (m = 4; m; k /= m, m--) {
			order[4 - m] = left[k % m];
			for (i = k % m; i < m - 1; i++)
				left[i] = left[i + 1];
		}
		for (i = 0; i < 4; i++)
			ASSERT_EQ(0, send_at(c, at[order[i]],
					     piece[order[i]]));
		ASSERT_EQ(0, expect_read(c, "abcdefghij"));
		c->seq += 10;
		ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	}
}

/* Segments that overlap in every way: each byte once. */
TEST_F(data, overlap__each_byte_once)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(0, send_at(c, 4, "EFGH"));	/* a hole before it */
	ASSERT_EQ(0, send_at(c, 6, "GHIJ"));	/* its tail and more */
	ASSERT_EQ(0, send_at(c, 2, "CDEF"));	/* before it and its head */
	ASSERT_EQ(0, send_at(c, 5, "FG"));	/* within */
	ASSERT_EQ(0, send_at(c, 1, "BCDEFGHIJKL"));	/* around all */
	ASSERT_EQ(0, send_at(c, 0, "ABC"));
	EXPECT_EQ(0, expect_read(c, "ABCDEFGHIJKL"));
	/* And some that are old in part, or wholly. */
	c->seq += 12;
	ASSERT_EQ(0, send_at(c, -4, "IJKLMN"));
	ASSERT_EQ(0, send_at(c, -12, "ABCD"));
	ASSERT_EQ(0, send_at(c, -4, "IJKLMN"));
	EXPECT_EQ(0, expect_read(c, "MN"));
}

/* What is already there is acknowledged again: its sender must learn it. */
TEST_F(data, duplicate__acknowledged_again)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(0, send_at(c, 0, "once"));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq + 4));
	conn_quiet(c, 50);
	ASSERT_EQ(0, send_at(c, 0, "once"));
	ASSERT_EQ(0, conn_await(c, &self->s, ACK));
	EXPECT_EQ(c->seq + 4, self->s.ack);
	EXPECT_EQ(0, expect_read(c, "once"));
}

TEST_F(data, beyond_window__refused)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(0, send_at(c, 0x20000000, "far"));
	ASSERT_EQ(0, conn_await(c, &self->s, ACK));
	EXPECT_EQ(c->seq, self->s.ack);
	EXPECT_EQ(0, unread(c));
	ASSERT_EQ(0, send_at(c, 0, "near"));
	EXPECT_EQ(0, expect_read(c, "near"));
}

/* It acknowledges what was never sent: not to be believed, and answered. */
TEST_F(data, ack__of_the_unsent)
{
	struct conn *c = &self->c;
	uint32_t right = self->c.ack;

	OPEN();
	right = c->ack;
	c->ack += 100000;
	ASSERT_EQ(0, send_at(c, 0, "lies"));
	ASSERT_EQ(0, conn_await(c, &self->s, ACK));
	EXPECT_EQ(c->seq, self->s.ack);
	EXPECT_EQ(0, unread(c));
	c->ack = right;
	ASSERT_EQ(0, send_at(c, 0, "true"));
	EXPECT_EQ(0, expect_read(c, "true"));
}

/* RFC 5961 section 5: nor is one that is too old. */
TEST_F(data, ack__from_long_ago)
{
	struct conn *c = &self->c;

	OPEN();
	c->ack -= 0x40000000;
	ASSERT_EQ(0, send_at(c, 0, "old"));
	xt_sleep_ms(XT_QUIET_MS);
	EXPECT_EQ(0, unread(c));
	c->ack += 0x40000000;
	ASSERT_EQ(0, send_at(c, 0, "new"));
	EXPECT_EQ(0, expect_read(c, "new"));
}

/* Without ACK a segment is nothing. */
TEST_F(data, no_ack_flag__dropped)
{
	struct conn *c = &self->c;

	OPEN();
	conn_seg(c, &self->s, PSH);
	self->s.len = 4;
	ASSERT_EQ(0, wire_send(&self->w, &self->s));
	xt_sleep_ms(XT_QUIET_MS);
	EXPECT_EQ(0, unread(c));
}

/*
 * Data overtaken by a segment that took over the timestamp, as a resend does, is
 * not from the past.
 */
TEST_F(data, overtaken_timestamp__taken)
{
	struct xtcp_info info = { };
	socklen_t len = sizeof(info);
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(0, getsockopt(c->fd, SOL_XTCP, XTCP_INFO, &info, &len));
	ASSERT_LT(0, info.xtcpi_srtt_us);
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "one", 3));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	conn_seg(c, &self->s, ACK | PSH);
	self->s.len = 3;
	memcpy(self->s.data, "two", 3);
	/* Half a round trip before the one that is echoed now. */
	self->s.tsval = c->last_tsval - info.xtcpi_srtt_us / 2;
	ASSERT_EQ(0, wire_send(&self->w, &self->s));
	c->seq += 3;
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	EXPECT_EQ(0, expect_read(c, "onetwo"));
	EXPECT_EQ(0, xt_counter("InPaws"));
}

/* PAWS: a timestamp from the past marks an old duplicate. */
TEST_F(data, old_timestamp__dropped)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "one", 3));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	c->ts_offset -= 10000000;
	ASSERT_EQ(0, send_at(c, 0, "old"));
	ASSERT_EQ(0, conn_await(c, &self->s, ACK));
	EXPECT_EQ(c->seq, self->s.ack);
	c->ts_offset += 10000000;
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "two", 3));
	EXPECT_EQ(0, expect_read(c, "onetwo"));
	EXPECT_LE(1, xt_counter("InPaws"));
}

/* The echo is that of the segment which advanced the left edge. */
TEST_F(data, timestamp__echoed)
{
	struct conn *c = &self->c;
	uint32_t tsval;

	OPEN();
	conn_seg(c, &self->s, ACK | PSH);
	self->s.len = 3;
	memcpy(self->s.data, "abc", 3);
	tsval = self->s.tsval;
	ASSERT_EQ(0, wire_send(&self->w, &self->s));
	c->seq += 3;
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	EXPECT_EQ(tsval, self->s.tsecr);
	/* One that leaves a gap does not change it. */
	conn_quiet(c, 50);
	ASSERT_EQ(0, send_at(c, 10, "gap"));
	ASSERT_EQ(0, conn_await(c, &self->s, ACK));
	EXPECT_EQ(tsval, self->s.tsecr);
}

/* The reader stops: the window closes, and its right edge never goes back. */
TEST_F(data, window__closes_and_never_shrinks)
{
	struct conn *c = &self->c;
	static char buf[1000];
	uint32_t edge = 0;
	int i, listener = wire_listener(&self->w, PORT, 8);

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, xt_set(listener, SOL_SOCKET, SO_RCVBUF, 30000));
	ASSERT_EQ(0, conn_open_passive(c, &self->w, listener));
	for (i = 0; i < 1000; i++) {
		ASSERT_EQ(0, conn_send(c, ACK | PSH, buf, sizeof(buf)));
		ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq))
			TH_LOG("segment %d, edge +%d, unread %d, InNoMem %lld",
			       i, edge - c->seq, unread(c),
			       xt_counter("InNoMem"));
		EXPECT_FALSE(before(self->s.ack + self->s.window, edge));
		edge = self->s.ack + self->s.window;
		if (self->s.window < sizeof(buf))
			break;
	}
	ASSERT_GT(1000, i);
	/* All that was acknowledged is kept. */
	EXPECT_EQ((int)sizeof(buf) * (i + 1), unread(c));
	/* Reading opens it again, and says so by itself. */
	while (i-- >= 0)
		ASSERT_EQ((ssize_t)sizeof(buf),
			  recv(c->fd, buf, sizeof(buf), MSG_WAITALL));
	do {
		ASSERT_EQ(0, conn_await(c, &self->s, ACK));
	} while (self->s.window < sizeof(buf));
	ASSERT_EQ(0, conn_send(c, ACK | PSH, buf, sizeof(buf)));
	EXPECT_EQ((ssize_t)sizeof(buf),
		  recv(c->fd, buf, sizeof(buf), MSG_WAITALL));
}

/* ---- sending ---- */

TEST_F(data, write__one_segment_with_push)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(5, write(c->fd, "hello", 5));
	ASSERT_EQ(0, conn_recv(c, &self->s, XT_SOON_MS));
	EXPECT_EQ(ACK | PSH, self->s.flags);
	EXPECT_EQ(c->ack, self->s.seq);
	EXPECT_EQ(c->seq, self->s.ack);
	EXPECT_EQ(5, self->s.len);
	EXPECT_EQ(0, memcmp(self->s.data, "hello", 5));
	EXPECT_EQ(HDR_LEN, self->s.hdr_len);
}

/* Not acknowledged: sent again, each time after twice as long. */
TEST_F(data, retransmission__doubles)
{
	struct conn *c = &self->c;
	long long at[5];
	int i;

	OPEN();
	ASSERT_EQ(4, write(c->fd, "data", 4));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, conn_await_data(c, &self->s));
		EXPECT_EQ(c->ack, self->s.seq);
		EXPECT_EQ(4, self->s.len);
		EXPECT_EQ(0, memcmp(self->s.data, "data", 4));
		at[i] = self->s.at_ms;
	}
	/*
	 * A tail loss probe, perhaps, then timeouts of 200, 400, 800 ms at
	 * least.  Without doubling it would be 800 ms in all; what is between
	 * is for machines that show us a segment late.
	 */
	EXPECT_LE(1000, at[4] - at[0]);
	EXPECT_LE(3, xt_counter("RetransSegs"));
	c->ack += 4;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_TRUE(conn_content(c, 4000));
}

/* Nothing beyond what the receiver offered. */
TEST_F(data, peers_window__respected)
{
	struct conn *c = &self->c;
	static char buf[20000];
	uint32_t edge, high;
	int i;

	self->w.window = 3000;
	OPEN();
	ASSERT_EQ(20000, write(c->fd, buf, sizeof(buf)));
	high = c->ack;
	edge = c->ack + 3000;
	/* A while of it, with the retransmissions that come. */
	for (i = 0; i < 6; i++) {
		if (conn_recv(c, &self->s, XT_QUIET_MS))
			continue;
		EXPECT_FALSE(before(edge, self->s.seq + self->s.len));
		if (before(high, self->s.seq + self->s.len))
			high = self->s.seq + self->s.len;
	}
	/* What is offered is used, but for what is not worth a segment. */
	EXPECT_TRUE(before(edge - 1500, high));
	/* Then the rest, as it is acknowledged. */
	while (before(c->ack, edge - 3000 + 20000)) {
		c->ack = high;
		ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
		if (c->ack == edge - 3000 + 20000)
			break;
		ASSERT_EQ(0, conn_await_data(c, &self->s));
		EXPECT_FALSE(before(c->ack + 3000,
				    self->s.seq + self->s.len));
		high = self->s.seq + self->s.len;
	}
}

/* The right edge does not go back: an older, smaller offer is not believed. */
TEST_F(data, peers_window__never_shrinks)
{
	struct conn *c = &self->c;
	static char buf[6000];
	uint32_t end;

	OPEN();
	end = c->ack + sizeof(buf);
	c->window = 1000;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	xt_sleep_ms(50);
	ASSERT_EQ((ssize_t)sizeof(buf), write(c->fd, buf, sizeof(buf)));
	do {
		ASSERT_EQ(0, conn_recv(c, &self->s, XT_SOON_MS));
	} while (before(self->s.seq + self->s.len, end));
}

/* A closed window is asked again and again, for as long as we answer. */
TEST_F(data, zero_window__probed_until_it_opens)
{
	struct conn *c = &self->c;
	int i;

	self->w.window = 0;
	OPEN();
	ASSERT_EQ(4, write(c->fd, "wait", 4));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, conn_recv(c, &self->s, XT_SOON_MS));
		/* One byte at most, or one that was acknowledged already. */
		EXPECT_GE(1, self->s.len);
		ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	}
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(c->fd));
	EXPECT_LE(2, xt_counter("WindowProbes"));
	c->window = 1000;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	do {
		ASSERT_EQ(0, conn_await_data(c, &self->s));
	} while (self->s.len < 4);
	EXPECT_EQ(0, memcmp(self->s.data, "wait", 4));
}

/*
 * Nagle: small writes wait while an earlier one is unacknowledged, and go as
 * one.  (A tail loss probe may take them, as one, before we acknowledge.)
 */
TEST_F(data, nagle__holds_small_writes)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(1, write(c->fd, "a", 1));
	ASSERT_EQ(1, write(c->fd, "b", 1));
	ASSERT_EQ(1, write(c->fd, "c", 1));
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	EXPECT_EQ(1, self->s.len);
	c->ack += 1;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	EXPECT_EQ(2, self->s.len);
	EXPECT_EQ(0, memcmp(self->s.data, "bc", 2));
}

TEST_F(data, nodelay__sends_at_once)
{
	struct conn *c = &self->c;
	int i;

	OPEN();
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_NODELAY, 1));
	for (i = 0; i < 3; i++) {
		char out = 'a' + i;

		ASSERT_EQ(1, write(c->fd, &out, 1));
		ASSERT_EQ(0, conn_await_data(c, &self->s));
		EXPECT_EQ(out, self->s.data[0]);
		c->ack++;	/* seen, and not acknowledged yet */
	}
}

TEST_F(data, cork__holds_until_full_or_uncorked)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_CORK, 1));
	ASSERT_EQ(3, write(c->fd, "abc", 3));
	ASSERT_EQ(3, write(c->fd, "def", 3));
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_CORK, 0));
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	EXPECT_EQ(6, self->s.len);
}

/* The first flight: ten segments or so, then only as they are acknowledged. */
TEST_F(data, initial_window__is_ten_segments)
{
	struct conn *c = &self->c;
	static char buf[200000];
	uint32_t high;

	self->w.window = 1000000;
	OPEN();
	ASSERT_EQ(0, xt_set(c->fd, SOL_SOCKET, SO_SNDBUF, sizeof(buf)));
	high = c->ack;
	ASSERT_LT(60000, send(c->fd, buf, sizeof(buf), MSG_DONTWAIT));
	while (!conn_recv(c, &self->s, 150))
		if (before(high, self->s.seq + self->s.len))
			high = self->s.seq + self->s.len;
	/* 1400 was offered; tail loss probes may add one or two. */
	EXPECT_GE(13 * 1400, high - c->ack);
	EXPECT_LE(9 * 1300, high - c->ack);
}

/* Slow start: what is acknowledged makes room for twice as much. */
TEST_F(data, slow_start__grows)
{
	struct conn *c = &self->c;
	static char buf[200000];
	uint32_t flight[3], high;
	int i;

	self->w.window = 1000000;
	OPEN();
	ASSERT_EQ(0, xt_set(c->fd, SOL_SOCKET, SO_SNDBUF, sizeof(buf)));
	high = c->ack;
	ASSERT_LT(60000, send(c->fd, buf, sizeof(buf), MSG_DONTWAIT));
	for (i = 0; i < 3; i++) {
		while (!conn_recv(c, &self->s, 100))
			if (before(high, self->s.seq + self->s.len))
				high = self->s.seq + self->s.len;
		flight[i] = high - c->ack;
		/* Each segment of it, as a receiver would. */
		while (before(c->ack, high)) {
			c->ack += 1400;
			if (before(high, c->ack))
				c->ack = high;
			ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
		}
	}
	if (xt_counter("RtoTimeouts"))
		SKIP(return, "too slow here: a timeout came between");
	EXPECT_LT(flight[0] * 5 / 4, flight[1]);
}

WIRE_MAIN
