// SPDX-License-Identifier: GPL-2.0
/* Listening and accepting, seen from the server. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <linux/capability.h>

#include <kselftest_harness.h>
#include "xtcp_test.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

XT_FIXTURE(accept);

TEST_F(accept, returns__new_descriptor_and_peer)
{
	union xt_addr a = { }, b = { };
	socklen_t alen = sizeof(a), blen = sizeof(b);
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);
	int fd = xt_socket(&self->x, 0), peer;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, xt_connect(&self->x, fd, port));
	peer = accept(listener, &a.sa, &alen);
	ASSERT_LE(0, peer);
	EXPECT_NE(listener, peer);
	ASSERT_EQ(0, getsockname(fd, &b.sa, &blen));
	EXPECT_EQ(blen, alen);
	EXPECT_EQ(0, memcmp(&a, &b, alen));
	/* The listener goes on listening and never carries data. */
	EXPECT_EQ(XTCP_LISTEN, xt_state(listener));
	EXPECT_FAILS(ENOTCONN, read(listener, &a, 1));
	EXPECT_FAILS(EPIPE, send(listener, &a, 1, MSG_NOSIGNAL));
}

TEST_F(accept, blocks__until_a_client_comes)
{
	struct timeval t = { .tv_usec = 200000 };
	long long start = xt_now_ms();
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &t,
				sizeof(t)));
	EXPECT_FAILS(EAGAIN, accept(listener, NULL, NULL));
	EXPECT_LE(180, xt_now_ms() - start);
}

static int connect_after_a_while(struct xt_thread *t)
{
	struct xt x;

	xt_door(&x, t->seed);
	xt_sleep_ms(XT_QUIET_MS);
	return xt_connect(&x, t->fd, t->len);
}

TEST_F(accept, wakes__when_a_client_comes)
{
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);
	struct xt_thread t = { .fd = xt_socket(&self->x, 0),
			       .seed = self->x.door };

	ASSERT_LE(0, listener);
	t.len = port;
	ASSERT_EQ(0, xt_thread_start(&t, connect_after_a_while));
	EXPECT_LE(0, accept(listener, NULL, NULL));
	EXPECT_EQ(0, xt_thread_join(&t));
}

TEST_F(accept, nonblock__eagain)
{
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, xt_nonblock(listener, true));
	EXPECT_FAILS(EAGAIN, accept(listener, NULL, NULL));
}

TEST_F(accept, accept4__flags)
{
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);
	int flags, fd, i;

	ASSERT_LE(0, listener);
	for (i = 0; i < 4; i++) {
		flags = (i & 1 ? SOCK_NONBLOCK : 0) |
			(i & 2 ? SOCK_CLOEXEC : 0);
		ASSERT_EQ(0, xt_connect(&self->x, xt_socket(&self->x, 0),
					port));
		fd = accept4(listener, NULL, NULL, flags);
		ASSERT_LE(0, fd);
		EXPECT_EQ(!!(flags & SOCK_NONBLOCK),
			  !!(fcntl(fd, F_GETFL) & O_NONBLOCK));
		EXPECT_EQ(!!(flags & SOCK_CLOEXEC),
			  !!(fcntl(fd, F_GETFD) & FD_CLOEXEC));
	}
	EXPECT_FAILS(EINVAL, accept4(listener, NULL, NULL, 1));
}

TEST_F(accept, not_listening__einval)
{
	int fd[2];

	EXPECT_FAILS(EINVAL, accept(xt_socket(&self->x, 0), NULL, NULL));
	XT_PAIR(fd);
	EXPECT_FAILS(EINVAL, accept(fd[0], NULL, NULL));
	EXPECT_FAILS(EINVAL, accept(fd[1], NULL, NULL));
}

/* listen() without bind() picks a port. */
TEST_F(accept, listen__unbound)
{
	int fd = xt_socket(&self->x, 0);

	ASSERT_EQ(0, listen(fd, 1));
	ASSERT_LT(0, xt_local_port(fd));
	if (self->x.family == AF_INET)
		EXPECT_EQ(0, xt_connect(&self->x, xt_socket(&self->x, 0),
					xt_local_port(fd)));
}

/* A second listen() only changes the backlog. */
TEST_F(accept, listen__again)
{
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 1, &port);

	ASSERT_LE(0, listener);
	EXPECT_EQ(0, listen(listener, 16));
	EXPECT_EQ(0, xt_connect(&self->x, xt_socket(&self->x, 0), port));
	EXPECT_LE(0, accept(listener, NULL, NULL));
}

