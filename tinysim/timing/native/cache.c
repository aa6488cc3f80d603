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

static uint32_t part_of(const struct cache *cache, uint32_t address)
{
    return (address >> cache->part_shift) & ((1u << (cache->line_shift - cache->part_shift)) - 1u);
}

static bool is_at(const struct cache *cache, uint32_t line, uint32_t tag)
{
    return cache->filled[line] != 0 && cache->tag[line] == tag;
}

/* Whether a line holds `tag`, and which. */
static bool find_line(struct cache *cache, uint32_t tag, uint32_t *line)
{
    uint32_t bucket = tag % CACHE_BUCKETS;
    *line = cache->hint[bucket];
    if (is_at(cache, *line, tag)) {
        return true;
    }
    if (cache->held[bucket] == 0) {
        return false;
    }
    uint32_t first = first_way(cache, tag);
    for (*line = first; *line < first + cache->ways; (*line)++) {
        if (is_at(cache, *line, tag)) {
            cache->hint[bucket] = (uint16_t)*line;
            return true;
        }
    }
    return false;
}

/* Gives `tag`, which no line holds, the line of its set that has not been used for longest. */
static uint32_t replace_line(struct cache *cache, uint32_t tag)
{
    uint32_t first = first_way(cache, tag);
    uint32_t oldest = first;
    for (uint32_t line = first + 1; line < first + cache->ways; line++) {
        if (cache->used[line] < cache->used[oldest]) {
            oldest = line;
        }
    }
    if (cache->filled[oldest] != 0) {
        cache->held[cache->tag[oldest] % CACHE_BUCKETS]--;
    }
    cache->held[tag % CACHE_BUCKETS]++;
    cache->hint[tag % CACHE_BUCKETS] = (uint16_t)oldest;
    cache->tag[oldest] = tag;
    cache->filled[oldest] = 0;
    return oldest;
}

bool cache_access(struct cache *cache, uint32_t address)
{
    uint32_t tag = address >> cache->line_shift;
    uint32_t part = 1u << part_of(cache, address);
    uint32_t line;
    if (!find_line(cache, tag, &line)) {
        line = replace_line(cache, tag);
    }
    bool hit = (cache->filled[line] & part) != 0;
    cache->filled[line] |= cache->fills_whole_lines ? 0xFFu : (uint8_t)part;
    cache->used[line] = ++cache->uses;
    return hit;
}

bool cache_holds(struct cache *cache, uint32_t first, uint32_t last)
{
    uint32_t line;
    if (!find_line(cache, first >> cache->line_shift, &line)) {
        return false;
    }
    uint32_t parts = (2u << part_of(cache, last)) - (1u << part_of(cache, first));
    if ((cache->filled[line] & parts) != parts) {
        return false;
    }
    cache->used[line] = ++cache->uses;
    return true;
}
