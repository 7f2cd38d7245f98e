// SPDX-License-Identifier: GPL-2.0
/*
 * BBR: draft-ietf-ccwg-bbr-06, "BBRv3".
 *
 * Loss-based controllers fill the bottleneck's buffer and call its overflow
 * the path's capacity.  BBR measures: the highest rate at which the path
 * delivers (max_bw) and the shortest round trip (min_rtt).  Their product is
 * what fills the path without a queue.  It paces at max_bw and holds about two
 * such products in flight at most.  Both can be measured only apart from each
 * other, max_bw by sending a bit too fast, min_rtt by letting the queue run
 * empty, so it takes turns:
 *
 *	            |
 *	            v		    pacing  window
 *	   +---> Startup	     277 %   200 %	doubles each round trip
 *	   |        |  no growth for three rounds, or persistent loss
 *	   |        v
 *	   |      Drain		      50 %   200 %	empties its queue
 *	   |        |  in flight: one product, or three rounds
 *	   |        v
 *	   |      DOWN <-------+      90 %   200 %	lets others in
 *	   |        |          |
 *	   |        v          |
 *	   |     CRUISE        |     100 %   200 %	for 2 to 3 s, or 63 rounds
 *	   |        |          |
 *	   |        v          |
 *	   |     REFILL        |     100 %   200 %	one round: fills the pipe
 *	   |        |          |
 *	   |        v          |
 *	   |       UP ---------+     125 %   225 %	until no growth, or loss
 *	   |
 *	   +--- ProbeRTT	     100 %    50 %	200 ms, when min_rtt was not
 *						seen for 5 s; from everywhere
 *
 * A percentage of loss is no congestion; above 2 % in a flight that probes,
 * inflight_longterm remembers how much was too much.  Outside of probes any
 * loss lowers bw_shortterm and inflight_shortterm to what is delivered, until
 * the next REFILL forgets them.
 *
 * Recovery neither runs rate reduction nor a threshold here: the bounds do
 * that.  What is left to it is to save the window, and to give it back.
 *
 * Where the draft leaves room, or its steps would do what its text does not
 * mean, a comment says what is done and why.  Four things go beyond it, since
 * its own assumptions do not hold on every path:
 *
 *	loss that is no congestion	bbr_update_noise()
 *	delays that differ by packet	bbr_round_rtt()
 *	rounds that sent next to none	bbr_filled()
 *	probes that gain nothing	bbr_probed_in_vain()
 */
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/string.h>

#include "cong_bbr.h"

/* Section 5.6.3: a burst is a millisecond, two segments at least. */
#define BBR_QUANTUM_US		1000u
#define BBR_QUANTUM_MAX		65536u
#define BBR_QUANTUM_MIN_SEGS	2

/* Section 5.6.2: stands in for a round trip that is not known yet. */
#define BBR_NOMINAL_RTT_US	1000u

/* Section 5.6.1, the table; percent */
static const struct {
	u16	pacing;
	u16	cwnd;
} bbr_gains[] = {
	[BBR_STARTUP]	= { 277, 200 },		/* 4 ln 2 */
	[BBR_DRAIN]	= {  50, 200 },
	[BBR_DOWN]	= {  90, 200 },
	[BBR_CRUISE]	= { 100, 200 },
	[BBR_REFILL]	= { 100, 200 },
	[BBR_UP]	= { 125, 225 },
	[BBR_PROBE_RTT]	= { 100,  50 },
};

/* ------------------------------------------------ pacing rate and window */

/**
 * bbr_set_pacing_rate() - pace at a multiple of the bandwidth
 * @c: the connection's congestion state
 * @gain: the multiple, percent
 *
 * Section 5.6.2.  Until the pipe has been full the rate only grows: lower
 * samples were the program's, or come from a pipe that still fills.
 */
void bbr_set_pacing_rate(struct xtcp_cong *c, u32 gain)
{
	struct bbr *b = bbr_of(c);
	u64 rate = bbr_percent(bbr_percent(bbr_bw(b), gain),
			       100 - BBR_PACING_MARGIN);

	/* Never so slow that a segment takes more than a second. */
	rate = max_t(u64, rate, c->mss);
	if (b->full_bw_reached || rate > c->pacing_rate)
		c->pacing_rate = rate;
}

