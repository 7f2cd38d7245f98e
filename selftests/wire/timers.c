// SPDX-License-Identifier: GPL-2.0
/*
 * Timers and sums that went wrong once: each case was a connection that stood
 * still, or a window that nothing bounded.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>

#include <kselftest_harness.h>
#include "wire.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

#ifndef SO_MAX_PACING_RATE
#define SO_MAX_PACING_RATE 47
#endif

#define PORT 4000
#define MSS 1400
#define MAX_WINDOW 0x40000000u

WIRE_FIXTURE(timers);

#define OPEN()	WIRE_OPEN(PORT)

static char zeros[10 * MSS];

/* @n full segments are written, and come.  Nothing is acknowledged. */
static int write_segments(struct conn *c, struct seg *s, int n)
{
	int i;

	if (send(c->fd, zeros, n * MSS, 0) != n * MSS)
		return -1;
	for (i = 0; i < n; i++)
		if (conn_recv(c, s, XT_SOON_MS) || !s->len)
			return -1;
	return 0;
}

static uint32_t cwnd(struct conn *c)
{
	struct xtcp_info info = { };
	socklen_t len = sizeof(info);

	getsockopt(c->fd, SOL_XTCP, XTCP_INFO, &info, &len);
	return info.xtcpi_snd_cwnd_bytes;
}

/*
 * The peer streams to us while it waits for a segment that was lost twice: the
 * SACK that it repeats must not push the timeout back for ever.
 */
TEST_F(timers, repeated_sack__timeout_comes)
{
	struct conn *c = &self->c;
	int i, resent = 0;

	OPEN();
	ASSERT_EQ(0, write_segments(c, &self->s, 4));
	conn_hold(c, c->ack + MSS, c->ack + 4 * MSS);
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	ASSERT_EQ(0, conn_await_data(c, &self->s));	/* lost, too */
	for (i = 0; i < 600 && !resent; i++) {
		ASSERT_EQ(0, conn_send(c, ACK, "x", 1));
		while (!conn_recv(c, &self->s, 50))
			resent += self->s.len && self->s.seq == c->ack;
	}
	EXPECT_LT(0, resent);
}

/* Bytes resent by a probe and bytes lost may be as many, and not the same. */
TEST_F(timers, loss_beside_a_probe__resent_at_once)
{
	struct conn *c = &self->c;
	uint32_t base;

	OPEN();
	base = c->ack;
	ASSERT_EQ(0, write_segments(c, &self->s, 10));
	ASSERT_EQ(0, conn_recv(c, &self->s, XT_SOON_MS));
	if (self->s.seq != base + 9 * MSS)
		SKIP(return, "too slow here: a timeout came before the probe");
	conn_hold(c, base + MSS, base + 9 * MSS);
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	EXPECT_EQ(base, self->s.seq);
	EXPECT_LE(1, xt_counter("FastRetransmits"));
	EXPECT_EQ(0, xt_counter("RtoTimeouts"));
}

/* A controller without threshold hands a recovery to one that ends by it. */
TEST_F(timers, controller_changed_in_recovery__window_is_bounded)
{
	struct conn *c = &self->c;
	uint32_t base;

	OPEN();
	base = c->ack;
	ASSERT_EQ(0, setsockopt(c->fd, SOL_XTCP, XTCP_CONGESTION, "bbr", 3));
	ASSERT_EQ(0, write_segments(c, &self->s, 8));
	conn_hold(c, base + MSS, base + 8 * MSS);
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	ASSERT_EQ(0, setsockopt(c->fd, SOL_XTCP, XTCP_CONGESTION, "reno", 4));
	c->ack = base + 8 * MSS;
	c->opt_len = 0;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	conn_quiet(c, 50);
	EXPECT_GE(MAX_WINDOW, cwnd(c));
	EXPECT_LE((uint32_t)MSS, cwnd(c));
}

#define FQ_AT(rate)							\
	do {								\
		unsigned int rate_ = (rate);				\
									\
		if (system("tc qdisc replace dev wire0 root fq"))	\
			SKIP(return, "no fq here");			\
		OPEN();							\
		ASSERT_EQ(0, setsockopt(self->c.fd, SOL_SOCKET,		\
					SO_MAX_PACING_RATE, &rate_,	\
					sizeof(rate_)));		\
	} while (0)

/* fq holds data back; what is stamped for later may be echoed before that. */
TEST_F(timers, fq__echo_of_a_waiting_stamp_is_plausible)
{
	struct conn *c = &self->c;
	int i, acks = 0;

	FQ_AT(20000);
	ASSERT_EQ((ssize_t)sizeof(zeros), send(c->fd, zeros, sizeof(zeros), 0));
	for (i = 0; i < 60; i++) {
		if (conn_recv(c, &self->s, 10)) {
			ASSERT_EQ(0, conn_send(c, ACK, "y", 1));
			continue;
		}
		if (self->s.len && self->s.seq == c->ack)
			c->ack += self->s.len;
		if (!self->s.len && acks++ < 20)
			ASSERT_EQ(0, conn_send(c, ACK, "z", 1));
	}
	EXPECT_LT(0, acks);
	EXPECT_EQ(0, xt_counter("InBadAck"));
}

/* Waiting in fq is no silence of the peer's. */
TEST_F(timers, fq__user_timeout_counts_from_the_departure)
{
	unsigned int patience_ms = 30000;
	struct conn *c = &self->c;
	socklen_t len = sizeof(int);
	uint32_t end;
	int err = -1;

	FQ_AT(MSS);
	ASSERT_EQ(0, setsockopt(c->fd, SOL_XTCP, XTCP_USER_TIMEOUT,
				&patience_ms, sizeof(patience_ms)));
	ASSERT_EQ(6 * MSS, send(c->fd, zeros, 6 * MSS, 0));
	end = c->ack + 6 * MSS;
	while (before(c->ack, end)) {
		ASSERT_EQ(0, conn_await_data(c, &self->s));
		c->ack += self->s.len;
		ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	}
	ASSERT_EQ(0, getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &len));
	EXPECT_EQ(0, err);
}

/*
 * A rate at which the first segment takes longer than the machine is up: the
 * second one must come, and another paced socket, too.
 */
TEST_F(timers, slowest_rate__stops_nobody)
{
	struct conn *c = &self->c, other;
	unsigned int rate = 1;
	uint32_t end;
	int listener;

	OPEN();
	ASSERT_EQ(0, setsockopt(c->fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate,
				sizeof(rate)));
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_NODELAY, 1));
	ASSERT_EQ(100, send(c->fd, zeros, 100, 0));
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	c->ack += 100;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	ASSERT_EQ(100, send(c->fd, zeros, 100, 0));
	/* Two segments fit what may leave at once. */
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	ASSERT_EQ(10 * MSS, send(c->fd, zeros, 10 * MSS, 0));

	listener = wire_listener(&self->w, PORT + 1, 8);
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, conn_open_passive(&other, &self->w, listener));
	rate = 100000;
	ASSERT_EQ(0, setsockopt(other.fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate,
				sizeof(rate)));
	ASSERT_EQ(10 * MSS, send(other.fd, zeros, 10 * MSS, 0));
	for (end = other.ack + 10 * MSS; before(other.ack, end); ) {
		ASSERT_EQ(0, conn_await_data(&other, &self->s));
		other.ack += self->s.len;
		ASSERT_EQ(0, conn_send(&other, ACK, NULL, 0));
	}
	close(other.fd);
	close(listener);
}

WIRE_MAIN
