// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * The peer: listens, counts what it receives, sends back as much as it was told,
 * and says both at the end.
 *
 *   sink READY-FILE tcp,10.0.0.1,7001,answer=5000 udp,fd00::1,7002,answer=64
 *
 * answer=N: a stream gets N bytes, a datagram one of N bytes for each of its own.
 * close=N: ends a stream once N bytes have come and the answer is out; else it
 * ends when the other side has. reset: by RST. late: answers to datagrams wait
 * for SIGUSR1. SIGTERM ends all, with the totals as JSON on stdout.
 */
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "net.h"

#define LISTENERS_MAX 128

struct listener {
	char transport[4];
	const char *address, *port;
	size_t answer, close_after;
	bool reset, late;
	int fd;
	struct sockaddr_storage owed_to; /* late: who has yet to be answered, and how often */
	socklen_t owed_size;
	uint64_t owed;
	uint64_t connections, received, sent;
};

/** A listening socket too: then `sock` is the listener's own. */
struct peer {
	struct listener *of;
	int sock;
	size_t received, to_send;
	bool ended;
};

static struct listener listeners[LISTENERS_MAX];
static size_t listener_count;
static int epoll;
static char bytes[1 << 17];
static volatile sig_atomic_t stop_asked, answers_asked;

static void on_signal(int number)
{
	if (number == SIGTERM)
		stop_asked = 1;
	else
		answers_asked = 1;
}

/* ---- what to listen to ---- */

static void take_option(struct listener *listener, const char *option)
{
	if (!strncmp(option, "answer=", 7))
		listener->answer = strtoull(option + 7, NULL, 10);
	else if (!strncmp(option, "close=", 6))
		listener->close_after = strtoull(option + 6, NULL, 10);
	else if (!strcmp(option, "reset"))
		listener->reset = true;
	else if (!strcmp(option, "late"))
		listener->late = true;
	else
		die(option);
}

static void take_listener(char *spec)
{
	struct listener *listener = &listeners[listener_count++];
	char *part = strtok(spec, ",");

	if (listener_count == LISTENERS_MAX || !part)
		die(spec);
	snprintf(listener->transport, sizeof(listener->transport), "%s", part);
	listener->address = strtok(NULL, ",");
	listener->port = strtok(NULL, ",");
	if (!listener->address || !listener->port)
		die(spec);
	while ((part = strtok(NULL, ",")))
		take_option(listener, part);
}

static bool is_stream(const struct listener *listener)
{
	return listener->transport[0] == 't';
}

static void watch(struct listener *listener, int sock, bool writes)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	struct epoll_event event = {.events = EPOLLIN | (writes ? EPOLLOUT : 0), .data.ptr = peer};

	if (!peer)
		die("calloc");
	peer->of = listener;
	peer->sock = sock;
	peer->to_send = writes ? listener->answer : 0;
	need(epoll_ctl(epoll, EPOLL_CTL_ADD, sock, &event), "epoll_ctl");
}

