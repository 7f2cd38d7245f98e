// SPDX-License-Identifier: GPL-2.0
/*
 * Short flows: connect, ask, read the response, close; one after the other.
 * The time of each is that from connect() to its last byte.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define BLOCK_BYTES	65536

/* True: the socket is ready before the deadline. */
static bool ready(int fd, short events, double deadline)
{
	struct pollfd p = { .fd = fd, .events = events };

	if (poll(&p, 1, bench_wait_ms(deadline)) > 0)
		return true;
	errno = ETIMEDOUT;
	return false;
}

/* One request and its response; false with errno set. */
static bool exchange(int fd, uint64_t bytes, double deadline)
{
	const struct bench_request request = {
		.magic = htobe64(BENCH_MAGIC),
		.respond = htobe64(bytes),
	};
	static char block[BLOCK_BYTES];

	if (!ready(fd, POLLOUT, deadline) ||
	    send(fd, &request, sizeof(request), MSG_NOSIGNAL) < 0)
		return false;
	while (bytes) {
		ssize_t n;

		if (!ready(fd, POLLIN, deadline))
			return false;
		n = read(fd, block, sizeof(block));
		if (n < 0 && errno != EAGAIN)
			return false;
		if (!n) {
			errno = ECONNRESET;
			return false;
		}
		if (n > 0)
			bytes -= n;
	}
	return true;
}

static void pause_for(double seconds)
{
	struct timespec ts = { .tv_sec = seconds };

	ts.tv_nsec = (seconds - ts.tv_sec) * 1e9;
	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

int bench_flows(const struct bench_options *o)
{
	const struct bench_transport *t = &o->transports[0];
	unsigned long i, failed = 0;

	for (i = 0; i < o->count; i++) {
		double begin = bench_now();
		int fd = bench_connect(t, &o->address);
		int error = 0;

		if (fd < 0)
			return 1;
		if (!exchange(fd, o->bytes, begin + o->timeout_s)) {
			error = errno;
			failed++;
		}
		printf("short n=%lu proto=%s bytes=%llu ms=%.3f error=%d\n", i,
		       bench_proto_name(t->proto),
		       (unsigned long long)o->bytes,
		       (bench_now() - begin) * 1000, error);
		if (error)
			bench_abort(fd);
		else
			close(fd);
		pause_for(o->gap_s);
	}
	return failed == o->count;
}
