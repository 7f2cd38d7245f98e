// SPDX-License-Identifier: GPL-2.0
/* Round-trip estimation: ../rtt.c */
#include "xtcp_kunit.h"
#include "../rtt.c"

#define MS	1000u
#define SEC	1000000u

static void rtt_init__no_sample(struct kunit *test)
{
	struct xtcp_rtt r;

	memset(&r, 0xff, sizeof(r));
	xtcp_rtt_init(&r);
	KUNIT_EXPECT_EQ(test, xtcp_rtt_rto(&r, 0), XTCP_RTO_INIT_US);
	KUNIT_EXPECT_EQ(test, xtcp_srtt_us(&r), 0u);
	KUNIT_EXPECT_EQ(test, r.min_rtt_us, ~0u);
}

static void rtt_sample__first(struct kunit *test)
{
	struct xtcp_rtt r;

	xtcp_rtt_init(&r);
	xtcp_rtt_sample(&r, 300 * MS, 5 * SEC);
	KUNIT_EXPECT_EQ(test, xtcp_srtt_us(&r), 300 * MS);
	KUNIT_EXPECT_EQ(test, r.rttvar_us, 4 * 150 * MS);
	KUNIT_EXPECT_EQ(test, r.min_rtt_us, 300 * MS);
	KUNIT_EXPECT_EQ(test, r.latest_us, 300 * MS);
	KUNIT_EXPECT_EQ(test, xtcp_rtt_rto(&r, 0), 900 * MS);
}

static void rtt_sample__zero_counts_as_one(struct kunit *test)
{
	struct xtcp_rtt r;
	int i;

	xtcp_rtt_init(&r);
	for (i = 0; i < 100; i++) {
		xtcp_rtt_sample(&r, 0, i);
		KUNIT_ASSERT_EQ(test, xtcp_srtt_us(&r), 1u);
		KUNIT_ASSERT_NE(test, r.srtt_us, 0u);
	}
	KUNIT_EXPECT_EQ(test, r.min_rtt_us, 1u);
	KUNIT_EXPECT_EQ(test, r.latest_us, 1u);
	KUNIT_EXPECT_GE(test, xtcp_rtt_rto(&r, 0), XTCP_RTO_MIN_US);
}

static void rtt_sample__huge_is_clamped(struct kunit *test)
{
	struct xtcp_rtt r;
	u64 now = 0;
	int i;

	xtcp_rtt_init(&r);
	for (i = 0; i < 100; i++) {
		now += 0x100000000ULL;
		xtcp_rtt_sample(&r, i & 1 ? ~0u : 0, now);
		KUNIT_ASSERT_LE(test, xtcp_srtt_us(&r), XTCP_RTT_MAX_US);
		KUNIT_ASSERT_LE(test, xtcp_rtt_rto(&r, 0), XTCP_RTO_MAX_US);
		KUNIT_ASSERT_GE(test, xtcp_rtt_rto(&r, 0), XTCP_RTO_MIN_US);
	}
	xtcp_rtt_sample(&r, ~0u, now);
	KUNIT_EXPECT_EQ(test, r.latest_us, XTCP_RTT_MAX_US);
}

/* One sample in a round trip: RFC 6298 to the letter (integers, scaled). */
static void rtt_sample__one_per_round_is_rfc6298(struct kunit *test)
{
	s64 srtt8 = 0, var4 = 0;
	struct xtcp_rtt r;
	u32 seed = 5;
	u64 now = 0;
	int i;

	xtcp_rtt_init(&r);
	for (i = 0; i < XTCP_TEST_ROUNDS; i++) {
		s64 rtt = 1 + test_rnd_below(&seed, 400 * MS);
		s64 dev;

		now += 10 * SEC;
		xtcp_rtt_sample(&r, rtt, now);
		if (!i) {
			srtt8 = 8 * rtt;
			var4 = 2 * rtt;
		} else {
			dev = rtt - (srtt8 >> 3);
			dev = dev < 0 ? -dev : dev;
			var4 += dev - (var4 >> 2);
			srtt8 += rtt - (srtt8 >> 3);
		}
		KUNIT_ASSERT_EQ(test, (s64)r.srtt_us, srtt8);
		KUNIT_ASSERT_EQ(test, (s64)r.rttvar_us, var4);
	}
}

/* A hundred equal samples within one round must not wipe out the variance. */
static void rtt_sample__many_in_a_round_keep_variance(struct kunit *test)
{
	struct xtcp_rtt r;
	u64 now = 0;
	u32 before;
	int i;

	xtcp_rtt_init(&r);
	xtcp_rtt_sample(&r, 100 * MS, now);
	before = r.rttvar_us;
	for (i = 0; i < 99; i++)
		xtcp_rtt_sample(&r, 100 * MS, now += MS);
	KUNIT_EXPECT_EQ(test, r.rttvar_us, before);
	xtcp_rtt_sample(&r, 100 * MS, now += MS);
	KUNIT_EXPECT_EQ(test, r.rttvar_us, before - (before >> 2));
}

