// SPDX-License-Identifier: GPL-2.0
/*
 * Who is addressed: the table of connections and TIME_WAIT records, and the
 * table of listeners.
 *
 * Connections: one rhashtable for all namespaces, keyed by namespace, both
 * addresses and both ports; it grows and shrinks by itself.  A TIME_WAIT
 * record takes over the very place of its socket.  Lookups run under RCU:
 * sockets are freed after a grace period (SOCK_RCU_FREE), records likewise,
 * so a found node may be dying but is never another one.
 *
 * Listeners: hashed by port, best match wins.  No lock on the receive path.
 */
#include <linux/jhash.h>
#include <net/ipv6.h>

#include "engine.h"

/*
 * Of the addresses only what can differ: the first 96 bits of mapped ones are
 * equal.  The seed, which nobody outside knows, keeps a peer from choosing ports
 * that fall together.
 */
static u32 xtcp_key_hash(const void *data, u32 len, u32 seed)
{
	const struct xtcp_key *key = data;
	u32 laddr = (__force u32)key->t.laddr.s6_addr32[3];
	u32 faddr = (__force u32)key->t.faddr.s6_addr32[3];
	u32 ports = (__force u32)key->t.lport << 16 | (__force u32)key->t.fport;

	if (!ipv6_addr_v4mapped(&key->t.faddr)) {
		laddr = __ipv6_addr_jhash(&key->t.laddr, seed);
		faddr = __ipv6_addr_jhash(&key->t.faddr, seed);
	}
	return jhash_3words(laddr, faddr, ports,
			    seed ^ net_hash_mix(key->net) ^ key->scope);
}

static int xtcp_key_cmp(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct xtcp_key *a = arg->key;
	const struct xtcp_key *b = &((const struct xtcp_node *)obj)->key;

	return !(a->t.fport == b->t.fport && a->t.lport == b->t.lport &&
		 ipv6_addr_equal(&a->t.faddr, &b->t.faddr) &&
		 ipv6_addr_equal(&a->t.laddr, &b->t.laddr) &&
		 a->scope == b->scope && a->net == b->net);
}

static const struct rhashtable_params xtcp_conn_params = {
	.hashfn			= xtcp_key_hash,
	.obj_cmpfn		= xtcp_key_cmp,
	.head_offset		= offsetof(struct xtcp_node, rh),
	.key_offset		= offsetof(struct xtcp_node, key),
	.key_len		= sizeof(struct xtcp_key),
	.min_size		= 1024,
	.automatic_shrinking	= true,
};

static struct rhashtable xtcp_conns;

#define XTCP_LISTEN_BITS	10

static struct hlist_head xtcp_listeners[1 << XTCP_LISTEN_BITS];
static DEFINE_SPINLOCK(xtcp_listen_lock);	/* writers of the above */

static struct hlist_head *xtcp_listen_slot(const struct net *net, u16 port)
{
	return &xtcp_listeners[hash_32(port + net_hash_mix(net),
				       XTCP_LISTEN_BITS)];
}

/**
 * xtcp_set_key - fill a connection's name
 * @key: to fill
 * @net: namespace
 * @laddr: local address, IPv4 as v4-mapped
 * @lport: local port
 * @faddr: foreign address, likewise
 * @fport: foreign port
 * @scope: from xtcp_scope()
 */
void xtcp_set_key(struct xtcp_key *key, struct net *net,
		  const struct in6_addr *laddr, __be16 lport,
		  const struct in6_addr *faddr, __be16 fport, int scope)
{
	key->t.laddr = *laddr;
	key->t.faddr = *faddr;
	key->t.lport = lport;
	key->t.fport = fport;
	key->scope = scope;
	key->net = net;
}

/**
 * xtcp_sk_addr - a socket's addresses in the form that keys have
 * @sk: socket
 * @laddr: out: the address it is bound to, or the any address
 * @faddr: out: its peer's; may be NULL
 */
void xtcp_sk_addr(const struct sock *sk, struct in6_addr *laddr,
		  struct in6_addr *faddr)
{
	if (sk->sk_family == AF_INET) {
		if (inet_sk(sk)->inet_rcv_saddr)
			ipv6_addr_set_v4mapped(inet_sk(sk)->inet_rcv_saddr,
					       laddr);
		else
			*laddr = in6addr_any;
		if (faddr)
			ipv6_addr_set_v4mapped(inet_sk(sk)->inet_daddr, faddr);
		return;
	}
#if IS_ENABLED(CONFIG_IPV6)
	*laddr = sk->sk_v6_rcv_saddr;
	if (faddr)
		*faddr = sk->sk_v6_daddr;
#endif
}

