// SPDX-License-Identifier: GPL-2.0
/* BBR's model of the path: ../cong_bbr_model.c */
#include <linux/module.h>

#include "bbr_feed.h"
#include "../cong_bbr_model.c"

static int bbr_model_test_init(struct kunit *test)
{
	bbr_test_chance = 0;
	bbr_test_seed = 0;
	return 0;
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
	struct feed f;

	feed_start(&f);
	KUNIT_EXPECT_EQ(test, bbr_inflight_at_loss(&f.c, &l), 81632u);
	l.tx_lost = 30000;	/* too much was lost before it already */
	KUNIT_EXPECT_EQ(test, bbr_inflight_at_loss(&f.c, &l), 80000u);
	l.tx_lost = 20000;
	l.tx_inflight = 10000;	/* nonsense must not wrap */
	KUNIT_EXPECT_EQ(test, bbr_inflight_at_loss(&f.c, &l), 0u);
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
	struct xtcp_ack_sample s;
	struct feed f;

	feed_up(&f);
	bbr(&f)->too_high = true;
	bbr(&f)->inflight_long = 12 * MSS;
	s = sample(&f, BW);
	s.prior_inflight = 12 * MSS - 1;
	ack(&f, &s);
	KUNIT_EXPECT_EQ(test, bbr(&f)->state, BBR_UP);
	s = sample(&f, BW);
	s.prior_inflight = 12 * MSS;
	ack(&f, &s);
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
	pass_queued(&f, BW / 2);	/* the round of the loss ends */
	KUNIT_EXPECT_EQ(test, bbr(&f)->bw_short, BW * 7ull / 10);
	KUNIT_EXPECT_EQ(test, bbr(&f)->inflight_short, cwnd * 7 / 10);
	KUNIT_EXPECT_EQ(test, f.c.pacing_rate, 693000ull);
	lose(&f, 10 * MSS, MSS);
	pass_queued(&f, BW * 6 / 10);
	KUNIT_EXPECT_EQ(test, bbr(&f)->bw_short, 606060ull);
	/* A round without loss changes nothing. */
	pass(&f, BW * 3 / 10);
	KUNIT_EXPECT_EQ(test, bbr(&f)->bw_short, 606060ull);
}

/* Without a queue it is not the volume that is too high. */
static void cruise__loss_without_queue_keeps_the_volume(struct kunit *test)
{
	struct feed f;

	feed_cruise(&f);
	lose(&f, 10 * MSS, MSS);
	bbr(&f)->bw_latest = 0;
	pass(&f, BW / 2);
	KUNIT_EXPECT_EQ(test, bbr(&f)->bw_short, BW * 7ull / 10);
	KUNIT_EXPECT_EQ(test, bbr(&f)->inflight_short, BBR_INFINITE);
}

