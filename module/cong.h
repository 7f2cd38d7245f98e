/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Congestion control: the table of operations that a controller fills, the
 * numbers that it works on, and the registry.  All windows are bytes, all
 * times µs, all rates bytes per second.  A controller sees no socket: what it
 * may know is in struct xtcp_cong and struct xtcp_ack_sample.
 */
#ifndef _XTCP_CONG_H
#define _XTCP_CONG_H

#include <linux/bits.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/types.h>
#include <linux/xtcp.h>

#define XTCP_INIT_CWND_SEGS	10		/* RFC 6928 */
#define XTCP_INFINITE_SSTHRESH	0xffffffffu
#define XTCP_MIN_CWND_SEGS	2		/* RFC 5681 section 3.1 */
/* A quarter of the sequence space: nothing in flight can be taken for old. */
#define XTCP_MAX_CWND_BYTES	0x40000000u
#define XTCP_CA_PRIV_BYTES	208
#define XTCP_PACING_NONE	(~0ULL)

struct xtcp_cong_ops;

/*
 * xtcp_cong_ops.flags: ask for ECN whatever the sysctl says, and let every
 * segment tell that it can be marked (RFC 8257 section 3).
 */
#define XTCP_CONG_WANTS_ECN	BIT(0)

/**
 * struct xtcp_cong - one connection's congestion state
 * @ops: the controller
 * @mss: payload bytes of a full segment
 * @cwnd: congestion window, bytes
 * @ssthresh: slow-start threshold, bytes; XTCP_INFINITE_SSTHRESH at first
 * @prior_cwnd: @cwnd before the last reduction, for undo
 * @prior_ssthresh: @ssthresh before the last reduction, for undo
 * @acked_frac: bytes acknowledged that did not make a full increase yet
 * @cwnd_limited: the window, not the application or the peer, held the
 *	sender back in the last round trip (RFC 7661)
 * @ecn: the connection negotiated ECN
 * @send_quantum: bytes that may leave in one burst when paced; 0: what a
 *	millisecond at the pacing rate carries
 * @now_us: the engine's clock, monotonic, µs, at the call that is running
 * @idle_us: at XTCP_CONG_TX_START: µs since payload was last sent
 * @pacing_rate: bytes per second; XTCP_PACING_NONE: from window and round trip
 * @priv: the controller's own
 */
struct xtcp_cong {
	const struct xtcp_cong_ops	*ops;
	u32				mss;
	u32				cwnd;
	u32				ssthresh;
	u32				prior_cwnd;
	u32				prior_ssthresh;
	u32				acked_frac;
	bool				cwnd_limited;
	bool				ecn;
	u32				send_quantum;
	u32				idle_us;
	u64				now_us;
	u64				pacing_rate;
	u64				priv[XTCP_CA_PRIV_BYTES / 8];
};

/* Where loss recovery stands; also in struct xtcp_info. */
enum xtcp_ca_state {
	XTCP_CA_OPEN,
	XTCP_CA_RECOVERY,	/* RACK saw a loss; ends at high_seq */
	XTCP_CA_LOSS,		/* the retransmission timer expired */
	XTCP_CA_CWR,		/* the window shrinks for a CE mark, not a loss */
};

/**
 * struct xtcp_ack_sample - what one acknowledgment told
 * @delivered: bytes delivered in the connection's life, this ACK included
 * @prior_delivered: @delivered when the newest acknowledged segment was sent
 * @interval_us: time over which @delivered - @prior_delivered was measured;
 *	0: no valid rate sample
 * @acked: bytes newly acknowledged or SACKed
 * @lost: bytes newly marked lost
 * @prior_inflight: bytes in flight before this ACK
 * @inflight: bytes in flight after it
 * @tx_inflight: bytes in flight when the newest acknowledged segment was sent,
 *	itself included
 * @tx_lost: bytes marked lost since then
 * @ce_bytes: bytes newly reported as CE-marked
 * @rtt_us: round trip of this ACK, µs; 0: no sample
 * @srtt_us: smoothed round trip, µs; 0: none yet
 * @min_rtt_us: smallest known, µs; ~0: none
 * @ca_state: enum xtcp_ca_state, losses of this ACK considered
 * @app_limited: the newest acknowledged segment was sent while the program,
 *	not a window, was the limit
 *
 * Rates as in draft-cheng-iccrg-delivery-rate-estimation: the newest
 * acknowledged segment is the one that was sent last.
 */
struct xtcp_ack_sample {
	u64	delivered;
	u64	prior_delivered;
	u32	interval_us;
	u32	acked;
	u32	lost;
	u32	prior_inflight;
	u32	inflight;
	u32	tx_inflight;
	u32	tx_lost;
	u32	ce_bytes;
	u32	rtt_us;
	u32	srtt_us;
	u32	min_rtt_us;
	u8	ca_state;
	bool	app_limited;
};

/**
 * struct xtcp_loss_sample - one segment that was just marked lost
 * @delivered: bytes delivered in the connection's life
 * @size: its bytes
 * @tx_inflight: bytes in flight when it was sent, itself included
 * @tx_lost: bytes marked lost since it was sent, itself included
 * @app_limited: it was sent while the program was the limit
 */
struct xtcp_loss_sample {
	u64	delivered;
	u32	size;
	u32	tx_inflight;
	u32	tx_lost;
	bool	app_limited;
};

