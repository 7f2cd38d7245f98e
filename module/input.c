// SPDX-License-Identifier: GPL-2.0
/*
 * Input: one segment against one connection.  RFC 9293 section 3.10.7, with
 * RFC 7323 (timestamps, PAWS) and RFC 5961 (blind attacks) worked in.
 *
 *   xtcp_rcv_segment
 *     SYN_SENT     -> xtcp_rcv_syn_sent  (opening.c)
 *     synchronized -> xtcp_rcv_stranger is it of another connection?
 *                     xtcp_rcv_check    is it acceptable at all?
 *                     xtcp_rcv_ack      what does it acknowledge?
 *                     xtcp_rcv_data     what does it bring?
 *                     xtcp_rcv_fin      does the peer end?
 *                     output            what may leave now?
 *
 * Segments arrive parsed (hlen, checksum and options are sound) with their
 * numbers in struct xtcp_skb_cb and their header pulled.
 */
#include <net/dst.h>

#include "engine.h"
#include "trace.h"
#include "why.h"

/* ------------------------------------------------------------- timestamps */

/* RFC 7323 section 4.3: echo the segment that advances the left edge. */
static void xtcp_take_timestamp(struct xtcp_sock *xs, u32 seq, u32 tsval)
{
	if (xtcp_after(seq, xs->rcv_wup) ||
	    (xtcp_before(tsval, xs->ts_recent) &&
	     xs->last_rcv_us - xs->ts_recent_us < XTCP_PAWS_LIFE_US))
		return;
	xs->ts_recent = tsval;
	xs->ts_recent_us = xs->last_rcv_us;
}

/*
 * PAWS, RFC 7323 section 5.  µs wrap in 71 minutes, so half of that is the
 * most that "older" can mean: an idle connection's value stops counting
 * after XTCP_PAWS_LIFE_US.
 *
 * With a clock of µs all that was overtaken on its way looks old, and an echo
 * that a resend took over makes the originals behind it look old.  A window is
 * below 2^30 bytes, so numbers cannot wrap in less than four round trips: what
 * is older by less than one, and by less than two of the shortest known, is of
 * this turn.
 */
static bool xtcp_paws_reject(const struct xtcp_sock *xs, u32 tsval, u64 now_us)
{
	u32 tolerance_us = min_t(u64, xtcp_srtt_us(&xs->rtt),
				 2ULL * xs->rtt.min_rtt_us);

	return xtcp_before(tsval + tolerance_us, xs->ts_recent) &&
	       xs->ts_recent && now_us - xs->ts_recent_us < XTCP_PAWS_LIFE_US;
}

/**
 * xtcp_rtt_from_echo - take a round-trip sample from a timestamp echo
 * @sk: socket, locked
 * @tsecr: timestamp echo of a segment that acknowledges something new
 * @now_us: when it came
 *
 * Return: the sample, µs; 0: the echo tells nothing.
 */
u32 xtcp_rtt_from_echo(struct sock *sk, u32 tsecr, u64 now_us)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u32 rtt_us = (u32)now_us + xs->ts_offset - tsecr;

	/* An echo of nothing, or of a value that we never sent. */
	if (!tsecr || (s32)rtt_us < 0)
		return 0;
	rtt_us = max(rtt_us, 1u);
	xtcp_rtt_sample(&xs->rtt, rtt_us, now_us);
	return rtt_us;
}

/* ---------------------------------------------------------- acceptability */

static bool xtcp_seq_acceptable(const struct xtcp_sock *xs, u32 seq, u32 end)
{
	return !xtcp_before(end, xs->rcv_wup) &&
	       !xtcp_after(seq, xs->rcv_nxt + xtcp_receive_window(xs));
}

/*
 * Two ends that both find the other's numbers unacceptable must not answer
 * each other for ever (RFC 5961 section 10): empty segments get an answer now
 * and then only.
 */
