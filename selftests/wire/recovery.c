// SPDX-License-Identifier: GPL-2.0
/*
 * Loss, and what only looks like it: RACK-TLP, PRR, undo, reneging.
 * Documentation/protocol.rst 5.6.
 *
 * Times are multiples of a round trip that is long enough for machines which
 * show us a segment late.  Where one is slower still the test skips, and says so.
 * In virtual time nothing is late, and upper bounds hold, too.
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include <kselftest_harness.h>
#include "peer.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

WIRE_FIXTURE(recovery);

#define INFINITE	0xffffffffu

/* A tick of the slowest kernel's timers, µs: HZ is 100. */
#define TICK_US		10000

static struct peer peer;

static unsigned int round_trip_us(void)
{
	return xt_virtual_time() ? 100000 : 400000;
}

#define OPEN()								\
	ASSERT_EQ(0, peer_open(&peer, &self->w, &self->c, round_trip_us()))

/* What the test did not make, and a slow machine did. */
static bool disturbed(long long rtos, long long probes)
{
	return !xt_virtual_time() &&
	       (peer.late_us > peer.rtt_us / 32 ||
		xt_counter("RtoTimeouts") > rtos ||
		xt_counter("LossProbes") > probes);
}

#define UNLESS_DISTURBED(rtos, probes)					\
	do {								\
		if (disturbed(rtos, probes))				\
			SKIP(return, "too slow here, by %lld ms",	\
			     peer.late_us / 1000);			\
	} while (0)

/* How it went, for who reads of a failure. */
#define RUN(end)							\
	ASSERT_EQ(0, peer_run(&peer, end))				\
		peer_print(&peer)

static uint32_t cwnd(void)
{
	struct xtcp_info info;

	return xt_info(peer.c->fd, &info) ? 0 : info.xtcpi_snd_cwnd_bytes;
}

static uint32_t ssthresh(void)
{
	struct xtcp_info info;

	return xt_info(peer.c->fd, &info) ? 0 : info.xtcpi_snd_ssthresh_bytes;
}

/* ---- paths ---- */

/* Segments [lose_from, lose_to), counted in MSS, until sent lose_times. */
static unsigned int lose_from, lose_to, lose_times = 1;

static long long lose(struct peer *p, unsigned int n)
{
	const struct sent *s = &p->log[n];
	unsigned int number = s->seq / MSS;

	return number >= lose_from && number < lose_to && s->times < lose_times ?
	       -1 : 0;
}

static void lose_segments(unsigned int from, unsigned int to)
{
	lose_from = from;
	lose_to = to;
	peer.fate = lose;
}

/* Segment late_number is late_us late, its resend again_us. */
static unsigned int late_number = -1;
static long long late_us, again_us;

static long long late(struct peer *p, unsigned int n)
{
	if (p->log[n].seq / MSS != late_number)
		return 0;
	return p->log[n].times ? again_us : late_us;
}

static void delay_segment(unsigned int number, long long us, long long resend_us)
{
	late_number = number;
	late_us = us;
	again_us = resend_us;
	peer.fate = late;
}

/*
 * One segment overtakes another: the kernel learns that this path reorders.
 * Unless a slow one left such a gap between them that none was overtaken.
 */
#define SHOW_REORDERING()						\
	do {								\
		delay_segment(8, peer.rtt_us / 20, 0);			\
		ASSERT_EQ(0, peer_write(&peer, 10 * MSS));		\
		RUN(10 * MSS);						\
		if (!xt_virtual_time() && !peer.overtaken)		\
			SKIP(return, "too slow here: in order");	\
		ASSERT_LT(0, peer.overtaken);				\
	} while (0)

/* ---- tail-loss probe ---- */

/*
 * Of three segments the last is lost, and nothing follows: sent again two round
 * trips after the last ACK, and before the retransmission timeout.  One alone
 * gets the time that its receiver may delay an ACK besides (RFC 8985 7.2).
 */
