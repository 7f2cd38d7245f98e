// SPDX-License-Identifier: GPL-2.0
/* The kernel's answers. */
#include <err.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "xss.h"

/* As much as the kernel puts into one answer of a dump at most, and some. */
#define BUFFER_LEN	65536

static struct mnl_socket *door;
static _Alignas(8) unsigned char buffer[BUFFER_LEN];
static unsigned int port_id, sequence;

/* A number from the module's parameters, where /sys is there to be read. */
static int parameter(const char *name, int otherwise)
{
	char path[64];
	FILE *f;
	int n;

	snprintf(path, sizeof(path), "/sys/module/xtcp/parameters/%s", name);
	f = fopen(path, "r");
	if (!f)
		return otherwise;
	if (fscanf(f, "%d", &n) != 1)
		n = otherwise;
	fclose(f);
	return n;
}

void *must_alloc(void *old, size_t size)
{
	void *p = realloc(old, size);

	if (!p)
		err(1, NULL);
	return p;
}

void ask_open(void)
{
	door = mnl_socket_open(NETLINK_SOCK_DIAG);
	if (!door || mnl_socket_bind(door, 0, MNL_SOCKET_AUTOPID) < 0)
		err(1, "netlink");
	port_id = mnl_socket_get_portid(door);
}

static struct nlmsghdr *request(int type, int flags, struct inet_diag_req_v2 **req)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buffer);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++sequence;
	*req = mnl_nlmsg_put_extra_header(nlh, sizeof(**req));
	memset(*req, 0, sizeof(**req));
	(*req)->sdiag_family = parameter("family", AF_XTCP);
	(*req)->sdiag_protocol = parameter("protocol", IPPROTO_XTCP);
	return nlh;
}

static void take_attribute(struct entry *e, const struct nlattr *a)
{
	size_t len = mnl_attr_get_payload_len(a);
	const void *data = mnl_attr_get_payload(a);

#define MIN_LEN(to) (len < sizeof(to) ? len : sizeof(to))
	switch (mnl_attr_get_type(a)) {
	case XTCP_DIAG_INFO:
		/* An older module tells less, a newer one more. */
		e->info = must_alloc(NULL, sizeof(*e->info));
		memset(e->info, 0, sizeof(*e->info));
		memcpy(e->info, data, MIN_LEN(*e->info));
		break;
	case INET_DIAG_SKMEMINFO:
		memcpy(e->skmem, data, MIN_LEN(e->skmem));
		e->has_skmem = true;
		break;
	case INET_DIAG_CONG:
		memcpy(e->cong, data, MIN_LEN(e->cong));
		e->cong[sizeof(e->cong) - 1] = '\0';
		break;
	case INET_DIAG_MARK:
		memcpy(&e->mark, data, MIN_LEN(e->mark));
		e->has_mark = true;
		break;
	case INET_DIAG_SHUTDOWN:
		memcpy(&e->shutdown, data, MIN_LEN(e->shutdown));
		break;
	case INET_DIAG_SKV6ONLY:
		memcpy(&e->v6only, data, MIN_LEN(e->v6only));
		break;
	}
}

static void take(struct entries *to, const struct nlmsghdr *nlh)
{
	const struct nlattr *a;
	struct entry *e;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(e->m))
		return;
	if (to->n == to->room) {
		to->room = to->room ? 2 * to->room : 64;
		to->all = must_alloc(to->all, to->room * sizeof(*to->all));
	}
	e = &to->all[to->n++];
	memset(e, 0, sizeof(*e));
	memcpy(&e->m, mnl_nlmsg_get_payload(nlh), sizeof(e->m));
	mnl_attr_for_each(a, nlh, sizeof(e->m))
		take_attribute(e, a);
}

/* Whether more is to come; @again: the table changed, some come twice. */
static bool answered(struct entries *to, size_t len, int *error, bool *again)
{
	const struct nlmsghdr *nlh = (const void *)buffer;
	int left = len;

	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

		if (nlh->nlmsg_seq != sequence)
			continue;
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
			*again = true;
		if (nlh->nlmsg_type == NLMSG_DONE)
			return false;
		if (nlh->nlmsg_type == NLMSG_ERROR) {
			*error = -e->error;
			return false;
		}
		if (to)
			take(to, nlh);
	}
	return true;
}

/* Sends what stands in the buffer and takes the answers; an errno. */
static int talk(struct nlmsghdr *nlh, struct entries *to, bool *again)
{
	int error = 0;
	ssize_t n;

	if (mnl_socket_sendto(door, nlh, nlh->nlmsg_len) < 0)
		return errno;
	do {
		n = mnl_socket_recvfrom(door, buffer, sizeof(buffer));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
	} while (answered(to, n, &error, again));
	return error;
}

static int by_identity(const void *one, const void *other)
{
	const struct entry *a = one, *b = other;
	int order = memcmp(a->m.id.idiag_cookie, b->m.id.idiag_cookie,
			   sizeof(a->m.id.idiag_cookie));

	return order ? order : memcmp(&a->m.id, &b->m.id, sizeof(a->m.id));
}

static void drop_doubles(struct entries *e)
{
	size_t i, n = 0;

	qsort(e->all, e->n, sizeof(*e->all), by_identity);
	for (i = 0; i < e->n; i++) {
		if (n && !by_identity(&e->all[i], &e->all[n - 1]))
			free(e->all[i].info);
		else
			e->all[n++] = e->all[i];
	}
	e->n = n;
}

void ask(const struct question *q, struct entries *to)
{
	struct inet_diag_req_v2 *req;
	struct nlmsghdr *nlh;
	bool again = false;
	int error;

	memset(to, 0, sizeof(*to));
	nlh = request(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &req);
	req->pad = q->ip;
	req->idiag_states = q->states;
	req->idiag_ext = q->ext;
	if (q->code_len)
		mnl_attr_put(nlh, INET_DIAG_REQ_BYTECODE, q->code_len, q->code);
	error = talk(nlh, to, &again);
	if (error == ENOENT)
		errx(1, "no XTCP here: is the module xtcp loaded?");
	if (error) {
		errno = error;
		err(1, "the kernel refuses");
	}
	if (again)
		drop_doubles(to);
}

void entries_free(struct entries *e)
{
	size_t i;

	for (i = 0; i < e->n; i++)
		free(e->all[i].info);
	free(e->all);
}

/* 0, or the errno of why not. */
int ask_to_end(const struct entry *e)
{
	struct inet_diag_req_v2 *req;
	struct nlmsghdr *nlh;
	bool again;

	nlh = request(SOCK_DESTROY, NLM_F_ACK, &req);
	req->pad = e->m.idiag_family;
	req->id = e->m.id;
	return talk(nlh, NULL, &again);
}
