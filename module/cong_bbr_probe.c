// SPDX-License-Identifier: GPL-2.0
/*
 * BBR's experiments with the path: the cycle of ProbeBW, which looks for more
 * bandwidth every few seconds (section 5.3.3), and ProbeRTT, which lets the
 * queue run empty (section 5.3.4).
 *
 *	in flight
 *	  ^            UP: 1.25 x bw, a round or more, until the rate
 *	  |           .^.  no longer grows, or loss says that it is enough
 *	  |          /   \
 *	  | REFILL  /     \ DOWN: 0.9 x bw, until the queue is gone
 *	  |     .--'       \
 *	  |----'            '------------- - - -   CRUISE: 1 x bw
 *	  +------------------------------------> time
 *
 * The samples of a probe come a round trip after it.  So @probe_sample goes on
 * until the first round of DOWN is over, and one step of the highest rate's
 * window is taken then.
 */
#include <linux/kernel.h>
#include <linux/random.h>

#include "cong_bbr.h"

#define BBR_MAX_UP_ROUNDS	30	/* 1 << rounds stays an u32 */

static u32 bbr_random_below(u32 n)
{
	return (u64)get_random_u32() * n >> 32;
}

/* ---------------------------------------------------------------- ProbeBW */

/*
 * Section 5.3.3.8: chance decides, so that flows do not probe in step.
 */
static void bbr_pick_probe_wait(struct bbr *b)
{
	b->rounds_since_up = bbr_random_below(2);
	b->probe_wait_us = BBR_PROBE_WAIT_US +
			   bbr_random_below(BBR_PROBE_WAIT_RANDOM_US);
}

/**
 * bbr_start_down() - a cycle of ProbeBW begins
 * @c: the connection's congestion state
 */
void bbr_start_down(struct xtcp_cong *c)
{
	struct bbr *b = bbr_of(c);

	bbr_reset_congestion(b);
	b->up_acked_per_inc = BBR_INFINITE;
	bbr_pick_probe_wait(b);
	b->cycle_at = bbr_now(c);
	b->probe_stopping = true;
	bbr_start_round(b);
	b->state = BBR_DOWN;
}

static void bbr_start_cruise(struct bbr *b)
{
	b->state = BBR_CRUISE;
}

/**
 * bbr_start_refill() - fill the pipe, for a probe of one round later
 * @b: BBR's state
 *
 * Without it the first segments of the probe would meet a buffer that is
 * emptier than it can be, or loss at less than what fits.
 */
void bbr_start_refill(struct bbr *b)
{
	bbr_reset_short_term(b);
	b->up_rounds = 0;
	b->up_acked = 0;
	b->precautionary = false;
	b->probe_stopping = false;
	bbr_start_round(b);
	b->state = BBR_REFILL;
}

/* inflight_longterm grows by 1, 2, 4, 8 ... segments a round. */
static void bbr_raise_slope(struct xtcp_cong *c)
{
	struct bbr *b = bbr_of(c);

	b->up_acked_per_inc = max(c->cwnd >> b->up_rounds, c->mss);
	if (b->up_rounds < BBR_MAX_UP_ROUNDS)
		b->up_rounds++;
}

static void bbr_start_up(struct xtcp_cong *c, const struct bbr_ack *a)
{
	struct bbr *b = bbr_of(c);

	b->probe_sample = true;
	b->up_answers = 0;
	/* Before the first sample of what UP sends can raise it. */
	b->up_per_rtt = bbr_bdp(c, bbr_bw(b), BBR_UP_GROWTH);
	bbr_start_round(b);
	bbr_reset_full_bw(b, a->bw);
	b->state = BBR_UP;
	bbr_raise_slope(c);
}

/**
 * bbr_inflight_too_high() - a probe met excess loss
 * @c: the connection's congestion state
 * @inflight: bytes in flight when losses passed the threshold
 * @app_limited: there was no more to send, so @inflight says little
 *
 * Section 5.5.10.2; once in a probe.  By 30 % at most, as CUBIC would.
 */
void bbr_inflight_too_high(struct xtcp_cong *c, u32 inflight, bool app_limited)
{
	struct bbr *b = bbr_of(c);

	b->too_high = true;
	b->probe_sample = false;
	if (!app_limited)
		b->inflight_long = max_t(u32, inflight,
					 bbr_percent(bbr_target_inflight(c),
						     BBR_BETA));
	if (b->state == BBR_UP) {
		b->undo_state = BBR_UP;
		bbr_start_down(c);
	}
}

