// SPDX-License-Identifier: GPL-2.0
/*
 * Options: SOL_XTCP's own, and IPPROTO_TCP's where they have a meaning here,
 * with TCP's numbers, structs and limits, so that programs need not know.
 * SOL_SOCKET is the kernel's; SOL_IP and SOL_IPV6 go to its handlers.
 *
 * What cannot apply, or does not exist, answers ENOPROTOOPT, to get and set
 * alike; an unknown level answers what IP's handlers say, as TCP's do.
 */
#include <linux/tcp.h>
#include <net/ip.h>
#include <net/ipv6.h>

#include "sockets.h"

/* TCP's limits */
#define XTCP_MAX_KEEPIDLE_S	32767
#define XTCP_MAX_KEEPINTVL_S	32767
#define XTCP_MAX_KEEPCNT	127
#define XTCP_MAX_SYNCNT		127
#define XTCP_MAX_USER_MSS	32767
#define XTCP_MAX_LINGER2_S	120
#define XTCP_MAX_DEFER_STEPS	255
#define XTCP_MAX_TX_DELAY_US	((1 << 28) - 1)

static bool xtcp_own_level(int level)
{
	return level == SOL_XTCP || level == SOL_TCP;
}

/* -------------------------------------------------------------------- set */

static int xtcp_set_congestion(struct sock *sk, sockptr_t optval,
			       unsigned int optlen)
{
	const struct xtcp_cong_ops *ops, *old;
	struct xtcp_sock *xs = xtcp_sk(sk);
	char name[XTCP_CA_NAME_MAX];
	long len;

	if (optlen < 1)
		return -EINVAL;
	len = strncpy_from_sockptr(name, optval,
				   min_t(long, XTCP_CA_NAME_MAX - 1, optlen));
	if (len < 0)
		return -EFAULT;
	name[len] = 0;
	ops = xtcp_cong_get(name);
	if (!ops)
		return -ENOENT;

	lock_sock(sk);
	old = xs->ca_ops;
	if (old == ops) {
		xtcp_cong_put(ops);
	} else {
		u32 cwnd = xs->cong.cwnd;
		u32 ssthresh = xs->cong.ssthresh;
		u64 now_us = xs->cong.now_us;

		/* What was learnt of the path stays. */
		xtcp_cong_stop(&xs->cong);
		WRITE_ONCE(xs->ca_ops, ops);
		xtcp_cong_start(&xs->cong, ops, xs->mss);
		xs->cong.cwnd = cwnd;
		xs->cong.ssthresh = ssthresh;
		xs->cong.now_us = now_us;
		xs->cong.ecn = xs->features & XTCP_FEATURE_ECN;
		xtcp_cong_put(old);
	}
	release_sock(sk);
	return 0;
}

/* What is held back may go, CORK or not; what is written later may not. */
static void xtcp_push_held(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	xs->nonagle |= XTCP_NAGLE_PUSH;
	xtcp_push(sk);
	xs->nonagle &= ~XTCP_NAGLE_PUSH;
}

static int xtcp_set_cork(struct sock *sk, bool on)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (on) {
		xs->nonagle |= XTCP_NAGLE_CORK;
		return 0;
	}
	xs->nonagle &= ~XTCP_NAGLE_CORK;
	xtcp_push_held(sk);
	return 0;
}

static int xtcp_set_nodelay(struct sock *sk, bool on)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (on) {
		xs->nonagle |= XTCP_NAGLE_OFF;
		xtcp_push_held(sk);
	} else {
		xs->nonagle &= ~XTCP_NAGLE_OFF;
	}
	return 0;
}

static int xtcp_set_keepidle(struct sock *sk, int val)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	u64 idle_us;

	if (val < 1 || val > XTCP_MAX_KEEPIDLE_S)
		return -EINVAL;
	xs->keepidle_s = val;
	if (!sock_flag(sk, SOCK_KEEPOPEN) ||
	    xtcp_state_in(sk, XTCPF(XTCP_CLOSE) | XTCPF(XTCP_LISTEN)))
		return 0;
	idle_us = xtcp_now_us() - xs->last_rcv_us;
	xtcp_reset_keepalive(sk, xtcp_keepidle_us(sk) > idle_us ?
				 xtcp_keepidle_us(sk) - idle_us : 0);
	return 0;
}

