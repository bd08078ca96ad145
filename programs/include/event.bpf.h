/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/* The type of the records in a ring or perf buffer, which BPF's maps do not know. */
#ifndef __EVENT_BPF_H__
#define __EVENT_BPF_H__

#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

/*
 * Says that the records in the ring or perf buffer `map` are of `type`. Nothing of it is loaded: libbpf skips the section,
 * and the build reads it from the object's BTF to write the decoder.
 */
#define GIMLET_EVENT(map, type) type *map##_event SEC(".gimlet.events")

#endif
