// SPDX-License-Identifier: GPL-2.0
/*
 * BBR: ../cong_bbr.c ../cong_bbr_model.c ../cong_bbr_probe.c
 *
 * First single steps against figures computed by hand from the rules of
 * draft-ietf-ccwg-bbr-06, named by section; then whole connections over a
 * simulated path (path_sim.h), several of them the cases of its appendix
 * "BBR Example Test Cases".
 */
#include <linux/module.h>
#include <linux/random.h>

#include "xtcp_kunit.h"

/* Chance by the suite's leave. */
static u32 test_random_value;
static u32 test_random_seed;	/* above 0: draw, do not repeat */

static u32 test_random(void)
{
	return test_random_seed ? test_rnd(&test_random_seed) :
				  test_random_value;
}

#define get_random_u32 test_random
#include "../cong_bbr.c"
#include "../cong_bbr_model.c"
#include "../cong_bbr_probe.c"
#undef get_random_u32
#include "path_sim.h"

#ifdef _SHIM_LINUX_RANDOM_H
u32 get_random_u32(void)
{
	return test_random();
}
#endif

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

static struct bbr *bbr(struct feed *f)
{
	return bbr_of(&f->c);
}

static void feed_start(struct feed *f)
{
	memset(f, 0, sizeof(*f));
	xtcp_cong_start(&f->c, &xtcp_bbr, MSS);
	f->c.now_us = START_US;
}

/*
 * An ACK of one segment that begins a round, at a delivery rate of @bw, with
 * one round trip of it in flight.
 */
static struct xtcp_ack_sample sample(struct feed *f, u64 bw)
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
static struct xtcp_ack_sample sample_within(struct feed *f)
{
	struct xtcp_ack_sample s = sample(f, 0);

	s.prior_delivered = min(bbr(f)->next_round, bbr(f)->loss_round) - 1;
	s.interval_us = 0;
	s.inflight = 10 * MSS;
	s.tx_inflight = 10 * MSS;
	return s;
}

static void ack(struct feed *f, const struct xtcp_ack_sample *s)
{
	xtcp_cong_on_ack(&f->c, s);
}

/* A round trip at @bw passes. */
static void pass(struct feed *f, u64 bw)
{
	struct xtcp_ack_sample s = sample(f, bw);

	f->c.now_us += RTT_US;
	ack(f, &s);
}

/* The same, with @inflight bytes in flight at its end. */
static void pass_at(struct feed *f, u64 bw, u32 inflight)
{
	struct xtcp_ack_sample s = sample(f, bw);

	f->c.now_us += RTT_US;
	s.inflight = inflight;
	ack(f, &s);
}

/* A segment is lost of which @inflight was in flight, @lost of it lost. */
static void lose(struct feed *f, u32 inflight, u32 lost)
{
	const struct xtcp_loss_sample l = {
		.delivered	= f->delivered,
		.size		= MSS,
		.tx_inflight	= inflight,
		.tx_lost	= lost,
	};

	xtcp_cong_lost(&f->c, &l);
}

/* Startup to BW, out of it by a plateau, Drain for as long as it may take: in
 * ProbeBW_DOWN.
 */
static void feed_down(struct feed *f)
{
	int i;

	feed_start(f);
	pass(f, BW / 2);
	pass(f, BW);
	for (i = 0; i < 7; i++)
		pass_at(f, BW, 20 * MSS);
}

static void feed_cruise(struct feed *f)
{
	feed_down(f);
	pass_at(f, BW, 9 * MSS);
}

static void feed_refill(struct feed *f)
{
	feed_cruise(f);
	f->c.now_us += 4 * SEC;
	bbr(f)->probe_min_at = f->c.now_us;
	pass(f, BW);
}

static void feed_up(struct feed *f)
{
	feed_refill(f);
	pass(f, BW);
}

static int bbr_test_init(struct kunit *test)
{
	test_random_value = 0;
	test_random_seed = 0;
	return 0;
}

/* ------------------------------------------------------ start and Startup */

static void init__no_bounds(struct kunit *test)
{
	struct feed f;

	feed_start(&f);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_STARTUP);
	KUNIT_EXPECT_EQ(test, bbr(&f)->inflight_long, BBR_INFINITE);
	KUNIT_EXPECT_EQ(test, bbr(&f)->inflight_short, BBR_INFINITE);
	KUNIT_EXPECT_EQ(test, bbr(&f)->bw_short, BBR_INFINITE_BW);
	KUNIT_EXPECT_EQ(test, bbr_bw(bbr(&f)), 0ull);
	KUNIT_EXPECT_EQ(test, f.c.pacing_rate, XTCP_PACING_NONE);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 10 * MSS);
}

/* 5.6.2: 10 segments in 10 ms are 1 MB/s, times 2.77. */
static void first_ack__paces_the_initial_window(struct kunit *test)
{
	struct feed f;
	struct xtcp_ack_sample s;

	feed_start(&f);
	s = sample(&f, 0);
	s.interval_us = 0;
	ack(&f, &s);
	KUNIT_EXPECT_EQ(test, f.c.pacing_rate, 2770000ull);
	KUNIT_EXPECT_EQ(test, bbr(&f)->min_rtt_us, RTT_US);
}

/* Nothing known of the round trip: a millisecond is assumed. */
static void first_ack__without_round_trip(struct kunit *test)
{
	struct feed f;
	struct xtcp_ack_sample s;

	feed_start(&f);
	s = sample(&f, 0);
	s.interval_us = 0;
	s.rtt_us = 0;
	s.srtt_us = 0;
	s.min_rtt_us = ~0u;
	ack(&f, &s);
	KUNIT_EXPECT_EQ(test, f.c.pacing_rate, 27700000ull);
	KUNIT_EXPECT_EQ(test, bbr_bdp(&f.c, BW, 100), 10 * MSS);
}

/* 5.6.2: 0.99 * 2.77 * bw, and never down before the pipe was full. */
static void startup__pacing_follows_growth(struct kunit *test)
{
	struct feed f;

	feed_start(&f);
	pass(&f, BW);		/* 2742300 is below the initial rate */
	KUNIT_EXPECT_EQ(test, f.c.pacing_rate, 2770000ull);
	pass(&f, 2 * BW);
	KUNIT_EXPECT_EQ(test, f.c.pacing_rate, 5484600ull);
	pass(&f, BW);
	KUNIT_EXPECT_EQ(test, f.c.pacing_rate, 5484600ull);
}

/* 5.6.4.6: by what is acknowledged, up to twice the product and what ACKs ran
 * ahead.
 */
static void startup__window_grows_by_delivery(struct kunit *test)
{
	struct feed f;
	u32 i, cwnd;

	feed_start(&f);
	pass(&f, 2 * BW);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 11 * MSS);
	for (i = 0; i < 40; i++) {
		cwnd = f.c.cwnd;
		pass(&f, 2 * BW * (i + 2));	/* the pipe never fills */
		KUNIT_EXPECT_EQ(test, f.c.cwnd, cwnd + MSS);
	}
}

