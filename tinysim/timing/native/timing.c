#include "timing.h"

/* No address divided by the read width gives this. */
static const uint32_t NO_UNIT = UINT32_MAX;

void timing_flash_control(struct timing *timing, uint32_t value)
{
    const struct timing_parameters *parameters = &timing->parameters;
    timing->wait_states = value & parameters->latency_mask;
    timing->prefetch = (value >> parameters->prefetch_bit & 1u) != 0;
    timing->instruction_cache_on = (value >> parameters->instruction_cache_bit & 1u) != 0;
    timing->data_cache_on = (value >> parameters->data_cache_bit & 1u) != 0;
    timing->previous_hit_cache = false;
}

void timing_reset(struct timing *timing, const struct timing_parameters *parameters, uint32_t flash_control)
{
    *timing = (struct timing){
        .parameters = *parameters, .fetch_unit = NO_UNIT, .prefetch_unit = NO_UNIT, .data_unit = NO_UNIT};
    line_cache_reset(&timing->instruction_cache, parameters->instruction_cache_lines,
                     parameters->instruction_cache_line_bytes, parameters->read_width_bytes);
    line_cache_reset(&timing->data_cache, parameters->data_cache_lines, parameters->data_cache_line_bytes,
                     parameters->read_width_bytes);
    timing_flash_control(timing, flash_control);
}

void timing_interrupted(struct timing *timing)
{
    timing->previous_end = 1; /* odd: no block starts there, so the next one is a branch target */
    timing->previous_address = 1;
    timing->previous_ends_in_direct_branch = false;
}

static bool in_flash(const struct timing_parameters *parameters, uint32_t *address)
{
    uint32_t offset = *address - parameters->flash_address;
    if (offset < parameters->flash_bytes) {
        return true;
    }
    offset = *address - parameters->flash_alias;
    if (offset < parameters->flash_bytes) {
        *address = parameters->flash_address + offset;
        return true;
    }
    return false;
}

/* Cycles that the core waits for one read unit of code at time `now`. */
static uint32_t fetch(struct timing *timing, uint32_t unit, uint64_t now)
{
    if (unit == timing->fetch_unit) {
        return 0;
    }
    timing->fetch_unit = unit;
    if (timing->instruction_cache_on &&
        line_cache_access(&timing->instruction_cache, unit * timing->parameters.read_width_bytes)) {
        return 0;
    }
    timing->previous_hit_cache = false;
    uint32_t wait = timing->wait_states;
    if (timing->prefetch && unit == timing->prefetch_unit) {
        wait = timing->prefetch_ready > now ? (uint32_t)(timing->prefetch_ready - now) : 0;
    }
    timing->prefetch_unit = unit + 1;
    timing->prefetch_ready = now + wait + 1u + timing->wait_states;
    return wait;
}

static uint32_t fetch_block(struct timing *timing, const struct timing_block *block)
{
    uint32_t address = block->address;
    uint32_t bytes = block->end - block->address;
    if (bytes == 0 || bytes > timing->parameters.flash_bytes || !in_flash(&timing->parameters, &address)) {
        return 0;
    }
    uint32_t width = timing->parameters.read_width_bytes;
    uint32_t line_mask = timing->parameters.instruction_cache_line_bytes - 1u;
    uint32_t end = address + bytes;
    uint32_t stall = 0;
    timing->previous_hit_cache = true;
    for (uint32_t place = address; place < end;) {
        uint32_t line_end = (place | line_mask) + 1u;
        uint32_t stretch_end = line_end < end ? line_end : end;
        if (timing->instruction_cache_on && place / width != timing->fetch_unit &&
            line_cache_holds(&timing->instruction_cache, place, stretch_end - 1u)) {
            timing->fetch_unit = (stretch_end - 1u) / width;
            place = stretch_end;
            continue;
        }
        for (; place < stretch_end; place = (place / width + 1u) * width) {
            uint32_t spent = block->cycles * (place / width - address / width) /
                             ((end - 1u) / width - address / width + 1u);
            stall += fetch(timing, place / width, timing->cycles + spent + stall);
        }
        place = stretch_end;
    }
    return stall;
}

