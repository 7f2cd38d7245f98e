// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of libxtcp, as TAP on stdout.
 *
 * The calls on buffers and messages run over socketpair(), the others over
 * the family in use: XTCP_FAMILY=2 runs them over plain TCP.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xtcp.h"

#define LARGE (8 << 20)

static int planned, failed;

static void ok(bool good, const char *what)
{
	int err = errno;

	planned++;
	printf("%sok %d - %s\n", good ? "" : "not ", planned, what);
	if (!good) {
		failed++;
		printf("# errno %d (%s), last error \"%s\"\n", err,
		       strerror(err), xtcp_last_error());
	}
	fflush(stdout);
}

static void fails(long rc, int expected, const char *what)
{
	ok(rc == -1 && errno == expected, what);
}

static void skip(const char *what, const char *why)
{
	planned++;
	printf("ok %d - %s # SKIP %s\n", planned, what, why);
}

static void die(const char *what)
{
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static void pair(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		die("socketpair");
}

static void unpair(int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

static unsigned char byte_at(size_t i)
{
	return i * 2654435761u >> 13;
}

static void test_family(void)
{
	const char *env = getenv("XTCP_FAMILY");
	char *saved = env ? strdup(env) : NULL;

	setenv("XTCP_FAMILY", "25", 1);
	ok(xtcp_family() == 25, "family: XTCP_FAMILY decides");
	setenv("XTCP_FAMILY", "", 1);
	ok(xtcp_family() > 0, "family: an empty XTCP_FAMILY is none");
	setenv("XTCP_FAMILY", "tcp", 1);
	fails(xtcp_family(), EINVAL, "family: a word is EINVAL");
	setenv("XTCP_FAMILY", "2x", 1);
	fails(xtcp_socket(0), EINVAL, "family: trailing letters are EINVAL");
	setenv("XTCP_FAMILY", "-1", 1);
	fails(xtcp_family(), EINVAL, "family: negative is EINVAL");
	setenv("XTCP_FAMILY", "99999999999999999999", 1);
	fails(xtcp_family(), EINVAL, "family: too large is EINVAL");
	unsetenv("XTCP_FAMILY");
	errno = 0;
	ok(xtcp_family() > 0 && !errno, "family: module or AF_XTCP, errno untouched");
	if (access("/sys/module/xtcp", F_OK))
		ok(xtcp_family() == AF_XTCP, "family: AF_XTCP without the module");
	else
		skip("family: AF_XTCP without the module", "module loaded");

	if (saved)
		setenv("XTCP_FAMILY", saved, 1);
	free(saved);
	fails(xtcp_socket(SOCK_STREAM << 4), EINVAL, "socket: unknown flags are EINVAL");
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* A signal every millisecond, without SA_RESTART. */
static void interrupt_often(bool on)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	struct itimerval it = { { 0, on ? 1000 : 0 }, { 0, on ? 1000 : 0 } };

	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
}

static void test_all(void)
{
	unsigned char *buf = malloc(LARGE);
	bool same = true;
	int fds[2], status, got;
	pid_t pid;

	if (!buf)
		die("malloc");
	pair(fds);
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		for (size_t i = 0; i < LARGE; i++)
			buf[i] = byte_at(i);
		interrupt_often(true);
		_exit(xtcp_sendall(fds[1], buf, LARGE) != 0);
	}
	close(fds[1]);
	interrupt_often(true);
	got = xtcp_recvall(fds[0], buf, LARGE);
	interrupt_often(false);	/* before the line below: stdio drops it on EINTR */
	ok(got == 1, "recvall: 8 MiB through signals");
	for (size_t i = 0; i < LARGE && same; i++)
		same = buf[i] == byte_at(i);
	ok(same, "recvall: every byte as sent");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	ok(!status, "sendall: 8 MiB through signals");
	ok(xtcp_recvall(fds[0], buf, 1) == 0, "recvall: 0 at the orderly end");
	close(fds[0]);
	free(buf);
}

static void test_all_ends(void)
{
	struct timeval tv = { .tv_usec = 50000 };
	char buf[16];
	int fds[2];

	pair(fds);
	if (write(fds[1], "abc", 3) != 3)
		die("write");
	close(fds[1]);
	fails(xtcp_recvall(fds[0], buf, 4), EBADMSG, "recvall: an end in the middle is EBADMSG");
	fails(xtcp_sendall(fds[0], buf, 4), EPIPE, "sendall: EPIPE and no signal");
	close(fds[0]);

	pair(fds);
	ok(xtcp_sendall(fds[0], buf, 0) == 0, "sendall: nothing to send");
	setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	fails(xtcp_recvall(fds[0], buf, 1), EAGAIN, "recvall: SO_RCVTIMEO is EAGAIN");
	unpair(fds);
	fails(xtcp_recvall(fds[0], buf, 1), EBADF, "recvall: closed descriptor");
}

static void test_messages(void)
{
	unsigned char raw[8];
	char buf[16];
	size_t len;
	int fds[2];

	pair(fds);
	ok(!xtcp_send_msg(fds[1], "gr\xc3\xbc\xc3\x9f", 6) &&
	   recv(fds[0], raw, 8, MSG_WAITALL | MSG_PEEK) == 8 &&
	   !memcmp(raw, "\0\0\0\6gr\xc3\xbc", 8), "send_msg: 4 bytes of length, big-endian");
	ok(xtcp_recv_msg(fds[0], buf, sizeof(buf), &len) == 1 && len == 6 &&
	   !memcmp(buf, "gr\xc3\xbc\xc3\x9f", 6), "recv_msg: the same bytes");
	ok(!xtcp_send_msg(fds[1], NULL, 0) &&
	   xtcp_recv_msg(fds[0], buf, sizeof(buf), &len) == 1 && !len,
	   "recv_msg: an empty message");
	ok(!xtcp_send_msg(fds[1], "0123456789abcdef", 16) &&
	   xtcp_recv_msg(fds[0], buf, 16, &len) == 1 && len == 16,
	   "recv_msg: exactly the room there is");
	ok(!xtcp_send_msg(fds[1], "0123456789abcdef", 16), "send_msg: 16 bytes for room of 15");
	fails(xtcp_recv_msg(fds[0], buf, 15, &len), EMSGSIZE, "recv_msg: too long is EMSGSIZE");
	ok(len == 16, "recv_msg: and says how long");
	if (sizeof(size_t) > 4)
		fails(xtcp_send_msg(fds[1], buf, (size_t)1 << 32), EMSGSIZE,
		      "send_msg: 4 GiB is EMSGSIZE");
	unpair(fds);
}

/* What arrives before the peer leaves, and what recv_msg() makes of it. */
static void test_message_ends(void)
{
	static const struct {
		const char *bytes;
		size_t len;
		int rc;
		const char *what;
	} cases[] = {
		{ "", 0, 0, "recv_msg: 0 at the orderly end" },
		{ "\0\0", 2, -1, "recv_msg: an end in the length is EBADMSG" },
		{ "\0\0\0\3", 4, -1, "recv_msg: an end after the length is EBADMSG" },
		{ "\0\0\0\3ab", 6, -1, "recv_msg: an end in the message is EBADMSG" },
	};
	char buf[16];
	size_t len;
	int fds[2], rc;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		pair(fds);
		if (write(fds[1], cases[i].bytes, cases[i].len) != (ssize_t)cases[i].len)
			die("write");
		close(fds[1]);
		rc = xtcp_recv_msg(fds[0], buf, sizeof(buf), &len);
		ok(rc == cases[i].rc && (!rc || errno == EBADMSG), cases[i].what);
		close(fds[0]);
	}
}

