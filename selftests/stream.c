// SPDX-License-Identifier: GPL-2.0
/* The byte stream of one connection: order, amounts, flags, flow control. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include <kselftest_harness.h>
#include "xtcp_test.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

XT_FIXTURE(stream);

/* Waits until @len bytes can be read from @fd. */
static bool readable(int fd, int len)
{
	long long end = xt_now_ms() + XT_SOON_MS;
	int n = 0;

	while (!ioctl(fd, FIONREAD, &n) && n < len) {
		if (xt_now_ms() > end)
			return false;
		xt_sleep_ms(1);
	}
	return n >= len;
}

TEST_F(stream, order__many_sizes)
{
	static const size_t sizes[] = { 1, 2, 3, 7, 100, 535, 536, 1459, 1460,
					1461, 4096, 65535, 65536, 65537,
					300000 };
	struct xt_random r = { 42 };
	struct xt_thread t = { .seed = 42, .chunk = 1024 };
	static char buf[300000 + 8];
	size_t i;
	int fd[2];

	XT_PAIR(fd);
	t.fd = fd[1];
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		t.len += (sizes[i] + 7) / 8 * 8;
	ASSERT_EQ(0, xt_thread_start(&t, xt_thread_recv));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t pad = (sizes[i] + 7) / 8 * 8;

		xt_random_fill(&r, buf, pad);
		ASSERT_EQ((ssize_t)sizes[i], xt_write_all(fd[0], buf, sizes[i]));
		ASSERT_EQ((ssize_t)(pad - sizes[i]),
			  xt_write_all(fd[0], buf + sizes[i], pad - sizes[i]));
	}
	ASSERT_EQ(0, close(fd[0]));
	EXPECT_EQ(0, xt_thread_join(&t));
	EXPECT_EQ(0, read(fd[1], buf, 1));
}

TEST_F(stream, order__single_bytes)
{
	struct xt_thread t = { .seed = 7, .len = 4000, .chunk = 8 };
	struct xt_random r = { 7 };
	char buf[4000];
	size_t i;
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(0, xt_set(fd[0], IPPROTO_TCP, TCP_NODELAY, 1));
	t.fd = fd[1];
	ASSERT_EQ(0, xt_thread_start(&t, xt_thread_recv));
	xt_random_fill(&r, buf, sizeof(buf));
	for (i = 0; i < sizeof(buf); i++)
		ASSERT_EQ(1, write(fd[0], buf + i, 1));
	EXPECT_EQ(0, xt_thread_join(&t));
}

/* Both directions at once do not disturb each other. */
TEST_F(stream, full_duplex)
{
	struct xt_thread t[4] = { };
	int fd[2], i;

	XT_PAIR(fd);
	for (i = 0; i < 4; i++) {
		t[i].fd = fd[i / 2];
		t[i].seed = i == 0 || i == 3 ? 11 : 22;
		t[i].len = xt_scaled(16 << 20);
		ASSERT_EQ(0, xt_thread_start(&t[i], i % 2 ? xt_thread_recv :
							    xt_thread_send));
	}
	/* fd[0] sends 11 and reads 22; fd[1] sends 22 and reads 11. */
	for (i = 0; i < 4; i++)
		EXPECT_EQ(0, xt_thread_join(&t[i]));
}

/* A direction that stands still does not stop the other one. */
TEST_F(stream, full_duplex__one_direction_blocked)
{
	struct xt_thread send = { .seed = 5, .len = 1 << 20 };
	struct xt_thread recv = { .seed = 5, .len = 1 << 20 };
	char *junk = calloc(1, 65536);
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(0, xt_nonblock(fd[0], true));
	while (write(fd[0], junk, 65536) > 0)
		;
	ASSERT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, xt_nonblock(fd[0], false));
	send.fd = fd[1];
	recv.fd = fd[0];
	ASSERT_EQ(0, xt_thread_start(&send, xt_thread_send));
	ASSERT_EQ(0, xt_thread_start(&recv, xt_thread_recv));
	EXPECT_EQ(0, xt_thread_join(&send));
	EXPECT_EQ(0, xt_thread_join(&recv));
}

