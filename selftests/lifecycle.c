// SPDX-License-Identifier: GPL-2.0
/*
 * The less straight ways through a socket's life: connecting again, giving up a
 * connection but not the socket, a listener that stops and begins anew, sockets
 * that their program has left, and directions that stay closed for hours.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <kselftest_harness.h>
#include "xtcp_test.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

#define PORT	5000
#define HOUR_MS	3600000

XT_FIXTURE(lifecycle);

static int disconnect(int fd)
{
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };

	return connect(fd, &unspec, sizeof(unspec));
}

/* One byte there and one back. */
static bool talk(int a, int b)
{
	char c = 0;

	return write(a, "?", 1) == 1 && read(b, &c, 1) == 1 && c == '?' &&
	       write(b, "!", 1) == 1 && read(a, &c, 1) == 1 && c == '!';
}

/* An address behind a link that swallows everything. */
static int swallowing_link(const struct xt *x, union xt_addr *a)
{
	xt_parse(x, a, "192.0.2.2", "2001:db8::2", PORT);
	return system("ip link add hole type dummy && ip link set hole up && "
		      "ip addr add 192.0.2.1/24 dev hole && "
		      "ip addr add 2001:db8::1/64 dev hole nodad");
}

/* ---- connecting again ---- */

#define CONNECTS(fd, listener)						\
	do {								\
		int peer_;						\
									\
		ASSERT_EQ(0, xt_connect(&self->x, fd, PORT))		\
			TH_LOG("%s", strerror(errno));			\
		peer_ = accept(listener, NULL, NULL);			\
		ASSERT_LE(0, peer_);					\
		EXPECT_TRUE(talk(fd, peer_));				\
		close(peer_);						\
	} while (0)

TEST_F(lifecycle, again__after_a_timeout)
{
	uint16_t port = PORT;
	int listener = xt_listener(&self->x, 8, &port);
	int fd = xt_socket(&self->x, 0);
	union xt_addr a;

	if (swallowing_link(&self->x, &a))
		SKIP(return, "no dummy device");
	ASSERT_EQ(0, xt_set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 500));
	EXPECT_FAILS(ETIMEDOUT, connect(fd, &a.sa, sizeof(a.in6)));
	EXPECT_EQ(0, xt_so_error(fd));
	ASSERT_EQ(0, xt_set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 0));
	CONNECTS(fd, listener);
}

TEST_F(lifecycle, again__after_each_failure_in_turn)
{
	uint16_t port = PORT;
	int listener = xt_listener(&self->x, 8, &port);
	int fd = xt_socket(&self->x, 0), i;
	union xt_addr far;
	socklen_t len = xt_parse(&self->x, &far, "198.51.100.1",
				 "2001:db8:9::1", PORT);

	for (i = 0; i < 3; i++) {
		EXPECT_FAILS(ENETUNREACH, connect(fd, &far.sa, len));
		EXPECT_FAILS(ECONNREFUSED, xt_connect(&self->x, fd, PORT + 1));
	}
	CONNECTS(fd, listener);
}

/* As often as one likes, from the same port: no TIME_WAIT is left behind. */
TEST_F(lifecycle, again__after_a_disconnect)
{
	uint16_t port = PORT;
	int listener = xt_listener(&self->x, 8, &port);
	int fd = xt_socket(&self->x, 0), peer, i;
	char c;

	ASSERT_EQ(0, xt_bind(&self->x, fd, 30000));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, xt_connect(&self->x, fd, PORT))
			TH_LOG("%d: %s", i, strerror(errno));
		EXPECT_EQ(30000, xt_local_port(fd));
		peer = accept(listener, NULL, NULL);
		ASSERT_LE(0, peer);
		EXPECT_TRUE(talk(fd, peer));
		ASSERT_EQ(0, disconnect(fd));
		EXPECT_EQ(XTCP_CLOSE, xt_state(fd));
		EXPECT_FAILS(ECONNRESET, read(peer, &c, 1));
		close(peer);
		/* What was an error of the last one is none of the next. */
		xt_so_error(fd);
	}
}

