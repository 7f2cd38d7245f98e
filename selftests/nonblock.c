// SPDX-License-Identifier: GPL-2.0
/* Descriptors that never wait, and descriptors as files. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <kselftest_harness.h>
#include "xtcp_test.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

XT_FIXTURE(nonblock);

/* Takes what fits, says how much, then EAGAIN, then POLLOUT, then all of it. */
TEST_F(nonblock, write__partial_then_pollout)
{
	struct xt_thread t = { .seed = 13, .len = 8 << 20 };
	struct xt_random r = { 13 };
	char *buf = malloc(8 << 20);
	size_t done = 0;
	bool full = false;
	int fd[2];

	XT_PAIR(fd);
	ASSERT_NE(NULL, buf);
	xt_random_fill(&r, buf, 8 << 20);
	ASSERT_EQ(0, xt_nonblock(fd[0], true));
	while (done < 8 << 20) {
		ssize_t n = write(fd[0], buf + done, (8 << 20) - done);

		if (n > 0) {
			done += n;
			continue;
		}
		ASSERT_EQ(EAGAIN, errno);
		if (!full) {
			full = true;
			t.fd = fd[1];
			ASSERT_EQ(0, xt_thread_start(&t, xt_thread_recv));
		}
		ASSERT_EQ(POLLOUT, xt_poll(fd[0], POLLOUT, XT_SOON_MS));
	}
	EXPECT_TRUE(full);
	EXPECT_EQ(0, xt_thread_join(&t));
}

TEST_F(nonblock, read__eagain_then_pollin)
{
	char c;
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(0, xt_nonblock(fd[1], true));
	EXPECT_FAILS(EAGAIN, read(fd[1], &c, 1));
	ASSERT_EQ(1, write(fd[0], "x", 1));
	EXPECT_EQ(POLLIN, xt_poll(fd[1], POLLIN, XT_SOON_MS));
	EXPECT_EQ(1, read(fd[1], &c, 1));
	EXPECT_FAILS(EAGAIN, read(fd[1], &c, 1));
}

TEST_F(nonblock, fionbio__switches)
{
	int fd[2], on = 1;
	char c;

	XT_PAIR(fd);
	ASSERT_EQ(0, ioctl(fd[0], FIONBIO, &on));
	EXPECT_FAILS(EAGAIN, read(fd[0], &c, 1));
	EXPECT_TRUE(fcntl(fd[0], F_GETFL) & O_NONBLOCK);
}

TEST_F(nonblock, socket__flags)
{
	int fd = xt_socket(&self->x, SOCK_NONBLOCK | SOCK_CLOEXEC);

	ASSERT_LE(0, fd);
	EXPECT_TRUE(fcntl(fd, F_GETFL) & O_NONBLOCK);
	EXPECT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

TEST_F(nonblock, file__is_a_socket)
{
	struct stat st;
	int fd[2];
	char c;

	XT_PAIR(fd);
	ASSERT_EQ(0, fstat(fd[0], &st));
	EXPECT_TRUE(S_ISSOCK(st.st_mode));
	EXPECT_FAILS(ESPIPE, lseek(fd[0], 0, SEEK_SET));
	EXPECT_FAILS(ESPIPE, pread(fd[0], &c, 1, 0));
	EXPECT_EQ(O_RDWR, fcntl(fd[0], F_GETFL) & O_ACCMODE);
	EXPECT_FAILS(EINVAL, fsync(fd[0]));
	EXPECT_EQ(0, isatty(fd[0]));
	EXPECT_EQ(ENOTTY, errno);
}

/* One more descriptor of the same connection: it ends with the last one. */
TEST_F(nonblock, dup__shares_the_connection)
{
	int fd[2], copy;
	char c;

	XT_PAIR(fd);
	copy = dup(fd[0]);
	ASSERT_LE(0, copy);
	ASSERT_EQ(0, close(fd[0]));
	ASSERT_EQ(1, write(copy, "x", 1));
	EXPECT_EQ(1, read(fd[1], &c, 1));
	EXPECT_EQ(0, xt_poll(fd[1], POLLIN, XT_QUIET_MS));
	ASSERT_EQ(0, close(copy));
	EXPECT_EQ(POLLIN, xt_poll(fd[1], POLLIN, XT_SOON_MS));
	EXPECT_EQ(0, read(fd[1], &c, 1));
}

/* A descriptor handed to another process through a Unix socket works there. */
TEST_F(nonblock, scm_rights__passes_the_connection)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { };
	struct iovec iov = { "f", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	int fd[2], pair[2], passed;
	char c;

	XT_PAIR(fd);
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &fd[0], sizeof(int));
	ASSERT_EQ(1, sendmsg(pair[0], &msg, 0));
	ASSERT_EQ(0, close(fd[0]));
	iov.iov_base = &c;
	ASSERT_EQ(1, recvmsg(pair[1], &msg, 0));
	memcpy(&passed, CMSG_DATA(&control.head), sizeof(int));
	ASSERT_EQ(1, write(passed, "x", 1));
	EXPECT_EQ(1, read(fd[1], &c, 1));
}

static volatile sig_atomic_t sigio_seen;

static void on_sigio(int sig)
{
	(void)sig;
	sigio_seen = 1;
}

TEST_F(nonblock, fioasync__sigio)
{
	struct sigaction action = { .sa_handler = on_sigio };
	long long end = xt_now_ms() + XT_SOON_MS;
	int fd[2], on = 1;

	XT_PAIR(fd);
	ASSERT_EQ(0, sigaction(SIGIO, &action, NULL));
	ASSERT_EQ(0, fcntl(fd[1], F_SETOWN, getpid()));
	EXPECT_EQ(getpid(), fcntl(fd[1], F_GETOWN));
	ASSERT_EQ(0, ioctl(fd[1], FIOASYNC, &on));
	ASSERT_EQ(1, write(fd[0], "x", 1));
	while (!sigio_seen && xt_now_ms() < end)
		xt_sleep_ms(1);
	EXPECT_EQ(1, sigio_seen);
}

TEST_F(nonblock, descriptor__is_in_proc)
{
	char path[64], link[64] = { };
	int fd[2];

	XT_PAIR(fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd[0]);
	ASSERT_LT(0, readlink(path, link, sizeof(link) - 1));
	EXPECT_EQ(0, strncmp(link, "socket:[", 8));
}

TEST_HARNESS_MAIN
