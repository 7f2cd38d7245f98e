// SPDX-License-Identifier: GPL-2.0
/*
 * Socket options: each one that programs use, set and got alike, with TCP's
 * limits.  What the wrong uses answer is compared in errno_compare.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/un.h>

#include <kselftest_harness.h>
#include "xtcp_test.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

XT_FIXTURE(sockopt);

#define EXPECT_SET_GET(fd, level, name, value)				\
	do {								\
		EXPECT_EQ(0, xt_set(fd, level, name, value))		\
			TH_LOG(#name ": %s", strerror(errno));		\
		EXPECT_EQ(value, xt_get(fd, level, name));		\
	} while (0)

TEST_F(sockopt, socket__identity)
{
	int fd = xt_socket(&self->x, 0);

	EXPECT_EQ(SOCK_STREAM, xt_get(fd, SOL_SOCKET, SO_TYPE));
	EXPECT_LT(0, xt_get(fd, SOL_SOCKET, SO_PROTOCOL));
	if (xt_over_tcp())
		EXPECT_EQ(IPPROTO_TCP, xt_get(fd, SOL_SOCKET, SO_PROTOCOL));
	EXPECT_EQ(0, xt_get(fd, SOL_SOCKET, SO_ACCEPTCONN));
	ASSERT_EQ(0, listen(fd, 1));
	EXPECT_EQ(1, xt_get(fd, SOL_SOCKET, SO_ACCEPTCONN));
}

/* What language runtimes ask, to know which addresses a descriptor takes. */
TEST_F(sockopt, socket__domain_is_that_of_the_address)
{
	int fd[2];

	XT_PAIR(fd);
	EXPECT_EQ(self->x.family, xt_get(fd[0], SOL_SOCKET, SO_DOMAIN));
	EXPECT_EQ(self->x.family, xt_get(fd[1], SOL_SOCKET, SO_DOMAIN));
}

TEST_F(sockopt, socket__booleans)
{
	static const int names[] = { SO_REUSEADDR, SO_REUSEPORT, SO_KEEPALIVE,
				     SO_OOBINLINE, SO_DONTROUTE, SO_TIMESTAMP };
	int fd = xt_socket(&self->x, 0);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_EQ(0, xt_get(fd, SOL_SOCKET, names[i]));
		EXPECT_SET_GET(fd, SOL_SOCKET, names[i], 1);
		EXPECT_SET_GET(fd, SOL_SOCKET, names[i], 0);
	}
}

TEST_F(sockopt, socket__buffers)
{
	int fd = xt_socket(&self->x, 0);

	/* The kernel doubles, for its own use of the other half. */
	EXPECT_EQ(0, xt_set(fd, SOL_SOCKET, SO_RCVBUF, 30000));
	EXPECT_EQ(60000, xt_get(fd, SOL_SOCKET, SO_RCVBUF));
	EXPECT_EQ(0, xt_set(fd, SOL_SOCKET, SO_SNDBUF, 30000));
	EXPECT_EQ(60000, xt_get(fd, SOL_SOCKET, SO_SNDBUF));
	/* Too small is made the minimum, not an error. */
	EXPECT_EQ(0, xt_set(fd, SOL_SOCKET, SO_RCVBUF, 1));
	EXPECT_LT(1000, xt_get(fd, SOL_SOCKET, SO_RCVBUF));
	EXPECT_EQ(0, xt_set(fd, SOL_SOCKET, SO_SNDBUF, 1));
	EXPECT_LT(1000, xt_get(fd, SOL_SOCKET, SO_SNDBUF));
}

/* Buffers that nobody set start where the module's sysctls say. */
TEST_F(sockopt, socket__default_buffers)
{
	int fd = xt_socket(&self->x, 0);

	EXPECT_LE(4096, xt_get(fd, SOL_SOCKET, SO_RCVBUF));
	EXPECT_LE(4096, xt_get(fd, SOL_SOCKET, SO_SNDBUF));
}

