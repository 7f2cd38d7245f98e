/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints: every segment with the state that met it, every change of state,
 * what each acknowledgment made of window and rate; and what goes wrong: drops,
 * losses, retransmissions, resets, each with its reason.  Field names are stable.
 * Addresses are 16 bytes, IPv4 v4-mapped.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM xtcp

#if !defined(_XTCP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _XTCP_TRACE_H

#include <linux/tracepoint.h>

#include <linux/math64.h>

#include "cong.h"
#include "cookie.h"
#include "state.h"
#include "wire.h"

#define xtcp_show_state(s)						\
	__print_symbolic(s,						\
		{ XTCP_ESTABLISHED,	"ESTABLISHED" },		\
		{ XTCP_SYN_SENT,	"SYN_SENT" },			\
		{ XTCP_SYN_RECV,	"SYN_RECV" },			\
		{ XTCP_FIN_WAIT1,	"FIN_WAIT1" },			\
		{ XTCP_FIN_WAIT2,	"FIN_WAIT2" },			\
		{ XTCP_TIME_WAIT,	"TIME_WAIT" },			\
		{ XTCP_CLOSE,		"CLOSE" },			\
		{ XTCP_CLOSE_WAIT,	"CLOSE_WAIT" },			\
		{ XTCP_LAST_ACK,	"LAST_ACK" },			\
		{ XTCP_LISTEN,		"LISTEN" },			\
		{ XTCP_CLOSING,		"CLOSING" })

#define xtcp_show_flags(f)						\
	__print_flags(f, "|",						\
		{ XTCP_SYN, "SYN" },					\
		{ XTCP_FIN, "FIN" },					\
		{ XTCP_RST, "RST" },					\
		{ XTCP_PSH, "PSH" },					\
		{ XTCP_ACK, "ACK" })

TRACE_EVENT(xtcp_segment,
	TP_PROTO(bool out, const struct xtcp_tuple4 *t,
		 const struct xtcphdr *th, unsigned int len, int state),
	TP_ARGS(out, t, th, len, state),
	TP_STRUCT__entry(
		__field(bool, out)
		__field(u8, flags)
		__field(u8, state)
		__field(u16, hlen)
		__field(u16, sport)
		__field(u16, dport)
		__field(u32, seq)
		__field(u32, ack)
		__field(u32, wnd)
		__field(u32, len)
		__field(u32, tsval)
		__field(u32, tsecr)
		__array(u8, saddr, 28)
		__array(u8, daddr, 28)
	),
	TP_fast_assign(
		__entry->out = out;
		__entry->flags = th->flags & XTCP_FLAGS_KNOWN;
		__entry->state = state;
		__entry->hlen = th->hlen * 4;
		__entry->sport = ntohs(th->source);
		__entry->dport = ntohs(th->dest);
		__entry->seq = ntohl(th->seq);
		__entry->ack = ntohl(th->ack_seq);
		__entry->wnd = ntohl(th->window);
		__entry->len = len;
		__entry->tsval = ntohl(th->tsval);
		__entry->tsecr = ntohl(th->tsecr);
		xtcp_trace_addr(__entry->saddr, out ? &t->laddr : &t->faddr,
				th->source);
		xtcp_trace_addr(__entry->daddr, out ? &t->faddr : &t->laddr,
				th->dest);
	),
	TP_printk("%s %pISpc > %pISpc flags=%s seq=%u ack=%u len=%u win=%u hlen=%u state=%s",
		  __entry->out ? "out" : "in", __entry->saddr, __entry->daddr,
		  xtcp_show_flags(__entry->flags), __entry->seq, __entry->ack,
		  __entry->len, __entry->wnd, __entry->hlen,
		  xtcp_show_state(__entry->state))
);

TRACE_EVENT(xtcp_state,
	TP_PROTO(const struct xtcp_tuple4 *t, int oldstate, int newstate),
	TP_ARGS(t, oldstate, newstate),
	TP_STRUCT__entry(
		__field(u8, oldstate)
		__field(u8, newstate)
		__field(u16, sport)
		__field(u16, dport)
		__array(u8, saddr, 28)
		__array(u8, daddr, 28)
	),
	TP_fast_assign(
		__entry->oldstate = oldstate;
		__entry->newstate = newstate;
		__entry->sport = ntohs(t->lport);
		__entry->dport = ntohs(t->fport);
		xtcp_trace_addr(__entry->saddr, &t->laddr, t->lport);
		xtcp_trace_addr(__entry->daddr, &t->faddr, t->fport);
	),
	TP_printk("%pISpc > %pISpc %s -> %s",
		  __entry->saddr, __entry->daddr,
		  xtcp_show_state(__entry->oldstate),
		  xtcp_show_state(__entry->newstate))
);

