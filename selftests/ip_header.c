// SPDX-License-Identifier: GPL-2.0
/*
 * What a program sets with IP_TOS, IP_TTL, SO_MARK, SO_PRIORITY and their IPv6
 * relatives, on every kind of segment: the same conversation is held over TCP and
 * over XTCP, and each kind of packet must carry the same with both.
 *
 * A packet socket on the loopback sees the headers; filters of its kind tell the
 * mark.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/in6.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <kselftest_harness.h>
#include "xtcp_test.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

#define PORT	5000
#define CLOSED	5001
#define LABEL	0x54321

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define ACK 0x10

XT_FIXTURE_IP(ip_header);

/* ---- what goes over the loopback ---- */

#define MARKS 3		/* none, the client's, the server's */

static const int marks[MARKS] = { 0, 7, 9 };

struct capture {
	int fd[MARKS];
};

/* Packets with this mark; or, for 0, without any. */
static int capture_one(int mark)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, SKF_AD_OFF + SKF_AD_MARK),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, mark, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog filter = { .len = 4, .filter = code };
	struct sockaddr_ll all = { .sll_family = AF_PACKET,
				   .sll_protocol = htons(ETH_P_ALL),
				   .sll_ifindex = 1 };
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	/* Room for all of it: it is read in the end. */
	if (fd < 0 || xt_set(fd, SOL_SOCKET, SO_RCVBUFFORCE, 1 << 22) ||
	    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter,
		       sizeof(filter)) ||
	    bind(fd, (struct sockaddr *)&all, sizeof(all)))
		return -1;
	return fd;
}

static int capture_start(struct capture *c)
{
	int i;

	for (i = 0; i < MARKS; i++) {
		c->fd[i] = capture_one(marks[i]);
		if (c->fd[i] < 0)
			return -1;
	}
	return 0;
}

enum kind {
	CLIENT_SYN,
	SERVER_SYNACK,
	CLIENT_ACK,
	SERVER_ACK,
	CLIENT_DATA,
	SERVER_DATA,
	CLIENT_FIN,
	SERVER_FIN,
	CLIENT_ABORT,
	SERVER_ABORT,
	CLIENT_LATE_RST,
	SERVER_LATE_RST,
	NOBODYS_RST,
	KINDS
};

static const char * const kind_name[KINDS] = {
	"client's SYN", "server's SYN|ACK", "client's ACK", "server's ACK",
	"client's data", "server's data", "client's FIN", "server's FIN",
	"client's RST", "server's RST", "RST for a client that left",
	"RST for a server that left", "RST of a closed port",
};

/* What packets of one kind carried. */
struct carried {
	int seen, tos, ttl, mark, label;
	bool differ;	/* among themselves */
};

static enum kind kind_of(int sport, int flags, bool data)
{
	bool server = sport == PORT;

	if (flags & RST)
		return sport == CLOSED ? NOBODYS_RST :
		       flags & ACK ? (server ? SERVER_ABORT : CLIENT_ABORT) :
				     (server ? SERVER_LATE_RST : CLIENT_LATE_RST);
	if (flags & SYN)
		return flags & ACK ? SERVER_SYNACK : CLIENT_SYN;
	if (flags & FIN)
		return server ? SERVER_FIN : CLIENT_FIN;
	if (data)
		return server ? SERVER_DATA : CLIENT_DATA;
	return server ? SERVER_ACK : CLIENT_ACK;
}

/* Of an IP header: the rest of the packet, or NULL when it is not @protocol. */
static const uint8_t *read_ip(const uint8_t *p, int protocol, int *len,
			      struct carried *c)
{
	if (p[0] >> 4 == 4) {
		const struct iphdr *ip = (const void *)p;

		c->tos = ip->tos & ~3;	/* ECN is the transport's */
		c->ttl = ip->ttl;
		*len = ntohs(ip->tot_len) - ip->ihl * 4;
		return ip->protocol == protocol ? p + ip->ihl * 4 : NULL;
	}
	c->tos = ((p[0] << 4 | p[1] >> 4) & 0xff) & ~3;
	c->ttl = p[7];
	/* Labels that the kernel makes up are random. */
	c->label = ((p[1] & 0xf) << 16 | p[2] << 8 | p[3]) == LABEL;
	*len = p[4] << 8 | p[5];
	return p[6] == protocol ? p + 40 : NULL;
}