/* It forgets, but as fast as rounds pass, whatever the number of samples. */
static void rtt_sample__variance_fades_by_rounds(struct kunit *test)
{
	struct xtcp_rtt few, many;
	int round, i;
	u64 now = 0;

	xtcp_rtt_init(&few);
	xtcp_rtt_init(&many);
	for (round = 0; round < 40; round++) {
		xtcp_rtt_sample(&few, 100 * MS, now);
		for (i = 0; i < 100; i++)
			xtcp_rtt_sample(&many, 100 * MS, now + i * MS);
		now += 100 * MS;
		KUNIT_ASSERT_EQ(test, few.rttvar_us, many.rttvar_us);
	}
	KUNIT_EXPECT_LE(test, many.rttvar_us, 4 * 10u);
}

/* One spike among many quiet samples counts for the whole round. */
static void rtt_sample__spike_is_remembered(struct kunit *test)
{
	struct xtcp_rtt r;
	u64 now = 0;
	int i;

	xtcp_rtt_init(&r);
	for (i = 0; i < 5000; i++)
		xtcp_rtt_sample(&r, 100 * MS, now += MS);
	KUNIT_EXPECT_LT(test, r.rttvar_us, 4 * MS);
	xtcp_rtt_sample(&r, 500 * MS, now += MS);
	KUNIT_EXPECT_GE(test, r.rttvar_us, 400 * MS);
	for (i = 0; i < 90; i++)
		xtcp_rtt_sample(&r, 100 * MS, now += MS);
	KUNIT_EXPECT_GE(test, r.rttvar_us, 400 * MS);
}

/* RTTVAR fades towards the round's largest deviation, not towards its last. */
static void rtt_sample__fades_to_largest_of_round(struct kunit *test)
{
	struct xtcp_rtt r;
	u32 before;

	xtcp_rtt_init(&r);
	xtcp_rtt_sample(&r, 200 * MS, 0);	/* RTTVAR 100 ms */
	xtcp_rtt_sample(&r, 260 * MS, 100 * MS);
	before = r.rttvar_us;
	KUNIT_EXPECT_EQ(test, before, 4 * 100 * MS);
	xtcp_rtt_sample(&r, xtcp_srtt_us(&r), 250 * MS);
	KUNIT_EXPECT_EQ(test, r.rttvar_us, before - (100 - 60) * MS);
}

static void rtt_sample__steady_long_path_leaves_room(struct kunit *test)
{
	struct xtcp_rtt r;
	u64 now = 0;
	int i;

	xtcp_rtt_init(&r);
	for (i = 0; i < 1000; i++)
		xtcp_rtt_sample(&r, 600 * MS, now += 600 * MS);
	KUNIT_EXPECT_EQ(test, xtcp_srtt_us(&r), 600 * MS);
	KUNIT_EXPECT_EQ(test, xtcp_rtt_rto(&r, 0), 600 * MS + XTCP_RTO_MIN_US);
}

static void rtt_sample__follows_a_change(struct kunit *test)
{
	struct xtcp_rtt r;
	u64 now = 0;
	int i;

	xtcp_rtt_init(&r);
	for (i = 0; i < 100; i++)
		xtcp_rtt_sample(&r, 10 * MS, now += 10 * MS);
	for (i = 0; i < 200; i++)
		xtcp_rtt_sample(&r, 200 * MS, now += 200 * MS);
	KUNIT_EXPECT_GE(test, xtcp_srtt_us(&r), 199 * MS);
	KUNIT_EXPECT_LE(test, xtcp_srtt_us(&r), 200 * MS);
}

static void rtt_min__window(struct kunit *test)
{
	struct xtcp_rtt r;

	xtcp_rtt_init(&r);
	xtcp_rtt_sample(&r, 10 * MS, SEC);
	xtcp_rtt_sample(&r, 20 * MS, 2 * SEC);
	KUNIT_EXPECT_EQ(test, r.min_rtt_us, 10 * MS);
	xtcp_rtt_sample(&r, 20 * MS, SEC + XTCP_MIN_RTT_WIN_US);
	KUNIT_EXPECT_EQ(test, r.min_rtt_us, 10 * MS);
	xtcp_rtt_sample(&r, 20 * MS, SEC + XTCP_MIN_RTT_WIN_US + 1);
	KUNIT_EXPECT_EQ(test, r.min_rtt_us, 20 * MS);
	xtcp_rtt_sample(&r, 15 * MS, SEC + XTCP_MIN_RTT_WIN_US + 2);
	KUNIT_EXPECT_EQ(test, r.min_rtt_us, 15 * MS);
}

