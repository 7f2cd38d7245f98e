// SPDX-License-Identifier: GPL-2.0
/*
 * CUBIC: ../cong_cubic.c, driven through ../cong.c.
 *
 * Values of equations 1 and 2 of RFC 9438 were computed apart from the code,
 * with 40 decimal digits: K = cbrt((w_max - cwnd) / 0.4) s and W(t) = 0.4
 * (t - K)^3 + w_max.  The segments here are of 1000 bytes, so a byte is a
 * thousandth of a segment.
 */
#include <linux/module.h>

#include "flow_feed.h"

#include "../cong_cubic.c"

static struct cubic_curve *curve(struct flow *f)
{
	return &cubic_of(&f->c)->curve;
}

/* A flow that lost at @segs segments and begins to avoid congestion. */
static struct flow flow_after_loss(u32 segs, u32 rtt_us)
{
	struct flow f = flow_at(&xtcp_cubic, segs * MSS, MSS, rtt_us);

	lose(&f);
	ack(&f, 1);
	return f;
}

/* The curve */

static void cubic_root__cubes(struct kunit *test)
{
	u64 n;

	KUNIT_EXPECT_EQ(test, cubic_root(0), 0u);
	for (n = 1; n < (1 << 21); n += 1 + n / 64) {
		KUNIT_EXPECT_EQ(test, cubic_root(n * n * n), (u32)n);
		KUNIT_EXPECT_EQ(test, cubic_root(n * n * n - 1), (u32)n - 1);
	}
	KUNIT_EXPECT_EQ(test, cubic_root(S64_MAX), (1u << 21) - 1);
}

