// SPDX-License-Identifier: GPL-2.0
/*
 * DCTCP: RFC 8257.  For networks whose switches mark packets with CE as soon
 * as a short queue stands, as those of data centres do.
 *
 * Where reno takes a mark for a loss and halves its window, DCTCP asks how many
 * bytes were marked.  Few marks: the queue is just beginning, give way a little.
 * All marked: halve.
 *
 *	bytes marked
 *	------------ = M, of each round trip
 *	bytes acked		alpha = 15/16 alpha + 1/16 M
 *
 *	first mark of a round trip:	cwnd = cwnd (1 - alpha / 2)
 *
 *	cwnd |     reno                 |     dctcp
 *	     |    /|    /|    /|        |  /|/|/|/|/|/|/|/|
 *	     |   / |   / |   / |        |
 *	     |  /  |  /  |  /  |        |
 *	     | /   | /   | /   |        |
 *	     +----------------------    +---------------------
 *
 * So the window stays close to what the path carries, and queues stay short
 * without running dry.
 *
 * Everything else is reno's: growth, and the answer to a loss.  Without ECN, as
 * the peer or the network may have it, there are no marks, and it is reno.  It
 * must not be used where others share the queue and halve: it takes their part
 * (section 5).
 */
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/module.h>

#include "cong.h"

#define DCTCP_ONE_SHIFT		20	/* alpha and M are in 2^-20 */
#define DCTCP_ONE		((u32)BIT(DCTCP_ONE_SHIFT))
#define DCTCP_GAIN_SHIFT	4	/* section 4.2: g = 1/16 */

struct dctcp {
	u64	round_end;	/* xtcp_cong_round()'s */
	u64	acked;		/* in this round trip, bytes */
	u64	marked;		/* of these */
	u32	alpha;
};

static struct dctcp *dctcp_of(struct xtcp_cong *c)
{
	BUILD_BUG_ON(sizeof(struct dctcp) > sizeof(c->priv));
	return (struct dctcp *)c->priv;
}

/* At first the worst is feared (section 3.3). */
static void dctcp_init(struct xtcp_cong *c)
{
	dctcp_of(c)->alpha = DCTCP_ONE;
}

/* Section 3.3 with the integers of section 4.2; with M <= 1 alpha stays so. */
static void dctcp_learn(struct dctcp *d)
{
	/* What was sent again can be marked each time, but is acknowledged once. */
	u64 m = div64_u64(min(d->marked, d->acked) << DCTCP_ONE_SHIFT,
			  d->acked);

	d->alpha -= d->alpha >> DCTCP_GAIN_SHIFT;
	if (!(d->alpha >> DCTCP_GAIN_SHIFT))
		d->alpha = 0;	/* where a sixteenth rounds to nothing */
	d->alpha += m >> DCTCP_GAIN_SHIFT;
	d->acked = 0;
	d->marked = 0;
}

static void dctcp_observe(struct xtcp_cong *c, const struct xtcp_ack_sample *s)
{
	struct dctcp *d = dctcp_of(c);

	d->acked += s->acked;
	d->marked += s->ce_bytes;
	if (d->acked && xtcp_cong_round(&d->round_end, s))
		dctcp_learn(d);
}

/* As reno, but that the first mark ends slow start, before round trips tell. */
static void dctcp_on_ack(struct xtcp_cong *c, const struct xtcp_ack_sample *s)
{
	u32 left;

	if (!c->cwnd_limited)
		return;
	left = xtcp_cong_slow_start(c, s->acked);
	if (left)
		xtcp_cong_avoid_ai(c, left);
}

/* Section 3.5: a loss is no mark. */
static u32 dctcp_ssthresh(struct xtcp_cong *c, u32 inflight)
{
	return xtcp_reno.ssthresh(c, inflight);
}

static u32 dctcp_ecn_ssthresh(struct xtcp_cong *c, u32 inflight)
{
	u64 cut = (u64)c->cwnd * dctcp_of(c)->alpha >> (DCTCP_ONE_SHIFT + 1);

	return max_t(u32, c->cwnd - cut, XTCP_MIN_CWND_SEGS * c->mss);
}

static u32 dctcp_undo_cwnd(struct xtcp_cong *c)
{
	return c->prior_cwnd;
}

struct xtcp_cong_ops xtcp_dctcp = {
	.name		= "dctcp",
	.owner		= NULL,	/* of this module: see cong.h */
	.init		= dctcp_init,
	.observe	= dctcp_observe,
	.on_ack		= dctcp_on_ack,
	.ssthresh	= dctcp_ssthresh,
	.ecn_ssthresh	= dctcp_ecn_ssthresh,
	.undo_cwnd	= dctcp_undo_cwnd,
	.flags		= XTCP_CONG_WANTS_ECN,
};
