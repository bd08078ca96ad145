/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* From a file descriptor to the file that it stands for. */
#ifndef __FILE_BPF_H__
#define __FILE_BPF_H__

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define S_IFMT 0170000 /* the part of i_mode that tells the kind of file */

/*
 * The inode of an open file of the current process; NULL where there is none. Reading through NULL gives zeros.
 *
 * Nothing is locked: only another thread that closes or replaces this very file descriptor at this moment can make the
 * answer wrong, and then it is wrong for one call.
 */
static __always_inline struct inode *file_inode(u32 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files, *file;

	if (fd >= BPF_CORE_READ(table, max_fds))
		return 0;
	files = BPF_CORE_READ(table, fd);
	if (bpf_probe_read_kernel(&file, sizeof(file), files + fd) || !file)
		return 0;
	return BPF_CORE_READ(file, f_inode);
}

#endif