static void cubic_begin__k(struct kunit *test)
{
	static const struct {
		u32 w_max, cwnd, k_ms;
	} known[] = {
		{ 10, 7, 1957 },
		{ 100, 70, 4217 },
		{ 1000, 700, 9085 },
		{ 20000, 14000, 24662 },
		{ 700000, 490000, 80671 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		struct flow f = flow_after_loss(known[i].w_max, 100 * MS);

		KUNIT_EXPECT_EQ(test, curve(&f)->w_max, known[i].w_max * MSS);
		KUNIT_EXPECT_EQ(test, curve(&f)->w_est, known[i].cwnd * MSS);
		KUNIT_EXPECT_EQ(test, curve(&f)->k_ms, known[i].k_ms);
	}
}

struct point {
	u32 s, bytes;
};

static const struct point after_100[] = {
	{ 0, 70000 }, { 1, 86681 }, { 2, 95640 }, { 3, 99279 }, { 4, 99996 },
	{ 5, 100192 }, { 6, 102267 }, { 8, 121653 }, { 10, 177354 },
	{ 15, 601486 }, { 20, 1672589 }, { 30, 6955704 },
};

static const struct point after_1000[] = {
	{ 0, 700000 }, { 1, 788555 }, { 2, 857705 }, { 3, 909849 },
	{ 4, 947388 }, { 5, 972721 }, { 6, 988249 }, { 8, 999488 },
	{ 10, 1000306 }, { 15, 1082754 }, { 20, 1520067 }, { 30, 4659283 },
};

/* K is cut to ms, which shifts the curve by 3 C (t - K)^2 / 1000 segments. */
static void expect_points(struct kunit *test, const struct cubic_curve *v,
			  const struct point *p, unsigned int n)
{
	for (; n; n--, p++) {
		s64 far = (s64)p->s - v->k_ms / 1000;

		EXPECT_NEAR(test, cubic_window(v, p->s * SEC), p->bytes,
			    2 + 2 * far * far);
	}
}

static void cubic_window__equation_1(struct kunit *test)
{
	struct flow f = flow_after_loss(100, 100 * MS);

	expect_points(test, curve(&f), after_100, ARRAY_SIZE(after_100));
	KUNIT_EXPECT_EQ(test, cubic_window(curve(&f), 4217 * MS), 100 * MSS);
	f = flow_after_loss(1000, 100 * MS);
	expect_points(test, curve(&f), after_1000, ARRAY_SIZE(after_1000));
	KUNIT_EXPECT_EQ(test, cubic_window(curve(&f), 9085 * MS), 1000 * MSS);
}

static void cubic_window__limits(struct kunit *test)
{
	struct cubic_curve v = {
		.mss = 1,
		.w_max = XTCP_MAX_CWND_BYTES,
	};

	/* From nothing to the largest window in segments of one byte. */
	v.k_ms = cubic_root((u64)v.w_max * CUBIC_MS3_PER_SEG);
	KUNIT_EXPECT_LT(test, v.k_ms, CUBIC_MAX_MS);
	KUNIT_EXPECT_LT(test, cubic_window(&v, 0), 10000u);
	KUNIT_EXPECT_EQ(test, cubic_window(&v, (u64)v.k_ms * MS), v.w_max);
	KUNIT_EXPECT_EQ(test, cubic_window(&v, U64_MAX), XTCP_MAX_CWND_BYTES);
	v.w_max = 1;
	v.k_ms = 0;
	KUNIT_EXPECT_EQ(test, cubic_window(&v, 0), 1u);
	KUNIT_EXPECT_EQ(test, cubic_window(&v, (u64)CUBIC_MAX_MS * MS),
			XTCP_MAX_CWND_BYTES);
	KUNIT_EXPECT_EQ(test, cubic_window(&v, 1ull << 32),
			XTCP_MAX_CWND_BYTES);
	v.mss = 0xffff;
	KUNIT_EXPECT_EQ(test, cubic_window(&v, 1ull << 32),
			XTCP_MAX_CWND_BYTES);
	/* 0.4 * 0.1^3 segments of 65535 bytes */
	KUNIT_EXPECT_EQ(test, cubic_window(&v, 100 * MS), 1u + 26);
}

/* Growth along it */

static void follows(struct kunit *test, u32 segs, const struct point *p,
		    unsigned int n)
{
	struct flow f = flow_after_loss(segs, 100 * MS);
	u64 begin = f.c.now_us;

	for (; n; n--, p++) {
		while (f.c.now_us < begin + p->s * SEC)
			round_trip(&f);
		/* A tenth of a second and the rest of a round late. */
		KUNIT_EXPECT_GE(test, f.c.cwnd, p->bytes - p->bytes / 50);
		KUNIT_EXPECT_LE(test, f.c.cwnd, p->bytes + p->bytes / 16);
	}
}

static void avoid__concave_and_convex(struct kunit *test)
{
	follows(test, 1000, after_1000, ARRAY_SIZE(after_1000) - 1);
	follows(test, 100, after_100, 9);
}

static void avoid__at_most_half_more_in_a_round(struct kunit *test)
{
	struct flow f = flow_after_loss(100, 100 * MS);
	u32 begin = f.c.cwnd;

	/* The curve is at 6955 segments then. */
	f.c.now_us += 30 * SEC;
	ack(&f, begin / 2);
	EXPECT_NEAR(test, f.c.cwnd, begin + begin / 4, 2);
	ack(&f, begin / 4 * 3);
	KUNIT_EXPECT_LE(test, f.c.cwnd, begin + begin * 3 / 4);
	/* Nor more when one ACK stands for many windows. */
	begin = f.c.cwnd;
	ack(&f, 100 * begin);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, begin + begin / 2);
}

/*
 * Where most of the window is queue, what is beyond w_max is looked for in steps
 * of a sixteenth for each window acknowledged, at most.
 */
static void queue__slow_beyond_the_plateau(struct kunit *test)
{
	struct flow f = flow_after_loss(1000, 2000 * MS);
	u32 before;
	int i;

	f.min_rtt_us = 40 * MS;
	/* Up to it as ever: K is 9 s. */
	for (i = 0; i < 5; i++)
		round_trip(&f);
	KUNIT_EXPECT_GE(test, f.c.cwnd, 990 * MSS);
	for (i = 0; i < 20; i++) {
		before = f.c.cwnd;
		round_trip(&f);
		KUNIT_EXPECT_GT(test, f.c.cwnd, before);
		/* As it grows meanwhile, a sixteenth of more than at first. */
		KUNIT_EXPECT_LE(test, f.c.cwnd, before + before / 15);
	}
	EXPECT_NEAR(test, f.c.cwnd, before + before / 16, before / 160);
}

