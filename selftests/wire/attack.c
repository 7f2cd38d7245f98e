// SPDX-License-Identifier: GPL-2.0
/*
 * The listener under attack: floods from made-up addresses, forged, stolen and
 * old cookies, questions that should bring large answers, clients that fill
 * the accept queue.  Documentation/protocol.rst sections 3.2, 3.4 and 6.
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
#define LONG_TEST_S 600

WIRE_FIXTURE(attack);

static uint32_t random_u32(void)
{
	static struct xt_random r = { .state = 20 };
	uint32_t v;

	xt_random_fill(&r, &v, sizeof(v));
	return v;
}

/* The kernel answers whoever asks: all others are behind the wire, too. */
static int route_everything(void)
{
	return system("ip route add default dev wire0 && "
		      "ip -6 route add default dev wire0");
}

/* 198.18.0.0/15 is for measurements (RFC 2544); 2001:db8:1::/64 for examples. */
static void random_source(struct wire *w)
{
	uint32_t v = random_u32();

	if (w->addr_len == 4) {
		w->us[0] = 198;
		w->us[1] = 18 + (v & 1);
		w->us[2] = v >> 8;
		w->us[3] = v >> 16;
		return;
	}
	w->us[5] = 1;
	memcpy(w->us + 8, &v, sizeof(v));
	v = random_u32();
	memcpy(w->us + 12, &v, sizeof(v));
}

/* SYNs from nowhere, and whatever comes back thrown away. */
static int flood(struct wire *w, int n)
{
	static struct seg s, answer;
	struct conn c;
	uint8_t us[16];

	memcpy(us, w->us, sizeof(us));
	while (n--) {
		random_source(w);
		conn_init(&c, w, random_u32() % 65535 + 1, PORT);
		c.seq = random_u32();
		conn_seg(&c, &s, SYN);
		s.tsval = random_u32();
		if (wire_send(w, &s))
			return -1;
		/* The device holds 500 packets. */
		if (n % 100)
			continue;
		while (!wire_recv(w, &answer, 0))
			;
	}
	memcpy(w->us, us, sizeof(us));
	return 0;
}

/* A number behind @name in a file of such lines, -1 when it is not there. */
static long long number_in(const char *path, const char *name)
{
	char text[8192];
	const char *at;

	if (xt_read_file(path, text, sizeof(text)) < 0)
		return -1;
	at = strstr(text, name);
	return at ? atoll(at + strlen(name)) : -1;
}

static long long sockets_used(void)
{
	return number_in("/proc/net/sockstat", "sockets: used ");
}

static long long slab_bytes(void)
{
	return number_in("/proc/meminfo", "SUnreclaim: ") * 1024;
}

/* A program of this host: connects, is accepted, says something. */
static int legitimate_client(struct wire *w, int listener)
{
	union xt_addr a;
	socklen_t len = wire_kernel_addr(w, &a, PORT);
	int fd = xt_socket(&w->x, 0), peer;
	char buf[4];

	if (fd < 0 || connect(fd, &a.sa, len))
		return -1;
	if (write(fd, "here", 4) != 4 ||
	    xt_poll(listener, POLLIN, XT_SOON_MS) != POLLIN)
		return -2;
	peer = accept(listener, NULL, NULL);
	if (peer < 0 || recv(peer, buf, 4, MSG_WAITALL) != 4 ||
	    memcmp(buf, "here", 4))
		return -3;
	close(fd);
	close(peer);
	return 0;
}

#define FLOODS 50