/**
 * xtcp_lookup - the connection or TIME_WAIT record of that name
 * @key: name
 *
 * Under rcu_read_lock(); the caller takes its own reference.
 */
struct xtcp_node *xtcp_lookup(const struct xtcp_key *key)
{
	return rhashtable_lookup(&xtcp_conns, key, xtcp_conn_params);
}

/* Make room when the place is only kept by a TIME_WAIT record. */
static bool xtcp_evict_tw(struct xtcp_sock *xs)
{
	const struct xtcp_key *key = &xs->node.key;
	struct xtcp_node *node;
	bool gone = false;

	rcu_read_lock();
	node = xtcp_lookup(key);
	if (!node) {
		gone = true;
	} else if (node->kind == XTCP_NODE_TIMEWAIT &&
		   xtcp_tw_reusable(xtcp_node_tw(node), xs)) {
		xtcp_mib_inc(xtcp_net(key->net), TimeWaitReused);
		xtcp_tw_hand_over(xtcp_node_tw(node), xs);
		xtcp_tw_kill(xtcp_node_tw(node));
		gone = true;
	}
	rcu_read_unlock();
	return gone;
}

/**
 * xtcp_hash - make a connection findable
 * @sk: socket, locked; its key is set
 *
 * Return: 0; -EADDRNOTAVAIL when another one has that name; -ENOBUFS.
 */
int xtcp_hash(struct sock *sk)
{
	struct xtcp_node *node = &xtcp_sk(sk)->node;
	int err, tries;

	node->kind = XTCP_NODE_SOCK;
	for (tries = 0; tries < 2; tries++) {
		err = rhashtable_lookup_insert_fast(&xtcp_conns, &node->rh,
						    xtcp_conn_params);
		if (err != -EEXIST)
			break;
		if (!xtcp_evict_tw(xtcp_sk(sk)))
			break;
	}
	if (!err) {
		node->hashed = true;
		sock_prot_inuse_add(sock_net(sk), sk->sk_prot, 1);
	}
	if (err == -EEXIST)
		return -EADDRNOTAVAIL;
	return err ? -ENOBUFS : 0;	/* the table could not grow now */
}

/**
 * xtcp_table_remove - take a node out
 * @node: connection or record
 *
 * Return: true when this call removed it.
 */
bool xtcp_table_remove(struct xtcp_node *node)
{
	return !rhashtable_remove_fast(&xtcp_conns, &node->rh,
				       xtcp_conn_params);
}

/**
 * xtcp_unhash - a connection is no longer to be found
 * @sk: socket, locked
 */
void xtcp_unhash(struct sock *sk)
{
	struct xtcp_node *node = &xtcp_sk(sk)->node;

	if (!node->hashed)
		return;
	node->hashed = false;
	xtcp_table_remove(node);
	sock_prot_inuse_add(sock_net(sk), sk->sk_prot, -1);
}

/**
 * xtcp_table_replace - put a TIME_WAIT record where its socket was
 * @sk: socket, locked, hashed
 * @new: the record's node, with the same key
 *
 * Return: 0 or a negative errno.
 */
int xtcp_table_replace(struct sock *sk, struct xtcp_node *new)
{
	struct xtcp_node *old = &xtcp_sk(sk)->node;
	int err = rhashtable_replace_fast(&xtcp_conns, &old->rh, &new->rh,
					  xtcp_conn_params);

	if (!err) {
		old->hashed = false;
		new->hashed = true;
		sock_prot_inuse_add(sock_net(sk), sk->sk_prot, -1);
	}
	return err;
}

/**
 * xtcp_table_walk_net - visit a namespace's nodes
 * @net: namespace
 * @fn: called under RCU for each; may remove the node
 * @arg: for @fn
 *
 * Process context.  Nodes that come or go meanwhile may be missed.
 */
