/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Floor 2, the engine: small verbs on one connection.  Unless a comment says
 * otherwise the caller holds the socket lock (lock_sock() in process context,
 * bh_lock_sock() with the socket not owned by a user in softirq).
 */
#ifndef _XTCP_ENGINE_H
#define _XTCP_ENGINE_H

#include "xtcp.h"

/*
 * Bytes in front of a segment's payload: link, IP, our header with the options of
 * a connection in full flow.  As much as TCP's, MAX_TCP_HEADER: the kernel keeps
 * heads of that size ready, larger ones cost twice as much.  Who sends more
 * options makes room for them.
 */
#define XTCP_MAX_HEADER		L1_CACHE_ALIGN(MAX_HEADER + 128)
#define XTCP_USUAL_OPTS		44	/* SACK beside data, ECN */

/*
 * SACK blocks that fit beside data without costing much payload, and on a
 * segment that has nothing else to carry.
 */
#define XTCP_SACK_WITH_DATA	4
#define XTCP_SACK_ALONE		XTCP_RANGES_MAX

/*
 * Bytes that leave the host in one go, and that one ACK of a batch covers: as many
 * as a super-segment holds.
 */
#define XTCP_BATCH_MAX		65536u

/* What the caller of the engine must do with a segment that it refused. */
enum xtcp_verdict {
	XTCP_VERDICT_DONE,	/* consumed */
	XTCP_VERDICT_DROP,	/* free it */
	XTCP_VERDICT_RESET,	/* answer it with a RST made from it; free it */
};

/**
 * struct xtcp_ack_state - an acknowledgment, while it is worked on
 * @ack: its number; an overtaken one's is below snd_una
 * @acked: bytes newly delivered
 * @prior_una: snd_una before
 * @prior_lost: lost_out before
 * @prior_lost_life: xtcp_sock.lost before
 * @prior_inflight: bytes in flight before
 * @tsecr: timestamp echo
 * @rtt_us: round trip that it tells; 0: none
 * @ce_bytes: bytes that it newly reports as marked
 * @dsack: it told of a segment received twice ...
 * @dsack_start: ... from here ...
 * @dsack_end: ... to here
 * @app_limited: of the delivered segment that left last, as are all below
 * @newest_us: its departure; 0: nothing was delivered
 * @newest_end: its end
 * @newest_once: it was sent only once, so its round trip is known
 * @prior_delivered: what it noted at its departure, as are all below
 * @prior_delivered_us: see rate.c
 * @send_us: see rate.c
 * @tx_inflight: see struct xtcp_skb_cb
 * @tx_lost: see struct xtcp_skb_cb
 */
struct xtcp_ack_state {
	u32	ack;
	u32	acked;
	u32	prior_una;
	u32	prior_lost;
	u32	prior_lost_life;
	u32	prior_inflight;
	u32	tsecr;
	u32	rtt_us;
	u32	ce_bytes;
	bool	dsack;
	bool	app_limited;
	bool	newest_once;
	u32	dsack_start;
	u32	dsack_end;
	u64	newest_us;
	u32	newest_end;
	u32	prior_delivered;
	u32	prior_delivered_us;
	u32	send_us;
	u32	tx_inflight;
	u32	tx_lost;
};

/* send_queue.c */
struct sk_buff *xtcp_alloc_skb(struct sock *sk, unsigned int linear, gfp_t gfp);
void xtcp_free_tx_skb(struct sock *sk, struct sk_buff *skb);
void xtcp_rtx_insert(struct sock *sk, struct sk_buff *skb);
struct sk_buff *xtcp_rtx_head(const struct sock *sk);
int xtcp_fragment(struct sock *sk, struct sk_buff *skb, u32 len, gfp_t gfp);
void xtcp_rtx_ack(struct sock *sk, u32 ack, struct xtcp_ack_state *a);
void xtcp_rtx_sack(struct sock *sk, const struct xtcp_opts *opts,
		   struct xtcp_ack_state *a);
struct sk_buff *xtcp_rtx_tail(const struct sock *sk);
struct sk_buff *xtcp_rtx_last_segment(struct sock *sk);
void xtcp_rtx_begin_send(struct sock *sk, struct sk_buff *skb);
void xtcp_rtx_end_send(struct sock *sk, struct sk_buff *skb);
void xtcp_mark_lost(struct sock *sk, struct sk_buff *skb);
void xtcp_rtx_unmark_lost(struct sock *sk);
bool xtcp_rtx_renege(struct sock *sk);
struct sk_buff *xtcp_rtx_next_lost(const struct sock *sk);
void xtcp_mark_retransmitted(struct sock *sk, struct sk_buff *skb);
void xtcp_write_queue_purge(struct sock *sk);

