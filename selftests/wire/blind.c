// SPDX-License-Identifier: GPL-2.0
/*
 * Attackers who do not see the connection, and guess: every kind of segment
 * with numbers right, nearly right and wrong.  RFC 5961, RFC 5927;
 * Documentation/protocol.rst sections 4.4, 5.2 and 5.9.
 */
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
#define FAR 0x10000000u	/* a 16th of the circle; as a time, 268 s */

WIRE_FIXTURE(blind);

/* What the attacker hits with a number, relative to what would be right. */
enum where {
	EXACT,
	AHEAD,			/* by 1 */
	BEHIND,
	INSIDE,			/* the window: in its middle */
	EDGE,			/* the last number that touches it */
	BEYOND,			/* that by 1 */
	OPPOSITE,		/* on the circle */
	WRAPPED,		/* as far behind as can be */
	OLDEST,			/* ACK: the largest window ago */
	TOO_OLD,		/* by 1 more */
};

/* The two timestamps. */
enum when { NOW, PAST, FUTURE, ZERO };

enum what {
	SILENCE,
	ANSWER,			/* an ACK with the true numbers */
	END,			/* of the connection */
};

static const struct row {
	const char *counted;
	enum what what;
	uint8_t flags, len;
	enum where seq, ack;
	enum when tsval, tsecr;
} rows[] = {
	/* RST: only its sequence number counts. */
	{ "InRsts", END, RST, 0, EXACT, EXACT, NOW, NOW },
	{ "InRsts", END, RST | ACK, 0, EXACT, OPPOSITE, PAST, FUTURE },
	{ "InRsts", END, RST | SYN, 0, EXACT, EXACT, NOW, NOW },
	{ "ChallengeAcks", ANSWER, RST, 0, AHEAD, EXACT, NOW, NOW },
	{ "ChallengeAcks", ANSWER, RST | ACK, 0, AHEAD, EXACT, NOW, NOW },
	{ "ChallengeAcks", ANSWER, RST, 0, INSIDE, EXACT, NOW, NOW },
	{ "ChallengeAcks", ANSWER, RST, 0, INSIDE, EXACT, PAST, PAST },
	{ "ChallengeAcks", ANSWER, RST, 0, EDGE, EXACT, NOW, NOW },
	{ "InOutOfWindow", SILENCE, RST, 0, BEYOND, EXACT, NOW, NOW },
	{ "InOutOfWindow", SILENCE, RST, 0, BEHIND, EXACT, NOW, NOW },
	{ "InOutOfWindow", SILENCE, RST, 0, OPPOSITE, EXACT, NOW, NOW },
	{ "InOutOfWindow", SILENCE, RST, 0, WRAPPED, EXACT, NOW, NOW },
	{ "InOutOfWindow", SILENCE, RST | ACK, 0, BEYOND, EXACT, NOW, NOW },
	/* SYN: never believed, wherever it points. */
	{ "ChallengeAcks", ANSWER, SYN, 0, EXACT, EXACT, NOW, NOW },
	{ "ChallengeAcks", ANSWER, SYN, 0, BEHIND, EXACT, NOW, NOW },
	{ "ChallengeAcks", ANSWER, SYN, 0, INSIDE, EXACT, NOW, NOW },
	{ "ChallengeAcks", ANSWER, SYN, 0, EDGE, EXACT, NOW, NOW },
	{ "ChallengeAcks", ANSWER, SYN, 0, BEYOND, EXACT, NOW, NOW },
	{ "ChallengeAcks", ANSWER, SYN, 0, OPPOSITE, EXACT, NOW, NOW },
	{ "ChallengeAcks", ANSWER, SYN, 4, EXACT, EXACT, NOW, NOW },
	{ "ChallengeAcks", ANSWER, SYN | ACK, 0, EXACT, EXACT, NOW, NOW },
	{ "ChallengeAcks", ANSWER, SYN | ACK, 0, WRAPPED, WRAPPED, NOW, NOW },
	{ "ChallengeAcks", ANSWER, SYN | FIN, 0, EXACT, EXACT, NOW, NOW },
	{ "InPaws", ANSWER, SYN, 0, EXACT, EXACT, PAST, NOW },
	/* ACK: in what it acknowledges, and what it echoes. */
	{ NULL, SILENCE, ACK, 0, EXACT, EXACT, NOW, NOW },
	{ NULL, SILENCE, ACK, 0, EXACT, OLDEST, NOW, NOW },
	{ "InBadAck", ANSWER, ACK, 0, EXACT, TOO_OLD, NOW, NOW },
	{ "InBadAck", ANSWER, ACK, 0, EXACT, AHEAD, NOW, NOW },
	{ "InBadAck", ANSWER, ACK, 0, EXACT, OPPOSITE, NOW, NOW },
	{ "InBadAck", ANSWER, ACK, 0, EXACT, WRAPPED, NOW, NOW },
	{ "InBadAck", ANSWER, ACK, 0, EXACT, AHEAD, FUTURE, NOW },
	{ "InBadAck", ANSWER, ACK, 0, INSIDE, AHEAD, FUTURE, NOW },
	{ "InBadAck", ANSWER, ACK, 0, EXACT, EXACT, FUTURE, PAST },
	{ "InBadAck", ANSWER, ACK, 0, EXACT, EXACT, FUTURE, FUTURE },
	{ "InBadAck", ANSWER, ACK, 0, EXACT, EXACT, FUTURE, ZERO },
	{ "InOutOfWindow", ANSWER, ACK, 0, BEYOND, EXACT, NOW, NOW },
	{ "InOutOfWindow", ANSWER, ACK, 0, BEHIND, EXACT, NOW, NOW },
	{ "InOutOfWindow", ANSWER, ACK, 0, OPPOSITE, EXACT, FUTURE, NOW },
	{ "InPaws", SILENCE, ACK, 0, EXACT, EXACT, PAST, NOW },
	{ "InPaws", SILENCE, ACK, 0, EXACT, AHEAD, PAST, NOW },
	/* Data: as little as a wrong echo keeps them out. */
	{ "InBadAck", ANSWER, ACK, 4, EXACT, AHEAD, NOW, NOW },
	{ "InBadAck", ANSWER, ACK, 4, EXACT, TOO_OLD, NOW, NOW },
	{ "InBadAck", ANSWER, ACK, 4, EXACT, OPPOSITE, FUTURE, NOW },
	{ "InBadAck", ANSWER, ACK, 4, EXACT, EXACT, NOW, PAST },
	{ "InBadAck", ANSWER, ACK, 4, EXACT, EXACT, NOW, FUTURE },
	{ "InBadAck", ANSWER, ACK, 4, EXACT, EXACT, NOW, ZERO },
	{ "InBadAck", ANSWER, ACK, 4, INSIDE, AHEAD, NOW, NOW },
	{ "InBadAck", ANSWER, ACK, 4, INSIDE, EXACT, NOW, ZERO },
	{ "InOutOfWindow", ANSWER, ACK, 4, BEHIND, OPPOSITE, NOW, NOW },
	{ "InPaws", ANSWER, ACK, 4, EXACT, EXACT, PAST, NOW },
	{ "InPaws", ANSWER, ACK, 4, INSIDE, EXACT, PAST, NOW },
	{ "InOutOfWindow", ANSWER, ACK, 4, BEYOND, EXACT, NOW, NOW },
	{ "InOutOfWindow", ANSWER, ACK, 4, OPPOSITE, EXACT, FUTURE, NOW },
	{ "InNoAck", SILENCE, PSH, 4, EXACT, EXACT, NOW, NOW },
	{ "InNoAck", SILENCE, 0, 4, INSIDE, EXACT, FUTURE, NOW },
	/* FIN likewise. */
	{ "InBadAck", ANSWER, FIN | ACK, 0, EXACT, AHEAD, NOW, NOW },
	{ "InBadAck", ANSWER, FIN | ACK, 0, EXACT, EXACT, NOW, ZERO },
	{ "InBadAck", ANSWER, FIN | ACK, 4, INSIDE, OPPOSITE, NOW, NOW },
	{ "InPaws", ANSWER, FIN | ACK, 0, EXACT, EXACT, PAST, NOW },
	{ "InOutOfWindow", ANSWER, FIN | ACK, 0, BEYOND, EXACT, NOW, NOW },
	{ "InNoAck", SILENCE, FIN, 0, EXACT, EXACT, NOW, NOW },
};

