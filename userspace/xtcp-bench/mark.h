/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Marks around what is measured, for a profiler in the emulator that runs us: an
 * instruction that does nothing, with a number that nobody else uses in it.
 */
#ifndef XTCP_BENCH_MARK_H
#define XTCP_BENCH_MARK_H

static inline void bench_mark_begin(void)
{
#ifdef __x86_64__
	/* nopl 0x62657831(%rax,%rax,1) */
	__asm__ volatile(".byte 0x0f, 0x1f, 0x84, 0x00, 0x31, 0x78, 0x65, 0x62");
#endif
}

static inline void bench_mark_end(void)
{
#ifdef __x86_64__
	__asm__ volatile(".byte 0x0f, 0x1f, 0x84, 0x00, 0x32, 0x78, 0x65, 0x62");
#endif
}

#endif /* XTCP_BENCH_MARK_H */