TEST_F(accept, order__first_come_first_served)
{
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);
	int fd[4], peer, i;

	ASSERT_LE(0, listener);
	for (i = 0; i < 4; i++) {
		fd[i] = xt_socket(&self->x, 0);
		ASSERT_EQ(0, xt_connect(&self->x, fd[i], port));
		ASSERT_EQ(1, write(fd[i], "x", 1));
		/* Surely in the queue before the next one calls. */
		ASSERT_EQ(POLLIN, xt_poll(listener, POLLIN, XT_SOON_MS));
		xt_sleep_ms(20);
	}
	for (i = 0; i < 4; i++) {
		peer = accept(listener, NULL, NULL);
		ASSERT_LE(0, peer);
		EXPECT_EQ(xt_local_port(fd[i]), xt_peer_port(peer));
	}
}

/* What the client wrote before accept() is there after it. */
TEST_F(accept, data__waits_in_the_queue)
{
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);
	int fd = xt_socket(&self->x, 0), peer;
	char buf[8] = { };

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, xt_connect(&self->x, fd, port));
	ASSERT_EQ(5, write(fd, "early", 5));
	ASSERT_EQ(0, shutdown(fd, SHUT_WR));
	peer = accept(listener, NULL, NULL);
	ASSERT_LE(0, peer);
	EXPECT_EQ(5, xt_read_all(peer, buf, sizeof(buf)));
	EXPECT_STREQ("early", buf);
}

TEST_F(accept, server__talks_first)
{
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);
	int fd = xt_socket(&self->x, 0), peer;
	char buf[8] = { };

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, xt_connect(&self->x, fd, port));
	peer = accept(listener, NULL, NULL);
	ASSERT_LE(0, peer);
	ASSERT_EQ(5, write(peer, "hello", 5));
	EXPECT_EQ(5, recv(fd, buf, 5, MSG_WAITALL));
	EXPECT_STREQ("hello", buf);
}

TEST_F(accept, inherits__the_listeners_options)
{
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);
	int fd = xt_socket(&self->x, 0), peer;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, xt_set(listener, SOL_SOCKET, SO_KEEPALIVE, 1));
	ASSERT_EQ(0, xt_set(listener, IPPROTO_TCP, TCP_NODELAY, 1));
	ASSERT_EQ(0, xt_set(listener, IPPROTO_TCP, TCP_KEEPIDLE, 77));
	ASSERT_EQ(0, xt_set(listener, SOL_SOCKET, SO_RCVBUF, 50000));
	ASSERT_EQ(0, xt_connect(&self->x, fd, port));
	peer = accept(listener, NULL, NULL);
	ASSERT_LE(0, peer);
	EXPECT_EQ(1, xt_get(peer, SOL_SOCKET, SO_KEEPALIVE));
	EXPECT_EQ(1, xt_get(peer, IPPROTO_TCP, TCP_NODELAY));
	EXPECT_EQ(77, xt_get(peer, IPPROTO_TCP, TCP_KEEPIDLE));
	EXPECT_EQ(100000, xt_get(peer, SOL_SOCKET, SO_RCVBUF));
}

/* Closing the listener resets who waits in its queue. */
TEST_F(accept, close__resets_the_queue)
{
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);
	int fd = xt_socket(&self->x, 0);
	char c;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, xt_connect(&self->x, fd, port));
	ASSERT_EQ(1, write(fd, "x", 1));
	ASSERT_EQ(POLLIN, xt_poll(listener, POLLIN, XT_SOON_MS));
	ASSERT_EQ(0, close(listener));
	EXPECT_FAILS(ECONNRESET, read(fd, &c, 1));
	EXPECT_FAILS(ECONNREFUSED,
		     xt_connect(&self->x, xt_socket(&self->x, 0), port));
}

/* What was accepted outlives the listener. */
TEST_F(accept, close__leaves_the_accepted)
{
	char buf[4] = { };
	int fd[2];

	XT_PAIR(fd);	/* its listener is closed already */
	ASSERT_EQ(2, write(fd[0], "up", 2));
	EXPECT_EQ(2, recv(fd[1], buf, 2, MSG_WAITALL));
	EXPECT_STREQ("up", buf);
}

/* shutdown() of a listener wakes accept() with EINVAL. */
static int accept_one(struct xt_thread *t)
{
	return accept(t->fd, NULL, NULL);
}

