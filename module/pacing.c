// SPDX-License-Identifier: GPL-2.0
/*
 * Pacing: how fast a connection may send within its window, and how much of it
 * may stand in the host's own queue.
 *
 * The rate is what would empty the window in a round trip, and a margin: twice
 * that in slow start, so that the window can double, and a fifth more in
 * congestion avoidance, so that it can probe.  In slow start the ACK clock knows
 * better: ACKs come at the rate of the bottleneck, and what one of them releases
 * leaves with it.  A controller that computes a
 * rate of its own (struct xtcp_cong) has the last word, and SO_MAX_PACING_RATE
 * bounds both.
 *
 *      pace_ns: when the next segment would leave at exactly the rate
 *
 *      |<-- quantum -->|                  |<-- quantum -->|
 *      [s][s][s][s][s]      waiting       [s][s][s][s][s]        time -->
 *                     \                   ^
 *                      pace_ns ----------'  timer
 *
 * With the fq queueing discipline each segment carries its departure time, and
 * fq holds it.  Otherwise the socket's own timer does: up to a quantum (what a
 * millisecond carries) may run ahead, so that a timer serves several segments.
 *
 * The small queue: what this socket has in the queueing discipline and the
 * device is bounded to a millisecond of the rate.  More would only add delay,
 * for others and for our own retransmissions.  When a segment leaves the host,
 * its destructor puts the socket on a list of its CPU, and a tasklet goes on.
 */
#include <linux/interrupt.h>

#include "engine.h"

/* Percent of cwnd per srtt */
#define XTCP_PACING_SLOW_START	200
#define XTCP_PACING_AVOIDANCE	120

/* Burst: a millisecond, within these bounds (draft-ietf-ccwg-bbr 5.6.3) */
#define XTCP_QUANTUM_SHIFT	10	/* a second / 1024 */
#define XTCP_QUANTUM_SEGS	2
#define XTCP_QUANTUM_MAX	65536u

/*
 * How far ahead of their departure segments go to fq.  A route or a queueing
 * discipline may change, and nobody tells that fq is there no more.
 */
#define XTCP_FQ_HORIZON_NS	NSEC_PER_SEC

/* Least that the small queue lets stand in the host, segments */
#define XTCP_SMALL_QUEUE_SEGS	2

struct xtcp_senders {
	struct llist_head	list;	/* of xtcp_sock.send_node */
	struct tasklet_struct	tasklet;
};

static DEFINE_PER_CPU(struct xtcp_senders, xtcp_senders);

/* ns that @len bytes take at the rate; 0: not paced. */
static u64 xtcp_pace_ns(const struct sock *sk, u32 len)
{
	u64 rate = READ_ONCE(sk->sk_pacing_rate);

	/* The initial window leaves at once (RFC 6928). */
	if (!rate || rate == ~0UL ||
	    (xtcp_sk(sk)->data_segs_out < XTCP_INIT_CWND_SEGS &&
	     READ_ONCE(sk->sk_max_pacing_rate) == ~0UL))
		return 0;
	return div64_u64((u64)len * NSEC_PER_SEC, rate);
}

static bool xtcp_window_paces(const struct xtcp_sock *xs)
{
	return xs->cong.pacing_rate == XTCP_PACING_NONE;
}

/**
 * xtcp_pacing_acked - slow start: let an ACK release twice what it acknowledges
 * @sk: socket, locked; the rate is up to date
 * @acked: bytes newly delivered
 */
void xtcp_pacing_acked(struct sock *sk, u32 acked)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u32 credit = min(2 * acked, XTCP_QUANTUM_MAX);

	if (xtcp_window_paces(xs) && xtcp_in_slow_start(&xs->cong) &&
	    READ_ONCE(sk->sk_max_pacing_rate) == ~0UL)
		xs->pace_ns -= min(xs->pace_ns, xtcp_pace_ns(sk, credit));
}

