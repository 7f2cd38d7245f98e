// SPDX-License-Identifier: GPL-2.0
/*
 * When timers expire, to the tick and to the end: Documentation/protocol.rst 5.4,
 * 5.5, 5.10.  Only in virtual time, where waiting for a quarter of an hour costs
 * nothing; the beginnings of the same schedules are in data.c and liveness.c,
 * with lower bounds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>

#include <kselftest_harness.h>
#include "wire.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 7200	/* of virtual time */

#define PORT 4000

WIRE_FIXTURE(schedules);

#define TICK_US		10000LL		/* HZ is 100 there */
#define SECOND_US	1000000LL
#define RTT_MS		100
#define RTO_MAX_US	(120 * SECOND_US)
#define FOREVER_MS	1000000

/* One open connection whose round trip is RTT_MS. */
#define OPEN()								\
	do {								\
		if (!xt_virtual_time())					\
			SKIP(return, "no virtual time");		\
		self->w.rtt_ms = RTT_MS;				\
		WIRE_OPEN(PORT);					\
	} while (0)

/*
 * Due after @want_us: never sooner, but for a tick; later by what the wheel
 * rounds, an eighth, and two ticks.
 */
static bool on_time(long long want_us, long long got_us)
{
	if (want_us - TICK_US <= got_us &&
	    got_us <= want_us + want_us / 8 + 2 * TICK_US)
		return true;
	printf("# wanted after %lld us, came after %lld us\n", want_us, got_us);
	return false;
}

static long long rto_us(int fd)
{
	struct xtcp_info info;

	return xt_info(fd, &info) ? -1LL : (long long)info.xtcpi_rto_us;
}

/* Until the program is told; µs. */
static long long wait_for_end(int fd)
{
	long long start = xt_now_us();

	return xt_poll(fd, POLLIN, FOREVER_MS) & POLLERR ?
	       xt_now_us() - start : -1;
}

/* The next segment, after how long. */
static long long next_after(struct conn *c, struct seg *s, long long from_us)
{
	return conn_recv(c, s, FOREVER_MS) ? -1 : s->at_us - from_us;
}

/*
 * A tail-loss probe, then fifteen timeouts, each after twice as long as the one
 * before, up to two minutes; then ETIMEDOUT: after a quarter of an hour.
 */
TEST_F(schedules, rto__backs_off_and_gives_up)
{
	struct conn *c = &self->c;
	long long want_us, last_us;
	int i;

	OPEN();
	ASSERT_EQ(4, write(c->fd, "gone", 4));
	ASSERT_EQ(0, conn_recv(c, &self->s, FOREVER_MS));
	last_us = self->s.at_us;
	want_us = rto_us(c->fd);
	EXPECT_LE(200000 + RTT_MS * 1000, want_us);
	ASSERT_EQ(0, conn_recv(c, &self->s, FOREVER_MS));
	EXPECT_EQ(1, xt_counter("LossProbes"));
	EXPECT_GT(want_us, self->s.at_us - last_us);
	last_us = self->s.at_us;
	for (i = 0; i < 15; i++) {
		ASSERT_TRUE(on_time(want_us, next_after(c, &self->s, last_us)))
			TH_LOG("timeout %d", i);
		EXPECT_EQ(c->ack, self->s.seq);
		EXPECT_EQ(4, self->s.len);
		last_us = self->s.at_us;
		want_us = want_us * 2 < RTO_MAX_US ? want_us * 2 : RTO_MAX_US;
	}
	EXPECT_TRUE(on_time(want_us, wait_for_end(c->fd)));
	EXPECT_EQ(15, xt_counter("RtoTimeouts"));
	EXPECT_EQ(ETIMEDOUT, xt_so_error(c->fd));
	/* Nobody listens there, it seems: not even a RST. */
	EXPECT_TRUE(conn_quiet(c, FOREVER_MS));
}

