// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * virtio_ocl - OpenCL for a virtual machine's programs, through the host's.
 *
 *   program: /dev/virtio-ocl      one open file is one client    client.c
 *      |     ioctl, mmap
 *   its memory, pinned            a region                       region.c
 *      |                          found again by address         cache.c
 *   control queue (0)             open, close, map, unmap        ctl.c
 *   client queues (1..n)          doorbells and wake-ups         main.c
 *
 * Commands never pass through here: a program writes them into its channel,
 * which it shares with a worker on the host.
 */
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/virtio_config.h>

#include "compat.h"
#include "driver.h"

/*
 * More than any device of ours offers (the next limit is the number of
 * interrupt vectors); keeps a nonsensical configuration from costing memory.
 */
#define VIRTIO_OCL_MAX_QUEUES	1023u

struct workqueue_struct *virtio_ocl_wq;

/* Apart, since a reset waits for what runs on the other. */
static struct workqueue_struct *virtio_ocl_reset_wq;

/* There is one /dev/virtio-ocl, so one device is bound at a time. */
static atomic_t virtio_ocl_bound = ATOMIC_INIT(0);

static void virtio_ocl_device_free(struct kref *ref)
{
	struct virtio_ocl_device *dev =
		container_of(ref, struct virtio_ocl_device, ref);
	u32 i;

	for (i = 0; i < dev->nqueues; i++)
		kfree(dev->queues[i].wakes);
	kfree(dev->queues);
	cleanup_srcu_struct(&dev->srcu);
	kfree(dev);
}

void virtio_ocl_device_put(struct virtio_ocl_device *dev)
{
	kref_put(&dev->ref, virtio_ocl_device_free);
}

static void virtio_ocl_queue_post(struct virtio_ocl_queue *queue,
				  struct virtio_ocl_wake *wake)
{
	struct scatterlist sg;

	wake->reason = cpu_to_le32(VIRTIO_OCL_WAKE);
	sg_init_one(&sg, wake, sizeof(*wake));
	/*
	 * Cannot lack room: the queue holds them all. No notification: on a
	 * client queue that would be the doorbell.
	 */
	virtqueue_add_inbuf(queue->vq, &sg, 1, wake, GFP_ATOMIC);
}

/* Take back what the host has returned; queue->lock held. */
static void virtio_ocl_queue_drain(struct virtio_ocl_queue *queue)
{
	struct virtio_ocl_wake *wake;
	unsigned int len;

	do {
		virtqueue_disable_cb(queue->vq);
		while ((wake = virtqueue_get_buf(queue->vq, &len))) {
			if (queue->client && len >= sizeof(*wake) &&
			    le32_to_cpu(wake->reason) == VIRTIO_OCL_LOST)
				virtio_ocl_client_fail(queue->client, -EIO);
			virtio_ocl_queue_post(queue, wake);
		}
	} while (!virtqueue_enable_cb(queue->vq));
}

static void virtio_ocl_queue_callback(struct virtqueue *vq)
{
	struct virtio_ocl_device *dev = vq->vdev->priv;
	struct virtio_ocl_queue *queue =
		&dev->queues[vq->index - VIRTIO_OCL_QUEUE_FIRST_CLIENT];
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	virtio_ocl_queue_drain(queue);
	if (queue->client)
		wake_up_all(&queue->client->wait);
	spin_unlock_irqrestore(&queue->lock, flags);
}

int virtio_ocl_queue_bind(struct virtio_ocl_client *client)
{
	struct virtio_ocl_device *dev = client->dev;
	struct virtio_ocl_queue *queue;
	int idx, err = -EBUSY;
	u32 i;

	idx = srcu_read_lock(&dev->srcu);
	if (READ_ONCE(dev->gone)) {
		err = -ENODEV;
		goto unlock;
	}
	for (i = 0; i < dev->nqueues && err; i++) {
		queue = &dev->queues[i];
		spin_lock_irq(&queue->lock);
		if (!queue->client) {
			/* What is left in it was meant for the last client. */
			virtio_ocl_queue_drain(queue);
			client->id = VIRTIO_OCL_QUEUE_FIRST_CLIENT + i;
			client->queue = queue;
			queue->client = client;
			err = 0;
		}
		spin_unlock_irq(&queue->lock);
	}
unlock:
	srcu_read_unlock(&dev->srcu, idx);
	return err;
}

