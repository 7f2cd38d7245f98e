/* SPDX-License-Identifier: GPL-2.0 */
#ifndef EXPORT_SYMBOL_GPL
#define EXPORT_SYMBOL_GPL(symbol)
#endif
