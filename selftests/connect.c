// SPDX-License-Identifier: GPL-2.0
/* Opening a connection, seen from the program that connects. */
#include <arpa/inet.h>
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>

#include <kselftest_harness.h>
#include "xtcp_test.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

XT_FIXTURE(connect);

TEST_F(connect, handshake__both_ends_established)
{
	int fd[2];

	XT_PAIR(fd);
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(fd[0]));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(fd[1]));
	EXPECT_EQ(0, xt_so_error(fd[0]));
}

/* The kernel answers by itself: connect() returns before accept() is called. */
TEST_F(connect, handshake__needs_no_accept)
{
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);
	int fd = xt_socket(&self->x, 0);

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, xt_connect(&self->x, fd, port));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(fd));
	EXPECT_EQ(5, send(fd, "early", 5, 0));
	EXPECT_LE(0, accept(listener, NULL, NULL));
}

TEST_F(connect, refused__nobody_listens)
{
	int bound = xt_socket(&self->x, 0);
	int fd = xt_socket(&self->x, 0);

	/* A port that is taken and does not listen, so surely nobody does. */
	ASSERT_EQ(0, xt_bind(&self->x, bound, 0));
	EXPECT_FAILS(ECONNREFUSED,
		     xt_connect(&self->x, fd, xt_local_port(bound)));
	EXPECT_EQ(XTCP_CLOSE, xt_state(fd));
}

/* A refused socket is not spent: it may try again. */
TEST_F(connect, refused__then_connects)
{
	uint16_t port = 0;
	int bound = xt_socket(&self->x, 0);
	int fd = xt_socket(&self->x, 0);

	ASSERT_EQ(0, xt_bind(&self->x, bound, 0));
	port = xt_local_port(bound);
	EXPECT_FAILS(ECONNREFUSED, xt_connect(&self->x, fd, port));
	ASSERT_EQ(0, listen(bound, 1));
	EXPECT_EQ(0, xt_connect(&self->x, fd, port));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(fd));
}

TEST_F(connect, nonblock__completes)
{
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);
	int fd = xt_socket(&self->x, SOCK_NONBLOCK);

	ASSERT_LE(0, listener);
	EXPECT_FAILS(EINPROGRESS, xt_connect(&self->x, fd, port));
	EXPECT_EQ(POLLOUT, xt_poll(fd, POLLOUT, XT_SOON_MS));
	EXPECT_EQ(0, xt_so_error(fd));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(fd));
	/* The first call that asks how it went learns it, then EISCONN. */
	EXPECT_EQ(0, xt_connect(&self->x, fd, port));
	EXPECT_FAILS(EISCONN, xt_connect(&self->x, fd, port));
}

TEST_F(connect, nonblock__refused)
{
	int bound = xt_socket(&self->x, 0);
	int fd = xt_socket(&self->x, SOCK_NONBLOCK);
	short events;

	ASSERT_EQ(0, xt_bind(&self->x, bound, 0));
	EXPECT_FAILS(EINPROGRESS,
		     xt_connect(&self->x, fd, xt_local_port(bound)));
	events = xt_poll(fd, POLLOUT, XT_SOON_MS);
	EXPECT_EQ(POLLERR, events & POLLERR);
	EXPECT_EQ(POLLHUP, events & POLLHUP);
	EXPECT_EQ(ECONNREFUSED, xt_so_error(fd));
	/* Reading SO_ERROR clears it. */
	EXPECT_EQ(0, xt_so_error(fd));
}

TEST_F(connect, twice__eisconn)
{
	int fd[2];

	XT_PAIR(fd);
	EXPECT_FAILS(EISCONN, xt_connect(&self->x, fd[0], 1));
	EXPECT_FAILS(EISCONN, xt_connect(&self->x, fd[1], 1));
}

/*
 * A link whose far end drops what comes, because the neighbour's address is
 * nobody's: SYNs go nowhere and nobody says so.  Returns an address there.
 */
static int black_hole(const struct xt *x, union xt_addr *a)
{
	xt_parse(x, a, "192.0.2.2", "2001:db8::2", 7);
	return system("ip link add hole type veth peer name drain && "
		      "ip link set hole up && ip link set drain up && "
		      "ip addr add 192.0.2.1/24 dev hole && "
		      "ip addr add 2001:db8::1/64 dev hole nodad && "
		      "ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 "
		      "dev hole && "
		      "ip neigh add 2001:db8::2 lladdr 02:00:00:00:00:02 "
		      "dev hole");
}

