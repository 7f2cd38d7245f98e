/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's basic types, enough for the pure rooms in user space. */
#ifndef _SHIM_LINUX_TYPES_H
#define _SHIM_LINUX_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8, __u8;
typedef uint16_t u16, __u16;
typedef uint32_t u32, __u32;
typedef unsigned long long u64, __u64;
typedef int32_t s32, __s32;
typedef long long s64, __s64;
typedef u16 __be16, __sum16;
typedef u32 __be32;

#endif
