// SPDX-License-Identifier: GPL-2.0
/*
 * The numbers that a blind attacker has to guess: initial sequence numbers
 * (RFC 6528), ephemeral ports (RFC 6056), offsets of timestamps (RFC 7323
 * section 5.4), as one sees them who opens or receives many connections.
 *
 * Keys are random, so every run is another draw, and each bound below is one
 * that good numbers miss with a probability that is stated.  All in all a false
 * alarm is to be expected once in 10^7 runs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include <kselftest_harness.h>
#include "wire.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

#define PORT 4000
#define N 2048			/* numbers looked at; not to be scaled */
#define BINS 16

WIRE_FIXTURE(numbers);

/*
 * Pearson's chi-square of @n values in [0, @range) over 16 bins: 15 degrees of
 * freedom.  Beyond 90 with probability 1e-12.
 */
static bool uniform(const uint32_t *v, int n, uint64_t range)
{
	double expected = (double)n / BINS, chi = 0;
	int bin[BINS] = { }, i;

	for (i = 0; i < n; i++)
		bin[v[i] * (uint64_t)BINS / range]++;
	for (i = 0; i < BINS; i++)
		chi += (bin[i] - expected) * (bin[i] - expected) / expected;
	if (chi > 90)
		printf("# chi-square %.1f\n", chi);
	return chi <= 90;
}

/*
 * Of 2048 tosses 1024 +- 158, which is 7 standard deviations, show heads; not
 * so with probability 2.6e-12, for all 32 bits 8e-11.
 */
