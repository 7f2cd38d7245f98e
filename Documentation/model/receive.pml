/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A segment arrives.  module/: ip.c, listen.c, timewait.c, opening.c, input.c.
 *
 * The functions of the module that return early are written here as a chain of
 * steps, each of which clears "mine" when the segment's story ends there.
 */

#include "hosts.pml"

/* ------------------------------------------------- a segment meets a listener */

/* xtcp_listen_syn(): each SYN gets a B of its own; nothing is kept */
inline rcv_syn(h)
{
	next_isn(h);
	put(SYN | ACK, isn[h] * STEP, en, clk[h], tv, sq / STEP, isn[h])
}

/* xtcp_listen_ack(): mine says that the connection is there now */
inline rcv_cookie(h)
{
	if
#ifdef BUG_OLD_COOKIE
	:: ck == 0 -> answer_reset(h)
#else
	:: ck == 0 || !VALID(ak - 1) -> answer_reset(h)
#endif
	:: else ->
		if
		:: sq <= ck * STEP || sq > ck * STEP + 1 + WINDOW
		:: else ->
			if
			:: crowded[h]
			:: else ->
				/* xtcp_child_make(), xtcp_rcv_child_start() */
				CLAIM(cookie_used_once, !(made & (1 << ck)));
				made = made | (1 << ck);
				forget(h);
				step(h, ESTABLISHED);
				s[h].used = ak - 1;
				s[h].used_ts = tv;
				s[h].irs = ck * STEP;
				s[h].rcv = s[h].irs + 1;
				SET_WUP(h, s[h].rcv);
				s[h].iss = ak - 1;
				said_by[h] = INC(h);
				said[h] = 0;
				s[h].una = ak;
				s[h].nxt = ak;
				s[h].tsr = tv;
#ifndef BUG_NO_CONFIRMATION
				s[h].owe = 1;	/* 25 ms at most */
#endif
				mine = 1;
				first = 1
			fi
		fi
	fi
}

inline rcv_listener(h)
{
	if
	:: fl & RST
	:: !(fl & RST) && (fl & ACK) -> rcv_cookie(h)
	:: !(fl & RST) && !(fl & ACK) && (fl & SYN) -> rcv_syn(h)
	:: else
	fi
}

/* --------------------------------------------------- ... meets a record */

/* A used cookie is known by its B, whatever the timestamp of the segment. */
#ifdef BUG_GUARD_BY_TIME
#define USED(h)	false
#else
#define USED(h)	(ak == r[h].used + 1)
#endif

inline record_ack(h)
{
	put(ACK, r[h].nxt, r[h].rcv, clk[h], r[h].tsr, 0, r[h].inc)
}

/* xtcp_tw_rcv(): pass says that the listener may have it */
inline rcv_record(h)
{
	if
	:: fl & RST ->
#ifdef BUG_RST_ENDS_TIME_WAIT
		forget(h)
#else
		skip
#endif
	:: !(fl & RST) && (fl & SYN) ->
		if
		:: !(fl & ACK) && tv > r[h].tsr -> pass = 1
#ifndef BUG_TIME_WAIT_HOLDS
		:: (fl & ACK) && tv > r[h].tsr -> answer_reset(h)
#endif
		:: else ->
			if
			:: r[h].aborted -> answer_reset(h)
			:: else -> record_ack(h)
			fi
		fi
	:: !(fl & (RST | SYN)) && ck && tv > r[h].tsr && !USED(h) -> pass = 1
	:: else ->
		if
		:: r[h].aborted -> answer_reset(h)
		:: !r[h].aborted && sq == en ->
			if
			:: ak != r[h].nxt && sq != r[h].rcv -> answer_reset(h)
			:: else
			fi
		:: else ->
			if
			:: (fl & FIN) && en == r[h].rcv && tv > r[h].tsr ->
				r[h].tsr = tv
			:: else
			fi;
			record_ack(h)
		fi
	fi;
	if
#ifdef BUG_TIME_WAIT_HOLDS
	:: pass && !listening[h] && r[h].kind == TIME_WAIT ->
		pass = 0;
		record_ack(h)
#endif
	:: else
	fi
}

/* ------------------------------------------------- ... meets a connection */