static void open_listener(struct listener *listener)
{
	int type = is_stream(listener) ? SOCK_STREAM : SOCK_DGRAM, yes = 1, room = 8 << 20;
	struct sockaddr_storage at;
	socklen_t size = net_address(&at, listener->address, listener->port);

	listener->fd = (int)need(socket(at.ss_family, type | SOCK_NONBLOCK, 0), "socket");
	setsockopt(listener->fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	/* Datagrams that find no room would be the test's own loss. */
	setsockopt(listener->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (is_stream(listener))
		setsockopt(listener->fd, IPPROTO_TCP, TCP_FASTOPEN, &room, sizeof(room));
	need(bind(listener->fd, (struct sockaddr *)&at, size), listener->port);
	if (is_stream(listener))
		need(listen(listener->fd, 4096), "listen");
	watch(listener, listener->fd, false);
}

/* ---- streams ---- */

static void accept_all(struct listener *listener)
{
	int sock;

	while ((sock = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		listener->connections++;
		watch(listener, sock, listener->answer > 0);
	}
}

static void end(struct peer *peer)
{
	struct linger now = {.l_onoff = 1};

	if (peer->of->reset)
		setsockopt(peer->sock, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(peer->sock);
	free(peer);
}

static void send_more(struct peer *peer)
{
	ssize_t sent = 0;

	while (peer->to_send && sent >= 0) {
		sent = send(peer->sock, bytes, peer->to_send < sizeof(bytes) ? peer->to_send : sizeof(bytes),
			    MSG_NOSIGNAL);
		if (sent > 0) {
			peer->to_send -= (size_t)sent;
			peer->of->sent += (uint64_t)sent;
		}
	}
	if (sent < 0 && errno != EAGAIN)
		peer->to_send = 0;
	if (!peer->to_send) {
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};

		epoll_ctl(epoll, EPOLL_CTL_MOD, peer->sock, &event);
	}
}

static void receive_more(struct peer *peer)
{
	ssize_t got;

	while ((got = recv(peer->sock, bytes, sizeof(bytes), 0)) > 0) {
		peer->received += (size_t)got;
		peer->of->received += (uint64_t)got;
	}
	if (!got || errno != EAGAIN)
		peer->ended = true;
	if (peer->of->close_after && peer->received >= peer->of->close_after)
		peer->ended = true;
}

static void serve(struct peer *peer)
{
	receive_more(peer);
	send_more(peer);
	if (peer->ended && !peer->to_send)
		end(peer);
}

/* ---- datagrams ---- */

static void answer_datagrams(struct listener *listener)
{
	for (; listener->owed; listener->owed--)
		if (sendto(listener->fd, bytes, listener->answer, 0, (struct sockaddr *)&listener->owed_to,
			   listener->owed_size) >= 0)
			listener->sent += listener->answer;
}

static void answer_late(void)
{
	answers_asked = 0;
	for (size_t i = 0; i < listener_count; i++)
		answer_datagrams(&listeners[i]);
}

static void serve_datagrams(struct listener *listener)
{
	socklen_t size = sizeof(listener->owed_to);
	ssize_t got;

	while ((got = recvfrom(listener->fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&listener->owed_to,
			       &size)) >= 0) {
		listener->owed_size = size;
		listener->connections++;
		listener->received += (uint64_t)got;
		listener->owed += listener->answer > 0;
		if (!listener->late)
			answer_datagrams(listener);
		size = sizeof(listener->owed_to);
	}
}

static void handle(struct peer *peer)
{
	if (peer->sock != peer->of->fd)
		serve(peer);
	else if (is_stream(peer->of))
		accept_all(peer->of);
	else
		serve_datagrams(peer->of);
}

/* ---- the whole ---- */

static void print_totals(void)
{
	for (size_t i = 0; i < listener_count; i++) {
		const struct listener *listener = &listeners[i];

		printf("{\"transport\":\"%s\",\"address\":\"%s\",\"port\":%s,\"connections\":%llu,"
		       "\"received\":%llu,\"sent\":%llu}\n",
		       listener->transport, listener->address, listener->port,
		       (unsigned long long)listener->connections, (unsigned long long)listener->received,
		       (unsigned long long)listener->sent);
	}
}

static void mark(const char *path)
{
	close((int)need(open(path, O_WRONLY | O_CREAT, 0600), path));
}

int main(int argc, char **argv)
{
	struct sigaction act = {.sa_handler = on_signal};
	struct epoll_event ready[64];
	int count;

	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGUSR1, &act, NULL);
	signal(SIGPIPE, SIG_IGN);
	epoll = (int)need(epoll_create1(0), "epoll_create1");
	for (int i = 2; i < argc; i++)
		take_listener(argv[i]);
	for (size_t i = 0; i < listener_count; i++)
		open_listener(&listeners[i]);
	mark(argc > 1 ? argv[1] : "");
	do {
		count = epoll_wait(epoll, ready, 64, 100);
		for (int i = 0; i < count; i++)
			handle(ready[i].data.ptr);
		if (answers_asked)
			answer_late();
	} while (count || !stop_asked); /* what is under way is counted too */
	print_totals();
	return 0;
}