TEST_F(sockopt, socket__timeouts)
{
	struct timeval in = { 3, 500000 }, out = { };
	static const int names[] = { SO_RCVTIMEO, SO_SNDTIMEO };
	int fd = xt_socket(&self->x, 0);
	socklen_t len;
	size_t i;

	for (i = 0; i < 2; i++) {
		len = sizeof(out);
		ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, names[i], &out, &len));
		EXPECT_EQ(0, out.tv_sec);
		ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, names[i], &in,
					sizeof(in)));
		ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, names[i], &out, &len));
		EXPECT_EQ(3, out.tv_sec);
		/* In ticks of the kernel's clock. */
		EXPECT_LE(490000, out.tv_usec);
		EXPECT_GE(510000, out.tv_usec);
	}
}

TEST_F(sockopt, socket__linger)
{
	struct linger in = { 1, 7 }, out = { };
	int fd = xt_socket(&self->x, 0);
	socklen_t len = sizeof(out);

	ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_LINGER, &out, &len));
	EXPECT_EQ(0, out.l_onoff);
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_LINGER, &in, sizeof(in)));
	ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_LINGER, &out, &len));
	EXPECT_EQ(1, out.l_onoff);
	EXPECT_EQ(7, out.l_linger);
}

TEST_F(sockopt, socket__numbers)
{
	int fd = xt_socket(&self->x, 0);

	EXPECT_EQ(1, xt_get(fd, SOL_SOCKET, SO_RCVLOWAT));
	EXPECT_SET_GET(fd, SOL_SOCKET, SO_RCVLOWAT, 100);
	EXPECT_SET_GET(fd, SOL_SOCKET, SO_PRIORITY, 3);
	EXPECT_SET_GET(fd, SOL_SOCKET, SO_MARK, 77);
	EXPECT_EQ(0, xt_get(fd, SOL_SOCKET, SO_ERROR));
}

TEST_F(sockopt, socket__bindtodevice)
{
	char name[16] = { };
	socklen_t len = sizeof(name);
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 1, &port);
	int fd = xt_socket(&self->x, 0);

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", 3));
	ASSERT_EQ(0, getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &len));
	EXPECT_STREQ("lo", name);
	EXPECT_EQ(0, xt_connect(&self->x, fd, port));
	EXPECT_FAILS(ENODEV, setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE,
					"none0", 6));
}

TEST_F(sockopt, nodelay)
{
	int fd[2];

	XT_PAIR(fd);
	EXPECT_EQ(0, xt_get(fd[0], IPPROTO_TCP, TCP_NODELAY));
	EXPECT_SET_GET(fd[0], IPPROTO_TCP, TCP_NODELAY, 1);
	EXPECT_SET_GET(fd[0], IPPROTO_TCP, TCP_NODELAY, 0);
	/* Any value that is not 0 means yes. */
	EXPECT_EQ(0, xt_set(fd[0], IPPROTO_TCP, TCP_NODELAY, 5));
	EXPECT_EQ(1, xt_get(fd[0], IPPROTO_TCP, TCP_NODELAY));
}

TEST_F(sockopt, cork)
{
	int fd[2];

	XT_PAIR(fd);
	EXPECT_EQ(0, xt_get(fd[0], IPPROTO_TCP, TCP_CORK));
	EXPECT_SET_GET(fd[0], IPPROTO_TCP, TCP_CORK, 1);
	EXPECT_SET_GET(fd[0], IPPROTO_TCP, TCP_CORK, 0);
}

TEST_F(sockopt, maxseg)
{
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 1, &port);
	int fd = xt_socket(&self->x, 0), peer;

	ASSERT_LE(0, listener);
	EXPECT_LT(0, xt_get(fd, IPPROTO_TCP, TCP_MAXSEG));
	ASSERT_EQ(0, xt_set(fd, IPPROTO_TCP, TCP_MAXSEG, 1000));
	ASSERT_EQ(0, xt_connect(&self->x, fd, port));
	peer = accept(listener, NULL, NULL);
	ASSERT_LE(0, peer);
	/* Both ends know: one keeps to it, the other was told. */
	EXPECT_GE(1000, xt_get(fd, IPPROTO_TCP, TCP_MAXSEG));
	EXPECT_GE(1000, xt_get(peer, IPPROTO_TCP, TCP_MAXSEG));
	EXPECT_LT(500, xt_get(peer, IPPROTO_TCP, TCP_MAXSEG));
}

