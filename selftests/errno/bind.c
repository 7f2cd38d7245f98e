// SPDX-License-Identifier: GPL-2.0
/* Wrong and odd calls of socket(), bind() and listen(). */
#define _GNU_SOURCE
#include <sys/un.h>

#include "situation.h"

/* socket() */

SITUATION_FOR(ON_XTCP_FAMILY, socket__type_it_lacks)
{
	bool tcp = r->x.door == XT_TCP4 || r->x.door == XT_TCP6 || xt_over_tcp();

	FD(socket(r->x.domain, tcp ? SOCK_SEQPACKET : SOCK_DGRAM, 0));
	FD(socket(r->x.domain, SOCK_SEQPACKET, 0));
	FD(socket(r->x.domain, SOCK_RDM, 0));
}

SITUATION_FOR(ON_INET_FAMILY, socket__type_the_protocol_lacks)
{
	int protocol = r->x.protocol ? r->x.protocol : IPPROTO_TCP;

	FD(socket(r->x.domain, SOCK_DGRAM, protocol));
	FD(socket(r->x.domain, SOCK_SEQPACKET, protocol));
}

SITUATION(socket__protocol_it_lacks)
{
	FD(socket(r->x.domain, SOCK_STREAM, IPPROTO_UDP));
	FD(socket(r->x.domain, SOCK_STREAM, -1));
	FD(socket(r->x.domain, SOCK_STREAM, 4000));
}

SITUATION(socket__type_out_of_range)
{
	FD(socket(r->x.domain, 11, r->x.protocol));
	FD(socket(r->x.domain, SOCK_STREAM | 0x10000000, r->x.protocol));
}

/* bind() */

SITUATION(bind__length)
{
	union xt_addr a;
	socklen_t len = xt_addr(&r->x, &a, 0);
	int fd = sock(r);

	R(bind(fd, &a.sa, 0));
	R(bind(fd, &a.sa, 1));
	R(bind(fd, &a.sa, sizeof(sa_family_t)));
	R(bind(fd, &a.sa, 15));
	R(bind(fd, &a.sa, -1));
	R(bind(fd, &a.sa, sizeof(struct sockaddr_storage) + 1));
	R(bind(fd, &a.sa, len));
}

SITUATION(bind__longer_than_needed)
{
	union xt_addr a;

	xt_addr(&r->x, &a, 0);
	R(bind(sock(r), &a.sa, sizeof(a)));
}

SITUATION_INET(bind__length_of_the_old_sockaddr_in6)
{
	union xt_addr a;

	xt_addr(&r->x, &a, 0);
	R(bind(sock(r), &a.sa, 23));
	R(bind(sock(r), &a.sa, 24));
}

SITUATION(bind__pointer)
{
	int fd = sock(r);

	R(bind(fd, NULL, sizeof(struct sockaddr_in)));
	R(bind(fd, BAD, sizeof(struct sockaddr_in6)));
}

SITUATION(bind__family_unix)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "x" };

	R(bind(sock(r), (void *)&a, sizeof(a)));
}

SITUATION_INET(bind__family_unix_short)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "x" };

	R(bind(sock(r), (void *)&a, 16));
}

SITUATION(bind__family_out_of_range)
{
	union xt_addr a;
	socklen_t len = xt_addr(&r->x, &a, 0);

	a.sa.sa_family = 0xffff;
	R(bind(sock(r), &a.sa, len));
}

SITUATION_INET(bind__family_unspec)
{
	union xt_addr a;
	socklen_t len = xt_any(&r->x, &a, 0);

	a.sa.sa_family = AF_UNSPEC;
	R(bind(sock(r), &a.sa, len));
	xt_addr(&r->x, &a, 0);
	a.sa.sa_family = AF_UNSPEC;
	R(bind(sock(r), &a.sa, len));
}

SITUATION_INET(bind__family_of_the_other_ip)
{
	union xt_addr a;
	struct xt other;
	socklen_t len;

	xt_door(&other, r->x.family == AF_INET ? XT_INET6 : XT_INET);
	len = xt_addr(&other, &a, 0);
	R(bind(sock(r), &a.sa, len));
	R(bind(sock(r), &a.sa, sizeof(a)));
}

SITUATION(bind__foreign_address)
{
	union xt_addr a;
	socklen_t len = xt_parse(&r->x, &a, "198.51.100.1", "2001:db8::99", 0);
	int fd = sock(r);

	R(bind(fd, &a.sa, len));
	R(xt_set(fd, SOL_IP, IP_FREEBIND, 1));
	R(bind(fd, &a.sa, len));
}

SITUATION(bind__multicast)
{
	union xt_addr a;
	socklen_t len = xt_parse(&r->x, &a, "224.0.0.1", "ff02::1", 0);

	R(bind(sock(r), &a.sa, len));
}

