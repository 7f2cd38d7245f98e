// SPDX-License-Identifier: GPL-2.0
/*
 * One urgent byte in each direction: MSG_OOB, as TCP has it (RFC 6093).
 *
 * The byte stands in the stream like any other.  The URGENT option tells where:
 * it holds the number after it, and is on everything that is sent until the peer
 * has acknowledged the byte, so that the news overtakes data that waits.
 *
 *   sender     snd_up  = number after the byte, while @urgent
 *   receiver   urg_seq = number of the byte, while @urg is not XTCP_URG_NONE:
 *
 *   NONE -- option --> AHEAD -- byte arrives --> HELD -- recv(MSG_OOB) --> TAKEN
 *    ^       SIGURG                              POLLPRI                     |
 *    +------------------ the program reads past the place -------------------+
 *
 * Reading stops before the byte, and the next read() leaves it out, unless
 * SO_OOBINLINE is set.  A newer byte takes an older one's place.
 */
#include "engine.h"

/**
 * xtcp_mark_urgent - what was written last is urgent
 * @sk: socket, locked
 */
void xtcp_mark_urgent(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	xs->snd_up = xs->write_seq;
	xs->urgent = true;
}

/* Forget the byte before: it was left out of the stream, and stays so. */
static void xtcp_skip_old_urgent(struct sock *sk)
{
	struct sk_buff *skb = skb_peek(&sk->sk_receive_queue);
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (xs->urg == XTCP_URG_NONE || xs->urg_seq != xs->copied_seq ||
	    xs->copied_seq == xs->rcv_nxt || sock_flag(sk, SOCK_URGINLINE))
		return;
	WRITE_ONCE(xs->copied_seq, xs->copied_seq + 1);
	if (skb && !xtcp_before(xs->copied_seq, XTCP_SKB_CB(skb)->end_seq)) {
		__skb_unlink(skb, &sk->sk_receive_queue);
		__kfree_skb(skb);
	}
}

/* The peer announces a byte. */
static void xtcp_urgent_told(struct sock *sk, u32 seq)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	/* Come already, or too far away for any window: nothing to expect. */
	if (seq - xs->rcv_nxt >= XTCP_MAX_WINDOW)
		return;
	if (xs->urg != XTCP_URG_NONE && !xtcp_after(seq, xs->urg_seq))
		return;
	sk_send_sigurg(sk);
	xtcp_skip_old_urgent(sk);
	WRITE_ONCE(xs->urg_seq, seq);
	WRITE_ONCE(xs->urg, XTCP_URG_AHEAD);
}

/**
 * xtcp_rcv_urgent - an acceptable segment: does it announce or bring the byte?
 * @sk: socket, locked
 * @skb: segment, its header pulled; not consumed
 * @opts: its options
 *
 * RFC 9293 section 3.10.7.4, sixth step.
 */
void xtcp_rcv_urgent(struct sock *sk, const struct sk_buff *skb,
		     const struct xtcp_opts *opts)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u32 at;

	if (!xtcp_state_in(sk, XTCPF_CAN_RECV) || xs->fin_rcvd)
		return;
	if (xtcp_opt_has(opts, XTCP_OPT_URGENT))
		xtcp_urgent_told(sk, opts->urg_seq - 1);
	at = xs->urg_seq - XTCP_SKB_CB(skb)->seq;
	if (xs->urg != XTCP_URG_AHEAD || at >= skb->len ||
	    skb_copy_bits(skb, at, &xs->urg_byte, 1))
		return;
	WRITE_ONCE(xs->urg, XTCP_URG_HELD);
	if (!sock_flag(sk, SOCK_DEAD))
		sk->sk_data_ready(sk);
}
