/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What every test program shares.
 *
 * One test lives in one process and in one fresh network namespace with its
 * loopback up, so that tests cannot meet each other's ports or TIME_WAITs, and
 * so that the module's per-namespace code runs with each of them.
 *
 * The helpers return what a system call would: -1 and errno, else a result;
 * the test asserts.  Nothing here asserts that something happened quickly:
 * XT_SOON is how long we wait for what must happen, XT_QUIET how long we watch
 * that nothing does.
 */
#ifndef XTCP_TEST_H
#define XTCP_TEST_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include <linux/xtcp.h>

#define XT_SOON_MS	60000
#define XT_QUIET_MS	250
#define XT_TEST_TIMEOUT_S	180

/* The ways to open the same socket. */
enum xt_door {
	XT_IPV4,		/* AF_XTCP, sockaddr_in */
	XT_IPV6,		/* AF_XTCP, sockaddr_in6 */
	XT_INET,		/* AF_INET, IPPROTO_XTCP */
	XT_INET6,		/* AF_INET6, IPPROTO_XTCP */
	XT_TCP4,		/* kernel TCP: what XTCP is compared with */
	XT_TCP6,
};

struct xt {
	enum xt_door door;
	sa_family_t family;	/* of the addresses */
	int domain, protocol;	/* what socket() gets */
};

union xt_addr {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage storage;
};

/* True when XTCP_TEST_PROTO=tcp: prove the tests against kernel TCP. */
bool xt_over_tcp(void);
/* The divisor XTCP_TEST_SCALE, for slow kernels. */
unsigned long xt_scaled(unsigned long full);

void xt_door(struct xt *x, enum xt_door door);
int xt_new_netns(void);
int xt_begin(struct xt *x, enum xt_door door);	/* both of the above */
/*
 * Where XTCP_TEST_FAULTS is set (failing.sh), allocations of this thread may fail
 * from xt_begin() on; not while the stage is set up, or no test would ever begin.
 */
void xt_faults(bool on);

/* Addresses: loopback of the door's family, port in host order. */
socklen_t xt_addr(const struct xt *x, union xt_addr *a, uint16_t port);
socklen_t xt_any(const struct xt *x, union xt_addr *a, uint16_t port);
socklen_t xt_parse(const struct xt *x, union xt_addr *a, const char *v4,
		   const char *v6, uint16_t port);
uint16_t xt_addr_port(const union xt_addr *a);
int xt_local_port(int fd);
int xt_peer_port(int fd);

/* Sockets.  flags: SOCK_NONBLOCK, SOCK_CLOEXEC */
int xt_socket(const struct xt *x, int flags);
int xt_bind(const struct xt *x, int fd, uint16_t port);
int xt_connect(const struct xt *x, int fd, uint16_t port);
/* A listener on @port (0: any, written back).  SO_REUSEADDR is set. */
int xt_listener(const struct xt *x, int backlog, uint16_t *port);
/* fd[0] connected, fd[1] accepted. */
int xt_pair(const struct xt *x, int fd[2]);
int xt_nonblock(int fd, bool on);
int xt_set(int fd, int level, int name, int value);
int xt_get(int fd, int level, int name);
int xt_so_error(int fd);
/* XTCP_INFO */
int xt_info(int fd, struct xtcp_info *info);

/* Waiting. */
short xt_poll(int fd, short events, int timeout_ms);
bool xt_thread_sleeps(pid_t tid);
int xt_state(int fd);
bool xt_wait_state(int fd, int state);
long long xt_now_ms(void);
long long xt_now_us(void);
void xt_sleep_ms(int ms);
/*
 * True where the clock stands still while anything runs (User-Mode-Linux in time
 * travel): only there does a test know exactly when something must happen.
 */
bool xt_virtual_time(void);

/* Data: everything or -1; xt_read_all stops at the end of the stream. */
ssize_t xt_write_all(int fd, const void *buf, size_t len);
ssize_t xt_read_all(int fd, void *buf, size_t len);

/* Cheap random bytes, the same from the same seed at both ends. */
struct xt_random {
	uint64_t state;
};

void xt_random_fill(struct xt_random *r, void *buf, size_t len);
/* Writes, reads and compares @len bytes of the stream that @seed makes. */
int xt_send_random(int fd, uint64_t seed, uint64_t len, size_t chunk);
int xt_recv_random(int fd, uint64_t seed, uint64_t len, size_t chunk);

/* The same in a thread. */
struct xt_thread {
	unsigned long id;	/* pthread_t */
	int (*fn)(struct xt_thread *t);
	int fd;
	uint64_t seed, len;
	size_t chunk;
	ssize_t ret;
	int err;
	pid_t tid;		/* set once the thread runs */
	bool done;
};

int xt_thread_start(struct xt_thread *t, int (*fn)(struct xt_thread *t));
int xt_thread_join(struct xt_thread *t);	/* what fn returned */
bool xt_thread_blocks(struct xt_thread *t);	/* asleep, and stays so */
int xt_thread_send(struct xt_thread *t);
int xt_thread_recv(struct xt_thread *t);

/* Files under /proc and /sys; text without the final newline. */
int xt_read_file(const char *path, char *buf, size_t size);
int xt_write_file(const char *path, const char *text);

/* Connections and listeners of this namespace, without TIME_WAITs. */
int xt_sockets(void);
/* Waits for the last of them; patiently, orphans take their time. */
bool xt_no_sockets(void);

/* Own counters by name, -1 when it does not exist. */
long long xt_counter(const char *name);

/*
 * In the test files, after kselftest_harness.h: a fixture with one variant per
 * door, or only one per IP version.  The tests find their world in self->x.
 */
#define XT_FIXTURE(name)						\
	XT_FIXTURE_IP(name);						\
	FIXTURE_VARIANT_ADD(name, inet) {				\
		.door = XT_INET,					\
	};								\
	struct xt

#define XT_FIXTURE_IP(name)						\
	FIXTURE(name) {							\
		struct xt x;						\
	};								\
	FIXTURE_VARIANT(name) {						\
		enum xt_door door;					\
	};								\
	FIXTURE_VARIANT_ADD(name, ipv4) {				\
		.door = XT_IPV4,					\
	};								\
	FIXTURE_VARIANT_ADD(name, ipv6) {				\
		.door = XT_IPV6,					\
	};								\
	FIXTURE_SETUP(name)						\
	{								\
		ASSERT_EQ(0, xt_begin(&self->x, variant->door));	\
	}								\
	FIXTURE_TEARDOWN(name)						\
	{								\
	}								\
	struct xt

#define XT_PAIR(fds)							\
	ASSERT_EQ(0, xt_pair(&self->x, fds))				\
		TH_LOG("pair: %s", strerror(errno))

/* @call fails with @error. */
#define EXPECT_FAILS(error, call)					\
	do {								\
		errno = 0;						\
		EXPECT_EQ(-1, call);					\
		EXPECT_EQ(error, errno)					\
			TH_LOG("%s: %s", #call, strerror(errno));	\
	} while (0)

#endif /* XTCP_TEST_H */
