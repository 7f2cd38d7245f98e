// SPDX-License-Identifier: GPL-2.0
/*
 * The state machine, RFC 9293 section 3.3.2 figure 5, with the differences
 * that a listener without state makes.
 *
 *                  listen()    +---------+   connect(): SYN
 *              +-------------- |  CLOSE  | ----------------+
 *              |    close()    |         |                 |
 *              |  +----------> |         | <------------+  |
 *              v  |            +---------+   close(),   |  v
 *           +--------+              |       RST, ICMP, +----------+
 *           | LISTEN |   child made |         timeout  | SYN_SENT |
 *           +--------+   from ACK + |                  +----------+
 *            answers     COOKIE     |     SYN: SYN|ACK  |      | SYN|ACK:
 *            each SYN,              |    +--------------+      | ACK
 *            keeps nothing          |    v                     |
 *                                   |  +----------+            |
 *                                   |  | SYN_RECV |            |
 *                                   |  +----------+            |
 *                                   |    |   |   \             |
 *                     ACK of SYN|ACK|    |   |    \ FIN        |
 *                                   v    v   |     \           |
 *                  close(): FIN  +-------------+    \          |
 *              +---------------- | ESTABLISHED | <---\---------+
 *              |   +-- SYN_RECV  +-------------+      \
 *              v   v  close():FIN       | FIN: ACK     v
 *           +-----------+               |         +------------+
 *           | FIN_WAIT1 |               +-------> | CLOSE_WAIT |
 *           +-----------+                         +------------+
 *  ACK of     |   |    \  FIN: ACK                     | close(): FIN
 *  FIN  +-----+   |     +------------+                 v
 *       v         | FIN + ACK of FIN v            +----------+
 *  +-----------+  |              +---------+      | LAST_ACK |
 *  | FIN_WAIT2 |  |              | CLOSING |      +----------+
 *  +-----------+  |              +---------+           |
 *       | FIN:    |                  | ACK of FIN      | ACK of FIN
 *       | ACK     v                  v                 v
 *       |     +-------------------------+  2 MSL  +---------+
 *       +---> |        TIME_WAIT        | ------> |  CLOSE  |
 *             +-------------------------+         +---------+
 *
 * From every state a RST, an abort or a timeout leads to CLOSE.
 *
 * Differences from the figure:
 *  - LISTEN never becomes SYN_RECV, because the cookie holds that state: the
 *    child comes out of CLOSE as ESTABLISHED, when the third segment brings a
 *    valid cookie back.
 *  - SYN_RECV exists only for two SYNs that cross (RFC 9293 section 3.5).
 *  - LISTEN does not become SYN_SENT: sockets offer no such call.
 *
 * Documentation/model/ checks with spin where these arrows lead; its table
 * (transitions.txt) must have the same ones.
 */
#include <linux/kernel.h>

#include "state.h"

/* For each state the set of those that may follow it directly; CLOSE, which
 * may follow each, is added below.
 */
static const u16 xtcp_next[XTCP_NR_STATES] = {
	[XTCP_CLOSE]		= XTCPF(XTCP_LISTEN) | XTCPF(XTCP_SYN_SENT) |
				  XTCPF(XTCP_ESTABLISHED),
	[XTCP_LISTEN]		= 0,
	[XTCP_SYN_SENT]		= XTCPF(XTCP_ESTABLISHED) |
				  XTCPF(XTCP_SYN_RECV),
	[XTCP_SYN_RECV]		= XTCPF(XTCP_ESTABLISHED) |
				  XTCPF(XTCP_FIN_WAIT1) |
				  XTCPF(XTCP_CLOSE_WAIT),
	[XTCP_ESTABLISHED]	= XTCPF(XTCP_FIN_WAIT1) |
				  XTCPF(XTCP_CLOSE_WAIT),
	[XTCP_FIN_WAIT1]	= XTCPF(XTCP_FIN_WAIT2) |
				  XTCPF(XTCP_CLOSING) |
				  XTCPF(XTCP_TIME_WAIT),
	[XTCP_FIN_WAIT2]	= XTCPF(XTCP_TIME_WAIT),
	[XTCP_CLOSING]		= XTCPF(XTCP_TIME_WAIT),
	[XTCP_CLOSE_WAIT]	= XTCPF(XTCP_LAST_ACK),
	[XTCP_LAST_ACK]		= 0,
	[XTCP_TIME_WAIT]	= 0,
};

