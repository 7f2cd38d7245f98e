// SPDX-License-Identifier: GPL-2.0
/*
 * A connection's life: its state, how it begins as a clean slate, and how it
 * ends.
 *
 *   xtcp_set_state          the only way to another state
 *   xtcp_error              the end with an error for the program
 *     xtcp_done             the end, whatever the reason
 *   xtcp_time_wait          the end in peace: a record goes on (timewait.c)
 *       xtcp_end            no timer, no name, no port
 *         xtcp_destroy_sock     and nobody holds the socket any more
 */
#include <net/xfrm.h>

#include "engine.h"
#include "why.h"

/**
 * xtcp_set_state - the only way to change a connection's state
 * @sk: socket, locked
 * @state: new state; the table in state.c must allow the step
 *
 * TIME_WAIT is a record's, which has taken over the name and the port: for the
 * socket it means CLOSE.  It must not show it even for a moment.  The kernel
 * takes whatever is in TIME_WAIT for such a record, without most of a socket
 * (sk_fullsock()), and asks without a lock: inet6_release(), for one.
 */
void xtcp_set_state(struct sock *sk, enum xtcp_state state)
{
	enum xtcp_state old = sk->sk_state;
	enum xtcp_state own = state == XTCP_TIME_WAIT ? XTCP_CLOSE : state;

	if (old == state)
		return;
	WARN_ONCE(!xtcp_state_allowed(old, state), "xtcp: %s -> %s\n",
		  xtcp_state_name(old), xtcp_state_name(state));
	if (own == XTCP_CLOSE) {
		if (old == XTCP_ESTABLISHED || old == XTCP_CLOSE_WAIT)
			XTCP_INC_STATS(sk, EstabResets);
		else if (old == XTCP_SYN_SENT || old == XTCP_SYN_RECV)
			XTCP_INC_STATS(sk, AttemptFails);
		if (state != XTCP_TIME_WAIT)
			xtcp_tw_guard(sk);
		if (old != XTCP_LISTEN)
			xtcp_unhash(sk);
		if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK))
			xtcp_put_port(sk);
	}
	trace_xtcp_state(&xtcp_sk(sk)->node.key.t, old, state);
	inet_sk_set_state(sk, own);
}

/**
 * xtcp_init_sock_state - numbers of a socket that has no connection
 * @sk: socket, locked or not yet reachable
 */
void xtcp_init_sock_state(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	xs->rtx_queue = RB_ROOT;
	xs->rtx_hint = NULL;
	xs->ofo_queue = RB_ROOT;
	xs->sacked_out = 0;
	xs->sacked_skbs = 0;
	xs->lost_out = 0;
	xs->lost_waiting = 0;
	xs->retrans_out = 0;
	xs->rtx_kind = XTCP_RTX_NONE;
	xs->backoff = 0;
	xs->probes_out = 0;
	xs->retransmits = 0;
	xs->rtx_start_us = 0;
	xs->last_send_us = 0;
	xs->delivered = 0;
	xs->lost = 0;
	xs->pace_ns = 0;
	xs->rate_delivered = 0;
	xs->cwnd_limited_seq = 0;
	xs->undo_bytes = 0;
	xs->flight_max = 0;
	xs->flight_prior = 0;
	xs->flight_seq = 0;
	xs->snd_wnd = 0;
	xs->max_wnd = 0;
	xs->snd_sml = 0;
	xs->urgent = false;
	xs->urg = XTCP_URG_NONE;
	xs->pmtu = 0;
	memset(&xs->hole, 0, sizeof(xs->hole));
	xs->mss = XTCP_DEFAULT_MSS;
	xs->peer_mss = XTCP_DEFAULT_MSS;
	xs->rcv_mss = XTCP_DEFAULT_MSS;
	xs->rcv_nxt = 0;
	xs->copied_seq = 0;
	xs->rcv_wup = 0;
	xs->rcv_wnd = 0;
	xs->ts_recent = 0;
	xs->ack_pending = XTCP_ACK_NONE;
	xs->ack_bytes = 0;
	xs->ofo_bytes = 0;
	xs->quickack = XTCP_QUICKACKS;
	xs->fin_rcvd = false;
	xs->dsack_set = false;
	xs->rcv_rtt_us = 0;
	xs->features = 0;
	xs->snd_ce_bytes = 0;
	xs->rcv_ce_bytes = 0;
	xs->rcv_ce = false;
	xs->keep_probes = 0;
	xs->oow_ack_us = 0;
	xs->challenges = 0;
	xs->challenge_us = 0;
	xs->start_us = 0;
	xs->cookie_ends_us = 0;
	xs->total_rto = 0;
	xs->bytes_sent = 0;
	xs->bytes_retrans = 0;
	xs->bytes_acked = 0;
	xs->bytes_received = 0;
	xs->segs_out = 0;
	xs->segs_in = 0;
	xs->data_segs_out = 0;
	xs->data_segs_in = 0;
	xs->dsack_dups = 0;
	xs->ofo_segs = 0;
	xtcp_ranges_init(&xs->sack);
	xtcp_rtt_init(&xs->rtt);
	xtcp_recovery_init(sk);
	WRITE_ONCE(sk->sk_pacing_rate, READ_ONCE(sk->sk_max_pacing_rate));
}