static void startup__ends_after_three_flat_rounds(struct kunit *test)
{
	struct feed f;

	feed_start(&f);
	pass(&f, BW);
	pass(&f, BW);
	pass(&f, BW * 124 / 100);
	KUNIT_EXPECT_EQ(test, bbr(&f)->full_bw_count, 2);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_STARTUP);
	pass_at(&f, BW, 20 * MSS);
	KUNIT_EXPECT_TRUE(test, bbr(&f)->full_bw_reached);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_DRAIN);
}

static void startup__a_quarter_is_growth(struct kunit *test)
{
	struct feed f;

	feed_start(&f);
	pass(&f, BW);
	pass(&f, BW);
	pass(&f, BW);
	pass(&f, BW * 125 / 100);
	KUNIT_EXPECT_EQ(test, bbr(&f)->full_bw_count, 0);
	pass(&f, BW);
	pass(&f, BW);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_STARTUP);
}

static void startup__stays_while_app_limited(struct kunit *test)
{
	struct feed f;
	int i;

	feed_start(&f);
	for (i = 0; i < 20; i++) {
		struct xtcp_ack_sample s = sample(&f, BW);

		s.app_limited = true;
		ack(&f, &s);
	}
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_STARTUP);
	KUNIT_EXPECT_EQ(test, bbr_max_bw(bbr(&f)), (u64)BW);
}

static void startup__one_count_in_a_round(struct kunit *test)
{
	struct feed f;
	int i;

	feed_start(&f);
	pass(&f, BW);
	for (i = 0; i < 20; i++) {
		struct xtcp_ack_sample s = sample_within(&f);

		s.interval_us = s.delivered - s.prior_delivered; /* 1 MB/s */
		ack(&f, &s);
	}
	KUNIT_EXPECT_EQ(test, bbr(&f)->full_bw_count, 0);
}

/* @events ACKs that each tell of a loss; then the round of losses ends with
 * @lost of 20 segments lost.
 */
static void lossy_startup(struct feed *f, int events, u32 lost, bool recovery)
{
	struct xtcp_ack_sample s;
	int i;

	feed_start(f);
	pass(f, BW);
	pass(f, 2 * BW);
	if (recovery)
		xtcp_cong_on_loss(&f->c, 20 * MSS);
	for (i = 0; i < events; i++) {
		lose(f, 20 * MSS, MSS);
		s = sample_within(f);
		s.lost = MSS;
		s.ca_state = recovery ? XTCP_CA_RECOVERY : XTCP_CA_OPEN;
		ack(f, &s);
	}
	s = sample(f, 2 * BW);
	s.tx_lost = lost;
	s.tx_inflight = 20 * MSS;
	s.inflight = 40 * MSS;
	s.ca_state = recovery ? XTCP_CA_RECOVERY : XTCP_CA_OPEN;
	ack(f, &s);
}

/* 5.3.1.3: six places, more than 2 % of 20 segments, in recovery */
static void startup__ends_by_persistent_loss(struct kunit *test)
{
	struct feed f;

	lossy_startup(&f, 6, 6 * MSS, true);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_DRAIN);
	/* One product at 2 MB/s: as much as was delivered in a round. */
	KUNIT_EXPECT_EQ(test, bbr(&f)->inflight_long, 20 * MSS);
	KUNIT_EXPECT_EQ(test, bbr(&f)->undo_state, BBR_STARTUP);
}

static void startup__ignores_less_loss(struct kunit *test)
{
	struct feed f;

	lossy_startup(&f, 5, 6 * MSS, true);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_STARTUP);
	lossy_startup(&f, 6, 400, true);	/* exactly 2 % */
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_STARTUP);
	lossy_startup(&f, 6, 6 * MSS, false);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_STARTUP);
}

/* ------------------------------------------------------------------ Drain */

/* 0.99 * 0.5 * bw until one product is in flight */
static void drain__until_the_queue_is_gone(struct kunit *test)
{
	struct feed f;

	feed_start(&f);
	pass(&f, BW);
	pass_at(&f, BW, 20 * MSS);
	pass_at(&f, BW, 20 * MSS);
	pass_at(&f, BW, 20 * MSS);
	KUNIT_ASSERT_EQ(test, bbr(&f)->state, BBR_DRAIN);
	KUNIT_EXPECT_EQ(test, f.c.pacing_rate, 495000ull);
	pass_at(&f, BW, 10 * MSS + 1);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_DRAIN);
	/* There is nothing left to do for DOWN. */
	pass_at(&f, BW, 10 * MSS);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_CRUISE);
}

static void drain__for_three_rounds_at_most(struct kunit *test)
{
	struct feed f;
	int i;

	feed_start(&f);
	pass(&f, BW);
	for (i = 0; i < 3; i++)
		pass_at(&f, BW, 20 * MSS);
	for (i = 0; i < 3; i++) {
		pass_at(&f, BW, 20 * MSS);
		KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_DRAIN);
	}
	pass_at(&f, BW, 20 * MSS);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_DOWN);
}

/* ---------------------------------------------------------------- ProbeBW */

/* 5.6.1: gains of the phases, and the window they leave: two products, and a
 * quarter more for UP.
 */
static void cycle__phases_and_gains(struct kunit *test)
{
	struct feed f;

	feed_down(&f);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_DOWN);
	KUNIT_EXPECT_EQ(test, f.c.pacing_rate, 891000ull);
	pass_at(&f, BW, 11 * MSS);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_DOWN);
	pass_at(&f, BW, 10 * MSS);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_CRUISE);
	KUNIT_EXPECT_EQ(test, f.c.pacing_rate, 990000ull);
	feed_refill(&f);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_REFILL);
	KUNIT_EXPECT_EQ(test, f.c.pacing_rate, 990000ull);
	pass(&f, BW);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_UP);
	KUNIT_EXPECT_EQ(test, f.c.pacing_rate, 1237500ull);
}

/* 5.3.3.8: 2 s and chance up to 1 s; chance from its ends */
static void cycle__waits_two_to_three_seconds(struct kunit *test)
{
	const u32 chance[] = { 0, ~0u };
	const u32 wait_us[] = { 2 * SEC, 3 * SEC - 1 };
	int i;

	for (i = 0; i < 2; i++) {
		struct feed f;

		test_random_value = chance[i];
		feed_down(&f);
		KUNIT_EXPECT_EQ(test, bbr(&f)->probe_wait_us, wait_us[i]);
		KUNIT_EXPECT_EQ(test, bbr(&f)->rounds_since_up, i);
		pass_at(&f, BW, 9 * MSS);
		KUNIT_ASSERT_EQ(test, bbr(&f)->state, BBR_CRUISE);
		bbr(&f)->rounds_since_up = 0;
		f.c.now_us = bbr(&f)->cycle_at + wait_us[i] - RTT_US;
		pass(&f, BW);
		KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_CRUISE);
		f.c.now_us = bbr(&f)->cycle_at + wait_us[i] - RTT_US + 1;
		pass(&f, BW);
		KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_REFILL);
	}
}

/* Reno at ten segments would probe within ten rounds. */
static void cycle__waits_no_longer_than_reno(struct kunit *test)
{
	struct feed f;
	int i;

	feed_cruise(&f);	/* the first round since the last probe */
	for (i = 2; i < 10; i++) {
		pass(&f, BW);
		KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_CRUISE);
	}
	pass(&f, BW);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_REFILL);
}

