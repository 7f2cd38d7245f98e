/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the KUnit suites share.
 *
 * A case is named function__case.  Property cases draw from a generator with
 * a fixed seed: each run tests the same inputs, and a failure comes back.
 */
#ifndef _XTCP_KUNIT_H
#define _XTCP_KUNIT_H

#include <kunit/test.h>
#include <linux/types.h>

#define XTCP_TEST_ROUNDS	10000

/* xorshift32 (Marsaglia); the state is never 0 */
static inline u32 test_rnd(u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* 0 to n - 1 */
static inline u32 test_rnd_below(u32 *state, u32 n)
{
	return test_rnd(state) % n;
}

static inline void test_rnd_bytes(u32 *state, u8 *buf, unsigned int len)
{
	while (len--)
		*buf++ = test_rnd(state) >> 24;
}

#endif /* _XTCP_KUNIT_H */
