// SPDX-License-Identifier: GPL-2.0
/*
 * What every congestion controller shares: the windows' life (start, loss,
 * timeout, undo, idle), growth by bytes, and the registry of controllers.
 *
 * The recovery room tells what happened; a controller only answers how far to
 * reduce (ssthresh), how to grow (on_ack) and what to restore (undo_cwnd).
 * This file does what RFC 5681 demands of all of them:
 *
 *	loss by RACK:	ssthresh = ops->ssthresh(); cwnd comes down to it.
 *			Proportional rate reduction (RFC 6937) may then set
 *			cwnd on each ACK until recovery ends.
 *	first RTO:	ssthresh = ops->ssthresh(); cwnd = 1 segment.
 *	further RTOs:	ssthresh stays (RFC 5681 section 3.1); cwnd = 1 segment.
 *	undo:		both back to what they were before the first reduction
 *			of the episode, never below what they are now.
 *	CE mark:	as loss by RACK, at most once in a round trip (RFC 3168),
 *			but the threshold is ops->ecn_ssthresh()'s, if any.
 *	idle:		cwnd halves with each RTO of silence (RFC 2861, RFC
 *			7661) down to the initial window, and ssthresh keeps
 *			three quarters of it as what is known of the path.
 *
 * Windows are bytes and grow by the bytes acknowledged (RFC 3465), so neither
 * delayed nor divided ACKs change how fast.  RFC 3465 limits what one ACK adds
 * to two segments against bursts; that limit is not applied: with receive
 * offload one ACK stands for tens of segments, and slow start would become
 * linear.  RFC 9406 section 4.2 drops the limit likewise for paced senders;
 * a round trip still at most doubles the window.
 *
 * A window that was not used says nothing about the path: controllers that
 * probe by cwnd grow only while it held the sender back (@cwnd_limited, RFC
 * 7661).
 */
#include <linux/export.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/string.h>

#include "cong.h"

static LIST_HEAD(xtcp_cong_controllers);
static DEFINE_SPINLOCK(xtcp_cong_lock);		/* the list above */

static u32 init_window(const struct xtcp_cong *c)
{
	return XTCP_INIT_CWND_SEGS * c->mss;
}

static u32 cwnd_plus(const struct xtcp_cong *c, u64 bytes)
{
	return min_t(u64, c->cwnd + bytes, XTCP_MAX_CWND_BYTES);
}

/**
 * xtcp_cong_slow_start() - grow by what was acknowledged, up to ssthresh
 * @c: the connection's congestion state
 * @acked: bytes newly acknowledged
 *
 * RFC 5681 section 3.1 with RFC 3465.  Under the socket lock.
 *
 * Return: bytes of @acked left over once ssthresh is reached, for congestion
 * avoidance.
 */
u32 xtcp_cong_slow_start(struct xtcp_cong *c, u32 acked)
{
	u32 used;

	if (!xtcp_in_slow_start(c))
		return acked;
	used = min(acked, c->ssthresh - c->cwnd);
	c->cwnd = cwnd_plus(c, used);
	return acked - used;
}
EXPORT_SYMBOL_GPL(xtcp_cong_slow_start);

/**
 * xtcp_cong_avoid_ai() - grow by one segment for each window acknowledged
 * @c: the connection's congestion state
 * @acked: bytes newly acknowledged
 *
 * Additive increase: RFC 5681 section 3.1 with RFC 3465 section 2.1.  Under
 * the socket lock.
 */
void xtcp_cong_avoid_ai(struct xtcp_cong *c, u32 acked)
{
	u64 frac = (u64)c->acked_frac + acked;
	u64 windows = div_u64(frac, c->cwnd);

	c->acked_frac = frac - windows * c->cwnd;
	c->cwnd = cwnd_plus(c, windows * c->mss);
}
EXPORT_SYMBOL_GPL(xtcp_cong_avoid_ai);

/**
 * xtcp_cong_start() - a connection begins to use a controller
 * @c: out: its congestion state; what it held is not looked at
 * @ops: the controller; the caller holds a reference for as long as @c uses
 *	it
 * @mss: payload bytes of a full segment, above 0
 *
 * Initial window RFC 6928's ten segments, whatever their size: that RFC's
 * second bound, 14600 bytes, would start jumbo frames with one or two, and
 * the burst is paced.  Under the socket lock.
 */
