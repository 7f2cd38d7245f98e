// SPDX-License-Identifier: GPL-2.0
/*
 * Local ports: who holds which, and who may share.
 *
 *   hash of (namespace, port) -> slot (spinlock)
 *     bucket: one port in use
 *       owner, owner, ...: sockets and TIME_WAIT records on that port
 *
 * bind() may take a port when no owner conflicts (xtcp_conflict()): the rule
 * is TCP's.  connect() without bind() needs only a free four-tuple: it may use
 * any port whose bucket belongs to connects alone, as often as the table of
 * connections has no such name yet.
 */
#include <linux/hash.h>
#include <linux/slab.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "engine.h"

#define XTCP_BIND_BITS	12

struct xtcp_bind_bucket {
	struct hlist_node	node;
	struct net		*net;
	u16			port;
	bool			connect_only;	/* nobody bound it by name */
	struct hlist_head	owners;
};

struct xtcp_bind_slot {
	spinlock_t		lock;		/* buckets and their owners */
	struct hlist_head	buckets;
};

static struct xtcp_bind_slot *xtcp_bind_table;

static struct xtcp_bind_slot *xtcp_bind_slot(const struct net *net, u16 port)
{
	return &xtcp_bind_table[hash_32(port + net_hash_mix(net),
					XTCP_BIND_BITS)];
}

static struct xtcp_bind_bucket *
xtcp_bucket_find(struct xtcp_bind_slot *slot, const struct net *net, u16 port)
{
	struct xtcp_bind_bucket *b;

	hlist_for_each_entry(b, &slot->buckets, node)
		if (b->port == port && net_eq(b->net, net))
			return b;
	return NULL;
}

static struct xtcp_bind_bucket *
xtcp_bucket_make(struct xtcp_bind_slot *slot, struct net *net, u16 port)
{
	struct xtcp_bind_bucket *b = kmalloc(sizeof(*b), GFP_ATOMIC);

	if (!b)
		return NULL;
	b->net = net;
	b->port = port;
	b->connect_only = true;
	INIT_HLIST_HEAD(&b->owners);
	hlist_add_head(&b->node, &slot->buckets);
	return b;
}

static void xtcp_own(struct xtcp_bind_bucket *b, struct xtcp_bind_owner *o)
{
	o->bucket = b;
	o->net = b->net;
	o->port = b->port;
	hlist_add_head(&o->node, &b->owners);
}

static void xtcp_bucket_drop_if_empty(struct xtcp_bind_bucket *b)
{
	if (hlist_empty(&b->owners)) {
		hlist_del(&b->node);
		kfree(b);
	}
}

/* What the socket's options and addresses say at this moment. */
static void xtcp_owner_describe(struct sock *sk, struct xtcp_bind_owner *o)
{
	xtcp_sk_addr(sk, &o->addr, NULL);
	o->dev = READ_ONCE(sk->sk_bound_dev_if);
	o->uid = sk_uid(sk);
	o->v4only = sk->sk_family == AF_INET;
	o->v6only = sk->sk_family == AF_INET6 && ipv6_only_sock(sk);
	o->sk = sk;
}

/* A socket may change these after bind(): what counts is what they are now. */
static bool xtcp_owner_reuse(const struct xtcp_bind_owner *o)
{
	return o->sk ? o->sk->sk_reuse : o->reuse;
}

static bool xtcp_owner_reuseport(const struct xtcp_bind_owner *o)
{
	return o->sk ? o->sk->sk_reuseport : o->reuseport;
}

/* SO_REUSEPORT is for sockets of one user. */
static bool xtcp_share_port(const struct xtcp_bind_owner *a,
			    const struct xtcp_bind_owner *b)
{
	return xtcp_owner_reuseport(a) && xtcp_owner_reuseport(b) &&
	       uid_eq(a->uid, b->uid);
}

/* May one segment be addressed to both? */
static bool xtcp_addrs_overlap(const struct xtcp_bind_owner *a,
			       const struct xtcp_bind_owner *b)
{
	bool any_a = ipv6_addr_any(&a->addr);
	bool any_b = ipv6_addr_any(&b->addr);
	bool a4 = a->v4only || ipv6_addr_v4mapped(&a->addr);
	bool b4 = b->v4only || ipv6_addr_v4mapped(&b->addr);

	if (a->dev && b->dev && a->dev != b->dev)
		return false;
	if (!any_a && !any_b)
		return ipv6_addr_equal(&a->addr, &b->addr);
	if (any_a && any_b)
		return !((a4 && b->v6only) || (b4 && a->v6only));
	/* One wildcard: does it cover the other's family? */
	if (any_a)
		return b4 ? !a->v6only : !a->v4only;
	return a4 ? !b->v6only : !b->v4only;
}

