// SPDX-License-Identifier: GPL-2.0
/*
 * Delivery rate: how fast the path carried what was just acknowledged
 * (draft-cheng-iccrg-delivery-rate-estimation).
 *
 * Each segment notes at its departure how much had been delivered by then and
 * when; its acknowledgment finds how much was delivered since:
 *
 *      first_sent_us      sent_us                         now
 *           |---- send ------|                             |
 *                            P leaves                P is acknowledged
 *           |-------- ack ---+-----------------------------|
 *      delivered_us, delivered              delivered, later
 *
 *      rate = bytes delivered meanwhile / the longer of send and ack
 *
 * The longer of the two, because ACKs that come in a lump, or segments that
 * left in one, would tell more than the path can do.  A sample taken while the
 * program had nothing more to send is marked: it tells of the program.
 */
#include "engine.h"

/**
 * xtcp_rate_sent - note in a segment what was delivered when it left
 * @sk: socket, locked; @skb is not counted as sent yet
 * @skb: segment that is about to leave, its sent_us set
 */
void xtcp_rate_sent(struct sock *sk, struct sk_buff *skb)
{
	struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	struct xtcp_sock *xs = xtcp_sk(sk);

	/* A flight begins: what passed since the last one was silence. */
	if (RB_EMPTY_ROOT(&xs->rtx_queue)) {
		xs->first_sent_us = (u32)cb->sent_us;
		xs->delivered_us = (u32)cb->sent_us;
	}
	cb->first_sent_us = xs->first_sent_us;
	cb->delivered_us = xs->delivered_us;
	cb->delivered = (u32)xs->delivered;
	cb->tx_lost = (u32)xs->lost;
	cb->tx_inflight = xtcp_inflight(xs) + xtcp_skb_seqlen(skb);
	cb->app_limited = xs->app_limited != 0;
}

/**
 * xtcp_rate_delivered - a segment was acknowledged or SACKed for the first time
 * @sk: socket, locked
 * @skb: segment
 * @a: the acknowledgment; keeps the segment that left last
 */
void xtcp_rate_delivered(struct sock *sk, const struct sk_buff *skb,
			 struct xtcp_ack_state *a)
{
	const struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	struct xtcp_sock *xs = xtcp_sk(sk);

	xs->delivered += xtcp_skb_seqlen(skb);
	xs->delivered_us = (u32)xs->last_rcv_us;
	if (a->newest_us &&
	    (cb->sent_us < a->newest_us ||
	     (cb->sent_us == a->newest_us &&
	      xtcp_before(cb->end_seq, a->newest_end))))
		return;
	a->newest_us = cb->sent_us;
	a->newest_end = cb->end_seq;
	a->newest_once = !cb->retrans;
	a->prior_delivered = cb->delivered;
	a->prior_delivered_us = cb->delivered_us;
	a->send_us = (u32)cb->sent_us - cb->first_sent_us;
	a->tx_inflight = cb->tx_inflight;
	a->tx_lost = cb->tx_lost;
	a->app_limited = cb->app_limited;
	xs->first_sent_us = (u32)cb->sent_us;
}

/* Is @s faster than the rate that we tell? */
static bool xtcp_rate_is_higher(const struct xtcp_sock *xs,
				const struct xtcp_ack_sample *s)
{
	return (s->delivered - s->prior_delivered) * xs->rate_interval_us >=
	       (u64)xs->rate_delivered * s->interval_us;
}

/**
 * xtcp_rate_sample - the sample of one acknowledgment
 * @sk: socket, locked; all that was delivered is counted
 * @a: the acknowledgment
 * @s: out: its rate fields
 */
void xtcp_rate_sample(struct sock *sk, const struct xtcp_ack_state *a,
		      struct xtcp_ack_sample *s)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u32 ack_us;

	/* What was limited by the program has been acknowledged. */
	if (xs->app_limited && xs->delivered > xs->app_limited)
		xs->app_limited = 0;
	s->delivered = xs->delivered;
	s->prior_delivered = xs->delivered;
	s->interval_us = 0;
	if (!a->newest_us)
		return;
	/*
	 * The last to leave waited least for its ACK, and SACK tells of it
	 * while the echo, for want of progress, tells nothing.
	 */
	if (a->newest_once)
		s->rtt_us = xs->last_rcv_us - a->newest_us;
	s->prior_delivered -= (u32)xs->delivered - a->prior_delivered;
	s->tx_inflight = a->tx_inflight;
	s->tx_lost = (u32)xs->lost - a->tx_lost;
	s->app_limited = a->app_limited;
	ack_us = xs->delivered_us - a->prior_delivered_us;
	s->interval_us = max(a->send_us, ack_us);
	/* Faster than the path's round trip can only be a mistake about
	 * which of two transmissions was acknowledged.
	 */
	if (s->interval_us < xs->rtt.min_rtt_us) {
		s->interval_us = 0;
		return;
	}
	if (!s->app_limited || xtcp_rate_is_higher(xs, s)) {
		xs->rate_delivered = s->delivered - s->prior_delivered;
		xs->rate_interval_us = s->interval_us;
		xs->rate_app_limited = s->app_limited;
	}
}

/**
 * xtcp_rate_check_app_limited - is the program what limits the rate now?
 * @sk: socket, locked
 *
 * To be called before the program's data or an acknowledgment changes
 * anything: nothing waits to be sent or resent, nothing stands in the local
 * queue, and the window has room.
 */
void xtcp_rate_check_app_limited(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u32 inflight = xtcp_inflight(xs);

	if (xs->write_seq - xs->snd_nxt < xs->mss &&
	    sk_wmem_alloc_get(sk) < SKB_TRUESIZE(1) &&
	    inflight < xs->cong.cwnd && !xs->lost_waiting)
		xs->app_limited = max_t(u64, xs->delivered + inflight, 1);
}

/**
 * xtcp_delivery_rate - the newest rate worth telling
 * @xs: connection
 *
 * Return: bytes per second; 0: none measured yet.
 */
u64 xtcp_delivery_rate(const struct xtcp_sock *xs)
{
	if (!xs->rate_interval_us)
		return 0;
	return div_u64((u64)xs->rate_delivered * USEC_PER_SEC,
		       xs->rate_interval_us);
}
