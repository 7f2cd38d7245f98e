/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Both hosts connect, ATTEMPTS times, and do what DOES_0 and DOES_1 allow; the
 * first SYNs leave before any segment arrives.  With LISTENER host 1 also
 * listens on the port that it connects from.
 */
#ifndef ATTEMPTS
#define ATTEMPTS 1
#endif
#define CROSSING 1
#include "events.pml"

active proctype hosts()
{
	s[0].st = CLOSE;
	s[1].st = CLOSE;
	clk[0] = 1;		/* 0 is no timestamp */
	clk[1] = 1;
#ifdef LISTENER
	listening[1] = 1;
#endif
	d_step {
		call_connect(0);
		deliver(1);
		call_connect(1);
		deliver(0);
		skip		/* a d_step must not end in a loop */
	};
	do
	:: atomic {
		if
		TAKES(0)
		TAKES(1)
		TIMERS(0)
		TIMERS(1)
		PROGRAM(0, DOES_0)
		PROGRAM(1, DOES_1)
		:: MAY_CONNECT(0) -> ON(0, 0, CONNECT)
		:: MAY_CONNECT(1) -> ON(1, 0, CONNECT)
		fi;
		d_step { happen() }
	   }
	:: OVER && SILENT -> break
	:: timeout -> assert(nobody_waits_for_ever)
	od
}
