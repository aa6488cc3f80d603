#include "protocol.h"
#include "text.h"
#include <string.h>

#ifndef VENDOR_NAME
#define VENDOR_NAME "tinysim"
#endif

#define PROFILE "ULPMark for tinyML Firmware V0.0.1"

enum {
    TERMINATOR = '%',
    DELIMITER = ' ',
    LINE_CHARACTERS = 128,
    BYTES_PER_PRINTED_LINE = 8,
    DEFAULT_ITERATIONS = 1,
    DEFAULT_WARMUPS = 10,
};

/* A space-separated word of a command; an absent one has no characters. */
struct token {
    const char *characters;
    size_t length;
};

/* What is left of a command. */
struct arguments {
    const char *next;
    const char *end;
};

static struct token next_token(struct arguments *arguments)
{
    while (arguments->next < arguments->end && *arguments->next == DELIMITER) {
        arguments->next++;
    }
    struct token token = {arguments->next, 0};
    while (arguments->next < arguments->end && *arguments->next != DELIMITER) {
        arguments->next++;
        token.length++;
    }
    return token;
}

static bool token_is(struct token token, const char *word)
{
    return token.length == strlen(word) && memcmp(token.characters, word, token.length) == 0;
}

/* The number that a token starts with, as C's atoi() reads it: 0 where there is none; saturated to 32 bits.
 */
static int32_t number(struct token token)
{
    size_t i = 0;
    while (i < token.length && token.characters[i] >= '\t' && token.characters[i] <= '\r') {
        i++;
    }
    bool negative = false;
    if (i < token.length && (token.characters[i] == '-' || token.characters[i] == '+')) {
        negative = token.characters[i] == '-';
        i++;
    }
    uint32_t limit = negative ? (uint32_t)INT32_MAX + 1 : (uint32_t)INT32_MAX;
    uint32_t magnitude = 0;
    for (; i < token.length && token.characters[i] >= '0' && token.characters[i] <= '9'; i++) {
        uint32_t digit = (uint32_t)(token.characters[i] - '0');
        magnitude = magnitude > (limit - digit) / 10 ? limit : magnitude * 10 + digit;
    }
    if (!negative) {
        return (int32_t)magnitude;
    }
    return magnitude > (uint32_t)INT32_MAX ? INT32_MIN : -(int32_t)magnitude;
}

/* The value of a hexadecimal digit, or -1. */
static int hex_digit(char character)
{
    if (character >= '0' && character <= '9') {
        return character - '0';
    }
    if (character >= 'a' && character <= 'f') {
        return character - 'a' + 10;
    }
    if (character >= 'A' && character <= 'F') {
        return character - 'A' + 10;
    }
    return -1;
}

static void write_text(const struct protocol *protocol, const struct text *text)
{
    protocol->port->write(text->characters, text->length);
}

static void write(const struct protocol *protocol, const char *terminated)
{
    protocol->port->write(terminated, strlen(terminated));
}

/* Writes `before`, the value in decimal, and `after`. */
static void write_number(const struct protocol *protocol, const char *before, uint32_t value,
                         const char *after)
{
    char characters[LINE_CHARACTERS];
    struct text text = {characters, sizeof characters, 0};
    text_append(&text, before);
    text_append_unsigned(&text, value);
    text_append(&text, after);
    write_text(protocol, &text);
}

/* Writes characters that came from the host; what is not printable ASCII as \xhh, so that it can forge no
 * line. */
static void write_printable(const struct protocol *protocol, const char *characters, size_t length)
{
    char escaped[4 * PROTOCOL_COMMAND_CHARACTERS];
    struct text text = {escaped, sizeof escaped, 0};
    for (size_t i = 0; i < length; i++) {
        if (characters[i] >= ' ' && characters[i] <= '~') {
            text_append_characters(&text, characters + i, 1);
        } else {
            text_append(&text, "\\x");
            text_append_hex_byte(&text, (uint8_t)characters[i]);
        }
    }
    write_text(protocol, &text);
}

/*
 * The prefix leaves before the digits are worked out: whoever watches the wire sees its first byte a fixed
 * number of instructions after the clock was read, whatever it said.
 */
static void write_timestamp(const struct protocol *protocol, uint32_t timestamp_us)
{
    write(protocol, "m-lap-us-");
    protocol->port->drain();
    write_number(protocol, "", timestamp_us, "\r\n");
}

