#include "registers.h"

#include <stdlib.h>
#include <string.h>

bool registers_add_rule(struct registers *registers, const struct register_rule *rule)
{
    struct register_rule *rules =
        realloc(registers->rules, (registers->rule_count + 1) * sizeof *registers->rules);
    if (rules == NULL) {
        return false;
    }
    registers->rules = rules;
    registers->rules[registers->rule_count++] = *rule;
    return true;
}

void registers_free(struct registers *registers)
{
    free(registers->rules);
    free(registers->pages);
    memset(registers, 0, sizeof *registers);
}

bool registers_reset(struct registers *registers)
{
    registers->page_count = 0;
    for (uint32_t number = 0; number < registers->rule_count; number++) {
        const struct register_rule *rule = &registers->rules[number];
        if (rule->reset != 0 && !registers_write(registers, rule->address, rule->reset)) {
            return false;
        }
    }
    return true;
}

/* Binary search: pages are sorted by address. Returns the place where the page is or belongs. */
static uint32_t page_place(const struct registers *registers, uint32_t address)
{
    uint32_t low = 0;
    uint32_t high = registers->page_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (registers->pages[middle].address < address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static uint32_t page_address(uint32_t address)
{
    return address & ~(uint32_t)(REGISTER_PAGE_BYTES - 1);
}

static uint32_t stored(const struct registers *registers, uint32_t address)
{
    uint32_t place = page_place(registers, page_address(address));
    if (place == registers->page_count || registers->pages[place].address != page_address(address)) {
        return 0;
    }
    return registers->pages[place].words[address % REGISTER_PAGE_BYTES / 4];
}

static uint32_t apply(const struct registers *registers, const struct register_rule *rule, uint32_t value)
{
    for (uint32_t number = 0; number < rule->follow_count; number++) {
        const struct register_follow *follow = &rule->follows[number];
        uint32_t source =
            follow->enable_address == rule->address ? value : stored(registers, follow->enable_address);
        uint32_t status = 1u << follow->status_bit;
        bool enabled = (source >> follow->enable_bit & 1u) != 0;
        value = enabled ? value | status : value & ~status;
    }
    return (value | rule->set) & ~rule->clear;
}

uint32_t registers_read(const struct registers *registers, uint32_t address)
{
    uint32_t value = stored(registers, address);
    for (uint32_t number = 0; number < registers->rule_count; number++) {
        if (registers->rules[number].address == address) {
            value = apply(registers, &registers->rules[number], value);
        }
    }
    return value;
}

static struct register_page *make_page(struct registers *registers, uint32_t address)
{
    uint32_t place = page_place(registers, address);
    if (place < registers->page_count && registers->pages[place].address == address) {
        return &registers->pages[place];
    }
    if (registers->page_count == registers->page_capacity) {
        uint32_t capacity = registers->page_capacity == 0 ? 32 : 2 * registers->page_capacity;
        struct register_page *pages = realloc(registers->pages, capacity * sizeof *pages);
        if (pages == NULL) {
            return NULL;
        }
        registers->pages = pages;
        registers->page_capacity = capacity;
    }
    struct register_page *page = &registers->pages[place];
    memmove(page + 1, page, (registers->page_count - place) * sizeof *page);
    memset(page, 0, sizeof *page);
    page->address = address;
    registers->page_count++;
    return page;
}

bool registers_write(struct registers *registers, uint32_t address, uint32_t value)
{
    struct register_page *page = make_page(registers, page_address(address));
    if (page == NULL) {
        return false;
    }
    page->words[address % REGISTER_PAGE_BYTES / 4] = value;
    return true;
}

static void count_block(struct registers *registers, uint32_t address, uint32_t pc, bool is_write)
{
    struct register_block *block = registers->blocks;
    struct register_block *end = block + registers->block_count;
    while (block < end && block->address != page_address(address)) {
        block++;
    }
    if (block == end) {
        if (registers->block_count == REGISTER_BLOCKS) {
            return;
        }
        registers->block_count++;
        *block = (struct register_block){.address = page_address(address), .pc = pc};
    }
    if (is_write) {
        block->writes++;
    } else {
        block->reads++;
    }
}

bool registers_count(struct registers *registers, uint32_t address, uint32_t pc, bool is_write,
                     uint32_t value)
{
    struct register_use *use = registers->uses;
    struct register_use *end = use + registers->use_count;
    count_block(registers, address, pc, is_write);
    while (use < end && (use->address != address || use->pc != pc)) {
        use++;
    }
    bool is_new = use == end || use->value != value;
    if (use == end) {
        /* A full table forgets its oldest entry: what is asked for is what the guest does last. */
        if (registers->use_count == REGISTER_USES) {
            memmove(registers->uses, registers->uses + 1, (REGISTER_USES - 1) * sizeof *use);
            use = end - 1;
        } else {
            registers->use_count++;
        }
        *use = (struct register_use){.address = address, .pc = pc};
    }
    use->value = value;
    if (is_write) {
        use->writes++;
    } else {
        use->reads++;
    }
    return is_new;
}