TEST_F(lifecycle, disconnect__while_connecting)
{
	uint16_t port = PORT;
	int listener = xt_listener(&self->x, 8, &port);
	int fd = xt_socket(&self->x, SOCK_NONBLOCK);
	union xt_addr a;

	if (swallowing_link(&self->x, &a))
		SKIP(return, "no dummy device");
	EXPECT_FAILS(EINPROGRESS, connect(fd, &a.sa, sizeof(a.in6)));
	EXPECT_EQ(XTCP_SYN_SENT, xt_state(fd));
	ASSERT_EQ(0, disconnect(fd));
	EXPECT_EQ(XTCP_CLOSE, xt_state(fd));
	xt_so_error(fd);
	ASSERT_EQ(0, xt_nonblock(fd, false));
	CONNECTS(fd, listener);
}

TEST_F(lifecycle, disconnect__half_closed_either_way)
{
	uint16_t port = PORT;
	int listener = xt_listener(&self->x, 8, &port);
	int fd, peer, i;
	char c;

	for (i = 0; i < 2; i++) {
		fd = xt_socket(&self->x, 0);
		ASSERT_EQ(0, xt_connect(&self->x, fd, PORT));
		peer = accept(listener, NULL, NULL);
		ASSERT_LE(0, peer);
		ASSERT_EQ(0, shutdown(i ? peer : fd, SHUT_WR));
		ASSERT_EQ(0, read(i ? fd : peer, &c, 1));
		ASSERT_EQ(0, disconnect(fd));
		EXPECT_TRUE(xt_wait_state(peer, XTCP_CLOSE));
		close(peer);
		xt_so_error(fd);
		CONNECTS(fd, listener);
		close(fd);
	}
}

/* ---- listeners ---- */

/* It is no listener any more, and nobody waits; but it has its port. */
TEST_F(lifecycle, listener__disconnected)
{
	int listener, client, fd, peer;
	uint16_t port = PORT;
	char c;

	listener = xt_listener(&self->x, 8, &port);
	client = xt_socket(&self->x, 0);
	ASSERT_EQ(0, xt_connect(&self->x, client, PORT));
	ASSERT_EQ(0, disconnect(listener));
	EXPECT_FAILS(ECONNRESET, read(client, &c, 1));
	EXPECT_FAILS(EINVAL, accept(listener, NULL, NULL));
	fd = xt_socket(&self->x, 0);
	EXPECT_FAILS(ECONNREFUSED, xt_connect(&self->x, fd, PORT));
	EXPECT_EQ(PORT, xt_local_port(listener));
	ASSERT_EQ(0, listen(listener, 8));
	ASSERT_EQ(0, xt_connect(&self->x, fd, PORT));
	peer = accept(listener, NULL, NULL);
	ASSERT_LE(0, peer);
	EXPECT_TRUE(talk(fd, peer));
}

TEST_F(lifecycle, listener__shut_down_and_listening_again)
{
	int listener, client, i;
	uint16_t port = PORT;
	char c;

	listener = xt_listener(&self->x, 8, &port);
	for (i = 0; i < 3; i++) {
		client = xt_socket(&self->x, 0);
		ASSERT_EQ(0, xt_connect(&self->x, client, PORT));
		ASSERT_EQ(0, shutdown(listener, SHUT_RD));
		EXPECT_FAILS(ECONNRESET, read(client, &c, 1));
		close(client);
		EXPECT_FAILS(EINVAL, accept(listener, NULL, NULL));
		ASSERT_EQ(0, listen(listener, 8 + i)) TH_LOG("round %d", i);
	}
	client = xt_socket(&self->x, 0);
	CONNECTS(client, listener);
}

/* Closing its writing side is nothing to a listener. */
TEST_F(lifecycle, listener__shut_wr_changes_nothing)
{
	uint16_t port = PORT;
	int listener = xt_listener(&self->x, 8, &port);
	int fd = xt_socket(&self->x, 0);

	ASSERT_EQ(0, shutdown(listener, SHUT_WR));
	EXPECT_EQ(XTCP_LISTEN, xt_state(listener));
	CONNECTS(fd, listener);
}

