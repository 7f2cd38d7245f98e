// SPDX-License-Identifier: GPL-2.0
/*
 * The timers of one connection.
 *
 * rtx     Something was sent and must be answered: the oldest segment (RTO,
 *         or before it RACK's reordering window and tail-loss probe), a
 *         window probe, or the handshake's third segment.  One deadline, see
 *         enum xtcp_rtx_kind.
 * delack  An acknowledgment is owed and nothing carried it yet.
 * keep    Keepalive while ESTABLISHED and alike; the end of FIN_WAIT_2 for a
 *         socket that no program holds.
 *
 * An acknowledgment pushes the rtx deadline back with a store; the kernel
 * timer stays where it is, finds on expiry that it is early, and goes back to
 * sleep.  So a busy connection touches the timer wheel once per RTO, not once
 * per ACK.
 *
 * A timer that fires while a program owns the socket notes itself in
 * xs->deferred and runs from release_sock() (xtcp_run_deferred()).  An armed
 * timer and a noted one hold a reference each.
 */
#include <linux/timer.h>

#include "engine.h"
#include "trace.h"
#include "why.h"

static void xtcp_arm(struct sock *sk, struct timer_list *t, u64 *deadline_us,
		     u64 when_us, u64 now_us)
{
	u64 wait_us = when_us > now_us ? when_us - now_us : 0;
	unsigned long expires;

	*deadline_us = when_us;
	expires = jiffies + max(usecs_to_jiffies(min_t(u64, wait_us, U32_MAX)),
				1UL);
	if (!timer_pending(t) || time_before(expires, t->expires))
		sk_reset_timer(sk, t, expires);
}

/* Too early?  Then sleep on; the timer's reference is kept. */
static bool xtcp_too_early(struct sock *sk, struct timer_list *t,
			   u64 *deadline_us)
{
	u64 when_us = *deadline_us, now_us;

	/* The wheel rounds up; what is within a tick is due. */
	if (!when_us)
		return true;
	now_us = xtcp_now_us();
	if (now_us + jiffies_to_usecs(1) >= when_us)
		return false;
	xtcp_arm(sk, t, deadline_us, when_us, now_us);
	return true;
}

/* ------------------------------------------------------------------ rtx */

/*
 * On a lossy path either of two segments is lost, the SYN or its answer, and the
 * listener, which keeps nothing, repeats none.  TCP's does: so here the client's
 * first repetitions stand for both ends', and come twice as often.  In the first
 * 5 s that makes as many segments as TCP's two ends repeat.
 */
static bool xtcp_repeats_for_both(const struct sock *sk)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);

	return sk->sk_state == XTCP_SYN_SENT && xs->retransmits &&
	       xs->retransmits < XTCP_SYN_LINEAR;
}

static u32 xtcp_rto_us(const struct sock *sk)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	u32 rto_us = xtcp_rtt_rto(&xs->rtt, xs->backoff);

	return xtcp_repeats_for_both(sk) ? rto_us / 2 : rto_us;
}

/* What the timer must watch now. */
static enum xtcp_rtx_kind xtcp_rtx_need(struct sock *sk)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);

	if (!RB_EMPTY_ROOT(&xs->rtx_queue))
		return XTCP_RTX_RTO;
	if (!skb_queue_empty(&sk->sk_write_queue) &&
	    xtcp_state_in(sk, XTCPF_SYNCHRONIZED) && !xtcp_waits_to_leave(sk))
		return XTCP_RTX_PROBE;
	if (xs->cookie && sk->sk_state != XTCP_SYN_SENT)
		return XTCP_RTX_COOKIE;
	return XTCP_RTX_NONE;
}

/* When the present silence began; 0: there is none. */
static u64 xtcp_silent_since_us(const struct sock *sk)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	const struct sk_buff *skb = xtcp_rtx_head(sk);

	if (xs->rtx_start_us || !skb)
		return xs->rtx_start_us;
	/* fq may hold it until later. */
	return min(XTCP_SKB_CB(skb)->sent_us, xtcp_now_us());
}

/*
 * USER_TIMEOUT ends a connection on time, not with the next timeout: but for the
 * first, which is as long as the path makes it.
 */
