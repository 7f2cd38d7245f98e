// SPDX-License-Identifier: GPL-2.0
/*
 * Sending as a program sees it: sendmsg() and what the kernel makes of it,
 * sendfile() and splice().
 *
 * A buffer of the send queue takes payload in one of three ways:
 *
 *   copied    into page fragments of the socket
 *   spliced   the pages themselves, of a file or a pipe: MSG_SPLICE_PAGES
 *   pinned    the program's own pages: MSG_ZEROCOPY.  A notice on the error
 *             queue tells the program when it may write to them again; the
 *             buffer holds a reference to that notice, skb_zcopy()
 *
 * Pinned payload shares a buffer with nothing else.
 */
#include <linux/net_tstamp.h>
#include <linux/uio.h>
#include <net/inet_common.h>

#include "sockets.h"

enum xtcp_how {
	XTCP_COPY,
	XTCP_SPLICE,
	XTCP_PIN,
};

/**
 * struct xtcp_write - one sendmsg()
 * @msg: what the program gave; its iterator advances
 * @uarg: pinned: the notice; NULL
 * @how: payload is taken
 * @tsflags: SOF_TIMESTAMPING_* of the socket and of the call
 */
struct xtcp_write {
	struct msghdr		*msg;
	struct ubuf_info	*uarg;
	enum xtcp_how		how;
	u32			tsflags;
};

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

/* ---------------------------------------------------------------- buffers */

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

static struct sk_buff *xtcp_new_tail(struct sock *sk)
{
	struct sk_buff *skb;

	if (!sk_stream_memory_free(sk))
		return NULL;
	skb = xtcp_alloc_skb(sk, 0, sk->sk_allocation);
	if (skb)
		xtcp_queue_empty_skb(sk, skb);
	return skb;
}

/* The tail of the unsent queue when it has room, else a new one, or NULL. */
static struct sk_buff *xtcp_writable_skb(struct sock *sk,
					 const struct xtcp_write *w, u32 goal)
{
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);

	if (skb && skb->len < goal && !XTCP_SKB_CB(skb)->eor &&
	    (!skb_zcopy(skb) || (w->how == XTCP_PIN &&
				 skb_zcopy(skb) == w->uarg)))
		return skb;
	return xtcp_new_tail(sk);
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

/* ------------------------------------------------------ taking payload in */

/*
 * Each takes up to @room bytes into @skb.  Return: bytes taken; 0: memory is
 * short; -ENOSPC: the skb has no fragment left; another negative errno.
 */
static int xtcp_copy_in(struct sock *sk, struct sk_buff *skb,
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

	copy = min_t(int, room, pfrag->size - pfrag->offset);
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

static int xtcp_splice_in(struct sock *sk, struct sk_buff *skb,
			  struct msghdr *msg, int room)
{
	int n;

	if (!sk_wmem_schedule(sk, room))
		return 0;
	n = xtcp_splice_from_iter(skb, &msg->msg_iter, room, sk->sk_allocation);
	if (n == -EMSGSIZE)
		return -ENOSPC;
	if (n <= 0)
		return n ?: -EIO;
	/* Who wrote to the file may write again while we send. */
	if (!(msg->msg_flags & MSG_NO_SHARED_FRAGS))
		skb_shinfo(skb)->flags |= SKBFL_SHARED_FRAG;
	sk_wmem_queued_add(sk, n);
	sk_mem_charge(sk, n);
	return n;
}

static int xtcp_pin_in(struct sock *sk, struct sk_buff *skb,
		       const struct xtcp_write *w, int room)
{
	int n;

	if (!sk_wmem_schedule(sk, room))
		return 0;
	n = xtcp_zerocopy_iter(sk, skb, w->msg, room, w->uarg);
	return n == -EMSGSIZE || n == -EEXIST ? -ENOSPC : n;
}

static int xtcp_fill_skb(struct sock *sk, struct sk_buff *skb,
			 const struct xtcp_write *w, int room)
{
	room = min_t(size_t, room, msg_data_left(w->msg));
	switch (w->how) {
	case XTCP_SPLICE:
		return xtcp_splice_in(sk, skb, w->msg, room);
	case XTCP_PIN:
		return xtcp_pin_in(sk, skb, w, room);
	default:
		return xtcp_copy_in(sk, skb, w->msg, room);
	}
}

/* One piece of the message into the queue.  Return: bytes, or 0 to wait. */
static int xtcp_write_piece(struct sock *sk, const struct xtcp_write *w)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u32 goal = xtcp_size_goal(sk, xtcp_current_mss(sk));
	struct sk_buff *skb;
	int copied;

	skb = xtcp_writable_skb(sk, w, goal);
	if (!skb)
		return 0;
	copied = xtcp_fill_skb(sk, skb, w, goal - skb->len);
	if (copied == -ENOSPC) {	/* close this one, take the next */
		skb = xtcp_new_tail(sk);
		if (!skb)
			return 0;
		copied = xtcp_fill_skb(sk, skb, w, goal);
	}
	if (copied > 0) {
		WRITE_ONCE(xs->write_seq, xs->write_seq + copied);
		XTCP_SKB_CB(skb)->end_seq += copied;
		XTCP_SKB_CB(skb)->flags &= ~XTCP_PSH;
		/* Full ones in batches, not one by one. */
		if (skb->len >= goal && msg_data_left(w->msg) &&
		    xs->write_seq - xs->snd_nxt >= XTCP_BATCH_MAX &&
		    !(w->msg->msg_flags & MSG_OOB))
			xtcp_push(sk);
	}
	return copied;
}

