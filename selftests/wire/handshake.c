// SPDX-License-Identifier: GPL-2.0
/* The opening, segment by segment: Documentation/protocol.rst section 3. */
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

WIRE_FIXTURE(server);

/* ---- the server's side: we are the client ---- */

TEST_F(server, syn__answered_byte_by_byte)
{
	int listener = wire_listener(&self->w, PORT, 8);
	struct seg *s = &self->s;
	struct conn *c = &self->c;
	const uint8_t *option;

	ASSERT_LE(0, listener);
	conn_init(c, &self->w, 20000, PORT);
	ASSERT_EQ(0, conn_syn(c));
	ASSERT_EQ(0, conn_recv(c, s, XT_SOON_MS));
	EXPECT_EQ(SYN | ACK, s->flags);
	EXPECT_EQ(c->seq, s->ack);
	EXPECT_NE(0, s->tsval);
	EXPECT_NE(0, s->tsecr);
	EXPECT_LT(0, s->window);
	EXPECT_EQ(0, s->len);
	option = seg_option(s, OPT_MSS);
	ASSERT_NE(NULL, option);
	EXPECT_EQ(4, option[1]);
	/* What fits the device's 1500 bytes. */
	EXPECT_GE(1500 - 20 - HDR_LEN, option[2] << 8 | option[3]);
	EXPECT_LT(1300, option[2] << 8 | option[3]);
	option = seg_option(s, OPT_FEATURES);
	ASSERT_NE(NULL, option);
	EXPECT_EQ(6, option[1]);
	EXPECT_EQ(1, option[2]);
	EXPECT_NE(NULL, seg_option(s, OPT_COOKIE));
}

/* It must not serve to attack others: at most three times what came in. */
TEST_F(server, synack__is_no_amplifier)
{
	int listener = wire_listener(&self->w, PORT, 8);
	struct seg *s = &self->s;
	struct conn *c = &self->c;

	ASSERT_LE(0, listener);
	conn_init(c, &self->w, 20000, PORT);
	conn_seg(c, s, SYN);	/* without options: the smallest SYN */
	ASSERT_EQ(0, wire_send(&self->w, s));
	ASSERT_EQ(0, conn_recv(c, s, XT_SOON_MS));
	EXPECT_EQ(SYN | ACK, s->flags);
	EXPECT_GE(3 * HDR_LEN, s->hdr_len + s->len);
	EXPECT_TRUE(conn_quiet(c, XT_QUIET_MS));
}

/* The server keeps nothing, so it has nothing to repeat. */
TEST_F(server, synack__never_repeated)
{
	int listener = wire_listener(&self->w, PORT, 8);
	struct conn *c = &self->c;

	ASSERT_LE(0, listener);
	conn_init(c, &self->w, 20000, PORT);
	ASSERT_EQ(0, conn_syn(c));
	ASSERT_EQ(0, conn_await(c, &self->s, SYN | ACK));
	EXPECT_TRUE(conn_quiet(c, 3500));
}

TEST_F(server, syn_flood__each_is_answered_and_forgotten)
{
	int listener = wire_listener(&self->w, PORT, 1), i;
	struct conn *c = &self->c;

	ASSERT_LE(0, listener);
	for (i = 0; i < 1000; i++) {
		conn_init(c, &self->w, 20000 + i, PORT);
		ASSERT_EQ(0, conn_syn(c));
		ASSERT_EQ(0, conn_await(c, &self->s, SYN | ACK));
	}
	EXPECT_EQ(1000, xt_counter("SynRecv"));
	EXPECT_EQ(0, xt_counter("PassiveOpens"));
	/* And one more is served at once. */
	ASSERT_EQ(0, conn_open_passive(c, &self->w, listener));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(c->fd));
}

