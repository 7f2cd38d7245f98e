// SPDX-License-Identifier: GPL-2.0
/* Closing, segment by segment: Documentation/protocol.rst section 4. */
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

WIRE_FIXTURE(close);

#define OPEN()	WIRE_OPEN(PORT)

/* The kernel closes first, and we follow: it is in TIME_WAIT then. */
static int to_time_wait(struct conn *c, struct seg *s)
{
	if (close(c->fd) || conn_await(c, s, FIN | ACK))
		return 1;
	if (s->seq != c->ack)
		return 2;
	c->ack++;
	if (conn_send(c, FIN | ACK, NULL, 0))
		return 3;
	return conn_await_ack(c, s, c->seq) ? 4 : 0;
}

TEST_F(close, four_way__kernel_first)
{
	struct conn *c = &self->c;
	char buf;

	OPEN();
	ASSERT_EQ(0, shutdown(c->fd, SHUT_WR));
	EXPECT_EQ(XTCP_FIN_WAIT1, xt_state(c->fd));
	ASSERT_EQ(0, conn_await(c, &self->s, FIN | ACK));
	EXPECT_EQ(c->ack, self->s.seq);
	c->ack++;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_TRUE(xt_wait_state(c->fd, XTCP_FIN_WAIT2));
	ASSERT_EQ(0, conn_send(c, FIN | ACK, NULL, 0));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	EXPECT_EQ(ACK, self->s.flags);
	EXPECT_EQ(0, read(c->fd, &buf, 1));
	EXPECT_LE(1, xt_counter("TimeWait"));
}

TEST_F(close, four_way__we_first)
{
	struct conn *c = &self->c;
	char buf;

	OPEN();
	ASSERT_EQ(0, conn_send(c, FIN | ACK, NULL, 0));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	EXPECT_EQ(XTCP_CLOSE_WAIT, xt_state(c->fd));
	EXPECT_EQ(0, read(c->fd, &buf, 1));
	ASSERT_EQ(0, shutdown(c->fd, SHUT_WR));
	ASSERT_EQ(0, conn_await(c, &self->s, FIN | ACK));
	EXPECT_EQ(XTCP_LAST_ACK, xt_state(c->fd));
	c->ack++;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_TRUE(xt_wait_state(c->fd, XTCP_CLOSE));
	EXPECT_EQ(0, xt_counter("TimeWait"));
}

/* FIN stands behind the last byte, and comes again until acknowledged. */
TEST_F(close, fin__repeated)
{
	struct conn *c = &self->c;
	int i;

	OPEN();
	ASSERT_EQ(3, write(c->fd, "end", 3));
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	c->ack += 3;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	ASSERT_EQ(0, close(c->fd));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, conn_await(c, &self->s, FIN | ACK));
		EXPECT_EQ(c->ack, self->s.seq);
	}
	c->ack++;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_TRUE(conn_content(c, 2500));
}

TEST_F(close, written_data__goes_before_fin)
{
	struct conn *c = &self->c;
	static char buf[5000];
	uint32_t end;

	OPEN();
	end = c->ack + sizeof(buf);
	ASSERT_EQ((ssize_t)sizeof(buf), write(c->fd, buf, sizeof(buf)));
	ASSERT_EQ(0, close(c->fd));
	for (;;) {
		ASSERT_EQ(0, conn_recv(c, &self->s, XT_SOON_MS));
		if (self->s.seq != c->ack)
			continue;
		c->ack += self->s.len;
		if (self->s.flags & FIN)
			break;
		ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	}
	EXPECT_EQ(end, c->ack);
}

/* Both FINs cross: CLOSING, and then TIME_WAIT at this end. */
TEST_F(close, simultaneous)
{
	struct conn *c = &self->c;
	uint32_t fin;

	OPEN();
	ASSERT_EQ(0, shutdown(c->fd, SHUT_WR));
	ASSERT_EQ(0, conn_await(c, &self->s, FIN | ACK));
	fin = self->s.seq;
	/* Ours does not acknowledge its FIN. */
	ASSERT_EQ(0, conn_send(c, FIN | ACK, NULL, 0));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	EXPECT_EQ(XTCP_CLOSING, xt_state(c->fd));
	c->ack = fin + 1;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_TRUE(xt_wait_state(c->fd, XTCP_CLOSE));
	EXPECT_EQ(1, xt_counter("TimeWait"));
}