static bool xtcp_oow_limited(struct xtcp_sock *xs, const struct xtcp_skb_cb *cb)
{
	if (cb->seq != cb->end_seq)
		return false;
	if (xs->oow_ack_us &&
	    xs->last_rcv_us - xs->oow_ack_us < XTCP_OOW_ACK_US)
		return true;
	xs->oow_ack_us = xs->last_rcv_us;
	return false;
}

/* Old data again: the ACK of it was lost, or a D-SACK tells that it was not. */
static void xtcp_dup_ack(struct sock *sk, const struct sk_buff *skb)
{
	const struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (cb->seq != cb->end_seq && xtcp_before(cb->seq, xs->rcv_nxt)) {
		xs->dsack.start = cb->seq;
		xs->dsack.end = xtcp_seq_min(cb->end_seq, xs->rcv_nxt);
		xs->dsack_set = true;
		xs->dsack_dups++;
		XTCP_DROP(sk, skb, InDuplicate);
		XTCP_INC_STATS(sk, DsackSent);
		xtcp_enter_quickack(sk, XTCP_QUICKACKS);
	}
	xtcp_send_ack(sk);
}

/* First to fourth check of section 3.10.7.4; false: the segment ends here. */
static bool xtcp_rcv_check(struct sock *sk, const struct sk_buff *skb)
{
	const struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (xtcp_paws_reject(xs, cb->tsval, xs->last_rcv_us) &&
	    !(cb->flags & XTCP_RST)) {
		XTCP_DROP(sk, skb, InPaws);
		/* An ACK overtaken by another needs no answer. */
		if (cb->seq != cb->end_seq)
			xtcp_dup_ack(sk, skb);
		return false;
	}
	if (!xtcp_seq_acceptable(xs, cb->seq, cb->end_seq)) {
		XTCP_DROP(sk, skb, InOutOfWindow);
		if (cb->flags & XTCP_RST)
			return false;
		if (cb->flags & XTCP_SYN)
			xtcp_challenge_ack(sk);
		else if (!xtcp_oow_limited(xs, cb))
			xtcp_dup_ack(sk, skb);
		return false;
	}
	if (cb->flags & XTCP_RST) {	/* RFC 5961 section 3.2 */
		if (cb->seq == xs->rcv_nxt)
			xtcp_reset_received(sk);
		else
			xtcp_challenge_ack(sk);
		return false;
	}
	if (cb->flags & XTCP_SYN) {	/* RFC 5961 section 4.2 */
		if (sk->sk_state != XTCP_SYN_RECV || cb->seq != xs->irs) {
			xtcp_challenge_ack(sk);
			return false;
		}
	}
	if (!(cb->flags & XTCP_ACK)) {
		XTCP_DROP(sk, skb, InNoAck);
		return false;
	}
	return true;
}

/* ---------------------------------------------------------- acknowledgment */

/* The peer knows of us: the handshake's third segment did arrive. */
static void xtcp_cookie_confirmed(struct xtcp_sock *xs)
{
	kfree(xs->cookie);
	xs->cookie = NULL;
	xs->cookie_len = 0;
	xs->retransmits = 0;
	xs->backoff = 0;
	xs->rtx_start_us = 0;
}

/* Recovery has judged: now the window, the rate, and what is to be resent. */
static void xtcp_cong_acked(struct sock *sk, const struct xtcp_ack_state *a)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_ack_sample s = {
		.acked		= a->acked,
		.lost		= (u32)xs->lost - a->prior_lost_life,
		.prior_inflight	= a->prior_inflight,
		.inflight	= xtcp_inflight(xs),
		.ce_bytes	= a->ce_bytes,
		.rtt_us		= a->rtt_us,
		.srtt_us	= xtcp_srtt_us(&xs->rtt),
		.min_rtt_us	= xs->rtt.min_rtt_us,
		.ca_state	= xs->ca_state,
	};

	xtcp_rate_sample(sk, a, &s);
	xtcp_cong_observe(&xs->cong, &s);
	if (xs->cong.ops->control) {
		if (s.acked || s.lost || s.ce_bytes)
			xtcp_cong_on_ack(&xs->cong, &s);
	} else if (xs->ca_state == XTCP_CA_RECOVERY ||
		   xs->ca_state == XTCP_CA_CWR) {
		xtcp_prr(sk, a);
	} else if (s.acked) {
		xtcp_cong_on_ack(&xs->cong, &s);
	}
	if (s.acked) {
		xtcp_update_pacing(sk);
		xtcp_pacing_acked(sk, s.acked);
	}
	trace_xtcp_cong(&xs->node.key.t, &xs->cong, &s, xs->snd_una,
			READ_ONCE(sk->sk_pacing_rate));
	if (xs->ca_state != XTCP_CA_OPEN)
		xtcp_retransmit_lost(sk);
}