void virtio_ocl_queue_unbind(struct virtio_ocl_client *client)
{
	struct virtio_ocl_queue *queue = client->queue;

	spin_lock_irq(&queue->lock);
	queue->client = NULL;
	spin_unlock_irq(&queue->lock);
	client->queue = NULL;
}

int virtio_ocl_queue_kick(struct virtio_ocl_client *client)
{
	struct virtio_ocl_device *dev = client->dev;
	int idx, err = 0;

	idx = srcu_read_lock(&dev->srcu);
	if (READ_ONCE(dev->gone))
		err = -ENODEV;
	else
		virtqueue_notify(client->queue->vq);
	srcu_read_unlock(&dev->srcu, idx);
	return err;
}

#define VIRTIO_OCL_COUNTER(name)					\
static ssize_t name##_show(struct device *d, struct device_attribute *attr, \
			   char *buf)					\
{									\
	struct virtio_ocl_device *dev =					\
		container_of((struct miscdevice *)dev_get_drvdata(d),	\
			     struct virtio_ocl_device, misc);		\
									\
	return sysfs_emit(buf, "%ld\n", atomic_long_read(&dev->name));	\
}									\
static DEVICE_ATTR_RO(name)

VIRTIO_OCL_COUNTER(clients);
VIRTIO_OCL_COUNTER(regions);
VIRTIO_OCL_COUNTER(pinned_pages);
VIRTIO_OCL_COUNTER(alloc_pages);
VIRTIO_OCL_COUNTER(orphans);
VIRTIO_OCL_COUNTER(idle_pages);
VIRTIO_OCL_COUNTER(hits);
VIRTIO_OCL_COUNTER(misses);
VIRTIO_OCL_COUNTER(scattered);
VIRTIO_OCL_COUNTER(allocs);

static struct attribute *virtio_ocl_attrs[] = {
	&dev_attr_clients.attr,
	&dev_attr_regions.attr,
	&dev_attr_pinned_pages.attr,
	&dev_attr_alloc_pages.attr,
	&dev_attr_orphans.attr,
	&dev_attr_idle_pages.attr,
	&dev_attr_hits.attr,
	&dev_attr_misses.attr,
	&dev_attr_scattered.attr,
	&dev_attr_allocs.attr,
	NULL
};
ATTRIBUTE_GROUPS(virtio_ocl);

static int virtio_ocl_read_config(struct virtio_device *vdev,
				  struct virtio_ocl_device *dev)
{
	u32 magic, version;

	virtio_cread_le(vdev, struct virtio_ocl_config, magic, &magic);
	if (magic != VIRTIO_OCL_MAGIC)
		return -ENODEV;
	virtio_cread_le(vdev, struct virtio_ocl_config, version, &version);
	if (version != VIRTIO_OCL_VERSION) {
		dev_err(&vdev->dev, "device speaks version %u, not %u\n",
			version, VIRTIO_OCL_VERSION);
		return -ENODEV;
	}
	virtio_cread_le(vdev, struct virtio_ocl_config, client_queues,
			&dev->nqueues);
	virtio_cread_le(vdev, struct virtio_ocl_config, max_regions,
			&dev->max_regions);
	virtio_cread_le(vdev, struct virtio_ocl_config, max_mapped,
			&dev->max_mapped);
	virtio_cread_le(vdev, struct virtio_ocl_config, max_region_runs,
			&dev->max_region_runs);
	if (!dev->max_region_runs)
		dev->max_region_runs = U32_MAX;
	if (!dev->nqueues || !dev->max_regions)
		return -EINVAL;
	dev->nqueues = min(dev->nqueues, VIRTIO_OCL_MAX_QUEUES);
	dev->max_regions = min(dev->max_regions, VIRTIO_OCL_MAX_REGIONS);
	return 0;
}

