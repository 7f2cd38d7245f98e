// SPDX-License-Identifier: GPL-2.0
/*
 * The ranges that a receiver holds beyond a gap, kept in the order in which
 * the SACK option reports them (RFC 2018 section 4): the one that holds the
 * newest segment first, then the others by how recently they grew.
 *
 * The list is short and every step is on a segment that came out of order, so
 * it is an array that is rebuilt in one pass: whatever overlaps or touches the
 * new range melts into it, the rest keeps its order behind it.  A list that is
 * full forgets the range that grew longest ago; the sender has been told of
 * that one the most often, and the data themselves are not forgotten.
 *
 * All numbers lie within half a turn of each other, as all within one window
 * do.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "ranges.h"
#include "seq.h"

/**
 * xtcp_ranges_init() - an empty list
 * @s: the list
 *
 * Any context.
 */
void xtcp_ranges_init(struct xtcp_ranges *s)
{
	memset(s, 0, sizeof(*s));
}

/**
 * xtcp_ranges_add() - a segment came out of order
 * @s: the list
 * @start: its first sequence number
 * @end: the one after its last; a range that is empty changes nothing
 *
 * Any context; the caller serialises.
 */
void xtcp_ranges_add(struct xtcp_ranges *s, u32 start, u32 end)
{
	struct xtcp_sack_block kept[XTCP_RANGES_MAX];
	struct xtcp_sack_block add = { .start = start, .end = end };
	unsigned int i, n = 0;

	if (!xtcp_before(start, end))
		return;

	/* The ranges do not touch each other: growing by one can make the new
	 * one reach no other that the original did not reach.
	 */
	for (i = 0; i < s->n; i++) {
		struct xtcp_sack_block *r = &s->r[i];

		if (xtcp_after(r->start, end) || xtcp_before(r->end, start)) {
			kept[n++] = *r;
			continue;
		}
		add.start = xtcp_seq_min(add.start, r->start);
		add.end = xtcp_seq_max(add.end, r->end);
	}

	n = min_t(unsigned int, n, XTCP_RANGES_MAX - 1);
	s->r[0] = add;
	memcpy(&s->r[1], kept, n * sizeof(kept[0]));
	s->n = n + 1;
}

/**
 * xtcp_ranges_advance() - the gap closed, in part or whole
 * @s: the list
 * @rcv_nxt: everything before it is there: it is no longer reported
 *
 * Any context; the caller serialises.
 */
void xtcp_ranges_advance(struct xtcp_ranges *s, u32 rcv_nxt)
{
	unsigned int i, n = 0;

	for (i = 0; i < s->n; i++) {
		struct xtcp_sack_block r = s->r[i];

		if (!xtcp_after(r.end, rcv_nxt))
			continue;
		r.start = xtcp_seq_max(r.start, rcv_nxt);
		s->r[n++] = r;
	}
	s->n = n;
}
