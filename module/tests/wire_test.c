// SPDX-License-Identifier: GPL-2.0
/*
 * Headers and options: ../wire.c
 *
 * Bytes to be parsed always stand in an allocation of exactly their length, so
 * that KASAN sees the first byte read beyond.
 */
#include <linux/slab.h>

#include "xtcp_kunit.h"
#include "../wire.c"

#define U32_MARK	0xdeadbeefu

static enum xtcp_parse parse(struct kunit *test, const u8 *bytes,
			     unsigned int len, struct xtcp_opts *o)
{
	u8 *exact = kunit_kmalloc(test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, exact);
	memcpy(exact, bytes, len);
	return xtcp_parse_opts(exact, len, o);
}

#define EXPECT_PARSE(test, verdict, opts, ...)				\
do {									\
	static const u8 bytes_[] = { __VA_ARGS__ };			\
									\
	KUNIT_EXPECT_EQ(test, parse(test, bytes_, sizeof(bytes_),	\
				    opts), verdict);			\
} while (0)

/* xtcp_parse_hlen() */

static enum xtcp_parse hlen(struct kunit *test, u8 words, unsigned int seg_len,
			    unsigned int *out)
{
	struct xtcphdr *th = kunit_kzalloc(test, min(seg_len, 28u), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, th);
	if (seg_len >= XTCP_HDR_LEN)
		th->hlen = words;
	return xtcp_parse_hlen(th, seg_len, out);
}

static void parse_hlen__shorter_than_a_header(struct kunit *test)
{
	unsigned int len, out = U32_MARK;

	for (len = 1; len < XTCP_HDR_LEN; len++)
		KUNIT_EXPECT_EQ(test, hlen(test, 7, len, &out),
				XTCP_PARSE_HLEN);
	KUNIT_EXPECT_EQ(test, out, U32_MARK);
}

static void parse_hlen__below_seven(struct kunit *test)
{
	unsigned int words, out = U32_MARK;

	for (words = 0; words < 7; words++)
		KUNIT_EXPECT_EQ(test, hlen(test, words, 100, &out),
				XTCP_PARSE_HLEN);
	KUNIT_EXPECT_EQ(test, out, U32_MARK);
}

static void parse_hlen__seven(struct kunit *test)
{
	unsigned int out = 0;

	KUNIT_EXPECT_EQ(test, hlen(test, 7, 28, &out), XTCP_PARSE_OK);
	KUNIT_EXPECT_EQ(test, out, 28u);
	KUNIT_EXPECT_EQ(test, hlen(test, 7, 1500, &out), XTCP_PARSE_OK);
	KUNIT_EXPECT_EQ(test, out, 28u);
}

static void parse_hlen__up_to_the_segment(struct kunit *test)
{
	unsigned int out = U32_MARK;

	KUNIT_EXPECT_EQ(test, hlen(test, 8, 31, &out), XTCP_PARSE_HLEN);
	KUNIT_EXPECT_EQ(test, out, U32_MARK);
	KUNIT_EXPECT_EQ(test, hlen(test, 8, 32, &out), XTCP_PARSE_OK);
	KUNIT_EXPECT_EQ(test, out, 32u);
}

static void parse_hlen__largest(struct kunit *test)
{
	unsigned int out = 0;

	KUNIT_EXPECT_EQ(test, hlen(test, 255, 1019, &out), XTCP_PARSE_HLEN);
	KUNIT_EXPECT_EQ(test, hlen(test, 255, 1020, &out), XTCP_PARSE_OK);
	KUNIT_EXPECT_EQ(test, out, (unsigned int)XTCP_MAX_HDR_LEN);
	KUNIT_EXPECT_EQ(test, hlen(test, 255, 65535, &out), XTCP_PARSE_OK);
}

