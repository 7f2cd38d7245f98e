// SPDX-License-Identifier: GPL-2.0
/*
 * Opening: from the first answer of the peer to ESTABLISHED.  The listening
 * side, which keeps nothing until the third segment, is listen.c.
 *
 *   SYN_SENT --- SYN|ACK ---> ESTABLISHED   keep the cookie until confirmed
 *      \
 *       +--- SYN ----------> SYN_RECV --- ACK ---> ESTABLISHED   (both opened)
 *
 *   listener's child: ESTABLISHED from the start, numbers from the cookie
 */
#include <net/dst.h>

#include "engine.h"
#include "why.h"

static void xtcp_start_sending(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct dst_entry *dst = xs->af->route(sk);

	xtcp_sync_mss(sk, dst ? dst_mtu(dst) : xs->pmtu);
	xs->cong.now_us = xs->last_rcv_us;
	xtcp_cong_reset(&xs->cong, xs->mss);
	xs->cong.ecn = xs->features & XTCP_FEATURE_ECN;
	/*
	 * RFC 6928: the large initial window.  A SYN lost once says little
	 * about congestion; lost twice it does (RFC 5681 section 3.1).
	 */
	if (xs->total_rto > 1)
		xs->cong.cwnd = xs->mss;
	xs->cwnd_limited_seq = xs->snd_una;
	xs->flight_seq = xs->snd_una;
	xs->snd_sml = xs->snd_una;
	xtcp_recovery_init(sk);
	xtcp_sndbuf_expand(sk);
	xtcp_update_pacing(sk);
}

/**
 * xtcp_syn_acked - SYN_RECV to ESTABLISHED: a simultaneous open succeeded
 * @sk: socket, locked; our SYN is acknowledged
 */
void xtcp_syn_acked(struct sock *sk)
{
	xtcp_start_sending(sk);
	xtcp_set_state(sk, XTCP_ESTABLISHED);
	if (sock_flag(sk, SOCK_KEEPOPEN))
		xtcp_reset_keepalive(sk, xtcp_keepidle_us(sk));
	sk->sk_state_change(sk);
	sk_wake_async(sk, SOCK_WAKE_IO, POLL_OUT);
}

static void xtcp_learn_peer(struct sock *sk, const struct sk_buff *skb,
			    const struct xtcp_opts *opts)
{
	const struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	struct xtcp_sock *xs = xtcp_sk(sk);

	xs->irs = cb->seq;
	WRITE_ONCE(xs->rcv_nxt, cb->seq + 1);
	WRITE_ONCE(xs->copied_seq, cb->seq + 1);
	xs->ts_recent = cb->tsval;
	xs->ts_recent_us = xs->last_rcv_us;
	if (xtcp_opt_has(opts, XTCP_OPT_MSS))
		xs->peer_mss = max_t(u32, opts->mss, XTCP_MIN_MSS);
	xs->snd_wnd = cb->wnd;
	xs->max_wnd = cb->wnd;
	xs->snd_wl1 = cb->seq;
	xs->snd_wl2 = cb->ack;
	xtcp_init_buffer_space(sk);
}

static enum xtcp_verdict xtcp_rcv_synack(struct sock *sk, struct sk_buff *skb,
					 const struct xtcp_opts *opts)
{
	const struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_ack_state a = { .tsecr = cb->tsecr };

	if (opts->cookie_len) {
		xs->cookie = kmemdup(opts->cookie, opts->cookie_len,
				     GFP_ATOMIC);
		if (!xs->cookie) {	/* SYN is repeated */
			XTCP_DROP(sk, skb, InNoMem);
			return XTCP_VERDICT_DROP;
		}
		xs->cookie_len = opts->cookie_len;
	}
	xtcp_learn_peer(sk, skb, opts);
	xtcp_rtt_from_echo(sk, cb->tsecr, xs->last_rcv_us);
	xtcp_rtx_ack(sk, cb->ack, &a);
	WRITE_ONCE(xs->snd_una, cb->ack);
	xs->features &= opts->features;
	xs->retransmits = 0;
	xs->backoff = 0;
	xs->rtx_start_us = 0;
	xtcp_start_sending(sk);

	xtcp_set_state(sk, XTCP_ESTABLISHED);
	if (sock_flag(sk, SOCK_KEEPOPEN))
		xtcp_reset_keepalive(sk, xtcp_keepidle_us(sk));
	if (!sock_flag(sk, SOCK_DEAD)) {
		sk->sk_state_change(sk);
		sk_wake_async(sk, SOCK_WAKE_IO, POLL_OUT);
	}
	xtcp_send_ack(sk);
	xtcp_rearm_rtx(sk);	/* the cookie must be confirmed */
	return XTCP_VERDICT_DROP;
}

