#include "timing_state.h"

#include <stddef.h>

/* No address divided by the read width gives this. */
static const uint32_t NO_UNIT = UINT32_MAX;

static bool bit(uint32_t value, uint32_t number)
{
    return (value >> number & 1u) != 0;
}

bool timing_is_control(const struct timing_parameters *parameters, uint32_t address)
{
    bool is = address == parameters->latency_register || address == parameters->prefetch_register;
    for (uint32_t number = 0; number < parameters->cache_count; number++) {
        is |= address == parameters->caches[number].control_register;
    }
    return is && address != 0;
}

void timing_written(struct timing *timing, uint32_t address, uint32_t value)
{
    const struct timing_parameters *parameters = &timing->parameters;
    if (address == parameters->latency_register) {
        timing->wait_states = value & parameters->latency_mask;
    }
    if (address == parameters->prefetch_register) {
        timing->prefetch = bit(value, parameters->prefetch_bit);
    }
    for (uint32_t number = 0; number < parameters->cache_count; number++) {
        if (address == parameters->caches[number].control_register) {
            timing->cache_on[number] = bit(value, parameters->caches[number].enable_bit);
        }
    }
    timing->previous_hit_cache = false;
}

void timing_reset(struct timing *timing, const struct timing_parameters *parameters, timing_control *control,
                  void *context)
{
    *timing = (struct timing){.parameters = *parameters, .fetch_unit = NO_UNIT, .prefetch_unit = NO_UNIT};
    for (uint32_t number = 0; number < parameters->cache_count; number++) {
        const struct timing_cache_parameters *cache = &parameters->caches[number];
        cache_reset(&timing->caches[number], cache->lines, cache->ways, cache->line_bytes, cache->part_bytes,
                    cache->fills_whole_lines);
        timing->cache_on[number] = cache->control_register == 0;
        timing->filling_line[number] = NO_UNIT;
        if (cache->control_register != 0) {
            timing_written(timing, cache->control_register, control(context, cache->control_register));
        }
    }
    predictor_reset(&timing->predictor, parameters->predictor_entries);
    timing_written(timing, parameters->latency_register, control(context, parameters->latency_register));
    if (parameters->prefetch_register != 0) {
        timing_written(timing, parameters->prefetch_register,
                       control(context, parameters->prefetch_register));
    }
    timing_interrupted(timing);
}

void timing_interrupted(struct timing *timing)
{
    timing->previous_end = 1; /* odd: no block starts there, so the next one is a branch target */
    timing->previous_address = 1;
    timing->previous_leaving = 0;
    timing->previous_is_branch = false;
    timing->previous_leaves_slot = false;
}

/* The memory at `*address`, which is then the one that caches know it by; NULL: memory that answers at once.
 */
static const struct timing_memory *memory_at(const struct timing *timing, uint32_t *address)
{
    for (uint32_t number = 0; number < timing->parameters.memory_count; number++) {
        const struct timing_memory *memory = &timing->parameters.memories[number];
        uint32_t offset = *address - memory->address;
        if (offset < memory->bytes) {
            *address = memory->home + offset;
            return memory;
        }
    }
    return NULL;
}

static bool reads_ahead(const struct timing *timing, const struct timing_memory *memory)
{
    return timing->prefetch && memory->prefetches;
}

/* Starts to read a unit of flash ahead, once the array has delivered what it does at `now`. */
static void read_ahead(struct timing *timing, uint32_t unit, uint64_t now)
{
    timing->prefetch_unit = unit;
    timing->prefetch_ready = now + 1u + timing->wait_states;
}

/* Cycles until a unit of flash is there that is asked for now, read ahead or not. */
static uint32_t read_unit(struct timing *timing, const struct timing_memory *memory, uint32_t unit,
                          uint64_t now)
{
    if (reads_ahead(timing, memory) && unit == timing->prefetch_unit) {
        return timing->prefetch_ready > now ? (uint32_t)(timing->prefetch_ready - now) : 0;
    }
    return timing->wait_states;
}