/* Sequence numbers are not to be guessed from those of another port. */
TEST_F(server, isn__differs)
{
	int listener = wire_listener(&self->w, PORT, 1), i;
	struct conn *c = &self->c;
	uint32_t last = 0, delta = 0;

	ASSERT_LE(0, listener);
	for (i = 0; i < 8; i++) {
		conn_init(c, &self->w, 20000 + i, PORT);
		ASSERT_EQ(0, conn_syn(c));
		ASSERT_EQ(0, conn_await(c, &self->s, SYN | ACK));
		if (i > 1)
			EXPECT_NE(delta, self->s.seq - last);
		delta = self->s.seq - last;
		last = self->s.seq;
	}
}

TEST_F(server, cookie__creates_the_connection)
{
	int listener = wire_listener(&self->w, PORT, 8);
	union xt_addr peer = { }, us;
	socklen_t len = sizeof(peer);
	struct conn *c = &self->c;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, conn_open_passive(c, &self->w, listener));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(c->fd));
	ASSERT_EQ(0, getpeername(c->fd, &peer.sa, &len));
	ASSERT_EQ(len, wire_our_addr(&self->w, &us, c->us));
	EXPECT_EQ(0, memcmp(&peer, &us, len));
	EXPECT_EQ(1, xt_counter("CookieOk"));
}

/* SYN by hand, up to the SYN|ACK; the cookie is put on what follows. */
static int up_to_synack(struct conn *c, struct wire *w, struct seg *s)
{
	const uint8_t *cookie;

	conn_init(c, w, 20000, PORT);
	if (conn_syn(c) || conn_await(c, s, SYN | ACK))
		return -1;
	c->ack = s->seq + 1;
	cookie = seg_option(s, OPT_COOKIE);
	if (!cookie)
		return -1;
	memcpy(c->opt, cookie, cookie[1]);
	c->opt_len = cookie[1];
	return 0;
}

TEST_F(server, third_segment__may_carry_data)
{
	int listener = wire_listener(&self->w, PORT, 8), fd;
	struct conn *c = &self->c;
	char buf[8] = { };

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, up_to_synack(c, &self->w, &self->s));
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "hello", 5));
	ASSERT_EQ(POLLIN, xt_poll(listener, POLLIN, XT_SOON_MS));
	fd = accept(listener, NULL, NULL);
	ASSERT_LE(0, fd);
	EXPECT_EQ(5, recv(fd, buf, 5, MSG_WAITALL));
	EXPECT_STREQ("hello", buf);
	EXPECT_EQ(0, conn_await_ack(c, &self->s, c->seq));
}

/* Data whose bare third segment was lost comes with the cookie as well. */
TEST_F(server, third_segment__lost_before_data)
{
	int listener = wire_listener(&self->w, PORT, 8), fd;
	struct conn *c = &self->c;
	char buf[16] = { };

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, up_to_synack(c, &self->w, &self->s));
	c->seq += 5;		/* its first five bytes got lost */
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "world", 5));
	ASSERT_EQ(POLLIN, xt_poll(listener, POLLIN, XT_SOON_MS));
	fd = accept(listener, NULL, NULL);
	ASSERT_LE(0, fd);
	c->seq -= 10;
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "hello", 5));
	EXPECT_EQ(10, recv(fd, buf, 10, MSG_WAITALL));
	EXPECT_STREQ("helloworld", buf);
}

TEST_F(server, third_segment__repeated_is_one_connection)
{
	int listener = wire_listener(&self->w, PORT, 8), i;
	struct conn *c = &self->c;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, up_to_synack(c, &self->w, &self->s));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	ASSERT_EQ(POLLIN, xt_poll(listener, POLLIN, XT_SOON_MS));
	EXPECT_LE(0, accept(listener, NULL, NULL));
	xt_sleep_ms(XT_QUIET_MS);
	EXPECT_FAILS(EAGAIN, accept(listener, NULL, NULL));
	EXPECT_EQ(1, xt_counter("PassiveOpens"));
}

