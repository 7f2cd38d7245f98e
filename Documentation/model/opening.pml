/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Opening against a listener: host 0 connects ATTEMPTS times from one port,
 * host 1 listens.  What the programs may do, as often as the states let them,
 * in any order: bits of DOES_0 and DOES_1.
 */
#ifndef ATTEMPTS
#define ATTEMPTS 1
#endif
#define CROSSING 0
#include "events.pml"

#ifdef LATE
bit begun;
#endif

active proctype hosts()
{
	s[0].st = CLOSE;
	s[1].st = CLOSE;
	clk[0] = 1;		/* 0 is no timestamp */
	clk[1] = 1;
#ifndef LATE
	d_step { call_listen(1, true) };
#endif
#ifdef OVERFLOW
	crowded[1] = 1;
#endif
	do
	:: atomic {
		if
		TAKES(0)
		TAKES(1)
		TIMERS(0)
		TIMERS(1)
		PROGRAM(0, DOES_0)
		PROGRAM(1, DOES_1)
		ATTACK(0)
		ATTACK(1)
		:: MAY_CONNECT(0) -> ON(0, 0, CONNECT)
		:: crowded[1] -> ON(1, 0, ACCEPT)
#ifdef LATE			/* the listener comes, and goes once */
		:: listening[1] -> ON(1, 0, LISTENS)
		:: !listening[1] && !begun -> begun = 1; ON(1, 0, LISTENS)
#endif
#ifdef EXPIRE
		:: expired < isn[1] && LONG_TIME(1) -> ON(1, 0, COOKIES_END)
#endif
		fi;
		d_step { happen() }
	   }
	:: OVER && SILENT && !crowded[1] -> break
	:: timeout -> assert(nobody_waits_for_ever)
	od
}
