// SPDX-License-Identifier: GPL-2.0
/*
 * Flow control: how much the peer may send us, and what it lets us send.
 *
 *          rcv_nxt                              rcv_wup + rcv_wnd
 *   acked     |<------ window still open ------------>|   never shrinks
 *   ----------+---------------------------------------+-----------------
 *
 * The window is the part of the receive buffer that is free.  Buffers count
 * whole skbs, windows count payload: XTCP_RCV_OVERHEAD is the exchange rate,
 * and reassembly.c merges small segments so that it holds.
 *
 * The receive buffer grows with what the program reads in a round trip (after
 * Fisk and Feng, "Dynamic Right-Sizing").  Twice that amount leaves room for a
 * window that waits for a lost segment.  While it grows the sender is two round
 * trips ahead of what we see: it doubles while the data travels, and again while
 * the window that we tell does.
 */
#include "engine.h"

/* A buffer holds payload of half its size. */
#define XTCP_RCV_OVERHEAD	2

/* Room for what a sender that doubled in a round trip sends in two more */
#define XTCP_RCV_GROWTH		8ULL

/* The window under memory pressure, segments */
#define XTCP_TIGHT_SEGS		4

static u32 xtcp_space_to_window(const struct sock *sk, int space)
{
	u32 win = max(space, 0) / XTCP_RCV_OVERHEAD;
	u32 clamp = xtcp_sk(sk)->window_clamp;

	return clamp ? min(win, clamp) : win;
}

static int xtcp_free_space(const struct sock *sk)
{
	return READ_ONCE(sk->sk_rcvbuf) - atomic_read(&sk->sk_rmem_alloc);
}

/*
 * All XTCP sockets together have taken their share of memory: no buffer grows
 * any more, or those that grew first would starve the others, and a window that
 * nobody has the memory to fill ends in timeouts.
 */
static bool xtcp_memory_tight(const struct sock *sk)
{
	return sk_under_memory_pressure(sk) ||
	       sk_memory_allocated(sk) >= sk_prot_mem_limits(sk, 0);
}

/**
 * xtcp_would_be_window - the window that we could tell now, bytes
 * @sk: socket
 *
 * Receiver's silly-window avoidance, RFC 9293 section 3.8.6.2.2: the right
 * edge moves only by a full segment or half the buffer, whichever is less.
 */
u32 xtcp_would_be_window(const struct sock *sk)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	u32 win = xtcp_space_to_window(sk, xtcp_free_space(sk));
	u32 whole = xtcp_initial_window(sk);
	u32 now = xtcp_receive_window(xs);
	u32 step = min(xs->rcv_mss, whole / 2);

	if (unlikely(sk_under_memory_pressure(sk)))
		win = min(win, XTCP_TIGHT_SEGS * xs->advmss);
	return win < now + step ? now : win;
}

/**
 * xtcp_select_window - decide the window of the segment being sent
 * @sk: socket, locked
 *
 * Return: bytes beyond rcv_nxt, for the header.
 */
u32 xtcp_select_window(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	xs->rcv_wnd = xtcp_would_be_window(sk);
	xs->rcv_wup = xs->rcv_nxt;
	return xs->rcv_wnd;
}

/**
 * xtcp_initial_window - the first window that a connection tells, bytes
 * @sk: socket, or the listener whose children inherit its buffer
 */
u32 xtcp_initial_window(const struct sock *sk)
{
	return xtcp_space_to_window(sk, READ_ONCE(sk->sk_rcvbuf));
}

/**
 * xtcp_init_buffer_space - a connection begins: buffers and first window
 * @sk: socket, locked; advmss is known
 */
void xtcp_init_buffer_space(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	xs->rcv_mss = min_t(u32, xs->advmss, XTCP_DEFAULT_MSS);
	xs->rcvq_space = XTCP_INIT_CWND_SEGS * xs->advmss;
	xs->rcvq_us = xtcp_now_us();
	xs->rcvq_seq = xs->copied_seq;
	xs->rcv_wup = xs->rcv_nxt;
	xs->rcv_wnd = xtcp_initial_window(sk);
}

/**
 * xtcp_rcv_rtt_measure - a receiver's idea of the round trip
 * @sk: socket, locked
 * @rtt_us: from the timestamp echo of a full segment, µs
 *
 * The echo can be old when the peer had nothing to send meanwhile, so smaller
 * samples count at once and larger ones slowly.
 */
