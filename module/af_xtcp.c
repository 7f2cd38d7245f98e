// SPDX-License-Identifier: GPL-2.0
/*
 * The protocol family: two doors to the same sockets.
 *
 *   socket(AF_XTCP, SOCK_STREAM, 0)                 either IP version, by the
 *                                                   addresses it is given
 *   socket(AF_INET[6], SOCK_STREAM, IPPROTO_XTCP)   as TCP's
 *
 * Addresses are plain sockaddr_in and sockaddr_in6, so only the socket() call
 * of a program changes.  Inside, a socket is always AF_INET or AF_INET6:
 * IP's output path and the firewall hooks look at sk_family.
 */
#include <linux/module.h>
#include <linux/net.h>
#include <net/inet_common.h>
#include <net/ipv6.h>
#include <net/protocol.h>
#include <net/transp_v6.h>

#include "sockets.h"

static DEFINE_PER_CPU(int, xtcp_memory_per_cpu_fw_alloc);
static atomic_long_t xtcp_memory_allocated;
static struct percpu_counter xtcp_sockets_allocated;
static unsigned long xtcp_memory_pressure;

/* The floor below which a socket is served even under pressure, bytes. */
static int xtcp_wmem_floor[3] = { 4096, 4096, 4096 };
static int xtcp_rmem_floor[3] = { 4096, 4096, 4096 };

static void xtcp_enter_memory_pressure(struct sock *sk)
{
	if (READ_ONCE(xtcp_memory_pressure))
		return;
	WRITE_ONCE(xtcp_memory_pressure, jiffies ?: 1);
	XTCP_INC_STATS(sk, MemoryPressures);
}

static void xtcp_leave_memory_pressure(struct sock *sk)
{
	if (READ_ONCE(xtcp_memory_pressure))
		WRITE_ONCE(xtcp_memory_pressure, 0);
}

/* ------------------------------------------------------------ a socket */

static int xtcp_init_sock(struct sock *sk)
{
	struct xtcp_net *xn = xtcp_sk_net(sk);
	struct xtcp_sock *xs = xtcp_sk(sk);
	const struct xtcp_cong_ops *ops;

	inet_sk_set_state(sk, XTCP_CLOSE);
	xs->af = &xtcp_ipv4_af;
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6)
		xs->af = &xtcp_ipv6_af;
#endif
	INIT_HLIST_NODE(&xs->listen_node);
	INIT_LIST_HEAD(&xs->accept_node);
	xtcp_init_timers(sk);
	xtcp_init_sock_state(sk);

	sk->sk_write_space = xtcp_write_space;
	/* Segments in the device are no business of a poller's. */
	sock_set_flag(sk, SOCK_USE_WRITE_QUEUE);
	/* Lookups find sockets under RCU. */
	sock_set_flag(sk, SOCK_RCU_FREE);
	WRITE_ONCE(sk->sk_sndbuf, READ_ONCE(xn->sysctl_wmem[1]));
	WRITE_ONCE(sk->sk_rcvbuf, READ_ONCE(xn->sysctl_rmem[1]));

	spin_lock_bh(&xn->cong_lock);
	ops = xn->cong;
	xtcp_cong_hold(ops);
	spin_unlock_bh(&xn->cong_lock);
	xs->ca_ops = ops;
	xtcp_cong_start(&xs->cong, ops, xs->mss);
	xs->ip_destruct = sk->sk_destruct;
	sk->sk_destruct = xtcp_destruct;
	sk_sockets_allocated_inc(sk);
	xtcp_sock_abilities(sk->sk_socket);
	return 0;
}

static void xtcp_release_cb(struct sock *sk)
{
	unsigned long what = xchg(&xtcp_sk(sk)->deferred, 0);

	if (!what)
		return;
	if (what & BIT(XTCP_DEFER_MTU)) {
		xtcp_mtu_reduced(sk);
		__sock_put(sk);
	}
	xtcp_run_deferred(sk, what);
}

