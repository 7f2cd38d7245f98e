/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One connection: struct xtcp_sock and what every floor knows of it.
 *
 * Floors, from the ground up; a file calls its own floor or a lower one:
 *
 *   5 module     main netns sysctl mib diag listing trace
 *   4 sockets    af_xtcp connect close send recv stream sockopt   sockets.h
 *                socklevel
 *   3 network    ip ipv4 ipv6 listen                           net.h
 *   2 engine     input output mss opening life send_queue      engine.h
 *                reassembly recovery rate flow pacing
 *                urgent offload gro timer timewait table port
 *   1 pure       seq wire rtt rack prr state ranges cookie
 *                cong cong_* filter
 *
 * Upward news travels through struct xtcp_af_ops and return values.
 */
#ifndef _XTCP_H
#define _XTCP_H

#include <linux/hrtimer.h>
#include <linux/ipv6.h>
#include <linux/ktime.h>
#include <linux/llist.h>
#include <linux/rhashtable.h>
#include <linux/skbuff.h>
#include <linux/xtcp.h>
#include <net/inet_sock.h>
#include <net/sock.h>

#include "compat.h"
#include "cong.h"
#include "cookie.h"
#include "mib.h"
#include "netns.h"
#include "prr.h"
#include "rack.h"
#include "ranges.h"
#include "rtt.h"
#include "seq.h"
#include "state.h"
#include "wire.h"

struct xtcp_sock;

/*
 * What the engine asks of the network floor.  One table for IPv4, one for
 * IPv6; an IPv6 socket that talks to ::ffff:a.b.c.d uses IPv4's.
 */
struct xtcp_af_ops {
	/*
	 * Finish the checksum, route, hand to IP with @ect in its ECN field.
	 * Consumes @skb.
	 */
	int (*xmit)(struct sock *sk, struct sk_buff *skb, u8 ect);
	/* A cached and still valid route, or a fresh one, or NULL. */
	struct dst_entry *(*route)(struct sock *sk);
	/* IP header's length, bytes, socket options included. */
	unsigned int (*net_header_len)(const struct sock *sk);
	/* TOS or traffic class of what it sends over this IP version. */
	u8 (*tos)(const struct sock *sk);
	u16 family;			/* AF_INET or AF_INET6 */
};

/*
 * The name of a connection in the table; also that of a TIME_WAIT record,
 * which takes over the socket's place.  IPv4 addresses are v4-mapped.
 */
struct xtcp_key {
	struct xtcp_tuple4	t;
	u32			scope;	/* xtcp_scope() */
	struct net		*net;
};

/**
 * xtcp_scope - what makes connections differ whose addresses and ports are equal
 * @faddr: the peer's address
 * @dif: device that leads to it; 0: any
 * @vrf: index of the routing domain, if it is not the main one
 *
 * A link-local address, fe80::/10, is another host on each link, and each domain
 * has addresses of its own.
 */
static inline int xtcp_scope(const struct in6_addr *faddr, int dif, int vrf)
{
	bool link_local = (faddr->s6_addr32[0] & htonl(0xffc00000)) ==
			  htonl(0xfe800000);

	return link_local ? dif : vrf;
}

enum xtcp_node_kind {
	XTCP_NODE_SOCK,
	XTCP_NODE_TIMEWAIT,
};

struct xtcp_node {
	struct rhash_head	rh;
	struct xtcp_key		key;
	enum xtcp_node_kind	kind;
	bool			hashed;
};

/* A socket's or TIME_WAIT record's claim on a local port (port.c). */
struct xtcp_bind_bucket;

struct xtcp_bind_owner {
	struct hlist_node	node;
	struct xtcp_bind_bucket	*bucket;	/* NULL: holds no port */
	const struct sock	*sk;		/* NULL: a record */
	struct in6_addr		addr;		/* any: the wildcard */
	int			dev;
	u16			port;
	struct net		*net;
	kuid_t			uid;
	bool			v6only;
	bool			v4only;		/* an AF_INET socket */
	bool			reuse;		/* a record's; a socket's are its own */
	bool			reuseport;
	bool			listening;
};

