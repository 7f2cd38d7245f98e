// SPDX-License-Identifier: GPL-2.0
/*
 * Malformed segments: each kind is dropped, counted under its cause, answered
 * by nothing, and the connection that it claimed to belong to goes on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include <kselftest_harness.h>
#include "wire.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

#define PORT 4000

WIRE_FIXTURE(malformed);

/* The counter goes up by @by, and nothing is sent back. */
static int expect_counted(struct conn *c, const char *name, long long by,
			  long long before)
{
	long long end = xt_now_ms() + XT_SOON_MS;

	while (xt_counter(name) < before + by)
		if (xt_now_ms() > end)
			break;
	if (xt_counter(name) != before + by) {
		printf("# %s: %lld, want %lld\n", name, xt_counter(name),
		       before + by);
		return 1;
	}
	return conn_quiet(c, 60) ? 0 : 2;
}

/* The connection still delivers. */
static int expect_alive(struct conn *c, struct seg *s)
{
	char buf[4];

	if (conn_send(c, ACK | PSH, "live", 4))
		return 1;
	if (recv(c->fd, buf, 4, MSG_WAITALL) != 4 || memcmp(buf, "live", 4))
		return 2;
	return conn_await_ack(c, s, c->seq) ? 3 : 0;
}

#define OPEN()	WIRE_OPEN(PORT)

/* Sends self->s to the connection; it must be dropped under @counter. */
#define EXPECT_DROPPED(counter)						\
	do {								\
		long long before_ = xt_counter(counter);		\
		long long errs_ = xt_counter("InErrs");			\
									\
		ASSERT_LE(0, before_) TH_LOG("no counter " counter);	\
		ASSERT_EQ(0, wire_send(&self->w, &self->s));		\
		EXPECT_EQ(0, expect_counted(&self->c, counter, 1,	\
					    before_));			\
		EXPECT_EQ(errs_ + 1, xt_counter("InErrs"));		\
	} while (0)

static void data_seg(struct conn *c, struct seg *s)
{
	conn_seg(c, s, ACK | PSH);
	s->len = 4;
	memcpy(s->data, "evil", 4);
}

TEST_F(malformed, hlen__too_small)
{
	int hlen;

	OPEN();
	for (hlen = 0; hlen < HDR_LEN / 4; hlen++) {
		data_seg(&self->c, &self->s);
		self->s.force_hlen = hlen;
		self->s.force_hlen_zero = !hlen;
		EXPECT_DROPPED("InHdrLen");
	}
	EXPECT_EQ(0, expect_alive(&self->c, &self->s));
}

TEST_F(malformed, hlen__beyond_the_segment)
{
	static const uint8_t hlen[] = { 9, 10, 100, 255 };
	size_t i;

	OPEN();
	for (i = 0; i < sizeof(hlen); i++) {
		data_seg(&self->c, &self->s);	/* 8 words in all */
		self->s.force_hlen = hlen[i];
		EXPECT_DROPPED("InHdrLen");
	}
	EXPECT_EQ(0, expect_alive(&self->c, &self->s));
}

/* Every length that is less than a header. */
TEST_F(malformed, truncated)
{
	unsigned int len;

	OPEN();
	for (len = 1; len < HDR_LEN; len++) {
		conn_seg(&self->c, &self->s, ACK);
		self->s.cut = HDR_LEN - len;
		EXPECT_DROPPED("InTruncated");
	}
	EXPECT_EQ(0, expect_alive(&self->c, &self->s));
}

TEST_F(malformed, checksum)
{
	int bit;

	OPEN();
	for (bit = 0; bit < 16; bit++) {
		data_seg(&self->c, &self->s);
		self->s.xor_check = 1 << bit;
		EXPECT_DROPPED("InCsumErrors");
	}
	EXPECT_EQ(0, expect_alive(&self->c, &self->s));
}

/* A zero there does not mean "none", as it does for UDP. */
TEST_F(malformed, checksum__zero)
{
	static struct seg probe;
	uint8_t bytes[HDR_LEN + 1] = { };

	OPEN();
	conn_seg(&self->c, &probe, ACK);
	bytes[0] = self->c.us >> 8;
	bytes[1] = self->c.us;
	bytes[2] = self->c.kernel >> 8;
	bytes[3] = self->c.kernel;
	bytes[12] = HDR_LEN / 4;
	bytes[13] = ACK;
	long long before = xt_counter("InCsumErrors");

	ASSERT_EQ(0, wire_send_bytes(&self->w, bytes, sizeof(bytes)));
	EXPECT_EQ(0, expect_counted(&self->c, "InCsumErrors", 1, before));
	EXPECT_EQ(0, expect_alive(&self->c, &self->s));
}