/* xtcp_rcv_syn_sent() */
inline rcv_syn_sent(h)
{
	if
#ifdef BUG_ANY_RST_REFUSES
	:: (fl & ACK) && !(fl & RST) && ak != s[h].iss + 1 -> answer_reset(h)
#else
	:: (fl & ACK) && ak != s[h].iss + 1 -> answer_reset(h)
#endif
#ifdef BUG_ANY_RST_REFUSES
	:: fl & RST -> error(h)
#else
	:: (fl & ACK) && ak == s[h].iss + 1 && (fl & RST) -> error(h)
#endif
	:: (fl & SYN) && !(fl & RST) && (!(fl & ACK) || ak == s[h].iss + 1) ->
		tick(h);	/* a round trip has passed, or half of one */
		s[h].irs = sq;
		s[h].rcv = en;
		SET_WUP(h, en);
		s[h].tsr = tv;
		if
		:: fl & ACK ->
			s[h].una = ak;
			s[h].retr = 0;
			s[h].ck = ck;
			step(h, ESTABLISHED);
			send_ack(h)
		:: else ->
			step(h, SYN_RECV);
			send(h, SYN | ACK, s[h].iss)
		fi
	:: else
	fi
}

/* an echo of something sent in the life of this connection */
#ifdef BUG_ECHO_OF_NOTHING
#define PLAUSIBLE(h)	(ecr >= s[h].start)
#elif defined(BUG_ANY_ECHO)
#define PLAUSIBLE(h)	true
#else
#define PLAUSIBLE(h)	(ecr && ecr >= s[h].start)
#endif

/*
 * xtcp_rcv_stranger(): as long as the peer may mean another connection, what
 * acknowledges nothing of this one is answered with RST.
 */
#define OTHER_ACK(h)	(ak <= s[h].iss || ak > s[h].nxt || !PLAUSIBLE(h))
#ifdef BUG_GHOST_LIVES
#define STRANGER(h)	(s[h].una == s[h].iss && OTHER_ACK(h))
#elif defined(BUG_SYN_RECV_SILENT)
#define STRANGER(h)	(s[h].ck && OTHER_ACK(h))
#else
#define STRANGER(h)	((s[h].ck || s[h].una == s[h].iss) && OTHER_ACK(h))
#endif

/* older by less than a round trip is reordering, once a round trip is known */
#ifdef BUG_PAWS_SLACK
#define PAWS_SLACK(h)	(2 * (s[h].una != s[h].iss))
#else
#define PAWS_SLACK(h)	(s[h].una != s[h].iss)
#endif

/* xtcp_rcv_check(): mine stays set when the segment is acceptable */
inline rcv_check(h)
{
	mine = 0;
	if
#ifndef BUG_NO_PAWS
	:: tv + PAWS_SLACK(h) < s[h].tsr && !(fl & RST) ->
		if
		:: sq != en -> send_ack(h)
		:: else
		fi
	:: else ->
#else
	:: true ->
#endif
		if
		:: en < WUP(h) || sq > s[h].rcv + WINDOW ->
			if
			:: fl & RST
			:: else -> send_ack(h)
			fi
		:: else ->
			if
			:: fl & RST ->
				if
#ifdef BUG_RST_IN_WINDOW
				:: true -> error(h)
#else
				:: sq == s[h].rcv -> error(h)
				:: else -> send_ack(h)
#endif
				fi
			:: !(fl & RST) && (fl & SYN) &&
			   (s[h].st != SYN_RECV || sq != s[h].irs) ->
				send_ack(h)
			:: else -> mine = (fl & ACK) / ACK
			fi
		fi
	fi
}

/* xtcp_rcv_ack(): mine stays set when the number is plausible */
inline rcv_ack(h)
{
#ifdef BUG_TIMESTAMP_FIRST
	s[h].tsr = tv;
#endif
	if
	:: ak > s[h].nxt || ak + WINDOW < s[h].una || !PLAUSIBLE(h) ->
		mine = 0;
		if
#ifdef BUG_SYN_RECV_SILENT
		:: s[h].st == SYN_RECV
#endif
		:: else -> send_ack(h)
		fi
	:: else ->
		if
		:: sq <= WUP(h) && tv >= s[h].tsr -> s[h].tsr = tv
		:: else
		fi;
		if
		:: s[h].ck -> s[h].ck = 0; s[h].retr = 0
		:: else
		fi;
		if
		:: ak > s[h].una -> s[h].una = ak; s[h].retr = 0
		:: else
		fi
	fi
}

/* xtcp_syn_acked(), xtcp_fin_acked(): mine stays set while the socket lives */
inline rcv_acked(h)
{
	if
#ifdef BUG_SYN_RECV_SILENT
	:: s[h].st == SYN_RECV && s[h].una == s[h].iss ->
		answer_reset(h);
		mine = 0
	:: s[h].st == SYN_RECV && s[h].una != s[h].iss -> step(h, ESTABLISHED)
#else
	:: s[h].st == SYN_RECV ->
		assert(s[h].una != s[h].iss);
		step(h, ESTABLISHED)
#endif
	:: else
	fi;
	from = s[h].st;
	to = AFTER_FIN_ACKED(from);
	if
	:: mine && s[h].una == s[h].nxt && to != from ->
		if
		:: to == FIN_WAIT2 -> step(h, FIN_WAIT2)
		:: to == TIME_WAIT -> time_wait(h); mine = 0
		:: else -> done(h, false); mine = 0
		fi
	:: else
	fi
}

