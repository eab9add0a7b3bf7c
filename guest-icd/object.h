/* SPDX-License-Identifier: MIT */
/*
 * object.h - the shadow that stands behind every handle in the guest.
 *
 * A shadow begins with the dispatch table (cl_khr_icd), knows its number on
 * the wire and counts two things: the references that the application sees
 * (clRetain, clRelease, CL_*_REFERENCE_COUNT) and the holds that keep the
 * shadow itself alive: one for all the application's references together, and
 * one for each shadow that points at it (a queue holds its context). When the
 * last hold goes, the helper is told to release its native object and the
 * number can be used again.
 *
 * Threading: counts are atomic; everything else in a shadow is constant after
 * its creation unless its own comment says otherwise.
 */
#ifndef GCL_OBJECT_H
#define GCL_OBJECT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <CL/cl_icd.h>

#include "extension_types.h"
#include "transport.h"

struct gcl_piece; /* slab.h */

enum gcl_type {
    GCL_PLATFORM = 1,
    GCL_DEVICE,
    GCL_CONTEXT,
    GCL_QUEUE,
    GCL_MEM,
    GCL_SAMPLER,
    GCL_PROGRAM,
    GCL_KERNEL,
    GCL_EVENT,
    GCL_COMMAND_BUFFER,
    GCL_SEMAPHORE,
    GCL_MUTABLE_COMMAND,
};

struct gcl_object {
    const cl_icd_dispatch *dispatch; /* must be first: cl_khr_icd */
    uint32_t magic;                  /* GCL_MAGIC + enum gcl_type; 0 once destroyed */
    uint32_t id;                     /* on the wire */
    uint32_t refs;                   /* the application's */
    uint32_t holds;
    bool untold;  /* the helper has no such object: event.h */
    bool watched; /* a destructor or release callback is registered: wait for it */
    void (*destroy)(struct gcl_object *o); /* frees the shadow; drops its holds on others */
    struct gcl_object *next_arg;           /* gcl_object_find()'s table */
    struct gcl_info_cache *infos;          /* atomic: info_cache.h */
};

/* Not a plausible pointer or small number, so that a stale handle is noticed. */
#define GCL_MAGIC 0x564f4300u

/* Ids with this bit are the helper's: platforms and root devices, which exist
 * for as long as the connection does and are never released. */
#define GCL_HOST_ID 0x80000000u

/* Which functions of extensions a platform has (extension.c). */
#define GCL_MAX_FUNCTIONS 128
struct gcl_functions {
    bool known;
    bool older; /* its command buffers are of a version before 0.9.5 */
    uint64_t bits[GCL_MAX_FUNCTIONS / 64];
};

struct _cl_platform_id {
    struct gcl_object base;
    struct gcl_functions functions; /* under extension.c's lock */
};

struct _cl_device_id {
    struct gcl_object base;
    cl_platform_id platform;
    cl_device_id parent; /* NULL: a root device */
    struct _cl_device_id *next;
    struct gcl_strings *strings[2]; /* spirv.c */
};

struct _cl_context {
    struct gcl_object base;
    cl_uint num_devices;
    cl_device_id *devices;
    size_t num_properties; /* entries, the closing 0 included */
    cl_context_properties *properties;
    uint64_t notify; /* callback cookie, 0: none */
    _Alignas(8) cl_ulong max_alloc; /* gcl_context_max_alloc()'s, 0: not asked yet */
    int in_place;                   /* backing.c's; atomic */
    struct gcl_pinned *pinned;      /* pinned.c's */
    bool terminated; /* atomic: by clTerminateContextKHR; its commands are refused */
};

struct _cl_command_queue {
    struct gcl_object base;
    cl_context context;
    cl_device_id device;
    bool of_host; /* no CL_QUEUE_ON_DEVICE: the host enqueues */
    bool in_order;
    bool profiling;
    bool uses_pinned; /* pinned.c's */
    size_t begun; /* this and the next three are queue.c's; atomic */
    size_t sent;
    size_t ended;
    int held;
    const char *owner; /* of the hold: queue.c */
    pthread_mutex_t holder;
};

