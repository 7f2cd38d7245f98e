// SPDX-License-Identifier: GPL-2.0
/*
 * BBR's model of the path (section 5.5): how fast it delivers, how long a
 * round trip takes, how it bunches ACKs, and what loss and congestion marks
 * say of how much it takes.
 *
 *			long term		short term
 *	rate		max_bw			bw_shortterm
 *	volume		inflight_longterm	inflight_shortterm
 *
 * The long term is learned by probes.  The short term follows each round with
 * loss outside of them, and is forgotten when the next probe begins.
 */
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/math64.h>

#include "cong_bbr.h"

/* Beyond these nothing is added by counting on, and u64 would overflow: 8.8
 * Tbit/s, and 8.4 s.
 */
#define BBR_MAX_BW		BIT_ULL(40)
#define BBR_MAX_INTERVAL_US	BIT_ULL(23)

/*
 * Without queue is a round whose smallest round trip is the path's, or hardly
 * more: a 32nd, and no more than a burst may take (section 5.6.3).
 */
#define BBR_QUIET_DIV		32
#define BBR_QUIET_US		1000u

/* Noise: the share lost of so many segments or more, one part in four */
#define BBR_NOISE_SEGS		128
#define BBR_NOISE_WEIGHT	4
#define BBR_NOISE_FADE		16	/* a round with a queue forgets that part */

/* Section 2.11: BBR.ExtraAckedFilterLen is ten rounds, here two halves. */
#define BBR_EXTRA_ACKED_ROUNDS	5

/* --------------------------------------------------------- rate and volume */

/**
 * bbr_bytes() - what a rate carries in a time
 * @bw: bytes per second
 * @us: µs
 */
u64 bbr_bytes(u64 bw, u64 us)
{
	return div_u64(min_t(u64, bw, BBR_MAX_BW) *
		       min_t(u64, us, BBR_MAX_INTERVAL_US), BBR_USEC_PER_SEC);
}

/**
 * bbr_max_bw() - highest delivery rate of this probing cycle and the last
 * @b: BBR's state
 *
 * Section 5.5.3.
 */
u64 bbr_max_bw(const struct bbr *b)
{
	return max(b->bw_max[0], b->bw_max[1]);
}

/**
 * bbr_bw() - the rate that the path is thought to take now
 * @b: BBR's state
 */
u64 bbr_bw(const struct bbr *b)
{
	return min(bbr_max_bw(b), b->bw_short);
}

/**
 * bbr_bdp() - BDPMultiple(), a multiple of bandwidth times round trip
 * @c: the connection's congestion state
 * @bw: bytes per second
 * @gain: percent
 *
 * Section 5.6.4.2.
 */
u32 bbr_bdp(struct xtcp_cong *c, u64 bw, u32 gain)
{
	const struct bbr *b = bbr_of(c);

	if (b->min_rtt_us == BBR_INFINITE)
		return XTCP_INIT_CWND_SEGS * c->mss;
	return min_t(u64, bbr_percent(bbr_bytes(bw, b->min_rtt_us), gain),
		     XTCP_MAX_CWND_BYTES);
}

/**
 * bbr_quantized() - QuantizationBudget(), room for bursts and few segments
 * @c: the connection's congestion state
 * @inflight: bytes in flight that the path itself needs
 *
 * Sections 5.6.4.2 and 5.5.8.1: one burst waits in the queueing discipline,
 * one is being cut into segments, one is being put together by the receiver.
 */
u32 bbr_quantized(struct xtcp_cong *c, u64 inflight)
{
	inflight = max_t(u64, inflight, 3 * (u64)c->send_quantum);
	inflight = max_t(u64, inflight, bbr_min_pipe(c));
	if (bbr_of(c)->state == BBR_UP)
		inflight += 2 * c->mss;
	return min_t(u64, inflight, XTCP_MAX_CWND_BYTES);
}

/**
 * bbr_inflight() - what in flight makes use of a multiple of the bandwidth
 * @c: the connection's congestion state
 * @bw: bytes per second
 * @gain: percent
 */
