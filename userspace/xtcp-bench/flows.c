// SPDX-License-Identifier: GPL-2.0
/*
 * Short flows: connect, ask, read the response, close; one after the other.
 * The time of each is that from connect() to its last byte.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

/* The socket's calls give up after so long, all of recv() together. */
static void set_timeout(int fd, double seconds)
{
	struct timeval tv = { .tv_sec = seconds };

	tv.tv_usec = (seconds - tv.tv_sec) * 1e6;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
}

/* One request and its response; 0 or an errno. */
static int exchange(int fd, const struct bench_options *o, char *response)
{
	const struct bench_request request = {
		.magic = htobe64(BENCH_MAGIC),
		.respond = htobe64(o->bytes),
	};
	ssize_t n;

	if (connect(fd, (const struct sockaddr *)&o->address.sa,
		    o->address.len))
		return errno == EINPROGRESS ? ETIMEDOUT : errno;
	if (send(fd, &request, sizeof(request), MSG_NOSIGNAL) < 0)
		return errno;
	n = recv(fd, response, o->bytes, MSG_WAITALL);
	if (n == (ssize_t)o->bytes)
		return 0;
	return n < 0 && errno != EAGAIN ? errno : ETIMEDOUT;
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
	char *response = malloc(o->bytes);
	unsigned long i, failed = 0;

	if (!response) {
		perror("xtcp-bench");
		return 1;
	}
	for (i = 0; i < o->count; i++) {
		int fd = bench_socket(t, &o->address, 0);
		double begin = bench_now();
		int error;

		if (fd < 0)
			return 1;
		set_timeout(fd, o->timeout_s);
		error = exchange(fd, o, response);
		printf("short n=%lu proto=%s bytes=%llu ms=%.3f error=%d\n", i,
		       bench_proto_name(t->proto),
		       (unsigned long long)o->bytes,
		       (bench_now() - begin) * 1000, error);
		if (error) {
			failed++;
			bench_abort(fd);
		} else {
			close(fd);
		}
		pause_for(o->gap_s);
	}
	free(response);
	return failed == o->count;
}
