/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites of CUBIC and HyStart++ share: a connection whose window is
 * always full, fed ACKs by hand, a round trip at a time.
 */
#ifndef _XTCP_FLOW_FEED_H
#define _XTCP_FLOW_FEED_H

#include "xtcp_kunit.h"
#include "../cong.h"

#define MSS	1000u
#define MS	1000u
#define SEC	1000000ull

/* A connection whose window is always full, and its path. */
struct flow {
	struct xtcp_cong	c;
	u64			delivered;
	u64			sent_at;	/* @delivered, when this flew off */
	u32			rtt_us;
	u32			min_rtt_us;
};

static inline struct flow flow_at(const struct xtcp_cong_ops *ops, u32 cwnd,
				  u32 ssthresh, u32 rtt_us)
{
	struct flow f = { .rtt_us = rtt_us, .min_rtt_us = rtt_us };

	xtcp_cong_start(&f.c, ops, MSS);
	f.c.cwnd = cwnd;
	f.c.ssthresh = ssthresh;
	f.c.cwnd_limited = true;
	f.c.now_us = 77 * SEC;
	return f;
}

/* A round trip begins: what is acknowledged from now on was sent now. */
static inline void send_window(struct flow *f)
{
	f->sent_at = f->delivered;
}

static inline void ack(struct flow *f, u32 bytes)
{
	struct xtcp_ack_sample s = {
		.acked		= bytes,
		.rtt_us		= f->rtt_us,
		.srtt_us	= f->rtt_us,
		.min_rtt_us	= f->min_rtt_us,
	};

	f->delivered += bytes;
	s.delivered = f->delivered;
	s.prior_delivered = f->sent_at;
	xtcp_cong_on_ack(&f->c, &s);
}

/* A round trip: the window's segments are acknowledged, evenly spread. */
static inline void round_trip(struct flow *f)
{
	u32 n = max(f->c.cwnd / MSS, 1u);
	u32 i;

	send_window(f);
	for (i = 0; i < n; i++) {
		f->c.now_us += f->rtt_us / n;
		ack(f, MSS);
	}
}

static inline void lose(struct flow *f)
{
	xtcp_cong_on_loss(&f->c, f->c.cwnd);
	xtcp_cong_recovered(&f->c, XTCP_CA_RECOVERY);
}

/* @a is @b, give or take @tolerance */
#define EXPECT_NEAR(test, a, b, tolerance) do {				\
	s64 near_a = (a), near_b = (b);					\
									\
	KUNIT_EXPECT_LE(test, near_a, near_b + (s64)(tolerance));	\
	KUNIT_EXPECT_GE(test, near_a, near_b - (s64)(tolerance));	\
} while (0)

#endif /* _XTCP_FLOW_FEED_H */