static void xtcphdr__layout(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, sizeof(struct xtcphdr), (size_t)28);
	KUNIT_EXPECT_EQ(test, offsetof(struct xtcphdr, seq), (size_t)4);
	KUNIT_EXPECT_EQ(test, offsetof(struct xtcphdr, ack_seq), (size_t)8);
	KUNIT_EXPECT_EQ(test, offsetof(struct xtcphdr, hlen), (size_t)12);
	KUNIT_EXPECT_EQ(test, offsetof(struct xtcphdr, flags), (size_t)13);
	KUNIT_EXPECT_EQ(test, offsetof(struct xtcphdr, check), (size_t)14);
	KUNIT_EXPECT_EQ(test, offsetof(struct xtcphdr, window), (size_t)16);
	KUNIT_EXPECT_EQ(test, offsetof(struct xtcphdr, tsval), (size_t)20);
	KUNIT_EXPECT_EQ(test, offsetof(struct xtcphdr, tsecr), (size_t)24);
}

/* xtcp_parse_opts() */

static void parse_opts__none(struct kunit *test)
{
	struct xtcp_opts o;

	memset(&o, 0xff, sizeof(o));
	KUNIT_EXPECT_EQ(test, xtcp_parse_opts(NULL, 0, &o), XTCP_PARSE_OK);
	KUNIT_EXPECT_EQ(test, o.present, 0);
	KUNIT_EXPECT_EQ(test, o.sack_n, 0);
	KUNIT_EXPECT_NULL(test, o.cookie);
}

static void parse_opts__only_padding(struct kunit *test)
{
	u8 zeros[XTCP_MAX_OPT_LEN] = {};
	struct xtcp_opts o;

	KUNIT_EXPECT_EQ(test, parse(test, zeros, sizeof(zeros), &o),
			XTCP_PARSE_OK);
	KUNIT_EXPECT_EQ(test, o.present, 0);
}

static void parse_opts__each(struct kunit *test)
{
	struct xtcp_opts o;

	EXPECT_PARSE(test, XTCP_PARSE_OK, &o, 1, 4, 0x05, 0xb4);
	KUNIT_EXPECT_EQ(test, o.present, BIT(XTCP_OPT_MSS));
	KUNIT_EXPECT_EQ(test, o.mss, 1460);

	EXPECT_PARSE(test, XTCP_PARSE_OK, &o, 2, 6, 1, 0x80, 0, 1);
	KUNIT_EXPECT_EQ(test, o.present, BIT(XTCP_OPT_FEATURES));
	KUNIT_EXPECT_EQ(test, o.version, 1);
	KUNIT_EXPECT_EQ(test, o.features, 0x800001u);

	EXPECT_PARSE(test, XTCP_PARSE_OK, &o, 3, 5, 'a', 'b', 'c');
	KUNIT_EXPECT_EQ(test, o.present, BIT(XTCP_OPT_COOKIE));
	KUNIT_EXPECT_EQ(test, o.cookie_len, 3);
	KUNIT_EXPECT_EQ(test, o.cookie[2], 'c');

	EXPECT_PARSE(test, XTCP_PARSE_OK, &o, 5, 6, 0xff, 0xfe, 0xfd, 0xfc);
	KUNIT_EXPECT_EQ(test, o.present, BIT(XTCP_OPT_ECN));
	KUNIT_EXPECT_EQ(test, o.ecn_bytes, 0xfffefdfcu);

	EXPECT_PARSE(test, XTCP_PARSE_OK, &o, 6, 2);
	KUNIT_EXPECT_EQ(test, o.present, BIT(XTCP_OPT_FASTOPEN));
	KUNIT_EXPECT_EQ(test, o.fastopen_len, 0);

	EXPECT_PARSE(test, XTCP_PARSE_OK, &o, 7, 6, 0, 0, 1, 0);
	KUNIT_EXPECT_EQ(test, o.present, BIT(XTCP_OPT_URGENT));
	KUNIT_EXPECT_EQ(test, o.urg_seq, 256u);
}