/* Which connection: what all that follow begin with. */
#define XTCP_TRACE_NAME							\
		__field(u16, sport)					\
		__field(u16, dport)					\
		__array(u8, saddr, 28)					\
		__array(u8, daddr, 28)

#define XTCP_TRACE_SET_NAME(t)						\
	do {								\
		__entry->sport = ntohs((t)->lport);			\
		__entry->dport = ntohs((t)->fport);			\
		xtcp_trace_addr(__entry->saddr, &(t)->laddr, (t)->lport); \
		xtcp_trace_addr(__entry->daddr, &(t)->faddr, (t)->fport); \
	} while (0)

#define XTCP_REASON_LEN	24	/* bytes of a counter's name, with the NUL */

/* A program connects; a listener has a new connection for accept(). */
DECLARE_EVENT_CLASS(xtcp_opening,
	TP_PROTO(const struct xtcp_tuple4 *t),
	TP_ARGS(t),
	TP_STRUCT__entry(
		XTCP_TRACE_NAME
	),
	TP_fast_assign(
		XTCP_TRACE_SET_NAME(t);
	),
	TP_printk("%pISpc > %pISpc", __entry->saddr, __entry->daddr)
);

DEFINE_EVENT(xtcp_opening, xtcp_connect,
	TP_PROTO(const struct xtcp_tuple4 *t),
	TP_ARGS(t)
);

DEFINE_EVENT(xtcp_opening, xtcp_accept,
	TP_PROTO(const struct xtcp_tuple4 *t),
	TP_ARGS(t)
);

/* A received segment is dropped; reason is the counter that tells of it. */
TRACE_EVENT(xtcp_drop,
	TP_PROTO(const struct xtcp_tuple4 *t, const struct xtcphdr *th,
		 unsigned int len, const char *reason),
	TP_ARGS(t, th, len, reason),
	TP_STRUCT__entry(
		XTCP_TRACE_NAME
		__field(u8, flags)
		__field(u32, seq)
		__field(u32, ack)
		__field(u32, len)
		__array(char, reason, XTCP_REASON_LEN)
	),
	TP_fast_assign(
		XTCP_TRACE_SET_NAME(t);
		__entry->flags = th ? th->flags & XTCP_FLAGS_KNOWN : 0;
		__entry->seq = th ? ntohl(th->seq) : 0;
		__entry->ack = th ? ntohl(th->ack_seq) : 0;
		__entry->len = len;
		strscpy(__entry->reason, reason, XTCP_REASON_LEN);
	),
	TP_printk("%pISpc < %pISpc flags=%s seq=%u ack=%u len=%u reason=%s",
		  __entry->saddr, __entry->daddr,
		  xtcp_show_flags(__entry->flags), __entry->seq, __entry->ack,
		  __entry->len, __entry->reason)
);

/* A connection ends without FINs; reason is the counter that tells of it. */
TRACE_EVENT(xtcp_reset,
	TP_PROTO(const struct xtcp_tuple4 *t, int state, const char *reason),
	TP_ARGS(t, state, reason),
	TP_STRUCT__entry(
		XTCP_TRACE_NAME
		__field(u8, state)
		__array(char, reason, XTCP_REASON_LEN)
	),
	TP_fast_assign(
		XTCP_TRACE_SET_NAME(t);
		__entry->state = state;
		strscpy(__entry->reason, reason, XTCP_REASON_LEN);
	),
	TP_printk("%pISpc > %pISpc state=%s reason=%s",
		  __entry->saddr, __entry->daddr,
		  xtcp_show_state(__entry->state), __entry->reason)
);

/* A segment leaves again; reason: timeout, recovery, probe, mtu, syn. */
TRACE_EVENT(xtcp_retransmit,
	TP_PROTO(const struct xtcp_tuple4 *t, u32 seq, unsigned int len,
		 unsigned int times, u32 srtt_us, u32 cwnd, u32 inflight,
		 const char *reason),
	TP_ARGS(t, seq, len, times, srtt_us, cwnd, inflight, reason),
	TP_STRUCT__entry(
		XTCP_TRACE_NAME
		__field(u32, seq)
		__field(u32, len)
		__field(u32, times)
		__field(u32, srtt_us)
		__field(u32, cwnd)
		__field(u32, inflight)
		__array(char, reason, XTCP_REASON_LEN)
	),
	TP_fast_assign(
		XTCP_TRACE_SET_NAME(t);
		__entry->seq = seq;
		__entry->len = len;
		__entry->times = times;
		__entry->srtt_us = srtt_us;
		__entry->cwnd = cwnd;
		__entry->inflight = inflight;
		strscpy(__entry->reason, reason, XTCP_REASON_LEN);
	),
	TP_printk("%pISpc > %pISpc seq=%u len=%u times=%u srtt_us=%u cwnd=%u inflight=%u reason=%s",
		  __entry->saddr, __entry->daddr, __entry->seq, __entry->len,
		  __entry->times, __entry->srtt_us, __entry->cwnd,
		  __entry->inflight, __entry->reason)
);