/* A socket that was a listener can be a client, and the other way round. */
TEST_F(lifecycle, listener__becomes_a_client_and_back)
{
	uint16_t port = PORT, other = PORT + 1;
	int listener = xt_listener(&self->x, 8, &port);
	int fd = xt_listener(&self->x, 8, &other), peer, client;

	ASSERT_EQ(0, disconnect(fd));
	CONNECTS(fd, listener);
	ASSERT_EQ(0, disconnect(fd));
	ASSERT_EQ(0, listen(fd, 1)) TH_LOG("%s", strerror(errno));
	client = xt_socket(&self->x, 0);
	ASSERT_EQ(0, xt_connect(&self->x, client, other));
	peer = accept(fd, NULL, NULL);
	ASSERT_LE(0, peer);
	EXPECT_TRUE(talk(client, peer));
}

/* ---- what a program leaves behind ---- */

#define LIMIT 3

/* Those beyond the limit are broken off, and counted; later there is room. */
TEST_F(lifecycle, orphans__limited)
{
	int fd[LIMIT + 2], peer[LIMIT + 2], i, n = LIMIT + 2, pair[2];
	char c;

	if (xt_over_tcp())
		SKIP(return, "a limit of XTCP's, in each namespace");
	ASSERT_EQ(0, xt_write_file("/proc/sys/net/xtcp/max_orphans", "3"));
	for (i = 0; i < n; i++) {
		XT_PAIR(pair);
		fd[i] = pair[0];
		peer[i] = pair[1];
		ASSERT_TRUE(talk(fd[i], peer[i]));
	}
	/* Each waits for its peer's FIN. */
	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, close(fd[i]));
		EXPECT_TRUE(xt_wait_state(peer[i], i < LIMIT ? XTCP_CLOSE_WAIT :
							       XTCP_CLOSE));
	}
	EXPECT_EQ(2, xt_counter("AbortOnMemory"));
	for (i = 0; i < LIMIT; i++) {
		EXPECT_EQ(XTCP_CLOSE_WAIT, xt_state(peer[i]));
		close(peer[i]);
	}
	/* All the peers are gone, and with them the orphans. */
	for (i = 0; i < LIMIT; i++) {
		XT_PAIR(pair);
		ASSERT_EQ(0, close(pair[0]));
		EXPECT_EQ(0, read(pair[1], &c, 1));
		EXPECT_EQ(XTCP_CLOSE_WAIT, xt_state(pair[1]));
	}
	EXPECT_EQ(2, xt_counter("AbortOnMemory"));
}

/* ---- for hours ---- */

/* One direction is closed; the other says something every hour, for a day. */
TEST_F_TIMEOUT(lifecycle, half_close__for_a_day, 400000)
{
	int fd[2], end, hour;
	char c;

	if (!xt_virtual_time())
		SKIP(return, "takes two days by the clock");
	for (end = 0; end < 2; end++) {
		XT_PAIR(fd);
		ASSERT_TRUE(talk(fd[0], fd[1]));
		ASSERT_EQ(0, shutdown(fd[end], SHUT_WR));
		ASSERT_EQ(0, read(fd[!end], &c, 1));
		for (hour = 0; hour < 24; hour++) {
			xt_sleep_ms(HOUR_MS);
			ASSERT_EQ(1, write(fd[!end], "h", 1));
			ASSERT_EQ(1, read(fd[end], &c, 1)) TH_LOG("hour %d", hour);
		}
		EXPECT_EQ(XTCP_FIN_WAIT2, xt_state(fd[end]));
		EXPECT_EQ(XTCP_CLOSE_WAIT, xt_state(fd[!end]));
		/* The last word still counts. */
		EXPECT_EQ(0, xt_send_random(fd[!end], 5, 100000, 8192));
		ASSERT_EQ(0, close(fd[!end]));
		EXPECT_EQ(0, xt_recv_random(fd[end], 5, 100000, 8192));
		EXPECT_EQ(0, read(fd[end], &c, 1));
		ASSERT_EQ(0, close(fd[end]));
	}
	if (!xt_over_tcp())
		EXPECT_EQ(0, xt_counter("RtoTimeouts"));
}

TEST_HARNESS_MAIN
