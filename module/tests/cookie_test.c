// SPDX-License-Identifier: GPL-2.0
/* Cookies, initial sequence numbers, timestamp offsets: ../cookie.c */
#include <linux/slab.h>

#include "xtcp_kunit.h"
#include "../cookie.c"

#define MAX_AGE_S	60
#define NOW_S		1000
#define VERSION		3	/* any */

static const struct xtcp_cookie_keys keys0 = {
	.id = 7,
	.key = { { { 11, 12 } }, { { 13, 14 } } },
};

static struct xtcp_tuple4 tuple_v4(void)
{
	struct xtcp_tuple4 t = {
		.lport = htons(80), .fport = htons(40000),
	};

	t.laddr.s6_addr[10] = 0xff;
	t.laddr.s6_addr[11] = 0xff;
	t.laddr.s6_addr[12] = 10;
	t.laddr.s6_addr[15] = 1;
	t.faddr = t.laddr;
	t.faddr.s6_addr[15] = 2;
	return t;
}

static struct xtcp_cookie cookie_of(u32 irs, u32 iss)
{
	return (struct xtcp_cookie) {
		.irs = irs, .iss = iss, .mss = 1444, .version = VERSION,
		.features = 0xabcdef, .time_s = NOW_S,
	};
}

static enum xtcp_cookie_verdict check(const u8 *buf, u32 iss)
{
	struct xtcp_cookie c = { .iss = iss };
	struct xtcp_tuple4 t = tuple_v4();

	return xtcp_cookie_check(buf, XTCP_COOKIE_LEN, &keys0, &t, NOW_S,
				 MAX_AGE_S, &c);
}

static void make(u8 *buf, u32 irs, u32 iss)
{
	struct xtcp_cookie c = cookie_of(irs, iss);
	struct xtcp_tuple4 t = tuple_v4();

	xtcp_cookie_make(buf, &keys0, &t, &c);
}

static void cookie_check__what_was_made(struct kunit *test)
{
	struct xtcp_cookie c = { .iss = 200 };
	struct xtcp_tuple4 t = tuple_v4();
	u8 buf[XTCP_COOKIE_LEN];

	make(buf, 100, 200);
	KUNIT_ASSERT_EQ(test, xtcp_cookie_check(buf, sizeof(buf), &keys0, &t,
						NOW_S, MAX_AGE_S, &c),
			XTCP_COOKIE_OK);
	KUNIT_EXPECT_EQ(test, c.irs, 100u);
	KUNIT_EXPECT_EQ(test, c.iss, 200u);
	KUNIT_EXPECT_EQ(test, c.mss, 1444);
	KUNIT_EXPECT_EQ(test, c.version, VERSION);
	KUNIT_EXPECT_EQ(test, c.features, 0xabcdefu);
	KUNIT_EXPECT_EQ(test, c.time_s, (u32)NOW_S);
}

static void cookie_make__layout(struct kunit *test)
{
	static const u8 want[] = { 7, VERSION, 1444 >> 8, 1444 & 0xff,
				   0, 0xab, 0xcd, 0xef,
				   0, 0, NOW_S >> 8, NOW_S & 0xff,
				   0x12, 0x34, 0x56, 0x78 };
	u8 buf[XTCP_COOKIE_LEN];

	make(buf, 0x12345678, 2);
	KUNIT_EXPECT_EQ(test, memcmp(buf, want, sizeof(want)), 0);
}

