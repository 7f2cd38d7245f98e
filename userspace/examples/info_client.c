// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel knows about a connection, after some bytes went to an echo
 * server and back.
 *
 * usage: info_client [ADDRESS [PORT [BYTES]]]
 */
#include <arpa/inet.h>
#include <err.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <xtcp.h>

int main(int argc, char **argv)
{
	const char *address = argc > 1 ? argv[1] : "127.0.0.1";
	int port = argc > 2 ? atoi(argv[2]) : 7000;
	size_t left = argc > 3 ? strtoul(argv[3], NULL, 10) : 100000;
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons(port) };
	static char out[4096], back[4096];
	struct xtcp_info info;
	size_t n;
	int conn, known;

	if (inet_pton(AF_INET, address, &sin.sin_addr) != 1)
		errx(1, "%s: not an IPv4 address", address);
	conn = xtcp_socket(SOCK_CLOEXEC);
	if (conn < 0)
		err(1, "socket (is the xtcp module loaded?)");
	if (connect(conn, (struct sockaddr *)&sin, sizeof(sin)) < 0)
		err(1, "connect to %s port %d", address, port);

	for (; left; left -= n) {
		n = left < sizeof(out) ? left : sizeof(out);
		if (xtcp_sendall(conn, out, n) < 0)
			err(1, "send");
		if (xtcp_recvall(conn, back, n) != 1)
			err(1, "receive");
	}

	known = xtcp_get_info(conn, &info);
	if (known < 0)
		err(1, "no information (XTCP_FAMILY=%d)", xtcp_family());
	printf("%s, round trip %u us (at least %u)\n", info.xtcpi_ca_name,
	       info.xtcpi_srtt_us, info.xtcpi_min_rtt_us);
	printf("%llu bytes sent, %llu of them again, %llu received\n",
	       (unsigned long long)info.xtcpi_bytes_sent,
	       (unsigned long long)info.xtcpi_bytes_retrans,
	       (unsigned long long)info.xtcpi_bytes_received);
	/* an older module does not fill what came later */
	if (known >= (int)(offsetof(struct xtcp_info, xtcpi_lost_bytes) + sizeof(__u64)))
		printf("%llu bytes judged lost\n", (unsigned long long)info.xtcpi_lost_bytes);
	close(conn);
	return 0;
}
