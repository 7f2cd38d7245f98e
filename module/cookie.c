// SPDX-License-Identifier: GPL-2.0
/*
 * Keyed hashes that let a listener keep nothing: the handshake cookie, the
 * initial sequence number and the timestamp offset.
 * Documentation/protocol.rst section 3.
 *
 * A SYN is answered by a SYN|ACK whose COOKIE option holds all that the
 * listener would have to remember, and a MAC that only this host can make.
 * The client returns it in the third segment; when the MAC is right, then so
 * is the rest, and the client did receive what was sent to its address.  The
 * MAC also covers what the third segment repeats anyway (the two addresses
 * and ports, and our initial sequence number), hence a cookie is worth
 * nothing for another connection, nor for another attempt of the same one.
 *
 * The MAC is SipHash-2-4 with a key of 128 random bits.  64 bits of output
 * cannot be found by trying them over the network within the life of a key,
 * which is two rotations.  The comparison is one of two 64-bit integers in
 * registers: it takes the same time wherever they differ.
 *
 * All three hashes lay their input out in one fixed structure without holes,
 * whose first word says what the hash is for: so even under the same key none
 * can stand for another.  The structure is in host order, as only this host
 * ever recomputes it.
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "compat.h"
#include "cookie.h"

/* What a hash is for: any distinct constants. */
#define XTCP_HASH_COOKIE	0x78746370636f6f6bULL	/* "xtcpcook" */
#define XTCP_HASH_ISN		0x7874637069736e31ULL	/* "xtcpisn1" */
#define XTCP_HASH_TS		0x7874637074736f66ULL	/* "xtcptsof" */

/* Offsets in a cookie, bytes; the drawing is in cookie.h. */
#define XTCP_COOKIE_AT_KEY	0
#define XTCP_COOKIE_AT_VERSION	1
#define XTCP_COOKIE_AT_MSS	2
#define XTCP_COOKIE_AT_FEATURES	4
#define XTCP_COOKIE_AT_TIME	8
#define XTCP_COOKIE_AT_IRS	12
#define XTCP_COOKIE_AT_MAC	16

#define XTCP_COOKIE_FEATURES	0x00ffffffu

/* The clock of initial sequence numbers ticks every 64 ns: 125 times in 8 µs */
#define XTCP_ISN_TICKS		125
#define XTCP_ISN_PER_US_SHIFT	3

struct xtcp_tuple_input {
	u64		purpose;
	struct in6_addr	laddr;
	struct in6_addr	faddr;
	__be16		lport;
	__be16		fport;
	u32		zero;
};

struct xtcp_cookie_input {
	struct xtcp_tuple_input	tuple;
	u32			irs;
	u32			iss;
	u32			time_s;
	u32			features;
	u16			mss;
	u8			version;
	u8			key_id;
	u32			zero;
};

static void tuple_input(struct xtcp_tuple_input *in, u64 purpose,
			const struct xtcp_tuple4 *tuple)
{
	BUILD_BUG_ON(sizeof(*in) != 8 + 2 * 16 + 2 * 2 + 4);

	in->purpose = purpose;
	in->laddr = tuple->laddr;
	in->faddr = tuple->faddr;
	in->lport = tuple->lport;
	in->fport = tuple->fport;
	in->zero = 0;
}

static u64 tuple_hash(const siphash_key_t *key, u64 purpose,
		      const struct xtcp_tuple4 *tuple)
{
	struct xtcp_tuple_input in;

	tuple_input(&in, purpose, tuple);
	return siphash(&in, sizeof(in), key);
}

static const siphash_key_t *cookie_key(const struct xtcp_cookie_keys *keys,
				       u8 id)
{
	return &keys->key[id % XTCP_COOKIE_KEYS];
}

static u64 cookie_mac(const struct xtcp_cookie_keys *keys, u8 key_id,
		      const struct xtcp_tuple4 *tuple,
		      const struct xtcp_cookie *c)
{
	struct xtcp_cookie_input in;

	BUILD_BUG_ON(sizeof(in) != sizeof(in.tuple) + 4 * 4 + 2 + 2 + 4);

	tuple_input(&in.tuple, XTCP_HASH_COOKIE, tuple);
	in.irs = c->irs;
	in.iss = c->iss;
	in.time_s = c->time_s;
	in.features = c->features & XTCP_COOKIE_FEATURES;
	in.mss = c->mss;
	in.version = c->version;
	in.key_id = key_id;
	in.zero = 0;
	return siphash(&in, sizeof(in), cookie_key(keys, key_id));
}

/**
 * xtcp_cookie_rotate() - the next set of keys
 * @to: out: the set after @from: @fresh is the newest, @from's newest the
 *	one before; may be @from itself
 * @from: the set in use
 * @fresh: 128 random bits
 *
 * Any context; the caller serialises.
 */
void xtcp_cookie_rotate(struct xtcp_cookie_keys *to,
			const struct xtcp_cookie_keys *from,
			const siphash_key_t *fresh)
{
	*to = *from;
	to->id++;
	to->key[to->id % XTCP_COOKIE_KEYS] = *fresh;
}

/**
 * xtcp_cookie_make() - write the cookie of one SYN|ACK
 * @buf: out: the cookie, XTCP_COOKIE_LEN bytes
 * @keys: the namespace's keys; the newest is used
 * @tuple: the connection, as this host sees it
 * @c: what to remember; of @c->features the low 24 bits
 *
 * Any context.
 */