/**
 * xtcp_update_pacing - an acknowledgment changed window or round trip
 * @sk: socket, locked
 *
 * Leaves the rate alone while there is no round-trip sample.
 */
void xtcp_update_pacing(struct sock *sk)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	u64 rate = xs->cong.pacing_rate;
	u32 srtt_us = xtcp_srtt_us(&xs->rtt);
	u32 percent, window;

	if (xtcp_window_paces(xs)) {
		if (!srtt_us)
			return;
		percent = xtcp_in_slow_start(&xs->cong) ?
			  XTCP_PACING_SLOW_START : XTCP_PACING_AVOIDANCE;
		/* While losses are repaired the window may be next to none. */
		window = max(xs->cong.cwnd, xs->snd_nxt - xs->snd_una);
		rate = div_u64((u64)window * percent * (USEC_PER_SEC / 100),
			       srtt_us);
	}
	rate = min_t(u64, rate, READ_ONCE(sk->sk_max_pacing_rate));
	WRITE_ONCE(sk->sk_pacing_rate, rate);
}

/**
 * xtcp_pacing_quantum - bytes that may leave in one burst
 * @sk: socket, locked
 */
u32 xtcp_pacing_quantum(const struct sock *sk)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	u64 rate = READ_ONCE(sk->sk_pacing_rate);

	if (xs->cong.send_quantum)
		return xs->cong.send_quantum;
	return max_t(u32, min_t(u64, rate >> XTCP_QUANTUM_SHIFT,
				XTCP_QUANTUM_MAX),
		     XTCP_QUANTUM_SEGS * xs->mss);
}

static bool xtcp_fq_paces(const struct sock *sk)
{
	/* pairs with fq_enqueue(), which sets it */
	return smp_load_acquire(&sk->sk_pacing_status) == SK_PACING_FQ;
}

static bool xtcp_too_fast(const struct sock *sk, u64 len_ns, u64 now_ns)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);

	return xs->pace_ns > now_ns &&
	       xs->pace_ns - now_ns + len_ns >
		       xtcp_pace_ns(sk, xtcp_pacing_quantum(sk));
}

/* Too early for @len bytes?  Then the timer is set. */
static bool xtcp_pacing_holds(struct sock *sk, u32 len, u64 *now_ns)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u64 len_ns;

	len_ns = xtcp_pace_ns(sk, len);
	if (!len_ns)
		return false;
	if (xtcp_fq_paces(sk) && xs->pace_ns < *now_ns + XTCP_FQ_HORIZON_NS)
		return false;
	if (!xtcp_too_fast(sk, len_ns, *now_ns))
		return false;
	/* Time has passed since the first of the batch left. */
	*now_ns = ktime_get_ns();
	if (!xtcp_too_fast(sk, len_ns, *now_ns))
		return false;
	XTCP_INC_STATS(sk, PacingWaits);
	if (!hrtimer_is_queued(&xs->pace_timer)) {
		hrtimer_start(&xs->pace_timer, ns_to_ktime(xs->pace_ns),
			      HRTIMER_MODE_ABS_PINNED_SOFT);
		sock_hold(sk);
	}
	return true;
}

static bool xtcp_host_is_full(const struct sock *sk, u32 len)
{
	u64 limit = READ_ONCE(sk->sk_pacing_rate) >>
		    READ_ONCE(sk->sk_pacing_shift);

	limit = max_t(u64, limit, XTCP_SMALL_QUEUE_SEGS * SKB_TRUESIZE(len));
	return refcount_read(&sk->sk_wmem_alloc) > limit;
}

/* Enough of ours in the host?  Then xtcp_wfree() goes on. */
static bool xtcp_small_queue_holds(struct sock *sk, u32 len)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (likely(!xtcp_host_is_full(sk, len)))
		return false;
	set_bit(XTCP_TX_THROTTLED, &xs->tx_flags);
	/* Pairs with xtcp_wfree(): it lowers the sum, then looks at the bit. */
	smp_mb__after_atomic();
	if (!xtcp_host_is_full(sk, len)) {
		clear_bit(XTCP_TX_THROTTLED, &xs->tx_flags);
		return false;
	}
	XTCP_INC_STATS(sk, SmallQueueWaits);
	return true;
}