/* Two writes may come as one, one may come as several. */
TEST_F(stream, no_message_boundaries)
{
	char buf[16] = { };
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(5, write(fd[0], "hello", 5));
	ASSERT_EQ(5, write(fd[0], "world", 5));
	ASSERT_TRUE(readable(fd[1], 10));
	EXPECT_EQ(7, read(fd[1], buf, 7));
	EXPECT_STREQ("hellowo", buf);
	EXPECT_EQ(3, read(fd[1], buf, sizeof(buf)));
	EXPECT_EQ(0, memcmp(buf, "rld", 3));
}

TEST_F(stream, read__returns_what_is_there)
{
	char buf[64];
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(3, write(fd[0], "abc", 3));
	EXPECT_EQ(3, read(fd[1], buf, sizeof(buf)));
	ASSERT_EQ(0, xt_nonblock(fd[1], true));
	EXPECT_FAILS(EAGAIN, read(fd[1], buf, sizeof(buf)));
	EXPECT_EQ(0, read(fd[1], buf, 0));
	ASSERT_EQ(0, close(fd[0]));
	ASSERT_EQ(POLLIN, xt_poll(fd[1], POLLIN, XT_SOON_MS));
	EXPECT_EQ(0, read(fd[1], buf, sizeof(buf)));
	EXPECT_EQ(0, read(fd[1], buf, sizeof(buf)));
}

TEST_F(stream, write__nothing)
{
	int fd[2];

	XT_PAIR(fd);
	EXPECT_EQ(0, send(fd[0], "", 0, 0));
	EXPECT_EQ(0, xt_poll(fd[1], POLLIN, XT_QUIET_MS));
}

static int read_one(struct xt_thread *t)
{
	char c;

	return read(t->fd, &c, 1) == 1 ? c : -1;
}

TEST_F(stream, read__blocks_until_data)
{
	struct xt_thread t = { };
	int fd[2];

	XT_PAIR(fd);
	t.fd = fd[1];
	ASSERT_EQ(0, xt_thread_start(&t, read_one));
	ASSERT_TRUE(xt_thread_blocks(&t));
	ASSERT_EQ(1, write(fd[0], "x", 1));
	EXPECT_EQ('x', xt_thread_join(&t));
}

TEST_F(stream, msg_peek__leaves_the_data)
{
	char buf[8] = { };
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(6, write(fd[0], "peeked", 6));
	ASSERT_TRUE(readable(fd[1], 6));
	EXPECT_EQ(4, recv(fd[1], buf, 4, MSG_PEEK));
	EXPECT_EQ(6, recv(fd[1], buf, 8, MSG_PEEK));
	EXPECT_EQ(6, recv(fd[1], buf, 8, 0));
	EXPECT_STREQ("peeked", buf);
	EXPECT_FAILS(EAGAIN, recv(fd[1], buf, 8, MSG_PEEK | MSG_DONTWAIT));
}

static int read_all_5(struct xt_thread *t)
{
	char buf[5];

	return recv(t->fd, buf, 5, MSG_WAITALL);
}

TEST_F(stream, msg_waitall__waits)
{
	struct xt_thread t = { };
	int fd[2];

	XT_PAIR(fd);
	t.fd = fd[1];
	ASSERT_EQ(0, xt_thread_start(&t, read_all_5));
	ASSERT_EQ(3, write(fd[0], "abc", 3));
	ASSERT_TRUE(xt_thread_blocks(&t));
	ASSERT_EQ(2, write(fd[0], "de", 2));
	EXPECT_EQ(5, xt_thread_join(&t));
}

TEST_F(stream, msg_waitall__short_at_the_end)
{
	struct xt_thread t = { };
	int fd[2];

	XT_PAIR(fd);
	t.fd = fd[1];
	ASSERT_EQ(0, xt_thread_start(&t, read_all_5));
	ASSERT_EQ(3, write(fd[0], "abc", 3));
	ASSERT_EQ(0, close(fd[0]));
	EXPECT_EQ(3, xt_thread_join(&t));
}

TEST_F(stream, msg_dontwait)
{
	char buf[8];
	int fd[2];

	XT_PAIR(fd);
	EXPECT_FAILS(EAGAIN, recv(fd[1], buf, 8, MSG_DONTWAIT));
	EXPECT_EQ(2, send(fd[0], "ok", 2, MSG_DONTWAIT));
}

