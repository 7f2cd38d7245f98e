/* SPDX-License-Identifier: GPL-2.0 */
/* Stands in for module/compat.h: the unaligned accessors. */
#ifndef _SHIM_COMPAT_H
#define _SHIM_COMPAT_H

#include <linux/types.h>

static inline u64 shim_get_be(const void *from, unsigned int bytes)
{
	const u8 *p = from;
	u64 v = 0;

	while (bytes--)
		v = v << 8 | *p++;
	return v;
}

static inline void shim_put_be(u64 v, void *to, unsigned int bytes)
{
	u8 *p = to;

	while (bytes--) {
		p[bytes] = v & 0xff;
		v >>= 8;
	}
}

#define get_unaligned_be16(p)	((u16)shim_get_be(p, 2))
#define get_unaligned_be32(p)	((u32)shim_get_be(p, 4))
#define get_unaligned_be64(p)	shim_get_be(p, 8)
#define put_unaligned_be16(v, p)	shim_put_be(v, p, 2)
#define put_unaligned_be32(v, p)	shim_put_be(v, p, 4)
#define put_unaligned_be64(v, p)	shim_put_be(v, p, 8)

#endif
