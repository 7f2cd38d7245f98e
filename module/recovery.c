// SPDX-License-Identifier: GPL-2.0
/*
 * Loss recovery: RACK-TLP (RFC 8985) finds losses, PRR (RFC 6937) paces their
 * repair, the retransmission timeout (RFC 6298) is the last resort, and Eifel
 * (RFC 3522, RFC 4015) and D-SACK (RFC 3708) take back what was judged wrongly.
 *
 * RACK in one sentence: a segment is lost when one that left later has been
 * delivered, and a reordering window has passed since.
 *
 *      sent_order, oldest first            newest delivered segment left here
 *      v                                             v
 *      [a][b][c]   [d]    [e][f]              . . .  X        [g][h]
 *       '--- left more than rack.rtt + reo_wnd ago: lost       later than X:
 *                   '--- will be, in a moment: REO timer       not judged
 *
 * A tail that nothing follows is probed after two round trips (TLP), so that
 * its loss, too, shows in a SACK instead of a timeout.
 *
 *   OPEN --- RACK finds a loss ---> RECOVERY    ssthresh lower, cwnd by PRR
 *     |  \----- CE marks told -----> CWR         the same, nothing to resend
 *     |  \------- RTO -------------> LOSS        old segments lost, cwnd 1 mss
 *     |  <--- snd_una >= high_seq --'  all
 *     |  <--- Eifel: it was not lost -- not CWR  cwnd and ssthresh restored
 *
 * high_seq is snd_nxt when the episode began.
 */
#include "engine.h"

/* Tail-loss probe: when one segment is out, its ACK may be delayed. */
#define XTCP_TLP_INIT_US	1000000u

/*
 * Round trips of one path differ by the time that the segment and its ACK take
 * to leave, which their lengths decide: an eighth.
 */
#define XTCP_RTT_SLACK_SHIFT	3

/**
 * xtcp_recovery_init - a connection begins
 * @sk: socket, locked or not yet reachable
 */
void xtcp_recovery_init(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	INIT_LIST_HEAD(&xs->sent_order);
	xtcp_rack_init(&xs->rack, xs->snd_una);
	xs->ca_state = XTCP_CA_OPEN;
	xs->reduced = false;
	xs->undo_tsval = 0;
	xs->tlp_high_seq = 0;
	xs->tlp_copy = false;
	xs->app_limited = 0;
	xs->rate_interval_us = 0;
}

/* ------------------------------------------------------------------ RACK */

/**
 * xtcp_rack_delivered - a segment was just acknowledged or SACKed
 * @sk: socket, locked
 * @skb: segment, with its marks as they were
 * @tsecr: timestamp echo of what acknowledged it; 0: none, a SACK's echo is of
 *	what stands before the gap
 *
 * RFC 8985 section 6.2, steps 1 to 3.
 */
void xtcp_rack_delivered(struct sock *sk, const struct sk_buff *skb, u32 tsecr)
{
	const struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	struct xtcp_sock *xs = xtcp_sk(sk);
	u64 rtt_us = xs->last_rcv_us - cb->sent_us;

	/* Acknowledged before it left: a guess of the peer's. */
	if (cb->sent_us > xs->last_rcv_us)
		return;
	if (cb->retrans) {
		/* Does this tell of the resend, or of the original? */
		if (tsecr && xtcp_before(tsecr, (u32)cb->sent_us +
						xs->ts_offset))
			return;
		if (rtt_us < xs->rtt.min_rtt_us -
			     (xs->rtt.min_rtt_us >> XTCP_RTT_SLACK_SHIFT))
			return;
	}
	xtcp_rack_update(&xs->rack, cb->sent_us, cb->end_seq,
			 min_t(u64, rtt_us, U32_MAX), cb->retrans);
}

static u32 xtcp_reo_wnd_us(const struct xtcp_sock *xs)
{
	/* A buffer may be several segments: then bytes tell how many. */
	bool certain = xs->ca_state != XTCP_CA_OPEN ||
		       xs->sacked_skbs >= XTCP_DUPTHRESH ||
		       xs->sacked_out > (XTCP_DUPTHRESH - 1) * xs->mss;

	return xtcp_rack_reo_wnd_us(&xs->rack, xs->rtt.min_rtt_us,
				    xtcp_srtt_us(&xs->rtt), certain);
}

