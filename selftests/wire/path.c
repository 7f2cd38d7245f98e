// SPDX-License-Identifier: GPL-2.0
/*
 * What the path says, and what it keeps to itself: CE marks, black holes.
 * Documentation/protocol.rst 5.8, 5.9.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>

#include <kselftest_harness.h>
#include "wire.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

#define PORT 4000

WIRE_FIXTURE(path);

#define OPEN()	WIRE_OPEN(PORT)

static char zeros[40000];

/* What the segment says of CE-marked bytes; -1: nothing. */
static long long ce_bytes(const struct seg *s)
{
	const uint8_t *opt = seg_option(s, OPT_ECN);
	uint32_t n;

	if (!opt || opt[1] != 6)
		return -1;
	memcpy(&n, opt + 2, sizeof(n));
	return ntohl(n);
}

static uint8_t feature_bits(const struct seg *s)
{
	const uint8_t *opt = seg_option(s, OPT_FEATURES);

	return opt && opt[1] == 6 ? opt[5] : 0xff;
}

static int send_marked(struct conn *c, uint8_t ecn, const char *text)
{
	int err;

	c->w->ecn = ecn;
	err = conn_send(c, ACK | PSH, text, strlen(text));
	c->w->ecn = NOT_ECT;
	return err;
}

/* ---- negotiation ---- */

TEST_F(path, ecn__accepted_when_offered)
{
	struct conn *c = &self->c;
	int listener = wire_listener(&self->w, PORT, 8);

	ASSERT_LE(0, listener);
	self->w.features = FEATURE_ECN;
	conn_init(c, &self->w, 2000, PORT);
	ASSERT_EQ(0, conn_syn(c));
	ASSERT_EQ(0, conn_await(c, &self->s, SYN | ACK));
	EXPECT_EQ(FEATURE_ECN, feature_bits(&self->s));
	EXPECT_EQ(NOT_ECT, self->s.ecn);
}

TEST_F(path, ecn__not_accepted_when_switched_off)
{
	struct conn *c = &self->c;
	int listener = wire_listener(&self->w, PORT, 8);

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, xt_write_file("/proc/sys/net/xtcp/ecn", "0"));
	self->w.features = FEATURE_ECN;
	conn_init(c, &self->w, 2000, PORT);
	ASSERT_EQ(0, conn_syn(c));
	ASSERT_EQ(0, conn_await(c, &self->s, SYN | ACK));
	EXPECT_EQ(0, feature_bits(&self->s));
}

TEST_F(path, ecn__not_accepted_when_not_offered)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(5, write(c->fd, "hello", 5));
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	EXPECT_EQ(NOT_ECT, self->s.ecn);
	/* And marks that come nevertheless are nothing to talk of. */
	ASSERT_EQ(0, send_marked(c, CE, "data"));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	EXPECT_EQ(-1, ce_bytes(&self->s));
}

/* connect() asks for it only when told to. */
TEST_F(path, ecn__asked_for_by_sysctl)
{
	struct conn *c = &self->c;

	ASSERT_EQ(0, conn_start_active(c, &self->w, &self->s));
	EXPECT_EQ(0, feature_bits(&self->s));
	close(c->fd);
	ASSERT_EQ(0, xt_write_file("/proc/sys/net/xtcp/ecn", "1"));
	self->w.features = FEATURE_ECN;
	ASSERT_EQ(0, conn_start_active(c, &self->w, &self->s));
	EXPECT_EQ(FEATURE_ECN, feature_bits(&self->s));
	ASSERT_EQ(0, conn_synack(c));
	ASSERT_EQ(0, conn_await(c, &self->s, ACK));
	ASSERT_EQ(5, write(c->fd, "hello", 5));
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	EXPECT_EQ(ECT_0, self->s.ecn);
}

/* ---- data ---- */