/* reassembly.c */
void xtcp_ofo_queue(struct sock *sk, struct sk_buff *skb);
bool xtcp_ofo_drain(struct sock *sk);
bool xtcp_ofo_prune(struct sock *sk);
void xtcp_ofo_purge(struct sock *sk);
bool xtcp_rcv_queue_tail(struct sock *sk, struct sk_buff *skb);

/* recovery.c */
void xtcp_recovery_init(struct sock *sk);
void xtcp_rack_delivered(struct sock *sk, const struct sk_buff *skb, u32 tsecr);
void xtcp_on_rto(struct sock *sk);
void xtcp_on_reo_timeout(struct sock *sk);
void xtcp_on_tlp_timeout(struct sock *sk);
bool xtcp_tlp_wanted(const struct sock *sk);
u32 xtcp_tlp_timeout_us(const struct sock *sk);
void xtcp_recovery_ack(struct sock *sk, const struct xtcp_ack_state *a);
void xtcp_prr(struct sock *sk, const struct xtcp_ack_state *a);
void xtcp_retransmit_lost(struct sock *sk);

/* flow.c */
void xtcp_init_buffer_space(struct sock *sk);
u32 xtcp_initial_window(const struct sock *sk);
u32 xtcp_select_window(struct sock *sk);
u32 xtcp_would_be_window(const struct sock *sk);
void xtcp_rcv_hole_adjust(struct sock *sk);
void xtcp_rcv_space_adjust(struct sock *sk);
void xtcp_rcv_rtt_measure(struct sock *sk, u32 tsecr_rtt_us);
void xtcp_cleanup_rbuf(struct sock *sk, u32 copied);
void xtcp_update_snd_wnd(struct sock *sk, const struct xtcp_skb_cb *cb,
			 bool advanced);
bool xtcp_rmem_admit(struct sock *sk, struct sk_buff *skb);
bool xtcp_is_writeable(const struct sock *sk);
void xtcp_write_space(struct sock *sk);
void xtcp_check_space(struct sock *sk);
void xtcp_sndbuf_expand(struct sock *sk);

/* mss.c */
u32 xtcp_current_mss(struct sock *sk);
void xtcp_sync_mss(struct sock *sk, u32 pmtu);
u32 xtcp_advertise_mss(struct sock *sk);
void xtcp_hole_timeout(struct sock *sk);
void xtcp_hole_delivered(struct sock *sk, u32 len);

/* output.c */
u8 xtcp_collect_opts(const struct xtcp_sock *xs, struct xtcp_opts_out *o,
		     struct xtcp_sack_block *sack, bool data);
int xtcp_transmit_skb(struct sock *sk, struct sk_buff *skb, gfp_t gfp);
int xtcp_retransmit_skb(struct sock *sk, struct sk_buff *skb, const char *why);
bool xtcp_write_xmit(struct sock *sk, gfp_t gfp);
bool xtcp_send_one(struct sock *sk);
void xtcp_push(struct sock *sk);
void xtcp_send_ack(struct sock *sk);
void xtcp_send_probe(struct sock *sk);
void xtcp_send_fin(struct sock *sk);
void xtcp_send_reset(struct sock *sk, gfp_t gfp);
int xtcp_send_syn(struct sock *sk);
void xtcp_send_synack(struct sock *sk);
void xtcp_ack_if_due(struct sock *sk);
void xtcp_schedule_ack(struct sock *sk, u8 how);
void xtcp_enter_quickack(struct sock *sk, u8 acks);
void xtcp_challenge_ack(struct sock *sk);

/* input.c */
enum xtcp_verdict xtcp_rcv_segment(struct sock *sk, struct sk_buff *skb);
u32 xtcp_rtt_from_echo(struct sock *sk, u32 tsecr, u64 now_us);

/* urgent.c */
void xtcp_mark_urgent(struct sock *sk);
void xtcp_rcv_urgent(struct sock *sk, const struct sk_buff *skb,
		     const struct xtcp_opts *opts);