/* ... and at a hundred within 63. */
static void cycle__waits_63_rounds_at_most(struct kunit *test)
{
	struct feed f;

	feed_cruise(&f);
	bbr(&f)->bw_max[1] = 10 * BW;
	f.c.cwnd = 200 * MSS;
	bbr(&f)->rounds_since_up = 61;
	pass(&f, BW);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_CRUISE);
	f.c.cwnd = 200 * MSS;
	pass(&f, BW);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_REFILL);
}

/* Others keep the queue full: DOWN does not wait for ever. */
static void down__refills_when_it_is_time(struct kunit *test)
{
	struct feed f;

	feed_down(&f);
	f.c.now_us += 4 * SEC;
	pass_at(&f, BW, 20 * MSS);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_REFILL);
}

/* 5.3.3.9: 15 % below inflight_longterm */
static void down__leaves_headroom(struct kunit *test)
{
	struct feed f;

	feed_down(&f);
	bbr(&f)->inflight_long = 10 * MSS;
	KUNIT_EXPECT_EQ(test, bbr_with_headroom(&f.c), 8500u);
	pass_at(&f, BW, 8501);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_DOWN);
	pass_at(&f, BW, 8500);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_CRUISE);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 8500u);
}

static void up__ends_on_a_plateau(struct kunit *test)
{
	struct feed f;

	feed_up(&f);
	pass(&f, BW);
	pass(&f, BW);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_UP);
	pass(&f, BW);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_DOWN);
	KUNIT_EXPECT_FALSE(test, bbr(&f)->too_high);
}

static void up__goes_on_while_it_grows(struct kunit *test)
{
	struct feed f;
	u64 bw = BW;
	int i;

	feed_up(&f);
	for (i = 0; i < 10; i++) {
		bw = bw * 5 / 4;
		pass(&f, bw);
		KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_UP);
	}
	KUNIT_EXPECT_GE(test, bbr_max_bw(bbr(&f)), bw * 99 / 100);
}

static void up__goes_on_while_app_limited(struct kunit *test)
{
	struct feed f;
	int i;

	feed_up(&f);
	for (i = 0; i < 20; i++) {
		struct xtcp_ack_sample s = sample(&f, BW / 2);

		s.app_limited = true;
		ack(&f, &s);
	}
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_UP);
	KUNIT_EXPECT_EQ(test, bbr_max_bw(bbr(&f)), (u64)BW);
}

/* inflight_longterm + 1, 2, 4 segments in successive rounds */
static void up__inflight_doubles_its_steps(struct kunit *test)
{
	struct feed f;
	u32 limit = 16 * MSS, steps;

	feed_refill(&f);
	bbr(&f)->inflight_long = limit;
	f.c.cwnd = limit;
	f.c.cwnd_limited = true;
	pass(&f, BW);
	KUNIT_ASSERT_EQ(test, bbr(&f)->state, BBR_UP);
	for (steps = 1; steps <= 4; steps *= 2) {
		struct xtcp_ack_sample s = sample(&f, BW);

		/* A window is acknowledged, and nothing else is learned. */
		f.c.cwnd = bbr(&f)->inflight_long;
		s.acked = bbr(&f)->up_acked_per_inc * steps;
		s.tx_inflight = 0;
		limit += steps * MSS;
		ack(&f, &s);
		KUNIT_EXPECT_EQ(test, bbr(&f)->inflight_long, limit);
	}
}

/* ------------------------------------------- loss: long term, short term */

/* 5.5.10.2: 2 % of the 80 kB before are 1600; 1600 / 0.98 of the lost 20 kB
 * still were all right.
 */
static void inflight_at_loss__within_a_burst(struct kunit *test)
{
	struct xtcp_loss_sample l = {
		.size = 20000, .tx_inflight = 100000, .tx_lost = 20000,
	};

	KUNIT_EXPECT_EQ(test, bbr_inflight_at_loss(&l), 81632u);
	l.tx_lost = 30000;	/* too much was lost before it already */
	KUNIT_EXPECT_EQ(test, bbr_inflight_at_loss(&l), 80000u);
	l.tx_lost = 20000;
	l.tx_inflight = 10000;	/* nonsense must not wrap */
	KUNIT_EXPECT_EQ(test, bbr_inflight_at_loss(&l), 0u);
}

static void up__excess_loss_bounds_inflight(struct kunit *test)
{
	struct feed f;

	feed_up(&f);
	lose(&f, 50 * MSS, MSS);	/* exactly 2 % */
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_UP);
	KUNIT_EXPECT_EQ(test, bbr(&f)->inflight_long, BBR_INFINITE);
	lose(&f, 40 * MSS, MSS);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_DOWN);
	/* 39 segments, and 780 / 0.98 of the lost one */
	KUNIT_EXPECT_EQ(test, bbr(&f)->inflight_long, 39795u);
	/* Once in a probe */
	lose(&f, 12 * MSS, 6 * MSS);
	KUNIT_EXPECT_EQ(test, bbr(&f)->inflight_long, 39795u);
}

/* No further than CUBIC would go: 0.7 of the product */
static void up__excess_loss_takes_30_percent(struct kunit *test)
{
	struct feed f;

	feed_up(&f);
	lose(&f, 2 * MSS, 2 * MSS);
	KUNIT_EXPECT_EQ(test, bbr(&f)->inflight_long, 7 * MSS);
}

static void up__excess_loss_when_app_limited(struct kunit *test)
{
	const struct xtcp_loss_sample l = {
		.size = MSS, .tx_inflight = 5 * MSS, .tx_lost = MSS,
		.app_limited = true,
	};
	struct feed f;

	feed_up(&f);
	xtcp_cong_lost(&f.c, &l);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_DOWN);
	KUNIT_EXPECT_EQ(test, bbr(&f)->inflight_long, BBR_INFINITE);
}

/* 5.3.3.6: stop where the last probe met loss; when all went well, again */
static void up__stops_where_loss_was(struct kunit *test)
{
	struct feed f;

	feed_up(&f);
	bbr(&f)->too_high = true;
	bbr(&f)->inflight_long = 12 * MSS;
	pass_at(&f, BW, 11 * MSS);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_UP);
	pass_at(&f, BW, 12 * MSS);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_DOWN);
	pass_at(&f, BW, 12 * MSS);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_REFILL);
	KUNIT_EXPECT_FALSE(test, bbr(&f)->precautionary);
}

/* 5.5.10.3: 0.7 of the bandwidth, unless more is delivered */
static void cruise__loss_lowers_to_delivery(struct kunit *test)
{
	struct feed f;
	u32 cwnd;

	feed_cruise(&f);
	cwnd = f.c.cwnd;
	lose(&f, 10 * MSS, MSS);
	KUNIT_EXPECT_EQ(test, bbr(&f)->bw_short, BBR_INFINITE_BW);
	bbr(&f)->bw_latest = 0;
	bbr(&f)->inflight_latest = 0;
	pass(&f, BW / 2);		/* the round of the loss ends */
	KUNIT_EXPECT_EQ(test, bbr(&f)->bw_short, BW * 7ull / 10);
	KUNIT_EXPECT_EQ(test, bbr(&f)->inflight_short, cwnd * 7 / 10);
	KUNIT_EXPECT_EQ(test, f.c.pacing_rate, 693000ull);
	lose(&f, 10 * MSS, MSS);
	pass(&f, BW * 6 / 10);
	KUNIT_EXPECT_EQ(test, bbr(&f)->bw_short, BW * 6ull / 10);
	/* A round without loss changes nothing. */
	pass(&f, BW * 3 / 10);
	KUNIT_EXPECT_EQ(test, bbr(&f)->bw_short, BW * 6ull / 10);
}

