// SPDX-License-Identifier: GPL-2.0
/*
 * A network namespace begins and ends; its cookie keys rotate.
 */
#include <linux/random.h>
#include <linux/slab.h>

#include "engine.h"
#include "net.h"

unsigned int xtcp_net_id;

/* The newest key makes cookies, it and the one before are accepted. */
static void xtcp_rotate_keys(struct work_struct *work)
{
	struct xtcp_net *xn = container_of(work, struct xtcp_net, rotate.work);
	struct xtcp_cookie_keys_rcu *old, *new;
	siphash_key_t fresh;

	old = rcu_dereference_protected(xn->keys, true);
	new = kmalloc(sizeof(*new), GFP_KERNEL);
	if (new) {	/* else the old keys live until memory is there */
		get_random_bytes(&fresh, sizeof(fresh));
		xtcp_cookie_rotate(&new->k, &old->k, &fresh);
		memzero_explicit(&fresh, sizeof(fresh));
		rcu_assign_pointer(xn->keys, new);
		kfree_rcu(old, rcu);
	}
	schedule_delayed_work(&xn->rotate, XTCP_COOKIE_ROTATE_S * HZ);
}

static int xtcp_keys_init(struct xtcp_net *xn)
{
	struct xtcp_cookie_keys_rcu *keys = kzalloc(sizeof(*keys), GFP_KERNEL);

	if (!keys)
		return -ENOMEM;
	get_random_bytes(keys->k.key, sizeof(keys->k.key));
	get_random_bytes(&xn->isn_key, sizeof(xn->isn_key));
	get_random_bytes(&xn->ts_key, sizeof(xn->ts_key));
	RCU_INIT_POINTER(xn->keys, keys);
	INIT_DELAYED_WORK(&xn->rotate, xtcp_rotate_keys);
	schedule_delayed_work(&xn->rotate, XTCP_COOKIE_ROTATE_S * HZ);
	return 0;
}

static void xtcp_keys_exit(struct xtcp_net *xn)
{
	cancel_delayed_work_sync(&xn->rotate);
	kfree_rcu(rcu_dereference_protected(xn->keys, true), rcu);
}

static int __net_init xtcp_net_init(struct net *net)
{
	struct xtcp_net *xn = xtcp_net(net);
	int err;

	xn->net = net;
	/* No second yet: each rate's first one begins with its first use. */
	xn->challenge_stamp_s = U32_MAX;
	xn->synack_stamp_s = U32_MAX;
	spin_lock_init(&xn->cong_lock);
	xn->cong = &xtcp_cubic;
	err = xtcp_mib_net_init(xn);
	if (err)
		return err;
	err = xtcp_keys_init(xn);
	if (err)
		goto err_mib;
	err = xtcp_sysctl_net_init(xn);
	if (err)
		goto err_keys;
	err = xtcp_ipv4_net_init(xn);
	if (err)
		goto err_sysctl;
	err = xtcp_ipv6_net_init(xn);
	if (err)
		goto err_ipv4;
	return 0;

err_ipv4:
	xtcp_ipv4_net_exit(xn);
err_sysctl:
	xtcp_sysctl_net_exit(xn);
err_keys:
	xtcp_keys_exit(xn);
err_mib:
	xtcp_mib_net_exit(xn);
	return err;
}

static void __net_exit xtcp_net_exit(struct net *net)
{
	struct xtcp_net *xn = xtcp_net(net);

	xtcp_tw_purge_net(net);
	xtcp_ipv6_net_exit(xn);
	xtcp_ipv4_net_exit(xn);
	xtcp_sysctl_net_exit(xn);
	xtcp_cong_put(xn->cong);
	xtcp_keys_exit(xn);
	xtcp_mib_net_exit(xn);
}

static struct pernet_operations xtcp_net_ops = {
	.init	= xtcp_net_init,
	.exit	= xtcp_net_exit,
	.id	= &xtcp_net_id,
	.size	= sizeof(struct xtcp_net),
};

/**
 * xtcp_netns_init - all namespaces that are and will be
 *
 * Return: 0 or a negative errno.
 */
int xtcp_netns_init(void)
{
	return register_pernet_subsys(&xtcp_net_ops);
}

/**
 * xtcp_netns_exit - none knows XTCP any more
 */
void xtcp_netns_exit(void)
{
	unregister_pernet_subsys(&xtcp_net_ops);
}