/* The curve waits: when the queue is gone it goes on from where it was. */
static void queue__no_leap_when_it_is_gone(struct kunit *test)
{
	struct flow f = flow_after_loss(1000, 2000 * MS);
	u32 before;
	int i;

	f.min_rtt_us = 40 * MS;
	for (i = 0; i < 40; i++)
		round_trip(&f);
	f.rtt_us = 80 * MS;
	before = f.c.cwnd;
	round_trip(&f);
	KUNIT_EXPECT_LE(test, f.c.cwnd, before + before / 15);
}

/* Twice the smallest round trip may be a buffer of one product: no case of it. */
static void queue__not_in_short_buffers(struct kunit *test)
{
	struct flow f = flow_after_loss(1000, 2000 * MS);
	struct flow g = flow_after_loss(1000, 2000 * MS);
	int i;

	g.min_rtt_us = 1000 * MS;
	for (i = 0; i < 15; i++) {
		round_trip(&f);
		round_trip(&g);
	}
	KUNIT_EXPECT_EQ(test, f.c.cwnd, g.c.cwnd);
	KUNIT_EXPECT_GE(test, f.c.cwnd, 4000 * MSS);
}

static void avoid__never_shrinks(struct kunit *test)
{
	struct flow f = flow_after_loss(100, 100 * MS);

	/* Far above the curve: it waits. */
	f.c.cwnd = 400 * MSS;
	ack(&f, 400 * MSS);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 400 * MSS);
}

static void avoid__divided_acks_gain_nothing(struct kunit *test)
{
	struct flow whole = flow_after_loss(100, 100 * MS);
	struct flow parts = flow_after_loss(100, 100 * MS);
	unsigned int i;

	whole.c.now_us += SEC / 10;
	parts.c.now_us += SEC / 10;
	ack(&whole, 10 * MSS);
	for (i = 0; i < 1000; i++)
		ack(&parts, 10);
	KUNIT_EXPECT_LE(test, parts.c.cwnd, whole.c.cwnd);
	/* Less only as the way left becomes shorter with each of them. */
	EXPECT_NEAR(test, parts.c.cwnd, whole.c.cwnd, 50);
}

static void avoid__only_when_limited(struct kunit *test)
{
	struct flow f = flow_after_loss(100, 100 * MS);
	u32 begin = f.c.cwnd;

	f.c.cwnd_limited = false;
	f.c.now_us += 10 * SEC;
	ack(&f, 100 * MSS);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, begin);
}

/* The curve does not know of a time in which the window was not used. */
static void pause__does_not_count(struct kunit *test)
{
	struct flow f = flow_after_loss(1000, 100 * MS);
	struct flow g = f;
	unsigned int i;

	for (i = 0; i < 100; i++) {
		round_trip(&f);
		round_trip(&g);
		if (i % 10)
			continue;
		/* Little to send for a while, then nothing for an hour. */
		g.c.cwnd_limited = false;
		g.c.now_us += SEC;
		ack(&g, MSS);
		g.c.now_us += SEC;
		ack(&g, MSS);
		g.c.now_us += 3600 * SEC;
		xtcp_cong_idle(&g.c, 1, 2);
		g.c.cwnd_limited = true;
	}
	KUNIT_EXPECT_GT(test, f.c.cwnd, 990 * MSS);
	KUNIT_EXPECT_EQ(test, g.c.cwnd, f.c.cwnd);
}