/* MSG_TRUNC throws away instead of copying. */
TEST_F(stream, msg_trunc__discards)
{
	char buf[8] = "12345";
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(6, write(fd[0], "abcdef", 6));
	ASSERT_TRUE(readable(fd[1], 6));
	EXPECT_EQ(4, recv(fd[1], buf, 4, MSG_TRUNC));
	EXPECT_STREQ("12345", buf);
	EXPECT_EQ(2, recv(fd[1], buf, 8, 0));
	EXPECT_EQ(0, memcmp(buf, "ef", 2));
}

/* MSG_MORE may hold back, and what comes without it lets all go. */
TEST_F(stream, msg_more)
{
	char buf[8] = { };
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(3, send(fd[0], "abc", 3, MSG_MORE));
	ASSERT_EQ(3, send(fd[0], "def", 3, 0));
	EXPECT_EQ(6, recv(fd[1], buf, 6, MSG_WAITALL));
	EXPECT_STREQ("abcdef", buf);
}

TEST_F(stream, cork__holds_until_uncorked)
{
	char buf[8] = { };
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(0, xt_set(fd[0], IPPROTO_TCP, TCP_CORK, 1));
	ASSERT_EQ(3, write(fd[0], "abc", 3));
	/* TCP lets it go after 200 ms at the latest: look at once only. */
	ASSERT_EQ(3, write(fd[0], "def", 3));
	ASSERT_EQ(0, xt_set(fd[0], IPPROTO_TCP, TCP_CORK, 0));
	EXPECT_EQ(6, recv(fd[1], buf, 6, MSG_WAITALL));
	EXPECT_STREQ("abcdef", buf);
}

TEST_F(stream, writev_readv)
{
	char a[4] = { }, b[4] = { };
	struct iovec out[3] = { { "ab", 2 }, { "", 0 }, { "cdef", 4 } };
	struct iovec in[2] = { { a, 3 }, { b, 3 } };
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(6, writev(fd[0], out, 3));
	ASSERT_TRUE(readable(fd[1], 6));
	EXPECT_EQ(6, readv(fd[1], in, 2));
	EXPECT_STREQ("abc", a);
	EXPECT_STREQ("def", b);
}

TEST_F(stream, sendmsg_recvmsg)
{
	char buf[8] = { };
	struct iovec out = { "hello", 5 }, in = { buf, 8 };
	struct msghdr msg = { .msg_iov = &out, .msg_iovlen = 1 };
	union xt_addr name;
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(5, sendmsg(fd[0], &msg, 0));
	ASSERT_TRUE(readable(fd[1], 5));
	msg.msg_iov = &in;
	msg.msg_name = &name;
	msg.msg_namelen = sizeof(name);
	EXPECT_EQ(5, recvmsg(fd[1], &msg, 0));
	EXPECT_STREQ("hello", buf);
	/* A stream does not say who: the connection does. */
	EXPECT_EQ(0, msg.msg_namelen);
	EXPECT_EQ(0, msg.msg_flags & ~MSG_CMSG_CLOEXEC);
}

TEST_F(stream, sendmmsg_recvmmsg)
{
	struct iovec iov[2] = { { "ab", 2 }, { "cd", 2 } };
	struct mmsghdr m[2] = {
		{ .msg_hdr = { .msg_iov = &iov[0], .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = &iov[1], .msg_iovlen = 1 } },
	};
	char buf[8] = { };
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(2, sendmmsg(fd[0], m, 2, 0));
	EXPECT_EQ(2, m[1].msg_len);
	EXPECT_EQ(4, recv(fd[1], buf, 4, MSG_WAITALL));
	EXPECT_STREQ("abcd", buf);
}