#define BLACK_HOLE(a)							\
	do {								\
		if (black_hole(&self->x, a))				\
			SKIP(return, "no veth device");		\
	} while (0)

TEST_F(connect, black_hole__times_out)
{
	union xt_addr a;
	int fd = xt_socket(&self->x, 0);
	long long start = xt_now_ms();

	BLACK_HOLE(&a);
	ASSERT_EQ(0, xt_set(fd, IPPROTO_TCP, TCP_SYNCNT, 1));
	EXPECT_FAILS(ETIMEDOUT, connect(fd, &a.sa, sizeof(a)));
	/* One SYN, more of them, and a wait for the last one's answer. */
	EXPECT_LE(1500, xt_now_ms() - start);
}

TEST_F(connect, black_hole__ealready)
{
	union xt_addr a;
	int fd = xt_socket(&self->x, SOCK_NONBLOCK);

	BLACK_HOLE(&a);
	EXPECT_FAILS(EINPROGRESS, connect(fd, &a.sa, sizeof(a)));
	EXPECT_FAILS(EALREADY, connect(fd, &a.sa, sizeof(a)));
	EXPECT_EQ(XTCP_SYN_SENT, xt_state(fd));
	EXPECT_EQ(0, xt_poll(fd, POLLOUT, XT_QUIET_MS));
	EXPECT_EQ(0, close(fd));
}

/* SO_SNDTIMEO bounds a blocking connect(); it goes on behind it. */
TEST_F(connect, black_hole__sndtimeo)
{
	struct timeval t = { .tv_usec = 200000 };
	union xt_addr a;
	int fd = xt_socket(&self->x, 0);

	BLACK_HOLE(&a);
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)));
	EXPECT_FAILS(EINPROGRESS, connect(fd, &a.sa, sizeof(a)));
	EXPECT_EQ(XTCP_SYN_SENT, xt_state(fd));
}

TEST_F(connect, no_route__enetunreach)
{
	union xt_addr a;
	int fd = xt_socket(&self->x, 0);
	socklen_t len = xt_parse(&self->x, &a, "198.51.100.1", "2001:db8::1",
				 80);

	EXPECT_FAILS(ENETUNREACH, connect(fd, &a.sa, len));
}

TEST_F(connect, names__both_ends_agree)
{
	union xt_addr a, b;
	socklen_t alen = sizeof(a), blen = sizeof(b);
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(0, getsockname(fd[0], &a.sa, &alen));
	ASSERT_EQ(0, getpeername(fd[1], &b.sa, &blen));
	EXPECT_EQ(self->x.family, a.sa.sa_family);
	EXPECT_EQ(alen, blen);
	EXPECT_EQ(self->x.family == AF_INET ? sizeof(a.in) : sizeof(a.in6),
		  alen);
	EXPECT_EQ(0, memcmp(&a, &b, alen));
	EXPECT_EQ(xt_local_port(fd[1]), xt_peer_port(fd[0]));
}

TEST_F(connect, ephemeral_port__in_range)
{
	char range[64], *end;
	int fd[2], low, high, port;

	ASSERT_LT(0, xt_read_file("/proc/sys/net/ipv4/ip_local_port_range",
				  range, sizeof(range)));
	low = strtol(range, &end, 10);
	high = strtol(end, &end, 10);
	ASSERT_EQ('\0', *end);
	XT_PAIR(fd);
	port = xt_local_port(fd[0]);
	EXPECT_LE(low, port);
	EXPECT_GE(high, port);
}

/* The ephemeral range may be tiny: all of it is used, then EADDRNOTAVAIL. */
TEST_F(connect, ephemeral_port__exhausted)
{
	uint16_t port = 5000;
	int listener = xt_listener(&self->x, 16, &port);
	int fd, i, got = 0;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, xt_write_file("/proc/sys/net/ipv4/ip_local_port_range",
				   "40000 40003"));
	for (i = 0; i < 5; i++) {
		fd = xt_socket(&self->x, 0);
		errno = 0;
		if (!xt_connect(&self->x, fd, port))
			got++;
	}
	EXPECT_EQ(4, got);
	EXPECT_EQ(EADDRNOTAVAIL, errno);
}

TEST_F(connect, bound_source_port__is_used)
{
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);
	int fd = xt_socket(&self->x, 0), from;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, xt_bind(&self->x, fd, 0));
	from = xt_local_port(fd);
	ASSERT_LT(0, from);
	ASSERT_EQ(0, xt_connect(&self->x, fd, port));
	EXPECT_EQ(from, xt_local_port(fd));
}

