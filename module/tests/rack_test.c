// SPDX-License-Identifier: GPL-2.0
/* RACK's numbers: ../rack.c */
#include "xtcp_kunit.h"
#include "../rack.c"

#define MS	1000u
#define WRAP	0xfffffe00u	/* numbers that wrap in the middle of a test */

static struct xtcp_rack rack_at(u32 seq)
{
	struct xtcp_rack rack;

	xtcp_rack_init(&rack, seq);
	return rack;
}

static void rack_after__time_then_number(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, xtcp_rack_after(2, 0, 1, 100));
	KUNIT_EXPECT_FALSE(test, xtcp_rack_after(1, 100, 2, 0));
	KUNIT_EXPECT_TRUE(test, xtcp_rack_after(5, 10, 5, 0xfffffff0));
	KUNIT_EXPECT_FALSE(test, xtcp_rack_after(5, 10, 5, 10));
}

/* RFC 8985 section 6.2 step 2: the newest departure, not the newest arrival. */
static void rack_update__newest_departure(struct kunit *test)
{
	struct xtcp_rack rack = rack_at(WRAP);

	xtcp_rack_update(&rack, 200 * MS, WRAP + 2000, 50 * MS, false);
	KUNIT_EXPECT_EQ(test, rack.xmit_us, (u64)200 * MS);
	KUNIT_EXPECT_EQ(test, rack.rtt_us, 50 * MS);
	KUNIT_EXPECT_EQ(test, rack.fack, WRAP + 2000);
	KUNIT_EXPECT_FALSE(test, rack.reordering);
	/* Left earlier, came later: reordering, and no new xmit time. */
	xtcp_rack_update(&rack, 100 * MS, WRAP + 1000, 160 * MS, false);
	KUNIT_EXPECT_EQ(test, rack.xmit_us, (u64)200 * MS);
	KUNIT_EXPECT_EQ(test, rack.rtt_us, 50 * MS);
	KUNIT_EXPECT_TRUE(test, rack.reordering);
}

/* Step 3: a resend below what was delivered is no reordering. */
static void rack_update__resend_is_no_reordering(struct kunit *test)
{
	struct xtcp_rack rack = rack_at(0);

	xtcp_rack_update(&rack, 100 * MS, 3000, 50 * MS, false);
	xtcp_rack_update(&rack, 200 * MS, 1000, 50 * MS, true);
	KUNIT_EXPECT_FALSE(test, rack.reordering);
	KUNIT_EXPECT_EQ(test, rack.xmit_us, (u64)200 * MS);
	KUNIT_EXPECT_EQ(test, rack.fack, 3000u);
}

/* In order from any first number: none below it was ever delivered. */
static void rack_update__in_order(struct kunit *test)
{
	struct xtcp_rack rack = rack_at(WRAP);
	u32 i;

	for (i = 1; i <= 10; i++)
		xtcp_rack_update(&rack, i * MS, WRAP + i * 100, 50 * MS, false);
	KUNIT_EXPECT_FALSE(test, rack.reordering);
}

static void rack_reo_wnd__quarter_of_min_rtt(struct kunit *test)
{
	struct xtcp_rack rack = rack_at(0);

	KUNIT_EXPECT_EQ(test, xtcp_rack_reo_wnd_us(&rack, 40 * MS, 50 * MS,
						   false), 10 * MS);
	/* Three out of turn, and nothing was ever reordered: no patience. */
	KUNIT_EXPECT_EQ(test, xtcp_rack_reo_wnd_us(&rack, 40 * MS, 50 * MS,
						   true), 0u);
	rack.reordering = true;
	KUNIT_EXPECT_EQ(test, xtcp_rack_reo_wnd_us(&rack, 40 * MS, 50 * MS,
						   true), 10 * MS);
	/* No round trip known: nothing to wait by. */
	KUNIT_EXPECT_EQ(test, xtcp_rack_reo_wnd_us(&rack, U32_MAX, 0, false),
			0u);
}

