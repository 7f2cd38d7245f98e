/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_MODULE_H
#define _SHIM_LINUX_MODULE_H

#include <linux/types.h>

struct module;

#define THIS_MODULE		((struct module *)NULL)
#define try_module_get(m)	((void)(m), true)
#define __module_get(m)		((void)(m))
#define module_put(m)		((void)(m))
#define MODULE_LICENSE(text)	extern int shim_unused
#define MODULE_DESCRIPTION(text)	extern int shim_unused

#endif
