// SPDX-License-Identifier: GPL-2.0
/*
 * The bodies of the tracepoints in trace.h.
 */
#include <linux/in.h>
#include <linux/in6.h>
#include <net/ipv6.h>

#include "cookie.h"

/* Store an address so that %pISpc prints it: a sockaddr_in or _in6. */
static void xtcp_trace_addr(u8 *to, const struct in6_addr *a, __be16 port)
{
	if (ipv6_addr_v4mapped(a)) {
		struct sockaddr_in *sin = (struct sockaddr_in *)to;

		sin->sin_family = AF_INET;
		sin->sin_port = port;
		sin->sin_addr.s_addr = a->s6_addr32[3];
	} else {
		struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)to;

		sin6->sin6_family = AF_INET6;
		sin6->sin6_port = port;
		sin6->sin6_flowinfo = 0;
		sin6->sin6_addr = *a;
		sin6->sin6_scope_id = 0;
	}
}

#define CREATE_TRACE_POINTS
#include "trace.h"