static int virtio_ocl_queues_create(struct virtio_ocl_device *dev)
{
	u32 i;

	dev->queues = kcalloc(dev->nqueues, sizeof(*dev->queues), GFP_KERNEL);
	if (!dev->queues)
		return -ENOMEM;
	for (i = 0; i < dev->nqueues; i++) {
		spin_lock_init(&dev->queues[i].lock);
		dev->queues[i].wakes = kcalloc(VIRTIO_OCL_WAKE_BUFFERS,
					       sizeof(struct virtio_ocl_wake),
					       GFP_KERNEL);
		if (!dev->queues[i].wakes)
			return -ENOMEM;
	}
	return 0;
}

static int virtio_ocl_find_queues(struct virtio_ocl_device *dev)
{
	u32 count = VIRTIO_OCL_QUEUE_FIRST_CLIENT + dev->nqueues;
	vq_callback_t **callbacks;
	struct virtqueue **vqs;
	const char **names;
	int err = -ENOMEM;
	u32 i;

	vqs = kcalloc(count, sizeof(*vqs), GFP_KERNEL);
	callbacks = kcalloc(count, sizeof(*callbacks), GFP_KERNEL);
	names = kcalloc(count, sizeof(*names), GFP_KERNEL);
	if (!vqs || !callbacks || !names)
		goto free;
	callbacks[0] = virtio_ocl_ctl_callback;
	names[0] = "control";
	for (i = VIRTIO_OCL_QUEUE_FIRST_CLIENT; i < count; i++) {
		callbacks[i] = virtio_ocl_queue_callback;
		names[i] = "client";
	}
	err = virtio_ocl_find_vqs(dev->vdev, count, vqs, callbacks, names);
	if (err)
		goto free;
	dev->ctl_vq = vqs[0];
	for (i = 0; i < dev->nqueues; i++)
		dev->queues[i].vq = vqs[VIRTIO_OCL_QUEUE_FIRST_CLIENT + i];
free:
	kfree(names);
	kfree(callbacks);
	kfree(vqs);
	return err;
}

/* Is there room for the largest request, and for every wake-up buffer? */
static bool virtio_ocl_queues_large_enough(struct virtio_ocl_device *dev)
{
	unsigned int most = 4 + VIRTIO_OCL_MAX_RUNS *
			    sizeof(struct virtio_ocl_run) / PAGE_SIZE;
	u32 i;

	if (virtqueue_get_vring_size(dev->ctl_vq) < most)
		return false;
	for (i = 0; i < dev->nqueues; i++)
		if (virtqueue_get_vring_size(dev->queues[i].vq) <
		    VIRTIO_OCL_WAKE_BUFFERS)
			return false;
	return true;
}

static void virtio_ocl_post_all(struct virtio_ocl_device *dev)
{
	struct virtio_ocl_queue *queue;
	u32 i, n;

	for (i = 0; i < dev->nqueues; i++) {
		queue = &dev->queues[i];
		spin_lock_irq(&queue->lock);
		for (n = 0; n < VIRTIO_OCL_WAKE_BUFFERS; n++)
			virtio_ocl_queue_post(queue, &queue->wakes[n]);
		spin_unlock_irq(&queue->lock);
	}
}

/* Unbind and bind. Files that are open now keep failing with ENODEV. */
static void virtio_ocl_reset_work(struct work_struct *work)
{
	struct virtio_ocl_device *dev =
		container_of(work, struct virtio_ocl_device, reset_work);
	struct virtio_device *vdev = dev->vdev;
	int err;

	err = device_reprobe(&vdev->dev);
	/* While a guest wakes up, probing is put off. */
	if (err < 0 && err != -EPROBE_DEFER)
		dev_err(&vdev->dev, "the device did not come back: %d\n", err);
	put_device(&vdev->dev);
	virtio_ocl_device_put(dev);
}