static void parse_opts__sack(struct kunit *test)
{
	struct xtcp_sack_block b;
	struct xtcp_opts o;

	EXPECT_PARSE(test, XTCP_PARSE_OK, &o, 0, 4, 18,
		     0, 0, 0, 1, 0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 9,
		     0);
	KUNIT_EXPECT_EQ(test, o.present, BIT(XTCP_OPT_SACK));
	KUNIT_ASSERT_EQ(test, o.sack_n, 2);
	b = xtcp_opt_sack(&o, 0);
	KUNIT_EXPECT_EQ(test, b.start, 1u);
	KUNIT_EXPECT_EQ(test, b.end, 2u);
	b = xtcp_opt_sack(&o, 1);
	KUNIT_EXPECT_EQ(test, b.start, 0xffffffffu);
	KUNIT_EXPECT_EQ(test, b.end, 9u);
}

static void parse_opts__sack_largest(struct kunit *test)
{
	u8 buf[2 + XTCP_MAX_SACK * 8] = { XTCP_OPT_SACK, sizeof(buf) };
	struct xtcp_opts o;

	buf[sizeof(buf) - 1] = 77;
	KUNIT_EXPECT_EQ(test, parse(test, buf, sizeof(buf), &o),
			XTCP_PARSE_OK);
	KUNIT_ASSERT_EQ(test, o.sack_n, XTCP_MAX_SACK);
	KUNIT_EXPECT_EQ(test, xtcp_opt_sack(&o, XTCP_MAX_SACK - 1).end, 77u);
}

static void parse_opts__cookie_lengths(struct kunit *test)
{
	u8 buf[255] = { XTCP_OPT_COOKIE };
	struct xtcp_opts o;
	unsigned int len;

	for (len = 2; len <= 255; len++) {
		buf[1] = len;
		KUNIT_EXPECT_EQ(test, parse(test, buf, len, &o),
				XTCP_PARSE_OK);
		KUNIT_EXPECT_EQ(test, o.cookie_len, len - 2);
		KUNIT_EXPECT_EQ(test, parse(test, buf, len - 1, &o),
				XTCP_PARSE_OPT_LEN);
	}
}

static void parse_opts__length_zero_or_one(struct kunit *test)
{
	struct xtcp_opts o;

	EXPECT_PARSE(test, XTCP_PARSE_OPT_LEN, &o, 3, 0, 0, 0);
	EXPECT_PARSE(test, XTCP_PARSE_OPT_LEN, &o, 3, 1, 0, 0);
	EXPECT_PARSE(test, XTCP_PARSE_OPT_LEN, &o, 99, 0, 0, 0);
	EXPECT_PARSE(test, XTCP_PARSE_OPT_LEN, &o, 99, 1, 0, 0);
	EXPECT_PARSE(test, XTCP_PARSE_OPT_LEN, &o, 0xff, 1, 0, 0);
}

static void parse_opts__no_room_for_length(struct kunit *test)
{
	struct xtcp_opts o;

	EXPECT_PARSE(test, XTCP_PARSE_OPT_LEN, &o, 1);
	EXPECT_PARSE(test, XTCP_PARSE_OPT_LEN, &o, 0, 0, 0, 3);
	EXPECT_PARSE(test, XTCP_PARSE_OPT_LEN, &o, 0, 0, 0, 99);
	EXPECT_PARSE(test, XTCP_PARSE_OPT_LEN, &o, 0, 0, 0, 0x80);
}

static void parse_opts__beyond_header(struct kunit *test)
{
	struct xtcp_opts o;

	EXPECT_PARSE(test, XTCP_PARSE_OPT_LEN, &o, 1, 4, 0);
	EXPECT_PARSE(test, XTCP_PARSE_OPT_LEN, &o, 3, 5, 0, 0);
	EXPECT_PARSE(test, XTCP_PARSE_OPT_LEN, &o, 99, 255, 0, 0);
	EXPECT_PARSE(test, XTCP_PARSE_OPT_LEN, &o, 0xc0, 255, 0, 0);
}

static void expect_len_refused(struct kunit *test, u8 kind, unsigned int right)
{
	struct xtcp_opts o;
	unsigned int len;
	u8 buf[256] = { kind };

	for (len = 2; len <= 255; len++) {
		buf[1] = len;
		KUNIT_EXPECT_EQ_MSG(test, parse(test, buf, sizeof(buf), &o),
				    len == right ? XTCP_PARSE_OK :
						   XTCP_PARSE_OPT_LEN,
				    "kind %u length %u", kind, len);
	}
}