/* opening.c */
enum xtcp_verdict xtcp_rcv_syn_sent(struct sock *sk, struct sk_buff *skb,
				    const struct xtcp_opts *opts);
void xtcp_syn_acked(struct sock *sk);
void xtcp_rcv_child_start(struct sock *child, const struct sk_buff *skb,
			  const struct xtcp_cookie *c);

/* life.c */
void xtcp_set_state(struct sock *sk, enum xtcp_state state);
void xtcp_init_sock_state(struct sock *sk);
void xtcp_reset_received(struct sock *sk);
void xtcp_end(struct sock *sk, enum xtcp_state state);
void xtcp_done(struct sock *sk);
void xtcp_error(struct sock *sk, int err);
void xtcp_destroy_sock(struct sock *sk);

/* rate.c */
void xtcp_rate_sent(struct sock *sk, struct sk_buff *skb);
void xtcp_rate_delivered(struct sock *sk, const struct sk_buff *skb,
			 struct xtcp_ack_state *a);
void xtcp_rate_sample(struct sock *sk, const struct xtcp_ack_state *a,
		      struct xtcp_ack_sample *s);
void xtcp_rate_check_app_limited(struct sock *sk);
u64 xtcp_delivery_rate(const struct xtcp_sock *xs);

/* pacing.c */
void xtcp_pacing_init(void);
void xtcp_pacing_exit(void);
void xtcp_pacing_setup(struct sock *sk);
void xtcp_pacing_stop(struct sock *sk);
void xtcp_update_pacing(struct sock *sk);
void xtcp_pacing_acked(struct sock *sk, u32 acked);
bool xtcp_may_leave(struct sock *sk, u32 len, u64 *now_ns);
u32 xtcp_pacing_quantum(const struct sock *sk);
bool xtcp_still_in_host(struct sock *sk, struct sk_buff *skb);
bool xtcp_waits_to_leave(struct sock *sk);
u64 xtcp_departure_ns(const struct sock *sk, u64 now_ns);
void xtcp_departed(struct sock *sk, u32 len, u64 at_ns);
void xtcp_wfree(struct sk_buff *skb);
void xtcp_send_more(struct sock *sk);
void xtcp_after_batch(struct sock *sk);

/* offload.c */
void xtcp_setup_caps(struct sock *sk, struct dst_entry *dst);
u32 xtcp_size_goal(const struct sock *sk, u32 mss);
unsigned int xtcp_gso_set(struct sk_buff *skb, u32 mss);

/* timer.c */
void xtcp_init_timers(struct sock *sk);
void xtcp_stop_timers(struct sock *sk);
void xtcp_rearm_rtx(struct sock *sk);
void xtcp_arm_delack(struct sock *sk);
void xtcp_reset_keepalive(struct sock *sk, u64 delay_us);
void xtcp_stop_keepalive(struct sock *sk);
void xtcp_set_keepalive(struct sock *sk, int on);
void xtcp_run_deferred(struct sock *sk, unsigned long what);
void xtcp_fire(struct sock *sk, int what, void (*handler)(struct sock *sk));
u64 xtcp_keepidle_us(const struct sock *sk);
u64 xtcp_keepintvl_us(const struct sock *sk);
unsigned int xtcp_keepcnt(const struct sock *sk);

/* table.c: safe from any context; lookups under RCU */
int xtcp_table_init(void);
void xtcp_table_exit(void);
void xtcp_set_key(struct xtcp_key *key, struct net *net,
		  const struct in6_addr *laddr, __be16 lport,
		  const struct in6_addr *faddr, __be16 fport, int scope);
struct xtcp_node *xtcp_lookup(const struct xtcp_key *key);
int xtcp_hash(struct sock *sk);
void xtcp_unhash(struct sock *sk);
int xtcp_table_replace(struct sock *sk, struct xtcp_node *new);
bool xtcp_table_remove(struct xtcp_node *node);
struct sock *xtcp_lookup_listener(struct net *net, const struct xtcp_key *key,
				  int dif, int sdif);
void xtcp_hash_listener(struct sock *sk);
void xtcp_unhash_listener(struct sock *sk);
void xtcp_sk_addr(const struct sock *sk, struct in6_addr *laddr,
		  struct in6_addr *faddr);
void xtcp_table_walk_net(struct net *net,
			 void (*fn)(struct xtcp_node *node, void *arg),
			 void *arg);