static void virtio_ocl_begin_anew(struct virtio_ocl_device *dev)
{
	get_device(&dev->vdev->dev);
	kref_get(&dev->ref);
	if (!queue_work(virtio_ocl_reset_wq, &dev->reset_work)) {
		put_device(&dev->vdev->dev);
		virtio_ocl_device_put(dev);
	}
}

static void virtio_ocl_config_changed(struct virtio_device *vdev)
{
	struct virtio_ocl_device *dev = vdev->priv;

	/*
	 * The other side has gone, and has forgotten every client. Nothing else
	 * in the configuration changes what we do.
	 */
	if (!(vdev->config->get_status(vdev) & VIRTIO_CONFIG_S_NEEDS_RESET))
		return;
	dev_warn(&vdev->dev, "the device needs a reset: its clients are lost\n");
	virtio_ocl_begin_anew(dev);
}

static int virtio_ocl_probe(struct virtio_device *vdev)
{
	struct virtio_ocl_device *dev;
	int err;

	if (!virtio_has_feature(vdev, VIRTIO_F_VERSION_1))
		return -ENODEV;
	dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return -ENOMEM;
	err = virtio_ocl_read_config(vdev, dev);
	if (err)
		goto free;
	if (atomic_cmpxchg(&virtio_ocl_bound, 0, 1)) {
		dev_err(&vdev->dev, "another device is in use already\n");
		err = -EBUSY;
		goto free;
	}
	err = init_srcu_struct(&dev->srcu);
	if (err)
		goto unbind;
	kref_init(&dev->ref);
	INIT_WORK(&dev->reset_work, virtio_ocl_reset_work);
	spin_lock_init(&dev->ctl_lock);
	INIT_LIST_HEAD(&dev->ctl_pending);
	dev->vdev = vdev;
	vdev->priv = dev;
	err = virtio_ocl_queues_create(dev);
	if (err)
		goto put;
	err = virtio_ocl_find_queues(dev);
	if (err)
		goto put;
	if (!virtio_ocl_queues_large_enough(dev)) {
		dev_err(&vdev->dev, "the device's queues are too small\n");
		err = -EINVAL;
		goto del_vqs;
	}
	virtio_device_ready(vdev);
	virtio_ocl_post_all(dev);
	dev->misc = (struct miscdevice) {
		.minor = MISC_DYNAMIC_MINOR,
		.name = "virtio-ocl",
		.fops = &virtio_ocl_fops,
		.parent = &vdev->dev,
		.groups = virtio_ocl_groups,
		/* What a client may do is limited per client, not by who. */
		.mode = 0666,
	};
	err = misc_register(&dev->misc);
	if (err)
		goto reset;
	dev_info(&vdev->dev, "%u clients of up to %u regions\n", dev->nqueues,
		 dev->max_regions);
	return 0;

reset:
	virtio_reset_device(vdev);
del_vqs:
	vdev->config->del_vqs(vdev);
put:
	atomic_set(&virtio_ocl_bound, 0);
	virtio_ocl_device_put(dev);
	return err;
unbind:
	atomic_set(&virtio_ocl_bound, 0);
free:
	kfree(dev);
	return err;
}

/* Reset the device: nothing of ours is mapped any more, and no client lives. */
static void virtio_ocl_stop(struct virtio_ocl_device *dev)
{
	struct virtio_ocl_queue *queue;
	u32 i;

	spin_lock_irq(&dev->ctl_lock);
	WRITE_ONCE(dev->gone, true);
	spin_unlock_irq(&dev->ctl_lock);
	synchronize_srcu(&dev->srcu);
	virtio_reset_device(dev->vdev);
	for (i = 0; i < dev->nqueues; i++) {
		queue = &dev->queues[i];
		spin_lock_irq(&queue->lock);
		if (queue->client)
			virtio_ocl_client_fail(queue->client, -ENODEV);
		spin_unlock_irq(&queue->lock);
	}
	virtio_ocl_ctl_stop(dev);
}

