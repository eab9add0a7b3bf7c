/*
 * vhost-user-ocl: the virtio OpenCL device, served by a vhost-user back end
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QEMU's part is small: it offers one control queue and a number of client
 * queues, fetches the configuration space from the back end, and hands both
 * to it. No command and no data passes through QEMU.
 *
 * A back end that goes away takes its clients' workers with it, which nothing
 * brings back: the device is stopped and asks the driver for a reset
 * (virtio 1.3, 2.1.2). After that it works again as soon as a back end is
 * connected.
 *
 * This file compiles against QEMU 7.2 and later, so it brings its own base
 * instead of vhost-user-base (8.2 and later).
 */
#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/bswap.h"
#include "qemu/error-report.h"
#include "qemu/iov.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "chardev/char-fe.h"
#if __has_include("hw/core/qdev-properties.h")
#include "hw/core/qdev-properties.h"
#include "hw/core/qdev-properties-system.h"
#else
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#endif
#include "hw/pci/pci.h"
#include "hw/virtio/vhost.h"
#include "hw/virtio/vhost-backend.h"
#include "hw/virtio/vhost-user.h"
#include "hw/virtio/virtio-bus.h"
#include "hw/virtio/virtio-pci.h"
#include "migration/vmstate.h"

/* What has changed in QEMU between the versions that this compiles with. */
#define VU_OCL_QEMU(major, minor) \
    (QEMU_VERSION_MAJOR > (major) || \
     (QEMU_VERSION_MAJOR == (major) && QEMU_VERSION_MINOR >= (minor)))

#if VU_OCL_QEMU(10, 1)
#define VU_OCL_CLASS_DATA const void
#define VU_OCL_STATUS int
#define VU_OCL_STATUS_OK 0
#else
#define VU_OCL_CLASS_DATA void
#define VU_OCL_STATUS void
#define VU_OCL_STATUS_OK
#endif

#if VU_OCL_QEMU(10, 2)
typedef CharFrontend VUOCLChardev;
#else
typedef CharBackend VUOCLChardev;
#endif

#if VU_OCL_QEMU(10, 0)
#define VU_OCL_PROPERTY const Property
#define VU_OCL_PROPERTIES_END
#else
#define VU_OCL_PROPERTY Property
#define VU_OCL_PROPERTIES_END DEFINE_PROP_END_OF_LIST(),
#endif

/*
 * The id that the driver looks for is not assigned yet and so not in QEMU's
 * table, which virtio_init() insists on: realize as another, then change it.
 */
#define VU_OCL_DEVICE_ID 63
#define VU_OCL_TABLE_ID 38

/* The device's specification: docs/device.md, configuration layout. */
#define VU_OCL_CONFIG_SIZE 64
#define VU_OCL_CONFIG_CLIENT_QUEUES 8

/* Its control queue, and the answer to a request whose worker has gone. */
#define VU_OCL_QUEUE_CONTROL 0
#define VU_OCL_S_LOST 4

#define VU_OCL_QUEUE_SIZE 256
#define VU_OCL_DEFAULT_CLIENT_QUEUES 16
/* A vhost-user message has 8 bits for a queue's index. */
#define VU_OCL_MAX_CLIENT_QUEUES 255

/* vhost-user protocol feature, in no header before QEMU 8. */
#define VU_OCL_PROTOCOL_F_RESET_DEVICE 13

#define TYPE_VHOST_USER_OCL "vhost-user-ocl-device"
OBJECT_DECLARE_SIMPLE_TYPE(VHostUserOCL, VHOST_USER_OCL)

struct VHostUserOCL {
    VirtIODevice parent_obj;

    /* properties */
    VUOCLChardev chardev;
    uint16_t client_queues;

    VhostUserState vhost_user;
    struct vhost_dev vhost_dev;
    struct vhost_virtqueue *vhost_vqs;
    VirtQueue **vqs;
    int nvqs;
    QEMUBH *disconnect_bh;
    bool connected;
    bool started;
    uint8_t config[VU_OCL_CONFIG_SIZE];
};

/* Other bits are offered as the transport and the properties say. */
static const int vu_ocl_feature_bits[] = {
    VIRTIO_F_VERSION_1,
    VIRTIO_F_NOTIFY_ON_EMPTY,
    VIRTIO_F_RING_PACKED,
    VIRTIO_F_RING_RESET,
    VIRTIO_F_IOMMU_PLATFORM,
    VIRTIO_RING_F_INDIRECT_DESC,
    VIRTIO_RING_F_EVENT_IDX,
    VHOST_INVALID_FEATURE_BIT
};

