// SPDX-License-Identifier: GPL-2.0
/*
 * Proportional rate reduction, RFC 6937.
 *
 *   in flight                               what leaves per byte that arrives
 *   flight   |\
 *            |  \                           ssthresh / flight
 *   ssthresh |----\------------
 *            |     \___/                    below: as much, and a segment more
 *            |                              while nothing else is lost
 *            +--------------------> time
 *
 * So the window comes down to the threshold within a round trip, evenly, and if
 * more is lost than that, up to it again in slow start.
 */
#include <linux/math64.h>
#include <linux/minmax.h>

#include "prr.h"

/**
 * xtcp_prr_begin() - a recovery begins
 * @prr: out
 * @flight: bytes in flight, lost ones included (RecoverFS)
 */
void xtcp_prr_begin(struct xtcp_prr *prr, u32 flight)
{
	prr->delivered = 0;
	prr->out = 0;
	prr->flight = flight;
}

/**
 * xtcp_prr_quota() - an acknowledgment came: what may leave for it?
 * @prr: recovery; the caller adds to its @out what it sends
 * @ssthresh: where the window is to end
 * @inflight: believed to be in the network now
 * @acked: newly delivered
 * @mss: a full segment
 * @growing: snd_una moved and nothing more was lost: the slow-start reduction
 *	bound, else the conservative one
 *
 * The first segment of a recovery always leaves.
 *
 * Return: bytes that may be sent now.
 */
u32 xtcp_prr_quota(struct xtcp_prr *prr, u32 ssthresh, u32 inflight, u32 acked,
		   u32 mss, bool growing)
{
	s64 quota;

	prr->delivered += acked;
	if (inflight > ssthresh) {
		u32 flight = max(prr->flight, 1u);

		quota = div_u64((u64)ssthresh * prr->delivered + flight - 1,
				flight);
		quota -= prr->out;
	} else {
		quota = max_t(s64, (s64)prr->delivered - prr->out, acked);
		if (growing)
			quota += mss;
		quota = min_t(s64, quota, ssthresh - inflight);
	}
	if (!prr->out)
		quota = max_t(s64, quota, mss);
	return max_t(s64, quota, 0);
}
