// SPDX-License-Identifier: GPL-2.0
/* SACK ranges: ../ranges.c */
#include <linux/bitmap.h>

#include "xtcp_kunit.h"
#include "../ranges.c"

#define MODEL_BITS	256

static void expect_range(struct kunit *test, const struct xtcp_ranges *s,
			 unsigned int i, u32 start, u32 end)
{
	KUNIT_ASSERT_LT(test, i, (unsigned int)s->n);
	KUNIT_EXPECT_EQ(test, s->r[i].start, start);
	KUNIT_EXPECT_EQ(test, s->r[i].end, end);
}

static void expect_n(struct kunit *test, const struct xtcp_ranges *s,
		     unsigned int n)
{
	KUNIT_ASSERT_EQ(test, (unsigned int)s->n, n);
}

static void ranges_init__empty(struct kunit *test)
{
	struct xtcp_ranges s;

	memset(&s, 0xff, sizeof(s));
	xtcp_ranges_init(&s);
	expect_n(test, &s, 0);
	xtcp_ranges_advance(&s, 5);
	expect_n(test, &s, 0);
}

static void ranges_add__empty_range(struct kunit *test)
{
	struct xtcp_ranges s;

	xtcp_ranges_init(&s);
	xtcp_ranges_add(&s, 10, 10);
	xtcp_ranges_add(&s, 10, 9);
	expect_n(test, &s, 0);
}

static void ranges_add__newest_first(struct kunit *test)
{
	struct xtcp_ranges s;

	xtcp_ranges_init(&s);
	xtcp_ranges_add(&s, 10, 20);
	xtcp_ranges_add(&s, 50, 60);
	xtcp_ranges_add(&s, 30, 40);
	expect_n(test, &s, 3);
	expect_range(test, &s, 0, 30, 40);
	expect_range(test, &s, 1, 50, 60);
	expect_range(test, &s, 2, 10, 20);
}

static void ranges_add__extended_moves_to_front(struct kunit *test)
{
	struct xtcp_ranges s;

	xtcp_ranges_init(&s);
	xtcp_ranges_add(&s, 10, 20);
	xtcp_ranges_add(&s, 50, 60);
	xtcp_ranges_add(&s, 20, 25);		/* touches */
	expect_n(test, &s, 2);
	expect_range(test, &s, 0, 10, 25);
	expect_range(test, &s, 1, 50, 60);
	xtcp_ranges_add(&s, 45, 55);		/* overlaps */
	expect_range(test, &s, 0, 45, 60);
	expect_range(test, &s, 1, 10, 25);
}

static void ranges_add__known_moves_to_front(struct kunit *test)
{
	struct xtcp_ranges s;

	xtcp_ranges_init(&s);
	xtcp_ranges_add(&s, 10, 20);
	xtcp_ranges_add(&s, 50, 60);
	xtcp_ranges_add(&s, 12, 15);		/* a duplicate */
	expect_n(test, &s, 2);
	expect_range(test, &s, 0, 10, 20);
}

static void ranges_add__bridges(struct kunit *test)
{
	struct xtcp_ranges s;

	xtcp_ranges_init(&s);
	xtcp_ranges_add(&s, 10, 20);
	xtcp_ranges_add(&s, 30, 40);
	xtcp_ranges_add(&s, 70, 80);
	xtcp_ranges_add(&s, 20, 30);
	expect_n(test, &s, 2);
	expect_range(test, &s, 0, 10, 40);
	expect_range(test, &s, 1, 70, 80);
	xtcp_ranges_add(&s, 5, 100);
	expect_n(test, &s, 1);
	expect_range(test, &s, 0, 5, 100);
}

static void ranges_add__next_to_but_apart(struct kunit *test)
{
	struct xtcp_ranges s;

	xtcp_ranges_init(&s);
	xtcp_ranges_add(&s, 10, 20);
	xtcp_ranges_add(&s, 21, 30);
	expect_n(test, &s, 2);
	xtcp_ranges_add(&s, 20, 21);
	expect_n(test, &s, 1);
	expect_range(test, &s, 0, 10, 30);
}

