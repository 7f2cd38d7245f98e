// SPDX-License-Identifier: GPL-2.0
/*
 * Many threads at once on the same sockets.  What each call returns is a matter
 * of luck, so little is asserted: that all of it ends, that the kernel has
 * nothing to complain about (its log is read by whoever runs this on an
 * instrumented kernel), and that a new connection works afterwards.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <kselftest_harness.h>
#include "xtcp_test.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT 300

XT_FIXTURE(race);

#define ROUNDS	xt_scaled(400)

/* The sequence of each thread is its own, and the same in each run. */
static unsigned int roll(struct xt_random *r, unsigned int n)
{
	uint64_t v;

	xt_random_fill(r, &v, sizeof(v));
	return v % n;
}

static void set_linger_zero(int fd)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

/* One end of a short life: some data, and one of the ways to end. */
static void live_and_die(int fd, struct xt_random *r)
{
	char buf[3000];

	if (roll(r, 3))
		send(fd, buf, roll(r, sizeof(buf)), MSG_NOSIGNAL | MSG_DONTWAIT);
	if (roll(r, 3))
		recv(fd, buf, roll(r, sizeof(buf)), MSG_DONTWAIT);
	switch (roll(r, 5)) {
	case 0:
		shutdown(fd, SHUT_WR);
		xt_poll(fd, POLLIN, roll(r, 3));
		break;
	case 1:
		shutdown(fd, SHUT_RD);
		break;
	case 2:
		set_linger_zero(fd);
		break;
	case 3:
		shutdown(fd, SHUT_RDWR);
		break;
	}
	close(fd);
}

/* t->seed: door and number of the thread; t->len: port */
static int clients(struct xt_thread *t)
{
	struct xt_random r = { t->seed };
	unsigned long i;
	struct xt x;

	xt_door(&x, t->seed % 16);
	for (i = 0; i < ROUNDS; i++) {
		int fd = xt_socket(&x, SOCK_NONBLOCK);

		if (fd < 0)
			return -1;
		/* An accept queue that overflows must not hold us for long. */
		xt_connect(&x, fd, t->len);
		xt_poll(fd, POLLOUT, roll(&r, 4) ? 20 : 0);
		live_and_die(fd, &r);
	}
	return 0;
}

/* Accepts until the listener is shut. */
static int servers(struct xt_thread *t)
{
	struct xt_random r = { t->seed };
	int fd;

	while ((fd = accept(t->fd, NULL, NULL)) >= 0)
		live_and_die(fd, &r);
	return errno == EINVAL ? 0 : -1;
}

TEST_F(race, connections__come_and_go)
{
	struct xt_thread client[4] = { }, server[2] = { };
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 64, &port), fd[2], i;

	ASSERT_LE(0, listener);
	for (i = 0; i < 2; i++) {
		server[i].fd = listener;
		server[i].seed = 1000 + i;
		ASSERT_EQ(0, xt_thread_start(&server[i], servers));
	}
	for (i = 0; i < 4; i++) {
		client[i].seed = 16 * (i + 1) + self->x.door;
		client[i].len = port;
		ASSERT_EQ(0, xt_thread_start(&client[i], clients));
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, xt_thread_join(&client[i]));
	ASSERT_EQ(0, shutdown(listener, SHUT_RD));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, xt_thread_join(&server[i]));
	XT_PAIR(fd);
}

/* The listener opens and closes under its clients. */
TEST_F(race, listener__opens_and_closes)
{
	struct xt_thread client[3] = { };
	unsigned long i;
	uint16_t port = 4900;
	int fd[2];

	for (i = 0; i < 3; i++) {
		client[i].seed = 16 * (i + 1) + self->x.door;
		client[i].len = port;
		ASSERT_EQ(0, xt_thread_start(&client[i], clients));
	}
	for (i = 0; i < ROUNDS; i++) {
		int listener = xt_listener(&self->x, 4, &port);

		ASSERT_LE(0, listener);
		ASSERT_EQ(0, xt_nonblock(listener, true));
		xt_poll(listener, POLLIN, 1);
		if (i % 2)
			close(accept(listener, NULL, NULL));
		close(listener);
	}
	for (i = 0; i < 3; i++)
		EXPECT_EQ(0, xt_thread_join(&client[i]));
	XT_PAIR(fd);
}

/* All that can be done to one descriptor, by several threads. */
static int meddle(struct xt_thread *t)
{
	struct xt_random r = { t->seed };
	unsigned long i;
	char buf[5000];
	int n;

	for (i = 0; i < ROUNDS * 4; i++) {
		switch (roll(&r, 12)) {
		case 0:
		case 1:
		case 2:
			send(t->fd, buf, roll(&r, sizeof(buf)),
			     MSG_NOSIGNAL | MSG_DONTWAIT);
			break;
		case 3:
		case 4:
		case 5:
			recv(t->fd, buf, roll(&r, sizeof(buf)), MSG_DONTWAIT);
			break;
		case 6:
			xt_poll(t->fd, POLLIN | POLLOUT, 0);
			break;
		case 7:
			xt_state(t->fd);
			break;
		case 8:
			xt_set(t->fd, IPPROTO_TCP, TCP_NODELAY, roll(&r, 2));
			xt_set(t->fd, IPPROTO_TCP, TCP_CORK, roll(&r, 2));
			break;
		case 9:
			xt_set(t->fd, SOL_SOCKET, SO_RCVBUF,
			       roll(&r, 100000));
			break;
		case 10:
			ioctl(t->fd, FIONREAD, &n);
			xt_peer_port(t->fd);
			break;
		case 11:
			recv(t->fd, buf, 100, MSG_DONTWAIT | MSG_PEEK);
			break;
		}
	}
	return 0;
}

