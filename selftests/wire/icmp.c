// SPDX-License-Identifier: GPL-2.0
/*
 * ICMP errors about our segments: which end a connection, which are only
 * remembered, which are not believed; and the path MTU.
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

WIRE_FIXTURE(icmp);

#define OPEN()	WIRE_OPEN(PORT)

/* The same meaning in both families; errno as TCP gives it. */
enum icmp_kind {
	PORT_UNREACH,		/* ECONNREFUSED */
	HOST_UNREACH,		/* EHOSTUNREACH */
	TOO_BIG,
};

static int send_icmp(struct conn *c, enum icmp_kind what, uint32_t seq, uint16_t mtu)
{
	bool v4 = c->w->x.family == AF_INET;
	uint8_t type, code;

	switch (what) {
	case PORT_UNREACH:
		type = v4 ? 3 : 1;
		code = v4 ? 3 : 4;
		break;
	case HOST_UNREACH:
		type = v4 ? 3 : 1;
		code = v4 ? 1 : 3;
		break;
	default:
		type = v4 ? 3 : 2;
		code = v4 ? 4 : 0;
	}
	return wire_send_icmp(c, type, code, mtu, seq);
}

TEST_F(icmp, opening__port_unreachable_refuses)
{
	struct conn *c = &self->c;

	ASSERT_EQ(0, conn_start_active(c, &self->w, &self->s));
	ASSERT_EQ(0, send_icmp(c, PORT_UNREACH, self->s.seq, 0));
	EXPECT_EQ(POLLERR, xt_poll(c->fd, POLLOUT, XT_SOON_MS) & POLLERR);
	EXPECT_EQ(ECONNREFUSED, xt_so_error(c->fd));
	EXPECT_EQ(XTCP_CLOSE, xt_state(c->fd));
}

TEST_F(icmp, opening__host_unreachable_fails)
{
	struct conn *c = &self->c;

	ASSERT_EQ(0, conn_start_active(c, &self->w, &self->s));
	ASSERT_EQ(0, send_icmp(c, HOST_UNREACH, self->s.seq, 0));
	EXPECT_EQ(POLLERR, xt_poll(c->fd, POLLOUT, XT_SOON_MS) & POLLERR);
	EXPECT_EQ(EHOSTUNREACH, xt_so_error(c->fd));
}

/* RFC 5927: it must quote a number that is on its way. */
TEST_F(icmp, opening__wrong_number_ignored)
{
	struct conn *c = &self->c;

	ASSERT_EQ(0, conn_start_active(c, &self->w, &self->s));
	ASSERT_EQ(0, send_icmp(c, PORT_UNREACH, self->s.seq + 1000, 0));
	EXPECT_EQ(0, xt_poll(c->fd, POLLOUT, XT_QUIET_MS));
	EXPECT_EQ(XTCP_SYN_SENT, xt_state(c->fd));
	EXPECT_EQ(1, xt_counter("IcmpOutOfWindow"));
}

/* Afterwards it only tells why, should the connection time out. */
TEST_F(icmp, established__survives)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(4, write(c->fd, "data", 4));
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	ASSERT_EQ(0, send_icmp(c, PORT_UNREACH, self->s.seq, 0));
	ASSERT_EQ(0, send_icmp(c, HOST_UNREACH, self->s.seq, 0));
	xt_sleep_ms(XT_QUIET_MS);
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(c->fd));
	c->ack += 4;
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "back", 4));
	EXPECT_EQ(4, recv(c->fd, (char[4]){}, 4, MSG_WAITALL));
}

TEST_F(icmp, established__reason_of_the_timeout)
{
	struct conn *c = &self->c;
	char buf;

	ASSERT_EQ(0, xt_write_file("/proc/sys/net/xtcp/retries2", "3"));
	OPEN();
	ASSERT_EQ(4, write(c->fd, "data", 4));
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	ASSERT_EQ(0, send_icmp(c, HOST_UNREACH, self->s.seq, 0));
	EXPECT_FAILS(EHOSTUNREACH, recv(c->fd, &buf, 1, 0));
}

/* Too big: smaller ones from then on, and what was too big comes again. */
TEST_F(icmp, too_big__smaller_segments)
{
	struct conn *c = &self->c;
	static char buf[1300];
	uint32_t got = 0, big;

	OPEN();
	ASSERT_EQ(1300, write(c->fd, buf, sizeof(buf)));
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	big = self->s.len;
	ASSERT_LT(1290, big);
	/* 1280 is the least that IPv6 knows. */
	ASSERT_EQ(0, send_icmp(c, TOO_BIG, self->s.seq, 1280));
	while (got < 1300) {
		ASSERT_EQ(0, conn_await_data(c, &self->s));
		/* What was sent before it came does not count. */
		if (self->s.len == big)
			continue;
		EXPECT_GE(1280 - (self->w.addr_len == 4 ? 20 : 40) - HDR_LEN,
			  self->s.len);
		got += self->s.len;
		c->ack += self->s.len;
		ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	}
	EXPECT_EQ(1, xt_counter("PmtuReduced"));
}

