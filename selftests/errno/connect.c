// SPDX-License-Identifier: GPL-2.0
/* Wrong and odd calls of connect(), accept(), and the names. */
#define _GNU_SOURCE
#include <poll.h>
#include <sys/un.h>

#include "situation.h"

/* connect() */

SITUATION(connect__length)
{
	union xt_addr a;
	uint16_t port;
	int fd = sock(r);
	socklen_t len;

	listening(r, &port);
	len = xt_addr(&r->x, &a, port);
	R(connect(fd, &a.sa, 0));
	R(connect(fd, &a.sa, 1));
	R(connect(fd, &a.sa, sizeof(sa_family_t)));
	R(connect(fd, &a.sa, 15));
	R(connect(fd, &a.sa, -1));
	R(connect(fd, &a.sa, sizeof(struct sockaddr_storage) + 1));
	R(connect(fd, &a.sa, len));
}

SITUATION_INET(connect__length_of_the_old_sockaddr_in6)
{
	union xt_addr a;
	uint16_t port;

	listening(r, &port);
	xt_addr(&r->x, &a, port);
	R(connect(sock(r), &a.sa, 23));
	R(connect(sock(r), &a.sa, 24));
}

SITUATION(connect__pointer)
{
	R(connect(sock(r), NULL, sizeof(struct sockaddr_in)));
	R(connect(sock(r), BAD, sizeof(struct sockaddr_in6)));
}

SITUATION(connect__family_unix)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "x" };

	R(connect(sock(r), (void *)&a, sizeof(a)));
}

SITUATION_INET(connect__family_of_the_other_ip)
{
	union xt_addr a;
	struct xt other;
	socklen_t len;

	xt_door(&other, r->x.family == AF_INET ? XT_INET6 : XT_INET);
	len = xt_addr(&other, &a, 7000);
	R(connect(sock(r), &a.sa, len));
	R(connect(sock(r), &a.sa, sizeof(a)));
}

SITUATION(connect__bound_to_the_other_ip)
{
	union xt_addr a;
	struct xt other;
	socklen_t len;

	xt_door(&other, r->x.family == AF_INET ? XT_INET6 : XT_INET);
	len = xt_addr(&other, &a, 7000);
	R(connect(bound(r, 0), &a.sa, len));
	R(connect(bound(r, 0), &a.sa, sizeof(a)));
}

SITUATION(connect__unspec_unconnected)
{
	struct sockaddr a = { .sa_family = AF_UNSPEC };
	int fd = sock(r);

	R(connect(fd, &a, sizeof(a)));
	R(connect(fd, &a, sizeof(sa_family_t)));
}

SITUATION(connect__unspec_connected)
{
	struct sockaddr a = { .sa_family = AF_UNSPEC };
	int fd[2];

	pair(r, fd);
	R(connect(fd[0], &a, sizeof(a)));
	R(xt_peer_port(fd[0]));
	R(send(fd[0], "x", 1, 0));
	R(recv(fd[0], (char[1]){}, 1, 0));
	R(xt_connect(&r->x, fd[0], 7000));
}

SITUATION(connect__unspec_listening)
{
	struct sockaddr a = { .sa_family = AF_UNSPEC };
	uint16_t port;
	int fd = listening(r, &port);

	R(connect(fd, &a, sizeof(a)));
	R(accept(fd, NULL, NULL));
	R(xt_connect(&r->x, sock(r), port));
}

SITUATION(connect__unspec_connecting)
{
	struct sockaddr a = { .sa_family = AF_UNSPEC };
	int fd = connecting(r);

	R(connect(fd, &a, sizeof(a)));
	R(xt_connect(&r->x, fd, 7000));
}

SITUATION(connect__multicast)
{
	union xt_addr a;
	int fd = sock(r);
	socklen_t len;

	black_hole(&r->x, &a);
	len = xt_parse(&r->x, &a, "224.0.0.1", "ff02::1", 7);
	R(connect(fd, &a.sa, len));
	len = xt_parse(&r->x, &a, "239.1.2.3", "ff0e::1234", 7);
	R(connect(fd, &a.sa, len));
	len = xt_parse(&r->x, &a, "239.1.2.3", "::ffff:239.1.2.3", 7);
	R(connect(fd, &a.sa, len));
}

SITUATION(connect__broadcast)
{
	union xt_addr a;
	int fd = sock(r);
	socklen_t len;

	black_hole(&r->x, &a);
	len = xt_parse(&r->x, &a, "255.255.255.255", "::ffff:192.0.2.255", 7);
	R(connect(fd, &a.sa, len));
	len = xt_parse(&r->x, &a, "192.0.2.255", "::ffff:255.255.255.255", 7);
	R(connect(fd, &a.sa, len));
	R(xt_set(fd, SOL_SOCKET, SO_BROADCAST, 1));
	R(connect(fd, &a.sa, len));
}

SITUATION(connect__no_route)
{
	union xt_addr a;
	socklen_t len = xt_parse(&r->x, &a, "198.51.100.1", "2001:db8::1", 7);

	R(connect(sock(r), &a.sa, len));
}

