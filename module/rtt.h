/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Round-trip time and retransmission timeout, RFC 6298 in µs.
 */
#ifndef _XTCP_RTT_H
#define _XTCP_RTT_H

#include <linux/types.h>

#define XTCP_RTO_INIT_US	1000000u	/* RFC 6298 (2.1) */
#define XTCP_RTO_MIN_US		200000u
#define XTCP_RTO_MAX_US		120000000u
#define XTCP_RTT_MAX_US		120000000u	/* larger samples count as this */
#define XTCP_MIN_RTT_WIN_US	(300ULL * 1000000) /* life of a min_rtt */

/**
 * struct xtcp_rtt - what one connection knows of its path's round trip
 * @srtt_us: smoothed RTT, µs, times 8; 0 while there was no sample
 * @rttvar_us: RTTVAR, µs, times 4
 * @rto_us: retransmission timeout without back-off, µs
 * @min_rtt_us: smallest sample of the last XTCP_MIN_RTT_WIN_US; ~0: none
 * @min_rtt_stamp_us: when @min_rtt_us was seen
 * @round_end_us: when the current round of samples ends
 * @round_dev_us: largest deviation from @srtt_us in this round, µs
 * @latest_us: the newest sample
 */
struct xtcp_rtt {
	u32	srtt_us;
	u32	rttvar_us;
	u32	rto_us;
	u32	min_rtt_us;
	u64	min_rtt_stamp_us;
	u64	round_end_us;
	u32	round_dev_us;
	u32	latest_us;
};

void xtcp_rtt_init(struct xtcp_rtt *r);
void xtcp_rtt_sample(struct xtcp_rtt *r, u32 rtt_us, u64 now_us);
u32 xtcp_rtt_rto(const struct xtcp_rtt *r, unsigned int backoff);

static inline u32 xtcp_srtt_us(const struct xtcp_rtt *r)
{
	return r->srtt_us >> 3;
}

#endif /* _XTCP_RTT_H */