/**
 * xtcp_may_leave - do rate and host let a segment go now?
 * @sk: socket, locked
 * @len: its payload, bytes
 * @now_ns: monotonic time of a moment ago; brought up to date if that matters
 *
 * Return: false: not now; xtcp_send_more() will be called.
 */
bool xtcp_may_leave(struct sock *sk, u32 len, u64 *now_ns)
{
	return !xtcp_pacing_holds(sk, len, now_ns) && !xtcp_small_queue_holds(sk, len);
}

/**
 * xtcp_still_in_host - does a segment's last transmission stand in the host?
 * @sk: socket, locked
 * @skb: of the rtx queue
 *
 * Return: true: then xtcp_send_more() will be called when it has left.
 */
bool xtcp_still_in_host(struct sock *sk, struct sk_buff *skb)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (likely(!skb_fclone_busy(sk, skb)))
		return false;
	set_bit(XTCP_TX_THROTTLED, &xs->tx_flags);
	/* It may have left before its destructor could see the bit. */
	smp_mb__after_atomic();
	if (skb_fclone_busy(sk, skb))
		return true;
	clear_bit(XTCP_TX_THROTTLED, &xs->tx_flags);
	return false;
}

/**
 * xtcp_waits_to_leave - does rate or host hold segments back?
 * @sk: socket, locked
 *
 * Then xtcp_send_more() is to come, and no other timer is needed.
 */
bool xtcp_waits_to_leave(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	/*
	 * A queueing discipline may take our charge away early (netem does):
	 * then no destructor of ours will come.
	 */
	return hrtimer_is_queued(&xs->pace_timer) ||
	       (test_bit(XTCP_TX_THROTTLED, &xs->tx_flags) &&
		sk_wmem_alloc_get(sk));
}

/**
 * xtcp_departure_ns - when a segment that is sent now will leave the host
 * @sk: socket, locked
 * @now_ns: monotonic time
 *
 * Return: monotonic ns; later than now only where fq paces.
 */
u64 xtcp_departure_ns(const struct sock *sk, u64 now_ns)
{
	return xtcp_fq_paces(sk) ? max(xtcp_sk(sk)->pace_ns, now_ns) : now_ns;
}

/**
 * xtcp_departed - a segment with payload was sent
 * @sk: socket, locked
 * @len: its payload, bytes
 * @at_ns: xtcp_departure_ns() of it
 *
 * What a late timer or an idle moment left unused of the rate may be made up
 * for by one quantum, not more.
 */
void xtcp_departed(struct sock *sk, u32 len, u64 at_ns)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u64 len_ns = xtcp_pace_ns(sk, len);
	u64 quantum_ns;

	if (!len_ns)
		return;
	quantum_ns = min(xtcp_pace_ns(sk, xtcp_pacing_quantum(sk)), at_ns);
	xs->pace_ns = min_t(u64, max(xs->pace_ns, at_ns - quantum_ns) + len_ns,
			    KTIME_MAX);
}

/**
 * xtcp_send_more - what held segments back is over
 * @sk: socket, locked
 */
void xtcp_send_more(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	clear_bit(XTCP_TX_THROTTLED, &xs->tx_flags);
	if (!xtcp_state_in(sk, XTCPF_SYNCHRONIZED))
		return;
	if (xs->ca_state != XTCP_CA_OPEN)
		xtcp_retransmit_lost(sk);
	xtcp_push(sk);
	if (xs->ack_pending & XTCP_ACK_BATCH)
		xtcp_send_ack(sk);
}

