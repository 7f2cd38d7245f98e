// SPDX-License-Identifier: GPL-2.0
/* Sockets of all transports, told apart here and in what cost.c sets on them. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/tcp.h>

#include "bench.h"
#include "xtcp.h"

/* Seconds of the monotonic clock. */
double bench_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* For poll(): whole milliseconds until a time, rounded up; never negative. */
int bench_wait_ms(double until)
{
	double ms = ceil((until - bench_now()) * 1000);

	if (ms < 0)
		return 0;
	return ms < INT_MAX ? (int)ms : INT_MAX;
}

static const char *const proto_names[] = {
	[BENCH_TCP] = "tcp", [BENCH_XTCP] = "xtcp",
	[BENCH_SCTP] = "sctp", [BENCH_UNIX] = "unix",
};

const char *bench_proto_name(enum bench_proto proto)
{
	return proto_names[proto];
}

/* PROTO[/CONTROLLER] */
bool bench_parse_transport(const char *text, struct bench_transport *t)
{
	const char *slash = strchrnul(text, '/');
	size_t len = slash - text;
	unsigned int i;

	memset(t, 0, sizeof(*t));
	for (i = 0; i < sizeof(proto_names) / sizeof(*proto_names); i++) {
		if (len == strlen(proto_names[i]) &&
		    !strncmp(text, proto_names[i], len))
			break;
	}
	if (i == sizeof(proto_names) / sizeof(*proto_names))
		return false;
	t->proto = i;
	if (!*slash)
		return true;
	len = strlen(slash + 1);
	if (!len || len >= sizeof(t->cc))
		return false;
	memcpy(t->cc, slash + 1, len);
	return true;
}

bool bench_parse_address(const char *host, const char *port,
			 struct bench_address *a)
{
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
	};
	struct addrinfo *found;
	int err = getaddrinfo(host, port, &hints, &found);

	if (err) {
		fprintf(stderr, "xtcp-bench: %s port %s: %s\n", host, port,
			gai_strerror(err));
		return false;
	}
	memcpy(&a->sa, found->ai_addr, found->ai_addrlen);
	a->len = found->ai_addrlen;
	freeaddrinfo(found);
	return true;
}

/* A socket with its controller set; -1: said why. */
int bench_socket(const struct bench_transport *t, const struct bench_address *a,
		 int flags)
{
	int family = a->sa.ss_family, protocol = 0;
	int fd, err;

	if (t->proto == BENCH_XTCP)
		family = xtcp_family();
	else if (t->proto == BENCH_UNIX)
		family = AF_UNIX;
	else if (t->proto == BENCH_SCTP)
		protocol = IPPROTO_SCTP;
	fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | flags, protocol);
	if (fd < 0) {
		fprintf(stderr, "xtcp-bench: %s socket: %s\n",
			bench_proto_name(t->proto), strerror(errno));
		return -1;
	}
	if (!*t->cc)
		return fd;
	if (t->proto == BENCH_XTCP)
		err = setsockopt(fd, SOL_XTCP, XTCP_CONGESTION, t->cc,
				 strlen(t->cc));
	else
		err = setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, t->cc,
				 strlen(t->cc));
	if (err) {
		fprintf(stderr, "xtcp-bench: controller %s of %s: %s\n", t->cc,
			bench_proto_name(t->proto), strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

static int tcp_read_info(int fd, struct bench_info *info)
{
	struct tcp_info ti = {};
	socklen_t len = sizeof(ti);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &ti, &len))
		return -1;
	info->acked = ti.tcpi_bytes_acked;
	info->sent = ti.tcpi_bytes_sent;
	info->retrans = ti.tcpi_bytes_retrans;
	info->cwnd = (uint64_t)ti.tcpi_snd_cwnd * ti.tcpi_snd_mss;
	info->srtt_us = ti.tcpi_rtt;
	info->min_rtt_us = ti.tcpi_min_rtt;
	return 0;
}

int bench_read_info(int fd, enum bench_proto proto, struct bench_info *info)
{
	struct xtcp_info xi = {};

	memset(info, 0, sizeof(*info));
	if (proto == BENCH_TCP)
		return tcp_read_info(fd, info);
	if (xtcp_get_info(fd, &xi) < 0)
		return -1;
	info->acked = xi.xtcpi_bytes_acked;
	info->sent = xi.xtcpi_bytes_sent;
	info->retrans = xi.xtcpi_bytes_retrans;
	info->cwnd = xi.xtcpi_snd_cwnd_bytes;
	info->srtt_us = xi.xtcpi_srtt_us;
	info->min_rtt_us = xi.xtcpi_min_rtt_us;
	info->timeouts = xi.xtcpi_total_rto;
	return 0;
}

/* Ends a connection at once: what was not delivered never will be. */
void bench_abort(int fd)
{
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}
