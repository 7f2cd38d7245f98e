// SPDX-License-Identifier: GPL-2.0
/* Wrong and odd calls of setsockopt() and getsockopt(). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/tcp.h>

#include "situation.h"

/* Options */

static const int tcp_options[] = {
	TCP_NODELAY, TCP_MAXSEG, TCP_CORK, TCP_KEEPIDLE, TCP_KEEPINTVL,
	TCP_KEEPCNT, TCP_SYNCNT, TCP_LINGER2, TCP_DEFER_ACCEPT,
	TCP_WINDOW_CLAMP, TCP_QUICKACK, TCP_USER_TIMEOUT, TCP_NOTSENT_LOWAT,
	TCP_INQ, TCP_TX_DELAY, TCP_THIN_DUPACK,
};

#define EACH_TCP_OPTION(name)						\
	for (size_t i = 0, name; i < COUNT(tcp_options) &&		\
	     (name = tcp_options[i], 1); i++)

SITUATION(setsockopt__length)
{
	int fd = sock(r), v = 1;

	EACH_TCP_OPTION(name) {
		R(setsockopt(fd, IPPROTO_TCP, name, &v, 0));
		R(setsockopt(fd, IPPROTO_TCP, name, &v, 3));
		R(setsockopt(fd, IPPROTO_TCP, name, &v, -1));
	}
}

SITUATION(setsockopt__pointer)
{
	int fd = sock(r);

	EACH_TCP_OPTION(name)
		R(setsockopt(fd, IPPROTO_TCP, name, BAD, 4));
	R(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, BAD, 4));
	R(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, NULL, 4));
	R(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, NULL, 0));
}

SITUATION(getsockopt__length)
{
	int fd = sock(r), v;
	socklen_t len;

	EACH_TCP_OPTION(name) {
		v = 0;
		len = 0;
		R(getsockopt(fd, IPPROTO_TCP, name, &v, &len));
		R(len);
		len = 1;
		R(getsockopt(fd, IPPROTO_TCP, name, &v, &len));
		R(len);
		len = 100;
		R(getsockopt(fd, IPPROTO_TCP, name, (char[100]){}, &len));
		R(len);
		len = -1;
		R(getsockopt(fd, IPPROTO_TCP, name, &v, &len));
	}
}

SITUATION(getsockopt__pointer)
{
	int fd = sock(r), v;
	socklen_t len = 4;

	EACH_TCP_OPTION(name) {
		R(getsockopt(fd, IPPROTO_TCP, name, BAD, &len));
		R(getsockopt(fd, IPPROTO_TCP, name, &v, BAD));
	}
	R(getsockopt(fd, IPPROTO_TCP, TCP_INFO, BAD, &len));
	R(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, BAD, &len));
}

SITUATION(setsockopt__limits)
{
	static const int values[] = { -0x7fffffff, -2, -1, 0, 1, 2, 126, 127,
				      128, 32767, 32768, 0x7fffffff };
	int fd = sock(r);

	EACH_TCP_OPTION(name) {
		/* Limits that differ by kernel; sockopt.c has XTCP's. */
		if (name == TCP_MAXSEG || name == TCP_WINDOW_CLAMP ||
		    name == TCP_TX_DELAY)
			continue;
		for (size_t k = 0; k < COUNT(values); k++)
			R(xt_set(fd, IPPROTO_TCP, name, values[k]));
	}
}

/* The same limits on what comes back. */
SITUATION(setsockopt__values_come_back)
{
	static const int names[] = { TCP_NODELAY, TCP_CORK, TCP_KEEPIDLE,
				     TCP_KEEPINTVL, TCP_KEEPCNT, TCP_SYNCNT,
				     TCP_LINGER2, TCP_USER_TIMEOUT,
				     TCP_QUICKACK };
	int fd = sock(r);

	for (size_t i = 0; i < COUNT(names); i++) {
		R(xt_get(fd, IPPROTO_TCP, names[i]));
		R(xt_set(fd, IPPROTO_TCP, names[i], 2));
		R(xt_get(fd, IPPROTO_TCP, names[i]));
		R(xt_set(fd, IPPROTO_TCP, names[i], 100));
		R(xt_get(fd, IPPROTO_TCP, names[i]));
	}
}