static void cookie_make__writes_no_more(struct kunit *test)
{
	u8 *buf = kunit_kmalloc(test, XTCP_COOKIE_LEN, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	make(buf, 1, 2);
	KUNIT_EXPECT_EQ(test, check(buf, 2), XTCP_COOKIE_OK);
}

static void cookie_make__features_are_24_bits(struct kunit *test)
{
	struct xtcp_cookie c = cookie_of(1, 2);
	struct xtcp_tuple4 t = tuple_v4();
	u8 a[XTCP_COOKIE_LEN], b[XTCP_COOKIE_LEN];

	xtcp_cookie_make(a, &keys0, &t, &c);
	c.features |= 0x5a000000;
	xtcp_cookie_make(b, &keys0, &t, &c);
	KUNIT_EXPECT_EQ(test, memcmp(a, b, sizeof(a)), 0);
}

static void cookie_check__other_sequence_number(struct kunit *test)
{
	u8 buf[XTCP_COOKIE_LEN];

	make(buf, 100, 200);
	KUNIT_EXPECT_EQ(test, check(buf, 201), XTCP_COOKIE_BAD);
	KUNIT_EXPECT_EQ(test, check(buf, 100), XTCP_COOKIE_BAD);
	KUNIT_EXPECT_EQ(test, check(buf, 200), XTCP_COOKIE_OK);
}

static void cookie_check__other_tuple(struct kunit *test)
{
	const struct xtcp_tuple4 right = tuple_v4();
	u8 buf[XTCP_COOKIE_LEN];
	unsigned int bit;

	make(buf, 100, 200);
	for (bit = 0; bit < sizeof(right) * 8; bit++) {
		struct xtcp_cookie c = { .iss = 200 };
		struct xtcp_tuple4 t = right;

		((u8 *)&t)[bit / 8] ^= 1 << bit % 8;
		KUNIT_EXPECT_EQ_MSG(test,
				    xtcp_cookie_check(buf, sizeof(buf), &keys0,
						      &t, NOW_S, MAX_AGE_S, &c),
				    XTCP_COOKIE_BAD, "bit %u", bit);
	}
}

static void cookie_check__sides_swapped(struct kunit *test)
{
	struct xtcp_cookie c = { .iss = 200 };
	struct xtcp_tuple4 t = tuple_v4();
	u8 buf[XTCP_COOKIE_LEN];

	make(buf, 100, 200);
	swap(t.laddr, t.faddr);
	swap(t.lport, t.fport);
	KUNIT_EXPECT_EQ(test, xtcp_cookie_check(buf, sizeof(buf), &keys0, &t,
						NOW_S, MAX_AGE_S, &c),
			XTCP_COOKIE_BAD);
}

static void cookie_check__any_bit_flipped(struct kunit *test)
{
	u8 buf[XTCP_COOKIE_LEN];
	unsigned int bit;

	make(buf, 100, 200);
	for (bit = 0; bit < XTCP_COOKIE_LEN * 8; bit++) {
		buf[bit / 8] ^= 1 << bit % 8;
		KUNIT_EXPECT_EQ_MSG(test, check(buf, 200),
				    XTCP_COOKIE_BAD, "bit %u", bit);
		buf[bit / 8] ^= 1 << bit % 8;
	}
	KUNIT_EXPECT_EQ(test, check(buf, 200), XTCP_COOKIE_OK);
}

static void cookie_check__wrong_length(struct kunit *test)
{
	struct xtcp_tuple4 t = tuple_v4();
	unsigned int len;
	u8 buf[256] = {};

	make(buf, 100, 200);
	for (len = 0; len <= 253; len++) {
		struct xtcp_cookie c = { .iss = 200 };
		u8 *exact = kunit_kmalloc(test, len, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, exact);
		memcpy(exact, buf, len);
		KUNIT_EXPECT_EQ(test, xtcp_cookie_check(exact, len, &keys0, &t,
							NOW_S, MAX_AGE_S, &c),
				len == XTCP_COOKIE_LEN ? XTCP_COOKIE_OK :
							 XTCP_COOKIE_BAD);
	}
}

static void cookie_check__bad_leaves_c_alone(struct kunit *test)
{
	struct xtcp_cookie c, before;
	struct xtcp_tuple4 t = tuple_v4();
	u8 buf[XTCP_COOKIE_LEN];

	make(buf, 100, 200);
	buf[XTCP_COOKIE_LEN - 1] ^= 1;
	memset(&c, 0x5a, sizeof(c));
	before = c;
	KUNIT_EXPECT_EQ(test, xtcp_cookie_check(buf, sizeof(buf), &keys0, &t,
						NOW_S, MAX_AGE_S, &c),
			XTCP_COOKIE_BAD);
	KUNIT_EXPECT_EQ(test, memcmp(&c, &before, sizeof(c)), 0);
}

static enum xtcp_cookie_verdict check_at(u32 made_s, u32 now_s)
{
	struct xtcp_cookie c = cookie_of(1, 2);
	struct xtcp_tuple4 t = tuple_v4();
	u8 buf[XTCP_COOKIE_LEN];

	c.time_s = made_s;
	xtcp_cookie_make(buf, &keys0, &t, &c);
	return xtcp_cookie_check(buf, sizeof(buf), &keys0, &t, now_s,
				 MAX_AGE_S, &c);
}

static void cookie_check__age(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, check_at(1000, 1000), XTCP_COOKIE_OK);
	KUNIT_EXPECT_EQ(test, check_at(1000, 1060), XTCP_COOKIE_OK);
	KUNIT_EXPECT_EQ(test, check_at(1000, 1061), XTCP_COOKIE_EXPIRED);
	KUNIT_EXPECT_EQ(test, check_at(1000, 999), XTCP_COOKIE_EXPIRED);
	KUNIT_EXPECT_EQ(test, check_at(0, 0), XTCP_COOKIE_OK);
}

