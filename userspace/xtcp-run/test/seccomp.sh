# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh disable=SC2154
# Sourced by test_xtcp_run.sh: programs that nothing can be preloaded into.

# The system call itself; the one of 32-bit programs; a namespace of its own.
cat >"$tmp/raw.c" <<'END'
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void tell(const char *name, int fd)
{
	int got = -1;
	socklen_t len = sizeof(got);

	getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &got, &len);
	printf("%s %d\n", name, got);
}

static void at_home(int fd)
{
	struct stat its, ours;

	fd = ioctl(fd, 0x894C /* SIOCGSKNS */);
	if (fd < 0 || fstat(fd, &its) || stat("/proc/self/ns/net", &ours) ||
	    its.st_ino != ours.st_ino)
		puts("in another namespace");
}

#ifdef __x86_64__
/* As 32-bit programs enter the kernel; @at: addresses below 4 GB. */
static int call_32(int number, int a, void *b, int c)
{
	int rc;

	__asm__ volatile("int $0x80" : "=a" (rc) :
			 "a" (number), "b" (a), "c" (b), "d" (c) :
			 "memory", "r8", "r9", "r10", "r11");
	return rc;
}

static void compat(void)
{
	int *args = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	tell("32", call_32(359, AF_INET6, (void *)SOCK_STREAM, IPPROTO_TCP));
	args[0] = AF_INET;
	args[1] = SOCK_STREAM;
	args[2] = 0;
	tell("32.call", call_32(102, 1, args, 0));
	args[1] = SOCK_DGRAM;
	tell("32.call.udp", call_32(102, 1, args, 0));
}
#else
static void compat(void) { }
#endif

int main(int argc, char **argv)
{
	int fd;

	if (wait(NULL) >= 0 || errno != ECHILD)
		puts("a child that it never had");
	if (argc > 1 && !strcmp(argv[1], "32")) {
		compat();
		return 0;
	}
	fd = syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
	tell("tcp", fd);
	at_home(fd);
	tell("tcp6", syscall(SYS_socket, AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP));
	tell("udp", syscall(SYS_socket, AF_INET, SOCK_DGRAM, 0));
	tell("raw", syscall(SYS_socket, AF_INET, SOCK_RAW, 4));
	if (unshare(CLONE_NEWNET))
		return 0;
	fd = syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
	tell("moved", fd);
	at_home(fd);
	return 0;
}
END
"$cc" -o "$tmp/raw" "$tmp/raw.c" || exit 1


# helpers: the processes called xtcp-run that have this XTCP_TEST_MARK
cat >"$tmp/helpers" <<'END'
helpers() {
	for process in /proc/[0-9]*; do
		comm=
		{ read -r comm <"$process/comm"; } 2>/dev/null
		if [ "$comm" = xtcp-run ] &&
		   tr '\0' '\n' 2>/dev/null <"$process/environ" |
		   grep -qx "XTCP_TEST_MARK=$XTCP_TEST_MARK"; then
			echo "${process#/proc/}"
		fi
	done
}
END
# shellcheck source=/dev/null
. "$tmp/helpers"

if [ "$module" -eq 0 ]; then
	missing='module not loaded'
elif "$bin/xtcp-run" -s true 2>"$tmp/err"; then
	missing=
elif grep -q '^xtcp-run: seccomp: ' "$tmp/err"; then
	missing='no seccomp in this kernel'
else
	missing=	# whatever it is, show it
fi
if [ -n "$missing" ]; then
	for name in 'flags and families' 'system call' "another namespace's /proc" \
		'32-bit calls' 'static program' \
		'setuid program' 'exit status' 'environment lost' \
		'verbose' 'helper ends'; do
		skip "seccomp: $name" "$missing"
	done
else
	x=$(cat /sys/module/xtcp/parameters/protocol 2>/dev/null || echo 253)
	run 0 "$bin/xtcp-run" -s "$tmp/sockets" && all_turned
	ok $? 'seccomp: flags and families'
	run 0 "$bin/xtcp-run" -s "$tmp/raw" &&
		[ "$(tr '\n' ' ' <"$tmp/out")" = "tcp $x tcp6 $x udp 17 raw 4 moved $x " ]
	ok $? 'seccomp: system call'
	# processes by other numbers than those of /proc, whose namespaces are not ours
	if unshare --net --pid --fork true 2>/dev/null; then
		# in a shell: the first process there would find the helper among its children
		# shellcheck disable=SC2016
		run 0 unshare --net --pid --fork sh -c '"$0" -s "$1"; exit $?' \
			"$bin/xtcp-run" "$tmp/raw" &&
			[ "$(tr '\n' ' ' <"$tmp/out")" = "tcp $x tcp6 $x udp 17 raw 4 moved $x " ]
		ok $? "seccomp: another namespace's /proc"
	else
		skip "seccomp: another namespace's /proc" 'no such namespaces in this kernel'
	fi
	# a kernel may have no way for 32-bit programs
	if "$tmp/raw" 32 2>/dev/null | grep -qx '32.call 6'; then
		run 0 "$bin/xtcp-run" -s "$tmp/raw" 32 &&
			[ "$(tr '\n' ' ' <"$tmp/out")" = "32 $x 32.call $x 32.call.udp 17 " ]
		ok $? 'seccomp: 32-bit calls'
	else
		skip 'seccomp: 32-bit calls' 'none in this kernel'
	fi
	if "$cc" -static -o "$tmp/raw.static" "$tmp/raw.c" 2>/dev/null; then
		run 0 "$bin/xtcp-run" -s "$tmp/raw.static" && grep -qx "tcp $x" "$tmp/out"
		ok $? 'seccomp: static program'
	else
		skip 'seccomp: static program' 'no static C library'
	fi
	cp "$tmp/raw" "$tmp/raw.setuid"
	if chown 65534:65534 "$tmp/raw.setuid" && chmod u+s "$tmp/raw.setuid"; then
		run 0 "$bin/xtcp-run" -s "$tmp/raw.setuid" && grep -qx "tcp $x" "$tmp/out"
		ok $? 'seccomp: setuid program'
	else
		skip 'seccomp: setuid program' 'needs root'
	fi
	run 7 "$bin/xtcp-run" -s sh -c 'exit 7'
	ok $? 'seccomp: exit status'
	run 0 "$bin/xtcp-run" -s env -i "$tmp/raw" && grep -qx "tcp $x" "$tmp/out"
	ok $? 'seccomp: environment lost'
	# $(...) waits for the end of what it reads, and only then for the program
	# shellcheck disable=SC2016  # the inner shell expands it
	run 0 sh -c 'said=$("$0" -s -v "$1" 2>&1); echo "$said"' "$bin/xtcp-run" "$tmp/raw" &&
		[ "$(grep -c 'goes over XTCP$' "$tmp/out")" -eq 3 ]
	ok $? 'seccomp: verbose'
	# shellcheck disable=SC2016
	run 0 env "XTCP_TEST_MARK=$$" "$bin/xtcp-run" -s sh -c '. "$0"; helpers' "$tmp/helpers"
	during=$(cat "$tmp/out") waited=0
	XTCP_TEST_MARK=$$ helpers >"$tmp/out"
	while [ -s "$tmp/out" ] && [ $waited -lt 200 ]; do
		sleep 0.1
		waited=$((waited + 1))
		XTCP_TEST_MARK=$$ helpers >"$tmp/out"
	done
	echo "helper: $during" >>"$tmp/err"
	[ "$(echo "$during" | wc -w)" -eq 1 ] && [ ! -s "$tmp/out" ]
	ok $? 'seccomp: helper ends'
fi