/* What is wrong with the options, one row each. */
static const struct {
	const char *what;
	uint8_t len, opt[16];
} bad_options[] = {
	{ "length 0", 4, { 0x55, 0 } },
	{ "length 1", 4, { 0x55, 1 } },
	{ "beyond the header", 4, { 0x55, 5 } },
	{ "far beyond the header", 4, { 0x55, 255 } },
	{ "kind as the last byte", 4, { 0, 0, 0, 0x55 } },
	{ "MSS of length 2", 4, { OPT_MSS, 2 } },
	{ "MSS of length 3", 4, { OPT_MSS, 3, 1 } },
	{ "MSS of length 8", 8, { OPT_MSS, 8, 1 } },
	{ "FEATURES of length 2", 4, { OPT_FEATURES, 2 } },
	{ "FEATURES of length 8", 8, { OPT_FEATURES, 8, 1 } },
	{ "SACK of no block", 4, { OPT_SACK, 2 } },
	{ "SACK of half a block", 8, { OPT_SACK, 6 } },
	{ "SACK of a block and a byte", 12, { OPT_SACK, 11 } },
	{ "ECN of length 4", 4, { 5, 4 } },
	{ "URGENT of length 4", 4, { 7, 4 } },
	{ "MSS twice", 8, { OPT_MSS, 4, 5, 0, OPT_MSS, 4, 5, 0 } },
	{ "a bad one behind a good one", 8,
	  { OPT_MSS, 4, 5, 0, 0x55, 0, 0, 0 } },
	{ "a must-understand one of length 0", 4, { 0xd5, 0 } },
	{ "a bad one behind an unknown one", 8,
	  { 0xd5, 4, 0, 0, 0x55, 1, 0, 0 } },
};

TEST_F(malformed, options)
{
	size_t i;

	OPEN();
	for (i = 0; i < ARRAY_SIZE(bad_options); i++) {
		TH_LOG("%s", bad_options[i].what);
		data_seg(&self->c, &self->s);
		self->s.opt_len = bad_options[i].len;
		memcpy(self->s.opt, bad_options[i].opt, 16);
		EXPECT_DROPPED("InOptMalformed");
	}
	EXPECT_EQ(0, expect_alive(&self->c, &self->s));
}

TEST_F(malformed, option__unknown_must_understand)
{
	OPEN();
	data_seg(&self->c, &self->s);
	seg_add_option(&self->s, 0xd5, "what", 4);
	EXPECT_DROPPED("InOptUnknown");
	EXPECT_EQ(0, expect_alive(&self->c, &self->s));
}

/* Well-formed and unknown, or known and out of place: not a fault. */
TEST_F(malformed, option__unknown_is_skipped)
{
	char buf[4];

	OPEN();
	data_seg(&self->c, &self->s);
	seg_add_option(&self->s, 0x55, "what", 4);
	seg_add_option(&self->s, OPT_MSS, "\5", 2);
	seg_add_option(&self->s, OPT_COOKIE, "stale", 5);
	self->c.seq += 4;
	ASSERT_EQ(0, wire_send(&self->w, &self->s));
	EXPECT_EQ(4, recv(self->c.fd, buf, 4, MSG_WAITALL));
	EXPECT_EQ(0, expect_alive(&self->c, &self->s));
}

TEST_F(malformed, option__largest_header)
{
	static uint8_t pad[248];
	char buf[4];
	int i;

	OPEN();
	data_seg(&self->c, &self->s);
	for (i = 0; i < 3; i++)
		seg_add_option(&self->s, 0x55, pad, sizeof(pad));
	self->s.opt_len = OPT_MAX;	/* the rest is padding */
	self->c.seq += 4;
	ASSERT_EQ(0, wire_send(&self->w, &self->s));
	EXPECT_EQ(4, recv(self->c.fd, buf, 4, MSG_WAITALL));
	EXPECT_EQ(0, expect_alive(&self->c, &self->s));
}

