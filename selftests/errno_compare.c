// SPDX-License-Identifier: GPL-2.0
/*
 * Wrong and odd calls, each made over TCP and over XTCP in the same process,
 * step by step.  What the calls return, and errno, must be the same: a program
 * that knows TCP's errors knows XTCP's.
 *
 * A situation is a function.  R() notes what a call returned; FD() does so for
 * a call that returns a descriptor, and gives it back.  With -v the notes are
 * printed for those that pass, too.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <kselftest.h>
#include "xtcp_test.h"

#define SITUATION_TIMEOUT_S 120
#define BAD ((void *)8)

struct run {
	struct xt x;
	char notes[2000];
};

struct situation {
	const char *name;
	void (*fn)(struct run *r);
	unsigned int families;	/* bit 0: the AF_XTCP doors, bit 1: AF_INET* */
	struct situation *next;
};

static struct situation *first, **last = &first;

#define SITUATION_FOR(which, id)					\
	static void id(struct run *r);					\
	static void __attribute__((constructor)) add_##id(void)	\
	{								\
		static struct situation s = { #id, id, which, NULL };	\
									\
		*last = &s;						\
		last = &s.next;						\
	}								\
	static void id(struct run *r)

#define SITUATION(id) SITUATION_FOR(3, id)
/* AF_XTCP takes addresses of both families, so it cannot be compared here. */
#define SITUATION_INET(id) SITUATION_FOR(2, id)

static long note(struct run *r, long value, int err)
{
	size_t at = strlen(r->notes);

	if (value == -1)
		snprintf(r->notes + at, sizeof(r->notes) - at, " %s",
			 strerrorname_np(err));
	else
		snprintf(r->notes + at, sizeof(r->notes) - at, " %ld", value);
	return value;
}

static long note_fd(struct run *r, long fd, int err)
{
	note(r, fd < 0 ? -1 : 0, err);
	return fd;
}

#define NOTE(how, call)							\
	({								\
		long value_;						\
									\
		errno = 0;						\
		value_ = (long)(call);					\
		how(r, value_, errno);					\
	})
#define R(call)		NOTE(note, call)
#define FD(call)	NOTE(note_fd, call)

/* What most situations begin with. */
static int sock(struct run *r)
{
	return xt_socket(&r->x, 0);
}

static int bound(struct run *r, uint16_t port)
{
	int fd = sock(r);

	R(xt_bind(&r->x, fd, port));
	return fd;
}

static int listening(struct run *r, uint16_t *port)
{
	*port = 0;
	return xt_listener(&r->x, 8, port);
}

static void pair(struct run *r, int fd[2])
{
	if (xt_pair(&r->x, fd))
		R(-1);
}

/* A connection whose peer has sent RST, and we have seen it. */
static int reset(struct run *r)
{
	struct linger linger = { .l_onoff = 1 };
	int fd[2];

	pair(r, fd);
	setsockopt(fd[1], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(fd[1]);
	xt_wait_state(fd[0], XTCP_CLOSE);
	return fd[0];
}

/* A way to nowhere: neighbours that nobody has. */
static void black_hole(const struct xt *x, union xt_addr *a)
{
	xt_parse(x, a, "192.0.2.2", "2001:db8::2", 7);
	if (if_nametoindex("hole"))
		return;
	if (system("ip link add hole type veth peer name drain && "
		   "ip link set hole up && ip link set drain up && "
		   "ip addr add 192.0.2.1/24 brd + dev hole && "
		   "ip addr add 2001:db8::1/64 dev hole nodad && "
		   "ip neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev hole && "
		   "ip neigh add 2001:db8::2 lladdr 02:00:00:00:00:02 dev hole && "
		   "ip route add default via 192.0.2.2 && "
		   "ip route add default via 2001:db8::2"))
		abort();
}

static int connecting(struct run *r)
{
	int fd = xt_socket(&r->x, SOCK_NONBLOCK);
	union xt_addr a;

	black_hole(&r->x, &a);
	R(connect(fd, &a.sa, sizeof(a)));
	return fd;
}

/* socket() */

SITUATION_FOR(1, socket__type_it_lacks)
{
	bool tcp = r->x.door == XT_TCP4 || r->x.door == XT_TCP6 || xt_over_tcp();

	FD(socket(r->x.domain, tcp ? SOCK_SEQPACKET : SOCK_DGRAM, 0));
	FD(socket(r->x.domain, SOCK_SEQPACKET, 0));
	FD(socket(r->x.domain, SOCK_RDM, 0));
}

SITUATION_FOR(2, socket__type_the_protocol_lacks)
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

SITUATION_INET(connect__family_unix_short)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = "x" };

	R(connect(sock(r), (void *)&a, 16));
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

/* Sending */

SITUATION(send__unconnected)
{
	int fd = sock(r);

	R(send(fd, "x", 1, 0));
	R(send(fd, "x", 1, MSG_NOSIGNAL));
	R(send(fd, "", 0, 0));
	R(write(fd, "x", 1));
}

SITUATION(send__bound_or_listening)
{
	uint16_t port;

	R(send(bound(r, 0), "x", 1, 0));
	R(send(listening(r, &port), "x", 1, 0));
}

SITUATION(send__unconnected_with_address)
{
	union xt_addr a;
	uint16_t port;
	socklen_t len;

	listening(r, &port);
	len = xt_addr(&r->x, &a, port);
	R(sendto(sock(r), "x", 1, 0, &a.sa, len));
}

SITUATION(send__connected_with_address)
{
	union xt_addr a;
	socklen_t len;
	int fd[2];

	pair(r, fd);
	len = xt_addr(&r->x, &a, 7000);
	R(sendto(fd[0], "x", 1, 0, &a.sa, len));
	R(sendto(fd[0], "x", 1, 0, &a.sa, 1));
	R(sendto(fd[0], "x", 1, 0, BAD, len));
}

SITUATION(send__connecting)
{
	int fd = connecting(r);

	R(send(fd, "x", 1, 0));
	R(recv(fd, (char[1]){}, 1, 0));
}

SITUATION(send__after_shutdown)
{
	int fd[2];

	pair(r, fd);
	R(shutdown(fd[0], SHUT_WR));
	R(send(fd[0], "x", 1, 0));
	R(send(fd[0], "", 0, 0));
	R(write(fd[0], "x", 1));
	R(xt_so_error(fd[0]));
}

SITUATION(send__after_reset)
{
	int fd = reset(r);

	R(send(fd, "x", 1, 0));
	R(send(fd, "x", 1, 0));
	R(recv(fd, (char[1]){}, 1, 0));
	R(xt_so_error(fd));
}

SITUATION(send__pointer)
{
	int fd[2];

	pair(r, fd);
	R(send(fd[0], BAD, 1, 0));
	R(send(fd[0], NULL, 1, 0));
	R(send(fd[0], BAD, 100000, 0));
	R(send(fd[0], NULL, 0, 0));
	R(send(fd[0], "still works", 11, 0));
	R(recv(fd[1], (char[11]){}, 11, MSG_WAITALL));
}

SITUATION(send__partly_bad_buffer)
{
	char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd[2];

	munmap(page + 4096, 4096);
	pair(r, fd);
	/* How much of it is taken is TCP's own affair; that some is, is not. */
	R(send(fd[0], page + 4000, 1000, 0) > 0);
}

SITUATION(send__flags)
{
	int fd[2];

	pair(r, fd);
	R(send(fd[0], "x", 1, MSG_MORE));
	R(send(fd[0], "x", 1, MSG_CONFIRM));
	R(send(fd[0], "x", 1, MSG_DONTROUTE));
	R(send(fd[0], "x", 1, MSG_EOR));
	R(send(fd[0], "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL));
	R(recv(fd[1], (char[5]){}, 5, MSG_WAITALL));
}

SITUATION(sendmsg__vectors)
{
	struct iovec iov[3] = { { "a", 1 }, { NULL, 0 }, { "b", 1 } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 3 };
	int fd[2];

	pair(r, fd);
	R(sendmsg(fd[0], &m, 0));
	m.msg_iovlen = 0;
	R(sendmsg(fd[0], &m, 0));
	m.msg_iovlen = UIO_MAXIOV + 1;
	R(sendmsg(fd[0], &m, 0));
	m.msg_iovlen = 1;
	m.msg_iov = BAD;
	R(sendmsg(fd[0], &m, 0));
	R(sendmsg(fd[0], BAD, 0));
	iov[0].iov_len = -1;
	m.msg_iov = iov;
	R(sendmsg(fd[0], &m, 0));
}

SITUATION(sendmsg__control)
{
	union {
		struct cmsghdr head;
		char room[64];
	} c = { };
	struct iovec iov = { "a", 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = &c, .msg_controllen = 24 };
	int fd[2];

	pair(r, fd);
	c.head.cmsg_len = 20;
	c.head.cmsg_level = SOL_SOCKET;
	c.head.cmsg_type = 9999;
	R(sendmsg(fd[0], &m, 0));
	c.head.cmsg_type = SCM_RIGHTS;
	R(sendmsg(fd[0], &m, 0));
	c.head.cmsg_len = 1;
	R(sendmsg(fd[0], &m, 0));
	c.head.cmsg_len = 20;
	c.head.cmsg_level = 9999;
	R(sendmsg(fd[0], &m, 0));
	m.msg_control = BAD;
	R(sendmsg(fd[0], &m, 0));
}

/* Receiving */

SITUATION(recv__unconnected)
{
	uint16_t port;
	char c;

	R(recv(sock(r), &c, 1, 0));
	R(recv(sock(r), &c, 0, 0));
	R(recv(bound(r, 0), &c, 1, 0));
	R(recv(listening(r, &port), &c, 1, 0));
	R(read(sock(r), &c, 1));
}

SITUATION(recv__pointer)
{
	int fd[2];
	char c;

	pair(r, fd);
	R(send(fd[0], "abc", 3, 0));
	xt_poll(fd[1], POLLIN, XT_SOON_MS);
	R(recv(fd[1], BAD, 1, 0));
	R(recv(fd[1], NULL, 1, 0));
	/* Nothing is lost by it. */
	R(recv(fd[1], &c, 1, 0));
	R(c);
}

SITUATION(recv__empty)
{
	int fd[2];
	char c;

	pair(r, fd);
	R(recv(fd[0], &c, 1, MSG_DONTWAIT));
	R(recv(fd[0], &c, 1, MSG_DONTWAIT | MSG_PEEK));
	R(recv(fd[0], &c, 1, MSG_DONTWAIT | MSG_TRUNC));
	R(recv(fd[0], &c, 1, MSG_DONTWAIT | MSG_WAITALL));
	R(recv(fd[0], BAD, 1, MSG_DONTWAIT));
	R(recv(fd[0], &c, 1, MSG_ERRQUEUE));
	R(recv(fd[0], &c, 1, MSG_ERRQUEUE | MSG_DONTWAIT));
}

SITUATION(recv__oob_empty)
{
	int fd[2];
	char c;

	pair(r, fd);
	R(recv(fd[0], &c, 1, MSG_OOB));
	R(xt_set(fd[0], SOL_SOCKET, SO_OOBINLINE, 1));
	R(recv(fd[0], &c, 1, MSG_OOB));
	R(recv(sock(r), &c, 1, MSG_OOB));
}

SITUATION(recv__after_shutdown)
{
	int fd[2];
	char c;

	pair(r, fd);
	R(shutdown(fd[0], SHUT_RD));
	R(recv(fd[0], &c, 1, 0));
	R(recv(fd[0], &c, 1, MSG_DONTWAIT));
	R(recv(fd[0], &c, 1, MSG_PEEK));
}

SITUATION(recv__after_reset)
{
	int fd = reset(r);
	char c;

	R(recv(fd, &c, 1, 0));
	R(recv(fd, &c, 1, 0));
	R(recv(fd, &c, 1, MSG_PEEK));
	R(send(fd, "x", 1, 0));
}

/* Data that came before the FIN, and what the end looks like. */
SITUATION(recv__at_the_end)
{
	int fd[2];
	char buf[8];

	pair(r, fd);
	R(send(fd[0], "abc", 3, 0));
	close(fd[0]);
	xt_wait_state(fd[1], XTCP_CLOSE_WAIT);
	R(recv(fd[1], buf, 8, MSG_PEEK));
	R(recv(fd[1], buf, 8, MSG_WAITALL));
	R(recv(fd[1], buf, 8, 0));
	R(recv(fd[1], buf, 8, MSG_DONTWAIT));
	R(recv(fd[1], buf, 8, MSG_PEEK | MSG_DONTWAIT));
}

SITUATION(recvfrom__address)
{
	union xt_addr a = { };
	socklen_t len = sizeof(a);
	int fd[2];
	char c;

	pair(r, fd);
	R(send(fd[0], "ab", 2, 0));
	R(recvfrom(fd[1], &c, 1, 0, &a.sa, &len));
	R(len);
	R(recvfrom(fd[1], &c, 1, 0, &a.sa, BAD));
}

SITUATION(recvmsg__pointers)
{
	struct iovec iov = { BAD, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fd[2];

	pair(r, fd);
	R(send(fd[0], "ab", 2, 0));
	xt_poll(fd[1], POLLIN, XT_SOON_MS);
	R(recvmsg(fd[1], BAD, 0));
	R(recvmsg(fd[1], &m, 0));
	m.msg_iov = BAD;
	R(recvmsg(fd[1], &m, 0));
	m.msg_iovlen = UIO_MAXIOV + 1;
	R(recvmsg(fd[1], &m, 0));
}

/* shutdown() */

SITUATION(shutdown__unconnected)
{
	int how;

	for (how = -1; how < 4; how++) {
		R(shutdown(sock(r), how));
		R(shutdown(bound(r, 0), how));
	}
}

SITUATION(shutdown__how)
{
	int fd[2];

	pair(r, fd);
	R(shutdown(fd[0], -1));
	R(shutdown(fd[0], 3));
	R(shutdown(fd[0], 100));
}

SITUATION(shutdown__twice)
{
	int fd[2];

	pair(r, fd);
	R(shutdown(fd[0], SHUT_WR));
	R(shutdown(fd[0], SHUT_WR));
	R(shutdown(fd[0], SHUT_RD));
	R(shutdown(fd[0], SHUT_RDWR));
}

SITUATION(shutdown__after_the_end)
{
	int fd[2];

	pair(r, fd);
	R(shutdown(fd[0], SHUT_WR));
	R(shutdown(fd[1], SHUT_WR));
	R(xt_wait_state(fd[0], XTCP_CLOSE));
	R(shutdown(fd[0], SHUT_RDWR));
	R(shutdown(reset(r), SHUT_WR));
}

SITUATION(shutdown__listening)
{
	uint16_t port;

	R(shutdown(listening(r, &port), SHUT_RD));
	R(shutdown(listening(r, &port), SHUT_WR));
	R(shutdown(listening(r, &port), SHUT_RDWR));
}

SITUATION(shutdown__connecting)
{
	int fd = connecting(r);

	R(shutdown(fd, SHUT_WR));
	R(xt_so_error(fd));
	R(xt_connect(&r->x, fd, 7000));
}

/* Options */

static const int tcp_options[] = {
	TCP_NODELAY, TCP_MAXSEG, TCP_CORK, TCP_KEEPIDLE, TCP_KEEPINTVL,
	TCP_KEEPCNT, TCP_SYNCNT, TCP_LINGER2, TCP_DEFER_ACCEPT,
	TCP_WINDOW_CLAMP, TCP_QUICKACK, TCP_USER_TIMEOUT, TCP_NOTSENT_LOWAT,
};

#define EACH_TCP_OPTION(name)						\
	for (size_t i = 0, name; i < ARRAY_SIZE(tcp_options) &&		\
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
		if (name == TCP_MAXSEG || name == TCP_WINDOW_CLAMP)
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(values); k++)
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

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
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

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		R(xt_set(fd, IPPROTO_TCP, TCP_LINGER2, values[i]));
		R(xt_get(fd, IPPROTO_TCP, TCP_LINGER2));
	}
}

SITUATION(setsockopt__maxseg)
{
	static const int values[] = { -1, 0, 1, 10, 87, 88, 1000, 32767, 32768,
				      65535, 65536, 0x7fffffff };

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
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

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
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

/* ioctl() and what else a descriptor can do */

SITUATION(ioctl__queues)
{
	uint16_t port;
	int n = 0, fd[2], listener = listening(r, &port);

	R(ioctl(sock(r), SIOCINQ, &n));
	R(n);
	R(ioctl(sock(r), SIOCOUTQ, &n));
	R(n);
	R(ioctl(listener, SIOCINQ, &n));
	R(ioctl(listener, SIOCOUTQ, &n));
	R(ioctl(listener, SIOCOUTQNSD, &n));
	pair(r, fd);
	R(ioctl(fd[0], SIOCINQ, BAD));
	R(ioctl(fd[0], SIOCOUTQ, BAD));
	R(ioctl(fd[0], SIOCATMARK, &n));
	R(n);
	R(ioctl(reset(r), SIOCINQ, &n));
}

SITUATION(ioctl__end_of_stream)
{
	int n = -1, fd[2];

	pair(r, fd);
	R(send(fd[0], "abc", 3, 0));
	close(fd[0]);
	xt_wait_state(fd[1], XTCP_CLOSE_WAIT);
	R(ioctl(fd[1], FIONREAD, &n));
	R(n);
	R(recv(fd[1], (char[3]){}, 3, MSG_WAITALL));
	R(ioctl(fd[1], FIONREAD, &n));
	R(n);
}

SITUATION(ioctl__unknown)
{
	struct ifreq ifr = { .ifr_ifindex = 9999 };
	struct termios t;
	int fd = sock(r);

	R(ioctl(fd, TCGETS, &t));
	R(ioctl(fd, 0x12345678, &t));
	R(ioctl(fd, 0x89ef, &t));
	R(ioctl(fd, SIOCGIFNAME, &ifr));
	R(ioctl(fd, SIOCGIFNAME, BAD));
	ifr.ifr_ifindex = 1;
	R(ioctl(fd, SIOCGIFNAME, &ifr));
	R(ioctl(fd, FIONBIO, BAD));
}

SITUATION(ioctl__interface)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	int fd = sock(r);

	R(ioctl(fd, SIOCGIFINDEX, &ifr));
	R(ifr.ifr_ifindex);
	R(ioctl(fd, SIOCGIFFLAGS, &ifr));
	R(ioctl(fd, SIOCGIFMTU, &ifr));
	strcpy(ifr.ifr_name, "none0");
	R(ioctl(fd, SIOCGIFINDEX, &ifr));
}

SITUATION(file__operations)
{
	int fd = sock(r);
	char c;

	R(lseek(fd, 0, SEEK_CUR));
	R(pread(fd, &c, 1, 0));
	R(pwrite(fd, &c, 1, 0));
	R(fsync(fd));
	R(ftruncate(fd, 0));
	R(fallocate(fd, 0, 0, 1));
	R(flock(fd, 1));
}

SITUATION(sendfile__odd)
{
	int file = memfd_create("file", 0), fd[2];
	off_t at = 0;

	R(ftruncate(file, 100));
	R(sendfile(sock(r), file, &at, 100));
	pair(r, fd);
	R(sendfile(fd[0], file, &at, 0));
	at = 50;
	R(sendfile(fd[0], file, &at, 100));
	R(at);
	R(sendfile(fd[0], file, &at, 100));
	at = -1;
	R(sendfile(fd[0], file, &at, 100));
	R(sendfile(fd[0], fd[1], NULL, 100));
	R(sendfile(file, fd[0], NULL, 100));
	R(shutdown(fd[0], SHUT_WR));
	at = 0;
	R(sendfile(fd[0], file, &at, 100));
}

SITUATION(splice__odd)
{
	uint16_t port;
	int p[2], fd[2];
	loff_t at = 0;

	if (pipe(p))
		abort();
	R(splice(sock(r), NULL, p[1], NULL, 10, 0));
	R(splice(listening(r, &port), NULL, p[1], NULL, 10, 0));
	pair(r, fd);
	R(splice(fd[0], &at, p[1], NULL, 10, 0));
	R(splice(fd[0], NULL, fd[1], NULL, 10, 0));
	xt_nonblock(fd[0], true);
	R(splice(fd[0], NULL, p[1], NULL, 10, 0));
	R(splice(fd[0], NULL, p[1], NULL, 0, 0));
	R(write(p[1], "x", 1));
	R(shutdown(fd[0], SHUT_WR));
	R(splice(p[0], NULL, fd[0], NULL, 1, 0));
	close(fd[1]);
	xt_poll(fd[0], POLLIN, XT_SOON_MS);
	R(splice(fd[0], NULL, p[1], NULL, 10, 0));
}

SITUATION(poll__every_state)
{
	short all = POLLIN | POLLOUT | POLLPRI | POLLRDHUP;
	uint16_t port;
	int fd[2];

	pair(r, fd);
	R(xt_poll(sock(r), all, 0));
	R(xt_poll(bound(r, 0), all, 0));
	R(xt_poll(listening(r, &port), all, 0));
	R(xt_poll(fd[0], all, 0));
	R(xt_poll(reset(r), all, 0));
	R(shutdown(fd[0], SHUT_WR));
	R(xt_wait_state(fd[0], XTCP_FIN_WAIT2));
	R(xt_poll(fd[0], all, 0));
	R(xt_wait_state(fd[1], XTCP_CLOSE_WAIT));
	R(xt_poll(fd[1], all, 0));
	R(shutdown(fd[1], SHUT_WR));
	R(xt_wait_state(fd[1], XTCP_CLOSE));
	R(xt_poll(fd[1], all, 0));
	R(xt_poll(connecting(r), all, 0));
}

/* Running them */

static void run_one(struct run *r, const struct situation *s, enum xt_door door)
{
	xt_door(&r->x, door);
	s->fn(r);
}

/* 0: alike; else what went wrong is in @shared's notes, or nothing was. */
static int run_both(const struct situation *s, struct run *shared,
		    enum xt_door tcp, enum xt_door door)
{
	int status;
	pid_t pid;

	memset(shared, 0, 2 * sizeof(*shared));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		signal(SIGPIPE, SIG_IGN);
		if (xt_new_netns())
			_exit(1);
		alarm(SITUATION_TIMEOUT_S);
		run_one(&shared[0], s, tcp);
		/* TCP's ports and XTCP's are apart, TCP's and TCP's are not. */
		if (xt_over_tcp() && xt_new_netns())
			_exit(1);
		run_one(&shared[1], s, door);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		printf("# %s: does not end\n", s->name);
	if (status)
		return -1;
	return strcmp(shared[0].notes, shared[1].notes);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		enum xt_door tcp, door;
	} doors[] = {
		{ "ipv4", XT_TCP4, XT_IPV4 },
		{ "ipv6", XT_TCP6, XT_IPV6 },
		{ "inet", XT_TCP4, XT_INET },
		{ "inet6", XT_TCP6, XT_INET6 },
	};
	bool verbose = argc > 1 && !strcmp(argv[1], "-v");
	const char *only = argc > 1 && !verbose ? argv[1] : NULL;
	struct situation *s;
	struct run *shared;
	unsigned int plan = 0;
	size_t i;

	shared = mmap(NULL, 2 * sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return KSFT_FAIL;
	ksft_print_header();
	for (i = 0; i < ARRAY_SIZE(doors); i++)
		for (s = first; s; s = s->next)
			if (s->families & (i < 2 ? 1 : 2))
				plan += !only || strstr(s->name, only);
	ksft_set_plan(plan);
	for (i = 0; i < ARRAY_SIZE(doors); i++) {
		for (s = first; s; s = s->next) {
			int diff;

			if (!(s->families & (i < 2 ? 1 : 2)) ||
			    (only && !strstr(s->name, only)))
				continue;
			diff = run_both(s, shared, doors[i].tcp, doors[i].door);
			if (diff || verbose) {
				printf("# %s.%s:\n", doors[i].name, s->name);
				printf("#   TCP: %s\n", shared[0].notes);
				printf("#   XTCP:%s\n", shared[1].notes);
			}
			ksft_test_result(!diff, "%s.%s\n", doors[i].name,
					 s->name);
		}
	}
	ksft_finished();
}