/* ------------------------------------------------------------ one message */

/* How is payload taken?  Return: 0 or -ENOBUFS. */
static int xtcp_write_how(struct sock *sk, struct xtcp_write *w, size_t size)
{
	bool sg = sk->sk_route_caps & NETIF_F_SG;
	struct msghdr *msg = w->msg;

	if (!size)
		return 0;
	if (!(msg->msg_flags & MSG_ZEROCOPY)) {
		if ((msg->msg_flags & MSG_SPLICE_PAGES) && sg)
			w->how = XTCP_SPLICE;
		return 0;
	}
	if (msg->msg_ubuf) {	/* io_uring's: it keeps its own reference */
		w->uarg = msg->msg_ubuf;
	} else if (sock_flag(sk, SOCK_ZEROCOPY)) {
		struct sk_buff *tail = skb_peek_tail(&sk->sk_write_queue);

		w->uarg = xtcp_zerocopy_notice(sk, size, skb_zcopy(tail));
		if (!w->uarg)
			return -ENOBUFS;
		if (!sg)	/* so that the notice says it was copied */
			uarg_to_msgzc(w->uarg)->zerocopy = 0;
	} else {
		return 0;	/* as if not asked for */
	}
	if (sg)
		w->how = XTCP_PIN;
	return 0;
}

/*
 * SO_TIMESTAMPING: the message's last byte stands for it.  With OPT_ID the
 * program gets the byte's number, counted from where it asked; the kernel sets
 * that origin to 0 then, for it knows only TCP's numbers.
 */
static void xtcp_stamp_tail(struct sock *sk, struct sk_buff *skb, u32 tsflags)
{
	struct skb_shared_info *shinfo = skb_shinfo(skb);

	__sock_tx_timestamp(tsflags, &shinfo->tx_flags);
	if (!(tsflags & SOF_TIMESTAMPING_TX_RECORD_MASK))
		return;
	XTCP_SKB_CB(skb)->stamp_ack = tsflags & SOF_TIMESTAMPING_TX_ACK;
	XTCP_SKB_CB(skb)->stamp_seq = xtcp_sk(sk)->write_seq - 1;
	shinfo->tskey = XTCP_SKB_CB(skb)->stamp_seq -
			atomic_read(&sk->sk_tskey);
}

/* Send what may go; @flags of the call decide about the small rest. */
static void xtcp_push_written(struct sock *sk, int flags)
{
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);
	struct xtcp_sock *xs = xtcp_sk(sk);
	u8 nonagle = xs->nonagle;

	if (flags & MSG_OOB)
		xtcp_mark_urgent(sk);
	if (!skb)
		return;
	if (flags & MSG_MORE)
		xs->nonagle |= XTCP_NAGLE_CORK;
	else
		XTCP_SKB_CB(skb)->flags |= XTCP_PSH;
	xtcp_push(sk);
	xs->nonagle = nonagle & ~XTCP_NAGLE_PUSH;
}

