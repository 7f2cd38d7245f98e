// SPDX-License-Identifier: GPL-2.0
/* Proportional rate reduction: ../prr.c */
#include "xtcp_kunit.h"
#include "../prr.c"

#define MSS	1000u

/*
 * The situation of RFC 6937 section 4's first example: 20 segments in flight, the
 * first one lost, ssthresh 10.  Each of the 19 others brings an ACK; the third
 * of them begins the recovery.  Computed by the formula of section 3: while more
 * than ten are in flight, ceil(delivered * 10 / 20) may have left.
 */
static void prr_quota__one_loss_of_twenty(struct kunit *test)
{
	unsigned int inflight = 19 * MSS - 3 * MSS, sent = 0, ack;
	struct xtcp_prr prr;

	xtcp_prr_begin(&prr, 20 * MSS);
	/* The third duplicate: three were delivered. */
	for (ack = 0; ack < 17; ack++) {
		u32 acked = ack ? MSS : 3 * MSS;
		u32 quota;

		if (ack)
			inflight -= MSS;
		quota = xtcp_prr_quota(&prr, 10 * MSS, inflight, acked, MSS,
				       false);
		KUNIT_EXPECT_LE(test, quota, 2 * MSS);
		while (quota >= MSS) {
			quota -= MSS;
			prr.out += MSS;
			inflight += MSS;
			sent++;
		}
	}
	/* 19 delivered at a ratio of 10/20: 9.5, and the first one early. */
	KUNIT_EXPECT_GE(test, sent, 9u);
	KUNIT_EXPECT_LE(test, sent, 10u);
	KUNIT_EXPECT_GE(test, inflight, 9 * MSS);
	KUNIT_EXPECT_LE(test, inflight, 10 * MSS);
}

/* The first resend leaves, however much is in flight. */
static void prr_quota__first_one_leaves(struct kunit *test)
{
	struct xtcp_prr prr;

	xtcp_prr_begin(&prr, 100 * MSS);
	KUNIT_EXPECT_EQ(test, xtcp_prr_quota(&prr, 50 * MSS, 99 * MSS, 1, MSS,
					     false), MSS);
	prr.out = MSS;
	KUNIT_EXPECT_EQ(test, xtcp_prr_quota(&prr, 50 * MSS, 99 * MSS, 1, MSS,
					     false), 0u);
}

/* Half of what arrives, when the window is to be halved. */
static void prr_quota__proportional(struct kunit *test)
{
	struct xtcp_prr prr;
	u32 quota;

	xtcp_prr_begin(&prr, 40 * MSS);
	prr.out = MSS;
	quota = xtcp_prr_quota(&prr, 20 * MSS, 35 * MSS, 10 * MSS, MSS, false);
	KUNIT_EXPECT_EQ(test, quota, 4 * MSS);	/* 10 / 2 - 1 */
	prr.out += quota;
	quota = xtcp_prr_quota(&prr, 20 * MSS, 30 * MSS, 10 * MSS, MSS, false);
	KUNIT_EXPECT_EQ(test, quota, 5 * MSS);
}

/* Below the threshold: as much as arrives; one more while nothing is lost. */
static void prr_quota__below_the_threshold(struct kunit *test)
{
	struct xtcp_prr prr;

	xtcp_prr_begin(&prr, 40 * MSS);
	prr.delivered = 5 * MSS;
	prr.out = 5 * MSS;
	KUNIT_EXPECT_EQ(test, xtcp_prr_quota(&prr, 20 * MSS, 5 * MSS, 2 * MSS,
					     MSS, false), 2 * MSS);
	prr.out += 2 * MSS;
	KUNIT_EXPECT_EQ(test, xtcp_prr_quota(&prr, 20 * MSS, 5 * MSS, 2 * MSS,
					     MSS, true), 3 * MSS);
	/* Never beyond the threshold. */
	prr.delivered = 100 * MSS;
	KUNIT_EXPECT_EQ(test, xtcp_prr_quota(&prr, 20 * MSS, 18 * MSS, MSS, MSS,
					     true), 2 * MSS);
}

/* Large windows, an empty flight, a segment above the threshold. */
static void prr_quota__limits(struct kunit *test)
{
	struct xtcp_prr prr;

	xtcp_prr_begin(&prr, 0x40000000);
	prr.out = 1;
	prr.delivered = 0x20000000;
	KUNIT_EXPECT_EQ(test, xtcp_prr_quota(&prr, 0x20000000, 0x3fffffff,
					     0x10000000, MSS, false),
			0x18000000u - 1);
	xtcp_prr_begin(&prr, 0);
	KUNIT_EXPECT_EQ(test, xtcp_prr_quota(&prr, 2 * MSS, 0, 0, MSS, false),
			MSS);
	xtcp_prr_begin(&prr, 0);
	KUNIT_EXPECT_GE(test, xtcp_prr_quota(&prr, 1, 2, 1, MSS, false), MSS);
}

static struct kunit_case prr_cases[] = {
	KUNIT_CASE(prr_quota__one_loss_of_twenty),
	KUNIT_CASE(prr_quota__first_one_leaves),
	KUNIT_CASE(prr_quota__proportional),
	KUNIT_CASE(prr_quota__below_the_threshold),
	KUNIT_CASE(prr_quota__limits),
	{}
};

static struct kunit_suite prr_suite = {
	.name = "xtcp_prr",
	.test_cases = prr_cases,
};

kunit_test_suites(&prr_suite);
