/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one file that knows that kernels differ.  The module is written for the
 * newest; what older ones lack is made up here.  probe.sh finds out which.
 */
#ifndef _XTCP_COMPAT_H
#define _XTCP_COMPAT_H

#include <linux/bvec.h>
#include <linux/errqueue.h>
#include <linux/hrtimer.h>
#include <linux/net.h>
#include <linux/net_tstamp.h>
#include <linux/skbuff.h>
#include <linux/socket.h>
#include <linux/sysctl.h>
#include <linux/timer.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <net/inet_common.h>
#include <net/ip6_route.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include "xtcp-probe.h"

#ifdef XTCP_HAVE_TSTAMP_ACK_SK
#include <net/tcp.h>
#endif

/* 6.10: moved out of net/sock.h */
#ifdef XTCP_HAVE_PROTO_MEMORY_H
#include <net/proto_memory.h>
#endif

/* 6.10: references to fragments moved out of linux/skbuff.h */
#ifdef XTCP_HAVE_SKBUFF_REF_H
#include <linux/skbuff_ref.h>
#endif

/* 6.5: so did segmentation */
#ifdef XTCP_HAVE_GSO_H
#include <net/gso.h>
#endif

#ifdef XTCP_HAVE_UNALIGNED_H
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* 6.19: bind and connect callbacks got a type of their own. */
#ifndef XTCP_HAVE_SOCKADDR_UNSIZED
#define sockaddr_unsized sockaddr
#endif

/* 6.10: accept takes a struct. */
#ifdef XTCP_HAVE_PROTO_ACCEPT_ARG
#define xtcp_prot_accept	xtcp_accept
#else
struct proto_accept_arg {
	int flags;
	int err;
	bool kern;
};

struct sock *xtcp_accept(struct sock *sk, struct proto_accept_arg *arg);

static inline struct sock *xtcp_prot_accept(struct sock *sk, int flags,
					    int *err, bool kern)
{
	struct proto_accept_arg arg = { .flags = flags, .kern = kern };
	struct sock *child = xtcp_accept(sk, &arg);

	*err = arg.err;
	return child;
}
#endif

/* 6.5: ioctl answers into kernel memory. */
#ifdef XTCP_HAVE_IOCTL_KARG
#define xtcp_prot_ioctl		xtcp_ioctl
#else
int xtcp_ioctl(struct sock *sk, int cmd, int *karg);

static inline int xtcp_prot_ioctl(struct sock *sk, int cmd, unsigned long arg)
{
	int val, err = xtcp_ioctl(sk, cmd, &val);

	return err ?: put_user(val, (int __user *)arg);
}
#endif

/*
 * 6.5: sendpage gave way to MSG_SPLICE_PAGES.  Where it has not, a page becomes
 * such a message.
 */
#ifdef XTCP_HAVE_SENDPAGE
int xtcp_sendmsg(struct socket *sock, struct msghdr *msg, size_t size);

static inline ssize_t xtcp_sendpage(struct socket *sock, struct page *page,
				    int offset, size_t size, int flags)
{
	struct bio_vec bvec = {
		.bv_page = page,
		.bv_len = size,
		.bv_offset = offset,
	};
	struct msghdr msg = { .msg_flags = flags | MSG_SPLICE_PAGES };

	if (flags & MSG_SENDPAGE_NOTLAST)
		msg.msg_flags |= MSG_MORE;
	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, &bvec, 1, size);
	return xtcp_sendmsg(sock, &msg, size);
}

#define XTCP_SENDPAGE	.sendpage = xtcp_sendpage,

/* The first page of @iter, which is of bio_vecs, into @skb. */
static inline ssize_t xtcp_splice_from_iter(struct sk_buff *skb,
					    struct iov_iter *iter,
					    ssize_t maxsize, gfp_t gfp)
{
	size_t at = iter->bvec->bv_offset + iter->iov_offset;
	struct page *page = iter->bvec->bv_page;
	int i = skb_shinfo(skb)->nr_frags;
	size_t len = min_t(size_t, maxsize,
			   iter->bvec->bv_len - iter->iov_offset);
	bool merge = skb_can_coalesce(skb, i, page, at);

	if (!merge && i >= MAX_SKB_FRAGS)
		return -EMSGSIZE;
	if (merge) {
		skb_frag_size_add(&skb_shinfo(skb)->frags[i - 1], len);
	} else {
		get_page(page);
		skb_fill_page_desc(skb, i, page, at, len);
	}
	skb->len += len;
	skb->data_len += len;
	skb->truesize += len;
	iov_iter_advance(iter, len);
	return len;
}
#else
#define XTCP_SENDPAGE

/* 6.18: the memory is always the caller's. */
#ifdef XTCP_HAVE_SPLICE_FROM_ITER_GFP
#define xtcp_splice_from_iter(skb, iter, max, gfp) \
	skb_splice_from_iter(skb, iter, max, gfp)
#else
#define xtcp_splice_from_iter(skb, iter, max, gfp) \
	((void)(gfp), skb_splice_from_iter(skb, iter, max))
#endif
#endif

/* 7.x: payload may stand in a device's memory; ours never does. */
#ifdef XTCP_HAVE_ZEROCOPY_DEVMEM
#define xtcp_zerocopy_notice(sk, size, uarg) \
	msg_zerocopy_realloc(sk, size, uarg, false)
#define xtcp_zerocopy_iter(sk, skb, msg, len, uarg) \
	skb_zerocopy_iter_stream(sk, skb, msg, len, uarg, NULL)
#else
#define xtcp_zerocopy_notice(sk, size, uarg) \
	msg_zerocopy_realloc(sk, size, uarg)
#define xtcp_zerocopy_iter(sk, skb, msg, len, uarg) \
	skb_zerocopy_iter_stream(sk, skb, msg, len, uarg)