/* Our FIN acknowledges its FIN and ends all at once. */
TEST_F(close, fin_with_the_ack_of_fin)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(0, to_time_wait(c, &self->s));
	EXPECT_EQ(1, xt_counter("TimeWait"));
}

TEST_F(close, fin_with_data)
{
	struct conn *c = &self->c;
	char buf[8];

	OPEN();
	ASSERT_EQ(0, conn_send(c, FIN | PSH | ACK, "last", 4));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	EXPECT_EQ(4, recv(c->fd, buf, 8, MSG_WAITALL));
	EXPECT_EQ(0, read(c->fd, buf, 8));
}

/* FIN before the data that it stands behind: the end waits for them. */
TEST_F(close, fin__out_of_order)
{
	struct conn *c = &self->c;
	uint32_t start;
	char buf[8] = { };

	OPEN();
	start = c->seq;
	c->seq += 4;
	ASSERT_EQ(0, conn_send(c, FIN | ACK, NULL, 0));
	EXPECT_EQ(0, xt_poll(c->fd, POLLIN | POLLRDHUP, XT_QUIET_MS));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(c->fd));
	c->seq = start;
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "data", 4));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, start + 5));
	EXPECT_EQ(4, recv(c->fd, buf, 8, MSG_WAITALL));
	EXPECT_STREQ("data", buf);
	EXPECT_EQ(0, read(c->fd, buf, 8));
}

/* FIN with data out of order, then the piece between. */
TEST_F(close, fin__with_data_out_of_order)
{
	struct conn *c = &self->c;
	uint32_t start;
	char buf[16] = { };

	OPEN();
	start = c->seq;
	c->seq += 4;
	ASSERT_EQ(0, conn_send(c, FIN | ACK, "EFGH", 4));
	c->seq = start;
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "ABCDEF", 6));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, start + 9));
	EXPECT_EQ(8, recv(c->fd, buf, 16, MSG_WAITALL));
	EXPECT_STREQ("ABCDEFGH", buf);
}

/* Nothing comes after a FIN. */
TEST_F(close, data_behind_fin__dropped)
{
	struct conn *c = &self->c;
	char buf[8];

	OPEN();
	ASSERT_EQ(0, conn_send(c, FIN | ACK, NULL, 0));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "more", 4));
	xt_sleep_ms(XT_QUIET_MS);
	EXPECT_EQ(0, read(c->fd, buf, 8));
	EXPECT_EQ(XTCP_CLOSE_WAIT, xt_state(c->fd));
}

/* Half closed by the kernel: what we send is still delivered. */
TEST_F(close, half_close__still_receives)
{
	struct conn *c = &self->c;
	char buf[8] = { };

	OPEN();
	ASSERT_EQ(0, shutdown(c->fd, SHUT_WR));
	ASSERT_EQ(0, conn_await(c, &self->s, FIN | ACK));
	c->ack++;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "more", 4));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	EXPECT_EQ(4, recv(c->fd, buf, 4, MSG_WAITALL));
	EXPECT_STREQ("more", buf);
}

/* Closed by the kernel's program: nobody will read what we send. */
TEST_F(close, data_for_an_orphan__reset)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(0, close(c->fd));
	ASSERT_EQ(0, conn_await(c, &self->s, FIN | ACK));
	c->ack++;
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "lost", 4));
	do {
		ASSERT_EQ(0, conn_recv(c, &self->s, XT_SOON_MS));
	} while (!(self->s.flags & RST));
	EXPECT_EQ(c->ack, self->s.seq);
}

/* ---- TIME_WAIT ---- */

