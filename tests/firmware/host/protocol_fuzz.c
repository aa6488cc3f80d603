/*
 * Feeds the protocol a long random stream, made to reach every command with good and bad arguments, and
 * aborts where a promise is broken: one m-ready for each terminator, output that is printable, nothing
 * written past the announced bytes, and no inference without a whole input. Sanitizers watch the rest.
 *
 *   protocol_fuzz SEED COMMANDS
 */
#include "protocol.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY = 64, INPUT_BYTES = 32 };

static uint64_t random_state;
static struct protocol protocol;
static uint8_t download[CAPACITY];
static uint64_t ready_lines;
static uint64_t inferences;
static char line[1024];
static size_t line_length;

static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 33) % limit;
}

static void require(bool condition, const char *promise)
{
    if (!condition) {
        fprintf(stderr, "broken: %s; line so far: %.*s\n", promise, (int)line_length, line);
        abort();
    }
}

static void check_output(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char character = text[i];
        require((character >= ' ' && character <= '~') || character == '\r' || character == '\n',
                "output is printable");
        if (character == '\n') {
            if (line_length == 8 && memcmp(line, "m-ready\r", 8) == 0) {
                ready_lines++;
            }
            line_length = 0;
        } else {
            require(line_length < sizeof line, "lines are short");
            line[line_length++] = character;
        }
    }
}

static void drain(void)
{
}

static uint32_t microseconds(void)
{
    return random_below(UINT32_MAX);
}

static void load_input(void)
{
    require(protocol.received_bytes == INPUT_BYTES, "an inference has a whole input");
}

static void infer(void)
{
    inferences++;
}

static void append_result(struct text *text)
{
    /* More than fits, to see it cut off. */
    for (int i = 0; i < 40; i++) {
        text_append_fixed3(text, (float)random_below(2000) / 7.0f - 100.0f);
        text_append(text, ",");
    }
}

static char result[256];

static const struct benchmark benchmark_under_test = {
    .model = "fuzz",
    .download = download,
    .download_capacity_bytes = CAPACITY,
    .input_bytes = INPUT_BYTES,
    .result = result,
    .result_capacity = sizeof result,
    .load_input = load_input,
    .infer = infer,
    .append_result = append_result,
};

static void send(const char *text)
{
    for (; *text != '\0'; text++) {
        protocol_receive(&protocol, (uint8_t)*text);
    }
}

static void send_number(void)
{
    static const char *const odd_numbers[] = {"0",          "-1",          "+5",          "2147483647",
                                              "2147483648", "-2147483648", "99999999999", "-99999999999999",
                                              "x",          "1x",          "\t3",         "-"};
    char digits[16];
    switch (random_below(4)) {
    case 0:
        send(odd_numbers[random_below(sizeof odd_numbers / sizeof *odd_numbers)]);
        break;
    case 1:
        snprintf(digits, sizeof digits, "%d", INPUT_BYTES);
        send(digits);
        break;
    default:
        snprintf(digits, sizeof digits, "%u", random_below(CAPACITY + 8));
        send(digits);
    }
}

static void send_bytes(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        protocol_receive(&protocol, (uint8_t)random_below(256));
    }
}

static void send_spaces(void)
{
    for (uint32_t i = random_below(3); i > 0; i--) {
        send(" ");
    }
}

static void send_hex(void)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    for (uint32_t i = random_below(20) * 2 + (random_below(10) == 0); i > 0; i--) {
        protocol_receive(&protocol, (uint8_t)digits[random_below(sizeof digits - 1)]);
    }
}

static void send_command(void)
{
    static const char *const words[] = {"name",      "profile", "help",  "results",
                                        "timestamp", "db",      "infer", "load"};
    send_spaces();
    switch (random_below(8)) {
    case 0:
        send(words[random_below(sizeof words / sizeof *words)]);
        break;
    case 1:
        send("db load ");
        send_spaces();
        send_number();
        break;
    case 2:
    case 3:
    case 4:
        send("db ");
        send_hex();
        break;
    case 5:
        send("infer ");
        /* A large count is obeyed, and would take as long. */
        if (random_below(2) == 0) {
            send(random_below(2) == 0 ? "3 0" : "0 1");
        } else {
            send("1 -");
            send_number();
        }
        break;
    case 6:
        send("db print");
        break;
    default:
        send_bytes(random_below(120));
    }
    send_spaces();
}

int main(int argc, char **argv)
{
    require(argc == 3, "two arguments");
    random_state = strtoull(argv[1], NULL, 10) * 2654435761u + 88172645463325252u;
    static const struct protocol_port port = {check_output, drain, microseconds};
    protocol_init(&protocol, &port, &benchmark_under_test);
    protocol_become_ready(&protocol, NULL);
    require(ready_lines == 1, "the banner ends in m-ready");

    for (uint64_t commands = strtoull(argv[2], NULL, 10); commands > 0; commands--) {
        if (random_below(50) == 0) {
            protocol_receive_gap(&protocol);
        }
        send_command();
        uint8_t beyond[CAPACITY];
        memcpy(beyond, download, sizeof beyond);
        uint64_t ready_before = ready_lines;
        protocol_receive(&protocol, '%');
        require(ready_lines == ready_before + 1, "a terminator gets one m-ready");
        require(protocol.expected_bytes <= CAPACITY, "no more is announced than there is room for");
        require(protocol.received_bytes <= protocol.expected_bytes, "no more is stored than was announced");
        require(memcmp(beyond + protocol.received_bytes, download + protocol.received_bytes,
                       CAPACITY - protocol.received_bytes) == 0,
                "nothing is written past what was received");
    }
    require(inferences > 0, "the stream reaches inferences");
    printf("%llu inferences\n", (unsigned long long)inferences);
    return 0;
}
