/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The handshake cookie: a listener's whole memory of a SYN, carried by the
 * client.  Documentation/protocol.rst section 3.
 *
 *  0       1       2               4                               8
 * +-------+-------+---------------+-------------------------------+
 * | key id| vers. |      MSS      |         features (24)         |
 * +-------+-------+---------------+-------------------------------+
 * |          time made, s         |  client's sequence number A   |
 * +-------------------------------+-------------------------------+
 * |                  MAC: SipHash-2-4, 64 bits                    |
 * +---------------------------------------------------------------+
 */
#ifndef _XTCP_COOKIE_H
#define _XTCP_COOKIE_H

#include <linux/in6.h>
#include <linux/siphash.h>
#include <linux/types.h>

#define XTCP_COOKIE_LEN		24	/* bytes */
#define XTCP_COOKIE_KEYS	2	/* the newest and the one before */
#define XTCP_COOKIE_ROTATE_S	64	/* life of the newest key, seconds */
#define XTCP_COOKIE_LIFE_S	64	/* a third segment may come this late:
					 * RTOs, back-off, deferred accept
					 */

/**
 * struct xtcp_cookie_keys - a namespace's keys
 * @id: number of the newest key; key @id is in @key[@id % XTCP_COOKIE_KEYS]
 * @key: the keys
 *
 * Rotation replaces the older one.  The owner serialises rotation against
 * use (the module keeps it under RCU and replaces the whole struct).  At the
 * start the owner fills both keys with random bytes: a key that is never used
 * for making is still one that cookies are checked with.
 */
struct xtcp_cookie_keys {
	u8		id;
	siphash_key_t	key[XTCP_COOKIE_KEYS];
};

/**
 * struct xtcp_tuple4 - a connection's name, as the server sees it
 * @laddr: local address; IPv4 as ::ffff:a.b.c.d
 * @faddr: foreign address, likewise
 * @lport: local port
 * @fport: foreign port
 */
struct xtcp_tuple4 {
	struct in6_addr	laddr;
	struct in6_addr	faddr;
	__be16		lport;
	__be16		fport;
};

/**
 * struct xtcp_cookie - what a cookie says
 * @irs: client's initial sequence number A
 * @iss: ours, B; not in the cookie's bytes but under its MAC: whoever checks
 *	takes it from the segment, ack - 1
 * @mss: client's MSS, bytes
 * @version: agreed protocol version
 * @features: accepted FEATURES bits, 24
 * @time_s: seconds of a clock that does not go back, when it was made
 */
struct xtcp_cookie {
	u32	irs;
	u32	iss;
	u16	mss;
	u8	version;
	u32	features;
	u32	time_s;
};

enum xtcp_cookie_verdict {
	XTCP_COOKIE_OK = 0,
	XTCP_COOKIE_BAD,	/* wrong length, unknown key or wrong MAC */
	XTCP_COOKIE_EXPIRED,	/* right, but older than max_age_s */
};

void xtcp_cookie_rotate(struct xtcp_cookie_keys *to,
			const struct xtcp_cookie_keys *from,
			const siphash_key_t *fresh);
void xtcp_cookie_make(u8 buf[XTCP_COOKIE_LEN],
		      const struct xtcp_cookie_keys *keys,
		      const struct xtcp_tuple4 *tuple,
		      const struct xtcp_cookie *c);
enum xtcp_cookie_verdict
xtcp_cookie_check(const u8 *buf, unsigned int len,
		  const struct xtcp_cookie_keys *keys,
		  const struct xtcp_tuple4 *tuple, u32 now_s, u32 max_age_s,
		  struct xtcp_cookie *c);
u32 xtcp_isn(const siphash_key_t *key, const struct xtcp_tuple4 *tuple,
	     u64 now_us);
u32 xtcp_ts_offset(const siphash_key_t *key, const struct xtcp_tuple4 *tuple);

#endif /* _XTCP_COOKIE_H */