static bool bits_toss(const uint32_t *v, int n)
{
	int bit, i;

	for (bit = 0; bit < 32; bit++) {
		int set = 0;

		for (i = 0; i < n; i++)
			set += v[i] >> bit & 1;
		if (4 * (set - n / 2) * (set - n / 2) > 49 * n) {
			printf("# bit %d: %d of %d\n", bit, set, n);
			return false;
		}
	}
	return true;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/*
 * Of 2048 draws from 2^32, 0.0005 pairs are equal on average; more than 3 with
 * probability 2e-15 (Poisson).
 */
static bool distinct(const uint32_t *v, int n)
{
	static uint32_t sorted[N];
	int i, same = 0;

	memcpy(sorted, v, n * sizeof(*v));
	qsort(sorted, n, sizeof(*v), by_value);
	for (i = 1; i < n; i++)
		same += sorted[i] == sorted[i - 1];
	if (same > 3)
		printf("# %d repeated\n", same);
	return same <= 3;
}

/*
 * Neither the numbers, nor their steps, nor the steps of the steps have a
 * pattern: a counter shows in the first, a constant increment in the second,
 * an increasing one in the third.  The clock adds to all of them, by less than
 * the hash, and cannot make random numbers less so.
 */
static bool patternless(uint32_t *v)
{
	int n = N, i, order;

	for (order = 0; order < 3; order++) {
		if (!uniform(v, n, 1ULL << 32) || !bits_toss(v, n) ||
		    !distinct(v, n)) {
			printf("# differences of order %d\n", order);
			return false;
		}
		n--;
		for (i = 0; i < n; i++)
			v[i] = v[i + 1] - v[i];
	}
	return true;
}

/* As a stranger sees a listener's, from one port after the other. */
TEST_F(numbers, listener__isn_and_timestamps)
{
	int listener = wire_listener(&self->w, PORT, 1), i;
	static uint32_t isn[N], ts[N];
	struct conn *c = &self->c;

	ASSERT_LE(0, listener);
	for (i = 0; i < N; i++) {
		conn_init(c, &self->w, 20000 + i, PORT);
		ASSERT_EQ(0, conn_syn(c));
		ASSERT_EQ(0, conn_await(c, &self->s, SYN | ACK));
		isn[i] = self->s.seq;
		ts[i] = self->s.tsval;
	}
	EXPECT_TRUE(patternless(isn));
	EXPECT_TRUE(patternless(ts));
}

/* For one pair of addresses and ports both go on, as slowly as their clocks. */
TEST_F(numbers, listener__same_tuple_goes_on)
{
	int listener = wire_listener(&self->w, PORT, 1), i;
	uint32_t isn = 0, ts = 0, ticks, us;
	struct conn *c = &self->c;

	ASSERT_LE(0, listener);
	for (i = 0; i < 20; i++) {
		conn_init(c, &self->w, 20000, PORT);
		ASSERT_EQ(0, conn_syn(c));
		ASSERT_EQ(0, conn_await(c, &self->s, SYN | ACK));
		ticks = self->s.seq - isn;
		us = self->s.tsval - ts;
		isn = self->s.seq;
		ts = self->s.tsval;
		if (i) {
			EXPECT_LE(10000, us);
			/* A tick is 64 ns; what is rounded counts as one. */
			EXPECT_LE((uint64_t)us * 1000 / 64 - 16, ticks);
			EXPECT_GE((uint64_t)us * 1000 / 64 + 16, ticks);
		}
		xt_sleep_ms(10);
	}
}

static int port_range(uint32_t *low, uint32_t *n)
{
	char text[64], *end;

	if (xt_read_file("/proc/sys/net/ipv4/ip_local_port_range", text,
			 sizeof(text)) < 0)
		return -1;
	*low = strtoul(text, &end, 10);
	*n = strtoul(end, NULL, 10) + 1 - *low;
	return 0;
}

/* connect() to one and the same port, again and again. */
static int syn_of(struct wire *w, struct seg *s)
{
	union xt_addr a;
	socklen_t len = wire_our_addr(w, &a, PORT);
	int fd = xt_socket(&w->x, SOCK_NONBLOCK);

	if (fd < 0 || !connect(fd, &a.sa, len) || errno != EINPROGRESS)
		return -1;
	do {
		if (wire_recv(w, s, XT_SOON_MS))
			return -1;
	} while (s->flags != SYN);
	return close(fd);
}

TEST_F(numbers, client__port_isn_and_timestamps)
{
	static uint32_t port[N], step[N], isn[N], ts[N];
	uint32_t low, n;
	int i, near = 0;

	ASSERT_EQ(0, port_range(&low, &n));
	ASSERT_LT(16000, n);
	for (i = 0; i < N; i++) {
		ASSERT_EQ(0, syn_of(&self->w, &self->s));
		port[i] = self->s.sport - low;
		ASSERT_GT(n, port[i]);
		isn[i] = self->s.seq;
		ts[i] = self->s.tsval;
		if (!i)
			continue;
		step[i - 1] = (port[i] + n - port[i - 1]) % n;
		near += step[i - 1] <= 8 || step[i - 1] >= n - 8;
	}
	/* A bin of 16 is more than 1000 ports: rounding adds less than 0.1 %. */
	EXPECT_TRUE(uniform(port, N, n));
	EXPECT_TRUE(uniform(step, N - 1, n));
	/*
	 * 17 of 16000 steps are so small: 2.2 of 2047 on average, 25 or more
	 * with probability 1e-17 (Poisson).
	 */
	EXPECT_GT(25, near);
	EXPECT_TRUE(patternless(isn));
	EXPECT_TRUE(patternless(ts));
}

/* Where most ports are taken, the free ones are not found one by one upwards. */
TEST_F(numbers, client__port_when_few_are_free)
{
	uint16_t last = 0;
	int i, up = 0;

	ASSERT_EQ(0, xt_write_file("/proc/sys/net/ipv4/ip_local_port_range",
				   "40000 40063"));
	for (i = 0; i < N; i++) {
		ASSERT_EQ(0, syn_of(&self->w, &self->s));
		EXPECT_LE(40000, self->s.sport);
		EXPECT_GE(40063, self->s.sport);
		up += self->s.sport == last + 1;
		last = self->s.sport;
	}
	/* One in 64: 32 of 2048, +- 40 is 7 standard deviations. */
	EXPECT_GT(72, up);
}

WIRE_MAIN
