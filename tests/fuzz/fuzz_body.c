// SPDX-License-Identifier: MIT
#include "fuzz_body.h"

#include <string.h>

#include "extension_types.h"

/* Fields of these names hold one of these values, most of the time. */
#define MANY 11

static const struct {
    const char *names; /* separated and surrounded by spaces */
    uint64_t values[MANY];
    unsigned count;
} plausible[] = {
    {" context ", {FUZZ_CONTEXT}, 1},
    {" command_queue queues ", {FUZZ_QUEUE, FUZZ_QUEUE, FUZZ_QUEUE, 0}, 4},
    {" command_buffer ", {FUZZ_COMMAND_BUFFER, FUZZ_NEW}, 2},
    {" command ", {FUZZ_COMMAND, FUZZ_NEW}, 2},
    {" num_configs ", {1, 0, 2}, 3},
    {" configs ", {FUZZ_COMMAND, 1, 0, 1, 7, FUZZ_SVM}, 6},
    {" sema_object sema_objects ", {FUZZ_SEMAPHORE, FUZZ_NEW, FUZZ_SEMAPHORE}, 3},
    {" properties ",
     {CL_SEMAPHORE_TYPE_KHR, CL_COMMAND_BUFFER_FLAGS_KHR, CL_SEMAPHORE_DEVICE_HANDLE_LIST_KHR,
      FUZZ_DEVICE, 1, 0, CL_MEM_ALLOC_FLAGS_INTEL, CL_MEM_DEVICE_PRIVATE_ADDRESS_EXT},
     8},
    {" sync_point_wait_list ", {1, 2, (uint64_t)1 << 32}, 3},
    {" buffer memobj src_buffer dst_buffer mem_objects content_size_buffer ",
     {FUZZ_BUFFER, FUZZ_SHARED, FUZZ_BUFFER, FUZZ_SHARED, FUZZ_NEW, FUZZ_NEW + 1, FUZZ_ADDRESSED},
     7},
    {" object ", {0, FUZZ_BUFFER, 0, FUZZ_SAMPLER, FUZZ_IMAGE, FUZZ_NEW}, 6},
    {" image src_image dst_image ", {FUZZ_IMAGE, FUZZ_IMAGE, FUZZ_BUFFER}, 3},
    {" sampler ", {FUZZ_SAMPLER}, 1},
    {" program programs headers ", {FUZZ_PROGRAM, FUZZ_NEW}, 2},
    {" kernel source_kernel ", {FUZZ_KERNEL, FUZZ_NEW}, 2},
    {" event_wait_list events event_list ",
     {FUZZ_USER_EVENT, FUZZ_EVENT, FUZZ_NEW, FUZZ_NEW + 1, FUZZ_EVENT},
     5},
    {" device in_device devices ", {FUZZ_DEVICE, FUZZ_DEVICE, FUZZ_DEVICE, 0}, 4},
    {" platform ", {FUZZ_PLATFORM}, 1},
    {" size host_size cb ", {1, 64, 4096, 65536, 65537, 5000}, 6},
    {" offset origin src_offset dst_offset dst_ptr_offset src_ptr_offset svm_ptr_offset ",
     {0, 4, 100, 4095, 65535},
     5},
    {" flags ",
     {0, CL_MEM_USE_HOST_PTR, CL_MEM_COPY_HOST_PTR, CL_MEM_READ_ONLY, CL_MEM_ALLOC_HOST_PTR},
     5},
    {" map_flags ", {CL_MAP_READ, CL_MAP_WRITE, CL_MAP_WRITE_INVALIDATE_REGION}, 3},
    {" want_value shared blocking_read blocking_write blocking_map enable ", {0, 1}, 2},
    {" param_name ",
     {CL_MEM_FLAGS, CL_PROGRAM_BINARIES, CL_PROGRAM_BINARY_SIZES, CL_CONTEXT_DEVICES,
      CL_DEVICE_NAME, 0x110f, CL_DEVICE_SVM_CAPABILITIES, CL_KERNEL_EXEC_INFO_SVM_PTRS,
      CL_MEM_DEVICE_ADDRESS_EXT, CL_KERNEL_EXEC_INFO_DEVICE_PTRS_EXT,
      CL_KERNEL_LOCAL_SIZE_FOR_SUB_GROUP_COUNT},
     11},
    {" param_value_size ", {0, 4, 8, 64, 40000, 100000}, 6},
    {" event_slot slot ", {0, 1, 2, 3, 65535, 65536}, 6},
    {" execution_status ", {0, (uint64_t)-1, (uint64_t)-59, 1}, 4},
    {" region buffer_origin host_origin src_origin dst_origin ", {0, 1, 8, 16, 4}, 5},
    {" buffer_row_pitch host_row_pitch src_row_pitch dst_row_pitch row_pitch input_row_pitch ",
     {0, 8, 64, 4096},
     4},
    {" buffer_slice_pitch host_slice_pitch slice_pitch input_slice_pitch ", {0, 64, 4096}, 3},
    {" work_dim ", {1, 2, 3, 4, 0}, 5},
    {" global_work_offset global_work_size local_work_size ", {1, 4, 64, 0}, 4},
    {" type ",
     {CL_COMPLETE, CL_RUNNING, CL_BUFFER_CREATE_TYPE_REGION, CL_UNORM_INT8, CL_SUBMITTED,
      CL_MEM_TYPE_HOST_INTEL, CL_MEM_TYPE_DEVICE_INTEL, CL_MEM_TYPE_SHARED_INTEL},
     8},
    {" desc ", {CL_MEM_OBJECT_IMAGE2D, 16, 1, 0, 64, CL_MEM_OBJECT_IMAGE3D}, 6},
    {" arg_index ", {0, 1, 2, 3}, 4},
    {" arg_size ", {4, 8, 64}, 3},
    {" platforms ", {FUZZ_PLATFORM, FUZZ_PLATFORM + 5}, 2},
    {" ret ", {0, 0, 0, 0, 0, (uint64_t)-30}, 6},
    {" status created num_devices num_kernels size_ret num_image_formats ",
     {0, 1, 2, (uint64_t)-30, 8, 5000},
     6},
    {" svm dst_ptr src_ptr svm_ptr ",
     {FUZZ_SVM, FUZZ_USM, FUZZ_SVM, FUZZ_USM, 0, FUZZ_NEW, FUZZ_BUFFER},
     7},
    {" address ",
     {0x100000000000, 0x200000000000, 4096, 0, 0x7ffffffff000, 0xfffffffffffff000, 0x100000000008},
     7},
    {" placed ", {0, 1}, 2},
    {" arg_value ",
     {FUZZ_ADDRESS, FUZZ_ADDRESS + 4096, FUZZ_ADDRESS + 5000, FUZZ_ADDRESS + 5001, 0},
     5},
    {" offsets sizes ", {0, 1, 100, 4095, 65536}, 5},
    {" alignment ", {0, 8, 64, 3}, 4},
    {" cookie ", {1, 2, 3, 4, 5, 6}, 6},
};

