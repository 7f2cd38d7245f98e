// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets seen from outside (NETLINK_SOCK_DIAG): listed, filtered, looked up,
 * ended.  The messages are inet_diag's, so all of it also runs against TCP's.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <linux/tcp.h>
#include <linux/xtcp_diag.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <kselftest_harness.h>
#include "xtcp_test.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT XT_TEST_TIMEOUT_S

#define ALL_STATES	0xfffu
#define STATE(s)	(1u << (s))

XT_FIXTURE(diag);

/* One socket as it was told. */
struct seen {
	struct inet_diag_msg m;
	struct xtcp_info info;
	struct tcp_info tcp;
	uint32_t skmem[SK_MEMINFO_VARS];
	char cong[16];
	int mark;
	bool has_info, has_tcp, has_skmem, has_mark, has_shutdown;
};

struct list {
	struct seen *all;
	size_t n, room;
	bool interrupted;
};

struct request {
	struct nlmsghdr nlh;
	struct inet_diag_req_v2 req;
	struct nlattr code_attr;
	char code[256];
};

static int xtcp_family(void)
{
	char text[16];

	if (xt_read_file("/sys/module/xtcp/parameters/family", text,
			 sizeof(text)) <= 0)
		return AF_XTCP;
	return atoi(text);
}

/* A request for sockets of this door's family. */
static void ask(const struct xt *x, struct request *r, int type, int flags)
{
	memset(r, 0, sizeof(*r));
	r->nlh.nlmsg_len = NLMSG_LENGTH(sizeof(r->req));
	r->nlh.nlmsg_type = type;
	r->nlh.nlmsg_flags = NLM_F_REQUEST | flags;
	r->nlh.nlmsg_seq = 1;
	r->req.idiag_states = ALL_STATES;
	if (xt_over_tcp()) {
		r->req.sdiag_family = x->family;
		r->req.sdiag_protocol = IPPROTO_TCP;
	} else {
		r->req.sdiag_family = xtcp_family();
		r->req.sdiag_protocol = IPPROTO_XTCP;
		r->req.pad = x->family;
	}
}

static void add_code(struct request *r, const void *code, size_t len)
{
	r->code_attr.nla_type = INET_DIAG_REQ_BYTECODE;
	r->code_attr.nla_len = NLA_HDRLEN + len;
	memcpy(r->code, code, len);
	r->nlh.nlmsg_len = NLMSG_LENGTH(sizeof(r->req)) + NLA_HDRLEN +
			   NLA_ALIGN(len);
}

static void take_attr(struct seen *s, const struct nlattr *a)
{
	const void *data = (const char *)a + NLA_HDRLEN;
	size_t len = a->nla_len - NLA_HDRLEN;

#define TAKE(to) memcpy(&(to), data, len < sizeof(to) ? len : sizeof(to))
	switch (a->nla_type & NLA_TYPE_MASK) {
	case INET_DIAG_INFO:
		TAKE(s->tcp);
		s->has_tcp = true;
		break;
	case XTCP_DIAG_INFO:
		TAKE(s->info);
		s->has_info = true;
		break;
	case INET_DIAG_SKMEMINFO:
		TAKE(s->skmem);
		s->has_skmem = true;
		break;
	case INET_DIAG_CONG:
		TAKE(s->cong);
		break;
	case INET_DIAG_MARK:
		TAKE(s->mark);
		s->has_mark = true;
		break;
	case INET_DIAG_SHUTDOWN:
		s->has_shutdown = true;
		break;
	}
#undef TAKE
}