TEST_F(close, time_wait__answers_a_repeated_fin)
{
	struct conn *c = &self->c;
	int i;

	OPEN();
	ASSERT_EQ(0, to_time_wait(c, &self->s));
	for (i = 0; i < 3; i++) {
		c->seq--;
		ASSERT_EQ(0, conn_send(c, FIN | ACK, NULL, 0));
		ASSERT_EQ(0, conn_await(c, &self->s, ACK));
		EXPECT_EQ(c->seq, self->s.ack);
		EXPECT_EQ(c->ack, self->s.seq);
	}
}

/* RFC 1337: RST does not shorten it. */
TEST_F(close, time_wait__survives_rst)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(0, to_time_wait(c, &self->s));
	ASSERT_EQ(0, conn_send(c, RST, NULL, 0));
	ASSERT_EQ(0, conn_send(c, RST | ACK, NULL, 0));
	EXPECT_TRUE(conn_quiet(c, XT_QUIET_MS));
	c->seq--;
	ASSERT_EQ(0, conn_send(c, FIN | ACK, NULL, 0));
	ASSERT_EQ(0, conn_await(c, &self->s, ACK));
	EXPECT_EQ(c->seq, self->s.ack);
	EXPECT_LE(1, xt_counter("TimeWaitRsts"));
}

/* Old data are not for the next connection with the same four-tuple. */
TEST_F(close, time_wait__refuses_old_data)
{
	struct conn *c = &self->c;

	OPEN();
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "data", 4));
	ASSERT_EQ(4, recv(c->fd, (char[4]){}, 4, MSG_WAITALL));
	ASSERT_EQ(0, to_time_wait(c, &self->s));
	c->seq -= 5;
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "data", 4));
	/* An acknowledgment or nothing, but no RST and no connection. */
	if (!conn_recv(c, &self->s, XT_QUIET_MS))
		EXPECT_EQ(ACK, self->s.flags);
}

/* A SYN with older numbers is such a delayed segment. */
TEST_F(close, time_wait__refuses_an_old_syn)
{
	struct conn *c = &self->c;
	struct seg *s = &self->s;

	OPEN();
	ASSERT_EQ(0, to_time_wait(c, s));
	conn_seg(c, s, SYN);
	s->seq = c->seq - 100000;
	s->tsval -= 60000000;
	ASSERT_EQ(0, wire_send(&self->w, s));
	if (!conn_recv(c, s, XT_QUIET_MS)) {
		EXPECT_EQ(ACK, s->flags);
		EXPECT_EQ(c->seq, s->ack);
	}
}

/* One with newer ones opens the next connection. */
TEST_F(close, time_wait__new_syn_reopens)
{
	int listener = wire_listener(&self->w, PORT, 8), fd;
	struct conn *c = &self->c;
	const uint8_t *cookie;
	struct conn next;
	char buf[8] = { };

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, conn_open_passive(c, &self->w, listener));
	ASSERT_EQ(0, to_time_wait(c, &self->s));
	next = *c;
	next.seq = c->seq + 250000;
	ASSERT_EQ(0, conn_syn(&next));
	ASSERT_EQ(0, conn_await(&next, &self->s, SYN | ACK));
	EXPECT_EQ(next.seq, self->s.ack);
	/* Its own numbers are beyond those of the old connection, too. */
	EXPECT_TRUE(before(c->ack, self->s.seq));
	next.ack = self->s.seq + 1;
	cookie = seg_option(&self->s, OPT_COOKIE);
	ASSERT_NE(NULL, cookie);
	memcpy(next.opt, cookie, cookie[1]);
	next.opt_len = cookie[1];
	ASSERT_EQ(0, conn_send(&next, ACK | PSH, "next", 4));
	ASSERT_EQ(POLLIN, xt_poll(listener, POLLIN, XT_SOON_MS));
	fd = accept(listener, NULL, NULL);
	ASSERT_LE(0, fd);
	EXPECT_EQ(4, recv(fd, buf, 4, MSG_WAITALL));
	EXPECT_STREQ("next", buf);
	EXPECT_EQ(1, xt_counter("TimeWaitReused"));
}

/*
 * The cookie that made a connection makes no second one: what its client sent
 * again before it heard of us may be newer than all that we saw, and come late.
 */
