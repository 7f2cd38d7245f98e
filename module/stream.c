// SPDX-License-Identifier: GPL-2.0
/*
 * The byte stream as a program sees it: sendmsg, recvmsg, poll, and the
 * questions how much waits.
 */
#include <linux/uio.h>
#include <net/busy_poll.h>
#include <net/inet_common.h>
#include <asm/ioctls.h>
#include <linux/sockios.h>

#include "sockets.h"

/* ------------------------------------------------------------------- send */

/**
 * xtcp_stream_memory_free - proto.stream_memory_free: may a writer go on?
 * @sk: socket
 * @wake: 1 when asked to wake a waiting writer: then only at half
 *
 * NOTSENT_LOWAT bounds what waits behind the windows.
 */
bool xtcp_stream_memory_free(const struct sock *sk, int wake)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	u32 lowat = READ_ONCE(xs->notsent_lowat);
	u32 notsent;

	if (!lowat)
		return true;
	notsent = READ_ONCE(xs->write_seq) - READ_ONCE(xs->snd_nxt);
	return (notsent << wake) < lowat;
}

static void xtcp_queue_empty_skb(struct sock *sk, struct sk_buff *skb)
{
	struct xtcp_skb_cb *cb = XTCP_SKB_CB(skb);

	memset(cb, 0, sizeof(*cb));
	cb->seq = xtcp_sk(sk)->write_seq;
	cb->end_seq = cb->seq;
	cb->flags = XTCP_ACK;
	sk_wmem_queued_add(sk, skb->truesize);
	sk_mem_charge(sk, skb->truesize);
	__skb_queue_tail(&sk->sk_write_queue, skb);
}

/* The tail of the unsent queue when it has room, else a new one, or NULL. */
static struct sk_buff *xtcp_writable_skb(struct sock *sk, u32 goal)
{
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);

	if (skb && skb->len < goal)
		return skb;
	if (!sk_stream_memory_free(sk))
		return NULL;
	skb = xtcp_alloc_skb(sk, 0, sk->sk_allocation);
	if (skb)
		xtcp_queue_empty_skb(sk, skb);
	return skb;
}

/* An allocated but unused tail must not stay: it would be sent empty. */
static void xtcp_drop_empty_tail(struct sock *sk)
{
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);

	if (skb && !skb->len && !(XTCP_SKB_CB(skb)->flags & XTCP_FIN)) {
		__skb_unlink(skb, &sk->sk_write_queue);
		xtcp_free_tx_skb(sk, skb);
	}
}

/*
 * Copy up to @room bytes into page fragments of @skb.  Return: bytes copied;
 * 0: memory is short; -ENOSPC: the skb has no fragment left; -EFAULT.
 */
static int xtcp_fill_skb(struct sock *sk, struct sk_buff *skb,
			 struct msghdr *msg, int room)
{
	struct page_frag *pfrag = sk_page_frag(sk);
	int i = skb_shinfo(skb)->nr_frags;
	bool merge;
	int copy, err;

	if (!sk_page_frag_refill(sk, pfrag))
		return 0;
	merge = skb_can_coalesce(skb, i, pfrag->page, pfrag->offset);
	if (!merge && i >= MAX_SKB_FRAGS)
		return -ENOSPC;

	copy = min_t(size_t, room, msg_data_left(msg));
	copy = min_t(int, copy, pfrag->size - pfrag->offset);
	if (!sk_wmem_schedule(sk, copy))
		return 0;
	err = skb_copy_to_page_nocache(sk, &msg->msg_iter, skb, pfrag->page,
				       pfrag->offset, copy);
	if (err)
		return err;
	if (merge) {
		skb_frag_size_add(&skb_shinfo(skb)->frags[i - 1], copy);
	} else {
		skb_fill_page_desc(skb, i, pfrag->page, pfrag->offset, copy);
		page_ref_inc(pfrag->page);
	}
	pfrag->offset += copy;
	return copy;
}

/* Send what may go; @flags of the call decide about the small rest. */
static void xtcp_push_written(struct sock *sk, int flags)
{
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);
	struct xtcp_sock *xs = xtcp_sk(sk);
	u8 nonagle = xs->nonagle;

	if (!skb)
		return;
	if (flags & MSG_MORE)
		xs->nonagle |= XTCP_NAGLE_CORK;
	else
		XTCP_SKB_CB(skb)->flags |= XTCP_PSH;
	xtcp_push(sk);
	xs->nonagle = nonagle & ~XTCP_NAGLE_PUSH;
}