/* A source address without a port: the port is picked by connect(). */
TEST_F(connect, bind_address_no_port)
{
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);
	int fd = xt_socket(&self->x, 0);

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, xt_set(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1));
	ASSERT_EQ(0, xt_bind(&self->x, fd, 0));
	EXPECT_EQ(0, xt_local_port(fd));
	ASSERT_EQ(0, xt_connect(&self->x, fd, port));
	EXPECT_LT(0, xt_local_port(fd));
}

/* Two connections that differ only in the destination port. */
TEST_F(connect, four_tuple__one_source_two_destinations)
{
	uint16_t port[2] = { };
	int listener[2], fd[2], peer[2], i;
	char c;

	for (i = 0; i < 2; i++) {
		listener[i] = xt_listener(&self->x, 8, &port[i]);
		ASSERT_LE(0, listener[i]);
		fd[i] = xt_socket(&self->x, 0);
		ASSERT_EQ(0, xt_set(fd[i], SOL_SOCKET, SO_REUSEADDR, 1));
		ASSERT_EQ(0, xt_bind(&self->x, fd[i], 4242));
	}
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, xt_connect(&self->x, fd[i], port[i]));
		peer[i] = accept(listener[i], NULL, NULL);
		ASSERT_LE(0, peer[i]);
		EXPECT_EQ(4242, xt_peer_port(peer[i]));
	}
	ASSERT_EQ(1, write(fd[0], "0", 1));
	ASSERT_EQ(1, write(fd[1], "1", 1));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(1, read(peer[i], &c, 1));
		EXPECT_EQ('0' + i, c);
	}
}

/* The same four-tuple a second time is refused on this side. */
TEST_F(connect, four_tuple__taken)
{
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);
	int fd[2], i;

	ASSERT_LE(0, listener);
	for (i = 0; i < 2; i++) {
		fd[i] = xt_socket(&self->x, 0);
		ASSERT_EQ(0, xt_set(fd[i], SOL_SOCKET, SO_REUSEADDR, 1));
		ASSERT_EQ(0, xt_bind(&self->x, fd[i], 4242));
	}
	ASSERT_EQ(0, xt_connect(&self->x, fd[0], port));
	EXPECT_FAILS(EADDRNOTAVAIL, xt_connect(&self->x, fd[1], port));
}

/* Many clients of one listener: each pair talks only to itself. */
TEST_F(connect, four_tuple__many_sources)
{
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 64, &port);
	int fd[32], i;
	char c;

	ASSERT_LE(0, listener);
	for (i = 0; i < 32; i++) {
		fd[i] = xt_socket(&self->x, 0);
		ASSERT_EQ(0, xt_connect(&self->x, fd[i], port));
		c = i;
		ASSERT_EQ(1, write(fd[i], &c, 1));
	}
	for (i = 0; i < 32; i++) {
		int peer = accept(listener, NULL, NULL), k;

		ASSERT_LE(0, peer);
		ASSERT_EQ(1, read(peer, &c, 1));
		k = c;
		ASSERT_EQ(xt_local_port(fd[k]), xt_peer_port(peer));
	}
}

/* AF_UNSPEC ends the association, and the socket may connect anew. */
TEST_F(connect, unspec__disconnects)
{
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);
	int fd = xt_socket(&self->x, 0);

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, xt_connect(&self->x, fd, port));
	ASSERT_EQ(0, connect(fd, &unspec, sizeof(unspec)));
	EXPECT_EQ(XTCP_CLOSE, xt_state(fd));
	EXPECT_FAILS(ENOTCONN, xt_peer_port(fd));
	EXPECT_EQ(0, xt_connect(&self->x, fd, port));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(fd));
}

/* Connecting to the unspecified address means this host. */
TEST_F(connect, any_address__is_loopback)
{
	union xt_addr a;
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);
	int fd = xt_socket(&self->x, 0);
	socklen_t len = xt_any(&self->x, &a, port);

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, connect(fd, &a.sa, len));
	EXPECT_EQ(port, xt_peer_port(fd));
}

static void ignore(int sig)
{
	(void)sig;
}

