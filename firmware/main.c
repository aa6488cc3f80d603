/* The benchmark firmware: feeds what the console receives to the protocol, and sleeps in between. */
#include "benchmark.h"
#include "board.h"
#include "protocol.h"

static void receive(struct protocol *protocol, int input)
{
    if (input == CONSOLE_GAP) {
        protocol_receive_gap(protocol);
    } else {
        protocol_receive(protocol, (uint8_t)input);
    }
}

static void receive_arrived(struct protocol *protocol)
{
    int input;
    while ((input = console_poll()) != CONSOLE_EMPTY) {
        receive(protocol, input);
    }
}

int main(void)
{
    static const struct protocol_port port = {console_write, console_drain, microseconds};
    static struct protocol protocol;

    board_init();
    protocol_init(&protocol, &port, &benchmark);
    protocol_become_ready(&protocol, receive_arrived);
    for (;;) {
        receive(&protocol, console_read());
    }
}