static void parse_opts__fixed_lengths(struct kunit *test)
{
	expect_len_refused(test, XTCP_OPT_MSS, 4);
	expect_len_refused(test, XTCP_OPT_FEATURES, 6);
	expect_len_refused(test, XTCP_OPT_ECN, 6);
	expect_len_refused(test, XTCP_OPT_URGENT, 6);
}

static void parse_opts__sack_lengths(struct kunit *test)
{
	struct xtcp_opts o;
	unsigned int len;
	u8 buf[256] = { XTCP_OPT_SACK };

	for (len = 2; len <= 255; len++) {
		buf[1] = len;
		KUNIT_EXPECT_EQ_MSG(test, parse(test, buf, sizeof(buf), &o),
				    len > 2 && (len - 2) % 8 == 0 ?
				    XTCP_PARSE_OK : XTCP_PARSE_OPT_LEN,
				    "length %u", len);
	}
}

static void parse_opts__repeat_is_malformed(struct kunit *test)
{
	struct xtcp_opts o;

	EXPECT_PARSE(test, XTCP_PARSE_OPT_LEN, &o,
		     1, 4, 5, 0, 0, 1, 4, 5, 0, 0, 0, 0);
	EXPECT_PARSE(test, XTCP_PARSE_OPT_LEN, &o, 3, 2, 3, 2);
	EXPECT_PARSE(test, XTCP_PARSE_OPT_LEN, &o, 6, 2, 6, 2);
	EXPECT_PARSE(test, XTCP_PARSE_OK, &o, 99, 2, 99, 2);
}

static void parse_opts__unknown_is_skipped(struct kunit *test)
{
	struct xtcp_opts o;

	EXPECT_PARSE(test, XTCP_PARSE_OK, &o,
		     8, 3, 1, 127, 2, 1, 4, 2, 0, 50, 2, 0);
	KUNIT_EXPECT_EQ(test, o.present, BIT(XTCP_OPT_MSS));
	KUNIT_EXPECT_EQ(test, o.mss, 512);
}

static void parse_opts__must_understand(struct kunit *test)
{
	struct xtcp_opts o;

	EXPECT_PARSE(test, XTCP_PARSE_OPT_MUST, &o, 0x80, 2, 0, 0);
	EXPECT_PARSE(test, XTCP_PARSE_OPT_MUST, &o, 0xff, 4, 0, 0);
	EXPECT_PARSE(test, XTCP_PARSE_OPT_MUST, &o, 1, 4, 2, 0, 0x99, 2, 0, 0);
	EXPECT_PARSE(test, XTCP_PARSE_OPT_MUST, &o, 0x99, 2, 1, 4, 2, 0, 0, 0);
	/* The bit is part of the kind: this is no MSS. */
	EXPECT_PARSE(test, XTCP_PARSE_OPT_MUST, &o, 0x81, 4, 2, 0);
	KUNIT_EXPECT_EQ(test, o.present, 0);
}

static void parse_opts__malformed_beats_must(struct kunit *test)
{
	struct xtcp_opts o;

	EXPECT_PARSE(test, XTCP_PARSE_OPT_LEN, &o, 0x99, 2, 1, 3, 0, 0, 0, 0);
	EXPECT_PARSE(test, XTCP_PARSE_OPT_LEN, &o, 1, 3, 0, 0x99, 2, 0, 0, 0);
	EXPECT_PARSE(test, XTCP_PARSE_OPT_LEN, &o, 0x99, 2, 0x99, 3);
}

/* xtcp_opts_len(), xtcp_build_opts() */

static void build_opts__none(struct kunit *test)
{
	struct xtcp_opts_out out = {};
	u8 buf = 0xee;

	KUNIT_EXPECT_EQ(test, xtcp_opts_len(&out), 0u);
	xtcp_build_opts(&buf, &out);
	KUNIT_EXPECT_EQ(test, buf, 0xee);
}

