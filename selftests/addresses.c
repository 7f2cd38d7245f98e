// SPDX-License-Identifier: GPL-2.0
/*
 * Whatever can be an address, and what may happen to it while it is in use:
 * scopes, devices, domains (VRF), addresses and routes that go and come, and a
 * connection with itself.  Two hosts with two links between them: hosts.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <kselftest_harness.h>
#include "hosts.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

#define PORT 5000
#define FROM 30000	/* the client's port where it matters */

XT_FIXTURE_IP(address);

#define HOSTS(h)							\
	ASSERT_EQ(0, hosts_open(&(h)))					\
		TH_LOG("two namespaces and two links")

#define NEEDS_IPV6()							\
	do {								\
		if (self->x.family != AF_INET6)				\
			SKIP(return, "IPv6's own");			\
	} while (0)

/* Of host @i on a link, or on its loopback (2). */
static socklen_t address_of(const struct xt *x, union xt_addr *a, int i,
			    int link, uint16_t port)
{
	static const char * const v4[] = { "192.0.2", "198.51.100", "203.0.113" };
	char text4[32], text6[32];

	snprintf(text4, sizeof(text4), "%s.%d", v4[link], i + 1);
	snprintf(text6, sizeof(text6), "2001:db8:%d::%d", link + 1, i + 1);
	return xt_parse(x, a, text4, text6, port);
}

static socklen_t link_local(const struct xt *x, union xt_addr *a, int i,
			    int link, uint16_t port)
{
	char name[8];
	socklen_t len;

	len = xt_parse(x, a, "", i ? "fe80::2" : "fe80::1", port);
	snprintf(name, sizeof(name), "l%d", link);
	a->in6.sin6_scope_id = if_nametoindex(name);
	return len;
}

static int to_device(int fd, const char *name)
{
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, strlen(name));
}

/* A listener of host @i; @device may be NULL, @a NULL for any address. */
static int listener_on(const struct xt *x, const struct hosts *h, int i,
		       const char *device, const union xt_addr *a)
{
	union xt_addr any;
	int fd;

	if (hosts_enter(h, i))
		return -1;
	xt_any(x, &any, PORT);
	fd = xt_socket(x, SOCK_NONBLOCK);
	if (fd < 0 || xt_set(fd, SOL_SOCKET, SO_REUSEADDR, 1) ||
	    (device && to_device(fd, device)) ||
	    bind(fd, a ? &a->sa : &any.sa,
		 x->family == AF_INET ? sizeof(any.in) : sizeof(any.in6)) ||
	    listen(fd, 8))
		return -1;
	return hosts_enter(h, 0) ? -1 : fd;
}

/* What accept() gives within a minute. */
static int accepted(int listener)
{
	if (xt_poll(listener, POLLIN, XT_SOON_MS) != POLLIN)
		return -1;
	return accept(listener, NULL, NULL);
}

/* From host 0 to @i's address on that link. */
static int open_pair(const struct xt *x, const struct hosts *h, int link,
		     int fd[2])
{
	int listener = listener_on(x, h, 1, NULL, NULL);
	union xt_addr a;
	socklen_t len = address_of(x, &a, 1, link, PORT);

	fd[0] = xt_socket(x, 0);
	if (listener < 0 || fd[0] < 0 || connect(fd[0], &a.sa, len))
		return -1;
	fd[1] = accepted(listener);
	close(listener);
	return fd[1] < 0 ? -1 : 0;
}

/* One byte there and one back. */
static int talk(int a, int b)
{
	char c = 0;

	if (write(a, "?", 1) != 1 || read(b, &c, 1) != 1 || c != '?' ||
	    write(b, "!", 1) != 1 || read(a, &c, 1) != 1 || c != '!')
		return -1;
	return 0;
}

/* ---- link-local addresses ---- */

