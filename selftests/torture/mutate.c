// SPDX-License-Identifier: GPL-2.0
/* What happens to packets between the ends; see torture.h. */
#include "torture.h"

#include <string.h>

const char * const mutation_names[MUT_MAX] = {
#define MUTATION_NAME(name) #name,
	MUTATIONS(MUTATION_NAME)
};

static uint32_t sum(uint32_t acc, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (; len > 1; len -= 2, p += 2) {
		acc += p[0] << 8 | p[1];
		acc = (acc & 0xffff) + (acc >> 16);
	}
	if (len)
		acc += p[0] << 8;
	return acc;
}

static uint16_t fold(uint32_t acc)
{
	while (acc >> 16)
		acc = (acc & 0xffff) + (acc >> 16);
	return ~acc;
}

/* Over the addresses, the protocol and all behind the IP header. */
static uint16_t upper_sum(const struct packet *p, uint8_t protocol)
{
	unsigned int len = p->len - p->head;
	uint32_t acc = protocol + len;

	acc = sum(acc, p->v6 ? p->b + 8 : p->b + 12, p->v6 ? 32 : 8);
	return fold(sum(acc, p->b + p->head, len));
}

void packet_parse(const struct fuzz *f, struct packet *p)
{
	p->segment = false;
	p->v6 = p->b[0] >> 4 == 6;
	if (p->v6) {
		p->head = 40;
		if (p->len < 40 || p->b[6] != f->protocol)
			return;
	} else {
		p->head = (p->b[0] & 15) * 4;
		if (p->len < 20 || p->head < 20 || p->b[9] != f->protocol ||
		    get16(p->b + 6) & 0x3fff)
			return;
	}
	p->segment = p->len >= p->head + HDR_LEN;
}

void packet_finish(const struct fuzz *f, struct packet *p, bool right)
{
	uint8_t *seg = p->b + p->head;

	if (right && p->len >= p->head + 16) {
		put16(seg + 14, 0);
		put16(seg + 14, upper_sum(p, f->protocol));
	}
	if (p->v6) {
		put16(p->b + 4, p->len - 40);
		return;
	}
	put16(p->b + 2, p->len);
	put16(p->b + 10, 0);
	put16(p->b + 10, fold(sum(0, p->b, p->head)));
}

static void deliver(struct fuzz *f, struct packet *p, bool right)
{
	packet_finish(f, p, right);
	f->deliver(p);
}

/* Mostly of late: of a connection that still lives. */
static struct packet *recall(struct fuzz *f)
{
	unsigned int n = f->remembered < HISTORY ? f->remembered : HISTORY;

	if (below(&f->r, 8) && n > RECENT)
		n = RECENT;
	return n ? &f->history[(f->remembered - 1 - below(&f->r, n)) %
			       HISTORY] : NULL;
}

static void remember(struct fuzz *f, const struct packet *p)
{
	f->history[f->remembered++ % HISTORY] = *p;
}

/* Numbers at which code that compares them goes wrong. */
static uint32_t odd32(struct fuzz *f, uint32_t base, uint32_t window)
{
	static const uint32_t absolute[] = {
		0, 1, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff,
	};
	uint32_t at;

	switch (below(&f->r, 10)) {
	case 0:
		return absolute[below(&f->r, ARRAY_SIZE(absolute))];
	case 1:
		return any(&f->r);
	case 2:
		at = base + 0x80000000;
		break;
	case 3:
		at = base + window;
		break;
	case 4:
		at = base - window;
		break;
	case 5:
		at = base + below(&f->r, window + 1);
		break;
	case 6:
		at = base + below(&f->r, 20000);
		break;
	case 7:
		at = base - below(&f->r, 20000);
		break;
	default:
		at = base;
	}
	return at + below(&f->r, 5) - 2;
}