SITUATION(setsockopt__linger2)
{
	static const int values[] = { -5, -1, 0, 30, 60, 119, 121, 100000 };
	int fd = sock(r);

	for (size_t i = 0; i < COUNT(values); i++) {
		R(xt_set(fd, IPPROTO_TCP, TCP_LINGER2, values[i]));
		R(xt_get(fd, IPPROTO_TCP, TCP_LINGER2));
	}
}

SITUATION(setsockopt__maxseg)
{
	static const int values[] = { -1, 0, 1, 10, 87, 88, 1000, 32767, 32768,
				      65535, 65536, 0x7fffffff };

	for (size_t i = 0; i < COUNT(values); i++)
		R(xt_set(sock(r), IPPROTO_TCP, TCP_MAXSEG, values[i]));
}

SITUATION(setsockopt__unknown)
{
	uint16_t port;
	int fd[2];

	pair(r, fd);
	R(xt_set(sock(r), IPPROTO_TCP, 9999, 1));
	R(xt_set(fd[0], IPPROTO_TCP, 9999, 1));
	R(xt_set(listening(r, &port), IPPROTO_TCP, 9999, 1));
	R(xt_set(fd[0], IPPROTO_TCP, -1, 1));
	R(xt_set(fd[0], IPPROTO_TCP, 0, 1));
	R(xt_set(fd[0], SOL_SOCKET, 9999, 1));
	R(xt_set(fd[0], 9999, 1, 1));
	R(xt_set(fd[0], IPPROTO_UDP, 1, 1));
	R(xt_set(fd[0], -1, 1, 1));
}

SITUATION(getsockopt__unknown)
{
	uint16_t port;
	int fd[2];

	pair(r, fd);
	R(xt_get(sock(r), IPPROTO_TCP, 9999));
	R(xt_get(fd[0], IPPROTO_TCP, 9999));
	R(xt_get(listening(r, &port), IPPROTO_TCP, 9999));
	R(xt_get(fd[0], IPPROTO_TCP, -1));
	R(xt_get(fd[0], IPPROTO_TCP, 0));
	R(xt_get(fd[0], SOL_SOCKET, 9999));
	R(xt_get(fd[0], 9999, 1));
	R(xt_get(fd[0], IPPROTO_UDP, 1));
	R(xt_get(fd[0], -1, 1));
}

SITUATION(setsockopt__read_only)
{
	int fd = sock(r);

	R(xt_set(fd, IPPROTO_TCP, TCP_INFO, 1));
	R(xt_set(fd, SOL_SOCKET, SO_TYPE, 1));
	R(xt_set(fd, SOL_SOCKET, SO_ERROR, 1));
	R(xt_set(fd, SOL_SOCKET, SO_ACCEPTCONN, 1));
	R(xt_set(fd, SOL_SOCKET, SO_DOMAIN, 1));
	R(xt_set(fd, SOL_SOCKET, SO_PROTOCOL, 1));
	R(xt_set(fd, SOL_SOCKET, SO_PEERNAME, 1));
}

SITUATION(setsockopt__congestion)
{
	int fd = sock(r);
	char name[64] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

	R(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
	R(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 5));
	R(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "renoX", 4));
	R(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "nosuch", 6));
	R(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, 40));
	R(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "", 0));
	R(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "", 1));
	R(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "re", 2));
}

SITUATION(getsockopt__congestion_length)
{
	int fd = sock(r);
	char name[64];
	socklen_t len;

	for (int i = 0; i < 4; i++) {
		len = (socklen_t []){ 0, 3, 16, 64 }[i];
		R(getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len));
		R(len);
	}
}

SITUATION(getsockopt__info_length)
{
	int fd = sock(r);
	char info[1024];
	socklen_t len;

	for (int i = 0; i < 4; i++) {
		len = (socklen_t []){ 0, 1, 8, 104 }[i];
		R(getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len));
		R(len);
	}
	len = -1;
	R(getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len));
}

SITUATION(getsockopt__info_state)
{
	uint16_t port;
	int fd[2];

	pair(r, fd);
	R(xt_state(sock(r)));
	R(xt_state(bound(r, 0)));
	R(xt_state(listening(r, &port)));
	R(xt_state(fd[0]));
	R(xt_state(reset(r)));
	R(xt_state(connecting(r)));
}