u32 bbr_inflight(struct xtcp_cong *c, u64 bw, u32 gain)
{
	return bbr_quantized(c, bbr_bdp(c, bw, gain));
}

/* The window, but not the single segment that a timeout leaves of it: that one
 * is no measure of the path.
 */
static u32 bbr_cwnd(struct xtcp_cong *c)
{
	const struct bbr *b = bbr_of(c);

	return b->in_recovery ? max(c->cwnd, b->saved_cwnd) : c->cwnd;
}

/**
 * bbr_target_inflight() - what should be in flight, unless congestion cut it
 * @c: the connection's congestion state
 *
 * Section 5.3.3.8.
 */
u32 bbr_target_inflight(struct xtcp_cong *c)
{
	return min(bbr_bdp(c, bbr_bw(bbr_of(c)), 100), bbr_cwnd(c));
}

/**
 * bbr_with_headroom() - inflight_longterm, less some room for other flows
 * @c: the connection's congestion state
 *
 * Section 5.3.3.9.
 */
u32 bbr_with_headroom(struct xtcp_cong *c)
{
	u32 limit = bbr_of(c)->inflight_long;
	u32 headroom;

	if (limit == BBR_INFINITE)
		return BBR_INFINITE;
	headroom = max_t(u32, bbr_percent(limit, BBR_HEADROOM), c->mss);
	return max(limit - min(limit, headroom), bbr_min_pipe(c));
}

static void bbr_update_max_bw(struct bbr *b, const struct bbr_ack *a)
{
	if (!a->app_limited || a->bw >= bbr_max_bw(b))
		b->bw_max[1] = max(b->bw_max[1], a->bw);
}

/**
 * bbr_advance_max_bw() - a probing cycle is over
 * @b: BBR's state
 *
 * Section 5.5.6.  A cycle without a sample forgets nothing.
 */
void bbr_advance_max_bw(struct bbr *b)
{
	if (!b->bw_max[1])
		return;
	b->bw_max[0] = b->bw_max[1];
	b->bw_max[1] = 0;
}

/* ------------------------------------------------------------- round trip */

/*
 * The round's mean, when it is over; 0: not yet.
 *
 * The draft takes the smallest single sample (section 5.5.7).  But what fills
 * the path at a rate is the rate times the mean of the time that a byte is on
 * its way (Little's law).  Where each packet takes its own time, as over radio,
 * the smallest of thousands can be a sixth of the mean, and the window stands
 * empty most of the time.  Where delays are steady, the mean of a round without
 * queue is the minimum.
 *
 * There, too, a segment that overtook a whole flight ends a round early, and its
 * own round trip may be all that the round has told.  A mean is one of most of a
 * flight; a round that has told less is added to the next.
 */
static u32 bbr_round_rtt(struct bbr *b, const struct bbr_ack *a)
{
	u32 rtt_us = a->s->rtt_us;
	u32 mean_us = 0;

	if (b->round_start && b->rtt_n &&
	    b->rtt_bytes >= bbr_percent(a->s->tx_inflight, BBR_FILLED)) {
		mean_us = b->rtt_sum_us / b->rtt_n;
		b->rtt_sum_us = 0;
		b->rtt_bytes = 0;
		b->rtt_n = 0;
	}
	b->rtt_bytes += min(a->s->acked, U32_MAX - b->rtt_bytes);
	/* So many are enough, if there are more than can be summed. */
	if (rtt_us && b->rtt_n < U16_MAX && b->rtt_sum_us + rtt_us >= rtt_us) {
		b->rtt_sum_us += rtt_us;
		b->rtt_n++;
	}
	return mean_us;
}

/**
 * bbr_update_min_rtt() - keep the smallest round trip
 * @c: the connection's congestion state
 * @a: the ACK
 *
 * Section 5.3.4.3.  min_rtt itself lives twice as long as what schedules
 * ProbeRTT, so that it survives one that others spoil.
 *
 * Return: none was as small for 5 s, so the queue must be drained to see one.
 */