static int xtcp_set_window_clamp(struct sock *sk, int val)
{
	if (!val) {
		if (sk->sk_state != XTCP_CLOSE)
			return -EINVAL;
		xtcp_sk(sk)->window_clamp = 0;
		return 0;
	}
	if (val < 0)
		return -EINVAL;
	xtcp_sk(sk)->window_clamp = max_t(u32, val, SOCK_MIN_RCVBUF / 2);
	return 0;
}

static int xtcp_set_quickack(struct sock *sk, int val)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (!val) {
		xs->quickack = 0;
		return 0;
	}
	xtcp_enter_quickack(sk, XTCP_QUICKACKS);
	if (xs->ack_pending && xtcp_state_in(sk, XTCPF_SYNCHRONIZED)) {
		xtcp_send_ack(sk);
		if (!(val & 1))		/* even: just this once */
			xs->quickack = 0;
	}
	return 0;
}

static int xtcp_set_linger2(struct xtcp_sock *xs, int val)
{
	if (val < 0)
		xs->linger2_s = -1;
	else
		xs->linger2_s = min(val, XTCP_MAX_LINGER2_S);
	return 0;
}

/*
 * DEFER_ACCEPT is rounded up, as TCP rounds it, to a time at which a segment
 * that is repeated from 1 s on with doubling comes again.
 */
static u32 xtcp_defer_rounded(int val)
{
	const u32 max_step = XTCP_RTO_MAX_US / USEC_PER_SEC;
	u32 step = 1, sum = 1, steps = 1;

	if (val <= 0)
		return 0;
	while (sum < (u32)val && steps++ < XTCP_MAX_DEFER_STEPS) {
		step = min(2 * step, max_step);
		sum += step;
	}
	return sum;
}

/* Integer options; the socket is locked. */
static int xtcp_set_int(struct sock *sk, int optname, int val)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	switch (optname) {
	case XTCP_NODELAY:
		return xtcp_set_nodelay(sk, val);
	case XTCP_CORK:
		return xtcp_set_cork(sk, val);
	case XTCP_MAXSEG:
		if (val && (val < XTCP_MIN_MSS || val > XTCP_MAX_USER_MSS))
			return -EINVAL;
		xs->user_mss = val;
		return 0;
	case XTCP_KEEPIDLE:
		return xtcp_set_keepidle(sk, val);
	case XTCP_KEEPINTVL:
		if (val < 1 || val > XTCP_MAX_KEEPINTVL_S)
			return -EINVAL;
		xs->keepintvl_s = val;
		return 0;
	case XTCP_KEEPCNT:
		if (val < 1 || val > XTCP_MAX_KEEPCNT)
			return -EINVAL;
		xs->keepcnt = val;
		return 0;
	case XTCP_SYNCNT:
		if (val < 1 || val > XTCP_MAX_SYNCNT)
			return -EINVAL;
		xs->syn_retries = val;
		return 0;
	case XTCP_LINGER2:
		return xtcp_set_linger2(xs, val);
	case XTCP_DEFER_ACCEPT:
		xs->defer_accept_s = xtcp_defer_rounded(val);
		return 0;
	case XTCP_WINDOW_CLAMP:
		return xtcp_set_window_clamp(sk, val);
	case XTCP_QUICKACK:
		return xtcp_set_quickack(sk, val);
	case XTCP_USER_TIMEOUT:
		if (val < 0)
			return -EINVAL;
		xs->user_timeout_ms = val;
		return 0;
	case XTCP_NOTSENT_LOWAT:
		WRITE_ONCE(xs->notsent_lowat, val);
		sk->sk_write_space(sk);
		return 0;
	case XTCP_INQ:
		if (val < 0 || val > 1)
			return -EINVAL;
		xs->recvmsg_inq = val;
		return 0;
	case TCP_THIN_DUPACK:	/* means nothing any more, to TCP either */
		return val < 0 || val > 1 ? -EINVAL : 0;
	case XTCP_TX_DELAY:
		if (val < 0 || val > XTCP_MAX_TX_DELAY_US)
			return -EINVAL;
		xs->tx_delay_us = val;
		return 0;
	case TCP_FASTOPEN:	/* only off exists */
		return val ? -EOPNOTSUPP : 0;
	default:
		return -ENOPROTOOPT;
	}
}

