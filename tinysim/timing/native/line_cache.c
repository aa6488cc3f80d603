#include "line_cache.h"

static uint32_t log2_of(uint32_t value)
{
    uint32_t shift = 0;
    while ((1u << shift) < value) {
        shift++;
    }
    return shift;
}

void line_cache_reset(struct line_cache *cache, uint32_t lines, uint32_t line_bytes, uint32_t part_bytes)
{
    *cache = (struct line_cache){
        .lines = lines, .line_shift = log2_of(line_bytes), .part_shift = log2_of(part_bytes)};
}

static uint32_t find_line(const struct line_cache *cache, uint32_t tag)
{
    for (uint32_t line = 0; line < cache->lines; line++) {
        if (cache->filled[line] != 0 && cache->tag[line] == tag) {
            return line;
        }
    }
    return cache->lines;
}

static uint32_t replace_line(struct line_cache *cache, uint32_t tag)
{
    uint32_t oldest = 0;
    for (uint32_t line = 1; line < cache->lines; line++) {
        if (cache->used[line] < cache->used[oldest]) {
            oldest = line;
        }
    }
    cache->tag[oldest] = tag;
    cache->filled[oldest] = 0;
    return oldest;
}

static uint32_t part_of(const struct line_cache *cache, uint32_t address)
{
    return (address >> cache->part_shift) & ((1u << (cache->line_shift - cache->part_shift)) - 1u);
}

bool line_cache_access(struct line_cache *cache, uint32_t address)
{
    uint32_t tag = address >> cache->line_shift;
    uint32_t part = 1u << part_of(cache, address);
    uint8_t *hint = &cache->hint[tag % LINE_CACHE_HINTS];
    uint32_t line = *hint;
    if (cache->filled[line] == 0 || cache->tag[line] != tag) {
        line = find_line(cache, tag);
        if (line == cache->lines) {
            line = replace_line(cache, tag);
        }
        *hint = (uint8_t)line;
    }
    bool hit = (cache->filled[line] & part) != 0;
    cache->filled[line] |= part;
    cache->used[line] = ++cache->uses;
    return hit;
}

bool line_cache_holds(struct line_cache *cache, uint32_t first, uint32_t last)
{
    uint32_t tag = first >> cache->line_shift;
    uint32_t line = cache->hint[tag % LINE_CACHE_HINTS];
    if (cache->tag[line] != tag) {
        return false;
    }
    uint32_t parts = (2u << part_of(cache, last)) - (1u << part_of(cache, first));
    if ((cache->filled[line] & parts) != parts) {
        return false;
    }
    cache->used[line] = ++cache->uses;
    return true;
}
