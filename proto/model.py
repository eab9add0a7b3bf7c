# SPDX-License-Identifier: MIT
"""The vocabulary in which calls.py describes OpenCL's calls.

An argument knows the C parameters that it stands for and the wire fields that
carry it. A Call gathers the arguments, names its class and says which of its
two sides are written by hand. Nothing here emits C: the gen_*.py files do.
"""

from dataclasses import dataclass, field

# ---------------------------------------------------------------- wire fields

@dataclass(frozen=True)
class Field:
    """One field of a request or reply body, by its kind in wire.h."""
    kind: str  # u64, bytes, words, blobs, payload
    name: str

    CTYPES = {"u64": "uint64_t", "bytes": "struct vocl_bytes", "words": "struct vocl_words",
              "blobs": "struct vocl_blobs", "payload": "struct vocl_payload"}

    @property
    def ctype(self):
        return self.CTYPES[self.kind]


def U64(*names):
    return [Field("u64", n) for n in names]


def Bytes(name):
    return [Field("bytes", name)]


def Words(name):
    return [Field("words", name)]


def Blobs(name):
    return [Field("blobs", name)]


def Payload(name):
    return [Field("payload", name)]


# ------------------------------------------------------------------ arguments

# Handle types: predicate/table suffix and the error of an invalid one.
HANDLES = {
    "cl_platform_id": ("platform", "CL_INVALID_PLATFORM"),
    "cl_device_id": ("device", "CL_INVALID_DEVICE"),
    "cl_context": ("context", "CL_INVALID_CONTEXT"),
    "cl_command_queue": ("queue", "CL_INVALID_COMMAND_QUEUE"),
    "cl_mem": ("mem", "CL_INVALID_MEM_OBJECT"),
    "cl_program": ("program", "CL_INVALID_PROGRAM"),
    "cl_kernel": ("kernel", "CL_INVALID_KERNEL"),
    "cl_event": ("event", "CL_INVALID_EVENT"),
    "cl_sampler": ("sampler", "CL_INVALID_SAMPLER"),
    "cl_command_buffer_khr": ("command_buffer", "CL_INVALID_COMMAND_BUFFER_KHR"),
    "cl_semaphore_khr": ("semaphore", "CL_INVALID_SEMAPHORE_KHR"),
    "cl_mutable_command_khr": ("mutable_command", "CL_INVALID_MUTABLE_COMMAND_KHR"),
}

# Those of extensions: made by an extension's function, and released by one.
EXTENSION_HANDLES = ("cl_command_buffer_khr", "cl_semaphore_khr", "cl_mutable_command_khr")


class Arg:
    """params: the C parameters, as (declaration, name). request/reply: fields."""
    request = ()
    reply = ()


@dataclass
class Handle(Arg):
    ctype: str
    name: str
    optional: bool = False  # NULL is allowed and travels as id 0

    @property
    def params(self):
        return [(f"{self.ctype} {self.name}", self.name)]

    @property
    def request(self):
        return U64(self.name)

    @property
    def suffix(self):
        return HANDLES[self.ctype][0]

    @property
    def error(self):
        return HANDLES[self.ctype][1]


@dataclass
class Scalar(Arg):
    """An integer of any width; a handle-free bit field or enumerant."""
    ctype: str
    name: str

    @property
    def params(self):
        return [(f"{self.ctype} {self.name}", self.name)]

    @property
    def request(self):
        return U64(self.name)


def Size(name):
    return Scalar("size_t", name)


@dataclass
class Raw(Arg):
    """A parameter of a call that is written by hand: only its C declaration."""
    decl: str

    @property
    def params(self):
        return [(self.decl, self.decl.split("[")[0].split()[-1].lstrip("*"))]


@dataclass
class Sizes(Arg):
    """const size_t *name of `count` elements (a number or another argument)."""
    name: str
    count: str
    max_count: int = 3

    @property
    def params(self):
        return [(f"const size_t *{self.name}", self.name)]

    @property
    def request(self):
        return Words(self.name)