static void virtio_ocl_remove(struct virtio_device *vdev)
{
	struct virtio_ocl_device *dev = vdev->priv;
	u32 i;

	misc_deregister(&dev->misc);
	virtio_ocl_stop(dev);
	for (i = 0; i < dev->nqueues; i++)
		while (virtqueue_detach_unused_buf(dev->queues[i].vq))
			;
	vdev->config->del_vqs(vdev);
	/* Whatever had been left with the host is freed now. */
	flush_workqueue(virtio_ocl_wq);
	atomic_set(&virtio_ocl_bound, 0);
	virtio_ocl_device_put(dev);
}

#ifdef CONFIG_PM_SLEEP
/*
 * The host's workers would go on writing into memory that is being saved, and
 * are gone after it: a guest that sleeps loses its clients.
 */
static int virtio_ocl_freeze(struct virtio_device *vdev)
{
	virtio_ocl_stop(vdev->priv);
	return 0;
}

static int virtio_ocl_restore(struct virtio_device *vdev)
{
	virtio_ocl_begin_anew(vdev->priv);
	return 0;
}
#endif

/*
 * Runs carry guest-physical addresses, whatever the bus's own addresses are:
 * a device behind an IOMMU is none that could look them up.
 */
static int virtio_ocl_validate(struct virtio_device *vdev)
{
	__virtio_clear_bit(vdev, VIRTIO_F_ACCESS_PLATFORM);
	return 0;
}

static const struct virtio_device_id virtio_ocl_ids[] = {
	{ VIRTIO_OCL_DEVICE_ID, VIRTIO_DEV_ANY_ID },
	{ VIRTIO_OCL_DEVICE_ID_FALLBACK, VIRTIO_DEV_ANY_ID },
	{ 0 },
};
MODULE_DEVICE_TABLE(virtio, virtio_ocl_ids);

static struct virtio_driver virtio_ocl_driver = {
	.driver.name = KBUILD_MODNAME,
	.driver.owner = THIS_MODULE,
	.id_table = virtio_ocl_ids,
	.validate = virtio_ocl_validate,
	.probe = virtio_ocl_probe,
	.remove = virtio_ocl_remove,
	.config_changed = virtio_ocl_config_changed,
#ifdef CONFIG_PM_SLEEP
	.freeze = virtio_ocl_freeze,
	.restore = virtio_ocl_restore,
#endif
};

static int __init virtio_ocl_init(void)
{
	int err = -ENOMEM;

	virtio_ocl_wq = alloc_workqueue("virtio_ocl", WQ_UNBOUND, 0);
	if (!virtio_ocl_wq)
		return err;
	virtio_ocl_reset_wq = alloc_workqueue("virtio_ocl_reset", 0, 0);
	if (!virtio_ocl_reset_wq)
		goto destroy_wq;
	err = register_virtio_driver(&virtio_ocl_driver);
	if (err)
		goto destroy_reset_wq;
	return 0;

destroy_reset_wq:
	destroy_workqueue(virtio_ocl_reset_wq);
destroy_wq:
	destroy_workqueue(virtio_ocl_wq);
	return err;
}
module_init(virtio_ocl_init);

static void __exit virtio_ocl_exit(void)
{
	unregister_virtio_driver(&virtio_ocl_driver);
	destroy_workqueue(virtio_ocl_reset_wq);
	destroy_workqueue(virtio_ocl_wq);
}
module_exit(virtio_ocl_exit);

MODULE_DESCRIPTION("OpenCL through the host of a virtual machine");
MODULE_LICENSE("GPL");