SITUATION(connect__prohibited_routes)
{
	union xt_addr a;
	socklen_t len = xt_parse(&r->x, &a, "198.51.100.1", "2001:db8::1", 7);

	if (system("ip route replace unreachable 198.51.100.1/32 && "
		   "ip route replace prohibit 198.51.100.2/32 && "
		   "ip -6 route replace unreachable 2001:db8::1/128 && "
		   "ip -6 route replace prohibit 2001:db8::2/128"))
		abort();
	R(connect(sock(r), &a.sa, len));
	len = xt_parse(&r->x, &a, "198.51.100.2", "2001:db8::2", 7);
	R(connect(sock(r), &a.sa, len));
}

SITUATION(connect__link_local_without_scope)
{
	union xt_addr a;
	socklen_t len = xt_parse(&r->x, &a, "169.254.1.1", "fe80::1", 7);

	R(connect(sock(r), &a.sa, len));
}

SITUATION(connect__unspecified_address)
{
	union xt_addr a;
	uint16_t port;
	socklen_t len;

	listening(r, &port);
	len = xt_any(&r->x, &a, port);
	R(connect(sock(r), &a.sa, len));
	len = xt_any(&r->x, &a, 7000);
	R(connect(sock(r), &a.sa, len));
}

SITUATION(connect__port_zero)
{
	R(xt_connect(&r->x, sock(r), 0));
}

SITUATION(connect__refused)
{
	int fd = sock(r);

	R(xt_connect(&r->x, fd, 7000));
	R(xt_so_error(fd));
	R(xt_peer_port(fd));
	R(send(fd, "x", 1, 0));
	R(recv(fd, (char[1]){}, 1, 0));
	R(shutdown(fd, SHUT_RDWR));
	R(xt_connect(&r->x, fd, 7000));
}

/* The error waits for whoever asks first. */
SITUATION(connect__refused_nonblocking)
{
	int fd = xt_socket(&r->x, SOCK_NONBLOCK), i;

	for (i = 0; i < 5; i++) {
		R(xt_connect(&r->x, fd, 7000));
		R(xt_poll(fd, POLLOUT, XT_SOON_MS) & POLLERR);
		switch (i) {
		case 0:
			R(xt_connect(&r->x, fd, 7000));
			break;
		case 1:
			R(send(fd, "x", 1, 0));
			break;
		case 2:
			R(recv(fd, (char[1]){}, 1, 0));
			break;
		case 3:
			R(shutdown(fd, SHUT_WR));
			break;
		}
		R(xt_so_error(fd));
		close(fd);
		fd = xt_socket(&r->x, SOCK_NONBLOCK);
	}
}

SITUATION(connect__completes_nonblocking)
{
	int fd = xt_socket(&r->x, SOCK_NONBLOCK);
	uint16_t port;

	listening(r, &port);
	R(xt_connect(&r->x, fd, port));
	R(xt_poll(fd, POLLOUT, XT_SOON_MS));
	R(xt_connect(&r->x, fd, port));
	R(xt_connect(&r->x, fd, port));
	R(xt_connect(&r->x, fd, 7000));
}

SITUATION(connect__connected)
{
	int fd[2];

	pair(r, fd);
	R(xt_connect(&r->x, fd[0], 7000));
	R(xt_connect(&r->x, fd[1], 7000));
}

SITUATION(connect__listening)
{
	uint16_t port;
	int fd = listening(r, &port);

	R(xt_connect(&r->x, fd, port));
	R(xt_connect(&r->x, fd, 7000));
}

SITUATION(connect__connecting)
{
	union xt_addr a;
	int fd = connecting(r);
	socklen_t len = xt_parse(&r->x, &a, "192.0.2.2", "2001:db8::2", 7);

	R(connect(fd, &a.sa, len));
	R(xt_connect(&r->x, fd, 7000));
	R(xt_so_error(fd));
}

SITUATION(connect__after_reset)
{
	int fd = reset(r);
	uint16_t port;

	listening(r, &port);
	R(xt_connect(&r->x, fd, port));
	R(xt_connect(&r->x, fd, port));
}

SITUATION(connect__after_the_end)
{
	uint16_t port;
	int fd[2];
	char c;

	listening(r, &port);
	pair(r, fd);
	close(fd[1]);
	R(read(fd[0], &c, 1));
	R(xt_connect(&r->x, fd[0], port));
	R(shutdown(fd[0], SHUT_WR));
	R(xt_wait_state(fd[0], XTCP_CLOSE));
	R(xt_connect(&r->x, fd[0], port));
}

SITUATION(connect__source_port_taken)
{
	uint16_t port;
	int a = sock(r), b = sock(r);

	listening(r, &port);
	R(xt_set(a, SOL_SOCKET, SO_REUSEADDR, 1));
	R(xt_set(b, SOL_SOCKET, SO_REUSEADDR, 1));
	R(xt_bind(&r->x, a, 7000));
	R(xt_bind(&r->x, b, 7000));
	R(xt_connect(&r->x, a, port));
	R(xt_connect(&r->x, b, port));
}

