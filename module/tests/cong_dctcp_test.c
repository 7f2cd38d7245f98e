// SPDX-License-Identifier: GPL-2.0
/* DCTCP: ../cong_dctcp.c, driven through ../cong.c, with ../cong_reno.c. */
#include <linux/module.h>

#include "xtcp_kunit.h"

#include "../cong_dctcp.c"

#define MSS	1000u

struct flow {
	struct xtcp_cong	c;
	u64			delivered;
	u64			sent_at;	/* @delivered, when this flew off */
};

static struct flow flow_at(u32 cwnd, u32 ssthresh)
{
	struct flow f = { };

	xtcp_cong_start(&f.c, &xtcp_dctcp, MSS);
	f.c.cwnd = cwnd;
	f.c.ssthresh = ssthresh;
	f.c.cwnd_limited = true;
	f.c.ecn = true;
	return f;
}

static u32 alpha(struct flow *f)
{
	return dctcp_of(&f->c)->alpha;
}

/* As the engine does it: no growth while the window comes down. */
static void ack(struct flow *f, u32 bytes, u32 marked, enum xtcp_ca_state state)
{
	struct xtcp_ack_sample s = {
		.acked		= bytes,
		.ce_bytes	= marked,
		.ca_state	= state,
		.prior_delivered = f->sent_at,
	};

	f->delivered += bytes;
	s.delivered = f->delivered;
	xtcp_cong_observe(&f->c, &s);
	if (state == XTCP_CA_OPEN)
		xtcp_cong_on_ack(&f->c, &s);
}

/* A round trip of @bytes, @marked of them; what it told counts in the next. */
static void observe(struct flow *f, u32 bytes, u32 marked)
{
	f->sent_at = f->delivered;
	ack(f, bytes, marked, XTCP_CA_CWR);
}

/* RFC 8257 section 3.3 */

static void alpha__begins_at_one(struct kunit *test)
{
	struct flow f = flow_at(10 * MSS, XTCP_INFINITE_SSTHRESH);

	KUNIT_EXPECT_EQ(test, alpha(&f), DCTCP_ONE);
}

/*
 * With a constant share M of marks alpha after n round trips is
 * M + (1 - M) (15/16)^n: here in 2^-20, from floating-point numbers.
 */
static void alpha__converges(struct kunit *test)
{
	static const struct {
		u32 marked, n, alpha;
	} known[] = {
		{ 0, 1, 983040 }, { 0, 2, 921600 }, { 0, 16, 373371 },
		{ 0, 32, 132948 }, { 0, 100, 1651 },
		{ 25, 1, 999424 }, { 25, 2, 953344 }, { 25, 16, 542172 },
		{ 25, 32, 361855 }, { 25, 100, 263382 },
		{ 50, 1, 1015808 }, { 50, 2, 985088 }, { 50, 16, 710973 },
		{ 50, 32, 590762 }, { 50, 100, 525113 },
		{ 100, 1, 1048576 }, { 100, 100, 1048576 },
	};
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		struct flow f = flow_at(100 * MSS, 50 * MSS);

		for (n = 0; n < known[i].n; n++)
			observe(&f, 100 * MSS, known[i].marked * MSS);
		/* A sixteenth that is lost each time adds up to sixteen. */
		KUNIT_EXPECT_GE(test, alpha(&f) + 16, known[i].alpha);
		KUNIT_EXPECT_LE(test, alpha(&f), known[i].alpha + 16);
	}
}

static void alpha__reaches_both_ends(struct kunit *test)
{
	struct flow f = flow_at(100 * MSS, 50 * MSS);
	unsigned int i;

	for (i = 0; i < 400; i++)
		observe(&f, 100 * MSS, 0);
	KUNIT_EXPECT_EQ(test, alpha(&f), 0u);
	for (i = 0; i < 400; i++) {
		observe(&f, 100 * MSS, 100 * MSS);
		KUNIT_ASSERT_LE(test, alpha(&f), DCTCP_ONE);
	}
	KUNIT_EXPECT_EQ(test, alpha(&f), DCTCP_ONE);
}