void xtcp_rcv_rtt_measure(struct sock *sk, u32 rtt_us)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	rtt_us = max(rtt_us, 1u);
	if (!xs->rcv_rtt_us || rtt_us < xs->rcv_rtt_us)
		xs->rcv_rtt_us = rtt_us;
	else
		xs->rcv_rtt_us += (rtt_us - xs->rcv_rtt_us) >> 3;
}

static void xtcp_rcvbuf_grow(struct sock *sk, u64 want)
{
	const struct xtcp_net *xn = xtcp_sk_net(sk);

	want = min_t(u64, want, READ_ONCE(xn->sysctl_rmem[2]));
	if (READ_ONCE(xn->sysctl_moderate_rcvbuf) && !xtcp_memory_tight(sk) &&
	    !(sk->sk_userlocks & SOCK_RCVBUF_LOCK) &&
	    want > READ_ONCE(sk->sk_rcvbuf))
		WRITE_ONCE(sk->sk_rcvbuf, (int)want);
}

/**
 * xtcp_rcv_hole_adjust - grow the receive buffer to what waits behind a gap
 * @sk: socket, locked; something was just queued out of order
 *
 * The program reads nothing then, however fast it is, and so tells nothing of
 * what the path carries.  When half of the window is full of such data, a
 * repair takes longer than the window lasts, and the sender would stand still.
 */
void xtcp_rcv_hole_adjust(struct sock *sk)
{
	u32 window = xtcp_initial_window(sk);

	if (xtcp_sk(sk)->ofo_bytes > window / 2)
		xtcp_rcvbuf_grow(sk, 2ULL * window * XTCP_RCV_OVERHEAD);
}

/**
 * xtcp_rcv_space_adjust - grow the receive buffer to what the program reads
 * @sk: socket, locked; called after payload was copied to the program
 */
void xtcp_rcv_space_adjust(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u64 now_us = xtcp_now_us();
	u64 want;
	u32 copied;

	if (!xs->rcv_rtt_us || now_us - xs->rcvq_us < xs->rcv_rtt_us)
		return;

	copied = xs->copied_seq - xs->rcvq_seq;
	if (copied > xs->rcvq_space) {
		want = 2ULL * copied +
		       XTCP_RCV_GROWTH * (copied - xs->rcvq_space) +
		       16ULL * xs->advmss;
		xtcp_rcvbuf_grow(sk, want * XTCP_RCV_OVERHEAD);
		xs->rcvq_space = copied;
	}
	xs->rcvq_seq = xs->copied_seq;
	xs->rcvq_us = now_us;
}

/**
 * xtcp_cleanup_rbuf - the program took data: does the peer need to know?
 * @sk: socket, locked by a user
 * @copied: bytes taken by this call
 *
 * An ACK leaves at once when one was owed for two segments, or when the
 * window doubles or grows by two segments; otherwise the delayed-ACK timer or
 * the program's next data carries it.
 */
void xtcp_cleanup_rbuf(struct sock *sk, u32 copied)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u32 now, next;

	if (!copied || !xtcp_state_in(sk, XTCPF_CAN_RECV))
		return;
	if ((xs->ack_pending & (XTCP_ACK_DELAYED | XTCP_ACK_BATCH)) &&
	    xs->ack_bytes > xs->rcv_mss) {
		xtcp_send_ack(sk);
		return;
	}
	now = xtcp_receive_window(xs);
	next = xtcp_would_be_window(sk);
	if (next > now && (next >= 2 * now || next - now >= 2 * xs->advmss))
		xtcp_send_ack(sk);
}

/**
 * xtcp_update_snd_wnd - take over the peer's window from an acceptable ACK
 * @sk: socket, locked; snd_una is already advanced
 * @cb: the segment's numbers
 * @advanced: it moved snd_una
 *
 * RFC 9293 section 3.10.7.4 (SND.WL1/WL2): an older segment must not bring an
 * older window back.  One that moves snd_una is not old, though it may carry
 * data sent again: keeping the old window would move its right edge.
 */
void xtcp_update_snd_wnd(struct sock *sk, const struct xtcp_skb_cb *cb,
			 bool advanced)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (cb->ack != xs->snd_una)
		return;
	if (!advanced &&
	    (xtcp_before(cb->seq, xs->snd_wl1) ||
	     (cb->seq == xs->snd_wl1 && cb->ack == xs->snd_wl2 &&
	      cb->wnd <= xs->snd_wnd)))
		return;
	xs->snd_wl1 = xtcp_seq_max(xs->snd_wl1, cb->seq);
	xs->snd_wl2 = cb->ack;
	xs->snd_wnd = cb->wnd;
	xs->max_wnd = max(xs->max_wnd, cb->wnd);
}