/* Which row of the table is this field's? */
static int row_of(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof(plausible) / sizeof(plausible[0]); i++) {
        const char *at = plausible[i].names;
        while ((at = strstr(at, name)) && !(at[-1] == ' ' && at[n] == ' '))
            at++;
        if (at)
            return (int)i;
    }
    return -1;
}

static uint64_t value_for(struct fuzz_input *in, const char *name)
{
    int row = row_of(name);
    uint32_t how = fuzz_pick(in, 16);
    if (how == 0)
        return fuzz_u64(in);
    if (row >= 0 && how < 14)
        return plausible[row].values[fuzz_pick(in, plausible[row].count)];
    /* A number of an object: new, or any. */
    return fuzz_pick(in, FUZZ_MAX_ID + 1);
}

/* An update of one command (mutable_command.c), whose lists are as long as it says. */
static void put_config(struct fuzz_input *in, struct vocl_writer *w)
{
    uint64_t words[48], args = fuzz_pick(in, 2), svm_args = fuzz_pick(in, 3),
                        infos = fuzz_pick(in, 3), sizes = fuzz_pick(in, 8);
    const uint64_t head[] = {
        value_for(in, "command"), fuzz_pick(in, 4), sizes, args, svm_args, infos};
    size_t n = sizeof(head) / sizeof(head[0]);
    memcpy(words, head, sizeof(head));
    for (; sizes; sizes &= sizes - 1)
        for (int i = 0; i < 3; i++)
            words[n++] = value_for(in, "global_work_size");
    for (; args; args--) {
        words[n++] = value_for(in, "arg_index");
        words[n++] = value_for(in, "arg_size");
        words[n++] = value_for(in, "object");
    }
    for (; svm_args; svm_args--) {
        words[n++] = value_for(in, "arg_index");
        words[n++] = value_for(in, "arg_size");
        words[n++] = value_for(in, "svm");
        words[n++] = value_for(in, "offset");
    }
    for (; infos; infos--) {
        uint64_t pointers = fuzz_pick(in, 3);
        words[n++] = fuzz_pick(in, 4) ? CL_KERNEL_EXEC_INFO_SVM_PTRS + fuzz_pick(in, 4) / 2
                                      : CL_KERNEL_EXEC_INFO_DEVICE_PTRS_EXT;
        words[n++] = 4 << fuzz_pick(in, 3);
        words[n++] = pointers;
        for (uint64_t i = 0; i < 2 * pointers; i++)
            words[n++] = value_for(in, i < pointers ? "svm" : "offset");
    }
    vocl_put_words(w, (struct vocl_words){words, n});
}