/* A third segment that is wrong in some way is answered with RST. */
static int expect_refused(struct conn *c, struct seg *s, int listener)
{
	if (conn_await(c, s, RST))
		return 1;
	if (s->seq != c->ack)
		return 2;
	errno = 0;
	if (accept(listener, NULL, NULL) != -1 || errno != EAGAIN)
		return 3;
	return 0;
}

TEST_F(server, cookie__one_bit_turned)
{
	int listener = wire_listener(&self->w, PORT, 8), at;
	struct conn *c = &self->c;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, up_to_synack(c, &self->w, &self->s));
	for (at = 2; at < c->opt_len; at++) {
		c->opt[at] ^= 1 << at % 8;
		ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
		ASSERT_EQ(0, expect_refused(c, &self->s, listener))
			TH_LOG("byte %d", at);
		c->opt[at] ^= 1 << at % 8;
	}
	EXPECT_EQ(c->opt_len - 2, xt_counter("CookieBad") +
		  xt_counter("CookieExpired"));
	EXPECT_EQ(0, xt_counter("PassiveOpens"));
	/* The right one still works: nothing was used up. */
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_EQ(POLLIN, xt_poll(listener, POLLIN, XT_SOON_MS));
}

TEST_F(server, cookie__of_another_length)
{
	int listener = wire_listener(&self->w, PORT, 8), len;
	struct conn *c = &self->c;
	int right;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, up_to_synack(c, &self->w, &self->s));
	right = c->opt_len;
	for (len = 2; len < right + 8; len++) {
		if (len == right)
			continue;
		c->opt[1] = len;
		c->opt_len = len;
		ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
		ASSERT_EQ(0, expect_refused(c, &self->s, listener))
			TH_LOG("length %d", len);
	}
}

TEST_F(server, cookie__from_another_port)
{
	int listener = wire_listener(&self->w, PORT, 8);
	struct conn *c = &self->c;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, up_to_synack(c, &self->w, &self->s));
	c->us++;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_EQ(0, expect_refused(c, &self->s, listener));
}

TEST_F(server, cookie__for_another_ack)
{
	int listener = wire_listener(&self->w, PORT, 8);
	struct conn *c = &self->c;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, up_to_synack(c, &self->w, &self->s));
	c->ack += 1;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_EQ(0, expect_refused(c, &self->s, listener));
}

TEST_F(server, cookie__missing)
{
	int listener = wire_listener(&self->w, PORT, 8);
	struct conn *c = &self->c;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, up_to_synack(c, &self->w, &self->s));
	c->opt_len = 0;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_EQ(0, expect_refused(c, &self->s, listener));
	EXPECT_EQ(1, xt_counter("CookieMissing"));
}

/* Our sequence number is far from what the cookie was made for. */
TEST_F(server, cookie__sequence_out_of_window)
{
	int listener = wire_listener(&self->w, PORT, 8);
	struct conn *c = &self->c;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, up_to_synack(c, &self->w, &self->s));
	c->seq += 0x40000000;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	xt_sleep_ms(XT_QUIET_MS);
	EXPECT_FAILS(EAGAIN, accept(listener, NULL, NULL));
}

TEST_F(server, cookie__expires)
{
	int listener = wire_listener(&self->w, PORT, 8);
	struct conn *c = &self->c;

	if (!getenv("XTCP_TEST_LONG"))
		SKIP(return, "takes minutes: set XTCP_TEST_LONG");
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, up_to_synack(c, &self->w, &self->s));
	xt_sleep_ms(140000);
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_EQ(0, expect_refused(c, &self->s, listener));
}

