// SPDX-License-Identifier: GPL-2.0
/*
 * Namespaces that come and go with connections in them.  wire/last_days.c has
 * sockets in every state when theirs ends.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <kselftest_harness.h>
#include "xtcp_test.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

#define PORT	    5000
#define LONG_TEST_S 1500
#define FDS	    9

XT_FIXTURE_IP(namespaces);

/* Busy, idle, waiting to be accepted, half closed, just listening. */
static int populate(const struct xt *x, int fd[FDS])
{
	uint16_t port = PORT;
	char c;

	if (xt_pair(x, fd) || xt_pair(x, fd + 2) || xt_pair(x, fd + 4))
		return -1;
	fd[6] = xt_listener(x, 8, &port);
	fd[7] = xt_socket(x, 0);
	fd[8] = xt_socket(x, 0);
	if (fd[6] < 0 || xt_connect(x, fd[7], port) || xt_bind(x, fd[8], 0))
		return -1;
	/* the first pair leaves data unread, the second has talked */
	if (write(fd[0], "unread", 6) != 6 || write(fd[2], "?", 1) != 1 ||
	    read(fd[3], &c, 1) != 1)
		return -1;
	return shutdown(fd[4], SHUT_WR);
}

static long long slab_kb(void)
{
	static const char name[] = "SUnreclaim: ";
	char text[8192];
	const char *at;

	if (xt_read_file("/proc/meminfo", text, sizeof(text)) < 0)
		return -1;
	at = strstr(text, name);
	return at ? atoll(at + sizeof(name) - 1) : -1;
}

/*
 * Nobody is in it any more when its sockets are closed, in half of the cases;
 * in the other half they are closed, and say good-bye, as it goes.
 */
TEST_F_TIMEOUT(namespaces, many__with_live_connections, LONG_TEST_S)
{
	bool full = getenv("XTCP_TEST_LONG") && xt_scaled(1000) == 1000;
	int n = xt_scaled(full ? 1000 : 60), i, k, fd[FDS];
	long long before = 0, end;

	for (i = 0; i < n; i++) {
		ASSERT_EQ(0, xt_new_netns());
		ASSERT_EQ(0, populate(&self->x, fd))
			TH_LOG("namespace %d: %s", i, strerror(errno));
		if (i & 1)
			ASSERT_EQ(0, unshare(CLONE_NEWNET));
		for (k = 0; k < FDS; k++)
			ASSERT_EQ(0, close(fd[k]));
		if (i == n / 10)	/* caches are warm by now */
			before = slab_kb();
	}
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	if (!full)
		return;
	/* Each takes some 100 KB; they go in the background. */
	end = xt_now_ms() + 2 * XT_SOON_MS;
	while (slab_kb() > before + n * 4 && xt_now_ms() < end)
		xt_sleep_ms(500);
	EXPECT_GE(before + n * 4, slab_kb());
	TH_LOG("%d namespaces, %lld KB of slab more", n, slab_kb() - before);
}

TEST_HARNESS_MAIN
