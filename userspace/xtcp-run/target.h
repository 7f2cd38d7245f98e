/* SPDX-License-Identifier: GPL-2.0 */
/* Can a program be carried, that is: will its dynamic linker preload for it? */
#ifndef _XTCP_RUN_TARGET_H
#define _XTCP_RUN_TARGET_H

#include <stddef.h>

/*
 * target_find() - the file that execvp() would run for @command
 *
 * Returns @path, filled with at most @size bytes; NULL with errno as execvp().
 */
const char *target_find(const char *command, char *path, size_t size);

/*
 * target_check() - look at the program, and at the interpreter of a script
 * @path: at least PATH_MAX bytes; becomes the file that the reason is about
 *
 * Returns NULL when it can be carried, else the reason, to be printed after
 * @path.
 */
const char *target_check(char *path);

#endif /* _XTCP_RUN_TARGET_H */
