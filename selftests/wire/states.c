// SPDX-License-Identifier: GPL-2.0
/*
 * The states that a connection is in for a round trip only, and what meets it
 * there: the rows of RFC 9293 section 3.10 for SYN_SENT, SYN_RECV, FIN_WAIT1,
 * CLOSING and LAST_ACK.  blind.c has those of the states in which it may stay,
 * teardown.c those of TIME_WAIT, handshake.c those of LISTEN and CLOSE.
 *
 * Meanwhile the kernel repeats its SYN|ACK or FIN: whatever a test waits for
 * has other flags, or other numbers.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <kselftest_harness.h>
#include "wire.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

#define PORT 4000

WIRE_FIXTURE(states);

/* ---- the ways there; c->ack stays in front of the kernel's FIN ---- */

static int to_fin_wait1(struct conn *c, struct seg *s)
{
	if (shutdown(c->fd, SHUT_WR) || conn_await(c, s, FIN | ACK))
		return -1;
	return s->seq == c->ack && xt_state(c->fd) == XTCP_FIN_WAIT1 ? 0 : -1;
}

static int to_closing(struct conn *c, struct seg *s)
{
	if (to_fin_wait1(c, s) || conn_send(c, FIN | ACK, NULL, 0) ||
	    conn_await(c, s, ACK))
		return -1;
	return s->ack == c->seq && xt_state(c->fd) == XTCP_CLOSING ? 0 : -1;
}

static int to_last_ack(struct conn *c, struct seg *s)
{
	if (conn_send(c, FIN | ACK, NULL, 0) || conn_await(c, s, ACK) ||
	    s->ack != c->seq || shutdown(c->fd, SHUT_WR) ||
	    conn_await(c, s, FIN | ACK))
		return -1;
	return s->seq == c->ack && xt_state(c->fd) == XTCP_LAST_ACK ? 0 : -1;
}

static const struct ending {
	const char *name;
	int state;
	bool heard_fin;
	int (*go)(struct conn *c, struct seg *s);
} endings[] = {
	{ "FIN_WAIT1", XTCP_FIN_WAIT1, false, to_fin_wait1 },
	{ "CLOSING", XTCP_CLOSING, true, to_closing },
	{ "LAST_ACK", XTCP_LAST_ACK, true, to_last_ack },
};

/* A connection of its own for each @e, in that state. */
#define EACH_ENDING							\
	const struct ending *e;						\
	int listener_ = wire_listener(&self->w, PORT, 8);		\
	struct conn *c = &self->c;					\
	struct seg *s = &self->s;					\
									\
	ASSERT_LE(0, listener_);					\
	for (e = endings; e < endings + ARRAY_SIZE(endings); e++)

#define ENTER(e)							\
	do {								\
		ASSERT_EQ(0, conn_open_passive(c, &self->w, listener_)); \
		conn_quiet(c, 50);					\
		ASSERT_EQ(0, (e)->go(c, s))				\
			TH_LOG("%s", (e)->name);			\
	} while (0)

/* An ACK with the true numbers came, and the state is what it was. */
#define EXPECT_ANSWER(state_)						\
	do {								\
		ASSERT_EQ(0, conn_await(c, s, ACK));			\
		EXPECT_EQ(c->ack + 1, s->seq);				\
		EXPECT_EQ(c->seq, s->ack);				\
		EXPECT_EQ(state_, xt_state(c->fd));			\
	} while (0)

/* ---- FIN_WAIT1, CLOSING, LAST_ACK ---- */

TEST_F(states, ending__rst_ends)
{
	EACH_ENDING {
		ENTER(e);
		ASSERT_EQ(0, conn_send(c, RST, NULL, 0));
		EXPECT_TRUE(xt_wait_state(c->fd, XTCP_CLOSE));
		EXPECT_EQ(ECONNRESET, xt_so_error(c->fd));
	}
	EXPECT_EQ(ARRAY_SIZE(endings), xt_counter("InRsts"));
	EXPECT_EQ(0, xt_counter("TimeWait"));
}

TEST_F(states, ending__rst_in_window_is_challenged)
{
	EACH_ENDING {
		ENTER(e);
		conn_seg(c, s, RST);
		s->seq += 1000;
		ASSERT_EQ(0, wire_send(&self->w, s));
		EXPECT_ANSWER(e->state);
	}
}

TEST_F(states, ending__syn_is_challenged)
{
	EACH_ENDING {
		ENTER(e);
		conn_seg(c, s, SYN);
		ASSERT_EQ(0, wire_send(&self->w, s));
		EXPECT_ANSWER(e->state);
	}
}