/**
 * xtcp_rcv_syn_sent - a segment for a connection that we opened
 * @sk: socket, locked, in SYN_SENT
 * @skb: parsed segment; not consumed
 * @opts: its options
 *
 * RFC 9293 section 3.10.7.3.  Return: what to do with @skb.
 */
enum xtcp_verdict xtcp_rcv_syn_sent(struct sock *sk, struct sk_buff *skb,
				    const struct xtcp_opts *opts)
{
	const struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (cb->flags & XTCP_ACK) {
		if (cb->ack != xs->iss + 1) {
			XTCP_DROP(sk, skb, InBadAck);
			return cb->flags & XTCP_RST ? XTCP_VERDICT_DROP :
						      XTCP_VERDICT_RESET;
		}
		if (cb->flags & XTCP_RST) {
			xtcp_reset_received(sk);
			return XTCP_VERDICT_DROP;
		}
		if (cb->flags & XTCP_SYN)
			return xtcp_rcv_synack(sk, skb, opts);
		XTCP_DROP(sk, skb, InUnexpected);
		return XTCP_VERDICT_DROP;
	}
	if ((cb->flags & (XTCP_SYN | XTCP_RST)) != XTCP_SYN) {
		XTCP_DROP(sk, skb, InUnexpected);
		return XTCP_VERDICT_DROP;
	}

	/* Two SYNs cross (RFC 9293 section 3.5). */
	XTCP_INC_STATS(sk, SimultaneousOpen);
	xtcp_learn_peer(sk, skb, opts);
	xs->features &= opts->features;
	xtcp_set_state(sk, XTCP_SYN_RECV);
	xtcp_send_synack(sk);
	return XTCP_VERDICT_DROP;
}

/**
 * xtcp_rcv_child_start - a cookie came back: the numbers of the connection
 * @child: new socket, locked, with addresses and route; not hashed yet
 * @skb: the handshake's third segment
 * @c: what the cookie said
 *
 * The segment itself is processed afterwards, like any other.
 */
void xtcp_rcv_child_start(struct sock *child, const struct sk_buff *skb,
			  const struct xtcp_cookie *c)
{
	const struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);
	struct xtcp_sock *xs = xtcp_sk(child);

	xs->irs = c->irs;
	xs->iss = c->iss;
	xs->rcv_nxt = c->irs + 1;
	xs->copied_seq = c->irs + 1;
	xs->snd_una = c->iss + 1;
	xs->snd_nxt = c->iss + 1;
	xs->write_seq = c->iss + 1;
	xs->snd_wnd = cb->wnd;
	xs->max_wnd = cb->wnd;
	xs->snd_wl1 = cb->seq;
	xs->snd_wl2 = cb->ack;
	xs->peer_mss = max_t(u32, c->mss, XTCP_MIN_MSS);
	xs->features = c->features;
	xs->last_rcv_us = xtcp_now_us();
	/* The SYN-ACK left before us, within a cookie's life. */
	xs->start_us = xs->last_rcv_us -
		       (u64)XTCP_COOKIE_LIFE_S * USEC_PER_SEC;
	xs->cookie_ends_us = xs->last_rcv_us +
			     (u64)XTCP_COOKIE_LIFE_S * USEC_PER_SEC;
	xs->used_iss = c->iss;
	xs->used_ts = cb->tsval;
	xs->ts_recent = cb->tsval;
	xs->ts_recent_us = xs->last_rcv_us;
	xtcp_advertise_mss(child);
	xtcp_init_buffer_space(child);
	/* RFC 6298: the echoed SYN-ACK timestamp is the first sample. */
	xtcp_rtt_from_echo(child, cb->tsecr, xs->last_rcv_us);
	xtcp_start_sending(child);
	/* Confirm soon; data or FIN of ours may do it before. */
	xtcp_schedule_ack(child, XTCP_ACK_DELAYED);
}