enum xtcp_cong_event {
	XTCP_CONG_TX_START,		/* about to send, nothing in flight */
	XTCP_CONG_RECOVERY_ENTER,	/* fast recovery: loss seen by RACK */
	XTCP_CONG_RECOVERY_EXIT,
	XTCP_CONG_RTO,			/* retransmission timeout */
	XTCP_CONG_ECN,			/* first CE report of a round trip */
};

/**
 * struct xtcp_cong_ops - a congestion controller
 * @name: what programs and sysctls call it
 * @owner: THIS_MODULE; NULL for those in xtcp.ko, which a namespace's default
 *	would otherwise keep loaded for ever
 * @init: a connection begins to use it; may be NULL
 * @release: a connection ends to use it; may be NULL
 * @observe: an acknowledgment came, in whatever state; called before @on_ack
 *	and after what the losses it told of call for; may be NULL
 * @on_ack: new data was acknowledged outside fast recovery: grow
 * @control: instead of @on_ack, for a controller that sets @cwnd and
 *	@pacing_rate itself: called for every acknowledgment that delivers
 *	something or tells of a loss, in every state; proportional rate
 *	reduction and the decay after idleness are then left to it; NULL for the
 *	others
 * @on_lost: one segment was just marked lost; may be NULL
 * @ssthresh: answers the slow-start threshold, bytes, that a loss with
 *	@inflight bytes sent and not acknowledged calls for
 * @ecn_ssthresh: instead of @ssthresh when it was a CE mark, and no loss; may
 *	be NULL
 * @undo_cwnd: answers the window to restore after a reduction that turns out
 *	to be wrong
 * @event: something happened that is no ACK; may be NULL
 * @flags: XTCP_CONG_*
 * @list: registry
 *
 * All but @init and @release are called under the socket lock, in softirq or
 * process context; none may sleep.
 */
struct xtcp_cong_ops {
	char			name[XTCP_CA_NAME_MAX];
	struct module		*owner;
	void (*init)(struct xtcp_cong *c);
	void (*release)(struct xtcp_cong *c);
	void (*observe)(struct xtcp_cong *c, const struct xtcp_ack_sample *s);
	void (*on_ack)(struct xtcp_cong *c, const struct xtcp_ack_sample *s);
	void (*control)(struct xtcp_cong *c, const struct xtcp_ack_sample *s);
	void (*on_lost)(struct xtcp_cong *c, const struct xtcp_loss_sample *l);
	u32 (*ssthresh)(struct xtcp_cong *c, u32 inflight);
	u32 (*ecn_ssthresh)(struct xtcp_cong *c, u32 inflight);
	u32 (*undo_cwnd)(struct xtcp_cong *c);
	void (*event)(struct xtcp_cong *c, enum xtcp_cong_event ev);
	u32			flags;
	struct list_head	list;
};

/* What controllers share (cong.c) */
static inline bool xtcp_in_slow_start(const struct xtcp_cong *c)
{
	return c->cwnd < c->ssthresh;
}

/**
 * xtcp_cong_round - does this ACK begin a new round trip?
 * @next: the controller's: @delivered at which the round ends; 0 at first
 * @s: the ACK
 *
 * A round ends when something is acknowledged that was sent after it began.
 */
static inline bool xtcp_cong_round(u64 *next, const struct xtcp_ack_sample *s)
{
	if (s->prior_delivered < *next)
		return false;
	*next = s->delivered;
	return true;
}

u32 xtcp_cong_slow_start(struct xtcp_cong *c, u32 acked);
void xtcp_cong_avoid_ai(struct xtcp_cong *c, u32 acked);
void xtcp_cong_start(struct xtcp_cong *c, const struct xtcp_cong_ops *ops,
		     u32 mss);
void xtcp_cong_reset(struct xtcp_cong *c, u32 mss);
void xtcp_cong_set_mss(struct xtcp_cong *c, u32 mss);
void xtcp_cong_stop(struct xtcp_cong *c);
void xtcp_cong_observe(struct xtcp_cong *c, const struct xtcp_ack_sample *s);
void xtcp_cong_on_ack(struct xtcp_cong *c, const struct xtcp_ack_sample *s);
void xtcp_cong_on_rto(struct xtcp_cong *c, u32 inflight, u32 left, bool first);
void xtcp_cong_on_loss(struct xtcp_cong *c, u32 inflight);
void xtcp_cong_on_ecn(struct xtcp_cong *c, u32 inflight);
void xtcp_cong_recovered(struct xtcp_cong *c, enum xtcp_ca_state from);
void xtcp_cong_lost(struct xtcp_cong *c, const struct xtcp_loss_sample *l);
void xtcp_cong_undo(struct xtcp_cong *c);
void xtcp_cong_idle(struct xtcp_cong *c, u32 idle_us, u32 rto_us);

/* The registry (cong.c) */
int xtcp_register_congestion_control(struct xtcp_cong_ops *ops);
void xtcp_unregister_congestion_control(struct xtcp_cong_ops *ops);
const struct xtcp_cong_ops *xtcp_cong_get(const char *name);
void xtcp_cong_put(const struct xtcp_cong_ops *ops);
void xtcp_cong_hold(const struct xtcp_cong_ops *ops);
size_t xtcp_cong_list(char *buf, size_t size);

extern struct xtcp_cong_ops xtcp_reno, xtcp_cubic, xtcp_bbr, xtcp_dctcp;

#endif /* _XTCP_CONG_H */