/* One outstanding map (mapping.h). */
struct gcl_mapping {
    struct gcl_mapping *next;
    void *ptr;
    cl_map_flags flags;
    size_t offset; /* buffers */
    size_t size;   /* bytes from ptr on */
    size_t origin[3]; /* images, and so are the next four */
    size_t region[3];
    size_t row_pitch;
    size_t slice_pitch;
    struct gcl_region shadow; /* id 0: the application's own memory */
    bool local;               /* the helper knows nothing of it (direct.h) */
};

struct _cl_mem {
    struct gcl_object base;
    cl_context context;
    cl_mem parent; /* of a sub-buffer */
    cl_mem_flags flags;
    size_t size;
    size_t origin; /* in parent */
    cl_mem_object_type image_type; /* 0: a buffer; CL_MEM_OBJECT_PIPE: a pipe, no image */
    size_t pixel;                  /* images: bytes */
    size_t host_row_pitch;         /* images with CL_MEM_USE_HOST_PTR */
    size_t host_slice_pitch;
    void *host_ptr; /* as CL_MEM_HOST_PTR answers */
    bool shared;    /* the native buffer lives in `memory`: map moves nothing */
    struct gcl_region memory; /* id 0: none yet */
    bool memory_is_users;     /* registered by map(), not allocated */
    bool memory_is_anothers;  /* a part of the parent's, or SVM */
    size_t num_properties;    /* entries, the closing 0 included */
    cl_mem_properties *properties;
    cl_pipe_properties *pipe_properties; /* num_properties of them */
    bool in_place;            /* shared, and the device works in `memory` itself */
    bool backed;              /* `memory` is backing.c's, and so are the next three */
    bool made;                /* there is, or was, a native buffer */
    bool pinned;              /* entered by gcl_pinned_add() */
    cl_mem shadow;            /* `memory` is this one's: pinned.h */
    struct gcl_piece *piece;  /* NULL: a region */
    uint8_t *touched;         /* bit per huge page; NULL: small pages only */
    int lock;                 /* spin lock of the two below */
    cl_uint map_count;
    struct gcl_mapping *mappings;
};

struct _cl_sampler {
    struct gcl_object base;
    cl_context context;
};

struct _cl_program {
    struct gcl_object base;
    cl_context context;
    cl_uint num_devices;
    cl_device_id *devices;
    size_t *binary_sizes; /* as the program was last told, or NULL */
    char *source; /* only if it includes files: they are looked up at the build */
};

/* What the runtime has accepted, so that the like of it need not be asked (post.h). */
struct gcl_shape { /* of a launch */
    cl_device_id device;
    cl_uint dim;
    bool has_local;
    size_t local[3];
};
struct gcl_arg { /* of clSetKernelArg */
    size_t size;
    unsigned kinds; /* enum gcl_arg_kind, ored */
    unsigned last;  /* the one that it has now */
};

/* A program that launches one kernel in more ways pays with calls. */
#define GCL_SHAPES 4
/* Arguments from here on are set by calls. */
#define GCL_KNOWN_ARGS 64

struct _cl_kernel {
    struct gcl_object base;
    cl_program program;
    int lock; /* spin lock of the following */
    unsigned num_shapes;
    unsigned next_shape; /* to be replaced */
    struct gcl_shape shapes[GCL_SHAPES];
    unsigned num_args;
    struct gcl_arg *args; /* allocated when the first one is set */
};

struct _cl_event {
    struct gcl_object base;
    cl_context context;
    cl_command_queue queue; /* NULL: a user event */
    cl_command_type command;
    size_t number;   /* of its command, for gcl_queue_reached() */
    uint32_t slot;   /* event-status slot, 0: ask the helper */
    bool watched;    /* atomic: the helper has been told that we sleep on the slot */
    uint32_t answer; /* slot 0: as a slot's word, what the helper said last */
};

