// SPDX-License-Identifier: GPL-3.0-or-later
/* In the payload of echo requests, by a raw socket: the host that is asked sends each back. */
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>

#include "way.h"

static unsigned short checksum(const unsigned char *at, size_t size)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < size; i += 2)
		sum += (unsigned int)(at[i] << 8 | (i + 1 < size ? at[i + 1] : 0));
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((unsigned short)~sum);
}

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	struct sockaddr_storage to;
	socklen_t to_size = net_address(&to, way.address, "0");
	int sock = (int)need(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), "socket");
	size_t size = get(way_open(&way), bytes, sizeof(bytes)), back = 0;
	unsigned char packet[2048], answer[2048];

	for (size_t at = 0; at < size; at += 1000) {
		size_t n = size - at < 1000 ? size - at : 1000;
		struct icmphdr *head = (struct icmphdr *)packet;

		memset(head, 0, sizeof(*head));
		head->type = ICMP_ECHO;
		memcpy(packet + sizeof(*head), bytes + at, n);
		head->checksum = checksum(packet, sizeof(*head) + n);
		need(sendto(sock, packet, sizeof(*head) + n, 0, (struct sockaddr *)&to, to_size), "sendto");
		do
			need(recv(sock, answer, sizeof(answer), 0), "recv");
		while (answer[sizeof(struct iphdr)] != ICMP_ECHOREPLY);
		back += n;
	}
	return back == size ? 0 : EXIT_BROKEN;
}
