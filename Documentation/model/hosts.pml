/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two hosts, one pair of addresses and ports, and a network between them that
 * loses, doubles, delays and reorders: what they hold, what they send, what
 * their programs call.  module/: xtcp.h, life.c, output.c, connect.c, close.c.
 *
 * README.rst tells what was left out, and why.
 */

#include "table.h"		/* made from transitions.txt */

/*
 * The claims.  Each is false: assert(claim) stands where the claim is broken,
 * and pan tells which one it was.
 */
hidden byte cookie_used_once, only_of_its_own_peer, every_byte_or_an_error,
	    every_byte_before_the_end, reset_for_what_was_not_read,
	    nobody_waits_for_ever, nobody_times_out, nothing_fails;
#define CLAIM(claim, holds) \
	if \
	:: !(holds) -> assert(claim) \
	:: else \
	fi

/* ------------------------------------------------------------ the bounds */

#ifndef ROOM
#define ROOM	6		/* segments on the way to one host */
#endif
#ifndef FLIGHT
#define FLIGHT	2		/* programs wait while more are on the way */
#endif
#ifndef LOSS
#define LOSS	0		/* segments that the network may lose */
#endif
#ifndef DUP
#define DUP	0		/* ... may deliver and still keep */
#endif
#ifndef ATTACKS
#define ATTACKS	0		/* segments of a blind attacker */
#endif
#ifndef RETRIES
#define RETRIES	(LOSS + 2)	/* silent RTOs before ETIMEDOUT */
#endif
#ifndef STEP
#define STEP	4		/* between the ISNs of two incarnations */
#endif
#ifndef WINDOW
#define WINDOW	31		/* every later number is within it */
#endif
#ifndef BYTES
#define BYTES	1		/* that each program writes at most */
#endif

/* -------------------------------------------------------------- segments */

#define SYN	1
#define ACK	2
#define RST	4
#define FIN	8
#define LEN	16		/* one byte of payload */

/*
 * A segment is an integer; 0 is none.  A cookie is the number of the client's
 * attempt, its A; B is the acknowledgment number less one, as in the real one,
 * and the MAC is taken for unbreakable.  "who", the incarnation of the sender,
 * is for the model's eyes: a receiver only checks itself with it.
 */
#define PACK(fl, sq, ak, ts, ecr, ck, who) \
	((fl) | (sq) << 5 | (ak) << 10 | (ts) << 15 | (ecr) << 20 | \
	 (ck) << 25 | (who) << 27)

/* what is on the way to host h, largest first */
int net[2 * ROOM];
#define NET(h, i)	net[(h) * ROOM + (i)]
#define SILENT		(NET(0, 0) == 0 && NET(1, 0) == 0)

byte losses, doubles, probes, attacks;

/* ----------------------------------------------------------------- hosts */

/* struct xtcp_sock; all 0 but st while that is CLOSE */
typedef sock {
	byte st;
	byte iss, una, nxt;	/* nxt is write_seq too: windows are open */
	byte irs, rcv;		/* rcv_nxt */
#ifdef LAZY
	byte wup;		/* rcv_wup: rcv when an ACK was last sent */
#endif
	byte tsr;		/* ts_recent */
	byte start;		/* clk at connect(); 0 for a child */
	byte wrote;		/* bytes */
	byte ofo;		/* units beyond a gap: bit (number - irs) */
	byte retr;		/* silent RTOs */
	byte ck;		/* cookie to be repeated, until confirmed */
	byte used, used_ts;	/* B of a cookie not to be used again */
	bit owe;		/* a delayed ACK */
	bit ofin;		/* the last unit in ofo is a FIN */
	bit alien;		/* ofo holds what its peer did not send */
	bit finr;		/* fin_rcvd: a reader gets 0 at the end */
	bit unread;		/* bytes wait for the program */
	bit dead		/* SOCK_DEAD, RCV_SHUTDOWN: no program */
};

/* struct xtcp_tw: TIME_WAIT, or the guard of a used cookie */
typedef record {
	byte kind;		/* 0, TIME_WAIT, GUARD */
	byte rcv, nxt, tsr, inc, used;
	bit aborted
};
#define GUARD	15		/* no state's number */

sock s[2];
record r[2];
byte clk[2];			/* of timestamps: programs and RTOs move it */
bit listening[2];
bit crowded[2];			/* its accept queue */
byte attempts[2];		/* calls of connect() */
byte isn[2];			/* of SYNs and SYN|ACKs, in STEPs */
byte expired;			/* cookies with B up to there are void */

/* what only the claims look at */
byte made;			/* bit n: attempt n became a connection */
byte threw[2];			/* incarnation that closed with bytes unread */
byte said[2], said_by[2];	/* bytes written, by which incarnation */