/* Cycles that the core waits for a part of a cache line that is not there. */
static uint32_t fill(struct timing *timing, const struct timing_memory *memory, uint32_t number,
                     uint32_t address, uint64_t now)
{
    struct cache *cache = &timing->caches[number];
    uint32_t unit = address >> memory->read_shift;
    uint32_t way = timing->parameters.caches[number].miss_cycles + memory->wait_cycles;
    if (!memory->is_flash) {
        return way;
    }
    uint64_t asked = now + way;
    uint32_t wait = way + read_unit(timing, memory, unit, asked);
    if (cache->fills_whole_lines) {
        uint32_t line_bytes = 1u << cache->line_shift;
        uint32_t reads = (line_bytes + (1u << memory->read_shift) - 1u) >> memory->read_shift;
        timing->filling_line[number] = address >> cache->line_shift;
        timing->first_unit[number] = unit;
        timing->filled_at[number] = now + wait + (uint64_t)(reads - 1u) * (timing->wait_states + 1u);
        if (reads_ahead(timing, memory)) {
            read_ahead(timing, unit + reads, timing->filled_at[number]);
        }
    }
    return wait;
}

/* Cycles until a hit is answered: at once, but for the rest of the line that is on its way. */
static uint32_t arrives_in(const struct timing *timing, uint32_t number, uint32_t address, uint32_t unit,
                           uint64_t now)
{
    bool is_coming = address >> timing->caches[number].line_shift == timing->filling_line[number] &&
                     unit != timing->first_unit[number] && timing->filled_at[number] > now;
    return is_coming ? (uint32_t)(timing->filled_at[number] - now) : 0;
}

/* As read_ahead(), where a flash accelerator has the unit neither in its cache nor on the way. */
static void read_ahead_uncached(struct timing *timing, const struct timing_memory *memory,
                                struct cache *cache, uint32_t unit, uint64_t now)
{
    uint32_t address = unit << memory->read_shift;
    if (reads_ahead(timing, memory) && !cache->fills_whole_lines && unit != timing->prefetch_unit &&
        !cache_holds(cache, address, address)) {
        timing->previous_hit_cache = false;
        read_ahead(timing, unit, now);
    }
}

/* Cycles that the core waits for one read unit of code at time `now`. */
static uint32_t fetch(struct timing *timing, const struct timing_memory *memory, uint32_t unit, uint64_t now)
{
    if (unit == timing->fetch_unit) {
        return 0;
    }
    timing->fetch_unit = unit;
    uint32_t number = memory->instruction_cache;
    uint32_t address = unit << memory->read_shift;
    uint32_t wait = 0;
    if (number == TIMING_NO_CACHE || !timing->cache_on[number]) {
        timing->previous_hit_cache = false;
        wait = memory->wait_cycles + (memory->is_flash ? read_unit(timing, memory, unit, now) : 0);
        if (reads_ahead(timing, memory)) {
            read_ahead(timing, unit + 1u, now + wait);
        }
        return wait;
    }
    struct cache *cache = &timing->caches[number];
    if (!cache_access(cache, address)) {
        timing->previous_hit_cache = false;
        wait = fill(timing, memory, number, address, now);
    } else {
        wait = arrives_in(timing, number, address, unit, now);
    }
    read_ahead_uncached(timing, memory, cache, unit + 1u, now + wait);
    return wait;
}

/* A walk through a block's code, in the order of its execution. */
struct walk {
    const struct timing_memory *memory; /* that the code is in; NULL: nothing waits for it */
    uint32_t first;
    uint32_t place;
    uint32_t end;
    uint32_t cycles; /* of the block */
    uint32_t stall;
};

/* The block's cycle in which the code at `place` is executed, taking its instructions for equally long. */
static uint32_t spent_before(const struct walk *walk, uint32_t place)
{
    return place == walk->first ? 0 : walk->cycles * (place - walk->first) / (walk->end - walk->first);
}

/* Fetches what is needed before the block's cycle `until`. */
static void fetch_until(struct timing *timing, struct walk *walk, uint32_t until)
{
    if (walk->memory == NULL) {
        return;
    }
    uint32_t shift = walk->memory->read_shift;
    while (walk->place < walk->end) {
        uint32_t spent = spent_before(walk, walk->place);
        if (spent > until) {
            return;
        }
        walk->stall +=
            fetch(timing, walk->memory, walk->place >> shift, timing->cycles + spent + walk->stall);
        walk->place = ((walk->place >> shift) + 1u) << shift;
    }
}