/*
 * Section 5.6.2, InitPacingRate(), put off to the first ACK, which knows the
 * round trip; until then the engine spreads the window as it does for others.
 */
static void bbr_init_pacing_rate(struct xtcp_cong *c, u32 srtt_us)
{
	u64 bw = div_u64((u64)c->cwnd * BBR_USEC_PER_SEC,
			 srtt_us ?: BBR_NOMINAL_RTT_US);

	c->pacing_rate = bbr_percent(bw, bbr_gains[BBR_STARTUP].pacing);
}

/* Section 5.6.3 */
static void bbr_set_send_quantum(struct xtcp_cong *c)
{
	u64 quantum = bbr_bytes(c->pacing_rate, BBR_QUANTUM_US);

	c->send_quantum = max_t(u32, min_t(u64, quantum, BBR_QUANTUM_MAX),
				BBR_QUANTUM_MIN_SEGS * c->mss);
}

/* Section 5.6.4.7 */
static u32 bbr_model_bound(struct xtcp_cong *c)
{
	const struct bbr *b = bbr_of(c);
	u32 bound = BBR_INFINITE;

	if (b->state == BBR_CRUISE || b->state == BBR_PROBE_RTT)
		bound = bbr_with_headroom(c);
	else if (bbr_in_probe_bw(b))
		bound = b->inflight_long;
	bound = min(bound, b->inflight_short);
	return max(bound, bbr_min_pipe(c));
}

/* Section 5.6.4.6: the window grows by what was delivered, and falls at once. */
static void bbr_set_cwnd(struct xtcp_cong *c, const struct xtcp_ack_sample *s)
{
	struct bbr *b = bbr_of(c);
	u64 max_inflight = bbr_bdp(c, bbr_bw(b), bbr_gains[b->state].cwnd);
	u64 cwnd = c->cwnd;

	max_inflight += bbr_extra_acked(b);
	max_inflight = bbr_quantized(c, max_inflight);
	if (b->full_bw_reached)
		cwnd = min(cwnd + s->acked, max_inflight);
	else if (cwnd < max_inflight ||
		 s->delivered < XTCP_INIT_CWND_SEGS * c->mss)
		cwnd += s->acked;
	cwnd = max_t(u64, cwnd, bbr_min_pipe(c));
	if (b->state == BBR_PROBE_RTT)
		cwnd = min_t(u64, cwnd, bbr_probe_rtt_cwnd(c));
	cwnd = min_t(u64, cwnd, bbr_model_bound(c));
	c->cwnd = min_t(u64, cwnd, XTCP_MAX_CWND_BYTES);
}

/**
 * bbr_restore_cwnd() - recovery, or ProbeRTT, no longer holds the window down
 * @c: the connection's congestion state
 *
 * Section 5.6.4.4.  The next ACK bounds it by the model.
 */
void bbr_restore_cwnd(struct xtcp_cong *c)
{
	c->cwnd = max(c->cwnd, bbr_of(c)->saved_cwnd);
}

/* ------------------------------------------------------ Startup and Drain */

/**
 * bbr_reset_full_bw() - begin to look for a plateau of the delivery rate
 * @b: BBR's state
 * @bw: what a rate must exceed by a quarter; 0: any will do
 *
 * Section 5.3.1.2.
 */
void bbr_reset_full_bw(struct bbr *b, u64 bw)
{
	b->full_bw = bw;
	b->full_bw_count = 0;
	b->full_bw_now = false;
}

/*
 * Was enough in flight for the rate to be the path's?  After a timeout, or when
 * the peer's window is full of what waits for a repair, it is not, and a low
 * rate is no plateau (beyond the draft).
 */
static bool bbr_filled(struct xtcp_cong *c, const struct bbr_ack *a)
{
	return a->s->tx_inflight >= bbr_bdp(c, bbr_of(c)->full_bw, BBR_FILLED);
}

/*
 * Section 5.3.1.2: three rounds without a quarter of growth.  Three, since the
 * peer's window may have been what held one or two of them down.
 */