#define INC(h)		(s[h].iss / STEP)
#define PEER_INC(h)	(s[h].irs / STEP)
#define HELD(h)		(s[h].st != CLOSE && !s[h].dead)
#define CAN_SEND(h)	(s[h].st == ESTABLISHED || s[h].st == CLOSE_WAIT)
#define CAN_RECV(h)	(s[h].st == ESTABLISHED || s[h].st == FIN_WAIT1 || \
			 s[h].st == FIN_WAIT2)
#define LAST(h)		(h == 0 && attempts[0] == ATTEMPTS || \
			 h == 1 && PEER_INC(1) == isn[0] && \
			 attempts[0] == ATTEMPTS)
#define VALID(b)	((b) / STEP > expired)

/* What an event is about, and the segment that came; nothing outlives it. */
byte g, k, ev;
hidden byte fl, sq, ak, tv, ecr, ck, who, en;
hidden int seg, x, y, out[2];
hidden byte sent;
hidden byte i, from, to;
hidden byte pass, mine, fin, first, late;

c_decl {
	\#include "trail.h"
};

/* ------------------------------------------------------------ the network */

/* what an event sends, until it is over: one or two segments */
inline put(fl_, sq_, ak_, ts_, ecr_, ck_, who_)
{
	out[sent] = PACK(fl_, sq_, ak_, ts_, ecr_, ck_, who_);
	sent++
}

/* ... and onto the way to h, largest first */
inline deliver(h)
{
	do
	:: sent ->
		sent--;
		x = out[sent];
		out[sent] = 0;
		c_code { tell_segment(readtrail, now.g, "->", x); };
		i = 0;
		do
		:: i < ROOM ->
			if
			:: NET(h, i) < x -> y = NET(h, i); NET(h, i) = x; x = y
			:: else
			fi;
			i++
		:: else -> break
		od;
		assert(x == 0)	/* or ROOM is too small for what is checked */
	:: else -> break
	od
}

/* the k-th segment on the way to g */
inline drop()
{
	i = k;
	do
	:: i < ROOM - 1 -> NET(g, i) = NET(g, i + 1); i++
	:: else -> NET(g, i) = 0; break
	od
}

inline read_segment()
{
	seg = NET(g, k);
	fl = seg & 31;
	sq = (seg >> 5) & 31;
	ak = (seg >> 10) & 31;
	tv = (seg >> 15) & 31;
	ecr = (seg >> 20) & 31;
	ck = (seg >> 25) & 3;
	who = (seg >> 27) & 7;
	en = sq + (fl & SYN) + ((fl & LEN) / LEN) + ((fl & FIN) / FIN)
}

/* ------------------------------------------------------------- the way out */

/* LAZY: ACKs of data in order are delayed, as for a program that answers */
#ifdef LAZY
#define WUP(h)		s[h].wup
#define SET_WUP(h, to_)	s[h].wup = to_
#define LAZY_ACK	true
#else
#define WUP(h)		s[h].rcv
#define SET_WUP(h, to_)	skip
#define LAZY_ACK	false
#endif

inline send(h, fl_, sq_)
{
	put(fl_, sq_, s[h].rcv, clk[h], s[h].tsr, s[h].ck, INC(h));
	s[h].owe = 0;
	SET_WUP(h, s[h].rcv);
#ifdef BUG_COOKIE_ONCE
	s[h].ck = 0
#endif
}

inline send_ack(h)
{
	send(h, ACK, s[h].nxt)
}

/* xtcp_send_reset() */
inline send_reset(h)
{
	if
	:: s[h].st != SYN_SENT ->
		put(RST | ACK, s[h].nxt, s[h].rcv, clk[h], s[h].tsr, 0, INC(h))
	:: else
	fi
}

/* xtcp_ctl_reset(): the answer to the segment that came */
inline answer_reset(h)
{
	if
	:: fl & RST
	:: !(fl & RST) && (fl & ACK) -> put(RST, ak, 0, 0, tv, 0, 0)
	:: else -> put(RST | ACK, 0, en, 0, tv, 0, 0)
	fi
}

/* ------------------------------------------------------ a connection's life */

inline step(h, new)
{
	from = s[h].st;
	to = new;
	assert(ALLOWED(from, to));
	c_code { cover(from, to); };
	s[h].st = to
}

inline forget(h)
{
	r[h].kind = 0; r[h].rcv = 0; r[h].nxt = 0; r[h].tsr = 0;
	r[h].inc = 0; r[h].used = 0; r[h].aborted = 0
}

inline leave_record(h, kind_, aborted_)
{
	r[h].kind = kind_;
	r[h].rcv = s[h].rcv;
	r[h].nxt = s[h].nxt;
	r[h].tsr = (s[h].tsr > s[h].used_ts -> s[h].tsr : s[h].used_ts);
	r[h].inc = INC(h);
	r[h].used = s[h].used;
	r[h].aborted = aborted_
}

