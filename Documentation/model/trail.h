/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a check tells on standard output: which arrows of the state machine it
 * took; and, when pan replays a trail, the events in a form that reads well.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned char covered[16][16];

static void cover_tell(void)
{
	int from, to;

	for (from = 0; from < 16; from++)
		for (to = 0; to < 16; to++)
			if (covered[from][to])
				printf("took %d %d\n", from, to);
}

static void cover(int from, int to)
{
	static int begun;

	if (!begun) {
		begun = 1;
		atexit(cover_tell);
	}
	covered[from & 15][to & 15] = 1;
}

/* @seg as PACK() in events.pml makes it */
static void tell_segment(int replay, int host, const char *what, unsigned int seg)
{
	static const char * const names[] = { "SYN", "ACK", "RST", "FIN", "byte" };
	int i;

	if (!replay)
		return;
	printf("| %*s%d %s", host ? 40 : 0, "", host, what);
	for (i = 0; i < 5; i++)
		if (seg >> i & 1)
			printf(" %s", names[i]);
	printf(" %u:%u t%u:%u", seg >> 5 & 31, seg >> 10 & 31, seg >> 15 & 31,
	       seg >> 20 & 31);
	if (seg >> 25 & 3)
		printf(" cookie %u", seg >> 25 & 3);
	printf("\n");
}

/* @ev as events.pml counts them */
static void tell_event(int replay, int host, int ev)
{
	static const char * const names[] = {
		"RTO", "delayed ACK", "keepalive", "FIN_WAIT2 times out",
		"record ends", "64 s pass: cookies are void", "connect()",
		"listen()", "write()", "read(), close()", "shutdown()", "close()",
		"abort", "accept() makes room", "-> forged RST",
		"-> forged SYN", "-> forged data", "-> forged data, no echo",
	};

	if (replay)
		printf("| %*s%d %s\n", host ? 40 : 0, "", host, names[ev - 4]);
}

static void tell_states(int replay, int state_0, int record_0, int state_1,
			int record_1)
{
	static const char * const names[16] = {
		"-", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1",
		"FIN_WAIT2", "TIME_WAIT", "CLOSE", "CLOSE_WAIT", "LAST_ACK",
		"LISTEN", "CLOSING", "", "", "", "guard",
	};
	static int last[4];
	int now[4] = { state_0, record_0, state_1, record_1 };

	if (!replay || !memcmp(now, last, sizeof(now)))
		return;
	memcpy(last, now, sizeof(now));
	printf("| %15s%s, record %-20s%s, record %s\n", "", names[state_0],
	       names[record_0], names[state_1], names[record_1]);
}
