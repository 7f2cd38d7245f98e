// SPDX-License-Identifier: GPL-2.0
/*
 * HyStart++: RFC 9406, for controllers that end slow start by loss.
 *
 * The first slow start knows no threshold and would overshoot until a buffer
 * overflows, and lose up to half a window.  HyStart++ sees the queue grow
 * first, by the round trips.  That can be a false alarm, so slow start does not
 * stop at once:
 *
 *	                alarm
 *	   SLOW START ------------> CONSERVATIVE ---- confirmed, ---> congestion
 *	   cwnd x 2 a     <-------- cwnd x 1.25 a     or 5 rounds     avoidance
 *	   round         taken back round
 *
 * RFC 9406 raises the alarm when the smallest round trip of a round is above
 * that of the round before.  Where ACKs clock the sender that is too late.  As
 * long as a window is less than what the path holds the ACKs come in a train,
 * and behind it the queue runs empty; so each round begins with the round trip
 * of an empty path, whatever it ends with:
 *
 *	round trip     /|      /|      _/
 *	             /  |    /  |    _/	    W: what the path holds
 *	          _/    |  /    |  _/
 *	       _/       |/      |/
 *	       cwnd 1/2 W to W  to 2 W   to 4 W, had there been no loss
 *
 * So we look into the round, in blocks of HYSTART_SAMPLES round trips, and raise
 * the alarm too when most blocks are above the first one, which tells that we
 * send faster than the path, and the train is half a round trip long, which
 * tells that by its end the window will be all that the path holds (Ha and Rhee,
 * "Taming the elephants", 2011).  The window is then between 1 and 1.5 W.
 *
 * A round of conservative slow start later: most blocks have not risen, it was
 * chance, as on paths whose delay varies.  They have, and the next round begins
 * with a risen one: the queue does not run empty any more, it is confirmed.
 */
#include <linux/kernel.h>

#include "hystart.h"

/* RFC 9406 section 4.3 */
#define HYSTART_MIN_THRESH_US	4000u
#define HYSTART_MAX_THRESH_US	16000u
#define HYSTART_RTT_DIVISOR	8
#define HYSTART_SAMPLES		8
#define HYSTART_CSS_DIVISOR	4
#define HYSTART_CSS_ROUNDS	5
#define HYSTART_NO_RTT		(~0u)

static void hystart_block_begin(struct xtcp_hystart *h)
{
	h->block_us = HYSTART_NO_RTT;
	h->samples = 0;
}

/**
 * xtcp_hystart_init() - a connection begins
 * @h: all 0
 */
void xtcp_hystart_init(struct xtcp_hystart *h)
{
	h->first_us = HYSTART_NO_RTT;
	h->last_first_us = HYSTART_NO_RTT;
	hystart_block_begin(h);
}

/* Is @rtt_us so much above @from_us that it is not chance? */
static bool hystart_above(u32 rtt_us, u32 from_us, u32 least_us)
{
	return rtt_us >= from_us + clamp(from_us / HYSTART_RTT_DIVISOR,
					 least_us, HYSTART_MAX_THRESH_US);
}

/* One block alone can be chance. */
static bool hystart_most_rose(const struct xtcp_hystart *h)
{
	return h->risen > 1 && 2 * h->risen >= h->blocks;
}

static void hystart_alarm(struct xtcp_hystart *h)
{
	h->css = true;
	h->css_rounds = 0;
}

static void hystart_round_begin(struct xtcp_hystart *h, u64 now_us)
{
	h->begin_us = now_us;
	h->last_first_us = h->first_us;
	h->first_us = HYSTART_NO_RTT;
	h->rose = hystart_most_rose(h);
	h->blocks = 0;
	h->risen = 0;
	hystart_block_begin(h);
	if (h->css)
		h->css_rounds++;
}

/* A round's first block: does the queue stand from round to round? */
static bool hystart_first_block(struct xtcp_hystart *h)
{
	h->first_us = h->block_us;
	/* The first round did not see all of conservative slow start. */
	if (h->css && h->css_rounds > 1) {
		if (h->rose)
			return hystart_above(h->first_us, h->base_us, 0);
		h->css = false;
	}
	if (h->css)
		return false;
	h->base_us = h->first_us;
	/* RFC 9406 section 4.2 */
	if (h->last_first_us != HYSTART_NO_RTT &&
	    hystart_above(h->first_us, h->last_first_us,
			  HYSTART_MIN_THRESH_US)) {
		h->base_us = h->last_first_us;
		hystart_alarm(h);
	}
	return false;
}

/* A later one: does it grow within the round? */
static void hystart_later_block(struct xtcp_hystart *h, u64 train_us, u32 min_rtt_us)
{
	h->blocks++;
	h->risen += hystart_above(h->block_us, h->base_us, 0);
	if (!h->css && hystart_most_rose(h) && train_us >= min_rtt_us / 2)
		hystart_alarm(h);
}

/* Answers whether slow start is over. */
static bool hystart_over(const struct xtcp_cong *c, struct xtcp_hystart *h,
			 const struct xtcp_ack_sample *s)
{
	bool over = false;

	if (xtcp_cong_round(&h->round_end, s)) {
		hystart_round_begin(h, c->now_us);
		if (h->css && h->css_rounds == HYSTART_CSS_ROUNDS)
			return true;
	}
	if (!s->rtt_us)
		return false;
	h->block_us = min(h->block_us, s->rtt_us);
	if (++h->samples < HYSTART_SAMPLES)
		return false;
	if (h->first_us == HYSTART_NO_RTT)
		over = hystart_first_block(h);
	else
		hystart_later_block(h, c->now_us - h->begin_us, s->min_rtt_us);
	hystart_block_begin(h);
	return over;
}

/**
 * xtcp_hystart_slow_start() - grow by what was acknowledged, or less, or end it
 * @c: the connection's congestion state, in slow start
 * @h: what it has seen so far
 * @s: the ACK
 *
 * As xtcp_cong_slow_start(), but that a queue ends it, too.  Only while no
 * threshold is known: a later slow start ends at the one that the loss has
 * taught (section 4.3).
 *
 * Return: bytes acknowledged that are left for congestion avoidance.
 */
u32 xtcp_hystart_slow_start(struct xtcp_cong *c, struct xtcp_hystart *h,
			    const struct xtcp_ack_sample *s)
{
	u32 acked = s->acked;

	if (c->ssthresh == XTCP_INFINITE_SSTHRESH) {
		if (hystart_over(c, h, s)) {
			c->ssthresh = c->cwnd;
			return acked;
		}
		if (h->css)
			acked /= HYSTART_CSS_DIVISOR;
	}
	return xtcp_cong_slow_start(c, acked);
}