/* The same to a listener and to a port of nobody: never an answer. */
TEST_F(malformed, to_listener_and_closed_port)
{
	int listener = wire_listener(&self->w, PORT, 8), port, i;
	struct seg *s = &self->s;
	size_t k;

	ASSERT_LE(0, listener);
	for (port = PORT; port < PORT + 2; port++) {
		conn_init(&self->c, &self->w, 20000, port);
		for (i = 0; i < 2; i++) {
			conn_seg(&self->c, s, i ? ACK : SYN);
			s->xor_check = 0x0100;
			EXPECT_DROPPED("InCsumErrors");
			conn_seg(&self->c, s, i ? ACK : SYN);
			s->force_hlen = 6;
			EXPECT_DROPPED("InHdrLen");
			conn_seg(&self->c, s, i ? ACK : SYN);
			s->cut = 1;
			EXPECT_DROPPED("InTruncated");
			for (k = 0; k < ARRAY_SIZE(bad_options); k += 4) {
				conn_seg(&self->c, s, i ? ACK : SYN);
				s->opt_len = bad_options[k].len;
				memcpy(s->opt, bad_options[k].opt, 16);
				EXPECT_DROPPED("InOptMalformed");
			}
		}
	}
}

/* A connection is between two: what is sent to many is a mistake, or worse. */
TEST_F(malformed, destination__multicast_or_broadcast)
{
	static const uint8_t all_hosts[4] = { 224, 0, 0, 1 };
	static const uint8_t broadcast[4] = { 192, 0, 2, 255 };
	static const uint8_t all_nodes[16] = { 0xff, 2, [15] = 1 };
	bool v4 = self->w.x.family == AF_INET;
	int listener = wire_listener(&self->w, PORT, 8), i;
	union xt_addr a;
	socklen_t len;

	ASSERT_LE(0, listener);
	/* One more listener, for all addresses. */
	len = xt_any(&self->w.x, &a, PORT + 1);
	listener = xt_socket(&self->w.x, 0);
	ASSERT_EQ(0, bind(listener, &a.sa, len));
	ASSERT_EQ(0, listen(listener, 8));
	for (i = 0; i < 2; i++) {
		memcpy(self->w.kernel, !v4 ? all_nodes :
		       i ? broadcast : all_hosts, self->w.addr_len);
		conn_init(&self->c, &self->w, 20000, PORT + 1);
		ASSERT_EQ(0, conn_syn(&self->c));
		EXPECT_TRUE(conn_quiet(&self->c, XT_QUIET_MS));
	}
	EXPECT_LE(1, xt_counter("InBadDst"));
	EXPECT_EQ(0, xt_counter("SynRecv"));
}

/* Flags that make no sense together. */
TEST_F(malformed, flags__every_combination)
{
	int flags;

	OPEN();
	for (flags = 0; flags < 256; flags++) {
		if (flags & (RST | SYN))
			continue;
		conn_seg(&self->c, &self->s, flags);
		self->s.seq -= 100;
		ASSERT_EQ(0, wire_send(&self->w, &self->s));
	}
	conn_quiet(&self->c, 100);
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(self->c.fd));
	EXPECT_EQ(0, expect_alive(&self->c, &self->s));
}

/* Random bytes behind a right checksum, to all kinds of receivers. */
TEST_F(malformed, random__survives)
{
	struct xt_random r = { 31337 };
	unsigned long i, n = xt_scaled(20000);
	int listener = wire_listener(&self->w, PORT + 1, 8);

	ASSERT_LE(0, listener);
	OPEN();
	for (i = 0; i < n; i++) {
		uint64_t v;

		xt_random_fill(&r, &v, sizeof(v));
		conn_seg(&self->c, &self->s, v);
		v >>= 8;
		self->s.opt_len = (v & 15) * 4;
		v >>= 4;
		xt_random_fill(&r, self->s.opt, self->s.opt_len);
		self->s.len = v & 63;
		v >>= 6;
		xt_random_fill(&r, self->s.data, self->s.len);
		if (v & 1)
			self->s.force_hlen = v >> 1 & 31;
		v >>= 6;
		if (v & 1)
			self->s.dport += v >> 1 & 1;
		v >>= 2;
		/* Anywhere near, or anywhere at all. */
		self->s.seq += v & 1 ? (v >> 1 & 0xffff) - 0x8000 : v << 8;
		v >>= 17;
		self->s.ack += v & 1 ? v >> 1 & 0xff : v << 16;
		ASSERT_EQ(0, wire_send(&self->w, &self->s));
		/* Empty the device: what it answers does not matter. */
		while (!wire_recv(&self->w, &self->s, 0))
			;
	}
	/* Whatever became of that one: a new connection works. */
	close(self->c.fd);
	ASSERT_EQ(0, conn_open_passive(&self->c, &self->w, listener));
	EXPECT_EQ(0, expect_alive(&self->c, &self->s));
}

WIRE_MAIN
