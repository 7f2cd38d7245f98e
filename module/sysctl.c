// SPDX-License-Identifier: GPL-2.0
/*
 * net.xtcp.*: a namespace's settings.  Documentation/sysctl.rst describes
 * each with unit, range and default.
 */
#include <linux/sysctl.h>
#include <net/sock.h>

#include "compat.h"
#include "cong.h"
#include "netns.h"

#define XTCP_AVAILABLE_MAX	256	/* bytes of all controllers' names */

static int xtcp_one = 1;
static int xtcp_max_retries = 255;
static int xtcp_max_syn_retries = 127;
static int xtcp_max_seconds = 24 * 60 * 60;
static int xtcp_min_buf = SOCK_MIN_SNDBUF;

static int xtcp_sysctl_congestion(XTCP_CTL_CONST struct ctl_table *ctl,
				  int write, void *buffer, size_t *lenp,
				  loff_t *ppos)
{
	struct xtcp_net *xn = ctl->extra1;
	const struct xtcp_cong_ops *ops, *old;
	char name[XTCP_CA_NAME_MAX];
	struct ctl_table tbl = {
		.data	= name,
		.maxlen	= sizeof(name),
	};
	int err;

	spin_lock_bh(&xn->cong_lock);
	strscpy(name, xn->cong->name, sizeof(name));
	spin_unlock_bh(&xn->cong_lock);
	err = proc_dostring(&tbl, write, buffer, lenp, ppos);
	if (err || !write)
		return err;

	ops = xtcp_cong_get(name);
	if (!ops)
		return -ENOENT;
	spin_lock_bh(&xn->cong_lock);
	old = xn->cong;
	xn->cong = ops;
	spin_unlock_bh(&xn->cong_lock);
	xtcp_cong_put(old);
	return 0;
}

static int xtcp_sysctl_available(XTCP_CTL_CONST struct ctl_table *ctl,
				 int write, void *buffer, size_t *lenp,
				 loff_t *ppos)
{
	char names[XTCP_AVAILABLE_MAX];
	struct ctl_table tbl = {
		.data	= names,
		.maxlen	= sizeof(names),
	};

	xtcp_cong_list(names, sizeof(names));
	return proc_dostring(&tbl, write, buffer, lenp, ppos);
}

/* In the template, data is the offset in struct xtcp_net. */
#define XTCP_AT(field)	((void *)offsetof(struct xtcp_net, sysctl_##field))

#define XTCP_INT(name, field, min, max)					\
	{								\
		.procname	= name,					\
		.data		= XTCP_AT(field),			\
		.maxlen		= sizeof(int),				\
		.mode		= 0644,					\
		.proc_handler	= proc_dointvec_minmax,			\
		.extra1		= min,					\
		.extra2		= max,					\
	}

static const struct ctl_table xtcp_sysctl_template[] = {
	XTCP_INT("syn_retries", syn_retries, &xtcp_one, &xtcp_max_syn_retries),
	XTCP_INT("synack_rate", synack_rate, SYSCTL_ZERO, SYSCTL_INT_MAX),
	XTCP_INT("retries2", retries2, &xtcp_one, &xtcp_max_retries),
	XTCP_INT("orphan_retries", orphan_retries, &xtcp_one,
		 &xtcp_max_retries),
	XTCP_INT("fin_timeout", fin_timeout_s, &xtcp_one, &xtcp_max_seconds),
	XTCP_INT("time_wait", time_wait_s, &xtcp_one, &xtcp_max_seconds),
	XTCP_INT("max_tw_buckets", max_tw_buckets, SYSCTL_ZERO,
		 SYSCTL_INT_MAX),
	XTCP_INT("max_orphans", max_orphans, SYSCTL_ZERO, SYSCTL_INT_MAX),
	XTCP_INT("keepalive_time", keepalive_time_s, &xtcp_one,
		 &xtcp_max_seconds),
	XTCP_INT("keepalive_intvl", keepalive_intvl_s, &xtcp_one,
		 &xtcp_max_seconds),
	XTCP_INT("keepalive_probes", keepalive_probes, &xtcp_one,
		 &xtcp_max_syn_retries),
	XTCP_INT("challenge_ack_rate", challenge_ack_rate, SYSCTL_ZERO,
		 SYSCTL_INT_MAX),
	XTCP_INT("abort_on_overflow", abort_on_overflow, SYSCTL_ZERO,
		 SYSCTL_ONE),
	XTCP_INT("moderate_rcvbuf", moderate_rcvbuf, SYSCTL_ZERO, SYSCTL_ONE),
	XTCP_INT("ecn", ecn, SYSCTL_ZERO, SYSCTL_TWO),
	{
		.procname	= "rmem",
		.data		= XTCP_AT(rmem),
		.maxlen		= 3 * sizeof(int),
		.mode		= 0644,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= &xtcp_min_buf,
	},
	{
		.procname	= "wmem",
		.data		= XTCP_AT(wmem),
		.maxlen		= 3 * sizeof(int),
		.mode		= 0644,
		.proc_handler	= proc_dointvec_minmax,
		.extra1		= &xtcp_min_buf,
	},
	{
		.procname	= "congestion_control",
		.maxlen		= XTCP_CA_NAME_MAX,
		.mode		= 0644,
		.proc_handler	= xtcp_sysctl_congestion,
	},
	{
		.procname	= "available_congestion_control",
		.maxlen		= XTCP_AVAILABLE_MAX,
		.mode		= 0444,
		.proc_handler	= xtcp_sysctl_available,
	},
	/* The last one is for the initial namespace: it is everybody's. */
	{
		.procname	= "mem",
		.data		= xtcp_sysctl_mem,
		.maxlen		= sizeof(xtcp_sysctl_mem),
		.mode		= 0644,
		.proc_handler	= proc_doulongvec_minmax,
	},
};