/* The other end's window, as far as anybody here knows. */
static uint32_t window_of(struct fuzz *f, const struct packet *p)
{
	const struct packet *other = recall(f);

	if (other && other->to != p->to)
		return get32(other->b + other->head + 16);
	return get32(p->b + p->head + 16);
}

static void flip(struct fuzz *f, struct packet *p)
{
	unsigned int n = 1 + below(&f->r, below(&f->r, 4) ? 3 : 40);
	/* mostly the header */
	unsigned int from = p->head, len = p->len - from;

	if (below(&f->r, 3) && len > HDR_LEN + 8)
		len = HDR_LEN + 8;
	while (n--)
		p->b[from + below(&f->r, len)] ^= 1 << below(&f->r, 8);
}

static void cut(struct fuzz *f, struct packet *p)
{
	unsigned int len = p->len - p->head;

	len = below(&f->r, 3) ? below(&f->r, len) :
		below(&f->r, len < HDR_LEN + 4 ? len : HDR_LEN + 4);
	p->len = p->head + len;
}

static void grow(struct fuzz *f, struct packet *p)
{
	unsigned int n = 1 + below(&f->r, below(&f->r, 2) ? 16 : 1400);

	if (p->len + n > PACKET_MAX)
		n = PACKET_MAX - p->len;
	xt_random_fill(&f->r, p->b + p->len, n);
	p->len += n;
}

/* Options of @len bytes in the place of those that are there. */
static void set_options(struct packet *p, const uint8_t *opt, unsigned int len)
{
	uint8_t *seg = p->b + p->head;
	unsigned int old = seg[12] * 4, have = p->len - p->head;

	if (old < HDR_LEN || old > have)
		old = HDR_LEN;
	if (p->len - old + HDR_LEN + len > PACKET_MAX)
		p->len = p->head + old;		/* without its data */
	have = p->len - p->head - old;
	memmove(seg + HDR_LEN + len, seg + old, have);
	memcpy(seg + HDR_LEN, opt, len);
	seg[12] = (HDR_LEN + len) / 4;
	p->len = p->head + HDR_LEN + len + have;
}

static void soup(struct fuzz *f, struct packet *p)
{
	/* the lengths that known kinds want */
	static const uint8_t right[8] = { 0, 4, 6, 26, 10, 6, 2, 6 };
	unsigned int most = below(&f->r, 4) ? 60 : OPT_MAX, at = 0;
	uint8_t opt[OPT_MAX + 260];

	xt_random_fill(&f->r, opt, sizeof(opt));
	while (at < most && below(&f->r, 12)) {
		unsigned int kind = below(&f->r, 8), len = right[kind];

		if (!below(&f->r, 12))
			kind = opt[at];
		if (!below(&f->r, 6))
			len = opt[at + 1] & (below(&f->r, 2) ? 255 : 31);
		opt[at] = kind;
		if (kind)
			opt[at + 1] = len;
		if (kind == 2 && len == 6 && below(&f->r, 4))
			opt[at + 2] = 1;	/* the version that exists */
		at += kind && len ? len : 1;
	}
	at = (at < most ? at : most) & ~3u;
	set_options(p, opt, at);
}

/* SACK about what the receiver has in flight, more or less. */
static void sack_blocks(struct fuzz *f, struct packet *p)
{
	unsigned int n = 1 + below(&f->r, below(&f->r, 3) ? 6 : 31), i;
	uint32_t ack = get32(p->b + p->head + 8), end = ack;
	unsigned int unit = below(&f->r, 2) ? 1400 : 1 + below(&f->r, 9000);
	uint8_t opt[OPT_MAX];

	for (i = 0; i < n; i++) {
		uint32_t from, to;

		switch (below(&f->r, 4)) {
		case 0:		/* overlaps what the last one said */
			from = end - below(&f->r, 3 * unit);
			break;
		case 1:
			from = odd32(f, ack, 100000);
			break;
		default:
			from = ack + below(&f->r, 60) * unit;
		}
		to = from + below(&f->r, 30) * unit + below(&f->r, 3);
		if (!below(&f->r, 20))
			to = odd32(f, from, 100000);
		put32(opt + 2 + 8 * i, from);
		put32(opt + 6 + 8 * i, to);
		end = to;
	}
	opt[0] = 4;
	opt[1] = 2 + 8 * n;
	opt[2 + 8 * n] = 0;
	opt[3 + 8 * n] = 0;
	set_options(p, opt, 4 + 8 * n);
	p->b[p->head + 13] |= ACK;
}

