#include "memory.h"

#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#include <malloc.h>
#define aligned_alloc(alignment, size) _aligned_malloc(size, alignment)
#define aligned_free                   _aligned_free
#else
#define aligned_free free
#endif

enum { HOST_ALIGNMENT = 65536 };

struct memory *memories_add(struct memories *memories, uint32_t address, uint32_t bytes, bool writable,
                            uint8_t *shared, uint8_t fill)
{
    if (memories->count == MEMORIES_MAXIMUM) {
        return NULL;
    }
    struct memory *memory = &memories->list[memories->count];
    *memory = (struct memory){.address = address, .bytes = bytes, .writable = writable, .host = shared};
    if (shared == NULL) {
        size_t rounded = ((size_t)bytes + HOST_ALIGNMENT - 1) & ~(size_t)(HOST_ALIGNMENT - 1);
        memory->host = aligned_alloc(HOST_ALIGNMENT, rounded);
        if (memory->host == NULL) {
            return NULL;
        }
        memset(memory->host, fill, rounded);
        memory->owns_host = true;
    }
    memory->blocks = calloc(bytes / 2, sizeof *memory->blocks);
    memories->count++;
    return memory->blocks == NULL ? NULL : memory;
}

void memory_forget_blocks(struct memory *memory)
{
    for (uint32_t place = 0; memory->blocks != NULL && place < memory->bytes / 2; place++) {
        while (memory->blocks[place] != NULL) {
            struct block *block = memory->blocks[place];
            memory->blocks[place] = block->next;
            free(block);
        }
    }
}

void memories_free(struct memories *memories)
{
    for (uint32_t number = 0; number < memories->count; number++) {
        struct memory *memory = &memories->list[number];
        memory_forget_blocks(memory);
        free(memory->blocks);
        if (memory->owns_host) {
            aligned_free(memory->host);
        }
    }
    memories->count = 0;
}

struct memory *memories_find(struct memories *memories, uint32_t address)
{
    for (uint32_t number = 0; number < memories->count; number++) {
        if (address - memories->list[number].address < memories->list[number].bytes) {
            return &memories->list[number];
        }
    }
    return NULL;
}

uint8_t *memories_at(const struct memories *memories, uint32_t address, uint32_t bytes)
{
    for (uint32_t number = 0; number < memories->count; number++) {
        const struct memory *memory = &memories->list[number];
        uint32_t offset = address - memory->address;
        if (offset < memory->bytes) {
            return bytes <= memory->bytes - offset ? memory->host + offset : NULL;
        }
    }
    return NULL;
}

uint32_t load_word(const uint8_t *place)
{
    return (uint32_t)place[0] | (uint32_t)place[1] << 8 | (uint32_t)place[2] << 16 | (uint32_t)place[3] << 24;
}

void store_word(uint8_t *place, uint32_t value)
{
    place[0] = (uint8_t)value;
    place[1] = (uint8_t)(value >> 8);
    place[2] = (uint8_t)(value >> 16);
    place[3] = (uint8_t)(value >> 24);
}

uint32_t memories_word(const struct memories *memories, uint32_t address)
{
    const uint8_t *place = memories_at(memories, address, 4);
    return place == NULL ? 0 : load_word(place);
}