/* A path that swallows large segments, and says nothing: mss.c */
struct xtcp_hole {
	u64	since_us;	/* mtu was lowered then */
	u16	mtu;		/* bytes, IP header included; 0: no clamp */
	u16	suspected_mtu;	/* a piece of this size was cut; 0 */
};

/* Children that wait for accept(); only a listener has one. */
struct xtcp_accept_queue {
	spinlock_t		lock;		/* all of this struct */
	struct list_head	head;		/* of xtcp_sock.accept_node */
	unsigned int		len;
	bool			closed;	/* the listener is going */
};

/* xtcp_sock.tx_flags: the small queue, pacing.c */
enum {
	XTCP_TX_THROTTLED,	/* until a segment of ours leaves the host */
	XTCP_TX_QUEUED,		/* on a CPU's list of those that may go on */
};

/* xtcp_sock.deferred: timers that fired while a user owned the socket */
enum {
	XTCP_DEFER_RTX,
	XTCP_DEFER_DELACK,
	XTCP_DEFER_KEEP,
	XTCP_DEFER_MTU,
	XTCP_DEFER_SEND,
};

/* What the retransmission timer waits for. */
enum xtcp_rtx_kind {
	XTCP_RTX_NONE,
	XTCP_RTX_RTO,		/* the oldest segment was not acknowledged */
	XTCP_RTX_TLP,		/* the tail may be lost: probe it */
	XTCP_RTX_REO,		/* reordering, or loss: RACK decides then */
	XTCP_RTX_PROBE,		/* peer's window is zero: probe it */
	XTCP_RTX_COOKIE,	/* handshake's third segment unconfirmed */
};

/* An urgent byte of the peer's: urgent.c */
enum xtcp_urg {
	XTCP_URG_NONE,
	XTCP_URG_AHEAD,		/* announced; it has not come yet */
	XTCP_URG_HELD,		/* recv(MSG_OOB) gives it */
	XTCP_URG_TAKEN,		/* it gave it; reading stops there all the same */
};

/* Why a segment must leave at once, or may wait. */
#define XTCP_ACK_NONE		0
#define XTCP_ACK_DELAYED	BIT(0)	/* within XTCP_DELACK_US */
#define XTCP_ACK_NOW		BIT(1)
#define XTCP_ACK_BATCH		BIT(2)	/* after what came with it */

struct xtcp_sock {
	struct inet_sock	inet;	/* must be first */

	/* Identity: written before the socket is hashed, then read only. */
	struct xtcp_node	node;
	const struct xtcp_af_ops *af;
	const struct xtcp_cong_ops *ca_ops;	/* chosen; a reference is held */
	void			(*ip_destruct)(struct sock *sk);
	u64			start_us;	/* oldest echo that can be ours */
	u32			ts_offset;	/* our timestamps' origin */
	u32			iss;
	u32			irs;

