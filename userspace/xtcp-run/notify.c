// SPDX-License-Identifier: GPL-2.0
/*
 * xtcp-run --seccomp: the kernel hands each socket() that would open a TCP
 * socket to a process beside the program (the helper), which opens an XTCP
 * socket and puts that into the program as the result of the call.
 *
 * The helper is nobody's child, so that no program meets it in wait(), and has
 * no filter of its own: the kernel tells it when the last process with the
 * filter is gone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/net.h>
#include <linux/seccomp.h>

#include "notify.h"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE_ARCH AUDIT_ARCH_RISCV64
#endif

/* 32-bit programs beside a 64-bit kernel: the call itself, and the older way to it */
#define I386_SOCKET	359
#define I386_SOCKETCALL	102

#define CALL_FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)

#ifdef NATIVE_ARCH
#define FIELD(name) ((__u32)offsetof(struct seccomp_data, name))
/* the lower half of an argument; all that is known here is little-endian */
#define ARG(n) (FIELD(args) + (n) * (__u32)sizeof(__u64))
#define LOAD(at) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at)
#define IF(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)

/* Which calls the helper sees; every other one goes on undelayed. */
static struct sock_filter filter[] = {
	LOAD(FIELD(arch)),
	IF(NATIVE_ARCH, 0, 2),
	LOAD(FIELD(nr)),
	IF(__NR_socket, 6, 14),
	IF(AUDIT_ARCH_I386, 0, 13),
	LOAD(FIELD(nr)),
	IF(I386_SOCKET, 3, 0),
	IF(I386_SOCKETCALL, 0, 10),
	LOAD(ARG(0)),
	IF(SYS_SOCKET, 9, 8),
	/* an address family of IP, ... */
	LOAD(ARG(0)),
	IF(AF_INET, 1, 0),
	IF(AF_INET6, 0, 5),
	/* ... a stream, ... */
	LOAD(ARG(1)),
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, (__u32)~CALL_FLAGS),
	IF(SOCK_STREAM, 0, 2),
	/* ... and TCP, by number or as the usual one (what else passes, the helper sorts out) */
	LOAD(ARG(2)),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (__u32)~IPPROTO_TCP, 0, 1),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
};

static bool telling;

/* Does /proc show the processes by the numbers that the kernel tells us? */
static bool proc_is_ours(void)
{
	char self[16];
	ssize_t n = readlink("/proc/self", self, sizeof(self) - 1);

	if (n <= 0)
		return false;
	self[n] = '\0';
	return atoi(self) == getpid();
}

/*
 * On the program's standard error, which must not be held open: whoever waits
 * for its end before the program is reaped would wait for us, and until then
 * older kernels count the program as one that is still there.
 */
static void say(pid_t pid, const char *what)
{
	char path[40], line[160];
	int fd, n;

	if (!telling || !proc_is_ours())
		return;
	snprintf(path, sizeof(path), "/proc/%d/fd/2", (int)pid);
	fd = open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return;
	n = snprintf(line, sizeof(line), "xtcp-run[%d]: socket(): %s\n", (int)pid, what);
	if (n > 0 && write(fd, line, n) < 0)
		n = 0;		/* nowhere left to tell */
	close(fd);
}

/* The network namespace of the program, which may have left ours. */
static int follow_namespace(pid_t pid)
{
	static struct stat ours;
	char path[40];
	struct stat its;
	int fd, rc;

	if (!proc_is_ours()) {
		/* cannot compare, so just go there, as far as we may */
		fd = syscall(SYS_pidfd_open, pid, 0);
		if (fd >= 0) {
			setns(fd, CLONE_NEWNET);
			close(fd);
		}
		return 0;
	}
	if (!ours.st_ino && stat("/proc/self/ns/net", &ours))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	/* not readable: of another user's, who started where we did */
	if (stat(path, &its) || its.st_ino == ours.st_ino)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	rc = setns(fd, CLONE_NEWNET);
	close(fd);
	if (!rc)
		ours = its;
	return rc;
}

/* socketcall(): the arguments are in the program's memory */
static int read_arguments(pid_t pid, struct seccomp_data *data)
{
	__u32 args[3];
	struct iovec here = { args, sizeof(args) };
	struct iovec there = { (void *)(unsigned long)data->args[1], sizeof(args) };
	int i;

	if (process_vm_readv(pid, &here, 1, &there, 1, 0) != sizeof(args))
		return -1;
	for (i = 0; i < 3; i++)
		data->args[i] = args[i];
	return 0;
}

static bool is_tcp(const struct seccomp_data *data)
{
	int domain = data->args[0], type = data->args[1], protocol = data->args[2];

	return (domain == AF_INET || domain == AF_INET6) &&
	       (type & ~CALL_FLAGS) == SOCK_STREAM &&
	       (protocol == 0 || protocol == IPPROTO_TCP);
}

