// SPDX-License-Identifier: GPL-2.0
/*
 * Pacing: how fast a connection may send within its window.
 *
 * The rate is what would empty the window in a round trip, and a margin: twice
 * that in slow start, so that the window can double, and a fifth more in
 * congestion avoidance, so that it can probe.  A controller that computes a
 * rate of its own (struct xtcp_cong) has the last word, and SO_MAX_PACING_RATE
 * bounds both.
 *
 * Who holds segments back to that rate is the fq queueing discipline, which
 * reads sk_pacing_rate.  Under another one a flight leaves as it is acknowledged:
 * the socket has no timer of its own for this.
 */
#include "engine.h"

/* Percent of cwnd per srtt */
#define XTCP_PACING_SLOW_START	200
#define XTCP_PACING_AVOIDANCE	120

/**
 * xtcp_update_pacing - an acknowledgment changed window or round trip
 * @sk: socket, locked
 *
 * Leaves the rate alone while there is no round-trip sample.
 */
void xtcp_update_pacing(struct sock *sk)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	u64 rate = xs->cong.pacing_rate;
	u32 srtt_us = xtcp_srtt_us(&xs->rtt);
	u32 percent;

	if (rate == XTCP_PACING_NONE) {
		if (!srtt_us)
			return;
		percent = xtcp_in_slow_start(&xs->cong) ?
			  XTCP_PACING_SLOW_START : XTCP_PACING_AVOIDANCE;
		rate = div_u64((u64)xs->cong.cwnd * percent *
			       (USEC_PER_SEC / 100), srtt_us);
	}
	rate = min_t(u64, rate, READ_ONCE(sk->sk_max_pacing_rate));
	WRITE_ONCE(sk->sk_pacing_rate, rate);
}