/* cl_khr_command_buffer */
struct _cl_command_buffer_khr {
    struct gcl_object base;
    cl_uint num_queues;
    cl_command_queue *queues;
    size_t num_properties; /* entries, the closing 0 included */
    cl_command_buffer_properties_khr *properties;
    cl_mutable_command_khr commands; /* atomic: mutable_command.h */
};

/* cl_khr_command_buffer_mutable_dispatch */
struct _cl_mutable_command_khr {
    struct gcl_object base;
    cl_mutable_command_khr next; /* of the same command buffer */
    cl_command_buffer_khr buffer;
    cl_command_queue queue;
    cl_kernel kernel; /* NULL: no kernel's */
    cl_uint work_dim;
};

/* cl_khr_semaphore */
struct _cl_semaphore_khr {
    struct gcl_object base;
    cl_context context;
    size_t num_properties; /* entries, the closing 0 included */
    cl_semaphore_properties_khr *properties;
};

/* Is this a live handle of ours? (NULL is not.) A pointer into unmapped memory
 * crashes, as it does natively. */
bool gcl_is(const void *handle, enum gcl_type type);

#define gcl_is_platform(h) gcl_is(h, GCL_PLATFORM)
#define gcl_is_device(h)   gcl_is(h, GCL_DEVICE)
#define gcl_is_context(h)  gcl_is(h, GCL_CONTEXT)
#define gcl_is_queue(h)    gcl_is(h, GCL_QUEUE)
#define gcl_is_mem(h)      gcl_is(h, GCL_MEM)
#define gcl_is_sampler(h)  gcl_is(h, GCL_SAMPLER)
#define gcl_is_program(h)  gcl_is(h, GCL_PROGRAM)
#define gcl_is_kernel(h)   gcl_is(h, GCL_KERNEL)
#define gcl_is_event(h)    gcl_is(h, GCL_EVENT)
#define gcl_is_command_buffer(h) gcl_is(h, GCL_COMMAND_BUFFER)
#define gcl_is_semaphore(h) gcl_is(h, GCL_SEMAPHORE)
#define gcl_is_mutable_command(h) gcl_is(h, GCL_MUTABLE_COMMAND)

static inline bool gcl_is_pipe(cl_mem m)
{
    return m->image_type == CL_MEM_OBJECT_PIPE;
}

/* The wire number of a handle; 0 for NULL. */
#define gcl_id(h) ((h) ? (h)->base.id : 0)

/*
 * Allocate a zeroed shadow of `size` bytes with a number of its own (id 0) or
 * the given one, one application reference and one hold. NULL: out of memory
 * or numbers.
 */
void *gcl_object_create(size_t size, enum gcl_type type, uint32_t id,
                        void (*destroy)(struct gcl_object *o));

/* The native object never came to be: free the shadow and its number without
 * a word to the helper. Calls destroy. */
void gcl_object_abandon(struct gcl_object *o);

/*
 * If this pointer, which may be any eight bytes, is the handle of a live
 * object that can be a kernel argument (buffer, sampler, queue): its number;
 * else 0. Does not look behind the pointer.
 */
uint32_t gcl_object_find(const void *maybe);

/* The same; *plain: is it a buffer of this context, and no sub-buffer, image or
 * pipe? */
uint32_t gcl_object_find_arg(const void *maybe, cl_context context, bool *plain);

/* The live object with that number and type that can be a kernel argument, with
 * a hold (gcl_put) for the caller; or NULL. */
struct gcl_object *gcl_object_get_id(uint64_t id, enum gcl_type type);

struct gcl_object *gcl_get(struct gcl_object *o);
void gcl_put(struct gcl_object *o); /* NULL is allowed */

/* clRetain* and clRelease*. */
cl_int gcl_api_retain(struct gcl_object *o);
cl_int gcl_api_release(struct gcl_object *o);

#endif