static void refill__forgets_recent_loss(struct kunit *test)
{
	struct feed f;

	feed_cruise(&f);
	lose(&f, 10 * MSS, MSS);
	pass(&f, BW / 2);
	KUNIT_ASSERT_NE(test, bbr(&f)->bw_short, BBR_INFINITE_BW);
	bbr(&f)->cycle_at = f.c.now_us - 4 * SEC;
	pass(&f, BW);
	KUNIT_ASSERT_EQ(test, bbr(&f)->state, BBR_REFILL);
	KUNIT_EXPECT_EQ(test, bbr(&f)->bw_short, BBR_INFINITE_BW);
	KUNIT_EXPECT_EQ(test, bbr(&f)->inflight_short, BBR_INFINITE);
	KUNIT_EXPECT_EQ(test, bbr_bw(bbr(&f)), (u64)BW);
}

/* While it probes, loss is what it looks for. */
static void refill__loss_leaves_the_short_term(struct kunit *test)
{
	struct feed f;

	feed_refill(&f);
	lose(&f, 100 * MSS, MSS);
	pass(&f, BW);
	KUNIT_EXPECT_EQ(test, bbr(&f)->bw_short, BBR_INFINITE_BW);
}

/* -------------------------------------------------------------------- ECN */

/* Three of ten segments marked: as if three of ten had been dropped. */
static void cruise__marks_count_as_loss(struct kunit *test)
{
	struct xtcp_ack_sample s;
	struct feed f;

	feed_cruise(&f);
	s = sample_within(&f);
	s.ce_bytes = 3 * MSS;
	ack(&f, &s);
	bbr(&f)->inflight_latest = 10 * MSS;
	pass(&f, BW);
	KUNIT_EXPECT_EQ(test, bbr(&f)->bw_short, BW * 7ull / 10);
}

static void up__marks_bound_inflight(struct kunit *test)
{
	struct xtcp_ack_sample s;
	struct feed f;

	feed_up(&f);
	s = sample(&f, BW);
	s.tx_inflight = 12 * MSS;
	s.ce_bytes = MSS;
	ack(&f, &s);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_DOWN);
	KUNIT_EXPECT_EQ(test, bbr(&f)->inflight_long, 12 * MSS);
}

static void startup__ends_by_marks(struct kunit *test)
{
	struct xtcp_ack_sample s;
	struct feed f;

	feed_start(&f);
	pass(&f, BW);
	s = sample(&f, 2 * BW);
	s.ce_bytes = MSS;
	s.inflight = 40 * MSS;
	ack(&f, &s);
	if (bbr(&f)->state == BBR_STARTUP)
		pass_at(&f, 2 * BW, 40 * MSS);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_DRAIN);
	KUNIT_EXPECT_EQ(test, bbr(&f)->inflight_long, 20 * MSS);
}

/* --------------------------------------------------------- the path model */

/* The highest of this cycle and the last */
static void max_bw__lasts_two_cycles(struct kunit *test)
{
	struct feed f;

	feed_cruise(&f);
	bbr_advance_max_bw(bbr(&f));
	pass(&f, BW / 2);
	KUNIT_EXPECT_EQ(test, bbr_max_bw(bbr(&f)), (u64)BW);
	bbr_advance_max_bw(bbr(&f));
	KUNIT_EXPECT_EQ(test, bbr_max_bw(bbr(&f)), BW / 2ull);
	/* Two cycles of silence forget nothing. */
	bbr_advance_max_bw(bbr(&f));
	bbr_advance_max_bw(bbr(&f));
	KUNIT_EXPECT_EQ(test, bbr_max_bw(bbr(&f)), BW / 2ull);
}

static void max_bw__app_limited_only_raises(struct kunit *test)
{
	struct feed f;
	struct xtcp_ack_sample s;

	feed_cruise(&f);
	bbr_advance_max_bw(bbr(&f));
	s = sample(&f, BW / 2);
	s.app_limited = true;
	ack(&f, &s);
	KUNIT_EXPECT_EQ(test, bbr(&f)->bw_max[1], 0ull);
	s = sample(&f, 2 * BW);
	s.app_limited = true;
	ack(&f, &s);
	KUNIT_EXPECT_EQ(test, bbr_max_bw(bbr(&f)), 2ull * BW);
}

/* A probe's samples are in: the cycle counts one round after UP. */
static void max_bw__advances_after_a_probe(struct kunit *test)
{
	struct feed f;
	int i;

	feed_up(&f);
	for (i = 0; i < 3; i++)
		pass(&f, BW);
	KUNIT_ASSERT_EQ(test, bbr(&f)->state, BBR_DOWN);
	KUNIT_EXPECT_TRUE(test, bbr(&f)->probe_sample);
	pass_at(&f, BW / 2, 20 * MSS);
	KUNIT_EXPECT_FALSE(test, bbr(&f)->probe_sample);
	KUNIT_EXPECT_EQ(test, bbr(&f)->bw_max[0], (u64)BW);
	KUNIT_EXPECT_EQ(test, bbr(&f)->bw_max[1], 0ull);
}

static void min_rtt__lives_for_ten_seconds(struct kunit *test)
{
	struct feed f;
	bool expired;

	feed_cruise(&f);
	bbr(&f)->min_rtt_at = f.c.now_us;
	bbr(&f)->probe_min_at = f.c.now_us;
	f.c.now_us += 5 * SEC;
	bbr_update_min_rtt(&f.c, 2 * RTT_US, &expired);
	KUNIT_EXPECT_FALSE(test, expired);
	f.c.now_us++;
	bbr_update_min_rtt(&f.c, 2 * RTT_US, &expired);
	KUNIT_EXPECT_TRUE(test, expired);
	KUNIT_EXPECT_EQ(test, bbr(&f)->probe_min_us, 2 * RTT_US);
	KUNIT_EXPECT_EQ(test, bbr(&f)->min_rtt_us, RTT_US);
	f.c.now_us += 5 * SEC - 1;
	bbr_update_min_rtt(&f.c, 3 * RTT_US, &expired);
	KUNIT_EXPECT_EQ(test, bbr(&f)->min_rtt_us, RTT_US);
	f.c.now_us++;
	bbr_update_min_rtt(&f.c, 3 * RTT_US, &expired);
	KUNIT_EXPECT_EQ(test, bbr(&f)->min_rtt_us, 2 * RTT_US);
	bbr_update_min_rtt(&f.c, RTT_US / 2, &expired);
	KUNIT_EXPECT_EQ(test, bbr(&f)->min_rtt_us, RTT_US / 2);
}

