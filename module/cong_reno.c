// SPDX-License-Identifier: GPL-2.0
/*
 * Reno: RFC 5681, with recovery as in RFC 6582, windows in bytes.
 *
 *	cwnd < ssthresh		slow start: one byte for each byte acknowledged;
 *				the first one also ends when a queue grows
 *				(hystart.c)
 *	else			congestion avoidance: one segment for each
 *				window acknowledged
 *	loss			ssthresh = half of what was in flight, at least
 *				two segments
 *
 * The oldest of the controllers, and the measure for the others: what shares
 * a path fairly with reno is safe to use.
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/module.h>

#include "cong.h"
#include "hystart.h"

static struct xtcp_hystart *reno_of(struct xtcp_cong *c)
{
	BUILD_BUG_ON(sizeof(struct xtcp_hystart) > sizeof(c->priv));
	return (struct xtcp_hystart *)c->priv;
}

static void reno_init(struct xtcp_cong *c)
{
	xtcp_hystart_init(reno_of(c));
}

static void reno_on_ack(struct xtcp_cong *c, const struct xtcp_ack_sample *s)
{
	u32 left = s->acked;

	if (!c->cwnd_limited)
		return;
	if (xtcp_in_slow_start(c))
		left = xtcp_hystart_slow_start(c, reno_of(c), s);
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
	.init		= reno_init,
	.on_ack		= reno_on_ack,
	.ssthresh	= reno_ssthresh,
	.undo_cwnd	= reno_undo_cwnd,
};
