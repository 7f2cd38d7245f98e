// SPDX-License-Identifier: GPL-2.0
/* Congestion control, common part and reno: ../cong.c ../cong_reno.c */
#include <linux/module.h>
#include <linux/slab.h>

#include "xtcp_kunit.h"

/* xtcp.ko exports these; the copies in here must not. */
#undef EXPORT_SYMBOL_GPL
#define EXPORT_SYMBOL_GPL(symbol)

#include "../cong.c"
#include "../cong_reno.c"

#define MSS	1000u
#define RTO_US	200000u

/* A controller that notes how it was called. */
static struct {
	unsigned int	init;
	unsigned int	release;
	unsigned int	observed;
	unsigned int	events;
	int		last_event;
	u32		ssthresh;
	u32		ecn_ssthresh;
	u32		undo;
} spy;

static void spy_init(struct xtcp_cong *c)
{
	spy.init++;
	c->priv[0] = spy.init;
}

static void spy_release(struct xtcp_cong *c)
{
	spy.release++;
}

static void spy_on_ack(struct xtcp_cong *c, const struct xtcp_ack_sample *s)
{
	c->cwnd += s->acked;
}

static void spy_observe(struct xtcp_cong *c, const struct xtcp_ack_sample *s)
{
	spy.observed += s->acked;
}

static u32 spy_ssthresh(struct xtcp_cong *c, u32 inflight)
{
	return spy.ssthresh;
}

static u32 spy_ecn_ssthresh(struct xtcp_cong *c, u32 inflight)
{
	return spy.ecn_ssthresh;
}

static u32 spy_undo(struct xtcp_cong *c)
{
	return spy.undo;
}

static void spy_event(struct xtcp_cong *c, enum xtcp_cong_event ev)
{
	spy.events++;
	spy.last_event = ev;
}

static struct xtcp_cong_ops spy_ops = {
	.name = "spy",
	.owner = THIS_MODULE,
	.init = spy_init,
	.release = spy_release,
	.on_ack = spy_on_ack,
	.observe = spy_observe,
	.ssthresh = spy_ssthresh,
	.undo_cwnd = spy_undo,
	.event = spy_event,
};

static int cong_test_init(struct kunit *test)
{
	memset(&spy, 0, sizeof(spy));
	return 0;
}

static struct xtcp_cong reno_at(u32 cwnd, u32 ssthresh)
{
	struct xtcp_cong c;

	xtcp_cong_start(&c, &xtcp_reno, MSS);
	c.cwnd = cwnd;
	c.ssthresh = ssthresh;
	c.cwnd_limited = true;
	return c;
}

static void ack(struct xtcp_cong *c, u32 bytes)
{
	struct xtcp_ack_sample s = { .acked = bytes };

	xtcp_cong_on_ack(c, &s);
}

/* Life */

static void cong_start__initial_window(struct kunit *test)
{
	struct xtcp_cong c;

	memset(&c, 0xff, sizeof(c));
	xtcp_cong_start(&c, &xtcp_reno, MSS);
	KUNIT_EXPECT_PTR_EQ(test, c.ops, (const struct xtcp_cong_ops *)
			    &xtcp_reno);
	KUNIT_EXPECT_EQ(test, c.cwnd, 10 * MSS);
	KUNIT_EXPECT_EQ(test, c.ssthresh, XTCP_INFINITE_SSTHRESH);
	KUNIT_EXPECT_EQ(test, c.pacing_rate, XTCP_PACING_NONE);
	KUNIT_EXPECT_EQ(test, c.acked_frac, 0u);
	KUNIT_EXPECT_EQ(test, c.prior_cwnd, 0u);
	KUNIT_EXPECT_FALSE(test, c.cwnd_limited);
	KUNIT_EXPECT_TRUE(test, xtcp_in_slow_start(&c));
}

static void cong_start__init_and_release(struct kunit *test)
{
	struct xtcp_cong c;

	xtcp_cong_start(&c, &spy_ops, MSS);
	KUNIT_EXPECT_EQ(test, spy.init, 1u);
	KUNIT_EXPECT_EQ(test, c.priv[0], 1ull);
	xtcp_cong_stop(&c);
	KUNIT_EXPECT_EQ(test, spy.release, 1u);
	KUNIT_EXPECT_NULL(test, c.ops);
	xtcp_cong_stop(&c);
	KUNIT_EXPECT_EQ(test, spy.release, 1u);
}