SITUATION(bind__broadcast)
{
	union xt_addr a;
	socklen_t len = xt_parse(&r->x, &a, "255.255.255.255", "ff0e::1", 0);

	R(bind(sock(r), &a.sa, len));
	len = xt_parse(&r->x, &a, "127.255.255.255", "ff01::1", 0);
	R(bind(sock(r), &a.sa, len));
}

SITUATION(bind__link_local_without_scope)
{
	union xt_addr a;
	socklen_t len = xt_parse(&r->x, &a, "169.254.1.1", "fe80::1", 0);

	R(bind(sock(r), &a.sa, len));
}

SITUATION(bind__twice)
{
	int fd = bound(r, 0);

	R(xt_bind(&r->x, fd, 0));
	R(xt_bind(&r->x, fd, 7000));
}

SITUATION(bind__connected)
{
	int fd[2];

	pair(r, fd);
	R(xt_bind(&r->x, fd[0], 0));
	R(xt_bind(&r->x, fd[1], 0));
}

SITUATION(bind__listening)
{
	uint16_t port;
	int fd = listening(r, &port);

	R(xt_bind(&r->x, fd, 0));
}

SITUATION(bind__taken)
{
	bound(r, 7000);
	bound(r, 7000);
	bound(r, 7001);
}

SITUATION(bind__taken_by_wildcard)
{
	union xt_addr a;
	socklen_t len = xt_any(&r->x, &a, 7000);

	R(bind(sock(r), &a.sa, len));
	bound(r, 7000);
}

SITUATION(bind__wildcard_taken_by_address)
{
	union xt_addr a;
	socklen_t len = xt_any(&r->x, &a, 7000);

	bound(r, 7000);
	R(bind(sock(r), &a.sa, len));
}

SITUATION(bind__two_addresses_one_port)
{
	union xt_addr a;
	socklen_t len = xt_parse(&r->x, &a, "127.0.0.2", "::1", 7000);

	bound(r, 7000);
	R(bind(sock(r), &a.sa, len));
}

/* All four combinations of SO_REUSEADDR on two sockets. */
SITUATION(bind__reuseaddr_combinations)
{
	int i;

	for (i = 0; i < 4; i++) {
		int a = sock(r), b = sock(r);

		R(xt_set(a, SOL_SOCKET, SO_REUSEADDR, i & 1));
		R(xt_set(b, SOL_SOCKET, SO_REUSEADDR, i >> 1));
		R(xt_bind(&r->x, a, 7000 + i));
		R(xt_bind(&r->x, b, 7000 + i));
		R(listen(a, 1));
		R(listen(b, 1));
	}
}

SITUATION(bind__reuseport_combinations)
{
	int i;

	for (i = 0; i < 4; i++) {
		int a = sock(r), b = sock(r);

		R(xt_set(a, SOL_SOCKET, SO_REUSEPORT, i & 1));
		R(xt_set(b, SOL_SOCKET, SO_REUSEPORT, i >> 1));
		R(xt_bind(&r->x, a, 7000 + i));
		R(xt_bind(&r->x, b, 7000 + i));
		R(listen(a, 1));
		R(listen(b, 1));
	}
}

SITUATION(bind__reuseaddr_while_listening)
{
	int a = sock(r), b = sock(r);

	R(xt_set(a, SOL_SOCKET, SO_REUSEADDR, 1));
	R(xt_set(b, SOL_SOCKET, SO_REUSEADDR, 1));
	R(xt_bind(&r->x, a, 7000));
	R(listen(a, 1));
	R(xt_bind(&r->x, b, 7000));
}

SITUATION(bind__privileged)
{
	bound(r, 80);
	bound(r, 0xffff);
}

SITUATION(bind__port_of_an_ephemeral_connection)
{
	int fd[2];

	pair(r, fd);
	bound(r, xt_local_port(fd[0]));
	bound(r, xt_local_port(fd[1]));
}

/* listen() */

SITUATION(listen__backlog)
{
	R(listen(sock(r), 0));
	R(listen(sock(r), -1));
	R(listen(sock(r), 0x7fffffff));
}

SITUATION(listen__twice)
{
	int fd = sock(r);

	R(listen(fd, 1));
	R(listen(fd, 2));
}

SITUATION(listen__connected)
{
	int fd[2];

	pair(r, fd);
	R(listen(fd[0], 1));
	R(listen(fd[1], 1));
}

SITUATION(listen__connecting)
{
	R(listen(connecting(r), 1));
}

SITUATION(listen__after_refusal)
{
	int fd = sock(r);

	R(xt_connect(&r->x, fd, 7000));
	R(listen(fd, 1));
}

SITUATION(listen__after_reset)
{
	R(listen(reset(r), 1));
}

SITUATION(listen__after_shutdown)
{
	uint16_t port;
	int fd = listening(r, &port);

	R(shutdown(fd, SHUT_RDWR));
	R(accept(fd, NULL, NULL));
	R(listen(fd, 1));
	R(xt_connect(&r->x, sock(r), port));
}