/* An answer ends the doubling. */
TEST_F(schedules, rto__starts_over_after_an_answer)
{
	struct conn *c = &self->c;
	long long first_us;
	int i;

	OPEN();
	ASSERT_EQ(4, write(c->fd, "late", 4));
	for (i = 0; i < 6; i++)
		ASSERT_EQ(0, conn_recv(c, &self->s, FOREVER_MS));
	c->ack += 4;
	xt_sleep_ms(RTT_MS);
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	conn_quiet(c, 50);
	first_us = rto_us(c->fd);
	EXPECT_GT(SECOND_US, first_us);
	ASSERT_EQ(4, write(c->fd, "next", 4));
	ASSERT_EQ(0, conn_recv(c, &self->s, FOREVER_MS));
	ASSERT_EQ(0, conn_recv(c, &self->s, FOREVER_MS));	/* the probe */
	EXPECT_TRUE(on_time(first_us, next_after(c, &self->s,
						 self->s.at_us)));
}

/* USER_TIMEOUT counts from the first transmission, and ends on time. */
TEST_F(schedules, user_timeout__ends_on_time)
{
	struct conn *c = &self->c;
	long long start_us;

	OPEN();
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 7000));
	ASSERT_EQ(4, write(c->fd, "gone", 4));
	start_us = xt_now_us();
	ASSERT_LT(0, wait_for_end(c->fd));
	EXPECT_TRUE(on_time(7 * SECOND_US, xt_now_us() - start_us));
	EXPECT_EQ(ETIMEDOUT, xt_so_error(c->fd));
	/* 0.3, 0.9, 2.1, 4.5 s; not the one after 9.3 s */
	EXPECT_EQ(4, xt_counter("RtoTimeouts"));
}

/* Longer than all retries take: it overrides them. */
TEST_F(schedules, user_timeout__longer_than_the_retries)
{
	struct conn *c = &self->c;
	long long start_us;

	ASSERT_EQ(0, xt_write_file("/proc/sys/net/xtcp/retries2", "3"));
	OPEN();
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 100000));
	ASSERT_EQ(4, write(c->fd, "gone", 4));
	start_us = xt_now_us();
	ASSERT_LT(0, wait_for_end(c->fd));
	EXPECT_TRUE(on_time(100 * SECOND_US, xt_now_us() - start_us));
}

/* The kernel's FIN is on its way, in that state, and will not be acknowledged. */
static int fin_unheard(struct conn *c, struct seg *s, int state)
{
	if (state == XTCP_LAST_ACK &&
	    (conn_send(c, FIN | ACK, NULL, 0) || conn_await(c, s, ACK)))
		return -1;
	if (shutdown(c->fd, SHUT_WR) || conn_await(c, s, FIN | ACK))
		return -1;
	if (state == XTCP_CLOSING &&
	    (conn_send(c, FIN | ACK, NULL, 0) || conn_await(c, s, ACK)))
		return -1;
	return xt_state(c->fd) == state ? 0 : -1;
}

/* A FIN is worth waiting for as long as data is, in each state that waits. */
TEST_F(schedules, user_timeout__of_a_fin)
{
	static const int states[] = {
		XTCP_FIN_WAIT1, XTCP_CLOSING, XTCP_LAST_ACK,
	};
	struct conn *c = &self->c;
	long long start_us;
	unsigned int i;
	int listener;

	if (!xt_virtual_time())
		SKIP(return, "no virtual time");
	self->w.rtt_ms = RTT_MS;
	listener = wire_listener(&self->w, PORT, 8);
	ASSERT_LE(0, listener);
	for (i = 0; i < ARRAY_SIZE(states); i++) {
		ASSERT_EQ(0, conn_open_passive(c, &self->w, listener));
		ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 7000));
		start_us = xt_now_us();
		ASSERT_EQ(0, fin_unheard(c, &self->s, states[i]))
			TH_LOG("state %d", states[i]);
		/* what it repeats comes into the queue, and is not answered */
		ASSERT_TRUE(xt_wait_state(c->fd, XTCP_CLOSE));
		EXPECT_TRUE(on_time(7 * SECOND_US, xt_now_us() - start_us))
			TH_LOG("state %d", states[i]);
		EXPECT_EQ(ETIMEDOUT, xt_so_error(c->fd));
	}
	EXPECT_EQ(3, xt_counter("AbortOnTimeout"));
}

/*
 * A closed window is probed after one RTO, then after twice as long each time up
 * to two minutes, for as long as there are answers: far more often than a lost
 * segment would be tried.
 */
