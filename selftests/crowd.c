// SPDX-License-Identifier: GPL-2.0
/*
 * Many clients at once, a short accept queue and a server that takes its time.
 * Whoever finds the queue full tries again, as often as a cookie lives; they
 * must not all come back at the same moments.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <kselftest_harness.h>
#include "xtcp_test.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

#define PORT	 5000
#define CLIENTS	 100
#define BACKLOG	 2
#define SERVE_MS 50

XT_FIXTURE_IP(crowd);

/* One after the other: a moment's work, a byte, good-bye. */
static int serve(struct xt_thread *t)
{
	int i;

	for (i = 0; i < CLIENTS; i++) {
		int peer = accept(t->fd, NULL, NULL);

		if (peer < 0)
			return -1;
		xt_sleep_ms(SERVE_MS);
		/* A client that was reset meanwhile shows at its own end. */
		send(peer, "s", 1, MSG_NOSIGNAL);
		close(peer);
	}
	return 0;
}

TEST_F(crowd, full_queue__everybody_is_served)
{
	struct xt_thread server = { };
	int fd[CLIENTS], i, served = 0;
	uint16_t port = PORT;
	long long start;

	if (xt_over_tcp())
		SKIP(return, "clients of TCP wait for minutes");
	if (!xt_virtual_time())
		SKIP(return, "times of seconds that must be kept");
	server.fd = xt_listener(&self->x, BACKLOG, &port);
	ASSERT_LE(0, server.fd);
	for (i = 0; i < CLIENTS; i++) {
		fd[i] = xt_socket(&self->x, SOCK_NONBLOCK);
		ASSERT_LE(0, fd[i]);
		EXPECT_FAILS(EINPROGRESS, xt_connect(&self->x, fd[i], PORT));
	}
	start = xt_now_ms();
	ASSERT_EQ(0, xt_thread_start(&server, serve));
	for (i = 0; i < CLIENTS; i++) {
		char c = 0;

		/* 64 s is the life of a cookie: nobody needs all of it. */
		if (xt_poll(fd[i], POLLIN,
			    start + 60000 - xt_now_ms()) == POLLIN &&
		    read(fd[i], &c, 1) == 1 && c == 's')
			served++;
	}
	EXPECT_EQ(CLIENTS, served);
	TH_LOG("%d served in %lld ms, %lld came too early", served,
	       xt_now_ms() - start,
	       xt_over_tcp() ? 0 : xt_counter("AcceptOverflow"));
}

TEST_HARNESS_MAIN
