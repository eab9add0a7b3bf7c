// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A client: one open file, and what its program may ask of it.
 */
#include <linux/compat.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "driver.h"

static void virtio_ocl_client_free(struct kref *ref)
{
	struct virtio_ocl_client *client =
		container_of(ref, struct virtio_ocl_client, ref);

	xa_destroy(&client->regions);
	mmdrop(client->mm);
	virtio_ocl_device_put(client->dev);
	kfree(client);
}

void virtio_ocl_client_put(struct virtio_ocl_client *client)
{
	kref_put(&client->ref, virtio_ocl_client_free);
}

void virtio_ocl_client_fail(struct virtio_ocl_client *client, int error)
{
	WRITE_ONCE(client->error, error);
	wake_up_all(&client->wait);
}

/* Give back what OPEN has taken; client->lock held. */
static void virtio_ocl_client_undo_open(struct virtio_ocl_client *client)
{
	atomic_long_sub(client->channel.npages, &client->dev->alloc_pages);
	virtio_ocl_pages_release(&client->channel);
	virtio_ocl_queue_unbind(client);
	atomic_long_dec(&client->dev->clients);
}

/* The host holds nothing of the client: CLOSE is answered, or never was. */
static void virtio_ocl_client_done_work(struct work_struct *work)
{
	struct virtio_ocl_client *client =
		container_of(work, struct virtio_ocl_client, done_work);

	virtio_ocl_regions_forget(client);
	mutex_lock(&client->lock);
	virtio_ocl_client_undo_open(client);
	if (client->orphan)
		atomic_long_dec(&client->dev->orphans);
	complete_all(&client->done);
	mutex_unlock(&client->lock);
	virtio_ocl_client_put(client);
}

static void virtio_ocl_client_closed(struct virtio_ocl_req *req)
{
	struct virtio_ocl_client *client =
		container_of(req, struct virtio_ocl_client, close);

	queue_work(virtio_ocl_wq, &client->done_work);
}

void virtio_ocl_client_close(struct virtio_ocl_client *client)
{
	mutex_lock(&client->lock);
	switch (client->state) {
	case VIRTIO_OCL_CLIENT_NEW:
		complete_all(&client->done);
		break;
	case VIRTIO_OCL_CLIENT_OPEN:
	case VIRTIO_OCL_CLIENT_BROKEN:
		kref_get(&client->ref);
		client->close.finish = virtio_ocl_client_closed;
		client->close.len = sizeof(client->close.msg.hdr);
		client->close.msg.hdr.type = cpu_to_le32(VIRTIO_OCL_CTL_CLOSE);
		client->close.msg.hdr.client = cpu_to_le32(client->id);
		virtio_ocl_ctl_send(client->dev, &client->close);
		break;
	case VIRTIO_OCL_CLIENT_CLOSING:
		break;
	}
	client->state = VIRTIO_OCL_CLIENT_CLOSING;
	mutex_unlock(&client->lock);
}

static int virtio_ocl_open(struct inode *inode, struct file *file)
{
	struct virtio_ocl_device *dev =
		container_of((struct miscdevice *)file->private_data,
			     struct virtio_ocl_device, misc);
	struct virtio_ocl_client *client;
	int err;

	if (!current->mm)
		return -EPERM;
	client = kzalloc(sizeof(*client), GFP_KERNEL_ACCOUNT);
	if (!client)
		return -ENOMEM;
	kref_init(&client->ref);
	kref_get(&dev->ref);
	client->dev = dev;
	mmgrab(current->mm);
	client->mm = current->mm;
	mutex_init(&client->lock);
	init_waitqueue_head(&client->wait);
	xa_init_flags(&client->regions, XA_FLAGS_ALLOC1);
	spin_lock_init(&client->region_lock);
	client->cached = RB_ROOT_CACHED;
	INIT_LIST_HEAD(&client->idle);
	init_waitqueue_head(&client->room);
	INIT_WORK(&client->done_work, virtio_ocl_client_done_work);
	init_completion(&client->done);
	err = virtio_ocl_exit_watch(client);
	if (err) {
		virtio_ocl_client_put(client);
		return err;
	}
	file->private_data = client;
	return 0;
}

static int virtio_ocl_release(struct inode *inode, struct file *file)
{
	struct virtio_ocl_client *client = file->private_data;

	virtio_ocl_exit_unwatch(client);
	virtio_ocl_client_close(client);
	if (!wait_for_completion_timeout(&client->done,
					 VIRTIO_OCL_CLOSE_TIMEOUT)) {
		mutex_lock(&client->lock);
		if (!completion_done(&client->done)) {
			client->orphan = true;
			atomic_long_inc(&client->dev->orphans);
		}
		mutex_unlock(&client->lock);
	}
	virtio_ocl_client_put(client);
	return 0;
}