static void take(struct list *l, const struct nlmsghdr *nlh)
{
	const struct nlattr *a;
	struct seen *s;
	size_t at;

	if (l->n == l->room) {
		l->room = l->room ? 2 * l->room : 64;
		l->all = realloc(l->all, l->room * sizeof(*l->all));
		if (!l->all)
			abort();
	}
	s = &l->all[l->n++];
	memset(s, 0, sizeof(*s));
	memcpy(&s->m, NLMSG_DATA(nlh), sizeof(s->m));
	at = NLMSG_LENGTH(sizeof(s->m));
	while (at + NLA_HDRLEN <= nlh->nlmsg_len) {
		a = (const struct nlattr *)((const char *)nlh + at);
		if (a->nla_len < NLA_HDRLEN)
			break;
		take_attr(s, a);
		at += NLA_ALIGN(a->nla_len);
	}
}

/* All answers to a request: 0, or -1 and errno. */
static int answers(struct request *r, struct list *l)
{
	static _Alignas(8) char buf[65536];
	bool more = true;
	int fd, err = 0;

	memset(l, 0, sizeof(*l));
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (fd < 0)
		return -1;
	if (send(fd, r, r->nlh.nlmsg_len, 0) < 0)
		err = errno;
	while (more && !err) {
		ssize_t n = recv(fd, buf, sizeof(buf), 0);
		struct nlmsghdr *nlh = (struct nlmsghdr *)buf;

		if (n < 0) {
			err = errno;
			break;
		}
		for (; NLMSG_OK(nlh, n); nlh = NLMSG_NEXT(nlh, n)) {
			if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
				l->interrupted = true;
			if (nlh->nlmsg_type == NLMSG_ERROR)
				err = -((struct nlmsgerr *)NLMSG_DATA(nlh))->error;
			if (nlh->nlmsg_type == NLMSG_ERROR ||
			    nlh->nlmsg_type == NLMSG_DONE) {
				more = false;
				break;
			}
			take(l, nlh);
			more = nlh->nlmsg_flags & NLM_F_MULTI;
		}
	}
	close(fd);
	errno = err;
	return err ? -1 : 0;
}

