/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Congestion control: the table of operations that a controller fills, the
 * numbers that it works on, and the registry.  All windows are bytes, all
 * times µs, all rates bytes per second.  A controller sees no socket: what it
 * may know is in struct xtcp_cong and struct xtcp_ack_sample.
 */
#ifndef _XTCP_CONG_H
#define _XTCP_CONG_H

#include <linux/list.h>
#include <linux/module.h>
#include <linux/types.h>
#include <linux/xtcp.h>

#define XTCP_INIT_CWND_SEGS	10		/* RFC 6928 */
#define XTCP_INFINITE_SSTHRESH	0xffffffffu
#define XTCP_MIN_CWND_SEGS	2		/* RFC 5681 section 3.1 */
#define XTCP_CA_PRIV_BYTES	160
#define XTCP_PACING_NONE	(~0ULL)

struct xtcp_cong_ops;

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
 * @pacing_rate: bytes per second; XTCP_PACING_NONE: do not pace
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
	u64				pacing_rate;
	u64				priv[XTCP_CA_PRIV_BYTES / 8];
};

/**
 * struct xtcp_ack_sample - what one acknowledgment told
 * @now_us: monotonic clock, µs
 * @delivered: bytes delivered in the connection's life, this ACK included
 * @prior_delivered: @delivered when the newest acknowledged segment was sent
 * @interval_us: time over which @delivered - @prior_delivered was measured;
 *	0: no valid rate sample
 * @acked: bytes newly acknowledged or SACKed
 * @lost: bytes newly marked lost
 * @prior_inflight: bytes in flight before this ACK
 * @inflight: bytes in flight after it
 * @ce_bytes: bytes newly reported as CE-marked
 * @rtt_us: round trip of this ACK, µs; 0: no sample
 * @min_rtt_us: smallest known, µs; ~0: none
 * @app_limited: the rate sample was limited by the application
 */
struct xtcp_ack_sample {
	u64	now_us;
	u64	delivered;
	u64	prior_delivered;
	u32	interval_us;
	u32	acked;
	u32	lost;
	u32	prior_inflight;
	u32	inflight;
	u32	ce_bytes;
	u32	rtt_us;
	u32	min_rtt_us;
	bool	app_limited;
};

enum xtcp_cong_event {
	XTCP_CONG_START_AFTER_IDLE,
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
 * @on_ack: new data was acknowledged outside loss recovery by RTO: grow
 * @ssthresh: answers the slow-start threshold, bytes, that a loss at
 *	@inflight bytes in flight calls for
 * @undo_cwnd: answers the window to restore after a reduction that turns out
 *	to be wrong
 * @event: something happened that is no ACK; may be NULL
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
	void (*on_ack)(struct xtcp_cong *c, const struct xtcp_ack_sample *s);
	u32 (*ssthresh)(struct xtcp_cong *c, u32 inflight);
	u32 (*undo_cwnd)(struct xtcp_cong *c);
	void (*event)(struct xtcp_cong *c, enum xtcp_cong_event ev);
	struct list_head	list;
};

/* What controllers share (cong.c) */
static inline bool xtcp_in_slow_start(const struct xtcp_cong *c)
{
	return c->cwnd < c->ssthresh;
}

u32 xtcp_cong_slow_start(struct xtcp_cong *c, u32 acked);
void xtcp_cong_avoid_ai(struct xtcp_cong *c, u32 acked);
void xtcp_cong_start(struct xtcp_cong *c, const struct xtcp_cong_ops *ops,
		     u32 mss);
void xtcp_cong_reset(struct xtcp_cong *c, u32 mss);
void xtcp_cong_set_mss(struct xtcp_cong *c, u32 mss);
void xtcp_cong_stop(struct xtcp_cong *c);
void xtcp_cong_on_ack(struct xtcp_cong *c, const struct xtcp_ack_sample *s);
void xtcp_cong_on_rto(struct xtcp_cong *c, u32 inflight, bool first);
void xtcp_cong_on_loss(struct xtcp_cong *c, u32 inflight);
void xtcp_cong_undo(struct xtcp_cong *c);
void xtcp_cong_idle(struct xtcp_cong *c, u32 idle_us, u32 rto_us);

/* The registry (cong.c) */
int xtcp_register_congestion_control(struct xtcp_cong_ops *ops);
void xtcp_unregister_congestion_control(struct xtcp_cong_ops *ops);
const struct xtcp_cong_ops *xtcp_cong_get(const char *name);
void xtcp_cong_put(const struct xtcp_cong_ops *ops);
void xtcp_cong_hold(const struct xtcp_cong_ops *ops);
size_t xtcp_cong_list(char *buf, size_t size);

extern struct xtcp_cong_ops xtcp_reno;

#endif /* _XTCP_CONG_H */