/* xtcp_done(): the end.  told: with an errno, or by the program itself. */
inline done(h, told)
{
	CLAIM(every_byte_or_an_error, told || s[h].dead || s[h].finr);
#ifndef BUG_NO_GUARD
	if
	:: VALID(s[h].used) && s[h].st != TIME_WAIT ->
		leave_record(h, GUARD, s[h].st != LAST_ACK)
	:: else
	fi;
#endif
	step(h, CLOSE);
	SET_WUP(h, 0);
	s[h].iss = 0; s[h].una = 0; s[h].nxt = 0;
	s[h].irs = 0; s[h].rcv = 0; s[h].tsr = 0; s[h].start = 0;
	s[h].wrote = 0; s[h].ofo = 0; s[h].retr = 0;
	s[h].ck = 0; s[h].used = 0; s[h].used_ts = 0;
	s[h].owe = 0; s[h].ofin = 0; s[h].alien = 0;
	s[h].finr = 0; s[h].unread = 0; s[h].dead = 0
}

/*
 * xtcp_error().  NO_ERROR: nobody gives up, so nothing may fail.  LAST_COUNTS:
 * that is true of the last attempt, whatever became of those before it.
 */
inline error(h)
{
#ifdef NO_ERROR
	assert(nothing_fails);
#endif
#ifdef LAST_COUNTS
	CLAIM(nothing_fails, !LAST(h));
#endif
#ifdef BUG_END_UNTOLD
	done(h, false)
#else
	done(h, true)
#endif
}

/* xtcp_time_wait() */
inline time_wait(h)
{
#ifndef BUG_NO_TIME_WAIT
	leave_record(h, TIME_WAIT, 0);
#endif
	step(h, TIME_WAIT);
	done(h, false)
}

inline send_fin(h)
{
	s[h].nxt++;
	send(h, FIN | ACK, s[h].nxt - 1)
}

/* ---------------------------------------------------- what programs may call */

inline tick(h)
{
	clk[h]++;
	assert(clk[h] < 32)	/* or PACK() has no room for it */
}

inline next_isn(h)
{
	isn[h]++;
	assert(isn[h] < 8)	/* likewise */
}

/* A TIME_WAIT gives way after a second, a guard at once. */
inline call_connect(h)
{
	tick(h);
	attempts[h]++;
	step(h, SYN_SENT);
#ifndef BUG_CONNECT_FORGETS
	if			/* it must not be used again even now */
	:: r[h].kind && VALID(r[h].used) ->
		s[h].used = r[h].used;
		s[h].used_ts = r[h].tsr
	:: else
	fi;
#endif
	forget(h);
	next_isn(h);
	s[h].iss = isn[h] * STEP;
	s[h].una = s[h].iss;
	s[h].nxt = s[h].iss + 1;
	s[h].start = clk[h];
	said_by[h] = INC(h);
	said[h] = 0;
	put(SYN, s[h].iss, 0, clk[h], 0, 0, INC(h))
}

/* the listener is another socket than the connection */
inline call_listen(h, on)
{
	from = (on -> CLOSE : LISTEN);
	to = (on -> LISTEN : CLOSE);
	assert(ALLOWED(from, to));
	c_code { cover(from, to); };
	listening[h] = on
}

inline call_write(h)
{
	tick(h);
	s[h].wrote++;
	said[h] = s[h].wrote;
	s[h].nxt++;
	send(h, LEN | ACK, s[h].nxt - 1)
}

inline call_shutdown(h)
{
	tick(h);
	from = s[h].st;
	step(h, AFTER_CLOSE(from));
	send_fin(h)
}

/* SO_LINGER 0: xtcp_disconnect() */
inline call_abort(h)
{
	if
	:: s[h].st == CLOSING || s[h].st == LAST_ACK
	:: else -> send_reset(h)
	fi;
	done(h, true)
}

/* reads: first what has come; else that is thrown away */
inline call_close(h, reads)
{
	tick(h);
	s[h].unread = s[h].unread & !reads;
	from = s[h].st;
	if
	:: s[h].unread && SENDS_FIN(from) -> threw[h] = INC(h)
	:: else
	fi;
	if
#ifndef BUG_UNREAD_FIN
	:: s[h].unread -> send_reset(h); done(h, true)	/* xtcp_abort() */
	:: else ->
#else
	:: true ->
#endif
		s[h].dead = 1;
		s[h].unread = 0;
		if
		:: SENDS_FIN(from) -> step(h, AFTER_CLOSE(from)); send_fin(h)
		:: AFTER_CLOSE(from) == CLOSE -> done(h, true)
		:: else
		fi
	fi
}
