// SPDX-License-Identifier: GPL-2.0
/* Filters of socket listings: ../filter.c */
#include "xtcp_kunit.h"
#include "../filter.c"

static const struct xtcp_filter_facts facts = {
	.laddr = { .s6_addr = { [10] = 0xff, [11] = 0xff, 10, 1, 2, 3 } },
	.faddr = { .s6_addr = { [10] = 0xff, [11] = 0xff, 10, 1, 9, 9 } },
	.lport = 7000,
	.fport = 40000,
	.ipv4 = true,
	.mark = 0x15,
};

struct port_op {
	struct inet_diag_bc_op op, port;
};

struct host_op {
	struct inet_diag_bc_op op;
	struct inet_diag_hostcond cond;
	__be32 addr[4];
};

static struct port_op port_op(u8 code, u16 port)
{
	return (struct port_op) {
		{ code, 8, 12 }, { INET_DIAG_BC_NOP, 4, port },
	};
}

static bool port_passes(u8 code, u16 port)
{
	struct port_op p = port_op(code, port);

	return !xtcp_filter_check(&p, sizeof(p), false) &&
	       xtcp_filter_run(&p, sizeof(p), &facts);
}

static void filter__ports(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, port_passes(INET_DIAG_BC_S_EQ, 7000));
	KUNIT_EXPECT_FALSE(test, port_passes(INET_DIAG_BC_S_EQ, 7001));
	KUNIT_EXPECT_TRUE(test, port_passes(INET_DIAG_BC_S_GE, 7000));
	KUNIT_EXPECT_FALSE(test, port_passes(INET_DIAG_BC_S_GE, 7001));
	KUNIT_EXPECT_TRUE(test, port_passes(INET_DIAG_BC_S_LE, 7000));
	KUNIT_EXPECT_FALSE(test, port_passes(INET_DIAG_BC_S_LE, 6999));
	KUNIT_EXPECT_TRUE(test, port_passes(INET_DIAG_BC_D_EQ, 40000));
	KUNIT_EXPECT_FALSE(test, port_passes(INET_DIAG_BC_D_LE, 39999));
	KUNIT_EXPECT_FALSE(test, port_passes(INET_DIAG_BC_D_GE, 40001));
}

/* "src 10.1.255.255/@bits" */
static bool prefix_passes(u8 bits)
{
	struct host_op h = {
		.cond = { .family = AF_INET, .prefix_len = bits, .port = -1 },
		.addr = { htonl(0x0a01ffff) },
	};
	unsigned int len = offsetof(struct host_op, addr[1]);

	h.op = (struct inet_diag_bc_op) { INET_DIAG_BC_S_COND, len, len + 4 };
	return !xtcp_filter_check(&h, len, false) &&
	       xtcp_filter_run(&h, len, &facts);
}

static void filter__prefixes(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, prefix_passes(0));
	KUNIT_EXPECT_TRUE(test, prefix_passes(8));
	KUNIT_EXPECT_TRUE(test, prefix_passes(16));
	KUNIT_EXPECT_FALSE(test, prefix_passes(17));
	KUNIT_EXPECT_FALSE(test, prefix_passes(32));
	KUNIT_EXPECT_FALSE(test, prefix_passes(33));	/* refused */
}

/* A or not A: every path through a jump ends well. */
static void filter__jumps(struct kunit *test)
{
	struct {
		struct port_op a;
		struct inet_diag_bc_op jump;
		struct port_op b;
	} p = {
		port_op(INET_DIAG_BC_S_EQ, 7000),
		{ INET_DIAG_BC_JMP, 4, 12 },
		port_op(INET_DIAG_BC_S_EQ, 1),
	};

	KUNIT_EXPECT_EQ(test, 0, xtcp_filter_check(&p, sizeof(p), false));
	KUNIT_EXPECT_TRUE(test, xtcp_filter_run(&p, sizeof(p), &facts));
	p.a = port_op(INET_DIAG_BC_S_EQ, 2);
	KUNIT_EXPECT_FALSE(test, xtcp_filter_run(&p, sizeof(p), &facts));
	p.b = port_op(INET_DIAG_BC_D_EQ, 40000);
	KUNIT_EXPECT_TRUE(test, xtcp_filter_run(&p, sizeof(p), &facts));
	/* Into an operand, back, nowhere. */
	p.jump.no = 8;
	KUNIT_EXPECT_EQ(test, -EINVAL, xtcp_filter_check(&p, sizeof(p), false));
	p.jump.no = 0;
	KUNIT_EXPECT_EQ(test, -EINVAL, xtcp_filter_check(&p, sizeof(p), false));
	p.jump.no = 20;
	KUNIT_EXPECT_EQ(test, -EINVAL, xtcp_filter_check(&p, sizeof(p), false));
	p.jump.no = 16;	/* does not pass: well-formed */
	KUNIT_EXPECT_EQ(test, 0, xtcp_filter_check(&p, sizeof(p), false));
}

static void filter__marks(struct kunit *test)
{
	struct {
		struct inet_diag_bc_op op;
		struct inet_diag_markcond cond;
	} m = {
		{ INET_DIAG_BC_MARK_COND, 12, 16 }, { 0x5, 0xf },
	};

	KUNIT_EXPECT_EQ(test, -EPERM, xtcp_filter_check(&m, sizeof(m), false));
	KUNIT_EXPECT_EQ(test, 0, xtcp_filter_check(&m, sizeof(m), true));
	KUNIT_EXPECT_TRUE(test, xtcp_filter_run(&m, sizeof(m), &facts));
	m.cond.mask = 0xff;
	KUNIT_EXPECT_FALSE(test, xtcp_filter_run(&m, sizeof(m), &facts));
}

/* Whatever passes the check ends: no jump goes back, none reads beyond. */
static void filter__chance_ends(struct kunit *test)
{
	unsigned int i, n, taken = 0;
	u32 code[8], rnd = 1;

	for (n = 0; n < XTCP_TEST_ROUNDS; n++) {
		/* Small numbers, so that some make sense. */
		for (i = 0; i < ARRAY_SIZE(code); i++)
			code[i] = test_rnd_below(&rnd, 4) |
				  (4 + 4 * test_rnd_below(&rnd, 2)) << 8 |
				  (4 + 4 * test_rnd_below(&rnd, 3)) << 16;
		if (xtcp_filter_check(code, sizeof(code), true))
			continue;
		taken++;
		xtcp_filter_run(code, sizeof(code), &facts);
	}
	KUNIT_EXPECT_GT(test, taken, 0u);
}

static struct kunit_case filter_cases[] = {
	KUNIT_CASE(filter__ports),
	KUNIT_CASE(filter__prefixes),
	KUNIT_CASE(filter__jumps),
	KUNIT_CASE(filter__marks),
	KUNIT_CASE(filter__chance_ends),
	{}
};

static struct kunit_suite filter_suite = {
	.name = "xtcp_filter",
	.test_cases = filter_cases,
};

kunit_test_suites(&filter_suite);
