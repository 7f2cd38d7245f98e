/* SPDX-License-Identifier: GPL-2.0 */
/* One thread: nothing to lock. */
#ifndef _SHIM_LINUX_SPINLOCK_H
#define _SHIM_LINUX_SPINLOCK_H

#define DEFINE_SPINLOCK(name)	int name
#define spin_lock_bh(lock)	((void)(lock))
#define spin_unlock_bh(lock)	((void)(lock))

#endif