static int repeat_with_cookie(struct conn *c, struct seg *s)
{
	xt_sleep_ms(2);		/* so that its timestamp is newer, surely */
	conn_seg(c, s, FIN | PSH | ACK);
	s->seq -= 4 + 1;	/* "once" and FIN */
	s->ack--;		/* its FIN is all that came since */
	s->len = 4;
	memcpy(s->data, "once", 4);
	seg_add_option(s, OPT_COOKIE, c->cookie + 2, c->cookie[1] - 2);
	return wire_send(c->w, s);
}

TEST_F(close, time_wait__used_cookie_opens_nothing)
{
	int listener = wire_listener(&self->w, PORT, 8);
	struct conn *c = &self->c;
	struct seg *s = &self->s;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, conn_open_passive(c, &self->w, listener));
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "once", 4));
	ASSERT_EQ(4, recv(c->fd, (char[4]){}, 4, MSG_WAITALL));
	ASSERT_EQ(0, to_time_wait(c, s));
	ASSERT_EQ(0, repeat_with_cookie(c, s));
	ASSERT_EQ(0, conn_await_ack(c, s, c->seq));
	EXPECT_EQ(ACK, s->flags);
	EXPECT_EQ(c->ack, s->seq);
	EXPECT_EQ(0, xt_poll(listener, POLLIN, XT_QUIET_MS));
	EXPECT_EQ(1, xt_counter("PassiveOpens"));
}

/* Nor where the kernel closed last, and has no TIME_WAIT. */
TEST_F(close, we_first__used_cookie_opens_nothing)
{
	int listener = wire_listener(&self->w, PORT, 8);
	struct conn *c = &self->c;
	struct seg *s = &self->s;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, conn_open_passive(c, &self->w, listener));
	ASSERT_EQ(0, conn_send(c, FIN | ACK | PSH, "once", 4));
	ASSERT_EQ(4, recv(c->fd, (char[4]){}, 4, MSG_WAITALL));
	ASSERT_EQ(0, shutdown(c->fd, SHUT_WR));
	ASSERT_EQ(0, conn_await(c, s, FIN | ACK));
	c->ack++;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_TRUE(xt_wait_state(c->fd, XTCP_CLOSE));
	ASSERT_EQ(0, repeat_with_cookie(c, s));
	ASSERT_EQ(0, conn_await_ack(c, s, c->seq));
	EXPECT_EQ(ACK, s->flags);
	EXPECT_EQ(0, xt_poll(listener, POLLIN, XT_QUIET_MS));
	EXPECT_EQ(1, xt_counter("PassiveOpens"));
}

/* The record knows the cookie for as long as that is valid, repeated FIN or not. */
TEST_F(close, time_wait__repeated_fin_keeps_the_cookie_used)
{
	int listener = wire_listener(&self->w, PORT, 8);
	struct conn *c = &self->c;
	struct seg *s = &self->s;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, xt_write_file("/proc/sys/net/xtcp/time_wait", "1"));
	ASSERT_EQ(0, conn_open_passive(c, &self->w, listener));
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "once", 4));
	ASSERT_EQ(4, recv(c->fd, (char[4]){}, 4, MSG_WAITALL));
	ASSERT_EQ(0, to_time_wait(c, s));
	c->seq--;
	ASSERT_EQ(0, conn_send(c, FIN | ACK, NULL, 0));
	ASSERT_EQ(0, conn_await_ack(c, s, c->seq));
	xt_sleep_ms(4000);
	ASSERT_EQ(0, repeat_with_cookie(c, s));
	EXPECT_EQ(0, xt_poll(listener, POLLIN, XT_QUIET_MS));
	EXPECT_EQ(1, xt_counter("PassiveOpens"));
}

/*
 * The kernel connects back, from the port that it listened on to the one that we
 * came from, and is refused: the cookie that we used is still a used one.
 */
