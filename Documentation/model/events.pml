/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What may happen next: a segment arrives, or is lost; a timer fires (timer.c);
 * a program calls.  One event is one step of the model.  The scenarios
 * (opening.pml, crossing.pml, closing.pml) choose among these.
 */

#include "receive.pml"

/* ------------------------------------------------------------------ timers */

/* xtcp_rto_expired(), xtcp_cookie_expired(): the oldest unit again */
inline rto(h)
{
	if
	:: s[h].retr == RETRIES ->
#ifdef NO_TIMEOUT
		assert(nobody_times_out);
#endif
		error(h)
	:: else ->
		s[h].retr++;
		tick(h);
		x = s[h].una - s[h].iss;
		if
		:: s[h].una == s[h].nxt -> send_ack(h)
		:: s[h].st == SYN_SENT ->
			put(SYN, s[h].iss, 0, clk[h], 0, 0, INC(h))
		:: s[h].una != s[h].nxt && s[h].st != SYN_SENT && x == 0 ->
			send(h, SYN | ACK, s[h].iss)
		:: s[h].una != s[h].nxt && x > 0 && x <= s[h].wrote ->
			send(h, LEN | ACK, s[h].una)
		:: else -> send(h, FIN | ACK, s[h].una)
		fi
	fi
}

/* xtcp_keepalive_check(): a peer that has gone answers with RST */
inline keepalive(h)
{
	if
	:: s[h].retr == RETRIES -> send_reset(h); error(h)
	:: else ->
		if
		:: PEER_INC(h) == INC(1 - h) -> probes++
		:: else -> s[h].retr++
		fi;
		tick(h);
		send(h, ACK, s[h].una - 1)
	fi
}

/* ------------------------------------------------------------------ events */

#define RCV		1
#define KEEP		2	/* delivered, and still on its way */
#define LOSE		3
#define RTO		4
#define DELACK		5
#define KEEPALIVE	6
#define ORPHAN_END	7	/* fin_timeout */
#define RECORD_END	8	/* 2 MSL; or the cookie is expired */
#define COOKIES_END	9	/* 64 s pass: all those given out are expired */
#define CONNECT		10
#define LISTENS		11	/* begins or ends */
#define WRITE		12
#define READ_CLOSE	13
#define SHUTDOWN	14
#define CLOSES		15
#define ABORT		16
#define ACCEPT		17	/* makes room in the queue */
#define FORGE_RST	18	/* to g's peer, as if g had sent it */
#define FORGE_SYN	19
#define FORGE_DATA	20
#define FORGE_ECHO	21

/*
 * EAGER: timers may fire at any time, before answers that are on their way.
 * Else time passes only when nothing is on its way: what happens then is the
 * fault of nobody but the protocol.  2 MSL and a cookie's life are longer than
 * some RTOs; with EXPIRE segments outlive even those.
 */
#ifdef EAGER
#define TIME(h)		CALM
#else
#define TIME(h)		(SILENT && !s[0].owe && !s[1].owe)
#endif
#if defined(EAGER) || defined(EXPIRE)
#define LONG_TIME(h)	CALM
#else
#define LONG_TIME(h)	(TIME(h) && s[0].una == s[0].nxt && \
			 s[1].una == s[1].nxt && !s[0].ck && !s[1].ck)
#endif

#define CALM		(NET(0, FLIGHT) == 0 && NET(1, FLIGHT) == 0)

#define MAY_TAKE(h, j) \
	(NET(h, j) && (j == 0 || NET(h, j) != NET(h, j - 1)))

#ifdef BUG_COOKIE_ONCE
#define UNCONFIRMED(h)	false
#else
#define UNCONFIRMED(h)	(s[h].ck && s[h].st != SYN_SENT)
#endif

#define PENDING(h) \
	(s[h].st != CLOSE && (s[h].una < s[h].nxt || UNCONFIRMED(h)))

/*
 * Both hosts back off alike: neither is two RTOs ahead.  A program that accepts
 * does so before the client gives up.
 */