static void vu_ocl_get_config(VirtIODevice *vdev, uint8_t *config)
{
    memcpy(config, VHOST_USER_OCL(vdev)->config, VU_OCL_CONFIG_SIZE);
}

/* The back end may serve more clients than we have queues for. */
static int vu_ocl_fetch_config(VHostUserOCL *ocl, Error **errp)
{
    uint8_t config[VU_OCL_CONFIG_SIZE];
    uint32_t queues;
    int ret;

    ret = vhost_dev_get_config(&ocl->vhost_dev, config, sizeof(config), errp);
    if (ret < 0) {
        return ret;
    }
    queues = ldl_le_p(config + VU_OCL_CONFIG_CLIENT_QUEUES);
    stl_le_p(config + VU_OCL_CONFIG_CLIENT_QUEUES,
             MIN(queues, ocl->client_queues));
    memcpy(ocl->config, config, sizeof(config));
    return 0;
}

static int vu_ocl_config_changed(struct vhost_dev *vhost_dev)
{
    VHostUserOCL *ocl = container_of(vhost_dev, VHostUserOCL, vhost_dev);
    Error *err = NULL;
    int ret;

    ret = vu_ocl_fetch_config(ocl, &err);
    if (ret < 0) {
        error_report_err(err);
        return ret;
    }
    virtio_notify_config(VIRTIO_DEVICE(ocl));
    return 0;
}

static const VhostDevConfigOps vu_ocl_config_ops = {
    .vhost_dev_config_notifier = vu_ocl_config_changed,
};

static int vu_ocl_start(VHostUserOCL *ocl)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(ocl);
    BusState *qbus = qdev_get_parent_bus(DEVICE(ocl));
    VirtioBusClass *k = VIRTIO_BUS_GET_CLASS(qbus);
    int ret;

    if (!k->set_guest_notifiers) {
        error_report("vhost-user-ocl: the bus has no guest notifiers");
        return -ENOSYS;
    }
    ret = vhost_dev_enable_notifiers(&ocl->vhost_dev, vdev);
    if (ret < 0) {
        error_report("vhost-user-ocl: cannot enable host notifiers: %s",
                     strerror(-ret));
        return ret;
    }
    ret = k->set_guest_notifiers(qbus->parent, ocl->nvqs, true);
    if (ret < 0) {
        error_report("vhost-user-ocl: cannot bind guest notifiers: %s",
                     strerror(-ret));
        goto disable_notifiers;
    }
    vhost_ack_features(&ocl->vhost_dev, vu_ocl_feature_bits,
                       vdev->guest_features);
    ret = vhost_dev_start(&ocl->vhost_dev, vdev, true);
    if (ret < 0) {
        error_report("vhost-user-ocl: cannot start the back end: %s",
                     strerror(-ret));
        goto unset_notifiers;
    }
    ocl->started = true;
    return 0;

unset_notifiers:
    k->set_guest_notifiers(qbus->parent, ocl->nvqs, false);
disable_notifiers:
    vhost_dev_disable_notifiers(&ocl->vhost_dev, vdev);
    return ret;
}

static void vu_ocl_stop(VHostUserOCL *ocl)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(ocl);
    BusState *qbus = qdev_get_parent_bus(DEVICE(ocl));
    VirtioBusClass *k = VIRTIO_BUS_GET_CLASS(qbus);

    if (!ocl->started) {
        return;
    }
    ocl->started = false;
    vhost_dev_stop(&ocl->vhost_dev, vdev, true);
    if (k->set_guest_notifiers(qbus->parent, ocl->nvqs, false) < 0) {
        error_report("vhost-user-ocl: cannot release guest notifiers");
    }
    vhost_dev_disable_notifiers(&ocl->vhost_dev, vdev);
}

static VU_OCL_STATUS vu_ocl_set_status(VirtIODevice *vdev, uint8_t status)
{
    VHostUserOCL *ocl = VHOST_USER_OCL(vdev);
    bool start = ocl->connected && vdev->vm_running &&
                 (status & VIRTIO_CONFIG_S_DRIVER_OK) &&
                 !(status & VIRTIO_CONFIG_S_NEEDS_RESET);

    if (start && !ocl->started) {
        if (vu_ocl_start(ocl) < 0) {
            qemu_chr_fe_disconnect(&ocl->chardev);
        }
    } else if (!start) {
        vu_ocl_stop(ocl);
    }
    return VU_OCL_STATUS_OK;
}