/* The peer's count of marked bytes.  Answers by how much it grew. */
static u32 xtcp_ce_told(struct xtcp_sock *xs, u32 count)
{
	u32 fresh = count - xs->snd_ce_bytes;

	/* This ACK was overtaken, or tells more than we ever sent. */
	if ((s32)fresh <= 0 || fresh > xs->bytes_sent)
		return 0;
	xs->snd_ce_bytes = count;
	return fresh;
}

/*
 * An echo must be of something sent in the life of the connection.  0 never was:
 * who has heard of us knows better.
 */
static bool xtcp_echo_plausible(const struct xtcp_sock *xs, u32 tsecr)
{
	/* What we stamped last may leave later: fq holds it. */
	u64 newest_us = max(xs->last_rcv_us, xs->last_send_us);
	u32 echo_age_us = (u32)newest_us + xs->ts_offset - tsecr;
	u64 age_us = newest_us - xs->start_us;

	return tsecr && (age_us > S32_MAX || echo_age_us <= age_us);
}

/* RFC 5961 section 5.2: how old and how new an ACK may be. */
static bool xtcp_ack_plausible(struct sock *sk, const struct sk_buff *skb)
{
	const struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (likely(!xtcp_after(cb->ack, xs->snd_nxt) &&
		   !xtcp_before(cb->ack, xs->snd_una - xs->max_wnd) &&
		   xtcp_echo_plausible(xs, cb->tsecr)))
		return true;
	XTCP_DROP(sk, skb, InBadAck);
	xtcp_challenge_ack(sk);
	return false;
}

/*
 * As long as the peer has not acknowledged our SYN, or not confirmed our
 * cookie, it may still be in an earlier connection between the same ports: one
 * that we have left, or one that a late third segment has made.  Its segments
 * acknowledge nothing of ours; an ACK in answer would be as strange to it, and
 * so on for ever.  RST ends it (RFC 9293 section 3.5.2, second group).
 */
static bool xtcp_rcv_stranger(struct sock *sk, const struct sk_buff *skb)
{
	const struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	const struct xtcp_sock *xs = xtcp_sk(sk);

	if (likely(!xs->cookie &&
		   (xs->snd_una != xs->iss || xs->bytes_acked)))
		return false;
	if ((cb->flags & (XTCP_ACK | XTCP_RST)) != XTCP_ACK)
		return false;
	if (xtcp_between(cb->ack, xs->iss + 1, xs->snd_nxt) &&
	    xtcp_echo_plausible(xs, cb->tsecr))
		return false;
	XTCP_DROP(sk, skb, InBadAck);
	return true;
}

/*
 * Process acknowledgment number, window, SACK and echo.  Answers false for an
 * ACK that must end the segment's processing.
 */