TEST_F(address, link_local__needs_a_scope)
{
	union xt_addr a;
	socklen_t len;
	struct hosts h;
	int fd, peer, listener, scope;

	NEEDS_IPV6();
	HOSTS(h);
	listener = listener_on(&self->x, &h, 1, NULL, NULL);
	ASSERT_LE(0, listener);
	fd = xt_socket(&self->x, 0);
	len = link_local(&self->x, &a, 1, 1, PORT);
	scope = a.in6.sin6_scope_id;
	a.in6.sin6_scope_id = 0;
	EXPECT_FAILS(EINVAL, connect(fd, &a.sa, len));
	a.in6.sin6_scope_id = 4711;	/* no such device */
	EXPECT_EQ(-1, connect(fd, &a.sa, len));
	close(fd);
	fd = xt_socket(&self->x, 0);
	a.in6.sin6_scope_id = scope;
	ASSERT_EQ(0, connect(fd, &a.sa, len));
	peer = accepted(listener);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, talk(fd, peer));
	/* All four names tell the link. */
	ASSERT_EQ(0, getsockname(fd, &a.sa, &len));
	EXPECT_EQ(scope, a.in6.sin6_scope_id);
	ASSERT_EQ(0, getpeername(fd, &a.sa, &len));
	EXPECT_EQ(scope, a.in6.sin6_scope_id);
	ASSERT_EQ(0, hosts_enter(&h, 1));
	scope = if_nametoindex("l1");
	ASSERT_EQ(0, getsockname(peer, &a.sa, &len));
	EXPECT_EQ(scope, a.in6.sin6_scope_id);
	ASSERT_EQ(0, getpeername(peer, &a.sa, &len));
	EXPECT_EQ(scope, a.in6.sin6_scope_id);
	EXPECT_TRUE(IN6_IS_ADDR_LINKLOCAL(&a.in6.sin6_addr));
}

/* fe80::2 is somebody else on each link. */
TEST_F(address, link_local__bound_to_one_link)
{
	int listener, fd, peer;
	union xt_addr a;
	socklen_t len;
	struct hosts h;

	NEEDS_IPV6();
	HOSTS(h);
	ASSERT_EQ(0, hosts_enter(&h, 1));
	link_local(&self->x, &a, 1, 0, PORT);
	listener = listener_on(&self->x, &h, 1, NULL, &a);
	ASSERT_LE(0, listener);
	fd = xt_socket(&self->x, 0);
	len = link_local(&self->x, &a, 1, 1, PORT);
	EXPECT_FAILS(ECONNREFUSED, connect(fd, &a.sa, len));
	close(fd);
	fd = xt_socket(&self->x, 0);
	len = link_local(&self->x, &a, 1, 0, PORT);
	ASSERT_EQ(0, connect(fd, &a.sa, len)) TH_LOG("%s", strerror(errno));
	peer = accepted(listener);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, talk(fd, peer));
}

/* Two connections that differ in the link alone. */
TEST_F(address, link_local__same_names_on_two_links)
{
	int listener, fd[2], peer[2], link, first;
	union xt_addr a;
	socklen_t len;
	struct hosts h;

	NEEDS_IPV6();
	HOSTS(h);
	listener = listener_on(&self->x, &h, 1, NULL, NULL);
	ASSERT_LE(0, listener);
	for (link = 0; link < 2; link++) {
		fd[link] = xt_socket(&self->x, 0);
		ASSERT_EQ(0, xt_set(fd[link], SOL_SOCKET, SO_REUSEADDR, 1));
		len = link_local(&self->x, &a, 0, link, FROM);
		ASSERT_EQ(0, bind(fd[link], &a.sa, len));
		len = link_local(&self->x, &a, 1, link, PORT);
		ASSERT_EQ(0, connect(fd[link], &a.sa, len))
			TH_LOG("link %d: %s", link, strerror(errno));
		peer[link] = accepted(listener);
		ASSERT_LE(0, peer[link]);
	}
	for (link = 0; link < 2; link++)
		EXPECT_EQ(0, talk(fd[link], peer[link]));
	/* The end of one, with its TIME_WAIT, is not the other's. */
	for (first = 0; first < 2; first++) {
		char c;

		ASSERT_EQ(0, close(fd[first]));
		ASSERT_EQ(0, read(peer[first], &c, 1));
		ASSERT_EQ(0, close(peer[first]));
		if (!first)
			EXPECT_EQ(0, talk(fd[1], peer[1]));
	}
}

/* ---- devices ---- */