/*
 * µs until this segment counts as lost, if something sent later arrived;
 * @wnd_us: xtcp_reo_wnd_us()
 */
static s64 xtcp_rack_patience_us(const struct xtcp_sock *xs,
				 const struct sk_buff *skb, u32 wnd_us,
				 u64 now_us)
{
	return XTCP_SKB_CB(skb)->sent_us + xs->rack.rtt_us + wnd_us - now_us;
}

/*
 * RFC 8985 section 6.2 step 5.  Marks what is lost, and notes in
 * rack.reo_timeout_us when the next one would be.
 */
static void xtcp_rack_detect(struct sock *sk, u64 now_us)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_rack *rack = &xs->rack;
	struct sk_buff *skb, *next;
	u32 wnd_us;

	rack->reo_timeout_us = 0;
	if (!rack->xmit_us)
		return;
	wnd_us = xtcp_reo_wnd_us(xs);
	list_for_each_entry_safe(skb, next, &xs->sent_order,
				 tcp_tsorted_anchor) {
		const struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
		s64 left_us = xtcp_rack_patience_us(xs, skb, wnd_us, now_us);

		if (!xtcp_rack_after(rack->xmit_us, rack->end_seq, cb->sent_us,
				     cb->end_seq))
			break;
		if (left_us <= 0)
			xtcp_mark_lost(sk, skb);
		else
			rack->reo_timeout_us = max_t(u32, left_us,
						     rack->reo_timeout_us);
	}
}

/* -------------------------------------------------------------- episodes */

/*
 * What Eifel compares with: the timestamp of the episode's first resend.  An
 * echo that is older acknowledges an original.
 */
static void xtcp_undo_note(struct xtcp_sock *xs, const struct sk_buff *skb)
{
	const struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);

	xs->undo_tsval = ((u32)cb->sent_us + xs->ts_offset) ?: 1;
	xs->undo_seq = cb->end_seq;
}

/*
 * What the path carried, for the new threshold: RFC 5681's FlightSize, or more
 * where the flow has just begun to send less (RFC 7661 section 4.4.1).
 */
static u32 xtcp_flight(const struct xtcp_sock *xs)
{
	return max3(xs->snd_nxt - xs->snd_una, xs->flight_max,
		    xs->flight_prior);
}

/* The window is about to shrink, and PRR to pace that. */
static void xtcp_begin_reduction(struct xtcp_sock *xs, enum xtcp_ca_state state)
{
	xs->ca_state = state;
	xs->high_seq = xs->snd_nxt;
	xtcp_prr_begin(&xs->prr, xtcp_flight(xs));
	xs->tlp_high_seq = 0;
	xs->undo_tsval = 0;
	xs->undo_una = xs->snd_una;
	xs->undo_bytes = 0;
}

/*
 * What was SACKed before the loss was certain left the network, too.  A program
 * that had no new data to send for it (limited transmit, RFC 3042) has not made
 * use of that yet; so a short response repairs all its losses at once, and does
 * not wait for a timeout when the ACK of a first resend is lost.
 */
static u32 xtcp_unused_sacks(const struct xtcp_sock *xs, u32 acked)
{
	u32 flight = xs->snd_nxt - xs->snd_una - xs->sacked_out;
	u32 earlier = xs->sacked_out - min(acked, xs->sacked_out);

	return min(earlier, xs->cong.cwnd - min(flight, xs->cong.cwnd));
}

static void xtcp_enter_recovery(struct sock *sk, u32 acked)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u32 unused = xtcp_unused_sacks(xs, acked);
	/*
	 * This flight's window was reduced for a mark already; but a controller
	 * that takes marks lightly must still answer the loss (RFC 8257 3.5).
	 */
	bool reduced = xs->ca_state == XTCP_CA_CWR &&
		       !xs->cong.ops->ecn_ssthresh;

	XTCP_INC_STATS(sk, FastRetransmits);
	xtcp_begin_reduction(xs, XTCP_CA_RECOVERY);
	xs->prr.delivered = unused;
	if (!reduced)
		xtcp_cong_on_loss(&xs->cong, xs->prr.flight);
}