	/*
	 * Transmit: written under the socket lock by sendmsg, by the output
	 * path and by the acknowledgments that come back.
	 */
	u32			snd_una;	/* oldest unacknowledged */
	u32			snd_nxt;	/* next to send */
	u32			write_seq;	/* next the program will write */
	u32			snd_wnd;	/* peer's window, bytes */
	u32			snd_wl1;	/* segment that told snd_wnd */
	u32			snd_wl2;	/* its acknowledgment number */
	u32			max_wnd;	/* largest snd_wnd seen */
	u32			snd_sml;	/* end of the last small segment */
	u32			snd_up;		/* after the urgent byte */
	bool			urgent;		/* it is not acknowledged */
	u32			mss;		/* payload bytes per segment now */
	u32			peer_mss;	/* what the peer takes */
	u32			pmtu;		/* the mss was computed for this */
	u32			mtu_info;	/* what ICMP said last */
	struct xtcp_hole	hole;
	u32			user_mss;	/* XTCP_MAXSEG; 0: none */
	u32			sacked_out;	/* bytes the peer holds */
	u32			sacked_skbs;	/* in so many buffers */
	u32			lost_out;	/* bytes judged lost */
	u32			lost_waiting;	/* of those, not resent yet */
	u32			retrans_out;	/* bytes resent, unanswered */
	u32			high_seq;	/* snd_nxt when loss was seen */
	u32			reduced_seq;	/* snd_nxt when an episode ended */
	u32			undo_tsval;	/* of the episode's first resend */
	u32			undo_seq;	/* its end */
	u32			undo_una;	/* snd_una when the episode began */
	u32			undo_bytes;	/* resent in it, no D-SACK yet; 0 */
	u32			tlp_high_seq;	/* snd_nxt at the probe; 0: none */
	u32			tlp_tsval;	/* its timestamp */
	u32			tlp_end;	/* of the newest that was a resend */
	bool			tlp_retrans;	/* the probe was a resend */
	bool			tlp_copy;	/* no D-SACK told of tlp_end yet */
	bool			reduced;	/* reduced_seq is ahead of snd_una */
	u32			cwnd_limited_seq;
	u32			flight_max;	/* bytes, in this round trip */
	u32			flight_prior;	/* and in the one before */
	u32			flight_seq;	/* snd_nxt when it began */
	u8			ca_state;	/* enum xtcp_ca_state */
	u8			rtx_kind;	/* enum xtcp_rtx_kind */
	u8			backoff;	/* doublings of the RTO */
	u8			probes_out;	/* probes unanswered */
	u8			retransmits;	/* consecutive RTOs */
	u8			nonagle;	/* XTCP_NAGLE_* */
	struct rb_root		rtx_queue;	/* sent, unacknowledged */
	struct list_head	sent_order;	/* of those, what may be lost */
	struct sk_buff		*rtx_hint;	/* where to look for lost ones */
	u64			rtx_start_us;	/* first RTO of the present row */
	u64			last_send_us;	/* of payload */
	u64			delivered;	/* bytes, in life */
	u64			lost;		/* bytes marked lost, in life */
	u64			app_limited;	/* until delivered passes it; 0 */
	u32			first_sent_us;	/* rate sample's first departure */
	u32			delivered_us;	/* when delivered grew last */
	u32			snd_ce_bytes;	/* marked, as the peer told */
	u32			rate_delivered;	/* bytes, in ... */
	u32			rate_interval_us;	/* ... this time */
	bool			rate_app_limited;
	u64			pace_ns;	/* next departure at the rate */
	unsigned long		tx_flags;	/* BIT(XTCP_TX_*) */
	struct llist_node	send_node;	/* pacing.c: wants to send */
	struct xtcp_rack	rack;
	struct xtcp_prr		prr;
	struct xtcp_rtt		rtt;
	struct xtcp_cong	cong;

	/*
	 * Receive: written under the socket lock by the input path, and by
	 * the reader when it takes data.
	 */
	u32			rcv_nxt;	/* next expected */
	u32			copied_seq;	/* next the program reads */
	u32			rcv_wup;	/* rcv_nxt when last ACKed */
	u32			rcv_wnd;	/* window told then, bytes */
	u32			ts_recent;	/* to echo, RFC 7323 */
	u32			rcv_mss;	/* largest payload seen lately */
	u32			advmss;		/* what we announced */
	u32			ack_bytes;	/* received since the last ACK */
	u32			ofo_bytes;	/* payload beyond a gap */
	u32			rcv_ce_bytes;	/* payload marked on its way */
	bool			rcv_ce;		/* the newest of it was */
	u8			ack_pending;	/* XTCP_ACK_* */
	u8			quickack;	/* ACKs still sent at once */
	bool			fin_rcvd;	/* rcv_nxt includes the FIN */
	bool			dsack_set;
	bool			recvmsg_inq;	/* XTCP_INQ */
	u8			urg;		/* enum xtcp_urg */
	u8			urg_byte;
	u32			urg_seq;	/* its number */
	u64			ts_recent_us;	/* when ts_recent was taken */
	struct rb_root		ofo_queue;
	struct xtcp_ranges	sack;
	struct xtcp_sack_block	dsack;

	/* Receive-buffer auto-tuning (flow.c) */
	u32			rcvq_seq;	/* copied_seq at round's start */
	u32			rcvq_space;	/* bytes read in the last round */
	u64			rcvq_us;	/* round's start */
	u32			rcv_rtt_us;

	/* Timers (timer.c): one list timer each, lazily pushed back. */
	struct timer_list	rtx_timer;
	struct timer_list	delack_timer;
	struct timer_list	keep_timer;	/* keepalive, FIN_WAIT_2 */
	struct hrtimer		pace_timer;	/* pacing.c */
	u64			rtx_deadline_us;
	u64			delack_deadline_us;
	u64			keep_deadline_us;
	unsigned long		deferred;	/* BIT(XTCP_DEFER_*) */