TEST_F(accept, shutdown__wakes_accept)
{
	struct xt_thread t = { };
	uint16_t port = 0;

	t.fd = xt_listener(&self->x, 8, &port);
	ASSERT_LE(0, t.fd);
	ASSERT_EQ(0, xt_thread_start(&t, accept_one));
	ASSERT_TRUE(xt_thread_blocks(&t));
	ASSERT_EQ(0, shutdown(t.fd, SHUT_RD));
	EXPECT_FAILS(EINVAL, xt_thread_join(&t));
	EXPECT_FAILS(ECONNREFUSED,
		     xt_connect(&self->x, xt_socket(&self->x, 0), port));
}

/*
 * Full accept queue: the clients behind it are late, and not lost.  Each is a
 * thread that connects, and then either asks or waits to be talked to.
 */
#define OVERFLOW_CLIENTS 8

struct overflow {
	struct xt_thread t[OVERFLOW_CLIENTS];
	bool silent;
};

static int overflow_client(struct xt_thread *t)
{
	struct xt x;
	char c = 'q';

	xt_door(&x, t->seed);
	t->fd = xt_socket(&x, 0);
	if (xt_connect(&x, t->fd, t->len))
		return -1;
	if (!t->chunk && write(t->fd, &c, 1) != 1)
		return -1;
	if (read(t->fd, &c, 1) != 1)
		return -1;
	return c;
}

static int overflow_start(struct overflow *o, const struct xt *x, int port)
{
	int i;

	for (i = 0; i < OVERFLOW_CLIENTS; i++) {
		o->t[i].seed = x->door;
		o->t[i].len = port;
		o->t[i].chunk = o->silent;
		if (xt_thread_start(&o->t[i], overflow_client))
			return -1;
	}
	return 0;
}

static int overflow_serve(struct overflow *o, int listener)
{
	int i, peer;
	char c;

	for (i = 0; i < OVERFLOW_CLIENTS; i++) {
		if (xt_poll(listener, POLLIN, XT_SOON_MS) != POLLIN)
			return -1;
		peer = accept(listener, NULL, NULL);
		if (peer < 0 || (!o->silent && read(peer, &c, 1) != 1) ||
		    write(peer, "s", 1) != 1)
			return -1;
	}
	return 0;
}

TEST_F(accept, overflow__recovers)
{
	struct overflow o = { };
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 2, &port), i;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, overflow_start(&o, &self->x, port));
	xt_sleep_ms(XT_QUIET_MS);
	ASSERT_EQ(0, overflow_serve(&o, listener));
	for (i = 0; i < OVERFLOW_CLIENTS; i++)
		EXPECT_EQ('s', xt_thread_join(&o.t[i]));
}

TEST_F(accept, overflow__silent_clients_recover)
{
	struct overflow o = { .silent = true };
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 2, &port), i;

	if (xt_over_tcp())
		SKIP(return, "TCP forgets a client that says nothing");
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, overflow_start(&o, &self->x, port));
	xt_sleep_ms(XT_QUIET_MS);
	ASSERT_EQ(0, overflow_serve(&o, listener));
	for (i = 0; i < OVERFLOW_CLIENTS; i++)
		EXPECT_EQ('s', xt_thread_join(&o.t[i]));
}

TEST_F(accept, emfile__queue_survives)
{
	struct rlimit limit, low;
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);
	int fd = xt_socket(&self->x, 0);

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, xt_connect(&self->x, fd, port));
	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	low = limit;
	low.rlim_cur = fd + 1;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &low));
	EXPECT_FAILS(EMFILE, accept(listener, NULL, NULL));
	EXPECT_FAILS(EMFILE, xt_socket(&self->x, 0));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	EXPECT_LE(0, accept(listener, NULL, NULL));
}

XT_FIXTURE(bind);

/* A client connects, the server closes first: it holds the TIME_WAIT. */
static int leave_time_wait(const struct xt *x, uint16_t *port)
{
	int listener = xt_listener(x, 8, port);
	int fd = xt_socket(x, 0), peer;
	char c;

	if (xt_connect(x, fd, *port))
		return -1;
	peer = accept(listener, NULL, NULL);
	if (peer < 0 || close(peer) || read(fd, &c, 1) || close(fd))
		return -1;
	xt_sleep_ms(50);	/* the last ACK */
	return close(listener);
}