/* 5.5.9: 20 segments at once are 20 more than a bandwidth that had no time;
 * after a silence that takes them all the count begins anew.
 */
static void aggregation__excess_and_reset(struct kunit *test)
{
	struct feed f;
	struct xtcp_ack_sample s;

	feed_cruise(&f);
	bbr(&f)->extra_acked[0] = 0;
	bbr(&f)->extra_acked[1] = 0;
	f.c.cwnd = 20 * MSS;
	f.c.now_us += 20 * RTT_US;
	s = sample_within(&f);
	s.acked = 15 * MSS;
	ack(&f, &s);
	KUNIT_EXPECT_EQ(test, bbr_extra_acked(bbr(&f)), 15 * MSS);
	/* The window: two products and the excess */
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 35 * MSS);
	f.c.now_us += RTT_US;		/* carries 10 segments */
	s.acked = MSS;
	ack(&f, &s);
	KUNIT_EXPECT_EQ(test, bbr(&f)->extra_bytes, 16ull * MSS);
	f.c.now_us += RTT_US;
	ack(&f, &s);
	KUNIT_EXPECT_EQ(test, bbr(&f)->extra_bytes, 1ull * MSS);
	KUNIT_EXPECT_EQ(test, bbr_extra_acked(bbr(&f)), 15 * MSS);
}

static void aggregation__forgotten_in_ten_rounds(struct kunit *test)
{
	struct feed f;
	int i, last = 0;

	feed_cruise(&f);
	bbr(&f)->extra_acked[1] = 500 * MSS;
	for (i = 1; i <= 15; i++) {
		pass(&f, BW);
		if (bbr_extra_acked(bbr(&f)) == 500 * MSS)
			last = i;
	}
	KUNIT_EXPECT_GE(test, last, 5);
	KUNIT_EXPECT_LE(test, last, 10);
}

/* --------------------------------------------------------------- ProbeRTT */

static void feed_probe_rtt(struct feed *f)
{
	feed_cruise(f);
	f->c.now_us = bbr(f)->probe_min_at + 5 * SEC + 1 - RTT_US;
	bbr(f)->cycle_at = f->c.now_us;
	pass(f, BW);
}

/* After 5 s: half of the product, at no less than four segments */
static void probe_rtt__drains(struct kunit *test)
{
	struct feed f;

	feed_cruise(&f);
	f.c.now_us = bbr(&f)->probe_min_at + 5 * SEC - RTT_US;
	bbr(&f)->cycle_at = f.c.now_us;
	pass(&f, BW);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_CRUISE);
	feed_probe_rtt(&f);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_PROBE_RTT);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 5 * MSS);
	KUNIT_EXPECT_EQ(test, f.c.pacing_rate, 990000ull);
}

/* 200 ms and a round from when it has drained; then CRUISE, the window back */
static void probe_rtt__lasts_200_ms(struct kunit *test)
{
	struct feed f;
	u64 drained;
	u32 cwnd;

	feed_cruise(&f);
	cwnd = f.c.cwnd;
	feed_probe_rtt(&f);
	pass_at(&f, BW, 6 * MSS);
	KUNIT_EXPECT_EQ(test, bbr(&f)->probe_done_at, 0ull);
	pass_at(&f, BW, 5 * MSS);
	drained = f.c.now_us;
	KUNIT_EXPECT_EQ(test, bbr(&f)->probe_done_at, drained + 200000);
	while (f.c.now_us <= drained + 200000) {
		KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_PROBE_RTT);
		pass_at(&f, BW / 2, 5 * MSS);
	}
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_CRUISE);
	KUNIT_EXPECT_GE(test, f.c.cwnd, cwnd);
	KUNIT_EXPECT_EQ(test, bbr(&f)->probe_min_at, f.c.now_us);
	/* Half of the rate was its own doing. */
	KUNIT_EXPECT_EQ(test, bbr_max_bw(bbr(&f)), (u64)BW);
}

static void probe_rtt__waits_for_a_round(struct kunit *test)
{
	struct feed f;
	struct xtcp_ack_sample s;

	feed_probe_rtt(&f);
	pass_at(&f, BW, 5 * MSS);
	f.c.now_us += SEC;
	s = sample_within(&f);
	s.inflight = 5 * MSS;
	ack(&f, &s);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_PROBE_RTT);
	pass_at(&f, BW, 5 * MSS);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_CRUISE);
}

static void probe_rtt__returns_to_startup(struct kunit *test)
{
	struct feed f;

	feed_start(&f);
	pass(&f, BW);
	f.c.now_us += 6 * SEC;
	pass(&f, BW);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_PROBE_RTT);
	pass_at(&f, BW, 4 * MSS);
	f.c.now_us += SEC;
	pass_at(&f, BW, 4 * MSS);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_STARTUP);
	KUNIT_EXPECT_FALSE(test, bbr(&f)->full_bw_reached);
}

/* ------------------------------------------------------------------- idle */

static void idle__restarts_at_the_bandwidth(struct kunit *test)
{
	struct feed f;
	u32 cwnd;

	feed_up(&f);
	cwnd = f.c.cwnd;
	KUNIT_ASSERT_EQ(test, f.c.pacing_rate, 1237500ull);
	f.c.now_us += 20 * SEC;
	xtcp_cong_idle(&f.c, 20 * SEC, 200000);
	KUNIT_EXPECT_EQ(test, f.c.pacing_rate, 990000ull);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, cwnd);
}

/* The queue was empty all the time: no need to drain it. */
static void idle__stands_in_for_probe_rtt(struct kunit *test)
{
	struct feed f;

	feed_cruise(&f);
	f.c.now_us += 20 * SEC;
	xtcp_cong_idle(&f.c, 20 * SEC, 200000);
	pass(&f, BW);
	KUNIT_EXPECT_NE(test, bbr(&f)->state, BBR_PROBE_RTT);
	KUNIT_EXPECT_FALSE(test, bbr(&f)->idle_restart);
}

static void idle__ends_probe_rtt(struct kunit *test)
{
	struct feed f;

	feed_probe_rtt(&f);
	pass_at(&f, BW, 5 * MSS);
	f.c.now_us += SEC;
	xtcp_cong_idle(&f.c, SEC, 200000);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_CRUISE);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, bbr(&f)->saved_cwnd);
}

/* --------------------------------------------------------- recovery, undo */

/* 5.6.4.4: one segment, then by what is delivered; at the end as before */
static void rto__window_comes_back(struct kunit *test)
{
	struct feed f;
	struct xtcp_ack_sample s;
	u32 cwnd;

	feed_cruise(&f);
	cwnd = f.c.cwnd;
	xtcp_cong_on_rto(&f.c, 10 * MSS, 0, true);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, MSS);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, XTCP_INFINITE_SSTHRESH);
	s = sample(&f, 0);
	s.interval_us = 0;
	s.ca_state = XTCP_CA_LOSS;
	ack(&f, &s);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 4 * MSS);
	xtcp_cong_recovered(&f.c, XTCP_CA_LOSS);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, cwnd);
}