static void build_opts__syn(struct kunit *test)
{
	static const u8 want[] = { 1, 4, 0x05, 0xa0, 2, 6, 1, 0, 0, 1, 0, 0 };
	struct xtcp_opts_out out = {
		.present = BIT(XTCP_OPT_MSS) | BIT(XTCP_OPT_FEATURES),
		.mss = 1440, .version = 1, .features = XTCP_FEATURE_ECN,
	};
	u8 buf[sizeof(want)];

	memset(buf, 0xee, sizeof(buf));
	KUNIT_ASSERT_EQ(test, (size_t)xtcp_opts_len(&out), sizeof(want));
	xtcp_build_opts(buf, &out);
	KUNIT_EXPECT_EQ(test, memcmp(buf, want, sizeof(want)), 0);
}

static void build_opts__sack(struct kunit *test)
{
	static const u8 want[] = { 4, 18, 0, 0, 0, 5, 0, 0, 0, 9, 0xff, 0xff,
				   0xff, 0xf0, 0, 0, 0, 0, 0, 0 };
	static const struct xtcp_sack_block blocks[] = {
		{ 5, 9 }, { 0xfffffff0, 0 },
	};
	struct xtcp_opts_out out = {
		.present = BIT(XTCP_OPT_SACK), .sack = blocks, .sack_n = 2,
	};
	u8 buf[sizeof(want)];

	memset(buf, 0xee, sizeof(buf));
	KUNIT_ASSERT_EQ(test, (size_t)xtcp_opts_len(&out), sizeof(want));
	xtcp_build_opts(buf, &out);
	KUNIT_EXPECT_EQ(test, memcmp(buf, want, sizeof(want)), 0);
}

static void build_opts__sack_without_blocks(struct kunit *test)
{
	struct xtcp_opts_out out = { .present = BIT(XTCP_OPT_SACK) };
	u8 buf = 0xee;

	KUNIT_EXPECT_EQ(test, xtcp_opts_len(&out), 0u);
	xtcp_build_opts(&buf, &out);
	KUNIT_EXPECT_EQ(test, buf, 0xee);
}

static void build_opts__lengths_are_padded(struct kunit *test)
{
	struct xtcp_opts_out out = { .present = BIT(XTCP_OPT_COOKIE) };
	static const u8 cookie[253];
	unsigned int len;
	u8 *buf;

	out.cookie = cookie;
	for (len = 0; len <= 253; len++) {
		out.cookie_len = len;
		KUNIT_ASSERT_EQ(test, xtcp_opts_len(&out),
				(len + 2 + 3) / 4 * 4);
		buf = kunit_kmalloc(test, xtcp_opts_len(&out), GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, buf);
		xtcp_build_opts(buf, &out);
		KUNIT_ASSERT_EQ(test, buf[1], len + 2);
	}
}