TEST_F(recovery, tail_loss__probed_after_two_round_trips)
{
	const struct sent *probe;

	OPEN();
	lose_segments(2, 3);
	ASSERT_EQ(0, peer_write(&peer, 3 * MSS));
	RUN(3 * MSS);
	UNLESS_DISTURBED(0, 1);
	probe = peer_find(&peer, 2 * MSS, 1);
	ASSERT_NE(NULL, probe);
	/* One round trip to the last ACK, and two from there. */
	EXPECT_LE(3 * peer.rtt_us, peer_gap_us(&peer, 2 * MSS))
		peer_print(&peer);
	if (xt_virtual_time()) {
		long long wait_us = probe->at_us - peer_told_us(&peer, MSS);

		EXPECT_LE(2 * peer.rtt_us + 25000, wait_us);
		/* Two ticks, one of the wheel, and what is left of one. */
		EXPECT_GE(2 * peer.rtt_us + 25000 + 4 * TICK_US, wait_us);
	}
	EXPECT_EQ(1, peer_resends(&peer));
	EXPECT_EQ(1, xt_counter("LossProbes"));
	EXPECT_EQ(0, xt_counter("RtoTimeouts"));
	/*
	 * It repaired a loss: the window must know, once what is sent later
	 * shows that no D-SACK is to come (RFC 8985 7.4).
	 */
	EXPECT_EQ(INFINITE, ssthresh());
	ASSERT_EQ(0, peer_write(&peer, MSS));
	RUN(4 * MSS);
	EXPECT_GT(INFINITE, ssthresh());
}

/* Of what is new, if there is something: then no byte goes in vain. */
TEST_F(recovery, tail_loss__probed_by_new_data)
{
	unsigned int i;

	OPEN();
	lose_segments(0, 10);
	ASSERT_EQ(0, peer_write(&peer, 12 * MSS));
	RUN(12 * MSS);
	UNLESS_DISTURBED(0, 1);
	for (i = 0; i < 11; i++)
		EXPECT_EQ(i * MSS, peer.log[i].seq)
			peer_print(&peer);
	EXPECT_LE(2 * peer.rtt_us, peer.log[10].tsval - peer.log[9].tsval);
	/* Its SACK tells of the losses: no timeout. */
	EXPECT_EQ(1, xt_counter("LossProbes"));
	EXPECT_EQ(0, xt_counter("RtoTimeouts"));
	EXPECT_EQ(10, peer_resends(&peer));
}

TEST_F(recovery, tail_loss__of_several)
{
	OPEN();
	lose_segments(6, 10);
	ASSERT_EQ(0, peer_write(&peer, 10 * MSS));
	RUN(10 * MSS);
	UNLESS_DISTURBED(0, 1);
	EXPECT_EQ(9 * MSS, peer.log[10].seq)
		peer_print(&peer);
	EXPECT_EQ(4, peer_resends(&peer));
	EXPECT_EQ(1, xt_counter("LossProbes"));
	EXPECT_EQ(0, xt_counter("RtoTimeouts"));
	EXPECT_EQ(1, xt_counter("FastRetransmits"));
}

/* What was sent before takes a sixteenth less of the path's time. */
static void answer_sooner(struct peer *p, unsigned int n)
{
	if (p->log[n].times)
		p->rtt_us = round_trip_us() / 16 * 15;
}

/*
 * A probe may be shorter than what told the smallest round trip, and so be
 * answered a little sooner: it is its answer all the same, and tells what was
 * lost before it.
 */
TEST_F(recovery, tail_loss__probe_answered_sooner)
{
	OPEN();
	lose_segments(1, 3);
	peer.arrived = answer_sooner;
	ASSERT_EQ(0, peer_write(&peer, 3 * MSS));
	RUN(3 * MSS);
	UNLESS_DISTURBED(0, 1);
	EXPECT_EQ(1, xt_counter("LossProbes"))
		peer_print(&peer);
	EXPECT_EQ(2, peer_resends(&peer));
	EXPECT_EQ(0, xt_counter("RtoTimeouts"));
	EXPECT_EQ(1, xt_counter("FastRetransmits"));
}