static void cong_reset__begins_anew(struct kunit *test)
{
	struct xtcp_cong c;

	xtcp_cong_start(&c, &spy_ops, MSS);
	c.cwnd = 5;
	c.ssthresh = 6;
	c.prior_cwnd = 7;
	c.priv[1] = 8;
	xtcp_cong_reset(&c, 500);
	KUNIT_EXPECT_EQ(test, spy.release, 1u);
	KUNIT_EXPECT_EQ(test, spy.init, 2u);
	KUNIT_EXPECT_EQ(test, c.mss, 500u);
	KUNIT_EXPECT_EQ(test, c.cwnd, 5000u);
	KUNIT_EXPECT_EQ(test, c.ssthresh, XTCP_INFINITE_SSTHRESH);
	KUNIT_EXPECT_EQ(test, c.prior_cwnd, 0u);
	KUNIT_EXPECT_EQ(test, c.priv[1], 0ull);
	KUNIT_EXPECT_PTR_EQ(test, c.ops, (const struct xtcp_cong_ops *)
			    &spy_ops);
}

static void cong_set_mss__keeps_bytes(struct kunit *test)
{
	struct xtcp_cong c = reno_at(20 * MSS, 30 * MSS);

	xtcp_cong_set_mss(&c, 500);
	KUNIT_EXPECT_EQ(test, c.mss, 500u);
	KUNIT_EXPECT_EQ(test, c.cwnd, 20 * MSS);
	xtcp_cong_set_mss(&c, 60000);
	KUNIT_EXPECT_EQ(test, c.cwnd, 60000u);
}

/* Growth */

static void slow_start__byte_for_byte(struct kunit *test)
{
	struct xtcp_cong c = reno_at(10 * MSS, XTCP_INFINITE_SSTHRESH);

	ack(&c, 2 * MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 12 * MSS);
	ack(&c, 1);
	KUNIT_EXPECT_EQ(test, c.cwnd, 12 * MSS + 1);
}

static void slow_start__doubles_in_a_round(struct kunit *test)
{
	struct xtcp_cong c = reno_at(10 * MSS, XTCP_INFINITE_SSTHRESH);

	ack(&c, 10 * MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 20 * MSS);
}

static void slow_start__divided_acks_gain_nothing(struct kunit *test)
{
	struct xtcp_cong c = reno_at(10 * MSS, XTCP_INFINITE_SSTHRESH);
	unsigned int i;

	for (i = 0; i < MSS; i++)
		ack(&c, 1);
	KUNIT_EXPECT_EQ(test, c.cwnd, 11 * MSS);
}

static void slow_start__stops_at_ssthresh(struct kunit *test)
{
	struct xtcp_cong c = reno_at(10 * MSS, 11 * MSS);

	KUNIT_EXPECT_EQ(test, xtcp_cong_slow_start(&c, 5 * MSS), 4 * MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 11 * MSS);
	KUNIT_EXPECT_FALSE(test, xtcp_in_slow_start(&c));
	KUNIT_EXPECT_EQ(test, xtcp_cong_slow_start(&c, MSS), MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 11 * MSS);
}

static void slow_start__rest_goes_to_avoidance(struct kunit *test)
{
	struct xtcp_cong c = reno_at(10 * MSS, 11 * MSS);

	ack(&c, 12 * MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 12 * MSS);
}

static void avoid_ai__one_segment_a_window(struct kunit *test)
{
	struct xtcp_cong c = reno_at(10 * MSS, 10 * MSS);
	unsigned int i;

	for (i = 0; i < 9; i++) {
		ack(&c, MSS);
		KUNIT_EXPECT_EQ(test, c.cwnd, 10 * MSS);
	}
	ack(&c, MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 11 * MSS);
	KUNIT_EXPECT_EQ(test, c.acked_frac, 0u);
}

