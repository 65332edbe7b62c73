// SPDX-License-Identifier: GPL-3.0-or-later
#include "filesystem.h"

#include <stddef.h>

#include "../util/cleanup.h"

/* FUSE may be of this host (ntfs-3g) or not (sshfs): its number does not tell. */
static const struct filesystem filesystems[] = {
	{0x00006969, "nfs", true},	   {0xff534d42, "cifs", true},	    {0xfe534d42, "smb2", true},
	{0x0000517b, "smb", true},	   {0x00c36400, "ceph", true},	    {0x5346414f, "afs", true},
	{0x6b414653, "afs", true},	   {0x73757245, "coda", true},	    {0x01021997, "9p", true},
	{0x65735546, "fuse", false},	   {0x0000ef53, "ext", false},	    {0x58465342, "xfs", false},
	{0x9123683e, "btrfs", false},	   {0xf2f52010, "f2fs", false},	    {0x2fc12fc1, "zfs", false},
	{0x01021994, "tmpfs", false},	   {0x858458f6, "ramfs", false},    {0x958458f6, "hugetlbfs", false},
	{0x794c7630, "overlay", false},	   {0x73717368, "squashfs", false}, {0x00009660, "iso9660", false},
	{0x00004d44, "vfat", false},	   {0x2011bab0, "exfat", false},    {0x7366746e, "ntfs3", false},
	{0x00009fa0, "proc", false},	   {0x62656572, "sysfs", false},    {0x00001cd1, "devpts", false},
	{0x50495045, "pipefs", false},	   {0x534f434b, "sockfs", false},   {0x63677270, "cgroup2", false},
	{0x74726163, "tracefs", false},	   {0x64626720, "debugfs", false},  {0xcafe4a11, "bpf", false},
	{0x73636673, "securityfs", false},
};

const struct filesystem *filesystem_find(uint32_t magic)
{
	for (size_t i = 0; i < ARRAY_SIZE(filesystems); i++)
		if (filesystems[i].magic == magic)
			return &filesystems[i];
	return NULL;
}