/* The original had arrived and its ACK was late: nothing was lost. */
TEST_F(recovery, tail_loss__probe_in_vain)
{
	uint32_t before_probe;

	OPEN();
	delay_segment(2, 4 * peer.rtt_us, 0);
	before_probe = cwnd();
	ASSERT_EQ(0, peer_write(&peer, 3 * MSS));
	RUN(3 * MSS);
	UNLESS_DISTURBED(0, 1);
	EXPECT_EQ(1, xt_counter("LossProbes"));
	EXPECT_LE(1, xt_counter("DsackReceived"))
		peer_print(&peer);
	EXPECT_EQ(INFINITE, ssthresh());
	EXPECT_LE(before_probe, cwnd());
}

/* ---- RACK ---- */

/* Three segments that left later were delivered: lost, and sent at once. */
TEST_F(recovery, loss__sent_again_at_once)
{
	const struct sent *again;

	OPEN();
	lose_segments(4, 5);
	ASSERT_EQ(0, peer_write(&peer, 10 * MSS));
	RUN(10 * MSS);
	UNLESS_DISTURBED(0, 0);
	again = peer_find(&peer, 4 * MSS, 1);
	ASSERT_NE(NULL, again);
	EXPECT_EQ(1, peer_resends(&peer))
		peer_print(&peer);
	EXPECT_EQ(1, xt_counter("FastRetransmits"));
	if (xt_virtual_time()) {
		/* Segments 0 to 3 and the first three behind the gap. */
		EXPECT_EQ(7, again->acks)
			peer_print(&peer);
		EXPECT_GT(1000, again->at_us - peer_told_us(&peer, 7 * MSS));
	}
}

/*
 * Three behind the gap are enough, though the last one of a response is short
 * (RFC 8985 section 6.2 step 4).
 */
TEST_F(recovery, loss__three_of_which_one_is_short)
{
	const struct sent *again;

	OPEN();
	lose_segments(3, 4);
	ASSERT_EQ(0, peer_write(&peer, 6 * MSS + 100));
	RUN(6 * MSS + 100);
	UNLESS_DISTURBED(0, 0);
	EXPECT_EQ(1, peer_resends(&peer))
		peer_print(&peer);
	again = peer_find(&peer, 3 * MSS, 1);
	ASSERT_NE(NULL, again);
	/* Without waiting whether the path reorders. */
	if (xt_virtual_time())
		EXPECT_GE(peer.rtt_us / 16,
			  again->at_us - peer_told_us(&peer, 6 * MSS))
			peer_print(&peer);
}

/*
 * On a path that reorders losses are certain only when all that followed is
 * SACKed, and no ACK is to come: all that was lost leaves at once.
 */
TEST_F(recovery, loss__noticed_when_nothing_else_comes)
{
	const struct sent *first, *last;

	OPEN();
	SHOW_REORDERING();
	lose_segments(10, 13);
	ASSERT_EQ(0, peer_write(&peer, 8 * MSS));
	RUN(18 * MSS);
	UNLESS_DISTURBED(0, 0);
	EXPECT_EQ(3, peer_resends(&peer))
		peer_print(&peer);
	first = peer_find(&peer, 10 * MSS, 1);
	last = peer_find(&peer, 12 * MSS, 1);
	ASSERT_NE(NULL, first);
	ASSERT_NE(NULL, last);
	EXPECT_EQ(first->acks, last->acks)
		peer_print(&peer);
}

/* The resend is lost as well: RACK sees that, too, and no timeout is needed. */
TEST_F(recovery, loss__of_the_resend)
{
	OPEN();
	lose_segments(4, 5);
	lose_times = 2;
	ASSERT_EQ(0, peer_write(&peer, 60 * MSS));
	RUN(60 * MSS);
	UNLESS_DISTURBED(0, 0);
	EXPECT_NE(NULL, peer_find(&peer, 4 * MSS, 2));
	EXPECT_EQ(2, peer_resends(&peer))
		peer_print(&peer);
	EXPECT_EQ(0, xt_counter("RtoTimeouts"));
}