/* Many ACKs are one observation, as long as they are of one flight. */
static void alpha__once_in_a_round_trip(struct kunit *test)
{
	struct flow f = flow_at(100 * MSS, 50 * MSS);
	unsigned int i;

	observe(&f, MSS, 0);	/* ends the window that begins with nothing */
	KUNIT_ASSERT_EQ(test, alpha(&f), DCTCP_ONE / 16 * 15);
	for (i = 0; i < 99; i++)
		ack(&f, MSS, i < 50 ? MSS : 0, XTCP_CA_OPEN);
	KUNIT_EXPECT_EQ(test, alpha(&f), DCTCP_ONE / 16 * 15);
	/* 50 of 100 */
	observe(&f, MSS, 0);
	KUNIT_EXPECT_EQ(test, alpha(&f), DCTCP_ONE / 256 * 225 + DCTCP_ONE / 32);
}

static void alpha__more_marks_than_bytes(struct kunit *test)
{
	struct flow f = flow_at(100 * MSS, 50 * MSS);
	unsigned int i;

	for (i = 0; i < 100; i++) {
		observe(&f, MSS, U32_MAX);
		KUNIT_ASSERT_EQ(test, alpha(&f), DCTCP_ONE);
	}
	dctcp_of(&f.c)->alpha = 0;
	observe(&f, MSS, 10 * MSS);
	KUNIT_EXPECT_EQ(test, alpha(&f), DCTCP_ONE / 16);
	dctcp_of(&f.c)->alpha = DCTCP_ONE;
	/* What acknowledges nothing ends no window. */
	observe(&f, 0, MSS);
	KUNIT_EXPECT_EQ(test, alpha(&f), DCTCP_ONE);
	observe(&f, U32_MAX, 0);
	observe(&f, U32_MAX, U32_MAX);
	KUNIT_EXPECT_LE(test, alpha(&f), DCTCP_ONE);
}

/* Reduction */

static void ecn__cuts_by_half_of_alpha(struct kunit *test)
{
	static const struct {
		u32 alpha, cwnd;
	} known[] = {
		{ DCTCP_ONE, 50 * MSS },
		{ DCTCP_ONE / 2, 75 * MSS },
		{ DCTCP_ONE / 10, 95 * MSS },
		{ 0, 100 * MSS },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		struct flow f = flow_at(100 * MSS, 50 * MSS);

		dctcp_of(&f.c)->alpha = known[i].alpha;
		xtcp_cong_on_ecn(&f.c, 100 * MSS);
		KUNIT_EXPECT_GE(test, f.c.cwnd, known[i].cwnd);
		KUNIT_EXPECT_LE(test, f.c.cwnd, known[i].cwnd + 1);
		KUNIT_EXPECT_EQ(test, f.c.ssthresh, f.c.cwnd);
		/* A mark is never a mistake. */
		xtcp_cong_undo(&f.c);
		KUNIT_EXPECT_LE(test, f.c.cwnd, known[i].cwnd + 1);
	}
}

static void ecn__limits(struct kunit *test)
{
	struct flow f = flow_at(2 * MSS, 2 * MSS);

	xtcp_cong_on_ecn(&f.c, 2 * MSS);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 2 * MSS);
	f.c.cwnd = XTCP_MAX_CWND_BYTES;
	xtcp_cong_on_ecn(&f.c, U32_MAX);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, XTCP_MAX_CWND_BYTES / 2);
	xtcp_cong_set_mss(&f.c, 1);
	f.c.cwnd = 1;
	xtcp_cong_on_ecn(&f.c, 0);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 1u);
}

