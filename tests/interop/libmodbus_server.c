/*
 * A Modbus server on libmodbus for the interoperability tests, with the awkward modes of libmodbus's own
 * unit-test-server, chosen by the first address of a read (function 03):
 *   0x170 exception 06 (busy)            0x173 byte by byte, 5 ms apart
 *   0x171 wrong transaction or unit      0x174 one register too many
 *   0x172 answer after 0.5 s             0x175 one register too few
 *
 * libmodbus_server tcp            listens on a free port of 127.0.0.1 and prints "port N"
 * libmodbus_server rtu PATH BAUD  opens a serial port and prints "open"
 * MODE COUNT after either         the first COUNT reads are answered as one of address MODE, wherever they begin
 *
 * Unit 17. Holding register n holds 1000 + n (or $BASE + n), input register n 2000 + n, coil and discrete input n is n % 3 == 0.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <modbus.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { UNIT = 17, ITEMS = 0x200 };
enum { BUSY = 0x170, FOREIGN, LATE, SLOW, TOO_MANY, TOO_FEW };

static int base = 1000;
static int is_tcp;
static int forced_mode;
static int forced_left;

static uint16_t crc16(const uint8_t *bytes, int length) {
    uint16_t crc = 0xffff;
    for (int i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >> 1) ^ 0xa001 : crc >> 1;
    }
    return crc;
}

/* The answer to a read of `count` registers, with a unit and a transaction id of our choice. */
static int read_answer(uint8_t *out, const uint8_t *query, int unit, int tid_shift, int address, int count) {
    int n = 0;
    if (is_tcp) {
        int tid = (query[0] << 8 | query[1]) + tid_shift;
        int length = 3 + 2 * count;
        uint8_t header[] = {tid >> 8, tid, 0, 0, length >> 8, length};
        memcpy(out, header, sizeof header);
        n = sizeof header;
    }
    out[n++] = unit;
    out[n++] = 3;
    out[n++] = 2 * count;
    for (int i = 0; i < count; i++) {
        out[n++] = (base + address + i) >> 8;
        out[n++] = (base + address + i) & 0xff;
    }
    if (!is_tcp) {
        uint16_t crc = crc16(out, n);
        out[n++] = crc & 0xff;
        out[n++] = crc >> 8;
    }
    return n;
}

static void send_bytes(int fd, const uint8_t *bytes, int length, int pause_us) {
    int step = pause_us ? 1 : length;
    for (int sent = 0; sent < length; sent += step) {
        if (pause_us) usleep(pause_us);
        ssize_t rc = is_tcp ? send(fd, bytes + sent, step, MSG_NOSIGNAL) : write(fd, bytes + sent, step);
        if (rc < 0) return;
    }
}

/* Answers a query in an awkward way; 0 when it asks for none. */
static int awkward(modbus_t *ctx, const uint8_t *query) {
    const uint8_t *pdu = query + modbus_get_header_length(ctx);
    if (pdu[0] != MODBUS_FC_READ_HOLDING_REGISTERS) return 0;
    int address = pdu[1] << 8 | pdu[2];
    int count = pdu[3] << 8 | pdu[4];
    int mode = forced_left > 0 ? forced_mode : address;
    if (forced_left > 0) forced_left--;
    int fd = modbus_get_socket(ctx);
    uint8_t answer[300];
    int length;
    switch (mode) {
    case BUSY:
        modbus_reply_exception(ctx, query, MODBUS_EXCEPTION_SLAVE_OR_SERVER_BUSY);
        return 1;
    case FOREIGN:
        length = read_answer(answer, query, is_tcp ? UNIT : UNIT + 1, 1, address, count);
        send_bytes(fd, answer, length, 0);
        return 1;
    case LATE:
        usleep(500000);
        return 0;
    case SLOW:
        length = read_answer(answer, query, UNIT, 0, address, count);
        send_bytes(fd, answer, length, 5000);
        return 1;
    case TOO_MANY:
    case TOO_FEW:
        length = read_answer(answer, query, UNIT, 0, address, mode == TOO_MANY ? count + 1 : count - 1);
        send_bytes(fd, answer, length, 0);
        return 1;
    default:
        return 0;
    }
}

/* Serves until the line is gone. */
static void serve(modbus_t *ctx, modbus_mapping_t *mapping) {
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    for (;;) {
        int length = modbus_receive(ctx, query);
        if (length == -1 && (errno == EMBBADCRC || errno == EAGAIN || errno == ETIMEDOUT)) continue;
        if (length == -1) return;
        if (length == 0 || awkward(ctx, query)) continue;
        if (modbus_reply(ctx, query, length, mapping) == -1 && is_tcp) return;
    }
}

static int listen_anywhere(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 4) < 0) return -1;
    getsockname(fd, (struct sockaddr *)&address, &size);
    printf("port %d\n", ntohs(address.sin_port));
    return fd;
}

int main(int argc, char **argv) {
    is_tcp = argc > 1 && strcmp(argv[1], "tcp") == 0;
    int needed = is_tcp ? 2 : 4;
    if (argc != needed && argc != needed + 2) return 2;
    if (!is_tcp && strcmp(argv[1], "rtu") != 0) return 2;
    if (argc > needed) {
        forced_mode = atoi(argv[needed]);
        forced_left = atoi(argv[needed + 1]);
    }
    if (getenv("BASE")) base = atoi(getenv("BASE"));
    setvbuf(stdout, NULL, _IOLBF, 0);
    modbus_t *ctx = is_tcp ? modbus_new_tcp("127.0.0.1", 502) : modbus_new_rtu(argv[2], atoi(argv[3]), 'N', 8, 1);
    modbus_mapping_t *mapping = modbus_mapping_new(ITEMS, ITEMS, ITEMS, ITEMS);
    if (!ctx || !mapping) return 1;
    modbus_set_slave(ctx, UNIT);
    for (int n = 0; n < ITEMS; n++) {
        mapping->tab_registers[n] = base + n;
        mapping->tab_input_registers[n] = 2000 + n;
        mapping->tab_bits[n] = mapping->tab_input_bits[n] = n % 3 == 0;
    }
    if (!is_tcp) {
        if (modbus_connect(ctx) == -1) return 1;
        puts("open");
        serve(ctx, mapping);
        return 0;
    }
    int listener = listen_anywhere();
    while (listener >= 0) {
        int client = accept(listener, NULL, NULL);
        if (client < 0) return 1;
        modbus_set_socket(ctx, client);
        serve(ctx, mapping);
        close(client);
    }
    return 1;
}
