/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xtcp-bench: what its parts share.  One process is the server, another one
 * of the clients:
 *
 *	server	takes connections of both transports, echoes UDP
 *	bulk	as much data as the path carries, on one flow or many
 *	flows	short request/response connections, one after the other
 *	probe	round trips of single UDP packets
 *	cost	what a transport takes of one processor; needs no server
 *
 * All that they say on stdout is lines of a word and NAME=VALUE pairs.
 */
#ifndef XTCP_BENCH_H
#define XTCP_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define BENCH_CC_MAX	16	/* bytes, as TCP_CA_NAME_MAX */

/* The last two only to compare costs with. */
enum bench_proto { BENCH_TCP, BENCH_XTCP, BENCH_SCTP, BENCH_UNIX };

/* A transport with its congestion controller, from "tcp", "xtcp/cubic" ... */
struct bench_transport {
	enum bench_proto proto;
	char cc[BENCH_CC_MAX];	/* empty: the system's default */
};

struct bench_address {
	struct sockaddr_storage sa;
	socklen_t len;
};

/* What a connection has done, from TCP_INFO or XTCP_INFO. */
struct bench_info {
	uint64_t acked;		/* payload bytes that the peer acknowledged */
	uint64_t sent;		/* payload bytes, with those sent again */
	uint64_t retrans;	/* payload bytes sent again */
	uint64_t cwnd;		/* bytes */
	uint32_t srtt_us;
	uint32_t min_rtt_us;
	uint32_t timeouts;	/* RTO expiries */
};

/*
 * Sent by whoever connects: how many bytes it wants.  0: the server is a sink
 * for what follows.  Big-endian.
 */
struct bench_request {
	uint64_t magic;
	uint64_t respond;
};

#define BENCH_MAGIC	0x7863746262656e63ULL	/* "xctbbenc" */

struct bench_options {
	struct bench_address address;
	struct bench_transport *transports;
	size_t transports_n;
	double seconds;		/* of bulk and probe */
	double interval_s;	/* between lines, or packets */
	double stagger_s;	/* between the starts of bulk flows */
	double gap_s;		/* between short flows */
	double timeout_s;	/* of one short flow */
	uint64_t bytes;		/* of a response; of cost: a call, a message */
	unsigned long count;	/* of short flows; MiB or transactions of cost */
	unsigned long warm;	/* of cost: as many before it */
	const char *test;	/* of cost */
	const char *netns;	/* cost's other end is there; NULL: here */
	bool nagle;		/* cost: without TCP_NODELAY */
};

int bench_server(const struct bench_options *o);
int bench_bulk(const struct bench_options *o);
int bench_flows(const struct bench_options *o);
int bench_probe(const struct bench_options *o);
int bench_cost(const struct bench_options *o);

/* net.c */
double bench_now(void);
bool bench_parse_transport(const char *text, struct bench_transport *t);
const char *bench_proto_name(enum bench_proto proto);
bool bench_parse_address(const char *host, const char *port,
			 struct bench_address *a);
int bench_socket(const struct bench_transport *t,
		 const struct bench_address *a, int flags);
int bench_read_info(int fd, enum bench_proto proto, struct bench_info *info);
void bench_abort(int fd);
int bench_wait_ms(double until);

#endif /* XTCP_BENCH_H */