#define XTCP_PROTO_COMMON						\
	.owner			= THIS_MODULE,				\
	.close			= xtcp_close,				\
	.disconnect		= xtcp_disconnect,			\
	.accept			= xtcp_prot_accept,			\
	.ioctl			= xtcp_prot_ioctl,			\
	.init			= xtcp_init_sock,			\
	.destroy		= xtcp_destroy,				\
	.shutdown		= xtcp_shutdown,			\
	.setsockopt		= xtcp_setsockopt,			\
	.getsockopt		= xtcp_getsockopt,			\
	.keepalive		= xtcp_set_keepalive,			\
	.backlog_rcv		= xtcp_backlog_rcv,			\
	.release_cb		= xtcp_release_cb,			\
	.diag_destroy		= xtcp_diag_destroy,			\
	.unhash			= xtcp_unhash,				\
	.get_port		= xtcp_get_port,			\
	.put_port		= xtcp_put_port,			\
	.stream_memory_free	= xtcp_stream_memory_free,		\
	.enter_memory_pressure	= xtcp_enter_memory_pressure,		\
	.leave_memory_pressure	= xtcp_leave_memory_pressure,		\
	.memory_allocated	= &xtcp_memory_allocated,		\
	.per_cpu_fw_alloc	= &xtcp_memory_per_cpu_fw_alloc,	\
	.sockets_allocated	= &xtcp_sockets_allocated,		\
	.memory_pressure	= &xtcp_memory_pressure,		\
	.sysctl_mem		= xtcp_sysctl_mem,			\
	.sysctl_wmem		= xtcp_wmem_floor,			\
	.sysctl_rmem		= xtcp_rmem_floor,			\
	.max_header		= XTCP_MAX_HEADER,			\
	.no_autobind		= true

struct proto xtcp_prot = {
	.name			= "XTCP",
	.connect		= xtcp_v4_connect,
	.obj_size		= sizeof(struct xtcp_sock),
	XTCP_PROTO_COMMON,
};

#if IS_ENABLED(CONFIG_IPV6)
struct proto xtcpv6_prot = {
	.name			= "XTCPv6",
	.connect		= xtcp_v6_connect,
	.obj_size		= sizeof(struct xtcp6_sock),
	XTCP_PINFO_OFFSET(offsetof(struct xtcp6_sock, inet6))
	XTCP_PROTO_COMMON,
};
#endif

/* ------------------------------------------------- which IP version it is */

/**
 * xtcp_adopt_family - an AF_XTCP socket takes the family of its addresses
 * @sk: socket, locked
 * @family: AF_INET or AF_INET6; others change nothing
 *
 * Only a socket of the AF_XTCP door that has neither port nor connection can
 * change; any other keeps its family, and the address check refuses.
 */
void xtcp_adopt_family(struct sock *sk, int family)
{
#if IS_ENABLED(CONFIG_IPV6)
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (!xs->any_family || sk->sk_family == family || xs->bind.bucket ||
	    sk->sk_state != XTCP_CLOSE)
		return;
	if (family == AF_INET6) {
		xs->af = &xtcp_ipv6_af;
		WRITE_ONCE(sk->sk_prot, &xtcpv6_prot);
		WRITE_ONCE(sk->sk_family, AF_INET6);
	} else if (family == AF_INET) {
		xs->af = &xtcp_ipv4_af;
		WRITE_ONCE(sk->sk_prot, &xtcp_prot);
		WRITE_ONCE(sk->sk_family, AF_INET);
	}
#endif
}

/**
 * xtcp_set_addrform - IPV6_ADDRFORM: an IPv6 socket that talks IPv4 becomes IPv4's
 * @sk: socket of AF_INET6, not locked
 * @family: AF_INET
 *
 * Return: 0; -EINVAL for other families; -ENOTCONN; -EADDRNOTAVAIL when the
 * peer's address is none of IPv4.
 */