TEST_F(bind, in_use__eaddrinuse)
{
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);
	int fd = xt_socket(&self->x, 0);

	ASSERT_LE(0, listener);
	EXPECT_FAILS(EADDRINUSE, xt_bind(&self->x, fd, port));
	/* SO_REUSEADDR does not share the port of a listener. */
	ASSERT_EQ(0, xt_set(fd, SOL_SOCKET, SO_REUSEADDR, 1));
	EXPECT_FAILS(EADDRINUSE, xt_bind(&self->x, fd, port));
}

TEST_F(bind, two_bound__only_one_listens)
{
	int fd[2], i;

	for (i = 0; i < 2; i++) {
		fd[i] = xt_socket(&self->x, 0);
		ASSERT_EQ(0, xt_set(fd[i], SOL_SOCKET, SO_REUSEADDR, 1));
		ASSERT_EQ(0, xt_bind(&self->x, fd[i], 4711));
	}
	EXPECT_EQ(0, listen(fd[0], 1));
	EXPECT_FAILS(EADDRINUSE, listen(fd[1], 1));
}

TEST_F(bind, time_wait__holds_the_port)
{
	uint16_t port = 0;
	int fd = xt_socket(&self->x, 0);

	ASSERT_EQ(0, leave_time_wait(&self->x, &port));
	EXPECT_FAILS(EADDRINUSE, xt_bind(&self->x, fd, port));
}

/* The server that is restarted at once. */
TEST_F(bind, time_wait__reuseaddr_restarts)
{
	uint16_t port = 0;
	int listener, fd = xt_socket(&self->x, 0);

	ASSERT_EQ(0, leave_time_wait(&self->x, &port));
	listener = xt_listener(&self->x, 8, &port);
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, xt_connect(&self->x, fd, port));
	EXPECT_LE(0, accept(listener, NULL, NULL));
}

/* Restart while an accepted connection of the old server still lives. */
TEST_F(bind, live_connection__reuseaddr_restarts)
{
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);
	int fd = xt_socket(&self->x, 0), peer;
	char c;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, xt_connect(&self->x, fd, port));
	peer = accept(listener, NULL, NULL);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, close(listener));
	listener = xt_listener(&self->x, 8, &port);
	ASSERT_LE(0, listener);
	ASSERT_EQ(1, write(peer, "x", 1));
	EXPECT_EQ(1, read(fd, &c, 1));
}

TEST_F(bind, closed__port_is_free_again)
{
	int fd = xt_socket(&self->x, 0), port;

	ASSERT_EQ(0, xt_bind(&self->x, fd, 0));
	port = xt_local_port(fd);
	ASSERT_LT(0, port);
	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(0, xt_bind(&self->x, xt_socket(&self->x, 0), port));
}

TEST_F(bind, reuseport__two_listeners)
{
	int fd[2], i;

	for (i = 0; i < 2; i++) {
		fd[i] = xt_socket(&self->x, 0);
		ASSERT_EQ(0, xt_set(fd[i], SOL_SOCKET, SO_REUSEPORT, 1));
		ASSERT_EQ(0, xt_bind(&self->x, fd[i], 4711));
		EXPECT_EQ(0, listen(fd[i], 1));
	}
	EXPECT_EQ(0, xt_connect(&self->x, xt_socket(&self->x, 0), 4711));
}

static int drop_net_bind_service(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return -1;
	data[0].effective &= ~(1U << CAP_NET_BIND_SERVICE);
	return syscall(SYS_capset, &head, data);
}

TEST_F(bind, privileged_port__needs_capability)
{
	int fd = xt_socket(&self->x, 0);

	EXPECT_EQ(0, xt_bind(&self->x, fd, 80));
	ASSERT_EQ(0, drop_net_bind_service());
	fd = xt_socket(&self->x, 0);
	EXPECT_FAILS(EACCES, xt_bind(&self->x, fd, 81));
	EXPECT_EQ(0, xt_bind(&self->x, fd, 1024));
}

TEST_F(bind, privileged_port__sysctl_lowers_the_limit)
{
	int fd = xt_socket(&self->x, 0);

	ASSERT_EQ(0, xt_write_file("/proc/sys/net/ipv4/ip_unprivileged_port_start",
				   "80"));
	ASSERT_EQ(0, drop_net_bind_service());
	EXPECT_FAILS(EACCES, xt_bind(&self->x, fd, 79));
	EXPECT_EQ(0, xt_bind(&self->x, fd, 80));
}

TEST_HARNESS_MAIN
