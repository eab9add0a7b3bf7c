# SPDX-License-Identifier: MIT
"""Every OpenCL call, described once.

From this list come the wire's structures, the guest's stubs and dispatch
table, the helper's handlers, the wire tests and docs/coverage.md. To carry a
new call, add or complete its line (docs/adding-a-call.md).

Wire numbers (op) are append-only and never reused; tests/golden/ops.txt makes
a renumbering fail.
"""

from model import (BytesIn, Blobs, Bytes, CALL, Call, Data, Handle, Handles, INFO, LOCAL, NewEvent,
                   OutScalar, POST, Payload, Raw, Scalar, Size, Sizes, String, U64, WAIT_LIST, Words)

QUEUE = Handle("cl_command_queue", "command_queue")
RECT_SIZES = [Sizes("buffer_origin", "3"), Sizes("host_origin", "3"), Sizes("region", "3"),
              Size("buffer_row_pitch"), Size("buffer_slice_pitch"),
              Size("host_row_pitch"), Size("host_slice_pitch")]
ORIGIN = Sizes("origin", "3")
REGION = Sizes("region", "3")


def linear(out, blocking):
    """`size` bytes at ptr."""
    return Data("ptr", "size", out, blocking, host_size="q.size", gather=True)


def rect(out, blocking):
    """The rows of a rectangle of host memory."""
    return Data("ptr", "gcl_rect_span(host_origin, region, host_row_pitch, host_slice_pitch)",
                out, blocking,
                host_size="hcl_rect_span(host_origin, region, q.host_row_pitch, q.host_slice_pitch)",
                rect="gcl_rect_of(host_origin, region, host_row_pitch, host_slice_pitch)",
                needs=("buffer_origin", "host_origin", "region"))


def pixels(out, blocking, row, slice_):
    """The rows of a region of an image."""
    return Data("ptr", f"gcl_image_span(image, region, {row}, {slice_})", out, blocking,
                host_size=f"hcl_image_span(c, image, region, q.{row}, q.{slice_})",
                rect=f"gcl_image_rect(image, region, {row}, {slice_})", needs=("origin", "region"))


def hand(name, op, wire=(), reply=(), decl=None, **kw):
    """Both sides by hand: only the structures and the tests are generated. decl: the C
    parameters, where no header of OpenCL's is sure to have the prototype."""
    return Call(name, op=op, wire=[*wire], reply=[*reply], guest=False, host=False,
                args=raw(decl) if decl else [], **kw)


def local(name, decl=None, **kw):
    """Answered in the guest, by hand; nothing crosses."""
    return Call(name, cls=LOCAL, guest=False, host=False, args=raw(decl) if decl else [], **kw)


def retain(kind, name, ver="1.0", **kw):
    return Call(name, cls=LOCAL, args=[Handle(kind, "object")], host=False, ver=ver, **kw)


def release(kind, name, ver="1.0", **kw):
    """The last release is a post of VOCL_OP_RELEASE, the same for every type."""
    return Call(name, cls=POST, args=[Handle(kind, "object")], host=False, ver=ver, **kw)


def info(name, op, *args, local=None, edit=None, ver="1.0", **kw):
    return Call(name, op=op, args=[*args, INFO], local=local, edit=edit, ver=ver, **kw)


def enqueue(name, op, *args, command, ver="1.0", **kw):
    return Call(name, op=op, args=[QUEUE, *args, WAIT_LIST, NewEvent(command)], ver=ver, **kw)


def raw(decl):
    return [Raw(" ".join(p.split())) for p in split_params(decl)]


def split_params(decl):
    """Split at the commas outside parentheses."""
    out, depth = [""], 0
    for ch in decl:
        depth += {"(": 1, ")": -1}.get(ch, 0)
        if ch == "," and not depth:
            out.append("")
        else:
            out[-1] += ch
    return out