static void urgent(struct fuzz *f, struct packet *p)
{
	uint32_t seq = get32(p->b + p->head + 4);
	uint8_t opt[8] = { 7, 6 };

	put32(opt + 2, odd32(f, seq, p->len));
	set_options(p, opt, sizeof(opt));
}

static void change_numbers(struct fuzz *f, struct packet *p)
{
	uint8_t *seg = p->b + p->head;
	uint32_t window = window_of(f, p);

	if (below(&f->r, 3))
		put32(seg + 4, odd32(f, get32(seg + 4), window));
	else
		put32(seg + 8, odd32(f, get32(seg + 8), 100000));
}

static void change_stamps(struct fuzz *f, struct packet *p)
{
	uint8_t *seg = p->b + p->head;
	/* window, timestamp, echo */
	unsigned int at = 16 + 4 * below(&f->r, 3);

	put32(seg + at, odd32(f, get32(seg + at), 1000000));
}

static void change_flags(struct fuzz *f, struct packet *p)
{
	static const uint8_t likely[] = {
		0, ACK, SYN, SYN | ACK, RST, RST | ACK, FIN, FIN | ACK,
		SYN | FIN, SYN | RST, SYN | FIN | RST | ACK | PSH, PSH,
	};
	uint8_t *flags = p->b + p->head + 13;

	switch (below(&f->r, 3)) {
	case 0:
		*flags = any(&f->r);
		break;
	case 1:
		*flags ^= 1 << below(&f->r, 8);
		break;
	default:
		*flags = likely[below(&f->r, ARRAY_SIZE(likely))];
	}
}

static void change_hlen(struct fuzz *f, struct packet *p)
{
	static const uint8_t edges[] = { 0, 6, 7, 8, 254, 255 };
	uint8_t *hlen = p->b + p->head + 12;

	switch (below(&f->r, 3)) {
	case 0:
		*hlen = edges[below(&f->r, ARRAY_SIZE(edges))];
		break;
	case 1:		/* exactly the segment, and a word more */
		*hlen = (p->len - p->head) / 4 + below(&f->r, 2);
		break;
	default:
		*hlen += below(&f->r, 5) - 2;
	}
}

/* Other bytes for numbers that were used, in part. */
static void shift(struct fuzz *f, struct packet *p)
{
	uint8_t *seg = p->b + p->head;
	unsigned int len = p->len - p->head, hdr = seg[12] * 4;
	int by = (int)below(&f->r, 3000) - 1500;

	put32(seg + 4, get32(seg + 4) + by);
	if (hdr >= HDR_LEN && hdr < len)
		memset(seg + hdr, '#', len - hdr);
}

static void cross(struct fuzz *f, struct packet *p)
{
	const struct packet *other = recall(f);
	uint8_t *seg = p->b + p->head;

	if (!other)
		return;
	if (other->to == p->to) {
		memcpy(seg, other->b + other->head, 4);
	} else {
		memcpy(seg, other->b + other->head + 2, 2);
		memcpy(seg + 2, other->b + other->head, 2);
	}
	if (below(&f->r, 2))	/* with numbers that fit there */
		memcpy(seg + 4, other->b + other->head + 4, 8);
}