TEST_F(attack, syn_flood__keeps_nothing_and_harms_nobody)
{
	int listener = wire_listener(&self->w, PORT, 8), i;
	int each = xt_scaled(1000);
	long long used, slab, end;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, route_everything());
	ASSERT_EQ(0, legitimate_client(&self->w, listener));
	ASSERT_EQ(0, flood(&self->w, each));
	used = sockets_used();
	slab = slab_bytes();
	ASSERT_LT(0, used);
	ASSERT_LT(0, slab);
	for (i = 0; i < FLOODS; i++) {
		ASSERT_EQ(0, flood(&self->w, each));
		ASSERT_GE(used, sockets_used());
	}
	EXPECT_EQ((FLOODS + 1) * each + 1, xt_counter("SynRecv"));
	EXPECT_EQ(0, xt_counter("SynRateLimited"));
	EXPECT_EQ(1, xt_counter("PassiveOpens"));
	/*
	 * 256 bytes each would show, where the kernel does not keep what was
	 * freed, as it does to find errors (there we are told to do less).
	 * Others may use memory meanwhile, but they give it back.
	 */
	end = xt_now_ms() + XT_SOON_MS;
	while (each == 1000 && slab_bytes() > slab + FLOODS * each * 256LL) {
		ASSERT_GT(end, xt_now_ms());
		xt_sleep_ms(100);
	}
	/* Between floods whoever really wants to connect does. */
	for (i = 0; i < FLOODS; i++) {
		ASSERT_EQ(0, flood(&self->w, each / 10 + 1));
		ASSERT_EQ(0, legitimate_client(&self->w, listener))
			TH_LOG("client %d: %s", i, strerror(errno));
	}
	EXPECT_EQ(0, xt_counter("AttemptFails"));
	EXPECT_EQ(0, xt_counter("RtoTimeouts"));
	EXPECT_EQ(FLOODS + 1, xt_counter("PassiveOpens"));
}

/* More than synack_rate in a second get no answer, and are counted. */
TEST_F(attack, syn_flood__beyond_the_rate_unanswered)
{
	int listener = wire_listener(&self->w, PORT, 8);
	long long start, answered;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, route_everything());
	ASSERT_EQ(0, xt_write_file("/proc/sys/net/xtcp/synack_rate", "50"));
	start = xt_now_ms();
	ASSERT_EQ(0, flood(&self->w, 1000));
	answered = xt_counter("SynRecv");
	EXPECT_LE(50, answered);
	/* In each second that it touched. */
	EXPECT_GE(50 * ((xt_now_ms() - start) / 1000 + 2), answered);
	EXPECT_EQ(1000, answered + xt_counter("SynRateLimited"));
	/* A client repeats its SYN, and is late. */
	EXPECT_EQ(0, legitimate_client(&self->w, listener));
}

/* ---- cookies ---- */

/* We have the SYN|ACK; all that we send from now on has its cookie. */
static int up_to_cookie(struct conn *c, struct wire *w, struct seg *s,
			uint16_t port)
{
	const uint8_t *cookie;

	conn_init(c, w, port, PORT);
	if (conn_syn(c) || conn_await(c, s, SYN | ACK))
		return -1;
	cookie = seg_option(s, OPT_COOKIE);
	if (!cookie)
		return -1;
	c->ack = s->seq + 1;
	memcpy(c->opt, cookie, cookie[1]);
	c->opt_len = cookie[1];
	return 0;
}

/* A third segment that opens nothing: RST, whose number is what we sent. */
static int refused(struct conn *c, struct seg *s)
{
	if (conn_send(c, ACK, NULL, 0) || conn_await(c, s, RST))
		return 1;
	return s->seq == c->ack ? 0 : 2;
}

static long long cookies_refused(void)
{
	return xt_counter("CookieBad") + xt_counter("CookieExpired");
}

/* One who knows the format, but not the key. */
TEST_F(attack, cookie__forged)
{
	int listener = wire_listener(&self->w, PORT, 8);
	int i, n = xt_scaled(2000), at;
	struct conn *c = &self->c;
	uint32_t v;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, up_to_cookie(c, &self->w, &self->s, 20000));
	for (i = 0; i < n; i++) {
		/* All of it, or the MAC only: the rest is as it should be. */
		for (at = i % 2 ? 2 : 18; at < c->opt_len; at += 4) {
			v = random_u32();
			memcpy(c->opt + at, &v, c->opt_len - at < 4 ?
						c->opt_len - at : 4);
		}
		ASSERT_EQ(0, refused(c, &self->s));
	}
	EXPECT_EQ(n, cookies_refused());
	EXPECT_EQ(0, xt_counter("CookieOk"));
	EXPECT_EQ(0, xt_poll(listener, POLLIN, 0));
}