TEST_F(sockopt, keepalive__times)
{
	int fd = xt_socket(&self->x, 0);

	EXPECT_EQ(7200, xt_get(fd, IPPROTO_TCP, TCP_KEEPIDLE));
	EXPECT_EQ(75, xt_get(fd, IPPROTO_TCP, TCP_KEEPINTVL));
	EXPECT_EQ(9, xt_get(fd, IPPROTO_TCP, TCP_KEEPCNT));
	EXPECT_SET_GET(fd, IPPROTO_TCP, TCP_KEEPIDLE, 1);
	EXPECT_SET_GET(fd, IPPROTO_TCP, TCP_KEEPIDLE, 32767);
	EXPECT_SET_GET(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1);
	EXPECT_SET_GET(fd, IPPROTO_TCP, TCP_KEEPINTVL, 32767);
	EXPECT_SET_GET(fd, IPPROTO_TCP, TCP_KEEPCNT, 1);
	EXPECT_SET_GET(fd, IPPROTO_TCP, TCP_KEEPCNT, 127);
	EXPECT_FAILS(EINVAL, xt_set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 0));
	EXPECT_FAILS(EINVAL, xt_set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 32768));
	EXPECT_FAILS(EINVAL, xt_set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 0));
	EXPECT_FAILS(EINVAL, xt_set(fd, IPPROTO_TCP, TCP_KEEPINTVL, 32768));
	EXPECT_FAILS(EINVAL, xt_set(fd, IPPROTO_TCP, TCP_KEEPCNT, 0));
	EXPECT_FAILS(EINVAL, xt_set(fd, IPPROTO_TCP, TCP_KEEPCNT, 128));
}

/* An idle connection with living peers: probes are answered, nothing ends. */
TEST_F(sockopt, keepalive__answered)
{
	int fd[2];
	char c;

	XT_PAIR(fd);
	ASSERT_EQ(0, xt_set(fd[0], IPPROTO_TCP, TCP_KEEPIDLE, 1));
	ASSERT_EQ(0, xt_set(fd[0], IPPROTO_TCP, TCP_KEEPINTVL, 1));
	ASSERT_EQ(0, xt_set(fd[0], IPPROTO_TCP, TCP_KEEPCNT, 1));
	ASSERT_EQ(0, xt_set(fd[0], SOL_SOCKET, SO_KEEPALIVE, 1));
	xt_sleep_ms(3500);
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(fd[0]));
	ASSERT_EQ(1, write(fd[1], "x", 1));
	EXPECT_EQ(1, read(fd[0], &c, 1));
}

TEST_F(sockopt, syncnt)
{
	int fd = xt_socket(&self->x, 0);

	EXPECT_LT(0, xt_get(fd, IPPROTO_TCP, TCP_SYNCNT));
	EXPECT_SET_GET(fd, IPPROTO_TCP, TCP_SYNCNT, 1);
	EXPECT_SET_GET(fd, IPPROTO_TCP, TCP_SYNCNT, 127);
	EXPECT_FAILS(EINVAL, xt_set(fd, IPPROTO_TCP, TCP_SYNCNT, 0));
	EXPECT_FAILS(EINVAL, xt_set(fd, IPPROTO_TCP, TCP_SYNCNT, 128));
}

TEST_F(sockopt, linger2)
{
	int fd = xt_socket(&self->x, 0);

	EXPECT_EQ(60, xt_get(fd, IPPROTO_TCP, TCP_LINGER2));
	EXPECT_SET_GET(fd, IPPROTO_TCP, TCP_LINGER2, 5);
	EXPECT_SET_GET(fd, IPPROTO_TCP, TCP_LINGER2, -1);
}

