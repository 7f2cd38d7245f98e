// SPDX-License-Identifier: GPL-2.0
/*
 * Closing as a program sees it: close(), shutdown(), and what becomes of a
 * socket that no program holds any more.
 *
 *   close() --- unread data ---------> RST (RFC 2525 section 2.17)
 *          \--- SO_LINGER, 0 s ------> RST
 *           \-- else ----------------> FIN; the socket lives on as an orphan
 *                                      until TIME_WAIT or a timeout takes it
 */
#include <net/inet_common.h>

#include "sockets.h"
#include "why.h"

/* The next state of a closing socket; true when a FIN is to be queued. */
static bool xtcp_close_state(struct sock *sk)
{
	bool send_fin;

	xtcp_set_state(sk, xtcp_state_on_close(sk->sk_state, &send_fin));
	return send_fin;
}

/**
 * xtcp_shutdown - proto.shutdown
 * @sk: socket, locked
 * @how: RCV_SHUTDOWN, SEND_SHUTDOWN or both; noted in sk_shutdown already
 *
 * Receiving needs no message to the peer: what still comes is acknowledged,
 * and a reader gets 0 once the queue is empty.
 */
void xtcp_shutdown(struct sock *sk, int how)
{
	if (!(how & SEND_SHUTDOWN))
		return;
	if (xtcp_state_in(sk, XTCPF_CAN_SEND | XTCPF(XTCP_SYN_RECV)) &&
	    xtcp_close_state(sk))
		xtcp_send_fin(sk);
}

/* Throw away what was not read; answers whether there was any. */
static bool xtcp_flush_unread(struct sock *sk)
{
	struct sk_buff *skb;
	bool unread = false;

	while ((skb = __skb_dequeue(&sk->sk_receive_queue))) {
		u32 end = XTCP_SKB_CB(skb)->end_seq -
			  !!(XTCP_SKB_CB(skb)->flags & XTCP_FIN);

		if (xtcp_after(end, xtcp_sk(sk)->copied_seq))
			unread = true;
		__kfree_skb(skb);
	}
	return unread;
}

/* RST now, and nothing afterwards. */
static void xtcp_abort(struct sock *sk)
{
	xtcp_send_reset(sk, GFP_ATOMIC);	/* also called with bh locked */
	xtcp_write_queue_purge(sk);
	xtcp_stop_timers(sk);
	xtcp_set_state(sk, XTCP_CLOSE);
}

/* SO_LINGER with a time: until our FIN is acknowledged. */
static void xtcp_linger(struct sock *sk, long timeout)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	const u32 closing = XTCPF(XTCP_FIN_WAIT1) | XTCPF(XTCP_CLOSING) |
			    XTCPF(XTCP_LAST_ACK);

	if (!timeout)
		return;
	add_wait_queue(sk_sleep(sk), &wait);
	while (timeout && xtcp_state_in(sk, closing) &&
	       !signal_pending(current))
		sk_wait_event(sk, &timeout, !xtcp_state_in(sk, closing), &wait);
	remove_wait_queue(sk_sleep(sk), &wait);
}

static bool xtcp_too_many_orphans(struct sock *sk)
{
	struct xtcp_net *xn = xtcp_sk_net(sk);

	return atomic_read(&xn->orphans) > READ_ONCE(xn->sysctl_max_orphans);
}

/* The program is gone; bh locked, with a reference. */
static void xtcp_orphan(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	int s;

	atomic_inc(&xtcp_sk_net(sk)->orphans);
	xs->orphan_counted = true;

	if (sk->sk_state == XTCP_FIN_WAIT2) {
		s = xs->linger2_s ?:
		    READ_ONCE(xtcp_sk_net(sk)->sysctl_fin_timeout_s);
		if (s < 0) {
			XTCP_CUT(sk, AbortOnLinger);
			xtcp_abort(sk);
		} else {
			xtcp_reset_keepalive(sk, (u64)s * USEC_PER_SEC);
		}
	}
	if (sk->sk_state != XTCP_CLOSE && xtcp_too_many_orphans(sk)) {
		XTCP_CUT(sk, AbortOnMemory);
		xtcp_abort(sk);
	}
	if (sk->sk_state == XTCP_CLOSE)
		xtcp_destroy_sock(sk);
}