static void build_opts__all_at_their_largest(struct kunit *test)
{
	static const struct xtcp_sack_block blocks[XTCP_MAX_SACK];
	static const u8 opaque[253];
	struct xtcp_opts_out out = {
		.present = 0xfe, .mss = 65535, .version = 255,
		.features = 0xffffffff, .sack = blocks, .sack_n = 255,
		.cookie = opaque, .cookie_len = 255,
		.fastopen = opaque, .fastopen_len = 255,
	};
	struct xtcp_opts o;
	unsigned int len = xtcp_opts_len(&out);
	u8 *buf = kunit_kmalloc(test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_EXPECT_EQ(test, len, 784u);
	KUNIT_EXPECT_LE(test, len, (unsigned int)XTCP_MAX_OPT_LEN);
	xtcp_build_opts(buf, &out);
	KUNIT_ASSERT_EQ(test, xtcp_parse_opts(buf, len, &o), XTCP_PARSE_OK);
	KUNIT_EXPECT_EQ(test, o.sack_n, XTCP_MAX_SACK);
	KUNIT_EXPECT_EQ(test, o.cookie_len, 253);
	KUNIT_EXPECT_EQ(test, o.fastopen_len, 253);
	KUNIT_EXPECT_EQ(test, o.features, 0xffffffu);
	KUNIT_EXPECT_EQ(test, o.version, 255);
}

/* Properties */

struct rnd_set {
	struct xtcp_opts_out	out;
	struct xtcp_sack_block	sack[XTCP_MAX_SACK];
	u8			cookie[253];
	u8			fastopen[253];
};

static void rnd_fill(struct rnd_set *set, u32 *seed)
{
	struct xtcp_opts_out *out = &set->out;
	unsigned int i;

	memset(out, 0, sizeof(*out));
	out->present = test_rnd(seed) & 0xfe;
	out->version = test_rnd(seed);
	out->mss = test_rnd(seed);
	out->features = test_rnd(seed);
	out->ecn_bytes = test_rnd(seed);
	out->urg_seq = test_rnd(seed);
	out->sack_n = 1 + test_rnd_below(seed, XTCP_MAX_SACK);
	out->cookie_len = test_rnd_below(seed, 254);
	out->fastopen_len = test_rnd_below(seed, 254);
	out->sack = set->sack;
	out->cookie = set->cookie;
	out->fastopen = set->fastopen;
	for (i = 0; i < out->sack_n; i++) {
		set->sack[i].start = test_rnd(seed);
		set->sack[i].end = test_rnd(seed);
	}
	test_rnd_bytes(seed, set->cookie, out->cookie_len);
	test_rnd_bytes(seed, set->fastopen, out->fastopen_len);
}

static void expect_same(struct kunit *test, const struct xtcp_opts *o,
			const struct xtcp_opts_out *out)
{
	unsigned int i;

	KUNIT_ASSERT_EQ(test, o->present, out->present);
	if (xtcp_opt_has(o, XTCP_OPT_MSS))
		KUNIT_ASSERT_EQ(test, o->mss, out->mss);
	if (xtcp_opt_has(o, XTCP_OPT_FEATURES)) {
		KUNIT_ASSERT_EQ(test, o->version, out->version);
		KUNIT_ASSERT_EQ(test, o->features, out->features & 0xffffff);
	}
	if (xtcp_opt_has(o, XTCP_OPT_ECN))
		KUNIT_ASSERT_EQ(test, o->ecn_bytes, out->ecn_bytes);
	if (xtcp_opt_has(o, XTCP_OPT_URGENT))
		KUNIT_ASSERT_EQ(test, o->urg_seq, out->urg_seq);
	if (xtcp_opt_has(o, XTCP_OPT_COOKIE)) {
		KUNIT_ASSERT_EQ(test, o->cookie_len, out->cookie_len);
		KUNIT_ASSERT_EQ(test, memcmp(o->cookie, out->cookie,
					     o->cookie_len), 0);
	}
	if (xtcp_opt_has(o, XTCP_OPT_FASTOPEN)) {
		KUNIT_ASSERT_EQ(test, o->fastopen_len, out->fastopen_len);
		KUNIT_ASSERT_EQ(test, memcmp(o->fastopen, out->fastopen,
					     o->fastopen_len), 0);
	}
	if (!xtcp_opt_has(o, XTCP_OPT_SACK))
		return;
	KUNIT_ASSERT_EQ(test, o->sack_n, out->sack_n);
	for (i = 0; i < o->sack_n; i++) {
		struct xtcp_sack_block b = xtcp_opt_sack(o, i);

		KUNIT_ASSERT_EQ(test, b.start, out->sack[i].start);
		KUNIT_ASSERT_EQ(test, b.end, out->sack[i].end);
	}
}

static void build_parse__round_trip(struct kunit *test)
{
	struct rnd_set *set = kunit_kzalloc(test, sizeof(*set), GFP_KERNEL);
	u32 seed = 7;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, set);
	for (i = 0; i < XTCP_TEST_ROUNDS; i++) {
		struct xtcp_opts o;
		unsigned int len;
		u8 *buf;

		rnd_fill(set, &seed);
		len = xtcp_opts_len(&set->out);
		KUNIT_ASSERT_EQ(test, len % 4, 0u);
		KUNIT_ASSERT_LE(test, len, (unsigned int)XTCP_MAX_OPT_LEN);
		buf = kmalloc(len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, buf);
		xtcp_build_opts(buf, &set->out);
		KUNIT_EXPECT_EQ(test, xtcp_parse_opts(buf, len, &o),
				XTCP_PARSE_OK);
		expect_same(test, &o, &set->out);
		kfree(buf);
	}
}

