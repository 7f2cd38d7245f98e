/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites of BBR share: one connection, fed ACKs and losses by hand.
 *
 *	cong_bbr_test.c		the states: Startup, Drain, ProbeBW, ProbeRTT
 *	cong_bbr_model_test.c	the path: loss, noise, filters, undo, limits
 *	cong_bbr_path_test.c	whole connections over a simulated path
 *
 * Figures are computed by hand from the rules of draft-ietf-ccwg-bbr-06, named
 * by section.
 */
#ifndef _XTCP_BBR_FEED_H
#define _XTCP_BBR_FEED_H

#include <linux/string.h>

#include "xtcp_kunit.h"
#include "../cong_bbr.h"

/* Chance by the suites' leave: a value, or above 0 a seed to draw from. */
extern u32 bbr_test_chance, bbr_test_seed;

#define MSS		1000u
#define RTT_US		10000u
#define SEC		1000000u
#define START_US	(100ull * SEC)
#define BW		1000000u	/* B/s: ten segments a round trip */

/* One connection, fed by hand. */
struct feed {
	struct xtcp_cong	c;
	u64			delivered;
};

static inline struct bbr *bbr(struct feed *f)
{
	return bbr_of(&f->c);
}

static inline void feed_start(struct feed *f)
{
	memset(f, 0, sizeof(*f));
	xtcp_cong_start(&f->c, &xtcp_bbr, MSS);
	f->c.now_us = START_US;
}

/*
 * An ACK of one segment that begins a round, at a delivery rate of @bw, with
 * one round trip of it in flight.
 */
static inline struct xtcp_ack_sample sample(struct feed *f, u64 bw)
{
	u64 volume = bw * RTT_US / SEC;

	f->delivered += max_t(u64, volume, MSS);
	return (struct xtcp_ack_sample){
		.delivered	= f->delivered,
		.prior_delivered = f->delivered - volume,
		.interval_us	= RTT_US,
		.acked		= MSS,
		.prior_inflight	= volume,
		.inflight	= volume,
		.tx_inflight	= volume,
		.rtt_us		= RTT_US,
		.srtt_us	= RTT_US,
		.min_rtt_us	= RTT_US,
		.ca_state	= XTCP_CA_OPEN,
	};
}

/* An ACK of one segment within the round, of no measurable rate. */
static inline struct xtcp_ack_sample sample_within(struct feed *f)
{
	struct xtcp_ack_sample s = sample(f, 0);

	s.prior_delivered = min(bbr(f)->next_round, bbr(f)->loss_round) - 1;
	s.interval_us = 0;
	s.inflight = 10 * MSS;
	s.tx_inflight = 10 * MSS;
	return s;
}

static inline void ack(struct feed *f, const struct xtcp_ack_sample *s)
{
	xtcp_cong_on_ack(&f->c, s);
}

/* A round trip at @bw passes. */
static inline void pass(struct feed *f, u64 bw)
{
	struct xtcp_ack_sample s = sample(f, bw);

	f->c.now_us += RTT_US;
	ack(f, &s);
}

/* The same, with @inflight bytes in flight at its end. */
static inline void pass_at(struct feed *f, u64 bw, u32 inflight)
{
	struct xtcp_ack_sample s = sample(f, bw);

	f->c.now_us += RTT_US;
	s.inflight = inflight;
	ack(f, &s);
}

/* A segment is lost of which @inflight was in flight, @lost of it lost. */
static inline void lose(struct feed *f, u32 inflight, u32 lost)
{
	const struct xtcp_loss_sample l = {
		.delivered	= f->delivered,
		.size		= MSS,
		.tx_inflight	= inflight,
		.tx_lost	= lost,
	};

	xtcp_cong_lost(&f->c, &l);
}

/* The same, with a queue as long as the path. */
static inline void pass_queued(struct feed *f, u64 bw)
{
	struct xtcp_ack_sample s = sample(f, bw);

	f->c.now_us += RTT_US;
	s.rtt_us = 2 * RTT_US;
	ack(f, &s);
}

/* Startup to BW, out of it by a plateau, Drain for as long as it may take: in
 * ProbeBW_DOWN.
 */
static inline void feed_down(struct feed *f)
{
	int i;

	feed_start(f);
	pass(f, BW / 2);
	pass(f, BW);
	for (i = 0; i < 7; i++)
		pass_at(f, BW, 20 * MSS);
}

static inline void feed_cruise(struct feed *f)
{
	feed_down(f);
	pass_at(f, BW, 9 * MSS);
}

static inline void feed_refill(struct feed *f)
{
	feed_cruise(f);
	f->c.now_us += 4 * SEC;
	bbr(f)->probe_min_at = f->c.now_us;
	pass(f, BW);
}

static inline void feed_up(struct feed *f)
{
	feed_refill(f);
	pass(f, BW);
}

/*
 * A Startup with @events ACKs that tell of losses; then the round of losses
 * ends at a rate of @bw (2 * BW: no growth) with @lost of 20 segments lost, all
 * at round trips of @rtt_us.
 */
static inline void lossy_startup(struct feed *f, int events, u32 lost, u64 bw,
				 u32 rtt_us)
{
	struct xtcp_ack_sample s;
	int i;

	feed_start(f);
	pass(f, BW);
	pass(f, 2 * BW);
	xtcp_cong_on_loss(&f->c, 20 * MSS);
	for (i = 0; i < events; i++) {
		lose(f, 20 * MSS, MSS);
		s = sample_within(f);
		s.lost = MSS;
		s.rtt_us = rtt_us;
		s.ca_state = XTCP_CA_RECOVERY;
		ack(f, &s);
	}
	s = sample(f, bw);
	s.tx_lost = lost;
	s.tx_inflight = 20 * MSS;
	s.inflight = 40 * MSS;
	s.rtt_us = rtt_us;
	s.ca_state = XTCP_CA_RECOVERY;
	ack(f, &s);
}

#endif /* _XTCP_BBR_FEED_H */