TEST_F(schedules, zero_window__probes_back_off_and_never_end)
{
	struct conn *c = &self->c;
	long long want_us, last_us;
	int i;

	self->w.window = 0;
	OPEN();
	want_us = rto_us(c->fd);
	ASSERT_EQ(4, write(c->fd, "wait", 4));
	last_us = xt_now_us();
	for (i = 0; i < 40; i++) {
		ASSERT_TRUE(on_time(want_us, next_after(c, &self->s, last_us)))
			TH_LOG("probe %d", i);
		EXPECT_EQ(c->ack - 1, self->s.seq);
		EXPECT_EQ(0, self->s.len);
		last_us = self->s.at_us;
		want_us = want_us * 2 < RTO_MAX_US ? want_us * 2 : RTO_MAX_US;
		ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	}
	EXPECT_EQ(40, xt_counter("WindowProbes"));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(c->fd));
	/* It opens: all at once, and the doubling is forgotten. */
	c->window = 1000;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	ASSERT_EQ(0, conn_recv(c, &self->s, 100));
	EXPECT_EQ(4, self->s.len);
	c->window = 0;
	c->ack += 4;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	want_us = rto_us(c->fd);
	EXPECT_GT(SECOND_US, want_us);
	ASSERT_EQ(4, write(c->fd, "more", 4));
	last_us = xt_now_us();
	EXPECT_TRUE(on_time(want_us, next_after(c, &self->s, last_us)));
}

/* Without an answer they end like everything else. */
TEST_F(schedules, zero_window__silence_ends_it)
{
	struct conn *c = &self->c;
	int i;

	ASSERT_EQ(0, xt_write_file("/proc/sys/net/xtcp/retries2", "4"));
	self->w.window = 0;
	OPEN();
	ASSERT_EQ(4, write(c->fd, "wait", 4));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, conn_recv(c, &self->s, FOREVER_MS));
	EXPECT_LT(0, wait_for_end(c->fd));
	EXPECT_EQ(ETIMEDOUT, xt_so_error(c->fd));
	EXPECT_EQ(4, xt_counter("WindowProbes"));
}

/* IDLE, then CNT probes, one each INTVL; then RST, and ETIMEDOUT. */
TEST_F(schedules, keepalive__fails_after_its_schedule)
{
	struct conn *c = &self->c;
	long long want_us = 10 * SECOND_US, last_us;
	int i;

	OPEN();
	last_us = xt_now_us() - 50000;		/* OPEN() was quiet for that */
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_KEEPIDLE, 10));
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_KEEPINTVL, 3));
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_KEEPCNT, 4));
	ASSERT_EQ(0, xt_set(c->fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	for (i = 0; i < 4; i++) {
		EXPECT_TRUE(on_time(want_us, next_after(c, &self->s, last_us)))
			TH_LOG("probe %d", i);
		EXPECT_EQ(ACK, self->s.flags);
		EXPECT_EQ(c->ack - 1, self->s.seq);
		last_us = self->s.at_us;
		want_us = 3 * SECOND_US;
	}
	EXPECT_TRUE(on_time(want_us, next_after(c, &self->s, last_us)));
	EXPECT_EQ(RST | ACK, self->s.flags);
	EXPECT_EQ(ETIMEDOUT, xt_so_error(c->fd));
	EXPECT_EQ(XTCP_CLOSE, xt_state(c->fd));
	EXPECT_EQ(4, xt_counter("KeepaliveProbes"));
}

/* Each sign of life starts it over. */
TEST_F(schedules, keepalive__starts_over_when_the_peer_speaks)
{
	struct conn *c = &self->c;
	long long last_us;
	int i;

	OPEN();
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_KEEPIDLE, 10));
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_KEEPINTVL, 3));
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_KEEPCNT, 2));
	ASSERT_EQ(0, xt_set(c->fd, SOL_SOCKET, SO_KEEPALIVE, 1));
	for (i = 0; i < 5; i++) {
		EXPECT_TRUE(conn_quiet(c, 9000));
		ASSERT_EQ(0, conn_send(c, ACK | PSH, "x", 1));
		last_us = xt_now_us();
		ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	}
	EXPECT_EQ(0, xt_counter("KeepaliveProbes"));
	/* An answer to a probe is one as well: never two without. */
	for (i = 0; i < 5; i++) {
		EXPECT_TRUE(on_time(10 * SECOND_US,
				    next_after(c, &self->s, last_us)));
		ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
		last_us = xt_now_us();
	}
	EXPECT_EQ(5, xt_counter("KeepaliveProbes"));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(c->fd));
}