/* Step 4: one quarter more for each round with a D-SACK, srtt at most. */
static void rack_adapt__once_in_a_round(struct kunit *test)
{
	struct xtcp_rack rack = rack_at(0);

	xtcp_rack_adapt(&rack, true, WRAP, WRAP + 1000);
	xtcp_rack_adapt(&rack, true, WRAP + 500, WRAP + 1500);
	KUNIT_EXPECT_EQ(test, rack.reo_wnd_mult, 2);
	KUNIT_EXPECT_TRUE(test, rack.reordering);
	/* The round is over when what was sent before the D-SACK is acked. */
	xtcp_rack_adapt(&rack, false, WRAP + 1000, WRAP + 2000);
	KUNIT_EXPECT_FALSE(test, rack.dsack);
	xtcp_rack_adapt(&rack, true, WRAP + 1000, WRAP + 2000);
	KUNIT_EXPECT_EQ(test, rack.reo_wnd_mult, 3);
	KUNIT_EXPECT_EQ(test, xtcp_rack_reo_wnd_us(&rack, 40 * MS, 50 * MS,
						   true), 30 * MS);
	KUNIT_EXPECT_EQ(test, xtcp_rack_reo_wnd_us(&rack, 40 * MS, 25 * MS,
						   true), 25 * MS);
}

/* A D-SACK that ends one round begins the next. */
static void rack_adapt__rounds_touch(struct kunit *test)
{
	struct xtcp_rack rack = rack_at(0);

	xtcp_rack_adapt(&rack, true, 0, 1000);
	xtcp_rack_adapt(&rack, true, 1000, 2000);
	KUNIT_EXPECT_EQ(test, rack.reo_wnd_mult, 3);
	KUNIT_EXPECT_EQ(test, rack.round_seq, 2000u);
}

static void rack_recovered__starts_over_after_16(struct kunit *test)
{
	struct xtcp_rack rack = rack_at(0);
	int i;

	xtcp_rack_adapt(&rack, true, 0, 1000);
	for (i = 0; i < XTCP_REO_WND_PERSIST - 1; i++)
		xtcp_rack_recovered(&rack);
	KUNIT_EXPECT_EQ(test, rack.reo_wnd_mult, 2);
	xtcp_rack_recovered(&rack);
	KUNIT_EXPECT_EQ(test, rack.reo_wnd_mult, 1);
	xtcp_rack_recovered(&rack);
	KUNIT_EXPECT_EQ(test, rack.reo_wnd_mult, 1);
}

static void rack_adapt__saturates(struct kunit *test)
{
	struct xtcp_rack rack = rack_at(0);
	u32 i;

	for (i = 0; i < 1000; i++)
		xtcp_rack_adapt(&rack, true, i * 10, i * 10 + 10);
	KUNIT_EXPECT_EQ(test, rack.reo_wnd_mult, U8_MAX);
	KUNIT_EXPECT_EQ(test, xtcp_rack_reo_wnd_us(&rack, 0xfffffffe,
						   0xffffffff, true),
			0xffffffffu);
}

static struct kunit_case rack_cases[] = {
	KUNIT_CASE(rack_after__time_then_number),
	KUNIT_CASE(rack_update__newest_departure),
	KUNIT_CASE(rack_update__resend_is_no_reordering),
	KUNIT_CASE(rack_update__in_order),
	KUNIT_CASE(rack_reo_wnd__quarter_of_min_rtt),
	KUNIT_CASE(rack_adapt__once_in_a_round),
	KUNIT_CASE(rack_adapt__rounds_touch),
	KUNIT_CASE(rack_recovered__starts_over_after_16),
	KUNIT_CASE(rack_adapt__saturates),
	{}
};

static struct kunit_suite rack_suite = {
	.name = "xtcp_rack",
	.test_cases = rack_cases,
};

kunit_test_suites(&rack_suite);