TEST_F(close, connect__hands_the_guard_on)
{
	int listener = wire_listener(&self->w, PORT, 8), fd;
	struct conn *c = &self->c;
	struct seg *s = &self->s;
	struct conn back;
	union xt_addr a;
	socklen_t len;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, conn_open_passive(c, &self->w, listener));
	ASSERT_EQ(0, conn_send(c, RST, NULL, 0));
	ASSERT_TRUE(xt_wait_state(c->fd, XTCP_CLOSE));
	EXPECT_EQ(1, xt_counter("CookieGuards"));
	close(c->fd);
	close(listener);

	fd = xt_socket(&self->w.x, SOCK_NONBLOCK);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, xt_set(fd, SOL_SOCKET, SO_REUSEADDR, 1));
	len = wire_kernel_addr(&self->w, &a, PORT);
	ASSERT_EQ(0, bind(fd, &a.sa, len));
	len = wire_our_addr(&self->w, &a, c->us);
	EXPECT_FAILS(EINPROGRESS, connect(fd, &a.sa, len));
	ASSERT_EQ(0, conn_await(c, s, SYN));
	back = *c;
	back.ack = s->seq + 1;
	ASSERT_EQ(0, conn_send(&back, RST | ACK, NULL, 0));
	ASSERT_TRUE(xt_wait_state(fd, XTCP_CLOSE));
	close(fd);

	listener = wire_listener(&self->w, PORT, 8);
	ASSERT_LE(0, listener);
	c->seq += 5;	/* as repeat_with_cookie() wants them */
	c->ack++;
	ASSERT_EQ(0, repeat_with_cookie(c, s));
	ASSERT_EQ(0, conn_await(c, s, RST));
	EXPECT_EQ(0, xt_poll(listener, POLLIN, XT_QUIET_MS));
	EXPECT_EQ(1, xt_counter("PassiveOpens"));
}

/* Nobody listens any more: a new connection is refused at once. */
TEST_F(close, time_wait__new_syn_where_nobody_listens)
{
	int listener = wire_listener(&self->w, PORT, 8);
	struct conn *c = &self->c;
	struct seg *s = &self->s;
	struct conn next;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, conn_open_passive(c, &self->w, listener));
	ASSERT_EQ(0, to_time_wait(c, s));
	close(listener);
	next = *c;
	next.seq = c->seq + 250000;
	ASSERT_EQ(0, conn_syn(&next));
	ASSERT_EQ(0, conn_await(&next, s, RST | ACK));
	EXPECT_EQ(next.seq, s->ack);
	/* That was no end of TIME_WAIT. */
	c->seq--;
	ASSERT_EQ(0, conn_send(c, FIN | ACK, NULL, 0));
	ASSERT_EQ(0, conn_await(c, s, ACK));
	EXPECT_EQ(c->seq, s->ack);
}

/*
 * An old SYN of the kernel's has misled our new attempt into SYN_RECV; our
 * SYN|ACK finds TIME_WAIT, where RST is ignored: an ACK would not end it.
 */
TEST_F(close, time_wait__new_synack_is_reset)
{
	struct conn *c = &self->c;
	struct seg *s = &self->s;
	struct conn next;

	OPEN();
	ASSERT_EQ(0, to_time_wait(c, s));
	next = *c;
	next.seq = c->seq + 250000;
	next.ack = c->ack - 1000;
	ASSERT_EQ(0, conn_send(&next, SYN | ACK, NULL, 0));
	ASSERT_EQ(0, conn_await(&next, s, RST));
	EXPECT_EQ(next.ack, s->seq);
}

/*
 * It ends by itself after 2 MSL; the sysctl says how long that is.  (Where the
 * kernel is the server it stays for as long as its cookie could come again.)
 */
TEST_F(close, time_wait__ends)
{
	struct conn *c = &self->c;

	ASSERT_EQ(0, xt_write_file("/proc/sys/net/xtcp/time_wait", "1"));
	ASSERT_EQ(0, conn_open_active(c, &self->w));
	ASSERT_EQ(0, to_time_wait(c, &self->s));
	xt_sleep_ms(4000);
	c->seq--;
	ASSERT_EQ(0, conn_send(c, FIN | ACK, NULL, 0));
	do {	/* what came before, while we slept, does not count */
		ASSERT_EQ(0, conn_recv(c, &self->s, XT_SOON_MS));
	} while (!(self->s.flags & RST));
}

WIRE_MAIN
