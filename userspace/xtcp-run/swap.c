// SPDX-License-Identifier: GPL-2.0
/*
 * A TCP socket becomes an XTCP one: what the program did to the old socket is
 * done to a new one, which then takes its descriptor.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "swap.h"

/* Options that programs set before they listen or connect, of any length. */
static const struct {
	int level, name;
} options[] = {
	{ SOL_SOCKET, SO_REUSEADDR },
	{ SOL_SOCKET, SO_REUSEPORT },
	{ SOL_SOCKET, SO_KEEPALIVE },
	{ SOL_SOCKET, SO_LINGER },
	{ SOL_SOCKET, SO_OOBINLINE },
	{ SOL_SOCKET, SO_DONTROUTE },
	{ SOL_SOCKET, SO_SNDBUF },
	{ SOL_SOCKET, SO_RCVBUF },
	{ SOL_SOCKET, SO_RCVLOWAT },
	{ SOL_SOCKET, SO_RCVTIMEO },
	{ SOL_SOCKET, SO_SNDTIMEO },
	{ SOL_SOCKET, SO_PRIORITY },
	{ SOL_SOCKET, SO_MARK },
	{ SOL_SOCKET, SO_BINDTODEVICE },
	{ SOL_SOCKET, SO_TIMESTAMP },
	{ SOL_SOCKET, SO_ZEROCOPY },
	{ SOL_SOCKET, SO_BUSY_POLL },
	{ SOL_SOCKET, SO_MAX_PACING_RATE },
	{ IPPROTO_IP, IP_TOS },
	{ IPPROTO_IP, IP_TTL },
	{ IPPROTO_IP, IP_FREEBIND },
	{ IPPROTO_IP, IP_TRANSPARENT },
	{ IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT },
	{ IPPROTO_IP, IP_MTU_DISCOVER },
	{ IPPROTO_IP, IP_RECVERR },
	{ IPPROTO_IPV6, IPV6_V6ONLY },
	{ IPPROTO_IPV6, IPV6_TCLASS },
	{ IPPROTO_IPV6, IPV6_UNICAST_HOPS },
	{ IPPROTO_IPV6, IPV6_MTU_DISCOVER },
	{ IPPROTO_IPV6, IPV6_RECVERR },
	{ IPPROTO_TCP, TCP_NODELAY },
	{ IPPROTO_TCP, TCP_CORK },
	{ IPPROTO_TCP, TCP_MAXSEG },
	{ IPPROTO_TCP, TCP_KEEPIDLE },
	{ IPPROTO_TCP, TCP_KEEPINTVL },
	{ IPPROTO_TCP, TCP_KEEPCNT },
	{ IPPROTO_TCP, TCP_SYNCNT },
	{ IPPROTO_TCP, TCP_LINGER2 },
	{ IPPROTO_TCP, TCP_DEFER_ACCEPT },
	{ IPPROTO_TCP, TCP_WINDOW_CLAMP },
	{ IPPROTO_TCP, TCP_QUICKACK },
	{ IPPROTO_TCP, TCP_CONGESTION },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT },
	{ IPPROTO_TCP, TCP_NOTSENT_LOWAT },
	{ IPPROTO_TCP, TCP_FASTOPEN },
	{ IPPROTO_TCP, TCP_FASTOPEN_CONNECT },
};

/*
 * TCP's own defaults are not XTCP's: only what differs from a TCP socket that
 * nobody touched was set by the program.  What XTCP does not take is left out,
 * as by a program that does not look at setsockopt()'s answer.
 */
static void copy_options(int from, int untouched, int to)
{
	union {
		char bytes[64];		/* the longest is TCP_CONGESTION's, 16 */
		int number;
	} set, usual;
	socklen_t len, usual_len;
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(*options); i++) {
		len = sizeof(set);
		usual_len = sizeof(usual);
		if (getsockopt(from, options[i].level, options[i].name, &set, &len) ||
		    getsockopt(untouched, options[i].level, options[i].name, &usual,
			       &usual_len) ||
		    (len == usual_len && !memcmp(&set, &usual, len)))
			continue;
		/* the kernel answers twice what was set */
		if (options[i].level == SOL_SOCKET &&
		    (options[i].name == SO_SNDBUF || options[i].name == SO_RCVBUF))
			set.number /= 2;
		setsockopt(to, options[i].level, options[i].name, &set, len);
	}
}

/* Bound addresses stay, and so do ports that the kernel chose. */
static int copy_address(int from, int to)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	static const struct in6_addr any = IN6ADDR_ANY_INIT;
	const struct sockaddr_in *sin = (void *)&addr;
	const struct sockaddr_in6 *sin6 = (void *)&addr;

	if (getsockname(from, (struct sockaddr *)&addr, &len))
		return -1;
	if (addr.ss_family == AF_INET ? !sin->sin_port && !sin->sin_addr.s_addr :
	    !sin6->sin6_port && !memcmp(&sin6->sin6_addr, &any, sizeof(any)))
		return 0;
	return bind(to, (struct sockaddr *)&addr, len);
}

static int copy_flags(int from, int to)
{
	int status = fcntl(from, F_GETFL);

	/* O_ASYNC needs to know whom to tell first */
	if (status & O_ASYNC &&
	    (fcntl(to, F_SETOWN, fcntl(from, F_GETOWN)) ||
	     fcntl(to, F_SETSIG, fcntl(from, F_GETSIG))))
		return -1;
	return fcntl(to, F_SETFL, status);
}

/* Neither listening nor on its way anywhere. */
static bool is_fresh_tcp(int fd, int *domain)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(int);
	int type, protocol;

	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) ||
	    protocol != IPPROTO_TCP ||
	    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) || type != SOCK_STREAM ||
	    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, domain, &len))
		return false;
	len = sizeof(info);
	return !getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) &&
	       info.tcpi_state == TCP_CLOSE;
}

int swap_socket(int fd, int protocol, int (*open_socket)(int, int, int))
{
	int saved = errno;
	int domain, fresh, untouched, rc = -1;
	int cloexec;

	if (!is_fresh_tcp(fd, &domain)) {
		errno = saved;	/* as if nobody had looked */
		return 0;
	}
	fresh = open_socket(domain, SOCK_STREAM | SOCK_CLOEXEC, protocol);
	if (fresh < 0)
		return -1;
	untouched = open_socket(domain, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
	if (untouched < 0)
		goto out;
	copy_options(fd, untouched, fresh);
	cloexec = fcntl(fd, F_GETFD) & FD_CLOEXEC ? O_CLOEXEC : 0;
	if (!copy_address(fd, fresh) && !copy_flags(fd, fresh) &&
	    dup3(fresh, fd, cloexec) >= 0)
		rc = 1;
out:
	saved = rc < 0 ? errno : saved;
	if (untouched >= 0)
		close(untouched);
	close(fresh);
	errno = saved;
	return rc;
}