void xtcp_cookie_make(u8 buf[XTCP_COOKIE_LEN],
		      const struct xtcp_cookie_keys *keys,
		      const struct xtcp_tuple4 *tuple,
		      const struct xtcp_cookie *c)
{
	buf[XTCP_COOKIE_AT_KEY] = keys->id;
	buf[XTCP_COOKIE_AT_VERSION] = c->version;
	put_unaligned_be16(c->mss, buf + XTCP_COOKIE_AT_MSS);
	put_unaligned_be32(c->features & XTCP_COOKIE_FEATURES,
			   buf + XTCP_COOKIE_AT_FEATURES);
	put_unaligned_be32(c->time_s, buf + XTCP_COOKIE_AT_TIME);
	put_unaligned_be32(c->irs, buf + XTCP_COOKIE_AT_IRS);
	put_unaligned_be64(cookie_mac(keys, keys->id, tuple, c),
			   buf + XTCP_COOKIE_AT_MAC);
}

/**
 * xtcp_cookie_check() - is this cookie one that we made, and recently?
 * @buf: the cookie as received
 * @len: its length, bytes; nothing beyond is read
 * @keys: the namespace's keys; the newest and the one before are accepted
 * @tuple: the connection that the segment belongs to
 * @now_s: the clock of &struct xtcp_cookie's @time_s
 * @max_age_s: oldest age accepted, seconds
 * @c: in: @iss, taken from the segment's acknowledgment number; out, unless
 *	BAD: @irs, @mss, @version, @features and @time_s
 *
 * The cookie itself tells A: the client puts it on every segment until it is
 * confirmed, and the network may deliver one with later data first, whose
 * sequence number does not tell A any more.
 *
 * A cookie from the future cannot be (the clock does not go back) and counts
 * as expired.  Any context.
 *
 * Return: the verdict; on XTCP_COOKIE_BAD @c is as it was.
 */
enum xtcp_cookie_verdict
xtcp_cookie_check(const u8 *buf, unsigned int len,
		  const struct xtcp_cookie_keys *keys,
		  const struct xtcp_tuple4 *tuple, u32 now_s, u32 max_age_s,
		  struct xtcp_cookie *c)
{
	struct xtcp_cookie got = { .iss = c->iss };
	u32 wire_features;
	u8 key_id;

	if (len != XTCP_COOKIE_LEN)
		return XTCP_COOKIE_BAD;
	key_id = buf[XTCP_COOKIE_AT_KEY];
	if ((u8)(keys->id - key_id) >= XTCP_COOKIE_KEYS)
		return XTCP_COOKIE_BAD;

	wire_features = get_unaligned_be32(buf + XTCP_COOKIE_AT_FEATURES);
	if (wire_features & ~XTCP_COOKIE_FEATURES)
		return XTCP_COOKIE_BAD;
	got.features = wire_features;
	got.version = buf[XTCP_COOKIE_AT_VERSION];
	got.mss = get_unaligned_be16(buf + XTCP_COOKIE_AT_MSS);
	got.time_s = get_unaligned_be32(buf + XTCP_COOKIE_AT_TIME);
	got.irs = get_unaligned_be32(buf + XTCP_COOKIE_AT_IRS);
	if (cookie_mac(keys, key_id, tuple, &got) !=
	    get_unaligned_be64(buf + XTCP_COOKIE_AT_MAC))
		return XTCP_COOKIE_BAD;

	*c = got;
	/* Unsigned: the future is an age beyond every limit. */
	if (now_s - got.time_s > max_age_s)
		return XTCP_COOKIE_EXPIRED;
	return XTCP_COOKIE_OK;
}

/**
 * xtcp_isn() - initial sequence number of a connection
 * @key: the namespace's secret; constant, unlike the keys of cookies
 * @tuple: the connection, as this host sees it
 * @now_us: a clock that does not go back, µs
 *
 * RFC 6528: a keyed hash of the tuple plus a clock.  So one who sees other
 * connections' numbers cannot tell this one's, and a later connection of the
 * same tuple starts after the earlier one.  RFC 6528's clock ticks every 4 µs,
 * which a transfer of more than 250 kB/s outruns; this one ticks every 64 ns
 * (15.6 MB/s).  It wraps in 275 s, more than 2 MSL; old duplicates beyond
 * that are PAWS's, as every segment has a timestamp.  Any context.
 *
 * Return: the number.
 */
u32 xtcp_isn(const siphash_key_t *key, const struct xtcp_tuple4 *tuple,
	     u64 now_us)
{
	u64 ticks = (now_us * XTCP_ISN_TICKS) >> XTCP_ISN_PER_US_SHIFT;

	return (u32)tuple_hash(key, XTCP_HASH_ISN, tuple) + (u32)ticks;
}

/**
 * xtcp_ts_offset() - where a connection's timestamps start
 * @key: the namespace's secret; constant
 * @tuple: the connection, as this host sees it
 *
 * RFC 7323 section 5.4: a random offset hides how long the host has been up.
 * It is the same for each incarnation of a tuple, so a new one's timestamps
 * are newer than those that TIME_WAIT remembers (RFC 6191).  Any context.
 *
 * Return: what to add to the µs clock.
 */
u32 xtcp_ts_offset(const siphash_key_t *key, const struct xtcp_tuple4 *tuple)
{
	return (u32)tuple_hash(key, XTCP_HASH_TS, tuple);
}