#endif

/*
 * What the kernel asks of a socket's flags: io_uring's zero-copy send; 6.8:
 * who takes options of SOL_SOCKET himself, for those that the kernel gives to
 * known protocols only.
 */
static inline void xtcp_sock_abilities(struct socket *sock)
{
	set_bit(SOCK_SUPPORT_ZC, &sock->flags);
#ifdef XTCP_HAVE_CUSTOM_SOCKOPT
	set_bit(SOCK_CUSTOM_SOCKOPT, &sock->flags);
#endif
}

/* 7.x: times stay as they are until the program gets them. */
#ifdef XTCP_HAVE_SCM_KTIME
#define xtcp_scm_time(t)	(t)
#else
#define xtcp_scm_time(t)	ktime_to_timespec64(t)
#endif

/* 6.15: whether to tell of an acknowledgment is asked of TCP's own notes. */
static inline void xtcp_tell_acked(struct sock *sk, struct sk_buff *skb)
{
#ifdef XTCP_HAVE_TSTAMP_ACK_SK
	char cb[sizeof(skb->cb)];

	memcpy(cb, skb->cb, sizeof(cb));
	TCP_SKB_CB(skb)->txstamp_ack = TSTAMP_ACK_SK;
	__skb_tstamp_tx(skb, NULL, NULL, sk, SCM_TSTAMP_ACK);
	memcpy(skb->cb, cb, sizeof(cb));
#else
	__skb_tstamp_tx(skb, NULL, NULL, sk, SCM_TSTAMP_ACK);
#endif
}

/* Does SO_TIMESTAMPING ask for the time of arrival by that clock? */
static inline bool xtcp_wants_rx_stamp(u32 tsflags, bool software)
{
	u32 report = software ? SOF_TIMESTAMPING_SOFTWARE :
				SOF_TIMESTAMPING_RAW_HARDWARE;

	if (!(tsflags & report))
		return false;
#ifdef XTCP_HAVE_RX_FILTER	/* 6.12: only if taking it was asked for too */
	if ((tsflags & SOF_TIMESTAMPING_OPT_RX_FILTER) &&
	    !(tsflags & (software ? SOF_TIMESTAMPING_RX_SOFTWARE :
				    SOF_TIMESTAMPING_RX_HARDWARE)))
		return false;
#endif
	return true;
}

/* 6.4: where a socket's IPv6 part stands is told, not computed. */
#ifdef XTCP_HAVE_PINFO_OFFSET
#define XTCP_PINFO_OFFSET(at)	.ipv6_pinfo_offset = (at),
#else
#define XTCP_PINFO_OFFSET(at)
#endif

/* 6.9: what lists sockets holds its module by itself. */
#ifdef XTCP_HAVE_DIAG_OWNER
#define XTCP_DIAG_OWNER		.owner = THIS_MODULE,
#else
#define XTCP_DIAG_OWNER
#endif

/* 6.11: handlers do not change their table. */
#ifdef XTCP_HAVE_CTL_CONST
#define XTCP_CTL_CONST	const
#else
#define XTCP_CTL_CONST
#endif

/* @table has @n entries and an empty one behind them. */
static inline struct ctl_table_header *
xtcp_register_net_sysctl(struct net *net, const char *path,
			 struct ctl_table *table, size_t n)
{
#ifdef XTCP_HAVE_SYSCTL_SZ
	return register_net_sysctl_sz(net, path, table, n);
#else
	return register_net_sysctl(net, path, table);
#endif
}

#ifndef XTCP_HAVE_SK_UID
#define sk_uid(sk)	(READ_ONCE((sk)->sk_uid))
#endif

#ifndef XTCP_HAVE_TIMER_CONTAINER_OF
#define timer_container_of(var, timer, field)	from_timer(var, timer, field)
#endif

/* 6.13: a high-resolution timer gets its function when it is made. */
#ifndef XTCP_HAVE_HRTIMER_SETUP
static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif

/* 6.10: a departure time tells its clock; before, whether it is monotonic. */
#ifndef XTCP_HAVE_SKB_CLOCK
#define SKB_CLOCK_MONOTONIC	true
#endif

#if IS_ENABLED(CONFIG_IPV6)
/* 6.10: a route is converted by a function that knows its type. */
static inline u32 xtcp_rt6_cookie(struct dst_entry *dst)
{
#ifdef XTCP_HAVE_DST_RT6_INFO
	return rt6_get_cookie(dst_rt6_info(dst));
#else
	return rt6_get_cookie((struct rt6_info *)dst);
#endif
}

/* 6.6: what was a bit field. */
static inline bool xtcp_sends_flowinfo(const struct sock *sk)
{
#ifdef XTCP_HAVE_INET6_TEST_BIT
	return inet6_test_bit(SNDFLOW, sk);
#else
	return inet6_sk(sk)->sndflow;
#endif
}

/* 7.x: flow labels moved. */
static inline void xtcp_clear_fl_list(struct sock *sk)
{
#ifdef XTCP_HAVE_FL_LIST_IN_INET
	RCU_INIT_POINTER(inet_sk(sk)->ipv6_fl_list, NULL);
#else
	RCU_INIT_POINTER(inet6_sk(sk)->ipv6_fl_list, NULL);
#endif
}
#endif

/* 7.1: no length of the address. */
static inline int xtcp_recv_error(struct sock *sk, struct msghdr *msg,
				  size_t len)
{
#ifdef XTCP_HAVE_RECV_ERROR_3
	return inet_recv_error(sk, msg, len);
#else
	return inet_recv_error(sk, msg, len, &msg->msg_namelen);
#endif
}

#endif /* _XTCP_COMPAT_H */