/* A sent segment is judged lost, age_us after it left. */
TRACE_EVENT(xtcp_loss,
	TP_PROTO(const struct xtcp_tuple4 *t, u32 seq, unsigned int len,
		 u64 age_us, u32 srtt_us, bool again),
	TP_ARGS(t, seq, len, age_us, srtt_us, again),
	TP_STRUCT__entry(
		XTCP_TRACE_NAME
		__field(u32, seq)
		__field(u32, len)
		__field(u64, age_us)
		__field(u32, srtt_us)
		__field(bool, again)
	),
	TP_fast_assign(
		XTCP_TRACE_SET_NAME(t);
		__entry->seq = seq;
		__entry->len = len;
		__entry->age_us = age_us;
		__entry->srtt_us = srtt_us;
		__entry->again = again;
	),
	TP_printk("%pISpc > %pISpc seq=%u len=%u age_us=%llu srtt_us=%u%s",
		  __entry->saddr, __entry->daddr, __entry->seq, __entry->len,
		  __entry->age_us, __entry->srtt_us,
		  __entry->again ? " again" : "")
);

#define xtcp_show_ca_state(s)						\
	__print_symbolic(s,						\
		{ XTCP_CA_OPEN,		"open" },			\
		{ XTCP_CA_RECOVERY,	"recovery" },			\
		{ XTCP_CA_LOSS,		"loss" },			\
		{ XTCP_CA_CWR,		"cwr" })

TRACE_EVENT(xtcp_cong,
	TP_PROTO(const struct xtcp_tuple4 *t, const struct xtcp_cong *c,
		 const struct xtcp_ack_sample *s, u32 una, u64 pacing_rate),
	TP_ARGS(t, c, s, una, pacing_rate),
	TP_STRUCT__entry(
		__field(u8, ca_state)
		__field(bool, app_limited)
		__field(u16, sport)
		__field(u16, dport)
		__field(u32, una)
		__field(u32, acked)
		__field(u32, lost)
		__field(u32, inflight)
		__field(u32, cwnd)
		__field(u32, ssthresh)
		__field(u32, rtt_us)
		__field(u32, srtt_us)
		__field(u32, min_rtt_us)
		__field(u64, delivery_rate)
		__field(u64, pacing_rate)
	),
	TP_fast_assign(
		__entry->ca_state = s->ca_state;
		__entry->app_limited = s->app_limited;
		__entry->sport = ntohs(t->lport);
		__entry->dport = ntohs(t->fport);
		__entry->una = una;
		__entry->acked = s->acked;
		__entry->lost = s->lost;
		__entry->inflight = s->inflight;
		__entry->cwnd = c->cwnd;
		__entry->ssthresh = c->ssthresh;
		__entry->rtt_us = s->rtt_us;
		__entry->srtt_us = s->srtt_us;
		__entry->min_rtt_us = s->min_rtt_us;
		__entry->delivery_rate = !s->interval_us ? 0 :
			div_u64((s->delivered - s->prior_delivered) *
				USEC_PER_SEC, s->interval_us);
		__entry->pacing_rate = pacing_rate;
	),
	TP_printk("%u > %u una=%u acked=%u lost=%u inflight=%u cwnd=%u ssthresh=%u rtt_us=%u srtt_us=%u min_rtt_us=%u delivery_rate=%llu pacing_rate=%llu state=%s%s",
		  __entry->sport, __entry->dport, __entry->una, __entry->acked,
		  __entry->lost, __entry->inflight, __entry->cwnd,
		  __entry->ssthresh, __entry->rtt_us, __entry->srtt_us,
		  __entry->min_rtt_us, __entry->delivery_rate,
		  __entry->pacing_rate, xtcp_show_ca_state(__entry->ca_state),
		  __entry->app_limited ? " app_limited" : "")
);

#endif /* _XTCP_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
