// SPDX-License-Identifier: GPL-2.0
/*
 * How long it takes to connect while others flood the listener with SYNs.  In
 * virtual time, which the flood's own work does not move: so what shows is what the
 * protocol makes of it.  wire/attack.c has what a flood leaves behind.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include <kselftest_harness.h>
#include "wire.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

#define PORT		4000
#define DELAY_MS	10	/* each way, between client and server */
#define SYNS_PER_MS	50

WIRE_FIXTURE(flood);

struct attacker {
	struct xt_thread t;
	struct wire *w;
	bool stop;
	long long sent;
};

static struct attacker attacker;

/* 198.18.0.0/15 is for measurements (RFC 2544); 2001:db8:1::/64 for examples. */
static void made_up_source(struct wire *w, uint32_t v)
{
	if (w->addr_len == 4) {
		w->us[0] = 198;
		w->us[1] = 18 + (v & 1);
		w->us[2] = v >> 8;
		w->us[3] = v >> 16;
	} else {
		w->us[5] = 1;
		memcpy(w->us + 12, &v, sizeof(v));
	}
}

/* SYNs by the millisecond, from anywhere; the answers are thrown away. */
static int flood(struct xt_thread *t)
{
	static struct seg s, answer;
	struct xt_random r = { .state = 21 };
	struct conn c;
	uint32_t v[2];
	int i;

	(void)t;
	while (!__atomic_load_n(&attacker.stop, __ATOMIC_RELAXED)) {
		for (i = 0; i < SYNS_PER_MS; i++) {
			xt_random_fill(&r, v, sizeof(v));
			made_up_source(attacker.w, v[0]);
			conn_init(&c, attacker.w, v[1] % 65535 + 1, PORT);
			c.seq = v[0] * 31 + v[1];
			conn_seg(&c, &s, SYN);
			s.tsval = v[1];
			if (wire_send(attacker.w, &s))
				return -1;
			attacker.sent++;
		}
		while (!wire_recv(attacker.w, &answer, 0))
			;
		xt_sleep_ms(1);
	}
	return 0;
}

/* The longest of @n connects, ms; -1 when one failed. */
static long long slowest_connect(const struct xt *x, int listener, int n)
{
	long long slowest = 0;

	while (n--) {
		int fd = xt_socket(x, 0), peer;
		long long start = xt_now_ms(), took;

		if (xt_connect(x, fd, PORT))
			return -1;
		took = xt_now_ms() - start;
		if (xt_poll(listener, POLLIN, XT_SOON_MS) != POLLIN)
			return -1;
		peer = accept(listener, NULL, NULL);
		if (peer < 0 || close(fd) || close(peer))
			return -1;
		if (took > slowest)
			slowest = took;
	}
	return slowest;
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

TEST_F(flood, clients__as_fast_as_without)
{
	int listener, n = xt_scaled(50);
	long long quiet, flooded, slab, grown;
	struct wire *w = &self->w;
	struct xt_thread *t = &attacker.t;
	struct xt any;
	union xt_addr a;
	socklen_t len;

	/* The whole world is behind the wire, but for loopback. */
	ASSERT_EQ(0, system("ip route add default dev wire0 && "
			    "ip -6 route add default dev wire0"));
	if (system("tc qdisc add dev lo root netem delay 10ms 2>/dev/null"))
		SKIP(return, "no netem");
	any = w->x;
	listener = xt_socket(&any, SOCK_NONBLOCK);
	len = xt_any(&any, &a, PORT);
	ASSERT_EQ(0, bind(listener, &a.sa, len));
	ASSERT_EQ(0, listen(listener, 8));

	quiet = slowest_connect(&w->x, listener, n);
	ASSERT_LE(2 * DELAY_MS, quiet);
	attacker.w = w;
	attacker.stop = false;
	attacker.sent = 0;
	ASSERT_EQ(0, xt_thread_start(t, flood));
	xt_sleep_ms(100);
	slab = slab_kb();
	flooded = slowest_connect(&w->x, listener, n);
	grown = slab_kb() - slab;
	__atomic_store_n(&attacker.stop, true, __ATOMIC_RELAXED);
	EXPECT_EQ(0, xt_thread_join(t));
	EXPECT_LE(2 * DELAY_MS, flooded);
	EXPECT_LT(0, attacker.sent);
	/* Once per connect; a repeated SYN would have been lost to the flood. */
	if (xt_virtual_time()) {
		EXPECT_GE(2 * quiet, flooded);
		/* 50 connections may be around in some form, no 50,000. */
		EXPECT_GT(1024, grown);
		EXPECT_EQ(0, xt_counter("RtoTimeouts"));
		EXPECT_EQ(attacker.sent + 2 * n, xt_counter("SynRecv"));
	}
	TH_LOG("slowest of %d connects: %lld ms, %lld ms beside %lld SYNs; %lld KB of slab",
	       n, quiet, flooded, attacker.sent, grown);
}

WIRE_MAIN
