// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/net/xtcp_stat: a namespace's counters, two lines, as nstat reads them:
 *
 *   Xtcp: InSegs OutSegs ...
 *   Xtcp: 12 34 ...
 */
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <net/net_namespace.h>

#include "mib.h"
#include "netns.h"

static const char * const xtcp_mib_names[XTCP_MIB_MAX] = {
#define XTCP_MIB_NAME(name) #name,
	XTCP_MIB_LIST(XTCP_MIB_NAME)
#undef XTCP_MIB_NAME
};

static unsigned long xtcp_mib_sum(const struct xtcp_net *xn, unsigned int i)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(xn->mib, cpu)->v[i]);
	return sum;
}

static int xtcp_mib_show(struct seq_file *seq, void *unused)
{
	const struct xtcp_net *xn = xtcp_net(seq_file_single_net(seq));
	unsigned int i;

	seq_puts(seq, "Xtcp:");
	for (i = 0; i < XTCP_MIB_MAX; i++)
		seq_printf(seq, " %s", xtcp_mib_names[i]);
	seq_puts(seq, "\nXtcp:");
	for (i = 0; i < XTCP_MIB_MAX; i++)
		seq_printf(seq, " %lu", xtcp_mib_sum(xn, i));
	seq_putc(seq, '\n');
	return 0;
}

/**
 * xtcp_mib_net_init - a namespace begins
 * @xn: namespace
 *
 * Return: 0 or -ENOMEM.
 */
int xtcp_mib_net_init(struct xtcp_net *xn)
{
	xn->mib = alloc_percpu(struct xtcp_mib);
	if (!xn->mib)
		return -ENOMEM;
	if (!proc_create_net_single("xtcp_stat", 0444, xn->net->proc_net,
				    xtcp_mib_show, NULL)) {
		free_percpu(xn->mib);
		return -ENOMEM;
	}
	return 0;
}

/**
 * xtcp_mib_net_exit - a namespace ends
 * @xn: namespace
 */
void xtcp_mib_net_exit(struct xtcp_net *xn)
{
	remove_proc_entry("xtcp_stat", xn->net->proc_net);
	free_percpu(xn->mib);
}
