// SPDX-License-Identifier: GPL-2.0
/* Ending a connection: by halves, in order, abruptly, and by death. */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <kselftest_harness.h>
#include "xtcp_test.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

XT_FIXTURE(close);

static int set_linger(int fd, int onoff, int seconds)
{
	struct linger linger = { onoff, seconds };

	return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

/* FIN, ACK, FIN, ACK: every state that a descriptor can still see. */
TEST_F(close, four_way__states)
{
	int fd[2];
	char c;

	XT_PAIR(fd);
	ASSERT_EQ(0, shutdown(fd[0], SHUT_WR));
	EXPECT_TRUE(xt_wait_state(fd[0], XTCP_FIN_WAIT2));
	EXPECT_TRUE(xt_wait_state(fd[1], XTCP_CLOSE_WAIT));
	EXPECT_EQ(0, read(fd[1], &c, 1));
	ASSERT_EQ(0, shutdown(fd[1], SHUT_WR));
	/* The last ACK has come; the one that closed first keeps a record. */
	EXPECT_TRUE(xt_wait_state(fd[1], XTCP_CLOSE));
	EXPECT_TRUE(xt_wait_state(fd[0], XTCP_CLOSE));
	EXPECT_EQ(0, read(fd[0], &c, 1));
	EXPECT_EQ(0, xt_so_error(fd[0]));
	EXPECT_EQ(0, xt_so_error(fd[1]));
}

/* The same, with the side that accepted closing first. */
TEST_F(close, four_way__server_first)
{
	int fd[2];
	char c;

	XT_PAIR(fd);
	ASSERT_EQ(0, shutdown(fd[1], SHUT_WR));
	EXPECT_TRUE(xt_wait_state(fd[1], XTCP_FIN_WAIT2));
	EXPECT_TRUE(xt_wait_state(fd[0], XTCP_CLOSE_WAIT));
	ASSERT_EQ(0, close(fd[0]));
	EXPECT_EQ(0, read(fd[1], &c, 1));
	EXPECT_TRUE(xt_wait_state(fd[1], XTCP_CLOSE));
}

TEST_F(close, half_close__other_direction_goes_on)
{
	struct xt_thread t = { .seed = 17, .len = 4 << 20 };
	int fd[2];
	char c;

	XT_PAIR(fd);
	ASSERT_EQ(4, write(fd[0], "last", 4));
	ASSERT_EQ(0, shutdown(fd[0], SHUT_WR));
	ASSERT_EQ(4, recv(fd[1], (char[4]){}, 4, MSG_WAITALL));
	ASSERT_EQ(0, read(fd[1], &c, 1));
	t.fd = fd[1];
	ASSERT_EQ(0, xt_thread_start(&t, xt_thread_send));
	EXPECT_EQ(0, xt_recv_random(fd[0], 17, 4 << 20, 65536));
	EXPECT_EQ(0, xt_thread_join(&t));
	ASSERT_EQ(0, close(fd[1]));
	EXPECT_EQ(0, read(fd[0], &c, 1));
}

/* A reader that has no more interest: TCP's SHUT_RD tells the peer nothing. */
TEST_F(close, shut_rd__reads_end)
{
	int fd[2];
	char c;

	XT_PAIR(fd);
	ASSERT_EQ(0, shutdown(fd[0], SHUT_RD));
	EXPECT_EQ(0, read(fd[0], &c, 1));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(fd[0]));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(fd[1]));
	ASSERT_EQ(1, write(fd[0], "x", 1));
	EXPECT_EQ(1, read(fd[1], &c, 1));
}

static int read_end(struct xt_thread *t)
{
	char c;

	return read(t->fd, &c, 1);
}

TEST_F(close, shutdown__wakes_own_reader)
{
	struct xt_thread t = { };
	int fd[2];

	XT_PAIR(fd);
	t.fd = fd[0];
	ASSERT_EQ(0, xt_thread_start(&t, read_end));
	ASSERT_TRUE(xt_thread_blocks(&t));
	ASSERT_EQ(0, shutdown(fd[0], SHUT_RDWR));
	EXPECT_EQ(0, xt_thread_join(&t));
}