static void note(struct carried *all, const struct carried *c, enum kind k)
{
	struct carried *known = &all[k];

	if (known->seen++) {
		known->differ |= known->tos != c->tos || known->ttl != c->ttl ||
				 known->mark != c->mark ||
				 known->label != c->label;
		return;
	}
	*known = *c;
	known->seen = 1;
}

/* Everything so far, sorted by kind. */
static void capture_end(struct capture *cap, int protocol, struct carried *all)
{
	uint8_t packet[2048];
	int i, n;

	for (i = 0; i < MARKS; i++) {
		struct sockaddr_ll from;
		socklen_t len = sizeof(from);

		while ((n = recvfrom(cap->fd[i], packet, sizeof(packet), 0,
				     (struct sockaddr *)&from, &len)) > 0) {
			struct carried c = { .mark = marks[i] };
			const uint8_t *p;
			int hlen, rest;

			if (from.sll_pkttype != PACKET_OUTGOING)
				continue;
			p = read_ip(packet, protocol, &rest, &c);
			if (!p)
				continue;
			hlen = protocol == IPPROTO_TCP ? (p[12] >> 4) * 4 :
							 p[12] * 4;
			note(all, &c, kind_of(p[0] << 8 | p[1], p[13],
					      rest > hlen));
		}
		close(cap->fd[i]);
	}
}

/* ---- the conversation ---- */

/* Which sockets set something; the rest is the kernel's own choice. */
struct wishes {
	bool client, server;
};

static int wish(const struct xt *x, int fd, int tos, int ttl, int mark)
{
	bool v6 = x->family == AF_INET6;

	if (xt_set(fd, SOL_SOCKET, SO_MARK, mark))
		return -1;
	if (v6)
		return xt_set(fd, SOL_IPV6, IPV6_TCLASS, tos) ||
		       xt_set(fd, SOL_IPV6, IPV6_UNICAST_HOPS, ttl);
	return xt_set(fd, SOL_IP, IP_TOS, tos) || xt_set(fd, SOL_IP, IP_TTL, ttl);
}

static int lease_label(int fd, union xt_addr *a, int share)
{
	struct in6_flowlabel_req req = {
		.flr_label = htonl(LABEL),
		.flr_action = IPV6_FL_A_GET,
		.flr_share = share,
		.flr_flags = IPV6_FL_F_CREATE,
	};

	memcpy(&req.flr_dst, &a->in6.sin6_addr, sizeof(req.flr_dst));
	a->in6.sin6_flowinfo = req.flr_label;
	return setsockopt(fd, SOL_IPV6, IPV6_FLOWLABEL_MGR, &req, sizeof(req)) ||
	       xt_set(fd, SOL_IPV6, IPV6_FLOWINFO_SEND, 1);
}

static int client_socket(const struct xt *x, const struct wishes *w,
			 union xt_addr *a, uint16_t port)
{
	int fd = xt_socket(x, 0);

	xt_addr(x, a, port);
	if (fd < 0 || (w->client && wish(x, fd, 0x28, 40, marks[1])))
		return -1;
	if (w->client && x->family == AF_INET6 && lease_label(fd, a, IPV6_FL_S_ANY))
		return -1;
	return fd;
}

static int connected(const struct xt *x, const struct wishes *w, int listener,
		     int fd[2])
{
	union xt_addr a;
	char c;

	fd[0] = client_socket(x, w, &a, PORT);
	if (fd[0] < 0 || connect(fd[0], &a.sa, sizeof(a.in6)))
		return -1;
	fd[1] = accept(listener, NULL, NULL);
	if (fd[1] < 0 || write(fd[0], "?", 1) != 1 || read(fd[1], &c, 1) != 1 ||
	    write(fd[1], "!", 1) != 1 || read(fd[0], &c, 1) != 1)
		return -1;
	return 0;
}

