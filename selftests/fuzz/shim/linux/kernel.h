/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_KERNEL_H
#define _SHIM_LINUX_KERNEL_H

#include <errno.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/types.h>

#define U8_MAX			255
#define U16_MAX			65535
#define U32_MAX			(~0u)
#define U64_MAX			(~0ull)
#define S64_MAX			((s64)(U64_MAX >> 1))
#define unlikely(x)		(x)
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define ALIGN(x, a)		(((x) + (a) - 1) / (a) * (a))

#define min(a, b) ({				\
	__typeof__(a) a_ = (a);			\
	__typeof__(b) b_ = (b);			\
						\
	a_ < b_ ? a_ : b_;			\
})
#define max(a, b) ({				\
	__typeof__(a) a_ = (a);			\
	__typeof__(b) b_ = (b);			\
						\
	a_ > b_ ? a_ : b_;			\
})
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))
#define clamp(v, lo, hi)	min(max(v, lo), hi)
#define swap(a, b) do {				\
	__typeof__(a) tmp_ = (a);		\
						\
	(a) = (b);				\
	(b) = tmp_;				\
} while (0)

static inline u32 int_sqrt64(u64 x)
{
	u64 root = 0, bit = 1ull << 62;

	for (; bit; bit >>= 2) {
		if (x >= root + bit) {
			x -= root + bit;
			root = (root >> 1) + bit;
		} else {
			root >>= 1;
		}
	}
	return root;
}

#endif