static void write_result(const struct protocol *protocol)
{
    write(protocol, "m-results-[");
    protocol->port->write(protocol->benchmark->result, protocol->result_length);
    write(protocol, "]\r\n");
}

/*
 * No interrupt of the console is left to come while inferences run: the lines before them have left the
 * device, and the host is silent until m-ready. So a window takes the same instructions each time.
 */
static void infer(struct protocol *protocol, uint32_t iterations, uint32_t warmups)
{
    const struct benchmark *benchmark = protocol->benchmark;

    benchmark->load_input();
    write_number(protocol, "m-warmup-start-", warmups, "\r\n");
    while (warmups-- > 0) {
        benchmark->infer();
    }
    write(protocol, "m-warmup-done\r\n");
    write_number(protocol, "m-infer-start-", iterations, "\r\n");
    protocol->port->drain();

    write_timestamp(protocol, protocol->port->microseconds());
    protocol->port->drain();
    while (iterations-- > 0) {
        benchmark->infer();
    }
    write_timestamp(protocol, protocol->port->microseconds());
    write(protocol, "m-infer-done\r\n");

    struct text result = {benchmark->result, benchmark->result_capacity, 0};
    benchmark->append_result(&result);
    protocol->result_length = result.length;
    write_result(protocol);
}

static void command_infer(struct protocol *protocol, struct arguments arguments)
{
    int32_t iterations = DEFAULT_ITERATIONS;
    int32_t warmups = DEFAULT_WARMUPS;
    struct token token = next_token(&arguments);
    if (token.length > 0) {
        iterations = number(token);
        token = next_token(&arguments);
        if (token.length > 0) {
            warmups = number(token);
        }
    }
    if (iterations <= 0) {
        write(protocol, "e-[Inference iterations must be >0]\r\n");
    } else if (warmups < 0) {
        write(protocol, "e-[Inference warmup must be >=0]\r\n");
    } else if (protocol->received_bytes != protocol->benchmark->input_bytes) {
        write_number(protocol, "e-[Input has ", (uint32_t)protocol->received_bytes, " bytes");
        write_number(protocol, ", expected ", (uint32_t)protocol->benchmark->input_bytes, "]\r\n");
    } else {
        infer(protocol, (uint32_t)iterations, (uint32_t)warmups);
    }
}

static void command_db_load(struct protocol *protocol, struct token size)
{
    if (size.length == 0) {
        write(protocol, "e-[Command 'db load' requires the # of bytes]\r\n");
        return;
    }
    int32_t bytes = number(size);
    protocol->expected_bytes = 0;
    protocol->received_bytes = 0;
    if (bytes <= 0) {
        write(protocol, "e-[Command 'db load' must be >0 bytes]\r\n");
    } else if ((uint32_t)bytes > protocol->benchmark->download_capacity_bytes) {
        /* The reference ends this line in a bare line feed. */
        write_number(protocol, "Supplied buffer size ", (uint32_t)bytes, "");
        write_number(protocol, " exceeds maximum of ", (uint32_t)protocol->benchmark->download_capacity_bytes,
                     "\n");
    } else {
        protocol->expected_bytes = (size_t)bytes;
        write_number(protocol, "m-[Expecting ", (uint32_t)bytes, " bytes]\r\n");
    }
}

/* Prints as many bytes as were announced, received or not. */
static void command_db_print(const struct protocol *protocol)
{
    size_t printed = 0;
    while (printed < protocol->expected_bytes) {
        char characters[LINE_CHARACTERS];
        struct text line = {characters, sizeof characters, 0};
        text_append(&line, "m-buffer");
        for (int i = 0; i < BYTES_PER_PRINTED_LINE && printed < protocol->expected_bytes; i++) {
            text_append(&line, "-");
            text_append_hex_byte(&line, protocol->benchmark->download[printed++]);
        }
        text_append(&line, "\r\n");
        write_text(protocol, &line);
    }
    if (printed % BYTES_PER_PRINTED_LINE != 0) {
        write(protocol, "\r\n"); /* as the reference does after a short line */
    }
}