/* Every second one lost: all come again, none twice. */
static long long lose_odd(struct peer *p, unsigned int n)
{
	return p->log[n].seq / MSS % 2 && !p->log[n].times ? -1 : 0;
}

TEST_F(recovery, loss__of_every_second_segment)
{
	OPEN();
	peer.fate = lose_odd;
	ASSERT_EQ(0, peer_write(&peer, 10 * MSS));
	RUN(10 * MSS);
	UNLESS_DISTURBED(0, 1);
	EXPECT_EQ(5, peer_resends(&peer))
		peer_print(&peer);
	EXPECT_EQ(0, xt_counter("RtoTimeouts"));
	EXPECT_EQ(0, xt_counter("DsackReceived"));
}

/*
 * A path known to reorder: what comes a sixth of a round trip late was not lost,
 * however many segments overtook it.
 */
static long long shuffle(struct peer *p, unsigned int n)
{
	return p->log[n].seq / MSS % 7 == 3 ? p->rtt_us / 6 : 0;
}

TEST_F(recovery, reordering__nothing_sent_again)
{
	OPEN();
	SHOW_REORDERING();
	peer.fate = shuffle;
	ASSERT_EQ(0, peer_write(&peer, 200 * MSS));
	RUN(210 * MSS);
	UNLESS_DISTURBED(0, 0);
	EXPECT_EQ(0, peer_resends(&peer))
		peer_print(&peer);
	EXPECT_EQ(0, xt_counter("FastRetransmits"));
	EXPECT_EQ(INFINITE, ssthresh());
}

/* On such a path a loss is judged after a quarter of a round trip. */
TEST_F(recovery, reordering__loss_judged_after_its_window)
{
	const struct sent *again;

	OPEN();
	SHOW_REORDERING();
	lose_segments(11, 12);
	ASSERT_EQ(0, peer_write(&peer, 10 * MSS));
	RUN(20 * MSS);
	UNLESS_DISTURBED(0, 0);
	again = peer_find(&peer, 11 * MSS, 1);
	ASSERT_NE(NULL, again);
	EXPECT_LE(peer.rtt_us * 5 / 4, peer_gap_us(&peer, 11 * MSS))
		peer_print(&peer);
	if (xt_virtual_time())
		EXPECT_GE(peer.rtt_us / 4 + 3 * TICK_US,
			  again->at_us - peer_told_us(&peer, 12 * MSS))
			peer_print(&peer);
	EXPECT_EQ(1, peer_resends(&peer));
	EXPECT_EQ(0, xt_counter("RtoTimeouts"));
}

/* A D-SACK tells that the window was too short: it grows by a quarter. */
TEST_F(recovery, reordering__window_grows_with_dsack)
{
	OPEN();
	SHOW_REORDERING();
	delay_segment(11, peer.rtt_us * 3 / 4, 0);
	ASSERT_EQ(0, peer_write(&peer, 10 * MSS));
	RUN(20 * MSS);
	UNLESS_DISTURBED(0, 0);
	ASSERT_EQ(1, peer_resends(&peer))
		peer_print(&peer);
	EXPECT_EQ(1, xt_counter("DsackReceived"));
	/* Later than a quarter of a round trip, sooner than half of one. */
	delay_segment(21, peer.rtt_us * 2 / 5, 0);
	ASSERT_EQ(0, peer_write(&peer, 5 * MSS));
	RUN(25 * MSS);
	UNLESS_DISTURBED(0, 0);
	EXPECT_EQ(1, peer_resends(&peer))
		peer_print(&peer);
}

/* ---- undo ---- */

/* All of the first flight is late, by more than the timeout. */
static long long stall(struct peer *p, unsigned int n)
{
	return p->log[n].times ? 10 * p->rtt_us : 7 * p->rtt_us;
}

