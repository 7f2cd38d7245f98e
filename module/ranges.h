/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a receiver holds beyond a gap, as ranges for the SACK option
 * (RFC 2018): newest first, merged, bounded.
 */
#ifndef _XTCP_RANGES_H
#define _XTCP_RANGES_H

#include "wire.h"

#define XTCP_RANGES_MAX		16

/**
 * struct xtcp_ranges - a bounded list of disjoint sequence ranges
 * @n: ranges in use
 * @r: newest first; ranges do not touch each other
 */
struct xtcp_ranges {
	u8			n;
	struct xtcp_sack_block	r[XTCP_RANGES_MAX];
};

void xtcp_ranges_init(struct xtcp_ranges *s);
void xtcp_ranges_add(struct xtcp_ranges *s, u32 start, u32 end);
void xtcp_ranges_advance(struct xtcp_ranges *s, u32 rcv_nxt);

#endif /* _XTCP_RANGES_H */
