/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * driver.h - what the files of virtio_ocl.ko share.
 *
 * Ownership: the bus owns a device until remove(); open files and clients that
 * the host still holds keep its memory with a reference. A client is one open
 * file. It owns its channel's pages and its regions, and gives them up only
 * once the host has said that it maps them no longer: by its answer to CLOSE
 * (or UNMAP), or by the device's reset, after which it cannot.
 *
 * Threading, in locking order:
 *   client->lock        state changes of a client; not held while pinning,
 *                       since mmap() comes here with mmap_lock held
 *   client->region_lock the registration cache and the regions' counts; taken
 *                       by MMU notifiers, so nothing below it sleeps
 *   queue->lock         a client queue and who it belongs to
 *   dev->ctl_lock       the control queue
 * dev->srcu is held for reading around every use of a client queue outside
 * its interrupt; remove() waits for it before the queues go.
 */
#ifndef VIRTIO_OCL_DRIVER_H
#define VIRTIO_OCL_DRIVER_H

#include <linux/completion.h>
#include <linux/interval_tree.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/virtio.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "virtio_ocl.h"

/* Every channel, whole, in one OPEN: at worst VIRTIO_OCL_MAX_RUNS pages. */
#define VIRTIO_OCL_CHANNEL_MAX	((u64)VIRTIO_OCL_MAX_RUNS * 4096)

/*
 * How long a request may stay unanswered before its caller gives up (it stays
 * with the host). OPEN starts a process and is answered before that loads the
 * host's OpenCL runtime: after as long as a worker may show no heartbeat there
 * is no helper, which a stock QEMU does not tell. MAP makes mappings; CLOSE is
 * waited for only so that a program that has exited has usually left nothing
 * behind by the time that its parent looks.
 */
#define VIRTIO_OCL_OPEN_TIMEOUT		(15 * HZ)
#define VIRTIO_OCL_MAP_TIMEOUT		(30 * HZ)
#define VIRTIO_OCL_CLOSE_TIMEOUT	(1 * HZ)
/* For unmaps under way, when a new mapping needs the room. */
#define VIRTIO_OCL_ROOM_TIMEOUT		(5 * HZ)

/*
 * Regions without a user that the registration cache keeps per client. Enough
 * for a program that cycles through its arrays; few enough to be looked
 * through by hand.
 */
#define VIRTIO_OCL_IDLE_REGIONS	128u

/*
 * What all clients' idle regions may pin together: their pages can neither be
 * moved nor swapped out for whoever needs memory now. A client keeps no more
 * than is free of it then: alone three eighths of the guest's memory, of two a
 * quarter each, and every newcomer finds some.
 */
#define VIRTIO_OCL_IDLE_PAGES	(totalram_pages() / 4 * 3)

/*
 * Where an ALLOC region is found by mmap(): its number, shifted by what the
 * channel at offset 0 takes. Numbers stay small enough for the 44-bit offsets
 * of a 32-bit program.
 */
#define VIRTIO_OCL_MMAP_SHIFT	24
#define VIRTIO_OCL_MAX_REGIONS	(1u << 20)

/* Physically contiguous pages: what the host maps as one piece. */
struct virtio_ocl_extent {
	struct page *page;
	unsigned long npages;
	bool huge;	/* pinned by the heads of its huge pages alone */
};

/* Pages in order, either pinned in a process or our own (pages.c). */
struct virtio_ocl_pages {
	struct virtio_ocl_extent *extents;
	unsigned int count;
	unsigned int room;
	unsigned long npages;
	bool pinned;
	bool dirty;	/* pinned: the host may have written to them */
};

/*
 * A request on the control queue (ctl.c). The embedder's finish() is called
 * once, in any context, when the queue lets go of it; result then says why:
 * 0 the host has answered, -ENODEV the device was reset, so that nothing is
 * mapped any more.
 */
struct virtio_ocl_req {
	struct list_head link;
	void (*finish)(struct virtio_ocl_req *req);
	int result;
	u32 len;			/* bytes of msg that are sent */
	struct virtio_ocl_run *runs;	/* sent after msg; kvmalloc'ed */
	u32 nruns;
	union {
		struct virtio_ocl_ctl_hdr hdr;
		struct virtio_ocl_ctl_open open;
		struct virtio_ocl_ctl_map map;
		struct virtio_ocl_ctl_unmap unmap;
	} msg;
	struct virtio_ocl_ctl_resp resp;
};

/* A client queue. Outlives its clients. */
struct virtio_ocl_queue {
	spinlock_t lock;
	struct virtqueue *vq;
	struct virtio_ocl_client *client;	/* NULL: free */
	struct virtio_ocl_wake *wakes;
};

