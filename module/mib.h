/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters, per namespace and per CPU, shown in /proc/net/xtcp_stat in the
 * two-line form that nstat reads.  One list makes the enum and the names.
 */
#ifndef _XTCP_MIB_H
#define _XTCP_MIB_H

#include <linux/percpu.h>
#include <linux/types.h>

#define XTCP_MIB_LIST(X)						\
	/* segments */							\
	X(InSegs)		/* received, whatever became of them */	\
	X(InSuperSegs)		/* skbs that held several of them */	\
	X(OutSegs)		/* sent, retransmissions included */	\
	X(OutSuperSegs)		/* skbs that held several of them */	\
	X(RetransSegs)							\
	X(OutRsts)							\
	X(InRsts)							\
	/* dropped before a connection saw them, by cause */		\
	X(InErrs)		/* sum of the next five */		\
	X(InTruncated)		/* shorter than a header */		\
	X(InHdrLen)		/* hlen < 7 or beyond the segment */	\
	X(InCsumErrors)							\
	X(InOptMalformed)	/* option of impossible length */	\
	X(InOptUnknown)		/* unknown must-understand option */	\
	X(InNoSocket)		/* nobody there: answered by RST */	\
	X(InFiltered)		/* by policy or socket filter */	\
	X(InBadDst)		/* not to a unicast address of ours */	\
	/* dropped by a connection, by cause */				\
	X(InPaws)		/* timestamp from the past */		\
	X(InOutOfWindow)						\
	X(InUnexpected)		/* means nothing in that state */	\
	X(InBadAck)		/* acknowledges what was not sent */	\
	X(InNoAck)		/* no ACK flag where one must be */	\
	X(InAfterClose)		/* data that nobody will read: RST */	\
	X(InNoMem)		/* receive buffer or memory full */	\
	X(InBacklogDrop)						\
	X(InDuplicate)		/* data that we had */			\
	X(InBeyondFin)		/* data after the peer's FIN */		\
	X(InQueuedOutOfOrder)						\
	X(InOfoPruned)		/* out of order, dropped for memory */	\
	X(ChallengeAcks)						\
	/* opening */							\
	X(ActiveOpens)							\
	X(PassiveOpens)							\
	X(AttemptFails)		/* connect() that failed */		\
	X(EstabResets)		/* ended without FINs, at either end */	\
	X(SynRecv)		/* SYNs that a listener answered */	\
	X(SynBadMust)		/* SYN refused: unknown option */	\
	X(SynRateLimited)	/* SYN-ACKs not sent: rate limit */	\
	X(CookieOk)							\
	X(CookieBad)							\
	X(CookieExpired)						\
	X(CookieMissing)	/* ACK to a listener without one */	\
	X(AcceptOverflow)						\
	X(AcceptDeferred)	/* third segments without data */	\
	X(AcceptFails)		/* no memory, route or listener */	\
	X(SimultaneousOpen)						\
	/* recovery */							\
	X(RtoTimeouts)							\
	X(ReorderTimeouts)	/* RACK waited in vain */		\
	X(WindowProbes)							\
	X(CookieRepeats)	/* bare third segments repeated */	\
	X(KeepaliveProbes)						\
	X(AbortOnTimeout)						\
	X(FastRetransmits)	/* recoveries that RACK began */	\
	X(LossProbes)		/* TLP */				\
	X(SpuriousRtos)		/* episodes that Eifel took back */	\
	X(DsackUndos)		/* and those that D-SACKs took back */	\
	X(EcnReductions)	/* windows lowered for CE marks */	\
	X(PacingWaits)		/* held back to the pacing rate */	\
	X(SmallQueueWaits)	/* held back: enough in the host */	\
	X(DsackSent)							\
	X(DsackReceived)						\
	X(SackReneging)							\
	/* closing */							\
	X(AbortOnClose)		/* close with unread data: RST */	\
	X(AbortOnLinger)	/* SO_LINGER 0: RST */			\
	X(AbortOnMemory)						\
	X(FinWait2Timeouts)	/* orphans whose peer sent no FIN */	\
	X(AbortOnRequest)	/* an administrator's (SOCK_DESTROY) */	\
	X(TimeWait)		/* records made */			\
	X(CookieGuards)		/* records until a cookie is void */	\
	X(TimeWaitReused)						\
	X(TimeWaitOverflow)	/* not made: max_tw_buckets */		\
	X(TimeWaitRsts)		/* RSTs that TIME_WAIT ignored */	\
	X(TimeWaitDrops)	/* and bare ACKs */			\
	/* memory */							\
	X(MemoryPressures)	/* times that it began */		\
	X(OutNoMem)		/* no buffer for a segment */		\
	/* the path */							\
	X(IcmpErrors)							\
	X(IcmpOutOfWindow)						\
	X(PmtuReduced)							\
	X(PmtuBlackHoles)	/* large segments vanish, without ICMP */ \
	X(InCeSegs)		/* data marked on its way */		\
	X(DelayedAcks)							\
	X(RcvCoalesced)

enum xtcp_mib_field {
#define XTCP_MIB_ENUM(name) XTCP_MIB_##name,
	XTCP_MIB_LIST(XTCP_MIB_ENUM)
#undef XTCP_MIB_ENUM
	XTCP_MIB_MAX,
};

struct xtcp_mib {
	unsigned long	v[XTCP_MIB_MAX];
};

#define xtcp_mib_add(xn, field, n)					\
	this_cpu_add((xn)->mib->v[XTCP_MIB_##field], n)
#define xtcp_mib_inc(xn, field)						\
	this_cpu_inc((xn)->mib->v[XTCP_MIB_##field])

struct xtcp_net;
int xtcp_mib_net_init(struct xtcp_net *xn);
void xtcp_mib_net_exit(struct xtcp_net *xn);

#endif /* _XTCP_MIB_H */