/* The message's end, or as much of it as was taken. */
static void xtcp_write_done(struct sock *sk, const struct xtcp_write *w)
{
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);
	int flags = w->msg->msg_flags;

	if (skb && (flags & MSG_EOR))
		XTCP_SKB_CB(skb)->eor = true;
	if (skb && unlikely(w->tsflags))
		xtcp_stamp_tail(sk, skb, w->tsflags);
	xtcp_push_written(sk, flags);
}

/* Its control messages.  Return: 0 or a negative errno. */
static int xtcp_write_cmsg(struct sock *sk, struct xtcp_write *w)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	struct sockcm_cookie sockc;
	int err;

	sockcm_init(&sockc, sk);
	if (w->msg->msg_controllen) {
		err = sock_cmsg_send(sk, w->msg, &sockc);
		if (err)
			return err;
	}
	w->tsflags = sockc.tsflags;
	if ((w->tsflags & SOF_TIMESTAMPING_OPT_ID) &&
	    !atomic_read(&sk->sk_tskey))
		atomic_set(&sk->sk_tskey, xs->write_seq ?: 1);
	return 0;
}

/* Take all of it, waiting where that is needed.  *@copied counts. */
static int xtcp_write_all(struct sock *sk, struct xtcp_write *w, long *timeo,
			  int *copied)
{
	int n, err;

	while (msg_data_left(w->msg)) {
		if (sk->sk_err || (sk->sk_shutdown & SEND_SHUTDOWN))
			return -EPIPE;
		n = xtcp_write_piece(sk, w);
		if (n < 0)
			return n;
		if (n) {
			*copied += n;
			continue;
		}
		set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		xtcp_drop_empty_tail(sk);
		if (*copied)
			xtcp_push_written(sk, w->msg->msg_flags & ~MSG_MORE);
		err = sk_stream_wait_memory(sk, timeo);
		if (err)
			return err;
	}
	return sk->sk_err || (sk->sk_shutdown & SEND_SHUTDOWN) ? -EPIPE : 0;
}

static int xtcp_sendmsg_locked(struct sock *sk, struct msghdr *msg, size_t size)
{
	struct xtcp_write w = { .msg = msg };
	int copied = 0, err = 0;
	long timeo;

	if (msg->msg_controllen || unlikely(READ_ONCE(sk->sk_tsflags)))
		err = xtcp_write_cmsg(sk, &w);
	if (err)
		goto out;
	timeo = sock_sndtimeo(sk, msg->msg_flags & MSG_DONTWAIT);
	if (!xtcp_state_in(sk, XTCPF_CAN_SEND)) {
		err = sk_stream_wait_connect(sk, &timeo);
		if (err)
			goto out;
	}
	sk_clear_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	xtcp_rate_check_app_limited(sk);
	err = xtcp_write_how(sk, &w, size);
	if (err)
		goto out;
	err = xtcp_write_all(sk, &w, &timeo, &copied);
out:
	xtcp_drop_empty_tail(sk);
	if (copied)
		xtcp_write_done(sk, &w);
	if (w.uarg && !msg->msg_ubuf) {
		if (copied)
			net_zcopy_put(w.uarg);
		else
			net_zcopy_put_abort(w.uarg, true);
	}
	if (copied || !err)
		return copied;
	err = sk_stream_error(sk, msg->msg_flags, err);
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
	ret = xtcp_sendmsg_locked(sk, msg, size);
	release_sock(sk);
	return ret;
}

/**
 * xtcp_splice_eof - proto_ops.splice_eof: a sendfile() met the file's end early
 * @sock: socket
 *
 * What it announced with MSG_MORE does not come: let go what waits for it.
 */
void xtcp_splice_eof(struct socket *sock)
{
	struct sock *sk = sock->sk;

	lock_sock(sk);
	xtcp_push_written(sk, 0);
	release_sock(sk);
}