/* A connection that has heard from us; self->s is its last ACK. */
static int establish(struct conn *c, struct wire *w, struct seg *s, int listener)
{
	char buf;

	if (conn_open_passive(c, w, listener) ||
	    conn_send(c, ACK | PSH, "x", 1) || conn_await_ack(c, s, c->seq) ||
	    recv(c->fd, &buf, 1, MSG_WAITALL) != 1)
		return -1;
	return 0;
}

static uint32_t aim(enum where where, uint32_t right, uint32_t window)
{
	switch (where) {
	case EXACT:	return right;
	case AHEAD:	return right + 1;
	case BEHIND:	return right - 1;
	case INSIDE:	return right + window / 2;
	case EDGE:	return right + window;
	case BEYOND:	return right + window + 1;
	case OPPOSITE:	return right + 0x7fffffff;
	case WRAPPED:	return right - 0x7fffffff;
	case OLDEST:	return right - window;
	default:	return right - window - 1;
	}
}

static uint32_t at(enum when when, uint32_t right)
{
	switch (when) {
	case NOW:	return right;
	case PAST:	return right - FAR;
	case FUTURE:	return right + FAR;
	default:	return 0;
	}
}

static int inject(struct conn *c, struct seg *s, const struct row *row,
		  uint32_t kernels_window)
{
	conn_seg(c, s, row->flags);
	s->seq = aim(row->seq, c->seq, kernels_window) - row->len *
		 (row->seq == BEHIND);
	s->ack = row->flags & ACK ? aim(row->ack, c->ack, c->window) : 0;
	s->tsval = at(row->tsval, s->tsval);
	s->tsecr = at(row->tsecr, c->tsecr);
	s->len = row->len;
	memcpy(s->data, "evil", 4);
	return wire_send(c->w, s);
}