static u64 xtcp_user_wait_us(const struct xtcp_sock *xs, u64 wait_us)
{
	s64 left_us;

	if (!xs->user_timeout_ms || !xs->backoff)
		return wait_us;
	left_us = xs->rtx_start_us - xtcp_now_us() +
		  (u64)xs->user_timeout_ms * USEC_PER_MSEC;
	return clamp_t(s64, left_us, 0, wait_us);
}

/*
 * Whoever finds the accept queue full will try again.  Those who came together
 * must not return together, time and again, until their cookies are void: so from
 * the second try on each comes up to half as much later, as chance will have it.
 */
static u64 xtcp_cookie_wait_us(const struct xtcp_sock *xs, u64 wait_us)
{
	if (!xs->cookie || !xs->backoff)
		return wait_us;
	return wait_us + reciprocal_scale(get_random_u32(), wait_us / 2);
}

/**
 * xtcp_rearm_rtx - (re)start, change or stop the retransmission timer
 * @sk: socket, locked
 *
 * To be called after a transmission that began a flight, and after each
 * acknowledgment that moved snd_una (RFC 6298 section 5).
 */
void xtcp_rearm_rtx(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	enum xtcp_rtx_kind kind = xtcp_rtx_need(sk);

	u64 wait_us = xtcp_rto_us(sk);
	u64 now_us;

	if (kind == XTCP_RTX_RTO && xs->rack.reo_timeout_us) {
		kind = XTCP_RTX_REO;
		wait_us = min_t(u64, wait_us, xs->rack.reo_timeout_us);
	} else if (kind == XTCP_RTX_RTO && xtcp_tlp_wanted(sk) &&
		   xtcp_tlp_timeout_us(sk) < wait_us) {
		kind = XTCP_RTX_TLP;
		wait_us = xtcp_tlp_timeout_us(sk);
	} else {
		wait_us = xtcp_cookie_wait_us(xs, wait_us);
		wait_us = xtcp_user_wait_us(xs, wait_us);
	}
	xs->rtx_kind = kind;
	if (kind == XTCP_RTX_NONE) {
		xs->rtx_deadline_us = 0;
		return;
	}
	/* What fq holds back has not left yet. */
	now_us = xtcp_now_us();
	xtcp_arm(sk, &xs->rtx_timer, &xs->rtx_deadline_us,
		 max(now_us, kind == XTCP_RTX_RTO ? xs->last_send_us : 0) +
		 wait_us, now_us);
}

/* The peer is silent for too long: the connection ends with ETIMEDOUT. */
static void xtcp_timed_out(struct sock *sk)
{
	XTCP_CUT(sk, AbortOnTimeout);
	xtcp_error(sk, READ_ONCE(sk->sk_err_soft) ?: ETIMEDOUT);
}

static unsigned int xtcp_retry_limit(const struct sock *sk)
{
	const struct xtcp_net *xn = xtcp_sk_net(sk);
	const struct xtcp_sock *xs = xtcp_sk(sk);

	if (sk->sk_state == XTCP_SYN_SENT)
		return XTCP_SYN_LINEAR +
		       (xs->syn_retries ?: READ_ONCE(xn->sysctl_syn_retries));
	if (sk->sk_state == XTCP_SYN_RECV)
		return xs->syn_retries ?: READ_ONCE(xn->sysctl_syn_retries);
	if (sock_flag(sk, SOCK_DEAD))
		return READ_ONCE(xn->sysctl_orphan_retries);
	return READ_ONCE(xn->sysctl_retries2);
}

/* Counts a silent RTO; true when it was the last one allowed. */
static bool xtcp_give_up(struct sock *sk, unsigned int tries)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u64 now_us = xtcp_now_us();

	xs->rtx_start_us = xtcp_silent_since_us(sk) ?: now_us;
	/* The timer may be a tick early. */
	if (xs->user_timeout_ms)
		return now_us + jiffies_to_usecs(1) - xs->rtx_start_us >=
		       (u64)xs->user_timeout_ms * USEC_PER_MSEC;
	return tries >= xtcp_retry_limit(sk);
}

