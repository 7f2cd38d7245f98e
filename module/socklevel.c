// SPDX-License-Identifier: GPL-2.0
/*
 * Options of SOL_SOCKET that the kernel keeps for protocols it knows.  Where it
 * lets a protocol take that level itself (6.8), we do for TCP's sake what it does
 * for TCP, and give the rest back to it; before, these options are refused:
 *
 *   SO_ZEROCOPY		whether MSG_ZEROCOPY means anything
 *   SO_TIMESTAMPING	with OPT_ID wants a connection, which counts bytes
 */
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>

#include "sockets.h"

static int xtcp_set_zerocopy(struct sock *sk, int val)
{
	if (val < 0 || val > 1)
		return -EINVAL;
	lock_sock(sk);
	sock_valbool_flag(sk, SOCK_ZEROCOPY, val);
	release_sock(sk);
	return 0;
}

/* A number of bytes needs a stream to count in. */
static bool xtcp_stamping_refused(struct sock *sk, int val)
{
	return (val & SOF_TIMESTAMPING_OPT_ID) &&
	       !(READ_ONCE(sk->sk_tsflags) & SOF_TIMESTAMPING_OPT_ID) &&
	       xtcp_state_in(sk, XTCPF(XTCP_CLOSE) | XTCPF(XTCP_LISTEN));
}

/**
 * xtcp_sock_setsockopt - proto_ops.setsockopt
 * @sock: socket, not locked
 * @level: any
 * @optname: option
 * @optval: value
 * @optlen: its bytes
 *
 * Return: 0 or a negative errno.
 */
int xtcp_sock_setsockopt(struct socket *sock, int level, int optname,
			 sockptr_t optval, unsigned int optlen)
{
	int val;

	if (level != SOL_SOCKET)
		return sock_common_setsockopt(sock, level, optname, optval,
					      optlen);
	switch (optname) {
	case SO_ZEROCOPY:
	case SO_TIMESTAMPING_OLD:
	case SO_TIMESTAMPING_NEW:
		if (optlen < sizeof(val))
			return -EINVAL;
		if (copy_from_sockptr(&val, optval, sizeof(val)))
			return -EFAULT;
		if (optname == SO_ZEROCOPY)
			return xtcp_set_zerocopy(sock->sk, val);
		if (xtcp_stamping_refused(sock->sk, val))
			return -EINVAL;
	}
	return sock_setsockopt(sock, level, optname, optval, optlen);
}