TEST_F(path, ecn__data_but_nothing_else_is_markable)
{
	struct conn *c = &self->c;

	self->w.features = FEATURE_ECN;
	OPEN();
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "ask", 3));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	EXPECT_EQ(NOT_ECT, self->s.ecn);
	ASSERT_EQ(5, write(c->fd, "hello", 5));
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	EXPECT_EQ(ECT_0, self->s.ecn);
	/* The same again: a retransmission is not (RFC 3168 6.1.5). */
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	EXPECT_EQ(NOT_ECT, self->s.ecn);
}

TEST_F(path, ecn__marked_bytes_are_counted)
{
	struct conn *c = &self->c;

	self->w.features = FEATURE_ECN;
	OPEN();
	ASSERT_EQ(0, send_marked(c, ECT_0, "12345"));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	EXPECT_EQ(-1, ce_bytes(&self->s));
	ASSERT_EQ(0, send_marked(c, CE, "1234567"));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	EXPECT_EQ(7, ce_bytes(&self->s));
	ASSERT_EQ(0, send_marked(c, CE, "123"));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	EXPECT_EQ(10, ce_bytes(&self->s));
	/* From then on every acknowledgment says it. */
	ASSERT_EQ(0, send_marked(c, ECT_0, "1"));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	EXPECT_EQ(10, ce_bytes(&self->s));
	EXPECT_EQ(2, xt_counter("InCeSegs"));
}

static void put_count(struct conn *c, uint32_t count)
{
	count = htonl(count);
	c->opt[0] = OPT_ECN;
	c->opt[1] = 6;
	memcpy(c->opt + 2, &count, sizeof(count));
	c->opt[6] = 0;
	c->opt[7] = 0;
	c->opt_len = 8;
}

static uint32_t cwnd(struct conn *c)
{
	struct xtcp_info info = { };
	socklen_t len = sizeof(info);

	getsockopt(c->fd, SOL_XTCP, XTCP_INFO, &info, &len);
	return info.xtcpi_snd_cwnd_bytes;
}

/* One reduction in a round trip, however often the marks are told. */
TEST_F(path, ecn__report_lowers_the_window_once)
{
	struct conn *c = &self->c;
	uint32_t before_marks, end;

	self->w.features = FEATURE_ECN;
	OPEN();
	before_marks = cwnd(c);
	ASSERT_EQ(8 * 1400, send(c->fd, zeros, 8 * 1400, 0));
	end = c->ack + 8 * 1400;
	while (before(c->ack, end)) {
		ASSERT_EQ(0, conn_await_data(c, &self->s));
		c->ack += self->s.len;
	}
	c->ack = end - 7 * 1400;
	put_count(c, 1400);
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	c->ack += 1400;
	put_count(c, 2800);
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	conn_quiet(c, 50);
	EXPECT_EQ(1, xt_counter("EcnReductions"));
	c->ack = end;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	conn_quiet(c, 50);
	EXPECT_GT(before_marks, cwnd(c));
	/* An old count, overtaken on its way, is no news. */
	put_count(c, 1400);
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	conn_quiet(c, 50);
	EXPECT_EQ(1, xt_counter("EcnReductions"));
	EXPECT_EQ(0, xt_counter("FastRetransmits"));
}

/* Acknowledges up to @ack, which carries @marked as count of marked bytes. */
static int tell(struct conn *c, uint32_t ack, uint32_t marked)
{
	c->ack = ack;
	put_count(c, marked);
	return conn_send(c, ACK, NULL, 0);
}

/* Reads what the kernel sends, up to @end, and does not acknowledge it. */
static int read_to(struct conn *c, struct seg *s, uint32_t end)
{
	do {
		if (conn_recv(c, s, XT_SOON_MS))
			return -1;
	} while (before(s->seq + s->len, end));
	return 0;
}

/*
 * What left while the window came down met the same queue: its marks call for
 * nothing more.  Those of what left after that do (RFC 3168 section 6.1.2).
 */