/* Still there: an old number must be answered.  Gone: RST. */
static uint8_t ask(struct conn *c, struct seg *s)
{
	conn_seg(c, s, ACK);
	s->seq--;
	if (wire_send(c->w, s) || conn_recv(c, s, 1000))
		return 0;
	return s->flags;
}

/* FIN_WAIT_2 of a socket that no program holds. */
TEST_F(schedules, fin_wait2__orphan_ends)
{
	struct conn *c = &self->c;

	ASSERT_EQ(0, xt_write_file("/proc/sys/net/xtcp/fin_timeout", "30"));
	OPEN();
	ASSERT_EQ(0, close(c->fd));
	ASSERT_EQ(0, conn_await(c, &self->s, FIN | ACK));
	c->ack++;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	xt_sleep_ms(29000);
	EXPECT_EQ(ACK, ask(c, &self->s));
	/* The wheel's eighth of 30 s, and some. */
	xt_sleep_ms(6000);
	EXPECT_EQ(RST, ask(c, &self->s));
}

/* TIME_WAIT: 60 s, and as long again after a repeated FIN. */
TEST_F(schedules, time_wait__two_msl)
{
	struct conn *c = &self->c;

	if (!xt_virtual_time())
		SKIP(return, "no virtual time");
	ASSERT_EQ(0, conn_open_active(c, &self->w));
	ASSERT_EQ(0, close(c->fd));
	ASSERT_EQ(0, conn_await(c, &self->s, FIN | ACK));
	c->ack++;
	ASSERT_EQ(0, conn_send(c, FIN | ACK, NULL, 0));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	xt_sleep_ms(50000);
	c->seq--;
	ASSERT_EQ(0, conn_send(c, FIN | ACK, NULL, 0));
	ASSERT_EQ(0, conn_await(c, &self->s, ACK));
	xt_sleep_ms(59000);
	c->seq--;
	conn_seg(c, &self->s, PSH | ACK);
	self->s.len = 1;		/* answered, but restarts nothing */
	ASSERT_EQ(0, wire_send(&self->w, &self->s));
	c->seq++;
	ASSERT_EQ(0, conn_recv(c, &self->s, 1000));
	EXPECT_EQ(ACK, self->s.flags);
	xt_sleep_ms(10000);
	c->seq--;
	ASSERT_EQ(0, conn_send(c, FIN | ACK, NULL, 0));
	ASSERT_EQ(0, conn_recv(c, &self->s, 1000));
	EXPECT_EQ(RST, self->s.flags);
}

/* Nobody answers the SYN: ETIMEDOUT after so many, and the time they take. */
TEST_F(schedules, syn__gives_up)
{
	struct conn *c = &self->c;
	long long start_us;
	int i;

	if (!xt_virtual_time())
		SKIP(return, "no virtual time");
	ASSERT_EQ(0, xt_write_file("/proc/sys/net/xtcp/syn_retries", "3"));
	ASSERT_EQ(0, conn_start_active(c, &self->w, &self->s));
	start_us = self->s.at_us;
	for (i = 0; i < 9; i++) {
		ASSERT_EQ(0, conn_recv(c, &self->s, FOREVER_MS));
		EXPECT_EQ(SYN, self->s.flags);
	}
	/* Six besides, that do not double: 1, 5 * 0.5, 1, 2, 4 s; then 8. */
	EXPECT_TRUE(on_time(21 * SECOND_US / 2, self->s.at_us - start_us));
	EXPECT_EQ(POLLERR, xt_poll(c->fd, POLLOUT, FOREVER_MS) & POLLERR);
	EXPECT_TRUE(on_time(37 * SECOND_US / 2, xt_now_us() - start_us));
	EXPECT_EQ(ETIMEDOUT, xt_so_error(c->fd));
}

WIRE_MAIN
