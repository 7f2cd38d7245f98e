/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_BITMAP_H
#define _SHIM_LINUX_BITMAP_H

#include <stdbool.h>
#include <string.h>

#define BITS_PER_WORD		(8 * sizeof(unsigned long))
#define BITMAP_WORDS(bits)	(((bits) + BITS_PER_WORD - 1) / BITS_PER_WORD)
#define DECLARE_BITMAP(name, bits)	unsigned long name[BITMAP_WORDS(bits)]

static inline bool test_bit(unsigned int i, const unsigned long *map)
{
	return map[i / BITS_PER_WORD] >> (i % BITS_PER_WORD) & 1;
}

static inline void bitmap_zero(unsigned long *map, unsigned int bits)
{
	memset(map, 0, BITMAP_WORDS(bits) * sizeof(*map));
}

static inline void bitmap_set(unsigned long *map, unsigned int i,
			      unsigned int n)
{
	for (; n; n--, i++)
		map[i / BITS_PER_WORD] |= 1UL << (i % BITS_PER_WORD);
}

static inline void bitmap_clear(unsigned long *map, unsigned int i,
				unsigned int n)
{
	for (; n; n--, i++)
		map[i / BITS_PER_WORD] &= ~(1UL << (i % BITS_PER_WORD));
}

static inline int bitmap_weight(const unsigned long *map, unsigned int bits)
{
	int sum = 0;

	while (bits--)
		sum += test_bit(bits, map);
	return sum;
}

#endif
