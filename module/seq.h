/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Serial-number arithmetic, RFC 1982 / RFC 9293 section 3.4: sequence numbers
 * and µs timestamps live on a circle of 2^32, and "before" means less than
 * half a turn behind.
 */
#ifndef _XTCP_SEQ_H
#define _XTCP_SEQ_H

#include <linux/types.h>

static inline bool xtcp_before(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

static inline bool xtcp_after(u32 a, u32 b)
{
	return (s32)(b - a) < 0;
}

/* low <= seq <= high, on the circle */
static inline bool xtcp_between(u32 seq, u32 low, u32 high)
{
	return high - low >= seq - low;
}

static inline u32 xtcp_seq_max(u32 a, u32 b)
{
	return xtcp_after(a, b) ? a : b;
}

static inline u32 xtcp_seq_min(u32 a, u32 b)
{
	return xtcp_before(a, b) ? a : b;
}

#endif /* _XTCP_SEQ_H */
