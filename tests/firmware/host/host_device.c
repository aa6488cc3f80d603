/*
 * The firmware's protocol and one benchmark as a program: commands on standard input, replies on standard
 * output.
 *
 *   host_device [--early COUNT] [--gap OFFSET] [--trace]
 *
 * The first COUNT bytes arrive before the device is ready; before the byte at OFFSET, input was lost. --trace
 * writes a line of its own at each event whose order matters. The clock advances by 7 us at each reading.
 */
#include "benchmark.h"
#include "protocol.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool tracing;
static long early_bytes;
static long gap_offset = -1;
static long position;
static uint32_t now_us = 1000;

static void trace(const char *event)
{
    if (tracing) {
        printf("<%s>\n", event);
    }
}

static void write_output(const char *text, size_t length)
{
    fwrite(text, 1, length, stdout);
}

static void drain(void)
{
    trace("drain");
}

static uint32_t microseconds(void)
{
    trace("microseconds");
    return now_us += 7;
}

static void traced_load_input(void)
{
    trace("load input");
    benchmark.load_input();
}

static void traced_infer(void)
{
    trace("infer");
    benchmark.infer();
}

static bool feed_one(struct protocol *protocol)
{
    int byte = getchar();
    if (byte == EOF) {
        return false;
    }
    if (position == gap_offset) {
        protocol_receive_gap(protocol);
    }
    position++;
    protocol_receive(protocol, (uint8_t)byte);
    return true;
}

static void feed_early(struct protocol *protocol)
{
    while (position < early_bytes && feed_one(protocol)) {
    }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--trace") == 0) {
            tracing = true;
        } else if (strcmp(argv[i], "--early") == 0 && i + 1 < argc) {
            early_bytes = atol(argv[++i]);
        } else if (strcmp(argv[i], "--gap") == 0 && i + 1 < argc) {
            gap_offset = atol(argv[++i]);
        } else {
            fprintf(stderr, "unknown option %s\n", argv[i]);
            return 2;
        }
    }
    static const struct protocol_port port = {write_output, drain, microseconds};
    struct benchmark traced = benchmark;
    traced.load_input = traced_load_input;
    traced.infer = traced_infer;

    static struct protocol protocol;
    protocol_init(&protocol, &port, &traced);
    protocol_become_ready(&protocol, feed_early);
    while (feed_one(&protocol)) {
    }
    return 0;
}
