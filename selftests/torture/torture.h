/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two kernels' worth of XTCP, and this program between them.
 *
 *	end 0 (a namespace, programs) <-- TUN --> us <-- TUN --> end 1
 *
 * The ends hold conversations (ends.c); what they say passes through us, and
 * some of it is changed, lost, repeated, put elsewhere, or made up (mutate.c).
 * Nothing is expected of those conversations.  What is expected stands in
 * packets.c: that a new, undisturbed connection works afterwards, and that
 * nothing is left.
 */
#ifndef TORTURE_H
#define TORTURE_H

#include "xtcp_test.h"

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#endif

#define FIN 0x01
#define SYN 0x02
#define RST 0x04
#define PSH 0x08
#define ACK 0x10

#define HDR_LEN		28
#define OPT_MAX		992
#define MTU_MAX		9000
#define PACKET_MAX	(MTU_MAX + 1500)	/* with what mutations add */

/* struct virtio_net_hdr, which precedes each packet on the TUN devices */
struct vnet {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset;
};

struct packet {
	int to;			/* the end that gets it */
	bool v6;
	bool segment;		/* of ours, whole, with a header */
	unsigned int head;	/* where the segment begins */
	unsigned int len;	/* of all */
	struct vnet vnet;
	uint8_t b[PACKET_MAX];
};

static inline uint32_t any(struct xt_random *r)
{
	uint64_t v;

	xt_random_fill(r, &v, sizeof(v));
	return v >> 16;
}

/* 0: 2^32 */
static inline uint32_t below(struct xt_random *r, uint32_t n)
{
	return n ? any(r) % n : any(r);
}

/* Bytes of a header, in network order. */
static inline uint16_t get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static inline void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

/* mutate.c: names come first in its list, and so in the report. */
#define MUTATIONS(X)							\
	X(bits)			/* flipped, checksum left as it was */	\
	X(bits_summed)		/* flipped, checksum made right */	\
	X(cut)			/* shorter, at either layer */		\
	X(grown)		/* bytes that nobody sent */		\
	X(numbers)		/* seq, ack, around the windows */	\
	X(stamps)		/* timestamps and window */		\
	X(flags)							\
	X(hlen)								\
	X(options)		/* soup */				\
	X(sacks)		/* blocks about what is in flight */	\
	X(urgent)							\
	X(shifted)		/* overlaps what was sent */		\
	X(crossed)		/* into another connection */		\
	X(spliced)		/* of two segments */			\
	X(reflected)		/* back to whom it came from */		\
	X(marked)		/* ECN field */				\
	X(ip_header)		/* TTL, options, addresses */		\
	X(fragments)							\
	X(icmp)			/* an error that quotes it */		\
	X(offloads)		/* what a careless virtual card says */	\
	X(replayed)		/* again, much later */			\
	X(doubled)							\
	X(held)			/* overtaken */				\
	X(lost)

enum mutation {
#define MUTATION_ENUM(name) MUT_##name,
	MUTATIONS(MUTATION_ENUM)
#undef MUTATION_ENUM
	MUT_MAX,
};

extern const char * const mutation_names[MUT_MAX];

#define HISTORY	256		/* packets remembered, for replays */
#define RECENT	32		/* of them, most of the time */
#define HELD	32		/* that others overtake */

struct fuzz {
	struct xt_random r;
	uint8_t protocol;
	uint32_t enabled;	/* mutations of this round */
	unsigned int intact;	/* percent that pass as they are */
	unsigned int invented;	/* at most, for two packets that came by */
	/* gives it to the end that p->to says */
	void (*deliver)(struct packet *p);
	unsigned long count[MUT_MAX];
	struct packet history[HISTORY];
	unsigned int remembered;
	struct packet held[HELD];
	unsigned int n_held;
};

/* Finds the segment in p->b; p->segment says whether there is one. */
void packet_parse(const struct fuzz *f, struct packet *p);
/* Lengths and checksums of IP, and the segment's if @sum. */
void packet_finish(const struct fuzz *f, struct packet *p, bool sum);
/* A packet came by: it, or what becomes of it, is delivered. */
void fuzz_pass(struct fuzz *f, struct packet *p);
/* Makes up packets out of what came by. */
void fuzz_invent(struct fuzz *f, unsigned int n);
/* Chooses mutations for a round. */
void fuzz_begin(struct fuzz *f, uint64_t seed, uint8_t protocol);

/* ends.c */
enum phase {
	PHASE_START,		/* a namespace and a device */
	PHASE_PLAY,		/* conversations, disturbed */
	PHASE_CLOSE,		/* close them all, one way or the other */
	PHASE_FRESH,		/* one more connection each way, in peace */
	PHASE_EMPTY,		/* wait until no socket is left */
	PHASE_DONE,
};

struct end {
	int index;		/* 0 or 1 */
	int tun;
	unsigned int mtu;
	uint64_t seed;
	enum phase phase;	/* finished by this end */
	char why[160];		/* unless empty: what went wrong */
	void (*gone)(struct end *e);	/* last look into the namespace */
};

extern enum phase phase_wanted;	/* set by the middle */

int end_start(struct end *e);	/* a thread, a namespace, a TUN device */
bool end_reached(const struct end *e, enum phase phase);

#endif /* TORTURE_H */
