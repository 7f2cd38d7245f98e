// SPDX-License-Identifier: GPL-2.0
/*
 * How large a segment may be: what the route, the peer and the program allow,
 * less the options that it carries; and what the path lets through in truth.
 *
 * A router that drops what is too big must say so by ICMP, and ip.c then lowers
 * the route's MTU.  Where such messages are filtered, full segments vanish in a
 * black hole (RFC 4821 section 7.7, RFC 8899 section 4.2):
 *
 *   NONE ---- second timeout in a row, oldest segment above the base size
 *    ^ ^        |   cut it: send a piece of the base size
 *    | |        v
 *    | +--- SUSPECTED   a larger segment arrived: it was plain loss
 *    |          |       the piece arrived, yet a larger one times out again,
 *    |          v       or the piece itself keeps timing out
 *    +------ CLAMPED    nothing larger than hole.mtu is sent ...
 *   10 min              ... until another try, as the path may have changed
 */
#include <net/dst.h>

#include "engine.h"

/* Sizes that work nearly everywhere, bytes with IP header (RFC 8899 5.1.2) */
#define XTCP_BASE_MTU		1200u
#define XTCP_BASE_MTU_IPV6	1280u		/* the least that IPv6 knows */
#define XTCP_LOW_MTU		576u		/* RFC 1191; IPv4 only */
#define XTCP_HOLE_LIFE_US	(600LL * USEC_PER_SEC)	/* PMTU_RAISE_TIMER */
#define XTCP_HOLE_TIMEOUTS	2		/* in a row, then it is suspected */

static s32 xtcp_mtu_to_mss(const struct sock *sk, u32 mtu)
{
	return mtu - xtcp_sk(sk)->af->net_header_len(sk) - XTCP_HDR_LEN;
}

/* The clamp is old: try again.  Clears it. */
static bool xtcp_hole_is_old(struct xtcp_sock *xs)
{
	if (likely(!xs->hole.mtu) ||
	    (s64)(xs->cong.now_us - xs->hole.since_us) < XTCP_HOLE_LIFE_US)
		return false;
	xs->hole.mtu = 0;
	return true;
}

/* The next smaller size to try; 0: there is none. */
static u32 xtcp_hole_next_mtu(const struct sock *sk)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);

	if (xs->af->family == AF_INET6)
		return xs->hole.mtu ? 0 : XTCP_BASE_MTU_IPV6;
	if (!xs->hole.mtu)
		return XTCP_BASE_MTU;
	return xs->hole.mtu > XTCP_LOW_MTU ? XTCP_LOW_MTU : 0;
}

/**
 * xtcp_hole_timeout - the retransmission timer expired: a black hole?
 * @sk: socket, locked; the rtx queue is not empty
 *
 * Cuts the oldest segment where its size is the suspect, or lowers mss for all
 * that follows.  To be called before anything is resent.
 */
void xtcp_hole_timeout(struct sock *sk)
{
	struct sk_buff *skb = xtcp_rtx_head(sk);
	struct xtcp_sock *xs = xtcp_sk(sk);
	u32 mtu = xtcp_hole_next_mtu(sk);
	s32 mss;

	if (!mtu || !xtcp_state_in(sk, XTCPF_SYNCHRONIZED))
		return;
	mss = xtcp_mtu_to_mss(sk, mtu);
	if (mss < XTCP_MIN_MSS || xtcp_skb_largest(skb) <= mss)
		return;
	if (xs->hole.suspected_mtu == mtu) {
		/* A piece got through, what is larger again did not. */
		XTCP_INC_STATS(sk, PmtuBlackHoles);
		xs->hole.mtu = mtu;
		xs->hole.since_us = xs->cong.now_us;
		xs->hole.suspected_mtu = 0;
		xtcp_sync_mss(sk, xs->pmtu);
		return;
	}
	if (xs->retransmits < XTCP_HOLE_TIMEOUTS)
		return;
	if (!xtcp_fragment(sk, skb, mss, GFP_ATOMIC))
		xs->hole.suspected_mtu = mtu;
}

/**
 * xtcp_hole_delivered - a segment arrived
 * @sk: socket, locked; a black hole is suspected
 * @len: payload of the segment, bytes
 *
 * One that is larger than the suspected size takes the suspicion away.
 */
void xtcp_hole_delivered(struct sock *sk, u32 len)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if ((s32)len > xtcp_mtu_to_mss(sk, xs->hole.suspected_mtu))
		xs->hole.suspected_mtu = 0;
}

/**
 * xtcp_advertise_mss - the MSS to announce, bytes
 * @sk: socket, locked, routed
 */
u32 xtcp_advertise_mss(struct sock *sk)
{
	const struct dst_entry *dst = __sk_dst_get(sk);
	struct xtcp_sock *xs = xtcp_sk(sk);
	s32 mss = XTCP_DEFAULT_MSS;
	u32 metric;

	if (dst) {
		mss = xtcp_mtu_to_mss(sk, dst_mtu(dst));
		metric = dst_metric_raw(dst, RTAX_ADVMSS);
		if (metric)
			mss = min_t(s32, mss, metric);
	}
	if (xs->user_mss)
		mss = min_t(s32, mss, xs->user_mss);
	xs->advmss = clamp_t(s32, mss, XTCP_MIN_MSS, U16_MAX);
	return xs->advmss;
}

/**
 * xtcp_sync_mss - take over a path MTU
 * @sk: socket, locked
 * @pmtu: bytes, IP header included
 */
void xtcp_sync_mss(struct sock *sk, u32 pmtu)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	s32 mss = xtcp_mtu_to_mss(sk, pmtu);

	mss = min_t(s32, mss, xs->peer_mss);
	if (xs->user_mss)
		mss = min_t(s32, mss, xs->user_mss);
	if (unlikely(xs->hole.mtu))
		mss = min_t(s32, mss, xtcp_mtu_to_mss(sk, xs->hole.mtu));
	xs->mss = max_t(s32, mss, XTCP_MIN_MSS);
	xs->pmtu = pmtu;
	xtcp_cong_set_mss(&xs->cong, xs->mss);
}

/* Bytes of options that the next data segment will carry. */
static unsigned int xtcp_data_opts_len(const struct xtcp_sock *xs)
{
	struct xtcp_sack_block sack[XTCP_SACK_WITH_DATA + 1];
	struct xtcp_opts_out o;

	if (likely(!xs->cookie && !xs->dsack_set && !xs->sack.n &&
		   !xs->rcv_ce_bytes && !xs->urgent))
		return 0;
	return xtcp_collect_opts(xs, &o, sack, true) ? xtcp_opts_len(&o) : 0;
}

/**
 * xtcp_current_mss - payload bytes that the next data segment may carry
 * @sk: socket, locked
 *
 * Follows the route's MTU, and leaves room for options (RFC 6691).
 */
u32 xtcp_current_mss(struct sock *sk)
{
	const struct dst_entry *dst = __sk_dst_get(sk);
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (dst && (dst_mtu(dst) != xs->pmtu || xtcp_hole_is_old(xs)))
		xtcp_sync_mss(sk, dst_mtu(dst));
	return max_t(s32, (s32)xs->mss - (s32)xtcp_data_opts_len(xs),
		     XTCP_MIN_MSS / 2);
}