/* The accept queue is full: the third segment is dropped, then repeated. */
TEST_F(server, accept_queue__overflow)
{
	int listener = wire_listener(&self->w, PORT, 0);
	struct conn *c = &self->c;
	static struct conn first;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, up_to_synack(&first, &self->w, &self->s));
	ASSERT_EQ(0, conn_send(&first, ACK, NULL, 0));
	ASSERT_EQ(POLLIN, xt_poll(listener, POLLIN, XT_SOON_MS));
	conn_init(c, &self->w, 20001, PORT);
	ASSERT_EQ(0, conn_syn(c));
	ASSERT_EQ(0, conn_await(c, &self->s, SYN | ACK));
	c->ack = self->s.seq + 1;
	memcpy(c->opt, seg_option(&self->s, OPT_COOKIE),
	       seg_option(&self->s, OPT_COOKIE)[1]);
	c->opt_len = c->opt[1];
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_TRUE(conn_quiet(c, XT_QUIET_MS));
	EXPECT_LE(1, xt_counter("AcceptOverflow"));
	EXPECT_LE(0, accept(listener, NULL, NULL));
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	ASSERT_EQ(POLLIN, xt_poll(listener, POLLIN, XT_SOON_MS));
	EXPECT_LE(0, accept(listener, NULL, NULL));
}

/* Nobody listens: RST that acknowledges the SYN. */
TEST_F(server, closed_port__resets_syn)
{
	struct conn *c = &self->c;

	conn_init(c, &self->w, 20000, PORT);
	ASSERT_EQ(0, conn_syn(c));
	ASSERT_EQ(0, conn_recv(c, &self->s, XT_SOON_MS));
	EXPECT_EQ(RST | ACK, self->s.flags);
	EXPECT_EQ(0, self->s.seq);
	EXPECT_EQ(c->seq, self->s.ack);
}

TEST_F(server, closed_port__resets_ack)
{
	struct conn *c = &self->c;

	conn_init(c, &self->w, 20000, PORT);
	c->ack = 12345;
	ASSERT_EQ(0, conn_send(c, ACK, "x", 1));
	ASSERT_EQ(0, conn_recv(c, &self->s, XT_SOON_MS));
	EXPECT_EQ(RST, self->s.flags & ~ACK);
	EXPECT_EQ(12345, self->s.seq);
}

TEST_F(server, closed_port__silent_to_rst)
{
	struct conn *c = &self->c;

	conn_init(c, &self->w, 20000, PORT);
	ASSERT_EQ(0, conn_send(c, RST, NULL, 0));
	ASSERT_EQ(0, conn_send(c, RST | ACK, NULL, 0));
	EXPECT_TRUE(conn_quiet(c, XT_QUIET_MS));
}

TEST_F(server, listener__silent_to_rst_and_fin)
{
	int listener = wire_listener(&self->w, PORT, 8);
	struct conn *c = &self->c;

	ASSERT_LE(0, listener);
	conn_init(c, &self->w, 20000, PORT);
	ASSERT_EQ(0, conn_send(c, RST, NULL, 0));
	ASSERT_EQ(0, conn_send(c, FIN, NULL, 0));
	ASSERT_EQ(0, conn_send(c, 0, "x", 1));
	EXPECT_TRUE(conn_quiet(c, XT_QUIET_MS));
}

/* Flag bits that nobody knows yet are ignored. */
TEST_F(server, syn__reserved_flags_ignored)
{
	int listener = wire_listener(&self->w, PORT, 8);
	struct conn *c = &self->c;

	ASSERT_LE(0, listener);
	conn_init(c, &self->w, 20000, PORT);
	conn_seg(c, &self->s, SYN | 0xe0);
	c->seq++;
	ASSERT_EQ(0, wire_send(&self->w, &self->s));
	ASSERT_EQ(0, conn_recv(c, &self->s, XT_SOON_MS));
	EXPECT_EQ(SYN | ACK, self->s.flags);
}