/*
 * Marks were told: once in a round trip that is as good as a loss (RFC 3168).
 *
 * What left while the window came down met the queue that this is to end, and
 * its marks tell nothing new: RFC 3168 section 6.1.2 asks for another reduction
 * by those of what left after the first.  A controller that weighs marks wants
 * all of them.
 */
static void xtcp_marks_told(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (xs->reduced && !xs->cong.ops->ecn_ssthresh &&
	    !xs->cong.ops->control)
		return;
	XTCP_INC_STATS(sk, EcnReductions);
	xtcp_begin_reduction(xs, XTCP_CA_CWR);
	xtcp_cong_on_ecn(&xs->cong, xs->prr.flight);
}

static void xtcp_leave(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (xs->ca_state == XTCP_CA_RECOVERY)
		xtcp_rack_recovered(&xs->rack);
	xs->reduced = xs->ca_state != XTCP_CA_LOSS;
	xs->reduced_seq = xs->snd_nxt;
	xtcp_cong_recovered(&xs->cong, xs->ca_state);
	xs->ca_state = XTCP_CA_OPEN;
	xs->undo_tsval = 0;
}

/* RFC 3522: the ACK is of an original, so nothing had been lost. */
static bool xtcp_eifel_undo(struct sock *sk, u32 tsecr)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (!xs->undo_tsval || !tsecr ||
	    xtcp_before(xs->snd_una, xs->undo_seq) ||
	    !xtcp_before(tsecr, xs->undo_tsval))
		return false;
	XTCP_INC_STATS(sk, SpuriousRtos);
	xtcp_rtx_unmark_lost(sk);
	xtcp_cong_undo(&xs->cong);
	xs->ca_state = XTCP_CA_OPEN;
	xs->undo_tsval = 0;
	xs->undo_bytes = 0;
	xs->rack.reordering = true;
	return true;
}

/*
 * RFC 3708: every resend of the episode was D-SACKed, so every original had
 * arrived.  This may show only when the episode is over.  A probe from before
 * it is no resend of the episode's.
 */
static void xtcp_dsack_undo(struct sock *sk, const struct xtcp_ack_state *a)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (xs->tlp_copy && a->dsack_end == xs->tlp_end) {
		xs->tlp_copy = false;
		return;
	}
	if (!xs->undo_bytes || xtcp_before(a->dsack_start, xs->undo_una) ||
	    xtcp_after(a->dsack_end, xs->high_seq))
		return;
	xs->undo_bytes -= min(xs->undo_bytes, a->dsack_end - a->dsack_start);
	if (xs->undo_bytes)
		return;
	XTCP_INC_STATS(sk, DsackUndos);
	xtcp_rtx_unmark_lost(sk);
	xtcp_cong_undo(&xs->cong);
	xs->ca_state = XTCP_CA_OPEN;
	xs->undo_tsval = 0;
}

static void xtcp_prr_window(struct xtcp_sock *xs, u32 acked, bool growing)
{
	u32 inflight = xtcp_inflight(xs);

	xs->cong.cwnd = inflight +
			xtcp_prr_quota(&xs->prr, xs->cong.ssthresh, inflight,
				       acked, xs->mss, growing);
}

/**
 * xtcp_prr - set cwnd in recovery (RFC 6937)
 * @sk: socket, locked, in RECOVERY or CWR
 * @a: acknowledgment, its losses marked
 */
void xtcp_prr(struct sock *sk, const struct xtcp_ack_state *a)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	bool growing = xs->snd_una != a->prior_una &&
		       xs->lost_out <= a->prior_lost;

	if (a->acked)
		xtcp_prr_window(xs, a->acked, growing);
}

/*
 * A timeout: the oldest segment is lost, and with it all that left so long ago
 * that its acknowledgment should be here.  What left lately may still arrive
 * (RFC 8985 section 6.3).
 */
static void xtcp_mark_timed_out(struct sock *sk)
{
	bool reneged = xtcp_rtx_renege(sk);
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct sk_buff *skb = xtcp_rtx_head(sk);
	u32 wnd_us = xtcp_reo_wnd_us(xs);
	u64 now_us = xtcp_now_us();
	bool oldest = true;

	for (; skb; skb = skb_rb_next(skb)) {
		if (XTCP_SKB_CB(skb)->marks & XTCP_MARK_SACKED)
			continue;
		if (oldest || reneged ||
		    xtcp_rack_patience_us(xs, skb, wnd_us, now_us) <= 0)
			xtcp_mark_lost(sk, skb);
		oldest = false;
	}
	xs->rtx_hint = NULL;
	xs->rack.reo_timeout_us = 0;
}