/* Whether the cache holds all of a block's code; if so, it has been used. */
static bool code_is_cached(struct timing *timing, const struct walk *walk)
{
    const struct timing_memory *memory = walk->memory;
    uint32_t number = memory->instruction_cache;
    if (number == TIMING_NO_CACHE || !timing->cache_on[number] ||
        timing->filled_at[number] > timing->cycles) {
        return false;
    }
    struct cache *cache = &timing->caches[number];
    uint32_t line_mask = (1u << cache->line_shift) - 1u;
    uint32_t shift = memory->read_shift;
    uint32_t first = walk->first;
    if (first >> shift == timing->fetch_unit) {
        first = ((first >> shift) + 1u) << shift;
    }
    for (uint32_t place = first; place < walk->end; place = (place | line_mask) + 1u) {
        uint32_t line_last = place | line_mask;
        if (!cache_holds(cache, place, line_last < walk->end ? line_last : walk->end - 1u)) {
            return false;
        }
    }
    timing->fetch_unit = (walk->end - 1u) >> shift;
    uint32_t last = timing->fetch_unit << shift;
    uint32_t spent = last > walk->first ? spent_before(walk, last) : 0;
    read_ahead_uncached(timing, memory, cache, timing->fetch_unit + 1u, timing->cycles + spent);
    return true;
}

static uint32_t unaligned_cycles(const struct timing *timing, uint32_t address, uint32_t element_bytes)
{
    uint32_t misaligned = address & (element_bytes - 1u);
    if (misaligned == 0) {
        return 0;
    }
    return timing->parameters.unaligned_cycles[element_bytes == 4 ? misaligned & 1u : 0];
}

/* Cycles that the core waits for data at time `now`. */
static uint32_t access_memory(struct timing *timing, const struct timing_memory *memory, uint32_t address,
                              uint32_t bytes, bool is_store, uint64_t now)
{
    uint32_t number = memory->data_cache;
    bool cached = number != TIMING_NO_CACHE && timing->cache_on[number];
    if (cached && number == memory->instruction_cache) {
        timing->previous_hit_cache = false; /* data may push code out */
    }
    uint32_t step = cached ? 1u << timing->caches[number].part_shift : 1u << memory->read_shift;
    uint32_t stall = 0;
    for (uint32_t place = address; place < address + bytes; place = (place & ~(step - 1u)) + step) {
        if (is_store) {
            if (cached && timing->parameters.caches[number].allocates_stores) {
                (void)cache_access(&timing->caches[number], place);
            }
        } else if (!cached) {
            stall += memory->wait_cycles + (memory->is_flash ? timing->wait_states : 0);
        } else if (!cache_access(&timing->caches[number], place)) {
            stall += fill(timing, memory, number, place, now + stall);
        } else {
            stall += arrives_in(timing, number, place, place >> memory->read_shift, now + stall);
        }
    }
    return stall;
}

static uint32_t evaluate(const struct timing_sum *sum, const uint32_t *registers, const uint32_t *loaded)
{
    uint32_t value = sum->constant;
    for (uint32_t part = 0; part < 2 && sum->term[part] != TIMING_NO_TERM; part++) {
        int term = sum->term[part];
        value += (term < TIMING_LOADED ? registers[term] : loaded[term - TIMING_LOADED]) << sum->shift[part];
    }
    return value;
}

/* Shifts and rotations by a register use its lowest byte (ARMv7-M ARM, A7.4.2). */
static uint32_t operate(enum timing_operation operation, uint32_t left, uint32_t right)
{
    uint32_t shift = right & 0xFFu;
    uint32_t sign = left >> 31 != 0 ? UINT32_MAX : 0;
    switch (operation) {
    case TIMING_ADD:
        return left + right;
    case TIMING_SUBTRACT:
        return left - right;
    case TIMING_MULTIPLY:
        return left * right;
    case TIMING_AND:
        return left & right;
    case TIMING_OR:
        return left | right;
    case TIMING_EXCLUSIVE_OR:
        return left ^ right;
    case TIMING_SHIFT_LEFT:
        return shift < 32 ? left << shift : 0;
    case TIMING_SHIFT_RIGHT:
        return shift < 32 ? left >> shift : 0;
    case TIMING_SHIFT_RIGHT_SIGNED:
        return shift >= 32 ? sign : shift == 0 ? left : left >> shift | sign << (32 - shift);
    case TIMING_ROTATE_RIGHT:
        return shift % 32 == 0 ? left : left >> shift % 32 | left << (32 - shift % 32);
    case TIMING_ACCESS:
    case TIMING_PEEK:
        break;
    }
    return 0;
}