static void command_db_bytes(struct protocol *protocol, struct token digits)
{
    if (digits.length % 2 != 0) {
        write(protocol, "e-[Insufficent number of hex digits]\r\n"); /* the reference's spelling */
        return;
    }
    for (size_t i = 0; i < digits.length; i += 2) {
        int high = hex_digit(digits.characters[i]);
        int low = hex_digit(digits.characters[i + 1]);
        if (high < 0 || low < 0) {
            write(protocol, "e-[Invalid hex digit '");
            write_printable(protocol, digits.characters + i, 2);
            write(protocol, "']\r\n");
            return;
        }
        if (protocol->expected_bytes == 0) {
            write(protocol, "e-[Command 'db' requires a 'db load' first]\r\n");
            return;
        }
        if (protocol->received_bytes == protocol->expected_bytes) {
            write(protocol, "e-[Command 'db' has all bytes already]\r\n");
            return;
        }
        protocol->benchmark->download[protocol->received_bytes++] = (uint8_t)(high << 4 | low);
        if (protocol->received_bytes == protocol->expected_bytes) {
            write(protocol, "m-load-done\r\n");
            return;
        }
    }
}

static void command_db(struct protocol *protocol, struct arguments arguments)
{
    struct token subcommand = next_token(&arguments);
    if (subcommand.length == 0) {
        write(protocol, "e-[Command 'db' requires a subcommand]\r\n");
    } else if (token_is(subcommand, "load")) {
        command_db_load(protocol, next_token(&arguments));
    } else if (token_is(subcommand, "print")) {
        command_db_print(protocol);
    } else {
        command_db_bytes(protocol, subcommand);
    }
}

static void command_help(const struct protocol *protocol)
{
    write(protocol,
          PROFILE "\r\n\r\n"
                  "help         print this\r\n"
                  "name         print the device's name\r\n"
                  "profile      print the benchmark's profile and model\r\n"
                  "timestamp    print the microseconds since start\r\n"
                  "db load N    expect an input of N bytes\r\n"
                  "db HH...     take the next bytes of the input, two hexadecimal digits each\r\n"
                  "db print     print the input\r\n"
                  "infer [N] [W]  run W warm-up inferences, default 10, then N timed ones, default 1\r\n"
                  "results      print the last result again\r\n");
}

static void obey(struct protocol *protocol)
{
    struct arguments arguments = {protocol->command, protocol->command + protocol->command_length};
    struct token token = next_token(&arguments);

    if (protocol->command_has_gap) {
        write(protocol, "e-[Input overrun, command ignored]\r\n");
    } else if (token.length == 0) {
        /* An empty command gets its m-ready and nothing else. */
    } else if (token_is(token, "name")) {
        write(protocol, "m-name-dut-[" VENDOR_NAME "]\r\n");
    } else if (token_is(token, "timestamp")) {
        write_timestamp(protocol, protocol->port->microseconds());
    } else if (token_is(token, "profile")) {
        write(protocol, "m-profile-[" PROFILE "]\r\nm-model-[");
        write(protocol, protocol->benchmark->model);
        write(protocol, "]\r\n");
    } else if (token_is(token, "help")) {
        command_help(protocol);
    } else if (token_is(token, "db")) {
        command_db(protocol, arguments);
    } else if (token_is(token, "infer")) {
        command_infer(protocol, arguments);
    } else if (token_is(token, "results")) {
        write_result(protocol);
    } else {
        write(protocol, "e-[Unknown command: ");
        write_printable(protocol, token.characters, token.length);
        write(protocol, "]\r\n");
    }
    write(protocol, "m-ready\r\n");
}

void protocol_init(struct protocol *protocol, const struct protocol_port *port,
                   const struct benchmark *benchmark)
{
    *protocol = (struct protocol){.port = port, .benchmark = benchmark};
    write(protocol, "m-timestamp-mode-performance\r\n");
    write_timestamp(protocol, port->microseconds());
}

void protocol_become_ready(struct protocol *protocol, void (*feed_arrived)(struct protocol *protocol))
{
    write(protocol, "m-init-done\r\n");
    protocol->port->drain();
    if (feed_arrived != NULL) {
        feed_arrived(protocol);
    }
    protocol->ready = true;
    write(protocol, "m-ready\r\n");
}

/* Out of line: a byte that ends no command is not to pay for the stack that a command needs. */
static __attribute__((noinline)) void end_command(struct protocol *protocol)
{
    if (protocol->ready) {
        obey(protocol);
    }
    protocol->command_length = 0;
    protocol->command_has_gap = false;
}

void protocol_receive(struct protocol *protocol, uint8_t byte)
{
    if (byte == TERMINATOR) {
        end_command(protocol);
    } else if (protocol->command_length < PROTOCOL_COMMAND_CHARACTERS) {
        protocol->command[protocol->command_length++] = (char)byte;
    }
}

void protocol_receive_gap(struct protocol *protocol)
{
    protocol->command_has_gap = true;
}