/* The header of one, what follows from another. */
static void splice_two(struct fuzz *f, struct packet *p)
{
	const struct packet *other = recall(f);
	unsigned int len;

	if (!other)
		return;
	len = other->len - other->head;
	if (p->head + len > PACKET_MAX)
		return;
	memcpy(p->b + p->head + HDR_LEN, other->b + other->head + HDR_LEN,
	       len - HDR_LEN);
	p->b[p->head + 12] = other->b[other->head + 12];
	p->len = p->head + len;
}

static void swap(uint8_t *a, uint8_t *b, size_t len)
{
	uint8_t t[16];

	memcpy(t, a, len);
	memcpy(a, b, len);
	memcpy(b, t, len);
}

static void reflect(struct fuzz *f, struct packet *p)
{
	p->to = !p->to;
	if (p->v6)
		swap(p->b + 8, p->b + 24, 16);
	else
		swap(p->b + 12, p->b + 16, 4);
	if (below(&f->r, 4))
		swap(p->b + p->head, p->b + p->head + 2, 2);
	if (below(&f->r, 2))	/* makes sense to the end that gets it */
		swap(p->b + p->head + 4, p->b + p->head + 8, 4);
}

static void mark(struct fuzz *f, struct packet *p)
{
	unsigned int ecn = below(&f->r, 4);

	if (p->v6)
		p->b[1] = (p->b[1] & ~0x30) | ecn << 4;
	else
		p->b[1] = (p->b[1] & ~3) | ecn;
}

/* Bytes at @at behind the fixed IP header, which grows by them. */
static bool insert(struct packet *p, unsigned int at, const uint8_t *b,
		   unsigned int len)
{
	if (p->len + len > PACKET_MAX)
		return false;
	memmove(p->b + at + len, p->b + at, p->len - at);
	memcpy(p->b + at, b, len);
	p->len += len;
	p->head += len;
	return true;
}

/* To one's own self, to many, from many, with options. */
static void change_ip_header(struct fuzz *f, struct packet *p)
{
	uint8_t opt[16];
	unsigned int i;

	xt_random_fill(&f->r, opt, sizeof(opt));
	switch (below(&f->r, 6)) {
	case 0:
		p->b[p->v6 ? 7 : 8] = below(&f->r, 3);	/* TTL */
		break;
	case 1:		/* destination */
		if (p->v6)
			p->b[24] = 0xff;
		else
			memset(p->b + 16, below(&f->r, 2) ? 0xff : 224, 4);
		break;
	case 2:		/* source */
		if (p->v6)
			p->b[8] = 0xff;
		else
			memset(p->b + 12, below(&f->r, 2) ? 0xff : 224, 4);
		break;
	case 3:		/* source: the destination */
		if (p->v6)
			memcpy(p->b + 8, p->b + 24, 16);
		else
			memcpy(p->b + 12, p->b + 16, 4);
		break;
	default:
		if (p->v6) {	/* destination options, pads and more */
			opt[0] = p->b[6];
			opt[1] = 0;
			if (below(&f->r, 3)) {
				opt[2] = 1;	/* PadN */
				opt[3] = 4;
				memset(opt + 4, 0, 4);
			}
			if (insert(p, 40, opt, 8))
				p->b[6] = 60;
		} else if (p->head == 20) {
			if (below(&f->r, 3))
				for (i = 0; i < 4; i++)
					opt[i] = 1;	/* no operation */
			if (insert(p, 20, opt, 4))
				p->b[0]++;
		}
	}
}