/* An ACK beyond the FIN acknowledges nothing, not even that. */
TEST_F(states, ending__ack_of_the_unsent_is_challenged)
{
	EACH_ENDING {
		ENTER(e);
		conn_seg(c, s, ACK);
		s->ack += 2;
		ASSERT_EQ(0, wire_send(&self->w, s));
		EXPECT_ANSWER(e->state);
	}
}

TEST_F(states, ending__old_ack_changes_nothing)
{
	EACH_ENDING {
		ENTER(e);
		ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
		/* That it was taken shows by the answer to what comes next. */
		conn_seg(c, s, SYN);
		ASSERT_EQ(0, wire_send(&self->w, s));
		EXPECT_ANSWER(e->state);
	}
	EXPECT_EQ(0, xt_counter("InBadAck"));
}

TEST_F(states, ending__own_fin_is_repeated)
{
	EACH_ENDING {
		ENTER(e);
		ASSERT_EQ(0, conn_await(c, s, FIN | ACK));
		EXPECT_EQ(c->ack, s->seq);
		EXPECT_EQ(c->seq, s->ack);
		EXPECT_EQ(e->state, xt_state(c->fd));
	}
}

TEST_F(states, ending__repeated_fin_is_acknowledged)
{
	EACH_ENDING {
		if (!e->heard_fin)
			continue;
		ENTER(e);
		c->seq--;
		ASSERT_EQ(0, conn_send(c, FIN | ACK, NULL, 0));
		EXPECT_ANSWER(e->state);
	}
}

/* Section 3.10.7.4, seventh: this should not occur, since a FIN has come. */
TEST_F(states, ending__data_beyond_the_fin_are_dropped)
{
	int n = 0;

	EACH_ENDING {
		char buf;

		if (!e->heard_fin)
			continue;
		ENTER(e);
		conn_seg(c, s, ACK | PSH);
		s->len = 4;
		memcpy(s->data, "more", 4);
		ASSERT_EQ(0, wire_send(&self->w, s));
		/* The answer to this shows what became of that. */
		conn_seg(c, s, SYN);
		ASSERT_EQ(0, wire_send(&self->w, s));
		EXPECT_ANSWER(e->state);
		EXPECT_EQ(++n, xt_counter("InBeyondFin"));
		EXPECT_EQ(0, read(c->fd, &buf, 1));
	}
}

TEST_F(states, fin_wait1__receives)
{
	int listener_ = wire_listener(&self->w, PORT, 8);
	struct conn *c = &self->c;
	struct seg *s = &self->s;
	char buf[4];

	ASSERT_LE(0, listener_);
	ENTER(endings);
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "data", 4));
	EXPECT_EQ(4, recv(c->fd, buf, 4, MSG_WAITALL));
	ASSERT_EQ(0, conn_await_ack(c, s, c->seq));
	EXPECT_EQ(XTCP_FIN_WAIT1, xt_state(c->fd));
}

/* FIN is acknowledged by its own number, not by that of the last byte. */
TEST_F(states, fin_wait1__ack_of_the_data_is_none_of_the_fin)
{
	int listener_ = wire_listener(&self->w, PORT, 8);
	struct conn *c = &self->c;
	struct seg *s = &self->s;
	uint32_t start;

	ASSERT_LE(0, listener_);
	ASSERT_EQ(0, conn_open_passive(c, &self->w, listener_));
	start = c->ack;
	ASSERT_EQ(4, write(c->fd, "last", 4));
	ASSERT_EQ(0, shutdown(c->fd, SHUT_WR));
	do {	/* beside the data or behind them */
		ASSERT_EQ(0, conn_recv(c, s, XT_SOON_MS));
	} while (!(s->flags & FIN));
	EXPECT_EQ(start + 4, s->seq + s->len);
	c->ack = start + 4;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	conn_seg(c, s, SYN);
	ASSERT_EQ(0, wire_send(&self->w, s));
	EXPECT_ANSWER(XTCP_FIN_WAIT1);
	c->ack++;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_TRUE(xt_wait_state(c->fd, XTCP_FIN_WAIT2));
}