/**
 * xtcp_rmem_admit - may this segment occupy receive memory?
 * @sk: socket, locked
 * @skb: segment to be queued
 *
 * What is in order lies in a window that we told, and was promised room: it may
 * exceed the buffer, up to twice its size, where the exchange rate was too good.
 * An empty receive queue always takes the next segment in order: else a socket
 * whose buffer is full of out-of-order data, or a system short of memory, would
 * never move again.
 * Return: false: drop it, the peer sends it again.
 */
bool xtcp_rmem_admit(struct sock *sk, struct sk_buff *skb)
{
	bool in_order = XTCP_SKB_CB(skb)->seq == xtcp_sk(sk)->rcv_nxt;
	bool must = in_order && skb_queue_empty(&sk->sk_receive_queue);
	u64 limit = READ_ONCE(sk->sk_rcvbuf);

	if (atomic_read(&sk->sk_rmem_alloc) > limit && !xtcp_ofo_prune(sk)) {
		if (in_order)
			limit *= 2;
		if (!must && atomic_read(&sk->sk_rmem_alloc) > limit)
			return false;
	}
	if (!sk_rmem_schedule(sk, skb, skb->truesize) && !must)
		return false;
	return true;
}

/**
 * xtcp_is_writeable - is it worth while for a writer to go on?
 * @sk: socket
 *
 * When a third of the buffer is free, so that it writes much at a time.  Or when
 * all that was written has left: what waits for repairs may fill two thirds and
 * more, and the window would stand empty.
 */
bool xtcp_is_writeable(const struct sock *sk)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);

	return sk_stream_is_writeable(sk) ||
	       (sk_stream_memory_free(sk) &&
		READ_ONCE(xs->write_seq) == READ_ONCE(xs->snd_nxt));
}

/**
 * xtcp_write_space - sk->sk_write_space: wake writers
 * @sk: socket
 */
void xtcp_write_space(struct sock *sk)
{
	struct socket_wq *wq;
	struct socket *sock;

	if (!xtcp_is_writeable(sk))
		return;
	rcu_read_lock();
	sock = READ_ONCE(sk->sk_socket);
	if (sock) {
		clear_bit(SOCK_NOSPACE, &sock->flags);
		wq = rcu_dereference(sk->sk_wq);
		if (skwq_has_sleeper(wq))
			wake_up_interruptible_poll(&wq->wait, EPOLLOUT |
						   EPOLLWRNORM | EPOLLWRBAND);
		if (wq && wq->fasync_list && !(sk->sk_shutdown & SEND_SHUTDOWN))
			sock_wake_async(wq, SOCK_WAKE_SPACE, POLL_OUT);
	}
	rcu_read_unlock();
}

/**
 * xtcp_check_space - acknowledgments freed memory: tell a waiting writer
 * @sk: socket, locked
 */
void xtcp_check_space(struct sock *sk)
{
	/* pairs with poll's barrier after it sets SOCK_NOSPACE */
	smp_mb();
	if (sk->sk_socket && test_bit(SOCK_NOSPACE, &sk->sk_socket->flags)) {
		xtcp_sndbuf_expand(sk);
		sk->sk_write_space(sk);
	}
}

/**
 * xtcp_sndbuf_expand - let the program write two windows ahead
 * @sk: socket, locked
 *
 * Three where losses do not lower the window: while one is repaired, a second
 * flight leaves behind it, and the program must be able to fill a third.
 */
void xtcp_sndbuf_expand(struct sock *sk)
{
	const struct xtcp_net *xn = xtcp_sk_net(sk);
	struct xtcp_sock *xs = xtcp_sk(sk);
	u64 per_mss, want;

	if ((sk->sk_userlocks & SOCK_SNDBUF_LOCK) || xtcp_memory_tight(sk))
		return;
	per_mss = SKB_TRUESIZE(XTCP_MAX_HEADER) + xs->mss;
	want = per_mss * (div_u64(xs->cong.cwnd, max(xs->mss, 1u)) + 1);
	want *= xs->cong.ops->control ? 3 : 2;
	want = min_t(u64, want, READ_ONCE(xn->sysctl_wmem[2]));
	if (want > READ_ONCE(sk->sk_sndbuf))
		WRITE_ONCE(sk->sk_sndbuf, (int)want);
}
