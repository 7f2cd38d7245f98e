// SPDX-License-Identifier: GPL-2.0
/*
 * Every option number of each level that a stream knows: what a get and a set
 * answer.  What must differ is listed below, with its reason.
 */
#define _GNU_SOURCE
#include <linux/tcp.h>

#include "situation.h"

#define TCP_OPTIONS	60	/* numbers below; none stands above */
#define SOCKET_OPTIONS	100
#define IP_OPTIONS_END	80	/* beyond: netfilter's */
#define IPV6_OPTIONS	90

static int one_set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? errno : 0;
}

static int one_get(int fd, int level, int name)
{
	char room[1024] = { };
	socklen_t len = sizeof(int);

	return getsockopt(fd, level, name, room, &len) ? errno : 0;
}

/* What differs with a reason: Documentation/sockets.rst, "What differs". */
static bool left_out(int level, int name)
{
	switch (level) {
	case IPPROTO_TCP:
		switch (name) {
		case TCP_MAXSEG:		/* depends on headers */
		case TCP_WINDOW_CLAMP:
		case TCP_INFO:
		case TCP_CONGESTION:
		case 14:			/* MD5SIG: no such option field */
		case 16:			/* THIN_LINEAR_TIMEOUTS: TLP's task */
		case 19: case 20: case 21: case 22: /* REPAIR: its numbers are TCP's */
		case 23: case 30: case 33: case 34: /* FASTOPEN* */
		case 24:			/* TIMESTAMP: ours are always on */
		case 26:			/* CC_INFO: its structs are TCP's */
		case 27: case 28:		/* SAVE_SYN: a listener keeps none */
		case 29:			/* REPAIR_WINDOW */
		case 31:			/* ULP: its modules are for TCP */
		case 32:			/* MD5SIG_EXT */
		case 35:			/* ZEROCOPY_RECEIVE */
		case 38: case 39: case 40: case 41: case 42: /* AO */
		case 43:			/* IS_MPTCP */
		case 44: case 45: case 46:	/* RTO_MAX_MS, RTO_MIN_US, DELACK_MAX_US */
			return true;
		}
		return false;
	case SOL_SOCKET:
		switch (name) {
		case 38:			/* PROTOCOL */
		case 39:			/* DOMAIN of AF_XTCP */
		case SO_COOKIE:
		case 42:			/* PEEK_OFF: TCP has it since 6.9 */
		case SO_ZEROCOPY:		/* before 6.8: refused */
		case 80:			/* DEVMEM_DONTNEED: there is none */
		case 74:			/* TXREHASH: the kernel asks for TCP */
			return true;
		}
		return false;
	}
	return false;
}

static void walk(struct run *r, int fd, int level, int end, bool set)
{
	for (int name = 1; name < end; name++) {
		int err;

		if (left_out(level, name))
			continue;
		err = set ? one_set(fd, level, name, 1) :
			    one_get(fd, level, name);
		if (err == ENOPROTOOPT)
			continue;
		R(name);
		note(r, err ? -1 : 0, err);
	}
}

/* Both ways, on a new socket and on a connection. */
static void walk_level(struct run *r, int level, int end)
{
	int fd[2];

	pair(r, fd);
	walk(r, sock(r), level, end, false);
	walk(r, fd[0], level, end, false);
	walk(r, sock(r), level, end, true);
}

SITUATION(level__tcp)
{
	walk_level(r, IPPROTO_TCP, TCP_OPTIONS);
}

SITUATION(level__socket)
{
	walk_level(r, SOL_SOCKET, SOCKET_OPTIONS);
}

SITUATION_INET(level__ip)
{
	walk_level(r, SOL_IP, IP_OPTIONS_END);
}

SITUATION_INET(level__ipv6)
{
	walk_level(r, SOL_IPV6, IPV6_OPTIONS);
}