/* "A halfword aligned word load adds one extra cycle, a byte-aligned one two" (Arm 100166 3.3.2). */
static uint32_t unaligned_cycles(uint32_t address, uint32_t element_bytes)
{
    uint32_t misaligned = address & (element_bytes - 1u);
    if (misaligned == 0) {
        return 0;
    }
    return element_bytes == 4 && (misaligned & 1u) != 0 ? 2 : 1;
}

static uint32_t load_from_flash(struct timing *timing, uint32_t address, uint32_t bytes)
{
    uint32_t width = timing->parameters.read_width_bytes;
    uint32_t stall = 0;
    for (uint32_t unit = address / width; unit <= (address + bytes - 1u) / width; unit++) {
        if (unit == timing->data_unit) {
            continue;
        }
        timing->data_unit = unit;
        if (!timing->data_cache_on || !line_cache_access(&timing->data_cache, unit * width)) {
            stall += timing->wait_states;
        }
    }
    return stall;
}

static uint32_t load_block(struct timing *timing, const struct timing_block *block, const uint32_t *registers,
                           timing_peek *peek, void *context)
{
    uint32_t loaded[TIMING_LOADS_MAXIMUM];
    uint32_t stall = 0;
    for (uint32_t number = 0; number < block->load_count; number++) {
        const struct timing_load *load = &block->loads[number];
        loaded[number] = 0;
        if (!load->known) {
            continue;
        }
        uint32_t address = load->constant;
        for (uint32_t part = 0; part < 2 && load->term[part] != TIMING_NO_TERM; part++) {
            int term = load->term[part];
            uint32_t value = term < TIMING_LOADED ? registers[term] : loaded[term - TIMING_LOADED];
            address += value << load->shift[part];
        }
        stall += unaligned_cycles(address, load->element_bytes);
        uint32_t place = address;
        if (in_flash(&timing->parameters, &place)) {
            stall += load_from_flash(timing, place, (uint32_t)load->element_bytes * load->elements);
        }
        if (load->followed) {
            loaded[number] = peek(context, address);
        }
    }
    return stall;
}

/* Whether no load of the block waits, told from the registers that the loads start from. */
static bool loads_are_free(const struct timing *timing, const struct timing_block *block,
                           const uint32_t *registers)
{
    if (!block->only_ranges) {
        return false;
    }
    for (uint32_t number = 0; number < block->range_count; number++) {
        const struct timing_range *range = &block->ranges[number];
        uint32_t base = registers[range->index];
        uint32_t first = base + range->first, last = base + range->last;
        if (((base + range->aligned) & range->alignment_mask) != 0 || in_flash(&timing->parameters, &first) ||
            in_flash(&timing->parameters, &last)) {
            return false;
        }
    }
    return true;
}

uint32_t timing_enter(struct timing *timing, const struct timing_block *block, const uint32_t *registers,
                      timing_peek *peek, void *context)
{
    uint32_t cycles = block->cycles;
    if (block->address != timing->previous_end) {
        cycles += timing->previous_ends_in_direct_branch ? block->refill_direct : block->refill_indirect;
    }
    /* A loop of one block that the cache already holds fetches the same lines in the same order again,
     * which leaves the cache's order of use as it is. */
    if (block->address != timing->previous_address || !timing->previous_hit_cache) {
        cycles += fetch_block(timing, block);
    }
    if (block->load_count != 0 && !loads_are_free(timing, block, registers)) {
        cycles += load_block(timing, block, registers, peek, context);
    }
    timing->previous_address = block->address;
    timing->previous_end = block->end;
    timing->previous_ends_in_direct_branch = block->ends_in_direct_branch;
    timing->cycles += cycles;
    return cycles;
}