static bool xtcp_rcv_ack(struct sock *sk, const struct sk_buff *skb,
			 const struct xtcp_opts *opts)
{
	const struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_ack_state a = {
		.ack		= cb->ack,
		.prior_una	= xs->snd_una,
		.prior_lost	= xs->lost_out,
		.prior_lost_life = (u32)xs->lost,
		.prior_inflight	= xtcp_inflight(xs),
		.tsecr		= cb->tsecr,
	};
	u32 prior_reo_us = xs->rack.reo_timeout_us;
	u32 prior_una = xs->snd_una;
	bool was_open;

	if (!xtcp_ack_plausible(sk, skb))
		return false;
	/* Not before: a forged value would make PAWS refuse the true peer. */
	xtcp_take_timestamp(xs, cb->seq, cb->tsval);
	if (unlikely(xs->cookie))
		xtcp_cookie_confirmed(xs);

	xs->probes_out = 0;
	xs->keep_probes = 0;
	was_open = xtcp_after(xtcp_wnd_end(xs), xs->snd_nxt);
	if (xtcp_after(cb->ack, prior_una)) {
		xtcp_rtx_ack(sk, cb->ack, &a);
		WRITE_ONCE(xs->snd_una, cb->ack);
		xs->bytes_acked += cb->ack - prior_una;
		xs->retransmits = 0;
		xs->backoff = 0;
		xs->rtx_start_us = 0;
		a.rtt_us = xtcp_rtt_from_echo(sk, cb->tsecr, xs->last_rcv_us);
		sk_dst_confirm(sk);
	}
	if (unlikely(opts->sack_n))
		xtcp_rtx_sack(sk, opts, &a);
	if (unlikely(xtcp_opt_has(opts, XTCP_OPT_ECN)) && xs->cong.ecn)
		a.ce_bytes = xtcp_ce_told(xs, opts->ecn_bytes);
	xtcp_update_snd_wnd(sk, cb, xs->snd_una != prior_una);
	if (!was_open && xtcp_after(xtcp_wnd_end(xs), xs->snd_nxt) &&
	    RB_EMPTY_ROOT(&xs->rtx_queue)) {
		xs->backoff = 0;	/* probing is over */
		xs->rtx_start_us = 0;
		xtcp_rearm_rtx(sk);
	}

	xtcp_recovery_ack(sk, &a);
	xtcp_cong_acked(sk, &a);
	/*
	 * Only news push the timer back: a peer that streams to us while it
	 * waits for a segment of ours repeats the same SACK on and on.
	 */
	if (a.acked || xs->snd_una != prior_una ||
	    xs->rack.reo_timeout_us != prior_reo_us ||
	    xs->rtx_kind == XTCP_RTX_COOKIE)
		xtcp_rearm_rtx(sk);
	return true;
}

static void xtcp_enter_fin_wait2(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	int s;

	xtcp_set_state(sk, XTCP_FIN_WAIT2);
	WRITE_ONCE(sk->sk_shutdown, sk->sk_shutdown | SEND_SHUTDOWN);
	if (!sock_flag(sk, SOCK_DEAD)) {
		sk->sk_state_change(sk);
		return;
	}
	s = xs->linger2_s ?: READ_ONCE(xtcp_sk_net(sk)->sysctl_fin_timeout_s);
	if (s < 0)
		xtcp_done(sk);
	else
		xtcp_reset_keepalive(sk, (u64)s * USEC_PER_SEC);
}

/* Our FIN was acknowledged.  Answers false when the socket is gone. */
static bool xtcp_fin_acked(struct sock *sk)
{
	enum xtcp_state next = xtcp_state_on_fin_acked(sk->sk_state);

	if (next == sk->sk_state)
		return true;
	if (next == XTCP_FIN_WAIT2) {
		xtcp_enter_fin_wait2(sk);
		return sk->sk_state == XTCP_FIN_WAIT2;
	}
	if (next == XTCP_TIME_WAIT)
		xtcp_time_wait(sk);
	else
		xtcp_done(sk);
	return false;
}

/* --------------------------------------------------------------- payload */

static void xtcp_data_ready(struct sock *sk)
{
	if (!sock_flag(sk, SOCK_DEAD))
		sk->sk_data_ready(sk);
}

/*
 * Payload arrived: was it marked?  The sender learns at once when marks begin
 * or end, and meanwhile with every ACK.
 */