/* port.c: takes its own locks */
int xtcp_port_init(void);
void xtcp_port_exit(void);
int xtcp_get_port(struct sock *sk, unsigned short snum);
void xtcp_put_port(struct sock *sk);
int xtcp_port_listen(struct sock *sk);
void xtcp_port_unlisten(struct sock *sk);
int xtcp_port_connect(struct sock *sk);
int xtcp_port_inherit(struct sock *child, const struct sock *listener);
void xtcp_port_move(struct xtcp_bind_owner *to, struct xtcp_bind_owner *from);
void xtcp_port_release(struct xtcp_bind_owner *o);

/* timewait.c */
struct xtcp_tw;

enum xtcp_tw_verdict {
	XTCP_TW_DROP,
	XTCP_TW_ACK,		/* answer with the record's numbers */
	XTCP_TW_SYN,		/* a newer connection's SYN: let a listener
				 * answer it
				 */
	XTCP_TW_RESET,		/* it is of a connection that never was */
};

/**
 * struct xtcp_tw - TIME_WAIT: what is left of a connection
 * @node: its name, in the connection table
 * @bind: its claim on the port
 * @timer: ends it
 * @refs: table, timer and lookups
 * @rcu: frees it
 * @rcv_nxt: peer's next sequence number
 * @snd_nxt: ours
 * @used_iss: what the cookie that must not be used again goes with; another
 *	number is of another attempt
 * @rcv_wnd: window last told, bytes
 * @ts_recent: peer's newest timestamp
 * @ts_offset: origin of our timestamps
 * @cookie_ends_us: that cookie is void then; 0: there is none
 * @made_us: when
 * @mark: SO_MARK of the socket
 * @ifindex: device that the socket was bound to
 * @guard: no TIME_WAIT: keeps a used cookie from being used again
 * @aborted: the connection ended by RST: so does what still comes
 * @tos: of the answers
 * @priority: likewise
 */
struct xtcp_tw {
	struct xtcp_node	node;
	struct xtcp_bind_owner	bind;
	struct timer_list	timer;
	refcount_t		refs;
	struct rcu_head		rcu;
	u32			rcv_nxt;
	u32			snd_nxt;
	u32			used_iss;
	u32			rcv_wnd;
	u32			ts_recent;
	u32			ts_offset;
	u64			cookie_ends_us;
	u64			made_us;
	u32			mark;
	u32			priority;
	int			ifindex;
	u8			tos;
	bool			guard;
	bool			aborted;
};

int xtcp_tw_init(void);
void xtcp_tw_exit(void);
void xtcp_time_wait(struct sock *sk);
void xtcp_tw_guard(struct sock *sk);
enum xtcp_tw_verdict xtcp_tw_rcv(struct xtcp_tw *tw, const struct sk_buff *skb);
void xtcp_tw_kill(struct xtcp_tw *tw);
void xtcp_tw_put(struct xtcp_tw *tw);
bool xtcp_tw_reusable(const struct xtcp_tw *tw, const struct xtcp_sock *xs);
void xtcp_tw_hand_over(const struct xtcp_tw *tw, struct xtcp_sock *xs);
void xtcp_tw_purge_net(struct net *net);

static inline struct xtcp_tw *xtcp_node_tw(struct xtcp_node *node)
{
	return container_of(node, struct xtcp_tw, node);
}

/**
 * struct xtcp_walk - a listing of one namespace (table.c)
 * @net: namespace
 * @slot: list of listeners that it is at; behind the last one: at @conns
 * @skip: listeners of that list that it has passed
 * @conns: place in the table of connections
 * @passed: that place was visited
 * @done: the table is at its end
 * @restarts: times that the table was resized, and visited anew
 */
struct xtcp_walk {
	struct net		*net;
	unsigned int		slot;
	unsigned int		skip;
	struct rhashtable_iter	conns;
	bool			passed;
	bool			done;
	unsigned int		restarts;
};

void xtcp_walk_begin(struct xtcp_walk *w, struct net *net);
void xtcp_walk_end(struct xtcp_walk *w);
struct xtcp_node *xtcp_walk_get(struct xtcp_walk *w);
void xtcp_walk_pass(struct xtcp_walk *w);
bool xtcp_node_hold(struct xtcp_node *node);
void xtcp_node_put(struct xtcp_node *node);

#endif /* _XTCP_ENGINE_H */