/*
 * RFC 3522 and 4015: the first ACK echoes a timestamp older than the resend's.
 * So nothing was lost; the windows are what they were, and nothing else of the
 * flight is sent again.
 */
TEST_F(recovery, undo__of_a_spurious_timeout)
{
	uint32_t before_rto;

	OPEN();
	before_rto = cwnd();
	peer.fate = stall;
	ASSERT_EQ(0, peer_write(&peer, 10 * MSS));
	RUN(10 * MSS);
	/* The last segment as a probe, the first by timeout. */
	UNLESS_DISTURBED(1, 1);
	EXPECT_EQ(1, xt_counter("RtoTimeouts"));
	EXPECT_EQ(1, xt_counter("SpuriousRtos"));
	EXPECT_EQ(2, peer_resends(&peer))
		peer_print(&peer);
	EXPECT_LE(before_rto, cwnd());
	EXPECT_EQ(INFINITE, ssthresh());
}

/* The same of a fast retransmission: the original overtakes the resend. */
TEST_F(recovery, undo__of_a_spurious_recovery)
{
	uint32_t before_loss;

	OPEN();
	before_loss = cwnd();
	delay_segment(4, peer.rtt_us / 3, 2 * peer.rtt_us);
	ASSERT_EQ(0, peer_write(&peer, 10 * MSS));
	RUN(10 * MSS);
	UNLESS_DISTURBED(0, 0);
	EXPECT_EQ(1, xt_counter("FastRetransmits"))
		peer_print(&peer);
	EXPECT_EQ(1, xt_counter("SpuriousRtos"));
	EXPECT_LE(before_loss, cwnd());
	EXPECT_EQ(INFINITE, ssthresh());
}

/*
 * The resend arrives first, so its timestamp says nothing; the D-SACK for the
 * original does, when the episode is over (RFC 3708).
 */
TEST_F(recovery, undo__by_dsack)
{
	uint32_t before_loss;

	OPEN();
	before_loss = cwnd();
	delay_segment(4, peer.rtt_us * 3 / 2, 0);
	ASSERT_EQ(0, peer_write(&peer, 10 * MSS));
	RUN(10 * MSS);
	UNLESS_DISTURBED(0, 0);
	EXPECT_EQ(1, xt_counter("FastRetransmits"));
	EXPECT_EQ(1, xt_counter("DsackReceived"))
		peer_print(&peer);
	EXPECT_EQ(1, xt_counter("DsackUndos"));
	EXPECT_LE(before_loss, cwnd());
	EXPECT_EQ(INFINITE, ssthresh());
}

/* The first of two is lost; the second, and its copy, are late. */
static long long lose_and_delay(struct peer *p, unsigned int n)
{
	const struct sent *s = &p->log[n];

	if (s->seq == MSS)
		return s->times ? 0 : -1;
	if (s->seq == 2 * MSS)
		return p->rtt_us / 10 * (s->times ? 8 : 36);
	return 0;
}

/*
 * The D-SACK tells of a tail-loss probe, which was sent in vain.  The resend of
 * what the probe's SACK showed to be lost was not.
 */
TEST_F(recovery, undo__not_by_the_dsack_of_a_probe)
{
	if (!xt_virtual_time())
		SKIP(return, "no virtual time");
	OPEN();
	peer.fate = lose_and_delay;
	ASSERT_EQ(0, peer_write(&peer, 3 * MSS));
	RUN(3 * MSS);
	EXPECT_EQ(1, xt_counter("LossProbes"))
		peer_print(&peer);
	EXPECT_EQ(1, xt_counter("FastRetransmits"));
	EXPECT_EQ(1, xt_counter("DsackReceived"));
	EXPECT_EQ(2, peer_resends(&peer));
	EXPECT_EQ(0, xt_counter("RtoTimeouts"));
	EXPECT_EQ(0, xt_counter("DsackUndos"));
	EXPECT_GT(INFINITE, ssthresh());
}