struct virtio_ocl_device {
	struct kref ref;
	struct miscdevice misc;
	struct virtio_device *vdev;
	struct work_struct reset_work;
	struct srcu_struct srcu;
	bool gone;			/* read under srcu, or ctl_lock */

	spinlock_t ctl_lock;
	struct virtqueue *ctl_vq;
	struct list_head ctl_pending;	/* requests that wait for room */

	struct virtio_ocl_queue *queues;	/* [0] is client queue 1 */
	u32 nqueues;
	u32 max_regions;
	u64 max_mapped;
	u32 max_region_runs;

	/* Counters, in sysfs beside the misc device. */
	atomic_long_t clients;
	atomic_long_t regions;
	atomic_long_t pinned_pages;
	atomic_long_t alloc_pages;
	atomic_long_t orphans;
	atomic_long_t idle_pages;
	/* These only rise. */
	atomic_long_t hits;
	atomic_long_t misses;
	atomic_long_t scattered;
	atomic_long_t allocs;
};

enum virtio_ocl_client_state {
	VIRTIO_OCL_CLIENT_NEW,		/* the host knows nothing of it */
	VIRTIO_OCL_CLIENT_OPEN,
	VIRTIO_OCL_CLIENT_BROKEN,	/* OPEN has had no answer */
	VIRTIO_OCL_CLIENT_CLOSING,	/* CLOSE is on its way */
};

struct virtio_ocl_client {
	struct kref ref;		/* the file, the host, each region */
	struct virtio_ocl_device *dev;
	struct mm_struct *mm;		/* grabbed, not used by */
	struct mutex lock;
	enum virtio_ocl_client_state state;
	bool orphan;			/* counted as one; under lock */
	struct virtio_ocl_queue *queue;	/* set from OPEN to the end */
	u32 id;				/* its number for the host */
	struct virtio_ocl_pages channel;
	u64 channel_len;
	wait_queue_head_t wait;		/* a wake-up, or error has changed */
	int error;			/* 0, -EIO (lost) or -ENODEV */

	struct xarray regions;		/* by number */
	spinlock_t region_lock;
	struct rb_root_cached cached;	/* regions that MAP may share */
	struct list_head idle;		/* those without a user, oldest first */
	unsigned int nidle;
	unsigned long idle_pages;
	unsigned int ndropping;		/* UNMAP is on its way */
	wait_queue_head_t room;		/* ndropping has fallen */

	struct virtio_ocl_req close;
	struct work_struct done_work;
	struct completion done;		/* the host holds nothing any more */
#ifdef CONFIG_MMU_NOTIFIER
	struct mmu_notifier exit_notifier;
	bool watching;
#endif
};

/* Memory that the host maps for one client. */
struct virtio_ocl_region {
	struct kref ref;		/* the table, the UNMAP under way, lookups */
	struct virtio_ocl_client *client;
	u32 id;
	struct virtio_ocl_pages pages;
	u64 start;			/* pinned: first address, page aligned */
	u64 len;
	bool writable;
	bool gather;			/* the host does not map it */
	unsigned long forgotten;	/* bit 0: the pages have been let go */

	/* Under client->region_lock. */
	unsigned int users;		/* MAPs without their UNMAP */
	bool dropping;
	bool cached;			/* its addresses still mean its pages */
	struct list_head idle;

	struct virtio_ocl_req unmap;
	struct work_struct done_work;
#ifdef CONFIG_MMU_NOTIFIER
	struct interval_tree_node node;
	struct mmu_interval_notifier notifier;
	bool notified;
	unsigned long seq;
#endif
};

extern struct workqueue_struct *virtio_ocl_wq;

/* main.c */
void virtio_ocl_device_put(struct virtio_ocl_device *dev);

/*
 * Take a free client queue for client. Returns 0, -EBUSY (none is free) or
 * -ENODEV.
 */
int virtio_ocl_queue_bind(struct virtio_ocl_client *client);
void virtio_ocl_queue_unbind(struct virtio_ocl_client *client);
/* Ring the client's doorbell. Returns 0 or -ENODEV. */
int virtio_ocl_queue_kick(struct virtio_ocl_client *client);

/* ctl.c */
void virtio_ocl_ctl_callback(struct virtqueue *vq);
/* Queue a request. Never sleeps; finish() may run before this returns. */
void virtio_ocl_ctl_send(struct virtio_ocl_device *dev,
			 struct virtio_ocl_req *req);
/* Let go of every request, after the device's reset. */
void virtio_ocl_ctl_stop(struct virtio_ocl_device *dev);
/* What the host has said to an answered request, as 0 or -errno. */
int virtio_ocl_ctl_status(const struct virtio_ocl_req *req);