static void bbr_check_full_bw(struct xtcp_cong *c, const struct bbr_ack *a)
{
	struct bbr *b = bbr_of(c);

	/* A round without a valid sample tells of no plateau either. */
	if (b->full_bw_now || !b->round_start || a->app_limited || !a->bw)
		return;
	if (a->bw >= bbr_percent(b->full_bw, BBR_FULL_BW_GROWTH)) {
		bbr_reset_full_bw(b, a->bw);
		return;
	}
	if (!bbr_filled(c, a) || ++b->full_bw_count < BBR_FULL_BW_ROUNDS)
		return;
	b->full_bw_now = true;
	b->full_bw_reached = true;
}

/*
 * Section 5.3.1.3: a full round of recovery with more than 2 % lost in several
 * places, or with as much marked.  A round of congestion signals begins with
 * its first loss, so its end is a full round later.
 *
 * Beyond the draft: not while the rate grows.  A bottleneck that drops because
 * it is full cannot deliver more than in the round before; loss that leaves
 * room for growth is none of a full pipe.
 */
static void bbr_check_startup_loss(struct xtcp_cong *c, const struct bbr_ack *a)
{
	const struct xtcp_ack_sample *s = a->s;
	struct bbr *b = bbr_of(c);
	bool grows, lossy;

	if (b->state != BBR_STARTUP || !b->loss_round_start)
		return;
	grows = b->quiet && !a->app_limited &&
		(!b->full_bw_count ||
		 b->bw_latest >= bbr_percent(b->full_bw, BBR_FULL_BW_GROWTH));
	lossy = b->in_recovery && b->loss_events >= BBR_FULL_LOSS_EVENTS &&
		bbr_lost_too_much(c, s->tx_lost, s->tx_inflight) && !grows;
	if (!lossy && !bbr_marked_too_much(b, s->tx_inflight))
		return;
	if (lossy)
		b->undo_state = BBR_STARTUP;
	b->full_bw_now = true;
	b->full_bw_reached = true;
	b->inflight_long = max(bbr_bdp(c, bbr_bw(b), 100), b->inflight_latest);
}

static void bbr_check_startup_done(struct xtcp_cong *c, const struct bbr_ack *a)
{
	struct bbr *b = bbr_of(c);

	bbr_check_startup_loss(c, a);
	if (b->state != BBR_STARTUP || !b->full_bw_reached)
		return;
	b->state = BBR_DRAIN;
	b->drain_rounds = 0;
}

/*
 * Section 5.3.2.  A queue that is not gone after three rounds is not BBR's, or
 * max_bw is too high: then only the probing cycle can forget it.
 */
static void bbr_check_drain_done(struct xtcp_cong *c,
				 const struct xtcp_ack_sample *s)
{
	struct bbr *b = bbr_of(c);

	if (b->state != BBR_DRAIN)
		return;
	if (s->inflight <= bbr_inflight(c, bbr_bw(b), 100) ||
	    b->drain_rounds > BBR_DRAIN_ROUNDS)
		bbr_start_down(c);
}

/* ------------------------------------------------------------- operations */

static void bbr_init(struct xtcp_cong *c)
{
	struct bbr *b = bbr_of(c);

	memset(b, 0, sizeof(*b));
	b->min_rtt_us = BBR_INFINITE;
	b->probe_min_us = BBR_INFINITE;
	b->round_rtt_us = BBR_INFINITE;
	b->inflight_long = BBR_INFINITE;
	b->up_acked_per_inc = BBR_INFINITE;
	b->undo_state = BBR_NO_STATE;
	b->alpha = BBR_ALPHA_ONE;
	bbr_reset_short_term(b);
	b->state = BBR_STARTUP;
}

/* What section 5.2.1 does at once waits for the first ACK: it brings the time,
 * and the round trip of the handshake.
 */
static void bbr_begin(struct xtcp_cong *c, const struct xtcp_ack_sample *s)
{
	struct bbr *b = bbr_of(c);

	b->begun = true;
	/* The handshake met no queue of ours. */
	b->min_rtt_us = s->min_rtt_us;
	b->probe_min_us = s->min_rtt_us;
	b->min_rtt_at = bbr_now(c);
	b->probe_min_at = bbr_now(c);
	b->extra_at = bbr_now(c);
	bbr_init_pacing_rate(c, s->srtt_us);
}