/* Every kind of segment at least once. */
static int conversation(const struct xt *x, const struct wishes *w)
{
	struct linger now = { .l_onoff = 1 };
	int listener, fd[2], i;
	uint16_t port = PORT;
	union xt_addr a;
	char c;

	listener = xt_listener(x, 8, &port);
	if (listener < 0 ||
	    (w->server && wish(x, listener, 0x48, 50, marks[2])))
		return -1;
	/* to its end in peace */
	if (connected(x, w, listener, fd) || shutdown(fd[0], SHUT_WR) ||
	    read(fd[1], &c, 1) || close(fd[1]) || read(fd[0], &c, 1) ||
	    close(fd[0]))
		return -2;
	/* broken off by either end */
	for (i = 0; i < 2; i++) {
		if (connected(x, w, listener, fd) ||
		    setsockopt(fd[i], SOL_SOCKET, SO_LINGER, &now, sizeof(now)) ||
		    close(fd[i]) || xt_poll(fd[!i], POLLIN, XT_SOON_MS) < 0 ||
		    close(fd[!i]))
			return -3;
	}
	/* data for one who has left */
	for (i = 0; i < 2; i++) {
		if (connected(x, w, listener, fd) || close(fd[i]) ||
		    read(fd[!i], &c, 1) || write(fd[!i], "x", 1) != 1 ||
		    !(xt_poll(fd[!i], 0, XT_SOON_MS) & POLLHUP) || close(fd[!i]))
			return -4;
	}
	close(listener);
	fd[0] = client_socket(x, w, &a, CLOSED);
	if (!connect(fd[0], &a.sa, sizeof(a.in6)) || errno != ECONNREFUSED)
		return -5;
	return close(fd[0]);
}

static void show(const char *protocol, const struct carried *c)
{
	int k;

	for (k = 0; k < KINDS; k++)
		printf("# %-5s %-26s %3d seen, TOS %02x, TTL %d, mark %d%s%s\n",
		       protocol, kind_name[k], c[k].seen, c[k].tos, c[k].ttl,
		       c[k].mark, c[k].label ? ", label" : "",
		       c[k].differ ? ", not always" : "");
}

/* ---- TCP and XTCP ---- */

struct both {
	struct carried tcp[KINDS], xtcp[KINDS];
};

static bool same(const struct carried *a, const struct carried *b)
{
	return a->tos == b->tos && a->ttl == b->ttl && a->mark == b->mark &&
	       a->label == b->label && a->differ == b->differ;
}

/* A bare ACK need not have been sent; all other kinds must. */
static bool kind_same(const struct both *b, enum kind k)
{
	if (!b->tcp[k].seen || !b->xtcp[k].seen)
		return k == CLIENT_ACK || k == SERVER_ACK;
	return same(&b->tcp[k], &b->xtcp[k]);
}

static bool all_same(const struct both *b)
{
	int k;

	for (k = 0; k < KINDS; k++)
		if (!kind_same(b, k))
			return false;
	return true;
}

static int held_over(const struct xt *x, int protocol, const struct wishes *w,
		     struct carried *c)
{
	struct capture cap;
	int ret;

	memset(c, 0, KINDS * sizeof(*c));
	if (capture_start(&cap))
		return -1;
	ret = conversation(x, w);
	capture_end(&cap, protocol, c);
	return ret;
}

/*
 * Both in the same namespace, one after the other.  Where the machine was late, a
 * repeated segment may have met a RST more: then they are heard again.
 */
static int hold_both(const struct xt *x, const struct wishes *w, struct both *b)
{
	struct xt t;
	int try, ret = 0;

	xt_door(&t, x->family == AF_INET ? XT_TCP4 : XT_TCP6);
	for (try = 0; try < 5 && !ret; try++) {
		ret = held_over(&t, IPPROTO_TCP, w, b->tcp);
		if (!ret)
			ret = 10 * held_over(x, IPPROTO_XTCP, w, b->xtcp);
		if (!ret && all_same(b))
			break;
	}
	return ret;
}

