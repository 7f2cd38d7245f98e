/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Proportional rate reduction, RFC 6937: how much may leave for what arrives
 * while a loss is repaired.  All numbers are bytes.
 */
#ifndef _XTCP_PRR_H
#define _XTCP_PRR_H

#include <linux/types.h>

/**
 * struct xtcp_prr - one recovery
 * @delivered: arrived in it
 * @out: sent in it
 * @flight: in flight when it began
 */
struct xtcp_prr {
	u32	delivered;
	u32	out;
	u32	flight;
};

void xtcp_prr_begin(struct xtcp_prr *prr, u32 flight);
u32 xtcp_prr_quota(struct xtcp_prr *prr, u32 ssthresh, u32 inflight, u32 acked,
		   u32 mss, bool growing);

#endif /* _XTCP_PRR_H */