/* One of two resends was needed: then so was the smaller window. */
static long long one_late_one_lost(struct peer *p, unsigned int n)
{
	const struct sent *s = &p->log[n];

	if (s->times)
		return 0;
	return s->seq == 4 * MSS ? (long long)p->rtt_us * 3 / 2 :
	       s->seq == 2 * MSS ? -1 : 0;
}

TEST_F(recovery, undo__not_of_a_loss)
{
	OPEN();
	peer.fate = one_late_one_lost;
	ASSERT_EQ(0, peer_write(&peer, 10 * MSS));
	RUN(10 * MSS);
	UNLESS_DISTURBED(0, 0);
	EXPECT_EQ(1, xt_counter("DsackReceived"))
		peer_print(&peer);
	EXPECT_EQ(2, peer_resends(&peer));
	EXPECT_GT(INFINITE, ssthresh());
}

/* ---- the timeout ---- */

/* All of the first flight, and the probe that follows it. */
static long long lose_flight(struct peer *p, unsigned int n)
{
	return p->log[n].times < (p->log[n].seq == 9 * MSS ? 2 : 1) ? -1 : 0;
}

/* After it the path is unknown: one segment, then two. */
TEST_F(recovery, timeout__starts_from_one_segment)
{
	unsigned int i, flight[3] = { };

	OPEN();
	peer.fate = lose_flight;
	ASSERT_EQ(0, peer_write(&peer, 10 * MSS));
	RUN(10 * MSS);
	UNLESS_DISTURBED(1, 1);
	EXPECT_EQ(1, xt_counter("RtoTimeouts"));
	/* Between the probe and the first answer, between that and the next. */
	for (i = 11; i < peer.n; i++)
		if (peer.log[i].acks < 3)
			flight[peer.log[i].acks]++;
	EXPECT_EQ(1, flight[0])
		peer_print(&peer);
	EXPECT_EQ(2, flight[1])
		peer_print(&peer);
}

/*
 * The receiver forgets what it had reported (RFC 2018 section 8 lets it): all of
 * that comes again after a timeout.
 */
static void forget_all(struct peer *p, unsigned int n)
{
	if (p->log[n].times == 1 && p->log[n].seq == 0)
		p->ranges = 0;
}

TEST_F(recovery, sack__taken_back)
{
	OPEN();
	lose_segments(0, 1);
	peer.arrived = forget_all;
	ASSERT_EQ(0, peer_write(&peer, 10 * MSS));
	RUN(10 * MSS);
	UNLESS_DISTURBED(1, 0);
	EXPECT_EQ(1, xt_counter("SackReneging"))
		peer_print(&peer);
	EXPECT_EQ(10, peer_resends(&peer));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(self->c.fd));
}

/* Blocks that overlap say no more than what they cover together. */
TEST_F(recovery, sack__blocks_that_overlap)
{
	uint32_t block[2 * 31];	/* what an option holds */
	struct conn *c = &self->c;
	static struct seg s;
	unsigned int i;

	OPEN();
	ASSERT_EQ(0, peer_write(&peer, 8 * MSS));
	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, conn_recv(c, &self->s, XT_SOON_MS));
	for (i = 0; i < ARRAY_SIZE(block) / 2; i++) {
		/* From the second segment on, and to ever later ones. */
		block[2 * i] = htonl(peer.start + (1 + i % 3) * MSS);
		block[2 * i + 1] = htonl(peer.start + (4 + i % 5) * MSS);
	}
	c->ack = peer.start;
	conn_seg(c, &s, ACK);
	seg_add_option(&s, OPT_SACK, block, sizeof(block));
	ASSERT_EQ(0, wire_send(c->w, &s));
	ASSERT_EQ(0, conn_recv(c, &self->s, XT_SOON_MS));
	UNLESS_DISTURBED(0, 0);
	EXPECT_EQ(peer.start, self->s.seq);
	EXPECT_EQ(MSS, self->s.len);
	EXPECT_EQ(1, xt_counter("FastRetransmits"));
	/* All of it, though the first one alone was missing. */
	c->ack = peer.start + 8 * MSS;
	ASSERT_EQ(0, conn_send(c, ACK, NULL, 0));
	EXPECT_TRUE(conn_quiet(c, XT_QUIET_MS));
	EXPECT_EQ(1, xt_counter("RetransSegs"));
}