/* The short-term bound starts from the window before the timeout. */
static void rto__does_not_bound_by_one_segment(struct kunit *test)
{
	struct feed f;
	struct xtcp_ack_sample s;
	u32 cwnd;

	feed_cruise(&f);
	cwnd = f.c.cwnd;
	xtcp_cong_on_rto(&f.c, 10 * MSS, 0, true);
	lose(&f, 10 * MSS, MSS);
	bbr(&f)->inflight_latest = 0;
	s = sample(&f, BW / 10);
	s.ca_state = XTCP_CA_LOSS;
	ack(&f, &s);
	KUNIT_EXPECT_EQ(test, bbr(&f)->inflight_short, cwnd * 7 / 10);
}

static void recovery__window_is_bounded_by_the_model(struct kunit *test)
{
	struct feed f;
	u32 cwnd;

	feed_cruise(&f);
	cwnd = f.c.cwnd;
	xtcp_cong_on_loss(&f.c, 10 * MSS);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, cwnd);
	xtcp_cong_recovered(&f.c, XTCP_CA_RECOVERY);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, cwnd);
}

/* 5.5.11.2: Startup goes on as if nothing had happened. */
static void undo__back_to_startup(struct kunit *test)
{
	struct feed f;

	lossy_startup(&f, 6, 6 * MSS, true);
	KUNIT_ASSERT_EQ(test, bbr(&f)->state, BBR_DRAIN);
	xtcp_cong_undo(&f.c);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_STARTUP);
	KUNIT_EXPECT_FALSE(test, bbr(&f)->full_bw_reached);
	KUNIT_EXPECT_EQ(test, bbr(&f)->inflight_long, BBR_INFINITE);
}

/* A probe that was broken off begins again, and its bound is forgotten,
 * however many losses were reported before the episode was known as one.
 */
static void undo__back_to_the_probe(struct kunit *test)
{
	struct feed f;
	struct xtcp_ack_sample s;
	u32 cwnd;

	feed_up(&f);
	cwnd = f.c.cwnd;
	lose(&f, 20 * MSS, MSS);
	lose(&f, 20 * MSS, 2 * MSS);
	xtcp_cong_on_loss(&f.c, 20 * MSS);
	s = sample(&f, BW);
	s.inflight = 20 * MSS;
	s.lost = 2 * MSS;
	s.ca_state = XTCP_CA_RECOVERY;
	ack(&f, &s);
	KUNIT_ASSERT_EQ(test, bbr(&f)->state, BBR_DOWN);
	KUNIT_ASSERT_NE(test, bbr(&f)->inflight_long, BBR_INFINITE);
	xtcp_cong_undo(&f.c);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_REFILL);
	KUNIT_EXPECT_EQ(test, bbr(&f)->inflight_long, BBR_INFINITE);
	KUNIT_EXPECT_GE(test, f.c.cwnd, cwnd);
}

static void undo__restores_the_short_term(struct kunit *test)
{
	struct feed f;
	struct xtcp_ack_sample s;

	feed_cruise(&f);
	lose(&f, 10 * MSS, MSS);
	xtcp_cong_on_loss(&f.c, 10 * MSS);
	s = sample(&f, BW / 2);
	s.ca_state = XTCP_CA_RECOVERY;
	ack(&f, &s);
	KUNIT_ASSERT_NE(test, bbr(&f)->bw_short, BBR_INFINITE_BW);
	xtcp_cong_undo(&f.c);
	KUNIT_EXPECT_EQ(test, bbr(&f)->bw_short, BBR_INFINITE_BW);
	KUNIT_EXPECT_EQ(test, bbr(&f)->inflight_short, BBR_INFINITE);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_CRUISE);
}

/* ----------------------------------------------------------------- limits */

static void limits__100_gbit(struct kunit *test)
{
	struct feed f;
	u64 bw = 12500000000ull;
	u32 i;

	feed_start(&f);
	for (i = 0; i < 100; i++) {
		struct xtcp_ack_sample s = sample(&f, bw);

		s.acked = 125000000;	/* a product */
		s.rtt_us = 200000;
		s.min_rtt_us = 200000;
		f.c.now_us += RTT_US;
		ack(&f, &s);
		KUNIT_EXPECT_LE(test, f.c.cwnd, XTCP_MAX_CWND_BYTES);
	}
	KUNIT_EXPECT_EQ(test, bbr_bw(bbr(&f)), bw);
	/* 2.5 GB are a product: the window is as large as it can be. */
	KUNIT_EXPECT_EQ(test, f.c.cwnd, XTCP_MAX_CWND_BYTES);
	KUNIT_EXPECT_EQ(test, f.c.send_quantum, 65536u);
}

/* Less than a segment in a round trip: four segments, two of them at once */
static void limits__small_product(struct kunit *test)
{
	struct feed f;
	u32 i;

	feed_start(&f);
	f.c.mss = 88;
	for (i = 0; i < 20; i++) {
		struct xtcp_ack_sample s = sample(&f, 5000);

		s.acked = 88;
		s.inflight = 88;
		f.c.now_us += RTT_US;
		ack(&f, &s);
	}
	KUNIT_EXPECT_EQ(test, f.c.send_quantum, 2 * 88u);
	bbr(&f)->state = BBR_CRUISE;
	KUNIT_EXPECT_EQ(test, bbr_inflight(&f.c, 5000, 100), 6 * 88u);
	KUNIT_EXPECT_GE(test, f.c.cwnd, 4 * 88u);
	KUNIT_EXPECT_GE(test, f.c.pacing_rate, 88ull);
}

/* Whatever the samples say, what the engine uses stays sane. */
static void limits__any_sample(struct kunit *test)
{
	u32 rnd = 42, i;
	struct feed f;

	test_random_seed = 7;
	feed_start(&f);
	f.c.mss = 88 + test_rnd_below(&rnd, 65000);
	for (i = 0; i < XTCP_TEST_ROUNDS; i++) {
		struct xtcp_ack_sample s = sample(&f, test_rnd(&rnd));

		s.acked = test_rnd(&rnd) >> test_rnd_below(&rnd, 32);
		s.interval_us = test_rnd(&rnd) >> test_rnd_below(&rnd, 32);
		s.inflight = test_rnd(&rnd) >> test_rnd_below(&rnd, 32);
		s.tx_inflight = test_rnd(&rnd) >> test_rnd_below(&rnd, 32);
		s.tx_lost = test_rnd(&rnd) >> test_rnd_below(&rnd, 32);
		s.lost = test_rnd_below(&rnd, 2);
		s.rtt_us = test_rnd(&rnd) >> test_rnd_below(&rnd, 32);
		s.ce_bytes = test_rnd(&rnd) >> test_rnd_below(&rnd, 32);
		s.app_limited = test_rnd_below(&rnd, 2);
		s.ca_state = test_rnd_below(&rnd, 4);
		f.c.cwnd_limited = test_rnd_below(&rnd, 2);
		f.c.now_us += test_rnd_below(&rnd, 2 * SEC);
		switch (test_rnd_below(&rnd, 8)) {
		case 0:
			lose(&f, s.tx_inflight, s.tx_lost);
			break;
		case 1:
			xtcp_cong_on_loss(&f.c, s.inflight);
			break;
		case 2:
			xtcp_cong_on_rto(&f.c, s.inflight, 0, true);
			break;
		case 3:
			xtcp_cong_undo(&f.c);
			break;
		case 4:
			xtcp_cong_recovered(&f.c, XTCP_CA_RECOVERY);
			break;
		case 5:
			xtcp_cong_idle(&f.c, s.rtt_us, 200000);
			break;
		}
		ack(&f, &s);
		KUNIT_ASSERT_GE(test, f.c.cwnd, 4 * f.c.mss);
		KUNIT_ASSERT_LE(test, f.c.cwnd, XTCP_MAX_CWND_BYTES);
		KUNIT_ASSERT_GE(test, f.c.pacing_rate, (u64)f.c.mss);
		KUNIT_ASSERT_LE(test, f.c.pacing_rate, 1ull << 52);
		KUNIT_ASSERT_GE(test, f.c.send_quantum, 2 * f.c.mss);
		KUNIT_ASSERT_LE(test, f.c.send_quantum,
				max(2 * f.c.mss, 65536u));
	}
}