#define SAME_AS_TCP(...)						\
	do {								\
		struct wishes w = { __VA_ARGS__ };			\
		struct both b;						\
		int k;							\
									\
		if (xt_over_tcp())					\
			SKIP(return, "compares with TCP by itself");	\
		ASSERT_EQ(0, hold_both(&self->x, &w, &b))		\
			TH_LOG("%s", strerror(errno));			\
		for (k = 0; k < KINDS; k++) {				\
			EXPECT_TRUE(kind_same(&b, k))			\
				TH_LOG("%s", kind_name[k]);		\
		}							\
		show("TCP", b.tcp);					\
		show("XTCP", b.xtcp);					\
	} while (0)

TEST_F(ip_header, nothing_set__as_tcp)
{
	SAME_AS_TCP(0);
}

TEST_F(ip_header, set_by_the_client__as_tcp)
{
	SAME_AS_TCP(.client = true);
}

TEST_F(ip_header, set_by_the_server__as_tcp)
{
	SAME_AS_TCP(.server = true);
}

TEST_F(ip_header, set_by_both__as_tcp)
{
	SAME_AS_TCP(.client = true, .server = true);
}

/* The mark of what came is that of the answers, if the administrator says so. */
TEST_F(ip_header, marks_reflected__as_tcp)
{
	ASSERT_EQ(0, xt_write_file("/proc/sys/net/ipv4/fwmark_reflect", "1"));
	ASSERT_EQ(0, xt_write_file("/proc/sys/net/ipv6/fwmark_reflect", "1"));
	SAME_AS_TCP(.client = true);
}

TEST_F(ip_header, marks_accepted__as_tcp)
{
	ASSERT_EQ(0, xt_write_file("/proc/sys/net/ipv4/tcp_fwmark_accept", "1"));
	SAME_AS_TCP(.client = true);
}

/* A label that nobody leased is refused. */
TEST_F(ip_header, label__must_be_leased)
{
	union xt_addr a;
	socklen_t len = xt_addr(&self->x, &a, PORT);
	int fd = xt_socket(&self->x, 0);

	if (self->x.family != AF_INET6)
		SKIP(return, "IPv6's own");
	ASSERT_EQ(0, xt_set(fd, SOL_IPV6, IPV6_FLOWINFO_SEND, 1));
	/* As long as there is a lease at all that is not for anybody. */
	ASSERT_EQ(0, lease_label(xt_socket(&self->x, 0), &a, IPV6_FL_S_EXCL));
	EXPECT_FAILS(EINVAL, connect(fd, &a.sa, len));
}

/* ---- SO_PRIORITY ---- */

/*
 * A priority that names a class of htb's means that class: 1:2 is a hole in the
 * ground.  So whatever carries it never arrives.
 */
#define LOST 0x10002

static int priority(int fd, int value)
{
	return xt_set(fd, SOL_SOCKET, SO_PRIORITY, value);
}

static bool all_acknowledged(int fd)
{
	long long end = xt_now_ms() + XT_SOON_MS;
	int unsent;

	while (!ioctl(fd, SIOCOUTQ, &unsent) && unsent) {
		if (xt_now_ms() > end)
			return false;
		xt_sleep_ms(5);
	}
	return true;
}

#define A_HOLE()							\
	do {								\
		if (system("exec 2>/dev/null; "				\
			   "tc qdisc add dev lo root handle 1: htb default 1 && " \
			   "tc class add dev lo parent 1: classid 1:1 htb rate 10gbit && " \
			   "tc class add dev lo parent 1: classid 1:2 htb rate 10gbit && " \
			   "tc qdisc add dev lo parent 1:2 blackhole"))	\
			SKIP(return, "no htb");				\
	} while (0)

TEST_F(ip_header, priority__on_syn_and_synack)
{
	uint16_t port = PORT;
	int listener, fd[2], i;

	A_HOLE();
	listener = xt_listener(&self->x, 8, &port);
	ASSERT_LE(0, listener);
	for (i = 0; i < 2; i++) {
		fd[0] = xt_socket(&self->x, SOCK_NONBLOCK);
		ASSERT_EQ(0, priority(i ? listener : fd[0], LOST));
		EXPECT_FAILS(EINPROGRESS, xt_connect(&self->x, fd[0], PORT));
		EXPECT_EQ(0, xt_poll(fd[0], POLLOUT, XT_QUIET_MS));
		ASSERT_EQ(0, priority(i ? listener : fd[0], 0));
		EXPECT_EQ(POLLOUT, xt_poll(fd[0], POLLOUT, XT_SOON_MS));
		EXPECT_EQ(0, xt_so_error(fd[0]));
		close(fd[0]);
	}
}

