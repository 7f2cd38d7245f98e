/* SPDX-License-Identifier: GPL-2.0 */
/* malloc() sees a byte read beyond as well as KASAN does, with ASan. */
#ifndef _SHIM_LINUX_SLAB_H
#define _SHIM_LINUX_SLAB_H

#include <stdlib.h>

#define GFP_KERNEL		0
#define kmalloc(size, gfp)	malloc(size)
#define kfree(p)		free(p)

#endif