static void port_of(int fd, char text[8])
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len))
		die("getsockname");
	/* the port stands at the same place in both address types */
	snprintf(text, 8, "%u", ntohs(((struct sockaddr_in *)&ss)->sin_port));
}

static bool talk(int listener, const char *host, const char *port)
{
	int client, server;
	char got[5] = "";
	bool good;

	client = xtcp_connect(host, port);
	if (client < 0)
		return false;
	server = accept(listener, NULL, NULL);
	good = server >= 0 && !xtcp_send_msg(client, "ping", 4) &&
	       xtcp_recvall(server, got, 4) == 1 && !memcmp(got, "\0\0\0\4", 4) &&
	       xtcp_recvall(server, got, 4) == 1 && !memcmp(got, "ping", 4);
	/* the server closes first: its port goes through TIME_WAIT */
	close(server);
	good = good && !xtcp_recvall(client, got, 1);
	close(client);
	return good;
}

static bool have_ipv6(void)
{
	struct sockaddr_in6 sin6 = {
		.sin6_family = AF_INET6,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	bool good = fd >= 0 && !bind(fd, (struct sockaddr *)&sin6, sizeof(sin6));

	if (fd >= 0)
		close(fd);
	return good;
}

static void test_network(void)
{
	char port[8], port2[8];
	int fd, fd2;

	fd = xtcp_listen("127.0.0.1", "0");
	ok(fd >= 0, "listen: a free port");
	ok(fcntl(fd, F_GETFD) & FD_CLOEXEC, "listen: close-on-exec");
	port_of(fd, port);
	ok(talk(fd, "127.0.0.1", port), "connect: numeric address");
	fails(xtcp_listen("127.0.0.1", port), EADDRINUSE, "listen: twice is EADDRINUSE");
	ok(!!strstr(xtcp_last_error(), port), "listen: the error names the port");
	close(fd);
	fails(xtcp_connect("127.0.0.1", port), ECONNREFUSED, "connect: nobody listens");
	ok(!!strstr(xtcp_last_error(), "127.0.0.1:"), "connect: the error names the address");
	fd = xtcp_listen("127.0.0.1", port);
	ok(fd >= 0, "listen: again at once after the server closed first");
	ok(!*xtcp_last_error(), "listen: no error left after success");
	ok(talk(fd, "localhost", port), "connect: by name, first address may fail");
	close(fd);

	fails(xtcp_connect("127.0.0.1", "no-such-service"), ENOENT, "connect: unknown service");
	fails(xtcp_listen("198.51.100.1", "0"), EADDRNOTAVAIL, "listen: foreign address");

	if (!have_ipv6()) {
		skip("listen and connect over IPv6", "no IPv6 here");
		return;
	}
	fd = xtcp_listen(NULL, "0");
	port_of(fd, port);
	ok(talk(fd, "::1", port), "listen: every address takes IPv6");
	ok(talk(fd, "127.0.0.1", port), "listen: every address takes IPv4");
	ok(talk(fd, NULL, port), "connect: no host is this machine");
	close(fd);
	fd = xtcp_listen("::1", "0");
	fd2 = xtcp_listen("127.0.0.1", "0");
	port_of(fd, port);
	port_of(fd2, port2);
	ok(talk(fd, "::1", port) && talk(fd2, "127.0.0.1", port2),
	   "connect: both versions side by side");
	close(fd);
	close(fd2);
}

static void test_info(void)
{
	struct xtcp_info info;
	int fds[2], fd, client;
	char port[8];

	pair(fds);
	fails(xtcp_get_info(fds[0], &info), EOPNOTSUPP, "get_info: not an XTCP socket");
	unpair(fds);

	fd = xtcp_listen("127.0.0.1", "0");
	port_of(fd, port);
	client = xtcp_connect("127.0.0.1", port);
	if (xtcp_family() == AF_INET)
		ok(xtcp_get_info(client, &info) == -1 &&
		   (errno == ENOPROTOOPT || errno == EOPNOTSUPP), "get_info: not over TCP");
	else
		ok(xtcp_get_info(client, &info) > 0 && info.xtcpi_state == XTCP_ESTABLISHED,
		   "get_info: established");
	close(client);
	close(fd);
}

int main(void)
{
	int fd;

	printf("TAP version 13\n");
	test_family();
	test_all();
	test_all_ends();
	test_messages();
	test_message_ends();
	fd = xtcp_socket(SOCK_CLOEXEC);
	if (fd >= 0) {
		close(fd);
		test_network();
		test_info();
	} else {
		skip("connect, listen, get_info", strerror(errno));
	}
	printf("1..%d\n", planned);
	return failed ? 1 : 0;
}
