/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scene of the demo: what runs on the stage while custodes watches. */
#ifndef CUSTODES_CMD_DEMO_SCENE_H
#define CUSTODES_CMD_DEMO_SCENE_H

#include <stddef.h>

/** Where the stand-in acts: a catalogue path, and an address of the vendor's own network. */
#define SCENE_PATH    "/opt/kaspersky/kesl/libexec/kesl"
#define SCENE_ADDRESS "77.74.181.1"
#define SCENE_PORT    443

/** Bytes that reached the receiver, or a negative errno (said). */
struct scene_result {
	long received;
};

/**
 * Runs this very program as a stand-in product at SCENE_PATH, in a mount and
 * network namespace of its own, where it reads `file` and sends it to a receiver
 * that listens at SCENE_ADDRESS there. The host sees none of it.
 */
int scene_stand_in(const char *file, struct scene_result *result);

/** The stand-in itself: what the copy at SCENE_PATH runs. */
int scene_act(const char *file);

#endif
