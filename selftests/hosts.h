/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two hosts, that is two namespaces, with two links between them:
 *
 *	host 0                                    host 1
 *	192.0.2.1    2001:db8:1::1   l0 --- l0    192.0.2.2    2001:db8:1::2
 *	198.51.100.1 2001:db8:2::1   l1 --- l1    198.51.100.2 2001:db8:2::2
 *	fe80::1 on both                           fe80::2 on both
 *	203.0.113.1  2001:db8:3::1   lo    lo     203.0.113.2  2001:db8:3::2
 *
 * The last ones can be reached by either link: hosts_route() says by which.
 */
#ifndef HOSTS_H
#define HOSTS_H

#include "xtcp_test.h"

struct hosts {
	int ns[2];
};

/* Host 0 is the namespace that the caller is in, and stays in. */
int hosts_open(struct hosts *h);
/* Sockets and commands of this thread are host @i's from now on. */
int hosts_enter(const struct hosts *h, int i);
/* Both hosts' packets to 203.0.113.x and 2001:db8:3::x take this link. */
int hosts_route(const struct hosts *h, int link);
/* What "ip -batch" does with these lines on host @i. */
int hosts_ip(const struct hosts *h, int i, const char *format, ...);
int hosts_sysctl(const struct hosts *h, int i, const char *path,
		 const char *text);
/* What host @i has sent over that link, bytes. */
long long hosts_sent(const struct hosts *h, int i, int link);

#endif /* HOSTS_H */
