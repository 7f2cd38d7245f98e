#!/bin/bash
# Runs in a guest whose module lab/vm has not loaded: what installing the packages put
# into a root file system, laid over this one, and used.
# Argument: a tar file of it.  Prints "ok NAME" or "not ok NAME", and why.
set -u

log=$(mktemp)

check()
{
	if "${@:2}" >"$log" 2>&1 </dev/null; then
		echo "ok $1"
	else
		echo "not ok $1"
		sed 's/^/# /' "$log"
	fi
}

unpack() { tar -C / --keep-directory-symlink -xf "$1"; }
loaded() { [ -d /sys/module/xtcp ]; }

first_socket_loads()
{
	! loaded || return
	python3 -c 'import socket; socket.socket(19, socket.SOCK_STREAM).close()' && loaded &&
		modinfo -F filename xtcp | grep -q dkms
}

other_door_loads()
{
	rmmod xtcp && python3 -c \
		'import socket; socket.socket(socket.AF_INET6, socket.SOCK_STREAM, 253).close()' && loaded
}

python_and_c_talk()
{
	local server status=0
	python3 - <<-'PYTHON' &
		import xtcp
		with xtcp.create_server(("127.0.0.1", 7000)) as door:
		    fd, _ = door.accept()
		    with fd:
		        fd.sendall(fd.recv(100))
	PYTHON
	server=$!
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		status=0
		python3 -c '
import xtcp
with xtcp.create_connection(("127.0.0.1", 7000)) as fd:
    fd.sendall(b"hello")
    assert fd.recv(100) == b"hello"' && break
		status=1
		sleep 1
	done
	kill $server 2>/dev/null
	return $status
}

gone() { rmmod xtcp && ! loaded; }

check vm__unpacks unpack "$1"
check vm__first_socket_loads_the_module first_socket_loads
check vm__so_does_the_other_door other_door_loads
check vm__bytes_go_there_and_back python_and_c_talk
check vm__module_goes gone
