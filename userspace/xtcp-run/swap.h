/* SPDX-License-Identifier: GPL-2.0 */
/* A TCP socket becomes an XTCP one under the program's hands. */
#ifndef _XTCP_RUN_SWAP_H
#define _XTCP_RUN_SWAP_H

/*
 * swap_socket() - put an XTCP socket in the place of a TCP socket
 * @fd: descriptor
 * @protocol: XTCP's IP protocol number
 * @open_socket: the C library's socket()
 *
 * Only a TCP socket that neither listens nor was ever connected is replaced.
 * The new one has its address, its options and its flags.
 *
 * Returns 1 when it was replaced, 0 when @fd is something else, -1 with errno
 * when it could not be: then the old socket is still there.
 */
int swap_socket(int fd, int protocol, int (*open_socket)(int, int, int));

#endif /* _XTCP_RUN_SWAP_H */