/* One piece of the message into the queue.  Return: bytes, or 0 to wait. */
static int xtcp_write_piece(struct sock *sk, struct msghdr *msg)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u32 goal = xtcp_size_goal(sk, xtcp_current_mss(sk));
	struct sk_buff *skb;
	int copied;

	skb = xtcp_writable_skb(sk, goal);
	if (!skb)
		return 0;
	copied = xtcp_fill_skb(sk, skb, msg, goal - skb->len);
	if (copied == -ENOSPC) {	/* close this one, take the next */
		if (!sk_stream_memory_free(sk))
			return 0;
		skb = xtcp_alloc_skb(sk, 0, sk->sk_allocation);
		if (!skb)
			return 0;
		xtcp_queue_empty_skb(sk, skb);
		copied = xtcp_fill_skb(sk, skb, msg, goal);
	}
	if (copied > 0) {
		WRITE_ONCE(xs->write_seq, xs->write_seq + copied);
		XTCP_SKB_CB(skb)->end_seq += copied;
		XTCP_SKB_CB(skb)->flags &= ~XTCP_PSH;
		/* Full ones in batches, not one by one. */
		if (skb->len >= goal && msg_data_left(msg) &&
		    xs->write_seq - xs->snd_nxt >= XTCP_BATCH_MAX)
			xtcp_push(sk);
	}
	return copied;
}

static int xtcp_sendmsg_locked(struct sock *sk, struct msghdr *msg)
{
	int flags = msg->msg_flags;
	int copied = 0, err;
	long timeo;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (msg->msg_controllen) {
		struct sockcm_cookie sockc;

		sockcm_init(&sockc, sk);
		err = sock_cmsg_send(sk, msg, &sockc);
		if (err)
			goto out;
	}
	timeo = sock_sndtimeo(sk, flags & MSG_DONTWAIT);
	if (!xtcp_state_in(sk, XTCPF_CAN_SEND)) {
		err = sk_stream_wait_connect(sk, &timeo);
		if (err)
			goto out;
	}
	sk_clear_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	xtcp_rate_check_app_limited(sk);

	err = -EPIPE;
	while (msg_data_left(msg)) {
		if (sk->sk_err || (sk->sk_shutdown & SEND_SHUTDOWN))
			goto out;
		err = xtcp_write_piece(sk, msg);
		if (err > 0) {
			copied += err;
			err = -EPIPE;
			continue;
		}
		if (err < 0)
			goto out;
		set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		xtcp_drop_empty_tail(sk);
		if (copied)
			xtcp_push_written(sk, flags & ~MSG_MORE);
		err = sk_stream_wait_memory(sk, &timeo);
		if (err)
			goto out;
		err = -EPIPE;
	}
	if (sk->sk_err || (sk->sk_shutdown & SEND_SHUTDOWN))
		goto out;
	err = 0;
out:
	xtcp_drop_empty_tail(sk);
	if (copied) {
		xtcp_push_written(sk, flags);
		return copied;
	}
	if (!err)
		return 0;
	err = sk_stream_error(sk, flags, err);
	/* A pipe that broke is writable: the next call tells. */
	if (err == -EAGAIN)
		sk->sk_write_space(sk);
	return err;
}

/**
 * xtcp_sendmsg - proto_ops.sendmsg
 * @sock: socket
 * @msg: message; an address in it is ignored, as TCP does
 * @size: bytes
 *
 * Return: bytes taken, or a negative errno.
 */
int xtcp_sendmsg(struct socket *sock, struct msghdr *msg, size_t size)
{
	struct sock *sk = sock->sk;
	int ret;

	lock_sock(sk);
	ret = xtcp_sendmsg_locked(sk, msg);
	release_sock(sk);
	return ret;
}

/* ---------------------------------------------------------------- receive */

/* Bytes that read() would give now. */
static int xtcp_readable(const struct sock *sk)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	u32 fin = READ_ONCE(xs->fin_rcvd);
	int n = READ_ONCE(xs->rcv_nxt) - READ_ONCE(xs->copied_seq) - fin;

	if (xtcp_state_in(sk, XTCPF(XTCP_SYN_SENT) | XTCPF(XTCP_SYN_RECV)))
		return 0;
	return max(n, 0);
}

/* The queued skb that holds @seq, and where in it; NULL: not come yet. */
static struct sk_buff *xtcp_rcv_find(struct sock *sk, u32 seq, u32 *offset)
{
	struct sk_buff *skb;

	skb_queue_walk(&sk->sk_receive_queue, skb) {
		*offset = seq - XTCP_SKB_CB(skb)->seq;
		if (*offset < skb->len)
			return skb;
	}
	return NULL;
}

