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

/* Pages in what one entry of a process's table maps at most. */
#define HUGE_PAGES	(PMD_SIZE >> PAGE_SHIFT)

/* 2 MiB with 4 KiB pages: what a host maps with one entry of its page table. */
#define CHUNK_ORDER	min_t(unsigned int, 21 - PAGE_SHIFT, 9)

static int virtio_ocl_pages_append(struct virtio_ocl_pages *pages,
				   struct page *page, unsigned long npages,
				   bool huge)
{
	struct virtio_ocl_extent *last, *grown;
	unsigned int room;

	if (pages->count) {
		last = &pages->extents[pages->count - 1];
		if (last->huge == huge &&
		    page_to_pfn(last->page) + last->npages ==
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
		.huge = huge,
	};
	pages->npages += npages;
	return 0;
}

/*
 * Is [start, start + PMD_SIZE) of this process one huge page, whose head the
 * caller has pinned, mapped by one entry, and mapped so that the pin holds for
 * all of it? Walks the page table as the lockless half of GUP does: what is
 * freed from it is not freed while interrupts are off.
 */
static bool virtio_ocl_maps_huge(unsigned long start, struct page *head,
				 bool write)
{
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	unsigned long flags;
	bool huge = false;
	pgd_t *pgdp, pgd;
	p4d_t *p4dp, p4d;
	pud_t *pudp, pud;
	pmd_t pmd;

	if (!PageHead(head) || compound_order(head) < PMD_SHIFT - PAGE_SHIFT)
		return false;
	/* Of a private page that another process shares one has to copy. */
	if (PageAnon(head) && !PageAnonExclusive(head))
		return false;
	local_irq_save(flags);
	pgdp = pgd_offset(current->mm, start);
	pgd = READ_ONCE(*pgdp);
	if (pgd_none(pgd) || pgd_bad(pgd))
		goto out;
	p4dp = p4d_offset_lockless(pgdp, pgd, start);
	p4d = READ_ONCE(*p4dp);
	if (p4d_none(p4d) || p4d_bad(p4d))
		goto out;
	pudp = pud_offset_lockless(p4dp, p4d, start);
	pud = READ_ONCE(*pudp);
	if (pud_none(pud) || pud_bad(pud))	/* bad: a leaf too */
		goto out;
	pmd = READ_ONCE(*pmd_offset_lockless(pudp, pud, start));
	huge = pmd_present(pmd) && pmd_leaf(pmd) &&
	       pmd_pfn(pmd) == page_to_pfn(head) && (!write || pmd_write(pmd));
out:
	local_irq_restore(flags);
	return huge;
#else
	return false;
#endif
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

/*
 * Pin a huge page by its head. That does for all of it: a page that has a pin
 * is neither split nor moved, and fork() and copy-on-write ask whether the whole
 * has one. Where the program gives a part of its addresses away later, that part
 * of the page stays ours with the rest, and the notifier has told. Of a gigabyte
 * that is 512 pins in place of 262144.
 *
 * Returns the pages that are pinned: HUGE_PAGES, 0 (start is no huge page's) or
 * -errno.
 */
static long virtio_ocl_pages_pin_huge(struct virtio_ocl_pages *pages, u64 start,
				      unsigned long npages,
				      unsigned int gup_flags, bool write)
{
	struct page *head;
	long got;
	int err;

	if (start & (PMD_SIZE - 1) || npages < HUGE_PAGES)
		return 0;
	/* The first, and by that the look at the table finds what it pins. */
	got = pin_user_pages_fast(start, 1, gup_flags, &head);
	if (got <= 0)
		return virtio_ocl_pin_error(got);
	if (!virtio_ocl_maps_huge(start, head, write)) {
		unpin_user_page(head);
		return 0;
	}
	err = virtio_ocl_pages_append(pages, head, HUGE_PAGES, true);
	if (err) {
		unpin_user_page(head);
		return err;
	}
	return HUGE_PAGES;
}

/* The same page by page, and no further than the next huge page's address. */
static long virtio_ocl_pages_pin_small(struct virtio_ocl_pages *pages,
				       u64 start, unsigned long npages,
				       unsigned int gup_flags,
				       struct page **batch)
{
	unsigned long next = HUGE_PAGES -
			     ((start >> PAGE_SHIFT) & (HUGE_PAGES - 1));
	long got, i;
	int err;

	got = pin_user_pages_fast(start, min3(npages, BATCH, next), gup_flags,
				  batch);
	if (got <= 0)
		return virtio_ocl_pin_error(got);
	for (i = 0; i < got; i++) {
		err = virtio_ocl_pages_append(pages, batch[i], 1, false);
		if (err) {
			unpin_user_pages(batch + i, got - i);
			return err;
		}
	}
	return got;
}

static int virtio_ocl_pages_pin_flags(struct virtio_ocl_pages *pages,
				      u64 start, unsigned long npages,
				      unsigned int gup_flags, bool write,
				      unsigned int max_runs)
{
	struct page **batch;
	long got;
	int err = 0;

	batch = kmalloc_array(BATCH, sizeof(*batch), GFP_KERNEL);
	if (!batch)
		return -ENOMEM;
	while (npages && !err) {
		got = virtio_ocl_pages_pin_huge(pages, start, npages,
						gup_flags, write);
		if (!got)
			got = virtio_ocl_pages_pin_small(pages, start, npages,
							 gup_flags, batch);
		if (got < 0) {
			err = got;
			break;
		}
		start += (u64)got << PAGE_SHIFT;
		npages -= got;
		if (pages->count > max_runs)
			err = -E2BIG;
		else if (fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	kfree(batch);
	if (err)
		virtio_ocl_pages_release(pages);
	return err;
}

int virtio_ocl_pages_pin(struct virtio_ocl_pages *pages, u64 start,
			 unsigned long npages, bool write,
			 unsigned int max_runs)
{
	int err;

	*pages = (struct virtio_ocl_pages) { .pinned = true };
	err = virtio_ocl_pages_pin_flags(pages, start, npages,
					 write ? FOLL_LONGTERM | FOLL_WRITE :
						 VIRTIO_OCL_PIN_FOR_READING,
					 write, max_runs);
	/* A shared mapping that is read-only cannot be asked to write. */
	if (err == -EFAULT && !write &&
	    VIRTIO_OCL_PIN_FOR_READING != FOLL_LONGTERM) {
		*pages = (struct virtio_ocl_pages) { .pinned = true };
		err = virtio_ocl_pages_pin_flags(pages, start, npages,
						 FOLL_LONGTERM, write, max_runs);
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
		err = virtio_ocl_pages_append(pages, page, 1UL << order, false);
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

static void virtio_ocl_extent_unpin_heads(struct virtio_ocl_extent *extent,
					  bool dirty)
{
	struct page *head;
	unsigned long n;

	for (n = 0; n < extent->npages; n += HUGE_PAGES) {
		head = nth_page(extent->page, n);
		unpin_user_pages_dirty_lock(&head, 1, dirty);
	}
}

void virtio_ocl_pages_release(struct virtio_ocl_pages *pages)
{
	struct virtio_ocl_extent *extent;
	unsigned long n;
	unsigned int i;

	for (i = 0; i < pages->count; i++) {
		extent = &pages->extents[i];
		if (extent->huge) {
			virtio_ocl_extent_unpin_heads(extent, pages->dirty);
		} else if (pages->pinned) {
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