/* 0, or which of the expectations was not met. */
static int react(struct conn *c, struct seg *s, const struct row *row)
{
	uint32_t window = s->window;
	long long before = row->counted ? xt_counter(row->counted) : 0;
	int state = xt_state(c->fd);

	if (before < 0 || inject(c, s, row, window))
		return 1;
	if (row->what == END)
		return xt_wait_state(c->fd, XTCP_CLOSE) ? 0 : 2;
	if (row->what == ANSWER) {
		if (conn_await(c, s, ACK))
			return 3;
		if (s->seq != c->ack || s->ack != c->seq)
			return 4;
		/* Nothing was kept: that would show as SACK of more than D. */
		if (seg_option(s, OPT_SACK) && row->seq == INSIDE)
			return 5;
	}
	if (!conn_quiet(c, 60))
		return 6;
	if (row->counted && xt_counter(row->counted) != before + 1)
		return 7;
	return xt_state(c->fd) == state ? 0 : 8;
}

/* Both directions, as far as they are open, still work. */
static int alive(struct conn *c, struct seg *s)
{
	int state = xt_state(c->fd);
	char buf[4];

	if (state != XTCP_CLOSE_WAIT) {
		if (conn_send(c, ACK | PSH, "live", 4) ||
		    recv(c->fd, buf, 4, MSG_WAITALL) != 4 ||
		    memcmp(buf, "live", 4) || conn_await_ack(c, s, c->seq))
			return 1;
	}
	if (state == XTCP_FIN_WAIT2)
		return 0;
	if (write(c->fd, "back", 4) != 4 || conn_await_data(c, s) ||
	    s->len != 4 || memcmp(s->data, "back", 4))
		return 2;
	c->ack += 4;
	return conn_send(c, ACK, NULL, 0);
}