TEST_F(address, bindtodevice__listener_hears_one_link)
{
	int listener, fd, peer;
	union xt_addr a;
	socklen_t len;
	struct hosts h;

	HOSTS(h);
	listener = listener_on(&self->x, &h, 1, "l1", NULL);
	ASSERT_LE(0, listener);
	fd = xt_socket(&self->x, 0);
	len = address_of(&self->x, &a, 1, 0, PORT);
	EXPECT_FAILS(ECONNREFUSED, connect(fd, &a.sa, len));
	close(fd);
	fd = xt_socket(&self->x, 0);
	len = address_of(&self->x, &a, 1, 1, PORT);
	ASSERT_EQ(0, connect(fd, &a.sa, len)) TH_LOG("%s", strerror(errno));
	peer = accepted(listener);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, talk(fd, peer));
}

TEST_F(address, bindtodevice__a_listener_for_each_link)
{
	int listener[2], fd, peer, link;
	union xt_addr a;
	socklen_t len;
	struct hosts h;

	HOSTS(h);
	listener[0] = listener_on(&self->x, &h, 1, "l0", NULL);
	listener[1] = listener_on(&self->x, &h, 1, "l1", NULL);
	ASSERT_LE(0, listener[0]);
	ASSERT_LE(0, listener[1]);
	for (link = 0; link < 2; link++) {
		fd = xt_socket(&self->x, 0);
		len = address_of(&self->x, &a, 1, link, PORT);
		ASSERT_EQ(0, connect(fd, &a.sa, len));
		peer = accepted(listener[link]);
		ASSERT_LE(0, peer);
		EXPECT_EQ(0, talk(fd, peer));
		EXPECT_FAILS(EAGAIN, accept(listener[!link], NULL, NULL));
	}
}

/* Of two ways to the same place the client's device takes its own. */
TEST_F(address, bindtodevice__client_leaves_by_it)
{
	union xt_addr a, want;
	int listener, fd, peer;
	struct hosts h;
	socklen_t len;

	HOSTS(h);
	listener = listener_on(&self->x, &h, 1, NULL, NULL);
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, hosts_ip(&h, 0, "route add 203.0.113.2 via 192.0.2.2 metric 1\n"
			      "route add 203.0.113.2 via 198.51.100.2 metric 2\n"
			      "route add 2001:db8:3::2 via 2001:db8:1::2 metric 1\n"
			      "route add 2001:db8:3::2 via 2001:db8:2::2 metric 2\n"));
	fd = xt_socket(&self->x, 0);
	ASSERT_EQ(0, to_device(fd, "l1"));
	len = address_of(&self->x, &a, 1, 2, PORT);
	ASSERT_EQ(0, connect(fd, &a.sa, len)) TH_LOG("%s", strerror(errno));
	peer = accepted(listener);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, talk(fd, peer));
	ASSERT_EQ(0, getsockname(fd, &a.sa, &len));
	address_of(&self->x, &want, 0, 1, xt_addr_port(&a));
	EXPECT_EQ(0, memcmp(&want, &a, len));
}

/* ---- addresses and routes that go and come ---- */

static int change_address(const struct xt *x, const struct hosts *h,
			  const char *what)
{
	return hosts_ip(h, 0, x->family == AF_INET ?
			"addr %s 192.0.2.1/24 dev l0\n" :
			"addr %s 2001:db8:1::1/64 dev l0\n", what);
}

TEST_F(address, deleted__goes_on_when_it_is_back)
{
	struct hosts h;
	int fd[2];

	HOSTS(h);
	ASSERT_EQ(0, open_pair(&self->x, &h, 0, fd));
	ASSERT_EQ(0, talk(fd[0], fd[1]));
	ASSERT_EQ(0, change_address(&self->x, &h, "del"));
	/* Nobody tells a program before it would be in vain for good. */
	EXPECT_EQ(1, write(fd[0], "?", 1));
	EXPECT_EQ(1, write(fd[1], "!", 1));
	EXPECT_EQ(0, xt_poll(fd[0], POLLIN, XT_QUIET_MS));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(fd[0]));
	ASSERT_EQ(0, change_address(&self->x, &h,
				    self->x.family == AF_INET ?
				    "add" : "add nodad"));
	EXPECT_EQ(POLLIN, xt_poll(fd[0], POLLIN, XT_SOON_MS));
	EXPECT_EQ(POLLIN, xt_poll(fd[1], POLLIN, XT_SOON_MS));
}

