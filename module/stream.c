// SPDX-License-Identifier: GPL-2.0
/*
 * What a program may ask of the byte stream: poll, and how much waits.  What it
 * does with it is in send.c and recv.c.
 */
#include <asm/ioctls.h>
#include <linux/sockios.h>

#include "sockets.h"

/**
 * xtcp_peek_len - proto_ops.peek_len
 * @sock: socket
 */
int xtcp_peek_len(struct socket *sock)
{
	return xtcp_readable(sock->sk);
}

/*
 * Is there as much as the program waits for?  What is behind an urgent byte
 * counts, the byte itself does not when it is next.
 */
static bool xtcp_poll_readable(const struct sock *sk)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	int n = READ_ONCE(xs->rcv_nxt) - READ_ONCE(xs->copied_seq) -
		READ_ONCE(xs->fin_rcvd);
	int target = sock_rcvlowat(sk, 0, INT_MAX);

	if (unlikely(READ_ONCE(xs->urg)) && !sock_flag(sk, SOCK_URGINLINE) &&
	    READ_ONCE(xs->urg_seq) == READ_ONCE(xs->copied_seq))
		target++;
	return n >= target;
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
		if (xtcp_poll_readable(sk))
			mask |= EPOLLIN | EPOLLRDNORM;
		if (READ_ONCE(xtcp_sk(sk)->urg) == XTCP_URG_HELD)
			mask |= EPOLLPRI;
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
	case SIOCATMARK:
		*karg = READ_ONCE(xs->urg) &&
			READ_ONCE(xs->urg_seq) == READ_ONCE(xs->copied_seq);
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