static void follow_accesses(struct timing *timing, const struct timing_block *block, struct walk *walk,
                            const uint32_t *registers, timing_peek *peek, void *context)
{
    uint32_t loaded[TIMING_ACCESSES_MAXIMUM];
    const struct timing_memory *before = NULL;
    for (uint32_t number = 0; number < block->access_count; number++) {
        const struct timing_access *access = &block->accesses[number];
        loaded[number] = 0;
        if (!access->known) {
            continue;
        }
        uint32_t address = evaluate(&access->address, registers, loaded);
        if (access->operation != TIMING_ACCESS) {
            uint32_t right = evaluate(&access->right, registers, loaded);
            loaded[number] = access->operation == TIMING_PEEK
                                 ? peek(context, address)
                                 : operate((enum timing_operation)access->operation, address, right);
            continue;
        }
        if (!access->is_store) {
            walk->stall += unaligned_cycles(timing, address, access->element_bytes);
        }
        uint32_t place = address;
        const struct timing_memory *memory = memory_at(timing, &place);
        walk->stall += access->overlapped && memory != before;
        before = memory;
        if (memory != NULL) {
            fetch_until(timing, walk, access->cycle);
            walk->stall +=
                access_memory(timing, memory, place, (uint32_t)access->element_bytes * access->elements,
                              access->is_store, timing->cycles + access->cycle + walk->stall);
        }
        if (access->followed) {
            loaded[number] = peek(context, address);
        }
    }
}

/* Whether no access of the block waits, told from the registers that they start from. */
static bool accesses_are_free(const struct timing *timing, const struct timing_block *block,
                              const uint32_t *registers)
{
    if (!block->only_ranges) {
        return false;
    }
    for (uint32_t number = 0; number < block->range_count; number++) {
        const struct timing_range *range = &block->ranges[number];
        uint32_t base = registers[range->index];
        uint32_t first = base + range->first, last = base + range->last;
        if (((base + range->aligned) & range->alignment_mask) != 0 || memory_at(timing, &first) != NULL ||
            memory_at(timing, &last) != NULL) {
            return false;
        }
    }
    return true;
}

static uint32_t branch_cycles(struct timing *timing, const struct timing_block *block)
{
    bool taken = block->address != timing->previous_end;
    uint32_t cycles = taken ? block->entered : 0;
    if (!timing->previous_is_branch) {
        return cycles;
    }
    if (timing->predictor.entries == 0) {
        return cycles + (taken ? timing->previous_leaving : 0);
    }
    bool foreseen = predictor_foresees(&timing->predictor, timing->previous_end, block->address, taken);
    return cycles + (foreseen ? 0 : timing->previous_mispredicted);
}

/* Whether the block was executed just before. */
static bool is_repeated(const struct timing *timing, const struct timing_block *block)
{
    return block->address == timing->previous_address && block->end == timing->previous_end;
}

/* What the block costs by itself, coming from where it does. */
static uint32_t own_cycles(const struct timing *timing, const struct timing_block *block)
{
    if (block->address == timing->previous_end) {
        return timing->previous_leaves_slot ? block->joined : block->cycles;
    }
    return is_repeated(timing, block) ? block->again : block->cycles;
}

uint32_t timing_enter(struct timing *timing, const struct timing_block *block, const uint32_t *registers,
                      timing_peek *peek, void *context)
{
    uint32_t branch = branch_cycles(timing, block);
    uint32_t own = own_cycles(timing, block);
    timing->cycles += branch;
    struct walk walk = {
        .first = block->address, .place = block->address, .end = block->end, .cycles = block->cycles};
    /* A loop of one block that the cache already holds fetches the same lines in the same order again,
     * which leaves the cache's order of use as it is. */
    if (!is_repeated(timing, block) || !timing->previous_hit_cache) {
        walk.memory = memory_at(timing, &walk.first);
        walk.place = walk.first;
        walk.end = walk.first + (block->end - block->address);
        timing->previous_hit_cache = true;
        if (walk.memory != NULL && (walk.end == walk.first || code_is_cached(timing, &walk))) {
            walk.memory = NULL;
        }
    }
    if (block->access_count != 0 && !accesses_are_free(timing, block, registers)) {
        follow_accesses(timing, block, &walk, registers, peek, context);
    }
    fetch_until(timing, &walk, UINT32_MAX);
    timing->previous_address = block->address;
    timing->previous_end = block->end;
    timing->previous_leaving = block->leaving;
    timing->previous_mispredicted = block->mispredicted;
    timing->previous_is_branch = block->is_branch;
    timing->previous_leaves_slot = block->leaves_slot;
    timing->cycles += own + walk.stall;
    return branch + own + walk.stall;
}