/* ---------------------------------------------------------- whole flows */

#define MBIT		125000ull	/* bytes per second */
#define SIM_MSS		1448u

/* A path with a buffer of one product */
static struct sim_path path(u64 rate, u32 rtt_us)
{
	return (struct sim_path){
		.rate = rate,
		.rtt_us = rtt_us,
		.buffer = rate * rtt_us / SEC,
	};
}

static u64 percent_of(u64 part, u64 whole)
{
	return div64_u64(part * 100, whole);
}

/* "Exiting STARTUP on Bandwidth Plateau": max_bw within 2 % */
static void path__startup_finds_the_rate(struct kunit *test)
{
	const u64 rates[] = { 1 * MBIT, 20 * MBIT, 100 * MBIT };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rates); i++) {
		struct sim_path p = path(rates[i], 40000);
		struct sim *sim = sim_new(test, &p);
		struct sim_flow *f = sim_add(test, sim, &xtcp_bbr, SIM_MSS, 0);
		struct bbr *b = bbr_of(&f->c);

		sim_run(sim, SEC);
		KUNIT_EXPECT_TRUE(test, b->full_bw_reached);
		KUNIT_EXPECT_TRUE(test, bbr_in_probe_bw(b));
		KUNIT_EXPECT_GE(test, percent_of(bbr_max_bw(b), p.rate), 98ull);
		KUNIT_EXPECT_LE(test, percent_of(bbr_max_bw(b), p.rate), 102ull);
	}
}

/* The link is used, and its queue on the average below half a product. */
static void path__full_with_a_small_queue(struct kunit *test)
{
	struct sim_path p = path(20 * MBIT, 40000);
	struct sim *sim = sim_new(test, &p);
	struct sim_flow *f = sim_add(test, sim, &xtcp_bbr, SIM_MSS, 0);

	sim_run(sim, 2 * SEC);
	sim_mark(sim);
	sim_run(sim, 10 * SEC);
	KUNIT_EXPECT_GE(test, percent_of(f->goodput, p.rate * 10), 95ull);
	KUNIT_EXPECT_LE(test, sim_mean_queue(sim), p.buffer / 2);
}

/* A buffer of 25 products stays as good as empty. */
static void path__deep_buffer_stays_empty(struct kunit *test)
{
	struct sim_path p = path(10 * MBIT, 40000);
	struct sim *sim;
	struct sim_flow *f;

	p.buffer *= 25;
	sim = sim_new(test, &p);
	f = sim_add(test, sim, &xtcp_bbr, SIM_MSS, 0);
	sim_run(sim, 2 * SEC);
	sim_mark(sim);
	sim_run(sim, 10 * SEC);
	KUNIT_EXPECT_GE(test, percent_of(f->goodput, p.rate * 10), 95ull);
	KUNIT_EXPECT_LE(test, sim_mean_queue(sim), p.buffer / 50);
	KUNIT_EXPECT_EQ(test, f->losses, 0ull);
}

/* One percent of loss is no congestion. */
static void path__random_loss(struct kunit *test)
{
	struct sim_path p = path(20 * MBIT, 40000);
	struct sim *sim;
	struct sim_flow *f;

	p.loss_ppm = 10000;
	sim = sim_new(test, &p);
	f = sim_add(test, sim, &xtcp_bbr, SIM_MSS, 0);
	sim_run(sim, 2 * SEC);
	sim_mark(sim);
	sim_run(sim, 10 * SEC);
	KUNIT_EXPECT_GE(test, percent_of(f->goodput, p.rate * 10), 80ull);
}

/* "Achieving Expected ... Bandwidth on a Link With Aggregation": ACKs in
 * bunches of half a round trip
 */
static void path__bunched_acks(struct kunit *test)
{
	struct sim_path p = path(20 * MBIT, 20000);
	struct sim *sim;
	struct sim_flow *f;

	p.bunch_us = 10000;
	sim = sim_new(test, &p);
	f = sim_add(test, sim, &xtcp_bbr, SIM_MSS, 0);
	sim_run(sim, 2 * SEC);
	sim_mark(sim);
	sim_run(sim, 5 * SEC);
	KUNIT_EXPECT_GE(test, percent_of(f->goodput, p.rate * 5), 93ull);
	KUNIT_EXPECT_GE(test, bbr_extra_acked(bbr_of(&f->c)),
			(u32)(p.rate * 5000 / SEC));
}

/* "Correctly Managing Sub-Packet BDPs": 64 kbit/s, 5 ms */
static void path__less_than_a_packet(struct kunit *test)
{
	struct sim_path p = path(8000, 5000);
	struct sim *sim;
	struct sim_flow *f;

	p.buffer = 20 * SIM_MSS;
	sim = sim_new(test, &p);
	f = sim_add(test, sim, &xtcp_bbr, SIM_MSS, 0);
	sim_run(sim, 20 * SEC);
	sim_mark(sim);
	sim_run(sim, 40 * SEC);
	KUNIT_EXPECT_GE(test, percent_of(f->goodput, p.rate * 40), 95ull);
	KUNIT_EXPECT_GE(test, f->c.cwnd, 4 * SIM_MSS);
}

/* "Increasing Bandwidth 10x": found within four probes */
static void path__rate_grows_tenfold(struct kunit *test)
{
	struct sim_path p = path(5 * MBIT, 40000);
	struct sim *sim = sim_new(test, &p);
	struct sim_flow *f = sim_add(test, sim, &xtcp_bbr, SIM_MSS, 0);

	sim_run(sim, 4 * SEC);
	sim->path.rate = 50 * MBIT;
	sim->path.buffer = 50 * MBIT * 40000 / SEC;
	sim_run(sim, 12 * SEC);
	KUNIT_EXPECT_GE(test, percent_of(bbr_max_bw(bbr_of(&f->c)), 50 * MBIT),
			90ull);
}