/* Delivered here, in pieces; they may overlap, or one may be missing. */
static void send_fragments(struct fuzz *f, const struct packet *p)
{
	static struct packet piece;
	unsigned int len = p->len - p->head, at = 0, fixed = p->v6 ? 48 : 20;
	uint32_t id = any(&f->r);

	if (!p->v6 && p->head != 20)
		return;
	while (at < len) {
		unsigned int n = 8 * (1 + below(&f->r, below(&f->r, 2) ? 4 : 100));
		bool last;

		if (n > len - at)
			n = len - at;
		last = at + n == len;
		piece = *p;
		piece.head = fixed;
		piece.len = fixed + n;
		memcpy(piece.b + fixed, p->b + p->head + at, n);
		if (p->v6) {
			piece.b[40] = p->b[6];
			piece.b[41] = 0;
			put16(piece.b + 42, at | !last);
			put32(piece.b + 44, id);
			piece.b[6] = 44;
		} else {
			put16(piece.b + 4, id);
			put16(piece.b + 6, at / 8 | !last << 13);
		}
		if (below(&f->r, 40))
			deliver(f, &piece, false);
		if (!last && !below(&f->r, 30) && at >= 8)
			at -= 8;	/* overlaps */
		else
			at += n;
	}
}

/* An error about it, to the end that sent it. */
static void send_icmp(struct fuzz *f, const struct packet *p)
{
	static const uint8_t types4[] = { 3, 3, 3, 4, 11, 12 };
	static const uint8_t types6[] = { 1, 2, 2, 3, 4 };
	static struct packet e;
	unsigned int quoted = p->len, fixed = p->v6 ? 40 : 20;
	uint8_t *b = e.b + fixed;

	if (quoted > p->head + 8 + below(&f->r, 40))
		quoted = p->head + 8 + below(&f->r, 40);
	if (!below(&f->r, 8))
		quoted = below(&f->r, quoted);
	if (quoted > p->len)
		quoted = p->len;
	e = *p;
	e.to = !p->to;
	e.segment = false;
	e.head = fixed;
	e.len = fixed + 8 + quoted;
	if (p->v6) {
		swap(e.b + 8, e.b + 24, 16);
		e.b[6] = 58;
		b[0] = types6[below(&f->r, sizeof(types6))];
	} else {
		e.b[0] = 0x45;
		swap(e.b + 12, e.b + 16, 4);
		e.b[9] = 1;
		b[0] = types4[below(&f->r, sizeof(types4))];
	}
	b[1] = below(&f->r, 8);
	put16(b + 2, 0);
	put32(b + 4, below(&f->r, 2) ? below(&f->r, 1600) : any(&f->r));
	memcpy(b + 8, p->b, quoted);
	if (p->v6)
		put16(b + 2, upper_sum(&e, 58));
	else
		put16(b + 2, fold(sum(0, b, e.len - fixed)));
	deliver(f, &e, false);
}

/* The header is not where it was, or the checksum is said to be fine. */
static void offload(struct fuzz *f, struct packet *p)
{
	struct vnet *v = &p->vnet;

	switch (below(&f->r, 5)) {
	case 0:
		v->flags = 2;	/* data valid */
		break;
	case 1:		/* checksum to be made, at the right place */
		v->flags = 1;
		v->csum_start = p->head;
		v->csum_offset = 14;
		break;
	case 2:		/* or anywhere */
		v->flags = 1;
		v->csum_start = below(&f->r, p->len);
		v->csum_offset = below(&f->r, 40);
		break;
	case 3:		/* a large one, of whatever protocol */
		v->flags = 1;
		v->gso_type = p->v6 ? 4 : 1;
		v->gso_size = 1 + below(&f->r, 2000);
		v->csum_start = p->head;
		v->csum_offset = 14;
		break;
	}
	if (below(&f->r, 2))
		v->hdr_len = below(&f->r, p->head + HDR_LEN + 20);
	if (v->hdr_len > p->len)
		v->hdr_len = p->len;
}

static void hold(struct fuzz *f, const struct packet *p)
{
	if (f->n_held < HELD)
		f->held[f->n_held++] = *p;
}

