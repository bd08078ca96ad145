"""What hello_perf_output does, on BCC: once all is attached, runs the command that its arguments are."""
import subprocess
import sys

from bcc import BPF

TEXT = """
struct data { u64 ts; u32 pid; char comm[16]; };
BPF_PERF_OUTPUT(events);

static int hello(void *ctx)
{
    struct data data = {};

    data.ts = bpf_ktime_get_ns();
    data.pid = bpf_get_current_pid_tgid();
    bpf_get_current_comm(data.comm, sizeof(data.comm));
    events.perf_submit(ctx, &data, sizeof(data));
    return 0;
}

TRACEPOINT_PROBE(syscalls, sys_enter_clone) { return hello(args); }
TRACEPOINT_PROBE(syscalls, sys_enter_vfork) { return hello(args); }
TRACEPOINT_PROBE(syscalls, sys_enter_fork) { return hello(args); }
TRACEPOINT_PROBE(syscalls, sys_enter_clone3) { return hello(args); }
"""

bpf = BPF(text=TEXT)
bpf["events"].open_perf_buffer(lambda cpu, data, size: None)
sys.exit(subprocess.call(sys.argv[1:]))