static void xtcp_note_ce(struct sock *sk, const struct sk_buff *skb)
{
	bool ce = XTCP_SKB_CB(skb)->ce;
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (ce) {
		xs->rcv_ce_bytes += skb->len;
		XTCP_INC_STATS(sk, InCeSegs);
	}
	if (ce != xs->rcv_ce)
		xtcp_schedule_ack(sk, XTCP_ACK_NOW);
	xs->rcv_ce = ce;
}

/*
 * RFC 9293 section 3.8.6.3 and RFC 5681 section 4.2: an ACK for every second
 * full segment, at once while a gap exists, else soon.  Segments that the host
 * takes in at once have one ACK, as one super-segment of the same size has.
 */
static void xtcp_data_acked_how(struct xtcp_sock *xs, struct sock *sk, u32 len,
				u32 seg)
{
	xs->ack_bytes += len;
	if (seg > xs->rcv_mss)
		xs->rcv_mss = min_t(u32, seg, xs->advmss);
	if (xs->quickack || xs->sack.n || xs->dsack_set ||
	    xs->ack_bytes >= XTCP_BATCH_MAX)
		xtcp_schedule_ack(sk, XTCP_ACK_NOW);
	else if (xs->ack_bytes >= 2 * xs->rcv_mss)
		xtcp_schedule_ack(sk, XTCP_ACK_BATCH);
	else
		xtcp_schedule_ack(sk, XTCP_ACK_DELAYED);
}

/*
 * RFC 9293 section 3.10.7.4, eighth step.  Answers false when the socket is
 * gone.
 */
static bool xtcp_rcv_fin(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	enum xtcp_state next;

	if (xs->fin_rcvd)
		return true;
	xs->fin_rcvd = true;
	xtcp_ofo_purge(sk);		/* nothing can follow a FIN */
	xtcp_schedule_ack(sk, XTCP_ACK_NOW);
	WRITE_ONCE(sk->sk_shutdown, sk->sk_shutdown | RCV_SHUTDOWN);
	sock_set_flag(sk, SOCK_DONE);

	next = xtcp_state_on_fin(sk->sk_state);
	if (next == XTCP_TIME_WAIT) {
		xtcp_send_ack(sk);
		xtcp_time_wait(sk);
		return false;
	}
	xtcp_set_state(sk, next);
	if (!sock_flag(sk, SOCK_DEAD)) {
		sk->sk_state_change(sk);
		/* No second direction left: POLL_HUP, as TCP tells it. */
		sk_wake_async(sk, SOCK_WAKE_WAITD,
			      sk->sk_shutdown == SHUTDOWN_MASK ? POLL_HUP :
								 POLL_IN);
	}
	return true;
}

/* Cut off what stands before rcv_nxt; false: nothing is left, or no memory. */
static bool xtcp_trim_front(struct xtcp_sock *xs, struct sk_buff *skb)
{
	struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	u32 old = xs->rcv_nxt - cb->seq;

	if (!xtcp_before(cb->seq, xs->rcv_nxt))
		return true;
	if (cb->flags & XTCP_SYN) {	/* SYN_RECV: the repeated SYN's number */
		cb->flags &= ~XTCP_SYN;
		cb->seq++;
		old--;
	}
	if (old > skb->len || !pskb_pull(skb, old))
		return false;
	cb->seq += old;
	return true;
}

/* Cut off what stands beyond our window. */
static bool xtcp_trim_back(struct xtcp_sock *xs, struct sk_buff *skb)
{
	struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	u32 edge = xs->rcv_nxt + xtcp_receive_window(xs);
	u32 keep;

	if (!skb->len || !xtcp_after(cb->seq + skb->len, edge))
		return true;
	keep = edge - cb->seq;
	if (xtcp_before(edge, cb->seq) || !keep)
		return false;
	if (pskb_trim(skb, keep))
		return false;
	cb->flags &= ~(XTCP_FIN | XTCP_PSH);
	cb->end_seq = cb->seq + keep;
	return true;
}