int xtcp_set_addrform(struct sock *sk, int family)
{
	int err = -EINVAL;

	if (family != AF_INET)
		return err;
	lock_sock(sk);
	if (sk->sk_state != XTCP_ESTABLISHED) {
		err = -ENOTCONN;
	} else if (xtcp_sk(sk)->af != &xtcp_ipv4_af || ipv6_only_sock(sk)) {
		err = -EADDRNOTAVAIL;
	} else {
		err = 0;
		sock_prot_inuse_add(sock_net(sk), sk->sk_prot, -1);
		sock_prot_inuse_add(sock_net(sk), &xtcp_prot, 1);
		WRITE_ONCE(sk->sk_prot, &xtcp_prot);
		WRITE_ONCE(sk->sk_family, AF_INET);
	}
	release_sock(sk);
	return err;
}

static void xtcp_adopt_address(struct sock *sk,
			       const struct sockaddr_unsized *addr, int len)
{
	if (!xtcp_sk(sk)->any_family || len < (int)sizeof(addr->sa_family))
		return;
	lock_sock(sk);
	xtcp_adopt_family(sk, addr->sa_family);
	release_sock(sk);
}

/* ------------------------------------------------------------- proto_ops */

static int xtcp_release(struct socket *sock)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (sock->sk && inet_sk(sock->sk)->pinet6)
		return inet6_release(sock);
#endif
	return inet_release(sock);
}

static int xtcp_bind(struct socket *sock, struct sockaddr_unsized *addr,
		     int len)
{
	xtcp_adopt_address(sock->sk, addr, len);
#if IS_ENABLED(CONFIG_IPV6)
	if (sock->sk->sk_family == AF_INET6)
		return inet6_bind(sock, addr, len);
#endif
	return inet_bind(sock, addr, len);
}

static int xtcp_connect(struct socket *sock, struct sockaddr_unsized *addr,
			int len, int flags)
{
	xtcp_adopt_address(sock->sk, addr, len);
	return inet_stream_connect(sock, addr, len, flags);
}

static int xtcp_getname(struct socket *sock, struct sockaddr *addr, int peer)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (sock->sk->sk_family == AF_INET6)
		return inet6_getname(sock, addr, peer);
#endif
	return inet_getname(sock, addr, peer);
}

static int xtcp_sock_ioctl(struct socket *sock, unsigned int cmd,
			   unsigned long arg)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (sock->sk->sk_family == AF_INET6)
		return inet6_ioctl(sock, cmd, arg);
#endif
	return inet_ioctl(sock, cmd, arg);
}

static int xtcp_listen(struct socket *sock, int backlog)
{
	struct sock *sk = sock->sk;
	int err = -EINVAL;

	lock_sock(sk);
	if (sock->state != SS_UNCONNECTED)
		goto out;
	if (sk->sk_state == XTCP_LISTEN) {
		WRITE_ONCE(sk->sk_max_ack_backlog, backlog);
		err = 0;
		goto out;
	}
	if (sk->sk_state != XTCP_CLOSE)
		goto out;
	err = 0;
	if (!xtcp_sk(sk)->bind.bucket)
		err = xtcp_get_port(sk, 0);
	if (!err)
		err = xtcp_listen_start(sk, backlog);
out:
	release_sock(sk);
	return err;
}

static const struct proto_ops xtcp_ops = {
	.family		= PF_INET,
	.owner		= THIS_MODULE,
	.release	= xtcp_release,
	.bind		= xtcp_bind,
	.connect	= xtcp_connect,
	.socketpair	= sock_no_socketpair,
	.accept		= inet_accept,
	.getname	= xtcp_getname,
	.poll		= xtcp_poll,
	.ioctl		= xtcp_sock_ioctl,
	.gettstamp	= sock_gettstamp,
	.listen		= xtcp_listen,
	.shutdown	= inet_shutdown,
	.setsockopt	= xtcp_sock_setsockopt,
	.getsockopt	= sock_common_getsockopt,
	.sendmsg	= xtcp_sendmsg,
	.recvmsg	= xtcp_recvmsg,
	.mmap		= sock_no_mmap,
	.splice_read	= xtcp_splice_read,
	.splice_eof	= xtcp_splice_eof,
	.read_sock	= xtcp_read_sock,
	.set_peek_off	= sk_set_peek_off,
	.set_rcvlowat	= xtcp_set_rcvlowat,
	.peek_len	= xtcp_peek_len,
	XTCP_SENDPAGE
};

