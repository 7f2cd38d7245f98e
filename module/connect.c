// SPDX-License-Identifier: GPL-2.0
/*
 * Opening as a program sees it: connect(), accept(), and the way back by
 * connect(AF_UNSPEC).
 */
#include <net/inet_common.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>

#include "sockets.h"

/* Our address was chosen by the route, not by bind(): forget it. */
static void xtcp_forget_address(struct sock *sk)
{
	inet_sk(sk)->inet_dport = 0;
	inet_sk(sk)->inet_daddr = 0;
	if (!(sk->sk_userlocks & SOCK_BINDADDR_LOCK))
		inet_reset_saddr(sk);
	sk_dst_reset(sk);
	sk->sk_route_caps = 0;
}

/* Addresses and route are known: take a port and a place, send the SYN. */
static int xtcp_connect_start(struct sock *sk, const struct in6_addr *laddr,
			      const struct in6_addr *faddr)
{
	const struct xtcp_net *xn = xtcp_sk_net(sk);
	struct xtcp_sock *xs = xtcp_sk(sk);
	int err, dev, vrf;

	xtcp_init_sock_state(sk);
	dev = sk->sk_bound_dev_if;
	vrf = dev ? l3mdev_master_ifindex_by_index(sock_net(sk), dev) : 0;
	xtcp_set_key(&xs->node.key, sock_net(sk), laddr, 0, faddr,
		     inet_sk(sk)->inet_dport, xtcp_scope(faddr, dev, vrf));
	err = xtcp_port_connect(sk);
	if (err)
		return err;
	xtcp_set_state(sk, XTCP_SYN_SENT);

	/* The table knows us; until we let go, segments wait in the backlog. */
	sk_set_txhash(sk);
	atomic_set(&inet_sk(sk)->inet_id, get_random_u16());
	xs->iss = xtcp_isn(&xn->isn_key, &xs->node.key.t, xtcp_now_us());
	xs->ts_offset = xtcp_ts_offset(&xn->ts_key, &xs->node.key.t);
	xs->snd_una = xs->iss;
	xs->start_us = xtcp_now_us();
	xs->pmtu = dst_mtu(__sk_dst_get(sk));
	xtcp_advertise_mss(sk);
	xtcp_init_buffer_space(sk);
	xtcp_cong_reset(&xs->cong, xs->mss);

	err = xtcp_send_syn(sk);
	if (err) {
		xtcp_stop_timers(sk);
		xtcp_write_queue_purge(sk);
		xtcp_set_state(sk, XTCP_CLOSE);
	}
	return err;
}

/**
 * xtcp_v4_connect - proto.connect of an IPv4 socket
 * @sk: socket, locked
 * @uaddr: sockaddr_in
 * @len: bytes of it
 *
 * Return: 0 when the SYN is on its way, or a negative errno.
 */
int xtcp_v4_connect(struct sock *sk, struct sockaddr_unsized *uaddr, int len)
{
	const struct sockaddr_in *sin = (const struct sockaddr_in *)uaddr;
	struct in6_addr laddr, faddr;
	int err;

	if (len < (int)sizeof(*sin))
		return -EINVAL;
	if (sin->sin_family != AF_INET)
		return -EAFNOSUPPORT;
	xtcp_sk(sk)->af = &xtcp_ipv4_af;
	err = xtcp_ipv4_connect_route(sk, sin->sin_addr.s_addr, sin->sin_port);
	if (err) {
		if (err == -ENETUNREACH)
			IP_INC_STATS(sock_net(sk), IPSTATS_MIB_OUTNOROUTES);
		return err;
	}
	ipv6_addr_set_v4mapped(inet_sk(sk)->inet_saddr, &laddr);
	ipv6_addr_set_v4mapped(inet_sk(sk)->inet_daddr, &faddr);
	err = xtcp_connect_start(sk, &laddr, &faddr);
	if (err)
		xtcp_forget_address(sk);
	return err;
}

