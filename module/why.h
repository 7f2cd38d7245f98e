/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why a segment was dropped, why a connection was cut off: counted, and told to the
 * tracepoints xtcp_drop and xtcp_reset by the counter's name, so that there is one
 * list of reasons: XTCP_MIB_LIST, described in Documentation/counters.rst.
 */
#ifndef _XTCP_WHY_H
#define _XTCP_WHY_H

#include "mib.h"
#include "trace.h"
#include "xtcp.h"

/* A segment from the peer of @t is dropped; its header has been parsed. */
#define xtcp_drop(xn, t, skb, field)					\
	do {								\
		xtcp_mib_inc(xn, field);				\
		trace_xtcp_drop(t, xtcp_hdr(skb), (skb)->len, #field);	\
	} while (0)

/* The same by a socket that it was for. */
#define XTCP_DROP(sk, skb, field)					\
	xtcp_drop(xtcp_sk_net(sk), &xtcp_sk(sk)->node.key.t, skb, field)

/* A connection ends without FINs. */
#define XTCP_CUT(sk, field)						\
	do {								\
		XTCP_INC_STATS(sk, field);				\
		trace_xtcp_reset(&xtcp_sk(sk)->node.key.t,		\
				 (sk)->sk_state, #field);		\
	} while (0)

#endif /* _XTCP_WHY_H */