/**
 * xtcp_on_rto - the retransmission timer expired on unacknowledged data
 * @sk: socket, locked; the rtx queue is not empty
 *
 * Only the first timeout in a row lowers ssthresh: a repeated one says nothing
 * new about the path's capacity (RFC 5681 equation 4).
 */
void xtcp_on_rto(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	/* In recovery this flight's window was reduced already. */
	bool first = xs->ca_state == XTCP_CA_OPEN ||
		     (xs->ca_state == XTCP_CA_LOSS && xs->retransmits == 1);

	xs->total_rto++;
	XTCP_INC_STATS(sk, RtoTimeouts);

	xs->cong.now_us = xtcp_now_us();
	xtcp_mark_timed_out(sk);
	xtcp_cong_on_rto(&xs->cong, xtcp_flight(xs), xtcp_inflight(xs), first);
	if (first) {
		xs->undo_tsval = 0;
		xs->undo_una = xs->snd_una;
		xs->undo_bytes = 0;
	}
	xs->ca_state = XTCP_CA_LOSS;
	xs->high_seq = xs->snd_nxt;
	xs->tlp_high_seq = 0;
}

/**
 * xtcp_retransmit_lost - send again what is judged lost, as cwnd allows
 * @sk: socket, locked
 */
void xtcp_retransmit_lost(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct sk_buff *skb;
	u64 now_ns = ktime_get_ns();

	while ((skb = xtcp_rtx_next_lost(sk))) {
		u32 inflight = xtcp_inflight(xs);
		/* Of a super-segment no more than one is resent at a time. */
		u32 len = min(xtcp_skb_seqlen(skb), xs->mss);

		/* With nothing in flight one segment may always leave. */
		if (inflight && inflight + len > xs->cong.cwnd) {
			xs->cong.cwnd_limited = true;
			break;
		}
		if (!xtcp_may_leave(sk, len, &now_ns))
			break;
		if (xtcp_retransmit_skb(sk, skb, xs->ca_state == XTCP_CA_LOSS ?
							 "timeout" : "recovery"))
			break;
		if (!xs->undo_tsval)
			xtcp_undo_note(xs, skb);
		xs->undo_bytes += skb->len;
	}
}

/**
 * xtcp_on_reo_timeout - the reordering window of some segment has passed
 * @sk: socket, locked
 */
void xtcp_on_reo_timeout(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u64 prior_lost = xs->lost;

	xs->cong.now_us = xtcp_now_us();
	xtcp_rack_detect(sk, xs->cong.now_us);
	if (xs->lost == prior_lost)
		return;
	XTCP_INC_STATS(sk, ReorderTimeouts);
	if (xs->ca_state == XTCP_CA_OPEN || xs->ca_state == XTCP_CA_CWR) {
		xtcp_enter_recovery(sk, 0);
		if (!xs->cong.ops->control)
			xtcp_prr_window(xs, 0, false);
	}
	xtcp_retransmit_lost(sk);
}

/* ------------------------------------------------------------------- TLP */

/**
 * xtcp_tlp_wanted - shall the tail be probed before the RTO?
 * @sk: socket, locked, with segments outstanding
 *
 * RFC 8985 section 7.2: once per tail, and only when nothing else says that
 * there is a loss.
 */
bool xtcp_tlp_wanted(const struct sock *sk)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);

	/* A probe that is answered, but not judged, is no obstacle. */
	if (xs->tlp_high_seq && xtcp_before(xs->snd_una, xs->tlp_high_seq))
		return false;
	return (xs->ca_state == XTCP_CA_OPEN || xs->ca_state == XTCP_CA_CWR) &&
	       !xs->sacked_out && xtcp_state_in(sk, XTCPF_SYNCHRONIZED);
}

/* Only the ACK of one segment alone may be late, and not that of a FIN. */
static bool xtcp_ack_may_be_delayed(const struct sock *sk)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	const struct sk_buff *skb;

	if (xs->snd_nxt - xs->snd_una > xs->mss)
		return false;
	skb = xtcp_rtx_tail(sk);
	return skb && skb == xtcp_rtx_head(sk) &&
	       !(XTCP_SKB_CB(skb)->flags & XTCP_FIN);
}

