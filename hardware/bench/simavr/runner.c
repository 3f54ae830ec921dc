/*
 * An ATmega328P at 16 MHz in simavr behind a pseudo-terminal, with the boot loader of an Arduino.
 *
 *     runner BOOTLOADER.hex [EEPROM bytes in hexadecimal]
 *
 * simavr is under the GPL, version 3: so is this program once it is linked. It is built where it runs
 * (hardware/bench/rig/simavr.ts), started as a program of its own, and part of no package.
 *
 * Prints `tty PATH`, then answers each command line on standard input with its first word:
 *
 *     on           power: the chip starts, its RAM full of noise, its flash and EEPROM as they were
 *     off          no power: what is on the line is lost
 *     reset        the reset pin, as DTR pulls it
 *     program      the same, but at the host's next byte: what avrdude finds behind DTR
 *     adc N MV     so many millivolts at ADC input N
 *
 * Ends with its standard input.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <simavr/avr_adc.h>
#include <simavr/avr_eeprom.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_hex.h>

#define CHIP_HZ 16000000UL
#define SLICE_CYCLES (CHIP_HZ / 1000)
#define SLICE_NS 1000000LL
/* A machine that is busy for longer lets the lost time go. */
#define LAG_NS_MAX 200000000LL
/* How often the line is looked at; a byte at 115,200 baud takes 1,496 cycles in simavr. */
#define LINE_CYCLES 200
#define COMMAND_BYTES_MAX 64
#define SUPPLY_MV 5000
/* ATmega328P datasheet section 19.10.3. */
#define UCSR0B 0xC1
#define RECEIVER_ON 0x10
/* Where the largest boot section begins, datasheet table 26-7. */
#define BOOT_START 0x7000
/* JMP and CALL: the instructions with an address of their own. */
#define JUMP 0x940C
#define JUMP_MASK 0xFE0C

enum power { OFF, ON, ARMED };

static avr_t *avr;
static enum power power = OFF;
static int master;
static uint8_t received[65536]; /* from the host, not yet on the line; indices wrap by themselves */
static uint16_t received_head, received_tail;
static bool ready;   /* the receiver is empty */
static bool awaited; /* the host's bytes wait until the boot loader listens: avrdude pauses after DTR */
static uint32_t adc_mv[8];

static avr_irq_t *uart_irq(int index) { return avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), index); }

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

/* The chip's line to the host: without a reader the terminal fills up, and the rest is lost, as on a wire. */
static void on_send(struct avr_irq_t *irq, uint32_t value, void *param) {
    (void)irq, (void)param;
    const uint8_t byte = (uint8_t)value;
    if (write(master, &byte, 1) < 0 && errno != EAGAIN) fail("terminal");
}

/* The receiver has handed on what it had. */
static void on_ready(struct avr_irq_t *irq, uint32_t value, void *param) {
    (void)irq, (void)param;
    if (value) ready = true;
}

/*
 * The host's line to the chip, a byte at a time, each when the one before has been taken: simavr's receiver needs
 * two byte times for each of several that wait, and would lose half of a long burst.
 */
static avr_cycle_count_t on_line_time(avr_t *chip, avr_cycle_count_t when, void *param) {
    (void)chip, (void)param;
    const bool listens = avr->data[UCSR0B] & RECEIVER_ON;
    if (listens) awaited = false;
    else if (!awaited) received_tail = received_head;
    if (listens && ready && received_tail != received_head) {
        ready = false;
        avr_raise_irq(uart_irq(UART_IRQ_INPUT), received[received_tail++]);
    }
    return when + LINE_CYCLES;
}

/* Time passes in the main loop, not here. */
static void on_sleep(avr_t *chip, avr_cycle_count_t cycles) { (void)chip, (void)cycles; }

static void start(avr_regbit_t cause) {
    avr_reset(avr);
    avr_regbit_set(avr, cause);
    for (int i = 0; i < 8; i++) avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, i), adc_mv[i]);
    power = ON;
}

/* What a RAM holds after a dip of its supply is anybody's guess. */
static void power_on(void) {
    for (uint32_t at = avr->ioend + 1u; at <= avr->ramend; at++) avr->data[at] = (uint8_t)rand();
    received_tail = received_head;
    start(avr->reset_flags.porf);
}

static void obey(const char *line) {
    int input, mv;
    if (strcmp(line, "on") == 0) power_on();
    else if (strcmp(line, "off") == 0) power = OFF;
    else if (strcmp(line, "reset") == 0) start(avr->reset_flags.extrf);
    else if (strcmp(line, "program") == 0) power = ARMED;
    else if (sscanf(line, "adc %d %d", &input, &mv) == 2 && input >= 0 && input < 8 && mv >= 0 && mv <= SUPPLY_MV) {
        adc_mv[input] = (uint32_t)mv;
        avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, input), (uint32_t)mv);
    } else {
        fprintf(stderr, "no such command: %s\n", line);
        exit(1);
    }
    printf("%.*s\n", (int)strcspn(line, " "), line);
}

