/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * libbpf's usdt.bpf.h includes <linux/errno.h>, and that one this file, which Debian keeps in a folder for each architecture:
 * clang does not look there when it compiles for BPF. The numbers of x86-64 and arm64 are the generic ones.
 */
#include <asm-generic/errno.h>