TEST_F(sockopt, defer_accept)
{
	int fd = xt_socket(&self->x, 0);

	EXPECT_EQ(0, xt_get(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT));
	ASSERT_EQ(0, xt_set(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 5));
	/* Rounded up to what the retransmission times allow. */
	EXPECT_LE(5, xt_get(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT));
	EXPECT_SET_GET(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 0);
}

TEST_F(sockopt, quickack)
{
	int fd[2];

	XT_PAIR(fd);
	EXPECT_EQ(0, xt_set(fd[0], IPPROTO_TCP, TCP_QUICKACK, 1));
	EXPECT_EQ(1, xt_get(fd[0], IPPROTO_TCP, TCP_QUICKACK));
	EXPECT_EQ(0, xt_set(fd[0], IPPROTO_TCP, TCP_QUICKACK, 0));
	EXPECT_EQ(0, xt_get(fd[0], IPPROTO_TCP, TCP_QUICKACK));
}

TEST_F(sockopt, user_timeout)
{
	int fd = xt_socket(&self->x, 0);

	EXPECT_EQ(0, xt_get(fd, IPPROTO_TCP, TCP_USER_TIMEOUT));
	EXPECT_SET_GET(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 1234);
	EXPECT_FAILS(EINVAL, xt_set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, -1));
}

/* Older kernels' TCP takes any value. */
TEST_F(sockopt, tx_delay__limits)
{
	int fd = xt_socket(&self->x, 0);

	if (xt_over_tcp())
		SKIP(return, "limits that differ by kernel");
	EXPECT_SET_GET(fd, IPPROTO_TCP, TCP_TX_DELAY, (1 << 28) - 1);
	EXPECT_FAILS(EINVAL, xt_set(fd, IPPROTO_TCP, TCP_TX_DELAY, 1 << 28));
	EXPECT_FAILS(EINVAL, xt_set(fd, IPPROTO_TCP, TCP_TX_DELAY, -1));
	EXPECT_SET_GET(fd, SOL_XTCP, XTCP_TX_DELAY, 0);
}

TEST_F(sockopt, notsent_lowat)
{
	int fd = xt_socket(&self->x, 0);

	EXPECT_SET_GET(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 4096);
}

TEST_F(sockopt, window_clamp)
{
	int fd[2];

	XT_PAIR(fd);
	EXPECT_SET_GET(fd[0], IPPROTO_TCP, TCP_WINDOW_CLAMP, 60000);
}

TEST_F(sockopt, congestion)
{
	char name[64] = { };
	socklen_t len = sizeof(name);
	int fd = xt_socket(&self->x, 0);

	ASSERT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len));
	EXPECT_EQ(XTCP_CA_NAME_MAX, len);
	EXPECT_LT(0, strnlen(name, sizeof(name)));
	ASSERT_EQ(0, setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4));
	len = sizeof(name);
	ASSERT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len));
	EXPECT_STREQ("reno", name);
	EXPECT_FAILS(ENOENT, setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION,
					"nosuch", 6));
	len = sizeof(name);
	ASSERT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len));
	EXPECT_STREQ("reno", name);
}

TEST_F(sockopt, info__connected)
{
	struct tcp_info info = { };
	socklen_t len = sizeof(info);
	char buf[10000] = { };
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ((ssize_t)sizeof(buf), write(fd[0], buf, sizeof(buf)));
	ASSERT_EQ((ssize_t)sizeof(buf),
		  recv(fd[1], buf, sizeof(buf), MSG_WAITALL));
	ASSERT_EQ(0, getsockopt(fd[0], IPPROTO_TCP, TCP_INFO, &info, &len));
	EXPECT_LE(104, len);
	EXPECT_EQ(XTCP_ESTABLISHED, info.tcpi_state);
	EXPECT_LT(0, info.tcpi_rto);
	EXPECT_LT(0, info.tcpi_rtt);
	EXPECT_LT(0, info.tcpi_snd_mss);
	EXPECT_LT(0, info.tcpi_snd_cwnd);
	EXPECT_LT(0, info.tcpi_pmtu);
}

