/* SPDX-License-Identifier: GPL-2.0 */
/* HyStart++: when to end the first slow start; hystart.c says how. */
#ifndef _XTCP_HYSTART_H
#define _XTCP_HYSTART_H

#include <linux/types.h>

#include "cong.h"

/**
 * struct xtcp_hystart - what a slow start has seen so far
 * @round_end: xtcp_cong_round()'s
 * @begin_us: when the round's first ACK came
 * @block_us: smallest round trip of the block
 * @first_us: of the round's first block
 * @last_first_us: of the first one of the round before
 * @base_us: what to rise above
 * @blocks: in this round, without the first
 * @risen: of these, above @base_us
 * @samples: in the block
 * @css_rounds: that ended, the first one only in part
 * @css: conservative slow start
 * @rose: most of the last round's blocks had risen
 */
struct xtcp_hystart {
	u64	round_end;
	u64	begin_us;
	u32	block_us;
	u32	first_us;
	u32	last_first_us;
	u32	base_us;
	u32	blocks;
	u32	risen;
	u8	samples;
	u8	css_rounds;
	bool	css;
	bool	rose;
};

void xtcp_hystart_init(struct xtcp_hystart *h);
u32 xtcp_hystart_slow_start(struct xtcp_cong *c, struct xtcp_hystart *h,
			    const struct xtcp_ack_sample *s);

#endif /* _XTCP_HYSTART_H */
