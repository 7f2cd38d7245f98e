/* SPDX-License-Identifier: GPL-2.0 */
/* The IP protocol number that the loaded module answers to. */
#ifndef _XTCP_RUN_PROTOCOL_H
#define _XTCP_RUN_PROTOCOL_H

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <linux/xtcp.h>

static inline int xtcp_protocol_in_use(void)
{
	char text[16];
	ssize_t n = -1;
	int fd, value;

	fd = open("/sys/module/xtcp/parameters/protocol", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	if (n <= 0)
		return IPPROTO_XTCP;
	text[n] = '\0';
	value = atoi(text);
	return value > 0 ? value : IPPROTO_XTCP;
}

#endif /* _XTCP_RUN_PROTOCOL_H */
