// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The registration cache: a program that sends the same array a thousand times
 * pays for pinning and mapping it once. An MMU notifier watches every region
 * of a program's memory; the first change that may put other pages behind its
 * addresses takes it out of the cache for good. It stays mapped while it has
 * users, as the pages themselves do.
 */
#include <linux/slab.h>

#include "driver.h"

static bool virtio_ocl_cache_invalidate(struct mmu_interval_notifier *notifier,
					const struct mmu_notifier_range *range,
					unsigned long seq)
{
	struct virtio_ocl_region *region =
		container_of(notifier, struct virtio_ocl_region, notifier);
	struct virtio_ocl_client *client = region->client;

	/*
	 * Write protection by fork() and by write-back leaves the pages where
	 * they are: a pinned anonymous page stays the parent's.
	 */
	if (range->event == MMU_NOTIFY_PROTECTION_PAGE ||
	    range->event == MMU_NOTIFY_SOFT_DIRTY)
		return true;
	spin_lock(&client->region_lock);
	mmu_interval_set_seq(notifier, seq);
	if (region->cached) {
		virtio_ocl_cache_remove(region);
		if (!region->users)
			virtio_ocl_region_drop(region);
	}
	spin_unlock(&client->region_lock);
	return true;
}

static const struct mmu_interval_notifier_ops virtio_ocl_cache_ops = {
	.invalidate = virtio_ocl_cache_invalidate,
};

int virtio_ocl_cache_watch(struct virtio_ocl_region *region)
{
	int err;

	err = mmu_interval_notifier_insert(&region->notifier,
					   region->client->mm, region->start,
					   region->len, &virtio_ocl_cache_ops);
	/* A signal may end the kernel's own set-up: begin again after it. */
	if (err)
		return err == -EINTR ? -ERESTARTNOINTR : err;
	region->notified = true;
	region->seq = mmu_interval_read_begin(&region->notifier);
	return 0;
}

void virtio_ocl_cache_unwatch(struct virtio_ocl_region *region)
{
	if (region->notified)
		mmu_interval_notifier_remove(&region->notifier);
	region->notified = false;
}

void virtio_ocl_cache_add(struct virtio_ocl_region *region)
{
	if (mmu_interval_read_retry(&region->notifier, region->seq))
		return;
	region->node.start = region->start;
	region->node.last = region->start + region->len - 1;
	interval_tree_insert(&region->node, &region->client->cached);
	region->cached = true;
}

void virtio_ocl_cache_remove(struct virtio_ocl_region *region)
{
	if (region->cached)
		interval_tree_remove(&region->node, &region->client->cached);
	region->cached = false;
}

struct virtio_ocl_region *
virtio_ocl_cache_find(struct virtio_ocl_client *client, u64 start, u64 last,
		      u32 flags)
{
	bool write = flags & VIRTIO_OCL_MAP_WRITE;
	bool gather = flags & VIRTIO_OCL_MAP_GATHER;
	struct interval_tree_node *node;
	struct virtio_ocl_region *region;

	for (node = interval_tree_iter_first(&client->cached, start, last);
	     node; node = interval_tree_iter_next(node, start, last)) {
		region = container_of(node, struct virtio_ocl_region, node);
		if (node->start <= start && node->last >= last &&
		    (region->writable || !write) && (!region->gather || gather))
			return region;
	}
	return NULL;
}

static void virtio_ocl_exit_release(struct mmu_notifier *notifier,
				    struct mm_struct *mm)
{
	virtio_ocl_client_close(container_of(notifier, struct virtio_ocl_client,
					     exit_notifier));
}

static const struct mmu_notifier_ops virtio_ocl_exit_ops = {
	.release = virtio_ocl_exit_release,
};

int virtio_ocl_exit_watch(struct virtio_ocl_client *client)
{
	int err;

	client->exit_notifier.ops = &virtio_ocl_exit_ops;
	err = mmu_notifier_register(&client->exit_notifier, client->mm);
	client->watching = !err;
	return err == -EINTR ? -ERESTARTNOINTR : err;
}

void virtio_ocl_exit_unwatch(struct virtio_ocl_client *client)
{
	if (client->watching)
		mmu_notifier_unregister(&client->exit_notifier, client->mm);
	client->watching = false;
}
