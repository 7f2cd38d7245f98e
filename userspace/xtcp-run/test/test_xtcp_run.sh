#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Tests of xtcp-run, as TAP.  Argument: the directory with the built programs.
# The tests that need the module are skipped where it is not loaded.

bin=$1
cc=${CC:-cc}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
n=0
failed=0

# ok STATUS NAME: the status of the step just done decides
ok() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' "$tmp/out" "$tmp/err"
		failed=$((failed + 1))
	fi
}

skip() {
	n=$((n + 1))
	echo "ok $n - $1 # SKIP $2"
}

# run STATUS COMMAND...: does it end with that status?
run() {
	expected=$1
	shift
	timeout 60 "$@" >"$tmp/out" 2>"$tmp/err" </dev/null
	got=$?
	[ "$got" -eq "$expected" ] || echo "status $got, not $expected" >>"$tmp/err"
	[ "$got" -eq "$expected" ]
}

# says PATTERN: one line on stderr, which matches, and nothing more
says() {
	[ "$(wc -l <"$tmp/err")" -eq 1 ] && grep -Eq "$1" "$tmp/err"
}

if "$bin/xtcp-run" true 2>/dev/null; then
	module=1
else
	module=0
fi

echo "TAP version 13"

run 0 "$bin/xtcp-run" -h && grep -q '^usage: xtcp-run' "$tmp/out"
ok $? "help"
run 0 "$bin/xtcp-run" --help && grep -q '^usage: xtcp-run' "$tmp/out"
ok $? "long option"
run 0 "$bin/xtcp-run" --version && grep -Eq '^xtcp-run [0-9]+[.][0-9]+[.][0-9]+$' "$tmp/out"
ok $? "version"
run 125 "$bin/xtcp-run"
ok $? "no command"
taken=
for list in '' 0 65536 '80,' ',80' 80-79 80-90- x 80x 80:90; do
	if ! run 125 "$bin/xtcp-run" --ports "$list" true || ! says 'no list of ports'; then
		taken="$taken '$list'"
	fi
done
echo "taken: $taken" >>"$tmp/err"
[ -z "$taken" ]
ok $? "no lists of ports"
run 125 "$bin/xtcp-run" -l -c true && says 'only one of'
ok $? "both directions"
run 125 "$bin/xtcp-run" -s -p 80 true && says 'cannot tell ports'
ok $? "seccomp and ports"
run 125 "$bin/xtcp-run" -x true
ok $? "unknown option"
run 127 "$bin/xtcp-run" no-such-command && says 'No such file'
ok $? "command not found"
: >"$tmp/plain"
run 126 "$bin/xtcp-run" "$tmp/plain"
ok $? "file without execute permission"

echo 'int main(void) { return 0; }' >"$tmp/main.c"
if "$cc" -static -o "$tmp/static" "$tmp/main.c" 2>/dev/null; then
	run 126 "$bin/xtcp-run" "$tmp/static" && says 'static is statically linked'
	ok $? "static program"
	printf '#!%s\n' "$tmp/static" >"$tmp/script"
	chmod +x "$tmp/script"
	run 126 "$bin/xtcp-run" "$tmp/script" && says 'static is statically linked'
	ok $? "script of a static interpreter"
else
	skip "static program" "no static C library"
	skip "script of a static interpreter" "no static C library"
fi
if "$cc" -m32 -o "$tmp/other" "$tmp/main.c" 2>/dev/null; then
	run 126 "$bin/xtcp-run" "$tmp/other" && says 'another architecture'
	ok $? "program of another architecture"
else
	skip "program of another architecture" "no second C compiler"
fi

cp /bin/true "$tmp/privileged"
if [ "$(id -u)" -eq 0 ] && chown 65534:65534 "$tmp/privileged" &&
   chmod u+s "$tmp/privileged"; then
	run 126 "$bin/xtcp-run" "$tmp/privileged" && says 'is setuid'
	ok $? "setuid program"
	chmod u-s,g+s "$tmp/privileged"
	run 126 "$bin/xtcp-run" "$tmp/privileged" && says 'is setgid'
	ok $? "setgid program"
else
	skip "setuid program" "needs root"
	skip "setgid program" "needs root"
fi

# The library by itself: which socket() calls it turns over.
cat >"$tmp/sockets.c" <<'END'
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

static void try(const char *name, int domain, int type, int protocol)
{
	int fd = socket(domain, type, protocol), got = -1, is = 0;
	socklen_t len = sizeof(got);

	if (fd < 0) {
		printf("%s errno %d\n", name, errno);
		return;
	}
	getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &got, &len);
	len = sizeof(is);
	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &is, &len);
	printf("%s protocol %d domain %d nonblock %d cloexec %d\n", name, got, is,
	       !!(fcntl(fd, F_GETFL) & O_NONBLOCK), !!(fcntl(fd, F_GETFD) & FD_CLOEXEC));
}