/* Idle for long: slow start to 3/4 of what was, then a curve of its own. */
static void idle__begins_an_epoch(struct kunit *test)
{
	struct flow f = flow_after_loss(1000, 100 * MS);
	u32 i;

	for (i = 0; i < 50; i++)
		round_trip(&f);
	xtcp_cong_idle(&f.c, 10 * SEC, SEC);
	KUNIT_ASSERT_EQ(test, f.c.cwnd, 10 * MSS);
	f.c.cwnd_limited = true;
	while (xtcp_in_slow_start(&f.c))
		round_trip(&f);
	ack(&f, 1);
	EXPECT_NEAR(test, f.c.now_us - curve(&f)->epoch_us, 0, 100 * MS);
	KUNIT_EXPECT_EQ(test, curve(&f)->w_max, 1000 * MSS);
	/* cbrt((1000 - 3/4 * 973) / 0.4) = 8.775 s, computed as above */
	EXPECT_NEAR(test, curve(&f)->k_ms, 8775, 100);
}

static void mss__changes_without_a_leap(struct kunit *test)
{
	struct flow f = flow_after_loss(1000, 100 * MS);
	u32 before;

	while (f.c.cwnd < 900 * MSS)
		round_trip(&f);
	before = f.c.cwnd;
	xtcp_cong_set_mss(&f.c, MSS / 2);
	ack(&f, MSS);
	EXPECT_NEAR(test, f.c.cwnd, before, MSS);
	KUNIT_EXPECT_EQ(test, curve(&f)->w_max, 1000 * MSS);
	/* cbrt((1000 - 900) / 0.4 * 2) = 7.94 s, computed as above */
	EXPECT_NEAR(test, curve(&f)->k_ms, 7937, 40);
}

/* The reno-friendly region */

/* Section 4.3: 9/17 of a segment in a round trip, up to where the loss was;
 * then a whole one.  At 10 ms the curve itself gains nothing in 2 s.
 */
static void reno__alpha(struct kunit *test)
{
	struct flow f = flow_after_loss(20, 10 * MS);
	u32 begin = curve(&f)->w_est;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, begin, 14 * MSS);
	for (i = 0; i < 10; i++) {
		f.c.now_us += 10 * MS;
		ack(&f, f.c.cwnd);
	}
	/* 90/17 segments */
	EXPECT_NEAR(test, curve(&f)->w_est, begin + 5294, 1);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, curve(&f)->w_est);
	for (i = 0; i < 2; i++) {
		f.c.now_us += 10 * MS;
		ack(&f, f.c.cwnd);
	}
	/* 12 * 9/17, and then one by one */
	EXPECT_NEAR(test, f.c.cwnd, begin + 6352, 1);
	for (i = 1; i <= 10; i++) {
		f.c.now_us += 10 * MS;
		ack(&f, f.c.cwnd);
		EXPECT_NEAR(test, f.c.cwnd, begin + 6352 + i * MSS, 1);
	}
}

/*
 * w_max 40 segments, 50 ms: the curve, 40 + 0.4 (t - 3.107)^3, is ahead of
 * 28 + 9/17 t / 0.05 until t = 0.276 s, where both are at 30.92 segments
 * (bisection, 40 digits).
 */
static void reno__crossover(struct kunit *test)
{
	struct flow f = flow_after_loss(40, 50 * MS);
	u64 begin = f.c.now_us;

	while (f.c.now_us < begin + 200 * MS) {
		round_trip(&f);
		KUNIT_EXPECT_GE(test, cubic_window(curve(&f),
						   f.c.now_us - begin),
				curve(&f)->w_est);
	}
	while (f.c.now_us < begin + 400 * MS)
		round_trip(&f);
	EXPECT_NEAR(test, f.c.cwnd, 30919, 2 * MSS);
	while (f.c.now_us < begin + 800 * MS) {
		round_trip(&f);
		KUNIT_EXPECT_LT(test, cubic_window(curve(&f),
						   f.c.now_us - begin),
				curve(&f)->w_est);
		KUNIT_EXPECT_GE(test, f.c.cwnd, curve(&f)->w_est);
	}
}

/*
 * RFC 9438 section 5.1, tables 1 and 2: the average window when each 1/p-th
 * packet is lost, for C = 0.4.  The tables are of a flow that loses at the very
 * moment K; one made of segments reaches w_max a little later, which costs it
 * some 5 %.
 */
