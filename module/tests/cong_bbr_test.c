// SPDX-License-Identifier: GPL-2.0
/* BBR's states: ../cong_bbr.c ../cong_bbr_probe.c */
#include <linux/module.h>
#include <linux/random.h>

#include "bbr_feed.h"

u32 bbr_test_chance, bbr_test_seed;

static u32 bbr_test_random(void)
{
	return bbr_test_seed ? test_rnd(&bbr_test_seed) : bbr_test_chance;
}

#define get_random_u32 bbr_test_random
#include "../cong_bbr.c"
#include "../cong_bbr_probe.c"
#undef get_random_u32

static int bbr_test_init(struct kunit *test)
{
	bbr_test_chance = 0;
	bbr_test_seed = 0;
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

/* 5.3.1.3: six places, more than 2 % of 20 segments, in recovery */
static void startup__ends_by_persistent_loss(struct kunit *test)
{
	struct feed f;

	lossy_startup(&f, 6, 6 * MSS, 2 * BW, RTT_US);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_DRAIN);
	/* One product at 2 MB/s: as much as was delivered in a round. */
	KUNIT_EXPECT_EQ(test, bbr(&f)->inflight_long, 20 * MSS);
	KUNIT_EXPECT_EQ(test, bbr(&f)->undo_state, BBR_STARTUP);
}

static void startup__ignores_less_loss(struct kunit *test)
{
	struct feed f;

	lossy_startup(&f, 5, 6 * MSS, 2 * BW, RTT_US);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_STARTUP);
	lossy_startup(&f, 6, 400, 2 * BW, RTT_US);	/* exactly 2 % */
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_STARTUP);
}

/* Beyond the draft: what still grows, and without a queue, is not full. */
static void startup__grows_in_spite_of_loss(struct kunit *test)
{
	struct feed f;

	lossy_startup(&f, 6, 6 * MSS, 4 * BW, RTT_US);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_STARTUP);
	/* ... but with a queue it may well be. */
	lossy_startup(&f, 6, 6 * MSS, 4 * BW, 2 * RTT_US);
	KUNIT_EXPECT_TRUE(test, bbr(&f)->full_bw_reached);
}

/* Beyond the draft: with next to nothing in flight the rate must be low. */
static void startup__an_empty_pipe_is_no_plateau(struct kunit *test)
{
	struct xtcp_ack_sample s;
	struct feed f;
	int i;

	feed_start(&f);
	pass(&f, BW);
	for (i = 0; i < 6; i++) {
		s = sample(&f, BW / 2);
		s.tx_inflight = 7499;	/* 75 % of the product are 7500 */
		f.c.now_us += RTT_US;
		ack(&f, &s);
	}
	KUNIT_EXPECT_EQ(test, bbr(&f)->full_bw_count, 0);
	s = sample(&f, BW / 2);
	s.tx_inflight = 7500;
	ack(&f, &s);
	KUNIT_EXPECT_EQ(test, bbr(&f)->full_bw_count, 1);
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

		bbr_test_chance = chance[i];
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

/*
 * In UP; its first segment has just been acknowledged, and ACKs come so evenly
 * that none is held back.
 */
static void feed_up_answered(struct feed *f)
{
	feed_up(f);
	pass(f, BW);
	bbr(f)->extra_acked[0] = 0;
	bbr(f)->extra_acked[1] = 0;
	bbr(f)->extra_bytes = 0;
	bbr(f)->extra_at = f->c.now_us;
}

/* @bytes arrive in the @us since then. */
static void arrive(struct feed *f, u32 bytes, u32 us, bool app_limited)
{
	struct xtcp_ack_sample s;

	f->delivered = bbr(f)->next_round + bytes - MSS;
	s = sample_within(f);
	s.app_limited = app_limited;
	f->c.now_us += us;
	ack(f, &s);
}

/*
 * 1.06 x 1 MB/s x 5 ms are 5300 bytes, of which an ACK of one segment may hold
 * back one; not before half a round trip.
 */
static void up__ends_when_nothing_is_gained(struct kunit *test)
{
	struct feed f;

	feed_up_answered(&f);
	arrive(&f, 3000, RTT_US / 2 - 1, false);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_UP);

	feed_up_answered(&f);
	arrive(&f, 4299, RTT_US / 2, false);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_DOWN);
	KUNIT_EXPECT_FALSE(test, bbr(&f)->too_high);

	feed_up_answered(&f);
	arrive(&f, 4300, RTT_US / 2, false);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_UP);
}