SITUATION(setsockopt__socket_level)
{
	struct timeval t = { 1, 2000000 };
	struct linger l = { 1, 1 };
	int fd = sock(r), v = 1;

	R(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	t.tv_usec = -1;
	R(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)));
	R(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, 4));
	R(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, 4));
	R(setsockopt(fd, SOL_SOCKET, SO_LINGER, BAD, sizeof(l)));
	R(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &v, 1));
	R(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, BAD, 4));
	R(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "none0", 6));
	R(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &v, 4));
	R(xt_set(fd, SOL_SOCKET, SO_RCVLOWAT, -1));
	R(xt_set(fd, SOL_SOCKET, SO_BROADCAST, 1));
	R(xt_set(fd, SOL_SOCKET, SO_PASSCRED, 1));
	R(xt_set(fd, SOL_SOCKET, SO_BUSY_POLL, 10));
	R(xt_set(fd, SOL_SOCKET, SO_MAX_PACING_RATE, 1000000));
	R(xt_get(fd, SOL_SOCKET, SO_MAX_PACING_RATE));
}

SITUATION(getsockopt__socket_level)
{
	static const int names[] = { SO_TYPE, SO_ERROR, SO_ACCEPTCONN,
				     SO_KEEPALIVE, SO_REUSEADDR, SO_REUSEPORT,
				     SO_BROADCAST, SO_RCVLOWAT, SO_SNDLOWAT,
				     SO_PRIORITY, SO_DONTROUTE, SO_OOBINLINE,
				     SO_PASSCRED, SO_TIMESTAMP, SO_MARK,
				     SO_BINDTODEVICE, SO_PEERNAME,
				     SO_BUSY_POLL, SO_INCOMING_NAPI_ID };
	int fd = sock(r);

	for (size_t i = 0; i < COUNT(names); i++)
		R(xt_get(fd, SOL_SOCKET, names[i]));
}

SITUATION(getsockopt__peercred)
{
	socklen_t len = 12;
	int cred[3], fd[2];

	pair(r, fd);
	R(getsockopt(fd[0], SOL_SOCKET, SO_PEERCRED, cred, &len));
	R(len);
	R(cred[0]);
	R(cred[1] == -1);
}

SITUATION_INET(sockopt__ip_level)
{
	int fd = sock(r);

	R(xt_set(fd, SOL_IP, IP_TTL, 0));
	R(xt_set(fd, SOL_IP, IP_TTL, 256));
	R(xt_set(fd, SOL_IP, IP_TTL, -1));
	R(xt_set(fd, SOL_IP, IP_TOS, 0xff));
	R(xt_get(fd, SOL_IP, IP_TOS));
	R(xt_set(fd, SOL_IP, IP_HDRINCL, 1));
	R(xt_set(fd, SOL_IP, 9999, 1));
	R(xt_get(fd, SOL_IP, 9999));
	R(xt_set(fd, SOL_IP, IP_MTU_DISCOVER, 99));
	R(xt_get(fd, SOL_IP, IP_MTU));
	R(xt_set(fd, SOL_IP, IP_RECVERR, 1));
	R(xt_get(fd, SOL_IP, IP_RECVERR));
	R(xt_get(fd, SOL_IP, IP_TRANSPARENT));
	R(xt_get(fd, SOL_IP, IP_FREEBIND));
	R(xt_set(fd, SOL_IP, IP_MULTICAST_TTL, 3));
}

SITUATION_INET(sockopt__ipv6_level)
{
	int fd = sock(r);

	R(xt_get(fd, SOL_IPV6, IPV6_V6ONLY));
	R(xt_set(fd, SOL_IPV6, IPV6_V6ONLY, 1));
	R(xt_get(fd, SOL_IPV6, IPV6_V6ONLY));
	R(xt_set(fd, SOL_IPV6, IPV6_UNICAST_HOPS, 256));
	R(xt_set(fd, SOL_IPV6, IPV6_TCLASS, 256));
	R(xt_set(fd, SOL_IPV6, IPV6_TCLASS, 0x20));
	R(xt_get(fd, SOL_IPV6, IPV6_TCLASS));
	R(xt_get(fd, SOL_IPV6, IPV6_TRANSPARENT));
	R(xt_set(fd, SOL_IPV6, 9999, 1));
	R(xt_get(fd, SOL_IPV6, 9999));
	R(xt_bind(&r->x, fd, 0));
	R(xt_set(fd, SOL_IPV6, IPV6_V6ONLY, 0));
}

