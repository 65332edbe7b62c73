// SPDX-License-Identifier: GPL-3.0-or-later
/* As frames of a protocol of one's own, by a packet socket. */
#include <linux/if_packet.h>
#include <net/if.h>

#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(0x88b5), .sll_halen = 6};
	int sock = (int)need(socket(AF_PACKET, SOCK_DGRAM, htons(0x88b5)), "socket");
	size_t size = get(way_open(&way), bytes, sizeof(bytes));

	to.sll_ifindex = (int)if_nametoindex("lo");
	for (size_t at = 0; at < size; at += 1000)
		need(sendto(sock, bytes + at, size - at < 1000 ? size - at : 1000, 0, (struct sockaddr *)&to,
			    sizeof(to)),
		     "sendto");
	return 0;
}