static void avoid_ai__fraction_is_kept(struct kunit *test)
{
	struct xtcp_cong c = reno_at(10 * MSS, 10 * MSS);

	ack(&c, 10 * MSS + 300);
	KUNIT_EXPECT_EQ(test, c.cwnd, 11 * MSS);
	KUNIT_EXPECT_EQ(test, c.acked_frac, 300u);
	ack(&c, 11 * MSS - 301);
	KUNIT_EXPECT_EQ(test, c.cwnd, 11 * MSS);
	ack(&c, 1);
	KUNIT_EXPECT_EQ(test, c.cwnd, 12 * MSS);
}

static void avoid_ai__ack_of_many_windows(struct kunit *test)
{
	struct xtcp_cong c = reno_at(2 * MSS, 2 * MSS);

	ack(&c, 7 * MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 5 * MSS);
	KUNIT_EXPECT_EQ(test, c.acked_frac, MSS);
}

static void growth__no_overflow(struct kunit *test)
{
	struct xtcp_cong c = reno_at(0x3ffffff0, XTCP_INFINITE_SSTHRESH);

	ack(&c, 0x7fffffff);
	KUNIT_EXPECT_EQ(test, c.cwnd, XTCP_MAX_CWND_BYTES);
	ack(&c, 0xffffffff);
	KUNIT_EXPECT_EQ(test, c.cwnd, XTCP_MAX_CWND_BYTES);
	c.ssthresh = MSS;
	ack(&c, 0xffffffff);
	ack(&c, 0xffffffff);
	KUNIT_EXPECT_EQ(test, c.cwnd, XTCP_MAX_CWND_BYTES);
	c.mss = 0xffff;
	c.cwnd = 0xffff;
	ack(&c, 0xffffffff);
	KUNIT_EXPECT_EQ(test, c.cwnd, XTCP_MAX_CWND_BYTES);
}

static void growth__only_when_limited(struct kunit *test)
{
	struct xtcp_cong c = reno_at(10 * MSS, XTCP_INFINITE_SSTHRESH);

	c.cwnd_limited = false;
	ack(&c, 10 * MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 10 * MSS);
	c.ssthresh = MSS;
	ack(&c, 100 * MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 10 * MSS);
}

/* Reduction */

static void reno_ssthresh__half_of_the_flight(struct kunit *test)
{
	struct xtcp_cong c = reno_at(20 * MSS, 50 * MSS);

	KUNIT_EXPECT_EQ(test, xtcp_reno.ssthresh(&c, 20 * MSS), 10 * MSS);
	KUNIT_EXPECT_EQ(test, xtcp_reno.ssthresh(&c, 8 * MSS), 4 * MSS);
	KUNIT_EXPECT_EQ(test, xtcp_reno.ssthresh(&c, 90 * MSS), 10 * MSS);
	KUNIT_EXPECT_EQ(test, xtcp_reno.ssthresh(&c, 3 * MSS), 2 * MSS);
	KUNIT_EXPECT_EQ(test, xtcp_reno.ssthresh(&c, 0), 2 * MSS);
}

static void cong_on_loss__halves(struct kunit *test)
{
	struct xtcp_cong c = reno_at(20 * MSS, 50 * MSS);

	c.acked_frac = 77;
	xtcp_cong_on_loss(&c, 20 * MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 10 * MSS);
	KUNIT_EXPECT_EQ(test, c.ssthresh, 10 * MSS);
	KUNIT_EXPECT_EQ(test, c.prior_cwnd, 20 * MSS);
	KUNIT_EXPECT_EQ(test, c.prior_ssthresh, 50 * MSS);
	KUNIT_EXPECT_EQ(test, c.acked_frac, 0u);
}

static void cong_on_loss__never_grows(struct kunit *test)
{
	struct xtcp_cong c = reno_at(MSS, 50 * MSS);

	xtcp_cong_on_loss(&c, MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, MSS);
	KUNIT_EXPECT_EQ(test, c.ssthresh, 2 * MSS);
}

static void cong_on_loss__threshold_of_nothing(struct kunit *test)
{
	struct xtcp_cong c;

	xtcp_cong_start(&c, &spy_ops, MSS);
	spy.ssthresh = 0;
	xtcp_cong_on_loss(&c, 10 * MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, MSS);
	KUNIT_EXPECT_EQ(test, spy.last_event, (int)XTCP_CONG_RECOVERY_ENTER);
}

