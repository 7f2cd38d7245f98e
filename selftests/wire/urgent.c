// SPDX-License-Identifier: GPL-2.0
/* The URGENT option: Documentation/protocol.rst 2.3. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <kselftest_harness.h>
#include "wire.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

#define PORT		4000
#define OPT_URGENT	7

WIRE_FIXTURE(urgent);

/* What the option says; 0: there is none. */
static uint32_t pointer(const struct seg *s)
{
	const uint8_t *opt = seg_option(s, OPT_URGENT);
	uint32_t value;

	if (!opt || opt[1] != 6)
		return 0;
	memcpy(&value, opt + 2, sizeof(value));
	return ntohl(value);
}

/* What we send says from now on that the byte before @seq is urgent. */
static void announce(struct conn *c, uint32_t seq)
{
	seq = htonl(seq);
	c->opt[0] = OPT_URGENT;
	c->opt[1] = 6;
	memcpy(c->opt + 2, &seq, sizeof(seq));
	c->opt[6] = 0;
	c->opt[7] = 0;
	c->opt_len = 8;
}

static int at_mark(const struct conn *c)
{
	int n = -1;

	ioctl(c->fd, SIOCATMARK, &n);
	return n;
}

static ssize_t oob(const struct conn *c, char *byte)
{
	return recv(c->fd, byte, 1, MSG_OOB | MSG_DONTWAIT);
}

TEST_F(urgent, sent__until_acknowledged)
{
	struct conn *c = &self->c;
	struct seg *s = &self->s;
	uint32_t first;

	WIRE_OPEN(PORT);
	first = c->ack;
	ASSERT_EQ(3, send(c->fd, "abX", 3, MSG_OOB));
	ASSERT_EQ(0, conn_await_data(c, s));
	EXPECT_EQ(3, s->len);
	EXPECT_EQ(first + 3, pointer(s));
	/* Not acknowledged yet: what follows says it, too. */
	ASSERT_EQ(1, send(c->fd, "c", 1, 0));
	c->ack = first + 3;
	ASSERT_EQ(0, conn_await_data(c, s));
	EXPECT_EQ(first + 3, pointer(s));
	c->ack = first + 4;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	conn_quiet(c, 50);
	ASSERT_EQ(1, send(c->fd, "d", 1, 0));
	ASSERT_EQ(0, conn_await_data(c, s));
	EXPECT_EQ(0, pointer(s));
}

/* The peer learns of it while it takes no data. */
TEST_F(urgent, sent__window_closed)
{
	struct conn *c = &self->c;
	struct seg *s = &self->s;
	char fill[1000] = { };
	uint32_t first;

	self->w.window = sizeof(fill);
	WIRE_OPEN(PORT);
	ASSERT_EQ((ssize_t)sizeof(fill), write(c->fd, fill, sizeof(fill)));
	ASSERT_EQ(0, conn_await_data(c, s));
	ASSERT_EQ(sizeof(fill), s->len);
	c->ack += sizeof(fill);
	first = c->ack;
	c->window = 0;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	conn_quiet(c, 50);
	ASSERT_EQ(1, send(c->fd, "X", 1, MSG_OOB));
	do {
		ASSERT_EQ(0, conn_recv(c, s, XT_SOON_MS));
	} while (!pointer(s));
	EXPECT_EQ(first + 1, pointer(s));
	EXPECT_EQ(0, s->len);
}

TEST_F(urgent, received__announced_before_it_comes)
{
	struct conn *c = &self->c;
	char byte = 0, buf[8];

	WIRE_OPEN(PORT);
	announce(c, c->seq + 3);
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "ab", 2));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	EXPECT_EQ(-1, oob(c, &byte));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, xt_poll(c->fd, POLLPRI, 0));
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "Xcd", 3));
	EXPECT_EQ(POLLPRI, xt_poll(c->fd, POLLPRI, XT_SOON_MS));
	EXPECT_EQ(1, oob(c, &byte));
	EXPECT_EQ('X', byte);
	EXPECT_EQ(2, recv(c->fd, buf, sizeof(buf), 0));
	EXPECT_EQ(1, at_mark(c));
	EXPECT_EQ(2, recv(c->fd, buf, sizeof(buf), 0));
	EXPECT_EQ('c', buf[0]);
}

/* It need not wait for what was lost before it. */
TEST_F(urgent, received__beyond_a_gap)
{
	struct conn *c = &self->c;
	uint32_t seq;
	char byte = 0, buf[8] = { };

	WIRE_OPEN(PORT);
	seq = c->seq;
	announce(c, seq + 3);
	c->seq = seq + 2;
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "X", 1));
	EXPECT_EQ(POLLPRI, xt_poll(c->fd, POLLPRI, XT_SOON_MS));
	EXPECT_EQ(1, oob(c, &byte));
	EXPECT_EQ('X', byte);
	c->seq = seq;
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "ab", 2));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, seq + 3));
	EXPECT_EQ(2, recv(c->fd, buf, sizeof(buf), 0));
	EXPECT_EQ(-1, recv(c->fd, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
}

/* Behind what came, at the end of the world, or behind the last one. */
TEST_F(urgent, received__nonsense_is_ignored)
{
	static const uint32_t off[] = { 0, 1, 2, 0x40000002, 0x7fffffff,
					0x80000000, 0xfffffff0 };
	struct conn *c = &self->c;
	uint32_t start;
	char byte, buf[32];
	size_t i;

	WIRE_OPEN(PORT);
	start = c->seq;
	for (i = 0; i < ARRAY_SIZE(off); i++) {
		c->opt_len = 0;
		ASSERT_EQ(0, conn_send(c, ACK | PSH, "ab", 2));
		announce(c, start + 2 * i + off[i]);
		ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	}
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "c", 1));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	EXPECT_EQ(0, at_mark(c));
	EXPECT_EQ(-1, oob(c, &byte));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(2 * (int)ARRAY_SIZE(off) + 1,
		  recv(c->fd, buf, sizeof(buf), 0));

	announce(c, c->seq + 2);
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "dX", 2));
	announce(c, c->seq - 1);
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "e", 1));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	EXPECT_EQ(1, oob(c, &byte));
	EXPECT_EQ('X', byte);
}

WIRE_MAIN