TEST_F(stream, rcvtimeo__eagain)
{
	struct timeval t = { .tv_usec = 200000 };
	long long start = xt_now_ms();
	char c;
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(0, setsockopt(fd[1], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	EXPECT_FAILS(EAGAIN, read(fd[1], &c, 1));
	EXPECT_LE(180, xt_now_ms() - start);
}

/*
 * Writes until the kernel has taken no more for a while; returns how much it
 * took.  Not by poll(): that asks for more room than send() needs.
 */
static long fill(int fd)
{
	static char buf[65536];
	int idle = 0;
	long total = 0;

	while (idle < 5) {
		ssize_t n = send(fd, buf, sizeof(buf), MSG_DONTWAIT);

		if (n > 0) {
			total += n;
			idle = 0;
		} else {
			xt_sleep_ms(XT_QUIET_MS / 5);
			idle++;
		}
	}
	return total;
}

TEST_F(stream, sndtimeo__eagain)
{
	struct timeval t = { .tv_usec = 200000 };
	static char buf[65536];
	long long start;
	ssize_t n;
	int fd[2];

	XT_PAIR(fd);
	ASSERT_LT(0, fill(fd[0]));
	ASSERT_EQ(0, setsockopt(fd[0], SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)));
	/* A little more may still fit, and then it is a short write. */
	do {
		start = xt_now_ms();
		n = write(fd[0], buf, sizeof(buf));
	} while (n > 0);
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_LE(180, xt_now_ms() - start);
}

/* The reader stops: the writer blocks; the reader goes on: so does it. */
TEST_F(stream, slow_reader__blocks_the_writer)
{
	struct xt_thread t = { .seed = 3, .len = 32 << 20 };
	int fd[2];

	XT_PAIR(fd);
	t.fd = fd[0];
	ASSERT_EQ(0, xt_thread_start(&t, xt_thread_send));
	ASSERT_TRUE(xt_thread_blocks(&t));
	EXPECT_EQ(0, xt_recv_random(fd[1], 3, 32 << 20, 65536));
	EXPECT_EQ(0, xt_thread_join(&t));
}

/*
 * What a writer can put into the kernel while the reader sleeps is bounded by
 * the two buffers.  The bound is generous, because buffers count metadata and
 * may grow a little over the limit, but a sender that ignores the window, or a
 * receiver that ignores its buffer, goes far beyond it.
 */
TEST_F(stream, buffers__bound_what_is_in_flight)
{
	const int rcvbuf = 50000, sndbuf = 50000;
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 1, &port);
	int fd = xt_socket(&self->x, 0), peer, unread = 0;
	long total;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, xt_set(listener, SOL_SOCKET, SO_RCVBUF, rcvbuf));
	ASSERT_EQ(0, xt_set(fd, SOL_SOCKET, SO_SNDBUF, sndbuf));
	ASSERT_EQ(0, xt_connect(&self->x, fd, port));
	peer = accept(listener, NULL, NULL);
	ASSERT_LE(0, peer);
	EXPECT_EQ(2 * rcvbuf, xt_get(peer, SOL_SOCKET, SO_RCVBUF));
	EXPECT_EQ(2 * sndbuf, xt_get(fd, SOL_SOCKET, SO_SNDBUF));
	total = fill(fd);
	EXPECT_LT(rcvbuf / 4, total);
	EXPECT_GE(2 * (2 * rcvbuf + 2 * sndbuf), total);
	ASSERT_EQ(0, ioctl(peer, FIONREAD, &unread));
	EXPECT_GE(2 * 2 * rcvbuf, unread);
	/* Nothing of it is lost. */
	ASSERT_EQ(0, shutdown(fd, SHUT_WR));
	for (;;) {
		char buf[4096];
		ssize_t n = read(peer, buf, sizeof(buf));

		ASSERT_LE(0, n);
		if (!n)
			break;
		total -= n;
	}
	EXPECT_EQ(0, total);
}

/* A window that has been shut opens again when the reader makes room. */
TEST_F(stream, zero_window__resumes_many_times)
{
	struct xt_thread t = { .seed = 9, .len = 1 << 20 };
	uint16_t port = 0;
	int listener = xt_listener(&self->x, 1, &port);
	struct xt_random r = { 9 };
	static char buf[131072], want[131072];
	int peer, i;

	ASSERT_LE(0, listener);
	ASSERT_EQ(0, xt_set(listener, SOL_SOCKET, SO_RCVBUF, 16384));
	t.fd = xt_socket(&self->x, 0);
	ASSERT_EQ(0, xt_set(t.fd, SOL_SOCKET, SO_SNDBUF, 16384));
	ASSERT_EQ(0, xt_connect(&self->x, t.fd, port));
	peer = accept(listener, NULL, NULL);
	ASSERT_LE(0, peer);
	ASSERT_EQ(0, xt_thread_start(&t, xt_thread_send));
	for (i = 0; i < 8; i++) {
		if (i < 4)
			ASSERT_TRUE(xt_thread_blocks(&t));
		ASSERT_EQ((ssize_t)sizeof(buf),
			  xt_read_all(peer, buf, sizeof(buf)));
		xt_random_fill(&r, want, sizeof(want));
		ASSERT_EQ(0, memcmp(buf, want, sizeof(buf)));
	}
	EXPECT_EQ(0, xt_thread_join(&t));
}