/* Mutations after which the packet stands as it shall be sent. */
static bool rewrite(struct fuzz *f, struct packet *p, enum mutation m)
{
	switch (m) {
	case MUT_bits:
	case MUT_bits_summed:
		flip(f, p);
		return m != MUT_bits;
	case MUT_cut:
		cut(f, p);
		return below(&f->r, 4);
	case MUT_grown:
		grow(f, p);
		break;
	case MUT_numbers:
		change_numbers(f, p);
		break;
	case MUT_stamps:
		change_stamps(f, p);
		break;
	case MUT_flags:
		change_flags(f, p);
		break;
	case MUT_hlen:
		change_hlen(f, p);
		break;
	case MUT_options:
		soup(f, p);
		break;
	case MUT_sacks:
		sack_blocks(f, p);
		break;
	case MUT_urgent:
		urgent(f, p);
		break;
	case MUT_shifted:
		shift(f, p);
		break;
	case MUT_crossed:
		cross(f, p);
		break;
	case MUT_spliced:
		splice_two(f, p);
		break;
	case MUT_reflected:
		reflect(f, p);
		break;
	case MUT_marked:
		mark(f, p);
		break;
	case MUT_ip_header:
		change_ip_header(f, p);
		break;
	default:
		offload(f, p);
	}
	return true;
}

static enum mutation choose(struct fuzz *f)
{
	enum mutation m;

	do
		m = below(&f->r, MUT_MAX);
	while (!(f->enabled & 1u << m));
	return m;
}

/* @p, a segment, is changed once or more, and sent or not. */
static void mutate(struct fuzz *f, struct packet *p)
{
	unsigned int more = below(&f->r, 3) ? 0 : below(&f->r, 3);
	bool right = true;
	enum mutation m;

	do {
		m = choose(f);
		f->count[m]++;
		switch (m) {
		case MUT_lost:
			return;
		case MUT_held:
			hold(f, p);
			return;
		case MUT_doubled:
			deliver(f, p, right);
			break;
		case MUT_replayed:
			if (f->remembered)
				*p = *recall(f);
			break;
		case MUT_fragments:
			packet_finish(f, p, right);
			send_fragments(f, p);
			return;
		case MUT_icmp:
			send_icmp(f, p);
			break;
		default:
			right = rewrite(f, p, m) && right;
		}
		/* what is left must still have a header to work on */
	} while (more-- && p->len >= p->head + HDR_LEN);
	deliver(f, p, right);
}

static void release(struct fuzz *f)
{
	while (f->n_held && (f->n_held == HELD || !below(&f->r, 4))) {
		unsigned int i = below(&f->r, f->n_held);

		f->deliver(&f->held[i]);
		f->held[i] = f->held[--f->n_held];
	}
}

void fuzz_pass(struct fuzz *f, struct packet *p)
{
	packet_parse(f, p);
	if (!p->segment) {
		f->deliver(p);
		return;
	}
	remember(f, p);
	release(f);
	if (below(&f->r, 100) < f->intact)
		f->deliver(p);
	else
		mutate(f, p);
}

void fuzz_invent(struct fuzz *f, unsigned int n)
{
	static struct packet p;

	while (n-- && f->remembered) {
		p = *recall(f);
		mutate(f, &p);
	}
}

/*
 * Not all at once: a connection that is hit from all sides dies young, and what
 * comes late in its life would never be seen.
 */
void fuzz_begin(struct fuzz *f, uint64_t seed, uint8_t protocol)
{
	static const unsigned int intact[] = { 40, 70, 90, 98 };
	static const unsigned int invented[] = { 1, 4, 16, 64 };

	memset(f->count, 0, sizeof(f->count));
	f->r.state = seed;
	f->protocol = protocol;
	f->remembered = 0;
	f->n_held = 0;
	f->intact = intact[below(&f->r, ARRAY_SIZE(intact))];
	f->invented = invented[below(&f->r, ARRAY_SIZE(invented))];
	do
		f->enabled = any(&f->r) & ((1u << MUT_MAX) - 1);
	while (!f->enabled);
	if (!below(&f->r, 4))
		f->enabled = (1u << MUT_MAX) - 1;
}