static void cookie_check__age_over_wrap(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, check_at(0xfffffff0, 0x10), XTCP_COOKIE_OK);
	KUNIT_EXPECT_EQ(test, check_at(0xffffff00, 0x10), XTCP_COOKIE_EXPIRED);
	KUNIT_EXPECT_EQ(test, check_at(0x10, 0xfffffff0), XTCP_COOKIE_EXPIRED);
}

static void cookie_rotate__two_keys_accepted(struct kunit *test)
{
	siphash_key_t fresh = { { 21, 22 } };
	struct xtcp_cookie_keys keys = keys0;
	struct xtcp_tuple4 t = tuple_v4();
	u8 buf[XTCP_COOKIE_LEN];
	unsigned int i;

	make(buf, 100, 200);
	for (i = 0; i < 600; i++) {
		struct xtcp_cookie c = { .iss = 200 };

		KUNIT_ASSERT_EQ_MSG(test,
				    xtcp_cookie_check(buf, sizeof(buf), &keys,
						      &t, NOW_S, MAX_AGE_S, &c),
				    i < XTCP_COOKIE_KEYS ? XTCP_COOKIE_OK :
							   XTCP_COOKIE_BAD,
				    "after %u rotations", i);
		fresh.key[0]++;
		xtcp_cookie_rotate(&keys, &keys, &fresh);
	}
}

static void cookie_rotate__keeps_the_newest(struct kunit *test)
{
	siphash_key_t fresh = { { 21, 22 } };
	struct xtcp_cookie_keys to;

	xtcp_cookie_rotate(&to, &keys0, &fresh);
	KUNIT_EXPECT_EQ(test, to.id, 8);
	KUNIT_EXPECT_EQ(test, to.key[0].key[0], 21ull);
	KUNIT_EXPECT_EQ(test, to.key[1].key[0], 13ull);
}

static void cookie_rotate__id_wraps(struct kunit *test)
{
	siphash_key_t fresh = { { 21, 22 } };
	struct xtcp_cookie_keys keys = keys0;
	struct xtcp_cookie c = cookie_of(1, 2);
	struct xtcp_tuple4 t = tuple_v4();
	u8 buf[XTCP_COOKIE_LEN];

	keys.id = 255;
	xtcp_cookie_make(buf, &keys, &t, &c);
	xtcp_cookie_rotate(&keys, &keys, &fresh);
	KUNIT_EXPECT_EQ(test, keys.id, 0);
	KUNIT_EXPECT_EQ(test, xtcp_cookie_check(buf, sizeof(buf), &keys, &t,
						NOW_S, MAX_AGE_S, &c),
			XTCP_COOKIE_OK);
}