/* A reader that takes tiny bites must not be fed forever in tiny segments. */
TEST_F(stream, tiny_reads)
{
	struct xt_thread t = { .seed = 8, .len = 256 << 10, .chunk = 4096 };
	int fd[2];

	XT_PAIR(fd);
	t.fd = fd[0];
	ASSERT_EQ(0, xt_thread_start(&t, xt_thread_send));
	EXPECT_EQ(0, xt_recv_random(fd[1], 8, 256 << 10, 8));
	EXPECT_EQ(0, xt_thread_join(&t));
}

TEST_F(stream, sigpipe__when_the_peer_is_gone)
{
	struct linger linger = { .l_onoff = 1 };
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(0, setsockopt(fd[1], SOL_SOCKET, SO_LINGER, &linger,
				sizeof(linger)));
	ASSERT_EQ(0, close(fd[1]));
	ASSERT_LT(0, xt_poll(fd[0], POLLIN, XT_SOON_MS));
	EXPECT_EQ(ECONNRESET, xt_so_error(fd[0]));
	EXPECT_FAILS(EPIPE, send(fd[0], "x", 1, MSG_NOSIGNAL));
	ASSERT_NE(SIG_ERR, signal(SIGPIPE, SIG_IGN));
	EXPECT_FAILS(EPIPE, write(fd[0], "x", 1));
}

static void sigpipe(struct __test_metadata *_metadata, const struct xt *x)
{
	int fd[2];

	ASSERT_EQ(0, xt_pair(x, fd));
	ASSERT_EQ(0, shutdown(fd[0], SHUT_WR));
	EXPECT_EQ(0, write(fd[0], "x", 1));
}

TEST_F_SIGNAL(stream, sigpipe__after_shutdown, SIGPIPE)
{
	sigpipe(_metadata, &self->x);
}

TEST_F(stream, epipe__after_own_shutdown)
{
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(0, shutdown(fd[0], SHUT_WR));
	EXPECT_FAILS(EPIPE, send(fd[0], "x", 1, MSG_NOSIGNAL));
}

TEST_F(stream, fionread__counts_unread)
{
	char buf[8];
	int fd[2], n = -1;

	XT_PAIR(fd);
	ASSERT_EQ(0, ioctl(fd[1], FIONREAD, &n));
	EXPECT_EQ(0, n);
	ASSERT_EQ(5, write(fd[0], "12345", 5));
	ASSERT_TRUE(readable(fd[1], 5));
	ASSERT_EQ(2, read(fd[1], buf, 2));
	ASSERT_EQ(0, ioctl(fd[1], SIOCINQ, &n));
	EXPECT_EQ(3, n);
}

TEST_F(stream, siocoutq__counts_unacknowledged)
{
	long total;
	int fd[2], n = -1, unread = -1;
	long long end = xt_now_ms() + XT_SOON_MS;

	XT_PAIR(fd);
	total = fill(fd[0]);
	ASSERT_EQ(0, ioctl(fd[0], SIOCOUTQ, &n));
	ASSERT_EQ(0, ioctl(fd[1], SIOCINQ, &unread));
	EXPECT_LT(0, n);
	/* Each byte is at one end or at the other. */
	EXPECT_LE(total, (long)n + unread);
	ASSERT_EQ(0, ioctl(fd[0], SIOCOUTQNSD, &n));
	EXPECT_LE(0, n);
	while (total) {
		static char buf[65536];
		ssize_t got = read(fd[1], buf, sizeof(buf));

		ASSERT_LT(0, got);
		total -= got;
	}
	do {
		ASSERT_EQ(0, ioctl(fd[0], SIOCOUTQ, &n));
		xt_sleep_ms(1);
	} while (n && xt_now_ms() < end);
	EXPECT_EQ(0, n);
}

