// SPDX-License-Identifier: GPL-2.0
/* HyStart++: ../hystart.c, driven through ../cong_reno.c. */
#include <linux/module.h>

#include "flow_feed.h"

#include "../hystart.c"

static struct flow flow_starting(u32 rtt_us)
{
	return flow_at(&xtcp_reno, 10 * MSS, XTCP_INFINITE_SSTHRESH, rtt_us);
}

static struct xtcp_hystart *hystart(struct flow *f)
{
	return (struct xtcp_hystart *)f->c.priv;
}

static bool in_css(struct flow *f)
{
	return hystart(f)->css;
}

/* Eight samples make a round that counts (section 4.3). */
static void css_at(struct kunit *test, u32 rtt_us, u32 risen_us)
{
	struct flow f = flow_starting(rtt_us);
	unsigned int i;

	round_trip(&f);
	round_trip(&f);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 40 * MSS);
	f.rtt_us = risen_us - 1;
	round_trip(&f);
	KUNIT_EXPECT_FALSE(test, in_css(&f));
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 80 * MSS);

	f = flow_starting(rtt_us);
	round_trip(&f);
	round_trip(&f);
	f.rtt_us = risen_us;
	send_window(&f);
	for (i = 0; i < 7; i++)
		ack(&f, MSS);
	KUNIT_EXPECT_FALSE(test, in_css(&f));
	ack(&f, MSS);
	KUNIT_EXPECT_TRUE(test, in_css(&f));
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, XTCP_INFINITE_SSTHRESH);
}

/* A rise of an eighth, but not of less than 4 ms nor more than 16 ms. */
static void hystart__threshold(struct kunit *test)
{
	css_at(test, 80 * MS, 90 * MS);
	css_at(test, 32 * MS, 36 * MS);
	css_at(test, 8 * MS, 12 * MS);
	css_at(test, 100, 4100);
	css_at(test, 128 * MS, 144 * MS);
	css_at(test, 600 * MS, 616 * MS);
}

static void hystart__smallest_of_the_block(struct kunit *test)
{
	struct flow f = flow_starting(100 * MS);
	unsigned int i;

	round_trip(&f);
	round_trip(&f);
	/* One that did not rise is enough to say that there is no queue. */
	send_window(&f);
	ack(&f, MSS);
	f.rtt_us = 200 * MS;
	for (i = 0; i < 7; i++)
		ack(&f, MSS);
	KUNIT_EXPECT_FALSE(test, in_css(&f));
}

static void hystart__few_samples_say_nothing(struct kunit *test)
{
	struct flow f = flow_starting(100 * MS);
	unsigned int i, j;

	/* Seven ACKs in each round, as where the network merges them. */
	for (i = 0; i < 10; i++) {
		u32 part = f.c.cwnd / 7;

		send_window(&f);
		for (j = 0; j < 7; j++)
			ack(&f, part);
		f.rtt_us += 50 * MS;
	}
	KUNIT_EXPECT_FALSE(test, in_css(&f));
}

/* A block of eight ACKs, 1 ms from one to the next. */
static void block(struct flow *f, u32 rtt_us)
{
	unsigned int i;

	f->rtt_us = rtt_us;
	for (i = 0; i < 8; i++) {
		f->c.now_us += MS;
		ack(f, MSS);
	}
}

/*
 * Within a round: two blocks, and as many as have not risen, above the first by
 * an eighth of it, after half of a round trip.
 */
static void hystart__within_a_round(struct kunit *test)
{
	struct flow f = flow_starting(40 * MS);
	unsigned int i;

	send_window(&f);
	block(&f, 40 * MS);
	f.c.now_us += 20 * MS;
	block(&f, 45 * MS);
	KUNIT_EXPECT_FALSE(test, in_css(&f));
	block(&f, 45 * MS);
	KUNIT_EXPECT_TRUE(test, in_css(&f));

	f = flow_starting(40 * MS);
	send_window(&f);
	block(&f, 40 * MS);
	for (i = 0; i < 10; i++)
		block(&f, 45 * MS - 1);
	KUNIT_EXPECT_FALSE(test, in_css(&f));
	for (i = 0; i < 9; i++)
		block(&f, 45 * MS);
	KUNIT_EXPECT_FALSE(test, in_css(&f));
	block(&f, 45 * MS);
	KUNIT_EXPECT_TRUE(test, in_css(&f));

	/* Three blocks take 23 ms: too little of 48. */
	f = flow_starting(48 * MS);
	send_window(&f);
	block(&f, 48 * MS);
	f.c.now_us -= MS;
	block(&f, 60 * MS);
	block(&f, 60 * MS);
	KUNIT_EXPECT_FALSE(test, in_css(&f));
	block(&f, 60 * MS);
	KUNIT_EXPECT_TRUE(test, in_css(&f));
}

/* The alarm comes at the eighth ACK of a round of 40; its base is 80 ms. */
static struct flow flow_in_css(struct kunit *test)
{
	struct flow f = flow_starting(80 * MS);