/* A cookie is good for one pair of addresses and ports. */
TEST_F(attack, cookie__for_another_tuple)
{
	int listener = wire_listener(&self->w, PORT, 8);
	int other = wire_listener(&self->w, PORT + 1, 8);
	struct wire *w = &self->w;
	struct conn *c = &self->c;
	unsigned int bit;

	ASSERT_LE(0, listener);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, route_everything());
	ASSERT_EQ(0, system("ip addr add 192.0.2.9/24 dev wire0 && "
			    "ip addr add 2001:db8::9/64 dev wire0 nodad"));
	close(listener);
	listener = xt_socket(&w->x, SOCK_NONBLOCK);
	ASSERT_EQ(0, xt_set(listener, SOL_SOCKET, SO_REUSEADDR, 1));
	union xt_addr any;
	socklen_t len = xt_any(&w->x, &any, PORT);

	ASSERT_EQ(0, bind(listener, &any.sa, len));
	ASSERT_EQ(0, listen(listener, 8));

	ASSERT_EQ(0, up_to_cookie(c, w, &self->s, 20000));
	for (bit = 0; bit < 16; bit++) {		/* our port */
		c->us ^= 1 << bit;
		ASSERT_EQ(0, refused(c, &self->s));
		c->us ^= 1 << bit;
	}
	c->kernel = PORT + 1;				/* its port */
	ASSERT_EQ(0, refused(c, &self->s));
	c->kernel = PORT;
	for (bit = 0; bit < 8; bit++) {			/* our address */
		if ((w->us[w->addr_len - 1] ^ 1 << bit) == 9 ||
		    (w->us[w->addr_len - 1] ^ 1 << bit) == 1 ||
		    !(w->us[w->addr_len - 1] ^ 1 << bit))
			continue;			/* the kernel's own */
		w->us[w->addr_len - 1] ^= 1 << bit;
		ASSERT_EQ(0, refused(c, &self->s)) TH_LOG("bit %u", bit);
		w->us[w->addr_len - 1] ^= 1 << bit;
	}
	w->kernel[w->addr_len - 1] = 9;			/* its address */
	ASSERT_EQ(0, refused(c, &self->s));
	w->kernel[w->addr_len - 1] = 1;
	EXPECT_EQ(cookies_refused(), xt_counter("CookieBad"));
	EXPECT_LE(16 + 1 + 6 + 1, xt_counter("CookieBad"));
	EXPECT_EQ(0, xt_counter("PassiveOpens"));
	/* The true one was not used up by all that. */
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_EQ(POLLIN, xt_poll(listener, POLLIN, XT_SOON_MS));
}

/* Keys are a namespace's own. */
TEST_F(attack, cookie__from_another_namespace)
{
	int listener = wire_listener(&self->w, PORT, 8);
	struct conn *c = &self->c, copy;
	struct wire next;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, up_to_cookie(c, &self->w, &self->s, 20000));
	/* The same addresses and numbers, in a new one. */
	ASSERT_EQ(0, wire_open(&next, self->w.x.door));
	listener = wire_listener(&next, PORT, 8);
	ASSERT_LE(0, listener);
	copy = *c;
	copy.w = &next;
	EXPECT_EQ(0, refused(&copy, &self->s));
	EXPECT_EQ(1, xt_counter("CookieBad"));
	EXPECT_EQ(0, xt_counter("PassiveOpens"));
	wire_close(&next);
}