static void xtcp_back_off(struct xtcp_sock *xs)
{
	if (xs->backoff < XTCP_MAX_BACKOFF)
		xs->backoff++;
}

static void xtcp_rto_expired(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (xtcp_give_up(sk, xs->retransmits)) {
		xtcp_timed_out(sk);
		return;
	}
	if (xs->retransmits < U8_MAX)
		xs->retransmits++;
	xtcp_on_rto(sk);
	xtcp_hole_timeout(sk);
	if (sk->sk_state != XTCP_SYN_SENT ||
	    xs->retransmits > XTCP_SYN_LINEAR)
		xtcp_back_off(xs);
	/* A local failure is tried again without waiting longer than RTO. */
	xtcp_retransmit_lost(sk);
	/* A path that fails this often may have changed: ask for a route. */
	if (xs->retransmits == 3 && sk->sk_state != XTCP_SYN_SENT)
		sk_rethink_txhash(sk);
	xtcp_rearm_rtx(sk);
}

/* RACK's timers: before the RTO, and never instead of it. */
static void xtcp_early_expired(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (xs->rtx_kind == XTCP_RTX_REO) {
		xs->rack.reo_timeout_us = 0;
		xtcp_on_reo_timeout(sk);
	} else {
		/* The probe may be the oldest segment itself, sent anew. */
		xs->rtx_start_us = xtcp_silent_since_us(sk);
		xtcp_on_tlp_timeout(sk);
	}
	xtcp_rearm_rtx(sk);
}

/*
 * Zero-window probes go on for as long as the peer answers them (RFC 9293
 * section 3.8.6.1), with back-off until the window opens.  Only silence ends
 * them, or an orphan's patience: a peer that never reads must not hold what a
 * program has left behind.
 */
static void xtcp_probe_expired(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	unsigned int tries = xs->probes_out;

	if (sock_flag(sk, SOCK_DEAD))
		tries = max_t(unsigned int, tries, xs->backoff);
	if (xtcp_give_up(sk, tries)) {
		xtcp_timed_out(sk);
		return;
	}
	if (xs->probes_out < U8_MAX)
		xs->probes_out++;
	XTCP_INC_STATS(sk, WindowProbes);
	xtcp_back_off(xs);
	xtcp_send_probe(sk);
	xtcp_rearm_rtx(sk);
}

static void xtcp_cookie_expired(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (xtcp_give_up(sk, xs->retransmits)) {
		xtcp_timed_out(sk);
		return;
	}
	if (xs->retransmits < U8_MAX)
		xs->retransmits++;
	XTCP_INC_STATS(sk, CookieRepeats);
	xtcp_back_off(xs);
	xtcp_send_ack(sk);
	xtcp_rearm_rtx(sk);
}

static void xtcp_rtx_handler(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (sk->sk_state == XTCP_CLOSE || sk->sk_state == XTCP_LISTEN ||
	    xtcp_too_early(sk, &xs->rtx_timer, &xs->rtx_deadline_us))
		return;
	/* The reason may have changed since it was armed. */
	switch (xtcp_rtx_need(sk)) {
	case XTCP_RTX_RTO:
		if (xs->rtx_kind == XTCP_RTX_TLP ||
		    xs->rtx_kind == XTCP_RTX_REO)
			xtcp_early_expired(sk);
		else
			xtcp_rto_expired(sk);
		break;
	case XTCP_RTX_PROBE:
		xtcp_probe_expired(sk);
		break;
	case XTCP_RTX_COOKIE:
		xtcp_cookie_expired(sk);
		break;
	default:
		xs->rtx_kind = XTCP_RTX_NONE;
		xs->rtx_deadline_us = 0;
		break;
	}
}

/* --------------------------------------------------------------- delack */

/**
 * xtcp_arm_delack - the newest segment is owed an ACK within XTCP_DELACK_US
 * @sk: socket, locked
 */
void xtcp_arm_delack(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	/* Counted from the segment that is owed an ACK. */
	xtcp_arm(sk, &xs->delack_timer, &xs->delack_deadline_us,
		 xs->last_rcv_us + XTCP_DELACK_US, xs->last_rcv_us);
}