TEST_F(path, ecn__one_queue_is_one_reduction)
{
	struct conn *c = &self->c;
	uint32_t start, end;

	self->w.features = FEATURE_ECN;
	OPEN();
	start = c->ack;
	ASSERT_EQ(8 * 1400, send(c->fd, zeros, 8 * 1400, 0));
	ASSERT_EQ(0, read_to(c, &self->s, start + 8 * 1400));
	ASSERT_EQ(0, tell(c, start + 1400, 1400));
	ASSERT_EQ(0, tell(c, start + 7 * 1400, 2800));
	/* It leaves while the first flight is not all acknowledged. */
	ASSERT_EQ(1400, send(c->fd, zeros, 1400, 0));
	end = start + 9 * 1400;
	ASSERT_EQ(0, read_to(c, &self->s, end));
	ASSERT_EQ(0, tell(c, start + 8 * 1400, 4200));
	ASSERT_EQ(0, tell(c, end, 5600));
	conn_quiet(c, 50);
	/* We were so late that the kernel took something for lost. */
	if (xt_counter("RtoTimeouts") || xt_counter("LossProbes"))
		SKIP(return, "too slow here");
	EXPECT_EQ(1, xt_counter("EcnReductions"));
	ASSERT_EQ(1400, send(c->fd, zeros, 1400, 0));
	ASSERT_EQ(0, read_to(c, &self->s, end + 1400));
	ASSERT_EQ(0, tell(c, end + 1400, 7000));
	conn_quiet(c, 50);
	if (xt_counter("RtoTimeouts") || xt_counter("LossProbes"))
		SKIP(return, "too slow here");
	EXPECT_EQ(2, xt_counter("EcnReductions"));
}

/* ---- black hole ---- */

#define BASE(door)	((door) == XT_IPV6 ? 1280 - 40 - HDR_LEN :	\
					     1200 - 20 - HDR_LEN)

/*
 * Acknowledges what is at most @limit long, for as long as something new comes,
 * until all of @len bytes is there.  Return: segments that were larger.
 */
static int swallow(struct conn *c, struct seg *s, uint16_t limit, uint32_t len)
{
	uint32_t end = c->ack + len;
	int swallowed = 0;

	while (before(c->ack, end) && !conn_recv(c, s, XT_SOON_MS)) {
		if (s->len > limit) {
			swallowed++;
		} else if (s->len && s->seq == c->ack) {
			c->ack += s->len;
			conn_send(c, ACK, NULL, 0);
		}
	}
	return before(c->ack, end) ? -1 : swallowed;
}

TEST_F(path, black_hole__smaller_segments_get_through)
{
	uint16_t base = BASE(variant->door);
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(20000, send(c->fd, zeros, 20000, 0));
	EXPECT_LT(0, swallow(c, &self->s, base, 20000));
	EXPECT_EQ(1, xt_counter("PmtuBlackHoles"));
	/* And from now on it knows. */
	ASSERT_EQ(20000, send(c->fd, zeros, 20000, 0));
	EXPECT_EQ(0, swallow(c, &self->s, base, 20000));
}

/* Silence that has nothing to do with sizes leaves them alone. */
TEST_F(path, black_hole__not_for_an_outage)
{
	struct conn *c = &self->c;
	int i, full = 0;

	OPEN();
	ASSERT_EQ(14000, send(c->fd, zeros, 14000, 0));
	/* Nothing is answered until a piece of the base size was tried. */
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, conn_recv(c, &self->s, XT_SOON_MS));
		if (self->s.seq == c->ack &&
		    self->s.len == BASE(variant->door))
			break;
	}
	ASSERT_GT(100, i);
	c->ack += self->s.len;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	ASSERT_LE(0, swallow(c, &self->s, 1400,
			     14000 - BASE(variant->door)));
	EXPECT_EQ(0, xt_counter("PmtuBlackHoles"));
	ASSERT_EQ(14000, send(c->fd, zeros, 14000, 0));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, conn_await_data(c, &self->s));
		full += self->s.len == 1400;
		c->ack += self->s.len;
		ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	}
	EXPECT_EQ(10, full);
}

WIRE_MAIN