/*
 * A flight is under way: what is lost of it comes again, no larger than the path
 * allows, and each byte of it once.
 */
TEST_F(icmp, too_big__in_mid_flight)
{
	unsigned int most = 1280 - (self->w.addr_len == 4 ? 20 : 40) - HDR_LEN;
	struct conn *c = &self->c;
	static char buf[11200];
	uint32_t start, end;
	bool told = false;

	OPEN();
	start = c->ack;
	end = start + sizeof(buf);
	ASSERT_EQ((ssize_t)sizeof(buf), write(c->fd, buf, sizeof(buf)));
	while (before(c->ack, end)) {
		ASSERT_EQ(0, conn_recv(c, &self->s, XT_SOON_MS));
		if (self->s.len > most) {
			/* The router tells once; more of them are lost. */
			if (!told)
				ASSERT_EQ(0, send_icmp(c, TOO_BIG,
						       self->s.seq, 1280));
			told = true;
			EXPECT_EQ(0, self->s.len % 1400);
			continue;
		}
		if (self->s.seq != c->ack)
			continue;
		c->ack += self->s.len;
		ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	}
	EXPECT_EQ(1, xt_counter("PmtuReduced"));
	/* The same connection goes on within it. */
	ASSERT_EQ(5000, write(c->fd, buf, 5000));
	for (end += 5000; before(c->ack, end); c->ack += self->s.len) {
		ASSERT_EQ(0, conn_await_data(c, &self->s));
		EXPECT_GE(most, self->s.len);
	}
}

/* RFC 5927: a lie about a number that was acknowledged, or was never sent. */
TEST_F(icmp, too_big__forged_in_mid_flight)
{
	struct conn *c = &self->c;
	static char buf[2800];
	uint32_t acked;

	OPEN();
	ASSERT_EQ(1400, write(c->fd, buf, 1400));
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	acked = self->s.seq;
	c->ack += 1400;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	ASSERT_EQ(2800, write(c->fd, buf, 2800));
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	ASSERT_EQ(0, send_icmp(c, TOO_BIG, acked, 1280));
	ASSERT_EQ(0, send_icmp(c, TOO_BIG, c->ack + 2801, 1280));
	ASSERT_EQ(0, send_icmp(c, TOO_BIG, c->ack + 0x80000000, 1280));
	c->ack += 2800;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	ASSERT_EQ(1400, write(c->fd, buf, 1400));
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	EXPECT_EQ(1400, self->s.len);
	EXPECT_EQ(0, xt_counter("PmtuReduced"));
	EXPECT_EQ(3, xt_counter("IcmpOutOfWindow"));
}

/* Nor may it shrink segments to nothing: no path is that small. */
TEST_F(icmp, too_big__absurd_size)
{
	struct conn *c = &self->c;
	static char buf[1400];
	unsigned int i, got = 0;

	OPEN();
	ASSERT_EQ(1400, write(c->fd, buf, 1400));
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	ASSERT_EQ(0, send_icmp(c, TOO_BIG, self->s.seq, 0));
	ASSERT_EQ(0, send_icmp(c, TOO_BIG, self->s.seq, 68));
	for (i = 0; got < 1400; i++) {
		ASSERT_EQ(0, conn_await_data(c, &self->s));
		got += self->s.len;
		c->ack += self->s.len;
		ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	}
	/* IPv4: min_pmtu, 552 bytes; IPv6: 1280. */
	EXPECT_GE(3, i);
}

TEST_F(icmp, too_big__wrong_number_ignored)
{
	struct conn *c = &self->c;
	static char buf[1300];

	OPEN();
	ASSERT_EQ(1300, write(c->fd, buf, sizeof(buf)));
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	ASSERT_EQ(0, send_icmp(c, TOO_BIG, self->s.seq + 100000, 1280));
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	EXPECT_EQ(1300, self->s.len);
	EXPECT_EQ(0, xt_counter("PmtuReduced"));
}

/* A quote that is cut short, or of nothing of ours, is nothing. */
TEST_F(icmp, quote__truncated)
{
	struct conn *c = &self->c;
	unsigned int len;

	ASSERT_EQ(0, conn_start_active(c, &self->w, &self->s));
	for (len = 0; len < 8; len++)
		ASSERT_EQ(0, wire_send_icmp_cut(c, len));
	EXPECT_EQ(0, xt_poll(c->fd, POLLOUT, XT_QUIET_MS));
	EXPECT_EQ(XTCP_SYN_SENT, xt_state(c->fd));
}

WIRE_MAIN