CALLS = [
    # Platforms and devices, OpenCL 3.0 §4.1-4.3
    hand("clGetPlatformIDs", 1, reply=Words("platforms"),
         note="platform and device ids are the helper's"),
    info("clGetPlatformInfo", 2, Handle("cl_platform_id", "platform"),
         Scalar("cl_platform_info", "param_name"), local="gcl_local_platform_info",
         edit="hcl_edit_platform_info"),
    hand("clGetDeviceIDs", 3, U64("platform", "device_type"), Words("devices")),
    info("clGetDeviceInfo", 4, Handle("cl_device_id", "device"),
         Scalar("cl_device_info", "param_name"), local="gcl_local_device_info",
         edit="hcl_edit_device_info"),
    hand("clCreateSubDevices", 5, U64("in_device", "want_num_devices") +
         Words("properties") + Words("out_devices"),
         U64("num_devices"), ver="1.2"),
    retain("cl_device_id", "clRetainDevice", "1.2"),
    release("cl_device_id", "clReleaseDevice", "1.2"),
    Call("clUnloadPlatformCompiler", op=6, ver="1.2", args=[Handle("cl_platform_id", "platform")]),
    local("clUnloadCompiler", note="a hint; there is no platform to pass it to"),
    local("clGetExtensionFunctionAddress"),
    local("clGetExtensionFunctionAddressForPlatform", ver="1.2", ret="void *"),
    Call("clGetDeviceAndHostTimer", op=7, ver="2.1", args=[
        Handle("cl_device_id", "device"), OutScalar("cl_ulong", "device_timestamp"),
        OutScalar("cl_ulong", "host_timestamp")]),
    Call("clGetHostTimer", op=8, ver="2.1", args=[
        Handle("cl_device_id", "device"), OutScalar("cl_ulong", "host_timestamp")]),

    # Contexts, §4.4
    hand("clCreateContext", 10, U64("id", "notify") + Words("properties") + Words("devices"),
         ret="cl_context"),
    hand("clCreateContextFromType", 11, U64("id", "notify", "device_type") + Words("properties"),
         Words("devices"), ret="cl_context"),
    retain("cl_context", "clRetainContext"),
    release("cl_context", "clReleaseContext"),
    info("clGetContextInfo", 12, Handle("cl_context", "context"),
         Scalar("cl_context_info", "param_name"), local="gcl_local_context_info"),
    hand("clSetContextDestructorCallback", 13, U64("context", "cookie"), ver="3.0"),

    # Command queues, §5.1
    hand("clCreateCommandQueue", 20, U64("id", "context", "device", "properties"),
         ret="cl_command_queue"),
    hand("clCreateCommandQueueWithProperties", 21,
         U64("id", "context", "device") + Words("properties"), U64("queue"), ver="2.0",
         ret="cl_command_queue"),
    retain("cl_command_queue", "clRetainCommandQueue"),
    release("cl_command_queue", "clReleaseCommandQueue"),
    Call("clGetCommandQueueInfo", op=22, host=False, local="gcl_local_queue_info", args=[
        QUEUE, Scalar("cl_command_queue_info", "param_name"), INFO]),
    Call("clSetCommandQueueProperty", op=23, guest=False, args=[
        QUEUE, Scalar("cl_command_queue_properties", "properties"), Scalar("cl_bool", "enable"),
        OutScalar("cl_command_queue_properties", "old_properties")]),
    Call("clFlush", op=24, post=True, args=[QUEUE]),
    hand("clFinish", 25, U64("command_queue")),
    Call("clSetDefaultDeviceCommandQueue", op=26, ver="2.1", args=[
        Handle("cl_context", "context"), Handle("cl_device_id", "device", optional=True),
        Handle("cl_command_queue", "command_queue", optional=True)]),

    # Buffers, §5.2
    hand("clCreateBuffer", 30,
         U64("id", "context", "flags", "size", "shared") + Payload("host_ptr") + U64("notice"),
         ret="cl_mem"),
    hand("clCreateBufferWithProperties", 31,
         U64("id", "context", "flags", "size", "shared") + Payload("host_ptr") + U64("notice") +
         Words("properties"), ver="3.0", ret="cl_mem"),
    hand("clCreateSubBuffer", 32, U64("id", "buffer", "flags", "type", "origin", "size"),
         ver="1.1", ret="cl_mem"),
    retain("cl_mem", "clRetainMemObject"),
    release("cl_mem", "clReleaseMemObject"),
    info("clGetMemObjectInfo", 33, Handle("cl_mem", "memobj"), Scalar("cl_mem_info", "param_name"),
         local="gcl_local_mem_info"),
    hand("clSetMemObjectDestructorCallback", 34, U64("memobj", "cookie"), ver="1.1"),
    enqueue("clEnqueueReadBuffer", 35, Handle("cl_mem", "buffer"),
            Scalar("cl_bool", "blocking_read"), Size("offset"), Size("size"),
            linear(True, "blocking_read"),
            command="CL_COMMAND_READ_BUFFER", direct=True, stream=True, post=True),
    enqueue("clEnqueueWriteBuffer", 36, Handle("cl_mem", "buffer"),
            Scalar("cl_bool", "blocking_write"), Size("offset"), Size("size"),
            linear(False, "blocking_write"),
            command="CL_COMMAND_WRITE_BUFFER", direct=True, stream=True, post=True),
    enqueue("clEnqueueReadBufferRect", 37, Handle("cl_mem", "buffer"),
            Scalar("cl_bool", "blocking_read"), *RECT_SIZES,
            rect(True, "blocking_read"),
            command="CL_COMMAND_READ_BUFFER_RECT", direct=True, stream=True, ver="1.1"),
    enqueue("clEnqueueWriteBufferRect", 38, Handle("cl_mem", "buffer"),
            Scalar("cl_bool", "blocking_write"), *RECT_SIZES,
            rect(False, "blocking_write"),
            command="CL_COMMAND_WRITE_BUFFER_RECT", direct=True, stream=True, ver="1.1"),
    enqueue("clEnqueueFillBuffer", 39, Handle("cl_mem", "buffer"),
            BytesIn("pattern", "pattern_size"), Size("pattern_size"), Size("offset"), Size("size"),
            command="CL_COMMAND_FILL_BUFFER", post=True, ver="1.2"),
    enqueue("clEnqueueCopyBuffer", 40, Handle("cl_mem", "src_buffer"),
            Handle("cl_mem", "dst_buffer"), Size("src_offset"), Size("dst_offset"), Size("size"),
            command="CL_COMMAND_COPY_BUFFER", post=True),
    enqueue("clEnqueueCopyBufferRect", 41, Handle("cl_mem", "src_buffer"),
            Handle("cl_mem", "dst_buffer"), Sizes("src_origin", "3"), Sizes("dst_origin", "3"),
            Sizes("region", "3"), Size("src_row_pitch"), Size("src_slice_pitch"),
            Size("dst_row_pitch"), Size("dst_slice_pitch"),
            command="CL_COMMAND_COPY_BUFFER_RECT", ver="1.1"),
    hand("clEnqueueMapBuffer", 42,
         U64("command_queue", "buffer", "blocking_map", "map_flags", "offset", "size") +
         Payload("shadow") + Words("event_wait_list") + U64("event", "event_slot"), ret="void *"),
    hand("clEnqueueUnmapMemObject", 43,
         U64("command_queue", "memobj", "map_flags", "offset", "size") + Payload("shadow") +
         Words("event_wait_list") + U64("event", "event_slot")),
    enqueue("clEnqueueMigrateMemObjects", 44,
            Handles("cl_mem", "num_mem_objects", "mem_objects", "CL_INVALID_MEM_OBJECT"),
            Scalar("cl_mem_migration_flags", "flags"),
            command="CL_COMMAND_MIGRATE_MEM_OBJECTS", ver="1.2"),

    # Images and pipes, §5.3-5.5
    local("clCreateImage2D", ret="cl_mem", note="becomes clCreateImage"),
    local("clCreateImage3D", ret="cl_mem", note="becomes clCreateImage"),
    hand("clCreateImage", 51,
         U64("id", "context", "flags", "order", "type", "buffer") + Words("desc") +
         Payload("host_ptr"), ver="1.2", ret="cl_mem"),
    hand("clCreateImageWithProperties", 52,
         U64("id", "context", "flags", "order", "type", "buffer") + Words("desc") +
         Payload("host_ptr") + Words("properties"), ver="3.0", ret="cl_mem"),
    hand("clGetSupportedImageFormats", 50, U64("context", "flags", "image_type", "num_entries"),
         U64("num_image_formats") + Bytes("image_formats")),
    info("clGetImageInfo", 53, Handle("cl_mem", "image"), Scalar("cl_image_info", "param_name"),
         local="gcl_local_image_info"),
    enqueue("clEnqueueReadImage", 54, Handle("cl_mem", "image"),
            Scalar("cl_bool", "blocking_read"), ORIGIN, REGION, Size("row_pitch"),
            Size("slice_pitch"), pixels(True, "blocking_read", "row_pitch", "slice_pitch"),
            command="CL_COMMAND_READ_IMAGE", stream=True),
    enqueue("clEnqueueWriteImage", 55, Handle("cl_mem", "image"),
            Scalar("cl_bool", "blocking_write"), ORIGIN, REGION, Size("input_row_pitch"),
            Size("input_slice_pitch"),
            pixels(False, "blocking_write", "input_row_pitch", "input_slice_pitch"),
            command="CL_COMMAND_WRITE_IMAGE", stream=True),
    enqueue("clEnqueueCopyImage", 56, Handle("cl_mem", "src_image"), Handle("cl_mem", "dst_image"),
            Sizes("src_origin", "3"), Sizes("dst_origin", "3"), REGION,
            command="CL_COMMAND_COPY_IMAGE"),
    enqueue("clEnqueueCopyImageToBuffer", 57, Handle("cl_mem", "src_image"),
            Handle("cl_mem", "dst_buffer"), Sizes("src_origin", "3"), REGION, Size("dst_offset"),
            command="CL_COMMAND_COPY_IMAGE_TO_BUFFER"),
    enqueue("clEnqueueCopyBufferToImage", 58, Handle("cl_mem", "src_buffer"),
            Handle("cl_mem", "dst_image"), Size("src_offset"), Sizes("dst_origin", "3"), REGION,
            command="CL_COMMAND_COPY_BUFFER_TO_IMAGE"),
    hand("clEnqueueMapImage", 59,
         U64("command_queue", "image", "blocking_map", "map_flags", "row_pitch", "slice_pitch") +
         Words("origin") + Words("region") + Payload("shadow") + Words("event_wait_list") +
         U64("event", "event_slot"), ret="void *"),
    enqueue("clEnqueueFillImage", 64, Handle("cl_mem", "image"), BytesIn("fill_color", "16"),
            ORIGIN, REGION, command="CL_COMMAND_FILL_IMAGE", ver="1.2"),
    hand("clCreatePipe", 65,
         U64("id", "context", "flags", "pipe_packet_size", "pipe_max_packets") +
         Words("properties"), ver="2.0", ret="cl_mem"),
    info("clGetPipeInfo", 66, Handle("cl_mem", "pipe"), Scalar("cl_pipe_info", "param_name"),
         local="gcl_local_pipe_info", ver="2.0"),

    # Samplers, §5.7
    hand("clCreateSampler", 60,
         U64("id", "context", "normalized_coords", "addressing_mode", "filter_mode"),
         ret="cl_sampler"),
    hand("clCreateSamplerWithProperties", 61, U64("id", "context") + Words("properties"),
         ver="2.0", ret="cl_sampler"),
    retain("cl_sampler", "clRetainSampler"),
    release("cl_sampler", "clReleaseSampler"),
    info("clGetSamplerInfo", 62, Handle("cl_sampler", "sampler"),
         Scalar("cl_sampler_info", "param_name"), local="gcl_local_sampler_info"),

    # Shared virtual memory, §5.6. A pointer crosses as the number of its allocation and the offset
    # in it; number 0 is NULL.
    hand("clSVMAlloc", 120, U64("id", "context", "flags", "size", "alignment"),
         U64("address", "placed"), ver="2.0", ret="void *"),
    local("clSVMFree", ver="2.0", ret="void", note="the release of an allocation is a post"),
    hand("clEnqueueSVMFree", 121,
         U64("command_queue") + Words("svm") + U64("cookie") + Words("event_wait_list") +
         U64("event", "event_slot"), ver="2.0"),
    hand("clEnqueueSVMMemcpy", 122,
         U64("command_queue", "blocking_copy", "size") + Payload("dst") + Payload("src") +
         Words("event_wait_list") + U64("event", "event_slot"), ver="2.0"),
    hand("clEnqueueSVMMemFill", 123,
         U64("command_queue", "svm", "offset") + Bytes("pattern") + U64("size") +
         Words("event_wait_list") + U64("event", "event_slot"), ver="2.0"),
    hand("clEnqueueSVMMap", 124,
         U64("command_queue", "svm", "offset", "blocking_map", "flags", "size") +
         Words("event_wait_list") + U64("event", "event_slot"), ver="2.0"),
    hand("clEnqueueSVMUnmap", 125,
         U64("command_queue", "svm", "offset", "flags", "size") + Words("event_wait_list") +
         U64("event", "event_slot"), ver="2.0"),
    hand("clEnqueueSVMMigrateMem", 126,
         U64("command_queue") + Words("svm") + Words("offsets") + Words("sizes") + U64("flags") +
         Words("event_wait_list") + U64("event", "event_slot"), ver="2.1"),
    hand("clSetKernelArgSVMPointer", 127, U64("kernel", "arg_index", "svm", "offset"), ver="2.0",
         post=True),
    hand("clSetKernelExecInfo", 128,
         U64("kernel", "param_name", "param_value_size") + Words("svm") + Words("offsets") +
         Bytes("value"), ver="2.0"),

    # Programs, §5.8
    hand("clCreateProgramWithSource", 70, U64("id", "context") + Blobs("strings"),
         ret="cl_program"),
    hand("clCreateProgramWithBinary", 71,
         U64("id", "context") + Words("devices") + Blobs("binaries"), Words("binary_status"),
         ret="cl_program"),
    hand("clCreateProgramWithBuiltInKernels", 72,
         U64("id", "context") + Words("devices") + Bytes("kernel_names"), ver="1.2",
         ret="cl_program"),
    hand("clCreateProgramWithIL", 73, U64("id", "context") + Bytes("il"), ver="2.1",
         ret="cl_program"),
    retain("cl_program", "clRetainProgram"),
    release("cl_program", "clReleaseProgram"),
    hand("clBuildProgram", 74,
         U64("program", "cookie") + Words("devices") + Bytes("options") +
         Blobs("include_names") + Blobs("include_files")),
    hand("clCompileProgram", 75,
         U64("program", "cookie") + Words("devices") + Bytes("options") + Words("headers") +
         Blobs("header_names") + Blobs("include_names") + Blobs("include_files"), ver="1.2"),
    hand("clLinkProgram", 76,
         U64("id", "context", "cookie") + Words("devices") + Bytes("options") + Words("programs"),
         U64("created"), ver="1.2", ret="cl_program"),
    hand("clGetProgramInfo", 77, U64("program", "param_name", "param_value_size", "want_value"),
         U64("size_ret") + Bytes("value") + Blobs("binaries")),
    info("clGetProgramBuildInfo", 78, Handle("cl_program", "program"),
         Handle("cl_device_id", "device"), Scalar("cl_program_build_info", "param_name")),
    hand("clSetProgramReleaseCallback", 79, U64("program", "cookie"), ver="2.2"),
    Call("clSetProgramSpecializationConstant", op=80, ver="2.2", args=[
        Handle("cl_program", "program"), Scalar("cl_uint", "spec_id"), Size("spec_size"),
        BytesIn("spec_value", "spec_size")]),

    # Kernels, §5.9-5.10
    hand("clCreateKernel", 90, U64("id", "program") + Bytes("kernel_name"), ret="cl_kernel"),
    hand("clCreateKernelsInProgram", 91, U64("program") + Words("ids"), U64("num_kernels")),
    hand("clCloneKernel", 92, U64("id", "source_kernel"), ver="2.1", ret="cl_kernel"),
    retain("cl_kernel", "clRetainKernel"),
    release("cl_kernel", "clReleaseKernel"),
    hand("clSetKernelArg", 93, U64("kernel", "arg_index", "arg_size", "object", "handle_size") +
         Bytes("arg_value"), post=True),
    info("clGetKernelInfo", 94, Handle("cl_kernel", "kernel"),
         Scalar("cl_kernel_info", "param_name"), local="gcl_local_kernel_info"),
    info("clGetKernelArgInfo", 95, Handle("cl_kernel", "kernel"), Scalar("cl_uint", "arg_index"),
         Scalar("cl_kernel_arg_info", "param_name"), ver="1.2"),
    info("clGetKernelWorkGroupInfo", 96, Handle("cl_kernel", "kernel"),
         Handle("cl_device_id", "device", optional=True),
         Scalar("cl_kernel_work_group_info", "param_name")),
    Call("clGetKernelSubGroupInfo", op=97, ver="2.1", args=[
        Handle("cl_kernel", "kernel"), Handle("cl_device_id", "device", optional=True),
        Scalar("cl_kernel_sub_group_info", "param_name"), Size("input_value_size"),
        BytesIn("input_value", "input_value_size"), INFO], by_room=True),
    enqueue("clEnqueueNDRangeKernel", 98, Handle("cl_kernel", "kernel"),
            Scalar("cl_uint", "work_dim"), Sizes("global_work_offset", "work_dim"),
            Sizes("global_work_size", "work_dim"), Sizes("local_work_size", "work_dim"),
            command="CL_COMMAND_NDRANGE_KERNEL", post=True, learn=True),
    enqueue("clEnqueueTask", 99, Handle("cl_kernel", "kernel"), command="CL_COMMAND_TASK",
            post=True, learn=True),
    local("clEnqueueNativeKernel", note="runs in the guest, ordered by a user event"),

    # Events, markers and barriers, §5.11-5.14
    hand("clCreateUserEvent", 110, U64("id", "slot", "context"), ver="1.1", ret="cl_event"),
    hand("clSetUserEventStatus", 111, U64("event", "execution_status"), ver="1.1"),
    local("clWaitForEvents", note="reads the status slots and sleeps on them"),
    info("clGetEventInfo", 112, Handle("cl_event", "event"), Scalar("cl_event_info", "param_name"),
         local="gcl_local_event_info"),
    hand("clSetEventCallback", 113, U64("event", "type", "cookie"), ver="1.1"),
    retain("cl_event", "clRetainEvent"),
    release("cl_event", "clReleaseEvent"),
    info("clGetEventProfilingInfo", 114, Handle("cl_event", "event"),
         Scalar("cl_profiling_info", "param_name")),
    enqueue("clEnqueueMarkerWithWaitList", 115, command="CL_COMMAND_MARKER", ver="1.2", post=True),
    enqueue("clEnqueueBarrierWithWaitList", 116, command="CL_COMMAND_BARRIER", ver="1.2",
            post=True),
    Call("clEnqueueMarker", op=117, post=True, args=[QUEUE, NewEvent("CL_COMMAND_MARKER")]),
    Call("clEnqueueWaitForEvents", op=118, args=[
        QUEUE, Handles("cl_event", "num_events", "event_list", "CL_INVALID_EVENT")]),
    Call("clEnqueueBarrier", op=119, post=True, args=[QUEUE]),
]