TEST_F(address, deleted__times_out)
{
	struct hosts h;
	int fd[2];
	char c;

	HOSTS(h);
	ASSERT_EQ(0, open_pair(&self->x, &h, 0, fd));
	ASSERT_EQ(0, xt_set(fd[0], IPPROTO_TCP, TCP_USER_TIMEOUT, 1500));
	ASSERT_EQ(0, change_address(&self->x, &h, "del"));
	EXPECT_EQ(1, write(fd[0], "?", 1));
	ASSERT_TRUE(xt_poll(fd[0], POLLIN, XT_SOON_MS) & POLLERR);
	EXPECT_EQ(-1, read(fd[0], &c, 1));
	EXPECT_TRUE(errno == ETIMEDOUT || errno == EHOSTUNREACH ||
		    errno == ENETUNREACH) TH_LOG("%s", strerror(errno));
}

#define FLOW (8 << 20)

/* Half of it is read when @change happens; all arrives, by the other link. */
#define CHANGE_IN_MID_FLOW(h, fd, change)				\
	do {								\
		uint64_t half = xt_scaled(FLOW) / 2 / 8 * 8;		\
		struct xt_thread send = { .fd = (fd)[0], .seed = 1,	\
					  .len = 2 * half };		\
		char *got = malloc(2 * half), *want = malloc(2 * half);	\
		struct xt_random r = { .state = 1 };			\
		long long before;					\
									\
		xt_random_fill(&r, want, 2 * half);			\
		ASSERT_EQ(0, xt_thread_start(&send, xt_thread_send));	\
		ASSERT_EQ(half, xt_read_all((fd)[1], got, half));	\
		before = hosts_sent(&(h), 0, 1);			\
		ASSERT_EQ(0, change);					\
		ASSERT_EQ(half, xt_read_all((fd)[1], got + half, half)); \
		ASSERT_EQ(0, xt_thread_join(&send));			\
		EXPECT_EQ(0, memcmp(got, want, 2 * half));		\
		EXPECT_EQ(0, talk((fd)[0], (fd)[1]));			\
		EXPECT_LT(before, hosts_sent(&(h), 0, 1));		\
		free(got);						\
		free(want);						\
	} while (0)

TEST_F(address, route__changes_in_mid_flow)
{
	struct hosts h;
	int fd[2];

	HOSTS(h);
	ASSERT_EQ(0, hosts_route(&h, 0));
	ASSERT_EQ(0, open_pair(&self->x, &h, 2, fd));
	CHANGE_IN_MID_FLOW(h, fd, hosts_route(&h, 1));
}

TEST_F(address, route__changes_to_one_with_smaller_frames)
{
	struct hosts h;
	int fd[2];

	HOSTS(h);
	ASSERT_EQ(0, hosts_ip(&h, 0, "link set l1 mtu 1280\n"));
	ASSERT_EQ(0, hosts_ip(&h, 1, "link set l1 mtu 1280\n"));
	ASSERT_EQ(0, hosts_route(&h, 0));
	ASSERT_EQ(0, open_pair(&self->x, &h, 2, fd));
	CHANGE_IN_MID_FLOW(h, fd, hosts_route(&h, 1));
}

TEST_F(address, route__gone_and_back)
{
	struct hosts h;
	int fd[2];
	char c;

	HOSTS(h);
	ASSERT_EQ(0, hosts_route(&h, 0));
	ASSERT_EQ(0, open_pair(&self->x, &h, 2, fd));
	ASSERT_EQ(0, talk(fd[0], fd[1]));
	ASSERT_EQ(0, hosts_ip(&h, 0, "route del 203.0.113.2\n"
			      "route del 2001:db8:3::2\n"));
	EXPECT_EQ(1, write(fd[0], "?", 1));
	EXPECT_EQ(0, xt_poll(fd[1], POLLIN, XT_QUIET_MS));
	ASSERT_EQ(0, hosts_route(&h, 1));
	ASSERT_EQ(1, read(fd[1], &c, 1));
	EXPECT_EQ('?', c);
}

/* ---- routing domains ---- */

/*
 * Each link in a domain of its own, red and blue, with the same addresses in
 * both: 10.0.0.1 and 10.0.0.2, fd00::1 and fd00::2.
 */
static const char * const domain[] = { "red", "blue" };