/* Should keys ever repeat, a cookie still belongs to one id and ages with it. */
static void cookie_rotate__equal_keys(struct kunit *test)
{
	struct xtcp_cookie_keys keys = keys0;
	struct xtcp_cookie c = cookie_of(1, 2);
	struct xtcp_tuple4 t = tuple_v4();
	u8 buf[XTCP_COOKIE_LEN];

	keys.key[1] = keys.key[0];
	xtcp_cookie_make(buf, &keys, &t, &c);
	buf[0]--;
	KUNIT_EXPECT_EQ(test, xtcp_cookie_check(buf, sizeof(buf), &keys, &t,
						NOW_S, MAX_AGE_S, &c),
			XTCP_COOKIE_BAD);
	buf[0]++;
	xtcp_cookie_rotate(&keys, &keys, &keys0.key[0]);
	KUNIT_EXPECT_EQ(test, xtcp_cookie_check(buf, sizeof(buf), &keys, &t,
						NOW_S, MAX_AGE_S, &c),
			XTCP_COOKIE_OK);
	xtcp_cookie_rotate(&keys, &keys, &keys0.key[0]);
	KUNIT_EXPECT_EQ(test, xtcp_cookie_check(buf, sizeof(buf), &keys, &t,
						NOW_S, MAX_AGE_S, &c),
			XTCP_COOKIE_BAD);
}

static void cookie_check__unknown_key_id(struct kunit *test)
{
	u8 buf[XTCP_COOKIE_LEN];
	unsigned int id;

	make(buf, 100, 200);
	for (id = 0; id < 256; id++) {
		buf[0] = id;
		KUNIT_EXPECT_EQ(test, check(buf, 200),
				id == keys0.id ? XTCP_COOKIE_OK :
						 XTCP_COOKIE_BAD);
	}
}

static void cookie_check__random_bytes(struct kunit *test)
{
	u8 buf[XTCP_COOKIE_LEN];
	u32 seed = 11;
	int i;

	for (i = 0; i < XTCP_TEST_ROUNDS; i++) {
		test_rnd_bytes(&seed, buf, sizeof(buf));
		buf[0] = keys0.id - (i & 1);
		buf[4] = 0;
		KUNIT_ASSERT_EQ(test, check(buf, 200), XTCP_COOKIE_BAD);
	}
}

static void cookie__round_trip(struct kunit *test)
{
	struct xtcp_cookie_keys keys;
	u32 seed = 12;
	int i;

	for (i = 0; i < XTCP_TEST_ROUNDS; i++) {
		struct xtcp_cookie in = {}, out = {};
		u8 buf[XTCP_COOKIE_LEN];
		struct xtcp_tuple4 t;

		test_rnd_bytes(&seed, (u8 *)&keys, sizeof(keys));
		test_rnd_bytes(&seed, (u8 *)&t, sizeof(t));
		in.irs = test_rnd(&seed);
		in.iss = test_rnd(&seed);
		out.iss = in.iss;
		in.mss = test_rnd(&seed);
		in.version = test_rnd(&seed);
		in.features = test_rnd(&seed) & 0xffffff;
		in.time_s = test_rnd(&seed);
		xtcp_cookie_make(buf, &keys, &t, &in);
		KUNIT_ASSERT_EQ(test,
				xtcp_cookie_check(buf, sizeof(buf), &keys, &t,
						  in.time_s + MAX_AGE_S,
						  MAX_AGE_S, &out),
				XTCP_COOKIE_OK);
		KUNIT_ASSERT_EQ(test, out.irs, in.irs);
		KUNIT_ASSERT_EQ(test, out.mss, in.mss);
		KUNIT_ASSERT_EQ(test, out.version, in.version);
		KUNIT_ASSERT_EQ(test, out.features, in.features);
		KUNIT_ASSERT_EQ(test, out.time_s, in.time_s);
	}
}

static const siphash_key_t secret = { { 0x1234567890abcdefULL, 42 } };