/* Less than 0.99 of the bandwidth is not sent: delivering that is no loss. */
static void cruise__pacing_margin_is_no_loss(struct kunit *test)
{
	struct feed f;

	feed_cruise(&f);
	lose(&f, 10 * MSS, MSS);
	bbr(&f)->bw_latest = 0;
	pass(&f, BW * 99 / 100);
	KUNIT_EXPECT_GE(test, bbr(&f)->bw_short, BW * 98ull / 99);
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

/* ------------------------------------------------------------------ noise */

/* A round without queue in which @lost of 130 segments were lost. */
static void quiet_round(struct feed *f, u32 lost)
{
	bbr(f)->quiet = true;
	bbr(f)->was_quiet = true;
	bbr(f)->quiet_lost = 0;
	bbr(f)->quiet_bytes = 0;
	bbr(f)->round_lost = lost * MSS;
	bbr_update_noise(&f->c, (130 - lost) * MSS);
}

/* A quarter of the way to 10 %: 2.5 %, then 4.37 %; and back */
static void noise__average_of_quiet_rounds(struct kunit *test)
{
	struct feed f;

	feed_cruise(&f);
	quiet_round(&f, 13);
	KUNIT_EXPECT_EQ(test, bbr(&f)->noise, 250);
	quiet_round(&f, 13);
	KUNIT_EXPECT_EQ(test, bbr(&f)->noise, 437);
	quiet_round(&f, 0);
	KUNIT_EXPECT_EQ(test, bbr(&f)->noise, 327);
}

static void noise__fifth_at_most(struct kunit *test)
{
	struct feed f;
	int i;

	feed_cruise(&f);
	for (i = 0; i < 100; i++)
		quiet_round(&f, 100);
	KUNIT_EXPECT_LE(test, bbr(&f)->noise, BBR_NOISE_MAX);
	KUNIT_EXPECT_GE(test, bbr(&f)->noise, BBR_NOISE_MAX - 5);
}

/* Few segments make no share: they wait for more. */
static void noise__of_many_segments(struct kunit *test)
{
	struct feed f;
	int i;

	feed_cruise(&f);
	bbr(&f)->quiet_lost = 0;
	bbr(&f)->quiet_bytes = 0;
	for (i = 0; i < 12; i++) {
		bbr(&f)->quiet = true;
		bbr(&f)->was_quiet = true;
		bbr(&f)->round_lost = MSS;
		bbr_update_noise(&f.c, 9 * MSS);
		KUNIT_EXPECT_EQ(test, bbr(&f)->noise, 0);
	}
	bbr_update_noise(&f.c, 9 * MSS);
	KUNIT_EXPECT_EQ(test, bbr(&f)->noise, 250);
}

static void noise__not_with_a_queue(struct kunit *test)
{
	struct feed f;

	feed_cruise(&f);
	bbr(&f)->quiet = false;
	bbr(&f)->round_lost = 13 * MSS;
	bbr_update_noise(&f.c, 117 * MSS);
	KUNIT_EXPECT_EQ(test, bbr(&f)->noise, 0);
	/* A round trip of 10.3 ms: a 32nd above the smallest, or not */
	pass(&f, BW);
	KUNIT_EXPECT_TRUE(test, bbr(&f)->quiet);
	pass_queued(&f, BW);
	KUNIT_EXPECT_FALSE(test, bbr(&f)->quiet);
}

static void noise__not_of_a_probe(struct kunit *test)
{
	struct feed f;

	feed_up(&f);
	quiet_round(&f, 13);
	KUNIT_EXPECT_EQ(test, bbr(&f)->noise, 0);
	bbr(&f)->state = BBR_DOWN;	/* the probe's last samples */
	quiet_round(&f, 13);
	KUNIT_EXPECT_EQ(test, bbr(&f)->noise, 0);
}

/* At 4 %: of 100 segments 2, 4, and thrice the root of 4 */
static void noise__is_no_excess(struct kunit *test)
{
	struct feed f;

	feed_up(&f);
	bbr(&f)->noise = 400;
	KUNIT_EXPECT_FALSE(test, bbr_lost_too_much(&f.c, 12 * MSS, 100 * MSS));
	KUNIT_EXPECT_TRUE(test, bbr_lost_too_much(&f.c, 12 * MSS + 1,
						  100 * MSS));
}

/* At 10 %: who delivers 0.99 * 0.9 of the bandwidth has sent all of it. */
static void noise__does_not_lower_the_rate(struct kunit *test)
{
	struct feed f;

	feed_cruise(&f);
	bbr(&f)->noise = 1000;
	lose(&f, 10 * MSS, MSS);
	bbr(&f)->bw_latest = 0;
	pass(&f, BW * 891 / 1000);
	KUNIT_EXPECT_GE(test, bbr(&f)->bw_short, BW * 98ull / 99);
	lose(&f, 10 * MSS, MSS);
	bbr(&f)->bw_latest = 0;
	pass(&f, BW * 800 / 1000);
	KUNIT_EXPECT_LE(test, bbr(&f)->bw_short, BW * 90ull / 100);
}

/* -------------------------------------------------------------------- ECN */

/* One round of CRUISE in which @marked of ten segments are marked. */
static void marked_round(struct feed *f, unsigned int marked)
{
	struct xtcp_ack_sample s = sample_within(f);

	s.ce_bytes = marked * MSS;
	ack(f, &s);
	bbr(f)->inflight_latest = 10 * MSS;
	pass(f, BW);
}

/*
 * Marked is delivered: the volume is cut, not the rate, and by a third of the
 * share that is marked, averaged as RFC 8257 section 3.3 has it.
 */
static void cruise__marks_cut_the_volume(struct kunit *test)
{
	struct feed f;

	feed_cruise(&f);
	bbr(&f)->alpha = 512;
	bbr(&f)->inflight_short = 60 * MSS;
	marked_round(&f, 5);
	KUNIT_EXPECT_EQ(test, bbr(&f)->alpha, 512);
	KUNIT_EXPECT_EQ(test, bbr(&f)->inflight_short, 50 * MSS);
	KUNIT_EXPECT_EQ(test, bbr(&f)->bw_short, BBR_INFINITE_BW);
	marked_round(&f, 10);
	KUNIT_EXPECT_EQ(test, bbr(&f)->alpha, (512 * 15 + 1024) / 16);
}

/* Where marks are rare they are answered mildly. */
static void cruise__marks_are_forgotten(struct kunit *test)
{
	struct feed f;
	unsigned int i;

	feed_cruise(&f);
	bbr(&f)->alpha = BBR_ALPHA_ONE;
	for (i = 0; i < 4; i++)
		pass(&f, BW);
	/* 1024 * (15 / 16)^4 */
	KUNIT_EXPECT_LE(test, bbr(&f)->alpha, 791);
	bbr(&f)->alpha = 0;
	bbr(&f)->inflight_short = 96 * MSS;
	marked_round(&f, 10);
	KUNIT_EXPECT_EQ(test, bbr(&f)->inflight_short, 94 * MSS);
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

/* A round ends whose mean is @rtt_us.  Is it time to drain the queue? */
static bool round_of(struct feed *f, u32 rtt_us)
{
	struct xtcp_ack_sample s = {};
	struct bbr_ack a = { .s = &s };

	bbr(f)->round_start = true;
	bbr(f)->rtt_sum_us = rtt_us;
	bbr(f)->rtt_n = 1;
	return bbr_update_min_rtt(&f->c, &a);
}

static void min_rtt__lives_for_ten_seconds(struct kunit *test)
{
	struct feed f;

	feed_cruise(&f);
	bbr(&f)->min_rtt_at = bbr_now(&f.c);
	bbr(&f)->probe_min_at = bbr_now(&f.c);
	f.c.now_us += 5 * SEC;
	KUNIT_EXPECT_FALSE(test, round_of(&f, 2 * RTT_US));
	f.c.now_us++;
	KUNIT_EXPECT_TRUE(test, round_of(&f, 2 * RTT_US));
	KUNIT_EXPECT_EQ(test, bbr(&f)->probe_min_us, 2 * RTT_US);
	KUNIT_EXPECT_EQ(test, bbr(&f)->min_rtt_us, RTT_US);
	f.c.now_us += 5 * SEC - 1;
	round_of(&f, 3 * RTT_US);
	KUNIT_EXPECT_EQ(test, bbr(&f)->min_rtt_us, RTT_US);
	f.c.now_us++;
	round_of(&f, 3 * RTT_US);
	KUNIT_EXPECT_EQ(test, bbr(&f)->min_rtt_us, 2 * RTT_US);
	round_of(&f, RTT_US / 2);
	KUNIT_EXPECT_EQ(test, bbr(&f)->min_rtt_us, RTT_US / 2);
}

/* No round trip of the present round has come. */
static void begin_mean(struct feed *f)
{
	bbr(f)->rtt_bytes = 0;
	bbr(f)->rtt_sum_us = 0;
	bbr(f)->rtt_n = 0;
}

/* 4, 9 and 8 ms in a round: 7 */
static void min_rtt__is_the_mean_of_a_round(struct kunit *test)
{
	const u32 rtts[] = { 9000, 8000 };
	struct xtcp_ack_sample s;
	struct feed f;
	int i;

	feed_cruise(&f);
	begin_mean(&f);
	s = sample(&f, BW);
	s.rtt_us = 4000;
	s.acked = 4 * MSS;
	ack(&f, &s);
	for (i = 0; i < 2; i++) {
		s = sample_within(&f);
		s.rtt_us = rtts[i];
		s.acked = 4 * MSS;
		ack(&f, &s);
	}
	KUNIT_EXPECT_EQ(test, bbr(&f)->min_rtt_us, RTT_US);
	pass(&f, BW);
	KUNIT_EXPECT_EQ(test, bbr(&f)->min_rtt_us, 7000u);
}

/* One segment overtook the others: the round is over, but has told of it only. */
static void min_rtt__not_of_one_segment(struct kunit *test)
{
	struct xtcp_ack_sample s;
	struct feed f;

	feed_cruise(&f);
	pass(&f, BW);
	begin_mean(&f);
	s = sample_within(&f);
	s.rtt_us = RTT_US / 4;
	s.acked = MSS;
	ack(&f, &s);
	s = sample(&f, BW);
	s.tx_inflight = 10 * MSS;
	s.rtt_us = RTT_US;
	s.acked = 9 * MSS;
	ack(&f, &s);
	KUNIT_EXPECT_EQ(test, bbr(&f)->min_rtt_us, RTT_US);
	/* Both rounds together: five eighths. */
	pass(&f, BW);
	KUNIT_EXPECT_EQ(test, bbr(&f)->min_rtt_us, RTT_US * 5 / 8);
}

/* What does not fit into the sum is left out. */
static void min_rtt__of_a_long_round(struct kunit *test)
{
	struct xtcp_ack_sample s;
	struct feed f;
	int i;

	feed_cruise(&f);
	begin_mean(&f);
	for (i = 0; i < 10; i++) {
		s = sample_within(&f);
		s.rtt_us = 1000000000;
		ack(&f, &s);
	}
	KUNIT_EXPECT_LE(test, bbr(&f)->rtt_n, 5);
	KUNIT_EXPECT_GE(test, bbr(&f)->rtt_sum_us / bbr(&f)->rtt_n,
			750000000u);
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
	s.rtt_us = 2 * RTT_US;
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

	lossy_startup(&f, 6, 6 * MSS, 2 * BW, RTT_US);
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

static struct kunit_case bbr_model_cases[] = {
	KUNIT_CASE(inflight_at_loss__within_a_burst),
	KUNIT_CASE(up__excess_loss_bounds_inflight),
	KUNIT_CASE(up__excess_loss_takes_30_percent),
	KUNIT_CASE(up__excess_loss_when_app_limited),
	KUNIT_CASE(up__stops_where_loss_was),
	KUNIT_CASE(cruise__loss_lowers_to_delivery),
	KUNIT_CASE(cruise__loss_without_queue_keeps_the_volume),
	KUNIT_CASE(cruise__pacing_margin_is_no_loss),
	KUNIT_CASE(refill__forgets_recent_loss),
	KUNIT_CASE(refill__loss_leaves_the_short_term),
	KUNIT_CASE(noise__average_of_quiet_rounds),
	KUNIT_CASE(noise__fifth_at_most),
	KUNIT_CASE(noise__of_many_segments),
	KUNIT_CASE(noise__not_with_a_queue),
	KUNIT_CASE(noise__not_of_a_probe),
	KUNIT_CASE(noise__is_no_excess),
	KUNIT_CASE(noise__does_not_lower_the_rate),
	KUNIT_CASE(cruise__marks_cut_the_volume),
	KUNIT_CASE(cruise__marks_are_forgotten),
	KUNIT_CASE(up__marks_bound_inflight),
	KUNIT_CASE(startup__ends_by_marks),
	KUNIT_CASE(max_bw__lasts_two_cycles),
	KUNIT_CASE(max_bw__app_limited_only_raises),
	KUNIT_CASE(max_bw__advances_after_a_probe),
	KUNIT_CASE(min_rtt__lives_for_ten_seconds),
	KUNIT_CASE(min_rtt__is_the_mean_of_a_round),
	KUNIT_CASE(min_rtt__not_of_one_segment),
	KUNIT_CASE(min_rtt__of_a_long_round),
	KUNIT_CASE(aggregation__excess_and_reset),
	KUNIT_CASE(aggregation__forgotten_in_ten_rounds),
	KUNIT_CASE(rto__window_comes_back),
	KUNIT_CASE(rto__does_not_bound_by_one_segment),
	KUNIT_CASE(recovery__window_is_bounded_by_the_model),
	KUNIT_CASE(undo__back_to_startup),
	KUNIT_CASE(undo__back_to_the_probe),
	KUNIT_CASE(undo__restores_the_short_term),
	{}
};

static struct kunit_suite bbr_model_suite = {
	.name = "xtcp_cong_bbr_model",
	.init = bbr_model_test_init,
	.test_cases = bbr_model_cases,
};

kunit_test_suites(&bbr_model_suite);