/* What TCP_INFO has, in units of our own; a listener tells of its queue. */
TEST_F(sockopt, xtcp_info__fields)
{
	struct xtcp_info info = { };
	socklen_t len = sizeof(info);
	char buf[1000] = { };
	uint16_t port = 0;
	int fd[2], listener;

	if (xt_over_tcp())
		SKIP(return, "XTCP's own");
	XT_PAIR(fd);
	ASSERT_EQ((ssize_t)sizeof(buf), write(fd[0], buf, sizeof(buf)));
	ASSERT_EQ((ssize_t)sizeof(buf),
		  recv(fd[1], buf, sizeof(buf), MSG_WAITALL));
	ASSERT_EQ(0, xt_info(fd[1], &info));
	EXPECT_EQ(sizeof(buf), info.xtcpi_bytes_received);
	EXPECT_EQ(0, info.xtcpi_last_data_sent_ms);
	EXPECT_EQ(~0ull, info.xtcpi_max_pacing_rate);
	EXPECT_EQ(0, info.xtcpi_lost_out_bytes);
	EXPECT_EQ(0, info.xtcpi_retrans_out_bytes);
	EXPECT_LT(0, info.xtcpi_rcv_space_bytes);

	listener = xt_listener(&self->x, 7, &port);
	ASSERT_EQ(0, xt_connect(&self->x, xt_socket(&self->x, 0), port));
	ASSERT_EQ(POLLIN, xt_poll(listener, POLLIN, XT_SOON_MS));
	ASSERT_EQ(0, getsockopt(listener, SOL_XTCP, XTCP_INFO, &info, &len));
	EXPECT_EQ(1, info.xtcpi_accept_queue);
	EXPECT_EQ(7, info.xtcpi_accept_max);
}

/* An old program's smaller struct is filled as far as it goes. */
TEST_F(sockopt, info__short)
{
	unsigned char info[16];
	socklen_t len = 8;
	int fd[2];

	XT_PAIR(fd);
	memset(info, 0xee, sizeof(info));
	ASSERT_EQ(0, getsockopt(fd[0], IPPROTO_TCP, TCP_INFO, info, &len));
	EXPECT_EQ(8, len);
	EXPECT_EQ(XTCP_ESTABLISHED, info[0]);
	EXPECT_EQ(0xee, info[8]);
}

TEST_F(sockopt, xtcp_level__same_as_tcp_level)
{
	int fd = xt_socket(&self->x, 0);

	if (xt_over_tcp())
		SKIP(return, "SOL_XTCP is XTCP's own");
	EXPECT_SET_GET(fd, SOL_XTCP, XTCP_NODELAY, 1);
	EXPECT_EQ(1, xt_get(fd, IPPROTO_TCP, TCP_NODELAY));
	EXPECT_SET_GET(fd, SOL_XTCP, XTCP_KEEPIDLE, 44);
	EXPECT_EQ(44, xt_get(fd, IPPROTO_TCP, TCP_KEEPIDLE));
	EXPECT_SET_GET(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 99);
	EXPECT_EQ(99, xt_get(fd, SOL_XTCP, XTCP_USER_TIMEOUT));
}

TEST_F(sockopt, xtcp_info__grows_only_at_the_end)
{
	struct xtcp_info info = { };
	socklen_t len = 4;
	int fd[2];

	if (xt_over_tcp())
		SKIP(return, "XTCP_INFO is XTCP's own");
	XT_PAIR(fd);
	ASSERT_EQ(0, getsockopt(fd[0], SOL_XTCP, XTCP_INFO, &info, &len));
	EXPECT_EQ(4, len);
	EXPECT_EQ(XTCP_ESTABLISHED, info.xtcpi_state);
	EXPECT_EQ(0, info.xtcpi_rto_us);
	len = sizeof(info);
	ASSERT_EQ(0, getsockopt(fd[0], SOL_XTCP, XTCP_INFO, &info, &len));
	EXPECT_LE(sizeof(info), len);
	EXPECT_LT(0, info.xtcpi_rto_us);
}