/* Two equal flows see a growth of 11 %. */
static void up__goes_on_when_others_give_way(struct kunit *test)
{
	struct feed f;

	feed_up_answered(&f);
	arrive(&f, 5550, RTT_US / 2, false);
	arrive(&f, 9990, RTT_US / 2 - RTT_US / 10, false);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_UP);
}

/* What ACKs in bunches hold back yet counts as arrived. */
static void up__waits_for_held_back_acks(struct kunit *test)
{
	struct feed f;

	feed_up_answered(&f);
	bbr(&f)->extra_acked[0] = 2000;
	arrive(&f, 3300, RTT_US / 2, false);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_UP);
	arrive(&f, 3400, RTT_US / 8, false);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_DOWN);
}

/* Neither the program's lack of data nor inflight_longterm are the path's. */
static void up__gains_nothing_when_held_down(struct kunit *test)
{
	struct feed f;

	feed_up_answered(&f);
	arrive(&f, 4000, RTT_US / 2, true);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_UP);

	feed_up_answered(&f);
	bbr(&f)->inflight_long = f.c.cwnd;
	f.c.cwnd_limited = true;
	arrive(&f, 4000, RTT_US / 2, false);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_UP);
	bbr(&f)->inflight_long = BBR_INFINITE;
	f.c.cwnd_limited = false;
	arrive(&f, 5000, RTT_US / 4, false);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_UP);
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
	KUNIT_EXPECT_FALSE(test, bbr(&f)->probe_drained);
	pass_at(&f, BW, 5 * MSS);
	drained = f.c.now_us;
	KUNIT_EXPECT_TRUE(test, bbr(&f)->probe_drained);
	while (f.c.now_us <= drained + 200000) {
		KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_PROBE_RTT);
		pass_at(&f, BW / 2, 5 * MSS);
	}
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_CRUISE);
	KUNIT_EXPECT_GE(test, f.c.cwnd, cwnd);
	KUNIT_EXPECT_EQ(test, bbr(&f)->probe_min_at, bbr_now(&f.c));
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
	KUNIT_CASE(startup__grows_in_spite_of_loss),
	KUNIT_CASE(startup__an_empty_pipe_is_no_plateau),
	KUNIT_CASE(drain__until_the_queue_is_gone),
	KUNIT_CASE(drain__for_three_rounds_at_most),
	KUNIT_CASE(cycle__phases_and_gains),
	KUNIT_CASE(cycle__waits_two_to_three_seconds),
	KUNIT_CASE(cycle__waits_no_longer_than_reno),
	KUNIT_CASE(cycle__waits_63_rounds_at_most),
	KUNIT_CASE(down__refills_when_it_is_time),
	KUNIT_CASE(down__leaves_headroom),
	KUNIT_CASE(up__ends_on_a_plateau),
	KUNIT_CASE(up__ends_when_nothing_is_gained),
	KUNIT_CASE(up__goes_on_when_others_give_way),
	KUNIT_CASE(up__waits_for_held_back_acks),
	KUNIT_CASE(up__gains_nothing_when_held_down),
	KUNIT_CASE(up__goes_on_while_it_grows),
	KUNIT_CASE(up__goes_on_while_app_limited),
	KUNIT_CASE(up__inflight_doubles_its_steps),
	KUNIT_CASE(probe_rtt__drains),
	KUNIT_CASE(probe_rtt__lasts_200_ms),
	KUNIT_CASE(probe_rtt__waits_for_a_round),
	KUNIT_CASE(probe_rtt__returns_to_startup),
	KUNIT_CASE(idle__restarts_at_the_bandwidth),
	KUNIT_CASE(idle__stands_in_for_probe_rtt),
	KUNIT_CASE(idle__ends_probe_rtt),
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
