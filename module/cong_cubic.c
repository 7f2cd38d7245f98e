// SPDX-License-Identifier: GPL-2.0
/*
 * CUBIC: RFC 9438, with HyStart++ (hystart.c) for the first slow start.
 *
 * Reno adds a segment in each round trip, so a long fast path takes it minutes
 * to fill again after a loss.  CUBIC lets time decide, not round trips: the
 * window at which the last loss happened is where the path was full, so it
 * hurries back to there, dwells, and then looks, ever faster, for more.
 *
 *	  cwnd
 *	   ^                                               /
 *	   |                                              /   convex: is there
 *	   |   loss here                                 /    more than before?
 *	   |     |                                     _/
 *	w_max - -x- - - - - - - - _______-------------- - - plateau
 *	   |   / |            _--
 *	   |  /  |         _-           W(t) = C (t - K)^3 + w_max
 *	   | /   |       _/
 *	   |     |      /   concave: back, and slower as it comes nearer
 *	0.7 w_max+-----/
 *	   |           |<----- K ------->|
 *	   +-----------+-----------------+-------------------> t
 *	               epoch
 *
 * K is what makes the curve begin where the window is: W(0) = cwnd at the
 * epoch, when congestion avoidance began.  Flows of different round-trip times
 * grow alike, as t is time.
 *
 * Where the product of rate and delay is small that curve is too flat, and
 * reno would do better.  So a second window, w_est, grows as reno's would, and
 * counts when it is the larger one: the reno-friendly region.  It grows more
 * slowly than reno as long as the last reduction, 0.7 and not 0.5, is an
 * advantage, and like reno once it has passed the window before it.
 *
 * Fast convergence: a loss below the last w_max means that somebody new wants
 * his share.  The plateau is then put below the loss.
 *
 * Time in which the window held nobody back proves nothing, and is cut out of
 * the curve (epoch_us moves on); else the window would leap after a pause.
 *
 * What grows in a round trip cannot be taken back before its first loss is
 * heard of.  The curve knows no round trips; where a full buffer makes them
 * last for seconds, it would climb by a third of the window in one, and all of
 * that is lost.  So beyond w_max, where the buffer's end can be anywhere, and
 * while most of the window is queue, it climbs by a sixteenth in a round trip,
 * and the curve's time waits for it.
 *
 * Windows are bytes.  The curve is computed in ms: it is flat around K, so an
 * error of 1 ms is one of 3 C (t - K)^2 / 1000 segments, half a segment 20 s
 * away from K.
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/module.h>

#include "cong.h"
#include "hystart.h"

/* RFC 9438 section 4.6 and 5.1 */
#define CUBIC_BETA_TENTHS	7
#define CUBIC_C_TENTHS		4	/* segments per second cubed */

/* Section 4.3: 3 (1 - beta) / (1 + beta) = 9/17 */
#define CUBIC_ALPHA_NUM		9
#define CUBIC_ALPHA_DEN		17

/* Section 4.2: parts of the window by which a round trip may raise it */
#define CUBIC_GROWTH_DIV	2
/*
 * The same in a queue, whose overflow then costs 6 % of a flight, where one
 * reduction makes room for 30.  Short round trips do not come near: in 20 ms the
 * curve climbs by 3 C t^2 / 50, 1 % of 100 segments even 6 s beyond w_max.
 */
#define CUBIC_QUEUE_GROWTH_DIV	16
/* Round trips, of the smallest one, that make most of a window a queue */
#define CUBIC_QUEUE_RTTS	2

/* ms^3 in 1 / C seconds^3 */
#define CUBIC_MS3_PER_SEG	(10 * 1000000000ULL / CUBIC_C_TENTHS)

/*
 * So far from K, in ms, even the smallest segments, of one byte, make more
 * than the largest window; and the cube still fits 64 bits.
 */
#define CUBIC_MAX_MS		1400000u

/* The curve of an epoch, and what the next one begins with. */
struct cubic_curve {
	u64	epoch_us;	/* its t = 0; moves over idle time */
	u32	k_ms;
	u32	w_max;		/* bytes; 0: nothing known of the path */
	u32	w_est;		/* what reno would have, bytes */
	u32	est_frac;	/* of a byte of w_est, in cwnd-ths */
	u32	cwnd_prior;	/* before the last reduction; 0: none yet */
	u32	mss;		/* that k_ms was computed for */
	bool	running;	/* else the next ACK begins an epoch */
};