/*
 * A stopped device may go on (the VM was paused); one that was reset has no
 * clients any more, and only the message tells the back end which it was.
 */
static void vu_ocl_reset(VirtIODevice *vdev)
{
    VHostUserOCL *ocl = VHOST_USER_OCL(vdev);

    if (ocl->connected && ocl->vhost_dev.protocol_features &
                          (1ULL << VU_OCL_PROTOCOL_F_RESET_DEVICE)) {
        ocl->vhost_dev.vhost_ops->vhost_reset_device(&ocl->vhost_dev);
    }
}

static uint64_t vu_ocl_get_features(VirtIODevice *vdev, uint64_t features,
                                    Error **errp)
{
    return vhost_get_features(&VHOST_USER_OCL(vdev)->vhost_dev,
                              vu_ocl_feature_bits, features);
}

static struct vhost_dev *vu_ocl_get_vhost(VirtIODevice *vdev)
{
    return &VHOST_USER_OCL(vdev)->vhost_dev;
}

/*
 * The back end handles the queues. Without one no request can be carried out:
 * each is answered so, and no program waits for a back end that may not come.
 */
static void vu_ocl_handle_output(VirtIODevice *vdev, VirtQueue *vq)
{
    VHostUserOCL *ocl = VHOST_USER_OCL(vdev);
    const uint32_t lost[] = { cpu_to_le32(VU_OCL_S_LOST), 0 };
    VirtQueueElement *elem;

    if (ocl->connected || vq != ocl->vqs[VU_OCL_QUEUE_CONTROL]) {
        return;
    }
    while ((elem = virtqueue_pop(vq, sizeof(*elem)))) {
        size_t len = iov_from_buf(elem->in_sg, elem->in_num, 0, lost,
                                  sizeof(lost));

        virtqueue_push(vq, elem, len);
        g_free(elem);
    }
    virtio_notify(vdev, vq);
}

static int vu_ocl_connect(VHostUserOCL *ocl, Error **errp)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(ocl);
    int ret;

    if (ocl->connected) {
        return 0;
    }
    ocl->vhost_dev.nvqs = ocl->nvqs;
    ocl->vhost_dev.vqs = ocl->vhost_vqs;
    ocl->vhost_dev.vq_index = 0;
    ocl->vhost_dev.backend_features = 0;
    ocl->vhost_user.supports_config = true;
    vhost_dev_set_config_notifier(&ocl->vhost_dev, &vu_ocl_config_ops);
    ret = vhost_dev_init(&ocl->vhost_dev, &ocl->vhost_user,
                         VHOST_BACKEND_TYPE_USER, 0, errp);
    if (ret < 0) {
        return ret;
    }
    if (ocl->vhost_dev.max_queues < ocl->nvqs) {
        error_setg(errp, "vhost-user-ocl: the back end has %" PRIu64
                   " queues: set client-queues=%" PRIu64,
                   (uint64_t)ocl->vhost_dev.max_queues,
                   (uint64_t)ocl->vhost_dev.max_queues - 1);
        ret = -EINVAL;
        goto cleanup;
    }
    ret = vu_ocl_fetch_config(ocl, errp);
    if (ret < 0) {
        goto cleanup;
    }
    ocl->connected = true;
    vu_ocl_set_status(vdev, vdev->status);
    return 0;

cleanup:
    vhost_dev_cleanup(&ocl->vhost_dev);
    return ret;
}

static void vu_ocl_event(void *opaque, QEMUChrEvent event);

static void vu_ocl_disconnect_bh(void *opaque)
{
    VHostUserOCL *ocl = opaque;
    VirtIODevice *vdev = VIRTIO_DEVICE(ocl);

    if (ocl->connected) {
        ocl->connected = false;
        vu_ocl_stop(ocl);
        vhost_dev_cleanup(&ocl->vhost_dev);
        if (vdev->status & VIRTIO_CONFIG_S_DRIVER_OK) {
            vdev->status |= VIRTIO_CONFIG_S_NEEDS_RESET;
            virtio_notify_config(vdev);
        }
    }
    /* vhost-user took the handlers; and who has come since is reported now. */
    qemu_chr_fe_set_handlers(&ocl->chardev, NULL, NULL, vu_ocl_event, NULL,
                             ocl, NULL, true);
}