/* close() means "I am done writing": what was written still arrives. */
TEST_F(close, written_data__arrives)
{
	struct xt_thread t = { .seed = 4, .len = 1 << 20 };
	int fd[2];
	char c;

	XT_PAIR(fd);
	t.fd = fd[0];
	ASSERT_EQ(0, xt_thread_start(&t, xt_thread_send));
	EXPECT_EQ(0, xt_recv_random(fd[1], 4, 1 << 19, 65536));
	/*
	 * The rest is in the kernel or soon will be.  A sender that closes
	 * right behind its last byte must not lose it.
	 */
	struct xt_random r = { 4 };
	static char buf[65536], want[65536];
	size_t at;

	for (at = 0; at < 1 << 19; at += sizeof(want))
		xt_random_fill(&r, want, sizeof(want));
	EXPECT_EQ(0, xt_thread_join(&t));
	ASSERT_EQ(0, close(fd[0]));
	for (; at < 1 << 20; at += sizeof(want)) {
		ASSERT_EQ((ssize_t)sizeof(buf),
			  xt_read_all(fd[1], buf, sizeof(buf)));
		xt_random_fill(&r, want, sizeof(want));
		ASSERT_EQ(0, memcmp(buf, want, sizeof(buf)));
	}
	EXPECT_EQ(0, read(fd[1], &c, 1));
}

TEST_F(close, simultaneous)
{
	int fd[2], i;
	char c;

	/* Not every round crosses; each must end well. */
	for (i = 0; i < 50; i++) {
		XT_PAIR(fd);
		ASSERT_EQ(0, shutdown(fd[i % 2], SHUT_WR));
		ASSERT_EQ(0, shutdown(fd[!(i % 2)], SHUT_WR));
		EXPECT_EQ(0, read(fd[0], &c, 1));
		EXPECT_EQ(0, read(fd[1], &c, 1));
		EXPECT_TRUE(xt_wait_state(fd[0], XTCP_CLOSE));
		EXPECT_TRUE(xt_wait_state(fd[1], XTCP_CLOSE));
		EXPECT_EQ(0, xt_so_error(fd[0]));
		EXPECT_EQ(0, xt_so_error(fd[1]));
		close(fd[0]);
		close(fd[1]);
	}
}

static bool wait_unread(int fd, int len)
{
	long long end = xt_now_ms() + XT_SOON_MS;
	int n;

	do {
		if (ioctl(fd, FIONREAD, &n))
			return false;
		if (n >= len)
			return true;
		xt_sleep_ms(1);
	} while (xt_now_ms() < end);
	return false;
}

TEST_F(close, unread_data__resets)
{
	int fd[2];
	char c;

	XT_PAIR(fd);
	ASSERT_EQ(4, write(fd[0], "lost", 4));
	ASSERT_TRUE(wait_unread(fd[1], 4));
	ASSERT_EQ(0, close(fd[1]));
	EXPECT_FAILS(ECONNRESET, read(fd[0], &c, 1));
	/* Told once; then it is simply over. */
	EXPECT_EQ(0, read(fd[0], &c, 1));
	EXPECT_EQ(XTCP_CLOSE, xt_state(fd[0]));
}

TEST_F(close, linger_zero__resets)
{
	int fd[2];
	char c;

	XT_PAIR(fd);
	ASSERT_EQ(0, set_linger(fd[0], 1, 0));
	ASSERT_EQ(0, close(fd[0]));
	EXPECT_FAILS(ECONNRESET, read(fd[1], &c, 1));
	EXPECT_EQ(XTCP_CLOSE, xt_state(fd[1]));
}

/* An abortive close leaves no TIME_WAIT: the port is free at once. */
TEST_F(close, linger_zero__frees_the_port)
{
	int fd[2], port;
	char c;

	XT_PAIR(fd);
	port = xt_local_port(fd[0]);
	ASSERT_EQ(0, set_linger(fd[0], 1, 0));
	ASSERT_EQ(0, close(fd[0]));
	EXPECT_FAILS(ECONNRESET, read(fd[1], &c, 1));
	EXPECT_EQ(0, xt_bind(&self->x, xt_socket(&self->x, 0), port));
}