TEST_F(server, syn__unknown_option_skipped)
{
	int listener = wire_listener(&self->w, PORT, 8);
	struct conn *c = &self->c;

	ASSERT_LE(0, listener);
	conn_init(c, &self->w, 20000, PORT);
	conn_seg(c, &self->s, SYN);
	c->seq++;
	seg_add_option(&self->s, 0x55, "unknown", 7);
	ASSERT_EQ(0, wire_send(&self->w, &self->s));
	ASSERT_EQ(0, conn_recv(c, &self->s, XT_SOON_MS));
	EXPECT_EQ(SYN | ACK, self->s.flags);
}

TEST_F(server, syn__unknown_must_option_refused)
{
	int listener = wire_listener(&self->w, PORT, 8);
	struct conn *c = &self->c;

	ASSERT_LE(0, listener);
	conn_init(c, &self->w, 20000, PORT);
	conn_seg(c, &self->s, SYN);
	c->seq++;
	seg_add_option(&self->s, 0xd5, "unknown", 7);
	ASSERT_EQ(0, wire_send(&self->w, &self->s));
	ASSERT_EQ(0, conn_recv(c, &self->s, XT_SOON_MS));
	EXPECT_EQ(RST | ACK, self->s.flags);
	EXPECT_EQ(c->seq, self->s.ack);
}

TEST_F(server, offered_mss__is_kept_to)
{
	int listener = wire_listener(&self->w, PORT, 8);
	struct conn *c = &self->c;
	static char buf[4000];
	uint32_t got = 0;

	ASSERT_LE(0, listener);
	/* conn_open_passive() offers 1400 */
	ASSERT_EQ(0, conn_open_passive(c, &self->w, listener));
	ASSERT_EQ(4000, write(c->fd, buf, sizeof(buf)));
	while (got < 4000) {
		ASSERT_EQ(0, conn_await_data(c, &self->s));
		EXPECT_GE(1400, self->s.len);
		got += self->s.len;
		c->ack += self->s.len;
		ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	}
}

/* ---- the client's side: we are the server ---- */

WIRE_FIXTURE(client);

TEST_F(client, syn__as_specified)
{
	struct seg *s = &self->s;
	const uint8_t *option;

	ASSERT_EQ(0, conn_start_active(&self->c, &self->w, s));
	EXPECT_TRUE(s->check_ok);
	EXPECT_EQ(SYN, s->flags);
	EXPECT_EQ(0, s->ack);
	EXPECT_EQ(0, s->tsecr);
	EXPECT_EQ(0, s->len);
	EXPECT_LT(0, s->window);
	option = seg_option(s, OPT_MSS);
	ASSERT_NE(NULL, option);
	EXPECT_EQ(4, option[1]);
	option = seg_option(s, OPT_FEATURES);
	ASSERT_NE(NULL, option);
	EXPECT_EQ(1, option[2]);
	EXPECT_EQ(NULL, seg_option(s, OPT_COOKIE));
}

/* SYN again after 1 s, five times half a second later, then 1, 2, 4 s. */
TEST_F(client, syn__repeated_by_timeouts_that_double_later)
{
	struct conn *c = &self->c;
	long long at[10];
	uint32_t seq;
	int i;

	ASSERT_EQ(0, conn_start_active(c, &self->w, &self->s));
	seq = self->s.seq;
	at[0] = self->s.at_ms;
	for (i = 1; i < 10; i++) {
		ASSERT_EQ(0, conn_await(c, &self->s, SYN));
		EXPECT_EQ(seq, self->s.seq);
		at[i] = self->s.at_ms;
	}
	/* 10.5 s in all; without doubling 5.5. */
	EXPECT_LE(950, at[1] - at[0]);
	EXPECT_LE(2250, at[6] - at[1]);
	EXPECT_LE(950, at[7] - at[6]);
	EXPECT_LE(10000, at[9] - at[0]);
	if (xt_virtual_time()) {
		EXPECT_GE(2800, at[6] - at[1]);
		EXPECT_GE(11000, at[9] - at[0]);
	}
}