/* Allocate the channel and let the host start a worker; client->lock held. */
static int virtio_ocl_client_start(struct virtio_ocl_client *client)
{
	struct virtio_ocl_device *dev = client->dev;
	int err;

	if (client->state != VIRTIO_OCL_CLIENT_NEW)
		return -EBUSY;
	err = virtio_ocl_queue_bind(client);
	if (err)
		return err;
	atomic_long_inc(&dev->clients);
	err = virtio_ocl_pages_alloc(&client->channel,
				     client->channel_len >> PAGE_SHIFT);
	atomic_long_add(client->channel.npages, &dev->alloc_pages);
	if (!err)
		err = virtio_ocl_ctl_open(client);
	if (err == -EINTR || err == -ETIMEDOUT) {
		/* The host may start it yet: only CLOSE gets the pages back. */
		client->state = VIRTIO_OCL_CLIENT_BROKEN;
		virtio_ocl_client_fail(client, -EIO);
	} else if (err) {
		virtio_ocl_client_undo_open(client);
	} else {
		/* Pairs with the acquire in virtio_ocl_ioctl(). */
		smp_store_release(&client->state, VIRTIO_OCL_CLIENT_OPEN);
	}
	return err == -ETIMEDOUT ? -EIO : err;
}

static int virtio_ocl_ioctl_open(struct virtio_ocl_client *client,
				 void __user *argp)
{
	struct virtio_ocl_open arg;
	int err;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	if (arg.version != VIRTIO_OCL_VERSION)
		return -EPROTO;
	if (!arg.channel_len || arg.channel_len % 4096 ||
	    arg.channel_len > VIRTIO_OCL_CHANNEL_MAX)
		return -EINVAL;
	if (mutex_lock_killable(&client->lock))
		return -EINTR;
	if (client->state == VIRTIO_OCL_CLIENT_NEW)
		client->channel_len = PAGE_ALIGN(arg.channel_len);
	err = virtio_ocl_client_start(client);
	arg.client = client->id;
	mutex_unlock(&client->lock);
	if (err)
		return err;
	return copy_to_user(argp, &arg, sizeof(arg)) ? -EFAULT : 0;
}

static int virtio_ocl_ioctl_map(struct virtio_ocl_client *client,
				void __user *argp)
{
	struct virtio_ocl_map arg;
	int err;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	err = virtio_ocl_region_map(client, &arg);
	if (err)
		return err;
	if (copy_to_user(argp, &arg, sizeof(arg))) {
		virtio_ocl_region_unmap(client, arg.region);
		return -EFAULT;
	}
	return 0;
}

static int virtio_ocl_ioctl_alloc(struct virtio_ocl_client *client,
				  void __user *argp)
{
	struct virtio_ocl_alloc arg;
	int err;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	if (arg.reserved)
		return -EINVAL;
	err = virtio_ocl_region_alloc(client, &arg);
	if (err)
		return err;
	if (copy_to_user(argp, &arg, sizeof(arg))) {
		virtio_ocl_region_unmap(client, arg.region);
		return -EFAULT;
	}
	return 0;
}

static int virtio_ocl_ioctl_unmap(struct virtio_ocl_client *client,
				  void __user *argp)
{
	struct virtio_ocl_unmap arg;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	if (arg.reserved)
		return -EINVAL;
	return virtio_ocl_region_unmap(client, arg.region);
}

/* Someone who sleeps until *word differs from old. */
struct virtio_ocl_waiter {
	struct wait_queue_entry entry;
	struct virtio_ocl_client *client;
	const u32 *word;
	u32 old;
};

static bool virtio_ocl_waiter_ready(const struct virtio_ocl_waiter *waiter)
{
	return READ_ONCE(*waiter->word) != waiter->old ||
	       READ_ONCE(waiter->client->error);
}

/*
 * The host does not say which word it has changed: look at them here, so that
 * of many threads only those are woken whose word it was.
 */
static int virtio_ocl_waiter_wake(struct wait_queue_entry *entry,
				  unsigned int mode, int flags, void *key)
{
	if (!virtio_ocl_waiter_ready(container_of(entry,
						  struct virtio_ocl_waiter,
						  entry)))
		return 0;
	return autoremove_wake_function(entry, mode, flags, key);
}