/*
 * What the kernel's handlers of IP's levels know for TCP alone.  Answers false
 * when such an option is for them; else *@err is the answer.
 */
static bool xtcp_set_ip_as_tcp(struct sock *sk, int level, int optname,
			       sockptr_t optval, unsigned int optlen, int *err)
{
	int val;

	/* A stream has one peer: groups are for others. */
	if (level == SOL_IP && (optname == IP_ADD_MEMBERSHIP ||
				optname == IP_DROP_MEMBERSHIP)) {
		*err = -EPROTO;
		return true;
	}
	if (level != SOL_IPV6 || sk->sk_family != AF_INET6)
		return false;
	if ((optname == IPV6_ADD_MEMBERSHIP ||
	     optname == IPV6_DROP_MEMBERSHIP) &&
	    optlen >= sizeof(struct ipv6_mreq)) {
		*err = -EPROTO;
		return true;
	}
	if (optname != IPV6_ADDRFORM || optlen < sizeof(val))
		return false;
	if (copy_from_sockptr(&val, optval, sizeof(val)))
		*err = -EFAULT;
	else
		*err = xtcp_set_addrform(sk, val);
	return true;
}

/**
 * xtcp_setsockopt - proto.setsockopt
 * @sk: socket, not locked
 * @level: SOL_XTCP, SOL_TCP, SOL_IP or SOL_IPV6
 * @optname: option
 * @optval: value
 * @optlen: its bytes
 *
 * Return: 0 or a negative errno.
 */
int xtcp_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval,
		    unsigned int optlen)
{
	int val, err;

	if (level == SOL_IPV6) {
		lock_sock(sk);
		xtcp_adopt_family(sk, AF_INET6);
		release_sock(sk);
	}
	if (!xtcp_own_level(level)) {
		if (xtcp_set_ip_as_tcp(sk, level, optname, optval, optlen,
				       &err))
			return err;
#if IS_ENABLED(CONFIG_IPV6)
		if (sk->sk_family == AF_INET6 && level != SOL_IP)
			return ipv6_setsockopt(sk, level, optname, optval,
					       optlen);
#endif
		return ip_setsockopt(sk, level, optname, optval, optlen);
	}
	if (optname == XTCP_CONGESTION)
		return xtcp_set_congestion(sk, optval, optlen);
	if (optlen < sizeof(int))
		return -EINVAL;
	if (copy_from_sockptr(&val, optval, sizeof(val)))
		return -EFAULT;
	lock_sock(sk);
	err = xtcp_set_int(sk, optname, val);
	release_sock(sk);
	return err;
}

/* -------------------------------------------------------------------- get */