static void isn__clock_ticks_every_64_ns(struct kunit *test)
{
	struct xtcp_tuple4 t = tuple_v4();
	u32 at0 = xtcp_isn(&secret, &t, 0);

	KUNIT_EXPECT_EQ(test, xtcp_isn(&secret, &t, 8) - at0, 125u);
	KUNIT_EXPECT_EQ(test, xtcp_isn(&secret, &t, 1000000) - at0, 15625000u);
	/* 2^32 ticks later it is the same again */
	KUNIT_EXPECT_EQ(test, xtcp_isn(&secret, &t, 274877906944ULL / 1000) -
			at0, (u32)(274877906ULL * 125 / 8));
}

static void isn__grows_for_one_tuple(struct kunit *test)
{
	struct xtcp_tuple4 t = tuple_v4();
	u64 now_us = 1;
	int i;

	for (i = 0; i < 1000; i++) {
		u32 before = xtcp_isn(&secret, &t, now_us);

		now_us += 1 + i * 100000ULL;
		KUNIT_ASSERT_TRUE(test,
				  (s32)(xtcp_isn(&secret, &t, now_us) -
					before) > 0);
	}
}

static void isn__differs_by_tuple_and_key(struct kunit *test)
{
	const siphash_key_t other = { { 1, 2 } };
	struct xtcp_tuple4 t = tuple_v4();
	struct xtcp_tuple4 t2 = t;

	t2.fport = htons(40001);
	KUNIT_EXPECT_NE(test, xtcp_isn(&secret, &t, 5),
			xtcp_isn(&secret, &t2, 5));
	KUNIT_EXPECT_NE(test, xtcp_isn(&secret, &t, 5),
			xtcp_isn(&other, &t, 5));
}

static void ts_offset__one_for_a_tuple(struct kunit *test)
{
	struct xtcp_tuple4 t = tuple_v4();
	struct xtcp_tuple4 t2 = t;

	t2.faddr.s6_addr[15] = 3;
	KUNIT_EXPECT_EQ(test, xtcp_ts_offset(&secret, &t),
			xtcp_ts_offset(&secret, &t));
	KUNIT_EXPECT_NE(test, xtcp_ts_offset(&secret, &t),
			xtcp_ts_offset(&secret, &t2));
}

static void ts_offset__is_not_the_isn(struct kunit *test)
{
	struct xtcp_tuple4 t = tuple_v4();

	KUNIT_EXPECT_NE(test, xtcp_ts_offset(&secret, &t),
			xtcp_isn(&secret, &t, 0));
}

static struct kunit_case cookie_cases[] = {
	KUNIT_CASE(cookie_check__what_was_made),
	KUNIT_CASE(cookie_make__layout),
	KUNIT_CASE(cookie_make__writes_no_more),
	KUNIT_CASE(cookie_make__features_are_24_bits),
	KUNIT_CASE(cookie_check__other_sequence_number),
	KUNIT_CASE(cookie_check__other_tuple),
	KUNIT_CASE(cookie_check__sides_swapped),
	KUNIT_CASE(cookie_check__any_bit_flipped),
	KUNIT_CASE(cookie_check__wrong_length),
	KUNIT_CASE(cookie_check__bad_leaves_c_alone),
	KUNIT_CASE(cookie_check__age),
	KUNIT_CASE(cookie_check__age_over_wrap),
	KUNIT_CASE(cookie_rotate__two_keys_accepted),
	KUNIT_CASE(cookie_rotate__keeps_the_newest),
	KUNIT_CASE(cookie_rotate__id_wraps),
	KUNIT_CASE(cookie_rotate__equal_keys),
	KUNIT_CASE(cookie_check__unknown_key_id),
	KUNIT_CASE(cookie_check__random_bytes),
	KUNIT_CASE(cookie__round_trip),
	KUNIT_CASE(isn__clock_ticks_every_64_ns),
	KUNIT_CASE(isn__grows_for_one_tuple),
	KUNIT_CASE(isn__differs_by_tuple_and_key),
	KUNIT_CASE(ts_offset__one_for_a_tuple),
	KUNIT_CASE(ts_offset__is_not_the_isn),
	{}
};

static struct kunit_suite cookie_suite = {
	.name = "xtcp_cookie",
	.test_cases = cookie_cases,
};

kunit_test_suites(&cookie_suite);