static void xtcp_delack_handler(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (sk->sk_state == XTCP_CLOSE || !xs->ack_pending ||
	    xtcp_too_early(sk, &xs->delack_timer, &xs->delack_deadline_us))
		return;
	XTCP_INC_STATS(sk, DelayedAcks);
	xtcp_send_ack(sk);
}

/* ----------------------------------------------------------------- keep */

/**
 * xtcp_keepidle_us - idle time before the first keepalive probe
 * @sk: socket
 */
u64 xtcp_keepidle_us(const struct sock *sk)
{
	u32 s = xtcp_sk(sk)->keepidle_s ?:
		READ_ONCE(xtcp_sk_net(sk)->sysctl_keepalive_time_s);

	return (u64)s * USEC_PER_SEC;
}

/**
 * xtcp_keepintvl_us - time between keepalive probes
 * @sk: socket
 */
u64 xtcp_keepintvl_us(const struct sock *sk)
{
	u32 s = xtcp_sk(sk)->keepintvl_s ?:
		READ_ONCE(xtcp_sk_net(sk)->sysctl_keepalive_intvl_s);

	return (u64)s * USEC_PER_SEC;
}

/**
 * xtcp_keepcnt - keepalive probes without answer that end a connection
 * @sk: socket
 */
unsigned int xtcp_keepcnt(const struct sock *sk)
{
	return xtcp_sk(sk)->keepcnt ?:
	       READ_ONCE(xtcp_sk_net(sk)->sysctl_keepalive_probes);
}

/**
 * xtcp_reset_keepalive - (re)start the keep timer
 * @sk: socket, locked
 * @delay_us: from now, µs
 */
void xtcp_reset_keepalive(struct sock *sk, u64 delay_us)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u64 now_us = xtcp_now_us();

	xtcp_arm(sk, &xs->keep_timer, &xs->keep_deadline_us, now_us + delay_us,
		 now_us);
}

/**
 * xtcp_stop_keepalive - stop the keep timer
 * @sk: socket, locked
 */
void xtcp_stop_keepalive(struct sock *sk)
{
	xtcp_sk(sk)->keep_deadline_us = 0;
	sk_stop_timer(sk, &xtcp_sk(sk)->keep_timer);
}

/**
 * xtcp_set_keepalive - proto.keepalive: SO_KEEPALIVE was switched
 * @sk: socket, locked
 * @on: new value
 */
void xtcp_set_keepalive(struct sock *sk, int on)
{
	if (xtcp_state_in(sk, XTCPF(XTCP_CLOSE) | XTCPF(XTCP_LISTEN)))
		return;
	if (on && !sock_flag(sk, SOCK_KEEPOPEN))
		xtcp_reset_keepalive(sk, xtcp_keepidle_us(sk));
	else if (!on)
		xtcp_stop_keepalive(sk);
}

static void xtcp_keepalive_check(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u64 idle_us = xtcp_now_us() - xs->last_rcv_us;
	u64 first_us = xtcp_keepidle_us(sk);
	bool dead;

	/* Data in flight has a timer of its own that notices a dead peer. */
	if (!RB_EMPTY_ROOT(&xs->rtx_queue) ||
	    !skb_queue_empty(&sk->sk_write_queue)) {
		xtcp_reset_keepalive(sk, first_us);
		return;
	}
	if (idle_us + jiffies_to_usecs(1) < first_us) {
		xs->keep_probes = 0;
		xtcp_reset_keepalive(sk, first_us - idle_us);
		return;
	}
	if (xs->user_timeout_ms)
		dead = xs->keep_probes &&
		       idle_us >= (u64)xs->user_timeout_ms * USEC_PER_MSEC;
	else
		dead = xs->keep_probes >= xtcp_keepcnt(sk);
	if (dead) {
		xtcp_send_reset(sk, GFP_ATOMIC);
		xtcp_timed_out(sk);
		return;
	}
	xs->keep_probes++;
	XTCP_INC_STATS(sk, KeepaliveProbes);
	xtcp_send_probe(sk);
	xtcp_reset_keepalive(sk, xtcp_keepintvl_us(sk));
}

