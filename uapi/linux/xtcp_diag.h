/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Listing, looking up and ending XTCP sockets over netlink (NETLINK_SOCK_DIAG).
 *
 * The messages are those of inet_diag: a request is SOCK_DIAG_BY_FAMILY with a
 * struct inet_diag_req_v2, an answer a struct inet_diag_msg with INET_DIAG_*
 * attributes.  A program that lists TCP with them lists XTCP when it sets
 *
 *   sdiag_family	AF_XTCP (19, or what the module was loaded with)
 *   sdiag_protocol	IPPROTO_XTCP (253, or the module's), or 0
 *   pad		AF_INET or AF_INET6: only that IP version, and what the
 *			addresses of a request for one socket are; or 0
 *
 * With NLM_F_DUMP all sockets of the namespace answer whose state is one of
 * idiag_states (bit 1 << state), whose ports are idiag_sport and idiag_dport
 * where these are not 0, whose device is idiag_if where that is not 0, and that
 * pass INET_DIAG_REQ_BYTECODE.  Sockets that come and go meanwhile may be
 * missing or be told twice; if the latter, NLM_F_DUMP_INTR says so.
 *
 * Without it the one socket of that name answers, or ENOENT: addresses, ports,
 * and the cookie unless that is INET_DIAG_NOCOOKIE.  A listener has idiag_dport
 * 0.  SOCK_DESTROY, with CAP_NET_ADMIN, resets it: its program sees ECONNABORTED.
 *
 * TIME_WAIT records answer with timer 3, without cookie, user and inode.
 * SYN_RECV is seen in simultaneous opens only: a listener keeps nothing before
 * the connection is ESTABLISHED.
 *
 * idiag_ext asks, as with TCP, for INET_DIAG_MEMINFO, _SKMEMINFO, _CONG, _TOS,
 * _TCLASS; for INET_DIAG_INFO a struct tcp_info answers, and in XTCP_DIAG_INFO a
 * struct xtcp_info.
 */
#ifndef _UAPI_LINUX_XTCP_DIAG_H
#define _UAPI_LINUX_XTCP_DIAG_H

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/xtcp.h>

/* Attributes of answers beside INET_DIAG_*, far from where those end. */
#define XTCP_DIAG_INFO		64	/* struct xtcp_info */

/* inet_diag_msg.idiag_timer */
#define XTCP_DIAG_TIMER_OFF		0
#define XTCP_DIAG_TIMER_RETRANS		1	/* or loss probe */
#define XTCP_DIAG_TIMER_KEEPALIVE	2	/* or the end of FIN_WAIT_2 */
#define XTCP_DIAG_TIMER_TIMEWAIT	3
#define XTCP_DIAG_TIMER_PROBE		4	/* of a zero window */

#endif /* _UAPI_LINUX_XTCP_DIAG_H */