static int domains(const struct hosts *h)
{
	int i, n;

	for (n = 0; n < 4; n++) {
		const char *name = domain[n & 1];

		i = n / 2;
		if (hosts_ip(h, i, "link add %s type vrf table %d\n"
			     "link set %s up\nlink set l%d master %s\n"
			     "addr flush dev l%d scope global\n"
			     "addr add 10.0.0.%d/24 dev l%d\n"
			     "addr add fd00::%d/64 dev l%d nodad\n",
			     name, 10 + (n & 1), name, n & 1, name, n & 1,
			     i + 1, n & 1, i + 1, n & 1))
			return -1;
	}
	return 0;
}

#define DOMAINS(h)							\
	do {								\
		HOSTS(h);						\
		if (hosts_ip(&(h), 0, "link add probe type vrf table 9\n")) \
			SKIP(return, "the kernel has no VRF");		\
		ASSERT_EQ(0, domains(&(h)));				\
	} while (0)

static int connect_in(const struct xt *x, int n)
{
	int fd = xt_socket(x, 0);
	union xt_addr a;
	socklen_t len = xt_parse(x, &a, "10.0.0.1", "fd00::1", FROM);

	if (fd < 0 || to_device(fd, domain[n]) ||
	    xt_set(fd, SOL_SOCKET, SO_REUSEADDR, 1) || bind(fd, &a.sa, len))
		return -1;
	len = xt_parse(x, &a, "10.0.0.2", "fd00::2", PORT);
	if (!connect(fd, &a.sa, len))
		return fd;
	close(fd);
	return -1;
}

TEST_F(address, vrf__same_names_in_two_domains)
{
	int listener, fd[2], peer[2], n;
	struct hosts h;

	DOMAINS(h);
	for (n = 0; n < 2; n++) {
		listener = listener_on(&self->x, &h, 1, domain[n], NULL);
		ASSERT_LE(0, listener);
		fd[n] = connect_in(&self->x, n);
		ASSERT_LE(0, fd[n]) TH_LOG("%s", strerror(errno));
		peer[n] = accepted(listener);
		ASSERT_LE(0, peer[n]);
	}
	for (n = 0; n < 2; n++)
		EXPECT_EQ(0, talk(fd[n], peer[n]));
	ASSERT_EQ(0, close(fd[0]));
	EXPECT_EQ(0, talk(fd[1], peer[1]));
}

TEST_F(address, vrf__listener_of_none_hears_none)
{
	struct hosts h;

	DOMAINS(h);
	ASSERT_LE(0, listener_on(&self->x, &h, 1, NULL, NULL));
	/* The refusal, too, finds its way. */
	EXPECT_FAILS(ECONNREFUSED, connect_in(&self->x, 0));
	EXPECT_FAILS(ECONNREFUSED, connect_in(&self->x, 1));
}

TEST_F(address, vrf__listener_of_none_hears_all_if_told_to)
{
	int listener, fd[2], peer[2], n;
	struct hosts h;

	DOMAINS(h);
	ASSERT_EQ(0, hosts_sysctl(&h, 1,
				  "/proc/sys/net/ipv4/tcp_l3mdev_accept", "1"));
	listener = listener_on(&self->x, &h, 1, NULL, NULL);
	ASSERT_LE(0, listener);
	for (n = 0; n < 2; n++) {
		char name[IFNAMSIZ] = "";
		socklen_t len = sizeof(name);

		fd[n] = connect_in(&self->x, n);
		ASSERT_LE(0, fd[n]) TH_LOG("%s", strerror(errno));
		peer[n] = accepted(listener);
		ASSERT_LE(0, peer[n]);
		/* It answers where it was asked. */
		ASSERT_EQ(0, getsockopt(peer[n], SOL_SOCKET, SO_BINDTODEVICE,
					name, &len));
		EXPECT_STREQ(domain[n], name);
	}
	EXPECT_EQ(0, talk(fd[0], peer[0]));
	EXPECT_EQ(0, talk(fd[1], peer[1]));
}

/* ---- IPv4 within IPv6 ---- */