#define MAY_RTO(h) \
	(PENDING(h) && TIME(h) && \
	 !(PENDING(1 - (h)) && s[1 - (h)].retr < s[h].retr) && \
	 !(crowded[1 - (h)] && s[h].retr > 0))

#define ON(h, j, what)	g = h; k = j; ev = what

#define TAKE(h, j) \
	:: MAY_TAKE(h, j) -> ON(h, j, RCV) \
	:: MAY_TAKE(h, j) && doubles < DUP -> ON(h, j, KEEP) \
	:: MAY_TAKE(h, j) && losses < LOSS -> ON(h, j, LOSE)

/* ROOM of them; those beyond are never there */
#if ROOM > 8
#error "TAKES() knows 8 places"
#endif
#if ROOM < 8
#define TAKE_8(h)
#else
#define TAKE_8(h)	TAKE(h, 7)
#endif
#if ROOM < 7
#define TAKE_7(h)
#else
#define TAKE_7(h)	TAKE(h, 6)
#endif
#if ROOM < 6
#define TAKE_6(h)
#else
#define TAKE_6(h)	TAKE(h, 5)
#endif
#define TAKES(h) TAKE(h, 0) TAKE(h, 1) TAKE(h, 2) TAKE(h, 3) TAKE(h, 4) \
	TAKE_6(h) TAKE_7(h) TAKE_8(h)

#define TIMERS(h) \
	:: MAY_RTO(h) -> ON(h, 0, RTO) \
	:: s[h].owe -> ON(h, 0, DELACK) \
	:: ORPHAN(h) && TIME(h) -> ON(h, 0, ORPHAN_END) \
	:: r[h].kind && LONG_TIME(h) && !VALID(r[h].used) -> \
		ON(h, 0, RECORD_END) \
	:: MAY_PROBE(h) -> ON(h, 0, KEEPALIVE)

#ifdef BUG_ORPHAN_STAYS
#define ORPHAN(h)	false
#else
#define ORPHAN(h)	(s[h].st == FIN_WAIT2 && s[h].dead)
#endif

/* PROBES of them for nothing; the others find that the peer has gone. */
#ifdef PROBES
#define MAY_PROBE(h) \
	(HELD(h) && s[h].st != SYN_SENT && s[h].st != SYN_RECV && TIME(h) && \
	 s[h].una == s[h].nxt && s[h].ck == 0 && \
	 (PEER_INC(h) != INC(1 - h) || probes < PROBES))
#else
#define MAY_PROBE(h)	false
#endif

/*
 * A blind attacker (RFC 5961) hits the window, but not the very number: RST far
 * from RCV.NXT; SYN; data with an ACK of what was never sent, and a timestamp
 * from the future; the same with a good number, and no echo.
 */
#define ATTACK(h) \
	:: attacks < ATTACKS && CALM && TARGET(h) -> ON(1 - (h), 0, FORGE_RST) \
	:: attacks < ATTACKS && CALM && TARGET(h) -> ON(1 - (h), 0, FORGE_SYN) \
	:: attacks < ATTACKS && CALM && TARGET(h) -> ON(1 - (h), 0, FORGE_DATA) \
	:: attacks < ATTACKS && CALM && TARGET(h) -> ON(1 - (h), 0, FORGE_ECHO)
#define TARGET(h)	(s[h].st != CLOSE && s[h].st != SYN_SENT)

inline forge()
{
	attacks++;
	x = s[1 - g].rcv;
	if
	:: ev == FORGE_RST -> put(RST, 30, 0, 31, 1, 0, 0)
	:: ev == FORGE_SYN -> put(SYN, x, 0, 31, 1, 0, 0)
	:: ev == FORGE_DATA ->
		put(LEN | ACK, x, 30, 31, 1, 0, 0)
	:: ev == FORGE_ECHO ->
		put(LEN | ACK, x, s[1 - g].una - 1, 31, 0, 0, 0)
	fi
}