static void read_commands(void) {
    static char line[COMMAND_BYTES_MAX];
    static size_t length;
    char bytes[256];
    const ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
    if (count <= 0) exit(0);
    for (ssize_t i = 0; i < count; i++) {
        if (bytes[i] == '\n') {
            line[length] = 0;
            length = 0;
            obey(line);
        } else if (length < sizeof line - 1) {
            line[length++] = bytes[i];
        }
    }
}

static void read_host(void) {
    uint8_t bytes[4096];
    const ssize_t count = read(master, bytes, sizeof bytes);
    if (count < 0 && errno != EAGAIN) fail("terminal");
    if (count <= 0 || power == OFF) return;
    if (power == ARMED) {
        start(avr->reset_flags.extrf);
        awaited = true;
    }
    for (ssize_t i = 0; i < count && (uint16_t)(received_head + 1) != received_tail; i++)
        received[received_head++] = bytes[i];
}

static void run_slice(void) {
    /* The watchdog's reset clears all timers. */
    if (avr_cycle_timer_status(avr, on_line_time, NULL) == 0)
        avr_cycle_timer_register(avr, LINE_CYCLES, on_line_time, NULL);
    for (const avr_cycle_count_t end = avr->cycle + SLICE_CYCLES; avr->cycle < end;) {
        const int state = avr_run(avr);
        if (state == cpu_Done || state == cpu_Crashed) {
            power = OFF;
            return;
        }
    }
}

static void open_terminal(void) {
    char path[128];
    struct termios raw;
    int slave; /* stays open here too, so that a host may come and go */
    cfmakeraw(memset(&raw, 0, sizeof raw));
    raw.c_cflag |= CS8 | CREAD | CLOCAL;
    if (openpty(&master, &slave, path, &raw, NULL) < 0) fail("pseudo-terminal");
    fcntl(master, F_SETFL, O_NONBLOCK);
    printf("tty %s\n", path);
}

/*
 * Debian's optiboot (arduino-core-avr) is linked for a boot section of 512 bytes and has 532: on a chip it fits the
 * next larger section, 1 KB. It may be moved there, since its jumps are relative.
 */
static uint32_t boot_section(const ihex_chunk_t *code) {
    const uint32_t flash_bytes = avr->flashend + 1;
    uint32_t section_bytes = flash_bytes - code->baseaddr;
    if (code->size <= section_bytes) return code->baseaddr;
    for (uint32_t i = 0; i + 1 < code->size; i += 2) {
        const unsigned opcode = code->data[i] | (unsigned)code->data[i + 1] << 8;
        if ((opcode & JUMP_MASK) == JUMP) fail("the boot loader is too long for its section");
    }
    while (section_bytes < code->size) section_bytes *= 2;
    return flash_bytes - section_bytes;
}

static void load(const char *path) {
    ihex_chunk_p chunks;
    if (read_ihex_chunks(path, &chunks) <= 0) fail(path);
    if (chunks[0].baseaddr < BOOT_START) fail("no boot loader of an ATmega328P");
    avr->reset_pc = boot_section(&chunks[0]);
    memcpy(avr->flash + avr->reset_pc, chunks[0].data, chunks[0].size);
    free_ihex_chunks(chunks);
}

static void write_eeprom(const char *hex) {
    uint8_t bytes[64];
    const size_t length = strlen(hex) / 2 < sizeof bytes ? strlen(hex) / 2 : sizeof bytes;
    for (size_t i = 0; i < length; i++) {
        unsigned byte;
        if (sscanf(hex + 2 * i, "%2x", &byte) != 1) fail("no EEPROM bytes");
        bytes[i] = (uint8_t)byte;
    }
    avr_eeprom_desc_t eeprom = {.ee = bytes, .offset = 0, .size = (uint32_t)length};
    avr_ioctl(avr, AVR_IOCTL_EEPROM_SET, &eeprom);
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc < 2) return fprintf(stderr, "runner BOOTLOADER.hex [EEPROM]\n"), 2;
    avr = avr_make_mcu_by_name("atmega328p");
    if (avr == NULL) fail("this simavr has no ATmega328P");
    avr_init(avr);
    avr->log = LOG_NONE;
    avr->frequency = CHIP_HZ;
    avr->vcc = avr->avcc = avr->aref = SUPPLY_MV;
    avr->sleep = on_sleep;
    load(argv[1]);
    if (argc > 2) write_eeprom(argv[2]);
    uint32_t flags = 0;
    avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    avr_irq_register_notify(uart_irq(UART_IRQ_OUTPUT), on_send, NULL);
    avr_irq_register_notify(uart_irq(UART_IRQ_OUT_XON), on_ready, NULL);
    open_terminal();
    int64_t due_ns = now_ns();
    for (;;) {
        if (power == ON) run_slice();
        due_ns += SLICE_NS;
        const int64_t left_ns = due_ns - now_ns();
        if (left_ns < -LAG_NS_MAX) due_ns = now_ns();
        struct pollfd ready[] = {{STDIN_FILENO, POLLIN, 0}, {master, POLLIN, 0}};
        const struct timespec wait = {0, left_ns > 0 ? left_ns : 0};
        if (ppoll(ready, 2, &wait, NULL) < 0) fail("poll");
        if (ready[0].revents != 0) read_commands();
        if (ready[1].revents != 0) read_host();
    }
}
