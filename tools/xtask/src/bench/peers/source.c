/* Frames for programs that use DPDK: preloaded, it feeds their net_null ports.
 *
 * What a port brings is in the file KNOBS.PORT, whole frames of the same length one after the other;
 * how many a poll brings is in the file KNOBS, which is mapped, as is what is counted. So another
 * process can change the load and read the counts while the program runs.
 *
 * It works by the public table of a port's burst functions (rte_ethdev_core.h), in which the two of a
 * net_null port are replaced as soon as it is started.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

enum { PORTS = 2, LINE = 64, LONGEST = 2 * LINE };

/* One for each port, 128 bytes. The first half is for whoever steers. */
struct knobs {
    volatile uint64_t serial; /* another number: the frames are others */
    volatile uint64_t burst;  /* frames that a poll brings */
    volatile uint64_t length; /* bytes of a frame */
    uint64_t unused[5];
    volatile uint64_t polls, received, sent;
    uint64_t rest[5];
};

struct port {
    struct knobs *knobs;
    struct rte_mempool *pool;
    uint8_t *frames;
    uint32_t *hashes;
    uint64_t serial, count, next, length;
    uint16_t number;
};

static struct port ports[PORTS];

static void give_up(const char *what)
{
    perror(what);
    exit(1);
}

static const char *knobs_path(void)
{
    const char *path = getenv("BARECORE_KNOBS");
    if (!path) {
        fprintf(stderr, "BARECORE_KNOBS names no file\n");
        exit(1);
    }
    return path;
}

static struct knobs *map_knobs(void)
{
    static struct knobs *knobs;
    if (knobs)
        return knobs;
    int file = open(knobs_path(), O_RDWR);
    if (file < 0)
        give_up("knobs");
    knobs = mmap(NULL, PORTS * sizeof *knobs, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (knobs == MAP_FAILED)
        give_up("knobs");
    close(file);
    return knobs;
}

/* A hash such as a card gives: the same for all frames of a connection. */
static uint32_t hash_of(const uint8_t *frame)
{
    uint64_t sum = 0;
    for (int at = 26; at < 38; at += 4) {
        uint32_t word;
        memcpy(&word, frame + at, sizeof word);
        sum = (sum ^ word) * 0x9e3779b97f4a7c15ull;
        sum ^= sum >> 29;
    }
    return (uint32_t) (sum >> 32) ^ (uint32_t) sum;
}

/* Reads the frames of a port anew, each into two lines. */
static void load(struct port *port)
{
    char path[4096];
    snprintf(path, sizeof path, "%s.%u", knobs_path(), port->number);
    int file = open(path, O_RDONLY);
    struct stat about;
    if (file < 0 || fstat(file, &about))
        give_up(path);
    uint64_t length = port->knobs->length;
    if (length == 0 || length > LONGEST)
        exit(1);
    port->count = about.st_size / length;
    free(port->frames);
    free(port->hashes);
    port->frames = aligned_alloc(LINE, (port->count + 1) * LONGEST);
    port->hashes = calloc(port->count + 1, sizeof *port->hashes);
    if (!port->frames || !port->hashes || !port->count)
        give_up("frames");
    for (uint64_t i = 0; i < port->count; i++) {
        uint8_t *frame = port->frames + i * LONGEST;
        if (read(file, frame, length) != (ssize_t) length)
            give_up(path);
        port->hashes[i] = hash_of(frame);
    }
    close(file);
    port->length = length;
    port->next = 0;
}

static uint16_t receive(void *queue, struct rte_mbuf **mbufs, uint16_t most)
{
    struct port *port = queue;
    struct knobs *knobs = port->knobs;
    knobs->polls++;
    uint16_t count = knobs->burst < most ? knobs->burst : most;
    if (count == 0)
        return 0;
    if (port->serial != knobs->serial) {
        port->serial = knobs->serial;
        load(port);
    }
    if (rte_pktmbuf_alloc_bulk(port->pool, mbufs, count))
        return 0;
    uint64_t next = port->next;
    for (uint16_t i = 0; i < count; i++) {
        struct rte_mbuf *mbuf = mbufs[i];
        const uint8_t *frame = port->frames + next * LONGEST;
        uint8_t *bytes = rte_pktmbuf_mtod(mbuf, uint8_t *);
        memcpy(bytes, frame, LINE);
        if (port->length > LINE)
            memcpy(bytes + LINE, frame + LINE, LINE);
        mbuf->data_len = mbuf->pkt_len = port->length;
        mbuf->port = port->number;
        mbuf->hash.rss = port->hashes[next];
        mbuf->ol_flags |= RTE_MBUF_F_RX_RSS_HASH | RTE_MBUF_F_RX_IP_CKSUM_GOOD
                          | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
        if (++next == port->count)
            next = 0;
    }
    port->next = next;
    knobs->received += count;
    return count;
}

static uint16_t transmit(void *queue, struct rte_mbuf **mbufs, uint16_t count)
{
    struct port *port = queue;
    port->knobs->sent += count;
    rte_pktmbuf_free_bulk(mbufs, count);
    return count;
}

int rte_eth_rx_queue_setup(uint16_t number, uint16_t queue, uint16_t descriptors, unsigned socket,
                           const struct rte_eth_rxconf *conf, struct rte_mempool *pool)
{
    int (*real)(uint16_t, uint16_t, uint16_t, unsigned, const struct rte_eth_rxconf *,
                struct rte_mempool *) = dlsym(RTLD_NEXT, "rte_eth_rx_queue_setup");
    if (number < PORTS)
        ports[number].pool = pool;
    return real(number, queue, descriptors, socket, conf, pool);
}

int rte_eth_dev_start(uint16_t number)
{
    static void *queues[PORTS][RTE_MAX_QUEUES_PER_PORT];
    int (*real)(uint16_t) = dlsym(RTLD_NEXT, "rte_eth_dev_start");
    int result = real(number);
    struct rte_eth_dev_info info;
    if (result || number >= PORTS || rte_eth_dev_info_get(number, &info)
        || !info.driver_name || strcmp(info.driver_name, "net_null"))
        return result;
    struct port *port = &ports[number];
    port->number = number;
    port->knobs = map_knobs() + number;
    port->serial = 0;
    for (int queue = 0; queue < RTE_MAX_QUEUES_PER_PORT; queue++)
        queues[number][queue] = port;
    struct rte_eth_fp_ops *ops = &rte_eth_fp_ops[number];
    ops->rxq.data = ops->txq.data = queues[number];
    ops->rx_pkt_burst = receive;
    ops->tx_pkt_burst = transmit;
    return 0;
}