/* What ended by RST is over: its cookie gets one, too. */
TEST_F(attack, cookie__replayed_after_a_reset)
{
	int listener = wire_listener(&self->w, PORT, 8), fd, i;
	struct conn *c = &self->c;
	uint8_t len;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, up_to_cookie(c, &self->w, &self->s, 20000));
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	ASSERT_EQ(POLLIN, xt_poll(listener, POLLIN, XT_SOON_MS));
	fd = accept(listener, NULL, NULL);
	ASSERT_LE(0, fd);
	len = c->opt_len;
	c->opt_len = 0;
	ASSERT_EQ(0, conn_send(c, RST, NULL, 0));
	ASSERT_TRUE(xt_wait_state(fd, XTCP_CLOSE));
	c->opt_len = len;
	for (i = 0; i < 5; i++) {
		xt_sleep_ms(2);	/* so that the timestamp is newer, surely */
		ASSERT_EQ(0, refused(c, &self->s));
	}
	EXPECT_EQ(1, xt_counter("PassiveOpens"));
	EXPECT_EQ(0, xt_poll(listener, POLLIN, 0));
}

/*
 * Nor later, when the record that remembers it is gone: then the cookie is too
 * old, or its key gone.
 */
TEST_F_TIMEOUT(attack, cookie__replayed_much_later, LONG_TEST_S)
{
	static const int later_s[] = { 20, 30, 20, 60, 60 };
	int listener = wire_listener(&self->w, PORT, 8), fd;
	struct conn *c = &self->c;
	uint8_t len;
	size_t i;

	if (!getenv("XTCP_TEST_LONG"))
		SKIP(return, "takes minutes: set XTCP_TEST_LONG");
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, up_to_cookie(c, &self->w, &self->s, 20000));
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	ASSERT_EQ(POLLIN, xt_poll(listener, POLLIN, XT_SOON_MS));
	fd = accept(listener, NULL, NULL);
	ASSERT_LE(0, fd);
	len = c->opt_len;
	c->opt_len = 0;
	ASSERT_EQ(0, conn_send(c, RST, NULL, 0));
	ASSERT_TRUE(xt_wait_state(fd, XTCP_CLOSE));
	c->opt_len = len;
	for (i = 0; i < ARRAY_SIZE(later_s); i++) {
		xt_sleep_ms(later_s[i] * 1000);
		ASSERT_EQ(0, refused(c, &self->s)) TH_LOG("%zu", i);
	}
	EXPECT_EQ(1, xt_counter("PassiveOpens"));
	/* 50 s: the record; 70, 130 and 190 s: the cookie. */
	EXPECT_EQ(3, cookies_refused());
}

#define WAITING 50
#define STEP_MS 3000

/*
 * A cookie lives 64 s, and so through one change of the key: clients that take
 * 60 s, one starting each 3 s, are all served.  At 66 s none is.
 */
TEST_F_TIMEOUT(attack, cookie__key_rotation_loses_nobody, LONG_TEST_S)
{
	int listener = wire_listener(&self->w, PORT, WAITING), i;
	static struct conn c[WAITING], late[WAITING];
	long long start[WAITING];

	if (!getenv("XTCP_TEST_LONG"))
		SKIP(return, "takes minutes: set XTCP_TEST_LONG");
	ASSERT_LE(0, listener);
	for (i = 0; i < WAITING + 66000 / STEP_MS; i++) {
		int at_60 = i - 60000 / STEP_MS, at_66 = i - 66000 / STEP_MS;

		if (i < WAITING) {
			start[i] = xt_now_ms();
			ASSERT_EQ(0, up_to_cookie(c + i, &self->w, &self->s,
						  20000 + i));
			ASSERT_EQ(0, up_to_cookie(late + i, &self->w, &self->s,
						  30000 + i));
		}
		if (at_60 >= 0 && at_60 < WAITING) {
			if (xt_now_ms() - start[at_60] > 63000)
				SKIP(return, "too slow to tell");
			ASSERT_EQ(0, conn_send(c + at_60, ACK, NULL, 0));
		}
		if (at_66 >= 0)
			ASSERT_EQ(0, refused(late + at_66, &self->s))
				TH_LOG("%d", at_66);
		xt_sleep_ms(STEP_MS);
	}
	EXPECT_EQ(WAITING, xt_counter("CookieOk"));
	EXPECT_EQ(WAITING, xt_counter("PassiveOpens"));
	EXPECT_EQ(WAITING, cookies_refused());
}

/* ---- amplification ---- */