bool bbr_update_min_rtt(struct xtcp_cong *c, const struct bbr_ack *a)
{
	struct bbr *b = bbr_of(c);
	u32 rtt_us = bbr_round_rtt(b, a);
	u32 now = bbr_now(c);
	bool expired = now - b->probe_min_at > BBR_PROBE_RTT_INTERVAL_US;

	if (!rtt_us)
		return expired;
	if (rtt_us < b->probe_min_us || expired) {
		b->probe_min_us = rtt_us;
		b->probe_min_at = now;
	}
	if (b->probe_min_us < b->min_rtt_us ||
	    now - b->min_rtt_at > BBR_MIN_RTT_WINDOW_US) {
		b->min_rtt_us = b->probe_min_us;
		b->min_rtt_at = b->probe_min_at;
	}
	return expired;
}

/* ------------------------------------------------------------ aggregation */

/**
 * bbr_extra_acked() - bytes by which ACKs lately ran ahead of the bandwidth
 * @b: BBR's state
 */
u32 bbr_extra_acked(const struct bbr *b)
{
	return max(b->extra_acked[0], b->extra_acked[1]);
}

/**
 * bbr_update_aggregation() - how much do ACKs come in bunches?
 * @c: the connection's congestion state
 * @a: the ACK
 *
 * Section 5.5.9.  After a bunch comes a silence, through which that much more
 * must be in flight.  The window of the maximum advances by halves: five to
 * ten rounds, in Startup one to two, where older ones are smaller anyway.
 */
void bbr_update_aggregation(struct xtcp_cong *c, const struct bbr_ack *a)
{
	struct bbr *b = bbr_of(c);
	u64 expected = bbr_bytes(bbr_bw(b), bbr_now(c) - b->extra_at);
	u32 extra;

	if (b->extra_bytes <= expected) {
		b->extra_bytes = 0;
		b->extra_at = bbr_now(c);
		expected = 0;
	}
	b->extra_bytes += a->s->acked;
	extra = min_t(u64, b->extra_bytes - expected, c->cwnd);
	if (b->round_start &&
	    ++b->extra_rounds >= (b->full_bw_reached ?
				  BBR_EXTRA_ACKED_ROUNDS : 1)) {
		b->extra_rounds = 0;
		b->extra_acked[0] = b->extra_acked[1];
		b->extra_acked[1] = 0;
	}
	b->extra_acked[1] = max(b->extra_acked[1], extra);
}

/* ----------------------------------------------------- loss and ECN marks */

/*
 * Bytes that a flight may lose: 2 %, and the noise, and thrice the standard
 * deviation of that: of n segments each is lost with probability p, so about
 * sqrt(n * p) more or less than n * p are.
 */
static u64 bbr_loss_limit(struct xtcp_cong *c, u32 inflight)
{
	u64 noise = div_u64((u64)inflight * bbr_of(c)->noise, BBR_NOISE_ONE);

	return div_u64((u64)inflight * BBR_LOSS_THRESH, 100) + noise +
	       3 * int_sqrt64(noise * c->mss);
}

/**
 * bbr_lost_too_much() - was more lost than a flight should lose?
 * @c: the connection's congestion state
 * @lost: bytes lost
 * @inflight: of this much
 *
 * Section 5.5.10.2.
 */
bool bbr_lost_too_much(struct xtcp_cong *c, u64 lost, u32 inflight)
{
	return lost > bbr_loss_limit(c, inflight);
}

/**
 * bbr_marked_too_much() - have as many been marked as may be lost?
 * @b: BBR's state
 * @inflight: of this much
 */
bool bbr_marked_too_much(const struct bbr *b, u32 inflight)
{
	return (u64)b->ce_bytes * 100 > (u64)inflight * BBR_LOSS_THRESH;
}

/**
 * bbr_reset_congestion() - forget this round's signals
 * @b: BBR's state
 */
