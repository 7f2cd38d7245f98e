/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A path in virtual time, for the suites of the controllers: flows that always
 * have something to send, paced and held by their windows, one bottleneck with
 * a drop-tail buffer, a fixed delay, and chance from a generator with a fixed
 * seed.  What the engine would tell a controller is computed as
 * draft-ietf-ccwg-bbr-06 section 4.1 says.
 *
 *	flows --> [ buffer ] rate --> loss, delay, jitter --> ACK for each
 *
 * A packet is an index into the flow's ring; bytes that are lost are sent
 * again as new ones.  Loss is noticed when a packet that was sent a quarter of
 * the smallest round trip later is acknowledged, or, when nothing comes any
 * more, by timeout.
 */
#ifndef _XTCP_PATH_SIM_H
#define _XTCP_PATH_SIM_H

#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/types.h>

#include "xtcp_kunit.h"
#include "../cong.h"

#define SIM_FLOWS	10
#define SIM_RING	8192u		/* packets of a flow in flight, at most */
#define SIM_NS_PER_US	1000ull
#define SIM_NS_PER_SEC	1000000000ull
#define SIM_RTO_NS	(200 * 1000000ull)
#define SIM_NEVER	(~0ull)

/**
 * struct sim_path - what lies between the ends
 * @rate: of the bottleneck, bytes per second
 * @rtt_us: round trip without queue
 * @buffer: bytes that may wait at the bottleneck
 * @mark: bytes in its queue beyond which packets are marked; 0: never
 * @loss_ppm: of packets, behind the bottleneck
 * @jitter_us: each packet takes up to this much longer, whatever the others do
 * @bunch_us: ACKs arrive only at multiples of this; 0: at once
 */
struct sim_path {
	u64	rate;
	u32	rtt_us;
	u32	buffer;
	u32	mark;
	u32	loss_ppm;
	u32	jitter_us;
	u32	bunch_us;
};

struct sim_pkt {
	u64	sent;
	u64	ack;			/* SIM_NEVER: dropped */
	u64	delivered;
	u64	delivered_at;
	u64	first_sent;
	u64	lost;
	u32	inflight;
	bool	waiting;		/* neither acknowledged nor lost */
	bool	marked;
	bool	limited;
};

/**
 * struct sim_flow - a sender
 * @c: its congestion state
 * @pkt: packets from @una to @next, by index modulo SIM_RING
 * @app_rate: bytes per second that the program writes; 0: no limit
 * @goodput: bytes delivered since sim_mark()
 * @losses: bytes lost since then
 */
struct sim_flow {
	struct xtcp_cong c;
	struct sim_pkt	*pkt;
	u64		una;
	u64		next;
	u64		delivered;
	u64		delivered_at;
	u64		first_sent;
	u64		lost;
	u64		next_send;
	u64		start;
	u64		app_rate;
	u64		app_sent;
	u64		app_limited;
	u64		goodput;
	u64		losses;
	u64		recover;
	u32		inflight;
	u32		srtt_us;
	u32		min_rtt_us;
	u8		ca_state;
	bool		limited_round;
	u64		limited_until;
};

/**
 * struct sim - all of it
 * @now: ns
 * @busy_until: when the bottleneck will have sent what waits now
 * @queue_sum: of the queue that each packet met, bytes
 * @queue_n: packets in @queue_sum
 */
struct sim {
	struct sim_path	path;
	struct sim_flow	flow[SIM_FLOWS];
	unsigned int	flows;
	u64		now;
	u64		busy_until;
	u64		queue_sum;
	u64		queue_n;
	u32		rnd;
};

static inline u64 sim_ns(u64 bytes, u64 rate)
{
	return div64_u64(bytes * SIM_NS_PER_SEC, rate);
}

static inline struct sim_pkt *sim_pkt(struct sim_flow *f, u64 i)
{
	return &f->pkt[i % SIM_RING];
}

static inline struct sim *sim_new(struct kunit *test,
				  const struct sim_path *path)
{
	struct sim *sim = kunit_kzalloc(test, sizeof(*sim), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, sim);
	sim->path = *path;
	sim->now = SIM_NS_PER_SEC;	/* 0 is no time of day */
	sim->rnd = 1;
	return sim;
}

/* A flow that begins @after_us from now, its handshake's round trip known. */
static inline struct sim_flow *sim_add(struct kunit *test, struct sim *sim,
				       const struct xtcp_cong_ops *ops,
				       u32 mss, u32 after_us)
{
	struct sim_flow *f = &sim->flow[sim->flows++];

	f->pkt = kunit_kzalloc(test, SIM_RING * sizeof(*f->pkt), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->pkt);
	f->start = sim->now + after_us * SIM_NS_PER_US;
	f->next_send = f->start;
	f->srtt_us = sim->path.rtt_us;
	f->min_rtt_us = sim->path.rtt_us;
	xtcp_cong_start(&f->c, ops, mss);
	return f;
}

