// SPDX-License-Identifier: GPL-2.0
/* /proc/net/xtcp_stat: the counters are there, per namespace, and they count. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>

#include <kselftest_harness.h>
#include "xtcp_test.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

XT_FIXTURE(counters);

#define NEEDS_XTCP()							\
	do {								\
		if (xt_over_tcp())					\
			SKIP(return, "XTCP's own counters");		\
	} while (0)

/* Waits for a counter that another context is about to increment. */
static long long reaches(const char *name, long long want)
{
	long long end = xt_now_ms() + XT_SOON_MS, seen;

	while ((seen = xt_counter(name)) < want && xt_now_ms() < end)
		xt_sleep_ms(2);
	return seen;
}

/* A fresh namespace has counted nothing yet. */
TEST_F(counters, namespace__starts_at_zero)
{
	static const char * const names[] = {
		"InSegs", "OutSegs", "InErrs", "ActiveOpens", "PassiveOpens",
		"CookieOk", "CookieBad", "RtoTimeouts", "TimeWait",
	};
	size_t i;

	NEEDS_XTCP();
	for (i = 0; i < ARRAY_SIZE(names); i++)
		EXPECT_EQ(0, xt_counter(names[i]));
	EXPECT_EQ(-1, xt_counter("NoSuchCounter"));
}

TEST_F(counters, connection__counts)
{
	int fd[2];
	char c;

	NEEDS_XTCP();
	XT_PAIR(fd);
	EXPECT_EQ(1, xt_counter("ActiveOpens"));
	EXPECT_EQ(1, xt_counter("PassiveOpens"));
	EXPECT_EQ(1, xt_counter("CookieOk"));
	EXPECT_EQ(0, xt_counter("CookieBad"));
	ASSERT_EQ(1, write(fd[0], "x", 1));
	ASSERT_EQ(1, read(fd[1], &c, 1));
	EXPECT_LE(4, xt_counter("OutSegs"));
	EXPECT_LE(4, xt_counter("InSegs"));
	EXPECT_EQ(0, xt_counter("InErrs"));
	ASSERT_EQ(0, close(fd[0]));
	ASSERT_EQ(0, read(fd[1], &c, 1));
	ASSERT_EQ(0, close(fd[1]));
	EXPECT_EQ(1, reaches("TimeWait", 1));
}

TEST_F(counters, refused__counts)
{
	NEEDS_XTCP();
	EXPECT_FAILS(ECONNREFUSED,
		     xt_connect(&self->x, xt_socket(&self->x, 0), 7000));
	EXPECT_EQ(1, xt_counter("InNoSocket"));
	EXPECT_EQ(1, xt_counter("AttemptFails"));
	EXPECT_EQ(1, xt_counter("OutRsts"));
	EXPECT_EQ(1, xt_counter("InRsts"));
}

TEST_F(counters, aborts__count)
{
	struct linger linger = { .l_onoff = 1 };
	int fd[2];

	NEEDS_XTCP();
	XT_PAIR(fd);
	ASSERT_EQ(0, setsockopt(fd[0], SOL_SOCKET, SO_LINGER, &linger,
				sizeof(linger)));
	ASSERT_EQ(0, close(fd[0]));
	EXPECT_EQ(1, xt_counter("AbortOnLinger"));
	EXPECT_LE(1, reaches("EstabResets", 1));
	XT_PAIR(fd);
	ASSERT_EQ(1, write(fd[0], "x", 1));
	ASSERT_EQ(POLLIN, xt_poll(fd[1], POLLIN, XT_SOON_MS));
	ASSERT_EQ(0, close(fd[1]));
	EXPECT_EQ(1, xt_counter("AbortOnClose"));
}

/* What another namespace does is not counted here. */
TEST_F(counters, namespace__counts_its_own)
{
	int fd[2];

	NEEDS_XTCP();
	XT_PAIR(fd);
	ASSERT_EQ(0, xt_new_netns());
	EXPECT_EQ(0, xt_counter("ActiveOpens"));
}

/* Column "sockets" of this namespace's /proc/net/protocols; -1: no such line. */
static int listed(const char *protocol)
{
	char buf[16384], name[32];
	int size, sockets;
	char *line;

	if (xt_read_file("/proc/net/protocols", buf, sizeof(buf)) <= 0)
		return -1;
	for (line = strtok(buf, "\n"); line; line = strtok(NULL, "\n"))
		if (sscanf(line, "%31s %d %d", name, &size, &sockets) == 3 &&
		    !strcmp(name, protocol))
			return sockets;
	return -1;
}

/* Both ends of a connection are counted while it lives, and a listener. */
TEST_F(counters, protocols__counts_the_sockets)
{
	struct linger at_once = { .l_onoff = 1 };
	int fd[2];

	NEEDS_XTCP();
	EXPECT_EQ(0, listed("XTCP") + listed("XTCPv6"));
	XT_PAIR(fd);
	EXPECT_LE(2, listed("XTCP") + listed("XTCPv6"));
	EXPECT_GE(3, listed("XTCP") + listed("XTCPv6"));
	ASSERT_EQ(0, setsockopt(fd[0], SOL_SOCKET, SO_LINGER, &at_once,
				sizeof(at_once)));
	close(fd[0]);
	ASSERT_TRUE(xt_wait_state(fd[1], XTCP_CLOSE));
	EXPECT_EQ(0, listed("XTCP") + listed("XTCPv6"));
	/* What is only open is not counted, as with TCP. */
	close(fd[1]);
	ASSERT_LE(0, fd[0] = xt_socket(&self->x, 0));
	EXPECT_EQ(0, listed("XTCP") + listed("XTCPv6"));
	close(fd[0]);
}

TEST_HARNESS_MAIN