TEST_F(client, connect__after_one_round_trip)
{
	struct conn *c = &self->c;
	union xt_addr a;
	socklen_t len;

	ASSERT_EQ(0, conn_start_active(c, &self->w, &self->s));
	EXPECT_EQ(0, xt_poll(c->fd, POLLOUT, XT_QUIET_MS));
	EXPECT_EQ(XTCP_SYN_SENT, xt_state(c->fd));
	ASSERT_EQ(0, conn_synack(c));
	EXPECT_EQ(POLLOUT, xt_poll(c->fd, POLLOUT, XT_SOON_MS));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(c->fd));
	len = wire_our_addr(&self->w, &a, c->us);
	EXPECT_EQ(0, connect(c->fd, &a.sa, len));
}

/* ACK+COOKIE: the cookie comes back exactly as it was. */
TEST_F(client, third_segment__echoes_the_cookie)
{
	struct conn *c = &self->c;
	const uint8_t *cookie;

	ASSERT_EQ(0, conn_start_active(c, &self->w, &self->s));
	ASSERT_EQ(0, conn_synack(c));
	ASSERT_EQ(0, conn_await(c, &self->s, ACK));
	EXPECT_EQ(c->ack, self->s.seq);
	EXPECT_EQ(c->seq, self->s.ack);
	EXPECT_EQ(0, self->s.len);
	EXPECT_NE(0, self->s.tsecr);
	cookie = seg_option(&self->s, OPT_COOKIE);
	ASSERT_NE(NULL, cookie);
	ASSERT_EQ(2 + sizeof(our_cookie), cookie[1]);
	EXPECT_EQ(0, memcmp(cookie + 2, our_cookie, sizeof(our_cookie)));
}

/* The longest cookie that an option can hold, and none at all. */
TEST_F(client, third_segment__echoes_a_long_cookie)
{
	struct conn *c = &self->c;
	const uint8_t *cookie;
	uint8_t data[253];
	unsigned int i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = i;
	ASSERT_EQ(0, conn_start_active(c, &self->w, &self->s));
	conn_seg(c, &self->s, SYN | ACK);
	seg_add_option(&self->s, OPT_COOKIE, data, sizeof(data));
	c->seq++;
	ASSERT_EQ(0, wire_send(&self->w, &self->s));
	ASSERT_EQ(0, conn_await(c, &self->s, ACK));
	cookie = seg_option(&self->s, OPT_COOKIE);
	ASSERT_NE(NULL, cookie);
	ASSERT_EQ(255, cookie[1]);
	EXPECT_EQ(0, memcmp(cookie + 2, data, sizeof(data)));
}

/* Until the server is heard, everything carries the cookie. */
TEST_F(client, cookie__on_all_until_the_server_speaks)
{
	struct conn *c = &self->c;

	ASSERT_EQ(0, conn_start_active(c, &self->w, &self->s));
	ASSERT_EQ(0, conn_synack(c));
	ASSERT_EQ(POLLOUT, xt_poll(c->fd, POLLOUT, XT_SOON_MS));
	ASSERT_EQ(3, write(c->fd, "abc", 3));
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	EXPECT_EQ(3, self->s.len);
	EXPECT_NE(NULL, seg_option(&self->s, OPT_COOKIE));
	/* Its retransmission, too. */
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	EXPECT_NE(NULL, seg_option(&self->s, OPT_COOKIE));
	c->ack += 3;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	xt_sleep_ms(100);
	ASSERT_EQ(3, write(c->fd, "def", 3));
	ASSERT_EQ(0, conn_await_data(c, &self->s));
	EXPECT_EQ(0, memcmp(self->s.data, "def", 3));
	EXPECT_EQ(NULL, seg_option(&self->s, OPT_COOKIE));
}

