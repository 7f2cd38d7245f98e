// SPDX-License-Identifier: GPL-2.0
/*
 * Filters of socket listings.  A program is a row of operations, 4 bytes each
 * plus operands.  An operation asks something and goes on @yes or @no bytes
 * further; whoever arrives exactly at the end passes, who goes beyond does not.
 *
 * xtcp_filter_check() has seen each program before it runs: every operation is
 * whole, and every jump goes forward to the begin of another one, to the end, or
 * one operation beyond.
 */
#include <linux/bitmap.h>
#include <linux/errno.h>
#include <linux/inet_diag.h>
#include <linux/inetdevice.h>
#include <net/ipv6.h>

#include "filter.h"

#define XTCP_OP_LEN	sizeof(struct inet_diag_bc_op)
#define XTCP_OPS_MAX	(XTCP_FILTER_MAX / XTCP_OP_LEN)

/* The operand follows the operation. */
static const void *xtcp_operand(const struct inet_diag_bc_op *op)
{
	return op + 1;
}

/* Bytes of a condition on an address; 0: not whole, or senseless. */
static unsigned int xtcp_hostcond_len(const struct inet_diag_hostcond *c,
				      unsigned int left)
{
	unsigned int bytes;

	if (left < sizeof(*c))
		return 0;
	switch (c->family) {
	case AF_UNSPEC:
		bytes = 0;
		break;
	case AF_INET:
		bytes = sizeof(struct in_addr);
		break;
	case AF_INET6:
		bytes = sizeof(struct in6_addr);
		break;
	default:
		return 0;
	}
	if (c->prefix_len > 8 * bytes || left < sizeof(*c) + bytes)
		return 0;
	return sizeof(*c) + bytes;
}

/* Bytes of an operation with its operand; 0: no such operation, or cut off. */
static unsigned int xtcp_op_len(const struct inet_diag_bc_op *op,
				unsigned int left, bool may_ask_mark)
{
	unsigned int operand = 0;

	switch (op->code) {
	case INET_DIAG_BC_NOP:
	case INET_DIAG_BC_JMP:
	case INET_DIAG_BC_AUTO:
		return XTCP_OP_LEN;
	case INET_DIAG_BC_S_EQ:
	case INET_DIAG_BC_S_GE:
	case INET_DIAG_BC_S_LE:
	case INET_DIAG_BC_D_EQ:
	case INET_DIAG_BC_D_GE:
	case INET_DIAG_BC_D_LE:
		operand = XTCP_OP_LEN;	/* the port is in the next one's no */
		break;
	case INET_DIAG_BC_S_COND:
	case INET_DIAG_BC_D_COND:
		operand = xtcp_hostcond_len(xtcp_operand(op),
					    left - XTCP_OP_LEN);
		break;
	case INET_DIAG_BC_DEV_COND:
		operand = sizeof(u32);
		break;
	case INET_DIAG_BC_MARK_COND:
		if (may_ask_mark)
			operand = sizeof(struct inet_diag_markcond);
		break;
	}
	if (!operand || operand > left - XTCP_OP_LEN)
		return 0;
	return XTCP_OP_LEN + operand;
}

static bool xtcp_jump_ok(const unsigned long *begins, unsigned int at,
			 unsigned int by, unsigned int len)
{
	unsigned int to = at + by;

	if (!by || by % XTCP_OP_LEN)
		return false;
	if (to == len || to == len + XTCP_OP_LEN)
		return true;
	return to < len && test_bit(to / XTCP_OP_LEN, begins);
}

/**
 * xtcp_filter_check - is that a program?
 * @code: it, from user space, aligned to 4 bytes
 * @len: its bytes
 * @may_ask_mark: whoever sent it may see marks
 *
 * Return: 0; -EINVAL; -EPERM for a mark that must not be asked for.
 */