static void cong_on_ecn__as_loss_or_otherwise(struct kunit *test)
{
	struct xtcp_cong_ops other = spy_ops;
	struct xtcp_cong c;

	other.ecn_ssthresh = spy_ecn_ssthresh;
	spy.ssthresh = 5 * MSS;
	spy.ecn_ssthresh = 7 * MSS;
	xtcp_cong_start(&c, &spy_ops, MSS);
	xtcp_cong_on_ecn(&c, 10 * MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 5 * MSS);
	KUNIT_EXPECT_EQ(test, spy.last_event, (int)XTCP_CONG_ECN);
	xtcp_cong_start(&c, &other, MSS);
	xtcp_cong_on_ecn(&c, 10 * MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 7 * MSS);
	KUNIT_EXPECT_EQ(test, c.ssthresh, 7 * MSS);
	xtcp_cong_on_loss(&c, 7 * MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 5 * MSS);
}

static void cong_observe__only_looks(struct kunit *test)
{
	struct xtcp_cong c = reno_at(10 * MSS, 20 * MSS);
	struct xtcp_ack_sample s = { .acked = 3 };

	xtcp_cong_observe(&c, &s);
	KUNIT_EXPECT_EQ(test, c.cwnd, 10 * MSS);
	xtcp_cong_start(&c, &spy_ops, MSS);
	xtcp_cong_observe(&c, &s);
	KUNIT_EXPECT_EQ(test, spy.observed, 3u);
	KUNIT_EXPECT_EQ(test, c.cwnd, 10 * MSS);
}

static void cong_on_rto__first(struct kunit *test)
{
	struct xtcp_cong c = reno_at(20 * MSS, XTCP_INFINITE_SSTHRESH);

	xtcp_cong_on_rto(&c, 16 * MSS, 0, true);
	KUNIT_EXPECT_EQ(test, c.cwnd, MSS);
	KUNIT_EXPECT_EQ(test, c.ssthresh, 8 * MSS);
	KUNIT_EXPECT_EQ(test, c.prior_cwnd, 20 * MSS);
	KUNIT_EXPECT_EQ(test, c.prior_ssthresh, XTCP_INFINITE_SSTHRESH);
}

static void cong_on_rto__further_keep_ssthresh(struct kunit *test)
{
	struct xtcp_cong c = reno_at(20 * MSS, XTCP_INFINITE_SSTHRESH);

	xtcp_cong_on_rto(&c, 20 * MSS, 0, true);
	xtcp_cong_on_rto(&c, MSS, 0, false);
	xtcp_cong_on_rto(&c, MSS, 0, false);
	KUNIT_EXPECT_EQ(test, c.cwnd, MSS);
	KUNIT_EXPECT_EQ(test, c.ssthresh, 10 * MSS);
	KUNIT_EXPECT_EQ(test, c.prior_cwnd, 20 * MSS);
}

static void cong_on_rto__tells_the_controller(struct kunit *test)
{
	struct xtcp_cong c;

	xtcp_cong_start(&c, &spy_ops, MSS);
	spy.ssthresh = 3 * MSS;
	xtcp_cong_on_rto(&c, 10 * MSS, 0, true);
	KUNIT_EXPECT_EQ(test, spy.last_event, (int)XTCP_CONG_RTO);
	KUNIT_EXPECT_EQ(test, spy.events, 1u);
	KUNIT_EXPECT_EQ(test, c.ssthresh, 3 * MSS);
}

static void cong_on_rto__slow_start_again(struct kunit *test)
{
	struct xtcp_cong c = reno_at(20 * MSS, XTCP_INFINITE_SSTHRESH);

	xtcp_cong_on_rto(&c, 20 * MSS, 0, true);
	ack(&c, MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 2 * MSS);
	ack(&c, 2 * MSS);
	ack(&c, 4 * MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 8 * MSS);
	ack(&c, 8 * MSS);
	KUNIT_EXPECT_EQ(test, c.cwnd, 10 * MSS);
}

static void cong_undo__restores(struct kunit *test)
{
	struct xtcp_cong c = reno_at(20 * MSS, 50 * MSS);

	xtcp_cong_on_rto(&c, 20 * MSS, 0, true);
	xtcp_cong_on_rto(&c, MSS, 0, false);
	xtcp_cong_undo(&c);
	KUNIT_EXPECT_EQ(test, c.cwnd, 20 * MSS);
	KUNIT_EXPECT_EQ(test, c.ssthresh, 50 * MSS);
}