static void vu_ocl_event(void *opaque, QEMUChrEvent event)
{
    VHostUserOCL *ocl = opaque;
    Error *err = NULL;

    switch (event) {
    case CHR_EVENT_OPENED:
        if (vu_ocl_connect(ocl, &err) < 0) {
            error_report_err(err);
            qemu_chr_fe_disconnect(&ocl->chardev);
        }
        break;
    case CHR_EVENT_CLOSED:
        /* This may be in the middle of a message: clean up after it. */
        qemu_bh_schedule(ocl->disconnect_bh);
        break;
    case CHR_EVENT_BREAK:
    case CHR_EVENT_MUX_IN:
    case CHR_EVENT_MUX_OUT:
        break;
    }
}

static void vu_ocl_delete_queues(VHostUserOCL *ocl)
{
    int i;

    for (i = 0; i < ocl->nvqs; i++) {
        virtio_delete_queue(ocl->vqs[i]);
    }
    g_free(ocl->vqs);
    g_free(ocl->vhost_vqs);
}

static void vu_ocl_realize(DeviceState *dev, Error **errp)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(dev);
    VHostUserOCL *ocl = VHOST_USER_OCL(dev);
    int i;

    if (!qemu_chr_fe_backend_connected(&ocl->chardev)) {
        error_setg(errp, "vhost-user-ocl: the chardev property is missing");
        return;
    }
    if (!ocl->client_queues || ocl->client_queues > VU_OCL_MAX_CLIENT_QUEUES) {
        error_setg(errp, "vhost-user-ocl: client-queues must be 1 to %d",
                   VU_OCL_MAX_CLIENT_QUEUES);
        return;
    }
    if (!vhost_user_init(&ocl->vhost_user, &ocl->chardev, errp)) {
        return;
    }
    virtio_init(vdev, VU_OCL_TABLE_ID, VU_OCL_CONFIG_SIZE);
    vdev->device_id = VU_OCL_DEVICE_ID;
    vdev->name = "virtio-ocl";
    /*
     * Interrupts are masked in the transport alone. Otherwise the queues would
     * start masked, and what the back end answers at once would be lost.
     */
    vdev->use_guest_notifier_mask = false;

    ocl->nvqs = 1 + ocl->client_queues;
    ocl->vqs = g_new0(VirtQueue *, ocl->nvqs);
    ocl->vhost_vqs = g_new0(struct vhost_virtqueue, ocl->nvqs);
    for (i = 0; i < ocl->nvqs; i++) {
        ocl->vqs[i] = virtio_add_queue(vdev, VU_OCL_QUEUE_SIZE,
                                       vu_ocl_handle_output);
    }
    if (qemu_chr_fe_wait_connected(&ocl->chardev, errp) < 0 ||
        vu_ocl_connect(ocl, errp) < 0) {
        goto cleanup;
    }
    ocl->disconnect_bh = qemu_bh_new(vu_ocl_disconnect_bh, ocl);
    qemu_chr_fe_set_handlers(&ocl->chardev, NULL, NULL, vu_ocl_event, NULL,
                             ocl, NULL, true);
    return;

cleanup:
    vu_ocl_delete_queues(ocl);
    virtio_cleanup(vdev);
    vhost_user_cleanup(&ocl->vhost_user);
}

static void vu_ocl_unrealize(DeviceState *dev)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(dev);
    VHostUserOCL *ocl = VHOST_USER_OCL(dev);

    qemu_chr_fe_set_handlers(&ocl->chardev, NULL, NULL, NULL, NULL, NULL,
                             NULL, false);
    qemu_bh_delete(ocl->disconnect_bh);
    vu_ocl_stop(ocl);
    if (ocl->connected) {
        ocl->connected = false;
        vhost_dev_cleanup(&ocl->vhost_dev);
    }
    vu_ocl_delete_queues(ocl);
    virtio_cleanup(vdev);
    vhost_user_cleanup(&ocl->vhost_user);
}

/* Workers have state that only the guest could rebuild: not yet. */
static const VMStateDescription vu_ocl_vmstate = {
    .name = "vhost-user-ocl",
    .unmigratable = 1,
};