/* A signal ends the wait, not the attempt. */
TEST_F(connect, black_hole__interrupted)
{
	struct sigaction action = { .sa_handler = ignore };
	struct itimerval timer = { .it_value.tv_usec = 200000,
				   .it_interval.tv_usec = 200000 };
	union xt_addr a;
	int fd = xt_socket(&self->x, 0);

	BLACK_HOLE(&a);
	ASSERT_EQ(0, sigaction(SIGALRM, &action, NULL));
	ASSERT_EQ(0, setitimer(ITIMER_REAL, &timer, NULL));
	EXPECT_FAILS(EINTR, connect(fd, &a.sa, sizeof(a)));
	EXPECT_EQ(XTCP_SYN_SENT, xt_state(fd));
	ASSERT_EQ(0, xt_nonblock(fd, true));
	EXPECT_FAILS(EALREADY, connect(fd, &a.sa, sizeof(a)));
}

/* Both families in one listener, and how IPv4 peers look from IPv6. */
FIXTURE(dual) {
	struct xt v4, v6;
};

FIXTURE_SETUP(dual)
{
	ASSERT_EQ(0, xt_begin(&self->v6, XT_IPV6));
	xt_door(&self->v4, XT_IPV4);
}

FIXTURE_TEARDOWN(dual)
{
}

static int any6_listener(const struct xt *x, int v6only, uint16_t *port)
{
	union xt_addr a;
	socklen_t len = xt_any(x, &a, 0);
	int fd = xt_socket(x, 0);

	if (fd < 0 || xt_set(fd, SOL_IPV6, IPV6_V6ONLY, v6only) ||
	    bind(fd, &a.sa, len) || listen(fd, 8))
		return -1;
	*port = xt_local_port(fd);
	return fd;
}

TEST_F(dual, any6__takes_ipv4)
{
	union xt_addr a = { };
	socklen_t len = sizeof(a);
	uint16_t port;
	int listener = any6_listener(&self->v6, 0, &port);
	int fd = xt_socket(&self->v4, 0), peer;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, xt_connect(&self->v4, fd, port));
	peer = accept(listener, &a.sa, &len);
	ASSERT_LE(0, peer);
	EXPECT_EQ(AF_INET6, a.sa.sa_family);
	EXPECT_TRUE(IN6_IS_ADDR_V4MAPPED(&a.in6.sin6_addr));
	EXPECT_EQ(xt_local_port(fd), xt_addr_port(&a));
	EXPECT_EQ(2, write(peer, "ok", 2));
}

TEST_F(dual, any6__takes_ipv6)
{
	uint16_t port;
	int listener = any6_listener(&self->v6, 0, &port);
	int fd = xt_socket(&self->v6, 0);

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, xt_connect(&self->v6, fd, port));
	EXPECT_LE(0, accept(listener, NULL, NULL));
}

TEST_F(dual, v6only__refuses_ipv4)
{
	uint16_t port;
	int listener = any6_listener(&self->v6, 1, &port);
	int fd = xt_socket(&self->v4, 0);

	ASSERT_LE(0, listener);
	EXPECT_FAILS(ECONNREFUSED, xt_connect(&self->v4, fd, port));
}

TEST_F(dual, v6only__leaves_port_to_ipv4)
{
	uint16_t port;
	int listener = any6_listener(&self->v6, 1, &port);

	ASSERT_LE(0, listener);
	EXPECT_LE(0, xt_listener(&self->v4, 1, &port));
}

TEST_F(dual, any6__takes_port_from_ipv4)
{
	uint16_t port;
	int listener = any6_listener(&self->v6, 0, &port);
	int fd = xt_socket(&self->v4, 0);
	union xt_addr a;
	socklen_t len = xt_any(&self->v4, &a, port);

	ASSERT_LE(0, listener);
	EXPECT_FAILS(EADDRINUSE, bind(fd, &a.sa, len));
}

/* ::ffff:127.0.0.1 from an IPv6 socket reaches an IPv4 listener. */
TEST_F(dual, v4mapped__connects)
{
	union xt_addr a;
	socklen_t len;
	uint16_t port = 0;
	int listener = xt_listener(&self->v4, 8, &port);
	int fd = xt_socket(&self->v6, 0);

	ASSERT_LE(0, listener);
	len = xt_parse(&self->v6, &a, "", "::ffff:127.0.0.1", port);
	ASSERT_EQ(0, connect(fd, &a.sa, len));
	ASSERT_EQ(0, getpeername(fd, &a.sa, &len));
	EXPECT_EQ(AF_INET6, a.sa.sa_family);
	EXPECT_TRUE(IN6_IS_ADDR_V4MAPPED(&a.in6.sin6_addr));
	EXPECT_LE(0, accept(listener, NULL, NULL));
}

TEST_HARNESS_MAIN