struct cubic {
	struct cubic_curve	curve;
	struct cubic_curve	undo;	/* before the last reduction */
	struct xtcp_hystart	hystart;
	u64			last_us;	/* of the last ACK or send */
};

static struct cubic *cubic_of(struct xtcp_cong *c)
{
	BUILD_BUG_ON(sizeof(struct cubic) > sizeof(c->priv));
	return (struct cubic *)c->priv;
}

/* ------------------------------------------------------------- the curve */

/* Largest r with r^3 <= x, bit by bit; x < 2^63. */
static u32 cubic_root(u64 x)
{
	u32 root = 0;
	int bit;

	for (bit = 20; bit >= 0; bit--) {
		u64 r = root | BIT(bit);

		if (r * r * r <= x)
			root = r;
	}
	return root;
}

/* RFC 9438 equation 1: the window at @t_us after the epoch, bytes. */
static u32 cubic_window(const struct cubic_curve *v, u64 t_us)
{
	u64 t_ms = div_u64(t_us, 1000);
	bool before = t_ms < v->k_ms;
	u64 far = min_t(u64, before ? v->k_ms - t_ms : t_ms - v->k_ms,
			CUBIC_MAX_MS);
	/* Dividing first would round to segments; beyond, it is too much. */
	u64 bytes = div_u64(min_t(u64, far * far * far,
				  div_u64(U64_MAX, v->mss)) * v->mss,
			    CUBIC_MS3_PER_SEG);

	if (before)
		return v->w_max - min_t(u64, bytes, v->w_max);
	return min_t(u64, v->w_max + bytes, XTCP_MAX_CWND_BYTES);
}

/*
 * Congestion avoidance begins.  Equation 2, unless there is nothing to climb
 * back to: after a timeout, and after a slow start that ended without a loss,
 * the curve begins on its plateau (sections 4.8 and 4.10).
 */
static void cubic_begin(struct xtcp_cong *c, struct cubic_curve *v)
{
	v->running = true;
	v->epoch_us = c->now_us;
	v->mss = c->mss;
	v->w_est = c->cwnd;
	v->est_frac = 0;
	v->w_max = max(v->w_max, c->cwnd);
	v->k_ms = cubic_root(div_u64((v->w_max - c->cwnd) * CUBIC_MS3_PER_SEG,
				     c->mss));
	c->acked_frac = 0;
}

/*
 * Since the last ACK nothing was learnt: that time does not count (section
 * 5.8).
 */
static void cubic_pause(const struct xtcp_cong *c, struct cubic *cu)
{
	if (cu->curve.running)
		cu->curve.epoch_us += c->now_us - cu->last_us;
	cu->last_us = c->now_us;
}

/* Equation 4 with bytes: alpha segments for each window acknowledged. */
static void cubic_reno_grows(const struct xtcp_cong *c, struct cubic_curve *v,
			     u32 acked)
{
	u64 part = (u64)acked * c->mss, grown;

	if (v->w_est < v->cwnd_prior)
		part = div_u64(part * CUBIC_ALPHA_NUM, CUBIC_ALPHA_DEN);
	part += v->est_frac;
	grown = div_u64(part, c->cwnd);
	v->est_frac = part - grown * c->cwnd;
	v->w_est = min_t(u64, v->w_est + grown, XTCP_MAX_CWND_BYTES);
}

/*
 * Each window acknowledged brings cwnd to where the curve will be a round trip
 * from now, and at most half a window further (section 4.2).
 */
static void cubic_approach(struct xtcp_cong *c, u32 target, u32 acked)
{
	u64 part, grown;

	target = clamp(target, c->cwnd,
		       min(c->cwnd + c->cwnd / CUBIC_GROWTH_DIV,
			   XTCP_MAX_CWND_BYTES));
	part = (u64)(target - c->cwnd) * acked + c->acked_frac;
	grown = div_u64(part, c->cwnd);
	c->acked_frac = part - grown * c->cwnd;
	c->cwnd = min_t(u64, c->cwnd + grown, target);
}