int main(void)
{
	try("tcp4", AF_INET, SOCK_STREAM, 0);
	try("tcp4p", AF_INET, SOCK_STREAM, IPPROTO_TCP);
	try("tcp4f", AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	try("tcp4n", AF_INET, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP);
	try("tcp6", AF_INET6, SOCK_STREAM, 0);
	try("tcp6c", AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	try("udp4", AF_INET, SOCK_DGRAM, 0);
	try("unix", AF_UNIX, SOCK_STREAM, 0);
	try("seqp", AF_UNIX, SOCK_SEQPACKET, 0);
	return 0;
}
END
"$cc" -o "$tmp/sockets" "$tmp/sockets.c" || exit 1

run 0 env LD_PRELOAD="$bin/libxtcp-run.so" "$tmp/sockets" &&
	grep -q '^udp4 protocol 17 domain 2 ' "$tmp/out" &&
	grep -q '^unix protocol 0 domain 1 ' "$tmp/out" &&
	grep -q '^seqp protocol 0 domain 1 ' "$tmp/out"
ok $? "other sockets stay as they are"

# all_turned: each of the TCP sockets, with its flags
all_turned() {
	# 253 unless the module was loaded with protocol=
	protocol=$(cat /sys/module/xtcp/parameters/protocol 2>/dev/null || echo 253)
	grep -v ' protocol \(0\|17\) ' "$tmp/out" >"$tmp/turned"
	cat >"$tmp/expected" <<-END
		tcp4 protocol $protocol domain 2 nonblock 0 cloexec 0
		tcp4p protocol $protocol domain 2 nonblock 0 cloexec 0
		tcp4f protocol $protocol domain 2 nonblock 1 cloexec 1
		tcp4n protocol $protocol domain 2 nonblock 1 cloexec 0
		tcp6 protocol $protocol domain 10 nonblock 0 cloexec 0
		tcp6c protocol $protocol domain 10 nonblock 0 cloexec 1
	END
	diff "$tmp/expected" "$tmp/turned" >>"$tmp/err"
}

if [ $module -eq 0 ]; then
	run 125 "$bin/xtcp-run" true && says 'module is not loaded; as root: modprobe'
	ok $? "module absent: one clear line"
	run 0 env LD_PRELOAD="$bin/libxtcp-run.so" "$tmp/sockets" &&
		! grep -q '^tcp.*protocol' "$tmp/out" && says 'module is gone'
	ok $? "module absent: no silent fallback to TCP"
	skip "sockets turned over" "module not loaded"
	skip "existing LD_PRELOAD kept" "module not loaded"
	skip "exit status of the command" "module not loaded"
	skip "verbose" "module not loaded"
	run 0 "$bin/xtcp-run" --fallback "$tmp/sockets" && says 'not loaded: going over TCP' &&
		grep -q '^tcp4 protocol 6 domain 2 ' "$tmp/out"
	ok $? "module absent: TCP on request"
	run 0 env XTCP_RUN_FALLBACK=1 LD_PRELOAD="$bin/libxtcp-run.so" "$tmp/sockets" &&
		says 'not loaded: going over TCP' && grep -q '^tcp4f protocol 6 domain 2 ' "$tmp/out"
	ok $? "module gone: TCP on request"
else
	skip "module absent: one clear line" "module loaded"
	skip "module absent: no silent fallback to TCP" "module loaded"
	skip "module absent: TCP on request" "module loaded"
	skip "module gone: TCP on request" "module loaded"
	run 0 "$bin/xtcp-run" "$tmp/sockets" && all_turned
	ok $? "sockets turned over"
	"$cc" -shared -fPIC -o "$tmp/other.so" -x c /dev/null
	# shellcheck disable=SC2016  # the inner shell expands it
	run 0 env LD_PRELOAD="$tmp/other.so" "$bin/xtcp-run" \
		"$bin/xtcp-run" sh -c 'echo "$LD_PRELOAD"' &&
		[ "$(cat "$tmp/out")" = "$tmp/other.so:$bin/libxtcp-run.so" ]
	ok $? "existing LD_PRELOAD kept"
	run 7 "$bin/xtcp-run" -- sh -c 'exit 7'
	ok $? "exit status of the command"
	run 0 "$bin/xtcp-run" -v "$tmp/sockets" &&
		[ "$(grep -c 'goes over XTCP$' "$tmp/err")" -eq 6 ]
	ok $? "verbose"
fi

# shellcheck source=limits.sh
. "${0%/*}/limits.sh"
# shellcheck source=seccomp.sh
. "${0%/*}/seccomp.sh"

echo "1..$n"
[ $failed -eq 0 ]