#if IS_ENABLED(CONFIG_IPV6)
/* ::ffff:a.b.c.d: an IPv6 socket talks IPv4. */
static int xtcp_v6_connect_mapped(struct sock *sk,
				  const struct sockaddr_in6 *sin6)
{
	struct sockaddr_in sin = {
		.sin_family	 = AF_INET,
		.sin_port	 = sin6->sin6_port,
		.sin_addr.s_addr = sin6->sin6_addr.s6_addr32[3],
	};
	int err;

	if (ipv6_only_sock(sk))
		return -ENETUNREACH;
	err = xtcp_v4_connect(sk, (struct sockaddr_unsized *)&sin, sizeof(sin));
	if (err) {
		xtcp_sk(sk)->af = &xtcp_ipv6_af;
		return err;
	}
	ipv6_addr_set_v4mapped(inet_sk(sk)->inet_saddr, &inet6_sk(sk)->saddr);
	ipv6_addr_set_v4mapped(inet_sk(sk)->inet_saddr, &sk->sk_v6_rcv_saddr);
	ipv6_addr_set_v4mapped(inet_sk(sk)->inet_daddr, &sk->sk_v6_daddr);
	return 0;
}

/* A link-local peer is on one link: the program or a binding names it. */
static int xtcp_v6_scope(struct sock *sk, const struct sockaddr_in6 *sin6,
			 int len)
{
	if (len >= (int)sizeof(*sin6) && sin6->sin6_scope_id) {
		if (!sk_dev_equal_l3scope(sk, sin6->sin6_scope_id))
			return -EINVAL;
		sk->sk_bound_dev_if = sin6->sin6_scope_id;
	}
	return sk->sk_bound_dev_if ? 0 : -EINVAL;
}

/* The flow label that the program asks for, if it has leased it. */
static int xtcp_v6_flow_label(struct sock *sk, const struct sockaddr_in6 *sin6)
{
	__be32 label = sin6->sin6_flowinfo & IPV6_FLOWLABEL_MASK;
	struct ip6_flowlabel *lease;

	if (!xtcp_sends_flowinfo(sk))
		label = 0;
	if (label) {
		lease = fl6_sock_lookup(sk, label);
		if (IS_ERR(lease))
			return -EINVAL;
		fl6_sock_release(lease);
	}
	inet6_sk(sk)->flow_label = label;
	return 0;
}

/**
 * xtcp_v6_connect - proto.connect of an IPv6 socket
 * @sk: socket, locked
 * @uaddr: sockaddr_in6
 * @len: bytes of it; RFC 2133's form without scope is taken too
 *
 * Return: 0 when the SYN is on its way, or a negative errno.
 */
int xtcp_v6_connect(struct sock *sk, struct sockaddr_unsized *uaddr, int len)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)uaddr;
	struct in6_addr daddr;
	int err, type;

	if (len < SIN6_LEN_RFC2133)
		return -EINVAL;
	if (sin6->sin6_family != AF_INET6)
		return -EAFNOSUPPORT;

	err = xtcp_v6_flow_label(sk, sin6);
	if (err)
		return err;
	daddr = sin6->sin6_addr;
	if (ipv6_addr_any(&daddr)) {	/* BSD: this host */
		if (ipv6_addr_v4mapped(&sk->sk_v6_rcv_saddr))
			ipv6_addr_set_v4mapped(htonl(INADDR_LOOPBACK), &daddr);
		else
			daddr = in6addr_loopback;
	}
	type = ipv6_addr_type(&daddr);
	if (type & IPV6_ADDR_MULTICAST)
		return -ENETUNREACH;
	if (type & IPV6_ADDR_LINKLOCAL) {
		err = xtcp_v6_scope(sk, sin6, len);
		if (err)
			return err;
	}
	if (type & IPV6_ADDR_MAPPED) {
		struct sockaddr_in6 mapped = {
			.sin6_port = sin6->sin6_port,
			.sin6_addr = daddr,
		};

		return xtcp_v6_connect_mapped(sk, &mapped);
	}

	xtcp_sk(sk)->af = &xtcp_ipv6_af;
	err = xtcp_ipv6_connect_route(sk, &daddr, sin6->sin6_port);
	if (!err)
		err = xtcp_connect_start(sk, &inet6_sk(sk)->saddr, &daddr);
	if (err)
		xtcp_forget_address(sk);
	return err;
}
#endif