	round_trip(&f);
	round_trip(&f);
	f.rtt_us = 90 * MS;
	round_trip(&f);
	KUNIT_ASSERT_TRUE(test, in_css(&f));
	/* Eight ACKs in full, 32 by a quarter; the eighth itself is one. */
	KUNIT_ASSERT_EQ(test, f.c.cwnd, 40 * MSS + 7 * MSS + 33 * MSS / 4);
	return f;
}

/* A whole round later the round trip is still as long, at its beginning. */
static void css__confirmed(struct kunit *test)
{
	struct flow f = flow_in_css(test);
	u32 before = f.c.cwnd;
	unsigned int i;

	round_trip(&f);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, XTCP_INFINITE_SSTHRESH);
	EXPECT_NEAR(test, f.c.cwnd, before + before / 4, MSS);
	send_window(&f);
	for (i = 0; i < 7; i++)
		ack(&f, MSS);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, XTCP_INFINITE_SSTHRESH);
	before = f.c.cwnd;
	ack(&f, MSS);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, before);
	KUNIT_EXPECT_FALSE(test, xtcp_in_slow_start(&f.c));
}

/*
 * Queues that run empty between the rounds are no confirmation, those that grow
 * within them keep the alarm up: five rounds, the one in which it came counts.
 */
static void css__five_rounds(struct kunit *test)
{
	struct flow f = flow_in_css(test);
	unsigned int i, j;
	u32 before;

	for (i = 0; i < 4; i++) {
		before = f.c.cwnd;
		send_window(&f);
		block(&f, 80 * MS);
		for (j = 8; j < before / MSS; j += 8)
			block(&f, 90 * MS);
		KUNIT_EXPECT_EQ(test, f.c.ssthresh, XTCP_INFINITE_SSTHRESH);
		EXPECT_NEAR(test, f.c.cwnd, before + before / 4, 2 * MSS);
	}
	before = f.c.cwnd;
	send_window(&f);
	ack(&f, MSS);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, before);
}

static void css__false_alarm(struct kunit *test)
{
	struct flow f = flow_in_css(test);
	u32 before;

	f.rtt_us = 90 * MS - 1;
	round_trip(&f);
	KUNIT_EXPECT_TRUE(test, in_css(&f));
	before = f.c.cwnd;
	round_trip(&f);
	KUNIT_EXPECT_FALSE(test, in_css(&f));
	/* The first seven ACKs were still before the verdict. */
	EXPECT_NEAR(test, f.c.cwnd, 2 * before - 7 * MSS * 3 / 4, MSS);
	/* The next alarm has five rounds again. */
	f.rtt_us = 110 * MS;
	round_trip(&f);
	KUNIT_EXPECT_TRUE(test, in_css(&f));
	KUNIT_EXPECT_EQ(test, hystart(&f)->css_rounds, 0);
}

/*
 * A path: a bottleneck that takes pkt_us for a segment, an ACK for each, and a
 * sender that does nothing but what ACKs release.
 */
#define FLYING	8192u

struct path {
	u32	pkt_us;
	u32	rtt_us;
	u32	noise_us;	/* of round trips, as the sender sees them */
};

struct flying {
	u64	ack_us;		/* when its ACK comes */
	u64	sent_us;
	u64	delivered;	/* when it left */
};

struct start {
	u32	css;		/* window when the alarm was raised, segments */
	u32	out;		/* when slow start ended */
	u32	queue;		/* longest, segments */
};

static struct start slow_start(struct kunit *test, const struct path *p)
{
	struct flying *fly = kunit_kmalloc(test, FLYING * sizeof(*fly),
					   GFP_KERNEL);
	struct flow f = flow_starting(p->rtt_us);
	u32 sent = 0, acked, seed = 9406;
	struct start s = { };
	u64 free_us = 0;

	KUNIT_ASSERT_NOT_NULL(test, fly);
	f.c.now_us = SEC;
	for (acked = 0; xtcp_in_slow_start(&f.c); acked++) {
		struct flying *x = &fly[acked % FLYING];

		while (sent - acked < f.c.cwnd / MSS) {
			struct flying *y = &fly[sent++ % FLYING];

			KUNIT_ASSERT_LT(test, sent - acked, FLYING);
			free_us = max(free_us, f.c.now_us) + p->pkt_us;
			y->sent_us = f.c.now_us;
			y->ack_us = free_us + p->rtt_us;
			y->delivered = f.delivered;
			s.queue = max_t(u32, s.queue,
					(free_us - f.c.now_us) / p->pkt_us);
		}
		f.c.now_us = x->ack_us;
		f.sent_at = x->delivered;
		f.rtt_us = x->ack_us - x->sent_us;
		if (p->noise_us)
			f.rtt_us += test_rnd_below(&seed, p->noise_us);
		ack(&f, MSS);
		s.css = in_css(&f) ? s.css ?: f.c.cwnd / MSS : 0;
	}
	s.out = f.c.cwnd / MSS;
	return s;
}