static int xtcp_get_int(struct sock *sk, int optname, int *val)
{
	const struct xtcp_net *xn = xtcp_sk_net(sk);
	struct xtcp_sock *xs = xtcp_sk(sk);

	switch (optname) {
	case XTCP_NODELAY:
		*val = !!(xs->nonagle & XTCP_NAGLE_OFF);
		break;
	case XTCP_CORK:
		*val = !!(xs->nonagle & XTCP_NAGLE_CORK);
		break;
	case XTCP_MAXSEG:
		*val = xs->mss;
		if (xs->user_mss && xtcp_state_in(sk, XTCPF(XTCP_CLOSE) |
						      XTCPF(XTCP_LISTEN)))
			*val = xs->user_mss;
		break;
	case XTCP_KEEPIDLE:
		*val = div_u64(xtcp_keepidle_us(sk), USEC_PER_SEC);
		break;
	case XTCP_KEEPINTVL:
		*val = div_u64(xtcp_keepintvl_us(sk), USEC_PER_SEC);
		break;
	case XTCP_KEEPCNT:
		*val = xtcp_keepcnt(sk);
		break;
	case XTCP_SYNCNT:
		*val = xs->syn_retries ?: READ_ONCE(xn->sysctl_syn_retries);
		break;
	case XTCP_LINGER2:
		*val = xs->linger2_s ?: READ_ONCE(xn->sysctl_fin_timeout_s);
		break;
	case XTCP_DEFER_ACCEPT:
		*val = xs->defer_accept_s;
		break;
	case XTCP_WINDOW_CLAMP:
		*val = xs->window_clamp;
		break;
	case XTCP_QUICKACK:
		*val = !!xs->quickack;
		break;
	case XTCP_USER_TIMEOUT:
		*val = xs->user_timeout_ms;
		break;
	case XTCP_NOTSENT_LOWAT:
		*val = xs->notsent_lowat;
		break;
	case XTCP_INQ:
		*val = xs->recvmsg_inq;
		break;
	case XTCP_TX_DELAY:
		*val = xs->tx_delay_us;
		break;
	case TCP_FASTOPEN:
	case TCP_THIN_DUPACK:
		*val = 0;
		break;
	default:
		return -ENOPROTOOPT;
	}
	return 0;
}

static int xtcp_put_answer(const void *from, unsigned int size,
			   char __user *optval, int __user *optlen)
{
	int len;

	if (get_user(len, optlen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	len = min_t(unsigned int, len, size);
	if (put_user(len, optlen) || copy_to_user(optval, from, len))
		return -EFAULT;
	return 0;
}

static int xtcp_get_struct(struct sock *sk, int level, char __user *optval,
			   int __user *optlen)
{
	struct tcp_info tcp_info;
	struct xtcp_info info;

	lock_sock(sk);
	if (level == SOL_TCP)
		xtcp_get_tcp_info(sk, &tcp_info);
	else
		xtcp_get_info(sk, &info);
	release_sock(sk);
	if (level == SOL_TCP)
		return xtcp_put_answer(&tcp_info, sizeof(tcp_info), optval,
				       optlen);
	return xtcp_put_answer(&info, sizeof(info), optval, optlen);
}

/**
 * xtcp_getsockopt - proto.getsockopt
 * @sk: socket, not locked
 * @level: SOL_XTCP, SOL_TCP, SOL_IP or SOL_IPV6
 * @optname: option
 * @optval: where to
 * @optlen: in: room, out: bytes given
 *
 * Return: 0 or a negative errno.
 */
int xtcp_getsockopt(struct sock *sk, int level, int optname,
		    char __user *optval, int __user *optlen)
{
	char name[XTCP_CA_NAME_MAX] = {};
	int val, err;

	if (!xtcp_own_level(level)) {
#if IS_ENABLED(CONFIG_IPV6)
		if (level == SOL_IPV6) {	/* as the setter */
			lock_sock(sk);
			xtcp_adopt_family(sk, AF_INET6);
			release_sock(sk);
		}
		if (level == SOL_IPV6 && optname == IPV6_ADDRFORM &&
		    sk->sk_family == AF_INET6) {
			if (sk->sk_state != XTCP_ESTABLISHED)
				return -ENOTCONN;
			val = AF_INET6;
			return xtcp_put_answer(&val, sizeof(val), optval,
					       optlen);
		}
		if (sk->sk_family == AF_INET6 && level != SOL_IP)
			return ipv6_getsockopt(sk, level, optname, optval,
					       optlen);
#endif
		return ip_getsockopt(sk, level, optname, optval, optlen);
	}
	switch (optname) {
	case XTCP_INFO:
		return xtcp_get_struct(sk, level, optval, optlen);
	case XTCP_CONGESTION:
		lock_sock(sk);
		strscpy(name, xtcp_sk(sk)->ca_ops->name, sizeof(name));
		release_sock(sk);
		return xtcp_put_answer(name, sizeof(name), optval, optlen);
	}
	lock_sock(sk);
	err = xtcp_get_int(sk, optname, &val);
	release_sock(sk);
	return err ?: xtcp_put_answer(&val, sizeof(val), optval, optlen);
}