@dataclass
class Handles(Arg):
    """cl_uint count, const TYPE *name."""
    ctype: str
    count: str
    name: str
    error: str

    @property
    def params(self):
        return [(f"cl_uint {self.count}", self.count),
                (f"const {self.ctype} *{self.name}", self.name)]

    @property
    def request(self):
        return Words(self.name)

    @property
    def suffix(self):
        return HANDLES[self.ctype][0]


class WaitList(Handles):
    def __init__(self):
        super().__init__("cl_event", "num_events_in_wait_list", "event_wait_list",
                         "CL_INVALID_EVENT_WAIT_LIST")


WAIT_LIST = WaitList()


@dataclass
class Array(Arg):
    """const TYPE *name: `count` integers (the name of a Handles' count), or NULL."""
    ctype: str
    name: str
    count: str
    of: str  # the Handles argument that the count belongs to

    @property
    def params(self):
        return [(f"const {self.ctype} *{self.name}", self.name)]

    @property
    def request(self):
        return Words(self.name)


class SyncPoints(Arg):
    """cl_uint count, const cl_sync_point_khr *list (cl_khr_command_buffer)."""
    count, name = "num_sync_points_in_wait_list", "sync_point_wait_list"
    params = [(f"cl_uint {count}", count), (f"const cl_sync_point_khr *{name}", name)]

    @property
    def request(self):
        return Words(self.name)


SYNC_POINTS = SyncPoints()


@dataclass
class CommandProperties(Arg):
    """const cl_command_properties_khr *properties, a list that ends with 0, of plain
    numbers. added: versions before 0.9.5 of the extension, which older runtimes
    have, do not have this parameter."""
    added: bool
    params = [("const cl_command_properties_khr *properties", "properties")]

    @property
    def request(self):
        return Words("properties")


class NewCommand(Arg):
    """cl_mutable_command_khr *mutable_handle: the guest makes the id."""
    params = [("cl_mutable_command_khr *mutable_handle", "mutable_handle")]

    @property
    def request(self):
        return U64("mutable_handle")


NEW_COMMAND = NewCommand()


@dataclass
class NewEvent(Arg):
    """cl_event *event: the guest makes the id and picks the status slot."""
    command: str  # CL_COMMAND_*, which the guest answers by itself

    @property
    def params(self):
        return [("cl_event *event", "event")]

    @property
    def request(self):
        return U64("event", "event_slot")


@dataclass
class BytesIn(Arg):
    """const void *name of `size` (another argument) bytes, small."""
    name: str
    size: str

    @property
    def params(self):
        return [(f"const void *{self.name}", self.name)]

    @property
    def request(self):
        return Bytes(self.name)


@dataclass
class Data(Arg):
    """Bulk data at void *name. out: the device writes it. size, host_size: C
    expressions, in the guest's parameters and in the helper's locals, for the
    bytes from name on that are touched. rect: where only rows of them are, an
    expression for the struct gcl_rect; needs: pointers that must not be NULL
    for those expressions to be evaluated. gather: it is [offset, offset + size) of
    the buffer, and so the helper can copy scattered memory (gather.h)."""
    name: str
    size: str
    out: bool
    blocking: str  # the cl_bool argument that makes the call wait
    host_size: str
    rect: str = None
    needs: tuple = ()
    gather: bool = False

    @property
    def params(self):
        const = "" if self.out else "const "
        return [(f"{const}void *{self.name}", self.name)]

    @property
    def request(self):
        return Payload(self.name)

    @property
    def reply(self):
        return Bytes(self.name) if self.out else []


@dataclass
class SvmPointer(Arg):
    """void *name of `size` (another argument) bytes, which must lie in shared virtual
    memory. The command is recorded: its command buffer holds the allocation."""
    name: str
    size: str
    const: bool = False

    @property
    def params(self):
        return [(f"{'const ' if self.const else ''}void *{self.name}", self.name)]

    @property
    def request(self):
        return U64(self.name, f"{self.name}_offset")