	/* Handshake */
	u8			*cookie;	/* client: until confirmed */
	u8			cookie_len;
	u8			syn_retries;	/* 0: the namespace's */
	u64			cookie_ends_us;	/* server: it is void then */
	u32			used_iss;	/* ... and goes with this number */
	u32			used_ts;	/* peer's newest when it was used */
	u32			features;	/* accepted FEATURES bits */

	/* Liveness */
	u64			last_rcv_us;	/* any segment of the peer's */
	u64			oow_ack_us;	/* an unacceptable one answered */
	u32			user_timeout_ms;
	u32			keepidle_s;	/* 0: the namespace's */
	u32			keepintvl_s;
	u8			keepcnt;
	u8			keep_probes;
	u8			challenges;	/* sent since challenge_us */
	int			linger2_s;	/* 0: the namespace's; <0: none */
	u32			defer_accept_s;
	u32			window_clamp;	/* bytes; 0: none */
	u32			notsent_lowat;	/* bytes; 0: none */
	u32			tx_delay_us;	/* XTCP_TX_DELAY */
	u32			challenge_us;	/* their present span began */
	bool			any_family;	/* AF_XTCP door: still either */
	bool			orphan_counted;

	/* Port and accept queue */
	struct xtcp_bind_owner	bind;
	struct hlist_node	listen_node;
	struct list_head	accept_node;
	struct xtcp_accept_queue *acceptq;	/* listener's own */

	/* Counters for XTCP_INFO */
	u64			bytes_sent;
	u64			bytes_retrans;
	u64			bytes_acked;
	u64			bytes_received;
	u32			segs_out;
	u32			segs_in;
	u32			data_segs_out;
	u32			data_segs_in;
	u32			total_rto;
	u32			dsack_dups;
	u32			ofo_segs;
};

/* An XTCP socket that can hold IPv6 addresses. */
struct xtcp6_sock {
	struct xtcp_sock	xtcp;
	struct ipv6_pinfo	inet6;
};

static inline struct xtcp_sock *xtcp_sk(const struct sock *sk)
{
	return (struct xtcp_sock *)sk;
}

static inline struct sock *xtcp_node_sk(struct xtcp_node *node)
{
	return (struct sock *)container_of(node, struct xtcp_sock, node);
}

/* nonagle bits */
#define XTCP_NAGLE_OFF		BIT(0)	/* NODELAY */
#define XTCP_NAGLE_CORK		BIT(1)
#define XTCP_NAGLE_PUSH		BIT(2)	/* once: cork was released */

/*
 * Times of the protocol that no sysctl changes.  RTO's bounds: rtt.h.
 */
#define XTCP_DELACK_US		25000u
#define XTCP_QUICKACKS		16u	/* ACKs at once at a start */
#define XTCP_PAWS_LIFE_US	(30ULL * 60 * 1000000)
#define XTCP_MAX_BACKOFF	16u
#define XTCP_SYN_LINEAR		6u	/* SYNs repeated without doubling */
#define XTCP_CHALLENGES		10	/* a connection's, in each ... */
#define XTCP_CHALLENGE_SPAN_US	5000000u	/* RFC 5961 section 7 */
#define XTCP_OOW_ACK_US		100000u	/* between answers to empty segments
					 * that no window contains
					 */

/**
 * struct xtcp_skb_cb - what we keep in skb->cb while a queue of ours holds it
 * @seq: first sequence number
 * @end_seq: the one after the last; SYN and FIN count
 * @flags: header flags
 * @marks: transmit: XTCP_MARK_*
 * @retrans: transmit: times resent, saturating
 * @hdr_len: receive: bytes of XTCP header, which stands before skb->data
 * @ce: receive: a router marked it: congestion
 * @app_limited: transmit: the program was the limit then (rate.c)
 * @sent_us: transmit: last departure
 * @delivered: transmit: connection's @delivered then, its low half
 * @delivered_us: transmit: connection's @delivered_us then
 * @first_sent_us: transmit: connection's @first_sent_us then
 * @tx_inflight: transmit: bytes in flight then, its own included
 * @tx_lost: transmit: connection's @lost then, its low half
 * @mss: transmit: payload bytes per segment then; longer: a super-segment
 * @stamp_ack: transmit: SO_TIMESTAMPING: tell when @stamp_seq is acknowledged
 * @eor: transmit: MSG_EOR: nothing is appended
 * @stamp_seq: transmit: the byte whose times the program wants
 * @ack: receive: acknowledgment number
 * @wnd: receive: window, bytes
 * @tsval: receive: timestamp value
 * @tsecr: receive: timestamp echo
 */