/* What programs do: bits, for the scenarios. */
#define WRITES		1
#define HALF_CLOSES	2	/* after it has written what it may */
#define QUITS		4	/* closes, at any time */
#define THROWS		8	/* closes without reading what has come */
#define KILLS		16	/* SO_LINGER 0 */

#define PROGRAM(h, does) \
	:: ((does) & WRITES) && HELD(h) && CAN_SEND(h) && CALM && \
	   s[h].wrote < BYTES -> ON(h, 0, WRITE) \
	:: ((does) & HALF_CLOSES) && HELD(h) && CALM && \
	   (s[h].st == SYN_RECV || (CAN_SEND(h) && \
	    (s[h].wrote == BYTES || !((does) & WRITES)))) -> ON(h, 0, SHUTDOWN) \
	:: ((does) & QUITS) && HELD(h) && CALM -> ON(h, 0, READ_CLOSE) \
	:: ((does) & THROWS) && HELD(h) && s[h].unread && CALM -> \
		ON(h, 0, CLOSES) \
	:: ((does) & KILLS) && HELD(h) && CALM && !SPARED(h) -> \
		ON(h, 0, ABORT)

#ifdef LAST_COUNTS
#define SPARED(h)	LAST(h)
#else
#define SPARED(h)	false
#endif

#define MAY_CONNECT(h) \
	(s[h].st == CLOSE && attempts[h] < ATTEMPTS && CALM)

/*
 * All is over, and what is still on the way can at most be answered with RST:
 * then it does not matter any more.
 */
#define OVER \
	(s[0].st == CLOSE && s[1].st == CLOSE && attempts[0] == ATTEMPTS && \
	 (!CROSSING || attempts[1] == ATTEMPTS))

inline settle()
{
	x = 0;
	i = 0;
	do
	:: i < 2 * ROOM -> x = x | (net[i] >> 25 & 3) | (net[i] & SYN); i++
	:: else -> break
	od;
	if
	:: x == 0 ->
		i = 0;
		do
		:: i < 2 * ROOM -> net[i] = 0; i++
		:: else -> break
		od;
		forget(0);
		forget(1);
		clk[0] = 0;
		clk[1] = 0;
		losses = 0;
		doubles = 0;
		probes = 0;
		attacks = 0
	:: else
	fi
}

/* The part of an event that asks nothing more. */
inline happen()
{
	if
	:: ev <= LOSE ->
		read_segment();
		if
		:: ev != KEEP -> drop()
		:: else -> doubles++
		fi;
		if
		:: ev != LOSE ->
			c_code { tell_segment(readtrail, now.g, "<-", seg); };
			receive(g)
		:: else ->
			c_code { tell_segment(readtrail, now.g, "lost:", seg); };
			losses++
		fi
	:: else ->
		c_code { tell_event(readtrail, now.g, now.ev); };
		if
		:: ev == RTO -> rto(g)
		:: ev == DELACK -> send_ack(g)
		:: ev == KEEPALIVE -> keepalive(g)
		:: ev == ORPHAN_END -> done(g, true)
		:: ev == RECORD_END -> forget(g)
		:: ev == COOKIES_END -> expired = isn[g]
		:: ev == CONNECT -> call_connect(g)
		:: ev == LISTENS -> call_listen(g, !listening[g])
		:: ev == WRITE -> call_write(g)
		:: ev == SHUTDOWN -> call_shutdown(g)
		:: ev == CLOSES || ev == READ_CLOSE ->
			call_close(g, (ev == READ_CLOSE))
		:: ev == ABORT -> call_abort(g)
		:: ev == ACCEPT -> crowded[g] = 0
		:: ev >= FORGE_RST -> forge()
		fi
	fi;
	deliver(1 - g);
	c_code { tell_states(readtrail, now.s[0].st, now.r[0].kind,
			     now.s[1].st, now.r[1].kind); };
	if
	:: OVER -> settle()
	:: else
	fi;
	g = 0;
	k = 0;
	ev = 0
}