TEST_F(address, mapped__listens_for_ipv4)
{
	union xt_addr a;
	struct xt x4;
	int listener, fd, peer;
	socklen_t len;

	NEEDS_IPV6();
	xt_door(&x4, XT_IPV4);
	listener = xt_socket(&self->x, SOCK_NONBLOCK);
	len = xt_parse(&self->x, &a, "", "::ffff:127.0.0.1", PORT);
	ASSERT_EQ(0, bind(listener, &a.sa, len));
	ASSERT_EQ(0, listen(listener, 1));
	fd = xt_socket(&self->x, 0);
	EXPECT_FAILS(ECONNREFUSED, xt_connect(&self->x, fd, PORT));
	close(fd);
	fd = xt_socket(&x4, 0);
	ASSERT_EQ(0, xt_connect(&x4, fd, PORT));
	peer = accepted(listener);
	ASSERT_LE(0, peer);
	EXPECT_EQ(0, talk(fd, peer));
	ASSERT_EQ(0, getsockname(peer, &a.sa, &len));
	EXPECT_EQ(AF_INET6, a.sa.sa_family);
	EXPECT_TRUE(IN6_IS_ADDR_V4MAPPED(&a.in6.sin6_addr));
	/* A name that both spell differently is the same name. */
	EXPECT_FAILS(EADDRINUSE, xt_bind(&x4, xt_socket(&x4, 0), PORT));
}

TEST_F(address, dual__both_versions_at_one_listener)
{
	int listener, fd[2], peer[2], i;
	struct xt x[2] = { self->x };
	union xt_addr a;
	socklen_t len;

	NEEDS_IPV6();
	xt_door(&x[1], XT_IPV4);
	listener = xt_socket(&self->x, SOCK_NONBLOCK);
	len = xt_any(&self->x, &a, PORT);
	ASSERT_EQ(0, bind(listener, &a.sa, len));
	ASSERT_EQ(0, listen(listener, 2));
	for (i = 0; i < 2; i++) {
		fd[i] = xt_socket(&x[i], 0);
		ASSERT_EQ(0, xt_bind(&x[i], fd[i], FROM));
		ASSERT_EQ(0, xt_connect(&x[i], fd[i], PORT));
		peer[i] = accepted(listener);
		ASSERT_LE(0, peer[i]);
	}
	EXPECT_EQ(0, talk(fd[0], peer[0]));
	EXPECT_EQ(0, talk(fd[1], peer[1]));
}

/* ---- with itself ---- */

static int end_of_self(int fd)
{
	char c;

	if (write(fd, "echo", 4) != 4 || xt_read_all(fd, &c, 1) != 1 ||
	    c != 'e' || xt_get(fd, SOL_SOCKET, SO_ERROR))
		return -1;
	if (shutdown(fd, SHUT_WR) || xt_read_all(fd, &c, 1) != 1 ||
	    xt_read_all(fd, &c, 1) != 1 || xt_read_all(fd, &c, 1) != 1 ||
	    c != 'o' || read(fd, &c, 1))
		return -1;
	return 0;
}

TEST_F(address, self__connects_to_its_own_port)
{
	int fd = xt_socket(&self->x, 0);

	ASSERT_EQ(0, xt_bind(&self->x, fd, PORT));
	ASSERT_EQ(0, xt_connect(&self->x, fd, PORT))
		TH_LOG("%s", strerror(errno));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(fd));
	EXPECT_EQ(PORT, xt_local_port(fd));
	EXPECT_EQ(PORT, xt_peer_port(fd));
	EXPECT_EQ(0, end_of_self(fd));
	EXPECT_EQ(0, close(fd));
}

/* A client that tries a port of the range for long enough meets itself. */
TEST_F(address, self__by_chance)
{
	int fd = xt_socket(&self->x, 0);

	ASSERT_EQ(0, xt_write_file("/proc/sys/net/ipv4/ip_local_port_range",
				   "5000 5000"));
	ASSERT_EQ(0, xt_connect(&self->x, fd, PORT))
		TH_LOG("%s", strerror(errno));
	EXPECT_EQ(0, end_of_self(fd));
	EXPECT_EQ(0, close(fd));
}

TEST_F(address, self__whole_stream)
{
	struct xt_thread send = { .seed = 3, .len = xt_scaled(1 << 20) };
	int fd = xt_socket(&self->x, 0);

	ASSERT_EQ(0, xt_bind(&self->x, fd, PORT));
	ASSERT_EQ(0, xt_connect(&self->x, fd, PORT));
	send.fd = fd;
	ASSERT_EQ(0, xt_thread_start(&send, xt_thread_send));
	EXPECT_EQ(0, xt_recv_random(fd, send.seed, send.len, 65536));
	EXPECT_EQ(0, xt_thread_join(&send));
}

TEST_HARNESS_MAIN