static void avoid__response_function(struct kunit *test)
{
	static const struct {
		u32 rtt_us, packets, window;
	} table[] = {
		{ 100 * MS, 100, 12 },
		{ 100 * MS, 1000, 38 },
		{ 100 * MS, 10000, 187 },
		{ 100 * MS, 100000, 1054 },
		{ 10 * MS, 100, 12 },
		{ 10 * MS, 1000, 38 },
		{ 10 * MS, 10000, 120 },
		{ 10 * MS, 100000, 379 },
	};
	unsigned int i, losses;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		struct flow f = flow_after_loss(table[i].window,
						table[i].rtt_us);
		u64 begin = 0, packets = 0, time = 0, mean;

		/* The first losses are for settling down. */
		for (losses = 0; losses < 40; losses++) {
			u32 n = table[i].packets;

			begin = f.c.now_us;
			while (n--) {
				f.c.now_us += table[i].rtt_us * (u64)MSS /
					      f.c.cwnd;
				ack(&f, MSS);
			}
			if (losses >= 30) {
				packets += table[i].packets;
				time += f.c.now_us - begin;
			}
			lose(&f);
		}
		/* A window in each round trip. */
		mean = packets * table[i].rtt_us / time;
		EXPECT_NEAR(test, mean, table[i].window,
			    1 + table[i].window / 16);
	}
}

/* Reduction */

static void ssthresh__seven_tenths(struct kunit *test)
{
	struct flow f = flow_at(&xtcp_cubic, 100 * MSS, 50 * MSS, 100 * MS);

	xtcp_cong_on_loss(&f.c, 100 * MSS);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 70 * MSS);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 70 * MSS);
	KUNIT_EXPECT_EQ(test, xtcp_cubic.ssthresh(&f.c, 10 * MSS), 7 * MSS);
	KUNIT_EXPECT_EQ(test, xtcp_cubic.ssthresh(&f.c, 99 * MSS), 49 * MSS);
	KUNIT_EXPECT_EQ(test, xtcp_cubic.ssthresh(&f.c, 2 * MSS), 2 * MSS);
	KUNIT_EXPECT_EQ(test, xtcp_cubic.ssthresh(&f.c, 0), 2 * MSS);
	f.c.cwnd = XTCP_MAX_CWND_BYTES;
	KUNIT_EXPECT_EQ(test, xtcp_cubic.ssthresh(&f.c, U32_MAX), 751619276u);
}

static void ecn__as_loss(struct kunit *test)
{
	struct flow f = flow_at(&xtcp_cubic, 100 * MSS, 50 * MSS, 100 * MS);

	xtcp_cong_on_ecn(&f.c, 100 * MSS);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 70 * MSS);
	ack(&f, 1);
	KUNIT_EXPECT_EQ(test, curve(&f)->w_max, 100 * MSS);
}

/* Section 4.7: (1 + 0.7) / 2 of the window when it is below the last w_max. */
static void fast_convergence__plateau_lower(struct kunit *test)
{
	struct flow f = flow_after_loss(100, 100 * MS);

	f.c.cwnd = 80 * MSS;
	lose(&f);
	KUNIT_EXPECT_EQ(test, curve(&f)->w_max, 68 * MSS);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 56 * MSS);
	/* Below it once more, and then above: as without. */
	f.c.cwnd = 60 * MSS;
	lose(&f);
	KUNIT_EXPECT_EQ(test, curve(&f)->w_max, 51 * MSS);
	f.c.cwnd = 60 * MSS;
	lose(&f);
	KUNIT_EXPECT_EQ(test, curve(&f)->w_max, 60 * MSS);
}