int xtcp_filter_check(const void *code, unsigned int len, bool may_ask_mark)
{
	DECLARE_BITMAP(begins, XTCP_OPS_MAX) = {};
	const struct inet_diag_bc_op *op;
	unsigned int at, step;

	if (!len || len > XTCP_FILTER_MAX || len % XTCP_OP_LEN)
		return -EINVAL;
	for (at = 0; at < len; at += step) {
		op = code + at;
		if (op->code == INET_DIAG_BC_MARK_COND && !may_ask_mark)
			return -EPERM;
		step = xtcp_op_len(op, len - at, may_ask_mark);
		if (!step)
			return -EINVAL;
		__set_bit(at / XTCP_OP_LEN, begins);
	}
	for_each_set_bit(at, begins, XTCP_OPS_MAX) {
		unsigned int where = at * XTCP_OP_LEN;

		op = code + where;
		if (op->code != INET_DIAG_BC_JMP &&
		    !xtcp_jump_ok(begins, where, op->yes, len))
			return -EINVAL;
		if (op->code != INET_DIAG_BC_NOP &&
		    !xtcp_jump_ok(begins, where, op->no, len))
			return -EINVAL;
	}
	return 0;
}

static bool xtcp_host_matches(const struct inet_diag_hostcond *c,
			      const struct in6_addr *addr, u16 port, bool ipv4)
{
	bool v4 = ipv4 || ipv6_addr_v4mapped(addr);
	struct in6_addr want;

	if (c->port != -1 && c->port != port)
		return false;
	switch (c->family) {
	case AF_INET:
		if (!v4)
			return false;
		/* An IPv4 socket without an address has that of IPv6: zeros. */
		if (ipv6_addr_any(addr))
			ipv6_addr_set_v4mapped(0, &want);
		else
			want = *addr;
		return !((want.s6_addr32[3] ^ c->addr[0]) &
			 inet_make_mask(c->prefix_len));
	case AF_INET6:
		memcpy(&want, c->addr, sizeof(want));
		if (ipv4 && !ipv6_addr_v4mapped(&want))
			return false;
		return ipv6_prefix_equal(addr, &want, c->prefix_len);
	default:
		return true;
	}
}

static bool xtcp_op_true(const struct inet_diag_bc_op *op,
			 const struct xtcp_filter_facts *f)
{
	const struct inet_diag_markcond *mark;

	switch (op->code) {
	case INET_DIAG_BC_NOP:
		return true;
	case INET_DIAG_BC_S_EQ:
		return f->lport == op[1].no;
	case INET_DIAG_BC_S_GE:
		return f->lport >= op[1].no;
	case INET_DIAG_BC_S_LE:
		return f->lport <= op[1].no;
	case INET_DIAG_BC_D_EQ:
		return f->fport == op[1].no;
	case INET_DIAG_BC_D_GE:
		return f->fport >= op[1].no;
	case INET_DIAG_BC_D_LE:
		return f->fport <= op[1].no;
	case INET_DIAG_BC_AUTO:
		return f->autobound;
	case INET_DIAG_BC_S_COND:
		return xtcp_host_matches(xtcp_operand(op), &f->laddr, f->lport,
					 f->ipv4);
	case INET_DIAG_BC_D_COND:
		return xtcp_host_matches(xtcp_operand(op), &f->faddr, f->fport,
					 f->ipv4);
	case INET_DIAG_BC_DEV_COND:
		return f->ifindex == *(const u32 *)xtcp_operand(op);
	case INET_DIAG_BC_MARK_COND:
		mark = xtcp_operand(op);
		return (f->mark & mark->mask) == mark->mark;
	default:	/* JMP */
		return false;
	}
}

/**
 * xtcp_filter_run - does a socket pass?
 * @code: program that xtcp_filter_check() took
 * @len: its bytes
 * @f: of the socket
 */
bool xtcp_filter_run(const void *code, unsigned int len,
		     const struct xtcp_filter_facts *f)
{
	unsigned int at = 0;

	while (at < len) {
		const struct inet_diag_bc_op *op = code + at;

		at += xtcp_op_true(op, f) ? op->yes : op->no;
	}
	return at == len;
}