/* ---- PRR ---- */

/*
 * RFC 6937: while more than the new threshold is in flight, reno sends one
 * segment for two that arrived; so a round trip later the flight is halved, and
 * nothing stood still or burst meanwhile.
 */
TEST_F(recovery, prr__one_segment_for_two)
{
	unsigned int lost = 30, i, k, entry, steps = 0, sent;
	uint32_t delivered0, una, flight, half, high = 0;
	const struct sent *again;

	OPEN();
	peer.slot_us = peer.rtt_us / 20;
	lose_segments(lost, lost + 1);
	ASSERT_EQ(0, peer_write(&peer, 150 * MSS));
	RUN(150 * MSS);
	UNLESS_DISTURBED(0, 0);
	EXPECT_EQ(1, peer_resends(&peer))
		peer_print(&peer);
	again = peer_find(&peer, lost * MSS, 1);
	ASSERT_NE(NULL, again);
	/* The ACK that began recovery, and what was in flight then. */
	entry = again->acks - 1;
	una = peer.acks[entry].ack;
	delivered0 = entry ? peer.acks[entry - 1].delivered : 0;
	for (i = 0; &peer.log[i] != again; i++)
		if (peer.log[i].seq + peer.log[i].len > high)
			high = peer.log[i].seq + peer.log[i].len;
	flight = high - una;
	ASSERT_LE(20 * MSS, flight);
	/* Of a window that is full; limited transmit may have exceeded it. */
	half = ssthresh();
	EXPECT_GE(flight / 2, half);
	EXPECT_LE(flight / 2, half + 2 * MSS);
	for (k = entry; k < peer.n_acks; k++) {
		uint32_t arrived = peer.acks[k].delivered - delivered0;
		uint32_t pipe, want;

		for (i = again - peer.log, sent = 0;
		     i < peer.n && peer.log[i].acks <= k + 1; i++)
			sent += peer.log[i].len;
		/*
		 * What is in flight: the lost one is not, its resend is, and
		 * some was reported before.
		 */
		pipe = flight - MSS - (delivered0 - una) - arrived + sent;
		if (pipe <= half + MSS || peer.acks[k].ack > una)
			break;
		want = ((uint64_t)arrived * half + flight - 1) / flight;
		EXPECT_GE(want + MSS, sent)
			TH_LOG("answer %u: %u arrived, %u sent", k, arrived, sent);
		EXPECT_LE(want, sent + MSS)
			TH_LOG("answer %u: %u arrived, %u sent", k, arrived, sent);
		steps++;
	}
	EXPECT_LE(8, steps);
}

/* ---- silence ---- */

static uint64_t pacing_rate(void)
{
	struct xtcp_info info;

	return xt_info(peer.c->fd, &info) ? 0 : info.xtcpi_pacing_rate;
}

/* A window that a silence has shrunk is paced as such, from its first segment on. */
TEST_F(recovery, idle__paced_by_the_window_that_is_left)
{
	uint64_t before_pause;
	uint32_t window;

	OPEN();
	ASSERT_EQ(0, peer_write(&peer, 150 * MSS));
	RUN(150 * MSS);
	UNLESS_DISTURBED(0, 0);
	window = cwnd();
	before_pause = pacing_rate();
	ASSERT_LE(80 * MSS, window);
	/* Two RTO or more, which are a round trip and 200 ms. */
	xt_sleep_ms(1500);
	ASSERT_EQ(0, peer_write(&peer, MSS));
	EXPECT_GE(window / 2, cwnd());
	EXPECT_GE(before_pause * 2 / 3, pacing_rate());
}

WIRE_MAIN