/* Copy or discard one piece.  Return: bytes, or a negative errno. */
static int xtcp_read_piece(struct sock *sk, struct msghdr *msg, u32 *seq,
			   size_t want, int flags)
{
	struct sk_buff *skb;
	u32 offset, len;

	skb = xtcp_rcv_find(sk, *seq, &offset);
	if (!skb)
		return 0;
	len = min_t(size_t, skb->len - offset, want);
	if (!(flags & MSG_TRUNC) &&
	    skb_copy_datagram_msg(skb, offset, msg, len))
		return -EFAULT;
	WRITE_ONCE(*seq, *seq + len);
	if (!(flags & MSG_PEEK)) {
		xtcp_rcv_space_adjust(sk);
		if (offset + len == skb->len)
			sk_eat_skb(sk, skb);
	}
	return len;
}

/* Nothing to read: why?  Answers true when the call ends; *@ret is set. */
static bool xtcp_read_ends(struct sock *sk, int copied, long timeo, int *ret)
{
	*ret = copied;
	if (copied)
		return sk->sk_err || sk->sk_state == XTCP_CLOSE ||
		       (sk->sk_shutdown & RCV_SHUTDOWN) || !timeo ||
		       signal_pending(current);
	if (sock_flag(sk, SOCK_DONE))
		return true;
	if (sk->sk_err) {
		*ret = sock_error(sk);
		return true;
	}
	if (sk->sk_shutdown & RCV_SHUTDOWN)
		return true;
	if (sk->sk_state == XTCP_CLOSE) {
		*ret = -ENOTCONN;
		return true;
	}
	if (!timeo) {
		*ret = -EAGAIN;
		return true;
	}
	if (signal_pending(current)) {
		*ret = sock_intr_errno(timeo);
		return true;
	}
	return false;
}

static int xtcp_recvmsg_locked(struct sock *sk, struct msghdr *msg, size_t size,
			       int flags)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u32 peek_seq = xs->copied_seq;
	u32 *seq = (flags & MSG_PEEK) ? &peek_seq : &xs->copied_seq;
	int copied = 0, taken = 0, ret;
	size_t target;
	long timeo;

	if (sk->sk_state == XTCP_LISTEN)
		return -ENOTCONN;
	if (flags & MSG_OOB)	/* no urgent byte is ever pending */
		return -EINVAL;
	timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	target = sock_rcvlowat(sk, flags & MSG_WAITALL, size);

	do {
		ret = xtcp_read_piece(sk, msg, seq, size - copied, flags);
		if (ret > 0) {
			copied += ret;
			taken += (flags & MSG_PEEK) ? 0 : ret;
			continue;
		}
		if (!size && xtcp_readable(sk))	/* asked for nothing */
			break;
		if (ret < 0) {
			copied = copied ?: ret;
			break;
		}
		if (copied >= target && !READ_ONCE(sk->sk_backlog.tail))
			break;
		if (copied < target || !READ_ONCE(sk->sk_backlog.tail)) {
			if (xtcp_read_ends(sk, copied, timeo, &ret)) {
				copied = ret;
				break;
			}
		}
		xtcp_cleanup_rbuf(sk, taken);
		taken = 0;
		if (copied >= target) {
			release_sock(sk);	/* takes the backlog in */
			lock_sock(sk);
		} else {
			sk_wait_data(sk, &timeo,
				     skb_peek_tail(&sk->sk_receive_queue));
		}
		/* Another thread may have read what we peeked at. */
		if ((flags & MSG_PEEK) &&
		    xtcp_before(peek_seq, xs->copied_seq))
			peek_seq = xs->copied_seq;
	} while (size > copied);
	xtcp_cleanup_rbuf(sk, taken);
	return copied;
}

/**
 * xtcp_recvmsg - proto_ops.recvmsg
 * @sock: socket
 * @msg: where to
 * @size: bytes of room
 * @flags: MSG_*
 *
 * Return: bytes, 0 at the end of the stream, or a negative errno.
 */
int xtcp_recvmsg(struct socket *sock, struct msghdr *msg, size_t size,
		 int flags)
{
	struct sock *sk = sock->sk;
	int ret;

	if (unlikely(flags & MSG_ERRQUEUE))
		return xtcp_recv_error(sk, msg, size);

	if (sk_can_busy_loop(sk) &&
	    skb_queue_empty_lockless(&sk->sk_receive_queue) &&
	    sk->sk_state == XTCP_ESTABLISHED)
		sk_busy_loop(sk, flags & MSG_DONTWAIT);

	lock_sock(sk);
	ret = xtcp_recvmsg_locked(sk, msg, size, flags);
	release_sock(sk);
	return ret;
}

