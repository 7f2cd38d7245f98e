// SPDX-License-Identifier: GPL-2.0
/*
 * Receiving as a program sees it: recvmsg(), splice(), and who else in the
 * kernel reads a stream.
 *
 * All of them walk sk_receive_queue from a place in the stream on: copied_seq,
 * or beyond it for one that only peeks.
 */
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/splice.h>
#include <linux/tcp.h>
#include <linux/uio.h>
#include <net/busy_poll.h>
#include <net/inet_common.h>

#include "sockets.h"

/**
 * struct xtcp_read - one recvmsg()
 * @msg: where to
 * @size: bytes of room
 * @flags: MSG_*
 * @timeo: jiffies still to wait
 * @copied: bytes so far, discarded ones included
 * @freed: of those, taken from the queue and not told to the peer yet
 * @seq: where in the stream the next byte stands
 * @arrived: when the newest buffer read came, real time; 0: not known
 * @arrived_hw: the same by the network card's clock
 */
struct xtcp_read {
	struct msghdr	*msg;
	size_t		size;
	int		flags;
	long		timeo;
	int		copied;
	u32		freed;
	u32		seq;
	ktime_t		arrived;
	ktime_t		arrived_hw;
};

/**
 * xtcp_readable - bytes that read() would give now
 * @sk: socket
 *
 * An urgent byte that is not in line ends it, and does not count.
 */
int xtcp_readable(const struct sock *sk)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	u32 copied = READ_ONCE(xs->copied_seq);
	u32 fin = READ_ONCE(xs->fin_rcvd);
	int n = READ_ONCE(xs->rcv_nxt) - copied - fin;
	u32 ahead;

	if (xtcp_state_in(sk, XTCPF(XTCP_SYN_SENT) | XTCPF(XTCP_SYN_RECV)) ||
	    n <= 0)
		return 0;
	ahead = READ_ONCE(xs->urg_seq) - copied;
	if (unlikely(READ_ONCE(xs->urg)) && ahead < (u32)n &&
	    !sock_flag(sk, SOCK_URGINLINE))
		return ahead;
	return n;
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

/* Bytes before the urgent one, of @len at @seq. */
static u32 xtcp_before_urgent(const struct xtcp_sock *xs, u32 seq, u32 len)
{
	return unlikely(xs->urg) ? min(xs->urg_seq - seq, len) : len;
}

/* -------------------------------------------------------- what comes along */

static void xtcp_note_stamps(struct xtcp_read *r, struct sk_buff *skb)
{
	if (likely(!skb->tstamp && !skb_hwtstamps(skb)->hwtstamp))
		return;
	r->arrived = skb->tstamp;
	r->arrived_hw = skb_hwtstamps(skb)->hwtstamp;
}

/* SO_TIMESTAMP and SO_TIMESTAMPNS, in the layout that the program chose. */
static void xtcp_put_timestamp(struct sock *sk, struct msghdr *msg,
			       struct timespec64 ts)
{
	bool new = sock_flag(sk, SOCK_TSTAMP_NEW);
	union {
		struct __kernel_timespec	ns_new;
		struct __kernel_old_timespec	ns;
		struct __kernel_sock_timeval	us_new;
		struct __kernel_old_timeval	us;
	} t = {};
	long us = ts.tv_nsec / NSEC_PER_USEC;

	if (sock_flag(sk, SOCK_RCVTSTAMPNS) && new) {
		t.ns_new.tv_sec = ts.tv_sec;
		t.ns_new.tv_nsec = ts.tv_nsec;
		put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMPNS_NEW,
			 sizeof(t.ns_new), &t);
	} else if (sock_flag(sk, SOCK_RCVTSTAMPNS)) {
		t.ns.tv_sec = ts.tv_sec;
		t.ns.tv_nsec = ts.tv_nsec;
		put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMPNS_OLD, sizeof(t.ns), &t);
	} else if (new) {
		t.us_new.tv_sec = ts.tv_sec;
		t.us_new.tv_usec = us;
		put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMP_NEW,
			 sizeof(t.us_new), &t);
	} else {
		t.us.tv_sec = ts.tv_sec;
		t.us.tv_usec = us;
		put_cmsg(msg, SOL_SOCKET, SO_TIMESTAMP_OLD, sizeof(t.us), &t);
	}
}