static void xtcp_keep_handler(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (sk->sk_state == XTCP_CLOSE || sk->sk_state == XTCP_LISTEN ||
	    xtcp_too_early(sk, &xs->keep_timer, &xs->keep_deadline_us))
		return;
	xs->keep_deadline_us = 0;
	if (sk->sk_state == XTCP_FIN_WAIT2 && sock_flag(sk, SOCK_DEAD)) {
		XTCP_CUT(sk, FinWait2Timeouts);
		xtcp_done(sk);		/* fin_timeout is over */
		return;
	}
	if (sock_flag(sk, SOCK_KEEPOPEN) && sk->sk_state != XTCP_SYN_SENT)
		xtcp_keepalive_check(sk);
}

/* ------------------------------------------------------- the common part */

/**
 * xtcp_fire - a timer or tasklet has something to do
 * @sk: socket, not locked; consumes a reference
 * @what: XTCP_DEFER_* bit that stands for @handler
 * @handler: is called now, or from release_sock() when a program owns @sk
 *
 * Softirq.
 */
void xtcp_fire(struct sock *sk, int what, void (*handler)(struct sock *sk))
{
	bh_lock_sock(sk);
	if (!sock_owned_by_user(sk))
		handler(sk);
	else if (!test_and_set_bit(what, &xtcp_sk(sk)->deferred))
		sock_hold(sk);
	bh_unlock_sock(sk);
	sock_put(sk);
}

static void xtcp_rtx_timer(struct timer_list *t)
{
	struct xtcp_sock *xs = timer_container_of(xs, t, rtx_timer);

	xtcp_fire((struct sock *)xs, XTCP_DEFER_RTX, xtcp_rtx_handler);
}

static void xtcp_delack_timer(struct timer_list *t)
{
	struct xtcp_sock *xs = timer_container_of(xs, t, delack_timer);

	xtcp_fire((struct sock *)xs, XTCP_DEFER_DELACK, xtcp_delack_handler);
}

static void xtcp_keep_timer(struct timer_list *t)
{
	struct xtcp_sock *xs = timer_container_of(xs, t, keep_timer);

	xtcp_fire((struct sock *)xs, XTCP_DEFER_KEEP, xtcp_keep_handler);
}

/**
 * xtcp_run_deferred - run what fired while a program owned the socket
 * @sk: socket, in release_cb: bh locked
 * @what: bits taken from xs->deferred; each holds a reference
 */
void xtcp_run_deferred(struct sock *sk, unsigned long what)
{
	if (what & BIT(XTCP_DEFER_RTX)) {
		xtcp_rtx_handler(sk);
		__sock_put(sk);
	}
	if (what & BIT(XTCP_DEFER_DELACK)) {
		xtcp_delack_handler(sk);
		__sock_put(sk);
	}
	if (what & BIT(XTCP_DEFER_KEEP)) {
		xtcp_keep_handler(sk);
		__sock_put(sk);
	}
	if (what & BIT(XTCP_DEFER_SEND)) {
		xtcp_send_more(sk);
		__sock_put(sk);
	}
}

/**
 * xtcp_init_timers - a new socket
 * @sk: socket
 */
void xtcp_init_timers(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	timer_setup(&xs->rtx_timer, xtcp_rtx_timer, 0);
	timer_setup(&xs->delack_timer, xtcp_delack_timer, 0);
	timer_setup(&xs->keep_timer, xtcp_keep_timer, 0);
	xs->rtx_deadline_us = 0;
	xs->delack_deadline_us = 0;
	xs->keep_deadline_us = 0;
	xs->deferred = 0;
	xtcp_pacing_setup(sk);
}

/**
 * xtcp_stop_timers - the connection is over
 * @sk: socket, locked
 */
void xtcp_stop_timers(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	xs->rtx_kind = XTCP_RTX_NONE;
	xs->rtx_deadline_us = 0;
	xs->delack_deadline_us = 0;
	sk_stop_timer(sk, &xs->rtx_timer);
	sk_stop_timer(sk, &xs->delack_timer);
	xtcp_stop_keepalive(sk);
	xtcp_pacing_stop(sk);
}
