/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state machine of RFC 9293 figure 5 as a table.  enum xtcp_state is in
 * uapi; the numbers are TCP's, because the kernel's stream helpers
 * (inet_stream_connect(), sk_stream_wait_connect() ...) look at them.
 */
#ifndef _XTCP_STATE_H
#define _XTCP_STATE_H

#include <linux/types.h>
#include <linux/xtcp.h>

#define XTCPF(state)	(1U << (state))

/* States in which our side may still queue data (no FIN queued yet). */
#define XTCPF_CAN_SEND	(XTCPF(XTCP_ESTABLISHED) | XTCPF(XTCP_CLOSE_WAIT))
/* States in which the peer may still send data (no FIN received yet). */
#define XTCPF_CAN_RECV	(XTCPF(XTCP_ESTABLISHED) | XTCPF(XTCP_FIN_WAIT1) | \
			 XTCPF(XTCP_FIN_WAIT2))
/* RFC 9293: both sequence numbers are agreed on. */
#define XTCPF_SYNCHRONIZED						\
	(XTCPF(XTCP_ESTABLISHED) | XTCPF(XTCP_FIN_WAIT1) |		\
	 XTCPF(XTCP_FIN_WAIT2) | XTCPF(XTCP_TIME_WAIT) |		\
	 XTCPF(XTCP_CLOSE_WAIT) | XTCPF(XTCP_LAST_ACK) |		\
	 XTCPF(XTCP_CLOSING))

bool xtcp_state_allowed(enum xtcp_state from, enum xtcp_state to);
const char *xtcp_state_name(enum xtcp_state state);
enum xtcp_state xtcp_state_on_close(enum xtcp_state state, bool *send_fin);
enum xtcp_state xtcp_state_on_fin(enum xtcp_state state);
enum xtcp_state xtcp_state_on_fin_acked(enum xtcp_state state);

#endif /* _XTCP_STATE_H */