/* ------------------------------------------------------------ what waits */

/**
 * xtcp_peek_len - proto_ops.peek_len
 * @sock: socket
 */
int xtcp_peek_len(struct socket *sock)
{
	return xtcp_readable(sock->sk);
}

/**
 * xtcp_poll - proto_ops.poll
 * @file: file
 * @sock: socket
 * @wait: poll table
 */
__poll_t xtcp_poll(struct file *file, struct socket *sock,
		   struct poll_table_struct *wait)
{
	struct sock *sk = sock->sk;
	u8 shutdown = READ_ONCE(sk->sk_shutdown);
	__poll_t mask = 0;
	int state;

	sock_poll_wait(file, sock, wait);
	state = inet_sk_state_load(sk);
	if (state == XTCP_LISTEN)
		return READ_ONCE(xtcp_sk(sk)->acceptq->len) ?
		       EPOLLIN | EPOLLRDNORM : 0;

	if (shutdown == SHUTDOWN_MASK || state == XTCP_CLOSE)
		mask |= EPOLLHUP;
	if (shutdown & RCV_SHUTDOWN)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;

	if (state != XTCP_SYN_SENT && state != XTCP_SYN_RECV) {
		int target = sock_rcvlowat(sk, 0, INT_MAX);

		if (xtcp_readable(sk) >= target)
			mask |= EPOLLIN | EPOLLRDNORM;
		if (shutdown & SEND_SHUTDOWN) {
			mask |= EPOLLOUT | EPOLLWRNORM;
		} else if (xtcp_is_writeable(sk)) {
			mask |= EPOLLOUT | EPOLLWRNORM;
		} else {
			sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
			set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
			/* pairs with xtcp_check_space() */
			smp_mb__after_atomic();
			if (xtcp_is_writeable(sk))
				mask |= EPOLLOUT | EPOLLWRNORM;
		}
	}
	/* pairs with the barrier in xtcp_error() */
	smp_rmb();
	if (READ_ONCE(sk->sk_err) ||
	    !skb_queue_empty_lockless(&sk->sk_error_queue))
		mask |= EPOLLERR;
	return mask;
}

/**
 * xtcp_ioctl - proto.ioctl
 * @sk: socket
 * @cmd: SIOCINQ (FIONREAD), SIOCOUTQ, SIOCOUTQNSD, SIOCATMARK
 * @karg: out: the answer
 *
 * Return: 0, -EINVAL on a listener, -ENOIOCTLCMD for others.
 */
int xtcp_ioctl(struct sock *sk, int cmd, int *karg)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	bool pending;

	switch (cmd) {
	case SIOCINQ:
	case SIOCOUTQ:
	case SIOCOUTQNSD:
		if (sk->sk_state == XTCP_LISTEN)
			return -EINVAL;
		break;
	case SIOCATMARK:	/* no urgent byte is ever pending */
		*karg = 0;
		return 0;
	default:
		return -ENOIOCTLCMD;
	}
	pending = xtcp_state_in(sk, XTCPF(XTCP_SYN_SENT) |
				    XTCPF(XTCP_SYN_RECV));
	if (cmd == SIOCINQ)
		*karg = xtcp_readable(sk);
	else if (pending)
		*karg = 0;
	else if (cmd == SIOCOUTQ)
		*karg = READ_ONCE(xs->write_seq) - READ_ONCE(xs->snd_una);
	else
		*karg = READ_ONCE(xs->write_seq) - READ_ONCE(xs->snd_nxt);
	return 0;
}

/**
 * xtcp_set_rcvlowat - proto_ops.set_rcvlowat
 * @sk: socket, locked
 * @val: bytes that a reader waits for, SO_RCVLOWAT
 *
 * The buffer must be able to hold them.  Return: 0.
 */
int xtcp_set_rcvlowat(struct sock *sk, int val)
{
	int max = READ_ONCE(xtcp_sk_net(sk)->sysctl_rmem[2]);
	int cap;

	if (sk->sk_userlocks & SOCK_RCVBUF_LOCK)
		max = READ_ONCE(sk->sk_rcvbuf);
	cap = max >> 1;
	val = min(val, cap);
	WRITE_ONCE(sk->sk_rcvlowat, val ?: 1);
	if (!(sk->sk_userlocks & SOCK_RCVBUF_LOCK) &&
	    READ_ONCE(sk->sk_rcvbuf) < 2 * val)
		WRITE_ONCE(sk->sk_rcvbuf, 2 * val);
	if (xtcp_readable(sk) >= val && !sock_flag(sk, SOCK_DEAD))
		sk->sk_data_ready(sk);
	return 0;
}