/* IPV6_ADDRFORM: an IPv6 socket whose peer is of IPv4 becomes one of IPv4. */
SITUATION_INET(addrform)
{
	static const int values[] = { AF_INET6, 0, AF_INET };
	union xt_addr a = { .sa.sa_family = AF_INET6 };
	socklen_t len = sizeof(a);
	uint16_t port;
	int fd[2], listener;

	for (size_t i = 0; i < COUNT(values); i++)
		R(xt_set(sock(r), SOL_IPV6, IPV6_ADDRFORM, values[i]));
	pair(r, fd);
	for (size_t i = 0; i < COUNT(values); i++)
		R(xt_set(fd[0], SOL_IPV6, IPV6_ADDRFORM, values[i]));
	R(xt_get(fd[0], SOL_IPV6, IPV6_ADDRFORM));
	if (r->x.family != AF_INET6)
		return;
	listener = sock(r);
	R(bind(listener, &a.sa, sizeof(a.in6)));
	R(listen(listener, 1));
	port = xt_local_port(listener);
	fd[0] = sock(r);
	len = xt_parse(&r->x, &a, "127.0.0.1", "::ffff:127.0.0.1", port);
	R(connect(fd[0], &a.sa, len));
	FD(fd[1] = accept(listener, NULL, NULL));
	R(xt_set(fd[1], SOL_IPV6, IPV6_V6ONLY, 0));
	R(xt_get(fd[1], SOL_IPV6, IPV6_ADDRFORM));
	R(xt_set(fd[1], SOL_IPV6, IPV6_ADDRFORM, AF_INET));
	R(xt_set(fd[1], SOL_IPV6, IPV6_ADDRFORM, AF_INET));
	len = sizeof(a);
	R(getpeername(fd[1], &a.sa, &len));
	R(len);
	R(a.sa.sa_family);
	R(xt_get(fd[1], SOL_SOCKET, SO_DOMAIN));
	R(send(fd[1], "x", 1, 0));
	R(recv(fd[0], (char[1]){}, 1, 0));
	R(send(fd[0], "y", 1, 0));
	R(recv(fd[1], (char[1]){}, 1, 0));
	R(shutdown(fd[1], SHUT_WR));
	R(recv(fd[0], (char[1]){}, 1, 0));
	close(fd[1]);
	close(fd[0]);
}

/* TCP_INFO of a listener: how many wait, how many may. */
SITUATION(getsockopt__info_listener)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	uint16_t port;
	int listener = listening(r, &port), i;

	for (i = 0; i < 3; i++) {
		R(getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &len));
		R(info.tcpi_state);
		R(info.tcpi_unacked);
		R(info.tcpi_sacked);
		R(xt_connect(&r->x, sock(r), port));
		/* The third segment may still be on its way. */
		for (long long end = xt_now_ms() + XT_SOON_MS;
		     xt_now_ms() < end; xt_sleep_ms(1)) {
			getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &len);
			if (info.tcpi_unacked > (unsigned int)i)
				break;
		}
	}
	FD(accept(listener, NULL, NULL));
	R(getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &len));
	R(info.tcpi_unacked);
}

SITUATION_INET(memberships)
{
	struct ip_mreqn group = { };
	struct ipv6_mreq group6 = { };
	int fd = sock(r);

	inet_pton(AF_INET, "224.1.2.3", &group.imr_multiaddr);
	inet_pton(AF_INET6, "ff05::123", &group6.ipv6mr_multiaddr);
	R(setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, &group, sizeof(group)));
	R(setsockopt(fd, SOL_IP, IP_DROP_MEMBERSHIP, &group, sizeof(group)));
	R(setsockopt(fd, SOL_IP, IP_ADD_MEMBERSHIP, &group, 1));
	R(setsockopt(fd, SOL_IPV6, IPV6_ADD_MEMBERSHIP, &group6,
		     sizeof(group6)));
	R(setsockopt(fd, SOL_IPV6, IPV6_DROP_MEMBERSHIP, &group6,
		     sizeof(group6)));
	R(setsockopt(fd, SOL_IPV6, IPV6_ADD_MEMBERSHIP, &group6, 1));
}

SITUATION_INET(v6only__mapped)
{
	union xt_addr a;
	int fd = sock(r);
	socklen_t len = xt_parse(&r->x, &a, "127.0.0.1", "::ffff:127.0.0.1",
				 7000);

	xt_set(fd, SOL_IPV6, IPV6_V6ONLY, 1);
	R(connect(fd, &a.sa, len));
	R(bind(fd, &a.sa, len));
}