static void cong_undo__only_once(struct kunit *test)
{
	struct xtcp_cong c = reno_at(20 * MSS, 50 * MSS);

	xtcp_cong_on_loss(&c, 20 * MSS);
	xtcp_cong_undo(&c);
	c.cwnd = 3 * MSS;
	xtcp_cong_undo(&c);
	KUNIT_EXPECT_EQ(test, c.cwnd, 3 * MSS);
}

static void cong_undo__nothing_to_undo(struct kunit *test)
{
	struct xtcp_cong c = reno_at(20 * MSS, 50 * MSS);

	xtcp_cong_undo(&c);
	KUNIT_EXPECT_EQ(test, c.cwnd, 20 * MSS);
	KUNIT_EXPECT_EQ(test, c.ssthresh, 50 * MSS);
}

static void cong_undo__never_shrinks(struct kunit *test)
{
	struct xtcp_cong c = reno_at(20 * MSS, 50 * MSS);

	xtcp_cong_on_loss(&c, 20 * MSS);
	c.cwnd = 60 * MSS;
	c.ssthresh = 70 * MSS;
	xtcp_cong_undo(&c);
	KUNIT_EXPECT_EQ(test, c.cwnd, 60 * MSS);
	KUNIT_EXPECT_EQ(test, c.ssthresh, 70 * MSS);
}

/* Idle */

static void cong_idle__less_than_an_rto(struct kunit *test)
{
	struct xtcp_cong c = reno_at(80 * MSS, 100 * MSS);

	xtcp_cong_idle(&c, RTO_US - 1, RTO_US);
	KUNIT_EXPECT_EQ(test, c.cwnd, 80 * MSS);
	KUNIT_EXPECT_TRUE(test, c.cwnd_limited);
}

static void cong_idle__halves_per_rto(struct kunit *test)
{
	struct xtcp_cong c = reno_at(80 * MSS, 40 * MSS);

	xtcp_cong_idle(&c, RTO_US, RTO_US);
	KUNIT_EXPECT_EQ(test, c.cwnd, 40 * MSS);
	KUNIT_EXPECT_EQ(test, c.ssthresh, 60 * MSS);
	KUNIT_EXPECT_FALSE(test, c.cwnd_limited);
	c = reno_at(80 * MSS, 100 * MSS);
	xtcp_cong_idle(&c, 3 * RTO_US - 1, RTO_US);
	KUNIT_EXPECT_EQ(test, c.cwnd, 20 * MSS);
	KUNIT_EXPECT_EQ(test, c.ssthresh, 100 * MSS);
}

static void cong_idle__down_to_the_initial_window(struct kunit *test)
{
	struct xtcp_cong c = reno_at(90 * MSS, XTCP_INFINITE_SSTHRESH);

	xtcp_cong_idle(&c, 0xffffffff, 1);
	KUNIT_EXPECT_EQ(test, c.cwnd, 10 * MSS);
	KUNIT_EXPECT_EQ(test, c.ssthresh, XTCP_INFINITE_SSTHRESH);
}

static void cong_idle__small_window_stays(struct kunit *test)
{
	struct xtcp_cong c = reno_at(3 * MSS, 2 * MSS);

	xtcp_cong_idle(&c, 100 * RTO_US, RTO_US);
	KUNIT_EXPECT_EQ(test, c.cwnd, 3 * MSS);
}

static void cong_idle__tells_the_controller(struct kunit *test)
{
	struct xtcp_cong c;

	xtcp_cong_start(&c, &spy_ops, MSS);
	xtcp_cong_idle(&c, RTO_US, RTO_US);
	KUNIT_EXPECT_EQ(test, spy.last_event, (int)XTCP_CONG_TX_START);
}

