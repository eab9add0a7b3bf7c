/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compat.h - the kernels that this driver builds on differ only here: 6.1
 * (Debian 12, and its user-mode-linux) to 6.12 (Debian 13) and later.
 */
#ifndef VIRTIO_OCL_COMPAT_H
#define VIRTIO_OCL_COMPAT_H

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/version.h>
#include <linux/virtio_config.h>

/* Before 6.11 names and callbacks come in two arrays. */
static inline int virtio_ocl_find_vqs(struct virtio_device *vdev,
				      unsigned int count,
				      struct virtqueue **vqs,
				      vq_callback_t **callbacks,
				      const char **names)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
	struct virtqueue_info *info;
	unsigned int i;
	int err;

	info = kcalloc(count, sizeof(*info), GFP_KERNEL);
	if (!info)
		return -ENOMEM;
	for (i = 0; i < count; i++) {
		info[i].name = names[i];
		info[i].callback = callbacks[i];
	}
	err = virtio_find_vqs(vdev, count, vqs, info, NULL);
	kfree(info);
	return err;
#else
	return virtio_find_vqs(vdev, count, vqs, callbacks,
			       (const char * const *)names, NULL);
#endif
}

/* Before 6.3 vm_flags is an ordinary member. */
static inline void virtio_ocl_vma_set_flags(struct vm_area_struct *vma,
					    unsigned long flags)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	vm_flags_set(vma, flags);
#else
	vma->vm_flags |= flags;
#endif
}

/*
 * A lasting pin for reading must see what the process writes later. From 6.2
 * on FOLL_LONGTERM alone sees to that; before, a private page has to be broken
 * out of copy-on-write by asking to write.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define VIRTIO_OCL_PIN_FOR_READING	FOLL_LONGTERM
#else
#define VIRTIO_OCL_PIN_FOR_READING	(FOLL_LONGTERM | FOLL_WRITE | FOLL_FORCE)
#endif

#endif
