/* SPDX-License-Identifier: GPL-2.0 */
/*
 * BBR: what its rooms share.
 *
 *	cong_bbr.c		the walk of one ACK, Startup and Drain, and what
 *				the model makes of window and pacing rate
 *	cong_bbr_model.c	the path: bandwidth, round trip, aggregation, the
 *				bounds that loss and marks teach, and undo
 *	cong_bbr_probe.c	the cycle of ProbeBW, and ProbeRTT
 *
 * Section numbers are those of draft-ietf-ccwg-bbr-06, names close to its own.
 * Volumes are bytes, times µs, rates bytes per second, gains percent.
 */
#ifndef _XTCP_CONG_BBR_H
#define _XTCP_CONG_BBR_H

#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/types.h>

#include "cong.h"

/* Bounds that are not set, and a round trip that is not known */
#define BBR_INFINITE		(~0u)
#define BBR_INFINITE_BW		(~0ULL)

#define BBR_USEC_PER_SEC	1000000u

/* Section 2.8: core parameters */
#define BBR_LOSS_THRESH		2	/* % of a flight that may be lost */
#define BBR_BETA		70	/* % left by a reduction, at least */
#define BBR_HEADROOM		15	/* % of inflight_longterm for others */
#define BBR_MIN_PIPE_SEGS	4	/* an ACK for each two, both ways */

/* Section 2.5 */
#define BBR_PACING_MARGIN	1	/* % that pacing stays below bw */

/* Section 5.3.1: when Startup has filled the pipe */
#define BBR_FULL_BW_GROWTH	125	/* % of the last, or it is a plateau */
#define BBR_FULL_BW_ROUNDS	3
#define BBR_FILLED		75	/* % of the product in flight, or more;
					 * of a flight, to be most of it
					 */
#define BBR_FULL_LOSS_EVENTS	6	/* BBRStartupFullLossCnt */
#define BBR_DRAIN_ROUNDS	3

/* Section 2.15: round trip */
#define BBR_MIN_RTT_WINDOW_US		(10 * BBR_USEC_PER_SEC)
#define BBR_PROBE_RTT_INTERVAL_US	(5 * BBR_USEC_PER_SEC)
#define BBR_PROBE_RTT_DURATION_US	200000u

/*
 * What of UP's quarter must arrive for a probe to go on, percent: a quarter of
 * it, rounded; bbr_probed_in_vain() says why
 */
#define BBR_UP_GROWTH		106

/* Section 5.3.3.8: how long to wait before the next probe for bandwidth */
#define BBR_PROBE_WAIT_US	(2 * BBR_USEC_PER_SEC)
#define BBR_PROBE_WAIT_RANDOM_US	BBR_USEC_PER_SEC
#define BBR_RENO_ROUNDS		63

enum bbr_state {
	BBR_STARTUP,
	BBR_DRAIN,
	BBR_DOWN,		/* ProbeBW_DOWN, and so on */
	BBR_CRUISE,
	BBR_REFILL,
	BBR_UP,
	BBR_PROBE_RTT,
	BBR_NO_STATE,		/* in @undo_state: nothing to return to */
};

/* Loss that is not congestion: cong_bbr_model.c.  Taken for it up to 20 %. */
#define BBR_NOISE_ONE		10000u
#define BBR_NOISE_MAX		(BBR_NOISE_ONE / 5)

/*
 * Marks: how a share of them becomes a cut of the volume, cong_bbr_model.c.
 * RFC 8257 section 3.3: alpha, an average with gain 1/16, of 1024.
 */
#define BBR_ALPHA_ONE		1024u
#define BBR_ALPHA_GAIN		16
#define BBR_ECN_DIV		3	/* all marked, always: a third less */