void bbr_reset_congestion(struct bbr *b)
{
	b->congested = false;
	b->lossy = false;
	b->loss_events = 0;
	b->ce_bytes = 0;
	b->bw_latest = 0;
	b->inflight_latest = 0;
}

/**
 * bbr_reset_short_term() - forget what recent loss taught
 * @b: BBR's state
 */
void bbr_reset_short_term(struct bbr *b)
{
	b->bw_short = BBR_INFINITE_BW;
	b->inflight_short = BBR_INFINITE;
}

/**
 * bbr_update_latest() - what the path delivers in this round
 * @c: the connection's congestion state
 * @a: the ACK
 *
 * Section 5.5.10.3; first step of an ACK.
 */
void bbr_update_latest(struct xtcp_cong *c, const struct bbr_ack *a)
{
	struct bbr *b = bbr_of(c);

	b->bw_latest = max(b->bw_latest, a->bw);
	b->inflight_latest = max(b->inflight_latest, a->volume);
	b->loss_round_start = xtcp_cong_round(&b->loss_round, a->s);
}

/**
 * bbr_advance_latest() - begin anew when the round was over
 * @b: BBR's state
 * @a: the ACK
 *
 * Last step of an ACK.
 */
void bbr_advance_latest(struct bbr *b, const struct bbr_ack *a)
{
	if (!b->loss_round_start)
		return;
	b->bw_latest = a->bw;
	b->inflight_latest = a->volume;
	b->loss_events = 0;
	b->ce_bytes = 0;
}

/* Section 5.5.10.2, NoteLoss(): the round counts from its first signal. */
static void bbr_note_congestion(struct bbr *b)
{
	if (!b->congested)
		b->loss_round = b->delivered;
	b->congested = true;
}

/*
 * Loss that is no congestion: beyond the draft, which answers every loss.
 *
 * Radio links and long paths lose at random.  Each round of CRUISE then lowers
 * bw_shortterm by what is lost, and if that is above 2 %, each probe ends as it
 * begins: of a link that loses 3 % the draft's steps use a fifth.
 *
 * Two things tell such loss from that of a full buffer: there is no queue when
 * it happens, and sending no faster than the bandwidth does not end it.  So
 * what is lost in rounds that neither probe nor meet a queue is the path's own,
 * its noise.  Probes meet excess loss only above it, and what the path delivers
 * is what one sends less the noise: so much is added before it bounds the rate
 * or the volume.  A policer loses without a queue, too, but not when the rate
 * has come down, and so the average forgets it.
 *
 * What this cannot tell from noise is a buffer of less than a millisecond that
 * many flows overflow all the time.
 */
static void bbr_update_noise(struct xtcp_cong *c, u32 delivered)
{
	struct bbr *b = bbr_of(c);
	u32 share;

	if (bbr_probing_bw(b) || b->probe_sample)
		return;
	if (!b->quiet) {
		b->noise -= b->noise / BBR_NOISE_FADE;
		return;
	}
	/* Losses are noticed a round later: of a queue that is gone now. */
	if (!b->was_quiet)
		return;
	b->quiet_lost += b->round_lost;
	b->quiet_bytes += b->round_lost + delivered;
	if (b->quiet_bytes < BBR_NOISE_SEGS * c->mss)
		return;
	share = div_u64((u64)b->quiet_lost * BBR_NOISE_ONE, b->quiet_bytes);
	share = min(share, BBR_NOISE_MAX);
	b->noise = (b->noise * (BBR_NOISE_WEIGHT - 1) + share) /
		   BBR_NOISE_WEIGHT;
	b->quiet_lost = 0;
	b->quiet_bytes = 0;
}

/* What was sent so that @v arrives. */
static u64 bbr_before_noise(const struct bbr *b, u64 v)
{
	return div_u64(v * BBR_NOISE_ONE, BBR_NOISE_ONE - b->noise);
}