static bool state_valid(enum xtcp_state state)
{
	return state >= XTCP_ESTABLISHED && state < XTCP_NR_STATES;
}

/**
 * xtcp_state_allowed() - does the state machine know this step?
 * @from: state before
 * @to: state after
 *
 * Any context.
 *
 * Return: true for a step of the drawing above, and for @from == @to, which
 * is none; false for every other, and when either is no state.
 */
bool xtcp_state_allowed(enum xtcp_state from, enum xtcp_state to)
{
	if (!state_valid(from) || !state_valid(to))
		return false;
	return from == to || to == XTCP_CLOSE || (xtcp_next[from] & XTCPF(to));
}

/**
 * xtcp_state_name() - a state for people: traces and logs
 * @state: the state
 *
 * Any context.
 *
 * Return: its name as in RFC 9293, with "_" for "-"; "?" when it is no state.
 */
const char *xtcp_state_name(enum xtcp_state state)
{
	static const char * const names[XTCP_NR_STATES] = {
		[XTCP_ESTABLISHED]	= "ESTABLISHED",
		[XTCP_SYN_SENT]		= "SYN_SENT",
		[XTCP_SYN_RECV]		= "SYN_RECV",
		[XTCP_FIN_WAIT1]	= "FIN_WAIT1",
		[XTCP_FIN_WAIT2]	= "FIN_WAIT2",
		[XTCP_TIME_WAIT]	= "TIME_WAIT",
		[XTCP_CLOSE]		= "CLOSE",
		[XTCP_CLOSE_WAIT]	= "CLOSE_WAIT",
		[XTCP_LAST_ACK]		= "LAST_ACK",
		[XTCP_LISTEN]		= "LISTEN",
		[XTCP_CLOSING]		= "CLOSING",
	};

	return state_valid(state) ? names[state] : "?";
}

/**
 * xtcp_state_on_close() - the application ends its sending side
 * @state: state now
 * @send_fin: out: a FIN is to be queued after the last byte
 *
 * RFC 9293 section 3.10.4.  Any context.
 *
 * Return: state after.
 */
enum xtcp_state xtcp_state_on_close(enum xtcp_state state, bool *send_fin)
{
	*send_fin = false;

	switch (state) {
	case XTCP_SYN_RECV:
	case XTCP_ESTABLISHED:
		*send_fin = true;
		return XTCP_FIN_WAIT1;
	case XTCP_CLOSE_WAIT:
		*send_fin = true;
		return XTCP_LAST_ACK;
	case XTCP_LISTEN:
	case XTCP_SYN_SENT:
		return XTCP_CLOSE;
	default:
		return state;
	}
}

/**
 * xtcp_state_on_fin() - the peer's FIN arrived in order
 * @state: state now, after the ACK of the same segment was processed
 *
 * RFC 9293 section 3.10.7.4, eighth step.  Any context.
 *
 * Return: state after.
 */
enum xtcp_state xtcp_state_on_fin(enum xtcp_state state)
{
	switch (state) {
	case XTCP_SYN_RECV:
	case XTCP_ESTABLISHED:
		return XTCP_CLOSE_WAIT;
	case XTCP_FIN_WAIT1:
		return XTCP_CLOSING;
	case XTCP_FIN_WAIT2:
		return XTCP_TIME_WAIT;
	default:
		return state;
	}
}

/**
 * xtcp_state_on_fin_acked() - the peer acknowledged our FIN
 * @state: state now
 *
 * RFC 9293 section 3.10.7.4, fifth step.  Any context.
 *
 * Return: state after.
 */
enum xtcp_state xtcp_state_on_fin_acked(enum xtcp_state state)
{
	switch (state) {
	case XTCP_FIN_WAIT1:
		return XTCP_FIN_WAIT2;
	case XTCP_CLOSING:
		return XTCP_TIME_WAIT;
	case XTCP_LAST_ACK:
		return XTCP_CLOSE;
	default:
		return state;
	}
}