static int to_close_wait(struct conn *c, struct seg *s)
{
	if (conn_send(c, FIN | ACK, NULL, 0) || conn_await_ack(c, s, c->seq))
		return -1;
	return xt_wait_state(c->fd, XTCP_CLOSE_WAIT) ? 0 : -1;
}

static int to_fin_wait2(struct conn *c, struct seg *s)
{
	if (shutdown(c->fd, SHUT_WR) || conn_await(c, s, FIN | ACK))
		return -1;
	c->ack++;
	if (conn_send(c, ACK, NULL, 0))
		return -1;
	return xt_wait_state(c->fd, XTCP_FIN_WAIT2) ? 0 : -1;
}

static int stay(struct conn *c, struct seg *s)
{
	(void)c;
	(void)s;
	return 0;
}

/* Each row meets a connection of its own. */
static int every_row(struct wire *w, struct conn *c, struct seg *s,
		     int (*go)(struct conn *c, struct seg *s))
{
	int listener = wire_listener(w, PORT, 8), bad = 0, ret;
	size_t i;

	if (listener < 0)
		return -1;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (establish(c, w, s, listener) || go(c, s))
			return -1;
		conn_quiet(c, 30);
		ret = react(c, s, rows + i);
		if (!ret && rows[i].what != END)
			ret = alive(c, s) * 10;
		if (ret) {
			printf("# row %zu: %d\n", i, ret);
			bad++;
		}
		close(c->fd);
		while (!wire_recv(w, s, 0))
			;
	}
	return bad;
}

TEST_F(blind, established__every_row)
{
	EXPECT_EQ(0, every_row(&self->w, &self->c, &self->s, stay));
}

TEST_F(blind, close_wait__every_row)
{
	EXPECT_EQ(0, every_row(&self->w, &self->c, &self->s, to_close_wait));
}

TEST_F(blind, fin_wait2__every_row)
{
	EXPECT_EQ(0, every_row(&self->w, &self->c, &self->s, to_fin_wait2));
}

/* In SYN_SENT it is the acknowledgment number that must be guessed. */
TEST_F(blind, syn_sent__only_the_right_ack)
{
	static const uint32_t off[] = { 1, -1u, 1000, 0x7fffffff, 0x80000000 };
	static const uint8_t flags[] = { RST | ACK, SYN | ACK, ACK, FIN | ACK };
	struct conn *c = &self->c;
	struct seg *s = &self->s;
	size_t i, f;

	ASSERT_EQ(0, conn_start_active(c, &self->w, s));
	for (f = 0; f < ARRAY_SIZE(flags); f++) {
		for (i = 0; i < ARRAY_SIZE(off); i++) {
			conn_seg(c, s, flags[f]);
			s->ack += off[i];
			ASSERT_EQ(0, wire_send(&self->w, s));
			/* What is no RST gets one, with the number it said. */
			if (!(flags[f] & RST))
				ASSERT_EQ(0, conn_await(c, s, RST));
		}
	}
	conn_seg(c, s, RST);
	ASSERT_EQ(0, wire_send(&self->w, s));
	EXPECT_EQ(XTCP_SYN_SENT, xt_state(c->fd));
	ASSERT_EQ(0, conn_synack(c));
	EXPECT_EQ(POLLOUT, xt_poll(c->fd, POLLOUT, XT_SOON_MS));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(c->fd));
}

/* ---- the limit of challenges ---- */

/* In-window RSTs, as fast as they go; how many were answered. */
static int probe(struct conn *c, struct seg *s, int n)
{
	int answered = 0, i;

	for (i = 0; i < n; i++) {
		conn_seg(c, s, RST);
		s->seq += 7;
		if (wire_send(c->w, s))
			return -1;
	}
	while (!conn_recv(c, s, 30))
		answered += s->flags == ACK;
	return answered;
}

