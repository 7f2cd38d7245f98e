/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The filters of socket listings: INET_DIAG_REQ_BYTECODE, as ss makes it.
 */
#ifndef _XTCP_FILTER_H
#define _XTCP_FILTER_H

#include <linux/in6.h>
#include <linux/types.h>

/* Longest program taken; ss's are some hundred bytes. */
#define XTCP_FILTER_MAX		4096

/**
 * struct xtcp_filter_facts - what a filter may ask of a socket
 * @laddr: local address, IPv4 as v4-mapped
 * @faddr: foreign address, likewise
 * @lport: local port, host order
 * @fport: foreign port, host order
 * @ipv4: the socket is an IPv4 one, whatever its addresses are
 * @autobound: the kernel has chosen the local port
 * @ifindex: device that it is bound to; 0: none
 * @mark: routing mark
 */
struct xtcp_filter_facts {
	struct in6_addr	laddr;
	struct in6_addr	faddr;
	u16		lport;
	u16		fport;
	bool		ipv4;
	bool		autobound;
	u32		ifindex;
	u32		mark;
};

int xtcp_filter_check(const void *code, unsigned int len, bool may_ask_mark);
bool xtcp_filter_run(const void *code, unsigned int len,
		     const struct xtcp_filter_facts *f);

#endif /* _XTCP_FILTER_H */