static void virtio_ocl_waiter_sleep(struct virtio_ocl_waiter *waiter,
				    unsigned long timeout)
{
	init_wait(&waiter->entry);
	waiter->entry.func = virtio_ocl_waiter_wake;
	for (;;) {
		prepare_to_wait(&waiter->client->wait, &waiter->entry,
				TASK_INTERRUPTIBLE);
		if (virtio_ocl_waiter_ready(waiter) || !timeout ||
		    signal_pending(current))
			break;
		timeout = schedule_timeout(timeout);
	}
	finish_wait(&waiter->client->wait, &waiter->entry);
}

static int virtio_ocl_ioctl_wait(struct virtio_ocl_client *client,
				 void __user *argp)
{
	struct virtio_ocl_waiter waiter = { .client = client };
	struct virtio_ocl_wait arg;
	int err;

	if (copy_from_user(&arg, argp, sizeof(arg)))
		return -EFAULT;
	if (arg.offset % 4 || arg.offset >= client->channel_len ||
	    arg.flags & ~VIRTIO_OCL_WAIT_KICK || arg.reserved)
		return -EINVAL;
	waiter.word = virtio_ocl_pages_at(&client->channel, arg.offset);
	waiter.old = arg.old;
	if (arg.flags & VIRTIO_OCL_WAIT_KICK) {
		err = virtio_ocl_queue_kick(client);
		if (err)
			return err;
	}
	virtio_ocl_waiter_sleep(&waiter, msecs_to_jiffies(arg.timeout_ms));
	if (READ_ONCE(*waiter.word) != arg.old)
		return 0;
	if (READ_ONCE(client->error))
		return client->error;
	/* A signal is not restarted: the whole time would begin again. */
	return signal_pending(current) ? -EINTR : -ETIMEDOUT;
}

static long virtio_ocl_ioctl(struct file *file, unsigned int cmd,
			     unsigned long arg)
{
	struct virtio_ocl_client *client = file->private_data;
	void __user *argp = (void __user *)arg;
	int error;

	if (current->mm != client->mm)
		return -EPERM;
	if (cmd == VIRTIO_OCL_IOC_OPEN)
		return virtio_ocl_ioctl_open(client, argp);
	/* Queue and channel were written before the state. */
	switch (smp_load_acquire(&client->state)) {
	case VIRTIO_OCL_CLIENT_NEW:
		return -EINVAL;
	case VIRTIO_OCL_CLIENT_OPEN:
		break;
	default:
		return -EIO;
	}
	if (cmd == VIRTIO_OCL_IOC_UNMAP)
		return virtio_ocl_ioctl_unmap(client, argp);
	if (cmd == VIRTIO_OCL_IOC_WAIT)
		return virtio_ocl_ioctl_wait(client, argp);
	error = READ_ONCE(client->error);
	if (error)
		return error;
	switch (cmd) {
	case VIRTIO_OCL_IOC_MAP:
		return virtio_ocl_ioctl_map(client, argp);
	case VIRTIO_OCL_IOC_ALLOC:
		return virtio_ocl_ioctl_alloc(client, argp);
	case VIRTIO_OCL_IOC_KICK:
		return virtio_ocl_queue_kick(client);
	default:
		return -ENOTTY;
	}
}

static int virtio_ocl_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct virtio_ocl_client *client = file->private_data;
	struct virtio_ocl_region *region;
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	int err = -EINVAL;

	if (current->mm != client->mm)
		return -EPERM;
	if (offset) {
		if (offset & ((1u << VIRTIO_OCL_MMAP_SHIFT) - 1) ||
		    offset >> VIRTIO_OCL_MMAP_SHIFT > U32_MAX)
			return -EINVAL;
		region = virtio_ocl_region_get(client,
					       offset >> VIRTIO_OCL_MMAP_SHIFT);
		if (!region)
			return -EINVAL;
		err = virtio_ocl_pages_mmap(&region->pages, vma);
		virtio_ocl_region_put(region);
		return err;
	}
	/* Not to wait here, with mmap_lock held, for an OPEN that takes long. */
	if (!mutex_trylock(&client->lock))
		return -EBUSY;
	if (client->state == VIRTIO_OCL_CLIENT_OPEN)
		err = virtio_ocl_pages_mmap(&client->channel, vma);
	mutex_unlock(&client->lock);
	return err;
}

const struct file_operations virtio_ocl_fops = {
	.owner = THIS_MODULE,
	.open = virtio_ocl_open,
	.release = virtio_ocl_release,
	.unlocked_ioctl = virtio_ocl_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = virtio_ocl_mmap,
	.llseek = noop_llseek,
};