/* After RST what had come already is gone, and a waiting reader wakes. */
TEST_F(close, reset__wakes_a_reader)
{
	struct xt_thread t = { };
	int fd[2];

	XT_PAIR(fd);
	t.fd = fd[1];
	ASSERT_EQ(0, xt_thread_start(&t, read_end));
	ASSERT_TRUE(xt_thread_blocks(&t));
	ASSERT_EQ(0, set_linger(fd[0], 1, 0));
	ASSERT_EQ(0, close(fd[0]));
	EXPECT_FAILS(ECONNRESET, xt_thread_join(&t));
}

TEST_F(close, reset__wakes_a_writer)
{
	struct xt_thread t = { .seed = 1, .len = 64 << 20 };
	int fd[2];

	XT_PAIR(fd);
	t.fd = fd[0];
	ASSERT_EQ(0, xt_thread_start(&t, xt_thread_send));
	ASSERT_TRUE(xt_thread_blocks(&t));
	ASSERT_EQ(0, close(fd[1]));	/* with unread data */
	EXPECT_FAILS(ECONNRESET, xt_thread_join(&t));
}

/* The peer is wholly gone: the first write provokes RST, the next sees it. */
TEST_F(close, write_to_a_closed_peer__epipe)
{
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(0, close(fd[1]));
	ASSERT_TRUE(xt_wait_state(fd[0], XTCP_CLOSE_WAIT));
	EXPECT_EQ(1, send(fd[0], "x", 1, MSG_NOSIGNAL));
	ASSERT_TRUE(xt_wait_state(fd[0], XTCP_CLOSE));
	EXPECT_FAILS(EPIPE, send(fd[0], "x", 1, MSG_NOSIGNAL));
}

/* SO_LINGER with a time: close() waits for the data to be taken, or for it. */
TEST_F(close, linger__blocks_while_data_waits)
{
	static char buf[65536];
	long long start;
	int fd[2], idle;

	XT_PAIR(fd);
	for (idle = 0; idle < 5;) {
		if (send(fd[0], buf, sizeof(buf), MSG_DONTWAIT) > 0) {
			idle = 0;
			continue;
		}
		xt_sleep_ms(50);
		idle++;
	}
	ASSERT_EQ(0, set_linger(fd[0], 1, 1));
	start = xt_now_ms();
	ASSERT_EQ(0, close(fd[0]));
	EXPECT_LE(900, xt_now_ms() - start);
}

TEST_F(close, linger__returns_when_all_is_acknowledged)
{
	int fd[2];
	char buf[5];

	XT_PAIR(fd);
	ASSERT_EQ(0, set_linger(fd[0], 1, XT_TEST_TIMEOUT_S * 2));
	ASSERT_EQ(5, write(fd[0], "hello", 5));
	ASSERT_EQ(0, close(fd[0]));
	EXPECT_EQ(5, recv(fd[1], buf, 5, MSG_WAITALL));
	EXPECT_EQ(0, read(fd[1], buf, 1));
}

/* One end of a connection in a process of its own. */
static pid_t process_with(int fd, int other)
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	close(other);
	for (;;)
		pause();
	_exit(fd < 0);
}

static int kill_process(pid_t pid)
{
	int status;

	if (kill(pid, SIGKILL) || waitpid(pid, &status, 0) != pid)
		return -1;
	return WTERMSIG(status) == SIGKILL ? 0 : -1;
}

TEST_F(close, death__ends_like_close)
{
	int fd[2];
	pid_t pid;
	char c;

	XT_PAIR(fd);
	pid = process_with(fd[0], fd[1]);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, close(fd[0]));
	EXPECT_EQ(0, xt_poll(fd[1], POLLIN, XT_QUIET_MS));
	ASSERT_EQ(0, kill_process(pid));
	EXPECT_EQ(0, read(fd[1], &c, 1));
	EXPECT_EQ(0, xt_so_error(fd[1]));
}

TEST_F(close, death__with_unread_data_resets)
{
	int fd[2];
	pid_t pid;
	char c;

	XT_PAIR(fd);
	ASSERT_EQ(4, write(fd[1], "lost", 4));
	ASSERT_TRUE(wait_unread(fd[0], 4));
	pid = process_with(fd[0], fd[1]);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, close(fd[0]));
	ASSERT_EQ(0, kill_process(pid));
	EXPECT_FAILS(ECONNRESET, read(fd[1], &c, 1));
}