/* Sections 5.3.3.5 and 5.3.3.9 */
static void bbr_probe_upward(struct xtcp_cong *c, u32 acked)
{
	struct bbr *b = bbr_of(c);
	u64 steps;

	/* A bound that does not bind has nothing to learn. */
	if (!c->cwnd_limited || c->cwnd < b->inflight_long)
		return;
	b->up_acked += acked;
	if (b->up_acked >= b->up_acked_per_inc) {
		steps = b->up_acked / b->up_acked_per_inc;
		b->up_acked -= steps * b->up_acked_per_inc;
		b->inflight_long = min_t(u64, b->inflight_long + steps * c->mss,
					 BBR_INFINITE);
	}
	if (b->round_start)
		bbr_raise_slope(c);
}

/*
 * The last samples of a probe are in.  If it only went as far as the last one
 * that met loss, and met none, it is now known that more may be tried at once
 * (section 5.3.3.6).  Answers whether that begins.
 */
static bool bbr_probe_stopped(struct xtcp_cong *c, const struct bbr_ack *a)
{
	struct bbr *b = bbr_of(c);

	b->probe_sample = false;
	b->probe_stopping = false;
	if (!bbr_in_probe_bw(b))
		return false;
	if (!a->app_limited)
		bbr_advance_max_bw(b);
	if (!b->precautionary || b->too_high)
		return false;
	bbr_start_refill(b);
	return true;
}

/* Section 5.3.3.9, AdaptLongTermModel() */
static bool bbr_adapt_long_term(struct xtcp_cong *c, const struct bbr_ack *a)
{
	struct bbr *b = bbr_of(c);

	if (b->probe_stopping && b->round_start && bbr_probe_stopped(c, a))
		return true;
	/* Marks come without a lost segment to answer them at. */
	if (b->probe_sample && bbr_marked_too_much(b, a->s->tx_inflight)) {
		bbr_inflight_too_high(c, a->s->tx_inflight, a->app_limited);
		return true;
	}
	if (bbr_lost_too_much(c, a->s->tx_lost, a->s->tx_inflight) ||
	    b->inflight_long == BBR_INFINITE)
		return false;
	/* That much was in flight, and went well. */
	b->inflight_long = max(b->inflight_long, a->s->tx_inflight);
	if (b->state == BBR_UP)
		bbr_probe_upward(c, a->s->acked);
	return false;
}

/*
 * Section 5.3.3.8: the next probe is due after 2 to 3 s, or after as many
 * rounds as Reno would need to probe once at this window, up to 63.
 */
static bool bbr_probe_due(struct xtcp_cong *c)
{
	const struct bbr *b = bbr_of(c);
	u32 reno_rounds = bbr_target_inflight(c) / c->mss;

	return bbr_now(c) - b->cycle_at > b->probe_wait_us ||
	       b->rounds_since_up >= min_t(u32, reno_rounds, BBR_RENO_ROUNDS);
}

static bool bbr_drained(struct xtcp_cong *c, u32 inflight)
{
	return inflight <= bbr_with_headroom(c) &&
	       inflight <= bbr_inflight(c, bbr_max_bw(bbr_of(c)), 100);
}

/*
 * Does the excess stay on the way?  Beyond the draft, which waits for three
 * rounds without growth.  The first of them answers to what REFILL sent, and
 * in all of them a flow that has the path for itself piles up a quarter of what
 * it sends, to drain it at a tenth.
 *
 * But the ACKs of the first segments of UP already tell.  Where there is more
 * to have, they come a quarter faster than before.  Where others share the
 * path, the quarter takes from their part: two equal flows see a growth of 1.25
 * x 2 / 2.25 = 11 %.  Where they come as before, all that is too much is queue.
 * So less than 6 % is no growth, over half a smallest round trip at least, and
 * counting what ACKs in bunches may still hold back.  In doubt the draft's
 * rounds decide.
 *
 * A flow that has more than two thirds of the path ends here, too: those with
 * less probe on, which is how they come to share.
 */
static bool bbr_probed_in_vain(struct xtcp_cong *c, const struct bbr_ack *a)
{
	struct bbr *b = bbr_of(c);
	u64 arrived, expected;
	u32 us;

	if (b->round_start && b->up_answers < 2) {
		b->up_answers++;
		b->cycle_at = bbr_now(c);
	}
	us = bbr_now(c) - b->cycle_at;
	if (b->up_answers != 1 || a->app_limited || us < b->min_rtt_us / 2)
		return false;
	arrived = a->s->delivered - b->next_round + bbr_extra_acked(b);
	expected = div_u64((u64)b->up_per_rtt * us, max(b->min_rtt_us, 1u));
	return arrived < expected;
}

