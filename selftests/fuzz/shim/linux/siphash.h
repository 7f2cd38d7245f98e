/* SPDX-License-Identifier: GPL-2.0 */
/* SipHash-2-4 (Aumasson, Bernstein 2012), 64 bits of output. */
#ifndef _SHIM_LINUX_SIPHASH_H
#define _SHIM_LINUX_SIPHASH_H

#include <linux/types.h>

typedef struct {
	u64 key[2];
} siphash_key_t;

struct sip_state {
	u64 v[4];
};

static inline u64 sip_rotl(u64 x, unsigned int n)
{
	return x << n | x >> (64 - n);
}

static inline void sip_rounds(struct sip_state *s, unsigned int n)
{
	u64 *v = s->v;

	while (n--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = sip_rotl(v[1], 13) ^ v[0];
		v[3] = sip_rotl(v[3], 16) ^ v[2];
		v[0] = sip_rotl(v[0], 32) + v[3];
		v[2] += v[1];
		v[3] = sip_rotl(v[3], 21) ^ v[0];
		v[1] = sip_rotl(v[1], 17) ^ v[2];
		v[2] = sip_rotl(v[2], 32);
	}
}

static inline u64 siphash(const void *data, size_t len,
			  const siphash_key_t *key)
{
	struct sip_state s = { {
		key->key[0] ^ 0x736f6d6570736575ULL,
		key->key[1] ^ 0x646f72616e646f6dULL,
		key->key[0] ^ 0x6c7967656e657261ULL,
		key->key[1] ^ 0x7465646279746573ULL,
	} };
	const u8 *p = data;
	size_t at;
	u64 word = 0;

	for (at = 0; at < len; at++) {
		word |= (u64)p[at] << 8 * (at % 8);
		if (at % 8 == 7) {
			s.v[3] ^= word;
			sip_rounds(&s, 2);
			s.v[0] ^= word;
			word = 0;
		}
	}
	word |= (u64)len << 56;
	s.v[3] ^= word;
	sip_rounds(&s, 2);
	s.v[0] ^= word;
	s.v[2] ^= 0xff;
	sip_rounds(&s, 4);
	return s.v[0] ^ s.v[1] ^ s.v[2] ^ s.v[3];
}

#endif
