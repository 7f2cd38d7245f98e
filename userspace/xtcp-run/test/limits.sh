# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# Sourced by test_xtcp_run.sh: only some sockets go over XTCP.

# Listens on one port, connects to the other; tells what each socket is in the end.
cat >"$tmp/limits.c" <<'END'
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static int get(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	getsockopt(fd, level, name, &value, &len);
	return value;
}

static void set(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)))
		perror("setsockopt");
}

static void tell(const char *name, int fd, int rc)
{
	struct sockaddr_in at = { 0 };
	socklen_t len = sizeof(at);

	rc = rc ? errno : 0;
	getsockname(fd, (struct sockaddr *)&at, &len);
	printf("%s errno %d protocol %d port %d nodelay %d keepidle %d tos %d reuse %d "
	       "sndbuf %d nonblock %d cloexec %d\n", name, rc,
	       get(fd, SOL_SOCKET, SO_PROTOCOL), ntohs(at.sin_port),
	       get(fd, IPPROTO_TCP, TCP_NODELAY), get(fd, IPPROTO_TCP, TCP_KEEPIDLE),
	       get(fd, IPPROTO_IP, IP_TOS), get(fd, SOL_SOCKET, SO_REUSEADDR),
	       get(fd, SOL_SOCKET, SO_SNDBUF), !!(fcntl(fd, F_GETFL) & O_NONBLOCK),
	       !!(fcntl(fd, F_GETFD) & FD_CLOEXEC));
}

static int prepared(int flags, int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | flags, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	set(fd, SOL_SOCKET, SO_SNDBUF, 50000);
	set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set(fd, IPPROTO_TCP, TCP_KEEPIDLE, 77);
	set(fd, IPPROTO_IP, IP_TOS, 16);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)))
		perror("bind");
	return fd;
}

int main(int argc, char **argv)
{
	int listens = atoi(argv[1]), connects = atoi(argv[2]), own = atoi(argv[argc - 1]);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(connects) };
	int fd;

	clearenv();	/* what was read is read */
	fd = prepared(SOCK_CLOEXEC, listens);
	tell("listener", fd, listen(fd, 10));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = prepared(0, own);
	tell("client", fd, connect(fd, (struct sockaddr *)&to, sizeof(to)));
	fd = prepared(SOCK_NONBLOCK, 0);
	connect(fd, (struct sockaddr *)&to, sizeof(to));
	errno = 0;
	/* the second call must find the first one's connection, or its end */
	connect(fd, (struct sockaddr *)&to, sizeof(to));
	printf("again %s\n", errno == EALREADY || errno == EISCONN || !errno ||
	       errno == ECONNREFUSED ? "as it was" : "lost");
	return 0;
}
END
"$cc" -o "$tmp/limits" "$tmp/limits.c" || exit 1

# The three ports; above those that connections get by themselves.
first=$((61000 + $$ % 1000 * 4))
second=$((first + 1))
own=$((first + 2))

# one LISTENER CLIENT NAME OPTION...: what each socket is in the end (6 is TCP), and
# whether they met
one() {
	expect_listener=$1 expect_client=$2 name=$3
	shift 3
	if [ "$expect_listener" = "$expect_client" ]; then
		answer=0
	else
		answer=111	# ECONNREFUSED: the other protocol's port
	fi
	same='nodelay 1 keepidle 77 tos 16 reuse 1 sndbuf 100000 nonblock 0'
	cat >"$tmp/expected" <<-END
		listener errno 0 protocol $expect_listener port $first $same cloexec 1
		client errno $answer protocol $expect_client port $own $same cloexec 0
		again as it was
	END
	run 0 "$bin/xtcp-run" "$@" "$tmp/limits" "$first" "$first" "$own" &&
		diff "$tmp/expected" "$tmp/out" >>"$tmp/err"
	ok $? "$name"
	# the next one's addresses must not wait for this one's connections
	first=$((first + 4)) second=$((second + 4)) own=$((own + 4))
	[ $first -lt 65000 ] || { first=61000; second=61001; own=61002; }
}

if [ "$module" -eq 0 ]; then
	for name in 'listen only' 'connect only' 'a port' 'another port' 'ports, listen only' \
		'verbose: what was changed over' 'children'; do
		skip "$name" "module not loaded"
	done
else
	x=$(cat /sys/module/xtcp/parameters/protocol 2>/dev/null || echo 253)
	one "$x" 6 'listen only' --listen-only
	one 6 "$x" 'connect only' --connect-only
	one "$x" "$x" 'a port' --ports "1,$first-$second"
	one 6 6 'another port' --ports "1-$((first - 1)),$second"
	one "$x" 6 'ports, listen only' --ports "$first" --listen-only
	run 0 "$bin/xtcp-run" -v --ports "$first" "$tmp/limits" "$first" "$first" "$own" &&
		grep -q "listen(), port $first: goes over XTCP$" "$tmp/err" &&
		[ "$(grep -c "connect(), port $first: goes over XTCP$" "$tmp/err")" -eq 2 ]
	ok $? 'verbose: what was changed over'
	# shellcheck disable=SC2016  # the inner shell expands it
	run 0 "$bin/xtcp-run" sh -c 'cd / && "$1" && exit 0' sh "$tmp/sockets" && all_turned
	ok $? 'children'
fi