void xtcp_cong_start(struct xtcp_cong *c, const struct xtcp_cong_ops *ops,
		     u32 mss)
{
	memset(c, 0, sizeof(*c));
	c->ops = ops;
	c->mss = mss;
	c->cwnd = init_window(c);
	c->ssthresh = XTCP_INFINITE_SSTHRESH;
	c->pacing_rate = XTCP_PACING_NONE;
	if (ops->init)
		ops->init(c);
}

/**
 * xtcp_cong_reset() - back to the windows of the start
 * @c: the connection's congestion state, started
 * @mss: payload bytes of a full segment, above 0
 *
 * For a socket that connects again, or when the handshake tells the MSS.  The
 * controller stays, and begins anew.  Under the socket lock.
 */
void xtcp_cong_reset(struct xtcp_cong *c, u32 mss)
{
	const struct xtcp_cong_ops *ops = c->ops;

	if (ops->release)
		ops->release(c);
	xtcp_cong_start(c, ops, mss);
}

/**
 * xtcp_cong_set_mss() - the size of a full segment changed
 * @c: the connection's congestion state
 * @mss: payload bytes of a full segment, above 0
 *
 * The window in bytes stays, as that is what the path carries, but holds at
 * least one segment.  Under the socket lock.
 */
void xtcp_cong_set_mss(struct xtcp_cong *c, u32 mss)
{
	c->mss = mss;
	c->cwnd = max(c->cwnd, mss);
}

/**
 * xtcp_cong_stop() - a connection ends to use its controller
 * @c: the connection's congestion state; afterwards without controller
 *
 * The reference is the caller's to drop.  A second call does nothing.  Under
 * the socket lock, or when no one else can see the socket.
 */
void xtcp_cong_stop(struct xtcp_cong *c)
{
	if (c->ops && c->ops->release)
		c->ops->release(c);
	c->ops = NULL;
}

/**
 * xtcp_cong_observe() - an acknowledgment came
 * @c: the connection's congestion state
 * @s: what it told
 *
 * Each one, also where xtcp_cong_on_ack() is not called, and before that.
 * Under the socket lock.
 */
void xtcp_cong_observe(struct xtcp_cong *c, const struct xtcp_ack_sample *s)
{
	if (c->ops->observe)
		c->ops->observe(c, s);
}

/**
 * xtcp_cong_on_ack() - new data was acknowledged
 * @c: the connection's congestion state
 * @s: what the ACK told
 *
 * Under the socket lock.
 */
void xtcp_cong_on_ack(struct xtcp_cong *c, const struct xtcp_ack_sample *s)
{
	if (c->ops->control)
		c->ops->control(c, s);
	else
		c->ops->on_ack(c, s);
}

/**
 * xtcp_cong_lost() - one segment was marked lost
 * @c: the connection's congestion state
 * @l: the segment
 *
 * Under the socket lock.
 */
void xtcp_cong_lost(struct xtcp_cong *c, const struct xtcp_loss_sample *l)
{
	if (c->ops->on_lost)
		c->ops->on_lost(c, l);
}

static void cong_event(struct xtcp_cong *c, enum xtcp_cong_event ev)
{
	if (c->ops->event)
		c->ops->event(c, ev);
}

/* Remember the windows for undo and set the threshold that the loss, or the
 * mark, calls for.
 */
static void cong_reduce(struct xtcp_cong *c, u32 inflight,
			u32 (*ssthresh)(struct xtcp_cong *c, u32 inflight))
{
	c->prior_cwnd = c->cwnd;
	c->prior_ssthresh = c->ssthresh;
	c->ssthresh = ssthresh(c, inflight);
	c->acked_frac = 0;
}

/**
 * xtcp_cong_on_rto() - the retransmission timer expired
 * @c: the connection's congestion state
 * @inflight: bytes sent and not acknowledged (RFC 5681's FlightSize)
 * @left: bytes still believed to be in flight
 * @first: first timeout of this loss episode: the first segment unacknowledged
 *	was not retransmitted by timeout before
 *
 * RFC 5681 section 3.1, equation 4 and the loss window: one segment more than
 * what may still arrive.  Under the socket lock.
 */
