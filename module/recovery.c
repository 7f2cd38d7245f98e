// SPDX-License-Identifier: GPL-2.0
/*
 * Loss recovery.
 *
 * What is here: recovery by retransmission timeout (RFC 6298, RFC 5681
 * section 3.1).  The timeout marks all that is outstanding and not SACKed as
 * lost, and slow start sends it again:
 *
 *            RTO: all unSACKed LOST, cwnd = 1 segment
 *   OPEN ------------------------------------------------> LOSS
 *     ^                                                      |
 *     +---------- snd_una reaches high_seq ------------------+
 *
 * high_seq is snd_nxt at the timeout: once everything that was in flight then
 * is acknowledged, the episode is over.  SACK reports keep what did arrive
 * from being sent twice.
 */
#include "engine.h"

/**
 * xtcp_on_rto - the retransmission timer expired on unacknowledged data
 * @sk: socket, locked; the rtx queue is not empty
 *
 * Only the first timeout of an episode lowers ssthresh: a repeated one says
 * nothing new about the path's capacity (RFC 5681 equation 4).
 */
void xtcp_on_rto(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u32 inflight = xtcp_inflight(xs);
	bool first = xs->ca_state != XTCP_CA_LOSS;

	xs->total_rto++;
	XTCP_INC_STATS(sk, RtoTimeouts);

	xtcp_cong_on_rto(&xs->cong, inflight, first);
	xs->ca_state = XTCP_CA_LOSS;
	xs->high_seq = xs->snd_nxt;
	xtcp_rtx_mark_all_lost(sk);
}

/**
 * xtcp_retransmit_lost - send again what is judged lost, as cwnd allows
 * @sk: socket, locked
 */
void xtcp_retransmit_lost(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct sk_buff *skb;

	while ((skb = xtcp_rtx_next_lost(sk))) {
		u32 inflight = xtcp_inflight(xs);

		/* With nothing in flight one segment may always leave. */
		if (inflight && inflight + xtcp_skb_seqlen(skb) > xs->cong.cwnd)
			break;
		if (xtcp_retransmit_skb(sk, skb))
			break;
	}
}

/**
 * xtcp_recovery_ack - an acknowledgment came: go on, or leave recovery
 * @sk: socket, locked; queues and marks are up to date
 * @acked: bytes newly delivered
 * @prior_una: snd_una before
 */
void xtcp_recovery_ack(struct sock *sk, u32 acked, u32 prior_una)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (xs->ca_state == XTCP_CA_OPEN)
		return;
	if (!xtcp_before(xs->snd_una, xs->high_seq)) {
		xs->ca_state = XTCP_CA_OPEN;
		return;
	}
	if (acked || xs->snd_una != prior_una)
		xtcp_retransmit_lost(sk);
}
