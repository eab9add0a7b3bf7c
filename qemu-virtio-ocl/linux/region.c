// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Regions: what the host maps for a client besides the channel.
 *
 *   create -> mapped, with users -> idle in the cache -> dropping -> forgotten
 *                             \________________________/
 *
 * A region is dropping from the moment that UNMAP is queued; nobody waits for
 * the answer, which takes as long as the host's commands still use the memory.
 * Only when it has come (or CLOSE's, or the device is reset) are the pages
 * unpinned.
 */
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "driver.h"

/*
 * Against RLIMIT_MEMLOCK, which CAP_IPC_LOCK lifts. mm->pinned_vm would do
 * without mmap_lock, but that is a member of a structure which may lie
 * elsewhere in a user-mode Linux of another patch level than its headers.
 */
static int virtio_ocl_charge(struct virtio_ocl_client *client,
			     unsigned long npages)
{
	int err;

	err = account_locked_vm(client->mm, npages, true);
	if (!err)
		atomic_long_add(npages, &client->dev->pinned_pages);
	return err;
}

static void virtio_ocl_uncharge(struct virtio_ocl_client *client,
				unsigned long npages)
{
	account_locked_vm(client->mm, npages, false);
	atomic_long_sub(npages, &client->dev->pinned_pages);
}

static void virtio_ocl_region_free(struct kref *ref)
{
	struct virtio_ocl_region *region =
		container_of(ref, struct virtio_ocl_region, ref);
	struct virtio_ocl_client *client = region->client;

	/* Our own pages live as long as someone may be mapping them. */
	atomic_long_sub(region->pages.npages, &client->dev->alloc_pages);
	virtio_ocl_pages_release(&region->pages);
	kfree(region);
	virtio_ocl_client_put(client);
}

void virtio_ocl_region_put(struct virtio_ocl_region *region)
{
	kref_put(&region->ref, virtio_ocl_region_free);
}

/* The list of those without a user; region_lock held for both. */
static void virtio_ocl_region_enter_idle(struct virtio_ocl_region *region)
{
	struct virtio_ocl_client *client = region->client;

	list_add_tail(&region->idle, &client->idle);
	client->nidle++;
	client->idle_pages += region->pages.npages;
	atomic_long_add(region->pages.npages, &client->dev->idle_pages);
}

static void virtio_ocl_region_leave_idle(struct virtio_ocl_region *region)
{
	struct virtio_ocl_client *client = region->client;

	if (list_empty(&region->idle))
		return;
	list_del_init(&region->idle);
	client->nidle--;
	client->idle_pages -= region->pages.npages;
	atomic_long_sub(region->pages.npages, &client->dev->idle_pages);
}

/* The host does not map the region (any more). Sleeps. */
static void virtio_ocl_region_forget(struct virtio_ocl_region *region)
{
	struct virtio_ocl_client *client = region->client;
	unsigned long npages = region->pages.npages;
	bool dropping;

	if (test_and_set_bit(0, &region->forgotten))
		return;
	spin_lock(&client->region_lock);
	dropping = region->dropping;
	region->dropping = true;
	xa_erase(&client->regions, region->id);
	virtio_ocl_cache_remove(region);
	virtio_ocl_region_leave_idle(region);
	spin_unlock(&client->region_lock);

	virtio_ocl_cache_unwatch(region);
	if (region->pages.pinned) {
		virtio_ocl_pages_release(&region->pages);
		virtio_ocl_uncharge(client, npages);
	}
	atomic_long_dec(&client->dev->regions);

	spin_lock(&client->region_lock);
	if (dropping)
		client->ndropping--;
	spin_unlock(&client->region_lock);
	wake_up_all(&client->room);
	virtio_ocl_region_put(region);
}

static void virtio_ocl_region_done_work(struct work_struct *work)
{
	struct virtio_ocl_region *region =
		container_of(work, struct virtio_ocl_region, done_work);

	virtio_ocl_region_forget(region);
	virtio_ocl_region_put(region);
}

static void virtio_ocl_region_unmapped(struct virtio_ocl_req *req)
{
	struct virtio_ocl_region *region =
		container_of(req, struct virtio_ocl_region, unmap);

	queue_work(virtio_ocl_wq, &region->done_work);
}

void virtio_ocl_region_drop(struct virtio_ocl_region *region)
{
	struct virtio_ocl_client *client = region->client;
	struct virtio_ocl_ctl_unmap *msg = &region->unmap.msg.unmap;

	if (region->dropping)
		return;
	region->dropping = true;
	client->ndropping++;
	virtio_ocl_cache_remove(region);
	virtio_ocl_region_leave_idle(region);
	kref_get(&region->ref);
	region->unmap.finish = virtio_ocl_region_unmapped;
	region->unmap.len = sizeof(*msg);
	msg->hdr.type = cpu_to_le32(VIRTIO_OCL_CTL_UNMAP);
	msg->hdr.client = cpu_to_le32(client->id);
	msg->region = cpu_to_le32(region->id);
	virtio_ocl_ctl_send(client->dev, &region->unmap);
}

/* A region with a number, and nothing else yet. */
static struct virtio_ocl_region *
virtio_ocl_region_create(struct virtio_ocl_client *client)
{
	struct virtio_ocl_region *region;
	int err;

	region = kzalloc(sizeof(*region), GFP_KERNEL_ACCOUNT);
	if (!region)
		return ERR_PTR(-ENOMEM);
	kref_init(&region->ref);
	kref_get(&client->ref);
	region->client = client;
	INIT_LIST_HEAD(&region->idle);
	INIT_WORK(&region->done_work, virtio_ocl_region_done_work);
	err = xa_alloc(&client->regions, &region->id, region,
		       XA_LIMIT(1, client->dev->max_regions),
		       GFP_KERNEL_ACCOUNT);
	if (err) {
		virtio_ocl_region_put(region);
		return ERR_PTR(-ENOMEM);
	}
	atomic_long_inc(&client->dev->regions);
	return region;
}

/* Have the host map the region, and give it its first user. */
static int virtio_ocl_region_start(struct virtio_ocl_region *region)
{
	struct virtio_ocl_client *client = region->client;
	int err;

	err = virtio_ocl_ctl_map(region);
	spin_lock(&client->region_lock);
	if (!err) {
		region->users = 1;
		if (region->pages.pinned)
			virtio_ocl_cache_add(region);
	} else if (err == -EINTR || err == -ETIMEDOUT) {
		/* The host may map it yet: the answer to UNMAP is the end. */
		virtio_ocl_region_drop(region);
	}
	spin_unlock(&client->region_lock);
	if (err && err != -EINTR && err != -ETIMEDOUT)
		virtio_ocl_region_forget(region);
	return err == -ETIMEDOUT ? -EIO : err;
}

static u32 virtio_ocl_max_runs(const struct virtio_ocl_device *dev, u64 len,
			       u32 flags)
{
	u64 cheap = VIRTIO_OCL_RUNS_FREE +
		    (len >> 20) * VIRTIO_OCL_RUNS_PER_MIB;

	if (flags & VIRTIO_OCL_MAP_GATHER)
		return U32_MAX;
	if (flags & VIRTIO_OCL_MAP_SCATTERED)
		return dev->max_region_runs;
	return min_t(u64, cheap, dev->max_region_runs);
}

/* Returns 0 and *region, or -errno. */
static int virtio_ocl_region_pin(struct virtio_ocl_client *client, u64 start,
				 u64 len, u32 flags,
				 struct virtio_ocl_region **regionp)
{
	bool write = flags & VIRTIO_OCL_MAP_WRITE;
	unsigned long npages = len >> PAGE_SHIFT;
	u32 max_runs = virtio_ocl_max_runs(client->dev, len, flags);
	struct virtio_ocl_region *region;
	int err;

	region = virtio_ocl_region_create(client);
	if (IS_ERR(region))
		return PTR_ERR(region);
	region->start = start;
	region->len = len;
	region->writable = write;
	region->gather = flags & VIRTIO_OCL_MAP_GATHER;
	err = virtio_ocl_charge(client, npages);
	if (err)
		goto forget;
	err = virtio_ocl_cache_watch(region);
	if (err)
		goto uncharge;
	err = virtio_ocl_pages_pin(&region->pages, start, npages, write,
				   max_runs);
	if (err == -E2BIG)
		atomic_long_inc(&client->dev->scattered);
	if (err)
		goto uncharge;
	atomic_long_inc(&client->dev->misses);
	err = virtio_ocl_region_start(region);
	if (!err)
		*regionp = region;
	return err;

uncharge:
	virtio_ocl_uncharge(client, npages);
forget:
	virtio_ocl_region_forget(region);
	return err;
}

/* A region that MAP may share; counts a user. */
static struct virtio_ocl_region *
virtio_ocl_region_find(struct virtio_ocl_client *client, u64 start, u64 len,
		       u32 flags)
{
	struct virtio_ocl_region *region;

	spin_lock(&client->region_lock);
	region = virtio_ocl_cache_find(client, start, start + len - 1, flags);
	if (region) {
		region->users++;
		virtio_ocl_region_leave_idle(region);
	}
	spin_unlock(&client->region_lock);
	return region;
}

/*
 * Drop every idle region and wait a while for those that are on their way
 * out. Returns whether that may have made room.
 */
static bool virtio_ocl_regions_flush(struct virtio_ocl_client *client)
{
	struct virtio_ocl_region *region, *next;
	bool any;

	spin_lock(&client->region_lock);
	list_for_each_entry_safe(region, next, &client->idle, idle)
		virtio_ocl_region_drop(region);
	any = client->ndropping;
	spin_unlock(&client->region_lock);
	if (any)
		wait_event_killable_timeout(client->room,
					    !READ_ONCE(client->ndropping),
					    VIRTIO_OCL_ROOM_TIMEOUT);
	return any;
}

int virtio_ocl_region_map(struct virtio_ocl_client *client,
			  struct virtio_ocl_map *map)
{
	struct virtio_ocl_region *region;
	u64 start, len;
	int err;

	if (!map->len || map->flags & ~(VIRTIO_OCL_MAP_WRITE |
					VIRTIO_OCL_MAP_SCATTERED |
					VIRTIO_OCL_MAP_GATHER))
		return -EINVAL;
	if (map->addr > ULONG_MAX || map->len > ULONG_MAX - PAGE_SIZE ||
	    !access_ok((void __user *)(unsigned long)map->addr, map->len))
		return -EFAULT;
	start = map->addr & PAGE_MASK;
	len = PAGE_ALIGN(map->addr + map->len) - start;
	if (client->dev->max_mapped && len > client->dev->max_mapped)
		return -ENOMEM;
	region = virtio_ocl_region_find(client, start, len, map->flags);
	if (!region) {
		err = virtio_ocl_region_pin(client, start, len, map->flags,
					    &region);
		if (err == -ENOMEM && virtio_ocl_regions_flush(client))
			err = virtio_ocl_region_pin(client, start, len,
						    map->flags, &region);
		if (err)
			return err;
	} else {
		atomic_long_inc(&client->dev->hits);
		map->flags |= VIRTIO_OCL_MAP_FOUND;
	}
	if (!region->gather)
		map->flags &= ~VIRTIO_OCL_MAP_GATHER;
	/* A hint: they may change the next moment. */
	if (READ_ONCE(region->cached))
		map->flags |= VIRTIO_OCL_MAP_LASTS;
	map->region = region->id;
	map->offset = map->addr - region->start;
	return 0;
}

static int virtio_ocl_region_alloc_once(struct virtio_ocl_client *client,
					u64 len, u32 *id)
{
	struct virtio_ocl_device *dev = client->dev;
	unsigned long npages = len >> PAGE_SHIFT;
	struct virtio_ocl_region *region;
	int err = -ENOMEM;

	region = virtio_ocl_region_create(client);
	if (IS_ERR(region))
		return PTR_ERR(region);
	region->len = len;
	region->writable = true;
	/*
	 * Unlike pinned pages these are charged to the memory cgroup alone; a
	 * guest without cgroups keeps half of its memory in any case.
	 */
	if (atomic_long_add_return(npages, &dev->alloc_pages) >
	    totalram_pages() / 2)
		goto uncount;
	err = virtio_ocl_pages_alloc(&region->pages, npages);
	if (err)
		goto uncount;
	*id = region->id;
	atomic_long_inc(&dev->allocs);
	return virtio_ocl_region_start(region);

uncount:
	atomic_long_sub(npages, &dev->alloc_pages);
	virtio_ocl_region_forget(region);
	return err;
}

int virtio_ocl_region_alloc(struct virtio_ocl_client *client,
			    struct virtio_ocl_alloc *alloc)
{
	u64 len;
	int err;

	if (!alloc->len || alloc->len > ULONG_MAX - PAGE_SIZE)
		return -EINVAL;
	len = PAGE_ALIGN(alloc->len);
	if ((client->dev->max_mapped && len > client->dev->max_mapped) ||
	    len >> PAGE_SHIFT > totalram_pages())
		return -ENOMEM;
	err = virtio_ocl_region_alloc_once(client, len, &alloc->region);
	if (err == -ENOMEM && virtio_ocl_regions_flush(client))
		err = virtio_ocl_region_alloc_once(client, len, &alloc->region);
	if (err)
		return err;
	alloc->mmap_offset = (u64)alloc->region << VIRTIO_OCL_MMAP_SHIFT;
	return 0;
}

static bool virtio_ocl_idle_too_many(const struct virtio_ocl_client *client)
{
	unsigned long all = atomic_long_read(&client->dev->idle_pages);
	unsigned long most = VIRTIO_OCL_IDLE_PAGES;

	return client->nidle > VIRTIO_OCL_IDLE_REGIONS ||
	       client->idle_pages > most - min(most, all);
}

int virtio_ocl_region_unmap(struct virtio_ocl_client *client, u32 id)
{
	struct virtio_ocl_region *region;
	int err = 0;

	spin_lock(&client->region_lock);
	region = xa_load(&client->regions, id);
	if (!region || !region->users) {
		err = -EINVAL;
		goto unlock;
	}
	if (--region->users)
		goto unlock;
	if (!region->cached) {
		virtio_ocl_region_drop(region);
		goto unlock;
	}
	virtio_ocl_region_enter_idle(region);
	while (virtio_ocl_idle_too_many(client))
		virtio_ocl_region_drop(list_first_entry(&client->idle,
							struct virtio_ocl_region,
							idle));
unlock:
	spin_unlock(&client->region_lock);
	return err;
}

struct virtio_ocl_region *virtio_ocl_region_get(struct virtio_ocl_client *client,
						u32 id)
{
	struct virtio_ocl_region *region;

	spin_lock(&client->region_lock);
	region = xa_load(&client->regions, id);
	if (region && region->users && !region->pages.pinned)
		kref_get(&region->ref);
	else
		region = NULL;
	spin_unlock(&client->region_lock);
	return region;
}

void virtio_ocl_regions_forget(struct virtio_ocl_client *client)
{
	struct virtio_ocl_region *region;
	unsigned long id;

	/* The file is closed: only UNMAPs' answers take regions away now. */
	for (;;) {
		id = 0;
		spin_lock(&client->region_lock);
		region = xa_find(&client->regions, &id, ULONG_MAX, XA_PRESENT);
		if (region)
			kref_get(&region->ref);
		spin_unlock(&client->region_lock);
		if (!region)
			break;
		virtio_ocl_region_forget(region);
		virtio_ocl_region_put(region);
	}
	/* Those whose UNMAP was answered just before are on their way. */
	wait_event(client->room, !READ_ONCE(client->ndropping));
}
