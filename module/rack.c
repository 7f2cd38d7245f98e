// SPDX-License-Identifier: GPL-2.0
/*
 * RACK's numbers, RFC 8985 section 6.2: steps 1 to 4.  Who walks the segments,
 * and judges them by these numbers, is recovery.c.
 *
 *   reordering window, in quarters of min_rtt
 *
 *   0  nothing was ever reordered, and three segments arrived out of turn
 *   1  at first, and again after 16 recoveries without a D-SACK
 *   +1 for each round trip in which a D-SACK told that a resend was in vain
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "rack.h"
#include "seq.h"

/**
 * xtcp_rack_init() - a connection begins
 * @rack: out
 * @seq: snd_una; numbers begin anywhere
 */
void xtcp_rack_init(struct xtcp_rack *rack, u32 seq)
{
	memset(rack, 0, sizeof(*rack));
	rack->fack = seq;
	rack->reo_wnd_mult = 1;
}

/**
 * xtcp_rack_after() - did one segment leave after another?
 * @a_us: departure of the one
 * @a_seq: its end
 * @b_us: departure of the other
 * @b_seq: its end
 *
 * RFC 8985 section 6.1: of those that left in the same µs the higher one.
 */
bool xtcp_rack_after(u64 a_us, u32 a_seq, u64 b_us, u32 b_seq)
{
	return a_us > b_us || (a_us == b_us && xtcp_after(a_seq, b_seq));
}

/**
 * xtcp_rack_update() - a segment was delivered
 * @rack: connection's
 * @sent_us: when it left
 * @end_seq: its end
 * @rtt_us: since then
 * @resent: it was sent more than once; that it is the resend which arrived is
 *	known
 */
void xtcp_rack_update(struct xtcp_rack *rack, u64 sent_us, u32 end_seq,
		      u32 rtt_us, bool resent)
{
	if (!resent && xtcp_before(end_seq, rack->fack))
		rack->reordering = true;
	if (xtcp_after(end_seq, rack->fack))
		rack->fack = end_seq;
	if (xtcp_rack_after(sent_us, end_seq, rack->xmit_us, rack->end_seq)) {
		rack->xmit_us = sent_us;
		rack->end_seq = end_seq;
		rack->rtt_us = rtt_us;
	}
}

/**
 * xtcp_rack_adapt() - an acknowledgment: the window adapts to D-SACKs
 * @rack: connection's
 * @dsack: it brought one
 * @snd_una: oldest unacknowledged now
 * @snd_nxt: next to send
 *
 * A round trip's D-SACKs count once.
 */
void xtcp_rack_adapt(struct xtcp_rack *rack, bool dsack, u32 snd_una,
		     u32 snd_nxt)
{
	if (rack->dsack && !xtcp_before(snd_una, rack->round_seq))
		rack->dsack = false;
	if (!dsack || rack->dsack)
		return;
	rack->dsack = true;
	rack->round_seq = snd_nxt;
	if (rack->reo_wnd_mult < XTCP_REO_WND_MULT_MAX)
		rack->reo_wnd_mult++;
	rack->reo_wnd_persist = XTCP_REO_WND_PERSIST;
	rack->reordering = true;
}

/**
 * xtcp_rack_recovered() - a recovery is over, its losses were real
 * @rack: connection's
 */
void xtcp_rack_recovered(struct xtcp_rack *rack)
{
	if (rack->reo_wnd_persist && !--rack->reo_wnd_persist)
		rack->reo_wnd_mult = 1;
}

/**
 * xtcp_rack_reo_wnd_us() - how long to wait for what was overtaken
 * @rack: connection's
 * @min_rtt_us: smallest round trip; ~0: none known
 * @srtt_us: smoothed round trip, the most to wait
 * @certain: losses are being repaired already, or XTCP_DUPTHRESH segments
 *	arrived out of turn: no wait, unless the path was seen to reorder
 *
 * Return: µs beyond rack.rtt_us.
 */
u32 xtcp_rack_reo_wnd_us(const struct xtcp_rack *rack, u32 min_rtt_us,
			 u32 srtt_us, bool certain)
{
	u64 wnd_us;

	if ((!rack->reordering && certain) || min_rtt_us == U32_MAX)
		return 0;
	wnd_us = ((u64)min_rtt_us * rack->reo_wnd_mult) >> XTCP_REO_WND_SHIFT;
	return min_t(u64, wnd_us, srtt_us);
}
