// SPDX-License-Identifier: GPL-2.0
/*
 * A group of listeners (SO_REUSEPORT), segment by segment: a cookie is the whole
 * group's, so that it does not matter who of it is still there when it comes back.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>

#include <kselftest_harness.h>
#include "wire.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

#define PORT	4000
#define MEMBERS	4

WIRE_FIXTURE(group);

static int member(struct wire *w)
{
	union xt_addr a;
	socklen_t len = wire_kernel_addr(w, &a, PORT);
	int fd = xt_socket(&w->x, SOCK_NONBLOCK);

	if (fd < 0 || xt_set(fd, SOL_SOCKET, SO_REUSEPORT, 1) ||
	    bind(fd, &a.sa, len) || listen(fd, 8))
		return -1;
	return fd;
}

/* SYN and SYN|ACK; what @c sends from now on carries the cookie. */
static int ask(struct conn *c, struct wire *w, struct seg *s, uint16_t port)
{
	const uint8_t *cookie;

	conn_init(c, w, port, PORT);
	if (conn_syn(c) || conn_await(c, s, SYN | ACK))
		return -1;
	cookie = seg_option(s, OPT_COOKIE);
	if (!cookie)
		return -1;
	memcpy(c->opt, cookie, cookie[1]);
	c->opt_len = cookie[1];
	c->ack = s->seq + 1;
	c->tsecr = s->tsval;
	return 0;
}

/* The third segment with data: somebody accepts it, and reads that. */
static bool let_in(struct conn *c, struct seg *s, const int *fd)
{
	struct pollfd p[MEMBERS];
	int i, peer = -1;
	char data[4];

	if (conn_send(c, ACK | PSH, "data", 4) ||
	    conn_await_ack(c, s, c->seq))
		return false;
	for (i = 0; i < MEMBERS; i++) {
		p[i].fd = fd[i];
		p[i].events = POLLIN;
	}
	if (poll(p, MEMBERS, XT_SOON_MS) != 1)
		return false;
	for (i = 0; i < MEMBERS; i++)
		if (p[i].revents)
			peer = accept(fd[i], NULL, NULL);
	return recv(peer, data, 4, MSG_WAITALL) == 4 && !memcmp(data, "data", 4);
}

/* All but one of those that may have answered are gone. */
TEST_F(group, cookie__taken_by_the_last_of_them)
{
	int last, i;

	for (last = 0; last < MEMBERS; last++) {
		int fd[MEMBERS];

		for (i = 0; i < MEMBERS; i++) {
			fd[i] = member(&self->w);
			ASSERT_LE(0, fd[i]);
		}
		ASSERT_EQ(0, ask(&self->c, &self->w, &self->s, 10000 + last));
		for (i = 0; i < MEMBERS; i++) {
			if (i == last)
				continue;
			ASSERT_EQ(0, close(fd[i]));
			fd[i] = -1;
		}
		EXPECT_TRUE(let_in(&self->c, &self->s, fd));
		close(fd[last]);
	}
	EXPECT_EQ(0, xt_counter("OutRsts"));
}

/* Asked of one; three more have come, and one of them may be meant now. */
TEST_F(group, cookie__taken_by_those_who_came_later)
{
	struct conn c[16];
	int fd[MEMBERS], i;

	fd[0] = member(&self->w);
	ASSERT_LE(0, fd[0]);
	for (i = 0; i < 16; i++)
		ASSERT_EQ(0, ask(&c[i], &self->w, &self->s, 10000 + i));
	for (i = 1; i < MEMBERS; i++) {
		fd[i] = member(&self->w);
		ASSERT_LE(0, fd[i]);
	}
	for (i = 0; i < 16; i++)
		EXPECT_TRUE(let_in(&c[i], &self->s, fd));
	EXPECT_EQ(16, xt_counter("PassiveOpens"));
}

/* The same segments find the same member for as long as the group is the same. */
TEST_F(group, repeated_third_segment__is_one_connection)
{
	int fd[MEMBERS], i, n = 0;

	for (i = 0; i < MEMBERS; i++) {
		fd[i] = member(&self->w);
		ASSERT_LE(0, fd[i]);
	}
	ASSERT_EQ(0, ask(&self->c, &self->w, &self->s, 10000));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, conn_send(&self->c, ACK, NULL, 0));
	EXPECT_EQ(0, conn_await_ack(&self->c, &self->s, self->c.seq));
	for (i = 0; i < MEMBERS; i++)
		n += !!xt_poll(fd[i], POLLIN, 0);
	EXPECT_EQ(1, n);
	EXPECT_EQ(1, xt_counter("PassiveOpens"));
}

WIRE_MAIN