/* The round is over: how much of it was marked? */
static void bbr_update_alpha(struct bbr *b)
{
	u32 volume = max(b->inflight_latest, 1u);
	u32 share = div_u64((u64)min(b->ce_bytes, volume) * BBR_ALPHA_ONE,
			    volume);

	b->alpha = (b->alpha * (BBR_ALPHA_GAIN - 1) + share) / BBR_ALPHA_GAIN;
}

/*
 * Section 5.5.10.3: down to what is delivered, by 30 % at most.
 *
 * The pacing margin is no sign of congestion: without adding it, each round
 * with a loss would take another percent.
 */
static void bbr_adapt_to_loss(struct xtcp_cong *c)
{
	struct bbr *b = bbr_of(c);
	u64 bw = bbr_before_noise(b, div_u64(b->bw_latest * 100,
					     100 - BBR_PACING_MARGIN));
	u32 volume = min_t(u64, bbr_before_noise(b, b->inflight_latest),
			   XTCP_MAX_CWND_BYTES);

	if (b->bw_short == BBR_INFINITE_BW)
		b->bw_short = bbr_max_bw(b);
	b->bw_short = max(bw, bbr_percent(b->bw_short, BBR_BETA));
	/* Without a queue it is not the volume that is too high. */
	if (b->quiet)
		return;
	if (b->inflight_short == BBR_INFINITE)
		b->inflight_short = bbr_cwnd(c);
	b->inflight_short = max_t(u32, volume,
				  bbr_percent(b->inflight_short, BBR_BETA));
}

/*
 * The draft leaves open what a mark calls for, but for that it is congestion
 * (section 3.7).  What was marked was delivered, and tells of a queue: so it is
 * the volume that is too high, and not the rate.  By how much tells the share
 * that is marked, round for round, as for DCTCP (RFC 8257 section 3.3): a
 * queue that only probes make is no reason to leave the path idle until the
 * next one, one that others keep up calls for more with each round.
 */
static void bbr_adapt_to_marks(struct xtcp_cong *c)
{
	struct bbr *b = bbr_of(c);
	u64 cut;

	if (b->inflight_short == BBR_INFINITE)
		b->inflight_short = bbr_cwnd(c);
	cut = (u64)b->inflight_short * b->alpha;
	b->inflight_short -= div_u64(cut, BBR_ECN_DIV * BBR_ALPHA_ONE);
}

/**
 * bbr_update_congestion() - take the rate sample, and once a round adapt
 * @c: the connection's congestion state
 * @a: the ACK
 */
void bbr_update_congestion(struct xtcp_cong *c, const struct bbr_ack *a)
{
	struct bbr *b = bbr_of(c);
	u32 min_us = a->s->min_rtt_us;
	u64 began;

	if (a->s->ce_bytes) {
		bbr_note_congestion(b);
		b->ce_bytes = min_t(u64, (u64)b->ce_bytes + a->s->ce_bytes,
				    U32_MAX);
	}
	if (a->s->rtt_us)
		b->round_rtt_us = min(b->round_rtt_us, a->s->rtt_us);
	began = b->next_round;
	b->round_start = xtcp_cong_round(&b->next_round, a->s);
	if (b->round_start) {
		b->was_quiet = b->quiet;
		b->quiet = b->round_rtt_us <= min_us +
			   min(min_us / BBR_QUIET_DIV, BBR_QUIET_US);
		bbr_update_noise(c, a->s->delivered - began);
		b->round_rtt_us = BBR_INFINITE;
		b->round_lost = 0;
		b->rounds_since_up += b->rounds_since_up < U8_MAX;
		b->drain_rounds += b->drain_rounds < U8_MAX;
	}
	bbr_update_max_bw(b, a);
	if (!b->loss_round_start)
		return;
	bbr_update_alpha(b);
	if (!bbr_probing_bw(b) &&
	    !(a->app_limited && a->s->tx_inflight < bbr_bdp(c, bbr_bw(b), BBR_FILLED))) {
		if (b->lossy)
			bbr_adapt_to_loss(c);
		if (b->ce_bytes)
			bbr_adapt_to_marks(c);
	}
	b->congested = false;
	b->lossy = false;
}