static bool xtcp_conflict(const struct xtcp_bind_bucket *b,
			  const struct xtcp_bind_owner *me)
{
	const struct xtcp_bind_owner *o;

	hlist_for_each_entry(o, &b->owners, node) {
		if (o == me || !xtcp_addrs_overlap(o, me))
			continue;
		if (xtcp_owner_reuse(me) && xtcp_owner_reuse(o) &&
		    !me->listening && !o->listening)
			continue;
		if (xtcp_share_port(me, o))
			continue;
		return true;
	}
	return false;
}

/* Take @port when it is free for @sk; @strict: only when nobody has it. */
static bool xtcp_try_bind(struct sock *sk, u16 port, bool strict)
{
	struct xtcp_bind_slot *slot = xtcp_bind_slot(sock_net(sk), port);
	struct xtcp_bind_owner *me = &xtcp_sk(sk)->bind;
	struct xtcp_bind_bucket *b;
	bool ok = false;

	spin_lock_bh(&slot->lock);
	b = xtcp_bucket_find(slot, sock_net(sk), port);
	if (b && (strict || xtcp_conflict(b, me)))
		goto out;
	if (!b)
		b = xtcp_bucket_make(slot, sock_net(sk), port);
	if (b) {
		b->connect_only = false;
		xtcp_own(b, me);
		ok = true;
	}
out:
	spin_unlock_bh(&slot->lock);
	return ok;
}

/*
 * Visit the ephemeral range once from a random start (RFC 6056, algorithm 1),
 * until @take accepts a port.  Return: the port, or 0.
 */
static u16 xtcp_pick_port(struct sock *sk,
			  bool (*take)(struct sock *sk, u16 port, void *arg),
			  void *arg)
{
	int low, high;
	u32 n, i, start;

	inet_sk_get_local_port_range(sk, &low, &high);
	n = high - low + 1;
	start = reciprocal_scale(get_random_u32(), n);
	for (i = 0; i < n; i++) {
		u16 port = low + (start + i) % n;

		if (inet_is_local_reserved_port(sock_net(sk), port))
			continue;
		if (take(sk, port, arg))
			return port;
		if (!(i % 64) && need_resched())
			cond_resched();
	}
	return 0;
}

static bool xtcp_take_bind(struct sock *sk, u16 port, void *arg)
{
	return xtcp_try_bind(sk, port, *(bool *)arg);
}

/**
 * xtcp_get_port - proto.get_port: bind() chose an address; give it a port
 * @sk: socket, locked; addresses are set
 * @snum: port, or 0 for any
 *
 * Return: 0 or -EADDRINUSE.
 */
int xtcp_get_port(struct sock *sk, unsigned short snum)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	bool strict = true;

	xtcp_owner_describe(sk, &xs->bind);
	xs->bind.listening = false;
	if (snum) {
		if (!xtcp_try_bind(sk, snum, false))
			return -EADDRINUSE;
	} else {
		snum = xtcp_pick_port(sk, xtcp_take_bind, &strict);
		if (!snum) {	/* all taken: share where that is allowed */
			strict = false;
			snum = xtcp_pick_port(sk, xtcp_take_bind, &strict);
		}
		if (!snum)
			return -EADDRINUSE;
	}
	inet_sk(sk)->inet_num = snum;
	return 0;
}

/**
 * xtcp_port_release - give a claim up
 * @o: owner; nothing happens when it holds none
 */
void xtcp_port_release(struct xtcp_bind_owner *o)
{
	struct xtcp_bind_slot *slot;

	if (!o->bucket)
		return;
	slot = xtcp_bind_slot(o->net, o->port);
	spin_lock_bh(&slot->lock);
	hlist_del(&o->node);
	xtcp_bucket_drop_if_empty(o->bucket);
	o->bucket = NULL;
	spin_unlock_bh(&slot->lock);
}

/**
 * xtcp_put_port - a socket gives its port up
 * @sk: socket, locked
 */
void xtcp_put_port(struct sock *sk)
{
	if (!xtcp_sk(sk)->bind.bucket)
		return;
	xtcp_port_release(&xtcp_sk(sk)->bind);
	inet_sk(sk)->inet_num = 0;
}

/**
 * xtcp_port_move - a TIME_WAIT record takes over its socket's claim
 * @to: the record's, empty
 * @from: the socket's
 */
void xtcp_port_move(struct xtcp_bind_owner *to, struct xtcp_bind_owner *from)
{
	struct xtcp_bind_slot *slot;

	*to = *from;
	to->reuse = xtcp_owner_reuse(from);
	to->reuseport = xtcp_owner_reuseport(from);
	to->sk = NULL;
	to->bucket = NULL;
	if (!from->bucket)
		return;
	slot = xtcp_bind_slot(from->net, from->port);
	spin_lock_bh(&slot->lock);
	xtcp_own(from->bucket, to);
	spin_unlock_bh(&slot->lock);
}

/**
 * xtcp_port_listen - may this bound socket listen on its port?
 * @sk: socket, locked
 *
 * SO_REUSEADDR lets several bind one port, but only one listen.
 * Return: 0 or -EADDRINUSE.
 */
