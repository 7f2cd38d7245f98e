// SPDX-License-Identifier: GPL-2.0
/*
 * Groups of listeners on one port (SO_REUSEPORT): they share the load, and the
 * group outlives its members.  Segment by segment: wire/group.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <kselftest_harness.h>
#include "xtcp_test.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

#define PORT	5000
#define MEMBERS	4

XT_FIXTURE(reuseport);

static int member(const struct xt *x, int backlog)
{
	int fd = xt_socket(x, SOCK_NONBLOCK);

	if (fd < 0 || xt_set(fd, SOL_SOCKET, SO_REUSEPORT, 1) ||
	    xt_bind(x, fd, PORT) || listen(fd, backlog))
		return -1;
	return fd;
}

/* Which of them has a connection for us; takes it.  Closed ones are -1. */
static int accepted_by(const int *fd, int n, int *peer)
{
	struct pollfd p[MEMBERS];
	int i;

	for (i = 0; i < n; i++) {
		p[i].fd = fd[i];
		p[i].events = POLLIN;
	}
	if (poll(p, n, XT_SOON_MS) != 1)
		return -1;
	for (i = 0; i < n; i++)
		if (p[i].revents)
			break;
	*peer = accept(fd[i], NULL, NULL);
	return *peer < 0 ? -1 : i;
}

static bool talks(int a, int b)
{
	char c;

	return write(a, "?", 1) == 1 && read(b, &c, 1) == 1 &&
	       write(b, "!", 1) == 1 && read(a, &c, 1) == 1;
}

/* 400 between 4: fewer than 40 for one of them is by chance one in 10^16. */
TEST_F(reuseport, load__shared)
{
	int fd[MEMBERS], share[MEMBERS] = { }, i, n = 400;

	for (i = 0; i < MEMBERS; i++) {
		fd[i] = member(&self->x, 8);
		ASSERT_LE(0, fd[i]);
	}
	for (i = 0; i < n; i++) {
		int client = xt_socket(&self->x, 0), peer, who;

		ASSERT_EQ(0, xt_connect(&self->x, client, PORT));
		who = accepted_by(fd, MEMBERS, &peer);
		ASSERT_LE(0, who);
		share[who]++;
		close(client);
		close(peer);
	}
	for (i = 0; i < MEMBERS; i++)
		EXPECT_LE(n / 10, share[i]);
}

TEST_F(reuseport, death__others_take_over)
{
	int fd[MEMBERS], client[40], peer[40], i, who;

	for (i = 0; i < MEMBERS; i++) {
		fd[i] = member(&self->x, 8);
		ASSERT_LE(0, fd[i]);
	}
	for (i = 0; i < 40; i++) {
		/* One after the other is gone, but the last. */
		if (i && i % 10 == 0) {
			ASSERT_EQ(0, close(fd[i / 10 - 1]));
			fd[i / 10 - 1] = -1;
		}
		client[i] = xt_socket(&self->x, 0);
		ASSERT_EQ(0, xt_connect(&self->x, client[i], PORT))
			TH_LOG("%d: %s", i, strerror(errno));
		who = accepted_by(fd, MEMBERS, &peer[i]);
		ASSERT_LE(i / 10, who);
	}
	/* What the dead have accepted lives on. */
	for (i = 0; i < 40; i++)
		EXPECT_TRUE(talks(client[i], peer[i]));
	close(fd[MEMBERS - 1]);
	EXPECT_FAILS(ECONNREFUSED,
		     xt_connect(&self->x, xt_socket(&self->x, 0), PORT));
}

/* Who waited for the dead one is told; who waits for others is not. */
TEST_F(reuseport, death__resets_its_own_queue)
{
	int fd[2], client[32], i, reset = 0, served = 0;
	long long end;

	fd[0] = member(&self->x, 64);
	fd[1] = member(&self->x, 64);
	ASSERT_LE(0, fd[0]);
	ASSERT_LE(0, fd[1]);
	for (i = 0; i < 32; i++) {
		client[i] = xt_socket(&self->x, 0);
		ASSERT_EQ(0, xt_connect(&self->x, client[i], PORT));
	}
	xt_sleep_ms(XT_QUIET_MS);
	ASSERT_EQ(0, close(fd[0]));
	end = xt_now_ms() + XT_SOON_MS;
	while (reset + served < 32) {
		ASSERT_GT(end, xt_now_ms());
		while (xt_poll(fd[1], POLLIN, 0)) {
			ASSERT_LE(0, accept(fd[1], NULL, NULL));
			served++;
		}
		xt_sleep_ms(10);
		for (i = 0, reset = 0; i < 32; i++)
			reset += !!(xt_poll(client[i], 0, 0) & POLLHUP);
	}
	EXPECT_LT(0, reset);
	EXPECT_EQ(32, reset + served);
}

struct churn {
	struct xt x;
	bool stop;
};

static struct churn churn;

/* Members join and leave, with whatever waits for them. */
static int come_and_go(struct xt_thread *t)
{
	while (!__atomic_load_n(&churn.stop, __ATOMIC_RELAXED)) {
		int fd = member(&churn.x, 8);

		if (fd < 0)
			return -1;
		__atomic_fetch_add(&t->len, 1, __ATOMIC_RELAXED);
		xt_sleep_ms(1);
		close(fd);
	}
	return 0;
}

static uint64_t rounds(struct xt_thread *t)
{
	return __atomic_load_n(&t->len, __ATOMIC_RELAXED);
}

TEST_F(reuseport, members_come_and_go__never_refused)
{
	struct xt_thread t[2] = { };
	int fd, i, n = xt_scaled(200), peer;

	churn.x = self->x;
	fd = member(&self->x, 1000);
	ASSERT_LE(0, fd);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, xt_thread_start(&t[i], come_and_go));
	for (i = 0; i < n || !rounds(&t[0]) || !rounds(&t[1]); i++) {
		int client = xt_socket(&self->x, 0);

		/* Some are reset, soon or later: their member took them with it. */
		EXPECT_TRUE(!xt_connect(&self->x, client, PORT) ||
			    errno == ECONNRESET)
			TH_LOG("%d: %s", i, strerror(errno));
		close(client);
		while ((peer = accept(fd, NULL, NULL)) >= 0)
			close(peer);
		if (i % 4 == 0)
			xt_sleep_ms(1);
	}
	__atomic_store_n(&churn.stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < 2; i++)
		EXPECT_EQ(0, xt_thread_join(&t[i]));
}

TEST_HARNESS_MAIN