/* CLOSE after shutdown() (section 3.10.4): there is one FIN, not two. */
TEST_F(states, fin_wait1__close)
{
	int listener_ = wire_listener(&self->w, PORT, 8);
	struct conn *c = &self->c;
	struct seg *s = &self->s;

	ASSERT_LE(0, listener_);
	ENTER(endings);
	ASSERT_EQ(0, close(c->fd));
	c->ack++;
	ASSERT_EQ(0, conn_send(c, FIN | ACK, NULL, 0));
	ASSERT_EQ(0, conn_await(c, s, ACK));
	EXPECT_EQ(c->ack, s->seq);
	EXPECT_EQ(c->seq, s->ack);
	EXPECT_EQ(1, xt_counter("TimeWait"));
}

/* ---- ABORT (section 3.10.5) ---- */

static int abort_now(int fd)
{
	struct linger linger = { .l_onoff = 1 };

	return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) ||
	       close(fd);
}

/* RST as long as one FIN is missing; when both were sent there is no need. */
TEST_F(states, ending__abort)
{
	long long told = 0;

	EACH_ENDING {
		ENTER(e);
		ASSERT_EQ(0, abort_now(c->fd));
		told += !e->heard_fin;
		EXPECT_EQ(told, xt_counter("OutRsts"));
		if (!e->heard_fin) {
			ASSERT_EQ(0, conn_await(c, s, RST | ACK));
			EXPECT_EQ(c->ack + 1, s->seq);
		}
	}
}

TEST_F(states, fin_wait2__abort)
{
	int listener_ = wire_listener(&self->w, PORT, 8);
	struct conn *c = &self->c;
	struct seg *s = &self->s;

	ASSERT_LE(0, listener_);
	ENTER(endings);
	c->ack++;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	ASSERT_TRUE(xt_wait_state(c->fd, XTCP_FIN_WAIT2));
	ASSERT_EQ(0, abort_now(c->fd));
	ASSERT_EQ(0, conn_await(c, s, RST | ACK));
	EXPECT_EQ(c->ack, s->seq);
}

TEST_F(states, close_wait__abort)
{
	int listener = wire_listener(&self->w, PORT, 8);
	struct conn *c = &self->c;
	struct seg *s = &self->s;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, conn_open_passive(c, &self->w, listener));
	ASSERT_EQ(0, conn_send(c, FIN | ACK, NULL, 0));
	ASSERT_EQ(0, conn_await_ack(c, s, c->seq));
	ASSERT_EQ(0, abort_now(c->fd));
	ASSERT_EQ(0, conn_await(c, s, RST | ACK));
	EXPECT_EQ(c->ack, s->seq);
}

/* ---- SYN_SENT ---- */

/* Nobody has heard of it: it just goes, and an answer meets nobody. */
static int forgotten(struct conn *c, struct seg *s)
{
	if (xt_counter("OutRsts"))
		return 1;
	if (conn_synack(c) || conn_await(c, s, RST))
		return 2;
	return s->seq == c->ack ? 0 : 3;
}

TEST_F(states, syn_sent__close)
{
	ASSERT_EQ(0, conn_start_active(&self->c, &self->w, &self->s));
	ASSERT_EQ(0, close(self->c.fd));
	EXPECT_EQ(0, forgotten(&self->c, &self->s));
}

TEST_F(states, syn_sent__abort)
{
	ASSERT_EQ(0, conn_start_active(&self->c, &self->w, &self->s));
	ASSERT_EQ(0, abort_now(self->c.fd));
	EXPECT_EQ(0, forgotten(&self->c, &self->s));
}

/* ---- SYN_RECV: two SYNs have crossed ---- */

static int to_syn_recv(struct conn *c, struct wire *w, struct seg *s)
{
	if (conn_start_active(c, w, s) || conn_syn(c) ||
	    conn_await(c, s, SYN | ACK))
		return -1;
	return xt_state(c->fd) == XTCP_SYN_RECV ? 0 : -1;
}

#define SYN_RECV()							\
	struct conn *c = &self->c;					\
	struct seg *s = &self->s;					\
									\
	ASSERT_EQ(0, to_syn_recv(c, &self->w, s))

/* Its challenge: nothing of it but the SYN is sent. */
#define EXPECT_CHALLENGE()						\
	do {								\
		ASSERT_EQ(0, conn_await(c, s, ACK));			\
		EXPECT_EQ(c->ack, s->seq);				\
		EXPECT_EQ(c->seq, s->ack);				\
		EXPECT_EQ(XTCP_SYN_RECV, xt_state(c->fd));		\
	} while (0)

TEST_F(states, syn_recv__rst_ends)
{
	SYN_RECV();
	ASSERT_EQ(0, conn_send(c, RST, NULL, 0));
	EXPECT_TRUE(xt_wait_state(c->fd, XTCP_CLOSE));
	EXPECT_EQ(ECONNRESET, xt_so_error(c->fd));
}