/*
 * Returns 0 when the call was answered by an XTCP socket, 1 when it is none of
 * ours, -1 with errno for the program.
 */
static int answer(int listener, struct seccomp_notif *call, int protocol)
{
	struct seccomp_notif_addfd add = {
		.id = call->id,
		.flags = SECCOMP_ADDFD_FLAG_SEND,
	};
	struct seccomp_data *data = &call->data;
	int fd, rc, saved;

	if (data->arch == AUDIT_ARCH_I386 && data->nr == I386_SOCKETCALL &&
	    read_arguments(call->pid, data))
		return -1;
	if (!is_tcp(data))
		return 1;
	if (follow_namespace(call->pid))
		return -1;
	fd = socket(data->args[0], (data->args[1] & ~CALL_FLAGS) | SOCK_CLOEXEC |
		    (data->args[1] & SOCK_NONBLOCK), protocol);
	if (fd < 0)
		return -1;
	/* before it goes on, as it may end at once */
	say(call->pid, "goes over XTCP");
	add.srcfd = fd;
	add.newfd_flags = data->args[1] & SOCK_CLOEXEC ? O_CLOEXEC : 0;
	rc = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
	saved = errno;
	close(fd);
	errno = saved;
	return rc < 0 ? -1 : 0;
}

static void serve(int listener, int protocol)
{
	struct pollfd pfd = { .fd = listener, .events = POLLIN };
	struct seccomp_notif call;
	struct seccomp_notif_resp reply;

	for (;;) {
		if (poll(&pfd, 1, -1) < 0 && errno != EINTR)
			return;
		if (pfd.revents & POLLHUP)
			return;	/* the last of them has ended */
		memset(&call, 0, sizeof(call));
		if (!(pfd.revents & POLLIN) ||
		    ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
			continue;	/* killed before we got there */
		memset(&reply, 0, sizeof(reply));
		reply.id = call.id;
		switch (answer(listener, &call, protocol)) {
		case 0:
			continue;
		case 1:
			reply.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
			break;
		default:
			reply.error = -errno;
			say(call.pid, strerror(errno));
		}
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
	}
}

/* A byte goes with the descriptor; a byte alone says that it came. */
static int send_descriptor(int channel, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	return sendmsg(channel, &msg, MSG_NOSIGNAL) == 1 && read(channel, &byte, 1) == 1 ? 0 : -1;
}

static int receive_descriptor(int channel)
{
	char byte = 0, control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;
	int fd;

	if (recvmsg(channel, &msg, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS || write(channel, &byte, 1) != 1)
		return -1;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(int));
	return fd;
}

static void helper(int channel, int protocol)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int listener;

	setsid();	/* not for the terminal's signals */
	if (chdir("/"))
		return;
	/* who waits for the end of the program's output must not wait for us */
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	if (dup2(channel, STDERR_FILENO + 1) < 0)
		return;
	closefrom(STDERR_FILENO + 2);
	listener = receive_descriptor(STDERR_FILENO + 1);
	close(STDERR_FILENO + 1);
	if (listener >= 0)
		serve(listener, protocol);
}

/* Only a grandchild has init for a parent from the start (and the program, if it is init). */
static int start_helper(int channel, int other_end, int protocol)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		pid = fork();
		if (pid)
			_exit(pid < 0);
		close(other_end);
		helper(channel, protocol);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return status ? -1 : 0;
}

static int install(void)
{
	const struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(*filter),
		.filter = filter,
	};
	/* a call that is in the helper's hands must not be cut off by a signal */
	unsigned long flags = SECCOMP_FILTER_FLAG_NEW_LISTENER |
			      SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	int fd = syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);

	if (fd < 0 && errno == EACCES && !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		fd = syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	return fd;
}

int notify_start(int protocol, bool verbose)
{
	int channel[2], listener;

	telling = verbose;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel)) {
		perror("xtcp-run: socketpair");
		return -1;
	}
	if (start_helper(channel[1], channel[0], protocol)) {
		perror("xtcp-run: fork");
		return -1;
	}
	close(channel[1]);
	listener = install();
	if (listener < 0) {
		perror("xtcp-run: seccomp");
		return -1;
	}
	if (send_descriptor(channel[0], listener)) {
		fputs("xtcp-run: the helper for --seccomp has died\n", stderr);
		return -1;
	}
	close(channel[0]);
	close(listener);
	return 0;
}
#else /* !NATIVE_ARCH */
int notify_start(int protocol, bool verbose)
{
	(void)protocol;
	(void)verbose;
	fputs("xtcp-run: --seccomp does not know this architecture\n", stderr);
	return -1;
}
#endif