/* Begin to count goodput, losses and queue. */
static inline void sim_mark(struct sim *sim)
{
	unsigned int i;

	sim->queue_sum = 0;
	sim->queue_n = 0;
	for (i = 0; i < sim->flows; i++) {
		sim->flow[i].goodput = 0;
		sim->flow[i].losses = 0;
	}
}

static inline u32 sim_mean_queue(const struct sim *sim)
{
	return sim->queue_n ? div64_u64(sim->queue_sum, sim->queue_n) : 0;
}

/* -------------------------------------------------------------- the path */

static inline u32 sim_queue(const struct sim *sim)
{
	u64 wait = sim->busy_until > sim->now ? sim->busy_until - sim->now : 0;

	return div64_u64(wait * sim->path.rate, SIM_NS_PER_SEC);
}

/* Answers when the packet's ACK arrives. */
static inline u64 sim_carry(struct sim *sim, u32 size, bool *marked)
{
	const struct sim_path *p = &sim->path;
	u32 queue = sim_queue(sim);
	u64 ack;

	sim->queue_sum += queue;
	sim->queue_n++;
	*marked = p->mark && queue > p->mark;
	if (queue + size > p->buffer)
		return SIM_NEVER;
	sim->busy_until = max(sim->busy_until, sim->now) +
			  sim_ns(size, p->rate);
	if (test_rnd_below(&sim->rnd, 1000000) < p->loss_ppm)
		return SIM_NEVER;
	ack = sim->busy_until + p->rtt_us * SIM_NS_PER_US;
	if (p->jitter_us)
		ack += test_rnd_below(&sim->rnd, p->jitter_us) * SIM_NS_PER_US;
	if (p->bunch_us) {
		u64 slot = p->bunch_us * SIM_NS_PER_US;

		ack = div64_u64(ack + slot - 1, slot) * slot;
	}
	return ack;
}

/* ------------------------------------------------------------- the sender */

static inline u64 sim_pacing_rate(const struct sim_flow *f)
{
	if (f->c.pacing_rate != XTCP_PACING_NONE)
		return f->c.pacing_rate;
	return div64_u64((u64)f->c.cwnd * 2 * 1000000, f->srtt_us);
}

/* Bytes that the program has written and that were not sent yet: enough? */
static inline u64 sim_app_at(const struct sim_flow *f)
{
	if (!f->app_rate)
		return f->start;
	return f->start + sim_ns(f->app_sent + f->c.mss, f->app_rate);
}

/* When may the flow send its next packet?  Waiting for an ACK: never. */
static inline u64 sim_send_at(const struct sim_flow *f)
{
	if (f->inflight + f->c.mss > f->c.cwnd ||
	    f->next - f->una >= SIM_RING)
		return SIM_NEVER;
	return max(f->next_send, sim_app_at(f));
}

static inline void sim_send(struct sim *sim, struct sim_flow *f)
{
	struct sim_pkt *p = sim_pkt(f, f->next);
	u32 size = f->c.mss;

	f->c.now_us = div64_u64(sim->now, SIM_NS_PER_US);
	if (!f->inflight) {
		if (f->next)
			xtcp_cong_idle(&f->c, div64_u64(sim->now -
					f->delivered_at, SIM_NS_PER_US),
				       300000);
		f->first_sent = sim->now;
		f->delivered_at = sim->now;
	}
	f->inflight += size;
	f->app_sent += size;
	p->sent = sim->now;
	p->delivered = f->delivered;
	p->delivered_at = f->delivered_at;
	p->first_sent = f->first_sent;
	p->lost = f->lost;
	p->inflight = f->inflight;
	p->waiting = true;
	p->limited = f->delivered < f->limited_until;
	p->ack = sim_carry(sim, size, &p->marked);
	f->next++;
	f->next_send = sim->now + sim_ns(size, sim_pacing_rate(f));
	if (f->inflight + size > f->c.cwnd)
		f->limited_round = true;
	/* The program wrote no more than this. */
	if (sim_app_at(f) > max(sim->now, f->next_send) &&
	    f->inflight < f->c.cwnd)
		f->limited_until = f->delivered + f->inflight;
}

static inline void sim_lose(struct sim_flow *f, struct sim_pkt *p,
			    struct xtcp_ack_sample *s)
{
	struct xtcp_loss_sample l = {
		.delivered	= f->delivered,
		.size		= f->c.mss,
		.tx_inflight	= p->inflight,
		.app_limited	= p->limited,
	};

	p->waiting = false;
	f->inflight -= f->c.mss;
	f->lost += f->c.mss;
	f->losses += f->c.mss;
	s->lost += f->c.mss;
	l.tx_lost = f->lost - p->lost;
	xtcp_cong_lost(&f->c, &l);
}

static inline void sim_detect(struct sim_flow *f, u64 newest_sent,
			      struct xtcp_ack_sample *s)
{
	u64 patience = f->min_rtt_us / 4 * SIM_NS_PER_US;
	u64 i;

	for (i = f->una; i < f->next; i++) {
		struct sim_pkt *p = sim_pkt(f, i);

		if (p->sent + patience >= newest_sent)
			break;
		if (p->waiting)
			sim_lose(f, p, s);
	}
}

