// SPDX-License-Identifier: GPL-2.0
/*
 * Probe: small UDP packets at a steady pace, and how long each takes there and
 * back: the round trip that other traffic leaves to its neighbours.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

/* How long to wait for those under way when the last one has left */
#define DRAIN_S		3.0

struct packet {
	uint64_t number;
};

static double *sent_at;
static uint64_t sent, received;
static double begin;

static void take(int fd)
{
	struct packet p;

	while (recv(fd, &p, sizeof(p), 0) == sizeof(p)) {
		double now = bench_now();

		if (p.number >= sent)
			continue;
		received++;
		printf("probe t=%.3f rtt_us=%.0f\n", sent_at[p.number] - begin,
		       (now - sent_at[p.number]) * 1e6);
	}
}

static void wait_until(int fd, double until)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	/* every packet of an echo that came back leaves the queue at once */
	while (bench_now() < until) {
		if (poll(&p, 1, bench_wait_ms(until)) > 0)
			take(fd);
	}
}

int bench_probe(const struct bench_options *o)
{
	uint64_t total = o->seconds / o->interval_s;
	int fd;

	sent_at = calloc(total + 1, sizeof(*sent_at));
	fd = socket(o->address.sa.ss_family,
		    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (!sent_at || fd < 0 ||
	    connect(fd, (const struct sockaddr *)&o->address.sa,
		    o->address.len)) {
		perror("xtcp-bench: UDP");
		return 1;
	}
	begin = bench_now();
	while (sent < total) {
		struct packet p = { .number = sent };

		sent_at[sent++] = bench_now();
		if (send(fd, &p, sizeof(p), 0) < 0 && errno != ECONNREFUSED) {
			perror("xtcp-bench: UDP");
			return 1;
		}
		wait_until(fd, begin + sent * o->interval_s);
	}
	wait_until(fd, bench_now() + DRAIN_S);
	printf("probes sent=%llu received=%llu\n", (unsigned long long)sent,
	       (unsigned long long)received);
	return received ? 0 : 1;
}