@dataclass
class String(Arg):
    """const char *name; NULL travels as absent."""
    name: str

    @property
    def params(self):
        return [(f"const char *{self.name}", self.name)]

    @property
    def request(self):
        return Bytes(self.name)


@dataclass
class OutScalar(Arg):
    """TYPE *name; whether it may be NULL the runtime says."""
    ctype: str
    name: str

    @property
    def params(self):
        return [(f"{self.ctype} *{self.name}", self.name)]

    @property
    def request(self):
        return U64(f"want_{self.name}")

    @property
    def reply(self):
        return U64(self.name)


class Info(Arg):
    """param_value_size, param_value, param_value_size_ret (OpenCL 3.0 §4-5)."""
    params = [("size_t param_value_size", "param_value_size"),
              ("void *param_value", "param_value"),
              ("size_t *param_value_size_ret", "param_value_size_ret")]

    @property
    def request(self):
        return U64("param_value_size", "want_value")

    @property
    def reply(self):
        return U64("size_ret") + Bytes("value")


INFO = Info()

# ---------------------------------------------------------------------- calls

LOCAL, POST, CALL = "local", "post", "call"


@dataclass
class Call:
    """One entry point.

    op      number on the wire: append-only, never reused; None for local calls
    ver     the OpenCL version that brought it
    cls     LOCAL, POST or CALL
    args    its arguments; empty where the guest side is by hand
    wire, reply   explicit fields where a side is written by hand
    guest, host   True: generated; False: by hand under gcl_NAME / hcl_NAME
    local   guest: function that may answer an info query without asking
    direct  guest: gcl_direct_NAME(the parameters) may do all of it without a word to the helper
    stream  guest: gcl_stream_NAME(the parameters, &err) may do it in several smaller ones
    edit    host: function that changes the value of an info query before it is sent
    by_room an info query of whose values the length follows from the room that there is for them
    post    it goes without an answer when no error of the call's is left to the runtime (post.h);
            guest: gcl_post_NAME(the parameters) says whether that is so
    learn   guest: gcl_learn_NAME(the parameters) is told of a call that the runtime has accepted
    ext     the extension that it belongs to; None: a core call
    alias   the core call that does the same, with the same parameters
    """
    name: str
    op: int = None
    ver: str = "1.0"
    cls: str = CALL
    args: list = field(default_factory=list)
    wire: list = None
    reply: list = None
    guest: bool = True
    host: bool = True
    local: str = None
    direct: bool = False
    stream: bool = False
    edit: str = None
    by_room: bool = False
    post: bool = False
    learn: bool = False
    ext: str = None
    alias: str = None
    ret: str = "cl_int"
    note: str = ""

    @property
    def enqueues(self):
        """Does it put a command into the queue that it names?"""
        return "Enqueue" in self.name and any(n == "command_queue" for _, n in self.params)

    @property
    def request_fields(self):
        if self.wire is not None:
            return self.wire
        return [f for a in self.args for f in a.request]

    @property
    def reply_fields(self):
        if self.reply is not None:
            return self.reply
        return [f for a in self.args for f in a.reply]

    @property
    def params(self):
        return [p for a in self.args for p in a.params]

    @property
    def older_params(self):
        """Those of earlier versions of the extension, or None if they were the same."""
        if not any(isinstance(a, CommandProperties) and a.added for a in self.args):
            return None
        return [p for a in self.args if not (isinstance(a, CommandProperties) and a.added)
                for p in a.params]


# ----------------------------------------------------------------- extensions

PASSED, HERE, FILTERED = "passed through", "carried", "filtered"


@dataclass(frozen=True)
class Extension:
    """An extension that some runtime advertises, and what we do about it.

    PASSED     nothing but language features, queries and flags, which cross as they are
    HERE       it has entry points, and they cross (extensions.py)
    FILTERED   not shown to the guest, for the reason in `why`
    """
    name: str
    verdict: str
    why: str = ""
