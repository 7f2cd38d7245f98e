/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A receiver and a path, both made by this program: each segment of the
 * kernel's is lost or delayed as the test says; what arrives is acknowledged at
 * once, with SACK (RFC 2018), D-SACK (RFC 2883) and timestamps (RFC 7323); and
 * all of it is noted.
 *
 *	kernel ---> fate(), slot_us ---> receiver ---> rtt_us ---> kernel
 *
 * Sequence numbers count from the first byte of data.
 */
#ifndef PEER_H
#define PEER_H

#include "wire.h"

#define PEER_LOG	2000
#define PEER_EVENTS	4000
#define PEER_RANGES	32
#define PEER_SACKS	8
#define MSS		1400	/* what wire.c's SYN offers */

/* A segment that the kernel sent. */
struct sent {
	uint32_t seq, tsval;
	uint16_t len;
	unsigned int times;	/* its first byte was sent before */
	unsigned int acks;	/* of ours that the kernel had got by then */
	bool lost;
	long long at_us;
};

struct span {
	uint32_t from, to;
};

/* An acknowledgment of ours. */
struct answer {
	uint32_t ack, tsecr;
	uint32_t delivered;	/* bytes that it and all before report */
	unsigned int sacks;
	struct span sack[PEER_SACKS];
	long long at_us;	/* when the kernel got it */
};

struct event {
	long long due_us;
	int sent;		/* that arrives; -1: @answer does, at the kernel */
	struct answer answer;
};

struct peer {
	struct conn *c;
	unsigned int rtt_us, slot_us;
	/* µs by which segment @n of the log is late; below 0: it is lost */
	long long (*fate)(struct peer *p, unsigned int n);
	/* Segment @n is there, and not looked at yet; may be NULL. */
	void (*arrived)(struct peer *p, unsigned int n);

	uint32_t start;			/* number of the first byte of data */
	uint32_t rcv_nxt, ts_recent, delivered;
	struct span range[PEER_RANGES];	/* beyond rcv_nxt, the newest first */
	unsigned int ranges;
	unsigned int overtaken;		/* arrived behind what was sent later */
	long long busy_until_us;	/* the path, by slot_us */
	/*
	 * What this machine added to the path, at worst: segments seen late,
	 * by their timestamps, and events that happened late.
	 */
	long long late_us;
	uint32_t ts_least;		/* our clock less the kernel's */

	struct sent log[PEER_LOG];
	unsigned int n;
	struct answer acks[PEER_LOG];
	unsigned int n_acks;
	struct event event[PEER_EVENTS];
	unsigned int events;
};

/* Opens a connection whose round trip is @rtt_us; the kernel has reno. */
int peer_open(struct peer *p, struct wire *w, struct conn *c,
	      unsigned int rtt_us);
/* Until all up to @end has arrived, and every answer is with the kernel. */
int peer_run(struct peer *p, uint32_t end);
/* For so long, whatever comes. */
void peer_run_for(struct peer *p, long long us);
/* So many zeros; without blocking. */
int peer_write(struct peer *p, size_t len);
/* Transmission number @times of the segment at @seq; NULL: there was none. */
const struct sent *peer_find(const struct peer *p, uint32_t seq,
			     unsigned int times);
/* Segments that were sent before, all of them or in part. */
unsigned int peer_resends(const struct peer *p);
/* µs between sending @seq and sending it again, by the kernel's clock; or -1. */
long long peer_gap_us(const struct peer *p, uint32_t seq);
/* When the kernel learned that @seq, or what is behind it, was there. */
long long peer_told_us(const struct peer *p, uint32_t seq);
/* For people who ask why. */
void peer_print(const struct peer *p);

#endif /* PEER_H */