/*
 * Section 5.5.10.2, InflightAtLoss(): a lost super-segment holds many; at how
 * much in flight did losses pass the threshold?
 */
static u32 bbr_inflight_at_loss(struct xtcp_cong *c,
				const struct xtcp_loss_sample *l)
{
	u32 inflight = l->tx_inflight - min(l->size, l->tx_inflight);
	u32 lost = l->tx_lost - min(l->size, l->tx_lost);
	u64 allowed = bbr_loss_limit(c, inflight);
	u64 prefix = 0;

	if (allowed > lost)
		prefix = div_u64((allowed - lost) * 100, 100 - BBR_LOSS_THRESH);
	return inflight + min_t(u64, prefix, l->size);
}

/**
 * bbr_lost() - a segment was marked lost
 * @c: the connection's congestion state
 * @l: the segment
 */
void bbr_lost(struct xtcp_cong *c, const struct xtcp_loss_sample *l)
{
	struct bbr *b = bbr_of(c);

	b->delivered = l->delivered;
	b->round_lost += l->size;
	bbr_save_state(c);
	bbr_note_congestion(b);
	b->lossy = true;
	if (b->probe_sample && bbr_lost_too_much(c, l->tx_lost, l->tx_inflight))
		bbr_inflight_too_high(c, bbr_inflight_at_loss(c, l),
				      l->app_limited);
}

/* ------------------------------------------------------------------- undo */

/**
 * bbr_save_cwnd() - remember the window before it is cut
 * @c: the connection's congestion state
 *
 * Section 5.6.4.4.
 */
void bbr_save_cwnd(struct xtcp_cong *c)
{
	struct bbr *b = bbr_of(c);

	if (b->in_recovery || b->state == BBR_PROBE_RTT)
		b->saved_cwnd = max(b->saved_cwnd, c->cwnd);
	else
		b->saved_cwnd = c->cwnd;
}

/**
 * bbr_save_state() - remember the bounds before losses lower them
 * @c: the connection's congestion state
 *
 * Section 5.5.11.1.  Once in an episode: the draft's steps would save again
 * with each of its rounds, and so forget what it began with.
 */
void bbr_save_state(struct xtcp_cong *c)
{
	struct bbr *b = bbr_of(c);

	if (b->saved)
		return;
	b->saved = true;
	bbr_save_cwnd(c);
	b->undo_state = BBR_NO_STATE;
	b->undo_bw_short = b->bw_short;
	b->undo_short = b->inflight_short;
	b->undo_long = b->inflight_long;
}

/**
 * bbr_undo() - the losses were none
 * @c: the connection's congestion state
 *
 * Section 5.5.11.2.  The bounds as before; a probe that was broken off is
 * taken up again.
 *
 * Return: the window as before.
 */
u32 bbr_undo(struct xtcp_cong *c)
{
	struct bbr *b = bbr_of(c);

	b->in_recovery = false;
	if (!b->saved)
		return c->cwnd;
	b->saved = false;
	b->congested = false;
	b->lossy = false;
	bbr_reset_full_bw(b, 0);
	b->bw_short = max(b->bw_short, b->undo_bw_short);
	b->inflight_short = max(b->inflight_short, b->undo_short);
	b->inflight_long = max(b->inflight_long, b->undo_long);
	if (b->undo_state == BBR_STARTUP && b->state != BBR_STARTUP) {
		b->full_bw_reached = false;
		if (b->state != BBR_PROBE_RTT)
			b->state = BBR_STARTUP;
	} else if (b->undo_state == BBR_UP && b->state != BBR_UP &&
		   b->state != BBR_PROBE_RTT) {
		bbr_start_refill(b);
	}
	b->undo_state = BBR_NO_STATE;
	return max(c->cwnd, b->saved_cwnd);
}