/* xtcp_rcv_fin() */
inline rcv_fin(h)
{
	s[h].finr = 1;
	CLAIM(every_byte_before_the_end, said_by[1 - h] != PEER_INC(h) ||
	      s[h].rcv - s[h].irs - 2 == said[1 - h]);
	/* who closed on bytes unread must not look as if it had read them */
	CLAIM(reset_for_what_was_not_read, threw[1 - h] != PEER_INC(h));
	from = s[h].st;
	to = AFTER_FIN(from);
#ifdef BUG_NO_CLOSING
	to = (from == FIN_WAIT1 -> TIME_WAIT : to);
#endif
	if
	:: to == TIME_WAIT -> send_ack(h); time_wait(h)
	:: else -> step(h, to); send_ack(h)
	fi
}

/* xtcp_rcv_data() */
inline rcv_data(h)
{
	if
	:: sq == en ->
		if		/* the peer repeats its cookie */
#ifndef BUG_NO_CONFIRMATION
		:: ck && !first -> send_ack(h)
#endif
		:: else
		fi
	:: sq != en && (!CAN_RECV(h) || s[h].finr) ->
		if
		:: en > s[h].rcv
		:: else -> send_ack(h)
		fi
	:: sq != en && CAN_RECV(h) && !s[h].finr && en <= s[h].rcv ->
		send_ack(h)
	:: else ->
		late = 0;
		if
		:: sq != s[h].rcv ->
			s[h].ofo = s[h].ofo | (1 << (sq - s[h].irs));
			s[h].ofin = s[h].ofin | ((fl & FIN) / FIN);
			s[h].alien = s[h].alien | (who != PEER_INC(h));
			fin = 0
		:: else ->
			CLAIM(only_of_its_own_peer, who == PEER_INC(h));
			late = s[h].ofo == 0;
			s[h].rcv = en;
			fin = (fl & FIN) / FIN;
			s[h].unread = s[h].unread | ((fl & LEN) / LEN)
		fi;
#ifdef BUG_FIN_AT_ONCE
		fin = (fl & FIN) / FIN;
#endif
		do
		:: !fin && (s[h].ofo & (1 << (s[h].rcv - s[h].irs))) ->
			s[h].ofo = s[h].ofo &
				   ~(1 << (s[h].rcv - s[h].irs));
			s[h].rcv++;
			CLAIM(only_of_its_own_peer, !s[h].alien);
			fin = s[h].ofin && s[h].ofo == 0;
			s[h].unread = s[h].unread | !fin
		:: else -> break
		od;
		if
		:: fin -> rcv_fin(h)
		:: !fin && LAZY_ACK && late -> s[h].owe = 1
		:: else -> send_ack(h)
		fi
	fi
}

/* xtcp_rcv_synchronized() */
inline rcv_synchronized(h)
{
	if
	:: (fl & ACK) && !(fl & RST) && STRANGER(h) ->
		answer_reset(h);
		mine = 0
	:: else -> rcv_check(h)
	fi;
	if
	:: mine -> rcv_ack(h)
	:: else
	fi;
	if
	:: mine -> rcv_acked(h)
	:: else
	fi;
	if
	:: mine && (fl & LEN) && s[h].dead && en > s[h].rcv &&
	   (s[h].st == FIN_WAIT1 || s[h].st == FIN_WAIT2) ->
		done(h, true);	/* xtcp_data_unwanted() */
		answer_reset(h)
	:: mine && !((fl & LEN) && s[h].dead && en > s[h].rcv &&
		     (s[h].st == FIN_WAIT1 || s[h].st == FIN_WAIT2)) ->
		rcv_data(h)
	:: else
	fi
}

/* xtcp_rcv(): whose is it? */
inline receive(h)
{
	pass = s[h].st == CLOSE;
	mine = !pass;
	first = 0;
	fin = 0;
	if
	:: pass && r[h].kind -> pass = 0; rcv_record(h)
	:: else
	fi;
	if
	:: pass && listening[h] -> rcv_listener(h)
	:: pass && !listening[h] -> answer_reset(h)
	:: else
	fi;
	if
	:: mine && s[h].st == SYN_SENT -> rcv_syn_sent(h)
	:: mine && s[h].st != SYN_SENT -> rcv_synchronized(h)
	:: else
	fi
}