/* A listener dies with its process: who waited in its queue is reset. */
TEST_F(close, death__of_a_listener)
{
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);
	int fd = xt_socket(&self->x, 0);
	pid_t pid;
	char c;

	ASSERT_LE(0, listener);
	pid = process_with(listener, -1);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, xt_connect(&self->x, fd, port));
	ASSERT_EQ(1, write(fd, "x", 1));
	ASSERT_EQ(POLLIN, xt_poll(listener, POLLIN, XT_SOON_MS));
	ASSERT_EQ(0, close(listener));
	ASSERT_EQ(0, kill_process(pid));
	EXPECT_FAILS(ECONNRESET, read(fd, &c, 1));
}

static int bind_free(const struct xt *x, int port)
{
	int fd = xt_socket(x, 0), err = xt_bind(x, fd, port);
	int saved = errno;

	close(fd);
	errno = saved;
	return err;
}

/* Who closes first, client or server, holds the TIME_WAIT; the other not. */
TEST_F(close, time_wait__where_closed_first)
{
	int fd[2], first, port[2];
	char c;

	for (first = 0; first < 2; first++) {
		XT_PAIR(fd);
		port[0] = xt_local_port(fd[0]);
		port[1] = xt_local_port(fd[1]);
		ASSERT_EQ(0, shutdown(fd[first], SHUT_WR));
		ASSERT_TRUE(xt_wait_state(fd[!first], XTCP_CLOSE_WAIT));
		ASSERT_EQ(0, close(fd[!first]));
		ASSERT_EQ(0, read(fd[first], &c, 1));
		ASSERT_TRUE(xt_wait_state(fd[first], XTCP_CLOSE));
		ASSERT_EQ(0, close(fd[first]));
		EXPECT_FAILS(EADDRINUSE, bind_free(&self->x, port[first]));
		/* The other end goes when the last ACK has reached it. */
		for (long long end = xt_now_ms() + XT_SOON_MS;
		     bind_free(&self->x, port[!first]) &&
		     xt_now_ms() < end;)
			xt_sleep_ms(2);
		EXPECT_EQ(0, bind_free(&self->x, port[!first]));
	}
}

#define EVENTS "/sys/kernel/tracing/instances"

/* Counts the sockets of this protocol that the kernel sees in TIME_WAIT. */
static int trace_time_wait(const struct xt *x, char dir[64])
{
	char path[128], filter[64];

	snprintf(dir, 64, EVENTS "/xtcp-%d", getpid());
	if (mkdir(dir, 0700))
		return -1;
	snprintf(filter, sizeof(filter), "protocol == %d && newstate == %d",
		 x->protocol ?: xt_over_tcp() ? IPPROTO_TCP : IPPROTO_XTCP,
		 XTCP_TIME_WAIT);
	snprintf(path, sizeof(path),
		 "%s/events/sock/inet_sock_set_state/filter", dir);
	if (xt_write_file(path, filter))
		return -1;
	snprintf(path, sizeof(path),
		 "%s/events/sock/inet_sock_set_state/enable", dir);
	return xt_write_file(path, "1");
}

/* The events of an instance; it goes. */
static int traced(const char *dir)
{
	char path[128], text[4096];
	const char *line;
	int n = 0;

	snprintf(path, sizeof(path), "%s/trace", dir);
	if (xt_read_file(path, text, sizeof(text)) < 0)
		return -1;
	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		n += *line && *line != '#';
	}
	if (n)
		printf("%s\n", text);
	return rmdir(dir) ? -1 : n;
}

/*
 * A socket is never in TIME_WAIT itself, not even for the moment in which it
 * leaves its record: the kernel would take it for one.
 */
