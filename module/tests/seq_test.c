// SPDX-License-Identifier: GPL-2.0
/* Sequence arithmetic: ../seq.h */
#include <linux/module.h>

#include "xtcp_kunit.h"
#include "../seq.h"

#define HALF	0x80000000u

static void seq_before__near(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, xtcp_before(1, 2));
	KUNIT_EXPECT_FALSE(test, xtcp_before(2, 1));
	KUNIT_EXPECT_FALSE(test, xtcp_before(2, 2));
}

static void seq_before__wrap(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, xtcp_before(0xffffffff, 0));
	KUNIT_EXPECT_FALSE(test, xtcp_before(0, 0xffffffff));
	KUNIT_EXPECT_TRUE(test, xtcp_before(0xfffffff0, 0x10));
}

static void seq_before__half_turn(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, xtcp_before(0, HALF - 1));
	KUNIT_EXPECT_FALSE(test, xtcp_before(0, HALF + 1));
	KUNIT_EXPECT_TRUE(test, xtcp_before(5, 5 + HALF - 1));
}

static void seq_after__mirrors_before(struct kunit *test)
{
	u32 seed = 1;
	int i;

	for (i = 0; i < XTCP_TEST_ROUNDS; i++) {
		u32 a = test_rnd(&seed);
		u32 b = test_rnd(&seed);

		KUNIT_ASSERT_EQ(test, xtcp_after(a, b), xtcp_before(b, a));
		if (a != b && a - b != HALF)
			KUNIT_ASSERT_NE(test, xtcp_after(a, b),
					xtcp_before(a, b));
	}
}

static void seq_between__bounds_belong(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, xtcp_between(10, 10, 20));
	KUNIT_EXPECT_TRUE(test, xtcp_between(20, 10, 20));
	KUNIT_EXPECT_FALSE(test, xtcp_between(9, 10, 20));
	KUNIT_EXPECT_FALSE(test, xtcp_between(21, 10, 20));
	KUNIT_EXPECT_TRUE(test, xtcp_between(10, 10, 10));
	KUNIT_EXPECT_FALSE(test, xtcp_between(11, 10, 10));
}

static void seq_between__wrap(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, xtcp_between(0, 0xfffffff0, 0x10));
	KUNIT_EXPECT_TRUE(test, xtcp_between(0xffffffff, 0xfffffff0, 0x10));
	KUNIT_EXPECT_FALSE(test, xtcp_between(0x11, 0xfffffff0, 0x10));
	KUNIT_EXPECT_FALSE(test, xtcp_between(0xffffffef, 0xfffffff0, 0x10));
}

static void seq_max_min__wrap(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, xtcp_seq_max(0xffffffff, 1), 1u);
	KUNIT_EXPECT_EQ(test, xtcp_seq_min(0xffffffff, 1), 0xffffffffu);
	KUNIT_EXPECT_EQ(test, xtcp_seq_max(7, 7), 7u);
	KUNIT_EXPECT_EQ(test, xtcp_seq_min(7, 7), 7u);
	KUNIT_EXPECT_EQ(test, xtcp_seq_max(3, 9), 9u);
	KUNIT_EXPECT_EQ(test, xtcp_seq_min(3, 9), 3u);
}

static void seq_max_min__one_of_two(struct kunit *test)
{
	u32 seed = 2;
	int i;

	for (i = 0; i < XTCP_TEST_ROUNDS; i++) {
		u32 a = test_rnd(&seed);
		u32 b = a + test_rnd_below(&seed, HALF);

		KUNIT_ASSERT_EQ(test, xtcp_seq_max(a, b), b);
		KUNIT_ASSERT_EQ(test, xtcp_seq_min(a, b), a);
		KUNIT_ASSERT_EQ(test, xtcp_seq_max(b, a), b);
		KUNIT_ASSERT_EQ(test, xtcp_seq_min(b, a), a);
	}
}

static struct kunit_case seq_cases[] = {
	KUNIT_CASE(seq_before__near),
	KUNIT_CASE(seq_before__wrap),
	KUNIT_CASE(seq_before__half_turn),
	KUNIT_CASE(seq_after__mirrors_before),
	KUNIT_CASE(seq_between__bounds_belong),
	KUNIT_CASE(seq_between__wrap),
	KUNIT_CASE(seq_max_min__wrap),
	KUNIT_CASE(seq_max_min__one_of_two),
	{}
};

static struct kunit_suite seq_suite = {
	.name = "xtcp_seq",
	.test_cases = seq_cases,
};

kunit_test_suites(&seq_suite);

MODULE_DESCRIPTION("XTCP: tests of the rooms that know numbers and bytes only");
MODULE_LICENSE("GPL");