/* In order: to the program, with what was waiting for it. */
static bool xtcp_rcv_in_order(struct sock *sk, struct sk_buff *skb)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	bool fin = XTCP_SKB_CB(skb)->flags & XTCP_FIN;
	u32 len = skb->len;
	u32 seg = skb_is_gso(skb) ? skb_shinfo(skb)->gso_size : len;

	if (len) {
		xtcp_rcv_queue_tail(sk, skb);
	} else {
		WRITE_ONCE(xs->rcv_nxt, XTCP_SKB_CB(skb)->end_seq);
		kfree_skb(skb);
	}
	if (!fin && !RB_EMPTY_ROOT(&xs->ofo_queue)) {
		/* The ACK of a filled gap must not wait (RFC 5681 4.2). */
		xtcp_schedule_ack(sk, XTCP_ACK_NOW);
		fin |= xtcp_ofo_drain(sk);
	}
	xtcp_data_acked_how(xs, sk, len, seg);
	return fin;
}

/*
 * Take payload and FIN.  Consumes @skb.  Answers false when the socket is
 * gone.
 */
static bool xtcp_rcv_data(struct sock *sk, struct sk_buff *skb)
{
	struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	struct xtcp_sock *xs = xtcp_sk(sk);
	bool fin = false;

	if (cb->seq == cb->end_seq)
		goto free;
	if (!xtcp_state_in(sk, XTCPF_CAN_RECV) || xs->fin_rcvd) {
		/* Beyond its FIN, the peer may only repeat itself. */
		if (xtcp_after(cb->end_seq, xs->rcv_nxt))
			XTCP_DROP(sk, skb, InBeyondFin);
		else
			xtcp_schedule_ack(sk, XTCP_ACK_NOW);
		goto free;
	}
	if (!xtcp_after(cb->end_seq, xs->rcv_nxt) ||
	    !xtcp_trim_front(xs, skb)) {
		xtcp_dup_ack(sk, skb);
		goto free;
	}
	if (!xtcp_trim_back(xs, skb)) {
		XTCP_DROP(sk, skb, InOutOfWindow);
		xtcp_schedule_ack(sk, XTCP_ACK_NOW);
		goto free;
	}
	/* A FIN alone takes memory too, beyond a gap. */
	if ((skb->len || cb->seq != xs->rcv_nxt) &&
	    !xtcp_rmem_admit(sk, skb)) {
		XTCP_DROP(sk, skb, InNoMem);
		xtcp_schedule_ack(sk, XTCP_ACK_NOW);
		goto free;
	}

	xs->data_segs_in += xtcp_skb_segs(skb);
	skb_dst_drop(skb);
	if (cb->seq == xs->rcv_nxt) {
		bool payload = skb->len;

		fin = xtcp_rcv_in_order(sk, skb);
		if (payload && !fin)
			xtcp_data_ready(sk);
	} else {
		xtcp_ofo_queue(sk, skb);
		xtcp_schedule_ack(sk, XTCP_ACK_NOW);
	}
	return !fin || xtcp_rcv_fin(sk);
free:
	kfree_skb(skb);
	return true;
}

/*
 * RFC 2525 section 2.17: data that no program will read is refused with RST,
 * so that the peer learns it.
 */
static bool xtcp_data_unwanted(const struct sock *sk, const struct sk_buff *skb)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);

	return (sk->sk_shutdown & RCV_SHUTDOWN) && skb->len &&
	       xtcp_state_in(sk, XTCPF(XTCP_FIN_WAIT1) | XTCPF(XTCP_FIN_WAIT2)) &&
	       xtcp_after(XTCP_SKB_CB(skb)->seq + skb->len, xs->rcv_nxt);
}

/* ----------------------------------------------------------- the entrance */

static void xtcp_parse_again(const struct sk_buff *skb, struct xtcp_opts *opts)
{
	unsigned int len = XTCP_SKB_CB(skb)->hdr_len - XTCP_HDR_LEN;

	opts->present = 0;
	opts->sack_n = 0;
	opts->cookie_len = 0;
	opts->features = 0;
	if (len)
		xtcp_parse_opts((const u8 *)(xtcp_hdr(skb) + 1), len, opts);
}