int xtcp_port_listen(struct sock *sk)
{
	struct xtcp_bind_owner *me = &xtcp_sk(sk)->bind;
	struct xtcp_bind_slot *slot = xtcp_bind_slot(me->net, me->port);
	const struct xtcp_bind_owner *o;
	int err = 0;

	spin_lock_bh(&slot->lock);
	hlist_for_each_entry(o, &me->bucket->owners, node) {
		if (o == me || !xtcp_addrs_overlap(o, me))
			continue;
		if (xtcp_owner_reuse(me) && xtcp_owner_reuse(o) &&
		    !o->listening)
			continue;
		if (xtcp_share_port(me, o))
			continue;
		err = -EADDRINUSE;
		break;
	}
	if (!err)
		me->listening = true;
	spin_unlock_bh(&slot->lock);
	return err;
}

/**
 * xtcp_port_unlisten - it listens no more, but keeps the port
 * @sk: socket, locked
 */
void xtcp_port_unlisten(struct sock *sk)
{
	struct xtcp_bind_owner *me = &xtcp_sk(sk)->bind;
	struct xtcp_bind_slot *slot;

	if (!me->bucket)
		return;
	slot = xtcp_bind_slot(me->net, me->port);
	spin_lock_bh(&slot->lock);
	me->listening = false;
	spin_unlock_bh(&slot->lock);
}

/* Use @port for this connection when the four-tuple is free. */
static bool xtcp_take_connect(struct sock *sk, u16 port, void *arg)
{
	struct xtcp_bind_slot *slot = xtcp_bind_slot(sock_net(sk), port);
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_bind_bucket *b;

	spin_lock_bh(&slot->lock);
	b = xtcp_bucket_find(slot, sock_net(sk), port);
	if (b && !b->connect_only)
		goto out;
	if (!b)
		b = xtcp_bucket_make(slot, sock_net(sk), port);
	if (!b)
		goto out;
	/* Owned first: a TIME_WAIT record that makes room may be the last. */
	xtcp_own(b, &xs->bind);
	xs->node.key.t.lport = htons(port);
	spin_unlock_bh(&slot->lock);

	*(int *)arg = xtcp_hash(sk);
	if (!*(int *)arg)
		return true;
	xtcp_port_release(&xs->bind);
	return false;
out:
	spin_unlock_bh(&slot->lock);
	return false;
}

/**
 * xtcp_port_connect - give a connecting socket its port and its place
 * @sk: socket, locked; key.t is set but for an unknown local port
 *
 * Return: 0; -EADDRNOTAVAIL when the four-tuple, or every port, is taken.
 */
int xtcp_port_connect(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	int err = -EADDRNOTAVAIL;
	u16 port;

	if (xs->bind.bucket) {
		xs->node.key.t.lport = htons(inet_sk(sk)->inet_num);
		return xtcp_hash(sk);
	}
	xtcp_owner_describe(sk, &xs->bind);
	xs->bind.listening = false;
	port = xtcp_pick_port(sk, xtcp_take_connect, &err);
	if (!port)
		return err;
	inet_sk(sk)->inet_num = port;
	inet_sk(sk)->inet_sport = htons(port);
	return 0;
}

/**
 * xtcp_port_inherit - an accepted connection stays on its listener's port
 * @child: new socket, not reachable yet
 * @listener: may be closing meanwhile
 *
 * Return: 0 or -ENOENT when the listener has given the port up.
 */
int xtcp_port_inherit(struct sock *child, const struct sock *listener)
{
	const struct xtcp_bind_owner *from = &xtcp_sk(listener)->bind;
	struct xtcp_bind_owner *to = &xtcp_sk(child)->bind;
	u16 port = inet_sk(child)->inet_num;
	struct xtcp_bind_bucket *b;
	struct xtcp_bind_slot *slot;
	int err = -ENOENT;

	xtcp_owner_describe(child, to);
	to->listening = false;
	slot = xtcp_bind_slot(sock_net(child), port);
	spin_lock_bh(&slot->lock);
	b = xtcp_bucket_find(slot, sock_net(child), port);
	if (b && b == READ_ONCE(from->bucket)) {
		xtcp_own(b, to);
		err = 0;
	}
	spin_unlock_bh(&slot->lock);
	return err;
}

/**
 * xtcp_port_init - module init
 *
 * Return: 0 or -ENOMEM.
 */
int xtcp_port_init(void)
{
	unsigned int i;

	xtcp_bind_table = kvcalloc(1 << XTCP_BIND_BITS,
				   sizeof(*xtcp_bind_table), GFP_KERNEL);
	if (!xtcp_bind_table)
		return -ENOMEM;
	for (i = 0; i < 1 << XTCP_BIND_BITS; i++) {
		spin_lock_init(&xtcp_bind_table[i].lock);
		INIT_HLIST_HEAD(&xtcp_bind_table[i].buckets);
	}
	return 0;
}

/**
 * xtcp_port_exit - module exit; nobody holds a port by then
 */
void xtcp_port_exit(void)
{
	kvfree(xtcp_bind_table);
}