static bool inside(const u8 *p, unsigned int n, const u8 *buf, unsigned int len)
{
	return p >= buf && p + n <= buf + len;
}

/* What holds for every verdict that lets a segment through. */
static void expect_inside(struct kunit *test, const struct xtcp_opts *o,
			  const u8 *buf, unsigned int len)
{
	unsigned int i;
	u32 sum = 0;

	KUNIT_ASSERT_EQ(test, o->present & BIT(XTCP_OPT_PAD), 0ul);
	if (xtcp_opt_has(o, XTCP_OPT_COOKIE))
		KUNIT_ASSERT_TRUE(test, inside(o->cookie, o->cookie_len,
					       buf, len));
	if (xtcp_opt_has(o, XTCP_OPT_FASTOPEN))
		KUNIT_ASSERT_TRUE(test, inside(o->fastopen, o->fastopen_len,
					       buf, len));
	if (!xtcp_opt_has(o, XTCP_OPT_SACK))
		return;
	KUNIT_ASSERT_GE(test, o->sack_n, 1);
	KUNIT_ASSERT_TRUE(test, inside(o->sack, o->sack_n * 8, buf, len));
	for (i = 0; i < o->sack_n; i++)
		sum += xtcp_opt_sack(o, i).end;
	KUNIT_ASSERT_EQ(test, sum, sum);
}

/* Random bytes that are likely to be options: small kinds, small lengths. */
static void rnd_likely(u32 *seed, u8 *buf, unsigned int len)
{
	test_rnd_bytes(seed, buf, len);
	while (len--) {
		if (test_rnd_below(seed, 3))
			buf[len] &= test_rnd_below(seed, 2) ? 0x07 : 0x87;
	}
}

static void parse_opts__random_bytes(struct kunit *test)
{
	u32 seed = 8;
	int i;

	for (i = 0; i < XTCP_TEST_ROUNDS; i++) {
		unsigned int len = test_rnd_below(&seed, 80);
		enum xtcp_parse verdict;
		struct xtcp_opts o;
		u8 *buf = kmalloc(len, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, buf);
		rnd_likely(&seed, buf, len);
		verdict = xtcp_parse_opts(buf, len, &o);
		if (verdict != XTCP_PARSE_OPT_LEN)
			expect_inside(test, &o, buf, len);
		kfree(buf);
	}
}

static void parse_opts__one_byte_changed(struct kunit *test)
{
	struct rnd_set *set = kunit_kzalloc(test, sizeof(*set), GFP_KERNEL);
	u32 seed = 9;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, set);
	for (i = 0; i < XTCP_TEST_ROUNDS; i++) {
		enum xtcp_parse verdict;
		struct xtcp_opts o;
		unsigned int len;
		u8 *buf;

		rnd_fill(set, &seed);
		set->out.cookie_len %= 16;
		set->out.fastopen_len %= 16;
		set->out.sack_n = 1 + set->out.sack_n % 4;
		len = xtcp_opts_len(&set->out);
		buf = kmalloc(len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, buf);
		xtcp_build_opts(buf, &set->out);
		if (len)
			buf[test_rnd_below(&seed, len)] = test_rnd(&seed);
		verdict = xtcp_parse_opts(buf, len, &o);
		if (verdict != XTCP_PARSE_OPT_LEN)
			expect_inside(test, &o, buf, len);
		kfree(buf);
	}
}

