// SPDX-License-Identifier: GPL-2.0
/* Moving whole buffers and length-prefixed messages over a byte stream. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "xtcp.h"

/* Sends all of the vectors; consumes them on the way. */
static int send_vectors(int fd, struct iovec *iov, size_t count)
{
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = count };
	ssize_t n;

	for (;;) {
		while (msg.msg_iovlen && !msg.msg_iov->iov_len) {
			msg.msg_iov++;
			msg.msg_iovlen--;
		}
		if (!msg.msg_iovlen)
			return 0;

		n = sendmsg(fd, &msg, MSG_NOSIGNAL);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		while (msg.msg_iovlen && (size_t)n >= msg.msg_iov->iov_len) {
			n -= msg.msg_iov->iov_len;
			msg.msg_iov++;
			msg.msg_iovlen--;
		}
		if (n) {
			msg.msg_iov->iov_base = (char *)msg.msg_iov->iov_base + n;
			msg.msg_iov->iov_len -= n;
		}
	}
}

int xtcp_sendall(int fd, const void *buf, size_t len)
{
	struct iovec iov = { .iov_base = (void *)buf, .iov_len = len };

	return send_vectors(fd, &iov, 1);
}

int xtcp_recvall(int fd, void *buf, size_t len)
{
	size_t have = 0;
	ssize_t n;

	while (have < len) {
		n = recv(fd, (char *)buf + have, len - have, MSG_WAITALL);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		if (!n) {
			if (!have)
				return 0;
			errno = EBADMSG;
			return -1;
		}
		have += n;
	}
	return 1;
}

int xtcp_send_msg(int fd, const void *buf, size_t len)
{
	uint32_t prefix = htonl(len);
	struct iovec iov[] = {
		{ .iov_base = &prefix, .iov_len = sizeof(prefix) },
		{ .iov_base = (void *)buf, .iov_len = len },
	};

	if (len > UINT32_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	return send_vectors(fd, iov, 2);
}

int xtcp_recv_msg(int fd, void *buf, size_t max, size_t *len)
{
	uint32_t prefix;
	int rc;

	*len = 0;
	rc = xtcp_recvall(fd, &prefix, sizeof(prefix));
	if (rc <= 0)
		return rc;

	*len = ntohl(prefix);
	if (*len > max) {
		errno = EMSGSIZE;
		return -1;
	}
	if (!*len)
		return 1;
	rc = xtcp_recvall(fd, buf, *len);
	if (!rc) {
		/* an end here is not orderly: a message was announced */
		errno = EBADMSG;
		rc = -1;
	}
	return rc;
}

int xtcp_get_info(int fd, struct xtcp_info *info)
{
	socklen_t len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	if (getsockopt(fd, SOL_XTCP, XTCP_INFO, info, &len) < 0)
		return -1;
	return len;
}