/* Whatever happens, the window holds a segment and stays below its bound. */
static void cong__windows_stay_sane(struct kunit *test)
{
	struct xtcp_cong c = reno_at(10 * MSS, XTCP_INFINITE_SSTHRESH);
	u32 seed = 13;
	int i;

	for (i = 0; i < XTCP_TEST_ROUNDS; i++) {
		u32 n = test_rnd(&seed) >> test_rnd_below(&seed, 32);

		c.cwnd_limited = test_rnd_below(&seed, 4);
		switch (test_rnd_below(&seed, 8)) {
		case 0:
			xtcp_cong_on_rto(&c, n, 0, test_rnd_below(&seed, 2));
			break;
		case 1:
			xtcp_cong_on_loss(&c, n);
			break;
		case 2:
			xtcp_cong_undo(&c);
			break;
		case 3:
			xtcp_cong_idle(&c, n, RTO_US);
			break;
		case 4:
			xtcp_cong_set_mss(&c, 88 + (n & 0xffff));
			break;
		default:
			ack(&c, n);
		}
		KUNIT_ASSERT_GE(test, c.cwnd, c.mss);
		KUNIT_ASSERT_LE(test, c.cwnd, XTCP_MAX_CWND_BYTES);
		KUNIT_ASSERT_GE(test, c.ssthresh, 2 * 88u);
	}
}

/* Registry: the list here is this module's own, empty but for these. */

static void cong_register__refuses(struct kunit *test)
{
	struct xtcp_cong_ops ops = spy_ops;

	ops.name[0] = '\0';
	KUNIT_EXPECT_EQ(test, xtcp_register_congestion_control(&ops), -EINVAL);
	memset(ops.name, 'x', sizeof(ops.name));
	KUNIT_EXPECT_EQ(test, xtcp_register_congestion_control(&ops), -EINVAL);
	memcpy(ops.name, "a b", sizeof("a b"));
	KUNIT_EXPECT_EQ(test, xtcp_register_congestion_control(&ops), -EINVAL);
	ops = spy_ops;
	ops.on_ack = NULL;
	KUNIT_EXPECT_EQ(test, xtcp_register_congestion_control(&ops), -EINVAL);
	ops = spy_ops;
	ops.ssthresh = NULL;
	KUNIT_EXPECT_EQ(test, xtcp_register_congestion_control(&ops), -EINVAL);
	ops = spy_ops;
	ops.undo_cwnd = NULL;
	KUNIT_EXPECT_EQ(test, xtcp_register_congestion_control(&ops), -EINVAL);
	KUNIT_EXPECT_NULL(test, xtcp_cong_get("spy"));
}

static void cong_register__names_are_unique(struct kunit *test)
{
	struct xtcp_cong_ops other = spy_ops;

	KUNIT_ASSERT_EQ(test, xtcp_register_congestion_control(&spy_ops), 0);
	KUNIT_EXPECT_EQ(test, xtcp_register_congestion_control(&other),
			-EEXIST);
	KUNIT_EXPECT_EQ(test, xtcp_register_congestion_control(&spy_ops),
			-EEXIST);
	xtcp_unregister_congestion_control(&spy_ops);
	KUNIT_EXPECT_EQ(test, xtcp_register_congestion_control(&other), 0);
	xtcp_unregister_congestion_control(&other);
}

static void cong_get__finds_and_counts(struct kunit *test)
{
	const struct xtcp_cong_ops *ops;

	KUNIT_EXPECT_NULL(test, xtcp_cong_get("reno"));
	KUNIT_ASSERT_EQ(test, xtcp_register_congestion_control(&xtcp_reno), 0);
	ops = xtcp_cong_get("reno");
	KUNIT_EXPECT_PTR_EQ(test, ops, (const struct xtcp_cong_ops *)
			    &xtcp_reno);
	KUNIT_EXPECT_NULL(test, xtcp_cong_get("ren"));
	KUNIT_EXPECT_NULL(test, xtcp_cong_get(""));
	xtcp_cong_hold(ops);
	xtcp_cong_put(ops);
	xtcp_cong_put(ops);
	xtcp_cong_put(NULL);
	xtcp_unregister_congestion_control(&xtcp_reno);
	KUNIT_EXPECT_NULL(test, xtcp_cong_get("reno"));
}