/* A repeated SYN|ACK is not the server's word yet: it kept nothing. */
TEST_F(client, cookie__stays_after_a_repeated_synack)
{
	struct conn *c = &self->c;

	ASSERT_EQ(0, conn_start_active(c, &self->w, &self->s));
	ASSERT_EQ(0, conn_synack(c));
	ASSERT_EQ(0, conn_await(c, &self->s, ACK));
	c->seq--;
	ASSERT_EQ(0, conn_synack(c));
	ASSERT_EQ(0, conn_await(c, &self->s, ACK));
	EXPECT_NE(NULL, seg_option(&self->s, OPT_COOKIE));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(c->fd));
}

/* A lost third segment cannot hang a protocol in which the server talks. */
TEST_F(client, third_segment__repeated_until_answered)
{
	struct conn *c = &self->c;
	long long at[4];
	int i;

	ASSERT_EQ(0, conn_start_active(c, &self->w, &self->s));
	ASSERT_EQ(0, conn_synack(c));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, conn_await(c, &self->s, ACK));
		EXPECT_NE(NULL, seg_option(&self->s, OPT_COOKIE));
		EXPECT_EQ(c->ack, self->s.seq);
		at[i] = self->s.at_ms;
	}
	/* 200, 400, 800 ms at least; without doubling, 600 ms in all. */
	EXPECT_LE(1000, at[3] - at[0]);
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "talk", 4));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	EXPECT_TRUE(conn_quiet(c, 2500));
}

/*
 * A late third segment of an attempt that we broke off has made a connection at
 * the server: it answers with that one's numbers, for as long as we would answer
 * with ours.  RST ends it, and our cookie is welcome.
 */
TEST_F(client, cookie__other_connection_is_reset)
{
	struct conn *c = &self->c;
	struct conn other;
	const uint32_t off[] = { 500000, 1, -500000 };
	unsigned int i;

	ASSERT_EQ(0, conn_start_active(c, &self->w, &self->s));
	ASSERT_EQ(0, conn_synack(c));
	ASSERT_EQ(0, conn_await(c, &self->s, ACK));
	for (i = 0; i < sizeof(off) / sizeof(*off); i++) {
		other = *c;
		other.seq += i == 1 ? 0 : off[i];
		other.ack -= off[i];
		ASSERT_EQ(0, conn_send(&other, ACK, NULL, 0));
		ASSERT_EQ(0, conn_await(c, &self->s, RST));
		EXPECT_EQ(other.ack, self->s.seq);
	}
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(c->fd));
	/* The server has not confirmed with that. */
	ASSERT_EQ(0, conn_await(c, &self->s, ACK));
	EXPECT_NE(NULL, seg_option(&self->s, OPT_COOKIE));
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "talk", 4));
	ASSERT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	EXPECT_EQ(NULL, seg_option(&self->s, OPT_COOKIE));
}

/* What is strange about the true server's segment: not its ACK. */
TEST_F(client, cookie__keepalive_is_no_other_connection)
{
	struct conn *c = &self->c;
	struct conn probe;

	ASSERT_EQ(0, conn_start_active(c, &self->w, &self->s));
	ASSERT_EQ(0, conn_synack(c));
	ASSERT_EQ(0, conn_await(c, &self->s, ACK));
	probe = *c;
	probe.seq--;
	ASSERT_EQ(0, conn_send(&probe, ACK, NULL, 0));
	ASSERT_EQ(0, conn_recv(c, &self->s, XT_SOON_MS));
	EXPECT_EQ(ACK, self->s.flags);
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(c->fd));
}

TEST_F(client, synack__of_another_number_is_refused)
{
	struct conn *c = &self->c;

	ASSERT_EQ(0, conn_start_active(c, &self->w, &self->s));
	c->ack += 5;
	conn_seg(c, &self->s, SYN | ACK);
	ASSERT_EQ(0, wire_send(&self->w, &self->s));
	ASSERT_EQ(0, conn_await(c, &self->s, RST));
	EXPECT_EQ(c->ack, self->s.seq);
	EXPECT_EQ(XTCP_SYN_SENT, xt_state(c->fd));
	/* The right one is still welcome. */
	c->ack -= 5;
	ASSERT_EQ(0, conn_synack(c));
	EXPECT_EQ(POLLOUT, xt_poll(c->fd, POLLOUT, XT_SOON_MS));
}