/* ------------------------------------------------------------- the doors */

/*
 * The AF_XTCP door opens a socket of the other door and gives it to the
 * caller: so that all that the kernel does for a new IP socket (defaults,
 * cgroup and security hooks) is done by the kernel, whatever its version.
 */
static int xtcp_create(struct net *net, struct socket *sock, int protocol,
		       int kern)
{
	struct socket *inner;
	struct sock *sk;
	int err;

	if (protocol < 0 || protocol >= IPPROTO_MAX)
		return -EINVAL;
	if (sock->type != SOCK_STREAM)
		return -ESOCKTNOSUPPORT;
	if (protocol && protocol != xtcp_protocol)
		return -EPROTONOSUPPORT;

	err = __sock_create(net, PF_INET6, SOCK_STREAM, xtcp_protocol, &inner,
			    kern);
	if (err == -EAFNOSUPPORT)	/* ipv6.disable=1 */
		err = __sock_create(net, PF_INET, SOCK_STREAM, xtcp_protocol,
				    &inner, kern);
	if (err)
		return err;

	sk = inner->sk;
	inner->sk = NULL;
	inner->ops = NULL;
	sock_release(inner);
	module_put(THIS_MODULE);	/* what the inner socket held */

	sock->ops = &xtcp_ops;
	xtcp_sock_abilities(sock);
	sock_graft(sk, sock);
	xtcp_sk(sk)->any_family = sk->sk_family == AF_INET6;
	xtcp_adopt_family(sk, AF_INET);
	return 0;
}

static struct net_proto_family xtcp_family_ops = {
	.create	= xtcp_create,
	.owner	= THIS_MODULE,
};

static struct inet_protosw xtcp_protosw = {
	.type	= SOCK_STREAM,
	.prot	= &xtcp_prot,
	.ops	= &xtcp_ops,
};

#if IS_ENABLED(CONFIG_IPV6)
static struct inet_protosw xtcpv6_protosw = {
	.type	= SOCK_STREAM,
	.prot	= &xtcpv6_prot,
	.ops	= &xtcp_ops,
};

static int xtcp_v6_door_open(void)
{
	xtcpv6_protosw.protocol = xtcp_protocol;
	return inet6_register_protosw(&xtcpv6_protosw);
}

static void xtcp_v6_door_close(void)
{
	inet6_unregister_protosw(&xtcpv6_protosw);
}
#endif

/**
 * xtcp_af_init - programs can open sockets from now on
 *
 * Return: 0 or a negative errno; -EEXIST: another module has the family.
 */
int xtcp_af_init(void)
{
	int err;

	err = percpu_counter_init(&xtcp_sockets_allocated, 0, GFP_KERNEL);
	if (err)
		return err;
	err = proto_register(&xtcp_prot, 1);
	if (err)
		goto err_counter;
	err = proto_register(&xtcpv6_prot, 1);
	if (err)
		goto err_prot;
	xtcp_protosw.protocol = xtcp_protocol;
	inet_register_protosw(&xtcp_protosw);
	err = xtcp_v6_door_open();
	if (err)
		goto err_protosw;
	xtcp_family_ops.family = xtcp_family;
	err = sock_register(&xtcp_family_ops);
	if (err)
		goto err_protosw6;
	return 0;

err_protosw6:
	xtcp_v6_door_close();
err_protosw:
	inet_unregister_protosw(&xtcp_protosw);
	proto_unregister(&xtcpv6_prot);
err_prot:
	proto_unregister(&xtcp_prot);
err_counter:
	percpu_counter_destroy(&xtcp_sockets_allocated);
	return err;
}

/**
 * xtcp_af_exit - no socket is left and none can be opened any more
 */
void xtcp_af_exit(void)
{
	sock_unregister(xtcp_family);
	xtcp_v6_door_close();
	inet_unregister_protosw(&xtcp_protosw);
	proto_unregister(&xtcpv6_prot);
	proto_unregister(&xtcp_prot);
	percpu_counter_destroy(&xtcp_sockets_allocated);
}