static void put_words(struct fuzz_input *in, const char *name, struct vocl_writer *w)
{
    uint64_t words[12];
    if (!strcmp(name, "configs") && fuzz_pick(in, 4)) {
        put_config(in, w);
        return;
    }
    uint64_t count = fuzz_pick(in, 5);
    if (count == 4) {
        vocl_put_words(w, (struct vocl_words){0});
        return;
    }
    bool sizes = strstr(name, "origin") || !strcmp(name, "region");
    if (!strcmp(name, "desc"))
        count = 9;
    else if (strstr(" svm offsets sizes ", name) && fuzz_pick(in, 4))
        count = 1; /* lists of the same length */
    else if (!strcmp(name, "configs"))
        count = 6 + fuzz_pick(in, 6);
    else if (sizes && fuzz_pick(in, 16))
        count = 3;
    for (uint64_t i = 0; i < count; i++)
        words[i] = value_for(in, name);
    /* A list of properties is closed, or the call ends here. */
    if (!strcmp(name, "properties") && fuzz_pick(in, 16)) {
        count = count % 2 ? count : count + 1;
        words[count - 1] = 0;
    }
    vocl_put_words(w, (struct vocl_words){words, count});
}

static struct vocl_bytes text_for(struct fuzz_input *in, char *text, const char *name)
{
    static const char *const known[] = {"",      "k",      "kernel void k() {}", "printf #include",
                                        "a/b.h", "-I \1/x"};
    uint32_t how = fuzz_pick(in, 8);
    if (how == 7)
        return (struct vocl_bytes){0};
    if ((!strcmp(name, "arg_value") && how) || (!strcmp(name, "value") && how == 1)) {
        uint64_t value = how % 2 ? value_for(in, "arg_value") : fuzz_u64(in);
        memcpy(text, &value, sizeof(value));
        return (struct vocl_bytes){text, sizeof(value)};
    }
    if (how < 6) {
        size_t n = strlen(known[how]) + (strcmp(name, "strings") ? 1 : 0);
        memcpy(text, known[how], n);
        return (struct vocl_bytes){text, n};
    }
    size_t n = fuzz_pick(in, 65);
    for (size_t i = 0; i < n; i++)
        text[i] = (char)fuzz_pick(in, 256);
    return (struct vocl_bytes){text, n};
}

static void put_payload(struct fuzz_input *in, struct vocl_writer *w)
{
    static const uint8_t bytes[70000];
    static const uint64_t lens[] = {1, 64, 4096, 65536, 0, 65537};
    uint64_t len = lens[fuzz_pick(in, 6)];
    uint64_t offset = fuzz_pick(in, 4) ? 0 : fuzz_pick(in, 65536);
    uint64_t region = fuzz_pick(in, 8) ? FUZZ_REGION : fuzz_u64(in);
    switch (fuzz_pick(in, 6)) {
    case 5:
        region = fuzz_pick(in, 8) ? FUZZ_LISTED : fuzz_u64(in);
        vocl_put_payload(w, (struct vocl_payload){VOCL_PAYLOAD_GATHER, len, region, offset, NULL});
        return;
    case 4:
        region = fuzz_pick(in, 8) ? FUZZ_SVM + fuzz_pick(in, 2) : fuzz_u64(in);
        vocl_put_payload(w, (struct vocl_payload){VOCL_PAYLOAD_SVM, len, region, offset, NULL});
        return;
    case 0:
        vocl_put_payload(w, (struct vocl_payload){.kind = VOCL_PAYLOAD_NONE, .len = len});
        return;
    case 1: /* for the reply */
        vocl_put_payload(w, (struct vocl_payload){.kind = VOCL_PAYLOAD_INLINE, .len = len});
        return;
    case 2:
        vocl_put_payload(w, (struct vocl_payload){VOCL_PAYLOAD_INLINE, len, 0, 0, bytes});
        return;
    default:
        vocl_put_payload(w, (struct vocl_payload){VOCL_PAYLOAD_REGION, len, region, offset, NULL});
        return;
    }
}

static void put_field(struct fuzz_input *in, const struct fuzz_field *f, struct vocl_writer *w)
{
    char text[4][80];
    struct vocl_bytes list[4];
    struct vocl_blobs blobs = {.list = list};
    switch (f->kind) {
    case FUZZ_U64:
        vocl_put_u64(w, value_for(in, f->name));
        break;
    case FUZZ_WORDS:
        put_words(in, f->name, w);
        break;
    case FUZZ_BYTES:
        vocl_put_bytes(w, text_for(in, text[0], f->name));
        break;
    case FUZZ_BLOBS:
        for (blobs.count = 0; blobs.count < fuzz_pick(in, 4); blobs.count++)
            list[blobs.count] = text_for(in, text[blobs.count], f->name);
        vocl_put_blobs(w, blobs);
        break;
    case FUZZ_PAYLOAD:
        put_payload(in, w);
        break;
    case FUZZ_END:
        break;
    }
}

/* Change a word, or the length. */
static void spoil(struct fuzz_input *in, struct vocl_writer *w)
{
    uint64_t v = fuzz_u64(in);
    if (w->len && fuzz_pick(in, 2))
        memcpy(w->buf + fuzz_pick(in, w->len / 8) * 8, &v, 8);
    else if (w->len)
        w->len -= fuzz_pick(in, w->len / 8) * 8;
    else
        vocl_put_u64(w, v);
}

void fuzz_body(struct fuzz_input *in, const struct fuzz_field *fields, struct vocl_writer *w)
{
    for (; fields->kind != FUZZ_END; fields++)
        put_field(in, fields, w);
    if (fuzz_pick(in, 64) == 63)
        spoil(in, w);
}