static void ranges_add__wrap(struct kunit *test)
{
	struct xtcp_ranges s;

	xtcp_ranges_init(&s);
	xtcp_ranges_add(&s, 0xfffffff0, 0);
	xtcp_ranges_add(&s, 0x10, 0x20);
	expect_n(test, &s, 2);
	xtcp_ranges_add(&s, 0, 0x10);
	expect_n(test, &s, 1);
	expect_range(test, &s, 0, 0xfffffff0, 0x20);
}

static void ranges_add__full_drops_oldest(struct kunit *test)
{
	struct xtcp_ranges s;
	u32 i;

	xtcp_ranges_init(&s);
	for (i = 0; i < XTCP_RANGES_MAX + 3; i++)
		xtcp_ranges_add(&s, i * 10, i * 10 + 5);
	expect_n(test, &s, XTCP_RANGES_MAX);
	for (i = 0; i < XTCP_RANGES_MAX; i++) {
		u32 start = (XTCP_RANGES_MAX + 2 - i) * 10;

		expect_range(test, &s, i, start, start + 5);
	}
}

static void ranges_add__full_merge_drops_none(struct kunit *test)
{
	struct xtcp_ranges s;
	u32 i;

	xtcp_ranges_init(&s);
	for (i = 0; i < XTCP_RANGES_MAX; i++)
		xtcp_ranges_add(&s, i * 10, i * 10 + 5);
	xtcp_ranges_add(&s, 5, 6);
	expect_n(test, &s, XTCP_RANGES_MAX);
	expect_range(test, &s, 0, 0, 6);
	expect_range(test, &s, XTCP_RANGES_MAX - 1, 10, 15);
}

static void ranges_advance__removes_and_trims(struct kunit *test)
{
	struct xtcp_ranges s;

	xtcp_ranges_init(&s);
	xtcp_ranges_add(&s, 10, 20);
	xtcp_ranges_add(&s, 50, 60);
	xtcp_ranges_add(&s, 30, 40);
	xtcp_ranges_advance(&s, 10);
	expect_n(test, &s, 3);
	xtcp_ranges_advance(&s, 20);
	expect_n(test, &s, 2);
	expect_range(test, &s, 0, 30, 40);
	xtcp_ranges_advance(&s, 35);
	expect_n(test, &s, 2);
	expect_range(test, &s, 0, 35, 40);
	expect_range(test, &s, 1, 50, 60);
	xtcp_ranges_advance(&s, 1000);
	expect_n(test, &s, 0);
}

static void ranges_advance__wrap(struct kunit *test)
{
	struct xtcp_ranges s;

	xtcp_ranges_init(&s);
	xtcp_ranges_add(&s, 0xfffffff0, 0x10);
	xtcp_ranges_add(&s, 0x20, 0x30);
	xtcp_ranges_advance(&s, 0xffffffff);
	expect_n(test, &s, 2);
	expect_range(test, &s, 1, 0xffffffff, 0x10);
	xtcp_ranges_advance(&s, 0x10);
	expect_n(test, &s, 1);
	expect_range(test, &s, 0, 0x20, 0x30);
}

static bool apart(const struct xtcp_sack_block *a,
		  const struct xtcp_sack_block *b)
{
	return xtcp_before(a->end, b->start) || xtcp_before(b->end, a->start);
}

/* Disjoint, not touching, not empty, within the bound. */
static void expect_sound(struct kunit *test, const struct xtcp_ranges *s)
{
	unsigned int i, j;

	KUNIT_ASSERT_LE(test, (unsigned int)s->n, XTCP_RANGES_MAX);
	for (i = 0; i < s->n; i++) {
		KUNIT_ASSERT_TRUE(test, xtcp_before(s->r[i].start,
						    s->r[i].end));
		for (j = i + 1; j < s->n; j++)
			KUNIT_ASSERT_TRUE(test, apart(&s->r[i], &s->r[j]));
	}
}

static unsigned int model_runs(const unsigned long *model, unsigned int bits)
{
	unsigned int i, runs = 0;

	for (i = 0; i < bits; i++)
		runs += test_bit(i, model) && (!i || !test_bit(i - 1, model));
	return runs;
}

