// SPDX-License-Identifier: GPL-3.0-or-later
/* Over a vsock: out of a virtual machine, past its network. */
#include <sys/socket.h>

#include <linux/vm_sockets.h>

#include "way.h"

int main(int argc, char **argv)
{
	struct way way = way_begin(argc, argv);
	struct sockaddr_vm at = {.svm_family = AF_VSOCK,
				 .svm_cid = VMADDR_CID_LOCAL,
				 .svm_port = (unsigned int)atoi(way.port)};
	int in = socket(AF_VSOCK, SOCK_STREAM, 0), out = socket(AF_VSOCK, SOCK_STREAM, 0);
	pid_t child;

	if (in < 0 || bind(in, (struct sockaddr *)&at, sizeof(at)) || listen(in, 1))
		return 77;
	get(way_open(&way), bytes, sizeof(bytes));
	child = (pid_t)need(fork(), "fork");
	if (!child) {
		static char back[BYTES_MAX];

		close(out);
		_exit(get((int)need(accept(in, NULL, NULL), "accept"), back, sizeof(back)) != way.size);
	}
	if (connect(out, (struct sockaddr *)&at, sizeof(at)))
		return kill(child, SIGKILL), 77;
	put(out, bytes, way.size);
	close(out);
	await_child(child);
	return 0;
}