static void cong_list__names(struct kunit *test)
{
	char buf[32];

	KUNIT_EXPECT_EQ(test, xtcp_cong_list(buf, sizeof(buf)), (size_t)0);
	KUNIT_EXPECT_STREQ(test, buf, "");
	KUNIT_ASSERT_EQ(test, xtcp_register_congestion_control(&xtcp_reno), 0);
	KUNIT_ASSERT_EQ(test, xtcp_register_congestion_control(&spy_ops), 0);
	KUNIT_EXPECT_EQ(test, xtcp_cong_list(buf, sizeof(buf)), (size_t)8);
	KUNIT_EXPECT_STREQ(test, buf, "reno spy");
	xtcp_unregister_congestion_control(&spy_ops);
	xtcp_unregister_congestion_control(&xtcp_reno);
}

static void cong_list__small_buffers(struct kunit *test)
{
	size_t size;

	KUNIT_ASSERT_EQ(test, xtcp_register_congestion_control(&xtcp_reno), 0);
	KUNIT_ASSERT_EQ(test, xtcp_register_congestion_control(&spy_ops), 0);
	for (size = 1; size < 12; size++) {
		char *buf = kunit_kmalloc(test, size, GFP_KERNEL);
		const char *want = size < 5 ? "" : size < 9 ? "reno" :
				   "reno spy";

		KUNIT_ASSERT_NOT_NULL(test, buf);
		KUNIT_EXPECT_EQ(test, xtcp_cong_list(buf, size), strlen(want));
		KUNIT_EXPECT_STREQ(test, buf, want);
	}
	xtcp_unregister_congestion_control(&spy_ops);
	xtcp_unregister_congestion_control(&xtcp_reno);
}

static struct kunit_case cong_cases[] = {
	KUNIT_CASE(cong_start__initial_window),
	KUNIT_CASE(cong_start__init_and_release),
	KUNIT_CASE(cong_reset__begins_anew),
	KUNIT_CASE(cong_set_mss__keeps_bytes),
	KUNIT_CASE(slow_start__byte_for_byte),
	KUNIT_CASE(slow_start__doubles_in_a_round),
	KUNIT_CASE(slow_start__divided_acks_gain_nothing),
	KUNIT_CASE(slow_start__stops_at_ssthresh),
	KUNIT_CASE(slow_start__rest_goes_to_avoidance),
	KUNIT_CASE(avoid_ai__one_segment_a_window),
	KUNIT_CASE(avoid_ai__fraction_is_kept),
	KUNIT_CASE(avoid_ai__ack_of_many_windows),
	KUNIT_CASE(growth__no_overflow),
	KUNIT_CASE(growth__only_when_limited),
	KUNIT_CASE(reno_ssthresh__half_of_the_flight),
	KUNIT_CASE(cong_on_loss__halves),
	KUNIT_CASE(cong_on_loss__never_grows),
	KUNIT_CASE(cong_on_loss__threshold_of_nothing),
	KUNIT_CASE(cong_on_ecn__as_loss_or_otherwise),
	KUNIT_CASE(cong_observe__only_looks),
	KUNIT_CASE(cong_on_rto__first),
	KUNIT_CASE(cong_on_rto__further_keep_ssthresh),
	KUNIT_CASE(cong_on_rto__tells_the_controller),
	KUNIT_CASE(cong_on_rto__slow_start_again),
	KUNIT_CASE(cong_undo__restores),
	KUNIT_CASE(cong_undo__only_once),
	KUNIT_CASE(cong_undo__nothing_to_undo),
	KUNIT_CASE(cong_undo__never_shrinks),
	KUNIT_CASE(cong_idle__less_than_an_rto),
	KUNIT_CASE(cong_idle__halves_per_rto),
	KUNIT_CASE(cong_idle__down_to_the_initial_window),
	KUNIT_CASE(cong_idle__small_window_stays),
	KUNIT_CASE(cong_idle__tells_the_controller),
	KUNIT_CASE(cong__windows_stay_sane),
	KUNIT_CASE(cong_register__refuses),
	KUNIT_CASE(cong_register__names_are_unique),
	KUNIT_CASE(cong_get__finds_and_counts),
	KUNIT_CASE(cong_list__names),
	KUNIT_CASE(cong_list__small_buffers),
	{}
};

static struct kunit_suite cong_suite = {
	.name = "xtcp_cong",
	.init = cong_test_init,
	.test_cases = cong_cases,
};

kunit_test_suites(&cong_suite);
