// SPDX-License-Identifier: GPL-2.0
/*
 * Reno: RFC 5681, with recovery as in RFC 6582, windows in bytes.
 *
 *	cwnd < ssthresh		slow start: one byte for each byte acknowledged
 *	else			congestion avoidance: one segment for each
 *				window acknowledged
 *	loss			ssthresh = half of what was in flight, at least
 *				two segments
 *
 * The oldest of the controllers, and the measure for the others: what shares
 * a path fairly with reno is safe to use.  It keeps nothing of its own.
 */
#include <linux/kernel.h>
#include <linux/module.h>

#include "cong.h"

static void reno_on_ack(struct xtcp_cong *c, const struct xtcp_ack_sample *s)
{
	u32 left;

	if (!c->cwnd_limited)
		return;
	left = xtcp_cong_slow_start(c, s->acked);
	if (left)
		xtcp_cong_avoid_ai(c, left);
}

/* RFC 5681 equation 4.  What is in flight may exceed the window for a moment
 * (retransmissions, a window that just shrank), but taught nothing beyond it.
 */
static u32 reno_ssthresh(struct xtcp_cong *c, u32 inflight)
{
	return max(min(inflight, c->cwnd) / 2, XTCP_MIN_CWND_SEGS * c->mss);
}

static u32 reno_undo_cwnd(struct xtcp_cong *c)
{
	return c->prior_cwnd;
}

struct xtcp_cong_ops xtcp_reno = {
	.name		= "reno",
	.owner		= NULL,	/* of this module: see cong.h */
	.on_ack		= reno_on_ack,
	.ssthresh	= reno_ssthresh,
	.undo_cwnd	= reno_undo_cwnd,
};