/* When what was read came, as far as the program asked. */
static void xtcp_put_stamps(struct sock *sk, const struct xtcp_read *r)
{
	u32 tsflags = READ_ONCE(sk->sk_tsflags);
	struct scm_timestamping_internal tss = {};
	bool any = false;

	if (r->arrived && sock_flag(sk, SOCK_RCVTSTAMP))
		xtcp_put_timestamp(sk, r->msg, ktime_to_timespec64(r->arrived));
	if (r->arrived && xtcp_wants_rx_stamp(tsflags, true)) {
		tss.ts[0] = xtcp_scm_time(r->arrived);
		any = true;
	}
	if (r->arrived_hw && xtcp_wants_rx_stamp(tsflags, false)) {
		tss.ts[2] = xtcp_scm_time(r->arrived_hw);
		any = true;
	}
	if (!any)
		return;
	if (sock_flag(sk, SOCK_TSTAMP_NEW))
		put_cmsg_scm_timestamping64(r->msg, &tss);
	else
		put_cmsg_scm_timestamping(r->msg, &tss);
}

/* TCP_INQ: what waits still; a FIN counts, so that the program reads on. */
static void xtcp_put_inq(struct sock *sk, struct msghdr *msg)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	int inq = xs->rcv_nxt - xs->copied_seq;

	if (msg->msg_get_inq)
		msg->msg_inq = inq;
	if (xs->recvmsg_inq)
		put_cmsg(msg, SOL_TCP, TCP_CM_INQ, sizeof(inq), &inq);
}

/* ---------------------------------------------------------------- recvmsg */

/* Read up to @r->seq: what is behind it is done with. */
static void xtcp_read_past(struct sock *sk, struct xtcp_read *r,
			   struct sk_buff *skb, u32 end)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (r->flags & MSG_PEEK)
		return;
	WRITE_ONCE(xs->copied_seq, r->seq);
	if (unlikely(xs->urg) && xtcp_after(xs->copied_seq, xs->urg_seq))
		WRITE_ONCE(xs->urg, XTCP_URG_NONE);
	if (end == skb->len)
		sk_eat_skb(sk, skb);
}

/*
 * Copy or discard one piece.  Return: bytes; 0: nothing is there; -ERESTART: an
 * urgent byte was left out, go on; another negative errno.
 */
static int xtcp_read_piece(struct sock *sk, struct xtcp_read *r)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct sk_buff *skb;
	u32 offset, len, plain;

	skb = xtcp_rcv_find(sk, r->seq, &offset);
	if (!skb || r->size == r->copied)
		return 0;
	len = min_t(size_t, skb->len - offset, r->size - r->copied);
	plain = xtcp_before_urgent(xs, r->seq, len);
	if (unlikely(plain < len)) {
		if (plain) {
			len = plain;
		} else if (!sock_flag(sk, SOCK_URGINLINE)) {
			r->seq++;
			xtcp_read_past(sk, r, skb, offset + 1);
			return -ERESTART;
		}
	}
	if (!(r->flags & MSG_TRUNC) &&
	    skb_copy_datagram_msg(skb, offset, r->msg, len))
		return -EFAULT;
	xtcp_note_stamps(r, skb);
	r->seq += len;
	r->copied += len;
	if (r->flags & MSG_PEEK) {
		sk_peek_offset_fwd(sk, len);
		return len;
	}
	sk_peek_offset_bwd(sk, len);
	r->freed += len;
	xtcp_read_past(sk, r, skb, offset + len);
	xtcp_rcv_space_adjust(sk);
	return len;
}

/* Nothing to read: why?  Answers true when the call ends; *@ret is set. */
static bool xtcp_read_ends(struct sock *sk, const struct xtcp_read *r, int *ret)
{
	*ret = r->copied;
	if (r->copied)
		return sk->sk_err || sk->sk_state == XTCP_CLOSE ||
		       (sk->sk_shutdown & RCV_SHUTDOWN) || !r->timeo ||
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
	if (!r->timeo) {
		*ret = -EAGAIN;
		return true;
	}
	if (signal_pending(current)) {
		*ret = sock_intr_errno(r->timeo);
		return true;
	}
	return false;
}

/* At the urgent byte a read() stops, and a signal is not overlooked. */
static bool xtcp_read_at_mark(struct sock *sk, const struct xtcp_read *r,
			      int *ret)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);

	if (likely(!xs->urg) || xs->urg_seq != r->seq)
		return false;
	*ret = r->copied;
	if (r->copied)
		return true;
	if (!signal_pending(current))
		return false;
	*ret = r->timeo ? sock_intr_errno(r->timeo) : -EAGAIN;
	return true;
}

