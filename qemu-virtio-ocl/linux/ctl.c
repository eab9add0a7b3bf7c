// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The control queue: requests that the driver sends for its clients. A request
 * is never taken back from the host: a caller that gives up leaves it there,
 * and it is freed when the host answers or the device is reset.
 */
#include <linux/slab.h>
#include <linux/virtio_config.h>
#include <linux/vmalloc.h>

#include "driver.h"

/* Entries that the runs of one request may take, one a page. */
#define RUN_ENTRIES	(VIRTIO_OCL_MAX_RUNS * sizeof(struct virtio_ocl_run) / PAGE_SIZE + 2)

static unsigned int virtio_ocl_ctl_runs_sg(struct scatterlist *sg,
					   const void *buf, size_t len)
{
	unsigned int n = 0;
	struct page *page;
	size_t part;

	while (len) {
		page = is_vmalloc_addr(buf) ? vmalloc_to_page(buf) :
					      virt_to_page(buf);
		part = min_t(size_t, len, PAGE_SIZE - offset_in_page(buf));
		sg_set_page(&sg[n++], page, part, offset_in_page(buf));
		buf += part;
		len -= part;
	}
	return n;
}

static int virtio_ocl_ctl_add(struct virtqueue *vq, struct virtio_ocl_req *req)
{
	struct scatterlist out[1 + RUN_ENTRIES], in;
	struct scatterlist *sgs[] = { out, &in };
	unsigned int n = 1;

	sg_init_table(out, ARRAY_SIZE(out));
	sg_set_buf(&out[0], &req->msg, req->len);
	n += virtio_ocl_ctl_runs_sg(&out[1], req->runs,
				    req->nruns * sizeof(*req->runs));
	sg_mark_end(&out[n - 1]);
	sg_init_one(&in, &req->resp, sizeof(req->resp));
	return virtqueue_add_sgs(vq, sgs, 1, 1, req, GFP_ATOMIC);
}

/*
 * Move what has room into the queue; ctl_lock held. Returns whether to notify
 * the host. In a queue that is broken nothing has room: its requests end with
 * the device's reset, like those that the host does not answer.
 */
static bool virtio_ocl_ctl_pump(struct virtio_ocl_device *dev)
{
	struct virtio_ocl_req *req, *next;

	list_for_each_entry_safe(req, next, &dev->ctl_pending, link) {
		if (virtio_ocl_ctl_add(dev->ctl_vq, req))
			break;
		list_del_init(&req->link);
	}
	return virtqueue_kick_prepare(dev->ctl_vq);
}

static void virtio_ocl_ctl_finish(struct list_head *finished)
{
	struct virtio_ocl_req *req, *next;

	list_for_each_entry_safe(req, next, finished, link) {
		list_del_init(&req->link);
		req->finish(req);
	}
}

void virtio_ocl_ctl_callback(struct virtqueue *vq)
{
	struct virtio_ocl_device *dev = vq->vdev->priv;
	struct virtio_ocl_req *req;
	LIST_HEAD(finished);
	unsigned long flags;
	unsigned int len;
	bool notify;

	spin_lock_irqsave(&dev->ctl_lock, flags);
	do {
		virtqueue_disable_cb(vq);
		while ((req = virtqueue_get_buf(vq, &len))) {
			req->result = 0;
			list_add_tail(&req->link, &finished);
		}
	} while (!virtqueue_enable_cb(vq));
	notify = virtio_ocl_ctl_pump(dev);
	spin_unlock_irqrestore(&dev->ctl_lock, flags);

	if (notify)
		virtqueue_notify(vq);
	virtio_ocl_ctl_finish(&finished);
}

void virtio_ocl_ctl_send(struct virtio_ocl_device *dev,
			 struct virtio_ocl_req *req)
{
	LIST_HEAD(finished);
	unsigned long flags;
	bool notify = false;
	int idx;

	req->resp.status = cpu_to_le32(VIRTIO_OCL_S_INVALID);
	idx = srcu_read_lock(&dev->srcu);
	spin_lock_irqsave(&dev->ctl_lock, flags);
	if (dev->gone) {
		req->result = -ENODEV;
		list_add_tail(&req->link, &finished);
	} else {
		list_add_tail(&req->link, &dev->ctl_pending);
		notify = virtio_ocl_ctl_pump(dev);
	}
	spin_unlock_irqrestore(&dev->ctl_lock, flags);
	if (notify)
		virtqueue_notify(dev->ctl_vq);
	srcu_read_unlock(&dev->srcu, idx);
	virtio_ocl_ctl_finish(&finished);
}

void virtio_ocl_ctl_stop(struct virtio_ocl_device *dev)
{
	struct virtio_ocl_req *req;
	LIST_HEAD(finished);
	unsigned long flags;

	spin_lock_irqsave(&dev->ctl_lock, flags);
	list_splice_init(&dev->ctl_pending, &finished);
	while ((req = virtqueue_detach_unused_buf(dev->ctl_vq)))
		list_add_tail(&req->link, &finished);
	list_for_each_entry(req, &finished, link)
		req->result = -ENODEV;
	spin_unlock_irqrestore(&dev->ctl_lock, flags);
	virtio_ocl_ctl_finish(&finished);
}