/* Section 4.8: K is 0, the plateau is where congestion avoidance begins. */
static void rto__convex_from_the_threshold(struct kunit *test)
{
	struct flow f = flow_after_loss(1000, 100 * MS);
	u64 begin;

	f.c.cwnd = 100 * MSS;
	xtcp_cong_on_rto(&f.c, 100 * MSS, 0, true);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, MSS);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 70 * MSS);
	xtcp_cong_on_rto(&f.c, MSS, 0, false);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 70 * MSS);
	while (f.c.cwnd < 70 * MSS)
		round_trip(&f);
	ack(&f, 1);
	begin = curve(&f)->epoch_us;
	KUNIT_EXPECT_EQ(test, curve(&f)->k_ms, 0u);
	KUNIT_EXPECT_GE(test, curve(&f)->w_max, 70 * MSS);
	KUNIT_EXPECT_LE(test, curve(&f)->w_max, 71 * MSS);
	/* 70 + 0.4 * 10^3, and 101 + 100 ms lag are for the curve's lead */
	while (f.c.now_us < begin + 10 * SEC)
		round_trip(&f);
	KUNIT_EXPECT_GE(test, f.c.cwnd, 470 * MSS);
	KUNIT_EXPECT_LE(test, f.c.cwnd, 500 * MSS);
}

static void undo__all_of_it(struct kunit *test)
{
	struct flow f = flow_after_loss(1000, 100 * MS);
	struct flow g;
	struct cubic_curve before;
	unsigned int i;

	for (i = 0; i < 20; i++)
		round_trip(&f);
	g = f;
	before = *curve(&f);
	xtcp_cong_on_loss(&f.c, f.c.cwnd);
	f.c.now_us += 100 * MS;
	KUNIT_EXPECT_NE(test, curve(&f)->w_max, before.w_max);
	xtcp_cong_undo(&f.c);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, g.c.cwnd);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, g.c.ssthresh);
	KUNIT_EXPECT_EQ(test, memcmp(curve(&f), &before, sizeof(before)), 0);
	/* It goes on as if nothing had been. */
	g.c.now_us += 100 * MS;
	for (i = 0; i < 20; i++) {
		round_trip(&f);
		round_trip(&g);
	}
	EXPECT_NEAR(test, f.c.cwnd, g.c.cwnd, MSS);
}

static void undo__timeout(struct kunit *test)
{
	struct flow f = flow_after_loss(1000, 100 * MS);
	u32 w_max = curve(&f)->w_max, cwnd = f.c.cwnd;

	xtcp_cong_on_rto(&f.c, cwnd, 0, true);
	xtcp_cong_on_rto(&f.c, MSS, 0, false);
	xtcp_cong_undo(&f.c);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, cwnd);
	KUNIT_EXPECT_EQ(test, curve(&f)->w_max, w_max);
	KUNIT_EXPECT_TRUE(test, curve(&f)->running);
}

static void undo__too_late(struct kunit *test)
{
	struct flow f = flow_after_loss(100, 100 * MS);
	u32 cwnd = f.c.cwnd;

	lose(&f);
	ack(&f, 1);
	f.c.cwnd = cwnd + MSS;
	xtcp_cong_undo(&f.c);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, cwnd + MSS);
	/* 0.85 of 70 */
	KUNIT_EXPECT_EQ(test, curve(&f)->w_max, 59500u);
}

/* The first slow start, and what follows */

/* RFC 9406 raised the alarm, hystart_test.c has how. */
static struct flow flow_in_css(struct kunit *test)
{
	struct flow f = flow_at(&xtcp_cubic, 10 * MSS, XTCP_INFINITE_SSTHRESH,
				80 * MS);

	round_trip(&f);
	round_trip(&f);
	f.rtt_us = 90 * MS;
	round_trip(&f);
	KUNIT_ASSERT_TRUE(test, cubic_of(&f.c)->hystart.css);
	return f;
}

/* Section 4.10: without a loss, on the plateau, and reno in full. */
static void start__ends_on_the_plateau(struct kunit *test)
{
	struct flow f = flow_in_css(test);
	u32 before;

	round_trip(&f);
	send_window(&f);
	do {
		before = f.c.cwnd;
		ack(&f, MSS);
	} while (xtcp_in_slow_start(&f.c));
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, before);
	KUNIT_EXPECT_EQ(test, curve(&f)->k_ms, 0u);
	KUNIT_EXPECT_EQ(test, curve(&f)->w_max, before);
	KUNIT_EXPECT_EQ(test, curve(&f)->cwnd_prior, 0u);
}

