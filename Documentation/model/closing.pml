/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Closing: a connection stands, nobody listens and nobody connects again; the
 * programs do what DOES_0 and DOES_1 allow, until both ends are CLOSE.
 */
#define ATTEMPTS 1
#define CROSSING 1
#include "events.pml"

#define STANDS(h) \
	attempts[h] = 1; \
	clk[h] = 1; \
	isn[h] = 1; \
	said_by[h] = 1; \
	s[h].st = ESTABLISHED; \
	s[h].iss = STEP; \
	s[h].una = STEP + 1; \
	s[h].nxt = STEP + 1; \
	s[h].irs = STEP; \
	s[h].rcv = STEP + 1; \
	s[h].tsr = 1; \
	SET_WUP(h, STEP + 1)

active proctype hosts()
{
	d_step {
		STANDS(0);
		STANDS(1)
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
		ATTACK(0)
		ATTACK(1)
		fi;
		d_step { happen() }
	   }
	:: OVER && SILENT -> break
	:: timeout -> assert(nobody_waits_for_ever)
	od
}