/* Bytes of all that comes back for what was sent; -1: nothing within a while */
static int answer_bytes(struct wire *w, struct seg *s, int timeout_ms)
{
	int bytes = 0;

	if (wire_recv(w, s, timeout_ms))
		return -1;
	do {
		bytes += s->hdr_len + s->len;
	} while (!wire_recv(w, s, 0));
	return bytes;
}

/* Options that are skipped, to make a header of any size. */
static void fill_options(struct seg *s, unsigned int len)
{
	while (len) {
		unsigned int n = len > 250 ? 250 : len;

		if (len - n == 1)
			n--;
		seg_add_option(s, 0x55, s->data, n - 2);
		len -= n;
	}
}

static const struct {
	const char *what;
	uint16_t port;
	uint8_t flags;
} questions[] = {
	{ "SYN", PORT, SYN },
	{ "SYN with FIN and PSH", PORT, SYN | FIN | PSH },
	{ "ACK", PORT, ACK },
	{ "FIN and ACK", PORT, FIN | ACK },
	{ "RST", PORT, RST },
	{ "nothing", PORT, 0 },
	{ "SYN to a closed port", PORT + 1, SYN },
	{ "ACK to a closed port", PORT + 1, ACK },
	{ "SYN and ACK to a closed port", PORT + 1, SYN | ACK },
	{ "nothing to a closed port", PORT + 1, 0 },
	{ "RST to a closed port", PORT + 1, RST | ACK },
};

/* RST is never answered, nor what a listener can make nothing of. */
static bool no_answer_to(size_t q)
{
	return questions[q].flags & RST ||
	       (questions[q].port == PORT && !questions[q].flags);
}

/* 0, or how many bytes came back though they should not. */
static int ask(struct wire *w, struct seg *s, size_t q, uint16_t opts,
	       uint16_t data)
{
	struct conn c;
	int bytes;

	conn_init(&c, w, 20000 + q, questions[q].port);
	conn_seg(&c, s, questions[q].flags);
	fill_options(s, opts);
	s->len = data;
	if (wire_send(w, s))
		return -1;
	bytes = answer_bytes(w, s, no_answer_to(q) ? 1 : XT_SOON_MS);
	if (no_answer_to(q))
		return bytes < 0 ? 0 : bytes;
	if (bytes < 0)
		return -2;
	return bytes <= 3 * (HDR_LEN + opts + data) ? 0 : bytes;
}

TEST_F(attack, answer__at_most_three_times_the_question)
{
	static const uint16_t opts[] = { 0, 4, 8, 40, 252, 992 };
	static const uint16_t data[] = { 0, 1, 100, 400 };
	int listener = wire_listener(&self->w, PORT, 8);
	size_t q, i;

	ASSERT_LE(0, listener);
	for (q = 0; q < ARRAY_SIZE(questions); q++) {
		for (i = 0; i < ARRAY_SIZE(opts) * ARRAY_SIZE(data); i++) {
			uint16_t o = opts[i / ARRAY_SIZE(data)];
			uint16_t d = data[i % ARRAY_SIZE(data)];

			ASSERT_EQ(0, ask(&self->w, &self->s, q, o, d))
				TH_LOG("%s, %u bytes of options, %u of data",
				       questions[q].what, o, d);
		}
	}
	/* And nothing is said a second time. */
	EXPECT_EQ(-1, wire_recv(&self->w, &self->s, 3500));
}

/* ---- the accept queue ---- */

/* How many of @n clients get in while nobody calls accept()? */
static int let_in(struct wire *w, struct seg *s, int n)
{
	static uint16_t port = 40000;
	static struct conn c;
	int i;

	for (i = 0; i < n; i++) {
		long long missed = xt_counter("AcceptOverflow");
		long long made = xt_counter("PassiveOpens");
		long long end = xt_now_ms() + XT_SOON_MS;

		if (up_to_cookie(&c, w, s, port++) ||
		    conn_send(&c, ACK, NULL, 0))
			return -1;
		while (xt_counter("PassiveOpens") == made) {
			if (xt_counter("AcceptOverflow") > missed)
				return i;
			if (xt_now_ms() > end)
				return -2;
			xt_sleep_ms(1);
		}
	}
	return n;
}