void xtcp_cong_on_rto(struct xtcp_cong *c, u32 inflight, u32 left, bool first)
{
	if (first)
		cong_reduce(c, inflight, c->ops->ssthresh);
	c->cwnd = left + c->mss;
	c->acked_frac = 0;
	cong_event(c, XTCP_CONG_RTO);
}

/**
 * xtcp_cong_on_loss() - fast recovery begins
 * @c: the connection's congestion state
 * @inflight: bytes sent and not acknowledged (RFC 5681's FlightSize)
 *
 * RFC 6582 section 3.2, step 2.  The window comes down to the new threshold
 * at once, unless rate reduction per ACK sets it anew.  Once in an episode.
 * Under the socket lock.
 */
void xtcp_cong_on_loss(struct xtcp_cong *c, u32 inflight)
{
	cong_reduce(c, inflight, c->ops->ssthresh);
	c->cwnd = min(c->cwnd, max(c->ssthresh, c->mss));
	cong_event(c, XTCP_CONG_RECOVERY_ENTER);
}

/**
 * xtcp_cong_on_ecn() - the peer reports congestion marks
 * @c: the connection's congestion state
 * @inflight: bytes sent and not acknowledged
 *
 * RFC 3168 section 6.1.2; once in a round trip.  Under the socket lock.
 */
void xtcp_cong_on_ecn(struct xtcp_cong *c, u32 inflight)
{
	cong_reduce(c, inflight, c->ops->ecn_ssthresh ?: c->ops->ssthresh);
	c->cwnd = min(c->cwnd, max(c->ssthresh, c->mss));
	/* Nothing to undo: a mark is never a mistake. */
	c->prior_cwnd = 0;
	c->prior_ssthresh = 0;
	cong_event(c, XTCP_CONG_ECN);
}

/**
 * xtcp_cong_recovered() - an episode is over
 * @c: the connection's congestion state
 * @from: what it was
 *
 * Rate reduction ends at the threshold, whatever it made of the window
 * meanwhile (RFC 6937).  Under the socket lock.
 */
void xtcp_cong_recovered(struct xtcp_cong *c, enum xtcp_ca_state from)
{
	/* No threshold: the controller was changed since the loss. */
	if (from != XTCP_CA_LOSS && !c->ops->control &&
	    c->ssthresh != XTCP_INFINITE_SSTHRESH)
		c->cwnd = max(c->ssthresh, c->mss);
	cong_event(c, XTCP_CONG_RECOVERY_EXIT);
}

/**
 * xtcp_cong_undo() - the last reduction was a mistake
 * @c: the connection's congestion state
 *
 * RFC 4015.  Does nothing when there is no reduction to undo, or it is undone
 * already.  Under the socket lock.
 */
void xtcp_cong_undo(struct xtcp_cong *c)
{
	if (!c->prior_cwnd)
		return;
	c->cwnd = max(c->cwnd, c->ops->undo_cwnd(c));
	c->ssthresh = max(c->ssthresh, c->prior_ssthresh);
	c->prior_cwnd = 0;
	c->prior_ssthresh = 0;
}

/* RFC 5681 section 4.1 as RFC 7661 softens it. */
static void cong_decay(struct xtcp_cong *c, u32 idle_us, u32 rto_us)
{
	u32 restart = min(c->cwnd, init_window(c));

	c->ssthresh = max(c->ssthresh, c->cwnd / 4 * 3);
	while (idle_us >= rto_us && c->cwnd > restart) {
		c->cwnd = max(c->cwnd / 2, restart);
		idle_us -= rto_us;
	}
	c->acked_frac = 0;
	c->cwnd_limited = false;
}

/**
 * xtcp_cong_idle() - about to send after a silence
 * @c: the connection's congestion state, nothing in flight
 * @idle_us: since something was last sent, µs
 * @rto_us: the retransmission timeout, µs, above 0
 *
 * Less than one RTO changes no window.  Under the socket lock.
 */
void xtcp_cong_idle(struct xtcp_cong *c, u32 idle_us, u32 rto_us)
{
	if (idle_us >= rto_us && !c->ops->control)
		cong_decay(c, idle_us, rto_us);
	c->idle_us = idle_us;
	cong_event(c, XTCP_CONG_TX_START);
}