SITUATION(connect__foreign_source)
{
	union xt_addr a;
	socklen_t len = xt_parse(&r->x, &a, "198.51.100.1", "2001:db8::99", 0);
	int fd = sock(r);

	R(xt_set(fd, SOL_IP, IP_FREEBIND, 1));
	R(bind(fd, &a.sa, len));
	len = xt_parse(&r->x, &a, "203.0.113.1", "2001:db8::7", 7);
	R(connect(fd, &a.sa, len));
}

/* accept() */

SITUATION(accept__not_listening)
{
	int fd[2];

	R(accept(sock(r), NULL, NULL));
	R(accept(bound(r, 0), NULL, NULL));
	pair(r, fd);
	R(accept(fd[0], NULL, NULL));
	R(accept(reset(r), NULL, NULL));
}

SITUATION(accept__flags)
{
	uint16_t port;
	int fd = listening(r, &port);

	R(accept4(fd, NULL, NULL, 1));
	R(accept4(fd, NULL, NULL, SOCK_NONBLOCK | 0x40));
}

SITUATION(accept__empty)
{
	uint16_t port;
	int fd = listening(r, &port);

	xt_nonblock(fd, true);
	R(accept(fd, NULL, NULL));
	R(accept(fd, BAD, BAD));
}

SITUATION(accept__address_pointers)
{
	union xt_addr a = { };
	socklen_t len;
	uint16_t port;
	int fd = listening(r, &port), i;

	for (i = 0; i < 5; i++)
		xt_connect(&r->x, sock(r), port);
	len = -1;
	R(accept(fd, &a.sa, &len));
	R(accept(fd, &a.sa, BAD));
	len = sizeof(a);
	R(accept(fd, BAD, &len));
	len = 2;
	FD(accept(fd, &a.sa, &len));
	R(len);
	R(a.sa.sa_family);
	len = 0;
	FD(accept(fd, &a.sa, &len));
	R(len);
}

SITUATION(accept__connection_reset_meanwhile)
{
	struct linger linger = { .l_onoff = 1 };
	uint16_t port;
	int listener = listening(r, &port), fd = sock(r);
	char c;

	R(xt_connect(&r->x, fd, port));
	R(write(fd, "x", 1));
	xt_poll(listener, POLLIN, XT_SOON_MS);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd);
	xt_sleep_ms(50);
	fd = FD(accept(listener, NULL, NULL));
	R(read(fd, &c, 1));
	R(read(fd, &c, 1));
}

/* Names */

SITUATION_INET(getsockname__unbound)
{
	union xt_addr a = { };
	socklen_t len = sizeof(a);

	R(getsockname(sock(r), &a.sa, &len));
	R(len);
	R(a.sa.sa_family);
	R(xt_addr_port(&a));
}

SITUATION(getsockname__bound)
{
	union xt_addr a = { };
	socklen_t len = sizeof(a);

	R(getsockname(bound(r, 7000), &a.sa, &len));
	R(len);
	R(a.sa.sa_family);
	R(xt_addr_port(&a));
}

SITUATION(getsockname__pointers)
{
	union xt_addr a = { };
	socklen_t len = sizeof(a);
	int fd = bound(r, 0);

	R(getsockname(fd, BAD, &len));
	R(getsockname(fd, &a.sa, BAD));
	R(getsockname(fd, NULL, NULL));
	len = -1;
	R(getsockname(fd, &a.sa, &len));
	len = 3;
	R(getsockname(fd, &a.sa, &len));
	R(len);
}

SITUATION(getpeername__not_connected)
{
	union xt_addr a;
	socklen_t len = sizeof(a);
	uint16_t port;

	R(getpeername(sock(r), &a.sa, &len));
	R(getpeername(bound(r, 0), &a.sa, &len));
	R(getpeername(listening(r, &port), &a.sa, &len));
	R(getpeername(reset(r), &a.sa, &len));
	R(getpeername(connecting(r), &a.sa, &len));
}

SITUATION(getpeername__pointers)
{
	union xt_addr a;
	socklen_t len = sizeof(a);
	int fd[2];

	pair(r, fd);
	R(getpeername(fd[0], BAD, &len));
	R(getpeername(fd[0], &a.sa, BAD));
	len = -1;
	R(getpeername(fd[0], &a.sa, &len));
}

SITUATION(getpeername__after_the_peer_closed)
{
	union xt_addr a;
	socklen_t len = sizeof(a);
	int fd[2];

	pair(r, fd);
	close(fd[1]);
	xt_wait_state(fd[0], XTCP_CLOSE_WAIT);
	R(getpeername(fd[0], &a.sa, &len));
	R(shutdown(fd[0], SHUT_WR));
	R(xt_wait_state(fd[0], XTCP_CLOSE));
	R(getpeername(fd[0], &a.sa, &len));
}