# Records of ours that are no OpenCL call.
CONTROL = [
    hand("VOCL_RELEASE", 200, U64("id"), cls=POST, note="the last release of any object"),
    hand("VOCL_FETCH", 201, U64("offset"), cls=CALL, note="the rest of a long reply"),
    hand("VOCL_QUERY_EVENTS", 202, Words("events"), Words("status"), cls=CALL,
         note="the status of several events at once"),
    hand("VOCL_WATCH_EVENTS", 206, Words("events"), cls=POST,
         note="the guest sleeps on the slots of these"),
    hand("VOCL_EVENT_DONE", 208, U64("id", "context"), cls=POST,
         note="the event of a command that the guest has carried out itself"),
    hand("VOCL_UNMAP_IMAGE", 204,
         U64("command_queue", "image", "map_flags", "row_pitch", "slice_pitch") +
         Words("origin") + Words("region") + Payload("shadow") + Words("event_wait_list") +
         U64("event", "event_slot"), note="clEnqueueUnmapMemObject of an image"),
    hand("VOCL_SVM_PLACE", 205, U64("svm", "region"),
         note="the guest has memory at the address of an allocation"),
    hand("VOCL_CONTEXT_MEMORY", 207, U64("context"), U64("in_place"),
         note="do the context's devices work on host memory in place"),
    hand("VOCL_NOP", 203, U64("tag"), U64("tag"), cls=CALL, note="a bare round trip"),
]

# Op numbers that are not calls at all (channel.h).
FRAGMENT_OP = 255

# Messages of the second ring, host to guest.
MESSAGES = [
    Call("VOCL_MSG_EVENT", op=1, wire=U64("cookie") + U64("status")),
    Call("VOCL_MSG_DONE", op=2, wire=U64("cookie"), note="build, destructor and release callbacks"),
    Call("VOCL_MSG_CONTEXT", op=3, wire=U64("cookie") + Bytes("errinfo") + Bytes("private_info")),
    Call("VOCL_MSG_PRINT", op=4, wire=Bytes("text")),
]
