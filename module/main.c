// SPDX-License-Identifier: GPL-2.0
/*
 * XTCP: the module.  Coming up, floor by floor; going down, in reverse.
 *
 * The module cannot go while a socket exists: each holds a reference through
 * its struct proto.  What may be left then are TIME_WAIT records, which their
 * namespaces purge, and packets on their way, which wait for RCU.
 */
#include <linux/module.h>
#include <linux/net.h>
#include <net/sock.h>

#include "sockets.h"

int xtcp_family = AF_XTCP;
module_param_named(family, xtcp_family, int, 0444);
MODULE_PARM_DESC(family, "address family number (default 19)");

int xtcp_protocol = IPPROTO_XTCP;
module_param_named(protocol, xtcp_protocol, int, 0444);
MODULE_PARM_DESC(protocol, "IP protocol number (default 253)");

long xtcp_sysctl_mem[3];

/* Pressure from 1/16 of memory on, and never more than 3/32. */
static void __init xtcp_mem_init(void)
{
	unsigned long limit = max(nr_free_buffer_pages() / 16, 128UL);

	xtcp_sysctl_mem[0] = limit / 4 * 3;
	xtcp_sysctl_mem[1] = limit;
	xtcp_sysctl_mem[2] = xtcp_sysctl_mem[0] * 2;
}

static int __init xtcp_check_params(void)
{
	if (xtcp_family <= AF_INET6 || xtcp_family >= AF_MAX) {
		pr_err("xtcp: family=%d: must be from %d to %d\n", xtcp_family,
		       AF_INET6 + 1, AF_MAX - 1);
		return -EINVAL;
	}
	if (xtcp_protocol < 1 || xtcp_protocol > 254) {
		pr_err("xtcp: protocol=%d: must be from 1 to 254\n",
		       xtcp_protocol);
		return -EINVAL;
	}
	return 0;
}

static struct xtcp_cong_ops *const xtcp_controllers[] = {
	&xtcp_cubic, &xtcp_reno, &xtcp_bbr, &xtcp_dctcp,
};

static void xtcp_cong_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(xtcp_controllers); i++)
		xtcp_unregister_congestion_control(xtcp_controllers[i]);
}

/* The list is empty and the names are ours: this cannot fail. */
static void __init xtcp_cong_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(xtcp_controllers); i++)
		WARN_ON(xtcp_register_congestion_control(xtcp_controllers[i]));
}

static int __init xtcp_init(void)
{
	int err;

	BUILD_BUG_ON(sizeof(struct xtcp_skb_cb) >
		     sizeof_field(struct sk_buff, cb));
	BUILD_BUG_ON(sizeof(struct xtcphdr) != XTCP_HDR_LEN);

	err = xtcp_check_params();
	if (err)
		return err;
	xtcp_mem_init();
	xtcp_cong_init();
	xtcp_pacing_init();
	err = xtcp_tw_init();
	if (err)
		goto err_pacing;
	err = xtcp_port_init();
	if (err)
		goto err_tw;
	err = xtcp_table_init();
	if (err)
		goto err_port;
	err = xtcp_netns_init();
	if (err)
		goto err_table;
	/* Before the doors open: a socket must not see the module fail. */
	err = xtcp_ipv4_init();
	if (err)
		goto err_taken;
	err = xtcp_ipv6_init();
	if (err) {
		xtcp_ipv4_exit();
		goto err_taken;
	}
	err = xtcp_offload_init();
	if (err)
		goto err_ipv6;
	err = xtcp_af_init();
	if (err)
		goto err_family;
	err = xtcp_listing_init();
	if (err)
		goto err_af;
	pr_info("xtcp: AF_XTCP is family %d, IP protocol %d\n", xtcp_family,
		xtcp_protocol);
	return 0;

err_af:
	xtcp_af_exit();
err_family:
	if (err == -EEXIST)
		pr_err("xtcp: address family %d is taken: load with family=N\n",
		       xtcp_family);
	xtcp_offload_exit();
err_ipv6:
	xtcp_ipv6_exit();
	xtcp_ipv4_exit();
	if (err != -EBUSY)
		goto err_netns;
err_taken:
	pr_err("xtcp: IP protocol %d is taken: load with protocol=N\n",
	       xtcp_protocol);
err_netns:
	xtcp_netns_exit();
err_table:
	xtcp_table_exit();
err_port:
	xtcp_port_exit();
err_tw:
	xtcp_tw_exit();
err_pacing:
	xtcp_pacing_exit();
	xtcp_cong_exit();
	return err;
}

static void __exit xtcp_exit(void)
{
	xtcp_listing_exit();
	xtcp_af_exit();
	xtcp_offload_exit();
	xtcp_ipv6_exit();
	xtcp_ipv4_exit();
	xtcp_netns_exit();
	xtcp_table_exit();
	xtcp_port_exit();
	xtcp_tw_exit();
	xtcp_pacing_exit();
	xtcp_cong_exit();
	rcu_barrier();	/* sockets and keys that wait for their grace period */
	pr_info("xtcp: gone\n");
}

module_init(xtcp_init);
module_exit(xtcp_exit);

MODULE_DESCRIPTION("XTCP: a reliable byte-stream transport");
MODULE_LICENSE("GPL");
MODULE_ALIAS_NETPROTO(AF_XTCP);
/* SOCK_STREAM by its number: it is an enumerator, whose name would stand there. */
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET, IPPROTO_XTCP, 1);
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET6, IPPROTO_XTCP, 1);
