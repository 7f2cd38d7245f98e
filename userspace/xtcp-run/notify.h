/* SPDX-License-Identifier: GPL-2.0 */
/* xtcp-run --seccomp: for programs that nothing can be preloaded into. */
#ifndef _XTCP_RUN_NOTIFY_H
#define _XTCP_RUN_NOTIFY_H

#include <stdbool.h>

/*
 * notify_start() - from now on this process's TCP sockets are XTCP sockets
 * @protocol: XTCP's IP protocol number
 * @verbose: tell on standard error about each
 *
 * Holds for what it executes and for its children, and cannot be undone.  A
 * process beside it opens the sockets, until the last of them has ended.
 *
 * Returns 0, or -1 after it has said why not.
 */
int notify_start(int protocol, bool verbose);

#endif /* _XTCP_RUN_NOTIFY_H */