/* RFC 5961 section 7: 10 in 5 s, whatever other connections do. */
TEST_F(blind, challenges__ten_in_five_seconds)
{
	int listener = wire_listener(&self->w, PORT, 8);
	struct conn *c = &self->c, other;
	struct seg *s = &self->s;
	long long start;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, establish(&other, &self->w, s, listener));
	ASSERT_EQ(0, establish(c, &self->w, s, listener));
	start = xt_now_ms();
	EXPECT_EQ(10, probe(c, s, 100));
	if (xt_now_ms() - start > 4000)
		SKIP(return, "too slow to tell");
	EXPECT_EQ(0, probe(c, s, 5));
	EXPECT_EQ(5, probe(&other, s, 5));
	xt_sleep_ms(5100);
	EXPECT_EQ(10, probe(c, s, 11));
	EXPECT_EQ(0, alive(c, s));
	EXPECT_EQ(0, alive(&other, s));
}

#define TARGETS 20
#define ROUNDS 8

/*
 * All connections of a namespace together: a limit that is drawn anew for each
 * second between half and one and a half of the setting.  That all of 8 agree
 * has a probability of 10^-14.
 */
TEST_F(blind, challenges__limit_of_all_is_random)
{
	int listener = wire_listener(&self->w, PORT, TARGETS), i, r;
	static struct conn c[TARGETS];
	int got[ROUNDS] = { }, differ = 0;
	struct seg *s = &self->s;
	long long before, start;

	ASSERT_EQ(0, xt_write_file("/proc/sys/net/xtcp/challenge_ack_rate",
				   "100"));
	ASSERT_LE(0, listener);
	for (i = 0; i < TARGETS; i++)
		ASSERT_EQ(0, establish(c + i, &self->w, s, listener));
	for (r = 0; r < ROUNDS; r++) {
		xt_sleep_ms(5100);
		before = xt_counter("ChallengeAcks");
		start = xt_now_ms();
		for (i = 0; i < TARGETS * 10; i++) {
			conn_seg(c + i % TARGETS, s, RST);
			s->seq += 7;
			ASSERT_EQ(0, wire_send(&self->w, s));
		}
		while (!wire_recv(&self->w, s, 30))
			;
		if (xt_now_ms() - start > 1000)
			SKIP(return, "too slow to tell");
		got[r] = xt_counter("ChallengeAcks") - before;
		EXPECT_LE(50, got[r]);
		differ |= got[r] != got[0];
	}
	EXPECT_TRUE(differ);
	for (i = 0; i < TARGETS; i++)
		EXPECT_EQ(XTCP_ESTABLISHED, xt_state(c[i].fd));
}

/* ---- ICMP ---- */

TEST_F(blind, icmp__quoting_what_is_not_in_flight)
{
	static const uint32_t off[] = { -1u, 5, 100000, 0x7fffffff, 0x80000001 };
	int listener = wire_listener(&self->w, PORT, 8);
	bool v4 = self->w.x.family == AF_INET;
	/* port, host, protocol unreachable; too big */
	const uint8_t icmp[][2] = { { v4 ? 3 : 1, v4 ? 3 : 4 },
				    { v4 ? 3 : 1, v4 ? 1 : 3 },
				    { v4 ? 3 : 4, v4 ? 2 : 1 },
				    { v4 ? 3 : 2, v4 ? 4 : 0 } };
	struct conn *c = &self->c;
	struct seg *s = &self->s;
	size_t k, i;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, establish(c, &self->w, s, listener));
	ASSERT_EQ(4, write(c->fd, "data", 4));
	ASSERT_EQ(0, conn_await_data(c, s));
	for (k = 0; k < ARRAY_SIZE(icmp); k++)
		for (i = 0; i < ARRAY_SIZE(off); i++)
			ASSERT_EQ(0, wire_send_icmp(c, icmp[k][0], icmp[k][1],
						    1280, c->ack + off[i]));
	c->ack += 4;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_EQ(ARRAY_SIZE(icmp) * ARRAY_SIZE(off),
		  xt_counter("IcmpOutOfWindow"));
	EXPECT_EQ(0, xt_counter("IcmpErrors"));
	EXPECT_EQ(0, xt_counter("PmtuReduced"));
	EXPECT_EQ(0, xt_so_error(c->fd));
	EXPECT_EQ(0, alive(c, s));
}

WIRE_MAIN
