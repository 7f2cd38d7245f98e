// SPDX-License-Identifier: GPL-2.0
/*
 * Bulk: flows that send as fast as they may, all at once or one after the
 * other, until the time is over; now and then a line for each, and one at the
 * end.  Goodput is what the peer has acknowledged.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

#define BLOCK_BYTES	65536

struct flow {
	const struct bench_transport *transport;
	int fd;			/* -1: not started yet, or over */
	double start;		/* seconds from the first one's start */
	bool started;
	bool asked;		/* the request has gone */
	int error;		/* errno of what ended it early */
	struct bench_info info;
};

static struct flow *flows;
static struct pollfd *polls;
static size_t flows_n;
static double begin;

static const char *cc_name(const struct bench_transport *t)
{
	return *t->cc ? t->cc : "default";
}

static void print_flow(const char *word, size_t i, double t)
{
	const struct flow *f = &flows[i];

	printf("%s t=%.3f flow=%zu proto=%s cc=%s start=%.3f", word, t, i,
	       bench_proto_name(f->transport->proto), cc_name(f->transport),
	       f->start);
	printf(" acked=%llu sent=%llu retrans=%llu cwnd=%llu",
	       (unsigned long long)f->info.acked,
	       (unsigned long long)f->info.sent,
	       (unsigned long long)f->info.retrans,
	       (unsigned long long)f->info.cwnd);
	printf(" srtt_us=%u min_rtt_us=%u timeouts=%u error=%d\n",
	       f->info.srtt_us, f->info.min_rtt_us, f->info.timeouts, f->error);
}

static void look(struct flow *f)
{
	if (f->fd >= 0)
		bench_read_info(f->fd, f->transport->proto, &f->info);
}

static void end_flow(struct flow *f, int error)
{
	look(f);
	f->error = error;
	bench_abort(f->fd);
	f->fd = -1;
}

static void feed(struct flow *f)
{
	static const char block[BLOCK_BYTES];
	const struct bench_request sink = { .magic = htobe64(BENCH_MAGIC) };
	ssize_t n;

	if (!f->asked) {
		n = send(f->fd, &sink, sizeof(sink), MSG_NOSIGNAL);
		if (n < 0)
			goto failed;
		f->asked = true;	/* an empty buffer takes it whole */
	}
	do {
		n = send(f->fd, block, sizeof(block), MSG_NOSIGNAL);
	} while (n > 0);
failed:
	if (errno != EAGAIN)
		end_flow(f, errno);
}

static int start_due_flows(const struct bench_options *o)
{
	double now = bench_now() - begin;
	size_t i;

	for (i = 0; i < flows_n; i++) {
		struct flow *f = &flows[i];

		if (f->started || f->start > now)
			continue;
		f->fd = bench_socket(f->transport, &o->address, SOCK_NONBLOCK);
		if (f->fd < 0)
			return -1;
		if (connect(f->fd, (const struct sockaddr *)&o->address.sa,
			    o->address.len) && errno != EINPROGRESS) {
			end_flow(f, errno);
			return -1;
		}
		f->started = true;
	}
	return 0;
}

/* The next moment at which there is something to do but feed. */
static double next_time(double line, double end)
{
	double next = line < end ? line : end;
	size_t i;

	for (i = 0; i < flows_n; i++) {
		if (!flows[i].started && flows[i].start < next)
			next = flows[i].start;
	}
	return begin + next;
}

static void poll_and_feed(double until)
{
	size_t i;
	int n;

	for (i = 0; i < flows_n; i++) {
		polls[i].fd = flows[i].fd;
		polls[i].events = POLLOUT;
	}
	n = poll(polls, flows_n, bench_wait_ms(until));
	for (i = 0; n > 0 && i < flows_n; i++) {
		if (polls[i].revents)
			feed(&flows[i]);
	}
}

static void run(const struct bench_options *o)
{
	double line = o->interval_s;
	size_t i;

	begin = bench_now();
	for (;;) {
		double t = bench_now() - begin;

		if (t >= line) {
			for (i = 0; i < flows_n; i++) {
				look(&flows[i]);
				print_flow("interval", i, t);
			}
			line += o->interval_s;
		}
		if (t >= o->seconds || start_due_flows(o))
			break;
		poll_and_feed(next_time(line, o->seconds));
	}
}

int bench_bulk(const struct bench_options *o)
{
	int status = 0;
	size_t i;

	flows_n = o->transports_n;
	flows = calloc(flows_n, sizeof(*flows));
	polls = calloc(flows_n, sizeof(*polls));
	if (!flows || !polls) {
		perror("xtcp-bench");
		return 1;
	}
	for (i = 0; i < flows_n; i++) {
		flows[i].transport = &o->transports[i];
		flows[i].fd = -1;
		flows[i].start = i * o->stagger_s;
	}
	run(o);
	for (i = 0; i < flows_n; i++) {
		if (flows[i].fd >= 0)
			end_flow(&flows[i], 0);
		else
			status = 1;
		print_flow("flow", i, bench_now() - begin);
	}
	return status;
}