void xtcp_table_walk_net(struct net *net,
			 void (*fn)(struct xtcp_node *node, void *arg),
			 void *arg)
{
	struct rhashtable_iter iter;
	struct xtcp_node *node;

	rhashtable_walk_enter(&xtcp_conns, &iter);
	rhashtable_walk_start(&iter);
	while ((node = rhashtable_walk_next(&iter))) {
		if (IS_ERR(node)) {
			if (PTR_ERR(node) == -EAGAIN)
				continue;	/* resized: goes on */
			break;
		}
		if (node->key.net == net)
			fn(node, arg);
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
}

/* ------------------------------------------------------------- listeners */

/* How well a listener fits; -1: not at all. */
static int xtcp_listener_score(const struct sock *sk,
			       const struct xtcp_key *key, int dif, int sdif)
{
	const struct xtcp_bind_owner *b = &xtcp_sk(sk)->bind;
	bool v4 = ipv6_addr_v4mapped(&key->t.laddr);
	int dev = READ_ONCE(sk->sk_bound_dev_if);
	int score = 1;

	if (!net_eq(sock_net(sk), key->net) ||
	    inet_sk(sk)->inet_num != ntohs(key->t.lport) ||
	    READ_ONCE(sk->sk_state) != XTCP_LISTEN)
		return -1;
	if (!inet_sk_bound_dev_eq(sock_net(sk), dev, dif, sdif))
		return -1;
	if (dev)
		score += 4;
	if (b->v4only && !v4)
		return -1;
	if (b->v6only && v4)
		return -1;
	if (b->v4only == v4)
		score += 1;	/* own family before dual stack */
	if (!ipv6_addr_any(&b->addr)) {
		if (!ipv6_addr_equal(&b->addr, &key->t.laddr))
			return -1;
		score += 2;
	}
	return score;
}

/* The listener that fits best, without a reference: it may be dying. */
static struct sock *xtcp_best_listener(struct net *net,
				       const struct xtcp_key *key, int dif,
				       int sdif)
{
	struct hlist_head *head = xtcp_listen_slot(net, ntohs(key->t.lport));
	u32 hash = jhash(&key->t, sizeof(key->t), 0);
	struct sock *best = NULL;
	struct xtcp_sock *xs;
	int best_score = 0;
	u32 equals = 0;

	hlist_for_each_entry_rcu(xs, head, listen_node) {
		struct sock *sk = (struct sock *)xs;
		int score = xtcp_listener_score(sk, key, dif, sdif);

		if (score < best_score || score < 0)
			continue;
		if (score > best_score) {
			best_score = score;
			best = sk;
			equals = 1;
			continue;
		}
		/* One of n with equal odds, the same for equal segments. */
		equals++;
		hash = hash * 1664525 + 1013904223;
		if (reciprocal_scale(hash, equals) == 0)
			best = sk;
	}
	return best;
}

/**
 * xtcp_lookup_listener - who listens there
 * @net: namespace
 * @key: the segment's name: the local half counts, the rest spreads load
 *	over an SO_REUSEPORT group
 * @dif: device it came by
 * @sdif: the device's slave, for VRF
 *
 * Under rcu_read_lock().  Return: the socket with a reference, or NULL.
 */
struct sock *xtcp_lookup_listener(struct net *net, const struct xtcp_key *key,
				  int dif, int sdif)
{
	struct sock *sk;

	do {
		sk = xtcp_best_listener(net, key, dif, sdif);
		/* The last reference is gone: so is LISTEN, and the next one fits. */
	} while (sk && !refcount_inc_not_zero(&sk->sk_refcnt));
	return sk;
}

/**
 * xtcp_hash_listener - segments may find it from now on
 * @sk: socket, locked, in LISTEN
 */
void xtcp_hash_listener(struct sock *sk)
{
	spin_lock_bh(&xtcp_listen_lock);
	hlist_add_head_rcu(&xtcp_sk(sk)->listen_node,
			   xtcp_listen_slot(sock_net(sk),
					    inet_sk(sk)->inet_num));
	sock_prot_inuse_add(sock_net(sk), sk->sk_prot, 1);
	spin_unlock_bh(&xtcp_listen_lock);
}

/**
 * xtcp_unhash_listener - segments do not find it any more
 * @sk: socket, locked
 */
void xtcp_unhash_listener(struct sock *sk)
{
	spin_lock_bh(&xtcp_listen_lock);
	if (!hlist_unhashed(&xtcp_sk(sk)->listen_node)) {
		hlist_del_init_rcu(&xtcp_sk(sk)->listen_node);
		sock_prot_inuse_add(sock_net(sk), sk->sk_prot, -1);
	}
	spin_unlock_bh(&xtcp_listen_lock);
}

/* ------------------------------------------------------------ listings */

/**
 * xtcp_walk_begin - list a namespace's listeners, connections and records
 * @w: the walk
 * @net: namespace
 *
 * Process context, as for all of a walk.  xtcp_walk_end() must follow.
 */
void xtcp_walk_begin(struct xtcp_walk *w, struct net *net)
{
	memset(w, 0, sizeof(*w));
	w->net = net;
	rhashtable_walk_enter(&xtcp_conns, &w->conns);
}

/**
 * xtcp_walk_end - the listing is over, or was given up
 * @w: the walk
 */
void xtcp_walk_end(struct xtcp_walk *w)
{
	rhashtable_walk_exit(&w->conns);
}

/**
 * xtcp_node_hold - take a reference
 * @node: what was found under rcu_read_lock()
 *
 * Return: false when it is dying.
 */
bool xtcp_node_hold(struct xtcp_node *node)
{
	if (node->kind == XTCP_NODE_SOCK)
		return refcount_inc_not_zero(&xtcp_node_sk(node)->sk_refcnt);
	return refcount_inc_not_zero(&xtcp_node_tw(node)->refs);
}

/**
 * xtcp_node_put - give back what xtcp_node_hold() or xtcp_walk_get() took
 * @node: connection, listener or record
 */
void xtcp_node_put(struct xtcp_node *node)
{
	if (node->kind == XTCP_NODE_SOCK)
		sock_put(xtcp_node_sk(node));
	else
		xtcp_tw_put(xtcp_node_tw(node));
}

/* The listener at the walk's place, or behind it. */
static struct xtcp_node *xtcp_walk_listener(struct xtcp_walk *w)
{
	struct xtcp_node *found = NULL;
	struct xtcp_sock *xs;
	unsigned int i;

	for (; w->slot < ARRAY_SIZE(xtcp_listeners); w->slot++, w->skip = 0) {
		i = 0;
		rcu_read_lock();
		hlist_for_each_entry_rcu(xs, &xtcp_listeners[w->slot],
					 listen_node) {
			if (i++ < w->skip)
				continue;
			if (net_eq(sock_net((struct sock *)xs), w->net) &&
			    xtcp_node_hold(&xs->node)) {
				found = &xs->node;
				break;
			}
			w->skip++;
		}
		rcu_read_unlock();
		if (found)
			break;
	}
	return found;
}

/* Where the walk stopped, or anew where the table was resized meanwhile. */
static void xtcp_walk_resume(struct xtcp_walk *w)
	__acquires(RCU)
{
	if (rhashtable_walk_start_check(&w->conns)) {
		w->restarts++;
		w->conns.p = NULL;	/* older kernels forget to */
	}
}

/* Other namespaces' nodes that are passed over before others may run. */
#define XTCP_WALK_BUDGET	256

/* The connection or record at the walk's place, or behind it. */
static struct xtcp_node *xtcp_walk_conn(struct xtcp_walk *w)
{
	struct xtcp_node *node;
	unsigned int n = 0;

	xtcp_walk_resume(w);
	/* If the one that was passed has gone, another is in its place. */
	node = w->passed && w->conns.p ? rhashtable_walk_next(&w->conns) :
					 rhashtable_walk_peek(&w->conns);
	while (node) {
		if (IS_ERR(node))
			w->restarts++;	/* resized: from the first one on */
		else if (net_eq(node->key.net, w->net) && xtcp_node_hold(node))
			break;
		if (++n % XTCP_WALK_BUDGET == 0) {
			rhashtable_walk_stop(&w->conns);
			cond_resched();
			xtcp_walk_resume(w);
		}
		node = rhashtable_walk_next(&w->conns);
	}
	rhashtable_walk_stop(&w->conns);
	w->passed = false;
	return node;
}

/**
 * xtcp_walk_get - what the walk has come to
 * @w: the walk
 *
 * Return: a node with a reference, the same again until xtcp_walk_pass(); NULL at
 * the end.  Nodes that come or go meanwhile may be missed.  @w->restarts tells how
 * often the table was resized, and all connections are visited once more.
 */
struct xtcp_node *xtcp_walk_get(struct xtcp_walk *w)
{
	struct xtcp_node *node = xtcp_walk_listener(w);

	if (!node && !w->done) {
		node = xtcp_walk_conn(w);
		w->done = !node;
	}
	return node;
}

/**
 * xtcp_walk_pass - go on behind what xtcp_walk_get() returned
 * @w: the walk
 */
void xtcp_walk_pass(struct xtcp_walk *w)
{
	if (w->slot < ARRAY_SIZE(xtcp_listeners))
		w->skip++;
	else
		w->passed = true;
}

/**
 * xtcp_table_init - module init
 *
 * Return: 0 or -ENOMEM.
 */
int xtcp_table_init(void)
{
	BUILD_BUG_ON(sizeof(struct xtcp_key) !=
		     sizeof(struct xtcp_tuple4) + sizeof(u32) + sizeof(void *));
	return rhashtable_init(&xtcp_conns, &xtcp_conn_params);
}

/**
 * xtcp_table_exit - module exit; the table is empty by then
 */
void xtcp_table_exit(void)
{
	rhashtable_destroy(&xtcp_conns);
}
