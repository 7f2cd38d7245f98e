/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_RANDOM_H
#define _SHIM_LINUX_RANDOM_H

#include <linux/types.h>

/* Chance belongs to the suite that asks for it: each run the same. */
u32 get_random_u32(void);

#endif