static void rtt_min__equal_sample_renews(struct kunit *test)
{
	struct xtcp_rtt r;

	xtcp_rtt_init(&r);
	xtcp_rtt_sample(&r, 10 * MS, SEC);
	xtcp_rtt_sample(&r, 10 * MS, 200 * (u64)SEC);
	xtcp_rtt_sample(&r, 30 * MS, 400 * (u64)SEC);
	KUNIT_EXPECT_EQ(test, r.min_rtt_us, 10 * MS);
}

static void rtt_rto__doubles_to_the_maximum(struct kunit *test)
{
	struct xtcp_rtt r;
	unsigned int i;
	u64 expect;

	xtcp_rtt_init(&r);
	for (i = 0; i < 80; i++) {
		expect = i < 32 ? (u64)SEC << i : XTCP_RTO_MAX_US;
		KUNIT_EXPECT_EQ(test, (u64)xtcp_rtt_rto(&r, i),
				min_t(u64, expect, XTCP_RTO_MAX_US));
	}
	KUNIT_EXPECT_EQ(test, xtcp_rtt_rto(&r, ~0u), XTCP_RTO_MAX_US);
}

static void rtt_rto__smallest_reaches_the_maximum(struct kunit *test)
{
	struct xtcp_rtt r;
	int i;

	xtcp_rtt_init(&r);
	for (i = 0; i < 100; i++)
		xtcp_rtt_sample(&r, 1, i);
	KUNIT_EXPECT_LE(test, xtcp_rtt_rto(&r, 0), XTCP_RTO_MIN_US + 1);
	KUNIT_EXPECT_EQ(test, xtcp_rtt_rto(&r, 10), XTCP_RTO_MAX_US);
	KUNIT_EXPECT_EQ(test, xtcp_rtt_rto(&r, 64), XTCP_RTO_MAX_US);
}

static void rtt__bounds_hold(struct kunit *test)
{
	struct xtcp_rtt r;
	u32 seed = 6;
	u64 now = 0;
	int i;

	xtcp_rtt_init(&r);
	for (i = 0; i < XTCP_TEST_ROUNDS; i++) {
		u32 rtt = test_rnd(&seed) >> test_rnd_below(&seed, 32);
		u32 rto;

		now += test_rnd(&seed) >> test_rnd_below(&seed, 32);
		xtcp_rtt_sample(&r, rtt, now);
		rto = xtcp_rtt_rto(&r, 0);
		KUNIT_ASSERT_GE(test, rto, XTCP_RTO_MIN_US);
		KUNIT_ASSERT_LE(test, rto, XTCP_RTO_MAX_US);
		KUNIT_ASSERT_GE(test, rto, min(xtcp_srtt_us(&r),
					       XTCP_RTO_MAX_US));
		KUNIT_ASSERT_GE(test, xtcp_srtt_us(&r), 1u);
		KUNIT_ASSERT_LE(test, xtcp_srtt_us(&r), XTCP_RTT_MAX_US);
		KUNIT_ASSERT_LE(test, r.rttvar_us / 4, XTCP_RTT_MAX_US);
		KUNIT_ASSERT_LE(test, r.min_rtt_us, r.latest_us);
		KUNIT_ASSERT_GE(test, xtcp_rtt_rto(&r, 1), rto);
	}
}

static struct kunit_case rtt_cases[] = {
	KUNIT_CASE(rtt_init__no_sample),
	KUNIT_CASE(rtt_sample__first),
	KUNIT_CASE(rtt_sample__zero_counts_as_one),
	KUNIT_CASE(rtt_sample__huge_is_clamped),
	KUNIT_CASE(rtt_sample__one_per_round_is_rfc6298),
	KUNIT_CASE(rtt_sample__many_in_a_round_keep_variance),
	KUNIT_CASE(rtt_sample__variance_fades_by_rounds),
	KUNIT_CASE(rtt_sample__spike_is_remembered),
	KUNIT_CASE(rtt_sample__fades_to_largest_of_round),
	KUNIT_CASE(rtt_sample__steady_long_path_leaves_room),
	KUNIT_CASE(rtt_sample__follows_a_change),
	KUNIT_CASE(rtt_min__window),
	KUNIT_CASE(rtt_min__equal_sample_renews),
	KUNIT_CASE(rtt_rto__doubles_to_the_maximum),
	KUNIT_CASE(rtt_rto__smallest_reaches_the_maximum),
	KUNIT_CASE(rtt__bounds_hold),
	{}
};

static struct kunit_suite rtt_suite = {
	.name = "xtcp_rtt",
	.test_cases = rtt_cases,
};

kunit_test_suites(&rtt_suite);