/* "Decreasing Bandwidth 10x": forgotten after two cycles */
static void path__rate_falls_tenfold(struct kunit *test)
{
	struct sim_path p = path(50 * MBIT, 40000);
	struct sim *sim = sim_new(test, &p);
	struct sim_flow *f = sim_add(test, sim, &xtcp_bbr, SIM_MSS, 0);

	sim_run(sim, 4 * SEC);
	sim->path.rate = 5 * MBIT;
	sim->path.buffer = 5 * MBIT * 40000 / SEC;
	sim_run(sim, SEC);
	KUNIT_EXPECT_LE(test, bbr_of(&f->c)->bw_short, 50 * MBIT);
	sim_run(sim, 9 * SEC);
	KUNIT_EXPECT_LE(test, percent_of(bbr_max_bw(bbr_of(&f->c)), 5 * MBIT),
			105ull);
	sim_mark(sim);
	sim_run(sim, 5 * SEC);
	KUNIT_EXPECT_GE(test, percent_of(f->goodput, 5 * MBIT * 5), 90ull);
}

/* "Never Exiting PROBE_UP (or STARTUP) When Application-Limited" */
static void path__program_is_the_limit(struct kunit *test)
{
	struct sim_path p = path(20 * MBIT, 40000);
	struct sim *sim = sim_new(test, &p);
	struct sim_flow *f = sim_add(test, sim, &xtcp_bbr, SIM_MSS, 0);

	f->app_rate = 2 * MBIT;
	sim_run(sim, 3 * SEC);
	KUNIT_EXPECT_FALSE(test, bbr_of(&f->c)->full_bw_reached);
	KUNIT_EXPECT_GE(test, percent_of(f->goodput, f->app_rate * 3), 95ull);
}

/* Jain's index of @flows flows, percent, over @us after @warm_us */
static u32 fairness(struct kunit *test, unsigned int flows, u64 warm_us,
		    u64 us)
{
	struct sim_path p = path(20 * MBIT, 40000);
	struct sim *sim = sim_new(test, &p);
	u64 sum = 0, squares = 0, g;
	unsigned int i;

	test_random_seed = 3;
	for (i = 0; i < flows; i++)
		sim_add(test, sim, &xtcp_bbr, SIM_MSS, i * 10000);
	sim_run(sim, warm_us);
	sim_mark(sim);
	sim_run(sim, us);
	for (i = 0; i < flows; i++) {
		g = sim->flow[i].goodput >> 10;
		sum += g;
		squares += g * g;
	}
	KUNIT_EXPECT_GE(test, percent_of(sum << 10, p.rate * us / SEC), 90ull);
	return percent_of(sum * sum, squares * flows);
}

static void path__two_flows_share(struct kunit *test)
{
	KUNIT_EXPECT_GE(test, fairness(test, 2, 5 * SEC, 20 * SEC), 95u);
}

static void path__ten_flows_share(struct kunit *test)
{
	KUNIT_EXPECT_GE(test, fairness(test, 10, 5 * SEC, 20 * SEC), 90u);
}

static struct kunit_case bbr_cases[] = {
	KUNIT_CASE(init__no_bounds),
	KUNIT_CASE(first_ack__paces_the_initial_window),
	KUNIT_CASE(first_ack__without_round_trip),
	KUNIT_CASE(startup__pacing_follows_growth),
	KUNIT_CASE(startup__window_grows_by_delivery),
	KUNIT_CASE(startup__ends_after_three_flat_rounds),
	KUNIT_CASE(startup__a_quarter_is_growth),
	KUNIT_CASE(startup__stays_while_app_limited),
	KUNIT_CASE(startup__one_count_in_a_round),
	KUNIT_CASE(startup__ends_by_persistent_loss),
	KUNIT_CASE(startup__ignores_less_loss),
	KUNIT_CASE(startup__ends_by_marks),
	KUNIT_CASE(drain__until_the_queue_is_gone),
	KUNIT_CASE(drain__for_three_rounds_at_most),
	KUNIT_CASE(cycle__phases_and_gains),
	KUNIT_CASE(cycle__waits_two_to_three_seconds),
	KUNIT_CASE(cycle__waits_no_longer_than_reno),
	KUNIT_CASE(cycle__waits_63_rounds_at_most),
	KUNIT_CASE(down__refills_when_it_is_time),
	KUNIT_CASE(down__leaves_headroom),
	KUNIT_CASE(up__ends_on_a_plateau),
	KUNIT_CASE(up__goes_on_while_it_grows),
	KUNIT_CASE(up__goes_on_while_app_limited),
	KUNIT_CASE(up__inflight_doubles_its_steps),
	KUNIT_CASE(inflight_at_loss__within_a_burst),
	KUNIT_CASE(up__excess_loss_bounds_inflight),
	KUNIT_CASE(up__excess_loss_takes_30_percent),
	KUNIT_CASE(up__excess_loss_when_app_limited),
	KUNIT_CASE(up__stops_where_loss_was),
	KUNIT_CASE(up__marks_bound_inflight),
	KUNIT_CASE(cruise__loss_lowers_to_delivery),
	KUNIT_CASE(cruise__marks_count_as_loss),
	KUNIT_CASE(refill__forgets_recent_loss),
	KUNIT_CASE(refill__loss_leaves_the_short_term),
	KUNIT_CASE(max_bw__lasts_two_cycles),
	KUNIT_CASE(max_bw__app_limited_only_raises),
	KUNIT_CASE(max_bw__advances_after_a_probe),
	KUNIT_CASE(min_rtt__lives_for_ten_seconds),
	KUNIT_CASE(aggregation__excess_and_reset),
	KUNIT_CASE(aggregation__forgotten_in_ten_rounds),
	KUNIT_CASE(probe_rtt__drains),
	KUNIT_CASE(probe_rtt__lasts_200_ms),
	KUNIT_CASE(probe_rtt__waits_for_a_round),
	KUNIT_CASE(probe_rtt__returns_to_startup),
	KUNIT_CASE(idle__restarts_at_the_bandwidth),
	KUNIT_CASE(idle__stands_in_for_probe_rtt),
	KUNIT_CASE(idle__ends_probe_rtt),
	KUNIT_CASE(rto__window_comes_back),
	KUNIT_CASE(rto__does_not_bound_by_one_segment),
	KUNIT_CASE(recovery__window_is_bounded_by_the_model),
	KUNIT_CASE(undo__back_to_startup),
	KUNIT_CASE(undo__back_to_the_probe),
	KUNIT_CASE(undo__restores_the_short_term),
	KUNIT_CASE(limits__100_gbit),
	KUNIT_CASE(limits__small_product),
	KUNIT_CASE(limits__any_sample),
	KUNIT_CASE(path__startup_finds_the_rate),
	KUNIT_CASE(path__full_with_a_small_queue),
	KUNIT_CASE(path__deep_buffer_stays_empty),
	KUNIT_CASE(path__random_loss),
	KUNIT_CASE(path__bunched_acks),
	KUNIT_CASE(path__less_than_a_packet),
	KUNIT_CASE(path__rate_grows_tenfold),
	KUNIT_CASE(path__rate_falls_tenfold),
	KUNIT_CASE(path__program_is_the_limit),
	KUNIT_CASE(path__two_flows_share),
	KUNIT_CASE(path__ten_flows_share),
	{}
};

static struct kunit_suite bbr_suite = {
	.name = "xtcp_cong_bbr",
	.init = bbr_test_init,
	.test_cases = bbr_cases,
};

kunit_test_suites(&bbr_suite);

MODULE_DESCRIPTION("Unit tests for XTCP: BBR");
MODULE_LICENSE("GPL");
