/* SPDX-License-Identifier: GPL-2.0 */
/* Doubly linked ring, the few verbs that the pure rooms use. */
#ifndef _SHIM_LINUX_LIST_H
#define _SHIM_LINUX_LIST_H

#include <stddef.h>

struct list_head {
	struct list_head *next, *prev;
};

#define LIST_HEAD(name)		struct list_head name = { &(name), &(name) }

static inline void list_add_tail(struct list_head *item, struct list_head *ring)
{
	item->next = ring;
	item->prev = ring->prev;
	ring->prev->next = item;
	ring->prev = item;
}

static inline void list_del(struct list_head *item)
{
	item->next->prev = item->prev;
	item->prev->next = item->next;
	item->next = NULL;
	item->prev = NULL;
}

#define list_owner(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))
#define list_for_each_entry(it, ring, member)				\
	for ((it) = list_owner((ring)->next, __typeof__(*(it)), member); \
	     &(it)->member != (ring);					\
	     (it) = list_owner((it)->member.next, __typeof__(*(it)), member))

#endif
