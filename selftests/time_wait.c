// SPDX-License-Identifier: GPL-2.0
/*
 * TIME_WAIT as programs meet it: many of them, their limit, names that are used
 * again, and ports that run out.  What goes over the wire meanwhile:
 * wire/teardown.c.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <kselftest_harness.h>
#include "xtcp_test.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

#define PORT 5000
#define LONG_TEST_S 1500

XT_FIXTURE(time_wait);

#define NEEDS_XTCP()							\
	do {								\
		if (xt_over_tcp())					\
			SKIP(return, "counters and settings of XTCP's");	\
	} while (0)

/* A connection from @from, or any port, that @client or the server closes first */
static int come_and_go(const struct xt *x, int listener, uint16_t port,
		       uint16_t from, bool client)
{
	int fd = xt_socket(x, 0), peer, first, second;
	char c;

	if (fd < 0)
		return -1;
	if (from && (xt_set(fd, SOL_SOCKET, SO_REUSEADDR, 1) ||
		     xt_bind(x, fd, from)))
		return -2;
	if (xt_connect(x, fd, port)) {
		int err = errno;

		close(fd);
		errno = err;
		return -3;
	}
	peer = accept(listener, NULL, NULL);
	if (peer < 0 || write(fd, "a", 1) != 1 || read(peer, &c, 1) != 1)
		return -4;
	first = client ? fd : peer;
	second = client ? peer : fd;
	if (close(first) || read(second, &c, 1) || close(second))
		return -5;
	return 0;
}

static long long number_in(const char *path, const char *name)
{
	char text[8192];
	const char *at;

	if (xt_read_file(path, text, sizeof(text)) < 0)
		return -1;
	at = strstr(text, name);
	return at ? atoll(at + strlen(name)) : -1;
}

static long long slab_bytes(void)
{
	return number_in("/proc/meminfo", "SUnreclaim: ") * 1024;
}

/* Others use memory, too, but give it back: within a while it is less. */
static bool slab_falls_below(long long bytes)
{
	long long end = xt_now_ms() + XT_SOON_MS;

	while (slab_bytes() > bytes) {
		if (xt_now_ms() > end)
			return false;
		xt_sleep_ms(100);
	}
	return true;
}

static long long records_made(void)
{
	return xt_counter("TimeWait") + xt_counter("CookieGuards");
}

/* A server's records guard its cookies, the client's are TIME_WAIT. */
#define LISTENERS 4

TEST_F_TIMEOUT(time_wait, many__small_and_gone_with_the_namespace, LONG_TEST_S)
{
	bool full = getenv("XTCP_TEST_LONG") && xt_scaled(1000) == 1000;
	int n = xt_scaled(getenv("XTCP_TEST_LONG") ? 50000 : 5000), i;
	int listener[LISTENERS];
	long long used, slab;

	NEEDS_XTCP();
	for (i = 0; i < LISTENERS; i++) {
		uint16_t port = PORT + i;

		listener[i] = xt_listener(&self->x, 8, &port);
		ASSERT_LE(0, listener[i]);
	}
	ASSERT_EQ(0, xt_write_file("/proc/sys/net/xtcp/max_tw_buckets",
				   "200000"));
	ASSERT_EQ(0, xt_write_file("/proc/sys/net/xtcp/time_wait", "3600"));
	used = number_in("/proc/net/sockstat", "sockets: used ");
	slab = slab_bytes();
	for (i = 0; i < n; i++)
		ASSERT_EQ(0, come_and_go(&self->x, listener[i % LISTENERS],
					 PORT + i % LISTENERS, 0, true))
			TH_LOG("connection %d: %s", i, strerror(errno));
	xt_sleep_ms(XT_QUIET_MS);	/* the last ACK */
	EXPECT_EQ(2 * n, records_made());
	EXPECT_EQ(0, xt_counter("TimeWaitOverflow"));
	/* RCU may still hold the last few. */
	EXPECT_GE(used + 100, number_in("/proc/net/sockstat",
					"sockets: used "));
	/*
	 * 512 bytes each, as max_tw_buckets assumes, and 64 for what finds it
	 * and its port.  Kernels that look for errors keep what was freed; they
	 * are told to do less.
	 */
	if (full) {
		EXPECT_TRUE(slab_falls_below(slab + 2LL * n * (512 + 64)));
		EXPECT_LT(slab + 2LL * n * 100, slab_bytes());
		TH_LOG("%d records, %lld bytes each", 2 * n,
		       (slab_bytes() - slab) / (2 * n));
	}
	for (i = 0; i < LISTENERS; i++)
		close(listener[i]);
	/* Nobody is left in this one. */
	ASSERT_EQ(0, xt_new_netns());
	if (full)
		EXPECT_TRUE(slab_falls_below(slab + 2LL * n * 100));
}