/* Lists with these ports and states; idiag_ext asks for everything. */
static int list(const struct xt *x, struct list *l, uint32_t states,
		uint16_t sport, uint16_t dport)
{
	struct request r;

	ask(x, &r, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
	r.req.idiag_states = states;
	r.req.idiag_ext = 0xff;
	r.req.id.idiag_sport = htons(sport);
	r.req.id.idiag_dport = htons(dport);
	return answers(&r, l);
}

static int list_code(const struct xt *x, struct list *l, const void *code,
		     size_t len)
{
	struct request r;

	ask(x, &r, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
	add_code(&r, code, len);
	return answers(&r, l);
}

/* How many there are; -1: the request failed. */
static int how_many(const struct xt *x, uint32_t states)
{
	struct list l;
	int n = list(x, &l, states, 0, 0) ? -1 : (int)l.n;

	free(l.all);
	return n;
}

/* The request for the one socket that was told. */
static void ask_for(const struct xt *x, struct request *r, int type,
		    const struct seen *s)
{
	ask(x, r, type, type == SOCK_DESTROY ? NLM_F_ACK : 0);
	r->req.id = s->m.id;
}

static int look_up(const struct xt *x, const struct seen *s, struct list *l)
{
	struct request r;

	ask_for(x, &r, SOCK_DIAG_BY_FAMILY, s);
	return answers(&r, l);
}

static int destroy(const struct xt *x, const struct seen *s)
{
	struct request r;
	struct list l;
	int ret;

	ask_for(x, &r, SOCK_DESTROY, s);
	ret = answers(&r, &l);
	free(l.all);
	return ret;
}

/* The one socket of that local port and those states. */
static int only(const struct xt *x, struct seen *s, uint32_t states, int port)
{
	struct list l;
	int ret = list(x, &l, states, port, 0);

	if (!ret && l.n == 1)
		*s = l.all[0];
	else
		ret = -1;
	free(l.all);
	return ret;
}

static ino_t inode(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : st.st_ino;
}

/* ------------------------------------------------------------------ lists */

TEST_F(diag, list__tells_names_states_and_owners)
{
	struct seen a, b;
	union xt_addr to;
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(0, only(&self->x, &a, STATE(XTCP_ESTABLISHED),
			  xt_local_port(fd[0])));
	ASSERT_EQ(0, only(&self->x, &b, STATE(XTCP_ESTABLISHED),
			  xt_local_port(fd[1])));
	EXPECT_EQ(self->x.family, a.m.idiag_family);
	EXPECT_EQ(XTCP_ESTABLISHED, a.m.idiag_state);
	EXPECT_EQ(xt_peer_port(fd[0]), ntohs(a.m.id.idiag_dport));
	EXPECT_EQ(inode(fd[0]), a.m.idiag_inode);
	EXPECT_EQ(inode(fd[1]), b.m.idiag_inode);
	EXPECT_EQ(getuid(), a.m.idiag_uid);
	xt_addr(&self->x, &to, 0);
	if (self->x.family == AF_INET) {
		EXPECT_EQ(0, memcmp(&to.in.sin_addr, a.m.id.idiag_src, 4));
		EXPECT_EQ(0, memcmp(&to.in.sin_addr, a.m.id.idiag_dst, 4));
	} else {
		EXPECT_EQ(0, memcmp(&to.in6.sin6_addr, a.m.id.idiag_src, 16));
		EXPECT_EQ(0, memcmp(&to.in6.sin6_addr, a.m.id.idiag_dst, 16));
	}
	EXPECT_NE(0, memcmp(a.m.id.idiag_cookie, b.m.id.idiag_cookie, 8));
}

TEST_F(diag, list__tells_a_listener_and_its_queue)
{
	uint16_t port = 0;
	struct seen s;
	int fd, one;

	fd = xt_listener(&self->x, 7, &port);
	ASSERT_LE(0, fd);
	one = xt_socket(&self->x, 0);
	ASSERT_EQ(0, xt_connect(&self->x, one, port));
	ASSERT_EQ(POLLIN, xt_poll(fd, POLLIN, XT_SOON_MS));
	ASSERT_EQ(0, only(&self->x, &s, STATE(XTCP_LISTEN), port));
	EXPECT_EQ(1, s.m.idiag_rqueue);
	EXPECT_EQ(7, s.m.idiag_wqueue);
	EXPECT_EQ(inode(fd), s.m.idiag_inode);
	/* What waits for accept() has no file yet. */
	ASSERT_EQ(0, only(&self->x, &s, STATE(XTCP_ESTABLISHED), port));
	EXPECT_EQ(0, s.m.idiag_inode);
}

TEST_F(diag, list__tells_queues_and_numbers)
{
	struct seen s;
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(5, write(fd[0], "hello", 5));
	ASSERT_EQ(POLLIN, xt_poll(fd[1], POLLIN, XT_SOON_MS));
	ASSERT_EQ(0, only(&self->x, &s, ALL_STATES & ~STATE(XTCP_LISTEN),
			  xt_local_port(fd[1])));
	EXPECT_EQ(5, s.m.idiag_rqueue);
	EXPECT_STREQ("cubic", s.cong);
	EXPECT_TRUE(s.has_skmem);
	EXPECT_LT(0, s.skmem[SK_MEMINFO_RMEM_ALLOC]);
	EXPECT_TRUE(s.has_shutdown);
	EXPECT_TRUE(s.has_tcp);
	EXPECT_EQ(XTCP_ESTABLISHED, s.tcp.tcpi_state);
	EXPECT_EQ(5, s.tcp.tcpi_bytes_received);
	EXPECT_EQ(!xt_over_tcp(), s.has_info);
	if (s.has_info) {
		EXPECT_EQ(5, s.info.xtcpi_bytes_received);
		EXPECT_EQ(5, s.info.xtcpi_unread_bytes);
	}
}

TEST_F(diag, list__tells_time_wait)
{
	struct seen s;
	int fd[2], port;
	char c;

	XT_PAIR(fd);
	port = xt_local_port(fd[0]);
	close(fd[0]);
	ASSERT_EQ(0, read(fd[1], &c, 1));
	close(fd[1]);
	while (how_many(&self->x, STATE(XTCP_TIME_WAIT)) < 1)
		xt_sleep_ms(2);
	ASSERT_EQ(0, only(&self->x, &s, STATE(XTCP_TIME_WAIT), port));
	EXPECT_EQ(XTCP_DIAG_TIMER_TIMEWAIT, s.m.idiag_timer);
	EXPECT_LT(0, s.m.idiag_expires);
	EXPECT_GE(60000, s.m.idiag_expires);
	EXPECT_EQ(0, s.m.idiag_inode);
}

/* What another namespace has is not told. */
TEST_F(diag, list__of_this_namespace)
{
	int fd[2];

	XT_PAIR(fd);
	EXPECT_LE(2, how_many(&self->x, ALL_STATES));
	ASSERT_EQ(0, xt_new_netns());
	EXPECT_EQ(0, how_many(&self->x, ALL_STATES));
}

/* -------------------------------------------------------------- filters */

TEST_F(diag, filter__states_and_ports)
{
	struct list l;
	int fd[2];

	XT_PAIR(fd);
	EXPECT_EQ(2, how_many(&self->x, STATE(XTCP_ESTABLISHED)));
	EXPECT_EQ(0, how_many(&self->x, STATE(XTCP_SYN_SENT)));
	ASSERT_EQ(0, shutdown(fd[0], SHUT_WR));
	ASSERT_TRUE(xt_wait_state(fd[1], XTCP_CLOSE_WAIT));
	ASSERT_TRUE(xt_wait_state(fd[0], XTCP_FIN_WAIT2));
	EXPECT_EQ(1, how_many(&self->x, STATE(XTCP_CLOSE_WAIT)));
	EXPECT_EQ(1, how_many(&self->x, STATE(XTCP_FIN_WAIT2)));
	ASSERT_EQ(0, list(&self->x, &l, STATE(XTCP_FIN_WAIT2), 0,
			  xt_local_port(fd[1])));
	ASSERT_EQ(1, l.n);
	EXPECT_EQ(inode(fd[0]), l.all[0].m.idiag_inode);
	free(l.all);
	ASSERT_EQ(0, list(&self->x, &l, ALL_STATES, 9, 0));
	EXPECT_EQ(0, l.n);
	free(l.all);
}

struct port_code {
	struct inet_diag_bc_op op, port;
};

/* "sport = port" and its like, the whole program */
static struct port_code port_code(int op, int port)
{
	return (struct port_code) {
		.op = { .code = op, .yes = 8, .no = 12 },
		.port = { .code = INET_DIAG_BC_NOP, .yes = 4, .no = port },
	};
}

TEST_F(diag, filter__programs_on_ports)
{
	struct port_code c;
	struct list l;
	int fd[2], port;

	XT_PAIR(fd);
	port = xt_local_port(fd[0]);
	c = port_code(INET_DIAG_BC_S_GE, port);
	c.port.yes = 4;
	ASSERT_EQ(0, list_code(&self->x, &l, &c, sizeof(c)));
	ASSERT_LE(1, l.n);
	free(l.all);
	c = port_code(INET_DIAG_BC_D_LE, 0);
	ASSERT_EQ(0, list_code(&self->x, &l, &c, sizeof(c)));
	EXPECT_EQ(0, l.n);
	free(l.all);
}

TEST_F(diag, filter__programs_on_addresses)
{
	struct {
		struct inet_diag_bc_op op;
		struct inet_diag_hostcond cond;
		uint32_t addr[4];
	} c = {
		.op = { .code = INET_DIAG_BC_D_COND },
		.cond = { .family = self->x.family, .port = -1 },
	};
	size_t len = sizeof(c.op) + sizeof(c.cond);
	union xt_addr to;
	struct list l;
	int fd[2];

	XT_PAIR(fd);
	xt_addr(&self->x, &to, 0);
	if (self->x.family == AF_INET) {
		memcpy(c.addr, &to.in.sin_addr, 4);
		c.cond.prefix_len = 8;
		len += 4;
	} else {
		memcpy(c.addr, &to.in6.sin6_addr, 16);
		c.cond.prefix_len = 128;
		len += 16;
	}
	c.op.yes = len;
	c.op.no = len + 4;
	c.cond.port = xt_local_port(fd[1]);
	ASSERT_EQ(0, list_code(&self->x, &l, &c, len));
	ASSERT_EQ(1, l.n);
	EXPECT_EQ(inode(fd[0]), l.all[0].m.idiag_inode);
	free(l.all);
	((uint8_t *)c.addr)[0] ^= 1;
	ASSERT_EQ(0, list_code(&self->x, &l, &c, len));
	EXPECT_EQ(0, l.n);
	free(l.all);
}

/* Jumps that lead nowhere, what is cut off, what does not exist. */
TEST_F(diag, filter__nonsense_is_refused)
{
	struct port_code good = port_code(INET_DIAG_BC_S_GE, 1), c;
	struct inet_diag_bc_op op = { .code = 200, .yes = 4, .no = 8 };
	struct list l;

	ASSERT_EQ(0, list_code(&self->x, &l, &good, sizeof(good)));
	free(l.all);
	EXPECT_FAILS(EINVAL, list_code(&self->x, &l, &good, 4));
	EXPECT_FAILS(EINVAL, list_code(&self->x, &l, &op, sizeof(op)));
	op = (struct inet_diag_bc_op) { INET_DIAG_BC_JMP, 4, 400 };
	EXPECT_FAILS(EINVAL, list_code(&self->x, &l, &op, sizeof(op)));
	op.no = 0;	/* for ever */
	EXPECT_FAILS(EINVAL, list_code(&self->x, &l, &op, sizeof(op)));
	c = good;
	c.op.no = 6;
	EXPECT_FAILS(EINVAL, list_code(&self->x, &l, &c, sizeof(c)));
	c = good;
	c.op.code = INET_DIAG_BC_S_COND;
	EXPECT_FAILS(EINVAL, list_code(&self->x, &l, &c, sizeof(c)));
}

/* --------------------------------------------------------- one by its name */

TEST_F(diag, lookup__by_name_and_cookie)
{
	uint16_t port = 0;
	struct seen s;
	struct list l;
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(0, only(&self->x, &s, STATE(XTCP_ESTABLISHED),
			  xt_local_port(fd[0])));
	ASSERT_EQ(0, look_up(&self->x, &s, &l));
	ASSERT_EQ(1, l.n);
	EXPECT_EQ(inode(fd[0]), l.all[0].m.idiag_inode);
	free(l.all);
	s.m.id.idiag_cookie[0] ^= 1;
	EXPECT_EQ(-1, look_up(&self->x, &s, &l));
	s.m.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
	s.m.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	ASSERT_EQ(0, look_up(&self->x, &s, &l));
	EXPECT_EQ(1, l.n);
	free(l.all);
	s.m.id.idiag_sport ^= htons(1);
	EXPECT_FAILS(ENOENT, look_up(&self->x, &s, &l));

	ASSERT_LE(0, xt_listener(&self->x, 1, &port));
	ASSERT_EQ(0, only(&self->x, &s, STATE(XTCP_LISTEN), port));
	ASSERT_EQ(0, look_up(&self->x, &s, &l));
	ASSERT_EQ(1, l.n);
	EXPECT_EQ(XTCP_LISTEN, l.all[0].m.idiag_state);
	free(l.all);
}

TEST_F(diag, request__of_another_kind_is_refused)
{
	struct request r;
	struct list l;

	ask(&self->x, &r, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
	r.nlh.nlmsg_len = NLMSG_LENGTH(sizeof(r.req) - 4);
	EXPECT_FAILS(EINVAL, answers(&r, &l));
	if (xt_over_tcp())
		return;
	ask(&self->x, &r, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
	r.req.sdiag_protocol = 99;
	EXPECT_FAILS(ENOENT, answers(&r, &l));
	ask(&self->x, &r, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
	r.req.pad = AF_UNIX;
	EXPECT_FAILS(EAFNOSUPPORT, answers(&r, &l));
}

/* ----------------------------------------------------------------- ending */

TEST_F(diag, destroy__ends_both_ends)
{
	struct seen s;
	int fd[2];
	char c;

	XT_PAIR(fd);
	ASSERT_EQ(0, only(&self->x, &s, STATE(XTCP_ESTABLISHED),
			  xt_local_port(fd[0])));
	ASSERT_EQ(0, destroy(&self->x, &s));
	EXPECT_FAILS(ECONNABORTED, read(fd[0], &c, 1));
	EXPECT_FAILS(ECONNRESET, read(fd[1], &c, 1));
	EXPECT_EQ(0, how_many(&self->x, ALL_STATES & ~STATE(XTCP_LISTEN)));
	EXPECT_EQ(-1, destroy(&self->x, &s));
	if (!xt_over_tcp())
		EXPECT_EQ(1, xt_counter("AbortOnRequest"));
}

static int accept_one(struct xt_thread *t)
{
	return accept(t->fd, NULL, NULL);
}

/* A thread in accept() returns, and who waited to be accepted is reset. */
TEST_F(diag, destroy__ends_a_listener)
{
	struct xt_thread t = {};
	uint16_t port = 0;
	struct seen s;
	int fd;

	fd = xt_listener(&self->x, 1, &port);
	ASSERT_LE(0, fd);
	t.fd = fd;
	ASSERT_EQ(0, xt_thread_start(&t, accept_one));
	ASSERT_TRUE(xt_thread_blocks(&t));
	ASSERT_EQ(0, only(&self->x, &s, STATE(XTCP_LISTEN), port));
	ASSERT_EQ(0, destroy(&self->x, &s));
	EXPECT_FAILS(EINVAL, xt_thread_join(&t));
	EXPECT_EQ(0, how_many(&self->x, ALL_STATES));
	EXPECT_FAILS(ECONNREFUSED,
		     xt_connect(&self->x, xt_socket(&self->x, 0), port));
}

TEST_F(diag, destroy__ends_time_wait)
{
	struct seen s;
	int fd[2], port;
	char c;

	XT_PAIR(fd);
	port = xt_local_port(fd[0]);
	close(fd[0]);
	ASSERT_EQ(0, read(fd[1], &c, 1));
	close(fd[1]);
	while (how_many(&self->x, STATE(XTCP_TIME_WAIT)) < 1)
		xt_sleep_ms(2);
	ASSERT_EQ(0, only(&self->x, &s, STATE(XTCP_TIME_WAIT), port));
	ASSERT_EQ(0, destroy(&self->x, &s));
	EXPECT_EQ(0, how_many(&self->x, STATE(XTCP_TIME_WAIT)));
}

/* A socket that no program holds any more, with data that nobody takes. */
TEST_F(diag, destroy__ends_an_orphan)
{
	static const char block[65536];
	struct seen s;
	int fd[2], port;

	XT_PAIR(fd);
	port = xt_local_port(fd[0]);
	ASSERT_EQ(0, xt_nonblock(fd[0], true));
	while (write(fd[0], block, sizeof(block)) > 0)
		;
	close(fd[0]);
	ASSERT_EQ(0, only(&self->x, &s, STATE(XTCP_FIN_WAIT1), port));
	EXPECT_EQ(0, s.m.idiag_inode);
	EXPECT_LT(0, s.m.idiag_wqueue);
	ASSERT_EQ(0, destroy(&self->x, &s));
	EXPECT_EQ(0, how_many(&self->x, STATE(XTCP_FIN_WAIT1)));
}

static int drop_net_admin(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct caps[2];

	if (syscall(SYS_capget, &head, caps))
		return -1;
	caps[0].effective &= ~(1u << CAP_NET_ADMIN);
	return syscall(SYS_capset, &head, caps);
}

/* Listing is for everybody; ending, and marks, are not. */
TEST_F(diag, destroy__needs_a_capability)
{
	struct {
		struct inet_diag_bc_op op;
		struct inet_diag_markcond cond;
	} c = {
		.op = { .code = INET_DIAG_BC_MARK_COND, .yes = 12, .no = 16 },
		.cond = { .mark = 5, .mask = 0xff },
	};
	struct seen s;
	struct list l;
	int fd[2];

	XT_PAIR(fd);
	ASSERT_EQ(0, xt_set(fd[0], SOL_SOCKET, SO_MARK, 5));
	ASSERT_EQ(0, list_code(&self->x, &l, &c, sizeof(c)));
	ASSERT_EQ(1, l.n);
	EXPECT_EQ(inode(fd[0]), l.all[0].m.idiag_inode);
	free(l.all);
	ASSERT_EQ(0, drop_net_admin());
	EXPECT_FAILS(EPERM, list_code(&self->x, &l, &c, sizeof(c)));
	ASSERT_EQ(0, only(&self->x, &s, STATE(XTCP_ESTABLISHED),
			  xt_local_port(fd[0])));
	EXPECT_FALSE(s.has_mark);
	EXPECT_FAILS(EPERM, destroy(&self->x, &s));
	EXPECT_EQ(1, write(fd[0], "x", 1));
}

/* ----------------------------------------------------------------- crowds */

#define CROWD	400

static int come_and_go(struct xt_thread *t)
{
	struct linger at_once = { .l_onoff = 1 };
	struct xt x;
	int fd[2], i;

	xt_door(&x, t->seed);
	for (i = 0; i < (int)t->len; i++) {
		if (xt_pair(&x, fd))
			return -1;
		if (i % 2)
			setsockopt(fd[0], SOL_SOCKET, SO_LINGER, &at_once,
				   sizeof(at_once));
		close(fd[0]);
		close(fd[1]);
	}
	t->done = true;
	return 0;
}

/* Lists, and ends what it listed, while others open and close. */
TEST_F(diag, crowd__while_they_come_and_go)
{
	struct xt_thread t[2] = {};
	struct list l;
	size_t i;
	int k;

	for (k = 0; k < 2; k++) {
		t[k].seed = self->x.door;
		t[k].len = xt_scaled(CROWD);
		ASSERT_EQ(0, xt_thread_start(&t[k], come_and_go));
	}
	do {
		ASSERT_EQ(0, list(&self->x, &l, ALL_STATES, 0, 0));
		for (i = 0; i < l.n; i += 3)
			if (l.all[i].m.idiag_state == XTCP_TIME_WAIT)
				destroy(&self->x, &l.all[i]);
		free(l.all);
		xt_sleep_ms(1);
	} while (!t[0].done && !t[1].done);
	for (k = 0; k < 2; k++)
		EXPECT_EQ(0, xt_thread_join(&t[k]));
}

/* Every one of many, once, over many reads of the listing. */
TEST_F(diag, crowd__each_is_told_once)
{
	struct rlimit files = { .rlim_cur = 4096, .rlim_max = 4096 };
	size_t i, n = 2 * CROWD, told = 0;
	static bool seen[65536];
	struct list l;
	int fd[2];

	memset(seen, 0, sizeof(seen));
	setrlimit(RLIMIT_NOFILE, &files);
	for (i = 0; i < n / 2; i++)
		XT_PAIR(fd);
	ASSERT_EQ(0, list(&self->x, &l, STATE(XTCP_ESTABLISHED), 0, 0));
	for (i = 0; i < l.n; i++) {
		uint32_t c = l.all[i].m.id.idiag_cookie[0] & 0xffff;

		told += !seen[c];
		seen[c] = true;
	}
	EXPECT_EQ(n, told);
	if (!l.interrupted)
		EXPECT_EQ(n, l.n);
	free(l.all);
}

TEST_HARNESS_MAIN