/* @end is called on the connection while the threads are at work. */
static int meddle_with(const struct xt *x, void (*end)(int fd))
{
	struct xt_thread t[4] = { };
	int fd[2], i;

	if (xt_pair(x, fd))
		return -1;
	for (i = 0; i < 4; i++) {
		t[i].fd = fd[i % 2];
		t[i].seed = i + 1;
		if (xt_thread_start(&t[i], meddle))
			return -1;
	}
	xt_sleep_ms(5);
	end(fd[0]);
	for (i = 0; i < 4; i++)
		if (xt_thread_join(&t[i]))
			return -1;
	close(fd[0]);
	close(fd[1]);
	return xt_pair(x, fd);
}

static void end_not(int fd)
{
	(void)fd;
}

static void end_shutdown(int fd)
{
	shutdown(fd, SHUT_RDWR);
}

static void end_disconnect(int fd)
{
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };

	connect(fd, &unspec, sizeof(unspec));
}

/* The number becomes that of a file where reads and writes mean nothing. */
static void end_close(int fd)
{
	int null = open("/dev/null", O_RDWR);

	dup2(null, fd);
	close(null);
}

TEST_F(race, one_socket__many_threads)
{
	EXPECT_EQ(0, meddle_with(&self->x, end_not));
}

TEST_F(race, one_socket__closed_by_another)
{
	EXPECT_EQ(0, meddle_with(&self->x, end_close));
}

TEST_F(race, one_socket__shut_down_by_another)
{
	EXPECT_EQ(0, meddle_with(&self->x, end_shutdown));
}

TEST_F(race, one_socket__disconnected_by_another)
{
	EXPECT_EQ(0, meddle_with(&self->x, end_disconnect));
}

/* A call that blocks while its descriptor is closed by another thread. */
static int blocked_read(struct xt_thread *t)
{
	char c;

	return read(t->fd, &c, 1);
}

TEST_F(race, close__under_a_blocked_reader)
{
	unsigned long i;

	for (i = 0; i < ROUNDS / 20 + 1; i++) {
		struct xt_thread t = { };
		int fd[2];

		XT_PAIR(fd);
		t.fd = fd[0];
		ASSERT_EQ(0, xt_thread_start(&t, blocked_read));
		xt_sleep_ms(i % 3);
		/* The reader keeps the file: only the peer can end it. */
		end_close(fd[0]);
		ASSERT_EQ(0, close(fd[1]));
		ASSERT_EQ(0, xt_thread_join(&t));
	}
}

/*
 * t->len: port; t->fd: where each life is announced.  Greets one client, closes
 * the connection and the listener, and begins anew on the same port.
 */
static int lives(struct xt_thread *t)
{
	unsigned long i;
	uint16_t port = t->len;
	struct xt x;

	xt_door(&x, t->seed);
	for (i = 0; i < ROUNDS; i++) {
		int listener = xt_listener(&x, 8, &port), fd;

		if (listener < 0 || write(t->fd, &i, sizeof(i)) < 0)
			return -1;
		fd = accept(listener, NULL, NULL);
		if (fd < 0 || xt_write_all(fd, &i, sizeof(i)) < 0)
			return -1;
		close(fd);
		close(listener);
	}
	return 0;
}

/*
 * A server that is gone as soon as it has spoken: each client still hears all of
 * it, and may close while the server's FIN is on its way.
 */
TEST_F(race, server__leaves_at_once)
{
	struct xt_thread server = { .seed = self->x.door, .len = 4901 };
	unsigned long i, life, heard;
	int news[2], fd;

	ASSERT_EQ(0, pipe(news));
	server.fd = news[1];
	ASSERT_EQ(0, xt_thread_start(&server, lives));
	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ((ssize_t)sizeof(life),
			  read(news[0], &life, sizeof(life)));
		fd = xt_socket(&self->x, 0);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, xt_connect(&self->x, fd, 4901));
		ASSERT_EQ(0, shutdown(fd, SHUT_WR))
			TH_LOG("life %lu: %s", i, strerror(errno));
		ASSERT_EQ((ssize_t)sizeof(heard),
			  recv(fd, &heard, sizeof(heard), MSG_WAITALL))
			TH_LOG("life %lu: %s", i, strerror(errno));
		EXPECT_EQ(life, heard);
		ASSERT_EQ(0, close(fd));
	}
	EXPECT_EQ(0, xt_thread_join(&server));
}

/* A process, and with it its namespace, dies in the middle of everything. */
TEST_F(race, death__in_full_flight)
{
	int i, status;

	for (i = 0; i < 10; i++) {
		pid_t pid = fork();

		ASSERT_LE(0, pid);
		if (!pid) {
			struct xt_thread t[4] = { };
			int fd[2], k;

			if (xt_new_netns() || xt_pair(&self->x, fd))
				_exit(1);
			for (k = 0; k < 4; k++) {
				t[k].fd = fd[k % 2];
				t[k].seed = 1;
				t[k].len = 1ULL << 40;
				xt_thread_start(&t[k], k < 2 ? xt_thread_send :
							meddle);
			}
			for (;;)
				pause();
		}
		xt_sleep_ms(20 + i * 10);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status));
	}
}

TEST_HARNESS_MAIN
