// SPDX-License-Identifier: GPL-2.0
/*
 * Does anyone take packets of XTCP's protocol number?  For unload.sh:
 *
 *	handler there|gone
 *
 * Where nobody does IP says so: "protocol unreachable", or "unknown next header".
 * "gone" asks until it hears that, "there" watches that it does not.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xtcp_test.h"

#define SEGMENT 28	/* bytes; the checksum is wrong, and nobody answers */

/* From this host to itself, with a header of our own making. */
static int send_one(int family, int protocol)
{
	uint8_t packet[sizeof(struct ip6_hdr) + SEGMENT] = { };
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6,
				    .sin6_addr = in6addr_loopback };
	struct sockaddr_in to4 = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(family, SOCK_RAW, IPPROTO_RAW);
	ssize_t n;

	if (fd < 0)
		return -1;
	if (family == AF_INET) {
		struct iphdr *ip = (void *)packet;

		ip->version = 4;
		ip->ihl = sizeof(*ip) / 4;
		ip->ttl = 64;
		ip->protocol = protocol;
		ip->saddr = to4.sin_addr.s_addr;
		ip->daddr = to4.sin_addr.s_addr;
		n = sendto(fd, packet, sizeof(*ip) + SEGMENT, 0,
			   (struct sockaddr *)&to4, sizeof(to4));
	} else {
		struct ip6_hdr *ip = (void *)packet;

		ip->ip6_vfc = 6 << 4;
		ip->ip6_plen = htons(SEGMENT);
		ip->ip6_nxt = protocol;
		ip->ip6_hlim = 64;
		ip->ip6_src = in6addr_loopback;
		ip->ip6_dst = in6addr_loopback;
		n = sendto(fd, packet, sizeof(*ip) + SEGMENT, 0,
			   (struct sockaddr *)&to6, sizeof(to6));
	}
	close(fd);
	return n < 0 ? -1 : 0;
}

/* Within @ms, that nobody wanted it. */
static bool unwanted(int fd, int family, int ms)
{
	long long end = xt_now_ms() + ms;
	uint8_t p[256];

	while (xt_now_ms() < end) {
		int left = end - xt_now_ms();

		if (xt_poll(fd, POLLIN, left > 0 ? left : 0) != POLLIN)
			return false;
		if (read(fd, p, sizeof(p)) < 28)
			continue;
		if (family == AF_INET && p[20] == ICMP_DEST_UNREACH &&
		    p[21] == ICMP_PROT_UNREACH)
			return true;
		if (family == AF_INET6 && p[0] == ICMP6_PARAM_PROB &&
		    p[1] == ICMP6_PARAMPROB_NEXTHEADER)
			return true;
	}
	return false;
}

static int check(int family, bool gone)
{
	int fd = socket(family, SOCK_RAW, family == AF_INET ? IPPROTO_ICMP :
							      IPPROTO_ICMPV6);
	long long end = xt_now_ms() + XT_SOON_MS;
	bool heard;

	if (fd < 0)
		return 1;
	do {
		if (send_one(family, IPPROTO_XTCP))
			return 1;
		heard = unwanted(fd, family, XT_QUIET_MS);
	} while (gone && !heard && xt_now_ms() < end);
	close(fd);
	return heard != gone;
}

int main(int argc, char **argv)
{
	bool gone = argc == 2 && !strcmp(argv[1], "gone");

	if (argc != 2 || (!gone && strcmp(argv[1], "there"))) {
		fprintf(stderr, "usage: handler there|gone\n");
		return 2;
	}
	if (check(AF_INET, gone) || check(AF_INET6, gone)) {
		fprintf(stderr, "handler: it is not %s: %s\n", argv[1],
			strerror(errno));
		return 1;
	}
	return 0;
}