/**
 * xtcp_destroy_sock - a closed socket that no program holds: let it go
 * @sk: socket, locked, CLOSE and SOCK_DEAD; the caller holds a reference
 */
void xtcp_destroy_sock(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	WARN_ON_ONCE(sk->sk_state != XTCP_CLOSE);
	WARN_ON_ONCE(!sock_flag(sk, SOCK_DEAD));

	if (xs->orphan_counted) {
		xs->orphan_counted = false;
		atomic_dec(&xtcp_sk_net(sk)->orphans);
	}
	sk->sk_prot->destroy(sk);
	sk_stream_kill_queues(sk);
	xfrm_sk_free_policy(sk);
	sock_put(sk);
}

/**
 * xtcp_end - the connection is over for this socket
 * @sk: socket, locked, not in CLOSE
 * @state: XTCP_CLOSE, or XTCP_TIME_WAIT when a record goes on
 */
void xtcp_end(struct sock *sk, enum xtcp_state state)
{
	xtcp_stop_timers(sk);
	xtcp_set_state(sk, state);
	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	if (!sock_flag(sk, SOCK_DEAD))
		sk->sk_state_change(sk);
	else
		xtcp_destroy_sock(sk);
}

/**
 * xtcp_done - the connection is over, whatever the reason
 * @sk: socket, locked
 */
void xtcp_done(struct sock *sk)
{
	if (sk->sk_state != XTCP_CLOSE)
		xtcp_end(sk, XTCP_CLOSE);
}

/**
 * xtcp_error - the connection is over with an error for the program
 * @sk: socket, locked
 * @err: positive errno
 */
void xtcp_error(struct sock *sk, int err)
{
	if (sk->sk_state == XTCP_CLOSE)
		return;
	WRITE_ONCE(sk->sk_err, err);
	/* pairs with the barrier in xtcp_poll() */
	smp_wmb();
	xtcp_write_queue_purge(sk);
	if (!sock_flag(sk, SOCK_DEAD))
		sk_error_report(sk);
	xtcp_done(sk);
}

/**
 * xtcp_reset_received - an acceptable RST
 * @sk: socket, locked
 */
void xtcp_reset_received(struct sock *sk)
{
	XTCP_CUT(sk, InRsts);
	switch (sk->sk_state) {
	case XTCP_SYN_SENT:
		xtcp_error(sk, ECONNREFUSED);
		break;
	case XTCP_CLOSE_WAIT:
		xtcp_error(sk, EPIPE);
		break;
	default:
		xtcp_error(sk, ECONNRESET);
	}
}