static struct xtcp_cong_ops *cong_find(const char *name)
{
	struct xtcp_cong_ops *ops;

	list_for_each_entry(ops, &xtcp_cong_controllers, list) {
		if (!strcmp(ops->name, name))
			return ops;
	}
	return NULL;
}

/* A name is what a program can type: not empty, terminated, without blanks. */
static bool cong_name_ok(const char *name)
{
	size_t len = strnlen(name, XTCP_CA_NAME_MAX);

	return len && len < XTCP_CA_NAME_MAX && !strpbrk(name, " \t\n");
}

/**
 * xtcp_register_congestion_control() - make a controller known
 * @ops: the controller; stays in use until it is unregistered
 *
 * Any context.
 *
 * Return: 0; -EINVAL: no proper name, or a required operation is missing;
 * -EEXIST: the name is taken.
 */
int xtcp_register_congestion_control(struct xtcp_cong_ops *ops)
{
	int err = 0;

	if (!cong_name_ok(ops->name) || (!ops->on_ack && !ops->control) ||
	    !ops->ssthresh || !ops->undo_cwnd)
		return -EINVAL;

	spin_lock_bh(&xtcp_cong_lock);
	if (cong_find(ops->name))
		err = -EEXIST;
	else
		list_add_tail(&ops->list, &xtcp_cong_controllers);
	spin_unlock_bh(&xtcp_cong_lock);
	return err;
}
EXPORT_SYMBOL_GPL(xtcp_register_congestion_control);

/**
 * xtcp_unregister_congestion_control() - make a controller unknown
 * @ops: the controller, registered
 *
 * Connections that use it hold its module: so for a controller in a module of
 * its own, called from that module's exit, there are none.  One that is being
 * made may still look at it, under RCU.  Process context.
 */
void xtcp_unregister_congestion_control(struct xtcp_cong_ops *ops)
{
	spin_lock_bh(&xtcp_cong_lock);
	list_del(&ops->list);
	spin_unlock_bh(&xtcp_cong_lock);
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(xtcp_unregister_congestion_control);

/**
 * xtcp_cong_get() - find a controller and take a reference on it
 * @name: its name
 *
 * Any context.
 *
 * Return: the controller, to be given back with xtcp_cong_put(); NULL when
 * none has the name, or its module is being removed.
 */
const struct xtcp_cong_ops *xtcp_cong_get(const char *name)
{
	struct xtcp_cong_ops *ops;

	spin_lock_bh(&xtcp_cong_lock);
	ops = cong_find(name);
	if (ops && !try_module_get(ops->owner))
		ops = NULL;
	spin_unlock_bh(&xtcp_cong_lock);
	return ops;
}

/**
 * xtcp_cong_put() - give a reference back
 * @ops: the controller, or NULL
 *
 * Any context.
 */
void xtcp_cong_put(const struct xtcp_cong_ops *ops)
{
	if (ops)
		module_put(ops->owner);
}

/**
 * xtcp_cong_hold() - one more reference
 * @ops: a controller that the caller holds already
 *
 * Any context.
 */
void xtcp_cong_hold(const struct xtcp_cong_ops *ops)
{
	__module_get(ops->owner);
}

/**
 * xtcp_cong_list() - names of all controllers
 * @buf: out: the names in order of registration, a space between two,
 *	terminated; one that does not fit whole, and those after it, are left
 *	out
 * @size: bytes of @buf, above 0
 *
 * Any context.
 *
 * Return: bytes written, without the final NUL.
 */
size_t xtcp_cong_list(char *buf, size_t size)
{
	struct xtcp_cong_ops *ops;
	size_t at = 0;

	spin_lock_bh(&xtcp_cong_lock);
	list_for_each_entry(ops, &xtcp_cong_controllers, list) {
		size_t len = strlen(ops->name);

		if (at + !!at + len >= size)
			break;
		if (at)
			buf[at++] = ' ';
		memcpy(buf + at, ops->name, len);
		at += len;
	}
	spin_unlock_bh(&xtcp_cong_lock);
	buf[at] = '\0';
	return at;
}
