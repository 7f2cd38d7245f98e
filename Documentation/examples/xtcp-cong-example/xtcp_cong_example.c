// SPDX-License-Identifier: GPL-2.0
/*
 * A congestion controller in a module of its own: "background", for transfers
 * that may take their time, after LEDBAT (RFC 6817).
 *
 * It takes what others leave.  The queue at the bottleneck tells whether there
 * are others: the round trip above its smallest value.
 *
 *	  segments
 *	  per window
 *	   +1 |\
 *	      |  \	    Grow as reno as long as there is no queue, stand
 *	    0 |----\----+    still when it is target_us long, and shrink when it
 *	      |      \      is longer: before somebody else loses a packet.
 *	   -1 |        \
 *	      +----+----+-> queueing delay
 *	        target
 *
 * RFC 6817 measures the delay of one direction; here it is the round trip's, so
 * a queue on the way back counts as well.
 *
 *	insmod xtcp_cong_example.ko
 *	sysctl net.xtcp.congestion_control=background
 *
 * or for one socket: setsockopt(fd, SOL_XTCP, XTCP_CONGESTION, "background", 10).
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "cong.h"

/* RFC 6817 allows up to 100 ms; a tenth of that is hardly felt. */
static unsigned int target_us = 10000;
module_param(target_us, uint, 0644);
MODULE_PARM_DESC(target_us, "queueing delay to settle at, µs");

/* What a connection keeps is in its struct xtcp_cong. */
struct background {
	u64	surplus;	/* bytes acknowledged above the target */
};

static struct background *background_of(struct xtcp_cong *c)
{
	BUILD_BUG_ON(sizeof(struct background) > sizeof(c->priv));
	return (struct background *)c->priv;
}

static u32 background_least(const struct xtcp_cong *c)
{
	return XTCP_MIN_CWND_SEGS * c->mss;
}

/* The counterpart of xtcp_cong_avoid_ai(): one segment for each window. */
static void background_shrink(struct xtcp_cong *c, u64 bytes)
{
	struct background *b = background_of(c);

	b->surplus += bytes;
	if (b->surplus < c->cwnd)
		return;
	b->surplus = 0;
	c->cwnd = max(c->cwnd - min(c->cwnd, c->mss), background_least(c));
}

static void background_on_ack(struct xtcp_cong *c,
			      const struct xtcp_ack_sample *s)
{
	u32 target = max(READ_ONCE(target_us), 1u);
	u32 queued, left;

	/* No round trip was measured yet, or it fell just now. */
	if (s->srtt_us < s->min_rtt_us)
		return;
	queued = s->srtt_us - s->min_rtt_us;
	if (queued > target) {
		/* Also the end of slow start, if it is the first. */
		c->ssthresh = min(c->ssthresh, c->cwnd);
		background_shrink(c, div_u64((u64)min(queued - target, target) *
					     s->acked, target));
		return;
	}
	/* A window that nobody fills has proved nothing. */
	if (!c->cwnd_limited)
		return;
	left = xtcp_cong_slow_start(c, s->acked);
	xtcp_cong_avoid_ai(c, div_u64((u64)(target - queued) * left, target));
}

static u32 background_ssthresh(struct xtcp_cong *c, u32 inflight)
{
	return max(min(inflight, c->cwnd) / 2, background_least(c));
}

static u32 background_undo_cwnd(struct xtcp_cong *c)
{
	return c->prior_cwnd;
}

static struct xtcp_cong_ops background = {
	.name		= "background",
	.owner		= THIS_MODULE,
	.on_ack		= background_on_ack,
	.ssthresh	= background_ssthresh,
	.undo_cwnd	= background_undo_cwnd,
};

static int __init background_init(void)
{
	return xtcp_register_congestion_control(&background);
}

/* Not called as long as a socket or a namespace uses it: they hold the owner. */
static void __exit background_exit(void)
{
	xtcp_unregister_congestion_control(&background);
}

module_init(background_init);
module_exit(background_exit);

MODULE_DESCRIPTION("XTCP: a congestion controller for background transfers");
MODULE_LICENSE("GPL");
