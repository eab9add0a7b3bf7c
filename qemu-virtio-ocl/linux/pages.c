// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page lists: pinned in a process, or allocated, and kept as extents, so that
 * a gigabyte of huge pages costs kilobytes here and as few mappings on the
 * host.
 */
#include <linux/io.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "compat.h"
#include "driver.h"

/* Pages handled at a time: their pointers fill a page. */
#define BATCH	(PAGE_SIZE / sizeof(struct page *))

/* 2 MiB with 4 KiB pages: what a host maps with one entry of its page table. */
#define CHUNK_ORDER	min_t(unsigned int, 21 - PAGE_SHIFT, 9)

static int virtio_ocl_pages_append(struct virtio_ocl_pages *pages,
				   struct page *page, unsigned long npages)
{
	struct virtio_ocl_extent *last, *grown;
	unsigned int room;

	if (pages->count) {
		last = &pages->extents[pages->count - 1];
		if (page_to_pfn(last->page) + last->npages ==
		    page_to_pfn(page)) {
			last->npages += npages;
			pages->npages += npages;
			return 0;
		}
	}
	if (pages->count == pages->room) {
		room = pages->room ? pages->room * 2 : 16;
		grown = kvmalloc_array(room, sizeof(*grown),
				       GFP_KERNEL_ACCOUNT);
		if (!grown)
			return -ENOMEM;
		if (pages->count)
			memcpy(grown, pages->extents,
			       pages->count * sizeof(*grown));
		kvfree(pages->extents);
		pages->extents = grown;
		pages->room = room;
	}
	pages->extents[pages->count++] = (struct virtio_ocl_extent) {
		.page = page,
		.npages = npages,
	};
	pages->npages += npages;
	return 0;
}

/* What a program may make of it when pages cannot be pinned. */
static int virtio_ocl_pin_error(long error)
{
	switch (error) {
	case -EINTR:
	case -ERESTARTSYS:
		return -EINTR;
	case -ENOMEM:
	case -EBUSY:	/* cannot be moved to where they may stay, now */
	case -EAGAIN:
		return -ENOMEM;
	default:
		return -EFAULT;
	}
}

