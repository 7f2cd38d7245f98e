// SPDX-License-Identifier: GPL-2.0
/*
 * BBR at its limits, and over a simulated path (path_sim.h): several of the cases of the draft's
 * appendix "BBR Example Test Cases", and how flows share.
 */
#include <linux/module.h>

#include "bbr_feed.h"
#include "path_sim.h"

static int bbr_path_test_init(struct kunit *test)
{
	bbr_test_chance = 0;
	bbr_test_seed = 0;
	return 0;
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

	bbr_test_seed = 7;
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

/* The link is used, and probes that gain nothing leave next to no queue. */
static void path__full_with_a_small_queue(struct kunit *test)
{
	struct sim_path p = path(20 * MBIT, 40000);
	struct sim *sim = sim_new(test, &p);
	struct sim_flow *f = sim_add(test, sim, &xtcp_bbr, SIM_MSS, 0);

	sim_run(sim, 2 * SEC);
	sim_mark(sim);
	sim_run(sim, 10 * SEC);
	KUNIT_EXPECT_GE(test, percent_of(f->goodput, p.rate * 10), 95ull);
	KUNIT_EXPECT_LE(test, sim_mean_queue(sim), p.buffer / 25);
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

/* Neither one nor three percent of loss are congestion. */
static void path__random_loss(struct kunit *test)
{
	const u32 loss_ppm[] = { 10000, 30000 };
	const u64 percent[] = { 88, 80 };
	int i;

	for (i = 0; i < 2; i++) {
		struct sim_path p = path(20 * MBIT, 40000);
		struct sim *sim;
		struct sim_flow *f;

		p.loss_ppm = loss_ppm[i];
		sim = sim_new(test, &p);
		f = sim_add(test, sim, &xtcp_bbr, SIM_MSS, 0);
		sim_run(sim, 2 * SEC);
		sim_mark(sim);
		sim_run(sim, 10 * SEC);
		KUNIT_EXPECT_GE(test, percent_of(f->goodput, p.rate * 10),
				percent[i]);
	}
}

/* Ten flows overflow a tenth of a product: that is congestion, and must not be
 * taken for the path's own loss.
 */
static void path__shallow_buffer_is_no_noise(struct kunit *test)
{
	struct sim_path p = path(50 * MBIT, 40000);
	u64 lost = 0, delivered = 0;
	struct sim *sim;
	int i;

	bbr_test_seed = 5;
	p.buffer /= 10;
	sim = sim_new(test, &p);
	for (i = 0; i < 10; i++)
		sim_add(test, sim, &xtcp_bbr, SIM_MSS, i * 10000);
	sim_run(sim, 2 * SEC);
	sim_mark(sim);
	sim_run(sim, 10 * SEC);
	for (i = 0; i < 10; i++) {
		lost += sim->flow[i].losses;
		delivered += sim->flow[i].goodput;
	}
	KUNIT_EXPECT_LE(test, percent_of(lost, delivered), 3ull);
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
static u32 fairness(struct kunit *test, const struct sim_path *p,
		    unsigned int flows, u64 warm_us, u64 us)
{
	struct sim *sim = sim_new(test, p);
	u64 sum = 0, squares = 0, g;
	unsigned int i;

	bbr_test_seed = 3;
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
	KUNIT_EXPECT_GE(test, percent_of(sum << 10, p->rate * us / SEC), 90ull);
	return percent_of(sum * sum, squares * flows);
}

static void path__two_flows_share(struct kunit *test)
{
	const struct sim_path p = path(20 * MBIT, 40000);

	KUNIT_EXPECT_GE(test, fairness(test, &p, 2, 5 * SEC, 20 * SEC), 95u);
}

static void path__ten_flows_share(struct kunit *test)
{
	const struct sim_path p = path(20 * MBIT, 40000);

	KUNIT_EXPECT_GE(test, fairness(test, &p, 10, 5 * SEC, 20 * SEC), 90u);
}

static void path__ten_flows_share_a_shallow_buffer(struct kunit *test)
{
	struct sim_path p = path(100 * MBIT, 40000);

	p.buffer /= 10;
	KUNIT_EXPECT_GE(test, fairness(test, &p, 10, 2 * SEC, 10 * SEC), 75u);
}

static struct kunit_case bbr_path_cases[] = {
	KUNIT_CASE(limits__100_gbit),
	KUNIT_CASE(limits__small_product),
	KUNIT_CASE(limits__any_sample),
	KUNIT_CASE(path__startup_finds_the_rate),
	KUNIT_CASE(path__full_with_a_small_queue),
	KUNIT_CASE(path__deep_buffer_stays_empty),
	KUNIT_CASE(path__random_loss),
	KUNIT_CASE(path__shallow_buffer_is_no_noise),
	KUNIT_CASE(path__bunched_acks),
	KUNIT_CASE(path__less_than_a_packet),
	KUNIT_CASE(path__rate_grows_tenfold),
	KUNIT_CASE(path__rate_falls_tenfold),
	KUNIT_CASE(path__program_is_the_limit),
	KUNIT_CASE(path__two_flows_share),
	KUNIT_CASE(path__ten_flows_share),
	KUNIT_CASE(path__ten_flows_share_a_shallow_buffer),
	{}
};

static struct kunit_suite bbr_path_suite = {
	.name = "xtcp_cong_bbr_path",
	.init = bbr_path_test_init,
	.test_cases = bbr_path_cases,
};

kunit_test_suites(&bbr_path_suite);