static inline void sim_advance(struct sim_flow *f)
{
	while (f->una < f->next && !sim_pkt(f, f->una)->waiting)
		f->una++;
}

static inline void sim_enter(struct sim_flow *f, u8 state)
{
	f->ca_state = state;
	f->recover = f->next;
}

/* One packet is acknowledged. */
static inline void sim_ack(struct sim *sim, struct sim_flow *f, u64 i)
{
	struct sim_pkt *p = sim_pkt(f, i);
	u32 rtt_us = div64_u64(sim->now - p->sent, SIM_NS_PER_US);
	struct xtcp_ack_sample s = {
		.prior_delivered = p->delivered,
		.acked		= f->c.mss,
		.prior_inflight	= f->inflight,
		.tx_inflight	= p->inflight,
		.rtt_us		= rtt_us,
		.app_limited	= p->limited,
		.ce_bytes	= p->marked ? f->c.mss : 0,
	};
	u64 interval;

	f->c.now_us = div64_u64(sim->now, SIM_NS_PER_US);
	p->waiting = false;
	f->inflight -= f->c.mss;
	f->delivered += f->c.mss;
	f->goodput += f->c.mss;
	f->delivered_at = sim->now;
	f->first_sent = max(f->first_sent, p->sent);
	interval = max(p->sent - p->first_sent, sim->now - p->delivered_at);
	f->srtt_us = div_u64((u64)f->srtt_us * 7 + rtt_us, 8);
	f->min_rtt_us = min(f->min_rtt_us, rtt_us);

	if (f->ca_state != XTCP_CA_OPEN && i >= f->recover) {
		xtcp_cong_recovered(&f->c, f->ca_state);
		f->ca_state = XTCP_CA_OPEN;
	}
	sim_detect(f, p->sent, &s);
	if (s.lost && f->ca_state == XTCP_CA_OPEN) {
		sim_enter(f, XTCP_CA_RECOVERY);
		xtcp_cong_on_loss(&f->c, s.prior_inflight);
	}
	sim_advance(f);

	s.delivered = f->delivered;
	s.interval_us = div64_u64(interval, SIM_NS_PER_US);
	if (s.interval_us < f->min_rtt_us)
		s.interval_us = 0;
	s.inflight = f->inflight;
	s.tx_lost = f->lost - p->lost;
	s.srtt_us = f->srtt_us;
	s.min_rtt_us = f->min_rtt_us;
	s.ca_state = f->ca_state;
	f->c.cwnd_limited = f->limited_round;
	if (f->inflight + f->c.mss < f->c.cwnd)
		f->limited_round = false;
	xtcp_cong_on_ack(&f->c, &s);
}

/* Nothing of the flow is on its way: all of it is lost. */
static inline void sim_timeout(struct sim *sim, struct sim_flow *f)
{
	struct xtcp_ack_sample s = {};
	u32 inflight = f->inflight;
	u64 i;

	f->c.now_us = div64_u64(sim->now, SIM_NS_PER_US);
	for (i = f->una; i < f->next; i++) {
		if (sim_pkt(f, i)->waiting)
			sim_lose(f, sim_pkt(f, i), &s);
	}
	sim_advance(f);
	xtcp_cong_on_rto(&f->c, inflight, f->inflight,
			 f->ca_state != XTCP_CA_LOSS);
	sim_enter(f, XTCP_CA_LOSS);
}

/* -------------------------------------------------------------- the clock */

struct sim_event {
	u64		at;
	struct sim_flow	*f;
	u64		pkt;
	enum { SIM_SEND, SIM_ACK, SIM_TIMEOUT } what;
};

static inline void sim_next_of(struct sim_flow *f, struct sim_event *e)
{
	u64 first = SIM_NEVER, send = sim_send_at(f), newest = 0, i;

	for (i = f->una; i < f->next; i++) {
		const struct sim_pkt *p = sim_pkt(f, i);

		if (!p->waiting)
			continue;
		newest = max(newest, p->sent);
		if (p->ack < first) {
			first = p->ack;
			e->pkt = i;
		}
	}
	e->f = f;
	e->at = min(first, send);
	e->what = send <= first ? SIM_SEND : SIM_ACK;
	if (e->at == SIM_NEVER) {
		e->at = newest + SIM_RTO_NS;
		e->what = SIM_TIMEOUT;
	}
}

/* Let @us of virtual time pass. */
static inline void sim_run(struct sim *sim, u64 us)
{
	u64 end = sim->now + us * SIM_NS_PER_US;

	for (;;) {
		struct sim_event e, first = { .at = SIM_NEVER };
		unsigned int i;

		for (i = 0; i < sim->flows; i++) {
			sim_next_of(&sim->flow[i], &e);
			if (e.at < first.at)
				first = e;
		}
		if (first.at > end)
			break;
		sim->now = max(sim->now, first.at);
		if (first.what == SIM_SEND)
			sim_send(sim, first.f);
		else if (first.what == SIM_ACK)
			sim_ack(sim, first.f, first.pkt);
		else
			sim_timeout(sim, first.f);
	}
	sim->now = end;
}

#endif /* _XTCP_PATH_SIM_H */