/* Enough was read, or the wait for more begins. */
static void xtcp_read_wait(struct sock *sk, struct xtcp_read *r, bool enough)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u32 ahead = r->seq - xs->copied_seq;
	u32 copied_seq = xs->copied_seq;

	xtcp_cleanup_rbuf(sk, r->freed);
	r->freed = 0;
	if (enough) {
		release_sock(sk);	/* takes the backlog in */
		lock_sock(sk);
	} else {
		sk_wait_data(sk, &r->timeo,
			     skb_peek_tail(&sk->sk_receive_queue));
	}
	if (!(r->flags & MSG_PEEK))
		r->seq = xs->copied_seq;
	else if (copied_seq != xs->copied_seq)
		/* Another thread has read what we peeked at. */
		r->seq = xs->copied_seq +
			 (READ_ONCE(sk->sk_peek_off) > 0 ? ahead : 0);
}

/* recv(MSG_OOB): the urgent byte itself. */
static int xtcp_recv_urgent(struct sock *sk, const struct xtcp_read *r)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (sock_flag(sk, SOCK_URGINLINE) || xs->urg == XTCP_URG_NONE ||
	    xs->urg == XTCP_URG_TAKEN)
		return -EINVAL;
	if (sk->sk_state == XTCP_CLOSE && !sock_flag(sk, SOCK_DONE))
		return -ENOTCONN;
	if (xs->urg == XTCP_URG_HELD) {
		if (!(r->flags & MSG_PEEK))
			WRITE_ONCE(xs->urg, XTCP_URG_TAKEN);
		r->msg->msg_flags |= MSG_OOB;
		if (!r->size) {
			r->msg->msg_flags |= MSG_TRUNC;
			return 0;
		}
		if (!(r->flags & MSG_TRUNC) &&
		    memcpy_to_msg(r->msg, &xs->urg_byte, 1))
			return -EFAULT;
		return 1;
	}
	if (sk->sk_state == XTCP_CLOSE || (sk->sk_shutdown & RCV_SHUTDOWN))
		return 0;
	return -EAGAIN;
}

static int xtcp_recvmsg_locked(struct sock *sk, struct xtcp_read *r)
{
	size_t target;
	bool enough;
	int ret;

	if (sk->sk_state == XTCP_LISTEN)
		return -ENOTCONN;
	r->timeo = sock_rcvtimeo(sk, r->flags & MSG_DONTWAIT);
	if (r->flags & MSG_OOB)
		return xtcp_recv_urgent(sk, r);
	r->seq = xtcp_sk(sk)->copied_seq;
	if (r->flags & MSG_PEEK)
		r->seq += max(READ_ONCE(sk->sk_peek_off), 0);
	target = sock_rcvlowat(sk, r->flags & MSG_WAITALL, r->size);

	do {
		if (xtcp_read_at_mark(sk, r, &ret))
			goto out;
		ret = xtcp_read_piece(sk, r);
		if (ret > 0 || ret == -ERESTART)
			continue;
		if (!r->size && xtcp_readable(sk))	/* asked for nothing */
			break;
		if (ret < 0) {
			ret = r->copied ?: ret;
			goto out;
		}
		enough = r->copied >= target;
		if (enough && !READ_ONCE(sk->sk_backlog.tail))
			break;
		if (!enough && xtcp_read_ends(sk, r, &ret))
			goto out;
		xtcp_read_wait(sk, r, enough);
	} while (r->size > r->copied);
	ret = r->copied;
out:
	xtcp_cleanup_rbuf(sk, r->freed);
	return ret;
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
	struct xtcp_read r = { .msg = msg, .size = size, .flags = flags };
	struct sock *sk = sock->sk;
	int ret;

	if (unlikely(flags & MSG_ERRQUEUE))
		return xtcp_recv_error(sk, msg, size);

	if (sk_can_busy_loop(sk) &&
	    skb_queue_empty_lockless(&sk->sk_receive_queue) &&
	    sk->sk_state == XTCP_ESTABLISHED)
		sk_busy_loop(sk, flags & MSG_DONTWAIT);

	lock_sock(sk);
	ret = xtcp_recvmsg_locked(sk, &r);
	if (ret >= 0) {
		if (unlikely(r.arrived || r.arrived_hw))
			xtcp_put_stamps(sk, &r);
		if (unlikely(xtcp_sk(sk)->recvmsg_inq || msg->msg_get_inq))
			xtcp_put_inq(sk, msg);
	}
	release_sock(sk);
	return ret;
}