static void xtcp_sysctl_defaults(struct xtcp_net *xn)
{
	u64 memory = (u64)totalram_pages() << PAGE_SHIFT;
	unsigned long buckets = div_u64(memory, 32 * 512);

	xn->sysctl_syn_retries		= 6;
	xn->sysctl_synack_rate		= 100000;
	xn->sysctl_retries2		= 15;
	xn->sysctl_orphan_retries	= 8;
	xn->sysctl_fin_timeout_s	= 60;
	xn->sysctl_time_wait_s		= 60;
	/* A record takes less than 512 bytes: at most 1/32 of memory. */
	xn->sysctl_max_tw_buckets	= clamp(buckets, 4096UL, 1048576UL);
	xn->sysctl_max_orphans		= clamp(buckets / 4, 1024UL, 262144UL);
	xn->sysctl_keepalive_time_s	= 7200;
	xn->sysctl_keepalive_intvl_s	= 75;
	xn->sysctl_keepalive_probes	= 9;
	xn->sysctl_challenge_ack_rate	= 1000;
	xn->sysctl_abort_on_overflow	= 0;
	xn->sysctl_moderate_rcvbuf	= 1;
	xn->sysctl_ecn			= XTCP_ECN_ACCEPT;
	/* Half as much again as TCP's: each segment is a buffer of its own, so
	 * that its overhead takes a third.
	 */
	xn->sysctl_rmem[0]		= SOCK_MIN_SNDBUF;
	xn->sysctl_rmem[1]		= 256 * 1024;
	xn->sysctl_rmem[2]		= 9 * 1024 * 1024;
	xn->sysctl_wmem[0]		= SOCK_MIN_SNDBUF;
	xn->sysctl_wmem[1]		= 64 * 1024;
	xn->sysctl_wmem[2]		= 6 * 1024 * 1024;
}

/**
 * xtcp_sysctl_net_init - a namespace begins
 * @xn: namespace; @xn->cong is set
 *
 * Return: 0 or -ENOMEM.
 */
int xtcp_sysctl_net_init(struct xtcp_net *xn)
{
	unsigned int n = ARRAY_SIZE(xtcp_sysctl_template);
	struct ctl_table *table;
	unsigned int i;

	xtcp_sysctl_defaults(xn);
	if (!net_eq(xn->net, &init_net))
		n--;
	table = kcalloc(n + 1, sizeof(*table), GFP_KERNEL_ACCOUNT);
	if (!table)
		return -ENOMEM;
	memcpy(table, xtcp_sysctl_template, n * sizeof(*table));
	for (i = 0; i < n; i++) {
		if (table[i].proc_handler == proc_dointvec_minmax)
			table[i].data = (char *)xn + (uintptr_t)table[i].data;
		else if (table[i].proc_handler == xtcp_sysctl_congestion)
			table[i].extra1 = xn;
	}
	xn->sysctl_header = xtcp_register_net_sysctl(xn->net, "net/xtcp",
						     table, n);
	if (!xn->sysctl_header) {
		kfree(table);
		return -ENOMEM;
	}
	xn->sysctl_table = table;
	return 0;
}

/**
 * xtcp_sysctl_net_exit - a namespace ends
 * @xn: namespace
 */
void xtcp_sysctl_net_exit(struct xtcp_net *xn)
{
	unregister_net_sysctl_table(xn->sysctl_header);
	kfree(xn->sysctl_table);
}