/* Section 5.3.3.7: is it enough? */
static bool bbr_probed_enough(struct xtcp_cong *c, const struct bbr_ack *a)
{
	struct bbr *b = bbr_of(c);

	/*
	 * The last probe met loss here, so go back and see what this one met.
	 * What was in flight before this ACK: it just made room again.
	 */
	if (b->too_high && a->s->prior_inflight >= b->inflight_long) {
		b->precautionary = true;
		return true;
	}
	/* inflight_longterm held it down, so a plateau would not be the path's. */
	if (c->cwnd_limited && c->cwnd >= b->inflight_long) {
		bbr_reset_full_bw(b, a->bw);
		b->up_answers = 2;
		return false;
	}
	return b->full_bw_now || bbr_probed_in_vain(c, a);
}

/**
 * bbr_update_cycle() - advance the cycle of ProbeBW
 * @c: the connection's congestion state
 * @a: the ACK
 *
 * Section 5.3.3.9.
 */
void bbr_update_cycle(struct xtcp_cong *c, const struct bbr_ack *a)
{
	struct bbr *b = bbr_of(c);

	if (!b->full_bw_reached || bbr_adapt_long_term(c, a))
		return;

	switch (b->state) {
	case BBR_DOWN:
		if (bbr_probe_due(c))
			bbr_start_refill(b);
		else if (bbr_drained(c, a->s->inflight))
			bbr_start_cruise(b);
		break;
	case BBR_CRUISE:
		if (bbr_probe_due(c))
			bbr_start_refill(b);
		break;
	case BBR_REFILL:
		if (b->round_start)
			bbr_start_up(c, a);
		break;
	case BBR_UP:
		if (bbr_probed_enough(c, a)) {
			b->too_high = false;
			bbr_start_down(c);
		}
		break;
	}
}

/* --------------------------------------------------------------- ProbeRTT */

/**
 * bbr_probe_rtt_cwnd() - a window that leaves no queue
 * @c: the connection's congestion state
 *
 * Section 5.6.4.5.
 */
u32 bbr_probe_rtt_cwnd(struct xtcp_cong *c)
{
	return max(bbr_bdp(c, bbr_bw(bbr_of(c)), 50), bbr_min_pipe(c));
}

/*
 * Section 5.3.4.4.  In flight is less than one product, so DOWN has nothing to
 * drain and CRUISE follows at once.
 */
static void bbr_exit_probe_rtt(struct xtcp_cong *c)
{
	struct bbr *b = bbr_of(c);

	b->probe_min_at = bbr_now(c);
	bbr_restore_cwnd(c);
	bbr_reset_short_term(b);
	if (b->full_bw_reached) {
		bbr_start_down(c);
		bbr_start_cruise(b);
	} else {
		b->state = BBR_STARTUP;
	}
}

/**
 * bbr_check_probe_rtt_done() - leave ProbeRTT when it has lasted long enough
 * @c: the connection's congestion state
 *
 * Also at the end of a silence that fell into it, and served it.
 */
void bbr_check_probe_rtt_done(struct xtcp_cong *c)
{
	const struct bbr *b = bbr_of(c);

	if (b->probe_drained &&
	    bbr_now(c) - b->probe_drained_at > BBR_PROBE_RTT_DURATION_US)
		bbr_exit_probe_rtt(c);
}

/* Section 5.3.4.3, HandleProbeRTT() */
static void bbr_probe_rtt(struct xtcp_cong *c, const struct xtcp_ack_sample *s)
{
	struct bbr *b = bbr_of(c);

	/* This slowness is no property of the path. */
	b->limited_until = s->delivered + s->inflight;
	if (!b->probe_drained) {
		if (s->inflight > bbr_probe_rtt_cwnd(c))
			return;
		b->probe_drained = true;
		b->probe_drained_at = bbr_now(c);
		b->probe_round_done = false;
		bbr_start_round(b);
		return;
	}
	if (b->round_start)
		b->probe_round_done = true;
	if (b->probe_round_done)
		bbr_check_probe_rtt_done(c);
}

/**
 * bbr_check_probe_rtt() - enter, keep and leave ProbeRTT
 * @c: the connection's congestion state
 * @a: the ACK
 * @expired: the smallest round trip is 5 s old
 *
 * Section 5.3.4.3.  After silence the queue was empty anyway.
 */
void bbr_check_probe_rtt(struct xtcp_cong *c, const struct bbr_ack *a,
			 bool expired)
{
	struct bbr *b = bbr_of(c);

	if (b->state != BBR_PROBE_RTT && expired && !b->idle_restart) {
		/* While the state still lets it overwrite an older one. */
		bbr_save_cwnd(c);
		b->state = BBR_PROBE_RTT;
		b->probe_drained = false;
		b->probe_stopping = true;
		bbr_start_round(b);
	}
	if (b->state == BBR_PROBE_RTT)
		bbr_probe_rtt(c, a->s);
	b->idle_restart = false;
}