/* Have this CPU's tasklet call xtcp_send_more(); takes over a reference. */
static void xtcp_queue_sender(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_senders *s;

	if (test_and_set_bit(XTCP_TX_QUEUED, &xs->tx_flags)) {
		sock_put(sk);
		return;
	}
	s = get_cpu_ptr(&xtcp_senders);
	llist_add(&xs->send_node, &s->list);
	tasklet_schedule(&s->tasklet);
	put_cpu_ptr(&xtcp_senders);
}

/**
 * xtcp_after_batch - call xtcp_send_more() when the batch is over
 * @sk: socket, locked, that processes a segment
 *
 * A batch is what the host takes from a device at once, or what waited while a
 * program held the socket.
 */
void xtcp_after_batch(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (in_softirq()) {
		if (!test_bit(XTCP_TX_QUEUED, &xs->tx_flags)) {
			sock_hold(sk);
			xtcp_queue_sender(sk);
		}
	} else if (!test_and_set_bit(XTCP_DEFER_SEND, &xs->deferred)) {
		sock_hold(sk);
	}
}

static enum hrtimer_restart xtcp_pace_timer(struct hrtimer *t)
{
	struct xtcp_sock *xs = container_of(t, struct xtcp_sock, pace_timer);

	xtcp_fire((struct sock *)xs, XTCP_DEFER_SEND, xtcp_send_more);
	return HRTIMER_NORESTART;
}

static void xtcp_senders_run(struct tasklet_struct *t)
{
	struct xtcp_senders *s = from_tasklet(s, t, tasklet);
	struct xtcp_sock *xs, *next;

	llist_for_each_entry_safe(xs, next, llist_del_all(&s->list),
				  send_node) {
		/* Once it is clear another CPU may rewrite send_node. */
		smp_mb__before_atomic();
		clear_bit(XTCP_TX_QUEUED, &xs->tx_flags);
		xtcp_fire((struct sock *)xs, XTCP_DEFER_SEND, xtcp_send_more);
	}
}

/**
 * xtcp_wfree - skb->destructor of what we send: it left the host
 * @skb: segment
 *
 * Any context but NMI and hard interrupt; the socket may be on its last way.
 */
void xtcp_wfree(struct sk_buff *skb)
{
	struct sock *sk = skb->sk;
	struct xtcp_sock *xs = xtcp_sk(sk);
	unsigned int truesize = skb->truesize;

	/* All of the charge but the byte that still keeps the socket's memory. */
	WARN_ON(refcount_sub_and_test(truesize - 1, &sk->sk_wmem_alloc));
	smp_mb__after_atomic();		/* pairs with xtcp_small_queue_holds() */
	if (unlikely(test_bit(XTCP_TX_THROTTLED, &xs->tx_flags)) &&
	    refcount_inc_not_zero(&sk->sk_refcnt))
		xtcp_queue_sender(sk);
	skb->truesize = 1;
	sock_wfree(skb);
	skb->truesize = truesize;
}

/**
 * xtcp_pacing_setup - a new socket
 * @sk: socket
 */
void xtcp_pacing_setup(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	hrtimer_setup(&xs->pace_timer, xtcp_pace_timer, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_PINNED_SOFT);
	xs->pace_ns = 0;
	xs->tx_flags = 0;
}

/**
 * xtcp_pacing_stop - the connection is over
 * @sk: socket, locked; the caller holds a reference
 */
void xtcp_pacing_stop(struct sock *sk)
{
	if (hrtimer_try_to_cancel(&xtcp_sk(sk)->pace_timer) == 1)
		__sock_put(sk);
}

/**
 * xtcp_pacing_init - the module begins
 */
void xtcp_pacing_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct xtcp_senders *s = per_cpu_ptr(&xtcp_senders, cpu);

		init_llist_head(&s->list);
		tasklet_setup(&s->tasklet, xtcp_senders_run);
	}
}

/**
 * xtcp_pacing_exit - the module ends; no socket is left
 */
void xtcp_pacing_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		tasklet_kill(&per_cpu_ptr(&xtcp_senders, cpu)->tasklet);
}