/**
 * struct bbr - what BBR keeps for a connection; times are the low bits of µs
 * @delivered: delivered in the connection's life, when last heard of
 * @next_round: @delivered at which the round trip ends
 * @loss_round: @delivered at which the round of congestion signals ends
 * @limited_until: samples of segments sent up to this @delivered were held
 *	down by ProbeRTT and say nothing about the path
 * @bw_max: highest delivery rate of the last probing cycle, and of this one
 * @bw_short: bw_shortterm, what recent loss lets one expect of the path
 * @bw_latest: highest delivery rate of this round of congestion signals
 * @full_bw: what a delivery rate must exceed by a quarter to be growth
 * @undo_bw_short: @bw_short before the loss episode
 * @extra_bytes: acknowledged in an episode of aggregation
 * @extra_at: since when @extra_bytes counts
 * @min_rtt_at: when @min_rtt_us was measured
 * @probe_min_at: when @probe_min_us was
 * @probe_drained_at: since when ProbeRTT has drained the queue
 * @cycle_at: when the probing cycle began; in UP, when the first segment that
 *	UP sent was acknowledged
 * @min_rtt_us: smallest round trip of the last 10 s, each the mean of a round
 * @probe_min_us: smallest of the last 5 s
 * @probe_wait_us: longest wait before the next probe
 * @up_per_rtt: in UP, in its place: bytes that each smallest round trip must
 *	bring for the probe to be worth going on
 * @inflight_long: inflight_longterm, what may be in flight without excess loss
 * @inflight_short: inflight_shortterm, the same while loss was seen recently
 * @inflight_latest: most delivered over one round trip, in this round
 * @undo_long: @inflight_long before the loss episode
 * @undo_short: @inflight_short before it
 * @saved_cwnd: the last window not cut by recovery or ProbeRTT
 * @extra_acked: excess by aggregation, in the last few rounds and these
 * @up_acked: acknowledged since @inflight_long last grew
 * @up_acked_per_inc: bytes acknowledged for each segment that it grows
 * @ce_bytes: CE-marked bytes of this round of congestion signals
 * @round_rtt_us: smallest round trip of this round; BBR_INFINITE: none yet
 * @rtt_sum_us: sum of the round's round trips
 * @rtt_bytes: delivered meanwhile
 * @rtt_n: round trips in @rtt_sum_us
 * @round_lost: bytes lost in this round
 * @quiet_lost: bytes lost in rounds without queue, since @noise last changed
 * @quiet_bytes: bytes lost or delivered in those
 * @noise: share of bytes that the path loses anyway, of BBR_NOISE_ONE
 * @alpha: share of bytes that come marked, of BBR_ALPHA_ONE, averaged
 * @state: enum bbr_state
 * @undo_state: the state that a loss ended, should it turn out to be none
 * @full_bw_count: rounds without growth
 * @drain_rounds: rounds spent in Drain
 * @extra_rounds: rounds that @extra_acked[1] covers
 * @up_rounds: rounds that @inflight_long grew in this probe
 * @rounds_since_up: rounds since the last probe, up to U8_MAX
 * @loss_events: ACKs of this round of congestion signals that told of losses
 * @up_answers: 0: no ACK has answered to what UP sends; 1: the round runs that
 *	tells whether it arrives; 2: it is over
 * @begun: the first ACK has come
 * @round_start: this ACK begins a round trip
 * @loss_round_start: this ACK begins a round of congestion signals
 * @quiet: the last whole round trip met no queue
 * @was_quiet: so did the one before
 * @congested: loss or marks in this round of congestion signals
 * @lossy: loss
 * @probe_sample: samples come from segments that probe for bandwidth
 * @probe_stopping: the probe is over, its last samples are still to come
 * @full_bw_reached: the pipe has been full once
 * @full_bw_now: it is full at the present rate
 * @too_high: the last probe met excess loss
 * @precautionary: the last probe stopped where the one before had met it
 * @idle_restart: began to send after silence, nothing delivered since
 * @probe_drained: ProbeRTT has drained the queue
 * @probe_round_done: ProbeRTT has lasted for a round trip since
 * @in_recovery: fast recovery, or after a timeout
 * @saved: the state before the present loss episode is saved
 */
struct bbr {
	u64	delivered;
	u64	next_round;
	u64	loss_round;
	u64	limited_until;
	u64	bw_max[2];
	u64	bw_short;
	u64	bw_latest;
	u64	full_bw;
	u64	undo_bw_short;
	u64	extra_bytes;
	u32	extra_at;
	u32	min_rtt_at;
	u32	probe_min_at;
	u32	probe_drained_at;
	u32	cycle_at;
	u32	min_rtt_us;
	u32	probe_min_us;
	union {
		u32	probe_wait_us;
		u32	up_per_rtt;
	};
	u32	inflight_long;
	u32	inflight_short;
	u32	inflight_latest;
	u32	undo_long;
	u32	undo_short;
	u32	saved_cwnd;
	u32	extra_acked[2];
	u32	up_acked;
	u32	up_acked_per_inc;
	u32	ce_bytes;
	u32	round_rtt_us;
	u32	rtt_sum_us;
	u32	rtt_bytes;
	u32	round_lost;
	u32	quiet_lost;
	u32	quiet_bytes;
	u16	rtt_n;
	u16	noise;
	u16	alpha;
	u8	state;
	u8	undo_state;
	u8	full_bw_count;
	u8	drain_rounds;
	u8	extra_rounds;
	u8	up_rounds;
	u8	rounds_since_up;
	u8	loss_events;
	u8	up_answers:2;
	bool	begun:1;
	bool	round_start:1;
	bool	loss_round_start:1;
	bool	quiet:1;
	bool	was_quiet:1;
	bool	congested:1;
	bool	lossy:1;
	bool	probe_sample:1;
	bool	probe_stopping:1;
	bool	full_bw_reached:1;
	bool	full_bw_now:1;
	bool	too_high:1;
	bool	precautionary:1;
	bool	idle_restart:1;
	bool	probe_drained:1;
	bool	probe_round_done:1;
	bool	in_recovery:1;
	bool	saved:1;
};