TEST_F(client, rst__refuses)
{
	struct conn *c = &self->c;
	short seen;

	ASSERT_EQ(0, conn_start_active(c, &self->w, &self->s));
	ASSERT_EQ(0, conn_send(c, RST | ACK, NULL, 0));
	seen = xt_poll(c->fd, POLLOUT, XT_SOON_MS);
	EXPECT_EQ(POLLERR, seen & POLLERR);
	EXPECT_EQ(ECONNREFUSED, xt_so_error(c->fd));
}

/* Blind attackers do not know the number. */
TEST_F(client, rst__of_another_number_is_ignored)
{
	struct conn *c = &self->c;

	ASSERT_EQ(0, conn_start_active(c, &self->w, &self->s));
	c->ack++;
	ASSERT_EQ(0, conn_send(c, RST | ACK, NULL, 0));
	ASSERT_EQ(0, conn_send(c, RST, NULL, 0));
	EXPECT_EQ(0, xt_poll(c->fd, POLLOUT, XT_QUIET_MS));
	EXPECT_EQ(XTCP_SYN_SENT, xt_state(c->fd));
}

TEST_F(client, synack__unknown_must_option_refused)
{
	struct conn *c = &self->c;

	ASSERT_EQ(0, conn_start_active(c, &self->w, &self->s));
	conn_seg(c, &self->s, SYN | ACK);
	seg_add_option(&self->s, 0xd5, "unknown", 7);
	ASSERT_EQ(0, wire_send(&self->w, &self->s));
	ASSERT_EQ(0, conn_await(c, &self->s, RST));
	EXPECT_NE(POLLOUT, xt_poll(c->fd, POLLOUT, XT_QUIET_MS));
}

/* Two SYNs that cross: RFC 9293 section 3.5. */
TEST_F(client, simultaneous_open)
{
	struct conn *c = &self->c;
	uint32_t our_isn;

	ASSERT_EQ(0, conn_start_active(c, &self->w, &self->s));
	our_isn = c->seq;
	ASSERT_EQ(0, conn_syn(c));
	ASSERT_EQ(0, conn_await(c, &self->s, SYN | ACK));
	EXPECT_EQ(our_isn + 1, self->s.ack);
	EXPECT_EQ(c->ack - 1, self->s.seq);
	EXPECT_EQ(XTCP_SYN_RECV, xt_state(c->fd));
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_EQ(POLLOUT, xt_poll(c->fd, POLLOUT, XT_SOON_MS));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(c->fd));
	ASSERT_EQ(1, write(c->fd, "x", 1));
	EXPECT_EQ(0, conn_await_data(c, &self->s));
}

/* In SYN_RECV, too, an ACK of what we never sent is answered with RST. */
TEST_F(client, simultaneous_open__other_connection_is_reset)
{
	struct conn *c = &self->c;
	struct conn other;
	int i;

	ASSERT_EQ(0, conn_start_active(c, &self->w, &self->s));
	ASSERT_EQ(0, conn_syn(c));
	ASSERT_EQ(0, conn_await(c, &self->s, SYN | ACK));
	for (i = 0; i < 2; i++) {
		other = *c;
		other.ack += i ? 5 : -300000;
		other.seq += i ? 500000 : 0;
		ASSERT_EQ(0, conn_send(&other, ACK, NULL, 0));
		ASSERT_EQ(0, conn_await(c, &self->s, RST));
		EXPECT_EQ(other.ack, self->s.seq);
		EXPECT_EQ(XTCP_SYN_RECV, xt_state(c->fd));
	}
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_EQ(POLLOUT, xt_poll(c->fd, POLLOUT, XT_SOON_MS));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(c->fd));
}

WIRE_MAIN