/*
 * W segments fill the path.  The alarm comes between 1 and 1.5 W, and as late as
 * it takes to see two risen blocks; what is left of the round and one more grow
 * by a quarter of themselves.  So the queue is hardly ever longer than W, which
 * is how long buffers are, by the rule.
 */
static void hystart__finds_what_the_path_holds(struct kunit *test)
{
	static const struct path paths[] = {
		{ .pkt_us = 121, .rtt_us = 20 * MS },	/* 100 Mbit/s */
		{ .pkt_us = 121, .rtt_us = 50 * MS },
		{ .pkt_us = 605, .rtt_us = 300 * MS },	/* 20 Mbit/s */
		{ .pkt_us = 605, .rtt_us = 60 * MS },
		{ .pkt_us = 1211, .rtt_us = 100 * MS },	/* 10 Mbit/s */
		{ .pkt_us = 12, .rtt_us = 15 * MS },	/* 1 Gbit/s */
		{ .pkt_us = 12, .rtt_us = 25 * MS },
		{ .pkt_us = 12, .rtt_us = 40 * MS },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		const struct path *p = &paths[i];
		u32 w = p->rtt_us / p->pkt_us;
		struct start s = slow_start(test, p);

		KUNIT_EXPECT_GE(test, s.css, w);
		KUNIT_EXPECT_LE(test, s.css, w + w / 2 + 24);
		KUNIT_EXPECT_LE(test, s.out, 2 * w + w / 16 + 8);
		KUNIT_EXPECT_LE(test, s.queue, w + w / 16 + 8);
	}
}

/* Round trips that vary by half are no queue, or hardly. */
static void hystart__noise_does_not_end_it_early(struct kunit *test)
{
	static const struct path paths[] = {
		{ .pkt_us = 121, .rtt_us = 50 * MS, .noise_us = 25 * MS },
		{ .pkt_us = 605, .rtt_us = 300 * MS, .noise_us = 150 * MS },
		{ .pkt_us = 12, .rtt_us = 25 * MS, .noise_us = 12 * MS },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		u32 w = paths[i].rtt_us / paths[i].pkt_us;
		struct start s = slow_start(test, &paths[i]);

		KUNIT_EXPECT_GE(test, s.out, w / 4 * 3);
		KUNIT_EXPECT_LE(test, s.out, 4 * w);
	}
}

static void hystart__only_the_first_slow_start(struct kunit *test)
{
	struct flow f = flow_starting(80 * MS);

	f.c.cwnd = 1000 * MSS;
	xtcp_cong_on_rto(&f.c, 1000 * MSS, 0, true);
	f.c.cwnd = 20 * MSS;
	round_trip(&f);
	f.rtt_us = 200 * MS;
	round_trip(&f);
	KUNIT_EXPECT_FALSE(test, in_css(&f));
	round_trip(&f);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, 160 * MSS);
}

static void css__ends_with_a_loss(struct kunit *test)
{
	struct flow f = flow_in_css(test);
	u32 cwnd = f.c.cwnd;

	lose(&f);
	KUNIT_EXPECT_FALSE(test, xtcp_in_slow_start(&f.c));
	ack(&f, MSS);
	/* and comes back when there was none */
	xtcp_cong_undo(&f.c);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, XTCP_INFINITE_SSTHRESH);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, cwnd);
	round_trip(&f);
	EXPECT_NEAR(test, f.c.cwnd, cwnd + cwnd / 4, MSS);
}

/* A window that nobody fills makes no queue. */
static void hystart__not_while_the_program_is_the_limit(struct kunit *test)
{
	struct flow f = flow_in_css(test);
	unsigned int i;
	u32 cwnd = f.c.cwnd;

	f.c.cwnd_limited = false;
	for (i = 0; i < 20; i++)
		round_trip(&f);
	KUNIT_EXPECT_EQ(test, f.c.cwnd, cwnd);
	KUNIT_EXPECT_EQ(test, f.c.ssthresh, XTCP_INFINITE_SSTHRESH);
}

static struct kunit_case hystart_cases[] = {
	KUNIT_CASE(hystart__threshold),
	KUNIT_CASE(hystart__smallest_of_the_block),
	KUNIT_CASE(hystart__few_samples_say_nothing),
	KUNIT_CASE(hystart__within_a_round),
	KUNIT_CASE(hystart__finds_what_the_path_holds),
	KUNIT_CASE(hystart__noise_does_not_end_it_early),
	KUNIT_CASE(css__confirmed),
	KUNIT_CASE(css__five_rounds),
	KUNIT_CASE(css__false_alarm),
	KUNIT_CASE(hystart__only_the_first_slow_start),
	KUNIT_CASE(css__ends_with_a_loss),
	KUNIT_CASE(hystart__not_while_the_program_is_the_limit),
	{}
};

static struct kunit_suite hystart_suite = {
	.name = "xtcp_hystart",
	.test_cases = hystart_cases,
};

kunit_test_suites(&hystart_suite);