/*
 * How far may the window be in a round trip, if most of it is queue?  Time that
 * the curve would climb higher in does not count.
 */
static u32 cubic_in_queue(const struct xtcp_cong *c, struct cubic_curve *v,
			  const struct xtcp_ack_sample *s, u32 target,
			  u32 since_us)
{
	u32 most = max(v->w_max, c->cwnd + c->cwnd / CUBIC_QUEUE_GROWTH_DIV);

	if (s->srtt_us / CUBIC_QUEUE_RTTS <= s->min_rtt_us || target <= most)
		return target;
	v->epoch_us += since_us;
	return most;
}

/* @since_us: since the last ACK that the window was full at */
static void cubic_avoid(struct xtcp_cong *c, const struct xtcp_ack_sample *s,
			u32 acked, u32 since_us)
{
	struct cubic_curve *v = &cubic_of(c)->curve;
	u32 target;
	u64 t_us;

	/* The curve is in segments: others make another one. */
	if (!v->running || v->mss != c->mss) {
		cubic_begin(c, v);
		since_us = 0;
	}
	t_us = c->now_us - v->epoch_us;
	cubic_reno_grows(c, v, acked);
	if (cubic_window(v, t_us) < v->w_est) {
		c->cwnd = max(c->cwnd, v->w_est);
		return;
	}
	target = cubic_window(v, t_us + s->srtt_us);
	target = cubic_in_queue(c, v, s, target, since_us);
	cubic_approach(c, target, acked);
}

/* ------------------------------------------------------------ operations */

static void cubic_init(struct xtcp_cong *c)
{
	xtcp_hystart_init(&cubic_of(c)->hystart);
}

static void cubic_on_ack(struct xtcp_cong *c, const struct xtcp_ack_sample *s)
{
	struct cubic *cu = cubic_of(c);
	u32 since_us = min_t(u64, c->now_us - cu->last_us, U32_MAX);
	u32 left = s->acked;

	if (!c->cwnd_limited) {
		cubic_pause(c, cu);
		return;
	}
	cu->last_us = c->now_us;
	if (xtcp_in_slow_start(c)) {
		cu->curve.running = false;
		left = xtcp_hystart_slow_start(c, &cu->hystart, s);
	}
	if (left)
		cubic_avoid(c, s, left, since_us);
}

/*
 * Sections 4.6 and 4.7.  From what is in flight, as reno does it: a window
 * that was not filled has no say in what the path carries.
 */
static u32 cubic_ssthresh(struct xtcp_cong *c, u32 inflight)
{
	struct cubic *cu = cubic_of(c);
	struct cubic_curve *v = &cu->curve;
	u64 flight = min(inflight, c->cwnd);

	cu->undo = *v;
	v->running = false;
	v->cwnd_prior = c->cwnd;
	if (c->cwnd < v->w_max)
		v->w_max = div_u64((u64)c->cwnd * (10 + CUBIC_BETA_TENTHS), 20);
	else
		v->w_max = c->cwnd;
	return max_t(u64, div_u64(flight * CUBIC_BETA_TENTHS, 10),
		     XTCP_MIN_CWND_SEGS * c->mss);
}

/*
 * Section 4.9.  Long after, when the window has come back by itself, the newer
 * curve is the better one.
 */
static u32 cubic_undo_cwnd(struct xtcp_cong *c)
{
	struct cubic *cu = cubic_of(c);

	if (c->cwnd < c->prior_cwnd)
		cu->curve = cu->undo;
	return c->prior_cwnd;
}

static void cubic_event(struct xtcp_cong *c, enum xtcp_cong_event ev)
{
	struct cubic *cu = cubic_of(c);

	switch (ev) {
	case XTCP_CONG_TX_START:
		cubic_pause(c, cu);
		break;
	case XTCP_CONG_RTO:
		/* The path may be another one: no plateau to come back to. */
		cu->curve.w_max = 0;
		break;
	default:
		break;
	}
}

struct xtcp_cong_ops xtcp_cubic = {
	.name		= "cubic",
	.owner		= NULL,	/* of this module: see cong.h */
	.init		= cubic_init,
	.on_ack		= cubic_on_ack,
	.ssthresh	= cubic_ssthresh,
	.undo_cwnd	= cubic_undo_cwnd,
	.event		= cubic_event,
};
