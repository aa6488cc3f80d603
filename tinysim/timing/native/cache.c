#include "cache.h"

static uint32_t log2_of(uint32_t value)
{
    uint32_t shift = 0;
    while ((1u << shift) < value) {
        shift++;
    }
    return shift;
}

void cache_reset(struct cache *cache, uint32_t lines, uint32_t ways, uint32_t line_bytes, uint32_t part_bytes,
                 bool fills_whole_lines)
{
    *cache = (struct cache){.sets = ways == 0 ? 1 : lines / ways,
                            .ways = ways,
                            .line_shift = log2_of(line_bytes),
                            .part_shift = log2_of(part_bytes),
                            .fills_whole_lines = fills_whole_lines};
}

static uint32_t first_way(const struct cache *cache, uint32_t tag)
{
    return (tag & (cache->sets - 1u)) * cache->ways;
}

/* The line that holds `tag`, or the one to be replaced by it. */
static uint32_t find_line(const struct cache *cache, uint32_t tag)
{
    uint32_t first = first_way(cache, tag);
    uint32_t oldest = first;
    for (uint32_t line = first; line < first + cache->ways; line++) {
        if (cache->filled[line] != 0 && cache->tag[line] == tag) {
            return line;
        }
        if (cache->used[line] < cache->used[oldest]) {
            oldest = line;
        }
    }
    return oldest;
}

static uint32_t part_of(const struct cache *cache, uint32_t address)
{
    return (address >> cache->part_shift) & ((1u << (cache->line_shift - cache->part_shift)) - 1u);
}

static bool is_at(const struct cache *cache, uint32_t line, uint32_t tag)
{
    return cache->filled[line] != 0 && cache->tag[line] == tag;
}

bool cache_access(struct cache *cache, uint32_t address)
{
    uint32_t tag = address >> cache->line_shift;
    uint32_t part = 1u << part_of(cache, address);
    uint16_t *hint = &cache->hint[tag % CACHE_HINTS];
    uint32_t line = *hint;
    if (!is_at(cache, line, tag)) {
        line = find_line(cache, tag);
        if (!is_at(cache, line, tag)) {
            cache->tag[line] = tag;
            cache->filled[line] = 0;
        }
        *hint = (uint16_t)line;
    }
    bool hit = (cache->filled[line] & part) != 0;
    cache->filled[line] |= cache->fills_whole_lines ? 0xFFu : (uint8_t)part;
    cache->used[line] = ++cache->uses;
    return hit;
}

bool cache_holds(struct cache *cache, uint32_t first, uint32_t last)
{
    uint32_t tag = first >> cache->line_shift;
    uint32_t line = cache->hint[tag % CACHE_HINTS];
    if (cache->tag[line] != tag) {
        line = find_line(cache, tag);
        if (!is_at(cache, line, tag)) {
            return false;
        }
        cache->hint[tag % CACHE_HINTS] = (uint16_t)line;
    }
    uint32_t parts = (2u << part_of(cache, last)) - (1u << part_of(cache, first));
    if ((cache->filled[line] & parts) != parts) {
        return false;
    }
    cache->used[line] = ++cache->uses;
    return true;
}