TEST_F(ip_header, priority__on_data_of_both_ends)
{
	int fd[2], i;
	char c;

	A_HOLE();
	XT_PAIR(fd);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, priority(fd[i], LOST));
		EXPECT_EQ(1, write(fd[i], "x", 1));
		EXPECT_EQ(0, xt_poll(fd[!i], POLLIN, XT_QUIET_MS));
		ASSERT_EQ(0, priority(fd[i], 0));
		EXPECT_EQ(1, read(fd[!i], &c, 1));
	}
}

TEST_F(ip_header, priority__on_fin_and_rst)
{
	struct linger now = { .l_onoff = 1 };
	int fd[2];
	char c;

	A_HOLE();
	XT_PAIR(fd);
	ASSERT_EQ(0, priority(fd[0], LOST));
	ASSERT_EQ(0, shutdown(fd[0], SHUT_WR));
	EXPECT_EQ(0, xt_poll(fd[1], POLLIN, XT_QUIET_MS));
	ASSERT_EQ(0, priority(fd[0], 0));
	EXPECT_EQ(0, read(fd[1], &c, 1));

	/* Nothing must be under way that a RST would answer. */
	XT_PAIR(fd);
	ASSERT_EQ(1, write(fd[0], "?", 1));
	ASSERT_EQ(1, read(fd[1], &c, 1));
	ASSERT_EQ(1, write(fd[1], "!", 1));
	ASSERT_TRUE(all_acknowledged(fd[1]));
	ASSERT_EQ(0, priority(fd[0], LOST));
	ASSERT_EQ(0, setsockopt(fd[0], SOL_SOCKET, SO_LINGER, &now,
				sizeof(now)));
	ASSERT_EQ(0, close(fd[0]));
	EXPECT_EQ(0, xt_poll(fd[1], POLLIN, XT_QUIET_MS));
	/* A RST that no socket sends has no priority either. */
	EXPECT_EQ(1, write(fd[1], "x", 1));
	EXPECT_EQ(POLLIN | POLLERR | POLLHUP,
		  xt_poll(fd[1], POLLIN, XT_SOON_MS));
}

/* ---- how far away the peer may be (RFC 5082) ---- */

TEST_F(ip_header, distance__only_from_near)
{
	bool v6 = self->x.family == AF_INET6;
	int listener, fd;
	uint16_t port = PORT;

	listener = xt_listener(&self->x, 8, &port);
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, v6 ? xt_set(listener, SOL_IPV6, IPV6_MINHOPCOUNT, 64) :
			  xt_set(listener, SOL_IP, IP_MINTTL, 64));
	fd = xt_socket(&self->x, 0);
	ASSERT_EQ(0, xt_connect(&self->x, fd, PORT));
	close(fd);
	fd = xt_socket(&self->x, SOCK_NONBLOCK);
	ASSERT_EQ(0, v6 ? xt_set(fd, SOL_IPV6, IPV6_UNICAST_HOPS, 63) :
			  xt_set(fd, SOL_IP, IP_TTL, 63));
	EXPECT_FAILS(EINPROGRESS, xt_connect(&self->x, fd, PORT));
	EXPECT_EQ(0, xt_poll(fd, POLLOUT, XT_QUIET_MS));
	/* Near enough after all: the next SYN gets through. */
	ASSERT_EQ(0, v6 ? xt_set(fd, SOL_IPV6, IPV6_UNICAST_HOPS, 64) :
			  xt_set(fd, SOL_IP, IP_TTL, 64));
	EXPECT_EQ(POLLOUT, xt_poll(fd, POLLOUT, XT_SOON_MS));
	EXPECT_EQ(0, xt_so_error(fd));
}

TEST_HARNESS_MAIN
