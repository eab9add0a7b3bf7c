// SPDX-License-Identifier: MIT
#include "fuzz_input.h"

bool fuzz_empty(const struct fuzz_input *in)
{
    return in->at == in->end;
}

static uint8_t byte(struct fuzz_input *in)
{
    return fuzz_empty(in) ? 0 : *in->at++;
}

uint32_t fuzz_pick(struct fuzz_input *in, uint32_t n)
{
    uint32_t v = byte(in);
    if (n > 256)
        v |= (uint32_t)byte(in) << 8;
    return v % n;
}

uint64_t fuzz_u64(struct fuzz_input *in)
{
    static const uint64_t edges[] = {
        0,          1,          0x7fffffff, 0x80000000u, 0xffffffffu,
        1ull << 32, 1ull << 61, 1ull << 63, UINT64_MAX,  UINT64_MAX - 7};
    uint64_t v = 0;
    if (fuzz_pick(in, 4) == 0)
        return edges[fuzz_pick(in, sizeof(edges) / sizeof(edges[0]))];
    for (unsigned i = fuzz_pick(in, 4) + 1; i; i--)
        v = v << 8 | byte(in);
    return v;
}