/*
 * OPEN and MAP: send, and wait for the answer. Return 0, an error from which
 * follows that the host has not done it, or -EINTR (a fatal signal) or
 * -ETIMEDOUT: then the host may do it yet, and only CLOSE or UNMAP tells.
 */
int virtio_ocl_ctl_open(struct virtio_ocl_client *client);
int virtio_ocl_ctl_map(struct virtio_ocl_region *region);

/* client.c */
extern const struct file_operations virtio_ocl_fops;
/* The client's worker or device is gone: end every wait with error. */
void virtio_ocl_client_fail(struct virtio_ocl_client *client, int error);
void virtio_ocl_client_put(struct virtio_ocl_client *client);
/* Tell the host to close, if that has not been done. Does not wait. */
void virtio_ocl_client_close(struct virtio_ocl_client *client);

/* region.c */
int virtio_ocl_region_map(struct virtio_ocl_client *client,
			  struct virtio_ocl_map *map);
int virtio_ocl_region_alloc(struct virtio_ocl_client *client,
			    struct virtio_ocl_alloc *alloc);
int virtio_ocl_region_unmap(struct virtio_ocl_client *client, u32 id);
/* The ALLOC region with this number, or NULL. Drop it with region_put. */
struct virtio_ocl_region *virtio_ocl_region_get(struct virtio_ocl_client *client,
						u32 id);
void virtio_ocl_region_put(struct virtio_ocl_region *region);
/* Ask the host to unmap; region_lock held, and no user is left. */
void virtio_ocl_region_drop(struct virtio_ocl_region *region);
/* The host holds nothing of this client any more. */
void virtio_ocl_regions_forget(struct virtio_ocl_client *client);

/* pages.c */
/* Pin in this process. 0, -errno, or -E2BIG: in more than max_runs runs. */
int virtio_ocl_pages_pin(struct virtio_ocl_pages *pages, u64 start,
			 unsigned long npages, bool write,
			 unsigned int max_runs);
int virtio_ocl_pages_alloc(struct virtio_ocl_pages *pages,
			   unsigned long npages);
/* Unpin or free, whichever it was. An empty list is fine. */
void virtio_ocl_pages_release(struct virtio_ocl_pages *pages);
int virtio_ocl_pages_mmap(struct virtio_ocl_pages *pages,
			  struct vm_area_struct *vma);
/* Where byte offset of our own pages lies in the kernel; offset is inside. */
void *virtio_ocl_pages_at(const struct virtio_ocl_pages *pages, u64 offset);
/*
 * Fill runs with up to max runs, the first from extent *next, which moves on.
 * Returns how many; *len receives their bytes.
 */
u32 virtio_ocl_pages_runs(const struct virtio_ocl_pages *pages,
			  unsigned int *next, struct virtio_ocl_run *runs,
			  u32 max, u64 *len);

/*
 * cache.c: regions that are found again by address. Without MMU notifiers in
 * the kernel nothing tells that an address has come to mean another page, and
 * so nothing is kept.
 */
#ifdef CONFIG_MMU_NOTIFIER
/* Watch the region's addresses from before they are pinned. 0 or -errno. */
int virtio_ocl_cache_watch(struct virtio_ocl_region *region);
void virtio_ocl_cache_unwatch(struct virtio_ocl_region *region);
/*
 * The region is mapped: let MAP find it, unless its addresses have come to
 * mean other pages already. region_lock held, for this and the next two.
 */
void virtio_ocl_cache_add(struct virtio_ocl_region *region);
void virtio_ocl_cache_remove(struct virtio_ocl_region *region);
/* A region that covers [start, last] and suits flags, or NULL. */
struct virtio_ocl_region *
virtio_ocl_cache_find(struct virtio_ocl_client *client, u64 start, u64 last,
		      u32 flags);
/* Close the client when its address space goes, whoever else has the file. */
int virtio_ocl_exit_watch(struct virtio_ocl_client *client);
void virtio_ocl_exit_unwatch(struct virtio_ocl_client *client);
#else
static inline int virtio_ocl_cache_watch(struct virtio_ocl_region *region)
{
	return 0;
}

static inline void virtio_ocl_cache_unwatch(struct virtio_ocl_region *region)
{
}

static inline void virtio_ocl_cache_add(struct virtio_ocl_region *region)
{
}

static inline void virtio_ocl_cache_remove(struct virtio_ocl_region *region)
{
}

static inline struct virtio_ocl_region *
virtio_ocl_cache_find(struct virtio_ocl_client *client, u64 start, u64 last,
		      u32 flags)
{
	return NULL;
}

static inline int virtio_ocl_exit_watch(struct virtio_ocl_client *client)
{
	return 0;
}

static inline void virtio_ocl_exit_unwatch(struct virtio_ocl_client *client)
{
}
#endif

#endif