TEST_F(close, time_wait__not_of_a_socket)
{
	char dir[64], c;
	int fd[2];

	if (access(EVENTS, F_OK))
		SKIP(return, "no tracefs");
	ASSERT_EQ(0, trace_time_wait(&self->x, dir))
		TH_LOG("%s: %s", dir, strerror(errno));
	XT_PAIR(fd);
	ASSERT_EQ(0, shutdown(fd[0], SHUT_WR));
	ASSERT_EQ(0, read(fd[1], &c, 1));
	ASSERT_EQ(0, close(fd[1]));
	ASSERT_TRUE(xt_wait_state(fd[0], XTCP_CLOSE));
	EXPECT_EQ(0, traced(dir));
}

/* A new SYN with newer numbers opens the same four-tuple again. */
TEST_F(close, time_wait__reopened_by_a_new_connection)
{
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 8, &port);
	int fd, peer, i;
	char c;

	ASSERT_LE(0, listener);
	for (i = 0; i < 3; i++) {
		fd = xt_socket(&self->x, 0);
		ASSERT_EQ(0, xt_set(fd, SOL_SOCKET, SO_REUSEADDR, 1));
		ASSERT_EQ(0, xt_bind(&self->x, fd, 4343));
		ASSERT_EQ(0, xt_connect(&self->x, fd, port));
		peer = accept(listener, NULL, NULL);
		ASSERT_LE(0, peer);
		ASSERT_EQ(4343, xt_peer_port(peer));
		ASSERT_EQ(1, write(fd, "x", 1));
		ASSERT_EQ(1, read(peer, &c, 1));
		ASSERT_EQ(0, shutdown(peer, SHUT_WR));	/* server first */
		ASSERT_EQ(0, read(fd, &c, 1));
		ASSERT_EQ(0, close(fd));
		ASSERT_TRUE(xt_wait_state(peer, XTCP_CLOSE));
		ASSERT_EQ(0, close(peer));
	}
}

/* Two processes share the descriptor: FIN goes when the last one closes. */
TEST_F(close, fork__last_close_counts)
{
	int fd[2];
	pid_t pid;
	char c;

	XT_PAIR(fd);
	pid = process_with(fd[0], fd[1]);
	ASSERT_LT(0, pid);
	ASSERT_EQ(0, close(fd[0]));
	EXPECT_EQ(0, xt_poll(fd[1], POLLIN, XT_QUIET_MS));
	EXPECT_EQ(XTCP_ESTABLISHED, xt_state(fd[1]));
	ASSERT_EQ(0, kill_process(pid));
	EXPECT_EQ(0, read(fd[1], &c, 1));
}

/* An orphan in FIN_WAIT_2 goes by itself after LINGER2 seconds. */
TEST_F(close, fin_wait2__orphan_ends)
{
	int fd[2], port;
	long long start = xt_now_ms();

	XT_PAIR(fd);
	port = xt_local_port(fd[0]);
	ASSERT_EQ(0, xt_set(fd[0], IPPROTO_TCP, TCP_LINGER2, 1));
	ASSERT_EQ(0, close(fd[0]));
	ASSERT_TRUE(xt_wait_state(fd[1], XTCP_CLOSE_WAIT));
	EXPECT_FAILS(EADDRINUSE, bind_free(&self->x, port));
	while (bind_free(&self->x, port) &&
	       xt_now_ms() - start < XT_SOON_MS)
		xt_sleep_ms(20);
	EXPECT_EQ(0, bind_free(&self->x, port));
	/* Nobody is there any more. */
	EXPECT_EQ(1, send(fd[1], "x", 1, MSG_NOSIGNAL));
	EXPECT_TRUE(xt_wait_state(fd[1], XTCP_CLOSE));
}

TEST_F(close, many__descriptors_and_ports_come_back)
{
	int fd[2], i;

	ASSERT_EQ(0, xt_write_file("/proc/sys/net/ipv4/ip_local_port_range",
				   "40000 40031"));
	/* Ten times the ports that there are: abortive, so no TIME_WAIT. */
	for (i = 0; i < 320; i++) {
		XT_PAIR(fd);
		ASSERT_EQ(0, set_linger(fd[0], 1, 0));
		ASSERT_EQ(0, set_linger(fd[1], 1, 0));
		ASSERT_EQ(0, close(fd[0]));
		ASSERT_EQ(0, close(fd[1]));
	}
}

TEST_HARNESS_MAIN