static void bbr_derive(const struct bbr *b, const struct xtcp_ack_sample *s,
		       struct bbr_ack *a)
{
	u64 volume = s->delivered - s->prior_delivered;

	a->s = s;
	a->bw = s->interval_us ?
		div_u64(volume * BBR_USEC_PER_SEC, s->interval_us) : 0;
	a->volume = min_t(u64, volume, XTCP_MAX_CWND_BYTES);
	a->app_limited = s->app_limited ||
			 s->prior_delivered < b->limited_until;
}

/* Section 5.2.3, UpdateModelAndState() */
static void bbr_update_model(struct xtcp_cong *c,
			     const struct xtcp_ack_sample *s)
{
	struct bbr *b = bbr_of(c);
	struct bbr_ack a;
	bool rtt_expired;

	bbr_derive(b, s, &a);
	bbr_update_latest(c, &a);
	bbr_update_congestion(c, &a);
	bbr_update_aggregation(c, &a);
	bbr_check_full_bw(c, &a);
	bbr_check_startup_done(c, &a);
	bbr_check_drain_done(c, s);
	bbr_update_cycle(c, &a);
	rtt_expired = bbr_update_min_rtt(c, &a);
	bbr_check_probe_rtt(c, &a, rtt_expired);
	bbr_advance_latest(b, &a);
}

/* Section 5.2.3 */
static void bbr_control(struct xtcp_cong *c, const struct xtcp_ack_sample *s)
{
	struct bbr *b = bbr_of(c);

	if (unlikely(!b->begun))
		bbr_begin(c, s);
	b->delivered = s->delivered;
	b->in_recovery = s->ca_state == XTCP_CA_RECOVERY ||
			 s->ca_state == XTCP_CA_LOSS;
	if (!b->in_recovery)
		b->saved = false;
	if (s->lost && b->loss_events < U8_MAX)
		b->loss_events++;
	/* Without delivery there is no sample, but perhaps a loss to answer. */
	if (s->acked)
		bbr_update_model(c, s);
	bbr_set_pacing_rate(c, bbr_gains[b->state].pacing);
	bbr_set_send_quantum(c);
	bbr_set_cwnd(c, s);
}

/* Section 5.6.4.4: there is no threshold, but this is when a loss episode
 * begins, the window still as it was.
 */
static u32 bbr_ssthresh(struct xtcp_cong *c, u32 inflight)
{
	bbr_save_cwnd(c);
	bbr_save_state(c);
	return c->ssthresh;
}

/* Section 5.4.1: after silence begin at the bandwidth, not above it. */
static void bbr_restart(struct xtcp_cong *c)
{
	struct bbr *b = bbr_of(c);

	if (!b->begun)
		return;
	b->idle_restart = true;
	/* The silence ended any episode of aggregation. */
	b->extra_at = bbr_now(c);
	b->extra_bytes = 0;
	if (bbr_in_probe_bw(b))
		bbr_set_pacing_rate(c, 100);
	else if (b->state == BBR_PROBE_RTT)
		bbr_check_probe_rtt_done(c);
}

static void bbr_event(struct xtcp_cong *c, enum xtcp_cong_event ev)
{
	struct bbr *b = bbr_of(c);

	switch (ev) {
	case XTCP_CONG_TX_START:
		bbr_restart(c);
		break;
	case XTCP_CONG_RECOVERY_ENTER:
	case XTCP_CONG_RTO:
		b->in_recovery = true;
		break;
	case XTCP_CONG_RECOVERY_EXIT:
		b->in_recovery = false;
		b->saved = false;
		bbr_restore_cwnd(c);
		break;
	case XTCP_CONG_ECN:
		break;		/* control() counts the marked bytes */
	}
}

struct xtcp_cong_ops xtcp_bbr = {
	.name		= "bbr",
	.owner		= NULL,	/* of this module: see cong.h */
	.init		= bbr_init,
	.control	= bbr_control,
	.on_lost	= bbr_lost,
	.ssthresh	= bbr_ssthresh,
	.undo_cwnd	= bbr_undo,
	.event		= bbr_event,
};