/* Full segments tell a receiver the round trip: flow.c. */
static void xtcp_note_arrival(struct sock *sk, const struct sk_buff *skb)
{
	const struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	struct xtcp_sock *xs = xtcp_sk(sk);
	u32 rtt_us;

	if (!skb->len || skb->len < xs->rcv_mss || !cb->tsecr)
		return;
	rtt_us = (u32)xs->last_rcv_us + xs->ts_offset - cb->tsecr;
	if ((s32)rtt_us >= 0)
		xtcp_rcv_rtt_measure(sk, rtt_us);
}

/* A segment for a synchronized connection, or SYN_RECV; consumes @skb. */
static enum xtcp_verdict xtcp_rcv_synchronized(struct sock *sk,
					       struct sk_buff *skb,
					       const struct xtcp_opts *opts)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (xtcp_rcv_stranger(sk, skb))
		return XTCP_VERDICT_RESET;
	if (!xtcp_rcv_check(sk, skb))
		return XTCP_VERDICT_DROP;
	if (!xtcp_rcv_ack(sk, skb, opts))
		return XTCP_VERDICT_DROP;
	if (sk->sk_state == XTCP_SYN_RECV)
		xtcp_syn_acked(sk);
	/* FIN states: snd_una reaches write_seq when our FIN is acknowledged. */
	if (xs->snd_una == xs->write_seq && !xtcp_fin_acked(sk))
		return XTCP_VERDICT_DROP;
	if (xtcp_data_unwanted(sk, skb)) {
		XTCP_DROP(sk, skb, InAfterClose);
		xtcp_done(sk);
		return XTCP_VERDICT_RESET;
	}
	/* The peer repeats its cookie: it did not hear us yet. */
	if (unlikely(opts->cookie_len) && xs->segs_in > 1)
		xtcp_schedule_ack(sk, XTCP_ACK_NOW);

	if (unlikely(xtcp_opt_has(opts, XTCP_OPT_URGENT)))
		xtcp_rcv_urgent(sk, skb, opts);
	xtcp_note_arrival(sk, skb);
	if (skb->len && xs->cong.ecn)
		xtcp_note_ce(sk, skb);
	if (!xtcp_rcv_data(sk, skb))
		return XTCP_VERDICT_DONE;
	xtcp_push(sk);
	xtcp_check_space(sk);
	xtcp_ack_if_due(sk);
	return XTCP_VERDICT_DONE;
}

/**
 * xtcp_rcv_segment - one segment for one connection
 * @sk: socket, locked; the caller holds a reference
 * @skb: parsed segment, its numbers in XTCP_SKB_CB()
 *
 * Return: XTCP_VERDICT_DONE: @skb is consumed; else the caller frees it, and
 * answers it with a RST for XTCP_VERDICT_RESET.
 */
enum xtcp_verdict xtcp_rcv_segment(struct sock *sk, struct sk_buff *skb)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_opts opts;

	trace_xtcp_segment(false, &xs->node.key.t, xtcp_hdr(skb), skb->len,
			   sk->sk_state);
	xtcp_parse_again(skb, &opts);
	xs->last_rcv_us = xtcp_now_us();
	xs->cong.now_us = xs->last_rcv_us;
	xs->segs_in += xtcp_skb_segs(skb);

	switch (sk->sk_state) {
	case XTCP_CLOSE:
	case XTCP_LISTEN:
		/*
		 * It was found just before the end.  If the peer needs a RST
		 * it will ask again, and find nobody.
		 */
		XTCP_DROP(sk, skb, InUnexpected);
		return XTCP_VERDICT_DROP;
	case XTCP_SYN_SENT:
		return xtcp_rcv_syn_sent(sk, skb, &opts);
	default:
		return xtcp_rcv_synchronized(sk, skb, &opts);
	}
}