/* Sections 3.4 and 3.5: the rest is reno's. */
static void loss__halves(struct kunit *test)
{
	struct flow f = flow_at(100 * MSS, 50 * MSS);

	dctcp_of(&f.c)->alpha = 0;
	xtcp_cong_on_loss(&f.c, 100 * MSS);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 50 * MSS);
	xtcp_cong_undo(&f.c);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 100 * MSS);
	xtcp_cong_on_rto(&f.c, 80 * MSS, 0, true);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, MSS);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, 40 * MSS);
}

static void growth__as_reno(struct kunit *test)
{
	struct flow f = flow_at(10 * MSS, 40 * MSS);

	ack(&f, 10 * MSS, 0, XTCP_CA_OPEN);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 20 * MSS);
	ack(&f, 20 * MSS, 0, XTCP_CA_OPEN);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 40 * MSS);
	ack(&f, 40 * MSS, 0, XTCP_CA_OPEN);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 41 * MSS);
	f.c.cwnd_limited = false;
	ack(&f, 41 * MSS, 0, XTCP_CA_OPEN);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 41 * MSS);
}

static void flags__wants_ecn(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, xtcp_dctcp.flags, (u32)XTCP_CONG_WANTS_ECN);
}

/*
 * One flow over a switch that marks while more than W* packets are under way.
 * Alizadeh et al., "Data Center TCP", SIGCOMM 2010, equation 6: alpha^2
 * (1 - alpha / 4) = (2 W* + 1) / (W* + 1)^2, solved by bisection: 0.318, 0.202,
 * 0.143 for 20, 50, 100 packets; and the window goes up and down by
 * (W* + 1) alpha / 2.  The analysis takes alpha for constant, which holds as
 * long as the saw's teeth are shorter than the 16 round trips of its memory.
 */
static void switch__alpha_and_amplitude(struct kunit *test)
{
	static const struct {
		u32 packets, alpha, amplitude;
	} known[] = {
		{ 20, 333236, 3337 },
		{ 50, 212059, 5157 },
		{ 100, 149892, 7219 },
	};
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		u32 limit = known[i].packets * MSS, low = limit, high = 0;
		struct flow f = flow_at(limit, MSS);
		u64 sum = 0;

		for (n = 0; n < 2000; n++) {
			u32 sent = f.c.cwnd;
			bool marked = sent > limit;

			f.sent_at = f.delivered;
			if (marked)
				xtcp_cong_on_ecn(&f.c, sent);
			ack(&f, sent, marked ? sent : 0, marked ?
			    XTCP_CA_CWR : XTCP_CA_OPEN);
			if (n < 1000)
				continue;
			low = min(low, f.c.cwnd);
			high = max(high, f.c.cwnd);
			sum += alpha(&f);
		}
		KUNIT_EXPECT_GE(test, sum / 1000, known[i].alpha * 8 / 10);
		KUNIT_EXPECT_LE(test, sum / 1000, known[i].alpha * 12 / 10);
		KUNIT_EXPECT_LE(test, high, limit + MSS);
		KUNIT_EXPECT_GE(test, high - low, known[i].amplitude * 7 / 10);
		KUNIT_EXPECT_LE(test, high - low,
				known[i].amplitude * 13 / 10 + MSS);
	}
}

static struct kunit_case dctcp_cases[] = {
	KUNIT_CASE(alpha__begins_at_one),
	KUNIT_CASE(alpha__converges),
	KUNIT_CASE(alpha__reaches_both_ends),
	KUNIT_CASE(alpha__once_in_a_round_trip),
	KUNIT_CASE(alpha__more_marks_than_bytes),
	KUNIT_CASE(ecn__cuts_by_half_of_alpha),
	KUNIT_CASE(ecn__limits),
	KUNIT_CASE(loss__halves),
	KUNIT_CASE(growth__as_reno),
	KUNIT_CASE(flags__wants_ecn),
	KUNIT_CASE(switch__alpha_and_amplitude),
	{}
};

static struct kunit_suite dctcp_suite = {
	.name = "xtcp_cong_dctcp",
	.test_cases = dctcp_cases,
};

kunit_test_suites(&dctcp_suite);