TEST_F(sockopt, ip__options)
{
	int fd = xt_socket(&self->x, 0);

	if (self->x.family != AF_INET)
		SKIP(return, "IPv4 only");
	EXPECT_SET_GET(fd, SOL_IP, IP_TOS, 0x10);
	EXPECT_SET_GET(fd, SOL_IP, IP_TTL, 33);
	EXPECT_SET_GET(fd, SOL_IP, IP_FREEBIND, 1);
	EXPECT_SET_GET(fd, SOL_IP, IP_TRANSPARENT, 1);
	EXPECT_SET_GET(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	EXPECT_LE(0, xt_get(fd, SOL_IP, IP_MTU_DISCOVER));
}

TEST_F(sockopt, ip__options_null_length)
{
	char options[64];
	socklen_t len = sizeof(options);
	int fd = xt_socket(&self->x, 0);

	if (self->x.family != AF_INET)
		SKIP(return, "IPv4 only");
	EXPECT_EQ(0, getsockopt(fd, SOL_IP, IP_OPTIONS, options, &len));
	EXPECT_EQ(0, len);
}

TEST_F(sockopt, ip__connected)
{
	int fd[2];

	if (self->x.family != AF_INET)
		SKIP(return, "IPv4 only");
	XT_PAIR(fd);
	EXPECT_LT(1000, xt_get(fd[0], SOL_IP, IP_MTU));
	EXPECT_SET_GET(fd[0], SOL_IP, IP_TOS, 0x08);
	EXPECT_EQ(1, write(fd[0], "x", 1));
}

TEST_F(sockopt, ipv6__options)
{
	int fd = xt_socket(&self->x, 0);

	if (self->x.family != AF_INET6)
		SKIP(return, "IPv6 only");
	EXPECT_SET_GET(fd, SOL_IPV6, IPV6_V6ONLY, 1);
	EXPECT_SET_GET(fd, SOL_IPV6, IPV6_V6ONLY, 0);
	EXPECT_SET_GET(fd, SOL_IPV6, IPV6_TCLASS, 0x20);
	EXPECT_SET_GET(fd, SOL_IPV6, IPV6_UNICAST_HOPS, 33);
	EXPECT_SET_GET(fd, SOL_IPV6, IPV6_TRANSPARENT, 1);
	/* Not after the address is chosen. */
	ASSERT_EQ(0, xt_bind(&self->x, fd, 0));
	EXPECT_FAILS(EINVAL, xt_set(fd, SOL_IPV6, IPV6_V6ONLY, 1));
}

/* IPv4 options on a socket that may still become either, as TCP on IPv6. */
TEST_F(sockopt, ipv6__takes_ip_tos)
{
	int fd = xt_socket(&self->x, 0);

	EXPECT_SET_GET(fd, SOL_IP, IP_TOS, 0x10);
}

TEST_F(sockopt, urgent__sioc_at_mark)
{
	int fd[2], mark = -1;

	XT_PAIR(fd);
	EXPECT_EQ(0, ioctl(fd[0], SIOCATMARK, &mark));
	EXPECT_EQ(0, mark);
}

TEST_F(sockopt, tcp_fastopen__get)
{
	int fd = xt_socket(&self->x, 0);

	EXPECT_EQ(0, xt_get(fd, IPPROTO_TCP, TCP_FASTOPEN));
}

TEST_F(sockopt, peercred__as_tcp)
{
	struct {
		int pid, uid, gid;
	} cred = { };
	socklen_t len = sizeof(cred);
	int fd[2];

	XT_PAIR(fd);
	EXPECT_EQ(0, getsockopt(fd[0], SOL_SOCKET, SO_PEERCRED, &cred, &len));
	EXPECT_EQ(0, cred.pid);
	EXPECT_EQ(-1, cred.uid);
}

TEST_HARNESS_MAIN