/* ----------------------------------------------------- readers in the kernel */

/**
 * xtcp_read_sock - proto_ops.read_sock: give what is there to @recv_actor
 * @sk: socket, locked
 * @desc: for @recv_actor; it ends when its count is 0
 * @recv_actor: takes a part of a buffer; bytes taken, or a negative errno
 *
 * Stops before an urgent byte.  Return: bytes taken, or a negative errno.
 */
int xtcp_read_sock(struct sock *sk, read_descriptor_t *desc,
		   sk_read_actor_t recv_actor)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct sk_buff *skb;
	int copied = 0, used;
	u32 offset, len;

	if (sk->sk_state == XTCP_LISTEN)
		return -ENOTCONN;
	while ((skb = xtcp_rcv_find(sk, xs->copied_seq, &offset))) {
		len = xtcp_before_urgent(xs, xs->copied_seq, skb->len - offset);
		if (!len)
			break;
		used = recv_actor(desc, skb, offset, len);
		if (used <= 0) {
			copied = copied ?: used;
			break;
		}
		copied += used;
		WRITE_ONCE(xs->copied_seq, xs->copied_seq + used);
		sk_peek_offset_bwd(sk, used);
		if (offset + used == skb->len)
			sk_eat_skb(sk, skb);
		if (!desc->count)
			break;
	}
	if (copied > 0) {
		xtcp_rcv_space_adjust(sk);
		xtcp_cleanup_rbuf(sk, copied);
	}
	return copied;
}

struct xtcp_splice {
	struct pipe_inode_info	*pipe;
	unsigned int		flags;
};

static int xtcp_splice_actor(read_descriptor_t *desc, struct sk_buff *skb,
			     unsigned int offset, size_t len)
{
	const struct xtcp_splice *to = desc->arg.data;
	int ret = skb_splice_bits(skb, skb->sk, offset, to->pipe,
				  min(desc->count, len), to->flags);

	if (ret > 0)
		desc->count -= ret;
	return ret;
}

/* Nothing for the pipe: wait?  Answers 0 then; 1: the end; or an errno. */
static int xtcp_splice_wait(struct sock *sk, long *timeo)
{
	struct xtcp_read r = { .timeo = *timeo };
	int ret;

	if (xtcp_read_ends(sk, &r, &ret))
		return ret ?: 1;
	/* An urgent byte stands in the way: the program must read past it. */
	if (!skb_queue_empty(&sk->sk_receive_queue))
		return 1;
	ret = sk_wait_data(sk, timeo, NULL);
	if (ret < 0)
		return ret;
	return signal_pending(current) ? sock_intr_errno(*timeo) : 0;
}

/**
 * xtcp_splice_read - proto_ops.splice_read: the stream's pages into a pipe
 * @sock: socket
 * @ppos: of a file; a stream has none
 * @pipe: where to
 * @len: bytes
 * @flags: SPLICE_F_*
 *
 * Return: bytes, 0 at the end of the stream, or a negative errno.
 */
ssize_t xtcp_splice_read(struct socket *sock, loff_t *ppos,
			 struct pipe_inode_info *pipe, size_t len,
			 unsigned int flags)
{
	struct xtcp_splice to = { .pipe = pipe, .flags = flags };
	read_descriptor_t desc = { .arg.data = &to, .count = len };
	struct sock *sk = sock->sk;
	ssize_t spliced = 0;
	int ret = 0;
	long timeo;

	if (*ppos)
		return -ESPIPE;
	lock_sock(sk);
	timeo = sock_rcvtimeo(sk, sock->file->f_flags & O_NONBLOCK);
	while (desc.count) {
		ret = xtcp_read_sock(sk, &desc, xtcp_splice_actor);
		if (ret < 0)
			break;
		spliced += ret;
		if (!ret) {
			if (spliced)
				break;
			ret = xtcp_splice_wait(sk, &timeo);
			if (ret)
				break;
			continue;
		}
		if (!desc.count || !timeo)
			break;
		release_sock(sk);	/* takes the backlog in */
		lock_sock(sk);
		if (sk->sk_err || sk->sk_state == XTCP_CLOSE ||
		    (sk->sk_shutdown & RCV_SHUTDOWN) || signal_pending(current))
			break;
	}
	release_sock(sk);
	return spliced ?: min(ret, 0);
}