static int virtio_ocl_pages_pin_flags(struct virtio_ocl_pages *pages,
				      u64 start, unsigned long npages,
				      unsigned int gup_flags)
{
	struct page **batch;
	long got;
	long i;
	int err = 0;

	batch = kmalloc_array(BATCH, sizeof(*batch), GFP_KERNEL);
	if (!batch)
		return -ENOMEM;
	while (npages && !err) {
		got = pin_user_pages_fast(start, min(npages, BATCH), gup_flags,
					  batch);
		if (got <= 0) {
			err = virtio_ocl_pin_error(got);
			break;
		}
		for (i = 0; i < got; i++) {
			err = virtio_ocl_pages_append(pages, batch[i], 1);
			if (err) {
				unpin_user_pages(batch + i, got - i);
				break;
			}
		}
		start += (u64)got << PAGE_SHIFT;
		npages -= got;
		if (!err && fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	kfree(batch);
	if (err)
		virtio_ocl_pages_release(pages);
	return err;
}

int virtio_ocl_pages_pin(struct virtio_ocl_pages *pages, u64 start,
			 unsigned long npages, bool write)
{
	int err;

	*pages = (struct virtio_ocl_pages) { .pinned = true };
	err = virtio_ocl_pages_pin_flags(pages, start, npages,
					 write ? FOLL_LONGTERM | FOLL_WRITE :
						 VIRTIO_OCL_PIN_FOR_READING);
	/* A shared mapping that is read-only cannot be asked to write. */
	if (err == -EFAULT && !write &&
	    VIRTIO_OCL_PIN_FOR_READING != FOLL_LONGTERM) {
		*pages = (struct virtio_ocl_pages) { .pinned = true };
		err = virtio_ocl_pages_pin_flags(pages, start, npages,
						 FOLL_LONGTERM);
	}
	pages->dirty = write;
	return err;
}

int virtio_ocl_pages_alloc(struct virtio_ocl_pages *pages, unsigned long npages)
{
	unsigned int order = CHUNK_ORDER;
	struct page *page;
	gfp_t gfp;
	int err;

	*pages = (struct virtio_ocl_pages) { };
	while (npages) {
		while (order && (1UL << order) > npages)
			order--;
		gfp = GFP_USER | __GFP_ACCOUNT | __GFP_ZERO | __GFP_NOWARN;
		if (order)
			gfp |= __GFP_NORETRY;
		page = alloc_pages(gfp, order);
		if (!page && order) {
			order--;
			continue;
		}
		err = page ? 0 : -ENOMEM;
		if (!err && fatal_signal_pending(current)) {
			__free_pages(page, order);
			err = -EINTR;
		}
		if (err)
			goto release;
		/* Each page its own, so that a process may map it. */
		if (order)
			split_page(page, order);
		err = virtio_ocl_pages_append(pages, page, 1UL << order);
		if (err)
			goto free;
		npages -= 1UL << order;
		cond_resched();
	}
	return 0;

free:
	for (npages = 0; npages < 1UL << order; npages++)
		__free_page(nth_page(page, npages));
release:
	virtio_ocl_pages_release(pages);
	return err;
}

void virtio_ocl_pages_release(struct virtio_ocl_pages *pages)
{
	struct virtio_ocl_extent *extent;
	unsigned long n;
	unsigned int i;

	for (i = 0; i < pages->count; i++) {
		extent = &pages->extents[i];
		if (pages->pinned) {
			unpin_user_page_range_dirty_lock(extent->page,
							 extent->npages,
							 pages->dirty);
		} else {
			for (n = 0; n < extent->npages; n++)
				__free_page(nth_page(extent->page, n));
		}
		cond_resched();
	}
	kvfree(pages->extents);
	*pages = (struct virtio_ocl_pages) { };
}

int virtio_ocl_pages_mmap(struct virtio_ocl_pages *pages,
			  struct vm_area_struct *vma)
{
	unsigned long left = vma_pages(vma);
	unsigned long addr = vma->vm_start;
	struct page **batch;
	unsigned long done, n, i;
	unsigned int e;
	int err = 0;

	/* A private mapping would part from the host's at the first write. */
	if (!(vma->vm_flags & VM_SHARED) || left > pages->npages)
		return -EINVAL;
	batch = kmalloc_array(BATCH, sizeof(*batch), GFP_KERNEL);
	if (!batch)
		return -ENOMEM;
	virtio_ocl_vma_set_flags(vma, VM_DONTEXPAND | VM_DONTDUMP);
	for (e = 0; left && !err; e++) {
		struct virtio_ocl_extent *extent = &pages->extents[e];

		for (done = 0; done < extent->npages && left && !err;
		     done += n) {
			n = min3(extent->npages - done, left, BATCH);
			for (i = 0; i < n; i++)
				batch[i] = nth_page(extent->page, done + i);
			i = n;
			err = vm_insert_pages(vma, addr, batch, &i);
			addr += n << PAGE_SHIFT;
			left -= n;
		}
	}
	kfree(batch);
	return err;
}

void *virtio_ocl_pages_at(const struct virtio_ocl_pages *pages, u64 offset)
{
	unsigned long n = offset >> PAGE_SHIFT;
	unsigned int i = 0;

	while (n >= pages->extents[i].npages)
		n -= pages->extents[i++].npages;
	return (char *)page_address(nth_page(pages->extents[i].page, n)) +
	       offset_in_page(offset);
}

u32 virtio_ocl_pages_runs(const struct virtio_ocl_pages *pages,
			  unsigned int *next, struct virtio_ocl_run *runs,
			  u32 max, u64 *len)
{
	const struct virtio_ocl_extent *extent;
	u64 bytes;
	u32 n;

	*len = 0;
	for (n = 0; n < max && *next < pages->count; n++) {
		extent = &pages->extents[(*next)++];
		bytes = (u64)extent->npages << PAGE_SHIFT;
		runs[n].gpa = cpu_to_le64(page_to_phys(extent->page));
		runs[n].len = cpu_to_le64(bytes);
		*len += bytes;
	}
	return n;
}