/**
 * xtcp_tlp_timeout_us - when, from now
 * @sk: socket, locked
 */
u32 xtcp_tlp_timeout_us(const struct sock *sk)
{
	u32 srtt_us = xtcp_srtt_us(&xtcp_sk(sk)->rtt);
	u32 pto_us = srtt_us ? 2 * srtt_us : XTCP_TLP_INIT_US;

	if (xtcp_ack_may_be_delayed(sk))
		pto_us += XTCP_DELACK_US;
	return pto_us + jiffies_to_usecs(2);
}

/**
 * xtcp_on_tlp_timeout - no ACK for two round trips: probe the tail
 * @sk: socket, locked
 *
 * New data if there is some and the peer's window takes it, else the last
 * segment again (RFC 8985 section 7.3).
 */
void xtcp_on_tlp_timeout(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct sk_buff *skb;

	XTCP_INC_STATS(sk, LossProbes);
	xs->tlp_retrans = !xtcp_send_one(sk);
	xs->tlp_high_seq = xs->snd_nxt;
	if (!xs->tlp_retrans)
		return;
	skb = xtcp_rtx_last_segment(sk);
	if (!skb || xtcp_retransmit_skb(sk, skb, "probe")) {
		xs->tlp_retrans = false;	/* it did not leave: nothing to judge */
		return;
	}
	xs->tlp_tsval = (u32)XTCP_SKB_CB(skb)->sent_us + xs->ts_offset;
	xs->tlp_end = XTCP_SKB_CB(skb)->end_seq;
	xs->tlp_copy = true;
}

/*
 * RFC 8985 section 7.4: did the probe repair a loss?  While nothing sent later is
 * acknowledged, the original may still arrive, and a D-SACK tell of it.
 */
static void xtcp_tlp_answered(struct sock *sk, const struct xtcp_ack_state *a)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	bool original;

	if (xtcp_before(xs->snd_una, xs->tlp_high_seq))
		return;
	/*
	 * A timestamp older than the probe's: the original had arrived, and a
	 * D-SACK is yet to come.
	 */
	original = a->tsecr && xtcp_before(a->tsecr, xs->tlp_tsval);
	if (xs->tlp_retrans && !a->dsack && !original) {
		if (xs->snd_una == xs->tlp_high_seq)
			return;
		/* It did: the congestion that caused it must be answered. */
		if (xs->ca_state == XTCP_CA_OPEN)
			xtcp_cong_on_loss(&xs->cong, xtcp_flight(xs));
	}
	xs->tlp_high_seq = 0;
}

/* --------------------------------------------------------- the entrance */

/**
 * xtcp_recovery_ack - an acknowledgment came: what does it say of losses?
 * @sk: socket, locked; queues and marks are up to date
 * @a: the acknowledgment
 *
 * Marks, and changes ca_state.  The caller then sets the window and resends.
 */
void xtcp_recovery_ack(struct sock *sk, const struct xtcp_ack_state *a)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	bool una_moved = xs->snd_una != a->prior_una;

	xtcp_rack_adapt(&xs->rack, a->dsack, xs->snd_una, xs->snd_nxt);
	if (a->dsack)
		xtcp_dsack_undo(sk, a);
	if (xs->tlp_high_seq)
		xtcp_tlp_answered(sk, a);
	if (unlikely(xs->reduced) &&
	    xtcp_after(xs->snd_una, xs->reduced_seq))
		xs->reduced = false;
	if (xs->ca_state != XTCP_CA_OPEN) {
		if (una_moved && xtcp_eifel_undo(sk, a->tsecr))
			;
		else if (!xtcp_before(xs->snd_una, xs->high_seq))
			xtcp_leave(sk);
	}
	if (a->acked || xs->sacked_out)
		xtcp_rack_detect(sk, xs->last_rcv_us);
	if (xs->ca_state == XTCP_CA_OPEN && a->ce_bytes)
		xtcp_marks_told(sk);
	if (xs->lost_out &&
	    (xs->ca_state == XTCP_CA_OPEN || xs->ca_state == XTCP_CA_CWR))
		xtcp_enter_recovery(sk, a->acked);
}