static VU_OCL_PROPERTY vu_ocl_properties[] = {
    DEFINE_PROP_CHR("chardev", VHostUserOCL, chardev),
    DEFINE_PROP_UINT16("client-queues", VHostUserOCL, client_queues,
                       VU_OCL_DEFAULT_CLIENT_QUEUES),
    VU_OCL_PROPERTIES_END
};

static void vu_ocl_class_init(ObjectClass *klass, VU_OCL_CLASS_DATA *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VirtioDeviceClass *vdc = VIRTIO_DEVICE_CLASS(klass);

    device_class_set_props(dc, vu_ocl_properties);
    dc->vmsd = &vu_ocl_vmstate;
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
    vdc->realize = vu_ocl_realize;
    vdc->unrealize = vu_ocl_unrealize;
    vdc->get_features = vu_ocl_get_features;
    vdc->get_config = vu_ocl_get_config;
    vdc->set_status = vu_ocl_set_status;
    vdc->reset = vu_ocl_reset;
    vdc->get_vhost = vu_ocl_get_vhost;
}

static const TypeInfo vu_ocl_info = {
    .name = TYPE_VHOST_USER_OCL,
    .parent = TYPE_VIRTIO_DEVICE,
    .instance_size = sizeof(VHostUserOCL),
    .class_init = vu_ocl_class_init,
};

#define TYPE_VHOST_USER_OCL_PCI "vhost-user-ocl-pci-base"
OBJECT_DECLARE_SIMPLE_TYPE(VHostUserOCLPCI, VHOST_USER_OCL_PCI)

struct VHostUserOCLPCI {
    VirtIOPCIProxy parent_obj;
    VHostUserOCL vdev;
};

static VU_OCL_PROPERTY vu_ocl_pci_properties[] = {
    DEFINE_PROP_UINT32("vectors", VirtIOPCIProxy, nvectors,
                       DEV_NVECTORS_UNSPECIFIED),
    VU_OCL_PROPERTIES_END
};

static void vu_ocl_pci_realize(VirtIOPCIProxy *proxy, Error **errp)
{
    VHostUserOCLPCI *pci = VHOST_USER_OCL_PCI(proxy);

    if (proxy->nvectors == DEV_NVECTORS_UNSPECIFIED) {
        /* Each queue's, and one for changes of the configuration. */
        proxy->nvectors = 1 + pci->vdev.client_queues + 1;
    }
    virtio_pci_force_virtio_1(proxy);
    qdev_realize(DEVICE(&pci->vdev), BUS(&proxy->bus), errp);
}

static void vu_ocl_pci_class_init(ObjectClass *klass, VU_OCL_CLASS_DATA *data)
{
    DeviceClass *dc = DEVICE_CLASS(klass);
    VirtioPCIClass *k = VIRTIO_PCI_CLASS(klass);
    PCIDeviceClass *pcidev_k = PCI_DEVICE_CLASS(klass);

    device_class_set_props(dc, vu_ocl_pci_properties);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
    dc->desc = "OpenCL through a vhost-user back end";
    k->realize = vu_ocl_pci_realize;
    pcidev_k->vendor_id = PCI_VENDOR_ID_REDHAT_QUMRANET;
    pcidev_k->device_id = 0; /* from the virtio id */
    pcidev_k->revision = 0x01;
    pcidev_k->class_id = PCI_CLASS_OTHERS;
}

static void vu_ocl_pci_instance_init(Object *obj)
{
    VHostUserOCLPCI *pci = VHOST_USER_OCL_PCI(obj);

    virtio_instance_init_common(obj, &pci->vdev, sizeof(pci->vdev),
                                TYPE_VHOST_USER_OCL);
}

static const VirtioPCIDeviceTypeInfo vu_ocl_pci_info = {
    .base_name = TYPE_VHOST_USER_OCL_PCI,
    .non_transitional_name = "vhost-user-ocl-pci",
    .instance_size = sizeof(VHostUserOCLPCI),
    .instance_init = vu_ocl_pci_instance_init,
    .class_init = vu_ocl_pci_class_init,
};

static void vu_ocl_register_types(void)
{
    type_register_static(&vu_ocl_info);
    virtio_pci_types_register(&vu_ocl_pci_info);
}

type_init(vu_ocl_register_types)