/**
 * xtcp_disconnect - proto.disconnect: back to a socket without connection
 * @sk: socket, locked by a user
 * @flags: unused
 *
 * Return: 0.
 */
int xtcp_disconnect(struct sock *sk, int flags)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	int old = sk->sk_state;

	if (old == XTCP_LISTEN) {
		xtcp_listen_stop(sk);
	} else if (old != XTCP_CLOSE) {
		/* Both FINs are out and all is sent: nothing to break off. */
		if (xs->snd_nxt != xs->write_seq ||
		    !xtcp_state_in(sk, XTCPF(XTCP_CLOSING) |
				       XTCPF(XTCP_LAST_ACK))) {
			xtcp_send_reset(sk, sk->sk_allocation);
			WRITE_ONCE(sk->sk_err, ECONNRESET);
		}
		xtcp_set_state(sk, XTCP_CLOSE);
	}
	xtcp_stop_timers(sk);
	__skb_queue_purge(&sk->sk_receive_queue);
	xtcp_ofo_purge(sk);
	xtcp_write_queue_purge(sk);
	kfree(xs->cookie);
	xs->cookie = NULL;
	xs->cookie_len = 0;
	xtcp_init_sock_state(sk);
	xs->write_seq = 0;
	xs->snd_una = 0;
	xs->snd_nxt = 0;
	xtcp_cong_reset(&xs->cong, xs->mss);

	xtcp_forget_address(sk);
	sock_reset_flag(sk, SOCK_DONE);
	WRITE_ONCE(sk->sk_shutdown, 0);
	WRITE_ONCE(sk->sk_err_soft, 0);
	if (sk->sk_frag.page) {
		put_page(sk->sk_frag.page);
		sk->sk_frag.page = NULL;
		sk->sk_frag.offset = 0;
	}
	sk_error_report(sk);
	return 0;
}

/* Wait for a connection in the queue; one waiter is woken for each. */
static int xtcp_wait_for_child(struct sock *sk, long *timeo)
{
	DEFINE_WAIT(wait);
	int err;

	for (;;) {
		prepare_to_wait_exclusive(sk_sleep(sk), &wait,
					  TASK_INTERRUPTIBLE);
		release_sock(sk);
		if (!READ_ONCE(xtcp_sk(sk)->acceptq->len))
			*timeo = schedule_timeout(*timeo);
		sched_annotate_sleep();
		lock_sock(sk);
		err = 0;
		if (READ_ONCE(xtcp_sk(sk)->acceptq->len))
			break;
		err = -EINVAL;
		if (sk->sk_state != XTCP_LISTEN)
			break;
		err = sock_intr_errno(*timeo);
		if (signal_pending(current))
			break;
		err = -EAGAIN;
		if (!*timeo)
			break;
	}
	finish_wait(sk_sleep(sk), &wait);
	return err;
}

/**
 * xtcp_accept - proto.accept
 * @sk: listener
 * @arg: flags in, error out
 *
 * Return: the connection, or NULL with @arg->err set.
 */
struct sock *xtcp_accept(struct sock *sk, struct proto_accept_arg *arg)
{
	struct sock *child = NULL;
	long timeo;
	int err;

	lock_sock(sk);
	err = -EINVAL;
	if (sk->sk_state != XTCP_LISTEN)
		goto out;
	timeo = sock_rcvtimeo(sk, arg->flags & O_NONBLOCK);
	while (!(child = xtcp_acceptq_take(sk))) {
		err = -EAGAIN;
		if (!timeo)
			goto out;
		err = xtcp_wait_for_child(sk, &timeo);
		if (err)
			goto out;
	}
	err = 0;
out:
	release_sock(sk);
	arg->err = err;
	return child;
}