int virtio_ocl_ctl_status(const struct virtio_ocl_req *req)
{
	switch (le32_to_cpu(req->resp.status)) {
	case VIRTIO_OCL_S_OK:
		return 0;
	case VIRTIO_OCL_S_BUSY:
		return -EBUSY;
	case VIRTIO_OCL_S_NOMEM:
		return -ENOMEM;
	case VIRTIO_OCL_S_LOST:
		return -EIO;
	case VIRTIO_OCL_S_FAULT:
		return -EFAULT;
	default:
		/* We have sent nonsense, or the host answers with it. */
		pr_warn_ratelimited("virtio_ocl: request %u failed: %u\n",
				    le32_to_cpu(req->msg.hdr.type),
				    le32_to_cpu(req->resp.status));
		return -EIO;
	}
}

/* A request that someone waits for; either side may let go of it first. */
struct virtio_ocl_call {
	struct virtio_ocl_req req;
	struct kref ref;
	struct completion done;
};

static void virtio_ocl_call_free(struct kref *ref)
{
	struct virtio_ocl_call *call =
		container_of(ref, struct virtio_ocl_call, ref);

	kvfree(call->req.runs);
	kfree(call);
}

static void virtio_ocl_call_finish(struct virtio_ocl_req *req)
{
	struct virtio_ocl_call *call =
		container_of(req, struct virtio_ocl_call, req);

	complete(&call->done);
	kref_put(&call->ref, virtio_ocl_call_free);
}

static struct virtio_ocl_call *virtio_ocl_call_create(u32 type, u32 client,
						      u32 len, u32 max_runs)
{
	struct virtio_ocl_call *call;

	call = kzalloc(sizeof(*call), GFP_KERNEL);
	if (!call)
		return NULL;
	call->req.runs = kvmalloc_array(max_runs, sizeof(*call->req.runs),
					GFP_KERNEL);
	if (!call->req.runs) {
		kfree(call);
		return NULL;
	}
	kref_init(&call->ref);
	init_completion(&call->done);
	call->req.finish = virtio_ocl_call_finish;
	call->req.len = len;
	call->req.msg.hdr.type = cpu_to_le32(type);
	call->req.msg.hdr.client = cpu_to_le32(client);
	return call;
}

/* Send and wait. Takes over the caller's reference. */
static int virtio_ocl_call_run(struct virtio_ocl_device *dev,
			       struct virtio_ocl_call *call,
			       unsigned long timeout)
{
	long left;
	int err;

	kref_get(&call->ref);
	virtio_ocl_ctl_send(dev, &call->req);
	left = wait_for_completion_killable_timeout(&call->done, timeout);
	if (left < 0)
		err = -EINTR;
	else if (!left)
		err = -ETIMEDOUT;
	else
		err = call->req.result ?: virtio_ocl_ctl_status(&call->req);
	kref_put(&call->ref, virtio_ocl_call_free);
	return err;
}

int virtio_ocl_ctl_open(struct virtio_ocl_client *client)
{
	struct virtio_ocl_ctl_open *msg;
	struct virtio_ocl_call *call;
	unsigned int next = 0;
	u64 len;

	call = virtio_ocl_call_create(VIRTIO_OCL_CTL_OPEN, client->id,
				      sizeof(*msg), client->channel.count);
	if (!call)
		return -ENOMEM;
	call->req.nruns = virtio_ocl_pages_runs(&client->channel, &next,
						call->req.runs,
						VIRTIO_OCL_MAX_RUNS, &len);
	msg = &call->req.msg.open;
	msg->pid = cpu_to_le32(task_tgid_nr(current));
	msg->nruns = cpu_to_le32(call->req.nruns);
	msg->channel_len = cpu_to_le64(len);
	get_task_comm(msg->comm, current->group_leader);
	return virtio_ocl_call_run(client->dev, call, VIRTIO_OCL_OPEN_TIMEOUT);
}

int virtio_ocl_ctl_map(struct virtio_ocl_region *region)
{
	struct virtio_ocl_client *client = region->client;
	struct virtio_ocl_ctl_map *msg;
	struct virtio_ocl_call *call;
	unsigned int next = 0;
	u64 offset = 0, len;
	int err;

	while (next < region->pages.count) {
		u32 max = min(region->pages.count - next, VIRTIO_OCL_MAX_RUNS);

		call = virtio_ocl_call_create(VIRTIO_OCL_CTL_MAP, client->id,
					      sizeof(*msg), max);
		/*
		 * The host may hold the pieces before this one: only its
		 * answer to UNMAP will tell, as after a timeout.
		 */
		if (!call)
			return offset ? -ETIMEDOUT : -ENOMEM;
		call->req.nruns = virtio_ocl_pages_runs(&region->pages, &next,
							call->req.runs, max,
							&len);
		msg = &call->req.msg.map;
		msg->region = cpu_to_le32(region->id);
		msg->nruns = cpu_to_le32(call->req.nruns);
		msg->flags = cpu_to_le32((region->writable ?
					  VIRTIO_OCL_MAP_WRITE : 0) |
					 (region->gather ?
					  VIRTIO_OCL_MAP_GATHER : 0));
		msg->total_len = cpu_to_le64(region->len);
		msg->offset = cpu_to_le64(offset);
		err = virtio_ocl_call_run(client->dev, call,
					  VIRTIO_OCL_MAP_TIMEOUT);
		if (err)
			return err;
		offset += len;
	}
	return 0;
}