/* A file with random content; the descriptor stands at its beginning. */
static int random_file(uint64_t seed, size_t len)
{
	int fd = memfd_create("random", 0);

	if (fd < 0)
		return -1;
	for (size_t at = 0; at < len; at += 4096) {
		static char buf[4096];
		static struct xt_random r;

		if (!at)
			r.state = seed;
		xt_random_fill(&r, buf, sizeof(buf));
		if (write(fd, buf, sizeof(buf)) != sizeof(buf))
			return -1;
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

TEST_F(stream, sendfile__delivers_the_file)
{
	struct xt_thread t = { .seed = 21, .len = 4 << 20 };
	int fd[2], file = random_file(21, 4 << 20);
	off_t at = 0;

	ASSERT_LE(0, file);
	XT_PAIR(fd);
	t.fd = fd[1];
	ASSERT_EQ(0, xt_thread_start(&t, xt_thread_recv));
	while (at < 4 << 20)
		ASSERT_LT(0, sendfile(fd[0], file, &at, (4 << 20) - at));
	EXPECT_EQ(0, xt_thread_join(&t));
}

/* splice(): file to pipe to socket, and socket to pipe to memory. */
static int splice_out(struct xt_thread *t)
{
	int file = random_file(t->seed, t->len), p[2];
	size_t done = 0;

	if (file < 0 || pipe(p))
		return -1;
	while (done < t->len) {
		ssize_t n = splice(file, NULL, p[1], NULL, 65536, 0);

		if (n <= 0)
			return -1;
		done += n;
		while (n) {
			ssize_t m = splice(p[0], NULL, t->fd, NULL, n,
					   SPLICE_F_MORE);

			if (m <= 0)
				return -1;
			n -= m;
		}
	}
	return shutdown(t->fd, SHUT_WR);
}

TEST_F(stream, splice__both_ways)
{
	struct xt_thread t = { .seed = 33, .len = 2 << 20 };
	struct xt_random r = { 33 };
	static char buf[65536], want[65536];
	size_t have = 0, total = 0;
	int fd[2], p[2];

	XT_PAIR(fd);
	ASSERT_EQ(0, pipe(p));
	t.fd = fd[0];
	ASSERT_EQ(0, xt_thread_start(&t, splice_out));
	for (;;) {
		ssize_t n = splice(fd[1], NULL, p[1], NULL,
				   sizeof(buf) - have, 0);

		ASSERT_LE(0, n);
		if (!n)
			break;
		ASSERT_EQ(n, xt_read_all(p[0], buf + have, n));
		have += n;
		total += n;
		if (have < sizeof(buf))
			continue;
		xt_random_fill(&r, want, sizeof(want));
		ASSERT_EQ(0, memcmp(buf, want, sizeof(buf)));
		have = 0;
	}
	EXPECT_EQ(t.len, total);
	EXPECT_EQ(0, xt_thread_join(&t));
}

TEST_F(stream, splice__nonblock_eagain)
{
	int fd[2], p[2];

	XT_PAIR(fd);
	ASSERT_EQ(0, pipe(p));
	ASSERT_EQ(0, xt_nonblock(fd[1], true));
	EXPECT_FAILS(EAGAIN, splice(fd[1], NULL, p[1], NULL, 4096,
				    SPLICE_F_NONBLOCK));
}

/* Counts of what passed, as the connection itself tells them. */
TEST_F(stream, info__counts_bytes)
{
	struct xtcp_info info = { };
	socklen_t len = sizeof(info);
	char buf[1000] = { };
	int fd[2];

	if (xt_over_tcp())
		SKIP(return, "XTCP_INFO is XTCP's own");
	XT_PAIR(fd);
	ASSERT_EQ(1000, write(fd[0], buf, 1000));
	ASSERT_EQ(1000, recv(fd[1], buf, 1000, MSG_WAITALL));
	ASSERT_EQ(0, getsockopt(fd[1], SOL_XTCP, XTCP_INFO, &info, &len));
	EXPECT_EQ(XTCP_ESTABLISHED, info.xtcpi_state);
	EXPECT_EQ(1000, info.xtcpi_bytes_received);
	EXPECT_EQ(0, info.xtcpi_unread_bytes);
	len = sizeof(info);
	ASSERT_EQ(0, getsockopt(fd[0], SOL_XTCP, XTCP_INFO, &info, &len));
	EXPECT_LE(1000, info.xtcpi_bytes_sent);
	EXPECT_LT(0, info.xtcpi_snd_mss);
	EXPECT_LT(0, info.xtcpi_srtt_us);
	EXPECT_LT(0, info.xtcpi_rto_us);
}

TEST_HARNESS_MAIN