static void xtcp_close_locked(struct sock *sk, long timeout)
{
	bool unread;

	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	if (sk->sk_state == XTCP_LISTEN) {
		xtcp_listen_stop(sk);
		return;
	}
	unread = xtcp_flush_unread(sk);
	if (sk->sk_state == XTCP_CLOSE)
		return;
	if (unread) {
		XTCP_CUT(sk, AbortOnClose);
		xtcp_abort(sk);
	} else if (sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime) {
		XTCP_CUT(sk, AbortOnLinger);
		xtcp_disconnect(sk, 0);
	} else if (xtcp_close_state(sk)) {
		xtcp_send_fin(sk);
	} else if (sk->sk_state == XTCP_CLOSE) {	/* was SYN_SENT */
		xtcp_stop_timers(sk);
		xtcp_write_queue_purge(sk);
	}
	xtcp_linger(sk, timeout);
}

/**
 * xtcp_close - proto.close: the last descriptor is gone
 * @sk: socket
 * @timeout: to linger, jiffies; 0: not
 */
void xtcp_close(struct sock *sk, long timeout)
{
	int state;

	lock_sock(sk);
	xtcp_close_locked(sk, timeout);
	state = sk->sk_state;
	sock_hold(sk);
	sock_orphan(sk);
	release_sock(sk);

	/* Nobody but timers and segments can have the lock from here on. */
	local_bh_disable();
	bh_lock_sock(sk);
	/* One of them may have ended it already, and dropped our reference. */
	if (state == XTCP_CLOSE || sk->sk_state != XTCP_CLOSE)
		xtcp_orphan(sk);
	bh_unlock_sock(sk);
	local_bh_enable();
	sock_put(sk);
}

/**
 * xtcp_diag_destroy - proto.diag_destroy: an administrator ends it (SOCK_DESTROY)
 * @sk: socket, with a reference
 * @err: positive errno for its program
 *
 * Return: 0, or -ENOENT when there is nothing left to end.
 */
int xtcp_diag_destroy(struct sock *sk, int err)
{
	int ret = 0;

	lock_sock(sk);
	if (sk->sk_state == XTCP_CLOSE) {
		ret = -ENOENT;
	} else if (sk->sk_state == XTCP_LISTEN) {
		WRITE_ONCE(sk->sk_err, err);
		WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
		xtcp_listen_stop(sk);
		sk_error_report(sk);
		sk->sk_state_change(sk);
	} else {
		local_bh_disable();
		XTCP_CUT(sk, AbortOnRequest);
		xtcp_send_reset(sk, GFP_ATOMIC);
		xtcp_error(sk, err);
		local_bh_enable();
	}
	release_sock(sk);
	return ret;
}

/**
 * xtcp_destroy - proto.destroy: free what the socket holds
 * @sk: socket, closed or never opened
 */
void xtcp_destroy(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	xtcp_stop_timers(sk);
	xtcp_write_queue_purge(sk);
	xtcp_ofo_purge(sk);
	xtcp_put_port(sk);
	kfree(xs->cookie);
	xs->cookie = NULL;
	sk_sockets_allocated_dec(sk);
}

/**
 * xtcp_destruct - sk_destruct: the last reference is gone, and a grace period
 * @sk: socket
 *
 * What a segment may touch that found a listener just before it closed lives
 * until here: listen.c takes no lock of the listener.
 */
void xtcp_destruct(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	xtcp_cong_stop(&xs->cong);
	xtcp_cong_put(xs->ca_ops);
	kfree(xs->acceptq);
	xs->ip_destruct(sk);
}