TEST_F(states, syn_recv__rst_in_window_is_challenged)
{
	SYN_RECV();
	conn_seg(c, s, RST);
	s->seq += 1000;
	ASSERT_EQ(0, wire_send(&self->w, s));
	EXPECT_CHALLENGE();
}

TEST_F(states, syn_recv__other_syn_is_challenged)
{
	SYN_RECV();
	conn_seg(c, s, SYN);
	s->seq += 1000;
	ASSERT_EQ(0, wire_send(&self->w, s));
	EXPECT_CHALLENGE();
}

/* The same SYN again tells nothing new: its answer is repeated in time anyway. */
TEST_F(states, syn_recv__same_syn_again)
{
	SYN_RECV();
	c->seq--;
	ASSERT_EQ(0, conn_syn(c));
	ASSERT_EQ(0, conn_await(c, s, SYN | ACK));
	EXPECT_EQ(c->ack - 1, s->seq);
	EXPECT_EQ(c->seq, s->ack);
	EXPECT_EQ(XTCP_SYN_RECV, xt_state(c->fd));
	EXPECT_EQ(1, xt_counter("InNoAck"));
}

/* RFC 9293 figure 8: the SYN|ACKs cross as the SYNs did. */
TEST_F(states, syn_recv__synack_establishes)
{
	SYN_RECV();
	c->seq--;
	ASSERT_EQ(0, conn_send(c, SYN | ACK, NULL, 0));
	EXPECT_EQ(POLLOUT, xt_poll(c->fd, POLLOUT, XT_SOON_MS));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(c->fd));
	ASSERT_EQ(0, conn_await(c, s, ACK));
	EXPECT_EQ(c->ack, s->seq);
	EXPECT_EQ(c->seq, s->ack);
}

TEST_F(states, syn_recv__data_establish)
{
	char buf[4];

	SYN_RECV();
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "data", 4));
	EXPECT_EQ(POLLIN, xt_poll(c->fd, POLLIN, XT_SOON_MS));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(c->fd));
	EXPECT_EQ(4, recv(c->fd, buf, 4, MSG_WAITALL));
	EXPECT_EQ(0, conn_await_ack(c, s, c->seq));
}

/* It acknowledges the SYN, and so meets ESTABLISHED. */
TEST_F(states, syn_recv__fin)
{
	char buf;

	SYN_RECV();
	ASSERT_EQ(0, conn_send(c, FIN | ACK, NULL, 0));
	ASSERT_EQ(0, conn_await_ack(c, s, c->seq));
	EXPECT_EQ(XTCP_CLOSE_WAIT, xt_state(c->fd));
	EXPECT_EQ(0, read(c->fd, &buf, 1));
}

/* CLOSE in SYN_RECV (section 3.10.4): FIN, which stands behind our SYN. */
TEST_F(states, syn_recv__shutdown)
{
	SYN_RECV();
	ASSERT_EQ(0, shutdown(c->fd, SHUT_WR));
	EXPECT_EQ(XTCP_FIN_WAIT1, xt_state(c->fd));
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	ASSERT_EQ(0, conn_await(c, s, FIN | ACK));
	EXPECT_EQ(c->ack, s->seq);
	EXPECT_EQ(XTCP_FIN_WAIT1, xt_state(c->fd));
	c->ack++;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_TRUE(xt_wait_state(c->fd, XTCP_FIN_WAIT2));
}

TEST_F(states, syn_recv__abort)
{
	SYN_RECV();
	ASSERT_EQ(0, abort_now(c->fd));
	ASSERT_EQ(0, conn_await(c, s, RST | ACK));
	EXPECT_EQ(c->ack, s->seq);
	EXPECT_EQ(c->seq, s->ack);
}

/* Like a SYN, it is repeated TCP_SYNCNT times. */
TEST_F(states, syn_recv__gives_up)
{
	SYN_RECV();
	ASSERT_EQ(0, xt_set(c->fd, IPPROTO_TCP, TCP_SYNCNT, 1));
	ASSERT_EQ(0, conn_await(c, s, SYN | ACK));
	EXPECT_EQ(c->ack - 1, s->seq);
	EXPECT_TRUE(xt_wait_state(c->fd, XTCP_CLOSE));
	EXPECT_EQ(ETIMEDOUT, xt_so_error(c->fd));
}

WIRE_MAIN
