/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RACK, RFC 8985: what is known of the newest delivery, and how long a segment
 * that left before it may still be on its way.  Times are µs.
 */
#ifndef _XTCP_RACK_H
#define _XTCP_RACK_H

#include <linux/types.h>

/* Reordering window: a quarter of min_rtt at first (RFC 8985 section 7.3) */
#define XTCP_REO_WND_SHIFT	2
#define XTCP_REO_WND_PERSIST	16	/* recoveries without D-SACK */
#define XTCP_REO_WND_MULT_MAX	U8_MAX
#define XTCP_DUPTHRESH		3	/* segments, until reordering is seen */

/**
 * struct xtcp_rack - one connection's
 * @xmit_us: when the newest delivered segment left; 0: none was delivered
 * @end_seq: its end
 * @rtt_us: its round trip
 * @fack: highest number known to be delivered
 * @round_seq: snd_nxt when the present round began
 * @reo_timeout_us: until the next segment counts as lost; 0
 * @reo_wnd_mult: quarters of min_rtt
 * @reo_wnd_persist: recoveries until that starts over
 * @reordering: seen on this path
 * @dsack: seen in this round
 */
struct xtcp_rack {
	u64	xmit_us;
	u32	end_seq;
	u32	rtt_us;
	u32	fack;
	u32	round_seq;
	u32	reo_timeout_us;
	u8	reo_wnd_mult;
	u8	reo_wnd_persist;
	bool	reordering;
	bool	dsack;
};

void xtcp_rack_init(struct xtcp_rack *rack, u32 seq);
bool xtcp_rack_after(u64 a_us, u32 a_seq, u64 b_us, u32 b_seq);
void xtcp_rack_update(struct xtcp_rack *rack, u64 sent_us, u32 end_seq,
		      u32 rtt_us, bool resent);
void xtcp_rack_adapt(struct xtcp_rack *rack, bool dsack, u32 snd_una,
		     u32 snd_nxt);
void xtcp_rack_recovered(struct xtcp_rack *rack);
u32 xtcp_rack_reo_wnd_us(const struct xtcp_rack *rack, u32 min_rtt_us,
			 u32 srtt_us, bool certain);

#endif /* _XTCP_RACK_H */
