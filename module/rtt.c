// SPDX-License-Identifier: GPL-2.0
/*
 * Round-trip estimation, RFC 6298, in µs.
 *
 *	first sample R:	SRTT = R, RTTVAR = R / 2
 *	then:		RTTVAR = 3/4 RTTVAR + 1/4 |SRTT - R|
 *			SRTT   = 7/8 SRTT   + 1/8 R
 *	RTO = SRTT + max(4 RTTVAR, XTCP_RTO_MIN_US), at most XTCP_RTO_MAX_US
 *
 * SRTT is stored times 8 and RTTVAR times 4, so that the gains are shifts and
 * no precision is lost: a shift by the gain takes away what the average gives
 * up, and the sample is added unscaled.
 *
 * Two things differ from the letter of the RFC, both on the safe side.
 *
 * Every ACK brings a sample here, not one in a round trip.  With RFC 6298's
 * gains a hundred samples of one quiet round would wipe out what the rounds
 * before taught about the variance, and the RTO would be too short for the
 * next burst of jitter.  RFC 7323 appendix G divides the gains by the number
 * of samples expected; we instead let RTTVAR learn upwards from each sample,
 * and forget only once in a round (one SRTT of time), towards the largest
 * deviation of that round.  A flow with one sample in a round trip gets RFC
 * 6298 exactly, a fast one an RTTVAR that is never smaller.  SRTT takes every
 * sample with the plain gain: it may follow the path quickly, since what it
 * leaves behind shows as deviation.
 *
 * The minimum of 200 ms bounds the variance term and not the whole RTO.  On a
 * long path without jitter 4 RTTVAR goes to nothing and SRTT alone may exceed
 * 200 ms: the RTO would then be met by the first ACK that the peer delays (25
 * ms) or the first that waits in a queue.  The RTO is therefore never below
 * 200 ms, as required, and always leaves 200 ms for surprises.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "rtt.h"

#define XTCP_SRTT_SHIFT		3	/* srtt_us is scaled by 8: gain 1/8 */
#define XTCP_RTTVAR_SHIFT	2	/* rttvar_us is scaled by 4: gain 1/4 */
#define XTCP_NO_MIN_RTT		(~0u)
#define XTCP_BACKOFF_MAX	10	/* doublings after which every RTO, from
					 * XTCP_RTO_MIN_US up, is at its maximum
					 */

/**
 * xtcp_rtt_init() - forget all: no sample yet
 * @r: the estimate; its RTO is XTCP_RTO_INIT_US
 *
 * RFC 6298 (2.1).  Any context.
 */
void xtcp_rtt_init(struct xtcp_rtt *r)
{
	memset(r, 0, sizeof(*r));
	r->rto_us = XTCP_RTO_INIT_US;
	r->min_rtt_us = XTCP_NO_MIN_RTT;
}

/* RFC 6298 (2.2) */
static void rtt_first(struct xtcp_rtt *r, u32 rtt_us, u64 now_us)
{
	r->srtt_us = rtt_us << XTCP_SRTT_SHIFT;
	r->rttvar_us = rtt_us << (XTCP_RTTVAR_SHIFT - 1);
	r->round_dev_us = 0;
	r->round_end_us = now_us + rtt_us;
}

/* RFC 6298 (2.3), with RTTVAR as the comment at the top explains. */
static void rtt_next(struct xtcp_rtt *r, u32 rtt_us, u64 now_us)
{
	u32 srtt_us = r->srtt_us >> XTCP_SRTT_SHIFT;
	u32 dev_us = rtt_us > srtt_us ? rtt_us - srtt_us : srtt_us - rtt_us;
	bool round_over = now_us >= r->round_end_us;
	u32 rttvar_us = r->rttvar_us >> XTCP_RTTVAR_SHIFT;

	r->round_dev_us = max(r->round_dev_us, dev_us);
	if (dev_us > rttvar_us)
		r->rttvar_us += dev_us - rttvar_us;
	else if (round_over && r->round_dev_us < rttvar_us)
		r->rttvar_us -= rttvar_us - r->round_dev_us;

	r->srtt_us += rtt_us - srtt_us;

	if (round_over) {
		r->round_dev_us = 0;
		r->round_end_us = now_us + (r->srtt_us >> XTCP_SRTT_SHIFT);
	}
}

static void rtt_min(struct xtcp_rtt *r, u32 rtt_us, u64 now_us)
{
	if (rtt_us > r->min_rtt_us &&
	    now_us - r->min_rtt_stamp_us <= XTCP_MIN_RTT_WIN_US)
		return;
	r->min_rtt_us = rtt_us;
	r->min_rtt_stamp_us = now_us;
}

/**
 * xtcp_rtt_sample() - a round trip was measured
 * @r: the estimate
 * @rtt_us: the sample, µs; 0 counts as 1, more than XTCP_RTT_MAX_US as that
 * @now_us: monotonic clock, µs
 *
 * Karn's rule is the caller's: the timestamp echo makes a sample from a
 * retransmitted segment as good as any (RFC 7323 section 4).  Any context;
 * the caller serialises.
 */
void xtcp_rtt_sample(struct xtcp_rtt *r, u32 rtt_us, u64 now_us)
{
	u32 var_us;

	rtt_us = clamp(rtt_us, 1u, XTCP_RTT_MAX_US);
	r->latest_us = rtt_us;
	rtt_min(r, rtt_us, now_us);

	if (!r->srtt_us)
		rtt_first(r, rtt_us, now_us);
	else
		rtt_next(r, rtt_us, now_us);

	/* rttvar_us, scaled by 4, is 4 RTTVAR as it stands. */
	var_us = max(r->rttvar_us, XTCP_RTO_MIN_US);
	r->rto_us = min((r->srtt_us >> XTCP_SRTT_SHIFT) + var_us,
			XTCP_RTO_MAX_US);
}

/**
 * xtcp_rtt_rto() - the retransmission timeout to use now
 * @r: the estimate
 * @backoff: timeouts in a row without an answer; any value
 *
 * RFC 6298 (5.5): doubled with each.  Any context.
 *
 * Return: µs, XTCP_RTO_MIN_US to XTCP_RTO_MAX_US.
 */
u32 xtcp_rtt_rto(const struct xtcp_rtt *r, unsigned int backoff)
{
	u64 rto_us = r->rto_us;

	rto_us <<= min_t(unsigned int, backoff, XTCP_BACKOFF_MAX);
	return min_t(u64, rto_us, XTCP_RTO_MAX_US);
}
