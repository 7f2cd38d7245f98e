/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * XTCP: what user programs may include.
 *
 * A program opens socket(AF_XTCP, SOCK_STREAM, 0) and passes plain
 * sockaddr_in / sockaddr_in6 addresses to it.  socket(AF_INET or AF_INET6,
 * SOCK_STREAM, IPPROTO_XTCP) opens the very same kind of socket.
 */
#ifndef _UAPI_LINUX_XTCP_H
#define _UAPI_LINUX_XTCP_H

#include <linux/types.h>

/*
 * The kernel has no number for us.  19 is a family that nobody registers
 * (AF_ECONET, removed from Linux in 3.5).  A host where it is taken loads the
 * module with family=N; the number in use stands in
 * /sys/module/xtcp/parameters/family.
 */
#ifndef AF_XTCP
#define AF_XTCP		19
#endif
#ifndef PF_XTCP
#define PF_XTCP		AF_XTCP
#endif

/* IP protocol number: RFC 3692, for experiments.  Parameter "protocol". */
#ifndef IPPROTO_XTCP
#define IPPROTO_XTCP	253
#endif

/* getsockopt/setsockopt level of XTCP's own options. */
#define SOL_XTCP	253

/*
 * Options at level SOL_XTCP.  Where TCP has an option of the same meaning the
 * number is TCP's, and level IPPROTO_TCP takes it as well.
 */
#define XTCP_NODELAY		1	/* int, boolean */
#define XTCP_MAXSEG		2	/* int, bytes of payload per segment */
#define XTCP_CORK		3	/* int, boolean */
#define XTCP_KEEPIDLE		4	/* int, seconds */
#define XTCP_KEEPINTVL		5	/* int, seconds */
#define XTCP_KEEPCNT		6	/* int, probes */
#define XTCP_SYNCNT		7	/* int, SYN retransmissions */
#define XTCP_LINGER2		8	/* int, seconds in FIN_WAIT_2; -1: none */
#define XTCP_DEFER_ACCEPT	9	/* int, seconds */
#define XTCP_WINDOW_CLAMP	10	/* int, bytes */
#define XTCP_INFO		11	/* struct xtcp_info, read only */
#define XTCP_QUICKACK		12	/* int, boolean */
#define XTCP_CONGESTION		13	/* string, at most XTCP_CA_NAME_MAX */
#define XTCP_USER_TIMEOUT	18	/* unsigned int, milliseconds */
#define XTCP_NOTSENT_LOWAT	25	/* unsigned int, bytes */
#define XTCP_INQ		36	/* int, boolean: TCP_CM_INQ with recvmsg() */
#define XTCP_TX_DELAY		37	/* int, us that fq holds each segment */

#define XTCP_CA_NAME_MAX	16	/* bytes, with the final NUL */

/* States, as RFC 9293 names them and as Linux numbers them for TCP. */
enum xtcp_state {
	XTCP_ESTABLISHED = 1,
	XTCP_SYN_SENT,
	XTCP_SYN_RECV,
	XTCP_FIN_WAIT1,
	XTCP_FIN_WAIT2,
	XTCP_TIME_WAIT,
	XTCP_CLOSE,
	XTCP_CLOSE_WAIT,
	XTCP_LAST_ACK,
	XTCP_LISTEN,
	XTCP_CLOSING,
	XTCP_NR_STATES,
};

/*
 * XTCP_INFO: one connection.  The kernel fills as many bytes as the caller
 * offers and returns how many it filled; later versions only append, so a
 * program checks the returned length before it reads a newer field.
 */
struct xtcp_info {
	__u8	xtcpi_state;		/* enum xtcp_state */
	__u8	xtcpi_ca_state;		/* 0 open 1 recovery 2 loss 3 CE marks */
	__u8	xtcpi_backoff;		/* RTO doublings now in force */
	__u8	xtcpi_probes;		/* window or keepalive probes unanswered */
	__u32	xtcpi_retransmits;	/* consecutive RTOs unanswered */

	__u32	xtcpi_rto_us;
	__u32	xtcpi_srtt_us;
	__u32	xtcpi_rttvar_us;
	__u32	xtcpi_min_rtt_us;

	__u32	xtcpi_snd_mss;		/* bytes of payload per segment sent */
	__u32	xtcpi_rcv_mss;		/* largest payload seen from the peer */
	__u32	xtcpi_advmss;		/* MSS that we announced */
	__u32	xtcpi_pmtu;		/* bytes, IP header included */

	__u32	xtcpi_snd_cwnd_bytes;
	__u32	xtcpi_snd_ssthresh_bytes; /* 0xffffffff: not set yet */
	__u32	xtcpi_snd_wnd_bytes;	/* the peer's window */
	__u32	xtcpi_rcv_wnd_bytes;	/* our window as last announced */

	__u32	xtcpi_unacked_bytes;	/* snd_nxt - snd_una */
	__u32	xtcpi_notsent_bytes;	/* written, never sent yet */
	__u32	xtcpi_unread_bytes;	/* received in order, not read yet */
	__u32	xtcpi_ofo_bytes;	/* received beyond a gap */

	__u64	xtcpi_bytes_sent;	/* payload, retransmissions included */
	__u64	xtcpi_bytes_retrans;
	__u64	xtcpi_bytes_acked;
	__u64	xtcpi_bytes_received;	/* payload, in order, exactly once */
	__u64	xtcpi_segs_out;
	__u64	xtcpi_segs_in;
	__u64	xtcpi_data_segs_out;
	__u64	xtcpi_data_segs_in;
	__u64	xtcpi_pacing_rate;	/* bytes per second; ~0: not paced */
	__u32	xtcpi_total_rto;	/* RTO expiries in the connection's life */
	__u32	xtcpi_dsack_dups;	/* segments received twice */
	__u32	xtcpi_ofo_segs;		/* segments received out of order */
	__u32	xtcpi_features;		/* accepted FEATURES bits */
	char	xtcpi_ca_name[XTCP_CA_NAME_MAX];

	__u64	xtcpi_delivery_rate;	/* bytes per second; 0: not measured */
	__u64	xtcpi_delivered_bytes;	/* acknowledged or SACKed, SYN included */
	__u64	xtcpi_lost_bytes;	/* judged lost, repeatedly if so */
	__u32	xtcpi_delivery_rate_app_limited; /* 1: the program was its limit */
	__u32	xtcpi_snd_ce_bytes;	/* of ours, marked, as the peer tells */
	__u32	xtcpi_rcv_ce_bytes;	/* of the peer's, marked; both wrap */
	__u32	xtcpi_reserved;		/* 0 */

	__u32	xtcpi_sacked_bytes;	/* of unacked_bytes, the peer holds */
	__u32	xtcpi_lost_out_bytes;	/* judged lost now */
	__u32	xtcpi_retrans_out_bytes; /* of these, sent again, unanswered */
	__u32	xtcpi_reordering;	/* 1: the path was seen to reorder */
	__u32	xtcpi_rcv_rtt_us;	/* round trip as a receiver sees it */
	__u32	xtcpi_rcv_space_bytes;	/* read in one such round trip */
	__u32	xtcpi_last_data_sent_ms; /* ago; as is the next */
	__u32	xtcpi_last_rcv_ms;
	__u32	xtcpi_accept_queue;	/* listener: connections that wait ... */
	__u32	xtcpi_accept_max;	/* ... and how many may */
	__u64	xtcpi_max_pacing_rate;	/* bytes per second; ~0: no bound */
};

#endif /* _UAPI_LINUX_XTCP_H */