static void start__ends_with_a_loss(struct kunit *test)
{
	struct flow f = flow_in_css(test);
	u32 cwnd = f.c.cwnd;

	lose(&f);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, (u32)((u64)cwnd * 7 / 10));
	ack(&f, MSS);
	KUNIT_EXPECT_EQ(test, curve(&f)->w_max, cwnd);
}

/* Whatever happens, the window is sane, and no ACK makes it smaller. */
static void cubic__windows_stay_sane(struct kunit *test)
{
	struct flow f = flow_at(&xtcp_cubic, 10 * MSS, XTCP_INFINITE_SSTHRESH, MS);
	u32 seed = 9438, before;
	int i;

	for (i = 0; i < XTCP_TEST_ROUNDS; i++) {
		u32 n = test_rnd(&seed) >> test_rnd_below(&seed, 32);

		f.c.now_us += test_rnd(&seed) >> test_rnd_below(&seed, 32);
		f.c.cwnd_limited = test_rnd_below(&seed, 4);
		f.rtt_us = test_rnd(&seed) >> test_rnd_below(&seed, 32);
		switch (test_rnd_below(&seed, 16)) {
		case 0:
			xtcp_cong_on_rto(&f.c, n, 0, test_rnd_below(&seed, 2));
			break;
		case 1:
			xtcp_cong_on_loss(&f.c, n);
			break;
		case 2:
			xtcp_cong_undo(&f.c);
			break;
		case 3:
			xtcp_cong_idle(&f.c, n, 200 * MS);
			break;
		case 4:
			xtcp_cong_set_mss(&f.c, 1 + (n & 0xffff));
			break;
		case 5:
			xtcp_cong_on_ecn(&f.c, n);
			break;
		case 6:
			f.c.cwnd = max(f.c.mss, n & 0x3fffffff);
			break;
		default:
			before = f.c.cwnd;
			ack(&f, n);
			KUNIT_ASSERT_GE(test, f.c.cwnd, before);
		}
		KUNIT_ASSERT_GE(test, f.c.cwnd, f.c.mss);
		KUNIT_ASSERT_LE(test, f.c.cwnd, XTCP_MAX_CWND_BYTES);
		KUNIT_ASSERT_GE(test, f.c.ssthresh, 2u);
	}
}

static struct kunit_case cubic_cases[] = {
	KUNIT_CASE(cubic_root__cubes),
	KUNIT_CASE(cubic_begin__k),
	KUNIT_CASE(cubic_window__equation_1),
	KUNIT_CASE(cubic_window__limits),
	KUNIT_CASE(avoid__concave_and_convex),
	KUNIT_CASE(avoid__at_most_half_more_in_a_round),
	KUNIT_CASE(queue__slow_beyond_the_plateau),
	KUNIT_CASE(queue__no_leap_when_it_is_gone),
	KUNIT_CASE(queue__not_in_short_buffers),
	KUNIT_CASE(avoid__never_shrinks),
	KUNIT_CASE(avoid__divided_acks_gain_nothing),
	KUNIT_CASE(avoid__only_when_limited),
	KUNIT_CASE(pause__does_not_count),
	KUNIT_CASE(idle__begins_an_epoch),
	KUNIT_CASE(mss__changes_without_a_leap),
	KUNIT_CASE(reno__alpha),
	KUNIT_CASE(reno__crossover),
	KUNIT_CASE(avoid__response_function),
	KUNIT_CASE(ssthresh__seven_tenths),
	KUNIT_CASE(ecn__as_loss),
	KUNIT_CASE(fast_convergence__plateau_lower),
	KUNIT_CASE(rto__convex_from_the_threshold),
	KUNIT_CASE(undo__all_of_it),
	KUNIT_CASE(undo__timeout),
	KUNIT_CASE(undo__too_late),
	KUNIT_CASE(start__ends_on_the_plateau),
	KUNIT_CASE(start__ends_with_a_loss),
	KUNIT_CASE(cubic__windows_stay_sane),
	{}
};

static struct kunit_suite cubic_suite = {
	.name = "xtcp_cong_cubic",
	.test_cases = cubic_cases,
};

kunit_test_suites(&cubic_suite);