/**
 * struct bbr_ack - one acknowledgment, and what all rooms derive from it
 * @s: the engine's sample
 * @bw: delivery rate; 0: none could be measured
 * @volume: bytes delivered over the time that @bw was measured
 * @app_limited: something else than the path held the rate down
 */
struct bbr_ack {
	const struct xtcp_ack_sample	*s;
	u64				bw;
	u32				volume;
	bool				app_limited;
};

static inline struct bbr *bbr_of(struct xtcp_cong *c)
{
	BUILD_BUG_ON(sizeof(struct bbr) > XTCP_CA_PRIV_BYTES);
	return (struct bbr *)c->priv;
}

static inline u32 bbr_now(const struct xtcp_cong *c)
{
	return c->now_us;
}

static inline u64 bbr_percent(u64 v, u32 percent)
{
	return div_u64(v * percent, 100);
}

static inline bool bbr_in_probe_bw(const struct bbr *b)
{
	return b->state >= BBR_DOWN && b->state <= BBR_UP;
}

static inline bool bbr_probing_bw(const struct bbr *b)
{
	return b->state == BBR_STARTUP || b->state == BBR_REFILL ||
	       b->state == BBR_UP;
}

static inline u32 bbr_min_pipe(const struct xtcp_cong *c)
{
	return BBR_MIN_PIPE_SEGS * c->mss;
}

/* Section 5.5.1: a round trip is over when what is sent now is acknowledged. */
static inline void bbr_start_round(struct bbr *b)
{
	b->next_round = b->delivered;
}

/* cong_bbr.c */
void bbr_reset_full_bw(struct bbr *b, u64 bw);
void bbr_set_pacing_rate(struct xtcp_cong *c, u32 gain);
void bbr_restore_cwnd(struct xtcp_cong *c);

/* cong_bbr_model.c */
u64 bbr_bytes(u64 bw, u64 us);
u64 bbr_max_bw(const struct bbr *b);
u64 bbr_bw(const struct bbr *b);
u32 bbr_bdp(struct xtcp_cong *c, u64 bw, u32 gain);
u32 bbr_inflight(struct xtcp_cong *c, u64 bw, u32 gain);
u32 bbr_quantized(struct xtcp_cong *c, u64 inflight);
u32 bbr_extra_acked(const struct bbr *b);
u32 bbr_target_inflight(struct xtcp_cong *c);
u32 bbr_with_headroom(struct xtcp_cong *c);
bool bbr_lost_too_much(struct xtcp_cong *c, u64 lost, u32 inflight);
bool bbr_marked_too_much(const struct bbr *b, u32 inflight);
void bbr_reset_congestion(struct bbr *b);
void bbr_reset_short_term(struct bbr *b);
void bbr_advance_max_bw(struct bbr *b);
void bbr_update_latest(struct xtcp_cong *c, const struct bbr_ack *a);
void bbr_advance_latest(struct bbr *b, const struct bbr_ack *a);
void bbr_update_congestion(struct xtcp_cong *c, const struct bbr_ack *a);
void bbr_update_aggregation(struct xtcp_cong *c, const struct bbr_ack *a);
bool bbr_update_min_rtt(struct xtcp_cong *c, const struct bbr_ack *a);
void bbr_save_cwnd(struct xtcp_cong *c);
void bbr_save_state(struct xtcp_cong *c);
void bbr_lost(struct xtcp_cong *c, const struct xtcp_loss_sample *l);
u32 bbr_undo(struct xtcp_cong *c);

/* cong_bbr_probe.c */
void bbr_start_down(struct xtcp_cong *c);
void bbr_start_refill(struct bbr *b);
void bbr_inflight_too_high(struct xtcp_cong *c, u32 inflight, bool app_limited);
void bbr_update_cycle(struct xtcp_cong *c, const struct bbr_ack *a);
void bbr_check_probe_rtt(struct xtcp_cong *c, const struct bbr_ack *a,
			 bool expired);
void bbr_check_probe_rtt_done(struct xtcp_cong *c);
u32 bbr_probe_rtt_cwnd(struct xtcp_cong *c);

#endif /* _XTCP_CONG_BBR_H */
