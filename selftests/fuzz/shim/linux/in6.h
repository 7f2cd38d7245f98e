/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_IN6_H
#define _SHIM_LINUX_IN6_H

#include <linux/types.h>

struct in6_addr {
	union {
		u8	s6_addr[16];
		__be32	s6_addr32[4];
	};
};

static inline __be16 htons(u16 v)
{
	u8 b[2] = { v >> 8, v & 0xff };
	__be16 be;

	__builtin_memcpy(&be, b, sizeof(be));
	return be;
}

#endif