static long long not_made(void)
{
	return xt_counter("TimeWaitOverflow");
}

/* However late the last segments of a connection come. */
static bool comes_to(long long (*count)(void), long long n)
{
	long long end = xt_now_ms() + XT_SOON_MS;

	while (count() < n && xt_now_ms() < end)
		xt_sleep_ms(2);
	return count() == n;
}

TEST_F(time_wait, limit__kept_and_counted)
{
	uint16_t port = PORT;
	int listener = xt_listener(&self->x, 8, &port), i;

	NEEDS_XTCP();
	ASSERT_LE(0, listener);
	ASSERT_EQ(0, xt_write_file("/proc/sys/net/xtcp/max_tw_buckets", "10"));
	for (i = 0; i < 30; i++)
		ASSERT_EQ(0, come_and_go(&self->x, listener, port, 0, true));
	EXPECT_TRUE(comes_to(not_made, 2 * 30 - 10));
	EXPECT_EQ(10, records_made());
	/* None at all; then more again. */
	ASSERT_EQ(0, xt_write_file("/proc/sys/net/xtcp/max_tw_buckets", "0"));
	ASSERT_EQ(0, come_and_go(&self->x, listener, port, 0, true));
	EXPECT_TRUE(comes_to(not_made, 2 * 31 - 10));
	ASSERT_EQ(0, xt_write_file("/proc/sys/net/xtcp/max_tw_buckets", "14"));
	ASSERT_EQ(0, come_and_go(&self->x, listener, port, 0, true));
	EXPECT_TRUE(comes_to(records_made, 12));
	EXPECT_EQ(2 * 31 - 10, not_made());
}

/* The server holds it: a newer SYN of the same client opens the next one. */
TEST_F(time_wait, same_name__again_and_again)
{
	uint16_t port = PORT;
	int listener = xt_listener(&self->x, 8, &port), i;

	ASSERT_LE(0, listener);
	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, come_and_go(&self->x, listener, port, 30000,
					 false))
			TH_LOG("connection %d: %s", i, strerror(errno));
	if (!xt_over_tcp())
		EXPECT_EQ(19, xt_counter("TimeWaitReused"));
}

#define PORTS 4

/* All ports wait: EADDRNOTAVAIL, until the first may be used again. */
TEST_F(time_wait, ports_run_out__and_come_back)
{
	int fd[PORTS], peer[PORTS], listener[2], i, ret;
	uint16_t port = PORT, other = PORT + 1;
	long long end;
	char c;

	listener[0] = xt_listener(&self->x, 16, &port);
	listener[1] = xt_listener(&self->x, 16, &other);
	ASSERT_LE(0, listener[0]);
	ASSERT_LE(0, listener[1]);
	ASSERT_EQ(0, xt_write_file("/proc/sys/net/ipv4/ip_local_port_range",
				   "40000 40003"));
	for (i = 0; i < PORTS; i++) {
		fd[i] = xt_socket(&self->x, 0);
		ASSERT_EQ(0, xt_connect(&self->x, fd[i], port));
		peer[i] = accept(listener[0], NULL, NULL);
		ASSERT_LE(0, peer[i]);
	}
	for (i = 0; i < 3; i++) {
		int more = xt_socket(&self->x, 0);

		EXPECT_FAILS(EADDRNOTAVAIL,
			     xt_connect(&self->x, more, port));
		close(more);
	}
	/* The same ports serve another destination. */
	EXPECT_EQ(0, come_and_go(&self->x, listener[1], other, 0, false));
	/* Both ends are done, and ours waits. */
	for (i = 0; i < PORTS; i++) {
		ASSERT_EQ(0, close(fd[i]));
		ASSERT_EQ(0, read(peer[i], &c, 1));
		ASSERT_EQ(0, close(peer[i]));
	}
	/* XTCP's come back after a second, TCP's perhaps after 60. */
	end = xt_now_ms() + 2 * XT_SOON_MS;
	for (i = 0; i < PORTS; i++) {
		do {
			ret = come_and_go(&self->x, listener[0], port, 0,
					  true);
			if (ret)
				xt_sleep_ms(50);
		} while (ret == -3 && errno == EADDRNOTAVAIL &&
			 xt_now_ms() < end);
		ASSERT_EQ(0, ret) TH_LOG("%d: %s", i, strerror(errno));
	}
}

TEST_HARNESS_MAIN