/* A well-formed list cut anywhere is malformed or a shorter list. */
static void parse_opts__cut_anywhere(struct kunit *test)
{
	struct rnd_set *set = kunit_kzalloc(test, sizeof(*set), GFP_KERNEL);
	u32 seed = 10;
	unsigned int len, cut;
	struct xtcp_opts o;
	u8 *buf;

	KUNIT_ASSERT_NOT_NULL(test, set);
	rnd_fill(set, &seed);
	set->out.present = 0xfe;
	len = xtcp_opts_len(&set->out);
	buf = kunit_kmalloc(test, len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	xtcp_build_opts(buf, &set->out);
	for (cut = 0; cut < len; cut++) {
		u8 *part = kmalloc(cut, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, part);
		memcpy(part, buf, cut);
		if (xtcp_parse_opts(part, cut, &o) == XTCP_PARSE_OK)
			KUNIT_EXPECT_EQ(test, o.present & ~0xfe, 0);
		kfree(part);
	}
}

/* xtcp_flags_str() */

static void flags_str__some(struct kunit *test)
{
	char buf[XTCP_FLAGS_STR_LEN];

	KUNIT_EXPECT_STREQ(test, xtcp_flags_str(0, buf), "none");
	KUNIT_EXPECT_STREQ(test, xtcp_flags_str(XTCP_SYN, buf), "SYN");
	KUNIT_EXPECT_STREQ(test, xtcp_flags_str(XTCP_SYN | XTCP_ACK, buf),
			   "SYN|ACK");
	KUNIT_EXPECT_STREQ(test, xtcp_flags_str(XTCP_FLAGS_KNOWN, buf),
			   "FIN|SYN|RST|PSH|ACK");
	KUNIT_EXPECT_STREQ(test, xtcp_flags_str(0x20, buf), "?");
	KUNIT_EXPECT_STREQ(test, xtcp_flags_str(0xff, buf),
			   "FIN|SYN|RST|PSH|ACK|?");
}

static void flags_str__every_value_fits(struct kunit *test)
{
	char *buf = kunit_kmalloc(test, XTCP_FLAGS_STR_LEN, GFP_KERNEL);
	unsigned int flags;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	for (flags = 0; flags < 256; flags++) {
		xtcp_flags_str(flags, buf);
		KUNIT_EXPECT_LT(test, strnlen(buf, XTCP_FLAGS_STR_LEN),
				(size_t)XTCP_FLAGS_STR_LEN);
	}
}

static struct kunit_case wire_cases[] = {
	KUNIT_CASE(xtcphdr__layout),
	KUNIT_CASE(parse_hlen__shorter_than_a_header),
	KUNIT_CASE(parse_hlen__below_seven),
	KUNIT_CASE(parse_hlen__seven),
	KUNIT_CASE(parse_hlen__up_to_the_segment),
	KUNIT_CASE(parse_hlen__largest),
	KUNIT_CASE(parse_opts__none),
	KUNIT_CASE(parse_opts__only_padding),
	KUNIT_CASE(parse_opts__each),
	KUNIT_CASE(parse_opts__sack),
	KUNIT_CASE(parse_opts__sack_largest),
	KUNIT_CASE(parse_opts__cookie_lengths),
	KUNIT_CASE(parse_opts__length_zero_or_one),
	KUNIT_CASE(parse_opts__no_room_for_length),
	KUNIT_CASE(parse_opts__beyond_header),
	KUNIT_CASE(parse_opts__fixed_lengths),
	KUNIT_CASE(parse_opts__sack_lengths),
	KUNIT_CASE(parse_opts__repeat_is_malformed),
	KUNIT_CASE(parse_opts__unknown_is_skipped),
	KUNIT_CASE(parse_opts__must_understand),
	KUNIT_CASE(parse_opts__malformed_beats_must),
	KUNIT_CASE(build_opts__none),
	KUNIT_CASE(build_opts__syn),
	KUNIT_CASE(build_opts__sack),
	KUNIT_CASE(build_opts__sack_without_blocks),
	KUNIT_CASE(build_opts__lengths_are_padded),
	KUNIT_CASE(build_opts__all_at_their_largest),
	KUNIT_CASE(build_parse__round_trip),
	KUNIT_CASE(parse_opts__random_bytes),
	KUNIT_CASE(parse_opts__one_byte_changed),
	KUNIT_CASE(parse_opts__cut_anywhere),
	KUNIT_CASE(flags_str__some),
	KUNIT_CASE(flags_str__every_value_fits),
	{}
};

static struct kunit_suite wire_suite = {
	.name = "xtcp_wire",
	.test_cases = wire_cases,
};

kunit_test_suites(&wire_suite);