/* As TCP's: listen(n) holds n + 1, at most net.core.somaxconn + 1. */
TEST_F(attack, backlog__one_more_than_said)
{
	static const struct {
		int backlog, hold;
	} row[] = { { 0, 1 }, { 1, 2 }, { 5, 6 }, { 9, 10 }, { 10, 10 },
		    { 100, 10 }, { -1, 10 } };
	struct tcp_info info;
	socklen_t len = sizeof(info);
	size_t i;

	ASSERT_EQ(0, xt_write_file("/proc/sys/net/core/somaxconn", "9"));
	for (i = 0; i < ARRAY_SIZE(row); i++) {
		int fd = wire_listener(&self->w, PORT, row[i].backlog);

		ASSERT_LE(0, fd);
		EXPECT_EQ(row[i].hold, let_in(&self->w, &self->s, 20))
			TH_LOG("listen(%d)", row[i].backlog);
		ASSERT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info,
					&len));
		EXPECT_EQ(row[i].hold, info.tcpi_unacked);
		EXPECT_EQ(row[i].hold - 1, info.tcpi_sacked);
		ASSERT_EQ(0, close(fd));
	}
}

/* listen() again: who waits stays, who comes finds the new limit. */
TEST_F(attack, backlog__changed_while_listening)
{
	int fd = wire_listener(&self->w, PORT, 4), i;

	ASSERT_LE(0, fd);
	ASSERT_EQ(5, let_in(&self->w, &self->s, 20));
	ASSERT_EQ(0, listen(fd, 1));
	EXPECT_EQ(0, let_in(&self->w, &self->s, 20));
	for (i = 0; i < 4; i++)
		EXPECT_LE(0, accept(fd, NULL, NULL));
	EXPECT_EQ(1, let_in(&self->w, &self->s, 20));
	ASSERT_EQ(0, listen(fd, 6));
	EXPECT_EQ(5, let_in(&self->w, &self->s, 20));
}

/* Dropped, counted, and nothing is kept of whoever found it full. */
TEST_F(attack, accept_queue__full_keeps_nothing)
{
	int listener = wire_listener(&self->w, PORT, 0), i;
	int n = xt_scaled(1000);
	struct conn *c = &self->c;
	long long used;

	ASSERT_LE(0, listener);
	ASSERT_EQ(1, let_in(&self->w, &self->s, 2));
	used = sockets_used();
	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, up_to_cookie(c, &self->w, &self->s, 1024 + i));
		ASSERT_EQ(0, conn_send(c, ACK | PSH, "data", 4));
	}
	EXPECT_TRUE(conn_quiet(c, XT_QUIET_MS));
	EXPECT_GE(used, sockets_used());
	EXPECT_EQ(n + 1, xt_counter("AcceptOverflow"));
	EXPECT_EQ(1, xt_counter("PassiveOpens"));
	/* The last of them tries again once there is room. */
	ASSERT_LE(0, accept(listener, NULL, NULL));
	c->seq -= 4;
	ASSERT_EQ(0, conn_send(c, ACK | PSH, "data", 4));
	EXPECT_EQ(0, conn_await_ack(c, &self->s, c->seq));
	EXPECT_EQ(POLLIN, xt_poll(listener, POLLIN, XT_SOON_MS));
}

TEST_F(attack, accept_queue__full_resets_if_told_to)
{
	int listener = wire_listener(&self->w, PORT, 0);
	struct conn *c = &self->c;

	ASSERT_EQ(0, xt_write_file("/proc/sys/net/xtcp/abort_on_overflow",
				   "1"));
	ASSERT_LE(0, listener);
	ASSERT_EQ(1, let_in(&self->w, &self->s, 2));
	ASSERT_EQ(0, up_to_cookie(c, &self->w, &self->s, 20000));
	EXPECT_EQ(0, refused(c, &self->s));
	EXPECT_EQ(2, xt_counter("AcceptOverflow"));
}

WIRE_MAIN