struct xtcp_skb_cb {
	u32	seq;
	u32	end_seq;
	u8	flags;
	u8	marks;
	u8	retrans;
	bool	app_limited;
	u32	stamp_seq;
	union {
		struct {
			u64	sent_us;
			u32	delivered;
			u32	delivered_us;
			u32	first_sent_us;
			u32	tx_inflight;
			u32	tx_lost;
			u16	mss;
			bool	stamp_ack;
			bool	eor;
		};
		struct {
			u32	ack;
			u32	wnd;
			u32	tsval;
			u32	tsecr;
			u16	hdr_len;
			bool	ce;
		};
	};
};

#define XTCP_SKB_CB(skb)	((struct xtcp_skb_cb *)&((skb)->cb[0]))

#define XTCP_MARK_SACKED	BIT(0)	/* the peer holds it */
#define XTCP_MARK_LOST		BIT(1)	/* judged lost */
#define XTCP_MARK_RETRANS	BIT(2)	/* resent and not answered yet */

static inline struct xtcphdr *xtcp_hdr(const struct sk_buff *skb)
{
	return (struct xtcphdr *)skb_transport_header(skb);
}

/* Segments that a received skb is. */
static inline unsigned int xtcp_skb_segs(const struct sk_buff *skb)
{
	return max_t(unsigned int, skb_shinfo(skb)->gso_segs, 1);
}

/* Payload bytes of the largest segment that a sent skb was. */
static inline u32 xtcp_skb_largest(const struct sk_buff *skb)
{
	return min_t(u32, skb->len, XTCP_SKB_CB(skb)->mss);
}

/* Sequence space that a queued segment covers. */
static inline u32 xtcp_skb_seqlen(const struct sk_buff *skb)
{
	return XTCP_SKB_CB(skb)->end_seq - XTCP_SKB_CB(skb)->seq;
}

/* Monotonic µs; the one clock of all deadlines and samples. */
static inline u64 xtcp_now_us(void)
{
	return div_u64(ktime_get_ns(), NSEC_PER_USEC);
}

/* Our timestamp now; never 0, which means "no value known". */
static inline u32 xtcp_tsval(const struct xtcp_sock *xs, u64 now_us)
{
	return ((u32)now_us + xs->ts_offset) ?: 1;
}

/*
 * Bytes believed to be in the network.  Where memory was too short to cut a
 * segment that was acknowledged in part, its marks still weigh the whole.
 */
static inline u32 xtcp_inflight(const struct xtcp_sock *xs)
{
	s32 n = xs->snd_nxt - xs->snd_una - xs->sacked_out - xs->lost_out +
		xs->retrans_out;

	return max(n, 0);
}

/* End of the window that the peer opened: first number not to send. */
static inline u32 xtcp_wnd_end(const struct xtcp_sock *xs)
{
	return xs->snd_una + xs->snd_wnd;
}

/* What is left of the window we told. */
static inline u32 xtcp_receive_window(const struct xtcp_sock *xs)
{
	s32 win = xs->rcv_wup + xs->rcv_wnd - xs->rcv_nxt;

	return win < 0 ? 0 : win;
}

static inline bool xtcp_state_in(const struct sock *sk, u32 mask)
{
	return XTCPF(sk->sk_state) & mask;
}

/* A socket's namespace state. */
static inline struct xtcp_net *xtcp_sk_net(const struct sock *sk)
{
	return xtcp_net(sock_net(sk));
}

#define XTCP_INC_STATS(sk, field)	xtcp_mib_inc(xtcp_sk_net(sk), field)
#define XTCP_ADD_STATS(sk, field, n)	xtcp_mib_add(xtcp_sk_net(sk), field, n)

#endif /* _XTCP_H */