/* All ranges hold bits that the model holds. */
static void expect_within(struct kunit *test, const struct xtcp_ranges *s,
			  const unsigned long *model, u32 base)
{
	unsigned int i;
	u32 seq;

	for (i = 0; i < s->n; i++) {
		KUNIT_ASSERT_LE(test, s->r[i].end - base, (u32)MODEL_BITS);
		for (seq = s->r[i].start; seq != s->r[i].end; seq++)
			KUNIT_ASSERT_TRUE(test, test_bit(seq - base, model));
	}
}

static unsigned int ranges_bytes(const struct xtcp_ranges *s)
{
	unsigned int i, sum = 0;

	for (i = 0; i < s->n; i++)
		sum += s->r[i].end - s->r[i].start;
	return sum;
}

/*
 * One life of a list beside a bitmap.  As long as @bits allow no more runs
 * than the list can hold, the two must be equal; beyond that the list may
 * have forgotten, never invented.
 */
static void play_model(struct kunit *test, u32 *seed, unsigned int bits)
{
	bool exact = bits <= 2 * XTCP_RANGES_MAX;
	DECLARE_BITMAP(model, MODEL_BITS);
	u32 base = test_rnd_below(seed, 4) ? test_rnd(seed) : -(bits / 2);
	struct xtcp_ranges s;
	unsigned int step, at = 0;

	bitmap_zero(model, MODEL_BITS);
	xtcp_ranges_init(&s);
	for (step = 0; step < 40; step++) {
		unsigned int from = test_rnd_below(seed, bits);
		unsigned int len = 1 + test_rnd_below(seed, 4);

		if (test_rnd_below(seed, 8) == 0) {
			at = max(at, from);
			bitmap_clear(model, 0, at);
			xtcp_ranges_advance(&s, base + at);
		} else if (from >= at) {
			len = min(len, bits - from);
			bitmap_set(model, from, len);
			xtcp_ranges_add(&s, base + from, base + from + len);
			KUNIT_ASSERT_LT(test, base + from - s.r[0].start,
					s.r[0].end - s.r[0].start);
		}
		expect_sound(test, &s);
		expect_within(test, &s, model, base);
		if (exact) {
			KUNIT_ASSERT_EQ(test, (unsigned int)s.n,
					model_runs(model, bits));
			KUNIT_ASSERT_EQ(test, ranges_bytes(&s),
					(unsigned int)bitmap_weight(model,
								MODEL_BITS));
		}
	}
}

static void ranges__equal_a_bitmap(struct kunit *test)
{
	u32 seed = 3;
	int i;

	for (i = 0; i < XTCP_TEST_ROUNDS / 20; i++)
		play_model(test, &seed, 2 * XTCP_RANGES_MAX);
}

static void ranges__within_a_bitmap_when_full(struct kunit *test)
{
	u32 seed = 4;
	int i;

	for (i = 0; i < XTCP_TEST_ROUNDS / 20; i++)
		play_model(test, &seed, MODEL_BITS);
}

static struct kunit_case ranges_cases[] = {
	KUNIT_CASE(ranges_init__empty),
	KUNIT_CASE(ranges_add__empty_range),
	KUNIT_CASE(ranges_add__newest_first),
	KUNIT_CASE(ranges_add__extended_moves_to_front),
	KUNIT_CASE(ranges_add__known_moves_to_front),
	KUNIT_CASE(ranges_add__bridges),
	KUNIT_CASE(ranges_add__next_to_but_apart),
	KUNIT_CASE(ranges_add__wrap),
	KUNIT_CASE(ranges_add__full_drops_oldest),
	KUNIT_CASE(ranges_add__full_merge_drops_none),
	KUNIT_CASE(ranges_advance__removes_and_trims),
	KUNIT_CASE(ranges_advance__wrap),
	KUNIT_CASE(ranges__equal_a_bitmap),
	KUNIT_CASE(ranges__within_a_bitmap_when_full),
	{}
};

static struct kunit_suite ranges_suite = {
	.name = "xtcp_ranges",
	.test_cases = ranges_cases,
};

kunit_test_suites(&ranges_suite);
